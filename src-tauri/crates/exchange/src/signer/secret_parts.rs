//! A secret of several parts in one text.
//!
//! A family with more than one secret keeps them as lines `name=value`:
//!
//! ```text
//! app_secret=…
//! private_key=…
//! ```
//!
//! A text without any such line is the family's first part as a whole, so that a plain secret needs
//! no form.

use zeroize::Zeroizing;

use super::settings;
use crate::error::ExchangeError;

/// The part of that name; `names` are the family's, its first one standing for a plain text.
pub fn part(secret: &str, names: &[&str], name: &str) -> Option<Zeroizing<String>> {
    let lines = || {
        secret.lines().filter_map(|line| {
            let (left, right) = line.split_once('=')?;
            let left = left.trim();
            names.contains(&left).then_some((left, right.trim()))
        })
    };
    if lines().next().is_none() {
        let whole = names.first() == Some(&name) && !secret.is_empty();
        return whole.then(|| Zeroizing::new(secret.to_owned()));
    }
    lines()
        .find(|(left, right)| *left == name && !right.is_empty())
        .map(|(_, right)| Zeroizing::new(right.to_owned()))
}

/// The same, which must be there.
///
/// # Errors
/// [`ExchangeError::Settings`] saying which part is missing and how it is given.
pub fn needed(
    secret: &str,
    names: &[&str],
    name: &str,
) -> Result<Zeroizing<String>, ExchangeError> {
    part(secret, names, name).ok_or_else(|| {
        settings(
            "secret",
            format!("{name} is missing; give each part on a line of its own: {name}=…"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 2] = ["app_secret", "private_key"];

    fn read(secret: &str, name: &str) -> Option<String> {
        part(secret, &NAMES, name).map(|found| found.to_string())
    }

    #[test]
    fn a_plain_text_is_the_first_part() {
        assert_eq!(read("a=b", "app_secret").as_deref(), Some("a=b"));
        assert_eq!(read("a=b", "private_key"), None);
        assert_eq!(read("", "app_secret"), None);
    }

    #[test]
    fn each_line_is_a_part() {
        let secret = "app_secret = x=y \r\nprivate_key=00ff\n";
        assert_eq!(read(secret, "app_secret").as_deref(), Some("x=y"));
        assert_eq!(read(secret, "private_key").as_deref(), Some("00ff"));
        assert_eq!(read("private_key=00ff", "app_secret"), None);
    }

    #[test]
    fn a_missing_part_is_named_without_the_others() {
        let error = needed("app_secret=geheim", &NAMES, "private_key").unwrap_err();
        assert!(error.to_string().contains("private_key"), "{error}");
        assert!(!error.to_string().contains("geheim"), "{error}");
    }
}
