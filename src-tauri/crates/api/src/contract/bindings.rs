//! Bindings of portal accounts to identities: counts, lists, one with everything, and decisions.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_identity::{
    AccountKind, BindingState, ConflictKind, Consequence, DecisionAct, Evidence, EvidenceKind,
};

/// Bindings by state and conflict.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct IdentitySummary {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// When the bindings were last computed, unix ms.
    #[ts(type = "number | null")]
    pub computed_at: Option<i64>,
    /// Whether mapping or policy were changed since, so that another review would find something else.
    pub outdated: bool,
    /// Counts by state.
    pub states: Vec<BindingStateCount>,
    /// Counts by kind of conflict.
    pub conflicts: Vec<ConflictCount>,
    /// Accounts that wait for a decision.
    #[ts(type = "number")]
    pub open: i64,
    /// How long the review took, where this is its answer.
    pub took: Option<ReviewTook>,
}

/// How long the parts of a review took.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReviewTook {
    /// Only what changed was looked at.
    pub incremental: bool,
    /// Records read.
    #[ts(type = "number")]
    pub records: i64,
    /// Reading and decoding them.
    #[ts(type = "number")]
    pub read_ms: i64,
    /// Matching and judging.
    #[ts(type = "number")]
    pub match_ms: i64,
    /// Writing what differs.
    #[ts(type = "number")]
    pub write_ms: i64,
    /// Bindings that were written.
    #[ts(type = "number")]
    pub written: i64,
}

/// Bindings in a state.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingStateCount {
    /// The state.
    pub state: BindingState,
    /// Bindings.
    #[ts(type = "number")]
    pub count: i64,
}

/// Bindings with a conflict.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ConflictCount {
    /// The kind.
    pub conflict: ConflictKind,
    /// Bindings.
    #[ts(type = "number")]
    pub count: i64,
}

/// Bindings of a kind of account.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AccountKindCount {
    /// The kind.
    pub kind: AccountKind,
    /// Bindings.
    #[ts(type = "number")]
    pub count: i64,
}

/// Bindings of a site.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SiteCount {
    /// The site; empty for none.
    pub site: String,
    /// Bindings.
    #[ts(type = "number")]
    pub count: i64,
}

/// What a list of bindings is narrowed by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
#[serde(default)]
pub struct BindingFilter {
    /// Only in this state.
    pub state: Option<BindingState>,
    /// Only with this conflict.
    pub conflict: Option<ConflictKind>,
    /// Only of this kind of account.
    pub kind: Option<AccountKind>,
    /// Only of this site; empty for accounts without one.
    pub site: Option<String>,
    /// Only accounts that wait for a decision (true), or that have one (false).
    pub open: Option<bool>,
    /// How an account's identifier begins, or the full key of an identity.
    pub search: Option<String>,
}

/// Asks for the counts of a filter.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingFacetsRequest {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The filter; its search is not counted.
    pub filter: BindingFilter,
}

/// Counts by every facet, each under all filters but its own.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingFacets {
    /// Bindings under all filters.
    #[ts(type = "number")]
    pub total: i64,
    /// By state.
    pub states: Vec<BindingStateCount>,
    /// By conflict.
    pub conflicts: Vec<ConflictCount>,
    /// By kind of account.
    pub kinds: Vec<AccountKindCount>,
    /// By site, greatest first.
    pub sites: Vec<SiteCount>,
    /// Accounts that wait for a decision.
    #[ts(type = "number")]
    pub open: i64,
    /// Accounts with a decision.
    #[ts(type = "number")]
    pub decided: i64,
}

/// Which bindings.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingsRequest {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The filter.
    #[serde(default)]
    pub filter: BindingFilter,
    /// Only bindings after this id.
    #[ts(type = "number | null")]
    pub after: Option<i64>,
    /// At most so many (≤ 200).
    pub limit: u32,
}

/// A page of bindings.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingsPage {
    /// The bindings, masked.
    pub bindings: Vec<BindingRow>,
    /// Where the next page begins.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
}

/// One binding, masked.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingRow {
    /// Its number.
    #[ts(type = "number")]
    pub binding_id: i64,
    /// Natural person, legal person or agent.
    pub kind: AccountKind,
    /// The identity's masked key.
    pub identity_key: Option<String>,
    /// The identity's name, masked.
    pub identity_title: Option<String>,
    /// The portal account.
    pub account_id: Option<String>,
    /// Its name, masked.
    pub account_title: Option<String>,
    /// Its site.
    pub site: Option<String>,
    /// The state.
    pub state: BindingState,
    /// Every conflict.
    pub conflicts: Vec<ConflictKind>,
    /// What speaks for the binding.
    pub evidence: Vec<Evidence>,
    /// How many others would fit.
    pub candidates: u32,
    /// The decision that holds.
    pub act: Option<DecisionAct>,
    /// For "later" its day.
    pub until: Option<String>,
    /// Whether it waits for a decision.
    pub open: bool,
}

/// Names a binding.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingId {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The binding.
    #[ts(type = "number")]
    pub binding_id: i64,
}

/// One thing of the account beside the same of the identity, both masked.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SideBySide {
    /// What: a kind of evidence or another property.
    pub name: String,
    /// As the account has it.
    pub account: Option<String>,
    /// As the identity has it.
    pub identity: Option<String>,
    /// Whether both are the same, where they were compared.
    pub agrees: Option<bool>,
}

/// An identity, or an account, that would fit.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingCandidate {
    /// Its record.
    #[ts(type = "number")]
    pub record_id: i64,
    /// The identity's masked key, or the account's identifier.
    pub key: String,
    /// Its name, masked.
    pub title: Option<String>,
    /// What agrees with the account.
    pub agrees: Vec<EvidenceKind>,
    /// What does not.
    pub disagrees: Vec<EvidenceKind>,
}

/// Another account of the same identity.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingSibling {
    /// Its binding.
    #[ts(type = "number")]
    pub binding_id: i64,
    /// Its identifier.
    pub account_id: String,
    /// Its name, masked.
    pub title: Option<String>,
    /// Its site.
    pub site: Option<String>,
    /// Whether it can be used.
    pub active: bool,
}

/// What is proposed, with masked keys.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingProposal {
    /// The conflict; none where there is only no binding.
    pub conflict: Option<ConflictKind>,
    /// The act; none where nothing is to be decided about the binding.
    pub act: Option<DecisionAct>,
    /// For a link the identity's record.
    #[ts(type = "number | null")]
    pub person_id: Option<i64>,
    /// For a merge the account that remains.
    pub remaining_account_id: Option<String>,
    /// For "later" the day.
    pub until: Option<String>,
    /// What it does.
    pub consequence: Consequence,
}

/// A decision about one account.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingDecisionRow {
    /// Its act.
    #[ts(type = "number")]
    pub bulk_id: i64,
    /// What.
    pub act: DecisionAct,
    /// Why.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// When, unix ms.
    #[ts(type = "number")]
    pub decided_at: i64,
    /// For "later" the day.
    pub until: Option<String>,
    /// When the portal took it, unix ms.
    #[ts(type = "number | null")]
    pub delivered_at: Option<i64>,
}

/// A binding with everything that is needed to decide.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingDetail {
    /// The row.
    pub row: BindingRow,
    /// Account beside identity.
    pub sides: Vec<SideBySide>,
    /// What is proposed: one for each conflict, or one for an account without a binding.
    pub proposals: Vec<BindingProposal>,
    /// What else would fit.
    pub candidates: Vec<BindingCandidate>,
    /// The identity's other accounts.
    pub siblings: Vec<BindingSibling>,
    /// The decision that holds.
    pub decision: Option<BindingDecisionRow>,
}

/// Decides about some bindings, or about all under a filter.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DecideBindings {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// These bindings; empty for all under the filter.
    #[serde(default)]
    #[ts(type = "number[]")]
    pub binding_ids: Vec<i64>,
    /// All of these.
    #[serde(default)]
    pub filter: Option<BindingFilter>,
    /// The act.
    pub act: DecisionAct,
    /// For a link of one account the record of the identity; else its own, or the only one that its
    /// keys point to.
    #[serde(default)]
    #[ts(type = "number | null")]
    pub person_id: Option<i64>,
    /// For a merge of one account the one that remains; else the one that is proposed.
    #[serde(default)]
    pub remaining_account_id: Option<String>,
    /// For "later" the day from which it is asked again, `YYYY-MM-DD`.
    #[serde(default)]
    pub until: Option<String>,
    /// Why.
    pub reason: String,
}

/// What came of a decision.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DecisionsMade {
    /// The act, to undo it; none where nothing was decided.
    #[ts(type = "number | null")]
    pub bulk_id: Option<i64>,
    /// Accounts that were decided about.
    #[ts(type = "number")]
    pub decided: i64,
    /// What was left alone, and why.
    pub skipped: Vec<SkippedBindings>,
}

/// Bindings that an act left alone.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SkippedBindings {
    /// no_account, not_bound, no_single_identity, shielded, remains.
    pub why: String,
    /// Bindings.
    #[ts(type = "number")]
    pub count: i64,
}

/// Asks for acts.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingDecisionsRequest {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Only acts before this one.
    #[ts(type = "number | null")]
    pub before: Option<i64>,
    /// At most so many (≤ 200).
    pub limit: u32,
}

/// An act about one or more accounts.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingAct {
    /// Its number.
    #[ts(type = "number")]
    pub bulk_id: i64,
    /// What.
    pub act: DecisionAct,
    /// Why.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// When, unix ms.
    #[ts(type = "number")]
    pub decided_at: i64,
    /// For "later" the day.
    pub until: Option<String>,
    /// Accounts.
    #[ts(type = "number")]
    pub accounts: i64,
    /// Those whose decision was taken back.
    #[ts(type = "number")]
    pub undone: i64,
    /// Those whose decision the portal took.
    #[ts(type = "number")]
    pub delivered: i64,
    /// One of the accounts.
    pub account_id: String,
}

/// A page of acts, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingDecisionsPage {
    /// The acts.
    pub acts: Vec<BindingAct>,
    /// Before which act the next page begins.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
}

/// Names an act.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct UndoBindingDecisions {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The act.
    #[ts(type = "number")]
    pub bulk_id: i64,
}

/// What was taken back, and what could not be.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DecisionsUndone {
    /// Accounts whose decision was taken back.
    #[ts(type = "number")]
    pub undone: i64,
    /// Those that the portal has taken already.
    #[ts(type = "number")]
    pub delivered: i64,
    /// Those that were decided anew since.
    #[ts(type = "number")]
    pub decided_anew: i64,
}

/// Bindings whose state changed.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct StateDrift {
    /// State at the last sign-off.
    pub from: BindingState,
    /// State now.
    pub to: BindingState,
    /// Bindings.
    #[ts(type = "number")]
    pub count: i64,
}

/// How the bindings differ from what was signed off last.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingDrift {
    /// The last sign-off; without one there is nothing to compare with.
    pub signed: Option<BindingSignOff>,
    /// Bindings that were not there.
    #[ts(type = "number")]
    pub new: i64,
    /// Bindings that are no more.
    #[ts(type = "number")]
    pub gone: i64,
    /// Bindings whose state changed.
    pub states: Vec<StateDrift>,
    /// Bindings that were there and have a conflict that they did not have.
    pub conflicts: Vec<ConflictCount>,
    /// Bindings that had a conflict and have it no more.
    pub ended: Vec<ConflictCount>,
}

/// A review that was signed off.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingSignOff {
    /// Its number.
    #[ts(type = "number")]
    pub sign_off_id: i64,
    /// When, unix ms.
    #[ts(type = "number")]
    pub signed_at: i64,
    /// By whom.
    pub signed_by: String,
    /// What they noted.
    pub note: String,
    /// Counts by state as they were signed.
    pub states: Vec<BindingStateCount>,
    /// Counts by conflict as they were signed.
    pub conflicts: Vec<ConflictCount>,
}

/// Which of the changed bindings.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingDriftRequest {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// new, state, conflict, ended or gone.
    pub what: String,
    /// For state: the one then.
    pub from: Option<BindingState>,
    /// For state: the one now.
    pub to: Option<BindingState>,
    /// For conflict and ended.
    pub conflict: Option<ConflictKind>,
    /// Only after this number.
    #[ts(type = "number | null")]
    pub after: Option<i64>,
    /// At most so many (≤ 200).
    pub limit: u32,
}

/// A binding that is no more.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct GoneBinding {
    /// Kind of account.
    pub kind: AccountKind,
    /// The account, where there was one.
    pub account_id: Option<String>,
    /// Its state then.
    pub state: BindingState,
    /// Its conflicts then.
    pub conflicts: Vec<ConflictKind>,
}

/// A page of changed bindings.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingDriftPage {
    /// Those that are there, masked.
    pub bindings: Vec<BindingRow>,
    /// Those that are no more.
    pub gone: Vec<GoneBinding>,
    /// Where the next page begins.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
}

/// Signs the review off.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SignOffBindings {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// What the person notes.
    pub note: String,
}

/// Past sign-offs, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BindingSignOffs {
    /// The sign-offs.
    pub sign_offs: Vec<BindingSignOff>,
}

/// Writes a sign-off to a file.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ExportSignOff {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The sign-off.
    #[ts(type = "number")]
    pub sign_off_id: i64,
    /// `.html` or `.xlsx`.
    pub path: String,
    /// zh or en.
    pub language: String,
}
