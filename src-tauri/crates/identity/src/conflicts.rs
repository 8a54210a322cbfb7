//! The conditions of the conflicts, one place for each.

use crate::account::AccountState;
use crate::binding::{ConflictKind, EvidenceKind};
use crate::kind::AccountKind;
use crate::number::NumberForm;
use crate::population::{Account, Certificate, NO_RANK, Person, Ruling, Standing};

/// What a pair's conflicts depend on besides itself.
pub(crate) trait Around {
    /// Whether another person than `own` has this telephone number.
    fn someone_else_has(&self, mobile: u64, own: &Person) -> bool;
    /// Whether another natural person than `own` has this telephone number.
    fn another_natural_has(&self, mobile: u64, own: &Person) -> bool;
    /// Whether the person behind an agent acts for another legal person too.
    fn acts_for_several(&self, agent: &Person) -> bool;
}

/// An account and the identity that it belongs to.
pub(crate) struct Pair<'a, A> {
    pub(crate) account: &'a Account,
    pub(crate) person: &'a Person,
    /// Bound by the portal or by a decision, not only found by its keys.
    pub(crate) bound: bool,
    /// A kind of evidence of the account's own points only to others.
    pub(crate) points_elsewhere: bool,
    /// Active accounts that belong to the identity.
    pub(crate) active_accounts: u32,
    /// Today, in days.
    pub(crate) today: i32,
    pub(crate) around: &'a A,
}

/// What was compared, and what agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Compared {
    pub(crate) compared: u8,
    pub(crate) agreed: u8,
}

impl Compared {
    const fn agrees(self, kind: EvidenceKind) -> bool {
        self.agreed & kind.bit() != 0
    }

    const fn disagrees(self, kind: EvidenceKind) -> bool {
        self.compared & !self.agreed & kind.bit() != 0
    }

    const fn has(self, kind: EvidenceKind) -> bool {
        self.compared & kind.bit() != 0
    }
}

impl<A: Around> Pair<'_, A> {
    /// Every conflict, as a set.
    pub(crate) fn conflicts(&self, evidence: Compared) -> u32 {
        ConflictKind::ALL
            .iter()
            .copied()
            .filter(|kind| self.has(*kind, evidence))
            .map(ConflictKind::bit)
            .sum()
    }

    fn has(&self, kind: ConflictKind, evidence: Compared) -> bool {
        let (account, person) = (self.account, self.person);
        let is = |kind| person.kind == Some(kind);
        match kind {
            ConflictKind::DuplicatePortalAccounts => {
                account.is_active() && self.active_accounts > 1
            }
            ConflictKind::SharedPortalAccount => self.bound && self.points_elsewhere,
            ConflictKind::PhoneTakenOver => {
                account.mobile != 0
                    && account.mobile != person.mobile
                    && self.around.someone_else_has(account.mobile, person)
            }
            ConflictKind::PhoneShared => {
                is(AccountKind::Natural)
                    && account.mobile != 0
                    && account.mobile == person.mobile
                    && self.around.another_natural_has(account.mobile, person)
            }
            ConflictKind::NameChanged => self.bound && evidence.disagrees(EvidenceKind::Name),
            ConflictKind::IdNumberChanged => self.has_another_number(evidence),
            ConflictKind::IdNumberUpgraded => {
                evidence.agrees(EvidenceKind::IdNumber)
                    && account.form == Some(NumberForm::Resident15)
                    && person.form == Some(NumberForm::Resident18)
            }
            ConflictKind::ForeignCardReplaced => {
                self.bound && self.forms(NumberForm::is_card_replaced)
            }
            ConflictKind::ResidencePermit => self.bound && self.forms(NumberForm::is_permit_pair),
            ConflictKind::AgentExpired => is(AccountKind::Agent) && person.until < self.today,
            ConflictKind::AgentNotYetValid => is(AccountKind::Agent) && person.from > self.today,
            ConflictKind::AgentOfSeveral => {
                is(AccountKind::Agent) && self.around.acts_for_several(person)
            }
            ConflictKind::LegalPersonDeregistered => self.is_gone(Standing::Deregistered),
            ConflictKind::LegalPersonMerged => self.is_gone(Standing::Merged),
            ConflictKind::OrganisationCodeReplaced => {
                !is(AccountKind::Natural)
                    && person.org != 0
                    && (account.org == person.org
                        || (account.bound_by_org && account.bound == person.org))
            }
            ConflictKind::LegalRepresentativeChanged => {
                self.bound
                    && is(AccountKind::Legal)
                    && account.representative != 0
                    && person.representative != 0
                    && account.representative != person.representative
            }
            ConflictKind::LevelTooLow => {
                account.required != NO_RANK
                    && person.level != NO_RANK
                    && person.level < account.required
            }
            ConflictKind::PortalAccountDisabled => {
                self.bound && account.state == AccountState::Disabled
            }
            ConflictKind::PortalAccountDeleted => {
                self.bound && account.state == AccountState::Deleted
            }
            ConflictKind::WrongCertificateType => has_wrong_certificate_type(account),
            ConflictKind::PhoneOnlyBinding => {
                account.by_phone
                    && self.bound
                    && account.ruling != Ruling::Link
                    && !evidence.agrees(EvidenceKind::CertKey)
                    && !evidence.agrees(EvidenceKind::IdNumber)
                    && !(is(AccountKind::Legal) && evidence.agrees(EvidenceKind::CreditCode))
            }
            ConflictKind::AdministratorRoleGained => {
                account.is_active()
                    && account.administrator_from != NO_RANK
                    && (account.administrator_from == 0
                        || (person.level != NO_RANK && person.level >= account.administrator_from))
            }
            ConflictKind::OrphanedBinding => false,
        }
    }

    /// The number itself differs, or, where it is not known, its hash under the same name: the hash
    /// covers both, so that under another name it tells nothing about the number.
    fn has_another_number(&self, evidence: Compared) -> bool {
        let differs = if evidence.has(EvidenceKind::IdNumber) {
            evidence.disagrees(EvidenceKind::IdNumber)
        } else {
            evidence.disagrees(EvidenceKind::CertKey) && !evidence.disagrees(EvidenceKind::Name)
        };
        differs
            && self.bound
            && self.person.kind != Some(AccountKind::Legal)
            && !self.points_elsewhere
            && !self.forms(NumberForm::is_card_replaced)
            && !self.forms(NumberForm::is_permit_pair)
    }

    fn forms(&self, test: fn(NumberForm, NumberForm) -> bool) -> bool {
        self.account
            .form
            .zip(self.person.form)
            .is_some_and(|(one, other)| test(one, other))
    }

    fn is_gone(&self, how: Standing) -> bool {
        self.account.is_active()
            && self.person.kind == Some(AccountKind::Legal)
            && self.person.standing == how
    }
}

/// Whether the certificate type belongs to the other kind of person.
pub(crate) fn has_wrong_certificate_type(account: &Account) -> bool {
    matches!(
        (account.kind, account.certificate),
        (Some(AccountKind::Legal), Certificate::Natural)
            | (Some(AccountKind::Natural), Certificate::Legal)
    )
}

/// The comparisons of an account with an identity.
pub(crate) fn compare(account: &Account, person: &Person) -> Compared {
    let mut result = Compared::default();
    let mut note = |kind: EvidenceKind, compared: bool, agrees: bool| {
        if compared {
            result.compared |= kind.bit();
            result.agreed |= u8::from(agrees) * kind.bit();
        }
    };
    let both = |one: u64, other: u64| one != 0 && other != 0;
    note(
        EvidenceKind::CertKey,
        both(account.cert_key, person.cert_key),
        account.cert_key == person.cert_key,
    );
    note(
        EvidenceKind::IdNumber,
        // A legal person has no number of its own; its record's is the representative's.
        person.kind != Some(AccountKind::Legal) && both(account.number, person.number),
        account.number == person.number,
    );
    note(
        EvidenceKind::CreditCode,
        both(account.code | account.org, person.code),
        account.has_code_of(person),
    );
    note(
        EvidenceKind::Phone,
        both(account.mobile, person.mobile),
        account.mobile == person.mobile,
    );
    note(
        EvidenceKind::Name,
        account.title != 0 && person.title != 0,
        account.title == person.title,
    );
    result
}
