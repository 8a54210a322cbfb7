//! Shared pieces of the whole-system tests.

use std::collections::BTreeSet;

use zhengqiao_demo::World;
use zhengqiao_domain::{DatasetId, Personal};

/// A file of this repository, by its path from `tests/`.
///
/// Asked when a test runs, not when it was built: clones share their build cache. A test that cargo
/// did not start looks from where it stands.
pub fn repository_file(path: &str) -> String {
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| ".".into());
    format!("{here}/{path}")
}

/// Every personal value of a provider's people that is long enough to be told from chance.
///
/// # Panics
/// When there are too few to say anything by.
pub fn personal_values(world: &World) -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    for (number, name) in zhengqiao_demo::DATASETS.iter().enumerate() {
        let Ok(id) = name.parse::<DatasetId>() else {
            continue;
        };
        for place in 0..world.places(number) {
            let row = world.at(number, place);
            for field in id.dataset().fields {
                let text = row.get(field.name);
                let long = match field.personal {
                    Personal::IdNumber | Personal::Phone => {
                        text.len() >= 11 && text.chars().all(|char| char.is_ascii_alphanumeric())
                    }
                    Personal::Name => {
                        (3..=4).contains(&text.chars().count())
                            && text.chars().all(|char| !char.is_ascii())
                    }
                    _ => false,
                };
                if long {
                    values.insert(text);
                }
            }
        }
    }
    assert!(values.len() > 200, "{} values", values.len());
    values
}

pub mod people;
