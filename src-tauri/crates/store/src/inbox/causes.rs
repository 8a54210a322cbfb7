//! Causes by small numbers.

use super::dictionary::Dictionary;

/// Rule and field of a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CauseOf {
    /// The rule's code.
    pub rule: String,
    /// The field.
    pub field: String,
}

/// Rule and field by number; those of a cause that is not noted yet are no number of any.
const UNKNOWN: u32 = u32::MAX;

/// Rule and field of a cause, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Part {
    pub(super) rule: u32,
    pub(super) field: u32,
}

/// The causes.
#[derive(Debug, Clone, Default)]
pub(super) struct Causes {
    /// Their numbers in the cache.
    pub(super) of: Dictionary<i64>,
    pub(super) rules: Dictionary<String>,
    pub(super) fields: Dictionary<String>,
    pub(super) rule: Vec<u32>,
    pub(super) field: Vec<u32>,
}

impl Causes {
    /// Rule and field of a cause, by number.
    pub(super) fn part(&self, cause: u32) -> Part {
        Part {
            rule: self.rule[cause as usize],
            field: self.field[cause as usize],
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.of.values.len()
    }

    /// The small number of a cause.
    pub(super) fn number(&mut self, id: i64) -> u32 {
        let number = self.of.number(&id);
        if self.rule.len() <= number as usize {
            self.rule.push(UNKNOWN);
            self.field.push(UNKNOWN);
        }
        number
    }

    /// Notes what a cause is. Says no when its number stood for another one.
    pub(super) fn note(&mut self, id: i64, cause: &CauseOf) -> bool {
        let number = self.number(id) as usize;
        let rule = self.rules.number(cause.rule.as_str());
        let field = self.fields.number(cause.field.as_str());
        if self.rule[number] == UNKNOWN {
            self.rule[number] = rule;
            self.field[number] = field;
        }
        self.rule[number] == rule && self.field[number] == field
    }

    /// Whether a cause is noted as this.
    pub(super) fn is(&self, id: i64, cause: &CauseOf) -> bool {
        self.of.find(&id).is_some_and(|number| {
            let number = number as usize;
            let rule = self.rules.find(cause.rule.as_str());
            let field = self.fields.find(cause.field.as_str());
            Some(self.rule[number]) == rule && Some(self.field[number]) == field
        })
    }

    pub(super) fn bytes(&self) -> usize {
        self.of.bytes()
            + self.rules.bytes()
            + self.fields.bytes()
            + (self.rule.capacity() + self.field.capacity()) * size_of::<u32>()
    }
}
