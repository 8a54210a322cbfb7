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
    /// By rules and fields, and of these by place.
    pub(super) cells: Vec<Arc<Few>>,
    /// By cause.
    pub(super) sizes: Vec<Size>,
    /// By cause; `None` where it has no rejection.
    spreads: Vec<Option<Arc<Spread>>>,
}

/// How much there is of a cause.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) rows: u32,
    pub(super) held: u32,
    /// The newest of them; of a cause whose newest went away, only known again after a look at the rows.
    pub(super) newest: i64,
}

/// How a cause is spread.
#[derive(Debug, Clone, Default)]
pub(super) struct Spread {
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
    pub(super) is_held: bool,
    pub(super) department: u32,
    pub(super) day: u32,
    pub(super) causes: &'a [u32],
}

/// What a list has for a number; the list grows.
fn slot<T: Clone + Default>(list: &mut Vec<T>, number: u32) -> &mut T {
    let number = number as usize;
    if list.len() <= number {
        list.resize(number + 1, T::default());
    }
    &mut list[number]
}

impl Tally {
    /// How a cause that has a rejection is spread.
    pub(super) fn spread(&self, cause: usize) -> Option<&Spread> {
        self.spreads.get(cause)?.as_deref()
    }

    /// Whether a cause has a rejection.
    pub(super) fn has(&self, cause: u32) -> bool {
        let size = self.sizes.get(cause as usize);
        size.is_some_and(|size| size.rows > 0)
    }

    pub(super) fn add(&mut self, one: &Counted<'_>) {
        *slot(&mut self.places, one.place) += 1;
        *slot(&mut self.patterns, one.pattern) += 1;
        Arc::make_mut(slot(&mut self.cells, one.pattern)).add(one.place);
        for cause in one.causes {
            let size = slot(&mut self.sizes, *cause);
            size.rows += 1;
            size.held += u32::from(one.is_held);
            size.newest = size.newest.max(one.id);
            let spread = slot(&mut self.spreads, *cause).get_or_insert_default();
            let spread = Arc::make_mut(spread);
            spread.departments.add(one.department);
            spread.days.add(one.day);
        }
    }

    /// Takes a rejection off; shows the causes whose newest it was.
    pub(super) fn take_off(&mut self, one: &Counted<'_>, mut was_newest: impl FnMut(u32)) {
        *slot(&mut self.places, one.place) -= 1;
        *slot(&mut self.patterns, one.pattern) -= 1;
        Arc::make_mut(slot(&mut self.cells, one.pattern)).take_off(one.place);
        for cause in one.causes {
            let size = slot(&mut self.sizes, *cause);
            size.rows -= 1;
            size.held -= u32::from(one.is_held);
            let place = slot(&mut self.spreads, *cause);
            if size.rows == 0 {
                *size = Size::default();
                *place = None;
                continue;
            }
            if size.newest == one.id {
                was_newest(*cause);
            }
            if let Some(spread) = place {
                let spread = Arc::make_mut(spread);
                spread.departments.take_off(one.department);
                spread.days.take_off(one.day);
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let few = |few: &Few| few.0.capacity() * size_of::<(u32, u32)>();
        let counts = 2 * size_of::<usize>();
        let cells: usize = self.cells.iter().map(|cell| counts + few(cell)).sum();
        let spreads = self.spreads.iter().flatten();
        let spreads: usize = spreads
            .map(|one| counts + size_of::<Spread>() + few(&one.departments) + few(&one.days))
            .sum();
        (self.places.capacity() + self.patterns.capacity()) * size_of::<u32>()
            + self.sizes.capacity() * size_of::<Size>()
            + (self.cells.capacity() + self.spreads.capacity()) * size_of::<usize>()
            + cells
            + spreads
    }
}
