//! What a change of mapping or rules would do to everything that is cached.
//!
//! Every rejected and every accepted record is judged again under the change, on all cores, through
//! readers of their own in batches, so that neither a run nor a screen waits for it.

mod told;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::NaiveDateTime;
use zhengqiao_domain::primitives::moment;
use zhengqiao_domain::{
    Check, CompiledMapping, DatasetId, Mapping, MappingError, Outcome, RuleSet, RuleSettings,
};
use zhengqiao_store::business_keys::BusinessKeys;
use zhengqiao_store::hash::Hash;
use zhengqiao_store::{Cache, Connection, StoreError, record, rejection, source};

pub use told::{Effect, EffectNumber, EffectSample, Watch};

use crate::batch::Desk;
use crate::judge::{Judged, KeptFindings, Under, failing, judge};
use crate::sitting::ParentCache;

/// Numbers of records that are looked through at once.
const STRETCH: i64 = 500;
/// Threads at most.
const MOST_WORKERS: usize = 8;

/// A change whose effect is asked for: all that holds after it, and what holds now.
#[derive(Debug, Clone)]
pub struct Change {
    /// The connection.
    pub connection_id: i64,
    /// Rules as they would be.
    pub rules: RuleSettings,
    /// Mappings as they would be, of the datasets that are looked at.
    pub mappings: BTreeMap<DatasetId, Mapping>,
    /// Rules as they are.
    pub present_rules: RuleSettings,
    /// Mappings as they are.
    pub present_mappings: BTreeMap<DatasetId, Mapping>,
    /// Now in UTC+8.
    pub now: NaiveDateTime,
    /// Now, unix ms.
    pub now_ms: i64,
}

/// Computes what a change would do, dataset by dataset; it blocks, and ends early when cancelled.
///
/// # Errors
/// A mapping that cannot be used, or the cache's.
pub fn compute(
    cache: &Cache,
    change: &Change,
    watch: &impl Watch,
) -> Result<Result<BTreeMap<DatasetId, Effect>, MappingError>, StoreError> {
    let rules = RuleSet::new(&change.rules);
    let present_rules = RuleSet::new(&change.present_rules);
    let mut effects = BTreeMap::new();
    for (dataset, mapping) in &change.mappings {
        let mapping = match CompiledMapping::new(*dataset, mapping) {
            Ok(mapping) => mapping,
            Err(error) => return Ok(Err(error)),
        };
        let present = change
            .present_mappings
            .get(dataset)
            .and_then(|mapping| CompiledMapping::new(*dataset, mapping).ok());
        let (connection_id, id) = (change.connection_id, *dataset);
        let source_id = cache.read_blocking(|conn| source::find(conn, connection_id, id))?;
        let totals = Mutex::new(Totals::default());
        // As they are when it begins: a run that goes on meanwhile is not waited for.
        let keys = match source_id {
            Some(source_id) => cache.read_blocking(|conn| {
                let accepted = source::accepted(conn, source_id)?;
                let accepted = usize::try_from(accepted).unwrap_or_default();
                BusinessKeys::of(conn, source_id, accepted, || !watch.is_cancelled())
            })?,
            None => None,
        };
        if let (Some(source_id), Some(keys)) = (source_id, keys) {
            let work = Work {
                cache,
                change,
                dataset: id,
                source_id,
                check: Check::new(&rules, change.now),
                rules: &rules,
                mapping,
                present,
                present_check: Check::new(&present_rules, change.now),
                present_rules: &present_rules,
                keys,
                totals: &totals,
                watch,
            };
            for accepted in [false, true] {
                work.share(accepted)?;
            }
        }
        let mut effect = totals
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .effect;
        effect.done = !watch.is_cancelled();
        watch.tell(id, &effect);
        let ends = !effect.done;
        effects.insert(id, effect);
        if ends {
            break;
        }
    }
    Ok(Ok(effects))
}

#[derive(Default)]
struct Totals {
    effect: Effect,
    /// Business keys of rejected records that would pass: only one of each can.
    taken: HashMap<Hash, Hash>,
}

struct Work<'a, W: Watch> {
    cache: &'a Cache,
    change: &'a Change,
    dataset: DatasetId,
    source_id: i64,
    check: Check<'a>,
    rules: &'a RuleSet,
    mapping: CompiledMapping,
    present: Option<CompiledMapping>,
    present_check: Check<'a>,
    present_rules: &'a RuleSet,
    keys: BusinessKeys,
    totals: &'a Mutex<Totals>,
    watch: &'a W,
}

/// A row that was judged, with what it is compared with.
struct Seen {
    id: i64,
    judged: Judged,
    before: Before,
}

enum Before {
    /// What it would fail by and does not fail by now.
    Rejected { new: Vec<(String, String)> },
    /// Whether it is as it was, and whether it would pass now.
    Accepted { same: bool, passes: bool },
}

/// What is known of a row without judging it.
#[derive(Clone, Copy)]
enum Known<'a> {
    Rejected { findings: &'a str },
    Accepted { hash: Hash, business: Option<Hash> },
}

impl<W: Watch> Work<'_, W> {
    /// Shares the rows out among as many threads as there are cores.
    fn share(&self, accepted: bool) -> Result<(), StoreError> {
        let workers = std::thread::available_parallelism()
            .map_or(1, usize::from)
            .clamp(1, MOST_WORKERS);
        let source_id = self.source_id;
        let last = self.cache.read_blocking(|conn| {
            if accepted {
                record::greatest_id(conn, source_id)
            } else {
                rejection::greatest_id(conn)
            }
        })?;
        let next = AtomicI64::new(0);
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..workers)
                .map(|_| {
                    scope.spawn(|| {
                        self.cache
                            .read_blocking(|conn| self.worker(conn, accepted, &next, last))
                    })
                })
                .collect();
            threads.into_iter().try_for_each(|thread| {
                thread.join().unwrap_or_else(|_| {
                    Err(StoreError::Content("a thread ended unexpectedly".into()))
                })
            })
        })
    }

    /// Takes one stretch of numbers after another.
    fn worker(
        &self,
        conn: &Connection,
        accepted: bool,
        next: &AtomicI64,
        last: i64,
    ) -> Result<(), StoreError> {
        let desk = Desk::reading(
            conn,
            self.change.connection_id,
            self.dataset,
            self.source_id,
            self.change.now_ms,
            &moment::canonical(self.change.now),
        )?;
        let mut parents = ParentCache::default();
        loop {
            let after = next.fetch_add(STRETCH, Ordering::Relaxed);
            if after >= last || self.watch.is_cancelled() {
                return Ok(());
            }
            let mut is_any = false;
            let mut show = |id: i64, raw: &[u8], known: Known<'_>| {
                if !self.watch.is_cancelled() {
                    let seen = self.look(conn, &desk, id, raw, known, &mut parents)?;
                    self.totals().add(self.dataset, &seen);
                    is_any = true;
                }
                Ok(())
            };
            let (source_id, until) = (self.source_id, after + STRETCH);
            if accepted {
                record::show_between(conn, source_id, after, until, |kept| {
                    let known = Known::Accepted {
                        hash: kept.hash,
                        business: kept.business_hash,
                    };
                    show(kept.id, kept.raw, known)
                })?;
            } else {
                rejection::show_open_between(
                    conn,
                    source_id,
                    after,
                    until,
                    |id, raw, findings| show(id, raw, Known::Rejected { findings }),
                )?;
            }
            if self.watch.is_cancelled() {
                return Ok(());
            }
            if is_any {
                let effect = self.totals().effect.numbers();
                self.watch.tell(self.dataset, &effect);
            }
        }
    }

    fn totals(&self) -> MutexGuard<'_, Totals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(
        &self,
        conn: &Connection,
        desk: &Desk,
        id: i64,
        raw: &[u8],
        known: Known<'_>,
        parents: &mut ParentCache,
    ) -> Result<Seen, StoreError> {
        let own = match &known {
            Known::Accepted { business, .. } => business.as_ref(),
            Known::Rejected { .. } => None,
        };
        let may_others_have = |business: &Hash| self.keys.may_others_have(business, own);
        let mut under = |under: &Under<'_>| {
            let parents = &mut *parents;
            judge(conn, desk, under, raw, parents, may_others_have)
        };
        let judged = under(&Under {
            mapping: &self.mapping,
            check: &self.check,
            rules: self.rules,
        })?;
        let before = match known {
            Known::Accepted { hash, .. } => {
                // One that would fail already is not made to fail by the change.
                let passes = judged.outcome == Outcome::Accepted || judged.withdraws || {
                    match &self.present {
                        Some(present) => {
                            let present = Under {
                                mapping: present,
                                check: &self.present_check,
                                rules: self.present_rules,
                            };
                            under(&present)?.outcome == Outcome::Accepted
                        }
                        None => true,
                    }
                };
                Before::Accepted {
                    same: hash == judged.row.hash,
                    passes,
                }
            }
            Known::Rejected { findings } => {
                let findings: KeptFindings<'_> = serde_json::from_str(findings)?;
                let before = findings.failing();
                let now = failing(&judged.row.findings);
                let new = now.difference(&before).copied();
                Before::Rejected {
                    new: new.map(owned).collect(),
                }
            }
        };
        Ok(Seen { id, judged, before })
    }
}

fn owned((rule, field): (&str, &str)) -> (String, String) {
    (rule.to_owned(), field.to_owned())
}

impl Totals {
    fn add(&mut self, dataset: DatasetId, seen: &Seen) {
        let effect = &mut self.effect;
        let Judged {
            row,
            outcome,
            as_duplicate,
            withdraws,
        } = &seen.judged;
        let (mut outcome, as_duplicate, withdraws) = (*outcome, *as_duplicate, *withdraws);
        let fails = failing(&row.findings);
        let number = match &seen.before {
            Before::Rejected { new } => {
                effect.rejected += 1;
                // A withdrawal that waits for a person goes on waiting.
                if withdraws {
                    outcome = Outcome::Held;
                } else if outcome == Outcome::Accepted
                    && let Some(business) = row.business_hash
                    && *self.taken.entry(business).or_insert(row.key_hash) != row.key_hash
                {
                    outcome = as_duplicate;
                }
                if outcome == Outcome::Accepted {
                    effect.would_pass += 1;
                    EffectNumber::WouldPass
                } else if withdraws || (new.is_empty() && !fails.is_empty()) {
                    effect.still_fail += 1;
                    EffectNumber::StillFail
                } else {
                    effect.fail_otherwise += 1;
                    for one in new {
                        *effect.other_rules.entry(one.clone()).or_default() += 1;
                    }
                    EffectNumber::FailOtherwise
                }
            }
            Before::Accepted { same, passes } => {
                effect.accepted += 1;
                if outcome != Outcome::Accepted && !withdraws && *passes {
                    effect.would_fail += 1;
                    for one in &fails {
                        *effect.fail_rules.entry(owned(*one)).or_default() += 1;
                    }
                    EffectNumber::WouldFail
                } else if *same || outcome != Outcome::Accepted {
                    return;
                } else {
                    effect.would_change += 1;
                    EffectNumber::WouldChange
                }
            }
        };
        if !effect.keeps(number, seen.id) {
            return;
        }
        let title = row
            .record
            .get(dataset.dataset().title)
            .unwrap_or_default()
            .to_owned();
        let fails = fails.into_iter().map(owned).collect();
        effect.keep(
            number,
            EffectSample {
                id: seen.id,
                record_key: row.key.clone(),
                title,
                fails,
            },
        );
    }
}
