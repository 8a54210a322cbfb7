//! Facts about answers while a run writes: of one moment, and never without what a person has done.

use std::sync::PoisonError;

use super::*;
use crate::{audit, run};

fn open() -> RejectionFilter {
    RejectionFilter {
        states: vec![1, 2],
        ..RejectionFilter::default()
    }
}

fn coming(key: u8) -> Coming {
    Coming {
        key,
        content: 0,
        source: 0,
        held: false,
        causes: 1 + key % 63,
        department: usize::from(key % 3),
        region: usize::from(key % 2),
        day: 0,
        run: 1,
    }
}

fn begin_run(bed: &Bed) -> i64 {
    bed.cache
        .write_blocking(|tx| {
            let new = run::NewRun {
                connection_id: 1,
                mode: "full",
                at: 1,
                owner: "",
                until: "",
                profile_version: 1,
                rule_set: "",
            };
            run::insert(tx, &new)
        })
        .unwrap()
}

fn counts(bed: &Bed) -> Counts {
    bed.cache
        .read_blocking(|conn| bed.cache.inbox().counts(conn, &open()))
        .unwrap()
}

/// Some rejections that the inbox has been asked for.
fn known(bed: &Bed) -> Vec<i64> {
    let ids = (0..20).map(|key| come(bed, &coming(key))).collect();
    assert_eq!(counts(bed).total, 20);
    ids
}

/// Resolves some rejections, and brings more than are read in passing.
fn write_much(bed: &Bed, resolved: &[i64]) {
    let resolved = resolved.to_vec();
    bed.cache
        .write_blocking(move |tx| resolved.iter().try_for_each(|id| resolve(tx, *id, 1, 1)))
        .unwrap();
    for key in 20..120 {
        come(bed, &coming(key));
    }
}

/// Does something while nobody can catch up.
fn without_catching_up<T>(bed: &Bed, work: impl FnOnce() -> T) -> T {
    let snapshot = &bed.cache.inbox().snapshot;
    let _held = snapshot
        .catching_up
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    work()
}

#[test]
fn what_a_run_writes_is_in_the_answer_wholly_or_not_at_all() {
    let bed = bed();
    let run = begin_run(&bed);
    let ids = known(&bed);
    let before = counts(&bed);
    let late = without_catching_up(&bed, || {
        write_much(&bed, &ids[10..]);
        counts(&bed)
    });
    assert_eq!(late, before);
    let soon = counts(&bed);
    assert!(soon == before || soon.total == 110, "{soon:?}");
    bed.cache
        .write_blocking(move |tx| run::finish(tx, run, "succeeded", None, 2))
        .unwrap();
    check(&bed, &open());
    assert_eq!(counts(&bed).total, 110);
}

#[test]
fn a_late_page_has_no_row_that_is_not_so_any_more() {
    let bed = bed();
    begin_run(&bed);
    let ids = known(&bed);
    let page = |before| {
        let inbox = bed.cache.inbox();
        let ask = |conn: &Connection| inbox.page(conn, &open(), before, 15);
        bed.cache.read_blocking(ask).unwrap()
    };
    let (first, second) = without_catching_up(&bed, || {
        write_much(&bed, &ids[10..]);
        let first = page(None);
        let second = page(first.next);
        (first, second)
    });
    let mut seen: Vec<i64> = first.rows.into_iter().map(|row| row.id).collect();
    seen.extend(second.rows.into_iter().map(|row| row.id));
    seen.reverse();
    assert_eq!(seen, ids[..10]);
    assert_eq!(second.next, None);
}

#[test]
fn what_a_person_has_done_is_in_the_answer_while_a_run_writes() {
    let bed = bed();
    begin_run(&bed);
    let ids = known(&bed);
    write_much(&bed, &ids[10..]);
    let ignored = ids[0];
    bed.cache
        .write_blocking(move |tx| {
            crate::ignore::for_test(tx, &[ignored], &PERSON)?;
            audit::append(tx, 1, "管理员", "ignore_rejections", "1", "{}")
        })
        .unwrap();
    assert_eq!(counts(&bed).total, 109);
    check(&bed, &open());
}
