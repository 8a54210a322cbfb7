//! Opening what a provider encrypted inside its answer.

use serde_json::Value;
use zeroize::Zeroizing;
use zhengqiao_exchange::{Unwrap, WrapCipher};

use crate::error::SignOnError;
use crate::finding::{Finding, FindingKind};

/// Opens the values that the settings name, in their places. A place that is not there is left alone:
/// natural and legal persons do not carry the same.
///
/// # Errors
/// [`SignOnError::Sealed`] naming the place.
pub(crate) fn unwrap(settings: &Unwrap, key: &str, claims: &mut Value) -> Result<(), SignOnError> {
    for pointer in &settings.at {
        let Some(place) = claims.pointer_mut(pointer) else {
            continue;
        };
        let Some(text) = place.as_str() else { continue };
        let opened = settings
            .open(key, text)
            .and_then(|bytes| String::from_utf8(bytes.to_vec()).ok())
            .map(Zeroizing::new)
            .ok_or_else(|| SignOnError::Sealed(pointer.clone()))?;
        *place = match serde_json::from_str::<Value>(&opened) {
            Ok(object @ Value::Object(_)) => object,
            _ => Value::String(opened.to_string()),
        };
    }
    Ok(())
}

/// What is weak about the way values are encrypted.
pub(crate) fn weakness(settings: &Unwrap) -> Option<Finding> {
    let block = matches!(settings.cipher, WrapCipher::Aes | WrapCipher::Sm4);
    (block && settings.mode == zhengqiao_exchange::BlockMode::Ecb)
        .then(|| Finding::new(FindingKind::WeakAlgorithm, "ECB"))
}
