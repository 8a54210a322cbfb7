//! The figures of both sides, cell by cell.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Duration, NaiveDate};
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{DigestKind, Interface};
use zhengqiao_store::reconciliation_cell::{self, Figures, Place};
use zhengqiao_store::stock::{self, Standing};
use zhengqiao_store::{Connection, StoreError, Transaction};

use super::scope::midnight;
use super::{Bench, CellState, Phase};
use crate::error::SyncError;

/// A cell of a dataset: day and department.
type At = (String, String);

/// Our side of a dataset.
#[derive(Default)]
struct Ours {
    cells: HashMap<At, Figures>,
    /// The provider's ids of each cell, where digests are compared.
    ids: HashMap<At, Vec<String>>,
}

/// Our side of a dataset, in one pass.
fn ours(
    conn: &Connection,
    source_id: i64,
    dataset: DatasetId,
    window: (&str, &str),
    with_ids: bool,
) -> Result<Ours, StoreError> {
    let described = dataset.dataset();
    let mut ours = Ours::default();
    stock::for_each(
        conn,
        source_id,
        window,
        described.key,
        described.department,
        |one| {
            let at = (one.day, one.department);
            if with_ids {
                let id = one.key.rsplit('|').next().unwrap_or_default().to_owned();
                ours.ids.entry(at.clone()).or_default().push(id);
            }
            let figures = ours.cells.entry(at).or_default();
            figures.received += 1;
            match one.standing {
                Standing::Accepted => figures.accepted += 1,
                Standing::Rejected => figures.rejected += 1,
                Standing::Held => figures.held += 1,
                Standing::Withdrawn => figures.withdrawn += 1,
            }
        },
    )?;
    Ok(ours)
}

/// The digest of a cell's ids; see the provider's side of it.
fn digest(mut ids: Vec<String>, kind: DigestKind) -> String {
    use sha2::Digest as _;
    ids.sort_unstable();
    let lines = ids.iter().flat_map(|id| [id.as_bytes(), b"\n"]);
    match kind {
        DigestKind::Blake3 => {
            let mut hasher = blake3::Hasher::new();
            for line in lines {
                hasher.update(line);
            }
            hasher.finalize().to_hex().to_string()
        }
        DigestKind::Sha256 => {
            let mut hasher = sha2::Sha256::new();
            for line in lines {
                hasher.update(line);
            }
            hex::encode(hasher.finalize())
        }
    }
}

impl Bench {
    pub(super) async fn compare(&self) -> Result<(), SyncError> {
        let window = self.scope.window();
        let mut failed = None;
        for (at, dataset) in self.scope.datasets.iter().enumerate() {
            self.check()?;
            self.watch.dataset(*dataset, at, self.scope.datasets.len());
            match self.dataset(*dataset, &window).await {
                // One dataset that cannot be compared leaves the others to be.
                Err(SyncError::Exchange(error)) => {
                    self.unknown(*dataset, &window).await?;
                    failed.get_or_insert(error);
                }
                other => other?,
            }
        }
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    async fn dataset(
        &self,
        dataset: DatasetId,
        window: &(String, String),
    ) -> Result<(), SyncError> {
        self.watch.phase(Phase::Counting);
        let told = self.told(dataset, window).await?;
        self.check()?;
        self.watch.phase(Phase::Comparing);
        let differing = self.cells(dataset, window, told).await?;
        let days: Vec<NaiveDate> = if self.scope.every_key {
            self.days()
        } else {
            differing
                .iter()
                .filter_map(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok())
                .collect()
        };
        if days.is_empty() {
            return Ok(());
        }
        self.watch.phase(Phase::Looking);
        let windows = self.windows(dataset, &days)?;
        for (at, one) in windows.iter().enumerate() {
            self.check()?;
            self.watch.step(at, windows.len());
            self.look(dataset, one, !self.scope.every_key).await?;
        }
        Ok(())
    }

    fn days(&self) -> Vec<NaiveDate> {
        let parse = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        match (parse(&self.scope.from), parse(&self.scope.to)) {
            (Some(from), Some(to)) => from.iter_days().take_while(|day| *day <= to).collect(),
            _ => Vec::new(),
        }
    }

    /// The windows of time that days are read in: each by itself where the provider can be asked for
    /// one; where it cannot, all at once, because each reading would be one of everything.
    fn windows(
        &self,
        dataset: DatasetId,
        days: &[NaiveDate],
    ) -> Result<Vec<(String, String)>, SyncError> {
        let asked =
            zhengqiao_exchange::reach(self.profile.interface, dataset, self.source(dataset)?)
                .window;
        let one = |day: NaiveDate| (midnight(day), midnight(day + Duration::days(1)));
        Ok(match (asked, days.first(), days.last()) {
            (zhengqiao_exchange::Narrowing::LeftOut, Some(first), Some(last)) => {
                vec![(midnight(*first), midnight(*last + Duration::days(1)))]
            }
            _ => days.iter().map(|day| one(*day)).collect(),
        })
    }

    /// Writes the cells of a dataset; gives the days whose figures differ.
    async fn cells(
        &self,
        dataset: DatasetId,
        window: &(String, String),
        told: Option<Vec<zhengqiao_exchange::Counted>>,
    ) -> Result<BTreeSet<String>, SyncError> {
        let source_id = self.source_id(dataset).await?;
        let kind = self
            .source(dataset)?
            .counts
            .as_ref()
            .map_or(DigestKind::Sha256, |counts| counts.digest_kind);
        let with_ids = told
            .as_ref()
            .is_some_and(|told| told.iter().any(|one| one.digest.is_some()));
        let (from, to) = window.clone();
        let mut ours = self
            .cache
            .read(move |conn| ours(conn, source_id, dataset, (&from, &to), with_ids))
            .await?;
        let mut cells: BTreeMap<At, (Figures, bool)> = BTreeMap::new();
        let known = told.is_some();
        for one in told.unwrap_or_default() {
            let at = (one.day, one.department);
            let mut figures = ours.cells.remove(&at).unwrap_or_default();
            // A provider may tell a cell in several parts.
            let count = i64::try_from(one.count).unwrap_or(i64::MAX);
            let differs = one.digest.is_some_and(|theirs| {
                digest(ours.ids.remove(&at).unwrap_or_default(), kind) != theirs
            });
            let (kept, was) = cells
                .entry(at)
                .or_insert_with(|| (std::mem::take(&mut figures), false));
            kept.provider = Some(kept.provider.unwrap_or(0).saturating_add(count));
            *was |= differs;
        }
        for (at, mut figures) in ours.cells {
            // A provider that told its cells and left this one out has nothing in it.
            figures.provider = known.then_some(0);
            cells.insert(at, (figures, false));
        }
        let id = self.id;
        Ok(self
            .cache
            .write(move |tx| {
                let mut differing = BTreeSet::new();
                for ((day, department), (figures, differs)) in &cells {
                    let state = CellState::of(figures, *differs, false, 0, 0);
                    let place = Place {
                        reconciliation_id: id,
                        dataset,
                        day,
                        department,
                    };
                    reconciliation_cell::put(tx, &place, figures, state.as_str())?;
                    if state.differs() {
                        differing.insert(day.clone());
                    }
                }
                Ok(differing)
            })
            .await?)
    }

    /// Notes that the provider's side of a dataset cannot be known.
    async fn unknown(
        &self,
        dataset: DatasetId,
        window: &(String, String),
    ) -> Result<(), SyncError> {
        let id = self.id;
        let written = self
            .cache
            .read(move |conn| reconciliation_cell::list(conn, id, Some(dataset), None))
            .await?;
        if written.is_empty() {
            self.cells(dataset, window, None).await?;
        }
        Ok(())
    }

    /// Counts our side of a dataset's cells again, and gives each cell the state that it has now.
    pub(super) async fn count_again(&self, dataset: DatasetId) -> Result<(), SyncError> {
        let source_id = self.source_id(dataset).await?;
        let (id, (from, to)) = (self.id, self.scope.window());
        let mut ours = self
            .cache
            .read(move |conn| ours(conn, source_id, dataset, (&from, &to), false))
            .await?;
        self.cache
            .write(move |tx| {
                for cell in reconciliation_cell::list(tx, id, Some(dataset), None)? {
                    let at = (cell.day.clone(), cell.department.clone());
                    let mut figures = ours.cells.remove(&at).unwrap_or_default();
                    figures.provider = cell.figures.provider;
                    write_state(tx, id, &cell, &figures)?;
                }
                for ((day, department), mut figures) in ours.cells {
                    let place = Place {
                        reconciliation_id: id,
                        dataset,
                        day: &day,
                        department: &department,
                    };
                    figures.provider = Some(0);
                    let state = CellState::of(&figures, false, false, 0, 0);
                    reconciliation_cell::put(tx, &place, &figures, state.as_str())?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }

    pub(super) fn interface(&self) -> Interface {
        self.profile.interface
    }
}

/// Writes a cell with the state that its figures and keys give it.
pub(super) fn write_state(
    tx: &Transaction<'_>,
    id: i64,
    cell: &reconciliation_cell::CellRow,
    figures: &Figures,
) -> Result<(), StoreError> {
    let differs = cell.state == CellState::Differs.as_str();
    let looked = cell.looked_at.is_some();
    let state = CellState::of(figures, differs, looked, cell.open_keys, cell.healed_keys);
    let place = Place {
        reconciliation_id: id,
        dataset: cell.dataset,
        day: &cell.day,
        department: &cell.department,
    };
    reconciliation_cell::put(tx, &place, figures, state.as_str())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_the_published_ones_and_know_no_order() {
        // Of nothing, as the two specifications tell it.
        assert_eq!(
            digest(Vec::new(), DigestKind::Blake3),
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
        );
        assert_eq!(
            digest(Vec::new(), DigestKind::Sha256),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        let ids = |list: [&str; 3]| list.map(str::to_owned).to_vec();
        for kind in [DigestKind::Blake3, DigestKind::Sha256] {
            let one = digest(ids(["1", "2", "10"]), kind);
            assert_eq!(one, digest(ids(["10", "1", "2"]), kind));
            assert_ne!(one, digest(ids(["1", "21", "0"]), kind));
        }
        // sha256 of "1\n10\n2\n", by another program.
        assert_eq!(
            digest(ids(["1", "2", "10"]), DigestKind::Sha256),
            "93ba3d525c83aa81545ad5162844fa2491ce11faabe83df5a5d719d99ec7bd92"
        );
    }
}
