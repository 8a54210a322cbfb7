//! Checking one rejection again: what it would become, and writing that.

use zhengqiao_domain::Outcome;
use zhengqiao_store::mend::{LEFT, OTHERWISE, PASSED, STILL};
use zhengqiao_store::rejection::{self, HELD, REFUSED, REJECTED, State};
use zhengqiao_store::{Connection, StoreError, Transaction, record, source};

use crate::batch::Desk;
use crate::judge::{Judged, KeptFindings, Under, failing, judge, say_the_same};
use crate::sitting::{ParentCache, Totals};

/// What became of a rejection.
pub(super) struct Again {
    pub fate: i64,
    /// Whether it is held.
    pub held: bool,
    /// Rules and fields that it fails by now, as JSON text.
    pub fails: Option<String>,
}

impl Again {
    /// One that nothing is done about.
    pub const fn left() -> Self {
        Self {
            fate: LEFT,
            held: false,
            fails: None,
        }
    }
}

/// What a rejection would become; nothing for one that is settled or gone.
pub(super) fn predict(
    conn: &Connection,
    desk: &Desk,
    under: &Under<'_>,
    rejection_id: i64,
    releases: bool,
) -> Result<Option<i64>, StoreError> {
    let head = rejection::head(conn, rejection_id)?;
    let settled = head.is_none_or(|head| {
        head.outcome == REFUSED
            || head.state == State::Resolved as i64
            || head.state == State::Overridden as i64
    });
    if settled {
        return Ok(Some(LEFT));
    }
    let Some((raw, _, findings)) = rejection::payload(conn, rejection_id)? else {
        return Ok(Some(LEFT));
    };
    let mut parents = ParentCache::default();
    let judged = judge(conn, desk, under, &raw, &mut parents, |_| true)?;
    Ok(Some(fate(&judged, &findings, releases)?))
}

fn fate(judged: &Judged, before: &str, releases: bool) -> Result<i64, StoreError> {
    if judged.withdraws {
        return Ok(if releases { PASSED } else { LEFT });
    }
    if judged.outcome == Outcome::Accepted {
        return Ok(PASSED);
    }
    let before: KeptFindings<'_> = serde_json::from_str(before)?;
    let (before, now) = (before.failing(), failing(&judged.row.findings));
    Ok(if now.is_subset(&before) {
        STILL
    } else {
        OTHERWISE
    })
}

/// Checks a rejection again and writes what it becomes. What would be as it is, is not touched, so that
/// the second time changes nothing.
pub(super) fn check(
    tx: &Transaction<'_>,
    desk: &Desk,
    under: &Under<'_>,
    rejection_id: i64,
    releases: bool,
) -> Result<Again, StoreError> {
    let Some((raw, mapped, findings)) = rejection::payload(tx, rejection_id)? else {
        return Ok(Again::left());
    };
    let Some(head) = rejection::head(tx, rejection_id)? else {
        return Ok(Again::left());
    };
    let own = rejection::find_key(tx, rejection_id)?;
    let mut parents = ParentCache::default();
    let judged = judge(tx, desk, under, &raw, &mut parents, |_| true)?;
    let fate = fate(&judged, &findings, releases)?;
    let Judged {
        row,
        outcome,
        withdraws,
        ..
    } = judged;
    if fate == LEFT {
        return Ok(Again::left());
    }
    let mut totals = Totals::default();
    let moved = own != Some(row.key_hash);
    if fate == PASSED {
        let known = record::find(tx, desk.source_id, &row.key_hash)?;
        if withdraws {
            desk.withdraw(tx, &row, known, &mut totals)?;
        } else {
            let known = known.map(|known| (known.id, known.state));
            desk.accept(tx, &row, known, &mut totals)?;
        }
        if moved {
            // Its key was not read rightly: the record has another, the rejection is settled with it.
            desk.keep_rejection(tx, &head)?;
            rejection::resolve(tx, rejection_id, desk.run_id, desk.at)?;
        }
        source::bump(tx, desk.source_id, totals.accepted, totals.withdrawn)?;
        return Ok(Again {
            fate,
            held: false,
            fails: None,
        });
    }
    let held = outcome == Outcome::Held;
    let fails = Some(serde_json::to_string(&failing(&row.findings))?);
    let becomes = if held { HELD } else { REJECTED };
    let same = !moved
        && head.outcome == becomes
        && head.hash == row.hash
        && say_the_same(&findings, &serde_json::to_string(&row.findings)?)?
        && mapped == serde_json::to_string(&row.record.to_json())?;
    if !same {
        if moved {
            desk.keep_rejection(tx, &head)?;
            rejection::remove(tx, rejection_id)?;
        }
        desk.reject(tx, &row, becomes)?;
    }
    Ok(Again { fate, held, fails })
}
