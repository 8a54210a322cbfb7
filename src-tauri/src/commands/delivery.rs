//! Delivery to the portal's library.

use tauri::State;
use tauri::ipc::Channel;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ConnectionDetail, ConnectionId, DeliverNow, DeliveryProgress, DeliveryRow, Nothing,
    SaveDeliveryTarget, TestDeliveryTarget, TestLayer, TestReport,
};

use super::tell;

hand_over! {
    list_deliveries(Nothing) -> Vec<DeliveryRow>;
    save_delivery_target(SaveDeliveryTarget) -> ConnectionDetail;
    deliver_now(DeliverNow) -> DeliveryRow;
    cancel_delivery(ConnectionId) -> Nothing;
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
pub async fn watch_delivery(
    console: State<'_, Console>,
    request: ConnectionId,
    on_progress: Channel<DeliveryProgress>,
) -> Result<DeliveryProgress, ApiError> {
    console
        .watch_delivery(request, |message| tell(&on_progress, message))
        .await
}
