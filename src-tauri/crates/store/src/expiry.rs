//! Table `expiry`: what ends one day, as tests of connections saw it.

use rusqlite::{Connection, params};

use crate::error::StoreError;

/// Something that ends one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiryRow {
    /// Whose connection.
    pub connection_id: i64,
    /// server_certificate, client_certificate, ca_bundle, secret or token.
    pub kind: String,
    /// Whose it is.
    pub subject: String,
    /// When it ends, unix ms.
    pub not_after_ms: i64,
    /// When it was last seen, unix ms.
    pub seen_at: i64,
}

/// Replaces what a connection has of these kinds by what was seen now.
///
/// # Errors
/// SQLite's.
pub fn replace(
    connection: &Connection,
    connection_id: i64,
    kinds: &[&str],
    rows: &[ExpiryRow],
) -> Result<(), StoreError> {
    let mut delete =
        connection.prepare_cached("DELETE FROM expiry WHERE connection_id = ?1 AND kind = ?2")?;
    for kind in kinds {
        delete.execute(params![connection_id, kind])?;
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO expiry (connection_id, kind, subject, not_after_ms, seen_at)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (connection_id, kind, subject) DO UPDATE
         SET not_after_ms = MIN(not_after_ms, excluded.not_after_ms), seen_at = excluded.seen_at",
    )?;
    for row in rows {
        insert.execute(params![
            connection_id,
            row.kind,
            row.subject,
            row.not_after_ms,
            row.seen_at
        ])?;
    }
    Ok(())
}

/// Everything that ends, the next first.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection) -> Result<Vec<ExpiryRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT connection_id, kind, subject, not_after_ms, seen_at
         FROM expiry
         ORDER BY not_after_ms, connection_id, kind, subject",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(ExpiryRow {
            connection_id: row.get(0)?,
            kind: row.get(1)?,
            subject: row.get(2)?,
            not_after_ms: row.get(3)?,
            seen_at: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cache, CacheKey, connection};

    fn row(kind: &str, subject: &str, not_after_ms: i64) -> ExpiryRow {
        ExpiryRow {
            connection_id: 1,
            kind: kind.into(),
            subject: subject.into(),
            not_after_ms,
            seen_at: 5,
        }
    }

    #[test]
    fn a_later_test_replaces_what_it_saw_and_leaves_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("cache.db"), &CacheKey::new([1; 32])).unwrap();
        let list = cache
            .write_blocking(|tx| {
                let id = connection::insert(tx, "a", "test", "{}", 1)?;
                assert_eq!(id, 1);
                let first = [row("server_certificate", "old", 10), row("token", "t", 30)];
                replace(tx, id, &["server_certificate"], &first)?;
                let second = [row("server_certificate", "new", 20)];
                replace(tx, id, &["server_certificate"], &second)?;
                list(tx)
            })
            .unwrap();
        assert_eq!(
            list,
            [row("server_certificate", "new", 20), row("token", "t", 30)]
        );
        let none = cache
            .write_blocking(|tx| {
                connection::remove(tx, 1)?;
                super::list(tx)
            })
            .unwrap();
        assert!(none.is_empty());
    }
}
