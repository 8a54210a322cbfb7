//! `zhengqiao identity drift | sign-off | sign-offs`.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{ApiError, ExportSignOff, SignOffBindings};

use crate::End;
use crate::output::{Output, line, table};

pub async fn drift(console: &Console, connection: &str, output: Output) -> Result<End, ApiError> {
    let id = console.connection_by_name(connection).await?;
    let drift = console.get_binding_drift(id).await?;
    output.print(&drift, |drift| {
        let Some(signed) = &drift.signed else {
            line("no review was signed off yet");
            return;
        };
        line(&format!("since the sign-off {}", signed.sign_off_id));
        let rows = [("new", drift.new), ("gone", drift.gone)]
            .into_iter()
            .map(|(name, count)| vec![name.to_owned(), count.to_string()])
            .chain(
                drift
                    .states
                    .iter()
                    .map(|one| vec![format!("{} → {}", one.from, one.to), one.count.to_string()]),
            )
            .chain(
                drift
                    .conflicts
                    .iter()
                    .map(|one| vec![format!("new: {}", one.conflict), one.count.to_string()]),
            )
            .chain(
                drift
                    .ended
                    .iter()
                    .map(|one| vec![format!("ended: {}", one.conflict), one.count.to_string()]),
            );
        table(&["change", "bindings"], rows);
    });
    Ok(End::Done)
}

pub async fn sign(
    console: &Console,
    connection: &str,
    note: String,
    export: Option<String>,
    language: String,
    output: Output,
) -> Result<End, ApiError> {
    let connection_id = console.connection_by_name(connection).await?.connection_id;
    let signed = console
        .sign_off_bindings(SignOffBindings {
            connection_id,
            note,
        })
        .await?;
    if let Some(path) = export {
        let request = ExportSignOff {
            connection_id,
            sign_off_id: signed.sign_off_id,
            path,
            language,
        };
        console.export_binding_sign_off(request).await?;
    }
    output.print(&signed, |signed| {
        line(&format!("signed off: {}", signed.sign_off_id));
    });
    Ok(End::Done)
}

pub async fn list(console: &Console, connection: &str, output: Output) -> Result<End, ApiError> {
    let id = console.connection_by_name(connection).await?;
    let list = console.list_binding_sign_offs(id).await?;
    output.print(&list, |list| {
        table(
            &["number", "by", "note"],
            list.sign_offs.iter().map(|one| {
                vec![
                    one.sign_off_id.to_string(),
                    one.signed_by.clone(),
                    one.note.clone(),
                ]
            }),
        );
    });
    Ok(End::Done)
}
