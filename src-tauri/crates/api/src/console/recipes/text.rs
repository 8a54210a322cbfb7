//! A recipe as a file: TOML that says of each step in words what it does.

use std::fmt::Write as _;

use zhengqiao_domain::MendStep;

use crate::console::invalid;
use crate::contract::{ApiError, Recipe};

/// The file: TOML with a line before each step that says in words what it does.
pub(super) fn text_of(recipe: &Recipe) -> Result<String, ApiError> {
    let plain = toml::to_string(recipe)
        .map_err(|error| invalid(format!("the file cannot be written: {error}")))?;
    let mut text = String::from(
        "# 政桥修复方案：各步骤可在其他连接上试算后应用 · Zhengqiao fix recipe: preview it on another connection, then apply it.\n# 不含密钥与个人信息 · It holds no secret and no personal value.\n",
    );
    let mut steps = recipe.steps.iter();
    for line in plain.lines() {
        if line == "[[step]]"
            && let Some(step) = steps.next()
        {
            let _ = writeln!(text, "# {}", words(step));
        }
        text.push_str(line);
        text.push('\n');
    }
    Ok(text)
}

/// What a step does, in both languages.
fn words(step: &MendStep) -> String {
    match step {
        MendStep::AddCode { list, code, .. } => {
            format!("代码表 {list} 增加代码 {code} · the list {list} also has {code}")
        }
        MendStep::SetVariant { list, variant } => {
            format!("代码表 {list} 采用 {variant} · the list {list} as in {variant}")
        }
        MendStep::SetSeverity { rule, .. } => {
            format!("规则 {rule} 的级别 · the severity of {rule}")
        }
        MendStep::MapCode {
            field, from, to, ..
        } => format!("字段 {field}：代码 {from} 映射为 {to} · {from} in {field} becomes {to}"),
        MendStep::AddTransform { field, .. } => {
            format!("字段 {field} 增加转换 · one more transform of {field}")
        }
        MendStep::SetField { field, source, .. } => {
            format!("字段 {field} 取自 {source} · {field} comes from {source}")
        }
        MendStep::IgnoreCause { rule, field, .. } => {
            format!("忽略原因 {rule}（{field}） · ignore {rule} on {field}")
        }
    }
    .replace(['\n', '\r'], " ")
}
