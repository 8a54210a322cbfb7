//! The test of a library, layer by layer, down to a sample row that is taken back.

use std::time::Instant;

use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{
    ExchangeError, Fault, Layer, Library, PostgresTarget, Profile, Pusher, Secrets, Target,
};

use crate::door::SendError;
use crate::error::DeliveryError;
use crate::postgres;

fn ms(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Tests a target; each layer is handed out as it ends.
pub async fn diagnose(
    profile: &Profile,
    target: &Target,
    secrets: Secrets,
    mut on_layer: impl FnMut(Layer) + Send,
) {
    if let Err(error) = target.validate(&profile.network, profile.environment) {
        on_layer(Layer::failed("settings", error.to_string(), "settings", 0));
        return;
    }
    let outcome = match target {
        Target::Postgres(target) => database(profile, target, secrets, &mut on_layer).await,
        Target::Push(target) => {
            let network = Target::network(&profile.network);
            match Pusher::new(target, &network, profile.environment, secrets) {
                Ok(pusher) => {
                    interface(&pusher, target.auth.kind(), &mut on_layer).await;
                    Ok(())
                }
                Err(error) => Err(error),
            }
        }
    };
    if let Err(error) = outcome {
        on_layer(Layer::failed("settings", error.to_string(), "settings", 0));
    }
}

async fn database(
    profile: &Profile,
    target: &PostgresTarget,
    secrets: Secrets,
    on_layer: &mut (impl FnMut(Layer) + Send),
) -> Result<(), ExchangeError> {
    let (network, environment) = (&profile.network, profile.environment);
    let Some(library) = Library::reach(target, network, environment, secrets, on_layer).await?
    else {
        return Ok(());
    };
    let begun = Instant::now();
    let datasets: Vec<DatasetId> = profile.datasets.keys().copied().collect();
    let seen = format!("{} ({} datasets)", target.schema, datasets.len());
    match postgres::probe(&library, &target.schema, &datasets).await {
        Ok(()) => {
            on_layer(Layer::ok("permission", seen, ms(begun)));
            on_layer(Layer::ok("sample", "1", ms(begun)));
        }
        Err((layer, error)) => {
            if layer == "sample" {
                on_layer(Layer::ok("permission", seen, ms(begun)));
            }
            let (what, advice) = told(error);
            on_layer(Layer::failed(layer, what, advice, ms(begun)));
        }
    }
    Ok(())
}

fn told(error: SendError) -> (String, &'static str) {
    match error {
        SendError::Refused(refusal) => (
            format!("{}: {}", refusal.code, refusal.message),
            "library_refuses",
        ),
        SendError::Again(error) | SendError::Fails(error) => {
            (error.to_string(), error_code(&error))
        }
        SendError::Stop(DeliveryError::Exchange(error)) => (error.to_string(), error_code(&error)),
        SendError::Stop(error) => (error.to_string(), error.code()),
    }
}

/// A library has no datasets of its own: what is forbidden is forbidden in the schema.
fn error_code(error: &ExchangeError) -> &'static str {
    match error {
        ExchangeError::Request {
            fault: Fault::Forbidden,
            ..
        } => "library_forbidden",
        other => other.code(),
    }
}

async fn interface(pusher: &Pusher, auth: &'static str, on_layer: &mut (impl FnMut(Layer) + Send)) {
    if !pusher.reach(on_layer).await {
        return;
    }
    let begun = Instant::now();
    let mut body = serde_json::Map::new();
    body.insert("stream".into(), "test".into());
    body.insert("batch".into(), "test".into());
    body.insert("records".into(), serde_json::Value::Array(Vec::new()));
    match pusher.post("test", body, false).await {
        Ok(_) => {
            on_layer(Layer::ok("authentication", auth, ms(begun)));
            on_layer(Layer::ok("sample", "0", ms(begun)));
        }
        Err(error) => {
            let fault = match &error {
                ExchangeError::Request { fault, .. } => Some(*fault),
                ExchangeError::Settings { .. } => None,
            };
            let refuses = matches!(fault, Some(Fault::BadRequest | Fault::ProviderRefused));
            if refuses {
                // It judged the batch, so it let us in; an empty one need not be taken.
                on_layer(Layer::ok("authentication", auth, ms(begun)));
                let seen = error.to_string();
                on_layer(Layer::warn("sample", seen, "library_empty", ms(begun)));
            } else if matches!(fault, Some(Fault::Unauthorised | Fault::Forbidden)) {
                let seen = error.to_string();
                on_layer(Layer::failed(
                    "authentication",
                    seen,
                    error.code(),
                    ms(begun),
                ));
            } else {
                on_layer(Layer::failed(
                    "sample",
                    error.to_string(),
                    error.code(),
                    ms(begun),
                ));
            }
        }
    }
}
