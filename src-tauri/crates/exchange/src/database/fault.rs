//! What a database says is wrong, by the names that HTTP providers' faults have too.

use crate::error::{ExchangeError, Fault};
use zhengqiao_domain::DatasetId;

/// What went wrong, before it is known with which dataset.
#[derive(Debug)]
pub struct Trouble {
    pub fault: Fault,
    pub what: String,
}

impl Trouble {
    pub fn new(fault: Fault, what: impl Into<String>) -> Self {
        Self {
            fault,
            what: what.into(),
        }
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
            return Self::new(outside(&error), chain(&error));
        };
        let fault = match said.code().code() {
            "28P01" | "28000" => Fault::Unauthorised,
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
            return Self::new(outside(&error), chain(&error));
        };
        let fault = match said.code {
            1045 | 1698 => Fault::Unauthorised,
            1049 => Fault::DatabaseMissing,
            1146 => Fault::TableMissing,
            1054 => Fault::ColumnMissing,
            1044 | 1142 | 1143 => Fault::Forbidden,
            1040 | 1203 | 1226 => Fault::RateLimited,
            1205 | 1969 | 3024 => Fault::Timeout,
            1053 | 1927 => Fault::Reset,
            _ => Fault::ProviderError,
        };
        Self::new(fault, format!("{} ({})", said.message, said.code))
    }
}

/// Which fault an error is that the server did not tell.
fn outside(error: &(dyn std::error::Error + 'static)) -> Fault {
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
        if one.downcast_ref::<rustls::Error>().is_some() {
            return Fault::Tls;
        }
        cause = one.source();
    }
    if error.to_string().contains("TLS") {
        return Fault::Tls;
    }
    Fault::Reset
}

/// What an error and its causes say.
fn chain(error: &dyn std::error::Error) -> String {
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
