//! What may be typed. Help texts are Chinese first, then English.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Parser, Subcommand, ValueEnum};
use zhengqiao_api::contract::RejectionFilter;
use zhengqiao_domain::{DatasetId, Outcome};

use crate::identity_args::IdentityCommand;

pub use crate::report_args::ReportCommand;

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

#[derive(Debug, Subcommand)]
pub enum ConnectionCommand {
    /// 新增 · Add, from a preset
    Add(AddCommand),
    /// 列出 · List
    List,
    /// 查看 · Show one
    Show { name: String },
    /// 逐层测试 · Test, layer by layer
    Test { name: String },
    /// 删除连接及其缓存 · Remove, with everything cached for it
    Remove {
        name: String,
        /// 再次输入名称以确认 · The name again, to confirm
        #[arg(long, value_name = "NAME")]
        confirm: String,
    },
    /// 导出为文件（不含密钥） · Write as a file, without secrets
    Export {
        /// 连接名称 · Names of connections
        #[arg(required_unless_present = "all")]
        names: Vec<String>,
        /// 全部连接 · All connections
        #[arg(long, conflicts_with = "names")]
        all: bool,
        /// 文件，缺省为标准输出 · File; standard output if absent
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// 从文件导入，与本地合并（保留本地密钥） · Lay a file over what there is; local secrets stay
    Import {
        file: PathBuf,
        /// 只导入这些连接 · Only these connections
        #[arg(long, value_name = "NAME")]
        only: Vec<String>,
        /// 只显示将要发生的更改 · Only say what would change
        #[arg(long)]
        plan: bool,
    },
    /// 更换密钥（从标准输入读取）；测试通过前沿用旧密钥 · Change the secret, read from standard input; the old one stays in use until the new one passes a test
    Secret {
        name: String,
        /// 立即启用，不等待测试 · Take it at once, without a test
        #[arg(long)]
        now: bool,
        /// 放弃尚未启用的新密钥 · Forget the new secret that waits
        #[arg(long, conflicts_with_all = ["now", "expires"])]
        discard: bool,
        /// 登记到期日，如 2027-01-31；none 为清除 · Note the day on which it ends; none forgets it
        #[arg(long, value_name = "DAY", conflicts_with = "now")]
        expires: Option<String>,
    },
    /// 网络凭据（从标准输入读取；空为清除） · Secrets of the network, read from standard input; nothing forgets them
    NetworkSecret {
        name: String,
        /// 哪一项 · Which
        #[arg(value_enum)]
        which: NetworkSecret,
        /// PKCS#12 文件，其口令从标准输入读取 · The PKCS#12 file; its passphrase comes from standard input
        #[arg(long, value_name = "FILE", required_if_eq("which", "pkcs12"))]
        file: Option<PathBuf>,
    },
    /// 到期日历：密钥与证书 · What ends when: secrets and certificates
    Expiries,
    /// 历次保存的版本；可恢复其中之一 · Saved versions; one can be made the present one
    Versions {
        name: String,
        /// 恢复此版本 · Go back to this version
        #[arg(long, value_name = "N")]
        revert: Option<i64>,
    },
    /// 前置库中的表，或其中一张表的字段 · Tables of a front-end database, or the columns of one
    Tables { name: String, table: Option<String> },
    /// 字段映射：取样、试算、导出、导入 · Field mappings: sample, effect, export, import
    Mapping {
        #[command(subcommand)]
        command: MappingCommand,
    },
    /// 门户库：设置、查看、测试、移除 · The portal's library: set, show, test, remove
    Target {
        #[command(subcommand)]
        command: TargetCommand,
    },
}

#[derive(Debug, Subcommand)]
pub enum TargetCommand {
    /// 设置；首次设置后全部已入库记录待投递 · Set; everything accepted waits for a library that is new
    Set(SetTarget),
    /// 查看状态 · Show how it stands
    Show { name: String },
    /// 逐层测试，样例行随即回滚 · Test, layer by layer; the sample row is taken back
    Test { name: String },
    /// 移除；门户库中的数据不变 · Remove; what the library has stays there
    Remove {
        name: String,
        /// 再次输入名称以确认 · The name again, to confirm
        #[arg(long, value_name = "NAME")]
        confirm: String,
    },
}

#[derive(Debug, clap::Args)]
pub struct SetTarget {
    /// 连接名称 · Name of the connection
    pub name: String,
    /// postgresql://主机:端口/数据库，或推送接口的基础地址 · postgresql://host:port/database, or the base address of an HTTP interface
    pub url: String,
    /// 用户名 · User
    #[arg(long)]
    pub user: Option<String>,
    /// 模式名（PostgreSQL） · Schema, for PostgreSQL
    #[arg(long, default_value = "zhengqiao")]
    pub schema: String,
    /// 推送路径 · Path of the interface
    #[arg(long, default_value = "records")]
    pub path: String,
    /// 推送认证方式 · How pushes prove who asks
    #[arg(long, value_enum, default_value_t = PushProof::None)]
    pub auth: PushProof,
    /// 携带密钥的请求头 · Header that carries the secret
    #[arg(long, default_value = "x-api-key")]
    pub header: String,
    /// 每批行数 · Rows of a batch
    #[arg(long, value_name = "N")]
    pub batch_rows: Option<u32>,
    /// 从标准输入读取密钥 · Read the secret from standard input
    #[arg(long)]
    pub secret_stdin: bool,
}

/// How pushes prove who asks; the other families are set in the window or in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PushProof {
    /// Not at all.
    None,
    /// The secret in a header.
    ApiKey,
    /// User and password.
    Basic,
}

/// A secret of a connection's network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NetworkSecret {
    /// The password at the proxy.
    ProxyPassword,
    /// The client certificate's private key, PEM.
    ClientKey,
    /// Certificate and key in one file.
    Pkcs12,
}

#[derive(Debug, Subcommand)]
pub enum MappingCommand {
    /// 取样并按映射试读：来源、建议、未知代码 · Take a sample and map it: sources, proposals, unknown codes
    Sample {
        name: String,
        #[arg(value_parser = dataset)]
        dataset: DatasetId,
    },
    /// 导出 · Write as a file
    Export {
        name: String,
        /// 数据集，缺省为全部 · Datasets; all if absent
        #[arg(long = "dataset", value_name = "DATASET")]
        datasets: Vec<DatasetId>,
        /// 文件，缺省为标准输出 · File; standard output if absent
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// 试算：现行（或加上修复方案各步骤后的）映射与规则对全部已缓存记录的影响 · What the mapping and rules, or a recipe on top of them, would do to everything that is cached
    Effect {
        name: String,
        /// 数据集，缺省为相关的全部 · Dataset; all that are concerned if absent
        #[arg(long, value_parser = dataset)]
        dataset: Option<DatasetId>,
        /// 修复方案文件 · File of a fix recipe
        #[arg(long, value_name = "FILE")]
        recipe: Option<PathBuf>,
    },
    /// 导入，按字段合并 · Take in a file, field by field
    Import {
        name: String,
        file: PathBuf,
        /// 只显示将要发生的更改，并试算其影响 · Only say what would change, and count the effect
        #[arg(long)]
        plan: bool,
    },
}

#[derive(Debug, clap::Args)]
pub struct AddCommand {
    /// 名称 · Name
    pub name: String,
    /// 接口预设 · Preset of the interface family
    #[arg(long, value_name = "NAME", value_parser = presets(), default_value = "gateway")]
    pub preset: String,
    /// 基础地址 · Base address
    #[arg(long, value_name = "URL", required_unless_present = "files")]
    pub base_url: Option<String>,
    /// 文件导入：数据集=文件，可多次给出 · For the files preset: DATASET=FILE, as often as needed
    #[arg(long = "file", value_name = "DATASET=FILE", value_parser = dataset_file)]
    pub files: Vec<(DatasetId, PathBuf)>,
    /// 前置库：数据集=表名，可多次给出；只读取所列的表 · For front-end databases: DATASET=TABLE, as often as needed; only these are read
    #[arg(long = "table", value_name = "DATASET=TABLE", value_parser = dataset_table)]
    pub tables: Vec<(DatasetId, String)>,
    /// 目录（LDAP）：账号条目的上级条目；SCIM：账号的路径 · For a directory the entry above the accounts; for SCIM the path of the users
    #[arg(long, value_name = "DN|PATH")]
    pub base: Option<String>,
    /// 目录或 SCIM：只读取符合此筛选条件的账号 · For a directory or SCIM: only accounts that fulfil this filter
    #[arg(long, value_name = "FILTER")]
    pub filter: Option<String>,
    /// 前置库：增量按同步标志读取，如 sync_sign=0 · For front-end databases: which rows wait, as sync_sign=0
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = column_value, requires = "tables")]
    pub flag: Option<(String, String)>,
    /// 前置库：写回回执 · For front-end databases: write receipts back
    #[arg(long, requires = "flag")]
    pub receipts: bool,
    /// 环境 · Environment
    #[arg(long, value_enum, default_value_t = Surrounding::Test)]
    pub environment: Surrounding,
    /// 请求方标识、客户端标识或用户名 · Requester id, client id or user
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// 平台公钥（SM2） · The provider's public key, where SM2 is used
    #[arg(long, value_name = "KEY")]
    pub public_key: Option<String>,
    /// 从标准输入读取密钥；有多项时每行一项 名称=值 · Read the secret from standard input; of several parts, each on a line name=value
    #[arg(long)]
    pub secret_stdin: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Surrounding {
    Production,
    Test,
    Demo,
}

#[derive(Debug, clap::Args)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct SyncCommand {
    /// 连接名称 · Name of the connection
    #[arg(required_unless_present = "interrupted")]
    pub connection: Option<String>,
    /// 只同步这些数据集 · Only these datasets
    #[arg(long = "dataset", value_name = "DATASET", value_parser = dataset)]
    pub datasets: Vec<DatasetId>,
    /// 全量；缺省为增量 · Everything; what changed if absent
    #[arg(long)]
    pub full: bool,
    /// 只读取此刻起变化的数据（UTC+8） · Only what changed from this moment on, in UTC+8
    #[arg(long, value_name = "TIME", requires = "to", conflicts_with = "full")]
    pub from: Option<String>,
    /// 到此刻为止（不含） · Up to this moment, which does not belong to it
    #[arg(long, value_name = "TIME", requires = "from")]
    pub to: Option<String>,
    /// 只读取这些编号的记录，逗号分隔 · Only the records of these ids, separated by commas
    #[arg(long, value_name = "IDS", value_delimiter = ',', conflicts_with_all = ["full", "from"])]
    pub ids: Vec<String>,
    /// 从文件读取编号，每行一个 · The ids from a file, one a line
    #[arg(long, value_name = "FILE", conflicts_with_all = ["full", "from", "ids"])]
    pub ids_file: Option<PathBuf>,
    /// 只读取此部门（代码） · Only this department, by its code
    #[arg(long, value_name = "CODE")]
    pub department: Option<String>,
    /// 只读取此区划（代码） · Only this region, by its code
    #[arg(long, value_name = "CODE")]
    pub region: Option<String>,
    /// 完成后移动增量起点；按时段或编号同步时缺省不移动 · Move the place where the next incremental run begins; a window or a list of ids leaves it alone if absent
    #[arg(long)]
    pub move_cursor: bool,
    /// 试运行：只显示将要发生的变化，不写入 · Dry run: show what would happen, write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// 只核对：试运行，并列出库中有而对方未送的记录 · Verify only: a dry run that also tells the cached records that the provider did not send
    #[arg(long)]
    pub verify: bool,
    /// 按计划运行：到点且未被他处运行时才开始 · For timers: only if this schedule is due and nobody has taken it
    #[arg(long, value_name = "ID", conflicts_with_all = ["datasets", "full", "interrupted"])]
    pub scheduled: Option<i64>,
    /// 继续被中断的运行；不给名称则为全部 · Go on with interrupted runs; all of them without a name
    #[arg(long, conflicts_with_all = ["datasets", "full"])]
    pub interrupted: bool,
}

#[derive(Debug, Subcommand)]
pub enum DryRunCommand {
    /// 列出 · List
    List,
    /// 查看一次试运行，或其中一类记录 · Show one, or its rows of one kind
    Show {
        /// 试运行编号 · Number of the dry run
        dry_run: i64,
        /// 列出此类记录 · List the rows that would be so: created, changed, unchanged, withdrawn, rejected, held, superseded, surplus, released, expired
        #[arg(long)]
        fate: Option<String>,
        /// 只看此数据集 · Only of this dataset
        #[arg(long, value_parser = dataset, requires = "fate")]
        dataset: Option<DatasetId>,
        /// 从此编号之后继续 · Go on after this number
        #[arg(long, value_name = "N", requires = "fate")]
        after: Option<i64>,
        /// 条数 · At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// 转为正式运行：使用同一批数据，不再请求对方 · Turn it into the real run of the same data, without asking the provider again
    Apply {
        /// 试运行编号 · Number of the dry run
        dry_run: i64,
    },
    /// 丢弃 · Take it away
    Discard {
        /// 试运行编号 · Number of the dry run
        dry_run: i64,
    },
}

#[derive(Debug, clap::Args)]
pub struct DeliverCommand {
    /// 连接名称 · Name of the connection
    pub connection: String,
    /// 全部重新投递，以本机缓存为准 · Everything again, as this cache has it
    #[arg(long)]
    pub again: bool,
}

#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
#[derive(Debug, clap::Args)]
pub struct RunsCommand {
    /// 运行编号 · Number of a run
    pub run: Option<i64>,
    /// 对“需处理”的运行：仅此一次放行并继续 · A run that needs a decision goes on, this once
    #[arg(long, requires = "run", conflicts_with = "stop")]
    pub go_on: bool,
    /// 对“需处理”的运行：到此为止 · A run that needs a decision ends here
    #[arg(long, requires = "run")]
    pub stop: bool,
    /// 暂停，直到继续同步 · Let it wait until it is synchronised again
    #[arg(long, requires = "run")]
    pub pause: bool,
    /// 取消；已被中断的则放弃 · Cancel it; give it up if it was interrupted
    #[arg(long, requires = "run", conflicts_with = "pause")]
    pub cancel: bool,
    /// 连接名称 · Only of this connection
    #[arg(long, value_name = "NAME")]
    pub connection: Option<String>,
    /// 条数 · At most so many
    #[arg(long, default_value_t = 20)]
    pub limit: u32,
    /// 导出运行报告（.html 或 .xlsx，不含个人信息） · Write the run's report, without personal data
    #[arg(long, value_name = "FILE", requires = "run")]
    pub report: Option<PathBuf>,
    /// 报告语言 · Language of the report
    #[arg(long, value_parser = ["zh", "en"], default_value = "zh")]
    pub language: String,
    /// 与另一次运行比较；不写编号为上一次 · Compare with another run; the one before if no number is given
    #[arg(long, value_name = "RUN", requires = "run", num_args = 0..=1, default_missing_value = "0", conflicts_with = "report")]
    pub compare: Option<i64>,
    /// 撤销运行的明细 · What an undo did: restored, removed or kept
    #[arg(long, value_name = "FATE", requires = "run", value_parser = ["restored", "removed", "kept"], conflicts_with_all = ["report", "compare"])]
    pub undone: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct UndoCommand {
    /// 运行编号 · Number of the run
    pub run: i64,
    /// 只显示将要发生的更改 · Only say what would happen
    #[arg(long)]
    pub plan: bool,
    /// 生产环境须再次输入连接名称 · The connection's name, to confirm in production
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum ScheduleCommand {
    /// 列出 · List
    List,
    /// 新增或修改 · Add, or change with --id
    Set(SetSchedule),
    /// 删除 · Remove
    Remove { id: i64 },
    /// 后续运行时间 · The next runs
    Next {
        /// 计划编号 · Number of a schedule; all if absent
        id: Option<i64>,
        /// 天数 · So many days
        #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=62))]
        days: u32,
    },
    /// 生成 systemd 定时器与服务 · systemd timer and service
    Systemd {
        id: i64,
        /// 写入此目录，缺省为标准输出 · Write both files into this directory; standard output if absent
        #[arg(short, long, value_name = "DIR")]
        output: Option<PathBuf>,
    },
    /// 生成 crontab 行 · Lines for a crontab
    Crontab { id: i64 },
    /// 前台执行全部计划，直到中断 · Keep all schedules in the foreground until interrupted
    Run,
}

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("timing").required(true).args(["times", "every", "cron"])))]
pub struct SetSchedule {
    /// 连接名称 · Name of the connection
    pub connection: String,
    /// 修改此计划 · Change this schedule
    #[arg(long, value_name = "ID")]
    pub id: Option<i64>,
    /// 每天的时间，可多次给出 · Time of day, as often as needed
    #[arg(long = "at", value_name = "HH:MM")]
    pub times: Vec<String>,
    /// 每隔几小时 · Every so many hours
    #[arg(long, value_name = "HOURS")]
    pub every: Option<u32>,
    /// 第几分 · At this minute of the hour
    #[arg(long, default_value_t = 0, requires = "every")]
    pub minute: u32,
    /// cron 表达式（五段） · Cron expression of five fields
    #[arg(long, value_name = "EXPRESSION")]
    pub cron: Option<String>,
    /// 星期，如 1,2,3（1 为周一） · Weekdays, 1 Monday to 7 Sunday
    #[arg(long, value_delimiter = ',', value_name = "DAYS")]
    pub weekdays: Vec<u8>,
    /// 静默时段，不启动运行 · Hours in which nothing starts
    #[arg(long, value_name = "HH:MM-HH:MM")]
    pub quiet: Vec<String>,
    /// 只同步这些数据集 · Only these datasets
    #[arg(long = "dataset", value_name = "DATASET", value_parser = dataset)]
    pub datasets: Vec<DatasetId>,
    /// 全量；缺省为增量 · Everything; what changed if absent
    #[arg(long)]
    pub full: bool,
    /// 错过后：补一次或跳过 · What is done about missed ones
    #[arg(long, value_enum, default_value_t = MissedChoice::Once)]
    pub missed: MissedChoice,
    /// 暂不启用 · Do not start its runs for now
    #[arg(long)]
    pub off: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MissedChoice {
    Once,
    Skip,
}

#[derive(Debug, Subcommand)]
pub enum RejectedCommand {
    /// 列出 · List
    List {
        #[command(flatten)]
        filter: FilterArgs,
        /// 按原因汇总，同 causes · By cause, as `causes`
        #[arg(long)]
        causes: bool,
        /// 条数 · At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// 从此编号之前继续 · Go on before this number
        #[arg(long, value_name = "ID")]
        before: Option<i64>,
    },
    /// 按原因汇总：条数、部门、每日、样例 · By cause: counts, departments, days, a sample
    Causes {
        #[command(flatten)]
        filter: FilterArgs,
    },
    /// 各分面的条数 · Counts by dataset, rule, field, department, region, run, state and day
    Facets {
        #[command(flatten)]
        filter: FilterArgs,
    },
    /// 列出已存视图 · List the saved views
    Views,
    /// 将筛选条件存为视图 · Save the filter as a view
    SaveView {
        name: String,
        #[command(flatten)]
        filter: FilterArgs,
    },
    /// 删除视图 · Remove a saved view
    RemoveView { name: String },
    /// 查看一条 · Show one
    Show {
        id: i64,
        /// 显示个人信息（记入审计） · Unmasked; goes into the audit log
        #[arg(long, requires = "reason")]
        reveal: bool,
        /// 查看理由 · Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// 导出问题清单（.csv 或 .ndjson，已脱敏） · Write the list of problems, masked
    Export {
        file: PathBuf,
        #[command(flatten)]
        filter: FilterArgs,
        /// 语言 · Language
        #[arg(long, value_parser = ["zh", "en"], default_value = "zh")]
        language: String,
        /// 含个人信息，须连接允许（记入审计） · With personal values, where the connection allows it; goes into the audit log
        #[arg(long, requires = "reason")]
        unmasked: bool,
        /// 理由 · Why unmasked
        #[arg(long)]
        reason: Option<String>,
    },
    /// 覆盖：以人工更正的副本入库 · Override: put an edited copy into the cache
    Override(OverrideArgs),
    /// 撤回覆盖 · Take an override back
    RevokeOverride {
        id: i64,
        /// 理由 · Why
        #[arg(long)]
        reason: String,
    },
    /// 修复一个原因：给出建议，或按所选建议保存 · What could cure a cause; --apply saves one
    Mend {
        /// 原因编号（见 list --causes） · Number of the cause
        cause: i64,
        /// 试算第几条建议的影响 · Compute what this proposal would do
        #[arg(long, value_name = "N", conflicts_with = "apply")]
        effect: Option<usize>,
        /// 保存第几条建议 · Save this proposal
        #[arg(long, value_name = "N")]
        apply: Option<usize>,
    },
    /// 忽略：指定编号、筛选条件内的全部，或一个原因（含今后出现的） · Ignore: these, all in the filter, or a cause with what comes later
    Ignore {
        ids: Vec<i64>,
        #[command(flatten)]
        filter: FilterArgs,
        /// 忽略这一原因，今后出现的也一并忽略 · Ignore this cause, also when it comes again
        #[arg(long, value_name = "ID", conflicts_with = "ids")]
        cause: Option<i64>,
        /// 筛选条件内的全部 · All in the filter
        #[arg(long, conflicts_with_all = ["ids", "cause"])]
        all: bool,
        /// 理由 · Why
        #[arg(long)]
        reason: String,
        /// 截止日期；缺省为直到内容变化 · Until this date; until the value changes if absent
        #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "ever")]
        until: Option<String>,
        /// 永久忽略 · For ever
        #[arg(long)]
        ever: bool,
    },
    /// 忽略决定的清单 · Decisions to ignore, with what they cover
    Ignores {
        /// 连接名称 · Only of this connection
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
        /// 包括已结束的 · Also those that have ended
        #[arg(long)]
        ended: bool,
    },
    /// 撤销忽略决定，其覆盖的记录重新打开 · Revoke decisions; what they cover opens again
    Revoke {
        #[arg(required = true)]
        decisions: Vec<i64>,
    },
    /// 重新打开 · Open again
    Reopen {
        #[arg(required = true)]
        ids: Vec<i64>,
    },
    /// 重新校验：指定编号，或筛选条件内的全部；先试少量，再做其余 · Check again: these, or all in the filter; a few first, then the rest
    Revalidate {
        ids: Vec<i64>,
        #[command(flatten)]
        filter: FilterArgs,
        /// 先试条数 · How many come first
        #[arg(long, value_name = "N")]
        canary: Option<u32>,
        /// 先试结果与预期不符时也继续 · Go on although the canaries turned out otherwise
        #[arg(long)]
        go_on: bool,
        /// 继续等待决定的运行 · Go on with the run that asks
        #[arg(long, value_name = "RUN", conflicts_with = "ids")]
        resume: Option<i64>,
    },
    /// 重新校验的逐条结果 · What became of each rejection of a run
    Outcomes {
        run: i64,
        /// 只看这一结果 · Only passed, still, otherwise or left
        #[arg(long, value_parser = ["passed", "still", "otherwise", "left"])]
        fate: Option<String>,
    },
}

/// 修复方案 · Fix recipes
#[derive(Debug, Subcommand)]
pub enum RecipeCommand {
    /// 由连接与预设（或较早版本）的差异提取 · Take the steps that a connection differs by
    Extract {
        name: String,
        /// 方案名称 · What the recipe is called
        #[arg(long, value_name = "TEXT")]
        title: String,
        /// 与此预设比较 · Compare with this preset
        #[arg(long, conflicts_with = "since")]
        preset: Option<String>,
        /// 与此版本比较，缺省为最早版本 · Compare with this version; the first one if absent
        #[arg(long = "since-version", value_name = "N")]
        since: Option<i64>,
        /// 文件，缺省为标准输出 · File; standard output if absent
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// 查看方案；给出连接时说明各步骤能否应用 · Show one; with a connection, how each step stands to it
    Show {
        file: PathBuf,
        /// 连接名称 · A connection
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
        /// 字段改取自：步骤编号=来源 · Where a step's field comes from here: STEP=SOURCE
        #[arg(long, value_name = "STEP=SOURCE", requires = "connection")]
        repoint: Vec<String>,
    },
    /// 应用到连接；不能应用的步骤会说明原因 · Apply to a connection; steps that fail are told
    Apply {
        file: PathBuf,
        name: String,
        /// 字段改取自：步骤编号=来源 · Where a step's field comes from here: STEP=SOURCE
        #[arg(long, value_name = "STEP=SOURCE")]
        repoint: Vec<String>,
        /// 不做的步骤 · Steps that are not done
        #[arg(long, value_name = "STEP")]
        without: Vec<u32>,
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
pub struct OverrideArgs {
    pub id: i64,
    /// 更正字段 · A field's new value
    #[arg(long, value_name = "FIELD=VALUE")]
    pub set: Vec<String>,
    /// 清空字段 · Empty a field
    #[arg(long, value_name = "FIELD")]
    pub clear: Vec<String>,
    /// 理由 · Why
    #[arg(long, required_unless_present = "dry_run")]
    pub reason: Option<String>,
    /// 只校验，不写入 · Only check
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub struct FilterArgs {
    /// 已存视图；其余条件在其上收窄 · A saved view; the others narrow or replace its parts
    #[arg(long, value_name = "NAME")]
    pub view: Option<String>,
    /// 连接名称 · Only of this connection
    #[arg(long, value_name = "NAME")]
    pub connection: Option<String>,
    /// 数据集 · Only of this dataset
    #[arg(long, value_parser = dataset)]
    pub dataset: Option<DatasetId>,
    /// 规则代码 · Only with this rule
    #[arg(long)]
    pub rule: Option<String>,
    /// 字段 · Only with a finding on this field
    #[arg(long)]
    pub field: Option<String>,
    /// 原因编号 · Only of this cause
    #[arg(long = "of-cause", value_name = "ID")]
    pub of_cause: Option<i64>,
    /// 忽略决定编号 · Only ignored by this decision
    #[arg(long, value_name = "ID")]
    pub decision: Option<i64>,
    /// 状态，all 为全部 · open, reported, resolved, ignored, overridden or all
    #[arg(long)]
    pub state: Option<String>,
    /// 结果 · Only rejected, or only held
    #[arg(long, value_parser = outcome)]
    pub outcome: Option<Outcome>,
    /// 部门 · Department code
    #[arg(long)]
    pub department: Option<String>,
    /// 区划 · Region code
    #[arg(long)]
    pub region: Option<String>,
    /// 运行编号 · Last seen in this run
    #[arg(long, value_name = "ID")]
    pub run: Option<i64>,
    /// 首次发现日：YYYY-MM-DD、today、last_7_days、last_30_days · Day of the first sight
    #[arg(long)]
    pub day: Option<String>,
    /// 搜索 · Part of a name, title or number
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// 提供方的答复，any 为任一 · corrected, explained, in_progress, unable, not_ours or any
    #[arg(long, value_name = "WORD")]
    pub answer: Option<String>,
    /// 问题清单编号 · Only on this list of problems
    #[arg(long, value_name = "ID")]
    pub report: Option<i64>,
    /// 仅逾期未答复 · Only without an answer after the term
    #[arg(long)]
    pub overdue: bool,
}

impl FilterArgs {
    /// The filter over a saved one, once the connection's number is known.
    pub fn filter(self, saved: RejectionFilter, connection_id: Option<i64>) -> RejectionFilter {
        RejectionFilter {
            connection_id: connection_id.or(saved.connection_id),
            dataset: self.dataset.or(saved.dataset),
            state: self.state.or(saved.state),
            outcome: self.outcome.or(saved.outcome),
            rule: self.rule.or(saved.rule),
            field: self.field.or(saved.field),
            cause_id: self.of_cause.or(saved.cause_id),
            decision_id: self.decision.or(saved.decision_id),
            department: self.department.or(saved.department),
            region: self.region.or(saved.region),
            run_id: self.run.or(saved.run_id),
            day: self.day.or(saved.day),
            search: self.search.or(saved.search),
            answer: self.answer.or(saved.answer),
            report_id: self.report.or(saved.report_id),
            overdue: self.overdue || saved.overdue,
        }
    }
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
fn presets() -> PossibleValuesParser {
    let names = zhengqiao_exchange::presets()
        .into_iter()
        .map(|preset| PossibleValue::new(preset.name).help(preset.zh));
    PossibleValuesParser::new(names)
}

fn outcome(name: &str) -> Result<Outcome, String> {
    match name {
        "rejected" => Ok(Outcome::Rejected),
        "held" => Ok(Outcome::Held),
        _ => Err(format!("{name:?} is neither rejected nor held")),
    }
}

fn dataset(name: &str) -> Result<DatasetId, String> {
    name.parse().map_err(|_| {
        let names: Vec<&str> = DatasetId::ALL.iter().map(|id| id.as_str()).collect();
        format!("{name:?} is none of {}", names.join(", "))
    })
}

fn dataset_file(text: &str) -> Result<(DatasetId, PathBuf), String> {
    let (name, path) = text
        .split_once('=')
        .ok_or_else(|| format!("{text:?} is not DATASET=FILE"))?;
    Ok((dataset(name)?, PathBuf::from(path)))
}

fn dataset_table(text: &str) -> Result<(DatasetId, String), String> {
    let (name, table) = text
        .split_once('=')
        .filter(|(_, table)| !table.trim().is_empty())
        .ok_or_else(|| format!("{text:?} is not DATASET=TABLE"))?;
    Ok((dataset(name)?, table.trim().to_owned()))
}

fn column_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .filter(|(column, _)| !column.trim().is_empty())
        .map(|(column, value)| (column.trim().to_owned(), value.to_owned()))
        .ok_or_else(|| format!("{text:?} is not COLUMN=VALUE"))
}

fn share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| format!("{text:?} is not between 0 and 1"))
}
