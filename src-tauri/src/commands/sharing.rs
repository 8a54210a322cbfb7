//! Connections and mappings as files.

use zhengqiao_api::contract::{
    ConnectionExport, ImportPlan, ImportReport, ImportRequest, ImportedMapping, MappingExport,
    MappingImport, SharedFile, SharedSource,
};

hand_over! {
    export_connections(ConnectionExport) -> SharedFile;
    plan_import(SharedSource) -> ImportPlan;
    import_connections(ImportRequest) -> ImportReport;
    export_mappings(MappingExport) -> SharedFile;
    import_mappings(MappingImport) -> Vec<ImportedMapping>;
}
