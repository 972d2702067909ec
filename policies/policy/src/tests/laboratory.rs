//! A laboratory's policy permits all that made-up data can be used for, and its results are marked.

use super::*;
use crate::laboratory::{self, laboratory};
use crate::permit::Persons;
use crate::verdict::Verdict;

fn anyone(permit: &'static str) -> Ask<'static> {
    Ask { key: VerifyingKey([7; 32]), role: Role::Analyst, permit, purpose: "", second: None }
}

fn policy(grain: Grain, rho: &str) -> Policy {
    read_right(&laboratory(grain, Decimal::parse(rho).unwrap()))
}

#[test]
fn the_text_differs_from_the_example_in_grain_and_default_alone() {
    let example = laboratory(Grain::Events, Decimal::parse("0.1").unwrap());
    assert_eq!(example, LABORATORY);
    let other = laboratory(Grain::Points, Decimal::parse("1e6").unwrap());
    let changed: Vec<_> =
        LABORATORY.lines().zip(other.lines()).filter(|(a, b)| a != b).map(|(_, b)| b).collect();
    let default = "default-query = { rho = 1000000 }";
    assert_eq!(changed, [default, default, "grain = \"points\"", "grain = \"points\""]);
}

#[test]
fn every_feature_and_category_may_be_asked_for_again_and_again() {
    let policy = policy(Grain::Events, "0.5");
    let sensitive = query("kind = \"count\"\nby = [\"foreign_citizen\", \"akasse_listed\", \"kommune\"]\n");
    let cost = query("kind = \"sum\"\nfeature = \"cost_gp_1y\"\nby = [\"kommune\", \"sex\", \"age_band\"]\n");
    for query in [&sensitive, &cost] {
        let request = AggregateRequest {
            ask: anyone(laboratory::AGGREGATES),
            query,
            nano_rho: None,
            // As `--times` asks, long after any budget would be spent, before the reference date.
            repetition: 1_999,
        };
        let spent = Spent { permit: 1 << 62, period: 1 << 62, life: 1 << 62, ..Spent::default() };
        let verdict = policy.admit_aggregate(&request, &spent, date(2020, 1, 1));
        let grant = verdict.granted().unwrap();
        assert!(grant.terms.laboratory);
        assert_eq!(grant.price.nano_rho, 500_000_000);
        assert_eq!((grant.shown.smallest, grant.shown.rounding), (0, 1));
        assert_eq!((grant.terms.release.reply_grid_ms, policy.witnesses(5)), (0, 0));
    }
    let mut request = aggregate(&cost);
    request.ask = anyone(laboratory::AGGREGATES);
    request.nano_rho = Some(1_000_000_000_000_000);
    let verdict = policy.admit_aggregate(&request, &Spent::default(), TODAY);
    assert_eq!(verdict.granted().unwrap().price.nano_rho, 1_000_000_000_000_000, "rho 1e6, as good as exact");
}

#[test]
fn a_ledger_that_is_full_refuses_even_in_a_laboratory() {
    let policy = policy(Grain::Events, "0.5");
    let count = query("kind = \"count\"\n");
    let request = AggregateRequest {
        ask: anyone(laboratory::AGGREGATES),
        query: &count,
        nano_rho: None,
        repetition: 0,
    };
    let spent = Spent { permit: u64::MAX - 1, period: 0, life: u64::MAX, ..Spent::default() };
    assert_eq!(policy.admit_aggregate(&request, &spent, TODAY).codes(), ["budget.permit", "budget.life"]);
}

#[test]
fn all_of_a_work_list_is_disclosed_at_the_grain_that_was_chosen() {
    for model in library().models() {
        for sector in [Sector::Region, Sector::Municipality] {
            for grain in [Grain::Points, Grain::Counts, Grain::Events] {
                let request = ContributionRequest {
                    ask: anyone(laboratory::PERSON_CONTRIBUTIONS),
                    study: Study {
                        grain: Wish::UpTo(Grain::Events),
                        evaluations: 10_000_000,
                        until: Some(date(2030, 1, 1)),
                        follow_up: Some(Date::MAX),
                        ..study(model, sector, grain)
                    },
                    disclosure: Wish::Exactly(Disclosure::Items),
                    recipients: &[Recipient::Municipality, Recipient::GpPractice],
                };
                let Verdict::Permitted(grant) = policy(grain, "1").admit_contribution(&request, TODAY) else {
                    panic!("refused");
                };
                // At counts a rule without events tells all that it can at grain events too.
                let joined = model.layout(sector, Grain::Events).components.iter().any(|index| {
                    let touch = model.components.get(*index).and_then(|component| component.touch);
                    touch.is_some_and(|group| model.touches.get(group).is_some_and(|touch| touch.has_events))
                });
                let expected = if grain == Grain::Counts && !joined { Grain::Events } else { grain };
                assert_eq!(grant.study.grain, expected, "{} {sector} {grain}", model.name);
                assert_eq!((grant.disclosure, grant.persons), (Disclosure::Items, Persons::All));
                assert_eq!(grant.recipients.len(), 2);
            }
        }
    }
}

#[test]
fn joined_tables_are_charged_there_too() {
    let request = JoinedRequest {
        ask: anyone(laboratory::JOINED_STATISTICS),
        nano_rho: Some(3),
        repetition: 7,
        ..joined(library().model("sad").unwrap())
    };
    let verdict = policy(Grain::Events, "1").admit_joined(&request, &Spent::default(), TODAY);
    assert_eq!(verdict.granted().unwrap().price.nano_rho, 3);
}

#[test]
fn what_a_laboratory_states_counts() {
    let asker = "[[permit.asker]]\nname = \"Anna\"\nkey = \"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1\"\nrole = \"analyst\"\n";
    let text = edit(LABORATORY, "mode = \"aggregates\"", "[permit.data]", &format!("{asker}[permit.data]"));
    let text =
        edit(&text, "mode = \"aggregates\"", "\n", "\nvalid-from = 2026-12-16\nvalid-to = 2026-12-31\n");
    let policy = read_right(&text);
    let count = query("kind = \"count\"\n");
    let request = AggregateRequest {
        ask: anyone(laboratory::AGGREGATES),
        query: &count,
        nano_rho: None,
        repetition: 0,
    };
    let verdict = policy.admit_aggregate(&request, &Spent::default(), TODAY);
    assert_eq!(verdict.codes(), ["permit.not-yet-valid", "asker.unknown"]);
    // What an answer costs is a number even there.
    let faults = read(&LABORATORY.replace("default-query = { rho = 0.1 }", "default-query = \"unlimited\""))
        .unwrap_err();
    assert!(
        faults.iter().all(|fault| fault.code == "policy.budget") && faults.len() == 2,
        "{}",
        shown(&faults)
    );
    // A laboratory's word is needed for all that it lifts.
    let faults = read(&LABORATORY.replace("laboratory = true", "laboratory = false")).unwrap_err();
    assert!(faults.len() > 20, "{}", shown(&faults));
}
