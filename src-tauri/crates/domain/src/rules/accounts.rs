//! Cross-field rules of the identity datasets.

use super::{Check, Findings, Rule, date_of};
use crate::dataset::DatasetId;
use crate::primitives::citizen_id;
use crate::record::Record;

pub(super) fn check(context: &Check<'_>, record: &Record, findings: &mut Findings<'_>) {
    let validity = match record.id {
        DatasetId::NaturalPerson => ("cert_eff_date", "cert_ext_date"),
        DatasetId::LegalPerson => ("legal_cert_eff_date", "legal_cert_ext_date"),
        DatasetId::AgentAccount => ("agent_eff_date", "agent_exp_date"),
        _ => return,
    };
    let until = date_of(record, validity.1);
    if let (Some(from), Some(until)) = (date_of(record, validity.0), until)
        && until < from
    {
        findings.add(
            Rule::AccountValidity,
            validity.1,
            Some(until),
            Some(format!("≥ {from}")),
        );
    }
    if record.id != DatasetId::LegalPerson
        && let Some(until) = until
        && until < context.today.as_str()
    {
        findings.add(
            Rule::AccountExpired,
            validity.1,
            Some(until),
            Some(format!("≥ {}", context.today)),
        );
    }
    if record.id == DatasetId::NaturalPerson {
        against_id(context, record, findings);
    }
}

fn against_id(context: &Check<'_>, record: &Record, findings: &mut Findings<'_>) {
    if !matches!(record.get("cert_type"), Some("111" | "112")) {
        return;
    }
    let Some(id) = record
        .get("cert_no")
        .and_then(|text| citizen_id::check(text, context.now.date()).ok())
    else {
        return;
    };
    let birth = id.birth.format("%Y-%m-%d").to_string();
    if let Some(stated) = date_of(record, "birthday")
        && stated != birth
    {
        findings.add(Rule::AccountBirthday, "birthday", Some(stated), Some(birth));
    }
    let sex = if id.is_male() { "1" } else { "2" };
    if let Some(stated) = record.get("sex")
        && matches!(stated, "1" | "2")
        && stated != sex
    {
        findings.add(Rule::AccountSex, "sex", Some(stated), Some(sex.into()));
    }
}
