//! The walk through a directory's entries, page by page.

use std::time::{Duration, Instant};

use bytes::Bytes;
use ldap3::adapters::EntriesOnly;
use ldap3::controls::{Control, ControlType, PagedResults};
use ldap3::{Ldap, Scope as SearchScope, SearchEntry};
use zhengqiao_domain::DatasetId;
use zhengqiao_domain::primitives::moment;

use super::fault::{self, Trouble};
use super::{LdapProvider, LdapScope, LdapSource, entry};
use crate::error::{ExchangeError, Fault};
use crate::observe::{Headers, RequestEntry};
use crate::pager::{Page, Position};
use crate::scope::Scope;

/// Goes through the entries of one directory.
pub struct LdapWalk {
    dataset: DatasetId,
    source: LdapSource,
    scope: Scope,
    position: Position,
    open: Option<Open>,
}

/// A connection and the place in its search; an empty cookie is the beginning.
struct Open {
    ldap: Ldap,
    cookie: Vec<u8>,
}

/// What a page of a search gave.
struct Found {
    body: Vec<u8>,
    ends: Vec<usize>,
    cookie: Vec<u8>,
}

impl LdapWalk {
    /// A walk over entries. One that goes on begins its search again.
    pub fn new(
        dataset: DatasetId,
        source: LdapSource,
        scope: Scope,
        resume: Option<Position>,
    ) -> Self {
        Self {
            dataset,
            source,
            scope,
            position: resume.unwrap_or_default(),
            open: None,
        }
    }

    /// The next page, or `None` after the last.
    ///
    /// # Errors
    /// What went wrong, by its name. What may pass is tried again before, at the beginning of a search.
    pub async fn next(&mut self, provider: &LdapProvider) -> Result<Option<Page>, ExchangeError> {
        if self.position.ended {
            return Ok(None);
        }
        if self.position.pages >= provider.network.max_pages {
            let what = format!("more than {} pages", provider.network.max_pages);
            return Err(
                Trouble::new(Fault::PagesExceeded, what).of(self.dataset, &self.source.base)
            );
        }
        let mut attempt = 1;
        loop {
            let begun = Instant::now();
            let is_first = self.open.is_none();
            let outcome = self.search(provider).await;
            self.tell(provider, &outcome, begun.elapsed(), attempt);
            match outcome {
                Ok(found) => return Ok(Some(self.page(found))),
                Err(trouble) => {
                    // A search that broke off cannot go on where it was.
                    let passes = is_first && trouble.fault.retryable();
                    if !passes || attempt > provider.network.retries {
                        return Err(trouble.of(self.dataset, &self.source.base));
                    }
                    let wait = provider.network.backoff_ms << attempt.min(6);
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                    attempt += 1;
                }
            }
        }
    }

    fn tell(
        &self,
        provider: &LdapProvider,
        outcome: &Result<Found, Trouble>,
        took: Duration,
        attempt: u32,
    ) {
        let (records, bytes, word) = match outcome {
            Ok(found) => (found.ends.len(), found.body.len(), "ok"),
            Err(trouble) => (0, 0, trouble.fault.code()),
        };
        provider.observer.request(RequestEntry {
            dataset: Some(self.dataset),
            at_ms: chrono::Utc::now().timestamp_millis(),
            method: "SEARCH",
            url: format!("{}#{}", self.source.base, self.position.rows + 1),
            status: None,
            ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            bytes: bytes as u64,
            records: records as u64,
            attempt,
            outcome: word,
            headers: Headers::default(),
        });
    }

    async fn search(&mut self, provider: &LdapProvider) -> Result<Found, Trouble> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => Open {
                ldap: provider.connect().await?,
                cookie: Vec::new(),
            },
        };
        let limit = Duration::from_millis(provider.network.request_timeout_ms);
        let found =
            tokio::time::timeout(limit, self.read(&mut open, provider.network.max_body_bytes))
                .await
                .unwrap_or_else(|_| {
                    Err(Trouble::new(Fault::Timeout, "the search takes too long"))
                })?;
        open.cookie.clone_from(&found.cookie);
        self.open = Some(open);
        Ok(found)
    }

    async fn read(&self, open: &mut Open, most_bytes: u64) -> Result<Found, Trouble> {
        let trouble = |error: ldap3::LdapError| fault::of(&error, false);
        let paged = PagedResults {
            size: i32::try_from(self.source.page_rows).unwrap_or(i32::MAX),
            cookie: std::mem::take(&mut open.cookie),
        };
        let scope = match self.source.scope {
            LdapScope::Subtree => SearchScope::Subtree,
            LdapScope::OneLevel => SearchScope::OneLevel,
        };
        let filter = filter(&self.source, &self.scope);
        let mut stream = open
            .ldap
            .with_controls(vec![paged.into()])
            .streaming_search_with(
                EntriesOnly::new(),
                &self.source.base,
                scope,
                &filter,
                self.attributes(),
            )
            .await
            .map_err(trouble)?;
        let (mut body, mut ends) = (Vec::new(), Vec::new());
        while let Some(found) = stream.next().await.map_err(trouble)? {
            let row = entry::row(SearchEntry::construct(found));
            serde_json::to_writer(&mut body, &row)
                .map_err(|error| Trouble::new(Fault::MalformedJson, error.to_string()))?;
            if body.len() as u64 > most_bytes {
                let what = format!(
                    "a page is larger than {most_bytes} bytes; ask for fewer entries a page"
                );
                return Err(Trouble::new(Fault::TooLarge, what));
            }
            ends.push(body.len());
        }
        let result = stream.finish().await;
        if result.rc != 0 {
            return Err(fault::said(result.rc, &result.text));
        }
        let cookie = result.ctrls.iter().find_map(|Control(kind, raw)| {
            matches!(kind, Some(ControlType::PagedResults))
                .then(|| raw.parse::<PagedResults>().cookie)
        });
        Ok(Found {
            body,
            ends,
            cookie: cookie.unwrap_or_default(),
        })
    }

    /// The attributes to ask for. The moment of the last change is one that only comes when asked for.
    fn attributes(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .source
            .attributes
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        if names.is_empty() {
            names.extend(["*".to_owned(), "+".to_owned()]);
        } else if !self.source.time_attribute.is_empty() {
            names.push(self.source.time_attribute.clone());
        }
        names
    }

    fn page(&mut self, found: Found) -> Page {
        let rows = found.ends.len() as u64;
        self.position.pages = self.position.pages.saturating_add(1);
        self.position.rows = self.position.rows.saturating_add(rows);
        self.position.distinct_rows = self.position.distinct_rows.saturating_add(rows);
        self.position.ended = found.cookie.is_empty();
        let mut begin = 0;
        let records = found
            .ends
            .iter()
            .map(|end| std::mem::replace(&mut begin, *end)..*end)
            .collect();
        Page {
            body: Bytes::from(found.body),
            records,
            total: None,
            position_after: self.position.clone(),
            last: self.position.ended,
            drift: None,
            slips: Vec::new(),
            left_out: 0,
        }
    }
}

/// The profile's filter, with the time's where one is asked for.
fn filter(source: &LdapSource, scope: &Scope) -> String {
    let (from, until) = match scope {
        Scope::Incremental(state) => (state.since.as_deref(), None),
        Scope::Window { from, to } => (Some(from.as_str()), Some(to.as_str())),
        Scope::Full | Scope::Ids(_) => (None, None),
    };
    let name = &source.time_attribute;
    if name.is_empty() {
        return source.filter.clone();
    }
    let mut parts = String::new();
    if let Some(from) = from.and_then(generalized) {
        parts.push_str(&format!("({name}>={from})"));
    }
    if let Some(until) = until.and_then(generalized) {
        parts.push_str(&format!("(!({name}>={until}))"));
    }
    if parts.is_empty() {
        source.filter.clone()
    } else {
        format!("(&{}{parts})", source.filter)
    }
}

/// A moment in UTC+8 as directories write it (RFC 4517, 3.3.13).
fn generalized(local: &str) -> Option<String> {
    match moment::parse(local)? {
        moment::Parsed::At(at) => Some(
            (at - chrono::Duration::hours(8))
                .format("%Y%m%d%H%M%SZ")
                .to_string(),
        ),
        moment::Parsed::Placeholder => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pager::IncrementalState;

    #[test]
    fn changes_are_asked_for_in_the_directorys_time() {
        let mut source = LdapSource::default();
        let scope = Scope::Incremental(IncrementalState {
            since: Some("2026-11-26 02:00:00".into()),
            ..IncrementalState::default()
        });
        assert_eq!(
            filter(&source, &scope),
            "(&(objectClass=person)(modifyTimestamp>=20261125180000Z))"
        );
        assert_eq!(filter(&source, &Scope::Full), "(objectClass=person)");
        source.time_attribute.clear();
        assert_eq!(filter(&source, &scope), "(objectClass=person)");
    }
}
