//! Override of rejected rows.

use zhengqiao_api::contract::{
    Nothing, OverrideReport, OverrideRequest, OverrideStanding, RejectionId, RevokeOverride,
};

hand_over! {
    get_override(RejectionId) -> OverrideStanding;
    try_override(OverrideRequest) -> OverrideReport;
    override_rejection(OverrideRequest) -> OverrideReport;
    revoke_override(RevokeOverride) -> Nothing;
}
