//! What can go wrong with a provider, each by its own name.

use zhengqiao_domain::DatasetId;

/// A failed exchange. No variant can hold a secret: addresses are without query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// The profile cannot be used.
    #[error("settings: {field}: {what}")]
    Settings {
        /// The field.
        field: String,
        /// What is wrong and what to do.
        what: String,
    },
    /// A technical fault or refusal, with the request that met it.
    #[error("{} {path}: {what}", .dataset.map_or_else(|| "request".to_owned(), |id| id.to_string()))]
    Request {
        /// Which fault.
        fault: Fault,
        /// The dataset.
        dataset: Option<DatasetId>,
        /// Path of the address.
        path: String,
        /// What was seen, in a sentence.
        what: String,
    },
}

/// Writes the list of faults once: its meaning, its name, its code.
macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal,)+) => {
        /// The closed list of faults of a request.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fault {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Fault] = &[$(Fault::$name,)+];

            /// The fault's code.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Fault::$name => $code,)+
                }
            }
        }
    };
}

faults! {
    /// The host's name is unknown.
    NameResolution = "name_resolution",
    /// Nobody listens, or the way is barred.
    Connect = "connect",
    /// The certificate or the encryption was refused.
    Tls = "tls",
    /// No answer in time.
    Timeout = "timeout",
    /// The connection broke off.
    Reset = "reset",
    /// 401.
    Unauthorised = "unauthorised",
    /// 403.
    Forbidden = "forbidden",
    /// 404.
    NotFound = "not_found",
    /// Another 4xx.
    BadRequest = "bad_request",
    /// 429, or a busy code.
    RateLimited = "rate_limited",
    /// 5xx.
    ProviderError = "provider_error",
    /// An answer with an error inside.
    ProviderRefused = "provider_refused",
    /// Not JSON.
    WrongContentType = "wrong_content_type",
    /// JSON that cannot be read.
    MalformedJson = "malformed_json",
    /// The body ends too early.
    TruncatedBody = "truncated_body",
    /// A body over the limit.
    TooLarge = "too_large",
    /// JSON nested too deep.
    TooDeep = "too_deep",
    /// The same page again and again.
    RepeatedPage = "repeated_page",
    /// A cursor that was given before.
    CursorLoop = "cursor_loop",
    /// More pages than the limit.
    PagesExceeded = "pages_exceeded",
    /// A redirect to another host.
    RedirectRefused = "redirect_refused",
    /// The answer has no records where the profile says.
    WrongPointer = "wrong_pointer",
    /// There is no such file.
    FileMissing = "file_missing",
    /// The file may not be read.
    FileDenied = "file_denied",
    /// The file is empty.
    FileEmpty = "file_empty",
    /// The file is not what it should be.
    FileFormat = "file_format",
    /// The file's text is in no known encoding.
    FileEncoding = "file_encoding",
    /// The file's header was not found.
    FileHeader = "file_header",
    /// The file is protected with a password.
    FileEncrypted = "file_encrypted",
    /// The file was changed while it was read.
    FileChanged = "file_changed",
    /// The file could not be read.
    FileRead = "file_read",
    /// There is no such database.
    DatabaseMissing = "database_missing",
    /// There is no such table, or the user may not see it.
    TableMissing = "table_missing",
    /// The table has no such column.
    ColumnMissing = "column_missing",
    /// Another database system answers at that address.
    OtherDatabase = "other_database",
    /// No database answers at that address.
    NoDatabase = "no_database",
    /// Encryption was asked, and the database has none.
    NoEncryption = "no_encryption",
    /// The database takes only encrypted connections.
    EncryptionNeeded = "encryption_needed",
    /// The database does not let this machine or user in, whatever the password.
    HostNotAllowed = "host_not_allowed",
    /// The columns of the key do not name a row.
    KeyNotUnique = "key_not_unique",
    /// The answer's seal is not the provider's, or cannot be opened.
    AnswerSeal = "answer_seal",
    /// The proxy cannot be reached.
    ProxyUnreachable = "proxy_unreachable",
    /// 407: the proxy wants user and password.
    ProxyAuth = "proxy_auth",
    /// The proxy does not let the call through.
    ProxyRefused = "proxy_refused",
    /// The server's certificate has expired.
    CertExpired = "cert_expired",
    /// The server's certificate is not valid yet.
    CertNotYetValid = "cert_not_yet_valid",
    /// The server's certificate is signed by itself.
    CertSelfSigned = "cert_self_signed",
    /// The server's certificate is from an authority that is not trusted.
    CertUnknownCa = "cert_unknown_ca",
    /// The server's certificate is for another name.
    CertNameMismatch = "cert_name_mismatch",
    /// The server's certificate was revoked.
    CertRevoked = "cert_revoked",
    /// The server wants a client certificate and there is none.
    ClientCertMissing = "client_cert_missing",
    /// The server does not take the client certificate.
    ClientCertRefused = "client_cert_refused",
    /// No common version or cipher.
    TlsVersion = "tls_version",
    /// https was asked, and the other side speaks http.
    PlainHttp = "plain_http",
    /// http was asked, and the other side speaks https.
    HttpsNeeded = "https_needed",
    /// The other side speaks something else.
    WrongProtocol = "wrong_protocol",
    /// 412: what was to be changed has been changed by somebody else.
    ChangedMeanwhile = "changed_meanwhile",
    /// A page for people to sign in instead of data.
    SignInPage = "sign_in_page",
}

impl Fault {
    /// Whether the same request may succeed later.
    pub const fn retryable(self) -> bool {
        matches!(
            self,
            Fault::Connect
                | Fault::Timeout
                | Fault::Reset
                | Fault::RateLimited
                | Fault::ProviderError
                | Fault::MalformedJson
                | Fault::TruncatedBody
                | Fault::WrongContentType
                | Fault::ProxyUnreachable
        )
    }
}

impl ExchangeError {
    /// The error's code.
    pub fn code(&self) -> &'static str {
        match self {
            ExchangeError::Settings { .. } => "settings",
            ExchangeError::Request { fault, .. } => fault.code(),
        }
    }

    /// Whether the same request may succeed later.
    pub fn retryable(&self) -> bool {
        matches!(self, ExchangeError::Request { fault, .. } if fault.retryable())
    }
}
