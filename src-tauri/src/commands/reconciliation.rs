//! Reconciliation.

use tauri::State;
use tauri::ipc::Channel;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ExportReconciliation, ExportReport, Nothing, ReconciliationCell,
    ReconciliationCellsRequest, ReconciliationDetail, ReconciliationId, ReconciliationKeysPage,
    ReconciliationKeysRequest, ReconciliationProgress, ReconciliationRow, ReconciliationsRequest,
    SignReconciliation, StartReconciliation,
};

use super::tell;

#[tauri::command]
pub async fn start_reconciliation(
    console: State<'_, Console>,
    request: StartReconciliation,
) -> Result<ReconciliationId, ApiError> {
    console.start_reconciliation(request).await
}

#[tauri::command]
pub async fn watch_reconciliation(
    console: State<'_, Console>,
    request: ReconciliationId,
    on_progress: Channel<ReconciliationProgress>,
) -> Result<ReconciliationProgress, ApiError> {
    console
        .watch_reconciliation(request, |message| tell(&on_progress, message))
        .await
}

#[tauri::command]
pub async fn cancel_reconciliation(
    console: State<'_, Console>,
    request: ReconciliationId,
) -> Result<Nothing, ApiError> {
    console.cancel_reconciliation(request).await
}

#[tauri::command]
pub async fn list_reconciliations(
    console: State<'_, Console>,
    request: ReconciliationsRequest,
) -> Result<Vec<ReconciliationRow>, ApiError> {
    console.list_reconciliations(request).await
}

#[tauri::command]
pub async fn get_reconciliation(
    console: State<'_, Console>,
    request: ReconciliationId,
) -> Result<ReconciliationDetail, ApiError> {
    console.get_reconciliation(request).await
}

#[tauri::command]
pub async fn list_reconciliation_cells(
    console: State<'_, Console>,
    request: ReconciliationCellsRequest,
) -> Result<Vec<ReconciliationCell>, ApiError> {
    console.list_reconciliation_cells(request).await
}

#[tauri::command]
pub async fn list_reconciliation_keys(
    console: State<'_, Console>,
    request: ReconciliationKeysRequest,
) -> Result<ReconciliationKeysPage, ApiError> {
    console.list_reconciliation_keys(request).await
}

#[tauri::command]
pub async fn repull_reconciliation(
    console: State<'_, Console>,
    request: ReconciliationId,
) -> Result<Nothing, ApiError> {
    console.repull_reconciliation(request).await
}

#[tauri::command]
pub async fn sign_reconciliation(
    console: State<'_, Console>,
    request: SignReconciliation,
) -> Result<ReconciliationDetail, ApiError> {
    console.sign_reconciliation(request).await
}

#[tauri::command]
pub async fn export_reconciliation(
    console: State<'_, Console>,
    request: ExportReconciliation,
) -> Result<ExportReport, ApiError> {
    console.export_reconciliation(request).await
}
