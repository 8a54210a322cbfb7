//! The sign-on mapping.

use tauri::State;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, BindingsPage, BindingsRequest, ClaimMappingView, ConnectionId, IdentitySummary,
    SaveClaimMapping,
};

#[tauri::command]
pub async fn get_claim_mapping(
    console: State<'_, Console>,
    request: ConnectionId,
) -> Result<ClaimMappingView, ApiError> {
    console.get_claim_mapping(request).await
}

#[tauri::command]
pub async fn save_claim_mapping(
    console: State<'_, Console>,
    request: SaveClaimMapping,
) -> Result<ClaimMappingView, ApiError> {
    console.save_claim_mapping(request).await
}

#[tauri::command]
pub async fn review_identity(
    console: State<'_, Console>,
    request: ConnectionId,
) -> Result<IdentitySummary, ApiError> {
    console.review_identity(request).await
}

#[tauri::command]
pub async fn get_identity_summary(
    console: State<'_, Console>,
    request: ConnectionId,
) -> Result<IdentitySummary, ApiError> {
    console.get_identity_summary(request).await
}

#[tauri::command]
pub async fn list_bindings(
    console: State<'_, Console>,
    request: BindingsRequest,
) -> Result<BindingsPage, ApiError> {
    console.list_bindings(request).await
}
