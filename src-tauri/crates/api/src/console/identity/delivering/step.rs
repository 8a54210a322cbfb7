//! One decision on its way: asked for, claimed, sent, finished.

use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{
    Act, DecisionDoor, DecisionTarget, ExchangeError, Fault, Order, Outlook, Present, Wanted,
    outlook,
};
use zhengqiao_store::decision_delivery::{self, DueRow};
use zhengqiao_store::{audit, hash, record, source};

use super::super::super::{Console, actor, now_ms};
use crate::contract::ApiError;

/// How one decision ended.
pub struct Ended {
    /// The state; in a dry run also `send`.
    pub state: &'static str,
    /// What would be sent.
    pub would_send: Option<String>,
    /// What was wrong.
    pub message: Option<String>,
    /// Whether nothing of the same kind needs to be tried: the portal does not let us in.
    pub stops: bool,
}

impl Ended {
    fn of(state: &'static str) -> Self {
        Self {
            state,
            would_send: None,
            message: None,
            stops: false,
        }
    }

    fn by(error: &ExchangeError) -> Self {
        let state = match error {
            ExchangeError::Settings { .. } => "refused",
            ExchangeError::Request { fault, .. } => match fault {
                Fault::ChangedMeanwhile => "changed",
                Fault::NotFound => "gone",
                Fault::BadRequest | Fault::ProviderRefused | Fault::Forbidden => "refused",
                _ => "failed",
            },
        };
        Self {
            message: Some(error.to_string()),
            stops: error.code() == Fault::Unauthorised.code(),
            ..Self::of(state)
        }
    }
}

/// Where decisions of a connection go.
pub struct Road<'a> {
    pub connection_id: i64,
    /// Name of the connection, for the audit.
    pub name: &'a str,
    /// The connection that reads the accounts.
    pub through_id: i64,
    pub target: &'a DecisionTarget,
    pub door: &'a DecisionDoor,
    pub dry_run: bool,
}

/// What the decision wants of the account.
fn wanted(due: &DueRow, act: Act, deactivates: bool) -> Result<Wanted, Ended> {
    if due.restores {
        return Ok(Wanted {
            bound_to: due.before_bound_to.clone(),
            active: due
                .before_active
                .filter(|_| act == Act::Merge && deactivates),
        });
    }
    match (act, &due.identity_key) {
        (Act::Link, None) => Err(Ended {
            message: Some("the decision names no identity; decide anew".into()),
            ..Ended::of("refused")
        }),
        (Act::Link, key) => Ok(Wanted {
            bound_to: key.clone(),
            active: None,
        }),
        (Act::Unlink, _) => Ok(Wanted::default()),
        (Act::Merge, _) => Ok(Wanted {
            bound_to: None,
            active: deactivates.then_some(false),
        }),
    }
}

impl Console {
    /// Brings one decision to the portal, or says what that would do.
    pub(super) async fn bring(&self, road: &Road<'_>, due: &DueRow) -> Result<Ended, ApiError> {
        let Some(act) = Act::by_name(&due.act) else {
            return Ok(Ended::of("refused"));
        };
        let wanted = match wanted(due, act, road.target.deactivates()) {
            Ok(wanted) => wanted,
            Err(ended) => return self.close(road, due, ended).await,
        };
        let present = match road.door.present(&due.account_id).await {
            Ok(present) => present,
            Err(error) => return self.close(road, due, Ended::by(&error)).await,
        };
        // What was sent and not heard of again is ours when the account has it.
        let was_sent = due.tries > 0 && matches!(due.state.as_str(), "sending" | "failed");
        let known = self.known(road, due).await?;
        let known: Vec<Option<&str>> = known.iter().map(Option::as_deref).collect();
        let is_blind = act == Act::Merge
            && wanted.active.is_some()
            && !was_sent
            && present.as_ref().is_some_and(|one| one.active.is_none());
        let seen = match outlook(present.as_ref(), &wanted, &known) {
            Outlook::Already if is_blind => Outlook::Send,
            seen => seen,
        };
        let present = match (seen, present) {
            (Outlook::Send, Some(present)) => present,
            (Outlook::Already, _) if was_sent => {
                return self.close(road, due, Ended::of("delivered")).await;
            }
            (Outlook::Already, _) => return self.close(road, due, Ended::of("already")).await,
            (Outlook::Changed, _) => {
                let ended = Ended {
                    message: Some(
                        "the account is bound to another than the decision knew; read the accounts and review them again".into(),
                    ),
                    ..Ended::of("changed")
                };
                return self.close(road, due, ended).await;
            }
            (Outlook::Gone | Outlook::Send, _) => {
                let ended = Ended {
                    message: Some("the portal has no such account any more".into()),
                    ..Ended::of("gone")
                };
                return self.close(road, due, ended).await;
            }
        };
        let order = Order {
            act,
            restores: due.restores,
            account_id: due.account_id.clone(),
            remaining_account_id: due.remaining_account_id.clone(),
            from: present,
            wanted,
            key: format!(
                "zhengqiao-{}-{}",
                due.decision_id,
                if due.restores { "restore" } else { "apply" }
            ),
        };
        let described = match road.door.describe(&order) {
            Ok(described) => described,
            Err(error) => return self.close(road, due, Ended::by(&error)).await,
        };
        if road.dry_run {
            return Ok(Ended {
                would_send: Some(described),
                ..Ended::of("send")
            });
        }
        if !self.claim(road, due, &order.from, &order.wanted).await? {
            return Ok(Ended {
                message: Some("the decision was taken back or is being delivered".into()),
                ..Ended::of("waiting")
            });
        }
        let ended = match road.door.send(&order).await {
            Ok(()) => Ended::of("delivered"),
            Err(error) => Ended::by(&error),
        };
        self.close(road, due, ended).await
    }

    /// What the account may be bound to for the decision still to be about the same thing.
    async fn known(&self, road: &Road<'_>, due: &DueRow) -> Result<Vec<Option<String>>, ApiError> {
        let (connection_id, through_id) = (road.connection_id, road.through_id);
        let due = due.clone();
        self.read(move |conn| {
            let mut known = vec![due.identity_key.clone().filter(|_| due.act != "link")];
            if due.restores {
                known = vec![due.sent_bound_to.clone()];
            }
            // What earlier decisions made of it is no surprise to later ones.
            known.extend(decision_delivery::last_given(
                conn,
                connection_id,
                &due.account_id,
                due.decision_id,
            )?);
            if !due.restores
                && let Some(source_id) = source::find(conn, through_id, DatasetId::PortalAccount)?
                && let Some(fields) =
                    record::fields_of(conn, source_id, &hash::of_parts([due.account_id.as_str()]))?
                && let Ok(account) = zhengqiao_sync::read_record(DatasetId::PortalAccount, &fields)
            {
                known.push(account.get("bound_to").map(str::to_owned));
            }
            Ok(known)
        })
        .await
    }

    /// Notes that it is about to be sent; says whether it still should be.
    async fn claim(
        &self,
        road: &Road<'_>,
        due: &DueRow,
        from: &Present,
        wanted: &Wanted,
    ) -> Result<bool, ApiError> {
        let connection_id = road.connection_id;
        let (due, from, sends) = (due.clone(), from.clone(), wanted.bound_to.clone());
        self.write(move |tx| {
            // Somebody may have taken it back, or sent it, since the list was made.
            let now = decision_delivery::get(tx, connection_id, due.decision_id, due.restores)?;
            let Some(now) = now else { return Ok(false) };
            if now.tries != due.tries || matches!(now.state.as_str(), "delivered" | "already") {
                return Ok(false);
            }
            decision_delivery::claim(
                tx,
                connection_id,
                &due,
                (from.bound_to.as_deref(), from.active),
                sends.as_deref(),
                zhengqiao_sync::this_process(),
                now_ms(),
            )?;
            Ok(true)
        })
        .await
    }

    /// Notes how it ended, with an entry in the audit.
    async fn close(&self, road: &Road<'_>, due: &DueRow, ended: Ended) -> Result<Ended, ApiError> {
        if road.dry_run {
            return Ok(ended);
        }
        let connection_id = road.connection_id;
        let (due, name) = (due.clone(), road.name.to_owned());
        let (state, message) = (ended.state, ended.message.clone());
        let kind = road.target.kind();
        self.write(move |tx| {
            let at = now_ms();
            decision_delivery::finish(tx, connection_id, &due, state, message.as_deref(), at)?;
            let detail = serde_json::json!({
                "decision": due.decision_id, "account": due.account_id, "act": due.act,
                "restores": due.restores, "state": state, "by": kind,
            })
            .to_string();
            audit::append(tx, at, &actor(), "deliver_decision", &name, &detail)
        })
        .await?;
        Ok(ended)
    }
}
