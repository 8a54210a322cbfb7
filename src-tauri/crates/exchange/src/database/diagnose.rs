//! The test of a connection to a database, layer by layer.

use std::time::Instant;

use chrono::Utc;
use zhengqiao_domain::DatasetId;

use super::link::Link;
use super::reach::reach;
use super::walk::{find, name_of};
use super::{Column, DatabaseProvider, Polling, TableSource, TableWalk};
use crate::diagnose::layer::ms;
use crate::diagnose::reach::clock_layer;
use crate::diagnose::{Layer, LayerState, Sample, small};
use crate::error::{ExchangeError, Fault};
use crate::profile::Profile;
use crate::scope::Scope;

/// Tests the connection; each layer is handed out as it ends.
pub async fn diagnose(
    provider: &DatabaseProvider,
    profile: &Profile,
    until: &str,
    mut on_layer: impl FnMut(Layer),
) -> Vec<Sample> {
    let seen = format!("{} ({} datasets)", provider.place(), profile.datasets.len());
    on_layer(Layer::ok("settings", seen, 0));
    let Some(reached) = reach(provider, &mut on_layer).await else {
        return Vec::new();
    };
    let begun = Instant::now();
    let mut link = match provider.connect().await {
        Ok(link) => link,
        Err(trouble) => {
            let layers = reached.refused(provider, trouble, ms(begun));
            layers.into_iter().for_each(&mut on_layer);
            return Vec::new();
        }
    };
    on_layer(reached.proven());
    on_layer(Layer::ok(
        "authentication",
        provider.user.clone(),
        ms(begun),
    ));
    on_layer(clock(&mut link).await);

    let mut samples = Vec::new();
    for (id, source) in &profile.datasets {
        let table = source.table.clone().unwrap_or_default();
        let layer = permission(&mut link, &table).await.of(*id);
        let readable = layer.state == LayerState::Ok;
        on_layer(layer);
        if !readable {
            continue;
        }
        let few = small(source).table.unwrap_or_default();
        let (layer, found) = sample(provider, *id, &few, until).await;
        on_layer(layer.of(*id));
        samples.extend(found);
    }
    samples
}

/// How far our clock is ahead of the server's.
async fn clock(link: &mut Link) -> Layer {
    let begun = Instant::now();
    match link.server().await {
        Ok((server_ms, version)) => {
            // It looked at its clock about half way.
            let half = i64::try_from(ms(begun) / 2).unwrap_or(0);
            let ahead_ms = Utc::now().timestamp_millis() - half - server_ms;
            Layer {
                ms: ms(begun),
                ..clock_layer(ahead_ms, false)
            }
            .with("server", version)
        }
        Err(trouble) => Layer::skipped("clock", trouble.what),
    }
}

/// Whether the table is there, and whether the user may do with it what a run has to.
async fn permission(link: &mut Link, table: &TableSource) -> Layer {
    let begun = Instant::now();
    let (schema, name) = name_of(&table.table);
    let columns = match link.columns(schema, name).await {
        Ok(columns) => columns,
        Err(trouble) => {
            let advice = trouble.fault.code();
            return Layer::failed("permission", trouble.what, advice, ms(begun));
        }
    };
    if let Some((seen, advice)) = wanting(table, &columns) {
        return Layer::failed("permission", seen, advice, ms(begun));
    }
    let may = if table.receipts.is_some() {
        "SELECT, UPDATE"
    } else {
        "SELECT"
    };
    let seen = format!("{may} {} ({} columns)", table.table, columns.len());
    Layer::ok("permission", seen, ms(begun))
}

/// What a run would miss: in words, and the code of the advice.
fn wanting(table: &TableSource, columns: &[Column]) -> Option<(String, &'static str)> {
    let name = &table.table;
    if columns.is_empty() {
        return Some((
            format!("there is no table {name}, or this user may not see it"),
            Fault::TableMissing.code(),
        ));
    }
    let unread = names(columns.iter().filter(|one| !one.readable));
    if !unread.is_empty() {
        return Some((format!("SELECT {name} ({unread})"), Fault::Forbidden.code()));
    }
    let polled = match &table.polling {
        Polling::All => None,
        Polling::Flag { column, .. } | Polling::Time { column, .. } | Polling::Batch { column } => {
            Some(column)
        }
    };
    if let Some(column) = polled
        && let Err(trouble) = find(columns, table, column)
    {
        return Some((trouble.what, trouble.fault.code()));
    }
    let receipts = table.receipts.as_ref()?;
    // Columns for reason and moment are written where there are any.
    let written = [
        polled,
        Some(&receipts.reason_column),
        Some(&receipts.time_column),
    ]
    .into_iter()
    .flatten()
    .filter_map(|column| find(columns, table, column).ok());
    let written: Vec<Column> = written.filter(|one| !one.writable).collect();
    let unwritten = names(written.iter());
    (!unwritten.is_empty()).then(|| (format!("UPDATE {name} ({unwritten})"), "receipt_forbidden"))
}

fn names<'a>(columns: impl Iterator<Item = &'a Column>) -> String {
    let names: Vec<&str> = columns.map(|one| one.name.as_str()).collect();
    names.join(", ")
}

async fn sample(
    provider: &DatabaseProvider,
    dataset: DatasetId,
    few: &TableSource,
    until: &str,
) -> (Layer, Option<Sample>) {
    let begun = Instant::now();
    let mut walk = TableWalk::new(dataset, few, Scope::Full, until, None);
    match walk.next(provider).await {
        Ok(Some(page)) if !page.records.is_empty() => (
            Layer::ok("sample", page.records.len().to_string(), ms(begun)),
            Some(Sample {
                dataset,
                body: page.body,
                records: page.records,
            }),
        ),
        Ok(_) => (Layer::warn("sample", "0", "empty", ms(begun)), None),
        Err(error) => {
            let (what, advice) = match &error {
                ExchangeError::Request { fault, what, .. } => (what.clone(), fault.code()),
                ExchangeError::Settings { .. } => (error.to_string(), "settings"),
            };
            (Layer::failed("sample", what, advice, ms(begun)), None)
        }
    }
}
