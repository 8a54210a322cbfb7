//! How a connection's people sign on, as data. The secret is kept elsewhere.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_exchange::Unwrap;

/// The sign-on of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
#[serde(default, deny_unknown_fields)]
pub struct SignOn {
    /// The protocol with its settings.
    pub protocol: ProtocolSettings,
    /// Encrypted values inside the answer.
    pub unwrap: Unwrap,
    /// The callback that is registered at the provider, where it allows none on this machine; the
    /// address that the browser ends at is then pasted. Empty for a port of this machine.
    pub callback: String,
    /// The port of this machine, where the provider registers one; 0 for a free one.
    pub port: u16,
    /// Time to sign in, in s.
    #[ts(type = "number")]
    pub time_limit_s: u64,
}

impl Default for SignOn {
    fn default() -> Self {
        Self {
            protocol: ProtocolSettings::default(),
            unwrap: Unwrap::default(),
            callback: String::new(),
            port: 0,
            time_limit_s: 300,
        }
    }
}

/// A protocol with its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ProtocolSettings {
    /// OpenID Connect.
    Oidc(Oidc),
    /// OAuth 2.0 with user info.
    Oauth2(OAuth2),
    /// CAS 2 or 3.
    Cas(Cas),
    /// Ticket with signature (JIS family).
    Ticket(Ticket),
    /// Relay.
    Relay(Relay),
}

impl Default for ProtocolSettings {
    fn default() -> Self {
        Self::Oidc(Oidc::default())
    }
}

impl ProtocolSettings {
    /// The usual settings of each protocol, to begin with.
    pub fn usual() -> Vec<Self> {
        vec![
            Self::Oidc(Oidc::default()),
            Self::Oauth2(OAuth2::default()),
            Self::Cas(Cas::default()),
            Self::Ticket(Ticket::default()),
            Self::Relay(Relay::default()),
        ]
    }

    /// The protocol's word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Oidc(_) => "oidc",
            Self::Oauth2(_) => "oauth2",
            Self::Cas(_) => "cas",
            Self::Ticket(_) => "ticket",
            Self::Relay(_) => "relay",
        }
    }
}

/// A fixed parameter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, rename = "SignOnParameter")]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// How the client proves itself at the token endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// In the Authorization header.
    #[default]
    Basic,
    /// In the body.
    Post,
    /// It has no secret; PKCE alone proves it.
    None,
}

/// OpenID Connect. Source: OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0; RFC 7636,
/// RFC 9207.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
#[serde(default, deny_unknown_fields)]
pub struct Oidc {
    /// The provider's identifier, exactly as it writes it.
    pub issuer: String,
    /// Our identifier.
    pub client_id: String,
    /// What is asked for; `openid` always is.
    pub scopes: Vec<String>,
    /// Further parameters of the first address.
    pub extra: Vec<Parameter>,
    /// How the client proves itself.
    pub client_auth: ClientAuth,
    /// Whether user info is asked for as well.
    pub user_info: bool,
    /// Seconds by which the clocks may differ.
    #[ts(type = "number")]
    pub clock_skew_s: i64,
}

impl Default for Oidc {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            client_id: String::new(),
            scopes: vec!["profile".into(), "phone".into()],
            extra: Vec::new(),
            client_auth: ClientAuth::Basic,
            user_info: true,
            clock_skew_s: 300,
        }
    }
}

/// Where the token is carried to the user info.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
#[serde(rename_all = "snake_case")]
pub enum TokenPlace {
    /// `Authorization: Bearer`.
    #[default]
    Header,
    /// A parameter of the address.
    Query,
    /// A field of a form.
    Form,
}

/// The names of the parameters, which some providers write differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
#[serde(default, deny_unknown_fields)]
pub struct OAuth2Names {
    /// `client_id`.
    pub client_id: String,
    /// `client_secret`.
    pub client_secret: String,
    /// `redirect_uri`.
    pub redirect_uri: String,
    /// `code`.
    pub code: String,
    /// `state`.
    pub state: String,
    /// `access_token`, where it is carried to the user info.
    pub access_token: String,
}

impl Default for OAuth2Names {
    fn default() -> Self {
        Self {
            client_id: "client_id".into(),
            client_secret: "client_secret".into(),
            redirect_uri: "redirect_uri".into(),
            code: "code".into(),
            state: "state".into(),
            access_token: "access_token".into(),
        }
    }
}

/// Where an answer has what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, rename = "SignOnEnvelope")]
#[serde(default, deny_unknown_fields)]
pub struct Envelope {
    /// Pointer to what says that it went well; empty where nothing does.
    pub success: String,
    /// The value that says so.
    pub success_value: String,
    /// Pointer to what went wrong, in words.
    pub message: String,
}

/// OAuth 2.0 with user info. Source: RFC 6749; the Guangdong family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
#[serde(default, deny_unknown_fields)]
pub struct OAuth2 {
    /// Where the browser goes.
    pub authorize: String,
    /// Where the code is exchanged.
    pub token: String,
    /// Where the claims are.
    pub user_info: String,
    /// Where the session ends; empty where nothing does.
    pub logout: String,
    /// Where the province's session ends; empty where nothing does.
    pub province_logout: String,
    /// Our identifier.
    pub client_id: String,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// Further parameters of the first address, as `service=initService`.
    pub extra: Vec<Parameter>,
    /// Names of parameters.
    pub names: OAuth2Names,
    /// Whether PKCE (S256) is used.
    pub pkce: bool,
    /// How the client proves itself.
    pub client_auth: ClientAuth,
    /// Whether the exchange's parameters go in the address; else in a form.
    pub exchange_in_query: bool,
    /// Where the token is carried to the user info.
    pub token_in: TokenPlace,
    /// Pointer to the token.
    pub token_at: String,
    /// Pointer to the claims.
    pub claims_at: String,
    /// What an answer says of success.
    pub envelope: Envelope,
}

impl Default for OAuth2 {
    fn default() -> Self {
        Self {
            authorize: String::new(),
            token: String::new(),
            user_info: String::new(),
            logout: String::new(),
            province_logout: String::new(),
            client_id: String::new(),
            scopes: Vec::new(),
            extra: Vec::new(),
            names: OAuth2Names::default(),
            pkce: false,
            client_auth: ClientAuth::Post,
            exchange_in_query: false,
            token_in: TokenPlace::Header,
            token_at: "/access_token".into(),
            claims_at: String::new(),
            envelope: Envelope::default(),
        }
    }
}

/// CAS. Source: CAS Protocol 3.0 Specification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
#[serde(default, deny_unknown_fields)]
pub struct Cas {
    /// The server's address, to which `/login` is added.
    pub server: String,
    /// 2 or 3.
    pub version: u8,
    /// Further parameters of the first address.
    pub extra: Vec<Parameter>,
    /// Where the province's session ends; empty where nothing does.
    pub province_logout: String,
}

impl Default for Cas {
    fn default() -> Self {
        Self {
            server: String::new(),
            version: 3,
            extra: Vec::new(),
            province_logout: String::new(),
        }
    }
}

/// Ticket with signature. Source: practice of the JIS family, DB37/T 3448.8.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
#[serde(default, deny_unknown_fields)]
pub struct Ticket {
    /// Where the browser goes.
    pub login: String,
    /// The interface that is asked.
    pub interface: String,
    /// Where the session ends; empty where nothing does.
    pub logout: String,
    /// Where the province's session ends; empty where nothing does.
    pub province_logout: String,
    /// Our mark.
    pub app_mark: String,
    /// The parameter that carries our address to the login page; empty where it is registered.
    pub return_name: String,
    /// The parameter of the callback that carries the ticket.
    pub ticket_name: String,
    /// Whether parameters go as a form; else in the address.
    pub as_form: bool,
    /// The service that gives a token for a ticket.
    pub validate_service: String,
    /// The service with a natural person's claims.
    pub natural_service: String,
    /// The service with a legal person's claims.
    pub legal_service: String,
    /// The code that says that it went well.
    pub success_code: String,
    /// Pointer to the code.
    pub code_at: String,
    /// Pointer to what went wrong, in words.
    pub message_at: String,
    /// Pointer to the token.
    pub token_at: String,
    /// Pointer to the claims.
    pub claims_at: String,
}

impl Default for Ticket {
    fn default() -> Self {
        Self {
            login: String::new(),
            interface: String::new(),
            logout: String::new(),
            province_logout: String::new(),
            app_mark: String::new(),
            return_name: "gotourl".into(),
            ticket_name: "ticket".into(),
            as_form: true,
            validate_service: "ticketValidate".into(),
            natural_service: "findOutsideUserByToken".into(),
            legal_service: "findCorUserByToken".into(),
            success_code: "000000".into(),
            code_at: "/retcode".into(),
            message_at: "/msg".into(),
            token_at: "/data/token".into(),
            claims_at: "/data".into(),
        }
    }
}

/// Relay. Source: practice of a site of such a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
#[serde(default, deny_unknown_fields)]
pub struct Relay {
    /// The relay's address, to which the paths are added.
    pub server: String,
    /// The site's key.
    pub param_key: String,
    /// The application's identifier at the province.
    pub uuid: String,
    /// Path that sends the browser to the login.
    pub login_path: String,
    /// Path that gives the claims.
    pub user_path: String,
    /// Path that ends the local session.
    pub logout_path: String,
    /// Where the province's session ends; empty where nothing does.
    pub province_logout: String,
    /// The parameter that carries our address; empty where it is registered.
    pub return_name: String,
    /// The parameter of the callback.
    pub verid_name: String,
    /// Pointer to what says that it went well.
    pub success_at: String,
    /// Pointer to the claims.
    pub claims_at: String,
}

impl Default for Relay {
    fn default() -> Self {
        Self {
            server: String::new(),
            param_key: String::new(),
            uuid: String::new(),
            login_path: "/unified-sso/user/sendLogin".into(),
            user_path: "/unified-sso/user/getLoginUser".into(),
            logout_path: "/unified-sso/user/removeCache".into(),
            province_logout: String::new(),
            return_name: String::new(),
            verid_name: "verid".into(),
            success_at: "/success".into(),
            claims_at: "/msg".into(),
        }
    }
}
