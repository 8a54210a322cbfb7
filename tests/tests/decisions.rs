//! Decisions about bindings reach the portal, a real one: dry run, delivery, undo, troubles by their
//! names, kills at any moment, over SCIM, HTTP and SQL.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a test that cannot be set up fails"
)]

#[path = "accounts/scim.rs"]
mod scim;
#[path = "frontend/servers.rs"]
mod servers;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, put};
use axum::{Json, Router};
use scim::{Scim, TOKEN, key};
use serde_json::{Value, json};
use zhengqiao_api::contract::{
    AuditRequest, ConnectionId, DecisionDeliveriesRequest, DecisionDeliveryReport,
    DeliverDecisions, ExportDecisions, RunId, RunMode, SaveConnection, SaveDecisionTarget,
    StartSync,
};
use zhengqiao_api::{Console, ConsoleOptions, KeyChoice, Secret};
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{
    Auth, DecisionTarget, HttpAct, HttpTarget, Method, Profile, ScimTarget, SqlTarget, preset,
};
use zhengqiao_store::binding_decision::{self, BindingDecision};

const PASSPHRASE: &str = "correct horse battery";

/// A data directory whose connection reads accounts and brings decisions.
struct Desk {
    console: Console,
    id: i64,
    dir: tempfile::TempDir,
}

impl Desk {
    async fn new(mut profile: Profile, secret: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let console = Console::opened(ConsoleOptions {
            data_dir: dir.path().to_path_buf(),
            keys: KeyChoice::Passphrase(Secret::new(PASSPHRASE.to_owned())),
            demo: false,
        })
        .await
        .unwrap();
        profile.network.backoff_ms = 1;
        profile.network.retries = 0;
        let saved = console
            .save_connection(SaveConnection {
                connection_id: None,
                name: "门户".into(),
                profile,
                secret: Some(secret.to_owned()),
            })
            .await
            .unwrap();
        Self {
            console,
            id: saved.connection_id,
            dir,
        }
    }

    async fn over_scim(service: &Scim, target: ScimTarget) -> Self {
        let mut profile = preset("scim").unwrap().profile;
        profile.base_url = service.address();
        profile.decisions = Some(DecisionTarget::Scim(target));
        Self::new(profile, TOKEN).await
    }

    fn id(&self) -> ConnectionId {
        ConnectionId {
            connection_id: self.id,
        }
    }

    async fn read_accounts(&self) {
        let started = self
            .console
            .start_sync(StartSync {
                connection_id: self.id,
                datasets: Vec::new(),
                mode: RunMode::Full,
                scope: None,
            })
            .await
            .unwrap();
        let run = RunId {
            run_id: started.run_id,
        };
        let ended = self.console.watch_run(run, |_| {}).await.unwrap();
        assert_eq!(ended.state, "succeeded");
    }

    /// Somebody decides.
    async fn decide(&self, act: &str, account: &str, identity: Option<String>) -> i64 {
        let decision = BindingDecision {
            id: 0,
            bulk_id: 1,
            kind: "natural".into(),
            account_id: account.into(),
            act: act.into(),
            identity_key: identity,
            remaining_account_id: (act == "merge").then(|| "remains".into()),
            reason: "核实".into(),
            actor: "tester".into(),
            decided_at: 1_790_000_000_000,
            until: None,
            undone_at: None,
            undone_by: None,
            delivered_at: None,
            delivery_error: None,
        };
        let id = self.id;
        self.console
            .cache()
            .unwrap()
            .write(move |tx| binding_decision::add(tx, id, &decision))
            .await
            .unwrap()
    }

    /// Somebody takes a decision back.
    async fn undo(&self, decision: i64) {
        self.console
            .cache()
            .unwrap()
            .write(move |tx| {
                tx.execute(
                    "UPDATE binding_decision SET undone_at = 1, undone_by = 'tester' WHERE id = ?1",
                    [decision],
                )?;
                Ok(())
            })
            .await
            .unwrap();
    }

    async fn deliver(&self, dry_run: bool) -> DecisionDeliveryReport {
        self.console
            .deliver_decisions(
                DeliverDecisions {
                    connection_id: self.id,
                    acts: Vec::new(),
                    dry_run,
                },
                |_| {},
            )
            .await
            .unwrap()
    }

    async fn audited(&self) -> usize {
        let page = self
            .console
            .list_audit(AuditRequest {
                limit: 200,
                ..AuditRequest::default()
            })
            .await
            .unwrap();
        page.entries
            .iter()
            .filter(|entry| entry.act == "deliver_decision")
            .count()
    }
}

/// Outcomes by state.
fn counts(report: &DecisionDeliveryReport) -> BTreeMap<String, i64> {
    report
        .counts
        .iter()
        .map(|one| (one.state.clone(), one.count))
        .collect()
}

fn only(state: &str, count: i64) -> BTreeMap<String, i64> {
    BTreeMap::from([(state.to_owned(), count)])
}

/// The outcome of one decision.
fn state(report: &DecisionDeliveryReport, decision: i64) -> String {
    report
        .rows
        .iter()
        .find(|row| row.decision_id == decision)
        .unwrap()
        .state
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn links_unlinks_and_merges_reach_a_scim_service_and_are_taken_back() {
    let service = Scim::start(false).await;
    let linked = service.add(1, None).await;
    let unlinked = service.add(2, Some(&key(200))).await;
    let merged = service.add(3, Some(&key(300))).await;
    let same = service.add(4, Some(&key(400))).await;
    let target = ScimTarget {
        deactivate_merged: true,
        ..ScimTarget::default()
    };
    let desk = Desk::over_scim(&service, target).await;
    desk.read_accounts().await;
    let link = desk.decide("link", &linked, Some(key(100))).await;
    let unlink = desk.decide("unlink", &unlinked, Some(key(200))).await;
    let merge = desk.decide("merge", &merged, Some(key(300))).await;
    let already = desk.decide("link", &same, Some(key(400))).await;
    // Decisions of other kinds are not for the portal.
    desk.decide("later", "somebody", None).await;

    let dry = desk.deliver(true).await;
    assert_eq!(state(&dry, already), "already");
    for decision in [link, unlink, merge] {
        assert_eq!(state(&dry, decision), "send");
    }
    let told = serde_json::to_string(&dry).unwrap();
    assert!(
        told.contains("PATCH Users/") && !told.contains(&key(100)),
        "{told}"
    );
    assert_eq!(
        service.patches(),
        BTreeMap::new(),
        "a dry run sends nothing"
    );
    assert_eq!(desk.audited().await, 0);

    let sent = desk.deliver(false).await;
    assert_eq!(
        counts(&sent),
        BTreeMap::from([("already".into(), 1), ("delivered".into(), 3)])
    );
    assert_eq!(service.bound_to(&linked).await, Some(key(100)));
    assert_eq!(service.bound_to(&unlinked).await, None);
    assert_eq!(service.bound_to(&merged).await, None);
    assert_eq!(service.user(&merged).await.unwrap()["active"], false);
    assert_eq!(desk.audited().await, 4);
    assert_eq!(desk.deliver(false).await.total, 0, "nothing is sent twice");
    assert_eq!(service.patches().values().sum::<usize>(), 3);

    // Taken back, each account gets what it had before; what it had anyhow stays.
    for decision in [link, unlink, merge, already] {
        desk.undo(decision).await;
    }
    let restored = desk.deliver(false).await;
    assert_eq!(counts(&restored), only("delivered", 3));
    assert!(restored.rows.iter().all(|row| row.restores));
    assert_eq!(service.bound_to(&linked).await, None);
    assert_eq!(service.bound_to(&unlinked).await, Some(key(200)));
    assert_eq!(service.bound_to(&merged).await, Some(key(300)));
    assert_eq!(service.user(&merged).await.unwrap()["active"], true);
    assert_eq!(service.bound_to(&same).await, Some(key(400)));
    assert_eq!(desk.deliver(false).await.total, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_gone_or_was_changed_is_left_alone_and_tried_again() {
    let mut service = Scim::start(false).await;
    let gone = service.add(1, None).await;
    let changed = service.add(2, None).await;
    let undone = service.add(3, None).await;
    let desk = Desk::over_scim(&service, ScimTarget::default()).await;
    desk.read_accounts().await;
    let first = desk.decide("link", &gone, Some(key(100))).await;
    let second = desk.decide("link", &changed, Some(key(200))).await;
    let third = desk.decide("link", &undone, Some(key(300))).await;
    desk.undo(third).await;
    service.delete(&gone).await;
    let path = format!("{}:boundTo", scim::EXTENSION);
    let other = json!([{ "op": "replace", "path": path, "value": key(999) }]);
    service.change(&changed, other).await;

    let report = desk.deliver(false).await;
    assert_eq!(report.total, 2, "what was taken back before is not sent");
    assert_eq!(state(&report, first), "gone");
    assert_eq!(state(&report, second), "changed");
    assert_eq!(service.bound_to(&changed).await, Some(key(999)));

    // Read and known, it is what the decision replaces.
    desk.read_accounts().await;
    let again = desk.deliver(false).await;
    assert_eq!(state(&again, second), "delivered");
    assert_eq!(service.bound_to(&changed).await, Some(key(200)));

    let list = desk
        .console
        .list_decision_deliveries(DecisionDeliveriesRequest {
            connection_id: desk.id,
            open: false,
            before: None,
            limit: 50,
        })
        .await
        .unwrap();
    let states: Vec<(i64, &str)> = list
        .deliveries
        .iter()
        .map(|row| (row.decision_id, row.state.as_str()))
        .collect();
    assert_eq!(states, [(second, "delivered"), (first, "gone")]);

    // A portal that is not there is left alone after a few tries, and what waits goes on waiting.
    for number in 10..20 {
        desk.decide("link", &format!("account{number}"), Some(key(number)))
            .await;
    }
    service.stop();
    let lost = desk.deliver(false).await;
    assert!(lost.stopped.is_some());
    assert_eq!(counts(&lost), only("failed", 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_stops_the_delivery_at_once() {
    let service = Scim::start(false).await;
    let mut profile = preset("scim").unwrap().profile;
    profile.base_url = service.address();
    profile.decisions = Some(DecisionTarget::Scim(ScimTarget::default()));
    let desk = Desk::new(profile, "another").await;
    for number in 0..5 {
        desk.decide("link", &format!("account{number}"), Some(key(number)))
            .await;
    }
    let report = desk.deliver(false).await;
    assert!(report.stopped.is_some());
    assert_eq!(counts(&report), only("failed", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_is_killed_again_and_again_sends_each_decision_once() {
    const DECISIONS: usize = 60;
    let service = Scim::start(false).await;
    let desk = Desk::over_scim(&service, ScimTarget::default()).await;
    let mut ids = Vec::new();
    for number in 0..DECISIONS {
        let id = service.add(number, None).await;
        desk.decide("link", &id, Some(key(number))).await;
        ids.push(id);
    }
    let (mut kills, mut seed) = (0, 7_u64);
    loop {
        let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_one_decision_delivery"))
            .arg(desk.dir.path())
            .arg(PASSPHRASE)
            .arg(desk.id.to_string())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        // It opens its cache, and is killed somewhere among the first decisions.
        let before = service.patches().len();
        let wanted = before + 1 + usize::try_from(seed % 5).unwrap();
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(11)
            >> 3;
        let ended = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if service.patches().len() >= wanted.min(DECISIONS) && kills < 12 {
                break None;
            }
            tokio::task::yield_now().await;
        };
        if let Some(status) = ended {
            assert!(status.success());
            break;
        }
        child.kill().await.unwrap();
        kills += 1;
    }
    assert!(kills >= 8, "{kills}");
    // The service counts every writing of its life: each user was made, and changed once.
    let mut written = 0;
    for (number, id) in ids.iter().enumerate() {
        let user = service.user(id).await.unwrap();
        assert_eq!(user[scim::EXTENSION]["boundTo"], key(number));
        let version = user["meta"]["version"].as_str().unwrap();
        let number: usize = version.trim_matches(['W', '/', '"']).parse().unwrap();
        written = written.max(number);
    }
    assert_eq!(written, 2 * DECISIONS);
    assert_eq!(desk.deliver(false).await.total, 0);
    let delivery = desk.console.get_decision_delivery(desk.id()).await.unwrap();
    let delivered: i64 = delivery
        .counts
        .iter()
        .filter(|one| one.state == "delivered" || one.state == "already")
        .map(|one| one.count)
        .sum();
    assert_eq!(delivered, i64::try_from(DECISIONS).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_change_exactly_one_row_of_a_database() {
    for (server, name) in [
        (servers::postgresql(), "frontend_postgresql"),
        (servers::mariadb(), "frontend_mysql"),
    ] {
        server.script(
            "CREATE TABLE portal_account (account_id varchar(64) PRIMARY KEY, bound_to varchar(128), \
             in_use int, merged_into varchar(64));\n\
             INSERT INTO portal_account VALUES ('a1', NULL, 1, NULL);\n\
             INSERT INTO portal_account VALUES ('a2', 'x', 1, NULL);\n\
             INSERT INTO portal_account VALUES ('a3', 'y', 1, NULL);\n\
             CREATE TABLE twice (account_id varchar(64), bound_to varchar(128));\n\
             INSERT INTO twice VALUES ('a4', NULL);\n\
             INSERT INTO twice VALUES ('a4', NULL);\n",
        );
        server.allow_updates();
        let target = SqlTarget {
            read: "SELECT bound_to, in_use FROM portal_account WHERE account_id = :account_id".into(),
            merge: "UPDATE portal_account SET bound_to = NULL, in_use = 0, merged_into = :remaining_account_id \
                    WHERE account_id = :account_id"
                .into(),
            undo_merge: "UPDATE portal_account SET bound_to = :identity_key, in_use = 1, merged_into = NULL \
                         WHERE account_id = :account_id"
                .into(),
            ..SqlTarget::default()
        };
        let mut profile = preset(name).unwrap().profile;
        profile.base_url = server.address();
        profile.auth = Auth::Basic {
            user: servers::USER.into(),
        };
        profile
            .datasets
            .retain(|id, _| *id == DatasetId::PortalAccount);
        profile.decisions = Some(DecisionTarget::Sql(Box::new(target)));
        let desk = Desk::new(profile, servers::PASSWORD).await;
        let link = desk.decide("link", "a1", Some("it's me".into())).await;
        desk.decide("unlink", "a2", Some("x".into())).await;
        let merge = desk.decide("merge", "a3", Some("y".into())).await;
        let dry = desk.deliver(true).await;
        assert_eq!(counts(&dry), only("send", 3), "{name}: {:?}", dry.rows);
        assert_eq!(counts(&desk.deliver(false).await), only("delivered", 3));
        let row = |id: &str| {
            server.ask(&format!(
                "SELECT concat(coalesce(bound_to, '-'), ' ', in_use, ' ', coalesce(merged_into, '-')) \
                 FROM portal_account WHERE account_id = '{id}'"
            ))
        };
        assert_eq!(row("a1"), "it's me 1 -");
        assert_eq!(row("a2"), "- 1 -");
        assert_eq!(row("a3"), "- 0 remains");
        desk.undo(merge).await;
        desk.undo(link).await;
        assert_eq!(counts(&desk.deliver(false).await), only("delivered", 2));
        assert_eq!(row("a3"), "y 1 -");
        assert_eq!(row("a1"), "- 1 -");

        // Two rows are one too many: nothing of it stays.
        let target = SqlTarget {
            read: "SELECT bound_to FROM twice WHERE account_id = :account_id".into(),
            link: "UPDATE twice SET bound_to = :identity_key WHERE account_id = :account_id".into(),
            unlink: "UPDATE twice SET bound_to = NULL WHERE account_id = :account_id".into(),
            ..SqlTarget::default()
        };
        desk.console
            .save_decision_target(SaveDecisionTarget {
                connection_id: desk.id,
                target: Some(DecisionTarget::Sql(Box::new(target))),
            })
            .await
            .unwrap();
        let double = desk.decide("link", "a4", Some("z".into())).await;
        let report = desk.deliver(false).await;
        assert_eq!(state(&report, double), "refused", "{:?}", report.rows);
        assert_eq!(
            server.ask("SELECT count(*) FROM twice WHERE bound_to IS NOT NULL"),
            "0"
        );
    }
}

/// A portal with an interface of its own: bindings by account, and the keys of what was sent.
#[derive(Default)]
struct Portal {
    bound: HashMap<String, Option<String>>,
    keys: Vec<String>,
    /// How often it answers, after it did as it was told, that it is overloaded.
    overloaded: usize,
}

type Shared = Arc<Mutex<Portal>>;

async fn account(
    State(portal): State<Shared>,
    Path(id): Path<String>,
) -> (StatusCode, Json<Value>) {
    match portal.lock().unwrap().bound.get(&id) {
        Some(bound) => (
            StatusCode::OK,
            Json(json!({ "code": 0, "data": { "uid": bound } })),
        ),
        None => (StatusCode::NOT_FOUND, Json(json!({ "code": 404 }))),
    }
}

async fn bind(
    State(portal): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Option<Json<Value>>,
) -> (StatusCode, Json<Value>) {
    let mut portal = portal.lock().unwrap();
    let key = headers["Idempotency-Key"].to_str().unwrap().to_owned();
    portal.keys.push(key);
    let bound = body.and_then(|Json(body)| body["uid"].as_str().map(str::to_owned));
    if bound.as_deref() == Some("refused") {
        return (
            StatusCode::OK,
            Json(json!({ "code": 7, "message": "不允许" })),
        );
    }
    portal.bound.insert(id, bound);
    if portal.overloaded > 0 {
        portal.overloaded -= 1;
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({})));
    }
    (StatusCode::OK, Json(json!({ "code": 0 })))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_with_an_interface_of_its_own_is_told_by_its_templates() {
    let portal = Shared::default();
    for id in ["a/1", "b", "c"] {
        portal.lock().unwrap().bound.insert(id.into(), None);
    }
    let app = Router::new()
        .route("/api/account/{id}", get(account))
        .route("/api/account/{id}/binding", put(bind).delete(bind))
        .with_state(portal.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/api", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let act = |method, body: &str| HttpAct {
        method,
        path: "account/{account_id}/binding".into(),
        body: body.into(),
    };
    let mut target = HttpTarget {
        base_url: address,
        read_path: "account/{account_id}".into(),
        bound_to: "/data/uid".into(),
        link: act(Method::Put, r#"{"uid": "{identity_key}"}"#),
        unlink: act(Method::Delete, ""),
        ..HttpTarget::default()
    };
    target.envelope.code = "/code".into();
    target.envelope.success = vec!["0".into()];
    target.envelope.message = "/message".into();
    let mut profile = preset("files").unwrap().profile;
    profile
        .datasets
        .retain(|id, _| *id == DatasetId::PortalAccount);
    profile.decisions = Some(DecisionTarget::Http(Box::new(target)));
    let desk = Desk::new(profile, "unused").await;
    let first = desk.decide("link", "a/1", Some("k1".into())).await;
    let second = desk.decide("link", "b", Some("refused".into())).await;
    let third = desk.decide("link", "c", Some("k3".into())).await;
    let gone = desk.decide("link", "nobody", Some("k4".into())).await;
    portal.lock().unwrap().overloaded = 1;

    // The last to be decided is the first to be sent: the portal does it, and says that it could not.
    let report = desk.deliver(false).await;
    assert_eq!(state(&report, third), "failed");
    assert_eq!(state(&report, gone), "gone");
    assert_eq!(state(&report, first), "delivered");
    assert_eq!(state(&report, second), "refused");
    let row = report
        .rows
        .iter()
        .find(|row| row.decision_id == second)
        .unwrap();
    assert!(
        row.message.as_deref().unwrap().contains("不允许"),
        "{row:?}"
    );
    assert_eq!(portal.lock().unwrap().bound["a/1"].as_deref(), Some("k1"));

    // What had arrived is not sent again.
    let again = desk.deliver(false).await;
    assert_eq!(state(&again, third), "delivered");
    let keys = portal.lock().unwrap().keys.clone();
    let sent = |decision: i64| {
        let key = format!("zhengqiao-{decision}-apply");
        keys.iter().filter(|one| **one == key).count()
    };
    assert_eq!(
        (sent(first), sent(second), sent(third)),
        (1, 2, 1),
        "{keys:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_without_an_interface_gets_a_file_for_a_reason() {
    let mut profile = preset("files").unwrap().profile;
    profile
        .datasets
        .retain(|id, _| *id == DatasetId::PortalAccount);
    let desk = Desk::new(profile, "unused").await;
    desk.decide("link", "=a1", Some(key(1))).await;
    desk.decide("unlink", "a2", Some(key(2))).await;
    let refused = desk
        .console
        .deliver_decisions(
            DeliverDecisions {
                connection_id: desk.id,
                ..DeliverDecisions::default()
            },
            |_| {},
        )
        .await
        .unwrap_err();
    assert!(
        refused.message.contains("no way to the portal"),
        "{}",
        refused.message
    );

    let export = |name: &str, reason: &str| ExportDecisions {
        connection_id: desk.id,
        acts: Vec::new(),
        path: desk.dir.path().join(name).display().to_string(),
        language: "zh-CN".into(),
        reason: reason.into(),
    };
    let unreasoned = desk.console.export_decisions(export("a.csv", " ")).await;
    assert!(unreasoned.unwrap_err().message.contains("reason"));
    let odd = desk.console.export_decisions(export("a.txt", "投递")).await;
    assert!(odd.unwrap_err().message.contains(".csv"));
    for name in ["a.csv", "a.xlsx"] {
        let report = desk
            .console
            .export_decisions(export(name, "投递"))
            .await
            .unwrap();
        assert_eq!(report.rows, 2);
    }
    let text = std::fs::read_to_string(desk.dir.path().join("a.csv")).unwrap();
    assert!(
        text.contains("门户账号标识") && text.contains(&key(1)),
        "{text}"
    );
    assert!(text.contains("'=a1"), "no cell is a formula");
    assert!(
        std::fs::metadata(desk.dir.path().join("a.xlsx"))
            .unwrap()
            .len()
            > 1000
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_ends_when_it_is_asked_to_and_goes_on_with_the_rest() {
    let service = Scim::start(false).await;
    let desk = Desk::over_scim(&service, ScimTarget::default()).await;
    for number in 0..30 {
        let id = service.add(number, None).await;
        desk.decide("link", &id, Some(key(number))).await;
    }
    let request = DeliverDecisions {
        connection_id: desk.id,
        ..DeliverDecisions::default()
    };
    let (console, id) = (desk.console.clone(), desk.id());
    let mut asked = false;
    let report = desk
        .console
        .deliver_decisions(request, |progress| {
            if progress.done >= 1 && !asked {
                asked = true;
                let (console, id) = (
                    console.clone(),
                    ConnectionId {
                        connection_id: id.connection_id,
                    },
                );
                tokio::spawn(async move { console.cancel_decision_delivery(id).await });
            }
        })
        .await
        .unwrap();
    assert!(report.cancelled);
    let sent = counts(&report)["delivered"];
    assert!((1..30).contains(&sent), "{sent}");
    let rest = tokio::time::timeout(Duration::from_mins(1), desk.deliver(false))
        .await
        .unwrap();
    assert_eq!(counts(&rest), only("delivered", 30 - sent));
}
