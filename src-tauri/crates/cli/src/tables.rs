//! Front-end databases: `zhengqiao connection tables`, and what `connection add` says of them.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{ApiError, InspectTable};
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{Interface, Polling, Profile, Receipts};

use crate::End;
use crate::connection::invalid;
use crate::output::{Output, table};

/// Lists the tables of a connection's database, or the columns of one.
pub async fn list(
    console: &Console,
    name: &str,
    wanted: Option<String>,
    output: Output,
) -> Result<End, ApiError> {
    let detail = console
        .get_connection(console.connection_by_name(name).await?)
        .await?;
    let of_one = wanted.is_some();
    let found = console
        .inspect_table(InspectTable {
            connection_id: Some(detail.connection_id),
            profile: detail.profile,
            table: wanted.unwrap_or_default(),
        })
        .await?;
    let is_missing = of_one && found.columns.is_empty();
    output.print(&found, |found| {
        if of_one {
            table(
                &["column", "type", "comment", "key", "may"],
                found.columns.iter().map(|column| {
                    let may = [(column.readable, "SELECT"), (column.writable, "UPDATE")];
                    let may: Vec<&str> = may
                        .into_iter()
                        .filter_map(|(may, word)| may.then_some(word))
                        .collect();
                    vec![
                        column.name.clone(),
                        column.kind.clone(),
                        column.comment.clone(),
                        match column.key_place {
                            0 => String::new(),
                            place => place.to_string(),
                        },
                        may.join(", "),
                    ]
                }),
            );
        } else {
            table(
                &["table", "comment", "rows"],
                found.tables.iter().map(|one| {
                    let rows = one
                        .rows
                        .map_or_else(|| "–".into(), |rows| format!("~{rows}"));
                    vec![one.name.clone(), one.comment.clone(), rows]
                }),
            );
        }
    });
    Ok(if is_missing { End::Failed } else { End::Done })
}

/// The profile reads these tables and carries nothing else.
pub fn take(
    profile: &mut Profile,
    tables: Vec<(DatasetId, String)>,
    flag: Option<&(String, String)>,
    receipts: bool,
) -> Result<(), ApiError> {
    if profile.interface != Interface::Database {
        return Err(invalid(
            "--table: this preset reads no database; choose frontend_postgresql or frontend_mysql"
                .into(),
        ));
    }
    profile
        .datasets
        .retain(|dataset, _| tables.iter().any(|(wanted, _)| wanted == dataset));
    for (dataset, name) in tables {
        let source = profile
            .datasets
            .get_mut(&dataset)
            .and_then(|source| source.table.as_mut())
            .ok_or_else(|| invalid(format!("--table: this preset has no table for {dataset}")))?;
        source.table = name;
        if let Some((column, value)) = flag {
            source.polling = Polling::Flag {
                column: column.clone(),
                pending: vec![value.clone()],
            };
            source.receipts = receipts.then(Receipts::default);
        }
    }
    Ok(())
}
