//! The journey of a bad day: the mapping's own cause is cured, the rest goes to the provider and comes
//! back answered, and what is left are the records that nobody can correct.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use crate::driver::{Driver, Window};
use crate::{provider, synchronised};

/// The rule whose records the provider cannot correct.
const BEYOND: &str = "length.exceeded";

/// Numbers of the lists in an archive, each with whether the provider can correct the record.
fn numbers(archive: &Path) -> Vec<(String, bool)> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(archive).unwrap()).unwrap();
    let mut found: Vec<(String, bool)> = Vec::new();
    for at in 0..archive.len() {
        let mut text = String::new();
        let mut entry = archive.by_index(at).unwrap();
        if !entry.name().unwrap().ends_with(".csv") {
            continue;
        }
        entry.read_to_string(&mut text).unwrap();
        let before = found.len();
        for line in text.lines() {
            let number = line.split(',').next().unwrap();
            if number.len() == 11 && number.matches('-').count() == 2 {
                found.push((number.to_owned(), true));
            }
            // What is wrong with a record may take several lines.
            if found.len() > before && line.contains(BEYOND) {
                found.last_mut().unwrap().1 = false;
            }
        }
    }
    found
}

/// The provider corrects what it can, and what only shows then.
fn correct(provider: &zhengqiao_demo::DemoProvider) {
    let world = provider.world();
    loop {
        let mut some = false;
        for dataset in 0..zhengqiao_demo::DATASETS.len() {
            for index in 0..world.places(dataset) {
                let findings = world.row(dataset, index).findings;
                let beyond = findings.iter().any(|(rule, _)| *rule == BEYOND);
                if !findings.is_empty() && !beyond && !world.is_corrected(dataset as u64, index) {
                    world.correct(dataset, index);
                    some = true;
                }
            }
        }
        if !some {
            return;
        }
    }
}

async fn total(window: &Window) -> i64 {
    window.settle().await;
    let text = window.text("[data-testid=rejected-total]").await;
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_day_ends_with_what_nobody_can_correct() {
    let provider = provider().await;
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver.open(&[]).await;
    synchronised(&window, &provider).await;

    // The mapping has a cause of its own: signs of full width.
    window
        .open_path("/rejected?rule=format.full_width&outcome=rejected")
        .await;
    window.click_css("[data-testid=cause-pick]").await;
    window.click("mend-cause").await;
    window.find("[data-testid=mend-proposal]").await;
    window.click("mend-save").await;
    window.find("[data-testid=revalidation-done]").await;
    window.settle().await;
    window.shot("95-cured-zh-light").await;
    window.press_escape().await;

    // The rest goes to the provider.
    window.open_path("/rejected?outcome=rejected").await;
    window.find("[data-testid=rejections-row]").await;
    let before = total(&window).await;
    let dir = tempfile::tempdir().unwrap();
    let (archive, answered) = (dir.path().join("清单.zip"), dir.path().join("答复.csv"));
    window.click("report-open").await;
    window.find("[data-testid=report-plan]").await;
    window.click("report-form-csv").await;
    window
        .type_into("report-path", &archive.display().to_string())
        .await;
    window.click("report-confirm").await;
    window
        .until_contains("[data-testid=notice]", "已生成清单")
        .await;
    let numbers = numbers(&archive);
    assert_eq!(numbers.len() as i64, before);
    let unable = numbers.iter().filter(|(_, can)| !can).count() as i64;
    assert!(unable > 0 && unable < before / 2, "{unable} of {before}");
    let mut text = "\u{feff}反馈编号,答复,答复说明\r\n".to_owned();
    for (number, can) in &numbers {
        let word = if *can { "已更正" } else { "无法更正" };
        write!(text, "{number},{word},已核实\r\n").unwrap();
    }
    std::fs::write(&answered, text).unwrap();
    window.click("reports-open").await;
    window.click("answers-open").await;
    window
        .set_value(
            "textarea[data-testid=answers-path]",
            &answered.display().to_string(),
        )
        .await;
    window.click("answers-look").await;
    window.find("[data-testid=answers-preview]").await;
    window.click("answers-apply").await;
    window
        .until_contains("[data-testid=notice]", "条答复")
        .await;

    // The provider does as it said; what is corrected resolves by itself.
    correct(&provider);
    window.click("nav-sync").await;
    window.click("sync-now").await;
    window.click("covers-full").await;
    window.click("sync-start").await;
    window
        .find("a[data-testid=open-run][href$='/sync/runs/3']")
        .await;
    window.open_path("/rejected?outcome=rejected").await;
    window
        .until_contains("[data-testid=rejected-total]", &unable.to_string())
        .await;
    assert_eq!(total(&window).await, unable);
    window.shot("96-left-zh-light").await;
    window.close().await;
}
