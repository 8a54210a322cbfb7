//! The quality of the data that came, by department and dataset: for the window and as a report.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{Duration, NaiveDate};
use zhengqiao_domain::DatasetId;
use zhengqiao_store::quality::{self, Tally};
use zhengqiao_store::{audit, connection};

use super::report_form::{self, Cell, Table, Words, text};
use super::{Console, actor, file_error, invalid, now_local, now_ms};
use crate::contract::{
    ApiError, ExportReport, QualityCell, QualityDay, QualityExport, QualityFigures, QualityReport,
    QualityRequest,
};

/// Days of a period unless told otherwise.
const DAYS: i64 = 30;
/// Departments in a report at most.
const MOST_DEPARTMENTS: usize = 500;
/// Datasets of departments in a report at most.
const MOST_CELLS: usize = 2_000;

fn figures(tally: Tally) -> QualityFigures {
    let [incomplete, inaccurate, late, inconsistent, doubled] = tally.flawed;
    QualityFigures {
        judged: tally.judged,
        passed: tally.passed,
        incomplete,
        inaccurate,
        late,
        inconsistent,
        doubled,
    }
}

fn add(sum: &mut Tally, one: &Tally) {
    sum.judged += one.judged;
    sum.passed += one.passed;
    for (sum, one) in sum.flawed.iter_mut().zip(one.flawed) {
        *sum += one;
    }
}

fn day(field: &str, given: Option<&String>, otherwise: NaiveDate) -> Result<NaiveDate, ApiError> {
    match given
        .map(|text| text.trim())
        .filter(|text| !text.is_empty())
    {
        None => Ok(otherwise),
        Some(text) => NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| {
            invalid(format!(
                "{field}: {text:?} is no day; write it as 2026-01-31"
            ))
        }),
    }
}

impl Console {
    /// The quality of the data of a period, by dataset, department and day.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for a day that is none, or a period that ends
    /// before it begins.
    pub async fn get_quality(&self, request: QualityRequest) -> Result<QualityReport, ApiError> {
        let to = day("to", request.to.as_ref(), now_local().date())?;
        let from = day("from", request.from.as_ref(), to - Duration::days(DAYS - 1))?;
        if from > to {
            return Err(invalid(format!(
                "to: the period ends on {to} before it begins"
            )));
        }
        let (from, to) = (from.to_string(), to.to_string());
        let connection_id = request.connection_id;
        let (first, last) = (from.clone(), to.clone());
        let (rows, days) = self
            .read(move |conn| {
                Ok((
                    quality::list(conn, connection_id, &first, &last)?,
                    quality::days(conn, connection_id, &first, &last)?,
                ))
            })
            .await?;
        let mut total = Tally::default();
        let mut by_dataset: BTreeMap<DatasetId, Tally> = BTreeMap::new();
        let mut by_department: BTreeMap<String, (DatasetId, Tally)> = BTreeMap::new();
        for row in &rows {
            add(&mut total, &row.tally);
            add(by_dataset.entry(row.dataset).or_default(), &row.tally);
            let department = by_department
                .entry(row.department.clone())
                .or_insert((row.dataset, Tally::default()));
            add(&mut department.1, &row.tally);
        }
        let most_first = |mut cells: Vec<QualityCell>, most: usize| {
            // What names no department comes last, however much it is.
            cells.sort_by_key(|cell| {
                (
                    cell.department.is_empty(),
                    std::cmp::Reverse(cell.figures.judged),
                )
            });
            cells.truncate(most);
            cells
        };
        let department_count = by_department.len() as i64;
        Ok(QualityReport {
            from,
            to,
            total: figures(total),
            datasets: by_dataset
                .into_iter()
                .map(|(dataset, tally)| QualityCell {
                    dataset,
                    department: String::new(),
                    figures: figures(tally),
                })
                .collect(),
            departments: most_first(
                by_department
                    .into_iter()
                    .map(|(department, (dataset, tally))| QualityCell {
                        dataset,
                        department,
                        figures: figures(tally),
                    })
                    .collect(),
                MOST_DEPARTMENTS,
            ),
            department_count,
            cells: most_first(
                rows.into_iter()
                    .map(|row| QualityCell {
                        dataset: row.dataset,
                        department: row.department,
                        figures: figures(row.tally),
                    })
                    .collect(),
                MOST_CELLS,
            ),
            days: days
                .into_iter()
                .map(|(day, tally)| QualityDay {
                    day,
                    figures: figures(tally),
                })
                .collect(),
        })
    }

    /// Writes the quality of a period to a `.html` or `.xlsx` file; counts only, no personal data.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for another ending,
    /// [`crate::contract::ErrorCode::File`] when the file cannot be written; what was there stays.
    pub async fn export_quality(&self, request: QualityExport) -> Result<ExportReport, ApiError> {
        let path = PathBuf::from(&request.path);
        report_form::check_ending(&path)?;
        let words = Words(request.language.starts_with("zh"));
        let report = self.get_quality(request.request.clone()).await?;
        let one = request.request.connection_id;
        let whose = self
            .read(move |conn| match one {
                Some(id) => connection::get(conn, id),
                None => Ok(None),
            })
            .await?
            .map_or_else(
                || words.of("全部连接", "all connections").to_owned(),
                |row| row.name,
            );
        let title = format!(
            "{} · {whose} · {} – {}",
            words.of("数据质量报告", "Quality report"),
            report.from,
            report.to
        );
        let tables = tables(&report, words);
        let rows = tables.iter().map(|table| table.rows.len() as i64).sum();
        report_form::write(&path, &title, &tables, words)
            .map_err(|error| file_error(&request.path, &error))?;
        let subject = request.path.clone();
        let noted = serde_json::json!({ "from": report.from, "to": report.to }).to_string();
        self.write(move |tx| {
            audit::append(tx, now_ms(), &actor(), "export_quality", &subject, &noted)
        })
        .await?;
        Ok(ExportReport {
            path: request.path,
            rows,
        })
    }
}

/// The share of contents without a flaw; unknown where there is none.
fn share(figures: &QualityFigures, flawed: i64) -> Cell {
    Cell::Share((figures.judged > 0).then(|| 1.0 - flawed as f64 / figures.judged as f64))
}

fn cells(figures: &QualityFigures) -> Vec<Cell> {
    vec![
        Cell::Number(figures.judged),
        share(figures, figures.judged - figures.passed),
        share(figures, figures.incomplete),
        share(figures, figures.inaccurate),
        share(figures, figures.late),
        share(figures, figures.inconsistent),
        share(figures, figures.doubled),
    ]
}

fn columns(first: &[&'static str], words: Words) -> Vec<&'static str> {
    let mut columns = first.to_vec();
    columns.extend([
        words.of("新增或变更", "new or changed"),
        words.of("一次通过率", "passed at once"),
        words.of("完整性", "completeness"),
        words.of("准确性", "accuracy"),
        words.of("及时性", "timeliness"),
        words.of("一致性", "consistency"),
        words.of("唯一性", "uniqueness"),
    ]);
    columns
}

fn tables(report: &QualityReport, words: Words) -> Vec<Table> {
    let dataset = |id: DatasetId| {
        if words.0 {
            id.dataset().zh.to_owned()
        } else {
            id.to_string()
        }
    };
    let department = |code: &str| {
        text(if code.is_empty() {
            words.of("（未填部门）", "(no department)")
        } else {
            code
        })
    };
    let row = |first: Vec<Cell>, figures: &QualityFigures| {
        let mut row = first;
        row.extend(cells(figures));
        row
    };
    let mut by_dataset: Vec<Vec<Cell>> = report
        .datasets
        .iter()
        .map(|one| row(vec![text(dataset(one.dataset))], &one.figures))
        .collect();
    by_dataset.push(row(vec![text(words.of("合计", "All"))], &report.total));
    vec![
        Table {
            line: None,
            title: words.of("按数据集", "By dataset"),
            columns: columns(&[words.of("数据集", "Dataset")], words),
            rows: by_dataset,
        },
        Table {
            line: None,
            title: words.of("按部门", "By department"),
            columns: columns(&[words.of("部门", "Department")], words),
            rows: report
                .departments
                .iter()
                .map(|one| row(vec![department(&one.department)], &one.figures))
                .collect(),
        },
        Table {
            line: None,
            title: words.of("按部门与数据集", "By department and dataset"),
            columns: columns(
                &[
                    words.of("部门", "Department"),
                    words.of("数据集", "Dataset"),
                ],
                words,
            ),
            rows: report
                .cells
                .iter()
                .map(|one| {
                    row(
                        vec![department(&one.department), text(dataset(one.dataset))],
                        &one.figures,
                    )
                })
                .collect(),
        },
        Table {
            line: Some(2),
            title: words.of("按日", "By day"),
            columns: columns(&[words.of("日期", "Day")], words),
            rows: report
                .days
                .iter()
                .map(|one| row(vec![text(one.day.clone())], &one.figures))
                .collect(),
        },
    ]
}
