//! The practice sector, medicine and transport, and the register of patients.

use super::{
    HISTORY_DAYS, MakeError, World,
    draw::{Rng, between, chance, frailty, log_normal, pick, poisson, weighted, whole},
    life,
    mind::Mind,
    person::Person,
    table::Table,
};

/// Contacts with general practice a year; 30-59 from 2018 figures by sex, the rest fitted around the mean of 7.
fn gp_contacts_a_year(person: &Person) -> f64 {
    match (person.age, person.female) {
        (..=5, _) => 6.6,
        (6..=17, _) => 3.9,
        (18..=29, true) => 8.1,
        (18..=29, false) => 4.1,
        (30..=59, true) => 8.3,
        (30..=59, false) => 4.8,
        (60..=74, true) => 9.8,
        (60..=74, false) => 8.7,
        (_, _) => 12.2,
    }
}

/// Writes contacts with practices, and prescriptions.
pub(super) fn write(
    world: &mut World<'_>,
    rng: &mut Rng,
    person: &Person,
    mind: Mind,
) -> Result<(), MakeError> {
    write_gp(world, rng, person)?;
    write_specialists(world, rng, person, mind)?;
    write_psychotropics(world, rng, person, mind)?;
    write_other_medicine(world, rng, person)
}

fn write_gp(world: &mut World<'_>, rng: &mut Rng, person: &Person) -> Result<(), MakeError> {
    let n = poisson(rng, 3.0 * gp_contacts_a_year(person) * person.gp_frailty).min(600);
    for _ in 0..n {
        let day = between(rng, -HISTORY_DAYS, 0);
        let (ydelse, fee) = weighted(
            rng,
            &[
                (("0101", 158), 0.5),
                (("0201", 32), 0.2),
                (("0105", 49), 0.26),
                (("0411", 290), 0.02),
                (("0120", 440), 0.02),
            ],
        );
        write_bill(world, person, day, &Bill { speciale: "80", ydelse, counts: true, fee })?;
        if chance(rng, 0.25) {
            let (ydelse, fee) = pick(rng, &[("7101", 62), ("2101", 55), ("7136", 71)]);
            write_bill(world, person, day, &Bill { speciale: "80", ydelse, counts: false, fee })?;
        }
    }
    Ok(())
}

/// Dentists, physiotherapists, eye, ear and skin specialists, psychologists and psychiatrists.
fn write_specialists(
    world: &mut World<'_>,
    rng: &mut Rng,
    person: &Person,
    mind: Mind,
) -> Result<(), MakeError> {
    let mean = match person.age {
        ..=17 => 1.7,
        18..=64 => 3.5,
        _ => 5.3,
    };
    let mean = 3.0 * mean * frailty(rng, 0.8);
    let n = poisson(rng, mean).min(200);
    for _ in 0..n {
        let day = between(rng, -HISTORY_DAYS, 0);
        let (speciale, fee) = weighted(
            rng,
            &[
                (("50", 140), 0.45),
                (("51", 95), 0.3),
                (("19", 520), 0.1),
                (("21", 610), 0.1),
                (("04", 480), 0.05),
            ],
        );
        write_bill(world, person, day, &Bill { speciale, ydelse: "0110", counts: true, fee })?;
    }
    let talks = if mind.sad || mind.distress > 2.0 { 0.22 } else { 0.02 };
    if person.age >= 12 && chance(rng, talks) {
        let first = between(rng, -HISTORY_DAYS, 0);
        for session in 0..between(rng, 2, 11) {
            let day = first + session * 14;
            write_bill(world, person, day, &Bill { speciale: "63", ydelse: "0110", counts: true, fee: 640 })?;
        }
    }
    let psychiatrist = if mind.antidepressant || mind.sedative { 0.1 } else { 0.006 };
    if chance(rng, psychiatrist) {
        let speciale = if person.age >= 18 { "24" } else { "26" };
        let first = between(rng, -HISTORY_DAYS, 0);
        for session in 0..between(rng, 1, 9) {
            let day = first + session * 30;
            write_bill(world, person, day, &Bill { speciale, ydelse: "0110", counts: true, fee: 890 })?;
        }
    }
    Ok(())
}

struct Bill {
    speciale: &'static str,
    ydelse: &'static str,
    counts: bool,
    fee: u32,
}

/// A bill goes to the region where the person lives on the day; none after the reference date or elsewhere.
fn write_bill(world: &mut World<'_>, person: &Person, day: i32, bill: &Bill) -> Result<(), MakeError> {
    if day > 0 {
        return Ok(());
    }
    let Some(region) = world.region_on(person, day) else {
        return Ok(());
    };
    world.seen(region);
    let practice = world.practice(person, day);
    let row = world.sheets.row(region, Table::GpContacts).text(person.number.as_str());
    let row = row.text(world.calendar.text(day)).text(bill.speciale).text(bill.ydelse);
    let row = row.number(bill.counts.into()).number(bill.fee);
    let row = if bill.speciale == "80" && practice > 0 { row.number(practice) } else { row.none() };
    row.end()
}

const ANTIDEPRESSANTS: [&str; 5] = ["N06AB04", "N06AB06", "N06AX11", "N06AX16", "N06AA10"];
const SEDATIVES: [&str; 6] = ["N05AH04", "N05AX08", "N05BA01", "N05BA04", "N05CF01", "N05CH01"];

fn write_psychotropics(
    world: &mut World<'_>,
    rng: &mut Rng,
    person: &Person,
    mind: Mind,
) -> Result<(), MakeError> {
    let dementia_or_attention = if person.age >= 60 { "N06DA02" } else { "N06BA04" };
    let kinds = [
        (mind.antidepressant, pick(rng, &ANTIDEPRESSANTS), 0.012),
        (mind.sedative, pick(rng, &SEDATIVES), 0.01),
        (mind.other, dementia_or_attention, 0.0),
    ];
    for (now, atc, formerly) in kinds {
        // Year 0 is the last one. Who takes it now mostly did before; some others did only before.
        for year in 0..3 {
            let takes = if year == 0 { now } else { chance(rng, if now { 0.72 } else { formerly }) };
            if !takes || person.age < 6 {
                continue;
            }
            for _ in 0..between(rng, 2, 6) {
                let day = between(rng, -364, 0) - year * 365;
                write_drug(world, rng, person, day, atc, 55.0)?;
            }
        }
    }
    Ok(())
}

/// Lasting medicine against bodily illness, and what is bought once.
fn write_other_medicine(world: &mut World<'_>, rng: &mut Rng, person: &Person) -> Result<(), MakeError> {
    let lasting = match person.age {
        ..=17 => 0.12,
        18..=39 => 0.25,
        40..=59 => 0.85,
        60..=74 => 1.9,
        _ => 3.0,
    };
    for _ in 0..poisson(rng, lasting * (0.4 + 0.6 * person.gp_frailty)).min(9) {
        let atc = pick(rng, &["C10AA01", "C09AA02", "A10BA02", "R03AC02", "C08CA01", "B01AC06", "A02BC01"]);
        // Some lasting medicine is dear: biological medicine, new diabetes and cancer medicine.
        let subsidy = log_normal(rng, 95.0, 1.15);
        let from = if chance(rng, 0.75) { -HISTORY_DAYS } else { between(rng, -HISTORY_DAYS, -30) };
        let mut day = from + between(rng, 0, 95);
        while day <= 0 {
            write_drug(world, rng, person, day, atc, subsidy)?;
            day += between(rng, 80, 105);
        }
    }
    for _ in 0..poisson(rng, 2.4 * person.gp_frailty).min(30) {
        let atc = pick(rng, &["J01CE02", "J01CA08", "N02BE01", "N02AX02", "M01AE01", "R06AE07"]);
        let day = between(rng, -HISTORY_DAYS, 0);
        write_drug(world, rng, person, day, atc, 40.0)?;
    }
    Ok(())
}

fn write_drug(
    world: &mut World<'_>,
    rng: &mut Rng,
    person: &Person,
    day: i32,
    atc: &str,
    subsidy: f64,
) -> Result<(), MakeError> {
    let Some(region) = world.region_on(person, day) else {
        return Ok(());
    };
    world.seen(region);
    let (ddd, kroner) = (pick(rng, &[28, 30, 60, 100]), whole(subsidy * log_normal(rng, 1.0, 0.3)));
    let row = world.sheets.row(region, Table::Prescriptions).text(person.number.as_str());
    row.text(world.calendar.text(day)).text(atc).number(ddd).number(kroner).end()
}

/// A ride to hospital, written by the region where the person lives, if it is one of the federation.
pub(super) fn write_ride(
    world: &mut World<'_>,
    rng: &mut Rng,
    person: &Person,
    hospital_region: usize,
    day: i32,
    acute: bool,
) -> Result<(), MakeError> {
    let region = world.region_on(person, day).unwrap_or(hospital_region);
    world.seen(region);
    let kind = if acute { "akut" } else { "planlagt" };
    let cost = if acute { log_normal(rng, 3_900.0, 0.35) } else { log_normal(rng, 900.0, 0.6) };
    let row = world.sheets.row(region, Table::Transport).text(person.number.as_str());
    row.text(world.calendar.text(day)).text(kind).number(whole(cost)).end()
}

/// Writes the person into the register of each region that has something of the person or is home.
pub(super) fn write_registers(
    world: &mut World<'_>,
    rng: &mut Rng,
    person: &Person,
) -> Result<(), MakeError> {
    if !person.in_registers {
        return Ok(());
    }
    for region in 0..world.places.regions.len() {
        let last = person.last_municipality();
        let home = last.is_some_and(|place| world.region_of(place) == Some(region));
        if !home && !world.was_seen(region) {
            continue;
        }
        // The register knows the municipality of members; for the moved away and outsiders nothing or a stranger.
        let kommune = match last {
            Some(place) if !person.moved_away() => Some(world.municipality_code(place)),
            _ if chance(rng, 0.6) => None,
            _ => world.stranger(rng),
        };
        let practice = world.practice(person, person.death.unwrap_or(0));
        let row = world.sheets.row(region, Table::Patients).text(person.number.as_str());
        let row = row.text(world.calendar.text(person.birth)).text(life::sex(person));
        let row = match person.death {
            Some(death) => row.text(world.calendar.text(death)),
            None => row.none(),
        };
        let row = match kommune {
            Some(code) => row.number(code.into()),
            None => row.none(),
        };
        let row = if home && practice > 0 { row.number(practice) } else { row.none() };
        row.end()?;
    }
    Ok(())
}
