//! Table `run_cause`: which causes a run's rejections had, to compare it with later ones.

use rusqlite::{Connection, params};
use zhengqiao_domain::DatasetId;

use crate::error::StoreError;
use crate::source;

/// A cause of rejections in a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunCause {
    /// The dataset.
    pub dataset: DatasetId,
    /// The rule's code.
    pub rule: String,
    /// The field.
    pub field: String,
    /// What the values have in common.
    pub cluster: String,
    /// Rows of the run with it.
    pub rows: i64,
}

/// Notes the causes of what a run rejected or held in a source.
///
/// # Errors
/// SQLite's.
pub fn note(connection: &Connection, run_id: i64, source_id: i64) -> Result<(), StoreError> {
    connection.execute(
        "INSERT OR REPLACE INTO run_cause (run_id, source_id, rule, field, cluster, n)
         SELECT ?1, ?2, c.rule, c.field, c.cluster, COUNT(*)
         FROM rejection r
         JOIN rejection_cause rc ON rc.rejection_id = r.id
         JOIN cause c ON c.id = rc.cause_id
         WHERE r.run_id = ?1 AND +r.source_id = ?2 AND r.state <> 3
         GROUP BY c.rule, c.field, c.cluster",
        params![run_id, source_id],
    )?;
    Ok(())
}

/// The causes of a run's rejections, by dataset, most rows first.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection, run_id: i64) -> Result<Vec<RunCause>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT s.dataset, c.rule, c.field, c.cluster, c.n
         FROM run_cause c
         JOIN source s ON s.id = c.source_id
         WHERE c.run_id = ?1
         ORDER BY s.dataset, c.n DESC, c.rule, c.field, c.cluster",
    )?;
    let rows = statement.query_map([run_id], |row| {
        Ok(RunCause {
            dataset: source::dataset(row, 0)?,
            rule: row.get(1)?,
            field: row.get(2)?,
            cluster: row.get(3)?,
            rows: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
