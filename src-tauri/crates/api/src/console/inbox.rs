//! The inbox: rejected records by cause, counted by facets, and listed.

use chrono::{Days, NaiveDate};
use zhengqiao_domain::rules::cluster::words;
use zhengqiao_domain::{Finding, Outcome};
use zhengqiao_store::inbox::Most;
use zhengqiao_store::rejection::{self, HELD, REFUSED, REJECTED, State};
use zhengqiao_store::{Connection, StoreError, cause, source};

use super::ignoring::with_ignored;
use super::rejected::row;
use super::system::LARGEST_PAGE;
use super::{Console, invalid, now_local};
use crate::contract::{
    ApiError, CauseRow, CauseSample, Facet, FacetValue, Facets, RejectionFilter, RejectionsPage,
    RejectionsRequest,
};
use crate::masks;

/// Causes in a list at most.
const LARGEST_CAUSES: usize = 500;
/// Values of a facet at most.
const LARGEST_FACET: usize = 200;
/// Departments and days of one cause at most.
const SHOWN_DEPARTMENTS: usize = 12;
const SHOWN_DAYS: usize = 31;

impl Console {
    /// The causes of a filter's rejections, most first.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for an unknown state or day.
    pub async fn list_causes(&self, filter: RejectionFilter) -> Result<Vec<CauseRow>, ApiError> {
        let parts = parts(&filter)?;
        let cache = self.cache()?;
        self.read(move |conn| {
            let filter = narrowed(conn, &filter, parts)?;
            let most = Most {
                causes: LARGEST_CAUSES,
                departments: SHOWN_DEPARTMENTS,
                days: SHOWN_DAYS,
            };
            let groups = cache.inbox().groups(conn, &filter, most)?;
            let mut causes = Vec::with_capacity(groups.len());
            for group in groups {
                let Some(found) = cause::get(conn, group.cause_id)? else {
                    continue;
                };
                let sample = sample(conn, &found, group.newest_id)?;
                let values_in_words = match sample.as_ref().and_then(|one| one.value.as_deref()) {
                    // One of the writings as it is, rather than what all of them come down to.
                    Some(value) if found.cluster.starts_with("value:") => {
                        words(&format!("value:{value}"))
                    }
                    _ => words(&found.cluster),
                };
                causes.push(CauseRow {
                    open: group.rows,
                    held: group.held,
                    departments: values(group.departments, SHOWN_DEPARTMENTS),
                    days: values(group.days, SHOWN_DAYS),
                    sample,
                    values: values_in_words.into(),
                    ..cause_row(found)
                });
            }
            Ok(causes)
        })
        .await
    }

    /// Counts by value for each facet, each under all parts of the filter but its own.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for an unknown state or day.
    pub async fn list_facets(&self, filter: RejectionFilter) -> Result<Facets, ApiError> {
        let parts = parts(&filter)?;
        let cache = self.cache()?;
        self.read(move |conn| {
            let narrow = narrowed(conn, &filter, parts)?;
            let counts = cache.inbox().counts(conn, &narrow)?;
            // A source is a connection and a dataset: the facet is by dataset, the connection stays.
            let mut by_dataset = Vec::new();
            for source in source::list(conn, filter.connection_id)? {
                if let Some((_, count)) = counts.source.iter().find(|(id, _)| *id == source.id) {
                    by_dataset.push((source.dataset.to_string(), *count));
                }
            }
            by_dataset.sort_by(|one, other| one.0.cmp(&other.0));
            by_dataset.dedup_by(|later, kept| {
                let same = later.0 == kept.0;
                if same {
                    kept.1 += later.1;
                }
                same
            });
            by_dataset.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            let named = |pairs: Vec<(i64, i64)>, name: fn(i64) -> &'static str| {
                pairs
                    .into_iter()
                    .map(|(number, count)| (name(number).to_owned(), count))
                    .collect::<Vec<_>>()
            };
            let runs = counts.run.into_iter();
            let facet = |name: &str, pairs: Vec<(String, i64)>| Facet {
                name: name.into(),
                values: values(pairs, LARGEST_FACET),
            };
            let mut days = counts.day;
            days.sort_by(|one, other| other.0.cmp(&one.0));
            Ok(Facets {
                total: counts.total,
                facets: vec![
                    facet("dataset", by_dataset),
                    facet("state", named(counts.state, state_word)),
                    facet("outcome", named(counts.outcome, outcome_word)),
                    facet("rule", counts.rule),
                    facet("field", counts.field),
                    facet("department", counts.department),
                    facet("region", counts.region),
                    facet(
                        "run",
                        runs.map(|(id, count)| (id.to_string(), count)).collect(),
                    ),
                    facet("day", days),
                ],
            })
        })
        .await
    }

    /// A page of rejections, newest first.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for an unknown state or day.
    pub async fn list_rejections(
        &self,
        request: RejectionsRequest,
    ) -> Result<RejectionsPage, ApiError> {
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let parts = parts(&request.filter)?;
        let cache = self.cache()?;
        self.read(move |conn| {
            let filter = narrowed(conn, &request.filter, parts)?;
            let page = cache.inbox().page(conn, &filter, request.before, limit)?;
            let total = match request.before {
                Some(_) => None,
                None => Some(cache.inbox().total(conn, &filter)?),
            };
            Ok(RejectionsPage {
                rejections: page
                    .rows
                    .into_iter()
                    .map(|found| with_ignored(conn, found))
                    .collect::<Result<_, _>>()?,
                next: page.next,
                total,
            })
        })
        .await
    }
}

fn values(pairs: Vec<(String, i64)>, most: usize) -> Vec<FacetValue> {
    pairs
        .into_iter()
        .take(most)
        .map(|(value, count)| FacetValue { value, count })
        .collect()
}

pub(super) fn state_word(number: i64) -> &'static str {
    State::ALL
        .into_iter()
        .find(|state| *state as i64 == number)
        .map_or("open", State::as_str)
}

fn outcome_word(number: i64) -> &'static str {
    match number {
        HELD => "held",
        REFUSED => "refused",
        _ => "rejected",
    }
}

/// The offending value of one of a cause's rejections, masked.
fn sample(
    conn: &Connection,
    cause: &cause::CauseRow,
    rejection_id: i64,
) -> Result<Option<CauseSample>, StoreError> {
    let (Some(found), Some(text)) = (
        rejection::get(conn, rejection_id)?,
        rejection::findings_of(conn, rejection_id)?,
    ) else {
        return Ok(None);
    };
    let findings: Vec<Finding> = serde_json::from_str(&text)?;
    let value = findings
        .into_iter()
        .find(|finding| finding.rule.code() == cause.rule && finding.field == cause.field)
        .and_then(|finding| masks::finding(cause.dataset, finding).value);
    Ok(Some(CauseSample {
        rejection_id,
        title: row(found).title,
        value,
    }))
}

pub(super) fn cause_row(row: cause::CauseRow) -> CauseRow {
    CauseRow {
        cause_id: row.id,
        connection_id: row.connection_id,
        dataset: row.dataset,
        rule: row.rule,
        field: row.field,
        values: words(&row.cluster).into(),
        cluster: row.cluster,
        open: row.open,
        held: row.held,
        first_seen_at: row.first_seen_at,
        last_seen_at: row.last_seen_at,
        departments: Vec::new(),
        days: Vec::new(),
        sample: None,
    }
}

/// The parts of a filter that are words: states, and first and last day.
pub(super) type Parts = (Vec<i64>, Option<(String, String)>);

/// Reads the words of a filter.
pub(super) fn parts(filter: &RejectionFilter) -> Result<Parts, ApiError> {
    Ok((states(filter)?, days(filter, now_local().date())?))
}

/// The states of a filter: open ones unless one is named, all of them for `all`.
fn states(filter: &RejectionFilter) -> Result<Vec<i64>, ApiError> {
    match filter.state.as_deref() {
        None | Some("") => Ok(vec![State::Open as i64, State::Reported as i64]),
        Some("all") => Ok(Vec::new()),
        Some(name) => match State::by_name(name) {
            Some(state) => Ok(vec![state as i64]),
            None => Err(invalid(format!(
                "state: {name:?} is no state of a rejection"
            ))),
        },
    }
}

/// First and last day of a filter.
fn days(filter: &RejectionFilter, today: NaiveDate) -> Result<Option<(String, String)>, ApiError> {
    let since = |days: u64| {
        let first = today.checked_sub_days(Days::new(days - 1)).unwrap_or(today);
        Some((first.to_string(), today.to_string()))
    };
    Ok(match filter.day.as_deref() {
        None | Some("") => None,
        Some("today") => since(1),
        Some("last_7_days") => since(7),
        Some("last_30_days") => since(30),
        Some(day) => match NaiveDate::parse_from_str(day, "%Y-%m-%d") {
            Ok(day) => Some((day.to_string(), day.to_string())),
            Err(_) => {
                return Err(invalid(format!(
                    "day: {day:?} is no day like 2026-01-31, nor today, last_7_days or last_30_days"
                )));
            }
        },
    })
}

fn source_ids(conn: &Connection, filter: &RejectionFilter) -> Result<Option<Vec<i64>>, StoreError> {
    if filter.connection_id.is_none() && filter.dataset.is_none() {
        return Ok(None);
    }
    let sources = source::list(conn, filter.connection_id)?;
    Ok(Some(
        sources
            .into_iter()
            .filter(|source| {
                filter
                    .dataset
                    .is_none_or(|dataset| dataset == source.dataset)
            })
            .map(|source| source.id)
            .collect(),
    ))
}

pub(super) fn narrowed_filter(
    conn: &Connection,
    filter: &RejectionFilter,
) -> Result<rejection::RejectionFilter, StoreError> {
    let parts = parts(filter).map_err(|error| StoreError::Content(error.message))?;
    narrowed(conn, filter, parts)
}

pub(super) fn narrowed(
    conn: &Connection,
    filter: &RejectionFilter,
    (states, days): Parts,
) -> Result<rejection::RejectionFilter, StoreError> {
    Ok(rejection::RejectionFilter {
        source_ids: source_ids(conn, filter)?,
        states,
        outcome: match filter.outcome {
            Some(Outcome::Held) => Some(HELD),
            Some(Outcome::Rejected) => Some(REJECTED),
            // An accepted record is no rejection: the filter has none.
            Some(Outcome::Accepted) => Some(0),
            None => None,
        },
        rule: filter.rule.clone(),
        field: filter.field.clone(),
        cause_id: filter.cause_id,
        department: filter.department.clone(),
        region: filter.region.clone(),
        run_id: filter.run_id,
        days,
        search: filter.search.clone(),
        decision_id: filter.decision_id,
        letter: rejection::LetterFilter {
            answer: filter.answer.clone(),
            report_id: filter.report_id,
            overdue_on: filter.overdue.then(super::reports::today),
        },
    })
}
