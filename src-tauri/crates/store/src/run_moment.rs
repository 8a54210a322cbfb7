//! Table `run_moment`: when a run was paused, left by its process, interrupted, and taken up again.
//!
//! A trigger writes it: whatever changes a run's owner has told what happened.

use rusqlite::Connection;

use crate::error::StoreError;

/// Moments of one run that are told at most, the last ones.
const MOST: u32 = 100;

/// A moment of a run: unix ms, and paused, left, interrupted or resumed; oldest first.
///
/// # Errors
/// SQLite's.
pub fn list(connection: &Connection, run_id: i64) -> Result<Vec<(i64, String)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT at, what
         FROM run_moment
         WHERE run_id = ?1
         ORDER BY id DESC
         LIMIT ?2",
    )?;
    let rows = statement.query_map((run_id, MOST), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut list: Vec<(i64, String)> = rows.collect::<Result<_, _>>()?;
    list.reverse();
    Ok(list)
}

#[cfg(test)]
mod tests {
    use crate::run::{self, NewRun};
    use crate::{Cache, CacheKey, connection, hold};

    #[test]
    fn a_run_tells_when_it_was_paused_left_interrupted_and_resumed() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("cache.db"), &CacheKey::new([9; 32])).unwrap();
        let moments = cache
            .write_blocking(|tx| {
                let connection_id = connection::insert(tx, "演示", "demo", "{}", 1)?;
                let new = NewRun {
                    connection_id,
                    mode: "full",
                    at: 10,
                    owner: "one",
                    until: "",
                    profile_version: 1,
                    rule_set: "",
                };
                let run_id = run::insert(tx, &new)?;
                hold::sign_of_life(tx, run_id, "one", 20)?;
                hold::let_go(tx, run_id, true)?;
                hold::take_up(tx, run_id, "one", 30)?;
                hold::sign_of_life(tx, run_id, "one", 40)?;
                hold::let_go(tx, run_id, false)?;
                hold::take_up(tx, run_id, "two", 50)?;
                // The second process dies; a third takes over.
                hold::take_up(tx, run_id, "three", 90)?;
                run::finish(tx, run_id, "succeeded", None, 100)?;
                super::list(tx, run_id)
            })
            .unwrap();
        let told: Vec<(i64, &str)> = moments
            .iter()
            .map(|(at, what)| (*at, what.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (20, "paused"),
                (30, "resumed"),
                (40, "left"),
                (50, "resumed"),
                (50, "interrupted"),
                (90, "resumed"),
            ]
        );
    }
}
