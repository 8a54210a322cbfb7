//! One pass over the columns: for each rejection, which facets count it under a filter.
//!
//! A facet is counted under all filters but its own. So each filter gives every value a mask: all bits
//! where it passes, else only the bit of its own facet; the masks of all filters are joined with AND.
//! What is left of a row's mask is the facets that count it, and [`ALL`] when the whole filter has it.

use super::cause_filter::CauseFilter;
use super::columns::{Column, Columns};
use super::numbers::Numbers;
use crate::rejection::RejectionFilter;

/// The row passes the whole filter.
pub(super) const ALL: u16 = 1 << 15;
const EVERY: u16 = u16::MAX;
/// Rows whose masks are made together, so that they stay in the processor's nearest cache.
const BLOCK: usize = 4096;
/// Fewer rows are counted before another thread has begun.
const WORTH_THREADS: usize = 100_000;
const MOST_THREADS: usize = 8;
/// Rows whose masks are looked at together.
const GROUP: usize = 16;

/// What is counted by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facet {
    /// By source.
    Source,
    /// By state.
    State,
    /// By outcome.
    Outcome,
    /// By run.
    Run,
    /// By department.
    Department,
    /// By region.
    Region,
    /// By day.
    Day,
    /// By rule.
    Rule,
    /// By field.
    Field,
    /// By cause.
    Cause,
}

impl Facet {
    const COUNT: usize = 10;

    pub(super) const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// The mask of each value of one column.
struct Masks {
    column: Column,
    by_value: Vec<u16>,
    /// First and last passing value, where all between pass and all others have one mask.
    span: Option<(u32, u32, u16)>,
}

impl Masks {
    fn new(column: Column, by_value: Vec<u16>) -> Option<Self> {
        let first = by_value.iter().position(|mask| *mask == EVERY);
        let last = by_value.iter().rposition(|mask| *mask == EVERY);
        if first == Some(0) && by_value.iter().all(|mask| *mask == EVERY) {
            return None;
        }
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let span = match (first, last) {
            (Some(first), Some(last)) => {
                let other = by_value
                    .iter()
                    .find(|mask| **mask != EVERY)
                    .copied()
                    .unwrap_or(0);
                by_value
                    .iter()
                    .enumerate()
                    .all(|(at, mask)| {
                        *mask
                            == if (first..=last).contains(&at) {
                                EVERY
                            } else {
                                other
                            }
                    })
                    .then_some((number(first), number(last), other))
            }
            _ => None,
        };
        Some(Self {
            column,
            by_value,
            span,
        })
    }

    /// Joins the masks of the rows from a place on with those of this filter.
    fn apply(&self, values: &Numbers, from: usize, masks: &mut [u16]) {
        let to = from + masks.len();
        match (values, self.span) {
            (Numbers::Narrow(values), Some((first, last, other))) => {
                let (first, width) = (short(first), short(last - first));
                for (mask, value) in masks.iter_mut().zip(&values[from..to]) {
                    let inside = u16::from(value.wrapping_sub(first) <= width);
                    *mask &= inside.wrapping_neg() | other;
                }
            }
            (Numbers::Narrow(values), None) => {
                for (mask, value) in masks.iter_mut().zip(&values[from..to]) {
                    *mask &= self.by_value[usize::from(*value)];
                }
            }
            (Numbers::Wide(values), _) => {
                for (mask, value) in masks.iter_mut().zip(&values[from..to]) {
                    *mask &= self.by_value[*value as usize];
                }
            }
        }
    }
}

/// A number of a narrow column.
fn short(number: u32) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// Rows that are shown together.
#[derive(Default)]
pub(super) struct Rows {
    /// Places of those that the whole filter has.
    pub(super) whole: Vec<u32>,
    /// Places of the others that a facet counts, by facet.
    pub(super) partly: [Vec<u32>; Facet::COUNT],
}

impl Rows {
    fn add(&mut self, at: usize, mask: u16) {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        if mask & ALL != 0 {
            self.whole.push(at);
            return;
        }
        let mut rest = mask;
        while rest != 0 {
            if let Some(places) = self.partly.get_mut(rest.trailing_zeros() as usize) {
                places.push(at);
            }
            rest &= rest - 1;
        }
    }

    fn clear(&mut self) {
        self.whole.clear();
        self.partly.iter_mut().for_each(Vec::clear);
    }
}

/// A filter, made ready for the columns as they are.
pub(super) struct Pass<'c> {
    columns: &'c Columns,
    masks: Vec<Masks>,
    /// Places of the rows that a search has, ascending; `None` without one.
    hits: Option<Vec<usize>>,
}

impl<'c> Pass<'c> {
    pub(super) fn new(
        columns: &'c Columns,
        filter: &RejectionFilter,
        hits: Option<&[i64]>,
    ) -> Self {
        let mut masks = Vec::new();
        let mut numbers = |column: Column, facet: Facet, passes: &dyn Fn(i64) -> bool| {
            let by_value = columns
                .number_values(column)
                .iter()
                .map(|value| if passes(*value) { EVERY } else { facet.bit() })
                .collect();
            masks.extend(Masks::new(column, by_value));
        };
        if let Some(ids) = &filter.source_ids {
            numbers(Column::Source, Facet::Source, &|id| ids.contains(&id));
        }
        if !filter.states.is_empty() {
            numbers(Column::State, Facet::State, &|state| {
                filter.states.contains(&state)
            });
        }
        if let Some(outcome) = filter.outcome {
            numbers(Column::Outcome, Facet::Outcome, &|value| value == outcome);
        }
        if let Some(run_id) = filter.run_id {
            numbers(Column::Run, Facet::Run, &|value| value == run_id);
        }
        let mut texts = |column: Column, facet: Facet, passes: &dyn Fn(&str) -> bool| {
            let by_value = columns
                .text_values(column)
                .iter()
                .map(|value| if passes(value) { EVERY } else { facet.bit() })
                .collect();
            masks.extend(Masks::new(column, by_value));
        };
        if let Some(department) = &filter.department {
            texts(Column::Department, Facet::Department, &|value| {
                value == department
            });
        }
        if let Some(region) = &filter.region {
            texts(Column::Region, Facet::Region, &|value| value == region);
        }
        if let Some((from, to)) = &filter.days {
            texts(Column::Day, Facet::Day, &|day| {
                from.as_str() <= day && day <= to.as_str()
            });
        }
        let causes = CauseFilter::of(filter);
        if !causes.is_open() {
            let by_value = columns
                .sets
                .values
                .iter()
                .map(|set| {
                    if causes.has_set(columns, set) {
                        return EVERY;
                    }
                    [Facet::Rule, Facet::Field, Facet::Cause]
                        .into_iter()
                        .filter(|facet| causes.without(*facet).has_set(columns, set))
                        .fold(0, |mask, facet| mask | facet.bit())
                })
                .collect();
            masks.extend(Masks::new(Column::Causes, by_value));
        }
        let hits = hits.map(|hits| {
            let mut places: Vec<usize> = hits
                .iter()
                .filter_map(|id| columns.ids.binary_search(id).ok())
                .collect();
            places.sort_unstable();
            places
        });
        Self {
            columns,
            masks,
            hits,
        }
    }

    /// Shows the rows that a facet counts, oldest first, some thousands at a time.
    pub(super) fn each(&self, show: impl FnMut(&Rows)) {
        self.part(0, self.columns.len(), show);
    }

    /// The same for the rows between two places.
    fn part(&self, begin: usize, end: usize, mut show: impl FnMut(&Rows)) {
        let mut rows = Rows::default();
        if let Some(hits) = &self.hits {
            for at in hits.iter().filter(|at| (begin..end).contains(*at)) {
                rows.add(*at, self.mask(*at));
            }
            return show(&rows);
        }
        let mut from = begin;
        while from < end {
            let to = (from + BLOCK).min(end);
            rows.clear();
            self.block(from, to, &mut |at, mask| rows.add(at, mask));
            show(&rows);
            from = to;
        }
    }

    /// Shows them to several sums at once, each with a part of the rows; gives the sums.
    pub(super) fn shared<S: Send>(
        &self,
        new: impl Fn() -> S + Sync,
        show: impl Fn(&mut S, &Rows) + Sync,
    ) -> Vec<S> {
        let rows = self.columns.len();
        let threads = if rows < WORTH_THREADS || self.hits.is_some() {
            1
        } else {
            std::thread::available_parallelism().map_or(1, |all| all.get().min(MOST_THREADS))
        };
        let size = rows.div_ceil(threads).max(1);
        let one = |number: usize| {
            let mut sum = new();
            let begin = (number * size).min(rows);
            self.part(begin, (begin + size).min(rows), |rows| show(&mut sum, rows));
            sum
        };
        let one = &one;
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads)
                .map(|number| scope.spawn(move || one(number)))
                .collect();
            let mut sums = vec![one(0)];
            for other in others {
                match other.join() {
                    Ok(sum) => sums.push(sum),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            sums
        })
    }

    /// The places of the rows that the whole filter has, newest first, before a place, at most so many.
    pub(super) fn newest(&self, before: usize, limit: usize) -> Vec<usize> {
        let mut found = Vec::with_capacity(limit.min(256));
        if let Some(hits) = &self.hits {
            let rows = hits.iter().rev().filter(|at| **at < before);
            found.extend(
                rows.copied()
                    .filter(|at| self.mask(*at) & ALL != 0)
                    .take(limit),
            );
            return found;
        }
        let mut to = before.min(self.columns.len());
        while to > 0 && found.len() < limit {
            let from = to.saturating_sub(BLOCK);
            let mut block = Vec::new();
            self.block(from, to, &mut |at, mask| {
                if mask & ALL != 0 {
                    block.push(at);
                }
            });
            found.extend(block.into_iter().rev().take(limit - found.len()));
            to = from;
        }
        found
    }

    fn block(&self, from: usize, to: usize, show: &mut impl FnMut(usize, u16)) {
        let mut masks = [EVERY; BLOCK];
        let masks = &mut masks[..to - from];
        for each in &self.masks {
            each.apply(self.columns.column(each.column), from, masks);
        }
        if self.columns.gone_rows > 0 {
            for (mask, gone) in masks.iter_mut().zip(&self.columns.gone[from..to]) {
                *mask &= u16::from(*gone).wrapping_sub(1);
            }
        }
        for (group, masks) in masks.chunks(GROUP).enumerate() {
            // Nearly everywhere nothing is left.
            if masks.iter().fold(0, |any, mask| any | mask) == 0 {
                continue;
            }
            for (at, mask) in masks.iter().enumerate() {
                if *mask != 0 {
                    show(from + group * GROUP + at, *mask);
                }
            }
        }
    }

    fn mask(&self, at: usize) -> u16 {
        if self.columns.gone[at] {
            return 0;
        }
        self.masks.iter().fold(EVERY, |mask, each| {
            mask & each.by_value[self.columns.column(each.column).get(at) as usize]
        })
    }
}
