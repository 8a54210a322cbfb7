//! Arguments of `zhengqiao report`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use zhengqiao_api::contract::ReportForm;

use crate::rejected_args::FilterArgs;

#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// 生成问题清单，并将其中的记录标为已反馈 · Write a list and mark its records as reported
    Write(Box<WriteCommand>),
    /// 重新写出某份清单的文件（编号不变） · Write the file of a list again, with the same numbers
    Rewrite {
        id: i64,
        /// 写到：.xlsx、.zip 或目录 · To: .xlsx, .zip or a directory
        file: PathBuf,
        #[command(flatten)]
        form: FormArgs,
    },
    /// 列出 · List
    List {
        /// 连接名称 · Only of this connection
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
        /// 条数 · At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// 从此编号之前继续 · Go on before this number
        #[arg(long, value_name = "ID")]
        before: Option<i64>,
    },
    /// 查看一份清单及其记录 · Show one, with its records
    Show {
        id: i64,
        /// 仅此情形 · Only: waiting, answered, corrected, resolved, open_again, settled, withdrawn, later
        #[arg(long)]
        fate: Option<String>,
        /// 部门编码 · Only of this department
        #[arg(long)]
        department: Option<String>,
        /// 条数，0 为不列记录 · At most so many records, 0 for none
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// 从此条之后继续 · Go on after this record
        #[arg(long, value_name = "ENTRY")]
        after: Option<i64>,
    },
    /// 收回答复：先预览，加 --apply 后入库 · Read answered files: a preview, or with --apply for good
    Answers {
        /// 文件或目录（xlsx、csv） · Files or directories
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// 连接名称 · Whose answers they are
        #[arg(long, value_name = "NAME")]
        connection: String,
        /// 入库 · Take them in
        #[arg(long)]
        apply: bool,
    },
    /// 查看一条记录的反馈与答复 · What was written about a record, and what came back
    Letters {
        /// 异常数据编号 · Number of the rejection
        id: i64,
        /// 显示个人信息的理由（记入审计） · Why the answers are shown unmasked; goes into the audit log
        #[arg(long)]
        reason: Option<String>,
    },
    /// 重新获取称已更正而尚未收到的记录 · Read records again that are said to be corrected
    Repull {
        /// 连接名称 · Of this connection
        #[arg(long, value_name = "NAME")]
        connection: String,
        /// 清单编号 · Only of this list
        #[arg(long, value_name = "ID")]
        report: Option<i64>,
    },
    /// 修改答复期限 · Set the last day of the term
    Due {
        id: i64,
        #[arg(value_name = "YYYY-MM-DD")]
        day: String,
    },
    /// 关闭，不再催办 · Close: nothing on it is overdue any more
    Close {
        id: i64,
        /// 重新打开 · Open it again
        #[arg(long)]
        reopen: bool,
    },
    /// 撤回：仍为已反馈的记录恢复原状 · Withdraw: records still reported become what they were
    Withdraw { id: i64 },
}

#[derive(Debug, clap::Args)]
pub struct WriteCommand {
    /// 写到：.xlsx、.zip 或目录 · To: .xlsx, .zip or a directory
    pub file: PathBuf,
    /// 异常数据编号；缺省为筛选条件内的全部 · Numbers of rejections; all in the filter if absent
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub ids: Vec<i64>,
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub form: FormArgs,
    /// 答复期限，缺省为十个工作日（周一至周五） · Last day of the term; ten working days (Monday to Friday) if absent
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub due: Option<String>,
    /// 已反馈的记录再次反馈（催办） · Report again what was reported already
    #[arg(long)]
    pub again: bool,
    /// 只显示将要反馈的数量 · Only say what it would be about
    #[arg(long)]
    pub plan: bool,
}

#[derive(Debug, clap::Args)]
pub struct FormArgs {
    /// 形式，缺省按文件名 · How; told by the file's name if absent
    #[arg(long)]
    pub form: Option<Form>,
    /// 语言 · Language
    #[arg(long, value_parser = ["zh", "en"], default_value = "zh")]
    pub language: String,
}

/// How a list is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Form {
    /// 一个工作簿，每部门一张表 · One workbook, a sheet for each department
    Workbook,
    /// 每部门一个工作簿 · A workbook for each department
    Workbooks,
    /// 每部门一个 CSV · A CSV for each department
    Csv,
}

impl FormArgs {
    /// The form for a file: one workbook for `.xlsx`, else a workbook for each department.
    pub fn of(&self, file: &std::path::Path) -> ReportForm {
        match self.form {
            Some(Form::Workbook) => ReportForm::Workbook,
            Some(Form::Workbooks) => ReportForm::Workbooks,
            Some(Form::Csv) => ReportForm::Csv,
            None if file
                .extension()
                .is_some_and(|ending| ending.eq_ignore_ascii_case("xlsx")) =>
            {
                ReportForm::Workbook
            }
            None => ReportForm::Workbooks,
        }
    }
}
