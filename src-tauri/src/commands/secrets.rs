//! Secrets of connections.

use tauri::State;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, ChangePassphrase, ChangeSecret, ConnectionDetail, ConnectionId, Nothing,
    SetSecretExpiry,
};

#[tauri::command]
pub async fn change_secret(
    console: State<'_, Console>,
    request: ChangeSecret,
) -> Result<ConnectionDetail, ApiError> {
    console.change_secret(request).await
}

#[tauri::command]
pub async fn discard_next_secret(
    console: State<'_, Console>,
    request: ConnectionId,
) -> Result<ConnectionDetail, ApiError> {
    console.discard_next_secret(request).await
}

#[tauri::command]
pub async fn set_secret_expiry(
    console: State<'_, Console>,
    request: SetSecretExpiry,
) -> Result<ConnectionDetail, ApiError> {
    console.set_secret_expiry(request).await
}

#[tauri::command]
pub async fn change_passphrase(
    console: State<'_, Console>,
    request: ChangePassphrase,
) -> Result<Nothing, ApiError> {
    console.change_passphrase(request).await
}
