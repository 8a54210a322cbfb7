//! Receipts (回执): what became of a row, written back into it.

use std::collections::BTreeMap;

use chrono::Utc;
use zhengqiao_domain::DatasetId;
use zhengqiao_domain::primitives::moment;

use super::fault::Trouble;
use super::statement::Mark;
use super::walk::{find, name_of, opened};
use super::{Column, DatabaseProvider, Polling, TableSource};
use crate::error::{ExchangeError, Fault};
use crate::observe::{Headers, RequestEntry};

/// Rows of one statement.
const ROWS: usize = 200;

/// By what a row is found again: its key, and a mark of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// Values of the columns that name it.
    pub keys: Vec<String>,
    /// MD5 of its JSON, only to see whether it was changed meanwhile.
    pub mark: String,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Receipt {
    /// It is kept, or was before.
    Accepted,
    /// It was rejected, for this reason in plain words without values.
    Rejected(String),
    /// It waits for something; nothing is written.
    Held,
}

/// Writes receipts back.
pub async fn write(
    provider: &DatabaseProvider,
    dataset: DatasetId,
    source: &TableSource,
    receipts: Vec<(Slip, Receipt)>,
) -> Result<(), ExchangeError> {
    let begun = std::time::Instant::now();
    let count = receipts.len() as u64;
    let outcome = written(provider, source, &receipts).await;
    provider.observer.request(RequestEntry {
        dataset: Some(dataset),
        at_ms: Utc::now().timestamp_millis(),
        method: "UPDATE",
        url: format!("{}/{}", provider.place(), source.table),
        status: None,
        ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        bytes: 0,
        records: count,
        attempt: 1,
        outcome: outcome
            .as_ref()
            .map_or_else(|trouble| trouble.fault.code(), |()| "ok"),
        headers: Headers::default(),
    });
    outcome.map_err(|trouble| trouble.of(Some(dataset), &source.table))
}

async fn written(
    provider: &DatabaseProvider,
    source: &TableSource,
    receipts: &[(Slip, Receipt)],
) -> Result<(), Trouble> {
    let (Some(wanted), Polling::Flag { column, pending }) = (&source.receipts, &source.polling)
    else {
        return Ok(());
    };
    let (mut link, columns, order) = opened(provider, source).await?;
    let flag = find(&columns, source, column)?;
    let optional = |name: &str| {
        (!name.is_empty())
            .then(|| find(&columns, source, name).ok())
            .flatten()
    };
    let reason = optional(&wanted.reason_column);
    let time = optional(&wanted.time_column);
    let now = moment::canonical((Utc::now() + chrono::Duration::hours(8)).naive_utc());
    let mut groups: BTreeMap<&Receipt, Vec<&Slip>> = BTreeMap::new();
    for (slip, receipt) in receipts {
        groups.entry(receipt).or_default().push(slip);
    }
    let (schema, table) = name_of(&source.table);
    for (receipt, slips) in groups {
        let (value, words) = match receipt {
            Receipt::Accepted => (&wanted.accepted, ""),
            Receipt::Rejected(words) => (&wanted.rejected, words.as_str()),
            Receipt::Held => continue,
        };
        let mut sets = vec![(&flag, value.clone())];
        if let Some(column) = &reason {
            sets.push((column, cut(words, column)));
        }
        if let Some(column) = &time {
            sets.push((column, now.clone()));
        }
        for rows in slips.chunks(ROWS) {
            let (sql, values) = Mark {
                system: provider.system,
                schema,
                table,
                columns: &columns,
                order: &order,
                flag: &flag,
                pending,
                sets: &sets,
                rows,
            }
            .write();
            let limit = std::time::Duration::from_millis(provider.network.request_timeout_ms);
            tokio::time::timeout(limit, link.execute(&sql, &values))
                .await
                .unwrap_or_else(|_| {
                    Err(Trouble::new(Fault::Timeout, "the receipt takes too long"))
                })?;
        }
    }
    Ok(())
}

/// As much of a text as the column holds.
fn cut(text: &str, column: &Column) -> String {
    let length = column
        .kind
        .split_once('(')
        .and_then(|(_, rest)| rest.split(')').next())
        .and_then(|length| length.parse().ok())
        .unwrap_or(2_000);
    text.chars().take(length).collect()
}
