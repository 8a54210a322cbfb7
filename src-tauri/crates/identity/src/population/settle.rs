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
        let places = self.in_parallel(|at| self.place(&self.accounts[at]));
        self.held.fill(0);
        self.active.fill(0);
        for (at, place) in places.iter().enumerate() {
            if place.person != NOBODY && self.accounts[at].kind.is_some() {
                self.held[place.person as usize] += 1;
                self.active[place.person as usize] += u32::from(self.accounts[at].is_active());
            }
        }
        let judged = self.in_parallel(|at| {
            let (outcome, fitting) = self.judge(&self.accounts[at], places[at]);
            (outcome, fitting.into_boxed_slice())
        });
        drop(places);
        self.fitting.clear();
        for ((outcome, fitting), at) in judged.into_iter().zip(0u32..) {
            self.outcomes[at as usize] = outcome;
            if !fitting.is_empty() && self.accounts[at as usize].kind.is_some() {
                self.fitting.insert(at, fitting);
            }
        }
        self.wanted.clear();
        let wanted: HashSet<u32> = self.fitting.values().flatten().copied().collect();
        for at in wanted {
            self.want(at);
        }
    }

    /// Work on every account, on as many threads as there are processors.
    fn in_parallel<T: Send>(&self, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
        let count = self.accounts.len();
        let threads = std::thread::available_parallelism()
            .map_or(1, std::num::NonZero::get)
            .clamp(1, count / WORTH_A_THREAD + 1);
        if threads == 1 {
            return (0..count).map(work).collect();
        }
        let part = count.div_ceil(threads);
        let mut done = Vec::with_capacity(count);
        std::thread::scope(|scope| {
            let work = &work;
            let parts: Vec<_> = (0..threads)
                .map(|turn| {
                    let range = (turn * part).min(count)..((turn + 1) * part).min(count);
                    scope.spawn(move || range.map(work).collect::<Vec<T>>())
                })
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
        settled
            .accounts
            .extend(accounts.iter().map(|at| self.account_handles[*at as usize]));
        settled.people.extend(
            people
                .iter()
                .filter(|at| self.people[**at as usize].kind.is_some())
                .map(|at| self.person_handles[*at as usize]),
        );
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
            person: place.person,
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
        list.sort_unstable_by_key(|at| self.account_handles[*at as usize]);
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
