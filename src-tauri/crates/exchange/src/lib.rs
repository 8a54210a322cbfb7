//! The provider's interfaces: any provider described as data, and asked politely.
//!
//! A [`Profile`] says where the data is, how to prove who asks, how pages follow one another and
//! what the fields are called. A [`Provider`] asks, retries what may pass, and names what will not.
//! A [`Walk`] goes through the pages of one dataset.

mod client;
mod depth;
mod diagnose;
mod envelope;
mod error;
mod observe;
mod pager;
mod presets;
mod profile;
mod signer;
mod token;

pub use client::{Provider, Secrets};
pub use diagnose::{Layer, LayerState, Sample};
pub use error::{ExchangeError, Fault};
pub use observe::{NoObserver, RequestEntry, RequestObserver};
pub use pager::{Drift, IncrementalState, Page, Position, Scope, Walk};
pub use presets::{Preset, preset, presets};
pub use profile::{
    Auth, CountsSource, DatasetSource, Envelope, Environment, Incremental, Limits, Method, Network,
    Pager, ParamsIn, Profile,
};
