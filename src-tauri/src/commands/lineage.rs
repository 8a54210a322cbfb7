//! Undo, histories, comparisons and reports of runs.

use tauri::State;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, CompareRuns, CountRetention, ExportReport, RecordHistories, RecordHistoryRequest,
    RetentionCounts, RunComparison, RunId, RunReportRequest, RunStarted, UndoPlan, UndoRun,
    UndonePage, UndoneRequest,
};

#[tauri::command]
pub async fn get_record_history(
    console: State<'_, Console>,
    request: RecordHistoryRequest,
) -> Result<RecordHistories, ApiError> {
    console.get_record_history(request).await
}

#[tauri::command]
pub async fn plan_undo(console: State<'_, Console>, request: RunId) -> Result<UndoPlan, ApiError> {
    console.plan_undo(request).await
}

#[tauri::command]
pub async fn undo_run(
    console: State<'_, Console>,
    request: UndoRun,
) -> Result<RunStarted, ApiError> {
    console.undo_run(request).await
}

#[tauri::command]
pub async fn list_undone(
    console: State<'_, Console>,
    request: UndoneRequest,
) -> Result<UndonePage, ApiError> {
    console.list_undone(request).await
}

#[tauri::command]
pub async fn compare_runs(
    console: State<'_, Console>,
    request: CompareRuns,
) -> Result<RunComparison, ApiError> {
    console.compare_runs(request).await
}

#[tauri::command]
pub async fn export_run_report(
    console: State<'_, Console>,
    request: RunReportRequest,
) -> Result<ExportReport, ApiError> {
    console.export_run_report(request).await
}

#[tauri::command]
pub async fn count_retention(
    console: State<'_, Console>,
    request: CountRetention,
) -> Result<RetentionCounts, ApiError> {
    console.count_retention(request).await
}
