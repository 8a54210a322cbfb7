//! Cases: acceptances and what follows them.

use chrono::{Duration, NaiveDateTime};

use crate::defects::{
    BATCH, CLOSING, Spoil, full_width, missing, no_moment, placeholder, plant, planted,
    unknown_code,
};
use crate::items::{self, Basics};
use crate::numbers::{citizen_id, credit_code, key64, mix, wrong_last};
use crate::row::Row;
use crate::words;
use crate::world::{World, rows_for};

fn text(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

fn guid(world: &World, dataset: u64, index: u64) -> String {
    key64(world.options.seed, &[70 + dataset, index])[..32].to_owned()
}

/// The parts of a case that its rows repeat.
#[derive(Debug, Clone)]
pub struct Case {
    /// Number of the case.
    pub project_no: String,
    /// Number of its item.
    pub item: u64,
    /// The item.
    pub basics: Basics,
    /// When it was accepted.
    pub accepted: NaiveDateTime,
    /// When it was completed, whether or not a result is served.
    pub completed: NaiveDateTime,
}

/// A case's parts.
pub fn case(world: &World, index: u64) -> Case {
    let hash = mix(world.options.seed, &[80, index]);
    let generated = rows_for(0, world.options.records) - items::real_count();
    let item = items::real_count() + hash % generated;
    let basics = items::basics(world, item);
    let day =
        (world.options.now - Duration::days(12 + i64::try_from(hash % 20).unwrap_or(0))).date();
    let minutes = i64::try_from(mix(hash, &[1]) % 120).unwrap_or(0);
    let accepted = day.and_time(chrono::NaiveTime::MIN) + Duration::minutes(9 * 60 + minutes);
    let completed = if basics.instant {
        accepted + Duration::hours(2)
    } else {
        accepted + Duration::days(3)
    };
    Case {
        project_no: format!("{}{:010}", basics.county.code, index),
        item,
        basics,
        accepted,
        completed,
    }
}

/// Whether the case is accepted under its own number.
pub fn is_accepted(world: &World, index: u64) -> bool {
    let row = acceptance(world, index);
    !crate::truth::stops(&row.findings) && row.get("project_no") == case(world, index).project_no
}

/// An acceptance with its defect and what follows from its item's.
pub fn acceptance(world: &World, index: u64) -> Row {
    let spoiled = planted(world, 2, index);
    if let Some(hash) = spoiled
        && hash.is_multiple_of(17)
        && index > 0
        && planted(world, 2, index - 1).is_none()
        && items::is_accepted(world, case(world, index - 1).item)
    {
        let mut row = clean_acceptance(world, index - 1);
        row.put("row_guid", guid(world, 2, index));
        row.put("cd_time", text(world.changed_at(2, index)));
        row.finding("duplicate.key", "project_no");
        return row;
    }
    let mut row = clean_acceptance(world, index);
    if let Some(hash) = spoiled {
        match hash % 6 {
            0 => plant(world, &mut row, hash >> 8, CLOSING),
            1 => plant(world, &mut row, hash >> 8, BATCH),
            _ => plant(world, &mut row, hash >> 8, ACCEPTANCE),
        }
    }
    if row.get("task_code") == case(world, index).basics.task_code
        && !items::is_accepted(world, case(world, index).item)
    {
        row.finding("reference.item", "task_code");
    }
    row
}

fn clean_acceptance(world: &World, index: u64) -> Row {
    let case = case(world, index);
    let hash = mix(world.options.seed, &[81, index]);
    let person = !hash.is_multiple_of(3);
    let applied = case.accepted - Duration::minutes(30);
    let mut row = Row::default();
    row.text("row_guid", guid(world, 2, index))
        .text("project_no", &case.project_no)
        .text("catalog_code", &case.basics.catalog_code)
        .text("task_code", &case.basics.task_code)
        .text("task_name", &case.basics.task_name)
        .number("task_version", 1)
        .text("project_name", format!("{}的办理", case.basics.task_name))
        .text("project_type", if case.basics.instant { "1" } else { "2" });
    if person {
        row.text("applyer_name", words::person(hash >> 8))
            .text("applyer_type", "1")
            .text("applyer_page_type", "111")
            .text("applyer_page_code", id_of(case.basics.county.code, hash));
    } else {
        row.text("applyer_name", words::company(hash >> 8))
            .text("applyer_type", "2")
            .text("applyer_page_type", "001")
            .text(
                "applyer_page_code",
                credit_code("91", case.basics.county.code, hash),
            )
            .text("legal", words::person(hash >> 16));
    }
    row.text("apply_date", text(applied))
        .text("apply_type", (hash % 2 + 1).to_string())
        .text("contact_name", words::person(hash >> 8))
        .text("contact_type", "111")
        .text("contact_code", id_of(case.basics.county.code, hash))
        .text("contact_mobile", words::mobile(hash))
        .text("zip_code", "150000")
        .text("address", words::address(case.basics.county, hash >> 4))
        .text("org_name", &case.basics.dept_name)
        .text("org_code", &case.basics.dept_code)
        .text("handle_user_name", words::person(hash >> 24))
        .text("accept_date", text(case.accepted))
        .text("accept_doc_no", format!("受{index:08}"))
        .text("promise_date", text(case.accepted + Duration::days(10)))
        .text("area_code", format!("{}000000", case.basics.county.code));
    world.close(&mut row, 2, index);
    row
}

fn id_of(region: &str, hash: u64) -> String {
    let birth = format!(
        "{}{:02}{:02}",
        1950 + hash % 50,
        hash / 50 % 12 + 1,
        hash / 600 % 28 + 1
    );
    citizen_id(region, &birth, hash >> 30)
}

const ACCEPTANCE: &[Spoil] = &[
    |_, row, hash| {
        to_person(row, hash);
        let id = row.get("applyer_page_code");
        row.put("applyer_page_code", wrong_last(&id));
        row.finding("id_number.check", "applyer_page_code");
    },
    |_, row, hash| {
        to_person(row, hash);
        row.put("applyer_page_code", citizen_id("230102", "19901332", hash));
        row.finding("id_number.date", "applyer_page_code");
    },
    |_, row, hash| {
        to_person(row, hash);
        let id = row.get("applyer_page_code");
        row.put("applyer_page_code", &id[..17]);
        row.finding("id_number.format", "applyer_page_code");
    },
    |_, row, hash| {
        to_person(row, hash);
        row.put("applyer_page_code", citizen_id("239999", "19900101", hash));
        row.finding("id_number.region", "applyer_page_code");
    },
    |_, row, hash| {
        to_person(row, hash);
        row.put(
            "applyer_page_code",
            format!("230102{:02}0101{:03}", 50 + hash % 40, hash % 1000),
        );
        row.finding("id_number.fifteen", "applyer_page_code");
    },
    |_, row, hash| {
        to_person(row, hash);
        row.put("applyer_page_type", "414");
        row.put("applyer_page_code", "G12");
        row.finding("id_number.type", "applyer_page_code");
    },
    |_, row, hash| {
        to_company(row, hash);
        let code = row.get("applyer_page_code");
        row.put("applyer_page_code", wrong_last(&code));
        row.finding("credit_code.check", "applyer_page_code");
    },
    |_, row, hash| {
        to_company(row, hash);
        let code = row.get("applyer_page_code");
        row.put("applyer_page_code", &code[..17]);
        row.finding("credit_code.format", "applyer_page_code");
    },
    |_, row, hash| {
        to_person(row, hash);
        row.put("applyer_type", "2");
        row.finding("case.applicant_kind", "applyer_page_type");
    },
    |_, row, hash| {
        to_person(row, hash);
        full_width(row, "applyer_page_code");
    },
    |_, row, _| {
        let accepted = row.get("accept_date");
        row.put("apply_date", format!("{} 23:00:00", &accepted[..10]));
        row.finding("case.accept_early", "accept_date");
    },
    |_, row, _| {
        row.put("promise_date", "2020-01-01 00:00:00");
        row.finding("case.promise_early", "promise_date");
    },
    |world, row, _| {
        row.put("accept_date", text(world.options.now + Duration::days(3)));
        row.remove("promise_date");
        row.finding("case.future", "accept_date");
    },
    |_, row, _| missing(row, "applyer_name"),
    |_, row, _| placeholder(row, "applyer_name"),
    |_, row, _| unknown_code(row, "apply_type", "8"),
    |_, row, _| unknown_code(row, "project_type", "即办件"),
    |_, row, _| no_moment(row, "accept_date"),
    |_, row, _| {
        row.put("contact_mobile", "0451-8888");
        row.finding("format.mobile", "contact_mobile");
    },
    |_, row, _| {
        row.put("contact_name", "无");
        row.put("zip_code", "0");
    },
];

fn to_person(row: &mut Row, hash: u64) {
    row.put("applyer_type", "1");
    row.put("applyer_page_type", "111");
    row.put("applyer_page_code", id_of("230102", hash));
}

fn to_company(row: &mut Row, hash: u64) {
    row.put("applyer_type", "2");
    row.put("applyer_page_type", "001");
    row.put("applyer_page_code", credit_code("91", "230102", hash));
}

/// A finding that only holds while the case is accepted.
fn on_case(world: &World, row: &mut Row, case: u64, rules: &[&str]) {
    if !is_accepted(world, case) {
        row.findings.retain(|(rule, _)| !rules.contains(rule));
        row.finding("reference.case", "project_no");
    }
}

fn spoil(world: &World, row: &mut Row, dataset: u64, index: u64, own: &[Spoil]) {
    if let Some(hash) = planted(world, dataset, index) {
        match hash % 6 {
            0 => plant(world, row, hash >> 8, CLOSING),
            1 => plant(world, row, hash >> 8, BATCH),
            _ => plant(world, row, hash >> 8, own),
        }
    }
}

/// A step with its defect: two a case.
pub fn step(world: &World, index: u64) -> Row {
    let number = index / 2;
    let case = case(world, number);
    let hash = mix(world.options.seed, &[82, index]);
    let begun = case.accepted + Duration::minutes(if index.is_multiple_of(2) { 10 } else { 50 });
    let mut row = Row::default();
    row.text("row_guid", guid(world, 3, index))
        .text("project_no", &case.project_no)
        .text(
            "process_name",
            if index.is_multiple_of(2) {
                "受理"
            } else {
                "审批"
            },
        )
        .text("event_name", "1")
        .text("handle_user_name", words::person(hash))
        .text("handle_explain", "同意")
        .text("event_start_time", text(begun))
        .text("event_end_time", text(begun + Duration::minutes(30)));
    world.close(&mut row, 3, index);
    spoil(
        world,
        &mut row,
        3,
        index,
        &[
            |_, row, _| {
                let end = row.get("event_end_time");
                let start = row.get("event_start_time");
                row.put("event_start_time", end);
                row.put("event_end_time", start);
                row.finding("step.times", "event_end_time");
            },
            |_, row, _| {
                row.put("event_start_time", "2020-01-01 09:00:00");
                row.finding("step.early", "event_start_time");
            },
            |_, row, _| missing(row, "handle_explain"),
            |_, row, _| placeholder(row, "handle_user_name"),
            |_, row, _| unknown_code(row, "event_name", "55"),
            |_, row, _| no_moment(row, "event_end_time"),
            |world, row, _| {
                row.put(
                    "event_end_time",
                    text(world.options.now + Duration::days(2)),
                );
                row.finding("case.future", "event_end_time");
            },
        ],
    );
    on_case(world, &mut row, number, &["step.early"]);
    row
}

/// A result with its defect: four for five cases.
pub fn result(world: &World, index: u64) -> Row {
    let number = index + index / 4;
    let case = case(world, number);
    let hash = mix(world.options.seed, &[83, index]);
    let issued = !hash.is_multiple_of(4);
    let mut row = Row::default();
    row.text("row_guid", guid(world, 4, index))
        .text("project_no", &case.project_no)
        .text("handle_user_name", words::person(hash >> 8))
        .text("result_date", text(case.completed))
        .text("result_type", if issued { "0" } else { "1" });
    if issued {
        row.text("result_cetr_name", "许可证")
            .text("result_cetr_no", format!("ZZ{index:010}"));
    } else {
        row.text("result_explain", "材料不符合要求,退回办结");
    }
    row.text("is_delivery_results", (hash % 2).to_string());
    world.close(&mut row, 4, index);
    spoil(
        world,
        &mut row,
        4,
        index,
        &[
            |_, row, _| {
                row.put("result_date", "2020-01-01 09:00:00");
                row.finding("result.early", "result_date");
            },
            |_, row, _| {
                row.put("result_type", "2");
                row.remove("result_explain");
                row.finding("result.reason", "result_explain");
            },
            |_, row, _| {
                row.put("result_type", "0");
                row.remove("result_cetr_no");
                row.finding("result.certificate", "result_cetr_no");
            },
            |_, row, _| unknown_code(row, "result_type", "77"),
            |_, row, _| no_moment(row, "result_date"),
            |_, row, _| missing(row, "is_delivery_results"),
            |world, row, _| {
                row.put("result_date", text(world.options.now + Duration::days(2)));
                row.finding("case.future", "result_date");
            },
            |_, row, _| full_width(row, "result_type"),
        ],
    );
    late_instant(world, &mut row, &case, index);
    on_case(
        world,
        &mut row,
        number,
        &["result.early", "result.instant_late"],
    );
    row
}

/// One instant case in fifty of the defective share is completed a day late; a future completion of
/// an instant case is late too.
fn late_instant(world: &World, row: &mut Row, case: &Case, index: u64) {
    let project_type = acceptance(world, index + index / 4).get("project_type");
    if project_type != "1" {
        return;
    }
    let hash = mix(world.options.seed, &[84, index]);
    if row.findings.is_empty() && crate::numbers::share(hash) < world.options.defects {
        row.put("result_date", text(case.completed + Duration::days(1)));
        row.finding("result.instant_late", "result_date");
    } else if row
        .findings
        .iter()
        .any(|(rule, field)| *rule == "case.future" && *field == "result_date")
    {
        row.finding("result.instant_late", "result_date");
    }
}

/// A special procedure with its defect: one for thirty-three cases.
pub fn special(world: &World, index: u64) -> Row {
    let number = index * 33;
    let case = case(world, number);
    let hash = mix(world.options.seed, &[85, index]);
    let begun = case.accepted + Duration::minutes(20);
    let mut row = Row::default();
    row.text("row_guid", guid(world, 5, index))
        .text("project_no", &case.project_no)
        .text("special_type", (hash % 2 + 1).to_string())
        .text("special_name", "现场勘验")
        .text("special_time", text(begun))
        .text("special_reason", "需要现场勘验")
        .text("end_time", text(begun + Duration::hours(1)))
        .text("applyer_user_name", words::person(hash >> 8));
    world.close(&mut row, 5, index);
    spoil(
        world,
        &mut row,
        5,
        index,
        &[
            |_, row, _| {
                row.put("end_time", "2020-01-01 09:00:00");
                row.finding("special.times", "end_time");
            },
            |_, row, _| {
                row.put("special_time", "2020-01-01 09:00:00");
                row.finding("special.early", "special_time");
            },
            |_, row, _| missing(row, "special_reason"),
            |_, row, _| unknown_code(row, "special_type", "5"),
        ],
    );
    on_case(world, &mut row, number, &["special.early"]);
    row
}
