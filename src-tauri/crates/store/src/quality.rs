//! Table `quality_day`: how good the data was, by day, source and department.

use rusqlite::{Connection, Row, params};
use zhengqiao_domain::DatasetId;

use crate::error::StoreError;
use crate::source;

/// Contents that were judged for the first time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub judged: i64,
    /// Accepted at once.
    pub passed: i64,
    /// With something against them in each dimension: completeness, accuracy, timeliness, consistency,
    /// uniqueness.
    pub flawed: [i64; 5],
}

/// The quality of a dataset of a connection, of one department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QualityRow {
    /// The dataset.
    pub dataset: DatasetId,
    /// Department's code; empty where the rows name none.
    pub department: String,
    /// Its figures.
    pub tally: Tally,
}

/// Adds to the figures of a day.
///
/// # Errors
/// SQLite's.
pub fn add(
    connection: &Connection,
    source_id: i64,
    day: &str,
    department: &str,
    tally: &Tally,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO quality_day (source_id, day, department, judged, passed, incomplete, inaccurate, late,
               inconsistent, doubled)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT DO UPDATE
             SET judged = judged + excluded.judged, passed = passed + excluded.passed,
               incomplete = incomplete + excluded.incomplete, inaccurate = inaccurate + excluded.inaccurate,
               late = late + excluded.late, inconsistent = inconsistent + excluded.inconsistent,
               doubled = doubled + excluded.doubled",
        )?
        .execute(params![
            source_id,
            day,
            department,
            tally.judged,
            tally.passed,
            tally.flawed[0],
            tally.flawed[1],
            tally.flawed[2],
            tally.flawed[3],
            tally.flawed[4]
        ])?;
    Ok(())
}

const SUMS: &str =
    "SUM(q.judged), SUM(q.passed), SUM(q.incomplete), SUM(q.inaccurate), SUM(q.late),
  SUM(q.inconsistent), SUM(q.doubled)";

fn tally(row: &Row<'_>, at: usize) -> rusqlite::Result<Tally> {
    Ok(Tally {
        judged: row.get(at)?,
        passed: row.get(at + 1)?,
        flawed: [
            row.get(at + 2)?,
            row.get(at + 3)?,
            row.get(at + 4)?,
            row.get(at + 5)?,
            row.get(at + 6)?,
        ],
    })
}

/// By dataset and department in a period, both days included; of one connection, or of all.
///
/// # Errors
/// SQLite's.
pub fn list(
    connection: &Connection,
    connection_id: Option<i64>,
    from: &str,
    to: &str,
) -> Result<Vec<QualityRow>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT s.dataset, q.department, {SUMS}
         FROM source s
         JOIN quality_day q ON q.source_id = s.id
         WHERE (?1 IS NULL OR s.connection_id = ?1) AND q.day BETWEEN ?2 AND ?3
         GROUP BY s.dataset, q.department
         ORDER BY s.dataset, q.department"
    ))?;
    let rows = statement.query_map(params![connection_id, from, to], |row| {
        Ok(QualityRow {
            dataset: source::dataset(row, 0)?,
            department: row.get(1)?,
            tally: tally(row, 2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// By day in a period, both days included; of one connection, or of all.
///
/// # Errors
/// SQLite's.
pub fn days(
    connection: &Connection,
    connection_id: Option<i64>,
    from: &str,
    to: &str,
) -> Result<Vec<(String, Tally)>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT q.day, {SUMS}
         FROM source s
         JOIN quality_day q ON q.source_id = s.id
         WHERE (?1 IS NULL OR s.connection_id = ?1) AND q.day BETWEEN ?2 AND ?3
         GROUP BY q.day
         ORDER BY q.day"
    ))?;
    let rows = statement.query_map(params![connection_id, from, to], |row| {
        Ok((row.get(0)?, tally(row, 1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
