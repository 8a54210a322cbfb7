//! A provider to run against: seeded, deterministic, of any size, with defects that it knows of.
//!
//! Every row is a pure function of seed, dataset and number, so that ten million rows need no
//! memory. What is wrong with a row is decided here and written into a truth manifest; the rules
//! that are tested against it are elsewhere, and this crate does not know them.

mod accounts;
mod answers;
mod bindings;
mod cases;
mod counts;
mod defects;
mod families;
mod faults;
mod gate;
mod items;
mod narrow;
mod numbers;
mod portal;
mod real_items;
mod reviews;
mod row;
mod server;
mod slips;
mod truth;
mod words;
mod world;

pub use bindings::{IdentityTruth, identity_truth};
pub use faults::{Fault, FaultKind, FaultScript};
pub use portal::{Objection, PORTAL, Portal, Received};
pub use server::{Credentials, DemoProvider, StartError};
pub use slips::{SlipScript, Slips};
pub use truth::{TruthEntry, accepted_fields, truth};
pub use world::{DATASETS, DemoOptions, World};
