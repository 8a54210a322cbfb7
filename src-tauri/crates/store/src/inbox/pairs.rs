//! Counts by two numbers.

use std::collections::HashMap;

use super::tally::Few;

/// Pairs that are counted in a plain table at most.
const DENSE: usize = 4_000_000;

/// Counts by two numbers: the place of a cause in a list, and a value of a column.
pub(super) enum Pairs {
    Dense { width: usize, counts: Vec<u32> },
    Sparse(HashMap<(u32, u32), u32>),
}

impl Pairs {
    pub(super) fn new(height: usize, width: usize) -> Self {
        if height.saturating_mul(width) <= DENSE {
            Pairs::Dense {
                width,
                counts: vec![0; height * width],
            }
        } else {
            Pairs::Sparse(HashMap::new())
        }
    }

    pub(super) fn add(&mut self, first: u32, second: u32) {
        match self {
            Pairs::Dense { width, counts } => {
                counts[first as usize * *width + second as usize] += 1;
            }
            Pairs::Sparse(counts) => *counts.entry((first, second)).or_default() += 1,
        }
    }

    /// What was counted for each first number; so many there are.
    pub(super) fn by_first(&self, height: usize) -> Vec<Few> {
        let mut lists = vec![Few::default(); height];
        match self {
            Pairs::Dense { width, counts } => {
                for (list, counts) in lists.iter_mut().zip(counts.chunks((*width).max(1))) {
                    let counted = (0_u32..).zip(counts.iter().copied());
                    list.0.extend(counted.filter(|(_, rows)| *rows > 0));
                }
            }
            Pairs::Sparse(counts) => {
                for ((first, second), rows) in counts {
                    lists[*first as usize].0.push((*second, *rows));
                }
            }
        }
        lists
    }
}
