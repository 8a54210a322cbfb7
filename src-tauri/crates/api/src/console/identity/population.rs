//! The people and portal accounts of a connection, read from the cache for a review.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use zhengqiao_domain::DatasetId;
use zhengqiao_identity::{AccountKind, AccountReader, Identity, PortalAccount};
use zhengqiao_store::{Connection, StoreError, record, source};

use super::ruled;

/// Who is to be matched.
pub(super) struct Population {
    /// The unified identity's accounts.
    pub(super) identities: Vec<Identity>,
    /// The portal's.
    pub(super) accounts: Vec<PortalAccount>,
    /// Numbers of the identities' records, by the hash of kind and key.
    pub(super) records: HashMap<u64, i64>,
}

/// The hash that a person's record is found by.
pub(super) fn place(kind: AccountKind, key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (kind, key).hash(&mut hasher);
    hasher.finish()
}

/// Records that a review of the connection reads.
pub(super) fn size(
    conn: &Connection,
    connection_id: i64,
    accounts_from: i64,
) -> Result<u64, StoreError> {
    let total: i64 = sources(conn, connection_id, accounts_from)?
        .iter()
        .map(|(_, _, accepted)| accepted)
        .sum();
    Ok(u64::try_from(total).unwrap_or(0))
}

/// Reads everybody. `go_on` is asked at each record; after its first `false` nothing more is read.
pub(super) fn read(
    conn: &Connection,
    connection_id: i64,
    accounts_from: i64,
    reader: &AccountReader,
    go_on: &dyn Fn() -> bool,
) -> Result<Population, StoreError> {
    let mut found = Population {
        identities: Vec::new(),
        accounts: Vec::new(),
        records: HashMap::new(),
    };
    let decided = ruled::decisions(conn, connection_id)?;
    let mut stopped = false;
    for (source_id, dataset, _) in sources(conn, connection_id, accounts_from)? {
        // A record that cannot be read as a person was accepted under other rules; it binds nobody.
        record::for_each_numbered(conn, source_id, |number, text| {
            stopped = stopped || !go_on();
            if stopped {
                return Ok(());
            }
            let Ok(record) = zhengqiao_sync::read_record(dataset, text) else {
                return Ok(());
            };
            if dataset == DatasetId::PortalAccount {
                found
                    .accounts
                    .extend(ruled::account(reader, &record, &decided));
            } else if let Ok(identity) = reader.identity(&record) {
                found
                    .records
                    .insert(place(identity.kind, &identity.key), number);
                found.identities.push(identity);
            }
            Ok(())
        })?;
    }
    Ok(found)
}

/// Whether a connection has people of its own, so that bindings are computed for it.
pub(in crate::console) fn has_people(
    conn: &Connection,
    connection_id: i64,
) -> Result<bool, StoreError> {
    Ok(source::list(conn, Some(connection_id))?
        .iter()
        .any(|source| is_person(source.dataset)))
}

fn is_person(dataset: DatasetId) -> bool {
    AccountKind::ALL
        .iter()
        .any(|kind| kind.dataset() == dataset)
}

/// The sources of people, then those of portal accounts, with their accepted records.
pub(super) fn sources(
    conn: &Connection,
    connection_id: i64,
    accounts_from: i64,
) -> Result<Vec<(i64, DatasetId, i64)>, StoreError> {
    let people = source::list(conn, Some(connection_id))?
        .into_iter()
        .filter(|source| is_person(source.dataset));
    let portal = source::list(conn, Some(accounts_from))?
        .into_iter()
        .filter(|source| source.dataset == DatasetId::PortalAccount);
    Ok(people
        .chain(portal)
        .map(|source| (source.id, source.dataset, source.accepted))
        .collect())
}
