//! A delivery: batches in order, split where something in them is refused, until nothing waits.

use std::time::Duration;

use tokio::task::JoinHandle;
use zhengqiao_exchange::{ExchangeError, Profile, Secrets, Target};
use zhengqiao_store::delivery::{self, DeliveryRow};
use zhengqiao_store::{Cache, Connection, StoreError, connection, outbox};

use crate::batch::{Batch, Item};
use crate::behind::{self, Behind};
use crate::door::{Answer, Door, SendError, Standing, Step};
use crate::error::DeliveryError;
use crate::lease::{Lease, now_ms};
use crate::settle::{self, Refusal};

/// Rows of a batch that is sent again as it was, at most.
const MOST_ROWS: u32 = 100_000;
/// So many refusals with nothing taken are the library's fault, not the records'.
const ALL_REFUSED: i64 = 200;
/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How a delivery ended that was not broken off by an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryEnd {
    /// Nothing waits any more.
    Succeeded,
    /// Somebody wanted it to end.
    Cancelled,
}

/// What a delivery did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// How it ended.
    pub end: DeliveryEnd,
    /// Rows that have arrived.
    pub delivered: i64,
    /// Records that were refused.
    pub refused: i64,
}

/// Delivers what waits for a connection's library. How it goes on can be read in the cache.
///
/// # Errors
/// What broke it off; the rest stays in the outbox. It is noted in the cache as well, unless the
/// delivery could not begin.
pub async fn deliver(
    cache: &Cache,
    connection_id: i64,
    secrets: Secrets,
) -> Result<Delivery, DeliveryError> {
    let lease = Lease::take(cache, connection_id).await?;
    let engine = Engine {
        cache,
        connection_id,
        secrets,
        lease: &lease,
    };
    let outcome = engine.go().await;
    let (state, cause) = match &outcome {
        Ok(DeliveryEnd::Succeeded) => ("succeeded", None),
        Ok(DeliveryEnd::Cancelled) => ("cancelled", None),
        Err(error) => ("failed", Some((error.code(), error.to_string()))),
    };
    let ended = cache
        .write(move |tx| {
            let row = delivery::get(tx, connection_id)?;
            let cause = cause.as_ref().map(|(code, text)| (*code, text.as_str()));
            delivery::end(tx, connection_id, state, cause, now_ms())?;
            Ok(row)
        })
        .await;
    drop(lease);
    let end = outcome?;
    // Its target may have been taken away in the meantime.
    let (delivered, refused) = ended?.map_or((0, 0), |row| (row.delivered, row.refused));
    Ok(Delivery {
        end,
        delivered,
        refused,
    })
}

struct Engine<'a> {
    cache: &'a Cache,
    connection_id: i64,
    secrets: Secrets,
    lease: &'a Lease,
}

/// How far a passage through the outbox came.
enum Passed {
    /// To its end; so many rows had no answer, and something arrived or not.
    Through {
        unknown: usize,
        moved: bool,
    },
    Cancelled,
    /// It broke off at something that may pass; something had arrived or not.
    Broken {
        error: ExchangeError,
        moved: bool,
    },
}

impl Engine<'_> {
    async fn row(&self) -> Result<DeliveryRow, DeliveryError> {
        let id = self.connection_id;
        self.cache
            .read(move |conn| delivery::get(conn, id))
            .await?
            .ok_or(DeliveryError::NoTarget(id))
    }

    async fn go(&self) -> Result<DeliveryEnd, DeliveryError> {
        let id = self.connection_id;
        let connection = self
            .cache
            .read(move |conn| connection::get(conn, id))
            .await?
            .ok_or(DeliveryError::NoTarget(id))?;
        let profile: Profile =
            serde_json::from_str(&connection.profile).map_err(StoreError::from)?;
        let target = profile
            .delivery
            .clone()
            .ok_or(DeliveryError::NoTarget(id))?;
        let mut tries = 0;
        loop {
            if self.lease.is_stopped() {
                return Ok(DeliveryEnd::Cancelled);
            }
            let passed = match self.open(&profile, &connection.name, &target).await {
                Ok(mut door) => self.pass(&mut door, &target).await?,
                Err(SendError::Again(error) | SendError::Fails(error)) => Passed::Broken {
                    error,
                    moved: false,
                },
                Err(SendError::Refused(refusal)) => {
                    return Err(ExchangeError::Settings {
                        field: "delivery".into(),
                        what: format!("{}: {}", refusal.code, refusal.message),
                    }
                    .into());
                }
                Err(SendError::Stop(error)) => return Err(error),
            };
            let (failure, moved) = match passed {
                Passed::Cancelled => return Ok(DeliveryEnd::Cancelled),
                Passed::Through { unknown: 0, .. } => return Ok(DeliveryEnd::Succeeded),
                Passed::Through { unknown, moved } => {
                    (DeliveryError::Unanswered { rows: unknown }, moved)
                }
                Passed::Broken { error, moved } => (error.into(), moved),
            };
            tries = if moved { 1 } else { tries + 1 };
            if tries > profile.network.retries {
                return Err(failure);
            }
            tracing::info!(connection_id = id, tries, error = %failure, "a delivery is tried again");
            let pause =
                Duration::from_millis(profile.network.backoff_ms.saturating_mul(1 << tries.min(8)));
            tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
        }
    }

    /// Opens the way and brings both sides to agree on what has arrived.
    async fn open(
        &self,
        profile: &Profile,
        name: &str,
        target: &Target,
    ) -> Result<Door, SendError> {
        let row = self.row().await.map_err(SendError::Stop)?;
        let (door, standing) =
            Door::open(profile, name, target, self.secrets.clone(), &row).await?;
        let id = self.connection_id;
        let stopped = |error: StoreError| SendError::Stop(error.into());
        match (standing, row.next) {
            (Standing::HasNext, Some((token, no))) => {
                behind::trim(self.cache, id, Some(token), no)
                    .await
                    .map_err(stopped)?;
            }
            // Rows of the last batch may wait still; what a library refuses does not.
            (Standing::Agrees, _) if row.token_no > 0 => {
                behind::trim(self.cache, id, None, row.token_no)
                    .await
                    .map_err(stopped)?;
            }
            (Standing::Lost, _) => {
                tracing::warn!(
                    connection_id = id,
                    "the library is new to this cache: everything is delivered"
                );
                self.cache
                    .write(move |tx| delivery::begin_again(tx, id, false))
                    .await
                    .map_err(stopped)?;
            }
            _ => {}
        }
        Ok(door)
    }

    /// Once through the outbox.
    async fn pass(&self, door: &mut Door, target: &Target) -> Result<Passed, DeliveryError> {
        let mut behind = Behind::new(self.cache, self.connection_id);
        let passed = self.send_all(door, target, &mut behind).await;
        behind.finish().await?;
        passed
    }

    async fn send_all(
        &self,
        door: &mut Door,
        target: &Target,
        behind: &mut Behind,
    ) -> Result<Passed, DeliveryError> {
        let id = self.connection_id;
        let row = self.row().await?;
        let mut before = row.token.clone().unwrap_or_default();
        let (mut after, mut unknown, mut moved) = (0, 0, false);
        let mut ahead: Option<JoinHandle<Result<Batch, StoreError>>> = None;
        // What was under way is sent as it was, so that a library that knows it is not confused.
        let mut again = match door {
            Door::Push(_) => row.next.clone(),
            Door::Postgres(_) => None,
        };
        loop {
            let (to, limit) = match &again {
                Some((_, no)) => (*no, MOST_ROWS),
                None => (i64::MAX, target.batch_rows()),
            };
            let mut batch = match ahead.take() {
                Some(task) => task.await.map_err(|_| StoreError::Closed)??,
                None => Batch::default(),
            };
            // Nothing was read ahead, or nothing was there yet.
            if batch.items.is_empty() {
                batch = read(self.cache, id, after, to, limit).await?;
            }
            if batch.items.is_empty() {
                if again.take().is_some() {
                    continue;
                }
                break;
            }
            // What comes next is read while the library writes this.
            if again.is_none() {
                let (cache, last, limit) =
                    (self.cache.clone(), batch.last_no(), target.batch_rows());
                let next = async move { read(&cache, id, last, i64::MAX, limit).await };
                ahead = Some(tokio::spawn(next));
            }
            let mut pieces = vec![batch];
            let mut named = again.take().map(|(token, _)| token);
            while let Some(piece) = pieces.pop() {
                if self.lease.is_stopped() {
                    return Ok(Passed::Cancelled);
                }
                let token = named
                    .take()
                    .unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string());
                let no = piece.last_no();
                behind.announce(&token, no).await?;
                let step = Step {
                    before: &before,
                    token: &token,
                    no,
                };
                match door.send(&piece, step).await {
                    Ok(answers) => {
                        after = no;
                        before.clone_from(&token);
                        let open = answers
                            .iter()
                            .filter(|one| **one == Answer::Unknown)
                            .count();
                        unknown += open;
                        moved |= open < answers.len();
                        if answers.iter().all(|one| *one == Answer::Arrived) {
                            behind.arrived(piece, token, no);
                        } else {
                            behind.finish().await?;
                            self.settle(piece, answers, token, no).await?;
                        }
                    }
                    Err(SendError::Refused(refusal)) => {
                        if piece.items.len() > 1 {
                            let (first, second) = piece.halves();
                            pieces.push(second);
                            pieces.push(first);
                            continue;
                        }
                        after = no;
                        behind.finish().await?;
                        self.refuse(piece.items, refusal).await?;
                    }
                    Err(SendError::Fails(error)) => {
                        // Whether it fails at something in the piece, or altogether.
                        if !door.answers().await {
                            return Ok(Passed::Broken { error, moved });
                        }
                        if piece.items.len() > 1 {
                            let (first, second) = piece.halves();
                            pieces.push(second);
                            pieces.push(first);
                            continue;
                        }
                        after = no;
                        let refusal = Refusal {
                            code: error.code().to_owned(),
                            message: settle::without_values(&error.to_string()),
                            field: None,
                        };
                        behind.finish().await?;
                        self.refuse(piece.items, refusal).await?;
                    }
                    Err(SendError::Again(error)) => return Ok(Passed::Broken { error, moved }),
                    Err(SendError::Stop(error)) => return Err(error),
                }
            }
        }
        behind.finish().await?;
        if unknown == 0 {
            match door.close().await {
                Ok(()) => {}
                Err(SendError::Again(error) | SendError::Fails(error)) => {
                    return Ok(Passed::Broken { error, moved });
                }
                Err(SendError::Refused(refusal)) => {
                    return Err(DeliveryError::RefusesAll {
                        rows: 0,
                        code: refusal.code,
                        message: refusal.message,
                    });
                }
                Err(SendError::Stop(error)) => return Err(error),
            }
        }
        Ok(Passed::Through { unknown, moved })
    }

    async fn settle(
        &self,
        piece: Batch,
        answers: Vec<Answer>,
        token: String,
        no: i64,
    ) -> Result<(), DeliveryError> {
        let id = self.connection_id;
        let row = self
            .cache
            .write(move |tx| {
                let at = now_ms();
                let there = piece
                    .items
                    .iter()
                    .zip(&answers)
                    .filter(|(_, answer)| **answer == Answer::Arrived)
                    .map(|(item, _)| item);
                settle::arrived(tx, id, there, at)?;
                for (item, answer) in piece.items.iter().zip(&answers) {
                    if let Answer::Refused(refusal) = answer {
                        settle::refused(tx, id, item, refusal, at)?;
                    }
                }
                delivery::arrived(tx, id, &token, no)?;
                let last = answers.into_iter().rev().find_map(|answer| match answer {
                    Answer::Refused(refusal) => Some(refusal),
                    _ => None,
                });
                Ok(delivery::get(tx, id)?.zip(last))
            })
            .await?;
        match row {
            Some((row, refusal)) => judge(&row, refusal),
            None => Ok(()),
        }
    }

    async fn refuse(&self, items: Vec<Item>, refusal: Refusal) -> Result<(), DeliveryError> {
        let id = self.connection_id;
        let told = refusal.clone();
        let row = self
            .cache
            .write(move |tx| {
                for item in &items {
                    settle::refused(tx, id, item, &told, now_ms())?;
                }
                delivery::get(tx, id)
            })
            .await?;
        row.map_or(Ok(()), |row| judge(&row, refusal))
    }
}

async fn read(
    cache: &Cache,
    connection_id: i64,
    after: i64,
    to: i64,
    limit: u32,
) -> Result<Batch, StoreError> {
    let work =
        move |conn: &Connection| Batch::new(outbox::next(conn, connection_id, after, to, limit)?);
    cache.read(work).await
}

/// A library that takes nothing at all is not flooded, and neither is the inbox.
fn judge(row: &DeliveryRow, last: Refusal) -> Result<(), DeliveryError> {
    if row.delivered == 0 && row.refused >= ALL_REFUSED {
        return Err(DeliveryError::RefusesAll {
            rows: row.refused,
            code: last.code,
            message: last.message,
        });
    }
    Ok(())
}
