//! Checks of tables, columns and of what a column is compared with.

use toml::Spanned;
use tvaers_protocol::id::Sector;

use super::raw;
use crate::error::{DefinitionError, Reason};
use crate::feature::{CodeRange, Condition, Holder, Literal, Test};
use crate::schema::{Column, ColumnKind, Table};
use crate::source::Source;

/// The most codes or values that one list or range may name.
const CODES_MAX: usize = 1_000;

type Result<T> = std::result::Result<T, DefinitionError>;

/// A table of `holder`'s sector; a rule of both sectors can name no table that only one holds.
pub(super) fn table(source: &Source<'_>, name: &Spanned<String>, holder: Holder) -> Result<&'static Table> {
    let table = Table::named(name.get_ref())
        .ok_or_else(|| source.refuse(name.span(), unknown("table", name.get_ref())))?;
    match holder.sectors().find(|sector| *sector != table.sector) {
        None => Ok(table),
        Some(expected) => Err(source.refuse(
            name.span(),
            Reason::OtherSector { name: table.name.to_owned(), found: table.sector.to_string(), expected },
        )),
    }
}

/// A column of `table` of one of the kinds that the rule can use.
pub(super) fn column(
    source: &Source<'_>,
    name: &Spanned<String>,
    table: &'static Table,
    kinds: &[ColumnKind],
    expected: &'static str,
) -> Result<&'static Column> {
    let path = || format!("{}.{}", table.name, name.get_ref());
    let column =
        table.column(name.get_ref()).ok_or_else(|| source.refuse(name.span(), unknown("column", &path())))?;
    if kinds.contains(&column.kind) {
        Ok(column)
    } else {
        let found = column.kind.words();
        Err(source.refuse(name.span(), Reason::ColumnKind { column: column.name, found, expected }))
    }
}

/// A column of the person table of every sector that holds the feature.
pub(super) fn person_column(
    source: &Source<'_>,
    name: &Spanned<String>,
    holder: Holder,
    kinds: &[ColumnKind],
    expected: &'static str,
) -> Result<&'static Column> {
    let mut found = column(source, name, Table::of_persons(holder.sector()), kinds, expected)?;
    for sector in holder.sectors() {
        found = column(source, name, Table::of_persons(sector), kinds, expected)?;
    }
    Ok(found)
}

pub(super) fn condition(
    source: &Source<'_>,
    raw: raw::Condition,
    table: &'static Table,
) -> Result<Condition> {
    let span = raw.columns.span();
    let tests = Tests {
        starts_with: raw.starts_with,
        except: raw.except,
        any_of: raw.any_of,
        none_of: raw.none_of,
        at_least: raw.at_least,
    };
    let mut columns = Vec::new();
    for name in raw.columns.get_ref() {
        columns.push(column(source, name, table, tests.kinds(), tests.expected())?);
    }
    if columns.is_empty() {
        return Err(source.refuse(span, Reason::Empty { what: "columns" }));
    }
    let test = tests
        .test(source, &columns)?
        .ok_or_else(|| source.refuse(span, Reason::OneOf { choice: Tests::CHOICE }))?;
    Ok(Condition { columns, test })
}

/// The tests that a condition can state; it states at most one, and `except` only beside `starts_with`.
pub(super) struct Tests {
    pub(super) starts_with: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) except: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) any_of: Option<Spanned<Vec<Spanned<toml::Value>>>>,
    pub(super) none_of: Option<Spanned<Vec<Spanned<toml::Value>>>>,
    pub(super) at_least: Option<Spanned<i64>>,
}

impl Tests {
    const CHOICE: &'static str = "`starts-with`, `any-of`, `none-of` and `at-least`";

    /// The kinds of column that the stated test can be asked of.
    pub(super) fn kinds(&self) -> &'static [ColumnKind] {
        use ColumnKind::{Integer, List, Text};
        match self {
            Self { starts_with: Some(_), .. } => &[Text, List],
            Self { at_least: Some(_), .. } => &[Integer],
            // What a list holds none of is a question that no rule asks yet.
            Self { none_of: Some(_), .. } => &[Text, Integer],
            _ => &[Text, List, Integer],
        }
    }

    pub(super) fn expected(&self) -> &'static str {
        match self {
            Self { starts_with: Some(_), .. } => "text or a list of codes",
            Self { at_least: Some(_), .. } => "a whole number",
            Self { none_of: Some(_), .. } => "text or a whole number",
            _ => "text, a list of codes or a whole number",
        }
    }

    /// The one test that is stated, or none.
    pub(super) fn test(self, source: &Source<'_>, columns: &[&'static Column]) -> Result<Option<Test>> {
        let spans = [
            self.starts_with.as_ref().map(Spanned::span),
            self.any_of.as_ref().map(Spanned::span),
            self.none_of.as_ref().map(Spanned::span),
            self.at_least.as_ref().map(Spanned::span),
        ];
        if let Some(second) = spans.into_iter().flatten().nth(1) {
            return Err(source.refuse(second, Reason::OneOf { choice: Self::CHOICE }));
        }
        if let (None, Some(except)) = (&self.starts_with, &self.except) {
            return Err(source.refuse(except.span(), Reason::ExceptOfNothing));
        }
        Ok(if let Some(codes) = self.starts_with {
            Some(starts_with(source, codes, self.except)?)
        } else if let Some(values) = self.any_of {
            Some(Test::AnyOf(literals(source, values, columns)?))
        } else if let Some(values) = self.none_of {
            Some(Test::NoneOf(literals(source, values, columns)?))
        } else {
            self.at_least.map(|least| Test::AtLeast(least.into_inner()))
        })
    }
}

fn starts_with(
    source: &Source<'_>,
    codes: Spanned<Vec<Spanned<String>>>,
    raw_except: Option<Spanned<Vec<Spanned<String>>>>,
) -> Result<Test> {
    check_length(source, &codes, "the list of prefixes")?;
    let any_of = codes.into_inner().into_iter().map(|code| checked_code(source, code));
    let any_of = any_of.collect::<Result<Vec<_>>>()?;
    let mut except = Vec::new();
    if let Some(raw) = raw_except {
        check_length(source, &raw, "`except`")?;
        for code in raw.into_inner() {
            let span = code.span();
            let code = checked_code(source, code)?;
            // One that is itself a prefix of the list would take all of that prefix away.
            let takes = |prefix: &String| code.starts_with(prefix) && code.len() > prefix.len();
            if any_of.contains(&code) || !any_of.iter().any(takes) {
                return Err(source.refuse(span, Reason::Except { code }));
            }
            except.push(code);
        }
    }
    Ok(Test::StartsWith { any_of, except })
}

fn literals(
    source: &Source<'_>,
    values: Spanned<Vec<Spanned<toml::Value>>>,
    columns: &[&'static Column],
) -> Result<Vec<Literal>> {
    check_length(source, &values, "the list of values")?;
    let literal = |value: Spanned<toml::Value>| {
        let span = value.span();
        let value = value.into_inner();
        let number = value.as_integer();
        let wrong = |column: &&&Column| (column.kind == ColumnKind::Integer) != number.is_some();
        if let Some(column) = columns.iter().find(wrong) {
            let holds = column.kind.words();
            return Err(
                source.refuse(span, Reason::Literal { column: column.name, holds, found: value.to_string() })
            );
        }
        match value {
            toml::Value::Integer(number) => Ok(Literal::Integer(number)),
            toml::Value::String(text) if columns.iter().all(|c| c.kind != ColumnKind::List) => {
                Ok(Literal::Text(text))
            }
            toml::Value::String(text) => Ok(Literal::Text(checked_code(source, Spanned::new(span, text))?)),
            other => {
                let column = columns.first().map_or("", |column| column.name);
                Err(source.refuse(span, Reason::Literal { column, holds: "text", found: other.to_string() }))
            }
        }
    };
    values.into_inner().into_iter().map(literal).collect()
}

/// Codes such as `783` and ranges of codes such as `781-783`.
pub(super) fn code_ranges(
    source: &Source<'_>,
    codes: Spanned<Vec<Spanned<String>>>,
) -> Result<Vec<CodeRange>> {
    check_length(source, &codes, "the list of codes")?;
    let range = |code: Spanned<String>| {
        let (from, to) = code.get_ref().split_once('-').unwrap_or((code.get_ref(), code.get_ref()));
        let number = |text: &str| {
            let digits = (1..=9).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| text.parse::<u32>().ok()).flatten()
        };
        match (number(from), number(to)) {
            (Some(first), Some(last))
                if from.len() == to.len()
                    && first <= last
                    && usize::try_from(last - first).is_ok_and(|n| n < CODES_MAX) =>
            {
                Ok(CodeRange { from: first, to: last, digits: from.len() })
            }
            _ => Err(source.refuse(code.span(), Reason::CodeRange { code: code.get_ref().clone() })),
        }
    };
    codes.into_inner().into_iter().map(range).collect()
}

fn checked_code(source: &Source<'_>, code: Spanned<String>) -> Result<String> {
    let span = code.span();
    let code = code.into_inner();
    let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    if !code.is_empty() && code.bytes().all(allowed) {
        Ok(code)
    } else {
        Err(source.refuse(span, Reason::Code { code }))
    }
}

fn check_length<T>(source: &Source<'_>, list: &Spanned<Vec<T>>, what: &'static str) -> Result<()> {
    match list.get_ref().len() {
        0 => Err(source.refuse(list.span(), Reason::Empty { what })),
        n if n > CODES_MAX => {
            Err(source.refuse(list.span(), Reason::TooMany { what: "codes", max: CODES_MAX }))
        }
        _ => Ok(()),
    }
}

pub(super) fn unknown(what: &'static str, name: &str) -> Reason {
    Reason::Unknown { what, name: name.to_owned() }
}

/// For a rule whose tables only one sector holds.
pub(super) fn check_sector(
    source: &Source<'_>,
    name: &Spanned<String>,
    holder: Holder,
    expected: Sector,
) -> Result<()> {
    if holder.sectors().eq([expected]) {
        return Ok(());
    }
    let reason = Reason::OtherSector { name: name.get_ref().clone(), found: holder.to_string(), expected };
    Err(source.refuse(name.span(), reason))
}
