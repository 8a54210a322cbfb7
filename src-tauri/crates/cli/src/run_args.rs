//! What may be typed of runs: trying, starting, looking at, undoing and scheduling them, and delivering.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use zhengqiao_domain::DatasetId;

use crate::args::dataset;

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
