//! Makes a population, measures it, and prints the table of base rates that POPULATION.md shows:
//! `cargo run --release -p tvaers-local --example population -- PERSONS SEED AS_OF OUT [REGIONS MUNICIPALITIES]`,
//! the codes separated by commas.

use std::{env, io::Write as _, path::PathBuf};

use anyhow::Context as _;
use jiff::civil::Date;
use tvaers_local::make::{MakeOptions, make, measure::measure};

fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1);
    let mut next = |what: &'static str| arguments.next().context(what);
    let persons = next("first argument: the number of persons")?.parse()?;
    let seed = next("second argument: the seed")?.parse()?;
    let as_of: Date = next("third argument: the reference date, YYYY-MM-DD")?.parse()?;
    let out = PathBuf::from(next("fourth argument: the folder to write")?);
    let regions = codes(&next("").unwrap_or("1083,1085".to_owned()))?;
    let municipalities = codes(&next("").unwrap_or("360,376,461".to_owned()))?;
    let options = MakeOptions { persons, seed, as_of, regions, municipalities, out };
    let made = make(&options, |_, _| ())?;
    let rates = measure(&options.out, as_of)?;
    let mut screen = std::io::stdout().lock();
    writeln!(screen, "{} persons, {} rows\n\n{rates}", made.persons, made.rows)?;
    Ok(())
}

fn codes(text: &str) -> anyhow::Result<Vec<u16>> {
    text.split(',').map(|code| code.parse().context("codes are numbers separated by commas")).collect()
}
