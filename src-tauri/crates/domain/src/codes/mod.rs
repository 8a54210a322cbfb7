//! Code lists: variants by source, additions by connection.
//!
//! Sources disagree on codes and even on the direction of a scale, so a list has variants, the
//! national practice being the default, and a connection can choose another and add codes.

mod lists;
mod review_details;

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

pub use lists::LISTS;
pub use review_details::{DetailVersion, detail_version};

/// One selectable version of a code list.
#[derive(Debug)]
pub struct Variant {
    /// Its name in settings: `practice`, `gb_t_39046`, or another source's.
    pub name: &'static str,
    /// Where the codes come from.
    pub source: &'static str,
    /// Codes with their Chinese names.
    pub codes: &'static [(&'static str, &'static str)],
}

/// A code list with its variants; the first is the default.
#[derive(Debug)]
pub struct CodeList {
    /// Its name, as fields refer to it.
    pub name: &'static str,
    /// Chinese name.
    pub zh: &'static str,
    /// The variants.
    pub variants: &'static [Variant],
    /// Ranges kept for extensions: accepted with a warning.
    pub extensions: &'static [(u32, u32)],
    /// Codes shorter than this are also read with leading zeros; 0 means as they are.
    pub pad_to: usize,
}

/// The list of that name.
pub fn list(name: &str) -> Option<&'static CodeList> {
    LISTS.iter().find(|list| list.name == name)
}

/// How a code stands to a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Membership {
    /// In the list.
    Known,
    /// In a range kept for extensions.
    Extension,
    /// In neither; the nearest code, where one is evident.
    Unknown(Option<Nearest>),
}

/// The code of a list that another one is evidently meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearest {
    /// The code.
    pub code: String,
    /// Whether no other is as near.
    pub only: bool,
}

/// A list as one connection uses it.
#[derive(Debug, Clone)]
pub struct EffectiveList {
    list: &'static CodeList,
    names: FxHashMap<String, String>,
}

impl EffectiveList {
    /// The list with the chosen variant (the default for an unknown name) and additions.
    pub fn new(
        list: &'static CodeList,
        variant: Option<&str>,
        additions: Option<&BTreeMap<String, String>>,
    ) -> Self {
        let chosen = variant
            .and_then(|name| list.variants.iter().find(|variant| variant.name == name))
            .unwrap_or(&list.variants[0]);
        let mut names: FxHashMap<String, String> = chosen
            .codes
            .iter()
            .map(|(code, name)| ((*code).to_owned(), (*name).to_owned()))
            .collect();
        for (code, name) in additions.into_iter().flatten() {
            names.insert(code.clone(), name.clone());
        }
        Self { list, names }
    }

    /// The Chinese name of a code.
    pub fn name(&self, code: &str) -> Option<&str> {
        self.names.get(code).map(String::as_str)
    }

    /// All codes, sorted, joined for the "expected" part of a finding.
    pub fn summary(&self) -> String {
        let mut codes: Vec<&str> = self.names.keys().map(String::as_str).collect();
        codes.sort_unstable();
        let shown = codes.iter().take(12).copied().collect::<Vec<_>>().join("|");
        if codes.len() > 12 {
            format!("{shown}|… ({})", codes.len())
        } else {
            shown
        }
    }

    /// How a code stands to the list.
    pub fn membership(&self, code: &str) -> Membership {
        if self.names.contains_key(code) {
            return Membership::Known;
        }
        let number: Option<u32> = if code.len() <= 6 {
            code.parse().ok()
        } else {
            None
        };
        if self.list.pad_to > code.len() && number.is_some() {
            let padded = format!("{code:0>width$}", width = self.list.pad_to);
            if self.names.contains_key(&padded) {
                return Membership::Known;
            }
        }
        if let Some(number) = number
            && self
                .list
                .extensions
                .iter()
                .any(|&(from, to)| (from..=to).contains(&number))
        {
            return Membership::Extension;
        }
        Membership::Unknown(self.nearest(code))
    }

    /// The few codes whose code or name is most like a text: a guess, the likeliest first.
    pub fn alike(&self, text: &str) -> Vec<String> {
        let mut scored: Vec<(usize, &String)> = self
            .names
            .iter()
            .filter_map(|(code, name)| {
                let shared = text.chars().filter(|sign| name.contains(*sign)).count();
                let named = shared * 2 >= name.chars().count() && shared > 1;
                let score = if named {
                    shared + 10
                } else {
                    usize::from(one_off(text, code))
                };
                (score > 0).then_some((score, code))
            })
            .collect();
        scored.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
        scored
            .into_iter()
            .take(3)
            .map(|(_, code)| code.clone())
            .collect()
    }

    /// The code that differs only by leading zeros, case, or by being written as its name.
    fn nearest(&self, code: &str) -> Option<Nearest> {
        let bare = code.trim_start_matches('0');
        let mut near: Vec<&String> = self
            .names
            .iter()
            .filter(|(known, name)| {
                known.trim_start_matches('0') == bare
                    || known.eq_ignore_ascii_case(code)
                    || name.as_str() == code
            })
            .map(|(known, _)| known)
            .collect();
        near.sort_unstable();
        Some(Nearest {
            code: (*near.first()?).clone(),
            only: near.len() == 1,
        })
    }
}

/// Whether a text of three or more characters differs from a code by one of them.
fn one_off(text: &str, code: &str) -> bool {
    let (text, code): (Vec<char>, Vec<char>) = (text.chars().collect(), code.chars().collect());
    if code.len() < 3 || text.len().abs_diff(code.len()) > 1 {
        return false;
    }
    let begin = text.iter().zip(&code).take_while(|(a, b)| a == b).count();
    let end = text
        .iter()
        .rev()
        .zip(code.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    begin + end + 1 >= text.len().max(code.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_has_a_practice_variant_and_no_code_twice() {
        for list in LISTS {
            assert_eq!(list.variants[0].name, "practice", "{}", list.name);
            for variant in list.variants {
                let mut codes: Vec<_> = variant.codes.iter().map(|(code, _)| code).collect();
                codes.sort_unstable();
                codes.dedup();
                assert_eq!(
                    codes.len(),
                    variant.codes.len(),
                    "{} {}",
                    list.name,
                    variant.name
                );
            }
        }
    }

    #[test]
    fn every_coded_field_names_a_list() {
        for dataset in crate::datasets::ALL {
            for field in dataset.fields {
                if let Some(name) = field.kind.code_list() {
                    assert!(list(name).is_some(), "{} {name}", field.name);
                }
            }
        }
    }

    #[test]
    fn a_single_digit_item_type_is_its_two_digit_form_and_an_extension_warns() {
        let list = EffectiveList::new(list("task_type").unwrap(), None, None);
        assert_eq!(list.membership("1"), Membership::Known);
        assert_eq!(list.membership("01"), Membership::Known);
        assert_eq!(list.membership("21"), Membership::Extension);
        assert_eq!(list.membership("99"), Membership::Unknown(None));
    }

    #[test]
    fn a_name_in_place_of_a_code_has_the_code_as_nearest() {
        let list = EffectiveList::new(list("yes_no").unwrap(), None, None);
        let nearest = Nearest {
            code: "1".into(),
            only: true,
        };
        assert_eq!(list.membership("是"), Membership::Unknown(Some(nearest)));
    }

    #[test]
    fn the_standard_s_variant_changes_what_a_level_means() {
        let levels = list("use_level").unwrap();
        let practice = EffectiveList::new(levels, None, None);
        let standard = EffectiveList::new(levels, Some("gb_t_39046"), None);
        assert_eq!(practice.name("6"), Some("分级管理"));
        assert_eq!(standard.name("6"), Some("村(社区)级"));
        assert_eq!(practice.membership("7"), Membership::Unknown(None));
        assert_eq!(standard.membership("7"), Membership::Known);
    }
}
