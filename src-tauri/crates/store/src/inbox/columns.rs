//! What a filter or a facet needs of every rejection, as columns of small numbers in memory.
//!
//! A pass over them is some tenths of a millisecond a column at a million rejections, whichever and
//! however many filters there are; counters in the database would be exact for the combinations that
//! were thought of and would cost every written row one more write for each.

use std::collections::HashMap;
use std::hash::Hash;

use super::numbers::Numbers;

/// Columns with one value for each rejection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The source.
    Source,
    /// Its state.
    State,
    /// Rejected, held or refused.
    Outcome,
    /// The run that last brought it.
    Run,
    /// Department; empty where there is none.
    Department,
    /// Region; empty where there is none.
    Region,
    /// The day on which it was first seen.
    Day,
    /// The set of its causes.
    Causes,
}

impl Column {
    pub(super) const COUNT: usize = 8;
}

/// Values and the small numbers that stand for them.
#[derive(Debug)]
pub(super) struct Dictionary<K> {
    pub(super) values: Vec<K>,
    numbers: HashMap<K, u32>,
}

impl<K> Default for Dictionary<K> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            numbers: HashMap::new(),
        }
    }
}

impl<K: Hash + Eq + Clone> Dictionary<K> {
    pub(super) fn number<Q>(&mut self, value: &Q) -> u32
    where
        K: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(number) = self.numbers.get(value) {
            return *number;
        }
        let number = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.values.push(value.to_owned());
        self.numbers.insert(value.to_owned(), number);
        number
    }
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

/// Rule and field of a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CauseOf {
    /// The rule's code.
    pub rule: String,
    /// The field.
    pub field: String,
}

/// The columns.
#[derive(Debug, Default)]
pub struct Columns {
    pub(super) ids: Vec<i64>,
    /// Whether a row is there no more; it keeps its place.
    pub(super) gone: Vec<bool>,
    pub(super) gone_rows: usize,
    pub(super) values: [Numbers; Column::COUNT],
    /// Values of source, state, outcome and run.
    pub(super) numbers: [Dictionary<i64>; 4],
    /// Values of department, region and day.
    pub(super) texts: [Dictionary<String>; 3],
    pub(super) sets: Dictionary<Vec<i64>>,
    pub(super) causes: HashMap<i64, CauseOf>,
}

impl Columns {
    /// Columns without rows. States are numbered in their order, so that those that are open lie beside
    /// each other and are told from the others by two comparisons.
    pub fn new() -> Self {
        let mut columns = Self::default();
        for state in 1..=5 {
            columns.numbers[Column::State as usize].number(&state);
        }
        columns
    }

    /// Notes a source before its rows, so that those of one connection lie beside each other.
    pub fn note_source(&mut self, id: i64) {
        self.numbers[Column::Source as usize].number(&id);
    }

    /// Rows, those that are gone included.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    pub(super) fn column(&self, column: Column) -> &Numbers {
        &self.values[column as usize]
    }

    /// How many values a column has.
    pub(super) fn width(&self, column: Column) -> usize {
        match column {
            Column::Causes => self.sets.values.len(),
            Column::Department | Column::Region | Column::Day => self.texts
                [column as usize - Column::Department as usize]
                .values
                .len(),
            _ => self.numbers[column as usize].values.len(),
        }
    }

    pub(super) fn text_values(&self, column: Column) -> &[String] {
        match column {
            Column::Department | Column::Region | Column::Day => {
                &self.texts[column as usize - Column::Department as usize].values
            }
            _ => &[],
        }
    }

    pub(super) fn number_values(&self, column: Column) -> &[i64] {
        self.numbers
            .get(column as usize)
            .map_or(&[], |numbers| numbers.values.as_slice())
    }

    /// Notes what a cause is. Says no when its number stood for another one.
    pub fn note_cause(&mut self, id: i64, cause: &CauseOf) -> bool {
        *self.causes.entry(id).or_insert_with(|| cause.clone()) == *cause
    }

    /// Puts a rejection in or over what was known of it.
    pub fn put(&mut self, entry: &Entry<'_>) {
        let row = [
            self.numbers[0].number(&entry.source_id),
            self.numbers[1].number(&entry.state),
            self.numbers[2].number(&entry.outcome),
            self.numbers[3].number(&entry.run_id),
            self.texts[0].number(entry.department),
            self.texts[1].number(entry.region),
            self.texts[2].number(entry.day),
            self.sets.number(entry.causes),
        ];
        let newest = self.ids.last().is_none_or(|last| *last < entry.id);
        let at = if newest {
            self.ids.len()
        } else {
            match self.ids.binary_search(&entry.id) {
                Ok(at) => {
                    for (column, value) in self.values.iter_mut().zip(row) {
                        column.set(at, value);
                    }
                    if self.gone[at] {
                        self.gone[at] = false;
                        self.gone_rows -= 1;
                    }
                    return;
                }
                Err(at) => at,
            }
        };
        self.ids.insert(at, entry.id);
        self.gone.insert(at, false);
        for (column, value) in self.values.iter_mut().zip(row) {
            column.insert(at, value);
        }
    }

    /// Takes a rejection out.
    pub fn remove(&mut self, id: i64) {
        if let Ok(at) = self.ids.binary_search(&id)
            && !self.gone[at]
        {
            self.gone[at] = true;
            self.gone_rows += 1;
        }
    }
}
