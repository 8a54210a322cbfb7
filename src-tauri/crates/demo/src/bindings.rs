//! The portal's accounts with realistic conflicts, and the truth about them.

use crate::accounts::{
    acts_before, agent, clean_legal, legal, legal_is_accepted, mobile, natural, naturals,
    portal_parts, sno,
};
use crate::defects::planted;
use crate::numbers::{key64, mix};
use crate::row::Row;
use crate::truth::stops;
use crate::world::World;

/// What a portal account's conflict is, by its place; `None` for the many that are sound.
pub(crate) fn conflict(world: &World, place: u64, kind: &str) -> Option<&'static str> {
    let way = mix(world.options.seed, &[131, place]) % 60;
    match kind {
        "natural" => [
            (!place.is_multiple_of(4)).then_some("duplicate_portal_accounts"),
            Some("shared_portal_account"),
            // A number has one new owner: not one who shares it with a neighbour.
            (!place.is_multiple_of(4)
                && conflict(world, place / 4 * 4, kind) != Some("phone_shared"))
            .then_some("phone_taken_over"),
            Some("phone_only_binding"),
            Some("name_changed"),
            Some("level_too_low"),
            Some("portal_account_disabled"),
            Some("wrong_certificate_type"),
            Some("orphaned_binding"),
            place.is_multiple_of(4).then_some("phone_shared"),
            Some("id_number_changed"),
            Some("id_number_upgraded"),
            Some("foreign_card_replaced"),
            Some("residence_permit"),
            Some("portal_account_deleted"),
        ]
        .get(usize::try_from(way).unwrap_or(usize::MAX))
        .copied()
        .flatten()
        .filter(|name| match *name {
            // A second account of the neighbour's identity needs a sound neighbour.
            "duplicate_portal_accounts" => conflict(world, place - 1, kind).is_none(),
            // A spoilt number cannot be written in another form.
            "id_number_upgraded" | "foreign_card_replaced" | "residence_permit" => {
                planted(world, 7, identity_of(place)).is_none()
            }
            _ => true,
        }),
        "legal" => [
            "wrong_certificate_type",
            "organisation_code_replaced",
            "legal_representative_changed",
        ]
        .get(usize::try_from(way).unwrap_or(usize::MAX))
        .copied(),
        _ => None,
    }
}

/// The identity that belongs to a place among the natural persons' accounts; each fifth has none.
pub(crate) fn identity_of(place: u64) -> u64 {
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
        let conflict = conflict(world, place, "legal");
        let (code, name) = (sno(world, place), owner.get("legal_name"));
        row.text("account_kind", "legal")
            .text("display_name", owner.get("corp_name"))
            .text("credit_code", &code)
            .text(
                "legal_name",
                if conflict == Some("legal_representative_changed") {
                    "原法定代表人".into()
                } else {
                    name
                },
            )
            .text(
                "id_type",
                if conflict == Some("wrong_certificate_type") {
                    "111"
                } else {
                    "001"
                },
            )
            .text("mobile", owner.get("legal_mobile"))
            .text("required_level", "1")
            .text("account_state", "active")
            .text(
                "bound_to",
                if conflict == Some("organisation_code_replaced") {
                    &code[8..17]
                } else {
                    &code
                },
            )
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
        // The hash covers the number.
        Some("id_number_changed" | "foreign_card_replaced" | "residence_permit") => {
            row.text("cert_key", key64(world.options.seed, &[133, place]));
        }
        _ => {
            row.text("cert_key", who.get("cert_key"));
        }
    }
    row.text(
        "id_type",
        match kind {
            Some("wrong_certificate_type") => "001",
            Some("foreign_card_replaced") => "553",
            Some("residence_permit") => "516",
            _ => "111",
        },
    );
    let number = who.get("cert_no");
    match kind {
        Some("id_number_upgraded") => {
            row.text("id_number", format!("{}{}", &number[..6], &number[8..17]));
            row.finding("id_number.fifteen", "id_number");
        }
        Some("foreign_card_replaced") => {
            row.text("id_number", format!("USA2301{}12", &number[8..14]));
        }
        Some("residence_permit") => {
            row.text("id_number", format!("H{:08}", place % 100_000_000));
        }
        _ => {}
    }
    row.text(
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
        match kind {
            Some("portal_account_disabled") => "disabled",
            Some("portal_account_deleted") => "deleted",
            _ => "active",
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
            match legal(world, place).get("corp_status").as_str() {
                "2" => conflicts.push("legal_person_deregistered"),
                "5" => conflicts.push("legal_person_merged"),
                _ => {}
            }
        } else {
            conflicts.push("orphaned_binding");
        }
        note(natural_places + place, conflicts);
    }
    for place in 0..agent_places {
        let who = agent(world, place);
        let mut conflicts = Vec::new();
        let is_there = |other: u64| !stops(&agent(world, other).findings);
        if stops(&who.findings) {
            conflicts.push("orphaned_binding");
        } else {
            if who
                .findings
                .contains(&("account.expired", "agent_exp_date"))
            {
                conflicts.push("agent_expired");
            } else if who.get("agent_eff_date") > world.options.now.format("%Y%m%d").to_string() {
                conflicts.push("agent_not_yet_valid");
            }
            if (acts_before(world, place) && is_there(place - 2))
                || (acts_before(world, place + 2)
                    && place + 2 < agent_places
                    && is_there(place + 2))
            {
                conflicts.push("agent_of_several");
            }
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
        .filter_map(|kind| match kind {
            "phone_taken_over" | "phone_shared" => accepted(spare(place)).then_some(kind),
            // A hash that is nobody's is no other person's.
            "shared_portal_account" if !accepted(spare(place)) => Some("id_number_changed"),
            _ => Some(kind),
        })
        .collect();
    if doubled && kind.is_none() {
        conflicts.push("duplicate_portal_accounts");
    }
    conflicts
}
