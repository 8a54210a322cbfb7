//! `zhengqiao identity what-if`, `changes`, `apply` and `discard`.

use std::time::Duration;

use serde::Serialize;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ConnectionId, EffectNumber, EffectNumbers, ErrorCode, IdentityChangeId,
    IdentityChangeRow, IdentitySettings, ProposeIdentityChange, StartWhatIf, WhatIfId,
    WhatIfRowsPage, WhatIfRowsRequest, WhatIfSide, WhatIfView,
};

use crate::End;
use crate::connection::print_differences;
use crate::output::{Output, line, table, when};

/// Between two looks at how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What else is wanted of a trial.
pub struct Asked {
    pub list: Option<EffectNumber>,
    pub limit: u32,
    pub after: Option<String>,
    pub propose: Option<String>,
}

/// A trial, the accounts behind a number of it, and the proposal that it became.
#[derive(Serialize)]
struct Tried {
    #[serde(flatten)]
    trial: WhatIfView,
    rows: Option<WhatIfRowsPage>,
    proposal: Option<IdentityChangeRow>,
}

/// Which number is meant by `lost`, `role_gained:editor` or `new_conflict:level_too_low`.
pub fn number(text: &str) -> Result<EffectNumber, ApiError> {
    let (effect, which) = match text.split_once(':') {
        Some((effect, which)) => (effect, Some(which)),
        None => (text, None),
    };
    let unknown = |what: &str| ApiError {
        code: ErrorCode::InvalidRequest,
        message: format!("--list: {what:?} is not known"),
        retryable: false,
        details: None,
    };
    let is_role = effect.starts_with("role_");
    Ok(EffectNumber {
        effect: effect.parse().map_err(|_| unknown(effect))?,
        role: which.filter(|_| is_role).map(str::to_owned),
        conflict: match which.filter(|_| !is_role) {
            Some(kind) => Some(kind.parse().map_err(|_| unknown(kind))?),
            None => None,
        },
    })
}

pub async fn run(
    console: &Console,
    id: ConnectionId,
    settings: IdentitySettings,
    asked: Asked,
    output: Output,
) -> Result<End, ApiError> {
    let request = StartWhatIf {
        connection_id: id.connection_id,
        settings,
    };
    let id = console.start_what_if(request).await?;
    let trial = done(console, id, output).await?;
    if let Some(message) = &trial.message {
        return Err(ApiError {
            code: ErrorCode::Internal,
            message: message.clone(),
            retryable: false,
            details: None,
        });
    }
    let rows = match asked.list {
        Some(number) => {
            let request = WhatIfRowsRequest {
                what_if_id: id.what_if_id,
                number,
                after: asked.after,
                limit: asked.limit,
            };
            Some(console.list_what_if_rows(&request)?)
        }
        None => None,
    };
    let proposal = match asked.propose {
        Some(note) => {
            let request = ProposeIdentityChange {
                what_if_id: id.what_if_id,
                note,
            };
            Some(console.propose_identity_change(request).await?)
        }
        None => None,
    };
    let tried = Tried {
        trial,
        rows,
        proposal,
    };
    output.print(&tried, |tried| {
        print_differences(&tried.trial.differences);
        if let Some(numbers) = &tried.trial.numbers {
            print_numbers(numbers);
        }
        if let Some(page) = &tried.rows {
            print_rows(page);
        }
        if let Some(proposal) = &tried.proposal {
            line(&format!("proposed as change {}", proposal.change_id));
        }
    });
    Ok(End::Done)
}

async fn done(console: &Console, id: WhatIfId, output: Output) -> Result<WhatIfView, ApiError> {
    let bar = output.bars.then(|| indicatif::ProgressBar::new(0));
    loop {
        let trial = console.get_what_if(id).await?;
        if let Some(bar) = &bar {
            bar.set_length(trial.total);
            bar.set_position(trial.looked);
        }
        if trial.ended_at.is_some() {
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
            return Ok(trial);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

pub async fn changes(console: &Console, id: ConnectionId, output: Output) -> Result<End, ApiError> {
    let list = console.list_identity_changes(id).await?;
    output.print(&list, |list| {
        for one in list {
            let outdated = if one.outdated { "  outdated" } else { "" };
            line(&format!(
                "{}  {}{outdated}  {}  {}  {}",
                one.change_id,
                one.state,
                when(Some(one.proposed_at)),
                one.proposed_by,
                one.note
            ));
            print_differences(&one.differences);
            print_numbers(&one.numbers);
        }
    });
    Ok(End::Done)
}

pub async fn apply(
    console: &Console,
    id: ConnectionId,
    change_id: i64,
    output: Output,
) -> Result<End, ApiError> {
    let applied = console
        .apply_identity_change(IdentityChangeId {
            connection_id: id.connection_id,
            change_id,
        })
        .await?;
    output.print(&applied, |applied| {
        line(&format!(
            "version {} is in force; to go back: identity mapping restore CONNECTION {}",
            applied.version, applied.before
        ));
        table(
            &["state", "bindings"],
            applied
                .summary
                .states
                .iter()
                .map(|row| vec![row.state.as_str().to_owned(), row.count.to_string()]),
        );
    });
    Ok(End::Done)
}

pub async fn discard(
    console: &Console,
    id: ConnectionId,
    change_id: i64,
    output: Output,
) -> Result<End, ApiError> {
    let change = console
        .discard_identity_change(IdentityChangeId {
            connection_id: id.connection_id,
            change_id,
        })
        .await?;
    output.print(&change, |change| {
        line(&format!("change {} is discarded", change.change_id));
    });
    Ok(End::Done)
}

fn print_numbers(numbers: &EffectNumbers) {
    let plain = [
        ("accounts", numbers.accounts),
        ("linked_anew", numbers.linked_anew),
        ("lost", numbers.lost),
        ("moved", numbers.moved),
    ]
    .map(|(name, count)| vec![name.to_owned(), count.to_string()]);
    let roles = numbers.roles.iter().flat_map(|one| {
        let administrator = if one.administrator {
            " (administrator)"
        } else {
            ""
        };
        [("role_gained", one.gained), ("role_lost", one.lost)].map(|(effect, count)| {
            vec![
                format!("{effect}:{}{administrator}", one.role),
                count.to_string(),
            ]
        })
    });
    let conflicts = numbers.conflicts.iter().flat_map(|one| {
        [("new_conflict", one.new), ("conflict_gone", one.gone)].map(|(effect, count)| {
            vec![
                format!("{effect}:{}", one.conflict.as_str()),
                count.to_string(),
            ]
        })
    });
    table(
        &["number", "accounts"],
        plain.into_iter().chain(roles).chain(conflicts),
    );
}

fn print_rows(page: &WhatIfRowsPage) {
    table(
        &["account", "name", "before", "after"],
        page.rows.iter().map(|row| {
            vec![
                row.account_id.clone(),
                row.account_title.clone().unwrap_or_default(),
                side(&row.before),
                side(&row.after),
            ]
        }),
    );
    if let Some(next) = &page.next {
        line(&format!("more: --after {next}"));
    }
}

fn side(side: &WhatIfSide) -> String {
    let mut parts = vec![side.state.as_str().to_owned()];
    parts.extend(side.identity_title.clone());
    parts.extend(side.conflicts.iter().map(|kind| kind.as_str().to_owned()));
    parts.extend(side.roles.iter().cloned());
    parts.join(" · ")
}
