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

hand_over! {
    get_connection(ConnectionId) -> ConnectionDetail;
    save_connection(SaveConnection) -> ConnectionDetail;
    duplicate_connection(DuplicateConnection) -> ConnectionDetail;
    remove_connection(RemoveConnection) -> Nothing;
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
