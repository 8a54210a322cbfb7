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
        /// A person decided that nothing is to be done with the account.
        DoNotTouch = "do_not_touch",
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
        /// The account's mobile number is its own identity's and another natural person's too.
        PhoneShared = "phone_shared",
        /// The account is bound, and its name is not the identity's.
        NameChanged = "name_changed",
        /// The account is bound, its number (or its hash, under the same name) is not the identity's
        /// and nobody else's, and no document that is known to replace another explains it.
        IdNumberChanged = "id_number_changed",
        /// The account has the number of 15 digits that the identity's number of 18 came from.
        IdNumberUpgraded = "id_number_upgraded",
        /// One side has the old, the other the new permanent residence card of a foreigner born on
        /// one day.
        ForeignCardReplaced = "foreign_card_replaced",
        /// One side has a travel permit, the other a residence permit of the same region: Hong Kong,
        /// Macao or Taiwan.
        ResidencePermit = "residence_permit",
        /// The agent's authorisation ended before today.
        AgentExpired = "agent_expired",
        /// The agent's authorisation begins after today.
        AgentNotYetValid = "agent_not_yet_valid",
        /// The person behind the agent's account acts for other legal persons too.
        AgentOfSeveral = "agent_of_several",
        /// The legal person is deregistered or revoked (`corp_status` 2 or 3); the account is active.
        LegalPersonDeregistered = "legal_person_deregistered",
        /// The legal person went into another (`corp_status` 5); the account is active.
        LegalPersonMerged = "legal_person_merged",
        /// The account has the organisation code of nine characters that is part of the credit code.
        OrganisationCodeReplaced = "organisation_code_replaced",
        /// The account names another legal representative than the identity.
        LegalRepresentativeChanged = "legal_representative_changed",
        /// The identity's real-name level ranks below the one that the account's site asks for.
        LevelTooLow = "level_too_low",
        /// The account is bound, and disabled.
        PortalAccountDisabled = "portal_account_disabled",
        /// The account is bound, and deleted.
        PortalAccountDeleted = "portal_account_deleted",
        /// A legal person's account with a natural person's certificate type (111, 112), or a natural
        /// person's with a legal person's (001, 01).
        WrongCertificateType = "wrong_certificate_type",
        /// The account was bound by telephone, and neither `cert_key` nor ID number nor a legal
        /// person's credit code bears it out.
        PhoneOnlyBinding = "phone_only_binding",
        /// The mapping gives the account an administrator's role that it does not have.
        AdministratorRoleGained = "administrator_role_gained",
        /// `bound_to` names an identity that does not exist.
        OrphanedBinding = "orphaned_binding",
    }
}

impl ConflictKind {
    /// Its place in a number that holds a set of kinds.
    pub const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// The kinds of a set, in order.
    pub fn of_bits(bits: u32) -> Vec<Self> {
        Self::ALL
            .iter()
            .copied()
            .filter(|kind| bits & kind.bit() != 0)
            .collect()
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

impl EvidenceKind {
    /// Its place in a number that holds a set of kinds.
    pub const fn bit(self) -> u8 {
        1 << self as u8
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

impl Evidence {
    /// The comparisons of two sets: what was compared, and what agreed.
    pub fn of_bits(compared: u8, agreed: u8) -> Vec<Self> {
        EvidenceKind::ALL
            .iter()
            .copied()
            .filter(|kind| compared & kind.bit() != 0)
            .map(|kind| Self {
                kind,
                agrees: agreed & kind.bit() != 0,
            })
            .collect()
    }
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
