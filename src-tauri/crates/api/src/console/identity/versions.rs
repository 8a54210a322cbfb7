//! Claim mapping and review policy: edited together, every save a version that can be gone back to.

use serde_json::{Map, Value, json};
use zhengqiao_identity::{AccountKind, ReviewPolicy, default_claims, portal_fields};
use zhengqiao_store::connection::ConnectionRow;
use zhengqiao_store::{StoreError, Transaction, audit, claim_sample, identity_version};

use super::super::mapping::places;
use super::super::{Console, actor, invalid, not_found, now_ms};
use super::{claims, settings};
use crate::contract::{
    ApiError, ClaimSampleRow, CompareIdentityVersions, ConnectionId, IdentityMapping,
    IdentitySettings, IdentityVersionRow, RestoreIdentityVersion, SaveIdentityMapping, SeenClaim,
};
use crate::differences::Difference;

/// Versions that are listed.
const LISTED: u32 = 200;
/// Characters of a note.
const NOTE_CHARS: usize = 500;

impl Console {
    /// The claim mapping and review policy in force, with what an editor offers.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn get_identity_mapping(
        &self,
        request: ConnectionId,
    ) -> Result<IdentityMapping, ApiError> {
        let connection_id = request.connection_id;
        let (row, _) = self.profile(connection_id).await?;
        let present = settings::of(&row)?;
        let (version, reviewed, samples, newest) = self
            .read(move |conn| {
                let newest = AccountKind::ALL
                    .iter()
                    .map(|kind| Ok((*kind, claims::newest(conn, connection_id, *kind)?)))
                    .collect::<Result<Vec<_>, StoreError>>()?;
                Ok((
                    identity_version::present(conn, connection_id)?,
                    identity_version::reviewed(conn, connection_id)?,
                    claim_sample::list(conn, connection_id)?,
                    newest,
                ))
            })
            .await?;
        let mut seen: Vec<SeenClaim> = Vec::new();
        for (kind, sample) in newest {
            let columns = kind.dataset().dataset().fields.iter();
            let described = columns.map(|field| field.name.to_owned());
            let found = sample.map(|sample| named_in(&sample)).unwrap_or_default();
            remember(&mut seen, kind, found.into_iter().chain(described));
        }
        for sample in &samples {
            if let (Ok(kind), Ok(fields)) = (
                sample.kind.parse(),
                serde_json::from_str::<Map<String, Value>>(&sample.claims),
            ) {
                remember(&mut seen, kind, named_in(&fields));
            }
        }
        Ok(IdentityMapping {
            connection_id,
            version,
            reviewed,
            settings: present,
            defaults: IdentitySettings {
                claims: default_claims(),
                policy: ReviewPolicy::default(),
            },
            fields: portal_fields(),
            seen,
            samples: samples
                .into_iter()
                .filter_map(|sample| {
                    Some(ClaimSampleRow {
                        sample_id: sample.id,
                        kind: sample.kind.parse().ok()?,
                        name: sample.name,
                        kept_at: sample.kept_at,
                        kept_by: sample.kept_by,
                    })
                })
                .collect(),
        })
    }

    /// Saves claim mapping and review policy as a new version.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] naming every row and value that is wrong, or
    /// when another version has been saved meanwhile.
    pub async fn save_identity_mapping(
        &self,
        request: SaveIdentityMapping,
    ) -> Result<IdentityMapping, ApiError> {
        let connection_id = request.connection_id;
        let (row, _) = self.profile(connection_id).await?;
        let version = self
            .read(move |conn| identity_version::present(conn, connection_id))
            .await?;
        if version != request.based_on {
            return Err(moved_on(request.based_on, version));
        }
        settings::refuse(&settings::problems(&request.settings))?;
        if request.settings != settings::of(&row)? {
            let note = noted(&request.note)?;
            let before = settings::stored(&settings::of(&row)?)?;
            let after = settings::stored(&request.settings)?;
            self.write(move |tx| {
                save(tx, &row, &before, &after, &note, "save_identity_mapping").map(|_| ())
            })
            .await?;
        }
        self.get_identity_mapping(ConnectionId { connection_id })
            .await
    }

    /// The saved versions, the latest first, each with what it changed.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn list_identity_versions(
        &self,
        request: ConnectionId,
    ) -> Result<Vec<IdentityVersionRow>, ApiError> {
        let connection_id = request.connection_id;
        self.profile(connection_id).await?;
        let (kept, reviewed) = self
            .read(move |conn| {
                Ok((
                    identity_version::list(conn, connection_id, LISTED)?,
                    identity_version::reviewed(conn, connection_id)?,
                ))
            })
            .await?;
        let all: Vec<IdentitySettings> = kept.iter().map(restored).collect::<Result<_, _>>()?;
        Ok(kept
            .into_iter()
            .enumerate()
            .map(|(at, one)| IdentityVersionRow {
                differences: all
                    .get(at + 1)
                    .map(|before| settings::between(before, &all[at]))
                    .unwrap_or_default(),
                current: at == 0,
                reviewed: reviewed == Some(one.number),
                number: one.number,
                saved_at: one.saved_at,
                saved_by: one.saved_by,
                note: one.note,
            })
            .collect())
    }

    /// What differs between two versions.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn compare_identity_versions(
        &self,
        request: CompareIdentityVersions,
    ) -> Result<Vec<Difference>, ApiError> {
        let before = self
            .identity_version(request.connection_id, request.before)
            .await?;
        let after = self
            .identity_version(request.connection_id, request.after)
            .await?;
        Ok(settings::between(&before, &after))
    }

    /// Makes an earlier version the present one, as a new version.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`], or
    /// [`crate::contract::ErrorCode::InvalidRequest`] when it may no longer be saved.
    pub async fn restore_identity_version(
        &self,
        request: RestoreIdentityVersion,
    ) -> Result<IdentityMapping, ApiError> {
        let connection_id = request.connection_id;
        let settings = self.identity_version(connection_id, request.number).await?;
        let based_on = self
            .read(move |conn| identity_version::present(conn, connection_id))
            .await?;
        self.save_identity_mapping(SaveIdentityMapping {
            connection_id,
            based_on,
            note: request.note,
            settings,
        })
        .await
    }

    async fn identity_version(
        &self,
        connection_id: i64,
        number: i64,
    ) -> Result<IdentitySettings, ApiError> {
        let kept = self
            .read(move |conn| identity_version::get(conn, connection_id, number))
            .await?
            .ok_or_else(|| not_found(format!("there is no version {number} of the mapping")))?;
        restored(&kept)
    }
}

fn restored(kept: &identity_version::IdentityVersion) -> Result<IdentitySettings, ApiError> {
    settings::parsed(&kept.claims, &kept.policy)
}

/// Saves settings as a new version, behind the state before the first save; gives its number.
///
/// # Errors
/// The cache's.
pub(super) fn save(
    tx: &Transaction<'_>,
    row: &ConnectionRow,
    before: &(String, String),
    after: &(String, String),
    note: &str,
    act: &str,
) -> Result<i64, StoreError> {
    let at = now_ms();
    let number = identity_version::present(tx, row.id)? + 1;
    let version = |number, saved_by: String, note: &str, (claims, policy): &(String, String)| {
        identity_version::IdentityVersion {
            number,
            saved_at: at,
            saved_by,
            note: note.to_owned(),
            claims: claims.clone(),
            policy: policy.clone(),
        }
    };
    if number == 1 {
        identity_version::save(tx, row.id, &version(0, String::new(), "", before))?;
    }
    identity_version::save(tx, row.id, &version(number, actor(), note, after))?;
    let detail = json!({ "version": number, "note": note }).to_string();
    audit::append(tx, at, &actor(), act, &row.name, &detail)?;
    Ok(number)
}

/// A note as it is kept.
pub(super) fn noted(note: &str) -> Result<String, ApiError> {
    let note = note.trim();
    if note.chars().count() > NOTE_CHARS {
        return Err(invalid(format!(
            "note: longer than {NOTE_CHARS} characters; shorten it"
        )));
    }
    Ok(note.to_owned())
}

pub(super) fn moved_on(based_on: i64, version: i64) -> ApiError {
    invalid(format!(
        "version {based_on} was edited, but version {version} is in force by now; load it and make the change again"
    ))
}

/// The names and pointers of a sample's claims.
fn named_in(sample: &Map<String, Value>) -> Vec<String> {
    let raw = serde_json::to_vec(sample).unwrap_or_default();
    places(&[raw])
        .into_iter()
        .map(|(column, _)| column.name)
        .collect()
}

fn remember(seen: &mut Vec<SeenClaim>, kind: AccountKind, names: impl IntoIterator<Item = String>) {
    for name in names {
        let claim = SeenClaim { kind, name };
        if !seen.contains(&claim) {
            seen.push(claim);
        }
    }
}
