//! The mapping editor and versions of connections.

use zhengqiao_api::contract::{
    ConnectionDetail, ConnectionId, FileInspection, InspectFile, InspectTable, MappingPreview,
    MappingSample, PreviewMapping, ProfileVersion, RevertConnection, TableInspection, TakeSample,
};

hand_over! {
    inspect_file(InspectFile) -> FileInspection;
    inspect_table(InspectTable) -> TableInspection;
    sample_dataset(TakeSample) -> MappingSample;
    preview_mapping(PreviewMapping) -> MappingPreview;
    list_profile_versions(ConnectionId) -> Vec<ProfileVersion>;
    revert_connection(RevertConnection) -> ConnectionDetail;
}
