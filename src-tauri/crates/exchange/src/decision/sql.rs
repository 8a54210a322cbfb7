//! Decisions to a database: one statement in one transaction, which has to change exactly one row.

use super::plan::{Act, Order, Present};
use super::target::{SqlTarget, wrong};
use super::template::{self, Statement};
use crate::database::DatabaseProvider;
use crate::error::ExchangeError;

pub async fn present(
    provider: &DatabaseProvider,
    target: &SqlTarget,
    account_id: &str,
) -> Result<Option<Present>, ExchangeError> {
    let statement = Statement::new("read", &target.read)?;
    let values = statement.values(|name| (name == "account_id").then(|| account_id.to_owned()));
    let sql = statement.written(|number| provider.mark(number));
    let Some(row) = provider.one_row(&sql, &values).await? else {
        return Ok(None);
    };
    let mut columns = row.into_iter();
    let bound_to = columns.next().flatten();
    Ok(Some(Present {
        bound_to: bound_to.filter(|text| !text.trim().is_empty()),
        active: columns.next().flatten().and_then(|text| truth(&text)),
        version: None,
    }))
}

fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "t" | "true" | "1" | "y" | "active" => Some(true),
        "f" | "false" | "0" | "n" | "disabled" | "deleted" => Some(false),
        _ => None,
    }
}

/// The statement that does it.
fn statement(target: &SqlTarget, order: &Order) -> Result<Statement, ExchangeError> {
    let merges = order.act == Act::Merge && !target.merge.trim().is_empty();
    let (name, text) = match (merges, order.restores, &order.wanted.bound_to) {
        (true, false, _) => ("merge", &target.merge),
        (true, true, _) if target.undo_merge.trim().is_empty() => {
            return Err(wrong(
                "undo_merge",
                "there is no statement that takes a merge back; do it in the portal",
            ));
        }
        (true, true, _) => ("undo_merge", &target.undo_merge),
        (false, _, Some(_)) => ("link", &target.link),
        (false, _, None) => ("unlink", &target.unlink),
    };
    Statement::new(name, text)
}

pub async fn send(
    provider: &DatabaseProvider,
    target: &SqlTarget,
    order: &Order,
) -> Result<(), ExchangeError> {
    let statement = statement(target, order)?;
    let values = statement.values(|name| template::value(order, name).map(str::to_owned));
    let sql = statement.written(|number| provider.mark(number));
    provider.change_one(&sql, &values).await
}

pub fn describe(target: &SqlTarget, order: &Order) -> Result<String, ExchangeError> {
    let statement = statement(target, order)?;
    Ok(statement.written(
        |number| match template::value(order, statement.name(number)) {
            Some(text) => format!("'{}'", text.replace('\'', "''")),
            None => "NULL".into(),
        },
    ))
}
