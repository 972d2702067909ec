//! Writes a page of made-up results of every shape to standard output: what `tests/browser/run` looks at.

#![expect(clippy::print_stdout, reason = "it is what this program is for")]
#![expect(clippy::indexing_slicing, reason = "of objects that the tests' support makes")]

use tvaers_report::{Language, Meta, Report};

#[path = "../src/testing.rs"]
mod testing;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut report = Report::new(Meta {
        title_da: "Sammen om min vej: opdigtede resultater".to_owned(),
        title_en: "Sammen om min vej: made-up results".to_owned(),
        made: "2026-02-28".to_owned(),
        software: "tvaers 0.1.0".to_owned(),
        missing: vec!["gp-contacts: refused by region_1085: the budget of the period is spent".to_owned()],
        phases: vec![("import".to_owned(), 0.893), ("join".to_owned(), 0.408)],
    });
    for result in testing::all().into_iter().chain(testing::series(4)) {
        report.add(&result)?;
    }
    report.add_first_of(&testing::query(), 20)?;
    print!("{}", report.html(Language::Both));
    Ok(())
}
