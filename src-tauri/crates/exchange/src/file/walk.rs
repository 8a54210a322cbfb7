//! The walk through a file: pages of rows, read ahead on a thread of its own.

use std::time::Instant;

use bytes::Bytes;
use tokio::sync::mpsc;
use zhengqiao_domain::DatasetId;

use super::reader::{self, Settled};
use super::row::RowWriter;
use super::{FileSource, Trouble};
use crate::error::{ExchangeError, Fault};
use crate::observe::{Headers, RequestEntry, RequestObserver};
use crate::pager::{Page, Position};
use crate::scope::Scope;

/// Rows a page at most.
const PAGE_ROWS: usize = 1_000;
/// Bytes a page, about.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
/// Pages read ahead.
const AHEAD: usize = 2;

/// Rows of a page with the end of each.
#[derive(Default)]
struct Batch {
    body: Vec<u8>,
    ends: Vec<usize>,
    last: bool,
}

/// Goes through the rows of one file.
pub struct FileWalk {
    dataset: DatasetId,
    source: FileSource,
    position: Position,
    unchanged: bool,
    batches: Option<mpsc::Receiver<Result<Batch, Trouble>>>,
}

impl FileWalk {
    /// A walk over a file, going on at `resume`. An incremental one skips a file that was read before.
    pub fn new(
        dataset: DatasetId,
        source: &FileSource,
        scope: &Scope,
        resume: Option<Position>,
    ) -> Self {
        let before = match scope {
            Scope::Incremental(state) => state.cursor.clone(),
            Scope::Full | Scope::Window { .. } | Scope::Ids(_) => None,
        };
        let unchanged = resume.is_none()
            && before.is_some()
            && super::identity::of(&source.path).ok().map(|file| file.mark) == before;
        Self {
            dataset,
            source: source.clone(),
            position: resume.unwrap_or_default(),
            unchanged,
            batches: None,
        }
    }

    fn fault(&self, trouble: Trouble) -> ExchangeError {
        ExchangeError::Request {
            fault: trouble.fault,
            dataset: Some(self.dataset),
            path: self.source.path.clone(),
            what: trouble.what,
        }
    }

    /// The next page, or `None` after the last.
    ///
    /// # Errors
    /// What is wrong with the file, by its name; [`Fault::FileChanged`] when it is another than the
    /// one that was begun.
    pub async fn next(
        &mut self,
        observer: &dyn RequestObserver,
    ) -> Result<Option<Page>, ExchangeError> {
        if self.position.ended {
            return Ok(None);
        }
        let begun = Instant::now();
        let outcome = self.batch().await;
        let (records, bytes, word) = match &outcome {
            Ok(batch) => (batch.ends.len() as u64, batch.body.len() as u64, "ok"),
            Err(trouble) => (0, 0, trouble.fault.code()),
        };
        observer.request(RequestEntry {
            dataset: Some(self.dataset),
            at_ms: chrono::Utc::now().timestamp_millis(),
            method: "READ",
            url: format!("{}#{}", self.source.path, self.position.rows + 1),
            status: None,
            ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            bytes,
            records,
            attempt: 1,
            outcome: word,
            headers: Headers::default(),
        });
        let batch = outcome.map_err(|trouble| self.fault(trouble))?;
        let rows = batch.ends.len() as u64;
        self.position.pages += 1;
        self.position.rows += rows;
        self.position.distinct_rows += rows;
        self.position.ended = batch.last;
        let mut begin = 0;
        let records = batch
            .ends
            .iter()
            .map(|end| {
                let range = begin..*end;
                begin = *end;
                range
            })
            .collect();
        Ok(Some(Page {
            body: Bytes::from(batch.body),
            records,
            total: None,
            position_after: self.position.clone(),
            last: batch.last,
            drift: None,
            slips: Vec::new(),
            left_out: 0,
        }))
    }

    async fn batch(&mut self) -> Result<Batch, Trouble> {
        if self.unchanged {
            self.position.cursor = Some(super::identity::of(&self.source.path)?.mark);
            return Ok(Batch {
                last: true,
                ..Batch::default()
            });
        }
        if self.batches.is_none() {
            let source = self.source.clone();
            let settled = tokio::task::spawn_blocking(move || reader::settle(&source))
                .await
                .map_err(|error| Trouble::new(Fault::FileRead, error.to_string()))??;
            match &self.position.cursor {
                Some(mark) if *mark != settled.identity.mark => {
                    return Err(Trouble::new(
                        Fault::FileChanged,
                        "the file was changed while it was read; synchronise again",
                    ));
                }
                _ => self.position.cursor = Some(settled.identity.mark.clone()),
            }
            let (send, receive) = mpsc::channel(AHEAD);
            let skip = self.position.rows;
            tokio::task::spawn_blocking(move || read_ahead(&settled, skip, &send));
            self.batches = Some(receive);
        }
        let Some(batches) = &mut self.batches else {
            return Ok(Batch::default());
        };
        batches
            .recv()
            .await
            .unwrap_or_else(|| Err(Trouble::new(Fault::FileRead, "the reading ended early")))
    }
}

/// Reads the file to its end, or until nobody listens.
fn read_ahead(settled: &Settled, skip: u64, send: &mpsc::Sender<Result<Batch, Trouble>>) {
    let writer = RowWriter {
        identity: &settled.identity,
        header: &settled.header,
        key_from: settled.key_from(),
    };
    let mut batch = Batch::default();
    let mut skipped = 0;
    let outcome = settled.rows(&mut |row, number| {
        if skipped < skip {
            skipped += 1;
            return Ok(true);
        }
        writer.write(row, number, &mut batch.body);
        batch.ends.push(batch.body.len());
        if batch.ends.len() >= PAGE_ROWS || batch.body.len() >= PAGE_BYTES {
            return Ok(send.blocking_send(Ok(std::mem::take(&mut batch))).is_ok());
        }
        Ok(true)
    });
    batch.last = true;
    // Nobody listens when the run was cancelled.
    let _ = send.blocking_send(outcome.map(|()| batch));
}
