//! Mending: proposals, effects, ignoring, checking again, recipes.

use tauri::State;
use tauri::ipc::Channel;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ApplyMend, ApplyRecipe, BulkReport, BulkRequest, Effect, EffectId, EffectRowsPage,
    EffectRowsRequest, ExtractRecipe, IgnoreReport, IgnoreRequest, IgnoresPage, IgnoresRequest,
    MendProposals, MendReport, Nothing, ProposeMend, Recipe, RecipeFile, RecipePlan,
    RevalidatedPage, RevalidatedRequest, Revalidation, RevokeIgnores, RunId, RunStarted,
    SharedSource, StartEffect, StartRevalidation,
};

use super::tell;

#[tauri::command]
pub async fn propose_mend(
    console: State<'_, Console>,
    request: ProposeMend,
) -> Result<MendProposals, ApiError> {
    console.propose_mend(request).await
}

#[tauri::command]
pub async fn apply_mend(
    console: State<'_, Console>,
    request: ApplyMend,
) -> Result<MendReport, ApiError> {
    console.apply_mend(request).await
}

#[tauri::command]
pub async fn extract_recipe(
    console: State<'_, Console>,
    request: ExtractRecipe,
) -> Result<RecipeFile, ApiError> {
    console.extract_recipe(request).await
}

#[tauri::command]
pub async fn read_recipe(
    console: State<'_, Console>,
    request: SharedSource,
) -> Result<Recipe, ApiError> {
    console.read_recipe(request).await
}

#[tauri::command]
pub async fn plan_recipe(
    console: State<'_, Console>,
    request: ApplyRecipe,
) -> Result<RecipePlan, ApiError> {
    console.plan_recipe(request).await
}

#[tauri::command]
pub async fn apply_recipe(
    console: State<'_, Console>,
    request: ApplyRecipe,
) -> Result<MendReport, ApiError> {
    console.apply_recipe(request).await
}

#[tauri::command]
pub async fn ignore_rejections(
    console: State<'_, Console>,
    request: IgnoreRequest,
) -> Result<IgnoreReport, ApiError> {
    console.ignore_rejections(request).await
}

#[tauri::command]
pub async fn reopen_rejections(
    console: State<'_, Console>,
    request: BulkRequest,
) -> Result<BulkReport, ApiError> {
    console.reopen_rejections(request).await
}

#[tauri::command]
pub async fn list_ignores(
    console: State<'_, Console>,
    request: IgnoresRequest,
) -> Result<IgnoresPage, ApiError> {
    console.list_ignores(request).await
}

#[tauri::command]
pub async fn revoke_ignores(
    console: State<'_, Console>,
    request: RevokeIgnores,
) -> Result<BulkReport, ApiError> {
    console.revoke_ignores(request).await
}

#[tauri::command]
pub async fn start_effect(
    console: State<'_, Console>,
    request: StartEffect,
) -> Result<EffectId, ApiError> {
    console.start_effect(request).await
}

#[tauri::command]
pub async fn list_effects(
    console: State<'_, Console>,
    request: Nothing,
) -> Result<Vec<Effect>, ApiError> {
    console.list_effects(request).await
}

#[tauri::command]
pub async fn start_revalidation(
    console: State<'_, Console>,
    request: StartRevalidation,
) -> Result<RunStarted, ApiError> {
    console.start_revalidation(request).await
}

#[tauri::command]
pub async fn continue_revalidation(
    console: State<'_, Console>,
    request: RunId,
) -> Result<RunStarted, ApiError> {
    console.continue_revalidation(request).await
}

#[tauri::command]
pub async fn get_revalidation(
    console: State<'_, Console>,
    request: RunId,
) -> Result<Revalidation, ApiError> {
    console.get_revalidation(request).await
}

#[tauri::command]
pub async fn list_revalidated(
    console: State<'_, Console>,
    request: RevalidatedRequest,
) -> Result<RevalidatedPage, ApiError> {
    console.list_revalidated(request).await
}

#[tauri::command]
pub async fn watch_effect(
    console: State<'_, Console>,
    request: EffectId,
    on_progress: Channel<Effect>,
) -> Result<Effect, ApiError> {
    console
        .watch_effect(request, |message| tell(&on_progress, message))
        .await
}

#[tauri::command]
pub async fn cancel_effect(
    console: State<'_, Console>,
    request: EffectId,
) -> Result<Nothing, ApiError> {
    console.cancel_effect(request)
}

#[tauri::command]
pub async fn list_effect_rows(
    console: State<'_, Console>,
    request: EffectRowsRequest,
) -> Result<EffectRowsPage, ApiError> {
    console.list_effect_rows(&request)
}
