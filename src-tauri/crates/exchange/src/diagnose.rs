//! The test of a connection, layer by layer.

use std::time::{Duration, Instant};

use bytes::Bytes;
use std::ops::Range;
use zhengqiao_domain::DatasetId;

use crate::client::HttpProvider;
use crate::error::{ExchangeError, Fault};
use crate::pager::{HttpWalk, Scope};
use crate::profile::{DatasetSource, Profile};

/// How a layer went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerState {
    /// As it should be.
    Ok,
    /// It works, yet something deserves attention.
    Warn,
    /// It does not work.
    Failed,
    /// Not reached.
    Skipped,
}

/// One layer of the test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// settings, algorithm, name, tcp, tls, authentication or sample.
    pub name: &'static str,
    /// The dataset, for samples.
    pub dataset: Option<DatasetId>,
    /// How it went.
    pub state: LayerState,
    /// What was seen.
    pub seen: String,
    /// Code of the advice, for what is not as it should be.
    pub advice: Option<&'static str>,
    /// Time taken.
    pub ms: u64,
}

/// A dataset's first page.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The dataset.
    pub dataset: DatasetId,
    /// The answer.
    pub body: Bytes,
    /// The records' places in it.
    pub records: Vec<Range<usize>>,
}

fn ms(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

impl HttpProvider {
    /// Tests the connection; each layer is handed out as it ends. Returns a sample of each dataset
    /// that could be read.
    pub async fn diagnose(
        &self,
        profile: &Profile,
        until: &str,
        mut on_layer: impl FnMut(Layer),
    ) -> Vec<Sample> {
        on_layer(Layer {
            name: "settings",
            dataset: None,
            state: LayerState::Ok,
            seen: format!(
                "{} {} ({} datasets)",
                profile.auth.kind(),
                self.base(),
                profile.datasets.len()
            ),
            advice: None,
            ms: 0,
        });
        if let Some(layer) = weakness(profile) {
            on_layer(layer);
        }
        if !self.reach(&mut on_layer).await {
            return Vec::new();
        }
        let mut samples = Vec::new();
        let mut proven = false;
        for (dataset, source) in &profile.datasets {
            let begun = Instant::now();
            let outcome = self.sample(*dataset, source, until).await;
            if !proven && let Some(layer) = authentication(&outcome, profile, ms(begun)) {
                proven = layer.state == LayerState::Ok;
                let stop = layer.state == LayerState::Failed;
                on_layer(layer);
                if stop {
                    return samples;
                }
            }
            on_layer(sample_layer(*dataset, &outcome, ms(begun)));
            samples.extend(outcome.ok());
        }
        samples
    }

    /// Name, TCP and TLS; says whether the provider can be reached.
    async fn reach(&self, on_layer: &mut impl FnMut(Layer)) -> bool {
        let base = self.base();
        let (host, port) = (
            base.host_str().unwrap_or_default().to_owned(),
            base.port_or_known_default().unwrap_or(443),
        );
        let begun = Instant::now();
        let addresses: Vec<_> =
            match tokio::net::lookup_host((host.trim_matches(['[', ']']), port)).await {
                Ok(addresses) => addresses.collect(),
                Err(error) => {
                    on_layer(failed(
                        "name",
                        format!("{host}: {error}"),
                        "name_resolution",
                        ms(begun),
                    ));
                    return false;
                }
            };
        let shown: Vec<String> = addresses
            .iter()
            .map(|address| address.ip().to_string())
            .collect();
        on_layer(ok(
            "name",
            format!("{host} → {}", shown.join(", ")),
            ms(begun),
        ));
        let begun = Instant::now();
        let connect = tokio::time::timeout(
            Duration::from_secs(10),
            tokio::net::TcpStream::connect(addresses.as_slice()),
        );
        match connect.await {
            Ok(Ok(stream)) => {
                let peer = stream
                    .peer_addr()
                    .map(|address| address.to_string())
                    .unwrap_or_default();
                on_layer(ok("tcp", peer, ms(begun)));
            }
            Ok(Err(error)) => {
                on_layer(failed(
                    "tcp",
                    format!("{host}:{port}: {error}"),
                    "connect",
                    ms(begun),
                ));
                return false;
            }
            Err(_) => {
                on_layer(failed(
                    "tcp",
                    format!("{host}:{port}: no answer in 10 s"),
                    "timeout",
                    ms(begun),
                ));
                return false;
            }
        }
        if base.scheme() == "http" {
            let advice = (!addresses.iter().all(|address| address.ip().is_loopback()))
                .then_some("not_encrypted");
            on_layer(Layer {
                name: "tls",
                dataset: None,
                state: if advice.is_some() {
                    LayerState::Warn
                } else {
                    LayerState::Ok
                },
                seen: "http".into(),
                advice,
                ms: 0,
            });
        }
        true
    }

    async fn sample(
        &self,
        dataset: DatasetId,
        source: &DatasetSource,
        until: &str,
    ) -> Result<Sample, ExchangeError> {
        let mut walk = HttpWalk::new(dataset, &small(source), Scope::Full, until, None);
        Ok(match walk.next(self).await? {
            Some(page) => Sample {
                dataset,
                body: page.body,
                records: page.records,
            },
            None => Sample {
                dataset,
                body: Bytes::new(),
                records: Vec::new(),
            },
        })
    }
}

/// The same source with a small page.
pub(crate) fn small(source: &DatasetSource) -> DatasetSource {
    use crate::profile::Pager;
    let mut source = source.clone();
    match &mut source.pager {
        Pager::Page { size, .. }
        | Pager::Offset { size, .. }
        | Pager::Cursor { size, .. }
        | Pager::Link { size, .. } => {
            *size = (*size).min(50);
        }
        Pager::Single => {}
    }
    source
}

/// A warning where the connection's proof no longer protects (弱算法).
fn weakness(profile: &Profile) -> Option<Layer> {
    profile.auth.is_weak().then(|| Layer {
        name: "algorithm",
        dataset: None,
        state: LayerState::Warn,
        seen: "MD5".into(),
        advice: Some("weak_algorithm"),
        ms: 0,
    })
}

fn ok(name: &'static str, seen: String, ms: u64) -> Layer {
    Layer {
        name,
        dataset: None,
        state: LayerState::Ok,
        seen,
        advice: None,
        ms,
    }
}

fn failed(name: &'static str, seen: String, advice: &'static str, ms: u64) -> Layer {
    Layer {
        name,
        dataset: None,
        state: LayerState::Failed,
        seen,
        advice: Some(advice),
        ms,
    }
}

/// What a first answer says of encryption and credentials, once it says anything.
fn authentication(
    outcome: &Result<Sample, ExchangeError>,
    profile: &Profile,
    ms: u64,
) -> Option<Layer> {
    match outcome {
        Ok(_) => Some(ok("authentication", profile.auth.kind().into(), ms)),
        Err(ExchangeError::Request {
            fault: Fault::Tls,
            what,
            ..
        }) => Some(failed("tls", what.clone(), "tls", ms)),
        Err(ExchangeError::Request {
            fault: Fault::Unauthorised,
            what,
            ..
        }) => Some(failed("authentication", what.clone(), "unauthorised", ms)),
        Err(_) => None,
    }
}

fn sample_layer(dataset: DatasetId, outcome: &Result<Sample, ExchangeError>, ms: u64) -> Layer {
    match outcome {
        Ok(sample) if sample.records.is_empty() => Layer {
            name: "sample",
            dataset: Some(dataset),
            state: LayerState::Warn,
            seen: "0".into(),
            advice: Some("empty"),
            ms,
        },
        Ok(sample) => Layer {
            name: "sample",
            dataset: Some(dataset),
            state: LayerState::Ok,
            seen: sample.records.len().to_string(),
            advice: None,
            ms,
        },
        Err(error) => Layer {
            name: if error.code() == "forbidden" {
                "permission"
            } else {
                "sample"
            },
            dataset: Some(dataset),
            state: LayerState::Failed,
            seen: error.to_string(),
            advice: Some(error.code()),
            ms,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::presets;

    #[test]
    fn only_the_family_that_signs_with_md5_is_warned_of() {
        let weak: Vec<&str> = presets()
            .iter()
            .filter(|preset| weakness(&preset.profile).is_some())
            .map(|preset| preset.name)
            .collect();
        assert_eq!(weak, ["jis"]);
    }
}
