//! The words of every fault.

use super::Reason;
use crate::decimal::Decimal;
use crate::limit;
use crate::strict::{Form, shown};

/// What is said of a fault.
pub(super) struct Words {
    pub(super) code: &'static str,
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) next: String,
}

fn words(
    code: &'static str,
    what: impl Into<String>,
    expected: impl Into<String>,
    next: impl Into<String>,
) -> Words {
    Words { code, what: what.into(), expected: expected.into(), next: next.into() }
}

impl Reason {
    /// One arm for each reason: a table in the form of a match.
    pub(super) fn words(self, key: &str) -> Words {
        match self {
            Self::Form(form) => of_form(form, key),
            Self::Name => words(
                "query.name",
                "the name cannot name a result file",
                format!("1 to {} characters of a-z, 0-9 and -", limit::NAME_CHARACTERS_MAX),
                "choose a name such as `gp-contacts-by-age`",
            ),
            Self::Kind { found } => words(
                "query.kind",
                format!("there is no kind `{}`", shown(&found)),
                "`count`, `sum`, `mean`, `histogram` or `quantiles`",
                "mend the kind",
            ),
            Self::FeatureUnknown { name, meant } => words(
                "query.feature",
                format!("the catalogue has no feature `{}`", shown(&name)),
                "the name of a [[feature]] of policies/catalogue",
                meant.map_or_else(
                    || "look there, and mend the name".to_owned(),
                    |meant| format!("did you mean `{meant}`? mend the name"),
                ),
            ),
            Self::FeatureIsSet { name } => words(
                "query.feature-set",
                format!("`{}` is a set of flags, of which a person can have several", shown(&name)),
                "a set in `by` only; here the name of a [[feature]]",
                "group by the set, or name one of its flags here",
            ),
            Self::FeatureUnneeded => words(
                "query.feature-of-count",
                "a count has no feature",
                "no `feature`: a count is of persons",
                "leave it out, or ask for a sum",
            ),
            Self::FeatureMissing { kind } => words(
                "query.feature-of-sum",
                format!("the kind `{}` needs a feature", shown(&kind)),
                "`feature`: a whole number per person, with a clamp",
                "say which number of each person is meant",
            ),
            Self::Bins { error, from, to } => words(
                "query.bins",
                format!("the bins cannot be used: {error}"),
                format!("whole numbers that rise, from {from} to {to}: each begins a bin"),
                "mend the bins",
            ),
            Self::NoProbability => words(
                "query.probabilities",
                "the list of probabilities is empty",
                "at least one number between 0 and 1, or no `probabilities` for the quartiles",
                "name a probability, or leave the list out",
            ),
            Self::Probability { found } => words(
                "query.probabilities",
                format!("`{}` is no probability here", shown(&found)),
                "numbers that rise, each more than 0 and less than 1, with at most nine decimals",
                "mend the probabilities",
            ),
            Self::NotANumber { name } => words(
                "query.feature-of-sum",
                format!("`{}` is no whole number with bounds", shown(&name)),
                "a feature that is a whole number with a clamp",
                "choose such a feature, or count the persons with a condition on this one",
            ),
            Self::Unneeded { needed_by } => words(
                "query.unneeded",
                format!("`{key}` means nothing here"),
                format!("`{key}` with {needed_by} only"),
                "leave it out",
            ),
            Self::NotACategory { name } => words(
                "query.category",
                format!("`{}` is a number, not a public category", shown(&name)),
                "a category, a flag or the municipality",
                "group by another feature, such as `age_band` for `age`",
            ),
            Self::Twice { what, name } => words(
                "query.twice",
                format!("{what} `{}` stands twice", shown(&name)),
                "each once",
                "take one of them out",
            ),
            Self::TooMany { what, max } => words(
                "query.too-many",
                format!("there are more than {max} {what}"),
                format!("at most {max}"),
                "ask less at a time",
            ),
            Self::Cells { found } => words(
                "query.cells",
                format!("the answer would have {found} cells"),
                format!("at most {}", limit::CELLS_MAX),
                "group by fewer categories",
            ),
            Self::NoMunicipality => words(
                "query.municipalities",
                "the federation has no municipality to group by",
                "a roster with municipalities",
                "group by another category",
            ),
            Self::NoTest => words(
                "query.condition-tests",
                "the condition has no test",
                "`from`, `to`, `above`, `below`, `is` or `any_of`",
                "say what is asked of the feature",
            ),
            Self::Tests { first, second } => words(
                "query.condition-tests",
                format!("`{first}` and `{second}` stand together"),
                "one lower and one upper bound, or one of `is` and `any_of`",
                "take one of them out, or make two conditions",
            ),
            Self::TestOfKind { feature, kind, expected } => words(
                "query.condition-type",
                format!("`{}` is {kind}, which has no such test", shown(&feature)),
                expected,
                "use a test that fits the feature",
            ),
            Self::Value { feature, found, known } => words(
                "query.condition-value",
                format!("`{}` is no value of `{}`", shown(&found), shown(&feature)),
                known,
                "mend the value",
            ),
            Self::Nobody { feature, from, to } => words(
                "query.condition-range",
                format!("nobody can meet this condition on `{}`", shown(&feature)),
                format!("bounds in order, of which some lie within {from} to {to}"),
                "mend the bounds",
            ),
            Self::EmptyList => words(
                "query.condition-tests",
                "the list of values is empty",
                "at least one value",
                "name a value, or leave the condition out",
            ),
            Self::Sectors { feature, sector, other } => words(
                "query.sectors",
                format!(
                    "`{}` is the sector {sector}'s, and another feature the sector {other}'s",
                    shown(&feature)
                ),
                "features of one sector",
                "ask each sector by itself; a table over both is a joined statistic",
            ),
            Self::NodeSector { found, sector } => words(
                "query.node-sector",
                format!("`{}` cannot answer: the features are the sector {sector}'s", shown(&found)),
                format!("nodes of the sector {sector}"),
                "ask those, or choose other features",
            ),
            Self::NodeUnknown { name } => words(
                "query.node-unknown",
                format!("the federation has no member `{}`", shown(&name)),
                "the name of a member, such as `k360`",
                "see who is in the roster, and mend the name",
            ),
            Self::NodesMixed => words(
                "query.node-sector",
                "the nodes are of both sectors, and the features do not say whose are meant",
                "nodes of one sector",
                "ask each sector by itself: a person may be in both",
            ),
            Self::NodesBoth => words(
                "query.nodes",
                "`of` and `sector` stand together",
                "one of `of` and `sector`",
                "take one of them out",
            ),
            Self::NodesOf { found } => words(
                "query.nodes",
                format!("`{}` does not say who is asked", shown(&found)),
                "`of = \"all\"`, or `of` with a list of node names, or `sector`",
                "say who is asked, or leave `[nodes]` out to ask all",
            ),
            Self::SectorUnknown { found } => words(
                "query.nodes",
                format!("there is no sector `{}`", shown(&found)),
                "`region` or `municipality`",
                "mend the name",
            ),
            Self::BudgetBoth => words(
                "query.budget",
                "`rho` and `epsilon` stand together",
                "one of them, or neither for the default of each node's policy",
                "take one of them out",
            ),
            Self::Number { found, error } => words(
                "query.number",
                format!("`{key}` cannot be {}: {error}", shown(&found)),
                Decimal::EXPECTED,
                format!("mend `{key}`"),
            ),
            Self::Delta => words(
                "query.delta",
                "a query does not choose `delta`: it is a constant of the federation, in the roster",
                "`rho` or `epsilon`",
                "take `delta` out",
            ),
            Self::Scale => words(
                "query.scale",
                "a query does not choose `scale`: it follows from the budget and the clamp",
                "`rho` or `epsilon`",
                "take `scale` out",
            ),
            Self::Mechanism { found } => words(
                "query.mechanism",
                format!("there is no mechanism `{}`", shown(&found)),
                "`discrete_gaussian` or `discrete_laplace`",
                "mend the name, or leave it out",
            ),
        }
    }
}

fn of_form(form: Form, key: &str) -> Words {
    match form {
        Form::Syntax(said) => words("query.syntax", said, "a TOML file", "mend the file"),
        Form::Duplicate(key) => words(
            "query.syntax",
            format!("`{}` stands twice", shown(&key)),
            "each key once",
            "take one of them out",
        ),
        Form::Date(day) => words(
            "query.syntax",
            format!("{} is no day of the calendar", shown(&day)),
            "a date such as 2026-02-28",
            "mend the date",
        ),
        Form::TooLarge { max } => words(
            "query.too-large",
            format!("the file has more than {max} bytes"),
            "a query",
            "check that it is the right file",
        ),
        Form::UnknownKey { known } => words(
            "query.unknown-key",
            format!("there is no key `{}`", shown(key)),
            format!("one of {}", known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")),
            "mend the key or take it out",
        ),
        Form::Missing => words("query.missing", format!("`{key}` is missing"), format!("`{key}`"), "add it"),
        Form::Type { found, expected } => {
            words("query.type", format!("`{key}` is {found}"), expected, "mend the value")
        }
    }
}
