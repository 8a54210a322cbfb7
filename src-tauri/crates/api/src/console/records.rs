//! Cached records, masked.

use serde_json::{Map, Value};
use zhengqiao_domain::{CompiledMapping, DatasetId, Finding, Mapping};
use zhengqiao_exchange::Profile;
use zhengqiao_store::record::{self, ACCEPTED, RecordFilter, WITHDRAWN};
use zhengqiao_store::{StoreError, connection, hash, source};

use super::history::keys_of;
use super::system::LARGEST_PAGE;
use super::{Console, invalid, met, not_found};
use crate::contract::{
    ApiError, FieldValue, RecordDetail, RecordId, RecordRow, RecordsPage, RecordsRequest,
};
use crate::masks;

impl Console {
    /// A page of cached records.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for an unknown state.
    pub async fn list_records(&self, request: RecordsRequest) -> Result<RecordsPage, ApiError> {
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let state = match request.state.as_deref() {
            None | Some("") => None,
            Some("accepted") => Some(ACCEPTED),
            Some("withdrawn") => Some(WITHDRAWN),
            Some(other) => {
                return Err(invalid(format!(
                    "state: {other:?} is neither accepted nor withdrawn"
                )));
            }
        };
        let met = met::of_word(request.change.as_deref());
        if let (Some(met), Some(run_id)) = (met, request.run_id) {
            return self
                .read(move |conn| met::page(conn, &request, run_id, met, limit as usize))
                .await;
        }
        if met.is_some() {
            return Err(invalid("run_id: name the run whose rows are meant"));
        }
        let changed = match request.change.as_deref() {
            None | Some("") => None,
            Some("new") => Some(false),
            Some("changed") => Some(true),
            Some(other) => {
                return Err(invalid(format!(
                    "change: {other:?} is none of new, changed, unchanged, superseded, released"
                )));
            }
        };
        let hashes = request
            .search
            .as_deref()
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(|text| {
                let parts: Vec<&str> = text.split('|').map(str::trim).collect();
                vec![hash::of_parts(parts)]
            });
        self.read(move |conn| {
            let narrowed = request.connection_id.is_some() || request.dataset.is_some();
            let source_ids: Vec<i64> = if narrowed {
                source::list(conn, request.connection_id)?
                    .into_iter()
                    .filter(|source| {
                        request
                            .dataset
                            .is_none_or(|dataset| dataset == source.dataset)
                    })
                    .map(|source| source.id)
                    .collect()
            } else {
                Vec::new()
            };
            if narrowed && source_ids.is_empty() {
                return Ok(RecordsPage {
                    records: Vec::new(),
                    next: None,
                });
            }
            let hashes = match (&request.search, hashes) {
                // A number that a record no longer has finds it as well.
                (Some(text), Some(mut hashes)) => {
                    let former = keys_of(conn, text)?;
                    hashes.extend(former.into_iter().map(|(_, key)| key));
                    Some(hashes)
                }
                (_, hashes) => hashes,
            };
            let filter = RecordFilter {
                source_ids,
                state,
                run_id: request.run_id,
                changed,
                hashes,
            };
            let rows = record::page(conn, &filter, request.after, limit)?;
            let next = (rows.len() == limit as usize)
                .then(|| rows.last().map(|row| row.id))
                .flatten();
            let records = rows
                .iter()
                .map(|row| Ok(record_row(row, &fields(&row.fields)?)))
                .collect::<Result<_, StoreError>>()?;
            Ok(RecordsPage { records, next })
        })
        .await
    }

    /// One cached record.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn get_record(&self, request: RecordId) -> Result<RecordDetail, ApiError> {
        let id = request.record_id;
        self.read(move |conn| {
            let Some((row, raw)) = record::get(conn, id)? else {
                return Ok(None);
            };
            let values = fields(&row.fields)?;
            let findings: Vec<Finding> = match &row.warnings {
                Some(text) => serde_json::from_str(text)?,
                None => Vec::new(),
            };
            let mapping = mapping_of_record(conn, id, row.dataset)?;
            Ok(Some(RecordDetail {
                record: record_row(&row, &values),
                run_id: row.run_id,
                raw: masks::raw(row.dataset, &mapping, &raw),
                fields: field_values(row.dataset, &values, false),
                findings: findings
                    .into_iter()
                    .map(|finding| masks::finding(row.dataset, finding))
                    .collect(),
            }))
        })
        .await?
        .ok_or_else(|| not_found(format!("there is no record {id}")))
    }
}

/// The mapping that a connection has for a dataset, or the plain one.
pub(super) fn mapping(
    profile: &Profile,
    dataset: DatasetId,
) -> Result<CompiledMapping, StoreError> {
    let own = profile
        .datasets
        .get(&dataset)
        .map_or_else(Mapping::default, |source| source.mapping.clone());
    CompiledMapping::new(dataset, &own).map_err(|error| StoreError::Content(error.to_string()))
}

fn mapping_of_record(
    conn: &zhengqiao_store::Connection,
    record_id: i64,
    dataset: DatasetId,
) -> Result<CompiledMapping, StoreError> {
    let profile = match record::connection_of(conn, record_id)? {
        Some(connection_id) => connection::get(conn, connection_id)?,
        None => None,
    };
    match profile {
        Some(row) => mapping(&serde_json::from_str(&row.profile)?, dataset),
        None => CompiledMapping::new(dataset, &Mapping::default())
            .map_err(|error| StoreError::Content(error.to_string())),
    }
}

/// A record's fields from the cache's text.
pub(super) fn fields(text: &str) -> Result<Map<String, Value>, StoreError> {
    Ok(serde_json::from_str(text)?)
}

/// Every field of a dataset with its value, masked unless revealed.
pub(super) fn field_values(
    dataset: DatasetId,
    values: &Map<String, Value>,
    reveal: bool,
) -> Vec<FieldValue> {
    dataset
        .dataset()
        .fields
        .iter()
        .map(|field| {
            let masked = !reveal && masks::is_masked(dataset, field.name);
            let value = values.get(field.name).and_then(Value::as_str);
            FieldValue {
                field: field.name.into(),
                value: value.map(|text| {
                    if masked {
                        masks::value(dataset, field.name, text)
                    } else {
                        text.to_owned()
                    }
                }),
                masked,
            }
        })
        .collect()
}

pub(super) fn record_row(row: &record::RecordRow, values: &Map<String, Value>) -> RecordRow {
    let dataset = row.dataset.dataset();
    let shown = |name: &str| {
        values
            .get(name)
            .and_then(Value::as_str)
            .map(|text| masks::value(row.dataset, name, text))
    };
    let key = if dataset.business_key.is_empty() {
        dataset.key
    } else {
        dataset.business_key
    };
    let parts: Option<Vec<String>> = key.iter().map(|name| shown(name)).collect();
    RecordRow {
        record_id: row.id,
        rejection_id: None,
        dataset: row.dataset,
        state: if row.state == WITHDRAWN {
            "withdrawn"
        } else {
            "accepted"
        }
        .into(),
        title: shown(dataset.title).unwrap_or_default(),
        business_key: parts.map(|parts| parts.join("|")),
        department: dataset.department.and_then(shown),
        region: dataset.region.and_then(shown),
        source_time: row.source_time.clone(),
        warnings: row
            .warnings
            .as_deref()
            .and_then(|text| serde_json::from_str::<Vec<Value>>(text).ok())
            .map_or(0, |list| u32::try_from(list.len()).unwrap_or(u32::MAX)),
    }
}
