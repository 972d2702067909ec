//! Prints the oracle's answers about a data folder, or how far they agree with answers from elsewhere:
//!
//! ```text
//! cargo run -p tvaers-tests --example oracle -- FOLDER AS_OF [--model sad|somv]
//! cargo run -p tvaers-tests --example oracle -- FOLDER AS_OF --answers ANSWERS
//! cargo run -p tvaers-tests --example oracle -- FOLDER AS_OF --joined TOTAL
//! ```
//!
//! FOLDER has one folder per node. The first columns of a model are those of a central answer file; the last help to
//! see why a federation may differ. ANSWERS is a folder with `answers_persons.csv` and `answers.json`; the comparison
//! counts and names nobody. With `--joined`, the totals are what the nodes' own rows and events become, put together, of
//! those who are resident or died resident: of `index_admissions_1y`, say.

mod answers;
mod persons;
mod summary;
mod totals;

use std::{env, io, path::Path, process::ExitCode};

use anyhow::{Context as _, bail};
use jiff::civil::Date;
use tvaers_tests::oracle::read;

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = env::args().skip(1);
    let folder = arguments.next().context("first argument: the folder of the nodes' folders")?;
    let as_of: Date = arguments.next().context("second argument: the reference date, YYYY-MM-DD")?.parse()?;
    let (mut model, mut answers, mut joined) = ("sad".to_owned(), None, None);
    while let Some(option) = arguments.next() {
        let value = arguments.next().with_context(|| format!("`{option}` needs a value"))?;
        match option.as_str() {
            "--model" => model = value,
            "--answers" => answers = Some(value),
            "--joined" => joined = Some(value),
            _ => bail!("`{option}` is none of `--model`, `--answers` and `--joined`"),
        }
    }
    let federation = read::federation(Path::new(&folder))?;
    if let Some(answers) = answers {
        let agrees = answers::compare(&federation, as_of, Path::new(&answers), &mut io::stdout().lock())?;
        return Ok(if agrees { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if let Some(feature) = joined {
        totals::joined(&federation, Path::new(&folder), as_of, &feature, io::stdout().lock())?;
        return Ok(ExitCode::SUCCESS);
    }
    let out = io::stdout().lock();
    match model.as_str() {
        "sad" => persons::sad(&federation, as_of, out)?,
        "somv" => persons::somv(&federation, as_of, out)?,
        _ => bail!("no model `{model}`; there are `sad` and `somv`"),
    }
    Ok(ExitCode::SUCCESS)
}
