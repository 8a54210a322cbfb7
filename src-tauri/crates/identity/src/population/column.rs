//! Rows by one of their keys: two numbers a row, and no key is stored twice.
//!
//! Buckets hold the first place, places the next; whoever walks a bucket compares the rows' own key. A
//! column that most rows have a key for has a place for each row; one that few have it for names the
//! rows of its places.

const END: u32 = u32::MAX;

/// Positions of rows by a key; several rows may have the same. Key 0 is none.
pub(super) struct Column<R> {
    of: fn(&R) -> u64,
    heads: Vec<u32>,
    next: Vec<u32>,
    /// The row of each place, where few rows have a key.
    rows: Option<Vec<u32>>,
    /// The first place that is free, where places have rows.
    free: u32,
}

impl<R> Column<R> {
    /// A column of the key that a function takes from a row, and most rows have.
    pub(super) fn new(of: fn(&R) -> u64) -> Self {
        Self {
            of,
            heads: vec![END; 16],
            next: Vec::new(),
            rows: None,
            free: END,
        }
    }

    /// A column of a key that few rows have.
    pub(super) fn sparse(of: fn(&R) -> u64) -> Self {
        Self {
            rows: Some(Vec::new()),
            ..Self::new(of)
        }
    }

    /// Takes in all rows, in no more memory than they need.
    pub(super) fn fill(&mut self, rows: &[R]) {
        let keyed = rows.iter().filter(|row| (self.of)(row) != 0).count();
        self.free = END;
        let places = match &mut self.rows {
            None => rows.len(),
            Some(own) => {
                own.clear();
                own.reserve_exact(keyed);
                own.extend(
                    (0u32..)
                        .zip(rows)
                        .filter(|(_, row)| (self.of)(row) != 0)
                        .map(|(at, _)| at),
                );
                keyed
            }
        };
        self.next.clear();
        self.next.reserve_exact(places);
        self.next.resize(places, END);
        self.heads = vec![END; keyed.next_power_of_two().max(16)];
        self.link_places(rows);
    }

    /// Makes room for so many rows.
    pub(super) fn reserve(&mut self, rows: &[R], count: usize) {
        self.next
            .reserve_exact(count.saturating_sub(self.next.len()));
        if count > self.heads.len() {
            self.heads = vec![END; count.next_power_of_two()];
            self.link_places(rows);
        }
    }

    /// Every place into its bucket; the buckets are empty.
    fn link_places(&mut self, rows: &[R]) {
        for place in (0u32..).take(self.next.len()) {
            let row = self.row(place);
            if row != END {
                self.push((self.of)(&rows[row as usize]), place);
            }
        }
    }

    fn row(&self, place: u32) -> u32 {
        match &self.rows {
            None => place,
            Some(rows) => rows[place as usize],
        }
    }

    fn bucket(&self, key: u64) -> usize {
        // The upper half of a product depends on every bit of the key.
        let spread = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        usize::try_from(spread).unwrap_or_default() & (self.heads.len() - 1)
    }

    /// Takes in a row that stands at its place already.
    pub(super) fn link(&mut self, rows: &[R], at: u32) {
        let key = (self.of)(&rows[at as usize]);
        let place = match &mut self.rows {
            None => {
                if rows.len() > self.next.len() {
                    self.next.resize(rows.len(), END);
                }
                at
            }
            Some(_) if key == 0 => return,
            Some(own) if self.free != END => {
                let place = self.free;
                self.free = self.next[place as usize];
                own[place as usize] = at;
                place
            }
            Some(own) => {
                let Ok(place) = u32::try_from(own.len()) else {
                    return;
                };
                own.push(at);
                self.next.push(END);
                place
            }
        };
        if self.next.len() > self.heads.len() {
            self.heads = vec![END; self.next.len().next_power_of_two()];
            self.link_places(rows);
        } else {
            self.push(key, place);
        }
    }

    fn push(&mut self, key: u64, place: u32) {
        if key != 0 {
            let bucket = self.bucket(key);
            self.next[place as usize] = self.heads[bucket];
            self.heads[bucket] = place;
        }
    }

    /// Takes out a row that still stands at its place; it is then replaced by another, or by one without a key.
    pub(super) fn unlink(&mut self, rows: &[R], at: u32) {
        let key = (self.of)(&rows[at as usize]);
        if key == 0 {
            return;
        }
        let bucket = self.bucket(key);
        let (mut before, mut here) = (END, self.heads[bucket]);
        while here != END && self.row(here) != at {
            (before, here) = (here, self.next[here as usize]);
        }
        if here == END {
            return;
        }
        let after = self.next[here as usize];
        if before == END {
            self.heads[bucket] = after;
        } else {
            self.next[before as usize] = after;
        }
        if let Some(own) = &mut self.rows {
            own[here as usize] = END;
            self.next[here as usize] = self.free;
            self.free = here;
        }
    }

    /// The rows with a key.
    pub(super) fn find<'a>(&'a self, rows: &'a [R], key: u64) -> impl Iterator<Item = u32> + 'a {
        let mut place = if key == 0 {
            END
        } else {
            self.heads[self.bucket(key)]
        };
        std::iter::from_fn(move || {
            while place != END {
                let row = self.row(place);
                place = self.next[place as usize];
                if (self.of)(&rows[row as usize]) == key {
                    return Some(row);
                }
            }
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(column: &Column<u64>, rows: &[u64], key: u64) -> Vec<u32> {
        let mut found: Vec<u32> = column.find(rows, key).collect();
        found.sort_unstable();
        found
    }

    fn columns() -> [Column<u64>; 2] {
        [Column::new(|row| *row), Column::sparse(|row| *row)]
    }

    #[test]
    fn rows_are_found_by_key_until_they_are_taken_out() {
        for mut column in columns() {
            let mut rows = Vec::new();
            for at in 0..100u32 {
                rows.push(u64::from(at % 10));
                column.link(&rows, at);
            }
            assert!(all(&column, &rows, 0).is_empty());
            assert_eq!(all(&column, &rows, 3).len(), 10);
            column.unlink(&rows, 33);
            column.unlink(&rows, 93);
            column.unlink(&rows, 3);
            assert_eq!(all(&column, &rows, 3), [13, 23, 43, 53, 63, 73, 83]);
            assert_eq!(all(&column, &rows, 4).len(), 10);
            // Another key at a place that became free.
            rows[33] = 4;
            column.link(&rows, 33);
            assert_eq!(all(&column, &rows, 4).len(), 11);
            assert_eq!(all(&column, &rows, 3).len(), 7);
        }
    }

    #[test]
    fn a_column_that_is_filled_goes_on_like_one_that_grew() {
        for mut column in columns() {
            let mut rows: Vec<u64> = (0..1_000).map(|at| at % 7).collect();
            column.fill(&rows);
            for key in 1..7 {
                let expected = (0u32..1_000).filter(|at| u64::from(at % 7) == key);
                assert_eq!(all(&column, &rows, key), expected.collect::<Vec<_>>());
            }
            for at in (0..1_000u32).filter(|at| at % 7 == 5) {
                column.unlink(&rows, at);
                // A row that was taken out has no key, or another one.
                rows[at as usize] = 0;
            }
            for at in 1_000..3_000u32 {
                rows.push(u64::from(at % 3));
                column.link(&rows, at);
            }
            assert!(all(&column, &rows, 5).is_empty());
            assert_eq!(all(&column, &rows, 6).len(), 142);
            assert_eq!(all(&column, &rows, 2).len(), 143 + 667);
        }
    }
}
