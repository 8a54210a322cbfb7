//! Rejected records.

use tauri::State;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, CauseRow, ExportReport, ExportRequest, Facets, RejectionDetail, RejectionFilter,
    RejectionId, RejectionsPage, RejectionsRequest, RevealRequest,
};

#[tauri::command]
pub async fn list_causes(
    console: State<'_, Console>,
    request: RejectionFilter,
) -> Result<Vec<CauseRow>, ApiError> {
    console.list_causes(request).await
}

#[tauri::command]
pub async fn list_facets(
    console: State<'_, Console>,
    request: RejectionFilter,
) -> Result<Facets, ApiError> {
    console.list_facets(request).await
}

#[tauri::command]
pub async fn list_rejections(
    console: State<'_, Console>,
    request: RejectionsRequest,
) -> Result<RejectionsPage, ApiError> {
    console.list_rejections(request).await
}

#[tauri::command]
pub async fn get_rejection(
    console: State<'_, Console>,
    request: RejectionId,
) -> Result<RejectionDetail, ApiError> {
    console.get_rejection(request).await
}

#[tauri::command]
pub async fn reveal_rejection(
    console: State<'_, Console>,
    request: RevealRequest,
) -> Result<RejectionDetail, ApiError> {
    console.reveal_rejection(request).await
}

#[tauri::command]
pub async fn export_rejections(
    console: State<'_, Console>,
    request: ExportRequest,
) -> Result<ExportReport, ApiError> {
    console.export_rejections(request).await
}
