//! Tables `dry_run` and `dry_row`, which only a scratch cache has: what a dry run is, and what became
//! of every row that it was given.

use rusqlite::{Connection, OptionalExtension, Row, params};
use zhengqiao_domain::DatasetId;

use crate::error::StoreError;
use crate::hash::Hash;
use crate::source;

/// What would become of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// A record that is not there yet.
    Created = 1,
    /// A record that is there with other content.
    Changed = 2,
    /// A record that is there with the same content.
    Unchanged = 3,
    /// A record that goes.
    Withdrawn = 4,
    /// A row that is not accepted.
    Rejected = 5,
    /// A row that waits.
    Held = 6,
    /// A row that is older than what is there.
    Superseded = 7,
    /// A record of the cache that the provider did not send.
    Surplus = 8,
    /// A row held by an earlier run that is accepted now.
    Released = 9,
    /// A row held by an earlier run that waited too long.
    Expired = 10,
}

impl Fate {
    /// All of them.
    pub const ALL: [Fate; 10] = [
        Fate::Created,
        Fate::Changed,
        Fate::Unchanged,
        Fate::Withdrawn,
        Fate::Rejected,
        Fate::Held,
        Fate::Superseded,
        Fate::Surplus,
        Fate::Released,
        Fate::Expired,
    ];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Fate::Created => "created",
            Fate::Changed => "changed",
            Fate::Unchanged => "unchanged",
            Fate::Withdrawn => "withdrawn",
            Fate::Rejected => "rejected",
            Fate::Held => "held",
            Fate::Superseded => "superseded",
            Fate::Surplus => "surplus",
            Fate::Released => "released",
            Fate::Expired => "expired",
        }
    }

    /// The one of a name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fate| fate.as_str() == name)
    }

    fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<Self> {
        let number: i64 = row.get(at)?;
        Self::ALL
            .into_iter()
            .find(|fate| *fate as i64 == number)
            .ok_or(rusqlite::Error::IntegralValueOutOfRange(at, number))
    }
}

/// A dry run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DryRunRow {
    /// Its number: the moment it began, unix ms.
    pub id: i64,
    /// The connection.
    pub connection_id: i64,
    /// Its run in the scratch cache.
    pub run_id: i64,
    /// Begin, unix ms.
    pub started_at: i64,
    /// Whether it looks for what the provider did not send.
    pub verifies: bool,
    /// How the real cache stood.
    pub mark: String,
    /// The real run of the same data.
    pub applied_run_id: Option<i64>,
}

/// A row that a dry run was given.
#[derive(Debug, Clone)]
pub struct NewDryRow<'a> {
    /// The source.
    pub source_id: i64,
    /// Which commit it belonged to.
    pub batch: i64,
    /// What would become of it.
    pub fate: Fate,
    /// Hash of its key.
    pub key_hash: &'a Hash,
    /// Its key as text.
    pub record_key: &'a str,
    /// Mapped fields of the record before, as JSON text.
    pub before: Option<&'a str>,
    /// Mapped fields after, as JSON text.
    pub after: Option<&'a str>,
    /// Its findings, as JSON text.
    pub findings: Option<&'a str>,
    /// The row as received; none for what was not sent.
    pub raw: Option<&'a [u8]>,
    /// For its receipt, as JSON text.
    pub slip: Option<&'a str>,
}

/// A row in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DryRow {
    /// Its number.
    pub no: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// What would become of it.
    pub fate: Fate,
    /// Its key as text.
    pub record_key: String,
    /// Mapped fields before, as JSON text.
    pub before: Option<String>,
    /// Mapped fields after, as JSON text.
    pub after: Option<String>,
    /// Its findings, as JSON text.
    pub findings: Option<String>,
}

/// Whether a connection reads a scratch cache, by its tables: a reader has nothing attached.
///
/// # Errors
/// SQLite's.
pub fn is_of(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'dry_run')",
        )?
        .query_row([], |row| row.get(0))?)
}

/// Notes a dry run.
///
/// # Errors
/// SQLite's.
pub fn begin(connection: &Connection, row: &DryRunRow) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO dry_run (id, connection_id, run_id, started_at, verifies, mark)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            row.id,
            row.connection_id,
            row.run_id,
            row.started_at,
            row.verifies,
            row.mark
        ],
    )?;
    Ok(())
}

/// The dry run of a scratch cache.
///
/// # Errors
/// SQLite's.
pub fn dry_run(connection: &Connection) -> Result<Option<DryRunRow>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT id, connection_id, run_id, started_at, verifies, mark, applied_run_id FROM dry_run",
        )?
        .query_row([], |row| {
            Ok(DryRunRow {
                id: row.get(0)?,
                connection_id: row.get(1)?,
                run_id: row.get(2)?,
                started_at: row.get(3)?,
                verifies: row.get(4)?,
                mark: row.get(5)?,
                applied_run_id: row.get(6)?,
            })
        })
        .optional()?)
}

/// Notes the real run of the same data.
///
/// # Errors
/// SQLite's.
pub fn applied(connection: &Connection, run_id: i64) -> Result<(), StoreError> {
    connection.execute("UPDATE dry_run SET applied_run_id = ?1", [run_id])?;
    Ok(())
}

/// The number of a source's next commit.
///
/// # Errors
/// SQLite's.
pub fn next_batch(connection: &Connection, source_id: i64) -> Result<i64, StoreError> {
    Ok(connection
        .prepare_cached("SELECT COALESCE(MAX(batch), 0) + 1 FROM dry_row WHERE source_id = ?1 AND raw IS NOT NULL")?
        .query_row([source_id], |row| row.get(0))?)
}

/// Adds a row.
///
/// # Errors
/// SQLite's.
pub fn insert(connection: &Connection, row: &NewDryRow<'_>) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO dry_row (source_id, batch, outcome, key_hash, record_key, before, after, findings, raw, slip)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            row.source_id,
            row.batch,
            row.fate as i64,
            row.key_hash,
            row.record_key,
            row.before,
            row.after,
            row.findings,
            row.raw,
            row.slip
        ])?;
    Ok(())
}

/// Gives the row that was held another fate; what would be created is changed where it was there.
///
/// # Errors
/// SQLite's.
pub fn settle(
    connection: &Connection,
    source_id: i64,
    key_hash: &Hash,
    fate: Fate,
    after: Option<&str>,
    findings: Option<&str>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE dry_row
             SET outcome = CASE WHEN ?3 = 1 AND before IS NOT NULL THEN 2 ELSE ?3 END, after = COALESCE(?4, after), findings = ?5
             WHERE no = (SELECT MAX(no) FROM dry_row WHERE source_id = ?1 AND key_hash = ?2 AND outcome = 6)",
        )?
        .execute(params![source_id, key_hash, fate as i64, after, findings])?;
    Ok(())
}

/// Notes the slips of a commit's rows, in their order.
///
/// # Errors
/// SQLite's.
pub fn set_slips(
    connection: &Connection,
    source_id: i64,
    batch: i64,
    slips: &[String],
) -> Result<(), StoreError> {
    let numbers: Vec<i64> = connection
        .prepare_cached(
            "SELECT no
             FROM dry_row
             WHERE source_id = ?1 AND batch = ?2 AND raw IS NOT NULL
             ORDER BY no",
        )?
        .query_map([source_id, batch], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut statement = connection.prepare_cached("UPDATE dry_row SET slip = ?2 WHERE no = ?1")?;
    for (no, slip) in numbers.iter().zip(slips) {
        statement.execute(params![no, slip])?;
    }
    Ok(())
}

/// Hash and text of a rejection's key.
///
/// # Errors
/// SQLite's.
pub fn key_of_rejection(
    connection: &Connection,
    rejection_id: i64,
) -> Result<Option<(Hash, String)>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT key_hash, record_key FROM rejection WHERE id = ?1")?
        .query_row([rejection_id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// How many rows have each fate, by dataset.
///
/// # Errors
/// SQLite's.
pub fn counts(connection: &Connection) -> Result<Vec<(DatasetId, Fate, i64)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT s.dataset, d.outcome, COUNT(*)
         FROM dry_row d
         JOIN source s ON s.id = d.source_id
         GROUP BY s.dataset, d.outcome
         ORDER BY s.dataset, d.outcome",
    )?;
    let rows = statement.query_map([], |row| {
        Ok((source::dataset(row, 0)?, Fate::read(row, 1)?, row.get(2)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A page of rows after a number.
///
/// # Errors
/// SQLite's.
pub fn page(
    connection: &Connection,
    dataset: Option<DatasetId>,
    fate: Option<Fate>,
    after: i64,
    limit: u32,
) -> Result<Vec<DryRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT d.no, s.dataset, d.outcome, d.record_key, d.before, d.after, d.findings
         FROM dry_row d
         JOIN source s ON s.id = d.source_id
         WHERE d.no > ?3
           AND (?1 IS NULL OR s.dataset = ?1)
           AND (?2 IS NULL OR d.outcome = ?2)
         ORDER BY d.no
         LIMIT ?4",
    )?;
    let rows = statement.query_map(
        params![
            dataset.map(DatasetId::number),
            fate.map(|fate| fate as i64),
            after,
            limit
        ],
        |row| {
            Ok(DryRow {
                no: row.get(0)?,
                dataset: source::dataset(row, 1)?,
                fate: Fate::read(row, 2)?,
                record_key: row.get(3)?,
                before: row.get(4)?,
                after: row.get(5)?,
                findings: row.get(6)?,
            })
        },
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One row.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, no: i64) -> Result<Option<DryRow>, StoreError> {
    Ok(page(connection, None, None, no - 1, 1)?
        .into_iter()
        .find(|row| row.no == no))
}

/// A row as received, and what its receipt needs.
pub type KeptRow = (Vec<u8>, Option<String>);

/// The raw rows and slips of one commit of a source, in their order.
///
/// # Errors
/// SQLite's.
pub fn batch(
    connection: &Connection,
    source_id: i64,
    batch: i64,
) -> Result<Vec<KeptRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT raw, slip
         FROM dry_row
         WHERE source_id = ?1 AND batch = ?2 AND raw IS NOT NULL
         ORDER BY no",
    )?;
    let rows = statement.query_map(params![source_id, batch], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Source, key and fate of every row, in their order.
///
/// # Errors
/// SQLite's.
pub fn for_each_fate(
    connection: &Connection,
    mut each: impl FnMut(i64, Hash, Fate),
) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT source_id, key_hash, outcome FROM dry_row ORDER BY no")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(row.get(0)?, row.get(1)?, Fate::read(row, 2)?);
    }
    Ok(())
}

/// Which records of a source a look for surplus covers.
#[derive(Debug, Clone, Default)]
pub struct Covered<'a> {
    /// The provider's time from here on.
    pub from: Option<&'a str>,
    /// And before.
    pub to: Option<&'a str>,
    /// Fields with the one value that they have.
    pub equals: &'a [(&'a str, &'a str)],
}

/// Notes the accepted records of the real cache that the provider did not send; says how many.
///
/// # Errors
/// SQLite's.
pub fn find_surplus(
    connection: &Connection,
    source_id: i64,
    key_fields: &[&str],
    covered: &Covered<'_>,
) -> Result<usize, StoreError> {
    // Names of fields are the program's own, values are parameters.
    let key: Vec<String> = key_fields
        .iter()
        .map(|name| format!("COALESCE(json_extract(r.fields, '$.{name}'), '')"))
        .collect();
    let mut sql = format!(
        "INSERT INTO dry_row (source_id, batch, outcome, key_hash, record_key, before)
         SELECT r.source_id, 0, 8, r.key_hash, {}, r.fields
         FROM base.record r
         WHERE r.source_id = ?1
           AND r.state = 1
           AND (?2 IS NULL OR r.source_time >= ?2)
           AND (?3 IS NULL OR r.source_time < ?3)
           AND NOT EXISTS (SELECT 1 FROM dry_row d WHERE d.source_id = r.source_id AND d.key_hash = r.key_hash)",
        key.join(" || '|' || ")
    );
    let mut values: Vec<rusqlite::types::Value> = vec![
        source_id.into(),
        covered.from.map(str::to_owned).into(),
        covered.to.map(str::to_owned).into(),
    ];
    for (name, value) in covered.equals {
        values.push((*value).to_owned().into());
        sql.push_str(&format!(
            " AND json_extract(r.fields, '$.{name}') = ?{}",
            values.len()
        ));
    }
    sql.push_str(" ORDER BY r.id");
    Ok(connection.execute(&sql, rusqlite::params_from_iter(values))?)
}
