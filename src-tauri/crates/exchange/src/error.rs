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

/// The closed list of faults of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The host's name is unknown.
    NameResolution,
    /// Nobody listens, or the way is barred.
    Connect,
    /// The certificate or the encryption was refused.
    Tls,
    /// No answer in time.
    Timeout,
    /// The connection broke off.
    Reset,
    /// 401.
    Unauthorised,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// Another 4xx.
    BadRequest,
    /// 429, or a busy code.
    RateLimited,
    /// 5xx.
    ProviderError,
    /// An answer with an error inside.
    ProviderRefused,
    /// Not JSON.
    WrongContentType,
    /// JSON that cannot be read.
    MalformedJson,
    /// The body ends too early.
    TruncatedBody,
    /// A body over the limit.
    TooLarge,
    /// JSON nested too deep.
    TooDeep,
    /// The same page again and again.
    RepeatedPage,
    /// A cursor that was given before.
    CursorLoop,
    /// More pages than the limit.
    PagesExceeded,
    /// A redirect to another host.
    RedirectRefused,
    /// The answer has no records where the profile says.
    WrongPointer,
    /// There is no such file.
    FileMissing,
    /// The file may not be read.
    FileDenied,
    /// The file is empty.
    FileEmpty,
    /// The file is not what it should be.
    FileFormat,
    /// The file's text is in no known encoding.
    FileEncoding,
    /// The file's header was not found.
    FileHeader,
    /// The file is protected with a password.
    FileEncrypted,
    /// The file was changed while it was read.
    FileChanged,
    /// The file could not be read.
    FileRead,
    /// The answer's seal is not the provider's, or cannot be opened.
    AnswerSeal,
}

impl Fault {
    /// The fault's code.
    pub const fn code(self) -> &'static str {
        match self {
            Fault::NameResolution => "name_resolution",
            Fault::Connect => "connect",
            Fault::Tls => "tls",
            Fault::Timeout => "timeout",
            Fault::Reset => "reset",
            Fault::Unauthorised => "unauthorised",
            Fault::Forbidden => "forbidden",
            Fault::NotFound => "not_found",
            Fault::BadRequest => "bad_request",
            Fault::RateLimited => "rate_limited",
            Fault::ProviderError => "provider_error",
            Fault::ProviderRefused => "provider_refused",
            Fault::WrongContentType => "wrong_content_type",
            Fault::MalformedJson => "malformed_json",
            Fault::TruncatedBody => "truncated_body",
            Fault::TooLarge => "too_large",
            Fault::TooDeep => "too_deep",
            Fault::RepeatedPage => "repeated_page",
            Fault::CursorLoop => "cursor_loop",
            Fault::PagesExceeded => "pages_exceeded",
            Fault::RedirectRefused => "redirect_refused",
            Fault::WrongPointer => "wrong_pointer",
            Fault::FileMissing => "file_missing",
            Fault::FileDenied => "file_denied",
            Fault::FileEmpty => "file_empty",
            Fault::FileFormat => "file_format",
            Fault::FileEncoding => "file_encoding",
            Fault::FileHeader => "file_header",
            Fault::FileEncrypted => "file_encrypted",
            Fault::FileChanged => "file_changed",
            Fault::FileRead => "file_read",
            Fault::AnswerSeal => "answer_seal",
        }
    }

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
