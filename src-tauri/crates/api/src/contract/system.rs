//! The application as a whole: state, settings, overview, rules, datasets, audit.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use zhengqiao_domain::{DatasetId, Flow, Personal, Severity, System};

use super::{ApiError, CauseRow, RunRow};

/// What the window shows before anything else.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AppState {
    /// Program version.
    pub version: String,
    /// Directory with the cache.
    pub data_dir: String,
    /// The system's language, `zh-CN` or `en`; a system without one counts as Chinese.
    pub system_language: String,
    /// Whether the cache is open.
    pub unlocked: bool,
    /// Whether there is no cache yet, so that a passphrase is chosen and not asked for.
    pub first_use: bool,
    /// Where keys are kept.
    pub key_store: KeyStore,
    /// Why the cache could not be opened, when no passphrase is missing.
    pub problem: Option<ApiError>,
    /// Whether this is the demonstration with its own provider.
    pub demo: bool,
    /// The demo's connection, once it exists.
    #[ts(type = "number | null")]
    pub demo_connection: Option<i64>,
}

/// Where keys and secrets are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum KeyStore {
    /// The operating system's secret store.
    System,
    /// A file sealed with a passphrase.
    PassphraseFile,
}

/// Opens the cache with a passphrase, or chooses one at first use.
#[derive(Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct UnlockRequest {
    /// The passphrase.
    pub passphrase: String,
}

/// Seals the secrets with another passphrase.
#[derive(Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ChangePassphrase {
    /// The present one.
    pub old: String,
    /// The new one.
    pub new: String,
}

/// The user's choices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct Settings {
    /// `zh-CN`, `en`, or empty for the system's.
    pub language: String,
    /// `light`, `dark`, or empty for the system's.
    pub appearance: String,
    /// `compact` (32 px rows) or `comfortable` (40 px).
    pub density: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            language: String::new(),
            appearance: String::new(),
            density: "compact".into(),
        }
    }
}

/// Where a backup goes.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BackupRequest {
    /// File to write.
    pub path: String,
}

/// A written backup.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BackupReport {
    /// The file.
    pub path: String,
    /// Its size.
    #[ts(type = "number")]
    pub size_bytes: u64,
}

/// The first screen.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Overview {
    /// One card for each of the four systems, over all connections.
    pub systems: Vec<SystemHealth>,
    /// Newly rejected records per day, oldest first.
    pub rejected_per_day: Vec<DayCount>,
    /// Departments with most open rejections.
    pub departments: Vec<DepartmentCount>,
    /// The causes with most open rejections.
    pub causes: Vec<CauseRow>,
    /// The last runs.
    pub runs: Vec<RunRow>,
    /// Sign-on bindings that need a person.
    #[ts(type = "number")]
    pub binding_conflicts: i64,
    /// Size of the cache file.
    #[ts(type = "number")]
    pub cache_bytes: u64,
    /// Number of connections.
    #[ts(type = "number")]
    pub connections: i64,
}

/// The state of one connected system.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SystemHealth {
    /// Which system.
    pub system: System,
    /// The worst state of its datasets' last runs; `never` where none ran.
    pub state: String,
    /// Accepted records in the cache.
    #[ts(type = "number")]
    pub accepted: i64,
    /// Open rejections.
    #[ts(type = "number")]
    pub rejected: i64,
    /// Held records.
    #[ts(type = "number")]
    pub held: i64,
    /// Last success, unix ms.
    #[ts(type = "number | null")]
    pub last_success_at: Option<i64>,
}

/// A count on a day (UTC+8).
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DayCount {
    /// `YYYY-MM-DD`.
    pub day: String,
    /// The count.
    #[ts(type = "number")]
    pub count: i64,
}

/// A count of a department.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DepartmentCount {
    /// Department code, as received.
    pub department: String,
    /// The count.
    #[ts(type = "number")]
    pub count: i64,
}

/// A rule with its wording.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RuleRow {
    /// Stable code.
    pub code: String,
    /// Default severity.
    pub severity: Severity,
    /// Where the rule comes from.
    pub source: String,
    /// What is wrong, in Chinese.
    pub title_zh: String,
    /// What to do, in Chinese.
    pub advice_zh: String,
    /// What is wrong, in English.
    pub title_en: String,
    /// What to do, in English.
    pub advice_en: String,
}

/// A dataset with its fields.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DatasetRow {
    /// Which dataset.
    pub id: DatasetId,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// The system it belongs to.
    pub system: System,
    /// Static or process information.
    pub flow: Flow,
    /// Its fields.
    pub fields: Vec<FieldRow>,
}

/// A field.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FieldRow {
    /// Our name.
    pub name: String,
    /// Chinese name.
    pub zh: String,
    /// Kind of value.
    pub kind: String,
    /// Whether it is required.
    pub required: bool,
    /// Personal-data class.
    pub personal: Personal,
    /// Code list, where the kind has one.
    pub code_list: Option<String>,
    /// Source of the requirement.
    pub source: String,
}

/// Which part of the audit log.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(export)]
pub struct AuditRequest {
    /// Only entries before this id.
    #[ts(type = "number | null")]
    pub before: Option<i64>,
    /// At most so many (≤ 200).
    pub limit: u32,
}

/// A page of the audit log, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditRow>,
    /// Where the next page begins.
    #[ts(type = "number | null")]
    pub next: Option<i64>,
}

/// One entry of the audit log.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AuditRow {
    /// Its number.
    #[ts(type = "number")]
    pub id: i64,
    /// When, unix ms.
    #[ts(type = "number")]
    pub at: i64,
    /// Who.
    pub actor: String,
    /// What: a command's name.
    pub act: String,
    /// To what.
    pub subject: String,
    /// Particulars, as JSON text.
    pub detail: String,
}

/// Whether the chain of the audit log holds.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AuditVerdict {
    /// Entries checked.
    #[ts(type = "number")]
    pub checked: i64,
    /// First entry that does not fit, if any.
    #[ts(type = "number | null")]
    pub broken_at: Option<i64>,
}

/// A code list with its variants.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CodeListRow {
    /// Its name, as fields refer to it.
    pub name: String,
    /// Chinese name.
    pub zh: String,
    /// The variants; the first is the default.
    pub variants: Vec<CodeVariantRow>,
}

/// One selectable version of a code list.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CodeVariantRow {
    /// Its name in settings.
    pub name: String,
    /// Where the codes come from.
    pub source: String,
    /// The codes.
    pub codes: Vec<CodeRow>,
}

/// A code with its Chinese name.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CodeRow {
    /// The code.
    pub code: String,
    /// Its name.
    pub name: String,
}
