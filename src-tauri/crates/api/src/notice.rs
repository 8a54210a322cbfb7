//! What the system's notification says when a connection's state has changed.
//!
//! Connection and environment are always in it, and never anything from a record.

use zhengqiao_exchange::Environment;

use crate::contract::{Notice, StateChange};

/// The notice of a change.
pub fn of_change(change: &StateChange, chinese: bool) -> Notice {
    let environment = match (change.environment, chinese) {
        (Environment::Production, true) => "生产",
        (Environment::Test, true) => "测试",
        (Environment::Demo, true) => "演示",
        (Environment::Production, false) => "production",
        (Environment::Test, false) => "test",
        (Environment::Demo, false) => "demo",
    };
    let (before, after) = (word(&change.before, chinese), word(&change.after, chinese));
    if chinese {
        Notice {
            title: format!("政桥 · {}（{environment}）", change.connection),
            text: format!("同步状态：{before} → {after}（运行 {}）", change.run_id),
        }
    } else {
        Notice {
            title: format!("Zhengqiao · {} ({environment})", change.connection),
            text: format!(
                "Synchronisation: {before} → {after} (run {})",
                change.run_id
            ),
        }
    }
}

fn word(state: &str, chinese: bool) -> &str {
    let (zh, en) = match state {
        "succeeded" => ("成功", "succeeded"),
        "finished_with_rejections" => ("有拒收", "finished with rejections"),
        "needs_decision" => ("需处理", "needs a decision"),
        "failed" => ("失败", "failed"),
        "cancelled" => ("已取消", "cancelled"),
        "never" => ("从未运行", "never run"),
        other => (other, other),
    };
    if chinese { zh } else { en }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_names_connection_environment_and_both_states() {
        let change = StateChange {
            run_id: 7,
            connection: "省级平台".into(),
            environment: Environment::Production,
            before: "succeeded".into(),
            after: "needs_decision".into(),
        };
        let notice = of_change(&change, true);
        assert_eq!(notice.title, "政桥 · 省级平台（生产）");
        assert_eq!(notice.text, "同步状态：成功 → 需处理（运行 7）");
        assert!(
            of_change(&change, false)
                .text
                .contains("succeeded → needs a decision")
        );
    }
}
