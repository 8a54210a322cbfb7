use super::opening::{OPENING, PAGE_BYTES, SEALS, connect_sealed};
use super::*;

fn key(byte: u8) -> CacheKey {
    CacheKey::new([byte; 32])
}

fn put(cache: &Cache, value: &str) {
    let value = value.to_owned();
    cache
        .write_blocking(move |tx| crate::setting::set(tx, "probe", &value))
        .unwrap();
}

fn get(cache: &Cache) -> Option<String> {
    cache
        .read_blocking(|conn| crate::setting::get(conn, "probe"))
        .unwrap()
}

#[test]
fn what_was_written_is_there_after_reopening_and_not_readable_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cache.db");
    let cache = Cache::open(&path, &key(1)).unwrap();
    put(&cache, "身份证号码在此");
    drop(cache);
    let bytes: Vec<u8> = std::fs::read_dir(dir.path())
        .unwrap()
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    assert!(!bytes.windows(9).any(|window| window == "身份证".as_bytes()));
    assert_eq!(
        get(&Cache::open(&path, &key(1)).unwrap()).as_deref(),
        Some("身份证号码在此")
    );
}

#[test]
fn another_key_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cache.db");
    drop(Cache::open(&path, &key(1)).unwrap());
    assert!(matches!(
        Cache::open(&path, &key(2)),
        Err(StoreError::WrongKey { .. })
    ));
}

#[test]
fn a_file_of_a_newer_program_is_refused_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cache.db");
    let cache = Cache::open(&path, &key(1)).unwrap();
    cache
        .write_blocking(|tx| Ok(tx.pragma_update(None, "user_version", 99)?))
        .unwrap();
    drop(cache);
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(
        Cache::open(&path, &key(1)),
        Err(StoreError::Newer {
            file_version: 99,
            ..
        })
    ));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_reader_is_not_blocked_by_an_open_write_and_sees_it_only_when_committed() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(&dir.path().join("cache.db"), &key(1)).unwrap();
    put(&cache, "old");
    let reader = cache.clone();
    cache
        .write_blocking(move |tx| {
            crate::setting::set(tx, "probe", "new")?;
            assert_eq!(get(&reader).as_deref(), Some("old"));
            Ok(())
        })
        .unwrap();
    assert_eq!(get(&cache).as_deref(), Some("new"));
}

#[test]
fn a_failed_write_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(&dir.path().join("cache.db"), &key(1)).unwrap();
    let outcome = cache.write_blocking(|tx| {
        crate::setting::set(tx, "probe", "half")?;
        Err::<(), _>(StoreError::Content("stop".into()))
    });
    assert!(outcome.is_err());
    assert_eq!(get(&cache), None);
}

#[test]
fn a_scratch_cache_reads_the_real_one_and_cannot_write_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a #1?.db");
    let real = Cache::open(&path, &key(1)).unwrap();
    put(&real, "real");
    let scratch = Cache::scratch(&dir.path().join("scratch.db"), &key(1), &path).unwrap();
    put(&scratch, "scratch");
    let seen: String = scratch
        .write_blocking(|tx| {
            assert!(crate::scratch::is_scratch(tx)?);
            let sql = "SELECT value FROM base.setting WHERE name = 'probe'";
            Ok(tx.query_row(sql, [], |row| row.get(0))?)
        })
        .unwrap();
    assert_eq!(seen, "real");
    let refused = scratch.write_blocking(|tx| Ok(tx.execute("DELETE FROM base.setting", [])?));
    assert!(refused.is_err());
    assert_eq!(get(&real).as_deref(), Some("real"));
    assert_eq!(get(&scratch).as_deref(), Some("scratch"));
}

#[test]
fn a_file_that_was_sealed_as_before_is_opened_and_read_beside_a_scratch_cache() {
    let dir = tempfile::tempdir().unwrap();
    let (new, old) = (dir.path().join("new.db"), dir.path().join("old.db"));
    let cache = Cache::open(&new, &key(1)).unwrap();
    cache
        .write_blocking(|tx| {
            tx.execute_batch(
                "CREATE TABLE note (text TEXT);
                 INSERT INTO note VALUES ('此处');
                 WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
                 INSERT INTO note SELECT hex(randomblob(200)) FROM n;",
            )?;
            Ok(())
        })
        .unwrap();
    drop(cache);
    {
        let connection = connect(&new, &key(1), OpenFlags::default()).unwrap();
        let _one = OPENING.lock().unwrap();
        connection
            .execute_batch(&format!(
                "PRAGMA cipher_default_page_size = {PAGE_BYTES};
                 PRAGMA cipher_default_hmac_algorithm = HMAC_SHA512;"
            ))
            .unwrap();
        let address = old.to_string_lossy().into_owned();
        let literal = key(1).literal();
        connection
            .execute(
                "ATTACH DATABASE ?1 AS old KEY ?2",
                [&address, literal.as_str()],
            )
            .unwrap();
        let version: i64 = connection
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .unwrap();
        connection
            .query_row("SELECT sqlcipher_export('old')", [], |_| Ok(()))
            .unwrap();
        connection
            .execute_batch(&format!("PRAGMA old.user_version = {version}"))
            .unwrap();
    }
    assert!(matches!(
        connect_sealed(&old, &key(1), OpenFlags::default(), SEALS[0]),
        Err(StoreError::WrongKey { .. })
    ));
    let note = "SELECT text FROM note LIMIT 1";
    let cache = Cache::open(&old, &key(1)).unwrap();
    let text: String = cache
        .read_blocking(|conn| Ok(conn.query_row(note, [], |row| row.get(0))?))
        .unwrap();
    assert_eq!(text, "此处");
    let scratch = cache.scratch_at(&dir.path().join("scratch.db")).unwrap();
    let text: String = scratch
        .write_blocking(|tx| {
            Ok(tx.query_row("SELECT text FROM base.note LIMIT 1", [], |row| row.get(0))?)
        })
        .unwrap();
    assert_eq!(text, "此处");
    // A backup is as its file, to the last page.
    let copy = dir.path().join("copy.db");
    cache.backup(&copy).unwrap();
    let copied = connect_sealed(&copy, &key(1), OpenFlags::default(), SEALS[1]).unwrap();
    let whole = |sql: &str| -> Vec<String> {
        let mut statement = copied.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    assert_eq!(whole("PRAGMA integrity_check"), ["ok"]);
    assert_eq!(whole("PRAGMA cipher_integrity_check"), Vec::<String>::new());
    assert_eq!(whole("SELECT CAST(COUNT(*) AS TEXT) FROM note"), ["2001"]);
}

#[test]
fn a_backup_opens_with_the_same_key() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(&dir.path().join("cache.db"), &key(1)).unwrap();
    put(&cache, "kept");
    let copy = dir.path().join("copy.db");
    assert!(cache.backup(&copy).unwrap() > 0);
    assert_eq!(
        get(&Cache::open(&copy, &key(1)).unwrap()).as_deref(),
        Some("kept")
    );
}
