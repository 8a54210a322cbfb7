//! The statements that read a table. Names come from the table's own columns and are quoted; values
//! are always parameters.

use std::fmt::Write as _;

use super::receipts::Slip;
use super::{Column, System, mysql, postgres};

/// Which rows: a column and its values, or its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// One of these values.
    OneOf(Column, Vec<String>),
    /// This value or a greater one.
    From(Column, String),
    /// Less than this value.
    Before(Column, String),
    /// No value.
    Missing(Column),
    /// One of these conditions; none of them holds where there are none.
    Any(Vec<Condition>),
}

/// A read of the next batch.
pub struct Batch<'t> {
    pub system: System,
    pub schema: Option<&'t str>,
    pub table: &'t str,
    pub columns: &'t [Column],
    /// Columns that give the order; together they name a row.
    pub order: &'t [Column],
    pub conditions: &'t [Condition],
    /// Values of the order's columns in the last row that was read.
    pub after: Option<&'t [String]>,
    pub rows: u32,
}

impl Batch<'_> {
    /// The statement and its values.
    pub fn write(&self) -> (String, Vec<String>) {
        let mut made = Made {
            system: self.system,
            values: Vec::new(),
        };
        let mut sql = String::from("SELECT ");
        sql.push_str(&object(self.system, self.columns));
        for column in self.order {
            sql.push_str(", ");
            sql.push_str(&made.text_of(column));
        }
        let _ = write!(sql, " FROM {} t", made.table(self.schema, self.table));
        let mut wheres: Vec<String> = self
            .conditions
            .iter()
            .map(|one| made.condition(one))
            .collect();
        if let Some(after) = self.after {
            wheres.extend(made.after(self.order, after));
        }
        if !wheres.is_empty() {
            let _ = write!(sql, " WHERE {}", wheres.join(" AND "));
        }
        let order: Vec<String> = self.order.iter().map(|one| made.name(one)).collect();
        let _ = write!(sql, " ORDER BY {} LIMIT {}", order.join(", "), self.rows);
        (sql, made.values)
    }
}

/// A row as a JSON object.
fn object(system: System, columns: &[Column]) -> String {
    match system {
        System::Postgres => "row_to_json(t)::text".into(),
        System::Mysql => {
            let pairs: Vec<String> = columns
                .iter()
                .map(|column| {
                    let name = mysql::quoted(&column.name);
                    let value = match base(&column.kind) {
                        "binary" | "varbinary" | "blob" | "tinyblob" | "mediumblob"
                        | "longblob" | "bit" => format!("HEX(t.{name})"),
                        // Numbers of any length keep all their digits as text.
                        "decimal" | "bigint" => format!("CAST(t.{name} AS CHAR)"),
                        _ => format!("t.{name}"),
                    };
                    let key = column.name.replace('\\', "\\\\").replace('\'', "''");
                    format!("'{key}', {value}")
                })
                .collect();
            format!("CAST(JSON_OBJECT({}) AS CHAR)", pairs.join(", "))
        }
    }
}

/// A receipt for some rows that were read.
pub struct Mark<'t> {
    pub system: System,
    pub schema: Option<&'t str>,
    pub table: &'t str,
    pub columns: &'t [Column],
    /// Columns that name a row.
    pub order: &'t [Column],
    /// The flag's column and the values of rows that wait.
    pub flag: &'t Column,
    pub pending: &'t [String],
    /// What is written.
    pub sets: &'t [(&'t Column, String)],
    /// The rows, each by its key and by the mark of its content: one that was changed meanwhile waits.
    pub rows: &'t [&'t Slip],
}

impl Mark<'_> {
    /// The statement and its values.
    pub fn write(&self) -> (String, Vec<String>) {
        let mut made = Made {
            system: self.system,
            values: Vec::new(),
        };
        let sets: Vec<String> = self
            .sets
            .iter()
            .map(|(column, value)| {
                format!(
                    "{} = {}",
                    made.quoted(&column.name),
                    made.param(column, value)
                )
            })
            .collect();
        let waits = made.condition(&Condition::OneOf(self.flag.clone(), self.pending.to_vec()));
        let content = object(self.system, self.columns);
        let rows: Vec<String> = self
            .rows
            .iter()
            .map(|row| {
                let mut parts: Vec<String> = self
                    .order
                    .iter()
                    .zip(&row.keys)
                    .map(|(column, value)| {
                        format!("{} = {}", made.name(column), made.param(column, value))
                    })
                    .collect();
                parts.push(format!("MD5({content}) = {}", made.text(&row.mark)));
                format!("({})", parts.join(" AND "))
            })
            .collect();
        let sql = format!(
            "UPDATE {} AS t SET {} WHERE {waits} AND ({})",
            made.table(self.schema, self.table),
            sets.join(", "),
            rows.join(" OR ")
        );
        (sql, made.values)
    }
}

/// A type's name without its length.
fn base(kind: &str) -> &str {
    kind.split(['(', ' ']).next().unwrap_or_default()
}

struct Made {
    system: System,
    values: Vec<String>,
}

impl Made {
    fn quoted(&self, name: &str) -> String {
        match self.system {
            System::Postgres => postgres::quoted(name),
            System::Mysql => mysql::quoted(name),
        }
    }

    fn table(&self, schema: Option<&str>, table: &str) -> String {
        let table = self.quoted(table);
        schema.map_or(table.clone(), |schema| {
            format!("{}.{table}", self.quoted(schema))
        })
    }

    fn name(&self, column: &Column) -> String {
        format!("t.{}", self.quoted(&column.name))
    }

    /// A value as a parameter of text.
    fn text(&mut self, value: &str) -> String {
        self.values.push(value.to_owned());
        match self.system {
            System::Postgres => format!("${}::text", self.values.len()),
            System::Mysql => "?".into(),
        }
    }

    fn text_of(&self, column: &Column) -> String {
        match self.system {
            System::Postgres => format!("{}::text", self.name(column)),
            System::Mysql => format!("CAST({} AS CHAR)", self.name(column)),
        }
    }

    /// A value as a parameter of the column's type.
    fn param(&mut self, column: &Column, value: &str) -> String {
        self.values.push(value.to_owned());
        match self.system {
            System::Postgres => format!("${}::text::{}", self.values.len(), column.kind),
            System::Mysql => match base(&column.kind) {
                "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => {
                    if column.kind.contains("unsigned") {
                        "CAST(? AS UNSIGNED)".into()
                    } else {
                        "CAST(? AS SIGNED)".into()
                    }
                }
                "decimal" => format!("CAST(? AS {})", column.kind),
                "datetime" | "timestamp" => "CAST(? AS DATETIME(6))".into(),
                "date" => "CAST(? AS DATE)".into(),
                _ => "?".into(),
            },
        }
    }

    fn condition(&mut self, condition: &Condition) -> String {
        match condition {
            Condition::OneOf(column, values) => {
                let list: Vec<String> = values.iter().map(|one| self.param(column, one)).collect();
                format!("{} IN ({})", self.name(column), list.join(", "))
            }
            Condition::From(column, value) => {
                format!("{} >= {}", self.name(column), self.param(column, value))
            }
            Condition::Any(several) => {
                let each: Vec<String> = several.iter().map(|one| self.condition(one)).collect();
                if each.is_empty() {
                    "1 = 0".into()
                } else {
                    format!("({})", each.join(" OR "))
                }
            }
            Condition::Missing(column) => format!("{} IS NULL", self.name(column)),
            Condition::Before(column, value) => {
                format!("{} < {}", self.name(column), self.param(column, value))
            }
        }
    }

    /// Rows behind the last one: by the first column, which an index helps with, and exactly.
    fn after(&mut self, order: &[Column], after: &[String]) -> Vec<String> {
        let mut wheres = Vec::new();
        if order.len() > 1
            && let (Some(column), Some(value)) = (order.first(), after.first())
        {
            wheres.push(format!(
                "{} >= {}",
                self.name(column),
                self.param(column, value)
            ));
        }
        let mut exact = Vec::new();
        for at in 0..order.len().min(after.len()) {
            let mut parts = Vec::new();
            for (column, value) in order.iter().zip(after).take(at) {
                parts.push(format!(
                    "{} = {}",
                    self.name(column),
                    self.param(column, value)
                ));
            }
            if let (Some(column), Some(value)) = (order.get(at), after.get(at)) {
                parts.push(format!(
                    "{} > {}",
                    self.name(column),
                    self.param(column, value)
                ));
            }
            exact.push(format!("({})", parts.join(" AND ")));
        }
        if !exact.is_empty() {
            wheres.push(format!("({})", exact.join(" OR ")));
        }
        wheres
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, kind: &str) -> Column {
        Column {
            name: name.into(),
            kind: kind.into(),
            ..Column::default()
        }
    }

    #[test]
    fn names_are_quoted_and_values_are_parameters() {
        let order = [column("a\"b", "integer")];
        let evil = "1; DROP TABLE x".to_owned();
        let batch = Batch {
            system: System::Postgres,
            schema: Some("s"),
            table: "t\"; --",
            columns: &order,
            order: &order,
            conditions: &[Condition::OneOf(order[0].clone(), vec![evil.clone()])],
            after: None,
            rows: 5,
        };
        let (sql, values) = batch.write();
        assert_eq!(
            sql,
            "SELECT row_to_json(t)::text, t.\"a\"\"b\"::text FROM \"s\".\"t\"\"; --\" t \
             WHERE t.\"a\"\"b\" IN ($1::text::integer) ORDER BY t.\"a\"\"b\" LIMIT 5"
        );
        assert_eq!(values, [evil]);
    }

    #[test]
    fn one_of_several_conditions_is_enough_and_none_lets_nothing_through() {
        let order = [column("k", "varchar(32)"), column("n", "varchar(9)")];
        let write = |several| {
            Batch {
                system: System::Mysql,
                schema: None,
                table: "t",
                columns: &order,
                order: &order[..1],
                conditions: &[Condition::Any(several)],
                after: None,
                rows: 2,
            }
            .write()
        };
        let ids = vec!["a".to_owned(), "b".to_owned()];
        let each = order
            .iter()
            .map(|one| Condition::OneOf(one.clone(), ids.clone()));
        let (sql, values) = write(each.collect());
        assert!(
            sql.contains("WHERE (t.`k` IN (?, ?) OR t.`n` IN (?, ?)) ORDER"),
            "{sql}"
        );
        assert_eq!(values, ["a", "b", "a", "b"]);
        assert!(write(Vec::new()).0.contains("WHERE 1 = 0"));
    }

    #[test]
    fn values_stand_in_the_order_of_their_places() {
        let order = [column("x", "datetime"), column("k", "varchar(32)")];
        let after = ["2026-01-01".to_owned(), "b".to_owned()];
        let batch = Batch {
            system: System::Mysql,
            schema: None,
            table: "t",
            columns: &order,
            order: &order,
            conditions: &[Condition::Before(order[0].clone(), "2027".into())],
            after: Some(&after),
            rows: 2,
        };
        let (sql, values) = batch.write();
        assert_eq!(sql.matches('?').count(), values.len());
        assert_eq!(
            values,
            ["2027", "2026-01-01", "2026-01-01", "2026-01-01", "b"]
        );
        assert!(sql.find("(t.`x` > ").is_some(), "{sql}");
    }
}
