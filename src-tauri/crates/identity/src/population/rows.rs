//! People and accounts as numbers: what is compared is kept as a keyed hash, what is not is left out.
//!
//! A hash of 64 bits under a key of the process confuses two of some millions of values once in ten
//! million reviews; nothing can be read out of it. Names only support, and have 32 bits.

use std::hash::{BuildHasher, RandomState};

use chrono::Datelike;

use crate::account::{AccountState, BoundBy, Decided, PortalAccount};
use crate::identity::{IdNumberHash, Identity};
use crate::kind::AccountKind;
use crate::number::NumberForm;
use crate::policy::ReviewPolicy;

/// The handle of nobody.
pub(crate) const NO_HANDLE: u64 = u64::MAX;

/// No rank, in a byte.
pub(crate) const NO_RANK: u8 = u8::MAX;

/// What became of a legal person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Other,
    Deregistered,
    Merged,
}

/// What a certificate's type is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Certificate {
    Other,
    Natural,
    Legal,
}

/// The decision about an account, without its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ruling {
    None,
    Link,
    Unlink,
    Merge,
    DoNotTouch,
}

/// An identity. `kind` is `None` in a place that is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Person {
    /// Its name for good.
    pub(crate) handle: u64,
    pub(crate) key: u64,
    pub(crate) other_key: u64,
    pub(crate) cert_key: u64,
    pub(crate) number: u64,
    pub(crate) code: u64,
    /// The organisation code within the credit code.
    pub(crate) org: u64,
    pub(crate) mobile: u64,
    pub(crate) title: u32,
    pub(crate) representative: u32,
    pub(crate) from: i32,
    pub(crate) until: i32,
    pub(crate) form: Option<NumberForm>,
    pub(crate) kind: Option<AccountKind>,
    pub(crate) level: u8,
    pub(crate) standing: Standing,
}

/// A portal account. `kind` is `None` in a place that is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    /// Its name for good.
    pub(crate) handle: u64,
    /// What it is bound to, by the portal or by a decision.
    pub(crate) bound: u64,
    /// The identity that a decision took it from.
    pub(crate) refused: u64,
    pub(crate) cert_key: u64,
    pub(crate) number: u64,
    pub(crate) code: u64,
    /// The organisation code, where the account has one instead of a credit code.
    pub(crate) org: u64,
    pub(crate) mobile: u64,
    pub(crate) title: u32,
    pub(crate) representative: u32,
    pub(crate) form: Option<NumberForm>,
    pub(crate) kind: Option<AccountKind>,
    pub(crate) state: AccountState,
    pub(crate) by_phone: bool,
    /// `bound` is an organisation code.
    pub(crate) bound_by_org: bool,
    pub(crate) required: u8,
    /// Least rank that gives an administrator's role which the account lacks.
    pub(crate) administrator_from: u8,
    pub(crate) certificate: Certificate,
    pub(crate) ruling: Ruling,
}

impl Person {
    /// A place that is free.
    pub(crate) const FREE: Self = Self {
        handle: NO_HANDLE,
        key: 0,
        other_key: 0,
        cert_key: 0,
        number: 0,
        code: 0,
        org: 0,
        mobile: 0,
        title: 0,
        representative: 0,
        from: 0,
        until: 0,
        form: None,
        kind: None,
        level: NO_RANK,
        standing: Standing::Other,
    };

    /// Whether the same person, or the same legal person, is behind both. An agent counts as the
    /// legal person's own; two agents of one legal person are two persons.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let agent = Some(AccountKind::Agent);
        (self.kind == other.kind && self.key == other.key)
            || same(self.cert_key, other.cert_key)
            || same(self.number, other.number)
            || ((self.kind != agent || other.kind != agent) && same(self.code, other.code))
    }
}

impl Account {
    /// A place that is free.
    pub(crate) const FREE: Self = Self {
        handle: NO_HANDLE,
        bound: 0,
        refused: 0,
        cert_key: 0,
        number: 0,
        code: 0,
        org: 0,
        mobile: 0,
        title: 0,
        representative: 0,
        form: None,
        kind: None,
        state: AccountState::Deleted,
        by_phone: false,
        bound_by_org: false,
        required: NO_RANK,
        administrator_from: NO_RANK,
        certificate: Certificate::Other,
        ruling: Ruling::None,
    };

    /// Whether the account can be used.
    pub(crate) const fn is_active(&self) -> bool {
        matches!(self.state, AccountState::Active)
    }

    /// Whether its code is the person's credit code, or the organisation code within it.
    pub(crate) fn has_code_of(&self, person: &Person) -> bool {
        same(self.code, person.code) || same(self.org, person.org)
    }
}

const fn same(one: u64, other: u64) -> bool {
    one != 0 && one == other
}

/// Both halves of a key of two parts; none where one is missing.
pub(crate) const fn mix(one: u64, other: u64) -> u64 {
    if one == 0 || other == 0 {
        return 0;
    }
    let mixed = (one ^ other.rotate_left(29)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    if mixed == 0 { 1 } else { mixed }
}

/// Makes rows; two rows can be compared when one comparer made them.
#[derive(Debug, Default)]
pub(crate) struct Comparer(RandomState);

impl Comparer {
    fn text(&self, text: Option<&str>) -> u64 {
        text.map_or(0, |text| self.0.hash_one(text).max(1))
    }

    fn short(&self, text: Option<&str>) -> u32 {
        #[allow(clippy::cast_possible_truncation, reason = "the lower half is wanted")]
        text.map_or(0, |text| (self.0.hash_one(text) as u32).max(1))
    }

    /// An identity's row.
    pub(crate) fn person(&self, handle: u64, one: &Identity) -> Person {
        let code = one.credit_code.as_deref();
        let day =
            |day: Option<chrono::NaiveDate>, open| day.map_or(open, |day| day.num_days_from_ce());
        Person {
            handle,
            key: self.text(Some(&one.key)),
            other_key: self.text(one.other_key.as_deref()),
            cert_key: self.text(one.cert_key.as_deref()),
            number: number(one.id_number_hash),
            code: self.text(code),
            org: self.text(code.and_then(organisation_code)),
            mobile: self.text(one.mobile.as_deref()),
            title: self.short(one.title.as_deref()),
            representative: self.short(one.representative.as_deref()),
            from: day(one.valid_from, i32::MIN),
            until: day(one.valid_until, i32::MAX),
            form: one.number_form,
            kind: Some(one.kind),
            level: one.level.unwrap_or(NO_RANK),
            standing: match one.status.as_deref() {
                Some("2" | "3") => Standing::Deregistered,
                Some("5") => Standing::Merged,
                _ => Standing::Other,
            },
        }
    }

    /// A portal account's row under a policy.
    pub(crate) fn account(
        &self,
        handle: u64,
        one: &PortalAccount,
        policy: &ReviewPolicy,
    ) -> Account {
        let code = one.credit_code.as_deref();
        let is_short = |text: &str| text.len() == 9;
        let bound_to = match &one.decided {
            Some(Decided::Link(key)) => Some(&**key),
            _ => one.bound_to.as_deref(),
        };
        Account {
            handle,
            bound: self.text(bound_to),
            refused: match &one.decided {
                Some(Decided::Unlink(Some(key))) => self.text(Some(key)),
                Some(Decided::Unlink(None)) => self.text(bound_to),
                _ => 0,
            },
            cert_key: self.text(one.cert_key.as_deref()),
            number: number(one.id_number_hash),
            code: self.text(code.filter(|code| !is_short(code))),
            org: self.text(code.filter(|code| is_short(code))),
            mobile: self.text(one.mobile.as_deref()),
            title: self.short(one.title.as_deref()),
            representative: self.short(one.representative.as_deref()),
            form: one.number_form,
            kind: Some(one.kind),
            state: one.state,
            by_phone: one.bound_by == Some(BoundBy::Phone),
            bound_by_org: one.kind == AccountKind::Legal && bound_to.is_some_and(is_short),
            required: policy.required(one).unwrap_or(NO_RANK),
            administrator_from: administrator_from(one, policy),
            certificate: match one.id_type.as_deref() {
                Some("111" | "112") => Certificate::Natural,
                Some("001" | "01") => Certificate::Legal,
                _ => Certificate::Other,
            },
            ruling: match &one.decided {
                None => Ruling::None,
                Some(Decided::Link(_)) => Ruling::Link,
                Some(Decided::Unlink(_)) => Ruling::Unlink,
                Some(Decided::Merge) => Ruling::Merge,
                Some(Decided::DoNotTouch) => Ruling::DoNotTouch,
            },
        }
    }
}

fn number(hash: Option<IdNumberHash>) -> u64 {
    hash.map_or(0, |IdNumberHash(bytes)| {
        let mut first = [0; 8];
        first.copy_from_slice(&bytes[..8]);
        u64::from_le_bytes(first).max(1)
    })
}

/// Characters 9 to 17 of a credit code (GB 32100): the organisation code (GB 11714) before it.
fn organisation_code(code: &str) -> Option<&str> {
    (code.len() == 18).then(|| code.get(8..17)).flatten()
}

/// The least rank at which the mapping gives an administrator's role that the account lacks.
fn administrator_from(account: &PortalAccount, policy: &ReviewPolicy) -> u8 {
    let roles = account.roles.as_deref().unwrap_or_default();
    let has = |role: &str| {
        roles
            .split([',', ';', '、', '|', '，', '；'])
            .any(|one| one.trim() == role)
    };
    policy
        .roles
        .iter()
        .filter(|rule| {
            rule.administrator
                && rule.kind.is_none_or(|kind| kind == account.kind)
                && rule
                    .site
                    .as_deref()
                    .is_none_or(|site| account.site.as_deref() == Some(site))
                && !has(&rule.role)
        })
        .map(|rule| rule.least_rank.unwrap_or(0))
        .min()
        .unwrap_or(NO_RANK)
}
