//! `zhengqiao rejected override` and `revoke-override`.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, EditedField, ErrorCode, OverrideReport, OverrideRequest, RevokeOverride,
};
use zhengqiao_domain::Outcome;

use crate::End;
use crate::output::{Output, line};
use crate::rejected::print_finding;
use crate::rejected_args::OverrideArgs;

pub async fn run(console: &Console, args: OverrideArgs, output: Output) -> Result<End, ApiError> {
    let mut fields = Vec::new();
    for text in args.set {
        let Some((field, value)) = text.split_once('=') else {
            return Err(ApiError {
                code: ErrorCode::InvalidRequest,
                message: format!("--set: {text:?} has no =; write FIELD=VALUE"),
                retryable: false,
                details: None,
            });
        };
        fields.push(EditedField {
            field: field.trim().to_owned(),
            value: Some(value.to_owned()),
        });
    }
    fields.extend(
        args.clear
            .into_iter()
            .map(|field| EditedField { field, value: None }),
    );
    let request = OverrideRequest {
        rejection_id: args.id,
        fields,
        reason: args.reason.unwrap_or_default(),
    };
    let report = if args.dry_run {
        console.try_override(request).await?
    } else {
        console.override_rejection(request).await?
    };
    output.print(&report, print);
    Ok(match report.outcome {
        Outcome::Accepted => End::Done,
        _ => End::WithRejections,
    })
}

fn print(report: &OverrideReport) {
    report.findings.iter().for_each(print_finding);
    line(match (report.outcome, report.written) {
        (Outcome::Accepted, true) => "overridden: the edited copy is in the cache",
        (Outcome::Accepted, false) => "it would pass; nothing was written",
        (Outcome::Held, _) => "it would be held; nothing was written",
        (Outcome::Rejected, _) => "it would be rejected; nothing was written",
    });
}

pub async fn revoke(
    console: &Console,
    rejection_id: i64,
    reason: String,
    output: Output,
) -> Result<End, ApiError> {
    let done = console
        .revoke_override(RevokeOverride {
            rejection_id,
            reason,
        })
        .await?;
    output.print(&done, |_| line("revoked: the rejection is open again"));
    Ok(End::Done)
}
