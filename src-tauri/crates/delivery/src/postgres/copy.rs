//! The statements that bring rows in: a temporary table of texts, and the merge out of it.

use zhengqiao_domain::DatasetId;

use super::columns::{self, quoted};
use crate::batch::{Act, Item};

/// The temporary table of a dataset.
pub fn staging(dataset: DatasetId) -> String {
    quoted(&format!("zhengqiao_in_{dataset}"))
}

/// Makes the temporary table.
pub fn stage(dataset: DatasetId) -> String {
    let fields: String = columns::of(dataset)
        .map(|column| format!(", {} text", quoted(column.name)))
        .collect();
    format!(
        "CREATE TEMPORARY TABLE {} (row_key text, withdrawn text, run_no text{fields})",
        staging(dataset)
    )
}

/// Empties it.
pub fn clear(dataset: DatasetId) -> String {
    format!("TRUNCATE TABLE {}", staging(dataset))
}

/// Takes the rows in.
pub fn into(dataset: DatasetId) -> String {
    let fields: String = columns::of(dataset)
        .map(|column| format!(", {}", quoted(column.name)))
        .collect();
    format!(
        "COPY {} (row_key, withdrawn, run_no{fields}) FROM STDIN",
        staging(dataset)
    )
}

/// Takes new rows into the library's own table, where each line ends with what [`ending`] gives.
pub fn directly(schema: &str, dataset: DatasetId) -> String {
    let fields: String = columns::of(dataset)
        .map(|column| format!(", {}", quoted(column.name)))
        .collect();
    format!(
        "COPY {}.{} (row_key, withdrawn, run_no{fields}, stream, connection, delivered_at) FROM STDIN",
        quoted(schema),
        quoted(dataset.as_str())
    )
}

/// What every line of new rows has at its end; `at` is the database's moment.
pub fn ending(stream: &str, connection: &str, at: &str) -> String {
    let mut out = String::new();
    for value in [stream, connection, at] {
        out.push('\t');
        escape(value, &mut out);
    }
    out
}

/// Writes a record as a line of COPY's text form.
pub fn line(dataset: DatasetId, item: &Item, ending: &str, out: &mut String) {
    let (record, withdrawn) = match &item.act {
        Act::Put(record) => (record, "false"),
        Act::Withdraw(record) => (record, "true"),
        Act::Remove => return,
    };
    out.push_str(&item.key);
    out.push('\t');
    out.push_str(withdrawn);
    out.push('\t');
    out.push_str(&item.run_id.to_string());
    for (field, slot) in dataset.dataset().fields.iter().zip(&record.slots) {
        out.push('\t');
        match slot.value() {
            Some(value) => escape(&columns::written(field, value), out),
            None => out.push_str("\\N"),
        }
    }
    out.push_str(ending);
    out.push('\n');
}

fn escape(value: &str, out: &mut String) {
    let mut rest = value;
    while let Some(at) = rest.find(['\\', '\t', '\n', '\r']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'\\' => "\\\\",
            b'\t' => "\\t",
            b'\n' => "\\n",
            _ => "\\r",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// Changes what is there and adds what is not; `$1` is the stream, `$2` the connection's name.
/// Nobody else writes rows of the stream meanwhile: its row in `delivery_stream` is locked.
pub fn merge(schema: &str, dataset: DatasetId) -> [String; 2] {
    let target = format!("{}.{}", quoted(schema), quoted(dataset.as_str()));
    let from = staging(dataset);
    let list: Vec<columns::Column> = columns::of(dataset).collect();
    let set: String = list
        .iter()
        .map(|column| {
            let name = quoted(column.name);
            format!("{name} = CAST(s.{name} AS {}), ", column.kind)
        })
        .collect();
    let names: String = list
        .iter()
        .map(|column| format!("{}, ", quoted(column.name)))
        .collect();
    let values: String = list
        .iter()
        .map(|column| format!("CAST(s.{} AS {}), ", quoted(column.name), column.kind))
        .collect();
    let own = "CAST(s.withdrawn AS boolean), CAST(s.run_no AS bigint)";
    [
        format!(
            "UPDATE {target} AS t \
             SET {set}withdrawn = CAST(s.withdrawn AS boolean), run_no = CAST(s.run_no AS bigint), \
               connection = CAST($2 AS text), delivered_at = now(), stale = false \
             FROM {from} AS s \
             WHERE t.stream = $1 AND t.row_key = s.row_key"
        ),
        format!(
            "INSERT INTO {target} ({names}stream, row_key, withdrawn, run_no, connection, delivered_at, stale) \
             SELECT {values}CAST($1 AS text), s.row_key, {own}, CAST($2 AS text), now(), false \
             FROM {from} AS s \
             WHERE NOT EXISTS (SELECT 1 FROM {target} AS t WHERE t.stream = $1 AND t.row_key = s.row_key)"
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_line_or_a_column_is_written_so_that_it_does_not() {
        let mut out = String::new();
        escape("a\\b\tc\nd\re\u{0b}", &mut out);
        assert_eq!(out, "a\\\\b\\tc\\nd\\re\u{0b}");
    }
}
