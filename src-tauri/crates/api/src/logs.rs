//! The program's log: a daily file beside the cache, without secrets or personal data.

use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

/// Starts the log in a data directory; it is written until the guard is dropped. The level is
/// `info` unless `ZHENGQIAO_LOG` says otherwise. Messages name numbers and codes, never values.
pub fn start_log(data_dir: &Path) -> WorkerGuard {
    let (writer, guard) = tracing_appender::non_blocking(tracing_appender::rolling::daily(
        data_dir.join("logs"),
        "zhengqiao.log",
    ));
    let filter = EnvFilter::try_from_env("ZHENGQIAO_LOG")
        .unwrap_or_else(|_| EnvFilter::new("zhengqiao=info,zhengqiao_api=info"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(false)
        .finish();
    // A host that already has a log keeps it.
    let _ = tracing::subscriber::set_global_default(subscriber);
    guard
}
