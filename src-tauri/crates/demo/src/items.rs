//! Service items and notices.

use crate::defects::{
    BATCH, CLOSING, Spoil, control, full_width, missing, no_moment, placeholder, plant, planted,
    structure, unknown_code,
};
use crate::numbers::{credit_code, key64, mix, pick, wrong_last};
use crate::real_items;
use crate::row::{Row, Value};
use crate::words;
use crate::world::World;

/// Number of real items, which come first.
pub fn real_count() -> u64 {
    real_items::LIST.len() as u64
}

/// The parts of an item that its cases repeat.
#[derive(Debug, Clone)]
pub struct Basics {
    /// Task code.
    pub task_code: String,
    /// Catalogue code.
    pub catalog_code: String,
    /// Name.
    pub task_name: String,
    /// Whether cases are completed the same day.
    pub instant: bool,
    /// County.
    pub county: words::County,
    /// Department's name.
    pub dept_name: String,
    /// Department's credit code.
    pub dept_code: String,
}

/// The basics of a generated item.
pub fn basics(world: &World, index: u64) -> Basics {
    let seed = world.options.seed;
    let number = index - real_count();
    let department = mix(seed, &[50, number % 400]);
    let county = words::county(department);
    let hash = mix(seed, &[51, number]);
    let dept_code = credit_code("11", county.code, department);
    let kind = pick(&["01", "05", "07", "10", "20"], hash);
    let catalog_code = format!("23{kind}{:05}{:03}", number % 100_000, number / 100_000);
    Basics {
        task_code: format!("{dept_code}4{catalog_code}"),
        catalog_code,
        task_name: words::item(hash >> 8),
        instant: hash.is_multiple_of(5),
        county,
        dept_name: words::department(county, department >> 7),
        dept_code,
    }
}

/// Whether a generated item is accepted under its own code.
pub fn is_accepted(world: &World, index: u64) -> bool {
    let row = item(world, index);
    row.get("task_code") == basics(world, index).task_code && !crate::truth::rejects(&row.findings)
}

/// An item with its defect.
pub fn item(world: &World, index: u64) -> Row {
    if index < real_count() {
        return real_items::item(world, index);
    }
    let planted = planted(world, 0, index);
    if let Some(hash) = planted
        && hash.is_multiple_of(29)
        && index > real_count()
        && self::planted_none(world, index - 1)
    {
        // The same item under another row number.
        let mut row = clean(world, index - 1);
        row.put("row_guid", guid(world, index));
        row.put(
            "cd_time",
            world
                .changed_at(0, index)
                .format("%Y-%m-%d %H:%M:%S")
                .to_string(),
        );
        row.finding("duplicate.key", "task_code");
        return row;
    }
    let mut row = clean(world, index);
    if let Some(hash) = planted {
        match hash % 8 {
            0 => plant(world, &mut row, hash >> 8, CLOSING),
            1 => plant(world, &mut row, hash >> 8, BATCH),
            _ => plant(world, &mut row, hash >> 8, ITEM),
        }
    }
    row
}

fn planted_none(world: &World, index: u64) -> bool {
    planted(world, 0, index).is_none()
}

fn guid(world: &World, index: u64) -> String {
    key64(world.options.seed, &[52, index])[..32].to_owned()
}

fn clean(world: &World, index: u64) -> Row {
    let basics = basics(world, index);
    let mut row = Row::default();
    fill(world, &mut row, index, &basics, &basics.catalog_code[2..4]);
    world.close(&mut row, 0, index);
    row
}

/// Everything that an item has, from its basics; sound by itself.
pub fn fill(world: &World, row: &mut Row, index: u64, basics: &Basics, task_type: &str) {
    let hash = mix(world.options.seed, &[53, index]);
    row.text("row_guid", guid(world, index))
        .text("catalog_code", &basics.catalog_code)
        .text("task_code", &basics.task_code)
        .text("task_name", &basics.task_name)
        .text("task_type", task_type)
        .text("task_state", "1")
        .number("task_version", 1)
        .text("by_law", "依据有关法律法规的规定实施。")
        .text("use_level", "4")
        .text("power_source", "1")
        .text("dept_name", &basics.dept_name)
        .text("dept_code", &basics.dept_code)
        .text("dept_type", "1");
    let (targets, person, company) = pick(
        &[("1", true, false), ("2", false, true), ("1,2", true, true)],
        hash,
    );
    row.text("server_type", targets)
        .text("project_type", if basics.instant { "1" } else { "2" })
        .text("handle_type", "1,2")
        .text("accept_condition", "符合法定条件")
        .text("handle_flow", "受理—审核—审批—办结—送达")
        .number("anticipate_day", if basics.instant { 1 } else { 20 })
        .text("anticipate_type", "1")
        .number(
            "promise_day",
            if basics.instant {
                0
            } else {
                5 + i64::try_from(hash % 10).unwrap_or(0)
            },
        )
        .text("promise_type", "1")
        .text("special_procedure", "不涉及");
    let fee = hash.is_multiple_of(4);
    row.text("is_fee", if fee { "1" } else { "0" });
    if fee {
        row.text("fee_basis", "按省级收费目录执行");
    }
    let online = hash.is_multiple_of(3);
    row.number("limit_scene_num", i64::from(!online))
        .text("is_single_login", if online { "1" } else { "0" })
        .text("app_is_single_login", "0");
    if online {
        row.text("link_addr", format!("https://zwfw.example/item/{index}"));
    }
    row.text("link_way", format!("0451-8{:07}", hash % 10_000_000))
        .text("supervise_way", "0451-12345")
        .text(
            "transact_addr",
            format!(
                "{}政务服务大厅二楼{}号窗口",
                basics.county.name,
                hash % 40 + 1
            ),
        )
        .text(
            "transact_time",
            "工作日 9:00—12:00,13:00—17:00(法定节假日除外)",
        )
        .text("is_online", if online { "1" } else { "0" })
        .text("is_pay_online", if fee && online { "1" } else { "0" })
        .text("is_express", "1")
        .text("handle_area", "4")
        .text(
            "online_handle_depth",
            if online {
                "全程网办"
            } else {
                "互联网咨询"
            },
        );
    let (name, kind) = pick(
        &[("许可证", "1"), ("批复", "2"), ("办理结果通知书", "3")],
        hash >> 9,
    );
    row.text("result_name", name).text("result_type", kind);
    if person {
        row.text("user_topic_type", "001");
    }
    if company {
        row.text("corp_topic_type", "002");
    }
    row.text("area_code", format!("{}000000", basics.county.code));
}

const ITEM: &[Spoil] = &[
    |_, row, _| {
        let code = row.get("task_code");
        row.put(
            "task_code",
            format!("{}{}", wrong_last(&code[..18]), &code[18..]),
        );
        row.finding("task_code.check", "task_code");
    },
    |_, row, _| {
        let code = row.get("task_code");
        row.put("task_code", format!("{}3{}", &code[..18], &code[19..]));
        row.finding("task_code.level", "task_code");
    },
    |_, row, _| {
        row.put("catalog_code", "239999999999");
        row.finding("task_code.catalog", "task_code");
    },
    |_, row, _| {
        let code = row.get("task_code");
        row.put("task_code", &code[..30]);
        row.finding("task_code.format", "task_code");
    },
    |_, row, _| {
        let code = row.get("catalog_code");
        row.put("task_code", format!("23-{code}-01"));
        row.finding("task_code.local", "task_code");
    },
    |_, row, _| {
        let code = row.get("catalog_code");
        row.put("catalog_code", format!("{}A", &code[..11]));
        row.finding("catalog_code.format", "catalog_code");
    },
    |_, row, _| unknown_code(row, "power_source", "7"),
    |_, row, _| unknown_code(row, "task_state", "09"),
    |_, row, _| unknown_code(row, "is_fee", "是"),
    |_, row, _| {
        row.put("task_type", "21");
        row.finding("code.extension", "task_type");
    },
    |_, row, _| {
        let code = row.get("dept_code");
        row.put("dept_code", wrong_last(&code));
        row.finding("department.check", "dept_code");
    },
    |_, row, hash| {
        row.put("dept_code", format!("0{:07}-1", hash % 10_000_000));
        row.finding("department.organisation_code", "dept_code");
    },
    |_, row, _| {
        let code = row.get("dept_code");
        row.put("dept_code", &code[..17]);
        row.finding("department.format", "dept_code");
    },
    |_, row, hash| {
        row.put("area_code", format!("{}000000", words::abolished(hash)));
        row.finding("region.abolished", "area_code");
    },
    |_, row, _| {
        row.put("area_code", "239999");
        row.finding("region.unknown", "area_code");
    },
    |_, row, _| {
        row.put("area_code", "2301");
        row.finding("format.region", "area_code");
    },
    |_, row, _| {
        row.put("project_type", "2");
        row.set("promise_day", Value::Number(40));
        row.finding("item.promise_exceeds_legal", "promise_day");
        row.set("anticipate_day", Value::Number(20));
    },
    |_, row, _| {
        row.put("project_type", "1");
        row.set("promise_day", Value::Number(5));
        row.set("anticipate_day", Value::Number(20));
        row.finding("item.instant_promise", "promise_day");
    },
    |_, row, _| {
        row.put("result_name", "经营许可证");
        row.put("result_type", "3");
        row.finding("item.result_type", "result_type");
    },
    |_, row, _| {
        row.put("online_handle_depth", "全程网办");
        row.set("limit_scene_num", Value::Number(2));
        row.finding("item.online_visits", "limit_scene_num");
    },
    |_, row, _| {
        let way = row.get("link_way");
        row.put("supervise_way", way);
        row.finding("item.phones_same", "supervise_way");
    },
    |_, row, _| {
        row.put("transact_time", "上午九点至下午五点");
        row.finding("item.work_time", "transact_time");
    },
    |_, row, _| {
        row.put("server_type", "1");
        row.remove("user_topic_type");
        row.remove("corp_topic_type");
        row.finding("item.topic", "user_topic_type");
    },
    |_, row, _| {
        row.put("task_type", "01");
        row.put("handle_flow", "受理—办结");
        row.finding("item.flow_steps", "handle_flow");
    },
    |_, row, _| {
        row.put("is_fee", "1");
        row.remove("fee_basis");
        row.finding("item.fee_basis", "fee_basis");
    },
    |_, row, _| {
        row.put("is_fee", "0");
        row.put("is_pay_online", "1");
        row.finding("item.free_payment", "is_pay_online");
    },
    |_, row, _| {
        row.put("is_single_login", "1");
        row.remove("link_addr");
        row.finding("item.sign_on_link", "link_addr");
    },
    |_, row, _| {
        row.put("plan_effective_date", "2024-06-01 00:00:00");
        row.put("plan_cancel_date", "2024-05-01 00:00:00");
        row.finding("item.plan_dates", "plan_cancel_date");
    },
    |_, row, _| {
        row.put("link_addr", "zwfw.example/item");
        row.finding("format.url", "link_addr");
    },
    |_, row, _| {
        row.put("dept_name", "局".repeat(201));
        row.finding("length.disputed", "dept_name");
    },
    |_, row, _| missing(row, "by_law"),
    |_, row, _| placeholder(row, "accept_condition"),
    |_, row, _| structure(row, "handle_flow"),
    |_, row, _| control(row, "transact_addr"),
    |_, row, _| full_width(row, "task_version"),
    |_, row, _| {
        row.put("task_version", "一");
        row.finding("format.integer", "task_version");
    },
    |_, row, _| {
        row.set("limit_scene_num", Value::Number(-1));
        row.finding("format.range", "limit_scene_num");
    },
];

/// A notice with its defect.
pub fn notice(world: &World, index: u64) -> Row {
    let hash = mix(world.options.seed, &[60, index]);
    let items = crate::world::rows_for(0, world.options.records) - real_count();
    let item = basics(world, real_count() + hash % items);
    let published = world.options.now - chrono::Duration::days(20)
        + chrono::Duration::minutes(i64::try_from(hash % 8000).unwrap_or(0));
    let mut row = Row::default();
    row.text(
        "row_guid",
        key64(world.options.seed, &[61, index])[..32].to_owned(),
    )
    .text("title", format!("关于{}办理有关事项的通知", item.task_name))
    .text("source_name", "政务服务平台")
    .text(
        "publish_time",
        published.format("%Y-%m-%d %H:%M:%S").to_string(),
    )
    .text(
        "update_time",
        (published + chrono::Duration::days(1))
            .format("%Y-%m-%d %H:%M:%S")
            .to_string(),
    )
    .text("category", (hash % 5 + 1).to_string())
    .text("dept_name", &item.dept_name)
    .text("dept_code", &item.dept_code)
    .text("area_code", item.county.code)
    .text("summary", "办理条件和材料有调整。")
    .text("content", "自发布之日起,办理条件和材料按新的办事指南执行。")
    .text("link_addr", format!("https://www.example/notice/{index}"));
    world.close(&mut row, 1, index);
    if let Some(hash) = planted(world, 1, index) {
        match hash % 4 {
            0 => plant(world, &mut row, hash >> 8, CLOSING),
            1 => plant(world, &mut row, hash >> 8, BATCH),
            _ => plant(world, &mut row, hash >> 8, NOTICE),
        }
    }
    row
}

const NOTICE: &[Spoil] = &[
    |world, row, _| {
        let early = world.options.now - chrono::Duration::days(60);
        row.put("update_time", early.format("%Y-%m-%d %H:%M:%S").to_string());
        row.finding("notice.updated_early", "update_time");
    },
    |_, row, _| missing(row, "title"),
    |_, row, _| unknown_code(row, "category", "8"),
    |_, row, _| no_moment(row, "publish_time"),
];
