//! A claim mapping applied to samples.

#![allow(clippy::unwrap_used, clippy::panic)]

use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use zhengqiao_domain::primitives::citizen_id;
use zhengqiao_domain::{Check, RuleSet, Transform};
use zhengqiao_identity::{
    AccountKind, ClaimResult, ClaimRow, PORTAL_EXTENSION, default_claims, preview,
};

fn run(rows: &[ClaimRow], sample: Value) -> Vec<ClaimResult> {
    let Value::Object(sample): Value = sample else {
        panic!("an object")
    };
    let rules = RuleSet::default();
    let now = NaiveDate::from_ymd_opt(2026, 11, 23)
        .and_then(|day| day.and_hms_opt(12, 0, 0))
        .unwrap();
    preview(rows, &sample, &Check::new(&rules, now))
}

fn row(kind: AccountKind, portal_field: &str) -> ClaimRow {
    default_claims()
        .into_iter()
        .find(|row| row.kind == kind && row.portal_field.ends_with(portal_field))
        .unwrap()
}

fn state(row: ClaimRow, sample: Value) -> String {
    run(&[row], sample)[0].state.code().to_owned()
}

fn person() -> Map<String, Value> {
    let first = "23010219900307123";
    let number = format!("{first}{}", citizen_id::check_character(first).unwrap());
    let Value::Object(person) = json!({
        "cert_key": "0a".repeat(32), "user_name": "张三", "user_mobile": "13812341234",
        "cert_type": "111", "cert_no": number, "cert_eff_date": "20200101",
        "cert_ext_date": "20400101", "user_real_lvl": "4", "user_region": "230102",
        "birthday": "19900307", "sex": "1",
    }) else {
        panic!("an object")
    };
    person
}

fn natural() -> Vec<ClaimRow> {
    default_claims()
        .into_iter()
        .filter(|row| row.kind == AccountKind::Natural)
        .collect()
}

#[test]
fn a_complete_sample_is_ok_in_every_row() {
    for result in run(&natural(), person().into()) {
        assert_eq!(result.state.code(), "ok", "{result:?}");
        assert!(result.received.is_some() && result.value.is_some());
    }
}

#[test]
fn dates_reach_the_portal_in_one_form() {
    let row = row(AccountKind::Natural, "certificateValidFrom");
    let result = run(&[row], person().into()).remove(0);
    assert_eq!(result.received.as_deref(), Some("20200101"));
    assert_eq!(result.value.as_deref(), Some("2020-01-01"));
}

#[test]
fn a_missing_claim_is_empty_or_missing_as_its_row_says() {
    let mut name = row(AccountKind::Natural, "name.formatted");
    assert_eq!(state(name.clone(), json!({"user_name": "无"})), "empty");
    name.required = true;
    assert_eq!(state(name.clone(), json!({})), "missing_required");
    assert_eq!(state(name, json!({"user_name": null})), "missing_required");
}

#[test]
fn a_required_column_may_be_made_optional_in_the_mapping() {
    let mut key = row(AccountKind::Natural, "certKey");
    key.required = false;
    assert_eq!(state(key, json!({})), "empty");
}

#[test]
fn a_broken_value_is_named_by_the_rule_it_breaks() {
    let cases = [
        ("].value", "user_mobile", "12", "format.mobile"),
        ("certKey", "cert_key", "abc", "format.cert_key"),
        ("realNameLevel", "user_real_lvl", "L3", "code.unknown"),
        (
            "certificateNumber",
            "cert_no",
            "230102199003071230",
            "id_number.check",
        ),
        ("sex", "sex", "2", "account.sex"),
    ];
    for (field, column, value, rule) in cases {
        let mut sample = person();
        sample.insert(column.into(), value.into());
        let rows = natural();
        let at = rows
            .iter()
            .position(|row| row.portal_field.ends_with(field))
            .unwrap();
        assert_eq!(run(&rows, sample.into())[at].state.code(), rule);
    }
}

#[test]
fn an_object_is_no_value() {
    let name = row(AccountKind::Natural, "name.formatted");
    let result = run(&[name], json!({"user_name": {"first": "三"}})).remove(0);
    assert_eq!(result.state.code(), "format.structure");
    assert_eq!(result.value, None);
}

#[test]
fn a_pointer_reaches_into_an_envelope_and_a_table_translates() {
    let mut level = row(AccountKind::Natural, "realNameLevel");
    level.claim = "/msg/level".into();
    level.transforms = vec![Transform::CodeTable {
        table: [("L3".to_owned(), "3".to_owned())].into(),
        other: None,
    }];
    let result = run(&[level], json!({"msg": {"level": "L3"}})).remove(0);
    assert_eq!(result.received.as_deref(), Some("L3"));
    assert_eq!(result.value.as_deref(), Some("3"));
    assert_eq!(result.state.code(), "ok");
}

#[test]
fn a_number_is_judged_by_the_certificate_type_of_the_same_sample() {
    let mut sample = person();
    sample.insert("cert_type".into(), "414".into());
    sample.insert("cert_no".into(), "E12345678".into());
    let rows = natural();
    let at = rows
        .iter()
        .position(|row| row.portal_field == format!("{PORTAL_EXTENSION}certificateNumber"))
        .unwrap();
    assert_eq!(run(&rows, sample.into())[at].state.code(), "ok");
}

#[test]
fn a_field_of_the_site_itself_takes_any_text() {
    let mut own = row(AccountKind::Legal, "displayName");
    own.portal_field = "nickName".into();
    own.claim = "nick".into();
    assert_eq!(state(own.clone(), json!({"nick": "小明"})), "ok");
    own.required = true;
    assert_eq!(state(own, json!({})), "missing_required");
}

#[test]
fn two_rows_may_use_one_claim() {
    let results = run(&natural()[..2], person().into());
    assert_eq!(results[0].value, results[1].value);
    assert!(results[0].value.is_some());
}
