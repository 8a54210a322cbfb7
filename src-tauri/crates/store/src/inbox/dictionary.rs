//! Values and the small numbers that stand for them.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// Values and the small numbers that stand for them. A number that was given back stands for another
/// value later.
#[derive(Debug, Clone)]
pub(super) struct Dictionary<K> {
    pub(super) values: Vec<K>,
    numbers: HashMap<K, u32>,
    free: Vec<u32>,
}

impl<K> Default for Dictionary<K> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            numbers: HashMap::new(),
            free: Vec::new(),
        }
    }
}

impl<K: Hash + Eq + Clone> Dictionary<K> {
    pub(super) fn find<Q>(&self, value: &Q) -> Option<u32>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.numbers.get(value).copied()
    }

    /// The number of a value, a new one for a new value.
    pub(super) fn number<Q>(&mut self, value: &Q) -> u32
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        match self.find(value) {
            Some(number) => number,
            None => self.add(value.to_owned()),
        }
    }

    fn add(&mut self, value: K) -> u32 {
        let number = self.free.pop().unwrap_or_else(|| {
            self.values.push(value.clone());
            u32::try_from(self.values.len() - 1).unwrap_or(u32::MAX)
        });
        self.values[number as usize] = value.clone();
        self.numbers.insert(value, number);
        number
    }

    /// Gives a number back: no row has it any more.
    pub(super) fn forget(&mut self, number: u32) {
        if let Some(value) = self.values.get(number as usize) {
            self.numbers.remove(value);
            self.free.push(number);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.values.capacity() * size_of::<K>()
            + self.numbers.capacity() * (size_of::<K>() + size_of::<u32>() + 1)
    }
}

/// The number of a value in a dictionary that others may be reading: a copy is made for a new value only.
pub(super) fn number<K, Q>(dictionary: &mut Arc<Dictionary<K>>, value: &Q) -> u32
where
    K: Borrow<Q> + Hash + Eq + Clone,
    Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
{
    match dictionary.find(value) {
        Some(number) => number,
        None => Arc::make_mut(dictionary).add(value.to_owned()),
    }
}
