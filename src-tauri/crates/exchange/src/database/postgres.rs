//! PostgreSQL.

use tokio_postgres::config::SslMode;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::fault::Trouble;
use super::link::KeyedRow;
use super::{Column, DatabaseProvider, Table};
use crate::error::Fault;
use crate::tls;

/// An open connection; what drives it ends with it.
pub struct Client {
    pub(super) client: tokio_postgres::Client,
    driver: tokio::task::JoinHandle<()>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Connects, encrypted wherever the other side can.
pub async fn connect(to: &DatabaseProvider) -> Result<Client, Trouble> {
    let mut config = Config::new();
    config
        .host(to.bare_host())
        .port(to.port)
        .dbname(&to.database)
        .user(&to.user)
        .password(to.password.as_bytes())
        .application_name("zhengqiao");
    let client = if to.encrypted {
        config.ssl_mode(SslMode::Require);
        let settings = tls::client_config(&to.network, &to.secrets)
            .map_err(|error| Trouble::new(Fault::Tls, error.to_string()))?;
        let (client, driver) = config.connect(MakeRustlsConnect::new(settings)).await?;
        Client {
            client,
            driver: tokio::spawn(async move {
                let _ = driver.await;
            }),
        }
    } else {
        config.ssl_mode(SslMode::Disable);
        let (client, driver) = config.connect(NoTls).await?;
        Client {
            client,
            driver: tokio::spawn(async move {
                let _ = driver.await;
            }),
        }
    };
    // Times are those of China and written in one form, whatever the server's settings are.
    client
        .client
        .batch_execute(&format!(
            "SET datestyle = 'ISO, YMD'; SET timezone = 'Asia/Shanghai'; SET statement_timeout = {}",
            to.network.request_timeout_ms
        ))
        .await?;
    Ok(client)
}

const COLUMNS: &str = "SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), \
     COALESCE(pg_catalog.col_description(a.attrelid, a.attnum), ''), a.attnotnull, \
     COALESCE(array_position(i.indkey::int2[], a.attnum), -1)::int4, \
     has_column_privilege(a.attrelid, a.attnum, 'SELECT'), \
     has_column_privilege(a.attrelid, a.attnum, 'UPDATE') \
     FROM pg_catalog.pg_attribute a \
     LEFT JOIN pg_catalog.pg_index i ON i.indrelid = a.attrelid AND i.indisprimary \
     WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

/// The columns of a table.
pub async fn columns(
    client: &Client,
    schema: Option<&str>,
    table: &str,
) -> Result<Vec<Column>, Trouble> {
    let name = schema.map_or_else(
        || quoted(table),
        |schema| format!("{}.{}", quoted(schema), quoted(table)),
    );
    let rows = client.client.query(COLUMNS, &[&name]).await?;
    rows.iter()
        .map(|row| {
            let place: i32 = row.try_get(4)?;
            Ok(Column {
                name: row.try_get(0)?,
                kind: row.try_get(1)?,
                comment: row.try_get(2)?,
                nullable: !row.try_get::<_, bool>(3)?,
                // An int2vector counts from 0.
                key_place: u32::try_from(place + 1).unwrap_or(0),
                readable: row.try_get(5)?,
                writable: row.try_get(6)?,
            })
        })
        .collect::<Result<_, tokio_postgres::Error>>()
        .map_err(Trouble::from)
}

const TABLES: &str = "SELECT CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN c.relname::text \
     ELSE n.nspname || '.' || c.relname END, \
     COALESCE(pg_catalog.obj_description(c.oid, 'pg_class'), ''), c.reltuples::int8 \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname !~ '^(pg_|information_schema$)' \
     AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT') \
     ORDER BY NOT pg_catalog.pg_table_is_visible(c.oid), n.nspname, c.relname LIMIT 2000";

/// The tables that the user may read.
pub async fn tables(client: &Client) -> Result<Vec<Table>, Trouble> {
    let rows = client.client.query(TABLES, &[]).await?;
    rows.iter()
        .map(|row| {
            let rows: i64 = row.try_get(2)?;
            Ok(Table {
                name: row.try_get(0)?,
                comment: row.try_get(1)?,
                // A table that was never analysed has -1.
                rows: u64::try_from(rows).ok(),
            })
        })
        .collect::<Result<_, tokio_postgres::Error>>()
        .map_err(Trouble::from)
}

/// The server's time, unix ms, and its version.
pub async fn server(client: &Client) -> Result<(i64, String), Trouble> {
    let row = client
        .client
        .query_one(
            "SELECT (EXTRACT(epoch FROM clock_timestamp()) * 1000)::int8, version()",
            &[],
        )
        .await?;
    let version: String = row.try_get(1)?;
    // Behind its name come compiler and architecture.
    let short = version.split(" on ").next().unwrap_or_default();
    Ok((row.try_get(0)?, short.to_owned()))
}

/// The rows of a statement.
pub async fn rows(client: &Client, sql: &str, values: &[String]) -> Result<Vec<KeyedRow>, Trouble> {
    let params: Vec<&(dyn ToSql + Sync)> = values.iter().map(|one| one as _).collect();
    let rows = client.client.query(sql, &params).await?;
    rows.iter()
        .map(|row| {
            let keys = (1..row.len())
                .map(|at| row.try_get(at))
                .collect::<Result<_, _>>()?;
            Ok((row.try_get(0)?, keys))
        })
        .collect::<Result<_, tokio_postgres::Error>>()
        .map_err(Trouble::from)
}

/// Runs a statement that changes rows.
pub async fn execute(client: &Client, sql: &str, values: &[String]) -> Result<(), Trouble> {
    let params: Vec<&(dyn ToSql + Sync)> = values.iter().map(|one| one as _).collect();
    client.client.execute(sql, &params).await?;
    Ok(())
}

/// A name as an identifier.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
