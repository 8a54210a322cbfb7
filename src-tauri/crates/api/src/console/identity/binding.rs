//! One binding with everything that is needed to decide about it.

use zhengqiao_domain::primitives::masking::identity_key;
use zhengqiao_identity::{
    AccountKind, AccountReader, AccountState, Binding, ConflictKind, Evidence, EvidenceKind,
    Proposal, Sibling, propose,
};
use zhengqiao_store::binding::BindingRow;
use zhengqiao_store::{Connection, StoreError, binding, binding_decision};

use super::super::{Console, not_found, now_local};
use super::bindings::{at, kinds, shown, today};
use super::texts::{Person, Texts};
use crate::contract::{
    ApiError, BindingCandidate, BindingDecisionRow, BindingDetail, BindingId, BindingProposal,
    BindingSibling, SideBySide,
};
use crate::masks;

/// Accounts of one identity that are looked at.
const MOST_SIBLINGS: u32 = 50;
/// Characters of an identity hash.
const HASH: usize = 64;

/// What is shown side by side: what it is, the account's field, and the field of a natural person, a
/// legal person and an agent.
const SIDES: [(&str, &str, [&str; 3]); 12] = [
    (
        "cert_key",
        "cert_key",
        ["cert_key", "certificate_key", "agent_cert_key"],
    ),
    ("id_number", "id_number", ["cert_no", "", "agent_cert"]),
    (
        "credit_code",
        "credit_code",
        ["", "certificate_sno", "certificate_sno"],
    ),
    (
        "phone",
        "mobile",
        ["user_mobile", "legal_mobile", "agent_mobile"],
    ),
    (
        "name",
        "display_name",
        ["user_name", "corp_name", "agent_name"],
    ),
    ("legal_name", "legal_name", ["", "legal_name", ""]),
    (
        "id_type",
        "id_type",
        ["cert_type", "legal_cert_type", "agent_cert_type"],
    ),
    ("level", "required_level", ["user_real_lvl", "", ""]),
    ("state", "account_state", ["", "corp_status", ""]),
    (
        "valid_until",
        "",
        ["cert_ext_date", "legal_cert_ext_date", "agent_exp_date"],
    ),
    ("bound_by", "bound_by", ["", "", ""]),
    ("roles", "roles", ["", "", ""]),
];

impl Console {
    /// A binding with account and identity side by side, what is proposed, and what it would do.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn get_binding(&self, request: BindingId) -> Result<BindingDetail, ApiError> {
        let BindingId {
            connection_id,
            binding_id,
        } = request;
        let (connection, _) = self.profile(connection_id).await?;
        let reader = super::reader(&connection)?;
        let found = self
            .read(move |conn| {
                let Some(row) = binding::get(conn, connection_id, binding_id)? else {
                    return Ok(None);
                };
                detail(conn, &reader, connection_id, row).map(Some)
            })
            .await?;
        found.ok_or_else(|| not_found(format!("there is no binding {binding_id}")))
    }
}

fn detail(
    conn: &Connection,
    reader: &AccountReader,
    connection_id: i64,
    row: BindingRow,
) -> Result<BindingDetail, StoreError> {
    let whole = Whole::read(conn, reader, connection_id, row)?;
    let decision = match &whole.row.account_id {
        Some(account_id) => binding_decision::of_account(conn, connection_id, account_id)?,
        None => None,
    };
    let own = whole.row.computed.account_record;
    let siblings = whole
        .siblings
        .iter()
        .filter(|(row, _)| row.computed.account_record != own)
        .map(|(row, texts)| BindingSibling {
            binding_id: row.id,
            account_id: row.account_id.clone().unwrap_or_default(),
            title: texts.title(),
            site: row.site.clone(),
            active: texts.get("account_state") == Some(AccountState::Active.as_str()),
        })
        .collect();
    Ok(BindingDetail {
        sides: whole.sides(),
        proposals: whole
            .proposals()
            .into_iter()
            .map(|proposal| whole.shown(proposal))
            .collect(),
        candidates: whole.candidates(),
        siblings,
        decision: decision.and_then(|one| {
            Some(BindingDecisionRow {
                bulk_id: one.bulk_id,
                act: one.act.parse().ok()?,
                reason: one.reason,
                actor: one.actor,
                decided_at: one.decided_at,
                until: one.until,
                delivered_at: one.delivered_at,
            })
        }),
        row: shown(conn, reader, whole.row, &today())?,
    })
}

/// A binding with everyone who has to do with it.
pub(super) struct Whole {
    pub(super) row: BindingRow,
    pub(super) account: Option<Texts>,
    pub(super) person: Option<Person>,
    pub(super) fitting: Vec<(i64, Person)>,
    wanting: Vec<(i64, Texts)>,
    siblings: Vec<(BindingRow, Texts)>,
}

impl Whole {
    pub(super) fn read(
        conn: &Connection,
        reader: &AccountReader,
        connection_id: i64,
        row: BindingRow,
    ) -> Result<Self, StoreError> {
        let computed = &row.computed;
        let account = match computed.account_record {
            Some(id) => Texts::read(conn, id)?,
            None => None,
        };
        let person = match computed.person_record {
            Some(id) => Person::read(conn, reader, id)?,
            None => None,
        };
        let list: Vec<i64> = match &computed.candidates {
            Some(text) => serde_json::from_str(text)?,
            None => Vec::new(),
        };
        let (mut fitting, mut wanting) = (Vec::new(), Vec::new());
        for id in list {
            if account.is_some() {
                fitting.extend(Person::read(conn, reader, id)?.map(|one| (id, one)));
            } else {
                wanting.extend(Texts::read(conn, id)?.map(|one| (id, one)));
            }
        }
        let mut siblings = Vec::new();
        if let (Some(person), Some(_)) = (computed.person_record, computed.account_record) {
            for row in binding::of_person(conn, connection_id, person, MOST_SIBLINGS)? {
                if let Some(id) = row.computed.account_record
                    && let Some(texts) = Texts::read(conn, id)?
                {
                    siblings.push((row, texts));
                }
            }
        }
        Ok(Self {
            row,
            account,
            person,
            fitting,
            wanting,
            siblings,
        })
    }

    /// The key that the portal has the account bound to.
    pub(super) fn bound_key(&self) -> Option<String> {
        let account = self.account.as_ref()?.account()?;
        account.bound_to.map(String::from)
    }

    fn binding(&self) -> Option<Binding> {
        let computed = &self.row.computed;
        let bits = |bits: i64| u8::try_from(bits).unwrap_or_default();
        let conflicts = kinds(computed.conflicts);
        let key = match &self.person {
            Some(person) => Some(person.key.clone()),
            None if conflicts.contains(&ConflictKind::OrphanedBinding) => self.bound_key(),
            None => None,
        };
        Some(Binding {
            kind: at(AccountKind::ALL, computed.kind).ok()?,
            identity_key: key,
            identity_title: None,
            account_id: self.row.account_id.clone(),
            account_title: None,
            state: at(zhengqiao_identity::BindingState::ALL, computed.state).ok()?,
            conflicts,
            evidence: Evidence::of_bits(bits(computed.compared), bits(computed.agreed)),
            candidates: self
                .fitting
                .iter()
                .map(|(_, one)| one.key.clone())
                .collect(),
        })
    }

    /// What is proposed, with whole keys.
    pub(super) fn proposals(&self) -> Vec<Proposal> {
        let Some(binding) = self.binding() else {
            return Vec::new();
        };
        let siblings: Vec<Sibling> = self
            .siblings
            .iter()
            .filter(|(row, _)| row.act.as_deref() != Some("merge"))
            .filter_map(|(_, texts)| texts.account())
            .map(|account| Sibling {
                account_id: account.account_id.into(),
                state: account.state,
                bound_by: account.bound_by,
            })
            .collect();
        let valid_from = self
            .person
            .as_ref()
            .and_then(|person| person.identity.valid_from);
        propose(&binding, &siblings, valid_from, now_local().date())
    }

    /// Whether an identifier is that of another active account of the same identity.
    pub(super) fn has_active_sibling(&self, account_id: &str) -> bool {
        self.row.account_id.as_deref() != Some(account_id)
            && self.siblings.iter().any(|(row, texts)| {
                row.account_id.as_deref() == Some(account_id)
                    && row.act.as_deref() != Some("merge")
                    && texts.get("account_state") == Some(AccountState::Active.as_str())
            })
    }

    fn shown(&self, proposal: Proposal) -> BindingProposal {
        let is_merge = proposal.remaining_account_id.is_some();
        let mut consequence = proposal.consequence;
        consequence.from = consequence.from.map(|key| identity_key(&key));
        if !is_merge {
            consequence.to = consequence.to.map(|key| identity_key(&key));
        }
        BindingProposal {
            conflict: proposal.conflict,
            act: proposal.act,
            person_id: proposal.identity_key.and_then(|key| self.record_of(&key)),
            remaining_account_id: proposal.remaining_account_id,
            until: proposal.until,
            consequence,
        }
    }

    fn record_of(&self, key: &str) -> Option<i64> {
        if self.person.as_ref().is_some_and(|one| one.key == key) {
            return self.row.computed.person_record;
        }
        self.fitting
            .iter()
            .find(|(_, one)| one.key == key)
            .map(|(id, _)| *id)
    }

    fn candidates(&self) -> Vec<BindingCandidate> {
        let people = self.fitting.iter().map(|(id, one)| {
            let (agrees, disagrees) = self
                .account
                .as_ref()
                .map(|account| compared(account, one))
                .unwrap_or_default();
            BindingCandidate {
                record_id: *id,
                key: identity_key(&one.key),
                title: one.texts.title(),
                agrees,
                disagrees,
            }
        });
        let accounts = self.wanting.iter().map(|(id, one)| BindingCandidate {
            record_id: *id,
            key: one.get("account_id").unwrap_or_default().to_owned(),
            title: one.title(),
            agrees: Vec::new(),
            disagrees: Vec::new(),
        });
        people.chain(accounts).collect()
    }

    fn sides(&self) -> Vec<SideBySide> {
        let kind = usize::try_from(self.row.computed.kind).unwrap_or_default();
        let computed = &self.row.computed;
        // With one candidate, that is what the account was compared with.
        let person = self.person.as_ref().or(match self.fitting.as_slice() {
            [(_, one)] => Some(one),
            _ => None,
        });
        SIDES
            .iter()
            .map(|(name, account, people)| {
                let bit = name
                    .parse::<EvidenceKind>()
                    .map_or(0, |kind| i64::from(kind.bit()));
                let column = people.get(kind).copied().unwrap_or_default();
                SideBySide {
                    name: (*name).to_owned(),
                    account: self
                        .account
                        .as_ref()
                        .and_then(|texts| masked(texts, account, texts.get(account)?)),
                    identity: person
                        .and_then(|one| masked(&one.texts, column, one.compared(name, column)?)),
                    agrees: (computed.compared & bit != 0).then_some(computed.agreed & bit != 0),
                }
            })
            .filter(|side| side.account.is_some() || side.identity.is_some())
            .collect()
    }
}

/// A value as it is shown beside the other side's. What should be a hash may be a number instead.
fn masked(texts: &Texts, field: &str, value: &str) -> Option<String> {
    let is_key = field.ends_with("_key");
    (!field.is_empty()).then(|| {
        if is_key && value.len() < HASH {
            identity_key(value)
        } else {
            masks::value(texts.dataset, field, value)
        }
    })
}

/// The kinds of evidence that agree, and those that do not.
fn compared(account: &Texts, person: &Person) -> (Vec<EvidenceKind>, Vec<EvidenceKind>) {
    let (mut agrees, mut disagrees) = (Vec::new(), Vec::new());
    let Some(account) = account.account() else {
        return (agrees, disagrees);
    };
    let one = &person.identity;
    let number = |hash: Option<zhengqiao_identity::IdNumberHash>| {
        hash.map(|hash| format!("{:?}", hash.0).into_boxed_str())
    };
    let pairs = [
        (
            EvidenceKind::CertKey,
            account.cert_key.clone(),
            one.cert_key.clone(),
        ),
        (
            EvidenceKind::IdNumber,
            number(account.id_number_hash),
            number(
                one.id_number_hash
                    .filter(|_| one.kind != AccountKind::Legal),
            ),
        ),
        (
            EvidenceKind::CreditCode,
            account.credit_code.clone(),
            one.credit_code.clone(),
        ),
        (
            EvidenceKind::Phone,
            account.mobile.clone(),
            one.mobile.clone(),
        ),
        (EvidenceKind::Name, account.title.clone(), one.title.clone()),
    ];
    for (kind, one, other) in pairs {
        if let Some((one, other)) = one.zip(other) {
            if one == other {
                agrees.push(kind);
            } else {
                disagrees.push(kind);
            }
        }
    }
    (agrees, disagrees)
}
