use proptest::prelude::*;
use zhengqiao_domain::DatasetId;

use rusqlite::OptionalExtension as _;

use super::*;
use crate::business_keys::BusinessKeys;
use crate::record::{self, ACCEPTED, Followers, NewRecord};
use crate::{Cache, CacheKey, connection as connections, source};

fn hash(number: u8) -> Hash {
    [number; 16]
}

fn new(source_id: i64, key: &Hash, business: Option<&Hash>) -> NewRecord<'static> {
    // Leaked in a test: the record lives as long as it.
    NewRecord {
        source_id,
        key_hash: Box::leak(Box::new(*key)),
        business_hash: business.map(|hash| &*Box::leak(Box::new(*hash))),
        version: None,
        hash: &[1; 16],
        state: ACCEPTED,
        run_id: 1,
        at: 1,
        source_time: None,
        fields: "{}",
        warnings: None,
        raw: b"{}",
        profile_version: None,
        via: "run",
        actor: None,
    }
}

fn cache() -> (tempfile::TempDir, Cache, [i64; 2]) {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(&dir.path().join("cache.db"), &CacheKey::new([7; 32])).unwrap();
    let sources = cache
        .write_blocking(|tx| {
            let id = connections::insert(tx, "a", "test", "{}", 1)?;
            Ok([
                source::ensure(tx, id, DatasetId::CaseAcceptance)?,
                source::ensure(tx, id, DatasetId::CaseResult)?,
            ])
        })
        .unwrap();
    (dir, cache, sources)
}

/// Something that happens to the records.
#[derive(Debug, Clone)]
enum Act {
    Put {
        source: usize,
        key: u8,
        business: Option<u8>,
    },
    Withdraw {
        source: usize,
        key: u8,
    },
    Remove {
        source: usize,
        key: u8,
    },
    Settle,
}

fn act() -> impl Strategy<Value = Act> {
    let business = prop::option::of(0..5_u8);
    prop_oneof![
        6 => (0..2_usize, 0..12_u8, business)
            .prop_map(|(source, key, business)| Act::Put { source, key, business }),
        2 => (0..2_usize, 0..12_u8).prop_map(|(source, key)| Act::Withdraw { source, key }),
        2 => (0..2_usize, 0..12_u8).prop_map(|(source, key)| Act::Remove { source, key }),
        1 => Just(Act::Settle),
    ]
}

/// Whoever has a namesake may have one.
fn assert_doubles_are_seen(connection: &Connection, sources: [i64; 2]) {
    for source_id in sources {
        let keys = BusinessKeys::of(connection, source_id, 12, || true);
        let keys = keys.unwrap().unwrap();
        for (key, business) in (0..12).flat_map(|key| (0..5).map(move |of| (hash(key), hash(of)))) {
            let sql = "SELECT business_hash FROM record WHERE source_id = ?1 AND key_hash = ?2 AND state = 1";
            let own: Option<Option<Hash>> = connection
                .query_row(sql, params![source_id, key], |row| row.get(0))
                .optional()
                .unwrap();
            let own = own.flatten();
            if record::is_duplicate(connection, source_id, &business, &key).unwrap() {
                assert!(keys.may_others_have(&business, own.as_ref()));
            }
        }
    }
}

/// What is found, and what stands in the table itself.
fn assert_found_as_it_stands(connection: &Connection, sources: [i64; 2]) {
    let stands = |source_id: i64, column: &str, hash: &Hash| -> Vec<i64> {
        let sql =
            format!("SELECT id FROM record WHERE +source_id = ?1 AND {column} = ?2 ORDER BY id");
        let mut statement = connection.prepare(&sql).unwrap();
        let rows = statement.query_map(params![source_id, hash], |row| row.get(0));
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    };
    for source_id in sources {
        for number in 0..12 {
            let found = record::find(connection, source_id, &hash(number)).unwrap();
            for guess in 0..5 {
                let guessed =
                    record::find_by_guess(connection, source_id, &hash(number), guess).unwrap();
                assert_eq!(guessed, found);
            }
            let found: Vec<i64> = found.iter().map(|head| head.id).collect();
            assert_eq!(found, stands(source_id, "key_hash", &hash(number)));
        }
        for number in 0..5 {
            let found = record::of_business(connection, source_id, &hash(number), 100).unwrap();
            let mut found: Vec<i64> = found.iter().map(|named| named.id).collect();
            found.sort_unstable();
            assert_eq!(found, stands(source_id, "business_hash", &hash(number)));
            assert_eq!(
                record::is_accepted(connection, source_id, &hash(number)).unwrap(),
                !stands(source_id, "state = 1 AND business_hash", &hash(number)).is_empty()
            );
        }
    }
    assert_doubles_are_seen(connection, sources);
    // Each in one of the two tables.
    for (view, column) in [
        ("record_by_key", "key_hash"),
        ("record_by_business", "business_hash"),
    ] {
        let sql =
            format!("SELECT (SELECT COUNT(*) FROM {view}), (SELECT COUNT({column}) FROM record)");
        let (places, records): (i64, i64) = connection
            .query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!(places, records, "{view}");
    }
}

fn do_act(
    tx: &Connection,
    sources: [i64; 2],
    act: &Act,
    sieve: Option<&mut Sieve>,
) -> Result<(), StoreError> {
    match act {
        Act::Put {
            source,
            key,
            business,
        } => {
            let business = business.map(hash);
            let new = new(sources[*source], &hash(*key), business.as_ref());
            match record::find(tx, sources[*source], &hash(*key))? {
                Some(head) => record::replace(tx, head.id, &new, sieve),
                None => record::insert(tx, &new, Followers::default(), sieve),
            }
        }
        Act::Withdraw { source, key } => {
            let hand = record::Hand {
                run_id: 2,
                at: 2,
                profile_version: None,
                via: "run",
                actor: None,
            };
            match record::find(tx, sources[*source], &hash(*key))? {
                Some(head) => record::withdraw(tx, head.id, &hash(99), None, &hand),
                None => Ok(()),
            }
        }
        Act::Remove { source, key } => match record::find(tx, sources[*source], &hash(*key))? {
            Some(head) => record::remove(tx, head.id),
            None => Ok(()),
        },
        Act::Settle => settle_from(tx, 1),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn records_are_found_wherever_their_places_stand(acts in prop::collection::vec(act(), 0..60)) {
        let (_dir, cache, sources) = cache();
        cache.write_blocking(move |tx| {
            for act in &acts {
                do_act(tx, sources, act, None)?;
                assert_found_as_it_stands(tx, sources);
            }
            Ok(())
        }).unwrap();
    }

    #[test]
    fn a_sieve_that_holds_misses_nothing_that_is_there(
        before in prop::collection::vec(act(), 0..20),
        own in prop::collection::vec(act(), 0..20),
        others in prop::collection::vec(act(), 0..4),
    ) {
        let (_dir, cache, sources) = cache();
        cache.write_blocking(move |tx| {
            for act in &before {
                do_act(tx, sources, act, None)?;
            }
            let mut sieve = Sieve::of(tx, sources[0], 20, 20)?.unwrap();
            assert!(sieve.holds(tx, sources[0])?);
            assert!(!sieve.holds(tx, sources[1])?);
            for act in &own {
                if !matches!(act, Act::Put { source: 1, .. } | Act::Withdraw { source: 1, .. } | Act::Remove { source: 1, .. }) {
                    do_act(tx, sources, act, Some(&mut sieve))?;
                }
            }
            sieve.stamp_anew(tx)?;
            assert!(sieve.holds(tx, sources[0])?);
            for act in &others {
                do_act(tx, sources, act, None)?;
            }
            if sieve.holds(tx, sources[0])? {
                let mut statement = tx.prepare("SELECT key_hash, business_hash FROM record WHERE source_id = ?1")?;
                let mut rows = statement.query([sources[0]])?;
                while let Some(row) = rows.next()? {
                    assert!(sieve.may_have_key(&row.get(0)?));
                    if let Some(business) = row.get::<_, Option<Hash>>(1)? {
                        assert!(sieve.may_have_business(&business));
                    }
                }
            }
            Ok(())
        }).unwrap();
    }
}

#[test]
fn a_sieve_no_longer_holds_when_somebody_else_added_a_record() {
    let (_dir, cache, sources) = cache();
    cache
        .write_blocking(move |tx| {
            let mut sieve = Sieve::of(tx, sources[0], 0, 0)?.unwrap();
            assert!(!sieve.may_have_key(&hash(1)));
            let first = Act::Put {
                source: 0,
                key: 1,
                business: Some(1),
            };
            do_act(tx, sources, &first, Some(&mut sieve))?;
            assert!(sieve.holds(tx, sources[0])? && sieve.may_have_key(&hash(1)));
            assert!(sieve.may_have_business(&hash(1)) && !sieve.may_have_business(&hash(2)));
            let second = Act::Put {
                source: 0,
                key: 2,
                business: None,
            };
            do_act(tx, sources, &second, None)?;
            assert!(!sieve.holds(tx, sources[0])?);
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_is_looked_for_by_key_is_found_by_an_index_in_both_tables() {
    let (_dir, cache, _) = cache();
    let plans = cache
        .write_blocking(|tx| {
            let mut plans = Vec::new();
            for sql in [
                "SELECT id FROM record
                 WHERE id = (SELECT record_id FROM record_by_key WHERE source_id = ?1 AND hash = ?2)",
                "SELECT id FROM record
                 WHERE id IN (SELECT record_id FROM record_by_business WHERE source_id = ?1 AND hash = ?2)
                   AND state = 1",
                "SELECT r.id FROM rejection j
                 JOIN record r ON r.id = (
                   SELECT record_id FROM record_by_key WHERE source_id = j.source_id AND hash = j.key_hash)
                 WHERE j.id = ?1",
                "SELECT 1 FROM record_by_business WHERE source_id = ?1 AND hash = ?2 AND state = 1",
                "SELECT w.rejection_id FROM held_wait w
                 WHERE w.rejection_id = ?1 AND NOT EXISTS (
                   SELECT 1 FROM record_by_business p
                   WHERE p.source_id = w.source_id AND p.hash = w.business_hash AND p.state = 1)",
            ] {
                let mut statement = tx.prepare(&format!("EXPLAIN QUERY PLAN {}", sql.replace("?1", "1").replace("?2", "x'00'")))?;
                let rows = statement.query_map([], |row| row.get::<_, String>(3))?;
                plans.push(rows.collect::<Result<Vec<_>, _>>()?);
            }
            Ok(plans)
        })
        .unwrap();
    for plan in plans {
        assert!(
            !plan.iter().any(|step| step.starts_with("SCAN")),
            "{plan:#?}"
        );
        let places = plan.iter().filter(|step| step.contains("_place")).count();
        assert_eq!(places, 2, "{plan:#?}");
    }
}

#[test]
fn a_connection_that_is_removed_leaves_no_places() {
    let (_dir, cache, sources) = cache();
    let left = cache
        .write_blocking(move |tx| {
            for (number, settles) in [(1, true), (2, false)] {
                for source in 0..2 {
                    let put = Act::Put {
                        source,
                        key: number,
                        business: Some(number),
                    };
                    do_act(tx, sources, &put, None)?;
                }
                if settles {
                    settle_from(tx, 1)?;
                }
            }
            // The number of a source may be given to another one.
            tx.execute("DELETE FROM connection", [])?;
            Ok(tx.query_row(
                "SELECT (SELECT COUNT(*) FROM record_by_key) + (SELECT COUNT(*) FROM record_by_business)
                   + (SELECT COUNT(*) FROM record)",
                [],
                |row| row.get::<_, i64>(0),
            )?)
        })
        .unwrap();
    assert_eq!(left, 0);
}

#[test]
fn records_of_an_earlier_format_are_found_after_it_was_brought_up_to_date() {
    let mut connection = Connection::open_in_memory().unwrap();
    // The last format with indexes in place of these tables.
    let earlier = &crate::cache::MIGRATIONS[..19];
    rusqlite_migration::Migrations::from_slice(earlier)
        .to_latest(&mut connection)
        .unwrap();
    let id = connections::insert(&connection, "a", "test", "{}", 1).unwrap();
    let sources = [DatasetId::CaseAcceptance, DatasetId::CaseResult]
        .map(|dataset| source::ensure(&connection, id, dataset).unwrap());
    for number in 0..10_u8 {
        connection
            .execute(
                "INSERT INTO record (source_id, key_hash, business_hash, hash, state, run_id, changed_at, fields)
                 VALUES (?1, ?2, ?3, ?2, ?4, 1, 1, '{}')",
                params![
                    sources[usize::from(number % 2)],
                    hash(number),
                    (number < 8).then(|| hash(number / 3)),
                    1 + i64::from(number % 4 == 3)
                ],
            )
            .unwrap();
    }
    rusqlite_migration::Migrations::from_slice(crate::cache::MIGRATIONS)
        .to_latest(&mut connection)
        .unwrap();
    assert_found_as_it_stands(&connection, sources);
    connection
        .execute(
            "UPDATE record SET key_hash = x'0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B' WHERE id = 1",
            [],
        )
        .unwrap();
    assert_found_as_it_stands(&connection, sources);
}

#[test]
fn a_business_key_of_one_record_is_not_looked_for_among_others() {
    let (_dir, cache, sources) = cache();
    cache
        .write_blocking(move |tx| {
            for key in 0..100 {
                let new = new(sources[0], &hash(key), Some(&hash(key)));
                record::insert(tx, &new, Followers::default(), None)?;
            }
            let keys = BusinessKeys::of(tx, sources[0], 100, || true)?.unwrap();
            let asked = |own: bool| {
                (0..100)
                    .map(hash)
                    .filter(|one| keys.may_others_have(one, own.then_some(one)))
                    .count()
            };
            // But for the few that the filter is wrong about.
            assert!(asked(true) < 20);
            assert_eq!(asked(false), 100);
            assert!(BusinessKeys::of(tx, sources[1], 0, || false)?.is_some());
            Ok(())
        })
        .unwrap();
}
