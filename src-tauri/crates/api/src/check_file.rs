//! Checks a file's records against the rules, without any connection.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};

use chrono::NaiveDateTime;
use serde::Serialize;
use serde_json::{Map, Value};
use zhengqiao_domain::{
    Check, CompiledMapping, DatasetId, Finding, Mapping, Outcome, ParentFacts, RuleSet,
};

use crate::masks;

/// Longest line of a file.
const LONGEST_LINE_BYTES: u64 = 4 * 1024 * 1024;

/// One checked record.
#[derive(Debug, Serialize)]
pub struct CheckedLine {
    /// Its line in the file, from 1.
    pub line: u64,
    /// What would become of it.
    pub outcome: Outcome,
    /// All findings; personal values masked unless revealed.
    pub findings: Vec<Finding>,
}

/// The file's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileForm {
    /// One JSON object a line.
    Ndjson,
    /// Comma-separated with a header line.
    Csv,
}

/// What ends a check of a file.
#[derive(Debug, thiserror::Error)]
pub enum CheckFileError {
    /// The file could not be read.
    #[error("line {line}: {source}")]
    Read {
        /// Where.
        line: u64,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no CSV.
    #[error("the file is not readable as CSV: {0}")]
    Csv(#[from] csv::Error),
    /// The mapping cannot be used.
    #[error(transparent)]
    Mapping(zhengqiao_domain::mapping::MappingError),
    /// A line is too long.
    #[error("line {0} is longer than 4 MiB")]
    TooLong(u64),
}

/// Checks each record of a file and hands it to `each`. References to other datasets are not
/// checked, because there is nothing to look them up in; numbers that occur twice in the file are.
///
/// # Errors
/// When the file cannot be read. A line that is no record is checked as an empty one.
pub fn check_file(
    file: impl Read,
    form: FileForm,
    dataset: DatasetId,
    now: NaiveDateTime,
    reveal: bool,
    mut each: impl FnMut(CheckedLine),
) -> Result<(), CheckFileError> {
    let rules = RuleSet::default();
    let check = Check::new(&rules, now);
    let mapping =
        CompiledMapping::new(dataset, &Mapping::default()).map_err(CheckFileError::Mapping)?;
    let mut seen = HashSet::new();
    let mut one = |line: u64, raw: &Map<String, Value>| {
        let record = mapping.apply(raw);
        let mut findings = check.own(&record);
        let business = record
            .get_all(dataset.dataset().business_key)
            .filter(|parts| !parts.is_empty())
            .map(|parts| parts.join("|"));
        let accepted = Outcome::of(&findings) == Outcome::Accepted;
        let duplicate = business.as_ref().is_some_and(|key| seen.contains(key));
        if let Some(key) = business
            && accepted
        {
            seen.insert(key);
        }
        let parents = vec![ParentFacts::Unreferenced; dataset.dataset().parents.len()];
        findings.extend(check.neighbours(&record, &parents, duplicate));
        let outcome = Outcome::of(&findings);
        if !reveal {
            findings = findings
                .into_iter()
                .map(|finding| masks::finding(dataset, finding))
                .collect();
        }
        each(CheckedLine {
            line,
            outcome,
            findings,
        });
    };
    match form {
        FileForm::Ndjson => ndjson(file, &mut one),
        FileForm::Csv => csv_rows(file, &mut one),
    }
}

fn ndjson(
    file: impl Read,
    one: &mut impl FnMut(u64, &Map<String, Value>),
) -> Result<(), CheckFileError> {
    let mut reader = BufReader::new(file);
    let mut number = 0;
    let mut line = Vec::new();
    loop {
        line.clear();
        number += 1;
        let read = reader
            .by_ref()
            .take(LONGEST_LINE_BYTES + 1)
            .read_until(b'\n', &mut line)
            .map_err(|source| CheckFileError::Read {
                line: number,
                source,
            })?;
        if read == 0 {
            return Ok(());
        }
        if read as u64 > LONGEST_LINE_BYTES {
            return Err(CheckFileError::TooLong(number));
        }
        let text = line
            .strip_prefix(b"\xEF\xBB\xBF")
            .unwrap_or(&line)
            .trim_ascii();
        if text.is_empty() {
            continue;
        }
        match serde_json::from_slice::<Value>(text) {
            Ok(Value::Object(object)) => one(number, &object),
            _ => one(number, &Map::new()),
        }
    }
}

fn csv_rows(
    file: impl Read,
    one: &mut impl FnMut(u64, &Map<String, Value>),
) -> Result<(), CheckFileError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let names: Vec<String> = reader
        .headers()?
        .iter()
        .map(|name| name.trim_start_matches('\u{FEFF}').trim().to_owned())
        .collect();
    for row in reader.records() {
        let row = row?;
        let line = row.position().map_or(0, csv::Position::line);
        let object: Map<String, Value> = names
            .iter()
            .cloned()
            .zip(row.iter().map(|cell| Value::String(cell.to_owned())))
            .collect();
        one(line, &object);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, form: FileForm, dataset: DatasetId) -> Vec<CheckedLine> {
        let now =
            NaiveDateTime::parse_from_str("2026-01-01 00:00:00", "%Y-%m-%d %H:%M:%S").unwrap();
        let mut lines = Vec::new();
        check_file(text.as_bytes(), form, dataset, now, false, |line| {
            lines.push(line);
        })
        .unwrap();
        lines
    }

    const RESULT: &str = r#"{"row_guid":"g","project_no":"P1","result_date":"2024-01-02 03:04:05","result_type":"6","is_delivery_results":"0","cd_operation":"I","cd_time":"2024-01-02 03:04:05","cd_batch":"b","data_source":"123"}"#;

    #[test]
    fn a_sound_line_is_accepted_and_the_same_number_again_is_a_duplicate() {
        let lines = check(
            &format!("{RESULT}\n{}\n", RESULT.replace("\"g\"", "\"h\"")),
            FileForm::Ndjson,
            DatasetId::CaseResult,
        );
        assert_eq!(
            (lines[0].outcome, lines[1].outcome),
            (Outcome::Accepted, Outcome::Rejected)
        );
        assert_eq!(lines[1].findings[0].rule.code(), "duplicate.key");
    }

    #[test]
    fn a_line_that_is_no_object_lacks_every_required_field() {
        let lines = check("nonsense\n", FileForm::Ndjson, DatasetId::CaseResult);
        assert_eq!(lines[0].outcome, Outcome::Rejected);
        assert!(
            lines[0]
                .findings
                .iter()
                .all(|finding| finding.rule.code() == "required.missing")
        );
    }

    #[test]
    fn a_csv_with_a_byte_order_mark_is_read_by_its_header_and_personal_values_are_masked() {
        let lines = check(
            "\u{FEFF}cert_key,cert_no,cert_type\nx,11010519491231002Y,111\n",
            FileForm::Csv,
            DatasetId::NaturalPerson,
        );
        assert_eq!(lines[0].line, 2);
        let text = serde_json::to_string(&lines).unwrap();
        assert!(
            text.contains("id_number.format") && !text.contains("11010519491231002Y"),
            "{text}"
        );
    }
}
