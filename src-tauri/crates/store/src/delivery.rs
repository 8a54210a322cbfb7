//! Table `delivery`: where a connection's records go on to, and how far that is.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::StoreError;
use crate::{delivered, outbox, rejection};

/// A connection's delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// The connection.
    pub connection_id: i64,
    /// Names this cache's connection in the library.
    pub stream: String,
    /// What names the library.
    pub place: String,
    /// The last batch that is known to have arrived.
    pub token: Option<String>,
    /// Its last row; 0 before the first.
    pub token_no: i64,
    /// The batch under way, and its last row.
    pub next: Option<(String, i64)>,
    /// Whether a person decided that this cache is the right one.
    pub takes_over: bool,
    /// never, running, succeeded, cancelled or failed.
    pub state: String,
    /// Code and message of what ended the last delivery before its time.
    pub cause: Option<(String, String)>,
    /// Who delivers.
    pub owner: String,
    /// Their last sign of life, unix ms.
    pub heartbeat_at: i64,
    /// Begin of the last delivery, unix ms.
    pub begun_at: Option<i64>,
    /// Its end, unix ms.
    pub ended_at: Option<i64>,
    /// Rows that it brought.
    pub delivered: i64,
    /// Rows that the library refused.
    pub refused: i64,
}

const COLUMNS: &str =
    "connection_id, stream, place, token, token_no, next_token, next_no, takes_over, state, code,
  message, owner, heartbeat_at, begun_at, ended_at, delivered, refused";

fn read(row: &Row<'_>) -> rusqlite::Result<DeliveryRow> {
    let (next_token, next_no): (Option<String>, Option<i64>) = (row.get(5)?, row.get(6)?);
    let (code, message): (Option<String>, Option<String>) = (row.get(9)?, row.get(10)?);
    Ok(DeliveryRow {
        connection_id: row.get(0)?,
        stream: row.get(1)?,
        place: row.get(2)?,
        token: row.get(3)?,
        token_no: row.get(4)?,
        next: next_token.zip(next_no),
        takes_over: row.get(7)?,
        state: row.get(8)?,
        cause: code.map(|code| (code, message.unwrap_or_default())),
        owner: row.get(11)?,
        heartbeat_at: row.get(12)?,
        begun_at: row.get(13)?,
        ended_at: row.get(14)?,
        delivered: row.get(15)?,
        refused: row.get(16)?,
    })
}

/// A connection's delivery, if it has a target.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, connection_id: i64) -> Result<Option<DeliveryRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM delivery WHERE connection_id = ?1"
        ))?
        .query_row([connection_id], read)
        .optional()?)
}

/// All deliveries.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection) -> Result<Vec<DeliveryRow>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM delivery ORDER BY connection_id"
    ))?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Notes where a connection's records go on to. A library that is new to it gets everything; without
/// one, what waited is forgotten. `stream` is used only where there is none yet.
///
/// # Errors
/// SQLite's.
pub fn set_up(
    connection: &Connection,
    connection_id: i64,
    place: Option<&str>,
    stream: &str,
) -> Result<(), StoreError> {
    let known = get(connection, connection_id)?;
    match (known, place) {
        (None, None) => Ok(()),
        (Some(known), Some(place)) if known.place == place => Ok(()),
        (known, place) => {
            outbox::forget(connection, connection_id)?;
            delivered::forget(connection, connection_id)?;
            rejection::settle_refused(connection, connection_id)?;
            connection.execute(
                "DELETE FROM delivery WHERE connection_id = ?1",
                [connection_id],
            )?;
            let Some(place) = place else { return Ok(()) };
            let stream = known.map_or_else(|| stream.to_owned(), |known| known.stream);
            connection.execute(
                "INSERT INTO delivery (connection_id, stream, place) VALUES (?1, ?2, ?3)",
                params![connection_id, stream, place],
            )?;
            outbox::seed(connection, connection_id)?;
            Ok(())
        }
    }
}

/// Puts everything into the outbox again, because a person wants it or the library has lost it.
///
/// # Errors
/// SQLite's.
pub fn begin_again(
    connection: &Connection,
    connection_id: i64,
    takes_over: bool,
) -> Result<i64, StoreError> {
    connection.execute(
        "UPDATE delivery
         SET token = NULL, token_no = 0, next_token = NULL, next_no = NULL, takes_over = ?2
         WHERE connection_id = ?1",
        params![connection_id, takes_over],
    )?;
    outbox::seed(connection, connection_id)
}

/// Begins a delivery.
///
/// # Errors
/// SQLite's.
pub fn begin(
    connection: &Connection,
    connection_id: i64,
    owner: &str,
    at: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE delivery
         SET state = 'running', code = NULL, message = NULL, owner = ?2, heartbeat_at = ?3, begun_at = ?3,
           ended_at = NULL, cancel_requested = 0, delivered = 0, refused = 0
         WHERE connection_id = ?1",
        params![connection_id, owner, at],
    )?;
    Ok(())
}

/// Ends a delivery.
///
/// # Errors
/// SQLite's.
pub fn end(
    connection: &Connection,
    connection_id: i64,
    state: &str,
    cause: Option<(&str, &str)>,
    at: i64,
) -> Result<(), StoreError> {
    let (code, message) = cause.unzip();
    connection.execute(
        "UPDATE delivery
         SET state = ?2, code = ?3, message = ?4, ended_at = ?5, heartbeat_at = ?5, owner = ''
         WHERE connection_id = ?1",
        params![connection_id, state, code, message, at],
    )?;
    Ok(())
}

/// Gives sign of life; says whether to go on: not when it was cancelled, or taken from the owner.
///
/// # Errors
/// SQLite's.
pub fn heartbeat(
    connection: &Connection,
    connection_id: i64,
    owner: &str,
    at: i64,
) -> Result<bool, StoreError> {
    let alive = connection
        .prepare_cached(
            "UPDATE delivery
             SET heartbeat_at = ?3
             WHERE connection_id = ?1 AND owner = ?2 AND cancel_requested = 0",
        )?
        .execute(params![connection_id, owner, at])?;
    Ok(alive > 0)
}

/// Asks a delivery to end after its batch; says whether one goes on.
///
/// # Errors
/// SQLite's.
pub fn request_cancel(connection: &Connection, connection_id: i64) -> Result<bool, StoreError> {
    let changed = connection.execute(
        "UPDATE delivery SET cancel_requested = 1 WHERE connection_id = ?1 AND state = 'running'",
        [connection_id],
    )?;
    Ok(changed > 0)
}

/// Notes the batch that is about to be sent.
///
/// # Errors
/// SQLite's.
pub fn announce(
    connection: &Connection,
    connection_id: i64,
    token: &str,
    no: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE delivery SET next_token = ?2, next_no = ?3 WHERE connection_id = ?1",
        )?
        .execute(params![connection_id, token, no])?;
    Ok(())
}

/// Notes that a batch has arrived.
///
/// # Errors
/// SQLite's.
pub fn arrived(
    connection: &Connection,
    connection_id: i64,
    token: &str,
    no: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE delivery
             SET token = ?2, token_no = ?3, next_token = NULL, next_no = NULL, takes_over = 0
             WHERE connection_id = ?1",
        )?
        .execute(params![connection_id, token, no])?;
    Ok(())
}

/// Adds to what the present delivery brought.
///
/// # Errors
/// SQLite's.
pub fn count(
    connection: &Connection,
    connection_id: i64,
    delivered: i64,
    refused: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE delivery
             SET delivered = delivered + ?2, refused = refused + ?3
             WHERE connection_id = ?1",
        )?
        .execute(params![connection_id, delivered, refused])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use zhengqiao_domain::DatasetId;

    use super::*;
    use crate::record::{self, NewRecord};
    use crate::{Cache, CacheKey, connection as connections, source};

    fn cache() -> (tempfile::TempDir, Cache) {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("cache.db"), &CacheKey::new([1; 32])).unwrap();
        (dir, cache)
    }

    fn accept(tx: &Connection, source_id: i64, key: u8) {
        let new = NewRecord {
            source_id,
            key_hash: &[key; 16],
            business_hash: None,
            version: None,
            hash: &[key; 16],
            state: record::ACCEPTED,
            run_id: 4,
            at: 1,
            source_time: None,
            fields: "{}",
            warnings: None,
            raw: b"{}",
            profile_version: None,
            via: "run",
            actor: None,
        };
        let followers = record::Followers::of(tx, new.source_id).unwrap();
        record::insert(tx, &new, followers, None).unwrap();
    }

    #[test]
    fn records_wait_only_where_there_is_a_library_and_every_change_of_them_waits() {
        let (_dir, cache) = cache();
        let acts = cache
            .write_blocking(|tx| {
                let id = connections::insert(tx, "a", "test", "{}", 1)?;
                let other = connections::insert(tx, "b", "test", "{}", 1)?;
                let source_id = source::ensure(tx, id, DatasetId::Review)?;
                let alone = source::ensure(tx, other, DatasetId::Review)?;
                accept(tx, source_id, 1);
                assert_eq!(outbox::waiting(tx, id)?, 0);
                set_up(tx, id, Some("there"), "s")?;
                assert_eq!(outbox::waiting(tx, id)?, 1, "what was there before");
                accept(tx, source_id, 2);
                accept(tx, alone, 3);
                let hand = record::Hand {
                    run_id: 5,
                    at: 2,
                    profile_version: None,
                    via: "run",
                    actor: None,
                };
                record::withdraw(tx, 1, &[9; 16], None, &hand)?;
                tx.execute("DELETE FROM record WHERE id = 2", [])?;
                assert_eq!(outbox::waiting(tx, other)?, 0);
                let rows = outbox::next(tx, id, 0, i64::MAX, 100)?;
                assert_eq!(rows.len() as i64, outbox::waiting(tx, id)?);
                Ok(rows
                    .into_iter()
                    .map(|row| (row.record_id, row.run_id, row.record.is_some()))
                    .collect::<Vec<_>>())
            })
            .unwrap();
        assert_eq!(
            acts,
            [(1, 4, true), (2, 4, false), (1, 5, true), (2, 0, false)]
        );
    }

    #[test]
    fn a_connection_is_removed_with_everything_that_waits_for_its_library() {
        let (_dir, cache) = cache();
        let left: i64 = cache
            .write_blocking(|tx| {
                let id = connections::insert(tx, "a", "test", "{}", 1)?;
                let source_id = source::ensure(tx, id, DatasetId::Review)?;
                set_up(tx, id, Some("there"), "s")?;
                accept(tx, source_id, 1);
                delivered::note(tx, 1, source_id, 1, &[1; 16], 1)?;
                connections::remove(tx, id)?;
                Ok(tx.query_row(
                    "SELECT (SELECT COUNT(*) FROM outbox) + (SELECT COUNT(*) FROM delivery)
                       + (SELECT COUNT(*) FROM delivered) + (SELECT COUNT(*) FROM record)",
                    [],
                    |row| row.get(0),
                )?)
            })
            .unwrap();
        assert_eq!(left, 0);
    }

    #[test]
    fn another_place_is_a_new_library_and_the_same_one_is_not_seeded_again() {
        let (_dir, cache) = cache();
        cache
            .write_blocking(|tx| {
                let id = connections::insert(tx, "a", "test", "{}", 1)?;
                let source_id = source::ensure(tx, id, DatasetId::Review)?;
                accept(tx, source_id, 1);
                set_up(tx, id, Some("there"), "s")?;
                let rows = outbox::next(tx, id, 0, i64::MAX, 10)?;
                assert!(rows[0].is_new);
                let row = (rows[0].no, source_id, rows[0].run_id);
                let taken = outbox::take(tx, [row])?;
                assert_eq!(taken.iter().map(|one| one.rows).sum::<i64>(), 1);
                assert_eq!(outbox::take(tx, [row])?, []);
                set_up(tx, id, Some("there"), "other")?;
                assert_eq!(outbox::waiting(tx, id)?, 0);
                set_up(tx, id, Some("elsewhere"), "other")?;
                assert_eq!(outbox::waiting(tx, id)?, 1);
                assert_eq!(get(tx, id)?.unwrap().stream, "s");
                set_up(tx, id, None, "other")?;
                assert!(get(tx, id)?.is_none());
                assert_eq!(outbox::waiting(tx, id)?, 0);
                Ok(())
            })
            .unwrap();
    }
}
