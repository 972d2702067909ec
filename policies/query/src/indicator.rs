//! The queries of an indicator that is answered by aggregates: each as it is asked on a date, for a part of the budget.

use jiff::civil::Date;
use toml::Value;
use tvaers_definitions::catalogue::Catalogue;
use tvaers_definitions::indicator::{AskedQuery, Indicator};

use crate::budget::Budget;
use crate::decimal::Decimal;
use crate::fault::Fault;
use crate::limit;
use crate::query::{Party, Query};

/// The queries of an indicator in the order of its file, for this budget at each node: it is divided by those that one
/// node is asked, so that no node is charged more. None where the indicator is answered by a join.
///
/// # Errors
/// Every [`Fault`] of the first query that is wrong, at its place in the file.
pub fn queries(
    indicator: &Indicator,
    as_of: Date,
    nano_rho: u64,
    catalogue: &Catalogue,
    parties: &[Party],
) -> Result<Vec<Query>, Vec<Fault>> {
    let asked = indicator.aggregate().map_or(&[][..], |aggregate| &aggregate.queries);
    let mut queries = Vec::new();
    for (number, query) in (1..).zip(asked) {
        queries.push(read(indicator, number, query, as_of, catalogue, parties)?);
    }
    let of_sector: Vec<_> = queries.iter().map(Query::sector).collect();
    let budgeted = |query: Query| {
        let together = of_sector.iter().filter(|sector| **sector == query.sector()).count();
        let part = nano_rho / u64::try_from(together.max(1)).unwrap_or(u64::MAX);
        let part = Decimal::from_nano(part).unwrap_or(Decimal::MIN);
        query.with_budget(Budget::Rho(part))
    };
    Ok(queries.into_iter().map(budgeted).collect())
}

fn read(
    indicator: &Indicator,
    number: usize,
    asked: &AskedQuery,
    as_of: Date,
    catalogue: &Catalogue,
    parties: &[Party],
) -> Result<Query, Vec<Fault>> {
    let mut table = asked.query.clone();
    table.insert("name".to_owned(), Value::String(name(&indicator.name, number)));
    if let Ok(day) = as_of.to_string().parse() {
        table.insert("as_of".to_owned(), Value::Datetime(day));
    }
    // In the generated text lines are others than in the file.
    let at = |fault: Fault| {
        let (line, column) = place(asked, &fault.key);
        let key = if fault.key.is_empty() { String::new() } else { format!(".{}", fault.key) };
        Fault { line, column, key: format!("query[{number}]{key}"), ..fault }
    };
    Query::parse(&table.to_string(), &indicator.file, catalogue, parties).map_err(|faults| {
        let mut faults: Vec<Fault> = faults.into_iter().map(at).collect();
        faults.sort_by_key(|fault| (fault.line, fault.column));
        faults
    })
}

/// Where a key stands; of one that is missing, where the table stands that lacks it.
fn place(asked: &AskedQuery, key: &str) -> (usize, usize) {
    let mut path = key;
    loop {
        if let Some(place) = asked.places.get(path) {
            return *place;
        }
        match path.rfind(['.', '[']) {
            Some(end) => path = path.get(..end).unwrap_or_default(),
            None => return (asked.line, 1),
        }
    }
}

/// A name for the request: names of queries have hyphens.
fn name(indicator: &str, number: usize) -> String {
    let number = format!("-{number}");
    let room = limit::NAME_CHARACTERS_MAX - number.len();
    let name: String = indicator.replace('_', "-").chars().take(room).collect();
    name + &number
}
