//! A simulation says what the policy would say, to whom, and at which price.

use tvaers_definitions::tables::Tables;

use super::explain::plain;
use super::*;
use crate::explain::Conversion;
use crate::permit::Mode;
use crate::simulate::{Asked, Left, Noise, Simulated, Simulating, StudyAsked, simulate, to_document};
use crate::verdict::Verdict;

const NOBODY: Spent =
    Spent { permit: 0, period: 0, life: 0, calendar: 0, period_frees: None, calendar_begins: None };

fn study_asked(model: &Model) -> StudyAsked<'_> {
    StudyAsked {
        model,
        sector: Sector::Municipality,
        grain: Grain::Events,
        as_of: date(2026, 10, 31),
        until: None,
        evaluations: 50_000,
    }
}

fn list(model: &Model) -> Asked<'_> {
    Asked::List {
        study: study_asked(model),
        disclosure: Disclosure::Items,
        recipients: &[Recipient::Municipality],
    }
}

fn codes(one: &Simulated) -> Vec<&'static str> {
    one.violations.iter().map(|violation| violation.code).collect()
}

#[test]
fn a_query_is_tried_under_each_permit_for_aggregates() {
    let policy = read_right(municipality());
    let sum = query(SUM);
    let asked = Asked::Query { query: &sum, nano_rho: None };
    let all = simulate(&policy, &asked, TODAY, &NOBODY, &Simulating::default());
    let [one] = all.as_slice() else { panic!("{all:?}") };
    assert!(one.is_permitted());
    assert_eq!(
        (one.permit.as_str(), one.mode, one.asker.as_deref()),
        (AGGREGATES, Mode::Aggregates, Some("Anna Analytiker"))
    );
    let cost = one.cost.unwrap();
    assert_eq!(cost.nano_rho, 10_000_000, "the permit's default");
    let left = Left { permit: 490_000_000, period: 490_000_000, life: 1_990_000_000 };
    assert_eq!(cost.left, Some(left));
    // As the node's own verdict.
    let Verdict::Permitted(grant) = policy.admit_aggregate(&aggregate(&sum), &NOBODY, TODAY) else {
        panic!()
    };
    assert_eq!((grant.price.nano_rho, grant.price.left_life), (cost.nano_rho, left.life));
    assert_eq!((cost.epsilon, cost.noise), (None, None));
    // Nobody can ask where there is no permit for it.
    let mut none = super::every_key::parsed(municipality());
    none["permit"].as_array_mut().unwrap().remove(0);
    let none = read_right(&none.to_string());
    assert_eq!(simulate(&none, &asked, TODAY, &NOBODY, &Simulating::default()), []);
    assert!(plain(&to_document(&[]))[0].contains("ingen tilladelse til den slags"));
}

#[test]
fn every_rule_that_is_broken_is_told_with_the_price() {
    let policy = read_right(municipality());
    let sum = query("kind = \"sum\"\nfeature = \"cost_gp_1y\"\n");
    let asked = Asked::Query { query: &sum, nano_rho: Some(60_000_000) };
    let with = Simulating {
        permit: Some(AGGREGATES),
        purpose: Some("other"),
        asker: Some("Ingen"),
        ..Simulating::default()
    };
    let spent = Spent { life: 1_990_000_000, ..NOBODY };
    let all = simulate(&policy, &asked, date(2028, 1, 1), &spent, &with);
    let expected = [
        "policy.expired",
        "permit.expired",
        "asker.unknown",
        "purpose.other",
        "data.table",
        "data.feature",
        "data.table",
        "data.sum",
        "budget.query",
        "budget.life",
    ];
    let mut expected = expected.to_vec();
    let mut found = codes(&all[0]);
    expected.sort_unstable();
    found.sort_unstable();
    expected.dedup();
    found.dedup();
    assert_eq!(found, expected);
    assert_eq!(all[0].cost.map(|cost| (cost.nano_rho, cost.left)), Some((60_000_000, None)));
    // The query is for regions.
    assert_eq!(all[0].notes.len(), 1);
    let [da, en] = plain(&to_document(&all));
    assert!(da.contains("\nAfvist: statistik på nodens egne data.\n") && da.contains("\nbudget.life\n"));
    assert!(en.contains("the node would not be asked") && en.contains("The price is rho 0.06."));
    // A permit of another mode, and one that there is not.
    for (permit, code) in [(JOINED, "permit.mode"), ("none", "permit.unknown")] {
        let with = Simulating { permit: Some(permit), ..Simulating::default() };
        let one = simulate(&policy, &asked, TODAY, &NOBODY, &with).remove(0);
        assert_eq!((codes(&one), one.cost), (vec![code], None));
    }
}

#[test]
fn a_list_takes_two_persons_and_grants_no_more_than_the_policy_has() {
    let policy = read_right(municipality());
    let sad = library().model("sad").unwrap();
    let one = simulate(&policy, &list(sad), TODAY, &NOBODY, &Simulating::default()).remove(0);
    assert!(one.is_permitted(), "{:?}", codes(&one));
    assert_eq!(
        (one.asker.as_deref(), one.second.as_deref()),
        (Some("Stine Sekretariat"), Some("Databeskyttelsesrådgiveren"))
    );
    assert_eq!((one.grain, one.disclosure, one.cost), (Some(Grain::Points), Some(Disclosure::Stratum), None));
    // What each component gives, also where it may give more than the others let the run be.
    let told = |name: &str| one.components.iter().find(|one| one.name == name).unwrap().clone();
    assert_eq!((told("long_spells").granted, told("long_spells").told), (Grain::Counts, Grain::Points));
    assert_eq!((told("unemployed").granted, told("unemployed").told), (Grain::Points, Grain::Points));
    let [da, en] = plain(&to_document(std::slice::from_ref(&one)));
    assert!(
        da.contains("\nlong_spells\n\nantal\n\npoint\n")
            && en.contains("\nlong_spells\n\ncounts\n\npoints\n"),
        "{da}"
    );
    assert!(da.contains("Nogle komponenter må bidrage finere, end de gør her"), "{da}");
    let alone = Simulating { is_alone: true, ..Simulating::default() };
    let one = simulate(&policy, &list(sad), TODAY, &NOBODY, &alone).remove(0);
    assert_eq!(codes(&one), ["second-signature.missing"]);
    // Where the only second signature is that of who asks, the verdict says so.
    let same = municipality().replace(&"b2".repeat(32), &"d0".repeat(32)).replace(
        "name = \"Stine Sekretariat\"\nkey = \"d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0\"\nrole = \"analyst\"",
        "name = \"Stine Sekretariat\"\nkey = \"d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0\"\nrole = \"dpo\"",
    );
    let one = simulate(&read_right(&same), &list(sad), TODAY, &NOBODY, &Simulating::default()).remove(0);
    assert_eq!(codes(&one), ["second-signature.same"]);
    let somv = library().model("somv").unwrap();
    let one = simulate(&policy, &list(somv), TODAY, &NOBODY, &Simulating::default()).remove(0);
    assert!(codes(&one).contains(&"model.unknown"));
    // What no policy can allow.
    let indicator =
        library().indicators().iter().filter_map(|one| one.model()).find(|model| !model.tables.is_empty());
    let one =
        simulate(&read_right(LABORATORY), &list(indicator.unwrap()), TODAY, &NOBODY, &Simulating::default());
    assert_eq!(codes(&one[0]), ["mode.indicator"]);
}

#[test]
fn tables_are_priced_with_what_the_caller_knows_of_noise() {
    let policy = read_right(municipality());
    let sad = library().model("sad").unwrap();
    let tables = Tables::new(sad, &[360, 376], date(2026, 10, 31), None);
    let asked = Asked::Tables { study: study_asked(sad), tables: &tables, nano_rho: None };
    let epsilon = |nano: u64| Some((80.0 * nano as f64 / 1e9).sqrt());
    let noise = |asked: &Asked<'_>, nano: u64| {
        assert_eq!(asked.mode(), Mode::JoinedStatistics);
        Some(Noise { scale: (5e8 / nano as f64).sqrt(), standard_error: 3.5 })
    };
    let with = Simulating {
        conversion: Some(Conversion { delta: "1e-8", epsilon_of_rho: &epsilon }),
        noise: Some(&noise),
        ..Simulating::default()
    };
    let all = simulate(&policy, &asked, TODAY, &NOBODY, &with);
    assert!(all[0].is_permitted(), "{:?}", codes(&all[0]));
    let cost = all[0].cost.unwrap();
    assert_eq!((cost.nano_rho, cost.epsilon), (50_000_000, Some(2.0)));
    assert!((cost.noise.unwrap().scale - 10_f64.sqrt()).abs() < 1e-12);
    assert_eq!(cost.left.map(|left| left.permit), Some(350_000_000));
    let [da, _] = plain(&to_document(&all));
    for text in [
        "Prisen er rho 0,05 (svarer til epsilon 2).",
        "rho 0,35 tilbage under tilladelsen",
        "skala er 3,16, og standardfejlen på ét tal er 3,50.",
    ] {
        assert!(da.contains(text), "{text}: {da}");
    }
    // In a laboratory there is no limit, and it says what it is.
    let all = simulate(&read_right(LABORATORY), &asked, TODAY, &NOBODY, &with);
    assert!(all[0].is_permitted() && all[0].asker.is_none());
    let [da, _] = plain(&to_document(&all));
    assert!(da.contains("ubegrænset tilbage under tilladelsen") && da.contains("opdigtede data"));
}

#[test]
fn the_sector_is_read_from_the_nodes_name() {
    let sector = |text: &str| read_right(text).sector();
    assert_eq!(sector(municipality()), Some(Sector::Municipality));
    assert_eq!(sector(REGION), Some(Sector::Region));
    assert_eq!(sector(LABORATORY), None);
    for name in ["kommune", "k", "region_", "region_x", "kk360"] {
        assert_eq!(
            sector(&municipality().replace("node = \"k360\"", &format!("node = \"{name}\""))),
            None,
            "{name}"
        );
    }
}
