//! Identity accounts of the three kinds.

use chrono::Duration;

use crate::bindings::{conflict, identity_of};
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

pub(crate) fn portal_parts(natural: u64) -> (u64, u64, u64) {
    (natural / 5 * 4, natural / 10, natural / 10 * 2)
}

pub(crate) fn naturals(world: &World) -> u64 {
    rows_for(7, world.options.records)
}

/// A number that no two persons share.
pub(crate) fn mobile(prefix: &str, index: u64) -> String {
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
    // A walk through all days and orders: no two people have one number.
    let turn = (index * 48_271 + 77) % 16_800_000;
    let (day, order) = (turn / 1000, turn % 1000);
    let birth = (1950 + day % 50, day / 50 % 12 + 1, day / 600 % 28 + 1);
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
        .text("user_mobile", mobile("199", telephone_of(world, index)))
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
    replace_document(world, &mut row, index);
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

/// Whose number a person has: an identity without an account may share its neighbour's.
fn telephone_of(world: &World, index: u64) -> u64 {
    let place = index / 5 * 4;
    if index % 5 == 4 && conflict(world, place, "natural") == Some("phone_shared") {
        identity_of(place)
    } else {
        index
    }
}

/// What the account of an identity is to be found with; none where the identity has none.
fn conflict_of(world: &World, index: u64) -> Option<&'static str> {
    (index % 5 != 4)
        .then(|| conflict(world, index / 5 * 4 + index % 5, "natural"))
        .flatten()
}

/// A foreigner's new card, or a residence permit, where the account still has what was before it.
fn replace_document(world: &World, row: &mut Row, index: u64) {
    let birth = row.get("birthday");
    match conflict_of(world, index) {
        Some("foreign_card_replaced") => {
            row.put("cert_no", format!("911840{birth}{:04}", index % 10_000));
            row.put("cert_type", "553");
        }
        Some("residence_permit") => {
            row.put("cert_no", citizen_id("810000", &birth, index));
            row.put("cert_type", "131");
        }
        _ => {}
    }
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

pub(crate) fn sno(world: &World, index: u64) -> String {
    credit_code(
        "91",
        words::county(mix(world.options.seed, &[110, index])).code,
        1_000_000_007 * (index + 1),
    )
}

pub(crate) fn clean_legal(world: &World, index: u64) -> Row {
    let hash = mix(world.options.seed, &[110, index]);
    let county = words::county(hash);
    let mut row = Row::default();
    row.text("certificate_key", key64(world.options.seed, &[111, index]))
        .text("certificate_sno", sno(world, index))
        .text("corp_type", "2")
        .text("corp_name", words::company(hash >> 6))
        .text(
            "corp_status",
            match hash % 25 {
                0 => "2",
                1 => "5",
                _ => "1",
            },
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

/// Whether an agent is the person who acts for the legal person before, too.
pub(crate) fn acts_before(world: &World, index: u64) -> bool {
    index % 8 == 3 && mix(world.options.seed, &[123, index]).is_multiple_of(6)
}

/// An agent: two for each legal person.
pub fn agent(world: &World, index: u64) -> Row {
    let hash = mix(world.options.seed, &[120, index]);
    let owner = index / 2;
    let person = if acts_before(world, index) {
        index - 2
    } else {
        index
    };
    let who = mix(world.options.seed, &[120, person]);
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
        .text("agent_name", words::person(who >> 8))
        .text("agent_mobile", mobile("197", person))
        .text(
            "agent_cert",
            citizen_id(
                words::county(who).code,
                &format!(
                    "19{:02}{:02}20",
                    50 + person / 1000 % 50,
                    person / 50_000 % 12 + 1
                ),
                person,
            ),
        )
        .text("agent_cert_type", "111")
        .text("agent_cert_key", key64(world.options.seed, &[122, person]))
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

pub(crate) fn legal_is_accepted(world: &World, index: u64) -> bool {
    let row = legal(world, index);
    row.get("certificate_sno") == sno(world, index) && !stops(&row.findings)
}
