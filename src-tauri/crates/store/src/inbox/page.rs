//! A page of a filter's rejections.

use rusqlite::Connection;

use super::Page;
use super::cause_filter::CauseFilter;
use super::causes::CauseOf;
use super::columns::{Columns, Entry};
use super::load;
use super::pass::Pass;
use crate::bigram;
use crate::error::StoreError;
use crate::rejection::{self, LetterFilter, RejectionFilter};

/// The text that a filter searches for, where it asks for nothing else that no column tells.
fn searched(filter: &RejectionFilter) -> Option<&str> {
    let only = filter.decision_id.is_none() && filter.letter == LetterFilter::default();
    let text = filter.search.as_deref()?.trim();
    (only && !text.is_empty()).then_some(text)
}

/// Whether a filter asks for what no column tells.
pub(super) fn asks_more(filter: &RejectionFilter) -> bool {
    let search = filter.search.as_deref().map(str::trim);
    search.is_some_and(|text| !text.is_empty())
        || filter.decision_id.is_some()
        || filter.letter != LetterFilter::default()
}

/// A page, newest first, before a number. What the columns lack may be missing; what they tell of a rejection
/// that has changed since does not count.
pub(super) fn page(
    connection: &Connection,
    columns: &Columns,
    is_late: bool,
    filter: &RejectionFilter,
    before: Option<i64>,
    limit: u32,
) -> Result<Page, StoreError> {
    let ids = if let Some(text) = searched(filter) {
        let pass = Pass::new(columns, filter, None);
        found(connection, text, before, limit as usize, |id| pass.has(id))?
    } else {
        let hits = rejection::hits(connection, filter)?;
        Pass::new(columns, filter, hits.as_deref()).newest(before, limit as usize)
    };
    let next = (ids.len() == limit as usize)
        .then(|| ids.last().copied())
        .flatten();
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        if !is_late {
            rows.extend(rejection::get_with_rules(
                connection,
                id,
                columns.rules(id),
            )?);
            continue;
        }
        let has = |entry: &Entry<'_>, causes: &[(i64, CauseOf)]| fits(filter, entry, causes);
        if load::one(connection, id, has)? == Some(true) {
            rows.extend(rejection::get(connection, id)?);
        }
    }
    Ok(Page { rows, next })
}

/// The newest rejections with a text, of those that pass: no more is read than they need.
fn found(
    connection: &Connection,
    text: &str,
    before: Option<i64>,
    limit: usize,
    passes: impl Fn(i64) -> bool,
) -> Result<Vec<i64>, StoreError> {
    let Some(query) = bigram::query(text) else {
        return Ok(Vec::new());
    };
    let mut statement = connection.prepare_cached(
        "SELECT rowid
         FROM rejection_search
         WHERE rejection_search MATCH ?1 AND rowid < ?2
         ORDER BY rowid DESC",
    )?;
    let mut rows = statement.query((query, before.unwrap_or(i64::MAX)))?;
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        let id = row.get(0)?;
        if passes(id) {
            found.push(id);
        }
    }
    Ok(found)
}

/// Whether a rejection has all that a filter asks of the columns.
fn fits(filter: &RejectionFilter, entry: &Entry<'_>, causes: &[(i64, CauseOf)]) -> bool {
    let is = |wanted: &Option<String>, text: &str| wanted.as_ref().is_none_or(|one| one == text);
    filter
        .source_ids
        .as_ref()
        .is_none_or(|ids| ids.contains(&entry.source_id))
        && (filter.states.is_empty() || filter.states.contains(&entry.state))
        && filter.outcome.is_none_or(|only| only == entry.outcome)
        && filter.run_id.is_none_or(|only| only == entry.run_id)
        && is(&filter.department, entry.department)
        && is(&filter.region, entry.region)
        && filter
            .days
            .as_ref()
            .is_none_or(|(from, to)| from.as_str() <= entry.day && entry.day <= to.as_str())
        && CauseFilter::of(filter).has_any(causes)
}
