//! One record of a list of problems, as texts, masked.

use zhengqiao_domain::{CompiledMapping, DatasetId, Finding, Severity};

use super::ask::ask;
use super::{ANSWER, COLUMNS, Words};
use crate::masks;

/// Findings of a record that are written; the rest is counted.
const WRITTEN_FINDINGS: usize = 20;
/// Characters of a cell.
const CELL_CHARS: usize = 2_000;

/// What is known of a record.
#[derive(Debug)]
pub struct Known<'a> {
    /// What it is called in letters, with hyphens.
    pub number: String,
    /// The report.
    pub report_id: i64,
    /// The dataset.
    pub dataset: DatasetId,
    /// The number that others refer to it by, else its key; masked.
    pub record: String,
    /// Its title, masked.
    pub title: String,
    /// Department code.
    pub department: &'a str,
    /// What failed.
    pub findings: Vec<Finding>,
    /// The day on which it was first seen.
    pub first_seen: String,
    /// The last day of the term.
    pub due_on: &'a str,
    /// Where the provider has our fields.
    pub mapping: &'a CompiledMapping,
}

/// A record's cells in the order of [`COLUMNS`]; those of the answer are empty.
pub fn cells(known: Known<'_>, words: Words) -> [String; COLUMNS.len()] {
    let dataset = known.dataset.dataset();
    let mut findings: Vec<Finding> = known
        .findings
        .into_iter()
        .map(|finding| masks::finding(known.dataset, finding))
        .collect();
    if findings
        .iter()
        .any(|finding| finding.severity > Severity::Warn)
    {
        findings.retain(|finding| finding.severity > Severity::Warn);
    }
    let left_out = findings.len().saturating_sub(WRITTEN_FINDINGS);
    findings.truncate(WRITTEN_FINDINGS);
    let column = |text: &dyn Fn(&Finding) -> String| {
        let mut lines: Vec<String> = findings.iter().map(text).collect();
        if lines.iter().all(String::is_empty) {
            return String::new();
        }
        if lines.len() > 1 {
            for (at, line) in (1..).zip(&mut lines) {
                *line = format!("{at}. {line}");
            }
        }
        if left_out > 0 {
            lines.push(format!("… +{left_out}"));
        }
        lines.join("\n")
    };
    let field = |finding: &Finding| {
        let Some(at) = dataset.position(&finding.field) else {
            return finding.field.to_string();
        };
        let (field, source) = (&dataset.fields[at], known.mapping.sources().nth(at));
        let name = words.of(field.zh, field.name);
        match source {
            Some(source) if source != name => format!("{name}（{source}）"),
            _ => name.to_owned(),
        }
    };
    let problem = |finding: &Finding| {
        let info = finding.rule.info();
        words.of(info.zh.title, info.en.title).to_owned()
    };
    let missing = words.of("（空）", "(empty)");
    let mut cells = [const { String::new() }; COLUMNS.len()];
    let filled = [
        known.number,
        known.report_id.to_string(),
        words.of(dataset.zh, dataset.en).to_owned(),
        known.record,
        known.title,
        known.department.to_owned(),
        column(&field),
        column(&|finding| finding.rule.code().to_owned()),
        column(&problem),
        column(&|finding| finding.value.as_deref().unwrap_or(missing).to_owned()),
        column(&|finding| finding.expected.clone().unwrap_or_default()),
        column(&|finding| ask(finding, words)),
        known.first_seen,
        known.due_on.to_owned(),
    ];
    for (cell, text) in cells[..ANSWER].iter_mut().zip(filled) {
        *cell = text
            .chars()
            .filter(|char| *char == '\n' || !char.is_control())
            .take(CELL_CHARS)
            .collect();
    }
    cells
}
