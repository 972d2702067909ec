//! Prints the oracle's SAD answers of a data folder: `cargo run -p tvaers-tests --example oracle -- FOLDER AS_OF`.
//!
//! The first columns are those of a central answer file; the last five help to see why a federation may differ.

use std::{env, io, path::Path};

use anyhow::Context as _;
use jiff::civil::Date;
use tvaers_tests::oracle::read;

fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1);
    let folder = arguments.next().context("first argument: the folder of the nodes' folders")?;
    let as_of: Date = arguments.next().context("second argument: the reference date, YYYY-MM-DD")?.parse()?;
    let mut out = csv::Writer::from_writer(io::stdout().lock());
    out.write_record([
        "person_id",
        "sad_eligible",
        "known",
        "repeat",
        "last",
        "labour",
        "treatment",
        "gp",
        "civil",
        "citizen",
        "akasse",
        "sad_total",
        "kommune",
        "stratum",
        "spells_cross",
        "gp_cross",
        "several_residences",
    ])?;
    for (person, a) in read::federation(Path::new(&folder))?.sad(as_of)? {
        let mut record = vec![person.expose().to_owned(), u8::from(a.eligible).to_string()];
        let items =
            [a.known, a.repeat, a.last, a.labour, a.treatment, a.gp, a.civil, a.citizen, a.akasse, a.total];
        record.extend(items.iter().map(u16::to_string));
        record.push(a.kommune.map(|k| k.to_string()).unwrap_or_default());
        record.push(a.stratum.as_str().to_owned());
        record.extend([a.spells_cross, a.gp_cross, a.several_residences].map(|b| u8::from(b).to_string()));
        out.write_record(record)?;
    }
    out.flush()?;
    Ok(())
}
