//! Which values of each column a filter has, and which of the others a facet counts.
//!
//! A facet is counted under all filters but its own. So each value has a mask: all bits where all filters
//! of its column have it, else the bit of the only facet whose filter refuses it, if it is only one.

use super::cause_filter::CauseFilter;
use super::columns::Columns;
use super::tally::Class;
use crate::rejection::RejectionFilter;

/// What is counted by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Facet {
    Source,
    State,
    Outcome,
    Run,
    Day,
    Department,
    Region,
    Rule,
    Field,
    Cause,
}

impl Facet {
    pub(super) const fn bit(self) -> u16 {
        1 << self as u16
    }
}

const EVERY: u16 = u16::MAX;
/// Values that a narrow column can have.
pub(super) const NARROW: usize = 1 << 16;
/// Which column refuses a row.
pub(super) const KIND: u8 = 1;
pub(super) const PLACE: u8 = 2;
pub(super) const SET: u8 = 4;

/// A column as a filter sees it.
#[derive(Debug)]
pub(super) struct Sieve {
    masks: Vec<u16>,
    /// By value, the column's bit where the filter refuses it; as long as a narrow column has values at least.
    pub(super) refused: Vec<u8>,
    pub(super) bit: u8,
    /// First and last of the values, where the filter has all between and no other.
    pub(super) span: Option<(u32, u32)>,
}

impl Sieve {
    /// `None` where the filter has every value.
    fn new(masks: Vec<u16>, bit: u8) -> Option<Self> {
        let has = |mask: &u16| *mask == EVERY;
        if masks.iter().all(has) {
            return None;
        }
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let span = match (masks.iter().position(has), masks.iter().rposition(has)) {
            (Some(first), Some(last)) => masks[first..=last]
                .iter()
                .all(has)
                .then(|| (number(first), number(last))),
            _ => None,
        };
        let mut refused = vec![0; masks.len().max(NARROW)];
        for (refused, mask) in refused.iter_mut().zip(&masks) {
            *refused = if has(mask) { 0 } else { bit };
        }
        Some(Self {
            masks,
            refused,
            bit,
            span,
        })
    }

    /// Whether the filter has a value.
    pub(super) fn has(&self, value: usize) -> bool {
        self.masks.get(value) == Some(&EVERY)
    }
}

/// Whether a facet counts the rows with a value that all other columns have.
pub(super) fn counts(sieve: Option<&Sieve>, value: usize, facet: Facet) -> bool {
    sieve.is_none_or(|sieve| sieve.masks.get(value).copied().unwrap_or(0) & facet.bit() != 0)
}

/// A filter as the columns see it.
#[derive(Debug)]
pub(super) struct Filtered {
    pub(super) kinds: Option<Sieve>,
    pub(super) places: Option<Sieve>,
    pub(super) sets: Option<Sieve>,
    /// The classes that the filter has, where it has all kinds of them; `None` where it has some
    /// kinds of a class and refuses others.
    pub(super) classes: Option<Vec<Class>>,
}

/// Lowers a mask where a filter refuses the value.
fn narrow(mask: &mut u16, facet: Facet, has: bool) {
    if !has {
        *mask &= facet.bit();
    }
}

impl Filtered {
    pub(super) fn new(columns: &Columns, filter: &RejectionFilter) -> Self {
        let kinds = kinds(columns, filter);
        Self {
            classes: classes(columns, kinds.as_ref()),
            kinds,
            places: places(columns, filter),
            sets: sets(columns, filter),
        }
    }
}

fn kinds(columns: &Columns, filter: &RejectionFilter) -> Option<Sieve> {
    let days: Vec<bool> = columns
        .days
        .values
        .iter()
        .map(|day| match &filter.days {
            Some((from, to)) => from <= day && day <= to,
            None => true,
        })
        .collect();
    let mask = |(number, kind): (usize, &super::columns::Kind)| {
        let mut mask = EVERY;
        if columns.kinds.rows.get(number).is_none_or(|rows| *rows == 0) {
            // No row has it.
            return mask;
        }
        let class = kind.class;
        let sources = filter.source_ids.as_ref();
        let has_source = sources.is_none_or(|ids| ids.contains(&class.source_id));
        let has_state = filter.states.is_empty() || filter.states.contains(&class.state);
        let has_outcome = filter.outcome.is_none_or(|only| only == class.outcome);
        let has_run = filter.run_id.is_none_or(|only| only == kind.run_id);
        narrow(&mut mask, Facet::Source, has_source);
        narrow(&mut mask, Facet::State, has_state);
        narrow(&mut mask, Facet::Outcome, has_outcome);
        narrow(&mut mask, Facet::Run, has_run);
        narrow(&mut mask, Facet::Day, days[kind.day as usize]);
        mask
    };
    Sieve::new(
        columns
            .kinds
            .of
            .values
            .iter()
            .enumerate()
            .map(mask)
            .collect(),
        KIND,
    )
}

fn classes(columns: &Columns, kinds: Option<&Sieve>) -> Option<Vec<Class>> {
    let Some(kinds) = kinds else {
        return Some(columns.tallies.keys().copied().collect());
    };
    let mut some: Vec<(Class, bool)> = Vec::new();
    for (number, kind) in columns.kinds.of.values.iter().enumerate() {
        if columns.kinds.rows.get(number).is_none_or(|rows| *rows == 0) {
            continue;
        }
        let has = kinds.has(number);
        match some.iter().find(|(class, _)| *class == kind.class) {
            Some((_, known)) if *known != has => return None,
            Some(_) => {}
            None => some.push((kind.class, has)),
        }
    }
    Some(
        some.into_iter()
            .filter(|(_, has)| *has)
            .map(|(class, _)| class)
            .collect(),
    )
}

fn places(columns: &Columns, filter: &RejectionFilter) -> Option<Sieve> {
    if filter.department.is_none() && filter.region.is_none() {
        return None;
    }
    let department = filter.department.as_deref();
    let region = filter.region.as_deref();
    // A value that no row has is none of the numbers.
    let department = department.map(|text| columns.departments.find(text));
    let region = region.map(|text| columns.regions.find(text));
    let masks = columns.places.values.iter().map(|place| {
        let mut mask = EVERY;
        let has_department = department.is_none_or(|only| only == Some(place.department));
        let has_region = region.is_none_or(|only| only == Some(place.region));
        narrow(&mut mask, Facet::Department, has_department);
        narrow(&mut mask, Facet::Region, has_region);
        mask
    });
    Sieve::new(masks.collect(), PLACE)
}

const OF_CAUSES: [Facet; 3] = [Facet::Rule, Facet::Field, Facet::Cause];

fn sets(columns: &Columns, filter: &RejectionFilter) -> Option<Sieve> {
    let asked = CauseFilter::of(filter);
    if asked.is_open() {
        return None;
    }
    let causes = &columns.causes;
    // A set that has no cause passes where nothing is asked for.
    let open = OF_CAUSES
        .into_iter()
        .filter(|facet| asked.without(*facet).is_open())
        .fold(0, |mask, facet| mask | facet.bit());
    let mask = |has_all: bool, has_without: [bool; 3]| {
        let bits = OF_CAUSES.into_iter().zip(has_without);
        let part = bits.filter(|(_, has)| *has);
        let part = part.fold(open, |mask, (facet, _)| mask | facet.bit());
        if has_all { EVERY } else { part }
    };
    // The mask of a set is that of all its causes together.
    let masks = if asked.is_of_one() {
        let all = asked.each(causes);
        let without = OF_CAUSES.map(|facet| asked.without(facet).each(causes));
        let of_cause = |cause: usize| mask(all[cause], [0, 1, 2].map(|at| without[at][cause]));
        let of_cause: Vec<u16> = (0..causes.len()).map(of_cause).collect();
        let sets = columns.sets.each();
        sets.map(|set| {
            set.iter()
                .fold(open, |mask, cause| mask | of_cause[*cause as usize])
        })
        .collect()
    } else {
        let all = asked.parts(causes);
        let without = OF_CAUSES.map(|facet| asked.without(facet).parts(causes));
        let of_part = |part| mask(all(part), [0, 1, 2].map(|at| without[at](part)));
        let patterns = columns.patterns.each();
        let of_pattern: Vec<u16> = patterns
            .map(|parts| parts.iter().fold(open, |mask, part| mask | of_part(*part)))
            .collect();
        let sets = columns.pattern_of.iter();
        sets.map(|pattern| of_pattern[*pattern as usize]).collect()
    };
    Sieve::new(masks, SET)
}
