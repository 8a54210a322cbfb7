//! Rejections as a file: one line a finding, values masked unless the connection allows otherwise.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use zhengqiao_domain::Finding;
use zhengqiao_exchange::{Environment, Profile};
use zhengqiao_store::{Connection, StoreError, audit, connection, rejection};

use super::inbox::narrowed_filter;
use super::rejected::{given_reason, row};
use super::{Console, actor, invalid, not_written, now_ms};
use crate::contract::{ApiError, ExportReport, ExportRequest, RejectionFilter, RejectionRow};
use crate::masks;
use crate::out_file::{NotWritten, Separated, put};

/// Rejections read at once.
const BATCH_ROWS: u32 = 500;

/// Column titles in Chinese and English, in the order of [`Line`].
const TITLES: [(&str, &str); 19] = [
    ("连接", "connection"),
    ("环境", "environment"),
    ("编号", "id"),
    ("数据集", "dataset"),
    ("结果", "outcome"),
    ("环节", "stage"),
    ("状态", "state"),
    ("记录主键", "record_key"),
    ("业务编号", "business_key"),
    ("名称", "title"),
    ("部门", "department"),
    ("行政区划", "region"),
    ("规则代码", "rule"),
    ("问题", "problem"),
    ("字段", "field"),
    ("值", "value"),
    ("应为", "expected"),
    ("处理建议", "advice"),
    ("首次发现", "first_seen"),
];

#[derive(Serialize)]
struct Line<'a> {
    connection: &'a str,
    environment: &'a str,
    id: i64,
    dataset: &'a str,
    outcome: &'a str,
    stage: &'a str,
    state: &'a str,
    record_key: &'a str,
    business_key: &'a str,
    title: &'a str,
    department: &'a str,
    region: &'a str,
    rule: &'a str,
    problem: &'a str,
    field: &'a str,
    value: &'a str,
    expected: &'a str,
    advice: &'a str,
    first_seen: &'a str,
}

enum Form {
    Csv(Box<Separated<BufWriter<File>>>),
    Ndjson(BufWriter<File>),
}

impl Console {
    /// Writes the rejections of a filter to a `.csv` or `.ndjson` file, masked, one line a finding.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for another ending,
    /// [`crate::contract::ErrorCode::File`] when the file cannot be written; what was there stays.
    pub async fn export_rejections(
        &self,
        request: ExportRequest,
    ) -> Result<ExportReport, ApiError> {
        let path = PathBuf::from(&request.path);
        let csv = match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => true,
            Some("ndjson") => false,
            _ => {
                return Err(invalid(format!(
                    "path: {:?} ends neither in .csv nor in .ndjson",
                    request.path
                )));
            }
        };
        let zh = request.language.starts_with("zh");
        let filter = request.filter.clone();
        let unmasked = match &request.unmasked_because {
            None => false,
            Some(reason) => {
                self.may_write_unmasked(&request, given_reason(reason)?)
                    .await?;
                true
            }
        };
        let written = self
            .read(move |conn| {
                Ok(put(&path, |partial| {
                    write(conn, &filter, partial, csv, zh, unmasked)
                }))
            })
            .await?;
        let rows = written.map_err(|error| not_written(&request.path, error))?;
        let subject = request.path.clone();
        let detail = serde_json::json!({ "rows": rows, "filter": request.filter }).to_string();
        self.write(move |tx| {
            audit::append(
                tx,
                now_ms(),
                &actor(),
                "export_rejections",
                &subject,
                &detail,
            )
        })
        .await?;
        Ok(ExportReport {
            path: request.path,
            rows,
        })
    }

    /// Refuses an unmasked export unless every connection that it covers allows one, and notes it in the
    /// audit log before anything is written.
    async fn may_write_unmasked(
        &self,
        request: &ExportRequest,
        reason: String,
    ) -> Result<(), ApiError> {
        let one = request.filter.connection_id;
        let refusing = self
            .read(move |conn| {
                for row in connection::list(conn)? {
                    let profile: Profile = serde_json::from_str(&row.profile)?;
                    if one.is_none_or(|id| id == row.id) && !profile.limits.allows_unmasked_export {
                        return Ok(Some(row.name));
                    }
                }
                Ok(None)
            })
            .await?;
        if let Some(name) = refusing {
            return Err(invalid(format!(
                "unmasked_because: {name} does not allow to export personal values; narrow the filter, or allow it in its settings"
            )));
        }
        let subject = request.path.clone();
        let detail = serde_json::json!({ "reason": reason, "filter": request.filter }).to_string();
        self.write(move |tx| {
            audit::append(tx, now_ms(), &actor(), "export_unmasked", &subject, &detail)
        })
        .await
    }
}

fn write(
    conn: &Connection,
    filter: &RejectionFilter,
    path: &Path,
    csv: bool,
    zh: bool,
    unmasked: bool,
) -> Result<i64, NotWritten> {
    let filter = narrowed_filter(conn, filter)?;
    let file = BufWriter::new(File::create(path)?);
    let mut form = if csv {
        let titles = TITLES.map(|(chinese, english)| if zh { chinese } else { english });
        Form::Csv(Box::new(Separated::new(file, titles)?))
    } else {
        Form::Ndjson(file)
    };
    let places: BTreeMap<i64, Place> = connection::list(conn)?
        .into_iter()
        .map(|row| (row.id, Place::new(row, zh)))
        .collect();
    let nowhere = Place::default();
    let mut rows = 0;
    let mut before = None;
    loop {
        let page = rejection::page(conn, &filter, before, BATCH_ROWS)?;
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        for found in page {
            let (id, dataset) = (found.id, found.dataset);
            let findings: Vec<Finding> = match rejection::findings_of(conn, id)? {
                Some(text) => serde_json::from_str(&text).map_err(StoreError::from)?,
                None => Vec::new(),
            };
            let shown = if unmasked { plain(found) } else { row(found) };
            for finding in findings {
                let place = places.get(&shown.connection_id).unwrap_or(&nowhere);
                let finding = if unmasked {
                    finding
                } else {
                    masks::finding(dataset, finding)
                };
                form.line(place, &shown, &finding, zh)?;
                rows += 1;
            }
        }
    }
    match form {
        Form::Csv(writer) => writer.end()?.flush()?,
        Form::Ndjson(mut file) => file.flush()?,
    }
    Ok(rows)
}

/// A rejection with its values as they are.
fn plain(found: rejection::RejectionRow) -> RejectionRow {
    RejectionRow {
        title: found.title.clone().unwrap_or_default(),
        record_key: found.record_key.clone(),
        business_key: found.business_key.clone(),
        ..row(found)
    }
}

/// The connection that a line comes from, and what it is for.
#[derive(Default)]
struct Place {
    connection: String,
    environment: &'static str,
}

impl Place {
    fn new(row: connection::ConnectionRow, zh: bool) -> Self {
        let words = [
            Environment::Production,
            Environment::Test,
            Environment::Demo,
        ]
        .into_iter()
        .find(|one| one.as_str() == row.environment);
        Self {
            connection: row.name,
            environment: match words {
                Some(one) if zh => one.zh(),
                Some(one) => one.as_str(),
                None => "",
            },
        }
    }
}

impl Form {
    fn line(
        &mut self,
        place: &Place,
        row: &RejectionRow,
        finding: &Finding,
        zh: bool,
    ) -> Result<(), NotWritten> {
        let info = finding.rule.info();
        let wording = if zh { &info.zh } else { &info.en };
        let dataset = row.dataset.dataset();
        let field = dataset
            .field(&finding.field)
            .filter(|_| zh)
            .map_or(finding.field.as_ref(), |field| field.zh);
        let first_seen = chrono::DateTime::from_timestamp_millis(row.first_seen_at)
            .map(|moment| {
                zhengqiao_domain::primitives::moment::canonical(
                    (moment + chrono::Duration::hours(8)).naive_utc(),
                )
            })
            .unwrap_or_default();
        let outcome = if row.outcome == zhengqiao_domain::Outcome::Held {
            "held"
        } else {
            "rejected"
        };
        let line = Line {
            connection: &place.connection,
            environment: place.environment,
            id: row.rejection_id,
            dataset: if zh { dataset.zh } else { row.dataset.as_str() },
            outcome,
            stage: &row.stage,
            state: &row.state,
            record_key: &row.record_key,
            business_key: row.business_key.as_deref().unwrap_or_default(),
            title: &row.title,
            department: row.department.as_deref().unwrap_or_default(),
            region: row.region.as_deref().unwrap_or_default(),
            rule: finding.rule.code(),
            problem: wording.title,
            field,
            value: finding.value.as_deref().unwrap_or_default(),
            expected: finding.expected.as_deref().unwrap_or_default(),
            advice: wording.advice,
            first_seen: &first_seen,
        };
        match self {
            Form::Csv(writer) => {
                let id = line.id.to_string();
                let cells = [
                    line.connection,
                    line.environment,
                    id.as_str(),
                    line.dataset,
                    line.outcome,
                    line.stage,
                    line.state,
                    line.record_key,
                    line.business_key,
                    line.title,
                    line.department,
                    line.region,
                    line.rule,
                    line.problem,
                    line.field,
                    line.value,
                    line.expected,
                    line.advice,
                    line.first_seen,
                ];
                writer.record(cells)?;
            }
            Form::Ndjson(file) => {
                serde_json::to_writer(&mut *file, &line).map_err(std::io::Error::from)?;
                file.write_all(b"\n")?;
            }
        }
        Ok(())
    }
}
