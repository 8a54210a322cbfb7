//! Answers of a provider: read from files and shown first, then taken in at one go.
//!
//! An answer never resolves anything: a record that is said to be corrected is resolved when the corrected
//! record is accepted.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use serde_json::{Map, Value};
use zhengqiao_domain::DatasetId;
use zhengqiao_domain::primitives::reference_number::{ReferenceNumber, ReferenceNumberError};
use zhengqiao_exchange::{FileTrouble, read_tables};
use zhengqiao_store::reference::{self, ReferenceRow};
use zhengqiao_store::report::{self, NewAnswer};
use zhengqiao_store::{Connection, StoreError, audit, rejection, source};

use super::records::fields;
use super::rejected::given_reason;
use super::reports::today;
use super::{Console, actor, blocking, file_error, invalid, not_found, now_ms};
use crate::contract::{
    AnswerCount, AnswerLine, AnswerRow, AnswerSheet, AnswersPreview, AnswersReport, ApiError,
    ApplyAnswers, ErrorCode, GetLetters, LetterRow, Letters, ReadAnswers,
};
use crate::issue_list::answers::{self, CAPS, MOST_BYTES, MOST_FILES, MOST_ROWS, Said};
use crate::masks;

/// Rows that are shown.
const SHOWN_ROWS: usize = 1_000;
/// Outcomes in the order in which they need a look.
const OUTCOMES: [&str; 12] = [
    "contradicting",
    "mistyped",
    "unknown",
    "unclear",
    "uncomputed",
    "elsewhere",
    "earlier",
    "changed",
    "new",
    "repeated",
    "same",
    "none",
];

/// A row of a file, and where it stood.
struct FileRow {
    file: String,
    sheet: String,
    row: answers::Row,
}

/// What files have.
struct Files {
    digest: String,
    sheets: Vec<AnswerSheet>,
    rows: Vec<FileRow>,
}

/// A row with what it means here.
struct Judged {
    outcome: &'static str,
    reference: Option<ReferenceRow>,
    suggestion: Option<String>,
    before: Option<String>,
}

/// A reference number with its hyphens.
pub(super) fn written(compact: &str) -> String {
    ReferenceNumber::read(compact).map_or_else(|_| compact.to_owned(), |number| number.to_string())
}

/// Values of a rejection's mapped fields, by which words about it are masked.
pub(super) fn known_values(
    conn: &Connection,
    rejection_id: Option<i64>,
) -> Result<Map<String, Value>, StoreError> {
    let Some(id) = rejection_id else {
        return Ok(Map::new());
    };
    match rejection::payload(conn, id)? {
        Some((_, mapped, _)) => fields(&mapped),
        None => Ok(Map::new()),
    }
}

/// An answer; masked where it is said by what.
pub(super) fn answer_row(
    row: report::AnswerRow,
    masked: Option<(DatasetId, &Map<String, Value>)>,
) -> AnswerRow {
    let (words, answered_by) = match masked {
        Some((dataset, known)) => (
            masks::words(dataset, known, &row.words),
            masks::person(&row.answered_by),
        ),
        None => (row.words, row.answered_by),
    };
    AnswerRow {
        answer: row.state,
        words,
        answered_by,
        answered_on: row.answered_on,
        file: row.file,
        received_at: row.received_at,
        actor: row.actor,
    }
}

fn trouble(path: &std::path::Path, trouble: FileTrouble) -> ApiError {
    ApiError {
        code: ErrorCode::File,
        message: trouble.what,
        retryable: false,
        details: Some(format!("{}: {}", path.display(), trouble.fault.code())),
    }
}

fn read_files(paths: &[String]) -> Result<Files, ApiError> {
    let files = answers::files(paths).map_err(|error| file_error(&paths.join(", "), &error))?;
    if files.is_empty() {
        return Err(invalid("paths: there is no workbook and no CSV file there"));
    }
    if files.len() > MOST_FILES {
        return Err(invalid(format!(
            "paths: {} files are more than {MOST_FILES}",
            files.len()
        )));
    }
    let mut hasher = blake3::Hasher::new();
    let mut found = Files {
        digest: String::new(),
        sheets: Vec::new(),
        rows: Vec::new(),
    };
    let mut bytes = 0;
    for path in &files {
        bytes += hash(path, &mut hasher)?;
        if bytes > MOST_BYTES {
            return Err(invalid(format!(
                "paths: the files have more than {MOST_BYTES} bytes together; take them in one by one"
            )));
        }
        let file = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let tables = read_tables(&path.display().to_string(), &CAPS, &answers::is_header)
            .map_err(|error| trouble(path, error))?;
        for table in tables {
            let sheet = answers::find(&table);
            found.sheets.push(AnswerSheet {
                file: file.clone(),
                sheet: table.name.clone(),
                header_row: sheet.header_row,
                rows: sheet.rows.len() as i64,
            });
            found.rows.extend(sheet.rows.into_iter().map(|row| FileRow {
                file: file.clone(),
                sheet: table.name.clone(),
                row,
            }));
            if found.rows.len() > MOST_ROWS {
                return Err(invalid(format!(
                    "paths: the files have more than {MOST_ROWS} rows together; take them in one by one"
                )));
            }
        }
    }
    found.digest = hasher.finalize().to_hex().to_string();
    if found.rows.is_empty() {
        return Err(invalid(
            "paths: no sheet has rows below a header with the columns 反馈编号 and 答复",
        ));
    }
    Ok(found)
}

/// Adds a file's bytes to the digest of all; gives how many they are.
fn hash(path: &PathBuf, hasher: &mut blake3::Hasher) -> Result<u64, ApiError> {
    let io = |error: std::io::Error| file_error(&path.display().to_string(), &error);
    let mut file = std::fs::File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    if length > CAPS.bytes {
        return Err(invalid(format!(
            "{}: {length} bytes, more than {}",
            path.display(),
            CAPS.bytes
        )));
    }
    hasher.update(&length.to_le_bytes());
    std::io::copy(&mut file, hasher).map_err(io)
}

/// What each row means here.
fn judge(
    conn: &Connection,
    connection_id: i64,
    rows: &[FileRow],
) -> Result<Vec<Judged>, StoreError> {
    let mut judged = Vec::with_capacity(rows.len());
    // The answers that each reference was given, by the row of the first.
    let mut given: HashMap<i64, Vec<(usize, &'static str)>> = HashMap::new();
    let mut sources: HashMap<i64, i64> = HashMap::new();
    for (at, found) in rows.iter().enumerate() {
        let row = &found.row;
        let mut one = Judged {
            outcome: "unknown",
            reference: None,
            suggestion: None,
            before: None,
        };
        match ReferenceNumber::read(&row.number) {
            Ok(number) => one.reference = reference::of_number(conn, number)?,
            Err(error) => {
                let near = near(conn, &row.number)?;
                one.outcome = if near.is_some() || error == ReferenceNumberError::CheckCharacter {
                    "mistyped"
                } else {
                    "unknown"
                };
                one.suggestion = near;
            }
        }
        if let Some(reference) = &one.reference {
            let owner = if let Some(owner) = sources.get(&reference.source_id) {
                *owner
            } else {
                let owner = source::connection_of(conn, reference.source_id)?;
                sources.insert(reference.source_id, owner);
                owner
            };
            one.before.clone_from(&reference.answer);
            one.outcome = if owner == connection_id {
                answered(conn, reference, row)?
            } else {
                "elsewhere"
            };
            if let ("new" | "changed" | "same", Said::One(name, _)) = (one.outcome, &row.said) {
                given.entry(reference.id).or_default().push((at, name));
            }
        }
        judged.push(one);
    }
    for answers in given.values() {
        let [(_, first), others @ ..] = answers.as_slice() else {
            continue;
        };
        if others.iter().any(|(_, name)| name != first) {
            for (at, _) in answers {
                judged[*at].outcome = "contradicting";
            }
        } else {
            for (at, _) in others {
                judged[*at].outcome = "repeated";
            }
        }
    }
    Ok(judged)
}

/// What a row's answer is to its record's last one.
fn answered(
    conn: &Connection,
    reference: &ReferenceRow,
    row: &answers::Row,
) -> Result<&'static str, StoreError> {
    let name = match &row.said {
        Said::One(name, _) => *name,
        Said::Nothing => return Ok("none"),
        Said::Uncomputed => return Ok("uncomputed"),
        Said::Unclear => return Ok("unclear"),
    };
    if let Some(list) = row.list {
        let last = report::letters_of(conn, reference.id)?
            .first()
            .map(|letter| letter.report_id);
        if last.is_some_and(|last| list < last) {
            return Ok("earlier");
        }
    }
    if reference.answer.is_none() {
        return Ok("new");
    }
    let last = report::last_answer(conn, reference.id)?;
    let is_same = last.is_some_and(|last| {
        last.state == name
            && last.words == row.words
            && last.answered_by == row.by
            && last.answered_on == row.on
    });
    Ok(if is_same { "same" } else { "changed" })
}

/// The one number in use that a mistyped one is near to.
fn near(conn: &Connection, typed: &str) -> Result<Option<String>, StoreError> {
    let mut one = None;
    for number in ReferenceNumber::near(typed) {
        if reference::of_number(conn, number)?.is_some() {
            if one.is_some() {
                return Ok(None);
            }
            one = Some(number.to_string());
        }
    }
    Ok(one)
}

fn counts(judged: &[Judged]) -> Vec<AnswerCount> {
    OUTCOMES
        .into_iter()
        .map(|outcome| AnswerCount {
            outcome: outcome.into(),
            rows: judged.iter().filter(|one| one.outcome == outcome).count() as i64,
        })
        .filter(|count| count.rows > 0)
        .collect()
}

/// The rows that need a look first, masked.
fn lines(
    conn: &Connection,
    rows: &[FileRow],
    judged: &[Judged],
) -> Result<Vec<AnswerLine>, StoreError> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|at| {
        OUTCOMES
            .iter()
            .position(|outcome| *outcome == judged[*at].outcome)
    });
    order.truncate(SHOWN_ROWS);
    order
        .into_iter()
        .map(|at| {
            let (FileRow { file, sheet, row }, one) = (&rows[at], &judged[at]);
            let found = match &one.reference {
                Some(reference) => rejection::find(conn, reference.source_id, &reference.key_hash)?
                    .map(|head| (reference.source_id, head.id)),
                None => None,
            };
            let words = match found {
                Some((source_id, id)) => {
                    let dataset = source::dataset_of(conn, source_id)?;
                    masks::words(dataset, &known_values(conn, Some(id))?, &row.words)
                }
                None => masks::numbers(&row.words),
            };
            Ok(AnswerLine {
                file: file.clone(),
                sheet: sheet.clone(),
                row: row.line,
                number: match &one.reference {
                    Some(reference) => written(&reference.number),
                    None => typed(&row.number),
                },
                outcome: one.outcome.into(),
                suggestion: one.suggestion.clone(),
                answer: match &row.said {
                    Said::One(name, _) => Some((*name).to_owned()),
                    _ => None,
                },
                words,
                answered_by: masks::person(&row.by),
                answered_on: row.on.chars().take(40).collect(),
                before: one.before.clone(),
                rejection_id: found.map(|(_, id)| id),
            })
        })
        .collect()
}

/// What was typed in place of a number; what is too long to be one may be anything.
fn typed(text: &str) -> String {
    if text.chars().count() <= 14 {
        text.to_owned()
    } else {
        zhengqiao_domain::primitives::masking::mask(zhengqiao_domain::Personal::FreeText, text)
    }
}

impl Console {
    /// Reads files with answers and says of each row what taking it in would do; nothing is changed.
    ///
    /// # Errors
    /// [`ErrorCode::File`] for a file that cannot be read, [`ErrorCode::InvalidRequest`] when no sheet has
    /// the columns.
    pub async fn preview_answers(&self, request: ReadAnswers) -> Result<AnswersPreview, ApiError> {
        let connection_id = request.connection_id;
        self.profile(connection_id).await?;
        let files = blocking(move || read_files(&request.paths)).await??;
        self.read(move |conn| {
            let judged = judge(conn, connection_id, &files.rows)?;
            Ok(AnswersPreview {
                counts: counts(&judged),
                lines: lines(conn, &files.rows, &judged)?,
                digest: files.digest,
                sheets: files.sheets,
            })
        })
        .await
    }

    /// Takes the answers of files in, all at one go. What was taken in before is not taken in again.
    ///
    /// # Errors
    /// As [`Console::preview_answers`]; [`ErrorCode::InvalidRequest`] when a file changed since.
    pub async fn apply_answers(&self, request: ApplyAnswers) -> Result<AnswersReport, ApiError> {
        let connection_id = request.connection_id;
        self.profile(connection_id).await?;
        let files = blocking(move || read_files(&request.paths)).await??;
        if files.digest != request.digest {
            return Err(invalid(
                "digest: the files changed since they were looked at; look at them again",
            ));
        }
        let today = today();
        self.write(move |tx| {
            let judged = judge(tx, connection_id, &files.rows)?;
            let (at, by) = (now_ms(), actor());
            let mut applied = 0;
            for (FileRow { file, row, .. }, one) in files.rows.iter().zip(&judged) {
                let (Some(reference), Said::One(name, _)) = (&one.reference, &row.said) else {
                    continue;
                };
                if !matches!(one.outcome, "new" | "changed") {
                    continue;
                }
                report::answer(
                    tx,
                    reference.id,
                    &NewAnswer {
                        state: name,
                        words: &row.words,
                        answered_by: &row.by,
                        answered_on: &row.on,
                        file,
                        actor: &by,
                        at,
                    },
                )?;
                applied += 1;
            }
            let counts = counts(&judged);
            let by_outcome: BTreeMap<&str, i64> = counts
                .iter()
                .map(|count| (count.outcome.as_str(), count.rows))
                .collect();
            let mut names: Vec<&str> = files
                .sheets
                .iter()
                .map(|sheet| sheet.file.as_str())
                .collect();
            names.dedup();
            let detail = serde_json::json!({
                "applied": applied,
                "rows": by_outcome,
                "files": names,
                "digest": files.digest,
            })
            .to_string();
            let subject = format!("connection {connection_id}");
            audit::append(tx, at, &by, "apply_answers", &subject, &detail)?;
            let (_, unseen) = report::due_entries(tx, Some(connection_id), &today)?;
            Ok(AnswersReport {
                applied,
                counts,
                lines: lines(tx, &files.rows, &judged)?,
                unseen,
            })
        })
        .await
    }

    /// What was written to the provider about a record, and what came back: masked, or with a reason that
    /// goes into the audit log first.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`]; [`ErrorCode::InvalidRequest`] for a reason that is none.
    pub async fn get_letters(&self, request: GetLetters) -> Result<Letters, ApiError> {
        let id = request.rejection_id;
        let reason = request.reason.as_deref().map(given_reason).transpose()?;
        let found = self
            .read(move |conn| rejection::get(conn, id))
            .await?
            .ok_or_else(|| not_found(format!("there is no rejection {id}")))?;
        let revealed = reason.is_some();
        if let Some(reason) = reason {
            let subject = format!("{} {id}", found.dataset);
            let detail = serde_json::json!({ "reason": reason }).to_string();
            self.write(move |tx| {
                audit::append(tx, now_ms(), &actor(), "reveal_answers", &subject, &detail)
            })
            .await?;
        }
        self.read(move |conn| {
            let mut letters = Letters {
                number: None,
                reports: Vec::new(),
                answers: Vec::new(),
                revealed,
            };
            let Some(reference) = reference::of_key(conn, found.source_id, &found.key_hash)? else {
                return Ok(letters);
            };
            letters.number = Some(written(&reference.number));
            letters.reports = report::letters_of(conn, reference.id)?
                .into_iter()
                .map(|row| LetterRow {
                    report_id: row.report_id,
                    made_at: row.made_at,
                    actor: row.actor,
                    due_on: row.due_on,
                    fate: row.fate.as_str().into(),
                })
                .collect();
            let known = known_values(conn, Some(id))?;
            letters.answers = report::answers_of(conn, reference.id)?
                .into_iter()
                .map(|row| answer_row(row, (!revealed).then_some((found.dataset, &known))))
                .collect();
            Ok(letters)
        })
        .await
    }
}
