//! Synchronisation and cached records.

use tauri::State;
use tauri::ipc::Channel;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, Nothing, RecordDetail, RecordId, RecordsPage, RecordsRequest, RunDetail, RunId,
    RunProgress, RunStarted, RunsPage, RunsRequest, StartSync, SyncRow,
};

use super::tell;

#[tauri::command]
pub async fn list_sync_state(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<Vec<SyncRow>, ApiError> {
    console.list_sync_state().await
}

#[tauri::command]
pub async fn start_sync(
    console: State<'_, Console>,
    request: StartSync,
) -> Result<RunStarted, ApiError> {
    console.start_sync(request).await
}

#[tauri::command]
pub async fn cancel_run(console: State<'_, Console>, request: RunId) -> Result<Nothing, ApiError> {
    console.cancel_run(request).await
}

#[tauri::command]
pub async fn watch_run(
    console: State<'_, Console>,
    request: RunId,
    on_progress: Channel<RunProgress>,
) -> Result<RunProgress, ApiError> {
    console
        .watch_run(request, |message| tell(&on_progress, message))
        .await
}

#[tauri::command]
pub async fn list_runs(
    console: State<'_, Console>,
    request: RunsRequest,
) -> Result<RunsPage, ApiError> {
    console.list_runs(request).await
}

#[tauri::command]
pub async fn get_run(console: State<'_, Console>, request: RunId) -> Result<RunDetail, ApiError> {
    console.get_run(request).await
}

#[tauri::command]
pub async fn list_records(
    console: State<'_, Console>,
    request: RecordsRequest,
) -> Result<RecordsPage, ApiError> {
    console.list_records(request).await
}

#[tauri::command]
pub async fn get_record(
    console: State<'_, Console>,
    request: RecordId,
) -> Result<RecordDetail, ApiError> {
    console.get_record(request).await
}
