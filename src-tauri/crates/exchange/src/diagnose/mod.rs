//! The test of a connection, layer by layer.
//!
//! The layers are those that a call goes through, so that the first that fails is the one to mend.

pub(crate) mod certificate;
pub(crate) mod handshake;
pub(crate) mod layer;
mod probe;
pub(crate) mod reach;
pub(crate) mod secured;
pub(crate) mod wire;

use std::ops::Range;
use std::time::Instant;

use bytes::Bytes;
use zhengqiao_domain::DatasetId;

pub use layer::{Detail, Expiry, Layer, LayerState};
pub use probe::probe_address;

use crate::auth::Auth;
use crate::client::HttpProvider;
use crate::error::{ExchangeError, Fault};
use crate::pager::HttpWalk;
use crate::profile::{DatasetSource, Profile};
pub(crate) use layer::ms;

use crate::scope::Scope;
use reach::{CLOCK_FAIL_MS, Reached};

/// So many datasets may refuse the credentials before the rest are left alone: more tries could
/// lock the account.
const REFUSALS: usize = 2;

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

impl HttpProvider {
    /// Tests the connection; each layer is handed out as it ends. Returns a sample of each dataset
    /// that could be read.
    pub async fn diagnose(
        &self,
        profile: &Profile,
        until: &str,
        mut on_layer: impl FnMut(Layer),
    ) -> Vec<Sample> {
        on_layer(Layer::ok(
            "settings",
            format!(
                "{} {} ({} datasets)",
                profile.auth.kind(),
                self.base(),
                profile.datasets.len()
            ),
            0,
        ));
        let signs = signs_time(&profile.auth);
        let Some(reached) = self.reach(signs, &mut on_layer).await else {
            return Vec::new();
        };
        let mut samples = Vec::new();
        let mut proven = false;
        // Refusals wait until another dataset shows whether it is the credentials or a permission.
        let mut refused: Vec<Layer> = Vec::new();
        let mut refusal_advice = None;
        for (dataset, source) in &profile.datasets {
            let begun = Instant::now();
            let outcome = self.sample(*dataset, source, until).await;
            let took = ms(begun);
            if !proven && proves(&outcome) {
                proven = true;
                on_layer(Layer::ok("authentication", profile.auth.kind(), took));
                refused.drain(..).for_each(&mut on_layer);
            }
            let mut layers = dataset_layers(*dataset, &outcome, took);
            if let Some(last) = layers.last_mut() {
                *last = std::mem::take(last).with("request", self.request_line(source));
                last.proposals = self.take_fitting();
            }
            if let (false, Err(error)) = (proven, &outcome)
                && let Some(advice) = refusal(error, signs, reached)
            {
                refused.append(&mut layers);
                refusal_advice = Some(advice);
                if refused.len() >= REFUSALS.min(profile.datasets.len()) {
                    let what = error.to_string();
                    on_layer(Layer::failed("authentication", what, advice, took));
                    return samples;
                }
                continue;
            }
            layers.into_iter().for_each(&mut on_layer);
            samples.extend(outcome.ok());
        }
        if !proven {
            on_layer(match refusal_advice {
                Some(advice) => Layer::failed("authentication", profile.auth.kind(), advice, 0),
                None => Layer::skipped("authentication", profile.auth.kind()),
            });
            refused.into_iter().for_each(&mut on_layer);
        }
        samples
    }

    /// Goes the way to the provider; says whether it was reached.
    pub(crate) async fn is_reached(&self, auth: &Auth, on_layer: &mut impl FnMut(Layer)) -> bool {
        self.reach(signs_time(auth), on_layer).await.is_some()
    }

    fn request_line(&self, source: &DatasetSource) -> String {
        let method = source.method.as_str();
        format!(
            "{method} {}{}",
            self.base(),
            source.path.trim_start_matches('/')
        )
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
    if let Some(table) = &mut source.table {
        table.batch_rows = table.batch_rows.min(50);
    }
    if let Some(scim) = &mut source.scim {
        scim.page_rows = scim.page_rows.min(50);
    }
    if let Some(ldap) = &mut source.ldap {
        ldap.page_rows = ldap.page_rows.min(50);
    }
    source
}

/// Whether requests carry a signature over the time.
fn signs_time(auth: &Auth) -> bool {
    !matches!(
        auth,
        Auth::None
            | Auth::Bearer
            | Auth::Basic { .. }
            | Auth::ApiKey { .. }
            | Auth::Oauth2Client { .. }
    )
}

/// Whether an answer shows that the credentials were taken.
fn proves(outcome: &Result<Sample, ExchangeError>) -> bool {
    matches!(
        outcome,
        Ok(_)
            | Err(ExchangeError::Request {
                fault: Fault::WrongPointer,
                ..
            })
    )
}

/// The advice for credentials that were not taken, if it is that.
fn refusal(error: &ExchangeError, signs: bool, reached: Reached) -> Option<&'static str> {
    let ExchangeError::Request { fault, what, .. } = error else {
        return None;
    };
    let lower = what.to_lowercase();
    let speaks_of_signature = ["签名", "验签", "signature", "sign error", "invalid sign"]
        .iter()
        .any(|word| lower.contains(word));
    match fault {
        Fault::Unauthorised | Fault::ProviderRefused | Fault::BadRequest | Fault::Forbidden
            if signs && speaks_of_signature => {}
        Fault::Unauthorised => {}
        _ => return None,
    }
    Some(if !signs {
        Fault::Unauthorised.code()
    } else if reached
        .ahead_ms
        .is_some_and(|ahead| ahead.abs() > CLOCK_FAIL_MS)
    {
        "clock_too_far"
    } else {
        "wrong_signature"
    })
}

/// Permission and sample of one dataset.
fn dataset_layers(
    dataset: DatasetId,
    outcome: &Result<Sample, ExchangeError>,
    ms: u64,
) -> Vec<Layer> {
    let layers = match outcome {
        Ok(sample) => {
            let found = sample.records.len();
            let permission = Layer::ok("permission", "", 0);
            let sample = if found == 0 {
                Layer::warn("sample", "0", "empty", ms)
            } else {
                Layer::ok("sample", found.to_string(), ms)
            };
            vec![permission, sample]
        }
        Err(error) => {
            let barred = matches!(error.code(), "unauthorised" | "forbidden" | "not_found");
            let name = if barred { "permission" } else { "sample" };
            let advice = match error.code() {
                // The credentials are good: another dataset took them.
                "unauthorised" => "unauthorised_dataset",
                code => code,
            };
            vec![Layer::failed(name, error.to_string(), advice, ms)]
        }
    };
    layers.into_iter().map(|layer| layer.of(dataset)).collect()
}
