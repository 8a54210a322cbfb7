//! Presets for front-end databases with the national exchange tables.

use zhengqiao_domain::DatasetId;

use super::{OVERLAP_S, profile};
use crate::auth::Auth;
use crate::database::{Polling, TableSource};
use crate::profile::{DatasetSource, Incremental, Interface, Profile};

/// PostgreSQL, names in lower case.
pub fn postgresql() -> Profile {
    let mut made = tables("frontend_postgresql", str::to_ascii_lowercase);
    made.base_url = "postgresql://".into();
    made
}

/// MySQL and MariaDB, names as the national tables have them.
pub fn mysql() -> Profile {
    let mut made = tables("frontend_mysql", str::to_owned);
    made.base_url = "mysql://".into();
    made
}

fn tables(name: &str, written: impl Fn(&str) -> String) -> Profile {
    let mut made = profile(
        name,
        Auth::Basic {
            user: String::new(),
        },
        |id| {
            let polling = match id.dataset().source_time {
                Some("cd_time") => Polling::Time {
                    column: "cd_time".into(),
                    overlap_s: OVERLAP_S,
                },
                _ => Polling::All,
            };
            DatasetSource {
                incremental: Some(Incremental::Cursor),
                table: Some(TableSource {
                    table: written(table_of(id)),
                    polling,
                    ..TableSource::default()
                }),
                ..DatasetSource::default()
            }
        },
    );
    made.interface = Interface::Database;
    made
}

/// The national exchange table of a dataset.
///
/// Source: practice; the tables that have no national name are named after the dataset.
fn table_of(id: DatasetId) -> &'static str {
    match id {
        DatasetId::ServiceItem => "UP_TASK_GENERAL_BASIC",
        DatasetId::CaseAcceptance => "UP_PRO_ACCEPT",
        DatasetId::CaseStep => "UP_PRO_PROCESS",
        DatasetId::CaseResult => "UP_PRO_RESULT",
        DatasetId::SpecialProcedure => "UP_PRO_SPECIAL_PROCEDURE",
        DatasetId::NaturalPerson => "UP_UC_PROVINCE_USER",
        DatasetId::LegalPerson => "UP_UC_CORPORATOR_IDENTITY",
        DatasetId::AgentAccount => "UP_UC_CORPORATOR_ACCOUNT",
        other => other.as_str(),
    }
}
