//! The rows of a chunk by the value that they have in one column.

use super::numbers::Numbers;

/// The rows of a chunk, those of the same value together.
#[derive(Debug, Clone)]
pub(super) struct ByValue {
    /// Each value that a row has, and where its rows end.
    ends: Vec<(u32, u32)>,
    /// Places of the rows, by value and ascending.
    rows: Vec<u16>,
}

impl ByValue {
    pub(super) fn of(values: &Numbers) -> Self {
        let length = values.len();
        let greatest = (0..length).map(|at| values.get(at)).max().unwrap_or(0) as usize;
        let mut rows: Vec<u16> = vec![0; length];
        let mut ends = Vec::new();
        let mut counts = vec![0_u32; greatest + 1];
        for at in 0..length {
            counts[values.get(at) as usize] += 1;
        }
        let mut begin = 0;
        for (value, count) in (0_u32..).zip(&mut counts) {
            if *count > 0 {
                ends.push((value, begin + *count));
            }
            // From here on: where the value's next row comes.
            begin += std::mem::replace(count, begin);
        }
        for at in 0..length {
            let place = &mut counts[values.get(at) as usize];
            rows[*place as usize] = u16::try_from(at).unwrap_or(u16::MAX);
            *place += 1;
        }
        Self { ends, rows }
    }

    /// Each value that a row has, and its rows.
    pub(super) fn each(&self) -> impl Iterator<Item = (u32, &[u16])> {
        let mut begin = 0;
        self.ends.iter().map(move |(value, end)| {
            let end = *end as usize;
            (*value, &self.rows[std::mem::replace(&mut begin, end)..end])
        })
    }

    pub(super) fn bytes(&self) -> usize {
        self.ends.capacity() * size_of::<(u32, u32)>() + self.rows.capacity() * size_of::<u16>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_with_its_value_in_order() {
        let mut values = Numbers::default();
        for (at, value) in [70_000, 3, 0, 3, 70_000, 3].into_iter().enumerate() {
            values.insert(at, value);
        }
        let by_value = ByValue::of(&values);
        let each: Vec<(u32, Vec<u16>)> = by_value
            .each()
            .map(|(value, rows)| (value, rows.to_vec()))
            .collect();
        assert_eq!(
            each,
            [(0, vec![2]), (3, vec![1, 3, 5]), (70_000, vec![0, 4])]
        );
        assert_eq!(ByValue::of(&Numbers::default()).each().count(), 0);
    }
}
