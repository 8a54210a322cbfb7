//! What the values of one cause have in common.

use super::Rule;
use crate::finding::Finding;

/// Longest value that names a cluster, in characters.
const LONGEST: usize = 40;

/// The cluster of a finding: its value where equal values have one cure, else nothing.
///
/// Unknown codes, placeholders and wrong department codes come in many records with one value;
/// check digits and dates are different in each, and personal values never name a cluster.
pub fn cluster(finding: &Finding) -> &str {
    let by_value = matches!(
        finding.rule,
        Rule::CodeUnknown
            | Rule::CodeExtension
            | Rule::RequiredPlaceholder
            | Rule::RegionUnknown
            | Rule::RegionAbolished
            | Rule::FormatRegion
            | Rule::FormatDataSource
            | Rule::DepartmentCheck
            | Rule::DepartmentFormat
            | Rule::DepartmentOrganisationCode
            | Rule::ReviewDetailFormat
            | Rule::ReviewDetailOld
            | Rule::ReferenceItem
    );
    match finding.value.as_deref() {
        Some(value) if by_value && value.chars().count() <= LONGEST => value,
        _ => "",
    }
}
