//! What a decision wants of an account, and what that means for the account as it is at present.

use zhengqiao_domain::primitives::masking::identity_key;

/// What a decision does to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// 绑定: the account is bound to an identity.
    Link,
    /// 解绑: the account is bound to nobody.
    Unlink,
    /// 合并: another account remains; this one is bound to nobody, and perhaps no longer used.
    Merge,
}

impl Act {
    /// Its name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Act::Link => "link",
            Act::Unlink => "unlink",
            Act::Merge => "merge",
        }
    }

    /// The act of a name; decisions that are not delivered have none.
    pub fn by_name(name: &str) -> Option<Self> {
        [Act::Link, Act::Unlink, Act::Merge]
            .into_iter()
            .find(|act| act.as_str() == name)
    }
}

/// What an account has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Present {
    /// The identity that it is bound to.
    pub bound_to: Option<String>,
    /// Whether it can be used, where the portal tells it.
    pub active: Option<bool>,
    /// The version that the portal gives it.
    pub version: Option<String>,
}

/// What an account should have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The identity that it is bound to.
    pub bound_to: Option<String>,
    /// Whether it can be used; absent leaves it.
    pub active: Option<bool>,
}

/// One thing to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What the decision does.
    pub act: Act,
    /// Whether a decision that was taken back is made good.
    pub restores: bool,
    /// The account.
    pub account_id: String,
    /// For a merge the account that remains.
    pub remaining_account_id: Option<String>,
    /// What the account has.
    pub from: Present,
    /// What it should have.
    pub wanted: Wanted,
    /// The same for every try, so that the portal can tell a second one.
    pub key: String,
}

impl Order {
    /// The same with the keys of people masked, for a screen.
    pub(crate) fn masked(&self) -> Self {
        let masked = |key: &Option<String>| key.as_deref().map(identity_key);
        let mut order = self.clone();
        order.from.bound_to = masked(&order.from.bound_to);
        order.wanted.bound_to = masked(&order.wanted.bound_to);
        order
    }
}

/// What a decision means for an account as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// It has to be sent.
    Send,
    /// The account has it already.
    Already,
    /// There is no such account any more.
    Gone,
    /// The account is bound to another than the one that the decision was about.
    Changed,
}

/// What has to be done, given what the account has, what it should have, and what it may be bound to
/// for the decision still to be about the same thing. Nothing bound is never in the way of a link.
pub fn outlook(present: Option<&Present>, wanted: &Wanted, known: &[Option<&str>]) -> Outlook {
    let Some(present) = present else {
        return Outlook::Gone;
    };
    let same_person = same(present.bound_to.as_deref(), wanted.bound_to.as_deref());
    // A portal that does not tell whether an account can be used is believed to have done as it was told.
    let same_use = match (wanted.active, present.active) {
        (Some(wanted), Some(present)) => wanted == present,
        _ => true,
    };
    if same_person && same_use {
        return Outlook::Already;
    }
    let is_known = same_person
        || present.bound_to.is_none()
        || known
            .iter()
            .any(|known| same(present.bound_to.as_deref(), *known));
    if is_known {
        Outlook::Send
    } else {
        Outlook::Changed
    }
}

/// Keys are hashes or codes; portals write them in either case.
fn same(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.trim().eq_ignore_ascii_case(other.trim()),
        (one, other) => one.is_none() == other.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(to: Option<&str>) -> Present {
        Present {
            bound_to: to.map(str::to_owned),
            ..Present::default()
        }
    }

    fn to(key: Option<&str>) -> Wanted {
        Wanted {
            bound_to: key.map(str::to_owned),
            active: None,
        }
    }

    #[test]
    fn an_account_is_only_changed_when_it_is_as_the_decision_knew_it() {
        let seen = |present: &Present, wanted: &Wanted, known: Option<&str>| {
            outlook(Some(present), wanted, &[known])
        };
        assert_eq!(seen(&bound(None), &to(Some("a")), None), Outlook::Send);
        assert_eq!(
            seen(&bound(Some("A")), &to(Some("a")), None),
            Outlook::Already
        );
        assert_eq!(
            seen(&bound(Some("b")), &to(Some("a")), Some("b")),
            Outlook::Send
        );
        assert_eq!(
            seen(&bound(Some("c")), &to(Some("a")), Some("b")),
            Outlook::Changed
        );
        assert_eq!(seen(&bound(Some("b")), &to(None), Some("b")), Outlook::Send);
        assert_eq!(
            seen(&bound(Some("c")), &to(None), Some("b")),
            Outlook::Changed
        );
        assert_eq!(seen(&bound(None), &to(None), Some("b")), Outlook::Already);
        assert_eq!(outlook(None, &to(None), &[]), Outlook::Gone);
    }

    #[test]
    fn an_account_that_is_still_in_use_is_not_merged() {
        let wanted = Wanted {
            bound_to: None,
            active: Some(false),
        };
        let mut present = bound(None);
        present.active = Some(true);
        assert_eq!(outlook(Some(&present), &wanted, &[None]), Outlook::Send);
        present.active = Some(false);
        assert_eq!(outlook(Some(&present), &wanted, &[None]), Outlook::Already);
    }
}
