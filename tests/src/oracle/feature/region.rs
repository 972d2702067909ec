//! What a region works out.

use jiff::civil::Date;

use super::{Features, Value, Windows, both, capped, count, number, oere, only};
use crate::oracle::{
    Citizen, Held,
    calendar::{Window, days_between},
    cost::cost,
    diagnosis,
    read::{Contact, Patient},
    readmission,
    stay::{self, Stay},
};

pub(super) fn features(citizen: &Citizen, held: &Held<Patient>, windows: &Windows) -> Features {
    let (one_year, two_years) = (&windows.one_year, &windows.two_years);
    let as_of = two_years.as_of;
    let contacts = stay::contacts(citizen, &only(held.node));
    // What a window is seen from decides which contacts there are, and when those without an end are over.
    let started = |window: &Window| -> Vec<Stay> {
        let admissions = stay::admissions(&contacts, window.as_of).into_iter();
        admissions.filter(|admission| window.holds(admission.start.date())).collect()
    };
    let n_acute = |admissions: &[Stay]| count(admissions.iter().filter(|stay| stay.acute).count());
    let (admissions, before) = (started(one_year), started(&windows.year_before));
    let (index, readmitted) = readmission::counts(
        &stay::admissions(&contacts, as_of),
        held.row.birth_date,
        held.row.death_date,
        &windows.discharges,
    );
    let bed_days = admissions.iter().map(|admission| bed_days(admission, as_of)).sum();
    let cost_before = cost(citizen, &only(held.node), &windows.year_before);
    let cost = cost(citizen, &only(held.node), one_year);
    let mut features = Features::from([
        ("known_sad", any_code(&contacts, diagnosis::is_sad, |day| day <= as_of)),
        ("somatic_2y", any_code(&contacts, diagnosis::is_somatic, |day| two_years.holds(day))),
        ("psychiatric_2y", any_code(&contacts, diagnosis::is_psychiatric, |day| two_years.holds(day))),
        ("substance_2y", any_code(&contacts, diagnosis::is_substance, |day| two_years.holds(day))),
        ("psychotropic_2y", number(has_psychotropic(citizen, two_years))),
        ("psychologist_2y", number(n_practice(citizen, &["63"], two_years) > 0)),
        ("psychiatrist_2y", number(n_practice(citizen, &["24", "26"], two_years) > 0)),
        ("gp_contacts_2y", capped(n_practice(citizen, &["80"], two_years), 100)),
        ("gp_contacts_1y", capped(n_practice(citizen, &["80"], one_year), 100)),
        ("gp_contacts_6m", capped(n_practice(citizen, &["80"], &windows.half_year), 100)),
        ("gp_contacts_1y_before", capped(n_practice(citizen, &["80"], &windows.year_before), 100)),
        ("acute_admissions_1y", capped(n_acute(&admissions), 30)),
        ("acute_admissions_1y_before", capped(n_acute(&before), 30)),
        ("admissions_1y", capped(count(admissions.len()), 50)),
        ("admissions_1y_before", capped(count(before.len()), 50)),
        ("index_admissions_1y", capped(index.into(), 20)),
        ("readmissions_30d_1y", capped(readmitted.into(), 20)),
        ("cost_hospital_somatic_1y_before", oere(cost_before.hospital_somatic)),
        ("bed_days_1y", capped(bed_days, 365)),
        ("cost_hospital_somatic_1y", oere(cost.hospital_somatic)),
        ("cost_hospital_psychiatric_1y", oere(cost.hospital_psychiatric)),
        ("cost_gp_1y", oere(cost.gp)),
        ("cost_specialist_1y", oere(cost.specialist)),
        ("cost_medicine_1y", oere(cost.medicine)),
        ("cost_transport_acute_1y", oere(cost.transport_acute)),
        ("cost_transport_planned_1y", oere(cost.transport_planned)),
    ]);
    both(&mut features, held.row.birth_date, &held.row.sex, held.row.kommune, as_of);
    features
}

/// Whether a contact that starts on one of the days has such a code.
fn any_code(contacts: &[&Contact], is: fn(&str) -> bool, counts: impl Fn(Date) -> bool) -> Option<Value> {
    let contacts = contacts.iter().filter(|contact| counts(contact.start.date()));
    number(contacts.flat_map(|contact| diagnosis::codes(contact)).any(is))
}

fn has_psychotropic(citizen: &Citizen, window: &Window) -> bool {
    citizen.prescriptions.iter().any(|held| {
        window.holds(held.row.date)
            && ["N05A", "N05B", "N05C", "N06A"].iter().any(|atc| held.row.atc.starts_with(atc))
    })
}

/// Contacts with practice of these specialties; supplements and laboratory are no contacts.
fn n_practice(citizen: &Citizen, specialties: &[&str], window: &Window) -> i64 {
    let contacts = citizen.gp_contacts.iter().filter(|held| {
        window.holds(held.row.date)
            && held.row.kontakt == 1
            && specialties.contains(&held.row.speciale.as_str())
    });
    count(contacts.count())
}

/// Days from that of the start to that of the end, which for this is no later than `as_of`; one at least.
fn bed_days(admission: &Stay, as_of: Date) -> i64 {
    let end = admission.end.date().min(as_of);
    i64::from(days_between(admission.start.date(), end)).max(1)
}
