//! The sign-on mapping.

use super::tell;
use tauri::State;
use tauri::ipc::Channel;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    AccountSource, ApiError, BindingDecisionsPage, BindingDecisionsRequest, BindingDetail,
    BindingDrift, BindingDriftPage, BindingDriftRequest, BindingFacets, BindingFacetsRequest,
    BindingId, BindingSignOff, BindingSignOffs, BindingsPage, BindingsRequest, ConnectionId,
    DecideBindings, DecisionDeliveriesPage, DecisionDeliveriesRequest, DecisionDelivery,
    DecisionDeliveryProgress, DecisionDeliveryReport, DecisionsMade, DecisionsUndone,
    DeliverDecisions, ExportDecisions, ExportReport, ExportSignOff, IdentitySummary, Nothing,
    SaveAccountSource, SaveDecisionTarget, SignOffBindings, UndoBindingDecisions,
};

hand_over! {
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
    get_binding_facets(BindingFacetsRequest) -> BindingFacets;
    get_binding(BindingId) -> BindingDetail;
    decide_bindings(DecideBindings) -> DecisionsMade;
    undo_binding_decisions(UndoBindingDecisions) -> DecisionsUndone;
    list_binding_decisions(BindingDecisionsRequest) -> BindingDecisionsPage;
    get_binding_drift(ConnectionId) -> BindingDrift;
    list_binding_drift(BindingDriftRequest) -> BindingDriftPage;
    sign_off_bindings(SignOffBindings) -> BindingSignOff;
    list_binding_sign_offs(ConnectionId) -> BindingSignOffs;
    export_binding_sign_off(ExportSignOff) -> Nothing;
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
