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
        .invoke_handler(tauri::generate_handler![
            commands::system::get_app_state,
            commands::system::unlock_cache,
            commands::system::get_settings,
            commands::system::save_settings,
            commands::system::backup_cache,
            commands::system::get_overview,
            commands::system::list_rules,
            commands::system::list_datasets,
            commands::system::list_code_lists,
            commands::system::list_audit,
            commands::system::verify_audit,
            commands::connections::list_presets,
            commands::connections::list_connections,
            commands::connections::get_connection,
            commands::connections::save_connection,
            commands::connections::duplicate_connection,
            commands::connections::remove_connection,
            commands::secrets::change_passphrase,
            commands::secrets::change_secret,
            commands::secrets::discard_next_secret,
            commands::secrets::set_secret_expiry,
            commands::sharing::export_connections,
            commands::sharing::plan_import,
            commands::sharing::import_connections,
            commands::sharing::export_mappings,
            commands::sharing::import_mappings,
            commands::secrets::save_network_secrets,
            commands::secrets::list_expiries,
            commands::connections::test_connection,
            commands::mapping::inspect_file,
            commands::mapping::inspect_table,
            commands::mapping::sample_dataset,
            commands::mapping::preview_mapping,
            commands::mending::propose_mend,
            commands::mending::start_effect,
            commands::mending::watch_effect,
            commands::mending::cancel_effect,
            commands::mending::list_effects,
            commands::mending::list_effect_rows,
            commands::mending::apply_mend,
            commands::mending::extract_recipe,
            commands::mending::read_recipe,
            commands::mending::plan_recipe,
            commands::mending::apply_recipe,
            commands::mapping::list_profile_versions,
            commands::mapping::revert_connection,
            commands::delivery::list_deliveries,
            commands::delivery::save_delivery_target,
            commands::delivery::test_delivery_target,
            commands::delivery::deliver_now,
            commands::delivery::cancel_delivery,
            commands::delivery::watch_delivery,
            commands::sync::list_sync_state,
            commands::sync::start_sync,
            commands::dry::list_reach,
            commands::dry::probe_sync,
            commands::dry::start_dry_run,
            commands::dry::watch_dry_run,
            commands::dry::cancel_dry_run,
            commands::dry::list_dry_runs,
            commands::dry::get_dry_run,
            commands::dry::list_dry_changes,
            commands::dry::apply_dry_run,
            commands::dry::discard_dry_run,
            commands::sync::cancel_run,
            commands::live::pause_run,
            commands::live::resume_run,
            commands::live::list_active_runs,
            commands::live::watch_closing,
            commands::live::leave_app,
            commands::schedule::list_schedules,
            commands::schedule::save_schedule,
            commands::schedule::remove_schedule,
            commands::schedule::preview_schedule,
            commands::schedule::list_coming_runs,
            commands::schedule::get_schedule_files,
            commands::sync::watch_run,
            commands::sync::list_runs,
            commands::sync::get_run,
            commands::decisions::get_run_guards,
            commands::decisions::decide_run,
            commands::reconciliation::start_reconciliation,
            commands::reconciliation::watch_reconciliation,
            commands::reconciliation::cancel_reconciliation,
            commands::reconciliation::list_reconciliations,
            commands::reconciliation::get_reconciliation,
            commands::reconciliation::list_reconciliation_cells,
            commands::reconciliation::list_reconciliation_keys,
            commands::reconciliation::repull_reconciliation,
            commands::reconciliation::sign_reconciliation,
            commands::reconciliation::export_reconciliation,
            commands::sync::list_records,
            commands::sync::get_record,
            commands::lineage::get_record_history,
            commands::lineage::plan_undo,
            commands::lineage::undo_run,
            commands::lineage::list_undone,
            commands::lineage::compare_runs,
            commands::lineage::export_run_report,
            commands::lineage::count_retention,
            commands::rejected::list_causes,
            commands::rejected::list_facets,
            commands::rejected::list_rejections,
            commands::views::list_views,
            commands::views::save_view,
            commands::views::remove_view,
            commands::rejected::get_rejection,
            commands::rejected::reveal_rejection,
            commands::mending::ignore_rejections,
            commands::mending::reopen_rejections,
            commands::mending::list_ignores,
            commands::mending::revoke_ignores,
            commands::mending::start_revalidation,
            commands::mending::continue_revalidation,
            commands::mending::get_revalidation,
            commands::mending::list_revalidated,
            commands::rejected::export_rejections,
            commands::overriding::get_quality,
            commands::overriding::export_quality,
            commands::overriding::get_override,
            commands::overriding::try_override,
            commands::overriding::override_rejection,
            commands::overriding::revoke_override,
            commands::reports::plan_report,
            commands::reports::write_report,
            commands::reports::rewrite_report,
            commands::reports::cancel_report,
            commands::reports::list_reports,
            commands::reports::get_report,
            commands::reports::list_report_entries,
            commands::reports::set_report_due,
            commands::reports::close_report,
            commands::reports::withdraw_report,
            commands::reports::repull_corrected,
            commands::reports::preview_answers,
            commands::reports::apply_answers,
            commands::reports::get_letters,
            commands::identity::review_identity,
            commands::identity::get_identity_summary,
            commands::identity::list_bindings,
            commands::sites::list_sites,
            commands::sites::save_site,
            commands::sites::remove_site,
            commands::sites::probe_site,
            commands::sites::import_sites,
            commands::sites::export_sites,
            commands::identity_mapping::get_identity_mapping,
            commands::identity_mapping::save_identity_mapping,
            commands::identity_mapping::preview_claims,
            commands::identity_mapping::forget_claim_sample,
            commands::identity_mapping::list_identity_versions,
            commands::identity_mapping::compare_identity_versions,
            commands::identity_mapping::restore_identity_version,
            commands::identity_mapping::start_what_if,
            commands::identity_mapping::get_what_if,
            commands::identity_mapping::cancel_what_if,
            commands::identity_mapping::list_what_if_rows,
            commands::identity_mapping::propose_identity_change,
            commands::identity_mapping::list_identity_changes,
            commands::identity_mapping::apply_identity_change,
            commands::identity_mapping::discard_identity_change,
            commands::sign_on::get_sign_on,
            commands::sign_on::save_sign_on,
            commands::sign_on::start_test_login,
            commands::sign_on::watch_test_login,
            commands::sign_on::open_test_login,
            commands::sign_on::paste_test_login,
            commands::sign_on::cancel_test_login,
            commands::sign_on::keep_test_login,
            commands::identity::get_account_source,
            commands::identity::save_account_source,
            commands::identity::get_decision_delivery,
            commands::identity::save_decision_target,
            commands::identity::list_decision_deliveries,
            commands::identity::deliver_decisions,
            commands::identity::cancel_decision_delivery,
            commands::identity::export_decisions,
            commands::identity::get_binding_facets,
            commands::identity::get_binding,
            commands::identity::decide_bindings,
            commands::identity::undo_binding_decisions,
            commands::identity::list_binding_decisions,
            commands::identity::get_binding_drift,
            commands::identity::list_binding_drift,
            commands::identity::sign_off_bindings,
            commands::identity::list_binding_sign_offs,
            commands::identity::export_binding_sign_off
        ])
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
