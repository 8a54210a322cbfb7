//! What may be typed of connections, their targets, mappings and secrets.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use zhengqiao_domain::DatasetId;

use crate::args::{dataset, presets};

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
