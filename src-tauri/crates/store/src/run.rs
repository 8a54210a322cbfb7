//! Tables `run` and `run_dataset`: what was done, and how far it came.

use rusqlite::{Connection, OptionalExtension, Row, params};
use zhengqiao_domain::DatasetId;

use crate::error::StoreError;
use crate::source;

/// The counters of design: `fetched` is the sum of the other six.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows received.
    pub fetched: i64,
    /// New or changed rows taken into the cache.
    pub accepted: i64,
    /// Rows with the content that the cache has.
    pub unchanged: i64,
    /// Rows waiting for a parent.
    pub held: i64,
    /// Rows not accepted.
    pub rejected: i64,
    /// Rows that withdraw a record.
    pub withdrawn: i64,
    /// Rows older than what the cache has.
    pub superseded: i64,
}

impl Counts {
    /// Whether every fetched row is accounted for.
    pub fn balance(&self) -> bool {
        self.fetched
            == self.accepted
                + self.unchanged
                + self.held
                + self.rejected
                + self.withdrawn
                + self.superseded
    }

    /// Adds another's counters.
    pub fn add(&mut self, other: &Counts) {
        self.fetched += other.fetched;
        self.accepted += other.accepted;
        self.unchanged += other.unchanged;
        self.held += other.held;
        self.rejected += other.rejected;
        self.withdrawn += other.withdrawn;
        self.superseded += other.superseded;
    }
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// Its number.
    pub id: i64,
    /// The connection.
    pub connection_id: i64,
    /// full or incremental.
    pub mode: String,
    /// State word.
    pub state: String,
    /// Code of the cause.
    pub code: Option<String>,
    /// The cause in a sentence.
    pub message: Option<String>,
    /// Begin, unix ms.
    pub started_at: i64,
    /// End, unix ms.
    pub ended_at: Option<i64>,
    /// Last sign of life, unix ms.
    pub heartbeat_at: i64,
    /// The process that runs it.
    pub owner: String,
    /// End of the fetched window in UTC+8.
    pub until: String,
    /// Version of the profile.
    pub profile_version: i64,
    /// Hash of the rule set.
    pub rule_set: String,
    /// Whether somebody asked to cancel it.
    pub cancel_requested: bool,
    /// Sums over its datasets.
    pub counts: Counts,
}

/// One dataset's part of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDatasetRow {
    /// The run.
    pub run_id: i64,
    /// The source.
    pub source_id: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// State word, or `waiting`.
    pub state: String,
    /// Code of the cause.
    pub code: Option<String>,
    /// The cause in a sentence.
    pub message: Option<String>,
    /// Where to go on, as JSON text.
    pub position: Option<String>,
    /// Which reading of the pages, from 1.
    pub pass: i64,
    /// Counters.
    pub counts: Counts,
    /// Held records of earlier runs that were accepted now.
    pub released: i64,
    /// Rows that have reached the portal's library; `None` without one.
    pub delivered: Option<i64>,
    /// Rows that the provider sent although the run's scope leaves them out; not counted as fetched.
    pub left_out: i64,
    /// Pages committed.
    pub pages: i64,
    /// Reviews whose details agree with their score.
    pub scale_agrees: i64,
    /// Reviews whose details mirror their score.
    pub scale_mirrors: i64,
    /// Rows the provider says it has.
    pub provider_total: Option<i64>,
    /// Begin, unix ms.
    pub started_at: Option<i64>,
    /// End, unix ms.
    pub ended_at: Option<i64>,
}

/// What a new run is.
#[derive(Debug, Clone)]
pub struct NewRun<'a> {
    /// The connection.
    pub connection_id: i64,
    /// full or incremental.
    pub mode: &'a str,
    /// Begin, unix ms.
    pub at: i64,
    /// The process that runs it.
    pub owner: &'a str,
    /// End of the fetched window in UTC+8.
    pub until: &'a str,
    /// Version of the profile.
    pub profile_version: i64,
    /// Hash of the rule set.
    pub rule_set: &'a str,
}

const RUN: &str = "SELECT r.id, r.connection_id, r.mode, r.state, r.code, r.message, r.started_at, r.ended_at,
    r.heartbeat_at, r.owner, r.until, r.profile_version, r.rule_set, r.cancel_requested,
    COALESCE(SUM(d.fetched), 0), COALESCE(SUM(d.accepted), 0), COALESCE(SUM(d.unchanged), 0), COALESCE(SUM(d.held), 0),
    COALESCE(SUM(d.rejected), 0), COALESCE(SUM(d.withdrawn), 0), COALESCE(SUM(d.superseded), 0)
  FROM run r
  LEFT JOIN run_dataset d ON d.run_id = r.id";

fn counts(row: &Row<'_>, at: usize) -> rusqlite::Result<Counts> {
    Ok(Counts {
        fetched: row.get(at)?,
        accepted: row.get(at + 1)?,
        unchanged: row.get(at + 2)?,
        held: row.get(at + 3)?,
        rejected: row.get(at + 4)?,
        withdrawn: row.get(at + 5)?,
        superseded: row.get(at + 6)?,
    })
}

fn read(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    Ok(RunRow {
        id: row.get(0)?,
        connection_id: row.get(1)?,
        mode: row.get(2)?,
        state: row.get(3)?,
        code: row.get(4)?,
        message: row.get(5)?,
        started_at: row.get(6)?,
        ended_at: row.get(7)?,
        heartbeat_at: row.get(8)?,
        owner: row.get(9)?,
        until: row.get(10)?,
        profile_version: row.get(11)?,
        rule_set: row.get(12)?,
        cancel_requested: row.get(13)?,
        counts: counts(row, 14)?,
    })
}

/// Starts a run.
///
/// # Errors
/// SQLite's.
pub fn insert(connection: &Connection, run: &NewRun<'_>) -> Result<i64, StoreError> {
    connection.execute(
        "INSERT INTO run (connection_id, mode, state, started_at, heartbeat_at, owner, until, profile_version, rule_set)
         VALUES (?1, ?2, 'running', ?3, ?3, ?4, ?5, ?6, ?7)",
        params![run.connection_id, run.mode, run.at, run.owner, run.until, run.profile_version, run.rule_set],
    )?;
    Ok(connection.last_insert_rowid())
}

/// Adds a dataset to a run, waiting for its turn.
///
/// # Errors
/// SQLite's.
pub fn insert_dataset(
    connection: &Connection,
    run_id: i64,
    source_id: i64,
    dataset: DatasetId,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO run_dataset (run_id, source_id, dataset, state) VALUES (?1, ?2, ?3, 'waiting')",
        params![run_id, source_id, dataset.number()],
    )?;
    Ok(())
}

/// Adds a dataset to a run that is going on, unless it has it.
///
/// # Errors
/// SQLite's.
pub fn ensure_dataset(
    connection: &Connection,
    run_id: i64,
    source_id: i64,
    dataset: DatasetId,
    at: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO run_dataset (run_id, source_id, dataset, state, started_at) VALUES (?1, ?2, ?3, 'running', ?4)",
        )?
        .execute(params![run_id, source_id, dataset.number(), at])?;
    Ok(())
}

/// One run.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: i64) -> Result<Option<RunRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!("{RUN} WHERE r.id = ?1 GROUP BY r.id"))?
        .query_row([id], read)
        .optional()?)
}

/// The run of a connection that has not ended: still running, or interrupted.
///
/// # Errors
/// SQLite's.
pub fn unfinished(
    connection: &Connection,
    connection_id: i64,
) -> Result<Option<RunRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!(
            "{RUN} WHERE r.connection_id = ?1 AND r.ended_at IS NULL GROUP BY r.id ORDER BY r.id DESC LIMIT 1"
        ))?
        .query_row([connection_id], read)
        .optional()?)
}

/// A page of runs, newest first.
///
/// # Errors
/// SQLite's.
pub fn page(
    connection: &Connection,
    connection_id: Option<i64>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<RunRow>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "{RUN}
         WHERE (?1 IS NULL OR r.connection_id = ?1) AND r.id < ?2
         GROUP BY r.id
         ORDER BY r.id DESC
         LIMIT ?3"
    ))?;
    let rows = statement.query_map(
        params![connection_id, before.unwrap_or(i64::MAX), limit],
        read,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A run's datasets in the order of dependency.
///
/// # Errors
/// SQLite's.
pub fn datasets(connection: &Connection, run_id: i64) -> Result<Vec<RunDatasetRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT run_id, source_id, dataset, state, code, message, position, pass, fetched, accepted, unchanged, held,
           rejected, withdrawn, superseded, released, pages, scale_agrees, scale_mirrors, provider_total, started_at, ended_at,
           CASE WHEN EXISTS (SELECT 1 FROM source s JOIN delivery d ON d.connection_id = s.connection_id WHERE s.id = source_id) THEN delivered END, left_out
         FROM run_dataset
         WHERE run_id = ?1
         ORDER BY dataset",
    )?;
    let rows = statement.query_map([run_id], |row| {
        Ok(RunDatasetRow {
            run_id: row.get(0)?,
            source_id: row.get(1)?,
            dataset: source::dataset(row, 2)?,
            state: row.get(3)?,
            code: row.get(4)?,
            message: row.get(5)?,
            position: row.get(6)?,
            pass: row.get(7)?,
            counts: counts(row, 8)?,
            released: row.get(15)?,
            pages: row.get(16)?,
            scale_agrees: row.get(17)?,
            scale_mirrors: row.get(18)?,
            provider_total: row.get(19)?,
            started_at: row.get(20)?,
            ended_at: row.get(21)?,
            delivered: row.get(22)?,
            left_out: row.get(23)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What committed pages change in a dataset's part of a run.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Added to the counters.
    pub counts: Counts,
    /// Held records of earlier runs that were accepted.
    pub released: i64,
    /// Pages.
    pub pages: i64,
    /// Rows outside the run's scope.
    pub left_out: i64,
    /// Reviews whose details agree with their score.
    pub scale_agrees: i64,
    /// Reviews whose details mirror it.
    pub scale_mirrors: i64,
    /// Accepted records that were withdrawn.
    pub removed: i64,
    /// Where to go on, as JSON text.
    pub position: Option<String>,
    /// Rows the provider says it has.
    pub provider_total: Option<i64>,
}

/// Saves progress together with the rows of the same transaction.
///
/// # Errors
/// SQLite's.
pub fn progress(
    connection: &Connection,
    run_id: i64,
    source_id: i64,
    progress: &Progress,
    at: i64,
) -> Result<(), StoreError> {
    let counts = &progress.counts;
    connection
        .prepare_cached(
            "UPDATE run_dataset
             SET fetched = fetched + ?3, accepted = accepted + ?4, unchanged = unchanged + ?5, held = held + ?6,
               rejected = rejected + ?7, withdrawn = withdrawn + ?8, superseded = superseded + ?9,
               released = released + ?10, pages = pages + ?11,
               position = COALESCE(?12, position), provider_total = COALESCE(?13, provider_total),
               scale_agrees = scale_agrees + ?14, scale_mirrors = scale_mirrors + ?15, removed = removed + ?16,
               left_out = left_out + ?17
             WHERE run_id = ?1 AND source_id = ?2",
        )?
        .execute(params![
            run_id,
            source_id,
            counts.fetched,
            counts.accepted,
            counts.unchanged,
            counts.held,
            counts.rejected,
            counts.withdrawn,
            counts.superseded,
            progress.released,
            progress.pages,
            progress.position,
            progress.provider_total,
            progress.scale_agrees,
            progress.scale_mirrors,
            progress.removed,
            progress.left_out
        ])?;
    connection
        .prepare_cached("UPDATE run SET heartbeat_at = ?2 WHERE id = ?1")?
        .execute(params![run_id, at])?;
    Ok(())
}

/// Changes the state of a dataset's part.
///
/// # Errors
/// SQLite's.
pub fn set_dataset_state(
    connection: &Connection,
    run_id: i64,
    source_id: i64,
    state: &str,
    cause: Option<(&str, &str)>,
    at: i64,
) -> Result<(), StoreError> {
    let (code, message) = cause.unzip();
    let sql = if matches!(state, "running") {
        "UPDATE run_dataset
         SET state = ?3, code = ?4, message = ?5, started_at = COALESCE(started_at, ?6)
         WHERE run_id = ?1 AND source_id = ?2"
    } else {
        "UPDATE run_dataset
         SET state = ?3, code = ?4, message = ?5, ended_at = ?6
         WHERE run_id = ?1 AND source_id = ?2"
    };
    connection
        .prepare_cached(sql)?
        .execute(params![run_id, source_id, state, code, message, at])?;
    Ok(())
}

/// Begins another reading of a dataset's pages.
///
/// # Errors
/// SQLite's.
pub fn begin_pass(
    connection: &Connection,
    run_id: i64,
    source_id: i64,
    pass: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE run_dataset SET pass = ?3, position = NULL WHERE run_id = ?1 AND source_id = ?2",
        params![run_id, source_id, pass],
    )?;
    Ok(())
}

/// Ends a run.
///
/// # Errors
/// SQLite's.
pub fn finish(
    connection: &Connection,
    id: i64,
    state: &str,
    cause: Option<(&str, &str)>,
    at: i64,
) -> Result<(), StoreError> {
    let (code, message) = cause.unzip();
    connection.execute(
        "UPDATE run SET state = ?2, code = ?3, message = ?4, ended_at = ?5, heartbeat_at = ?5 WHERE id = ?1",
        params![id, state, code, message, at],
    )?;
    Ok(())
}

/// Gives sign of life, and says whether to cancel the run.
///
/// # Errors
/// [`StoreError::TakenOver`] when the run is not the owner's any more, or SQLite's.
pub fn heartbeat(
    connection: &Connection,
    id: i64,
    owner: &str,
    at: i64,
) -> Result<bool, StoreError> {
    crate::hold::sign_of_life(connection, id, owner, at)?;
    Ok(connection
        .prepare_cached("SELECT cancel_requested FROM run WHERE id = ?1")?
        .query_row([id], |row| row.get(0))?)
}

/// Asks to cancel a run at the next page edge.
///
/// # Errors
/// SQLite's.
pub fn request_cancel(connection: &Connection, id: i64) -> Result<bool, StoreError> {
    Ok(connection.execute(
        "UPDATE run SET cancel_requested = 1 WHERE id = ?1 AND ended_at IS NULL",
        [id],
    )? == 1)
}

/// The last parts of readings of one source: state and rows fetched, oldest first; undos read nothing.
///
/// # Errors
/// SQLite's.
pub fn history(
    connection: &Connection,
    source_id: i64,
    limit: u32,
) -> Result<Vec<(String, i64)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT d.state, d.fetched
         FROM run_dataset d
         JOIN run r ON r.id = d.run_id AND r.undoes IS NULL
         WHERE d.source_id = ?1
         ORDER BY d.run_id DESC
         LIMIT ?2",
    )?;
    let rows = statement.query_map(params![source_id, limit], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    let mut list: Vec<(String, i64)> = rows.collect::<Result<_, _>>()?;
    list.reverse();
    Ok(list)
}

/// How many accepted records a run has withdrawn from a source so far.
///
/// # Errors
/// SQLite's.
pub fn removed(connection: &Connection, run_id: i64, source_id: i64) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT removed FROM run_dataset WHERE run_id = ?1 AND source_id = ?2")?
        .query_row(params![run_id, source_id], |row| row.get(0))
        .optional()?
        .unwrap_or(0))
}

/// The counters of one dataset of a run.
///
/// # Errors
/// SQLite's.
pub fn dataset_counts(
    connection: &Connection,
    run_id: i64,
    source_id: i64,
) -> Result<Counts, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT fetched, accepted, unchanged, held, rejected, withdrawn, superseded
             FROM run_dataset
             WHERE run_id = ?1 AND source_id = ?2",
        )?
        .query_row(params![run_id, source_id], |row| counts(row, 0))?)
}

/// The profile version of a run; absent for a run that does not exist.
///
/// # Errors
/// SQLite's.
pub fn profile_version(connection: &Connection, id: i64) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT profile_version FROM run WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?)
}
