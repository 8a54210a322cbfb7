//! The inbox of rejected records: what groups and the record panel say beyond the lists; saved views.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::DatasetId;
use zhengqiao_domain::rules::cluster::Words;

use super::RejectionFilter;

/// What the values of a cause have in common, in words; empty when nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ClusterWords {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl From<Words> for ClusterWords {
    fn from(words: Words) -> Self {
        Self {
            zh: words.zh,
            en: words.en,
        }
    }
}

/// One of a cause's rejections, masked.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CauseSample {
    /// Its number.
    #[ts(type = "number")]
    pub rejection_id: i64,
    /// Its title.
    pub title: String,
    /// The offending value; absent when missing.
    pub value: Option<String>,
}

/// A named filter of the present user.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SavedView {
    /// Its name.
    pub name: String,
    /// The filter; it holds for whichever connection is looked at.
    pub filter: RejectionFilter,
    /// When it was saved, unix ms.
    #[ts(type = "number")]
    pub saved_at: i64,
}

/// Saves a filter under a name, over one of the same name.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SaveView {
    /// Its name.
    pub name: String,
    /// The filter.
    pub filter: RejectionFilter,
}

/// Names a saved view.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ViewName {
    /// Its name.
    pub name: String,
}

/// What the portal's library has of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum DeliveredVersion {
    /// Nothing, or records are not delivered.
    Nothing,
    /// The version in the cache.
    Present,
    /// An earlier version, which is kept.
    Earlier,
    /// An earlier version, which is not kept any more.
    Forgotten,
}

/// How a record stands to another that it names or that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Relation {
    /// The record refers to it.
    Parent,
    /// It refers to the record.
    Child,
    /// It has the same number.
    Same,
    /// Both name the same thing.
    Related,
}

/// Where a neighbour is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum NeighbourState {
    /// The record gives no number of it.
    NotGiven,
    /// The number is given; neither cache nor inbox has it.
    Absent,
    /// In the cache.
    Accepted,
    /// In the cache, withdrawn.
    Withdrawn,
    /// In the inbox.
    Rejected,
    /// In the inbox, held.
    Held,
}

/// A record that a rejected one is connected with, masked.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Neighbour {
    /// Its dataset.
    pub dataset: DatasetId,
    /// How they are connected.
    pub relation: Relation,
    /// The field that connects them.
    pub field: String,
    /// The number in it.
    pub number: Option<String>,
    /// Where it is.
    pub state: NeighbourState,
    /// Its title.
    pub title: Option<String>,
    /// Its number in the cache.
    #[ts(type = "number | null")]
    pub record_id: Option<i64>,
    /// Its number in the inbox.
    #[ts(type = "number | null")]
    pub rejection_id: Option<i64>,
}

/// Something that was done to a rejection.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RejectionEvent {
    /// When, unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// The run that did it, or after which a person did it.
    #[ts(type = "number")]
    pub run_id: i64,
    /// The person, where it was one.
    pub actor: Option<String>,
    /// first_seen, run, or the name of the act.
    pub act: String,
    /// The state that it ended.
    pub state: Option<String>,
}
