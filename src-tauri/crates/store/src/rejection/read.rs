//! Reading rejections: pages by number, one in full, facets, counts.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use serde::{Deserialize, Serialize};
use zhengqiao_domain::DatasetId;

use crate::bigram;
use crate::error::StoreError;
use crate::hash::Hash;
use crate::source;

/// Which rejections. Empty parts do not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RejectionFilter {
    /// Only these sources; `None` means all.
    pub source_ids: Option<Vec<i64>>,
    /// Only these states.
    pub states: Vec<i64>,
    /// Only rejected or held.
    pub outcome: Option<i64>,
    /// Only with this rule.
    pub rule: Option<String>,
    /// Only with a finding on this field.
    pub field: Option<String>,
    /// Only of this cause.
    pub cause_id: Option<i64>,
    /// Only of this department.
    pub department: Option<String>,
    /// Only of this region.
    pub region: Option<String>,
    /// Last seen in this run.
    pub run_id: Option<i64>,
    /// First seen on one of these days: the first and the last of them, `YYYY-MM-DD`.
    pub days: Option<(String, String)>,
    /// Part of a searched text.
    pub search: Option<String>,
    /// Ignored by this decision.
    pub decision_id: Option<i64>,
    /// On a report to the provider.
    pub letter: LetterFilter,
}

/// Which rejections, by what was written to the provider and what came back. Empty parts do not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LetterFilter {
    /// Only with this word as the last answer; `any` for any.
    pub answer: Option<String>,
    /// Only on this report.
    pub report_id: Option<i64>,
    /// Only those that wait for an answer since a term before this day.
    pub overdue_on: Option<String>,
}

/// A rejection in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectionRow {
    /// Its number.
    pub id: i64,
    /// The connection.
    pub connection_id: i64,
    /// The source.
    pub source_id: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// Hash of the row's key.
    pub key_hash: Hash,
    /// Rejected or held.
    pub outcome: i64,
    /// Its state.
    pub state: i64,
    /// Title.
    pub title: Option<String>,
    /// The row's key.
    pub record_key: String,
    /// Business key.
    pub business_key: Option<String>,
    /// Department code.
    pub department: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Codes of the failed rules.
    pub rules: Vec<String>,
    /// First seen, unix ms.
    pub first_seen_at: i64,
    /// Last seen, unix ms.
    pub seen_at: i64,
    /// How often it came.
    pub seen_count: i64,
    /// The run that last brought it.
    pub run_id: i64,
    /// Why it was ignored.
    pub reason: Option<String>,
    /// The provider's last answer, in a word.
    pub answer: Option<String>,
}

/// Reads rows with what an expression gives for the rules.
macro_rules! rows {
    ($rules:literal) => {
        concat!(
            "SELECT r.id, s.connection_id, r.source_id, s.dataset, r.key_hash, r.outcome, r.state, r.title,
               r.record_key, r.business_key, r.department, r.region, r.first_seen_at, r.seen_at, r.seen_count, r.run_id,
               r.reason, ",
            $rules,
            ", (SELECT f.answer FROM reference f WHERE f.source_id = r.source_id AND f.key_hash = r.key_hash)
             FROM rejection r
             JOIN source s ON s.id = r.source_id"
        )
    };
}

const ROW: &str = rows!(
    "(SELECT GROUP_CONCAT(DISTINCT c.rule)
      FROM rejection_cause rc
      JOIN cause c ON c.id = rc.cause_id
      WHERE rc.rejection_id = r.id)"
);
const ROW_ALONE: &str = rows!("NULL");

fn read(row: &Row<'_>) -> rusqlite::Result<RejectionRow> {
    let rules: Option<String> = row.get(17)?;
    Ok(RejectionRow {
        id: row.get(0)?,
        connection_id: row.get(1)?,
        source_id: row.get(2)?,
        dataset: source::dataset(row, 3)?,
        key_hash: row.get(4)?,
        outcome: row.get(5)?,
        state: row.get(6)?,
        title: row.get(7)?,
        record_key: row.get(8)?,
        business_key: row.get(9)?,
        department: row.get(10)?,
        region: row.get(11)?,
        first_seen_at: row.get(12)?,
        seen_at: row.get(13)?,
        seen_count: row.get(14)?,
        run_id: row.get(15)?,
        reason: row.get(16)?,
        answer: row.get(18)?,
        rules: rules
            .map(|list| list.split(',').map(str::to_owned).collect())
            .unwrap_or_default(),
    })
}

fn numbers(list: &[i64]) -> String {
    list.iter()
        .map(i64::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The conditions of a filter, each beginning with AND, and their values.
pub(super) fn narrow(filter: &RejectionFilter) -> (String, Vec<Value>) {
    let mut sql = String::new();
    let mut values = Vec::new();
    match (filter.source_ids.as_deref(), filter.states.as_slice()) {
        (Some([source]), [state]) => {
            sql.push_str(&format!(
                " AND r.source_id = {source} AND r.state = {state}"
            ));
        }
        // Several of them are read in the order of numbers; the inbox's index would have to sort.
        (sources, states) => {
            if let Some(ids) = sources {
                sql.push_str(&format!(" AND +r.source_id IN ({})", numbers(ids)));
            }
            if !states.is_empty() {
                sql.push_str(&format!(" AND +r.state IN ({})", numbers(states)));
            }
        }
    }
    for (column, number) in [("outcome", filter.outcome), ("run_id", filter.run_id)] {
        if let Some(number) = number {
            sql.push_str(&format!(" AND r.{column} = {number}"));
        }
    }
    for (column, text) in [
        ("department", &filter.department),
        ("region", &filter.region),
    ] {
        match text.as_deref() {
            Some("") => sql.push_str(&format!(" AND r.{column} IS NULL")),
            Some(text) => {
                sql.push_str(&format!(" AND r.{column} = ?"));
                values.push(Value::Text(text.to_owned()));
            }
            None => {}
        }
    }
    if let Some((from, to)) = &filter.days {
        sql.push_str(" AND r.day BETWEEN ? AND ?");
        values.extend([from, to].map(|day| Value::Text(day.clone())));
    }
    // One cause has all that is asked for.
    let mut of_cause = String::new();
    if let Some(id) = filter.cause_id {
        of_cause.push_str(&format!(" AND rc.cause_id = {id}"));
    }
    if let Some(id) = filter.decision_id {
        sql.push_str(&format!(
            " AND r.id IN (SELECT rejection_id FROM rejection_ignore WHERE decision_id = {id})"
        ));
    }
    for (column, text) in [("rule", &filter.rule), ("field", &filter.field)] {
        if let Some(text) = text {
            of_cause.push_str(&format!(" AND c.{column} = ?"));
            values.push(Value::Text(text.clone()));
        }
    }
    if !of_cause.is_empty() {
        sql.push_str(&format!(
            " AND EXISTS (
               SELECT 1
               FROM rejection_cause rc
               JOIN cause c ON c.id = rc.cause_id
               WHERE rc.rejection_id = r.id{of_cause})"
        ));
    }
    narrow_letter(&filter.letter, &mut sql, &mut values);
    if let Some(text) = searched(filter) {
        match bigram::query(text) {
            Some(query) => {
                sql.push_str(" AND r.id IN (SELECT rowid FROM rejection_search WHERE rejection_search MATCH ?)");
                values.push(Value::Text(query));
            }
            None => sql.push_str(" AND 0"),
        }
    }
    (sql, values)
}

fn searched(filter: &RejectionFilter) -> Option<&str> {
    filter
        .search
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

/// The numbers of the rejections that have what no column in memory tells: the searched text, the
/// decision that ignores them, the letters to the provider; ascending. `None` where a filter asks for nothing of it.
///
/// # Errors
/// SQLite's.
pub fn hits(
    connection: &Connection,
    filter: &RejectionFilter,
) -> Result<Option<Vec<i64>>, StoreError> {
    let mut hits: Option<Vec<i64>> = None;
    if let Some(text) = searched(filter) {
        let Some(query) = bigram::query(text) else {
            return Ok(Some(Vec::new()));
        };
        narrow_hits(
            connection,
            "SELECT rowid FROM rejection_search WHERE rejection_search MATCH ?1 ORDER BY rowid",
            [query],
            &mut hits,
        )?;
    }
    if let Some(id) = filter.decision_id {
        narrow_hits(
            connection,
            "SELECT rejection_id FROM rejection_ignore WHERE decision_id = ?1 ORDER BY rejection_id",
            [id],
            &mut hits,
        )?;
    }
    if filter.letter != LetterFilter::default() {
        let mut conditions = String::new();
        let mut values = Vec::new();
        narrow_letter(&filter.letter, &mut conditions, &mut values);
        narrow_hits(
            connection,
            &format!("SELECT r.id FROM rejection r WHERE 1{conditions} ORDER BY r.id"),
            params_from_iter(values),
            &mut hits,
        )?;
    }
    Ok(hits)
}

/// Keeps those of the hits so far that a query has as well, or all of it where there are none so far.
fn narrow_hits(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
    hits: &mut Option<Vec<i64>>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let found: Vec<i64> = statement
        .query_map(values, |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    *hits = Some(match hits.take() {
        None => found,
        Some(before) => before
            .into_iter()
            .filter(|id| found.binary_search(id).is_ok())
            .collect(),
    });
    Ok(())
}

/// Whether a filter's rejections are counted without looking at any.
pub fn is_plain(filter: &RejectionFilter) -> bool {
    let plain = RejectionFilter {
        source_ids: filter.source_ids.clone(),
        states: filter.states.clone(),
        outcome: filter.outcome,
        ..RejectionFilter::default()
    };
    plain == *filter
}

fn narrow_letter(filter: &LetterFilter, sql: &mut String, values: &mut Vec<Value>) {
    if let Some(answer) = &filter.answer {
        sql.push_str(
            " AND (r.source_id, r.key_hash) IN (SELECT source_id, key_hash FROM reference WHERE answer ",
        );
        if answer == "any" {
            sql.push_str("IS NOT NULL)");
        } else {
            sql.push_str("= ?)");
            values.push(Value::Text(answer.clone()));
        }
    }
    if let Some(id) = filter.report_id {
        sql.push_str(&format!(
            " AND (r.source_id, r.key_hash) IN (
               SELECT f.source_id, f.key_hash
               FROM report_entry e
               JOIN reference f ON f.id = e.reference_id
               WHERE e.report_id = {id})"
        ));
    }
    if let Some(day) = &filter.overdue_on {
        sql.push_str(
            " AND (r.source_id, r.key_hash) IN (
               SELECT f.source_id, f.key_hash
               FROM report p
               JOIN report_entry e ON e.report_id = p.id AND e.fate = 1
               JOIN reference f ON f.id = e.reference_id
               WHERE p.due_on < ? AND p.closed_at IS NULL AND p.withdrawn_at IS NULL)",
        );
        values.push(Value::Text(day.clone()));
    }
}

/// A page of rejections, newest first.
///
/// # Errors
/// SQLite's.
pub fn page(
    connection: &Connection,
    filter: &RejectionFilter,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<RejectionRow>, StoreError> {
    let (conditions, values) = narrow(filter);
    let sql = format!(
        "{ROW} WHERE r.id < {}{conditions} ORDER BY r.id DESC LIMIT {limit}",
        before.unwrap_or(i64::MAX)
    );
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map(params_from_iter(values), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many rejections a filter has: from the counters where they suffice.
///
/// # Errors
/// SQLite's.
pub fn count(connection: &Connection, filter: &RejectionFilter) -> Result<i64, StoreError> {
    if is_plain(filter) {
        let mut sql =
            "SELECT COALESCE(SUM(n), 0) FROM facet_count WHERE facet = 'outcome'".to_owned();
        if let Some(ids) = &filter.source_ids {
            sql.push_str(&format!(" AND source_id IN ({})", numbers(ids)));
        }
        if !filter.states.is_empty() {
            sql.push_str(&format!(" AND state IN ({})", numbers(&filter.states)));
        }
        if let Some(outcome) = filter.outcome {
            sql.push_str(&format!(" AND value = '{outcome}'"));
        }
        return Ok(connection.query_row(&sql, [], |row| row.get(0))?);
    }
    let (conditions, values) = narrow(filter);
    let sql = format!("SELECT COUNT(*) FROM rejection r WHERE 1{conditions}");
    Ok(connection.query_row(&sql, params_from_iter(values), |row| row.get(0))?)
}

/// How many rejections of a filter each department has, by state and outcome.
///
/// # Errors
/// SQLite's.
pub fn shares(
    connection: &Connection,
    filter: &RejectionFilter,
) -> Result<Vec<(String, i64, i64, i64)>, StoreError> {
    let (conditions, values) = narrow(filter);
    let sql = format!(
        "SELECT COALESCE(r.department, ''), r.state, r.outcome, COUNT(*)
         FROM rejection r
         WHERE 1{conditions}
         GROUP BY 1, 2, 3
         ORDER BY 1"
    );
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map(params_from_iter(values), |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One rejection.
///
/// # Errors
/// SQLite's.
pub fn get(connection: &Connection, id: i64) -> Result<Option<RejectionRow>, StoreError> {
    Ok(connection
        .prepare_cached(&format!("{ROW} WHERE r.id = ?1"))?
        .query_row([id], read)
        .optional()?)
}

/// [`get`] for who knows the rules of the rejection's causes: a third of the pages to read.
///
/// # Errors
/// SQLite's.
pub fn get_with_rules(
    connection: &Connection,
    id: i64,
    rules: Vec<String>,
) -> Result<Option<RejectionRow>, StoreError> {
    let found = connection
        .prepare_cached(&format!("{ROW_ALONE} WHERE r.id = ?1"))?
        .query_row([id], read)
        .optional()?;
    Ok(found.map(|row| RejectionRow { rules, ..row }))
}

/// The unsettled rejections of a source whose business key is a text, or begins with it and another part.
///
/// # Errors
/// SQLite's.
pub fn of_business(
    connection: &Connection,
    source_id: i64,
    business_key: &str,
    limit: u32,
) -> Result<Vec<RejectionRow>, StoreError> {
    let Some(query) = bigram::query(business_key) else {
        return Ok(Vec::new());
    };
    let mut statement = connection.prepare_cached(&format!(
        "{ROW}
         WHERE r.id IN (SELECT rowid FROM rejection_search WHERE rejection_search MATCH ?1)
           AND r.source_id = ?2 AND r.state <> 3
           AND (r.business_key = ?3 OR SUBSTR(r.business_key, 1, LENGTH(?3) + 1) = ?3 || '|')
         ORDER BY r.id DESC
         LIMIT ?4"
    ))?;
    let rows = statement.query_map(params![query, source_id, business_key, limit], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The connection of a rejection, if there is one.
///
/// # Errors
/// SQLite's.
pub fn connection_of(connection: &Connection, id: i64) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT s.connection_id FROM rejection r JOIN source s ON s.id = r.source_id WHERE r.id = ?1",
        )?
        .query_row([id], |row| row.get(0))
        .optional()?)
}

/// Raw payload, mapped fields and findings of a rejection.
///
/// # Errors
/// SQLite's.
pub fn payload(
    connection: &Connection,
    id: i64,
) -> Result<Option<(Vec<u8>, String, String)>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT raw, mapped, findings FROM rejection_payload WHERE rejection_id = ?1",
        )?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?)
}

/// The findings of a rejection as JSON text.
///
/// # Errors
/// SQLite's.
pub fn findings_of(connection: &Connection, id: i64) -> Result<Option<String>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT findings FROM rejection_payload WHERE rejection_id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?)
}

/// Counts by value of a facet kept in the counters, most first.
///
/// # Errors
/// SQLite's.
pub fn facets(
    connection: &Connection,
    facet: &str,
    source_ids: Option<&[i64]>,
    states: &[i64],
) -> Result<Vec<(String, i64)>, StoreError> {
    let mut sql = "SELECT value, SUM(n) AS total FROM facet_count WHERE facet = ?1".to_owned();
    if let Some(ids) = source_ids {
        sql.push_str(&format!(" AND source_id IN ({})", numbers(ids)));
    }
    if !states.is_empty() {
        sql.push_str(&format!(" AND state IN ({})", numbers(states)));
    }
    sql.push_str(" GROUP BY value HAVING total > 0 ORDER BY total DESC, value LIMIT 200");
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map(params![facet], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
