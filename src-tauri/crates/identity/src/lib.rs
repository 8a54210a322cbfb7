//! Unified identity: claim mapping, accounts, bindings and their conflicts.
//!
//! Two questions are answered here, both without reading or writing anything: what would the portal
//! receive for a person who signs in ([`preview`]), and which portal account belongs to which
//! identity, with all that speaks against it ([`review`]). A telephone number or a name supports a
//! binding but never makes one: numbers are handed on to other people, and names are shared.

mod account;
mod binding;
mod claims;
mod conflicts;
mod error;
mod identity;
mod kind;
mod number;
mod policy;
mod population;
mod preview;
mod proposal;
mod reader;
mod review;
mod words;

pub use account::{AccountState, BoundBy, Decided, PortalAccount};
pub use binding::{Binding, BindingState, ConflictKind, Evidence, EvidenceKind};
pub use claims::{ClaimRow, PORTAL_EXTENSION, check_claims, default_claims};
pub use error::{ClaimError, IdentityError};
pub use identity::{IdNumberHash, Identity};
pub use kind::AccountKind;
pub use number::{NumberForm, Territory};
pub use policy::{ReviewPolicy, RoleRule};
pub use population::{Population, Row, Settled};
pub use preview::{ClaimResult, ClaimState, preview};
pub use proposal::{
    BindingEffect, Consequence, DecisionAct, Proposal, Sibling, consequence, propose,
};
pub use reader::{AccountReader, LevelRanks};
pub use review::review;
pub use words::UnknownWord;
