//! Kinds and categories beyond counts of one category: bins, probabilities, sets of flags.

use super::*;
use crate::decimal::Decimal;
use crate::label::Label;
use crate::query::{Category, Kind};

fn of(kind: &str) -> Query {
    let text = format!("name = \"a\"\n{kind}\nby = [\"sex\"]\nas_of = 2026-02-28\n");
    parse(&text).unwrap()
}

#[test]
fn a_histogram_has_a_cell_for_each_bin_of_each_group() {
    let query = of("kind = \"histogram\"\nfeature = \"gp_contacts_2y\"\nbins = [5, 10, 50]");
    assert_eq!((query.groups_len(), query.cells_len(), query.cells_max(), query.dimensions()), (2, 8, 1, 2));
    assert_eq!(query.kind().feature().unwrap().name, "gp_contacts_2y");
    let cells: Vec<String> = query.cells().iter().map(|cell| format!("{} {}", cell[0], cell[1])).collect();
    assert_eq!(cells[..4], ["F 0-4", "F 5-9", "F 10-49", "F 50-100"]);
    let text = query.text();
    assert!(text.contains("\nfeature = \"gp_contacts_2y\"\nbins = [0, 5, 10, 50]\n"), "{text}");
    assert_eq!(parse(&text).unwrap(), query);
}

#[test]
fn quantiles_are_the_quartiles_unless_stated_and_the_same_question_as_their_histogram() {
    let bins = "feature = \"age\"\nbins = [0, 18, 65]";
    let quartiles = of(&format!("kind = \"quantiles\"\n{bins}"));
    let tenths = of(&format!("kind = \"quantiles\"\n{bins}\nprobabilities = [0.1, 0.9]"));
    let Kind::Quantiles { probabilities, .. } = quartiles.kind() else { panic!("quantiles") };
    let expected: Vec<Decimal> = ["0.25", "0.5", "0.75"].map(|p| Decimal::parse(p).unwrap()).to_vec();
    assert_eq!(*probabilities, expected);
    for query in [&quartiles, &tenths] {
        assert_eq!(parse(&query.text()).unwrap(), *query);
    }
    let histogram = of(&format!("kind = \"histogram\"\n{bins}"));
    assert_ne!(quartiles.digest(), tenths.digest());
    assert_eq!(quartiles.question_digest(), tenths.question_digest());
    assert_eq!(quartiles.question_digest(), histogram.question_digest());
    let finer = of("kind = \"histogram\"\nfeature = \"age\"\nbins = [0, 18, 65, 80]");
    assert_ne!(finer.question_digest(), histogram.question_digest());
}

#[test]
fn a_mean_is_another_question_than_the_sum() {
    let [mean, sum] = ["mean", "sum"].map(|kind| of(&format!("kind = \"{kind}\"\nfeature = \"age\"")));
    assert_ne!(mean.question_digest(), sum.question_digest());
    assert_eq!(parse(&mean.text()).unwrap(), mean);
    assert_eq!((mean.cells_len(), mean.kind().name()), (2, "mean"));
}

#[test]
fn one_person_is_in_as_many_cells_as_a_set_lets_count() {
    let query =
        parse("name = \"a\"\nkind = \"count\"\nby = [\"support\", \"sex\"]\nas_of = 2026-02-28\n").unwrap();
    assert_eq!((query.cells_len(), query.cells_max(), query.dimensions()), (8, 2, 2));
    assert_eq!(query.sector(), Sector::Municipality);
    // Sets come after features.
    let [sex, support] = query.by() else { panic!("two") };
    assert_eq!((sex.category.name(), support.category.name()), ("sex", "support"));
    assert!(matches!(&support.category, Category::Several(set) if set.at_most == 2));
    assert_eq!(support.labels[0], Label::Text("early_retirement".to_owned()));
    let names: Vec<&str> = query.features().into_iter().map(|feature| feature.name.as_str()).collect();
    assert_eq!(names, ["sex", "early_retirement", "social_service", "cash_benefit", "unemployed"]);
    assert_eq!(parse(&query.text()).unwrap(), query);
}

#[test]
fn the_mechanism_is_part_of_the_question_and_the_default_is_not_written() {
    let laplace = changed("epsilon = 0.5", "epsilon = 0.5\nmechanism = \"discrete_laplace\"").unwrap();
    let gaussian = parse(EXAMPLE).unwrap();
    assert!(laplace.text().contains("\n[privacy]\nepsilon = 0.5\nmechanism = \"discrete_laplace\"\n"));
    assert!(!gaussian.text().contains("mechanism"));
    assert_ne!(laplace.question_digest(), gaussian.question_digest());
    assert_eq!(parse(&laplace.text()).unwrap(), laplace);
    let alone = changed("epsilon = 0.5", "mechanism = \"discrete_laplace\"").unwrap();
    assert_eq!(parse(&alone.text()).unwrap(), alone);
}
