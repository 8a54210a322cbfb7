//! Pages checked ahead of the writer, handed over in their order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::NaiveDateTime;
use tokio::sync::{mpsc, oneshot};
use zhengqiao_domain::{Check, CompiledMapping, DatasetId, RuleSet};
use zhengqiao_exchange::{ExchangeError, Page, Position, Slip};
use zhengqiao_store::payload::Learned;

use super::packing::Packing;
use crate::drift::Fields;
use crate::prepare::{Prepared, prepare_noting};

/// Pages fetched, and pages checked, ahead of the writer.
pub(super) const PAGES_AHEAD: usize = 2;

/// A checked page.
pub(super) struct Ready {
    pub fields: Fields,
    pub rows: Vec<Prepared>,
    pub position: Position,
    pub drifted: bool,
    pub total: Option<u64>,
    pub left_out: u64,
    pub slips: Vec<Slip>,
    /// A dictionary that its rows, or those of later pages, are packed with.
    pub learned: Option<Learned>,
}

pub(super) type Fetched = Result<Page, ExchangeError>;
type Checked = Result<Ready, ExchangeError>;

/// What comes next of the pages.
pub(super) enum Next {
    Page(Box<Ready>),
    Failed(ExchangeError),
    Ended,
    /// Nothing for the time being.
    Nothing,
}

/// Checked pages in their order.
pub(super) struct Pages {
    coming: mpsc::Receiver<oneshot::Receiver<Checked>>,
    /// The next one, as long as it is being checked.
    next: Option<oneshot::Receiver<Checked>>,
}

impl Pages {
    /// The next one, if it comes in time.
    pub async fn next(&mut self, patience: Duration) -> Next {
        match tokio::time::timeout(patience, self.one()).await {
            Ok(Some(Ok(page))) => Next::Page(Box::new(page)),
            Ok(Some(Err(error))) => Next::Failed(error),
            Ok(None) => Next::Ended,
            Err(_) => Next::Nothing,
        }
    }

    /// The next one, or the end; whoever stops waiting loses nothing.
    async fn one(&mut self) -> Option<Checked> {
        let next = match &mut self.next {
            Some(next) => next,
            None => self.next.insert(self.coming.recv().await?),
        };
        let checked = next.await;
        self.next = None;
        checked.ok()
    }
}

/// What pages are checked with.
pub(super) struct Checker {
    pub dataset: DatasetId,
    pub mapping: Arc<CompiledMapping>,
    pub rules: Arc<RuleSet>,
    /// Now in UTC+8.
    pub now: NaiveDateTime,
    /// Whether most rows are written, so that how they are kept is worked out beforehand.
    pub mostly_new: Arc<AtomicBool>,
    pub packing: Packing,
}

impl Checker {
    /// Checks pages as they come, until there are no more or nobody wants them. While most rows are as they
    /// were, the writer has little to do and several pages are checked at once.
    pub(super) fn start(
        self,
        mut to_check: mpsc::Receiver<Fetched>,
    ) -> (tokio::task::JoinHandle<()>, Pages) {
        let (sender, coming) = mpsc::channel(PAGES_AHEAD);
        let task = tokio::spawn(async move {
            let mut packing = self.packing;
            while let Some(page) = to_check.recv().await {
                let (rules, mapping) = (self.rules.clone(), self.mapping.clone());
                let (dataset, now) = (self.dataset, self.now);
                let ahead = self.mostly_new.load(Ordering::Relaxed);
                let mut packs = ahead.then(|| std::mem::take(&mut packing));
                let (checked, receiver) = oneshot::channel();
                let work = tokio::task::spawn_blocking(move || {
                    let check = Check::new(&rules, now);
                    let ready =
                        page.map(|page| ready(page, dataset, &mapping, &check, &rules, &mut packs));
                    // Nobody waits for it any more when the reading has ended.
                    let _ = checked.send(ready);
                    packs
                });
                if sender.send(receiver).await.is_err() {
                    break;
                }
                if ahead {
                    // The next page is packed with what this one has taught.
                    let Ok(Some(packs)) = work.await else { break };
                    packing = packs;
                }
            }
        });
        (task, Pages { coming, next: None })
    }
}

fn ready(
    page: Page,
    dataset: DatasetId,
    mapping: &CompiledMapping,
    check: &Check<'_>,
    rules: &RuleSet,
    packs: &mut Option<Packing>,
) -> Ready {
    let raws = (0..page.records.len()).map(|at| page.raw_bytes(at));
    let learned = packs.as_mut().and_then(|packs| packs.learn(raws));
    let mut fields = Fields::default();
    let rows: Vec<Prepared> = (0..page.records.len())
        .map(|at| {
            let raw = page.raw_bytes(at);
            let mut row = prepare_noting(raw, mapping, dataset, check, rules, |row| {
                fields.note(row);
            });
            if let Some(packs) = packs {
                row.write_ahead(packs.packer());
            }
            row
        })
        .collect();
    Ready {
        fields,
        rows,
        position: page.position_after,
        drifted: page.drift.is_some(),
        total: page.total,
        left_out: page.left_out,
        slips: page.slips,
        learned,
    }
}
