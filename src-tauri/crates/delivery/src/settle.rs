//! What the cache notes of a batch: what has arrived, and what the library refused.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use zhengqiao_domain::primitives::moment;
use zhengqiao_domain::{Finding, Rule, Severity};
use zhengqiao_store::rejection::{self, NewRejection, REFUSED, State};
use zhengqiao_store::{Connection, StoreError, delivered, delivery, outbox, record};

use crate::batch::{Act, Item};

/// Why a library refused a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The library's code.
    pub code: String,
    /// The library's words, without values of the record.
    pub message: String,
    /// Our field, if the library named it.
    pub field: Option<String>,
}

/// Notes that records have arrived, each once; says how many rows of the outbox that were.
///
/// # Errors
/// SQLite's.
pub fn arrived<'a>(
    tx: &Connection,
    connection_id: i64,
    items: impl IntoIterator<Item = &'a Item>,
    at: i64,
) -> Result<i64, StoreError> {
    // Which sources have refusals that a delivery may resolve.
    let mut refused: HashMap<i64, bool> = HashMap::new();
    let mut rows = Vec::new();
    for item in items {
        rows.extend(
            item.rows
                .iter()
                .map(|row| (row.no, row.source_id, row.run_id)),
        );
        let Some(last) = item.rows.last() else {
            continue;
        };
        if let Some(hash) = &item.hash {
            delivered::note(tx, last.record_id, last.source_id, item.no, hash, at)?;
        }
        let any = match refused.entry(last.source_id) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(free) => *free.insert(rejection::any_refused(tx, last.source_id)?),
        };
        if any {
            resolve(tx, last.source_id, &item.key, last.run_id, at)?;
        }
    }
    let mut count = 0;
    for taken in outbox::take(tx, rows)? {
        count += taken.rows;
        if taken.run_id != 0 {
            outbox::count_for_run(tx, taken.run_id, taken.source_id, taken.rows)?;
        }
    }
    delivery::count(tx, connection_id, count, 0)?;
    Ok(count)
}

/// A refusal ends when a version of the record is delivered.
fn resolve(
    tx: &Connection,
    source_id: i64,
    key: &str,
    run_id: i64,
    at: i64,
) -> Result<(), StoreError> {
    if let Some(head) = rejection::find(tx, source_id, &unhex(key))?
        && head.outcome == REFUSED
        && head.state != State::Resolved as i64
    {
        let run_id = if run_id == 0 { head.run_id } else { run_id };
        rejection::resolve(tx, head.id, run_id, at)?;
    }
    Ok(())
}

/// Puts a refused record into the rejected inbox and takes it out of the outbox.
///
/// # Errors
/// SQLite's.
pub fn refused(
    tx: &Connection,
    connection_id: i64,
    item: &Item,
    refusal: &Refusal,
    at: i64,
) -> Result<(), StoreError> {
    let rows = item.rows.iter();
    outbox::take(tx, rows.map(|row| (row.no, row.source_id, row.run_id)))?;
    delivery::count(tx, connection_id, 0, 1)?;
    let Some(last) = item.rows.last() else {
        return Ok(());
    };
    let (Act::Put(fields) | Act::Withdraw(fields), Some(_)) = (&item.act, item.hash) else {
        // What is gone here and is not let go there can only be told.
        tracing::warn!(
            key = item.key,
            code = refusal.code,
            "the library does not remove a record"
        );
        return Ok(());
    };
    let key_hash = unhex(&item.key);
    let Some(head) = record::find(tx, last.source_id, &key_hash)? else {
        return Ok(());
    };
    // A newer version waits already; what became of this one is past.
    if Some(head.hash) != item.hash {
        return Ok(());
    }
    let raw = record::get(tx, head.id)?
        .map(|(_, raw)| raw)
        .unwrap_or_default();
    let dataset = item.dataset.dataset();
    let get = |name: &str| fields.get(name);
    let key = fields.get_all(dataset.key).unwrap_or_default().join("|");
    let business = fields
        .get_all(dataset.business_key)
        .filter(|parts| !parts.is_empty())
        .map(|parts| parts.join("|"));
    let field = refusal
        .field
        .clone()
        .filter(|name| dataset.field(name).is_some())
        .unwrap_or_default();
    let findings = [Finding {
        rule: Rule::DeliveryRefused,
        field: field.clone().into(),
        value: Some(refusal.code.clone()),
        severity: Severity::Reject,
        expected: Some(refusal.message.clone()).filter(|text| !text.is_empty()),
        remedy: None,
    }];
    let search: Vec<&str> = dataset
        .searched
        .iter()
        .filter_map(|name| get(name))
        .collect();
    let day = moment::canonical(local(at));
    let run_id = if item.run_id == 0 {
        last.run_id
    } else {
        item.run_id
    };
    rejection::put(
        tx,
        &NewRejection {
            source_id: last.source_id,
            key_hash: &key_hash,
            record_key: &key,
            outcome: REFUSED,
            run_id,
            at,
            day: day.get(..10).unwrap_or_default(),
            hash: &head.hash,
            version: head.version,
            department: dataset.department.and_then(get),
            region: dataset.region.and_then(get),
            title: get(dataset.title),
            business_key: business.as_deref(),
            source_time: head.source_time.as_deref(),
            raw: &raw,
            mapped: &serde_json::to_string(fields)?,
            findings: &serde_json::to_string(&findings)?,
            causes: &[(
                Rule::DeliveryRefused.code().to_owned(),
                field,
                refusal.code.clone(),
            )],
            waits: &[],
            search_text: &search.join(" "),
        },
    )?;
    Ok(())
}

/// A moment in UTC+8 of unix ms.
fn local(ms: i64) -> chrono::NaiveDateTime {
    chrono::DateTime::from_timestamp_millis(ms)
        .unwrap_or_default()
        .naive_utc()
        + chrono::Duration::hours(8)
}

fn unhex(text: &str) -> [u8; 16] {
    let mut hash = [0; 16];
    if hex::decode_to_slice(text, &mut hash).is_err() {
        return [0; 16];
    }
    hash
}

/// The library's words without what could be somebody's: no quoted value, no long number.
pub fn without_values(text: &str) -> String {
    let mut out = String::new();
    let mut digits = 0;
    for one in text.chars().take(200) {
        if one.is_ascii_digit() {
            digits += 1;
            if digits > 6 {
                if digits == 7 {
                    out.push('…');
                }
                continue;
            }
        } else {
            digits = 0;
        }
        out.push(if one.is_control() { ' ' } else { one });
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_librarys_words_keep_no_long_number_and_end() {
        let text = without_values("duplicate 110101199003078888 at\nrow 12");
        assert_eq!(text, "duplicate 110101… at row 12");
        assert_eq!(without_values(&"很".repeat(500)).chars().count(), 200);
    }

    #[test]
    fn a_key_is_its_hash_in_hexadecimal() {
        assert_eq!(unhex("000102030405060708090a0b0c0d0e0f")[15], 15);
    }
}
