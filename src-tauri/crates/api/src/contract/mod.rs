//! What a host may ask and what it is told: the types that cross IPC and `--json`.
//!
//! Every command takes one request object and returns one response object; [`CommandMap`] lists
//! them, and the TypeScript that the window uses is generated from it. No type here has room for a
//! secret on its way out.

mod accounts;
mod bindings;
mod connections;
mod decision_delivery;
mod decisions;
mod delivery;
mod dry;
mod identity;
mod identity_mapping;
mod ignore;
mod inbox;
mod lineage;
mod live;
mod mapping;
mod mend;
mod network;
mod overriding;
mod quality;
mod recipe;
mod reconciliation;
mod rejected;
mod reports;
mod run_page;
mod runs;
mod schedule;
mod sharing;
mod sign_on;
mod sites;
mod system;
mod tables;
mod what_if;

pub use accounts::*;
pub use bindings::*;
pub use connections::*;
pub use decision_delivery::*;
pub use decisions::*;
pub use delivery::*;
pub use dry::*;
pub use identity::*;
pub use identity_mapping::*;
pub use ignore::*;
pub use inbox::*;
pub use lineage::*;
pub use live::*;
pub use mapping::*;
pub use mend::*;
pub use network::*;
pub use overriding::*;
pub use quality::*;
pub use recipe::*;
pub use reconciliation::*;
pub use rejected::*;
pub use reports::*;
pub use run_page::*;
pub use runs::*;
pub use schedule::*;
pub use sharing::*;
pub use sign_on::*;
pub use sites::*;
pub use system::*;
pub use tables::*;
pub use what_if::*;
pub use zhengqiao_identity::{
    AccountEffect, AccountKind, ClaimRow, ConflictEffect, ConflictKind, EffectNumber,
    EffectNumbers, EvidenceKind, ReviewPolicy, RoleEffect, RoleRule,
};
pub use zhengqiao_sync::schedule::{Definition, Missed, Quiet, Timing};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::differences::Difference;

/// A request without content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Nothing {}

/// One command's request and response, for the generated TypeScript.
#[derive(Debug, TS)]
#[ts(export)]
pub struct Call<Q: TS, R: TS> {
    /// What is sent.
    pub request: Q,
    /// What comes back.
    pub response: R,
}

/// All commands by name. One name everywhere: function, command, permission, TypeScript call.
#[derive(TS)]
#[ts(export)]
#[allow(
    missing_docs,
    reason = "each is documented by the function of the same name"
)]
pub struct CommandMap {
    pub get_app_state: Call<Nothing, AppState>,
    pub unlock_cache: Call<UnlockRequest, AppState>,
    pub change_passphrase: Call<ChangePassphrase, Nothing>,
    pub get_settings: Call<Nothing, Settings>,
    pub save_settings: Call<Settings, Settings>,
    pub backup_cache: Call<BackupRequest, BackupReport>,
    pub get_overview: Call<Nothing, Overview>,
    pub list_rules: Call<Nothing, Vec<RuleRow>>,
    pub list_datasets: Call<Nothing, Vec<DatasetRow>>,
    pub list_code_lists: Call<Nothing, Vec<CodeListRow>>,
    pub list_audit: Call<AuditRequest, AuditPage>,
    pub verify_audit: Call<Nothing, AuditVerdict>,
    pub list_presets: Call<Nothing, Vec<PresetRow>>,
    pub list_connections: Call<Nothing, Vec<ConnectionRow>>,
    pub get_connection: Call<ConnectionId, ConnectionDetail>,
    pub save_connection: Call<SaveConnection, ConnectionDetail>,
    pub duplicate_connection: Call<DuplicateConnection, ConnectionDetail>,
    pub remove_connection: Call<RemoveConnection, Nothing>,
    pub change_secret: Call<ChangeSecret, ConnectionDetail>,
    pub discard_next_secret: Call<ConnectionId, ConnectionDetail>,
    pub set_secret_expiry: Call<SetSecretExpiry, ConnectionDetail>,
    pub export_connections: Call<ConnectionExport, SharedFile>,
    pub plan_import: Call<SharedSource, ImportPlan>,
    pub import_connections: Call<ImportRequest, ImportReport>,
    pub export_mappings: Call<MappingExport, SharedFile>,
    pub import_mappings: Call<MappingImport, Vec<ImportedMapping>>,
    pub save_network_secrets: Call<SaveNetworkSecrets, ConnectionDetail>,
    pub list_expiries: Call<Nothing, Vec<ExpiryRow>>,
    pub test_connection: Call<ConnectionId, TestReport>,
    pub inspect_file: Call<InspectFile, FileInspection>,
    pub inspect_table: Call<InspectTable, TableInspection>,
    pub sample_dataset: Call<TakeSample, MappingSample>,
    pub preview_mapping: Call<PreviewMapping, MappingPreview>,
    pub propose_mend: Call<ProposeMend, MendProposals>,
    pub start_effect: Call<StartEffect, EffectId>,
    pub watch_effect: Call<EffectId, Effect>,
    pub cancel_effect: Call<EffectId, Nothing>,
    pub list_effects: Call<Nothing, Vec<Effect>>,
    pub list_effect_rows: Call<EffectRowsRequest, EffectRowsPage>,
    pub apply_mend: Call<ApplyMend, MendReport>,
    pub extract_recipe: Call<ExtractRecipe, RecipeFile>,
    pub read_recipe: Call<SharedSource, Recipe>,
    pub plan_recipe: Call<ApplyRecipe, RecipePlan>,
    pub apply_recipe: Call<ApplyRecipe, MendReport>,
    pub list_profile_versions: Call<ConnectionId, Vec<ProfileVersion>>,
    pub revert_connection: Call<RevertConnection, ConnectionDetail>,
    pub list_deliveries: Call<Nothing, Vec<DeliveryRow>>,
    pub save_delivery_target: Call<SaveDeliveryTarget, ConnectionDetail>,
    pub test_delivery_target: Call<TestDeliveryTarget, TestReport>,
    pub deliver_now: Call<DeliverNow, DeliveryRow>,
    pub cancel_delivery: Call<ConnectionId, Nothing>,
    pub watch_delivery: Call<ConnectionId, DeliveryProgress>,
    pub list_sync_state: Call<Nothing, Vec<SyncRow>>,
    pub start_sync: Call<StartSync, RunStarted>,
    pub list_reach: Call<ConnectionId, Vec<ReachRow>>,
    pub probe_sync: Call<StartSync, SyncProbe>,
    pub start_dry_run: Call<StartSync, DryId>,
    pub watch_dry_run: Call<DryId, RunProgress>,
    pub cancel_dry_run: Call<DryId, Nothing>,
    pub list_dry_runs: Call<Nothing, Vec<DryRunRow>>,
    pub get_dry_run: Call<DryId, DryRunDetail>,
    pub list_dry_changes: Call<DryChangesRequest, DryChangesPage>,
    pub apply_dry_run: Call<DryId, RunStarted>,
    pub discard_dry_run: Call<DryId, Nothing>,
    pub cancel_run: Call<RunId, Nothing>,
    pub pause_run: Call<RunId, Nothing>,
    pub resume_run: Call<RunId, RunStarted>,
    pub list_active_runs: Call<Nothing, Vec<ActiveRun>>,
    pub watch_closing: Call<Nothing, Nothing>,
    pub leave_app: Call<Nothing, Nothing>,
    pub list_schedules: Call<Nothing, Vec<ScheduleRow>>,
    pub save_schedule: Call<SaveSchedule, ScheduleRow>,
    pub remove_schedule: Call<ScheduleId, Nothing>,
    pub preview_schedule: Call<PreviewSchedule, SchedulePreview>,
    pub list_coming_runs: Call<ComingRequest, Vec<ComingRuns>>,
    pub get_schedule_files: Call<ScheduleId, ScheduleFiles>,
    pub watch_run: Call<RunId, RunProgress>,
    pub list_runs: Call<RunsRequest, RunsPage>,
    pub get_run: Call<RunId, RunDetail>,
    pub get_run_guards: Call<RunId, RunGuards>,
    pub decide_run: Call<DecideRun, Nothing>,
    pub start_reconciliation: Call<StartReconciliation, ReconciliationId>,
    pub watch_reconciliation: Call<ReconciliationId, ReconciliationProgress>,
    pub cancel_reconciliation: Call<ReconciliationId, Nothing>,
    pub list_reconciliations: Call<ReconciliationsRequest, Vec<ReconciliationRow>>,
    pub get_reconciliation: Call<ReconciliationId, ReconciliationDetail>,
    pub list_reconciliation_cells: Call<ReconciliationCellsRequest, Vec<ReconciliationCell>>,
    pub list_reconciliation_keys: Call<ReconciliationKeysRequest, ReconciliationKeysPage>,
    pub repull_reconciliation: Call<ReconciliationId, Nothing>,
    pub sign_reconciliation: Call<SignReconciliation, ReconciliationDetail>,
    pub export_reconciliation: Call<ExportReconciliation, ExportReport>,
    pub list_records: Call<RecordsRequest, RecordsPage>,
    pub get_record: Call<RecordId, RecordDetail>,
    pub get_record_history: Call<RecordHistoryRequest, RecordHistories>,
    pub plan_undo: Call<RunId, UndoPlan>,
    pub undo_run: Call<UndoRun, RunStarted>,
    pub list_undone: Call<UndoneRequest, UndonePage>,
    pub compare_runs: Call<CompareRuns, RunComparison>,
    pub export_run_report: Call<RunReportRequest, ExportReport>,
    pub count_retention: Call<CountRetention, RetentionCounts>,
    pub list_causes: Call<RejectionFilter, Vec<CauseRow>>,
    pub list_facets: Call<RejectionFilter, Facets>,
    pub list_rejections: Call<RejectionsRequest, RejectionsPage>,
    pub list_views: Call<Nothing, Vec<SavedView>>,
    pub save_view: Call<SaveView, Nothing>,
    pub remove_view: Call<ViewName, Nothing>,
    pub get_rejection: Call<RejectionId, RejectionDetail>,
    pub reveal_rejection: Call<RevealRequest, RejectionDetail>,
    pub ignore_rejections: Call<IgnoreRequest, IgnoreReport>,
    pub reopen_rejections: Call<BulkRequest, BulkReport>,
    pub list_ignores: Call<IgnoresRequest, IgnoresPage>,
    pub revoke_ignores: Call<RevokeIgnores, BulkReport>,
    pub start_revalidation: Call<StartRevalidation, RunStarted>,
    pub continue_revalidation: Call<RunId, RunStarted>,
    pub get_revalidation: Call<RunId, Revalidation>,
    pub list_revalidated: Call<RevalidatedRequest, RevalidatedPage>,
    pub export_rejections: Call<ExportRequest, ExportReport>,
    pub get_quality: Call<QualityRequest, QualityReport>,
    pub export_quality: Call<QualityExport, ExportReport>,
    pub get_override: Call<RejectionId, OverrideStanding>,
    pub try_override: Call<OverrideRequest, OverrideReport>,
    pub override_rejection: Call<OverrideRequest, OverrideReport>,
    pub revoke_override: Call<RevokeOverride, Nothing>,
    pub plan_report: Call<PlanReport, ReportPlan>,
    pub write_report: Call<WriteReport, ReportDetail>,
    pub rewrite_report: Call<RewriteReport, ReportDetail>,
    pub cancel_report: Call<Nothing, Nothing>,
    pub list_reports: Call<ReportsRequest, ReportsPage>,
    pub get_report: Call<ReportId, ReportDetail>,
    pub list_report_entries: Call<ReportEntriesRequest, ReportEntriesPage>,
    pub set_report_due: Call<SetReportDue, ReportDetail>,
    pub close_report: Call<CloseReport, ReportDetail>,
    pub withdraw_report: Call<ReportId, BulkReport>,
    pub repull_corrected: Call<RepullCorrected, RunStarted>,
    pub preview_answers: Call<ReadAnswers, AnswersPreview>,
    pub apply_answers: Call<ApplyAnswers, AnswersReport>,
    pub get_letters: Call<GetLetters, Letters>,
    pub review_identity: Call<ConnectionId, IdentitySummary>,
    pub get_identity_summary: Call<ConnectionId, IdentitySummary>,
    pub list_bindings: Call<BindingsRequest, BindingsPage>,
    pub list_sites: Call<ConnectionId, SitesView>,
    pub save_site: Call<SaveSite, SitesView>,
    pub remove_site: Call<SiteId, SitesView>,
    pub probe_site: Call<SiteId, SitesView>,
    pub import_sites: Call<ImportSites, SiteImport>,
    pub export_sites: Call<ExportSites, ExportReport>,
    pub get_identity_mapping: Call<ConnectionId, IdentityMapping>,
    pub save_identity_mapping: Call<SaveIdentityMapping, IdentityMapping>,
    pub preview_claims: Call<PreviewClaims, ClaimsPreview>,
    pub forget_claim_sample: Call<ForgetClaimSample, Nothing>,
    pub list_identity_versions: Call<ConnectionId, Vec<IdentityVersionRow>>,
    pub compare_identity_versions: Call<CompareIdentityVersions, Vec<Difference>>,
    pub restore_identity_version: Call<RestoreIdentityVersion, IdentityMapping>,
    pub start_what_if: Call<StartWhatIf, WhatIfId>,
    pub get_what_if: Call<WhatIfId, WhatIfView>,
    pub cancel_what_if: Call<WhatIfId, Nothing>,
    pub list_what_if_rows: Call<WhatIfRowsRequest, WhatIfRowsPage>,
    pub propose_identity_change: Call<ProposeIdentityChange, IdentityChangeRow>,
    pub list_identity_changes: Call<ConnectionId, Vec<IdentityChangeRow>>,
    pub apply_identity_change: Call<IdentityChangeId, AppliedIdentityChange>,
    pub discard_identity_change: Call<IdentityChangeId, IdentityChangeRow>,
    pub get_sign_on: Call<ConnectionId, SignOnView>,
    pub save_sign_on: Call<SaveSignOn, SignOnView>,
    pub start_test_login: Call<StartTestLogin, TestLoginView>,
    pub watch_test_login: Call<WatchTestLogin, TestLoginView>,
    pub open_test_login: Call<TestLoginId, Nothing>,
    pub paste_test_login: Call<PasteTestLogin, Nothing>,
    pub cancel_test_login: Call<TestLoginId, Nothing>,
    pub keep_test_login: Call<KeepTestLogin, KeptSample>,
    pub get_account_source: Call<ConnectionId, AccountSource>,
    pub save_account_source: Call<SaveAccountSource, AccountSource>,
    pub get_decision_delivery: Call<ConnectionId, DecisionDelivery>,
    pub save_decision_target: Call<SaveDecisionTarget, DecisionDelivery>,
    pub list_decision_deliveries: Call<DecisionDeliveriesRequest, DecisionDeliveriesPage>,
    pub deliver_decisions: Call<DeliverDecisions, DecisionDeliveryReport>,
    pub cancel_decision_delivery: Call<ConnectionId, Nothing>,
    pub export_decisions: Call<ExportDecisions, ExportReport>,
    pub get_binding_facets: Call<BindingFacetsRequest, BindingFacets>,
    pub get_binding: Call<BindingId, BindingDetail>,
    pub decide_bindings: Call<DecideBindings, DecisionsMade>,
    pub undo_binding_decisions: Call<UndoBindingDecisions, DecisionsUndone>,
    pub list_binding_decisions: Call<BindingDecisionsRequest, BindingDecisionsPage>,
    pub get_binding_drift: Call<ConnectionId, BindingDrift>,
    pub list_binding_drift: Call<BindingDriftRequest, BindingDriftPage>,
    pub sign_off_bindings: Call<SignOffBindings, BindingSignOff>,
    pub list_binding_sign_offs: Call<ConnectionId, BindingSignOffs>,
    pub export_binding_sign_off: Call<ExportSignOff, Nothing>,
}

/// A failure as hosts see it. Codes are a closed list: one exists only if a host acts on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
#[error("{message}")]
#[ts(export)]
pub struct ApiError {
    /// What kind of failure.
    pub code: ErrorCode,
    /// What failed, on what and why, in one sentence without secrets or personal data.
    pub message: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Particulars for the folded part.
    pub details: Option<String>,
}

/// The closed list of error codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ErrorCode {
    /// The cache is locked: ask for the passphrase.
    Locked,
    /// The passphrase is wrong.
    WrongPassphrase,
    /// The cache file was written by a newer program.
    NewerCache,
    /// A request's field is missing or wrong; the message names it.
    InvalidRequest,
    /// The thing asked for does not exist (any more).
    NotFound,
    /// Another run of the connection is active.
    AlreadyRunning,
    /// The provider could not be reached or refused.
    Provider,
    /// The secret store failed.
    SecretStore,
    /// The cache file or disk failed.
    Storage,
    /// A file could not be read or written.
    File,
    /// A defect of the program.
    Internal,
}
