//! What may be typed. Help texts are Chinese first, then English.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Parser, Subcommand};
use zhengqiao_domain::DatasetId;

use crate::identity_args::IdentityCommand;

use crate::connection_args::ConnectionCommand;
use crate::rejected_args::{RecipeCommand, RejectedCommand};
use crate::report_args::ReportCommand;
use crate::run_args::{
    DeliverCommand, DryRunCommand, RunsCommand, ScheduleCommand, SyncCommand, UndoCommand,
};

/// 政桥：政府网站集约化平台与政务服务平台的数据对接 · Connects a government website platform to the service platform
#[derive(Debug, Parser)]
#[command(name = "zhengqiao", version, propagate_version = true)]
pub struct Args {
    /// 数据目录 · Directory with cache, sealed secrets and logs
    #[arg(long, global = true, env = "ZHENGQIAO_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// 输出 JSON · Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// 连接 · Connections
    Connection {
        #[command(subcommand)]
        command: ConnectionCommand,
    },
    /// 同步一个连接 · Synchronise a connection
    Sync(SyncCommand),
    /// 试运行：查看、转为正式运行、丢弃 · Dry runs: show, make real, discard
    DryRun {
        #[command(subcommand)]
        command: DryRunCommand,
    },
    /// 向门户库投递待入库的记录 · Deliver what waits to the portal's library
    Deliver(DeliverCommand),
    /// 运行记录 · Past runs, or one of them
    Runs(RunsCommand),
    /// 对账：与服务端的数量逐日逐部门核对 · Reconcile with the provider's counts by day and department
    Reconcile(ReconcileCommand),
    /// 撤销一次运行：恢复其更改前的版本 · Undo a run: put back what it changed
    Undo(UndoCommand),
    /// 定时计划 · When connections run by themselves
    Schedule {
        #[command(subcommand)]
        command: ScheduleCommand,
    },
    /// 异常数据 · Rejected records
    Rejected {
        #[command(subcommand)]
        command: RejectedCommand,
    },
    /// 修复方案：提取、查看、应用 · Fix recipes: extract, show, apply
    Recipe {
        #[command(subcommand)]
        command: RecipeCommand,
    },
    /// 问题清单：反馈给提供方并收回答复 · Lists of problems for the provider, and their answers
    Report {
        #[command(subcommand)]
        command: ReportCommand,
    },
    /// 已入库记录 · Cached records, or one of them
    Records(RecordsCommand),
    /// 数据质量 · Quality of the data by dataset and department
    Quality(QualityCommand),
    /// 单点登录绑定 · Single sign-on bindings
    Identity {
        #[command(subcommand)]
        command: IdentityCommand,
    },
    /// 演示用服务端 · The demo provider
    Provider {
        #[command(subcommand)]
        command: ProviderCommand,
    },
    /// 演示：内置服务端加一次全量同步，并与真值清单核对 · Demo provider and one full run, compared with the truth
    Demo(DemonstrateCommand),
    /// 离线检查文件 · Check the records of a file without any connection
    Check(CheckCommand),
    /// 更换口令：旧口令取自 ZHENGQIAO_PASSPHRASE，新口令从标准输入读取 · Change the passphrase: the old one from ZHENGQIAO_PASSPHRASE, the new one from standard input
    Passphrase,
    /// 命令补全 · Shell completions
    Completions {
        /// 外壳 · Shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, clap::Args)]
pub struct QualityCommand {
    /// 连接名称 · Only of this connection
    #[arg(long, value_name = "NAME")]
    pub connection: Option<String>,
    /// 起始日期 · First day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub from: Option<String>,
    /// 截止日期 · Last day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub to: Option<String>,
    /// 写为报告（.html 或 .xlsx） · Write a report
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// 报告语言 · Language of the report
    #[arg(long, value_parser = ["zh-CN", "en"], default_value = "zh-CN")]
    pub language: String,
}

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RecordsCommand {
    #[command(subcommand)]
    pub command: Option<RecordsSubcommand>,
    /// 记录编号 · Number of a record
    pub record: Option<i64>,
    /// 连接名称 · Only of this connection
    #[arg(long, value_name = "NAME")]
    pub connection: Option<String>,
    /// 数据集 · Only of this dataset
    #[arg(long, value_parser = dataset)]
    pub dataset: Option<DatasetId>,
    /// 状态 · accepted or withdrawn
    #[arg(long)]
    pub state: Option<String>,
    /// 同步编号 · Only what this run brought
    #[arg(long, value_name = "RUN")]
    pub run: Option<i64>,
    /// 与同步的关系 · Of the run: new, changed, unchanged, superseded or released
    #[arg(long, requires = "run", value_parser = ["new", "changed", "unchanged", "superseded", "released"])]
    pub change: Option<String>,
    /// 主键或业务编号 · A whole key or business number
    #[arg(long, value_name = "KEY")]
    pub search: Option<String>,
    /// 条数 · At most so many
    #[arg(long, default_value_t = 50)]
    pub limit: u32,
    /// 从此编号之后继续 · Go on after this number
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub after: Option<i64>,
}

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ReconcileCommand {
    #[command(subcommand)]
    pub act: Option<ReconcileAct>,
    /// 连接名称 · Name of a connection
    #[arg(required = true)]
    pub connection: Option<String>,
    /// 起始日期，缺省为三十天 · First day; thirty days in all if absent
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// 截止日期（含），缺省为昨天 · Last day; yesterday if absent
    #[arg(long, value_name = "DAY")]
    pub to: Option<String>,
    /// 数据集，可重复 · Only these datasets; may be repeated
    #[arg(long = "dataset", value_name = "NAME", value_parser = dataset)]
    pub datasets: Vec<DatasetId>,
    /// 数量一致的日期也逐条核对 · Compare key by key where the figures agree as well
    #[arg(long)]
    pub every_key: bool,
}

#[derive(Debug, Subcommand)]
pub enum ReconcileAct {
    /// 历次对账 · Earlier reconciliations
    List {
        connection: String,
        /// 条数 · At most so many
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// 查看一次对账 · Show one
    Show {
        id: i64,
        /// 列出存在差异的主键 · The keys that differ as well
        #[arg(long)]
        keys: bool,
    },
    /// 仅重新获取缺少和内容不同的记录 · Read again just what is missing or different
    Repull { id: i64 },
    /// 签认 · Sign off
    Sign {
        id: i64,
        /// 核对结论 · What was found and agreed on
        #[arg(long)]
        note: String,
    },
    /// 导出差异主键（CSV，已脱敏） · Write the keys that differ as CSV, masked
    Export {
        id: i64,
        /// 文件 · File
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub enum RecordsSubcommand {
    /// 一条记录的历次版本与字段来源 · A record's versions, and where each field comes from
    History {
        /// 完整主键、业务编号，或 # 加记录编号 · A whole key or business number, or # and the record's number
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum ProviderCommand {
    /// 启动，直到中断 · Serve until interrupted
    Serve(ServeCommand),
}

#[derive(Debug, Clone, Copy, clap::Args)]
pub struct ServeCommand {
    #[command(flatten)]
    pub job: DemoCommand,
    /// 监听地址 · Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub address: IpAddr,
    /// 端口，0 为任意 · Port; 0 for any
    #[arg(long, default_value_t = 0)]
    pub port: u16,
}

#[derive(Debug, Clone, Copy, clap::Args)]
pub struct DemoCommand {
    /// 办件数量 · Number of cases
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u64).range(100..=10_000_000))]
    pub records: u64,
    /// 种子 · Seed
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// 问题数据比例，0 至 1 · Share of defective rows, 0 to 1
    #[arg(long, default_value_t = 0.03, value_parser = share)]
    pub defects: f64,
}

#[derive(Debug, clap::Args)]
pub struct DemonstrateCommand {
    #[command(flatten)]
    pub job: DemoCommand,
    /// 接口预设 · Preset of the interface family
    #[arg(long, value_name = "NAME", value_parser = presets(), default_value = "gateway")]
    pub family: String,
}

#[derive(Debug, clap::Args)]
pub struct CheckCommand {
    /// NDJSON 或 CSV 文件，字段名为标准字段名 · NDJSON or CSV file with our own field names
    pub file: PathBuf,
    /// 数据集 · Dataset
    #[arg(long, value_name = "NAME", value_parser = dataset)]
    pub dataset: DatasetId,
    /// 显示个人信息 · Personal values unmasked
    #[arg(long)]
    pub reveal: bool,
}

/// The names of the interface presets.
pub(crate) fn presets() -> PossibleValuesParser {
    let names = zhengqiao_exchange::presets()
        .into_iter()
        .map(|preset| PossibleValue::new(preset.name).help(preset.zh));
    PossibleValuesParser::new(names)
}

pub(crate) fn dataset(name: &str) -> Result<DatasetId, String> {
    name.parse().map_err(|_| {
        let names: Vec<&str> = DatasetId::ALL.iter().map(|id| id.as_str()).collect();
        format!("{name:?} is none of {}", names.join(", "))
    })
}

fn share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| format!("{text:?} is not between 0 and 1"))
}
