//! What the cache notes of a batch that has arrived, while the library already writes the next.
//!
//! That a batch has arrived is one row of the cache; that each of its records has is many. The first is
//! written together with the announcement of the next batch, the second while that is under way. After a
//! break between the two, the rows up to the last batch's number have arrived (see [`trim`]).

use tokio::task::JoinHandle;
use zhengqiao_store::{Cache, StoreError, delivery, outbox};

use crate::batch::Batch;
use crate::lease::now_ms;
use crate::settle;

/// A batch that is in the library, of which the cache does not know yet.
struct Arrived {
    batch: Batch,
    token: String,
    no: i64,
}

/// Notes of batches, one behind the library.
pub struct Behind {
    cache: Cache,
    connection_id: i64,
    arrived: Option<Arrived>,
    under_way: Option<JoinHandle<Result<(), StoreError>>>,
}

impl Behind {
    /// Nothing to note.
    pub fn new(cache: &Cache, connection_id: i64) -> Self {
        Self {
            cache: cache.clone(),
            connection_id,
            arrived: None,
            under_way: None,
        }
    }

    /// A batch has arrived.
    pub fn arrived(&mut self, batch: Batch, token: String, no: i64) {
        self.arrived = Some(Arrived { batch, token, no });
    }

    /// Announces the next batch, and begins to note the one before.
    ///
    /// # Errors
    /// SQLite's, also of what was noted before.
    pub async fn announce(&mut self, token: &str, no: i64) -> Result<(), StoreError> {
        self.wait().await?;
        let id = self.connection_id;
        let (batch, before) = self
            .arrived
            .take()
            .map(|one| (one.batch, (one.token, one.no)))
            .unzip();
        let token = token.to_owned();
        self.cache
            .write(move |tx| {
                if let Some((before, before_no)) = before {
                    delivery::arrived(tx, id, &before, before_no)?;
                }
                delivery::announce(tx, id, &token, no)
            })
            .await?;
        if let Some(batch) = batch {
            let cache = self.cache.clone();
            let note = async move {
                cache
                    .write(move |tx| settle::arrived(tx, id, &batch.items, now_ms()))
                    .await
                    .map(|_| ())
            };
            self.under_way = Some(tokio::spawn(note));
        }
        Ok(())
    }

    /// Notes everything that is not noted yet.
    ///
    /// # Errors
    /// SQLite's.
    pub async fn finish(&mut self) -> Result<(), StoreError> {
        self.wait().await?;
        let id = self.connection_id;
        if let Some(Arrived { batch, token, no }) = self.arrived.take() {
            self.cache
                .write(move |tx| {
                    settle::arrived(tx, id, &batch.items, now_ms())?;
                    delivery::arrived(tx, id, &token, no)
                })
                .await?;
        }
        Ok(())
    }

    async fn wait(&mut self) -> Result<(), StoreError> {
        match self.under_way.take() {
            Some(task) => task.await.map_err(|_| StoreError::Closed)?,
            None => Ok(()),
        }
    }
}

/// Notes the rows up to a number as arrived, and the batch that ended with them if it is named.
///
/// # Errors
/// SQLite's.
pub async fn trim(
    cache: &Cache,
    connection_id: i64,
    token: Option<String>,
    to: i64,
) -> Result<(), StoreError> {
    cache
        .write(move |tx| {
            let rows = outbox::next(tx, connection_id, 0, to, u32::MAX)?;
            let mut items = Vec::new();
            for item in Batch::new(rows)?.items {
                // What has changed since is sent again, and taken out then.
                if !outbox::waits_after(tx, item.record_id(), to)? {
                    items.push(item);
                }
            }
            settle::arrived(tx, connection_id, &items, now_ms())?;
            match token {
                Some(token) => delivery::arrived(tx, connection_id, &token, to),
                None => Ok(()),
            }
        })
        .await
}
