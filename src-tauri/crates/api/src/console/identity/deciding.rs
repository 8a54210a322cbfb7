//! Decisions about bindings: made for one or for all in a filter, and taken back.

use std::collections::BTreeMap;

use zhengqiao_identity::{AccountKind, AccountReader, BindingState, DecisionAct, EvidenceKind};
use zhengqiao_store::binding::BindingRow;
use zhengqiao_store::binding_decision::{self, BindingDecision};
use zhengqiao_store::{Connection, StoreError, audit, binding, binding_list};

use super::super::system::LARGEST_PAGE;
use super::super::{Console, actor, invalid, now_ms};
use super::binding::Whole;
use super::bindings::{at, day, kept_filter, today};
use super::known::place;
use super::texts::Person;
use crate::contract::{
    ApiError, BindingAct, BindingDecisionsPage, BindingDecisionsRequest, DecideBindings,
    DecisionsMade, DecisionsUndone, SkippedBindings, UndoBindingDecisions,
};

/// Bindings and decisions read at once.
const PAGE: u32 = 500;
/// Characters of a reason.
const MOST_REASON: usize = 500;

/// What a decision is about, and why a binding has none.
enum Made {
    About {
        identity_key: Option<String>,
        remaining: Option<String>,
    },
    Not(&'static str),
}

impl Console {
    /// Decides about bindings: writes one decision for each account, as one act.
    ///
    /// What is not to be touched is left alone by an act on a filter.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] naming what is missing.
    pub async fn decide_bindings(
        &self,
        request: DecideBindings,
    ) -> Result<DecisionsMade, ApiError> {
        let connection_id = request.connection_id;
        let (connection, _) = self.profile(connection_id).await?;
        let request = checked(request)?;
        let reader = super::reader(&connection)?;
        let made = self
            .write(move |tx| {
                let mut making = Making {
                    bulk_id: binding_decision::next_bulk(tx, connection_id)?,
                    actor: actor(),
                    at: now_ms(),
                    today: today(),
                    reader,
                    request,
                    decided: 0,
                    skipped: BTreeMap::new(),
                };
                making.all(tx)?;
                if making.decided > 0 {
                    let detail = making.told()?;
                    audit::append(
                        tx,
                        making.at,
                        &making.actor,
                        "decide_bindings",
                        &connection.name,
                        &detail,
                    )?;
                }
                Ok(making.made())
            })
            .await?;
        self.follow_decisions(connection_id).await?;
        Ok(made)
    }

    /// Takes an act back, as far as its decisions still hold and the portal has not taken them.
    ///
    /// # Errors
    /// The cache's.
    pub async fn undo_binding_decisions(
        &self,
        request: UndoBindingDecisions,
    ) -> Result<DecisionsUndone, ApiError> {
        let UndoBindingDecisions {
            connection_id,
            bulk_id,
        } = request;
        let (connection, _) = self.profile(connection_id).await?;
        let undone = self
            .write(move |tx| {
                let (at, actor) = (now_ms(), actor());
                let undone = undo(tx, connection_id, bulk_id, at, &actor)?;
                audit::append(
                    tx,
                    at,
                    &actor,
                    "undo_binding_decisions",
                    &connection.name,
                    &serde_json::json!({ "act": bulk_id, "outcome": undone }).to_string(),
                )?;
                Ok(undone)
            })
            .await?;
        self.follow_decisions(connection_id).await?;
        Ok(undone)
    }

    /// The acts about bindings, newest first.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_binding_decisions(
        &self,
        request: BindingDecisionsRequest,
    ) -> Result<BindingDecisionsPage, ApiError> {
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let acts = self
            .read(move |conn| {
                binding_decision::acts(conn, request.connection_id, request.before, limit)
            })
            .await?;
        let next = (acts.len() == limit as usize)
            .then(|| acts.last().map(|act| act.bulk_id))
            .flatten();
        Ok(BindingDecisionsPage {
            acts: acts
                .into_iter()
                .filter_map(|act| {
                    Some(BindingAct {
                        bulk_id: act.bulk_id,
                        act: act.act.parse().ok()?,
                        reason: act.reason,
                        actor: act.actor,
                        decided_at: act.decided_at,
                        until: act.until,
                        accounts: act.accounts,
                        undone: act.undone,
                        delivered: act.delivered,
                        account_id: act.account_id,
                    })
                })
                .collect(),
            next,
        })
    }
}

fn checked(mut request: DecideBindings) -> Result<DecideBindings, ApiError> {
    request.reason = request.reason.trim().to_owned();
    if request.reason.is_empty() {
        return Err(invalid("reason: a decision needs a reason"));
    }
    if request.reason.chars().count() > MOST_REASON {
        return Err(invalid(format!(
            "reason: more than {MOST_REASON} characters"
        )));
    }
    let single = request.binding_ids.len() == 1;
    if request.binding_ids.is_empty() && request.filter.is_none() {
        return Err(invalid(
            "binding_ids: name bindings, or a filter for all under it",
        ));
    }
    if !single && (request.person_id.is_some() || request.remaining_account_id.is_some()) {
        return Err(invalid(
            "person_id: an identity or account is chosen for one binding only",
        ));
    }
    if request.act == DecisionAct::Later {
        let until = request
            .until
            .as_deref()
            .ok_or_else(|| invalid("until: name the day from which it is asked again"))?;
        let day = day(until).ok_or_else(|| {
            invalid(format!(
                "until: {until:?} is no day; write it as YYYY-MM-DD"
            ))
        })?;
        if day.to_string() <= today() {
            return Err(invalid(format!("until: {until} is not after today")));
        }
    } else {
        request.until = None;
    }
    Ok(request)
}

struct Making {
    bulk_id: i64,
    actor: String,
    at: i64,
    today: String,
    reader: AccountReader,
    request: DecideBindings,
    decided: i64,
    skipped: BTreeMap<&'static str, i64>,
}

impl Making {
    fn all(&mut self, conn: &Connection) -> Result<(), StoreError> {
        let connection_id = self.request.connection_id;
        if !self.request.binding_ids.is_empty() {
            for id in self.request.binding_ids.clone() {
                if let Some(row) = binding::get(conn, connection_id, id)? {
                    self.one(conn, row)?;
                }
            }
            return Ok(());
        }
        let filter = self.request.filter.clone().unwrap_or_default();
        let filter = kept_filter(conn, connection_id, &filter, &self.today)?;
        let mut after = None;
        loop {
            let page = binding_list::page(conn, connection_id, &filter, after, PAGE)?;
            after = page.last().map(|row| row.id);
            if page.is_empty() {
                return Ok(());
            }
            for row in page {
                if row.act.as_deref() == Some(DecisionAct::DoNotTouch.as_str()) {
                    self.skip("shielded");
                } else {
                    self.one(conn, row)?;
                }
            }
        }
    }

    fn skip(&mut self, why: &'static str) {
        *self.skipped.entry(why).or_default() += 1;
    }

    fn one(&mut self, conn: &Connection, row: BindingRow) -> Result<(), StoreError> {
        let Some(account_id) = row.account_id.clone() else {
            self.skip("no_account");
            return Ok(());
        };
        let kind = at(AccountKind::ALL, row.computed.kind)?;
        let id = row.id;
        let (identity_key, remaining) = match self.about(conn, row)? {
            Made::About {
                identity_key,
                remaining,
            } => (identity_key, remaining),
            Made::Not(why) => {
                self.skip(why);
                return Ok(());
            }
        };
        let act = self.request.act;
        let connection_id = self.request.connection_id;
        let until = self.request.until.clone();
        binding_decision::add(
            conn,
            connection_id,
            &BindingDecision {
                id: 0,
                bulk_id: self.bulk_id,
                kind: kind.as_str().into(),
                account_id: account_id.clone(),
                act: act.as_str().into(),
                identity_key,
                remaining_account_id: remaining,
                reason: self.request.reason.clone(),
                actor: self.actor.clone(),
                decided_at: self.at,
                until: until.clone(),
                undone_at: None,
                undone_by: None,
                delivered_at: None,
                delivery_error: None,
            },
        )?;
        let until = until.as_deref();
        binding::set_decision(conn, connection_id, &account_id, Some(act.as_str()), until)?;
        if act == DecisionAct::DoNotTouch {
            binding::set_state(
                conn,
                connection_id,
                id,
                place(BindingState::ALL, &BindingState::DoNotTouch),
            )?;
        }
        self.decided += 1;
        Ok(())
    }

    fn about(&self, conn: &Connection, row: BindingRow) -> Result<Made, StoreError> {
        let plain = || Made::About {
            identity_key: None,
            remaining: None,
        };
        let connection_id = self.request.connection_id;
        Ok(match self.request.act {
            DecisionAct::DoNotTouch | DecisionAct::Later => plain(),
            DecisionAct::Link => match self.identity(conn, &row)? {
                Some(key) => Made::About {
                    identity_key: Some(key),
                    remaining: None,
                },
                None => Made::Not("no_single_identity"),
            },
            DecisionAct::Unlink => {
                let whole = Whole::read(conn, &self.reader, connection_id, row)?;
                let own = whole.person.as_ref().map(|one| one.key.clone());
                match own.or_else(|| whole.bound_key()) {
                    Some(key) => Made::About {
                        identity_key: Some(key),
                        remaining: None,
                    },
                    None => Made::Not("not_bound"),
                }
            }
            DecisionAct::Merge => {
                let whole = Whole::read(conn, &self.reader, connection_id, row)?;
                let chosen = self
                    .request
                    .remaining_account_id
                    .clone()
                    .filter(|account| whole.has_active_sibling(account));
                let remaining = match &self.request.remaining_account_id {
                    Some(_) => chosen,
                    None => whole
                        .proposals()
                        .into_iter()
                        .find_map(|one| one.remaining_account_id),
                };
                match remaining {
                    Some(remaining) => Made::About {
                        identity_key: whole.person.map(|one| one.key),
                        remaining: Some(remaining),
                    },
                    None => Made::Not("remains"),
                }
            }
        })
    }

    /// The identity that a person chose, else the account's own, else the only one that its keys, not
    /// telephone and name alone, point to.
    fn identity(&self, conn: &Connection, row: &BindingRow) -> Result<Option<String>, StoreError> {
        let computed = &row.computed;
        let only = || -> Result<Option<i64>, StoreError> {
            let proven = EvidenceKind::ALL
                .iter()
                .filter(|kind| !matches!(kind, EvidenceKind::Phone | EvidenceKind::Name))
                .any(|kind| computed.agreed & i64::from(kind.bit()) != 0);
            let list: Vec<i64> = match &computed.candidates {
                Some(text) if proven => serde_json::from_str(text)?,
                _ => Vec::new(),
            };
            Ok(match list.as_slice() {
                [one] => Some(*one),
                _ => None,
            })
        };
        let record = match (self.request.person_id, computed.person_record) {
            (Some(chosen), _) => Some(chosen),
            (None, Some(own)) => Some(own),
            (None, None) => only()?,
        };
        let Some(record) = record else {
            return Ok(None);
        };
        let kind = at(AccountKind::ALL, computed.kind)?;
        Ok(Person::read(conn, &self.reader, record)?
            .filter(|one| one.identity.kind == kind)
            .map(|one| one.key))
    }

    /// What the audit log keeps: the act, the filter and how many.
    fn told(&self) -> Result<String, StoreError> {
        Ok(serde_json::to_string(&serde_json::json!({
            "act": self.request.act,
            "number": self.bulk_id,
            "reason": self.request.reason,
            "until": self.request.until,
            "filter": self.request.filter,
            "chosen": self.request.binding_ids.len(),
            "decided": self.decided,
            "skipped": self.skipped,
        }))?)
    }

    fn made(self) -> DecisionsMade {
        DecisionsMade {
            bulk_id: (self.decided > 0).then_some(self.bulk_id),
            decided: self.decided,
            skipped: self
                .skipped
                .into_iter()
                .map(|(why, count)| SkippedBindings {
                    why: why.into(),
                    count,
                })
                .collect(),
        }
    }
}

fn undo(
    conn: &Connection,
    connection_id: i64,
    bulk_id: i64,
    at: i64,
    actor: &str,
) -> Result<DecisionsUndone, StoreError> {
    let mut undone = DecisionsUndone {
        undone: 0,
        delivered: 0,
        decided_anew: 0,
    };
    let mut after = 0;
    loop {
        let page = binding_decision::of_bulk(conn, connection_id, bulk_id, after, PAGE)?;
        let Some(last) = page.last() else {
            return Ok(undone);
        };
        after = last.id;
        for decision in page {
            if decision.undone_at.is_some() {
                continue;
            }
            let account_id = &decision.account_id;
            let holding = binding_decision::of_account(conn, connection_id, account_id)?;
            if decision.delivered_at.is_some() {
                undone.delivered += 1;
            } else if holding.is_some_and(|holding| holding.id != decision.id) {
                undone.decided_anew += 1;
            } else {
                binding_decision::undo(conn, decision.id, at, actor)?;
                let before = binding_decision::of_account(conn, connection_id, account_id)?;
                binding::set_decision(
                    conn,
                    connection_id,
                    account_id,
                    before.as_ref().map(|one| one.act.as_str()),
                    before.as_ref().and_then(|one| one.until.as_deref()),
                )?;
                undone.undone += 1;
            }
        }
    }
}
