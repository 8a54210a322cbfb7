//! A filter's rejections by cause: how many, of which departments, on which days, and one of them.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::cause_filter::CauseFilter;
use super::columns::Columns;
use super::numbers::Lanes;
use super::pairs::Pairs;
use super::pass::{Pass, Seen};
use super::tally::{Class, Spread};
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
    rows: i64,
    held: i64,
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
    let causes = CauseFilter::of(filter);
    let filtered = &pass.filtered;
    match &filtered.classes {
        // A rejection of a cause that passes passes itself, as far as causes are asked for.
        Some(classes) if filtered.places.is_none() && !pass.has_hits() => {
            of_totals(columns, classes, causes, most)
        }
        _ => of_rows(columns, &pass, causes, most),
    }
}

/// Greatest first.
fn order(list: &mut Vec<(i64, Size)>, most: usize) {
    list.sort_unstable_by_key(|(id, size)| (Reverse(size.rows), Reverse(*id)));
    list.truncate(most);
}

/// The groups of whole classes, from the totals that are kept.
fn of_totals(
    columns: &Columns,
    classes: &[Class],
    passes: CauseFilter<'_>,
    most: Most,
) -> Vec<Group> {
    let tallies = || {
        let found = classes.iter();
        found.filter_map(|class| Some((class, columns.tallies.get(class)?)))
    };
    let mut sizes: HashMap<i64, Size> = HashMap::new();
    for (class, tally) in tallies() {
        for (id, spread) in &tally.causes {
            if !passes.has(&columns.causes, *id) {
                continue;
            }
            let size = sizes.entry(*id).or_default();
            let rows = i64::from(spread.rows);
            size.rows += rows;
            size.held += if class.outcome == HELD { rows } else { 0 };
            size.newest_id = size.newest_id.max(spread.newest);
        }
    }
    let mut list: Vec<(i64, Size)> = sizes.into_iter().collect();
    order(&mut list, most.causes);
    let add = |all: &mut Vec<u32>, some: &[u32]| {
        all.resize(all.len().max(some.len()), 0);
        for (all, one) in all.iter_mut().zip(some) {
            *all += one;
        }
    };
    list.into_iter()
        .map(|(id, size)| {
            let mut all = Spread::default();
            for (_, tally) in tallies() {
                if let Some(spread) = tally.causes.get(&id) {
                    add(&mut all.departments, &spread.departments);
                    add(&mut all.days, &spread.days);
                }
            }
            let counted = |list: &[u32]| numbered(list.iter().copied());
            group(
                columns,
                (id, size),
                counted(&all.departments),
                counted(&all.days),
                most,
            )
        })
        .collect()
}

/// What is counted in one pass for the causes that are listed.
struct Sums {
    sizes: Vec<Size>,
    departments: Pairs,
    days: Pairs,
}

/// The groups of the rows that a filter has.
fn of_rows(columns: &Columns, pass: &Pass<'_>, passes: CauseFilter<'_>, most: Most) -> Vec<Group> {
    let candidates = listed(columns, pass, passes, most.causes);
    let places: HashMap<i64, u32> = (0_u32..)
        .zip(&candidates)
        .map(|(place, id)| (*id, place))
        .collect();
    let of_set: Vec<Vec<u32>> = columns
        .sets
        .values
        .iter()
        .map(|set| {
            set.iter()
                .filter_map(|id| places.get(id).copied())
                .collect()
        })
        .collect();
    // What is asked of a kind or a place, beside each other.
    let kinds: Vec<(u32, bool)> = columns
        .kinds
        .of
        .values
        .iter()
        .map(|kind| (kind.day, kind.class.outcome == HELD))
        .collect();
    let departments: Vec<u32> = columns
        .places
        .values
        .iter()
        .map(|place| place.department)
        .collect();
    let new = || Sums {
        sizes: vec![Size::default(); candidates.len()],
        departments: Pairs::new(candidates.len(), columns.departments.values.len()),
        days: Pairs::new(candidates.len(), columns.days.values.len()),
    };
    let add = |sums: &mut Sums, seen: &Seen<'_>| {
        for (at, _) in seen.rows {
            let row = seen.chunk.row(usize::from(*at));
            let (day, held) = kinds[row.kind as usize];
            let department = departments[row.place as usize];
            let id = seen.chunk.id(usize::from(*at));
            for place in &of_set[row.set as usize] {
                let size = &mut sums.sizes[*place as usize];
                size.rows += 1;
                size.held += i64::from(held);
                size.newest_id = id;
                sums.departments.add(*place, department, 1);
                sums.days.add(*place, day, 1);
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
    let mut list: Vec<(i64, Size)> = candidates.iter().copied().zip(all.sizes).collect();
    list.retain(|(_, size)| size.rows > 0);
    order(&mut list, most.causes);
    let departments = all.departments.by_first(candidates.len());
    let days = all.days.by_first(candidates.len());
    list.into_iter()
        .map(|one| {
            let place = places.get(&one.0).map_or(0, |place| *place as usize);
            let counted = |lists: &[Vec<(u32, u32)>]| lists.get(place).cloned().unwrap_or_default();
            group(columns, one, counted(&departments), counted(&days), most)
        })
        .collect()
}

/// The causes to count: all that pass, or the greatest where these are more than are wanted.
fn listed(columns: &Columns, pass: &Pass<'_>, passes: CauseFilter<'_>, most: usize) -> Vec<i64> {
    let known = columns.causes.keys().copied();
    let known: Vec<i64> = known
        .filter(|id| passes.has(&columns.causes, *id))
        .collect();
    if known.len() <= most {
        return known;
    }
    let new = || Lanes::new(columns.sets.values.len());
    let add = |sums: &mut Lanes, seen: &Seen<'_>| {
        let rows = seen.rows.iter().map(|(at, _)| (usize::from(*at), 1));
        seen.chunk.sets.count(rows, sums);
    };
    let mut sizes: HashMap<i64, Size> = HashMap::new();
    for sums in pass.shared(&[], new, add) {
        for (set, rows) in columns.sets.values.iter().zip(sums.sums()) {
            if rows == 0 {
                continue;
            }
            for id in set.iter().filter(|id| passes.has(&columns.causes, **id)) {
                sizes.entry(*id).or_default().rows += i64::from(rows);
            }
        }
    }
    let mut list: Vec<(i64, Size)> = sizes.into_iter().collect();
    order(&mut list, most);
    list.into_iter().map(|(id, _)| id).collect()
}

/// Counts by number, without those that are nothing.
fn numbered(counts: impl Iterator<Item = u32>) -> Vec<(u32, u32)> {
    (0_u32..)
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .collect()
}

fn group(
    columns: &Columns,
    (cause_id, size): (i64, Size),
    mut departments: Vec<(u32, u32)>,
    mut days: Vec<(u32, u32)>,
    most: Most,
) -> Group {
    let department = |number: u32| &columns.departments.values[number as usize];
    let day = |number: u32| &columns.days.values[number as usize];
    keep_first(&mut departments, most.departments, |(one, rows)| {
        (Reverse(*rows), department(*one))
    });
    keep_first(&mut days, most.days, |(one, _)| Reverse(day(*one)));
    days.reverse();
    let named = |counts: Vec<(u32, u32)>, name: &dyn Fn(u32) -> String| {
        counts
            .into_iter()
            .map(|(number, rows)| (name(number), i64::from(rows)))
            .collect()
    };
    Group {
        cause_id,
        rows: size.rows,
        held: size.held,
        departments: named(departments, &|number| department(number).clone()),
        days: named(days, &|number| day(number).clone()),
        newest_id: size.newest_id,
    }
}

/// Keeps the first in an order, at most so many, and puts them in order.
fn keep_first<'k, T, K: Ord + 'k>(list: &mut Vec<T>, most: usize, key: impl Fn(&T) -> K) {
    if most < list.len() {
        list.select_nth_unstable_by(most, |one, other| key(one).cmp(&key(other)));
        list.truncate(most);
    }
    list.sort_unstable_by_key(key);
}
