//! The bindings: computed from the cached people and portal accounts, counted and listed.

use serde_json::Value;
use zhengqiao_domain::DatasetId;
use zhengqiao_identity::{
    AccountKind, AccountReader, Binding, BindingState, ConflictKind, Evidence, review,
};
use zhengqiao_store::{StoreError, audit, binding, record, source};

use super::super::system::LARGEST_PAGE;
use super::super::{Console, actor, not_found, now_local, now_ms};
use crate::contract::{
    ApiError, BindingRow, BindingStateCount, BindingsPage, BindingsRequest, ConflictCount,
    ConnectionId, IdentitySummary,
};
use crate::masks;

impl Console {
    /// Computes the bindings anew from the cached people and portal accounts.
    ///
    /// # Errors
    /// The cache's.
    pub async fn review_identity(
        &self,
        request: ConnectionId,
    ) -> Result<IdentitySummary, ApiError> {
        let connection_id = request.connection_id;
        let (row, _) = self.profile(connection_id).await?;
        // The hashes of ID numbers are only compared among themselves and not kept: a key a review.
        let mut hash_key = [0; 32];
        getrandom::fill(&mut hash_key)
            .map_err(|error| StoreError::Content(format!("no random numbers: {error}")))?;
        let policy = super::policy(&row)?;
        let accounts_from = row.accounts_from.unwrap_or(connection_id);
        let reader = AccountReader::new(policy.ranks.clone(), hash_key);
        let today = now_local().date();
        let at = now_ms();
        let bindings = self
            .read(move |conn| {
                let mut identities = Vec::new();
                let mut accounts = Vec::new();
                let people =
                    source::list(conn, Some(connection_id))?
                        .into_iter()
                        .filter(|source| {
                            AccountKind::ALL
                                .iter()
                                .any(|kind| kind.dataset() == source.dataset)
                        });
                let portal = source::list(conn, Some(accounts_from))?
                    .into_iter()
                    .filter(|source| source.dataset == DatasetId::PortalAccount);
                for source in people.chain(portal) {
                    let dataset = source.dataset;
                    // A record that cannot be read as a person was accepted under other rules; it binds nobody.
                    record::for_each_fields(conn, source.id, |text| {
                        let Ok(record) = zhengqiao_sync::read_record(dataset, text) else {
                            return;
                        };
                        if dataset == DatasetId::PortalAccount {
                            accounts.extend(reader.account(&record).ok());
                        } else {
                            identities.extend(reader.identity(&record).ok());
                        }
                    })?;
                }
                review(identities, accounts, &policy, today)
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
pub(super) fn shortened(key: &str) -> String {
    if key.chars().count() <= 20 {
        key.to_owned()
    } else {
        key.chars().take(12).chain("…".chars()).collect()
    }
}
