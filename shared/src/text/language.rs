//! The languages people are answered in.

use serde::{Deserialize, Serialize};

/// A language of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Korean.
    Ko,
}

impl Language {
    /// The language's code, `en` or `ko`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ko => "ko",
        }
    }

    /// The language of a code such as `ko`, `ko-KR` or `en_US`.
    ///
    /// ```
    /// use shared::text::Language;
    /// assert_eq!(Language::from_code("ko-KR"), Some(Language::Ko));
    /// assert_eq!(Language::from_code("fr"), None);
    /// ```
    pub fn from_code(code: &str) -> Option<Self> {
        let tag = code.trim().split(['-', '_', '.']).next()?.to_ascii_lowercase();
        [Self::En, Self::Ko].into_iter().find(|language| language.code() == tag)
    }
}
