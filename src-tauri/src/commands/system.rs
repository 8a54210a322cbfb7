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

hand_over! {
    unlock_cache(UnlockRequest) -> AppState;
    save_settings(Settings) -> Settings;
    backup_cache(BackupRequest) -> BackupReport;
    list_audit(AuditRequest) -> AuditPage;
}

#[tauri::command]
pub async fn get_settings(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<Settings, ApiError> {
    console.get_settings().await
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
pub async fn verify_audit(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<AuditVerdict, ApiError> {
    console.verify_audit().await
}
