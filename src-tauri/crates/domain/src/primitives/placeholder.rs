//! Texts that stand for nothing.

/// What kind of field the text stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Free text.
    Text,
    /// A number or code.
    Identifier,
}

const WORDS: [&str; 16] = [
    "无",
    "没有",
    "暂无",
    "不详",
    "未知",
    "空",
    "若没有则填无",
    "null",
    "NULL",
    "Null",
    "none",
    "None",
    "N/A",
    "n/a",
    "-",
    "--",
];

/// Whether a text stands for nothing. "0" does wherever a number of none is meant.
pub fn is_placeholder(text: &str, kind: Kind) -> bool {
    // The longest word has 18 bytes; nearly all values leave here.
    if text.len() > 18 {
        return false;
    }
    match kind {
        Kind::Text | Kind::Identifier => text == "0" || text == "/" || WORDS.contains(&text),
    }
}
