//! The commands of the window: each hands its request to the console's function of the same name.
//!
//! They are asynchronous, because others would run on the window's own thread.

#![allow(
    clippy::wildcard_imports,
    reason = "they are made from the contract's list and name what the contract names"
)]

use serde::Serialize;
use tauri::ipc::Channel;
use tauri::{AppHandle, State};
use zhengqiao_api::Console;
use zhengqiao_api::contract::*;

use crate::closing::Asked;

macro_rules! one {
    (ask $name:ident($request:ty) -> $response:ty) => {
        #[tauri::command]
        pub async fn $name(
            console: State<'_, Console>,
            request: $request,
        ) -> Result<$response, ApiError> {
            console.$name(request).await
        }
    };
    (bare $name:ident($request:ty) -> $response:ty) => {
        #[tauri::command]
        pub async fn $name(
            console: State<'_, Console>,
            _request: $request,
        ) -> Result<$response, ApiError> {
            console.$name().await
        }
    };
    (tell $name:ident($request:ty, $message:ty) -> $response:ty) => {
        #[tauri::command]
        pub async fn $name(
            console: State<'_, Console>,
            request: $request,
            on_progress: Channel<$message>,
        ) -> Result<$response, ApiError> {
            console
                .$name(request, move |message| tell(&on_progress, message))
                .await
        }
    };
    (own $name:ident($($types:ty),+) -> $response:ty) => {};
}

macro_rules! commands {
    ($($how:ident $name:ident($($types:ty),+) -> $response:ty;)+) => {
        $(one!($how $name($($types),+) -> $response);)+

        /// Takes every command of the window.
        pub fn handler() -> impl Fn(tauri::ipc::Invoke) -> bool + Send + Sync + 'static {
            tauri::generate_handler![$($name),+]
        }
    };
}
zhengqiao_api::with_commands!(commands);

/// Sends a message of progress. The window may be gone; the work goes on all the same.
fn tell<T: Serialize + Clone>(channel: &Channel<T>, message: T) {
    if let Err(error) = channel.send(message) {
        tracing::debug!(%error, "the window does not listen any more");
    }
}

/// The window will be asked through this channel what becomes of the runs when it is closed.
#[tauri::command]
pub async fn watch_closing(
    asked: State<'_, Asked>,
    _request: Nothing,
    on_progress: Channel<Closing>,
) -> Result<Nothing, ApiError> {
    asked.through(on_progress);
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

#[tauri::command]
pub async fn list_presets(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<Vec<PresetRow>, ApiError> {
    Ok(console.list_presets())
}

#[tauri::command]
pub async fn list_rules(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<Vec<RuleRow>, ApiError> {
    Ok(console.list_rules())
}

#[tauri::command]
pub async fn list_datasets(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<Vec<DatasetRow>, ApiError> {
    Ok(console.list_datasets())
}

#[tauri::command]
pub async fn list_code_lists(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<Vec<CodeListRow>, ApiError> {
    Ok(console.list_code_lists())
}

#[tauri::command]
pub async fn cancel_effect(
    console: State<'_, Console>,
    request: EffectId,
) -> Result<Nothing, ApiError> {
    console.cancel_effect(request)
}

#[tauri::command]
pub async fn list_effect_rows(
    console: State<'_, Console>,
    request: EffectRowsRequest,
) -> Result<EffectRowsPage, ApiError> {
    console.list_effect_rows(&request)
}

#[tauri::command]
pub async fn cancel_report(
    console: State<'_, Console>,
    _request: Nothing,
) -> Result<Nothing, ApiError> {
    console.cancel_report()
}

#[tauri::command]
pub async fn cancel_what_if(
    console: State<'_, Console>,
    request: WhatIfId,
) -> Result<Nothing, ApiError> {
    console.cancel_what_if(request)
}

#[tauri::command]
pub async fn list_what_if_rows(
    console: State<'_, Console>,
    request: WhatIfRowsRequest,
) -> Result<WhatIfRowsPage, ApiError> {
    console.list_what_if_rows(&request)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn the_capability_allows_every_command_and_no_other() {
        let text = include_str!("../capabilities/main.json");
        let file: serde_json::Value = serde_json::from_str(text).unwrap();
        let allowed: BTreeSet<String> = file["permissions"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|name| name.as_str()?.strip_prefix("allow-"))
            .map(|name| name.replace('-', "_"))
            .collect();
        let names = zhengqiao_api::contract::COMMANDS;
        assert_eq!(
            allowed,
            names.iter().map(|name| (*name).to_owned()).collect()
        );
    }
}
