//! The sign-on mapping.

use zhengqiao_api::contract::{
    BindingDecisionsPage, BindingDecisionsRequest, BindingDetail, BindingDrift, BindingDriftPage,
    BindingDriftRequest, BindingFacets, BindingFacetsRequest, BindingId, BindingSignOff,
    BindingSignOffs, BindingsPage, BindingsRequest, ClaimMappingView, ConnectionId, DecideBindings,
    DecisionsMade, DecisionsUndone, ExportSignOff, IdentitySummary, Nothing, SaveClaimMapping,
    SignOffBindings, UndoBindingDecisions,
};

hand_over! {
    get_claim_mapping(ConnectionId) -> ClaimMappingView;
    save_claim_mapping(SaveClaimMapping) -> ClaimMappingView;
    review_identity(ConnectionId) -> IdentitySummary;
    get_identity_summary(ConnectionId) -> IdentitySummary;
    list_bindings(BindingsRequest) -> BindingsPage;
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
