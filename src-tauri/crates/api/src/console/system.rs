//! Application state, settings, overview, rules, datasets, audit.

use zhengqiao_domain::rules::RULES;
use zhengqiao_domain::{DatasetId, System, codes};
use zhengqiao_store::secret::Secret;
use zhengqiao_store::{
    StoreError, audit, binding_list, cause, connection, rejection, run, setting, source,
};
use zhengqiao_sync::StateWord;

use super::{Console, actor, invalid, now_local, now_ms};
use crate::contract::{
    ApiError, AppState, AuditPage, AuditRequest, AuditRow, AuditVerdict, BackupReport,
    BackupRequest, CodeListRow, CodeRow, CodeVariantRow, DatasetRow, DayCount, DepartmentCount,
    FieldRow, Overview, RuleRow, Settings, SystemHealth, UnlockRequest,
};
use crate::keys::{self, KeyChoice};

const SETTINGS: &str = "settings";
/// Entries of a list at most.
pub(super) const LARGEST_PAGE: u32 = 200;

impl Console {
    /// What the window shows before anything else.
    ///
    /// # Errors
    /// The cache's.
    pub async fn get_app_state(&self) -> Result<AppState, ApiError> {
        let problem = self.open_unasked().await;
        let unlocked = self.open().is_ok();
        let demo_connection = if unlocked && self.0.options.demo {
            self.read(|conn| Ok(connection::list(conn)?.first().map(|row| row.id)))
                .await?
        } else {
            None
        };
        Ok(AppState {
            version: env!("CARGO_PKG_VERSION").into(),
            data_dir: self.0.options.data_dir.display().to_string(),
            system_language: system_language(sys_locale::get_locale().as_deref()).into(),
            unlocked,
            first_use: keys::is_first_use(&self.0.options.data_dir),
            key_store: self.0.key_store,
            problem,
            demo: self.0.options.demo,
            demo_connection,
        })
    }

    /// Opens the cache with a passphrase, or chooses one at first use.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::WrongPassphrase`].
    pub async fn unlock_cache(&self, request: UnlockRequest) -> Result<AppState, ApiError> {
        if request.passphrase.chars().count() < 8 && keys::is_first_use(&self.0.options.data_dir) {
            return Err(invalid("passphrase: choose at least eight characters"));
        }
        self.open_with(KeyChoice::Passphrase(Secret::new(request.passphrase)))
            .await?;
        self.get_app_state().await
    }

    /// The user's choices.
    ///
    /// # Errors
    /// The cache's.
    pub async fn get_settings(&self) -> Result<Settings, ApiError> {
        let text = self.read(|conn| setting::get(conn, SETTINGS)).await?;
        Ok(text
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default())
    }

    /// Saves the user's choices.
    ///
    /// # Errors
    /// The cache's.
    pub async fn save_settings(&self, settings: Settings) -> Result<Settings, ApiError> {
        let known = |value: &str, list: &[&str], name: &str| {
            if list.contains(&value) {
                Ok(())
            } else {
                Err(invalid(format!(
                    "{name}: {value:?} is none of {}",
                    list.join(", ")
                )))
            }
        };
        known(&settings.language, &["", "zh-CN", "en"], "language")?;
        known(&settings.appearance, &["", "light", "dark"], "appearance")?;
        known(&settings.density, &["compact", "comfortable"], "density")?;
        let text = serde_json::to_string(&settings).map_err(StoreError::from)?;
        self.write(move |tx| setting::set(tx, SETTINGS, &text))
            .await?;
        Ok(settings)
    }

    /// Writes a copy of the cache, encrypted with the same key.
    ///
    /// # Errors
    /// The disk's.
    pub async fn backup_cache(&self, request: BackupRequest) -> Result<BackupReport, ApiError> {
        let cache = self.cache()?;
        let path = std::path::PathBuf::from(&request.path);
        if path == cache.path() {
            return Err(invalid(
                "path: this is the cache itself; choose another file",
            ));
        }
        let size_bytes = super::blocking(move || cache.backup(&path)).await??;
        let subject = request.path.clone();
        self.write(move |tx| audit::append(tx, now_ms(), &actor(), "backup_cache", &subject, "{}"))
            .await?;
        Ok(BackupReport {
            path: request.path,
            size_bytes,
        })
    }

    /// The first screen.
    ///
    /// # Errors
    /// The cache's.
    pub async fn get_overview(&self) -> Result<Overview, ApiError> {
        self.open_expired().await?;
        let cache_bytes = self.cache()?.size_bytes();
        let runs = self.recent_runs(None, None, 6).await?;
        self.read(move |conn| {
            let sources = source::list(conn, None)?;
            let mut systems: Vec<SystemHealth> = [
                System::UnifiedIdentity,
                System::ServiceItems,
                System::CaseRecords,
                System::Reviews,
            ]
            .into_iter()
            .map(|system| SystemHealth {
                system,
                state: StateWord::Never.as_str().into(),
                accepted: 0,
                rejected: 0,
                held: 0,
                last_success_at: None,
            })
            .collect();
            for row in &sources {
                let system = row.dataset.dataset().system;
                let Some(health) = systems.iter_mut().find(|health| health.system == system) else {
                    continue;
                };
                health.accepted += row.accepted;
                health.rejected += row.rejected;
                health.held += row.held;
                health.last_success_at = health.last_success_at.max(row.last_success_at);
                let last = run::history(conn, row.id, 1)?
                    .pop()
                    .and_then(|(state, _)| StateWord::by_name(&state));
                let worst = StateWord::by_name(&health.state)
                    .max(last)
                    .unwrap_or(StateWord::Never);
                health.state = worst.as_str().into();
            }
            let open = [1, 2];
            let mut rejected_per_day: Vec<DayCount> = rejection::facets(conn, "day", None, &[])?
                .into_iter()
                .map(|(day, count)| DayCount { day, count })
                .collect();
            rejected_per_day.sort_by(|one, other| one.day.cmp(&other.day));
            let skip = rejected_per_day.len().saturating_sub(30);
            let departments = rejection::facets(conn, "department", None, &open)?
                .into_iter()
                .filter(|(department, _)| !department.is_empty())
                .take(8)
                .map(|(department, count)| DepartmentCount { department, count })
                .collect();
            let today = now_local().date().to_string();
            let mut binding_conflicts = 0;
            let connections = connection::list(conn)?;
            for row in &connections {
                // Ambiguous, conflicting, orphaned: what nobody has decided about yet.
                binding_conflicts += binding_list::groups(conn, row.id)?
                    .iter()
                    .filter(|group| matches!(group.state, 2..=4) && group.is_open(&today))
                    .map(|group| group.n)
                    .sum::<i64>();
            }
            Ok(Overview {
                systems,
                rejected_per_day: rejected_per_day.split_off(skip),
                departments,
                causes: cause::list(conn, 8)?
                    .into_iter()
                    .map(super::inbox::cause_row)
                    .collect(),
                runs,
                binding_conflicts,
                cache_bytes,
                connections: connections.len() as i64,
            })
        })
        .await
    }

    /// Every rule with its wording.
    pub fn list_rules(&self) -> Vec<RuleRow> {
        RULES
            .iter()
            .map(|rule| RuleRow {
                code: rule.code.into(),
                severity: rule.severity,
                source: rule.source.into(),
                title_zh: rule.zh.title.into(),
                advice_zh: rule.zh.advice.into(),
                title_en: rule.en.title.into(),
                advice_en: rule.en.advice.into(),
            })
            .collect()
    }

    /// Every code list with its variants.
    pub fn list_code_lists(&self) -> Vec<CodeListRow> {
        codes::LISTS
            .iter()
            .map(|list| CodeListRow {
                name: list.name.into(),
                zh: list.zh.into(),
                variants: list
                    .variants
                    .iter()
                    .map(|variant| CodeVariantRow {
                        name: variant.name.into(),
                        source: variant.source.into(),
                        codes: variant
                            .codes
                            .iter()
                            .map(|(code, name)| CodeRow {
                                code: (*code).into(),
                                name: (*name).into(),
                            })
                            .collect(),
                    })
                    .collect(),
            })
            .collect()
    }

    /// Every dataset with its fields.
    pub fn list_datasets(&self) -> Vec<DatasetRow> {
        DatasetId::ALL
            .into_iter()
            .map(|id| {
                let dataset = id.dataset();
                DatasetRow {
                    id,
                    zh: dataset.zh.into(),
                    en: dataset.en.into(),
                    system: dataset.system,
                    flow: dataset.flow,
                    fields: dataset
                        .fields
                        .iter()
                        .map(|field| FieldRow {
                            name: field.name.into(),
                            zh: field.zh.into(),
                            kind: field.kind.name().into(),
                            required: field.required,
                            personal: field.personal,
                            code_list: field.kind.code_list().map(str::to_owned),
                            source: field.source.text(),
                        })
                        .collect(),
                }
            })
            .collect()
    }

    /// A page of the audit log.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_audit(&self, request: AuditRequest) -> Result<AuditPage, ApiError> {
        let limit = request.limit.clamp(1, LARGEST_PAGE);
        let entries = self
            .read(move |conn| audit::page(conn, request.before, limit))
            .await?;
        let next = (entries.len() == limit as usize)
            .then(|| entries.last().map(|entry| entry.id))
            .flatten();
        let entries = entries
            .into_iter()
            .map(|entry| AuditRow {
                id: entry.id,
                at: entry.at,
                actor: entry.actor,
                act: entry.act,
                subject: entry.subject,
                detail: entry.detail,
            })
            .collect();
        Ok(AuditPage { entries, next })
    }

    /// Follows the chain of the audit log.
    ///
    /// # Errors
    /// The cache's.
    pub async fn verify_audit(&self) -> Result<AuditVerdict, ApiError> {
        let (checked, broken_at) = self.read(audit::verify).await?;
        Ok(AuditVerdict { checked, broken_at })
    }
}

/// Whether the system speaks Chinese.
pub(super) fn is_chinese_system() -> bool {
    system_language(sys_locale::get_locale().as_deref()).starts_with("zh")
}

/// The language of a system's locale; "C" and the like are no language.
fn system_language(locale: Option<&str>) -> &'static str {
    let is_english = locale.is_some_and(|locale| locale.to_ascii_lowercase().starts_with("en"));
    if is_english { "en" } else { "zh-CN" }
}

#[cfg(test)]
mod tests {
    use super::system_language;

    #[test]
    fn a_system_without_a_language_counts_as_chinese() {
        let languages =
            [None, Some("C"), Some("zh-CN"), Some("en-GB"), Some("EN")].map(system_language);
        assert_eq!(languages, ["zh-CN", "zh-CN", "zh-CN", "en", "en"]);
    }
}
