//! What a run covers, about how much that is, and dry runs.

use tauri::State;
use tauri::ipc::Channel;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ConnectionId, DryChangesPage, DryChangesRequest, DryId, DryRunDetail, DryRunRow,
    Nothing, ReachRow, RunProgress, RunStarted, StartSync, SyncProbe,
};

use super::tell;

#[tauri::command]
pub async fn list_reach(
    console: State<'_, Console>,
    request: ConnectionId,
) -> Result<Vec<ReachRow>, ApiError> {
    console.list_reach(request).await
}

#[tauri::command]
pub async fn probe_sync(
    console: State<'_, Console>,
    request: StartSync,
) -> Result<SyncProbe, ApiError> {
    console.probe_sync(request).await
}

#[tauri::command]
pub async fn start_dry_run(
    console: State<'_, Console>,
    request: StartSync,
) -> Result<DryId, ApiError> {
    console.start_dry_run(request).await
}

#[tauri::command]
pub async fn watch_dry_run(
    console: State<'_, Console>,
    request: DryId,
    on_progress: Channel<RunProgress>,
) -> Result<RunProgress, ApiError> {
    console
        .watch_dry_run(request, |message| tell(&on_progress, message))
        .await
}

#[tauri::command]
pub async fn cancel_dry_run(
    console: State<'_, Console>,
    request: DryId,
) -> Result<Nothing, ApiError> {
    console.cancel_dry_run(request).await
}

#[tauri::command]
pub async fn list_dry_runs(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<Vec<DryRunRow>, ApiError> {
    console.list_dry_runs().await
}

#[tauri::command]
pub async fn get_dry_run(
    console: State<'_, Console>,
    request: DryId,
) -> Result<DryRunDetail, ApiError> {
    console.get_dry_run(request).await
}

#[tauri::command]
pub async fn list_dry_changes(
    console: State<'_, Console>,
    request: DryChangesRequest,
) -> Result<DryChangesPage, ApiError> {
    console.list_dry_changes(request).await
}

#[tauri::command]
pub async fn apply_dry_run(
    console: State<'_, Console>,
    request: DryId,
) -> Result<RunStarted, ApiError> {
    console.apply_dry_run(request).await
}

#[tauri::command]
pub async fn discard_dry_run(
    console: State<'_, Console>,
    request: DryId,
) -> Result<Nothing, ApiError> {
    console.discard_dry_run(request).await
}
