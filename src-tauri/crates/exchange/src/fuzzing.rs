//! What is read from outside, taken apart with any input: nothing may panic, hang or grow without
//! bound. The fuzzer calls these with inputs that it finds, the tests with those that were kept.
//!
//! An input is divided by the byte 0xFF, which is in no UTF-8 text.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    missing_docs,
    reason = "called by the fuzzer and by tests alone"
)]

use std::io::Write as _;

use serde_json::{Map, Value};
use zhengqiao_domain::{CompiledMapping, DatasetId, Mapping};

use crate::depth;
use crate::envelope;
use crate::file::{self, FileFormat, FileSource};
use crate::pager::step;
use crate::pkcs12::open_pkcs12;
use crate::pointers;
use crate::profile::{Envelope, Pager, Profile};

/// A target: its name, which its corpus has too, and what it calls.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("envelope", envelope),
    ("pager", pager),
    ("transforms", transforms),
    ("files", files),
    ("profile", profile),
    ("pkcs12", pkcs12),
];

fn texts(input: &[u8]) -> Vec<String> {
    input
        .split(|byte| *byte == 0xFF)
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .collect()
}

fn text(texts: &[String], at: usize) -> String {
    texts.get(at).cloned().unwrap_or_default()
}

/// Body, then pointers to records, code, total, cursor, more.
pub fn envelope(input: &[u8]) {
    let parts = texts(input);
    let body = text(&parts, 0);
    if depth::is_too_deep(body.as_bytes()) {
        return;
    }
    let described = Envelope {
        records: text(&parts, 1),
        code: text(&parts, 2),
        success: vec![text(&parts, 3)],
        total: text(&parts, 4),
        next_cursor: text(&parts, 5),
        has_more: text(&parts, 6),
        ..Envelope::default()
    };
    if let Ok(opened) = envelope::open(&body, &described) {
        let mut end = 0;
        for range in opened.records {
            assert!(range.start >= end, "records stand one behind the other");
            end = range.end;
            let raw = body.get(range).expect("a record is a part of the body");
            assert!(
                serde_json::from_str::<&serde_json::value::RawValue>(raw).is_ok(),
                "a record is JSON"
            );
        }
    }
    for pointer in pointers::to_records(&body) {
        assert!(pointer.is_empty() || pointer.starts_with('/'));
    }
}

/// A pager, a position, a link header, a link.
pub fn pager(input: &[u8]) {
    let parts = texts(input);
    let pager: Pager = serde_json::from_str(&text(&parts, 0)).unwrap_or_default();
    let position = serde_json::from_str(&text(&parts, 1)).unwrap_or_default();
    let mut params = Vec::new();
    step::params(&pager, &position, &mut params);
    assert!(params.len() <= 4, "{params:?}");
    let links = [step::next_link(&text(&parts, 2)), Some(text(&parts, 3))];
    let base = url::Url::parse("https://provider.example/api/").unwrap();
    for link in links.into_iter().flatten() {
        if let Some((path, _)) = step::follow_link(&base, &link) {
            let followed = base.join(&format!("/api/{path}")).unwrap();
            assert_eq!(followed.origin(), base.origin(), "{link:?} leads away");
        }
        assert!(step::leads_away(&link).len() < 2_000);
    }
}

/// A mapping and a raw record.
pub fn transforms(input: &[u8]) {
    let parts = texts(input);
    let Ok(mapping) = serde_json::from_str::<Mapping>(&text(&parts, 0)) else {
        return;
    };
    let raw: Map<String, Value> = serde_json::from_str(&text(&parts, 1)).unwrap_or_default();
    for dataset in [DatasetId::CaseAcceptance, DatasetId::ServiceItem] {
        let Ok(ready) = CompiledMapping::new(dataset, &mapping) else {
            continue;
        };
        let once = ready.apply(&raw);
        assert_eq!(once, ready.apply(&raw), "the same twice");
        for trace in ready.trace(&raw) {
            let longest = trace.steps.iter().flatten().map(String::len).max();
            assert!(
                longest.unwrap_or(0) <= 4 * 100_000 + input.len(),
                "a step grows without bound"
            );
        }
    }
}

/// A file of each format; its first bytes say nothing of it.
pub fn files(input: &[u8]) {
    let mut place = tempfile::NamedTempFile::new().unwrap();
    place.write_all(input).unwrap();
    for format in [
        FileFormat::Auto,
        FileFormat::Csv,
        FileFormat::Xlsx,
        FileFormat::Ndjson,
        FileFormat::Json,
    ] {
        let source = FileSource {
            path: place.path().display().to_string(),
            format,
            ..FileSource::default()
        };
        if let Ok(seen) = file::inspect(&source) {
            assert!(seen.columns.len() <= 20_000, "{}", seen.columns.len());
        }
    }
}

/// A profile as text.
pub fn profile(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(profile) = serde_json::from_str::<Profile>(&text) {
        let _ = profile.validate();
        let again = serde_json::to_string(&profile).unwrap();
        assert_eq!(serde_json::from_str::<Profile>(&again).unwrap(), profile);
    }
}

/// A file and its passphrase.
pub fn pkcs12(input: &[u8]) {
    let passphrase = "secret";
    let _ = open_pkcs12(input, passphrase);
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::mpsc;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    /// What one input may take before it counts as a hang.
    const PATIENCE: Duration = Duration::from_secs(30);

    #[test]
    fn every_input_of_the_corpus_is_taken() {
        // Asked when the test runs: clones share their build cache.
        let corpus = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
            .join("../../../fuzz/corpus");
        for (name, target) in TARGETS {
            let mut taken = 0;
            for entry in std::fs::read_dir(corpus.join(name)).unwrap() {
                let path = entry.unwrap().path();
                let input = std::fs::read(&path).unwrap();
                let (send, receive) = mpsc::channel();
                std::thread::spawn(move || {
                    target(&input);
                    send.send(()).unwrap();
                });
                receive
                    .recv_timeout(PATIENCE)
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                taken += 1;
            }
            assert!(taken > 0, "{name}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

        #[test]
        fn any_bytes_are_taken(input in proptest::collection::vec(any::<u8>(), 0..400)) {
            for (name, target) in TARGETS {
                if *name != "pkcs12" {
                    target(&input);
                }
            }
        }
    }
}
