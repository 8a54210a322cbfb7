//! Reviews: one for every second case.

use chrono::Duration;

use crate::cases;
use crate::defects::{
    CLOSING, Spoil, full_width, missing, no_moment, plant, planted, unknown_code,
};
use crate::items;
use crate::numbers::{key64, mix, pick};
use crate::row::{Row, Value};
use crate::words;
use crate::world::World;

const PRAISE: [(&str, &str); 3] = [("5", "510,517"), ("4", "406"), ("3", "309")];
const COMPLAINT: [(&str, &str); 2] = [("2", "209"), ("1", "113")];

/// A review with its defect and what follows from its case's and item's.
pub fn review(world: &World, index: u64) -> Row {
    let planted = planted(world, 6, index);
    if let Some(hash) = planted
        && hash.is_multiple_of(13)
        && index > 0
        && self::planted(world, 6, index - 1).is_none()
        && parents(world, index - 1) == (true, true)
    {
        let mut row = clean(world, index - 1);
        row.put("review_id", id(world, index));
        row.put(
            "cd_time",
            world
                .changed_at(6, index)
                .format("%Y-%m-%d %H:%M:%S")
                .to_string(),
        );
        row.finding("duplicate.key", "project_no");
        return row;
    }
    let mut row = clean(world, index);
    if let Some(hash) = planted {
        if hash.is_multiple_of(7) {
            plant(world, &mut row, hash >> 8, CLOSING);
        } else {
            plant(world, &mut row, hash >> 8, REVIEW);
        }
    }
    let (case, item) = parents(world, index);
    if !case {
        row.finding("reference.case", "project_no");
    }
    if !item {
        row.finding("reference.item", "task_code");
    }
    row
}

fn parents(world: &World, index: u64) -> (bool, bool) {
    let number = index * 2;
    (
        cases::is_accepted(world, number),
        items::is_accepted(world, cases::case(world, number).item),
    )
}

fn id(world: &World, index: u64) -> String {
    key64(world.options.seed, &[90, index])[..32].to_owned()
}

fn clean(world: &World, index: u64) -> Row {
    let number = index * 2;
    let case = cases::case(world, number);
    let hash = mix(world.options.seed, &[91, index]);
    let completed = number % 5 != 4;
    let (score, details) = if hash.is_multiple_of(20) {
        pick(&COMPLAINT, hash >> 8)
    } else {
        pick(&PRAISE, hash >> 8)
    };
    let online = hash.is_multiple_of(2);
    let moment = |at: chrono::NaiveDateTime| at.format("%Y-%m-%d %H:%M:%S").to_string();
    let mut row = Row::default();
    row.text("review_id", id(world, index))
        .text("project_no", &case.project_no)
        .text("task_code", &case.basics.task_code)
        .text("task_name", &case.basics.task_name)
        .text("area_code", format!("{}000000", case.basics.county.code))
        .text("dept_code", &case.basics.dept_code)
        .text("pro_depart", &case.basics.dept_name)
        .text("pro_status", if completed { "3" } else { "2" })
        .text("pf", if online { "1" } else { "4" })
        .text("satisfaction", score)
        .text("eval_detail", details);
    if hash.is_multiple_of(6) {
        row.text("writing_evaluation", "办理顺利");
    }
    row.text("assess_time", moment(case.completed + Duration::hours(5)))
        .number("assess_number", 1)
        .text("service_name", "办理")
        .number("service_number", 1)
        .text("accept_date", moment(case.accepted));
    if completed {
        row.text("result_date", moment(case.completed));
    }
    row.text("user_prop", "1")
        .text("user_name", words::person(hash >> 8))
        .text("user_page_type", "111")
        .text("cert_key", key64(world.options.seed, &[92, index]))
        .text("mobile", words::mobile(hash))
        .text("is_default", "0");
    row.text("data_source", "123");
    world.close_short(&mut row, 6, index);
    row
}

const REVIEW: &[Spoil] = &[
    |_, row, _| {
        row.put("satisfaction", "5");
        row.put("eval_detail", "113");
        row.finding("review.detail_mismatch", "eval_detail");
    },
    |_, row, _| {
        row.put("eval_detail", "999");
        row.finding("review.detail_format", "eval_detail");
    },
    |_, row, _| {
        row.put("satisfaction", "5");
        row.put("eval_detail", "505");
        row.finding("review.detail_old", "eval_detail");
    },
    |_, row, _| {
        row.put("satisfaction", "1");
        row.remove("eval_detail");
        row.remove("writing_evaluation");
        row.finding("review.reason", "eval_detail");
    },
    |_, row, _| {
        row.remove("accept_date");
        row.finding("review.accept_date", "accept_date");
    },
    |_, row, _| {
        row.put("pro_status", "3");
        row.remove("result_date");
        row.finding("review.result_date", "result_date");
    },
    |_, row, _| {
        row.put("assess_time", "2020-01-01 09:00:00");
        row.finding("review.early", "assess_time");
    },
    |_, row, _| {
        row.put("pf", "1");
        row.remove("cert_key");
        row.finding("review.cert_key", "cert_key");
    },
    |_, row, _| {
        row.put("cert_key", "0123abc");
        row.finding("format.cert_key", "cert_key");
    },
    |_, row, _| {
        row.set("service_number", Value::Number(120));
        row.finding("review.service_number", "service_number");
    },
    |_, row, _| {
        row.put("satisfaction", "6");
        row.finding("code.unknown", "satisfaction");
    },
    |_, row, _| unknown_code(row, "pf", "42"),
    |_, row, _| missing(row, "task_name"),
    |_, row, _| no_moment(row, "assess_time"),
    |_, row, _| full_width(row, "satisfaction"),
    |_, row, _| {
        row.put("data_source", "999");
        row.finding("format.data_source", "data_source");
    },
];
