//! One row, read or changed by a statement that an administrator wrote.

use std::time::Duration;

use mysql_async::prelude::Queryable as _;
use mysql_async::{Params, Row, TxOpts, Value};
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

use super::fault::Trouble;
use super::link::Link;
use super::{DatabaseProvider, System, mysql};
use crate::error::{ExchangeError, Fault};

/// A value in PostgreSQL's text form, which the server reads as whatever type its place has.
#[derive(Debug)]
struct AnyType<'a>(Option<&'a str>);

impl ToSql for AnyType<'_> {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match self.0 {
            Some(text) => {
                out.extend_from_slice(text.as_bytes());
                IsNull::No
            }
            None => IsNull::Yes,
        })
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

fn any_type(values: &[Option<String>]) -> Vec<AnyType<'_>> {
    values.iter().map(|one| AnyType(one.as_deref())).collect()
}

fn positional(values: &[Option<String>]) -> Params {
    Params::Positional(
        values
            .iter()
            .map(|one| one.as_deref().map_or(Value::NULL, Value::from))
            .collect(),
    )
}

/// What went wrong when other than one row would have been changed.
fn not_one(rows: u64) -> Trouble {
    let what = format!("the statement changes {rows} rows, not one; it was taken back");
    Trouble::new(Fault::ProviderRefused, what)
}

impl DatabaseProvider {
    /// How a place in a statement is written.
    pub(crate) fn mark(&self, number: usize) -> String {
        match self.system {
            System::Postgres => format!("${number}"),
            System::Mysql => "?".into(),
        }
    }

    /// The first row of a query as texts; `None` when there is none.
    ///
    /// # Errors
    /// What went wrong, by its name.
    pub(crate) async fn one_row(
        &self,
        sql: &str,
        values: &[Option<String>],
    ) -> Result<Option<Vec<Option<String>>>, ExchangeError> {
        self.in_time(async {
            match self.connect().await? {
                Link::Postgres(client) => {
                    let prepared = client.client.prepare(sql).await?;
                    let columns = prepared.columns().len();
                    let names: Vec<String> = (1..=columns).map(|at| format!("c{at}")).collect();
                    let texts: Vec<String> =
                        names.iter().map(|name| format!("t.{name}::text")).collect();
                    let sql = format!(
                        "SELECT {} FROM ({sql}) AS t({}) LIMIT 1",
                        texts.join(", "),
                        names.join(", ")
                    );
                    let values = any_type(values);
                    let params: Vec<&(dyn ToSql + Sync)> =
                        values.iter().map(|one| one as _).collect();
                    let Some(row) = client.client.query_opt(&sql, &params).await? else {
                        return Ok(None);
                    };
                    let texts = (0..columns)
                        .map(|at| row.try_get(at))
                        .collect::<Result<_, tokio_postgres::Error>>()?;
                    Ok(Some(texts))
                }
                Link::Mysql(mut conn) => {
                    let row: Option<Row> = conn.exec_first(sql, positional(values)).await?;
                    row.map(|row| row.unwrap().into_iter().map(mysql::text).collect())
                        .transpose()
                }
            }
        })
        .await
    }

    /// Runs a statement in a transaction of its own; it is taken back unless it changes one row.
    ///
    /// # Errors
    /// What went wrong, by its name; [`Fault::ProviderRefused`] when it is another number of rows.
    pub(crate) async fn change_one(
        &self,
        sql: &str,
        values: &[Option<String>],
    ) -> Result<(), ExchangeError> {
        self.in_time(async {
            match self.connect().await? {
                Link::Postgres(mut client) => {
                    let work = client.client.transaction().await?;
                    let values = any_type(values);
                    let params: Vec<&(dyn ToSql + Sync)> =
                        values.iter().map(|one| one as _).collect();
                    let rows = work.execute(sql, &params).await?;
                    if rows != 1 {
                        work.rollback().await?;
                        return Err(not_one(rows));
                    }
                    Ok(work.commit().await?)
                }
                Link::Mysql(mut conn) => {
                    let mut work = conn.start_transaction(TxOpts::default()).await?;
                    work.exec_drop(sql, positional(values)).await?;
                    let rows = work.affected_rows();
                    if rows != 1 {
                        work.rollback().await?;
                        return Err(not_one(rows));
                    }
                    Ok(work.commit().await?)
                }
            }
        })
        .await
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, ExchangeError> {
        let limit = Duration::from_millis(self.network.request_timeout_ms);
        tokio::time::timeout(limit, work)
            .await
            .unwrap_or_else(|_| Err(Trouble::timeout("the statement takes too long")))
            .map_err(|trouble| trouble.of(None, &self.place()))
    }
}
