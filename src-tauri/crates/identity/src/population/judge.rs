//! Where one account belongs, and what speaks against it.

use super::index::{View, merged};
use super::rows::{Account, Person, Ruling};
use super::{NOBODY, Outcome, Population};
use crate::binding::{BindingState, ConflictKind};
use crate::conflicts::{self, Around, Pair};
use crate::kind::AccountKind;

/// Where an account belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The identity, or [`NOBODY`].
    pub(super) person: u32,
    pub(super) standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Bound by the portal or by a decision.
    Bound,
    /// The only one that its keys point to.
    Found,
    /// It is bound to nobody that exists.
    Gone,
    /// Several identities would fit.
    Several,
    /// To none.
    None,
}

impl Population {
    pub(super) fn view(&self) -> View<'_> {
        View {
            people: &self.people,
            index: &self.by,
            evidence: &self.policy.evidence,
        }
    }

    fn is_refused(account: &Account, person: &Person) -> bool {
        account.refused != 0
            && (account.refused == person.key
                || account.refused == person.other_key
                || account.refused == person.org)
    }

    /// Places an account, whatever the others do.
    pub(super) fn place(&self, account: &Account) -> Place {
        let nowhere = |standing| Place {
            person: NOBODY,
            standing,
        };
        if account.ruling == Ruling::Merge {
            return nowhere(Standing::None);
        }
        if account.bound != 0 && account.ruling != Ruling::Unlink {
            return match self.view().bound(account) {
                Some(person) => Place {
                    person,
                    standing: Standing::Bound,
                },
                None => nowhere(Standing::Gone),
            };
        }
        // Nobody is bound anew to an account that cannot be used.
        if !account.is_active() {
            return nowhere(Standing::None);
        }
        let pointed = self.view().pointed_to(account, None);
        let refused = |at: u32| Self::is_refused(account, &self.people[at as usize]);
        match merged(&pointed, refused).as_slice() {
            [] => nowhere(Standing::None),
            [person] => Place {
                person: *person,
                standing: Standing::Found,
            },
            _ => nowhere(Standing::Several),
        }
    }

    /// Judges a placed account: its outcome, and the identities that would fit besides.
    pub(super) fn judge(&self, account: &Account, place: Place) -> (Outcome, Vec<u32>) {
        let own = (place.person != NOBODY).then_some(place.person);
        let lists = self.view().pointed_to(account, own);
        let Some(at) = own else {
            return self.alone(account, place, merged(&lists, |_| false));
        };
        let person = &self.people[at as usize];
        let bound = place.standing == Standing::Bound;
        let evidence = conflicts::compare(account, person);
        let pair = Pair {
            account,
            person,
            bound,
            points_elsewhere: lists.iter().any(|list| !list.has_own),
            active_accounts: self.active[at as usize],
            today: self.today,
            around: self,
        };
        let found = pair.conflicts(evidence);
        let outcome = Outcome {
            conflicts: found,
            compared: evidence,
            state: shielded(
                account,
                if found == 0 {
                    BindingState::Linked
                } else {
                    BindingState::Conflicting
                },
            ),
            was_active: account.is_active(),
            place,
        };
        (outcome, merged(&lists, |other| other == at))
    }

    fn alone(&self, account: &Account, place: Place, pointed: Vec<u32>) -> (Outcome, Vec<u32>) {
        let (state, mut found) = match place.standing {
            Standing::Gone => (BindingState::Orphaned, ConflictKind::OrphanedBinding.bit()),
            Standing::Several => (BindingState::Ambiguous, 0),
            _ => (BindingState::Unmatched, 0),
        };
        if place.standing != Standing::Gone && conflicts::has_wrong_certificate_type(account) {
            found = ConflictKind::WrongCertificateType.bit();
        }
        let fitting = if account.ruling == Ruling::Merge {
            Vec::new()
        } else if pointed.is_empty() {
            // What its telephone and name together point to.
            self.view().supported(account)
        } else {
            pointed
        };
        let outcome = Outcome {
            conflicts: found,
            // With one candidate the comparison is what the administrator decides by.
            compared: match fitting.as_slice() {
                [one] => conflicts::compare(account, &self.people[*one as usize]),
                _ => conflicts::Compared::default(),
            },
            state: shielded(account, state),
            was_active: account.is_active(),
            place,
        };
        (outcome, fitting)
    }
}

fn shielded(account: &Account, state: BindingState) -> BindingState {
    if account.ruling == Ruling::DoNotTouch {
        BindingState::DoNotTouch
    } else {
        state
    }
}

impl Around for Population {
    fn someone_else_has(&self, mobile: u64, own: &Person) -> bool {
        self.by
            .mobiles
            .find(&self.people, mobile)
            .any(|at| !self.people[at as usize].is_same(own))
    }

    fn another_natural_has(&self, mobile: u64, own: &Person) -> bool {
        self.by.mobiles.find(&self.people, mobile).any(|at| {
            let other = &self.people[at as usize];
            other.kind == Some(AccountKind::Natural) && !other.is_same(own)
        })
    }

    fn acts_for_several(&self, agent: &Person) -> bool {
        self.view().same_agents(agent).any(|at| {
            let other = &self.people[at as usize];
            other.code != 0 && other.code != agent.code
        })
    }
}

impl<'a> View<'a> {
    /// The agents' identities behind which the same person is.
    pub(super) fn same_agents(self, agent: &Person) -> impl Iterator<Item = u32> + 'a {
        let by_key = self.index.cert_keys.find(self.people, agent.cert_key);
        by_key
            .chain(self.index.numbers.find(self.people, agent.number))
            .filter(move |at| self.people[*at as usize].kind == Some(AccountKind::Agent))
    }
}
