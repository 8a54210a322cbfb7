//! Runs that have not ended, and closing the window over them.

use tauri::ipc::Channel;
use tauri::{AppHandle, State};
use zhengqiao_api::Console;
use zhengqiao_api::contract::{ActiveRun, ApiError, Closing, Nothing, RunId, RunStarted};

use crate::closing::Asked;

hand_over! {
    pause_run(RunId) -> Nothing;
    resume_run(RunId) -> RunStarted;
    list_active_runs(Nothing) -> Vec<ActiveRun>;
}

/// The window will be asked through this channel what becomes of the runs when it is closed.
#[tauri::command]
pub async fn watch_closing(
    asked: State<'_, Asked>,
    _request: Nothing,
    on_closing: Channel<Closing>,
) -> Result<Nothing, ApiError> {
    asked.through(on_closing);
    Ok(Nothing {})
}

/// Interrupts the runs at their next page edge and ends the program.
#[tauri::command]
pub async fn leave_app(
    app: AppHandle,
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<Nothing, ApiError> {
    console.leave_runs().await;
    app.exit(0);
    Ok(Nothing {})
}
