//! Reading people through the claim mapping: each field of an identity from the portal field that
//! stands for it.
//!
//! What a provider's cached record has is what a sign-on would bring, so the review goes by the same
//! rows as the preview. A row that takes its own column unchanged is read straight from the record;
//! the default mapping therefore costs nothing and changes nothing.

use std::borrow::Cow;

use chrono::NaiveDate;
use serde_json::{Map, Value};
use zhengqiao_domain::{CompiledField, Record, Slot};

use crate::claims::{ClaimRow, MOBILE, compile, portal_name};
use crate::error::{ClaimError, IdentityError};
use crate::identity::Identity;
use crate::kind::AccountKind;
use crate::number::NumberForm;
use crate::reader::{
    AccountReader, code_or_hash, hash_text, name, number_or_hash, phone, plain, upper,
};

/// Where one value comes from.
#[derive(Debug)]
enum Read {
    /// The record's own slot.
    Own(usize),
    /// A claim with its steps.
    Mapped(CompiledField),
}

/// The rows of one kind that fill something of an identity.
#[derive(Debug)]
struct Fields {
    key: Option<Read>,
    other_key: Option<Read>,
    title: Option<Read>,
    representative: Option<Read>,
    cert_key: Option<Read>,
    number: Option<Read>,
    number_type: Option<Read>,
    credit_code: Option<Read>,
    mobile: Option<Read>,
    level: Option<Read>,
    valid_from: Option<Read>,
    valid_until: Option<Read>,
    status: Option<Read>,
}

/// A claim mapping made ready for many records.
#[derive(Debug)]
pub(crate) struct Through {
    kinds: Vec<(AccountKind, Fields)>,
}

impl Through {
    /// Makes a mapping ready.
    ///
    /// # Errors
    /// When a row has a step that cannot be done.
    pub(crate) fn new(rows: &[ClaimRow]) -> Result<Self, ClaimError> {
        let kinds = AccountKind::ALL
            .iter()
            .map(|kind| Ok((*kind, Fields::new(*kind, rows)?)))
            .collect::<Result<_, ClaimError>>()?;
        Ok(Self { kinds })
    }

    /// The identity in a record.
    ///
    /// # Errors
    /// When the record is of another dataset, or the mapping gives it no key.
    pub(crate) fn identity(
        &self,
        reader: &AccountReader,
        record: &Record,
    ) -> Result<Identity, IdentityError> {
        let (kind, fields) = self
            .kinds
            .iter()
            .find(|(kind, _)| kind.dataset() == record.id)
            .ok_or(IdentityError::WrongDataset(record.id))?;
        let mut claims = Claims { record, raw: None };
        let natural = *kind == AccountKind::Natural;
        let key_form = match kind {
            AccountKind::Natural => hash_text,
            AccountKind::Legal => code_or_hash,
            AccountKind::Agent => number_or_hash,
        };
        let key = claims
            .boxed(fields.key.as_ref(), key_form)
            .ok_or(IdentityError::Missing {
                dataset: record.id,
                field: "userName",
            })?;
        let number = claims.text(fields.number.as_ref()).map(Cow::into_owned);
        let id_type = claims.text(fields.number_type.as_ref());
        let id_number_hash = number
            .as_deref()
            .and_then(|number| reader.id_number_hash(id_type.as_deref(), number));
        Ok(Identity {
            kind: *kind,
            key,
            other_key: claims.boxed(fields.other_key.as_ref(), hash_text),
            title: claims.boxed(fields.title.as_ref(), name),
            cert_key: claims.boxed(fields.cert_key.as_ref(), hash_text),
            id_number_hash,
            number_form: number
                .map(|number| upper(&number))
                .filter(|number| !number.is_empty())
                .map(|number| NumberForm::of(id_type.as_deref(), &number)),
            representative: claims.boxed(fields.representative.as_ref(), name),
            credit_code: if natural {
                None
            } else {
                claims.boxed(fields.credit_code.as_ref(), upper)
            },
            mobile: claims.boxed(fields.mobile.as_ref(), phone),
            level: claims
                .text(fields.level.as_ref())
                .and_then(|level| reader.ranks().rank(&level)),
            valid_from: claims.date(fields.valid_from.as_ref()),
            valid_until: claims.date(fields.valid_until.as_ref()),
            status: claims.boxed(fields.status.as_ref(), plain),
        })
    }
}

impl Fields {
    fn new(kind: AccountKind, rows: &[ClaimRow]) -> Result<Self, ClaimError> {
        // The first of the names that a row fills.
        let read = |names: &[&str]| -> Result<Option<Read>, ClaimError> {
            for name in names {
                let name = portal_name(name);
                let found = rows
                    .iter()
                    .zip(1..)
                    .find(|(row, _)| row.kind == kind && row.portal_field.trim() == name);
                if let Some((row, number)) = found {
                    return Read::new(row, number).map(Some);
                }
            }
            Ok(None)
        };
        let (title, other_key, validity) = match kind {
            AccountKind::Natural => ("name.formatted", None, "certificate"),
            AccountKind::Legal => ("displayName", Some("+certKey"), "certificate"),
            AccountKind::Agent => ("name.formatted", Some("externalId"), "agent"),
        };
        Ok(Self {
            key: read(&["userName", "+certKey"])?,
            other_key: match other_key {
                Some(name) => read(&[name])?,
                None => None,
            },
            title: read(&[title])?,
            representative: match kind {
                AccountKind::Legal => read(&["name.formatted"])?,
                AccountKind::Natural | AccountKind::Agent => None,
            },
            cert_key: read(&["+certKey"])?,
            number: read(&["+certificateNumber"])?,
            number_type: read(&["+certificateType"])?,
            credit_code: read(&["+creditCode"])?,
            mobile: read(&[MOBILE])?,
            level: read(&["+realNameLevel"])?,
            valid_from: read(&[&format!("+{validity}ValidFrom")])?,
            valid_until: read(&[&format!("+{validity}ValidUntil")])?,
            status: read(&["+legalPersonStatus"])?,
        })
    }
}

impl Read {
    fn new(row: &ClaimRow, number: usize) -> Result<Self, ClaimError> {
        let own = row
            .column()
            .filter(|column| row.transforms.is_empty() && row.claim.trim() == *column)
            .and_then(|column| row.kind.dataset().dataset().position(column));
        match own {
            Some(at) => Ok(Self::Own(at)),
            None => compile(row, number).map(Self::Mapped),
        }
    }
}

/// A record as the claims of a sign-on; made into a raw row only when a mapping needs one.
struct Claims<'r> {
    record: &'r Record,
    raw: Option<Map<String, Value>>,
}

impl<'r> Claims<'r> {
    fn text(&mut self, read: Option<&Read>) -> Option<Cow<'r, str>> {
        match read? {
            Read::Own(at) => self.record.slots[*at].value().map(Cow::Borrowed),
            Read::Mapped(field) => {
                let raw = self.raw.get_or_insert_with(|| self.record.to_json());
                match field.read(raw) {
                    Slot::Value(text) => Some(Cow::Owned(text.into())),
                    Slot::Missing | Slot::Placeholder(_) | Slot::Structure(_) => None,
                }
            }
        }
    }

    fn boxed(&mut self, read: Option<&Read>, form: fn(&str) -> String) -> Option<Box<str>> {
        let text = form(&self.text(read)?);
        (!text.is_empty()).then(|| text.into())
    }

    fn date(&mut self, read: Option<&Read>) -> Option<NaiveDate> {
        NaiveDate::parse_from_str(&self.text(read)?, "%Y-%m-%d").ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::default_claims;
    use crate::policy::ReviewPolicy;
    use crate::reader::LevelRanks;
    use serde_json::json;
    use zhengqiao_domain::{CompiledMapping, DatasetId, Mapping, Transform};

    fn record(id: DatasetId, raw: &Value) -> Record {
        CompiledMapping::new(id, &Mapping::default())
            .unwrap()
            .apply(raw.as_object().unwrap())
    }

    fn person() -> Record {
        record(
            DatasetId::NaturalPerson,
            &json!({
                "cert_key": "AB".repeat(32), "user_name": "张 三", "user_mobile": "+8613800000000",
                "cert_type": "111", "cert_no": "23010219900101123X", "user_real_lvl": "三级",
                "cert_eff_date": "20200101", "cert_ext_date": "长期", "user_region": "230102",
            }),
        )
    }

    fn through(rows: &[ClaimRow]) -> AccountReader {
        AccountReader::of(&ReviewPolicy::default(), rows, [7; 32]).unwrap()
    }

    #[test]
    fn the_default_mapping_reads_what_the_columns_say() {
        let plain = AccountReader::new(LevelRanks::default(), [7; 32]);
        let mapped = through(&default_claims());
        let legal = record(
            DatasetId::LegalPerson,
            &json!({
                "certificate_key": "CD".repeat(32), "certificate_sno": "91230102mb03271699",
                "corp_name": "某 公司", "corp_status": "2", "legal_name": "李四",
                "legal_cert_type": "111", "legal_cert_no": "23010219900101123X",
                "legal_mobile": "13900000000", "legal_cert_eff_date": "2020-01-01",
            }),
        );
        let agent = record(
            DatasetId::AgentAccount,
            &json!({
                "trust_acct_no": "A１", "trust_acct_no_key": "EF".repeat(32), "agent_name": "王五",
                "agent_cert_key": "12".repeat(32), "certificate_sno": "91230102MB03271699",
                "agent_mobile": "13700000000", "agent_eff_date": "20240101",
                "agent_exp_date": "20250101",
            }),
        );
        for record in [person(), legal, agent] {
            assert_eq!(mapped.identity(&record), plain.identity(&record));
            assert!(mapped.identity(&record).is_ok());
        }
    }

    #[test]
    fn a_step_changes_what_the_review_sees() {
        let mut rows = default_claims();
        let level = rows
            .iter_mut()
            .find(|row| row.portal_field.ends_with("realNameLevel"))
            .unwrap();
        level.transforms = vec![Transform::CodeTable {
            table: [("三级".to_owned(), "3".to_owned())].into(),
            other: None,
        }];
        assert_eq!(through(&rows).identity(&person()).unwrap().level, Some(3));
        assert_eq!(
            through(&default_claims())
                .identity(&person())
                .unwrap()
                .level,
            None
        );
    }

    #[test]
    fn a_row_that_is_taken_away_leaves_its_field_empty() {
        let rows: Vec<ClaimRow> = default_claims()
            .into_iter()
            .filter(|row| !row.portal_field.ends_with(":certKey"))
            .collect();
        let read = through(&rows).identity(&person()).unwrap();
        assert_eq!(&*read.key, "ab".repeat(32));
        assert_eq!(read.cert_key, None);
    }

    #[test]
    fn without_a_key_nobody_is_there() {
        let rows: Vec<ClaimRow> = default_claims()
            .into_iter()
            .filter(|row| row.kind != AccountKind::Natural)
            .collect();
        assert_eq!(
            through(&rows).identity(&person()),
            Err(IdentityError::Missing {
                dataset: DatasetId::NaturalPerson,
                field: "userName"
            })
        );
    }

    #[test]
    fn a_pattern_that_is_none_is_named_with_its_row() {
        let mut rows = default_claims();
        rows[2].transforms = vec![Transform::Capture {
            pattern: "(".into(),
        }];
        let error = AccountReader::of(&ReviewPolicy::default(), &rows, [7; 32]).unwrap_err();
        assert_eq!((error.code(), error.row()), ("step", Some(3)));
    }
}
