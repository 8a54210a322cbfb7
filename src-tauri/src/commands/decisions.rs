//! What the guards say of a run, and what a person decides.

use tauri::State;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{ApiError, DecideRun, Nothing, RunGuards, RunId};

#[tauri::command]
pub async fn get_run_guards(
    console: State<'_, Console>,
    request: RunId,
) -> Result<RunGuards, ApiError> {
    console.get_run_guards(request).await
}

#[tauri::command]
pub async fn decide_run(
    console: State<'_, Console>,
    request: DecideRun,
) -> Result<Nothing, ApiError> {
    console.decide_run(request).await
}
