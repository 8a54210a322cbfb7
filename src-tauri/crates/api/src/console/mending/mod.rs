//! Mending: steps that cure a cause, tried on its own records, and saving them.

use std::collections::BTreeSet;

use zhengqiao_domain::mend::candidates;
use zhengqiao_domain::rules::cluster;
use zhengqiao_domain::{
    Check, CompiledMapping, DatasetId, Finding, Kind, MendStep, Mendable, Rule, RuleSet, Severity,
    StepState, propose,
};
use zhengqiao_exchange::Profile;
use zhengqiao_store::ignore::{self, Standing};
use zhengqiao_store::rejection::{self, RejectionFilter};
use zhengqiao_store::{StoreError, audit, source};
use zhengqiao_sync::prepare;

use super::effects::{mendable, problem_code};
use super::mapping::places;
use super::{Console, actor, blocking, invalid, not_found, now_local, now_ms};
use crate::contract::{
    ApiError, ApplyMend, MendProposal, MendProposals, MendReport, ProposeMend, SaveConnection,
    StepReport,
};
use crate::masks;

/// Records of a cause that steps are tried on.
const SAMPLE_ROWS: u32 = 120;
/// Steps that are proposed at most.
const MOST_PROPOSALS: usize = 5;

impl Console {
    /// Steps that could cure a cause, each tried on some of its records; or why there is none.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn propose_mend(&self, request: ProposeMend) -> Result<MendProposals, ApiError> {
        let (cause_id, found) = self
            .read(move |conn| {
                let named = match (request.cause_id, request.rejection_id) {
                    (None, Some(id)) => {
                        ignore::cause_of_finding(conn, id, &request.rule, &request.field)?
                    }
                    (cause_id, _) => cause_id,
                };
                let cause_id = named.unwrap_or_default();
                let Some(found) = ignore::cause_of(conn, cause_id)? else {
                    return Ok((cause_id, None));
                };
                let filter = RejectionFilter {
                    cause_id: Some(cause_id),
                    ..RejectionFilter::default()
                };
                let mut rows = Vec::new();
                for row in rejection::page(conn, &filter, None, SAMPLE_ROWS)? {
                    if let Some((raw, _, findings)) = rejection::payload(conn, row.id)? {
                        rows.push((raw, findings));
                    }
                }
                let by = ignore::standing_on(conn, &found.2)?.map(|row| row.id);
                Ok((cause_id, Some((found, rows, by))))
            })
            .await?;
        let ((connection_id, dataset, cause, open), rows, ignored_by) =
            found.ok_or_else(|| not_found(format!("there is no cause {cause_id}")))?;
        let (_, profile) = self.profile(connection_id).await?;
        let own = profile.clone();
        let present = self
            .read(move |conn| mendable(conn, connection_id, &own))
            .await?;
        let tried = cause.clone();
        let sample = rows.len() as u64;
        let (proposals, none_because, values) =
            blocking(move || try_steps(dataset, &tried, &rows, &present)).await??;
        let value = values
            .first()
            .filter(|_| values.len() == 1 && !masks::is_masked(dataset, &cause.field))
            .cloned();
        Ok(MendProposals {
            cause_id,
            connection_id,
            dataset,
            code_list: dataset
                .dataset()
                .field(&cause.field)
                .and_then(|field| field.kind.code_list())
                .map(str::to_owned),
            rule: cause.rule,
            field: cause.field,
            values: cluster::words(&cause.cluster).into(),
            value,
            cluster: cause.cluster,
            open,
            sample,
            proposals,
            none_because,
            ignored_by,
        })
    }

    /// Saves steps as a new version of the connection; causes that they ignore are ignored.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for a step that fails, naming it.
    pub async fn apply_mend(&self, request: ApplyMend) -> Result<MendReport, ApiError> {
        let connection_id = request.connection_id;
        let (_, profile) = self.profile(connection_id).await?;
        let own = profile.clone();
        let present = self
            .read(move |conn| mendable(conn, connection_id, &own))
            .await?;
        let (changed, steps) = stand(present, &request.steps);
        if let Some((at, failed)) = steps
            .iter()
            .enumerate()
            .find(|(_, step)| step.state == StepState::Fails)
        {
            let why = failed.problem.map(problem_code).unwrap_or_default();
            return Err(invalid(format!("steps[{at}]: {why}")));
        }
        self.keep_steps(connection_id, profile, changed, steps, "mending")
            .await
    }

    /// Keeps what steps made of a connection, and ignores the causes that they name.
    pub(super) async fn keep_steps(
        &self,
        connection_id: i64,
        mut profile: Profile,
        changed: Mendable,
        steps: Vec<StepReport>,
        why: &str,
    ) -> Result<MendReport, ApiError> {
        let (row, _) = self.profile(connection_id).await?;
        let before = serde_json::to_string(&profile).map_err(StoreError::from)?;
        profile.rules = changed.rules;
        for (dataset, mapping) in changed.mappings {
            if let Some(described) = profile.datasets.get_mut(&dataset) {
                described.mapping = mapping;
            }
        }
        let mut profile_version = row.profile_version;
        if serde_json::to_string(&profile).map_err(StoreError::from)? != before {
            let saved = self
                .save_connection(SaveConnection {
                    connection_id: Some(connection_id),
                    name: row.name.clone(),
                    profile,
                    secret: None,
                })
                .await?;
            profile_version = saved.profile_version;
        }
        let mut decision_ids = Vec::new();
        for report in &steps {
            let MendStep::IgnoreCause {
                dataset,
                rule,
                field,
                cluster,
                reason,
                until,
            } = &report.step
            else {
                continue;
            };
            if report.state != StepState::Applies {
                continue;
            }
            let id = *dataset;
            let source_id = self
                .write(move |tx| source::ensure(tx, connection_id, id))
                .await?;
            let cause = Standing {
                source_id,
                rule: rule.clone(),
                field: field.clone(),
                cluster: cluster.clone(),
            };
            let reason = if reason.trim().is_empty() {
                why
            } else {
                reason
            };
            decision_ids.push(
                self.ignore_named(connection_id, cause, reason.to_owned(), until.clone())
                    .await?,
            );
        }
        let applied = steps
            .iter()
            .filter(|step| step.state == StepState::Applies)
            .count();
        let detail = serde_json::json!({
            "steps": steps.len(), "applied": applied, "version": profile_version, "why": why,
        })
        .to_string();
        self.write(move |tx| {
            audit::append(tx, now_ms(), &actor(), "apply_mend", &row.name, &detail)
        })
        .await?;
        Ok(MendReport {
            profile_version,
            steps,
            decision_ids,
        })
    }
}

/// Does steps one after another: what they make, and how each stands. Those that fail are told and the
/// others go on.
pub(super) fn stand(mut present: Mendable, steps: &[MendStep]) -> (Mendable, Vec<StepReport>) {
    let reports = steps
        .iter()
        .map(|step| match present.apply(step) {
            Ok(state) => StepReport {
                step: step.clone(),
                state,
                problem: None,
                sources: Vec::new(),
            },
            Err(problem) => StepReport {
                step: step.clone(),
                state: StepState::Fails,
                problem: Some(problem),
                sources: Vec::new(),
            },
        })
        .collect();
    (present, reports)
}

/// What cures, why nothing does, and the offending values.
type Tried = (Vec<MendProposal>, Option<String>, BTreeSet<String>);

fn try_steps(
    dataset: DatasetId,
    cause: &Standing,
    rows: &[(Vec<u8>, String)],
    present: &Mendable,
) -> Result<Tried, StoreError> {
    let Some(rule) = Rule::by_code(&cause.rule) else {
        return Ok((Vec::new(), Some("not_here".into()), BTreeSet::new()));
    };
    let rules = RuleSet::new(&present.rules);
    let mut values = BTreeSet::new();
    for (_, findings) in rows {
        let findings: Vec<Finding> = serde_json::from_str(findings)?;
        values.extend(
            findings
                .into_iter()
                .filter(|one| one.rule == rule && one.field == cause.field.as_str())
                .filter(|one| {
                    // A cause from before clusters had keys is named by its value.
                    cause.cluster.is_empty()
                        || cluster::of_finding(dataset, one) == cause.cluster
                        || one.value.as_deref() == Some(cause.cluster.as_str())
                })
                .filter_map(|one| one.value),
        );
    }
    let mut steps = candidates(dataset, &cause.field, rule, &values, &rules);
    if matches!(rule, Rule::RequiredMissing | Rule::RequiredPlaceholder) {
        steps.extend(elsewhere(dataset, &cause.field, rows, present));
    }
    let now = now_local();
    let mut proposals: Vec<MendProposal> = Vec::new();
    for (step, certain) in steps {
        let mut changed = present.clone();
        if changed.apply(&step) != Ok(StepState::Applies) {
            continue;
        }
        let cures = cured(dataset, cause, rule, rows, (present, &changed), now);
        if cures > 0 && !proposals.iter().any(|one| one.step == step) {
            proposals.push(MendProposal {
                step,
                certain,
                cures,
            });
        }
    }
    proposals.sort_by_key(|one| (std::cmp::Reverse(one.cures), !one.certain));
    proposals.truncate(MOST_PROPOSALS);
    let none = proposals
        .is_empty()
        .then(|| why_none(dataset, &cause.field, rule, &values).to_owned());
    Ok((proposals, none, values))
}

/// Records in which the rule fails, and would not any more, nor anything else on the field instead. What
/// only a neighbour tells does not fail here, and no step cures it.
fn cured(
    dataset: DatasetId,
    cause: &Standing,
    rule: Rule,
    rows: &[(Vec<u8>, String)],
    (present, changed): (&Mendable, &Mendable),
    now: chrono::NaiveDateTime,
) -> u64 {
    let of_rule = |one: &Finding| one.field == cause.field.as_str() && one.rule == rule;
    let of_field = |one: &Finding| {
        one.field == cause.field.as_str() && (one.rule == rule || one.severity == Severity::Reject)
    };
    let fails_before = failing(dataset, rows, present, now, of_rule);
    let fails_after = failing(dataset, rows, changed, now, of_field);
    fails_before
        .into_iter()
        .zip(fails_after)
        .filter(|(before, after)| *before && !*after)
        .count() as u64
}

/// Which of the records have a finding of a kind, by themselves.
fn failing(
    dataset: DatasetId,
    rows: &[(Vec<u8>, String)],
    mended: &Mendable,
    now: chrono::NaiveDateTime,
    of_kind: impl Fn(&Finding) -> bool,
) -> Vec<bool> {
    let mapping = mended
        .mappings
        .get(&dataset)
        .and_then(|mapping| CompiledMapping::new(dataset, mapping).ok());
    let Some(mapping) = mapping else {
        return vec![true; rows.len()];
    };
    let rules = RuleSet::new(&mended.rules);
    let check = Check::new(&rules, now);
    rows.iter()
        .map(|(raw, _)| {
            prepare(raw, &mapping, dataset, &check, &rules)
                .findings
                .iter()
                .any(&of_kind)
        })
        .collect()
}

/// Where else in the provider's rows a missing value may be.
fn elsewhere(
    dataset: DatasetId,
    field: &str,
    rows: &[(Vec<u8>, String)],
    present: &Mendable,
) -> Vec<(MendStep, bool)> {
    let raw: Vec<Vec<u8>> = rows.iter().map(|(raw, _)| raw.clone()).collect();
    let columns: Vec<_> = places(&raw).into_iter().map(|(column, _)| column).collect();
    let known = present.mappings.get(&dataset);
    propose(dataset, &columns)
        .into_iter()
        .filter(|one| one.field == field)
        .map(|one| {
            let transforms = known
                .and_then(|mapping| mapping.fields.iter().find(|map| map.field == field))
                .map(|map| map.transforms.clone())
                .unwrap_or_default();
            let step = MendStep::SetField {
                dataset,
                field: field.to_owned(),
                source: one.source,
                transforms,
            };
            (step, false)
        })
        .collect()
}

/// Why nothing can be done about a cause here.
fn why_none(
    dataset: DatasetId,
    field: &str,
    rule: Rule,
    values: &BTreeSet<String>,
) -> &'static str {
    let kind = dataset.dataset().field(field).map(|field| field.kind);
    // A value of fewer characters than its kind has was cut off on its way.
    let whole = match rule {
        Rule::CreditCodeFormat | Rule::IdNumberFormat | Rule::DepartmentFormat => 18,
        Rule::TaskCodeFormat => 31,
        Rule::CatalogCodeFormat => 12,
        Rule::FormatCertKey => 64,
        _ => 0,
    };
    if !values.is_empty() && values.iter().all(|value| value.chars().count() < whole) {
        return "truncated";
    }
    match rule {
        Rule::RequiredMissing | Rule::RequiredPlaceholder => "missing",
        Rule::CreditCodeCheck
        | Rule::IdNumberCheck
        | Rule::IdNumberDate
        | Rule::DepartmentCheck
        | Rule::TaskCodeCheck => "check_digit",
        Rule::ReferenceItem
        | Rule::ReferenceCase
        | Rule::ReferenceLegalPerson
        | Rule::DuplicateKey => "neighbour",
        Rule::CodeUnknown if kind.and_then(Kind::code_list).is_some() => "unknown_code",
        _ => "not_here",
    }
}

#[cfg(test)]
mod tests;
