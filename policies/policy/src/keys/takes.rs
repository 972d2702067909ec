//! What a key takes: said once, for people and for the schema.

use crate::limit;
use crate::text::Text;

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// `true` or `false`.
    Flag,
    /// A date.
    Date,
    /// A text that says something.
    Text,
    /// The name of a permit, a purpose or a domain.
    Id,
    /// The name of a node.
    NodeName,
    /// A CVR number.
    Cvr,
    /// The name of a file beside the policy, or "none".
    File,
    /// 32 bytes.
    Hex,
    /// An amount of rho or epsilon.
    Decimal,
    /// A whole number, positive or not.
    Integer,
    /// A whole number within bounds; a laboratory's may begin lower.
    Whole {
        /// The least, over real data.
        from: u32,
        /// The greatest.
        to: u32,
        /// The least in a laboratory.
        laboratory_from: u32,
    },
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of these words; in a laboratory also another.
    WordOr {
        /// The words.
        words: &'static [&'static str],
        /// The other.
        laboratory: &'static str,
    },
    /// One letter, from a on.
    Letter(char),
    /// A list of these words, each once.
    Words(&'static [&'static str]),
    /// A name of the catalogue or of a model.
    Name,
    /// A list of names; in a laboratory also "all".
    Names,
    /// A list of two persons' names or more; in a laboratory of any number.
    Persons,
    /// A list of municipality codes.
    Municipalities,
    /// A table with either rho or epsilon.
    Budget {
        /// Whether a laboratory may say "unlimited".
        unlimited: bool,
    },
    /// A table.
    Table,
    /// Tables that stand as often as one likes.
    Tables,
    /// A table whose keys are names out of the file and whose values are these words.
    Each(&'static [&'static str]),
}

impl Takes {
    /// A whole number with the same bounds everywhere.
    #[must_use]
    pub const fn whole(from: u32, to: u32) -> Self {
        Self::Whole { from, to, laboratory_from: from }
    }

    /// What it is, in words.
    #[must_use]
    pub fn words(self) -> Text {
        let id = limit::ID_CHARACTERS_MAX;
        match self {
            Self::Flag => Text::new("true eller false", "true or false"),
            Self::Date => Text::new("dato: 2026-02-28", "date: 2026-02-28"),
            Self::Text => Text::new("tekst", "text"),
            Self::Id => Text::new(format!("1–{id} af a–z, 0–9, -"), format!("1–{id} of a–z, 0–9, -")),
            Self::NodeName => Text::new("1–32 af a–z, 0–9, _", "1–32 of a–z, 0–9, _"),
            Self::Cvr => Text::new("otte cifre, som tekst", "eight digits, as text"),
            Self::File => Text::new("filnavn eller \"none\"", "file name or \"none\""),
            Self::Hex => Text::new("64 hexadecimale cifre", "64 hexadecimal digits"),
            Self::Decimal => Text::new(
                "over 0, højst 1000000000, ni decimaler",
                "more than 0, at most 1000000000, nine decimals",
            ),
            Self::Integer => Text::new("helt tal", "whole number"),
            Self::Whole { from, to, laboratory_from } => whole(from, to, laboratory_from),
            Self::Word(words) => Text::new(either(words, "eller"), either(words, "or")),
            Self::WordOr { words, laboratory } => Text::new(
                format!("{}; \"{laboratory}\" i et laboratorium", either(words, "eller")),
                format!("{}; \"{laboratory}\" in a laboratory", either(words, "or")),
            ),
            Self::Letter(last) => Text::new(format!("bogstav, a–{last}"), format!("letter, a–{last}")),
            Self::Words(words) => Text::new(
                format!("liste af {}", either(words, "og")),
                format!("list of {}", either(words, "and")),
            ),
            Self::Name => Text::new("navn", "name"),
            Self::Names => Text::new(
                "liste af navne; \"all\" i et laboratorium",
                "list of names; \"all\" in a laboratory",
            ),
            Self::Persons => Text::new("liste af mindst to navne", "list of two names or more"),
            Self::Municipalities => Text::new("liste af kommunenumre", "list of municipality codes"),
            Self::Budget { unlimited } => budget(unlimited),
            Self::Table => Text::new("tabel", "table"),
            Self::Tables => Text::new("tabeller, hver i dobbelte klammer", "tables, each in double brackets"),
            Self::Each(words) => Text::new(
                format!("tabel med navn = {}", either(words, "eller")),
                format!("table of name = {}", either(words, "or")),
            ),
        }
    }
}

fn whole(from: u32, to: u32, laboratory_from: u32) -> Text {
    // The greatest number that there is, is no bound that anyone would write down.
    let (da, en) = match to {
        u32::MAX => (format!("{from} og op"), format!("{from} and up")),
        to => (format!("{from}–{to}"), format!("{from}–{to}")),
    };
    if from == laboratory_from {
        return Text::new(da, en);
    }
    Text::new(
        format!("{da}; {laboratory_from} og op i et laboratorium"),
        format!("{en}; {laboratory_from} and up in a laboratory"),
    )
}

fn budget(unlimited: bool) -> Text {
    let (da, en) = ("`{ rho = … }` eller `{ epsilon = … }`", "`{ rho = … }` or `{ epsilon = … }`");
    if !unlimited {
        return Text::new(da, en);
    }
    Text::new(
        format!("{da}; \"unlimited\" i et laboratorium"),
        format!("{en}; \"unlimited\" in a laboratory"),
    )
}

/// Words in quotation marks, the last one after `joint`.
fn either(words: &[&str], joint: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    match quoted.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} {joint} {last}", first.join(", ")),
        other => other.concat(),
    }
}
