//! `zhengqiao records history`.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{ApiError, RecordHistory, RecordHistoryRequest};

use crate::End;
use crate::output::{Output, line, table, when};

pub async fn run(console: &Console, id: &str, output: Output) -> Result<End, ApiError> {
    let record_id = id.strip_prefix('#').and_then(|number| number.parse().ok());
    let found = console
        .get_record_history(RecordHistoryRequest {
            search: record_id.is_none().then(|| id.to_owned()),
            record_id,
        })
        .await?;
    output.print(&found, |found| found.histories.iter().for_each(print));
    Ok(End::Done)
}

fn print(history: &RecordHistory) {
    let record = &history.record;
    line(&format!(
        "{}  {}  {}  {}{}",
        history.connection,
        record.dataset,
        record.business_key.as_deref().unwrap_or_default(),
        record.title,
        if history.present {
            ""
        } else {
            "  (no longer in the cache)"
        }
    ));
    let text = |value: Option<String>| value.unwrap_or_default();
    table(
        &[
            "state", "run", "via", "by", "at", "settings", "rules", "changed",
        ],
        history.versions.iter().map(|version| {
            vec![
                version.state.clone(),
                version.run_id.to_string(),
                version.via.clone(),
                text(version.asked_by.clone()),
                when(Some(version.at)),
                text(version.profile_version.map(|number| number.to_string())),
                text(version.rule_set.clone()),
                version.changed.join(", "),
            ]
        }),
    );
    if history.origins.is_empty() {
        return;
    }
    table(
        &["field", "run", "via", "at", "settings", "rules"],
        history.origins.iter().map(|origin| {
            vec![
                origin.field.clone(),
                format!(
                    "{}{}",
                    origin.run_id,
                    if origin.at_least { " or earlier" } else { "" }
                ),
                origin.via.clone(),
                when(Some(origin.at)),
                text(origin.profile_version.map(|number| number.to_string())),
                text(origin.rule_set.clone()),
            ]
        }),
    );
}
