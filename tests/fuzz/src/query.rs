//! The query file. Whatever is read as a query has one form, and that form reads as the same query.

use std::sync::LazyLock;

use jiff::civil::date;
use tvaers_definitions::library::Library;
use tvaers_protocol::id::{NodeId, Sector};
use tvaers_query::indicator::queries;
use tvaers_query::limit;
use tvaers_query::query::Party;
use tvaers_query::{Fault, Query};

use crate::{Mutate, Seeds, text};

/// Bytes of memory that reading one file and laying out its cells may take.
pub const MEMORY_BYTES: usize = 64 << 20;

static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::embedded().expect("the library is right"));
static PARTIES: LazyLock<Vec<Party>> = LazyLock::new(|| {
    let party = |id: &str, sector, code| {
        let id = NodeId::new(id).expect("the name is right");
        Party { id, sector, code }
    };
    vec![
        party("region_1085", Sector::Region, 1085),
        party("k360", Sector::Municipality, 360),
        party("k376", Sector::Municipality, 376),
    ]
});

fn read(text: &str) -> Result<Query, Vec<Fault>> {
    Query::parse(text, "query.toml", LIBRARY.catalogue(), &PARTIES)
}

/// What the embedded indicators ask, and one query of each other kind and part.
#[must_use]
pub fn seeds() -> Seeds {
    let day = date(2026, 2, 28);
    let of_indicators = LIBRARY.indicators().iter().flat_map(|indicator| {
        queries(indicator, day, indicator.nano_rho, LIBRARY.catalogue(), &PARTIES).expect("they can be asked")
    });
    let mut texts: Vec<String> = of_indicators.map(|query| query.text()).collect();
    let head = "name = \"q\"\nas_of = 2026-02-28\n";
    texts.extend(OTHERS.iter().map(|text| format!("{head}{text}")));
    let numbered = texts.into_iter().enumerate();
    numbered.map(|(number, text)| (format!("query-{number}"), text.into_bytes())).collect()
}

const OTHERS: [&str; 6] = [
    "kind = \"count\"\nby = [\"sex\", \"age_band\"]\n\n[[where]]\nfeature = \"age\"\nfrom = 65\n\n[privacy]\n\
     epsilon = 0.5\n\n[nodes]\nof = \"all\"\n",
    "kind = \"histogram\"\nfeature = \"gp_contacts_2y\"\nbins = [0, 5, 10]\nby = [\"kommune\"]\n",
    "kind = \"quantiles\"\nfeature = \"gp_contacts_2y\"\nbins = [0, 5, 10, 20]\nprobabilities = [0.25, 0.5]\n",
    "kind = \"mean\"\nfeature = \"age\"\n[privacy]\nrho = 0.01\n[nodes]\nsector = \"municipality\"\n",
    "kind = \"sum\"\nfeature = \"cost_gp_1y\"\nby = [\"age_band\"]\n[[where]]\nfeature = \"kommune\"\n\
     any_of = [360, 376]\n",
    "kind = \"count\"\n[privacy]\nepsilon = 1.0\nmechanism = \"discrete_laplace\"\n[nodes]\nof = [\"k360\"]\n",
];

/// Changes a file by lines, of which it may get some of another.
pub fn mutate(data: &mut [u8], size: usize, size_max: usize, seed: u32, bytes: Mutate) -> usize {
    static DONORS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let texts = seeds().into_iter().map(|(_, text)| String::from_utf8(text));
        texts.map(|text| text.expect("a seed is text")).collect()
    });
    text::mutate(data, size, size_max, seed, &DONORS, bytes)
}

/// Judges bytes as a query file.
///
/// # Panics
/// Where a property does not hold.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let query = match read(text) {
        Ok(query) => query,
        Err(faults) => return check_faults(text, &faults),
    };
    let form = query.text();
    let again = read(&form).expect("a query's own form is a query");
    assert_eq!(again, query, "a query's own form is another query");
    assert_eq!(again.text(), form);
    assert_eq!(again.digest(), query.digest());
    assert_eq!(again.question_digest(), query.question_digest());
    let commented = format!("{text}\n#\n");
    if commented.len() <= limit::FILE_BYTES_MAX {
        assert_eq!(read(&commented).as_ref(), Ok(&query), "a comment means something");
    }

    assert!(query.cells_len() <= limit::CELLS_MAX && query.by().len() <= limit::DIMENSIONS_MAX);
    assert_eq!(query.cells().len(), query.cells_len());
    assert!(query.cells_max() >= 1);
    for party in PARTIES.iter() {
        let cells = query.cells_of(party);
        assert!(cells.is_sorted() && cells.last().is_none_or(|last| *last < query.cells_len()));
    }
}

/// What is refused is refused with a place in the file, and not without end.
fn check_faults(text: &str, faults: &[Fault]) {
    assert!((1..=limit::FAULTS_MAX).contains(&faults.len()), "{} faults", faults.len());
    let lines = text.split('\n').count();
    for fault in faults {
        assert!((1..=lines + 1).contains(&fault.line), "line {} of {lines}", fault.line);
        assert!(!fault.what.is_empty() && !fault.code.is_empty());
        let _ = fault.problem();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_is_a_query_that_keeps_the_properties() {
        assert!(seeds().len() > OTHERS.len() + 3);
        for (name, seed) in seeds() {
            let text = std::str::from_utf8(&seed).unwrap();
            assert!(
                read(text).is_ok(),
                "{name}: {:?}",
                read(text).map(drop).map_err(|faults| faults[0].to_string())
            );
            check(&seed);
        }
    }
}
