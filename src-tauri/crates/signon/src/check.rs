//! Whether a sign-on's settings can be used, field by field.

use url::Url;

use crate::error::SignOnError;
use crate::settings::{Parameter, ProtocolSettings, SignOn};

/// Longest time that a person may take to sign in, in s.
const LONGEST_S: u64 = 3600;
/// Largest difference of clocks that may be allowed, in s.
const MOST_SKEW_S: i64 = 3600;

/// Everything that is wrong with a sign-on, each with its field; empty when it may be saved.
pub fn check(sign_on: &SignOn) -> Vec<SignOnError> {
    let mut checked = Checked(Vec::new());
    match &sign_on.protocol {
        ProtocolSettings::Oidc(own) => {
            checked.address("issuer", &own.issuer, true);
            checked.text("client_id", &own.client_id);
            checked.parameters(&own.extra);
            if !(0..=MOST_SKEW_S).contains(&own.clock_skew_s) {
                checked.wrong(
                    "protocol.clock_skew_s",
                    format!("{} s is not from 0 to {MOST_SKEW_S}", own.clock_skew_s),
                );
            }
        }
        ProtocolSettings::Oauth2(own) => {
            checked.address("authorize", &own.authorize, true);
            checked.address("token", &own.token, true);
            checked.address("user_info", &own.user_info, true);
            checked.address("logout", &own.logout, false);
            checked.address("province_logout", &own.province_logout, false);
            checked.text("client_id", &own.client_id);
            checked.parameters(&own.extra);
            for (field, name) in [
                ("names.client_id", &own.names.client_id),
                ("names.redirect_uri", &own.names.redirect_uri),
                ("names.code", &own.names.code),
                ("names.state", &own.names.state),
                ("names.access_token", &own.names.access_token),
            ] {
                checked.text(field, name);
            }
            checked.pointer("token_at", &own.token_at);
            checked.pointer("claims_at", &own.claims_at);
            checked.pointer("envelope.success", &own.envelope.success);
            checked.pointer("envelope.message", &own.envelope.message);
        }
        ProtocolSettings::Cas(own) => {
            checked.address("server", &own.server, true);
            checked.address("province_logout", &own.province_logout, false);
            checked.parameters(&own.extra);
            if !matches!(own.version, 2 | 3) {
                checked.wrong(
                    "protocol.version",
                    format!(
                        "{} is no version of CAS that can validate; give 2 or 3",
                        own.version
                    ),
                );
            }
        }
        ProtocolSettings::Ticket(own) => {
            checked.address("login", &own.login, true);
            checked.address("interface", &own.interface, true);
            checked.address("logout", &own.logout, false);
            checked.address("province_logout", &own.province_logout, false);
            for (field, text) in [
                ("app_mark", &own.app_mark),
                ("ticket_name", &own.ticket_name),
                ("validate_service", &own.validate_service),
                ("natural_service", &own.natural_service),
                ("success_code", &own.success_code),
            ] {
                checked.text(field, text);
            }
            for (field, pointer) in [
                ("code_at", &own.code_at),
                ("message_at", &own.message_at),
                ("token_at", &own.token_at),
                ("claims_at", &own.claims_at),
            ] {
                checked.pointer(field, pointer);
            }
        }
        ProtocolSettings::Relay(own) => {
            checked.address("server", &own.server, true);
            checked.address("province_logout", &own.province_logout, false);
            checked.text("param_key", &own.param_key);
            checked.text("verid_name", &own.verid_name);
            checked.text("login_path", &own.login_path);
            checked.text("user_path", &own.user_path);
            checked.pointer("success_at", &own.success_at);
            checked.pointer("claims_at", &own.claims_at);
        }
    }
    if !sign_on.callback.is_empty() {
        match Url::parse(&sign_on.callback) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.fragment().is_none() => {}
            _ => checked.wrong(
                "callback",
                format!(
                    "{:?} is no address that a browser can come back to; write it as https://host/path",
                    sign_on.callback
                ),
            ),
        }
    }
    if !(1..=LONGEST_S).contains(&sign_on.time_limit_s) {
        checked.wrong(
            "time_limit_s",
            format!("{} s is not from 1 to {LONGEST_S}", sign_on.time_limit_s),
        );
    }
    for pointer in &sign_on.unwrap.at {
        checked.pointer_of("unwrap.at", pointer);
    }
    if sign_on.unwrap.is_used() && sign_on.unwrap.at.is_empty() {
        checked.wrong("unwrap.at", "name at least one place, as /data/user".into());
    }
    checked.0
}

struct Checked(Vec<SignOnError>);

impl Checked {
    fn wrong(&mut self, field: &str, what: String) {
        self.0.push(SignOnError::Settings {
            field: field.to_owned(),
            what,
        });
    }

    fn text(&mut self, field: &str, text: &str) {
        if text.trim().is_empty() {
            self.wrong(&format!("protocol.{field}"), "is empty".into());
        } else if text.trim() != text || text.chars().any(char::is_control) {
            self.wrong(
                &format!("protocol.{field}"),
                format!("{text:?} has blanks at an end or characters that cannot be seen"),
            );
        }
    }

    fn address(&mut self, field: &str, text: &str, needed: bool) {
        if text.is_empty() && !needed {
            return;
        }
        let sound = Url::parse(text)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
        if !sound {
            self.wrong(
                &format!("protocol.{field}"),
                format!("{text:?} is no address; write it as https://host/path"),
            );
        }
    }

    fn pointer(&mut self, field: &str, pointer: &str) {
        self.pointer_of(&format!("protocol.{field}"), pointer);
    }

    fn pointer_of(&mut self, field: &str, pointer: &str) {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            self.wrong(
                field,
                format!("{pointer:?} is no JSON pointer; begin it with /"),
            );
        }
    }

    fn parameters(&mut self, list: &[Parameter]) {
        for (at, one) in list.iter().enumerate() {
            if one.name.trim().is_empty() {
                self.wrong(&format!("protocol.extra[{at}].name"), "is empty".into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Oidc, Relay, Ticket};
    use zhengqiao_exchange::Unwrap;

    fn fields(sign_on: &SignOn) -> Vec<String> {
        check(sign_on)
            .into_iter()
            .map(|error| match error {
                SignOnError::Settings { field, .. } => field,
                other => other.to_string(),
            })
            .collect()
    }

    #[test]
    fn every_wrong_field_is_named() {
        let sign_on = SignOn {
            protocol: ProtocolSettings::Oidc(Oidc {
                issuer: "login.example".into(),
                clock_skew_s: -1,
                ..Oidc::default()
            }),
            callback: "here".into(),
            time_limit_s: 0,
            ..SignOn::default()
        };
        assert_eq!(
            fields(&sign_on),
            [
                "protocol.issuer",
                "protocol.client_id",
                "protocol.clock_skew_s",
                "callback",
                "time_limit_s"
            ]
        );
    }

    #[test]
    fn a_pointer_without_a_slash_and_a_cipher_without_a_place_are_named() {
        let sign_on = SignOn {
            protocol: ProtocolSettings::Relay(Relay {
                server: "https://relay.example".into(),
                param_key: "k".into(),
                claims_at: "msg".into(),
                ..Relay::default()
            }),
            unwrap: Unwrap {
                cipher: zhengqiao_exchange::WrapCipher::Sm4,
                ..Unwrap::default()
            },
            ..SignOn::default()
        };
        assert_eq!(fields(&sign_on), ["protocol.claims_at", "unwrap.at"]);
    }

    #[test]
    fn settings_come_back_from_json_as_they_were() {
        let sign_on = SignOn {
            protocol: ProtocolSettings::Ticket(Ticket::default()),
            ..SignOn::default()
        };
        let text = serde_json::to_string(&sign_on).unwrap();
        assert_eq!(serde_json::from_str::<SignOn>(&text).unwrap(), sign_on);
    }
}
