//! The mapping editor and versions of connections.

use tauri::State;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ConnectionDetail, ConnectionId, FileInspection, InspectFile, InspectTable,
    MappingPreview, MappingSample, PreviewMapping, ProfileVersion, RevertConnection,
    TableInspection, TakeSample,
};

#[tauri::command]
pub async fn inspect_file(
    console: State<'_, Console>,
    request: InspectFile,
) -> Result<FileInspection, ApiError> {
    console.inspect_file(request).await
}

#[tauri::command]
pub async fn inspect_table(
    console: State<'_, Console>,
    request: InspectTable,
) -> Result<TableInspection, ApiError> {
    console.inspect_table(request).await
}

#[tauri::command]
pub async fn sample_dataset(
    console: State<'_, Console>,
    request: TakeSample,
) -> Result<MappingSample, ApiError> {
    console.sample_dataset(request).await
}

#[tauri::command]
pub async fn preview_mapping(
    console: State<'_, Console>,
    request: PreviewMapping,
) -> Result<MappingPreview, ApiError> {
    console.preview_mapping(request).await
}

#[tauri::command]
pub async fn list_profile_versions(
    console: State<'_, Console>,
    request: ConnectionId,
) -> Result<Vec<ProfileVersion>, ApiError> {
    console.list_profile_versions(request).await
}

#[tauri::command]
pub async fn revert_connection(
    console: State<'_, Console>,
    request: RevertConnection,
) -> Result<ConnectionDetail, ApiError> {
    console.revert_connection(request).await
}
