//! A run's report as a file: what it did, in counts, without any record's content.
//!
//! HTML and spreadsheet are written from the same tables, so that they cannot say different things.

use std::path::PathBuf;

use zhengqiao_domain::Rule;
use zhengqiao_store::{audit, run, run_cause, run_request};

use super::report_form::{self, Cell, Table, Words, moment, number, text};
use super::{Console, actor, file_error, not_found, now_ms};
use crate::contract::{
    ApiError, CompareRuns, Counts, ExportReport, RunComparison, RunDetail, RunId, RunMode,
    RunReportRequest,
};

/// Requests that the report sums up; the log keeps no more.
const LOGGED_REQUESTS: u32 = 2_000;

impl Console {
    /// Writes a run's report to a `.html` or `.xlsx` file: connection and environment, counts,
    /// causes, comparison with the run before; no personal data.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for another ending,
    /// [`crate::contract::ErrorCode::File`] when the file cannot be written; what was there stays.
    pub async fn export_run_report(
        &self,
        request: RunReportRequest,
    ) -> Result<ExportReport, ApiError> {
        let path = PathBuf::from(&request.path);
        report_form::check_ending(&path)?;
        let run_id = request.run_id;
        let detail = self.get_run(RunId { run_id }).await?;
        let comparison = match detail.standing.previous {
            Some(other) => Some(
                self.compare_runs(CompareRuns {
                    run_id,
                    other: Some(other),
                })
                .await?,
            ),
            None => None,
        };
        let (causes, requests) = self
            .read(move |conn| {
                if run::get(conn, run_id)?.is_none() {
                    return Ok(None);
                }
                Ok(Some((
                    run_cause::list(conn, run_id)?,
                    run_request::newest(conn, run_id, LOGGED_REQUESTS)?,
                )))
            })
            .await?
            .ok_or_else(|| not_found(format!("there is no run {run_id}")))?;
        let words = Words(request.language.starts_with("zh"));
        let mut tables = vec![
            summary(&detail, words),
            datasets(&detail, words),
            cause_table(&causes, words),
        ];
        if let Some(comparison) = &comparison {
            tables.push(compared(comparison, words));
        }
        if detail.standing.undoes.is_some() {
            tables.push(kept(&detail, words));
        }
        tables.push(outcomes(&requests, words));
        let rows = tables.iter().map(|table| table.rows.len() as i64).sum();
        let title = format!(
            "{} {run_id} · {}",
            words.of("运行报告", "Report of run"),
            detail.run.connection
        );
        report_form::write(&path, &title, &tables, words)
            .map_err(|error| file_error(&request.path, &error))?;
        let subject = request.path.clone();
        let noted = serde_json::json!({ "run": run_id }).to_string();
        self.write(move |tx| {
            audit::append(
                tx,
                now_ms(),
                &actor(),
                "export_run_report",
                &subject,
                &noted,
            )
        })
        .await?;
        Ok(ExportReport {
            path: request.path,
            rows,
        })
    }
}

/// Seconds with one digit.
fn seconds(ms: i64) -> String {
    format!("{}.{}", ms / 1000, ms % 1000 / 100)
}

fn state(word: &str, words: Words) -> &str {
    let zh = match word {
        "succeeded" => "成功",
        "finished_with_rejections" => "有拒收",
        "needs_decision" => "需处理",
        "failed" => "失败",
        "running" => "运行中",
        "paused" => "已暂停",
        "cancelled" => "已取消",
        "waiting" => "等待中",
        _ => return word,
    };
    if words.0 { zh } else { word }
}

fn mode(mode: RunMode, words: Words) -> &'static str {
    match mode {
        RunMode::Full => words.of("全量", "full"),
        RunMode::Incremental => words.of("增量", "incremental"),
        RunMode::Verify => words.of("只核对", "verify only"),
        RunMode::Undo => words.of("撤销运行", "undo"),
        RunMode::Revalidation => words.of("重新校验", "check again"),
    }
}

fn summary(detail: &RunDetail, words: Words) -> Table {
    let run = &detail.run;
    let environment = if words.0 {
        run.environment.zh()
    } else {
        run.environment.as_str()
    };
    let mut rows = vec![
        (words.of("连接", "Connection"), run.connection.clone()),
        (words.of("环境", "Environment"), environment.to_owned()),
        (words.of("运行编号", "Run"), run.run_id.to_string()),
        (words.of("方式", "Mode"), mode(run.mode, words).to_owned()),
        (
            words.of("状态", "State"),
            state(&run.state, words).to_owned(),
        ),
        (
            words.of("发起人", "Asked for by"),
            detail.standing.asked_by.clone(),
        ),
        (
            words.of("开始（UTC+8）", "Began (UTC+8)"),
            moment(Some(run.started_at)),
        ),
        (
            words.of("结束（UTC+8）", "Ended (UTC+8)"),
            moment(run.ended_at),
        ),
        (
            words.of("用时（秒）", "Took (s)"),
            run.ended_at
                .map(|ended| seconds(ended - run.started_at))
                .unwrap_or_default(),
        ),
        (
            words.of("连接配置版本", "Settings version"),
            detail.profile_version.to_string(),
        ),
        (words.of("规则集", "Rule set"), detail.rule_set.clone()),
    ];
    if let Some(undoes) = detail.standing.undoes {
        rows.push((words.of("撤销的运行", "Undoes run"), undoes.to_string()));
    }
    if let Some(by) = detail.standing.undone_by {
        rows.push((words.of("已被运行撤销", "Undone by run"), by.to_string()));
    }
    if let Some(message) = &run.message {
        rows.push((words.of("原因", "Cause"), message.clone()));
    }
    Table {
        line: None,
        title: words.of("概况", "Summary"),
        columns: vec![words.of("项目", "Item"), words.of("内容", "Value")],
        rows: rows
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| vec![text(name), text(value)])
            .collect(),
    }
}

/// Titles of the counters; those of an undo say what they count there.
fn count_titles(undo: bool, words: Words) -> [&'static str; 7] {
    if undo {
        return [
            words.of("涉及", "touched"),
            words.of("恢复", "restored"),
            "–",
            "–",
            "–",
            words.of("移除", "removed"),
            words.of("保留", "kept"),
        ];
    }
    [
        words.of("读取", "fetched"),
        words.of("入库", "accepted"),
        words.of("未变", "unchanged"),
        words.of("待补", "held"),
        words.of("拒收", "rejected"),
        words.of("撤回", "withdrawn"),
        words.of("已被取代", "superseded"),
    ]
}

fn count_cells(counts: &Counts) -> Vec<Cell> {
    [
        counts.fetched,
        counts.accepted,
        counts.unchanged,
        counts.held,
        counts.rejected,
        counts.withdrawn,
        counts.superseded,
    ]
    .into_iter()
    .map(Cell::Number)
    .collect()
}

fn dataset_name(id: zhengqiao_domain::DatasetId, words: Words) -> &'static str {
    if words.0 {
        id.dataset().zh
    } else {
        id.as_str()
    }
}

fn datasets(detail: &RunDetail, words: Words) -> Table {
    let undo = detail.standing.undoes.is_some();
    let mut columns = vec![words.of("数据集", "Dataset"), words.of("状态", "State")];
    columns.extend(count_titles(undo, words));
    columns.extend([
        words.of("已送达门户库", "delivered"),
        words.of("待补转入库", "released"),
        words.of("页数", "pages"),
        words.of("用时（秒）", "took (s)"),
        words.of("原因", "cause"),
    ]);
    let rows = detail.datasets.iter().map(|part| {
        let mut row = vec![
            text(dataset_name(part.dataset, words)),
            text(state(&part.state, words)),
        ];
        row.extend(count_cells(&part.counts));
        row.extend([
            part.delivered
                .map_or_else(|| text(words.of("未设置", "not set up")), Cell::Number),
            Cell::Number(part.released),
            Cell::Number(part.pages),
            text(
                part.started_at
                    .zip(part.ended_at)
                    .map(|(began, ended)| seconds(ended - began))
                    .unwrap_or_default(),
            ),
            text(part.message.clone().unwrap_or_default()),
        ]);
        row
    });
    Table {
        line: None,
        title: words.of("各数据集", "Datasets"),
        columns,
        rows: rows.collect(),
    }
}

fn cause_table(causes: &[run_cause::RunCause], words: Words) -> Table {
    let rows = causes.iter().map(|cause| {
        let title = Rule::by_code(&cause.rule).map_or_else(
            || cause.rule.clone(),
            |rule| {
                let info = rule.info();
                if words.0 {
                    info.zh.title
                } else {
                    info.en.title
                }
                .to_owned()
            },
        );
        let field = cause
            .dataset
            .dataset()
            .field(&cause.field)
            .filter(|_| words.0)
            .map_or_else(|| cause.field.clone(), |field| field.zh.to_owned());
        let common = zhengqiao_domain::rules::cluster::words(&cause.cluster);
        let common = if words.0 { common.zh } else { common.en };
        vec![
            text(dataset_name(cause.dataset, words)),
            text(cause.rule.clone()),
            text(title),
            text(field),
            text(common),
            Cell::Number(cause.rows),
        ]
    });
    Table {
        line: None,
        title: words.of("拒收与待补的原因", "Causes"),
        columns: vec![
            words.of("数据集", "Dataset"),
            words.of("规则代码", "Rule"),
            words.of("问题", "Problem"),
            words.of("字段", "Field"),
            words.of("值的类别", "Kind of value"),
            words.of("条数", "Rows"),
        ],
        rows: rows.collect(),
    }
}

fn compared(comparison: &RunComparison, words: Words) -> Table {
    let pick = |counts: Option<Counts>, of: fn(&Counts) -> i64| number(counts.as_ref().map(of));
    let rows = comparison.datasets.iter().map(|row| {
        vec![
            text(dataset_name(row.dataset, words)),
            pick(row.counts, |counts| counts.fetched),
            pick(row.other, |counts| counts.fetched),
            pick(row.counts, |counts| counts.accepted),
            pick(row.other, |counts| counts.accepted),
            pick(row.counts, |counts| counts.rejected),
            pick(row.other, |counts| counts.rejected),
            text(row.took_ms.map(seconds).unwrap_or_default()),
            text(row.other_took_ms.map(seconds).unwrap_or_default()),
        ]
    });
    Table {
        line: None,
        title: words.of("与上次运行比较", "Compared"),
        columns: vec![
            words.of("数据集", "Dataset"),
            words.of("读取", "fetched"),
            words.of("读取（上次）", "fetched before"),
            words.of("入库", "accepted"),
            words.of("入库（上次）", "accepted before"),
            words.of("拒收", "rejected"),
            words.of("拒收（上次）", "rejected before"),
            words.of("用时（秒）", "took (s)"),
            words.of("用时（上次，秒）", "took before (s)"),
        ],
        rows: rows.collect(),
    }
}

fn kept(detail: &RunDetail, words: Words) -> Table {
    let rows = detail.standing.kept.iter().map(|one| {
        let since = &one.since;
        let by = match &since.actor {
            Some(actor) => actor.clone(),
            None => format!("{} {}", words.of("运行", "run"), since.run_id),
        };
        vec![
            text(by),
            text(since.act.clone()),
            text(moment(Some(since.at))),
            Cell::Number(one.keys),
        ]
    });
    Table {
        line: None,
        title: words.of("因其后有变而保留", "Kept"),
        columns: vec![
            words.of("更改者", "Changed by"),
            words.of("方式", "Act"),
            words.of("最近时间（UTC+8）", "Last at (UTC+8)"),
            words.of("条数", "Keys"),
        ],
        rows: rows.collect(),
    }
}

fn outcomes(requests: &[run_request::RequestRow], words: Words) -> Table {
    let mut sums: std::collections::BTreeMap<&str, (i64, i64, i64)> =
        std::collections::BTreeMap::new();
    for request in requests {
        let sum = sums.entry(&request.outcome).or_default();
        sum.0 += 1;
        sum.1 += request.ms;
        sum.2 += request.bytes;
    }
    Table {
        line: None,
        title: words.of("请求", "Requests"),
        columns: vec![
            words.of("结果", "Outcome"),
            words.of("次数", "Requests"),
            words.of("合计毫秒", "ms in all"),
            words.of("合计字节", "bytes in all"),
        ],
        rows: sums
            .into_iter()
            .map(|(outcome, (count, ms, bytes))| {
                vec![
                    text(outcome),
                    Cell::Number(count),
                    Cell::Number(ms),
                    Cell::Number(bytes),
                ]
            })
            .collect(),
    }
}
