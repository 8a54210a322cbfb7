//! How long the inbox takes from a person's act until its answer is painted. Not a fact but a figure:
//! `cargo xtask bench window --records N`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::driver::{Driver, Window};

/// Acts of each kind.
const TIMES: usize = 40;
/// What an act may take, in ms.
const TO_REACH: f64 = 100.0;
/// How long the demonstration may take to read everything.
const READ_WITHIN: Duration = Duration::from_mins(20);

/// Acts and answers with the milliseconds until the last change of what is shown was painted.
const ACT: &str = r"
const [act, argument, done] = arguments
const begun = performance.now()
let painted = 0
let quiet
const end = () => { look.disconnect(); done(painted) }
const wait = () => { clearTimeout(quiet); quiet = setTimeout(end, 400) }
const look = new MutationObserver(() => {
  wait()
  // The frame after the one that shows the change begins when that one is painted.
  requestAnimationFrame(() => requestAnimationFrame(() => { painted = performance.now() - begun }))
})
look.observe(document.querySelector('.page'), { subtree: true, childList: true, characterData: true })
wait()
if (act === 'go') location.hash = argument
else if (act === 'click') document.querySelector(argument).click()
else { const list = document.querySelector(argument); list.scrollTop = list.scrollHeight }
";

/// Values of each facet, most first.
const VALUES: &str = r"
const done = arguments[0]
const names = ['department', 'region', 'rule', 'field', 'day']
const filter = { connection_id: null, dataset: null, state: null, outcome: null, rule: null, field: null,
  cause_id: null, department: null, region: null, run_id: null, day: null, search: null, decision_id: null,
  answer: null, report_id: null, overdue: false }
window.__TAURI_INTERNALS__.invoke('list_facets', { request: filter }).then(
  ({ facets }) => done(names.map(name => facets.find(one => one.name === name).values.map(one => one.value))),
  error => done(String(error.message || error)))
";

async fn told(window: &Window, what: &str, acts: Vec<(&str, String)>) {
    let mut took = Vec::with_capacity(acts.len());
    for (act, argument) in acts {
        let answer = window.ask(ACT, vec![json!(act), json!(argument)]).await;
        took.push(answer.as_f64().unwrap());
    }
    took.sort_by(f64::total_cmp);
    println!(
        "{what}: half under {:.0} ms, all under {:.0} ms; {} of {} over {TO_REACH:.0} ms",
        took[took.len() / 2],
        took[took.len() - 1],
        took.iter().filter(|each| **each > TO_REACH).count(),
        took.len()
    );
    assert!(took[0] > 0.0, "nothing was painted: {what}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement of minutes"]
async fn the_inbox_until_it_is_painted() {
    let records = std::env::var("ZHENGQIAO_RECORDS").unwrap_or_else(|_| "20000".into());
    let driver = Driver::start("zh_CN.UTF-8").await;
    let args = ["--demo", "--records", &records, "--defects", "1"];
    let window = driver.open(&args).await;
    window
        .find_within(
            // A guard holds what has nothing but defects, where there is enough of it.
            "[data-testid=system-reviews] :is([data-state=finished_with_rejections], [data-state=needs_decision])",
            READ_WITHIN,
        )
        .await;
    window.size(1280, 800).await;
    window.click("nav-rejected").await;
    window.find("[data-testid=cause-row]").await;
    println!(
        "{} rejections",
        window.text("[data-testid=rejected-total]").await
    );
    let values: Vec<Vec<Value>> =
        serde_json::from_value(window.ask(VALUES, Vec::new()).await).unwrap();
    let [departments, regions, rules, fields, days] = &values[..] else {
        panic!("five facets were asked for");
    };
    // The same screen again before each act, so that every act changes it.
    let with = |parts: [Option<(&str, &Vec<Value>)>; 2]| -> Vec<(&'static str, String)> {
        (0..TIMES)
            .map(|turn| {
                let parts = parts
                    .iter()
                    .flatten()
                    .enumerate()
                    .map(|(place, (name, of))| {
                        // Another pair each time.
                        let at = (turn * (1 + 2 * place) + place) % of.len();
                        format!("{name}={}", of[at].as_str().unwrap_or_default())
                    });
                let parts: Vec<String> = parts.collect();
                ("go", format!("#/rejected?{}&turn={turn}", parts.join("&")))
            })
            .collect()
    };
    told(
        &window,
        "a department",
        with([Some(("department", departments)), None]),
    )
    .await;
    told(
        &window,
        "a department and a rule",
        with([Some(("department", departments)), Some(("rule", rules))]),
    )
    .await;
    told(
        &window,
        "a region and a field",
        with([Some(("region", regions)), Some(("field", fields))]),
    )
    .await;
    told(
        &window,
        "a day and a rule",
        with([Some(("day", days)), Some(("rule", rules))]),
    )
    .await;
    window.open_path("/rejected").await;
    window.settle().await;
    // Those that are made before anybody scrolls.
    let causes = (2..30).map(|number| {
        let css = format!("[data-testid=cause-row]:nth-of-type({number}) [data-testid=cause-pick]");
        ("click", css)
    });
    told(&window, "a cause", causes.collect()).await;
    let searches = [
        "张三", "李四", "王五", "赵六", "陈一", "刘二", "杨三", "黄四",
    ];
    let searches = searches.map(|text| ("go", format!("#/rejected?search={text}")));
    told(&window, "a search of two characters", searches.into()).await;
    window.open_path("/rejected").await;
    window.settle().await;
    let pages = vec![("scroll", "[data-testid=rejections]".to_owned()); TIMES];
    told(&window, "the next page of 200", pages).await;
    window.close().await;
}
