//! A list of problems as it comes back: whatever was moved, added or merged, its rows are found by the
//! names of columns.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use zhengqiao_domain::primitives::width::to_half_width;
use zhengqiao_exchange::{FileTable, TableCaps};

/// What a file with answers may be at most.
pub const CAPS: TableCaps = TableCaps {
    bytes: 64 * 1024 * 1024,
    unpacked_bytes: 512 * 1024 * 1024,
    sheets: 1_000,
    rows: 200_000,
    columns: 300,
    cell_chars: 4_000,
};
/// Files at once.
pub const MOST_FILES: usize = 500;
/// Rows of all files.
pub const MOST_ROWS: usize = 200_000;
/// Bytes of all files.
pub const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// Titles by which each column is known, the best first.
const NUMBER: [&str; 4] = ["反馈编号", "referencenumber", "referenceno", "reference"];
const LIST: [&str; 2] = ["清单号", "list"];
const ANSWER: [&str; 5] = ["答复", "答复结果", "答复状态", "answer", "reply"];
const WORDS: [&str; 5] = ["答复说明", "答复内容", "答复意见", "explanation", "remark"];
const BY: [&str; 4] = ["答复人", "填报人", "answeredby", "repliedby"];
const ON: [&str; 5] = [
    "答复日期",
    "答复时间",
    "填报日期",
    "answeredon",
    "repliedon",
];

/// What people write for each answer besides its own words.
const SAID: [(&str, &[&str]); 5] = [
    (
        "corrected",
        &[
            "已更正",
            "更正",
            "已修改",
            "已修正",
            "已改正",
            "已整改",
            "已纠正",
            "corrected",
            "fixed",
        ],
    ),
    (
        "explained",
        &[
            "已说明(属实)",
            "已说明",
            "属实",
            "情况属实",
            "数据属实",
            "数据无误",
            "无需更正",
            "rightasitis",
            "explained",
        ],
    ),
    (
        "in_progress",
        &[
            "处理中",
            "正在处理",
            "更正中",
            "整改中",
            "核实中",
            "inprogress",
        ],
    ),
    (
        "unable",
        &[
            "无法更正",
            "不能更正",
            "无法修改",
            "无法处理",
            "cannotbecorrected",
            "unable",
        ],
    ),
    (
        "not_ours",
        &[
            "不属于本部门",
            "不属本部门",
            "非本部门",
            "非本部门数据",
            "不属于本单位",
            "非本单位",
            "notours",
        ],
    ),
];

/// What the answer's cell says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// One of the answers, with what else stood in the cell.
    One(&'static str, String),
    /// Nothing.
    Nothing,
    /// A formula whose value was never computed.
    Uncomputed,
    /// Something else.
    Unclear,
}

/// A row with a reference number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its place in the sheet.
    pub line: u64,
    /// What stands where the reference number should.
    pub number: String,
    /// The report that it names.
    pub list: Option<i64>,
    /// What it answers.
    pub said: Said,
    /// What was said.
    pub words: String,
    /// Who said so.
    pub by: String,
    /// When.
    pub on: String,
}

/// What was found in a sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Row of its header.
    pub header_row: Option<u64>,
    /// Rows with a reference number.
    pub rows: Vec<Row>,
}

/// A title as it is compared: half-width, small, without blanks, marks and what stands in brackets.
fn title(text: &str) -> String {
    let text = to_half_width(text);
    let text = text.split('(').next().unwrap_or_default();
    text.chars()
        .filter(|char| !char.is_whitespace() && !"*:：_-·\u{feff}\u{200b}".contains(*char))
        .flat_map(char::to_lowercase)
        .collect()
}

#[derive(Debug, Clone, Copy)]
struct Columns {
    number: usize,
    answer: usize,
    list: Option<usize>,
    words: Option<usize>,
    by: Option<usize>,
    on: Option<usize>,
}

impl Columns {
    fn of(cells: &[String]) -> Option<Self> {
        let titles: Vec<String> = cells.iter().map(|cell| title(cell)).collect();
        let place = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| titles.iter().position(|title| title == name))
        };
        Some(Self {
            number: place(&NUMBER)?,
            answer: place(&ANSWER)?,
            list: place(&LIST),
            words: place(&WORDS),
            by: place(&BY),
            on: place(&ON),
        })
    }
}

/// Whether cells are the header of a list that comes back.
pub fn is_header(cells: &[String]) -> bool {
    Columns::of(cells).is_some()
}

/// What a cell means as an answer.
pub fn said(cell: &str) -> Said {
    let cell = cell.trim();
    if cell.is_empty() {
        return Said::Nothing;
    }
    let plain: String = to_half_width(cell)
        .chars()
        .filter(|char| !char.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect();
    let bare = plain.trim_matches(|char: char| "。.,，;；!！'\"“”、:：".contains(char));
    for (name, forms) in SAID {
        if forms.contains(&bare) || bare == name {
            return Said::One(name, String::new());
        }
    }
    // The word, then more: `已更正，2月5日重推`. The longest form wins.
    let longest = SAID
        .iter()
        .flat_map(|(name, forms)| forms.iter().map(move |form| (*name, *form)))
        .filter(|(_, form)| {
            bare.strip_prefix(form)
                .and_then(|rest| rest.chars().next())
                .is_some_and(|next| "，,。.;；:：、(（-—/".contains(next))
        })
        .max_by_key(|(_, form)| form.len());
    match longest {
        Some((name, _)) => Said::One(name, cell.to_owned()),
        None => Said::Unclear,
    }
}

/// Finds the rows of a sheet. The header may stand anywhere, and again further down.
pub fn find(table: &FileTable) -> Found {
    let mut found = Found::default();
    let mut columns: Option<Columns> = None;
    let at = |cells: &[String], column: usize| -> String {
        cells
            .get(column)
            .map(|cell| cell.trim().to_owned())
            .unwrap_or_default()
    };
    // A cell that was merged over several rows holds for each of them.
    let merged: BTreeMap<(usize, u64), u64> = table
        .merged
        .iter()
        .map(|(first, last, column)| ((*column, *first), *last))
        .collect();
    let above = |row: u64, column: usize| -> Option<String> {
        let ((_, first), _) = merged
            .range((column, 0)..=(column, row))
            .next_back()
            .filter(|(_, last)| **last >= row)?;
        let place = table
            .rows
            .binary_search_by_key(first, |(number, _)| *number)
            .ok()?;
        Some(at(&table.rows[place].1, column))
    };
    for (row, cells) in &table.rows {
        if let Some(new) = Columns::of(cells) {
            found.header_row.get_or_insert(*row);
            columns = Some(new);
            continue;
        }
        let Some(columns) = columns else { continue };
        let number = at(cells, columns.number);
        if number.is_empty() {
            continue;
        }
        let value = |column: Option<usize>| -> String {
            let Some(column) = column else {
                return String::new();
            };
            let own = at(cells, column);
            if own.is_empty() {
                above(*row, column).unwrap_or_default()
            } else {
                own
            }
        };
        let cell = value(Some(columns.answer));
        let mut said = said(&cell);
        if said == Said::Nothing && table.uncomputed.contains(&(*row, columns.answer)) {
            said = Said::Uncomputed;
        }
        let mut words = value(columns.words);
        if let Said::One(_, more) = &said
            && !more.is_empty()
        {
            words = [more.as_str(), words.as_str()]
                .iter()
                .filter(|part| !part.is_empty())
                .copied()
                .collect::<Vec<_>>()
                .join("；");
        }
        found.rows.push(Row {
            line: *row,
            number,
            list: value(columns.list).trim_start_matches('\'').parse().ok(),
            said,
            words,
            by: value(columns.by),
            on: value(columns.on),
        });
    }
    found
}

/// The files that paths name: those of a directory in the order of their names, without what spreadsheet
/// programs leave beside them.
///
/// # Errors
/// The disk's.
pub fn files(paths: &[String]) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        let path = Path::new(path);
        if !path.is_dir() {
            files.push(path.to_path_buf());
            continue;
        }
        let mut within: Vec<PathBuf> = std::fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        within.retain(|file| {
            let name = file
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            let ending = file
                .extension()
                .map(|ending| ending.to_string_lossy().to_ascii_lowercase())
                .unwrap_or_default();
            file.is_file()
                && !name.starts_with(['.', '~'])
                && ["xlsx", "xlsm", "xls", "ods", "csv"].contains(&ending.as_str())
        });
        within.sort();
        files.extend(within);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::super::ANSWERS;
    use super::*;
    use proptest::prelude::*;

    fn table(rows: &[&[&str]]) -> FileTable {
        FileTable {
            name: "s".into(),
            rows: (1..)
                .zip(rows)
                .map(|(number, row)| (number, row.iter().map(|&cell| cell.to_owned()).collect()))
                .collect(),
            ..FileTable::default()
        }
    }

    #[test]
    fn rows_are_found_below_a_header_anywhere_by_the_names_of_columns() {
        let found = find(&table(&[
            &["问题清单 7 · 某连接"],
            &[
                "备注",
                "答 复*",
                "答复说明（必填）",
                "序号",
                "反馈编号",
                "答复人",
                "答复日期",
            ],
            &[
                "",
                "已更正",
                "重推",
                "1",
                " ７K3-M9Q-2RT ",
                "张",
                "2026-01-05",
            ],
            &["合计", "", "", "", "", "", ""],
            &["反馈编号", "答复"],
            &["8K3", "属实"],
        ]));
        assert_eq!(found.header_row, Some(2));
        assert_eq!(found.rows.len(), 2);
        assert_eq!(found.rows[0].number, "７K3-M9Q-2RT");
        assert_eq!(found.rows[0].said, Said::One("corrected", String::new()));
        assert_eq!(
            (found.rows[0].words.as_str(), found.rows[0].on.as_str()),
            ("重推", "2026-01-05")
        );
        assert_eq!(found.rows[1].said, Said::One("explained", String::new()));
        assert_eq!(
            find(&table(&[&["反馈编号", "姓名"], &["x", "y"]])),
            Found::default()
        );
    }

    #[test]
    fn a_merged_answer_holds_for_each_row_and_a_merged_number_for_one() {
        let mut merged = table(&[
            &["反馈编号", "答复", "答复说明"],
            &["A", "已更正", "见附件"],
            &["B", "", ""],
            &["", "", "多余"],
            &["C", "", ""],
        ]);
        merged.merged = vec![(2, 4, 1), (2, 3, 2), (3, 4, 0)];
        let found = find(&merged);
        let said: Vec<(&str, &Said, &str)> = found
            .rows
            .iter()
            .map(|row| (row.number.as_str(), &row.said, row.words.as_str()))
            .collect();
        let corrected = Said::One("corrected", String::new());
        assert_eq!(
            said,
            [
                ("A", &corrected, "见附件"),
                ("B", &corrected, "见附件"),
                ("C", &Said::Nothing, "")
            ]
        );
    }

    #[test]
    fn answers_are_known_as_people_write_them_and_nothing_else_is_taken_for_one() {
        for (_, zh, en, ..) in ANSWERS {
            assert!(matches!(said(zh), Said::One(..)), "{zh}");
            assert!(matches!(said(en), Said::One(..)), "{en}");
        }
        assert_eq!(
            said("已说明（属实）。"),
            Said::One("explained", String::new())
        );
        assert_eq!(said(" 已更正 "), Said::One("corrected", String::new()));
        let more = "已更正，2月5日重推";
        assert_eq!(said(more), Said::One("corrected", more.into()));
        for other in ["未更正", "更正不了", "否", "1", "已更正吗", "不"] {
            assert_eq!(said(other), Said::Unclear, "{other}");
        }
        assert_eq!(said("\u{3000}"), Said::Nothing);
    }

    #[test]
    fn a_formula_without_a_value_is_told_apart_from_no_answer() {
        let mut formula = table(&[&["反馈编号", "答复"], &["A", ""], &["B", ""]]);
        formula.uncomputed.insert((2, 1));
        let found = find(&formula);
        assert_eq!(found.rows[0].said, Said::Uncomputed);
        assert_eq!(found.rows[1].said, Said::Nothing);
    }

    proptest! {
        #[test]
        fn any_table_is_read_without_a_fault(
            rows in prop::collection::vec(prop::collection::vec("(反馈编号|答复|.{0,6})", 0..5), 0..12),
            merged in prop::collection::vec((1_u64..14, 1_u64..14, 0_usize..5), 0..4),
        ) {
            let rows: Vec<Vec<&str>> = rows
                .iter()
                .map(|row| row.iter().map(String::as_str).collect())
                .collect();
            let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
            let mut table = table(&rows);
            table.merged = merged;
            let found = find(&table);
            prop_assert!(found.rows.len() <= rows.len());
        }
    }
}
