//! A filter's rejections by cause: how many, of which departments, on which days, and one of them.

use std::cmp::Reverse;

use super::cause_filter::CauseFilter;
use super::columns::Columns;
use super::numbers::Lanes;
use super::pairs::Pairs;
use super::pass::{Pass, Seen};
use super::tally::{Class, Few, Tally};
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

/// How much of the groups is wanted at most.
#[derive(Debug, Clone, Copy)]
pub struct Most {
    /// Causes: the greatest.
    pub causes: usize,
    /// Departments of each: those with most.
    pub departments: usize,
    /// Days of each: the latest.
    pub days: usize,
}

/// What is counted of one cause.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    rows: u32,
    held: u32,
    newest_id: i64,
}

/// The groups of a filter, greatest first, at most so many.
pub(super) fn groups(
    columns: &Columns,
    filter: &RejectionFilter,
    hits: Option<&[i64]>,
    most: Most,
) -> Vec<Group> {
    let pass = Pass::new(columns, filter, hits);
    let passes = CauseFilter::of(filter).each(&columns.causes);
    let filtered = &pass.filtered;
    match &filtered.classes {
        // A rejection of a cause that passes passes itself, as far as causes are asked for.
        Some(classes) if filtered.places.is_none() && !pass.has_hits() => {
            of_totals(columns, classes, &passes, most)
        }
        _ => of_rows(columns, &pass, &passes, most),
    }
}

/// The greatest first, at most so many; causes without any are none.
fn order(columns: &Columns, sizes: &[Size], most: usize) -> Vec<usize> {
    let mut list: Vec<usize> = (0..sizes.len()).filter(|at| sizes[*at].rows > 0).collect();
    let key = |at: &usize| {
        (
            Reverse(sizes[*at].rows),
            Reverse(columns.causes.of.values[*at]),
        )
    };
    if most < list.len() {
        list.select_nth_unstable_by_key(most, key);
        list.truncate(most);
    }
    list.sort_unstable_by_key(key);
    list
}

/// The groups of whole classes, from the totals that are kept.
fn of_totals(columns: &Columns, classes: &[Class], passes: &[bool], most: Most) -> Vec<Group> {
    let found = classes.iter();
    let tallies: Vec<(&Class, &Tally)> = found
        .filter_map(|class| Some((class, &**columns.tallies.get(class)?)))
        .collect();
    let mut sizes = vec![Size::default(); columns.causes.len()];
    for (class, tally) in &tallies {
        for ((spread, passes), size) in tally.causes.iter().zip(passes).zip(&mut sizes) {
            if let Some(spread) = spread
                && *passes
            {
                size.rows += spread.rows;
                size.held += if class.outcome == HELD {
                    spread.rows
                } else {
                    0
                };
                size.newest_id = size.newest_id.max(spread.newest);
            }
        }
    }
    let mut naming = Naming::new(columns, most);
    let order = order(columns, &sizes, most.causes);
    let group = |cause: usize| {
        let number = u32::try_from(cause).unwrap_or(u32::MAX);
        for (_, tally) in &tallies {
            if let Some(spread) = tally.cause(number) {
                naming.add(&spread.departments, &spread.days);
            }
        }
        naming.group(cause, sizes[cause])
    };
    order.into_iter().map(group).collect()
}

/// What is counted in one pass for the causes that are listed.
struct Sums {
    sizes: Vec<Size>,
    departments: Pairs,
    days: Pairs,
}

/// A cause that is not listed.
const NOWHERE: u32 = u32::MAX;

/// The groups of the rows that a filter has.
fn of_rows(columns: &Columns, pass: &Pass<'_>, passes: &[bool], most: Most) -> Vec<Group> {
    let listed = listed(columns, pass, passes, most.causes);
    let mut places = vec![NOWHERE; columns.causes.len()];
    for (place, cause) in (0_u32..).zip(&listed) {
        places[*cause] = place;
    }
    // What is asked of a kind or a place, beside each other.
    let kinds = columns.kinds.of.values.iter();
    let kinds: Vec<(u32, u32)> = kinds
        .map(|kind| (kind.day, u32::from(kind.class.outcome == HELD)))
        .collect();
    let departments = columns.places.values.iter();
    let departments: Vec<u32> = departments.map(|place| place.department).collect();
    let new = || Sums {
        sizes: vec![Size::default(); listed.len()],
        departments: Pairs::new(listed.len(), columns.departments.values.len()),
        days: Pairs::new(listed.len(), columns.days.values.len()),
    };
    let add = |sums: &mut Sums, seen: &Seen<'_>| {
        for (at, _) in seen.rows {
            let row = seen.chunk.row(usize::from(*at));
            let (day, held) = kinds[row.kind as usize];
            let department = departments[row.place as usize];
            for cause in columns.sets.members(row.set as usize) {
                let place = places[*cause as usize];
                if place == NOWHERE {
                    continue;
                }
                let size = &mut sums.sizes[place as usize];
                size.rows += 1;
                size.held += held;
                size.newest_id = seen.chunk.id(usize::from(*at));
                sums.departments.add(place, department, 1);
                sums.days.add(place, day, 1);
            }
        }
    };
    let mut sums = pass.shared(&[], new, add).into_iter();
    let mut all = sums.next().unwrap_or_else(new);
    for other in sums {
        for (one, other) in all.sizes.iter_mut().zip(&other.sizes) {
            one.rows += other.rows;
            one.held += other.held;
            one.newest_id = one.newest_id.max(other.newest_id);
        }
        all.departments.join(&other.departments);
        all.days.join(&other.days);
    }
    let mut sizes = vec![Size::default(); columns.causes.len()];
    for (cause, size) in listed.iter().zip(&all.sizes) {
        sizes[*cause] = *size;
    }
    let mut naming = Naming::new(columns, most);
    let departments = all.departments.by_first(listed.len());
    let days = all.days.by_first(listed.len());
    let group = |cause: usize| {
        let place = places[cause] as usize;
        naming.add(&departments[place], &days[place]);
        naming.group(cause, sizes[cause])
    };
    order(columns, &sizes, most.causes)
        .into_iter()
        .map(group)
        .collect()
}

/// The causes to count: all that pass, or the greatest where these are more than are wanted.
fn listed(columns: &Columns, pass: &Pass<'_>, passes: &[bool], most: usize) -> Vec<usize> {
    let known: Vec<usize> = (0..passes.len()).filter(|cause| passes[*cause]).collect();
    if known.len() <= most {
        return known;
    }
    let new = || Lanes::new(columns.sets.len());
    let add = |sums: &mut Lanes, seen: &Seen<'_>| {
        let rows = seen.rows.iter().map(|(at, _)| (usize::from(*at), 1));
        seen.chunk.sets.count(rows, sums);
    };
    let mut sizes = vec![Size::default(); columns.causes.len()];
    for sums in pass.shared(&[], new, add) {
        for (set, rows) in columns.sets.each().zip(sums.sums()) {
            for cause in set
                .iter()
                .filter(|cause| rows > 0 && passes[**cause as usize])
            {
                sizes[*cause as usize].rows += rows;
            }
        }
    }
    order(columns, &sizes, most)
}

/// Adds up the departments and days of one cause after the other, and names those that are wanted.
struct Naming<'c> {
    columns: &'c Columns,
    most: Most,
    departments: Vec<u32>,
    days: Vec<u32>,
}

impl<'c> Naming<'c> {
    fn new(columns: &'c Columns, most: Most) -> Self {
        Self {
            columns,
            most,
            departments: vec![0; columns.departments.values.len()],
            days: vec![0; columns.days.values.len()],
        }
    }

    fn add(&mut self, departments: &Few, days: &Few) {
        for (sums, some) in [(&mut self.departments, departments), (&mut self.days, days)] {
            for (number, rows) in &some.0 {
                sums[*number as usize] += rows;
            }
        }
    }

    /// The group of what was added, which is forgotten.
    fn group(&mut self, cause: usize, size: Size) -> Group {
        let departments = &self.columns.departments.values;
        let days = &self.columns.days.values;
        let mut of_departments = first(&mut self.departments, self.most.departments, |one| {
            (Reverse(one.1), &departments[one.0])
        });
        let mut of_days = first(&mut self.days, self.most.days, |one| Reverse(&days[one.0]));
        of_days.reverse();
        let named = |list: &mut Vec<(usize, u32)>, names: &[String]| {
            list.drain(..)
                .map(|(number, rows)| (names[number].clone(), i64::from(rows)))
                .collect()
        };
        Group {
            cause_id: self.columns.causes.of.values[cause],
            rows: i64::from(size.rows),
            held: i64::from(size.held),
            departments: named(&mut of_departments, departments),
            days: named(&mut of_days, days),
            newest_id: size.newest_id,
        }
    }
}

/// The first of the counts in an order, at most so many; all are nothing afterwards.
fn first<K: Ord>(
    sums: &mut [u32],
    most: usize,
    key: impl Fn(&(usize, u32)) -> K,
) -> Vec<(usize, u32)> {
    let mut list: Vec<(usize, u32)> = Vec::with_capacity(most.min(sums.len()) + 1);
    for (number, sum) in sums.iter_mut().enumerate() {
        if *sum == 0 {
            continue;
        }
        let one = (number, std::mem::take(sum));
        // Most come after those that are there.
        if list.len() == most && list.last().is_none_or(|last| key(last) <= key(&one)) {
            continue;
        }
        let place = list.partition_point(|other| key(other) < key(&one));
        list.insert(place, one);
        list.truncate(most);
    }
    list
}
