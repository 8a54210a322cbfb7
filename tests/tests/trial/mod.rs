//! A synchronised identity population in the real cache, and what is kept about it there.

#![allow(dead_code, reason = "each test file uses what it needs")]

pub mod changes;

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    AccountKind, ConnectionId, IdentityMapping, IdentitySettings, RunId, RunMode,
    SaveIdentityMapping, StartSync, StartWhatIf, WhatIfId, WhatIfView,
};
use zhengqiao_api::demo::{DemoJob, Demonstration};
use zhengqiao_domain::DatasetId;
use zhengqiao_identity::{BindingState, ConflictKind};
use zhengqiao_store::source;

/// A binding as it is kept: identity, state, conflicts.
pub type Kept = (Option<String>, String, Vec<String>);

pub struct Bed {
    demonstration: Demonstration,
}

impl Bed {
    /// 300 natural persons, 30 legal persons, 60 agents and the portal's accounts of most of them,
    /// with every kind of conflict; every third account waits to be bound, and there are two sites.
    pub async fn new() -> Self {
        let job = DemoJob {
            records: 3_000,
            seed: 23,
            defects: 0.04,
        };
        let bed = Self {
            demonstration: Demonstration::prepare(job).await.unwrap(),
        };
        let started = bed
            .console()
            .start_sync(StartSync {
                connection_id: bed.id(),
                datasets: vec![
                    DatasetId::NaturalPerson,
                    DatasetId::LegalPerson,
                    DatasetId::AgentAccount,
                    DatasetId::PortalAccount,
                ],
                mode: RunMode::Full,
                scope: None,
            })
            .await
            .unwrap();
        bed.console()
            .watch_run(
                RunId {
                    run_id: started.run_id,
                },
                |_| {},
            )
            .await
            .unwrap();
        let connection_id = bed.id();
        bed.console()
            .cache()
            .unwrap()
            .write(move |tx| {
                let source = source::find(tx, connection_id, DatasetId::PortalAccount)?.unwrap();
                tx.execute(
                    "UPDATE record SET fields = json_remove(fields, '$.bound_to', '$.bound_by')
                     WHERE source_id = ?1 AND id % 3 = 0",
                    [source],
                )?;
                tx.execute(
                    "UPDATE record SET fields = json_set(fields, '$.site', '市门户网站')
                     WHERE source_id = ?1 AND id % 4 = 0",
                    [source],
                )?;
                Ok(())
            })
            .await
            .unwrap();
        bed
    }

    pub fn console(&self) -> &Console {
        &self.demonstration.console
    }

    pub fn id(&self) -> i64 {
        self.demonstration.connection_id
    }

    pub fn connection(&self) -> ConnectionId {
        ConnectionId {
            connection_id: self.id(),
        }
    }

    pub async fn mapping(&self) -> IdentityMapping {
        self.console()
            .get_identity_mapping(self.connection())
            .await
            .unwrap()
    }

    pub fn saving(
        &self,
        mapping: &IdentityMapping,
        settings: IdentitySettings,
    ) -> SaveIdentityMapping {
        SaveIdentityMapping {
            connection_id: self.id(),
            based_on: mapping.version,
            note: "核对".into(),
            settings,
        }
    }

    pub async fn try_out(&self, settings: IdentitySettings) -> WhatIfView {
        let id = self
            .console()
            .start_what_if(StartWhatIf {
                connection_id: self.id(),
                settings,
            })
            .await
            .unwrap();
        self.done(id).await
    }

    /// The trial when it has ended.
    pub async fn done(&self, id: WhatIfId) -> WhatIfView {
        loop {
            let view = self.console().get_what_if(id).await.unwrap();
            if view.ended_at.is_some() {
                return view;
            }
            tokio::task::yield_now().await;
        }
    }

    /// The kept bindings by account.
    pub async fn bindings(&self) -> BTreeMap<String, Kept> {
        let connection_id = self.id();
        self.console()
            .cache()
            .unwrap()
            .read(move |conn| {
                let mut statement = conn.prepare(
                    "SELECT b.account_id,
                       COALESCE(p.fields ->> 'cert_key', p.fields ->> 'trust_acct_no', p.fields ->> 'certificate_sno'),
                       b.state, b.conflicts
                     FROM binding b
                     LEFT JOIN record p ON p.id = b.person_record
                     WHERE b.connection_id = ?1 AND b.account_id IS NOT NULL",
                )?;
                let rows = statement.query_map([connection_id], |row| {
                    let (state, conflicts): (i64, i64) = (row.get(2)?, row.get(3)?);
                    let conflicts = ConflictKind::ALL
                        .iter()
                        .enumerate()
                        .filter(|(at, _)| conflicts & (1 << at) != 0)
                        .map(|(_, kind)| kind.as_str().to_owned())
                        .collect();
                    let state = BindingState::ALL[usize::try_from(state).unwrap()].as_str().to_owned();
                    Ok((row.get::<_, String>(0)?, (row.get(1)?, state, conflicts)))
                })?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await
            .unwrap()
    }

    /// The accepted records of a dataset.
    pub async fn records(&self, dataset: DatasetId) -> Vec<Map<String, Value>> {
        let connection_id = self.id();
        self.console()
            .cache()
            .unwrap()
            .read(move |conn| {
                let source = source::find(conn, connection_id, dataset)?.unwrap();
                let mut list = Vec::new();
                zhengqiao_store::record::for_each_fields(conn, source, |text| {
                    list.push(serde_json::from_str(text).unwrap());
                })?;
                Ok(list)
            })
            .await
            .unwrap()
    }
}

/// The text of a field.
pub fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    fields.get(name)?.as_str().map(str::to_owned)
}

/// The row that fills a portal field.
pub fn row_of(settings: &IdentitySettings, kind: AccountKind, ending: &str) -> Option<usize> {
    settings
        .claims
        .iter()
        .position(|row| row.kind == kind && row.portal_field.ends_with(ending))
}
