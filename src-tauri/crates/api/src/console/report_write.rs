//! Writing a report to the provider: its records are marked, then its file is written. When either
//! fails or is cancelled, everything is put back.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use zhengqiao_store::rejection::{self, REFUSED, State};
use zhengqiao_store::rejection_version::Act;
use zhengqiao_store::report::{self, NewReport};
use zhengqiao_store::{connection, undone};

use super::report_file::{Failure, Job, write};
use super::reports::{
    BATCH_ROWS, environment_of, form_name, given_day, note, one_connection, usual_term,
};
use super::{Console, actor, file_error, invalid, not_found, now_local, now_ms};
use crate::contract::{
    ApiError, BulkRequest, ErrorCode, Nothing, PlanReport, PlannedDepartment, ReportDetail,
    ReportForm, ReportId, ReportPlan, ReportProgress, RewriteReport, WriteReport,
};
use crate::issue_list::Words;
use crate::out_file::partial;

/// Records of one report at most: departments can answer no more, and the file is built in memory.
const LARGEST_REPORT: i64 = 50_000;
/// Between two messages of progress.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// The report that is being written, if one is: whether it was cancelled.
pub(super) type Writing = Option<Arc<AtomicBool>>;

/// Tells how far the writing is, and whether it goes on.
#[derive(Clone)]
pub(super) struct Teller {
    cancelled: Arc<AtomicBool>,
    last: Arc<Mutex<Option<Instant>>>,
    each: Arc<dyn Fn(ReportProgress) + Send + Sync>,
}

impl Teller {
    /// Tells it, at most ten times a second.
    pub(super) fn tell(&self, phase: &str, done: i64, total: Option<i64>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| last.elapsed() < TELL_EVERY) && Some(done) != total {
            return;
        }
        *last = Some(Instant::now());
        (self.each)(ReportProgress {
            phase: phase.into(),
            done,
            total,
        });
    }

    /// Whether it was cancelled.
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

fn cancelled() -> ApiError {
    ApiError {
        code: ErrorCode::InvalidRequest,
        message: "the report was cancelled; its records are as they were before".into(),
        retryable: true,
        details: None,
    }
}

fn check_path(form: ReportForm, path: &str) -> Result<(), ApiError> {
    let ending = Path::new(path)
        .extension()
        .map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let ending = ending.as_deref();
    match form {
        _ if path.trim().is_empty() => Err(invalid("path: say where to write the list")),
        ReportForm::Workbook if ending != Some("xlsx") => {
            Err(invalid(format!("path: {path:?} does not end in .xlsx")))
        }
        ReportForm::Workbooks | ReportForm::Csv
            if matches!(ending, Some("xlsx" | "csv"))
                || Path::new(path).is_file() && ending != Some("zip") =>
        {
            Err(invalid(format!(
                "path: {path:?} is neither a .zip nor a directory; there is a file for each department"
            )))
        }
        _ => Ok(()),
    }
}

impl Console {
    /// Says what a report would be about, by department, before anything is written.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidRequest`] when the rejections belong to several connections.
    pub async fn plan_report(&self, request: PlanReport) -> Result<ReportPlan, ApiError> {
        let which = request.which;
        let again = request.again;
        let connection_id = self.connection_of(&which).await?;
        let filter = which.filter.clone().unwrap_or_default();
        let parts = super::inbox::parts(&filter)?;
        let (owner, shares) = self
            .read(move |conn| {
                let owner = connection::get(conn, connection_id)?;
                let shares = if which.rejection_ids.is_empty() {
                    let narrow = super::inbox::narrowed(conn, &filter, parts)?;
                    rejection::shares(conn, &narrow)?
                } else {
                    let mut shares = Vec::new();
                    for id in &which.rejection_ids {
                        if let Some(row) = rejection::get(conn, *id)? {
                            let department = row.department.unwrap_or_default();
                            shares.push((department, row.state, row.outcome, 1));
                        }
                    }
                    shares
                };
                Ok((owner, shares))
            })
            .await?;
        let owner =
            owner.ok_or_else(|| not_found(format!("there is no connection {connection_id}")))?;
        let mut plan = ReportPlan {
            connection_id,
            environment: environment_of(&owner.environment),
            connection: owner.name,
            records: 0,
            already: 0,
            skipped: 0,
            most: LARGEST_REPORT,
            departments: Vec::new(),
            due_on: usual_term(now_local().date()).to_string(),
        };
        let mut departments: BTreeMap<String, i64> = BTreeMap::new();
        for (department, state, outcome, n) in shares {
            let is_reported = state == State::Reported as i64;
            if outcome == REFUSED || (state != State::Open as i64 && !is_reported) {
                plan.skipped += n;
            } else if is_reported && !again {
                plan.already += n;
            } else {
                plan.records += n;
                *departments.entry(department).or_default() += n;
            }
        }
        plan.departments = departments
            .into_iter()
            .map(|(department, records)| PlannedDepartment {
                department,
                records,
            })
            .collect();
        plan.departments
            .sort_by_key(|one| std::cmp::Reverse(one.records));
        Ok(plan)
    }

    /// The one connection that a request is about.
    async fn connection_of(&self, which: &BulkRequest) -> Result<i64, ApiError> {
        if which.rejection_ids.is_empty() {
            let filter = which
                .filter
                .as_ref()
                .ok_or_else(|| invalid("which: name rejections, or give a filter"))?;
            return filter.connection_id.ok_or_else(|| {
                invalid("connection_id: a report is for the provider of one connection; name it")
            });
        }
        let ids = which.rejection_ids.clone();
        self.read(move |conn| one_connection(conn, &ids))
            .await?
            .map_err(invalid)
    }

    /// Writes a list of problems for the provider and marks its records as reported.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidRequest`] for a form, path, term or number of records that cannot be, or when
    /// it was cancelled; [`ErrorCode::File`] when the file cannot be written. Its records are as they
    /// were before then, and so is what was at the path.
    pub async fn write_report(
        &self,
        request: WriteReport,
        on_progress: impl Fn(ReportProgress) + Send + Sync + 'static,
    ) -> Result<ReportDetail, ApiError> {
        check_path(request.form, &request.path)?;
        let due_on = match &request.due_on {
            Some(day) => given_day("due_on", day)?,
            None => usual_term(now_local().date()).to_string(),
        };
        let plan = self
            .plan_report(PlanReport {
                which: request.which.clone(),
                again: request.again,
            })
            .await?;
        if plan.records == 0 {
            return Err(invalid(if plan.already > 0 {
                format!(
                    "all {} records were reported already; say that they are to be reported again",
                    plan.already
                )
            } else {
                "there is nothing to report here".into()
            }));
        }
        if plan.records > LARGEST_REPORT {
            return Err(invalid(format!(
                "{} records are more than one report takes ({LARGEST_REPORT}); narrow them, for example to a department",
                plan.records
            )));
        }
        let teller = self.begin_writing(on_progress)?;
        let written = self.write_marked(&request, &plan, &due_on, &teller).await;
        self.end_writing();
        let id = written?;
        self.get_report(ReportId { report_id: id }).await
    }

    async fn write_marked(
        &self,
        request: &WriteReport,
        plan: &ReportPlan,
        due_on: &str,
        teller: &Teller,
    ) -> Result<i64, ApiError> {
        let connection_id = plan.connection_id;
        let new = (
            serde_json::to_string(&request.which).map_err(zhengqiao_store::StoreError::from)?,
            due_on.to_owned(),
            request.path.clone(),
            form_name(request.form),
        );
        let id = self
            .write(move |tx| {
                let (filter, due_on, path, form) = &new;
                report::insert(
                    tx,
                    &NewReport {
                        connection_id,
                        at: now_ms(),
                        actor: &actor(),
                        filter,
                        form,
                        path,
                        due_on,
                    },
                )
            })
            .await?;
        let marked = self.mark(id, request, plan, teller).await;
        let written = match marked {
            Ok(()) => {
                self.write_file(id, request.form, &request.path, &request.language, teller)
                    .await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            let teller = teller.clone();
            self.take_back(id, connection_id, "cancel_report", move |done| {
                teller.tell("undoing", done, None);
            })
            .await?;
            self.write(move |tx| report::remove(tx, id)).await?;
            return Err(error);
        }
        let detail = serde_json::json!({
            "records": plan.records,
            "departments": plan.departments.len(),
            "due_on": due_on,
            "form": form_name(request.form),
            "path": request.path,
            "again": request.again,
            "request": request.which,
        })
        .to_string();
        self.write(move |tx| note(tx, "write_report", id, &detail))
            .await?;
        Ok(id)
    }

    /// Puts the records of a request on a report.
    async fn mark(
        &self,
        id: i64,
        request: &WriteReport,
        plan: &ReportPlan,
        teller: &Teller,
    ) -> Result<(), ApiError> {
        let again = request.again;
        let connection_id = plan.connection_id;
        let listed = request.which.rejection_ids.clone();
        let filter = request.which.filter.clone().unwrap_or_default();
        let parts = super::inbox::parts(&filter)?;
        let mut chunks = listed.chunks(BATCH_ROWS as usize);
        let (mut after, mut done) = (0, 0);
        loop {
            if teller.is_cancelled() {
                return Err(cancelled());
            }
            let ids = if listed.is_empty() {
                let (filter, parts) = (filter.clone(), parts.clone());
                self.read(move |conn| {
                    let narrow = super::inbox::narrowed(conn, &filter, parts)?;
                    rejection::select_ids(conn, &narrow, after, BATCH_ROWS)
                })
                .await?
            } else {
                chunks.next().map(<[i64]>::to_vec).unwrap_or_default()
            };
            let Some(last) = ids.last().copied() else {
                return Ok(());
            };
            after = last;
            let place = plan.connection.clone();
            done += self
                .write(move |tx| {
                    let by = actor();
                    let act = Act {
                        run_id: undone::last_run(tx, connection_id)?,
                        actor: Some(&by),
                        act: "write_report",
                        at: now_ms(),
                    };
                    let mut added = 0;
                    for rejection_id in ids {
                        let Some(row) = rejection::get(tx, rejection_id)? else {
                            continue;
                        };
                        let place = format!("{place}/{}", row.dataset);
                        if row.connection_id == connection_id
                            && report::add_entry(tx, id, rejection_id, &place, again, &act)?
                        {
                            added += 1;
                        }
                    }
                    Ok(added)
                })
                .await?;
            teller.tell("collecting", done, Some(plan.records.max(done)));
        }
    }

    async fn write_file(
        &self,
        id: i64,
        form: ReportForm,
        path: &str,
        language: &str,
        teller: &Teller,
    ) -> Result<(), ApiError> {
        let row = self.report(id).await?;
        let (_, profile) = self.profile(row.connection_id).await?;
        let job = Job {
            report: row,
            profile,
            form,
            path: path.to_owned(),
            words: Words::named(language),
            teller: teller.clone(),
        };
        let written = self.read(move |conn| Ok(write(conn, &job))).await?;
        if written.is_err() {
            // It may not have been made yet.
            let _ = std::fs::remove_file(partial(Path::new(path)));
        }
        match written {
            Ok(()) => {}
            Err(Failure::Cancelled) => return Err(cancelled()),
            Err(Failure::Store(error)) => return Err(error.into()),
            Err(Failure::File(error)) => return Err(file_error(path, &error)),
        }
        let (form, path) = (form_name(form), path.to_owned());
        self.write(move |tx| report::finish(tx, id, form, &path, now_ms()))
            .await
    }

    /// Writes the file of a report again: the records that are still reported, with the same numbers.
    ///
    /// # Errors
    /// As [`Console::write_report`]; nothing but the file is changed.
    pub async fn rewrite_report(
        &self,
        request: RewriteReport,
        on_progress: impl Fn(ReportProgress) + Send + Sync + 'static,
    ) -> Result<ReportDetail, ApiError> {
        check_path(request.form, &request.path)?;
        let id = request.report_id;
        let row = self.report(id).await?;
        if row.withdrawn_at.is_some() {
            return Err(invalid(format!("report {id} was withdrawn")));
        }
        if self
            .read(move |conn| report::departments(conn, id))
            .await?
            .is_empty()
        {
            return Err(invalid(format!(
                "no record of report {id} is still reported; there is nothing to write"
            )));
        }
        let teller = self.begin_writing(on_progress)?;
        let written = self
            .write_file(id, request.form, &request.path, &request.language, &teller)
            .await;
        self.end_writing();
        written?;
        let detail = serde_json::json!({ "form": form_name(request.form), "path": request.path });
        let detail = detail.to_string();
        self.write(move |tx| note(tx, "rewrite_report", id, &detail))
            .await?;
        self.get_report(ReportId { report_id: id }).await
    }

    /// Cancels the report that is being written.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] when none is.
    pub fn cancel_report(&self) -> Result<Nothing, ApiError> {
        let writing = self.writing();
        let flag = writing
            .as_ref()
            .ok_or_else(|| not_found("no report is being written".into()))?;
        flag.store(true, Ordering::Relaxed);
        Ok(Nothing {})
    }

    fn writing(&self) -> std::sync::MutexGuard<'_, Writing> {
        self.0
            .reporting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn begin_writing(
        &self,
        each: impl Fn(ReportProgress) + Send + Sync + 'static,
    ) -> Result<Teller, ApiError> {
        let mut writing = self.writing();
        if writing.is_some() {
            return Err(invalid("another report is being written; wait for it"));
        }
        let cancelled = Arc::new(AtomicBool::new(false));
        *writing = Some(cancelled.clone());
        Ok(Teller {
            cancelled,
            last: Arc::default(),
            each: Arc::new(each),
        })
    }

    fn end_writing(&self) {
        *self.writing() = None;
    }
}
