//! What a cell's figures and keys mean, in a word.

use zhengqiao_store::reconciliation_cell::Figures;

/// The states of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CellState {
    /// 一致: the figures agree, and the digests where there are any.
    Equal,
    /// 已补齐: what was missing came with a re-pull, and the figures agree now.
    Healed,
    /// 已核实: the figures differ, and no key does: a row stands in another day or department here.
    Explained,
    /// 无法得知: the provider's figure cannot be known.
    Unknown,
    /// 内容不同: as many, and not the same.
    Differs,
    /// 多出: more here than at the provider.
    Over,
    /// 缺少: less here than at the provider.
    Short,
}

impl CellState {
    const ALL: [CellState; 7] = [
        CellState::Equal,
        CellState::Healed,
        CellState::Explained,
        CellState::Unknown,
        CellState::Differs,
        CellState::Over,
        CellState::Short,
    ];

    /// The word in the database and on IPC.
    pub const fn as_str(self) -> &'static str {
        match self {
            CellState::Equal => "equal",
            CellState::Healed => "healed",
            CellState::Explained => "explained",
            CellState::Unknown => "unknown",
            CellState::Differs => "differs",
            CellState::Over => "over",
            CellState::Short => "short",
        }
    }

    /// The state of a word.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether somebody has to look at it.
    pub const fn differs(self) -> bool {
        matches!(
            self,
            CellState::Differs | CellState::Over | CellState::Short
        )
    }

    /// The state of a cell: its figures, whether its digest differs, whether its keys were compared one
    /// by one, and how many of them are open and healed.
    pub const fn of(
        figures: &Figures,
        digest_differs: bool,
        looked: bool,
        open_keys: i64,
        healed_keys: i64,
    ) -> Self {
        let Some(provider) = figures.provider else {
            return if open_keys > 0 {
                CellState::Differs
            } else {
                CellState::Unknown
            };
        };
        let agree = provider == figures.received;
        if open_keys > 0 || !looked {
            return if figures.received < provider {
                CellState::Short
            } else if figures.received > provider {
                CellState::Over
            } else if open_keys > 0 || digest_differs {
                CellState::Differs
            } else {
                CellState::Equal
            };
        }
        if healed_keys > 0 && agree {
            CellState::Healed
        } else if agree && !digest_differs {
            CellState::Equal
        } else {
            CellState::Explained
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(provider: Option<i64>, received: i64) -> Figures {
        Figures {
            provider,
            received,
            ..Figures::default()
        }
    }

    #[test]
    fn what_the_provider_does_not_tell_is_unknown_and_never_equal() {
        for received in [0, 7] {
            let state = CellState::of(&figures(None, received), false, true, 0, 0);
            assert_eq!(state, CellState::Unknown);
        }
    }

    #[test]
    fn equal_figures_with_another_digest_differ_until_the_keys_are_compared() {
        let same = figures(Some(5), 5);
        assert_eq!(CellState::of(&same, true, false, 0, 0), CellState::Differs);
        assert_eq!(CellState::of(&same, true, true, 0, 0), CellState::Explained);
        assert_eq!(CellState::of(&same, false, true, 2, 0), CellState::Differs);
    }

    #[test]
    fn a_cell_is_healed_when_its_keys_are_and_the_figures_agree() {
        assert_eq!(
            CellState::of(&figures(Some(5), 5), false, true, 0, 2),
            CellState::Healed
        );
        assert_eq!(
            CellState::of(&figures(Some(5), 4), false, true, 1, 1),
            CellState::Short
        );
        assert_eq!(
            CellState::of(&figures(Some(5), 6), false, true, 0, 1),
            CellState::Explained
        );
    }

    #[test]
    fn every_word_is_the_word_of_one_state() {
        for state in CellState::ALL {
            assert_eq!(CellState::by_name(state.as_str()), Some(state));
        }
    }
}
