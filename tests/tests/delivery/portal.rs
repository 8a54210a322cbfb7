//! A connection whose records go on to a library, and what the library should have.

#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::BTreeMap;

use serde_json::Value;
use zhengqiao_delivery::{Delivery, DeliveryError, deliver, diagnose};
use zhengqiao_domain::DatasetId;
use zhengqiao_domain::field::Kind;
use zhengqiao_exchange::{Layer, PostgresTarget, Profile, PushTarget, Secrets, Target};
use zhengqiao_store::rejection::REFUSED;
use zhengqiao_store::{Cache, connection, delivery, outbox, record, run};

use crate::bed::{Bed, small_pages};
use crate::servers::Server;

/// Repeatable random numbers.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// A record as both sides should have it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    pub dataset: String,
    pub key: String,
    pub withdrawn: bool,
    pub fields: BTreeMap<String, String>,
}

pub struct Portal {
    pub bed: Bed,
    pub stream: String,
}

impl Portal {
    /// A connection with a library in PostgreSQL.
    pub async fn over_postgres(
        server: &Server,
        records: u64,
        seed: u64,
        change: impl FnOnce(&mut PostgresTarget),
    ) -> Self {
        let mut target = PostgresTarget {
            url: server.address(),
            user: "postgres".into(),
            schema: "portal".into(),
            ..PostgresTarget::default()
        };
        change(&mut target);
        Self::new(records, seed, |_| Target::Postgres(target)).await
    }

    /// A connection with a library behind the demo provider's receiving side.
    pub async fn over_push(records: u64, seed: u64, change: impl FnOnce(&mut PushTarget)) -> Self {
        Self::new(records, seed, |base_url| {
            let mut target = PushTarget {
                url: base_url,
                path: "portal/records".into(),
                auth: zhengqiao_exchange::Auth::ApiKey {
                    header: "x-api-key".into(),
                },
                ..PushTarget::default()
            };
            change(&mut target);
            Target::Push(Box::new(target))
        })
        .await
    }

    async fn new(records: u64, seed: u64, target: impl FnOnce(String) -> Target) -> Self {
        let bed = Bed::with(records, seed, 0.05, "gateway", |profile| {
            small_pages(profile, 200);
            profile.network.backoff_ms = 5;
            profile.delivery = Some(target(profile.base_url.clone()));
        })
        .await;
        let stream = format!("stream-{seed}-{}", bed.dir.path().display());
        let (id, name) = (bed.connection_id, stream.clone());
        bed.cache
            .write_blocking(move |tx| {
                let row = connection::get(tx, id)?.unwrap();
                let profile: Profile = serde_json::from_str(&row.profile)?;
                let place = profile.delivery.as_ref().map(Target::place);
                delivery::set_up(tx, id, place.as_deref(), &name)
            })
            .unwrap();
        Self { bed, stream }
    }

    fn secrets(&self) -> Secrets {
        Secrets::new(Some(self.bed.provider.credentials().secret.clone()))
    }

    /// The library in a server, with the usual settings.
    pub fn postgres(server: &Server) -> PostgresTarget {
        PostgresTarget {
            url: server.address(),
            user: "postgres".into(),
            schema: "portal".into(),
            ..PostgresTarget::default()
        }
    }

    pub async fn deliver(&self) -> Result<Delivery, DeliveryError> {
        self.deliver_from(&self.bed.cache).await
    }

    pub async fn deliver_from(&self, cache: &Cache) -> Result<Delivery, DeliveryError> {
        deliver(cache, self.bed.connection_id, self.secrets()).await
    }

    /// Delivers in a process of its own.
    pub fn spawn(&self) -> tokio::process::Child {
        tokio::process::Command::new(env!("CARGO_BIN_EXE_one_delivery"))
            .arg(self.bed.cache.path())
            .arg(self.bed.connection_id.to_string())
            .arg(&self.bed.provider.credentials().secret)
            .stderr(std::process::Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    pub async fn diagnose(
        &self,
        change: impl FnOnce(&mut PostgresTarget),
        secret: &str,
    ) -> Vec<Layer> {
        let mut profile = self.profile();
        if let Some(Target::Postgres(target)) = &mut profile.delivery {
            change(target);
        }
        let target = profile.delivery.clone().unwrap();
        let mut layers = Vec::new();
        let secrets = Secrets::new(Some(secret.to_owned()));
        diagnose(&profile, &target, secrets, |layer| layers.push(layer)).await;
        layers
    }

    pub fn profile(&self) -> Profile {
        let id = self.bed.connection_id;
        let row = self
            .bed
            .cache
            .read_blocking(|conn| connection::get(conn, id))
            .unwrap()
            .unwrap();
        serde_json::from_str(&row.profile).unwrap()
    }

    pub fn waiting(&self) -> i64 {
        let id = self.bed.connection_id;
        self.bed
            .cache
            .read_blocking(|conn| {
                // One moment, though a delivery may be under way.
                let conn = conn.unchecked_transaction()?;
                let counted = outbox::waiting(&conn, id)?;
                let real: i64 =
                    conn.query_row("SELECT COUNT(*) FROM outbox", [], |row| row.get(0))?;
                assert_eq!(counted, real, "the counter of the outbox");
                Ok(counted)
            })
            .unwrap()
    }

    /// Accepted and withdrawn records of the cache.
    pub fn rows(&self) -> Vec<Row> {
        rows(&self.bed.cache)
    }

    /// Keys of some accepted records, in hexadecimal.
    pub fn some_keys(&self, dataset: &str, count: usize) -> Vec<String> {
        self.rows()
            .into_iter()
            .filter(|row| row.dataset == dataset && !row.withdrawn)
            .step_by(7)
            .take(count)
            .map(|row| row.key)
            .collect()
    }

    /// Withdraws accepted cases as a run would.
    pub fn withdraw_some(&self, count: i64) {
        self.bed
            .cache
            .write_blocking(move |tx| {
                let mut statement = tx.prepare(
                    "SELECT r.id
                     FROM record r
                     JOIN source s ON s.id = r.source_id
                     WHERE s.dataset = ?1 AND r.state = 1
                     ORDER BY r.id
                     LIMIT ?2",
                )?;
                let number = DatasetId::CaseAcceptance.number();
                let ids: Vec<i64> = statement
                    .query_map([number, count], |row| row.get(0))?
                    .collect::<Result<_, _>>()?;
                let hand = record::Hand {
                    run_id: 0,
                    at: 1,
                    profile_version: None,
                    via: "run",
                    actor: None,
                };
                for id in ids {
                    record::withdraw(tx, id, &[3; 16], None, &hand)?;
                }
                Ok(())
            })
            .unwrap();
    }

    /// Takes a record out of the cache, as the undoing of its run does.
    pub fn remove_one(&self) {
        self.bed
            .cache
            .write_blocking(|tx| {
                tx.execute(
                    "DELETE FROM record WHERE id = (SELECT MAX(id) FROM record)",
                    [],
                )?;
                Ok(())
            })
            .unwrap();
    }

    /// Keys and findings of what the library refuses at present.
    pub fn refusals(&self) -> Vec<(String, Value)> {
        self.bed
            .cache
            .read_blocking(|conn| {
                let mut statement = conn.prepare(
                    "SELECT lower(hex(r.key_hash)), p.findings
                     FROM rejection r
                     JOIN rejection_payload p ON p.rejection_id = r.id
                     WHERE r.outcome = ?1 AND r.state IN (1, 2)
                     ORDER BY r.id",
                )?;
                let found = statement.query_map([REFUSED], |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
                })?;
                let mut list = Vec::new();
                for one in found {
                    let (key, findings) = one?;
                    let findings: Value = serde_json::from_str(&findings)?;
                    list.push((key, findings[0].clone()));
                }
                Ok(list)
            })
            .unwrap()
    }

    /// The library has exactly what the cache has.
    pub fn assert_same(&self, server: &Server) {
        self.assert_same_as(server, &self.bed.cache);
    }

    pub fn assert_same_as(&self, server: &Server, cache: &Cache) {
        let wanted = rows(cache);
        let mut found = Vec::new();
        for dataset in self.profile().datasets.keys() {
            found.extend(in_library(server, *dataset, &self.stream));
        }
        found.sort();
        assert!(!found.is_empty());
        let difference = wanted.iter().zip(&found).find(|(one, other)| one != other);
        assert!(difference.is_none(), "{difference:#?}");
        assert_eq!(wanted.len(), found.len());
    }

    /// Every row that a run wrote is counted as delivered, once.
    pub fn assert_counted(&self) {
        self.bed
            .cache
            .read_blocking(|conn| {
                for row in run::page(conn, None, None, 100)? {
                    for part in run::datasets(conn, row.id)? {
                        let written = part.counts.accepted + part.counts.withdrawn + part.released;
                        assert_eq!(part.delivered, Some(written), "{part:?}");
                    }
                }
                Ok(())
            })
            .unwrap();
    }
}

pub fn rows(cache: &Cache) -> Vec<Row> {
    let mut list = cache
        .read_blocking(|conn| {
            let mut statement = conn.prepare(
                "SELECT s.dataset, lower(hex(r.key_hash)), r.state, r.fields
                 FROM record r
                 JOIN source s ON s.id = r.source_id",
            )?;
            let mut found = statement.query([])?;
            let mut list = Vec::new();
            while let Some(row) = found.next()? {
                let fields: BTreeMap<String, String> =
                    serde_json::from_str(&row.get::<_, String>(3)?)?;
                list.push(Row {
                    dataset: DatasetId::from_number(row.get(0)?).unwrap().to_string(),
                    key: row.get(1)?,
                    withdrawn: row.get::<_, i64>(2)? == record::WITHDRAWN,
                    fields,
                });
            }
            Ok(list)
        })
        .unwrap();
    list.sort();
    list
}

/// The rows of a dataset in a library in PostgreSQL, in the cache's forms.
fn in_library(server: &Server, dataset: DatasetId, stream: &str) -> Vec<Row> {
    let there = server.lines(&format!(
        "SELECT 1 FROM pg_tables WHERE schemaname = 'portal' AND tablename = '{dataset}'"
    ));
    if there.is_empty() {
        return Vec::new();
    }
    let sql = format!("SELECT to_json(t) FROM portal.{dataset} t WHERE stream = '{stream}'");
    server
        .lines(&sql)
        .iter()
        .map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            let fields = dataset
                .dataset()
                .fields
                .iter()
                .filter_map(|field| {
                    let text = match &row[field.name] {
                        Value::Null => return None,
                        Value::String(text) => text.clone(),
                        other => other.to_string(),
                    };
                    let text = match field.kind {
                        Kind::Moment => text.replace('T', " "),
                        Kind::Date if text == "9999-12-31" => "长期".into(),
                        _ => text,
                    };
                    Some((field.name.to_owned(), text))
                })
                .collect();
            assert_eq!(row["stale"], false);
            Row {
                dataset: dataset.to_string(),
                key: row["row_key"].as_str().unwrap().to_owned(),
                withdrawn: row["withdrawn"].as_bool().unwrap(),
                fields,
            }
        })
        .collect()
}
