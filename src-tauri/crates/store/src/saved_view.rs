//! Table `saved_view`: a user's named filters of rejected records.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::StoreError;

/// A saved view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedView {
    /// Its name.
    pub name: String,
    /// The filter as JSON text.
    pub filter: String,
    /// When it was saved, unix ms.
    pub saved_at: i64,
}

/// A user's views by name.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection, user: &str) -> Result<Vec<SavedView>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT name, filter, saved_at FROM saved_view WHERE user = ?1 ORDER BY name",
    )?;
    let rows = statement.query_map([user], |row| {
        Ok(SavedView {
            name: row.get(0)?,
            filter: row.get(1)?,
            saved_at: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The filter of a user's view, as JSON text.
///
/// # Errors
/// SQLite's.
pub fn filter(
    connection: &Connection,
    user: &str,
    name: &str,
) -> Result<Option<String>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT filter FROM saved_view WHERE user = ?1 AND name = ?2")?
        .query_row([user, name], |row| row.get(0))
        .optional()?)
}

/// Saves a user's view, over one of the same name.
///
/// # Errors
/// SQLite's.
pub fn save(
    connection: &Connection,
    user: &str,
    name: &str,
    filter: &str,
    at: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO saved_view (user, name, filter, saved_at)
             VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (user, name) DO UPDATE
             SET filter = excluded.filter, saved_at = excluded.saved_at",
        )?
        .execute(params![user, name, filter, at])?;
    Ok(())
}

/// Removes a user's view; says whether there was one.
///
/// # Errors
/// SQLite's.
pub fn remove(connection: &Connection, user: &str, name: &str) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached("DELETE FROM saved_view WHERE user = ?1 AND name = ?2")?
        .execute([user, name])?
        > 0)
}
