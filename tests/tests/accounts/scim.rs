//! A private SCIM 2.0 service: PyPI's scim2-server in an environment of its own, on a loopback port of
//! its own, ended with the test.

#![allow(
    dead_code,
    clippy::expect_used,
    reason = "each test file uses some; a test that cannot be set up fails"
)]

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// What the service takes for a proof.
pub const TOKEN: &str = "scim-token-7c1f2ab8";
/// Users of the portal have these besides what SCIM knows.
pub const EXTENSION: &str = "urn:zhengqiao:scim:extension:identity:2.0:User";

const PATIENCE: Duration = Duration::from_mins(1);
const VERSION: &str = "scim2-server[cursor]==0.8.3";
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A running service.
pub struct Scim {
    port: u16,
    child: Child,
    dir: tempfile::TempDir,
}

impl Drop for Scim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Waits for a server of this test; one that ended says why.
pub fn until_it_listens(port: u16, child: &mut Child) {
    let begun = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(begun.elapsed() < PATIENCE, "the server does not listen");
        assert!(child.try_wait().unwrap().is_none(), "the server ended");
        std::thread::yield_now();
    }
}

/// The program, installed into a place of its own the first time.
fn program() -> PathBuf {
    let _one = ONE_AT_A_TIME
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scim2-server-0.8.3");
    let program = place.join("bin/scim2-server");
    if place.join("complete").exists() {
        return program;
    }
    let run = |command: &mut Command| {
        let output = command.output().expect("python3 with venv");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    run(Command::new("python3").args(["-m", "venv"]).arg(&place));
    run(Command::new(place.join("bin/python")).args(["-m", "pip", "install", "--quiet", VERSION]));
    std::fs::write(place.join("complete"), VERSION).unwrap();
    program
}

fn start(dir: &Path, port: u16, more: &[&str]) -> Child {
    let mut child = Command::new(program())
        .args(["--port", &port.to_string(), "--bearer-token", TOKEN])
        .args(more)
        .current_dir(dir)
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(dir.join("log")).unwrap())
        .spawn()
        .unwrap();
    until_it_listens(port, &mut child);
    child
}

/// The list of something, without what only the service itself knows.
async fn list(port: u16, what: &str) -> Vec<Value> {
    let answer: Value = reqwest::Client::new()
        .get(format!("http://127.0.0.1:{port}/v2/{what}"))
        .bearer_auth(TOKEN)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let mut all = answer["Resources"].as_array().unwrap().clone();
    for one in &mut all {
        one.as_object_mut().unwrap().remove("meta");
    }
    all
}

impl Scim {
    /// A service whose users have the extension; `gives_cursors` as RFC 9865 has them.
    pub async fn start(gives_cursors: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        // What SCIM knows is asked of the service itself, and ours is put beside it.
        let mut plain = start(dir.path(), port, &[]);
        let mut schemas = list(port, "Schemas").await;
        let mut types = list(port, "ResourceTypes").await;
        plain.kill().unwrap();
        plain.wait().unwrap();
        let attributes: Vec<Value> = [
            "certKey",
            "boundTo",
            "boundBy",
            "accountKind",
            "creditCode",
            "certificateType",
            "certificateNumber",
            "requiredLevel",
        ]
        .iter()
        .map(|name| {
            json!({
                "name": name, "type": "string", "multiValued": false, "description": name,
                "required": false, "caseExact": true, "mutability": "readWrite",
                "returned": "default", "uniqueness": "none",
            })
        })
        .collect();
        schemas.push(json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": EXTENSION, "name": "Identity", "description": "Identity", "attributes": attributes,
        }));
        types[0]["schemaExtensions"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "schema": EXTENSION, "required": false }));
        let supported = json!({ "supported": true });
        let refused = json!({ "supported": false, "maxOperations": 0, "maxPayloadSize": 0 });
        let config = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
            "patch": supported, "bulk": refused,
            "filter": { "supported": true, "maxResults": 1000 },
            "changePassword": { "supported": false }, "sort": supported, "etag": supported,
            "pagination": {
                "cursor": gives_cursors, "index": true, "defaultPaginationMethod": "index",
                "defaultPageSize": 50, "maxPageSize": 60, "cursorTimeout": 3600,
            },
            "authenticationSchemes": [],
        });
        for (name, value) in [
            ("schemas.json", Value::from(schemas)),
            ("types.json", Value::from(types)),
            ("config.json", config),
        ] {
            std::fs::write(dir.path().join(name), value.to_string()).unwrap();
        }
        let child = start(dir.path(), port, &Self::ARGS);
        Self { port, child, dir }
    }

    const ARGS: [&'static str; 6] = [
        "--schema",
        "schemas.json",
        "--resource-type",
        "types.json",
        "--service-provider-config",
        "config.json",
    ];

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/v2", self.port)
    }

    /// Adds a user; gives its id.
    pub async fn add(&self, number: usize, bound_to: Option<&str>) -> String {
        let mut own = json!({ "accountKind": "natural", "certKey": key(number) });
        if let Some(bound) = bound_to {
            own["boundTo"] = bound.into();
        }
        let user = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", EXTENSION],
            "userName": format!("user{number:05}"), "active": true,
            "name": { "formatted": format!("张{number}") },
            "phoneNumbers": [{ "type": "mobile", "value": format!("138{number:08}") }],
            "roles": [{ "value": "reader" }, { "value": "writer" }],
            EXTENSION: own,
        });
        let answer = reqwest::Client::new()
            .post(format!("{}/Users", self.address()))
            .bearer_auth(TOKEN)
            .header("content-type", "application/scim+json")
            .body(user.to_string())
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 201);
        let made: Value = answer.json().await.unwrap();
        made["id"].as_str().unwrap().to_owned()
    }

    /// A user as the service has it; nothing when there is none.
    pub async fn user(&self, id: &str) -> Option<Value> {
        let answer = reqwest::Client::new()
            .get(format!("{}/Users/{id}", self.address()))
            .bearer_auth(TOKEN)
            .send()
            .await
            .unwrap();
        if answer.status() == 404 {
            return None;
        }
        Some(answer.json().await.unwrap())
    }

    /// What a user is bound to.
    pub async fn bound_to(&self, id: &str) -> Option<String> {
        let user = self.user(id).await.unwrap();
        user[EXTENSION]["boundTo"].as_str().map(str::to_owned)
    }

    /// Somebody else changes a user.
    pub async fn change(&self, id: &str, operations: Value) {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations,
        });
        let answer = reqwest::Client::new()
            .patch(format!("{}/Users/{id}", self.address()))
            .bearer_auth(TOKEN)
            .header("content-type", "application/scim+json")
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
    }

    /// Somebody else deletes a user.
    pub async fn delete(&self, id: &str) {
        let answer = reqwest::Client::new()
            .delete(format!("{}/Users/{id}", self.address()))
            .bearer_auth(TOKEN)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 204);
    }

    /// How often each user was changed, as the service logged it.
    pub fn patches(&self) -> std::collections::BTreeMap<String, usize> {
        let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap();
        let mut patches = std::collections::BTreeMap::new();
        for line in log.lines() {
            let Some((_, rest)) = line.split_once("\"PATCH /v2/Users/") else {
                continue;
            };
            let id = rest.split([' ', '?']).next().unwrap_or_default();
            if rest.contains("\" 20") {
                *patches.entry(id.to_owned()).or_default() += 1;
            }
        }
        patches
    }

    /// Ends the service without a word.
    pub fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The identity hash of a person.
pub fn key(number: usize) -> String {
    format!("{number:064x}")
}
