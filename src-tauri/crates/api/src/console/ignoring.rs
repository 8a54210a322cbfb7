//! Ignoring rejections: decisions over rows or over a cause, what they cover, and revoking them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use zhengqiao_domain::rules::cluster::words;
use zhengqiao_store::ignore::{self, DecisionRow, NewDecision, Standing, Term};
use zhengqiao_store::rejection::{self, State};
use zhengqiao_store::rejection_version::Act;
use zhengqiao_store::{Connection, StoreError, audit, undone};
use zhengqiao_sync::{open_expired, today};

use super::rejected::{given_reason, per_connection, row};
use super::system::LARGEST_PAGE;
use super::{Console, actor, invalid, not_found, now_ms};
use crate::contract::{
    ApiError, BulkReport, BulkRequest, IgnoreDecision, IgnoreReport, IgnoreRequest, IgnoreTerm,
    IgnoredBy, IgnoredCause, IgnoresPage, IgnoresRequest, RejectionRow, RevokeIgnores,
};

/// Rejections of one transaction.
const BATCH_ROWS: u32 = 500;

/// How long and why, checked.
#[derive(Clone)]
struct Terms {
    reason: String,
    term: Term,
    until: Option<String>,
}

impl Terms {
    fn of(request: &IgnoreRequest) -> Result<Self, ApiError> {
        let until = request.until.clone().filter(|date| !date.is_empty());
        let term = match (request.term, &until) {
            (IgnoreTerm::Ever, None) => Term::Ever,
            (IgnoreTerm::Value, None) => Term::Value,
            (IgnoreTerm::Date, None) => {
                return Err(invalid("until: give the date until which it is ignored"));
            }
            (_, Some(_)) => Term::Date,
        };
        if let Some(date) = &until {
            let parsed = chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d");
            if parsed.is_err() || date.len() != 10 {
                return Err(invalid(format!(
                    "until: {date:?} is no date like 2026-01-31"
                )));
            }
            if *date < today(now_ms()) {
                return Err(invalid(format!("until: {date} has passed")));
            }
        }
        Ok(Self {
            reason: given_reason(&request.reason)?,
            term,
            until,
        })
    }
}

impl Console {
    /// Ignores open rejections with a reason: until their value changes, until a date or for ever; or
    /// a cause, and so what comes of it later.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] without a reason, for a date that is none or has
    /// passed, or when nothing is named.
    pub async fn ignore_rejections(
        &self,
        request: IgnoreRequest,
    ) -> Result<IgnoreReport, ApiError> {
        let terms = Terms::of(&request)?;
        if request.standing {
            let cause_id = request
                .which
                .filter
                .as_ref()
                .and_then(|filter| filter.cause_id)
                .ok_or_else(|| invalid("filter.cause_id: name the cause that is ignored"))?;
            return self.ignore_cause(cause_id, terms).await;
        }
        let detail = serde_json::json!({
            "reason": terms.reason, "term": terms.term.as_str(), "until": terms.until,
        })
        .to_string();
        let chosen = serde_json::to_string(&request.which).map_err(StoreError::from)?;
        let made: Arc<Mutex<BTreeMap<i64, i64>>> = Arc::default();
        let decisions = made.clone();
        let changed = self
            .each_batch(
                &request.which,
                "ignore_rejections",
                detail,
                move |tx, ids| {
                    let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
                    per_connection(tx, ids, "ignore_rejections", |ids, act| {
                        let connection_id = match ids.first() {
                            Some(id) => rejection::connection_of(tx, *id)?.unwrap_or_default(),
                            None => return Ok(0),
                        };
                        let decision_id = match made.get(&connection_id) {
                            Some(known) => *known,
                            None => ignore::decide(
                                tx,
                                &NewDecision {
                                    connection_id,
                                    standing: None,
                                    chosen: Some(&chosen),
                                    term: terms.term,
                                    until: terms.until.as_deref(),
                                    reason: &terms.reason,
                                    actor: act.actor.unwrap_or_default(),
                                    at: act.at,
                                },
                            )?,
                        };
                        made.insert(connection_id, decision_id);
                        ignore::cover(tx, ids, decision_id, act)
                    })
                },
            )
            .await?;
        let decision_ids = decisions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .copied()
            .collect();
        Ok(IgnoreReport {
            changed,
            left: 0,
            decision_ids,
        })
    }

    async fn ignore_cause(&self, cause_id: i64, terms: Terms) -> Result<IgnoreReport, ApiError> {
        let (connection_id, _, cause, _) = self
            .read(move |conn| ignore::cause_of(conn, cause_id))
            .await?
            .ok_or_else(|| not_found(format!("there is no cause {cause_id}")))?;
        let decision_id = self.stand(connection_id, cause, terms).await?;
        let (changed, left) = self
            .read(move |conn| {
                let covers = ignore::get(conn, decision_id)?.map_or(0, |row| row.covers);
                let left = ignore::cause_of(conn, cause_id)?.map_or(0, |(.., open)| open);
                Ok((covers, left))
            })
            .await?;
        Ok(IgnoreReport {
            changed,
            left,
            decision_ids: vec![decision_id],
        })
    }

    /// Lets a decision stand on a cause, whether or not it has rejections now.
    async fn stand(
        &self,
        connection_id: i64,
        cause: Standing,
        terms: Terms,
    ) -> Result<i64, ApiError> {
        if terms.term == Term::Value {
            return Err(invalid(
                "term: a cause is ignored until a date or for ever, for its values change with each record",
            ));
        }
        let (named, given) = (cause.clone(), terms.clone());
        let decided = self
            .write(move |tx| {
                if let Some(known) = ignore::standing_on(tx, &named)? {
                    return Ok(Err(known.id));
                }
                let actor = actor();
                let id = ignore::decide(
                    tx,
                    &NewDecision {
                        connection_id,
                        standing: Some(&named),
                        chosen: None,
                        term: given.term,
                        until: given.until.as_deref(),
                        reason: &given.reason,
                        actor: &actor,
                        at: now_ms(),
                    },
                )?;
                Ok(Ok((id, ignore::cause_id(tx, &named)?)))
            })
            .await?;
        let (decision_id, cause_id) = decided.map_err(|id| {
            invalid(format!(
                "filter.cause_id: decision {id} already ignores this cause; revoke it first"
            ))
        })?;
        let mut after = 0;
        let mut changed = 0;
        while let Some(cause_id) = cause_id {
            let from = after;
            let (some, last) = self
                .write(move |tx| {
                    let ids = ignore::only_of(tx, cause_id, from, BATCH_ROWS)?;
                    let Some(last) = ids.last().copied() else {
                        return Ok((0, None));
                    };
                    let actor = actor();
                    let act = Act {
                        run_id: undone::last_run(tx, connection_id)?,
                        actor: Some(&actor),
                        act: "ignore_rejections",
                        at: now_ms(),
                    };
                    Ok((ignore::cover(tx, &ids, decision_id, &act)?, Some(last)))
                })
                .await?;
            changed += some;
            match last {
                Some(last) => after = last,
                None => break,
            }
        }
        let subject = format!("{} {} {}", cause.rule, cause.field, cause.cluster);
        let detail = serde_json::json!({
            "decision": decision_id, "standing": true, "changed": changed,
            "reason": terms.reason, "until": terms.until,
        })
        .to_string();
        self.write(move |tx| {
            audit::append(
                tx,
                now_ms(),
                &actor(),
                "ignore_rejections",
                &subject,
                &detail,
            )
        })
        .await?;
        Ok(decision_id)
    }

    /// Ignores a cause of a recipe; gives the decision, also one that stands already.
    pub(super) async fn ignore_named(
        &self,
        connection_id: i64,
        cause: Standing,
        reason: String,
        until: Option<String>,
    ) -> Result<i64, ApiError> {
        let terms = Terms::of(&IgnoreRequest {
            reason,
            term: if until.is_some() {
                IgnoreTerm::Date
            } else {
                IgnoreTerm::Ever
            },
            until,
            ..IgnoreRequest::default()
        })?;
        self.stand(connection_id, cause, terms).await
    }

    /// Opens ignored rejections again.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when nothing is named.
    pub async fn reopen_rejections(&self, request: BulkRequest) -> Result<BulkReport, ApiError> {
        let changed = self
            .each_batch(&request, "reopen_rejections", "{}".into(), |tx, ids| {
                per_connection(tx, ids, "reopen_rejections", |ids, act| {
                    ignore::uncover(tx, ids, act)
                })
            })
            .await?;
        Ok(BulkReport { changed })
    }

    /// Decisions to ignore, newest first, each with how many rejections it covers.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_ignores(&self, request: IgnoresRequest) -> Result<IgnoresPage, ApiError> {
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let rows = self
            .read(move |conn| {
                ignore::page(
                    conn,
                    request.connection_id,
                    request.ended,
                    request.before,
                    limit,
                )
            })
            .await?;
        let next = (rows.len() == limit as usize)
            .then(|| rows.last().map(|row| row.id))
            .flatten();
        Ok(IgnoresPage {
            decisions: rows.into_iter().map(decision).collect(),
            next,
        })
    }

    /// Revokes decisions: what they cover opens again in the state that it had, and what comes later
    /// is not ignored by them any more.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`] for one that never was.
    pub async fn revoke_ignores(&self, request: RevokeIgnores) -> Result<BulkReport, ApiError> {
        let mut changed = 0;
        for id in request.decision_ids {
            let found = self.read(move |conn| ignore::get(conn, id)).await?;
            let found = found.ok_or_else(|| not_found(format!("there is no decision {id}")))?;
            // It ends first, so that nothing new is covered meanwhile.
            self.write(move |tx| ignore::end(tx, id, &actor(), now_ms()))
                .await?;
            let mut opened = 0;
            loop {
                let some = self
                    .write(move |tx| {
                        let ids = ignore::covered(tx, id, BATCH_ROWS)?;
                        if ids.is_empty() {
                            return Ok(None);
                        }
                        let actor = actor();
                        let act = Act {
                            run_id: undone::last_run(tx, found.connection_id)?,
                            actor: Some(&actor),
                            act: "reopen_rejections",
                            at: now_ms(),
                        };
                        Ok(Some(ignore::uncover(tx, &ids, &act)?))
                    })
                    .await?;
                match some {
                    Some(some) if some > 0 => opened += some,
                    _ => break,
                }
            }
            let detail = serde_json::json!({ "changed": opened }).to_string();
            self.write(move |tx| {
                audit::append(
                    tx,
                    now_ms(),
                    &actor(),
                    "revoke_ignores",
                    &id.to_string(),
                    &detail,
                )
            })
            .await?;
            changed += opened;
        }
        Ok(BulkReport { changed })
    }

    /// Opens what is ignored beyond its date.
    pub(super) async fn open_expired(&self) -> Result<(), ApiError> {
        let opened = open_expired(&self.cache()?, &today(now_ms()), now_ms()).await?;
        if opened > 0 {
            tracing::info!(opened, "what was ignored until a date is open again");
        }
        Ok(())
    }
}

/// A rejection in a list, with who ignores it.
pub(super) fn with_ignored(
    conn: &Connection,
    found: rejection::RejectionRow,
) -> Result<RejectionRow, StoreError> {
    let by = if found.state == State::Ignored as i64 {
        ignore::of_rejection(conn, found.id)?
    } else {
        None
    };
    let mut shown = row(found);
    shown.ignored = by.map(|by| IgnoredBy {
        decision_id: by.id,
        standing: by.standing.is_some(),
        reason: by.reason,
        actor: by.actor,
        at: by.at,
        term: term(by.term),
        until: by.until,
    });
    Ok(shown)
}

const fn term(term: Term) -> IgnoreTerm {
    match term {
        Term::Value => IgnoreTerm::Value,
        Term::Date => IgnoreTerm::Date,
        Term::Ever => IgnoreTerm::Ever,
    }
}

fn decision(row: DecisionRow) -> IgnoreDecision {
    IgnoreDecision {
        decision_id: row.id,
        connection_id: row.connection_id,
        cause: row.standing.map(|(dataset, cause)| IgnoredCause {
            dataset,
            rule: cause.rule,
            field: cause.field,
            values: words(&cause.cluster).into(),
            cluster: cause.cluster,
        }),
        term: term(row.term),
        until: row.until,
        reason: row.reason,
        actor: row.actor,
        at: row.at,
        ended_at: row.ended_at,
        ended_by: row.ended_by,
        covers: row.covers,
    }
}
