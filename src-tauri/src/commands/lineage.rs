//! Undo, histories, comparisons and reports of runs.

use tauri::State;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, CompareRuns, CountRetention, ExportReport, RecordHistories, RecordHistoryRequest,
    RetentionCounts, RunComparison, RunId, RunReportRequest, RunStarted, UndoPlan, UndoRun,
    UndonePage, UndoneRequest,
};

hand_over! {
    get_record_history(RecordHistoryRequest) -> RecordHistories;
    undo_run(UndoRun) -> RunStarted;
    list_undone(UndoneRequest) -> UndonePage;
    compare_runs(CompareRuns) -> RunComparison;
    export_run_report(RunReportRequest) -> ExportReport;
    count_retention(CountRetention) -> RetentionCounts;
}

#[tauri::command]
pub async fn plan_undo(console: State<'_, Console>, request: RunId) -> Result<UndoPlan, ApiError> {
    console.plan_undo(request).await
}
