//! What is permitted and at which price, and every rule with which a request is refused.

use super::*;
use crate::Violation;
use crate::permit::Persons;
use crate::verdict::{Price, Shown};

fn policy() -> Policy {
    read_right(municipality())
}

/// The codes of the municipality's policy about a request for aggregates, changed.
fn about(change: impl FnOnce(&mut AggregateRequest<'_>)) -> Vec<&'static str> {
    let sum = query(SUM);
    let mut request = aggregate(&sum);
    change(&mut request);
    policy().admit_aggregate(&request, &Spent::default(), TODAY).codes()
}

/// The codes about another query.
fn about_query(text: &str) -> Vec<&'static str> {
    let query = query(text);
    policy().admit_aggregate(&aggregate(&query), &Spent::default(), TODAY).codes()
}

#[test]
fn a_query_is_permitted_with_its_price_and_what_applies() {
    let sum = query(SUM);
    let spent = Spent { permit: 100_000_000, period: 200_000_000, life: 300_000_000, ..Spent::default() };
    let verdict = policy().admit_aggregate(&aggregate(&sum), &spent, TODAY);
    let grant = verdict.granted().unwrap();
    assert_eq!(
        grant.price,
        Price {
            nano_rho: 10_000_000,
            left_permit: 390_000_000,
            left_period: 290_000_000,
            left_life: 1_690_000_000
        }
    );
    assert_eq!(grant.shown, Shown { smallest: 5, rounding: 5, dimensions_max: 4, cells_max: 500 });
    assert_eq!((grant.terms.permit.as_str(), grant.terms.laboratory), (AGGREGATES, false));
    assert_eq!(grant.terms.release.reply_grid_ms, 250);
    assert_eq!(grant.terms.exclusions.opt_outs.as_deref(), Some("opt-outs.csv"));
    assert_eq!(grant.terms.policy, policy().digest());
}

#[test]
fn who_asks_is_compared_exactly() {
    let none: [&str; 0] = [];
    assert_eq!(about(|_| {}), none);
    for position in [0, 31] {
        let mut key = ANNA;
        key.0[position] ^= 1;
        assert_eq!(about(|request| request.ask.key = key), ["asker.unknown"]);
    }
    assert_eq!(about(|request| request.ask.role = Role::Dpo), ["asker.role"]);
    let other = VerifyingKey([0xc3; 32]);
    assert_eq!(about(|request| request.ask.key = other), none);
    // Another of those who may ask, in a role of their own.
    let policy = read_right(&edit(municipality(), "Asta Analytiker", "\"analyst\"", "\"dpo\""));
    let sum = query(SUM);
    let in_role = |role| {
        let mut request = aggregate(&sum);
        (request.ask.key, request.ask.role) = (other, role);
        policy.admit_aggregate(&request, &Spent::default(), TODAY).codes()
    };
    assert_eq!(in_role(Role::Analyst), ["asker.role"]);
    assert_eq!(in_role(Role::Dpo), none);
    for permit in ["", "monitoring", "monitoring-2026 ", "Monitoring-2026", "pilot-2026"] {
        assert_eq!(about(|request| request.ask.permit = permit), ["permit.unknown"]);
    }
    for purpose in ["", "triple-aim", "Triple-aim-monitoring"] {
        assert_eq!(about(|request| request.ask.purpose = purpose), ["purpose.other"]);
    }
}

#[test]
fn a_permit_of_one_mode_is_none_of_another() {
    let policy = policy();
    let sad = library().model("sad").unwrap();
    let spent = Spent::default();
    let sum = query(SUM);
    let modes = |ask: Ask<'static>| {
        [
            policy.admit_aggregate(&AggregateRequest { ask, ..aggregate(&sum) }, &spent, TODAY).codes(),
            policy.admit_joined(&JoinedRequest { ask, ..joined(sad) }, &spent, TODAY).codes(),
            policy.admit_contribution(&ContributionRequest { ask, ..contribution(sad) }, TODAY).codes(),
        ]
    };
    let (none, mode) = (Vec::new(), vec!["permit.mode"]);
    let aggregates = modes(anna(AGGREGATES, "triple-aim-monitoring"));
    assert_eq!(aggregates, [none.clone(), mode.clone(), mode.clone()]);
    assert_eq!(modes(anna(JOINED, "size-target-group")), [mode.clone(), none.clone(), mode.clone()]);
    assert_eq!(modes(stine()), [mode.clone(), mode, none]);
}

#[test]
fn days_count_to_the_last_one() {
    let sum = query(SUM);
    let text = edit(municipality(), "id = \"monitoring-2026\"", "mode =", "revoked = 2027-11-01\nmode =");
    let policy = read_right(&text);
    let on = |today: Date| policy.admit_aggregate(&aggregate(&sum), &Spent::default(), today).codes();
    let none: [&str; 0] = [];
    assert_eq!(on(date(2026, 11, 30)), ["policy.not-yet-valid", "permit.not-yet-valid"]);
    assert_eq!(on(date(2026, 12, 1)), none);
    assert_eq!(on(date(2027, 10, 31)), none);
    assert_eq!(on(date(2027, 11, 1)), ["permit.revoked"]);
    assert_eq!(on(date(2027, 12, 1)), ["policy.expired", "permit.expired", "permit.revoked"]);
    assert_eq!(
        on(date(2026, 10, 30)),
        ["policy.not-yet-valid", "permit.not-yet-valid", "permit.not-approved", "request.as-of"]
    );
}

#[test]
fn an_answered_question_is_not_answered_afresh() {
    assert_eq!(about(|request| request.repetition = 1), ["request.repeated"]);
}

#[test]
fn a_price_is_what_is_asked_for_or_the_default_and_never_made_to_fit() {
    let none: [&str; 0] = [];
    assert_eq!(about(|request| request.nano_rho = Some(50_000_000)), none);
    assert_eq!(about(|request| request.nano_rho = Some(50_000_001)), ["budget.query"]);
    assert_eq!(about(|request| request.nano_rho = Some(0)), ["budget.nothing"]);
    let all = ["budget.query", "budget.permit", "budget.period", "budget.calendar", "budget.life"];
    assert_eq!(about(|request| request.nano_rho = Some(u64::MAX)), all);
    // The pilot has no default.
    let pilot = read_right(PILOT);
    let count = query("kind = \"count\"\nby = [\"sex\"]\n");
    let mut request = AggregateRequest { ask: anna("pilot-2026", "try-tvaers"), ..aggregate(&count) };
    let verdict = pilot.admit_aggregate(&request, &Spent::default(), TODAY);
    assert_eq!(verdict.codes(), ["budget.unstated"]);
    request.nano_rho = Some(500_000);
    assert!(pilot.admit_aggregate(&request, &Spent::default(), TODAY).granted().is_some());
}

#[test]
fn a_budget_is_spent_to_the_last_nano_rho_and_no_further() {
    let policy = policy();
    let sum = query(SUM);
    let price = 10_000_000;
    let spends = |permit, period, life| {
        policy
            .admit_aggregate(&aggregate(&sum), &Spent { permit, period, life, ..Spent::default() }, TODAY)
            .codes()
    };
    let (in_all, period, life) = (500_000_000, 500_000_000, 2_000_000_000);
    let none: [&str; 0] = [];
    assert_eq!(spends(in_all - price, period - price, life - price), none);
    assert_eq!(spends(in_all - price + 1, 0, 0), ["budget.permit"]);
    assert_eq!(spends(0, period - price + 1, 0), ["budget.period"]);
    assert_eq!(spends(0, 0, life - price + 1), ["budget.life"]);
    // Sums beyond the budget, as after a policy that lowered it.
    assert_eq!(spends(u64::MAX, u64::MAX, u64::MAX), ["budget.permit", "budget.period", "budget.life"]);
}

#[test]
fn a_refusal_says_what_would_be_allowed_now_and_when_there_is_more() {
    let sum = query(SUM);
    let refused = |policy: &Policy, spent: Spent, nano_rho| {
        let request = AggregateRequest { nano_rho: Some(nano_rho), ..aggregate(&sum) };
        let violations = policy.admit_aggregate(&request, &spent, TODAY).into_result().unwrap_err();
        let told = |violation: Violation| (violation.code, violation.allowed, violation.sentence.en);
        violations.into_iter().map(told).collect::<Vec<_>>()
    };
    let policy = policy();
    let frees = Some(date(2027, 2, 1));
    // 0.02 is left in the period and 0.05 under the permit; one answer may cost 0.05.
    let spent = Spent { permit: 450_000_000, period: 480_000_000, period_frees: frees, ..Spent::default() };
    let [(code, allowed, sentence)] = &refused(&policy, spent, 30_000_000)[..] else { panic!() };
    assert_eq!((*code, allowed.as_str()), ("budget.period", "rho = 0.02"));
    assert_eq!(
        sentence,
        "The answer costs more than the rho = 0.02 left in the period. There is more on 2027-02-01."
    );
    // What is said to be allowed is allowed, and the least more is not.
    let at = |nano_rho| {
        let request = AggregateRequest { nano_rho: Some(nano_rho), ..aggregate(&sum) };
        policy.admit_aggregate(&request, &spent, TODAY).granted().is_some()
    };
    assert!(at(20_000_000) && !at(20_000_001));
    let spent = Spent { calendar: 499_999_999, calendar_begins: frees, ..Spent::default() };
    let [(code, allowed, sentence)] = &refused(&policy, spent, 2)[..] else { panic!() };
    assert_eq!((*code, allowed.as_str()), ("budget.calendar", "rho = 0.000000001"));
    assert!(sentence.ends_with("There is more on 2027-02-01."), "{sentence}");
    // Nothing left is nothing allowed; a permit's budget does not come back.
    let spent = Spent { permit: 500_000_000, period_frees: frees, ..Spent::default() };
    let [(code, allowed, sentence)] = &refused(&policy, spent, 1)[..] else { panic!() };
    assert_eq!((*code, allowed.as_str()), ("budget.permit", ""));
    assert!(!sentence.contains("more on"), "{sentence}");
    // A policy that speaks of epsilon is answered in epsilon as well, by the conversion that it was read with.
    let text = municipality().replace("for-life = { rho = 2 }", "for-life = { epsilon = 9 }");
    let policy = read_right(&text);
    let spent = Spent { period: 480_000_000, ..Spent::default() };
    let [(_, allowed, _)] = &refused(&policy, spent, 30_000_000)[..] else { panic!() };
    let epsilon = allowed.strip_prefix("rho = 0.02 or epsilon = ").unwrap();
    let worth = |text: &str| rho_of_epsilon(Decimal::parse(text).unwrap()).unwrap();
    assert!(worth(epsilon) <= 20_000_000, "{allowed}");
}

#[test]
fn only_named_data_is_read() {
    let none: [&str; 0] = [];
    assert_eq!(
        about_query("kind = \"count\"\nby = [\"sex\", \"age_band\", \"civil_status\", \"kommune\"]\n"),
        none
    );
    let by = |name: &str| about_query(&format!("kind = \"count\"\nby = [\"{name}\"]\n"));
    // A feature that is a condition or a sum is no category by that.
    assert_eq!(by("unemployed"), ["data.category"]);
    assert_eq!(by("preschool_children"), ["data.category"]);
    assert_eq!(by("foreign_citizen"), ["data.category", "data.sensitive"]);
    let condition = |name: &str, test: &str| {
        about_query(&format!("kind = \"count\"\n[[where]]\nfeature = \"{name}\"\n{test}\n"))
    };
    assert_eq!(condition("unemployed", "is = 1"), none);
    assert_eq!(condition("civil_status", "is = \"enlig\""), none, "a category may be a condition");
    assert_eq!(condition("preschool_children", "is = 1"), ["data.feature"]);
    assert_eq!(condition("akasse_listed", "is = 1"), ["data.feature", "data.sensitive"]);
    assert_eq!(condition("frontline_flag", "is = 1"), ["data.feature", "data.table"]);
    let sum = |name: &str| about_query(&format!("kind = \"sum\"\nfeature = \"{name}\"\n"));
    assert_eq!(sum("cost_municipal_health_1y"), none);
    assert_eq!(sum("age"), ["data.sum"]);
    assert_eq!(sum("coherence_baseline"), ["data.feature", "data.sum"]);
    // A region's tables are not the municipality's.
    let region = ["data.table", "data.table", "data.feature", "data.table", "data.sum"];
    let found = sum("cost_gp_1y");
    assert_eq!(found[0], "data.table", "{found:?}");
    assert!(found.iter().all(|code| region.contains(code)), "{found:?}");
}

#[test]
fn a_clamp_that_the_catalogue_has_widened_is_refused() {
    // The policy was read with the catalogue that was assessed; a node with another one asks again.
    let narrow: String = tvaers_definitions::library::CATALOGUE
        .iter()
        .map(|source| source.text)
        .find(|text| text.contains("cost_municipal_social_1y"))
        .unwrap()
        .replace("100_000_000", "200_000_000");
    let sources: Vec<_> = tvaers_definitions::library::CATALOGUE
        .iter()
        .map(|source| {
            let is_cost = source.text.contains("cost_municipal_social_1y");
            tvaers_definitions::source::Source {
                file: source.file,
                text: if is_cost { &narrow } else { source.text },
            }
        })
        .collect();
    let wide = tvaers_definitions::catalogue::Catalogue::read(&sources).unwrap();
    let text = format!("name = \"q\"\nas_of = 2026-10-31\n{SUM}");
    let query = Query::parse(&text, "q", &wide, &parties()).unwrap();
    let verdict = policy().admit_aggregate(&aggregate(&query), &Spent::default(), TODAY);
    assert_eq!(verdict.codes(), ["data.clamp"]);
}

#[test]
fn an_answer_of_too_many_dimensions_or_cells_is_refused() {
    let five = "kind = \"count\"\nby = [\"sex\", \"age_band\", \"civil_status\", \"kommune\"]\n[[where]]\nfeature = \"unemployed\"\nis = 1\n";
    assert_eq!(about_query(five), ["cells.dimensions"]);
    // A condition on a category of the table tells nobody apart any further.
    let four = five.replace("unemployed", "sex").replace("is = 1", "is = \"F\"");
    let none: [&str; 0] = [];
    assert_eq!(about_query(&four), none);
    let text = municipality().replace("cells-max = 500", "cells-max = 21");
    let sum = query(SUM);
    let verdict = read_right(&text).admit_aggregate(&aggregate(&sum), &Spent::default(), TODAY);
    assert_eq!(verdict.codes(), ["cells.number"]);
}

#[test]
fn every_rule_that_is_broken_is_told_with_what_would_be_allowed() {
    let query =
        query("kind = \"count\"\nby = [\"unemployed\"]\n[[where]]\nfeature = \"frontline_flag\"\nis = 1\n");
    let request = AggregateRequest {
        ask: Ask { key: STINE, role: Role::Analyst, permit: AGGREGATES, purpose: "curiosity", second: None },
        query: &query,
        nano_rho: Some(60_000_000),
        repetition: 2,
    };
    let spent = Spent { permit: 450_000_000, ..Spent::default() };
    let verdict = policy().admit_aggregate(&request, &spent, date(2026, 10, 1));
    let crate::Verdict::Refused(violations) = verdict else { panic!("permitted") };
    let told: Vec<_> = violations.iter().map(|v| (v.code, v.allowed.as_str())).collect();
    assert_eq!(
        told,
        [
            ("policy.not-yet-valid", "from 2026-12-01"),
            ("permit.not-yet-valid", "from 2026-12-01"),
            ("permit.not-approved", ""),
            ("asker.unknown", ""),
            ("purpose.other", "triple-aim-monitoring"),
            ("request.as-of", "up to 2026-10-01"),
            ("request.repeated", "the stored answer"),
            ("data.category", "sex, age_band, kommune, civil_status"),
            ("data.feature", ""),
            ("data.table", ""),
            ("budget.query", "rho = 0.05"),
            ("budget.permit", "rho = 0.05"),
        ]
    );
    for violation in &violations {
        for text in [&violation.sentence, &violation.mend] {
            assert!(text.da.ends_with('.') && text.en.ends_with('.') && text.da != text.en, "{violation:?}");
        }
        assert_eq!(violation.problem().exit.code(), 3);
    }
}

#[test]
fn a_study_is_granted_no_finer_than_the_permit_says() {
    let policy = policy();
    let sad = library().model("sad").unwrap();
    let ask = |grain| {
        let study = Study { grain, ..study(sad, Sector::Municipality, Grain::Points) };
        policy.admit_contribution(&ContributionRequest { study, ..contribution(sad) }, TODAY)
    };
    // Two components may be counts, the others points: the study as a whole is points.
    let granted = ask(Wish::UpTo(Grain::Events)).granted().unwrap().clone();
    assert_eq!(granted.study.grain, Grain::Points);
    let of = |name: &str| granted.study.components.iter().find(|c| c.name == name).unwrap().grain;
    assert_eq!(
        (of("long_spells"), of("last_spell"), of("single")),
        (Grain::Counts, Grain::Counts, Grain::Points)
    );
    assert!(granted.study.components.iter().all(|c| sad.components[c.index].sector == Sector::Municipality));
    assert_eq!(ask(Wish::Exactly(Grain::Counts)).codes(), ["grain.too-fine"]);
    assert_eq!(ask(Wish::Exactly(Grain::Points)).granted().unwrap().study.grain, Grain::Points);
    assert_eq!(granted.study.domain, LIST);
    assert_eq!((granted.disclosure, granted.persons), (Disclosure::Stratum, Persons::Selected));
    assert_eq!(granted.terms.population.kommuner.as_deref(), Some(&[360][..]));
    // All at counts, and the spells at events: events it is, for they alone are told as events.
    let text = edit(municipality(), "id = \"sad-list-2026\"", "grain = \"points\"", "grain = \"counts\"");
    let text = text.replace("long_spells = \"counts\"", "long_spells = \"events\"");
    let one = read_right(&text).admit_contribution(
        &ContributionRequest {
            study: Study {
                grain: Wish::UpTo(Grain::Events),
                ..study(sad, Sector::Municipality, Grain::Points)
            },
            ..contribution(sad)
        },
        TODAY,
    );
    assert_eq!(one.granted().unwrap().study.grain, Grain::Counts, "the last spell is of the same events");
    let text = text.replace("last_spell = \"counts\"", "last_spell = \"events\"");
    let both = read_right(&text).admit_contribution(
        &ContributionRequest {
            study: Study {
                grain: Wish::UpTo(Grain::Events),
                ..study(sad, Sector::Municipality, Grain::Points)
            },
            ..contribution(sad)
        },
        TODAY,
    );
    assert_eq!(both.granted().unwrap().study.grain, Grain::Events);
}

#[test]
fn a_component_that_is_not_named_is_not_contributed() {
    let sad = library().model("sad").unwrap();
    let text = edit(municipality(), "id = \"sad-list-2026\"", "grain = \"points\"", "");
    let verdict = read_right(&text).admit_contribution(&contribution(sad), TODAY);
    let own = sad.components.iter().filter(|c| c.sector == Sector::Municipality).count();
    assert_eq!(verdict.codes(), vec!["grain.component"; own - 2]);
}

#[test]
fn a_model_is_the_one_that_was_assessed() {
    let policy = policy();
    let sad = library().model("sad").unwrap();
    let about = |change: fn(&mut Model)| {
        let mut model = sad.clone();
        change(&mut model);
        policy.admit_contribution(&contribution(&model), TODAY).codes()
    };
    let none: [&str; 0] = [];
    assert_eq!(about(|_| {}), none);
    assert_eq!(about(|model| model.name.push('2')), ["model.unknown"]);
    assert_eq!(about(|model| model.version = 2), ["model.version"]);
    assert_eq!(about(|model| model.digest.0[0] ^= 1), ["model.digest"]);
    let somv = library().model("somv").unwrap();
    let codes = policy.admit_contribution(&contribution(somv), TODAY).codes();
    assert!(codes.contains(&"model.unknown") && codes.contains(&"data.feature"), "{codes:?}");
}

#[test]
fn a_list_tells_no_more_and_goes_no_further_than_the_permit_says() {
    let policy = policy();
    let sad = library().model("sad").unwrap();
    let about = |disclosure, recipients: &'static [Recipient]| {
        policy.admit_contribution(&ContributionRequest { disclosure, recipients, ..contribution(sad) }, TODAY)
    };
    let municipality = &[Recipient::Municipality];
    assert_eq!(about(Wish::Exactly(Disclosure::Total), municipality).codes(), ["work-list.disclosure"]);
    assert_eq!(
        about(Wish::UpTo(Disclosure::Items), municipality).granted().unwrap().disclosure,
        Disclosure::Stratum
    );
    let less = about(Wish::Exactly(Disclosure::Inclusion), municipality);
    assert_eq!(less.granted().unwrap().disclosure, Disclosure::Inclusion, "who asks can tighten");
    let both = about(Wish::Exactly(Disclosure::Stratum), &[Recipient::Municipality, Recipient::GpPractice]);
    assert_eq!(both.codes(), ["work-list.recipient"]);
    let nobody = about(Wish::Exactly(Disclosure::Stratum), &[]);
    assert!(nobody.granted().unwrap().recipients.is_empty());
}

#[test]
fn pseudonyms_are_counted_and_end_in_time() {
    let policy = policy();
    let sad = library().model("sad").unwrap();
    let about = |change: fn(&mut Study<'_>)| {
        let mut request = contribution(sad);
        change(&mut request.study);
        policy.admit_contribution(&request, TODAY).codes()
    };
    let none: [&str; 0] = [];
    assert_eq!(about(|study| study.evaluations = 60_000), none);
    assert_eq!(about(|study| study.evaluations = 60_001), ["pseudonyms.study"]);
    assert_eq!(about(|study| study.peer_evaluations = 900_001), ["pseudonyms.peer"]);
    assert_eq!(about(|study| study.until = Some(date(2026, 12, 29))), none);
    assert_eq!(about(|study| study.until = Some(date(2026, 12, 30))), ["retention.pseudonyms"]);
    assert_eq!(about(|study| study.until = None), none);
    assert_eq!(about(|study| study.as_of = date(2026, 12, 16)), ["request.as-of"]);
}

#[test]
fn runs_are_followed_up_under_one_key_only_as_long_as_the_permit_says() {
    let sad = library().model("sad").unwrap();
    let without = read_right(&municipality().replacen(FOLLOW_UP, "", 1));
    let on = |policy: &Policy, follow_up: Option<Date>, today: Date| {
        let mut request = contribution(sad);
        request.study.follow_up = follow_up;
        request.study.until = Some(today);
        policy.admit_contribution(&request, today)
    };
    let codes = |policy: &Policy, follow_up, today| on(policy, follow_up, today).codes();
    let none: [&str; 0] = [];
    let (last, after) = (date(2027, 3, 31), date(2027, 4, 1));
    // Whoever says nothing of it permits a usual run and no other.
    assert_eq!(codes(&without, None, TODAY), none);
    for until in [TODAY, last, Date::MAX] {
        assert_eq!(codes(&without, Some(until), TODAY), ["follow-up.not-allowed"]);
    }
    let policy = policy();
    assert_eq!(codes(&policy, Some(last), TODAY), none);
    assert_eq!(codes(&policy, Some(last), last), none);
    let told = |follow_up, today| {
        let violations = on(&policy, Some(follow_up), today).into_result().unwrap_err();
        violations.into_iter().map(|one| (one.code, one.allowed, one.allowed_da)).collect::<Vec<_>>()
    };
    let expected = ("follow-up.until", "up to 2027-03-31".to_owned(), "til og med 31. marts 2027".to_owned());
    assert_eq!(told(after, TODAY), [expected]);
    // Once it is over nothing is kept, however short; a usual run goes on.
    for until in [TODAY, last, after] {
        assert_eq!(told(until, after), [("follow-up.until", String::new(), String::new())]);
    }
    assert_eq!(codes(&policy, None, after), none);
}

#[test]
fn tables_alone_are_never_followed_up() {
    let sad = library().model("sad").unwrap();
    let mut request = joined(sad);
    request.study.follow_up = Some(TODAY);
    let codes = policy().admit_joined(&request, &Spent::default(), TODAY).codes();
    assert_eq!(codes, ["follow-up.not-allowed"]);
}

#[test]
fn joined_tables_are_of_named_categories_and_are_charged() {
    let policy = policy();
    let sad = library().model("sad").unwrap();
    let about = |categories: &'static [&'static str], cells, nano_rho, repetition| {
        let request = JoinedRequest {
            categories,
            dimensions: categories.len(),
            cells,
            nano_rho,
            repetition,
            ..joined(sad)
        };
        policy.admit_joined(&request, &Spent::default(), TODAY)
    };
    let grant = about(&["kommune", "stratum"], 6, None, 0).granted().unwrap().clone();
    assert_eq!((grant.price.nano_rho, grant.price.left_permit), (50_000_000, 350_000_000));
    assert_eq!(grant.study.grain, Grain::Points);
    assert_eq!(about(&["kommune", "total"], 6, None, 0).codes(), ["data.category"]);
    assert_eq!(about(&["kommune"], 501, None, 0).codes(), ["cells.number"]);
    assert_eq!(about(&["kommune"], 1, Some(100_000_001), 0).codes(), ["budget.query"]);
    assert_eq!(about(&["kommune"], 1, None, 1).codes(), ["request.repeated"]);
    assert_eq!(about(&[], 1, None, 0).codes(), Vec::<&str>::new());
}

#[test]
fn the_region_contributes_its_own_components_and_events_where_they_are_granted() {
    let policy = read_right(REGION);
    assert_eq!(refused_by_region(&policy), Vec::<&str>::new());
    let somv = library().model("somv").unwrap();
    let request = ContributionRequest {
        ask: Ask { permit: "somv-list-2026", purpose: "one-course", ..stine() },
        study: study(somv, Sector::Region, Grain::Events),
        disclosure: Wish::UpTo(Disclosure::Items),
        recipients: &[Recipient::GpPractice],
    };
    let granted = policy.admit_contribution(&request, TODAY).granted().unwrap().clone();
    assert_eq!(granted.study.components.len(), 5);
    assert_eq!(granted.recipients, [Recipient::GpPractice]);
    // Its admissions as counts only: the study is at counts, and the fall-back is used where two regions touch.
    let text = REGION.replace("two_in_30 = \"events\"", "two_in_30 = \"counts\"");
    let verdict = read_right(&text).admit_contribution(&request, TODAY);
    assert_eq!(verdict.codes(), ["grain.too-fine"]);
}
