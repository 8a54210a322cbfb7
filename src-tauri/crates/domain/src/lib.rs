//! The field's words and rules: datasets, codes, mapping and checks. Pure: no I/O, no clock.
//!
//! Glossary. *Connection* 连接: the way to one provider. *Dataset* 数据集: one table of the exchange.
//! *Run* 同步: one pass over datasets. *Record* 记录: one row, raw and mapped. *Mapping* 映射: which
//! source value becomes which field. *Finding* 问题: one failed rule of a record. *Rejection*
//! 拒收记录: a record that was not accepted, with all its findings. *Held* 待复核: it waits for a
//! parent. *Cause* 原因: rejections with the same dataset, rule, field and cluster of values.
//! *Binding* 绑定: identity ↔ portal account.

pub mod codes;
pub mod dataset;
pub mod datasets;
pub mod field;
pub mod finding;
pub mod mapping;
pub mod matching;
pub mod mend;
pub mod primitives;
pub mod record;
pub mod rules;
pub mod settings;

pub use dataset::{Dataset, DatasetId, Flow, ParentReference, System, UnknownDataset};
pub use field::{Field, Kind, Length, Personal};
pub use finding::{Finding, Outcome, Remedy, Severity};
pub use mapping::{
    CompiledField, CompiledMapping, FieldMap, Mapping, MappingError, Trace, Transform,
};
pub use matching::{Proposal, SourceColumn, propose};
pub use mend::{MendStep, Mendable, StepProblem, StepState, steps_between};
pub use record::{Record, Slot};
pub use rules::{Check, ParentFacts, Rule, RuleInfo};
pub use settings::{RuleSet, RuleSettings, SatisfactionScale};
