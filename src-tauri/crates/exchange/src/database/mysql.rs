//! MySQL and MariaDB.

use mysql_async::prelude::Queryable;
use mysql_async::{ClientIdentity, Conn, OptsBuilder, Params, Row, SslOpts, Value};

use super::fault::Trouble;
use super::link::KeyedRow;
use super::{Column, DatabaseProvider, Table};
use crate::diagnose::secured::has_certificate;
use crate::error::{ExchangeError, Fault};
use crate::tls;

/// Connects.
pub async fn connect(to: &DatabaseProvider) -> Result<Conn, Trouble> {
    let tls = to.encrypted.then(|| encryption(to)).transpose()?;
    let options = OptsBuilder::default()
        .ip_or_hostname(to.bare_host().to_owned())
        .tcp_port(to.port)
        .db_name(Some(to.database.clone()))
        .user(Some(to.user.clone()))
        .pass(Some(to.password.to_string()))
        .ssl_opts(tls)
        .prefer_socket(false);
    let mut conn = Conn::new(options).await?;
    // Times are those of China, whatever the server's settings are.
    conn.query_drop("SET NAMES utf8mb4").await?;
    conn.query_drop("SET time_zone = '+08:00'").await?;
    Ok(conn)
}

/// The same trust and the same client certificate as every other call; the library judges by itself.
fn encryption(to: &DatabaseProvider) -> Result<SslOpts, Trouble> {
    let wrong = |error: ExchangeError| Trouble::new(Fault::Tls, error.to_string());
    // Says what is wrong with certificate and key before the library meets them.
    tls::client_config(&to.network, &to.secrets).map_err(wrong)?;
    let roots = tls::authorities(&to.network).map_err(wrong)?;
    let chain = &to.network.client_certificate;
    let identity = has_certificate(&to.network).then(|| {
        ClientIdentity::new(
            chain.clone().into_bytes().into(),
            to.secrets.client_key().as_bytes().to_vec().into(),
        )
    });
    Ok(SslOpts::default()
        .with_disable_built_in_roots(true)
        .with_root_certs(roots.into_iter().map(Into::into).collect())
        .with_client_identity(identity))
}

const COLUMNS: &str = "SELECT c.COLUMN_NAME, c.COLUMN_TYPE, c.COLUMN_COMMENT, c.IS_NULLABLE, \
     COALESCE(s.SEQ_IN_INDEX, 0), c.PRIVILEGES FROM information_schema.COLUMNS c \
     LEFT JOIN information_schema.STATISTICS s ON s.TABLE_SCHEMA = c.TABLE_SCHEMA \
     AND s.TABLE_NAME = c.TABLE_NAME AND s.COLUMN_NAME = c.COLUMN_NAME AND s.INDEX_NAME = 'PRIMARY' \
     WHERE c.TABLE_SCHEMA = COALESCE(?, DATABASE()) AND c.TABLE_NAME = ? ORDER BY c.ORDINAL_POSITION";

/// The columns of a table.
pub async fn columns(
    conn: &mut Conn,
    schema: Option<&str>,
    table: &str,
) -> Result<Vec<Column>, Trouble> {
    let rows: Vec<(String, String, String, String, u32, String)> =
        conn.exec(COLUMNS, (schema, table)).await?;
    Ok(rows
        .into_iter()
        .map(|(name, kind, comment, nullable, key_place, may)| Column {
            name,
            kind,
            comment,
            nullable: nullable == "YES",
            key_place,
            readable: may.split(',').any(|one| one == "select"),
            writable: may.split(',').any(|one| one == "update"),
        })
        .collect())
}

const TABLES: &str = "SELECT IF(t.TABLE_SCHEMA = DATABASE(), t.TABLE_NAME, \
     CONCAT(t.TABLE_SCHEMA, '.', t.TABLE_NAME)), \
     IF(t.TABLE_TYPE = 'VIEW', '', t.TABLE_COMMENT), CAST(t.TABLE_ROWS AS UNSIGNED) \
     FROM information_schema.TABLES t WHERE t.TABLE_SCHEMA NOT IN \
     ('information_schema', 'performance_schema', 'mysql', 'sys') \
     ORDER BY t.TABLE_SCHEMA <> DATABASE(), t.TABLE_SCHEMA, t.TABLE_NAME LIMIT 2000";

/// The tables that the user may read.
pub async fn tables(conn: &mut Conn) -> Result<Vec<Table>, Trouble> {
    let rows: Vec<(String, String, Option<u64>)> = conn.query(TABLES).await?;
    Ok(rows
        .into_iter()
        .map(|(name, comment, rows)| Table {
            name,
            comment,
            rows,
        })
        .collect())
}

/// The server's time, unix ms, and its version.
pub async fn server(conn: &mut Conn) -> Result<(i64, String), Trouble> {
    conn.query_first("SELECT CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED), VERSION()")
        .await?
        .ok_or_else(|| Trouble::new(Fault::ProviderError, "the server does not tell its time"))
}

/// The rows of a statement.
pub async fn rows(conn: &mut Conn, sql: &str, values: &[String]) -> Result<Vec<KeyedRow>, Trouble> {
    let rows: Vec<Row> = conn.exec(sql, positional(values)).await?;
    rows.into_iter()
        .map(|row| {
            let mut texts = row.unwrap().into_iter().map(text);
            let json = texts.next().transpose()?.flatten().unwrap_or_default();
            Ok((json, texts.collect::<Result<_, _>>()?))
        })
        .collect()
}

/// Runs a statement that changes rows.
pub async fn execute(conn: &mut Conn, sql: &str, values: &[String]) -> Result<(), Trouble> {
    conn.exec_drop(sql, positional(values)).await?;
    Ok(())
}

fn positional(values: &[String]) -> Params {
    Params::Positional(values.iter().map(|one| Value::from(one.as_str())).collect())
}

pub fn text(value: Value) -> Result<Option<String>, Trouble> {
    match value {
        Value::NULL => Ok(None),
        Value::Bytes(bytes) => String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| Trouble::new(Fault::ProviderError, "a row is not UTF-8")),
        other => Ok(Some(other.as_sql(true).trim_matches('\'').to_owned())),
    }
}

/// A name as an identifier.
pub fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
