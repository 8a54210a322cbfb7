//! Connections by files: every format and encoding gives the same records, a real untidy file is
//! read whole, a killed run goes on in the middle of a file, and a large one takes no more memory.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

#[path = "../../src-tauri/crates/sync/tests/bed/mod.rs"]
mod bed;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use bed::dump;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use zhengqiao_domain::{DatasetId, FieldMap, Transform};
use zhengqiao_exchange::{FileSource, Profile, Secrets, inspect_file, preset};
use zhengqiao_store::run::{self, RunDatasetRow};
use zhengqiao_store::{Cache, CacheKey, connection};
use zhengqiao_sync::{RunMode, RunOptions, StateWord};

const DATASET: DatasetId = DatasetId::CaseResult;
const HEADER: [&str; 8] = [
    "办件编号",
    "办结时间",
    "办结结果",
    "是否快递",
    "办理人",
    "data_source",
    "cd_time",
    "row_guid",
];
/// The moment that all runs of this test take for now: after every file of it was written.
static NOW_MS: LazyLock<i64> = LazyLock::new(|| chrono::Utc::now().timestamp_millis() + 60_000);

/// Rows of case results: every fifth has a code that is none.
fn rows(count: usize) -> Vec<[String; 8]> {
    (0..count)
        .map(|n| {
            [
                format!("P{n:07}"),
                "2026-01-02 03:04:05".into(),
                if n % 5 == 4 { "77" } else { "6" }.into(),
                "0".into(),
                format!("张{n}，“引号”"),
                "123".into(),
                "2026-02-03 04:05:06".into(),
                format!("guid-{n}"),
            ]
        })
        .collect()
}

fn csv_text(rows: &[[String; 8]], delimiter: char) -> String {
    let mut text = String::new();
    let mut line = |cells: &[String]| {
        let quoted: Vec<String> = cells
            .iter()
            .map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")))
            .collect();
        writeln!(text, "{}", quoted.join(&delimiter.to_string())).unwrap();
    };
    line(&HEADER.map(str::to_owned));
    for row in rows {
        line(row);
    }
    text
}

/// A connection that reads one file.
struct Files {
    _dir: tempfile::TempDir,
    cache: Cache,
    connection_id: i64,
}

impl Files {
    fn new(dataset: DatasetId, file: FileSource, mapping: &[(&str, &str, Vec<Transform>)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("cache.db"), &CacheKey::new([7; 32])).unwrap();
        let mut profile: Profile = preset("files").unwrap().profile;
        profile.datasets.retain(|id, _| *id == dataset);
        let source = profile.datasets.get_mut(&dataset).unwrap();
        source.file = Some(file);
        for (field, from, transforms) in mapping {
            source.mapping.fields.retain(|one| one.field != *field);
            source.mapping.fields.push(FieldMap {
                field: (*field).into(),
                source: (*from).into(),
                transforms: transforms.clone(),
            });
        }
        let text = serde_json::to_string(&profile).unwrap();
        let connection_id = cache
            .write_blocking(move |tx| connection::insert(tx, "文件", "test", &text, 1))
            .unwrap();
        Self {
            _dir: dir,
            cache,
            connection_id,
        }
    }

    fn results(file: FileSource) -> Self {
        let same = |field, from| (field, from, Vec::new());
        Self::new(
            DATASET,
            file,
            &[
                same("project_no", "办件编号"),
                same("result_date", "办结时间"),
                same("result_type", "办结结果"),
                same("is_delivery_results", "是否快递"),
                same("handle_user_name", "办理人"),
                same("cd_time", "cd_time"),
                same("row_guid", "row_guid"),
                (
                    "cd_batch",
                    "none",
                    vec![Transform::Constant { value: "B1".into() }],
                ),
            ],
        )
    }

    async fn run(&self, mode: RunMode) -> StateWord {
        let options = RunOptions {
            connection_id: self.connection_id,
            datasets: Vec::new(),
            mode,
            scope: zhengqiao_sync::RunScope::default(),
            asked_by: String::new(),
            now_ms: *NOW_MS,
        };
        let started = zhengqiao_sync::start(&self.cache, options).unwrap();
        zhengqiao_sync::run(&self.cache, started.run_id, Secrets::new(None))
            .await
            .unwrap()
    }

    fn part(&self) -> RunDatasetRow {
        self.last_part().unwrap()
    }

    fn has_ended(&self) -> bool {
        self.cache
            .read_blocking(|conn| Ok(run::page(conn, None, None, 1)?.remove(0).ended_at.is_some()))
            .unwrap()
    }

    /// What the last run did, if there was one.
    fn last_part(&self) -> Option<RunDatasetRow> {
        self.cache
            .read_blocking(|conn| {
                let Some(last) = run::page(conn, None, None, 1)?.pop() else {
                    return Ok(None);
                };
                Ok(run::datasets(conn, last.id)?.pop())
            })
            .unwrap()
    }

    /// What matters of the cache, without what is of the file itself.
    fn records(&self) -> Vec<String> {
        dump(&self.cache)
            .into_iter()
            .filter(|line| line.starts_with(|first: char| first.is_ascii_digit()))
            .map(|line| match line.find(" {\"_file\"") {
                Some(raw) => line[..raw].to_owned(),
                None => line,
            })
            .collect()
    }

    /// Open rejections and warnings by rule and field.
    fn findings(&self) -> BTreeMap<(String, String), i64> {
        self.cache
            .read_blocking(|conn| {
                let mut statement =
                    conn.prepare("SELECT rule, field, SUM(open_count) FROM cause GROUP BY 1, 2")?;
                let rows =
                    statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .unwrap()
    }

    /// Warnings of accepted records by rule and field.
    fn warnings(&self) -> BTreeMap<(String, String), i64> {
        let lists: Vec<String> = self
            .cache
            .read_blocking(|conn| {
                let mut statement =
                    conn.prepare("SELECT warnings FROM record WHERE warnings IS NOT NULL")?;
                let rows = statement.query_map([], |row| row.get(0))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .unwrap();
        let mut counts = BTreeMap::new();
        for list in lists {
            let findings: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap();
            for one in findings {
                let word = |name: &str| one[name].as_str().unwrap().to_owned();
                *counts.entry((word("rule"), word("field"))).or_insert(0) += 1;
            }
        }
        counts
    }
}

fn at(dir: &Path, name: &str, content: &[u8]) -> FileSource {
    let path = dir.join(name);
    std::fs::write(&path, content).unwrap();
    FileSource {
        path: path.display().to_string(),
        ..FileSource::default()
    }
}

fn workbook(path: &Path, rows: &[[String; 8]]) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "办结情况汇总表").unwrap();
    for (column, name) in (0..).zip(HEADER) {
        sheet.write(1, column, name).unwrap();
    }
    let form = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    for (line, row) in (2..).zip(rows) {
        for (column, cell) in (0..).zip(row) {
            // Codes as numbers and times as times, as people type them.
            match column {
                1 => {
                    let at = ExcelDateTime::parse_from_str(cell).unwrap();
                    sheet
                        .write_datetime_with_format(line, column, &at, &form)
                        .unwrap();
                }
                2 | 3 | 5 => {
                    sheet
                        .write(line, column, cell.parse::<f64>().unwrap())
                        .unwrap();
                }
                _ => {
                    sheet.write(line, column, cell.as_str()).unwrap();
                }
            }
        }
    }
    book.save(path).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_and_encoding_gives_the_same_records() {
    let dir = tempfile::tempdir().unwrap();
    let rows = rows(1_203);
    let text = csv_text(&rows, ',');
    let objects: Vec<serde_json::Value> = rows
        .iter()
        .map(|row| {
            HEADER
                .iter()
                .zip(row)
                .map(|(name, cell)| ((*name).to_owned(), serde_json::Value::from(cell.as_str())))
                .collect()
        })
        .collect();
    let lines: String = objects.iter().map(|row| format!("{row}\n")).collect();
    let utf16: Vec<u8> = std::iter::once(0xFEFF)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    workbook(&dir.path().join("f.xlsx"), &rows);
    let plain = Files::results(at(dir.path(), "a.csv", text.as_bytes()));
    assert_eq!(
        plain.run(RunMode::Full).await,
        StateWord::FinishedWithRejections
    );
    let part = plain.part();
    assert_eq!(
        (part.counts.fetched, part.counts.rejected),
        (1_203, 240),
        "{:#?}",
        plain.findings()
    );
    let expected = plain.records();
    let others = [
        (
            "GB 18030",
            at(dir.path(), "b.csv", &encoding_rs::GB18030.encode(&text).0),
        ),
        ("UTF-16", at(dir.path(), "c.csv", &utf16)),
        (
            "semicolons",
            at(dir.path(), "d.csv", csv_text(&rows, ';').as_bytes()),
        ),
        (
            "tabulators",
            at(dir.path(), "e.txt", csv_text(&rows, '\t').as_bytes()),
        ),
        (
            "workbook",
            FileSource {
                path: dir.path().join("f.xlsx").display().to_string(),
                ..FileSource::default()
            },
        ),
        ("NDJSON", at(dir.path(), "g.ndjson", lines.as_bytes())),
        (
            "JSON",
            at(
                dir.path(),
                "h.json",
                serde_json::to_string_pretty(&objects).unwrap().as_bytes(),
            ),
        ),
        (
            "nested JSON",
            FileSource {
                records: "/data/rows".into(),
                ..at(
                    dir.path(),
                    "i.json",
                    serde_json::json!({"data": {"rows": objects}})
                        .to_string()
                        .as_bytes(),
                )
            },
        ),
    ];
    for (name, file) in others {
        let files = Files::results(file);
        assert_eq!(
            files.run(RunMode::Full).await,
            StateWord::FinishedWithRejections,
            "{name}: {:?}",
            files.part()
        );
        let found = files.records();
        let differing = expected
            .iter()
            .zip(&found)
            .find(|(one, other)| one != other);
        assert!(
            differing.is_none() && expected.len() == found.len(),
            "{name}: {differing:#?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_another_program_encoded_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let text = csv_text(&rows(40), ',');
    let plain = at(dir.path(), "a.csv", text.as_bytes());
    for encoding in ["GB18030", "GBK", "UTF-16"] {
        let output = std::process::Command::new("iconv")
            .args(["-f", "UTF-8", "-t", encoding, &plain.path])
            .output()
            .unwrap();
        assert!(output.status.success());
        let found = inspect_file(&at(dir.path(), "b.csv", &output.stdout)).unwrap();
        assert_eq!(
            (found.rows, found.columns[0].name.as_str()),
            (40, "办件编号"),
            "{encoding}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_read_is_not_read_again_until_it_changes() {
    let dir = tempfile::tempdir().unwrap();
    let file = at(dir.path(), "a.csv", csv_text(&rows(30), ',').as_bytes());
    let files = Files::results(file);
    files.run(RunMode::Full).await;
    files.run(RunMode::Incremental).await;
    assert_eq!(files.part().counts.fetched, 0);
    at(dir.path(), "a.csv", csv_text(&rows(31), ',').as_bytes());
    files.run(RunMode::Incremental).await;
    let counts = files.part().counts;
    assert_eq!(counts.fetched, 31, "{counts:?}");
    files.run(RunMode::Full).await;
    assert_eq!(files.part().counts.fetched, 31);
}

/// How long a process is left alone before its run is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// More rows than one transaction takes at most, so that something is committed before the end of the file.
const MORE_THAN_A_TRANSACTION: usize = 60_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_in_the_middle_of_a_file_loses_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let text = csv_text(&rows(MORE_THAN_A_TRANSACTION), ',');
    let file = at(dir.path(), "a.csv", text.as_bytes());
    let undisturbed = Files::results(file.clone());
    undisturbed.run(RunMode::Full).await;
    let files = Files::results(file);
    let mut within = 0;
    loop {
        let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_one_run"))
            .arg(files.cache.path())
            .arg(files.connection_id.to_string())
            .arg("")
            .arg(NOW_MS.to_string())
            .arg("full")
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        // Until it has committed more than the one before it, or is at its end.
        let before = files.last_part().map_or(0, |part| part.pages);
        let ended = loop {
            if let Ok(ended) = tokio::time::timeout(LOOK_AGAIN, child.wait()).await {
                break Some(ended.unwrap());
            }
            if files.last_part().is_some_and(|part| part.pages > before) {
                break None;
            }
        };
        if let Some(ended) = ended {
            assert!(ended.success(), "{ended}");
            break;
        }
        child.kill().await.unwrap();
        // Its run may be at its end though its process was not.
        if files.has_ended() {
            break;
        }
        within += u32::from(files.part().ended_at.is_none());
    }
    assert!(within > 0, "never killed within the file");
    let part = files.part();
    assert_eq!(
        (part.counts.fetched, part.counts.balance()),
        (MORE_THAN_A_TRANSACTION as i64, true),
        "{part:?}"
    );
    assert_eq!(undisturbed.records(), files.records());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_file_is_told_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let mut quote = csv_text(&rows(10), ',');
    quote.push_str("\"open");
    quote.push_str(&"x\n".repeat(6_000_000));
    let cases = [
        (
            "file_missing",
            FileSource {
                path: dir.path().join("none.csv").display().to_string(),
                ..FileSource::default()
            },
        ),
        (
            "file_missing",
            FileSource {
                path: dir.path().display().to_string(),
                ..FileSource::default()
            },
        ),
        ("file_missing", FileSource::default()),
        ("file_empty", at(dir.path(), "a.csv", b"")),
        ("file_header", at(dir.path(), "b.csv", b"1,2\n3,4\n")),
        (
            "file_encoding",
            at(dir.path(), "c.csv", b"a,b\n\xFF\xFF\x00\x80,1\n"),
        ),
        (
            "file_format",
            at(dir.path(), "d.xlsx", b"PK\x03\x04 no archive at all"),
        ),
        ("file_format", at(dir.path(), "e.csv", quote.as_bytes())),
        (
            "wrong_pointer",
            FileSource {
                records: "/rows".into(),
                ..at(dir.path(), "f.json", b"[{\"a\":1}]")
            },
        ),
        ("truncated_body", at(dir.path(), "g.json", b"[{\"a\":1}")),
        (
            "file_header",
            FileSource {
                key_from: vec!["none".into()],
                ..at(dir.path(), "h.csv", b"a,b\n1,2\n")
            },
        ),
    ];
    for (code, file) in cases {
        let files = Files::results(file.clone());
        assert_eq!(
            files.run(RunMode::Full).await,
            StateWord::Failed,
            "{file:?}"
        );
        let part = files.part();
        assert_eq!(
            part.code.as_deref(),
            Some(code),
            "{file:?}: {:?}",
            part.message
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ragged_rows_and_lines_that_are_no_json_are_kept_and_rejected() {
    let dir = tempfile::tempdir().unwrap();
    let text = "办件编号,办结结果\nP1\nP2,1,extra,more\n,\nP3,1\n";
    let files = Files::results(at(dir.path(), "a.csv", text.as_bytes()));
    files.run(RunMode::Full).await;
    assert_eq!(
        (files.part().counts.fetched, files.part().counts.rejected),
        (3, 3)
    );
    let kept = dump(&files.cache).join("\n");
    assert!(kept.contains("extra") && kept.contains("more"));
    let files = Files::results(at(
        dir.path(),
        "a.ndjson",
        b"{\"a\":1}\n{broken\n{\"b\":2}\n",
    ));
    files.run(RunMode::Full).await;
    assert_eq!(files.part().counts.rejected, 3);
    assert!(dump(&files.cache).join("\n").contains("{broken"));
}

/// The real file of a district, and its department codes.
fn district() -> (FileSource, Vec<String>) {
    let path =
        zhengqiao_tests::repository_file("../src-tauri/crates/demo/data/service-items-511602.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let codes = text
        .lines()
        .skip(1)
        .map(|line| {
            line.rsplit(',')
                .next()
                .unwrap()
                .trim_matches('"')
                .to_owned()
        })
        .collect();
    let file = FileSource {
        path,
        ..FileSource::default()
    };
    (file, codes)
}

/// GB 32100 once more, written for this test alone: the sum of value × 3ⁿ is a multiple of 31.
fn is_credit_code(code: &str) -> bool {
    const LETTERS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let values: Option<Vec<usize>> = code.chars().map(|one| LETTERS.find(one)).collect();
    values.is_some_and(|values| {
        let mut weight = 1;
        let mut sum = 0;
        for value in values.iter().take(17) {
            sum += value * weight;
            weight = weight * 3 % 31;
        }
        values.len() == 18 && (sum + values[17]).is_multiple_of(31)
    })
}

/// A nine-character organisation code, with or without its hyphen.
fn is_organisation_code(code: &str) -> bool {
    let bare: Vec<char> = code.chars().collect();
    let is_sign = |one: &char| one.is_ascii_digit() || one.is_ascii_uppercase();
    match bare.len() {
        9 => bare.iter().all(is_sign),
        10 => bare[8] == '-' && bare[..8].iter().all(is_sign) && is_sign(&bare[9]),
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_file_of_a_district_is_read_whole_and_a_mapping_makes_the_counted_rows_pass() {
    let (file, codes) = district();
    assert_eq!(codes.len(), 1_135);
    let same = |field, from| (field, from, Vec::new());
    let mapping = [
        same("task_code", "item_code"),
        same("dept_name", "department"),
    ];
    let files = Files::new(DatasetId::ServiceItem, file.clone(), &mapping);
    assert_eq!(
        files.run(RunMode::Full).await,
        StateWord::FinishedWithRejections
    );
    let counts = files.part().counts;
    // Two rows of the file may say the same in every column; they are one record.
    assert_eq!((counts.fetched, counts.accepted), (1_135, 0));
    let findings = files.findings();
    let missing = |field: &str| {
        findings
            .get(&("required.missing".into(), field.into()))
            .copied()
            .unwrap_or(0)
    };
    let rejected = files
        .cache
        .read_blocking(|conn| {
            Ok(conn.query_row(
                "SELECT COUNT(*) FROM rejection WHERE state = 1",
                [],
                |row| row.get::<_, i64>(0),
            )?)
        })
        .unwrap();
    assert_eq!(missing("task_state"), rejected, "{findings:#?}");

    // What the file does not have, the administrator states once for all.
    let constant = |field, value: &str| {
        (
            field,
            "none",
            vec![Transform::Default {
                value: value.into(),
            }],
        )
    };
    let split = |part| {
        vec![Transform::Split {
            separator: "-".into(),
            part,
        }]
    };
    let mended = [
        same("task_code", "item_code"),
        same("dept_name", "department"),
        ("catalog_code", "item_code", split(1)),
        (
            "task_type",
            "task_type",
            vec![
                Transform::PadLeft { width: 2 },
                Transform::CodeTable {
                    table: BTreeMap::new(),
                    other: None,
                },
            ],
        ),
        constant("task_state", "1"),
        constant("task_version", "1"),
        constant("by_law", "见事项清单"),
        constant("use_level", "4"),
        constant("power_source", "1"),
        constant("dept_type", "1"),
        constant("server_type", "1,2"),
        constant("project_type", "2"),
        constant("accept_condition", "见办事指南"),
        constant("handle_flow", "见办事指南"),
        constant("anticipate_day", "20"),
        constant("anticipate_type", "1"),
        constant("promise_day", "10"),
        constant("promise_type", "1"),
        constant("special_procedure", "不涉及"),
        constant("is_fee", "0"),
        constant("limit_scene_num", "1"),
        constant("is_single_login", "0"),
        constant("app_is_single_login", "0"),
        constant("link_way", "0826-2222222"),
        constant("supervise_way", "0826-12345"),
        constant("transact_addr", "区政务服务大厅"),
        constant("transact_time", "工作日 9:00—17:00"),
        constant("is_online", "0"),
        constant("is_pay_online", "0"),
        constant("is_express", "0"),
        constant("handle_area", "4"),
        constant("result_type", "3"),
        constant("data_source", "151"),
    ];
    let files = Files::new(DatasetId::ServiceItem, file, &mended);
    assert_eq!(
        files.run(RunMode::Full).await,
        StateWord::Succeeded,
        "{:#?}",
        files.findings()
    );
    let counts = files.part().counts;
    assert_eq!((counts.fetched, counts.accepted), (1_135, 1_135));

    // What the rules say of the department codes is what a count by hand says.
    let odd: Vec<&String> = codes.iter().filter(|code| !is_credit_code(code)).collect();
    let organisations = odd.iter().filter(|code| is_organisation_code(code)).count();
    let warnings = files.warnings();
    let warned = |rule: &str| {
        warnings
            .get(&(rule.into(), "dept_code".into()))
            .copied()
            .unwrap_or(0)
    };
    assert_eq!(
        (
            warned("department.organisation_code"),
            warned("department.format") + warned("department.check")
        ),
        (organisations as i64, (odd.len() - organisations) as i64)
    );
}
