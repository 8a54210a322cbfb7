//! The test of a connection to a database, layer by layer.

use std::time::Instant;

use super::walk::name_of;
use super::{DatabaseProvider, TableWalk};
use crate::diagnose::{Layer, LayerState, Sample, small};
use crate::error::{ExchangeError, Fault};
use crate::profile::Profile;
use crate::scope::Scope;

fn ms(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Tests the connection; each layer is handed out as it ends.
pub async fn diagnose(
    provider: &DatabaseProvider,
    profile: &Profile,
    until: &str,
    mut on_layer: impl FnMut(Layer),
) -> Vec<Sample> {
    let seen = format!("{} ({} datasets)", provider.place(), profile.datasets.len());
    on_layer(Layer::ok("settings", seen, 0));

    let begun = Instant::now();
    let host = provider.host.trim_matches(['[', ']']);
    let addresses: Vec<_> = match tokio::net::lookup_host((host, provider.port)).await {
        Ok(found) => found.collect(),
        Err(error) => {
            on_layer(failed(
                "name",
                Fault::NameResolution,
                error.to_string(),
                begun,
            ));
            return Vec::new();
        }
    };
    let shown = addresses
        .first()
        .map_or_else(String::new, |one| format!("{host} → {}", one.ip()));
    on_layer(Layer::ok("name", shown, ms(begun)));

    let begun = Instant::now();
    if let Err(error) = tokio::net::TcpStream::connect(addresses.as_slice()).await {
        on_layer(failed("tcp", Fault::Connect, error.to_string(), begun));
        return Vec::new();
    }
    on_layer(Layer::ok(
        "tcp",
        format!("{host}:{}", provider.port),
        ms(begun),
    ));

    let begun = Instant::now();
    let mut link = match provider.connect().await {
        Ok(link) => link,
        Err(trouble) => {
            let layer = if matches!(trouble.fault, Fault::Tls) {
                "tls"
            } else {
                "authentication"
            };
            on_layer(failed(layer, trouble.fault, trouble.what, begun));
            return Vec::new();
        }
    };
    let tls = if provider.encrypted {
        Layer::ok("tls", "TLS", ms(begun))
    } else {
        Layer::warn("tls", "plain", "not_encrypted", ms(begun))
    };
    on_layer(tls);
    on_layer(Layer::ok(
        "authentication",
        provider.user.clone(),
        ms(begun),
    ));

    let mut samples = Vec::new();
    for (id, source) in &profile.datasets {
        let table = source.table.clone().unwrap_or_default();
        let begun = Instant::now();
        let (schema, name) = name_of(&table.table);
        let seen = match link.columns(schema, name).await {
            Ok(columns) if columns.is_empty() => Err((
                Fault::TableMissing,
                format!(
                    "there is no table {}, or this user may not see it",
                    table.table
                ),
            )),
            Ok(columns) => Ok(format!("{} ({} columns)", table.table, columns.len())),
            Err(trouble) => Err((trouble.fault, trouble.what)),
        };
        let mut layer = match seen {
            Ok(seen) => Layer::ok("permission", seen, ms(begun)),
            Err((fault, what)) => failed("permission", fault, what, begun),
        };
        layer.dataset = Some(*id);
        let readable = layer.state == LayerState::Ok;
        on_layer(layer);
        if !readable {
            continue;
        }
        let begun = Instant::now();
        let few = small(source).table.unwrap_or_default();
        let mut walk = TableWalk::new(*id, &few, Scope::Full, until, None);
        let mut layer = match walk.next(provider).await {
            Ok(Some(page)) if !page.records.is_empty() => {
                let layer = Layer::ok("sample", page.records.len().to_string(), ms(begun));
                samples.push(Sample {
                    dataset: *id,
                    body: page.body,
                    records: page.records,
                });
                layer
            }
            Ok(_) => Layer::warn("sample", "0", "empty", ms(begun)),
            Err(ExchangeError::Request { fault, what, .. }) => failed("sample", fault, what, begun),
            Err(error) => failed("sample", Fault::ProviderError, error.to_string(), begun),
        };
        layer.dataset = Some(*id);
        on_layer(layer);
    }
    samples
}

fn failed(name: &'static str, fault: Fault, seen: String, begun: Instant) -> Layer {
    Layer {
        name,
        state: LayerState::Failed,
        seen,
        advice: Some(fault.code()),
        ms: ms(begun),
        ..Layer::default()
    }
}
