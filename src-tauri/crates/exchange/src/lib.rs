//! The provider's interfaces: any provider described as data, and asked politely.
//!
//! A [`Profile`] says where the data is, how to prove who asks, how pages follow one another and
//! what the fields are called. A [`Provider`] asks, retries what may pass, and names what will not.
//! A [`Walk`] goes through the pages of one dataset.

mod auth;
mod caller;
mod client;
mod counts;
mod database;
mod decision;
mod depth;
mod diagnose;
mod envelope;
mod error;
mod failure;
mod file;
mod forms;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod ldap;
mod limits;
mod network;
mod observe;
mod pace;
mod pager;
mod pkcs12;
mod pointers;
mod presets;
mod profile;
mod provider;
mod push;
mod route;
mod scim;
mod scope;
mod secrets;
mod seek;
mod sieve;
mod signer;
mod target;
mod tls;
mod token;
mod unwrap;

pub use auth::{
    Auth, ClientIn, Jis, SealedBody, Sealing, SignatureForm, Sm2Envelope, Sm2Proof, Sm4Key, Tif,
    TimedGateway, TokenIn, WrapIn,
};
pub use caller::Caller;
pub use counts::{Counted, CountsSource, DigestKind};
pub use database::{Column, Library, Polling, Receipt, Receipts, Slip, Table, TableSource};
pub use decision::{
    Act, DecisionDoor, DecisionTarget, HttpAct, HttpTarget, Order, Outlook, Present, ScimTarget,
    SqlTarget, Wanted, outlook,
};
pub use diagnose::{Detail, Expiry, Layer, LayerState, Sample, probe_address};
pub use error::{ExchangeError, Fault};
pub use file::{
    FileFormat, FileSource, FileTable, InspectedColumn, InspectedFile, TableCaps,
    Trouble as FileTrouble, inspect as inspect_file, read_tables,
};
pub use forms::{BlockMode, KeyForm, Sm2Layout, StampForm, TextForm};
pub use ldap::{LdapScope, LdapSource};
pub use limits::Limits;
pub use network::{Network, Proxy, ProxyMode};
pub use observe::{Headers, NoObserver, RequestBegun, RequestEntry, RequestObserver};
pub use pager::{Drift, IncrementalState, Page, Position};
pub use pkcs12::{ClientIdentity, open_pkcs12};
pub use presets::{Preset, preset, presets};
pub use profile::{
    DatasetSource, Envelope, Environment, Incremental, Interface, Method, Pager, ParamsIn, Profile,
    Slices,
};
pub use provider::{Provider, Walk};
pub use push::{Posted, Pusher};
pub use scim::{ScimPaging, ScimSource};
pub use scope::{
    Filters, IdsQuery, Narrowing, Reach, Scope, WindowQuery, check_scope, id_fields, reach,
};
pub use secrets::Secrets;
pub use signer::jis::jis_sign;
pub use signer::secret_parts::part as secret_part;
pub use target::{PostgresTarget, PushTarget, Target};
pub use tls::check_client_certificate;
pub use unwrap::{Unwrap, WrapCipher};
