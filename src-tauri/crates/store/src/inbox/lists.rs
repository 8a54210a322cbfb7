//! Short lists and the small numbers that stand for them.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

/// Short lists, all in one. Numbers are given in order, and what finds them is shared by all copies: a
/// number that a copy has not is of one that went further.
#[derive(Debug, Clone)]
pub(super) struct Lists<T> {
    numbers: Arc<Mutex<HashMap<u64, u32>>>,
    ends: Vec<u32>,
    members: Vec<T>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self {
            numbers: Arc::default(),
            ends: Vec::new(),
            members: Vec::new(),
        }
    }
}

impl<T: Copy + Eq + Hash> Lists<T> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The members of one.
    pub(super) fn members(&self, number: usize) -> &[T] {
        let begin = match number {
            0 => 0,
            _ => self.ends[number - 1] as usize,
        };
        &self.members[begin..self.ends[number] as usize]
    }

    /// The members of each.
    pub(super) fn each(&self) -> impl Iterator<Item = &[T]> {
        (0..self.len()).map(|number| self.members(number))
    }

    /// Where the number of a list is noted, and the number, if it is there.
    fn place(&self, numbers: &HashMap<u64, u32>, list: &[T]) -> (u64, Option<u32>) {
        let mut hasher = DefaultHasher::new();
        list.hash(&mut hasher);
        let mut place = hasher.finish();
        while let Some(number) = numbers.get(&place) {
            match self.len().checked_sub(*number as usize + 1) {
                // Of a copy that went further and was not kept.
                None => break,
                Some(_) if self.members(*number as usize) == list => {
                    return (place, Some(*number));
                }
                Some(_) => place = place.wrapping_add(1),
            }
        }
        (place, None)
    }

    pub(super) fn find(&self, list: &[T]) -> Option<u32> {
        let numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        self.place(&numbers, list).1
    }

    /// Adds a list that is not there.
    pub(super) fn add(&mut self, list: &[T]) -> u32 {
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let number = small(self.ends.len());
        {
            let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
            let (place, _) = self.place(&numbers, list);
            numbers.insert(place, number);
        }
        self.members.extend_from_slice(list);
        self.ends.push(small(self.members.len()));
        number
    }

    pub(super) fn bytes(&self) -> usize {
        let numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        self.ends.capacity() * size_of::<u32>()
            + self.members.capacity() * size_of::<T>()
            + numbers.capacity() * (size_of::<(u64, u32)>() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_only_another_copy_has_is_given_again() {
        let mut lists = Lists::default();
        let number = lists.add(&[1, 2]);
        let mut further = lists.clone();
        assert_eq!(further.add(&[3]), 1);
        assert_eq!(lists.find(&[3]), None);
        assert_eq!(lists.add(&[4]), 1);
        assert_eq!(lists.add(&[3]), 2);
        assert_eq!(lists.find(&[1, 2]), Some(number));
        assert_eq!(lists.members(1), [4]);
        assert_eq!((lists.find(&[4]), lists.find(&[3])), (Some(1), Some(2)));
    }
}
