//! Table `reconciliation_cell`: the figures of one dataset, day and department.

use rusqlite::{Connection, Row, params};
use zhengqiao_domain::DatasetId;

use crate::error::StoreError;
use crate::source;

/// The figures of a cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// What the provider says; nothing where it cannot be known.
    pub provider: Option<i64>,
    /// What was received, by key: the sum of the next four.
    pub received: i64,
    /// Accepted.
    pub accepted: i64,
    /// Rejected.
    pub rejected: i64,
    /// Held.
    pub held: i64,
    /// Withdrawn.
    pub withdrawn: i64,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellRow {
    /// Its number.
    pub id: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// The day in UTC+8, `yyyy-MM-dd`.
    pub day: String,
    /// Department's code; empty where there is none.
    pub department: String,
    /// Its figures.
    pub figures: Figures,
    /// Its state word.
    pub state: String,
    /// When its keys were compared one by one, unix ms.
    pub looked_at: Option<i64>,
    /// Keys that differ and were not healed.
    pub open_keys: i64,
    /// Keys that were healed.
    pub healed_keys: i64,
}

/// Which cell.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The comparison.
    pub reconciliation_id: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// The day.
    pub day: &'a str,
    /// The department.
    pub department: &'a str,
}

const ROW: &str = "SELECT c.id, c.dataset, c.day, c.department, c.provider, c.received, c.accepted, c.rejected, c.held,
    c.withdrawn, c.state, c.looked_at,
    (SELECT COUNT(*) FROM reconciliation_key k WHERE k.cell_id = c.id AND k.healed_at IS NULL),
    (SELECT COUNT(*) FROM reconciliation_key k WHERE k.cell_id = c.id AND k.healed_at IS NOT NULL)
  FROM reconciliation_cell c";

fn read(row: &Row<'_>) -> rusqlite::Result<CellRow> {
    Ok(CellRow {
        id: row.get(0)?,
        dataset: source::dataset(row, 1)?,
        day: row.get(2)?,
        department: row.get(3)?,
        figures: Figures {
            provider: row.get(4)?,
            received: row.get(5)?,
            accepted: row.get(6)?,
            rejected: row.get(7)?,
            held: row.get(8)?,
            withdrawn: row.get(9)?,
        },
        state: row.get(10)?,
        looked_at: row.get(11)?,
        open_keys: row.get(12)?,
        healed_keys: row.get(13)?,
    })
}

/// Writes a cell's figures and state; gives its number.
///
/// # Errors
/// SQLite's.
pub fn put(
    connection: &Connection,
    place: &Place<'_>,
    figures: &Figures,
    state: &str,
) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached(
            "INSERT INTO reconciliation_cell (reconciliation_id, dataset, day, department, provider, received, accepted,
               rejected, held, withdrawn, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (reconciliation_id, dataset, day, department) DO UPDATE
             SET provider = excluded.provider, received = excluded.received, accepted = excluded.accepted,
               rejected = excluded.rejected, held = excluded.held, withdrawn = excluded.withdrawn, state = excluded.state
             RETURNING id",
        )?
        .query_row(
            params![
                place.reconciliation_id,
                place.dataset.number(),
                place.day,
                place.department,
                figures.provider,
                figures.received,
                figures.accepted,
                figures.rejected,
                figures.held,
                figures.withdrawn,
                state
            ],
            |row| row.get(0),
        )?)
}

/// Notes that the keys of a day were compared one by one.
///
/// # Errors
/// SQLite's.
pub fn looked(
    connection: &Connection,
    reconciliation_id: i64,
    dataset: DatasetId,
    day: &str,
    at: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE reconciliation_cell
             SET looked_at = ?4
             WHERE reconciliation_id = ?1 AND dataset = ?2 AND day = ?3",
        )?
        .execute(params![reconciliation_id, dataset.number(), day, at])?;
    Ok(())
}

/// The cells of a comparison, of one dataset or day or of all.
///
/// # Errors
/// SQLite's.
pub fn list(
    connection: &Connection,
    reconciliation_id: i64,
    dataset: Option<DatasetId>,
    day: Option<&str>,
) -> Result<Vec<CellRow>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "{ROW}
         WHERE c.reconciliation_id = ?1
           AND (?2 IS NULL OR c.dataset = ?2)
           AND (?3 IS NULL OR c.day = ?3)
         ORDER BY c.dataset, c.day, c.department"
    ))?;
    let rows = statement.query_map(
        params![reconciliation_id, dataset.map(DatasetId::number), day],
        read,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The states that the cells of a comparison have.
///
/// # Errors
/// SQLite's.
pub fn states(connection: &Connection, reconciliation_id: i64) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT state FROM reconciliation_cell WHERE reconciliation_id = ?1",
    )?;
    let rows = statement.query_map([reconciliation_id], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
