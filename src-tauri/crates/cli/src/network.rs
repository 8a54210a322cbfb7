//! `zhengqiao connection network-secret` and `connection expiries`.

use std::path::Path;

use base64::Engine as _;
use zhengqiao_api::Console;
use zhengqiao_api::contract::{ApiError, Nothing, Pkcs12File, SaveNetworkSecrets};

use crate::End;
use crate::connection::{file_error, text_from_stdin};
use crate::connection_args::NetworkSecret;
use crate::output::{Output, line, table, when};

/// Changes a secret of a connection's network; an empty standard input forgets it.
pub async fn secret(
    console: &Console,
    name: &str,
    which: NetworkSecret,
    file: Option<&Path>,
    output: Output,
) -> Result<End, ApiError> {
    let id = console.connection_by_name(name).await?;
    let typed = text_from_stdin()?;
    let mut request = SaveNetworkSecrets {
        connection_id: id.connection_id,
        proxy_password: None,
        client_key: None,
        client_pkcs12: None,
    };
    match (which, file) {
        (NetworkSecret::ProxyPassword, _) => request.proxy_password = Some(typed),
        (NetworkSecret::ClientKey, _) => request.client_key = Some(typed),
        (NetworkSecret::Pkcs12, Some(path)) => {
            let bytes = std::fs::read(path).map_err(|error| file_error(path, &error))?;
            request.client_pkcs12 = Some(Pkcs12File {
                content: base64::engine::general_purpose::STANDARD.encode(bytes),
                passphrase: typed,
            });
        }
        (NetworkSecret::Pkcs12, None) => {}
    }
    let detail = console.save_network_secrets(request).await?;
    output.print(&detail.network_secrets, |kept| {
        for one in kept {
            line(&format!(
                "{} is kept, changed {}",
                one.name,
                when(Some(one.changed_at))
            ));
        }
    });
    Ok(End::Done)
}

/// What ends when, over all connections.
pub async fn expiries(console: &Console, output: Output) -> Result<End, ApiError> {
    let list = console.list_expiries(Nothing {}).await?;
    output.print(&list, |list| {
        table(
            &["ends", "what", "of", "connection", "environment"],
            list.iter().map(|row| {
                vec![
                    when(Some(row.not_after_ms)),
                    row.kind.clone(),
                    row.subject.clone(),
                    row.connection.clone(),
                    row.environment.as_str().to_owned(),
                ]
            }),
        );
    });
    Ok(End::Done)
}
