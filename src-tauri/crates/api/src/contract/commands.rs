//! The list of all commands, of which every host and the window's types are made.

#![allow(
    clippy::wildcard_imports,
    reason = "the list names what the contract names"
)]

use ts_rs::TS;

use super::*;

/// One command's request and response, for the generated TypeScript.
#[derive(Debug, TS)]
#[ts(export)]
pub struct Call<Q: TS, R: TS> {
    /// What is sent.
    pub request: Q,
    /// What comes back.
    pub response: R,
}

/// Hands all commands to a macro, each as `how name(Request) -> Response;` or, where it tells how far
/// it is, as `how name(Request, Message) -> Response;`. One name everywhere: the console's function,
/// command, permission and TypeScript call. How a host calls the console's function:
///
/// - `ask`: with the request.
/// - `bare`: without any.
/// - `tell`: with the request, and with what takes the messages.
/// - `own`: in the host's own words, because the function does not wait, or because only a window
///   has the command.
#[macro_export]
macro_rules! with_commands {
    ($then:ident) => {
        $then! {
            bare get_app_state(Nothing) -> AppState;
            ask unlock_cache(UnlockRequest) -> AppState;
            ask change_passphrase(ChangePassphrase) -> Nothing;
            bare get_settings(Nothing) -> Settings;
            ask save_settings(Settings) -> Settings;
            ask backup_cache(BackupRequest) -> BackupReport;
            bare get_overview(Nothing) -> Overview;
            own list_rules(Nothing) -> Vec<RuleRow>;
            own list_datasets(Nothing) -> Vec<DatasetRow>;
            own list_code_lists(Nothing) -> Vec<CodeListRow>;
            ask list_audit(AuditRequest) -> AuditPage;
            bare verify_audit(Nothing) -> AuditVerdict;
            own list_presets(Nothing) -> Vec<PresetRow>;
            bare list_connections(Nothing) -> Vec<ConnectionRow>;
            ask get_connection(ConnectionId) -> ConnectionDetail;
            ask save_connection(SaveConnection) -> ConnectionDetail;
            ask duplicate_connection(DuplicateConnection) -> ConnectionDetail;
            ask remove_connection(RemoveConnection) -> Nothing;
            ask change_secret(ChangeSecret) -> ConnectionDetail;
            ask discard_next_secret(ConnectionId) -> ConnectionDetail;
            ask set_secret_expiry(SetSecretExpiry) -> ConnectionDetail;
            ask export_connections(ConnectionExport) -> SharedFile;
            ask plan_import(SharedSource) -> ImportPlan;
            ask import_connections(ImportRequest) -> ImportReport;
            ask export_mappings(MappingExport) -> SharedFile;
            ask import_mappings(MappingImport) -> Vec<ImportedMapping>;
            ask save_network_secrets(SaveNetworkSecrets) -> ConnectionDetail;
            ask list_expiries(Nothing) -> Vec<ExpiryRow>;
            tell test_connection(ConnectionId, TestLayer) -> TestReport;
            ask inspect_file(InspectFile) -> FileInspection;
            ask inspect_table(InspectTable) -> TableInspection;
            ask sample_dataset(TakeSample) -> MappingSample;
            ask preview_mapping(PreviewMapping) -> MappingPreview;
            ask propose_mend(ProposeMend) -> MendProposals;
            ask start_effect(StartEffect) -> EffectId;
            tell watch_effect(EffectId, Effect) -> Effect;
            own cancel_effect(EffectId) -> Nothing;
            ask list_effects(Nothing) -> Vec<Effect>;
            own list_effect_rows(EffectRowsRequest) -> EffectRowsPage;
            ask apply_mend(ApplyMend) -> MendReport;
            ask extract_recipe(ExtractRecipe) -> RecipeFile;
            ask read_recipe(SharedSource) -> Recipe;
            ask plan_recipe(ApplyRecipe) -> RecipePlan;
            ask apply_recipe(ApplyRecipe) -> MendReport;
            ask list_profile_versions(ConnectionId) -> Vec<ProfileVersion>;
            ask revert_connection(RevertConnection) -> ConnectionDetail;
            ask list_deliveries(Nothing) -> Vec<DeliveryRow>;
            ask save_delivery_target(SaveDeliveryTarget) -> ConnectionDetail;
            tell test_delivery_target(TestDeliveryTarget, TestLayer) -> TestReport;
            ask deliver_now(DeliverNow) -> DeliveryRow;
            ask cancel_delivery(ConnectionId) -> Nothing;
            tell watch_delivery(ConnectionId, DeliveryProgress) -> DeliveryProgress;
            bare list_sync_state(Nothing) -> Vec<SyncRow>;
            ask start_sync(StartSync) -> RunStarted;
            ask list_reach(ConnectionId) -> Vec<ReachRow>;
            ask probe_sync(StartSync) -> SyncProbe;
            ask start_dry_run(StartSync) -> DryId;
            tell watch_dry_run(DryId, RunProgress) -> RunProgress;
            ask cancel_dry_run(DryId) -> Nothing;
            bare list_dry_runs(Nothing) -> Vec<DryRunRow>;
            ask get_dry_run(DryId) -> DryRunDetail;
            ask list_dry_changes(DryChangesRequest) -> DryChangesPage;
            ask apply_dry_run(DryId) -> RunStarted;
            ask discard_dry_run(DryId) -> Nothing;
            ask cancel_run(RunId) -> Nothing;
            ask pause_run(RunId) -> Nothing;
            ask resume_run(RunId) -> RunStarted;
            ask list_active_runs(Nothing) -> Vec<ActiveRun>;
            own watch_closing(Nothing, Closing) -> Nothing;
            own leave_app(Nothing) -> Nothing;
            ask list_schedules(Nothing) -> Vec<ScheduleRow>;
            ask save_schedule(SaveSchedule) -> ScheduleRow;
            ask remove_schedule(ScheduleId) -> Nothing;
            ask preview_schedule(PreviewSchedule) -> SchedulePreview;
            ask list_coming_runs(ComingRequest) -> Vec<ComingRuns>;
            ask get_schedule_files(ScheduleId) -> ScheduleFiles;
            tell watch_run(RunId, RunProgress) -> RunProgress;
            ask list_runs(RunsRequest) -> RunsPage;
            ask get_run(RunId) -> RunDetail;
            ask get_run_guards(RunId) -> RunGuards;
            ask decide_run(DecideRun) -> Nothing;
            ask start_reconciliation(StartReconciliation) -> ReconciliationId;
            tell watch_reconciliation(ReconciliationId, ReconciliationProgress) -> ReconciliationProgress;
            ask cancel_reconciliation(ReconciliationId) -> Nothing;
            ask list_reconciliations(ReconciliationsRequest) -> Vec<ReconciliationRow>;
            ask get_reconciliation(ReconciliationId) -> ReconciliationDetail;
            ask list_reconciliation_cells(ReconciliationCellsRequest) -> Vec<ReconciliationCell>;
            ask list_reconciliation_keys(ReconciliationKeysRequest) -> ReconciliationKeysPage;
            ask repull_reconciliation(ReconciliationId) -> Nothing;
            ask sign_reconciliation(SignReconciliation) -> ReconciliationDetail;
            ask export_reconciliation(ExportReconciliation) -> ExportReport;
            ask list_records(RecordsRequest) -> RecordsPage;
            ask get_record(RecordId) -> RecordDetail;
            ask get_record_history(RecordHistoryRequest) -> RecordHistories;
            ask plan_undo(RunId) -> UndoPlan;
            ask undo_run(UndoRun) -> RunStarted;
            ask list_undone(UndoneRequest) -> UndonePage;
            ask compare_runs(CompareRuns) -> RunComparison;
            ask export_run_report(RunReportRequest) -> ExportReport;
            ask count_retention(CountRetention) -> RetentionCounts;
            ask list_causes(RejectionFilter) -> Vec<CauseRow>;
            ask list_facets(RejectionFilter) -> Facets;
            ask list_rejections(RejectionsRequest) -> RejectionsPage;
            bare list_views(Nothing) -> Vec<SavedView>;
            ask save_view(SaveView) -> Nothing;
            ask remove_view(ViewName) -> Nothing;
            ask get_rejection(RejectionId) -> RejectionDetail;
            ask reveal_rejection(RevealRequest) -> RejectionDetail;
            ask ignore_rejections(IgnoreRequest) -> IgnoreReport;
            ask reopen_rejections(BulkRequest) -> BulkReport;
            ask list_ignores(IgnoresRequest) -> IgnoresPage;
            ask revoke_ignores(RevokeIgnores) -> BulkReport;
            ask start_revalidation(StartRevalidation) -> RunStarted;
            ask continue_revalidation(RunId) -> RunStarted;
            ask get_revalidation(RunId) -> Revalidation;
            ask list_revalidated(RevalidatedRequest) -> RevalidatedPage;
            ask export_rejections(ExportRequest) -> ExportReport;
            ask get_quality(QualityRequest) -> QualityReport;
            ask export_quality(QualityExport) -> ExportReport;
            ask get_override(RejectionId) -> OverrideStanding;
            ask try_override(OverrideRequest) -> OverrideReport;
            ask override_rejection(OverrideRequest) -> OverrideReport;
            ask revoke_override(RevokeOverride) -> Nothing;
            ask plan_report(PlanReport) -> ReportPlan;
            tell write_report(WriteReport, ReportProgress) -> ReportDetail;
            tell rewrite_report(RewriteReport, ReportProgress) -> ReportDetail;
            own cancel_report(Nothing) -> Nothing;
            ask list_reports(ReportsRequest) -> ReportsPage;
            ask get_report(ReportId) -> ReportDetail;
            ask list_report_entries(ReportEntriesRequest) -> ReportEntriesPage;
            ask set_report_due(SetReportDue) -> ReportDetail;
            ask close_report(CloseReport) -> ReportDetail;
            ask withdraw_report(ReportId) -> BulkReport;
            ask repull_corrected(RepullCorrected) -> RunStarted;
            ask preview_answers(ReadAnswers) -> AnswersPreview;
            ask apply_answers(ApplyAnswers) -> AnswersReport;
            ask get_letters(GetLetters) -> Letters;
            ask review_identity(ConnectionId) -> IdentitySummary;
            ask get_identity_summary(ConnectionId) -> IdentitySummary;
            ask list_bindings(BindingsRequest) -> BindingsPage;
            ask list_sites(ConnectionId) -> SitesView;
            ask save_site(SaveSite) -> SitesView;
            ask remove_site(SiteId) -> SitesView;
            ask probe_site(SiteId) -> SitesView;
            ask import_sites(ImportSites) -> SiteImport;
            ask export_sites(ExportSites) -> ExportReport;
            ask get_identity_mapping(ConnectionId) -> IdentityMapping;
            ask save_identity_mapping(SaveIdentityMapping) -> IdentityMapping;
            ask preview_claims(PreviewClaims) -> ClaimsPreview;
            ask forget_claim_sample(ForgetClaimSample) -> Nothing;
            ask list_identity_versions(ConnectionId) -> Vec<IdentityVersionRow>;
            ask compare_identity_versions(CompareIdentityVersions) -> Vec<Difference>;
            ask restore_identity_version(RestoreIdentityVersion) -> IdentityMapping;
            ask start_what_if(StartWhatIf) -> WhatIfId;
            ask get_what_if(WhatIfId) -> WhatIfView;
            own cancel_what_if(WhatIfId) -> Nothing;
            own list_what_if_rows(WhatIfRowsRequest) -> WhatIfRowsPage;
            ask propose_identity_change(ProposeIdentityChange) -> IdentityChangeRow;
            ask list_identity_changes(ConnectionId) -> Vec<IdentityChangeRow>;
            ask apply_identity_change(IdentityChangeId) -> AppliedIdentityChange;
            ask discard_identity_change(IdentityChangeId) -> IdentityChangeRow;
            ask get_sign_on(ConnectionId) -> SignOnView;
            ask save_sign_on(SaveSignOn) -> SignOnView;
            ask start_test_login(StartTestLogin) -> TestLoginView;
            ask watch_test_login(WatchTestLogin) -> TestLoginView;
            ask open_test_login(TestLoginId) -> Nothing;
            ask paste_test_login(PasteTestLogin) -> Nothing;
            ask cancel_test_login(TestLoginId) -> Nothing;
            ask keep_test_login(KeepTestLogin) -> KeptSample;
            ask get_account_source(ConnectionId) -> AccountSource;
            ask save_account_source(SaveAccountSource) -> AccountSource;
            ask get_decision_delivery(ConnectionId) -> DecisionDelivery;
            ask save_decision_target(SaveDecisionTarget) -> DecisionDelivery;
            ask list_decision_deliveries(DecisionDeliveriesRequest) -> DecisionDeliveriesPage;
            tell deliver_decisions(DeliverDecisions, DecisionDeliveryProgress) -> DecisionDeliveryReport;
            ask cancel_decision_delivery(ConnectionId) -> Nothing;
            ask export_decisions(ExportDecisions) -> ExportReport;
            ask get_binding_facets(BindingFacetsRequest) -> BindingFacets;
            ask get_binding(BindingId) -> BindingDetail;
            ask decide_bindings(DecideBindings) -> DecisionsMade;
            ask undo_binding_decisions(UndoBindingDecisions) -> DecisionsUndone;
            ask list_binding_decisions(BindingDecisionsRequest) -> BindingDecisionsPage;
            ask get_binding_drift(ConnectionId) -> BindingDrift;
            ask list_binding_drift(BindingDriftRequest) -> BindingDriftPage;
            ask sign_off_bindings(SignOffBindings) -> BindingSignOff;
            ask list_binding_sign_offs(ConnectionId) -> BindingSignOffs;
            ask export_binding_sign_off(ExportSignOff) -> Nothing;
        }
    };
}

macro_rules! maps {
    ($($how:ident $name:ident($request:ty $(, $message:ty)?) -> $response:ty;)+) => {
        /// All commands by name.
        #[derive(TS)]
        #[ts(export)]
        #[allow(missing_docs, reason = "each is documented by the function of the same name")]
        pub struct CommandMap {
            $(pub $name: Call<$request, $response>,)+
        }

        /// What commands that tell how far they are send meanwhile, by name.
        #[derive(TS)]
        #[ts(export)]
        #[allow(missing_docs, reason = "each is documented by the function of the same name")]
        pub struct ProgressMap {
            $($(pub $name: $message,)?)+
        }

        /// The names of all commands.
        pub const COMMANDS: &[&str] = &[$(stringify!($name)),+];
    };
}
with_commands!(maps);
