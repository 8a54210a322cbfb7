//! Identity accounts of the three kinds, and the portal's accounts with realistic conflicts.

use chrono::Duration;

use crate::defects::{CLOSING, Spoil, full_width, missing, plant, planted, unknown_code};
use crate::numbers::{citizen_id, credit_code, key64, mix, wrong_last};
use crate::row::Row;
use crate::truth::stops;
use crate::words;
use crate::world::{World, rows_for};

/// Portal accounts for so many natural persons: four for five identities of each kind.
pub fn portal_count(natural: u64) -> u64 {
    let (naturals, legals, agents) = portal_parts(natural);
    naturals + legals + agents
}

fn portal_parts(natural: u64) -> (u64, u64, u64) {
    (natural / 5 * 4, natural / 10, natural / 10 * 2)
}

fn naturals(world: &World) -> u64 {
    rows_for(7, world.options.records)
}

/// A number that no two persons share.
fn mobile(prefix: &str, index: u64) -> String {
    format!("{prefix}{:08}", (index * 61_803_399 + 17) % 100_000_000)
}

fn finish(world: &World, row: &mut Row, dataset: usize, index: u64, own: &[Spoil]) {
    world.close_short(row, dataset, index);
    if let Some(hash) = planted(world, dataset as u64, index) {
        let ways = if hash.is_multiple_of(6) { CLOSING } else { own };
        plant(world, row, hash >> 8, ways);
    }
}

/// A natural person.
pub fn natural(world: &World, index: u64) -> Row {
    let hash = mix(world.options.seed, &[100, index]);
    let county = words::county(hash);
    let birth = (1950 + hash % 50, hash / 50 % 12 + 1, hash / 600 % 28 + 1);
    let order = hash >> 30;
    let mut row = Row::default();
    row.text("cert_key", key64(world.options.seed, &[101, index]))
        .text(
            "cert_no",
            citizen_id(
                county.code,
                &format!("{}{:02}{:02}", birth.0, birth.1, birth.2),
                order,
            ),
        )
        .text("cert_type", "111")
        .text("user_name", words::person(hash >> 8))
        .text("user_mobile", mobile("199", index))
        .text("user_real_lvl", (hash % 3 + 2).to_string())
        .text("user_region", county.code)
        .text("cert_eff_date", "20150101")
        .text(
            "cert_ext_date",
            if hash.is_multiple_of(2) {
                "长期"
            } else {
                "20450101"
            },
        )
        .text(
            "birthday",
            format!("{}{:02}{:02}", birth.0, birth.1, birth.2),
        )
        .text("sex", if order % 1000 % 2 == 1 { "1" } else { "2" });
    finish(
        world,
        &mut row,
        7,
        index,
        &[
            |_, row, _| {
                row.put("cert_ext_date", "20100101");
                row.finding("account.validity", "cert_ext_date");
                row.finding("account.expired", "cert_ext_date");
            },
            |_, row, _| {
                row.put("cert_ext_date", "20200101");
                row.finding("account.expired", "cert_ext_date");
            },
            |_, row, _| {
                row.put("birthday", "19010101");
                row.finding("account.birthday", "birthday");
            },
            |_, row, _| {
                let sex = if row.get("sex") == "1" { "2" } else { "1" };
                row.put("sex", sex);
                row.finding("account.sex", "sex");
            },
            |_, row, _| {
                let id = row.get("cert_no");
                row.put("cert_no", wrong_last(&id));
                row.finding("id_number.check", "cert_no");
            },
            |_, row, _| unknown_code(row, "user_real_lvl", "L3"),
            |_, row, _| missing(row, "user_region"),
            |_, row, _| {
                row.put("cert_ext_date", "20201301");
                row.finding("format.date", "cert_ext_date");
            },
            |_, row, _| full_width(row, "user_mobile"),
        ],
    );
    row
}

/// A legal person.
pub fn legal(world: &World, index: u64) -> Row {
    let planted = planted(world, 8, index);
    if let Some(hash) = planted
        && hash.is_multiple_of(11)
        && index > 0
        && self::planted(world, 8, index - 1).is_none()
    {
        let mut row = clean_legal(world, index - 1);
        row.put("certificate_key", key64(world.options.seed, &[111, index]));
        world.close_short(&mut row, 8, index);
        row.finding("duplicate.key", "certificate_sno");
        return row;
    }
    let mut row = clean_legal(world, index);
    finish(
        world,
        &mut row,
        8,
        index,
        &[
            |_, row, _| {
                let code = row.get("certificate_sno");
                row.put("certificate_sno", wrong_last(&code));
                row.finding("credit_code.check", "certificate_sno");
            },
            |_, row, _| {
                let code = row.get("certificate_sno");
                row.put("certificate_sno", &code[..16]);
                row.finding("credit_code.format", "certificate_sno");
            },
            |_, row, _| {
                row.put("legal_cert_ext_date", "20100101");
                row.finding("account.validity", "legal_cert_ext_date");
            },
            |_, row, _| unknown_code(row, "corp_type", "8"),
            |_, row, _| unknown_code(row, "corp_status", "注销"),
        ],
    );
    row
}

fn sno(world: &World, index: u64) -> String {
    credit_code(
        "91",
        words::county(mix(world.options.seed, &[110, index])).code,
        1_000_000_007 * (index + 1),
    )
}

fn clean_legal(world: &World, index: u64) -> Row {
    let hash = mix(world.options.seed, &[110, index]);
    let county = words::county(hash);
    let mut row = Row::default();
    row.text("certificate_key", key64(world.options.seed, &[111, index]))
        .text("certificate_sno", sno(world, index))
        .text("corp_type", "2")
        .text("corp_name", words::company(hash >> 6))
        .text(
            "corp_status",
            if hash.is_multiple_of(25) { "2" } else { "1" },
        )
        .text("legal_name", words::person(hash >> 10))
        .text(
            "legal_cert_no",
            citizen_id(county.code, "19750615", hash >> 30),
        )
        .text("legal_cert_type", "111")
        .text("legal_cert_eff_date", "20150101")
        .text("legal_cert_ext_date", "20450101")
        .text("legal_mobile", mobile("198", index));
    row
}

/// An agent: two for each legal person.
pub fn agent(world: &World, index: u64) -> Row {
    let hash = mix(world.options.seed, &[120, index]);
    let owner = index / 2;
    let from = if hash.is_multiple_of(30) {
        world.options.now + Duration::days(30)
    } else {
        world.options.now - Duration::days(300)
    };
    let mut row = Row::default();
    row.text("trust_acct_no", format!("JB{index:010}"))
        .text(
            "trust_acct_no_key",
            key64(world.options.seed, &[121, index]),
        )
        .text("acct_type", "2")
        .text("certificate_sno", sno(world, owner))
        .text("agent_name", words::person(hash >> 8))
        .text("agent_mobile", mobile("197", index))
        .text(
            "agent_cert",
            citizen_id(words::county(hash).code, "19850320", hash >> 30),
        )
        .text("agent_cert_type", "111")
        .text("agent_cert_key", key64(world.options.seed, &[122, index]))
        .text("agent_channel", "PC")
        .text("agent_eff_date", from.format("%Y%m%d").to_string())
        .text(
            "agent_exp_date",
            (world.options.now + Duration::days(400))
                .format("%Y%m%d")
                .to_string(),
        );
    finish(
        world,
        &mut row,
        9,
        index,
        &[
            |world, row, _| {
                row.put("agent_eff_date", "20200101");
                row.put(
                    "agent_exp_date",
                    (world.options.now - Duration::days(40))
                        .format("%Y%m%d")
                        .to_string(),
                );
                row.finding("account.expired", "agent_exp_date");
            },
            |_, row, _| {
                row.put("agent_eff_date", "20300101");
                row.put("agent_exp_date", "20290101");
                row.finding("account.validity", "agent_exp_date");
            },
            |_, row, _| missing(row, "agent_channel"),
            |_, row, _| unknown_code(row, "acct_type", "9"),
        ],
    );
    if !legal_is_accepted(world, owner) {
        row.finding("reference.legal_person", "certificate_sno");
    }
    row
}

fn legal_is_accepted(world: &World, index: u64) -> bool {
    let row = legal(world, index);
    row.get("certificate_sno") == sno(world, index) && !stops(&row.findings)
}

/// What a portal account's conflict is, by its place; `None` for the many that are sound.
fn conflict(world: &World, place: u64, kind: &str) -> Option<&'static str> {
    let way = mix(world.options.seed, &[131, place]) % 60;
    match kind {
        "natural" => [
            (!place.is_multiple_of(4)).then_some("duplicate_portal_accounts"),
            Some("shared_portal_account"),
            Some("phone_taken_over"),
            Some("phone_only_binding"),
            Some("name_changed"),
            Some("level_too_low"),
            Some("portal_account_closed"),
            Some("wrong_certificate_type"),
            Some("orphaned_binding"),
        ]
        .get(usize::try_from(way).unwrap_or(usize::MAX))
        .copied()
        .flatten()
        // A second account of the neighbour's identity needs a sound neighbour.
        .filter(|name| {
            *name != "duplicate_portal_accounts" || conflict(world, place - 1, kind).is_none()
        }),
        "legal" if way == 0 => Some("wrong_certificate_type"),
        _ => None,
    }
}

/// The identity that belongs to a place among the natural persons' accounts; each fifth has none.
fn identity_of(place: u64) -> u64 {
    place + place / 4
}

/// The nearest identity without an account.
fn spare(place: u64) -> u64 {
    place / 4 * 5 + 4
}

/// A portal account.
pub fn portal(world: &World, index: u64) -> Row {
    let (natural_places, legal_places, _) = portal_parts(naturals(world));
    let mut row = Row::default();
    row.text("account_id", format!("PA{index:09}"));
    if index < natural_places {
        natural_account(world, &mut row, index);
    } else if index < natural_places + legal_places {
        let place = index - natural_places;
        let owner = clean_legal(world, place);
        let wrong = conflict(world, place, "legal").is_some();
        row.text("account_kind", "legal")
            .text("display_name", owner.get("corp_name"))
            .text("credit_code", sno(world, place))
            .text("id_type", if wrong { "111" } else { "001" })
            .text("mobile", owner.get("legal_mobile"))
            .text("required_level", "1")
            .text("account_state", "active")
            .text("bound_to", sno(world, place))
            .text("bound_by", "credit_code");
    } else {
        let place = index - natural_places - legal_places;
        let who = agent(world, place);
        row.text("account_kind", "agent")
            .text("display_name", who.get("agent_name"))
            .text("cert_key", who.get("agent_cert_key"))
            .text("credit_code", who.get("certificate_sno"))
            .text("id_type", "111")
            .text("mobile", who.get("agent_mobile"))
            .text("required_level", "1")
            .text("account_state", "active")
            .text("bound_to", who.get("trust_acct_no"))
            .text("bound_by", "cert_key");
    }
    row.text("roles", "办事用户").text("site", "省政府门户网站");
    row.text(
        "updated_at",
        world
            .changed_at(10, index)
            .format("%Y-%m-%d %H:%M:%S")
            .to_string(),
    );
    row
}

fn natural_account(world: &World, row: &mut Row, place: u64) {
    let kind = conflict(world, place, "natural");
    let who = natural(
        world,
        identity_of(if kind == Some("duplicate_portal_accounts") {
            place - 1
        } else {
            place
        }),
    );
    let other = spare(place);
    let mobile_number = mobile(
        "199",
        if kind == Some("phone_taken_over") {
            other
        } else {
            identity_of(place)
        },
    );
    row.text("account_kind", "natural");
    row.text(
        "display_name",
        if kind == Some("name_changed") {
            "更名前".into()
        } else {
            who.get("user_name")
        },
    );
    match kind {
        Some("shared_portal_account") => {
            row.text("cert_key", key64(world.options.seed, &[101, other]));
        }
        Some("phone_only_binding" | "orphaned_binding") => {}
        _ => {
            row.text("cert_key", who.get("cert_key"));
        }
    }
    row.text(
        "id_type",
        if kind == Some("wrong_certificate_type") {
            "001"
        } else {
            "111"
        },
    )
    .text(
        "mobile",
        if kind == Some("duplicate_portal_accounts") {
            who.get("user_mobile")
        } else {
            mobile_number
        },
    )
    .text(
        "required_level",
        if kind == Some("level_too_low") {
            "5"
        } else {
            "1"
        },
    )
    .text(
        "account_state",
        if kind == Some("portal_account_closed") {
            "disabled"
        } else {
            "active"
        },
    )
    .text(
        "bound_to",
        if kind == Some("orphaned_binding") {
            key64(world.options.seed, &[132, place])
        } else {
            who.get("cert_key")
        },
    )
    .text(
        "bound_by",
        if kind == Some("phone_only_binding") {
            "phone"
        } else {
            "cert_key"
        },
    );
    if !row.get("mobile").is_ascii() {
        row.put("mobile", mobile("199", identity_of(place)));
    }
}

/// One portal account that something is wrong with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityTruth {
    /// The account.
    pub account_id: String,
    /// What must be found, sorted.
    pub conflicts: Vec<&'static str>,
}

/// Every conflict among the portal accounts.
pub fn identity_truth(world: &World) -> Vec<IdentityTruth> {
    let (natural_places, legal_places, agent_places) = portal_parts(naturals(world));
    let mut list = Vec::new();
    let mut note = |index: u64, mut conflicts: Vec<&'static str>| {
        if !conflicts.is_empty() {
            conflicts.sort_unstable();
            list.push(IdentityTruth {
                account_id: format!("PA{index:09}"),
                conflicts,
            });
        }
    };
    for place in 0..natural_places {
        note(place, natural_conflicts(world, place, natural_places));
    }
    for place in 0..legal_places {
        let mut conflicts = Vec::new();
        if legal_is_accepted(world, place) {
            conflicts.extend(conflict(world, place, "legal"));
            if legal(world, place).get("corp_status") == "2" {
                conflicts.push("legal_person_deregistered");
            }
        } else {
            conflicts.push("orphaned_binding");
        }
        note(natural_places + place, conflicts);
    }
    for place in 0..agent_places {
        let who = agent(world, place);
        let mut conflicts = Vec::new();
        if stops(&who.findings) {
            conflicts.push("orphaned_binding");
        } else if who
            .findings
            .contains(&("account.expired", "agent_exp_date"))
        {
            conflicts.push("agent_expired");
        } else if who.get("agent_eff_date") > world.options.now.format("%Y%m%d").to_string() {
            conflicts.push("agent_not_yet_valid");
        }
        note(natural_places + legal_places + place, conflicts);
    }
    list
}

fn natural_conflicts(world: &World, place: u64, places: u64) -> Vec<&'static str> {
    let accepted = |identity: u64| !stops(&natural(world, identity).findings);
    let kind = conflict(world, place, "natural");
    let doubled = place + 1 < places
        && conflict(world, place + 1, "natural") == Some("duplicate_portal_accounts");
    let identity = identity_of(if kind == Some("duplicate_portal_accounts") {
        place - 1
    } else {
        place
    });
    if kind == Some("orphaned_binding") || !accepted(identity) {
        return vec!["orphaned_binding"];
    }
    let mut conflicts: Vec<&'static str> = kind
        .into_iter()
        .filter(|kind| {
            !matches!(*kind, "shared_portal_account" | "phone_taken_over") || accepted(spare(place))
        })
        .collect();
    if doubled && kind.is_none() {
        conflicts.push("duplicate_portal_accounts");
    }
    conflicts
}
