//! The journey of the portal's accounts and of decisions: a source is chosen and read, a way to the
//! portal is set, decisions are tried, delivered and seen in the portal.

use zhengqiao_api::contract::SaveConnection;
use zhengqiao_api::{Console, ConsoleOptions, KeyChoice, Secret};
use zhengqiao_domain::DatasetId;
use zhengqiao_exchange::{Environment, preset};
use zhengqiao_store::binding_decision::{self, BindingDecision};

use crate::driver::Driver;
use crate::scim::{Scim, TOKEN, key};

const PASSPHRASE: &str = "correct horse battery";

/// The connection of the identities, the source of the accounts, and three decisions.
async fn prepare(place: &std::path::Path, service: &Scim) -> Vec<String> {
    let console = Console::opened(ConsoleOptions {
        data_dir: place.to_path_buf(),
        keys: KeyChoice::Passphrase(Secret::new(PASSPHRASE.to_owned())),
        demo: false,
    })
    .await
    .unwrap();
    let mut identities = preset("open").unwrap().profile;
    identities.base_url = "http://127.0.0.1:9".into();
    identities
        .datasets
        .retain(|id, _| *id == DatasetId::NaturalPerson);
    let mut accounts = preset("scim").unwrap().profile;
    accounts.base_url = service.address();
    accounts.environment = Environment::Production;
    let mut made = Vec::new();
    for (name, profile, secret) in [
        ("全省统一身份认证", identities, None),
        ("省级集约化门户账号", accounts, Some(TOKEN.to_owned())),
    ] {
        let request = SaveConnection {
            connection_id: None,
            name: name.into(),
            profile,
            secret,
        };
        made.push(
            console
                .save_connection(request)
                .await
                .unwrap()
                .connection_id,
        );
    }
    let mut ids = Vec::new();
    for number in 0..4 {
        let bound = (number == 1).then(|| key(900));
        ids.push(service.add(number, bound.as_deref()).await);
    }
    let connection_id = made[0];
    for (act, account, identity) in [
        ("link", &ids[0], Some(key(100))),
        ("unlink", &ids[1], Some(key(900))),
        ("link", &ids[2], Some(key(300))),
    ] {
        let decision = BindingDecision {
            id: 0,
            bulk_id: 1,
            kind: "natural".into(),
            account_id: account.clone(),
            act: act.into(),
            identity_key: identity,
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
            .write(move |tx| binding_decision::add(tx, connection_id, &decision))
            .await
            .unwrap();
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_read_and_decisions_delivered_to_the_portal() {
    let service = Scim::start(false).await;
    let driver = Driver::start("zh_CN.UTF-8").await;
    let ids = prepare(&driver.place(), &service).await;
    let window = driver.open(&[]).await;
    window.type_into("passphrase", PASSPHRASE).await;
    window.click("unlock-open").await;
    window.click("nav-identity").await;

    // The identities' connection carries no accounts; another one is chosen and read.
    window.click_css("#tab-accounts").await;
    window.find("[data-testid=empty-first]").await;
    window.settle().await;
    window.shot("90-accounts-first-use").await;
    window.click("take-accounts").await;
    window.find("[data-testid=account-count]").await;
    window.click("read-accounts").await;
    window
        .click_css(".el-message-box .el-button--primary")
        .await;
    window.find("[data-testid=read-ended]").await;
    window.until_text("[data-testid=account-count]", "4").await;
    window.settle().await;
    window.shot("91-accounts-read").await;

    // A way to the portal is set, and tried.
    window.click_css("#tab-decisions").await;
    window.click("open-decision-target").await;
    window.click("decision-kind-scim").await;
    window.settle().await;
    window.shot("92-decision-target").await;
    window.click("save-decision-target").await;
    window.gone("[data-testid=save-decision-target]").await;
    window.click("dry-decisions").await;
    window.find("[data-testid=decision-report]").await;
    window
        .find("[data-testid=decisions] [data-state=send]")
        .await;
    window.settle().await;
    window.shot("93-decisions-dry-run").await;
    assert_eq!(service.bound_to(&ids[0]).await, None, "nothing was sent");

    // Production asks; then the portal has what was decided.
    window.click("deliver-decisions").await;
    window.settle().await;
    window.shot("94-decisions-asked").await;
    window
        .click_css(".el-message-box .el-button--primary")
        .await;
    window.find("[data-testid=empty-good]").await;
    assert_eq!(service.bound_to(&ids[0]).await, Some(key(100)));
    assert_eq!(service.bound_to(&ids[1]).await, None);
    assert_eq!(service.bound_to(&ids[2]).await, Some(key(300)));
    window.settle().await;
    window.shot("95-decisions-delivered").await;

    // In English and in the dark.
    window.click("nav-settings").await;
    window.click("language-en").await;
    window.click("appearance-dark").await;
    window.click("nav-identity").await;
    window.click_css("#tab-decisions").await;
    window.click("all-decisions").await;
    window
        .find("[data-testid=decisions] [data-state=delivered]")
        .await;
    window.settle().await;
    window.shot("96-decisions-en-dark").await;
    window.click("open-decision-target").await;
    window.click("decision-kind-http").await;
    window.settle().await;
    window.shot("97-decision-target-en-dark").await;
    window.press_escape().await;
    window.click_css("#tab-accounts").await;
    window.find("[data-testid=account-count]").await;
    window.settle().await;
    window.shot("98-accounts-en-dark").await;
    window.close().await;
}
