//! Table `site`: the portal's sites with what each needs for signing on.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;

/// A site as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteRow {
    /// Its number.
    pub id: i64,
    /// The site as JSON text.
    pub site: String,
    /// What the last probe saw, as JSON text.
    pub probe: String,
    /// When it was probed, unix ms.
    pub probed_at: Option<i64>,
}

/// The sites of a connection by name.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection, connection_id: i64) -> Result<Vec<SiteRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, site, probe, probed_at
         FROM site
         WHERE connection_id = ?1
         ORDER BY name",
    )?;
    let rows = statement.query_map([connection_id], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One site of a connection.
///
/// # Errors
/// SQLite's.
pub fn get(
    connection: &Connection,
    connection_id: i64,
    id: i64,
) -> Result<Option<SiteRow>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT id, site, probe, probed_at FROM site WHERE connection_id = ?1 AND id = ?2",
        )?
        .query_row([connection_id, id], read)
        .optional()?)
}

/// The number of the site with a name.
///
/// # Errors
/// SQLite's.
pub fn find(
    connection: &Connection,
    connection_id: i64,
    name: &str,
) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT id FROM site WHERE connection_id = ?1 AND name = ?2")?
        .query_row(params![connection_id, name], |row| row.get(0))
        .optional()?)
}

/// Adds a site, or changes the one with this number. A changed site's probe is forgotten.
///
/// # Errors
/// SQLite's; a name that another site has.
pub fn save(
    connection: &Connection,
    connection_id: i64,
    id: Option<i64>,
    name: &str,
    site: &str,
) -> Result<i64, StoreError> {
    if let Some(id) = id {
        connection
            .prepare_cached(
                "UPDATE site
                 SET name = ?3, site = ?4, probe = '[]', probed_at = NULL
                 WHERE connection_id = ?1 AND id = ?2 AND site <> ?4",
            )?
            .execute(params![connection_id, id, name, site])?;
        return Ok(id);
    }
    connection
        .prepare_cached("INSERT INTO site (connection_id, name, site) VALUES (?1, ?2, ?3)")?
        .execute(params![connection_id, name, site])?;
    Ok(connection.last_insert_rowid())
}

/// Keeps what a probe saw, unless the site was changed meanwhile; says whether it was kept.
///
/// # Errors
/// SQLite's.
pub fn set_probe(
    connection: &Connection,
    seen: &SiteRow,
    probe: &str,
    at: i64,
) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached("UPDATE site SET probe = ?3, probed_at = ?4 WHERE id = ?1 AND site = ?2")?
        .execute(params![seen.id, seen.site, probe, at])?
        > 0)
}

/// Removes a site; says whether there was one.
///
/// # Errors
/// SQLite's.
pub fn remove(connection: &Connection, connection_id: i64, id: i64) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached("DELETE FROM site WHERE connection_id = ?1 AND id = ?2")?
        .execute([connection_id, id])?
        > 0)
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<SiteRow> {
    Ok(SiteRow {
        id: row.get(0)?,
        site: row.get(1)?,
        probe: row.get(2)?,
        probed_at: row.get(3)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cache, CacheKey, connection};

    #[test]
    fn a_change_forgets_the_probe_and_a_late_probe_of_the_old_one_is_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("cache.db"), &CacheKey::new([1; 32])).unwrap();
        cache
            .write_blocking(|tx| {
                let of = connection::insert(tx, "a", "test", "{}", 1)?;
                let id = save(tx, of, None, "one", "{\"a\":1}")?;
                let old = get(tx, of, id)?.unwrap();
                assert!(set_probe(tx, &old, "[1]", 7)?);
                // The same again changes nothing.
                save(tx, of, Some(id), "one", "{\"a\":1}")?;
                assert_eq!(get(tx, of, id)?.unwrap().probe, "[1]");
                save(tx, of, Some(id), "two", "{\"a\":2}")?;
                assert_eq!(get(tx, of, id)?.unwrap().probed_at, None);
                assert!(!set_probe(tx, &old, "[2]", 8)?);
                assert_eq!(find(tx, of, "two")?, Some(id));
                assert!(remove(tx, of, id)?);
                assert!(!remove(tx, of, id)?);
                Ok(())
            })
            .unwrap();
    }
}
