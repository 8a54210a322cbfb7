//! The three kinds of account.

use zhengqiao_domain::DatasetId;

use crate::words::words;

words! {
    /// Whom an account belongs to.
    pub enum AccountKind {
        /// 自然人: a natural person.
        Natural = "natural",
        /// 法人: a legal person.
        Legal = "legal",
        /// 经办人: somebody who acts for a legal person.
        Agent = "agent",
    }
}

impl AccountKind {
    /// The dataset of the unified identity's accounts of this kind.
    pub const fn dataset(self) -> DatasetId {
        match self {
            Self::Natural => DatasetId::NaturalPerson,
            Self::Legal => DatasetId::LegalPerson,
            Self::Agent => DatasetId::AgentAccount,
        }
    }
}
