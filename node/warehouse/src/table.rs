//! The canonical tables: names, columns, kinds of value, keys and indices, told once.
//!
//! The import checks rows by this description, the database is created from it, and the features' SQL takes its
//! identifiers from it. It says what a value looks like; it does not look at any value itself.

mod schema;

use tvaers_protocol::id::Sector;

pub use schema::{MUNICIPALITY, REGION};

/// First and last year that any date, time or ISO year may have: the first living memory of the register, and a
/// bound that catches a typing error such as `2205`.
pub const YEARS: (i16, i16) = (1850, 2100);
/// The largest amount of one row, in øre (100,000,000 kroner): sums of ten million such rows fit an `i64`.
pub const MONEY_MAX_OERE: i64 = 10_000_000_000;
/// The largest quantity of one row: defined daily doses of a prescription.
pub const DECIMAL_MAX: i64 = 1_000_000;

/// A canonical table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// The name in the database; the file is `<name>.csv`.
    pub name: &'static str,
    /// The sector that holds it.
    pub sector: Sector,
    /// The columns in the order of the database; a file may have them in any order.
    pub columns: &'static [Column],
    /// The column that names a row, where identical rows are one and the same: they are dropped and counted, and
    /// different rows with one key are a fault. Without a key, identical rows are separate events.
    pub key: Option<&'static str>,
    /// What must hold between the columns of a row.
    pub rules: &'static [Rule],
    /// The columns of each index, created after loading. The first of a table with a key is unique on `person_id`
    /// where that is the key.
    pub indices: &'static [&'static [&'static str]],
}

/// A column of a canonical table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The name, the same in the file's header and in the database.
    pub name: &'static str,
    /// What its values look like.
    pub kind: Kind,
    /// Whether an empty field is refused. Where it is allowed, empty is NULL.
    pub required: bool,
}

/// What the values of a column look like.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A CPR number: ten digits, or with one hyphen after the sixth; stored as ten digits, TEXT.
    Person,
    /// A date `YYYY-MM-DD` in [`YEARS`]; stored as it is, TEXT.
    Date,
    /// A local time `YYYY-MM-DDTHH:MM` in [`YEARS`]; stored as it is, TEXT.
    Time,
    /// A whole number between the two bounds, both allowed; INTEGER. Leading zeros are accepted.
    Integer(i64, i64),
    /// Kroner, 0 or more, decimal point and at most two decimals; stored in øre, INTEGER.
    Money,
    /// A number from 0 to [`DECIMAL_MAX`] with at most six decimals; REAL.
    Decimal,
    /// A municipality code: three digits, 100–999, or the four digits with a leading 0 that CPR and FHIR use;
    /// INTEGER. Which municipalities exist is configuration, not schema.
    Kommune,
    /// One of the listed words; TEXT.
    OneOf(&'static [&'static str]),
    /// A code of a known form; TEXT.
    Code(Form),
    /// A short text, at most this many characters, none of them a control character; TEXT.
    Text(usize),
}

/// The form of a code.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// The form in words, for the message to who must mend the file.
    pub expected: &'static str,
    /// Whether a text has the form.
    pub matches: fn(&str) -> bool,
}

/// What must hold between two columns of one row.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// The second is missing, or not before the first.
    NotBefore(&'static str, &'static str),
    /// The second is a week that the first, an ISO year, has.
    WeekOfYear(&'static str, &'static str),
}

/// How a column is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// TEXT.
    Text,
    /// INTEGER, 64 bits signed.
    Integer,
    /// REAL, 64 bits.
    Real,
}

/// The tables of a sector, the register of persons first, because the others refer to it.
#[must_use]
pub fn tables(sector: Sector) -> &'static [Table] {
    match sector {
        Sector::Region => REGION,
        Sector::Municipality => MUNICIPALITY,
    }
}

/// The table of that name, of either sector.
#[must_use]
pub fn table(name: &str) -> Option<&'static Table> {
    REGION.iter().chain(MUNICIPALITY).find(|table| table.name == name)
}

impl Table {
    /// The name of the table's file in a folder of data.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.csv", self.name)
    }

    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The statement that creates the table. Tables are STRICT: the database refuses a value of another type.
    #[must_use]
    pub fn create_sql(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(Column::sql).collect();
        format!("CREATE TABLE \"{}\" ({}) STRICT", self.name, columns.join(", "))
    }

    /// The statements that create the indices.
    pub fn index_sql(&self) -> impl Iterator<Item = String> {
        self.indices.iter().enumerate().map(|(i, columns)| {
            let unique = if self.key.is_some_and(|key| *columns == [key]) { "UNIQUE " } else { "" };
            let columns: Vec<String> = columns.iter().map(|name| format!("\"{name}\"")).collect();
            format!("CREATE {unique}INDEX \"{0}_{i}\" ON \"{0}\" ({1})", self.name, columns.join(", "))
        })
    }
}

impl Column {
    fn sql(&self) -> String {
        let storage = match self.kind.storage() {
            Storage::Text => "TEXT",
            Storage::Integer => "INTEGER",
            Storage::Real => "REAL",
        };
        let required = if self.required { " NOT NULL" } else { "" };
        // Quoted, because `end` is a word of SQL.
        format!("\"{}\" {storage}{required}", self.name)
    }
}

impl Kind {
    /// How values of the kind are stored.
    #[must_use]
    pub const fn storage(&self) -> Storage {
        match self {
            Self::Person | Self::Date | Self::Time | Self::OneOf(_) | Self::Code(_) | Self::Text(_) => {
                Storage::Text
            }
            Self::Integer(..) | Self::Money | Self::Kommune => Storage::Integer,
            Self::Decimal => Storage::Real,
        }
    }

    /// The kind in words, for the message to who must mend the file.
    #[must_use]
    pub fn expected(&self) -> String {
        match self {
            Self::Person => "a CPR number: ten digits, or with one hyphen after the sixth".into(),
            Self::Date => format!("a date YYYY-MM-DD, years {} to {}", YEARS.0, YEARS.1),
            Self::Time => format!("a time YYYY-MM-DDTHH:MM, years {} to {}", YEARS.0, YEARS.1),
            Self::Integer(min, max) => format!("a whole number from {min} to {max}"),
            Self::Money => {
                format!("kroner from 0 to {}, decimal point, at most two decimals", MONEY_MAX_OERE / 100)
            }
            Self::Decimal => format!("a number from 0 to {DECIMAL_MAX}, decimal point, at most six decimals"),
            Self::Kommune => "a municipality code: three digits, or four with a leading 0".into(),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
            Self::Code(form) => form.expected.into(),
            Self::Text(max) => format!("a text of at most {max} characters on one line"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_identifiers_and_every_reference_is_to_a_column() {
        let safe = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        for table in REGION.iter().chain(MUNICIPALITY) {
            assert!(safe(table.name) && table.column("person_id").is_some());
            assert!(table.columns.iter().all(|column| safe(column.name)));
            let rules = table.rules.iter().flat_map(|rule| match rule {
                Rule::NotBefore(a, b) | Rule::WeekOfYear(a, b) => [*a, *b],
            });
            let indices = table.indices.iter().flat_map(|columns| columns.iter().copied());
            for name in rules.chain(indices).chain(table.key) {
                assert!(table.column(name).is_some(), "{} has no {name}", table.name);
            }
        }
    }

    #[test]
    fn every_table_is_found_by_name_and_belongs_to_its_sector() {
        for sector in [Sector::Region, Sector::Municipality] {
            for listed in tables(sector) {
                assert_eq!(table(listed.name).map(|t| t.sector), Some(sector));
            }
            assert_eq!(
                tables(sector).first().and_then(|t| t.key),
                Some("person_id"),
                "the register of persons is read first"
            );
        }
        assert!(table("meta").is_none());
    }

    #[test]
    fn the_statements_follow_the_description() {
        let table = table("benefits_weeks").unwrap();
        assert_eq!(
            table.create_sql(),
            "CREATE TABLE \"benefits_weeks\" (\"person_id\" TEXT NOT NULL, \"iso_year\" INTEGER NOT NULL, \
             \"iso_week\" INTEGER NOT NULL, \"dream_code\" TEXT NOT NULL) STRICT"
        );
        assert_eq!(
            super::table("persons").unwrap().index_sql().next().unwrap(),
            "CREATE UNIQUE INDEX \"persons_0\" ON \"persons\" (\"person_id\")"
        );
    }
}
