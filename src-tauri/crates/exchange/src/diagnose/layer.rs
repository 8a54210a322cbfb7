//! What a test tells, layer by layer.

use std::time::Instant;

use zhengqiao_domain::DatasetId;

/// How a layer went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LayerState {
    /// As it should be.
    #[default]
    Ok,
    /// It works, yet something deserves attention.
    Warn,
    /// It does not work.
    Failed,
    /// Not reached, or it does not apply.
    Skipped,
}

/// A particular of a layer, for the folded part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// Its code: certificate, protocol, ca_bundle, client_certificate, proxy_why, request.
    pub name: &'static str,
    /// What was seen.
    pub text: String,
}

/// Something that ends one day, as a test saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// server_certificate, client_certificate or ca_bundle.
    pub kind: &'static str,
    /// Whose it is.
    pub subject: String,
    /// When it ends, unix ms.
    pub not_after_ms: i64,
}

/// One layer of the test.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layer {
    /// settings, name, proxy, tcp, tunnel, protocol, tls, clock, authentication, permission or sample.
    pub name: &'static str,
    /// The dataset, for permissions and samples.
    pub dataset: Option<DatasetId>,
    /// How it went.
    pub state: LayerState,
    /// What was seen.
    pub seen: String,
    /// Code of the advice, for what is not as it should be.
    pub advice: Option<&'static str>,
    /// Time taken.
    pub ms: u64,
    /// Particulars.
    pub details: Vec<Detail>,
    /// JSON pointers that would fit in the place of the one that does not.
    pub proposals: Vec<String>,
    /// What ends one day.
    pub expiries: Vec<Expiry>,
}

impl Layer {
    /// A layer that is as it should be.
    pub fn ok(name: &'static str, seen: impl Into<String>, ms: u64) -> Self {
        Self {
            name,
            seen: seen.into(),
            ms,
            ..Self::default()
        }
    }

    /// A layer that works and deserves attention.
    pub fn warn(
        name: &'static str,
        seen: impl Into<String>,
        advice: &'static str,
        ms: u64,
    ) -> Self {
        Self {
            state: LayerState::Warn,
            advice: Some(advice),
            ..Self::ok(name, seen, ms)
        }
    }

    /// A layer that does not work.
    pub fn failed(
        name: &'static str,
        seen: impl Into<String>,
        advice: &'static str,
        ms: u64,
    ) -> Self {
        Self {
            state: LayerState::Failed,
            ..Self::warn(name, seen, advice, ms)
        }
    }

    /// A layer that was not reached or does not apply.
    pub fn skipped(name: &'static str, seen: impl Into<String>) -> Self {
        Self {
            state: LayerState::Skipped,
            ..Self::ok(name, seen, 0)
        }
    }

    /// The layer of one dataset.
    pub fn of(mut self, dataset: DatasetId) -> Self {
        self.dataset = Some(dataset);
        self
    }

    /// With a particular.
    pub fn with(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.details.push(Detail {
            name,
            text: text.into(),
        });
        self
    }
}

/// Milliseconds since a moment.
pub fn ms(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
