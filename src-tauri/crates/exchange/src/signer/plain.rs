//! Families without a signature: nothing, a key in a header, user and password.

use zeroize::Zeroizing;

use super::{Ingredients, Outgoing, SignError, Signer};
use crate::forms::TextForm;

/// No proof at all.
pub struct Open;

impl Signer for Open {
    fn sign(&self, _: &mut Outgoing, _: Ingredients<'_>) -> Result<(), SignError> {
        Ok(())
    }
}

/// A key in a header.
pub struct ApiKey {
    header: String,
    key: Zeroizing<String>,
}

impl ApiKey {
    /// A key and the name of its header.
    pub fn new(header: &str, key: &str) -> Self {
        Self {
            header: header.to_owned(),
            key: Zeroizing::new(key.to_owned()),
        }
    }

    /// A bearer token.
    ///
    /// Source: RFC 6750, 2.1.
    pub fn bearer(token: &str) -> Self {
        Self {
            header: "authorization".into(),
            key: Zeroizing::new(format!("Bearer {}", token.trim())),
        }
    }
}

impl Signer for ApiKey {
    fn sign(&self, request: &mut Outgoing, _: Ingredients<'_>) -> Result<(), SignError> {
        request.header(&self.header, self.key.as_str());
        Ok(())
    }
}

/// HTTP basic authentication.
///
/// Source: RFC 7617.
pub struct Basic(Zeroizing<String>);

impl Basic {
    /// A user and the password.
    pub fn new(user: &str, password: &str) -> Self {
        Self(Zeroizing::new(basic(user, password)))
    }
}

impl Signer for Basic {
    fn sign(&self, request: &mut Outgoing, _: Ingredients<'_>) -> Result<(), SignError> {
        request.header("authorization", self.0.as_str());
        Ok(())
    }
}

/// The header's value.
pub fn basic(user: &str, password: &str) -> String {
    let pair = Zeroizing::new(format!("{user}:{password}"));
    format!("Basic {}", TextForm::Base64.write(pair.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_are_written_as_in_rfc_7617() {
        assert_eq!(
            basic("Aladdin", "open sesame"),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
        // RFC 7617, 2.1, with UTF-8.
        assert_eq!(basic("test", "123\u{A3}"), "Basic dGVzdDoxMjPCow==");
    }
}
