//! The arguments of `zhengqiao identity`.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum IdentityCommand {
    /// 门户账号来源：由哪个连接读取 · By which connection the portal's accounts are read
    Accounts {
        connection: String,
        /// 改由此连接读取 · Read them by this connection from now on
        #[arg(long, value_name = "CONNECTION")]
        from: Option<String>,
        /// 改由本连接读取 · Read them by the connection itself
        #[arg(long, conflicts_with = "from")]
        own: bool,
    },
    /// 将绑定、解绑、合并的决定投递到门户 · Bring decisions to the portal
    Deliver(DeliverDecisionsCommand),
    /// 查看或设置决定的投递方式 · Show or set the way of decisions to the portal
    Target(TargetOfDecisions),
    /// 重新核对绑定 · Compute the bindings anew
    Review { connection: String },
    /// 列出绑定 · List bindings
    Bindings {
        connection: String,
        /// 筛选条件 · The filter
        #[command(flatten)]
        filter: crate::binding_args::BindingFilterArgs,
        /// 条数 · At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// 从此编号之后继续 · Go on after this number
        #[arg(long, value_name = "ID")]
        after: Option<i64>,
    },
    /// 查看一个账号的绑定、依据与建议 · One account's binding, with evidence and proposals
    Binding { connection: String, account: String },
    /// 作出决定 · Decide about bindings
    Decide(crate::binding_args::DecideBindingsArgs),
    /// 列出决定 · List decisions, newest first
    Decisions {
        connection: String,
        /// 条数 · At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// 从此编号之前继续 · Go on before this number
        #[arg(long, value_name = "ACT")]
        before: Option<i64>,
    },
    /// 自上次签核以来的变化 · What changed since the last sign-off
    Drift { connection: String },
    /// 签核本次核对 · Sign the review off
    SignOff {
        connection: String,
        /// 说明 · Note
        #[arg(long)]
        note: String,
        /// 同时写出文件 .html 或 .xlsx · Also write it to a file, .html or .xlsx
        #[arg(long, value_name = "FILE")]
        export: Option<String>,
        /// 文件语言 · Language of the file: zh or en
        #[arg(long, default_value = "zh")]
        language: String,
    },
    /// 列出签核 · List sign-offs
    SignOffs { connection: String },
    /// 撤销一次决定 · Take an act back
    Undo {
        connection: String,
        /// 决定编号 · Number of the act
        act: i64,
    },
    /// 登录方式 · How people sign on
    SignOn {
        #[command(subcommand)]
        command: SignOnCommand,
    },
    /// 测试登录：不登录门户，不写入数据 · Test login: signs nobody in and writes nothing
    Login(LoginCommand),
    /// 站点核对：标识、应用、回调、注销 · Sites: keys, applications, callbacks, logouts
    Sites(crate::sites::SitesCommand),
    /// 字段映射及其版本 · The claim mapping and its versions
    Mapping {
        #[command(subcommand)]
        command: IdentityMappingCommand,
    },
    /// 核对规则：等级次序、角色规则、依据顺序 · Level ranks, role rules, order of evidence, required rank
    Policy {
        #[command(subcommand)]
        command: IdentityPolicyCommand,
    },
    /// 列出或删除留存的样本 · Kept samples of test logins
    Samples {
        connection: String,
        /// 删除此样本 · Throw this one away
        #[arg(long, value_name = "NAME")]
        forget: Option<String>,
        /// 只看此类账号 · Only of this kind: natural, legal or agent
        #[arg(long)]
        kind: Option<String>,
    },
    /// 用样本预览映射结果 · What the mapping makes of a sample, masked
    Preview {
        connection: String,
        /// 账号类别 · natural, legal or agent
        #[arg(long)]
        kind: String,
        /// 留存的样本；省略则取最新缓存记录 · A kept sample; the newest cached record without
        #[arg(long, value_name = "NAME")]
        sample: Option<String>,
        /// 尚未保存的改动（TOML 或 JSON） · A change that is not saved (TOML or JSON)
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// 试算：改动对所有人的影响，不保存 · What a change would do to everyone, before it is saved
    WhatIf {
        connection: String,
        /// 改动（TOML 或 JSON） · The change (TOML or JSON)
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// 列出：linked_anew、lost、moved、role_gained[:角色]、role_lost[:角色]、new_conflict[:类型]、conflict_gone[:类型] · List the accounts behind a number
        #[arg(long, value_name = "NUMBER")]
        list: Option<String>,
        /// 条数 · At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// 从此账号之后继续 · Go on after this account
        #[arg(long, value_name = "ACCOUNT")]
        after: Option<String>,
        /// 提交为待复核的改动，并说明理由 · Propose it for review, with this note
        #[arg(long, value_name = "NOTE")]
        propose: Option<String>,
    },
    /// 待复核与已处理的改动 · Proposed changes and what became of them
    Changes { connection: String },
    /// 应用一项改动并重新核对 · Apply a proposed change and compute the bindings anew
    Apply { connection: String, change: i64 },
    /// 放弃一项改动 · Discard a proposed change
    Discard { connection: String, change: i64 },
}

#[derive(Debug, Subcommand)]
pub enum IdentityMappingCommand {
    /// 查看 · Show
    Show { connection: String },
    /// 保存为新版本 · Save as a new version
    Set {
        connection: String,
        /// 含 claims（与 policy）的文件 · A file with claims (and policy)
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// 说明 · Why
        #[arg(long, default_value = "")]
        note: String,
    },
    /// 列出版本，或比较两个版本 · List the versions, or compare two
    Versions {
        connection: String,
        /// 比较：较早与较晚的版本号 · Compare: the earlier and the later number
        #[arg(long, num_args = 2, value_names = ["BEFORE", "AFTER"])]
        compare: Option<Vec<i64>>,
    },
    /// 恢复到某个版本（成为新版本） · Go back to a version, as a new one
    Restore {
        connection: String,
        /// 版本号 · Its number
        number: i64,
        /// 说明 · Why
        #[arg(long, default_value = "")]
        note: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum IdentityPolicyCommand {
    /// 查看 · Show
    Show { connection: String },
    /// 保存为新版本 · Save as a new version
    Set {
        connection: String,
        /// 含 policy 的文件 · A file with policy
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// 说明 · Why
        #[arg(long, default_value = "")]
        note: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum SignOnCommand {
    /// 查看 · Show the settings, as TOML
    Show { connection: String },
    /// 保存 · Save the settings from a file
    Set {
        connection: String,
        /// TOML 文件 · File in TOML, as `show` prints it
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// 从标准输入读取密钥，空则删除 · Read the secret from standard input; an empty one forgets it
        #[arg(long)]
        secret_stdin: bool,
    },
}

#[derive(Debug, clap::Args)]
pub struct LoginCommand {
    /// 连接名称 · Name of the connection
    pub connection: String,
    /// 账号类别 · natural, legal or agent
    #[arg(long, default_value = "natural")]
    pub kind: String,
    /// 从标准输入读取浏览器最后的地址 · Read the address that the browser ends at from standard input
    #[arg(long)]
    pub paste: bool,
    /// 不打开浏览器 · Do not open a browser
    #[arg(long)]
    pub no_browser: bool,
    /// 结束后在身份平台退出 · End the session at the provider afterwards
    #[arg(long)]
    pub logout: bool,
    /// 保留为样本（个人信息全部替换） · Keep as a sample, every personal value replaced
    #[arg(long, value_name = "NAME")]
    pub keep_sample: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct DeliverDecisionsCommand {
    pub connection: String,
    /// 只读取账号现状，说明将发送什么，不作更改 · Only ask what the accounts have and say what would be sent
    #[arg(long, conflicts_with = "export")]
    pub dry_run: bool,
    /// 只投递此类决定，可多次给出：link、unlink、merge · Only these acts, as often as needed
    #[arg(long = "act", value_name = "ACT", value_parser = ["link", "unlink", "merge"])]
    pub acts: Vec<String>,
    /// 导出为 .csv 或 .xlsx 文件，用于没有接口的门户 · Write a .csv or .xlsx file, for a portal without an interface
    #[arg(long, value_name = "FILE", requires = "reason")]
    pub export: Option<PathBuf>,
    /// 导出的用途；文件含完整身份标识 · What the file is for; it has the full keys of people
    #[arg(long, value_name = "TEXT", requires = "export")]
    pub reason: Option<String>,
    /// 文件用英文表头 · English titles in the file
    #[arg(long, requires = "export")]
    pub english: bool,
}

#[derive(Debug, clap::Args)]
pub struct TargetOfDecisions {
    pub connection: String,
    /// 投递方式的 JSON 文件 · File with the way to the portal, JSON
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// 取消投递方式 · No way any more
    #[arg(long, conflicts_with = "file")]
    pub none: bool,
}
