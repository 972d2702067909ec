//! Indicators that are answered by queries.

use jiff::civil::{Date, date};
use tvaers_definitions::indicator::Indicator;
use tvaers_definitions::library::{CATALOGUE, INDICATORS, Library, MODELS};
use tvaers_definitions::source::Source;

use super::*;
use crate::budget::Budget;
use crate::decimal::Decimal;
use crate::indicator::queries;

const AS_OF: Date = date(2026, 2, 28);

#[test]
fn every_embedded_indicator_of_queries_can_be_asked() {
    let mut seen = 0;
    for indicator in library().indicators().iter().filter(|indicator| indicator.aggregate().is_some()) {
        let asked = queries(indicator, AS_OF, indicator.nano_rho, library().catalogue(), &parties());
        let asked = asked.unwrap_or_else(|faults| panic!("{}", faults[0]));
        let aggregate = indicator.aggregate().unwrap();
        assert_eq!(asked.len(), aggregate.queries.len());
        for query in &asked {
            assert_eq!(query.as_of(), AS_OF);
            // As it is signed and sent.
            assert_eq!(parse(&query.text()).as_ref(), Ok(query));
        }
        let together = |sector| {
            let own = asked.iter().filter(|query| query.sector() == sector);
            own.map(|query| query.privacy().budget.unwrap().number().nano()).sum::<u64>()
        };
        for sector in [Sector::Region, Sector::Municipality] {
            assert!(together(sector) <= indicator.nano_rho, "{}", indicator.name);
        }
        assert!(together(Sector::Municipality) + 9 > indicator.nano_rho, "{}", indicator.name);
        seen += 1;
    }
    assert!(seen >= 3);
}

#[test]
fn names_of_requests_are_names_of_queries_however_long() {
    let indicator = library().indicator("residents").unwrap();
    for (name, expected) in
        [("sick_leave", "sick-leave-1".to_owned()), (&"a_".repeat(32), format!("{}-1", "a-".repeat(31)))]
    {
        let indicator = Indicator { name: name.to_owned(), ..indicator.clone() };
        let asked = queries(&indicator, AS_OF, 1, library().catalogue(), &parties()).unwrap();
        assert_eq!(asked[0].name(), expected);
        assert_eq!(asked[0].privacy().budget, Some(Budget::Rho(Decimal::MIN)));
    }
}

#[test]
fn a_wrong_query_is_told_with_its_place_in_the_file() {
    let residents = INDICATORS.iter().find(|source| source.file.ends_with("residents.toml")).unwrap();
    let by = "by = [\"kommune\", \"sex\", \"age_band\"]";
    let queried = "[[query]]";
    assert_eq!((residents.text.matches(by).count(), residents.text.matches(queried).count()), (1, 1));
    let line_of =
        |text: &str, start: &str| 1 + text.lines().position(|line| line.starts_with(start)).unwrap();
    let cases = [
        // The category, where it stands in the list.
        ("age_band\"]", "age\"]", "by = ", 25, "query[1].by[3]", "is a number"),
        // A set, where a feature must stand.
        (
            "age_band\"]",
            "age_band\"]\nfeature = \"support\"",
            "feature",
            11,
            "query[1].feature",
            "a set of flags",
        ),
        // What is missing is told where the query begins.
        ("kind = \"count\"", "kind = \"sum\"", queried, 1, "query[1].feature", "needs a feature"),
        (
            "age_band\"]",
            "age_band\"]\n[[query.where]]\nfeature = \"age\"\nfrm = 3",
            "frm",
            7,
            "query[1].where[1].frm",
            "no key",
        ),
    ];
    for (from, to, start, column, key, told) in cases {
        let text = residents.text.replace("name = \"residents\"", "name = \"mine\"").replace(from, to);
        let own = [Source { file: "folder/mine.toml", text: &text }];
        let library = Library::read(CATALOGUE, MODELS, &own).unwrap();
        let indicator = library.indicator("mine").unwrap();
        let faults = queries(indicator, AS_OF, 1, library.catalogue(), &parties()).unwrap_err();
        let fault = faults.iter().find(|fault| fault.key == key).unwrap_or_else(|| panic!("{faults:?}"));
        assert_eq!((fault.line, fault.column), (line_of(&text, start), column), "{fault}");
        assert!(fault.place().starts_with("folder/mine.toml:"), "{fault}");
        assert!(fault.what.contains(told), "{fault}");
    }
}
