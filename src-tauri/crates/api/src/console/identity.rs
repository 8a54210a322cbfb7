//! Single sign-on: claim mapping with a sample, bindings with their conflicts.

use serde_json::{Map, Value};
use zhengqiao_domain::{Check, DatasetId, RuleSet};
use zhengqiao_exchange::Profile;
use zhengqiao_identity::{
    AccountKind, AccountReader, Binding, BindingState, ClaimRow, ConflictKind, Evidence,
    LevelRanks, check_claims, default_claims, preview, review,
};
use zhengqiao_store::{StoreError, audit, binding, connection, record, source};

use super::records::fields;
use super::system::LARGEST_PAGE;
use super::{Console, actor, invalid, not_found, now_local, now_ms};
use crate::contract::{
    ApiError, BindingRow, BindingStateCount, BindingsPage, BindingsRequest, ClaimMappingView,
    ClaimPreview, ConflictCount, ConnectionId, IdentitySummary, SaveClaimMapping,
};
use crate::masks;

impl Console {
    /// The claim mapping, each row with its value in a sample of the cache.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn get_claim_mapping(
        &self,
        request: ConnectionId,
    ) -> Result<ClaimMappingView, ApiError> {
        let connection_id = request.connection_id;
        let (row, profile) = self.profile(connection_id).await?;
        let rows = claims(&row)?;
        let samples = self
            .read(move |conn| {
                AccountKind::ALL
                    .iter()
                    .map(|kind| Ok((*kind, sample(conn, connection_id, *kind)?)))
                    .collect::<Result<Vec<_>, StoreError>>()
            })
            .await?;
        Ok(ClaimMappingView {
            connection_id,
            protocol: "account-datasets".into(),
            rows: previews(&rows, &samples, &profile),
        })
    }

    /// Saves the claim mapping.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] naming every row that is wrong.
    pub async fn save_claim_mapping(
        &self,
        request: SaveClaimMapping,
    ) -> Result<ClaimMappingView, ApiError> {
        let connection_id = request.connection_id;
        let (row, _) = self.profile(connection_id).await?;
        let errors = check_claims(&request.rows);
        if !errors.is_empty() {
            let list: Vec<String> = errors.iter().map(ToString::to_string).collect();
            return Err(invalid(list.join("; ")));
        }
        let text = serde_json::to_string(&request.rows).map_err(StoreError::from)?;
        let detail = serde_json::json!({ "rows": request.rows.len() }).to_string();
        self.write(move |tx| {
            connection::set_claims(tx, connection_id, &text)?;
            audit::append(
                tx,
                now_ms(),
                &actor(),
                "save_claim_mapping",
                &row.name,
                &detail,
            )
        })
        .await?;
        self.get_claim_mapping(ConnectionId { connection_id }).await
    }

    /// Computes the bindings anew from the cached people and portal accounts.
    ///
    /// # Errors
    /// The cache's.
    pub async fn review_identity(
        &self,
        request: ConnectionId,
    ) -> Result<IdentitySummary, ApiError> {
        let connection_id = request.connection_id;
        let (row, profile) = self.profile(connection_id).await?;
        // The hashes of ID numbers are only compared among themselves and not kept: a key a review.
        let mut hash_key = [0; 32];
        getrandom::fill(&mut hash_key)
            .map_err(|error| StoreError::Content(format!("no random numbers: {error}")))?;
        let reader = AccountReader::new(LevelRanks::default(), hash_key);
        let today = now_local().date();
        let at = now_ms();
        drop(profile);
        let bindings = self
            .read(move |conn| {
                let mut identities = Vec::new();
                let mut accounts = Vec::new();
                for source in source::list(conn, Some(connection_id))? {
                    let dataset = source.dataset;
                    let is_account = dataset == DatasetId::PortalAccount;
                    if !is_account
                        && !AccountKind::ALL
                            .iter()
                            .any(|kind| kind.dataset() == dataset)
                    {
                        continue;
                    }
                    // A record that cannot be read as a person was accepted under other rules; it binds nobody.
                    record::for_each_fields(conn, source.id, |text| {
                        let Ok(record) = zhengqiao_sync::read_record(dataset, text) else {
                            return;
                        };
                        if is_account {
                            accounts.extend(reader.account(&record).ok());
                        } else {
                            identities.extend(reader.identity(&record).ok());
                        }
                    })?;
                }
                review(identities, accounts, today)
                    .iter()
                    .map(kept)
                    .collect::<Result<Vec<_>, StoreError>>()
            })
            .await?;
        self.write(move |tx| {
            binding::replace_all(tx, connection_id, &bindings, at)?;
            audit::append(
                tx,
                at,
                &actor(),
                "review_identity",
                &row.name,
                &serde_json::json!({ "bindings": bindings.len() }).to_string(),
            )
        })
        .await?;
        self.get_identity_summary(ConnectionId { connection_id })
            .await
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
        let counts = self
            .read(move |conn| binding::counts(conn, connection_id))
            .await?;
        Ok(IdentitySummary {
            connection_id,
            computed_at: counts.computed_at,
            states: counts
                .states
                .iter()
                .filter_map(|(word, count)| {
                    Some(BindingStateCount {
                        state: named::<BindingState>(word)?,
                        count: *count,
                    })
                })
                .collect(),
            conflicts: counts
                .conflicts
                .iter()
                .filter_map(|(word, count)| {
                    Some(ConflictCount {
                        conflict: named::<ConflictKind>(word)?,
                        count: *count,
                    })
                })
                .collect(),
        })
    }

    /// A page of bindings.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_bindings(&self, request: BindingsRequest) -> Result<BindingsPage, ApiError> {
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let rows = self
            .read(move |conn| {
                binding::page(
                    conn,
                    request.connection_id,
                    request.state.map(BindingState::as_str),
                    request.conflict.map(ConflictKind::as_str),
                    request.kind.map(AccountKind::as_str),
                    request.after,
                    limit,
                )
            })
            .await?;
        let next = (rows.len() == limit as usize)
            .then(|| rows.last().map(|row| row.id))
            .flatten();
        let bindings = rows.into_iter().map(shown).collect::<Result<_, _>>()?;
        Ok(BindingsPage { bindings, next })
    }

    /// All bindings of one connection, for the demonstration's comparison.
    pub(crate) async fn all_bindings(
        &self,
        connection_id: i64,
    ) -> Result<Vec<BindingRow>, ApiError> {
        let mut after = None;
        let mut all = Vec::new();
        loop {
            let page = self
                .list_bindings(BindingsRequest {
                    connection_id,
                    state: None,
                    conflict: None,
                    kind: None,
                    after,
                    limit: LARGEST_PAGE,
                })
                .await?;
            all.extend(page.bindings);
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }
}

fn claims(row: &connection::ConnectionRow) -> Result<Vec<ClaimRow>, ApiError> {
    match &row.claims {
        Some(text) => Ok(serde_json::from_str(text).map_err(StoreError::from)?),
        None => Ok(default_claims()),
    }
}

/// The newest accepted record of a kind, as the claims of a sign-on.
fn sample(
    conn: &zhengqiao_store::Connection,
    connection_id: i64,
    kind: AccountKind,
) -> Result<Option<Map<String, Value>>, StoreError> {
    let Some(source_id) = source::find(conn, connection_id, kind.dataset())? else {
        return Ok(None);
    };
    let filter = record::RecordFilter {
        source_ids: vec![source_id],
        state: Some(record::ACCEPTED),
        ..record::RecordFilter::default()
    };
    match record::page(conn, &filter, None, 1)?.pop() {
        Some(row) => fields(&row.fields).map(Some),
        None => Ok(None),
    }
}

fn previews(
    rows: &[ClaimRow],
    samples: &[(AccountKind, Option<Map<String, Value>>)],
    profile: &Profile,
) -> Vec<ClaimPreview> {
    let rules = RuleSet::new(&profile.rules);
    let check = Check::new(&rules, now_local());
    let mut list = Vec::with_capacity(rows.len());
    for (kind, sample) in samples {
        let own: Vec<ClaimRow> = rows
            .iter()
            .filter(|row| row.kind == *kind)
            .cloned()
            .collect();
        match sample {
            Some(sample) => list.extend(preview(&own, sample, &check).into_iter().zip(own).map(
                |(result, row)| ClaimPreview {
                    received: result.received.map(|value| row.mask(&value)),
                    mapped: result.value.map(|value| row.mask(&value)),
                    state: result.state.code().to_owned(),
                    row,
                },
            )),
            None => list.extend(own.into_iter().map(|row| ClaimPreview {
                row,
                received: None,
                mapped: None,
                state: "no_sample".into(),
            })),
        }
    }
    list
}

fn kept(binding: &Binding) -> Result<binding::BindingRow, StoreError> {
    Ok(binding::BindingRow {
        id: 0,
        kind: binding.kind.as_str().into(),
        identity_key: binding.identity_key.clone(),
        identity_title: binding.identity_title.clone(),
        account_id: binding.account_id.clone(),
        account_title: binding.account_title.clone(),
        state: binding.state.as_str().into(),
        conflicts: serde_json::to_string(&binding.conflicts)?,
        evidence: serde_json::to_string(&binding.evidence)?,
        candidates: serde_json::to_string(&binding.candidates)?,
    })
}

fn named<T: serde::de::DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(Value::String(word.to_owned())).ok()
}

fn shown(row: binding::BindingRow) -> Result<BindingRow, ApiError> {
    let kind: AccountKind =
        named(&row.kind).ok_or_else(|| not_found(format!("kind of account {:?}", row.kind)))?;
    let dataset = kind.dataset();
    let mask = |text: String| masks::value(dataset, dataset.dataset().title, &text);
    let list = |text: &str| -> Result<Vec<ConflictKind>, ApiError> {
        Ok(serde_json::from_str(text).map_err(StoreError::from)?)
    };
    let evidence: Vec<Evidence> = serde_json::from_str(&row.evidence).map_err(StoreError::from)?;
    Ok(BindingRow {
        binding_id: row.id,
        kind,
        identity_key: row.identity_key.map(|key| shortened(&key)),
        identity_title: row.identity_title.map(mask),
        account_id: row.account_id,
        account_title: row.account_title.map(mask),
        state: named(&row.state)
            .ok_or_else(|| not_found(format!("state of a binding {:?}", row.state)))?,
        conflicts: list(&row.conflicts)?,
        evidence,
        candidates: serde_json::from_str::<Vec<String>>(&row.candidates)
            .map_err(StoreError::from)?
            .iter()
            .map(|key| shortened(key))
            .collect(),
    })
}

/// Long keys are hashes; their first twelve characters tell them apart on a screen.
fn shortened(key: &str) -> String {
    if key.chars().count() <= 20 {
        key.to_owned()
    } else {
        key.chars().take(12).chain("…".chars()).collect()
    }
}
