//! What is told of an effect: its numbers, some of the records behind each, and who watches.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use zhengqiao_domain::DatasetId;

/// Records that are kept behind each number.
const KEPT_SAMPLES: usize = 1_000;

/// A number of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EffectNumber {
    /// Rejected records that would pass.
    WouldPass,
    /// Rejected records that would fail by nothing new.
    StillFail,
    /// Rejected records that would fail by something else.
    FailOtherwise,
    /// Accepted records that would be kept with other content.
    WouldChange,
    /// Accepted records that would not be accepted any more.
    WouldFail,
}

/// A record behind a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectSample {
    /// The rejection's number, or the record's.
    pub id: i64,
    /// Its key.
    pub record_key: String,
    /// Its title.
    pub title: String,
    /// Rules and fields by which it would fail.
    pub fails: Vec<(String, String)>,
}

/// What a change would do to one dataset, as far as it was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effect {
    /// Rejected and held records looked at.
    pub rejected: u64,
    /// Of these, would pass.
    pub would_pass: u64,
    /// Would fail by nothing new.
    pub still_fail: u64,
    /// Would fail by something that they do not fail by now.
    pub fail_otherwise: u64,
    /// Accepted records looked at.
    pub accepted: u64,
    /// Of these, would be kept with other content.
    pub would_change: u64,
    /// Would not be accepted any more, though they would be now.
    pub would_fail: u64,
    /// Rules and fields by which accepted records would fail.
    pub fail_rules: BTreeMap<(String, String), u64>,
    /// Rules and fields that rejected records would newly fail by.
    pub other_rules: BTreeMap<(String, String), u64>,
    /// Whether everything was looked at.
    pub done: bool,
    /// Some of the records behind each number, those with the smallest numbers.
    pub samples: BTreeMap<EffectNumber, BTreeMap<i64, EffectSample>>,
}

/// Who watches a computation: told after each batch, asked before each record.
pub trait Watch: Sync {
    /// Whether it is to end.
    fn is_cancelled(&self) -> bool;
    /// How far a dataset is.
    fn tell(&self, dataset: DatasetId, effect: &Effect);
}

impl Watch for AtomicBool {
    fn is_cancelled(&self) -> bool {
        self.load(Ordering::Relaxed)
    }

    fn tell(&self, _dataset: DatasetId, _effect: &Effect) {}
}

impl Effect {
    /// The numbers without the samples.
    pub(super) fn numbers(&self) -> Effect {
        Effect {
            samples: BTreeMap::new(),
            fail_rules: self.fail_rules.clone(),
            other_rules: self.other_rules.clone(),
            ..*self
        }
    }

    /// Whether a record is among those that are kept behind a number, as far as they are known.
    pub(super) fn keeps(&self, number: EffectNumber, id: i64) -> bool {
        self.samples.get(&number).is_none_or(|kept| {
            kept.len() < KEPT_SAMPLES || kept.last_key_value().is_some_and(|(last, _)| id < *last)
        })
    }

    pub(super) fn keep(&mut self, number: EffectNumber, sample: EffectSample) {
        let kept = self.samples.entry(number).or_default();
        kept.insert(sample.id, sample);
        if kept.len() > KEPT_SAMPLES {
            kept.pop_last();
        }
    }
}
