//! Whether an address answers: the way to it, and one question that asks for nothing.

use std::sync::Arc;
use std::time::Instant;

use url::Url;

use super::layer::{Layer, ms};
use crate::client::HttpProvider;
use crate::error::ExchangeError;
use crate::network::Network;
use crate::observe::NoObserver;
use crate::profile::Profile;
use crate::secrets::Secrets;

/// Tests one address as the connection's network reaches it: name, proxy, port, encryption, answer. Ends at
/// the first layer that does not work.
///
/// The question is a HEAD without cookies and credentials, so that it signs nobody out. A redirect to
/// another host is told, not followed.
///
/// # Errors
/// [`ExchangeError::Settings`] when the network's settings cannot be used.
pub async fn probe_address(
    address: &Url,
    network: &Network,
    secrets: Secrets,
) -> Result<Vec<Layer>, ExchangeError> {
    let mut origin = address.clone();
    origin.set_path("/");
    origin.set_query(None);
    origin.set_fragment(None);
    let profile = Profile {
        base_url: origin.to_string(),
        network: network.clone(),
        ..Profile::default()
    };
    let provider = HttpProvider::new(&profile, secrets, Arc::new(NoObserver))?;
    let mut layers = Vec::new();
    if provider
        .reach(false, &mut |layer| layers.push(layer))
        .await
        .is_some()
    {
        layers.retain(|layer| layer.name != "clock");
        layers.push(provider.answer(address).await);
    }
    Ok(layers)
}

impl HttpProvider {
    async fn answer(&self, address: &Url) -> Layer {
        let begun = Instant::now();
        match self.head(address).await {
            Ok((status, to)) => {
                let seen = match to {
                    Some(to) => format!("{status} → {to}"),
                    None => status.to_string(),
                };
                let took = ms(begun);
                match status {
                    404 | 410 => Layer::failed("answer", seen, "probe_missing", took),
                    500.. => Layer::failed("answer", seen, "probe_error", took),
                    _ => Layer::ok("answer", seen, took),
                }
            }
            Err((fault, what)) => Layer::failed("answer", what, fault.code(), ms(begun)),
        }
    }
}
