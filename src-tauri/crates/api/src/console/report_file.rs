//! The file of a report: a workbook, or a file for each department in an archive or a directory.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use rust_xlsxwriter::XlsxError;
use zhengqiao_domain::{CompiledMapping, DatasetId, Finding};
use zhengqiao_exchange::Profile;
use zhengqiao_store::report::{self, EntryFilter, Fate, ReportRow};
use zhengqiao_store::{Connection, StoreError, connection, rejection};

use super::records::{fields, mapping};
use super::rejected::row;
use super::report_answers::written;
use super::report_write::Teller;
use super::reports::{BATCH_ROWS, environment_of};
use crate::contract::ReportForm;
use crate::issue_list::line::{Known, cells};
use crate::issue_list::workbook::Book;
use crate::issue_list::{COLUMNS, Cover, Words};
use crate::out_file::{Separated, partial, put};

/// What is to be written.
pub(super) struct Job {
    pub(super) report: ReportRow,
    pub(super) profile: Profile,
    pub(super) form: ReportForm,
    pub(super) path: String,
    pub(super) words: Words,
    pub(super) teller: Teller,
}

/// Why it could not be written.
pub(super) enum Failure {
    Cancelled,
    Store(StoreError),
    File(std::io::Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::File(error)
    }
}

impl From<XlsxError> for Failure {
    fn from(error: XlsxError) -> Self {
        Self::File(std::io::Error::other(error))
    }
}

impl From<csv::Error> for Failure {
    fn from(error: csv::Error) -> Self {
        Self::File(error.into())
    }
}

impl From<zip::result::ZipError> for Failure {
    fn from(error: zip::result::ZipError) -> Self {
        Self::File(std::io::Error::other(error))
    }
}

/// A department with its name, as far as its records tell it.
struct Department {
    code: String,
    name: Option<String>,
    records: i64,
}

/// Fates of records that are still reported.
const REPORTED: [Fate; 3] = [Fate::Waiting, Fate::Answered, Fate::Corrected];

/// Writes the file. What was there stays until the new one is whole.
pub(super) fn write(conn: &Connection, job: &Job) -> Result<(), Failure> {
    let mut departments = Vec::new();
    for (code, records) in report::departments(conn, job.report.id)? {
        let name = name_of(conn, job.report.id, &code)?;
        departments.push(Department {
            code,
            name,
            records,
        });
    }
    let total: i64 = departments.iter().map(|one| one.records).sum();
    let mut pen = Pen {
        conn,
        job,
        mappings: Vec::new(),
        done: 0,
        total,
    };
    if job.form == ReportForm::Workbook {
        let mut book = Book::new(&pen.cover(&departments)?, job.words)?;
        for department in &departments {
            book.department(&department.code, department.name.as_deref())?;
            pen.each(&department.code, &mut |cells| Ok(book.record(cells)?))?;
        }
        let bytes = book.bytes()?;
        return put(Path::new(&job.path), |partial| {
            Ok(std::fs::write(partial, bytes)?)
        });
    }
    let mut place = Place::open(&job.path)?;
    for (number, department) in (1..).zip(&departments) {
        let (ending, bytes) = if job.form == ReportForm::Csv {
            let titles = COLUMNS.iter().map(|column| job.words.title(column));
            let mut file = Separated::new(Vec::new(), titles)?;
            pen.each(&department.code, &mut |cells| Ok(file.record(cells)?))?;
            ("csv", file.end()?)
        } else {
            let cover = pen.cover(std::slice::from_ref(department))?;
            let mut book = Book::new(&cover, job.words)?;
            book.department(&department.code, department.name.as_deref())?;
            pen.each(&department.code, &mut |cells| Ok(book.record(cells)?))?;
            ("xlsx", book.bytes()?)
        };
        let name = pen.file_name(number, department, ending);
        place.put(&name, &bytes)?;
    }
    if job.form == ReportForm::Csv {
        let name = job.words.of("填写说明.txt", "How to answer.txt");
        let text = pen.instructions(&departments)?;
        place.put(name, text.as_bytes())?;
    }
    place.close()
}

/// The name of a department, from one of its records.
fn name_of(conn: &Connection, report_id: i64, code: &str) -> Result<Option<String>, StoreError> {
    let filter = EntryFilter {
        fates: REPORTED.to_vec(),
        department: Some(code.to_owned()),
    };
    if code.is_empty() {
        return Ok(None);
    }
    for entry in report::entries(conn, report_id, &filter, 0, 20)? {
        let Some(field) = entry.dataset.dataset().department else {
            continue;
        };
        let named = field.replace("_code", "_name");
        let Some((_, mapped, _)) = entry
            .rejection_id
            .map(|id| rejection::payload(conn, id))
            .transpose()?
            .flatten()
        else {
            continue;
        };
        let name = fields(&mapped)?
            .get(&named)
            .and_then(|value| value.as_str())
            .map(|name| name.trim().to_owned());
        if let Some(name) = name.filter(|name| !name.is_empty() && name.chars().count() <= 60) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn day(ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(ms)
        .map(|moment| {
            (moment + chrono::Duration::hours(8))
                .date_naive()
                .to_string()
        })
        .unwrap_or_default()
}

/// Writes records one after the other.
struct Pen<'a> {
    conn: &'a Connection,
    job: &'a Job,
    mappings: Vec<(DatasetId, CompiledMapping)>,
    done: i64,
    total: i64,
}

type Each<'e> = &'e mut dyn FnMut(&[String; COLUMNS.len()]) -> Result<(), Failure>;

impl Pen<'_> {
    fn cover(&self, departments: &[Department]) -> Result<Cover, StoreError> {
        let report = &self.job.report;
        let owner = connection::get(self.conn, report.connection_id)?;
        let (name, environment) = owner.map_or_else(
            || (String::new(), String::new()),
            |owner| {
                let environment = environment_of(&owner.environment);
                let word = if self.job.words.0 {
                    environment.zh()
                } else {
                    environment.as_str()
                };
                (owner.name, word.to_owned())
            },
        );
        Ok(Cover {
            report_id: report.id,
            connection: name,
            environment,
            made_on: day(report.made_at),
            actor: report.actor.clone(),
            period: report::period(self.conn, report.id)?
                .map(|(first, last)| (day(first), day(last))),
            due_on: report.due_on.clone(),
            departments: departments
                .iter()
                .map(|one| (one.code.clone(), one.name.clone(), one.records))
                .collect(),
        })
    }

    /// The cover as plain text.
    fn instructions(&self, departments: &[Department]) -> Result<String, StoreError> {
        let words = self.job.words;
        let mut text = String::from("\u{feff}");
        for (name, value) in self.cover(departments)?.facts(words) {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        for (at, line) in (1..).zip(Cover::instructions(words)) {
            text.push_str(&format!("{at}. {line}\r\n"));
        }
        Ok(text)
    }

    /// Hands out the cells of each record of a department.
    fn each(&mut self, department: &str, each: Each<'_>) -> Result<(), Failure> {
        let filter = EntryFilter {
            fates: REPORTED.to_vec(),
            department: Some(department.to_owned()),
        };
        let mut after = 0;
        loop {
            if self.job.teller.is_cancelled() {
                return Err(Failure::Cancelled);
            }
            let page = report::entries(self.conn, self.job.report.id, &filter, after, BATCH_ROWS)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.id;
            let rows = page.len() as i64;
            for entry in page {
                if let Some(cells) = self.cells(&entry)? {
                    each(&cells)?;
                }
            }
            self.done += rows;
            self.job
                .teller
                .tell("writing", self.done, Some(self.total.max(self.done)));
        }
    }

    fn cells(
        &mut self,
        entry: &report::EntryRow,
    ) -> Result<Option<[String; COLUMNS.len()]>, StoreError> {
        let Some(id) = entry.rejection_id else {
            return Ok(None);
        };
        let Some(found) = rejection::get(self.conn, id)? else {
            return Ok(None);
        };
        let dataset = found.dataset;
        if !self.mappings.iter().any(|(one, _)| *one == dataset) {
            let compiled = mapping(&self.job.profile, dataset)?;
            self.mappings.push((dataset, compiled));
        }
        let Some((_, mapping)) = self.mappings.iter().find(|(one, _)| *one == dataset) else {
            return Ok(None);
        };
        let findings: Vec<Finding> = match rejection::findings_of(self.conn, id)? {
            Some(text) => serde_json::from_str(&text)?,
            None => Vec::new(),
        };
        let shown = row(found);
        let known = Known {
            number: written(&entry.number),
            report_id: self.job.report.id,
            dataset,
            record: shown.business_key.unwrap_or(shown.record_key),
            title: shown.title,
            department: &entry.department,
            findings,
            first_seen: day(shown.first_seen_at),
            due_on: &self.job.report.due_on,
            mapping,
        };
        Ok(Some(cells(known, self.job.words)))
    }

    fn file_name(&self, number: usize, department: &Department, ending: &str) -> String {
        let words = self.job.words;
        let shown = department
            .name
            .clone()
            .unwrap_or_else(|| words.department(&department.code));
        let clean: String = shown
            .chars()
            .filter(|char| char.is_alphanumeric() || "-_ ".contains(*char))
            .take(40)
            .collect();
        let list = words.of("问题清单", "problems");
        format!(
            "{list}-{}-{number:02}-{}.{ending}",
            self.job.report.id,
            clean.trim()
        )
    }
}

/// Where several files go.
enum Place {
    Archive {
        path: PathBuf,
        writer: Box<zip::ZipWriter<std::fs::File>>,
    },
    Directory(PathBuf),
}

impl Place {
    fn open(path: &str) -> Result<Self, Failure> {
        let path = PathBuf::from(path);
        let is_archive = path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("zip"));
        if is_archive {
            let writer = Box::new(zip::ZipWriter::new(std::fs::File::create(partial(&path))?));
            return Ok(Self::Archive { path, writer });
        }
        std::fs::create_dir_all(&path)?;
        Ok(Self::Directory(path))
    }

    fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Archive { writer, .. } => {
                writer.start_file(name, zip::write::SimpleFileOptions::default())?;
                writer.write_all(bytes)?;
                Ok(())
            }
            Self::Directory(path) => put(&path.join(name), |partial| {
                Ok(std::fs::write(partial, bytes)?)
            }),
        }
    }

    fn close(self) -> Result<(), Failure> {
        if let Self::Archive { path, writer } = self {
            writer.finish()?;
            std::fs::rename(partial(&path), &path)?;
        }
        Ok(())
    }
}
