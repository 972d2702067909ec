//! One change.

use crate::text::Text;

/// Whether a change lets more happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// More is allowed, or something that protects citizens is gone.
    Loosens,
    /// Less is allowed.
    Tightens,
    /// Neither, as far as the program can tell: words, contacts, references.
    Neutral,
}

impl Direction {
    /// That of the change back.
    #[must_use]
    pub const fn back(self) -> Self {
        match self {
            Self::Loosens => Self::Tightens,
            Self::Tightens => Self::Loosens,
            Self::Neutral => Self::Neutral,
        }
    }
}

/// What a change is about, the riskiest for citizens first.
///
/// What is told of named citizens comes first, for it cannot be taken back and no noise covers it; then who is spared
/// at all; then what is told of persons under pseudonym; then who may ask and who must agree, since every other bound
/// is in their hands; then which data, and how much noisy answers may tell, which the ledger bounds in any case; then
/// when and for how long; then grounds and words, which a person judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Risk {
    /// All bounds at once: whether it is a laboratory's policy, and which node's.
    Everything,
    /// Work lists of named citizens.
    NamedCitizens,
    /// Who is left out of everything.
    Exclusions,
    /// Data of citizenship and unemployment fund.
    Sensitive,
    /// Contributions under pseudonym.
    Contributions,
    /// Who may ask, sign, approve and raise.
    People,
    /// Which data, and whose.
    Data,
    /// What answers may cost a citizen.
    Budget,
    /// What of an answer is shown, and when and after what it leaves.
    Shown,
    /// From when, until when and how long.
    Time,
    /// Purpose, legal basis, agreements and assessment.
    Grounds,
    /// Names, contacts and numbers of the file itself.
    Details,
}

impl Risk {
    /// What it is about, in words.
    #[must_use]
    pub fn words(self) -> Text {
        match self {
            Self::Everything => Text::new("hele politikken", "all of the policy"),
            Self::NamedCitizens => Text::new("navngivne borgere", "named citizens"),
            Self::Exclusions => Text::new("hvem der holdes ude", "who is left out"),
            Self::Sensitive => Text::new("særligt følsomme data", "especially sensitive data"),
            Self::Contributions => Text::new("bidrag under pseudonym", "contributions under pseudonym"),
            Self::People => Text::new("hvem der må", "who may"),
            Self::Data => Text::new("hvilke data", "which data"),
            Self::Budget => Text::new("budget", "budget"),
            Self::Shown => Text::new("hvad der vises", "what is shown"),
            Self::Time => Text::new("tid", "time"),
            Self::Grounds => Text::new("formål og grundlag", "purpose and grounds"),
            Self::Details => Text::new("oplysninger", "details"),
        }
    }
}

/// What happened to the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// It, or an element of it, came.
    Added,
    /// It, or an element of it, went.
    Removed,
    /// It became more, wider or later.
    Raised,
    /// It became less, narrower or earlier.
    Lowered,
    /// It became another.
    Changed,
}

impl What {
    /// What happens on the way back.
    #[must_use]
    pub const fn back(self) -> Self {
        match self {
            Self::Added => Self::Removed,
            Self::Removed => Self::Added,
            Self::Raised => Self::Lowered,
            Self::Lowered => Self::Raised,
            Self::Changed => Self::Changed,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Raised => "raised",
            Self::Lowered => "lowered",
            Self::Changed => "changed",
        }
    }
}

/// One change of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whether it lets more happen.
    pub direction: Direction,
    /// What it is about.
    pub risk: Risk,
    /// The key's path, one of [`crate::keys::KEYS`].
    pub key: &'static str,
    /// What happened to it.
    pub what: What,
    /// The permit; none where it is about all of them.
    pub permit: Option<String>,
    /// What it means.
    pub sentence: Text,
}

impl Change {
    /// A stable code, such as `permit.budget.per-query.raised`.
    #[must_use]
    pub fn code(&self) -> String {
        format!("{}.{}", self.key, self.what.name())
    }

    /// Whether it concerns requests under the permit.
    #[must_use]
    pub fn concerns(&self, permit: &str) -> bool {
        self.permit.as_deref().is_none_or(|of| of == permit)
    }

    pub(super) fn rank(&self) -> (Direction, Risk, Option<&str>, &'static str, What, &str) {
        let permit = self.permit.as_deref();
        (self.direction, self.risk, permit, self.key, self.what, &self.sentence.en)
    }
}
