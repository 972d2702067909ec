use std::sync::{Arc, LazyLock, Mutex};

use jiff::civil::Date;

use super::*;
use crate::oracle::{Federation, calendar, somv, stay::Stay};

/// The oracle's SOMV answer, and the admissions that begin in its window.
struct Told {
    answer: somv::Answer,
    admissions: Vec<Stay>,
}

/// By a person's story what is told of the person.
type All = Arc<Vec<(String, Told)>>;

/// What has been worked out already: most tests ask about the same data sets.
static TOLD: LazyLock<Mutex<BTreeMap<(u64, Date), All>>> = LazyLock::new(Mutex::default);

fn told(seed: u64, as_of: Date) -> All {
    let mut told = TOLD.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    Arc::clone(told.entry((seed, as_of)).or_insert_with(|| Arc::new(tell(seed, as_of))))
}

fn tell(seed: u64, as_of: Date) -> Vec<(String, Told)> {
    let out = tempfile::tempdir().unwrap();
    cases(seed, as_of, out.path()).unwrap();
    let stories = stories(seed, as_of).unwrap();
    let federation: Federation = read::federation(out.path()).unwrap();
    let mut answers = federation.somv(as_of, &somv::MUNICIPALITIES.into()).unwrap();
    let mut admissions = federation.admissions(as_of);
    let window = calendar::twelve_months_to(as_of).unwrap();
    stories
        .into_iter()
        // One whom no node knows is in no table.
        .filter_map(|(id, story)| {
            let mut admissions = admissions.remove(&id)?;
            admissions.retain(|admission| window.holds(admission.start.date()));
            Some((story, Told { answer: answers.remove(&id)?, admissions }))
        })
        .collect()
}

const TWO: &str = "stays: two in one region;";
const SOMATIC: &str = "diagnoses: DI509;";

#[test]
fn the_oracle_answers_the_stay_edges_as_worked_out_by_hand() {
    // pattern, two in 30, three in 6 months, admissions in the window, acute ones, regions cross
    let expected = [
        ("one", false, false, 1, 1, false),
        ("two in one region", true, false, 2, 2, false),
        ("both rules", true, true, 3, 3, true),
        ("one in each region", true, false, 2, 2, true),
        ("exactly 12 hours", true, false, 2, 2, true),
        ("a minute under 12 hours", false, false, 1, 1, true),
        ("12 hours over midnight", true, false, 2, 2, true),
        ("transfer within 4 hours", true, false, 2, 2, true),
        ("transfer at exactly 4 hours", true, false, 2, 2, true),
        ("transfer a minute beyond 4 hours", false, false, 1, 1, true),
        ("transfer, exactly 12 hours in all", true, false, 2, 2, true),
        ("transfer, a minute under 12 hours in all", false, false, 1, 1, true),
        ("overlapping, exactly 12 hours in all", true, false, 2, 2, true),
        ("end to start, exactly 12 hours in all", true, false, 2, 2, true),
        ("admissions of both regions are one", false, false, 1, 1, true),
        ("admissions of both regions, exactly 4 hours apart", false, false, 1, 1, true),
        ("admissions of both regions, a minute beyond 4 hours apart", true, false, 2, 2, true),
        ("there and back", true, false, 2, 2, true),
        ("bridged by the other region", false, false, 1, 1, true),
        ("bridged by the other region, planned at first", false, false, 2, 1, true),
        ("three, two of them bridged", false, false, 2, 2, true),
        ("no time at all, then planned at the other", true, false, 2, 2, true),
        ("nested in the other region's", true, false, 2, 2, true),
        ("nested, then within 4 hours of the longer's end", true, false, 2, 2, true),
        ("nested, then exactly 4 hours after the longer's end", true, false, 2, 2, true),
        ("nested, then a minute beyond 4 hours after the longer's end", false, false, 1, 1, true),
        ("one acute, one planned", false, false, 2, 1, false),
        ("one somatic, one psychiatric", true, false, 2, 2, true),
        ("planned, then acute at the other", false, false, 2, 1, true),
        ("planned, then acute at the other a minute beyond 4 hours", true, false, 2, 2, true),
        ("acute, then planned at the other", true, false, 2, 2, true),
        ("planned, but acute at the other before", true, false, 2, 2, true),
        ("tie: the planned ends first", false, false, 2, 1, true),
        ("tie: the acute ends first", true, false, 2, 2, true),
        ("tie: the planned ends first, its region's stay last", false, false, 2, 1, true),
        ("tie: the acute ends first, its region's stay last", true, false, 2, 2, true),
        ("tie of both: the planned has the lower name", false, false, 2, 1, true),
        ("tie of both: the acute has the lower name", true, false, 2, 2, true),
        ("tie of both: 10 is before 9", true, false, 2, 2, true),
        ("tie of both: the beginning of a name is before it", true, false, 2, 2, true),
        ("tie of both: capitals are before small letters", true, false, 2, 2, true),
        ("tie of both: a hyphen is before letters", true, false, 2, 2, true),
        ("tie of both: letters beyond ASCII come last", true, false, 2, 2, true),
        ("tie of both: long names, the planned lower", false, false, 2, 1, true),
        ("tie of both: long names, the acute lower", true, false, 2, 2, true),
        ("tie of both: the lower is planned and held by both", false, false, 2, 1, true),
        ("tie: the planned still there, the acute known to end later", false, false, 2, 1, true),
        ("tie: the planned still there, the acute ended a minute before", true, false, 2, 2, true),
        (
            "tie of both: the planned still there, the acute ended at that minute and lower",
            true,
            false,
            2,
            2,
            true,
        ),
        (
            "tie of both: the acute still there, the planned ended at that minute and lower",
            false,
            false,
            2,
            1,
            true,
        ),
        ("one, held by both", false, false, 1, 1, true),
        ("two far apart, each held by both", false, false, 2, 2, true),
        ("two near, each held by both", true, false, 2, 2, true),
        ("a part of one, held by both", true, false, 2, 2, true),
        ("virtual between", false, false, 1, 1, true),
        ("virtual at the other between", true, false, 2, 2, false),
        ("virtual for 14 hours", false, false, 1, 1, false),
        ("of another kind for 14 hours", false, false, 1, 1, false),
        ("virtual and planned before", true, false, 2, 2, false),
        ("begins on the day outside", false, false, 1, 1, false),
        ("begins in the last minute outside", false, false, 1, 1, false),
        ("begins in the first minute inside", true, false, 2, 2, false),
        ("begun outside at the other", false, false, 1, 1, true),
        ("begun outside at the other, exactly 4 hours apart over midnight", false, false, 1, 1, true),
        ("begun outside at the other, a minute beyond 4 hours apart", true, false, 2, 2, true),
        ("ended at the other exactly 4 hours before the window", false, false, 1, 1, true),
        ("ended at the other a minute earlier than 4 hours before the window", true, false, 2, 2, false),
        ("a chain over the edge", false, false, 1, 1, true),
        ("within the other's that began outside", false, false, 1, 1, true),
        ("still at the other since before the window", false, false, 0, 0, true),
        ("12 hours on the day", true, false, 2, 2, true),
        ("known to end after the day", true, false, 2, 2, true),
        ("known to end after the day, a minute under 12 hours", false, false, 1, 1, true),
        ("begins in the last minute of the day, known to end", true, false, 2, 2, true),
        ("begins after the day", false, false, 1, 1, false),
        ("goes on at the other after the day", false, false, 1, 1, false),
        ("still there for exactly 12 hours", true, false, 2, 2, true),
        ("still there, a minute under 12 hours", false, false, 1, 1, true),
        ("still there since the last minute", false, false, 1, 1, true),
        ("still there after a transfer", true, false, 2, 2, true),
        ("30 days apart", true, false, 2, 2, true),
        ("31 days apart", false, false, 2, 2, true),
        ("30 days apart, more by the clock", true, false, 2, 2, true),
        ("31 days apart, less by the clock", false, false, 2, 2, true),
        ("40 days apart, 25 from the discharge", false, false, 2, 2, true),
        ("31 days from the start of a transfer, 30 from its second part", false, false, 2, 2, true),
        ("three in six months that end in a shorter month", false, true, 3, 3, true),
        ("three, the third a day beyond the shorter month", false, false, 3, 3, true),
        ("three, the first a day before the last of the month", false, true, 3, 3, true),
        ("three up to the day", false, true, 3, 3, true),
        ("three up to the day, the first a day too early", false, false, 3, 3, true),
        ("three, one of them planned", false, false, 3, 2, true),
        ("three, one of them by transfer", false, true, 3, 3, true),
        ("three by the books, two in truth", false, false, 2, 2, true),
        ("four, no three within six months", false, false, 4, 4, true),
        ("four, the last three within six months", false, true, 4, 4, true),
        ("three, the first on the day outside the window", false, false, 2, 2, true),
        ("three, the first on the first day inside the window", false, true, 3, 3, true),
    ];
    for as_of in REFERENCE_DATES {
        let all = told(1, as_of);
        for (name, two_in_30, three_in_6m, n, n_acute, cross) in expected {
            let Told { answer, admissions } = pure(&all, &[BOTH, SOMATIC, &format!("stays: {name};")]);
            let acute = admissions.iter().filter(|admission| admission.acute).count();
            assert_eq!(
                (answer.two_in_30, answer.three_in_6m, admissions.len(), acute, answer.stays_cross),
                (two_in_30, three_in_6m, n, n_acute, cross),
                "{name} on {as_of}"
            );
            let total = u16::from(two_in_30) + u16::from(three_in_6m);
            assert_eq!((answer.total, answer.included), (total, total > 0), "{name} on {as_of}");
        }
        assert_eq!(expected.len() + 2, stay::N_STAYS, "every pattern but none and the one below");
    }
}

#[test]
fn six_months_on_from_the_first_is_not_six_months_back_from_the_third() {
    let expected = [
        (date(2026, 2, 28), true),
        (date(2024, 2, 29), true),
        (date(2024, 3, 1), true),
        (date(2025, 3, 1), true),
        (date(2021, 1, 3), true),
        // From 30 June it is 30 December.
        (date(2024, 12, 31), false),
        (date(2027, 1, 1), true),
        // From 30 April it is 30 October.
        (date(2025, 10, 31), false),
    ];
    for (as_of, three_in_6m) in expected {
        let all = told(1, as_of);
        let stays = "stays: three up to the day, the first six months back;";
        let answer = &pure(&all, &[BOTH, SOMATIC, stays]).answer;
        assert_eq!((answer.two_in_30, answer.three_in_6m), (false, three_in_6m), "{as_of}");
    }
}

#[test]
fn the_last_of_august_and_six_months_are_the_last_of_february() {
    // reference date, first, third, three in six months
    let expected = [
        (date(2024, 3, 1), date(2023, 8, 31), date(2024, 2, 29), true),
        (date(2024, 3, 1), date(2023, 8, 31), date(2024, 3, 1), false),
        (date(2025, 3, 1), date(2024, 8, 31), date(2025, 2, 28), true),
        (date(2025, 3, 1), date(2024, 8, 31), date(2025, 3, 1), false),
        (date(2026, 2, 28), date(2025, 8, 31), date(2026, 2, 28), true),
    ];
    for (as_of, first, third, three_in_6m) in expected {
        let all = told(1, as_of);
        let found: Vec<_> = all
            .iter()
            .map(|(_, told)| told)
            .filter(|told| {
                let acute = told.admissions.iter().filter(|admission| admission.acute);
                let starts: Vec<Date> = acute.map(|admission| admission.start.date()).collect();
                starts.len() == 3 && starts[0] == first && starts[2] == third
            })
            .collect();
        assert!(!found.is_empty(), "nobody from {first} to {third} on {as_of}");
        for told in found {
            assert_eq!(told.answer.three_in_6m, three_in_6m, "{first} to {third} on {as_of}");
        }
    }
}

#[test]
fn the_oracle_answers_the_problem_areas_as_worked_out_by_hand() {
    // pattern, somatic, psychiatric, substance
    let expected = [
        ("none", false, false, false),
        ("DF32", false, true, false),
        ("DI509", true, false, false),
        ("DG309", true, false, false),
        ("DF09", false, true, false),
        ("DF10", false, false, true),
        ("DF102", false, false, true),
        ("DF16", false, false, true),
        ("DF17", false, false, false),
        ("DF172", false, false, false),
        ("DF18", false, false, true),
        ("DF199", false, false, true),
        ("DF20", false, true, false),
        ("DF99", false, true, false),
        ("DZ032", false, false, false),
        ("tobacco beside alcohol", false, false, true),
        ("tobacco beside somatic", true, false, false),
        ("tobacco beside observation", false, false, false),
        ("alcohol beside psychosis", false, true, true),
        ("all areas, no action diagnosis", true, true, true),
        ("somatic first of three", true, false, false),
        ("psychiatric second of three", false, true, false),
        ("substance last of three", false, false, true),
        ("no code", false, false, false),
        ("thirty years ago", false, false, false),
        ("somatic, last minute outside two years", false, false, false),
        ("somatic, first minute inside two years", true, false, false),
        ("somatic, last minute of the day", true, false, false),
        ("somatic, midnight after the day", false, false, false),
        ("somatic, virtual", true, false, false),
        ("somatic, in the other region", true, false, false),
        ("psychiatric in one region, substance in the other", false, true, true),
        ("each too early in one region, too late in the other", false, false, false),
    ];
    for as_of in REFERENCE_DATES {
        let all = told(1, as_of);
        for (name, somatic, psychiatric, substance) in expected {
            let answer = &pure(&all, &[BOTH, TWO, &format!("diagnoses: {name};")]).answer;
            assert_eq!(
                (answer.somatic, answer.psychiatric, answer.substance, answer.social),
                (somatic, psychiatric, substance, false),
                "{name} on {as_of}"
            );
            let included = somatic || psychiatric || substance;
            assert_eq!((answer.total, answer.included), (1, included), "{name} on {as_of}");
        }
    }
}

#[test]
fn the_oracle_answers_the_social_area_as_worked_out_by_hand() {
    let expected = [
        ("services: SEL_85", true),
        ("services: SEL_83", true),
        ("services: SEL_99", true),
        ("services: SUL_138", false),
        ("services: near misses", false),
        ("services: other laws", false),
        ("services: last day on the day", true),
        ("services: last day the day before", false),
        ("services: first day on the day", true),
        ("services: first day the day after", false),
        ("services: the day alone", true),
        ("services: a gap on the day", false),
        ("services: at the former municipality", true),
        ("services: ended at the former municipality", false),
        ("services: handed over at the move", true),
        ("services: recorded twice", true),
        ("services: at the edges of twelve months", false),
        ("benefits: 111", false),
        ("benefits: 129", false),
        ("benefits: 130", true),
        ("benefits: 138", true),
        ("benefits: 139", false),
        ("benefits: 729", false),
        ("benefits: 730", true),
        ("benefits: 738", true),
        ("benefits: 739", false),
        ("benefits: 783", false),
        ("benefits: 135 elsewhere", true),
        ("benefits: unemployed and cash benefit", true),
        ("benefits: cash benefit the week before", false),
        ("benefits: cash benefit the week after", false),
        ("benefits: cash benefit the same week a year before", false),
    ];
    for as_of in REFERENCE_DATES {
        let all = told(1, as_of);
        for (name, social) in expected {
            let answer = &pure(&all, &[MOVED_HOME, BOTH, TWO, &format!("{name};")]).answer;
            let areas = (answer.somatic, answer.psychiatric, answer.substance, answer.social);
            assert_eq!(areas, (false, false, false, social), "{name} on {as_of}");
            assert_eq!((answer.total, answer.included), (1, social), "{name} on {as_of}");
        }
    }
}

#[test]
fn a_flag_is_a_third_contact_rule_of_the_variant_and_no_problem_area() {
    let expected = [
        ("on the day", true),
        ("the day before", true),
        ("the day after", false),
        ("long ago", true),
        ("at the former municipality", true),
        ("the day after at both", false),
        ("several, the last too late", true),
    ];
    for as_of in REFERENCE_DATES {
        let all = told(1, as_of);
        for (name, flag) in expected {
            let flags = &format!("flags: {name};");
            let alone = &pure(&all, &[MOVED_HOME, BOTH, SOMATIC, flags]).answer;
            assert_eq!((alone.frontline, alone.total, alone.included), (flag, 0, false), "{name} on {as_of}");
            assert_eq!(
                (alone.total_with_frontline, alone.included_with_frontline),
                (u16::from(flag), flag),
                "{name} on {as_of}"
            );
            let beside = &pure(&all, &[MOVED_HOME, BOTH, SOMATIC, TWO, flags]).answer;
            assert_eq!((beside.total, beside.total_with_frontline), (1, 1 + u16::from(flag)), "{name}");
            assert!(beside.included && beside.included_with_frontline, "{name} on {as_of}");
            let both = "stays: both rules;";
            let both = &pure(&all, &[MOVED_HOME, BOTH, SOMATIC, both, flags]).answer;
            assert_eq!((both.total, both.total_with_frontline), (2, 2 + u16::from(flag)), "{name}");
            let no_area = &pure(&all, &[MOVED_HOME, BOTH, TWO, flags]).answer;
            assert_eq!((no_area.frontline, no_area.included_with_frontline), (flag, false), "{name}");
        }
    }
}

#[test]
fn only_residents_of_the_two_municipalities_are_included() {
    let expected = [
        ("in 360 always", true),
        ("in 376 always", true),
        ("in 461 always", false),
        ("moves the day after", true),
        ("moved in on the day", true),
        ("leaves on the day", true),
        ("left the day before", false),
        ("arrives on the day", false),
        ("arrives the day after", false),
        ("back after a gap", true),
        ("moved from 461 a year ago", true),
        ("in a gap on the day", false),
        ("moved out and back", true),
        ("through all three", false),
        ("dead on the day", false),
        ("dead the day after", true),
        ("dead the day before, residence open", false),
        ("dead since long", false),
        ("known to no municipality", false),
        ("in persons, without residence", false),
        ("residence recorded twice", true),
        ("here for one day only", false),
        ("dead by the old municipality's record only", true),
    ];
    for as_of in REFERENCE_DATES {
        let all = told(1, as_of);
        for (name, included) in expected {
            let answer = &pure(&all, &[BOTH, SOMATIC, TWO, &format!("home: {name};")]).answer;
            assert_eq!((answer.eligible, answer.included), (included, included), "{name} on {as_of}");
            assert_eq!((answer.somatic, answer.total), (true, 1), "{name} on {as_of}");
        }
    }
}

#[test]
fn the_population_is_18_to_70_years_old() {
    // reference date, birth date, in the population
    let expected = [
        (date(2026, 2, 28), date(2008, 2, 28), true),
        (date(2026, 2, 28), date(2008, 2, 29), false),
        (date(2026, 2, 28), date(2008, 3, 1), false),
        (date(2026, 2, 28), date(1960, 2, 28), true),
        (date(2026, 2, 28), date(1956, 2, 29), true),
        (date(2026, 2, 28), date(1955, 3, 1), true),
        (date(2026, 2, 28), date(1955, 2, 28), false),
        (date(2026, 2, 28), date(1955, 2, 27), false),
        (date(2024, 2, 29), date(2006, 2, 28), true),
        (date(2024, 2, 29), date(2006, 3, 1), false),
        (date(2024, 2, 29), date(1953, 3, 1), true),
        (date(2024, 2, 29), date(1953, 2, 28), false),
        (date(2024, 3, 1), date(1953, 3, 2), true),
        (date(2024, 3, 1), date(1953, 3, 1), false),
        (date(2027, 1, 1), date(1956, 1, 2), true),
        (date(2027, 1, 1), date(1956, 1, 1), false),
    ];
    for (as_of, birth, eligible) in expected {
        let all = told(1, as_of);
        let answer = &pure(&all, &["age: edge;", BOTH, SOMATIC, TWO, &format!("born {birth};")]).answer;
        assert_eq!((answer.eligible, answer.included), (eligible, eligible), "born {birth}, on {as_of}");
    }
}

#[test]
fn a_region_contributes_its_part_of_a_stay_only_for_patients_of_members() {
    // register, somatic, two in 30, regions cross
    let expected = [
        ("own region", true, true, false),
        ("both regions", true, true, true),
        ("no region", false, false, false),
        ("the other region only", true, true, false),
        ("register says elsewhere", false, false, false),
        ("register says a stranger", false, false, false),
        ("register lags behind", true, true, false),
        ("one of two says elsewhere", true, false, false),
        ("two registers disagree", true, true, true),
    ];
    for as_of in REFERENCE_DATES {
        let all = told(1, as_of);
        for (name, somatic, two_in_30, cross) in expected {
            let patient = &format!("patient: {name};");
            let answer = &pure(&all, &[patient, SOMATIC, "stays: transfer within 4 hours;"]).answer;
            assert_eq!(
                (answer.somatic, answer.two_in_30, answer.stays_cross),
                (somatic, two_in_30, cross),
                "{name} on {as_of}"
            );
        }
    }
}

#[test]
fn every_criterion_and_every_total_occurs_in_the_population() {
    for seed in [1, 2] {
        let all = told(seed, date(2024, 2, 29));
        let eligible: Vec<_> = all.iter().map(|told| &told.1.answer).filter(|a| a.eligible).collect();
        for (nth, (name, _)) in eligible[0].criteria().iter().enumerate() {
            let values: BTreeSet<u16> = eligible.iter().map(|a| a.criteria()[nth].1).collect();
            assert_eq!(values, [0, 1].into(), "{name}, seed {seed}");
        }
        let totals: BTreeSet<u16> = eligible.iter().map(|a| a.total_with_frontline).collect();
        assert_eq!(totals, [0, 1, 2, 3].into(), "seed {seed}");
        let n = |is: fn(&somv::Answer) -> bool| eligible.iter().filter(|a| is(a)).count();
        assert!(n(|a| a.included) > 80, "{} included, seed {seed}", n(|a| a.included));
        assert!(n(|a| a.included && a.stays_cross) > 40, "seed {seed}");
        assert!(n(|a| !a.included && a.stays_cross) > 20, "seed {seed}");
        assert!(n(|a| a.included != a.included_with_frontline) > 5, "seed {seed}");
    }
}

#[test]
fn a_contact_that_both_regions_hold_costs_once() {
    let as_of = date(2026, 2, 28);
    let out = tempfile::tempdir().unwrap();
    cases(1, as_of, out.path()).unwrap();
    let mut stories = stories(1, as_of).unwrap();
    let cost = read::federation(out.path()).unwrap().cost(as_of).unwrap();
    let cost: Vec<_> = cost.into_iter().map(|(id, cost)| (stories.remove(&id).unwrap(), cost)).collect();
    for (name, n_contacts) in
        [("one", 1), ("one, held by both", 1), ("two near, each held by both", 2), ("one in each region", 2)]
    {
        let cost = pure(&cost, &[BOTH, SOMATIC, &format!("stays: {name};")]);
        assert_eq!(cost.hospital_somatic, n_contacts * 3_811_125, "{name}");
        assert_eq!(cost.total(), cost.hospital_somatic, "{name}");
    }
}
