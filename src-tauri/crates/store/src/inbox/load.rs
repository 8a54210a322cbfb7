//! Reading the columns from the cache, whole or as far as they changed.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Known;
use super::columns::{CauseOf, Columns, Entry};
use crate::error::StoreError;
use crate::source;

/// Changes beyond which everything is read anew: one row by itself costs as much as some in order.
const FEW: i64 = 50_000;

/// The last change that there is.
pub(super) fn newest_change(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT COALESCE(MAX(no), 0) FROM rejection_change")?
        .query_row([], |row| row.get(0))?)
}

const ENTRY: &str = "SELECT id, source_id, state, outcome, run_id, COALESCE(department, ''),
    COALESCE(region, ''), day
  FROM rejection";

struct Owned {
    id: i64,
    source_id: i64,
    state: i64,
    outcome: i64,
    run_id: i64,
    department: String,
    region: String,
    day: String,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Owned> {
    Ok(Owned {
        id: row.get(0)?,
        source_id: row.get(1)?,
        state: row.get(2)?,
        outcome: row.get(3)?,
        run_id: row.get(4)?,
        department: row.get(5)?,
        region: row.get(6)?,
        day: row.get(7)?,
    })
}

impl Owned {
    fn entry<'a>(&'a self, causes: &'a [i64]) -> Entry<'a> {
        Entry {
            id: self.id,
            source_id: self.source_id,
            state: self.state,
            outcome: self.outcome,
            run_id: self.run_id,
            department: &self.department,
            region: &self.region,
            day: &self.day,
            causes,
        }
    }
}

/// Reads all columns.
///
/// The number of the last change is read first: what is written meanwhile is read again by the next
/// [`catch_up`], which does no harm.
pub(super) fn all(connection: &Connection) -> Result<Known, StoreError> {
    let change = newest_change(connection)?;
    let mut columns = Columns::new();
    for source in source::list(connection, None)? {
        columns.note_source(source.id);
    }
    note_causes(connection, &mut columns)?;
    let mut links = connection.prepare_cached(
        "SELECT rejection_id, cause_id FROM rejection_cause ORDER BY rejection_id, cause_id",
    )?;
    let mut links = links.query([])?;
    let mut link = next(&mut links)?;
    let mut statement = connection.prepare_cached(&format!("{ENTRY} ORDER BY id"))?;
    let mut rows = statement.query([])?;
    let mut causes = Vec::new();
    while let Some(row) = rows.next()? {
        let owned = read(row)?;
        causes.clear();
        while let Some((id, cause)) = link {
            if id > owned.id {
                break;
            }
            if id == owned.id {
                causes.push(cause);
            }
            link = next(&mut links)?;
        }
        columns.put(&owned.entry(&causes));
    }
    Ok(Known { change, columns })
}

fn next(links: &mut rusqlite::Rows<'_>) -> Result<Option<(i64, i64)>, StoreError> {
    Ok(match links.next()? {
        Some(row) => Some((row.get(0)?, row.get(1)?)),
        None => None,
    })
}

fn note_causes(connection: &Connection, columns: &mut Columns) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("SELECT id, rule, field FROM cause")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (rule, field) = (row.get(1)?, row.get(2)?);
        columns.note_cause(row.get(0)?, &CauseOf { rule, field });
    }
    Ok(())
}

/// The columns with what changed since; `None` when they must be read anew: the changes were cut off,
/// are too many, or a cause's number stands for another one now.
pub(super) fn catch_up(
    connection: &Connection,
    mut known: Known,
) -> Result<Option<Known>, StoreError> {
    let newest = newest_change(connection)?;
    let oldest: i64 = connection
        .prepare_cached("SELECT COALESCE(MIN(no), 0) FROM rejection_change")?
        .query_row([], |row| row.get(0))?;
    let behind = newest - known.change;
    if behind > FEW
        || oldest > known.change + 1
        || known.columns.gone_rows * 4 > known.columns.len() + 4096
    {
        return Ok(None);
    }
    let mut changed = connection.prepare_cached(
        "SELECT DISTINCT rejection_id FROM rejection_change WHERE no > ?1 AND no <= ?2",
    )?;
    let ids: Vec<i64> = changed
        .query_map(params![known.change, newest], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut one = connection.prepare_cached(&format!("{ENTRY} WHERE id = ?1"))?;
    let mut links = connection.prepare_cached(
        "SELECT c.id, c.rule, c.field
         FROM rejection_cause rc
         JOIN cause c ON c.id = rc.cause_id
         WHERE rc.rejection_id = ?1
         ORDER BY c.id",
    )?;
    for id in ids {
        let Some(owned) = one.query_row([id], read).optional()? else {
            known.columns.remove(id);
            continue;
        };
        let mut causes = Vec::new();
        let mut rows = links.query([id])?;
        while let Some(row) = rows.next()? {
            let cause = row.get(0)?;
            let (rule, field) = (row.get(1)?, row.get(2)?);
            if !known.columns.note_cause(cause, &CauseOf { rule, field }) {
                return Ok(None);
            }
            causes.push(cause);
        }
        known.columns.put(&owned.entry(&causes));
    }
    known.change = newest;
    Ok(Some(known))
}
