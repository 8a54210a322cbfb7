//! Which column of a source is likely which of our fields: by name, Chinese title and value shape.
//!
//! A proposal is only that: the administrator takes it or leaves it. Names decide first; the shape of
//! values breaks ties and keeps a column from a field that its values can never be.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::dataset::DatasetId;
use crate::field::{Field, Kind};
use crate::primitives::{
    catalog_code, credit_code, mobile, moment, organisation_code, region, task_code,
};

/// A column of a source, with what is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct SourceColumn {
    /// Its name, or a JSON pointer.
    pub name: String,
    /// Its comment, where a database has one.
    pub comment: String,
    /// Some of its values.
    pub samples: Vec<String>,
}

/// A likely pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Proposal {
    /// Our field.
    pub field: String,
    /// The source's column.
    pub source: String,
    /// How likely, of 100.
    pub score: u32,
    /// `name`, `title`, `alias`, `part` or `shape`: what it goes by.
    pub why: String,
}

/// Below this a pair is not proposed.
const LIKELY: u32 = 55;
/// Columns that are looked at.
const MAX_COLUMNS: usize = 1_000;

/// Other names in use for a field; the field's own name and title are not repeated.
const ALIASES: &[(&str, &[&str])] = &[
    (
        "row_guid",
        &["guid", "rowguid", "uuid", "主键", "记录标识", "唯一标识"],
    ),
    (
        "task_code",
        &[
            "item_code",
            "实施清单编码",
            "事项编码",
            "implcode",
            "taskno",
        ],
    ),
    ("task_name", &["item_name", "事项", "办理事项", "名称"]),
    ("task_type", &["item_type", "事项性质"]),
    ("catalog_code", &["basic_code", "base_code", "目录编码"]),
    (
        "dept_name",
        &[
            "department",
            "org_name",
            "部门",
            "部门名称",
            "实施部门",
            "实施机构",
        ],
    ),
    (
        "dept_code",
        &[
            "department_code",
            "org_code",
            "部门编码",
            "统一社会信用代码",
            "实施主体代码",
        ],
    ),
    (
        "area_code",
        &[
            "region_code",
            "ad_code",
            "行政区划",
            "区划代码",
            "行政区划代码",
        ],
    ),
    (
        "project_no",
        &["case_no", "sblsh", "受理编号", "业务编号", "申办流水号"],
    ),
    (
        "applyer_name",
        &["applicant", "apply_name", "申请人", "申请者名称"],
    ),
    (
        "applyer_page_code",
        &[
            "id_card",
            "cert_no",
            "sfzh",
            "身份证号",
            "申请者证件号码",
            "证件号码",
        ],
    ),
    (
        "applyer_page_type",
        &["cert_type", "申请者证件类型", "证件类型"],
    ),
    (
        "contact_mobile",
        &["mobile", "phone", "tel", "联系电话", "手机号", "联系人手机"],
    ),
    ("accept_date", &["accept_time", "受理日期"]),
    ("apply_date", &["apply_time", "申请日期"]),
    ("result_date", &["finish_time", "办结日期", "办结时间"]),
    ("satisfaction", &["score", "评分", "满意度代码"]),
    ("cd_time", &["update_time", "sync_time", "更新时间"]),
];

/// A name without case, blanks and signs.
fn bare(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.chars()
        .filter(|char| char.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether a value can be one of the field's kind; `None` where any text can.
fn fits(kind: Kind, text: &str) -> Option<bool> {
    let text = text.trim();
    Some(match kind {
        Kind::Text | Kind::Code(_) | Kind::Codes(_) | Kind::ReviewDetails => return None,
        Kind::Integer => text.parse::<i64>().is_ok(),
        Kind::Moment | Kind::Date => {
            moment::parse(text).is_some() || moment::parse_date(text).is_some()
        }
        Kind::Region => region::normalise(text).is_some(),
        Kind::CreditCode => credit_code::check(text).is_ok(),
        Kind::DepartmentCode => {
            credit_code::check(text).is_ok()
                || credit_code::looks_truncated(text)
                || organisation_code::has_shape(text)
        }
        Kind::IdNumber(_) => {
            (15..=18).contains(&text.len())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte.eq_ignore_ascii_case(&b'x'))
        }
        Kind::Mobile => mobile::is_mobile(text),
        Kind::CertKey => text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
        Kind::TaskCode => {
            matches!(task_code::parse(text), task_code::TaskCode::National { .. })
                || text.len() > 24 && text.contains('-')
        }
        Kind::CatalogCode => catalog_code::is_national(text),
        Kind::Url => text.starts_with("http"),
    })
}

/// Share of values that fit, of 100; `None` where nothing can be said.
fn shape(field: &Field, column: &SourceColumn) -> Option<u32> {
    let judged: Vec<bool> = column
        .samples
        .iter()
        .filter(|text| !text.trim().is_empty())
        .filter_map(|text| fits(field.kind, text))
        .collect();
    let fitting = judged.iter().filter(|fits| **fits).count();
    (!judged.is_empty()).then(|| u32::try_from(fitting * 100 / judged.len()).unwrap_or(0))
}

fn by_name(field: &Field, column: &SourceColumn) -> (u32, &'static str) {
    let (name, comment) = (bare(&column.name), bare(&column.comment));
    let (own, title) = (bare(field.name), bare(field.zh));
    let is = |text: &str| !text.is_empty() && (text == name || text == comment);
    if is(&own) {
        return (100, "name");
    }
    if is(&title) {
        return (95, "title");
    }
    let aliases = ALIASES
        .iter()
        .find(|(of, _)| *of == field.name)
        .map_or(&[][..], |(_, names)| *names);
    if aliases.iter().any(|alias| is(&bare(alias))) {
        return (85, "alias");
    }
    // Long enough that a part says something: 办件受理时间 has 受理时间.
    let part = |text: &str| {
        let long = text.chars().count();
        !text.is_empty()
            && ((title.chars().count() >= 4 && text.contains(&title))
                || (own.len() >= 8 && text.contains(&own))
                || (long >= 4 && title.contains(text)))
    };
    if part(&name) || part(&comment) {
        return (60, "part");
    }
    (0, "shape")
}

/// Likely pairs, the likeliest first; each field and each column at most once.
pub fn propose(dataset: DatasetId, columns: &[SourceColumn]) -> Vec<Proposal> {
    let mut all: Vec<Proposal> = Vec::new();
    for field in dataset.dataset().fields {
        for column in columns.iter().take(MAX_COLUMNS) {
            let (named, why) = by_name(field, column);
            let score = match shape(field, column) {
                // Values that can never be of the field's kind speak against any name.
                Some(0..20) => named.saturating_sub(50),
                // Few kinds are so distinct that the values alone are enough.
                Some(95..) if named == 0 && is_distinct(field.kind) => LIKELY,
                Some(80..) if named > 0 => (named + 5).min(100),
                _ => named,
            };
            if score >= LIKELY {
                all.push(Proposal {
                    field: field.name.into(),
                    source: column.name.clone(),
                    score,
                    why: why.into(),
                });
            }
        }
    }
    all.sort_by(|one, other| {
        other
            .score
            .cmp(&one.score)
            .then_with(|| one.field.cmp(&other.field))
            .then_with(|| one.source.cmp(&other.source))
    });
    let (mut fields, mut sources) = (HashSet::new(), HashSet::new());
    all.retain(|one| {
        if fields.contains(&one.field) || sources.contains(&one.source) {
            return false;
        }
        fields.insert(one.field.clone());
        sources.insert(one.source.clone());
        true
    });
    all
}

/// Whether values of the kind are like those of no other.
fn is_distinct(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::CertKey | Kind::TaskCode | Kind::Region | Kind::Mobile
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn column(name: &str, comment: &str, samples: &[&str]) -> SourceColumn {
        SourceColumn {
            name: name.into(),
            comment: comment.into(),
            samples: samples.iter().map(|&text| text.into()).collect(),
        }
    }

    fn pairs(dataset: DatasetId, columns: &[SourceColumn]) -> Vec<(String, String)> {
        propose(dataset, columns)
            .into_iter()
            .map(|one| (one.field, one.source))
            .collect()
    }

    #[test]
    fn names_titles_aliases_and_comments_are_found() {
        let columns = [
            column("ROW_GUID", "", &[]),
            column("事项名称", "", &[]),
            column("f3", "实施编码", &[]),
            column("department", "", &[]),
            column("办理时间说明", "", &[]),
        ];
        let found = pairs(DatasetId::ServiceItem, &columns);
        for (field, source) in [
            ("row_guid", "ROW_GUID"),
            ("task_name", "事项名称"),
            ("task_code", "f3"),
            ("dept_name", "department"),
        ] {
            assert!(
                found.contains(&(field.into(), source.into())),
                "{field}: {found:?}"
            );
        }
    }

    #[test]
    fn values_that_can_never_be_of_the_kind_speak_against_the_name() {
        let columns = [
            column("受理时间", "", &["大厅二楼", "窗口3"]),
            column("accept_time", "", &["2024-01-02 03:04:05"]),
        ];
        let found = pairs(DatasetId::CaseAcceptance, &columns);
        assert!(
            found.contains(&("accept_date".into(), "accept_time".into())),
            "{found:?}"
        );
    }

    #[test]
    fn the_real_file_of_a_district_is_matched() {
        let columns = [
            column("department", "", &["区经信局"]),
            column("main_item", "", &["未分类"]),
            column("task_name", "", &["企业投资项目备案"]),
            column("area_code", "", &["511602000000"]),
            column(
                "item_code",
                "",
                &["511Z07001006-511602000000-000-11511301008778183N-1-00"],
            ),
            column("task_type", "", &["10"]),
            column("dept_code", "", &["11511301008778183N", "083372204"]),
        ];
        let found = pairs(DatasetId::ServiceItem, &columns);
        for (field, source) in [
            ("dept_name", "department"),
            ("task_name", "task_name"),
            ("area_code", "area_code"),
            ("task_code", "item_code"),
            ("task_type", "task_type"),
            ("dept_code", "dept_code"),
        ] {
            assert!(
                found.contains(&(field.into(), source.into())),
                "{field}: {found:?}"
            );
        }
        assert!(!found.iter().any(|(_, source)| source == "main_item"));
    }

    proptest! {
        #[test]
        fn each_field_and_column_is_proposed_at_most_once(names in proptest::collection::vec("[a-z_]{0,12}|事项[名称编码]{1,3}", 0..12)) {
            let columns: Vec<SourceColumn> = names.iter().map(|name| column(name, "", &["1", "x"])).collect();
            let found = propose(DatasetId::CaseAcceptance, &columns);
            let fields: HashSet<&str> = found.iter().map(|one| one.field.as_str()).collect();
            let sources: HashSet<&str> = found.iter().map(|one| one.source.as_str()).collect();
            prop_assert_eq!((fields.len(), sources.len()), (found.len(), found.len()));
        }
    }
}
