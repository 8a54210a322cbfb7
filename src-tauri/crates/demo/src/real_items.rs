//! 1,135 real items of one district, served as they are; nobody tidied them.
//!
//! Department, name, region, item code, item type and department code are the public list's own;
//! what the list does not have is filled in soundly. What they must be found with is worked out
//! here from the values alone.

use std::sync::LazyLock;

use crate::items::{self, Basics};
use crate::numbers::credit_check;
use crate::row::Row;
use crate::words::County;
use crate::world::World;

/// One line of the public list.
pub struct RealItem {
    department: String,
    task_name: String,
    area_code: String,
    item_code: String,
    task_type: String,
    dept_code: String,
}

/// The public list.
pub static LIST: LazyLock<Vec<RealItem>> = LazyLock::new(|| {
    let text = include_str!("../data/service-items-511602.csv");
    csv::Reader::from_reader(text.trim_start_matches('\u{FEFF}').as_bytes())
        .records()
        .filter_map(Result::ok)
        .map(|line| {
            let cell = |at: usize| line.get(at).unwrap_or_default().trim().to_owned();
            RealItem {
                department: cell(0),
                task_name: cell(2),
                area_code: cell(3),
                item_code: cell(4),
                task_type: cell(5),
                dept_code: cell(6),
            }
        })
        .collect()
});

/// A real item as it is served.
pub fn item(world: &World, index: u64) -> Row {
    let mut row = Row::default();
    let Some(real) = usize::try_from(index).ok().and_then(|at| LIST.get(at)) else {
        return row;
    };
    let separator = format!("-{}", real.area_code);
    let catalog = real
        .item_code
        .split(separator.as_str())
        .next()
        .unwrap_or_default();
    let basics = Basics {
        task_code: real.item_code.clone(),
        catalog_code: catalog.to_owned(),
        task_name: real.task_name.clone(),
        instant: index.is_multiple_of(5),
        county: County {
            code: "511602",
            name: "广安区",
        },
        dept_name: real.department.clone(),
        dept_code: real.dept_code.clone(),
    };
    items::fill(world, &mut row, index, &basics, &real.task_type);
    row.put("area_code", &real.area_code);
    world.close(&mut row, 0, index);
    if catalog.chars().count() > 12 {
        row.finding("length.disputed", "catalog_code");
    }
    if catalog.len() != 12 || !catalog.bytes().all(|byte| byte.is_ascii_digit()) {
        row.finding("catalog_code.format", "catalog_code");
    }
    row.finding("task_code.local", "task_code");
    if let Some(rule) = department_rule(&real.dept_code) {
        row.finding(rule, "dept_code");
    }
    row
}

fn department_rule(code: &str) -> Option<&'static str> {
    let plain = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
    };
    if code.len() == 18
        && plain(&code[17..])
        && let Some(last) = credit_check(&code[..17])
    {
        return (!code.ends_with(last)).then_some("department.check");
    }
    let organisation = match code.len() {
        9 => plain(code),
        10 => code.as_bytes()[8] == b'-' && plain(&code[..8]) && plain(&code[9..]),
        _ => false,
    };
    Some(if organisation {
        "department.organisation_code"
    } else {
        "department.format"
    })
}
