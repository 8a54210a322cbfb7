//! Override: a person's edited copy takes the place of a rejected row, stands while the provider sends
//! the same mistake, and is cleared by the provider's own correction or by revoking it.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod bed;

use std::path::Path;

use bed::Bed;
use zhengqiao_domain::{Check, CompiledMapping, DatasetId, Outcome, RuleSet};
use zhengqiao_exchange::{FileSource, Interface, Profile};
use zhengqiao_store::rejection::{self, State};
use zhengqiao_store::{Transaction, connection, record, record_version, source};
use zhengqiao_sync::overriding::{Edits, OVERRIDE, Tried, override_rejection, revoke_override};
use zhengqiao_sync::{Desk, RunMode, StateWord, SyncError};

const DATASET: DatasetId = DatasetId::ServiceItem;
const FIELD: &str = "task_name";

/// The provider's items as a file; the name of the first as given.
fn write(bed: &Bed, path: &Path, first_name: Option<&str>) {
    let fields = DATASET.dataset().fields;
    let mut text = fields
        .iter()
        .map(|field| field.name)
        .collect::<Vec<_>>()
        .join("\t");
    for place in 0..4 {
        let row = bed.provider.world().at(0, place);
        let cells: Vec<String> = fields
            .iter()
            .map(|field| match first_name {
                Some(name) if place == 0 && field.name == FIELD => name.to_owned(),
                _ => row.get(field.name),
            })
            .collect();
        text.push('\n');
        text.push_str(&cells.join("\t"));
    }
    std::fs::write(path, text).unwrap();
}

struct Desked {
    bed: Bed,
    path: std::path::PathBuf,
    name: String,
}

impl Desked {
    async fn new() -> Self {
        let world = Bed::new(50, 3, 0.0).await;
        let path = world.dir.path().join("items.tsv");
        write(&world, &path, Some(""));
        let name = world.provider.world().at(0, 0).get(FIELD);
        let file = path.to_str().unwrap().to_owned();
        let bed = Bed::over(world.provider.clone(), "files", |profile| {
            profile.base_url = String::new();
            profile.interface = Interface::File;
            profile.datasets.retain(|id, _| *id == DATASET);
            let source = profile.datasets.get_mut(&DATASET).unwrap();
            source.file = Some(FileSource {
                path: file,
                ..FileSource::default()
            });
            source.mapping.fields.clear();
        });
        let desked = Self {
            bed: Bed {
                dir: world.dir,
                ..bed
            },
            path,
            name,
        };
        assert_eq!(desked.run().await, StateWord::FinishedWithRejections);
        desked
    }

    async fn run(&self) -> StateWord {
        self.bed.run(RunMode::Full).await
    }

    fn send(&self, first_name: Option<&str>) {
        write(&self.bed, &self.path, first_name);
    }

    /// Number, state and reason of the only rejection.
    fn rejection(&self) -> (i64, i64) {
        self.bed
            .cache
            .read_blocking(|conn| {
                let id = 1;
                Ok((id, rejection::head(conn, id)?.unwrap().state))
            })
            .unwrap()
    }

    /// How the record of the rejection's key was written, and its name.
    fn record(&self) -> Option<(String, String)> {
        self.bed
            .cache
            .read_blocking(|conn| {
                let source_id = source::find(conn, self.bed.connection_id, DATASET)?.unwrap();
                let key = rejection::key_hash(conn, 1)?.unwrap();
                let Some(present) = record_version::present(conn, source_id, &key)? else {
                    return Ok(None);
                };
                let fields = record::fields_of(conn, source_id, &key)?.unwrap();
                let fields: serde_json::Value = serde_json::from_str(&fields).unwrap();
                let name = fields[FIELD].as_str().unwrap_or_default().to_owned();
                Ok(Some((present.via, name)))
            })
            .unwrap()
    }

    fn accepted(&self) -> i64 {
        self.bed
            .cache
            .read_blocking(|conn| {
                let source_id = source::find(conn, self.bed.connection_id, DATASET)?.unwrap();
                source::accepted(conn, source_id)
            })
            .unwrap()
    }

    fn act<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Transaction<'_>, &Desk, &Profile) -> Result<T, SyncError> + Send + 'static,
    ) -> Result<T, SyncError> {
        let id = self.bed.connection_id;
        self.bed
            .cache
            .write_blocking(move |tx| {
                let profile: Profile =
                    serde_json::from_str(&connection::get(tx, id)?.unwrap().profile)?;
                let at = chrono::Utc::now().timestamp_millis();
                let desk = Desk::new(tx, id, DATASET, 1, at, "2026-01-01 00:00:00")?.by_override(
                    tx,
                    id,
                    "管理员",
                    1,
                )?;
                Ok(act(tx, &desk, &profile))
            })
            .unwrap()
    }

    fn put(&self, field: &str, value: Option<&str>) -> Result<Tried, SyncError> {
        let edits: Edits = [(field.to_owned(), value.map(str::to_owned))].into();
        self.act(move |tx, desk, profile| {
            let rules = RuleSet::new(&profile.rules);
            let now = (chrono::Utc::now() + chrono::Duration::hours(8)).naive_utc();
            let check = Check::new(&rules, now);
            let mapping =
                CompiledMapping::new(DATASET, &profile.datasets[&DATASET].mapping).unwrap();
            override_rejection(
                tx,
                desk,
                &mapping,
                &check,
                &rules,
                1,
                &edits,
                "部门电话更正",
            )
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_override_stands_while_the_same_mistake_comes_and_ends_with_the_correction() {
    let desked = Desked::new().await;
    assert_eq!((desked.accepted(), desked.record()), (3, None));

    let still_wrong = desked.put(FIELD, Some("")).unwrap();
    assert_eq!(still_wrong.outcome, Outcome::Rejected);
    assert!(!still_wrong.findings.is_empty());
    assert_eq!(desked.record(), None, "what does not pass is not written");

    let passed = desked.put(FIELD, Some("人工更正的名称")).unwrap();
    assert_eq!(passed.outcome, Outcome::Accepted);
    let overridden = Some((OVERRIDE.to_owned(), "人工更正的名称".to_owned()));
    assert_eq!(desked.record(), overridden);
    assert_eq!(desked.rejection().1, State::Overridden as i64);
    assert_eq!(desked.accepted(), 4);

    // The provider sends the same mistake again: nothing of it changes.
    desked.run().await;
    assert_eq!(desked.record(), overridden);
    assert_eq!(desked.rejection().1, State::Overridden as i64);

    // Its own correction takes the place of ours.
    desked.send(None);
    assert_eq!(desked.run().await, StateWord::Succeeded);
    assert_eq!(desked.record(), Some(("run".into(), desked.name.clone())));
    assert_eq!(desked.rejection().1, State::Resolved as i64);
    assert_eq!(desked.accepted(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_correction_by_the_provider_is_its_own() {
    let desked = Desked::new().await;
    let name = desked.name.clone();
    desked.put(FIELD, Some(&name)).unwrap();
    assert_eq!(desked.record(), Some((OVERRIDE.into(), name.clone())));
    desked.send(None);
    desked.run().await;
    assert_eq!(desked.record(), Some(("run".into(), name)));
    assert_eq!(desked.rejection().1, State::Resolved as i64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_override_leaves_what_was_there_before() {
    let desked = Desked::new().await;
    desked.put(FIELD, Some("人工更正的名称")).unwrap();
    desked
        .act(|tx, desk, _| revoke_override(tx, desk, 1))
        .unwrap();
    assert_eq!((desked.accepted(), desked.record()), (3, None));
    assert_eq!(desked.rejection().1, State::Open as i64);
    let again = desked.act(|tx, desk, _| revoke_override(tx, desk, 1));
    assert!(matches!(again, Err(SyncError::Override { .. })));

    // With an earlier version in the cache, that one is back.
    desked.send(None);
    desked.run().await;
    desked.send(Some(""));
    desked.run().await;
    assert_eq!(desked.rejection().1, State::Open as i64);
    desked.put(FIELD, Some("又一名称")).unwrap();
    assert_eq!(desked.record().unwrap().1, "又一名称");
    desked
        .act(|tx, desk, _| revoke_override(tx, desk, 1))
        .unwrap();
    assert_eq!(desked.record().unwrap().1, desked.name);
    assert_eq!(desked.accepted(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_a_record_cannot_be_edited() {
    let desked = Desked::new().await;
    for field in DATASET.dataset().key {
        let refused = desked.put(field, Some("1"));
        assert!(
            matches!(refused, Err(SyncError::Override { .. })),
            "{refused:?}"
        );
    }
    assert!(desked.put("no_such_field", Some("1")).is_err());
}
