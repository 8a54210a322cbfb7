//! The walk through a dataset's pages: where it is, when it ends, what looks wrong.
//!
//! How one kind of pages follows another is in [`step`], how a long time is read in slices in
//! [`slice`]. What they have in common is here: an answer that looks like a slip is asked for again,
//! a page that came before is not counted towards the end, and nothing ends without a reason.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use zhengqiao_domain::DatasetId;

use crate::client::{HttpProvider, Reply};
use crate::database::Slip;
use crate::error::{ExchangeError, Fault};
use crate::profile::{DatasetSource, Incremental, Pager};
use crate::scope::{self, Scope};

mod portion;
mod slice;
pub(crate) mod step;

pub use portion::Portion;
pub use slice::Slice;

/// Where a walk goes on after a committed page. It is read back from the cache, so no figure of it is
/// trusted to stay in range.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Position {
    /// Pages read.
    pub pages: u64,
    /// Rows read.
    pub rows: u64,
    /// Rows read, those that came twice on a page counted once: they do not bring the end nearer.
    pub distinct_rows: u64,
    /// The next page's cursor.
    pub cursor: Option<String>,
    /// Total that the provider told first.
    pub total: Option<u64>,
    /// Whether the last page was read.
    pub ended: bool,
    /// Fingerprint of the last page with rows, so that it is known again after an interruption.
    pub last_page: Option<u64>,
    /// Where the slice of time begins that is being read, where a reading goes slice by slice.
    pub slice: Option<Slice>,
    /// Which of the ids are being asked for, where records are asked for by ids.
    pub portion: Option<Portion>,
}

impl Position {
    /// Pages, rows and distinct rows before the slice or portion that is being read.
    fn before(&self) -> (u64, u64, u64) {
        match (&self.slice, &self.portion) {
            (Some(one), _) => (one.pages_before, one.rows_before, one.distinct_before),
            (None, Some(one)) => (one.pages_before, one.rows_before, one.distinct_before),
            (None, None) => (0, 0, 0),
        }
    }

    /// Pages of the slice that is being read; of the whole reading where there are no slices.
    fn pages_here(&self) -> u64 {
        self.pages.saturating_sub(self.before().0)
    }

    fn rows_here(&self) -> u64 {
        self.rows.saturating_sub(self.before().1)
    }

    fn distinct_here(&self) -> u64 {
        self.distinct_rows.saturating_sub(self.before().2)
    }
}

/// Where an incremental run begins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IncrementalState {
    /// End of the last window, in UTC+8.
    pub since: Option<String>,
    /// Greatest version seen.
    pub version: Option<i64>,
    /// The last cursor.
    pub cursor: Option<String>,
}

impl IncrementalState {
    fn params(
        &self,
        incremental: Option<&Incremental>,
        until: &str,
        params: &mut Vec<(String, String)>,
    ) {
        match incremental {
            Some(Incremental::Window {
                from_param,
                to_param,
                ..
            }) => {
                if let Some(since) = &self.since {
                    params.push((from_param.clone(), since.clone()));
                }
                params.push((to_param.clone(), until.to_owned()));
            }
            Some(Incremental::Version { param }) => {
                if let Some(version) = self.version {
                    params.push((param.clone(), version.to_string()));
                }
            }
            Some(Incremental::Cursor) | None => {}
        }
    }
}

/// A sign that rows moved between pages while they were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drift {
    /// The total changed.
    TotalChanged {
        /// Before.
        from: u64,
        /// Now.
        to: u64,
    },
    /// A row of the page before came again.
    Overlap,
    /// The provider told of more, and nothing came.
    MoreWasTold,
    /// The pages ended before the total was reached.
    Shortfall {
        /// Rows read.
        read: u64,
        /// The total.
        total: u64,
    },
}

/// One page.
#[derive(Debug, Clone)]
pub struct Page {
    /// The answer.
    pub body: Bytes,
    /// The records' places in it.
    pub records: Vec<Range<usize>>,
    /// How many there are in all, if told.
    pub total: Option<u64>,
    /// Where to go on once this page is committed.
    pub position_after: Position,
    /// Whether it is the last.
    pub last: bool,
    /// Whether rows seem to have moved.
    pub drift: Option<Drift>,
    /// For receipts: by what each row is found again. Empty where none are written.
    pub slips: Vec<Slip>,
    /// Rows that lay outside the scope and were left out here.
    pub left_out: u64,
}

impl Page {
    /// A record's raw JSON, which shares the answer's memory.
    pub fn raw_bytes(&self, at: usize) -> Bytes {
        self.records
            .get(at)
            .map_or_else(Bytes::new, |range| self.body.slice(range.clone()))
    }

    /// A record's raw JSON.
    pub fn raw(&self, at: usize) -> &[u8] {
        self.records
            .get(at)
            .map_or(&[], |range| &self.body[range.clone()])
    }
}

/// Goes through the pages of one dataset.
pub struct HttpWalk {
    dataset: DatasetId,
    source: DatasetSource,
    scope: Scope,
    until: String,
    ids: Vec<String>,
    narrowing: Vec<(String, String)>,
    position: Position,
    cursors: HashSet<String>,
    last_rows: HashSet<u64>,
}

fn fingerprint(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

impl HttpWalk {
    /// A walk over `dataset`, its window ending at `until` (UTC+8), going on at `resume`.
    pub fn new(
        dataset: DatasetId,
        source: &DatasetSource,
        scope: Scope,
        until: &str,
        resume: Option<Position>,
    ) -> Self {
        let mut position = resume.unwrap_or_default();
        if let (Scope::Incremental(state), Some(Incremental::Cursor)) =
            (&scope, &source.incremental)
            && position.cursor.is_none()
        {
            position.cursor.clone_from(&state.cursor);
        }
        let mut until = until;
        let since = match &scope {
            Scope::Incremental(state) => state.since.as_deref(),
            Scope::Window { from, to } => {
                until = to;
                Some(from.as_str())
            }
            Scope::Full | Scope::Ids(_) => None,
        };
        match (&source.slices, &scope) {
            (_, Scope::Ids(_)) => {
                position.portion.get_or_insert_default();
            }
            (Some(slices), _) if position.slice.is_none() => {
                position.slice = Some(Slice::first(slices, since));
            }
            _ => {}
        }
        Self {
            dataset,
            source: source.clone(),
            ids: scope.ids(),
            narrowing: Vec::new(),
            until: until.to_owned(),
            scope,
            position,
            cursors: HashSet::new(),
            last_rows: HashSet::new(),
        }
    }

    /// The same walk with more parameters.
    pub fn narrowed(mut self, params: Vec<(String, String)>) -> Self {
        self.narrowing = params;
        self
    }

    /// The next page, or `None` after the last.
    ///
    /// # Errors
    /// The request's, [`Fault::RepeatedPage`], [`Fault::CursorLoop`], [`Fault::PagesExceeded`].
    pub async fn next(&mut self, provider: &HttpProvider) -> Result<Option<Page>, ExchangeError> {
        if self.position.ended {
            return Ok(None);
        }
        if self.position.pages >= provider.max_pages() {
            return Err(self.fault(
                Fault::PagesExceeded,
                format!("more than {} pages", provider.max_pages()),
            ));
        }
        let mut reply = self.ask(provider).await?;
        let (mut repeats, mut ends, mut stills) = (0, 0, 0);
        // Doubtful answers are asked for again, each kind once: a page that came before may be a slip,
        // and so may a page without rows, of which the second is believed.
        loop {
            if self.repeats(&reply) {
                repeats += 1;
                if repeats > 1 {
                    let what = format!(
                        "page {} is the same as the page before it",
                        self.position.pages + 1
                    );
                    return Err(self.fault(Fault::RepeatedPage, what));
                }
            } else if self.ends_untold(&reply) {
                ends += 1;
                if ends > 1 {
                    break;
                }
            } else if self.stands_still(&reply) {
                stills += 1;
                if stills > 1 {
                    break;
                }
            } else {
                break;
            }
            reply = self.ask(provider).await?;
        }
        self.advance(reply).map(Some)
    }

    fn fault(&self, fault: Fault, what: String) -> ExchangeError {
        ExchangeError::Request {
            fault,
            dataset: Some(self.dataset),
            path: self.source.path.clone(),
            what,
        }
    }

    async fn ask(&self, provider: &HttpProvider) -> Result<Reply, ExchangeError> {
        let (path, params) = self.question(provider)?;
        provider
            .ask(Some(self.dataset), &self.source, &path, &params)
            .await
    }

    /// Path and parameters of the next page.
    fn question(
        &self,
        provider: &HttpProvider,
    ) -> Result<(String, Vec<(String, String)>), ExchangeError> {
        if let (Pager::Link { .. }, Some(link)) = (&self.source.pager, &self.position.cursor) {
            return step::follow_link(provider.base(), link)
                .ok_or_else(|| self.fault(Fault::RedirectRefused, step::leads_away(link)));
        }
        let mut params: Vec<_> = self.source.fixed_params.clone().into_iter().collect();
        step::params(&self.source.pager, &self.position, &mut params);
        if let Some(slice) = &self.position.slice {
            slice.params(self.source.slices.as_ref(), &self.until, &mut params);
        } else if let Scope::Incremental(state) = &self.scope {
            state.params(self.source.incremental.as_ref(), &self.until, &mut params);
        } else if let (Scope::Window { from, to }, Some((from_param, to_param))) =
            (&self.scope, scope::window_params(&self.source))
        {
            params.push((from_param.to_owned(), from.clone()));
            params.push((to_param.to_owned(), to.clone()));
        }
        if let (Some(portion), Some(query)) = (&self.position.portion, &self.source.ids) {
            params.push((query.param.clone(), portion.ids(&self.ids, query)));
        }
        params.extend(self.narrowing.iter().cloned());
        Ok((self.source.path.clone(), params))
    }

    fn repeats(&self, reply: &Reply) -> bool {
        !reply.opened.records.is_empty() && self.position.last_page == Some(page_fingerprint(reply))
    }

    /// Whether the next cursor is the one that was asked with: a page of before, or a loop.
    fn stands_still(&self, reply: &Reply) -> bool {
        let next = step::next_cursor(&self.source.pager, reply);
        !reply.opened.records.is_empty() && next.is_some() && next == self.position.cursor
    }

    /// Whether nothing but the lack of rows says that this is the end. A provider that sends an empty
    /// page by mistake would lose the rest, so it is asked twice.
    fn ends_untold(&self, reply: &Reply) -> bool {
        let opened = &reply.opened;
        if opened.has_more == Some(false) {
            return false;
        }
        let told = match (self.position.total, opened.total) {
            // Nothing at all, told at the first page: believed, and judged by the run.
            (None, Some(0)) => true,
            (None, Some(_) | None) => false,
            (Some(first), now) => {
                self.position.distinct_here() >= first && now.is_none_or(|now| now == first)
            }
        };
        opened.records.is_empty() && !told && !matches!(self.source.pager, Pager::Single)
    }

    fn advance(&mut self, reply: Reply) -> Result<Page, ExchangeError> {
        let rows = reply.opened.records.len() as u64;
        let mut drift = None;
        if let (Some(from), Some(to)) = (self.position.total, reply.opened.total)
            && from != to
        {
            drift = Some(Drift::TotalChanged { from, to });
        }
        let fingerprints: HashSet<u64> = reply
            .opened
            .records
            .iter()
            .map(|range| fingerprint(&reply.body[range.clone()]))
            .collect();
        if let Some(first) = reply.opened.records.first()
            && self
                .last_rows
                .contains(&fingerprint(&reply.body[first.clone()]))
        {
            // A cursor's page may begin with the row that the one before ended with.
            if !step::has_cursor(&self.source.pager) {
                drift = drift.or(Some(Drift::Overlap));
            }
        }
        let mut after = Position {
            pages: self.position.pages.saturating_add(1),
            rows: self.position.rows.saturating_add(rows),
            distinct_rows: self
                .position
                .distinct_rows
                .saturating_add(fingerprints.len() as u64),
            cursor: self.position.cursor.clone(),
            total: self.position.total.or(reply.opened.total),
            ended: false,
            last_page: self.position.last_page,
            slice: self.position.slice.clone(),
            portion: self.position.portion.clone(),
        };
        after.ended = self.ends(&reply, &mut after)?;
        if after.ended
            && let Some(total) = reply.opened.total
            && after.rows_here() < total
        {
            drift = drift.or(Some(Drift::Shortfall {
                read: after.rows_here(),
                total,
            }));
        }
        if after.ended && reply.opened.has_more == Some(true) {
            drift = drift.or(Some(Drift::MoreWasTold));
        }
        if rows > 0 {
            after.last_page = Some(page_fingerprint(&reply));
            self.last_rows = fingerprints;
        }
        let sliced = after.slice.is_some() || after.portion.is_some();
        let next = (self.next_slice(&after), self.next_portion(&after));
        if after.ended && (next.0.is_some() || next.1.is_some()) {
            self.cursors.clear();
            self.last_rows.clear();
            after = Position {
                pages: after.pages,
                rows: after.rows,
                distinct_rows: after.distinct_rows,
                slice: next.0,
                portion: next.1,
                ..Position::default()
            };
        }
        self.position = after.clone();
        Ok(Page {
            last: after.ended,
            // A slice's total says nothing of the whole.
            total: reply.opened.total.filter(|_| !sliced),
            position_after: after,
            drift,
            slips: Vec::new(),
            left_out: 0,
            body: reply.body,
            records: reply.opened.records,
        })
    }

    /// Whether this was the last page; takes the next cursor.
    fn ends(&mut self, reply: &Reply, after: &mut Position) -> Result<bool, ExchangeError> {
        let opened = &reply.opened;
        let empty = opened.records.is_empty();
        let short = self.source.short_page_ends
            && (opened.records.len() as u64) < u64::from(step::size(&self.source.pager));
        if step::has_cursor(&self.source.pager) {
            let Some(next) = step::next_cursor(&self.source.pager, reply) else {
                return Ok(true);
            };
            let same = self.position.cursor.as_ref() == Some(&next);
            after.cursor = Some(next.clone());
            if empty || short || opened.has_more == Some(false) {
                return Ok(true);
            }
            if same || !self.cursors.insert(next) {
                return Err(self.fault(
                    Fault::CursorLoop,
                    "the provider gave a cursor that it had given before".into(),
                ));
            }
            return Ok(false);
        }
        Ok(match (&self.source.pager, opened.has_more, opened.total) {
            (Pager::Single, ..) | (_, Some(false), _) => true,
            (_, Some(true), _) => empty,
            (_, None, Some(total)) => empty || after.distinct_here() >= total,
            (_, None, None) => empty || short,
        })
    }

    /// The slice of time after the one that has been read.
    fn next_slice(&self, ended: &Position) -> Option<Slice> {
        let slices = self.source.slices.as_ref()?;
        ended.slice.as_ref()?.next(slices, &self.until, ended)
    }

    /// The ids after those that have been read.
    fn next_portion(&self, ended: &Position) -> Option<Portion> {
        let query = self.source.ids.as_ref()?;
        ended.portion.as_ref()?.next(self.ids.len(), query, ended)
    }
}

fn page_fingerprint(reply: &Reply) -> u64 {
    let mut hasher = DefaultHasher::new();
    for range in &reply.opened.records {
        reply.body[range.clone()].hash(&mut hasher);
    }
    hasher.finish()
}
