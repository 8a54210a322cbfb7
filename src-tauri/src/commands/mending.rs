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

hand_over! {
    propose_mend(ProposeMend) -> MendProposals;
    apply_mend(ApplyMend) -> MendReport;
    extract_recipe(ExtractRecipe) -> RecipeFile;
    read_recipe(SharedSource) -> Recipe;
    plan_recipe(ApplyRecipe) -> RecipePlan;
    apply_recipe(ApplyRecipe) -> MendReport;
    ignore_rejections(IgnoreRequest) -> IgnoreReport;
    reopen_rejections(BulkRequest) -> BulkReport;
    list_ignores(IgnoresRequest) -> IgnoresPage;
    revoke_ignores(RevokeIgnores) -> BulkReport;
    start_effect(StartEffect) -> EffectId;
    list_effects(Nothing) -> Vec<Effect>;
    start_revalidation(StartRevalidation) -> RunStarted;
    continue_revalidation(RunId) -> RunStarted;
    get_revalidation(RunId) -> Revalidation;
    list_revalidated(RevalidatedRequest) -> RevalidatedPage;
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
