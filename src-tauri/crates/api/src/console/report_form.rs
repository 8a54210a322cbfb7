//! The form of reports: tables written as a page or as a spreadsheet.
//!
//! Both are written from the same tables, so that they cannot say different things.

use std::fmt::Write as _;
use std::path::Path;

use rust_xlsxwriter::{Chart, ChartType, ConditionalFormatDataBar, Format, Workbook, XlsxError};

use super::invalid;
use crate::contract::ApiError;
use crate::out_file::put;

/// Names of a sheet are no longer, whatever the language.
const SHEET_NAME: usize = 31;

/// A cell.
pub(super) enum Cell {
    Text(String),
    Number(i64),
    /// A share between 0 and 1, drawn as a bar; nothing where it cannot be known.
    Share(Option<f64>),
}

/// A table of the report.
pub(super) struct Table {
    pub title: &'static str,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<Cell>>,
    /// The column of a line chart over the first one, in a spreadsheet.
    pub line: Option<u16>,
}

/// One of two languages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words(pub bool);

impl Words {
    /// The word of the chosen language.
    pub fn of(self, zh: &'static str, en: &'static str) -> &'static str {
        if self.0 { zh } else { en }
    }
}

pub(super) fn text(value: impl Into<String>) -> Cell {
    Cell::Text(value.into())
}

pub(super) fn number(value: Option<i64>) -> Cell {
    value.map_or_else(|| text("–"), Cell::Number)
}

/// A moment in UTC+8.
pub(super) fn moment(ms: Option<i64>) -> String {
    ms.and_then(chrono::DateTime::from_timestamp_millis)
        .map(|at| {
            zhengqiao_domain::primitives::moment::canonical(
                (at + chrono::Duration::hours(8)).naive_utc(),
            )
        })
        .unwrap_or_default()
}

/// Refuses a file whose ending names no form of a report.
///
/// # Errors
/// [`crate::contract::ErrorCode::InvalidRequest`].
pub(super) fn check_ending(path: &Path) -> Result<(), ApiError> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("html" | "xlsx") => Ok(()),
        _ => Err(invalid(format!(
            "path: {:?} ends neither in .html nor in .xlsx",
            path.display().to_string()
        ))),
    }
}

/// Writes tables to a `.html` file as a page, else as a spreadsheet. A half-written file never takes the
/// place of a whole one.
///
/// # Errors
/// The disk's.
pub(super) fn write(
    path: &Path,
    title: &str,
    tables: &[Table],
    words: Words,
) -> std::io::Result<()> {
    let is_page = path.extension().is_some_and(|ending| ending == "html");
    put(path, |partial| {
        if is_page {
            std::fs::write(partial, page(title, tables, words))
        } else {
            workbook(partial, tables).map_err(std::io::Error::other)
        }
    })
}

/// A share in percent with one digit; what is not whole is never shown as whole.
fn percent(share: f64) -> String {
    let shown = format!("{:.1}", share * 100.0);
    if shown == "100.0" && share < 1.0 {
        "99.9%".into()
    } else {
        format!("{shown}%")
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}

const STYLE: &str = "body{font:14px/1.5 'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',system-ui,sans-serif;\
margin:32px auto;max-width:1100px;padding:0 24px;color:#1f2329}h1{font-size:20px}h2{font-size:16px;margin:24px 0 8px}\
table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #e5e6eb;padding:6px 8px;text-align:left;\
vertical-align:top}th{font-weight:400;color:#646a73;font-size:12px}td.n,th.n{text-align:right;\
font-variant-numeric:tabular-nums;white-space:nowrap}p{color:#646a73}\
.t{display:inline-block;width:80px;height:8px;background:#eef0f3;margin-right:8px;vertical-align:middle}\
.b{display:block;height:8px;background:#2b5aa8}@media print{body{margin:0}}";

fn page(title: &str, tables: &[Table], words: Words) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{title}</title><style>{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n",
        words.of("zh-CN", "en"),
        title = escaped(title)
    );
    for table in tables {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "<h2>{}</h2>", escaped(table.title));
        if table.rows.is_empty() {
            let _ = writeln!(out, "<p>{}</p>", words.of("无", "None"));
            continue;
        }
        let is_number = |at: usize| {
            table
                .rows
                .iter()
                .any(|row| matches!(row.get(at), Some(Cell::Number(_) | Cell::Share(_))))
        };
        out.push_str("<table><thead><tr>");
        for (at, column) in table.columns.iter().enumerate() {
            let class = if is_number(at) { " class=\"n\"" } else { "" };
            let _ = write!(out, "<th{class}>{}</th>", escaped(column));
        }
        out.push_str("</tr></thead><tbody>\n");
        for row in &table.rows {
            out.push_str("<tr>");
            for (at, cell) in row.iter().enumerate() {
                let class = if is_number(at) { " class=\"n\"" } else { "" };
                let shown = match cell {
                    Cell::Text(text) => escaped(text),
                    Cell::Number(number) => number.to_string(),
                    Cell::Share(None) => "–".to_owned(),
                    Cell::Share(Some(share)) => format!(
                        "<span class=\"t\"><span class=\"b\" style=\"width:{:.1}%\"></span></span>{}",
                        share * 100.0,
                        percent(*share)
                    ),
                };
                let _ = write!(out, "<td{class}>{shown}</td>");
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</tbody></table>\n");
    }
    out.push_str("</body></html>\n");
    out
}

fn workbook(path: &Path, tables: &[Table]) -> Result<(), XlsxError> {
    let mut book = Workbook::new();
    let head = Format::new().set_bold();
    let share_form = Format::new().set_num_format("0.0%");
    for table in tables {
        let sheet = book.add_worksheet();
        let last = u32::try_from(table.rows.len()).unwrap_or(u32::MAX);
        let mut shares = std::collections::BTreeSet::new();
        let name: String = table.title.chars().take(SHEET_NAME).collect();
        sheet.set_name(&name)?;
        for (column, title) in (0_u16..).zip(&table.columns) {
            sheet.write_string_with_format(0, column, *title, &head)?;
        }
        for (at, row) in (1_u32..).zip(&table.rows) {
            for (column, cell) in (0_u16..).zip(row) {
                match cell {
                    // Written as texts, so that none is taken for a formula.
                    Cell::Text(text) => sheet.write_string(at, column, text)?,
                    Cell::Number(number) => sheet.write_number(at, column, *number as f64)?,
                    Cell::Share(None) => sheet.write_string(at, column, "–")?,
                    Cell::Share(Some(share)) => {
                        shares.insert(column);
                        sheet.write_number_with_format(at, column, *share, &share_form)?
                    }
                };
            }
        }
        for column in shares {
            let bar = ConditionalFormatDataBar::new().set_fill_color("#9DB8E0");
            sheet.add_conditional_format(1, column, last, column, &bar)?;
        }
        if let Some(column) = table.line.filter(|_| last > 1) {
            let mut chart = Chart::new(ChartType::Line);
            chart
                .add_series()
                .set_name((name.as_str(), 0, column))
                .set_categories((name.as_str(), 1, 0, last, 0))
                .set_values((name.as_str(), 1, column, last, column));
            let beside = u16::try_from(table.columns.len()).unwrap_or(0) + 1;
            sheet.insert_chart(1, beside, &chart)?;
        }
        sheet.autofit();
        sheet.set_freeze_panes(1, 0)?;
    }
    book.save(path)
}
