//! The library's schema: our own tables by numbered steps, and a table for each dataset that follows
//! the dataset's fields.
//!
//! Columns that a later version of a dataset has are added; columns that somebody else added stay as
//! they are. A schema of a newer program is left alone.

use std::collections::HashSet;

use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{ExchangeError, Fault, Library};

use super::columns::{self, quoted};
use super::{copy, sort};
use crate::door::SendError;
use crate::error::DeliveryError;

/// The steps of our own tables; a step is never changed once it was shipped.
const STEPS: &[fn(&str) -> String] = &[|schema| {
    format!(
        "CREATE TABLE {schema}.delivery_stream (
           stream text NOT NULL PRIMARY KEY,
           connection text,
           token text,
           last_no bigint NOT NULL,
           has_stale boolean NOT NULL,
           at timestamptz NOT NULL)"
    )
}];

async fn run(library: &Library, sql: &str) -> Result<(), SendError> {
    library.client().batch_execute(sql).await.map_err(sort)
}

/// Brings the schema to its present form.
///
/// # Errors
/// [`DeliveryError::NewerLibrary`], or what the database said.
pub async fn prepare(
    library: &Library,
    schema: &str,
    datasets: &[DatasetId],
) -> Result<(), SendError> {
    run(library, "BEGIN").await?;
    match steps(library, schema, datasets).await {
        Ok(()) => run(library, "COMMIT").await,
        Err(error) => {
            if !matches!(error, SendError::Again(_)) {
                run(library, "ROLLBACK").await?;
            }
            Err(match error {
                // Somebody else made the same thing in the same moment; the next look finds it.
                SendError::Refused(refusal) => SendError::Again(ExchangeError::Request {
                    fault: Fault::ProviderError,
                    dataset: None,
                    path: schema.to_owned(),
                    what: format!("{} ({})", refusal.message, refusal.code),
                }),
                error => error,
            })
        }
    }
}

async fn steps(library: &Library, name: &str, datasets: &[DatasetId]) -> Result<(), SendError> {
    let client = library.client();
    let schema = quoted(name);
    let there = client
        .query_opt(
            "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1",
            &[&name],
        )
        .await
        .map_err(sort)?;
    if there.is_none() {
        run(library, &format!("CREATE SCHEMA {schema}")).await?;
    }
    let tables = tables(library, name).await?;
    if !tables.contains("delivery_version") {
        run(
            library,
            &format!("CREATE TABLE {schema}.delivery_version (version integer NOT NULL PRIMARY KEY, at timestamptz NOT NULL)"),
        )
        .await?;
    }
    let row = client
        .query_one(
            &format!("SELECT COALESCE(MAX(version), 0) FROM {schema}.delivery_version"),
            &[],
        )
        .await
        .map_err(sort)?;
    let found: i32 = row.get(0);
    let known = i32::try_from(STEPS.len()).unwrap_or(i32::MAX);
    if found > known {
        return Err(SendError::Stop(DeliveryError::NewerLibrary {
            schema: name.to_owned(),
            found,
            known,
        }));
    }
    for (at, step) in STEPS
        .iter()
        .enumerate()
        .skip(usize::try_from(found).unwrap_or(0))
    {
        run(library, &step(&schema)).await?;
        run(
            library,
            &format!(
                "INSERT INTO {schema}.delivery_version (version, at) VALUES ({}, now())",
                at + 1
            ),
        )
        .await?;
    }
    for dataset in datasets {
        let sql = if tables.contains(dataset.as_str()) {
            missing_columns(library, name, *dataset).await?
        } else {
            new_table(name, *dataset)
        };
        if !sql.is_empty() {
            run(library, &sql).await?;
        }
    }
    Ok(())
}

async fn tables(library: &Library, schema: &str) -> Result<HashSet<String>, SendError> {
    let rows = library
        .client()
        .query(
            "SELECT c.relname::text
             FROM pg_catalog.pg_class c
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')",
            &[&schema],
        )
        .await
        .map_err(sort)?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

fn new_table(schema: &str, dataset: DatasetId) -> String {
    let place = format!("{}.{}", quoted(schema), quoted(dataset.as_str()));
    let own = columns::OWN
        .iter()
        .map(|(column, rest)| format!("{} {} {rest}", quoted(column.name), column.kind));
    let fields =
        columns::of(dataset).map(|column| format!("{} {}", quoted(column.name), column.kind));
    let list: Vec<String> = own.chain(fields).collect();
    let mut sql = format!(
        "CREATE TABLE {place} ({}, PRIMARY KEY (stream, row_key));\nCOMMENT ON TABLE {place} IS '{}';\n",
        list.join(", "),
        dataset.dataset().zh
    );
    let all = columns::OWN
        .iter()
        .map(|(column, _)| *column)
        .chain(columns::of(dataset));
    for column in all {
        sql.push_str(&format!(
            "COMMENT ON COLUMN {place}.{} IS '{}';\n",
            quoted(column.name),
            column.zh.replace('\'', "''")
        ));
    }
    sql
}

async fn missing_columns(
    library: &Library,
    schema: &str,
    dataset: DatasetId,
) -> Result<String, SendError> {
    let rows = library
        .client()
        .query(
            "SELECT a.attname::text
             FROM pg_catalog.pg_attribute a
             JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped",
            &[&schema, &dataset.as_str()],
        )
        .await
        .map_err(sort)?;
    let there: HashSet<String> = rows.iter().map(|row| row.get(0)).collect();
    let place = format!("{}.{}", quoted(schema), quoted(dataset.as_str()));
    let own = columns::OWN.iter().map(|(column, rest)| (*column, *rest));
    let wanted = own.chain(columns::of(dataset).map(|column| (column, "")));
    Ok(wanted
        .filter(|(column, _)| !there.contains(column.name))
        .map(|(column, rest)| {
            format!(
                "ALTER TABLE {place} ADD COLUMN {} {} {rest};\n",
                quoted(column.name),
                column.kind
            )
        })
        .collect())
}

/// Makes the schema and writes a row of a dataset, and takes everything back.
///
/// # Errors
/// What the database said, and whether it was at the schema.
pub async fn probe(
    library: &Library,
    schema: &str,
    datasets: &[DatasetId],
) -> Result<(), (&'static str, SendError)> {
    let client = library.client();
    let at = |layer: &'static str| move |error: SendError| (layer, error);
    run(library, "BEGIN").await.map_err(at("permission"))?;
    let made = steps(library, schema, datasets)
        .await
        .map_err(at("permission"));
    let outcome = match made {
        Err(error) => Err(error),
        Ok(()) => match datasets.first() {
            None => Ok(()),
            Some(dataset) => sample(client, library, schema, *dataset)
                .await
                .map_err(at("sample")),
        },
    };
    // A broken connection takes everything back by itself.
    let undone = run(library, "ROLLBACK").await.map_err(at("sample"));
    outcome.and(undone)
}

async fn sample(
    client: &tokio_postgres::Client,
    library: &Library,
    schema: &str,
    dataset: DatasetId,
) -> Result<(), SendError> {
    run(library, &copy::stage(dataset)).await?;
    let key = "0".repeat(32);
    run(
        library,
        &format!(
            "INSERT INTO {} (row_key, withdrawn, run_no) VALUES ('{key}', 'false', '0')",
            copy::staging(dataset)
        ),
    )
    .await?;
    for sql in copy::merge(schema, dataset) {
        client
            .execute(&sql, &[&"test", &"test"])
            .await
            .map_err(sort)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_table_has_a_column_for_every_field_and_a_key_that_keeps_streams_apart() {
        let sql = new_table("portal", DatasetId::CaseAcceptance);
        for field in DatasetId::CaseAcceptance.dataset().fields {
            assert!(
                sql.contains(&format!("\"{}\" ", field.name)),
                "{}",
                field.name
            );
        }
        assert!(sql.contains("PRIMARY KEY (stream, row_key)"));
    }
}
