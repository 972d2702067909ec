//! The table of ACCOUNTING.md says of every joined table what the code draws noise for.
//!
//! With `TVAERS_WRITE=1` the document's table is written anew.
#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]

use std::fmt::Write as _;
use std::path::Path;

use jiff::civil::date;
use tvaers_definitions::library::Library;
use tvaers_definitions::model::Model;
use tvaers_definitions::tables::{Quantity, Tables};
use tvaers_protocol::id::Sector;

const BEGIN: &str = "<!-- table: begin -->\n";
const END: &str = "<!-- table: end -->";

fn nodes(model: &Model, quantity: Quantity) -> &'static str {
    let sector = match quantity {
        Quantity::Sum(index) | Quantity::Number(tvaers_definitions::tables::Thing::Component(index)) => {
            model.components.get(index).map(|component| component.sector)
        }
        Quantity::Persons | Quantity::Number(_) => None,
    };
    match sector {
        Some(Sector::Region) => "regions",
        Some(Sector::Municipality) => "municipalities",
        None => "all",
    }
}

fn table(library: &Library) -> String {
    let mut text = String::from(
        "| table | by | quantity | contributed by | k | C | L1 | L2 |\n|---|---|---|---|---|---|---|---|\n",
    );
    let of_indicators = library.indicators().iter().filter_map(|indicator| indicator.model());
    for model in library.models().iter().chain(of_indicators) {
        let tables = Tables::new(model, &[360, 376, 461], date(2026, 2, 28), None);
        for part in tables.parts() {
            let by: Vec<&str> =
                tables.table(part.table).unwrap().by.iter().map(|by| tables.name(by)).collect();
            let (k, most) = (part.per_person, part.most);
            let name = tables.told_of(part).replace(&format!(" (table {})", part.table + 1), "");
            let root = if k == 1 { most.to_string() } else { format!("{most}·√{k}") };
            writeln!(
                text,
                "| {} {} | {} | {name} | {} | {k} | {most} | {} | {root} |",
                model.name,
                part.table + 1,
                if by.is_empty() { "–".to_owned() } else { by.join(", ") },
                nodes(model, part.quantity),
                u64::from(k) * u64::from(most),
            )
            .unwrap();
        }
    }
    text
}

#[test]
fn the_document_says_what_noise_is_drawn_for() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../indicators/ACCOUNTING.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = document.split_once(BEGIN).unwrap();
    let (found, tail) = rest.split_once(END).unwrap();
    let expected = table(&Library::embedded().unwrap());
    if std::env::var_os("TVAERS_WRITE").is_some() {
        std::fs::write(&path, format!("{head}{BEGIN}{expected}{END}{tail}")).unwrap();
        return;
    }
    assert!(
        found == expected,
        "ACCOUNTING.md is not what the code does; TVAERS_WRITE=1 writes its table anew"
    );
}
