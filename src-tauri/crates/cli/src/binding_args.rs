//! Arguments of the acts about bindings.

use clap::Args;

/// What bindings are narrowed by.
#[derive(Debug, Clone, Args)]
pub struct BindingFilterArgs {
    /// 状态 · linked, unmatched, ambiguous, conflicting, orphaned, do_not_touch
    #[arg(long)]
    pub state: Option<String>,
    /// 冲突类型 · Kind of conflict
    #[arg(long)]
    pub conflict: Option<String>,
    /// 账号类别 · natural, legal, agent
    #[arg(long)]
    pub kind: Option<String>,
    /// 站点 · Site
    #[arg(long)]
    pub site: Option<String>,
    /// 仅待处理 · Only accounts that wait for a decision
    #[arg(long, conflicts_with = "decided")]
    pub open: bool,
    /// 仅已决定 · Only accounts with a decision
    #[arg(long)]
    pub decided: bool,
    /// 账号标识（前缀）或完整身份标识 · How an account's identifier begins, or the full key of an identity
    #[arg(long)]
    pub search: Option<String>,
}

/// Decides about bindings.
#[derive(Debug, Clone, Args)]
pub struct DecideBindingsArgs {
    /// 连接 · Connection
    pub connection: String,
    /// 门户账号，可重复 · A portal account; may be given again
    #[arg(long, required_unless_present = "all")]
    pub account: Vec<String>,
    /// 筛选条件下的全部账号 · All accounts under the filter
    #[arg(long, conflicts_with = "account")]
    pub all: bool,
    /// 筛选条件 · The filter
    #[command(flatten)]
    pub filter: BindingFilterArgs,
    /// 决定 · link, unlink, merge, do_not_touch, later
    #[arg(long)]
    pub act: String,
    /// 绑定到的身份记录编号 · For link: the record of the identity
    #[arg(long, value_name = "ID")]
    pub person: Option<i64>,
    /// 合并后保留的账号 · For merge: the account that remains
    #[arg(long, value_name = "ACCOUNT")]
    pub into: Option<String>,
    /// 再议日期 · For later: the day from which it is asked again
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub until: Option<String>,
    /// 理由 · Why
    #[arg(long)]
    pub reason: String,
}
