//! How the rows of a reading are packed: with its source's dictionary, which the first reading makes.

use bytes::Bytes;
use zhengqiao_store::payload::{self, Learned, Packer};
use zhengqiao_store::{Cache, StoreError};

/// What packs rows, or what it is learned from.
#[derive(Debug, Default)]
pub(super) struct Packing {
    packer: Option<Packer>,
    /// Rows to learn from, while there is nothing to pack with and it is worth learning.
    samples: Option<Vec<Bytes>>,
}

impl Packing {
    /// Of a source. A dry run's rows are not kept, and not packed.
    pub async fn of(cache: &Cache, source_id: i64, dry: bool) -> Result<Self, StoreError> {
        if dry {
            return Ok(Self::default());
        }
        let packer = cache
            .read(move |conn| payload::of_source(conn, source_id))
            .await?;
        let samples = packer.is_none().then(Vec::new);
        Ok(Self { packer, samples })
    }

    /// Learns from the rows of a page; gives a dictionary, once, to be kept with that page.
    pub fn learn(&mut self, rows: impl Iterator<Item = Bytes>) -> Option<Learned> {
        let samples = self.samples.as_mut()?;
        samples.extend(rows.take(payload::enough() - samples.len()));
        if samples.len() < payload::enough() {
            return None;
        }
        let learned = payload::learn(&self.samples.take()?)?;
        match Packer::new(&learned) {
            Ok(packer) => self.packer = Some(packer),
            Err(error) => {
                tracing::warn!(%error, "rows are kept as they came");
                return None;
            }
        }
        Some(learned)
    }

    /// What packs.
    pub fn packer(&mut self) -> Option<&mut Packer> {
        self.packer.as_mut()
    }
}
