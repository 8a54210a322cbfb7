//! Totals that are kept while rows change, so that what is asked under no filter is not counted at all.

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
    /// By rules and fields.
    pub(super) patterns: Vec<u32>,
    /// By cause; `None` where it has no rejection.
    pub(super) causes: Vec<Option<Arc<Spread>>>,
}

/// Totals of one cause.
#[derive(Debug, Clone, Default)]
pub(super) struct Spread {
    pub(super) rows: u32,
    /// The newest of them; of a cause whose newest went away, only known again after a look at the rows.
    pub(super) newest: i64,
    pub(super) departments: Few,
    pub(super) days: Few,
}

/// Counts by number, in the order of the numbers; most causes are of few departments.
#[derive(Debug, Clone, Default)]
pub(super) struct Few(pub(super) Vec<(u32, u32)>);

impl Few {
    fn add(&mut self, number: u32) {
        match self.0.binary_search_by_key(&number, |(one, _)| *one) {
            Ok(at) => self.0[at].1 += 1,
            Err(at) => self.0.insert(at, (number, 1)),
        }
    }

    fn take_off(&mut self, number: u32) {
        if let Ok(at) = self.0.binary_search_by_key(&number, |(one, _)| *one) {
            self.0[at].1 -= 1;
            if self.0[at].1 == 0 {
                self.0.remove(at);
            }
        }
    }
}

/// A rejection as the totals see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted<'a> {
    pub(super) id: i64,
    pub(super) place: u32,
    pub(super) pattern: u32,
    pub(super) department: u32,
    pub(super) day: u32,
    pub(super) causes: &'a [u32],
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
    /// The totals of a cause that has a rejection.
    pub(super) fn cause(&self, cause: u32) -> Option<&Spread> {
        self.causes.get(cause as usize)?.as_deref()
    }

    pub(super) fn add(&mut self, one: &Counted<'_>) {
        *at(&mut self.places, one.place) += 1;
        *at(&mut self.patterns, one.pattern) += 1;
        for cause in one.causes {
            let cause = *cause as usize;
            if self.causes.len() <= cause {
                self.causes.resize(cause + 1, None);
            }
            let spread = Arc::make_mut(self.causes[cause].get_or_insert_default());
            spread.rows += 1;
            spread.newest = spread.newest.max(one.id);
            spread.departments.add(one.department);
            spread.days.add(one.day);
        }
    }

    /// Takes a rejection off; shows the causes whose newest it was.
    pub(super) fn take_off(&mut self, one: &Counted<'_>, mut was_newest: impl FnMut(u32)) {
        *at(&mut self.places, one.place) -= 1;
        *at(&mut self.patterns, one.pattern) -= 1;
        for cause in one.causes {
            let Some(place) = self.causes.get_mut(*cause as usize) else {
                continue;
            };
            let Some(spread) = place else { continue };
            if spread.rows == 1 {
                *place = None;
                continue;
            }
            let spread = Arc::make_mut(spread);
            spread.rows -= 1;
            spread.departments.take_off(one.department);
            spread.days.take_off(one.day);
            if spread.newest == one.id {
                was_newest(*cause);
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let spreads: usize = self
            .causes
            .iter()
            .flatten()
            .map(|spread| {
                let pairs = spread.departments.0.capacity() + spread.days.0.capacity();
                2 * size_of::<usize>() + size_of::<Spread>() + pairs * size_of::<(u32, u32)>()
            })
            .sum();
        (self.places.capacity() + self.patterns.capacity()) * size_of::<u32>()
            + self.causes.capacity() * size_of::<usize>()
            + spreads
    }
}
