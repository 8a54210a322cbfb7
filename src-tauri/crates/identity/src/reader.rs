//! From cached records to accounts in comparable form.
//!
//! The same value is written in many ways: full-width digits, a country prefix, capital letters in a
//! hash, an ID number of 15 digits. Two accounts are only compared after this.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::primitives::{citizen_id, mobile, width};
use zhengqiao_domain::{DatasetId, Record};

use crate::account::{AccountState, PortalAccount};
use crate::claims::ClaimRow;
use crate::error::{ClaimError, IdentityError};
use crate::identity::{IdNumberHash, Identity};
use crate::kind::AccountKind;
use crate::number::NumberForm;
use crate::policy::ReviewPolicy;
use crate::through::Through;

/// The rank of each real-name level; provinces name their levels differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct LevelRanks(pub BTreeMap<String, u8>);

impl Default for LevelRanks {
    fn default() -> Self {
        Self((1..=5).map(|rank| (rank.to_string(), rank)).collect())
    }
}

impl LevelRanks {
    /// The rank of a level, if it is a known one.
    pub fn rank(&self, level: &str) -> Option<u8> {
        self.0.get(level.trim()).copied()
    }
}

/// Reads records of the identity datasets.
#[derive(Debug, Clone)]
pub struct AccountReader {
    ranks: LevelRanks,
    hash_key: [u8; 32],
    /// The claim mapping; without one each field is read from the column of its own.
    through: Option<Arc<Through>>,
    /// What is asked for where an account's site says nothing.
    required_rank: Option<u8>,
}

impl AccountReader {
    /// A reader with a connection's ranks. ID numbers are hashed under `hash_key`; identities and
    /// portal accounts must be read with the same one.
    pub const fn new(ranks: LevelRanks, hash_key: [u8; 32]) -> Self {
        Self {
            ranks,
            hash_key,
            through: None,
            required_rank: None,
        }
    }

    /// A reader that goes by a connection's policy, and reads people through its claim mapping.
    ///
    /// # Errors
    /// When a row has a step that cannot be done.
    pub fn of(
        policy: &ReviewPolicy,
        claims: &[ClaimRow],
        hash_key: [u8; 32],
    ) -> Result<Self, ClaimError> {
        Ok(Self {
            ranks: policy.ranks.clone(),
            hash_key,
            through: Some(Arc::new(Through::new(claims)?)),
            required_rank: policy.required_rank,
        })
    }

    pub(crate) const fn ranks(&self) -> &LevelRanks {
        &self.ranks
    }

    /// The identity in a record of natural persons, legal persons or agents.
    ///
    /// # Errors
    /// When the record is of another dataset or has no key.
    pub fn identity(&self, record: &Record) -> Result<Identity, IdentityError> {
        if let Some(through) = &self.through {
            return through.identity(self, record);
        }
        match record.id {
            DatasetId::NaturalPerson => self.natural(record),
            DatasetId::LegalPerson => self.legal(record),
            DatasetId::AgentAccount => self.agent(record),
            other => Err(IdentityError::WrongDataset(other)),
        }
    }

    fn natural(&self, record: &Record) -> Result<Identity, IdentityError> {
        Ok(Identity {
            kind: AccountKind::Natural,
            key: must(record, "cert_key", hash_text)?,
            other_key: None,
            title: value(record, "user_name", name),
            cert_key: value(record, "cert_key", hash_text),
            id_number_hash: self.number(record, "cert_type", "cert_no"),
            number_form: form(record, "cert_type", "cert_no"),
            representative: None,
            credit_code: None,
            mobile: value(record, "user_mobile", phone),
            level: record
                .get("user_real_lvl")
                .and_then(|level| self.ranks.rank(level)),
            valid_from: date(record, "cert_eff_date"),
            valid_until: date(record, "cert_ext_date"),
            status: None,
        })
    }

    fn legal(&self, record: &Record) -> Result<Identity, IdentityError> {
        Ok(Identity {
            kind: AccountKind::Legal,
            key: must(record, "certificate_sno", code_or_hash)?,
            other_key: value(record, "certificate_key", hash_text),
            title: value(record, "corp_name", name),
            cert_key: value(record, "certificate_key", hash_text),
            id_number_hash: self.number(record, "legal_cert_type", "legal_cert_no"),
            number_form: form(record, "legal_cert_type", "legal_cert_no"),
            representative: value(record, "legal_name", name),
            credit_code: value(record, "certificate_sno", upper),
            mobile: value(record, "legal_mobile", phone),
            level: None,
            valid_from: date(record, "legal_cert_eff_date"),
            valid_until: date(record, "legal_cert_ext_date"),
            status: value(record, "corp_status", plain),
        })
    }

    fn agent(&self, record: &Record) -> Result<Identity, IdentityError> {
        Ok(Identity {
            kind: AccountKind::Agent,
            key: must(record, "trust_acct_no", number_or_hash)?,
            other_key: value(record, "trust_acct_no_key", hash_text),
            title: value(record, "agent_name", name),
            cert_key: value(record, "agent_cert_key", hash_text),
            id_number_hash: self.number(record, "agent_cert_type", "agent_cert"),
            number_form: form(record, "agent_cert_type", "agent_cert"),
            representative: None,
            credit_code: value(record, "certificate_sno", upper),
            mobile: value(record, "agent_mobile", phone),
            level: None,
            valid_from: date(record, "agent_eff_date"),
            valid_until: date(record, "agent_exp_date"),
            status: None,
        })
    }

    /// The account in a record of portal accounts. Of an ID number only the hash goes on.
    ///
    /// # Errors
    /// When the record is of another dataset or lacks identifier, kind or state.
    pub fn account(&self, record: &Record) -> Result<PortalAccount, IdentityError> {
        if record.id != DatasetId::PortalAccount {
            return Err(IdentityError::WrongDataset(record.id));
        }
        let missing = |field| IdentityError::Missing {
            dataset: record.id,
            field,
        };
        let kind: AccountKind = record
            .get("account_kind")
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| missing("account_kind"))?;
        let state: AccountState = record
            .get("account_state")
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| missing("account_state"))?;
        Ok(PortalAccount {
            account_id: must(record, "account_id", plain)?,
            kind,
            title: value(record, "display_name", name),
            cert_key: value(record, "cert_key", hash_text),
            // A legal person has a number of its own kind: its credit code.
            id_number_hash: match kind {
                AccountKind::Legal => None,
                _ => self.number(record, "id_type", "id_number"),
            },
            number_form: form(record, "id_type", "id_number"),
            credit_code: value(record, "credit_code", code),
            representative: value(record, "legal_name", name),
            id_type: value(record, "id_type", plain),
            mobile: value(record, "mobile", phone),
            required_level: record
                .get("required_level")
                .and_then(|level| self.ranks.rank(level))
                .or(self.required_rank),
            state,
            bound_to: value(
                record,
                "bound_to",
                match kind {
                    AccountKind::Natural => hash_text,
                    AccountKind::Legal => bound_code,
                    AccountKind::Agent => number_or_hash,
                },
            ),
            bound_by: record.get("bound_by").and_then(|text| text.parse().ok()),
            roles: value(record, "roles", plain),
            site: value(record, "site", plain),
            decided: None,
        })
    }

    /// The hash of a document's number. A resident's number of 15 digits gives the same hash as the
    /// one of 18 that replaced it; a temporary card (112) has the number of the card (111).
    pub fn id_number_hash(&self, id_type: Option<&str>, number: &str) -> Option<IdNumberHash> {
        let number = upper(number);
        if number.is_empty() {
            return None;
        }
        let id_type = match id_type.unwrap_or("111") {
            "112" => "111",
            other => other,
        };
        let number = match id_type {
            "111" if number.len() == 15 => citizen_id::to_eighteen(&number).unwrap_or(number),
            _ => number,
        };
        let hash = blake3::keyed_hash(&self.hash_key, format!("{id_type}|{number}").as_bytes());
        let mut short = [0; 16];
        short.copy_from_slice(&hash.as_bytes()[..16]);
        Some(IdNumberHash(short))
    }

    fn number(&self, record: &Record, type_field: &str, field: &str) -> Option<IdNumberHash> {
        self.id_number_hash(record.get(type_field), record.get(field)?)
    }
}

fn value(record: &Record, field: &str, form: fn(&str) -> String) -> Option<Box<str>> {
    let text = form(record.get(field)?);
    (!text.is_empty()).then(|| text.into())
}

fn form(record: &Record, type_field: &str, field: &str) -> Option<NumberForm> {
    let number = upper(record.get(field)?);
    (!number.is_empty()).then(|| NumberForm::of(record.get(type_field), &number))
}

fn must(
    record: &Record,
    field: &'static str,
    form: fn(&str) -> String,
) -> Result<Box<str>, IdentityError> {
    value(record, field, form).ok_or(IdentityError::Missing {
        dataset: record.id,
        field,
    })
}

fn date(record: &Record, field: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(record.get(field)?, "%Y-%m-%d").ok()
}

pub(crate) fn plain(text: &str) -> String {
    width::to_half_width(text).trim().to_owned()
}

pub(crate) fn upper(text: &str) -> String {
    plain(text).to_ascii_uppercase()
}

/// A hash in lower case.
pub(crate) fn hash_text(text: &str) -> String {
    plain(text).to_ascii_lowercase()
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A credit code, or the hash that stands for it.
pub(crate) fn code_or_hash(text: &str) -> String {
    let text = upper(text);
    if is_hash(&text) {
        text.to_ascii_lowercase()
    } else {
        text
    }
}

/// A credit code or an organisation code; the latter's check character may stand behind a dash.
fn code(text: &str) -> String {
    let mut text = upper(text);
    if text.len() == 10 && text.as_bytes()[8] == b'-' {
        text.remove(8);
    }
    text
}

fn bound_code(text: &str) -> String {
    let text = code_or_hash(text);
    if is_hash(&text) { text } else { code(&text) }
}

/// An account number, or the hash that stands for it.
pub(crate) fn number_or_hash(text: &str) -> String {
    let text = plain(text);
    if is_hash(&text) {
        text.to_ascii_lowercase()
    } else {
        text
    }
}

pub(crate) fn phone(text: &str) -> String {
    mobile::normalise(&plain(text)).into_owned()
}

/// A name without blanks; the middle dot of transcribed names is written in several ways.
pub(crate) fn name(text: &str) -> String {
    plain(text)
        .chars()
        .filter(|char| !char.is_whitespace())
        .map(|char| match char {
            '•' | '・' | '‧' | '･' => '·',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use zhengqiao_domain::{CompiledMapping, Mapping};

    fn reader() -> AccountReader {
        AccountReader::new(LevelRanks::default(), [7; 32])
    }

    fn record(id: DatasetId, raw: serde_json::Value) -> Record {
        let serde_json::Value::Object(raw) = raw else {
            panic!("an object")
        };
        CompiledMapping::new(id, &Mapping::default())
            .unwrap()
            .apply(&raw)
    }

    #[test]
    fn a_natural_person_is_read_in_comparable_form() {
        let person = reader()
            .identity(&record(DatasetId::NaturalPerson, json!({
                "cert_key": "AB".repeat(32), "user_name": "张 三", "user_mobile": "+8613800000000",
                "user_real_lvl": 4, "cert_eff_date": "20200101", "cert_ext_date": "长期",
            })))
            .unwrap();
        assert_eq!(&*person.key, "ab".repeat(32));
        assert_eq!(person.title.as_deref(), Some("张三"));
        assert_eq!(person.mobile.as_deref(), Some("13800000000"));
        assert_eq!(person.level, Some(4));
        assert_eq!(person.valid_from, NaiveDate::from_ymd_opt(2020, 1, 1));
        assert_eq!(person.valid_until, None);
    }

    #[test]
    fn a_portal_account_without_a_kind_is_refused() {
        let raw = json!({"account_id": "P1", "account_state": "active"});
        assert_eq!(
            reader().account(&record(DatasetId::PortalAccount, raw)),
            Err(IdentityError::Missing {
                dataset: DatasetId::PortalAccount,
                field: "account_kind"
            })
        );
    }

    #[test]
    fn a_case_is_no_identity() {
        assert_eq!(
            reader().identity(&Record::empty(DatasetId::CaseResult)),
            Err(IdentityError::WrongDataset(DatasetId::CaseResult))
        );
    }

    #[test]
    fn a_number_of_15_digits_has_the_hash_of_its_18_digits() {
        let eighteen = citizen_id::to_eighteen("230102900101123").unwrap();
        let reader = reader();
        assert_eq!(
            reader.id_number_hash(Some("111"), "230102900101123"),
            reader.id_number_hash(Some("112"), &eighteen.to_lowercase())
        );
        assert_ne!(
            reader.id_number_hash(Some("111"), &eighteen),
            reader.id_number_hash(Some("414"), &eighteen)
        );
        let other = AccountReader::new(LevelRanks::default(), [8; 32]);
        assert_ne!(
            other.id_number_hash(Some("111"), &eighteen),
            reader.id_number_hash(Some("111"), &eighteen)
        );
    }
}
