//! Checks a file's header and its rows against the table's description.
//!
//! A row comes out as values in the order of the table's columns, or as one fault that names its place.

use std::collections::HashSet;

use jiff::civil::{ISOWeekDate, Weekday};
use tvaers_protocol::id::{PersonId, Sector};

use super::fault::{Found, ImportError, What};
use super::mask::{shape, shown};
use super::row::{Row, Text};
use super::value::{self, Value, Wrong};
use crate::table::{Column, Kind, Rule, Table};

/// The persons of the register that the folder holds, as numbers: the one thing whose memory grows with the data
/// (about 16 bytes a person).
#[derive(Default)]
pub(super) struct Register {
    persons: HashSet<u64>,
    /// How many of them have a number with the day raised by 60.
    pub(super) made_up: u64,
}

impl Register {
    pub(super) fn n_persons(&self) -> u64 {
        self.persons.len() as u64
    }

    fn number(id: &PersonId) -> u64 {
        id.expose().bytes().fold(0, |n, b| n * 10 + u64::from(b - b'0'))
    }

    fn has(&self, id: &PersonId) -> bool {
        self.persons.contains(&Self::number(id))
    }

    fn add(&mut self, id: &PersonId) {
        if self.persons.insert(Self::number(id)) && id.is_made_up() {
            self.made_up += 1;
        }
    }
}

/// Checks the rows of one file.
pub(super) struct Checker {
    table: &'static Table,
    file: String,
    /// For each column of the table, its place in the file.
    places: Vec<usize>,
    n_fields: usize,
    made_up: bool,
}

impl Checker {
    /// Reads the header of `table`'s file: every column once, in any order, and no other.
    pub(super) fn new(table: &'static Table, made_up: bool, header: &Row) -> Result<Self, ImportError> {
        let file = table.file_name();
        let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        let expected = format!("the columns {}, separated by commas", names.join(","));
        let fault =
            |what, found: Found| ImportError::of(what, &file, found, expected.as_str()).at(header.line);
        let text =
            header.text().map_err(|_| fault(What::NoHeader, Found::Words("bytes that are not UTF-8")))?;
        let found: Vec<&str> = (0..header.n_fields()).map(|i| text.field(i)).collect();
        for (i, name) in found.iter().enumerate() {
            if !names.contains(name) {
                return Err(fault(What::UnknownColumn, Found::Value(name)).in_column(name));
            }
            if found.iter().take(i).any(|earlier| earlier == name) {
                return Err(fault(What::ColumnTwice, Found::Value(name)).in_column(name));
            }
        }
        let places = names.iter().map(|name| {
            let place = found.iter().position(|other| other == name);
            place.ok_or_else(|| fault(What::MissingColumn, Found::Words(&found.join(","))).in_column(name))
        });
        let places = places.collect::<Result<_, _>>()?;
        Ok(Self { table, file, places, n_fields: found.len(), made_up })
    }

    /// Checks a row. A good row of the register of persons adds its person to `register`.
    pub(super) fn check<'a>(
        &self,
        row: &'a Row,
        register: &mut Register,
    ) -> Result<Vec<Value<'a>>, ImportError> {
        if row.n_fields() != self.n_fields {
            let cut = !row.terminated && row.n_fields() < self.n_fields;
            let what = if cut { What::CutShort } else { What::FieldCount };
            let found = format!("{} fields", row.n_fields());
            return Err(self.fault(
                what,
                row,
                Found::Words(&found),
                format!("{} fields, as in the header", self.n_fields),
            ));
        }
        let text = row.text().map_err(|place| self.not_utf8(row, place))?;
        let mut values = Vec::with_capacity(self.places.len());
        for (column, &place) in self.table.columns.iter().zip(&self.places) {
            let field = text.field(place);
            match value::read(column, field) {
                // Whatever else is wrong with its row, a real number in a made-up database is what must be told.
                Ok(Value::Person(id)) if self.made_up && !id.is_made_up() => {
                    let expected =
                        "a number whose day is raised by 60, which the national register never issues";
                    let found = Found::Words("a number of another form");
                    return Err(self.fault_in(What::PersonNotMadeUp, row, column.name, found, expected));
                }
                Ok(value) => values.push(value),
                Err(wrong) => return Err(self.wrong_value(wrong, row, column, place, field)),
            }
        }
        for rule in self.table.rules {
            self.keep_rule(*rule, row, text, &values)?;
        }
        self.check_person(row, &values, register)?;
        Ok(values)
    }

    fn wrong_value(
        &self,
        wrong: Wrong,
        row: &Row,
        column: &Column,
        place: usize,
        field: &str,
    ) -> ImportError {
        let shape = shape(field);
        let found = match column.kind {
            _ if field.is_empty() => Found::Words("nothing"),
            Kind::Person => Found::Words(&shape),
            _ => Found::Value(field),
        };
        let expected = wrong.expected.map_or_else(|| column.kind.expected(), String::from);
        let ends_file = !row.terminated && place + 1 == self.n_fields;
        let cut = ends_file && is_a_beginning(column.kind, field);
        let what = if cut { What::CutShort } else { wrong.what };
        self.fault_in(what, row, column.name, found, expected)
    }

    /// Whether the register has the person. Comes last, so that only a row without fault enters the register.
    fn check_person(&self, row: &Row, values: &[Value], register: &mut Register) -> Result<(), ImportError> {
        let found = values.iter().zip(self.table.columns).find_map(|(value, column)| match value {
            Value::Person(id) => Some((id, column.name)),
            _ => None,
        });
        let Some((id, column)) = found else { return Ok(()) };
        if self.table.key == Some(column) {
            register.add(id);
        } else if !register.has(id) {
            let expected = match self.table.sector {
                Sector::Region => "a person of `patients.csv`",
                Sector::Municipality => "a person of `persons.csv`",
            };
            let found = Found::Words("a number that it does not have");
            return Err(self.fault_in(What::PersonUnknown, row, column, found, expected));
        }
        Ok(())
    }

    fn keep_rule(&self, rule: Rule, row: &Row, text: Text, values: &[Value]) -> Result<(), ImportError> {
        let index = |name: &str| self.table.columns.iter().position(|column| column.name == name);
        let value = |name: &str| index(name).and_then(|i| values.get(i));
        let field = |name: &str| index(name).and_then(|i| self.places.get(i)).map_or("", |&i| text.field(i));
        match rule {
            Rule::NotBefore(start, end) => match (value(start), value(end)) {
                // Dates and times of one form compare as texts.
                (Some(Value::Text(first)), Some(Value::Text(last))) if last < first => {
                    let expected = format!("`{end}` not before `{start}`, which is {}", shown(first));
                    Err(self.fault_in(What::EndBeforeStart, row, end, Found::Value(field(end)), expected))
                }
                _ => Ok(()),
            },
            Rule::WeekOfYear(year, week) => match (value(year), value(week)) {
                (Some(&Value::Integer(y)), Some(&Value::Integer(w))) if !has_week(y, w) => {
                    let expected = format!("a week of ISO year {y}, which has 52");
                    Err(self.fault_in(What::Range, row, week, Found::Value(field(week)), expected))
                }
                _ => Ok(()),
            },
        }
    }

    fn not_utf8(&self, row: &Row, place: usize) -> ImportError {
        let bytes = row.bytes(place);
        let error = std::str::from_utf8(bytes).err();
        let byte = error.and_then(|e| bytes.get(e.valid_up_to())).copied().unwrap_or_default();
        // The last bytes are the beginning of a letter.
        let cut =
            !row.terminated && place + 1 == self.n_fields && error.is_some_and(|e| e.error_len().is_none());
        let what = if cut { What::CutShort } else { What::NotUtf8 };
        let found = format!("byte 0x{byte:02X}");
        let expected = "UTF-8; a Danish letter in ISO 8859-1 or Windows-1252 is one byte from 0xC5 to 0xF8";
        self.fault_in(what, row, self.column_at(place), Found::Words(&found), expected)
    }

    /// The name of the column that stands at `place` in the file.
    fn column_at(&self, place: usize) -> &'static str {
        let mut columns = self.places.iter().zip(self.table.columns);
        columns.find(|(p, _)| **p == place).map_or("", |(_, column)| column.name)
    }

    fn fault(&self, what: What, row: &Row, found: Found, expected: impl Into<Box<str>>) -> ImportError {
        ImportError::of(what, &self.file, found, expected).at(row.line)
    }

    fn fault_in(
        &self,
        what: What,
        row: &Row,
        column: &str,
        found: Found,
        expected: impl Into<Box<str>>,
    ) -> ImportError {
        self.fault(what, row, found, expected).in_column(column)
    }
}

/// Whether a bad field that ends the file could be the beginning of a good one: the file was cut there.
///
/// A cut that leaves a good value, such as 53 of 530, cannot be seen; that the line end is missing is told instead.
fn is_a_beginning(kind: Kind, text: &str) -> bool {
    let length = match kind {
        Kind::Date => 10,
        Kind::Time => 16,
        Kind::OneOf(words) => return words.iter().any(|word| word.starts_with(text)),
        _ => return text.is_empty(),
    };
    text.len() < length && text.bytes().all(|b| b.is_ascii_digit() || b"-T:".contains(&b))
}

fn has_week(year: i64, week: i64) -> bool {
    let (Ok(year), Ok(week)) = (i16::try_from(year), i8::try_from(week)) else {
        return false;
    };
    ISOWeekDate::new(year, week, Weekday::Monday).is_ok()
}
