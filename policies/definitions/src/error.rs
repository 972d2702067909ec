//! Why a definition file is refused: the file, the line, and the reason.

mod advice;

use tvaers_protocol::id::Sector;
use tvaers_protocol::problem::{Exit, Problem};

use crate::window::WindowError;

/// A definition file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{file}`, line {line}: {reason}")]
pub struct DefinitionError {
    /// The file's name.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub reason: Reason,
    /// The names that may stand there, where a name is unknown.
    pub known: Vec<String>,
}

impl DefinitionError {
    /// The error as a program shows it, of a file in an installation's own folder.
    #[must_use]
    pub fn problem(&self, folder: &str) -> Problem {
        let problem = self.problem_of_file();
        let next = format!("{}, or take the file out of the folder", problem.next);
        problem.at(format_args!("{folder}/{}:{}", self.file, self.line)).next(next)
    }

    /// The error as a program shows it, of a file that was named by its path.
    #[must_use]
    pub fn problem_of_file(&self) -> Problem {
        let advice = self.reason.advice(&self.known);
        Problem::new(Exit::BadInput, "definitions", &self.reason)
            .at(format_args!("{}:{}", self.file, self.line))
            .expected(advice.expected)
            .next(advice.next)
    }
}

/// What is wrong in a definition file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are the words that the message puts in its gaps")]
pub enum Reason {
    /// No TOML, an unknown or missing key, or a value of the wrong type; in the words of the parser.
    #[error("{0}")]
    Syntax(String),
    /// A number with a decimal comma.
    #[error("`{found}` has a decimal comma")]
    DecimalComma { found: String },
    /// The file is larger than any sensible one.
    #[error("the file has more than {max} bytes")]
    TooLarge { max: usize },
    /// A name outside the alphabet.
    #[error("`{name}` is no name: 1 to 64 characters of a-z, 0-9 and _, the first a letter")]
    Name { name: String },
    /// A name that is taken.
    #[error("{what} `{name}` stands twice")]
    Duplicate { what: &'static str, name: String },
    /// A name that another file of the library has.
    #[error("there is {what} called `{name}` already")]
    Taken { what: &'static str, name: String },
    /// A reference to nothing.
    #[error("there is no {what} `{name}`")]
    Unknown { what: &'static str, name: String },
    /// More entries than the wire or the database has room for.
    #[error("at most {max} {what}")]
    TooMany { what: &'static str, max: usize },
    /// A list that needs an entry.
    #[error("{what} has no entry")]
    Empty { what: &'static str },
    /// A feature that is no flag, in a set.
    #[error("`{name}` is no flag, so it is no member of a set")]
    NoMember { name: String },
    /// A bound that is none, or that bounds nothing.
    #[error("`at-most` is 1 to {max}, the members of the set, not {found}")]
    AtMost { found: u32, max: usize },
    /// Text that must say something.
    #[error("the description is empty")]
    NoDescription,
    /// A table, feature or group of another sector.
    #[error("`{name}` belongs to the sector {found}, not to {expected}")]
    OtherSector { name: String, found: String, expected: Sector },
    /// A column of another kind than the rule can use.
    #[error("column `{column}` holds {found}; the rule needs {expected}")]
    ColumnKind { column: &'static str, found: &'static str, expected: &'static str },
    /// A value of another type than the column that it is compared with.
    #[error("column `{column}` holds {holds}, which `{found}` is not")]
    Literal { column: &'static str, holds: &'static str, found: String },
    /// A condition with no test or with several.
    #[error("exactly one of {choice} is needed")]
    OneOf { choice: &'static str },
    /// An answer of no round.
    #[error("at least one of `first` and `last` is needed")]
    NoRound,
    /// A text that names no window.
    #[error("{0}")]
    Window(#[from] WindowError),
    /// A window that the rule cannot have.
    #[error("the rule `{rule}` needs the window {expected}")]
    WindowOfRule { rule: &'static str, expected: &'static str },
    /// A feature seen from an earlier day by a rule that knows today only.
    #[error("the rule `{rule}` knows no `earlier`: the register of persons has what holds today")]
    NoPast { rule: &'static str },
    /// Index admissions whose discharge lies too near, or too far.
    #[error("`days-ago` is 1 to {max}, and `least-age` no more than {age_max}")]
    Index { max: u16, age_max: u16 },
    /// A time to be readmitted in that is none, or that need not be over.
    #[error("the `days` of `readmitted` are 1 to {max}, those of `days-ago`: later ones may lie ahead")]
    Readmitted { max: u16 },
    /// A measure of index admissions that would leave out some of the admissions that decide.
    #[error("`only-acute` goes with no measure of index admissions")]
    AcuteIndex,
    /// Bounds in the wrong order.
    #[error("the clamp {from} to {to} holds no number")]
    Clamp { from: i64, to: i64 },
    /// Bounds beyond those that sums over all persons are checked for.
    #[error("the clamp {from} to {to} reaches beyond {max} on one side of 0")]
    WideClamp { from: i64, to: i64, max: i64 },
    /// A number that may be missing, by a rule that always gives one, or the other way round.
    #[error("with the rule `{rule}` the clamp states {expected}")]
    MissingOfRule { rule: &'static str, expected: &'static str },
    /// A rule whose result is not of the stated kind.
    #[error("the rule `{rule}` gives {expected}, which the kind does not say")]
    KindOfRule { rule: &'static str, expected: &'static str },
    /// A prefix or code that is not made of capital letters and digits.
    #[error("`{code}` is no code: capital letters and digits only")]
    Code { code: String },
    /// What takes away from nothing.
    #[error("`except` takes away from `starts-with`, which is not stated")]
    ExceptOfNothing,
    /// An exception that takes away nothing, or everything.
    #[error("`{code}` must begin with a text of `starts-with` and be longer")]
    Except { code: String },
    /// A range of codes that is none.
    #[error("`{code}` is no code or range of codes, such as `111-113`")]
    CodeRange { code: String },
    /// A number of admissions that says nothing new, or a length that the calendar has no room for.
    #[error("`{measure}` needs a count of 2 to {max}, within 1 to {max} {unit}")]
    Within { measure: &'static str, unit: &'static str, max: u16 },
    /// Bands of age that are not one for each label.
    #[error("the category has {labels} labels and `from` {bands} ages; each label begins at one age")]
    AgeBands { labels: usize, bands: usize },
    /// A band of age that nobody is in, or ages that none is.
    #[error("the ages of `from` rise, from 0 on and to {max} at most, which {found} breaks")]
    AgeBandFrom { found: u16, max: u16 },
    /// Bands out of order, or one that cannot be reached.
    #[error("the band from {from} is out of order or outside 1 to {max}")]
    Band { from: u32, max: u32 },
    /// Points that fall as the value rises: the greatest of two nodes' points would not be that of the greatest value.
    #[error("the band from {from} has fewer points than the one before it")]
    FallingPoints { from: u32 },
    /// More points than the arithmetic is checked for.
    #[error("at most {max} points")]
    Points { max: u16 },
    /// A feature that cannot be a component.
    #[error("feature `{name}` cannot be a component: {why}")]
    NoComponent { name: String, why: &'static str },
    /// A component whose way of combining does not fit it.
    #[error("a component cannot combine by `{combine}`: {why}")]
    Combine { combine: &'static str, why: &'static str },
    /// A component without a touch group that needs one.
    #[error("the component needs a touch group at {grain}: {why}")]
    NeedsTouch { grain: &'static str, why: &'static str },
    /// A touch group at a grain that settles the matter.
    #[error("`at` names points, counts or both: at events the events themselves are sent")]
    TouchAtEvents,
    /// A touch group whose rules merge different spells or stays, or of which only some do.
    #[error("the rules of touch group `{group}` do not put the same rows together within the same window")]
    UnlikeEvents { group: String },
    /// A component that an indicator names and does not use.
    #[error("component `{name}` stands in no criterion, dimension or table")]
    Unused { name: String },
    /// A name that a table cannot be grouped by, or that cannot be counted.
    #[error("`{name}` cannot {what}: {why}")]
    Table { name: String, what: &'static str, why: &'static str },
    /// A file of another name than what it defines.
    #[error("the file must be called `{expected}`")]
    FileName { expected: String },
    /// A measure that is described and told by nothing.
    #[error("measure `{name}` is told of nothing")]
    Untold { name: String },
    /// A default budget that is none.
    #[error("`rho` must be more than 0 and {max} at most")]
    Budget { max: u32 },
    /// A component that counts nowhere, or twice.
    #[error("component `{name}` must stand in one criterion, or exclude and have no bands")]
    Place { name: String },
    /// A population feature that is not worked out by the rule it needs.
    #[error("feature `{name}` is not worked out by the rule `{expected}`")]
    Population { name: String, expected: &'static str },
    /// An age range that holds nobody.
    #[error("the ages {from} to {to} are no range within 0 to 150")]
    Ages { from: u16, to: u16 },
    /// A number that is no municipality code.
    #[error("{found} is no municipality code: three digits")]
    Kommune { found: u16 },
    /// A cap that caps nothing, or leaves nothing.
    #[error("the cap {found} is not within 1 and less than the {points} points of the components")]
    Cap { found: u16, points: u16 },
    /// Strata beside inclusion by criteria.
    #[error("strata need `included = {{ strata = [...] }}`")]
    StrataUnused,
    /// A total that no stratum or more than one holds.
    #[error("the stratum begins at {found}; it must begin at {expected}, with no gap and no overlap")]
    StratumFrom { found: u16, expected: u16 },
    /// A stratum that ends before it begins or beyond the greatest total.
    #[error("the stratum ends at {found}; the totals from {from} to {max} are left")]
    StratumTo { found: u16, from: u16, max: u16 },
    /// The strata end before the totals do.
    #[error("the strata end at {found}; the greatest total is {max}")]
    StratumEnd { found: u16, max: u16 },
}
