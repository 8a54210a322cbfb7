//! The conditions of the conflicts, one place for each.

use chrono::NaiveDate;

use crate::account::{BoundBy, PortalAccount};
use crate::binding::{ConflictKind, Evidence, EvidenceKind};
use crate::identity::Identity;
use crate::index::Index;
use crate::kind::AccountKind;

/// An account and the identity that it belongs to.
pub(crate) struct Pair<'a> {
    pub(crate) account: &'a PortalAccount,
    pub(crate) identity: &'a Identity,
    /// Bound by the portal, not only found by its keys.
    pub(crate) bound: bool,
    /// A kind of evidence of the account's own points only to others.
    pub(crate) points_elsewhere: bool,
    /// Active accounts that belong to the identity.
    pub(crate) active_accounts: u32,
}

impl Pair<'_> {
    /// Every conflict, in the order of the kinds.
    pub(crate) fn conflicts(
        &self,
        evidence: &[Evidence],
        index: &Index<'_>,
        today: NaiveDate,
    ) -> Vec<ConflictKind> {
        ConflictKind::ALL
            .iter()
            .copied()
            .filter(|kind| self.has(*kind, evidence, index, today))
            .collect()
    }

    fn has(
        &self,
        kind: ConflictKind,
        evidence: &[Evidence],
        index: &Index<'_>,
        today: NaiveDate,
    ) -> bool {
        let (account, identity) = (self.account, self.identity);
        let agent = identity.kind == AccountKind::Agent;
        match kind {
            ConflictKind::DuplicatePortalAccounts => {
                account.is_active() && self.active_accounts > 1
            }
            ConflictKind::SharedPortalAccount => self.bound && self.points_elsewhere,
            ConflictKind::PhoneTakenOver => account.mobile.as_deref().is_some_and(|mobile| {
                identity.mobile.as_deref() != Some(mobile)
                    && index.someone_else_has(mobile, identity)
            }),
            ConflictKind::NameChanged => self.bound && disagrees(evidence, EvidenceKind::Name),
            ConflictKind::AgentExpired => {
                agent && identity.valid_until.is_some_and(|last| last < today)
            }
            ConflictKind::AgentNotYetValid => {
                agent && identity.valid_from.is_some_and(|first| first > today)
            }
            ConflictKind::LegalPersonDeregistered => {
                account.is_active()
                    && identity.kind == AccountKind::Legal
                    && matches!(identity.status.as_deref(), Some("2" | "3"))
            }
            ConflictKind::LevelTooLow => account
                .required_level
                .zip(identity.level)
                .is_some_and(|(required, level)| level < required),
            ConflictKind::PortalAccountClosed => self.bound && !account.is_active(),
            ConflictKind::WrongCertificateType => has_wrong_certificate_type(account),
            ConflictKind::PhoneOnlyBinding => {
                account.bound_by == Some(BoundBy::Phone)
                    && self.bound
                    && !agrees(evidence, EvidenceKind::CertKey)
                    && !agrees(evidence, EvidenceKind::IdNumber)
                    && !(identity.kind == AccountKind::Legal
                        && agrees(evidence, EvidenceKind::CreditCode))
            }
            ConflictKind::OrphanedBinding => false,
        }
    }
}

/// Whether the certificate type belongs to the other kind of person.
pub(crate) fn has_wrong_certificate_type(account: &PortalAccount) -> bool {
    match (account.kind, account.id_type.as_deref()) {
        (AccountKind::Legal, Some(id_type)) => matches!(id_type, "111" | "112"),
        (AccountKind::Natural, Some(id_type)) => matches!(id_type, "001" | "01"),
        _ => false,
    }
}

/// The comparisons of an account with an identity, strongest first.
pub(crate) fn compare(account: &PortalAccount, identity: &Identity) -> Vec<Evidence> {
    fn compared<T: PartialEq>(
        kind: EvidenceKind,
        account: Option<&T>,
        identity: Option<&T>,
    ) -> Option<Evidence> {
        let (one, other) = account.zip(identity)?;
        Some(Evidence {
            kind,
            agrees: one == other,
        })
    }
    // A legal person has no number of its own; its record's is the representative's.
    let number = identity
        .id_number_hash
        .as_ref()
        .filter(|_| identity.kind != AccountKind::Legal);
    [
        compared(
            EvidenceKind::CertKey,
            account.cert_key.as_ref(),
            identity.cert_key.as_ref(),
        ),
        compared(
            EvidenceKind::IdNumber,
            account.id_number_hash.as_ref(),
            number,
        ),
        compared(
            EvidenceKind::CreditCode,
            account.credit_code.as_ref(),
            identity.credit_code.as_ref(),
        ),
        compared(
            EvidenceKind::Phone,
            account.mobile.as_ref(),
            identity.mobile.as_ref(),
        ),
        compared(
            EvidenceKind::Name,
            account.title.as_ref(),
            identity.title.as_ref(),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn agrees(evidence: &[Evidence], kind: EvidenceKind) -> bool {
    evidence.iter().any(|one| one.kind == kind && one.agrees)
}

fn disagrees(evidence: &[Evidence], kind: EvidenceKind) -> bool {
    evidence.iter().any(|one| one.kind == kind && !one.agrees)
}
