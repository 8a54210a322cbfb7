//! Table `reconciliation_key`: the keys that differ, each in its cell.

use rusqlite::{Connection, Row, params};
use zhengqiao_domain::DatasetId;

use crate::error::StoreError;
use crate::hash::Hash;
use crate::source;

/// How a key differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Difference {
    /// The provider has it, and it is not here.
    Missing,
    /// It is here, and the provider has it no more.
    Surplus,
    /// The provider sends it more than once.
    Doubled,
    /// The provider has other content.
    Different,
}

impl Difference {
    const ALL: [Difference; 4] = [
        Difference::Missing,
        Difference::Surplus,
        Difference::Doubled,
        Difference::Different,
    ];

    /// The word in the database and on IPC.
    pub const fn as_str(self) -> &'static str {
        match self {
            Difference::Missing => "missing",
            Difference::Surplus => "surplus",
            Difference::Doubled => "doubled",
            Difference::Different => "different",
        }
    }

    /// The difference of a word.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// Whether reading the record again can mend it.
    pub const fn can_be_pulled(self) -> bool {
        matches!(self, Difference::Missing | Difference::Different)
    }
}

/// A key that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Its number.
    pub id: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// The day.
    pub day: String,
    /// The department.
    pub department: String,
    /// How it differs.
    pub kind: Difference,
    /// The key as text.
    pub record_key: String,
    /// Hash of the key.
    pub key_hash: Hash,
    /// Hash of the provider's content, of what it sent.
    pub hash: Option<Hash>,
    /// When it was found healed, unix ms.
    pub healed_at: Option<i64>,
}

/// Which keys of a comparison.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyFilter<'a> {
    /// Only this dataset's.
    pub dataset: Option<DatasetId>,
    /// Only this day's.
    pub day: Option<&'a str>,
    /// Only this department's.
    pub department: Option<&'a str>,
    /// Only those that differ in this way.
    pub kind: Option<Difference>,
    /// Only those that were not healed.
    pub open: bool,
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeyRow> {
    let kind: String = row.get(4)?;
    Ok(KeyRow {
        id: row.get(0)?,
        dataset: source::dataset(row, 1)?,
        day: row.get(2)?,
        department: row.get(3)?,
        kind: Difference::by_name(&kind)
            .ok_or_else(|| rusqlite::Error::InvalidColumnName(kind.clone()))?,
        record_key: row.get(5)?,
        key_hash: row.get(6)?,
        hash: row.get(7)?,
        healed_at: row.get(8)?,
    })
}

/// Notes a key that differs.
///
/// # Errors
/// SQLite's.
pub fn put(
    connection: &Connection,
    cell_id: i64,
    kind: Difference,
    record_key: &str,
    key_hash: &Hash,
    hash: Option<&Hash>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO reconciliation_key (cell_id, kind, record_key, key_hash, hash)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (cell_id, kind, key_hash) DO NOTHING",
        )?
        .execute(params![cell_id, kind.as_str(), record_key, key_hash, hash])?;
    Ok(())
}

/// Notes that a key was found healed.
///
/// # Errors
/// SQLite's.
pub fn heal(connection: &Connection, id: i64, at: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE reconciliation_key SET healed_at = ?2 WHERE id = ?1")?
        .execute(params![id, at])?;
    Ok(())
}

/// A page of keys after a number.
///
/// # Errors
/// SQLite's.
pub fn page(
    connection: &Connection,
    reconciliation_id: i64,
    filter: &KeyFilter<'_>,
    after: i64,
    limit: u32,
) -> Result<Vec<KeyRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT k.id, c.dataset, c.day, c.department, k.kind, k.record_key, k.key_hash, k.hash, k.healed_at
         FROM reconciliation_key k
         JOIN reconciliation_cell c ON c.id = k.cell_id
         WHERE c.reconciliation_id = ?1
           AND (?2 IS NULL OR c.dataset = ?2)
           AND (?3 IS NULL OR c.day = ?3)
           AND (?4 IS NULL OR c.department = ?4)
           AND (?5 IS NULL OR k.kind = ?5)
           AND (NOT ?6 OR k.healed_at IS NULL)
           AND k.id > ?7
         ORDER BY k.id
         LIMIT ?8",
    )?;
    let rows = statement.query_map(
        params![
            reconciliation_id,
            filter.dataset.map(DatasetId::number),
            filter.day,
            filter.department,
            filter.kind.map(Difference::as_str),
            filter.open,
            after,
            limit
        ],
        read,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Healed and open keys of a comparison by how they differ.
///
/// # Errors
/// SQLite's.
pub fn counts(
    connection: &Connection,
    reconciliation_id: i64,
) -> Result<Vec<(Difference, i64, i64)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT k.kind, SUM(k.healed_at IS NULL), SUM(k.healed_at IS NOT NULL)
         FROM reconciliation_key k
         JOIN reconciliation_cell c ON c.id = k.cell_id
         WHERE c.reconciliation_id = ?1
         GROUP BY k.kind",
    )?;
    let rows = statement.query_map([reconciliation_id], |row| {
        Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))
    })?;
    let mut counts = Vec::new();
    for row in rows {
        let (kind, open, healed) = row?;
        let kind = Difference::by_name(&kind)
            .ok_or_else(|| StoreError::Content(format!("{kind:?} is no difference")))?;
        counts.push((kind, open, healed));
    }
    Ok(counts)
}
