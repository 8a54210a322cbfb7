//! Rows by one of their keys: two numbers a row, and no key is stored twice.
//!
//! Buckets hold the first row, rows the next; whoever walks a bucket compares the rows' own key.

const END: u32 = u32::MAX;

/// Positions of rows by a key; several rows may have the same. Key 0 is none.
pub(super) struct Column<R> {
    of: fn(&R) -> u64,
    heads: Vec<u32>,
    next: Vec<u32>,
}

impl<R> Column<R> {
    /// A column of the key that a function takes from a row.
    pub(super) fn new(of: fn(&R) -> u64) -> Self {
        Self {
            of,
            heads: vec![END; 16],
            next: Vec::new(),
        }
    }

    fn bucket(&self, key: u64) -> usize {
        // The upper half of a product depends on every bit of the key.
        let spread = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        usize::try_from(spread).unwrap_or_default() & (self.heads.len() - 1)
    }

    /// Takes in a row that stands at its place already.
    pub(super) fn link(&mut self, rows: &[R], at: u32) {
        if rows.len() > self.next.len() {
            self.next.resize(rows.len(), END);
        }
        if rows.len() > self.heads.len() {
            self.heads = vec![END; rows.len().next_power_of_two()];
            for (row, at) in rows.iter().zip(0u32..) {
                self.push((self.of)(row), at);
            }
        } else {
            self.push((self.of)(&rows[at as usize]), at);
        }
    }

    fn push(&mut self, key: u64, at: u32) {
        if key != 0 {
            let bucket = self.bucket(key);
            self.next[at as usize] = self.heads[bucket];
            self.heads[bucket] = at;
        }
    }

    /// Takes out a row that still stands at its place.
    pub(super) fn unlink(&mut self, rows: &[R], at: u32) {
        let key = (self.of)(&rows[at as usize]);
        if key == 0 {
            return;
        }
        let bucket = self.bucket(key);
        let after = self.next[at as usize];
        let mut here = self.heads[bucket];
        if here == at {
            self.heads[bucket] = after;
            return;
        }
        while here != END {
            let next = self.next[here as usize];
            if next == at {
                self.next[here as usize] = after;
                return;
            }
            here = next;
        }
    }

    /// The rows with a key.
    pub(super) fn find<'a>(&'a self, rows: &'a [R], key: u64) -> impl Iterator<Item = u32> + 'a {
        let mut at = if key == 0 {
            END
        } else {
            self.heads[self.bucket(key)]
        };
        std::iter::from_fn(move || {
            while at != END {
                let here = at;
                at = self.next[here as usize];
                if (self.of)(&rows[here as usize]) == key {
                    return Some(here);
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

    #[test]
    fn rows_are_found_by_key_until_they_are_taken_out() {
        let mut column = Column::new(|row: &u64| *row);
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
    }
}
