//! What a run covers, about how much that is, and dry runs.

use tauri::State;
use tauri::ipc::Channel;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ConnectionId, DryChangesPage, DryChangesRequest, DryId, DryRunDetail, DryRunRow,
    Nothing, ReachRow, RunProgress, RunStarted, StartSync, SyncProbe,
};

use super::tell;

hand_over! {
    list_reach(ConnectionId) -> Vec<ReachRow>;
    probe_sync(StartSync) -> SyncProbe;
    start_dry_run(StartSync) -> DryId;
    cancel_dry_run(DryId) -> Nothing;
    get_dry_run(DryId) -> DryRunDetail;
    list_dry_changes(DryChangesRequest) -> DryChangesPage;
    apply_dry_run(DryId) -> RunStarted;
    discard_dry_run(DryId) -> Nothing;
}

#[tauri::command]
pub async fn watch_dry_run(
    console: State<'_, Console>,
    request: DryId,
    on_progress: Channel<RunProgress>,
) -> Result<RunProgress, ApiError> {
    console
        .watch_dry_run(request, |message| tell(&on_progress, message))
        .await
}

#[tauri::command]
pub async fn list_dry_runs(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<Vec<DryRunRow>, ApiError> {
    console.list_dry_runs().await
}
