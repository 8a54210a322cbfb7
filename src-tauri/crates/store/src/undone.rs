//! Table `undone`: what an undo did with each key that the undone run had touched; and how runs and
//! their undoing refer to each other.

use rusqlite::{Connection, OptionalExtension, params};
use zhengqiao_domain::DatasetId;

use crate::error::StoreError;
use crate::hash::Hash;
use crate::rejection_version::Since;
use crate::source;

/// `fate` of a key that got back an earlier state.
pub const RESTORED: i64 = 1;
/// `fate` of a key that is unknown again.
pub const REMOVED: i64 = 2;
/// `fate` of a key that something changed since.
pub const KEPT: i64 = 3;

/// Where the keys of a run are looked for, one place after another.
pub const PLACES: [&str; 6] = [
    "SELECT id, source_id, key_hash FROM record WHERE run_id = ?1 AND ?2 IS NOT NULL AND id > ?3 ORDER BY id LIMIT ?4",
    "SELECT id, source_id, key_hash FROM record_version
     WHERE replaced_by = ?1 AND ?2 IS NOT NULL AND replaced_by_actor IS NULL AND id > ?3 ORDER BY id LIMIT ?4",
    "SELECT id, source_id, key_hash FROM record_version
     WHERE run_id = ?1 AND replaced_by <> ?2 AND id > ?3 ORDER BY id LIMIT ?4",
    "SELECT id, source_id, key_hash FROM rejection_version
     WHERE replaced_by = ?1 AND ?2 IS NOT NULL AND actor IS NULL AND id > ?3 ORDER BY id LIMIT ?4",
    "SELECT id, source_id, key_hash FROM rejection WHERE first_run_id = ?1 AND ?2 IS NOT NULL AND id > ?3 ORDER BY id LIMIT ?4",
    "SELECT id, source_id, key_hash FROM rejection_version
     WHERE first_run_id = ?1 AND replaced_by <> ?2 AND id > ?3 ORDER BY id LIMIT ?4",
];

/// A key that a run touched, with the number that the next page begins after.
pub type Touched = (i64, i64, Hash);

/// Keys that a run touched, from one of [`PLACES`], after a number; the same key may come from several.
///
/// # Errors
/// SQLite's.
pub fn touched(
    connection: &Connection,
    place: usize,
    run_id: i64,
    undo_id: i64,
    after: i64,
    limit: u32,
) -> Result<Vec<Touched>, StoreError> {
    let Some(sql) = PLACES.get(place) else {
        return Ok(Vec::new());
    };
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![run_id, undo_id, after, limit], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether an undo has already dealt with a key.
///
/// # Errors
/// SQLite's.
pub fn is_done(
    connection: &Connection,
    undo_id: i64,
    source_id: i64,
    key_hash: &Hash,
) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM undone WHERE run_id = ?1 AND source_id = ?2 AND key_hash = ?3",
        )?
        .exists(params![undo_id, source_id, key_hash])?)
}

/// Notes what became of a key.
///
/// # Errors
/// SQLite's.
pub fn insert(
    connection: &Connection,
    undo_id: i64,
    source_id: i64,
    key_hash: &Hash,
    record_key: &str,
    fate: i64,
    since: Option<&Since>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO undone (run_id, source_id, key_hash, record_key, fate, since_run_id, since_actor, since_act, since_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            undo_id,
            source_id,
            key_hash,
            record_key,
            fate,
            since.map(|since| since.run_id),
            since.and_then(|since| since.actor.as_deref()),
            since.map(|since| since.act.as_str()),
            since.map(|since| since.at)
        ])?;
    Ok(())
}

/// A key in the list behind a number of an undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoneRow {
    /// Its number in this table.
    pub id: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// The record's key as text; empty where it had none.
    pub record_key: String,
    /// [`RESTORED`], [`REMOVED`] or [`KEPT`].
    pub fate: i64,
    /// What changed a kept one since.
    pub since: Option<Since>,
    /// The present record, if there is one.
    pub record_id: Option<i64>,
    /// The present rejection, if there is one.
    pub rejection_id: Option<i64>,
}

/// A page of what an undo did, of one fate or all, in the order in which it was done.
///
/// # Errors
/// SQLite's.
pub fn page(
    connection: &Connection,
    undo_id: i64,
    fate: Option<i64>,
    dataset: Option<DatasetId>,
    after: i64,
    limit: u32,
) -> Result<Vec<UndoneRow>, StoreError> {
    let mut sql = "SELECT u.id, s.dataset, u.record_key, u.fate, u.since_run_id, u.since_actor, u.since_act, u.since_at,
           (SELECT record_id FROM record_by_key WHERE source_id = u.source_id AND hash = u.key_hash),
           (SELECT id FROM rejection j WHERE j.source_id = u.source_id AND j.key_hash = u.key_hash)
         FROM undone u
         JOIN source s ON s.id = u.source_id
         WHERE u.run_id = ?1 AND u.id > ?2"
        .to_owned();
    if let Some(fate) = fate {
        sql.push_str(&format!(" AND u.fate = {fate}"));
    }
    if let Some(dataset) = dataset {
        sql.push_str(&format!(" AND s.dataset = {}", dataset.number()));
    }
    sql.push_str(" ORDER BY u.id LIMIT ?3");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![undo_id, after, limit], |row| {
        Ok(UndoneRow {
            id: row.get(0)?,
            dataset: source::dataset(row, 1)?,
            record_key: row.get(2)?,
            fate: row.get(3)?,
            since: match row.get::<_, Option<i64>>(4)? {
                Some(run_id) => Some(Since {
                    run_id,
                    actor: row.get(5)?,
                    act: row.get(6)?,
                    at: row.get(7)?,
                }),
                None => None,
            },
            record_id: row.get(8)?,
            rejection_id: row.get(9)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How an undo's kept keys divide by what changed them: the run, the person, the act, and how many.
///
/// # Errors
/// SQLite's.
pub fn kept(connection: &Connection, undo_id: i64) -> Result<Vec<(Since, i64)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT since_run_id, since_actor, since_act, MAX(since_at), COUNT(*)
         FROM undone
         WHERE run_id = ?1 AND fate = 3
         GROUP BY since_run_id, since_actor, since_act
         ORDER BY COUNT(*) DESC, since_run_id",
    )?;
    let rows = statement.query_map([undo_id], |row| {
        Ok((
            Since {
                run_id: row.get(0)?,
                actor: row.get(1)?,
                act: row.get(2)?,
                at: row.get(3)?,
            },
            row.get(4)?,
        ))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What a run says of itself for undo and lineage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Who asked for it.
    pub asked_by: String,
    /// The run that it undoes.
    pub undoes: Option<i64>,
    /// The last run that undid it, and how that stands.
    pub undone_by: Option<(i64, String)>,
    /// Whether earlier states that it replaced are gone.
    pub history_forgotten: bool,
}

/// A run's standing; the plain one for a run that does not exist.
///
/// # Errors
/// SQLite's.
pub fn standing(connection: &Connection, run_id: i64) -> Result<Standing, StoreError> {
    let found = connection
        .prepare_cached("SELECT asked_by, undoes, history_forgotten FROM run WHERE id = ?1")?
        .query_row([run_id], |row| {
            Ok(Standing {
                asked_by: row.get(0)?,
                undoes: row.get(1)?,
                undone_by: None,
                history_forgotten: row.get(2)?,
            })
        })
        .optional()?;
    let Some(mut standing) = found else {
        return Ok(Standing::default());
    };
    standing.undone_by = connection
        .prepare_cached(
            "SELECT u.id, u.state
             FROM run r
             JOIN run u ON u.connection_id = r.connection_id AND u.undoes = r.id
             WHERE r.id = ?1
             ORDER BY u.id DESC
             LIMIT 1",
        )?
        .query_row([run_id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(standing)
}

/// Notes which run a run undoes.
///
/// # Errors
/// SQLite's.
pub fn set_undoes(connection: &Connection, run_id: i64, undoes: i64) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE run SET undoes = ?2 WHERE id = ?1",
        params![run_id, undoes],
    )?;
    Ok(())
}

/// Notes who asked for a run.
///
/// # Errors
/// SQLite's.
pub fn set_asked_by(
    connection: &Connection,
    run_id: i64,
    asked_by: &str,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE run SET asked_by = ?2 WHERE id = ?1",
        params![run_id, asked_by],
    )?;
    Ok(())
}

/// The last run of a connection; 0 before the first.
///
/// # Errors
/// SQLite's.
pub fn last_run(connection: &Connection, connection_id: i64) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT COALESCE(MAX(id), 0) FROM run WHERE connection_id = ?1")?
        .query_row([connection_id], |row| row.get(0))?)
}

/// Notes where a source begins before a run moves it.
///
/// # Errors
/// SQLite's.
pub fn note_cursor(connection: &Connection, run_id: i64, source_id: i64) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE run_dataset
         SET cursor_before = (SELECT COALESCE(incremental_state, 'null') FROM source WHERE id = ?2)
         WHERE run_id = ?1 AND source_id = ?2",
        params![run_id, source_id],
    )?;
    Ok(())
}

/// A cursor that a run moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedCursor {
    /// The source.
    pub source_id: i64,
    /// Its dataset.
    pub dataset: DatasetId,
    /// Where it began before, as JSON text; absent for nowhere.
    pub before: Option<String>,
    /// A later run that moved it as well.
    pub moved_by: Option<i64>,
}

/// The cursors that a run moved, and whether a later one moved them since.
///
/// # Errors
/// SQLite's.
pub fn cursors(
    connection: &Connection,
    run_id: i64,
    undo_id: i64,
) -> Result<Vec<MovedCursor>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT d.source_id, d.dataset, NULLIF(d.cursor_before, 'null'),
           (SELECT MAX(o.run_id)
            FROM run_dataset o
            WHERE o.source_id = d.source_id AND o.run_id > d.run_id AND o.run_id <> ?2 AND o.cursor_before IS NOT NULL)
         FROM run_dataset d
         WHERE d.run_id = ?1 AND d.cursor_before IS NOT NULL
         ORDER BY d.dataset",
    )?;
    let rows = statement.query_map(params![run_id, undo_id], |row| {
        Ok(MovedCursor {
            source_id: row.get(0)?,
            dataset: source::dataset(row, 1)?,
            before: row.get(2)?,
            moved_by: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Puts a source's beginning back.
///
/// # Errors
/// SQLite's.
pub fn set_cursor(
    connection: &Connection,
    source_id: i64,
    state: Option<&str>,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE source SET incremental_state = ?2 WHERE id = ?1",
        params![source_id, state],
    )?;
    Ok(())
}

/// Marks the runs whose earlier states go with those older than a moment; they cannot be undone any more.
///
/// # Errors
/// SQLite's.
pub fn mark_forgotten(
    connection: &Connection,
    connection_id: i64,
    before_ms: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE run
         SET history_forgotten = 1
         WHERE connection_id = ?1 AND history_forgotten = 0 AND started_at < ?2",
        params![connection_id, before_ms],
    )?;
    Ok(())
}

/// Forgets what undo runs of a connection that ended before a moment did with each key.
///
/// # Errors
/// SQLite's.
pub fn forget(
    connection: &Connection,
    connection_id: i64,
    before_ms: i64,
    limit: u32,
) -> Result<usize, StoreError> {
    Ok(connection.execute(
        "DELETE FROM undone
         WHERE id IN (
           SELECT u.id
           FROM run r
           JOIN undone u ON u.run_id = r.id
           WHERE r.connection_id = ?1 AND r.ended_at < ?2
           LIMIT ?3)",
        params![connection_id, before_ms, limit],
    )?)
}
