//! `zhengqiao identity bindings | binding | decide | decisions | undo`.

use serde::de::DeserializeOwned;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, BindingDecisionsRequest, BindingFilter, BindingId, BindingsRequest, DecideBindings,
    ErrorCode, UndoBindingDecisions,
};

use crate::End;
use crate::binding_args::{BindingFilterArgs, DecideBindingsArgs};
use crate::output::{Output, line, table};

pub async fn list(
    console: &Console,
    connection: &str,
    filter: BindingFilterArgs,
    after: Option<i64>,
    limit: u32,
    output: Output,
) -> Result<End, ApiError> {
    let connection_id = console.connection_by_name(connection).await?.connection_id;
    let request = BindingsRequest {
        connection_id,
        filter: narrowed(filter)?,
        after,
        limit,
    };
    let page = console.list_bindings(request).await?;
    output.print(&page, |page| {
        table(
            &[
                "id",
                "kind",
                "identity",
                "account",
                "state",
                "conflicts",
                "decision",
            ],
            page.bindings.iter().map(|row| {
                let text = |value: &Option<String>| value.clone().unwrap_or_default();
                let conflicts: Vec<&str> = row.conflicts.iter().map(|kind| kind.as_str()).collect();
                vec![
                    row.binding_id.to_string(),
                    row.kind.as_str().into(),
                    text(&row.identity_title),
                    text(&row.account_id),
                    row.state.as_str().into(),
                    conflicts.join(", "),
                    row.act
                        .map(|act| act.as_str().to_owned())
                        .unwrap_or_default(),
                ]
            }),
        );
        if let Some(next) = page.next {
            line(&format!("more: --after {next}"));
        }
    });
    Ok(End::Done)
}

pub async fn show(
    console: &Console,
    connection: &str,
    account: &str,
    output: Output,
) -> Result<End, ApiError> {
    let connection_id = console.connection_by_name(connection).await?.connection_id;
    let binding_id = number(console, connection_id, account).await?;
    let detail = console
        .get_binding(BindingId {
            connection_id,
            binding_id,
        })
        .await?;
    output.print(&detail, |detail| {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        line(&format!(
            "{account}: {}{}",
            detail.row.state.as_str(),
            detail
                .decision
                .as_ref()
                .map(|one| format!(", decided: {} ({})", one.act, one.reason))
                .unwrap_or_default()
        ));
        table(
            &["", "account", "identity", ""],
            detail.sides.iter().map(|side| {
                vec![
                    side.name.clone(),
                    text(&side.account),
                    text(&side.identity),
                    match side.agrees {
                        Some(true) => "=".into(),
                        Some(false) => "≠".into(),
                        None => String::new(),
                    },
                ]
            }),
        );
        table(
            &["conflict", "proposed", "consequence"],
            detail.proposals.iter().map(|one| {
                let told = &one.consequence;
                let parts = [
                    Some(told.effect.as_str().to_owned()),
                    told.from.as_ref().map(|key| format!("from {key}")),
                    told.to.as_ref().map(|key| format!("to {key}")),
                    told.until.as_ref().map(|day| format!("until {day}")),
                ];
                vec![
                    one.conflict
                        .map(|kind| kind.as_str().to_owned())
                        .unwrap_or_default(),
                    one.act
                        .map(|act| act.as_str().to_owned())
                        .unwrap_or_default(),
                    parts.into_iter().flatten().collect::<Vec<_>>().join(" "),
                ]
            }),
        );
        for one in &detail.candidates {
            line(&format!(
                "candidate {} {} {}",
                one.record_id,
                one.key,
                text(&one.title)
            ));
        }
    });
    Ok(End::Done)
}

pub async fn decide(
    console: &Console,
    args: DecideBindingsArgs,
    output: Output,
) -> Result<End, ApiError> {
    let connection_id = console
        .connection_by_name(&args.connection)
        .await?
        .connection_id;
    let mut binding_ids = Vec::new();
    for account in &args.account {
        binding_ids.push(number(console, connection_id, account).await?);
    }
    let request = DecideBindings {
        connection_id,
        binding_ids,
        filter: args.all.then(|| narrowed(args.filter)).transpose()?,
        act: word("act", Some(args.act))?.ok_or_else(|| invalid("--act: name the decision"))?,
        person_id: args.person,
        remaining_account_id: args.into,
        until: args.until,
        reason: args.reason,
    };
    let made = console.decide_bindings(request).await?;
    output.print(&made, |made| {
        line(&format!("decided: {}", made.decided));
        for one in &made.skipped {
            line(&format!("left alone ({}): {}", one.why, one.count));
        }
        if let Some(bulk_id) = made.bulk_id {
            line(&format!(
                "undo: identity undo {} {bulk_id}",
                args.connection
            ));
        }
    });
    Ok(End::Done)
}

pub async fn decisions(
    console: &Console,
    connection: &str,
    before: Option<i64>,
    limit: u32,
    output: Output,
) -> Result<End, ApiError> {
    let connection_id = console.connection_by_name(connection).await?.connection_id;
    let request = BindingDecisionsRequest {
        connection_id,
        before,
        limit,
    };
    let page = console.list_binding_decisions(request).await?;
    output.print(&page, |page| {
        table(
            &[
                "act",
                "decision",
                "accounts",
                "undone",
                "delivered",
                "by",
                "reason",
            ],
            page.acts.iter().map(|one| {
                vec![
                    one.bulk_id.to_string(),
                    one.act.as_str().into(),
                    one.accounts.to_string(),
                    one.undone.to_string(),
                    one.delivered.to_string(),
                    one.actor.clone(),
                    one.reason.clone(),
                ]
            }),
        );
        if let Some(next) = page.next {
            line(&format!("more: --before {next}"));
        }
    });
    Ok(End::Done)
}

pub async fn undo(
    console: &Console,
    connection: &str,
    act: i64,
    output: Output,
) -> Result<End, ApiError> {
    let connection_id = console.connection_by_name(connection).await?.connection_id;
    let undone = console
        .undo_binding_decisions(UndoBindingDecisions {
            connection_id,
            bulk_id: act,
        })
        .await?;
    output.print(&undone, |undone| {
        line(&format!("undone: {}", undone.undone));
        if undone.delivered > 0 {
            line(&format!(
                "kept, delivered to the portal: {}",
                undone.delivered
            ));
        }
        if undone.decided_anew > 0 {
            line(&format!(
                "kept, decided anew since: {}",
                undone.decided_anew
            ));
        }
    });
    Ok(End::Done)
}

/// The binding of an account's identifier.
async fn number(console: &Console, connection_id: i64, account: &str) -> Result<i64, ApiError> {
    let request = BindingsRequest {
        connection_id,
        filter: BindingFilter {
            search: Some(account.to_owned()),
            ..BindingFilter::default()
        },
        after: None,
        limit: 200,
    };
    let page = console.list_bindings(request).await?;
    page.bindings
        .iter()
        .find(|row| row.account_id.as_deref() == Some(account))
        .map(|row| row.binding_id)
        .ok_or_else(|| ApiError {
            code: ErrorCode::NotFound,
            message: format!(
                "--account: there is no binding of account {account:?}; review the identities first"
            ),
            retryable: false,
            details: None,
        })
}

fn narrowed(args: BindingFilterArgs) -> Result<BindingFilter, ApiError> {
    Ok(BindingFilter {
        state: word("state", args.state)?,
        conflict: word("conflict", args.conflict)?,
        kind: word("kind", args.kind)?,
        site: args.site,
        open: match (args.open, args.decided) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        },
        search: args.search,
    })
}

fn word<T: DeserializeOwned>(name: &str, value: Option<String>) -> Result<Option<T>, ApiError> {
    let Some(value) = value else { return Ok(None) };
    serde_json::from_value(serde_json::Value::String(value.clone()))
        .map(Some)
        .map_err(|_| invalid(&format!("--{name}: {value:?} is not known")))
}

fn invalid(message: &str) -> ApiError {
    ApiError {
        code: ErrorCode::InvalidRequest,
        message: message.to_owned(),
        retryable: false,
        details: None,
    }
}
