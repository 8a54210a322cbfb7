//! A library of either kind, sent to in one way.

use zhengqiao_exchange::{ExchangeError, Profile, Secrets, Target};
use zhengqiao_store::delivery::DeliveryRow;

use crate::batch::Batch;
use crate::error::DeliveryError;
use crate::postgres::PostgresDoor;
use crate::push::PushDoor;
use crate::settle::Refusal;

/// The open way to a library.
pub enum Door {
    /// PostgreSQL.
    Postgres(Box<PostgresDoor>),
    /// An HTTP interface.
    Push(Box<PushDoor>),
}

/// Where the library stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has what this cache knows it to have.
    Agrees,
    /// It has the batch that was under way.
    HasNext,
    /// It does not know this cache, which had delivered to it before.
    Lost,
    /// Nobody can tell: what was under way is sent again as it was.
    Unknown,
}

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is there.
    Arrived,
    /// It was refused.
    Refused(Refusal),
    /// It was not told; it is sent again.
    Unknown,
}

/// Why a batch did not arrive.
#[derive(Debug)]
pub enum SendError {
    /// Something in the batch is refused.
    Refused(Refusal),
    /// It may pass when it is sent again.
    Again(ExchangeError),
    /// The library fails at it, however often it is sent.
    Fails(ExchangeError),
    /// It will not pass.
    Stop(DeliveryError),
}

/// Names a batch.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// The token of the batch before, empty for the first.
    pub before: &'a str,
    /// Its own token.
    pub token: &'a str,
    /// Its last row.
    pub no: i64,
}

impl Door {
    /// Opens the way to a connection's library.
    ///
    /// # Errors
    /// [`SendError::Again`] for what may pass.
    pub async fn open(
        profile: &Profile,
        name: &str,
        target: &Target,
        secrets: Secrets,
        row: &DeliveryRow,
    ) -> Result<(Self, Standing), SendError> {
        match target {
            Target::Postgres(target) => {
                let (door, standing) =
                    PostgresDoor::open(profile, name, target, secrets, row).await?;
                Ok((Door::Postgres(Box::new(door)), standing))
            }
            Target::Push(target) => {
                let door = PushDoor::open(profile, name, target, secrets, &row.stream)
                    .map_err(|error| SendError::Stop(error.into()))?;
                Ok((Door::Push(Box::new(door)), Standing::Unknown))
            }
        }
    }

    /// Sends a batch; gives an answer for each of its records.
    ///
    /// # Errors
    /// What became of the batch as a whole.
    pub async fn send(&mut self, batch: &Batch, step: Step<'_>) -> Result<Vec<Answer>, SendError> {
        match self {
            Door::Postgres(door) => door.send(batch, step).await,
            Door::Push(door) => door.send(batch, step.token).await,
        }
    }

    /// Whether the library answers at all, when it fails at a record.
    pub async fn answers(&self) -> bool {
        match self {
            Door::Postgres(_) => false,
            Door::Push(door) => door.answers().await,
        }
    }

    /// Everything has arrived.
    ///
    /// # Errors
    /// As [`Door::send`].
    pub async fn close(&mut self) -> Result<(), SendError> {
        match self {
            Door::Postgres(door) => door.close().await,
            Door::Push(_) => Ok(()),
        }
    }
}
