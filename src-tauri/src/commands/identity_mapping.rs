//! Claim mapping and review policy with their versions, and what a change would do to everyone.

use zhengqiao_api::contract::{
    AppliedIdentityChange, ClaimsPreview, CompareIdentityVersions, ConnectionId, IdentityChangeId,
    IdentityChangeRow, IdentityMapping, IdentityVersionRow, Nothing, PreviewClaims,
    ProposeIdentityChange, RestoreIdentityVersion, SaveIdentityMapping, StartWhatIf, WhatIfId,
    WhatIfRowsPage, WhatIfRowsRequest, WhatIfView,
};
use zhengqiao_api::differences::Difference;

hand_over! {
    get_identity_mapping(ConnectionId) -> IdentityMapping;
    save_identity_mapping(SaveIdentityMapping) -> IdentityMapping;
    preview_claims(PreviewClaims) -> ClaimsPreview;
    list_identity_versions(ConnectionId) -> Vec<IdentityVersionRow>;
    compare_identity_versions(CompareIdentityVersions) -> Vec<Difference>;
    restore_identity_version(RestoreIdentityVersion) -> IdentityMapping;
    start_what_if(StartWhatIf) -> WhatIfId;
    get_what_if(WhatIfId) -> WhatIfView;
    cancel_what_if(WhatIfId) -> Nothing;
    list_what_if_rows(WhatIfRowsRequest) -> WhatIfRowsPage;
    propose_identity_change(ProposeIdentityChange) -> IdentityChangeRow;
    list_identity_changes(ConnectionId) -> Vec<IdentityChangeRow>;
    apply_identity_change(IdentityChangeId) -> AppliedIdentityChange;
    discard_identity_change(IdentityChangeId) -> IdentityChangeRow;
}
