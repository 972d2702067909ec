//! TOML read strictly: unknown keys refuse, nothing is guessed, and all that is wrong is told at once, each with its
//! line and column.
//!
//! A [`Document`] gives [`Table`]s; a table is asked for each key that it may have, and told by [`Table::close`] that
//! there are no others. What is wrong goes into the document's [`Faults`], never into a panic or a first error.

mod fault;
mod place;
mod table;
mod value;

use toml::de::{DeArray, DeTable};

pub use fault::{Faults, Form, Wrong};
pub use place::{Place, Placed};
pub use table::Table;
pub use value::{Number, Scalar, Value};

use place::Lines;

/// A file's text as TOML, with the places of its parts.
#[derive(Debug)]
pub struct Document<'t> {
    lines: Lines<'t>,
    root: DeTable<'t>,
}

/// How sure it is what a text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Recovered {
    /// It is TOML.
    Whole,
    /// It is but for keys that stand twice and days that are none.
    PastSlips,
    /// It is none.
    Guessed,
}

impl<'t> Document<'t> {
    /// Reads the text. Where it is no TOML, every place is told and there is no document: what a parser makes of the
    /// rest could only be guessed at.
    pub fn parse<R: From<Form>>(text: &'t str, bytes_max: usize, faults: &Faults<R>) -> Option<Self> {
        let (document, wrong) = Self::recovered(text, bytes_max, faults)?;
        (wrong == Recovered::Whole).then_some(document)
    }

    /// The same, but where a key stands twice or a day is none of the calendar the rest is certain and is read too,
    /// so that one slip hides no other: the first of two keys counts, and such a day is a date of no day. Whoever
    /// uses it must look into the faults.
    pub fn parse_past_slips<R: From<Form>>(
        text: &'t str,
        bytes_max: usize,
        faults: &Faults<R>,
    ) -> Option<Self> {
        let (document, wrong) = Self::recovered(text, bytes_max, faults)?;
        (wrong != Recovered::Guessed).then_some(document)
    }

    /// What the parser makes of the text, and how sure that is.
    fn recovered<R: From<Form>>(
        text: &'t str,
        bytes_max: usize,
        faults: &Faults<R>,
    ) -> Option<(Self, Recovered)> {
        let mut start = Placed { value: (), key: String::new(), place: Place::START, length: 1 };
        if text.len() > bytes_max {
            faults.refuse(&start, Form::TooLarge { max: bytes_max });
            return None;
        }
        let lines = Lines::of(text);
        let (root, errors) = DeTable::parse_recoverable(text);
        let mut recovered = Recovered::Whole;
        for error in &errors {
            let span = error.span().unwrap_or(0..0);
            start.place = lines.place(span.start);
            start.length = lines.length(span.clone());
            let form = form_of(error.message().trim(), lines.text(span));
            let is_slip = matches!(form, Form::Duplicate(_) | Form::Date(_));
            recovered = recovered.max(if is_slip { Recovered::PastSlips } else { Recovered::Guessed });
            faults.refuse(&start, form);
        }
        Some((Self { lines, root: root.into_inner() }, recovered))
    }

    /// The table that the whole file is.
    pub fn root<'d, R: From<Form>>(&'d self, faults: &'d Faults<R>) -> Table<'d, R> {
        Table::root(&self.lines, &self.root, faults)
    }

    /// Where the value of a key stands, by its path as faults name it (`permit[2].budget`); where the file does not
    /// have it, the nearest table or value that it would be a part of.
    #[must_use]
    pub fn place_of(&self, path: &str) -> Placed<()> {
        let mut at = Placed { value: (), key: String::new(), place: Place::START, length: 1 };
        let mut table = Some(&self.root);
        let mut list: Option<&DeArray<'t>> = None;
        for part in path.split(['.', '[']) {
            let item = match part.strip_suffix(']').map(str::parse::<usize>) {
                Some(Ok(index)) => list.and_then(|list| list.get(index.wrapping_sub(1))),
                _ => table.and_then(|table| table.get(part)),
            };
            let Some(item) = item else { break };
            let span = item.span();
            at.place = self.lines.place(span.start);
            at.length = self.lines.length(span);
            (table, list) = (item.get_ref().as_table(), item.get_ref().as_array());
        }
        Placed { key: path.to_owned(), ..at }
    }
}

/// What the parser's error about a part of the file comes to. It has one kind of error, so the two that people make
/// without a slip in TOML itself are told apart here.
fn form_of(message: &str, part: &str) -> Form {
    let is_of_date = |c: char| c.is_ascii_digit() || "-:.+TZ".contains(c);
    if message == "duplicate key" {
        Form::Duplicate(part.to_owned())
    } else if part.starts_with(|c: char| c.is_ascii_digit())
        && part.contains('-')
        && part.chars().all(is_of_date)
    {
        Form::Date(part.to_owned())
    } else {
        Form::Syntax(message.replace('\n', ", "))
    }
}

/// As much of a text out of a file as a message needs, on one line.
#[must_use]
pub fn shown(text: &str) -> String {
    const CHARACTERS: usize = 64;
    let short: String = text.chars().take(CHARACTERS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(CHARACTERS).is_some() { format!("{short}…") } else { short }
}
