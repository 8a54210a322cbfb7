//! Computing: everything, or the neighbourhoods of what changed.

use std::collections::HashSet;

use super::judge::Place;
use super::{NOBODY, Outcome, Population, Settled};
use crate::binding::Binding;
use crate::kind::AccountKind;

/// Fewer accounts than so many are not worth a second thread.
const WORTH_A_THREAD: usize = 20_000;

impl Population {
    /// Computes what is open: everything the first time, then only what a change can have touched.
    /// Says what was looked at again; after the first time that is everything, and nothing is named.
    pub fn settle(&mut self) -> Settled {
        if self.is_settled {
            self.settle_touched()
        } else {
            self.settle_all();
            self.is_settled = true;
            Settled::default()
        }
    }

    fn settle_all(&mut self) {
        self.fill_columns();
        let mut outcomes = std::mem::take(&mut self.outcomes);
        in_parts(&mut outcomes, |at, outcome| {
            outcome.place = self.place(&self.accounts[at as usize]);
            None::<()>
        });
        self.held.fill(0);
        self.active.fill(0);
        for (outcome, account) in outcomes.iter().zip(&self.accounts) {
            let person = outcome.place.person;
            if person != NOBODY && account.kind.is_some() {
                self.held[person as usize] += 1;
                self.active[person as usize] += u32::from(account.is_active());
            }
        }
        let fitting = in_parts(&mut outcomes, |at, outcome| {
            let account = &self.accounts[at as usize];
            let (found, fitting) = self.judge(account, outcome.place);
            *outcome = found;
            (!fitting.is_empty() && account.kind.is_some()).then(|| fitting.into_boxed_slice())
        });
        self.outcomes = outcomes;
        self.fitting = fitting.into_iter().collect();
        let mut wanted: Vec<u32> = self.fitting.values().flatten().copied().collect();
        wanted.sort_unstable();
        wanted.dedup();
        self.wanted.clear();
        for at in wanted {
            self.want(at);
        }
    }

    /// Both sides' columns, one after another on each of two threads.
    fn fill_columns(&mut self) {
        let (people, accounts) = (&self.people, &self.accounts);
        let (by, from) = (&mut self.by, &mut self.from);
        let few = people.len().max(accounts.len()) < WORTH_A_THREAD;
        let mut of_people = || by.all().into_iter().for_each(|one| one.fill(people));
        let mut of_accounts = || from.all().into_iter().for_each(|one| one.fill(accounts));
        if few {
            of_people();
            of_accounts();
        } else {
            std::thread::scope(|scope| {
                scope.spawn(of_accounts);
                of_people();
            });
        }
    }

    fn settle_touched(&mut self) -> Settled {
        let mut people = std::mem::take(&mut self.touched_people);
        let mut accounts = std::mem::take(&mut self.touched_accounts);
        let mut moved: HashSet<u32> = HashSet::new();
        for at in &accounts {
            let account = self.accounts[*at as usize];
            let before = self.outcomes[*at as usize].place.person;
            let place = self.place(&account);
            self.let_go(*at);
            self.take_up(*at, place);
            moved.extend(
                [before, place.person]
                    .into_iter()
                    .filter(|at| *at != NOBODY),
            );
        }
        people.extend(std::mem::take(&mut self.touched_people));
        // Whether an account is its identity's only one may have changed for its neighbours.
        moved.extend(people.iter());
        for person in &moved {
            let row = &self.people[*person as usize];
            let pointing = self.from.pointing(&self.accounts, row);
            accounts
                .extend(pointing.filter(|at| self.outcomes[*at as usize].place.person == *person));
        }
        people.extend(&moved);
        for at in &accounts {
            people.extend(self.fitting.remove(at).iter().flatten());
            let account = self.accounts[*at as usize];
            let (outcome, fitting) = self.judge(&account, self.outcomes[*at as usize].place);
            self.outcomes[*at as usize] = outcome;
            if !fitting.is_empty() {
                people.extend(&fitting);
                self.fitting.insert(*at, fitting.into_boxed_slice());
            }
        }
        for at in &people {
            self.want(*at);
        }
        let mut settled = std::mem::take(&mut self.gone);
        let accounts = accounts.iter().map(|at| &self.accounts[*at as usize]);
        let there = accounts.filter(|one| one.kind.is_some());
        settled.accounts.extend(there.map(|one| one.handle));
        let people = people.iter().map(|at| &self.people[*at as usize]);
        let there = people.filter(|one| one.kind.is_some());
        settled.people.extend(there.map(|one| one.handle));
        for handles in [&mut settled.accounts, &mut settled.people] {
            handles.sort_unstable();
            handles.dedup();
        }
        settled
    }

    /// The account is no longer counted with its identity.
    pub(super) fn let_go(&mut self, at: u32) {
        let outcome = &mut self.outcomes[at as usize];
        let person = outcome.place.person;
        let was_active = outcome.was_active;
        *outcome = Outcome::NOTHING;
        if person != NOBODY {
            self.held[person as usize] -= 1;
            self.active[person as usize] -= u32::from(was_active);
            self.touched_people.insert(person);
        }
    }

    fn take_up(&mut self, at: u32, place: Place) {
        let active = self.accounts[at as usize].is_active();
        self.outcomes[at as usize] = Outcome {
            place,
            was_active: active,
            ..Outcome::NOTHING
        };
        if place.person != NOBODY {
            self.held[place.person as usize] += 1;
            self.active[place.person as usize] += u32::from(active);
        }
    }

    /// Computes which accounts would fit an identity that has none.
    fn want(&mut self, person: u32) {
        let row = &self.people[person as usize];
        if row.kind.is_none() || self.held[person as usize] > 0 {
            self.wanted.remove(&person);
            return;
        }
        let fits = |at: &u32| {
            self.fitting
                .get(at)
                .is_some_and(|list| list.contains(&person))
        };
        let mut list: Vec<u32> = self
            .from
            .pointing(&self.accounts, row)
            .chain(self.from.calling(&self.accounts, row.mobile))
            .filter(fits)
            .collect();
        list.sort_unstable_by_key(|at| self.accounts[*at as usize].handle);
        list.dedup();
        list.truncate(Binding::MOST_CANDIDATES);
        if list.is_empty() {
            self.wanted.remove(&person);
        } else {
            self.wanted.insert(person, list.into_boxed_slice());
        }
    }

    /// Marks everything that an identity, as it stands, has to do with.
    pub(super) fn touch_around_person(&mut self, at: u32) {
        if !self.is_settled {
            return;
        }
        self.touched_people.insert(at);
        let person = self.people[at as usize];
        let pointing = self.from.pointing(&self.accounts, &person);
        self.touched_accounts.extend(pointing);
        let calling = self.from.calling(&self.accounts, person.mobile);
        self.touched_accounts.extend(calling);
        if person.kind == Some(AccountKind::Agent) {
            // Whether the person acts for several is judged on all of its identities.
            let same: Vec<u32> = self.view().same_agents(&person).collect();
            for other in same {
                let row = self.people[other as usize];
                let pointing = self.from.pointing(&self.accounts, &row);
                self.touched_accounts.extend(pointing);
            }
        }
    }
}

/// Work on every account's outcome, on as many threads as there are processors; what it gives, with
/// the account's place.
fn in_parts<T: Send>(
    outcomes: &mut [Outcome],
    work: impl Fn(u32, &mut Outcome) -> Option<T> + Sync,
) -> Vec<(u32, T)> {
    let count = outcomes.len();
    let threads = std::thread::available_parallelism()
        .map_or(1, std::num::NonZero::get)
        .clamp(1, count / WORTH_A_THREAD + 1);
    let one_part = |first: u32, part: &mut [Outcome]| {
        (first..)
            .zip(part)
            .filter_map(|(at, outcome)| Some((at, work(at, outcome)?)))
            .collect::<Vec<_>>()
    };
    if threads == 1 {
        return one_part(0, outcomes);
    }
    let size = count.div_ceil(threads);
    let mut done = Vec::new();
    std::thread::scope(|scope| {
        let one_part = &one_part;
        let parts: Vec<_> = (0u32..)
            .step_by(size)
            .zip(outcomes.chunks_mut(size))
            .map(|(first, part)| scope.spawn(move || one_part(first, part)))
            .collect();
        for part in parts {
            match part.join() {
                Ok(part) => done.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    done
}
