//! The sign-on mapping.

use zhengqiao_api::contract::{
    AccountSource, BindingsPage, BindingsRequest, ClaimMappingView, ConnectionId, IdentitySummary,
    SaveAccountSource, SaveClaimMapping,
};

hand_over! {
    get_claim_mapping(ConnectionId) -> ClaimMappingView;
    save_claim_mapping(SaveClaimMapping) -> ClaimMappingView;
    review_identity(ConnectionId) -> IdentitySummary;
    get_identity_summary(ConnectionId) -> IdentitySummary;
    list_bindings(BindingsRequest) -> BindingsPage;
    get_account_source(ConnectionId) -> AccountSource;
    save_account_source(SaveAccountSource) -> AccountSource;
}
