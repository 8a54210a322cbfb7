//! What may not be saved in a review policy.

use std::collections::BTreeMap;

use crate::binding::EvidenceKind;
use crate::error::PolicyError;
use crate::policy::ReviewPolicy;

/// Everything that is wrong with a policy; empty when it may be saved.
pub fn check_policy(policy: &ReviewPolicy) -> Vec<PolicyError> {
    let mut errors = Vec::new();
    for (at, kind) in policy.evidence.iter().enumerate() {
        if matches!(kind, EvidenceKind::Phone | EvidenceKind::Name) {
            errors.push(PolicyError::Supports(*kind));
        } else if policy.evidence[..at].contains(kind) {
            errors.push(PolicyError::EvidenceTwice(*kind));
        }
    }
    if policy.evidence.is_empty() {
        errors.push(PolicyError::NoEvidence);
    }
    let levels = &policy.ranks.0;
    if levels.keys().any(|level| level.trim().is_empty()) {
        errors.push(PolicyError::NoLevelName);
    }
    if levels.is_empty() {
        errors.push(PolicyError::NoRanks);
    }
    let highest = levels.values().copied().max().unwrap_or(u8::MAX);
    if let Some(rank) = policy.required_rank
        && rank > highest
    {
        errors.push(PolicyError::RequiredOutOfReach(rank));
    }
    let mut administers: BTreeMap<&str, bool> = BTreeMap::new();
    for (at, rule) in policy.roles.iter().enumerate() {
        let (number, role) = (at + 1, rule.role.trim());
        if role.is_empty() {
            errors.push(PolicyError::NoRole { rule: number });
        } else if policy.roles[..at].contains(rule) {
            errors.push(PolicyError::RoleTwice {
                rule: number,
                role: role.to_owned(),
            });
        } else if *administers.entry(role).or_insert(rule.administrator) != rule.administrator {
            errors.push(PolicyError::RoleUnclear {
                rule: number,
                role: role.to_owned(),
            });
        }
        if let Some(rank) = rule.least_rank
            && rank > highest
        {
            errors.push(PolicyError::RoleOutOfReach { rule: number, rank });
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::RoleRule;

    fn rule(role: &str, least_rank: Option<u8>, administrator: bool) -> RoleRule {
        RoleRule {
            role: role.into(),
            kind: None,
            site: None,
            least_rank,
            administrator,
        }
    }

    #[test]
    fn the_default_policy_may_be_saved() {
        assert_eq!(check_policy(&ReviewPolicy::default()), vec![]);
    }

    #[test]
    fn a_telephone_number_is_no_evidence_and_nothing_is_none_either() {
        let mut policy = ReviewPolicy {
            evidence: vec![
                EvidenceKind::CertKey,
                EvidenceKind::Phone,
                EvidenceKind::CertKey,
            ],
            ..ReviewPolicy::default()
        };
        assert_eq!(
            check_policy(&policy),
            vec![
                PolicyError::Supports(EvidenceKind::Phone),
                PolicyError::EvidenceTwice(EvidenceKind::CertKey),
            ]
        );
        policy.evidence.clear();
        assert_eq!(check_policy(&policy), vec![PolicyError::NoEvidence]);
    }

    #[test]
    fn a_rank_out_of_reach_and_an_unclear_role_are_named_with_their_rule() {
        let policy = ReviewPolicy {
            roles: vec![
                rule("editor", Some(9), false),
                rule("editor", None, true),
                rule(" ", None, false),
            ],
            required_rank: Some(6),
            ..ReviewPolicy::default()
        };
        let errors = check_policy(&policy);
        assert_eq!(
            errors.iter().map(PolicyError::code).collect::<Vec<_>>(),
            [
                "required_out_of_reach",
                "role_out_of_reach",
                "role_unclear",
                "no_role"
            ]
        );
        assert_eq!(errors[2].row(), Some(2));
    }
}
