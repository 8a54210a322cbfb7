//! A filter's rejections by cause: how many, of which departments, on which days, and one of them.

use std::cmp::Reverse;

use super::cause_filter::CauseFilter;
use super::chunk::Chunk;
use super::columns::Columns;
use super::pairs::Pairs;
use super::pass::Pass;
use super::tally::{Class, Few, Size, Tally};
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
    let ids = &columns.causes.of.values;
    let mut list: Vec<(Reverse<u32>, Reverse<i64>, usize)> = sizes
        .iter()
        .enumerate()
        .filter(|(_, size)| size.rows > 0)
        .map(|(cause, size)| (Reverse(size.rows), Reverse(ids[cause]), cause))
        .collect();
    if most < list.len() {
        list.select_nth_unstable(most);
        list.truncate(most);
    }
    list.sort_unstable();
    list.into_iter().map(|(_, _, cause)| cause).collect()
}

/// The groups of whole classes, from the totals that are kept.
fn of_totals(columns: &Columns, classes: &[Class], passes: &[bool], most: Most) -> Vec<Group> {
    let tallies = classes.iter();
    let tallies: Vec<&Tally> = tallies
        .filter_map(|class| Some(&**columns.tallies.get(class)?))
        .collect();
    let mut sizes = vec![Size::default(); columns.causes.len()];
    for tally in &tallies {
        for ((size, one), passes) in sizes.iter_mut().zip(&tally.sizes).zip(passes) {
            if *passes {
                join(size, one);
            }
        }
    }
    let mut naming = Naming::new(columns, most);
    let group = |cause: usize| {
        for spread in tallies.iter().filter_map(|tally| tally.spread(cause)) {
            naming.add(&spread.departments, &spread.days);
        }
        naming.group(cause, sizes[cause])
    };
    order(columns, &sizes, most.causes)
        .into_iter()
        .map(group)
        .collect()
}

fn join(size: &mut Size, other: &Size) {
    size.rows += other.rows;
    size.held += other.held;
    size.newest = size.newest.max(other.newest);
}

/// A part of the rows that a filter has, and how much there is of each cause among them.
struct Part<'c> {
    rows: Vec<(&'c Chunk, Vec<u16>)>,
    sizes: Vec<Size>,
}

/// The groups of the rows that a filter has.
fn of_rows(columns: &Columns, pass: &Pass<'_>, passes: &[bool], most: Most) -> Vec<Group> {
    let kinds = columns.kinds.of.values.iter();
    let held: Vec<u32> = kinds
        .map(|kind| u32::from(kind.class.outcome == HELD))
        .collect();
    let new = || Part {
        rows: Vec::new(),
        sizes: vec![Size::default(); columns.causes.len()],
    };
    let parts = pass.shared(&[], new, |part, seen| {
        for (at, _) in seen.rows {
            let at = usize::from(*at);
            let one = Size {
                rows: 1,
                held: held[seen.chunk.kinds.get(at) as usize],
                newest: seen.chunk.id(at),
            };
            for cause in columns.sets.members(seen.chunk.sets.get(at) as usize) {
                join(&mut part.sizes[*cause as usize], &one);
            }
        }
        let rows = seen.rows.iter().map(|(at, _)| *at);
        part.rows.push((seen.chunk, rows.collect()));
    });
    let mut sizes = vec![Size::default(); columns.causes.len()];
    for part in &parts {
        for ((size, one), passes) in sizes.iter_mut().zip(&part.sizes).zip(passes) {
            if *passes {
                join(size, one);
            }
        }
    }
    let listed = order(columns, &sizes, most.causes);
    let (departments, days) = spread(columns, &parts, &listed);
    let mut naming = Naming::new(columns, most);
    listed
        .into_iter()
        .zip(departments.iter().zip(&days))
        .map(|(cause, (departments, days))| {
            naming.add(departments, days);
            naming.group(cause, sizes[cause])
        })
        .collect()
}

/// A cause that is not listed.
const NOWHERE: u32 = u32::MAX;

/// Departments and days of each cause that is listed; nobody looks at those of the others.
fn spread(columns: &Columns, parts: &[Part<'_>], listed: &[usize]) -> (Vec<Few>, Vec<Few>) {
    let mut places = vec![NOWHERE; columns.causes.len()];
    for (place, cause) in (0_u32..).zip(listed) {
        places[*cause] = place;
    }
    let kinds = columns.kinds.of.values.iter();
    let day_of: Vec<u32> = kinds.map(|kind| kind.day).collect();
    let department_of = columns.places.values.iter();
    let department_of: Vec<u32> = department_of.map(|place| place.department).collect();
    let mut departments = Pairs::new(listed.len(), columns.departments.values.len());
    let mut days = Pairs::new(listed.len(), columns.days.values.len());
    for (chunk, rows) in parts.iter().flat_map(|part| &part.rows) {
        for at in rows {
            let row = chunk.row(usize::from(*at));
            for cause in columns.sets.members(row.set as usize) {
                let place = places[*cause as usize];
                if place != NOWHERE {
                    departments.add(place, department_of[row.place as usize]);
                    days.add(place, day_of[row.kind as usize]);
                }
            }
        }
    }
    (
        departments.by_first(listed.len()),
        days.by_first(listed.len()),
    )
}

/// Adds up the departments and days of one cause after the other, and names those that are wanted.
struct Naming<'c> {
    columns: &'c Columns,
    most: Most,
    departments: Added,
    days: Added,
}

/// Counts by number, and which numbers have any.
struct Added {
    sums: Vec<u32>,
    numbers: Vec<usize>,
}

impl Added {
    fn new(width: usize) -> Self {
        Self {
            sums: vec![0; width],
            numbers: Vec::new(),
        }
    }

    fn add(&mut self, some: &Few) {
        for (number, rows) in &some.0 {
            let number = *number as usize;
            if self.sums[number] == 0 {
                self.numbers.push(number);
            }
            self.sums[number] += rows;
        }
    }

    /// The first of the counts in an order, at most so many; all are forgotten.
    fn first<K: Ord>(
        &mut self,
        most: usize,
        key: impl Fn(&(usize, u32)) -> K,
    ) -> Vec<(usize, u32)> {
        let mut list: Vec<(usize, u32)> = Vec::with_capacity(most.min(self.numbers.len()) + 1);
        for number in self.numbers.drain(..) {
            let one = (number, std::mem::take(&mut self.sums[number]));
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
}

impl<'c> Naming<'c> {
    fn new(columns: &'c Columns, most: Most) -> Self {
        Self {
            columns,
            most,
            departments: Added::new(columns.departments.values.len()),
            days: Added::new(columns.days.values.len()),
        }
    }

    fn add(&mut self, departments: &Few, days: &Few) {
        self.departments.add(departments);
        self.days.add(days);
    }

    /// The group of what was added, which is forgotten.
    fn group(&mut self, cause: usize, size: Size) -> Group {
        let departments = &self.columns.departments.values;
        let days = &self.columns.days.values;
        let by_rows = |one: &(usize, u32)| (Reverse(one.1), &departments[one.0]);
        let of_departments = self.departments.first(self.most.departments, by_rows);
        let latest = |one: &(usize, u32)| Reverse(&days[one.0]);
        let mut of_days = self.days.first(self.most.days, latest);
        of_days.reverse();
        let named = |list: Vec<(usize, u32)>, names: &[String]| {
            list.into_iter()
                .map(|(number, rows)| (names[number].clone(), i64::from(rows)))
                .collect()
        };
        Group {
            cause_id: self.columns.causes.of.values[cause],
            rows: i64::from(size.rows),
            held: i64::from(size.held),
            departments: named(of_departments, departments),
            days: named(of_days, days),
            newest_id: size.newest,
        }
    }
}
