//! What a connection may set about rules and code lists, and the set that results.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::codes::{self, EffectiveList};
use crate::finding::Severity;
use crate::rules::{self, Rule};

/// Which end of the satisfaction scale is good. The sources are opposite.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SatisfactionScale {
    /// 5 = 非常满意, as the live interfaces have it.
    #[default]
    FiveIsBest,
    /// 1 = 非常满意, as GB/T 39046—2020 A.8 has it.
    OneIsBest,
}

/// A connection's choices. Everything left out is the national practice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct RuleSettings {
    /// Severity by rule code, where it differs from the default.
    pub severities: BTreeMap<String, Severity>,
    /// Chosen variant by code list.
    pub code_variants: BTreeMap<String, String>,
    /// Added codes with their names, by code list.
    pub code_additions: BTreeMap<String, BTreeMap<String, String>>,
    /// Direction of the satisfaction scale.
    pub satisfaction_scale: SatisfactionScale,
}

/// A rule code or code list in the settings that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// No such rule.
    #[error("rules.severities: there is no rule {0:?}")]
    Rule(String),
    /// No such code list.
    #[error("rules: there is no code list {0:?}")]
    List(String),
    /// No such variant of the list.
    #[error("rules.code_variants: the code list {list:?} has no variant {variant:?}")]
    Variant {
        /// The list.
        list: String,
        /// The variant asked for.
        variant: String,
    },
}

impl RuleSettings {
    /// Whether every name in the settings exists.
    ///
    /// # Errors
    /// The first name that does not.
    pub fn validate(&self) -> Result<(), SettingsError> {
        for code in self.severities.keys() {
            Rule::by_code(code).ok_or_else(|| SettingsError::Rule(code.clone()))?;
        }
        for name in self.code_additions.keys() {
            codes::list(name).ok_or_else(|| SettingsError::List(name.clone()))?;
        }
        for (name, variant) in &self.code_variants {
            let list = codes::list(name).ok_or_else(|| SettingsError::List(name.clone()))?;
            if !list.variants.iter().any(|known| known.name == variant) {
                return Err(SettingsError::Variant {
                    list: name.clone(),
                    variant: variant.clone(),
                });
            }
        }
        Ok(())
    }
}

/// Settings made ready for checking many records.
#[derive(Debug, Clone)]
pub struct RuleSet {
    severities: Vec<Severity>,
    lists: FxHashMap<&'static str, EffectiveList>,
    /// Direction of the satisfaction scale.
    pub satisfaction_scale: SatisfactionScale,
}

impl RuleSet {
    /// The rule set of a connection's settings; unknown names in them are without effect.
    pub fn new(settings: &RuleSettings) -> Self {
        let severities = rules::ALL
            .iter()
            .map(|rule| {
                settings
                    .severities
                    .get(rule.code())
                    .copied()
                    .unwrap_or(rule.info().severity)
            })
            .collect();
        let lists = codes::LISTS
            .iter()
            .map(|list| {
                let variant = settings.code_variants.get(list.name).map(String::as_str);
                (
                    list.name,
                    EffectiveList::new(list, variant, settings.code_additions.get(list.name)),
                )
            })
            .collect();
        Self {
            severities,
            lists,
            satisfaction_scale: settings.satisfaction_scale,
        }
    }

    /// The severity of a rule.
    pub fn severity(&self, rule: Rule) -> Severity {
        self.severities[rule as usize]
    }

    /// The code list of that name as the connection uses it.
    pub fn list(&self, name: &str) -> Option<&EffectiveList> {
        self.lists.get(name)
    }
}

impl Default for RuleSet {
    fn default() -> Self {
        Self::new(&RuleSettings::default())
    }
}
