//! Unified identity: claim mapping, accounts, bindings and their conflicts.
//!
//! Two questions are answered here, both without reading or writing anything: what would the portal
//! receive for a person who signs in ([`preview`]), and which portal account belongs to which
//! identity, with all that speaks against it ([`review`]). A telephone number or a name supports a
//! binding but never makes one: numbers are handed on to other people, and names are shared.

mod account;
mod arrival;
mod binding;
mod claims;
mod conflicts;
mod error;
mod identity;
mod kind;
mod number;
mod policy;
mod policy_check;
mod population;
mod portal_field;
mod preview;
mod proposal;
mod reader;
mod review;
mod site;
mod site_table;
mod standing;
mod through;
mod what_if;
mod words;

pub use account::{AccountState, BoundBy, Decided, PortalAccount};
pub use arrival::{arrived, concerns};
pub use binding::{Binding, BindingState, ConflictKind, Evidence, EvidenceKind};
pub use claims::{ClaimRow, PORTAL_EXTENSION, check_claims, default_claims};
pub use error::{ClaimError, IdentityError, PolicyError};
pub use identity::{IdNumberHash, Identity};
pub use kind::AccountKind;
pub use number::{NumberForm, Territory};
pub use policy::{ReviewPolicy, RoleRule};
pub use policy_check::check_policy;
pub use population::{Population, Row, Settled};
pub use portal_field::{PortalField, portal_fields};
pub use preview::{ClaimResult, ClaimState, preview};
pub use proposal::{
    BindingEffect, Consequence, DecisionAct, Proposal, Sibling, consequence, propose,
};
pub use reader::{AccountReader, LevelRanks};
pub use review::review;
pub use site::{Site, SiteIssue, check_sites, web};
pub use site_table::{SiteHeader, SiteRowError, site_cells, site_titles};
pub use standing::{RoleNames, Standing, standings};
pub use what_if::{
    AccountEffect, ConflictEffect, EffectNumber, EffectNumbers, RoleEffect, Touched, WhatIf,
    compare,
};
pub use words::UnknownWord;
