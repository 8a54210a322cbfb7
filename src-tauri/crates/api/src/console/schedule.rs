//! Schedules: what there is, what is next, and starting what is due.

use std::time::Duration;

use chrono::{DateTime, Days, NaiveDateTime};
use zhengqiao_exchange::Profile;
use zhengqiao_store::schedule::{self as table, MissRow};
use zhengqiao_store::{StoreError, audit, connection, hold, run};
use zhengqiao_sync::schedule::{
    Definition, Due, Passed, Schedule, Units, crontab, in_chinese, in_english, systemd,
};
use zhengqiao_sync::{StateWord, has_process};

use super::{Console, actor, blocking, invalid, not_found, now_ms};
use crate::contract::{
    ApiError, ComingRequest, ComingRuns, ErrorCode, MissedRuns, Nothing, PreviewSchedule, RunMode,
    SaveSchedule, ScheduleEvent, ScheduleFiles, ScheduleId, SchedulePreview, ScheduleRow,
    ScheduledStart, StartSync,
};

/// Between two looks at what is due.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Runs shown as next.
const NEXT: usize = 5;
/// Missed ones shown.
const SHOWN_MISSES: u32 = 20;
/// Days that can be looked ahead.
const MOST_DAYS: u32 = 62;
/// Times of one day that are told one by one.
const SHOWN_TIMES: usize = 24;
const MINUTES_OF_A_DAY: usize = 1440;

/// A moment in UTC+8.
fn local(ms: i64) -> NaiveDateTime {
    DateTime::from_timestamp_millis(ms)
        .unwrap_or_default()
        .naive_utc()
        + chrono::Duration::hours(8)
}

fn unix_ms(at: NaiveDateTime) -> i64 {
    (at - chrono::Duration::hours(8))
        .and_utc()
        .timestamp_millis()
}

/// A stored definition; one that cannot be read any more is told, never guessed.
fn stored(text: &str) -> Result<(Definition, Schedule), StoreError> {
    let definition: Definition = serde_json::from_str(text)?;
    let schedule =
        Schedule::new(&definition).map_err(|error| StoreError::Content(error.to_string()))?;
    Ok((definition, schedule))
}

fn shown(
    conn: &zhengqiao_store::Connection,
    row: &table::ScheduleRow,
    now: i64,
) -> Result<ScheduleRow, StoreError> {
    let (definition, schedule) = stored(&row.definition)?;
    let whose = connection::get(conn, row.connection_id)?
        .ok_or_else(|| StoreError::Content(format!("schedule {} has no connection", row.id)))?;
    let last = match row.last_run_id {
        Some(id) => run::get(conn, id)?,
        None => None,
    };
    Ok(ScheduleRow {
        schedule_id: row.id,
        connection_id: row.connection_id,
        environment: serde_json::from_str::<Profile>(&whose.profile)?.environment,
        connection: whose.name,
        enabled: row.enabled,
        zh: in_chinese(&definition),
        en: in_english(&definition),
        next: if row.enabled {
            next(&schedule, now)
        } else {
            Vec::new()
        },
        last_run_id: last.as_ref().map(|run| run.id),
        last_state: last.map(|run| {
            if run.ended_at.is_none() && !has_process(&run, now) {
                StateWord::Paused.as_str().to_owned()
            } else {
                run.state
            }
        }),
        misses: table::misses(conn, row.id, SHOWN_MISSES)?
            .into_iter()
            .map(|miss| MissedRuns {
                first_due_at: miss.first_due_at,
                last_due_at: miss.last_due_at,
                times: miss.times,
                reason: miss.reason,
                message: miss.message,
                run_id: miss.run_id,
            })
            .collect(),
        definition,
    })
}

fn next(schedule: &Schedule, now: i64) -> Vec<i64> {
    let runs = schedule.next_runs(local(now), NEXT);
    runs.into_iter().map(unix_ms).collect()
}

impl Console {
    /// All schedules.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_schedules(&self, _request: Nothing) -> Result<Vec<ScheduleRow>, ApiError> {
        self.read(|conn| {
            table::list(conn)?
                .into_iter()
                .map(|row| shown(conn, &row, now_ms()))
                .collect()
        })
        .await
    }

    /// Makes or changes a schedule. Its times begin now.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidRequest`] naming field, value and remedy.
    pub async fn save_schedule(&self, request: SaveSchedule) -> Result<ScheduleRow, ApiError> {
        let connection_id = request.connection_id;
        let (row, profile) = self.profile(connection_id).await?;
        Schedule::new(&request.definition).map_err(|error| invalid(error.to_string()))?;
        if let Some(other) = request
            .definition
            .datasets
            .iter()
            .find(|dataset| !profile.datasets.contains_key(dataset))
        {
            return Err(invalid(format!(
                "datasets: {other} is not carried by {:?}; choose others, or add it to the connection",
                row.name
            )));
        }
        let text = serde_json::to_string(&request.definition).map_err(StoreError::from)?;
        let words = in_english(&request.definition);
        self.write(move |tx| {
            let at = now_ms();
            let id = match request.schedule_id {
                Some(id) => table::update(tx, id, &text, request.enabled, at)?.then_some(id),
                None => Some(table::insert(
                    tx,
                    connection_id,
                    &text,
                    request.enabled,
                    at,
                )?),
            };
            let Some(id) = id else { return Ok(None) };
            let what =
                serde_json::json!({ "schedule": id, "enabled": request.enabled, "words": words });
            audit::append(
                tx,
                at,
                &actor(),
                "save_schedule",
                &row.name,
                &what.to_string(),
            )?;
            table::get(tx, id)?
                .map(|row| shown(tx, &row, at))
                .transpose()
        })
        .await?
        .ok_or_else(|| not_found("the schedule does not exist any more".into()))
    }

    /// Removes a schedule; its runs stay.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`].
    pub async fn remove_schedule(&self, request: ScheduleId) -> Result<Nothing, ApiError> {
        let id = request.schedule_id;
        let removed = self
            .write(move |tx| {
                let Some(row) = table::get(tx, id)? else {
                    return Ok(false);
                };
                let name = connection::get(tx, row.connection_id)?
                    .map(|connection| connection.name)
                    .unwrap_or_default();
                let what = serde_json::json!({ "schedule": id }).to_string();
                audit::append(tx, now_ms(), &actor(), "remove_schedule", &name, &what)?;
                table::remove(tx, id)
            })
            .await?;
        if removed {
            Ok(Nothing {})
        } else {
            Err(no_schedule(id))
        }
    }

    /// What a definition means, before it is saved.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidRequest`] naming field, value and remedy.
    pub async fn preview_schedule(
        &self,
        request: PreviewSchedule,
    ) -> Result<SchedulePreview, ApiError> {
        blocking(move || {
            let schedule =
                Schedule::new(&request.definition).map_err(|error| invalid(error.to_string()))?;
            Ok(SchedulePreview {
                zh: in_chinese(&request.definition),
                en: in_english(&request.definition),
                next: next(&schedule, now_ms()),
            })
        })
        .await?
    }

    /// What runs on each of the coming days, over all connections.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_coming_runs(
        &self,
        request: ComingRequest,
    ) -> Result<Vec<ComingRuns>, ApiError> {
        let days = u64::from(request.days.clamp(1, MOST_DAYS));
        self.read(move |conn| {
            let now = local(now_ms());
            let mut coming = Vec::new();
            for row in table::list(conn)?.into_iter().filter(|row| row.enabled) {
                let (_, schedule) = stored(&row.definition)?;
                let Some(whose) = connection::get(conn, row.connection_id)? else {
                    continue;
                };
                let environment = serde_json::from_str::<Profile>(&whose.profile)?.environment;
                for ahead in 0..days {
                    let day = now.date() + Days::new(ahead);
                    let begin = day.and_time(chrono::NaiveTime::MIN);
                    let before = begin - chrono::Duration::seconds(1);
                    let end = before + chrono::Duration::days(1);
                    let times = schedule.runs_between(before.max(now), end, MINUTES_OF_A_DAY);
                    if times.is_empty() {
                        continue;
                    }
                    coming.push(ComingRuns {
                        day: day.to_string(),
                        schedule_id: row.id,
                        connection_id: row.connection_id,
                        connection: whose.name.clone(),
                        environment,
                        count: u32::try_from(times.len()).unwrap_or(u32::MAX),
                        times: times.into_iter().take(SHOWN_TIMES).map(unix_ms).collect(),
                    });
                }
            }
            coming.sort_by(|one, other| (&one.day, &one.times).cmp(&(&other.day, &other.times)));
            Ok(coming)
        })
        .await
    }

    /// A schedule as crontab lines and systemd units.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`].
    pub async fn get_schedule_files(&self, request: ScheduleId) -> Result<ScheduleFiles, ApiError> {
        let id = request.schedule_id;
        let data_dir = self.data_dir();
        let place = data_dir
            .canonicalize()
            .unwrap_or_else(|_| data_dir.to_path_buf());
        self.read(move |conn| {
            let Some(row) = table::get(conn, id)? else {
                return Ok(None);
            };
            let (definition, schedule) = stored(&row.definition)?;
            let name = connection::get(conn, row.connection_id)?
                .map(|connection| connection.name)
                .unwrap_or_default();
            let words = format!("{} · {}", in_chinese(&definition), in_english(&definition));
            let units = Units {
                schedule_id: id,
                connection: &name,
                data_dir: &place.to_string_lossy(),
                words: &words,
            };
            let (timer, service) = systemd(&schedule, &units);
            Ok(Some(ScheduleFiles {
                crontab: crontab(&schedule, &units),
                unit: units.unit_name(),
                timer,
                service,
            }))
        })
        .await?
        .ok_or_else(|| no_schedule(id))
    }

    /// Starts what is due, again and again, as long as the host lives; waits while the cache is locked.
    pub async fn keep_schedule(&self, mut on_event: impl FnMut(ScheduleEvent) + Send) {
        let mut failed = String::new();
        let mut delivers = true;
        loop {
            if self.cache().is_ok() {
                // What an earlier program left undelivered goes on now.
                if std::mem::take(&mut delivers) {
                    self.deliver_everywhere().await;
                }
                match self.start_due(now_ms()).await {
                    Ok(events) => {
                        failed.clear();
                        events.into_iter().for_each(&mut on_event);
                    }
                    // The same trouble is told once, not every two seconds.
                    Err(error) if error.message == failed => {}
                    Err(error) => {
                        tracing::error!(%error, "the schedule could not be looked at");
                        failed = error.message;
                    }
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Starts what is due at a moment, and says what became of it.
    ///
    /// # Errors
    /// The cache's. A run that cannot be started is told in its event.
    pub async fn start_due(&self, now: i64) -> Result<Vec<ScheduleEvent>, ApiError> {
        let rows = self.read(table::list).await?;
        let mut events = Vec::new();
        for row in rows.into_iter().filter(|row| row.enabled) {
            let (schedule_id, connection_id) = (row.id, row.connection_id);
            let start = match self.start_one(row, now).await {
                Ok(ScheduledStart::NotDue | ScheduledStart::Quiet) => continue,
                Ok(start) => start,
                Err(error) if error.code == ErrorCode::Storage => return Err(error),
                // One schedule's trouble does not stop the others.
                Err(error) => ScheduledStart::Refused {
                    message: error.message,
                },
            };
            let connection = self
                .read(move |conn| connection::get(conn, connection_id))
                .await?
                .map(|connection| connection.name)
                .unwrap_or_default();
            tracing::info!(schedule_id, ?start, "a schedule was due");
            events.push(ScheduleEvent {
                schedule_id,
                connection,
                start,
            });
        }
        Ok(events)
    }

    /// Starts one schedule's run for a timer of the system, if it is due and nobody has taken it.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidRequest`] when the schedule is another connection's.
    pub async fn start_scheduled(
        &self,
        connection_id: i64,
        schedule_id: i64,
        now: i64,
    ) -> Result<ScheduledStart, ApiError> {
        let row = self
            .read(move |conn| table::get(conn, schedule_id))
            .await?
            .ok_or_else(|| no_schedule(schedule_id))?;
        if row.connection_id != connection_id {
            return Err(invalid(format!(
                "scheduled: {schedule_id} is the schedule of another connection; zhengqiao schedule list shows them"
            )));
        }
        if !row.enabled {
            return Ok(ScheduledStart::SwitchedOff);
        }
        self.start_one(row, now).await
    }

    async fn start_one(
        &self,
        row: table::ScheduleRow,
        now: i64,
    ) -> Result<ScheduledStart, ApiError> {
        let (definition, schedule) = stored(&row.definition)?;
        let id = row.id;
        let (at, missed) = match schedule.due(local(row.last_due_at), local(now)) {
            Due::NotYet(_) if schedule.is_quiet(local(now)) => return Ok(ScheduledStart::Quiet),
            Due::NotYet(_) => return Ok(ScheduledStart::NotDue),
            Due::Quiet(_) => return Ok(ScheduledStart::Quiet),
            Due::PassOver(passed) => {
                let taken = self.take(id, unix_ms(passed.last)).await?;
                if !taken {
                    return Ok(ScheduledStart::NotDue);
                }
                self.note(miss(id, passed, "off", None, None, now)).await?;
                return Ok(ScheduledStart::PassedOver);
            }
            Due::Start { at, missed } => (at, missed),
            Due::MakeUp(passed) => (passed.last, Some(passed)),
        };
        if !self.take(id, unix_ms(at)).await? {
            return Ok(ScheduledStart::NotDue);
        }
        let start = self.start_run(row.connection_id, &definition, id).await?;
        let run_id = match &start {
            ScheduledStart::Started { run_id } => Some(*run_id),
            _ => None,
        };
        if let Some(passed) = missed {
            self.note(miss(id, passed, "off", None, run_id, now))
                .await?;
        }
        let this = Passed {
            first: at,
            last: at,
            times: 1,
        };
        let (reason, message) = match &start {
            ScheduledStart::Paused => ("paused", None),
            ScheduledStart::Running { message } => ("running", Some(message.clone())),
            ScheduledStart::Refused { message } => ("refused", Some(message.clone())),
            _ => return Ok(start),
        };
        self.note(miss(id, this, reason, message, None, now))
            .await?;
        Ok(start)
    }

    async fn start_run(
        &self,
        connection_id: i64,
        definition: &Definition,
        schedule_id: i64,
    ) -> Result<ScheduledStart, ApiError> {
        let paused = self
            .read(move |conn| {
                Ok(run::unfinished(conn, connection_id)?
                    .is_some_and(|run| run.state == StateWord::Paused.as_str()))
            })
            .await?;
        if paused {
            return Ok(ScheduledStart::Paused);
        }
        let request = StartSync {
            connection_id,
            datasets: definition.datasets.clone(),
            mode: if definition.full {
                RunMode::Full
            } else {
                RunMode::Incremental
            },
            scope: None,
        };
        match self.start_sync(request).await {
            Ok(started) => {
                let run_id = started.run_id;
                self.write(move |tx| {
                    hold::note_asked_by(tx, run_id, &format!("schedule {schedule_id}"))?;
                    table::note_run(tx, schedule_id, run_id)
                })
                .await?;
                Ok(ScheduledStart::Started { run_id })
            }
            Err(error) if error.code == ErrorCode::AlreadyRunning => Ok(ScheduledStart::Running {
                message: error.message,
            }),
            Err(error) => Ok(ScheduledStart::Refused {
                message: error.message,
            }),
        }
    }

    async fn take(&self, id: i64, due_at: i64) -> Result<bool, ApiError> {
        self.write(move |tx| table::take(tx, id, due_at)).await
    }

    async fn note(&self, miss: MissRow) -> Result<(), ApiError> {
        self.write(move |tx| table::note_miss(tx, &miss)).await
    }
}

fn miss(
    schedule_id: i64,
    passed: Passed,
    reason: &str,
    message: Option<String>,
    run_id: Option<i64>,
    now: i64,
) -> MissRow {
    MissRow {
        schedule_id,
        first_due_at: unix_ms(passed.first),
        last_due_at: unix_ms(passed.last),
        times: i64::try_from(passed.times).unwrap_or(i64::MAX),
        reason: reason.to_owned(),
        message,
        noticed_at: now,
        run_id,
    }
}

fn no_schedule(id: i64) -> ApiError {
    not_found(format!(
        "there is no schedule {id}; zhengqiao schedule list shows them"
    ))
}
