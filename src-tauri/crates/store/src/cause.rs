//! Table `cause`: rejections with the same dataset, rule, field and cluster of values.

use rusqlite::{Connection, params};
use zhengqiao_domain::DatasetId;

use crate::error::StoreError;
use crate::source;

/// A cause with its counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CauseRow {
    /// Its number.
    pub id: i64,
    /// The connection.
    pub connection_id: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// The rule's code.
    pub rule: String,
    /// The field.
    pub field: String,
    /// What the values have in common.
    pub cluster: String,
    /// Open rejections, held ones included.
    pub open: i64,
    /// Of these, held.
    pub held: i64,
    /// First seen, unix ms.
    pub first_seen_at: i64,
    /// Last seen, unix ms.
    pub last_seen_at: i64,
}

/// Causes with open rejections, most first.
///
/// # Errors
/// SQLite's.
pub fn list(
    connection: &Connection,
    source_ids: Option<&[i64]>,
    rule: Option<&str>,
    limit: u32,
) -> Result<Vec<CauseRow>, StoreError> {
    let mut sql = "SELECT c.id, s.connection_id, s.dataset, c.rule, c.field, c.cluster, c.open_count, c.held_count,
           c.first_seen_at, c.last_seen_at
         FROM cause c
         JOIN source s ON s.id = c.source_id
         WHERE c.open_count > 0 AND (?1 IS NULL OR c.rule = ?1)"
        .to_owned();
    if let Some(ids) = source_ids {
        let list: Vec<String> = ids.iter().map(i64::to_string).collect();
        sql.push_str(&format!(" AND c.source_id IN ({})", list.join(", ")));
    }
    sql.push_str(" ORDER BY c.open_count DESC, c.id DESC LIMIT ?2");
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map(params![rule, limit], |row| {
        Ok(CauseRow {
            id: row.get(0)?,
            connection_id: row.get(1)?,
            dataset: source::dataset(row, 2)?,
            rule: row.get(3)?,
            field: row.get(4)?,
            cluster: row.get(5)?,
            open: row.get(6)?,
            held: row.get(7)?,
            first_seen_at: row.get(8)?,
            last_seen_at: row.get(9)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Open rejections by rule or by field, most first.
///
/// # Errors
/// SQLite's.
pub fn totals(
    connection: &Connection,
    column: CauseColumn,
    source_ids: Option<&[i64]>,
) -> Result<Vec<(String, i64)>, StoreError> {
    let column = match column {
        CauseColumn::Rule => "rule",
        CauseColumn::Field => "field",
    };
    let mut sql =
        format!("SELECT {column}, SUM(open_count) AS total FROM cause WHERE open_count > 0");
    if let Some(ids) = source_ids {
        let list: Vec<String> = ids.iter().map(i64::to_string).collect();
        sql.push_str(&format!(" AND source_id IN ({})", list.join(", ")));
    }
    sql.push_str(&format!(
        " GROUP BY {column} ORDER BY total DESC, {column} LIMIT 200"
    ));
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// By what [`totals`] groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CauseColumn {
    /// By rule.
    Rule,
    /// By field.
    Field,
}

/// Fields and clusters of one rule's open causes, with how many open rejections each has.
///
/// # Errors
/// SQLite's.
pub fn of_rule(
    connection: &Connection,
    source_id: i64,
    rule: &str,
) -> Result<Vec<(String, String, i64)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT field, cluster, open_count
         FROM cause
         WHERE source_id = ?1 AND rule = ?2 AND open_count > 0 AND cluster <> ''",
    )?;
    let rows = statement.query_map(rusqlite::params![source_id, rule], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forgets those of the causes that no rejection has any more.
///
/// # Errors
/// SQLite's.
pub fn forget_empty(connection: &Connection, ids: &[i64]) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("DELETE FROM cause WHERE id = ?1 AND total_count = 0")?;
    for id in ids {
        statement.execute([id])?;
    }
    Ok(())
}
