mod refusal;

use tvaers_protocol::id::Pseudonym;
use tvaers_protocol::record::Missing;

use super::*;
use crate::error::Reason;
use crate::layout::RECENCY_NONE;
use crate::library::{CATALOGUE, Library, MODELS};

/// Numbers by the name of a component or criterion.
type Named = &'static [(&'static str, u32)];

fn sad() -> Model {
    Library::embedded().unwrap().model("sad").unwrap().clone()
}

/// One value per component, by name; the others 0.
fn values(model: &Model, named: &[(&str, u32)]) -> Vec<u32> {
    let value =
        |component: &Component| named.iter().find(|(name, _)| *name == component.name).map_or(0, |(_, v)| *v);
    model.components.iter().map(value).collect()
}

fn items(model: &Model, outcome: &Outcome) -> Vec<(String, u16)> {
    let names = model.criteria.iter().map(|c| c.name.clone());
    names.zip(outcome.items.iter().copied()).filter(|(_, points)| *points > 0).collect()
}

#[test]
fn the_embedded_files_are_right() {
    let library = Library::embedded().unwrap();
    assert_eq!(library.models().len(), MODELS.len());
    assert!(library.model("other").is_none());
}

#[test]
fn sad_gives_each_item_its_points() {
    let model = sad();
    let cases: &[(Named, Named)] = &[
        (&[], &[]),
        (&[("known", 1)], &[("known", 3)]),
        (&[("long_spells", 3)], &[]),
        (&[("long_spells", 4)], &[("repeat", 5)]),
        (&[("last_spell", 14)], &[]),
        (&[("last_spell", 15)], &[("last", 1)]),
        (&[("unemployed", 1)], &[("labour", 1)]),
        (&[("psychotropic", 1)], &[("treatment", 1)]),
        (&[("psychologist", 1)], &[("treatment", 1)]),
        (&[("psychotropic", 1), ("psychologist", 1)], &[("treatment", 2)]),
        (&[("gp", 14)], &[]),
        (&[("gp", 15)], &[("gp", 1)]),
        (&[("gp", 20)], &[("gp", 1)]),
        (&[("gp", 21)], &[("gp", 2)]),
        // A sum of two clamped counts goes beyond the clamp, and is clamped again.
        (&[("gp", 200)], &[("gp", 2)]),
        (&[("single", 1), ("preschool", 1)], &[("civil", 2)]),
        (&[("citizen", 1), ("akasse", 1)], &[("citizen", 1), ("akasse", 1)]),
        (&[("early_retirement", 1)], &[]),
    ];
    for (given, expected) in cases {
        let outcome = model.outcome(&values(&model, given), Grain::Counts);
        let expected: Vec<(String, u16)> =
            expected.iter().map(|(n, p)| ((*n).to_owned(), u16::try_from(*p).unwrap())).collect();
        assert_eq!(items(&model, &outcome), expected, "{given:?}");
        assert_eq!(outcome.total, expected.iter().map(|(_, points)| points).sum::<u16>());
        // At points a node has applied the bands itself, and the outcome is the same.
        let points: Vec<u32> =
            model.components.iter().zip(values(&model, given)).map(|(c, v)| u32::from(c.points(v))).collect();
        assert_eq!(model.outcome(&points, Grain::Points), outcome, "{given:?}");
    }
}

#[test]
fn the_greatest_total_is_18_of_which_the_region_gives_7() {
    let model = sad();
    let of = |sector| {
        model.components.iter().filter(|c| c.sector == sector).map(Component::points_max).sum::<u16>()
    };
    assert_eq!((of(Sector::Region), of(Sector::Municipality), model.total_max()), (7, 11, 18));
    let greatest = model.outcome(&vec![u32::MAX; model.components.len()], Grain::Counts);
    assert_eq!(
        (greatest.total, greatest.stratum, greatest.excluded, greatest.included),
        (18, 2, true, false)
    );
    assert_eq!(model.outcome(&vec![u32::MAX; model.components.len()], Grain::Points).total, 18);
    assert_eq!(model.outcome(&[], Grain::Counts).total, 0);
}

#[test]
fn the_strata_hold_their_ends_and_only_high_is_included() {
    let model = sad();
    let cases: [(Named, u16, &str, bool); 5] = [
        (&[], 0, "low", false),
        (&[("known", 3), ("labour", 0), ("last_spell", 1)], 4, "low", false),
        (&[("long_spells", 5)], 5, "middle", false),
        (&[("long_spells", 5), ("known", 3)], 8, "middle", false),
        (&[("long_spells", 5), ("known", 3), ("single", 1)], 9, "high", true),
    ];
    for (given, total, stratum, included) in cases {
        let outcome = model.outcome(&values(&model, given), Grain::Points);
        assert_eq!(outcome.total, total);
        assert_eq!(model.strata[outcome.stratum].name, stratum);
        assert_eq!(outcome.included, included);
    }
}

#[test]
fn early_retirement_excludes_and_the_points_still_stand() {
    let model = sad();
    let given = [("long_spells", 5), ("known", 3), ("single", 1), ("early_retirement", 1)];
    let outcome = model.outcome(&values(&model, &given), Grain::Points);
    assert_eq!((outcome.total, outcome.excluded, outcome.included), (9, true, false));
}

#[test]
fn no_component_is_told_that_neither_counts_nor_excludes() {
    let model = sad();
    for (index, component) in model.components.iter().enumerate() {
        let excludes = model.population.exclude.contains(&index);
        assert!(component.points_max() > 0 || excludes, "{}", component.name);
    }
}

#[test]
fn the_sectors_share_the_components_and_touch_where_it_matters() {
    let model = sad();
    let names =
        |indices: &[usize]| indices.iter().map(|i| model.components[*i].name.clone()).collect::<Vec<_>>();
    let region = model.layout(Sector::Region, Grain::Counts);
    assert_eq!(names(&region.components), ["known", "psychotropic", "psychologist", "gp"]);
    let municipality = model.layout(Sector::Municipality, Grain::Counts);
    assert_eq!(
        names(&municipality.components),
        [
            "long_spells",
            "last_spell",
            "unemployed",
            "single",
            "preschool",
            "citizen",
            "akasse",
            "early_retirement"
        ]
    );
    assert_eq!(names(&municipality.recencies), ["last_spell"]);
    assert!(model.layout(Sector::Municipality, Grain::Points).recencies.is_empty());
    // Beside shifted days a recency would tell the shift.
    assert!(model.layout(Sector::Municipality, Grain::Events).recencies.is_empty());
    // Bit 0 is spells, bit 1 is gp: contacts add up at counts, so the region's bit says nothing there.
    let touches = |sector| {
        [Grain::Points, Grain::Counts, Grain::Events].map(|grain| model.layout(sector, grain).touches)
    };
    assert_eq!(touches(Sector::Municipality), [1, 1, 1]);
    assert_eq!(touches(Sector::Region), [2, 0, 0]);
    let grains = [Grain::Points, Grain::Counts, Grain::Events];
    assert_eq!(grains.map(|grain| model.joined_groups(grain)), [0, 0, 1]);
    assert_eq!(grains.map(|grain| model.falling_back_groups(grain)), [3, 1, 0]);
    assert!(model.components.iter().all(|c| c.value_max < u32::from(RECENCY_NONE)));
}

#[test]
fn what_two_nodes_say_combines_as_the_rules_say() {
    let model = sad();
    let combine = |name: &str| model.components.iter().find(|c| c.name == name).map(|c| c.combine);
    for name in ["known", "psychotropic", "psychologist", "unemployed", "early_retirement"] {
        assert_eq!(combine(name), Some(Combine::Or), "{name}");
    }
    for name in ["single", "preschool", "citizen", "akasse"] {
        assert_eq!(combine(name), Some(Combine::Responsible), "{name}");
    }
    assert_eq!(
        (combine("gp"), combine("long_spells"), combine("last_spell")),
        (Some(Combine::Sum), Some(Combine::Sum), Some(Combine::Latest))
    );
}

fn handed_back(outcome: &Outcome, disclosure: Disclosure) -> HandBack {
    let at_least = |least| disclosure >= least;
    HandBack {
        pseudonym: Pseudonym::from_bytes([1; 16]),
        included: outcome.included,
        missing: Missing::default(),
        fell_back: 0,
        stratum: if at_least(Disclosure::Stratum) { u8::try_from(outcome.stratum).unwrap() } else { 0 },
        total: if at_least(Disclosure::Total) { outcome.total } else { 0 },
        items: if at_least(Disclosure::Items) { outcome.items.clone() } else { Vec::new() },
    }
}

#[test]
fn a_hand_back_fits_the_model_that_made_it_and_no_other_way() {
    let library = Library::embedded().unwrap();
    let all = [Disclosure::Inclusion, Disclosure::Stratum, Disclosure::Total, Disclosure::Items];
    for model in library.models() {
        for number in 0..1_u32 << model.components.len() {
            let bit = |index: usize| u32::from(number >> index & 1 == 1);
            let given: Vec<u32> = (0..).zip(&model.components).map(|(i, c)| bit(i) * c.value_max).collect();
            let outcome = model.outcome(&given, Grain::Events);
            assert!(outcome.total <= model.total_max(), "{}", model.name);
            if outcome.excluded {
                continue;
            }
            for disclosure in all {
                let right = handed_back(&outcome, disclosure);
                assert!(model.fits(&right, disclosure), "{} at {disclosure:?}", model.name);
            }
            let wrong = |change: fn(&mut HandBack)| {
                let mut record = handed_back(&outcome, Disclosure::Items);
                change(&mut record);
                assert!(!model.fits(&record, Disclosure::Items), "{}", model.name);
            };
            wrong(|record| record.total += 1);
            wrong(|record| record.included = !record.included);
            wrong(|record| record.stratum += 1);
            wrong(|record| record.items[0] = 99);
        }
    }
}

#[test]
fn somv_needs_a_problem_area_and_a_contact_rule_and_counts_the_rules_met() {
    let library = Library::embedded().unwrap();
    let (plain, frontline) = (library.model("somv").unwrap(), library.model("somv_with_frontline").unwrap());
    let ask = |model: &Model, given: &[(&str, u32)]| {
        let outcome = model.outcome(&values(model, given), Grain::Events);
        (outcome.total, outcome.included)
    };
    let cases: &[(Named, (u16, bool))] = &[
        (&[], (0, false)),
        (&[("somatic", 1)], (0, false)),
        (&[("two_in_30", 1)], (1, false)),
        (&[("two_in_30", 1), ("substance", 1)], (1, true)),
        (&[("two_in_30", 1), ("three_in_6m", 1), ("social_service", 1)], (2, true)),
    ];
    for (given, expected) in cases {
        assert_eq!(ask(plain, given), *expected, "{given:?}");
        assert_eq!(ask(frontline, given), *expected, "{given:?}");
    }
    assert_eq!(ask(frontline, &[("frontline", 1), ("cash_benefit", 1)]), (1, true));
    assert_eq!(ask(frontline, &[("frontline", 1)]), (1, false));
    // Two components of one criterion are one point.
    let both = values(plain, &[("social_service", 1), ("cash_benefit", 1)]);
    assert_eq!(plain.outcome(&both, Grain::Events).items[3], 1);
    let groups = (plain.joined_groups(Grain::Events), plain.falling_back_groups(Grain::Counts));
    assert_eq!(groups, (1, 1));
}

/// The embedded model `sad` with one text replaced.
fn read(right: &str, wrong: &str) -> (String, Result<Model, DefinitionError>) {
    changed(MODELS[0].text, right, wrong)
}

fn changed(text: &str, right: &str, wrong: &str) -> (String, Result<Model, DefinitionError>) {
    let catalogue = Catalogue::read(CATALOGUE).unwrap();
    assert_eq!(text.matches(right).count(), 1, "`{right}` does not stand once in the file");
    let text = text.replacen(right, wrong, 1);
    let model = Model::read(&Source { file: "test.toml", text: &text }, &catalogue);
    (text, model)
}

#[test]
fn a_second_model_of_the_name_is_refused() {
    let error = Library::read(CATALOGUE, &[MODELS[0], MODELS[0]], &[]).unwrap_err();
    assert_eq!(error.reason, Reason::Duplicate { what: "model", name: "sad".to_owned() });
}

#[test]
fn the_digest_changes_with_a_cut_off_and_not_with_the_line_ends() {
    let catalogue = Catalogue::read(CATALOGUE).unwrap();
    let digest = sad().digest;
    let (_, other) = read("from = 15, points = 1 }, {", "from = 16, points = 1 }, {");
    assert_ne!(other.unwrap().digest, digest);
    let windows = MODELS[0].text.replace('\n', "\r\n");
    assert_eq!(
        Model::read(&Source { file: "test.toml", text: &windows }, &catalogue).unwrap().digest,
        digest
    );
}
