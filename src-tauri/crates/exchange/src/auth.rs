//! How a request proves who asks.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::forms::{BlockMode, KeyForm, Sm2Layout, StampForm, TextForm};
use crate::profile::Method;

/// The signer's name where nothing else was agreed upon.
///
/// Source: GM/T 0009—2012, 10.
pub const COMMON_SIGNER_ID: &str = "1234567812345678";

/// How a request proves who asks. The secret is never part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Auth {
    /// Not at all.
    #[default]
    None,
    /// The secret in a header.
    ApiKey {
        /// The header's name.
        header: String,
    },
    /// A bearer token (RFC 6750) that does not change; the secret is the token.
    Bearer,
    /// HTTP basic authentication; the secret is the password.
    Basic {
        /// The user's name.
        user: String,
    },
    /// National gateway: `gjzwfwpt_*` headers signed with HMAC-SHA256.
    Gateway {
        /// `gjzwfwpt_rid`, the requester's number.
        requester_id: String,
    },
    /// National exchange platform: `gjgxjhpt_*` headers signed with a secret that ends.
    TimedGateway(TimedGateway),
    /// `x-tif-*` headers signed with SHA-256.
    Tif(Tif),
    /// JIS: MD5 over mark, word and time, parameters wrapped. Weak.
    Jis(Jis),
    /// SM2 over time, mark and word, parameters wrapped.
    Sm2Envelope(Sm2Envelope),
    /// Bodies encrypted with SM4 and signed with SM2, both ways.
    SealedBody(SealedBody),
    /// OAuth 2.0 client credentials; the secret is the client's.
    Oauth2Client {
        /// Where tokens are had.
        token_path: String,
        /// The client's id.
        client_id: String,
        /// GET or POST at the token's path.
        #[serde(default = "post")]
        token_method: Method,
        /// Where id and secret go when a token is asked for.
        #[serde(default)]
        client_in: ClientIn,
        /// What is asked for; usually empty.
        #[serde(default)]
        scope: String,
        /// Where the token goes.
        #[serde(default)]
        token_in: TokenIn,
    },
}

fn post() -> Method {
    Method::Post
}

/// Where the client's id and secret go when a token is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ClientIn {
    /// A form in the body.
    #[default]
    Form,
    /// The query.
    Query,
    /// HTTP basic authentication.
    Basic,
}

/// Where an OAuth 2.0 token goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TokenIn {
    /// `client_id` and `access_token` in the query, as practice has it.
    #[default]
    Query,
    /// `Authorization: Bearer`.
    ///
    /// Source: RFC 6750, 2.1.
    Header,
}

/// The national exchange platform's gateway, whose secret ends and is had anew.
///
/// Source: practice of 国家共享交换平台; how the secret is encrypted is not published, so that it
/// is data here. The connection's secret is the application's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct TimedGateway {
    /// `gjgxjhpt_rid`, the requester's number.
    pub requester_id: String,
    /// Where the secret is had.
    pub secret_path: String,
    /// `gjgxjhpt_sid` of that call.
    pub secret_service_id: String,
    /// JSON pointer to the encrypted secret in its answer.
    pub secret_at: String,
    /// JSON pointer to the moment when it ends.
    pub ends_at: String,
    /// How AES is used.
    pub mode: BlockMode,
    /// How the application's key is written.
    pub key_form: KeyForm,
    /// How the encrypted secret is written.
    pub text_form: TextForm,
}

impl Default for TimedGateway {
    fn default() -> Self {
        Self {
            requester_id: String::new(),
            secret_path: String::new(),
            secret_service_id: String::new(),
            secret_at: "/data/secret".into(),
            ends_at: "/data/secretEndTime".into(),
            mode: BlockMode::Ecb,
            key_form: KeyForm::Text,
            text_form: TextForm::Base64,
        }
    }
}

/// The `x-tif-*` gateway. The secret is the token.
///
/// Source: practice in several provinces and in health insurance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Tif {
    /// `x-tif-paasid`.
    pub paas_id: String,
    /// Whether the signature is written in upper case.
    pub upper_case: bool,
}

/// Where wrapped parameters go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WrapIn {
    /// A form in the body.
    #[default]
    Form,
    /// The query.
    Query,
    /// A JSON body.
    JsonBody,
}

/// JIS: MD5(appmark+appword+time). The secret is the word.
///
/// Source: practice; DB37/T 3448.8 for the interfaces' names. MD5 is weak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Jis {
    /// `appmark`.
    pub app_mark: String,
    /// Where the parameters go.
    pub wrap_in: WrapIn,
    /// How the time is written.
    pub time_form: StampForm,
}

impl Default for Jis {
    fn default() -> Self {
        Self {
            app_mark: String::new(),
            wrap_in: WrapIn::Form,
            time_form: StampForm::Compact,
        }
    }
}

/// What SM2(time+appMark+appWord) means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Sm2Proof {
    /// Encrypted for the provider, who alone can read it and compares the word.
    #[default]
    Encrypted,
    /// Signed with a private key of one's own.
    Signed,
}

/// What of the parameters is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Sealing {
    /// Each value.
    #[default]
    Values,
    /// All of them as one text.
    Whole,
    /// Nothing.
    Nothing,
}

/// The review interface of one province: `{txnBodyCom, txnCommCom}`.
///
/// Source: practice. Parts of the secret: `app_word`, and `private_key` where one signs or the
/// answer is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Sm2Envelope {
    /// `appMark`.
    pub app_mark: String,
    /// The provider's public key.
    pub public_key: String,
    /// What the sign is.
    pub proof: Sm2Proof,
    /// What of the parameters is encrypted.
    pub sealing: Sealing,
    /// In which order the parts of an encrypted text stand.
    pub layout: Sm2Layout,
    /// How binary values are written.
    pub text_form: TextForm,
    /// The signer's name, where one signs.
    pub signer_id: String,
    /// JSON pointer to the encrypted part of the answer; empty means that nothing is encrypted.
    pub sealed_at: String,
}

impl Default for Sm2Envelope {
    fn default() -> Self {
        Self {
            app_mark: String::new(),
            public_key: String::new(),
            proof: Sm2Proof::default(),
            sealing: Sealing::default(),
            layout: Sm2Layout::default(),
            text_form: TextForm::Hex,
            signer_id: COMMON_SIGNER_ID.into(),
            sealed_at: String::new(),
        }
    }
}

/// How the key of SM4 comes from the secret.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Sm4Key {
    /// First 16 characters of the upper-case hexadecimal SM4 of the secret under the code.
    #[default]
    Derived,
    /// First 16 characters of the secret.
    Text,
    /// The secret in hexadecimal.
    Hex,
}

/// How an SM2 signature is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SignatureForm {
    /// r and s one after the other, 64 bytes.
    #[default]
    Raw,
    /// ASN.1 DER.
    Der,
}

/// Bodies encrypted with SM4 and signed with SM2, as health insurance has them, both ways.
///
/// Source: practice of 医保. Parts of the secret: `app_secret` and `private_key`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct SealedBody {
    /// `appCode`.
    pub app_code: String,
    /// The provider's public key, which proves its answers.
    pub public_key: String,
    /// `version`.
    pub version: String,
    /// How the key of SM4 comes from the secret.
    pub sm4_key: Sm4Key,
    /// How SM4 is used.
    pub mode: BlockMode,
    /// How the encrypted text is written.
    pub text_form: TextForm,
    /// How the signature is written, in Base64.
    pub signature_form: SignatureForm,
    /// The signer's name; empty means the secret.
    pub signer_id: String,
    /// How the time is written.
    pub time_form: StampForm,
}

impl Default for SealedBody {
    fn default() -> Self {
        Self {
            app_code: String::new(),
            public_key: String::new(),
            version: "1.0.0".into(),
            sm4_key: Sm4Key::Derived,
            mode: BlockMode::Ecb,
            text_form: TextForm::HexUpper,
            signature_form: SignatureForm::Raw,
            signer_id: COMMON_SIGNER_ID.into(),
            time_form: StampForm::Seconds,
        }
    }
}

impl Auth {
    /// The kind's name.
    pub const fn kind(&self) -> &'static str {
        match self {
            Auth::None => "none",
            Auth::ApiKey { .. } => "api_key",
            Auth::Bearer => "bearer",
            Auth::Basic { .. } => "basic",
            Auth::Gateway { .. } => "gateway",
            Auth::TimedGateway(_) => "timed_gateway",
            Auth::Tif(_) => "tif",
            Auth::Jis(_) => "jis",
            Auth::Sm2Envelope(_) => "sm2_envelope",
            Auth::SealedBody(_) => "sealed_body",
            Auth::Oauth2Client { .. } => "oauth2_client",
        }
    }

    /// Whether a secret is needed.
    pub const fn needs_secret(&self) -> bool {
        !matches!(self, Auth::None)
    }

    /// Whether it rests on an algorithm that no longer protects (弱算法).
    ///
    /// Source: practice; MD5 has had collisions since 2004 and is not approved by GM/T.
    pub const fn is_weak(&self) -> bool {
        matches!(self, Auth::Jis(_))
    }

    /// Whether a signature is bound to a moment, so that clocks must agree.
    pub const fn needs_clock(&self) -> bool {
        matches!(
            self,
            Auth::Gateway { .. }
                | Auth::TimedGateway(_)
                | Auth::Tif(_)
                | Auth::Jis(_)
                | Auth::Sm2Envelope(_)
                | Auth::SealedBody(_)
        )
    }

    /// What the secret is made of, the first part being the whole of it where only one is given.
    pub const fn secret_parts(&self) -> &'static [&'static str] {
        match self {
            Auth::Sm2Envelope(_) => &["app_word", "private_key"],
            Auth::SealedBody(_) => &["app_secret", "private_key"],
            _ => &[],
        }
    }

    /// The name that the provider gave the asker, by the field's name, if the family has one.
    pub const fn id(&self) -> Option<(&'static str, &String)> {
        Some(match self {
            Auth::None | Auth::Bearer => return None,
            Auth::ApiKey { header } => ("header", header),
            Auth::Basic { user } => ("user", user),
            Auth::Gateway { requester_id } => ("requester_id", requester_id),
            Auth::TimedGateway(family) => ("requester_id", &family.requester_id),
            Auth::Tif(family) => ("paas_id", &family.paas_id),
            Auth::Jis(family) => ("app_mark", &family.app_mark),
            Auth::Sm2Envelope(family) => ("app_mark", &family.app_mark),
            Auth::SealedBody(family) => ("app_code", &family.app_code),
            Auth::Oauth2Client { client_id, .. } => ("client_id", client_id),
        })
    }

    /// The same to be set. An API key's header is no name of an asker.
    pub const fn id_mut(&mut self) -> Option<&mut String> {
        Some(match self {
            Auth::None | Auth::Bearer | Auth::ApiKey { .. } => return None,
            Auth::Basic { user } => user,
            Auth::Gateway { requester_id } => requester_id,
            Auth::TimedGateway(family) => &mut family.requester_id,
            Auth::Tif(family) => &mut family.paas_id,
            Auth::Jis(family) => &mut family.app_mark,
            Auth::Sm2Envelope(family) => &mut family.app_mark,
            Auth::SealedBody(family) => &mut family.app_code,
            Auth::Oauth2Client { client_id, .. } => client_id,
        })
    }

    /// The provider's public key, if the family uses one.
    pub const fn public_key(&self) -> Option<&String> {
        match self {
            Auth::Sm2Envelope(family) => Some(&family.public_key),
            Auth::SealedBody(family) => Some(&family.public_key),
            _ => None,
        }
    }

    /// The same to be set.
    pub const fn public_key_mut(&mut self) -> Option<&mut String> {
        match self {
            Auth::Sm2Envelope(family) => Some(&mut family.public_key),
            Auth::SealedBody(family) => Some(&mut family.public_key),
            _ => None,
        }
    }
}
