//! Journeys of the connections screen: what is wrong is recognised and mended by the advice shown; a
//! real file is imported and its mapping mended.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use zhengqiao_demo::DemoProvider;

use crate::driver::{Driver, Window};
use crate::listeners::Authority;
use crate::{first_use, provider};

/// A new connection to the demo provider, from the first preset.
async fn fill(window: &Window, provider: &DemoProvider, base_url: &str, secret: &str) {
    window.click("first-connection").await;
    window.type_into("field-name", "省级演示平台").await;
    window.type_into("field-base-url", base_url).await;
    window
        .type_into("field-id", &provider.credentials().requester_id)
        .await;
    window.type_into("field-secret", secret).await;
}

/// Tests and waits for the advice of that code.
async fn test_until_advice(window: &Window, code: &str) {
    window.click("test-run").await;
    window
        .find(&format!("[data-testid=layer-advice][data-advice={code}]"))
        .await;
    window
        .find("[data-testid=test-result][data-state=failed]")
        .await;
}

async fn test_until_passed(window: &Window) {
    window.click("test-run").await;
    window
        .find("[data-testid=test-result][data-state=passed]")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_recognised_and_mended_by_the_advice() {
    let provider = provider().await;
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver.open(&[]).await;
    first_use(&window).await;
    fill(&window, &provider, &provider.base_url(), "not the secret").await;
    test_until_advice(&window, "wrong_signature").await;
    let words = window.text("[data-testid=layer-advice]").await;
    window.settle().await;
    window.shot("40-wrong-secret").await;
    assert!(words.contains("密钥"), "{words}");
    window
        .type_into("field-secret", &provider.credentials().secret)
        .await;
    test_until_passed(&window).await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_pointer_is_recognised_and_mended_by_the_advice() {
    let provider = provider().await;
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver.open(&[]).await;
    first_use(&window).await;
    let secret = provider.credentials().secret.clone();
    fill(&window, &provider, &provider.base_url(), &secret).await;
    let pointer = "input[data-testid=records-pointer][data-dataset=case_acceptance]";
    window.replace(pointer, "/result/rows").await;
    test_until_advice(&window, "wrong_pointer").await;
    window.settle().await;
    window.shot("41-wrong-pointer").await;
    window.click("use-pointer").await;
    let mended = window.find(pointer).await.prop("value").await.unwrap();
    assert_ne!(mended.as_deref(), Some("/result/rows"));
    test_until_passed(&window).await;
    window.close().await;
}

/// The demo provider behind TLS, whose certificate can be renewed while it serves.
struct Secured {
    port: u16,
    acceptor: Arc<Mutex<TlsAcceptor>>,
}

impl Secured {
    async fn before(provider: &DemoProvider, acceptor: TlsAcceptor) -> Self {
        let behind = provider
            .base_url()
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = Arc::new(Mutex::new(acceptor));
        let present = acceptor.clone();
        tokio::spawn(async move {
            while let Ok((outside, _)) = listener.accept().await {
                let acceptor = present.lock().unwrap().clone();
                let behind = behind.clone();
                tokio::spawn(async move {
                    let (Ok(mut outside), Ok(mut inside)) = (
                        acceptor.accept(outside).await,
                        TcpStream::connect(behind).await,
                    ) else {
                        return;
                    };
                    let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
                });
            }
        });
        Self { port, acceptor }
    }

    fn renew(&self, acceptor: TlsAcceptor) {
        *self.acceptor.lock().unwrap() = acceptor;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_is_recognised_and_mended_by_the_advice() {
    let provider = provider().await;
    let authority = Authority::new("Example CA");
    let expired = authority.sign("localhost", |params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    });
    let secured = Secured::before(&provider, expired.server(None)).await;
    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver.open(&[]).await;
    first_use(&window).await;
    let secret = provider.credentials().secret.clone();
    let address = format!("https://localhost:{}", secured.port);
    fill(&window, &provider, &address, &secret).await;
    window
        .set_value("textarea[data-testid=ca-bundle]", &authority.pem)
        .await;
    test_until_advice(&window, "cert_expired").await;
    let words = window
        .text("[data-testid=layer-advice][data-advice=cert_expired]")
        .await;
    assert!(words.contains("更换证书"), "{words}");
    window.settle().await;
    window.shot("42-expired-certificate").await;

    // What the advice asks for: the provider renews it.
    let renewed = authority.sign("localhost", |params| {
        params.not_before = rcgen::date_time_ymd(2024, 1, 1);
        params.not_after = rcgen::date_time_ymd(2099, 1, 1);
    });
    secured.renew(renewed.server(None));
    test_until_passed(&window).await;

    // The calendar knows its end.
    window.click("nav-connections").await;
    window.click("open-expiries").await;
    window
        .find("[data-testid=expiry][data-kind=server_certificate][data-span=later]")
        .await;
    window.settle().await;
    window.shot("43-expiries").await;
    window.close().await;
}

/// GB 32100 once more, written for this test alone: the sum of value × 3ⁿ is a multiple of 31.
fn is_credit_code(code: &str) -> bool {
    const LETTERS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let values: Option<Vec<usize>> = code.chars().map(|one| LETTERS.find(one)).collect();
    values.is_some_and(|values| {
        let mut weight = 1;
        let mut sum = 0;
        for value in values.iter().take(17) {
            sum += value * weight;
            weight = weight * 3 % 31;
        }
        values.len() == 18 && (sum + values[17]).is_multiple_of(31)
    })
}

const FILE: &str = "../src-tauri/crates/demo/data/service-items-511602.csv";
/// What the file does not have and is the same for each of its items; `task_state` is left out.
const STATED: [(&str, &str); 26] = [
    ("task_version", "1"),
    ("by_law", "见事项清单"),
    ("use_level", "4"),
    ("power_source", "1"),
    ("dept_type", "1"),
    ("server_type", "1,2"),
    ("project_type", "2"),
    ("accept_condition", "见办事指南"),
    ("handle_flow", "见办事指南"),
    ("anticipate_day", "20"),
    ("anticipate_type", "1"),
    ("promise_day", "10"),
    ("promise_type", "1"),
    ("special_procedure", "不涉及"),
    ("is_fee", "0"),
    ("limit_scene_num", "1"),
    ("is_single_login", "0"),
    ("app_is_single_login", "0"),
    ("link_way", "0826-2222222"),
    ("supervise_way", "0826-12345"),
    ("transact_addr", "区政务服务大厅"),
    ("transact_time", "工作日 9:00—17:00"),
    ("is_online", "0"),
    ("is_pay_online", "0"),
    ("is_express", "0"),
    ("handle_area", "4"),
];

/// A shared file that lays those values and strict rules for department codes over a connection.
fn shared(name: &str) -> String {
    let mut text = format!("[[connection]]\nname = {name:?}\n");
    text.push_str("[connection.profile.rules.severities]\n");
    for rule in ["organisation_code", "format", "check"] {
        writeln!(text, "\"department.{rule}\" = \"reject\"").unwrap();
    }
    let mut field = |field: &str, source: &str, step: &str| {
        writeln!(
            text,
            "[[connection.profile.datasets.service_item.mapping.fields]]\n\
             field = {field:?}\nsource = {source:?}\ntransforms = [{step}]"
        )
        .unwrap();
    };
    field("task_code", "item_code", "");
    field("dept_name", "department", "");
    field(
        "catalog_code",
        "item_code",
        "{ kind = \"split\", separator = \"-\", part = 1 }",
    );
    field(
        "task_type",
        "task_type",
        "{ kind = \"pad_left\", width = 2 }",
    );
    for (name, value) in STATED
        .into_iter()
        .chain([("result_type", "3"), ("data_source", "151")])
    {
        field(
            name,
            "none",
            &format!("{{ kind = \"default\", value = {value:?} }}"),
        );
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_file_is_imported_and_a_mapping_change_makes_the_counted_records_pass() {
    let text = std::fs::read_to_string(zhengqiao_tests::repository_file(FILE)).unwrap();
    let codes: Vec<&str> = text
        .lines()
        .skip(1)
        .map(|line| line.rsplit(',').next().unwrap().trim_matches('"'))
        .collect();
    assert_eq!(codes.len(), 1_135);
    let odd = codes.iter().filter(|code| !is_credit_code(code)).count() as i64;
    let good = codes.len() as i64 - odd;

    let driver = Driver::start("zh_CN.UTF-8").await;
    let window = driver.open(&[]).await;
    first_use(&window).await;

    // A connection that reads a file: its columns are seen at once.
    window.click("first-connection").await;
    window.click("field-preset").await;
    window.find("[data-testid=preset-files]").await;
    window.settle().await;
    window.click("preset-files").await;
    window.gone("[data-testid=field-base-url]").await;
    window.type_into("field-name", "区县事项文件").await;
    window
        .click_css("[data-testid=carry][data-dataset=service_item]")
        .await;
    window
        .click_css("[data-testid=dataset-detail][data-dataset=service_item]")
        .await;
    window
        .type_into("file-path", &zhengqiao_tests::repository_file(FILE))
        .await;
    window.until_contains("[data-testid=file-found]", "7").await;
    assert_eq!(window.count("[data-testid=file-columns] tbody tr").await, 7);
    window.settle().await;
    window.shot("44-file").await;

    // Likely pairs are proposed and taken.
    window.click_css("#tab-mapping").await;
    window.find("[data-testid=take-proposals]").await;
    window.settle().await;
    window.click("take-proposals").await;
    window.gone("[data-testid=take-proposals]").await;
    window
        .until_contains(
            "[data-testid=mapping-row][data-field=task_code] [data-testid=mapping-value]",
            "511",
        )
        .await;
    window.settle().await;
    window.shot("45-mapping").await;
    window.press_escape().await;
    window.click("save").await;
    window.find("html[data-environment=test]").await;

    // The rest of the mapping comes from a shared file.
    window.click("nav-connections").await;
    window.click("connection-import").await;
    window
        .set_value("textarea[data-testid=import-text]", &shared("区县事项文件"))
        .await;
    window.click("import-look").await;
    window.click("import-confirm").await;
    window.gone("[data-testid=import-confirm]").await;

    // Every row is read and rejected, and the department codes are what the rules say.
    window.click("nav-sync").await;
    window.click("sync-now").await;
    window.click("sync-start").await;
    window
        .find("[data-testid=live] [data-state=finished_with_rejections]")
        .await;
    assert_eq!(
        window.number("[data-testid=count-fetched] b").await,
        codes.len() as i64
    );
    assert_eq!(
        window.number("[data-testid=count-rejected] b").await,
        codes.len() as i64
    );
    window.click("nav-rejected").await;
    window
        .find("[data-testid=cause-row][data-rule^='department.']")
        .await;
    // The causes come with one answer and are made as they are scrolled to.
    let mut by_rules = -1;
    let begun = std::time::Instant::now();
    while by_rules != odd && begun.elapsed() < std::time::Duration::from_secs(20) {
        window
            .scroll_to("[data-testid=cause-row]:last-of-type")
            .await;
        by_rules = 0;
        for rule in ["organisation_code", "format", "check"] {
            by_rules += window
                .sum(&format!(
                    "[data-testid=cause-row][data-rule='department.{rule}'] .number"
                ))
                .await;
        }
    }
    assert_eq!(by_rules, odd);
    window.scroll_to("[data-testid=all-causes]").await;
    window.settle().await;
    window.shot("46-file-rejected").await;

    // One more field is stated in the editor; what that does is counted before it is saved.
    window.click("nav-connections").await;
    window.click("connections-row").await;
    window
        .click_css("[data-testid=dataset-detail][data-dataset=service_item]")
        .await;
    window.find("[data-testid=file-found]").await;
    window.settle().await;
    window.click_css("#tab-mapping").await;
    window.find("[data-testid=sample-verdict]").await;
    window.type_into("mapping-search", "task_state").await;
    let row = "[data-testid=mapping-row][data-field=task_state]";
    window
        .click_css(&format!("{row} [data-testid=add-transform]"))
        .await;
    window.find("[data-testid=transform-default]").await;
    window.settle().await;
    window.click_css("[data-testid=transform-default]").await;
    window.type_into("step-value", "1").await;
    window
        .until_contains(&format!("{row} [data-testid=mapping-value]"), "1")
        .await;
    window.click("count-effect").await;
    window.find("[data-testid=effect][data-done=true]").await;
    let counted = window.number("[data-testid=effect-would_pass]").await;
    assert_eq!(counted, good);
    window.settle().await;
    window.shot("47-effect").await;
    window.press_escape().await;
    window.click("save").await;
    window
        .find("[data-testid=effect-dialog] [data-done=true]")
        .await;
    window.settle().await;
    window.shot("48-before-saving").await;
    window.click("effect-save").await;
    window.gone("[data-testid=effect-dialog]").await;
    window.click("versions").await;
    window.find("[data-testid=version][data-version='3']").await;
    window.settle().await;
    window.shot("49-versions").await;
    window.press_escape().await;

    // Exactly the counted records pass.
    window.click("nav-rejected").await;
    window.click("rejected-revalidate").await;
    window
        .until_contains("[data-testid=rejected-total]", &grouped(odd))
        .await;
    window.close().await;
}

/// A number with thousands separators.
fn grouped(number: i64) -> String {
    if number < 1_000 {
        return number.to_string();
    }
    format!("{},{:03}", number / 1_000, number % 1_000)
}
