use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::*;
use crate::{Cache, CacheKey, connection as connections, source};
use zhengqiao_domain::DatasetId;

/// A row as a provider sends it; `at` makes it somebody's.
fn row(at: u32) -> Vec<u8> {
    let name: String = (0..3)
        .filter_map(|place| char::from_u32(0x4e00 + (at * 977 + place * 331) % 20_000))
        .collect();
    format!(
        r#"{{"row_guid":"{:032x}","org_name":"某市某区某某局","applyer_name":"{name}","contact_code":"{:018}","apply_date":"2026-10-{:02} 09:30:00","count":{at},"left":null,"tags":["甲","乙"]}}"#,
        u128::from(at) * 0x9e37_79b9_7f4a_7c15_u128,
        u64::from(at) * 982_451_653,
        at % 28 + 1,
    )
    .into_bytes()
}

fn rows() -> Vec<Vec<u8>> {
    (1..=600).map(row).collect()
}

fn cache() -> (tempfile::TempDir, Cache, i64) {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(&dir.path().join("cache.db"), &CacheKey::new([7; 32])).unwrap();
    let source_id = cache
        .write_blocking(|tx| {
            let id = connections::insert(tx, "省级平台", "demo", "{}", 1)?;
            source::ensure(tx, id, DatasetId::CaseAcceptance)
        })
        .unwrap();
    (dir, cache, source_id)
}

#[test]
fn rows_that_are_alike_take_less_than_half_and_come_back_as_they_were() {
    let (_dir, cache, source_id) = cache();
    let learned = learn(&rows()).unwrap();
    let kept = learned.clone();
    cache
        .write_blocking(move |tx| keep(tx, source_id, &kept))
        .unwrap();
    let mut packer = cache
        .read_blocking(|conn| of_source(conn, source_id))
        .unwrap()
        .unwrap();
    let fresh: Vec<Vec<u8>> = (5000..5100).map(row).collect();
    let packed: Vec<Vec<u8>> = fresh.iter().map(|raw| packer.pack(raw)).collect();
    let (all, less) = (fresh.concat().len(), packed.concat().len());
    assert!(less * 2 < all, "{less} of {all}");
    for (raw, packed) in fresh.iter().zip(packed) {
        let back = cache
            .read_blocking(|conn| unpack(conn, packed.clone()))
            .unwrap();
        assert_eq!(&back, raw);
    }
}

#[test]
fn a_dictionary_holds_nothing_of_one_person() {
    let rows = rows();
    let learned = learn(&rows).unwrap();
    let has = |part: &[u8]| {
        learned
            .content
            .windows(part.len())
            .any(|window| window == part)
    };
    assert!(has("某市某区某某局".as_bytes()));
    for raw in &rows {
        let row: serde_json::Value = serde_json::from_slice(raw).unwrap();
        for field in ["applyer_name", "contact_code", "row_guid"] {
            let text = row[field].as_str().unwrap();
            assert!(!has(text.as_bytes()), "{field} {text}");
        }
        // Not even half of a number.
        let code = row["contact_code"].as_str().unwrap();
        assert!(!has(&code.as_bytes()[code.len() - 9..]), "{code}");
    }
}

#[test]
fn too_few_rows_and_rows_that_are_no_json_teach_nothing() {
    assert_eq!(learn(&rows()[..499]), None);
    let mut rows = rows();
    rows.push(b"<row/>".to_vec());
    assert_eq!(learn(&rows), None);
}

#[test]
fn a_source_without_a_dictionary_has_no_packer_and_a_missing_one_is_told() {
    let (_dir, cache, source_id) = cache();
    assert!(
        cache
            .read_blocking(|conn| of_source(conn, source_id))
            .unwrap()
            .is_none()
    );
    let unknown = [&[PACKED][..], &77_i64.to_be_bytes(), b"anything"].concat();
    let error = cache
        .read_blocking(|conn| unpack(conn, unknown.clone()))
        .unwrap_err();
    assert!(
        error.to_string().contains("dictionary is missing"),
        "{error}"
    );
    let cut = cache
        .read_blocking(|conn| unpack(conn, vec![PACKED, 1]))
        .unwrap_err();
    assert!(cut.to_string().contains("cut off"), "{cut}");
}

#[test]
fn whatever_is_kept_comes_back() {
    let (_dir, cache, _) = cache();
    let learned = learn(&rows()).unwrap();
    let anything = (proptest::collection::vec(any::<u8>(), 0..2000), 0_u8..4);
    TestRunner::default()
        .run(&anything, |(mut raw, first)| {
            if let Some(byte) = raw.first_mut() {
                *byte = first;
            }
            let mut packer = Packer::new(&learned).unwrap();
            for kept in [plain(&raw).into_owned(), packer.pack(&raw)] {
                let back = cache.read_blocking(|conn| unpack(conn, kept.clone()));
                prop_assert_eq!(&back.unwrap(), &raw);
            }
            Ok(())
        })
        .unwrap();
}
