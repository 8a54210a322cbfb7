//! The sign-on mapping.

use super::tell;
use tauri::State;
use tauri::ipc::Channel;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    AccountSource, ApiError, BindingsPage, BindingsRequest, ClaimMappingView, ConnectionId,
    DecisionDeliveriesPage, DecisionDeliveriesRequest, DecisionDelivery, DecisionDeliveryProgress,
    DecisionDeliveryReport, DeliverDecisions, ExportDecisions, ExportReport, IdentitySummary,
    Nothing, SaveAccountSource, SaveClaimMapping, SaveDecisionTarget,
};

hand_over! {
    get_claim_mapping(ConnectionId) -> ClaimMappingView;
    save_claim_mapping(SaveClaimMapping) -> ClaimMappingView;
    review_identity(ConnectionId) -> IdentitySummary;
    get_identity_summary(ConnectionId) -> IdentitySummary;
    list_bindings(BindingsRequest) -> BindingsPage;
    get_account_source(ConnectionId) -> AccountSource;
    save_account_source(SaveAccountSource) -> AccountSource;
    get_decision_delivery(ConnectionId) -> DecisionDelivery;
    save_decision_target(SaveDecisionTarget) -> DecisionDelivery;
    list_decision_deliveries(DecisionDeliveriesRequest) -> DecisionDeliveriesPage;
    cancel_decision_delivery(ConnectionId) -> Nothing;
    export_decisions(ExportDecisions) -> ExportReport;
}

#[tauri::command]
pub async fn deliver_decisions(
    console: State<'_, Console>,
    request: DeliverDecisions,
    on_progress: Channel<DecisionDeliveryProgress>,
) -> Result<DecisionDeliveryReport, ApiError> {
    console
        .deliver_decisions(request, |message| tell(&on_progress, message))
        .await
}
