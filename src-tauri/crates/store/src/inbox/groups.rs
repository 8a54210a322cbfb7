//! A filter's rejections by cause: how many, of which departments, on which days, and one of them.

use std::collections::HashMap;

use super::cause_filter::CauseFilter;
use super::columns::{Column, Columns};
use super::pass::Pass;
use crate::rejection::{HELD, RejectionFilter};

/// The rejections of one cause under a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The cause.
    pub cause_id: i64,
    /// Rejections.
    pub rows: i64,
    /// Of these, held.
    pub held: i64,
    /// Of each department, most first; empty for none.
    pub departments: Vec<(String, i64)>,
    /// First seen on each day, in the order of days.
    pub days: Vec<(String, i64)>,
    /// The newest of them.
    pub newest_id: i64,
}

/// Pairs of a set of causes and a value that are counted in a plain table at most.
const DENSE: usize = 4_000_000;

/// Counts by two numbers: a set of causes or a cause, and a value of another column.
enum Pairs {
    Dense { width: usize, counts: Vec<u32> },
    Sparse(HashMap<(u32, u32), u32>),
}

impl Pairs {
    fn new(height: usize, width: usize) -> Self {
        if height.saturating_mul(width) <= DENSE {
            Pairs::Dense {
                width,
                counts: vec![0; height * width],
            }
        } else {
            Pairs::Sparse(HashMap::new())
        }
    }

    fn add(&mut self, first: u32, second: u32, rows: u32) {
        match self {
            Pairs::Dense { width, counts } => {
                counts[first as usize * *width + second as usize] += rows;
            }
            Pairs::Sparse(counts) => *counts.entry((first, second)).or_default() += rows,
        }
    }

    fn each(&self, mut show: impl FnMut(u32, u32, u32)) {
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        match self {
            Pairs::Dense { width, counts } => {
                for (at, count) in counts.iter().enumerate() {
                    if *count > 0 {
                        show(number(at / width), number(at % width), *count);
                    }
                }
            }
            Pairs::Sparse(counts) => {
                for ((set, value), count) in counts {
                    show(*set, *value, *count);
                }
            }
        }
    }
}

/// The groups of a filter, greatest first, at most so many.
pub(super) fn groups(
    columns: &Columns,
    filter: &RejectionFilter,
    hits: Option<&[i64]>,
    limit: usize,
) -> Vec<Group> {
    let sets = columns.width(Column::Causes);
    let mut rows = vec![0_i64; sets];
    let mut held = vec![0_i64; sets];
    let mut newest = vec![0_usize; sets];
    let mut departments = Pairs::new(sets, columns.width(Column::Department));
    let mut days = Pairs::new(sets, columns.width(Column::Day));
    let held_value = columns
        .number_values(Column::Outcome)
        .iter()
        .position(|value| *value == HELD);
    let (set_of, outcome_of) = (
        columns.column(Column::Causes),
        columns.column(Column::Outcome),
    );
    let (department_of, day_of) = (
        columns.column(Column::Department),
        columns.column(Column::Day),
    );
    Pass::new(columns, filter, hits).each(|seen| {
        for at in &seen.whole {
            let at = *at as usize;
            let set = set_of.get(at);
            rows[set as usize] += 1;
            held[set as usize] += i64::from(Some(outcome_of.get(at) as usize) == held_value);
            newest[set as usize] = at;
            departments.add(set, department_of.get(at), 1);
            days.add(set, day_of.get(at), 1);
        }
    });
    let passes = CauseFilter::of(filter);
    let mut found: HashMap<i64, Group> = HashMap::new();
    let mut members: Vec<Vec<i64>> = Vec::with_capacity(sets);
    for (at, set) in columns.sets.values.iter().enumerate() {
        let mut own = Vec::new();
        if rows[at] > 0 {
            for id in set.iter().filter(|id| passes.has(columns, **id)) {
                let group = found.entry(*id).or_insert_with(|| Group {
                    cause_id: *id,
                    rows: 0,
                    held: 0,
                    departments: Vec::new(),
                    days: Vec::new(),
                    newest_id: 0,
                });
                group.rows += rows[at];
                group.held += held[at];
                group.newest_id = group.newest_id.max(columns.ids[newest[at]]);
                own.push(*id);
            }
        }
        members.push(own);
    }
    let mut list: Vec<Group> = found.into_values().collect();
    list.sort_unstable_by(|one, other| {
        other
            .rows
            .cmp(&one.rows)
            .then(other.cause_id.cmp(&one.cause_id))
    });
    list.truncate(limit);
    let places: HashMap<i64, usize> = list
        .iter()
        .enumerate()
        .map(|(at, group)| (group.cause_id, at))
        .collect();
    let by_department = spread(
        &departments,
        &members,
        &places,
        columns.text_values(Column::Department),
    );
    let by_day = spread(&days, &members, &places, columns.text_values(Column::Day));
    for ((group, mut departments), mut days) in list.iter_mut().zip(by_department).zip(by_day) {
        departments.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        days.sort();
        group.departments = departments;
        group.days = days;
    }
    list
}

/// Counts of pairs, added to each listed cause of their set, with the names of their values.
fn spread(
    pairs: &Pairs,
    members: &[Vec<i64>],
    places: &HashMap<i64, usize>,
    names: &[String],
) -> Vec<Vec<(String, i64)>> {
    let mut by_cause = Pairs::new(places.len(), names.len());
    let listed: Vec<Vec<u32>> = members
        .iter()
        .map(|ids| {
            ids.iter()
                .filter_map(|id| u32::try_from(*places.get(id)?).ok())
                .collect()
        })
        .collect();
    pairs.each(|set, value, rows| {
        for at in &listed[set as usize] {
            by_cause.add(*at, value, rows);
        }
    });
    let mut named = vec![Vec::new(); places.len()];
    by_cause.each(|at, value, rows| {
        if let Some(name) = names.get(value as usize) {
            named[at as usize].push((name.clone(), i64::from(rows)));
        }
    });
    named
}
