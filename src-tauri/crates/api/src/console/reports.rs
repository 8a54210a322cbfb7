//! Reports to the provider: what became of them, their terms, withdrawing, reading corrected records again.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{Environment, Narrowing, reach};
use zhengqiao_store::rejection_version::Act;
use zhengqiao_store::report::{self, EntryFilter, Fate};
use zhengqiao_store::{Connection, StoreError, audit, connection, rejection, undone};
use zhengqiao_sync::MOST_IDS;

use super::report_answers::{answer_row, known_values};
use super::system::LARGEST_PAGE;
use super::{Console, actor, dry, invalid, not_found, now_local, now_ms};
use crate::contract::{
    ApiError, BulkReport, CloseReport, ReportCounts, ReportDepartment, ReportDetail,
    ReportEntriesPage, ReportEntriesRequest, ReportEntry, ReportForm, ReportId, ReportRow,
    ReportsPage, ReportsRequest, RepullCorrected, RunMode, RunStarted, SetReportDue, StartSync,
    SyncScope,
};
use crate::masks;

/// Rejections of one transaction.
pub(super) const BATCH_ROWS: u32 = 500;
/// Working days of the usual term.
const TERM_DAYS: u32 = 10;

/// Today in UTC+8, `YYYY-MM-DD`.
pub(super) fn today() -> String {
    now_local().date().to_string()
}

/// The last day of the usual term from a day on: ten working days, Monday to Friday. Public holidays are
/// set every year anew and are not known here.
pub(super) fn usual_term(from: NaiveDate) -> NaiveDate {
    let mut day = from;
    let mut left = TERM_DAYS;
    while left > 0 {
        let Some(next) = day.checked_add_days(Days::new(1)) else {
            return day;
        };
        day = next;
        if !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            left -= 1;
        }
    }
    day
}

/// A last day that was given.
pub(super) fn given_day(field: &str, text: &str) -> Result<String, ApiError> {
    match NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d") {
        Ok(day) => Ok(day.to_string()),
        Err(_) => Err(invalid(format!(
            "{field}: {text:?} is no date like 2026-01-31"
        ))),
    }
}

/// A form's name in the database.
pub(super) const fn form_name(form: ReportForm) -> &'static str {
    match form {
        ReportForm::Workbook => "workbook",
        ReportForm::Workbooks => "workbooks",
        ReportForm::Csv => "csv",
    }
}

fn form_of(name: &str) -> ReportForm {
    match name {
        "csv" => ReportForm::Csv,
        "workbooks" => ReportForm::Workbooks,
        _ => ReportForm::Workbook,
    }
}

/// The environment of a connection's row.
pub(super) fn environment_of(name: &str) -> Environment {
    [
        Environment::Production,
        Environment::Test,
        Environment::Demo,
    ]
    .into_iter()
    .find(|one| one.as_str() == name)
    .unwrap_or(Environment::Production)
}

fn add(counts: &mut ReportCounts, fate: Fate, n: i64, is_late: bool) {
    let count = match fate {
        Fate::Waiting => &mut counts.waiting,
        Fate::Answered => &mut counts.answered,
        Fate::Corrected => &mut counts.corrected,
        Fate::Resolved => &mut counts.resolved,
        Fate::OpenAgain => &mut counts.open_again,
        Fate::Settled => &mut counts.settled,
        Fate::Withdrawn => &mut counts.withdrawn,
        Fate::Later => &mut counts.later,
    };
    *count += n;
    if fate == Fate::Waiting && is_late {
        counts.overdue += n;
    }
}

fn is_late(row: &report::ReportRow, today: &str) -> bool {
    row.due_on.as_str() < today && row.closed_at.is_none() && row.withdrawn_at.is_none()
}

fn report_row(
    conn: &Connection,
    row: report::ReportRow,
    today: &str,
) -> Result<(ReportRow, Vec<ReportDepartment>), StoreError> {
    let late = is_late(&row, today);
    let mut counts = ReportCounts::default();
    let mut departments: BTreeMap<String, ReportCounts> = BTreeMap::new();
    for (department, fate, n) in report::counts(conn, row.id)? {
        add(&mut counts, fate, n, late);
        add(departments.entry(department).or_default(), fate, n, late);
    }
    let owner = connection::get(conn, row.connection_id)?;
    let (name, environment) = owner.map_or_else(
        || (String::new(), Environment::Production),
        |owner| (owner.name, environment_of(&owner.environment)),
    );
    let state = if row.withdrawn_at.is_some() {
        "withdrawn"
    } else if row.written_at.is_none() {
        "unwritten"
    } else if row.closed_at.is_some() {
        "closed"
    } else {
        "open"
    };
    let shown = ReportRow {
        report_id: row.id,
        connection_id: row.connection_id,
        connection: name,
        environment,
        made_at: row.made_at,
        actor: row.actor,
        form: form_of(&row.form),
        path: row.path,
        due_on: row.due_on,
        records: row.entries,
        counts,
        state: state.into(),
    };
    let departments = departments
        .into_iter()
        .map(|(department, counts)| ReportDepartment { department, counts })
        .collect();
    Ok((shown, departments))
}

fn no_report(id: i64) -> ApiError {
    not_found(format!("there is no report {id}"))
}

impl Console {
    /// A page of reports with what became of their records, newest first.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_reports(&self, request: ReportsRequest) -> Result<ReportsPage, ApiError> {
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let today = today();
        self.read(move |conn| {
            let rows = report::list(conn, request.connection_id, request.before, limit)?;
            let next = (rows.len() == limit as usize)
                .then(|| rows.last().map(|row| row.id))
                .flatten();
            let reports = rows
                .into_iter()
                .map(|row| Ok(report_row(conn, row, &today)?.0))
                .collect::<Result<_, StoreError>>()?;
            let (overdue, unseen) = report::due_entries(conn, request.connection_id, &today)?;
            Ok(ReportsPage {
                reports,
                next,
                overdue,
                unseen,
            })
        })
        .await
    }

    /// One report with each department's share.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn get_report(&self, request: ReportId) -> Result<ReportDetail, ApiError> {
        let (id, today) = (request.report_id, today());
        self.read(move |conn| {
            let Some(row) = report::get(conn, id)? else {
                return Ok(None);
            };
            let filter = row.filter.clone();
            let (report, departments) = report_row(conn, row, &today)?;
            Ok(Some(ReportDetail {
                report,
                filter,
                departments,
            }))
        })
        .await?
        .ok_or_else(|| no_report(id))
    }

    /// The records of a report with their last answers, masked.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for an unknown fate.
    pub async fn list_report_entries(
        &self,
        request: ReportEntriesRequest,
    ) -> Result<ReportEntriesPage, ApiError> {
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let fates = match request.fate.as_deref() {
            None | Some("") => Vec::new(),
            Some("overdue") => vec![Fate::Waiting],
            Some(name) => vec![
                Fate::by_name(name)
                    .ok_or_else(|| invalid(format!("fate: {name:?} is no fate of a record")))?,
            ],
        };
        let filter = EntryFilter {
            fates,
            department: request.department,
        };
        self.read(move |conn| {
            let rows = report::entries(
                conn,
                request.report_id,
                &filter,
                request.after.unwrap_or(0),
                limit,
            )?;
            let next = (rows.len() == limit as usize)
                .then(|| rows.last().map(|row| row.id))
                .flatten();
            let entries = rows
                .into_iter()
                .map(|row| entry(conn, row))
                .collect::<Result<_, StoreError>>()?;
            Ok(ReportEntriesPage { entries, next })
        })
        .await
    }

    /// Sets the last day of a report's term.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for a date that is none.
    pub async fn set_report_due(&self, request: SetReportDue) -> Result<ReportDetail, ApiError> {
        let due_on = given_day("due_on", &request.due_on)?;
        let id = request.report_id;
        let row = self.report(id).await?;
        let detail = serde_json::json!({ "was": row.due_on, "due_on": due_on }).to_string();
        self.write(move |tx| {
            report::set_due(tx, id, &due_on)?;
            note(tx, "set_report_due", id, &detail)
        })
        .await?;
        self.get_report(ReportId { report_id: id }).await
    }

    /// Closes a report, so that nothing on it is overdue any more, or opens it again.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn close_report(&self, request: CloseReport) -> Result<ReportDetail, ApiError> {
        let id = request.report_id;
        self.report(id).await?;
        self.write(move |tx| {
            let by = actor();
            report::close(tx, id, request.closed.then_some((by.as_str(), now_ms())))?;
            let detail = serde_json::json!({ "closed": request.closed }).to_string();
            note(tx, "close_report", id, &detail)
        })
        .await?;
        self.get_report(ReportId { report_id: id }).await
    }

    /// Withdraws a report: its records that still are as they were reported become what they were before.
    /// Those that were corrected or settled since stay as they are.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when it was withdrawn already.
    pub async fn withdraw_report(&self, request: ReportId) -> Result<BulkReport, ApiError> {
        let id = request.report_id;
        let row = self.report(id).await?;
        if row.withdrawn_at.is_some() {
            return Err(invalid(format!("report {id} was withdrawn already")));
        }
        let changed = self
            .take_back(id, row.connection_id, "withdraw_report", |_| {})
            .await?;
        self.write(move |tx| {
            report::withdraw(tx, id, &actor(), now_ms())?;
            let detail = serde_json::json!({ "changed": changed }).to_string();
            note(tx, "withdraw_report", id, &detail)
        })
        .await?;
        Ok(BulkReport { changed })
    }

    /// Puts records of a report back, some hundreds a transaction.
    pub(super) async fn take_back(
        &self,
        id: i64,
        connection_id: i64,
        act: &'static str,
        mut each: impl FnMut(i64),
    ) -> Result<i64, ApiError> {
        let mut changed = 0;
        loop {
            let rows = self
                .write(move |tx| {
                    let by = actor();
                    let act = Act {
                        run_id: undone::last_run(tx, connection_id)?,
                        actor: Some(&by),
                        act,
                        at: now_ms(),
                    };
                    report::withdraw_entries(tx, id, BATCH_ROWS, &act)
                })
                .await?;
            changed += rows;
            each(changed);
            if rows < i64::from(BATCH_ROWS) {
                return Ok(changed);
            }
        }
    }

    /// Starts a run over just those records that are said to be corrected while no corrected one came.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] when there are none, or none that the provider can be
    /// asked for by its number.
    pub async fn repull_corrected(&self, request: RepullCorrected) -> Result<RunStarted, ApiError> {
        let (_, profile) = self.profile(request.connection_id).await?;
        let keys = self
            .read(move |conn| {
                report::unseen_keys(conn, request.connection_id, request.report_id, MOST_IDS)
            })
            .await?;
        if keys.is_empty() {
            return Err(invalid(
                "no record is said to be corrected that has not come since",
            ));
        }
        let can_be_asked = |dataset: DatasetId| {
            profile.datasets.get(&dataset).is_some_and(|source| {
                reach(profile.interface, dataset, source).ids != Narrowing::Impossible
            })
        };
        let mut datasets: Vec<DatasetId> = Vec::new();
        let mut ids = Vec::new();
        let mut left_out: Vec<DatasetId> = Vec::new();
        for (dataset, key) in keys {
            let list = if can_be_asked(dataset) {
                ids.push(key);
                &mut datasets
            } else {
                &mut left_out
            };
            if !list.contains(&dataset) {
                list.push(dataset);
            }
        }
        if ids.is_empty() {
            let names: Vec<&str> = left_out.iter().map(|id| id.as_str()).collect();
            return Err(invalid(format!(
                "the provider takes no ids for {}; run the connection over a window of time",
                names.join(", ")
            )));
        }
        let (records, scope_ids) = (ids.len(), ids);
        let started = self
            .launch(dry::options(StartSync {
                connection_id: request.connection_id,
                datasets,
                mode: RunMode::Incremental,
                scope: Some(SyncScope {
                    ids: scope_ids,
                    ..SyncScope::default()
                }),
            }))
            .await?;
        let subject = match request.report_id {
            Some(id) => format!("report {id}"),
            None => format!("connection {}", request.connection_id),
        };
        let detail = serde_json::json!({ "run": started.run_id, "records": records }).to_string();
        self.write(move |tx| {
            audit::append(
                tx,
                now_ms(),
                &actor(),
                "repull_corrected",
                &subject,
                &detail,
            )
        })
        .await?;
        Ok(started)
    }

    pub(super) async fn report(&self, id: i64) -> Result<report::ReportRow, ApiError> {
        self.read(move |conn| report::get(conn, id))
            .await?
            .ok_or_else(|| no_report(id))
    }
}

/// Notes an act on a report.
pub(super) fn note(
    conn: &Connection,
    act: &str,
    report_id: i64,
    detail: &str,
) -> Result<(), StoreError> {
    let subject = format!("report {report_id}");
    audit::append(conn, now_ms(), &actor(), act, &subject, detail)
}

fn entry(conn: &Connection, row: report::EntryRow) -> Result<ReportEntry, StoreError> {
    let id = row.dataset;
    let dataset = id.dataset();
    let record = match (&row.business_key, &row.record_key) {
        (Some(key), _) => masks::joined(id, dataset.business_key, key),
        (None, Some(key)) => masks::joined(id, dataset.key, key),
        (None, None) => String::new(),
    };
    let answer = match (&row.answer, row.rejection_id) {
        (Some(_), rejection_id) => {
            let known = known_values(conn, rejection_id)?;
            report::last_answer(conn, row.reference_id)?
                .map(|answer| answer_row(answer, Some((id, &known))))
        }
        _ => None,
    };
    Ok(ReportEntry {
        entry_id: row.id,
        number: super::report_answers::written(&row.number),
        rejection_id: row.rejection_id,
        dataset: id,
        title: row
            .title
            .map(|text| masks::value(id, dataset.title, &text))
            .unwrap_or_default(),
        record,
        department: row.department,
        fate: row.fate.as_str().into(),
        answer,
    })
}

/// The connection that all of some rejections belong to.
///
/// # Errors
/// Says so when there is none, or more than one.
pub(super) fn one_connection(
    conn: &Connection,
    ids: &[i64],
) -> Result<Result<i64, &'static str>, StoreError> {
    let mut one = None;
    for id in ids {
        match (rejection::connection_of(conn, *id)?, one) {
            (None, _) => {}
            (Some(found), None) => one = Some(found),
            (Some(found), Some(before)) if found == before => {}
            (Some(_), Some(_)) => {
                return Ok(Err(
                    "these belong to several connections; a report is for the provider of one",
                ));
            }
        }
    }
    Ok(one.ok_or("none of these rejections is there any more"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_term_is_ten_working_days() {
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
        // A Wednesday; a Friday; a Sunday.
        assert_eq!(usual_term(day("2026-11-25")), day("2026-12-09"));
        assert_eq!(usual_term(day("2026-11-27")), day("2026-12-11"));
        assert_eq!(usual_term(day("2026-11-29")), day("2026-12-11"));
    }
}
