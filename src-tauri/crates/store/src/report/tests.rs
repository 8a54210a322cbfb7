//! Facts about reports, their entries and counters.

use zhengqiao_domain::DatasetId;

use super::*;
use crate::hash::of_parts;
use crate::rejection::{self, LetterFilter, NewRejection, REJECTED, RejectionFilter, State};
use crate::rejection_version::Act;
use crate::{Cache, CacheKey, Transaction, reference};

const PERSON: Act<'static> = Act {
    run_id: 1,
    actor: Some("管理员"),
    act: "write_report",
    at: 5,
};

struct Bed {
    cache: Cache,
    connection_id: i64,
    source_id: i64,
    _dir: tempfile::TempDir,
}

fn bed() -> Bed {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(&dir.path().join("cache.db"), &CacheKey::new([9; 32])).unwrap();
    let (connection_id, source_id) = cache
        .write_blocking(|tx| {
            let connection = crate::connection::insert(tx, "演示", "demo", "{}", 1)?;
            let source = crate::source::ensure(tx, connection, DatasetId::CaseAcceptance)?;
            Ok((connection, source))
        })
        .unwrap();
    Bed {
        cache,
        connection_id,
        source_id,
        _dir: dir,
    }
}

fn put(tx: &Transaction<'_>, source_id: i64, key: &str, content: &str) -> i64 {
    rejection::put(
        tx,
        &NewRejection {
            source_id,
            key_hash: &of_parts([key]),
            record_key: key,
            outcome: REJECTED,
            run_id: 1,
            at: 1,
            day: "2026-01-01",
            hash: &of_parts([content]),
            version: None,
            department: Some("D1"),
            region: None,
            title: None,
            business_key: None,
            source_time: None,
            raw: b"{}",
            mapped: "{}",
            findings: "[]",
            causes: &[("code.unknown".into(), "f".into(), String::new())],
            waits: &[],
            search_text: "",
        },
    )
    .unwrap()
}

fn report_of(tx: &Transaction<'_>, bed: (i64, i64), due_on: &str) -> i64 {
    insert(
        tx,
        &NewReport {
            connection_id: bed.0,
            at: 1,
            actor: "管理员",
            filter: "{}",
            form: "workbook",
            path: "a.xlsx",
            due_on,
        },
    )
    .unwrap()
}

fn corrected(at: i64) -> NewAnswer<'static> {
    NewAnswer {
        state: "corrected",
        words: "已重推",
        answered_by: "经办",
        answered_on: "2026-01-05",
        file: "a.xlsx",
        actor: "管理员",
        at,
    }
}

fn fates(tx: &Transaction<'_>, id: i64) -> Vec<(Fate, i64)> {
    counts(tx, id)
        .unwrap()
        .into_iter()
        .map(|(_, fate, n)| (fate, n))
        .collect()
}

#[test]
fn an_entry_follows_its_rejection_and_the_counters_follow_the_entries() {
    let bed = bed();
    let (place, source_id) = ((bed.connection_id, bed.source_id), bed.source_id);
    bed.cache
        .write_blocking(move |tx| {
            let ids: Vec<i64> = (0..4)
                .map(|n| put(tx, source_id, &format!("k{n}"), "bad"))
                .collect();
            let report = report_of(tx, place, "2026-01-10");
            for id in &ids {
                assert!(add_entry(tx, report, *id, "演示", false, &PERSON)?);
                assert!(!add_entry(tx, report, *id, "演示", false, &PERSON)?);
            }
            assert_eq!(fates(tx, report), [(Fate::Waiting, 4)]);
            assert_eq!(get(tx, report)?.unwrap().entries, 4);
            // One is answered, one comes corrected, one comes changed but wrong, one is ignored.
            let reference = reference::of_key(tx, source_id, &of_parts(["k0"]))?.unwrap();
            answer(tx, reference.id, &corrected(2))?;
            rejection::resolve(tx, ids[1], 2, 3)?;
            put(tx, source_id, "k2", "worse");
            crate::ignore::for_test(tx, &[ids[3]], &PERSON)?;
            assert_eq!(
                fates(tx, report),
                [
                    (Fate::Corrected, 1),
                    (Fate::Resolved, 1),
                    (Fate::OpenAgain, 1),
                    (Fate::Settled, 1)
                ]
            );
            assert_eq!(unseen_keys(tx, place.0, Some(report), 10)?.len(), 1);
            // The same content again changes nothing.
            put(tx, source_id, "k0", "bad");
            assert_eq!(rejection::head(tx, ids[0])?.unwrap().state, 2);
            let narrow = |letter| RejectionFilter {
                letter,
                ..RejectionFilter::default()
            };
            let answered = narrow(LetterFilter {
                answer: Some("any".into()),
                ..LetterFilter::default()
            });
            let rows = rejection::page(tx, &answered, None, 10)?;
            assert_eq!(rows.len(), 1);
            assert_eq!(rows[0].answer.as_deref(), Some("corrected"));
            let of_report = narrow(LetterFilter {
                report_id: Some(report),
                ..LetterFilter::default()
            });
            assert_eq!(rejection::count(tx, &of_report)?, 4);
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_waits_beyond_the_term_is_overdue_until_the_report_is_closed() {
    let bed = bed();
    let (place, source_id) = ((bed.connection_id, bed.source_id), bed.source_id);
    bed.cache
        .write_blocking(move |tx| {
            let id = put(tx, source_id, "k", "bad");
            let report = report_of(tx, place, "2026-01-10");
            add_entry(tx, report, id, "演示", false, &PERSON)?;
            assert_eq!(due_entries(tx, None, "2026-01-10")?, (0, 0));
            assert_eq!(due_entries(tx, Some(place.0), "2026-01-11")?, (1, 0));
            let overdue = RejectionFilter {
                letter: LetterFilter {
                    overdue_on: Some("2026-01-11".into()),
                    ..LetterFilter::default()
                },
                ..RejectionFilter::default()
            };
            assert_eq!(rejection::count(tx, &overdue)?, 1);
            close(tx, report, Some(("管理员", 9)))?;
            assert_eq!(rejection::count(tx, &overdue)?, 0);
            assert_eq!(due_entries(tx, None, "2026-01-11")?, (0, 0));
            Ok(())
        })
        .unwrap();
}

#[test]
fn withdrawing_puts_back_what_was_before_and_leaves_what_changed_since() {
    let bed = bed();
    let (place, source_id) = ((bed.connection_id, bed.source_id), bed.source_id);
    bed.cache
        .write_blocking(move |tx| {
            let (a, b) = (
                put(tx, source_id, "a", "bad"),
                put(tx, source_id, "b", "bad"),
            );
            let first = report_of(tx, place, "2026-01-10");
            add_entry(tx, first, a, "演示", false, &PERSON)?;
            add_entry(tx, first, b, "演示", false, &PERSON)?;
            let number = reference::of_key(tx, source_id, &of_parts(["a"]))?.unwrap();
            answer(tx, number.id, &corrected(2))?;
            // A reminder about both; the number stays.
            let second = report_of(tx, place, "2026-02-10");
            assert!(!add_entry(tx, second, a, "演示", false, &PERSON)?);
            add_entry(tx, second, a, "演示", true, &PERSON)?;
            add_entry(tx, second, b, "演示", true, &PERSON)?;
            assert_eq!(fates(tx, first), [(Fate::Later, 2)]);
            let again = reference::of_key(tx, source_id, &of_parts(["a"]))?.unwrap();
            assert_eq!((again.number, again.answer), (number.number, None));
            rejection::resolve(tx, b, 3, 4)?;
            assert_eq!(withdraw_entries(tx, second, 10, &PERSON)?, 1);
            assert_eq!(
                fates(tx, second),
                [(Fate::Resolved, 1), (Fate::Withdrawn, 1)]
            );
            assert_eq!(fates(tx, first), [(Fate::Corrected, 1), (Fate::Later, 1)]);
            assert_eq!(
                rejection::head(tx, a)?.unwrap().state,
                State::Reported as i64
            );
            assert_eq!(withdraw_entries(tx, first, 10, &PERSON)?, 1);
            assert_eq!(rejection::head(tx, a)?.unwrap().state, State::Open as i64);
            assert_eq!(withdraw_entries(tx, first, 10, &PERSON)?, 0);
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_reference_outlives_its_rejection_and_is_the_same_in_a_cache_built_anew() {
    let number = |bed: &Bed| {
        let source_id = bed.source_id;
        bed.cache
            .write_blocking(move |tx| {
                let id = put(tx, source_id, "k", "bad");
                let first = reference::ensure(tx, source_id, &of_parts(["k"]), "演示/x")?;
                rejection::remove(tx, id)?;
                let again = reference::ensure(tx, source_id, &of_parts(["k"]), "其他/x")?;
                assert_eq!(first, again);
                Ok(reference::of_key(tx, source_id, &of_parts(["k"]))?
                    .unwrap()
                    .number)
            })
            .unwrap()
    };
    assert_eq!(number(&bed()), number(&bed()));
}
