//! `zhengqiao identity sign-on`.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{ApiError, ErrorCode, SaveSignOn, SignOnView};
use zhengqiao_signon::SignOn;

use crate::connection::text_from_stdin;
use crate::identity_args::SignOnCommand;
use crate::output::{Output, line, when};

pub async fn run(
    console: &Console,
    command: SignOnCommand,
    output: Output,
) -> Result<(), ApiError> {
    let view = match command {
        SignOnCommand::Show { connection } => {
            let id = console.connection_by_name(&connection).await?;
            console.get_sign_on(id).await?
        }
        SignOnCommand::Set {
            connection,
            file,
            secret_stdin,
        } => {
            let connection_id = console.connection_by_name(&connection).await?.connection_id;
            let path = file.display().to_string();
            let text = std::fs::read_to_string(&file)
                .map_err(|error| refused(ErrorCode::File, format!("{path}: {error}")))?;
            let sign_on: SignOn = toml::from_str(&text).map_err(|error| {
                refused(
                    ErrorCode::InvalidRequest,
                    format!("{path}: {}", error.message()),
                )
            })?;
            let secret = if secret_stdin {
                Some(text_from_stdin()?)
            } else {
                None
            };
            let request = SaveSignOn {
                connection_id,
                sign_on,
                secret,
            };
            console.save_sign_on(request).await?
        }
    };
    output.print(&view, shown);
    Ok(())
}

/// The settings as a file that can be given back.
fn shown(view: &SignOnView) {
    line(&format!(
        "# {}",
        match (view.is_saved, view.secret_changed_at) {
            (false, _) => "not saved yet: these are the usual settings".to_owned(),
            (true, None) => "without a secret".to_owned(),
            (true, at) => format!("with a secret, changed {}", when(at)),
        }
    ));
    line(&toml::to_string(&view.sign_on).unwrap_or_default());
}

fn refused(code: ErrorCode, message: String) -> ApiError {
    ApiError {
        code,
        message,
        retryable: false,
        details: None,
    }
}
