//! Rejected records.

use zhengqiao_api::contract::{
    CauseRow, ExportReport, ExportRequest, Facets, RejectionDetail, RejectionFilter, RejectionId,
    RejectionsPage, RejectionsRequest, RevealRequest,
};

hand_over! {
    list_causes(RejectionFilter) -> Vec<CauseRow>;
    list_facets(RejectionFilter) -> Facets;
    list_rejections(RejectionsRequest) -> RejectionsPage;
    get_rejection(RejectionId) -> RejectionDetail;
    reveal_rejection(RevealRequest) -> RejectionDetail;
    export_rejections(ExportRequest) -> ExportReport;
}
