//! A small population to review.

use chrono::NaiveDate;
use zhengqiao_identity::{
    AccountKind, AccountState, Binding, BoundBy, Identity, PortalAccount, ReviewPolicy, review,
};

/// The day of the review.
pub fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 23).unwrap()
}

/// A natural person whose key and telephone follow from the name.
pub fn natural(name: &str) -> Identity {
    Identity {
        kind: AccountKind::Natural,
        key: format!("key-{name}").into(),
        other_key: None,
        title: Some(name.into()),
        cert_key: Some(format!("key-{name}").into()),
        id_number_hash: None,
        number_form: None,
        representative: None,
        credit_code: None,
        mobile: Some(format!("tel-{name}").into()),
        level: Some(3),
        valid_from: None,
        valid_until: None,
        status: None,
    }
}

/// A legal person whose keys follow from the name.
pub fn legal(name: &str) -> Identity {
    Identity {
        kind: AccountKind::Legal,
        key: format!("code-{name}").into(),
        other_key: Some(format!("hash-{name}").into()),
        cert_key: Some(format!("hash-{name}").into()),
        credit_code: Some(format!("code-{name}").into()),
        level: None,
        status: Some("1".into()),
        ..natural(name)
    }
}

/// An agent who acts for a legal person.
pub fn agent(name: &str, legal: &str) -> Identity {
    Identity {
        kind: AccountKind::Agent,
        key: format!("agent-{name}-{legal}").into(),
        credit_code: Some(format!("code-{legal}").into()),
        level: None,
        ..natural(name)
    }
}

/// An account that carries an identity's own values, not bound.
pub fn account(id: &str, of: &Identity) -> PortalAccount {
    PortalAccount {
        account_id: id.into(),
        kind: of.kind,
        title: of.title.clone(),
        cert_key: of.cert_key.clone(),
        id_number_hash: None,
        number_form: None,
        representative: of.representative.clone(),
        credit_code: of.credit_code.clone(),
        id_type: None,
        mobile: of.mobile.clone(),
        required_level: Some(1),
        state: AccountState::Active,
        bound_to: None,
        bound_by: None,
        roles: None,
        site: None,
        decided: None,
    }
}

/// An account that is bound to an identity by its hash.
pub fn bound(id: &str, to: &Identity) -> PortalAccount {
    PortalAccount {
        bound_to: Some(to.key.clone()),
        bound_by: Some(BoundBy::CertKey),
        ..account(id, to)
    }
}

/// The review of a population as of [`today`].
pub fn reviewed(identities: &[&Identity], accounts: &[&PortalAccount]) -> Vec<Binding> {
    review(
        identities.iter().map(|one| (*one).clone()),
        accounts.iter().map(|one| (*one).clone()),
        &ReviewPolicy::default(),
        today(),
    )
}
