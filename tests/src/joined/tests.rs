use super::*;
use crate::cases::{REFERENCE_DATES, cases, stories};
use crate::oracle::Federation;
use crate::oracle::calendar::twelve_months_to;
use crate::oracle::{read, readmission, resident, stay, survey};

/// What one central database would say of a person, by the name of a feature.
fn central(federation: &Federation, as_of: Date) -> BTreeMap<PersonId, BTreeMap<&'static str, Option<i64>>> {
    let discharges = readmission::discharges(as_of).unwrap();
    let cost = federation.cost(as_of).unwrap();
    let before = twelve_months_to(twelve_months_to(as_of).unwrap().before).unwrap();
    let of = |(person, citizen)| {
        let cost = &cost[person];
        let regions = resident::contributing_regions(citizen, &federation.members);
        // A region knows of a death by its own register; of some of these only their municipality has heard.
        let patients: Vec<_> = citizen.patients.iter().filter(|held| regions.contains(&held.node)).collect();
        let death = patients.iter().find_map(|held| held.row.death_date);
        let (index, readmitted) = patients.first().map_or((0, 0), |held| {
            let admissions = stay::admissions(&stay::contacts(citizen, &regions), as_of);
            readmission::counts(&admissions, held.row.birth_date, death, &discharges)
        });
        let mut admissions = stay::admissions(&stay::contacts(citizen, &regions), before.as_of);
        admissions.retain(|admission| before.holds(admission.start.date()));
        let n_acute = admissions.iter().filter(|admission| admission.acute).count();
        let count = |n: usize| i64::try_from(n).unwrap();
        let mut told = BTreeMap::from([
            ("index_admissions_1y", Some(index.into())),
            ("readmissions_30d_1y", Some(readmitted.into())),
            ("admissions_1y_before", Some(count(admissions.len()))),
            ("acute_admissions_1y_before", Some(count(n_acute))),
            ("cost_hospital_somatic_1y", Some(cost.hospital_somatic.min(100_000_000))),
            ("cost_hospital_psychiatric_1y", Some(cost.hospital_psychiatric.min(100_000_000))),
        ]);
        for (item, names) in [
            (0, ["self_rated_health_baseline", "self_rated_health_followup", "self_rated_health_change"]),
            (1, ["life_satisfaction_baseline", "life_satisfaction_followup", "life_satisfaction_change"]),
            (3, ["coherence_baseline", "coherence_followup", "coherence_change"]),
        ] {
            let pair = survey::pair(citizen, survey::ITEMS[item].1, as_of);
            told.extend(names.into_iter().zip([pair.baseline, pair.followup, pair.change()]));
        }
        (person.clone(), told)
    };
    federation.citizens.iter().map(of).collect()
}

#[tokio::test]
async fn nodes_say_together_what_one_central_database_would() {
    let model = model(&GROUPS).unwrap();
    let mut met: BTreeMap<&str, i64> = BTreeMap::new();
    for (seed, as_of) in (1..).zip(REFERENCE_DATES) {
        let out = tempfile::tempdir().unwrap();
        let folders = cases(seed, as_of, out.path()).unwrap();
        let told = stories(seed, as_of).unwrap();
        let expected = central(&read::nodes(&folders).unwrap(), as_of);
        for (person, found) in values(&folders, as_of, &model).await.unwrap() {
            for (component, value) in model.components.iter().zip(found) {
                let (name, expected) = expected[&person].get_key_value(component.name.as_str()).unwrap();
                assert_eq!(value, *expected, "{name} at {as_of}, seed {seed}: {}", told[&person]);
                *met.entry(name).or_default() += expected.map_or(0, |_| i64::from(value != Some(0)));
            }
        }
    }
    // Every feature is told of someone.
    let few: Vec<_> = met.iter().filter(|(_, n)| **n < 20).collect();
    assert!(met.len() == 15 && few.is_empty(), "{few:?}");
}
