//! What may be typed of rejected records and of mending them.

use std::path::PathBuf;

use clap::Subcommand;
use zhengqiao_api::contract::RejectionFilter;
use zhengqiao_domain::{DatasetId, Outcome};

use crate::args::dataset;

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

fn outcome(name: &str) -> Result<Outcome, String> {
    match name {
        "rejected" => Ok(Outcome::Rejected),
        "held" => Ok(Outcome::Held),
        _ => Err(format!("{name:?} is neither rejected nor held")),
    }
}
