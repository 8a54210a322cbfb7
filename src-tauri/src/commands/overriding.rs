//! Override of rejected rows, and the quality of what came.

use zhengqiao_api::contract::{
    ExportReport, Nothing, OverrideReport, OverrideRequest, OverrideStanding, QualityExport,
    QualityReport, QualityRequest, RejectionId, RevokeOverride,
};

hand_over! {
    get_quality(QualityRequest) -> QualityReport;
    export_quality(QualityExport) -> ExportReport;
    get_override(RejectionId) -> OverrideStanding;
    try_override(OverrideRequest) -> OverrideReport;
    override_rejection(OverrideRequest) -> OverrideReport;
    revoke_override(RevokeOverride) -> Nothing;
}
