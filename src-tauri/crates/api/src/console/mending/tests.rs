//! Facts about what is proposed for a cause.

use super::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use zhengqiao_domain::{Mapping, Transform};

/// What is proposed for a field of results whose values these are.
fn tried(field: &str, values: &[&str], cluster: &str) -> (Rule, Tried) {
    let dataset = DatasetId::CaseResult;
    let present = Mendable {
        mappings: BTreeMap::from([(dataset, Mapping::default())]),
        ..Mendable::default()
    };
    let rules = RuleSet::new(&present.rules);
    let check = Check::new(&rules, now_local());
    let mapping = CompiledMapping::new(dataset, &Mapping::default()).unwrap();
    let mut rule = None;
    let rows: Vec<(Vec<u8>, String)> = values
        .iter()
        .map(|value| {
            let raw = json!({ "project_no": "P1", field: value, "旧字段": "x" }).to_string();
            let found = prepare(raw.as_bytes(), &mapping, dataset, &check, &rules).findings;
            rule = rule.or(found
                .iter()
                .find(|one| one.field == field)
                .map(|one| one.rule));
            (raw.into_bytes(), serde_json::to_string(&found).unwrap())
        })
        .collect();
    let rule = rule.unwrap();
    let cause = Standing {
        source_id: 1,
        rule: rule.code().into(),
        field: field.into(),
        cluster: cluster.into(),
    };
    (rule, try_steps(dataset, &cause, &rows, &present).unwrap())
}

fn first(found: &Tried) -> Value {
    serde_json::to_value(&found.0[0].step).unwrap()
}

#[test]
fn a_wrong_form_of_dates_has_the_transform_that_reads_it() {
    let (rule, found) = tried("result_date", &["31/12/2025", "01/02/2026"], "");
    assert_eq!(rule, Rule::FormatMoment);
    assert_eq!(first(&found)["transform"]["kind"], "date_form");
    assert_eq!(first(&found)["transform"]["forms"][0], "%d/%m/%Y");
    assert_eq!(found.0[0].cures, 2);
    assert!(found.0[0].certain, "the 31st is no month");
    let (_, guess) = tried("result_date", &["01/02/2026"], "");
    assert!(!guess.0[0].certain, "it may be the second of January");
}

#[test]
fn full_width_signs_are_folded_and_a_code_written_as_its_name_has_its_code() {
    let (rule, found) = tried("result_type", &["\u{ff16}"], "");
    assert_eq!(rule, Rule::FormatFullWidth);
    assert_eq!(
        found.0[0].step,
        MendStep::AddTransform {
            dataset: DatasetId::CaseResult,
            field: "result_type".into(),
            transform: Transform::HalfWidth,
        }
    );
    let (rule, found) = tried("is_delivery_results", &["是", "是"], "是");
    assert_eq!(rule, Rule::CodeUnknown);
    assert_eq!(first(&found)["kind"], "map_code");
    assert_eq!(first(&found)["from"], "是");
    assert_eq!(found.0[0].cures, 2);
}

#[test]
fn what_cannot_be_cured_here_says_why() {
    let (_, found) = tried("result_type", &["奇怪"], "奇怪");
    assert!(found.0.is_empty(), "{found:?}");
    assert_eq!(found.1.as_deref(), Some("unknown_code"));
    let cut = BTreeSet::from(["9123".to_owned()]);
    let why = |rule| why_none(DatasetId::CaseResult, "dept_code", rule, &cut);
    assert_eq!(why(Rule::CreditCodeFormat), "truncated");
    assert_eq!(why(Rule::CreditCodeCheck), "check_digit");
    assert_eq!(why(Rule::RequiredMissing), "missing");
}
