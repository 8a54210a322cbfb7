//! Reports to the provider, and their answers.

use tauri::State;
use tauri::ipc::Channel;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    AnswersPreview, AnswersReport, ApiError, ApplyAnswers, BulkReport, CloseReport, GetLetters,
    Letters, Nothing, PlanReport, ReadAnswers, ReportDetail, ReportEntriesPage,
    ReportEntriesRequest, ReportId, ReportPlan, ReportProgress, ReportsPage, ReportsRequest,
    RepullCorrected, RewriteReport, RunStarted, SetReportDue, WriteReport,
};

use super::tell;

hand_over! {
    plan_report(PlanReport) -> ReportPlan;
    list_reports(ReportsRequest) -> ReportsPage;
    get_report(ReportId) -> ReportDetail;
    list_report_entries(ReportEntriesRequest) -> ReportEntriesPage;
    set_report_due(SetReportDue) -> ReportDetail;
    close_report(CloseReport) -> ReportDetail;
    withdraw_report(ReportId) -> BulkReport;
    repull_corrected(RepullCorrected) -> RunStarted;
    preview_answers(ReadAnswers) -> AnswersPreview;
    apply_answers(ApplyAnswers) -> AnswersReport;
    get_letters(GetLetters) -> Letters;
}

#[tauri::command]
pub async fn write_report(
    console: State<'_, Console>,
    request: WriteReport,
    on_progress: Channel<ReportProgress>,
) -> Result<ReportDetail, ApiError> {
    console
        .write_report(request, move |message| tell(&on_progress, message))
        .await
}

#[tauri::command]
pub async fn rewrite_report(
    console: State<'_, Console>,
    request: RewriteReport,
    on_progress: Channel<ReportProgress>,
) -> Result<ReportDetail, ApiError> {
    console
        .rewrite_report(request, move |message| tell(&on_progress, message))
        .await
}

#[tauri::command]
pub async fn cancel_report(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<Nothing, ApiError> {
    console.cancel_report()
}
