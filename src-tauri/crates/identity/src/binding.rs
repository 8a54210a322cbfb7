//! Bindings: which portal account belongs to which identity, why, and what speaks against it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::kind::AccountKind;
use crate::words::words;

words! {
    /// How a binding stands.
    pub enum BindingState {
        /// Account and identity belong together and nothing speaks against it.
        Linked = "linked",
        /// No counterpart was found.
        Unmatched = "unmatched",
        /// Several identities would fit.
        Ambiguous = "ambiguous",
        /// Account and identity belong together, but with a conflict.
        Conflicting = "conflicting",
        /// The account is bound to an identity that does not exist.
        Orphaned = "orphaned",
    }
}

words! {
    /// What speaks against a binding.
    ///
    /// An account *belongs to* the identity that its `bound_to` names, or, when it is not bound, to
    /// the only one that its own keys point to. An orphaned account carries no other conflict,
    /// because there is no identity to hold it against.
    pub enum ConflictKind {
        /// Two or more active portal accounts belong to one identity. Each of them carries it.
        DuplicatePortalAccounts = "duplicate_portal_accounts",
        /// `bound_to` names one existing identity, the account's own `cert_key`, ID number or credit
        /// code another existing one.
        SharedPortalAccount = "shared_portal_account",
        /// The account's mobile number is that of another person and not that of its own identity.
        PhoneTakenOver = "phone_taken_over",
        /// The account is bound, and its name is not the identity's.
        NameChanged = "name_changed",
        /// The agent's authorisation ended before today.
        AgentExpired = "agent_expired",
        /// The agent's authorisation begins after today.
        AgentNotYetValid = "agent_not_yet_valid",
        /// The legal person is deregistered or revoked (`corp_status` 2 or 3); the account is active.
        LegalPersonDeregistered = "legal_person_deregistered",
        /// The identity's real-name level ranks below the one that the account's site asks for.
        LevelTooLow = "level_too_low",
        /// The account is bound, and disabled or deleted.
        PortalAccountClosed = "portal_account_closed",
        /// A legal person's account with a natural person's certificate type (111, 112), or a natural
        /// person's with a legal person's (001, 01).
        WrongCertificateType = "wrong_certificate_type",
        /// The account was bound by telephone, and neither `cert_key` nor ID number nor a legal
        /// person's credit code bears it out.
        PhoneOnlyBinding = "phone_only_binding",
        /// `bound_to` names an identity that does not exist.
        OrphanedBinding = "orphaned_binding",
    }
}

words! {
    /// What two accounts are compared by, strongest first.
    pub enum EvidenceKind {
        /// 散列标识.
        CertKey = "cert_key",
        /// 证件号码, as a hash.
        IdNumber = "id_number",
        /// 统一社会信用代码.
        CreditCode = "credit_code",
        /// 手机号: supports only.
        Phone = "phone",
        /// 姓名: supports only.
        Name = "name",
    }
}

/// One comparison of an account with an identity. What one side lacks is not compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Evidence {
    /// What was compared.
    pub kind: EvidenceKind,
    /// Whether both sides have the same.
    pub agrees: bool,
}

/// A portal account with its identity, or one of the two without the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Natural person, legal person or agent.
    pub kind: AccountKind,
    /// The identity's key. For an orphaned binding the key that does not exist.
    pub identity_key: Option<String>,
    /// The identity's name.
    pub identity_title: Option<String>,
    /// The portal account.
    pub account_id: Option<String>,
    /// Its name.
    pub account_title: Option<String>,
    /// How it stands.
    pub state: BindingState,
    /// Every conflict, each once, in the order of [`ConflictKind`].
    pub conflicts: Vec<ConflictKind>,
    /// The comparisons, strongest first.
    pub evidence: Vec<Evidence>,
    /// What else would fit: keys of identities where there is an account, else identifiers of
    /// accounts. At most [`Binding::MOST_CANDIDATES`].
    pub candidates: Vec<String>,
}

impl Binding {
    /// More candidates than so many help nobody to decide.
    pub const MOST_CANDIDATES: usize = 8;
}
