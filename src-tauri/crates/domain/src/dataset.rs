//! The datasets: which fields a record has, what identifies it, and what it refers to.
//!
//! A dataset is one table of the exchange. The order of [`DatasetId`] is the order of dependency:
//! a run goes through them in it, so that parents arrive before what refers to them.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::field::Field;

/// Names a dataset. The order is the order of dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DatasetId {
    /// 政务服务事项.
    ServiceItem,
    /// 办事资讯.
    ServiceNotice,
    /// 办件受理.
    CaseAcceptance,
    /// 办件过程.
    CaseStep,
    /// 办件结果.
    CaseResult,
    /// 特别程序.
    SpecialProcedure,
    /// 好差评.
    Review,
    /// 自然人账号.
    NaturalPerson,
    /// 法人账号.
    LegalPerson,
    /// 经办人账号.
    AgentAccount,
    /// 门户账号: the portal's own accounts, the other side of the sign-on mapping.
    PortalAccount,
}

impl DatasetId {
    /// All datasets in the order of dependency.
    pub const ALL: [DatasetId; 11] = [
        DatasetId::ServiceItem,
        DatasetId::ServiceNotice,
        DatasetId::CaseAcceptance,
        DatasetId::CaseStep,
        DatasetId::CaseResult,
        DatasetId::SpecialProcedure,
        DatasetId::Review,
        DatasetId::NaturalPerson,
        DatasetId::LegalPerson,
        DatasetId::AgentAccount,
        DatasetId::PortalAccount,
    ];

    /// The name used in files, commands and the database's text columns.
    pub const fn as_str(self) -> &'static str {
        match self {
            DatasetId::ServiceItem => "service_item",
            DatasetId::ServiceNotice => "service_notice",
            DatasetId::CaseAcceptance => "case_acceptance",
            DatasetId::CaseStep => "case_step",
            DatasetId::CaseResult => "case_result",
            DatasetId::SpecialProcedure => "special_procedure",
            DatasetId::Review => "review",
            DatasetId::NaturalPerson => "natural_person",
            DatasetId::LegalPerson => "legal_person",
            DatasetId::AgentAccount => "agent_account",
            DatasetId::PortalAccount => "portal_account",
        }
    }

    /// The number used in integer columns; never reused for another dataset.
    pub const fn number(self) -> i64 {
        self as i64 + 1
    }

    /// The dataset of a number, if there is one.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|id| id.number() == number)
    }

    /// The dataset's description.
    pub fn dataset(self) -> &'static Dataset {
        crate::datasets::ALL[self as usize]
    }
}

impl fmt::Display for DatasetId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// A name that is no dataset's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no dataset named {0:?}")]
pub struct UnknownDataset(pub String);

impl FromStr for DatasetId {
    type Err = UnknownDataset;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|id| id.as_str() == text)
            .ok_or_else(|| UnknownDataset(text.to_owned()))
    }
}

/// Which of the four connected systems a dataset belongs to (DB23/T 3649.4—2023, 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// 政务服务事项库.
    ServiceItems,
    /// 办件信息库.
    CaseRecords,
    /// "好差评"系统.
    Reviews,
    /// 统一身份认证.
    UnifiedIdentity,
}

/// Whether a dataset changes seldom or is a growing history (DB23/T 3649.4—2023, 3.5 and 3.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// 静态信息.
    Static,
    /// 过程信息.
    Process,
}

/// A field that names a record of another dataset.
#[derive(Debug, Clone, Copy)]
pub struct ParentReference {
    /// Our field with the parent's business key.
    pub field: &'static str,
    /// The parent's dataset.
    pub parent: DatasetId,
    /// Whether the record is held until the parent arrives.
    pub waits: bool,
}

/// One table of the exchange, as data.
#[derive(Debug)]
pub struct Dataset {
    /// Which dataset this is.
    pub id: DatasetId,
    /// Chinese name.
    pub zh: &'static str,
    /// English name.
    pub en: &'static str,
    /// The system it belongs to.
    pub system: System,
    /// Static or process information.
    pub flow: Flow,
    /// The fields, in the order in which they are shown.
    pub fields: &'static [Field],
    /// Fields that together identify a row at the provider.
    pub key: &'static [&'static str],
    /// Fields that other datasets refer to, unique among accepted records.
    pub business_key: &'static [&'static str],
    /// Integer field that grows with every re-report.
    pub version: Option<&'static str>,
    /// Moment of the provider's last change.
    pub source_time: Option<&'static str>,
    /// I, U or D.
    pub operation: Option<&'static str>,
    /// References to other datasets.
    pub parents: &'static [ParentReference],
    /// Field naming the responsible department (code).
    pub department: Option<&'static str>,
    /// Field with the region.
    pub region: Option<&'static str>,
    /// Field shown as the record's title.
    pub title: &'static str,
    /// Fields whose text is searched.
    pub searched: &'static [&'static str],
}

static POSITIONS: LazyLock<Vec<FxHashMap<&'static str, usize>>> = LazyLock::new(|| {
    crate::datasets::ALL
        .iter()
        .map(|dataset| {
            dataset
                .fields
                .iter()
                .enumerate()
                .map(|(at, field)| (field.name, at))
                .collect()
        })
        .collect()
});

impl Dataset {
    /// The field's place in [`Dataset::fields`].
    pub fn position(&self, field: &str) -> Option<usize> {
        POSITIONS[self.id as usize].get(field).copied()
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.position(name).map(|at| &self.fields[at])
    }
}
