//! The test of a SCIM 2.0 service, layer by layer.

use std::time::Instant;

use super::ScimWalk;
use super::config::{Config, PATH};
use crate::client::HttpProvider;
use crate::diagnose::{Layer, Sample, ms, small};
use crate::error::{ExchangeError, Fault};
use crate::profile::Profile;
use crate::scope::Scope;

/// Tests the connection; each layer is handed out as it ends.
pub async fn diagnose(
    provider: &HttpProvider,
    profile: &Profile,
    mut on_layer: impl FnMut(Layer),
) -> Vec<Sample> {
    let kind = profile.auth.kind();
    on_layer(Layer::ok(
        "settings",
        format!(
            "SCIM 2.0 {kind} {} ({} datasets)",
            provider.base(),
            profile.datasets.len()
        ),
        0,
    ));
    if !provider.is_reached(&profile.auth, &mut on_layer).await {
        return Vec::new();
    }
    // Whoever is let in is told so with the first page: what a service can do is public at many.
    let begun = Instant::now();
    let config = Config::ask(provider).await;
    let mut samples = Vec::new();
    let mut proven = false;
    for (dataset, source) in &profile.datasets {
        let users = small(source).scim.unwrap_or_default();
        let path = users.path.clone();
        let mut walk = ScimWalk::new(*dataset, users, Scope::Full, None);
        let outcome = walk.next(provider).await;
        let took = ms(begun);
        if let Err(error) = &outcome
            && error.code() == Fault::Unauthorised.code()
        {
            let layer = Layer::failed("authentication", error.to_string(), error.code(), took);
            on_layer(layer);
            return samples;
        }
        if !proven {
            proven = true;
            let request = format!("GET {}{PATH}", provider.base());
            on_layer(match &config {
                Ok(config) => Layer::ok(
                    "authentication",
                    format!("{kind} · {}", config.words()),
                    took,
                )
                .with("request", request),
                Err(_) => Layer::ok("authentication", kind, took),
            });
        }
        let request = format!("GET {}{path}", provider.base());
        match outcome {
            Ok(page) => {
                on_layer(Layer::ok("permission", path, 0).of(*dataset));
                let page = page.filter(|page| !page.records.is_empty());
                let layer = match &page {
                    Some(page) => Layer::ok("sample", page.records.len().to_string(), took),
                    None => Layer::warn("sample", "0", "empty", took),
                };
                on_layer(layer.of(*dataset).with("request", request));
                samples.extend(page.map(|page| Sample {
                    dataset: *dataset,
                    body: page.body,
                    records: page.records,
                }));
            }
            Err(error) => on_layer(refused(&error, took).of(*dataset).with("request", request)),
        }
    }
    samples
}

fn refused(error: &ExchangeError, took: u64) -> Layer {
    let barred = matches!(error.code(), "forbidden" | "not_found");
    let name = if barred { "permission" } else { "sample" };
    Layer::failed(name, error.to_string(), error.code(), took)
}
