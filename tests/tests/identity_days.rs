//! Days on which anything may change: what the review brings up to date is what a review of everything
//! finds, and the counts are those of the bindings.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use zhengqiao_api::Console;
use zhengqiao_api::contract::{ConnectionId, ReviewTook};
use zhengqiao_demo::{DemoOptions, World};
use zhengqiao_store::{Cache, Connection, StoreError};
use zhengqiao_tests::people;

/// Cases of the provider, as many as give some thousand people and accounts.
const CASES: u64 = 8_000;
/// Days of each world.
const DAYS: u64 = 5;
/// Changes of a day: more than are worth a second reader.
const CHANGES: usize = 700;

/// A field of another record is copied, so that values meet that did not before.
const COPIED: [&str; 12] = [
    "mobile",
    "display_name",
    "cert_key",
    "id_number",
    "credit_code",
    "bound_to",
    "site",
    "account_state",
    "user_name",
    "user_mobile",
    "certificate_sno",
    "agent_cert",
];

/// The same numbers for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(0x5851_F42D_4C95_7F2D)
            .wrapping_add(0x1405_7B7E_F767_814F);
        i64::try_from(self.0 >> 33).unwrap_or_default() % limit
    }
}

fn change(conn: &Connection, dice: &mut Dice) -> Result<(), StoreError> {
    let greatest: i64 = conn.query_row("SELECT MAX(id) FROM record", [], |row| row.get(0))?;
    for _ in 0..CHANGES {
        let (one, other) = (1 + dice.below(greatest), 1 + dice.below(greatest));
        match dice.below(20) {
            0 => conn.execute("DELETE FROM record WHERE id = ?1", [one])?,
            // Withdrawn, or there again.
            1 | 2 => conn.execute("UPDATE record SET state = 3 - state WHERE id = ?1", [one])?,
            3 => conn.execute(
                "UPDATE record SET fields = 'not to be read' WHERE id = ?1",
                [one],
            )?,
            4 => conn.execute(
                "UPDATE record
                 SET fields = json_remove(fields, '$.bound_to', '$.bound_by')
                 WHERE id = ?1 AND json_valid(fields)",
                [one],
            )?,
            _ => {
                let field = COPIED[usize::try_from(dice.below(12)).unwrap_or_default()];
                conn.execute(
                    &format!(
                        "UPDATE record
                         SET fields = json_set(record.fields, '$.{field}', json_extract(other.fields, '$.{field}'))
                         FROM (SELECT fields FROM record WHERE id = ?2) AS other
                         WHERE record.id = ?1 AND json_valid(record.fields) AND json_valid(other.fields)
                           AND json_extract(other.fields, '$.{field}') IS NOT NULL"
                    ),
                    [one, other],
                )?
            }
        };
    }
    Ok(())
}

/// The log of changes lost its beginning: the next review reads everyone.
fn forget(conn: &Connection) -> Result<(), StoreError> {
    let newest: i64 = conn.query_row(
        "SELECT COALESCE(MAX(no), 0) FROM person_change",
        [],
        |row| row.get(0),
    )?;
    conn.execute("DELETE FROM person_change", [])?;
    conn.execute(
        "INSERT INTO person_change (no, record_id) VALUES (?1, 0)",
        [newest + 10],
    )?;
    Ok(())
}

/// Lines of text: every binding, or every group with its count.
async fn lines(cache: &Cache, sql: &'static str) -> Vec<String> {
    cache
        .read(move |conn| {
            let mut statement = conn.prepare(sql)?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
        .unwrap()
}

const BINDINGS: &str =
    "SELECT json_array(id, kind, state, account_record, account_id, site, person_record, conflicts,
    compared, agreed, candidates, act, until)
  FROM binding
  ORDER BY id";
const GROUPS: &str = "SELECT json_array(connection_id, kind, state, account_record IS NOT NULL, COALESCE(site, ''),
    COALESCE(act, ''), COALESCE(until, ''), conflicts, COUNT(*)) AS line
  FROM binding
  GROUP BY connection_id, kind, state, account_record IS NOT NULL, COALESCE(site, ''), COALESCE(act, ''),
    COALESCE(until, ''), conflicts
  ORDER BY line";
const COUNTED: &str = "SELECT json_array(connection_id, kind, state, has_account, site, act, until, conflicts, n) AS line
  FROM binding_count
  WHERE n <> 0
  ORDER BY line";

async fn review(console: &Console, connection_id: i64) -> ReviewTook {
    let id = ConnectionId { connection_id };
    console.review_identity(id).await.unwrap().took.unwrap()
}

async fn decide(console: &Console, connection_id: i64, filter: serde_json::Value, act: &str) {
    let request = serde_json::json!({
        "connection_id": connection_id, "filter": filter, "act": act, "reason": "核对", "until": null,
    });
    console
        .decide_bindings(serde_json::from_value(request).unwrap())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_brought_up_to_date_day_by_day_is_what_a_review_of_everything_finds() {
    for seed in 0..3 {
        let world = World::new(DemoOptions::new(
            CASES,
            seed,
            (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc(),
        ));
        let dir = tempfile::tempdir().unwrap();
        let (console, connection_id) = people::console(dir.path()).await.unwrap();
        let cache = console.cache().unwrap();
        people::fill(&cache, connection_id, &world).await.unwrap();
        assert!(!review(&console, connection_id).await.incremental);
        let mut changed = 0;
        for day in 0..DAYS {
            let mut dice = Dice(seed * 1_000 + day);
            cache.write(move |tx| change(tx, &mut dice)).await.unwrap();
            if day == 2 {
                let some = serde_json::json!({ "conflict": "phone_taken_over" });
                decide(&console, connection_id, some, "do_not_touch").await;
                let some = serde_json::json!({ "state": "orphaned" });
                decide(&console, connection_id, some, "unlink").await;
            }
            let took = review(&console, connection_id).await;
            assert!(took.incremental, "{took:?}");
            changed += took.written;
            assert_eq!(lines(&cache, GROUPS).await, lines(&cache, COUNTED).await);

            let kept = lines(&cache, BINDINGS).await;
            cache.write(|tx| forget(tx)).await.unwrap();
            let took = review(&console, connection_id).await;
            assert!(!took.incremental, "{took:?}");
            assert_eq!(
                kept,
                lines(&cache, BINDINGS).await,
                "seed {seed}, day {day}"
            );
            assert_eq!(took.written, 0);
            assert_eq!(lines(&cache, GROUPS).await, lines(&cache, COUNTED).await);
        }
        assert!(changed > 500, "{changed}");
    }
}
