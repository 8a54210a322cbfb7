//! MySQL and MariaDB.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder, Params, Row, SslOpts, Value};

use super::fault::Trouble;
use super::link::KeyedRow;
use super::{Column, DatabaseProvider};
use crate::error::Fault;

/// Connects.
pub async fn connect(to: &DatabaseProvider) -> Result<Conn, Trouble> {
    let tls = to.encrypted.then(|| {
        let extra = to.network.ca_bundle.trim();
        let options = SslOpts::default();
        if extra.is_empty() {
            options
        } else {
            options.with_root_certs(vec![extra.as_bytes().to_vec().into()])
        }
    });
    let options = OptsBuilder::default()
        .ip_or_hostname(to.host.trim_matches(['[', ']']).to_owned())
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

const COLUMNS: &str = "SELECT c.COLUMN_NAME, c.COLUMN_TYPE, c.COLUMN_COMMENT, c.IS_NULLABLE, \
     COALESCE(s.SEQ_IN_INDEX, 0) FROM information_schema.COLUMNS c \
     LEFT JOIN information_schema.STATISTICS s ON s.TABLE_SCHEMA = c.TABLE_SCHEMA \
     AND s.TABLE_NAME = c.TABLE_NAME AND s.COLUMN_NAME = c.COLUMN_NAME AND s.INDEX_NAME = 'PRIMARY' \
     WHERE c.TABLE_SCHEMA = COALESCE(?, DATABASE()) AND c.TABLE_NAME = ? ORDER BY c.ORDINAL_POSITION";

/// The columns of a table.
pub async fn columns(
    conn: &mut Conn,
    schema: Option<&str>,
    table: &str,
) -> Result<Vec<Column>, Trouble> {
    let rows: Vec<(String, String, String, String, u32)> =
        conn.exec(COLUMNS, (schema, table)).await?;
    Ok(rows
        .into_iter()
        .map(|(name, kind, comment, nullable, key_place)| Column {
            name,
            kind,
            comment,
            nullable: nullable == "YES",
            key_place,
        })
        .collect())
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

fn text(value: Value) -> Result<Option<String>, Trouble> {
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
