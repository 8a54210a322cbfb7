//! A cluster's key in words, in both languages.

use super::dates;

/// A sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// Kinds with their sentences; `{}` stands for the part behind the colon.
const KINDS: &[(&str, &str, &str)] = &[
    ("value", "值为「{}」", "Value “{}”"),
    (
        "alike",
        "写法相近的同一内容",
        "The same words, written alike",
    ),
    ("placeholder", "占位值「{}」", "Placeholder “{}”"),
    ("form", "日期写成 {} 的形式", "Date written like {}"),
    (
        "no_such_day",
        "日期或时刻不存在",
        "A day or time that does not exist",
    ),
    (
        "birth_date",
        "出生日期段不成立",
        "The birth date in it is none",
    ),
    ("check", "校验位不对", "Wrong check character"),
    (
        "zeros",
        "末三位为 000，疑似电子表格截断",
        "Ends in 000, as spreadsheets cut it",
    ),
    (
        "spreadsheet",
        "科学计数法，疑似电子表格转换",
        "Scientific notation, as from a spreadsheet",
    ),
    (
        "masked",
        "提供方已用星号遮盖",
        "Masked with asterisks by the provider",
    ),
    (
        "repeated",
        "全为同一字符「{}」",
        "One character repeated: “{}”",
    ),
    (
        "separated",
        "夹有空格或分隔符",
        "Spaces or separators in between",
    ),
    (
        "lookalike",
        "字母与数字混淆（O/0、I/1）",
        "Letters in place of digits (O/0, I/1)",
    ),
    ("short", "位数不足（{} 位）", "Too short ({} characters)"),
    ("long", "位数过多（{} 位）", "Too long ({} characters)"),
    (
        "characters",
        "含不应有的字符",
        "Characters that do not belong",
    ),
    ("words", "填写了文字", "Words instead of a value"),
    ("full_width", "含全角字符", "Full-width characters"),
    ("mojibake", "乱码", "Garbled characters"),
    ("control", "含控制字符", "Control characters"),
    ("object", "传来的是对象", "An object was sent"),
    ("list", "传来的是列表", "A list was sent"),
    ("unit", "数字后带「{}」", "Number followed by “{}”"),
    ("grouped", "数字带分节号", "Thousands separators"),
    ("decimal", "带小数", "Decimals"),
    ("chinese_numeral", "写成中文数字", "Chinese numerals"),
    ("negative", "负数", "Negative"),
    ("landline", "固定电话", "A landline"),
    ("prefix", "号段不对", "No mobile prefix"),
    (
        "no_scheme",
        "缺少 http:// 或 https://",
        "http:// or https:// is missing",
    ),
    (
        "broken_scheme",
        "http 前缀写错",
        "The http prefix is misspelt",
    ),
    (
        "other_scheme",
        "不是网页地址",
        "Not the address of a web page",
    ),
];

/// A cluster's key in words. A key of an earlier version was the value itself.
pub fn words(key: &str) -> Words {
    if key.is_empty() {
        return Words {
            zh: String::new(),
            en: String::new(),
        };
    }
    let (kind, part) = key.split_once(':').unwrap_or((key, ""));
    let Some((_, zh, en)) = KINDS.iter().find(|(name, ..)| *name == kind) else {
        return words(&format!("value:{key}"));
    };
    if kind == "long" && part.is_empty() {
        return Words {
            zh: "位数过多".into(),
            en: "Too long".into(),
        };
    }
    let part = if kind == "form" {
        dates::example(part)
    } else {
        part.to_owned()
    };
    Words {
        zh: zh.replace("{}", &part),
        en: en.replace("{}", &part),
    }
}
