//! What can be wrong with an import, and how it is said: where, what was found, what was expected, what to do.
//!
//! A message may be read aloud on a telephone or pasted in a ticket, so what it tells of a file is masked first.

use std::fmt;

use serde::Serialize;

use super::mask::{masked, shown};

/// Why an import was refused. Its text is one sentence with all fields in it.
///
/// No field holds a CPR number; `found` is cut at 40 characters, with control characters escaped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct ImportError {
    /// What is wrong.
    pub what: What,
    /// The file's name, without its folder, or the path where the fault is not in one of the tables' files.
    pub file: Box<str>,
    /// The line on which the row starts; the header's is 1. None where the fault is in no row.
    pub line: Option<u64>,
    /// The column's name. None where the fault is in no column.
    pub column: Option<Box<str>>,
    /// What was found.
    pub found: Box<str>,
    /// What was expected.
    pub expected: Box<str>,
    /// What to do.
    pub next: &'static str,
}

/// The kinds of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The folder, or a file in it, cannot be read.
    Unreadable,
    /// A table's file is missing.
    MissingFile,
    /// A `.csv` file that is no table of the sector.
    UnknownFile,
    /// A file without even a header.
    NoHeader,
    /// A column that the table does not have.
    UnknownColumn,
    /// A column of the table that the header does not name.
    MissingColumn,
    /// A column that the header names twice.
    ColumnTwice,
    /// The file ends in the middle of a row.
    CutShort,
    /// A row with more bytes than any row has; mostly a quote that is never closed.
    RowTooLong,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// A quotation mark where none may be.
    Quoting,
    /// A row with another number of fields than the header.
    FieldCount,
    /// An empty field in a column that must have a value.
    Empty,
    /// Spaces before or after the value.
    Spaces,
    /// A value of another type.
    Type,
    /// A day or time that the calendar does not have.
    ImpossibleDate,
    /// A date whose year has two digits.
    TwoDigitYear,
    /// A value outside its range.
    Range,
    /// A word or code that the column does not know.
    UnknownCode,
    /// An end that is before its start.
    EndBeforeStart,
    /// A person id of the wrong form.
    PersonForm,
    /// A person id that is not made up, in a made-up database. It refuses the import even where bad rows are set
    /// aside: a folder with one real person in it is not made up.
    PersonNotMadeUp,
    /// A person whom the register of persons in the same folder does not have.
    PersonUnknown,
    /// Two different rows with one key.
    DifferentTwice,
    /// The options contradict the tables, such as a code that is no member's.
    Option,
    /// Another import into the same folder is under way.
    Busy,
    /// No room on the disk.
    DiskFull,
    /// The database or the file of rejects cannot be written.
    Unwritable,
}

impl What {
    /// Whether the fault is one of a single row, which `--rejects` can set aside.
    #[must_use]
    pub const fn is_of_a_row(self) -> bool {
        matches!(
            self,
            Self::NotUtf8
                | Self::Quoting
                | Self::FieldCount
                | Self::Empty
                | Self::Spaces
                | Self::Type
                | Self::ImpossibleDate
                | Self::TwoDigitYear
                | Self::Range
                | Self::UnknownCode
                | Self::EndBeforeStart
                | Self::PersonForm
                | Self::PersonUnknown
                | Self::DifferentTwice
        )
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Unreadable => "not readable",
            Self::MissingFile => "a table's file is missing",
            Self::UnknownFile => "a CSV file that is no table",
            Self::NoHeader => "no header",
            Self::UnknownColumn => "unknown column",
            Self::MissingColumn => "missing column",
            Self::ColumnTwice => "a column twice",
            Self::CutShort => "the file is cut short in the middle of a row",
            Self::RowTooLong => "a row too long",
            Self::NotUtf8 => "not UTF-8",
            Self::Quoting => "a misplaced quotation mark",
            Self::FieldCount => "wrong number of fields",
            Self::Empty => "a value is missing",
            Self::Spaces => "spaces around the value",
            Self::Type => "wrong type",
            Self::ImpossibleDate => "impossible date",
            Self::TwoDigitYear => "two-digit year",
            Self::Range => "value out of range",
            Self::UnknownCode => "unknown code",
            Self::EndBeforeStart => "the end is before the start",
            Self::PersonForm => "person id of the wrong form",
            Self::PersonNotMadeUp => "a person id that is not made up in a made-up database",
            Self::PersonUnknown => "a person who is not in the register of persons",
            Self::DifferentTwice => "two different rows with one key",
            Self::Option => "an option is wrong",
            Self::Busy => "another import is under way",
            Self::DiskFull => "the disk is full",
            Self::Unwritable => "not writable",
        }
    }

    const fn next(self) -> &'static str {
        match self {
            Self::Unreadable => "check the path and who may read it",
            Self::MissingFile => "add the file; a table without rows is a file with its header only",
            Self::UnknownFile => "rename the file or take it out of the folder",
            Self::NoHeader | Self::UnknownColumn | Self::MissingColumn | Self::ColumnTwice => {
                "mend the header at its source; other rows than these cannot be told apart from it"
            }
            Self::CutShort => "export or copy the file again; how many rows are lost cannot be seen from it",
            Self::RowTooLong => "look for a quotation mark in this row that is never closed",
            Self::PersonNotMadeUp => "real data belongs in a node that was set up without --made-up",
            Self::Option => "correct the option",
            Self::Busy => "wait until it has ended",
            Self::DiskFull => "make room and import again; the data in use is untouched",
            Self::Unwritable => "check the path and who may write there; the data in use is untouched",
            _ => "mend the row at its source, or set such rows aside with --rejects FILE",
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// What was found, as the maker of a fault hands it over.
#[derive(Clone, Copy)]
pub(super) enum Found<'a> {
    /// A text from a file, which is masked and cut.
    Value(&'a str),
    /// Words of our own, with nothing from a file in them but numbers of lines and fields.
    Words(&'a str),
}

impl ImportError {
    /// A fault of `file` as a whole.
    pub(super) fn of(what: What, file: &str, found: Found, expected: impl Into<Box<str>>) -> Self {
        Self {
            what,
            file: masked(file).into(),
            line: None,
            column: None,
            found: match found {
                Found::Value(text) => shown(text),
                Found::Words(words) => words.into(),
            },
            expected: expected.into(),
            next: what.next(),
        }
    }

    /// The same fault, on a line.
    pub(super) fn at(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// The same fault, in a column. The name may come from a file, so it is masked.
    pub(super) fn in_column(mut self, column: &str) -> Self {
        self.column = Some(shown(column));
        self
    }

    /// A fault of the operating system while reading `file`.
    pub(super) fn reading(file: &str, error: &std::io::Error) -> Self {
        Self::of(
            What::Unreadable,
            file,
            Found::Words(&error.to_string()),
            "a file or folder that this user may read",
        )
    }

    /// A fault of the operating system while writing `file`.
    pub(super) fn writing(file: &str, error: &std::io::Error) -> Self {
        let what = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => What::DiskFull,
            _ => What::Unwritable,
        };
        Self::of(
            what,
            file,
            Found::Words(&error.to_string()),
            "a file that this user may write, with room on its disk",
        )
    }

    /// A fault of the database while writing `file`. Its statements carry no values, so neither does its text.
    pub(super) fn database(file: &str, error: &sqlx::Error) -> Self {
        // https://sqlite.org/rescode.html#full
        const SQLITE_FULL: &str = "13";
        let full = error.as_database_error().and_then(|e| e.code()).is_some_and(|code| code == SQLITE_FULL);
        let what = if full { What::DiskFull } else { What::Unwritable };
        Self::of(
            what,
            file,
            Found::Words(&error.to_string()),
            "a database that this user may write, with room on its disk",
        )
    }

    /// What is wrong and what was expected, without the place and the advice: the reason in a file of rejects.
    #[must_use]
    pub fn reason(&self) -> String {
        format!("{}: found `{}`, expected {}", self.what, self.found, self.expected)
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.file)?;
        if let Some(line) = self.line {
            write!(f, " line {line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column `{column}`")?;
        }
        write!(f, ": {}; {}", self.reason(), self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_has_every_field_in_it() {
        let error =
            ImportError::of(What::ImpossibleDate, "residence.csv", Found::Value("2025-02-30"), "a date")
                .at(7)
                .in_column("to_date");
        assert_eq!(
            error.to_string(),
            "`residence.csv` line 7, column `to_date`: impossible date: found `2025-02-30`, expected a date; mend \
             the row at its source, or set such rows aside with --rejects FILE"
        );
    }
}
