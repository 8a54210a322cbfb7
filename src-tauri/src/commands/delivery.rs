//! Delivery to the portal's library.

use tauri::State;
use tauri::ipc::Channel;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ConnectionDetail, ConnectionId, DeliverNow, DeliveryProgress, DeliveryRow, Nothing,
    SaveDeliveryTarget, TestDeliveryTarget, TestLayer, TestReport,
};

use super::tell;

#[tauri::command]
pub async fn list_deliveries(
    console: State<'_, Console>,
    request: Nothing,
) -> Result<Vec<DeliveryRow>, ApiError> {
    console.list_deliveries(request).await
}

#[tauri::command]
pub async fn save_delivery_target(
    console: State<'_, Console>,
    request: SaveDeliveryTarget,
) -> Result<ConnectionDetail, ApiError> {
    console.save_delivery_target(request).await
}

#[tauri::command]
pub async fn test_delivery_target(
    console: State<'_, Console>,
    request: TestDeliveryTarget,
    on_layer: Channel<TestLayer>,
) -> Result<TestReport, ApiError> {
    console
        .test_delivery_target(request, |message| tell(&on_layer, message))
        .await
}

#[tauri::command]
pub async fn deliver_now(
    console: State<'_, Console>,
    request: DeliverNow,
) -> Result<DeliveryRow, ApiError> {
    console.deliver_now(request).await
}

#[tauri::command]
pub async fn cancel_delivery(
    console: State<'_, Console>,
    request: ConnectionId,
) -> Result<Nothing, ApiError> {
    console.cancel_delivery(request).await
}

#[tauri::command]
pub async fn watch_delivery(
    console: State<'_, Console>,
    request: ConnectionId,
    on_progress: Channel<DeliveryProgress>,
) -> Result<DeliveryProgress, ApiError> {
    console
        .watch_delivery(request, |message| tell(&on_progress, message))
        .await
}
