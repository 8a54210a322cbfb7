//! The rules that follow from a field's description alone.

use super::id_number;
use super::{Check, Findings, Rule, is_canonical_date, is_canonical_moment, remedies, split_codes};
use crate::codes::Membership;
use crate::field::{Field, Kind, Length};
use crate::finding::Remedy;
use crate::primitives::{
    catalog_code, credit_code, length, mobile, organisation_code, region, task_code,
};
use crate::record::{Record, Slot};

pub(super) fn check(context: &Check<'_>, record: &Record, findings: &mut Findings<'_>) {
    for (field, slot) in record.dataset().fields.iter().zip(&record.slots) {
        match slot {
            Slot::Missing if field.required => {
                findings.add(Rule::RequiredMissing, field.name, None, None);
            }
            Slot::Placeholder(text) if field.required => {
                findings.add(Rule::RequiredPlaceholder, field.name, Some(text), None);
            }
            Slot::Missing | Slot::Placeholder(_) => {}
            Slot::Structure(text) => {
                findings.add(Rule::FormatStructure, field.name, Some(text), None);
            }
            Slot::Value(text) => value(context, record, field, text, findings),
        }
    }
}

fn value(
    context: &Check<'_>,
    record: &Record,
    field: &'static Field,
    text: &str,
    findings: &mut Findings<'_>,
) {
    let name = field.name;
    if text.chars().any(|char| {
        (char.is_control() && !matches!(char, '\t' | '\n' | '\r')) || char == '\u{FFFD}'
    }) {
        findings.add(Rule::FormatCharacters, name, Some(text), None);
    }
    match field.length {
        Length::Hard(limit) if length::exceeds(text, limit) => {
            findings.add(
                Rule::LengthExceeded,
                name,
                Some(text),
                Some(format!("≤ {limit}")),
            );
        }
        Length::Soft(limit) if length::exceeds(text, limit) => {
            findings.add(
                Rule::LengthDisputed,
                name,
                Some(text),
                Some(format!("≤ {limit}")),
            );
        }
        _ => {}
    }
    match field.kind {
        Kind::Text if name == "data_source" => data_source(name, text, findings),
        Kind::Text | Kind::ReviewDetails => {}
        Kind::Integer => integer(name, text, findings),
        Kind::Code(list) => code(context, name, list, text, text, findings),
        Kind::Codes(list) => {
            for one in split_codes(text) {
                code(context, name, list, one, text, findings);
            }
        }
        Kind::Moment if !is_canonical_moment(text) => {
            findings.push(
                Rule::FormatMoment,
                name,
                Some(text),
                None,
                remedies::moment(text),
            );
        }
        Kind::Date if !is_canonical_date(text) && text != "长期" => {
            findings.push(
                Rule::FormatDate,
                name,
                Some(text),
                None,
                remedies::date(text),
            );
        }
        Kind::Moment | Kind::Date => {}
        Kind::Region => region_code(name, text, findings),
        Kind::CreditCode => credit(name, text, findings),
        Kind::DepartmentCode => department(name, text, findings),
        Kind::IdNumber(type_field) => {
            id_number::check(
                context.now.date(),
                name,
                record.get(type_field),
                text,
                findings,
            );
        }
        Kind::Mobile => {
            if !mobile::is_mobile(&mobile::normalise(text)) {
                findings.add(
                    Rule::FormatMobile,
                    name,
                    Some(text),
                    Some("1[3-9]#########".into()),
                );
            }
        }
        Kind::CertKey => {
            if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                findings.add(
                    Rule::FormatCertKey,
                    name,
                    Some(text),
                    Some("64 × 0-9a-f".into()),
                );
            }
        }
        Kind::TaskCode => task(record, name, text, findings),
        Kind::CatalogCode => {
            if !catalog_code::is_national(text) {
                findings.add(
                    Rule::CatalogCodeFormat,
                    name,
                    Some(text),
                    Some("12 × 0-9".into()),
                );
            }
        }
        Kind::Url => {
            if !(text.starts_with("http://") || text.starts_with("https://")) {
                findings.push(
                    Rule::FormatUrl,
                    name,
                    Some(text),
                    Some("http(s)://".into()),
                    remedies::url(text),
                );
            }
        }
    }
}

fn data_source(name: &'static str, text: &str, findings: &mut Findings<'_>) {
    let bytes = text.as_bytes();
    if bytes.len() != 3 || bytes[0] != b'1' || !bytes.iter().all(u8::is_ascii_digit) {
        findings.add(Rule::FormatDataSource, name, Some(text), Some("1##".into()));
    }
}

fn integer(name: &'static str, text: &str, findings: &mut Findings<'_>) {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || digits.len() > 18 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        findings.push(
            Rule::FormatInteger,
            name,
            Some(text),
            None,
            remedies::integer(text),
        );
    } else if text.starts_with('-') {
        findings.add(
            Rule::FormatNumberRange,
            name,
            Some(text),
            Some("≥ 0".into()),
        );
    }
}

fn code(
    context: &Check<'_>,
    name: &'static str,
    list: &'static str,
    one: &str,
    whole: &str,
    findings: &mut Findings<'_>,
) {
    let Some(list) = context.rules.list(list) else {
        return;
    };
    match list.membership(one) {
        Membership::Known => {}
        Membership::Extension => findings.add(Rule::CodeExtension, name, Some(one), None),
        Membership::Unknown(nearest) => {
            let remedy = nearest.filter(|_| one == whole).map(|nearest| Remedy {
                value: nearest.code,
                certain: nearest.only,
            });
            findings.push(
                Rule::CodeUnknown,
                name,
                Some(one),
                Some(list.summary()),
                remedy,
            );
        }
    }
}

fn region_code(name: &'static str, text: &str, findings: &mut Findings<'_>) {
    let Some(normal) = region::normalise(text) else {
        findings.push(
            Rule::FormatRegion,
            name,
            Some(text),
            Some("6|9|12 × 0-9".into()),
            remedies::region(text),
        );
        return;
    };
    match region::standing(&normal.as_str()[..6]) {
        region::Standing::Current => {}
        region::Standing::Abolished => findings.add(Rule::RegionAbolished, name, Some(text), None),
        region::Standing::Unknown => findings.add(Rule::RegionUnknown, name, Some(text), None),
    }
}

pub(super) fn credit(name: &'static str, text: &str, findings: &mut Findings<'_>) {
    use credit_code::CreditCodeError;
    match credit_code::check(text) {
        Ok(()) => {}
        Err(CreditCodeError::CheckCharacter { expected }) => {
            let remedy = with_last(text, expected);
            findings.push(
                Rule::CreditCodeCheck,
                name,
                Some(text),
                Some(format!("…{expected}")),
                remedy,
            );
        }
        Err(_) => findings.push(
            Rule::CreditCodeFormat,
            name,
            Some(text),
            Some("18 × 0-9A-Z".into()),
            remedies::credit(text),
        ),
    }
}

fn department(name: &'static str, text: &str, findings: &mut Findings<'_>) {
    use credit_code::CreditCodeError;
    match credit_code::check(text) {
        Ok(()) => {}
        Err(CreditCodeError::CheckCharacter { expected }) => {
            let remedy = with_last(text, expected);
            findings.push(
                Rule::DepartmentCheck,
                name,
                Some(text),
                Some(format!("…{expected}")),
                remedy,
            );
        }
        Err(_) if organisation_code::has_shape(text) => {
            findings.add(
                Rule::DepartmentOrganisationCode,
                name,
                Some(text),
                Some("18 × 0-9A-Z".into()),
            );
        }
        Err(_) => findings.push(
            Rule::DepartmentFormat,
            name,
            Some(text),
            Some("18 × 0-9A-Z".into()),
            remedies::credit(text),
        ),
    }
}

/// The same text with another last character: the likeliest remedy of a wrong check character.
pub(super) fn with_last(text: &str, last: char) -> Option<Remedy> {
    let mut value = text.to_owned();
    value.pop()?;
    value.push(last);
    Some(Remedy {
        value,
        certain: false,
    })
}

fn task(record: &Record, name: &'static str, text: &str, findings: &mut Findings<'_>) {
    let national = match task_code::parse(text) {
        task_code::TaskCode::National(parts) => parts,
        task_code::TaskCode::Local => {
            findings.add(Rule::TaskCodeLocal, name, Some(text), None);
            return;
        }
        task_code::TaskCode::Malformed => {
            findings.add(
                Rule::TaskCodeFormat,
                name,
                Some(text),
                Some("18+1+12(+2)".into()),
            );
            return;
        }
    };
    if let Err(credit_code::CreditCodeError::CheckCharacter { expected }) =
        credit_code::check(national.credit_code)
    {
        findings.add(
            Rule::TaskCodeCheck,
            name,
            Some(text),
            Some(format!("[18]={expected}")),
        );
    }
    if record.id == crate::DatasetId::ServiceItem
        && let Some(levels) = record.get("use_level")
        && !split_codes(levels).any(|level| level == national.level)
    {
        findings.add(
            Rule::TaskCodeLevel,
            name,
            Some(text),
            Some(format!("[19]={levels}")),
        );
    }
    if let Some(catalog) = record.get("catalog_code")
        && catalog_code::is_national(catalog)
        && catalog != national.catalog
    {
        findings.add(
            Rule::TaskCodeCatalog,
            name,
            Some(text),
            Some(format!("[20–31]={catalog}")),
        );
    }
}
