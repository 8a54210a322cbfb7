//! Table `run`, who holds it: one process at a time, with a sign of life in every transaction.
//!
//! A process that was taken for dead and wakes up again finds another owner in its next
//! transaction, which is then rolled back: two processes never write for one run.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;
use crate::run::{self, RunRow};

/// What is asked of a run while it goes on, and what it does at present.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether somebody asked it to wait at the next page edge.
    pub pause_requested: bool,
    /// The request that goes on, as JSON text.
    pub request: Option<String>,
    /// Who asked for the run.
    pub asked_by: String,
}

/// Gives sign of life for a run that `owner` holds.
///
/// # Errors
/// [`StoreError::TakenOver`] when it is not the owner's any more, or SQLite's.
pub fn sign_of_life(
    connection: &Connection,
    run_id: i64,
    owner: &str,
    at: i64,
) -> Result<(), StoreError> {
    let held = connection
        .prepare_cached(
            "UPDATE run SET heartbeat_at = ?3 WHERE id = ?1 AND owner = ?2 AND ended_at IS NULL",
        )?
        .execute(params![run_id, owner, at])?;
    if held == 1 {
        return Ok(());
    }
    let owner = connection
        .prepare_cached("SELECT owner FROM run WHERE id = ?1")?
        .query_row([run_id], |row| row.get(0))
        .optional()?
        .unwrap_or_default();
    Err(StoreError::TakenOver { run_id, owner })
}

/// Makes `owner` the one who goes on with a run that nobody holds.
///
/// # Errors
/// SQLite's.
pub fn take_up(
    connection: &Connection,
    run_id: i64,
    owner: &str,
    at: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE run
         SET owner = ?2, heartbeat_at = ?3, state = 'running', pause_requested = 0, request = NULL
         WHERE id = ?1",
        params![run_id, owner, at],
    )?;
    Ok(())
}

/// Lets go of a run that has not ended; `paused` tells a person's wish from an interruption.
///
/// # Errors
/// SQLite's.
pub fn let_go(connection: &Connection, run_id: i64, paused: bool) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE run
         SET owner = '', state = ?2, pause_requested = 0, request = NULL
         WHERE id = ?1 AND ended_at IS NULL",
        params![run_id, if paused { "paused" } else { "running" }],
    )?;
    Ok(())
}

/// Asks a run to wait at the next page edge; says whether there is such a run.
///
/// # Errors
/// SQLite's.
pub fn request_pause(connection: &Connection, run_id: i64) -> Result<bool, StoreError> {
    Ok(connection.execute(
        "UPDATE run SET pause_requested = 1 WHERE id = ?1 AND ended_at IS NULL",
        [run_id],
    )? == 1)
}

/// Notes which request goes on, as JSON text.
///
/// # Errors
/// SQLite's.
pub fn note_request(
    connection: &Connection,
    run_id: i64,
    request: Option<&str>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE run SET request = ?2 WHERE id = ?1")?
        .execute(params![run_id, request])?;
    Ok(())
}

/// Notes who asked for a run.
///
/// # Errors
/// SQLite's.
pub fn note_asked_by(connection: &Connection, run_id: i64, who: &str) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE run SET asked_by = ?2 WHERE id = ?1",
        params![run_id, who],
    )?;
    Ok(())
}

/// What is asked of a run, and what it does.
///
/// # Errors
/// SQLite's.
pub fn standing(connection: &Connection, run_id: i64) -> Result<Standing, StoreError> {
    Ok(connection
        .prepare_cached("SELECT pause_requested, request, asked_by FROM run WHERE id = ?1")?
        .query_row([run_id], |row| {
            Ok(Standing {
                pause_requested: row.get(0)?,
                request: row.get(1)?,
                asked_by: row.get(2)?,
            })
        })
        .optional()?
        .unwrap_or_default())
}

/// The runs of all connections that have not ended, oldest first.
///
/// # Errors
/// SQLite's.
pub fn unfinished(connection: &Connection) -> Result<Vec<RunRow>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT id FROM run WHERE ended_at IS NULL ORDER BY id")?;
    let ids = statement.query_map([], |row| row.get(0))?;
    let mut rows = Vec::new();
    for id in ids.collect::<Result<Vec<i64>, _>>()? {
        rows.extend(run::get(connection, id)?);
    }
    Ok(rows)
}

/// The state in which a connection's last run before this one ended.
///
/// # Errors
/// SQLite's.
pub fn state_before(
    connection: &Connection,
    connection_id: i64,
    run_id: i64,
) -> Result<Option<String>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT state
             FROM run
             WHERE connection_id = ?1 AND id < ?2 AND ended_at IS NOT NULL AND state <> 'cancelled'
             ORDER BY id DESC
             LIMIT 1",
        )?
        .query_row(params![connection_id, run_id], |row| row.get(0))
        .optional()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::NewRun;
    use crate::{Cache, CacheKey, connection};

    fn with_run(work: impl FnOnce(&Connection, i64) + Send + 'static) {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("cache.db"), &CacheKey::new([1; 32])).unwrap();
        cache
            .write_blocking(|tx| {
                let connection_id = connection::insert(tx, "a", "test", "{}", 1)?;
                let new = NewRun {
                    connection_id,
                    mode: "full",
                    at: 1,
                    owner: "first",
                    until: "",
                    profile_version: 1,
                    rule_set: "",
                };
                work(tx, run::insert(tx, &new)?);
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn an_owner_that_lost_its_run_may_not_give_sign_of_life() {
        with_run(|conn, id| {
            sign_of_life(conn, id, "first", 5).unwrap();
            take_up(conn, id, "second", 9).unwrap();
            let refused = sign_of_life(conn, id, "first", 10).unwrap_err();
            assert!(
                matches!(&refused, StoreError::TakenOver { owner, .. } if owner == "second"),
                "{refused}"
            );
            let row = run::get(conn, id).unwrap().unwrap();
            assert_eq!((row.owner.as_str(), row.heartbeat_at), ("second", 9));
        });
    }

    #[test]
    fn a_run_that_rests_is_paused_by_wish_and_running_again_when_taken_up() {
        with_run(|conn, id| {
            assert!(request_pause(conn, id).unwrap());
            assert!(standing(conn, id).unwrap().pause_requested);
            let_go(conn, id, true).unwrap();
            let rests = run::get(conn, id).unwrap().unwrap();
            assert_eq!((rests.state.as_str(), rests.owner.as_str()), ("paused", ""));
            assert_eq!(unfinished(conn).unwrap().len(), 1);
            take_up(conn, id, "second", 9).unwrap();
            assert_eq!(run::get(conn, id).unwrap().unwrap().state, "running");
            assert!(!standing(conn, id).unwrap().pause_requested);
        });
    }

    #[test]
    fn an_ended_run_cannot_be_paused_and_is_not_unfinished() {
        with_run(|conn, id| {
            run::finish(conn, id, "succeeded", None, 7).unwrap();
            assert!(!request_pause(conn, id).unwrap());
            assert!(unfinished(conn).unwrap().is_empty());
        });
    }
}
