//! The dimension of data quality that each rule speaks of.
//!
//! Completeness 完整性, accuracy 准确性, consistency 一致性 and timeliness 时效性 are those of
//! GB/T 36344—2018; uniqueness 唯一性 is named by practice beside them. Which rule belongs where is
//! our reading.

use super::Rule;

/// A dimension of data quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Dimension {
    /// 完整性: what must be there is there.
    Completeness,
    /// 准确性: values have their form, their list and their check digit.
    Accuracy,
    /// 及时性: it came in time.
    Timeliness,
    /// 一致性: fields and records agree with each other.
    Consistency,
    /// 唯一性: it is there once.
    Uniqueness,
}

impl Dimension {
    /// All of them, in their order.
    pub const ALL: [Self; 5] = [
        Self::Completeness,
        Self::Accuracy,
        Self::Timeliness,
        Self::Consistency,
        Self::Uniqueness,
    ];
}

/// Rules on what is missing, beyond the group `required`.
const COMPLETENESS: &[&str] = &[
    "item.flow_steps",
    "item.work_time",
    "item.fee_basis",
    "item.sign_on_link",
    "result.reason",
    "result.certificate",
    "review.reason",
    "review.accept_date",
    "review.result_date",
    "review.cert_key",
];
/// Rules on agreement that stand in a group of accuracy.
const CONSISTENCY: &[&str] = &["id_number.type", "task_code.level", "task_code.catalog"];
/// Rules on a single value that stand in a group of consistency.
const ACCURACY: &[&str] = &[
    "case.future",
    "review.detail_format",
    "review.detail_old",
    "review.service_number",
];

impl Rule {
    /// The dimension of data quality that it speaks of; none for what is no matter of the data itself:
    /// waiting for a parent, a guard, the portal's library.
    pub fn dimension(self) -> Option<Dimension> {
        let code = self.code();
        let group = code.split('.').next().unwrap_or_default();
        Some(if COMPLETENESS.contains(&code) {
            Dimension::Completeness
        } else if CONSISTENCY.contains(&code) || code == "reference.waited" {
            Dimension::Consistency
        } else if ACCURACY.contains(&code) {
            Dimension::Accuracy
        } else {
            match group {
                "reference" | "withdrawal" | "delivery" => return None,
                "required" => Dimension::Completeness,
                "duplicate" => Dimension::Uniqueness,
                "timeliness" => Dimension::Timeliness,
                "item" | "notice" | "case" | "step" | "result" | "special" | "review"
                | "account" => Dimension::Consistency,
                _ => Dimension::Accuracy,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rules::ALL;

    #[test]
    fn every_rule_named_here_exists_and_every_dimension_has_one() {
        let codes: BTreeSet<&str> = ALL.iter().map(|rule| rule.code()).collect();
        for code in COMPLETENESS.iter().chain(CONSISTENCY).chain(ACCURACY) {
            assert!(codes.contains(code), "{code}");
        }
        let used: BTreeSet<Dimension> = ALL.iter().filter_map(|rule| rule.dimension()).collect();
        assert_eq!(used.len(), Dimension::ALL.len());
        let none: Vec<&str> = ALL
            .iter()
            .filter(|rule| rule.dimension().is_none())
            .map(|rule| rule.code())
            .collect();
        assert_eq!(
            none,
            [
                "reference.item",
                "reference.case",
                "reference.legal_person",
                "withdrawal.limit",
                "delivery.refused"
            ]
        );
    }
}
