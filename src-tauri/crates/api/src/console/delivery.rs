//! Delivery to the portal's library: set up, tested, begun, watched.

use std::sync::PoisonError;
use std::time::Instant;

use zhengqiao_delivery::DeliveryError;
use zhengqiao_exchange::{Profile, Secrets, Target};
use zhengqiao_store::secret::Secret;
use zhengqiao_store::{
    Connection, StoreError, audit, connection, connection_secret, delivery, outbox, rejection,
    source,
};

use super::connections::test_layer;
use super::runs::LOOK_EVERY;
use super::secrets::Which;
use super::{Console, actor, invalid, not_found, now_ms};
use crate::contract::{
    ApiError, ConnectionDetail, ConnectionId, DeliverNow, DeliveryProgress, DeliveryRow, ErrorCode,
    Nothing, SaveConnection, SaveDeliveryTarget, TestDeliveryTarget, TestLayer, TestReport,
};
use crate::estimate::Estimate;

/// Characters of a secret at most.
const MAX_SECRET: usize = 64 * 1024;

impl Console {
    /// How each connection with a library stands.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_deliveries(&self, _request: Nothing) -> Result<Vec<DeliveryRow>, ApiError> {
        let busy = self.delivering();
        self.read(move |conn| {
            delivery::list(conn)?
                .into_iter()
                .filter_map(|row| {
                    let is_busy = busy.contains(&row.connection_id);
                    delivery_row(conn, row, is_busy).transpose()
                })
                .collect()
        })
        .await
    }

    /// Says where a connection's records go on to. A new library gets everything; without one, what
    /// waited is forgotten, and nothing that the library has is touched.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidRequest`] naming the field.
    pub async fn save_delivery_target(
        &self,
        request: SaveDeliveryTarget,
    ) -> Result<ConnectionDetail, ApiError> {
        let id = request.connection_id;
        let (row, mut profile) = self.profile(id).await?;
        if request
            .secret
            .as_ref()
            .is_some_and(|text| text.len() > MAX_SECRET)
        {
            return Err(invalid("secret: it is too long"));
        }
        let removed = request.target.is_none();
        if let Some(target) = &request.target {
            target.validate(&profile.network, profile.environment)?;
        }
        let secret = if removed {
            Some(String::new())
        } else {
            request.secret
        };
        if let Some(text) = secret {
            let kept = !text.is_empty();
            self.set_secret(id, Which::Delivery, kept.then(|| Secret::new(text)))
                .await?;
            self.write(move |tx| {
                let at = now_ms();
                let name = Which::Delivery.name();
                connection_secret::note(tx, id, name, kept.then_some(at))?;
                let detail = serde_json::json!({ "secret": name, "kept": kept }).to_string();
                audit::append(
                    tx,
                    at,
                    &actor(),
                    "change_delivery_secret",
                    &row.name,
                    &detail,
                )
            })
            .await?;
        }
        if profile.delivery == request.target {
            return self
                .get_connection(ConnectionId { connection_id: id })
                .await;
        }
        let (row, _) = self.profile(id).await?;
        profile.delivery = request.target;
        self.save_connection(SaveConnection {
            connection_id: Some(id),
            name: row.name,
            profile,
            secret: None,
        })
        .await
    }

    /// Tests a library layer by layer, down to a sample row that is taken back.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] where there is no target. What is wrong is in the layers.
    pub async fn test_delivery_target(
        &self,
        request: TestDeliveryTarget,
        mut on_layer: impl FnMut(TestLayer) + Send,
    ) -> Result<TestReport, ApiError> {
        let id = request.connection_id;
        let (_, profile) = self.profile(id).await?;
        let target = request
            .target
            .or_else(|| profile.delivery.clone())
            .ok_or_else(|| not_found(format!("connection {id} has no library")))?;
        let secrets = match request.secret.filter(|text| !text.is_empty()) {
            Some(text) => self.delivery_secrets(id, Some(text)).await?,
            None => self.kept_delivery_secrets(id).await?,
        };
        let mut layers: Vec<TestLayer> = Vec::new();
        zhengqiao_delivery::diagnose(&profile, &target, secrets, |layer| {
            let layer = test_layer(layer);
            on_layer(layer.clone());
            layers.push(layer);
        })
        .await;
        Ok(TestReport {
            passed: layers.iter().all(|layer| layer.state != "failed"),
            layers,
            samples: Vec::new(),
            tested_next_secret: false,
            took_next_secret: false,
        })
    }

    /// Begins to deliver what waits, or everything again. It goes on in the background.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] where there is no library, [`ErrorCode::AlreadyRunning`] while
    /// somebody delivers.
    pub async fn deliver_now(&self, request: DeliverNow) -> Result<DeliveryRow, ApiError> {
        let id = request.connection_id;
        let row = self.delivery(id).await?;
        if row.state == "running" {
            return Err(ApiError {
                code: ErrorCode::AlreadyRunning,
                message: format!(
                    "{}: its records are being delivered already",
                    row.connection
                ),
                retryable: true,
                details: None,
            });
        }
        if request.again {
            let name = row.connection.clone();
            self.write(move |tx| {
                let rows = delivery::begin_again(tx, id, true)?;
                let detail = serde_json::json!({ "rows": rows }).to_string();
                audit::append(tx, now_ms(), &actor(), "deliver_again", &name, &detail)
            })
            .await?;
        }
        let secrets = self.kept_delivery_secrets(id).await?;
        let cache = self.cache()?;
        let is_first = self
            .0
            .delivering
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id);
        if is_first {
            let console = self.clone();
            tokio::spawn(async move {
                loop {
                    match zhengqiao_delivery::deliver(&cache, id, secrets.clone()).await {
                        Ok(done) => {
                            tracing::info!(connection_id = id, ?done, "a delivery ended");
                            // What came while it ended is not left lying.
                            let waits = cache.read(move |conn| outbox::waiting(conn, id)).await;
                            let goes_on = done.end == zhengqiao_delivery::DeliveryEnd::Succeeded
                                && matches!(waits, Ok(rows) if rows > 0);
                            if goes_on {
                                continue;
                            }
                        }
                        Err(error) => {
                            tracing::warn!(connection_id = id, %error, "a delivery was broken off");
                        }
                    }
                    break;
                }
                console
                    .0
                    .delivering
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .remove(&id);
            });
        }
        self.delivery(id).await
    }

    /// Begins to deliver for a connection that has something waiting; says whether it does.
    ///
    /// # Errors
    /// The cache's.
    pub async fn deliver_waiting(&self, connection_id: i64) -> Result<bool, ApiError> {
        let waits = self
            .read(move |conn| {
                Ok(delivery::get(conn, connection_id)?.is_some()
                    && outbox::waiting(conn, connection_id)? > 0)
            })
            .await?;
        if !waits {
            return Ok(false);
        }
        let request = DeliverNow {
            connection_id,
            again: false,
        };
        match self.deliver_now(request).await {
            Ok(_) => Ok(true),
            // Whoever delivers takes it along.
            Err(error) if error.code == ErrorCode::AlreadyRunning => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Asks a delivery to end after its batch.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] when none goes on.
    pub async fn cancel_delivery(&self, request: ConnectionId) -> Result<Nothing, ApiError> {
        let id = request.connection_id;
        if self
            .write(move |tx| delivery::request_cancel(tx, id))
            .await?
        {
            Ok(Nothing {})
        } else {
            Err(not_found(format!(
                "nothing is being delivered for connection {id}"
            )))
        }
    }

    /// Tells how a delivery goes on, until it ends; the last message is returned as well.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] where there is no library.
    pub async fn watch_delivery(
        &self,
        request: ConnectionId,
        mut on_progress: impl FnMut(DeliveryProgress) + Send,
    ) -> Result<DeliveryProgress, ApiError> {
        let mut estimate = Estimate::default();
        let begun = Instant::now();
        loop {
            let row = self.delivery(request.connection_id).await?;
            let at_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
            let progress = DeliveryProgress {
                rows_per_s: estimate.after(at_ms, row.delivered, None).0.max(0.0),
                ended: row.state != "running",
                delivery: row,
            };
            on_progress(progress.clone());
            if progress.ended {
                return Ok(progress);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn delivery(&self, connection_id: i64) -> Result<DeliveryRow, ApiError> {
        let busy = self.delivering().contains(&connection_id);
        self.read(move |conn| match delivery::get(conn, connection_id)? {
            Some(row) => delivery_row(conn, row, busy),
            None => Ok(None),
        })
        .await?
        .ok_or_else(|| not_found(DeliveryError::NoTarget(connection_id).to_string()))
    }

    fn delivering(&self) -> std::collections::HashSet<i64> {
        self.0
            .delivering
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn kept_delivery_secrets(&self, connection_id: i64) -> Result<Secrets, ApiError> {
        let kept = self
            .read(move |conn| connection_secret::list(conn, connection_id))
            .await?;
        let name = Which::Delivery.name();
        let secret = if kept.iter().any(|(kept, _)| kept == name) {
            self.secret(connection_id, Which::Delivery).await?
        } else {
            None
        };
        self.delivery_secrets(connection_id, secret).await
    }

    async fn delivery_secrets(
        &self,
        connection_id: i64,
        secret: Option<String>,
    ) -> Result<Secrets, ApiError> {
        self.with_network_secrets(connection_id, Secrets::new(secret))
            .await
    }
}

/// Takes over, in the transaction that saves a connection, where its records go on to.
pub(super) fn set_up(
    conn: &Connection,
    connection_id: i64,
    target: Option<&Target>,
) -> Result<(), StoreError> {
    let place = target.map(Target::place);
    let stream = uuid::Uuid::new_v4().to_string();
    delivery::set_up(conn, connection_id, place.as_deref(), &stream)
}

fn delivery_row(
    conn: &Connection,
    row: delivery::DeliveryRow,
    is_busy: bool,
) -> Result<Option<DeliveryRow>, StoreError> {
    let Some(named) = connection::get(conn, row.connection_id)? else {
        return Ok(None);
    };
    let profile: Profile = serde_json::from_str(&named.profile)?;
    let Some(target) = profile.delivery else {
        return Ok(None);
    };
    let runs = is_busy || zhengqiao_delivery::is_running(&row, now_ms());
    let state = match row.state.as_str() {
        _ if runs => "running",
        "running" => "paused",
        "succeeded" if row.refused > 0 => "finished_with_rejections",
        other => other,
    };
    let mut refused_open = 0;
    for source in source::list(conn, Some(row.connection_id))? {
        refused_open += rejection::count_refused(conn, source.id)?;
    }
    let (code, message) = row.cause.filter(|_| !runs).unzip();
    Ok(Some(DeliveryRow {
        connection_id: row.connection_id,
        connection: named.name,
        environment: profile.environment,
        kind: target.kind().into(),
        place: target.place(),
        state: state.into(),
        code,
        message,
        waiting: outbox::waiting(conn, row.connection_id)?,
        delivered: row.delivered,
        refused: row.refused,
        refused_open,
        begun_at: row.begun_at,
        ended_at: row.ended_at,
    }))
}

impl From<DeliveryError> for ApiError {
    fn from(error: DeliveryError) -> Self {
        let code = match &error {
            DeliveryError::Store(_) => ErrorCode::Storage,
            DeliveryError::NoTarget(_) => ErrorCode::NotFound,
            DeliveryError::AlreadyDelivering { .. } => ErrorCode::AlreadyRunning,
            _ => ErrorCode::Provider,
        };
        Self {
            code,
            message: error.to_string(),
            retryable: false,
            details: Some(error.code().to_owned()),
        }
    }
}
