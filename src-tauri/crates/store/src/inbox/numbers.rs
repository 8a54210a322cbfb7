//! A column of small numbers: two bytes each as long as that is enough, four from then on.

/// The numbers of one column.
#[derive(Debug, Clone)]
pub(super) enum Numbers {
    Narrow(Vec<u16>),
    Wide(Vec<u32>),
}

impl Default for Numbers {
    fn default() -> Self {
        Numbers::Narrow(Vec::new())
    }
}

impl Numbers {
    pub(super) fn len(&self) -> usize {
        match self {
            Numbers::Narrow(list) => list.len(),
            Numbers::Wide(list) => list.len(),
        }
    }

    pub(super) fn get(&self, at: usize) -> u32 {
        match self {
            Numbers::Narrow(list) => u32::from(list[at]),
            Numbers::Wide(list) => list[at],
        }
    }

    pub(super) fn set(&mut self, at: usize, number: u32) {
        self.make_room(number);
        match self {
            Numbers::Narrow(list) => list[at] = narrow(number),
            Numbers::Wide(list) => list[at] = number,
        }
    }

    pub(super) fn insert(&mut self, at: usize, number: u32) {
        self.make_room(number);
        match self {
            Numbers::Narrow(list) => list.insert(at, narrow(number)),
            Numbers::Wide(list) => list.insert(at, number),
        }
    }

    pub(super) fn remove(&mut self, at: usize) {
        match self {
            Numbers::Narrow(list) => drop(list.remove(at)),
            Numbers::Wide(list) => drop(list.remove(at)),
        }
    }

    pub(super) fn split_off(&mut self, at: usize) -> Self {
        match self {
            Numbers::Narrow(list) => Numbers::Narrow(list.split_off(at)),
            Numbers::Wide(list) => Numbers::Wide(list.split_off(at)),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Numbers::Narrow(list) => list.capacity() * size_of::<u16>(),
            Numbers::Wide(list) => list.capacity() * size_of::<u32>(),
        }
    }

    /// Adds a weight to the count of the number at each of the places.
    pub(super) fn count(&self, places: impl Iterator<Item = (usize, u32)>, counts: &mut Lanes) {
        match self {
            Numbers::Narrow(list) => counts.add(places.map(|(at, by)| (u32::from(list[at]), by))),
            Numbers::Wide(list) => counts.add(places.map(|(at, by)| (list[at], by))),
        }
    }

    /// The same, by what a map has for the number.
    pub(super) fn count_by(
        &self,
        map: &[u32],
        places: impl Iterator<Item = (usize, u32)>,
        counts: &mut Lanes,
    ) {
        match self {
            Numbers::Narrow(list) => {
                counts.add(places.map(|(at, by)| (map[usize::from(list[at])], by)));
            }
            Numbers::Wide(list) => {
                counts.add(places.map(|(at, by)| (map[list[at] as usize], by)));
            }
        }
    }

    fn make_room(&mut self, number: u32) {
        if let Numbers::Narrow(list) = self
            && number > u32::from(u16::MAX)
        {
            *self = Numbers::Wide(list.iter().map(|each| u32::from(*each)).collect());
        }
    }
}

/// Lists of few counts.
const LANES: usize = 4;
/// Of more counts there is one list: four would leave the processor's nearer cache, and rows that follow
/// each other seldom have the same number.
const MANY: usize = 4096;

/// Counts by number, some lists of them: rows that follow each other mostly have the same number, and a
/// processor waits for a count that it has only just written.
#[derive(Debug, Clone)]
pub(super) struct Lanes {
    width: usize,
    copies: usize,
    list: Vec<u32>,
}

impl Lanes {
    pub(super) fn new(width: usize) -> Self {
        let copies = if width < MANY { LANES } else { 1 };
        Self {
            width,
            copies,
            list: vec![0; width * copies],
        }
    }

    fn add(&mut self, numbers: impl Iterator<Item = (u32, u32)>) {
        if self.copies == 1 {
            numbers.for_each(|(number, by)| self.list[number as usize] += by);
            return;
        }
        for (lane, (number, by)) in numbers.enumerate() {
            self.list[(lane % LANES) * self.width + number as usize] += by;
        }
    }

    /// Adds the counts of other rows.
    pub(super) fn join(&mut self, other: &Self) {
        for (one, other) in self.list.iter_mut().zip(&other.list) {
            *one += other;
        }
    }

    /// The count of each number.
    pub(super) fn sums(&self) -> Vec<u32> {
        (0..self.width)
            .map(|at| self.list[at..].iter().step_by(self.width).sum())
            .collect()
    }
}

/// The number itself: a greater one has made the column wide before.
fn narrow(number: u32) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_grows_beyond_two_bytes_keeps_its_numbers() {
        let mut numbers = Numbers::default();
        numbers.insert(0, 7);
        numbers.insert(0, 65_535);
        numbers.insert(2, 70_000);
        numbers.set(1, 9);
        assert!(matches!(numbers, Numbers::Wide(_)));
        assert_eq!(
            (0..3).map(|at| numbers.get(at)).collect::<Vec<_>>(),
            [65_535, 9, 70_000]
        );
    }
}
