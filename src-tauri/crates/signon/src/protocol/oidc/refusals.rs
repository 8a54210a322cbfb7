//! What the library says of tokens, in our own names, and a token's claims as they were sent.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreErrorResponseType, CoreIdToken};
use openidconnect::{
    ClaimsVerificationError, RequestTokenError, SignatureVerificationError, StandardErrorResponse,
};
use serde_json::{Map, Value};

use crate::error::SignOnError;
use crate::settings::Oidc;
use crate::web::Web;

/// The token's claims as they were sent.
pub(super) fn payload(token: &CoreIdToken) -> Result<Map<String, Value>, SignOnError> {
    let text = token.to_string();
    text.split('.')
        .nth(1)
        .and_then(|part| URL_SAFE_NO_PAD.decode(part).ok())
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| SignOnError::Answer("the token has no claims".into()))
}

pub(super) type Refusal = StandardErrorResponse<CoreErrorResponseType>;

pub(super) fn not_exchanged(
    error: RequestTokenError<SignOnError, Refusal>,
    web: &Web,
) -> SignOnError {
    match error {
        RequestTokenError::ServerResponse(refusal) => SignOnError::Refused {
            code: web.told(refusal.error().as_ref()),
            what: web.told(refusal.error_description().map_or("", String::as_str)),
        },
        RequestTokenError::Request(error) => error,
        RequestTokenError::Parse(error, _) => SignOnError::Answer(web.told(&error.to_string())),
        RequestTokenError::Other(what) => SignOnError::Answer(web.told(&what)),
    }
}

pub(super) fn not_verified(error: ClaimsVerificationError, own: &Oidc, web: &Web) -> SignOnError {
    use ClaimsVerificationError as Claims;
    use SignatureVerificationError as Signature;
    match error {
        Claims::Expired(_) => SignOnError::Expired,
        Claims::InvalidAudience(_) => SignOnError::WrongAudience,
        Claims::InvalidIssuer(found) => SignOnError::WrongIssuer {
            expected: own.issuer.clone(),
            found: web.told(&found),
        },
        Claims::InvalidNonce(_) => SignOnError::WrongNonce,
        Claims::SignatureVerification(Signature::NoSignature) => SignOnError::Unsigned,
        Claims::SignatureVerification(Signature::NoMatchingKey) => SignOnError::UnknownKey,
        Claims::SignatureVerification(
            Signature::DisallowedAlg(what) | Signature::UnsupportedAlg(what),
        ) => SignOnError::Algorithm(
            what.split('`')
                .nth(1)
                .map_or_else(|| web.told(&what), str::to_owned),
        ),
        Claims::SignatureVerification(_) => SignOnError::BadSignature,
        other => SignOnError::Answer(web.told(&other.to_string())),
    }
}
