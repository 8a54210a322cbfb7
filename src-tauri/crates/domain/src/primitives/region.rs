//! 行政区划 (GB/T 2260): 6 digits, 9 with the street, 12 with the village.
//!
//! The list is compiled in from `data/regions.tsv`: current codes from the npm package
//! china-division 2.7.0, abolished ones from the PyPI package GB2260 0.4.1 and the npm package
//! gb2260 0.6.0. Codes and names are facts; an abolished code is still met in old records.

use std::sync::LazyLock;

static TABLE: LazyLock<Vec<Region>> = LazyLock::new(|| {
    include_str!("../../data/regions.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut parts = line.split('\t');
            let region = Region {
                code: parts.next()?,
                name: parts.next()?,
                current: parts.next()? == "current",
            };
            (region.code.len() == 6).then_some(region)
        })
        .collect()
});

/// A region of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Six digits.
    pub code: &'static str,
    /// Chinese name.
    pub name: &'static str,
    /// Whether the code is in force.
    pub current: bool,
}

/// How a code stands to the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// In force.
    Current,
    /// Was in force once.
    Abolished,
    /// Never was.
    Unknown,
}

/// The region of a six-digit code.
pub fn find(code: &str) -> Option<Region> {
    TABLE
        .binary_search_by(|region| region.code.cmp(code))
        .ok()
        .map(|at| TABLE[at])
}

/// How a six-digit code stands to the list.
pub fn standing(code: &str) -> Standing {
    match find(code) {
        Some(region) if region.current => Standing::Current,
        Some(_) => Standing::Abolished,
        None => Standing::Unknown,
    }
}

/// Province, city and county in one, as far as the list has them.
pub fn full_name(code: &str) -> Option<String> {
    let code = code.get(..6)?;
    let own = find(code)?;
    let mut names: Vec<&str> = Vec::new();
    for parent in [format!("{}0000", &code[..2]), format!("{}00", &code[..4])] {
        if let Some(region) = find(&parent)
            && region.code != code
            && region.name != "市辖区"
        {
            names.push(region.name);
        }
    }
    names.push(own.name);
    names.dedup();
    Some(names.concat())
}

/// The 12-digit form of a region of 6, 9 or 12 digits.
pub fn normalise(text: &str) -> Option<String> {
    if !matches!(text.len(), 6 | 9 | 12) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(format!("{text:0<12}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_has_the_provinces() {
        assert!(TABLE.len() > 3_000);
        assert!(TABLE.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert_eq!(find("230000").map(|region| region.name), Some("黑龙江省"));
    }

    #[test]
    fn current_abolished_and_unknown_codes_are_told_apart() {
        assert_eq!(standing("230102"), Standing::Current);
        assert_eq!(standing("110103"), Standing::Abolished);
        assert_eq!(standing("999999"), Standing::Unknown);
    }

    #[test]
    fn all_three_lengths_become_twelve_digits() {
        assert_eq!(normalise("370900").as_deref(), Some("370900000000"));
        assert_eq!(normalise("370900001").as_deref(), Some("370900001000"));
        assert_eq!(normalise("370900000000").as_deref(), Some("370900000000"));
        assert_eq!(normalise("3709"), None);
    }

    #[test]
    fn a_full_name_has_each_level_once() {
        assert_eq!(
            full_name("230102").as_deref(),
            Some("黑龙江省哈尔滨市道里区")
        );
        assert_eq!(full_name("110101").as_deref(), Some("北京市东城区"));
    }
}
