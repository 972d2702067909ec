//! Which of the two languages a person reads.

use clap::ValueEnum;
use tvaers_policy::text::Text;

/// A language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// Danish.
    Da,
    /// English.
    En,
}

impl Lang {
    /// The text in this language.
    #[must_use]
    pub fn of(self, text: &Text) -> &str {
        self.pick(&text.da, &text.en)
    }

    /// One of two.
    #[must_use]
    pub const fn pick<'t>(self, da: &'t str, en: &'t str) -> &'t str {
        match self {
            Self::Da => da,
            Self::En => en,
        }
    }

    /// Its tag, as pages name their language (BCP 47).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        self.pick("da", "en")
    }
}
