//! Decisions as a file, for a portal without an interface.

use std::path::{Path, PathBuf};

use rust_xlsxwriter::{Workbook, XlsxError};
use zhengqiao_store::audit;
use zhengqiao_store::decision_delivery::DueRow;

use super::super::super::rejected::given_reason;
use super::super::super::{Console, actor, blocking, file_error, invalid, now_ms};
use super::run::check_acts;
use crate::contract::{ApiError, ExportDecisions, ExportReport};
use crate::out_file::{Separated, put};

/// Column titles in Chinese and English.
const TITLES: [(&str, &str); 7] = [
    ("门户账号标识", "account_id"),
    ("账号类别", "account_kind"),
    ("操作", "act"),
    ("统一身份标识", "identity_key"),
    ("保留账号", "remaining_account_id"),
    ("操作说明", "meaning"),
    ("决定时间", "decided_at"),
];

impl Console {
    /// Writes what is to be delivered to a `.csv` or `.xlsx` file, with the full keys of people.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for another ending or a missing reason,
    /// [`crate::contract::ErrorCode::File`] when the file cannot be written.
    pub async fn export_decisions(
        &self,
        request: ExportDecisions,
    ) -> Result<ExportReport, ApiError> {
        check_acts(&request.acts)?;
        let reason = given_reason(&request.reason)?;
        let path = PathBuf::from(&request.path);
        let is_csv = match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => true,
            Some("xlsx") => false,
            _ => {
                return Err(invalid(format!(
                    "path: {:?} ends neither in .csv nor in .xlsx",
                    request.path
                )));
            }
        };
        let (row, _) = self.profile(request.connection_id).await?;
        let due = self.due(request.connection_id, &request.acts).await?;
        let rows = i64::try_from(due.len()).unwrap_or(i64::MAX);
        let zh = request.language.starts_with("zh");
        let lines: Vec<_> = due.iter().map(|one| line(one, zh)).collect();
        // Who took the keys out stands in the audit before they are out.
        let detail = serde_json::json!({ "reason": reason, "rows": rows, "path": request.path });
        self.write(move |tx| {
            let detail = detail.to_string();
            audit::append(
                tx,
                now_ms(),
                &actor(),
                "export_decisions",
                &row.name,
                &detail,
            )
        })
        .await?;
        blocking(move || {
            if is_csv {
                write_csv(&path, &lines, zh)
            } else {
                write_xlsx(&path, &lines, zh)
            }
        })
        .await?
        .map_err(|error| file_error(&request.path, error.as_ref()))?;
        Ok(ExportReport {
            path: request.path,
            rows,
        })
    }
}

fn titles(zh: bool) -> [&'static str; TITLES.len()] {
    TITLES.map(|(chinese, english)| if zh { chinese } else { english })
}

fn line(due: &DueRow, zh: bool) -> [String; TITLES.len()] {
    // A decision that was taken back asks for what was before.
    let (act, key) = match (due.restores, &due.before_bound_to) {
        (false, _) => (due.act.as_str(), due.identity_key.clone()),
        (true, Some(before)) => ("link", Some(before.clone())),
        (true, None) => ("unlink", due.identity_key.clone()),
    };
    let meaning = match (act, zh) {
        ("link", true) => "将账号绑定到该统一身份",
        ("link", false) => "bind the account to the identity",
        ("unlink", true) => "解除账号现有绑定",
        ("unlink", false) => "take the account's binding away",
        (_, true) => "解除绑定并合并到保留账号",
        (_, false) => "take the binding away and merge into the remaining account",
    };
    let decided = chrono::DateTime::from_timestamp_millis(due.decided_at)
        .map(|at| {
            (at + chrono::Duration::hours(8))
                .format("%Y-%m-%d %H:%M:%S")
                .to_string()
        })
        .unwrap_or_default();
    [
        due.account_id.clone(),
        due.kind.clone(),
        act.to_owned(),
        key.unwrap_or_default(),
        due.remaining_account_id.clone().unwrap_or_default(),
        meaning.to_owned(),
        decided,
    ]
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn write_csv(path: &Path, lines: &[[String; TITLES.len()]], zh: bool) -> Result<(), Failed> {
    put(path, |partial| {
        let mut file = Separated::new(std::fs::File::create(partial)?, titles(zh))?;
        for cells in lines {
            file.record(cells)?;
        }
        file.end()?;
        Ok(())
    })
}

fn write_xlsx(path: &Path, lines: &[[String; TITLES.len()]], zh: bool) -> Result<(), Failed> {
    put(path, |partial| {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        let titles = titles(zh).map(str::to_owned);
        let all = std::iter::once(&titles).chain(lines);
        let fill = || -> Result<(), XlsxError> {
            for (row, cells) in (0..).zip(all) {
                for (column, cell) in (0..).zip(cells) {
                    sheet.write_string(row, column, cell)?;
                }
            }
            sheet.set_freeze_panes(1, 0)?;
            sheet.autofit();
            Ok(())
        };
        fill()?;
        Ok(book.save(partial)?)
    })
}
