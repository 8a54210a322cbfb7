//! A list of problems on its way: written for the departments, answered in another program with columns
//! turned round and everything else that happens on desks, and taken in on the same records.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up fails"
)]

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use aho_corasick::AhoCorasick;
use rust_xlsxwriter::{Formula, Workbook};
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    AnswersPreview, ApplyAnswers, AuditRequest, BulkRequest, CloseReport, GetLetters, ReadAnswers,
    RejectionFilter, RejectionsRequest, ReportDetail, ReportEntriesRequest, ReportEntry,
    ReportForm, ReportId, ReportsRequest, RepullCorrected, RewriteReport, RunId, RunMode,
    SetReportDue, StartSync, WriteReport,
};
use zhengqiao_api::demo::{DemoJob, Demonstration};
use zhengqiao_tests::personal_values;

const JOB: DemoJob = DemoJob {
    records: 300,
    seed: 33,
    defects: 0.12,
};

struct Bed {
    demonstration: Demonstration,
    dir: tempfile::TempDir,
}

impl Bed {
    /// A connection that has been run in full.
    async fn new() -> Self {
        let demonstration = Demonstration::prepare(JOB).await.unwrap();
        let run = demonstration
            .console
            .start_sync(StartSync {
                connection_id: demonstration.connection_id,
                datasets: Vec::new(),
                mode: RunMode::Full,
                scope: None,
            })
            .await
            .unwrap();
        let run_id = run.run_id;
        demonstration
            .console
            .watch_run(RunId { run_id }, |_| {})
            .await
            .unwrap();
        Self {
            demonstration,
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn console(&self) -> &Console {
        &self.demonstration.console
    }

    fn id(&self) -> i64 {
        self.demonstration.connection_id
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn filter(&self) -> RejectionFilter {
        RejectionFilter {
            connection_id: Some(self.id()),
            state: Some("open".into()),
            ..RejectionFilter::default()
        }
    }

    async fn count(&self, filter: RejectionFilter) -> i64 {
        self.console()
            .list_rejections(RejectionsRequest {
                filter,
                before: None,
                limit: 1,
            })
            .await
            .unwrap()
            .total
            .unwrap()
    }

    async fn write(&self, form: ReportForm, name: &str) -> ReportDetail {
        let request = WriteReport {
            which: BulkRequest {
                rejection_ids: Vec::new(),
                filter: Some(self.filter()),
            },
            again: false,
            form,
            path: self.path(name),
            due_on: None,
            language: "zh".into(),
        };
        self.console().write_report(request, |_| {}).await.unwrap()
    }

    async fn entries(&self, report_id: i64) -> Vec<ReportEntry> {
        let mut all: Vec<ReportEntry> = Vec::new();
        loop {
            let page = self
                .console()
                .list_report_entries(ReportEntriesRequest {
                    report_id,
                    fate: None,
                    department: None,
                    after: all.last().map(|one| one.entry_id),
                    limit: 200,
                })
                .await
                .unwrap();
            all.extend(page.entries);
            if page.next.is_none() {
                return all;
            }
        }
    }

    async fn preview(&self, path: &str) -> AnswersPreview {
        let request = ReadAnswers {
            connection_id: self.id(),
            paths: vec![path.to_owned()],
        };
        self.console().preview_answers(request).await.unwrap()
    }

    async fn apply(&self, path: &str, digest: &str) -> i64 {
        let request = ApplyAnswers {
            connection_id: self.id(),
            paths: vec![path.to_owned()],
            digest: digest.to_owned(),
        };
        self.console().apply_answers(request).await.unwrap().applied
    }
}

fn rows(preview: &AnswersPreview, outcome: &str) -> i64 {
    preview
        .counts
        .iter()
        .find(|count| count.outcome == outcome)
        .map_or(0, |count| count.rows)
}

/// A Python with openpyxl in a place of its own; a plain reason where there can be none.
fn python() -> Result<PathBuf, String> {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("openpyxl");
    let program = place.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    let knows = |program: &Path| {
        Command::new(program)
            .args(["-c", "import openpyxl"])
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if knows(&program) {
        return Ok(program);
    }
    let run = |command: &mut Command| -> Result<(), String> {
        let output = command.output().map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    };
    run(Command::new("python3").args(["-m", "venv"]).arg(&place))
        .map_err(|error| format!("python3 -m venv: {error}"))?;
    run(Command::new(&program).args(["-m", "pip", "install", "--quiet", "openpyxl==3.1.5"]))
        .map_err(|error| format!("pip install openpyxl: {error}"))?;
    Ok(program)
}

/// What is written in a file, out of its archives.
fn contents(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let Ok(mut archive) = zip::ZipArchive::new(std::io::Cursor::new(&bytes)) else {
        return bytes;
    };
    let mut all = Vec::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).unwrap();
        let mut inner = Vec::new();
        entry.read_to_end(&mut inner).unwrap();
        if inner.starts_with(b"PK") {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &inner).unwrap();
            all.extend(contents(file.path()));
        } else {
            all.extend(inner);
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_answered_in_another_program_hits_every_row_again_whatever_was_moved() {
    let bed = Bed::new().await;
    let open = bed.count(bed.filter()).await;
    assert!(open > 20, "{open}");
    let detail = bed.write(ReportForm::Workbook, "问题清单.xlsx").await;
    let id = detail.report.report_id;
    assert_eq!(detail.report.records, open);
    assert_eq!(detail.report.counts.waiting, open);
    assert_eq!(bed.count(bed.filter()).await, 0);
    let python = match python() {
        Ok(python) => python,
        Err(reason) => {
            println!("skipped: there is no Python with openpyxl here: {reason}");
            return;
        }
    };
    let answered_file = bed.path("已答复.xlsx");
    let output = Command::new(python)
        .arg(zhengqiao_tests::repository_file("tests/report/answer.py"))
        .args([&bed.path("问题清单.xlsx"), &answered_file])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let answered: i64 = String::from_utf8(output.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    assert_eq!(answered, open);

    let preview = bed.preview(&answered_file).await;
    assert_eq!(rows(&preview, "new"), open, "{:?}", preview.counts);
    assert_eq!(preview.counts.len(), 1, "{:?}", preview.counts);
    assert_eq!(bed.apply(&answered_file, &preview.digest).await, open);

    // Once more changes nothing.
    let again = bed.preview(&answered_file).await;
    assert_eq!(rows(&again, "same"), open, "{:?}", again.counts);
    assert_eq!(bed.apply(&answered_file, &again.digest).await, 0);

    let after = bed
        .console()
        .get_report(ReportId { report_id: id })
        .await
        .unwrap();
    let counts = after.report.counts;
    assert_eq!(counts.waiting, 0);
    assert!(counts.corrected > 0 && counts.answered > 0, "{counts:?}");
    assert_eq!(counts.corrected + counts.answered, open);
    // Nothing is resolved by an answer.
    assert_eq!(counts.resolved, 0);
    let of_corrected = RejectionFilter {
        answer: Some("corrected".into()),
        state: Some("reported".into()),
        ..bed.filter()
    };
    assert_eq!(bed.count(of_corrected).await, counts.corrected);

    // Just those are read again; the provider has not corrected them, so they stay.
    let started = bed
        .console()
        .repull_corrected(RepullCorrected {
            connection_id: bed.id(),
            report_id: Some(id),
        })
        .await
        .unwrap();
    let ended = bed
        .console()
        .watch_run(
            RunId {
                run_id: started.run_id,
            },
            |_| {},
        )
        .await
        .unwrap();
    assert!(ended.counts.fetched > 0 && ended.counts.fetched <= counts.corrected * 2);

    // The panel's letters are masked; with a reason they are not, and the reason is in the audit log.
    let entry = bed.entries(id).await.remove(0);
    let letters = |reason: Option<&str>| GetLetters {
        rejection_id: entry.rejection_id.unwrap(),
        reason: reason.map(str::to_owned),
    };
    let masked = bed.console().get_letters(letters(None)).await.unwrap();
    assert_eq!(masked.number.as_deref(), Some(entry.number.as_str()));
    assert_eq!(masked.answers.len(), 1);
    assert_eq!(masked.answers[0].answered_by, "经**甲");
    let shown = bed
        .console()
        .get_letters(letters(Some("核对答复")))
        .await
        .unwrap();
    assert_eq!(shown.answers[0].answered_by, "经办人甲");
    let audit = bed
        .console()
        .list_audit(AuditRequest {
            before: None,
            limit: 20,
        })
        .await
        .unwrap();
    let acts: Vec<&str> = audit.entries.iter().map(|one| one.act.as_str()).collect();
    for act in [
        "write_report",
        "apply_answers",
        "repull_corrected",
        "reveal_answers",
    ] {
        assert!(acts.contains(&act), "{act}: {acts:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_form_of_a_list_shows_personal_data_or_a_formula() {
    let bed = Bed::new().await;
    let values = AhoCorasick::new(personal_values(bed.demonstration.provider.world())).unwrap();
    let detail = bed.write(ReportForm::Csv, "部门").await;
    let id = detail.report.report_id;
    let mut written = Vec::new();
    for entry in std::fs::read_dir(bed.path("部门")).unwrap() {
        written.push(entry.unwrap().path());
    }
    // A file for each department, and how to answer.
    assert_eq!(written.len(), detail.departments.len() + 1);
    for (form, name) in [
        (ReportForm::Workbook, "a.xlsx"),
        (ReportForm::Workbooks, "b.zip"),
        (ReportForm::Csv, "c.zip"),
    ] {
        let request = RewriteReport {
            report_id: id,
            form,
            path: bed.path(name),
            language: "zh".into(),
        };
        bed.console().rewrite_report(request, |_| {}).await.unwrap();
        written.push(PathBuf::from(bed.path(name)));
    }
    let first = bed.entries(id).await.remove(0);
    for path in written {
        let bytes = contents(&path);
        assert!(bytes.len() > 200, "{}", path.display());
        let hit = values.find(&bytes);
        let told = hit.map(|hit| String::from_utf8_lossy(&bytes[hit.range()]).into_owned());
        assert_eq!(told, None, "{}", path.display());
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("<f>"), "{}", path.display());
        assert!(path.extension().is_none_or(|ending| ending != "part"));
        if path.ends_with("a.xlsx") {
            assert!(text.contains(&first.number) && text.contains("dataValidation"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_row_that_cannot_be_taken_in_says_why() {
    let bed = Bed::new().await;
    let id = bed
        .write(ReportForm::Workbook, "a.xlsx")
        .await
        .report
        .report_id;
    let entries = bed.entries(id).await;
    let number = |at: usize| entries[at].number.clone();
    let mut mistyped = number(0);
    let last = if mistyped.ends_with('7') { '8' } else { '7' };
    mistyped.pop();
    mistyped.push(last);
    let text = format!(
        "连接,某连接\n\n答复说明,反馈编号,答复,清单号\n\
         ,{mistyped},已更正,{id}\n\
         ,000-000-007,已更正,\n\
         一,{one},已更正,\n二,{one},属实,\n\
         ,{two},也许,\n\
         ,{three},,\n\
         \"重推,已发\",{four},已更正,'{id}\n\
         旧,{five},已更正,0\n",
        one = number(1),
        two = number(2),
        three = number(3),
        four = number(4),
        five = number(5),
    );
    let (gb, _, lossy) = encoding_rs::GB18030.encode(&text);
    assert!(!lossy);
    let path = bed.path("答复.csv");
    std::fs::write(&path, &gb).unwrap();
    let preview = bed.preview(&path).await;
    let outcomes: Vec<(&str, i64)> = preview
        .counts
        .iter()
        .map(|count| (count.outcome.as_str(), count.rows))
        .collect();
    assert_eq!(
        outcomes,
        [
            ("contradicting", 2),
            ("mistyped", 1),
            ("unknown", 1),
            ("unclear", 1),
            ("earlier", 1),
            ("new", 1),
            ("none", 1)
        ]
    );
    let meant = preview
        .lines
        .iter()
        .find(|line| line.outcome == "mistyped")
        .unwrap();
    assert_eq!(meant.suggestion, Some(number(0)));

    // A file that changed since is not taken in.
    std::fs::write(&path, [gb.as_ref(), b"\n"].concat()).unwrap();
    let changed = ApplyAnswers {
        connection_id: bed.id(),
        paths: vec![path.clone()],
        digest: preview.digest.clone(),
    };
    assert!(bed.console().apply_answers(changed).await.is_err());
    std::fs::write(&path, &gb).unwrap();
    assert_eq!(bed.apply(&path, &preview.digest).await, 1);

    // Formulas count by their computed values; without one they are told.
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, title) in (0_u16..).zip(["反馈编号", "答复"]) {
        sheet.write_string(4, column, title).unwrap();
    }
    for (row, at, result) in [(5, 6, "已更正"), (6, 7, "#N/A")] {
        sheet.write_string(row, 0, number(at)).unwrap();
        let formula = Formula::new("=VLOOKUP(A6,Z:Z,1,0)").set_result(result);
        sheet.write_formula(row, 1, formula).unwrap();
    }
    let path = bed.path("公式.xlsx");
    book.save(&path).unwrap();
    let preview = bed.preview(&path).await;
    assert_eq!(rows(&preview, "new"), 1, "{:?}", preview.counts);
    assert_eq!(rows(&preview, "uncomputed"), 1, "{:?}", preview.counts);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_term_runs_out_and_a_withdrawn_list_leaves_everything_as_it_was() {
    let bed = Bed::new().await;
    let open = bed.count(bed.filter()).await;
    let id = bed
        .write(ReportForm::Workbook, "a.xlsx")
        .await
        .report
        .report_id;
    // Reported ones are not reported again unless that is asked for.
    let again = |again: bool| WriteReport {
        which: BulkRequest {
            rejection_ids: Vec::new(),
            filter: Some(RejectionFilter {
                state: Some("reported".into()),
                ..bed.filter()
            }),
        },
        again,
        form: ReportForm::Workbook,
        path: bed.path("b.xlsx"),
        due_on: Some("2026-01-05".into()),
        language: "en".into(),
    };
    let refused = bed.console().write_report(again(false), |_| {}).await;
    assert!(refused.unwrap_err().message.contains("reported already"));
    let due = SetReportDue {
        report_id: id,
        due_on: "2026-01-05".into(),
    };
    let late = bed.console().set_report_due(due).await.unwrap();
    assert_eq!(late.report.counts.overdue, open);
    let overdue = RejectionFilter {
        state: None,
        overdue: true,
        ..bed.filter()
    };
    assert_eq!(bed.count(overdue.clone()).await, open);
    let close = |closed| CloseReport {
        report_id: id,
        closed,
    };
    bed.console().close_report(close(true)).await.unwrap();
    assert_eq!(bed.count(overdue).await, 0);
    bed.console().close_report(close(false)).await.unwrap();

    // A reminder that is cancelled or cannot be written changes nothing.
    let mut nowhere = again(true);
    nowhere.path = bed.path("no/such/place/b.xlsx");
    assert!(bed.console().write_report(nowhere, |_| {}).await.is_err());
    let console = bed.console().clone();
    let stopped = bed
        .console()
        .write_report(again(true), move |_| {
            // It may have ended already.
            let _ = console.cancel_report();
        })
        .await;
    assert!(stopped.unwrap_err().message.contains("cancelled"));
    assert!(!Path::new(&bed.path("b.xlsx")).exists());
    let page = bed
        .console()
        .list_reports(ReportsRequest {
            connection_id: Some(bed.id()),
            before: None,
            limit: 10,
        })
        .await
        .unwrap();
    assert_eq!(page.reports.len(), 1);
    assert_eq!(page.reports[0].counts.overdue, open);
    assert_eq!(page.overdue, open);

    let back = bed
        .console()
        .withdraw_report(ReportId { report_id: id })
        .await
        .unwrap();
    assert_eq!(back.changed, open);
    assert_eq!(bed.count(bed.filter()).await, open);
    assert!(
        bed.console()
            .withdraw_report(ReportId { report_id: id })
            .await
            .is_err()
    );
    let verdict = bed.console().verify_audit().await.unwrap();
    assert_eq!(verdict.broken_at, None);
}
