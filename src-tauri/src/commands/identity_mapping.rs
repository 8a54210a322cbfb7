//! Claim mapping and review policy with their versions, and what a change would do to everyone.

use tauri::State;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, AppliedIdentityChange, ClaimsPreview, CompareIdentityVersions, ConnectionId,
    ForgetClaimSample, IdentityChangeId, IdentityChangeRow, IdentityMapping, IdentityVersionRow,
    Nothing, PreviewClaims, ProposeIdentityChange, RestoreIdentityVersion, SaveIdentityMapping,
    StartWhatIf, WhatIfId, WhatIfRowsPage, WhatIfRowsRequest, WhatIfView,
};
use zhengqiao_api::differences::Difference;

hand_over! {
    get_identity_mapping(ConnectionId) -> IdentityMapping;
    save_identity_mapping(SaveIdentityMapping) -> IdentityMapping;
    preview_claims(PreviewClaims) -> ClaimsPreview;
    forget_claim_sample(ForgetClaimSample) -> Nothing;
    list_identity_versions(ConnectionId) -> Vec<IdentityVersionRow>;
    compare_identity_versions(CompareIdentityVersions) -> Vec<Difference>;
    restore_identity_version(RestoreIdentityVersion) -> IdentityMapping;
    start_what_if(StartWhatIf) -> WhatIfId;
    get_what_if(WhatIfId) -> WhatIfView;
    propose_identity_change(ProposeIdentityChange) -> IdentityChangeRow;
    list_identity_changes(ConnectionId) -> Vec<IdentityChangeRow>;
    apply_identity_change(IdentityChangeId) -> AppliedIdentityChange;
    discard_identity_change(IdentityChangeId) -> IdentityChangeRow;
}

/// Ends a trial.
#[tauri::command]
pub async fn cancel_what_if(
    console: State<'_, Console>,
    request: WhatIfId,
) -> Result<Nothing, ApiError> {
    console.cancel_what_if(request)
}

/// Accounts behind a number of a trial.
#[tauri::command]
pub async fn list_what_if_rows(
    console: State<'_, Console>,
    request: WhatIfRowsRequest,
) -> Result<WhatIfRowsPage, ApiError> {
    console.list_what_if_rows(&request)
}
