//! An open connection to a database of either system.

use super::fault::Trouble;
use super::{Column, Table, mysql, postgres};

/// A row: its JSON, and the values of the order's columns as text.
pub type KeyedRow = (String, Vec<Option<String>>);

/// An open connection.
pub enum Link {
    /// To PostgreSQL.
    Postgres(postgres::Client),
    /// To MySQL or MariaDB.
    Mysql(Box<mysql_async::Conn>),
}

impl Link {
    /// The columns of a table; none when there is no such table that the user may see.
    pub async fn columns(
        &mut self,
        schema: Option<&str>,
        table: &str,
    ) -> Result<Vec<Column>, Trouble> {
        match self {
            Link::Postgres(client) => postgres::columns(client, schema, table).await,
            Link::Mysql(conn) => mysql::columns(conn, schema, table).await,
        }
    }

    /// The tables that the user may read.
    pub async fn tables(&mut self) -> Result<Vec<Table>, Trouble> {
        match self {
            Link::Postgres(client) => postgres::tables(client).await,
            Link::Mysql(conn) => mysql::tables(conn).await,
        }
    }

    /// The server's time, unix ms, and its version.
    pub async fn server(&mut self) -> Result<(i64, String), Trouble> {
        match self {
            Link::Postgres(client) => postgres::server(client).await,
            Link::Mysql(conn) => mysql::server(conn).await,
        }
    }

    /// The rows of a statement that begins with the row's JSON and goes on with the order's columns.
    pub async fn rows(&mut self, sql: &str, values: &[String]) -> Result<Vec<KeyedRow>, Trouble> {
        match self {
            Link::Postgres(client) => postgres::rows(client, sql, values).await,
            Link::Mysql(conn) => mysql::rows(conn, sql, values).await,
        }
    }

    /// Runs a statement that changes rows.
    pub async fn execute(&mut self, sql: &str, values: &[String]) -> Result<(), Trouble> {
        match self {
            Link::Postgres(client) => postgres::execute(client, sql, values).await,
            Link::Mysql(conn) => mysql::execute(conn, sql, values).await,
        }
    }
}
