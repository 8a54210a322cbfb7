//! Mending steps: single changes of a connection's mapping, code tables and rules, as data.
//!
//! A step says what it changes in words that mean the same on every connection, so that steps can be
//! proposed for a cause, tried out before they are kept, written into a file and taken elsewhere. What
//! cannot be done there is told step by step; the others go on.

mod difference;
mod propose;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use difference::steps_between;
pub use propose::candidates;

use crate::codes;
use crate::dataset::DatasetId;
use crate::finding::Severity;
use crate::mapping::{CompiledMapping, FieldMap, Mapping, Transform};
use crate::rules::Rule;
use crate::settings::RuleSettings;

/// One change that mends something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MendStep {
    /// A code that the list does not have is one of its codes.
    AddCode {
        /// The code list.
        list: String,
        /// The code.
        code: String,
        /// What it means.
        name: String,
    },
    /// The list has the codes of this variant.
    SetVariant {
        /// The code list.
        list: String,
        /// The variant.
        variant: String,
    },
    /// A rule has this severity.
    SetSeverity {
        /// The rule's code.
        rule: String,
        /// What it does to a record.
        severity: Severity,
    },
    /// A code of theirs becomes one of ours.
    MapCode {
        /// The dataset.
        dataset: DatasetId,
        /// Our field.
        field: String,
        /// Theirs.
        from: String,
        /// Ours.
        to: String,
    },
    /// A field's value goes through one more step.
    AddTransform {
        /// The dataset.
        dataset: DatasetId,
        /// Our field.
        field: String,
        /// The step.
        transform: Transform,
    },
    /// A field comes from this source value and goes through these steps.
    SetField {
        /// The dataset.
        dataset: DatasetId,
        /// Our field.
        field: String,
        /// A name, or a JSON pointer when it begins with `/`.
        source: String,
        /// The steps.
        #[serde(default)]
        transforms: Vec<Transform>,
    },
    /// A cause is ignored, with what comes of it later.
    IgnoreCause {
        /// The dataset.
        dataset: DatasetId,
        /// The rule's code.
        rule: String,
        /// Our field.
        field: String,
        /// The cluster of values.
        #[serde(default)]
        cluster: String,
        /// Why.
        reason: String,
        /// `YYYY-MM-DD`; absent means for ever.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        until: Option<String>,
    },
}

impl MendStep {
    /// The dataset that it changes; nothing for one that changes the rules of all.
    pub const fn dataset(&self) -> Option<DatasetId> {
        match self {
            MendStep::AddCode { .. }
            | MendStep::SetVariant { .. }
            | MendStep::SetSeverity { .. } => None,
            MendStep::MapCode { dataset, .. }
            | MendStep::AddTransform { dataset, .. }
            | MendStep::SetField { dataset, .. }
            | MendStep::IgnoreCause { dataset, .. } => Some(*dataset),
        }
    }
}

/// How a step stands to what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It changes something.
    Applies,
    /// Everything is as it says.
    Already,
    /// It cannot be done.
    Fails,
}

/// Why a step cannot be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StepProblem {
    /// There is no such code list.
    UnknownList,
    /// The code list has no such variant.
    UnknownVariant,
    /// There is no such rule.
    UnknownRule,
    /// The connection does not carry the dataset.
    DatasetNotCarried,
    /// The dataset has no such field.
    UnknownField,
    /// The provider's rows have no such value.
    SourceMissing,
    /// The step cannot be made ready, such as a pattern that is none.
    BadTransform,
    /// The list has the code with another meaning.
    CodeTaken,
    /// The date is none, or has passed.
    DatePassed,
}

/// What a connection has that steps change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mendable {
    /// Rules and code lists.
    pub rules: RuleSettings,
    /// The mappings of the datasets that it carries.
    pub mappings: BTreeMap<DatasetId, Mapping>,
    /// The values that the provider's rows have, where that is known.
    pub sources: BTreeMap<DatasetId, BTreeSet<String>>,
}

impl Mendable {
    /// Does one step, or says why it cannot be done; a step that fails changes nothing. Causes are
    /// ignored elsewhere: here it is only said whether they can be.
    pub fn apply(&mut self, step: &MendStep) -> Result<StepState, StepProblem> {
        match step {
            MendStep::AddCode { list, code, name } => self.add_code(list, code, name),
            MendStep::SetVariant { list, variant } => self.set_variant(list, variant),
            MendStep::SetSeverity { rule, severity } => self.set_severity(rule, *severity),
            MendStep::MapCode {
                dataset,
                field,
                from,
                to,
            } => self.change(*dataset, field, |map| map_code(map, from, to)),
            MendStep::AddTransform {
                dataset,
                field,
                transform,
            } => self.change(*dataset, field, |map| add_transform(map, transform)),
            MendStep::SetField {
                dataset,
                field,
                source,
                transforms,
            } => {
                if let Some(known) = self.sources.get(dataset)
                    && !known.contains(top_of(source))
                {
                    return Err(StepProblem::SourceMissing);
                }
                self.change(*dataset, field, |map| {
                    map.source.clone_from(source);
                    map.transforms.clone_from(transforms);
                })
            }
            MendStep::IgnoreCause {
                dataset,
                rule,
                field,
                ..
            } => {
                self.mapping(*dataset, field)?;
                Rule::by_code(rule).ok_or(StepProblem::UnknownRule)?;
                Ok(StepState::Applies)
            }
        }
    }

    fn add_code(&mut self, list: &str, code: &str, name: &str) -> Result<StepState, StepProblem> {
        let known = codes::list(list).ok_or(StepProblem::UnknownList)?;
        let added = self.rules.code_additions.get(list);
        if let Some(present) = added.and_then(|codes| codes.get(code)) {
            return if present == name {
                Ok(StepState::Already)
            } else {
                Err(StepProblem::CodeTaken)
            };
        }
        let variant = self.rules.code_variants.get(list).map(String::as_str);
        if codes::EffectiveList::new(known, variant, None)
            .name(code)
            .is_some()
        {
            return Ok(StepState::Already);
        }
        self.rules
            .code_additions
            .entry(list.to_owned())
            .or_default()
            .insert(code.to_owned(), name.to_owned());
        Ok(StepState::Applies)
    }

    fn set_variant(&mut self, list: &str, variant: &str) -> Result<StepState, StepProblem> {
        let known = codes::list(list).ok_or(StepProblem::UnknownList)?;
        if !known.variants.iter().any(|one| one.name == variant) {
            return Err(StepProblem::UnknownVariant);
        }
        let present = self
            .rules
            .code_variants
            .get(list)
            .map_or(known.variants[0].name, String::as_str);
        if present == variant {
            return Ok(StepState::Already);
        }
        self.rules
            .code_variants
            .insert(list.to_owned(), variant.to_owned());
        Ok(StepState::Applies)
    }

    fn set_severity(&mut self, rule: &str, severity: Severity) -> Result<StepState, StepProblem> {
        let known = Rule::by_code(rule).ok_or(StepProblem::UnknownRule)?;
        let present = self
            .rules
            .severities
            .get(rule)
            .copied()
            .unwrap_or(known.info().severity);
        if present == severity {
            return Ok(StepState::Already);
        }
        if known.info().severity == severity {
            self.rules.severities.remove(rule);
        } else {
            self.rules.severities.insert(rule.to_owned(), severity);
        }
        Ok(StepState::Applies)
    }

    fn mapping(&self, dataset: DatasetId, field: &str) -> Result<&Mapping, StepProblem> {
        dataset
            .dataset()
            .field(field)
            .ok_or(StepProblem::UnknownField)?;
        self.mappings
            .get(&dataset)
            .ok_or(StepProblem::DatasetNotCarried)
    }

    /// Changes where a field comes from; a mapping that cannot be made ready is not kept.
    fn change(
        &mut self,
        dataset: DatasetId,
        field: &str,
        work: impl FnOnce(&mut FieldMap),
    ) -> Result<StepState, StepProblem> {
        let present = self.mapping(dataset, field)?;
        let mut changed = present.clone();
        let at = changed.fields.iter().position(|map| map.field == field);
        let mut map = match at {
            Some(at) => changed.fields[at].clone(),
            None => FieldMap {
                field: field.to_owned(),
                source: field.to_owned(),
                transforms: Vec::new(),
            },
        };
        let before = map.clone();
        work(&mut map);
        if map == before {
            return Ok(StepState::Already);
        }
        match at {
            Some(at) => changed.fields[at] = map,
            None => changed.fields.push(map),
        }
        CompiledMapping::new(dataset, &changed).map_err(|_| StepProblem::BadTransform)?;
        self.mappings.insert(dataset, changed);
        Ok(StepState::Applies)
    }
}

/// The name in the provider's row that a source begins with.
fn top_of(source: &str) -> &str {
    match source.strip_prefix('/') {
        Some(pointer) => pointer.split('/').next().unwrap_or(pointer),
        None => source,
    }
}

/// The last step's table takes the code, or a table of its own behind the others.
fn map_code(map: &mut FieldMap, from: &str, to: &str) {
    if let Some(Transform::CodeTable { table, other }) = map.transforms.last_mut() {
        // A code that the table itself gives is given otherwise.
        for ours in table.values_mut().filter(|ours| ours.as_str() == from) {
            to.clone_into(ours);
        }
        if let Some(ours) = other.as_mut().filter(|ours| ours.as_str() == from) {
            to.clone_into(ours);
        }
        table.insert(from.to_owned(), to.to_owned());
        return;
    }
    map.transforms.push(Transform::CodeTable {
        table: BTreeMap::from([(from.to_owned(), to.to_owned())]),
        other: None,
    });
}

/// What only cleans a value comes before the other steps, which then find what they look for.
fn add_transform(map: &mut FieldMap, transform: &Transform) {
    if map.transforms.contains(transform) {
        return;
    }
    if let Transform::DateForm { forms } = transform
        && let Some(Transform::DateForm { forms: known }) = map
            .transforms
            .iter_mut()
            .find(|one| matches!(one, Transform::DateForm { .. }))
    {
        for form in forms {
            if !known.contains(form) {
                known.push(form.clone());
            }
        }
        return;
    }
    let cleans = matches!(
        transform,
        Transform::HalfWidth | Transform::UpperCase | Transform::LowerCase | Transform::Trim { .. }
    );
    let at = if cleans { 0 } else { map.transforms.len() };
    map.transforms.insert(at, transform.clone());
}

#[cfg(test)]
mod tests;
