//! What was decided about accounts, as the review takes it into account.

use std::collections::HashMap;

use zhengqiao_domain::Record;
use zhengqiao_identity::{AccountReader, Decided, PortalAccount};
use zhengqiao_store::binding_decision::{self, BindingDecision};
use zhengqiao_store::{Connection, StoreError};

/// Decisions read at once.
const DECISIONS: u32 = 1_000;

/// The account in a record, with what was decided about it.
pub(super) fn account(
    reader: &AccountReader,
    record: &Record,
    decided: &HashMap<String, Decided>,
) -> Option<PortalAccount> {
    let mut account = reader.account(record).ok()?;
    account.decided = decided.get(&*account.account_id).cloned();
    Some(account)
}

/// What a decision means for the review; putting it off means nothing.
pub(super) fn ruling(decision: &BindingDecision) -> Option<Decided> {
    match decision.act.as_str() {
        "link" => decision
            .identity_key
            .as_deref()
            .map(|key| Decided::Link(key.into())),
        "unlink" => Some(Decided::Unlink(
            decision.identity_key.as_deref().map(Into::into),
        )),
        "merge" => Some(Decided::Merge),
        "do_not_touch" => Some(Decided::DoNotTouch),
        _ => None,
    }
}

/// What was decided about accounts, by account.
pub(super) fn decisions(
    conn: &Connection,
    connection_id: i64,
) -> Result<HashMap<String, Decided>, StoreError> {
    let mut all = HashMap::new();
    let mut after: Option<String> = None;
    loop {
        let page = binding_decision::holding(conn, connection_id, after.as_deref(), DECISIONS)?;
        let is_last = page.len() < DECISIONS as usize;
        for decision in page {
            if let Some(ruling) = ruling(&decision) {
                all.insert(decision.account_id.clone(), ruling);
            }
            after = Some(decision.account_id);
        }
        if is_last {
            return Ok(all);
        }
    }
}
