//! Table `audit`: who did what, append-only, each entry chained to the one before by its hash.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number.
    pub id: i64,
    /// When, unix ms.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// What.
    pub act: String,
    /// To what.
    pub subject: String,
    /// Particulars as JSON text.
    pub detail: String,
}

fn digest(
    previous: &[u8],
    at: i64,
    actor: &str,
    act: &str,
    subject: &str,
    detail: &str,
) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(previous);
    hasher.update(&at.to_le_bytes());
    for part in [actor, act, subject, detail] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// Appends an entry.
///
/// # Errors
/// SQLite's.
pub fn append(
    connection: &Connection,
    at: i64,
    actor: &str,
    act: &str,
    subject: &str,
    detail: &str,
) -> Result<(), StoreError> {
    let previous: Vec<u8> = connection
        .prepare_cached("SELECT hash FROM audit ORDER BY id DESC LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?
        .unwrap_or_default();
    let hash = digest(&previous, at, actor, act, subject, detail);
    connection
        .prepare_cached(
            "INSERT INTO audit (at, actor, act, subject, detail, previous, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![at, actor, act, subject, detail, previous, hash])?;
    Ok(())
}

/// A page of entries, newest first.
///
/// # Errors
/// SQLite's.
pub fn page(
    connection: &Connection,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<AuditEntry>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, at, actor, act, subject, detail
         FROM audit
         WHERE id < ?1
         ORDER BY id DESC
         LIMIT ?2",
    )?;
    let rows = statement.query_map(params![before.unwrap_or(i64::MAX), limit], |row| {
        Ok(AuditEntry {
            id: row.get(0)?,
            at: row.get(1)?,
            actor: row.get(2)?,
            act: row.get(3)?,
            subject: row.get(4)?,
            detail: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Follows the chain: how many entries were checked, and the first that does not fit.
///
/// # Errors
/// SQLite's.
pub fn verify(connection: &Connection) -> Result<(i64, Option<i64>), StoreError> {
    let mut statement = connection.prepare(
        "SELECT id, at, actor, act, subject, detail, previous, hash FROM audit ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    let (mut checked, mut last) = (0, Vec::new());
    while let Some(row) = rows.next()? {
        let (id, at): (i64, i64) = (row.get(0)?, row.get(1)?);
        let texts: [String; 4] = [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
        let (previous, hash): (Vec<u8>, Vec<u8>) = (row.get(6)?, row.get(7)?);
        let expected = digest(&previous, at, &texts[0], &texts[1], &texts[2], &texts[3]);
        if previous != last || hash != expected {
            return Ok((checked, Some(id)));
        }
        last = hash;
        checked += 1;
    }
    Ok((checked, None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cache, CacheKey};

    #[test]
    fn an_entry_cannot_be_changed_and_a_forced_change_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("cache.db"), &CacheKey::new([3; 32])).unwrap();
        cache
            .write_blocking(|tx| {
                for act in ["a", "b", "c"] {
                    append(tx, 1, "admin", act, "x", "{}")?;
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(cache.read_blocking(verify).unwrap(), (3, None));
        assert!(
            cache
                .write_blocking(|tx| Ok(tx.execute("UPDATE audit SET act = 'z' WHERE id = 2", [])?))
                .is_err()
        );
        cache
            .write_blocking(|tx| {
                tx.execute_batch(
                    "DROP TRIGGER audit_is_not_changed; UPDATE audit SET act = 'z' WHERE id = 2",
                )?;
                Ok(())
            })
            .unwrap();
        assert_eq!(cache.read_blocking(verify).unwrap(), (1, Some(2)));
    }
}
