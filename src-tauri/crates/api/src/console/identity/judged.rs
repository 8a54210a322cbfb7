//! What the claims of a test login would mean at the portal. Nothing is written.

use serde_json::{Map, Value};
use zhengqiao_domain::{Check, DatasetId, Personal, RuleSet, primitives::masking};
use zhengqiao_exchange::Profile;
use zhengqiao_identity::{
    AccountKind, AccountReader, Binding, BindingState, ClaimResult, ClaimRow, ClaimState,
    ConflictKind, Identity, PortalAccount, ReviewPolicy, arrived, concerns, preview, review,
};
use zhengqiao_signon::{Finding, FindingKind, flat};
use zhengqiao_store::{record, source};

use super::super::{Console, now_local};
use super::ruled;
use crate::contract::{
    ApiError, ClaimPreview, ConcernedAccount, LoginChange, LoginChangeKind, ReceivedClaim,
    TestLoginResult,
};
use crate::masks;

/// Accounts that one sign-on is compared with at most.
const MOST_ACCOUNTS: usize = 200;
/// Claims of the protocol itself, which say nothing about a person.
const OF_THE_PROTOCOL: [&str; 10] = [
    "iss",
    "aud",
    "azp",
    "exp",
    "iat",
    "nbf",
    "auth_time",
    "acr",
    "amr",
    "updated_at",
];

/// What a connection judges a sign-on by.
pub(super) struct Standard {
    pub rows: Vec<ClaimRow>,
    pub policy: ReviewPolicy,
    pub profile: Profile,
    pub connection_id: i64,
    pub accounts_from: i64,
    pub kind: AccountKind,
}

impl Console {
    /// The fields, the accounts and what would change.
    pub(super) async fn judged(
        &self,
        standard: &Standard,
        claims: &Map<String, Value>,
        mut findings: Vec<Finding>,
    ) -> Result<TestLoginResult, ApiError> {
        let fields = mapped(standard, claims);
        findings.extend(of_fields(standard, claims, &fields));
        let person = identity(standard, claims)?;
        let (compared, accounts) = match &person {
            Some(identity) => self.concerned(standard, identity).await?,
            None => (0, Vec::new()),
        };
        let mut result = TestLoginResult {
            claims: shown(&standard.rows, claims),
            fields: fields
                .into_iter()
                .map(|(row, result)| told(row, &result))
                .collect(),
            accounts: Vec::new(),
            accounts_compared: compared,
            changes: Vec::new(),
            findings,
        };
        if let Some(identity) = &person {
            of_the_person(standard, identity, &mut result);
            bind(standard, identity, &accounts, &mut result);
        }
        result.findings.sort();
        result.findings.dedup();
        Ok(result)
    }

    /// The cached portal accounts that have anything in common with an identity.
    async fn concerned(
        &self,
        standard: &Standard,
        identity: &Identity,
    ) -> Result<(u64, Vec<PortalAccount>), ApiError> {
        let reader = reader(standard);
        let (connection_id, accounts_from) = (standard.connection_id, standard.accounts_from);
        let identity = identity.clone();
        self.read(move |conn| {
            let decided = ruled::decisions(conn, connection_id)?;
            let Some(source_id) = source::find(conn, accounts_from, DatasetId::PortalAccount)?
            else {
                return Ok((0, Vec::new()));
            };
            let (mut compared, mut found) = (0, Vec::new());
            record::for_each_fields(conn, source_id, |text| {
                compared += 1;
                if found.len() < MOST_ACCOUNTS
                    && let Ok(record) = zhengqiao_sync::read_record(DatasetId::PortalAccount, text)
                    && let Some(account) = ruled::account(&reader, &record, &decided)
                    && concerns(&identity, &account)
                {
                    found.push(account);
                }
            })?;
            Ok((compared, found))
        })
        .await
    }
}

/// Nothing that is hashed here is kept: one key will do.
fn reader(standard: &Standard) -> AccountReader {
    AccountReader::new(standard.policy.ranks.clone(), [0; 32])
}

fn mapped(standard: &Standard, claims: &Map<String, Value>) -> Vec<(ClaimRow, ClaimResult)> {
    let rows = of_kind(&standard.rows, standard.kind);
    let rules = RuleSet::new(&standard.profile.rules);
    let results = preview(&rows, claims, &Check::new(&rules, now_local()));
    rows.into_iter().zip(results).collect()
}

fn of_kind(rows: &[ClaimRow], kind: AccountKind) -> Vec<ClaimRow> {
    rows.iter()
        .filter(|row| row.kind == kind)
        .cloned()
        .collect()
}

fn told(row: ClaimRow, result: &ClaimResult) -> ClaimPreview {
    let mask = |value: &String| row.mask(value);
    ClaimPreview {
        received: result.received.as_ref().map(mask),
        mapped: result.value.as_ref().map(mask),
        state: result.state.code().to_owned(),
        row,
    }
}

/// Each claim, masked by the class of the field that it fills; one that fills none may be anything.
fn shown(rows: &[ClaimRow], claims: &Map<String, Value>) -> Vec<ReceivedClaim> {
    flat(claims)
        .into_iter()
        .map(|(name, value)| {
            let row = rows.iter().find(|row| row.claim.trim() == name);
            let text = match &value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let plain = value.is_boolean() || value.is_null() || is_of_the_protocol(&name);
            ReceivedClaim {
                value: match row {
                    Some(row) => row.mask(&text),
                    None if plain => text,
                    None => masking::mask(Personal::FreeText, &text),
                },
                is_used: row.is_some(),
                name,
            }
        })
        .collect()
}

pub(super) fn is_of_the_protocol(name: &str) -> bool {
    let first = name.trim_start_matches('/').split('/').next();
    first.is_some_and(|first| OF_THE_PROTOCOL.contains(&first))
}

/// What is wrong with the claims themselves.
fn of_fields(
    standard: &Standard,
    claims: &Map<String, Value>,
    fields: &[(ClaimRow, ClaimResult)],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (row, result) in fields {
        match &result.state {
            ClaimState::MissingRequired => {
                findings.push(Finding::new(FindingKind::ClaimMissing, row.claim.trim()));
            }
            ClaimState::BadValue(rule) => findings.push(Finding::new(
                FindingKind::ClaimInvalid,
                format!("{} ({rule})", row.claim.trim()),
            )),
            ClaimState::Ok | ClaimState::Empty => {}
        }
        let unproven = format!("{}_verified", row.claim.trim());
        let said = claims.get(&unproven);
        if result.received.is_some()
            && said.is_some_and(|said| said == &Value::Bool(false) || said == "false")
        {
            findings.push(Finding::new(FindingKind::UnprovenClaim, row.claim.trim()));
        }
    }
    // Standard names of OpenID Connect, whatever the mapping reads the number or address from.
    for (proof, claim) in [
        ("phone_number_verified", "phoneNumbers"),
        ("email_verified", "emails"),
    ] {
        let said = claims.get(proof);
        if said.is_some_and(|said| said == &Value::Bool(false) || said == "false") {
            findings.extend(
                fields
                    .iter()
                    .filter(|(row, result)| {
                        row.portal_field.starts_with(claim) && result.received.is_some()
                    })
                    .map(|(row, _)| Finding::new(FindingKind::UnprovenClaim, row.claim.trim())),
            );
        }
    }
    if !has_key(standard, claims, standard.kind) {
        findings.extend(
            AccountKind::ALL
                .iter()
                .filter(|other| **other != standard.kind && has_key(standard, claims, **other))
                .map(|other| Finding::new(FindingKind::ClaimWrongKind, other.as_str())),
        );
    }
    findings
}

/// Whether the claims have the key of a kind's accounts.
fn has_key(standard: &Standard, claims: &Map<String, Value>, kind: AccountKind) -> bool {
    arrived(kind, &standard.rows, claims)
        .is_ok_and(|record| reader(standard).identity(&record).is_ok())
}

fn identity(
    standard: &Standard,
    claims: &Map<String, Value>,
) -> Result<Option<Identity>, ApiError> {
    let record = arrived(standard.kind, &standard.rows, claims)
        .map_err(|error| super::super::invalid(error.to_string()))?;
    Ok(reader(standard).identity(&record).ok())
}

/// What is wrong with the person's own standing.
fn of_the_person(standard: &Standard, identity: &Identity, result: &mut TestLoginResult) {
    let today = now_local().date();
    let mut add = |kind, subject: String| result.findings.push(Finding::new(kind, subject));
    if identity.kind == AccountKind::Agent {
        if let Some(until) = identity.valid_until.filter(|until| *until < today) {
            add(FindingKind::AgentExpired, until.to_string());
        }
        if let Some(from) = identity.valid_from.filter(|from| *from > today) {
            add(FindingKind::AgentNotYetValid, from.to_string());
        }
    }
    if let (Some(level), Some(required)) = (identity.level, standard.policy.required_rank)
        && level < required
    {
        add(FindingKind::LevelTooLow, format!("{level} < {required}"));
    }
}

/// Which accounts the sign-on concerns, which one it would be bound to, and what would change.
fn bind(
    standard: &Standard,
    identity: &Identity,
    accounts: &[PortalAccount],
    result: &mut TestLoginResult,
) {
    let is_elsewhere = |account: &PortalAccount| {
        account
            .bound_to
            .as_deref()
            .is_some_and(|key| key != &*identity.key && Some(key) != identity.other_key.as_deref())
    };
    let own: Vec<PortalAccount> = accounts
        .iter()
        .filter(|account| !is_elsewhere(account))
        .cloned()
        .collect();
    let today = now_local().date();
    let bindings = review([identity.clone()], own, &standard.policy, today);
    for account in accounts {
        let elsewhere = is_elsewhere(account);
        let binding = bindings
            .iter()
            .find(|binding| binding.account_id.as_deref() == Some(&*account.account_id));
        let would = binding.is_some_and(|binding| binding.identity_key.is_some());
        if elsewhere {
            if account.cert_key.is_some() && account.cert_key == identity.cert_key {
                result.findings.push(Finding::new(
                    FindingKind::BoundElsewhere,
                    account.account_id.to_string(),
                ));
            }
        } else if would {
            changes(standard, identity, account, result);
            if binding.is_some_and(|one| one.conflicts.contains(&ConflictKind::LevelTooLow)) {
                result.findings.push(Finding::new(
                    FindingKind::LevelTooLow,
                    account.account_id.to_string(),
                ));
            }
        }
        result
            .accounts
            .push(concerned(standard, identity, account, binding, elsewhere));
    }
    result.accounts.sort_by_key(|one| !one.would_be_bound);
    if !result.accounts.iter().any(|one| one.would_be_bound) {
        result.changes.push(LoginChange {
            kind: LoginChangeKind::NewAccount,
            account_id: None,
            before: None,
            after: identity
                .title
                .as_deref()
                .map(|name| masks::title(standard.kind.dataset(), name)),
        });
    }
}

fn concerned(
    standard: &Standard,
    identity: &Identity,
    account: &PortalAccount,
    binding: Option<&Binding>,
    bound_elsewhere: bool,
) -> ConcernedAccount {
    let would_be_bound =
        !bound_elsewhere && binding.is_some_and(|binding| binding.identity_key.is_some());
    ConcernedAccount {
        account_id: account.account_id.to_string(),
        title: account
            .title
            .as_deref()
            .map(|name| masks::title(standard.kind.dataset(), name)),
        site: account.site.as_deref().map(str::to_owned),
        would_be_bound,
        bound_elsewhere,
        state: binding.map_or(BindingState::Unmatched, |binding| binding.state),
        conflicts: binding.map_or_else(Vec::new, |binding| binding.conflicts.clone()),
        evidence: binding.map_or_else(Vec::new, |binding| binding.evidence.clone()),
        roles: if would_be_bound {
            standard
                .policy
                .roles(account, identity)
                .map(|rule| rule.role.clone())
                .collect()
        } else {
            Vec::new()
        },
    }
}

fn changes(
    standard: &Standard,
    identity: &Identity,
    account: &PortalAccount,
    result: &mut TestLoginResult,
) {
    let mut add = |kind, before: Option<String>, after: Option<String>| {
        result.changes.push(LoginChange {
            kind,
            account_id: Some(account.account_id.to_string()),
            before,
            after,
        });
    };
    let name = |text: &str| masks::title(standard.kind.dataset(), text);
    if account.bound_to.is_none() {
        add(LoginChangeKind::BoundAnew, None, None);
    }
    if let (Some(before), Some(after)) = (&account.title, &identity.title)
        && before != after
    {
        add(
            LoginChangeKind::NameDiffers,
            Some(name(before)),
            Some(name(after)),
        );
    }
    if let (Some(before), Some(after)) = (&account.mobile, &identity.mobile)
        && before != after
    {
        let phone = |text: &str| masking::mask(Personal::Phone, text);
        add(
            LoginChangeKind::MobileDiffers,
            Some(phone(before)),
            Some(phone(after)),
        );
    }
    let has: Vec<&str> = account
        .roles
        .as_deref()
        .unwrap_or("")
        .split([',', ';', '、', '|', ' '])
        .map(str::trim)
        .collect();
    for rule in standard.policy.roles(account, identity) {
        if !has.contains(&rule.role.as_str()) {
            add(LoginChangeKind::RoleGained, None, Some(rule.role.clone()));
        }
    }
}

/// How the claims fare under a mapping, one word for each row.
pub(super) fn fares(standard: &Standard, claims: &Map<String, Value>) -> Vec<String> {
    mapped(standard, claims)
        .iter()
        .map(|(_, result)| result.state.code().to_owned())
        .collect()
}

/// Whether a claim fills nothing personal.
pub(super) fn is_kept(standard: &Standard, name: &str) -> bool {
    if is_of_the_protocol(name) {
        return true;
    }
    let mut of_claim = standard
        .rows
        .iter()
        .filter(|row| row.kind == standard.kind && row.claim.trim() == name)
        .peekable();
    of_claim.peek().is_some() && of_claim.all(|row| row.personal_class() == Personal::None)
}
