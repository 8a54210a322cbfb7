//! The sources of portal accounts, real ones: a SCIM 2.0 service, a directory, databases and files fill
//! the same dataset; pages, increments, wrong passwords, servers that are gone.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a test that cannot be set up fails"
)]

#[path = "../../src-tauri/crates/exchange/tests/listeners/mod.rs"]
mod listeners;
#[path = "accounts/scim.rs"]
mod scim;
#[path = "frontend/servers.rs"]
mod servers;
#[path = "accounts/slapd.rs"]
mod slapd;

use listeners::Authority;
use scim::{Scim, TOKEN};
use slapd::Slapd;
use zhengqiao_api::contract::{
    ConnectionId, IdentitySummary, RecordsRequest, RunId, RunMode, RunProgress, SaveAccountSource,
    SaveConnection, StartSync,
};
use zhengqiao_api::{Console, ConsoleOptions, KeyChoice, Secret};
use zhengqiao_domain::{DatasetId, FieldMap};
use zhengqiao_exchange::{Auth, FileSource, Profile, ScimPaging, TableSource, preset};

/// A data directory with one connection.
struct Desk {
    console: Console,
    id: i64,
    _dir: tempfile::TempDir,
}

impl Desk {
    async fn new(mut profile: Profile, secret: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let console = Console::opened(ConsoleOptions {
            data_dir: dir.path().to_path_buf(),
            keys: KeyChoice::Passphrase(Secret::new("correct horse battery".to_owned())),
            demo: false,
        })
        .await
        .unwrap();
        profile.network.backoff_ms = 1;
        profile.network.retries = 1;
        let id = save(&console, "门户账号", profile, secret).await;
        Self {
            console,
            id,
            _dir: dir,
        }
    }

    async fn run(&self, mode: RunMode) -> RunProgress {
        let started = self
            .console
            .start_sync(StartSync {
                connection_id: self.id,
                datasets: Vec::new(),
                mode,
                scope: None,
            })
            .await
            .unwrap();
        let run = RunId {
            run_id: started.run_id,
        };
        self.console.watch_run(run, |_| {}).await.unwrap()
    }

    /// What the dataset of accounts has: how many were read by the last run, and how many there are.
    async fn accounts(&self) -> i64 {
        let id = ConnectionId {
            connection_id: self.id,
        };
        let source = self.console.get_account_source(id).await.unwrap();
        source.source.accounts
    }

    /// The layers of the test that failed, with their advice.
    async fn failed_layers(&self) -> Vec<(String, String)> {
        let id = ConnectionId {
            connection_id: self.id,
        };
        let report = self.console.test_connection(id, |_| {}).await.unwrap();
        report
            .layers
            .into_iter()
            .filter(|layer| layer.state == "failed")
            .map(|layer| (layer.layer, layer.advice.unwrap_or_default()))
            .collect()
    }

    async fn rejected(&self) -> i64 {
        let id = ConnectionId {
            connection_id: self.id,
        };
        let source = self.console.get_account_source(id).await.unwrap();
        source.source.rejected
    }
}

async fn save(console: &Console, name: &str, profile: Profile, secret: &str) -> i64 {
    console
        .save_connection(SaveConnection {
            connection_id: None,
            name: name.into(),
            profile,
            secret: (!secret.is_empty()).then(|| secret.to_owned()),
        })
        .await
        .unwrap()
        .connection_id
}

/// Rows that a run read, and those of them that were new or changed.
fn read(progress: &RunProgress) -> (i64, i64) {
    let counts = progress.counts;
    (counts.fetched, counts.accepted)
}

fn over_scim(service: &Scim, paging: ScimPaging) -> Profile {
    let mut profile = preset("scim").unwrap().profile;
    profile.base_url = service.address();
    let source = profile.datasets.get_mut(&DatasetId::PortalAccount).unwrap();
    let users = source.scim.as_mut().unwrap();
    users.paging = paging;
    users.page_rows = 40;
    profile
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_a_scim_service_are_read_by_pages_and_then_only_what_changed() {
    let service = Scim::start(true).await;
    let mut ids = Vec::new();
    for number in 0..130 {
        ids.push(service.add(number, None).await);
    }
    for paging in [ScimPaging::Index, ScimPaging::Offered] {
        let mut profile = over_scim(&service, paging);
        // Everything here happened within the overlap that runs usually have.
        let source = profile.datasets.get_mut(&DatasetId::PortalAccount).unwrap();
        if let Some(zhengqiao_exchange::Incremental::Window { overlap_s, .. }) =
            &mut source.incremental
        {
            *overlap_s = 0;
        }
        let desk = Desk::new(profile, TOKEN).await;
        assert_eq!(desk.failed_layers().await, []);
        let full = desk.run(RunMode::Full).await;
        assert_eq!(
            (full.state.as_str(), read(&full)),
            ("succeeded", (130, 130))
        );
        assert_eq!(desk.accounts().await, 130);
        assert_eq!(desk.rejected().await, 0);

        let again = desk.run(RunMode::Full).await;
        assert_eq!(read(&again), (130, 0));
        wait_for_the_next_second().await;
        service
            .change(&ids[7], serde_json::json!([{ "op": "replace", "path": "active", "value": paging == ScimPaging::Offered }]))
            .await;
        let changed = desk.run(RunMode::Incremental).await;
        assert!(changed.counts.fetched < 130, "{:?}", changed.counts);
        assert_eq!(changed.counts.accepted, 1);
        let page = desk
            .console
            .list_records(RecordsRequest {
                limit: 200,
                ..RecordsRequest::default()
            })
            .await
            .unwrap();
        assert_eq!(page.records.len(), 130);
        let text = serde_json::to_string(&page).unwrap();
        assert!(
            !text.contains("13800000007"),
            "telephone numbers are masked"
        );
    }
}

/// Services tell whole seconds or less; runs begin where the last one's second ended.
async fn wait_for_the_next_second() {
    let second = || chrono::Utc::now().timestamp();
    let begun = second();
    while second() == begun {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scim_service_that_refuses_or_is_gone_is_named_as_such() {
    let mut service = Scim::start(false).await;
    service.add(1, None).await;
    let wrong = Desk::new(over_scim(&service, ScimPaging::Offered), "another").await;
    assert_eq!(
        wrong.failed_layers().await,
        [("authentication".to_owned(), "unauthorised".to_owned())]
    );
    let run = wrong.run(RunMode::Full).await;
    assert_eq!(run.state, "failed");

    let mut lost = over_scim(&service, ScimPaging::Offered);
    let source = lost.datasets.get_mut(&DatasetId::PortalAccount).unwrap();
    source.scim.as_mut().unwrap().path = "People".into();
    let lost = Desk::new(lost, TOKEN).await;
    assert_eq!(
        lost.failed_layers().await,
        [("permission".to_owned(), "not_found".to_owned())]
    );

    let right = Desk::new(over_scim(&service, ScimPaging::Offered), TOKEN).await;
    assert_eq!(right.run(RunMode::Full).await.state, "succeeded");
    service.stop();
    assert_eq!(
        right.failed_layers().await,
        [("tcp".to_owned(), "connect".to_owned())]
    );
    assert_eq!(right.run(RunMode::Full).await.state, "failed");
    assert_eq!(right.accounts().await, 1, "what was accepted stays");
}

/// The certificate of a directory at `localhost`.
fn localhost() -> (Authority, listeners::Leaf) {
    let authority = Authority::new("Directory CA");
    let leaf = authority.sign("localhost", |_| {});
    (authority, leaf)
}

fn over_directory(address: String, ca_bundle: &str) -> Profile {
    let mut profile = preset("ldap").unwrap().profile;
    profile.base_url = address;
    profile.auth = Auth::Basic {
        user: slapd::READER.into(),
    };
    profile.network.ca_bundle = ca_bundle.into();
    let source = profile.datasets.get_mut(&DatasetId::PortalAccount).unwrap();
    let entries = source.ldap.as_mut().unwrap();
    entries.base = format!("ou=accounts,{}", slapd::BASE);
    entries.filter = "(objectClass=inetOrgPerson)".into();
    entries.page_rows = 97;
    if let Some(zhengqiao_exchange::Incremental::Window { overlap_s, .. }) = &mut source.incremental
    {
        *overlap_s = 0;
    }
    profile
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_of_a_directory_are_read_by_pages_and_then_only_what_changed() {
    let (authority, leaf) = localhost();
    let directory = Slapd::start(&leaf.pem, &leaf.key);
    // More than the directory gives without pages.
    directory.add(0..1200);
    wait_for_the_next_second().await;
    for (number, address) in [
        format!("ldap://127.0.0.1:{}", directory.port()),
        format!("ldap://localhost:{}", directory.port()),
        format!("ldaps://localhost:{}", directory.secure_port()),
    ]
    .into_iter()
    .enumerate()
    {
        let ca = if address.contains("localhost") {
            authority.pem.clone()
        } else {
            String::new()
        };
        let desk = Desk::new(over_directory(address.clone(), &ca), slapd::PASSWORD).await;
        assert_eq!(desk.failed_layers().await, [], "{address}");
        let full = desk.run(RunMode::Full).await;
        assert_eq!(
            (full.state.as_str(), read(&full)),
            ("succeeded", (1200, 1200)),
            "{address}"
        );
        assert_eq!(desk.rejected().await, 0);

        wait_for_the_next_second().await;
        let phone = format!("139{number:08}");
        directory.write(&format!(
            "dn: uid=u00005,ou=accounts,{}\nchangetype: modify\nreplace: mobile\nmobile: {phone}\n\n",
            slapd::BASE
        ));
        let changed = desk.run(RunMode::Incremental).await;
        assert_eq!(read(&changed), (1, 1), "{address}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_refuses_or_is_gone_is_named_as_such() {
    let (_, leaf) = localhost();
    let mut directory = Slapd::start(&leaf.pem, &leaf.key);
    directory.add(0..3);
    let plain = format!("ldap://127.0.0.1:{}", directory.port());

    let wrong = Desk::new(over_directory(plain.clone(), ""), "another").await;
    assert_eq!(
        wrong.failed_layers().await,
        [("authentication".to_owned(), "unauthorised".to_owned())]
    );
    assert_eq!(wrong.run(RunMode::Full).await.state, "failed");

    // Its certificate is from an authority that nobody here trusts.
    let secure = format!("ldaps://localhost:{}", directory.secure_port());
    let untrusted = Desk::new(over_directory(secure, ""), slapd::PASSWORD).await;
    assert_eq!(
        untrusted.failed_layers().await,
        [("tls".to_owned(), "cert_unknown_ca".to_owned())]
    );

    let mut elsewhere = over_directory(plain.clone(), "");
    let source = elsewhere
        .datasets
        .get_mut(&DatasetId::PortalAccount)
        .unwrap();
    source.ldap.as_mut().unwrap().base = format!("ou=secret,{}", slapd::BASE);
    let elsewhere = Desk::new(elsewhere, slapd::PASSWORD).await;
    assert_eq!(
        elsewhere.failed_layers().await,
        [("permission".to_owned(), "not_found".to_owned())]
    );

    // Without pages the directory gives no more than 500, and says so.
    directory.add(3..900);
    let mut whole = over_directory(plain.clone(), "");
    let source = whole.datasets.get_mut(&DatasetId::PortalAccount).unwrap();
    source.ldap.as_mut().unwrap().page_rows = 450;
    let whole = Desk::new(whole, slapd::PASSWORD).await;
    assert_eq!(read(&whole.run(RunMode::Full).await), (900, 900));

    directory.stop();
    assert_eq!(
        whole.failed_layers().await,
        [("tcp".to_owned(), "connect".to_owned())]
    );
    assert_eq!(whole.run(RunMode::Full).await.state, "failed");
    assert_eq!(whole.accounts().await, 900);
}

const TABLE: &str = "CREATE TABLE portal_account (account_id varchar(64) PRIMARY KEY, \
     account_kind varchar(16), display_name varchar(64), account_state varchar(16), \
     updated_at varchar(32));\n";

#[tokio::test(flavor = "multi_thread")]
async fn tables_and_files_fill_the_accounts_as_services_do() {
    let rows: Vec<String> = (0..40)
        .map(|number| {
            format!("'A{number:03}', 'natural', '李{number}', 'active', '2026-01-02 03:04:05'")
        })
        .collect();
    let mut script = TABLE.to_owned();
    for row in &rows {
        script.push_str(&format!("INSERT INTO portal_account VALUES ({row});\n"));
    }
    for (server, name) in [
        (servers::postgresql(), "frontend_postgresql"),
        (servers::mariadb(), "frontend_mysql"),
    ] {
        server.script(&script);
        let mut profile = preset(name).unwrap().profile;
        profile.base_url = server.address();
        profile.auth = Auth::Basic {
            user: servers::USER.into(),
        };
        profile
            .datasets
            .retain(|id, _| *id == DatasetId::PortalAccount);
        let desk = Desk::new(profile, servers::PASSWORD).await;
        assert_eq!(desk.failed_layers().await, []);
        assert_eq!(read(&desk.run(RunMode::Full).await), (40, 40));
        assert_eq!(desk.rejected().await, 0);
    }

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("账号.csv");
    let lines: Vec<String> = rows.iter().map(|row| row.replace('\'', "")).collect();
    std::fs::write(
        &file,
        format!(
            "账号,类别,姓名,状态,更新\n{}\n",
            lines.join("\n").replace(", ", ",")
        ),
    )
    .unwrap();
    let mut profile = preset("files").unwrap().profile;
    profile
        .datasets
        .retain(|id, _| *id == DatasetId::PortalAccount);
    let source = profile.datasets.get_mut(&DatasetId::PortalAccount).unwrap();
    source.file = Some(FileSource {
        path: file.display().to_string(),
        ..FileSource::default()
    });
    source.mapping.fields = [
        ("account_id", "账号"),
        ("account_kind", "类别"),
        ("display_name", "姓名"),
        ("account_state", "状态"),
        ("updated_at", "更新"),
    ]
    .into_iter()
    .map(|(field, source)| FieldMap {
        field: field.into(),
        source: source.into(),
        transforms: Vec::new(),
    })
    .collect();
    let desk = Desk::new(profile, "").await;
    assert_eq!(read(&desk.run(RunMode::Full).await), (40, 40));
    assert_eq!(desk.rejected().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_takes_the_accounts_of_the_connection_that_was_chosen() {
    let service = Scim::start(false).await;
    for number in 0..3 {
        service.add(number, None).await;
    }
    let desk = Desk::new(over_scim(&service, ScimPaging::Offered), TOKEN).await;
    desk.run(RunMode::Full).await;

    // The people come from another connection, which carries no accounts at all.
    let mut people = preset("frontend_postgresql").unwrap().profile;
    let server = servers::postgresql();
    server.script(&format!(
        "CREATE TABLE up_uc_province_user (cert_key varchar(64) PRIMARY KEY, user_real_lvl varchar(4), \
         user_region varchar(12), cd_operation varchar(1), cd_time varchar(32));\n\
         INSERT INTO up_uc_province_user VALUES ('{}', '4', '230100', 'I', '2026-01-02 03:04:05');\n",
        scim::key(1)
    ));
    people.base_url = server.address();
    people.auth = Auth::Basic {
        user: servers::USER.into(),
    };
    people
        .datasets
        .retain(|id, _| *id == DatasetId::NaturalPerson);
    for source in people.datasets.values_mut() {
        source
            .table
            .get_or_insert_with(TableSource::default)
            .batch_rows = 10;
    }
    let id = save(&desk.console, "统一身份认证", people, servers::PASSWORD).await;
    let identity = Desk {
        console: desk.console.clone(),
        id,
        _dir: tempfile::tempdir().unwrap(),
    };
    assert_eq!(read(&identity.run(RunMode::Full).await), (1, 1));

    let own = ConnectionId { connection_id: id };
    let before = identity.console.get_account_source(own).await.unwrap();
    assert!(before.is_own && !before.source.reads_accounts);
    let refused = SaveAccountSource {
        connection_id: desk.id,
        accounts_from: Some(id),
    };
    let error = desk.console.save_account_source(refused).await.unwrap_err();
    assert!(
        error.message.contains("portal_account"),
        "{}",
        error.message
    );

    let chosen = SaveAccountSource {
        connection_id: id,
        accounts_from: Some(desk.id),
    };
    let after = identity.console.save_account_source(chosen).await.unwrap();
    assert_eq!((after.is_own, after.source.accounts), (false, 3));
    assert!(after.source.last_read_at.is_some());
    let summary = identity.console.review_identity(own).await.unwrap();
    let bindings =
        |summary: &IdentitySummary| -> i64 { summary.states.iter().map(|row| row.count).sum() };
    let found = bindings(&summary);
    assert!(found >= 3, "{:?}", summary.states);

    // New accounts are reviewed where the people are, not where nobody is.
    service.add(3, None).await;
    desk.run(RunMode::Full).await;
    let summary = identity.console.get_identity_summary(own).await.unwrap();
    assert_eq!(bindings(&summary), found + 1, "{:?}", summary.states);
    let portal = ConnectionId {
        connection_id: desk.id,
    };
    let nobody = desk.console.get_identity_summary(portal).await.unwrap();
    assert_eq!((nobody.computed_at, bindings(&nobody)), (None, 0));
}
