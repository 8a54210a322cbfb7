//! The system's browser.

use crate::error::SignOnError;

/// Opens an address in the system's browser, which signs in with a person's own session.
///
/// Source: RFC 8252: never a view inside the program, which could read what is typed.
///
/// # Errors
/// [`SignOnError::NoBrowser`].
pub fn open_browser(address: &url::Url) -> Result<(), SignOnError> {
    if !matches!(address.scheme(), "http" | "https") {
        return Err(SignOnError::NoBrowser(
            "only http and https are opened".into(),
        ));
    }
    open::that_detached(address.as_str()).map_err(|error| SignOnError::NoBrowser(error.to_string()))
}
