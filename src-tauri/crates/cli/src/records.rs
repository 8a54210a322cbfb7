//! `zhengqiao records`.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{ApiError, RecordId, RecordsRequest};

use crate::End;
use crate::args::{RecordsCommand, RecordsSubcommand};
use crate::history;
use crate::output::{Output, line, table};
use crate::rejected::print_finding;

pub async fn run(
    console: &Console,
    command: RecordsCommand,
    output: Output,
) -> Result<End, ApiError> {
    if let Some(RecordsSubcommand::History { id }) = command.command {
        return history::run(console, &id, output).await;
    }
    if let Some(record_id) = command.record {
        let detail = console.get_record(RecordId { record_id }).await?;
        output.print(&detail, |detail| {
            line(&format!(
                "{}  {}  {}  {}",
                detail.record.record_id,
                detail.record.dataset,
                detail.record.state,
                detail.record.title
            ));
            detail.findings.iter().for_each(print_finding);
            table(
                &["field", "value"],
                detail
                    .fields
                    .iter()
                    .filter_map(|field| Some(vec![field.field.clone(), field.value.clone()?])),
            );
        });
        return Ok(End::Done);
    }
    let connection_id = match &command.connection {
        Some(name) => Some(console.connection_by_name(name).await?.connection_id),
        None => None,
    };
    let request = RecordsRequest {
        connection_id,
        dataset: command.dataset,
        state: command.state,
        run_id: command.run,
        change: command.change,
        search: command.search,
        after: command.after,
        limit: command.limit,
    };
    let page = console.list_records(request).await?;
    output.print(&page, |page| {
        table(
            &[
                "id", "dataset", "state", "number", "title", "time", "warnings",
            ],
            page.records.iter().map(|row| {
                let text = |value: &Option<String>| value.clone().unwrap_or_default();
                vec![
                    row.rejection_id
                        .map_or_else(|| row.record_id.to_string(), |id| format!("rejected {id}")),
                    row.dataset.to_string(),
                    row.state.clone(),
                    text(&row.business_key),
                    row.title.clone(),
                    text(&row.source_time),
                    row.warnings.to_string(),
                ]
            }),
        );
        if let Some(next) = page.next {
            line(&format!("more: --after {next}"));
        }
    });
    Ok(End::Done)
}
