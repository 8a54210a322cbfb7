//! One pass over the columns: the rows that a filter has, or all but one column of it.

use std::ops::Range;

use super::chunk::Chunk;
use super::columns::Columns;
use super::filtered::{Filtered, KIND, NARROW, PLACE, Sieve};
use super::numbers::Numbers;
use crate::rejection::RejectionFilter;

/// Rows that are looked at together, so that what is noted of them stays in the processor's nearest cache.
const BLOCK: usize = 4096;
/// Fewer rows are looked at before another thread has begun.
const WORTH_THREADS: usize = 150_000;
const MOST_THREADS: usize = 8;
/// Rows whose marks are looked at together.
const GROUP: usize = 8;

/// Rows of a chunk.
pub(super) struct Seen<'c, 'r> {
    pub(super) chunk: &'c Chunk,
    /// Their places, and which columns refuse them.
    pub(super) rows: &'r [(u16, u8)],
}

/// A filter, made ready for the columns as they are.
pub(super) struct Pass<'c> {
    columns: &'c Columns,
    pub(super) filtered: Filtered,
    /// Chunks and places of the rows that a search has, ascending; `None` without one.
    hits: Option<Vec<(usize, usize)>>,
}

/// Room for what is noted of a block.
struct Room {
    marks: Vec<u8>,
    rows: Vec<(u16, u8)>,
}

impl Room {
    fn new() -> Self {
        Self {
            marks: vec![0; BLOCK],
            rows: vec![(0, 0); BLOCK],
        }
    }
}

impl<'c> Pass<'c> {
    pub(super) fn new(
        columns: &'c Columns,
        filter: &RejectionFilter,
        hits: Option<&[i64]>,
    ) -> Self {
        let places = |ids: &[i64]| {
            let mut places: Vec<_> = ids.iter().filter_map(|id| columns.place_of(*id)).collect();
            places.sort_unstable();
            places
        };
        Self {
            columns,
            filtered: Filtered::new(columns, filter),
            hits: hits.map(places),
        }
    }

    /// Whether rows are chosen by what no column tells.
    pub(super) fn has_hits(&self) -> bool {
        self.hits.is_some()
    }

    /// Shows the rows that none of the columns refuses, or only one of those that are named, to several
    /// sums at once, each with a part of the chunks, oldest first, a chunk's rows in any order; gives the
    /// sums in the same order.
    pub(super) fn shared<S: Send>(
        &self,
        but_for: &[u8],
        new: impl Fn() -> S + Sync,
        show: impl Fn(&mut S, &Seen<'c, '_>) + Sync,
    ) -> Vec<S> {
        let chunks = self.columns.chunks.len();
        let threads = if self.looked_at(but_for) < WORTH_THREADS {
            1
        } else {
            std::thread::available_parallelism().map_or(1, |all| all.get().min(MOST_THREADS))
        };
        let size = chunks.div_ceil(threads).max(1);
        let one = |number: usize| {
            let mut sum = new();
            let begin = (number * size).min(chunks);
            self.part(begin..(begin + size).min(chunks), but_for, |seen| {
                show(&mut sum, seen);
            });
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

    /// The places that the filter has, where the rows are found by these: no others are wanted.
    fn by_place(&self, but_for: &[u8]) -> Option<&Sieve> {
        let places = self.filtered.places.as_ref();
        places.filter(|_| self.hits.is_none() && !but_for.contains(&PLACE))
    }

    /// How many rows a pass looks at.
    fn looked_at(&self, but_for: &[u8]) -> usize {
        if let Some(hits) = &self.hits {
            return hits.len();
        }
        let Some(places) = self.by_place(but_for) else {
            return self.columns.len();
        };
        let tallies = self.columns.tallies.values();
        let of = |rows: &[u32]| -> usize {
            let those = rows.iter().enumerate();
            let those = those.filter(|(place, rows)| **rows > 0 && places.has(*place));
            those.map(|(_, rows)| *rows as usize).sum()
        };
        tallies.map(|tally| of(&tally.places)).sum()
    }

    /// Notes the wanted rows of a chunk that are of places which the filter has, by place.
    fn of_places(&self, chunk: &Chunk, places: &Sieve, but_for: &[u8], rows: &mut Vec<(u16, u8)>) {
        let Filtered { kinds, sets, .. } = &self.filtered;
        let refused = |sieve: &Option<Sieve>, values: &Numbers, at: usize| {
            let sieve = sieve.as_ref();
            sieve.map_or(0, |sieve| sieve.refused[values.get(at) as usize])
        };
        rows.clear();
        let by_place = chunk.by_place().each();
        for (_, those) in by_place.filter(|(place, _)| places.has(*place as usize)) {
            rows.extend(those.iter().filter_map(|row| {
                let at = usize::from(*row);
                let mark = refused(kinds, &chunk.kinds, at) | refused(sets, &chunk.sets, at);
                (mark == 0 || but_for.contains(&mark)).then_some((*row, mark))
            }));
        }
    }

    /// The same for some chunks.
    fn part(&self, chunks: Range<usize>, but_for: &[u8], mut show: impl FnMut(&Seen<'c, '_>)) {
        let mut room = Room::new();
        if let Some(hits) = &self.hits {
            for same in hits.chunk_by(|one, other| one.0 == other.0) {
                let chunk = &*self.columns.chunks[same[0].0];
                let mut rows = Vec::with_capacity(same.len());
                for (_, at) in same {
                    let mark = self.mark(chunk, *at);
                    if mark == 0 || but_for.contains(&mark) {
                        rows.push((short(*at), mark));
                    }
                }
                show(&Seen { chunk, rows: &rows });
            }
            return;
        }
        if let Some(places) = self.by_place(but_for) {
            for chunk in &self.columns.chunks[chunks] {
                self.of_places(chunk, places, but_for, &mut room.rows);
                if !room.rows.is_empty() {
                    let rows = &room.rows;
                    show(&Seen { chunk, rows });
                }
            }
            return;
        }
        for chunk in &self.columns.chunks[chunks] {
            let mut from = 0;
            while from < chunk.len() {
                let to = (from + BLOCK).min(chunk.len());
                let found = self.block(chunk, from..to, but_for, &mut room);
                if found > 0 {
                    let rows = &room.rows[..found];
                    show(&Seen { chunk, rows });
                }
                from = to;
            }
        }
    }

    /// The numbers of the rows that the whole filter has, newest first, below a number, at most so many.
    pub(super) fn newest(&self, before: Option<i64>, limit: usize) -> Vec<i64> {
        let mut found = Vec::with_capacity(limit.min(256));
        let end = match before {
            Some(id) => self.columns.before(id),
            None => (self.columns.chunks.len(), 0),
        };
        if let Some(hits) = &self.hits {
            let rows = hits.iter().rev().filter(|place| **place < end);
            let rows = rows.map(|(chunk, at)| (&self.columns.chunks[*chunk], *at));
            let whole = rows.filter(|(chunk, at)| self.mark(chunk, *at) == 0);
            found.extend(whole.take(limit).map(|(chunk, at)| chunk.id(at)));
            return found;
        }
        let mut room = Room::new();
        let last = self.columns.chunks.get(end.0).map(|chunk| (chunk, end.1));
        let earlier = self.columns.chunks[..end.0].iter().rev();
        let earlier = earlier.map(|chunk| (chunk, chunk.len()));
        let chunks = last.into_iter().chain(earlier);
        if let Some(places) = self.by_place(&[]) {
            for (chunk, end) in chunks {
                self.of_places(chunk, places, &[], &mut room.rows);
                room.rows.sort_unstable_by(|one, other| other.cmp(one));
                let rows = room.rows.iter().map(|(at, _)| usize::from(*at));
                let rows = rows.filter(|at| *at < end);
                found.extend(rows.take(limit - found.len()).map(|at| chunk.id(at)));
                if found.len() >= limit {
                    break;
                }
            }
            return found;
        }
        for (chunk, end) in chunks {
            let mut to = end;
            while to > 0 {
                let from = to.saturating_sub(BLOCK);
                let count = self.block(chunk, from..to, &[], &mut room);
                let rows = room.rows[..count].iter().rev();
                let rows = rows.take(limit - found.len());
                found.extend(rows.map(|(at, _)| chunk.id(usize::from(*at))));
                if found.len() >= limit {
                    return found;
                }
                to = from;
            }
        }
        found
    }

    /// Which columns refuse one row.
    fn mark(&self, chunk: &Chunk, at: usize) -> u8 {
        let sieves = self.sieves(chunk).into_iter().flatten();
        sieves.fold(0, |mark, (sieve, values)| {
            mark | sieve.refused[values.get(at) as usize]
        })
    }

    /// Whether one rejection is in the columns and the whole filter has it.
    pub(super) fn has(&self, id: i64) -> bool {
        self.columns
            .place_of(id)
            .is_some_and(|(chunk, at)| self.mark(&self.columns.chunks[chunk], at) == 0)
    }

    /// Each column that the filter narrows, the most telling first, and its values.
    fn sieves<'p>(&'p self, chunk: &'p Chunk) -> [Option<(&'p Sieve, &'p Numbers)>; 3] {
        let Filtered {
            kinds,
            places,
            sets,
            ..
        } = &self.filtered;
        [
            places.as_ref().map(|sieve| (sieve, &chunk.places)),
            sets.as_ref().map(|sieve| (sieve, &chunk.sets)),
            kinds.as_ref().map(|sieve| (sieve, &chunk.kinds)),
        ]
    }

    /// Notes the wanted rows of a block; says how many they are.
    fn block(&self, chunk: &Chunk, block: Range<usize>, but_for: &[u8], room: &mut Room) -> usize {
        let marks = &mut room.marks[..block.len()];
        marks.fill(0);
        let mut wanted = [0_u8; 8];
        wanted[0] = 1;
        let is_one = match but_for {
            [] => true,
            [only] => {
                wanted[usize::from(*only)] = 1;
                *only == KIND
            }
            several => {
                for mark in several {
                    wanted[usize::from(*mark)] = 1;
                }
                false
            }
        };
        let sieves = self.sieves(chunk);
        let mut sieves = sieves.into_iter().flatten();
        // Rows that the first column refuses need not be looked up in the others, unless they are wanted.
        let at_once = if is_one { 1 } else { 3 };
        for (sieve, values) in sieves.by_ref().take(at_once) {
            sieve.mark(values, block.clone(), marks);
        }
        let mut found = 0;
        for (group, marks) in marks.chunks(GROUP).enumerate() {
            // Nearly everywhere nothing is wanted.
            if let Ok(eight) = marks.try_into()
                && !has_any(eight, 0)
                && !but_for.iter().any(|mark| has_any(eight, *mark))
            {
                continue;
            }
            let first = short(block.start + group * GROUP);
            for (at, mark) in (first..).zip(marks) {
                room.rows[found] = (at, *mark);
                found += usize::from(wanted[usize::from(*mark & 7)]);
            }
        }
        for (sieve, values) in sieves {
            let mut kept = 0;
            for at in 0..found {
                let (row, mark) = room.rows[at];
                let mark = mark | sieve.refused[values.get(usize::from(row)) as usize];
                room.rows[kept] = (row, mark);
                kept += usize::from(wanted[usize::from(mark & 7)]);
            }
            found = kept;
        }
        found
    }
}

/// Whether one of eight marks is this one, asked of all at once: with it taken away from each, a byte is
/// nothing, and one less borrows from its highest bit.
fn has_any(marks: [u8; GROUP], mark: u8) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; GROUP]);
    let rest = u64::from_ne_bytes(marks) ^ (ONES * u64::from(mark));
    rest.wrapping_sub(ONES) & !rest & (ONES << 7) != 0
}

impl Sieve {
    /// Adds the column's bit to the marks of the rows whose values are refused.
    fn mark(&self, values: &Numbers, rows: Range<usize>, marks: &mut [u8]) {
        match (values, self.span) {
            (Numbers::Narrow(values), Some((first, last))) => {
                let bit = self.bit;
                let (first, width) = (narrow(first), narrow(last - first));
                for (mark, value) in marks.iter_mut().zip(&values[rows]) {
                    *mark |= u8::from(value.wrapping_sub(first) > width) * bit;
                }
            }
            (Numbers::Narrow(values), None) => {
                let Some(refused) = self.refused.first_chunk::<NARROW>() else {
                    return;
                };
                for (mark, value) in marks.iter_mut().zip(&values[rows]) {
                    *mark |= refused[usize::from(*value)];
                }
            }
            (Numbers::Wide(values), _) => {
                for (mark, value) in marks.iter_mut().zip(&values[rows]) {
                    *mark |= self.refused[*value as usize];
                }
            }
        }
    }
}

/// A value of a narrow column.
fn narrow(value: u32) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

/// A place in a chunk.
fn short(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}
