//! The mapping editor: a sample that stays here, and what a mapping makes of it.
//!
//! A sample's records hold personal data, so the window never gets them: it names the sample and sees
//! masked values.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::{Map, Value};
use zhengqiao_domain::mapping::read_row;
use zhengqiao_domain::primitives::{masking, moment};
use zhengqiao_domain::{
    Check, CompiledMapping, DatasetId, Outcome, Personal, Proposal, Rule, RuleSet, SourceColumn,
    propose,
};
use zhengqiao_exchange::{Column, FileTrouble, NoObserver, Profile, Provider, inspect_file};
use zhengqiao_store::{record, rejection, source};
use zhengqiao_sync::prepare;

use super::tables::with_columns;
use super::{Console, blocking, invalid, not_found, now_local};
use crate::contract::{
    ApiError, ErrorCode, FieldPreview, FileInspection, InspectFile, MappingPreview, MappingSample,
    PreviewMapping, SamplePlace, TakeSample, UnknownCode,
};
use crate::masks;

/// Samples that are kept at once.
const KEPT: usize = 6;
/// Records of a sample.
const SAMPLE_ROWS: usize = 200;
/// Places of values that are listed.
const MAX_PLACES: usize = 500;
/// Values that are shown of a place.
const SHOWN_VALUES: usize = 5;
/// Values that the shape is judged by.
const JUDGED_VALUES: usize = 20;

/// A sample that was taken.
struct Kept {
    id: i64,
    connection_id: Option<i64>,
    dataset: DatasetId,
    rows: Arc<Vec<Vec<u8>>>,
}

/// Samples that were taken, the latest last.
#[derive(Default)]
pub(super) struct Samples {
    kept: VecDeque<Kept>,
    next: i64,
}

/// Rejections of one cause that are looked at for how its code is written.
const LOOKED_AT: u32 = 50;

impl Console {
    /// Looks at a file: its form, its columns with masked values, likely pairs.
    ///
    /// # Errors
    /// [`ErrorCode::File`] saying what is wrong with it and what to do.
    pub async fn inspect_file(&self, request: InspectFile) -> Result<FileInspection, ApiError> {
        let source = request.file;
        let mut file =
            blocking(move || inspect_file(&source))
                .await?
                .map_err(|trouble: FileTrouble| ApiError {
                    code: ErrorCode::File,
                    message: trouble.what,
                    retryable: false,
                    details: Some(trouble.fault.code().into()),
                })?;
        let columns: Vec<SourceColumn> = file
            .columns
            .iter()
            .map(|column| SourceColumn {
                name: column.name.clone(),
                comment: String::new(),
                samples: column.samples.clone(),
            })
            .collect();
        let proposals = propose(request.dataset, &columns);
        for column in &mut file.columns {
            let class = class_of(request.dataset, &column.name, &proposals);
            column.samples.truncate(SHOWN_VALUES);
            for text in &mut column.samples {
                *text = masking::mask(class, text);
            }
        }
        Ok(FileInspection { file, proposals })
    }

    /// Takes a sample: the provider's first page, or what the cache has when it does not answer.
    ///
    /// # Errors
    /// The provider's when there is nothing in the cache either.
    pub async fn sample_dataset(&self, request: TakeSample) -> Result<MappingSample, ApiError> {
        let (fetched, table, problem) = match self.fetch_sample(&request).await {
            Ok((rows, table)) => (rows, table, None),
            Err(error) => (Vec::new(), Vec::new(), Some(error)),
        };
        let (rows, from) = match (fetched.is_empty(), request.connection_id) {
            (true, Some(connection_id)) => (
                self.cached_sample(connection_id, request.dataset).await?,
                "cache",
            ),
            _ => (fetched, "provider"),
        };
        if rows.is_empty()
            && let Some(error) = problem
        {
            return Err(error);
        }
        let columns = with_columns(places(&rows), &table);
        let proposals = propose(
            request.dataset,
            &columns
                .iter()
                .map(|(column, _)| column.clone())
                .collect::<Vec<_>>(),
        );
        let shown = columns
            .into_iter()
            .map(|(column, filled)| {
                let class = class_of(request.dataset, &column.name, &proposals);
                SamplePlace {
                    samples: column
                        .samples
                        .iter()
                        .take(SHOWN_VALUES)
                        .map(|text| masking::mask(class, text))
                        .collect(),
                    source: column.name,
                    comment: column.comment,
                    filled,
                }
            })
            .collect();
        let records = rows.len() as u64;
        let mut samples = self.samples();
        samples.next += 1;
        let id = samples.next;
        samples.kept.push_back(Kept {
            id,
            connection_id: request.connection_id,
            dataset: request.dataset,
            rows: Arc::new(rows),
        });
        if samples.kept.len() > KEPT {
            samples.kept.pop_front();
        }
        Ok(MappingSample {
            sample_id: id,
            records,
            from: from.into(),
            problem: problem.map(|error| error.message),
            places: shown,
            proposals,
        })
    }

    /// The records of the first page, and the columns of a database's table.
    async fn fetch_sample(
        &self,
        request: &TakeSample,
    ) -> Result<(Vec<Vec<u8>>, Vec<Column>), ApiError> {
        let dataset = request.dataset;
        let profile: &Profile = &request.profile;
        let source = profile
            .datasets
            .get(&dataset)
            .ok_or_else(|| not_found(format!("the connection does not carry {dataset}")))?;
        let secrets = match request.connection_id {
            Some(id) => self.secrets_to_test(id).await?.0,
            None => zhengqiao_exchange::Secrets::new(None),
        };
        let provider = Provider::new(profile, secrets, Arc::new(NoObserver))?;
        let until = moment::canonical(now_local());
        let page = provider.first_page(dataset, source, &until).await?;
        let rows = page.map_or_else(Vec::new, |page| {
            (0..page.records.len().min(SAMPLE_ROWS))
                .map(|at| page.raw(at).to_vec())
                .collect()
        });
        Ok((rows, provider.columns(source).await?))
    }

    async fn cached_sample(
        &self,
        connection_id: i64,
        dataset: DatasetId,
    ) -> Result<Vec<Vec<u8>>, ApiError> {
        self.read(move |conn| {
            let Some(source_id) = source::find(conn, connection_id, dataset)? else {
                return Ok(Vec::new());
            };
            let half = SAMPLE_ROWS as u32 / 2;
            let mut rows = rejection::open_payloads(conn, source_id, 0, half)?;
            rows.extend(record::payloads(conn, source_id, 0, half)?);
            Ok(rows.into_iter().map(|(_, raw)| raw).collect())
        })
        .await
    }

    /// What a mapping makes of a sample.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] for a sample that is no longer kept, [`ErrorCode::InvalidRequest`] for
    /// a mapping that cannot be used, naming field and step.
    pub async fn preview_mapping(
        &self,
        request: PreviewMapping,
    ) -> Result<MappingPreview, ApiError> {
        let (dataset, connection_id, rows) = {
            let samples = self.samples();
            let kept = samples
                .kept
                .iter()
                .find(|kept| kept.id == request.sample_id)
                .ok_or_else(|| not_found("the sample is no longer kept; take it again".into()))?;
            (kept.dataset, kept.connection_id, kept.rows.clone())
        };
        request
            .rules
            .validate()
            .map_err(|error| invalid(error.to_string()))?;
        let mapping = CompiledMapping::new(dataset, &request.mapping)
            .map_err(|error| invalid(error.to_string()))?;
        let known = self.known_unknowns(connection_id, dataset).await?;
        let now = now_local();
        blocking(move || {
            let rules = RuleSet::new(&request.rules);
            let check = Check::new(&rules, now);
            let mut unknown: BTreeMap<(String, String), u64> = BTreeMap::new();
            let mut filled = vec![false; dataset.dataset().fields.len()];
            let (mut passing, mut rejected) = (0, 0);
            let mut shown = Vec::new();
            for (at, raw) in rows.iter().enumerate() {
                let row = prepare(raw, &mapping, dataset, &check, &rules);
                match Outcome::of(&row.findings) {
                    Outcome::Rejected => rejected += 1,
                    Outcome::Accepted | Outcome::Held => passing += 1,
                }
                for (filled, slot) in filled.iter_mut().zip(&row.record.slots) {
                    *filled |= slot.value().is_some();
                }
                for finding in &row.findings {
                    if finding.rule == Rule::CodeUnknown
                        && let Some(code) = &finding.value
                    {
                        *unknown
                            .entry((finding.field.to_string(), code.clone()))
                            .or_default() += 1;
                    }
                }
                if at as u64 == request.at.min(rows.len() as u64 - 1) {
                    shown = fields_of(dataset, &mapping, raw, row.findings);
                }
            }
            for (key, records) in known {
                unknown.entry(key).or_insert(records);
            }
            let mut unknown_codes: Vec<UnknownCode> = unknown
                .into_iter()
                .map(|((field, code), records)| UnknownCode {
                    field,
                    code,
                    records,
                })
                .collect();
            unknown_codes.sort_by_key(|one| std::cmp::Reverse(one.records));
            MappingPreview {
                fields: shown,
                passing,
                rejected,
                unknown_codes,
                missing_required: dataset
                    .dataset()
                    .fields
                    .iter()
                    .zip(filled)
                    .filter(|(field, filled)| field.required && !filled)
                    .map(|(field, _)| field.name.to_owned())
                    .collect(),
            }
        })
        .await
    }

    /// Unknown codes of the open rejections, by field and code.
    async fn known_unknowns(
        &self,
        connection_id: Option<i64>,
        dataset: DatasetId,
    ) -> Result<Vec<((String, String), u64)>, ApiError> {
        let Some(connection_id) = connection_id else {
            return Ok(Vec::new());
        };
        self.read(move |conn| {
            let Some(source_id) = source::find(conn, connection_id, dataset)? else {
                return Ok(Vec::new());
            };
            let mut codes = Vec::new();
            for (cause_id, field, open) in
                zhengqiao_store::cause::of_rule(conn, source_id, Rule::CodeUnknown.code())?
            {
                // A cluster has one code in several writings; a table needs each as it is written.
                let mut written: BTreeMap<String, u64> = BTreeMap::new();
                for id in zhengqiao_store::cause::newest_open(conn, cause_id, LOOKED_AT)? {
                    let Some(text) = zhengqiao_store::rejection::findings_of(conn, id)? else {
                        continue;
                    };
                    let findings: Vec<zhengqiao_domain::Finding> = serde_json::from_str(&text)?;
                    for finding in findings {
                        if finding.rule == Rule::CodeUnknown
                            && finding.field == field
                            && let Some(code) = finding.value
                        {
                            *written.entry(code).or_default() += 1;
                        }
                    }
                }
                let only = written.len() == 1;
                let open = u64::try_from(open).unwrap_or(0);
                codes.extend(
                    written.into_iter().map(|(code, seen)| {
                        ((field.clone(), code), if only { open } else { seen })
                    }),
                );
            }
            Ok(codes)
        })
        .await
    }
}

/// How a column's values are masked: by the field that it likely is, else as free text.
fn class_of(dataset: DatasetId, column: &str, proposals: &[Proposal]) -> Personal {
    if column.starts_with("/_file/") || column == "_file" {
        return Personal::None;
    }
    let by_proposal = proposals
        .iter()
        .find(|one| one.source == column)
        .and_then(|one| dataset.dataset().field(&one.field));
    by_proposal.map_or(Personal::FreeText, |field| field.personal)
}

/// Where values are in the rows: top names, and pointers to what is nested.
pub(super) fn places(rows: &[Vec<u8>]) -> Vec<(SourceColumn, u64)> {
    let mut order: Vec<String> = Vec::new();
    let mut found: BTreeMap<String, (Vec<String>, u64)> = BTreeMap::new();
    for raw in rows {
        let Some(fields) = read_row(raw) else {
            continue;
        };
        let mut each = |place: String, text: String| {
            if !found.contains_key(&place) {
                if order.len() >= MAX_PLACES {
                    return;
                }
                order.push(place.clone());
            }
            let (samples, filled) = found.entry(place).or_default();
            if !text.is_empty() {
                *filled += 1;
                if samples.len() < JUDGED_VALUES && !samples.contains(&text) {
                    samples.push(text);
                }
            }
        };
        for (name, value) in &fields {
            leaves(
                name.clone(),
                &format!("/{}", escaped(name)),
                value,
                0,
                &mut each,
            );
        }
    }
    order
        .into_iter()
        .filter_map(|name| {
            let (samples, filled) = found.remove(&name)?;
            let column = SourceColumn {
                name,
                comment: String::new(),
                samples,
            };
            Some((column, filled))
        })
        .collect()
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn leaves(
    place: String,
    pointer: &str,
    value: &Value,
    depth: usize,
    each: &mut impl FnMut(String, String),
) {
    let nested: Box<dyn Iterator<Item = (String, &Value)>> = match value {
        Value::Object(fields) if depth < 4 => {
            Box::new(fields.iter().map(|(name, value)| (escaped(name), value)))
        }
        Value::Array(items) if depth < 4 => Box::new(
            items
                .iter()
                .take(3)
                .enumerate()
                .map(|(at, value)| (at.to_string(), value)),
        ),
        Value::Null => return each(place, String::new()),
        Value::String(text) => return each(place, text.chars().take(100).collect()),
        other => return each(place, other.to_string().chars().take(100).collect()),
    };
    for (name, inner) in nested {
        let pointer = format!("{pointer}/{name}");
        leaves(pointer.clone(), &pointer, inner, depth + 1, each);
    }
}

fn fields_of(
    dataset: DatasetId,
    mapping: &CompiledMapping,
    raw: &[u8],
    findings: Vec<zhengqiao_domain::Finding>,
) -> Vec<FieldPreview> {
    let fields: Map<String, Value> = read_row(raw).unwrap_or_default();
    let mut list: Vec<FieldPreview> = mapping
        .trace(&fields)
        .into_iter()
        .zip(dataset.dataset().fields)
        .map(|(trace, field)| {
            let hide =
                |text: Option<String>| text.map(|text| masks::value(dataset, field.name, &text));
            FieldPreview {
                field: field.name.into(),
                received: hide(trace.received),
                steps: trace.steps.into_iter().map(hide).collect(),
                mapped: hide(trace.mapped),
                findings: Vec::new(),
            }
        })
        .collect();
    for finding in findings {
        if let Some(field) = list.iter_mut().find(|one| one.field == finding.field) {
            field.findings.push(masks::finding(dataset, finding));
        }
    }
    list
}
