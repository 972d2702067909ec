//! Whether the rows of a source are what an import of files would accept, counted by table and column.
//!
//! The server does what it can for whole tables: ranges, order of days, keys, strangers. Codes it groups, and each
//! different one is read as the import reads a field; so is every number of the register of persons.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use sqlx::{AssertSqlSafe, Row as _};
use tvaers_protocol::id::{PersonId, Sector};

use super::{Count, Moment, SourceError};
use crate::import::{What, value};
use crate::table::{Column, DECIMAL_MAX, Kind, MONEY_MAX_OERE, Rule, Table, YEARS, tables};

const DOING: &str = "checking the content";

/// How many persons the register has, and of what kind.
pub(super) struct Persons {
    pub(super) all: u64,
    pub(super) made_up: u64,
}

/// Something that no row may be.
struct Fault {
    column: &'static str,
    what: What,
    expected: String,
    /// True of a row that is at fault, in the words of PostgreSQL.
    condition: String,
}

/// Checks all tables of the sector; `told` hears which is at work.
pub(super) async fn check(
    moment: &mut Moment,
    sector: Sector,
    made_up: bool,
    told: &mut (dyn FnMut(&'static str) + Send),
) -> Result<(Persons, Vec<Count>), SourceError> {
    let mut counts = Vec::new();
    let mut persons = Persons { all: 0, made_up: 0 };
    for (position, table) in tables(sector).iter().enumerate() {
        told(table.name);
        counts.extend(rows(moment, table).await?);
        counts.extend(codes(moment, table).await?);
        match tables(sector).first() {
            Some(register) if position > 0 => counts.extend(strangers(moment, table, register).await?),
            _ => persons = register(moment, table, made_up, &mut counts).await?,
        }
    }
    Ok((persons, counts))
}

/// Reads every number of the register of persons.
async fn register(
    moment: &mut Moment,
    table: &'static Table,
    made_up: bool,
    counts: &mut Vec<Count>,
) -> Result<Persons, SourceError> {
    let sql = format!("SELECT CAST(person_id AS text) FROM \"{}\" WHERE person_id IS NOT NULL", table.name);
    let place = moment.place().to_owned();
    let mut numbers = moment.fetch(DOING, sqlx::query(AssertSqlSafe(sql)));
    let mut persons = Persons { all: 0, made_up: 0 };
    let mut bad_form = 0;
    while let Some(row) = numbers.next().await {
        let row = row?;
        let number: &str = row.try_get(0).map_err(|error| SourceError::statement(&place, DOING, &error))?;
        // The statements join by the number as it stands, so a hyphen that files may have is none here.
        match PersonId::parse(number).ok().filter(|_| number.len() == 10) {
            Some(person) => persons.made_up += u64::from(person.is_made_up()),
            None => bad_form += 1,
        }
        persons.all += 1;
    }
    let count = |what, rows, expected: &str| Count {
        table: table.name,
        column: "person_id",
        what,
        rows,
        expected: expected.to_owned(),
    };
    let real = persons.all - persons.made_up - bad_form;
    if bad_form > 0 {
        let expected = "a CPR number of ten digits without a hyphen, which begins with a day of the calendar, \
                        raised by 60 or not";
        counts.push(count(What::PersonForm, bad_form, expected));
    }
    if made_up && real > 0 {
        let expected = "made-up persons only: numbers with the day raised by 60";
        counts.push(count(What::PersonNotMadeUp, real, expected));
    }
    Ok(persons)
}

/// Counts the faults that the server can tell row by row, and the keys that stand twice, in one pass over a table.
async fn rows(moment: &mut Moment, table: &'static Table) -> Result<Vec<Count>, SourceError> {
    let faults: Vec<Fault> =
        table.columns.iter().flat_map(of_column).chain(table.rules.iter().map(of_rule)).collect();
    let mut columns: Vec<String> =
        faults.iter().map(|fault| format!("count(*) FILTER (WHERE {})", fault.condition)).collect();
    columns.extend(
        table
            .key
            .map(|key| format!("count(\"{key}\") - count(DISTINCT CAST(\"{key}\" AS text) COLLATE \"C\")")),
    );
    let twice = table.key.map(|key| Fault {
        column: key,
        what: What::DifferentTwice,
        expected: format!("one row for each {key}; identical ones are left out by SELECT DISTINCT"),
        condition: String::new(),
    });
    let sql = format!("SELECT {} FROM \"{}\"", columns.join(", "), table.name);
    let row = moment.fetch_one(DOING, sqlx::query(AssertSqlSafe(sql))).await?;
    let counted = faults.into_iter().chain(twice).enumerate().map(|(i, fault)| {
        let rows = row.try_get::<i64, _>(i).map_err(|error| moment.failed(DOING, &error))?.unsigned_abs();
        let Fault { column, what, expected, .. } = fault;
        Ok(Count { table: table.name, column, what, rows, expected })
    });
    let counted: Result<Vec<Count>, SourceError> = counted.collect();
    Ok(counted?.into_iter().filter(|count| count.rows > 0).collect())
}

/// What no value of a column may be, but for what [`codes`] and [`register`] look at.
fn of_column(column: &'static Column) -> Vec<Fault> {
    let name = format!("\"{}\"", column.name);
    let fault =
        |what, condition| Fault { column: column.name, what, expected: column.kind.expected(), condition };
    let mut faults = Vec::new();
    if column.required {
        faults.push(fault(What::Empty, format!("{name} IS NULL")));
    }
    let (first, last) = YEARS;
    match column.kind {
        Kind::Person | Kind::OneOf(_) | Kind::Code(_) => {}
        Kind::Date => {
            let range = format!("{name} NOT BETWEEN '{first}-01-01' AND '{last}-12-31'");
            faults.push(fault(What::Range, range));
        }
        Kind::Time => {
            let range = format!("{name} < '{first}-01-01' OR {name} >= '{}-01-01'", last + 1);
            faults.push(fault(What::Range, range));
            faults.push(Fault {
                expected: format!("whole minutes, as of date_trunc('minute', {name})"),
                ..fault(What::Type, format!("{name} <> date_trunc('minute', {name})"))
            });
        }
        Kind::Integer(min, max) => {
            faults.push(fault(What::Range, format!("{name} NOT BETWEEN {min} AND {max}")));
        }
        Kind::Kommune => faults.push(fault(What::UnknownCode, format!("{name} NOT BETWEEN 100 AND 999"))),
        Kind::Money => {
            // What is no number is greater than every number here.
            let max = MONEY_MAX_OERE / 100;
            faults.push(fault(What::Range, format!("{name} NOT BETWEEN 0 AND {max}")));
            let exact = format!("CAST({name} AS numeric)");
            faults.push(fault(What::Type, format!("{exact} <> round({exact}, 2)")));
        }
        Kind::Decimal => {
            faults.push(fault(What::Range, format!("{name} NOT BETWEEN 0 AND {DECIMAL_MAX}")));
        }
        Kind::Text(max) => {
            let text = format!("CAST({name} AS text)");
            faults.push(fault(What::Empty, format!("{text} = ''")));
            faults.push(fault(What::Spaces, format!("{text} ~ '^\\s|\\s$'")));
            faults.push(fault(What::Type, format!("char_length({text}) > {max} OR {text} ~ '[[:cntrl:]]'")));
        }
    }
    faults
}

/// What no row may be between two columns.
fn of_rule(rule: &Rule) -> Fault {
    match *rule {
        Rule::NotBefore(first, second) => Fault {
            column: second,
            what: What::EndBeforeStart,
            expected: format!("no earlier than {first}"),
            condition: format!("\"{second}\" < \"{first}\""),
        },
        Rule::WeekOfYear(year, week) => {
            // The 28th of December lies in the last week of its ISO year.
            let known = format!("\"{year}\" BETWEEN {} AND {}", YEARS.0, YEARS.1);
            let last = format!("extract(week FROM make_date(CAST(\"{year}\" AS integer), 12, 28))");
            Fault {
                column: week,
                what: What::Range,
                expected: format!("a week that the ISO year {year} has"),
                condition: format!("\"{week}\" = 53 AND CASE WHEN {known} THEN {last} < 53 ELSE false END"),
            }
        }
    }
}

/// Reads each different code of a table as the import reads a field.
async fn codes(moment: &mut Moment, table: &'static Table) -> Result<Vec<Count>, SourceError> {
    let coded = |column: &&Column| matches!(column.kind, Kind::OneOf(_) | Kind::Code(_));
    let columns: Vec<&'static Column> = table.columns.iter().filter(coded).collect();
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    let list = |form: &dyn Fn(&str) -> String| {
        columns.iter().map(|column| form(column.name)).collect::<Vec<_>>().join(", ")
    };
    // One pass for all columns. Each row of the answer is of one of them: the others are NULL in it.
    let sql = format!(
        "SELECT grouping({names}), coalesce({names}), count(*) FROM (SELECT {texts} FROM \"{}\") AS coded \
         GROUP BY GROUPING SETS ({sets})",
        table.name,
        names = list(&|name| format!("\"{name}\"")),
        texts = list(&|name| format!("CAST(\"{name}\" AS text) COLLATE \"C\" AS \"{name}\"")),
        sets = list(&|name| format!("(\"{name}\")")),
    );
    let place = moment.place().to_owned();
    let failed = |error: sqlx::Error| SourceError::statement(&place, DOING, &error);
    let mut groups = moment.fetch(DOING, sqlx::query(AssertSqlSafe(sql)));
    let mut bad: BTreeMap<usize, Count> = BTreeMap::new();
    while let Some(row) = groups.next().await {
        let row = row?;
        // The bit of the column that the row is of is 0; the first column's is the highest.
        let others: i32 = row.try_get(0).map_err(failed)?;
        let position = columns.len().saturating_sub(1).saturating_sub(others.trailing_ones() as usize);
        let Some(code) = row.try_get::<Option<&str>, _>(1).map_err(failed)? else { continue };
        let Some(column) = columns.get(position) else { continue };
        // What is missing though it must not be is counted with the rows.
        let Err(wrong) = value::read(&Column { required: true, ..**column }, code) else { continue };
        let rows = row.try_get::<i64, _>(2).map_err(failed)?.unsigned_abs();
        let count = bad.entry(position).or_insert_with(|| Count {
            table: table.name,
            column: column.name,
            what: wrong.what,
            rows: 0,
            expected: column.kind.expected(),
        });
        count.rows += rows;
    }
    Ok(bad.into_values().collect())
}

/// Counts the rows of persons whom the register does not have.
async fn strangers(
    moment: &mut Moment,
    table: &'static Table,
    register: &'static Table,
) -> Result<Option<Count>, SourceError> {
    let sql = format!(
        "SELECT count(*) FROM \"{}\" AS own WHERE own.person_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM \"{}\" \
         AS register WHERE CAST(register.person_id AS text) COLLATE \"C\" = CAST(own.person_id AS text) COLLATE \"C\")",
        table.name, register.name
    );
    let row = moment.fetch_one(DOING, sqlx::query(AssertSqlSafe(sql))).await?;
    let rows = row.try_get::<i64, _>(0).map_err(|error| moment.failed(DOING, &error))?.unsigned_abs();
    let count = Count {
        table: table.name,
        column: "person_id",
        what: What::PersonUnknown,
        rows,
        expected: format!("a person whom `{}` has", register.name),
    };
    Ok((rows > 0).then_some(count))
}
