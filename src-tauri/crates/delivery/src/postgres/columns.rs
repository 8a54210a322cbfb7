//! The columns of a dataset's table: our fields by their names, each with its type.

use std::borrow::Cow;

use zhengqiao_domain::DatasetId;
use zhengqiao_domain::field::{Field, Kind};

/// A document that never ends, in a column of dates.
///
/// Source: practice of the portals, whose programs read no infinity.
pub const NEVER_ENDS: &str = "9999-12-31";

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: &'static str,
    /// What it is called.
    pub zh: &'static str,
}

/// Columns that every table has besides the fields, with what they are when the table is older.
pub const OWN: [(Column, &str); 7] = [
    (column("stream", "text", "数据来源标识"), "NOT NULL"),
    (column("row_key", "text", "记录主键散列"), "NOT NULL"),
    (
        column("withdrawn", "boolean", "是否已撤销"),
        "NOT NULL DEFAULT false",
    ),
    (column("connection", "text", "来源连接"), ""),
    (column("run_no", "bigint", "来源运行编号"), ""),
    (column("delivered_at", "timestamptz", "入库时间"), ""),
    (
        column("stale", "boolean", "待重新投递"),
        "NOT NULL DEFAULT false",
    ),
];

const fn column(name: &'static str, kind: &'static str, zh: &'static str) -> Column {
    Column { name, kind, zh }
}

/// A dataset's fields as columns.
pub fn of(dataset: DatasetId) -> impl Iterator<Item = Column> {
    dataset.dataset().fields.iter().map(|field| Column {
        name: field.name,
        kind: kind(field),
        zh: field.zh,
    })
}

const fn kind(field: &Field) -> &'static str {
    match field.kind {
        Kind::Integer => "bigint",
        Kind::Moment => "timestamp",
        Kind::Date => "date",
        _ => "text",
    }
}

/// A value as its column reads it.
pub fn written<'v>(field: &Field, value: &'v str) -> Cow<'v, str> {
    if matches!(field.kind, Kind::Date) && value == "长期" {
        NEVER_ENDS.into()
    } else {
        value.into()
    }
}

/// A name as an identifier.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_has_the_name_of_a_column_of_ours() {
        for dataset in DatasetId::ALL {
            for field in of(dataset) {
                assert!(
                    OWN.iter().all(|(own, _)| own.name != field.name),
                    "{dataset} {}",
                    field.name
                );
                assert!(field.name.len() <= 63, "{}", field.name);
            }
        }
    }
}
