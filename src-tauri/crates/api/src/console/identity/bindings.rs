//! The bindings: computed from the cached people and portal accounts, counted and listed.

use chrono::NaiveDate;
use zhengqiao_domain::primitives::masking::identity_key;
use zhengqiao_identity::{AccountKind, AccountReader, BindingState, ConflictKind, Evidence};
use zhengqiao_store::binding_list::{self, Group};
use zhengqiao_store::{
    Connection, StoreError, audit, binding, hash, identity_version, record, source,
};

use super::super::system::LARGEST_PAGE;
use super::super::{Console, actor, now_local, now_ms};
use super::known::{self, Basis, place};
use super::texts::{Person, Texts};
use crate::contract::{
    AccountKindCount, ApiError, BindingFacets, BindingFacetsRequest, BindingFilter, BindingRow,
    BindingStateCount, BindingsPage, BindingsRequest, ConflictCount, ConnectionId, IdentitySummary,
    ReviewTook, SiteCount,
};

/// Sites that are listed.
const MOST_SITES: usize = 100;
/// Bindings up to which a process reads everyone to take one decision into account at once.
const SMALL: i64 = 50_000;
/// Records of one key.
const SAME_KEY: u32 = 20;

impl Console {
    /// Computes the bindings from the cached people and portal accounts: everything the first time in
    /// a process, then only around what changed.
    ///
    /// # Errors
    /// The cache's.
    pub async fn review_identity(
        &self,
        request: ConnectionId,
    ) -> Result<IdentitySummary, ApiError> {
        let connection_id = request.connection_id;
        let took = self.compute_bindings(connection_id, true).await?;
        let mut summary = self
            .get_identity_summary(ConnectionId { connection_id })
            .await?;
        summary.took = Some(took);
        Ok(summary)
    }

    /// Takes changes and decisions into account where that is quick: the population is in memory, or
    /// it is small. Else the next review does.
    pub(super) async fn follow_decisions(&self, connection_id: i64) -> Result<(), ApiError> {
        let groups = self
            .read(move |conn| binding_list::groups(conn, connection_id))
            .await?;
        let all: i64 = groups.iter().map(|group| group.n).sum();
        if all > 0 && (all <= SMALL || self.0.identity.has(connection_id)) {
            self.compute_bindings(connection_id, false).await?;
        }
        Ok(())
    }

    async fn compute_bindings(
        &self,
        connection_id: i64,
        is_review: bool,
    ) -> Result<ReviewTook, ApiError> {
        let (row, _) = self.profile(connection_id).await?;
        let basis = Basis {
            connection_id,
            accounts_from: row.accounts_from.unwrap_or(connection_id),
            policy: super::policy(&row)?,
            claims: super::claims::claims(&row)?,
        };
        let version = self
            .read(move |conn| identity_version::present(conn, connection_id))
            .await?;
        let today = now_local().date();
        let at = now_ms();
        let warm = self.0.identity.clone();
        let cache = self.cache()?;
        super::super::blocking(move || {
            let mut place = warm.lock();
            // Taken out while it changes: what fails half-way is read anew.
            let known = place.take();
            let (known, mut found) = known::look(&cache, known, basis, today)?;
            let begun = std::time::Instant::now();
            let (known, found) = cache.write_blocking(move |tx| {
                found.took.written = known.write(tx, &found)?;
                found.took.write_ms =
                    i64::try_from(begun.elapsed().as_millis()).unwrap_or_default();
                if is_review {
                    binding::set_computed(tx, connection_id, at)?;
                    identity_version::set_reviewed(tx, connection_id, version, at)?;
                    audit::append(
                        tx,
                        at,
                        &actor(),
                        "review_identity",
                        &row.name,
                        &serde_json::to_string(&found.took)?,
                    )?;
                }
                Ok((known, found))
            })?;
            *place = Some(known);
            Ok(found.took)
        })
        .await?
    }

    /// Bindings by state and conflict.
    ///
    /// # Errors
    /// The cache's.
    pub async fn get_identity_summary(
        &self,
        request: ConnectionId,
    ) -> Result<IdentitySummary, ApiError> {
        let connection_id = request.connection_id;
        let today = today();
        self.read(move |conn| {
            let groups = binding_list::groups(conn, connection_id)?;
            let everything = BindingFilter::default();
            let all = Narrow::new(&everything, &today);
            let reviewed = identity_version::reviewed(conn, connection_id)?;
            let present = identity_version::present(conn, connection_id)?;
            Ok(IdentitySummary {
                connection_id,
                computed_at: binding::computed_at(conn, connection_id)?,
                outdated: reviewed.is_some_and(|reviewed| reviewed != present),
                states: all.states(&groups),
                conflicts: all.conflicts(&groups),
                open: sum(&groups, |group| group.is_open(&today)),
                took: None,
            })
        })
        .await
    }

    /// Counts by every facet, each under all filters but its own.
    ///
    /// # Errors
    /// The cache's.
    pub async fn get_binding_facets(
        &self,
        request: BindingFacetsRequest,
    ) -> Result<BindingFacets, ApiError> {
        let today = today();
        self.read(move |conn| {
            let groups = binding_list::groups(conn, request.connection_id)?;
            let narrow = Narrow::new(&request.filter, &today);
            Ok(narrow.facets(&groups))
        })
        .await
    }

    /// A page of bindings.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_bindings(&self, request: BindingsRequest) -> Result<BindingsPage, ApiError> {
        let (connection, _) = self.profile(request.connection_id).await?;
        let reader = super::reader(&connection)?;
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let today = today();
        self.read(move |conn| {
            let filter = kept_filter(conn, request.connection_id, &request.filter, &today)?;
            let rows =
                binding_list::page(conn, request.connection_id, &filter, request.after, limit)?;
            let next = (rows.len() == limit as usize)
                .then(|| rows.last().map(|row| row.id))
                .flatten();
            let bindings = rows
                .into_iter()
                .map(|row| shown(conn, &reader, row, &today))
                .collect::<Result<_, _>>()?;
            Ok(BindingsPage { bindings, next })
        })
        .await
    }

    /// All bindings of one connection, for the demonstration's comparison.
    pub(crate) async fn all_bindings(
        &self,
        connection_id: i64,
    ) -> Result<Vec<(Option<String>, Vec<ConflictKind>)>, ApiError> {
        self.read(move |conn| {
            let mut all = Vec::new();
            let filter = binding_list::BindingFilter::default();
            let mut after = None;
            loop {
                let page = binding_list::page(conn, connection_id, &filter, after, LARGEST_PAGE)?;
                after = page.last().map(|row| row.id);
                if page.is_empty() {
                    return Ok(all);
                }
                all.extend(
                    page.into_iter()
                        .map(|row| (row.account_id, kinds(row.computed.conflicts))),
                );
            }
        })
        .await
    }
}

pub(super) fn today() -> String {
    now_local().date().to_string()
}

pub(super) fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

fn sum(groups: &[Group], of: impl Fn(&Group) -> bool) -> i64 {
    groups
        .iter()
        .filter(|group| of(group))
        .map(|group| group.n)
        .sum()
}

pub(super) fn kinds(bits: i64) -> Vec<ConflictKind> {
    ConflictKind::of_bits(u32::try_from(bits).unwrap_or_default())
}

pub(super) fn at<T: Copy>(list: &[T], place: i64) -> Result<T, StoreError> {
    usize::try_from(place)
        .ok()
        .and_then(|at| list.get(at).copied())
        .ok_or_else(|| StoreError::Content(format!("a binding has the unknown word {place}")))
}

/// A filter over groups, facet by facet.
struct Narrow<'a> {
    filter: &'a BindingFilter,
    today: &'a str,
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Facet {
    State,
    Conflict,
    Kind,
    Site,
    Open,
    None,
}

impl<'a> Narrow<'a> {
    const fn new(filter: &'a BindingFilter, today: &'a str) -> Self {
        Self { filter, today }
    }

    fn has(&self, group: &Group, but: Facet) -> bool {
        let filter = self.filter;
        (but == Facet::State
            || filter
                .state
                .is_none_or(|state| place(BindingState::ALL, &state) == group.state))
            && (but == Facet::Conflict
                || filter
                    .conflict
                    .is_none_or(|kind| i64::from(kind.bit()) & group.conflicts != 0))
            && (but == Facet::Kind
                || filter
                    .kind
                    .is_none_or(|kind| place(AccountKind::ALL, &kind) == group.kind))
            && (but == Facet::Site || filter.site.as_ref().is_none_or(|site| *site == group.site))
            && (but == Facet::Open
                || filter.open.is_none_or(|open| {
                    if open {
                        group.is_open(self.today)
                    } else {
                        group.is_decided(self.today)
                    }
                }))
    }

    fn count(&self, groups: &[Group], but: Facet, of: impl Fn(&Group) -> bool) -> i64 {
        sum(groups, |group| self.has(group, but) && of(group))
    }

    fn states(&self, groups: &[Group]) -> Vec<BindingStateCount> {
        BindingState::ALL
            .iter()
            .map(|state| BindingStateCount {
                state: *state,
                count: self.count(groups, Facet::State, |group| {
                    group.state == place(BindingState::ALL, state)
                }),
            })
            .filter(|row| row.count > 0)
            .collect()
    }

    fn conflicts(&self, groups: &[Group]) -> Vec<ConflictCount> {
        let mut list: Vec<ConflictCount> = ConflictKind::ALL
            .iter()
            .map(|kind| ConflictCount {
                conflict: *kind,
                count: self.count(groups, Facet::Conflict, |group| {
                    group.conflicts & i64::from(kind.bit()) != 0
                }),
            })
            .filter(|row| row.count > 0)
            .collect();
        list.sort_by_key(|row| std::cmp::Reverse(row.count));
        list
    }

    fn facets(&self, groups: &[Group]) -> BindingFacets {
        let mut sites: Vec<SiteCount> = Vec::new();
        for group in groups.iter().filter(|group| self.has(group, Facet::Site)) {
            match sites.iter_mut().find(|row| row.site == group.site) {
                Some(row) => row.count += group.n,
                None => sites.push(SiteCount {
                    site: group.site.clone(),
                    count: group.n,
                }),
            }
        }
        sites.sort_by_key(|row| std::cmp::Reverse(row.count));
        sites.truncate(MOST_SITES);
        BindingFacets {
            total: self.count(groups, Facet::None, |_| true),
            states: self.states(groups),
            conflicts: self.conflicts(groups),
            kinds: AccountKind::ALL
                .iter()
                .map(|kind| AccountKindCount {
                    kind: *kind,
                    count: self.count(groups, Facet::Kind, |group| {
                        group.kind == place(AccountKind::ALL, kind)
                    }),
                })
                .filter(|row| row.count > 0)
                .collect(),
            sites,
            open: self.count(groups, Facet::Open, |group| group.is_open(self.today)),
            decided: self.count(groups, Facet::Open, |group| group.is_decided(self.today)),
        }
    }
}

/// The filter as the cache knows it, the search looked up.
pub(super) fn kept_filter(
    conn: &Connection,
    connection_id: i64,
    filter: &BindingFilter,
    today: &str,
) -> Result<binding_list::BindingFilter, StoreError> {
    let sought = filter
        .search
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty());
    Ok(binding_list::BindingFilter {
        state: filter.state.map(|state| place(BindingState::ALL, &state)),
        conflict: filter.conflict.map(|kind| kind.bit().into()),
        kind: filter.kind.map(|kind| place(AccountKind::ALL, &kind)),
        site: filter.site.clone(),
        open: filter.open,
        today: today.to_owned(),
        found: sought
            .map(|text| found(conn, connection_id, text))
            .transpose()?,
    })
}

fn found(
    conn: &Connection,
    connection_id: i64,
    text: &str,
) -> Result<binding_list::Found, StoreError> {
    let mut people = Vec::new();
    for kind in AccountKind::ALL {
        let Some(source_id) = source::find(conn, connection_id, kind.dataset())? else {
            continue;
        };
        for form in [text.to_owned(), text.to_uppercase(), text.to_lowercase()] {
            let business = hash::of_parts([form.as_str()]);
            let records = record::of_business(conn, source_id, &business, SAME_KEY)?;
            people.extend(records.into_iter().map(|record| record.id));
        }
    }
    people.sort_unstable();
    people.dedup();
    Ok(binding_list::Found {
        account_id: text.to_owned(),
        people,
    })
}

/// A row with its texts, masked.
pub(super) fn shown(
    conn: &Connection,
    reader: &AccountReader,
    row: binding::BindingRow,
    today: &str,
) -> Result<BindingRow, StoreError> {
    let computed = &row.computed;
    let kind = at(AccountKind::ALL, computed.kind)?;
    let account = match computed.account_record {
        Some(id) => Texts::read(conn, id)?,
        None => None,
    };
    let person = match computed.person_record {
        Some(id) => Person::read(conn, reader, id)?,
        None => None,
    };
    let bits = |bits: i64| u8::try_from(bits).unwrap_or_default();
    let candidates: Vec<i64> = match &computed.candidates {
        Some(text) => serde_json::from_str(text)?,
        None => Vec::new(),
    };
    let group = Group {
        kind: computed.kind,
        state: computed.state,
        has_account: computed.account_record.is_some(),
        site: String::new(),
        act: row.act.clone().unwrap_or_default(),
        until: row.until.clone().unwrap_or_default(),
        conflicts: computed.conflicts,
        n: 1,
    };
    Ok(BindingRow {
        binding_id: row.id,
        kind,
        identity_key: person
            .as_ref()
            .map(|one| identity_key(&one.key))
            .or_else(|| {
                let bound = account.as_ref()?.get("bound_to")?;
                kinds(computed.conflicts)
                    .contains(&ConflictKind::OrphanedBinding)
                    .then(|| identity_key(bound))
            }),
        identity_title: person.as_ref().and_then(|one| one.texts.title()),
        account_id: row.account_id,
        account_title: account.as_ref().and_then(Texts::title),
        site: row.site,
        state: at(BindingState::ALL, computed.state)?,
        conflicts: kinds(computed.conflicts),
        evidence: Evidence::of_bits(bits(computed.compared), bits(computed.agreed)),
        candidates: u32::try_from(candidates.len()).unwrap_or_default(),
        act: row.act.as_deref().and_then(|word| word.parse().ok()),
        until: row.until,
        open: group.is_open(today),
    })
}
