//! Portal accounts and decisions, with the real program against a real SCIM 2.0 service.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up fails"
)]

mod place;
#[path = "../../../../tests/tests/accounts/scim.rs"]
mod scim;

use place::Place;
use scim::{Scim, TOKEN, key};
use zhengqiao_api::{Console, ConsoleOptions, KeyChoice, Secret};
use zhengqiao_store::binding_decision::{self, BindingDecision};
use zhengqiao_store::connection;

/// Somebody decides to link an account.
async fn link(place: &Place, name: &'static str, account: &str, identity: String) {
    let console = Console::opened(ConsoleOptions {
        data_dir: place.dir.clone(),
        keys: KeyChoice::Passphrase(Secret::new(place.passphrase.to_owned())),
        demo: false,
    })
    .await
    .unwrap();
    let decision = BindingDecision {
        id: 0,
        bulk_id: 1,
        kind: "natural".into(),
        account_id: account.to_owned(),
        act: "link".into(),
        identity_key: Some(identity),
        remaining_account_id: None,
        reason: "核实".into(),
        actor: "tester".into(),
        decided_at: 1_790_000_000_000,
        until: None,
        undone_at: None,
        undone_by: None,
        delivered_at: None,
        delivery_error: None,
    };
    console
        .cache()
        .unwrap()
        .write(move |tx| {
            let id = connection::by_name(tx, name)?.unwrap().id;
            binding_decision::add(tx, id, &decision)
        })
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_read_by_another_connection_and_decisions_go_to_it() {
    let service = Scim::start(false).await;
    let account = service.add(1, None).await;
    let url = service.address();
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path(), "one");
    let add = |name: &str, preset: &str, url: &str, secret: &str| {
        let args = [
            "connection",
            "add",
            name,
            "--preset",
            preset,
            "--base-url",
            url,
            "--secret-stdin",
        ];
        let added = place.run(&args, secret);
        let said = String::from_utf8_lossy(&added.stderr).into_owned();
        assert!(added.status.success(), "{said}");
    };
    add("门户", "scim", &url, TOKEN);
    add("认证", "open", "http://127.0.0.1:9", "unused");
    assert!(
        place
            .run(&["connection", "test", "门户"], "")
            .status
            .success()
    );
    assert!(place.run(&["sync", "门户", "--full"], "").status.success());

    let chosen = place.json(&["identity", "accounts", "认证", "--from", "门户"], "");
    assert_eq!(chosen["source"]["accounts"], 1);
    assert_eq!(chosen["is_own"], false);
    link(&place, "认证", &account, key(100)).await;

    // Without a way to the portal the decisions can only be exported, and that for a reason.
    let none = place.run(&["identity", "deliver", "认证"], "");
    assert_eq!(none.status.code(), Some(1));
    let file = dir.path().join("decisions.csv").display().to_string();
    let bare = place.run(&["identity", "deliver", "认证", "--export", &file], "");
    assert_eq!(bare.status.code(), Some(2));
    let export = [
        "identity", "deliver", "认证", "--export", &file, "--reason", "投递",
    ];
    assert!(place.run(&export, "").status.success());
    assert!(std::fs::read_to_string(&file).unwrap().contains(&key(100)));

    let target = dir.path().join("target.json");
    std::fs::write(&target, r#"{"kind": "scim", "path": ""}"#).unwrap();
    let file = target.display().to_string();
    let set = ["identity", "target", "认证", "--file", &file];
    let refused = place.run(&set, "");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("decisions.path"), "{said}");
    std::fs::write(&target, r#"{"kind": "scim"}"#).unwrap();
    assert_eq!(place.json(&set, "")["through"], "门户");

    let dry = place.json(&["identity", "deliver", "认证", "--dry-run"], "");
    assert_eq!(dry["rows"][0]["state"], "send");
    assert_eq!(service.bound_to(&account).await, None);
    let sent = place.run(&["identity", "deliver", "认证", "--act", "link"], "");
    assert_eq!(sent.status.code(), Some(0));
    let said = String::from_utf8_lossy(&sent.stdout).into_owned();
    assert!(
        said.contains("1 delivered") && !said.contains(&key(100)),
        "{said}"
    );
    assert_eq!(service.bound_to(&account).await, Some(key(100)));

    // The same identity again, while the account is gone: somebody has to look.
    link(&place, "认证", "nobody", key(7)).await;
    let gone = place.run(&["identity", "deliver", "认证"], "");
    assert_eq!(gone.status.code(), Some(4));
}
