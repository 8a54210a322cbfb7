//! `zhengqiao identity sites`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use zhengqiao_api::contract::{
    ApiError, ConnectionId, ErrorCode, ExportSites, ImportSites, SaveSite, Site, SiteId,
    SiteImport, SiteRow, SitesView,
};
use zhengqiao_api::{Console, site_issue_word};

use crate::End;
use crate::output::{Output, line, table};

/// 站点核对 · The portal's sites
#[derive(Debug, Args)]
pub struct SitesCommand {
    /// 连接 · Connection
    connection: String,
    #[command(subcommand)]
    act: Option<SitesAct>,
}

#[derive(Debug, Subcommand)]
enum SitesAct {
    /// 探测站点的各个地址 · Ask whether the addresses answer
    Probe {
        /// 站点名称，缺省为全部 · Only this site
        name: Option<String>,
    },
    /// 新增站点，或修改所给的各项 · Add a site, or change what is given of it
    Set {
        /// 站点名称 · Its name
        name: String,
        #[command(flatten)]
        given: GivenSite,
    },
    /// 从表格导入（xlsx、csv）· Take in a table
    Import {
        /// 文件 · File
        file: PathBuf,
        /// 只查看，不导入 · Only tell what would happen
        #[arg(long)]
        dry_run: bool,
    },
    /// 导出表格（xlsx、html）· Write the table
    Export {
        /// 文件 · File
        file: PathBuf,
        /// 语言 · zh-CN or en
        #[arg(long, default_value = "zh-CN")]
        language: String,
    },
    /// 删除站点 · Remove a site
    Remove {
        /// 站点名称 · Its name
        name: String,
    },
}

#[derive(Debug, Args)]
struct GivenSite {
    /// 站点地址 · The site's own address
    #[arg(long)]
    address: Option<String>,
    /// 站点标识（paramKey）· Site key
    #[arg(long)]
    key: Option<String>,
    /// 应用标识（uuid）· Application id
    #[arg(long)]
    application: Option<String>,
    /// 回调地址 · Callback
    #[arg(long)]
    callback: Option<String>,
    /// 本地注销地址 · Local logout
    #[arg(long)]
    local_logout: Option<String>,
    /// 全省注销地址 · Province-wide logout
    #[arg(long)]
    province_logout: Option<String>,
    /// 明文下发到页面的字段，可多次给出 · Fields handed to pages in the clear
    #[arg(long = "clear-field", value_name = "FIELD")]
    clear_fields: Option<Vec<String>>,
    /// 标识到期日 · Last day of the key
    #[arg(long, value_name = "YYYY-MM-DD")]
    key_expires_on: Option<chrono::NaiveDate>,
    /// 备注 · Note
    #[arg(long)]
    note: Option<String>,
}

impl GivenSite {
    fn over(self, mut site: Site) -> Site {
        for (field, given) in [
            (&mut site.address, self.address),
            (&mut site.site_key, self.key),
            (&mut site.application_id, self.application),
            (&mut site.callback, self.callback),
            (&mut site.local_logout, self.local_logout),
            (&mut site.province_logout, self.province_logout),
            (&mut site.note, self.note),
        ] {
            if let Some(given) = given {
                *field = given;
            }
        }
        if let Some(fields) = self.clear_fields {
            site.clear_fields = fields;
        }
        site.key_expires_on = self.key_expires_on.or(site.key_expires_on);
        site
    }
}

pub async fn run(
    console: &Console,
    command: SitesCommand,
    output: Output,
) -> Result<End, ApiError> {
    let connection_id = console
        .connection_by_name(&command.connection)
        .await?
        .connection_id;
    let list = || console.list_sites(ConnectionId { connection_id });
    let view = match command.act {
        None => list().await?,
        Some(SitesAct::Probe { name }) => {
            let mut view = list().await?;
            let chosen = match name {
                Some(name) => vec![named(&view, &name)?],
                None => view.sites.iter().map(|site| site.site_id).collect(),
            };
            for site_id in chosen {
                view = console
                    .probe_site(SiteId {
                        connection_id,
                        site_id,
                    })
                    .await?;
            }
            view
        }
        Some(SitesAct::Set { name, given }) => {
            let sites = list().await?.sites;
            let known = sites.into_iter().find(|site| site.site.name == name);
            let (site_id, site) = match known {
                Some(row) => (Some(row.site_id), row.site),
                None => (
                    None,
                    Site {
                        name,
                        ..Site::default()
                    },
                ),
            };
            console
                .save_site(SaveSite {
                    connection_id,
                    site_id,
                    site: given.over(site),
                })
                .await?
        }
        Some(SitesAct::Import { file, dry_run }) => {
            let report = console
                .import_sites(ImportSites {
                    connection_id,
                    path: file.display().to_string(),
                    apply: !dry_run,
                })
                .await?;
            output.print(&report, taken_in);
            let wrong = report.rows.iter().any(|row| row.outcome == "wrong");
            return Ok(if wrong {
                End::WithRejections
            } else {
                End::Done
            });
        }
        Some(SitesAct::Export { file, language }) => {
            let written = console
                .export_sites(ExportSites {
                    connection_id,
                    path: file.display().to_string(),
                    language,
                })
                .await?;
            output.print(&written, |written| line(&format!("wrote {}", written.path)));
            return Ok(End::Done);
        }
        Some(SitesAct::Remove { name }) => {
            let site_id = named(&list().await?, &name)?;
            console
                .remove_site(SiteId {
                    connection_id,
                    site_id,
                })
                .await?
        }
    };
    output.print(&view, |view| {
        table(
            &["site", "key", "application", "callback", "issues", "probe"],
            view.sites.iter().map(row),
        );
    });
    let grave = view
        .sites
        .iter()
        .flat_map(|site| &site.issues)
        .any(|issue| issue.grave);
    Ok(if grave {
        End::WithRejections
    } else {
        End::Done
    })
}

fn named(view: &SitesView, name: &str) -> Result<i64, ApiError> {
    view.sites
        .iter()
        .find(|site| site.site.name == name)
        .map(|site| site.site_id)
        .ok_or_else(|| ApiError {
            code: ErrorCode::NotFound,
            message: format!("there is no site {name:?}"),
            retryable: false,
            details: None,
        })
}

fn row(site: &SiteRow) -> Vec<String> {
    let issues: Vec<&str> = site
        .issues
        .iter()
        .map(|issue| site_issue_word(issue.issue, false))
        .collect();
    let probe: Vec<String> = site
        .probe
        .iter()
        .map(|each| {
            let last = each.layers.last().map_or("", |layer| layer.seen.as_str());
            format!("{} {} ({last})", each.which, each.state)
        })
        .collect();
    vec![
        site.site.name.clone(),
        site.site.site_key.clone(),
        site.site.application_id.clone(),
        site.site.callback.clone(),
        issues.join("\n"),
        probe.join("\n"),
    ]
}

fn taken_in(report: &SiteImport) {
    table(
        &["row", "site", "outcome", "what is wrong"],
        report.rows.iter().map(|row| {
            vec![
                row.row.to_string(),
                row.name.clone(),
                row.outcome.clone(),
                match (row.problem.as_deref(), row.value.as_deref()) {
                    (None, _) => String::new(),
                    (Some("day"), Some(value)) => {
                        format!("{value:?} is no day; write it as 2026-12-31")
                    }
                    (Some("name"), _) => "the row has no name of a site".into(),
                    (Some(_), _) => "an entry is too long".into(),
                },
            ]
        }),
    );
    if !report.applied {
        line("nothing was taken in");
    }
}
