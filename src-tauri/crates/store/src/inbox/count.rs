//! Counts by value for every facet, each under all filters but its own.

use std::collections::BTreeMap;

use super::columns::{Column, Columns};
use super::pass::{ALL, CauseFilter, Facet, Pass};
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

const SINGLE: [(Column, Facet); 7] = [
    (Column::Source, Facet::Source),
    (Column::State, Facet::State),
    (Column::Outcome, Facet::Outcome),
    (Column::Run, Facet::Run),
    (Column::Department, Facet::Department),
    (Column::Region, Facet::Region),
    (Column::Day, Facet::Day),
];

/// Counts a filter's rejections by every facet.
pub(super) fn counts(columns: &Columns, filter: &RejectionFilter, hits: Option<&[i64]>) -> Counts {
    let pass = Pass::new(columns, filter, hits);
    let mut single: [Vec<u32>; 7] = SINGLE.map(|(column, _)| vec![0; columns.width(column)]);
    let sets = columns.width(Column::Causes);
    let (mut by_rule, mut by_field) = (vec![0_u32; sets], vec![0_u32; sets]);
    let values = SINGLE.map(|(column, _)| columns.column(column));
    let set_of = columns.column(Column::Causes);
    let mut total = 0;
    pass.each(|at, mask| {
        let set = set_of[at] as usize;
        if mask & ALL != 0 {
            total += 1;
            for (counts, values) in single.iter_mut().zip(values) {
                counts[values[at] as usize] += 1;
            }
            by_rule[set] += 1;
            by_field[set] += 1;
            return;
        }
        for ((counts, values), (_, facet)) in single.iter_mut().zip(values).zip(SINGLE) {
            if mask & facet.bit() != 0 {
                counts[values[at] as usize] += 1;
            }
        }
        if mask & Facet::Rule.bit() != 0 {
            by_rule[set] += 1;
        }
        if mask & Facet::Field.bit() != 0 {
            by_field[set] += 1;
        }
    });
    let [source, state, outcome, run, department, region, day] = single;
    let causes = CauseFilter::of(filter);
    Counts {
        total,
        source: most(columns.number_values(Column::Source), &source),
        state: most(columns.number_values(Column::State), &state),
        outcome: most(columns.number_values(Column::Outcome), &outcome),
        run: most(columns.number_values(Column::Run), &run),
        department: most(columns.text_values(Column::Department), &department),
        region: most(columns.text_values(Column::Region), &region),
        day: most(columns.text_values(Column::Day), &day),
        rule: by_part(columns, &by_rule, causes.without(Facet::Rule), |cause| {
            &cause.rule
        }),
        field: by_part(columns, &by_field, causes.without(Facet::Field), |cause| {
            &cause.field
        }),
    }
}

/// How many rejections a filter has.
pub(super) fn total(columns: &Columns, filter: &RejectionFilter, hits: Option<&[i64]>) -> i64 {
    let mut total = 0;
    Pass::new(columns, filter, hits).each(|_, mask| total += i64::from(mask >> 15));
    total
}

fn most<K: Clone + Ord>(values: &[K], counts: &[u32]) -> Counted<K> {
    let mut list: Counted<K> = values
        .iter()
        .zip(counts)
        .filter(|(_, count)| **count > 0)
        .map(|(value, count)| (value.clone(), i64::from(*count)))
        .collect();
    list.sort_unstable_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    list
}

/// Counts by a part of the causes that pass; a set counts once for each value.
fn by_part(
    columns: &Columns,
    by_set: &[u32],
    passes: CauseFilter<'_>,
    part: impl Fn(&super::columns::CauseOf) -> &String,
) -> Counted<String> {
    let mut totals: BTreeMap<&str, i64> = BTreeMap::new();
    let mut seen: Vec<&str> = Vec::new();
    for (set, count) in columns.sets.values.iter().zip(by_set) {
        if *count == 0 {
            continue;
        }
        seen.clear();
        for id in set {
            if let Some(cause) = columns.causes.get(id)
                && passes.has(columns, *id)
                && !seen.contains(&part(cause).as_str())
            {
                seen.push(part(cause));
                *totals.entry(part(cause)).or_default() += i64::from(*count);
            }
        }
    }
    let mut list: Counted<String> = totals
        .into_iter()
        .map(|(value, count)| (value.to_owned(), count))
        .collect();
    list.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    list
}
