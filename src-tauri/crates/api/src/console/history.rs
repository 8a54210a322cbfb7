//! A record's history: its states with what brought and ended each, and where each field comes from.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::{Map, Value};
use zhengqiao_exchange::Profile;
use zhengqiao_store::hash::Hash;
use zhengqiao_store::record::{self, WITHDRAWN};
use zhengqiao_store::{
    Connection, StoreError, connection, hash, record_version, run, source, undone,
};

use super::records::{field_values, fields, record_row};
use super::undo::changed;
use super::{Console, invalid, not_found};
use crate::contract::{
    ApiError, FieldOrigin, RecordHistories, RecordHistory, RecordHistoryRequest, RecordVersion,
};

/// States of one record that are shown.
const SHOWN_VERSIONS: u32 = 200;
/// Records of one number that are shown.
const SHOWN_RECORDS: u32 = 20;

impl Console {
    /// The history of a record, by its number in the cache or by a whole key or business number, also
    /// one that it no longer has.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`], or [`crate::contract::ErrorCode::InvalidRequest`]
    /// when nothing is named.
    pub async fn get_record_history(
        &self,
        request: RecordHistoryRequest,
    ) -> Result<RecordHistories, ApiError> {
        let search = request
            .search
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty());
        if request.record_id.is_none() && search.is_none() {
            return Err(invalid(
                "record_id: give a record's number, or a whole key or business number",
            ));
        }
        let histories = self
            .read(move |conn| {
                let keys = match (request.record_id, &search) {
                    (Some(id), _) => record_version::key_of(conn, id)?.into_iter().collect(),
                    (None, Some(text)) => keys_of(conn, text)?,
                    (None, None) => Vec::new(),
                };
                keys.into_iter()
                    .filter_map(|(source_id, key)| history(conn, source_id, &key).transpose())
                    .collect::<Result<Vec<_>, _>>()
            })
            .await?;
        if histories.is_empty() {
            return Err(not_found(
                "there is no such record, and there never was".into(),
            ));
        }
        Ok(RecordHistories { histories })
    }
}

/// The keys that a text names, of whatever source, present or former.
pub(super) fn keys_of(conn: &Connection, text: &str) -> Result<Vec<(i64, Hash)>, StoreError> {
    let parts: Vec<&str> = text.split('|').map(str::trim).collect();
    record_version::keys_by_hash(conn, &hash::of_parts(parts), SHOWN_RECORDS)
}

fn history(
    conn: &Connection,
    source_id: i64,
    key: &Hash,
) -> Result<Option<RecordHistory>, StoreError> {
    let states = record_version::history(conn, source_id, key, SHOWN_VERSIONS)?;
    let Some(newest) = states.first() else {
        return Ok(None);
    };
    let dataset = source::dataset_of(conn, source_id)?;
    let values: Vec<Map<String, Value>> = states
        .iter()
        .map(|state| fields(&state.fields))
        .collect::<Result<_, _>>()?;
    let mut facts = Facts::new(source::connection_of(conn, source_id)?);
    let present = newest.id.is_none();
    let row = match record::find(conn, source_id, key)? {
        Some(head) => record::get(conn, head.id)?.map(|(row, _)| row),
        None => None,
    };
    let row = row.unwrap_or_else(|| record::RecordRow {
        id: 0,
        dataset,
        state: newest.state,
        run_id: newest.run_id,
        source_time: newest.source_time.clone(),
        fields: newest.fields.clone(),
        warnings: None,
    });
    let mut versions = Vec::with_capacity(states.len());
    for (at, state) in states.iter().enumerate() {
        let changes = match values.get(at + 1) {
            Some(before) => dataset
                .dataset()
                .fields
                .iter()
                .map(|field| field.name)
                .filter(|name| before.get(*name) != values[at].get(*name))
                .map(str::to_owned)
                .collect(),
            None => Vec::new(),
        };
        versions.push(RecordVersion {
            state: if state.state == WITHDRAWN {
                "withdrawn"
            } else {
                "accepted"
            }
            .into(),
            run_id: state.run_id,
            via: state.via.clone(),
            asked_by: match &state.actor {
                Some(actor) => Some(actor.clone()),
                None => facts.asked_by(conn, state.run_id)?,
            },
            at: state.changed_at,
            source_time: state.source_time.clone(),
            profile_version: state.profile_version,
            rule_set: facts.rule_set(conn, state)?,
            replaced: state.replaced.clone().map(changed),
            fields: field_values(dataset, &values[at], false),
            changed: changes,
        });
    }
    let mut origins = Vec::new();
    if present {
        for field in dataset.dataset().fields {
            if values[0].get(field.name).is_none_or(Value::is_null) {
                continue;
            }
            let at = origin(&states, &values, field.name);
            let state = &states[at];
            origins.push(FieldOrigin {
                field: field.name.into(),
                run_id: state.run_id,
                via: state.via.clone(),
                at: state.changed_at,
                profile_version: state.profile_version,
                rule_set: facts.rule_set(conn, state)?,
                at_least: at + 1 == states.len() && facts.forgotten(conn, state.run_id)?,
            });
        }
    }
    Ok(Some(RecordHistory {
        connection: facts.name(conn)?,
        record: record_row(&row, &fields(&row.fields)?),
        present,
        versions,
        origins,
    }))
}

/// The state that brought a field its present value. An undo brings nothing of its own: it stands for
/// the earlier state that it put back.
fn origin(
    states: &[record_version::RecordVersion],
    values: &[Map<String, Value>],
    field: &str,
) -> usize {
    let mut at = 0;
    loop {
        let state = &states[at];
        let earlier = if state.via == "undo" {
            (at + 1..states.len()).find(|other| {
                states[*other].hash == state.hash && states[*other].state == state.state
            })
        } else {
            (at + 1 < states.len() && values[at + 1].get(field) == values[at].get(field))
                .then_some(at + 1)
        };
        match earlier {
            Some(earlier) => at = earlier,
            None => return at,
        }
    }
}

/// What is known of runs and profiles, looked up once.
struct Facts {
    connection_id: i64,
    standings: HashMap<i64, undone::Standing>,
    rule_sets: HashMap<(Option<i64>, i64), Option<String>>,
}

impl Facts {
    fn new(connection_id: i64) -> Self {
        Self {
            connection_id,
            standings: HashMap::new(),
            rule_sets: HashMap::new(),
        }
    }

    fn name(&self, conn: &Connection) -> Result<String, StoreError> {
        Ok(connection::get(conn, self.connection_id)?
            .map(|row| row.name)
            .unwrap_or_default())
    }

    fn standing(
        &mut self,
        conn: &Connection,
        run_id: i64,
    ) -> Result<&undone::Standing, StoreError> {
        Ok(match self.standings.entry(run_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(undone::standing(conn, run_id)?),
        })
    }

    fn asked_by(&mut self, conn: &Connection, run_id: i64) -> Result<Option<String>, StoreError> {
        let asked_by = self.standing(conn, run_id)?.asked_by.clone();
        Ok(Some(asked_by).filter(|name| !name.is_empty()))
    }

    fn forgotten(&mut self, conn: &Connection, run_id: i64) -> Result<bool, StoreError> {
        Ok(self.standing(conn, run_id)?.history_forgotten)
    }

    /// The rule set of a state: its run's, or for a person's check that of the profile it was made under.
    fn rule_set(
        &mut self,
        conn: &Connection,
        state: &record_version::RecordVersion,
    ) -> Result<Option<String>, StoreError> {
        let by_profile = state.profile_version.filter(|_| state.via != "run");
        let key = (by_profile, state.run_id);
        if let Some(known) = self.rule_sets.get(&key) {
            return Ok(known.clone());
        }
        let kept = match by_profile {
            Some(version) => connection::version(conn, self.connection_id, version)?,
            None => None,
        };
        let rule_set = match kept {
            Some(text) => {
                let profile: Profile = serde_json::from_str(&text.profile)?;
                Some(zhengqiao_sync::rule_set(&profile)?)
            }
            None => run::get(conn, state.run_id)?.map(|row| row.rule_set),
        };
        self.rule_sets.insert(key, rule_set.clone());
        Ok(rule_set)
    }
}
