//! Reconciliation.

use tauri::State;
use tauri::ipc::Channel;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ExportReconciliation, ExportReport, Nothing, ReconciliationCell,
    ReconciliationCellsRequest, ReconciliationDetail, ReconciliationId, ReconciliationKeysPage,
    ReconciliationKeysRequest, ReconciliationProgress, ReconciliationRow, ReconciliationsRequest,
    SignReconciliation, StartReconciliation,
};

use super::tell;

hand_over! {
    start_reconciliation(StartReconciliation) -> ReconciliationId;
    cancel_reconciliation(ReconciliationId) -> Nothing;
    list_reconciliations(ReconciliationsRequest) -> Vec<ReconciliationRow>;
    get_reconciliation(ReconciliationId) -> ReconciliationDetail;
    list_reconciliation_cells(ReconciliationCellsRequest) -> Vec<ReconciliationCell>;
    list_reconciliation_keys(ReconciliationKeysRequest) -> ReconciliationKeysPage;
    repull_reconciliation(ReconciliationId) -> Nothing;
    sign_reconciliation(SignReconciliation) -> ReconciliationDetail;
    export_reconciliation(ExportReconciliation) -> ExportReport;
}

#[tauri::command]
pub async fn watch_reconciliation(
    console: State<'_, Console>,
    request: ReconciliationId,
    on_progress: Channel<ReconciliationProgress>,
) -> Result<ReconciliationProgress, ApiError> {
    console
        .watch_reconciliation(request, |message| tell(&on_progress, message))
        .await
}
