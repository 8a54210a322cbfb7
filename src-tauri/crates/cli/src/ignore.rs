//! `zhengqiao rejected ignore`, `ignores` and `revoke`.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, BulkRequest, IgnoreDecision, IgnoreRequest, IgnoreTerm, IgnoresRequest, RevokeIgnores,
};

use crate::End;
use crate::output::{Output, line, table, when};

/// Decisions that are asked for at once.
const PAGE_ROWS: u32 = 200;

/// Ignores rejections, or a cause with what comes of it later.
pub async fn ignore(
    console: &Console,
    which: BulkRequest,
    standing: bool,
    reason: String,
    until: Option<String>,
    ever: bool,
    output: Output,
) -> Result<End, ApiError> {
    let term = match (&until, ever || standing) {
        (Some(_), _) => IgnoreTerm::Date,
        (None, true) => IgnoreTerm::Ever,
        (None, false) => IgnoreTerm::Value,
    };
    let report = console
        .ignore_rejections(IgnoreRequest {
            which,
            reason,
            term,
            until,
            standing,
        })
        .await?;
    output.print(&report, |report| {
        line(&format!("{} ignored", report.changed));
        if report.left > 0 {
            line(&format!(
                "{} stay open: something else is wrong with them too",
                report.left
            ));
        }
        for id in &report.decision_ids {
            line(&format!("to undo it: zhengqiao rejected revoke {id}"));
        }
    });
    Ok(End::Done)
}

/// The decisions, newest first.
pub async fn list(
    console: &Console,
    connection: Option<String>,
    ended: bool,
    output: Output,
) -> Result<End, ApiError> {
    let connection_id = match connection {
        Some(name) => Some(console.connection_by_name(&name).await?.connection_id),
        None => None,
    };
    let mut decisions: Vec<IgnoreDecision> = Vec::new();
    let mut before = None;
    loop {
        let page = console
            .list_ignores(IgnoresRequest {
                connection_id,
                ended,
                before,
                limit: PAGE_ROWS,
            })
            .await?;
        decisions.extend(page.decisions);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    output.print(&decisions, |decisions| {
        table(
            &[
                "decision", "what", "until", "covers", "reason", "who", "when",
            ],
            decisions.iter().map(|row| {
                vec![
                    row.decision_id.to_string(),
                    what(row),
                    term(row),
                    row.covers.to_string(),
                    row.reason.clone(),
                    row.actor.clone(),
                    when(Some(row.at)),
                ]
            }),
        );
    });
    Ok(End::Done)
}

fn what(row: &IgnoreDecision) -> String {
    match &row.cause {
        Some(cause) => {
            let cluster = if cause.values.zh.is_empty() {
                String::new()
            } else {
                format!(" {}", cause.values.zh)
            };
            format!("{} {} {}{cluster}", cause.dataset, cause.rule, cause.field)
        }
        None => "chosen records".into(),
    }
}

fn term(row: &IgnoreDecision) -> String {
    if row.ended_at.is_some() {
        return match row.ended_by.as_deref() {
            Some("") | None => "expired".into(),
            Some(who) => format!("revoked by {who}"),
        };
    }
    match (row.term, &row.until) {
        (IgnoreTerm::Date, Some(date)) => date.clone(),
        (IgnoreTerm::Ever, _) => "for ever".into(),
        _ => "the value changes".into(),
    }
}

/// Revokes decisions.
pub async fn revoke(
    console: &Console,
    decision_ids: Vec<i64>,
    output: Output,
) -> Result<End, ApiError> {
    let report = console
        .revoke_ignores(RevokeIgnores { decision_ids })
        .await?;
    output.print(&report, |report| {
        line(&format!("{} opened again", report.changed));
    });
    Ok(End::Done)
}
