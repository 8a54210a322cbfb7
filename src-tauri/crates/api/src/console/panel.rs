//! One rejection in full: raw, mapped, cached and delivered side by side, its neighbours, its history.

use serde_json::{Map, Value};
use zhengqiao_domain::mapping::read_row;
use zhengqiao_domain::{CompiledMapping, DatasetId, Finding};
use zhengqiao_exchange::Profile;
use zhengqiao_store::{
    Connection, StoreError, connection, delivered, record, rejection, rejection_version,
};

use super::ignoring::with_ignored;
use super::inbox::state_word;
use super::records::{field_values, fields, mapping};
use super::{Console, neighbours, not_found};
use crate::contract::{
    ApiError, DeliveredVersion, RejectionDetail, RejectionEvent, RejectionField,
};
use crate::masks;

/// Changes of a rejection that are shown.
const SHOWN_EVENTS: u32 = 100;

impl Console {
    /// A rejection in full, masked unless revealed.
    pub(super) async fn detail(&self, id: i64, reveal: bool) -> Result<RejectionDetail, ApiError> {
        self.read(move |conn| panel(conn, id, reveal))
            .await?
            .ok_or_else(|| not_found(format!("there is no rejection {id}")))
    }
}

fn panel(conn: &Connection, id: i64, reveal: bool) -> Result<Option<RejectionDetail>, StoreError> {
    let Some(found) = rejection::get(conn, id)? else {
        return Ok(None);
    };
    let Some((raw, mapped, findings)) = rejection::payload(conn, id)? else {
        return Ok(None);
    };
    let Some(profile) = connection::get(conn, found.connection_id)? else {
        return Ok(None);
    };
    let dataset = found.dataset;
    let profile: Profile = serde_json::from_str(&profile.profile)?;
    let mapping = mapping(&profile, dataset)?;
    let findings: Vec<Finding> = serde_json::from_str(&findings)?;
    let mapped = fields(&mapped)?;
    let head = record::find(conn, found.source_id, &found.key_hash)?;
    let cached = record::fields_of(conn, found.source_id, &found.key_hash)?
        .map(|text| fields(&text))
        .transpose()?;
    let (delivered, delivered_at, library) = match &head {
        Some(head) => library(conn, head.id)?,
        None => (DeliveredVersion::Nothing, None, None),
    };
    let library = match delivered {
        DeliveredVersion::Present => cached.clone(),
        _ => library,
    };
    let side_by_side = Sides {
        dataset,
        reveal,
        received: read_row(&raw).unwrap_or_default(),
        mapped: &mapped,
        cached: cached.as_ref(),
        delivered: library.as_ref(),
    };
    Ok(Some(RejectionDetail {
        revealed: reveal,
        raw: if reveal {
            pretty(&raw)
        } else {
            masks::raw(dataset, &mapping, &raw)
        },
        fields: side_by_side.fields(&mapping),
        findings: findings
            .into_iter()
            .map(|finding| {
                if reveal {
                    finding
                } else {
                    masks::finding(dataset, finding)
                }
            })
            .collect(),
        reason: found.reason.clone(),
        cached: cached.map(|values| field_values(dataset, &values, reveal)),
        record_id: head.map(|head| head.id),
        delivered,
        delivered_at,
        neighbours: neighbours::of(conn, found.connection_id, dataset, &found.key_hash, &mapped)?,
        events: events(conn, &found)?,
        rejection: with_ignored(conn, found)?,
    }))
}

type Library = (DeliveredVersion, Option<i64>, Option<Map<String, Value>>);

/// What the portal's library has of a record.
fn library(conn: &Connection, record_id: i64) -> Result<Library, StoreError> {
    let Some(version) = delivered::version_of(conn, record_id)? else {
        return Ok((DeliveredVersion::Nothing, None, None));
    };
    let values = version.fields.as_deref().map(fields).transpose()?;
    let which = if delivered::of_record(conn, record_id)?.is_some() {
        DeliveredVersion::Present
    } else if values.is_some() {
        DeliveredVersion::Earlier
    } else {
        DeliveredVersion::Forgotten
    };
    Ok((which, Some(version.at), values))
}

/// The versions of one row that are shown side by side.
struct Sides<'a> {
    dataset: DatasetId,
    reveal: bool,
    received: Map<String, Value>,
    mapped: &'a Map<String, Value>,
    cached: Option<&'a Map<String, Value>>,
    delivered: Option<&'a Map<String, Value>>,
}

impl Sides<'_> {
    fn fields(&self, mapping: &CompiledMapping) -> Vec<RejectionField> {
        let dataset = self.dataset;
        let received = Value::Object(self.received.clone());
        dataset
            .dataset()
            .fields
            .iter()
            .zip(mapping.sources())
            .map(|(field, source)| {
                let masked = !self.reveal && masks::is_masked(dataset, field.name);
                let show = |text: String| {
                    if masked {
                        masks::value(dataset, field.name, &text)
                    } else {
                        text
                    }
                };
                let text = |values: Option<&Map<String, Value>>| {
                    let text = values?.get(field.name)?.as_str()?;
                    Some(show(text.to_owned()))
                };
                RejectionField {
                    field: field.name.into(),
                    source: source.to_owned(),
                    raw: at(&received, source).map(show),
                    mapped: text(Some(self.mapped)),
                    cached: text(self.cached),
                    delivered: text(self.delivered),
                    masked,
                }
            })
            .collect()
    }
}

/// What was done to a rejection, newest first.
fn events(
    conn: &Connection,
    found: &rejection::RejectionRow,
) -> Result<Vec<RejectionEvent>, StoreError> {
    let mut events: Vec<RejectionEvent> =
        rejection_version::changes(conn, found.source_id, &found.key_hash, SHOWN_EVENTS)?
            .into_iter()
            .map(|kept| RejectionEvent {
                at: kept.since.at,
                run_id: kept.since.run_id,
                actor: kept.since.actor,
                act: kept.since.act,
                state: kept.state.map(|state| state_word(state).to_owned()),
            })
            .collect();
    if let Some(head) = rejection::head(conn, found.id)? {
        events.push(RejectionEvent {
            at: found.first_seen_at,
            run_id: head.first_run_id,
            actor: None,
            act: "first_seen".into(),
            state: None,
        });
    }
    Ok(events)
}

/// The value that a source names in a raw row, as text.
fn at(received: &Value, source: &str) -> Option<String> {
    let value = if source.starts_with('/') {
        received.pointer(source)
    } else {
        received.get(source)
    };
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn pretty(raw: &[u8]) -> String {
    match read_row(raw) {
        Some(fields) => serde_json::to_string_pretty(&fields).unwrap_or_default(),
        None => String::from_utf8_lossy(raw).into_owned(),
    }
}
