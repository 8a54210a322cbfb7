//! Table `connection`: the profile of each connection, never its secret.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::StoreError;

/// A connection as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionRow {
    /// Its number.
    pub id: i64,
    /// Its name, unique.
    pub name: String,
    /// production, test or demo.
    pub environment: String,
    /// The profile as JSON text.
    pub profile: String,
    /// Grows with each change.
    pub profile_version: i64,
    /// The claim mapping as JSON text, once it was changed.
    pub claims: Option<String>,
    /// What the identity review goes by, as JSON text, once it was changed.
    pub review_policy: Option<String>,
    /// The connection that the portal's accounts are read by, where it is another one.
    pub accounts_from: Option<i64>,
    /// When the secret was last changed, unix ms.
    pub secret_changed_at: Option<i64>,
    /// The secret's last four characters.
    pub secret_last_four: Option<String>,
    /// When a new secret was put beside it, unix ms.
    pub next_secret_changed_at: Option<i64>,
    /// The new secret's last four characters.
    pub next_secret_last_four: Option<String>,
    /// The day on which the secret ends, as the user says: `yyyy-MM-dd`.
    pub secret_expires_on: Option<String>,
}

const COLUMNS: &str =
    "id, name, environment, profile, profile_version, claims, secret_changed_at, secret_last_four,
    next_secret_changed_at, next_secret_last_four, secret_expires_on, review_policy, accounts_from";

fn read(row: &Row<'_>) -> rusqlite::Result<ConnectionRow> {
    Ok(ConnectionRow {
        id: row.get(0)?,
        name: row.get(1)?,
        environment: row.get(2)?,
        profile: row.get(3)?,
        profile_version: row.get(4)?,
        claims: row.get(5)?,
        secret_changed_at: row.get(6)?,
        secret_last_four: row.get(7)?,
        next_secret_changed_at: row.get(8)?,
        next_secret_last_four: row.get(9)?,
        secret_expires_on: row.get(10)?,
        review_policy: row.get(11)?,
        accounts_from: row.get(12)?,
    })
}

/// All connections by name.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection) -> Result<Vec<ConnectionRow>, StoreError> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM connection ORDER BY name"))?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One connection.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: i64) -> Result<Option<ConnectionRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM connection WHERE id = ?1"))?
        .query_row([id], read)
        .optional()?)
}

/// One connection by its name.
///
/// # Errors
/// SQLite's.
pub fn by_name(connection: &Connection, name: &str) -> Result<Option<ConnectionRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM connection WHERE name = ?1"))?
        .query_row([name], read)
        .optional()?)
}

/// Adds a connection and returns its number.
///
/// # Errors
/// SQLite's; a constraint failure when the name is taken.
pub fn insert(
    connection: &Connection,
    name: &str,
    environment: &str,
    profile: &str,
    at: i64,
) -> Result<i64, StoreError> {
    connection.execute(
        "INSERT INTO connection (name, environment, profile, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?4)",
        params![name, environment, profile, at],
    )?;
    Ok(connection.last_insert_rowid())
}

/// Changes a connection; the version grows only when the profile differs.
///
/// # Errors
/// SQLite's.
pub fn update(
    connection: &Connection,
    id: i64,
    name: &str,
    environment: &str,
    profile: &str,
    at: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE connection
         SET name = ?2, environment = ?3, profile = ?4, updated_at = ?5, profile_version = profile_version + (profile <> ?4)
         WHERE id = ?1",
        params![id, name, environment, profile, at],
    )?;
    Ok(())
}

/// Says by which connection the portal's own accounts are read; nothing means by this one.
///
/// # Errors
/// SQLite's.
pub fn set_accounts_from(
    connection: &Connection,
    id: i64,
    from: Option<i64>,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE connection SET accounts_from = ?2 WHERE id = ?1",
        params![id, from],
    )?;
    Ok(())
}

/// Notes that the secret was changed.
///
/// # Errors
/// SQLite's.
pub fn secret_changed(
    connection: &Connection,
    id: i64,
    last_four: Option<&str>,
    at: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE connection SET secret_changed_at = ?2, secret_last_four = ?3 WHERE id = ?1",
        params![id, at, last_four],
    )?;
    Ok(())
}

/// Notes that a new secret waits beside the old one, or that none does.
///
/// # Errors
/// SQLite's.
pub fn next_secret_changed(
    connection: &Connection,
    id: i64,
    last_four: Option<&str>,
    at: Option<i64>,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE connection SET next_secret_changed_at = ?2, next_secret_last_four = ?3 WHERE id = ?1",
        params![id, at, last_four],
    )?;
    Ok(())
}

/// Notes that the new secret took the old one's place. The old one's expiry says nothing any more.
///
/// # Errors
/// SQLite's.
pub fn secret_promoted(connection: &Connection, id: i64, at: i64) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE connection
         SET secret_changed_at = ?2, secret_last_four = next_secret_last_four,
           next_secret_changed_at = NULL, next_secret_last_four = NULL, secret_expires_on = NULL
         WHERE id = ?1",
        params![id, at],
    )?;
    Ok(())
}

/// Notes the day on which the secret ends.
///
/// # Errors
/// SQLite's.
pub fn set_secret_expiry(
    connection: &Connection,
    id: i64,
    expires_on: Option<&str>,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE connection SET secret_expires_on = ?2 WHERE id = ?1",
        params![id, expires_on],
    )?;
    Ok(())
}

/// Removes a connection and everything that was cached for it.
///
/// # Errors
/// SQLite's.
pub fn remove(connection: &Connection, id: i64) -> Result<(), StoreError> {
    connection.execute(
        "DELETE FROM rejection_search
         WHERE rowid IN (
           SELECT rejection.id
           FROM rejection
           JOIN source ON source.id = rejection.source_id
           WHERE source.connection_id = ?1)",
        [id],
    )?;
    connection.execute("DELETE FROM connection WHERE id = ?1", [id])?;
    Ok(())
}

/// A saved state of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// Its number.
    pub version: i64,
    /// When it was saved, unix ms.
    pub at: i64,
    /// Who saved it.
    pub actor: String,
    /// The profile as JSON text.
    pub profile: String,
}

/// Keeps the present profile as a version, unless it is kept already.
///
/// # Errors
/// SQLite's.
pub fn keep_version(
    connection: &Connection,
    id: i64,
    actor: &str,
    at: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO profile_version (connection_id, version, at, actor, profile)
         SELECT id, profile_version, ?3, ?2, profile
         FROM connection
         WHERE id = ?1
         ON CONFLICT DO NOTHING",
        params![id, actor, at],
    )?;
    Ok(())
}

/// The versions of a connection, the latest first.
///
/// # Errors
/// SQLite's.
pub fn versions(
    connection: &Connection,
    id: i64,
    limit: u32,
) -> Result<Vec<VersionRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT version, at, actor, profile
         FROM profile_version
         WHERE connection_id = ?1
         ORDER BY version DESC
         LIMIT ?2",
    )?;
    let rows = statement.query_map(params![id, limit], version_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One version of a connection.
///
/// # Errors
/// SQLite's.
pub fn version(
    connection: &Connection,
    id: i64,
    version: i64,
) -> Result<Option<VersionRow>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT version, at, actor, profile
             FROM profile_version
             WHERE connection_id = ?1 AND version = ?2",
        )?
        .query_row(params![id, version], version_row)
        .optional()?)
}

fn version_row(row: &Row<'_>) -> rusqlite::Result<VersionRow> {
    Ok(VersionRow {
        version: row.get(0)?,
        at: row.get(1)?,
        actor: row.get(2)?,
        profile: row.get(3)?,
    })
}
