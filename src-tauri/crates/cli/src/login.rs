//! `zhengqiao identity login`: a test login from the command line.

use std::io::BufRead;

use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, KeepTestLogin, KeptSample, LoginChange, PasteTestLogin, StartTestLogin, TestLoginId,
    TestLoginResult, TestLoginState, TestLoginView, WatchTestLogin,
};
use zhengqiao_identity::AccountKind;
use zhengqiao_signon::{FindingKind, Step, StepOutcome};

use crate::End;
use crate::identity::word;
use crate::identity_args::LoginCommand;
use crate::output::{Output, line, table};

/// What is printed as JSON.
#[derive(serde::Serialize)]
struct Told {
    #[serde(flatten)]
    login: TestLoginView,
    kept_sample: Option<KeptSample>,
}

pub async fn run(
    console: &Console,
    command: LoginCommand,
    output: Output,
) -> Result<End, ApiError> {
    let connection_id = console
        .connection_by_name(&command.connection)
        .await?
        .connection_id;
    let kind = word("kind", Some(command.kind.clone()))?.unwrap_or(AccountKind::Natural);
    let mut login = console
        .start_test_login(StartTestLogin {
            connection_id,
            kind,
            log_out: command.logout,
        })
        .await?;
    let id = TestLoginId {
        test_login_id: login.test_login_id,
    };
    let (mut announced, mut printed) = (false, 0);
    loop {
        printed = print_steps(&login.steps, printed);
        if !announced && login.state == TestLoginState::Waiting {
            announced = true;
            announce(console, &login, &command).await;
        }
        if !matches!(
            login.state,
            TestLoginState::Preparing | TestLoginState::Waiting
        ) {
            break;
        }
        login = console
            .watch_test_login(WatchTestLogin {
                test_login_id: id.test_login_id,
                seen: login.version,
            })
            .await?;
    }
    let kept_sample = match command.keep_sample {
        Some(name) if login.result.is_some() => Some(
            console
                .keep_test_login(KeepTestLogin {
                    test_login_id: id.test_login_id,
                    name,
                })
                .await?,
        ),
        _ => None,
    };
    console.cancel_test_login(id).await?;
    let end = end(&login);
    output.print(&Told { login, kept_sample }, |told| {
        if let Some(failure) = &told.login.failure {
            line(&format!("✗ {}: {}", failure.code, failure.message));
        }
        if let Some(result) = &told.login.result {
            print_result(result);
        }
        for address in &told.login.logout_addresses {
            line(&format!("退出 · log out: {address}"));
        }
        if let Some(sample) = &told.kept_sample {
            line(&format!("已保留样本 · kept as a sample: {}", sample.name));
        }
    });
    Ok(end)
}

/// Says where to sign in, opens it where there is a browser, and reads what is pasted.
async fn announce(console: &Console, login: &TestLoginView, command: &LoginCommand) {
    let address = login.address.as_deref().unwrap_or_default();
    eprintln!("请在浏览器中登录 · sign in with a browser:\n{address}");
    let id = TestLoginId {
        test_login_id: login.test_login_id,
    };
    let has_display = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
        || cfg!(any(windows, target_os = "macos"));
    if !command.no_browser && has_display && console.open_test_login(id).await.is_err() {
        eprintln!("没有可用的浏览器 · there is no browser here; open the address elsewhere");
    }
    if !command.paste && !login.needs_paste {
        return;
    }
    eprintln!(
        "登录后请粘贴浏览器地址栏的完整地址 · then paste the address that the browser ends at:"
    );
    let console = console.clone();
    // A line of standard input cannot be waited for and given up; the program ends without it.
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else {
            return;
        };
        for address in std::io::stdin().lock().lines().map_while(Result::ok) {
            if address.trim().is_empty() {
                continue;
            }
            let request = PasteTestLogin {
                test_login_id: id.test_login_id,
                address,
            };
            match runtime.block_on(console.paste_test_login(request)) {
                Ok(_) => return,
                Err(error) => eprintln!("✗ {}", error.message),
            }
        }
    });
}

fn print_steps(steps: &[Step], printed: usize) -> usize {
    let ended = steps
        .iter()
        .take_while(|step| step.outcome != StepOutcome::Running)
        .count();
    for step in steps.iter().take(ended).skip(printed) {
        let mark = if step.outcome == StepOutcome::Done {
            "✓"
        } else {
            "✗"
        };
        eprintln!(
            "{mark} {:<10} {:>6} ms  {} {}",
            name(&step.kind),
            step.took_ms.unwrap_or_default(),
            step.subject,
            step.code.as_deref().unwrap_or_default()
        );
    }
    ended.max(printed)
}

fn print_result(result: &TestLoginResult) {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    table(
        &["received claim", "value", "used"],
        result.claims.iter().map(|claim| {
            let used = if claim.is_used { "✓" } else { "" };
            vec![claim.name.clone(), claim.value.clone(), used.into()]
        }),
    );
    table(
        &["portal field", "mapped", "state"],
        result.fields.iter().map(|field| {
            let short = field.row.portal_field.rsplit(':').next();
            vec![
                short.unwrap_or_default().to_owned(),
                text(&field.mapped),
                field.state.clone(),
            ]
        }),
    );
    line(&format!(
        "{} portal accounts compared",
        result.accounts_compared
    ));
    table(
        &[
            "account",
            "name",
            "site",
            "bound",
            "state",
            "evidence",
            "conflicts",
        ],
        result.accounts.iter().map(|account| {
            let evidence: Vec<String> = account
                .evidence
                .iter()
                .map(|one| {
                    format!(
                        "{}{}",
                        if one.agrees { "=" } else { "≠" },
                        one.kind.as_str()
                    )
                })
                .collect();
            let conflicts: Vec<&str> = account.conflicts.iter().map(|one| one.as_str()).collect();
            let bound = match (account.would_be_bound, account.bound_elsewhere) {
                (true, _) => "yes",
                (_, true) => "somebody else",
                _ => "no",
            };
            vec![
                account.account_id.clone(),
                text(&account.title),
                text(&account.site),
                bound.into(),
                account.state.as_str().into(),
                evidence.join(" "),
                conflicts.join(", "),
            ]
        }),
    );
    table(
        &["change", "account", "before", "after"],
        result.changes.iter().map(|change: &LoginChange| {
            vec![
                name(&change.kind),
                text(&change.account_id),
                text(&change.before),
                text(&change.after),
            ]
        }),
    );
    table(
        &["finding", "on"],
        result
            .findings
            .iter()
            .map(|finding| vec![name(&finding.kind), finding.subject.clone()]),
    );
}

/// A word as it is in JSON.
fn name<T: serde::Serialize>(word: &T) -> String {
    match serde_json::to_value(word) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

/// What a script is told: findings about the protocol's side are advice, those about the person or
/// the claims need a decision.
fn end(login: &TestLoginView) -> End {
    match (&login.state, &login.result) {
        (TestLoginState::Done, Some(result)) => {
            let needs = result.findings.iter().any(|finding| {
                matches!(
                    finding.kind,
                    FindingKind::LevelTooLow
                        | FindingKind::AgentExpired
                        | FindingKind::AgentNotYetValid
                        | FindingKind::ClaimMissing
                        | FindingKind::ClaimInvalid
                        | FindingKind::ClaimWrongKind
                        | FindingKind::UnprovenClaim
                        | FindingKind::BoundElsewhere
                )
            });
            if needs { End::NeedsDecision } else { End::Done }
        }
        _ => End::Failed,
    }
}
