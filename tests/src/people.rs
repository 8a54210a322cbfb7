//! A cache full of people and portal accounts, written without a provider, and what is true of them.

use std::collections::BTreeMap;

use zhengqiao_api::contract::SaveConnection;
use zhengqiao_api::{Console, ConsoleOptions, KeyChoice};
use zhengqiao_demo::{World, accepted_fields, identity_truth};
use zhengqiao_domain::{CompiledMapping, DatasetId, Mapping};
use zhengqiao_identity::ConflictKind;
use zhengqiao_store::binding_list::{self, BindingFilter};
use zhengqiao_store::record::{self, NewRecord};
use zhengqiao_store::{Cache, StoreError, hash, source};

/// Any failure.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The demo provider's datasets of people and accounts, by its numbers.
const DATASETS: [(usize, DatasetId); 4] = [
    (7, DatasetId::NaturalPerson),
    (8, DatasetId::LegalPerson),
    (9, DatasetId::AgentAccount),
    (10, DatasetId::PortalAccount),
];
/// Rows that are written in one transaction.
const COMMIT_ROWS: usize = 50_000;
/// Bindings read at once.
const PAGE: u32 = 1_000;

/// Identities and accounts, as far as they are accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filled {
    /// The connection.
    pub connection_id: i64,
    /// Identities.
    pub people: u64,
    /// Portal accounts.
    pub accounts: u64,
}

/// Account by account what conflicts it has, sorted.
pub type Conflicts = BTreeMap<String, Vec<&'static str>>;

/// A console over a directory, with a connection that nothing is read from.
///
/// # Errors
/// The cache's.
pub async fn console(dir: &std::path::Path) -> Outcome<(Console, i64)> {
    let console = Console::opened(ConsoleOptions {
        data_dir: dir.to_path_buf(),
        keys: KeyChoice::Ephemeral,
        demo: true,
    })
    .await?;
    let profile = zhengqiao_exchange::preset("files")
        .ok_or("there is no preset for files")?
        .profile;
    let request = SaveConnection {
        connection_id: None,
        name: "人口".into(),
        secret: None,
        profile,
    };
    let connection_id = console.save_connection(request).await?.connection_id;
    Ok((console, connection_id))
}

/// Writes everyone of a world into the cache, as a synchronisation would have.
///
/// # Errors
/// The cache's.
pub async fn fill(cache: &Cache, connection_id: i64, world: &World) -> Outcome<Filled> {
    let mut filled = Filled {
        connection_id,
        ..Filled::default()
    };
    for (number, dataset) in DATASETS {
        let mapping = CompiledMapping::new(dataset, &Mapping::default())
            .map_err(|errors| format!("{errors:?}"))?;
        let source_id = cache
            .write(move |tx| source::ensure(tx, connection_id, dataset))
            .await?;
        let mut batch = Vec::with_capacity(COMMIT_ROWS);
        let places = world.places(number);
        for index in 0..places {
            if let Some(raw) = accepted_fields(world, number, index) {
                let record = mapping.apply(&raw);
                let key = record
                    .get_all(dataset.dataset().business_key)
                    .map(hash::of_parts);
                batch.push((index, key, serde_json::to_string(&record.to_json())?));
            }
            if batch.len() == COMMIT_ROWS || index + 1 == places {
                let rows = std::mem::take(&mut batch);
                if dataset == DatasetId::PortalAccount {
                    filled.accounts += rows.len() as u64;
                } else {
                    filled.people += rows.len() as u64;
                }
                cache
                    .write(move |tx| {
                        source::bump(tx, source_id, rows.len() as i64, 0)?;
                        rows.iter().try_for_each(|(index, key, fields)| {
                            insert(tx, source_id, *index, key.as_ref(), fields)
                        })
                    })
                    .await?;
            }
        }
    }
    Ok(filled)
}

fn insert(
    conn: &zhengqiao_store::Connection,
    source_id: i64,
    index: u64,
    business: Option<&hash::Hash>,
    fields: &str,
) -> Result<(), StoreError> {
    record::insert(
        conn,
        &NewRecord {
            source_id,
            key_hash: &hash::of_parts([index.to_string().as_str()]),
            business_hash: business,
            version: None,
            hash: &hash::of_bytes(fields.as_bytes()),
            state: record::ACCEPTED,
            run_id: 1,
            at: 0,
            source_time: None,
            fields,
            warnings: None,
            raw: b"{}",
            profile_version: None,
            via: "run",
            actor: None,
        },
        record::Followers::of(conn, source_id)?,
        None,
    )
}

/// What the review found about every account with a conflict.
///
/// # Errors
/// The cache's.
pub async fn found(cache: &Cache, connection_id: i64) -> Outcome<Conflicts> {
    let every_kind: u32 = ConflictKind::ALL.iter().map(|kind| kind.bit()).sum();
    let filter = BindingFilter {
        conflict: Some(every_kind.into()),
        ..BindingFilter::default()
    };
    Ok(cache
        .read(move |conn| {
            let mut all = Conflicts::new();
            let mut after = None;
            loop {
                let page = binding_list::page(conn, connection_id, &filter, after, PAGE)?;
                after = page.last().map(|row| row.id);
                if page.is_empty() {
                    return Ok(all);
                }
                for row in page {
                    let bits = u32::try_from(row.computed.conflicts).unwrap_or_default();
                    let kinds = ConflictKind::of_bits(bits);
                    let mut kinds: Vec<&str> =
                        kinds.into_iter().map(ConflictKind::as_str).collect();
                    kinds.sort_unstable();
                    all.insert(row.account_id.unwrap_or_default(), kinds);
                }
            }
        })
        .await?)
}

/// What is true.
pub fn truth(world: &World) -> Conflicts {
    identity_truth(world)
        .into_iter()
        .map(|entry| (entry.account_id, entry.conflicts))
        .collect()
}
