//! What a municipality works out.

use super::{Features, Value, Windows, both, capped, count, label, number, oere};
use crate::oracle::{Citizen, Held, benefit, cost, read::Person, resident, somv, spell, survey};

/// The names of an item's three features.
const SURVEY: [[&str; 3]; survey::ITEMS.len()] = [
    ["self_rated_health_baseline", "self_rated_health_followup", "self_rated_health_change"],
    ["life_satisfaction_baseline", "life_satisfaction_followup", "life_satisfaction_change"],
    ["satisfaction_baseline", "satisfaction_followup", "satisfaction_change"],
    ["coherence_baseline", "coherence_followup", "coherence_change"],
];

pub(super) fn features(citizen: &Citizen, held: &Held<Person>, windows: &Windows) -> Features {
    let (person, as_of) = (&held.row, windows.two_years.as_of);
    let codes = benefit::codes_on(citizen, as_of);
    let spells = spell::in_window(&citizen.sick_leave, &windows.two_years);
    let long = spells.iter().filter(|spell| spell.is_long());
    let cost_before = cost::cost(citizen, &[].into(), &windows.year_before);
    let cost = cost::cost(citizen, &[].into(), &windows.one_year);
    let last_day = person.death_date.map_or(as_of, |death| death.min(as_of));
    let lasts = |law: &str| {
        let mut services = citizen.services.iter().map(|held| &held.row).filter(|row| row.law == law);
        services.any(|row| row.from_date <= as_of && row.to_date.is_none_or(|to| to >= as_of))
    };
    let mut features = Features::from([
        ("resident", number(!resident::homes(citizen, as_of).is_empty())),
        ("resident_or_died", number(resident::registered(citizen, last_day).contains(&held.node))),
        ("civil_status", person.civil_status.as_deref().and_then(label)),
        ("preschool_children", number(person.preschool_children.is_some_and(|n| n > 0))),
        ("foreign_citizen", number(person.citizenship.as_deref().is_some_and(|c| c != "DK"))),
        ("akasse_listed", number(is_listed(person))),
        ("early_retirement", number(benefit::has_early_retirement(&codes))),
        ("unemployed", number(benefit::is_unemployed(&codes))),
        ("cash_benefit", number(benefit::has_cash_benefit(&codes))),
        ("sickness_benefit", number(benefit::has_sickness_benefit(&codes))),
        ("education_grant", number(benefit::has_education_grant(&codes))),
        ("home_nursing", number(lasts("SUL_138"))),
        ("home_care", number(lasts("SEL_83"))),
        ("social_service", number(somv::has_social_service(citizen, as_of))),
        ("frontline_flag", number(somv::is_flagged(citizen, as_of))),
        ("sick_spells_2y", capped(count(spells.len()), 20)),
        ("long_sick_spells_2y", capped(count(long.count()), 20)),
        ("last_spell_days", capped(spells.last().map_or(0, |spell| i64::from(spell.days())), 730)),
        ("cost_municipal_social_1y", oere(cost.municipal_social)),
        ("cost_municipal_health_1y", oere(cost.municipal_health)),
        ("cost_municipal_health_1y_before", oere(cost_before.municipal_health)),
    ]);
    both(&mut features, person.birth_date, &person.sex, Some(held.node), as_of);
    for ((_, item), [baseline, followup, change]) in survey::ITEMS.into_iter().zip(SURVEY) {
        let pair = survey::pair(citizen, item, as_of);
        features.insert(baseline, pair.baseline.map(Value::Number));
        features.insert(followup, pair.followup.map(Value::Number));
        features.insert(change, pair.change().map(Value::Number));
    }
    features
}

fn is_listed(person: &Person) -> bool {
    matches!(person.a_kasse.as_deref(), Some("FTF" | "BUPL" | "LAERERNES" | "DSA"))
}
