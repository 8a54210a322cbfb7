//! Signing on: its settings, and the test login.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_identity::{AccountKind, BindingState, ConflictKind, Evidence};
use zhengqiao_signon::{Finding, ProtocolSettings, SignOn, Step};

use super::ClaimPreview;

/// How a connection's people sign on.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SignOnView {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The settings; the usual ones where none were saved.
    pub sign_on: SignOn,
    /// Whether they were saved.
    pub is_saved: bool,
    /// The usual settings of each protocol.
    pub usual: Vec<ProtocolSettings>,
    /// When the secret was changed, unix ms; absent where there is none.
    #[ts(type = "number | null")]
    pub secret_changed_at: Option<i64>,
}

/// Saves how a connection's people sign on.
#[derive(Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SaveSignOn {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The settings.
    pub sign_on: SignOn,
    /// A new secret; absent keeps the one there is, empty forgets it.
    pub secret: Option<String>,
}

/// Begins a test login.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct StartTestLogin {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Whose account is tested.
    pub kind: AccountKind,
    /// Whether the session at the provider is ended afterwards.
    pub log_out: bool,
}

/// Which test login.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TestLoginId {
    /// Its number.
    #[ts(type = "number")]
    pub test_login_id: i64,
}

/// Asks for a test login as soon as it has changed.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WatchTestLogin {
    /// Its number.
    #[ts(type = "number")]
    pub test_login_id: i64,
    /// The version that was seen last; 0 for none.
    #[ts(type = "number")]
    pub seen: u64,
}

/// The address that a browser ended at.
#[derive(Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PasteTestLogin {
    /// The test login.
    #[ts(type = "number")]
    pub test_login_id: i64,
    /// The whole address.
    pub address: String,
}

/// Keeps a test login's claims as a sample.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KeepTestLogin {
    /// The test login.
    #[ts(type = "number")]
    pub test_login_id: i64,
    /// What the sample is called.
    pub name: String,
}

/// A kept sample.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct KeptSample {
    /// Its number.
    #[ts(type = "number")]
    pub sample_id: i64,
    /// Whose account it is.
    pub kind: AccountKind,
    /// What it is called.
    pub name: String,
    /// Claims in it.
    #[ts(type = "number")]
    pub claims: u64,
}

/// How a test login stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
#[serde(rename_all = "snake_case")]
pub enum TestLoginState {
    /// The provider is asked where the browser goes.
    Preparing,
    /// A person signs in.
    Waiting,
    /// There is a result.
    Done,
    /// It came to nothing.
    Failed,
    /// Somebody broke it off.
    Cancelled,
}

/// A test login.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TestLoginView {
    /// Its number.
    #[ts(type = "number")]
    pub test_login_id: i64,
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Whose account is tested.
    pub kind: AccountKind,
    /// Grows with every change.
    #[ts(type = "number")]
    pub version: u64,
    /// How it stands.
    pub state: TestLoginState,
    /// Where the browser goes.
    pub address: Option<String>,
    /// Where it comes back to.
    pub return_to: Option<String>,
    /// Whether the address that the browser ends at has to be pasted.
    pub needs_paste: bool,
    /// Until when somebody may sign in, unix ms.
    #[ts(type = "number | null")]
    pub until: Option<i64>,
    /// The steps so far.
    pub steps: Vec<Step>,
    /// Why it came to nothing.
    pub failure: Option<TestLoginFailure>,
    /// What it brought.
    pub result: Option<TestLoginResult>,
    /// Where a browser ends the session at the provider.
    pub logout_addresses: Vec<String>,
}

/// Why a test login came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TestLoginFailure {
    /// As a code.
    pub code: String,
    /// In a sentence.
    pub message: String,
}

/// What a test login brought.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TestLoginResult {
    /// The claims, masked.
    pub claims: Vec<ReceivedClaim>,
    /// The portal's fields, masked.
    pub fields: Vec<ClaimPreview>,
    /// Portal accounts that the claims concern, the one that would be bound first.
    pub accounts: Vec<ConcernedAccount>,
    /// Portal accounts that were compared.
    #[ts(type = "number")]
    pub accounts_compared: u64,
    /// What the sign-on would change at the portal.
    pub changes: Vec<LoginChange>,
    /// What is worth mending.
    pub findings: Vec<Finding>,
}

/// One received claim.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReceivedClaim {
    /// Its name, or its JSON pointer.
    pub name: String,
    /// Its value, masked.
    pub value: String,
    /// Whether the mapping uses it.
    pub is_used: bool,
}

/// A portal account that the claims concern.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ConcernedAccount {
    /// The account.
    pub account_id: String,
    /// Its name, masked.
    pub title: Option<String>,
    /// Its site.
    pub site: Option<String>,
    /// Whether the person would be signed in to it.
    pub would_be_bound: bool,
    /// Whether it is bound to somebody else.
    pub bound_elsewhere: bool,
    /// How the binding would stand.
    pub state: BindingState,
    /// What speaks against it.
    pub conflicts: Vec<ConflictKind>,
    /// What speaks for it.
    pub evidence: Vec<Evidence>,
    /// Roles that the mapping gives.
    pub roles: Vec<String>,
}

/// What a sign-on would change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
#[serde(rename_all = "snake_case")]
pub enum LoginChangeKind {
    /// An account would be bound for the first time.
    BoundAnew,
    /// A new account would be needed.
    NewAccount,
    /// The name differs.
    NameDiffers,
    /// The telephone number differs.
    MobileDiffers,
    /// A role is gained.
    RoleGained,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LoginChange {
    /// What.
    pub kind: LoginChangeKind,
    /// The account.
    pub account_id: Option<String>,
    /// The portal's value, masked.
    pub before: Option<String>,
    /// The sign-on's value, masked.
    pub after: Option<String>,
}
