//! 问题清单: the list of problems as departments get it, and as it comes back from them.
//!
//! One row a record, not one a finding: a department corrects and answers a record as a whole, and two
//! answers about one record could contradict each other. Its findings stand in numbered lines that run
//! through the columns. What comes back is read by the names of columns alone.

pub mod answers;
pub mod ask;
pub mod line;
pub mod workbook;

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its title in Chinese.
    pub zh: &'static str,
    /// Its title in English.
    pub en: &'static str,
    /// Its width in characters.
    pub width: f64,
    /// Whether the department fills it in.
    pub answers: bool,
}

const fn column(zh: &'static str, en: &'static str, width: f64) -> Column {
    Column {
        zh,
        en,
        width,
        answers: false,
    }
}

const fn answer(zh: &'static str, en: &'static str, width: f64) -> Column {
    Column {
        zh,
        en,
        width,
        answers: true,
    }
}

/// The columns, in their order.
pub const COLUMNS: [Column; 18] = [
    column("反馈编号", "Reference number", 14.0),
    column("清单号", "List", 8.0),
    column("数据集", "Dataset", 12.0),
    column("记录编号", "Record", 24.0),
    column("名称", "Title", 28.0),
    column("部门编码", "Department", 21.0),
    column("字段", "Field", 28.0),
    column("规则代码", "Rule", 20.0),
    column("问题", "Problem", 30.0),
    column("当前值", "Value", 26.0),
    column("应为", "Expected", 24.0),
    column("处理要求", "What to do", 36.0),
    column("首次发现", "First seen", 12.0),
    column("答复期限", "Answer by", 12.0),
    answer("答复", "Answer", 16.0),
    answer("答复说明", "Explanation", 36.0),
    answer("答复人", "Answered by", 12.0),
    answer("答复日期", "Answered on", 13.0),
];

/// Place of the answer in [`COLUMNS`].
pub const ANSWER: usize = 14;

/// What can be answered: name, Chinese, English, and what that means.
pub const ANSWERS: [(&str, &str, &str, &str, &str); 5] = [
    (
        "corrected",
        "已更正",
        "corrected",
        "已在本部门系统中更正，并已（或将）重新推送；更正后的记录入库后自动办结",
        "corrected in your system and published again; it is settled when the corrected record arrives",
    ),
    (
        "explained",
        "已说明(属实)",
        "right as it is",
        "数据属实，无需更正，请在“答复说明”中写明理由",
        "the data is right; say why under Explanation",
    ),
    (
        "in_progress",
        "处理中",
        "in progress",
        "正在处理，请在“答复说明”中写明预计完成时间",
        "being worked on; say until when under Explanation",
    ),
    (
        "unable",
        "无法更正",
        "cannot be corrected",
        "无法更正，请在“答复说明”中写明原因",
        "say why under Explanation",
    ),
    (
        "not_ours",
        "不属于本部门",
        "not ours",
        "请在“答复说明”中写明应由哪个部门处理",
        "say whose it is under Explanation",
    ),
];

/// One of two languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words(pub bool);

impl Words {
    /// The words of a language's name.
    pub fn named(language: &str) -> Self {
        Self(language.starts_with("zh"))
    }

    /// The word of the chosen language.
    pub fn of<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        if self.0 { zh } else { en }
    }

    /// A column's title.
    pub fn title(self, column: &Column) -> &'static str {
        if self.0 { column.zh } else { column.en }
    }

    /// A department's code, or that there is none.
    pub fn department(self, code: &str) -> String {
        if code.is_empty() {
            self.of("未注明部门", "no department").to_owned()
        } else {
            code.to_owned()
        }
    }
}

/// What stands at the head of a list.
#[derive(Debug, Clone)]
pub struct Cover {
    /// The report's number.
    pub report_id: i64,
    /// The connection.
    pub connection: String,
    /// Its environment, in words.
    pub environment: String,
    /// The day on which it was made.
    pub made_on: String,
    /// By whom.
    pub actor: String,
    /// First and last day on which its records were first seen.
    pub period: Option<(String, String)>,
    /// The last day of the term.
    pub due_on: String,
    /// Each department: code, name as far as known, records.
    pub departments: Vec<(String, Option<String>, i64)>,
}

impl Cover {
    /// What there is to say, as pairs.
    pub fn facts(&self, words: Words) -> Vec<(String, String)> {
        let records: i64 = self.departments.iter().map(|(_, _, records)| records).sum();
        let mut facts = vec![
            (words.of("清单号", "List"), self.report_id.to_string()),
            (
                words.of("数据来源（连接）", "Connection"),
                self.connection.clone(),
            ),
            (words.of("环境", "Environment"), self.environment.clone()),
            (words.of("生成日期", "Made on"), self.made_on.clone()),
            (words.of("生成人", "Made by"), self.actor.clone()),
            (words.of("答复期限", "Answer by"), self.due_on.clone()),
            (words.of("记录数", "Records"), records.to_string()),
        ];
        if let Some((first, last)) = &self.period {
            let period = words
                .of("{} 至 {}", "{} to {}")
                .replacen("{}", first, 1)
                .replacen("{}", last, 1);
            facts.insert(3, (words.of("问题发现时段", "First seen"), period));
        }
        facts
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// How the list is answered, line by line.
    pub fn instructions(words: Words) -> Vec<String> {
        let mut lines: Vec<String> = [
            (
                "请在本部门的系统中更正原始数据并重新推送，不要在本清单中修改数据。",
                "Correct the data in your own system and publish it again; do not change it here.",
            ),
            (
                "逐行填写“答复”（下拉选择）、“答复说明”、“答复人”、“答复日期”四列，在答复期限前退回本文件。",
                "Fill in Answer (choose from the list), Explanation, Answered by and Answered on, and send this file back in time.",
            ),
            (
                "可以排序、筛选、增加列或工作表；请勿修改“反馈编号”列。编号末位为校验位，抄录时请核对。",
                "You may sort, filter, add columns or sheets; leave the reference numbers alone. Their last character is a check.",
            ),
            (
                "个人信息已脱敏，请按“记录编号”或“反馈编号”在本部门系统中查找原始记录。",
                "Personal data is masked; find the record by its number in your system.",
            ),
        ]
        .iter()
        .map(|(zh, en)| words.of(zh, en).to_owned())
        .collect();
        for (_, zh, en, zh_means, en_means) in ANSWERS {
            lines.push(if words.0 {
                format!("“{zh}”：{zh_means}。")
            } else {
                format!("“{en}”: {en_means}.")
            });
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_column_is_where_it_is_said_to_be() {
        assert_eq!(COLUMNS[ANSWER].zh, "答复");
        assert!(COLUMNS[ANSWER].answers && !COLUMNS[ANSWER - 1].answers);
    }
}
