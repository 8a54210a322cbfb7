//! Where a field of a recipe likely comes from on another connection, by name.

use std::collections::BTreeSet;

use zhengqiao_domain::{DatasetId, MendStep, SourceColumn, propose};

/// Values of the provider's rows that are likely what a field came from, the likeliest first.
pub(super) fn likely(
    dataset: DatasetId,
    field: &str,
    step: &MendStep,
    known: Option<&BTreeSet<String>>,
) -> Vec<String> {
    let MendStep::SetField { source: wanted, .. } = step else {
        return Vec::new();
    };
    let names: Vec<&String> = known.into_iter().flatten().collect();
    let columns: Vec<SourceColumn> = names
        .iter()
        .map(|name| SourceColumn {
            name: (*name).clone(),
            comment: String::new(),
            samples: Vec::new(),
        })
        .collect();
    let mut list: Vec<String> = propose(dataset, &columns)
        .into_iter()
        .filter(|one| one.field == field)
        .map(|one| one.source)
        .collect();
    let mut alike: Vec<(usize, &String)> = names
        .into_iter()
        .map(|name| (shared_pairs(wanted, name), name))
        .filter(|(shared, name)| *shared * 2 >= name.chars().count().saturating_sub(1))
        .collect();
    alike.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
    for (_, name) in alike {
        if !list.contains(name) {
            list.push(name.clone());
        }
    }
    list.truncate(3);
    list
}

/// Pairs of neighbouring signs that two names share, whatever their case.
fn shared_pairs(one: &str, other: &str) -> usize {
    let pairs = |text: &str| -> Vec<(char, char)> {
        let signs: Vec<char> = text
            .to_lowercase()
            .chars()
            .filter(|sign| sign.is_alphanumeric())
            .collect();
        signs.windows(2).map(|two| (two[0], two[1])).collect()
    };
    let mut others = pairs(other);
    pairs(one)
        .into_iter()
        .filter(|pair| {
            others
                .iter()
                .position(|known| known == pair)
                .map(|at| others.swap_remove(at))
                .is_some()
        })
        .count()
}
