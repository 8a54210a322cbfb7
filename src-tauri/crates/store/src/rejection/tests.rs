//! Facts about rejections and their counters.

use proptest::prelude::*;

use super::*;
use crate::hash::of_parts;
use crate::ignore::{self, Term};
use crate::rejection_version;
use crate::{Cache, CacheKey, cause};

const PERSON: rejection_version::Act<'static> = rejection_version::Act {
    run_id: 1,
    actor: Some("管理员"),
    act: "ignore_rejections",
    at: 5,
};

/// A person ignores rejections until their value changes, or as `term` says.
fn ignore(
    tx: &Connection,
    ids: &[i64],
    term: Term,
    until: Option<&str>,
) -> Result<i64, StoreError> {
    let decision = ignore::decide(
        tx,
        &ignore::NewDecision {
            connection_id: 1,
            standing: None,
            chosen: Some("[]"),
            term,
            until,
            reason: "known",
            actor: "管理员",
            at: 5,
        },
    )?;
    ignore::cover(tx, ids, decision, &PERSON)
}

/// A person ignores a cause, with what comes of it later.
fn ignore_cause(bed: &Bed, rule: &str, until: Option<&str>) -> i64 {
    let (source_id, rule, until) = (bed.source_id, rule.to_owned(), until.map(str::to_owned));
    bed.cache
        .write_blocking(move |tx| {
            ignore::decide(
                tx,
                &ignore::NewDecision {
                    connection_id: 1,
                    standing: Some(&ignore::Standing {
                        source_id,
                        rule,
                        field: "field".into(),
                        cluster: String::new(),
                    }),
                    chosen: None,
                    term: if until.is_some() {
                        Term::Date
                    } else {
                        Term::Ever
                    },
                    until: until.as_deref(),
                    reason: "known",
                    actor: "管理员",
                    at: 5,
                },
            )
        })
        .unwrap()
}

fn covers(bed: &Bed, decision: i64) -> i64 {
    bed.cache
        .read_blocking(|conn| Ok(ignore::get(conn, decision)?.unwrap().covers))
        .unwrap()
}

fn cover(bed: &Bed, id: i64, today: &'static str) -> bool {
    bed.cache
        .write_blocking(move |tx| ignore::cover_by_standing(tx, id, today))
        .unwrap()
}

#[test]
fn a_rejection_that_is_ignored_for_ever_stays_so_whatever_comes_and_until_a_date_as_long() {
    let bed = bed();
    let id = put_one(&bed, "K1", "content", REJECTED, &["a"], None);
    let other = put_one(&bed, "K2", "content", REJECTED, &["a"], None);
    bed.cache
        .write_blocking(move |tx| {
            ignore(tx, &[id], Term::Ever, None)?;
            ignore(tx, &[other], Term::Date, Some("2026-01-31"))
        })
        .unwrap();
    put_one(&bed, "K1", "other content", REJECTED, &["b"], None);
    put_one(&bed, "K2", "other content", REJECTED, &["b"], None);
    assert_eq!(state_of(&bed, id), State::Ignored as i64);
    assert_eq!(state_of(&bed, other), State::Ignored as i64);
    let expired = |today: &'static str| {
        bed.cache
            .read_blocking(|conn| ignore::expired(conn, today, 10))
            .unwrap()
    };
    assert!(expired("2026-01-31").is_empty());
    assert_eq!(expired("2026-02-01"), [other]);
}

#[test]
fn a_standing_decision_covers_what_comes_later_unless_something_else_is_wrong_with_it() {
    let bed = bed();
    let decision = ignore_cause(&bed, "a", Some("2026-01-31"));
    let alone = put_one(&bed, "K1", "content", REJECTED, &["a"], None);
    let both = put_one(&bed, "K2", "content", REJECTED, &["a", "b"], None);
    assert!(!cover(&bed, alone, "2026-02-01"), "its date has passed");
    assert!(cover(&bed, alone, "2026-01-31"));
    assert!(!cover(&bed, both, "2026-01-31"));
    assert_eq!(state_of(&bed, alone), State::Ignored as i64);
    assert_eq!(state_of(&bed, both), State::Open as i64);
    assert_eq!(covers(&bed, decision), 1);
    bed.cache
        .write_blocking(move |tx| ignore::uncover(tx, &[alone], &PERSON))
        .unwrap();
    assert_eq!(state_of(&bed, alone), State::Open as i64);
    assert_eq!(covers(&bed, decision), 0);
}

struct Bed {
    cache: Cache,
    source_id: i64,
    _dir: tempfile::TempDir,
}

fn bed() -> Bed {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(&dir.path().join("cache.db"), &CacheKey::new([9; 32])).unwrap();
    let source_id = cache
        .write_blocking(|tx| {
            let connection = crate::connection::insert(tx, "演示", "demo", "{}", 1)?;
            crate::source::ensure(tx, connection, zhengqiao_domain::DatasetId::CaseAcceptance)
        })
        .unwrap();
    Bed {
        cache,
        source_id,
        _dir: dir,
    }
}

fn put_one(
    bed: &Bed,
    key: &str,
    content: &str,
    outcome: i64,
    rules: &[&str],
    department: Option<&str>,
) -> i64 {
    let (key, content, source_id) = (key.to_owned(), content.to_owned(), bed.source_id);
    let department = department.map(str::to_owned);
    let causes: Vec<(String, String, String)> = rules
        .iter()
        .map(|rule| ((*rule).to_owned(), "field".to_owned(), String::new()))
        .collect();
    bed.cache
        .write_blocking(move |tx| {
            put(
                tx,
                &NewRejection {
                    source_id,
                    key_hash: &of_parts([key.as_str()]),
                    record_key: &key,
                    outcome,
                    run_id: 1,
                    at: 1,
                    day: "2024-01-01",
                    hash: &of_parts([content.as_str()]),
                    version: None,
                    department: department.as_deref(),
                    region: None,
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

fn state_of(bed: &Bed, id: i64) -> i64 {
    bed.cache
        .read_blocking(|conn| Ok(get(conn, id)?.unwrap().state))
        .unwrap()
}

#[test]
fn an_ignored_rejection_stays_ignored_until_its_value_changes() {
    let bed = bed();
    let id = put_one(&bed, "k", "a", REJECTED, &["required.missing"], None);
    bed.cache
        .write_blocking(move |tx| ignore(tx, &[id], Term::Value, None))
        .unwrap();
    put_one(&bed, "k", "a", REJECTED, &["required.missing"], None);
    assert_eq!(state_of(&bed, id), State::Ignored as i64);
    put_one(&bed, "k", "b", REJECTED, &["required.missing"], None);
    assert_eq!(state_of(&bed, id), State::Open as i64);
}

#[test]
fn a_resolved_rejection_opens_again_when_a_bad_row_follows() {
    let bed = bed();
    let id = put_one(&bed, "k", "a", REJECTED, &["required.missing"], None);
    bed.cache
        .write_blocking(move |tx| resolve(tx, id, 2, 2))
        .unwrap();
    assert_eq!(state_of(&bed, id), State::Resolved as i64);
    put_one(&bed, "k", "a", REJECTED, &["required.missing"], None);
    assert_eq!(state_of(&bed, id), State::Open as i64);
}

#[test]
fn pages_show_each_rejection_once_and_search_finds_two_characters() {
    let bed = bed();
    for number in 0..25 {
        put_one(
            &bed,
            &format!("CASE{number:03}"),
            "a",
            REJECTED,
            &["required.missing"],
            None,
        );
    }
    let (mut before, mut seen) = (None, Vec::new());
    loop {
        let rows = bed
            .cache
            .read_blocking(|conn| page(conn, &RejectionFilter::default(), before, 10))
            .unwrap();
        let Some(last) = rows.last() else { break };
        before = Some(last.id);
        seen.extend(rows.into_iter().map(|row| row.id));
    }
    assert_eq!(seen.len(), 25);
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]));
    for (text, hits) in [("张三", 25), ("case007", 1), ("李四", 0), ("ASE01", 10)] {
        let filter = RejectionFilter {
            search: Some(text.into()),
            ..RejectionFilter::default()
        };
        assert_eq!(
            bed.cache
                .read_blocking(|conn| count(conn, &filter))
                .unwrap(),
            hits,
            "{text}"
        );
    }
}

#[derive(Debug, Clone)]
enum Act {
    Put {
        key: u8,
        content: u8,
        held: bool,
        rules: u8,
        department: u8,
    },
    Resolve(u8),
    Ignore(u8),
    Reopen(u8),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0u8..8, 0u8..3, any::<bool>(), 1u8..8, 0u8..3)
            .prop_map(|(key, content, held, rules, department)| Act::Put { key, content, held, rules, department }),
        1 => (0u8..8).prop_map(Act::Resolve),
        1 => (0u8..8).prop_map(Act::Ignore),
        1 => (0u8..8).prop_map(Act::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn counters_equal_a_recount_after_any_acts(acts in proptest::collection::vec(act(), 1..30)) {
        let bed = bed();
        let mut ids = std::collections::HashMap::new();
        let names = ["required.missing", "code.unknown", "format.moment"];
        for act in acts {
            match act {
                Act::Put { key, content, held, rules, department } => {
                    let rules: Vec<&str> = (0..3).filter(|bit| rules & (1 << bit) != 0).map(|bit| names[bit]).collect();
                    let outcome = if held { HELD } else { REJECTED };
                    let department = ["a", "b"].get(usize::from(department)).copied();
                    ids.insert(key, put_one(&bed, &key.to_string(), &content.to_string(), outcome, &rules, department));
                }
                Act::Resolve(key) => if let Some(&id) = ids.get(&key) {
                    bed.cache.write_blocking(move |tx| resolve(tx, id, 2, 2)).unwrap();
                },
                Act::Ignore(key) => if let Some(&id) = ids.get(&key) {
                    bed.cache.write_blocking(move |tx| ignore(tx, &[id], Term::Value, None)).unwrap();
                },
                Act::Reopen(key) => if let Some(&id) = ids.get(&key) {
                    bed.cache.write_blocking(move |tx| ignore::uncover(tx, &[id], &PERSON)).unwrap();
                },
            }
        }
        bed.cache.read_blocking(|conn| {
            for state in State::ALL {
                for outcome in [REJECTED, HELD] {
                    let filter = RejectionFilter { states: vec![state as i64], outcome: Some(outcome), ..RejectionFilter::default() };
                    let counted: i64 = conn.query_row("SELECT COUNT(*) FROM rejection WHERE state = ?1 AND outcome = ?2", [state as i64, outcome], |row| row.get(0))?;
                    assert_eq!(count(conn, &filter)?, counted);
                }
                let departments: i64 = facets(conn, "department", None, &[state as i64])?.iter().map(|(_, n)| n).sum();
                let counted: i64 = conn.query_row("SELECT COUNT(*) FROM rejection WHERE state = ?1", [state as i64], |row| row.get(0))?;
                assert_eq!(departments, counted);
            }
            for row in cause::list(conn, 100)? {
                let counted: i64 = conn.query_row(
                    "SELECT COUNT(*) FROM rejection_cause rc JOIN rejection r ON r.id = rc.rejection_id WHERE rc.cause_id = ?1 AND r.state IN (1, 2)",
                    [row.id], |row| row.get(0))?;
                assert_eq!(row.open, counted);
            }
            Ok(())
        }).unwrap();
    }
}

#[test]
fn whoever_goes_through_rejections_by_number_sorts_nothing() {
    let bed = bed();
    let plans = bed
        .cache
        .read_blocking(|conn| {
            let plan = |sql: &str| -> Result<Vec<String>, StoreError> {
                let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                let rows = statement.query_map(params![1, 0, 10], |row| row.get(3))?;
                Ok(rows.collect::<Result<_, _>>()?)
            };
            Ok([plan(acts::OPEN_PAYLOADS)?, plan(DUE)?])
        })
        .unwrap();
    for plan in plans {
        assert!(!plan.is_empty());
        assert!(
            plan.iter().all(|step| !step.contains("TEMP B-TREE")),
            "{plan:?}"
        );
    }
}
