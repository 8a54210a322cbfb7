//! Words of the advice codes, from the file that the window reads too.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

const FILE: &str = include_str!("../../../../ui/src/i18n/advice.json");

/// What to do, in both languages.
#[derive(Debug, Deserialize)]
pub struct Advice {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

static ALL: LazyLock<BTreeMap<String, Advice>> =
    LazyLock::new(|| serde_json::from_str(FILE).unwrap_or_default());

/// The words of a code.
pub fn words(code: &str) -> Option<&'static Advice> {
    ALL.get(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_words_in_both_languages() {
        for fault in zhengqiao_exchange::Fault::ALL {
            let advice = words(fault.code()).unwrap_or_else(|| panic!("{}", fault.code()));
            assert!(
                !advice.zh.is_empty() && !advice.en.is_empty(),
                "{}",
                fault.code()
            );
        }
    }
}
