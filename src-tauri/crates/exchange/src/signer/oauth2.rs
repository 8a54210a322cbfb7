//! OAuth 2.0 client credentials.

use serde::Deserialize;
use zeroize::Zeroizing;

use super::plain::basic;
use super::{Granted, Ingredients, Outgoing, Payload, SignError, Signer};
use crate::auth::{Auth, ClientIn, TokenIn};
use crate::error::Fault;
use crate::profile::Method;

/// Asks for tokens as one client.
pub struct Signing {
    auth: Auth,
    secret: Zeroizing<String>,
}

impl Signing {
    /// A client and its secret.
    pub fn new(auth: &Auth, secret: &str) -> Self {
        Self {
            auth: auth.clone(),
            secret: Zeroizing::new(secret.to_owned()),
        }
    }
}

/// The answer of a token endpoint.
///
/// Source: RFC 6749, 5.1; some providers write the number as a text.
#[derive(Deserialize)]
struct Answer {
    access_token: String,
    #[serde(default)]
    expires_in: serde_json::Value,
}

impl Signer for Signing {
    fn grant(&self, _: Ingredients<'_>) -> Option<Outgoing> {
        let Auth::Oauth2Client {
            token_path,
            client_id,
            token_method,
            client_in,
            scope,
            ..
        } = &self.auth
        else {
            return None;
        };
        let mut request = Outgoing {
            method: *token_method,
            path: token_path.clone(),
            ..Outgoing::default()
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut fields = vec![pair("grant_type", "client_credentials")];
        if !scope.is_empty() {
            fields.push(pair("scope", scope));
        }
        let client = [
            pair("client_id", client_id),
            pair("client_secret", &self.secret),
        ];
        match client_in {
            ClientIn::Basic => request.header("authorization", basic(client_id, &self.secret)),
            ClientIn::Query => request.query.extend(client),
            ClientIn::Form => fields.extend(client),
        }
        if *token_method == Method::Get || *client_in == ClientIn::Query {
            request.query.extend(fields);
        } else {
            request.body = Payload::Form(fields);
        }
        Some(request)
    }

    fn granted(&self, answer: &[u8], _: u64) -> Result<Granted, SignError> {
        let answer: Answer = serde_json::from_slice(answer).map_err(|_| {
            SignError::new(
                Fault::MalformedJson,
                "the token endpoint's answer has no access_token",
            )
        })?;
        let seconds = answer
            .expires_in
            .as_u64()
            .or_else(|| answer.expires_in.as_str()?.trim().parse().ok());
        Ok(Granted {
            value: answer.access_token,
            life_ms: seconds.map(|seconds| seconds.saturating_mul(1000)),
        })
    }

    fn sign(&self, request: &mut Outgoing, with: Ingredients<'_>) -> Result<(), SignError> {
        let Auth::Oauth2Client {
            client_id,
            token_in,
            ..
        } = &self.auth
        else {
            return Ok(());
        };
        let token = with
            .granted
            .ok_or_else(|| SignError::new(Fault::Unauthorised, "there is no token yet"))?;
        match token_in {
            TokenIn::Query => {
                request.query.push(("client_id".into(), client_id.clone()));
                request.query.push(("access_token".into(), token.into()));
            }
            TokenIn::Header => request.header("authorization", format!("Bearer {token}")),
        }
        Ok(())
    }

    fn may_pass_anew(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITH: Ingredients<'_> = Ingredients {
        now_ms: 0,
        nonce: "",
        granted: Some("t0ken"),
    };

    fn signing(token_method: Method, client_in: ClientIn, token_in: TokenIn) -> Signing {
        let auth = Auth::Oauth2Client {
            token_path: "oauth/token".into(),
            client_id: "portal".into(),
            token_method,
            client_in,
            scope: "data".into(),
            token_in,
        };
        Signing::new(&auth, "s3cret")
    }

    fn names(fields: &[(String, String)]) -> Vec<&str> {
        fields.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn the_client_goes_where_the_profile_says() {
        let asked = |method, place| {
            let request = signing(method, place, TokenIn::Query).grant(WITH).unwrap();
            let form = match &request.body {
                Payload::Form(fields) => names(fields).join(" "),
                _ => String::new(),
            };
            (names(&request.query).join(" "), form, request.headers.len())
        };
        let all = "grant_type scope client_id client_secret";
        assert_eq!(
            asked(Method::Post, ClientIn::Form),
            (String::new(), all.into(), 0)
        );
        assert_eq!(
            asked(Method::Get, ClientIn::Form),
            (all.into(), String::new(), 0)
        );
        assert_eq!(
            asked(Method::Post, ClientIn::Query),
            (
                "client_id client_secret grant_type scope".into(),
                String::new(),
                0
            )
        );
        assert_eq!(
            asked(Method::Post, ClientIn::Basic),
            (String::new(), "grant_type scope".into(), 1)
        );
    }

    #[test]
    fn the_token_goes_where_the_profile_says() {
        let sent = |place| {
            let mut request = Outgoing::default();
            signing(Method::Post, ClientIn::Form, place)
                .sign(&mut request, WITH)
                .unwrap();
            request
        };
        assert_eq!(
            names(&sent(TokenIn::Query).query),
            ["client_id", "access_token"]
        );
        assert_eq!(
            sent(TokenIn::Header).headers,
            [("authorization".to_owned(), "Bearer t0ken".to_owned())]
        );
    }

    #[test]
    fn a_life_is_read_as_number_and_as_text_and_no_number_is_too_large() {
        let signing = signing(Method::Post, ClientIn::Form, TokenIn::Query);
        let life = |text: &str| {
            let answer = format!(r#"{{"access_token":"t","expires_in":{text}}}"#);
            signing.granted(answer.as_bytes(), 0).unwrap().life_ms
        };
        assert_eq!(life("300"), Some(300_000));
        assert_eq!(life("\"300\""), Some(300_000));
        assert_eq!(life("null"), None);
        assert_eq!(life("18446744073709551615"), Some(u64::MAX));
        assert!(signing.granted(b"{}", 0).is_err());
    }
}
