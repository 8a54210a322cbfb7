//! The sites of the portal: kept, checked, probed, taken in from tables and written to them.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::LazyLock;

use chrono::{FixedOffset, NaiveDate, NaiveTime, TimeZone as _};
use zhengqiao_exchange::{FileTrouble, Layer, LayerState, TableCaps, probe_address, read_tables};
use zhengqiao_identity::{
    Site, SiteHeader, SiteIssue, SiteRowError, check_sites, site_cells, site_titles, web,
};
use zhengqiao_store::{Connection, StoreError, audit, expiry, site};

use super::super::connections::test_layer;
use super::super::report_form::{self, Words};
use super::super::{Console, actor, blocking, file_error, invalid, not_found, now_local, now_ms};
use crate::contract::{
    ApiError, ConnectionId, ErrorCode, ExportReport, ExportSites, ImportSites, ProbedAddress,
    SaveSite, SiteId, SiteImport, SiteImportRow, SiteIssueRow, SiteRow, SitesView,
};

/// Sites of a connection at most.
const MOST_SITES: usize = 2_000;
/// Characters of a field at most.
const MOST_CHARS: usize = 2_000;
const CAPS: TableCaps = TableCaps {
    bytes: 16 * 1024 * 1024,
    unpacked_bytes: 128 * 1024 * 1024,
    sheets: 50,
    rows: 10_000,
    columns: 100,
    cell_chars: MOST_CHARS,
};
const SITE_KEY: &str = "site_key";
const SITE_CERTIFICATE: &str = "site_certificate";

impl Console {
    /// The sites of a connection with what is wrong with each.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`].
    pub async fn list_sites(&self, request: ConnectionId) -> Result<SitesView, ApiError> {
        let connection_id = request.connection_id;
        self.profile(connection_id).await?;
        let today = now_local().date();
        self.read(move |conn| view(conn, connection_id, today))
            .await
    }

    /// Adds or changes a site. What is wrong with it is told, not refused: the table shows what is.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidRequest`] without a name, with one that another site has, or with a field
    /// that is too long.
    pub async fn save_site(&self, request: SaveSite) -> Result<SitesView, ApiError> {
        let SaveSite {
            connection_id,
            site_id,
            site,
        } = request;
        let (row, _) = self.profile(connection_id).await?;
        let site = tidied(site)?;
        let today = now_local().date();
        let name = site.name.clone();
        let taken = self
            .write(move |tx| {
                let other = site::find(tx, connection_id, &site.name)?;
                if other.is_some_and(|other| Some(other) != site_id)
                    || (site_id.is_none() && site::list(tx, connection_id)?.len() >= MOST_SITES)
                {
                    return Ok(None);
                }
                let text = serde_json::to_string(&site)?;
                site::save(tx, connection_id, site_id, &site.name, &text)?;
                let noted = serde_json::json!({ "site": site.name }).to_string();
                audit::append(tx, now_ms(), &actor(), "save_site", &row.name, &noted)?;
                note_expiries(tx, connection_id)?;
                view(tx, connection_id, today).map(Some)
            })
            .await?;
        taken.ok_or_else(|| {
            invalid(format!(
                "name: there is a site {name:?} already, or there are {MOST_SITES} sites"
            ))
        })
    }

    /// Removes a site.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`].
    pub async fn remove_site(&self, request: SiteId) -> Result<SitesView, ApiError> {
        let SiteId {
            connection_id,
            site_id,
        } = request;
        let (row, _) = self.profile(connection_id).await?;
        let today = now_local().date();
        self.write(move |tx| {
            let Some(kept) = site::get(tx, connection_id, site_id)? else {
                return Ok(None);
            };
            site::remove(tx, connection_id, site_id)?;
            let name = serde_json::from_str::<Site>(&kept.site)?.name;
            let noted = serde_json::json!({ "site": name }).to_string();
            audit::append(tx, now_ms(), &actor(), "remove_site", &row.name, &noted)?;
            note_expiries(tx, connection_id)?;
            view(tx, connection_id, today).map(Some)
        })
        .await?
        .ok_or_else(|| not_found(format!("there is no site {site_id}")))
    }

    /// Asks whether a site's addresses answer, through the connection's network.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`]. What is wrong with an address is in its layers.
    pub async fn probe_site(&self, request: SiteId) -> Result<SitesView, ApiError> {
        let SiteId {
            connection_id,
            site_id,
        } = request;
        let (_, profile) = self.profile(connection_id).await?;
        let seen = self
            .read(move |conn| site::get(conn, connection_id, site_id))
            .await?
            .ok_or_else(|| not_found(format!("there is no site {site_id}")))?;
        let of: Site = serde_json::from_str(&seen.site).map_err(StoreError::from)?;
        let mut probes = Vec::new();
        let mut ends = Vec::new();
        for (which, text) in [
            ("address", &of.address),
            ("callback", &of.callback),
            ("local_logout", &of.local_logout),
            ("province_logout", &of.province_logout),
        ] {
            let Some(address) = web(text) else { continue };
            let secrets = self.secrets(connection_id).await?;
            let layers = probe_address(&address, &profile.network, secrets).await?;
            ends.extend(ending(&layers));
            probes.push(probed(which, text, layers));
        }
        let today = now_local().date();
        let at = now_ms();
        self.write(move |tx| {
            let kept = Kept {
                addresses: probes,
                certificates: ends,
            };
            site::set_probe(tx, &seen, &serde_json::to_string(&kept)?, at)?;
            note_expiries(tx, connection_id)?;
            view(tx, connection_id, today)
        })
        .await
    }

    /// Takes in a table of sites, or tells what would become of it. Sites are known by their names; those
    /// that the table does not have stay.
    ///
    /// # Errors
    /// [`ErrorCode::File`] when the file cannot be read; [`ErrorCode::InvalidRequest`] when no sheet is a
    /// table of sites.
    pub async fn import_sites(&self, request: ImportSites) -> Result<SiteImport, ApiError> {
        let ImportSites {
            connection_id,
            path,
            apply,
        } = request;
        let (row, _) = self.profile(connection_id).await?;
        let found = blocking(move || read_file(&path)).await??;
        self.write(move |tx| {
            let mut rows = Vec::new();
            let mut met = HashSet::new();
            let mut taken = 0;
            for (mut told, site) in found {
                if let Some(site) = site {
                    told.outcome = if met.insert(site.name.clone()) {
                        let outcome = take(tx, connection_id, &site, apply)?;
                        taken += u32::from(outcome != "same");
                        outcome
                    } else {
                        "repeated"
                    }
                    .into();
                }
                rows.push(told);
            }
            if apply {
                let noted = serde_json::json!({ "sites": taken }).to_string();
                audit::append(tx, now_ms(), &actor(), "import_sites", &row.name, &noted)?;
                note_expiries(tx, connection_id)?;
            }
            Ok(SiteImport {
                applied: apply,
                rows,
            })
        })
        .await
    }

    /// Writes the table of sites, with what is wrong with each, as a spreadsheet or a page.
    ///
    /// # Errors
    /// [`ErrorCode::File`], [`ErrorCode::InvalidRequest`] for another ending.
    pub async fn export_sites(&self, request: ExportSites) -> Result<ExportReport, ApiError> {
        let path = PathBuf::from(&request.path);
        report_form::check_ending(&path)?;
        let words = Words(request.language.starts_with("zh"));
        let (row, _) = self.profile(request.connection_id).await?;
        let sites = self
            .list_sites(ConnectionId {
                connection_id: request.connection_id,
            })
            .await?
            .sites;
        let table = table(&sites, words);
        let rows = sites.len() as i64;
        let title = format!("{} · {}", words.of("站点核对", "Site review"), row.name);
        report_form::write(&path, &title, &[table], words)
            .map_err(|error| file_error(&request.path, &error))?;
        let subject = request.path.clone();
        let noted = serde_json::json!({ "sites": rows }).to_string();
        self.write(move |tx| {
            audit::append(tx, now_ms(), &actor(), "export_sites", &subject, &noted)
        })
        .await?;
        Ok(ExportReport {
            path: request.path,
            rows,
        })
    }
}

/// What is kept of a probe.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Kept {
    addresses: Vec<ProbedAddress>,
    /// Subjects of certificates and when they end, unix ms.
    certificates: Vec<(String, i64)>,
}

fn kept(row: &site::SiteRow) -> Result<Kept, StoreError> {
    if row.probed_at.is_none() {
        return Ok(Kept::default());
    }
    Ok(serde_json::from_str(&row.probe)?)
}

fn view(conn: &Connection, connection_id: i64, today: NaiveDate) -> Result<SitesView, StoreError> {
    let rows = site::list(conn, connection_id)?;
    let sites = rows
        .iter()
        .map(|row| Ok(serde_json::from_str(&row.site)?))
        .collect::<Result<Vec<Site>, StoreError>>()?;
    let issues = check_sites(&sites, today);
    let mut list = Vec::with_capacity(rows.len());
    for ((row, site), issues) in rows.iter().zip(sites).zip(issues) {
        let (grave, slight): (Vec<SiteIssue>, Vec<SiteIssue>) =
            issues.into_iter().partition(|issue| issue.is_grave());
        list.push(SiteRow {
            site_id: row.id,
            site,
            issues: grave
                .into_iter()
                .chain(slight)
                .map(|issue| SiteIssueRow {
                    issue,
                    grave: issue.is_grave(),
                })
                .collect(),
            probe: kept(row)?.addresses,
            probed_at: row.probed_at,
        });
    }
    Ok(SitesView {
        connection_id,
        sites: list,
    })
}

fn tidied(site: Site) -> Result<Site, ApiError> {
    let trimmed = |text: String| text.trim().to_owned();
    let site = Site {
        name: trimmed(site.name),
        address: trimmed(site.address),
        site_key: trimmed(site.site_key),
        application_id: trimmed(site.application_id),
        callback: trimmed(site.callback),
        local_logout: trimmed(site.local_logout),
        province_logout: trimmed(site.province_logout),
        clear_fields: site
            .clear_fields
            .into_iter()
            .map(trimmed)
            .filter(|field| !field.is_empty())
            .collect(),
        key_expires_on: site.key_expires_on,
        note: trimmed(site.note),
    };
    if site.name.is_empty() {
        return Err(invalid("name: a site needs a name"));
    }
    let long = site_cells(&site)
        .iter()
        .any(|cell| cell.chars().count() > MOST_CHARS);
    if long {
        return Err(invalid(format!(
            "site: a field has more than {MOST_CHARS} characters"
        )));
    }
    Ok(site)
}

fn probed(which: &str, address: &str, layers: Vec<Layer>) -> ProbedAddress {
    let state = if layers.iter().any(|layer| layer.state == LayerState::Failed) {
        "failed"
    } else if layers.iter().any(|layer| layer.state == LayerState::Warn) {
        "warn"
    } else {
        "ok"
    };
    ProbedAddress {
        which: which.into(),
        address: address.into(),
        state: state.into(),
        layers: layers.into_iter().map(test_layer).collect(),
    }
}

fn ending(layers: &[Layer]) -> impl Iterator<Item = (String, i64)> {
    layers
        .iter()
        .flat_map(|layer| &layer.expiries)
        .filter(|expiry| expiry.kind == "server_certificate")
        .map(|expiry| (expiry.subject.clone(), expiry.not_after_ms))
}

/// Puts the ends of keys and of the sites' certificates into the calendar.
fn note_expiries(tx: &Connection, connection_id: i64) -> Result<(), StoreError> {
    let mut rows = Vec::new();
    for row in site::list(tx, connection_id)? {
        let site: Site = serde_json::from_str(&row.site)?;
        let entry = |kind: &str, subject: String, not_after_ms| expiry::ExpiryRow {
            connection_id,
            kind: kind.into(),
            subject,
            not_after_ms,
            seen_at: row.probed_at.unwrap_or_else(now_ms),
        };
        if let Some(end) = site.key_expires_on.and_then(end_of) {
            rows.push(entry(SITE_KEY, site.name.clone(), end));
        }
        for (subject, not_after_ms) in kept(&row)?.certificates {
            rows.push(entry(SITE_CERTIFICATE, subject, not_after_ms));
        }
    }
    expiry::replace(tx, connection_id, &[SITE_KEY, SITE_CERTIFICATE], &rows)
}

/// The end of a day in UTC+8, unix ms.
fn end_of(day: NaiveDate) -> Option<i64> {
    let next = day.succ_opt()?.and_time(NaiveTime::MIN);
    let offset = FixedOffset::east_opt(8 * 3600)?;
    Some(
        offset
            .from_local_datetime(&next)
            .single()?
            .timestamp_millis()
            - 1,
    )
}

fn read_file(path: &str) -> Result<Vec<(SiteImportRow, Option<Site>)>, ApiError> {
    let tables = read_tables(path, &CAPS, &|cells| SiteHeader::read(cells).is_some())
        .map_err(|trouble| unread(path, trouble))?;
    let mut found = Vec::new();
    let mut is_table = false;
    for table in tables {
        let mut header = None;
        for (row, cells) in table.rows {
            let Some(known) = &header else {
                header = SiteHeader::read(&cells);
                is_table |= header.is_some();
                continue;
            };
            let (site, problem, value) = match known.site(&cells) {
                Ok(site) => match tidied(site) {
                    Ok(site) => (Some(site), None, None),
                    Err(_) => (None, Some("long"), None),
                },
                Err(SiteRowError::NoName) => (None, Some("name"), None),
                Err(SiteRowError::Day(text)) => (None, Some("day"), Some(text)),
            };
            let told = SiteImportRow {
                sheet: table.name.clone(),
                row,
                name: site
                    .as_ref()
                    .map(|site| site.name.clone())
                    .unwrap_or_default(),
                outcome: "wrong".into(),
                problem: problem.map(str::to_owned),
                value,
            };
            found.push((told, site));
        }
    }
    if !is_table {
        return Err(invalid(format!(
            "path: no sheet of {path} is a table of sites; it needs the columns {:?} and {:?} or {:?}",
            site_titles(true)[0],
            site_titles(true)[4],
            site_titles(true)[2]
        )));
    }
    if found.len() > MOST_SITES {
        return Err(invalid(format!(
            "path: {} rows are more than {MOST_SITES} sites",
            found.len()
        )));
    }
    Ok(found)
}

fn unread(path: &str, trouble: FileTrouble) -> ApiError {
    ApiError {
        code: ErrorCode::File,
        message: trouble.what,
        retryable: false,
        details: Some(format!("{path}: {}", trouble.fault.code())),
    }
}

fn take(
    tx: &Connection,
    connection_id: i64,
    new: &Site,
    apply: bool,
) -> Result<&'static str, StoreError> {
    let id = site::find(tx, connection_id, &new.name)?;
    let text = serde_json::to_string(new)?;
    let outcome = match id {
        None => "new",
        Some(id) => match site::get(tx, connection_id, id)? {
            Some(row) if row.site == text => "same",
            _ => "changed",
        },
    };
    if apply && outcome != "same" {
        site::save(tx, connection_id, id, &new.name, &text)?;
    }
    Ok(outcome)
}

fn table(sites: &[SiteRow], words: Words) -> report_form::Table {
    let mut columns = site_titles(words.0);
    columns.push(words.of("问题", "Issues"));
    columns.push(words.of("探测", "Probe"));
    let rows = sites
        .iter()
        .map(|row| {
            let mut cells: Vec<report_form::Cell> = site_cells(&row.site)
                .into_iter()
                .map(report_form::text)
                .collect();
            let issues: Vec<&str> = row
                .issues
                .iter()
                .map(|each| site_issue_word(each.issue, words.0))
                .collect();
            cells.push(report_form::text(issues.join(words.of("；", "; "))));
            let probes: Vec<String> = row
                .probe
                .iter()
                .map(|each| {
                    let last = each.layers.last().map_or("", |layer| layer.seen.as_str());
                    format!("{}: {last}", each.address)
                })
                .collect();
            cells.push(report_form::text(probes.join("\n")));
            cells
        })
        .collect();
    report_form::Table {
        title: words.of("站点", "Sites"),
        columns,
        rows,
        line: None,
    }
}

/// What is wrong, in words: the same file that the window reads.
pub fn site_issue_word(issue: SiteIssue, zh: bool) -> &'static str {
    static WORDS: LazyLock<HashMap<String, Word>> = LazyLock::new(|| {
        serde_json::from_str(include_str!(
            "../../../../../../ui/src/i18n/site-issues.json"
        ))
        .unwrap_or_default()
    });
    WORDS
        .get(issue.as_str())
        .map_or(issue.as_str(), |word| if zh { &word.zh } else { &word.en })
}

#[derive(serde::Deserialize)]
struct Word {
    zh: String,
    en: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_issue_has_words_in_both_languages() {
        for issue in SiteIssue::ALL {
            for zh in [true, false] {
                assert_ne!(site_issue_word(*issue, zh), issue.as_str());
            }
        }
    }
}
