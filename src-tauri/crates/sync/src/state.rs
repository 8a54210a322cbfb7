//! The words for how a run or a part of it stands.

/// State words. `failed` is for technical faults only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StateWord {
    /// 从未运行.
    Never,
    /// 等待.
    Waiting,
    /// 成功.
    Succeeded,
    /// 有拒收.
    FinishedWithRejections,
    /// 已取消.
    Cancelled,
    /// 已暂停: interrupted, and to be taken up again.
    Paused,
    /// 运行中.
    Running,
    /// 需处理.
    NeedsDecision,
    /// 失败.
    Failed,
}

impl StateWord {
    const ALL: [StateWord; 9] = [
        StateWord::Never,
        StateWord::Waiting,
        StateWord::Succeeded,
        StateWord::FinishedWithRejections,
        StateWord::Cancelled,
        StateWord::Paused,
        StateWord::Running,
        StateWord::NeedsDecision,
        StateWord::Failed,
    ];

    /// The word in the database and on IPC.
    pub const fn as_str(self) -> &'static str {
        match self {
            StateWord::Never => "never",
            StateWord::Waiting => "waiting",
            StateWord::Succeeded => "succeeded",
            StateWord::FinishedWithRejections => "finished_with_rejections",
            StateWord::Cancelled => "cancelled",
            StateWord::Paused => "paused",
            StateWord::Running => "running",
            StateWord::NeedsDecision => "needs_decision",
            StateWord::Failed => "failed",
        }
    }

    /// The state of a word.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// Full or incremental.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunMode {
    /// Everything.
    Full,
    /// What changed.
    Incremental,
    /// Everything, only to compare: nothing is kept.
    Verify,
}

impl RunMode {
    /// Its name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            RunMode::Full => "full",
            RunMode::Incremental => "incremental",
            RunMode::Verify => "verify",
        }
    }

    /// The mode of a name.
    pub fn by_name(name: &str) -> Option<Self> {
        [RunMode::Full, RunMode::Incremental, RunMode::Verify]
            .into_iter()
            .find(|mode| mode.as_str() == name)
    }
}
