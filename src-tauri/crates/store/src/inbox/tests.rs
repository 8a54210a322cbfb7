//! Facts about the inbox: what it counts is what is there.

mod columns;
mod late;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::hash::of_parts;
use crate::rejection::{HELD, NewRejection, REJECTED, put, remove, resolve};
use crate::rejection_version::Act;
use crate::{Cache, CacheKey};
use zhengqiao_domain::DatasetId;

const PERSON: Act<'static> = Act {
    run_id: 1,
    actor: Some("管理员"),
    act: "ignore_rejections",
    at: 5,
};
const RULES: [&str; 3] = ["required.missing", "code.unknown", "format.moment"];
const FIELDS: [&str; 2] = ["apply_date", "project_type"];
const DEPARTMENTS: [&str; 3] = ["", "部门甲", "部门乙"];
const REGIONS: [&str; 2] = ["230102000000", "230103000000"];
const DAYS: [&str; 3] = ["2026-01-01", "2026-01-02", "2026-01-05"];

const ALL: Most = Most {
    causes: 100,
    departments: 100,
    days: 100,
};

struct Bed {
    cache: Cache,
    sources: [i64; 2],
    _dir: tempfile::TempDir,
}

fn bed() -> Bed {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(&dir.path().join("cache.db"), &CacheKey::new([9; 32])).unwrap();
    let sources = cache
        .write_blocking(|tx| {
            let connection = crate::connection::insert(tx, "演示", "demo", "{}", 1)?;
            Ok([
                crate::source::ensure(tx, connection, DatasetId::CaseAcceptance)?,
                crate::source::ensure(tx, connection, DatasetId::Review)?,
            ])
        })
        .unwrap();
    Bed {
        cache,
        sources,
        _dir: dir,
    }
}

/// A rejection that comes, for the first time or again.
#[derive(Debug, Clone)]
struct Coming {
    key: u8,
    content: u8,
    source: usize,
    held: bool,
    causes: u8,
    department: usize,
    region: usize,
    day: usize,
    run: i64,
}

fn come(bed: &Bed, coming: &Coming) -> i64 {
    let (coming, sources) = (coming.clone(), bed.sources);
    bed.cache
        .write_blocking(move |tx| {
            let key = format!("KEY{}", coming.key);
            let causes: Vec<(String, String, String)> = (0..6)
                .filter(|bit| coming.causes & (1 << bit) != 0)
                .map(|bit| (RULES[bit % 3].into(), FIELDS[bit / 3].into(), String::new()))
                .collect();
            put(
                tx,
                &NewRejection {
                    source_id: sources[coming.source],
                    key_hash: &of_parts([key.as_str()]),
                    record_key: &key,
                    outcome: if coming.held { HELD } else { REJECTED },
                    run_id: coming.run,
                    at: 1,
                    day: DAYS[coming.day],
                    hash: &of_parts([coming.content.to_string().as_str()]),
                    version: None,
                    department: Some(DEPARTMENTS[coming.department])
                        .filter(|text| !text.is_empty()),
                    region: Some(REGIONS[coming.region]),
                    title: Some("张三"),
                    business_key: Some(&key),
                    source_time: None,
                    raw: b"{}",
                    mapped: "{}",
                    findings: "[]",
                    causes: &causes,
                    waits: &[],
                    search_text: &format!("张三 {key}"),
                },
            )
        })
        .unwrap()
}

#[derive(Debug, Clone)]
enum Deed {
    Come(Coming),
    Resolve(u8),
    Ignore(u8),
    Reopen(u8),
    Remove(u8),
    Look,
}

fn deed() -> impl Strategy<Value = Deed> {
    let coming = (
        (0u8..10, 0u8..3, 0usize..2, any::<bool>(), 1u8..64),
        (0usize..3, 0usize..2, 0usize..3, 1i64..4),
    )
        .prop_map(
            |((key, content, source, held, causes), (department, region, day, run))| {
                Deed::Come(Coming {
                    key,
                    content,
                    source,
                    held,
                    causes,
                    department,
                    region,
                    day,
                    run,
                })
            },
        );
    prop_oneof![
        6 => coming,
        1 => (0u8..10).prop_map(Deed::Resolve),
        1 => (0u8..10).prop_map(Deed::Ignore),
        1 => (0u8..10).prop_map(Deed::Reopen),
        1 => (0u8..10).prop_map(Deed::Remove),
        1 => Just(Deed::Look),
    ]
}

/// One rejection as it is in the tables.
#[derive(Debug)]
struct Plain {
    id: i64,
    source: i64,
    state: i64,
    outcome: i64,
    run: i64,
    department: String,
    region: String,
    day: String,
    causes: Vec<(i64, String, String)>,
}

fn plain(conn: &Connection) -> Vec<Plain> {
    let mut statement = conn
        .prepare("SELECT id, source_id, state, outcome, run_id, COALESCE(department, ''), region, day FROM rejection ORDER BY id")
        .unwrap();
    let rows = statement
        .query_map([], |row| {
            Ok(Plain {
                id: row.get(0)?,
                source: row.get(1)?,
                state: row.get(2)?,
                outcome: row.get(3)?,
                run: row.get(4)?,
                department: row.get(5)?,
                region: row.get(6)?,
                day: row.get(7)?,
                causes: Vec::new(),
            })
        })
        .unwrap();
    let mut list: Vec<Plain> = rows.map(Result::unwrap).collect();
    let mut causes = conn
        .prepare("SELECT c.id, c.rule, c.field FROM rejection_cause rc JOIN cause c ON c.id = rc.cause_id WHERE rc.rejection_id = ?1")
        .unwrap();
    for one in &mut list {
        one.causes = causes
            .query_map([one.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
    }
    list
}

fn has(filter: &RejectionFilter, one: &Plain) -> bool {
    let cause = one.causes.iter().any(|(id, rule, field)| {
        filter.cause_id.is_none_or(|wanted| wanted == *id)
            && filter.rule.as_ref().is_none_or(|wanted| wanted == rule)
            && filter.field.as_ref().is_none_or(|wanted| wanted == field)
    });
    let asks = filter.cause_id.is_some() || filter.rule.is_some() || filter.field.is_some();
    (cause || !asks)
        && filter
            .source_ids
            .as_ref()
            .is_none_or(|ids| ids.contains(&one.source))
        && (filter.states.is_empty() || filter.states.contains(&one.state))
        && filter.outcome.is_none_or(|outcome| outcome == one.outcome)
        && filter.run_id.is_none_or(|run| run == one.run)
        && filter
            .department
            .as_ref()
            .is_none_or(|text| *text == one.department)
        && filter
            .region
            .as_ref()
            .is_none_or(|text| *text == one.region)
        && filter
            .days
            .as_ref()
            .is_none_or(|(from, to)| *from <= one.day && one.day <= *to)
}

fn recount<K: Ord>(
    rows: &[Plain],
    filter: &RejectionFilter,
    values: impl Fn(&Plain) -> Vec<K>,
) -> BTreeMap<K, i64> {
    let mut counts = BTreeMap::new();
    for one in rows.iter().filter(|one| has(filter, one)) {
        let mut own = values(one);
        own.sort();
        own.dedup();
        for value in own {
            *counts.entry(value).or_insert(0) += 1;
        }
    }
    counts
}

fn map<K: Ord>(counted: Counted<K>) -> BTreeMap<K, i64> {
    counted.into_iter().collect()
}

type Change = (u8, u8);

/// A filter with up to three parts.
fn filter_of(parts: &[Change], bed: &Bed, causes: &[i64]) -> RejectionFilter {
    let mut filter = RejectionFilter::default();
    for (part, value) in parts {
        let at = usize::from(*value);
        match part % 10 {
            0 => filter.source_ids = Some(vec![bed.sources[at % 2]]),
            1 => filter.states = vec![1, 2],
            2 => filter.outcome = Some(1 + i64::from(*value % 2)),
            3 => filter.rule = Some(RULES[at % 3].into()),
            4 => filter.field = Some(FIELDS[at % 2].into()),
            5 => filter.cause_id = causes.get(at % causes.len().max(1)).copied(),
            6 => filter.department = Some(DEPARTMENTS[at % 3].into()),
            7 => filter.region = Some(REGIONS[at % 2].into()),
            8 => filter.run_id = Some(1 + i64::from(*value % 3)),
            _ => filter.days = Some((DAYS[at % 3].into(), DAYS[2].into())),
        }
    }
    filter
}

fn check(bed: &Bed, filter: &RejectionFilter) {
    let without = |change: fn(&mut RejectionFilter)| {
        let mut open = filter.clone();
        change(&mut open);
        open
    };
    bed.cache
        .read_blocking(|conn| {
            let rows = plain(conn);
            let counts = bed.cache.inbox().counts(conn, filter)?;
            let all: Vec<i64> = rows
                .iter()
                .rev()
                .filter(|one| has(filter, one))
                .map(|one| one.id)
                .collect();
            assert_eq!(counts.total, all.len() as i64);
            assert_eq!(bed.cache.inbox().total(conn, filter)?, counts.total);
            assert_eq!(rejection::count(conn, filter)?, counts.total);
            assert_eq!(
                map(counts.source),
                recount(&rows, &without(|f| f.source_ids = None), |one| vec![
                    one.source
                ])
            );
            assert_eq!(
                map(counts.state),
                recount(&rows, &without(|f| f.states.clear()), |one| vec![one.state])
            );
            assert_eq!(
                map(counts.outcome),
                recount(&rows, &without(|f| f.outcome = None), |one| vec![
                    one.outcome
                ])
            );
            assert_eq!(
                map(counts.run),
                recount(&rows, &without(|f| f.run_id = None), |one| vec![one.run])
            );
            assert_eq!(
                map(counts.department),
                recount(&rows, &without(|f| f.department = None), |one| vec![
                    one.department.clone()
                ])
            );
            assert_eq!(
                map(counts.region),
                recount(&rows, &without(|f| f.region = None), |one| vec![
                    one.region.clone()
                ])
            );
            assert_eq!(
                map(counts.day),
                recount(&rows, &without(|f| f.days = None), |one| vec![
                    one.day.clone()
                ])
            );
            let passing = |filter: RejectionFilter, one: &Plain| -> Vec<(i64, String, String)> {
                one.causes
                    .iter()
                    .filter(|(id, rule, field)| {
                        filter.cause_id.is_none_or(|wanted| wanted == *id)
                            && filter.rule.as_ref().is_none_or(|wanted| wanted == rule)
                            && filter.field.as_ref().is_none_or(|wanted| wanted == field)
                    })
                    .cloned()
                    .collect()
            };
            let by_rule = without(|f| f.rule = None);
            assert_eq!(
                map(counts.rule),
                recount(&rows, &by_rule, |one| {
                    passing(by_rule.clone(), one)
                        .into_iter()
                        .map(|(_, rule, _)| rule)
                        .collect()
                })
            );
            let by_field = without(|f| f.field = None);
            assert_eq!(
                map(counts.field),
                recount(&rows, &by_field, |one| {
                    passing(by_field.clone(), one)
                        .into_iter()
                        .map(|(_, _, field)| field)
                        .collect()
                })
            );
            let groups = bed.cache.inbox().groups(conn, filter, ALL)?;
            let wanted = recount(&rows, filter, |one| {
                passing(filter.clone(), one)
                    .into_iter()
                    .map(|(id, ..)| id)
                    .collect()
            });
            assert_eq!(
                groups
                    .iter()
                    .map(|group| (group.cause_id, group.rows))
                    .collect::<BTreeMap<_, _>>(),
                wanted
            );
            for group in &groups {
                let one_cause = RejectionFilter {
                    cause_id: Some(group.cause_id),
                    ..filter.clone()
                };
                assert_eq!(
                    map(group.departments.clone()),
                    recount(&rows, &one_cause, |one| vec![one.department.clone()])
                );
                assert_eq!(
                    map(group.days.clone()),
                    recount(&rows, &one_cause, |one| vec![one.day.clone()])
                );
                let newest = rows
                    .iter()
                    .rev()
                    .find(|one| has(&one_cause, one))
                    .map(|one| one.id);
                assert_eq!(newest, Some(group.newest_id));
            }
            let most = Most {
                causes: 2,
                departments: 1,
                days: 2,
            };
            let mut fewer = groups.clone();
            fewer.truncate(most.causes);
            for group in &mut fewer {
                group.departments.truncate(most.departments);
                group
                    .days
                    .drain(..group.days.len().saturating_sub(most.days));
            }
            assert_eq!(bed.cache.inbox().groups(conn, filter, most)?, fewer);
            let (mut before, mut seen) = (None, Vec::new());
            loop {
                let page = bed.cache.inbox().page(conn, filter, before, 3)?;
                assert_eq!(page.rows, rejection::page(conn, filter, before, 3)?);
                seen.extend(page.rows.iter().map(|row| row.id));
                before = page.next;
                if before.is_none() {
                    break;
                }
            }
            assert_eq!(seen, all);
            Ok(())
        })
        .unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn what_is_counted_under_any_filters_is_what_a_recount_finds_after_any_acts(
        deeds in proptest::collection::vec(deed(), 1..40),
        filters in proptest::collection::vec(proptest::collection::vec((any::<u8>(), any::<u8>()), 0..4), 4),
    ) {
        let bed = bed();
        let mut ids = std::collections::HashMap::new();
        for deed in deeds {
            match deed {
                Deed::Come(coming) => {
                    let id = come(&bed, &coming);
                    ids.insert(coming.key, id);
                }
                Deed::Resolve(key) => if let Some(&id) = ids.get(&key) {
                    bed.cache.write_blocking(move |tx| resolve(tx, id, 2, 2)).unwrap();
                },
                Deed::Ignore(key) => if let Some(&id) = ids.get(&key) {
                    bed.cache.write_blocking(move |tx| crate::ignore::for_test(tx, &[id], &PERSON)).unwrap();
                },
                Deed::Reopen(key) => if let Some(&id) = ids.get(&key) {
                    bed.cache.write_blocking(move |tx| crate::ignore::uncover(tx, &[id], &PERSON)).unwrap();
                },
                Deed::Remove(key) => if let Some(id) = ids.remove(&key) {
                    bed.cache.write_blocking(move |tx| remove(tx, id)).unwrap();
                },
                Deed::Look => check(&bed, &RejectionFilter::default()),
            }
        }
        let causes: Vec<i64> = bed.cache.read_blocking(|conn| {
            Ok(conn.prepare("SELECT id FROM cause ORDER BY id")?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        }).unwrap();
        for parts in &filters {
            check(&bed, &filter_of(parts, &bed, &causes));
        }
    }
}

#[test]
fn a_search_and_filters_narrow_together() {
    let bed = bed();
    for key in 0..20 {
        let department = usize::from(key % 3);
        come(
            &bed,
            &Coming {
                key,
                content: 0,
                source: 0,
                held: false,
                causes: 1,
                department,
                region: 0,
                day: 0,
                run: 1,
            },
        );
    }
    let filter = RejectionFilter {
        search: Some("key1".into()),
        department: Some("部门甲".into()),
        ..RejectionFilter::default()
    };
    let page = bed
        .cache
        .read_blocking(|conn| bed.cache.inbox().page(conn, &filter, None, 50))
        .unwrap();
    let keys: Vec<&str> = page
        .rows
        .iter()
        .map(|row| row.record_key.as_str())
        .collect();
    assert_eq!(keys, ["KEY19", "KEY16", "KEY13", "KEY10", "KEY1"]);
}

#[test]
fn a_cause_s_number_that_comes_to_mean_another_is_noticed() {
    let bed = bed();
    let coming = |key, causes| Coming {
        key,
        content: 0,
        source: 0,
        held: false,
        causes,
        department: 0,
        region: 0,
        day: 0,
        run: 1,
    };
    let first = come(&bed, &coming(1, 1));
    check(&bed, &RejectionFilter::default());
    bed.cache
        .write_blocking(move |tx| remove(tx, first))
        .unwrap();
    come(&bed, &coming(2, 2));
    let filter = RejectionFilter {
        rule: Some(RULES[1].into()),
        ..RejectionFilter::default()
    };
    assert_eq!(
        bed.cache
            .read_blocking(|conn| bed.cache.inbox().total(conn, &filter))
            .unwrap(),
        1
    );
}

#[test]
fn changes_that_were_cut_off_are_read_anew() {
    let bed = bed();
    let coming = |key| Coming {
        key,
        content: 0,
        source: 0,
        held: false,
        causes: 1,
        department: 0,
        region: 0,
        day: 0,
        run: 1,
    };
    come(&bed, &coming(1));
    check(&bed, &RejectionFilter::default());
    come(&bed, &coming(2));
    come(&bed, &coming(3));
    bed.cache
        .write_blocking(|tx| {
            Ok(tx.execute(
                "DELETE FROM rejection_change WHERE no < (SELECT MAX(no) FROM rejection_change)",
                [],
            )?)
        })
        .unwrap();
    check(
        &bed,
        &RejectionFilter {
            rule: Some(RULES[0].into()),
            ..RejectionFilter::default()
        },
    );
}
