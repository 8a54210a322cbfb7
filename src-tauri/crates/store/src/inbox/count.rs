//! Counts by value for every facet, each under all filters but its own.

use std::collections::HashMap;
use std::hash::Hash;

use super::cause_filter::CauseFilter;
use super::causes::Part;
use super::columns::Columns;
use super::filtered::{Facet, Filtered, KIND, PLACE, SET, counts as counted_by};
use super::numbers::Lanes;
use super::pass::{Pass, Seen};
use super::tally::{Class, Tally};
use crate::rejection::RejectionFilter;

/// Values with their counts, most first.
pub type Counted<K> = Vec<(K, i64)>;

/// What a filter has, by each facet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rejections that the whole filter has.
    pub total: i64,
    /// By source.
    pub source: Counted<i64>,
    /// By state.
    pub state: Counted<i64>,
    /// By outcome.
    pub outcome: Counted<i64>,
    /// By run that last brought them.
    pub run: Counted<i64>,
    /// By department; empty for none.
    pub department: Counted<String>,
    /// By region; empty for none.
    pub region: Counted<String>,
    /// By day of the first sight.
    pub day: Counted<String>,
    /// By rule: a rejection counts once for each rule that it fails.
    pub rule: Counted<String>,
    /// By field: a rejection counts once for each field that has a finding.
    pub field: Counted<String>,
}

/// Counts by the number of a column's value, over the rows that both other columns have.
struct Sums<'c> {
    kinds: Option<Lanes>,
    places: Option<Lanes>,
    /// By set, or by rules and fields where there is a map to these.
    sets: Option<Lanes>,
    pattern_of: Option<&'c [u32]>,
}

impl Sums<'_> {
    fn add(&mut self, seen: &Seen<'_, '_>) {
        let rows = |own: u8| {
            let others_have = move |mark: u8| u32::from(mark & !own == 0);
            let rows = seen.rows.iter();
            rows.map(move |(at, mark)| (usize::from(*at), others_have(*mark)))
        };
        if let Some(sums) = &mut self.kinds {
            seen.chunk.kinds.count(rows(KIND), sums);
        }
        if let Some(sums) = &mut self.places {
            seen.chunk.places.count(rows(PLACE), sums);
        }
        if let Some(sums) = &mut self.sets {
            match self.pattern_of {
                Some(map) => seen.chunk.sets.count_by(map, rows(SET), sums),
                None => seen.chunk.sets.count(rows(SET), sums),
            }
        }
    }
}

/// The sums of all threads, or what is known of them anyway.
fn joined<'s>(sums: &'s [Sums<'_>], of: impl Fn(&'s Sums<'_>) -> Option<&'s Lanes>) -> Vec<u32> {
    let mut each = sums.iter().filter_map(of);
    let mut all = each.next().cloned().unwrap_or_else(|| Lanes::new(0));
    for other in each {
        all.join(other);
    }
    all.sums()
}

/// Counts a filter's rejections by every facet.
pub(super) fn counts(columns: &Columns, filter: &RejectionFilter, hits: Option<&[i64]>) -> Counts {
    let pass = Pass::new(columns, filter, hits);
    let filtered = &pass.filtered;
    // Where a cause is asked for by its number, rules and fields do not suffice.
    let by_sets = CauseFilter::of(filter).is_of_one();
    let known_kinds = filtered.places.is_none() && filtered.sets.is_none() && !pass.has_hits();
    // What whole classes are narrowed to by place, rule and field is kept as totals.
    let classes = filtered.classes.as_ref();
    let known = classes.filter(|_| !by_sets && !pass.has_hits());
    let mut but_for = Vec::new();
    for (is_known, sieve, bit) in [
        (known_kinds, &filtered.kinds, KIND),
        (known.is_some(), &filtered.places, PLACE),
        (known.is_some(), &filtered.sets, SET),
    ] {
        if !is_known && sieve.is_some() {
            but_for.push(bit);
        }
    }
    let lanes = |is_known: bool, width: usize| (!is_known).then(|| Lanes::new(width));
    let width = if by_sets {
        columns.sets.len()
    } else {
        columns.patterns.len()
    };
    let new = || Sums {
        kinds: lanes(known_kinds, columns.kinds.of.values.len()),
        places: lanes(known.is_some(), columns.places.values.len()),
        sets: lanes(known.is_some(), width),
        pattern_of: (!by_sets).then_some(columns.pattern_of.as_slice()),
    };
    let sums = if known_kinds && known.is_some() {
        Vec::new()
    } else {
        pass.shared(&but_for, new, Sums::add)
    };
    let by_kind = if known_kinds {
        columns.kinds.rows.clone()
    } else {
        joined(&sums, |sums| sums.kinds.as_ref())
    };
    let (by_place, by_set) = match known {
        Some(classes) => of_totals(columns, filter, filtered, classes),
        None => (
            joined(&sums, |sums| sums.places.as_ref()),
            joined(&sums, |sums| sums.sets.as_ref()),
        ),
    };
    named(&pass, columns, filter, [&by_kind, &by_place, &by_set])
}

/// Counts by place, and by rules and fields, of whole classes, from the totals that are kept.
fn of_totals(
    columns: &Columns,
    filter: &RejectionFilter,
    filtered: &Filtered,
    classes: &[Class],
) -> (Vec<u32>, Vec<u32>) {
    let mut by_place = vec![0; columns.places.values.len()];
    let mut by_pattern = vec![0; columns.patterns.len()];
    let add = |sums: &mut [u32], some: &[u32]| {
        for (sum, one) in sums.iter_mut().zip(some) {
            *sum += one;
        }
    };
    let asked = CauseFilter::of(filter);
    let has = asked.parts(&columns.causes);
    let tallies = classes.iter();
    let tallies: Vec<&Tally> = tallies
        .filter_map(|class| Some(&**columns.tallies.get(class)?))
        .collect();
    for tally in tallies {
        let cells = || tally.cells.iter().enumerate();
        if asked.is_open() {
            add(&mut by_place, &tally.places);
        } else {
            let has_one = |pattern: usize| {
                columns
                    .patterns
                    .members(pattern)
                    .iter()
                    .any(|one| has(*one))
            };
            for (_, cell) in cells().filter(|(pattern, _)| has_one(*pattern)) {
                for (place, rows) in &cell.0 {
                    by_place[*place as usize] += rows;
                }
            }
        }
        match &filtered.places {
            None => add(&mut by_pattern, &tally.patterns),
            Some(sieve) => {
                for (pattern, cell) in cells() {
                    let those = cell
                        .0
                        .iter()
                        .filter(|(place, _)| sieve.has(*place as usize));
                    by_pattern[pattern] += those.map(|(_, rows)| rows).sum::<u32>();
                }
            }
        }
    }
    (by_place, by_pattern)
}

/// The facets, from the counts by the number of each column's value.
fn named(
    pass: &Pass<'_>,
    columns: &Columns,
    filter: &RejectionFilter,
    [by_kind, by_place, by_set]: [&[u32]; 3],
) -> Counts {
    let filtered = &pass.filtered;
    let kinds = filtered.kinds.as_ref();
    let places = filtered.places.as_ref();
    let sets = filtered.sets.as_ref();
    let of_kinds = |facet: Facet, value: fn(&super::columns::Kind) -> i64| {
        let all = columns.kinds.of.values.iter().zip(by_kind).enumerate();
        let counted = all.filter(|(number, _)| counted_by(kinds, *number, facet));
        most(counted.map(|(_, (kind, count))| (value(kind), *count)))
    };
    let of_places = |facet: Facet, value: fn(&super::columns::Place) -> u32| {
        let all = columns.places.values.iter().zip(by_place).enumerate();
        let counted = all.filter(|(number, _)| counted_by(places, *number, facet));
        most(counted.map(|(_, (place, count))| (value(place), *count)))
    };
    let causes = &columns.causes;
    let of_sets = |facet: Facet, part: fn(Part) -> u32, names: &[String]| {
        let passes = CauseFilter::of(filter).without(facet);
        let mut sums = vec![0; names.len()];
        if CauseFilter::of(filter).is_of_one() {
            let passes = passes.each(causes);
            let all = columns.sets.each().zip(by_set).enumerate();
            for (_, (set, count)) in all.filter(|(set, _)| counted_by(sets, *set, facet)) {
                let passing = set.iter().filter(|cause| passes[**cause as usize]);
                let parts = passing.map(|cause| part(causes.part(*cause)));
                add_once(&mut sums, parts, *count);
            }
        } else {
            // Whether one of its parts passes tells whether the facet counts it.
            let has = passes.parts(causes);
            for (parts, count) in columns.patterns.each().zip(by_set) {
                let passing = parts.iter().filter(|part| has(**part));
                add_once(&mut sums, passing.map(|one| part(*one)), *count);
            }
        }
        words((0_usize..).zip(sums).collect(), names)
    };
    let has_kind = |(number, _): &(usize, &u32)| kinds.is_none_or(|kinds| kinds.has(*number));
    let whole = by_kind.iter().enumerate().filter(has_kind);
    Counts {
        total: whole.map(|(_, count)| i64::from(*count)).sum(),
        source: of_kinds(Facet::Source, |kind| kind.class.source_id),
        state: of_kinds(Facet::State, |kind| kind.class.state),
        outcome: of_kinds(Facet::Outcome, |kind| kind.class.outcome),
        run: of_kinds(Facet::Run, |kind| kind.run_id),
        department: words(
            of_places(Facet::Department, |place| place.department),
            &columns.departments.values,
        ),
        region: words(
            of_places(Facet::Region, |place| place.region),
            &columns.regions.values,
        ),
        day: words(
            of_kinds(Facet::Day, |kind| i64::from(kind.day)),
            &columns.days.values,
        ),
        rule: of_sets(Facet::Rule, |part| part.rule, &causes.rules.values),
        field: of_sets(Facet::Field, |part| part.field, &causes.fields.values),
    }
}

/// How many rejections a filter has.
pub(super) fn total(columns: &Columns, filter: &RejectionFilter, hits: Option<&[i64]>) -> i64 {
    let pass = Pass::new(columns, filter, hits);
    let filtered = &pass.filtered;
    if filtered.places.is_none() && filtered.sets.is_none() && !pass.has_hits() {
        let kinds = filtered.kinds.as_ref();
        let rows = columns.kinds.rows.iter().enumerate();
        let whole = rows.filter(|(number, _)| kinds.is_none_or(|kinds| kinds.has(*number)));
        return whole.map(|(_, rows)| i64::from(*rows)).sum();
    }
    let sums = pass.shared(&[], || 0, |sum, seen| *sum += seen.rows.len() as i64);
    sums.into_iter().sum()
}

/// Adds up what has the same value, most first.
fn most<K: Copy + Ord + Hash>(counts: impl Iterator<Item = (K, u32)>) -> Counted<K> {
    let mut sums: HashMap<K, i64> = HashMap::new();
    for (value, count) in counts.filter(|(_, count)| *count > 0) {
        *sums.entry(value).or_default() += i64::from(count);
    }
    let mut list: Counted<K> = sums.into_iter().collect();
    sort(&mut list);
    list
}

fn sort<K: Ord>(list: &mut Counted<K>) {
    list.sort_unstable_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
}

/// Names what was counted by its number.
fn words<N: TryInto<usize>>(counts: Counted<N>, names: &[String]) -> Counted<String> {
    let named = counts.into_iter().filter_map(|(number, count)| {
        let name = names.get(number.try_into().ok()?)?;
        (count > 0).then(|| (name.clone(), count))
    });
    let mut list: Counted<String> = named.collect();
    sort(&mut list);
    list
}

/// Adds a count to the sum of each of some parts, once to each.
fn add_once(sums: &mut [i64], parts: impl Iterator<Item = u32>, count: u32) {
    if count == 0 {
        return;
    }
    let mut seen: Vec<u32> = Vec::new();
    for part in parts {
        if !seen.contains(&part)
            && let Some(sum) = sums.get_mut(part as usize)
        {
            seen.push(part);
            *sum += i64::from(count);
        }
    }
}
