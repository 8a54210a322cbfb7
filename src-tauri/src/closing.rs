//! Closing the window while runs go on: into the tray where there is one, else the user is asked.

use std::sync::{Mutex, PoisonError};

use tauri::ipc::Channel;
use tauri::menu::{Menu, MenuItem};
use tauri::tray::{TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager};
use tauri_plugin_notification::NotificationExt;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{Closing, Nothing};

const TRAY: &str = "runs";
const OPEN: &str = "open";
const QUIT: &str = "quit";

/// How the window is asked what becomes of the runs.
#[derive(Default)]
pub struct Asked(Mutex<Option<Channel<Closing>>>);

impl Asked {
    /// From now on through this channel.
    pub fn through(&self, channel: Channel<Closing>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(channel);
    }

    fn channel(&self) -> Option<Channel<Closing>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Shows the window and takes the tray's icon away.
pub fn show(app: &AppHandle) {
    app.remove_tray_by_id(TRAY);
    if let Some(window) = app.get_webview_window("main") {
        // Nothing is lost when the window manager does not obey.
        let _ = window.show();
        let _ = window.unminimize();
        let _ = window.set_focus();
    }
}

/// The window is to be closed: whether it may be, now that nothing would be interrupted.
pub fn may_close(app: &AppHandle) -> bool {
    if app.state::<Console>().runs_here().is_empty() {
        return true;
    }
    match into_tray(app) {
        Ok(()) => {
            if let Some(window) = app.get_webview_window("main") {
                let _ = window.hide();
            }
            end_with_the_runs(app.clone());
        }
        Err(error) => {
            tracing::debug!(%error, "there is no tray: the user is asked");
            ask(app.clone());
        }
    }
    false
}

/// The program is to end: whether it may, now that nothing would be interrupted.
pub fn may_quit(app: &AppHandle) -> bool {
    let may = app.state::<Console>().runs_here().is_empty();
    if !may {
        ask(app.clone());
    }
    may
}

/// Asks in the window; without a window that listens the runs are interrupted, to be continued later.
fn ask(app: AppHandle) {
    tauri::async_runtime::spawn(async move {
        let console = app.state::<Console>().inner().clone();
        let here = console.runs_here();
        let mut runs = console
            .list_active_runs(Nothing {})
            .await
            .unwrap_or_default();
        runs.retain(|active| here.contains(&active.run.run_id));
        let channel = app.state::<Asked>().channel();
        if channel.is_some_and(|channel| channel.send(Closing { runs }).is_ok()) {
            show(&app);
        } else {
            console.leave_runs().await;
            app.exit(0);
        }
    });
}

/// A hidden program ends with its last run, unless it was shown again in the meantime.
fn end_with_the_runs(app: AppHandle) {
    tauri::async_runtime::spawn(async move {
        let console = app.state::<Console>().inner().clone();
        while !console
            .wait_for_runs(std::time::Duration::from_mins(1))
            .await
        {}
        if app.tray_by_id(TRAY).is_some() {
            app.exit(0);
        }
    });
}

fn into_tray(app: &AppHandle) -> tauri::Result<()> {
    if app.tray_by_id(TRAY).is_some() {
        return Ok(());
    }
    let item = |id: &str, text: &str| MenuItem::with_id(app, id, text, true, None::<&str>);
    let menu = Menu::with_items(app, &[&item(OPEN, "打开 Open")?, &item(QUIT, "退出 Quit")?])?;
    let mut tray = TrayIconBuilder::with_id(TRAY)
        .tooltip("政桥：正在同步 · Zhengqiao: synchronising")
        .menu(&menu)
        .on_menu_event(|app, event| {
            if event.id() == OPEN {
                show(app);
            } else if may_quit(app) {
                app.exit(0);
            }
        })
        .on_tray_icon_event(|tray, event| {
            if matches!(event, TrayIconEvent::Click { .. }) {
                show(tray.app_handle());
            }
        });
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.build(app).map(drop)
}

/// Tells the end of runs that left a connection in another state, when nobody looks at the window.
pub fn tell_changes(app: AppHandle) {
    tauri::async_runtime::spawn(async move {
        let console = app.state::<Console>().inner().clone();
        let mut changes = console.changes();
        while let Some(notice) = console.next_notice(&mut changes).await {
            let seen = app
                .get_webview_window("main")
                .is_some_and(|window| window.is_focused().unwrap_or(false));
            if seen {
                continue;
            }
            let notification = app.notification().builder();
            if let Err(error) = notification.title(notice.title).body(notice.text).show() {
                tracing::debug!(%error, "the system takes no notifications");
            }
        }
    });
}
