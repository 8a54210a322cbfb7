//! Connections.

use tauri::State;
use tauri::ipc::Channel;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ConnectionDetail, ConnectionId, ConnectionRow, DuplicateConnection, Nothing,
    PresetRow, RemoveConnection, SaveConnection, TestLayer, TestReport,
};

use super::tell;

#[tauri::command]
pub async fn list_presets(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<Vec<PresetRow>, ApiError> {
    Ok(console.list_presets())
}

#[tauri::command]
pub async fn list_connections(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<Vec<ConnectionRow>, ApiError> {
    console.list_connections().await
}

#[tauri::command]
pub async fn get_connection(
    console: State<'_, Console>,
    request: ConnectionId,
) -> Result<ConnectionDetail, ApiError> {
    console.get_connection(request).await
}

#[tauri::command]
pub async fn save_connection(
    console: State<'_, Console>,
    request: SaveConnection,
) -> Result<ConnectionDetail, ApiError> {
    console.save_connection(request).await
}

#[tauri::command]
pub async fn duplicate_connection(
    console: State<'_, Console>,
    request: DuplicateConnection,
) -> Result<ConnectionDetail, ApiError> {
    console.duplicate_connection(request).await
}

#[tauri::command]
pub async fn remove_connection(
    console: State<'_, Console>,
    request: RemoveConnection,
) -> Result<Nothing, ApiError> {
    console.remove_connection(request).await
}

#[tauri::command]
pub async fn test_connection(
    console: State<'_, Console>,
    request: ConnectionId,
    on_layer: Channel<TestLayer>,
) -> Result<TestReport, ApiError> {
    console
        .test_connection(request, |message| tell(&on_layer, message))
        .await
}
