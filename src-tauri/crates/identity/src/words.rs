//! Closed lists of words that are the same in the cache, in JSON and on the screen.
//!
//! One macro keeps the three forms together, so that a word cannot be renamed in one place only.

/// A text that is none of a list's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {list}")]
pub struct UnknownWord {
    /// The list.
    pub list: &'static str,
    /// The text.
    pub text: String,
}

/// An enum of words: `as_str`, `ALL`, `FromStr`, serde and TypeScript in one spelling.
macro_rules! words {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$doc:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, ts_rs::TS,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// Every word, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word as it is stored and sent.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::words::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::words::UnknownWord {
                        list: stringify!($name),
                        text: text.to_owned(),
                    }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    use crate::{
        AccountKind, AccountState, BindingEffect, BindingState, BoundBy, ClaimState, ConflictKind,
        DecisionAct, EvidenceKind,
    };

    macro_rules! same_word {
        ($($list:ty),+) => {
            $(for word in <$list>::ALL {
                assert_eq!(serde_json::to_value(word).unwrap(), word.as_str());
                assert_eq!(word.as_str().parse::<$list>().as_ref(), Ok(word));
            })+
        };
    }

    #[test]
    fn every_word_is_the_same_in_json_and_in_the_cache() {
        same_word!(
            AccountKind,
            AccountState,
            BindingState,
            BoundBy,
            ConflictKind,
            DecisionAct,
            BindingEffect,
            EvidenceKind
        );
        assert!("linked_".parse::<BindingState>().is_err());
        assert_eq!(ClaimState::Ok.code(), "ok");
    }
}
