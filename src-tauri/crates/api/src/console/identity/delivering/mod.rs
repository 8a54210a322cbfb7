//! Decisions about bindings, brought to the portal: set up, tried, delivered, exported.
//!
//! The way to the portal belongs to the connection that reads its accounts, with that connection's
//! secret. Each decision is asked for, claimed, sent and finished by itself, so that a kill anywhere
//! loses nothing and sends nothing twice.

mod export;
mod run;
mod step;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use zhengqiao_domain::primitives::masking::identity_key;
use zhengqiao_store::connection::ConnectionRow;
use zhengqiao_store::decision_delivery::{self, DueRow};

use super::super::connections::place_of;
use super::super::system::LARGEST_PAGE;
use super::super::{Console, not_found};
use crate::contract::{
    ApiError, ConnectionId, DecisionDeliveriesPage, DecisionDeliveriesRequest, DecisionDelivery,
    DecisionDeliveryCount, DecisionDeliveryRow, Nothing, SaveConnection, SaveDecisionTarget,
};
use zhengqiao_exchange::Profile;

/// Deliveries that this process runs, each with whether it is asked to end.
#[derive(Default)]
pub(in super::super) struct Delivering(Mutex<HashMap<i64, Arc<AtomicBool>>>);

impl Delivering {
    /// Begins one; nothing when it goes on already.
    fn begin(&self, connection_id: i64) -> Option<Arc<AtomicBool>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.contains_key(&connection_id) {
            return None;
        }
        let asked = Arc::new(AtomicBool::new(false));
        all.insert(connection_id, asked.clone());
        Some(asked)
    }

    fn end(&self, connection_id: i64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&connection_id);
    }

    fn is_running(&self, connection_id: i64) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.contains_key(&connection_id)
    }

    /// Asks one to end; says whether there is one.
    fn cancel(&self, connection_id: i64) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&connection_id)
            .map(|asked| asked.store(true, Ordering::Relaxed))
            .is_some()
    }
}

impl Console {
    /// How decisions of a connection go to the portal, and how far they have come.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn get_decision_delivery(
        &self,
        request: ConnectionId,
    ) -> Result<DecisionDelivery, ApiError> {
        let connection_id = request.connection_id;
        let (row, profile) = self.through(connection_id).await?;
        let counts = self
            .read(move |conn| decision_delivery::counts(conn, connection_id))
            .await?;
        let through_id = row.id;
        let secret = self
            .get_connection(ConnectionId {
                connection_id: through_id,
            })
            .await?
            .secret;
        Ok(DecisionDelivery {
            connection_id,
            through_id,
            through: row.name,
            environment: profile.environment,
            interface: profile.interface,
            place: place_of(&profile),
            has_secret: secret.has_secret,
            target: profile.decisions,
            counts: told(counts),
            is_running: self.0.deciding.is_running(connection_id),
        })
    }

    /// Says how decisions go to the portal.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] naming the field.
    pub async fn save_decision_target(
        &self,
        request: SaveDecisionTarget,
    ) -> Result<DecisionDelivery, ApiError> {
        let connection_id = request.connection_id;
        let (row, mut profile) = self.through(connection_id).await?;
        profile.decisions = request.target;
        self.save_connection(SaveConnection {
            connection_id: Some(row.id),
            name: row.name,
            profile,
            secret: None,
        })
        .await?;
        self.get_decision_delivery(ConnectionId { connection_id })
            .await
    }

    /// A page of deliveries, newest decision first.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_decision_deliveries(
        &self,
        request: DecisionDeliveriesRequest,
    ) -> Result<DecisionDeliveriesPage, ApiError> {
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let rows = self
            .read(move |conn| {
                decision_delivery::list(
                    conn,
                    request.connection_id,
                    request.open,
                    request.before,
                    limit,
                )
            })
            .await?;
        let next = (rows.len() == limit as usize)
            .then(|| rows.last().map(|row| row.decision_id))
            .flatten();
        Ok(DecisionDeliveriesPage {
            deliveries: rows.iter().map(shown).collect(),
            next,
        })
    }

    /// Asks a delivery of decisions to end after the present one.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`] when none goes on.
    pub async fn cancel_decision_delivery(
        &self,
        request: ConnectionId,
    ) -> Result<Nothing, ApiError> {
        let id = request.connection_id;
        // A delivery that is begun in this moment is not yet known.
        tokio::task::yield_now().await;
        if self.0.deciding.cancel(id) {
            Ok(Nothing {})
        } else {
            Err(not_found(format!(
                "no decisions are being delivered for connection {id}"
            )))
        }
    }

    /// The connection by which the portal of a connection is reached.
    async fn through(&self, connection_id: i64) -> Result<(ConnectionRow, Profile), ApiError> {
        let (row, profile) = self.profile(connection_id).await?;
        match row.accounts_from.filter(|from| *from != connection_id) {
            Some(from) => self.profile(from).await,
            None => Ok((row, profile)),
        }
    }
}

fn told(counts: Vec<(String, i64)>) -> Vec<DecisionDeliveryCount> {
    counts
        .into_iter()
        .map(|(state, count)| DecisionDeliveryCount { state, count })
        .collect()
}

fn shown(due: &DueRow) -> DecisionDeliveryRow {
    DecisionDeliveryRow {
        decision_id: due.decision_id,
        account_id: due.account_id.clone(),
        act: due.act.clone(),
        restores: due.restores,
        state: due.state.clone(),
        identity_key: due.identity_key.as_deref().map(identity_key),
        remaining_account_id: due.remaining_account_id.clone(),
        would_send: None,
        message: due.message.clone(),
        tries: due.tries,
        decided_at: due.decided_at,
        at: due.at,
    }
}
