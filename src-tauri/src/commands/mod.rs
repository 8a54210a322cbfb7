//! The commands of the window: each hands its request to the console's function of the same name.
//!
//! They are asynchronous, because others would run on the window's own thread.

/// Commands that hand their request to the console's function of the same name and do no more.
macro_rules! hand_over {
    ($($name:ident($request:ty) -> $response:ty;)+) => {
        $(
            #[tauri::command]
            pub async fn $name(
                console: tauri::State<'_, zhengqiao_api::Console>,
                request: $request,
            ) -> Result<$response, zhengqiao_api::contract::ApiError> {
                console.$name(request).await
            }
        )+
    };
}

pub mod connections;
pub mod decisions;
pub mod delivery;
pub mod dry;
pub mod identity;
pub mod identity_mapping;
pub mod lineage;
pub mod live;
pub mod mapping;
pub mod mending;
pub mod overriding;
pub mod reconciliation;
pub mod rejected;
pub mod reports;
pub mod schedule;
pub mod secrets;
pub mod sharing;
pub mod sign_on;
pub mod sites;
pub mod sync;
pub mod system;
pub mod views;

use serde::Serialize;
use tauri::ipc::Channel;

/// Sends a message of progress. The window may be gone; the work goes on all the same.
fn tell<T: Serialize + Clone>(channel: &Channel<T>, message: T) {
    if let Err(error) = channel.send(message) {
        tracing::debug!(%error, "the window does not listen any more");
    }
}

#[cfg(test)]
mod tests {
    include!("names.rs");

    #[test]
    fn the_capability_allows_every_command_and_no_other() {
        let text = include_str!("../../capabilities/main.json");
        let file: serde_json::Value = serde_json::from_str(text).unwrap();
        let mut allowed: Vec<String> = file["permissions"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|name| {
                name.as_str()?
                    .strip_prefix("allow-")
                    .map(|name| name.replace('-', "_"))
            })
            .collect();
        allowed.sort();
        let mut names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
        names.sort();
        assert_eq!(allowed, names);
    }
}
