//! Reading the columns from the cache, whole or as far as they changed. All is read in the one transaction
//! that the connection is in.

use std::collections::HashSet;

use rusqlite::{Connection, Row, Rows, params};

use super::causes::CauseOf;
use super::columns::{Columns, Entry};
use crate::error::StoreError;

/// Changes beyond which everything is read anew, unless there is far more than that.
const FEW: i64 = 50_000;
/// Numbers of rejections that lie so far apart are not read together.
const APART: i64 = 16;

/// The columns as they were after a change.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// The last change that the columns have.
    pub(super) change: i64,
    /// The last act of a person that they have.
    pub(super) act: i64,
    pub(super) columns: Columns,
}

/// The last change that there is.
pub(super) fn newest_change(connection: &Connection) -> Result<i64, StoreError> {
    number(
        connection,
        "SELECT COALESCE(MAX(no), 0) FROM rejection_change",
    )
}

/// The last act of a person that there is.
pub(super) fn newest_act(connection: &Connection) -> Result<i64, StoreError> {
    number(connection, "SELECT COALESCE(MAX(id), 0) FROM audit")
}

/// Whether a run is going on.
pub(super) fn is_run(connection: &Connection) -> Result<bool, StoreError> {
    let found = number(
        connection,
        "SELECT EXISTS (SELECT 1 FROM run WHERE ended_at IS NULL)",
    )?;
    Ok(found != 0)
}

fn number(connection: &Connection, sql: &str) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached(sql)?
        .query_row([], |row| row.get(0))?)
}

const ENTRY: &str = "SELECT id, source_id, state, outcome, run_id, COALESCE(department, ''),
    COALESCE(region, ''), day
  FROM rejection
  WHERE id BETWEEN ?1 AND ?2
  ORDER BY id";

const LINKS: &str = "SELECT rejection_id, cause_id
  FROM rejection_cause
  WHERE rejection_id BETWEEN ?1 AND ?2
  ORDER BY rejection_id, cause_id";

/// Shows the rejections of a range of numbers, and the numbers of their causes.
fn each(
    connection: &Connection,
    first: i64,
    last: i64,
    mut show: impl FnMut(&Entry<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut links = connection.prepare_cached(LINKS)?;
    let mut links = links.query([first, last])?;
    let mut link = next(&mut links)?;
    let mut statement = connection.prepare_cached(ENTRY)?;
    let mut rows = statement.query([first, last])?;
    let mut causes = Vec::new();
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        causes.clear();
        while let Some((of, cause)) = link {
            if of > id {
                break;
            }
            if of == id {
                causes.push(cause);
            }
            link = next(&mut links)?;
        }
        show(&entry(id, row, &causes)?)?;
    }
    Ok(())
}

fn entry<'a>(id: i64, row: &'a Row<'_>, causes: &'a [i64]) -> Result<Entry<'a>, StoreError> {
    let text = |at| -> Result<&str, StoreError> {
        let value = row.get_ref(at)?;
        value
            .as_str()
            .map_err(|_| StoreError::Content("a rejection's text is none".into()))
    };
    Ok(Entry {
        id,
        source_id: row.get(1)?,
        state: row.get(2)?,
        outcome: row.get(3)?,
        run_id: row.get(4)?,
        department: text(5)?,
        region: text(6)?,
        day: text(7)?,
        causes,
    })
}

fn next(links: &mut Rows<'_>) -> Result<Option<(i64, i64)>, StoreError> {
    Ok(match links.next()? {
        Some(row) => Some((row.get(0)?, row.get(1)?)),
        None => None,
    })
}

/// Reads all columns.
pub(super) fn all(connection: &Connection) -> Result<Known, StoreError> {
    let mut columns = Columns::new();
    let mut statement = connection.prepare_cached("SELECT id, rule, field FROM cause")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (rule, field) = (row.get(1)?, row.get(2)?);
        columns.note_cause(row.get(0)?, &CauseOf { rule, field });
    }
    each(connection, i64::MIN, i64::MAX, |entry| {
        columns.put(entry);
        Ok(())
    })?;
    known(connection, columns)
}

fn known(connection: &Connection, mut columns: Columns) -> Result<Known, StoreError> {
    columns.settle();
    Ok(Known {
        change: newest_change(connection)?,
        act: newest_act(connection)?,
        columns,
    })
}

/// The columns with what changed since; `None` when they must be read anew: the changes were cut off,
/// are too many, or a cause's number stands for another one now.
pub(super) fn catch_up(
    connection: &Connection,
    before: &Known,
) -> Result<Option<Known>, StoreError> {
    let newest = newest_change(connection)?;
    let oldest = number(
        connection,
        "SELECT COALESCE(MIN(no), 0) FROM rejection_change",
    )?;
    let few = FEW.max(before.columns.len() as i64 / 2);
    if newest - before.change > few || oldest > before.change + 1 {
        return Ok(None);
    }
    let mut changed =
        connection.prepare_cached("SELECT rejection_id FROM rejection_change WHERE no > ?1")?;
    let mut ids: Vec<i64> = changed
        .query_map([before.change], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    ids.sort_unstable();
    ids.dedup();
    let mut columns = before.columns.clone();
    let mut cause = connection.prepare_cached("SELECT rule, field FROM cause WHERE id = ?1")?;
    let mut seen = HashSet::new();
    let mut is_other = false;
    for beside in ids.chunk_by(|one, other| other - one < APART) {
        let (Some(first), Some(last)) = (beside.first(), beside.last()) else {
            continue;
        };
        let mut wanted = beside.iter().copied().peekable();
        each(connection, *first, *last, |entry| {
            while let Some(id) = wanted.next_if(|id| *id <= entry.id) {
                if id < entry.id {
                    columns.remove(id);
                }
            }
            for id in entry.causes {
                if seen.insert(*id) {
                    let read = |row: &Row<'_>| {
                        let (rule, field) = (row.get(0)?, row.get(1)?);
                        Ok(CauseOf { rule, field })
                    };
                    let found = cause.query_row([id], read)?;
                    is_other |= !columns.note_cause(*id, &found);
                }
            }
            columns.put(entry);
            Ok(())
        })?;
        wanted.for_each(|id| columns.remove(id));
        if is_other {
            return Ok(None);
        }
    }
    known(connection, columns).map(Some)
}

/// One rejection as it is now, with its causes.
pub(super) fn one<T>(
    connection: &Connection,
    id: i64,
    look: impl FnOnce(&Entry<'_>, &[(i64, CauseOf)]) -> T,
) -> Result<Option<T>, StoreError> {
    let mut causes = Vec::new();
    let mut statement = connection.prepare_cached(
        "SELECT c.id, c.rule, c.field
         FROM rejection_cause rc
         JOIN cause c ON c.id = rc.cause_id
         WHERE rc.rejection_id = ?1",
    )?;
    let mut rows = statement.query(params![id])?;
    while let Some(row) = rows.next()? {
        let (rule, field) = (row.get(1)?, row.get(2)?);
        causes.push((row.get(0)?, CauseOf { rule, field }));
    }
    let (mut found, mut look) = (None, Some(look));
    each(connection, id, id, |entry| {
        found = look.take().map(|look| look(entry, &causes));
        Ok(())
    })?;
    Ok(found)
}
