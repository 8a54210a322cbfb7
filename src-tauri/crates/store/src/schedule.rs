//! Tables `schedule`, `schedule_miss`: when connections run by themselves, and what was missed.
//!
//! A time of a schedule is taken by one host in one transaction, so that the window, a server's
//! timer and a crontab line can all know the same schedule and start each run once.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::StoreError;

/// Missed times kept for each schedule.
const KEPT_MISSES: i64 = 100;

/// When a connection runs by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleRow {
    /// Its number.
    pub id: i64,
    /// The connection.
    pub connection_id: i64,
    /// The definition as JSON text.
    pub definition: String,
    /// Whether hosts start its runs.
    pub enabled: bool,
    /// When it was made, unix ms.
    pub created_at: i64,
    /// The latest time of it that some host has taken, unix ms.
    pub last_due_at: i64,
    /// The run that it started last.
    pub last_run_id: Option<i64>,
}

/// Times that passed without their run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissRow {
    /// The schedule.
    pub schedule_id: i64,
    /// The first of them, unix ms.
    pub first_due_at: i64,
    /// The last of them, unix ms.
    pub last_due_at: i64,
    /// How many.
    pub times: i64,
    /// off, running, paused or refused.
    pub reason: String,
    /// Particulars in a sentence.
    pub message: Option<String>,
    /// When it was noticed, unix ms.
    pub noticed_at: i64,
    /// The run that made up for them.
    pub run_id: Option<i64>,
}

const SCHEDULE: &str =
    "SELECT id, connection_id, definition, enabled, created_at, last_due_at, last_run_id
  FROM schedule";

fn read(row: &Row<'_>) -> rusqlite::Result<ScheduleRow> {
    Ok(ScheduleRow {
        id: row.get(0)?,
        connection_id: row.get(1)?,
        definition: row.get(2)?,
        enabled: row.get(3)?,
        created_at: row.get(4)?,
        last_due_at: row.get(5)?,
        last_run_id: row.get(6)?,
    })
}

/// All schedules, by connection.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection) -> Result<Vec<ScheduleRow>, StoreError> {
    let mut statement =
        connection.prepare_cached(&format!("{SCHEDULE} ORDER BY connection_id, id"))?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One schedule.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: i64) -> Result<Option<ScheduleRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!("{SCHEDULE} WHERE id = ?1"))?
        .query_row([id], read)
        .optional()?)
}

/// Adds a schedule; what was due before now is not missed.
///
/// # Errors
/// SQLite's.
pub fn insert(
    connection: &Connection,
    connection_id: i64,
    definition: &str,
    enabled: bool,
    at: i64,
) -> Result<i64, StoreError> {
    connection.execute(
        "INSERT INTO schedule (connection_id, definition, enabled, created_at, last_due_at)
         VALUES (?1, ?2, ?3, ?4, ?4)",
        params![connection_id, definition, enabled, at],
    )?;
    Ok(connection.last_insert_rowid())
}

/// Changes a schedule; its new times begin now. Says whether there is such a schedule.
///
/// # Errors
/// SQLite's.
pub fn update(
    connection: &Connection,
    id: i64,
    definition: &str,
    enabled: bool,
    at: i64,
) -> Result<bool, StoreError> {
    Ok(connection.execute(
        "UPDATE schedule SET definition = ?2, enabled = ?3, last_due_at = ?4 WHERE id = ?1",
        params![id, definition, enabled, at],
    )? == 1)
}

/// Removes a schedule; says whether there was one.
///
/// # Errors
/// SQLite's.
pub fn remove(connection: &Connection, id: i64) -> Result<bool, StoreError> {
    Ok(connection.execute("DELETE FROM schedule WHERE id = ?1", [id])? == 1)
}

/// Takes a time of a schedule for this host; `false` when another has taken it or it is switched off.
///
/// # Errors
/// SQLite's.
pub fn take(connection: &Connection, id: i64, due_at: i64) -> Result<bool, StoreError> {
    Ok(connection.execute(
        "UPDATE schedule SET last_due_at = ?2 WHERE id = ?1 AND last_due_at < ?2 AND enabled = 1",
        params![id, due_at],
    )? == 1)
}

/// Notes the run that a schedule started.
///
/// # Errors
/// SQLite's.
pub fn note_run(connection: &Connection, id: i64, run_id: i64) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE schedule SET last_run_id = ?2 WHERE id = ?1",
        params![id, run_id],
    )?;
    Ok(())
}

/// Notes missed times; the newest hundred are kept.
///
/// # Errors
/// SQLite's.
pub fn note_miss(connection: &Connection, miss: &MissRow) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO schedule_miss (schedule_id, first_due_at, last_due_at, times, reason, message, noticed_at, run_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            miss.schedule_id,
            miss.first_due_at,
            miss.last_due_at,
            miss.times,
            miss.reason,
            miss.message,
            miss.noticed_at,
            miss.run_id
        ],
    )?;
    connection.execute(
        "DELETE FROM schedule_miss
         WHERE schedule_id = ?1
           AND id <= (SELECT id FROM schedule_miss WHERE schedule_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        params![miss.schedule_id, KEPT_MISSES],
    )?;
    Ok(())
}

/// What a schedule missed, newest first.
///
/// # Errors
/// SQLite's.
pub fn misses(
    connection: &Connection,
    schedule_id: i64,
    limit: u32,
) -> Result<Vec<MissRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT schedule_id, first_due_at, last_due_at, times, reason, message, noticed_at, run_id
         FROM schedule_miss
         WHERE schedule_id = ?1
         ORDER BY id DESC
         LIMIT ?2",
    )?;
    let rows = statement.query_map(params![schedule_id, limit], |row| {
        Ok(MissRow {
            schedule_id: row.get(0)?,
            first_due_at: row.get(1)?,
            last_due_at: row.get(2)?,
            times: row.get(3)?,
            reason: row.get(4)?,
            message: row.get(5)?,
            noticed_at: row.get(6)?,
            run_id: row.get(7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cache, CacheKey, connection};

    #[test]
    fn a_time_is_taken_once_and_never_while_switched_off() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("cache.db"), &CacheKey::new([1; 32])).unwrap();
        cache
            .write_blocking(|tx| {
                let connection_id = connection::insert(tx, "a", "test", "{}", 1)?;
                let id = insert(tx, connection_id, "{}", true, 100)?;
                assert!(!take(tx, id, 100)?, "what was due before is not missed");
                assert!(take(tx, id, 200)?);
                assert!(!take(tx, id, 200)?, "another host has it");
                assert!(!take(tx, id, 150)?, "an earlier time is over");
                assert!(update(tx, id, "{}", false, 300)?);
                assert!(!take(tx, id, 400)?);
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn the_newest_hundred_misses_are_kept_and_go_with_the_schedule() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("cache.db"), &CacheKey::new([1; 32])).unwrap();
        cache
            .write_blocking(|tx| {
                let connection_id = connection::insert(tx, "a", "test", "{}", 1)?;
                let schedule_id = insert(tx, connection_id, "{}", true, 1)?;
                for at in 0..130 {
                    let miss = MissRow {
                        schedule_id,
                        first_due_at: at,
                        last_due_at: at,
                        times: 1,
                        reason: "off".into(),
                        message: None,
                        noticed_at: at,
                        run_id: None,
                    };
                    note_miss(tx, &miss)?;
                }
                let kept = misses(tx, schedule_id, 1000)?;
                assert_eq!(kept.len(), 100);
                assert_eq!(kept[0].first_due_at, 129);
                assert!(remove(tx, schedule_id)?);
                assert!(misses(tx, schedule_id, 10)?.is_empty());
                Ok(())
            })
            .unwrap();
    }
}
