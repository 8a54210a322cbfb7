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

hand_over! {
    start_sync(StartSync) -> RunStarted;
    list_runs(RunsRequest) -> RunsPage;
    list_records(RecordsRequest) -> RecordsPage;
    get_record(RecordId) -> RecordDetail;
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
pub async fn get_run(console: State<'_, Console>, request: RunId) -> Result<RunDetail, ApiError> {
    console.get_run(request).await
}
