//! A library in PostgreSQL: a schema of its own, COPY into a temporary table, and a merge.
//!
//! Rows and the batch's token are written in one transaction. The token before must be there as this
//! cache knows it: a copy of the cache that fell behind cannot overwrite what a newer one wrote. The
//! SQL keeps to what PostgreSQL 9.2 and those that grew from it have: no `ON CONFLICT`, no `MERGE`, no
//! temporary table that drops itself.

mod columns;
mod copy;
mod schema;

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::SinkExt as _;
use tokio_postgres::error::SqlState;
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{ExchangeError, Library, PostgresTarget, Profile, Secrets};
use zhengqiao_store::delivery::DeliveryRow;

use crate::batch::{Act, Batch, Item};
use crate::door::{Answer, SendError, Standing, Step};
use crate::error::DeliveryError;
use crate::settle::{Refusal, without_values};

pub use schema::probe;

/// Bytes handed to the server at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// The open way.
pub struct PostgresDoor {
    library: Library,
    schema: String,
    name: String,
    stream: String,
    datasets: Vec<DatasetId>,
    /// Datasets whose temporary table is there.
    staged: Vec<DatasetId>,
    has_stale: bool,
    /// Whether new rows are taken straight into the library's tables.
    is_direct: bool,
}

impl PostgresDoor {
    /// Connects, brings the schema to its present form, and compares what both sides know.
    ///
    /// # Errors
    /// [`SendError::Again`] for what may pass.
    pub async fn open(
        profile: &Profile,
        name: &str,
        target: &PostgresTarget,
        secrets: Secrets,
        row: &DeliveryRow,
    ) -> Result<(Self, Standing), SendError> {
        let library = Library::open(target, &profile.network, profile.environment, secrets)
            .await
            .map_err(sort_way)?;
        let datasets: Vec<DatasetId> = profile.datasets.keys().copied().collect();
        schema::prepare(&library, &target.schema, &datasets).await?;
        let mut door = Self {
            library,
            schema: target.schema.clone(),
            name: name.to_owned(),
            stream: row.stream.clone(),
            datasets,
            staged: Vec::new(),
            has_stale: false,
            is_direct: true,
        };
        let standing = door.compare(row).await?;
        Ok((door, standing))
    }

    async fn compare(&mut self, row: &DeliveryRow) -> Result<Standing, SendError> {
        let schema = columns::quoted(&self.schema);
        self.run("BEGIN").await?;
        let found = self
            .library
            .client()
            .query_opt(
                &format!("SELECT token, has_stale FROM {schema}.delivery_stream WHERE stream = $1 FOR UPDATE"),
                &[&self.stream],
            )
            .await
            .map_err(sort)?;
        let standing = match found {
            None => {
                self.library
                    .client()
                    .execute(
                        &format!(
                            "INSERT INTO {schema}.delivery_stream (stream, connection, token, last_no, has_stale, at) \
                             VALUES ($1, $2, '', 0, false, now())"
                        ),
                        &[&self.stream, &self.name],
                    )
                    .await
                    .map_err(sort)?;
                if row.token.is_some() {
                    Standing::Lost
                } else {
                    Standing::Agrees
                }
            }
            Some(found) => {
                // Some of the compatible databases keep an empty text as NULL.
                let token: String = found.get::<_, Option<String>>(0).unwrap_or_default();
                self.has_stale = found.get(1);
                let known = row.token.clone().unwrap_or_default();
                if token == known {
                    Standing::Agrees
                } else if row.next.as_ref().is_some_and(|(next, _)| *next == token) {
                    Standing::HasNext
                } else if row.takes_over {
                    self.take_over().await?;
                    Standing::Agrees
                } else {
                    self.run("ROLLBACK").await?;
                    return Err(SendError::Stop(DeliveryError::Fenced));
                }
            }
        };
        self.run("COMMIT").await?;
        Ok(standing)
    }

    /// Everything of this stream is old until it is delivered again.
    async fn take_over(&mut self) -> Result<(), SendError> {
        let schema = columns::quoted(&self.schema);
        for dataset in &self.datasets {
            self.library
                .client()
                .execute(
                    &format!(
                        "UPDATE {schema}.{} SET stale = true WHERE stream = $1",
                        table(*dataset)
                    ),
                    &[&self.stream],
                )
                .await
                .map_err(sort)?;
        }
        self.library
            .client()
            .execute(
                &format!(
                    "UPDATE {schema}.delivery_stream SET token = '', last_no = 0, has_stale = true WHERE stream = $1"
                ),
                &[&self.stream],
            )
            .await
            .map_err(sort)?;
        self.has_stale = true;
        Ok(())
    }

    /// Sends a batch in one transaction.
    ///
    /// # Errors
    /// [`SendError::Refused`] when the database does not take something in it.
    pub async fn send(&mut self, batch: &Batch, step: Step<'_>) -> Result<Vec<Answer>, SendError> {
        let mut by_dataset: BTreeMap<DatasetId, Vec<&Item>> = BTreeMap::new();
        for item in &batch.items {
            by_dataset.entry(item.dataset).or_default().push(item);
        }
        // What a temporary table needs is made outside, so that a refusal does not take it away.
        for dataset in by_dataset.keys() {
            self.stage(*dataset).await?;
        }
        let is_direct = self.is_direct && batch.items.iter().any(|item| item.is_new);
        let written = match self.write(&by_dataset, step, is_direct).await {
            // What is wrong with a row, the merge tells. What it takes shows a library that has rows of
            // which the cache does not know, or one that is made otherwise, with views for tables.
            Err(SendError::Refused(_)) if is_direct => {
                let merged = self.write(&by_dataset, step, false).await;
                self.is_direct = merged.is_err();
                merged
            }
            Err(SendError::Stop(error)) if is_direct && !matches!(error, DeliveryError::Fenced) => {
                self.is_direct = false;
                self.write(&by_dataset, step, false).await
            }
            written => written,
        };
        written.map(|()| vec![Answer::Arrived; batch.items.len()])
    }

    /// Writes a batch's rows and its token in one transaction; new rows straight into the tables, or
    /// as all others.
    async fn write(
        &self,
        by_dataset: &BTreeMap<DatasetId, Vec<&Item>>,
        step: Step<'_>,
        is_direct: bool,
    ) -> Result<(), SendError> {
        self.run("BEGIN").await?;
        match self.merge(by_dataset, step, is_direct).await {
            Ok(()) => self.run("COMMIT").await,
            Err(error) => {
                if !matches!(error, SendError::Again(_)) {
                    self.run("ROLLBACK").await?;
                }
                Err(error)
            }
        }
    }

    async fn stage(&mut self, dataset: DatasetId) -> Result<(), SendError> {
        if self.staged.contains(&dataset) {
            return Ok(());
        }
        if !self.datasets.contains(&dataset) {
            // The connection carried it before.
            schema::prepare(&self.library, &self.schema, &[dataset]).await?;
            self.datasets.push(dataset);
        }
        self.run(&copy::stage(dataset)).await?;
        self.staged.push(dataset);
        Ok(())
    }

    async fn merge(
        &self,
        by_dataset: &BTreeMap<DatasetId, Vec<&Item>>,
        step: Step<'_>,
        is_direct: bool,
    ) -> Result<(), SendError> {
        let client = self.library.client();
        let schema = columns::quoted(&self.schema);
        // First, so that of two that deliver one waits, and then sees that it is behind.
        let moved = client
            .query_opt(
                &format!(
                    "UPDATE {schema}.delivery_stream \
                     SET token = $2, last_no = $3, connection = $5, at = now() \
                     WHERE stream = $1 AND COALESCE(token, '') = $4 \
                     RETURNING CAST(at AS text)"
                ),
                &[
                    &self.stream,
                    &step.token,
                    &step.no,
                    &step.before,
                    &self.name,
                ],
            )
            .await
            .map_err(sort)?;
        let Some(moved) = moved else {
            return Err(SendError::Stop(DeliveryError::Fenced));
        };
        let ending = copy::ending(&self.stream, &self.name, moved.get(0));
        for (dataset, items) in by_dataset {
            let removed: Vec<&str> = items
                .iter()
                .filter(|item| item.act == Act::Remove)
                .map(|item| item.key.as_str())
                .collect();
            if !removed.is_empty() {
                client
                    .execute(
                        &format!(
                            "DELETE FROM {schema}.{} WHERE stream = $1 AND row_key = ANY($2)",
                            table(*dataset)
                        ),
                        &[&self.stream, &removed],
                    )
                    .await
                    .map_err(sort)?;
            }
            let rows = items.iter().copied();
            let (fresh, known): (Vec<&Item>, Vec<&Item>) = rows
                .filter(|item| item.act != Act::Remove)
                .partition(|item| is_direct && item.is_new);
            if !fresh.is_empty() {
                let into = copy::directly(&self.schema, *dataset);
                self.copy(*dataset, &fresh, &into, &ending)
                    .await
                    .map_err(sort)?;
            }
            if known.is_empty() {
                continue;
            }
            self.run(&copy::clear(*dataset)).await?;
            self.copy(*dataset, &known, &copy::into(*dataset), "")
                .await
                .map_err(sort)?;
            for sql in copy::merge(&self.schema, *dataset) {
                client
                    .execute(&sql, &[&self.stream, &self.name])
                    .await
                    .map_err(sort)?;
            }
        }
        Ok(())
    }

    async fn copy(
        &self,
        dataset: DatasetId,
        items: &[&Item],
        into: &str,
        ending: &str,
    ) -> Result<(), tokio_postgres::Error> {
        let sink = self.library.client().copy_in::<_, Bytes>(into).await?;
        futures_util::pin_mut!(sink);
        let mut text = String::new();
        for item in items {
            copy::line(dataset, item, ending, &mut text);
            if text.len() >= CHUNK_BYTES {
                sink.send(Bytes::from(std::mem::take(&mut text))).await?;
            }
        }
        if !text.is_empty() {
            sink.send(Bytes::from(text)).await?;
        }
        sink.finish().await?;
        Ok(())
    }

    /// What was there before everything was delivered again, and was not delivered, is no more.
    ///
    /// # Errors
    /// As [`PostgresDoor::send`].
    pub async fn close(&mut self) -> Result<(), SendError> {
        if !self.has_stale {
            return Ok(());
        }
        let schema = columns::quoted(&self.schema);
        self.run("BEGIN").await?;
        let mut statements: Vec<String> = self
            .datasets
            .iter()
            .map(|dataset| {
                let table = table(*dataset);
                format!("DELETE FROM {schema}.{table} WHERE stream = $1 AND stale")
            })
            .collect();
        statements.push(format!(
            "UPDATE {schema}.delivery_stream SET has_stale = false WHERE stream = $1"
        ));
        for sql in statements {
            self.library
                .client()
                .execute(&sql, &[&self.stream])
                .await
                .map_err(sort)?;
        }
        self.run("COMMIT").await?;
        self.has_stale = false;
        Ok(())
    }

    async fn run(&self, sql: &str) -> Result<(), SendError> {
        self.library.client().batch_execute(sql).await.map_err(sort)
    }
}

/// A dataset's table.
fn table(dataset: DatasetId) -> String {
    columns::quoted(dataset.as_str())
}

fn sort_way(error: ExchangeError) -> SendError {
    if error.retryable() {
        SendError::Again(error)
    } else {
        SendError::Stop(error.into())
    }
}

/// What a failed statement means for its batch.
fn sort(error: tokio_postgres::Error) -> SendError {
    let Some(said) = error.as_db_error() else {
        return sort_way(Library::fault(error));
    };
    let code = said.code();
    // Wrong values, broken constraints, raised by a trigger, failed checks of a view, too large for
    // an index: something in the batch.
    let is_content = ["22", "23", "44", "P0"].contains(&&code.code()[..2])
        || *code == SqlState::PROGRAM_LIMIT_EXCEEDED
        || *code == SqlState::DATATYPE_MISMATCH;
    if is_content {
        // The detail holds the row and stays there; so does what follows a colon.
        let words = said.message().split(": ").next().unwrap_or_default();
        let mut message = without_values(words);
        if let Some(name) = said.constraint()
            && !message.contains(name)
        {
            message = format!("{message} ({name})");
        }
        return SendError::Refused(Refusal {
            code: code.code().to_owned(),
            message,
            field: said.column().map(str::to_owned),
        });
    }
    let passes = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::QUERY_CANCELED,
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::DUPLICATE_SCHEMA,
        SqlState::DUPLICATE_TABLE,
        SqlState::DUPLICATE_COLUMN,
    ]
    .contains(code)
        || ["08", "53", "57", "58"].contains(&&code.code()[..2]);
    let error = Library::fault(error);
    if passes {
        SendError::Again(error)
    } else {
        SendError::Stop(error.into())
    }
}
