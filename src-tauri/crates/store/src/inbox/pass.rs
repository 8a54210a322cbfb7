//! One pass over the columns: for each rejection, which facets count it under a filter.
//!
//! A facet is counted under all filters but its own. So each filter gives every value a mask: all bits
//! where it passes, else only the bit of its own facet; the masks of all filters are joined with AND.
//! What is left of a row's mask is the facets that count it, and [`ALL`] when the whole filter has it.

use super::columns::{Column, Columns};
use crate::rejection::RejectionFilter;

/// The row passes the whole filter.
pub(super) const ALL: u16 = 1 << 15;
const EVERY: u16 = u16::MAX;
/// Rows whose masks are made together, so that they stay in the processor's nearest cache.
const BLOCK: usize = 4096;

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
    pub(super) const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// The part of a filter that looks at causes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CauseFilter<'a> {
    pub(super) rule: Option<&'a str>,
    pub(super) field: Option<&'a str>,
    pub(super) cause_id: Option<i64>,
}

impl<'a> CauseFilter<'a> {
    pub(super) fn of(filter: &'a RejectionFilter) -> Self {
        Self {
            rule: filter.rule.as_deref(),
            field: filter.field.as_deref(),
            cause_id: filter.cause_id,
        }
    }

    pub(super) fn without(mut self, facet: Facet) -> Self {
        match facet {
            Facet::Rule => self.rule = None,
            Facet::Field => self.field = None,
            Facet::Cause => self.cause_id = None,
            _ => {}
        }
        self
    }

    fn is_open(&self) -> bool {
        self.rule.is_none() && self.field.is_none() && self.cause_id.is_none()
    }

    /// Whether one cause passes.
    pub(super) fn has(&self, columns: &Columns, id: i64) -> bool {
        if self.cause_id.is_some_and(|wanted| wanted != id) {
            return false;
        }
        let Some(cause) = columns.causes.get(&id) else {
            return self.is_open();
        };
        self.rule.is_none_or(|rule| cause.rule == rule)
            && self.field.is_none_or(|field| cause.field == field)
    }

    /// Whether a set of causes passes: one cause has all that is asked for.
    fn has_set(&self, columns: &Columns, set: &[i64]) -> bool {
        self.is_open() || set.iter().any(|id| self.has(columns, *id))
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

    fn apply(&self, values: &[u32], masks: &mut [u16]) {
        if let Some((first, last, other)) = self.span {
            let width = last - first;
            for (mask, value) in masks.iter_mut().zip(values) {
                let inside = u16::from(value.wrapping_sub(first) <= width);
                *mask &= inside.wrapping_neg() | other;
            }
        } else {
            for (mask, value) in masks.iter_mut().zip(values) {
                *mask &= self.by_value[*value as usize];
            }
        }
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

    /// Shows each row that a facet counts, with its mask, oldest first.
    pub(super) fn each(&self, mut show: impl FnMut(usize, u16)) {
        if let Some(hits) = &self.hits {
            for at in hits {
                let mask = self.mask(*at);
                if mask != 0 {
                    show(*at, mask);
                }
            }
            return;
        }
        let mut from = 0;
        while from < self.columns.len() {
            let to = (from + BLOCK).min(self.columns.len());
            self.block(from, to, &mut show);
            from = to;
        }
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
            each.apply(&self.columns.column(each.column)[from..to], masks);
        }
        if self.columns.gone_rows > 0 {
            for (mask, gone) in masks.iter_mut().zip(&self.columns.gone[from..to]) {
                *mask &= u16::from(*gone).wrapping_sub(1);
            }
        }
        for (at, mask) in masks.iter().enumerate() {
            if *mask != 0 {
                show(from + at, *mask);
            }
        }
    }

    fn mask(&self, at: usize) -> u16 {
        if self.columns.gone[at] {
            return 0;
        }
        self.masks.iter().fold(EVERY, |mask, each| {
            mask & each.by_value[self.columns.column(each.column)[at] as usize]
        })
    }
}
