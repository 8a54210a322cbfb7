//! The desktop host: a window over the use cases of `zhengqiao-api`. It knows no rule of the field.

mod closing;
mod commands;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use tauri::{Manager, RunEvent, WebviewUrl, WebviewWindowBuilder, WindowEvent};
use tauri_plugin_window_state::StateFlags;
use zhengqiao_api::contract::{ApiError, RunMode, StartSync};
use zhengqiao_api::demo::{DemoJob, Demonstration};
use zhengqiao_api::{Console, ConsoleOptions, KeyChoice, default_data_dir, start_log};

/// How the program is started.
#[derive(Debug, clap::Parser)]
#[command(name = "zhengqiao-desktop", version)]
pub struct Options {
    /// 数据目录 · Directory with cache, sealed secrets and logs
    #[arg(long, env = "ZHENGQIAO_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// 演示：内置服务端，数据随程序结束而删除 · Demonstration with a provider of its own
    #[arg(long)]
    demo: bool,
    /// 演示的办件数量 · Cases of the demonstration
    #[arg(long, default_value_t = 2000)]
    records: u64,
    /// 演示的种子 · Seed of the demonstration
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// 演示的问题数据比例 · Share of defective rows of the demonstration
    #[arg(long, default_value_t = 0.03)]
    defects: f64,
}

/// The demonstration lives as long as the program; its place is removed in the end.
#[derive(Default)]
struct Running(Mutex<Option<Demonstration>>);

/// Opens the window and stays until it is closed.
///
/// # Errors
/// When the demonstration or the window cannot be started.
pub fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let own_place = options.demo || options.data_dir.is_some();
    let (console, demonstration) = if options.demo {
        let demonstration = tauri::async_runtime::block_on(demonstrate(&options))?;
        (demonstration.console.clone(), Some(demonstration))
    } else {
        let data_dir = options.data_dir.unwrap_or_else(default_data_dir);
        (
            Console::new(ConsoleOptions {
                data_dir,
                keys: KeyChoice::Auto,
                demo: false,
            }),
            None,
        )
    };
    let log = start_log(console.data_dir());

    let mut builder = tauri::Builder::default();
    if !own_place {
        // A second start shows the window that is there. It must be the first plugin.
        builder = builder.plugin(tauri_plugin_single_instance::init(|app, _, _| {
            closing::show(app);
        }));
    }
    let app = builder
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        // A window that ended in the tray is shown at the next start all the same.
        .plugin(
            tauri_plugin_window_state::Builder::default()
                .with_state_flags(StateFlags::all() & !StateFlags::VISIBLE)
                .build(),
        )
        .manage(console)
        .manage(closing::Asked::default())
        .manage(Running(Mutex::new(demonstration)))
        .invoke_handler(commands::handler())
        .setup(|app| {
            WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
                .title("政桥 Zhengqiao")
                .inner_size(1280.0, 800.0)
                .min_inner_size(1024.0, 640.0)
                .build()?;
            let console = app.state::<Console>().inner().clone();
            tauri::async_runtime::spawn(async move { console.keep_schedule(|_| {}).await });
            closing::tell_changes(app.handle().clone());
            Ok(())
        })
        .on_window_event(|window, event| {
            if let WindowEvent::CloseRequested { api, .. } = event
                && !closing::may_close(window.app_handle())
            {
                api.prevent_close();
            }
        })
        .build(tauri::generate_context!())?;
    app.run(|app, event| {
        if let RunEvent::ExitRequested {
            code: None, api, ..
        } = &event
            && !closing::may_quit(app)
        {
            api.prevent_exit();
        }
        if matches!(event, RunEvent::Exit) {
            // The process ends without dropping anything; the demonstration's place must be removed.
            let running = app.state::<Running>();
            drop(
                running
                    .0
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take(),
            );
        }
    });
    drop(log);
    Ok(())
}

/// Prepares the demonstration and begins its synchronisation; the window shows how it goes on.
async fn demonstrate(options: &Options) -> Result<Demonstration, ApiError> {
    let job = DemoJob {
        records: options.records,
        seed: options.seed,
        defects: options.defects,
    };
    let demonstration = Demonstration::prepare(job).await?;
    let request = StartSync {
        connection_id: demonstration.connection_id,
        datasets: Vec::new(),
        mode: RunMode::Full,
        scope: None,
    };
    demonstration.console.start_sync(request).await?;
    Ok(demonstration)
}
