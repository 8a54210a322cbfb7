//! The walk through the decisions of a connection.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use zhengqiao_exchange::{DecisionDoor, NoObserver};
use zhengqiao_store::decision_delivery::{self, DueRow};

use super::super::super::{Console, actor, invalid, now_ms};
use super::step::Road;
use super::{shown, told};
use crate::contract::{
    ApiError, DecisionDeliveryProgress, DecisionDeliveryReport, DecisionDeliveryRow,
    DeliverDecisions, ErrorCode,
};
use zhengqiao_store::audit;

/// Decisions taken from the cache at once.
const AT_ONCE: u32 = 1000;
/// Outcomes that a report has at most.
const MOST_ROWS: usize = 500;
/// Between two messages of progress.
const TELL_EVERY: Duration = Duration::from_millis(100);
/// So many failures one after another, and the portal is left alone.
const FAILURES: u32 = 3;

/// States that need somebody, worst first; the others follow.
const WORST: [&str; 7] = [
    "failed", "refused", "changed", "gone", "sending", "waiting", "send",
];

impl Console {
    /// Brings decisions to the portal, or says what would be brought.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidRequest`] where there is no way to the portal, [`ErrorCode::AlreadyRunning`]
    /// while this process delivers. What went wrong with single decisions is in the report.
    pub async fn deliver_decisions(
        &self,
        request: DeliverDecisions,
        on_progress: impl FnMut(DecisionDeliveryProgress) + Send,
    ) -> Result<DecisionDeliveryReport, ApiError> {
        let id = request.connection_id;
        check_acts(&request.acts)?;
        let Some(asked) = self.0.deciding.begin(id) else {
            return Err(ApiError {
                code: ErrorCode::AlreadyRunning,
                message: "decisions of this connection are being delivered already".into(),
                retryable: true,
                details: None,
            });
        };
        let outcome = self
            .go(request, &|| asked.load(Ordering::Relaxed), on_progress)
            .await;
        self.0.deciding.end(id);
        outcome
    }

    async fn go(
        &self,
        request: DeliverDecisions,
        is_asked_to_end: &(dyn Fn() -> bool + Send + Sync),
        mut on_progress: impl FnMut(DecisionDeliveryProgress) + Send,
    ) -> Result<DecisionDeliveryReport, ApiError> {
        let id = request.connection_id;
        let (row, _) = self.profile(id).await?;
        let (through, profile) = self.through(id).await?;
        let Some(target) = &profile.decisions else {
            return Err(invalid(format!(
                "{}: no way to the portal is set up; choose one, or export the decisions",
                through.name
            )));
        };
        let secrets = self.secrets(through.id).await?;
        let door = DecisionDoor::new(&profile, secrets, Arc::new(NoObserver))?;
        let road = Road {
            connection_id: id,
            name: &row.name,
            through_id: through.id,
            target,
            door: &door,
            dry_run: request.dry_run,
        };
        let due = self.due(id, &request.acts).await?;
        let total = i64::try_from(due.len()).unwrap_or(i64::MAX);
        let mut tally = Tally::default();
        let (mut failures, mut last) = (0, None::<Instant>);
        for one in &due {
            if is_asked_to_end() {
                tally.cancelled = true;
                break;
            }
            let ended = self.bring(&road, one).await?;
            failures = if ended.state == "failed" {
                failures + 1
            } else {
                0
            };
            if ended.stops || failures >= FAILURES {
                tally.stopped.clone_from(&ended.message);
            }
            tally.take(DecisionDeliveryRow {
                state: ended.state.into(),
                would_send: ended.would_send,
                message: ended.message,
                tries: one.tries + i64::from(ended.state == "delivered"),
                at: (!road.dry_run).then(now_ms),
                ..shown(one)
            });
            if tally.stopped.is_some() {
                break;
            }
            if last.is_none_or(|last| last.elapsed() >= TELL_EVERY) {
                last = Some(Instant::now());
                on_progress(DecisionDeliveryProgress {
                    done: tally.done,
                    total,
                });
            }
        }
        on_progress(DecisionDeliveryProgress {
            done: tally.done,
            total,
        });
        let report = tally.report(request.dry_run, total);
        if !request.dry_run {
            self.note_run(row.name, &report).await?;
        }
        Ok(report)
    }

    async fn note_run(
        &self,
        name: String,
        report: &DecisionDeliveryReport,
    ) -> Result<(), ApiError> {
        let detail = serde_json::json!({
            "total": report.total, "counts": report.counts, "cancelled": report.cancelled,
            "stopped": report.stopped.is_some(),
        })
        .to_string();
        self.write(move |tx| {
            audit::append(tx, now_ms(), &actor(), "deliver_decisions", &name, &detail)
        })
        .await
    }

    /// What is to be delivered, in the order in which it is: the newest decision of an account first.
    pub(super) async fn due(
        &self,
        connection_id: i64,
        acts: &[String],
    ) -> Result<Vec<DueRow>, ApiError> {
        let mut all = Vec::new();
        let mut before = None;
        loop {
            let rows = self
                .read(move |conn| {
                    decision_delivery::list(conn, connection_id, true, before, AT_ONCE)
                })
                .await?;
            before = rows.last().map(|row| row.decision_id);
            let is_last = rows.len() < AT_ONCE as usize;
            all.extend(
                rows.into_iter()
                    .filter(|row| acts.is_empty() || acts.contains(&row.act)),
            );
            if is_last {
                return Ok(all);
            }
        }
    }
}

/// Whether every act is one that goes to the portal.
pub(super) fn check_acts(acts: &[String]) -> Result<(), ApiError> {
    let odd = acts
        .iter()
        .find(|act| zhengqiao_exchange::Act::by_name(act).is_none());
    match odd {
        Some(odd) => Err(invalid(format!(
            "acts: {odd:?} is none of link, unlink, merge"
        ))),
        None => Ok(()),
    }
}

/// What came of the decisions so far.
#[derive(Default)]
struct Tally {
    done: i64,
    counts: BTreeMap<String, i64>,
    rows: Vec<DecisionDeliveryRow>,
    cancelled: bool,
    stopped: Option<String>,
}

impl Tally {
    fn take(&mut self, row: DecisionDeliveryRow) {
        self.done += 1;
        *self.counts.entry(row.state.clone()).or_default() += 1;
        let needs_somebody = WORST.contains(&row.state.as_str());
        if self.rows.len() >= MOST_ROWS {
            // What went well makes room for what did not.
            let well = |row: &DecisionDeliveryRow| !WORST.contains(&row.state.as_str());
            match self.rows.iter().position(well) {
                Some(at) if needs_somebody => drop(self.rows.swap_remove(at)),
                _ => return,
            }
        }
        self.rows.push(row);
    }

    fn report(mut self, dry_run: bool, total: i64) -> DecisionDeliveryReport {
        let rank = |row: &DecisionDeliveryRow| {
            WORST
                .iter()
                .position(|state| *state == row.state)
                .unwrap_or(WORST.len())
        };
        self.rows.sort_by_key(|row| (rank(row), -row.decision_id));
        DecisionDeliveryReport {
            dry_run,
            total,
            counts: told(self.counts.into_iter().collect()),
            cancelled: self.cancelled,
            stopped: self.stopped,
            rows: self.rows,
        }
    }
}
