//! The portal's sites.

use zhengqiao_api::contract::{
    ConnectionId, ExportReport, ExportSites, ImportSites, SaveSite, SiteId, SiteImport, SitesView,
};

hand_over! {
    list_sites(ConnectionId) -> SitesView;
    save_site(SaveSite) -> SitesView;
    remove_site(SiteId) -> SitesView;
    probe_site(SiteId) -> SitesView;
    import_sites(ImportSites) -> SiteImport;
    export_sites(ExportSites) -> ExportReport;
}
