//! Cross-field rules of service items and notices.
//!
//! The item rules are those that one city's administrators checked by script before handing each
//! district its errors; they warn unless a connection says otherwise.

use super::{Findings, Rule, in_order, split_codes};
use crate::dataset::DatasetId;
use crate::record::Record;

const LICENCE_STEPS: [&str; 5] = ["受理", "审核", "审批", "办结", "送达"];
const WORK_TIMES: [&str; 4] = ["工作日", "全天", "24小时", "节假日"];

pub(super) fn check(record: &Record, findings: &mut Findings<'_>) {
    if record.id == DatasetId::ServiceNotice {
        in_order(
            record,
            "publish_time",
            "update_time",
            Rule::NoticeUpdatedEarly,
            findings,
        );
        return;
    }
    in_order(
        record,
        "plan_effective_date",
        "plan_cancel_date",
        Rule::ItemPlanDates,
        findings,
    );
    limits(record, findings);
    result_type(record, findings);
    presence(record, findings);
    topics(record, findings);
    texts(record, findings);
}

fn number(record: &Record, field: &str) -> Option<i64> {
    record.get(field)?.parse().ok()
}

fn limits(record: &Record, findings: &mut Findings<'_>) {
    let promise = number(record, "promise_day");
    if let (Some(promise), Some(legal)) = (promise, number(record, "anticipate_day"))
        && record.get("promise_type").is_some()
        && record.get("promise_type") == record.get("anticipate_type")
        && promise > legal
    {
        findings.add(
            Rule::ItemPromiseExceedsLegal,
            "promise_day",
            record.get("promise_day"),
            Some(format!("≤ {legal}")),
        );
    }
    if let (Some(promise), Some(kind)) = (promise, record.get("project_type"))
        && (kind == "1") != (promise == 0)
    {
        let expected = if kind == "1" { "0" } else { "> 0" };
        findings.add(
            Rule::ItemInstantPromise,
            "promise_day",
            record.get("promise_day"),
            Some(expected.into()),
        );
    }
    if let (Some(depth), Some(visits)) = (
        record.get("online_handle_depth"),
        number(record, "limit_scene_num"),
    ) && depth.contains("全程网办")
        && visits > 0
    {
        findings.add(
            Rule::ItemOnlineVisits,
            "limit_scene_num",
            record.get("limit_scene_num"),
            Some("0".into()),
        );
    }
}

fn result_type(record: &Record, findings: &mut Findings<'_>) {
    let (Some(name), Some(kind)) = (record.get("result_name"), record.get("result_type")) else {
        return;
    };
    let proof_only = name.contains("凭证") || name.contains("证明");
    let expected = if !proof_only && (name.ends_with('证') || name.contains("证书")) {
        "1"
    } else if name.contains("批复") || name.contains("批文") {
        "2"
    } else {
        return;
    };
    if kind != expected {
        findings.add(
            Rule::ItemResultType,
            "result_type",
            Some(kind),
            Some(expected.into()),
        );
    }
}

fn presence(record: &Record, findings: &mut Findings<'_>) {
    if record.get("is_fee") == Some("1") && record.get("fee_basis").is_none() {
        findings.add(Rule::ItemFeeBasis, "fee_basis", None, None);
    }
    if record.get("is_fee") == Some("0") && record.get("is_pay_online") == Some("1") {
        findings.add(
            Rule::ItemFreePayment,
            "is_pay_online",
            Some("1"),
            Some("0".into()),
        );
    }
    if record.get("is_single_login") == Some("1") && record.get("link_addr").is_none() {
        findings.add(Rule::ItemSignOnLink, "link_addr", None, None);
    }
}

fn topics(record: &Record, findings: &mut Findings<'_>) {
    let Some(targets) = record.get("server_type") else {
        return;
    };
    let persons = split_codes(targets).any(|code| code == "1");
    let organisations = split_codes(targets).any(|code| matches!(code, "2" | "3" | "4" | "5"));
    for (field, wanted) in [
        ("user_topic_type", persons),
        ("corp_topic_type", organisations),
    ] {
        let topic = record.get(field);
        if topic.is_some() != wanted {
            findings.add(
                Rule::ItemTopic,
                field,
                topic,
                Some(if wanted { "≠ ∅" } else { "∅" }.into()),
            );
        }
    }
}

fn texts(record: &Record, findings: &mut Findings<'_>) {
    if let (Some(enquiry), Some(complaint)) = (record.get("link_way"), record.get("supervise_way"))
        && enquiry == complaint
    {
        findings.add(Rule::ItemPhonesSame, "supervise_way", Some(complaint), None);
    }
    if let Some(time) = record.get("transact_time")
        && !WORK_TIMES.iter().any(|word| time.contains(word))
    {
        findings.add(
            Rule::ItemWorkTime,
            "transact_time",
            Some(time),
            Some(WORK_TIMES.join("|")),
        );
    }
    if matches!(record.get("task_type"), Some("01" | "1"))
        && let Some(flow) = record.get("handle_flow")
    {
        let lacking: Vec<&str> = LICENCE_STEPS
            .into_iter()
            .filter(|step| !flow.contains(step))
            .collect();
        if !lacking.is_empty() {
            findings.add(
                Rule::ItemFlowSteps,
                "handle_flow",
                Some(flow),
                Some(lacking.join("、")),
            );
        }
    }
}
