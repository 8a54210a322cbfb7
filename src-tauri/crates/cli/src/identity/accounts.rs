//! `zhengqiao identity accounts`.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{ApiError, ErrorCode, SaveAccountSource};
use zhengqiao_exchange::{Interface, Profile};

use crate::End;
use crate::output::{Output, line, table, when};

/// Shows or says by which connection the portal's accounts are read.
pub async fn run(
    console: &Console,
    connection: &str,
    from: Option<String>,
    own: bool,
    output: Output,
) -> Result<End, ApiError> {
    let id = console.connection_by_name(connection).await?;
    let source = match (from, own) {
        (Some(name), _) => {
            let from = console.connection_by_name(&name).await?;
            let request = SaveAccountSource {
                connection_id: id.connection_id,
                accounts_from: Some(from.connection_id),
            };
            console.save_account_source(request).await?
        }
        (None, true) => {
            let request = SaveAccountSource {
                connection_id: id.connection_id,
                accounts_from: None,
            };
            console.save_account_source(request).await?
        }
        (None, false) => console.get_account_source(id).await?,
    };
    output.print(&source, |source| {
        line(&format!(
            "portal accounts are read by {}: {} accounts, {} rejected, last read {}",
            source.source.name,
            source.source.accounts,
            source.source.rejected,
            when(source.source.last_read_at)
        ));
        table(
            &[
                "connection",
                "environment",
                "address",
                "reads accounts",
                "accounts",
                "last read",
            ],
            source.choices.iter().map(|one| {
                vec![
                    one.name.clone(),
                    one.environment.as_str().into(),
                    one.place.clone(),
                    if one.reads_accounts { "yes" } else { "no" }.into(),
                    one.accounts.to_string(),
                    when(one.last_read_at),
                ]
            }),
        );
    });
    Ok(End::Done)
}

/// Says where the accounts of a new connection are and which of them are read.
pub fn narrow(
    profile: &mut Profile,
    base: Option<&str>,
    filter: Option<&str>,
) -> Result<(), ApiError> {
    if base.is_none() && filter.is_none() {
        return Ok(());
    }
    for source in profile.datasets.values_mut() {
        match (profile.interface, &mut source.scim, &mut source.ldap) {
            (Interface::Scim, Some(scim), _) => {
                set(&mut scim.path, base);
                set(&mut scim.filter, filter);
            }
            (Interface::Ldap, _, Some(ldap)) => {
                set(&mut ldap.base, base);
                set(&mut ldap.filter, filter);
            }
            _ => {
                return Err(ApiError {
                    code: ErrorCode::InvalidRequest,
                    message: "--base, --filter: this preset has none; choose scim or ldap".into(),
                    retryable: false,
                    details: None,
                });
            }
        }
    }
    Ok(())
}

fn set(kept: &mut String, given: Option<&str>) {
    if let Some(given) = given {
        given.clone_into(kept);
    }
}
