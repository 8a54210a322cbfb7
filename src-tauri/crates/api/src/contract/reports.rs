//! Lists of problems that are handed to the provider (问题清单), and the answers that come back.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::Environment;

use super::BulkRequest;

/// How a list of problems is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ReportForm {
    /// One workbook with a sheet for each department.
    Workbook,
    /// A workbook for each department, in a `.zip` or a directory.
    Workbooks,
    /// A `.csv` for each department, in a `.zip` or a directory.
    Csv,
}

/// Asks what a report would be about.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PlanReport {
    /// Which rejections; of one connection.
    pub which: BulkRequest,
    /// Whether those that were reported already are reported again.
    pub again: bool,
}

/// What a report would be about.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportPlan {
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Its name.
    pub connection: String,
    /// Its environment.
    pub environment: Environment,
    /// Records that would be on it.
    #[ts(type = "number")]
    pub records: i64,
    /// Records that are left out because they were reported already.
    #[ts(type = "number")]
    pub already: i64,
    /// Records that are left out because they are settled, or nothing that the provider can mend.
    #[ts(type = "number")]
    pub skipped: i64,
    /// Records that one report takes at most.
    #[ts(type = "number")]
    pub most: i64,
    /// Records of each department.
    pub departments: Vec<PlannedDepartment>,
    /// The last day of the usual term: ten working days, Monday to Friday.
    pub due_on: String,
}

/// A department of a planned report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PlannedDepartment {
    /// Its code; empty for records without one.
    pub department: String,
    /// Records.
    #[ts(type = "number")]
    pub records: i64,
}

/// Writes a list of problems and marks its records as reported.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WriteReport {
    /// Which rejections; of one connection.
    pub which: BulkRequest,
    /// Whether those that were reported already are reported again.
    pub again: bool,
    /// How it is written.
    pub form: ReportForm,
    /// `.xlsx` for a workbook; a `.zip` or a directory for several files.
    pub path: String,
    /// Last day of the term, `YYYY-MM-DD`; ten working days from today if absent.
    pub due_on: Option<String>,
    /// `zh` or `en`.
    pub language: String,
}

/// Writes the file of a report again: what is still reported.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RewriteReport {
    /// Which report.
    #[ts(type = "number")]
    pub report_id: i64,
    /// How it is written.
    pub form: ReportForm,
    /// `.xlsx` for a workbook; a `.zip` or a directory for several files.
    pub path: String,
    /// `zh` or `en`.
    pub language: String,
}

/// How far the writing of a report is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportProgress {
    /// collecting, writing or undoing.
    pub phase: String,
    /// Records done.
    #[ts(type = "number")]
    pub done: i64,
    /// Records in all, where known.
    #[ts(type = "number | null")]
    pub total: Option<i64>,
}

/// Names a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportId {
    /// Its number.
    #[ts(type = "number")]
    pub report_id: i64,
}

/// What became of the records of a report. The first eight add up to its records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportCounts {
    /// Without an answer.
    #[ts(type = "number")]
    pub waiting: i64,
    /// Answered otherwise than as corrected.
    #[ts(type = "number")]
    pub answered: i64,
    /// Said to be corrected, but no corrected record came yet.
    #[ts(type = "number")]
    pub corrected: i64,
    /// Resolved: a corrected record was accepted, or the record was withdrawn.
    #[ts(type = "number")]
    pub resolved: i64,
    /// Open again: they came changed and still wrong, or were opened again.
    #[ts(type = "number")]
    pub open_again: i64,
    /// Settled otherwise: ignored or overridden.
    #[ts(type = "number")]
    pub settled: i64,
    /// Withdrawn with the report.
    #[ts(type = "number")]
    pub withdrawn: i64,
    /// On a later report.
    #[ts(type = "number")]
    pub later: i64,
    /// Of those without an answer, how many after the term.
    #[ts(type = "number")]
    pub overdue: i64,
}

/// A report in a list.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportRow {
    /// Its number.
    #[ts(type = "number")]
    pub report_id: i64,
    /// The connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Its name.
    pub connection: String,
    /// Its environment.
    pub environment: Environment,
    /// When it was made, unix ms.
    #[ts(type = "number")]
    pub made_at: i64,
    /// By whom.
    pub actor: String,
    /// How it was written.
    pub form: ReportForm,
    /// Its file.
    pub path: String,
    /// Last day of its term.
    pub due_on: String,
    /// Records on it.
    #[ts(type = "number")]
    pub records: i64,
    /// What became of them.
    pub counts: ReportCounts,
    /// open, closed, withdrawn, or unwritten when its writing was interrupted.
    pub state: String,
}

/// Asks for reports.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct ReportsRequest {
    /// Only this connection's.
    #[ts(type = "number | null")]
    pub connection_id: Option<i64>,
    /// Only reports before this number (newest come first).
    #[ts(type = "number | null")]
    pub before: Option<i64>,
    /// At most so many (≤ 200).
    pub limit: u32,
}

/// A page of reports, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportsPage {
    /// The reports.
    pub reports: Vec<ReportRow>,
    /// Where the next page begins.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
    /// Records of all open reports without an answer after their term.
    #[ts(type = "number")]
    pub overdue: i64,
    /// Records of all open reports that are said to be corrected while no corrected one came.
    #[ts(type = "number")]
    pub unseen: i64,
}

/// A report with each department's share.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportDetail {
    /// As in lists.
    pub report: ReportRow,
    /// Which rejections it was made of, as JSON text.
    pub filter: String,
    /// Each department.
    pub departments: Vec<ReportDepartment>,
}

/// A department's share of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportDepartment {
    /// Its code; empty for records without one.
    pub department: String,
    /// What became of its records.
    pub counts: ReportCounts,
}

/// Asks for the records of a report.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportEntriesRequest {
    /// Which report.
    #[ts(type = "number")]
    pub report_id: i64,
    /// Only with this fate: a name of [`ReportCounts`].
    pub fate: Option<String>,
    /// Only of this department; empty for those without one.
    pub department: Option<String>,
    /// Only records after this one.
    #[ts(type = "number | null")]
    pub after: Option<i64>,
    /// At most so many (≤ 200).
    pub limit: u32,
}

/// A record on a report, masked.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportEntry {
    /// Its place on the report.
    #[ts(type = "number")]
    pub entry_id: i64,
    /// What it is called in letters.
    pub number: String,
    /// The rejection; absent when it is gone.
    #[ts(type = "number | null")]
    pub rejection_id: Option<i64>,
    /// The dataset.
    pub dataset: DatasetId,
    /// Title, masked.
    pub title: String,
    /// The number that others refer to it by, else its key; masked.
    pub record: String,
    /// Department code.
    pub department: String,
    /// What became of it: a name of [`ReportCounts`].
    pub fate: String,
    /// The last answer, masked.
    pub answer: Option<AnswerRow>,
}

/// A page of a report's records.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReportEntriesPage {
    /// The records.
    pub entries: Vec<ReportEntry>,
    /// Where the next page begins.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
}

/// Sets the last day of a report's term.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SetReportDue {
    /// Which report.
    #[ts(type = "number")]
    pub report_id: i64,
    /// `YYYY-MM-DD`.
    pub due_on: String,
}

/// Closes a report, or opens it again.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CloseReport {
    /// Which report.
    #[ts(type = "number")]
    pub report_id: i64,
    /// Whether it is closed from now on.
    pub closed: bool,
}

/// Reads records again that are said to be corrected while no corrected one came.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RepullCorrected {
    /// Of which connection.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Only those of this report; those of all open ones if absent.
    #[ts(type = "number | null")]
    pub report_id: Option<i64>,
}

/// Reads files with answers.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ReadAnswers {
    /// Whose answers they are.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// Files, or directories with files: xlsx and its kin, csv.
    pub paths: Vec<String>,
}

/// What files with answers say, before anything is taken in.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AnswersPreview {
    /// Tells whether the files are still the same.
    pub digest: String,
    /// Every sheet that was looked at.
    pub sheets: Vec<AnswerSheet>,
    /// Rows of each outcome.
    pub counts: Vec<AnswerCount>,
    /// The rows, those that need a look first; at most a thousand, masked.
    pub lines: Vec<AnswerLine>,
}

/// A sheet of a file with answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AnswerSheet {
    /// The file's name.
    pub file: String,
    /// The sheet's name.
    pub sheet: String,
    /// Row of its header; absent when it has none, so that it was left out.
    #[ts(type = "number | null")]
    pub header_row: Option<u64>,
    /// Rows with a reference number.
    #[ts(type = "number")]
    pub rows: i64,
}

/// Rows of one outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AnswerCount {
    /// As [`AnswerLine::outcome`].
    pub outcome: String,
    /// Rows.
    #[ts(type = "number")]
    pub rows: i64,
}

/// A row of a file with answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AnswerLine {
    /// The file's name.
    pub file: String,
    /// The sheet's name.
    pub sheet: String,
    /// Its row.
    #[ts(type = "number")]
    pub row: u64,
    /// The reference number, or what was typed in its place.
    pub number: String,
    /// new, changed, same, repeated, none, uncomputed, unclear, contradicting, mistyped, unknown,
    /// elsewhere or earlier. Only new and changed ones are taken in.
    pub outcome: String,
    /// The number that was probably meant.
    pub suggestion: Option<String>,
    /// corrected, explained, in_progress, unable or not_ours; absent where that is not clear.
    pub answer: Option<String>,
    /// What was said; masked.
    pub words: String,
    /// Who said so; masked.
    pub answered_by: String,
    /// When, as it was written.
    pub answered_on: String,
    /// The answer's word that was kept before.
    pub before: Option<String>,
    /// The rejection; absent when it is gone or not known.
    #[ts(type = "number | null")]
    pub rejection_id: Option<i64>,
}

/// Takes the answers of files in.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ApplyAnswers {
    /// Whose answers they are.
    #[ts(type = "number")]
    pub connection_id: i64,
    /// The same files.
    pub paths: Vec<String>,
    /// As the preview said: files that changed since are not taken in.
    pub digest: String,
}

/// What was taken in.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AnswersReport {
    /// Answers kept.
    #[ts(type = "number")]
    pub applied: i64,
    /// Rows of each outcome.
    pub counts: Vec<AnswerCount>,
    /// The rows, those that need a look first; at most a thousand, masked.
    pub lines: Vec<AnswerLine>,
    /// Records of the connection's open reports that are said to be corrected while no corrected one
    /// came.
    #[ts(type = "number")]
    pub unseen: i64,
}

/// Asks what was written to the provider about a record, and what came back.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct GetLetters {
    /// Which rejection.
    #[ts(type = "number")]
    pub rejection_id: i64,
    /// Why the answers are shown unmasked; goes into the audit log. Absent for masked ones.
    pub reason: Option<String>,
}

/// What was written to the provider about a record, and what came back.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Letters {
    /// What it is called in letters; absent when it never was on a report.
    pub number: Option<String>,
    /// Reports that it is or was on, newest first.
    pub reports: Vec<LetterRow>,
    /// Answers, newest first.
    pub answers: Vec<AnswerRow>,
    /// Whether the answers are shown unmasked.
    pub revealed: bool,
}

/// A report that a record is or was on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LetterRow {
    /// The report.
    #[ts(type = "number")]
    pub report_id: i64,
    /// When it was made, unix ms.
    #[ts(type = "number")]
    pub made_at: i64,
    /// By whom.
    pub actor: String,
    /// Last day of its term.
    pub due_on: String,
    /// What became of the record on it: a name of [`ReportCounts`].
    pub fate: String,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AnswerRow {
    /// corrected, explained, in_progress, unable or not_ours.
    pub answer: String,
    /// What was said.
    pub words: String,
    /// Who said so.
    pub answered_by: String,
    /// When, as it was written.
    pub answered_on: String,
    /// The file that it came in.
    pub file: String,
    /// When it was taken in, unix ms.
    #[ts(type = "number")]
    pub received_at: i64,
    /// By whom.
    pub actor: String,
}
