//! The header of a table: where it is, and its names made distinct.

use std::collections::HashMap;

use super::{MAX_COLUMNS, Trouble};
use crate::error::Fault;

/// First rows that are looked at.
pub const LOOKED_AT: usize = 20;

/// The names of a table's columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// Row of the header, from 1 among the rows that are not empty.
    pub row: usize,
    /// The columns' names, distinct; an unnamed column is `column 3`.
    pub names: Vec<String>,
    /// Names that more than one column has.
    pub doubled: Vec<String>,
}

/// Finds the header among the first rows: the first row about as wide as the table, of distinct texts that
/// are no numbers. Government sheets have titles above it.
pub fn find(first: &[Vec<String>], set: u32) -> Result<Header, Trouble> {
    let filled = |row: &Vec<String>| row.iter().filter(|cell| !cell.trim().is_empty()).count();
    let widest = usual_width(first.iter().map(filled));
    if widest == 0 {
        return Err(Trouble::new(Fault::FileEmpty, "there is no row in it"));
    }
    let at = if set > 0 {
        let at = set as usize - 1;
        if at >= first.len() {
            return Err(Trouble::new(
                Fault::FileHeader,
                format!(
                    "row {set} is set as the header, and the file has {} rows to look at",
                    first.len()
                ),
            ));
        }
        at
    } else {
        let looks = |row: &&Vec<String>| {
            let cells: Vec<&str> = row
                .iter()
                .map(|cell| cell.trim())
                .filter(|cell| !cell.is_empty())
                .collect();
            let mut distinct = cells.clone();
            distinct.sort_unstable();
            distinct.dedup();
            cells.len() * 10 >= widest * 7
                && distinct.len() * 10 >= cells.len() * 9
                && cells.iter().all(|cell| cell.parse::<f64>().is_err())
        };
        first.iter().position(|row| looks(&row)).ok_or_else(|| {
            Trouble::new(
                Fault::FileHeader,
                format!(
                    "no header among the first {} rows; set its row",
                    first.len()
                ),
            )
        })?
    };
    named(&first[at], at + 1)
}

/// The width that most rows have; of equals the greater. One overlong row says nothing of the table.
fn usual_width(widths: impl Iterator<Item = usize>) -> usize {
    let mut times: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
    for width in widths.filter(|width| *width > 0) {
        *times.entry(width).or_default() += 1;
    }
    times
        .into_iter()
        .max_by_key(|(width, times)| (*times, *width))
        .map_or(0, |(width, _)| width)
}

fn named(cells: &[String], row: usize) -> Result<Header, Trouble> {
    let width = cells
        .iter()
        .rposition(|cell| !cell.trim().is_empty())
        .map_or(0, |last| last + 1);
    if width == 0 {
        return Err(Trouble::new(
            Fault::FileHeader,
            format!("row {row} is empty"),
        ));
    }
    if width > MAX_COLUMNS {
        return Err(Trouble::new(
            Fault::FileHeader,
            format!("row {row} has {width} columns, more than {MAX_COLUMNS}"),
        ));
    }
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut header = Header {
        row,
        ..Header::default()
    };
    for (at, cell) in cells.iter().take(width).enumerate() {
        let text: String = cell.split_whitespace().collect::<Vec<_>>().join(" ");
        let text: String = text.chars().take(200).collect();
        let name = if text.is_empty() {
            format!("column {}", at + 1)
        } else {
            text
        };
        let times = seen.entry(name.clone()).or_insert(0);
        *times += 1;
        if *times == 2 {
            header.doubled.push(name.clone());
        }
        header.names.push(if *times > 1 {
            format!("{name} ({times})")
        } else {
            name
        });
    }
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter()
            .map(|row| row.iter().map(|&cell| cell.to_owned()).collect())
            .collect()
    }

    #[test]
    fn a_header_below_titles_is_found() {
        let first = rows(&[
            &["2026年第三季度事项清单", "", ""],
            &["填报单位：区政务局", "", ""],
            &["序号", "事项名称", "实施编码"],
            &["1", "a", "b"],
        ]);
        let header = find(&first, 0).unwrap();
        assert_eq!((header.row, header.names.len()), (3, 3));
        assert_eq!(find(&first, 1).unwrap().names, ["2026年第三季度事项清单"]);
    }

    #[test]
    fn doubled_and_missing_names_are_made_distinct() {
        let header = find(
            &rows(&[&["编码", "", "编码", "名 \n称"], &["1", "2", "3", "4"]]),
            1,
        )
        .unwrap();
        assert_eq!(header.names, ["编码", "column 2", "编码 (2)", "名 称"]);
        assert_eq!(header.doubled, ["编码"]);
    }

    #[test]
    fn what_has_no_header_says_so() {
        assert_eq!(
            find(&rows(&[&["1", "2"], &["3", "4"]]), 0)
                .unwrap_err()
                .fault,
            Fault::FileHeader
        );
        assert_eq!(find(&[], 0).unwrap_err().fault, Fault::FileEmpty);
        assert_eq!(
            find(&rows(&[&["a"]]), 9).unwrap_err().fault,
            Fault::FileHeader
        );
    }
}
