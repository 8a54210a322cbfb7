//! The walk through a service's users, page by page.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use bytes::Bytes;
use chrono::Duration;
use serde_json::Value;
use zhengqiao_domain::DatasetId;
use zhengqiao_domain::primitives::moment;

use super::config::{Ability, Config, accept};
use super::{ScimPaging, ScimSource, flatten};
use crate::client::{HttpProvider, Posting, Reply};
use crate::error::{ExchangeError, Fault};
use crate::pager::{Drift, Page, Position};
use crate::profile::{DatasetSource, Envelope};
use crate::scope::Scope;

/// Goes through the users of one service.
pub struct ScimWalk {
    dataset: DatasetId,
    source: ScimSource,
    scope: Scope,
    position: Position,
    config: Option<Config>,
    cursors: HashSet<String>,
}

impl ScimWalk {
    /// A walk over users, going on at `resume`.
    pub fn new(
        dataset: DatasetId,
        source: ScimSource,
        scope: Scope,
        resume: Option<Position>,
    ) -> Self {
        Self {
            dataset,
            source,
            scope,
            position: resume.unwrap_or_default(),
            config: None,
            cursors: HashSet::new(),
        }
    }

    /// The next page, or `None` after the last.
    ///
    /// # Errors
    /// What went wrong, by its name.
    pub async fn next(&mut self, provider: &HttpProvider) -> Result<Option<Page>, ExchangeError> {
        if self.position.ended {
            return Ok(None);
        }
        if self.position.pages >= provider.max_pages() {
            let what = format!("more than {} pages", provider.max_pages());
            return Err(self.fault(Fault::PagesExceeded, what));
        }
        if self.config.is_none() {
            self.config = Some(Config::ask(provider).await?);
        }
        let config = self.config.clone().unwrap_or_default();
        let by_cursor = match self.source.paging {
            ScimPaging::Offered => config.can(Ability::Cursor),
            ScimPaging::Index => false,
            ScimPaging::Cursor => true,
        };
        let described = self.described();
        let asking = Posting {
            body: None,
            headers: vec![accept()],
            has_records: true,
            retries: true,
        };
        let params = self.params(&config, by_cursor);
        let reply = provider
            .call(Some(self.dataset), &described, &params, &asking)
            .await?;
        self.advance(&reply, by_cursor).map(Some)
    }

    fn fault(&self, fault: Fault, what: impl Into<String>) -> ExchangeError {
        ExchangeError::Request {
            fault,
            dataset: Some(self.dataset),
            path: self.source.path.clone(),
            what: what.into(),
        }
    }

    /// The answer's form (RFC 7644, 3.4.2; of an error 3.12).
    fn described(&self) -> DatasetSource {
        DatasetSource {
            path: self.source.path.clone(),
            envelope: Envelope {
                records: "/Resources".into(),
                total: "/totalResults".into(),
                next_cursor: "/nextCursor".into(),
                message: "/detail".into(),
                ..Envelope::default()
            },
            ..DatasetSource::default()
        }
    }

    fn params(&self, config: &Config, by_cursor: bool) -> Vec<(String, String)> {
        let rows = config.most_rows.map_or(self.source.page_rows, |most| {
            most.min(self.source.page_rows)
        });
        let mut params = vec![("count".to_owned(), rows.to_string())];
        if by_cursor {
            let cursor = self.position.cursor.clone().unwrap_or_default();
            params.push(("cursor".into(), cursor));
        } else {
            params.push((
                "startIndex".into(),
                self.position.rows.saturating_add(1).to_string(),
            ));
            // Pages by index hold still only where there is an order.
            if config.can(Ability::Sort) {
                params.push(("sortBy".into(), "id".into()));
            }
        }
        if !self.source.attributes.trim().is_empty() {
            params.push(("attributes".into(), self.source.attributes.trim().into()));
        }
        let filter = self.filter(config.can(Ability::Filter));
        if !filter.is_empty() {
            params.push(("filter".into(), filter));
        }
        params
    }

    /// The profile's filter, and the time's where the service filters: one that does not is read whole.
    fn filter(&self, filters: bool) -> String {
        let own = self.source.filter.trim();
        let (from, until) = match &self.scope {
            Scope::Incremental(state) => (state.since.as_deref(), None),
            Scope::Window { from, to } => (Some(from.as_str()), Some(to.as_str())),
            Scope::Full | Scope::Ids(_) => (None, None),
        };
        let mut parts: Vec<String> = Vec::new();
        if filters {
            let bound = |operator: &str, at: Option<&str>| {
                Some(format!("meta.lastModified {operator} \"{}\"", utc(at?)?))
            };
            parts.extend(bound("ge", from));
            parts.extend(bound("lt", until));
        }
        if !own.is_empty() {
            parts.insert(
                0,
                if parts.is_empty() {
                    own.to_owned()
                } else {
                    format!("({own})")
                },
            );
        }
        parts.join(" and ")
    }

    fn advance(&mut self, reply: &Reply, by_cursor: bool) -> Result<Page, ExchangeError> {
        let opened = &reply.opened;
        let rows = opened.records.len() as u64;
        let mut hasher = DefaultHasher::new();
        let mut body = Vec::with_capacity(reply.body.len());
        let mut records = Vec::with_capacity(opened.records.len());
        for range in &opened.records {
            let raw = &reply.body[range.clone()];
            raw.hash(&mut hasher);
            let from = body.len();
            // What is no object goes on as it is: the rules name it.
            match serde_json::from_slice::<Value>(raw) {
                Ok(Value::Object(user)) => {
                    let row = serde_json::to_vec(&flatten(&user))
                        .map_err(|error| self.fault(Fault::MalformedJson, error.to_string()))?;
                    body.extend(row);
                }
                _ => body.extend_from_slice(raw),
            }
            records.push(from..body.len());
        }
        let fingerprint = (rows > 0).then(|| hasher.finish());
        if fingerprint.is_some() && fingerprint == self.position.last_page {
            let what = format!(
                "page {} is the same as the page before it",
                self.position.pages + 1
            );
            return Err(self.fault(Fault::RepeatedPage, what));
        }
        let mut drift = match (self.position.total, opened.total) {
            (Some(from), Some(to)) if from != to => Some(Drift::TotalChanged { from, to }),
            _ => None,
        };
        let mut after = Position {
            pages: self.position.pages.saturating_add(1),
            rows: self.position.rows.saturating_add(rows),
            distinct_rows: self.position.distinct_rows.saturating_add(rows),
            total: self.position.total.or(opened.total),
            last_page: fingerprint.or(self.position.last_page),
            ..Position::default()
        };
        if by_cursor {
            after.cursor.clone_from(&opened.next_cursor);
            after.ended = opened.next_cursor.is_none();
            if let Some(cursor) = &after.cursor
                && !self.cursors.insert(cursor.clone())
            {
                let what = "the service gave a cursor that it had given before";
                return Err(self.fault(Fault::CursorLoop, what));
            }
        } else {
            // A service may give fewer than were asked for, so that only the total or nothing ends it.
            after.ended = rows == 0 || opened.total.is_some_and(|total| after.rows >= total);
        }
        if let (true, Some(total)) = (after.ended, opened.total)
            && after.rows < total
        {
            drift = drift.or(Some(Drift::Shortfall {
                read: after.rows,
                total,
            }));
        }
        self.position = after.clone();
        Ok(Page {
            body: Bytes::from(body),
            records,
            total: opened.total,
            last: after.ended,
            position_after: after,
            drift,
            slips: Vec::new(),
            left_out: 0,
        })
    }
}

/// A moment in UTC+8 as SCIM writes it (RFC 7643, 2.3.5).
fn utc(local: &str) -> Option<String> {
    match moment::parse(local)? {
        moment::Parsed::At(at) => Some(
            (at - Duration::hours(8))
                .format("%Y-%m-%dT%H:%M:%SZ")
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
    fn changes_are_asked_for_in_utc_and_only_where_the_service_filters() {
        let source = ScimSource {
            filter: "active eq true".into(),
            ..ScimSource::default()
        };
        let scope = Scope::Incremental(IncrementalState {
            since: Some("2026-11-26 02:00:00".into()),
            ..IncrementalState::default()
        });
        let walk = ScimWalk::new(DatasetId::PortalAccount, source, scope, None);
        assert_eq!(
            walk.filter(true),
            "(active eq true) and meta.lastModified ge \"2026-11-25T18:00:00Z\""
        );
        assert_eq!(walk.filter(false), "active eq true");
    }
}
