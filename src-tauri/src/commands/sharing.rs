//! Connections and mappings as files.

use tauri::State;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ConnectionExport, ImportPlan, ImportReport, ImportRequest, ImportedMapping,
    MappingExport, MappingImport, SharedFile, SharedSource,
};

#[tauri::command]
pub async fn export_connections(
    console: State<'_, Console>,
    request: ConnectionExport,
) -> Result<SharedFile, ApiError> {
    console.export_connections(request).await
}

#[tauri::command]
pub async fn plan_import(
    console: State<'_, Console>,
    request: SharedSource,
) -> Result<ImportPlan, ApiError> {
    console.plan_import(request).await
}

#[tauri::command]
pub async fn import_connections(
    console: State<'_, Console>,
    request: ImportRequest,
) -> Result<ImportReport, ApiError> {
    console.import_connections(request).await
}

#[tauri::command]
pub async fn export_mappings(
    console: State<'_, Console>,
    request: MappingExport,
) -> Result<SharedFile, ApiError> {
    console.export_mappings(request).await
}

#[tauri::command]
pub async fn import_mappings(
    console: State<'_, Console>,
    request: MappingImport,
) -> Result<Vec<ImportedMapping>, ApiError> {
    console.import_mappings(request).await
}
