//! What a database says is wrong, by the names that HTTP providers' faults have too.

use zhengqiao_domain::DatasetId;

use crate::error::{ExchangeError, Fault};
use crate::tls;

/// What went wrong, before it is known with which dataset.
#[derive(Debug)]
pub struct Trouble {
    pub fault: Fault,
    pub what: String,
    /// Why there is no encryption.
    tls: Option<rustls::Error>,
}

impl Trouble {
    pub fn new(fault: Fault, what: impl Into<String>) -> Self {
        Self {
            fault,
            what: what.into(),
            tls: None,
        }
    }

    /// What an error is that the server did not tell.
    fn outside(error: &(dyn std::error::Error + 'static)) -> Self {
        let tls = tls_cause(error).cloned();
        let fault = match &tls {
            Some(cause) => tls::fault(cause, false, false),
            None => outside(error),
        };
        Self {
            tls,
            ..Self::new(fault, chain(error))
        }
    }

    /// What it is where we have a client certificate.
    pub fn proving(mut self) -> Self {
        if let Some(cause) = &self.tls {
            self.fault = tls::fault(cause, false, true);
        }
        self
    }

    pub fn timeout(what: &str) -> Self {
        Self::new(Fault::Timeout, what)
    }

    /// The error of a dataset's table.
    pub fn of(self, dataset: Option<DatasetId>, path: &str) -> ExchangeError {
        ExchangeError::Request {
            fault: self.fault,
            dataset,
            path: path.to_owned(),
            what: self.what,
        }
    }
}

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(said) = error.as_db_error() else {
            return Self::outside(&error);
        };
        let fault = match said.code().code() {
            "28000" => barred(said.message()),
            "28P01" => Fault::Unauthorised,
            "3D000" => Fault::DatabaseMissing,
            "42P01" | "3F000" => Fault::TableMissing,
            "42703" => Fault::ColumnMissing,
            "42501" => Fault::Forbidden,
            "53300" | "57P03" => Fault::RateLimited,
            "57014" => Fault::Timeout,
            "57P01" | "57P02" => Fault::Reset,
            _ => Fault::ProviderError,
        };
        Self::new(
            fault,
            format!("{} ({})", said.message(), said.code().code()),
        )
    }
}

impl From<mysql_async::Error> for Trouble {
    fn from(error: mysql_async::Error) -> Self {
        let mysql_async::Error::Server(said) = &error else {
            return Self::outside(&error);
        };
        let fault = match said.code {
            1045 | 1698 => Fault::Unauthorised,
            1049 => Fault::DatabaseMissing,
            1146 => Fault::TableMissing,
            1054 => Fault::ColumnMissing,
            1044 | 1142 | 1143 => Fault::Forbidden,
            1129 | 1130 => Fault::HostNotAllowed,
            3159 => Fault::EncryptionNeeded,
            1040 | 1203 | 1226 => Fault::RateLimited,
            1205 | 1969 | 3024 => Fault::Timeout,
            1053 | 1927 => Fault::Reset,
            _ => Fault::ProviderError,
        };
        Self::new(fault, format!("{} ({})", said.message, said.code))
    }
}

/// Why PostgreSQL lets nobody in, whatever the password. The server speaks English or Chinese.
///
/// Source: PostgreSQL, `auth.c`.
fn barred(message: &str) -> Fault {
    let speaks = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if speaks(&["client certificate", "客户端证书"]) {
        Fault::ClientCertMissing
    } else if !speaks(&["pg_hba.conf"]) {
        Fault::Unauthorised
    } else if speaks(&["no encryption", "SSL off", "没有加密", "SSL 关闭"]) {
        Fault::EncryptionNeeded
    } else {
        Fault::HostNotAllowed
    }
}

/// The TLS error among the causes. The causes of an I/O error are inside it, not behind it.
fn tls_cause<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(one) = next {
        if let Some(found) = one.downcast_ref() {
            return Some(found);
        }
        let inner = one
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => one.source(),
        };
    }
    None
}

/// Which fault an error is that is none of TLS.
fn outside(error: &(dyn std::error::Error + 'static)) -> Fault {
    if matches!(
        error.downcast_ref(),
        Some(mysql_async::Error::Driver(
            mysql_async::DriverError::NoClientSslFlagFromServer
        ))
    ) || chain(error).contains("server does not support TLS")
    {
        return Fault::NoEncryption;
    }
    let mut cause = Some(error);
    while let Some(one) = cause {
        if let Some(io) = one.downcast_ref::<std::io::Error>() {
            return match io.kind() {
                std::io::ErrorKind::ConnectionRefused => Fault::Connect,
                std::io::ErrorKind::TimedOut => Fault::Timeout,
                std::io::ErrorKind::InvalidData => Fault::Tls,
                _ => Fault::Reset,
            };
        }
        cause = one.source();
    }
    if error.to_string().contains("TLS") {
        return Fault::Tls;
    }
    Fault::Reset
}

/// What an error and its causes say.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(one) = cause {
        let more = one.to_string();
        if !said.contains(&more) {
            said.push_str(": ");
            said.push_str(&more);
        }
        cause = one.source();
    }
    said
}
