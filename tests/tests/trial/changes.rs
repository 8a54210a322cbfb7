//! Random changes of claim mapping and review policy, all of them such as may be saved.

use zhengqiao_api::contract::{AccountKind, EvidenceKind, IdentitySettings, RoleRule};
use zhengqiao_domain::Transform;

use super::row_of;

const ROLES: [&str; 3] = ["办事用户", "内容编辑", "站点管理员"];

/// A generator of its own, so that a failing change can be made again.
pub struct Dice(pub u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 20).unwrap() % limit
    }

    fn rank(&mut self) -> u8 {
        u8::try_from(self.below(5) + 1).unwrap()
    }
}

/// Changes one to three things.
pub fn changed(
    settings: &IdentitySettings,
    defaults: &IdentitySettings,
    dice: &mut Dice,
) -> IdentitySettings {
    let mut new = settings.clone();
    if dice.below(4) == 0 {
        new.claims.clone_from(&defaults.claims);
    }
    for _ in 0..=dice.below(3) {
        match dice.below(8) {
            0 => {
                for rank in new.policy.ranks.0.values_mut() {
                    *rank = dice.rank();
                }
                // Some level reaches every rank that is asked for.
                new.policy.ranks.0.insert("最高".into(), 5);
            }
            1 => new.policy.required_rank = [None, Some(dice.rank())][dice.below(2)],
            2 => new.policy.roles = roles(dice),
            3 => new.policy.evidence = evidence(dice),
            _ => change_claims(&mut new, dice),
        }
    }
    if !new.policy.ranks.0.values().any(|rank| *rank == 5) {
        new.policy.ranks.0.insert("最高".into(), 5);
    }
    new
}

fn roles(dice: &mut Dice) -> Vec<RoleRule> {
    let mut rules = Vec::new();
    for _ in 0..dice.below(4) {
        let role = dice.below(ROLES.len());
        let rule = RoleRule {
            role: ROLES[role].into(),
            kind: [None, Some(AccountKind::Natural), Some(AccountKind::Legal)][dice.below(3)],
            site: [None, Some("市门户网站".to_owned())][dice.below(2)].clone(),
            least_rank: [None, Some(dice.rank())][dice.below(2)],
            administrator: role == 2,
        };
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    rules
}

fn evidence(dice: &mut Dice) -> Vec<EvidenceKind> {
    let mut all = vec![
        EvidenceKind::CertKey,
        EvidenceKind::IdNumber,
        EvidenceKind::CreditCode,
    ];
    let mut chosen = Vec::new();
    for _ in 0..=dice.below(3) {
        chosen.push(all.remove(dice.below(all.len())));
    }
    chosen
}

fn change_claims(settings: &mut IdentitySettings, dice: &mut Dice) {
    let constant = |value: &str| {
        vec![Transform::Constant {
            value: value.into(),
        }]
    };
    let (natural, legal, agent) = (AccountKind::Natural, AccountKind::Legal, AccountKind::Agent);
    let mut set = |kind, ending: &str, claim: Option<&str>, transforms: Vec<Transform>| {
        if let Some(at) = row_of(settings, kind, ending) {
            settings.claims[at].transforms = transforms;
            if let Some(claim) = claim {
                claim.clone_into(&mut settings.claims[at].claim);
            }
        }
    };
    match dice.below(12) {
        0 => set(natural, ":certKey", Some("cert_no"), Vec::new()),
        1 => set(natural, ":certKey", Some("cert_key"), Vec::new()),
        2 => set(legal, "userName", Some("certificate_key"), Vec::new()),
        3 => set(legal, "userName", Some("certificate_sno"), Vec::new()),
        4 => set(
            natural,
            ":realNameLevel",
            None,
            vec![Transform::CodeTable {
                table: [("2".to_owned(), "4".to_owned())].into(),
                other: None,
            }],
        ),
        5 => set(natural, ":realNameLevel", None, constant("3")),
        6 => set(natural, ":realNameLevel", None, Vec::new()),
        7 => set(agent, ":agentValidUntil", None, constant("2020-01-01")),
        8 => set(legal, ":legalPersonStatus", None, constant("2")),
        9 => set(
            natural,
            "name.formatted",
            None,
            vec![Transform::Substring {
                begin: 1,
                length: 1,
            }],
        ),
        10 => set(natural, "\"mobile\"].value", Some("cert_no"), Vec::new()),
        _ => {
            let field = [":certKey", ":creditCode", "\"mobile\"].value"][dice.below(3)];
            let kind = [natural, legal, agent][dice.below(3)];
            settings
                .claims
                .retain(|row| row.kind != kind || !row.portal_field.ends_with(field));
        }
    }
}
