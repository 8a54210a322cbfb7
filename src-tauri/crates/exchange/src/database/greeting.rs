//! The first words of a database server: which system answers, and whether it can encrypt.
//!
//! The libraries tell a port that speaks something else only as a broken connection or a time-out;
//! here it is told by its name.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::System;
use crate::diagnose::wire::{Answer, ask, shown};
use crate::error::Fault;

/// Silence of so long makes curious who is there.
const PAUSE: Duration = Duration::from_secs(1);
/// `SSLRequest`: length 8 and the number 80877103.
///
/// Source: PostgreSQL, frontend/backend protocol, message formats.
const POSTGRES_ENCRYPT: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// Flags of a MySQL handshake: protocol 4.1, SSL, transactions, secure connection, plugin.
///
/// Source: MySQL, client/server protocol, capability flags.
const MYSQL_FLAGS: u32 = 0x0008_AA01;
/// The flag for SSL.
const MYSQL_SSL: u16 = 0x0800;

/// Who answers at a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speaker {
    /// PostgreSQL, and whether it encrypts.
    Postgres { encrypts: bool },
    /// MySQL or MariaDB of this version, and whether it encrypts.
    Mysql { encrypts: bool, version: String },
    /// MySQL or MariaDB that lets nobody in, with its reason.
    Refusing { code: u16, reason: String },
    /// An HTTP server, by its first line.
    Http(String),
    /// Something that wants TLS at once.
    Tls,
    /// Something else.
    Other(Vec<u8>),
}

impl Speaker {
    /// What to call it.
    pub fn name(&self) -> String {
        match self {
            Speaker::Postgres { .. } => "PostgreSQL".into(),
            Speaker::Mysql { version, .. } => version.clone(),
            Speaker::Refusing { reason, .. } => reason.clone(),
            Speaker::Http(line) => line.clone(),
            Speaker::Tls => "TLS".into(),
            Speaker::Other(bytes) => shown(bytes),
        }
    }

    /// What is wrong with it for one who wanted `system`.
    fn fault(&self, system: System) -> Option<Fault> {
        match (self, system) {
            (Speaker::Postgres { .. }, System::Postgres)
            | (Speaker::Mysql { .. }, System::Mysql) => None,
            (Speaker::Refusing { code, .. }, System::Mysql) => Some(match code {
                1129 | 1130 => Fault::HostNotAllowed,
                1040 | 1203 => Fault::RateLimited,
                _ => Fault::ProviderError,
            }),
            (Speaker::Postgres { .. } | Speaker::Mysql { .. } | Speaker::Refusing { .. }, _) => {
                Some(Fault::OtherDatabase)
            }
            (Speaker::Http(_) | Speaker::Tls | Speaker::Other(_), _) => Some(Fault::NoDatabase),
        }
    }

    fn encrypts(&self) -> bool {
        matches!(
            self,
            Speaker::Postgres { encrypts: true } | Speaker::Mysql { encrypts: true, .. }
        )
    }
}

/// A server that is of the system wanted.
pub struct Greeting {
    /// What it is.
    pub name: String,
    /// Whether it encrypts.
    pub encrypts: bool,
}

enum Heard {
    Bytes(Vec<u8>),
    Ended(io::Error),
    Silence,
}

/// Listens to the first words of a server, and asks for encryption where it has to be asked.
///
/// # Errors
/// What is wrong, by its name, and what was seen.
pub async fn greet(
    system: System,
    wire: &mut TcpStream,
    addresses: &[SocketAddr],
    patience: Duration,
) -> Result<Greeting, (Fault, String)> {
    if system == System::Postgres
        && let Err(error) = wire.write_all(&POSTGRES_ENCRYPT).await
    {
        return Err((Fault::Reset, error.to_string()));
    }
    let mut first = heard(wire, PAUSE.min(patience)).await;
    if matches!(first, Heard::Silence) {
        if let Some(other) = who(addresses, PAUSE.min(patience)).await
            && let Some(fault) = other.fault(system)
        {
            return Err((fault, other.name()));
        }
        // A server that looks up our name before it greets takes its time.
        first = heard(wire, patience.saturating_sub(PAUSE)).await;
    }
    let speaker = match first {
        Heard::Bytes(bytes) => understand(bytes),
        Heard::Silence => return Err((Fault::Timeout, format!("{} ms", patience.as_millis()))),
        // What does not understand the first word closes.
        Heard::Ended(error) => match who(addresses, PAUSE.min(patience)).await {
            Some(other) if other.fault(system).is_some() => other,
            _ => return Err((Fault::Reset, error.to_string())),
        },
    };
    // What answers the first word with something odd may say who it is to a question.
    let speaker = match speaker {
        Speaker::Other(bytes) => who(addresses, PAUSE.min(patience))
            .await
            .unwrap_or(Speaker::Other(bytes)),
        known => known,
    };
    match speaker.fault(system) {
        Some(fault) => Err((fault, speaker.name())),
        None => Ok(Greeting {
            name: speaker.name(),
            encrypts: speaker.encrypts(),
        }),
    }
}

/// Asks a MySQL server for encryption; PostgreSQL was asked when it was greeted.
pub async fn ask_for_encryption(system: System, wire: &mut TcpStream) -> io::Result<()> {
    if system == System::Postgres {
        return Ok(());
    }
    // SSLRequest: flags, the largest packet, utf8mb4, 23 zeros. The packet before it had number 0.
    let mut packet = vec![32, 0, 0, 1];
    packet.extend(MYSQL_FLAGS.to_le_bytes());
    packet.extend(0x0100_0000_u32.to_le_bytes());
    packet.push(45);
    packet.resize(36, 0);
    wire.write_all(&packet).await?;
    wire.flush().await
}

/// Asks who is there in the ways of those who may be.
async fn who(addresses: &[SocketAddr], patience: Duration) -> Option<Speaker> {
    let open = async || {
        tokio::time::timeout(patience, TcpStream::connect(addresses))
            .await
            .ok()?
            .ok()
    };
    let mut wire = open().await?;
    wire.write_all(&POSTGRES_ENCRYPT).await.ok()?;
    let mut odd = None;
    if let Heard::Bytes(bytes) = heard(&mut wire, patience).await {
        match understand(bytes) {
            other @ Speaker::Other(_) => odd = Some(other),
            known => return Some(known),
        }
    }
    let mut wire = open().await?;
    let question = "HEAD / HTTP/1.1\r\nHost: database\r\nConnection: close\r\n\r\n";
    match ask(&mut wire, question, patience).await {
        Answer::Head(head) => Some(Speaker::Http(head.line)),
        Answer::Other(bytes) => Some(understand(bytes)),
        Answer::Silence | Answer::Broken(_) => odd,
    }
}

async fn heard(wire: &mut TcpStream, patience: Duration) -> Heard {
    let mut bytes = vec![0; 512];
    match tokio::time::timeout(patience, wire.read(&mut bytes)).await {
        Ok(Ok(0)) => Heard::Ended(io::ErrorKind::UnexpectedEof.into()),
        Ok(Ok(read)) => {
            bytes.truncate(read);
            Heard::Bytes(bytes)
        }
        Ok(Err(error)) => Heard::Ended(error),
        Err(_) => Heard::Silence,
    }
}

/// Who says such a thing first. PostgreSQL's answer is one byte and nothing else: more would have
/// been put in by somebody else.
fn understand(bytes: Vec<u8>) -> Speaker {
    match bytes.as_slice() {
        b"S" => Speaker::Postgres { encrypts: true },
        b"N" => Speaker::Postgres { encrypts: false },
        [_, _, _, 0, 10, rest @ ..] => mysql(rest).unwrap_or(Speaker::Other(bytes)),
        [_, _, _, 0, 0xff, low, high, reason @ ..] => Speaker::Refusing {
            code: u16::from_le_bytes([*low, *high]),
            reason: String::from_utf8_lossy(reason).chars().take(200).collect(),
        },
        [0x15, 3, ..] => Speaker::Tls,
        text if text.starts_with(b"HTTP/") => Speaker::Http(
            String::from_utf8_lossy(text)
                .lines()
                .next()
                .unwrap_or_default()
                .chars()
                .take(120)
                .collect(),
        ),
        _ => Speaker::Other(bytes),
    }
}

/// The greeting of protocol 10 behind its number: version, 0, thread (4), salt (8), 0, flags (2).
fn mysql(rest: &[u8]) -> Option<Speaker> {
    let end = rest.iter().position(|byte| *byte == 0)?;
    let flags: [u8; 2] = rest.get(end + 14..end + 16)?.try_into().ok()?;
    let version = String::from_utf8_lossy(rest.get(..end)?);
    // MariaDB 10 says 5.5.5 first for those who know no 10.
    let version: String = version
        .trim_start_matches("5.5.5-")
        .chars()
        .take(80)
        .collect();
    let name = if version.contains("MariaDB") {
        version
    } else {
        format!("MySQL {version}")
    };
    Some(Speaker::Mysql {
        encrypts: u16::from_le_bytes(flags) & MYSQL_SSL != 0,
        version: name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_greeting_tells_version_and_encryption() {
        let mut bytes = b"\x60\0\0\0\x0a5.5.5-10.11.19-MariaDB\0".to_vec();
        bytes.extend([1, 0, 0, 0]);
        bytes.extend([7; 8]);
        bytes.extend([0, 0xfe, 0xff, 45]);
        assert_eq!(
            understand(bytes.clone()),
            Speaker::Mysql {
                encrypts: true,
                version: "10.11.19-MariaDB".into()
            }
        );
        let flags = bytes.len() - 2;
        bytes[flags] = 0xf7;
        assert!(!understand(bytes).encrypts());
    }

    #[test]
    fn more_than_one_byte_is_no_answer_of_postgresql() {
        assert_eq!(understand(b"SX".to_vec()), Speaker::Other(b"SX".to_vec()));
    }

    proptest! {
        #[test]
        fn no_greeting_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = understand(bytes).name();
        }
    }
}
