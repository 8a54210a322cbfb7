//! What a field of a dataset is: name, kind, length, requirement, personal-data class, source.
//!
//! Fields are data so that the mapping, the rules, the masks, the search index and the screens all
//! read the same line. Lengths on which the sources disagree are `Soft`: they warn, never reject.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a field's text is read, normalised and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Free text.
    Text,
    /// A whole number, written in decimal digits.
    Integer,
    /// One code of the named code list.
    Code(&'static str),
    /// Several codes of the named list, separated by a comma, semicolon, caret or bar.
    Codes(&'static str),
    /// A date with time, canonical `YYYY-MM-DD HH:MM:SS` in UTC+8.
    Moment,
    /// A date, canonical `YYYY-MM-DD`, or 长期.
    Date,
    /// An administrative region (GB/T 2260), canonical 12 digits.
    Region,
    /// A unified social credit code (GB 32100) that must be right.
    CreditCode,
    /// A department's code: a credit code in principle, older forms in practice.
    DepartmentCode,
    /// An identity document's number; the named field of the same record tells its type.
    IdNumber(&'static str),
    /// A mainland mobile number.
    Mobile,
    /// A 256-bit identity hash in 64 hexadecimal digits.
    CertKey,
    /// 实施编码: 31 characters, 33 with a handling item, or a local form.
    TaskCode,
    /// 基本编码: 12 digits, or a local form.
    CatalogCode,
    /// A web address.
    Url,
    /// Several review detail codes (评价详情).
    ReviewDetails,
}

impl Kind {
    /// The code list that the kind refers to.
    pub const fn code_list(self) -> Option<&'static str> {
        match self {
            Kind::Code(list) | Kind::Codes(list) => Some(list),
            _ => None,
        }
    }

    /// Whether the text is a code or number, in which full-width characters are always a mistake.
    pub const fn is_identifier(self) -> bool {
        !matches!(self, Kind::Text | Kind::Url)
    }

    /// The kind's name as it is shown in lists of fields.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Integer => "integer",
            Kind::Code(_) => "code",
            Kind::Codes(_) => "codes",
            Kind::Moment => "moment",
            Kind::Date => "date",
            Kind::Region => "region",
            Kind::CreditCode => "credit_code",
            Kind::DepartmentCode => "department_code",
            Kind::IdNumber(_) => "id_number",
            Kind::Mobile => "mobile",
            Kind::CertKey => "cert_key",
            Kind::TaskCode => "task_code",
            Kind::CatalogCode => "catalog_code",
            Kind::Url => "url",
            Kind::ReviewDetails => "review_details",
        }
    }
}

/// The greatest length of a field, in characters (not bytes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// No limit, or sources so far apart that a limit would be wrong.
    Unlimited,
    /// Longer text warns: the sources disagree on the width.
    Soft(u32),
    /// Longer text is rejected: it could not be stored by any reader of the table.
    Hard(u32),
}

/// What kind of personal data a field holds; decides its mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Personal {
    /// Nothing personal.
    None,
    /// A natural person's name.
    Name,
    /// A document's number.
    IdNumber,
    /// A telephone number.
    Phone,
    /// A postal address.
    Address,
    /// An identity hash: a pseudonym, shown shortened.
    Pseudonym,
    /// Free text that may contain personal data.
    FreeText,
}

/// Where a field and its requirement come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The national exchange tables in operation.
    NationalTables,
    /// GB/T 39046—2020 with the table's number.
    Gb39046(u8),
    /// The national review interface as provinces run it.
    ReviewInterface,
    /// The national user tables.
    UserTables,
    /// What platforms do in practice, without a written source.
    Practice,
}

impl Source {
    /// The source in words, Chinese and English.
    pub fn text(self) -> String {
        match self {
            Source::NationalTables => "国家数据交换表 national exchange tables".into(),
            Source::Gb39046(table) => format!("GB/T 39046—2020 表{table} table {table}"),
            Source::ReviewInterface => "好差评接口 national review interface".into(),
            Source::UserTables => "国家用户表 national user tables".into(),
            Source::Practice => "实践 practice".into(),
        }
    }
}

/// One field of a dataset.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Our name, which is the column's name in the national tables.
    pub name: &'static str,
    /// The Chinese name.
    pub zh: &'static str,
    /// How it is read and checked.
    pub kind: Kind,
    /// Greatest length in characters.
    pub length: Length,
    /// Whether a record without it is rejected.
    pub required: bool,
    /// Personal-data class.
    pub personal: Personal,
    /// Where the field comes from.
    pub source: Source,
}

impl Field {
    /// An optional field of the national tables, without a length limit.
    pub const fn new(name: &'static str, zh: &'static str, kind: Kind) -> Self {
        Self {
            name,
            zh,
            kind,
            length: Length::Unlimited,
            required: false,
            personal: Personal::None,
            source: Source::NationalTables,
        }
    }

    /// The same field, required.
    pub const fn must(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same field with a width that rejects.
    pub const fn hard(mut self, chars: u32) -> Self {
        self.length = Length::Hard(chars);
        self
    }

    /// The same field with a width that warns.
    pub const fn soft(mut self, chars: u32) -> Self {
        self.length = Length::Soft(chars);
        self
    }

    /// The same field with a personal-data class.
    pub const fn personal(mut self, class: Personal) -> Self {
        self.personal = class;
        self
    }

    /// The same field from another source.
    pub const fn from(mut self, source: Source) -> Self {
        self.source = source;
        self
    }
}
