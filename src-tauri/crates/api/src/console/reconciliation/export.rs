//! The keys that differ, as a file.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use zhengqiao_exchange::Profile;
use zhengqiao_store::reconciliation_key::{self, KeyFilter};
use zhengqiao_store::{Connection, audit, connection};

use super::super::{Console, actor, invalid, not_written, now_ms};
use super::rows::key;
use crate::contract::{ApiError, ExportReconciliation, ExportReport};
use crate::out_file::{NotWritten, Separated, put};

/// Keys read at once for a file.
const BATCH_KEYS: u32 = 1_000;

impl Console {
    /// Writes the keys that differ to a `.csv` file, masked.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::File`] when the file cannot be written; what was there stays.
    pub async fn export_reconciliation(
        &self,
        request: ExportReconciliation,
    ) -> Result<ExportReport, ApiError> {
        let path = PathBuf::from(&request.path);
        if path.extension().and_then(|ending| ending.to_str()) != Some("csv") {
            return Err(invalid(format!(
                "path: {:?} does not end in .csv",
                request.path
            )));
        }
        let id = request.reconciliation_id;
        let row = self.reconciliation(id).await?;
        let zh = request.language.starts_with("zh");
        let connection_id = row.connection_id;
        let written = self
            .read(move |conn| {
                let Some(connection) = connection::get(conn, connection_id)? else {
                    return Ok(Ok(0));
                };
                let profile: Profile = serde_json::from_str(&connection.profile)?;
                let environment = if zh {
                    profile.environment.zh()
                } else {
                    profile.environment.as_str()
                };
                let place = [connection.name.as_str(), environment];
                Ok(put(&path, |partial| {
                    write_keys(conn, id, partial, place, zh)
                }))
            })
            .await?;
        let rows = written.map_err(|error| not_written(&request.path, error))?;
        let subject = request.path.clone();
        let detail = serde_json::json!({ "reconciliation": id, "rows": rows }).to_string();
        self.write(move |tx| {
            audit::append(
                tx,
                now_ms(),
                &actor(),
                "export_reconciliation",
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
}

fn write_keys(
    conn: &Connection,
    id: i64,
    path: &Path,
    place: [&str; 2],
    zh: bool,
) -> Result<i64, NotWritten> {
    let titles = if zh {
        [
            "连接",
            "环境",
            "数据集",
            "日期",
            "部门",
            "差异",
            "记录主键",
            "已补齐",
        ]
    } else {
        [
            "connection",
            "environment",
            "dataset",
            "day",
            "department",
            "difference",
            "record_key",
            "healed",
        ]
    };
    let file = std::io::BufWriter::new(std::fs::File::create(path)?);
    let mut file = Separated::new(file, titles)?;
    let (mut rows, mut after) = (0, 0);
    loop {
        let page = reconciliation_key::page(conn, id, &KeyFilter::default(), after, BATCH_KEYS)?;
        let ended = page.len() < BATCH_KEYS as usize;
        for row in page {
            after = row.id;
            rows += 1;
            let one = key(row);
            let dataset = if zh {
                one.dataset.dataset().zh
            } else {
                one.dataset.as_str()
            };
            let healed = match (one.healed_at.is_some(), zh) {
                (true, true) => "是",
                (true, false) => "yes",
                (false, true) => "否",
                (false, false) => "no",
            };
            file.record([
                place[0],
                place[1],
                dataset,
                &one.day,
                &one.department,
                difference_word(&one.kind, zh),
                &one.record_key,
                healed,
            ])?;
        }
        if ended {
            file.end()?.flush()?;
            return Ok(rows);
        }
    }
}

fn difference_word(kind: &str, zh: bool) -> &str {
    match (kind, zh) {
        ("missing", true) => "缺少",
        ("surplus", true) => "多出",
        ("doubled", true) => "重复",
        ("different", true) => "内容不同",
        (other, _) => other,
    }
}
