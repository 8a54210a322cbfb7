//! The journey of a list of problems: reported with a term that is over, seen as overdue, answered by the
//! departments, taken in, and seen in the record's panel.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use crate::driver::{Driver, Window};
use crate::{provider, synchronised};

const CONFIRM: &str = ".el-message-box__btns .el-button--primary";

/// The screen in the other language and appearance, and back.
async fn look_otherwise(window: &Window, shot: &str) {
    for (language, appearance, name) in [("en", "dark", "en-dark"), ("zh", "light", "zh-light")] {
        window.click("nav-settings").await;
        window.click(&format!("language-{language}")).await;
        window.click(&format!("appearance-{appearance}")).await;
        window.click("nav-rejected").await;
        window.find("[data-testid=rejections-row]").await;
        window.settle().await;
        window.shot(&format!("{shot}-inbox-{name}")).await;
        window.click("reports-open").await;
        window.find("[data-testid=reports-row]").await;
        window.settle().await;
        window.shot(&format!("{shot}-reports-{name}")).await;
        window.click_css("[data-testid=reports-row]").await;
        window.find("[data-testid=report-entries-row]").await;
        window.settle().await;
        window.shot(&format!("{shot}-report-{name}")).await;
        window.press_escape().await;
        window.gone("[data-testid=report-drawer]").await;
    }
}

/// What the departments send back: the first numbers answered, one of them mistyped.
fn answer(archive: &Path, to: &Path) -> usize {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(archive).unwrap()).unwrap();
    let mut numbers = Vec::new();
    for at in 0..archive.len() {
        let mut text = String::new();
        let mut entry = archive.by_index(at).unwrap();
        if !entry.name().unwrap().ends_with(".csv") {
            continue;
        }
        entry.read_to_string(&mut text).unwrap();
        numbers.extend(text.lines().filter_map(|line| {
            let number = line.split(',').next().unwrap();
            (number.len() == 11 && number.matches('-').count() == 2).then(|| number.to_owned())
        }));
    }
    assert!(numbers.len() > 8, "{} numbers", numbers.len());
    let mut text = "\u{feff}本部门填报,,,\r\n答复人,答复,答复说明,反馈编号\r\n".to_owned();
    let answers = ["已更正", "已说明(属实)", "无法更正", "不属于本部门"];
    for (at, number) in numbers.iter().take(8).enumerate() {
        let mut number = number.clone();
        if at == 7 {
            let last = number.pop();
            number.push(if last == Some('7') { '8' } else { '7' });
        }
        let word = answers[at % answers.len()];
        write!(
            text,
            "张经办,{word},第{at}条已核对，联系电话13800000000,{number}\r\n"
        )
        .unwrap();
    }
    std::fs::write(to, text).unwrap();
    numbers.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn problems_are_reported_answered_and_seen_as_overdue() {
    let provider = provider().await;
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver.open(&[]).await;
    synchronised(&window, &provider).await;

    let dir = tempfile::tempdir().unwrap();
    let (archive, answered) = (dir.path().join("清单.zip"), dir.path().join("答复.csv"));
    window.click("nav-rejected").await;
    window.find("[data-testid=rejections-row]").await;
    window.click("reports-open").await;
    window.find("[data-testid=empty-first]").await;
    window.shot("80-reports-empty").await;
    window.click("nav-rejected").await;
    window.find("[data-testid=rejections-row]").await;
    window.click("report-open").await;
    window.find("[data-testid=report-plan]").await;
    window.click("report-form-csv").await;
    window
        .type_into("report-path", &archive.display().to_string())
        .await;
    window.settle().await;
    window.shot("81-report-dialog").await;
    window.click("report-confirm").await;
    let notice = window
        .until_contains("[data-testid=notice]", "已生成清单")
        .await;
    assert!(notice.contains("清单.zip"), "{notice}");
    window.gone("[data-testid=report-dialog]").await;
    window.settle().await;
    window.shot("82-reported").await;

    // Its term is set to a day that is over: everything without an answer is overdue.
    window.click("reports-open").await;
    window.click_css("[data-testid=reports-row]").await;
    window.find("[data-testid=report-entries-row]").await;
    window.click("report-due").await;
    window.find("[data-testid=due-confirm]").await;
    window
        .replace(".el-dialog .el-date-editor input", "2026-01-05\n")
        .await;
    window.settle().await;
    window.shot("83-due").await;
    window.click("due-confirm").await;
    window.find("[data-testid=fate-overdue]").await;
    window.settle().await;
    window.shot("84-report").await;
    window.press_escape().await;
    window.gone("[data-testid=report-drawer]").await;
    let late = window.text("[data-testid=reports-overdue]").await;
    assert!(late.contains("逾期"), "{late}");

    // The answers: seen first, then taken in.
    let numbers = answer(&archive, &answered);
    window.click("answers-open").await;
    window
        .set_value(
            "textarea[data-testid=answers-path]",
            &answered.display().to_string(),
        )
        .await;
    window.settle().await;
    window.shot("85-answers-choose").await;
    window.click("answers-look").await;
    window.find("[data-testid=outcome-mistyped]").await;
    window.settle().await;
    window.shot("86-answers-preview").await;
    let page = window.text("[data-testid=answers-preview]").await;
    assert!(
        !page.contains("13800000000") && !page.contains("张经办"),
        "{page}"
    );
    window.click("answers-apply").await;
    window
        .until_contains("[data-testid=notice]", "已入库 7 条答复")
        .await;
    window.gone("[data-testid=answers-preview]").await;
    window.find("[data-testid=reports-unseen]").await;
    window.settle().await;
    window.shot("87-reports").await;

    // The overdue ones are a list of their own.
    window.click("reports-overdue").await;
    window.find("[data-testid=rejected-overdue]").await;
    let overdue = window
        .until_contains("[data-testid=rejected-total]", &(numbers - 7).to_string())
        .await;
    assert!(!overdue.is_empty());
    window.settle().await;
    window.shot("88-overdue").await;

    // What was answered is in the record's panel, masked.
    window.click("reports-open").await;
    window.click("reports-unseen").await;
    window.click_css("[data-testid=rejections-row]").await;
    window.find("[data-testid=letters]").await;
    let letters = window.text("[data-testid=letters]").await;
    assert!(
        letters.contains("已更正") && !letters.contains("13800000000"),
        "{letters}"
    );
    window.settle().await;
    window.shot("89-letters").await;
    window.press_escape().await;
    look_otherwise(&window, "90").await;

    // Those said to be corrected are read again by themselves.
    window.click("reports-repull").await;
    window.settle().await;
    window.shot("91-repull").await;
    window.click_css(CONFIRM).await;
    window.find("[data-testid=notice] a").await;
    window.close().await;
}
