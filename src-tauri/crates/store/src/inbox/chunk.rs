//! Some thousands of rejections that lie beside each other, as columns of small numbers.
//!
//! Columns that are being read are not changed: what changes is copied, and that is no more than the
//! chunks that have a changed row.

use std::sync::{Arc, OnceLock};

use super::by_value::ByValue;
use super::numbers::Numbers;

/// Rows of a chunk that is begun anew at the end.
pub(super) const FULL: usize = 1 << 14;

/// One rejection in small numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    /// Source, state, outcome, run and day.
    pub(super) kind: u32,
    /// Department and region.
    pub(super) place: u32,
    /// The set of its causes.
    pub(super) set: u32,
}

/// Rejections in the order of their numbers.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    first: i64,
    /// How far each number is from the first.
    offsets: Vec<u32>,
    pub(super) kinds: Numbers,
    pub(super) places: Numbers,
    pub(super) sets: Numbers,
    /// Its rows by place, once they were asked for.
    by_place: OnceLock<Arc<ByValue>>,
}

/// How far a number is from another that is not greater, where that is not too far.
fn offset(first: i64, id: i64) -> Option<u32> {
    u32::try_from(id.checked_sub(first)?).ok()
}

impl Chunk {
    pub(super) fn new(id: i64, row: Row) -> Self {
        let mut chunk = Self {
            first: id,
            offsets: Vec::new(),
            kinds: Numbers::default(),
            places: Numbers::default(),
            sets: Numbers::default(),
            by_place: OnceLock::new(),
        };
        chunk.insert(0, 0, row);
        chunk
    }

    pub(super) fn len(&self) -> usize {
        self.offsets.len()
    }

    pub(super) fn first(&self) -> i64 {
        self.first + self.offsets.first().map_or(0, |offset| i64::from(*offset))
    }

    pub(super) fn id(&self, at: usize) -> i64 {
        self.first + i64::from(self.offsets[at])
    }

    pub(super) fn row(&self, at: usize) -> Row {
        Row {
            kind: self.kinds.get(at),
            place: self.places.get(at),
            set: self.sets.get(at),
        }
    }

    /// The place of a number, or the place where it would be.
    pub(super) fn find(&self, id: i64) -> Result<usize, usize> {
        if id < self.first {
            return Err(0);
        }
        match offset(self.first, id) {
            Some(offset) => self.offsets.binary_search(&offset),
            None => Err(self.len()),
        }
    }

    /// Its rows by place.
    pub(super) fn by_place(&self) -> &ByValue {
        self.by_place
            .get_or_init(|| Arc::new(ByValue::of(&self.places)))
    }

    pub(super) fn set(&mut self, at: usize, row: Row) {
        if self.places.get(at) != row.place {
            self.by_place.take();
        }
        self.kinds.set(at, row.kind);
        self.places.set(at, row.place);
        self.sets.set(at, row.set);
    }

    /// Puts a row in at its place. Says no where its number is too far from the others'.
    pub(super) fn put_in(&mut self, at: usize, id: i64, row: Row) -> bool {
        if id < self.first {
            let fits = offset(id, self.first).and_then(|by| {
                let last = self.offsets.last()?;
                last.checked_add(by).map(|_| by)
            });
            let Some(by) = fits else { return false };
            self.first = id;
            self.offsets.iter_mut().for_each(|offset| *offset += by);
        }
        match offset(self.first, id) {
            Some(offset) => {
                self.insert(at, offset, row);
                true
            }
            None => false,
        }
    }

    fn insert(&mut self, at: usize, offset: u32, row: Row) {
        self.by_place.take();
        self.offsets.insert(at, offset);
        self.kinds.insert(at, row.kind);
        self.places.insert(at, row.place);
        self.sets.insert(at, row.set);
    }

    pub(super) fn remove(&mut self, at: usize) {
        self.by_place.take();
        self.offsets.remove(at);
        self.kinds.remove(at);
        self.places.remove(at);
        self.sets.remove(at);
    }

    /// Takes the rows from a place on away into a chunk of their own.
    pub(super) fn split_off(&mut self, at: usize) -> Self {
        self.by_place.take();
        Self {
            first: self.first,
            offsets: self.offsets.split_off(at),
            kinds: self.kinds.split_off(at),
            places: self.places.split_off(at),
            sets: self.sets.split_off(at),
            by_place: OnceLock::new(),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.offsets.capacity() * size_of::<u32>()
            + self.kinds.bytes()
            + self.places.bytes()
            + self.sets.bytes()
            + self.by_place.get().map_or(0, |rows| rows.bytes())
    }
}
