//! Private database servers from the system's packages: each in a directory of its own, on a loopback
//! port of its own, ended with the test.

#![allow(
    dead_code,
    clippy::expect_used,
    reason = "each test file uses some; a test that cannot be set up fails"
)]

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What a server may take to start.
const PATIENCE: Duration = Duration::from_mins(1);
/// A user who may only read.
pub const USER: &str = "reader";
/// What proves it.
pub const PASSWORD: &str = "p'w\"d 口令";

/// What a server encrypts with.
pub struct Tls<'a> {
    /// Its certificate, PEM.
    pub certificate: &'a str,
    /// The certificate's key, PEM.
    pub key: &'a str,
    /// Whose clients it takes; without it, it asks for no client certificate.
    pub clients: Option<&'a str>,
}

impl Tls<'_> {
    /// Writes the files into a directory, as their owner reads them.
    fn write(&self, dir: &Path, user: &str) {
        for (name, text) in [
            ("server.crt", self.certificate),
            ("server.key", self.key),
            ("clients.crt", self.clients.unwrap_or_default()),
        ] {
            let path = dir.join(name);
            std::fs::write(&path, text).unwrap();
            let mut command = Command::new("chmod");
            command.arg("600").arg(&path);
            run(command, "chmod");
            if is_root() {
                let mut command = Command::new("chown");
                command.arg(format!("{user}:")).arg(&path);
                run(command, "chown");
            }
        }
    }
}

/// A running server with the database `exchange` and a user who may only read.
pub struct Server {
    kind: Kind,
    port: u16,
    child: Child,
    dir: tempfile::TempDir,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Postgresql,
    Mariadb,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout.starts_with(b"0\n")
}

/// A program as the user whom its package made: servers refuse to be root.
fn as_user(user: &str, program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", user, "--regid", user, "--clear-groups"])
        .arg(program);
    command
}

fn run(mut command: Command, what: &str) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{what}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A directory that the server's user owns.
fn place(user: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    if is_root() {
        let mut command = Command::new("chown");
        command.arg(format!("{user}:")).arg(dir.path());
        run(command, "chown");
    }
    dir
}

fn until_it_listens(port: u16) {
    let begun = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(begun.elapsed() < PATIENCE, "the server does not listen");
        std::thread::yield_now();
    }
}

fn postgresql_bin() -> PathBuf {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .expect("PostgreSQL (package postgresql)")
        .map(|entry| entry.unwrap().path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop().expect("PostgreSQL (package postgresql)")
}

/// A new PostgreSQL server.
pub fn postgresql() -> Server {
    postgresql_with(None)
}

/// A new PostgreSQL server; one that encrypts takes the reader in no other way.
pub fn postgresql_with(tls: Option<&Tls<'_>>) -> Server {
    let bin = postgresql_bin();
    let dir = place("postgres");
    let data = dir.path().join("data");
    let mut init = as_user("postgres", &bin.join("initdb"));
    init.args([
        "-A",
        "trust",
        "-U",
        "postgres",
        "-E",
        "UTF8",
        "--locale=C",
        "-D",
    ])
    .arg(&data)
    .current_dir("/");
    run(init, "initdb");
    // Only the reader has to prove who it is.
    let (kind, proof) = match tls {
        None => ("host", ""),
        Some(Tls { clients: None, .. }) => ("hostssl", ""),
        Some(_) => ("hostssl", "clientcert=verify-full"),
    };
    std::fs::write(
        data.join("pg_hba.conf"),
        format!(
            "host all postgres 127.0.0.1/32 trust\n\
             {kind} all all 127.0.0.1/32 scram-sha-256 {proof}\n"
        ),
    )
    .unwrap();
    let mut settings = Vec::new();
    if let Some(tls) = tls {
        tls.write(dir.path(), "postgres");
        settings.push("ssl=on".to_owned());
        for (name, file) in [
            ("ssl_cert_file", "server.crt"),
            ("ssl_key_file", "server.key"),
            ("ssl_ca_file", "clients.crt"),
        ] {
            if file != "clients.crt" || tls.clients.is_some() {
                settings.push(format!("{name}={}", dir.path().join(file).display()));
            }
        }
    }
    let port = free_port();
    let child = start_postgresql(&data, port, &settings);
    until_it_listens(port);
    let server = Server {
        kind: Kind::Postgresql,
        port,
        child,
        dir,
    };
    server.wait_until_ready("postgres");
    server.script_in("postgres", "CREATE DATABASE exchange;\n");
    server.script(&format!(
        "CREATE USER reader PASSWORD '{}';\n\
         ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader;\n",
        PASSWORD.replace('\'', "''")
    ));
    server
}

fn start_postgresql(data: &Path, port: u16, settings: &[String]) -> Child {
    as_user("postgres", &postgresql_bin().join("postgres"))
        .arg("-D")
        .arg(data)
        .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
        .args([
            "-c",
            &format!("port={port}"),
            "-c",
            "unix_socket_directories=",
        ])
        .args(settings.iter().flat_map(|one| ["-c", one]))
        .current_dir("/")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A new MariaDB server.
pub fn mariadb() -> Server {
    mariadb_with(None)
}

/// A new MariaDB server; one that encrypts takes the reader in no other way.
pub fn mariadb_with(tls: Option<&Tls<'_>>) -> Server {
    let dir = place("mysql");
    let data = dir.path().join("data");
    let mut init = as_user("mysql", Path::new("mariadb-install-db"));
    init.args(["--auth-root-authentication-method=normal", "--skip-test-db"])
        .arg(format!("--datadir={}", data.display()));
    run(init, "mariadb-install-db (package mariadb-server)");
    let port = free_port();
    let mut settings = Vec::new();
    if let Some(tls) = tls {
        tls.write(dir.path(), "mysql");
        for (name, file) in [
            ("cert", "server.crt"),
            ("key", "server.key"),
            ("ca", "clients.crt"),
        ] {
            if file != "clients.crt" || tls.clients.is_some() {
                settings.push(format!("--ssl-{name}={}", dir.path().join(file).display()));
            }
        }
    } else {
        settings.push("--skip-ssl".to_owned());
    }
    let child = as_user("mysql", Path::new("/usr/sbin/mariadbd"))
        .arg("--no-defaults")
        .args(settings)
        .arg(format!("--datadir={}", data.display()))
        .arg(format!("--port={port}"))
        .arg(format!("--socket={}", dir.path().join("s").display()))
        .arg(format!("--pid-file={}", dir.path().join("pid").display()))
        .args([
            "--bind-address=127.0.0.1",
            "--innodb-flush-log-at-trx-commit=0",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until_it_listens(port);
    let server = Server {
        kind: Kind::Mariadb,
        port,
        child,
        dir,
    };
    server.wait_until_ready("mysql");
    server.script_in(
        "mysql",
        &format!(
            "CREATE DATABASE exchange CHARACTER SET utf8mb4;\n\
             CREATE USER reader@'127.0.0.1' IDENTIFIED BY '{}';\n\
             GRANT SELECT ON exchange.* TO reader@'127.0.0.1';\n",
            PASSWORD.replace('\'', "''")
        ),
    );
    match tls {
        None => {}
        Some(Tls { clients: None, .. }) => {
            server.script_in("mysql", "SET GLOBAL require_secure_transport = ON;\n");
        }
        Some(_) => {
            server.script_in("mysql", "ALTER USER reader@'127.0.0.1' REQUIRE X509;\n");
        }
    }
    server
}

impl Server {
    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server has another certificate from now on.
    pub fn renew(&self, tls: &Tls<'_>) {
        match self.kind {
            Kind::Postgresql => {
                tls.write(self.dir.path(), "postgres");
                let before = self.ask("SELECT pg_conf_load_time()");
                self.script("SELECT pg_reload_conf();\n");
                let begun = Instant::now();
                while self.ask("SELECT pg_conf_load_time()") == before {
                    assert!(begun.elapsed() < PATIENCE, "the server does not reload");
                }
            }
            Kind::Mariadb => {
                tls.write(self.dir.path(), "mysql");
                self.script("FLUSH SSL;\n");
            }
        }
    }

    pub fn address(&self) -> String {
        self.address_of("exchange")
    }

    pub fn address_of(&self, database: &str) -> String {
        let scheme = match self.kind {
            Kind::Postgresql => "postgresql",
            Kind::Mariadb => "mysql",
        };
        format!("{scheme}://127.0.0.1:{}/{database}", self.port)
    }

    /// Runs a script as the owner.
    pub fn script(&self, sql: &str) {
        self.script_in("exchange", sql);
    }

    fn client(&self, database: &str) -> Command {
        match self.kind {
            Kind::Postgresql => {
                let mut command = Command::new(postgresql_bin().join("psql"));
                command.args(["-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"]);
                command.args([
                    "-U",
                    "postgres",
                    "-d",
                    database,
                    "-p",
                    &self.port.to_string(),
                ]);
                command.env("PGSSLMODE", "disable");
                command
            }
            Kind::Mariadb => {
                let mut command = Command::new("mariadb");
                command.args([
                    "--no-defaults",
                    "-u",
                    "root",
                    "--default-character-set=utf8mb4",
                ]);
                command.arg(format!("--socket={}", self.dir.path().join("s").display()));
                command.arg(database);
                command
            }
        }
    }

    fn script_in(&self, database: &str, sql: &str) {
        let mut command = self.client(database);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(sql.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
    }

    /// Kills a PostgreSQL server without a word.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts a killed PostgreSQL server again, over the same data and at the same port.
    pub fn restart(&mut self) {
        let begun = Instant::now();
        let data = self.dir.path().join("data");
        loop {
            self.child = start_postgresql(&data, self.port, &[]);
            // What is left of the killed one may stand in the way for a moment.
            loop {
                if self.child.try_wait().unwrap().is_some() {
                    break;
                }
                let mut command = self.client("postgres");
                command.args(["-c", "SELECT 1"]).stdin(Stdio::null());
                if command.output().unwrap().status.success() {
                    return;
                }
                assert!(begun.elapsed() < PATIENCE, "the server does not come back");
            }
            assert!(begun.elapsed() < PATIENCE, "the server does not come back");
        }
    }

    /// The lines of a query's answer, as the owner.
    pub fn lines(&self, sql: &str) -> Vec<String> {
        let mut command = self.client("exchange");
        let output = command
            .args(["-t", "-A", "-c", sql])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{sql}: {said}");
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// The reader may also change rows.
    pub fn allow_updates(&self) {
        self.script(match self.kind {
            Kind::Postgresql => "GRANT UPDATE ON ALL TABLES IN SCHEMA public TO reader;\n",
            Kind::Mariadb => "GRANT UPDATE ON exchange.* TO reader@'127.0.0.1';\n",
        });
    }

    /// How many rows of a table there are.
    pub fn count(&self, table: &str, condition: &str) -> u64 {
        self.ask(&format!("SELECT COUNT(*) FROM {table} WHERE {condition}"))
            .parse()
            .unwrap()
    }

    /// The one value that a question gives.
    pub fn ask(&self, question: &str) -> String {
        let mut command = self.client("exchange");
        match self.kind {
            Kind::Postgresql => command.args(["-t", "-A", "-c"]),
            Kind::Mariadb => command.args(["-N", "-B", "-e"]),
        };
        command.arg(question);
        let output = command.stdin(Stdio::null()).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn wait_until_ready(&self, database: &str) {
        let begun = Instant::now();
        loop {
            let output = self.client(database).stdin(Stdio::null()).output().unwrap();
            if output.status.success() {
                return;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }

    /// A table with a number, a flag and these columns of text.
    pub fn create(&self, name: &str, columns: &[&String]) -> String {
        let list: Vec<String> = columns
            .iter()
            .map(|one| match self.kind {
                Kind::Postgresql => format!("\"{one}\" text"),
                Kind::Mariadb => format!("`{one}` longtext"),
            })
            .collect();
        format!(
            "CREATE TABLE {name} (seq int PRIMARY KEY, sync_sign varchar(1), {});\n",
            list.join(", ")
        )
    }

    /// A table that the reader may not read.
    pub fn forbidden(&self, name: &str) {
        match self.kind {
            Kind::Postgresql => self.script(&format!(
                "CREATE TABLE {name} (seq int PRIMARY KEY);\nREVOKE ALL ON {name} FROM reader;\n"
            )),
            Kind::Mariadb => self.script(&format!(
                "CREATE DATABASE other;\nCREATE TABLE other.{name} (seq int PRIMARY KEY);\n"
            )),
        }
    }

    /// A value in a script.
    pub fn literal(&self, text: Option<String>) -> String {
        let Some(text) = text else {
            return "NULL".into();
        };
        let text = text.replace('\'', "''");
        match self.kind {
            Kind::Postgresql => format!("'{}'", text.replace('\0', "")),
            Kind::Mariadb => format!("'{}'", text.replace('\\', "\\\\")),
        }
    }
}
