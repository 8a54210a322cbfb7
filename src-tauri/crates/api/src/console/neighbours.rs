//! The records that a record is connected with: those that it names, that name it, or that share a number.

use serde_json::{Map, Value};
use zhengqiao_domain::DatasetId;
use zhengqiao_store::hash::{self, Hash};
use zhengqiao_store::record::{self, WITHDRAWN};
use zhengqiao_store::rejection::{self, HELD};
use zhengqiao_store::{Connection, StoreError, source};

use super::records::fields;
use crate::contract::{Neighbour, NeighbourState, Relation};
use crate::masks;

/// Records of one number that are shown.
const SHOWN: u32 = 5;
/// Second parts of a business key that are looked for: the first reviews of a case.
const SECOND_PARTS: u32 = 20;

/// The neighbours of a record, in the order of the datasets; masked.
pub(super) fn of(
    conn: &Connection,
    connection_id: i64,
    dataset: DatasetId,
    key_hash: &Hash,
    values: &Map<String, Value>,
) -> Result<Vec<Neighbour>, StoreError> {
    let mut found = Vec::new();
    for other in DatasetId::ALL {
        let Some(field) = other.dataset().business_key.first().copied() else {
            continue;
        };
        let names_parent = dataset
            .dataset()
            .parents
            .iter()
            .any(|reference| reference.parent == other && reference.field == field);
        let relation = if other == dataset {
            Relation::Same
        } else if names_parent {
            Relation::Parent
        } else if other
            .dataset()
            .parents
            .iter()
            .any(|reference| reference.parent == dataset && reference.field == field)
        {
            Relation::Child
        } else {
            Relation::Related
        };
        if dataset.dataset().field(field).is_none() {
            continue;
        }
        let number = values.get(field).and_then(Value::as_str);
        let blank = |state| Neighbour {
            dataset: other,
            relation,
            field: field.into(),
            number: number.map(|text| masks::value(dataset, field, text)),
            state,
            title: None,
            record_id: None,
            rejection_id: None,
        };
        let Some(number) = number else {
            if relation == Relation::Parent {
                found.push(blank(NeighbourState::NotGiven));
            }
            continue;
        };
        let before = found.len();
        if let Some(source_id) = source::find(conn, connection_id, other)? {
            for one in named(conn, source_id, other, number, values)? {
                if one.key_hash == *key_hash && other == dataset {
                    continue;
                }
                let values = fields(&one.fields)?;
                let title = other.dataset().title;
                found.push(Neighbour {
                    title: values
                        .get(title)
                        .and_then(Value::as_str)
                        .map(|text| masks::value(other, title, text)),
                    record_id: Some(one.id),
                    ..blank(if one.state == WITHDRAWN {
                        NeighbourState::Withdrawn
                    } else {
                        NeighbourState::Accepted
                    })
                });
            }
            for one in
                rejection::of_business(conn, source_id, &business(other, number, values), SHOWN)?
            {
                if one.key_hash == *key_hash && other == dataset {
                    continue;
                }
                found.push(Neighbour {
                    title: one
                        .title
                        .map(|text| masks::value(other, other.dataset().title, &text)),
                    rejection_id: Some(one.id),
                    ..blank(if one.outcome == HELD {
                        NeighbourState::Held
                    } else {
                        NeighbourState::Rejected
                    })
                });
            }
        }
        if found.len() == before && matches!(relation, Relation::Parent | Relation::Child) {
            found.push(blank(NeighbourState::Absent));
        }
    }
    Ok(found)
}

/// The business key that the values give for a dataset; its first part where they have no more.
fn business(other: DatasetId, number: &str, values: &Map<String, Value>) -> String {
    let rest = &other.dataset().business_key[1..];
    let parts: Option<Vec<&str>> = rest
        .iter()
        .map(|field| values.get(*field).and_then(Value::as_str))
        .collect();
    match parts {
        Some(parts) if !parts.is_empty() => format!("{number}|{}", parts.join("|")),
        _ => number.to_owned(),
    }
}

/// The records of a dataset with a number; of a key in two parts, those with the first second parts.
fn named(
    conn: &Connection,
    source_id: i64,
    other: DatasetId,
    number: &str,
    values: &Map<String, Value>,
) -> Result<Vec<record::Named>, StoreError> {
    let whole = business(other, number, values);
    let parts: Vec<&str> = whole.split('|').collect();
    if parts.len() == other.dataset().business_key.len() {
        return record::of_business(conn, source_id, &hash::of_parts(parts), SHOWN);
    }
    let mut found = Vec::new();
    for second in 1..=SECOND_PARTS {
        let second = second.to_string();
        found.extend(record::of_business(
            conn,
            source_id,
            &hash::of_parts([number, second.as_str()]),
            SHOWN,
        )?);
    }
    found.truncate(SHOWN as usize);
    Ok(found)
}
