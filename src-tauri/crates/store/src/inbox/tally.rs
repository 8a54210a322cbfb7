//! Totals that are kept while rows change, so that what is asked under no filter is not counted at all.

use std::collections::HashMap;
use std::sync::Arc;

/// What all rejections of a class have in common: what a person nearly always narrows by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Class {
    pub(super) source_id: i64,
    pub(super) state: i64,
    pub(super) outcome: i64,
}

/// Totals of one class.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub(super) places: Vec<u32>,
    pub(super) sets: Vec<u32>,
    pub(super) causes: HashMap<i64, Arc<Spread>>,
}

/// Totals of one cause.
#[derive(Debug, Clone, Default)]
pub(super) struct Spread {
    pub(super) rows: u32,
    /// The newest of them; of a cause whose newest went away, only known again after a look at the rows.
    pub(super) newest: i64,
    pub(super) departments: Vec<u32>,
    pub(super) days: Vec<u32>,
}

/// A rejection as the totals see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted<'a> {
    pub(super) id: i64,
    pub(super) place: u32,
    pub(super) set: u32,
    pub(super) department: u32,
    pub(super) day: u32,
    pub(super) causes: &'a [i64],
}

/// The count of a number, in a list that grows.
fn at(list: &mut Vec<u32>, number: u32) -> &mut u32 {
    let number = number as usize;
    if list.len() <= number {
        list.resize(number + 1, 0);
    }
    &mut list[number]
}

impl Tally {
    pub(super) fn add(&mut self, one: &Counted<'_>) {
        *at(&mut self.places, one.place) += 1;
        *at(&mut self.sets, one.set) += 1;
        for cause in one.causes {
            let spread = Arc::make_mut(self.causes.entry(*cause).or_default());
            spread.rows += 1;
            spread.newest = spread.newest.max(one.id);
            *at(&mut spread.departments, one.department) += 1;
            *at(&mut spread.days, one.day) += 1;
        }
    }

    /// Takes a rejection off; shows the causes whose newest it was.
    pub(super) fn take_off(&mut self, one: &Counted<'_>, mut was_newest: impl FnMut(i64)) {
        *at(&mut self.places, one.place) -= 1;
        *at(&mut self.sets, one.set) -= 1;
        for cause in one.causes {
            let Some(spread) = self.causes.get_mut(cause) else {
                continue;
            };
            let spread = Arc::make_mut(spread);
            spread.rows -= 1;
            *at(&mut spread.departments, one.department) -= 1;
            *at(&mut spread.days, one.day) -= 1;
            if spread.rows == 0 {
                self.causes.remove(cause);
            } else if spread.newest == one.id {
                was_newest(*cause);
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let spreads: usize = self
            .causes
            .values()
            .map(|spread| {
                size_of::<(i64, Arc<Spread>, Spread)>()
                    + (spread.departments.capacity() + spread.days.capacity()) * size_of::<u32>()
            })
            .sum();
        (self.places.capacity() + self.sets.capacity()) * size_of::<u32>() + spreads
    }
}
