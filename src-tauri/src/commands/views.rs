//! Saved views of rejected records.

use tauri::State;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{ApiError, Nothing, SaveView, SavedView, ViewName};

#[tauri::command]
pub async fn list_views(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<Vec<SavedView>, ApiError> {
    console.list_views().await
}

hand_over! {
    save_view(SaveView) -> Nothing;
    remove_view(ViewName) -> Nothing;
}
