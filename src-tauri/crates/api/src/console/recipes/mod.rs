//! Fix recipes: the mending steps of a connection as a readable file, and applying one elsewhere.
//!
//! A recipe holds no secret, no address and no personal value: steps that would are left out and counted.

mod likely;
mod text;

use zhengqiao_domain::primitives::moment;
use zhengqiao_domain::{
    DatasetId, MendStep, Mendable, Personal, StepProblem, Transform, steps_between,
};
use zhengqiao_exchange::{Profile, presets};
use zhengqiao_store::ignore::{self, Standing};
use zhengqiao_store::{Connection, StoreError, connection};

use super::effects::mendable;
use super::mending::stand;
use super::sharing::handed_in;
use super::{Console, blocking, file_error, invalid, not_found, now_local};
use likely::likely;
use text::text_of;

use crate::contract::{
    ApiError, ApplyRecipe, ExtractRecipe, MendReport, Recipe, RecipeFile, RecipePlan, SharedSource,
    StepReport,
};
use crate::out_file::put;

/// The form of the file that this program writes.
const FORMAT: u32 = 1;
/// Decisions that are looked through.
const MOST_DECISIONS: u32 = 500;
/// Steps of a recipe at most.
const MOST_STEPS: usize = 2_000;

impl Console {
    /// Takes the mending steps of a connection out of what it differs by from its preset or an earlier
    /// version, with the causes that it ignores.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`] for a preset or version that there is not.
    pub async fn extract_recipe(&self, request: ExtractRecipe) -> Result<RecipeFile, ApiError> {
        let connection_id = request.connection_id;
        let name = request.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 100 {
            return Err(invalid("name: give 1 to 100 characters"));
        }
        let (row, profile) = self.profile(connection_id).await?;
        let (before, compared_with) = match (&request.preset, request.version) {
            (Some(preset), _) => {
                let found = presets()
                    .into_iter()
                    .find(|one| one.name == preset.as_str())
                    .ok_or_else(|| not_found(format!("there is no preset {preset:?}")))?;
                (found.profile, format!("preset {preset}"))
            }
            (None, version) => self.earlier(connection_id, version).await?,
        };
        let own = profile.clone();
        let (after, ignored) = self
            .read(move |conn| {
                Ok((
                    mendable(conn, connection_id, &own)?,
                    ignored(conn, connection_id)?,
                ))
            })
            .await?;
        let mut steps = steps_between(&plain(&before), &after);
        steps.extend(ignored);
        let all = steps.len();
        steps.retain(|step| !holds_personal(step));
        let recipe = Recipe {
            format: FORMAT,
            name,
            taken_from: row.name,
            compared_with,
            taken_at: moment::canonical(now_local()),
            steps,
        };
        let left_out = u32::try_from(all - recipe.steps.len()).unwrap_or(u32::MAX);
        let text = text_of(&recipe)?;
        if let Some(path) = request.path {
            let (shown, copy) = (path.clone(), text.clone());
            blocking(move || put(path.as_ref(), |partial| std::fs::write(partial, copy)))
                .await?
                .map_err(|error| file_error(&shown, &error))?;
        }
        Ok(RecipeFile {
            text,
            recipe,
            left_out,
        })
    }

    /// An earlier version of a connection; the first that is kept where none is named.
    async fn earlier(
        &self,
        connection_id: i64,
        version: Option<i64>,
    ) -> Result<(Profile, String), ApiError> {
        let kept = self
            .read(move |conn| match version {
                Some(version) => connection::version(conn, connection_id, version),
                None => Ok(connection::versions(conn, connection_id, u32::MAX)?.pop()),
            })
            .await?
            .ok_or_else(|| not_found("there is no such version of the connection".into()))?;
        let profile = serde_json::from_str(&kept.profile).map_err(StoreError::from)?;
        Ok((profile, format!("version {}", kept.version)))
    }

    /// What a recipe's file says.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] naming line and field.
    pub async fn read_recipe(&self, request: SharedSource) -> Result<Recipe, ApiError> {
        let text = handed_in(request).await?;
        let recipe: Recipe = toml::from_str(&text)
            .map_err(|error| invalid(format!("the file cannot be read: {error}")))?;
        if recipe.format != FORMAT {
            return Err(invalid(format!(
                "format: this program reads form {FORMAT}, the file has {}",
                recipe.format
            )));
        }
        if recipe.steps.len() > MOST_STEPS {
            return Err(invalid(format!(
                "the file has more than {MOST_STEPS} steps"
            )));
        }
        Ok(recipe)
    }

    /// How the steps of a recipe stand to a connection: which apply, are already so, or fail and why.
    ///
    /// # Errors
    /// As [`Console::read_recipe`].
    pub async fn plan_recipe(&self, request: ApplyRecipe) -> Result<RecipePlan, ApiError> {
        let (_, _, plan) = self.stood(request).await?;
        Ok(plan)
    }

    /// Applies the steps of a recipe that can be done; those that fail are told.
    ///
    /// # Errors
    /// As [`Console::read_recipe`].
    pub async fn apply_recipe(&self, request: ApplyRecipe) -> Result<MendReport, ApiError> {
        let connection_id = request.connection_id;
        let (profile, changed, plan) = self.stood(request).await?;
        let why = format!("recipe {}", plan.recipe.name);
        self.keep_steps(connection_id, profile, changed, plan.steps, &why)
            .await
    }

    async fn stood(
        &self,
        request: ApplyRecipe,
    ) -> Result<(Profile, Mendable, RecipePlan), ApiError> {
        let connection_id = request.connection_id;
        let mut recipe = self.read_recipe(request.file).await?;
        let (_, profile) = self.profile(connection_id).await?;
        for one in &request.repoint {
            match recipe.steps.get_mut(one.step as usize) {
                Some(MendStep::SetField { source, .. }) => source.clone_from(&one.source),
                _ => {
                    return Err(invalid(format!(
                        "repoint: step {} does not say where a field comes from",
                        one.step
                    )));
                }
            }
        }
        let own = profile.clone();
        let (present, standing) = self
            .read(move |conn| {
                Ok((
                    mendable(conn, connection_id, &own)?,
                    ignored(conn, connection_id)?,
                ))
            })
            .await?;
        let known = present.sources.clone();
        let chosen: Vec<MendStep> = recipe
            .steps
            .iter()
            .enumerate()
            .filter(|(at, _)| {
                !request
                    .without
                    .iter()
                    .any(|without| *without as usize == *at)
            })
            .map(|(_, step)| step.clone())
            .collect();
        let (changed, mut done) = stand(present, &chosen);
        let today = zhengqiao_sync::today(super::now_ms());
        for report in &mut done {
            if let (MendStep::SetField { dataset, field, .. }, Some(StepProblem::SourceMissing)) =
                (&report.step, report.problem)
            {
                report.sources = likely(*dataset, field, &report.step, known.get(dataset));
            }
            settle_ignored(report, &standing, &today);
        }
        recipe.steps = chosen;
        Ok((
            profile,
            changed,
            RecipePlan {
                recipe,
                steps: done,
            },
        ))
    }
}

/// A cause that is ignored already is so; one whose date has passed cannot be.
fn settle_ignored(report: &mut StepReport, standing: &[MendStep], today: &str) {
    let MendStep::IgnoreCause {
        dataset,
        rule,
        field,
        cluster,
        until,
        ..
    } = &report.step
    else {
        return;
    };
    if report.problem.is_some() {
        return;
    }
    let same = standing.iter().any(|one| {
        matches!(one, MendStep::IgnoreCause { dataset: d, rule: r, field: f, cluster: c, .. }
            if d == dataset && r == rule && f == field && c == cluster)
    });
    if same {
        report.state = zhengqiao_domain::StepState::Already;
    } else if until.as_deref().is_some_and(|date| date < today) {
        report.state = zhengqiao_domain::StepState::Fails;
        report.problem = Some(StepProblem::DatePassed);
    }
}

/// What steps change of a profile, without what is known of the provider's rows.
fn plain(profile: &Profile) -> Mendable {
    Mendable {
        rules: profile.rules.clone(),
        mappings: profile
            .datasets
            .iter()
            .map(|(dataset, described)| (*dataset, described.mapping.clone()))
            .collect(),
        ..Mendable::default()
    }
}

/// The causes that a connection ignores, as steps; the reasons stay here.
fn ignored(conn: &Connection, connection_id: i64) -> Result<Vec<MendStep>, StoreError> {
    let rows = ignore::page(conn, Some(connection_id), false, None, MOST_DECISIONS)?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let (
                dataset,
                Standing {
                    rule,
                    field,
                    cluster,
                    ..
                },
            ) = row.standing?;
            Some(MendStep::IgnoreCause {
                dataset,
                rule,
                field,
                cluster,
                reason: String::new(),
                until: row.until,
            })
        })
        .collect())
}

/// Whether a step writes down values of a field that holds personal data.
fn holds_personal(step: &MendStep) -> bool {
    let personal = |dataset: &DatasetId, field: &str| {
        dataset
            .dataset()
            .field(field)
            .is_none_or(|field| field.personal != Personal::None)
    };
    let literal = |transform: &Transform| {
        matches!(
            transform,
            Transform::CodeTable { .. }
                | Transform::Constant { .. }
                | Transform::Default { .. }
                | Transform::Replace { .. }
        )
    };
    match step {
        MendStep::MapCode { dataset, field, .. } => personal(dataset, field),
        MendStep::AddTransform {
            dataset,
            field,
            transform,
        } => personal(dataset, field) && literal(transform),
        MendStep::SetField {
            dataset,
            field,
            transforms,
            ..
        } => personal(dataset, field) && transforms.iter().any(literal),
        MendStep::AddCode { .. }
        | MendStep::SetVariant { .. }
        | MendStep::SetSeverity { .. }
        | MendStep::IgnoreCause { .. } => false,
    }
}
