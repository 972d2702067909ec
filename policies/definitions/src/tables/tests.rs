use jiff::civil::date;

use super::*;
use crate::indicator::Indicator;
use crate::library::{CATALOGUE, Library, MODELS};
use crate::regions::REGIONS;
use crate::source::Source;

const AS_OF: Date = date(2026, 2, 28);

fn outcome(stratum: usize, total: u16, included: bool) -> Outcome {
    Outcome { items: vec![0; 8], total, stratum, included, excluded: false }
}

fn told(
    tables: &Tables<'_>,
    kommune: u16,
    outcome: &Outcome,
    values: &[u32],
) -> Vec<(String, Vec<String>, u32)> {
    let adds = tables.of_person(kommune, outcome, values, Grain::Counts);
    let one = |(part, added): (&Part, Option<(usize, u32)>)| {
        let (cell, amount) = added?;
        let labels = tables.cells(part.table).swap_remove(cell).into_iter().map(str::to_owned).collect();
        Some((tables.told_of(part), labels, amount))
    };
    tables.parts().iter().zip(adds).filter_map(one).collect()
}

#[test]
fn a_resident_counts_once_in_each_table_of_a_stratification() {
    let library = Library::embedded().unwrap();
    let sad = library.model("sad").unwrap();
    let tables = Tables::new(sad, &[376, 360], AS_OF, None);
    assert_eq!((tables.cells_len(), tables.categories()), (10, vec!["kommune", "stratum", "included"]));
    assert!(tables.parts().iter().all(|part| (part.per_person, part.most) == (2, 1)));
    let high = sad.strata[2].name.as_str();
    let found = told(&tables, 376, &outcome(2, 12, true), &[]);
    let labels: Vec<Vec<String>> = found.into_iter().map(|(_, labels, _)| labels).collect();
    assert_eq!(labels, [["376", high], ["376", "true"]]);
    assert!(told(&tables, 461, &outcome(2, 12, true), &[]).is_empty());
}

#[test]
fn a_cut_off_selects_by_total_and_tabulates_no_strata() {
    let library = Library::embedded().unwrap();
    let tables = Tables::new(library.model("sad").unwrap(), &[360], AS_OF, Some(5));
    assert_eq!((tables.cells_len(), tables.parts().len()), (2, 1));
    for (total, included) in [(4, "false"), (5, "true")] {
        let found = told(&tables, 360, &outcome(1, total, included == "false"), &[]);
        assert_eq!(found[0].1, ["360", included]);
    }
}

#[test]
fn a_model_of_some_municipalities_has_cells_for_those_that_are_members() {
    let library = Library::embedded().unwrap();
    let tables = Tables::new(library.model("somv").unwrap(), &[360, 370, 376], AS_OF, None);
    let cells = tables.cells(0);
    assert_eq!(cells, [["360", "false"], ["360", "true"], ["376", "false"], ["376", "true"]]);
    assert_eq!(tables.categories(), ["kommune", "included"]);
}

/// Words that every indicator has, and these tables.
fn read(joined: &str) -> Result<Indicator, String> {
    let mut head = r#"
name = "of_a_test"
version = 1
rho = 0.5
source = "none"
title = { da = "a", en = "a" }
question = { da = "a", en = "a" }
numerator = { da = "a", en = "a" }
denominator = { da = "a", en = "a" }
"#
    .to_owned();
    let units = [("persons", "count"), ("part", "share"), ("mean", "points"), ("dkk", "dkk")];
    for (name, unit) in units.into_iter().filter(|(name, _)| joined.contains(&format!("name = \"{name}\""))) {
        head += &format!("[[measure]]\nname = \"{name}\"\nunit = \"{unit}\"\nda = \"a\"\nen = \"a\"\n");
    }
    let text = format!("{head}{joined}");
    let library = Library::read(CATALOGUE, MODELS, &[]).unwrap();
    let regions = Regions::read(&REGIONS).unwrap();
    let source = Source { file: "indicators/of_a_test.toml", text: &text };
    Indicator::read(&source, MODELS, library.catalogue(), &regions).map_err(|error| error.to_string())
}

const POPULATION: &str = r#"
[joined.population]
resident = "resident"
kommune = "kommune"
age = "age"
from = 0
to = 150
"#;

#[test]
fn sums_means_and_numbers_are_added_up_in_the_cell_of_the_residence() {
    let text = format!(
        r#"{POPULATION}
[[joined.component]]
name = "gp"
feature = "cost_gp_1y"
combine = "sum"
[[joined.component]]
name = "change"
feature = "life_satisfaction_change"
combine = "responsible"
[[joined.component]]
name = "civil"
feature = "civil_status"
combine = "responsible"
[[joined.table]]
by = ["region", "civil"]
totals = [["region"], []]
[[joined.table.row]]
key = {{ component = "gp" }}
measures = [{{ name = "dkk", of = "sum gp", per = "persons" }}]
[[joined.table.row]]
measures = [{{ name = "mean", of = "mean change" }}, {{ name = "persons", of = "number change" }}]
"#
    );
    let indicator = read(&text).unwrap();
    let model = indicator.model().unwrap();
    assert_eq!((model.least_grain(), model.name.as_str()), (Grain::Counts, "of_a_test"));
    let tables = Tables::new(model, &[360, 376, 461], AS_OF, None);
    assert_eq!(tables.categories(), ["region", "civil"]);
    let parts: Vec<(String, u32, u32)> =
        tables.parts().iter().map(|part| (tables.told_of(part), part.per_person, part.most)).collect();
    // A change is -10 to 10: 21 numbers, of which the least adds nothing.
    let expected =
        [("persons", 1, 1), ("sum gp", 1, 100_000_000), ("sum change", 1, 20), ("number change", 1, 1)];
    assert_eq!(parts, expected.map(|(name, k, most)| (name.to_owned(), k, most)));
    assert_eq!(tables.parts()[0].cells, 6);

    // Married (the first label), a change of -2: coded 9.
    let found = told(&tables, 461, &outcome(0, 0, false), &[1_234, 9, 1]);
    let amounts: Vec<u32> = found.iter().map(|(_, _, amount)| *amount).collect();
    assert_eq!(amounts, [1, 1_234, 8, 1]);
    assert!(found.iter().all(|(_, labels, _)| *labels == ["1083", "gift"]));
    // No answer adds to no mean, and what a node makes up is clamped.
    let found = told(&tables, 360, &outcome(0, 0, false), &[u32::MAX, 0, 3]);
    let amounts: Vec<u32> = found.iter().map(|(_, _, amount)| *amount).collect();
    assert_eq!(amounts, [1, 100_000_000, 0, 0]);
    assert!(found.iter().all(|(_, labels, _)| *labels == ["1085", "enlig"]));
    // Who has no civil status is in no cell.
    assert!(told(&tables, 360, &outcome(0, 0, false), &[1, 1, 0]).is_empty());
}

#[test]
fn a_diagram_on_a_model_groups_those_whom_it_includes() {
    let indicator = read(
        r#"
[joined]
model = "somv"
[[joined.component]]
name = "age_band"
feature = "age_band"
combine = "responsible"
[[joined.dimension]]
name = "groups"
none = "none"
flags = [
    { label = "psychiatry", component = "psychiatric" },
    { label = "somatic", component = "somatic" },
    { label = "abuse", component = "substance" },
]
[[joined.table]]
of = "included"
by = ["groups", "age_band"]
[[joined.table.row]]
measures = [{ name = "persons", of = "persons" }, { name = "part", of = "persons", per = "all" }]
"#,
    )
    .unwrap();
    let model = indicator.model().unwrap();
    let somv = Library::embedded().unwrap().model("somv").unwrap().clone();
    assert_ne!(model.digest, somv.digest);
    let tables = Tables::new(model, &[360, 376, 461], AS_OF, None);
    let labels: Vec<&str> = tables.cells(0).iter().map(|labels| labels[0]).step_by(11).collect();
    let expected = [
        "none",
        "psychiatry",
        "somatic",
        "psychiatry+somatic",
        "abuse",
        "psychiatry+abuse",
        "somatic+abuse",
        "psychiatry+somatic+abuse",
    ];
    assert_eq!(labels, expected);
    // One node's rows can move a person from one group to another.
    assert_eq!((tables.parts().len(), tables.parts()[0].per_person), (1, 2));
    let mut values = vec![0; model.components.len()];
    (values[0], values[1], values[7]) = (1, 1, 3);
    let found = told(&tables, 376, &outcome(0, 1, true), &values);
    assert_eq!(found[0].1, ["psychiatry+somatic", "30-39"]);
    assert!(told(&tables, 376, &outcome(0, 1, false), &values).is_empty());
    assert!(
        told(&tables, 461, &outcome(0, 1, true), &values).is_empty(),
        "not of the model's municipalities"
    );
}

#[test]
fn totals_of_a_model_are_a_category_and_its_strata() {
    let indicator = read(
        r#"
[joined]
model = "sad"
[[joined.table]]
by = ["kommune", "total"]
[[joined.table.row]]
measures = [{ name = "persons", of = "persons" }]
[[joined.table]]
by = ["stratum"]
[[joined.table.row]]
measures = [{ name = "part", of = "number included", per = "persons" }]
"#,
    )
    .unwrap();
    let tables = Tables::new(indicator.model().unwrap(), &[360, 376], AS_OF, None);
    assert_eq!(tables.parts()[0].cells, 2 * 19);
    assert_eq!(indicator.model().unwrap().least_grain(), Grain::Points);
    let found = told(&tables, 376, &outcome(1, 7, false), &[]);
    assert_eq!(found[0].1, ["376", "7"]);
    assert_eq!((found[1].1.clone(), found[2].2), (vec!["middle".to_owned()], 0));
}

#[test]
fn a_wrong_table_is_refused_with_its_line_and_reason() {
    let component = r#"
[[joined.component]]
name = "gp"
feature = "cost_gp_1y"
combine = "sum"
[[joined.component]]
name = "age_band"
feature = "age_band"
combine = "responsible"
"#;
    let table = |by: &str, measures: &str| {
        format!(
            "{POPULATION}{component}[[joined.table]]\nby = {by}\n[[joined.table.row]]\nmeasures = [{measures}]\n"
        )
    };
    let good = r#"{ name = "dkk", of = "sum gp" }"#;
    assert!(read(&table(r#"["kommune", "age_band"]"#, good)).is_ok());
    let tighter =
        table(r#"["age_band"]"#, good).replace("combine = \"sum\"", "combine = \"sum\"\nto = 5_000");
    let tighter = read(&tighter).unwrap();
    let tables = Tables::new(tighter.model().unwrap(), &[360], AS_OF, None);
    assert_eq!(tables.parts().iter().map(|part| part.most).collect::<Vec<_>>(), [1, 5_000]);
    let found = told(&tables, 360, &outcome(0, 0, false), &[7_000, 1]);
    assert_eq!(found.iter().map(|(_, _, amount)| *amount).collect::<Vec<_>>(), [1, 5_000]);
    let cases = [
        (table(r#"["kommune", "age"]"#, good), "there is no category `age`"),
        (table(r#"["kommune", "gp"]"#, good), "`gp` cannot be what a table is by"),
        (table(r#"["kommune", "region"]"#, good), "by municipality or by region"),
        (table(r#"["kommune", "kommune"]"#, good), "`kommune`"),
        (table(r#"["stratum"]"#, good), "the model has no strata"),
        (table(r#"["age_band"]"#, r#"{ name = "dkk", of = "gp" }"#), "`gp` cannot be counted"),
        (table(r#"["age_band"]"#, r#"{ name = "dkk", of = "sum age_band" }"#), "number without bands"),
        (table(r#"["age_band"]"#, r#"{ name = "persons", of = "sum gp" }"#), "it is money"),
        (table(r#"["age_band"]"#, r#"{ name = "dkk", of = "sum gp", per = "all" }"#), "only persons"),
        (
            table(r#"["age_band"]"#, r#"{ name = "cost", of = "sum gp" }, { name = "dkk", of = "sum gp" }"#),
            "there is no measure `cost`",
        ),
        (table(r#"["kommune"]"#, good), "component `age_band` stands in no"),
        (table(r#"["age_band"]"#, r#"{ name = "dkk", of = "persons" }"#), "it is no money"),
        (table(r#"["age_band"]"#, r#"{ name = "part", of = "persons" }"#), "told per nothing"),
        (
            table(r#"["age_band"]"#, r#"{ name = "dkk", of = "sum gp" }, { name = "dkk", of = "sum gp" }"#),
            "measure of one key",
        ),
        (table(r#"["age_band"]"#, r#"{ name = "part", of = "number gp", per = "all" }"#), "only persons"),
        (table(r#"["age_band"]"#, r#"{ name = "dkk", of = "sum gp", per = "number age_band" }"#), "told per"),
        (format!("{POPULATION}{component}table = []\n"), ""),
        (
            table(r#"["age_band"]"#, good)
                .replace("combine = \"sum\"", "combine = \"sum\"\nto = 100_000_000"),
            "tighter than",
        ),
    ];
    for (text, expected) in cases {
        let error = read(&text).unwrap_err();
        assert!(
            error.contains(expected) && error.starts_with("`indicators/of_a_test.toml`, line "),
            "{error}"
        );
    }
}
