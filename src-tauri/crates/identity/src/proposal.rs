//! What is proposed about a conflict, and what it would do: data, so that both hosts can say it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::account::{AccountState, BoundBy};
use crate::binding::{Binding, BindingState, ConflictKind, EvidenceKind};
use crate::words::words;

words! {
    /// What a person decides about an account.
    pub enum DecisionAct {
        /// 绑定: it belongs to this identity.
        Link = "link",
        /// 解除绑定.
        Unlink = "unlink",
        /// 合并: it is given up for another account of the same identity.
        Merge = "merge",
        /// 不处理: it stays as it is, and nothing is proposed or done to it in bulk.
        DoNotTouch = "do_not_touch",
        /// 以后再议: it is asked again from a day on.
        Later = "later",
    }
}

words! {
    /// What an act, or leaving it, does to an account's binding.
    pub enum BindingEffect {
        /// Binds it, which was not bound.
        Binds = "binds",
        /// Takes it from one identity and binds it to another.
        Rebinds = "rebinds",
        /// Confirms the binding that it has.
        Confirms = "confirms",
        /// Removes the binding.
        Unbinds = "unbinds",
        /// Removes the binding and closes the account for the one that remains.
        Merges = "merges",
        /// It remains; the identity's other accounts are merged into it.
        Remains = "remains",
        /// Changes nothing and asks no more.
        Shields = "shields",
        /// Changes nothing and asks again.
        Postpones = "postpones",
        /// The binding stays; what is wrong is to be put right where the data comes from.
        Corrects = "corrects",
    }
}

/// What an act would do to one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Consequence {
    /// What happens.
    pub effect: BindingEffect,
    /// To which account.
    pub account_id: String,
    /// The identity that loses it.
    pub from: Option<String>,
    /// The identity that gets or keeps it; for a merge the account that remains.
    pub to: Option<String>,
    /// For a postponement the day, `YYYY-MM-DD`.
    pub until: Option<String>,
}

/// What is proposed about one conflict, or about an account without a binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The conflict; none where there is only no binding.
    pub conflict: Option<ConflictKind>,
    /// The act; none where nothing is to be decided about the binding.
    pub act: Option<DecisionAct>,
    /// For a link the identity.
    pub identity_key: Option<String>,
    /// For a merge the account that remains.
    pub remaining_account_id: Option<String>,
    /// For "later" the day, `YYYY-MM-DD`.
    pub until: Option<String>,
    /// What it does.
    pub consequence: Consequence,
}

/// Another account of the same identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sibling {
    /// Its identifier.
    pub account_id: String,
    /// Whether it can be used.
    pub state: AccountState,
    /// What it was bound by, where it is bound.
    pub bound_by: Option<BoundBy>,
}

/// Days after which what cannot be decided at once is asked again.
const ASK_AGAIN_DAYS: u64 = 30;

/// What is proposed about a binding: one proposal for each conflict, or one for an account that
/// belongs to nobody. Nothing is proposed where nothing is wrong, nor for what is not to be touched.
///
/// `siblings` are all accounts of the identity, this one too; `valid_from` is the first day of an
/// agent's authorisation.
pub fn propose(
    binding: &Binding,
    siblings: &[Sibling],
    valid_from: Option<NaiveDate>,
    today: NaiveDate,
) -> Vec<Proposal> {
    let Some(account_id) = binding.account_id.as_deref() else {
        return Vec::new();
    };
    let case = Case {
        account_id,
        binding,
        siblings,
        valid_from,
        today,
    };
    match binding.state {
        BindingState::DoNotTouch | BindingState::Linked => Vec::new(),
        BindingState::Unmatched if binding.conflicts.is_empty() => {
            case.of_unmatched().into_iter().collect()
        }
        BindingState::Ambiguous if binding.conflicts.is_empty() => {
            vec![case.corrects(None)]
        }
        _ => binding
            .conflicts
            .iter()
            .map(|kind| case.of_conflict(*kind))
            .collect(),
    }
}

/// What an act does to an account that belongs, or is bound, to `bound_to`.
pub fn consequence(
    act: DecisionAct,
    account_id: &str,
    bound_to: Option<&str>,
    to: Option<&str>,
    until: Option<&str>,
) -> Consequence {
    let text = |text: Option<&str>| text.map(str::to_owned);
    let (effect, from, to) = match act {
        DecisionAct::Link if bound_to.is_some() && bound_to == to => {
            (BindingEffect::Confirms, None, to)
        }
        DecisionAct::Link if bound_to.is_some() => (BindingEffect::Rebinds, bound_to, to),
        DecisionAct::Link => (BindingEffect::Binds, None, to),
        DecisionAct::Unlink => (BindingEffect::Unbinds, bound_to, None),
        DecisionAct::Merge => (BindingEffect::Merges, bound_to, to),
        DecisionAct::DoNotTouch => (BindingEffect::Shields, None, bound_to),
        DecisionAct::Later => (BindingEffect::Postpones, None, bound_to),
    };
    Consequence {
        effect,
        account_id: account_id.to_owned(),
        from: text(from),
        to: text(to),
        until: text(until),
    }
}

struct Case<'a> {
    account_id: &'a str,
    binding: &'a Binding,
    siblings: &'a [Sibling],
    valid_from: Option<NaiveDate>,
    today: NaiveDate,
}

impl Case<'_> {
    fn of_conflict(&self, kind: ConflictKind) -> Proposal {
        match kind {
            ConflictKind::DuplicatePortalAccounts => self.merge(kind),
            // Two people may use it, or a number was handed on: each signs on anew.
            ConflictKind::SharedPortalAccount
            | ConflictKind::PhoneOnlyBinding
            | ConflictKind::AgentExpired
            | ConflictKind::LegalPersonDeregistered
            | ConflictKind::LegalPersonMerged
            | ConflictKind::PortalAccountDeleted => self.act(kind, DecisionAct::Unlink),
            // The document changed, the person did not.
            ConflictKind::IdNumberUpgraded
            | ConflictKind::ForeignCardReplaced
            | ConflictKind::ResidencePermit
            | ConflictKind::OrganisationCodeReplaced => self.act(kind, DecisionAct::Link),
            ConflictKind::NameChanged if self.is_proven() => self.act(kind, DecisionAct::Link),
            ConflictKind::NameChanged | ConflictKind::IdNumberChanged => self.later(kind, None),
            ConflictKind::AgentNotYetValid => self.later(kind, self.valid_from),
            ConflictKind::LegalRepresentativeChanged
            | ConflictKind::LevelTooLow
            | ConflictKind::PortalAccountDisabled
            | ConflictKind::AdministratorRoleGained => self.later(kind, None),
            ConflictKind::PhoneTakenOver
            | ConflictKind::PhoneShared
            | ConflictKind::AgentOfSeveral
            | ConflictKind::WrongCertificateType => self.corrects(Some(kind)),
            ConflictKind::OrphanedBinding => match self.binding.candidates.as_slice() {
                [one] => self.link(Some(kind), one),
                _ => self.act(kind, DecisionAct::Unlink),
            },
        }
    }

    /// An account without a binding: the only candidate, if more than telephone and name speak for
    /// it.
    fn of_unmatched(&self) -> Option<Proposal> {
        match self.binding.candidates.as_slice() {
            [] => None,
            [one] if self.is_proven() => Some(self.link(None, one)),
            _ => Some(self.corrects(None)),
        }
    }

    fn is_proven(&self) -> bool {
        self.binding
            .evidence
            .iter()
            .any(|one| one.agrees && !matches!(one.kind, EvidenceKind::Phone | EvidenceKind::Name))
    }

    fn act(&self, kind: ConflictKind, act: DecisionAct) -> Proposal {
        let own = self.binding.identity_key.as_deref();
        self.proposal(
            Some(kind),
            act,
            own.filter(|_| act == DecisionAct::Link),
            None,
        )
    }

    fn link(&self, kind: Option<ConflictKind>, key: &str) -> Proposal {
        self.proposal(kind, DecisionAct::Link, Some(key), None)
    }

    fn later(&self, kind: ConflictKind, until: Option<NaiveDate>) -> Proposal {
        let until = until
            .or_else(|| {
                self.today
                    .checked_add_days(chrono::Days::new(ASK_AGAIN_DAYS))
            })
            .map(|day| day.to_string());
        self.proposal(Some(kind), DecisionAct::Later, None, until)
    }

    /// Into the account that was bound best, and of those the one with the first identifier.
    fn merge(&self, kind: ConflictKind) -> Proposal {
        let rank = |one: &Sibling| match one.bound_by {
            None => 2,
            Some(BoundBy::Phone) => 1,
            Some(_) => 0,
        };
        let remaining = self
            .siblings
            .iter()
            .filter(|one| one.state == AccountState::Active)
            .min_by_key(|one| (rank(one), &one.account_id))
            .map_or(self.account_id, |one| &one.account_id);
        if remaining == self.account_id {
            let mut proposal = self.corrects(Some(kind));
            proposal.consequence.effect = BindingEffect::Remains;
            return proposal;
        }
        Proposal {
            conflict: Some(kind),
            act: Some(DecisionAct::Merge),
            identity_key: None,
            remaining_account_id: Some(remaining.to_owned()),
            until: None,
            consequence: self.consequence(DecisionAct::Merge, Some(remaining), None),
        }
    }

    fn corrects(&self, kind: Option<ConflictKind>) -> Proposal {
        Proposal {
            conflict: kind,
            act: None,
            identity_key: None,
            remaining_account_id: None,
            until: None,
            consequence: Consequence {
                effect: BindingEffect::Corrects,
                account_id: self.account_id.to_owned(),
                from: None,
                to: self.binding.identity_key.clone(),
                until: None,
            },
        }
    }

    fn proposal(
        &self,
        conflict: Option<ConflictKind>,
        act: DecisionAct,
        identity: Option<&str>,
        until: Option<String>,
    ) -> Proposal {
        Proposal {
            conflict,
            act: Some(act),
            identity_key: identity.map(str::to_owned),
            remaining_account_id: None,
            consequence: self.consequence(act, identity, until.as_deref()),
            until,
        }
    }

    fn consequence(&self, act: DecisionAct, to: Option<&str>, until: Option<&str>) -> Consequence {
        let own = self.binding.identity_key.as_deref();
        consequence(act, self.account_id, own, to, until)
    }
}
