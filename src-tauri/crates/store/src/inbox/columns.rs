//! What a filter or a facet needs of every rejection, as columns of small numbers in memory.
//!
//! Ten bytes a rejection: its number, and three small numbers that stand for all else. What has few
//! values together has one number: source, state, outcome, run and day are the rejection's kind,
//! department and region its place. So a filter costs at most three looks at a row, whichever and however many
//! parts it has. A copy of the columns costs a list of chunks; who reads one is not disturbed by what
//! changes in another.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::causes::{CauseOf, Causes, Part};
use super::chunk::{Chunk, FULL, Row};
use super::dictionary::{Dictionary, number};
use super::lists::Lists;
use super::tally::{Class, Counted, Tally};
use crate::rejection::HELD;

/// Source, state, outcome, run and day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    pub(super) class: Class,
    pub(super) run_id: i64,
    pub(super) day: u32,
}

/// Department and region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) department: u32,
    pub(super) region: u32,
}

/// One rejection as it goes into the columns.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Its number.
    pub id: i64,
    /// The source.
    pub source_id: i64,
    /// Its state.
    pub state: i64,
    /// Rejected, held or refused.
    pub outcome: i64,
    /// The run that last brought it.
    pub run_id: i64,
    /// Department; empty where there is none.
    pub department: &'a str,
    /// Region; empty where there is none.
    pub region: &'a str,
    /// The day on which it was first seen.
    pub day: &'a str,
    /// Its causes' numbers, ascending.
    pub causes: &'a [i64],
}

/// Kinds, and how many rejections each has; those without any are forgotten.
#[derive(Debug, Clone, Default)]
pub(super) struct Kinds {
    pub(super) of: Arc<Dictionary<Kind>>,
    pub(super) rows: Vec<u32>,
}

/// How much the columns have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Rejections.
    pub rejections: usize,
    /// Bytes of all that is kept.
    pub bytes: usize,
    /// Different sources, states, outcomes, runs and days together.
    pub kinds: usize,
    /// Different departments and regions together.
    pub places: usize,
    /// Causes.
    pub causes: usize,
    /// Different sets of causes.
    pub sets: usize,
    /// Different rules and fields of sets.
    pub patterns: usize,
}

/// The columns.
#[derive(Debug, Clone)]
pub struct Columns {
    pub(super) chunks: Vec<Arc<Chunk>>,
    /// Rows of a chunk after which another is begun at the end.
    full: usize,
    rows: usize,
    pub(super) kinds: Kinds,
    pub(super) places: Arc<Dictionary<Place>>,
    /// Sets of causes.
    pub(super) sets: Arc<Lists<u32>>,
    /// Of each set, the number of its rules and fields: far fewer differ in these than in their causes.
    pub(super) pattern_of: Arc<Vec<u32>>,
    /// Rules and fields of sets.
    pub(super) patterns: Arc<Lists<Part>>,
    pub(super) departments: Arc<Dictionary<String>>,
    pub(super) regions: Arc<Dictionary<String>>,
    pub(super) days: Arc<Dictionary<String>>,
    pub(super) causes: Arc<Causes>,
    pub(super) tallies: HashMap<Class, Arc<Tally>>,
    /// Causes of a class whose newest rejection went away.
    unsure: HashSet<(Class, u32)>,
}

impl Default for Columns {
    fn default() -> Self {
        Self::with_chunks(FULL)
    }
}

impl Columns {
    /// Columns without rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, with so many rows to a chunk.
    pub(super) fn with_chunks(full: usize) -> Self {
        Self {
            chunks: Vec::new(),
            full,
            rows: 0,
            kinds: Kinds::default(),
            places: Arc::default(),
            sets: Arc::default(),
            pattern_of: Arc::default(),
            patterns: Arc::default(),
            departments: Arc::default(),
            regions: Arc::default(),
            days: Arc::default(),
            causes: Arc::default(),
            tallies: HashMap::new(),
            unsure: HashSet::new(),
        }
    }

    /// Rejections.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Notes what a cause is. Says no when its number stood for another one.
    pub fn note_cause(&mut self, id: i64, cause: &CauseOf) -> bool {
        self.causes.is(id, cause) || Arc::make_mut(&mut self.causes).note(id, cause)
    }

    /// The number of a set of causes.
    fn set(&mut self, causes: &[i64]) -> u32 {
        let known: Option<Vec<u32>> = causes.iter().map(|id| self.causes.of.find(id)).collect();
        let members = known.unwrap_or_else(|| {
            let all = Arc::make_mut(&mut self.causes);
            causes.iter().map(|id| all.number(*id)).collect()
        });
        if let Some(number) = self.sets.find(&members) {
            return number;
        }
        let parts = members.iter().map(|cause| self.causes.part(*cause));
        let mut parts: Vec<Part> = parts.collect();
        parts.sort_unstable();
        parts.dedup();
        let pattern = match self.patterns.find(&parts) {
            Some(number) => number,
            None => Arc::make_mut(&mut self.patterns).add(&parts),
        };
        Arc::make_mut(&mut self.pattern_of).push(pattern);
        Arc::make_mut(&mut self.sets).add(&members)
    }

    /// Puts a rejection in or over what was known of it. Its causes have been noted.
    pub fn put(&mut self, entry: &Entry<'_>) {
        let place = Place {
            department: number(&mut self.departments, entry.department),
            region: number(&mut self.regions, entry.region),
        };
        let kind = Kind {
            class: Class {
                source_id: entry.source_id,
                state: entry.state,
                outcome: entry.outcome,
            },
            run_id: entry.run_id,
            day: number(&mut self.days, entry.day),
        };
        let row = Row {
            kind: number(&mut self.kinds.of, &kind),
            place: number(&mut self.places, &place),
            set: self.set(entry.causes),
        };
        match self.find(entry.id) {
            Ok((chunk, at)) => {
                let before = self.chunks[chunk].row(at);
                if before != row {
                    Arc::make_mut(&mut self.chunks[chunk]).set(at, row);
                    self.recount(entry.id, Some(before), Some(row));
                }
            }
            Err((chunk, at)) => {
                self.insert(chunk, at, entry.id, row);
                self.rows += 1;
                self.recount(entry.id, None, Some(row));
            }
        }
    }

    /// Takes a rejection out.
    pub fn remove(&mut self, id: i64) {
        if let Ok((chunk, at)) = self.find(id) {
            let before = self.chunks[chunk].row(at);
            if self.chunks[chunk].len() == 1 {
                self.chunks.remove(chunk);
            } else {
                Arc::make_mut(&mut self.chunks[chunk]).remove(at);
            }
            self.rows -= 1;
            self.recount(id, Some(before), None);
        }
    }

    /// The place of a number, or where it would be: its chunk and its place therein.
    fn find(&self, id: i64) -> Result<(usize, usize), (usize, usize)> {
        let after = self.chunks.partition_point(|chunk| chunk.first() <= id);
        let chunk = after.saturating_sub(1);
        match self.chunks.get(chunk) {
            Some(found) => match found.find(id) {
                Ok(at) => Ok((chunk, at)),
                Err(at) => Err((chunk, at)),
            },
            None => Err((0, 0)),
        }
    }

    /// The chunks and places of numbers that are there.
    pub(super) fn place_of(&self, id: i64) -> Option<(usize, usize)> {
        self.find(id).ok()
    }

    /// The rules of a rejection's causes.
    pub(super) fn rules(&self, id: i64) -> Vec<String> {
        let set = self.place_of(id);
        let set = set.map(|(chunk, at)| self.chunks[chunk].sets.get(at) as usize);
        let mut rules = Vec::new();
        for cause in set.map_or(&[][..], |set| self.sets.members(set)) {
            let rule = self.causes.rule[*cause as usize] as usize;
            if let Some(rule) = self.causes.rules.values.get(rule)
                && !rules.contains(rule)
            {
                rules.push(rule.clone());
            }
        }
        rules
    }

    /// Where those with smaller numbers end: a chunk, and a place therein.
    pub(super) fn before(&self, id: i64) -> (usize, usize) {
        match self.find(id) {
            Ok(place) | Err(place) => place,
        }
    }

    fn insert(&mut self, chunk: usize, at: usize, id: i64, row: Row) {
        let Some(found) = self.chunks.get_mut(chunk) else {
            self.chunks.push(Arc::new(Chunk::new(id, row)));
            return;
        };
        let is_end = at == found.len();
        if is_end && at >= self.full {
            self.chunks.insert(chunk + 1, Arc::new(Chunk::new(id, row)));
            return;
        }
        let found = Arc::make_mut(found);
        if !found.put_in(at, id, row) {
            let place = if is_end { chunk + 1 } else { chunk };
            self.chunks.insert(place, Arc::new(Chunk::new(id, row)));
            return;
        }
        if found.len() > 2 * self.full {
            let rest = found.split_off(self.full);
            self.chunks.insert(chunk + 1, Arc::new(rest));
        }
    }

    /// Brings the totals from how a rejection was to how it is.
    fn recount(&mut self, id: i64, before: Option<Row>, after: Option<Row>) {
        let kinds = &mut self.kinds;
        let after = after.map(|row| {
            let number = row.kind as usize;
            if kinds.rows.len() <= number {
                kinds.rows.resize(number + 1, 0);
            }
            kinds.rows[number] += 1;
            (row, kinds.of.values[number])
        });
        let before = before.map(|row| {
            let number = row.kind as usize;
            let kind = kinds.of.values[number];
            kinds.rows[number] -= 1;
            if kinds.rows[number] == 0 {
                Arc::make_mut(&mut kinds.of).forget(row.kind);
            }
            (row, kind)
        });
        let counted = |(row, kind): (Row, Kind)| {
            let one = Counted {
                id,
                place: row.place,
                pattern: self.pattern_of[row.set as usize],
                is_held: kind.class.outcome == HELD,
                department: self.places.values[row.place as usize].department,
                day: kind.day,
                causes: self.sets.members(row.set as usize),
            };
            (kind.class, one)
        };
        let (before, after) = (before.map(counted), after.map(counted));
        // Most often only the run is another one.
        if before == after {
            return;
        }
        if let Some((class, one)) = before
            && let Some(tally) = self.tallies.get_mut(&class)
        {
            let unsure = &mut self.unsure;
            Arc::make_mut(tally).take_off(&one, |cause| {
                unsure.insert((class, cause));
            });
        }
        if let Some((class, one)) = after {
            Arc::make_mut(self.tallies.entry(class).or_default()).add(&one);
        }
    }

    /// Looks for the newest rejections of the causes whose newest went away. To be done before the
    /// columns are shown.
    pub fn settle(&mut self) {
        if self.unsure.is_empty() {
            return;
        }
        let mut wanted = std::mem::take(&mut self.unsure);
        wanted.retain(|(class, cause)| {
            let tally = self.tallies.get(class);
            tally.is_some_and(|tally| tally.has(*cause))
        });
        let concerned: Vec<bool> = {
            let causes: HashSet<u32> = wanted.iter().map(|(_, cause)| *cause).collect();
            let has_one = |set: &[u32]| set.iter().any(|cause| causes.contains(cause));
            self.sets.each().map(has_one).collect()
        };
        for chunk in self.chunks.iter().rev() {
            for at in (0..chunk.len()).rev() {
                if wanted.is_empty() {
                    return;
                }
                let set = chunk.sets.get(at) as usize;
                if !concerned[set] {
                    continue;
                }
                let class = self.kinds.of.values[chunk.kinds.get(at) as usize].class;
                for cause in self.sets.members(set) {
                    if wanted.remove(&(class, *cause))
                        && let Some(tally) = self.tallies.get_mut(&class)
                    {
                        Arc::make_mut(tally).sizes[*cause as usize].newest = chunk.id(at);
                    }
                }
            }
        }
    }

    /// How much they have.
    pub fn extent(&self) -> Extent {
        Extent {
            rejections: self.rows,
            bytes: self.bytes(),
            kinds: self.kinds.of.values.len(),
            places: self.places.values.len(),
            causes: self.causes.len(),
            sets: self.sets.len(),
            patterns: self.patterns.len(),
        }
    }

    /// Bytes that are kept, all in all.
    fn bytes(&self) -> usize {
        let chunks: usize = self.chunks.iter().map(|chunk| chunk.bytes()).sum();
        let tallies: usize = self.tallies.values().map(|tally| tally.bytes()).sum();
        chunks
            + tallies
            + self.causes.bytes()
            + self.kinds.of.bytes()
            + self.places.bytes()
            + self.sets.bytes()
            + self.pattern_of.capacity() * size_of::<u32>()
            + self.patterns.bytes()
            + self.departments.bytes()
            + self.regions.bytes()
            + self.days.bytes()
    }
}
