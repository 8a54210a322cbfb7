//! Counts by value for every facet, each under all filters but its own.

use std::collections::BTreeMap;

use super::cause_filter::CauseFilter;
use super::columns::{Column, Columns};
use super::numbers::Lanes;
use super::pass::{Facet, Pass, Rows};
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

/// Counts of a part of the rows.
struct Sums {
    total: i64,
    single: [Lanes; 7],
    whole_sets: Lanes,
    by_rule: Lanes,
    by_field: Lanes,
}

impl Sums {
    fn new(columns: &Columns) -> Self {
        let sets = Lanes::new(columns.width(Column::Causes));
        Self {
            total: 0,
            single: SINGLE.map(|(column, _)| Lanes::new(columns.width(column))),
            whole_sets: sets.clone(),
            by_rule: sets.clone(),
            by_field: sets,
        }
    }

    fn add(&mut self, columns: &Columns, rows: &Rows) {
        self.total += rows.whole.len() as i64;
        for (counts, (column, facet)) in self.single.iter_mut().zip(SINGLE) {
            let values = columns.column(column);
            values.count(&rows.whole, counts);
            values.count(&rows.partly[facet as usize], counts);
        }
        let sets = columns.column(Column::Causes);
        sets.count(&rows.whole, &mut self.whole_sets);
        sets.count(&rows.partly[Facet::Rule as usize], &mut self.by_rule);
        sets.count(&rows.partly[Facet::Field as usize], &mut self.by_field);
    }

    fn join(&mut self, other: &Self) {
        self.total += other.total;
        for (one, other) in self.single.iter_mut().zip(&other.single) {
            one.join(other);
        }
        self.whole_sets.join(&other.whole_sets);
        self.by_rule.join(&other.by_rule);
        self.by_field.join(&other.by_field);
    }
}

/// Counts a filter's rejections by every facet.
pub(super) fn counts(columns: &Columns, filter: &RejectionFilter, hits: Option<&[i64]>) -> Counts {
    let pass = Pass::new(columns, filter, hits);
    let sums = pass.shared(|| Sums::new(columns), |sums, rows| sums.add(columns, rows));
    let mut sums = sums.into_iter();
    let mut all = sums.next().unwrap_or_else(|| Sums::new(columns));
    for other in sums {
        all.join(&other);
    }
    let [source, state, outcome, run, department, region, day] =
        all.single.map(|counts| counts.sums());
    let whole_sets = all.whole_sets.sums();
    let with_whole = |counts: &Lanes| -> Vec<u32> {
        let both = counts.sums().into_iter().zip(&whole_sets);
        both.map(|(partly, whole)| partly + whole).collect()
    };
    let (by_rule, by_field) = (with_whole(&all.by_rule), with_whole(&all.by_field));
    let total = all.total;
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
    Pass::new(columns, filter, hits).each(|rows| total += rows.whole.len() as i64);
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
