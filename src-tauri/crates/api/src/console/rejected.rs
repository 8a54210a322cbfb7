//! Rejected records: causes, facets, lists, one in full, and what a person does with them.

use serde_json::Value;
use zhengqiao_domain::{Check, Finding, Outcome, RuleSet};
use zhengqiao_exchange::Profile;
use zhengqiao_store::cause::{self, CauseColumn};
use zhengqiao_store::rejection::{self, HELD, REFUSED, REJECTED, State};
use zhengqiao_store::rejection_version::Act;
use zhengqiao_store::{Connection, StoreError, audit, connection, record, source, undone};
use zhengqiao_sync::{Desk, SyncError, revalidate};

use super::records::{field_values, fields, mapping};
use super::system::LARGEST_PAGE;
use super::{Console, actor, invalid, not_found, now_local, now_ms};
use crate::contract::{
    ApiError, BulkReport, BulkRequest, CauseRow, Facet, FacetValue, Facets, IgnoreRequest,
    RejectionDetail, RejectionField, RejectionFilter, RejectionId, RejectionRow, RejectionsPage,
    RejectionsRequest, RevalidateReport, RevealRequest,
};
use crate::masks;

/// Causes in a list at most.
const LARGEST_CAUSES: u32 = 500;
/// Rejections of one transaction.
const BATCH_ROWS: u32 = 500;
/// Rows beyond which the total of a narrow filter is not counted.
const COUNTED_ROWS: i64 = 200_000;

impl Console {
    /// Causes with open rejections, most first.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_causes(&self, filter: RejectionFilter) -> Result<Vec<CauseRow>, ApiError> {
        let rows = self
            .read(move |conn| {
                let ids = source_ids(conn, &filter)?;
                cause::list(conn, ids.as_deref(), filter.rule.as_deref(), LARGEST_CAUSES)
            })
            .await?;
        Ok(rows.into_iter().map(cause_row).collect())
    }

    /// Counts by value for each facet.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_facets(&self, filter: RejectionFilter) -> Result<Facets, ApiError> {
        let states = states(&filter)?;
        self.read(move |conn| {
            let ids = source_ids(conn, &filter)?;
            let ids = ids.as_deref();
            let mut facets = Vec::new();
            let facet = |name: &str, pairs: Vec<(String, i64)>| Facet {
                name: name.into(),
                values: pairs
                    .into_iter()
                    .map(|(value, count)| FacetValue { value, count })
                    .collect(),
            };
            let mut by_dataset = Vec::new();
            for source in source::list(conn, filter.connection_id)? {
                let count = rejection::facets(conn, "outcome", Some(&[source.id]), &states)?
                    .iter()
                    .map(|(_, count)| count)
                    .sum::<i64>();
                if count > 0 {
                    by_dataset.push((source.dataset.to_string(), count));
                }
            }
            facets.push(facet("dataset", by_dataset));
            let mut by_state = Vec::new();
            for state in State::ALL {
                let count = rejection::facets(conn, "outcome", ids, &[state as i64])?
                    .iter()
                    .map(|(_, count)| count)
                    .sum::<i64>();
                if count > 0 {
                    by_state.push((state.as_str().to_owned(), count));
                }
            }
            facets.push(facet("state", by_state));
            let outcomes = rejection::facets(conn, "outcome", ids, &states)?
                .into_iter()
                .map(|(number, count)| {
                    (
                        match number.parse() {
                            Ok(HELD) => "held",
                            Ok(REFUSED) => "refused",
                            _ => "rejected",
                        }
                        .to_owned(),
                        count,
                    )
                });
            facets.push(facet("outcome", outcomes.collect()));
            facets.push(facet("rule", cause::totals(conn, CauseColumn::Rule, ids)?));
            facets.push(facet(
                "field",
                cause::totals(conn, CauseColumn::Field, ids)?,
            ));
            for name in ["department", "region", "day"] {
                facets.push(facet(name, rejection::facets(conn, name, ids, &states)?));
            }
            Ok(Facets { facets })
        })
        .await
    }

    /// A page of rejections, newest first.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for an unknown state.
    pub async fn list_rejections(
        &self,
        request: RejectionsRequest,
    ) -> Result<RejectionsPage, ApiError> {
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let states = states(&request.filter)?;
        self.read(move |conn| {
            let filter = narrowed(conn, &request.filter, states)?;
            let rows = rejection::page(conn, &filter, request.before, limit)?;
            let next = (rows.len() == limit as usize)
                .then(|| rows.last().map(|row| row.id))
                .flatten();
            // Counting a narrow filter walks its rows: only for the first page, only where it is cheap.
            let total = if request.before.is_some() {
                None
            } else if next.is_none() {
                Some(rows.len() as i64)
            } else {
                Some(rejection::count(conn, &filter)?)
                    .filter(|count| *count <= COUNTED_ROWS || !is_narrow(&request.filter))
            };
            Ok(RejectionsPage {
                rejections: rows.into_iter().map(row).collect(),
                next,
                total,
            })
        })
        .await
    }

    /// One rejection with its payload, fields side by side and every failed rule; masked.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn get_rejection(&self, request: RejectionId) -> Result<RejectionDetail, ApiError> {
        self.detail(request.rejection_id, false).await
    }

    /// One rejection unmasked. The reason goes into the audit log before anything is shown.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] without a reason.
    pub async fn reveal_rejection(
        &self,
        request: RevealRequest,
    ) -> Result<RejectionDetail, ApiError> {
        let reason = given_reason(&request.reason)?;
        let id = request.rejection_id;
        let found = self.read(move |conn| rejection::get(conn, id)).await?;
        let found = found.ok_or_else(|| not_found(format!("there is no rejection {id}")))?;
        let subject = format!("{} {id}", found.dataset);
        let detail = serde_json::json!({ "reason": reason }).to_string();
        self.write(move |tx| {
            audit::append(
                tx,
                now_ms(),
                &actor(),
                "reveal_rejection",
                &subject,
                &detail,
            )
        })
        .await?;
        self.detail(id, true).await
    }

    async fn detail(&self, id: i64, reveal: bool) -> Result<RejectionDetail, ApiError> {
        self.read(move |conn| {
            let Some(found) = rejection::get(conn, id)? else {
                return Ok(None);
            };
            let Some((raw, mapped, findings)) = rejection::payload(conn, id)? else {
                return Ok(None);
            };
            let dataset = found.dataset;
            let profile = connection::get(conn, found.connection_id)?;
            let profile: Option<Profile> = profile
                .map(|row| serde_json::from_str(&row.profile))
                .transpose()?;
            let mapping = match &profile {
                Some(profile) => mapping(profile, dataset)?,
                None => return Ok(None),
            };
            let findings: Vec<Finding> = serde_json::from_str(&findings)?;
            let mapped = fields(&mapped)?;
            let cached = record::fields_of(conn, found.source_id, &found.key_hash)?
                .map(|text| fields(&text))
                .transpose()?;
            let received: Value = serde_json::from_slice(&raw).unwrap_or(Value::Null);
            let side_by_side = dataset
                .dataset()
                .fields
                .iter()
                .zip(mapping.sources())
                .map(|(field, source)| {
                    let masked = !reveal && masks::is_masked(dataset, field.name);
                    let show = |text: String| {
                        if masked {
                            masks::value(dataset, field.name, &text)
                        } else {
                            text
                        }
                    };
                    let text = |values: Option<&serde_json::Map<String, Value>>| {
                        values?
                            .get(field.name)?
                            .as_str()
                            .map(|text| show(text.to_owned()))
                    };
                    RejectionField {
                        field: field.name.into(),
                        source: source.to_owned(),
                        raw: at(&received, source).map(show),
                        mapped: text(Some(&mapped)),
                        cached: text(cached.as_ref()),
                        masked,
                    }
                })
                .collect();
            Ok(Some(RejectionDetail {
                revealed: reveal,
                raw: if reveal {
                    pretty(&raw)
                } else {
                    masks::raw(dataset, &mapping, &raw)
                },
                fields: side_by_side,
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
                rejection: row(found),
            }))
        })
        .await?
        .ok_or_else(|| not_found(format!("there is no rejection {id}")))
    }

    /// Ignores open rejections with a reason, until their value changes or a date.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] without a reason or for a date that is none.
    pub async fn ignore_rejections(&self, request: IgnoreRequest) -> Result<BulkReport, ApiError> {
        let reason = given_reason(&request.reason)?;
        let until = request.until.filter(|date| !date.is_empty());
        if let Some(date) = &until
            && chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d").is_err()
        {
            return Err(invalid(format!(
                "until: {date:?} is no date like 2026-01-31"
            )));
        }
        let detail = serde_json::json!({ "reason": reason, "until": until }).to_string();
        let changed = self
            .each_batch(
                &request.which,
                "ignore_rejections",
                detail,
                move |tx, ids| {
                    per_connection(tx, ids, "ignore_rejections", |ids, act| {
                        rejection::ignore(tx, ids, &reason, until.as_deref(), act)
                    })
                },
            )
            .await?;
        Ok(BulkReport { changed })
    }

    /// Opens ignored rejections again.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when nothing is named.
    pub async fn reopen_rejections(&self, request: BulkRequest) -> Result<BulkReport, ApiError> {
        let changed = self
            .each_batch(&request, "reopen_rejections", "{}".into(), |tx, ids| {
                per_connection(tx, ids, "reopen_rejections", |ids, act| {
                    rejection::reopen(tx, ids, act)
                })
            })
            .await?;
        Ok(BulkReport { changed })
    }

    /// Checks rejections again with the present mapping and rules.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when nothing is named.
    pub async fn revalidate_rejections(
        &self,
        request: BulkRequest,
    ) -> Result<RevalidateReport, ApiError> {
        let (send, outcomes) = std::sync::mpsc::channel();
        self.each_batch(
            &request,
            "revalidate_rejections",
            "{}".into(),
            move |tx, ids| {
                for id in ids {
                    if let Some(outcome) = check_again(tx, *id)? {
                        // The receiver outlives this closure.
                        let _ = send.send(outcome);
                    }
                }
                Ok(ids.len() as i64)
            },
        )
        .await?;
        let mut report = RevalidateReport {
            checked: 0,
            accepted: 0,
            rejected: 0,
            held: 0,
        };
        for outcome in outcomes {
            report.checked += 1;
            match outcome {
                Outcome::Accepted => report.accepted += 1,
                Outcome::Held => report.held += 1,
                Outcome::Rejected => report.rejected += 1,
            }
        }
        self.deliver_everywhere().await;
        Ok(report)
    }

    /// Does `act` to the rejections of a request, some hundreds a transaction, and notes it.
    async fn each_batch<F>(
        &self,
        which: &BulkRequest,
        act: &'static str,
        detail: String,
        work: F,
    ) -> Result<i64, ApiError>
    where
        F: Fn(&zhengqiao_store::Transaction<'_>, &[i64]) -> Result<i64, StoreError>
            + Send
            + Sync
            + 'static,
    {
        let work = std::sync::Arc::new(work);
        let mut changed = 0;
        let mut after = 0;
        let listed = which.rejection_ids.clone();
        let filter = which.filter.clone();
        if listed.is_empty() && filter.is_none() {
            return Err(invalid("rejection_ids: name rejections, or give a filter"));
        }
        let states = filter.as_ref().map(states).transpose()?;
        let mut chunks = listed
            .chunks(BATCH_ROWS as usize)
            .map(<[i64]>::to_vec)
            .collect::<Vec<_>>()
            .into_iter();
        loop {
            let ids = match (&filter, &states) {
                (Some(filter), Some(states)) if listed.is_empty() => {
                    let (filter, states) = (filter.clone(), states.clone());
                    self.read(move |conn| {
                        rejection::select_ids(
                            conn,
                            &narrowed(conn, &filter, states)?,
                            after,
                            BATCH_ROWS,
                        )
                    })
                    .await?
                }
                _ => chunks.next().unwrap_or_default(),
            };
            let Some(last) = ids.last().copied() else {
                break;
            };
            after = last;
            let work = work.clone();
            changed += self.write(move |tx| work(tx, &ids)).await?;
        }
        let subject = if listed.is_empty() {
            serde_json::to_string(&filter).map_err(StoreError::from)?
        } else {
            format!("{listed:?}")
        };
        let detail = serde_json::json!({ "changed": changed, "request": serde_json::from_str::<Value>(&detail).unwrap_or_default() }).to_string();
        self.write(move |tx| audit::append(tx, now_ms(), &actor(), act, &subject, &detail))
            .await?;
        Ok(changed)
    }
}

/// Does a person's act to rejections, of each connection by itself: it is noted with that one's last run.
fn per_connection(
    conn: &Connection,
    ids: &[i64],
    name: &str,
    mut work: impl FnMut(&[i64], &Act<'_>) -> Result<i64, StoreError>,
) -> Result<i64, StoreError> {
    let mut by_connection: std::collections::BTreeMap<i64, Vec<i64>> =
        std::collections::BTreeMap::new();
    for id in ids {
        if let Some(connection_id) = rejection::connection_of(conn, *id)? {
            by_connection.entry(connection_id).or_default().push(*id);
        }
    }
    let (actor, at) = (actor(), now_ms());
    let mut changed = 0;
    for (connection_id, ids) in by_connection {
        let act = Act {
            run_id: undone::last_run(conn, connection_id)?,
            actor: Some(&actor),
            act: name,
            at,
        };
        changed += work(&ids, &act)?;
    }
    Ok(changed)
}

fn check_again(
    tx: &zhengqiao_store::Transaction<'_>,
    id: i64,
) -> Result<Option<Outcome>, StoreError> {
    let Some(found) = rejection::get(tx, id)? else {
        return Ok(None);
    };
    let Some(row) = connection::get(tx, found.connection_id)? else {
        return Ok(None);
    };
    let profile: Profile = serde_json::from_str(&row.profile)?;
    let rules = RuleSet::new(&profile.rules);
    let now = now_local();
    let check = Check::new(&rules, now);
    let mapping = mapping(&profile, found.dataset)?;
    let text = zhengqiao_domain::primitives::moment::canonical(now);
    let desk = Desk::new(
        tx,
        found.connection_id,
        found.dataset,
        found.run_id,
        now_ms(),
        &text,
    )?
    .by_person(tx, row.id, &actor(), row.profile_version)?;
    match revalidate(tx, &desk, &mapping, &check, &rules, id) {
        Ok(outcome) => Ok(Some(outcome)),
        Err(SyncError::Store(error)) => Err(error),
        Err(other) => Err(StoreError::Content(other.to_string())),
    }
}

pub(super) fn given_reason(reason: &str) -> Result<String, ApiError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(invalid("reason: give a reason of at most 500 characters"));
    }
    Ok(reason.to_owned())
}

/// The states of a filter: open ones unless one is named, all of them for `all`.
pub(super) fn states(filter: &RejectionFilter) -> Result<Vec<i64>, ApiError> {
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
    let states = states(filter).map_err(|error| StoreError::Content(error.message))?;
    narrowed(conn, filter, states)
}

pub(super) fn narrowed(
    conn: &Connection,
    filter: &RejectionFilter,
    states: Vec<i64>,
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
        search: filter.search.clone(),
        letter: rejection::LetterFilter {
            answer: filter.answer.clone(),
            report_id: filter.report_id,
            overdue_on: filter.overdue.then(super::reports::today),
        },
    })
}

fn is_narrow(filter: &RejectionFilter) -> bool {
    filter.rule.is_some()
        || filter.field.is_some()
        || filter.cause_id.is_some()
        || filter.department.is_some()
        || filter.region.is_some()
        || filter.run_id.is_some()
        || filter.search.is_some()
        || filter.answer.is_some()
        || filter.report_id.is_some()
        || filter.overdue
}

pub(super) fn cause_row(row: cause::CauseRow) -> CauseRow {
    CauseRow {
        cause_id: row.id,
        connection_id: row.connection_id,
        dataset: row.dataset,
        rule: row.rule,
        field: row.field,
        cluster: row.cluster,
        open: row.open,
        held: row.held,
        first_seen_at: row.first_seen_at,
        last_seen_at: row.last_seen_at,
    }
}

pub(super) fn row(row: rejection::RejectionRow) -> RejectionRow {
    let id = row.dataset;
    let dataset = id.dataset();
    RejectionRow {
        rejection_id: row.id,
        connection_id: row.connection_id,
        dataset: id,
        outcome: if row.outcome == HELD {
            Outcome::Held
        } else {
            Outcome::Rejected
        },
        stage: if row.outcome == REFUSED {
            "delivery"
        } else {
            "check"
        }
        .into(),
        state: State::ALL
            .into_iter()
            .find(|state| *state as i64 == row.state)
            .map_or("open", State::as_str)
            .into(),
        title: row
            .title
            .map(|text| masks::value(id, dataset.title, &text))
            .unwrap_or_default(),
        record_key: masks::joined(id, dataset.key, &row.record_key),
        business_key: row
            .business_key
            .map(|text| masks::joined(id, dataset.business_key, &text)),
        department: row.department,
        region: row.region,
        rules: row.rules,
        first_seen_at: row.first_seen_at,
        seen_at: row.seen_at,
        seen_count: row.seen_count,
        run_id: row.run_id,
        answer: row.answer,
    }
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
    match serde_json::from_slice::<Value>(raw) {
        Ok(value) => serde_json::to_string_pretty(&value).unwrap_or_default(),
        Err(_) => String::from_utf8_lossy(raw).into_owned(),
    }
}
