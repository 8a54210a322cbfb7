//! The application as a whole.

use tauri::State;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, AppState, AuditPage, AuditRequest, AuditVerdict, BackupReport, BackupRequest,
    CodeListRow, DatasetRow, Nothing, Overview, RuleRow, Settings, UnlockRequest,
};

#[tauri::command]
pub async fn get_app_state(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<AppState, ApiError> {
    console.get_app_state().await
}

#[tauri::command]
pub async fn unlock_cache(
    console: State<'_, Console>,
    request: UnlockRequest,
) -> Result<AppState, ApiError> {
    console.unlock_cache(request).await
}

#[tauri::command]
pub async fn get_settings(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<Settings, ApiError> {
    console.get_settings().await
}

#[tauri::command]
pub async fn save_settings(
    console: State<'_, Console>,
    request: Settings,
) -> Result<Settings, ApiError> {
    console.save_settings(request).await
}

#[tauri::command]
pub async fn backup_cache(
    console: State<'_, Console>,
    request: BackupRequest,
) -> Result<BackupReport, ApiError> {
    console.backup_cache(request).await
}

#[tauri::command]
pub async fn get_overview(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<Overview, ApiError> {
    console.get_overview().await
}

#[tauri::command]
pub async fn list_rules(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<Vec<RuleRow>, ApiError> {
    Ok(console.list_rules())
}

#[tauri::command]
pub async fn list_datasets(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<Vec<DatasetRow>, ApiError> {
    Ok(console.list_datasets())
}

#[tauri::command]
pub async fn list_code_lists(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<Vec<CodeListRow>, ApiError> {
    Ok(console.list_code_lists())
}

#[tauri::command]
pub async fn list_audit(
    console: State<'_, Console>,
    request: AuditRequest,
) -> Result<AuditPage, ApiError> {
    console.list_audit(request).await
}

#[tauri::command]
pub async fn verify_audit(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<AuditVerdict, ApiError> {
    console.verify_audit().await
}
