//! Hospital contacts: stays with their readmissions and transfers, outpatient and virtual contacts.

use super::{
    HISTORY_DAYS, MakeError, World,
    draw::{Rng, between, chance, frailty, log_normal, pick, poisson, weighted},
    mind::{Mind, sad_code},
    person::Person,
    table::Table,
};

const MINUTES: i32 = 24 * 60;

/// An elderly medical patient comes back acutely this often by plan of the generator; the usual admissions of the
/// next thirty days come on top.
const COMES_BACK: f64 = 0.1;

/// Of the admissions of a person of two or more regions' federation, these lie in another region.
const ELSEWHERE: f64 = 0.02;
/// And of visits without admission.
const VISITS_ELSEWHERE: f64 = 0.006;
/// And these go on in another region within four hours.
const TRANSFERRED: f64 = 0.012;

/// A stay in minutes from midnight of the reference date.
struct Stay {
    start: i32,
    end: i32,
    acute: bool,
    group: &'static str,
    region: usize,
}

/// Admissions a year by age, before frailty.
fn admissions_a_year(person: &Person) -> f64 {
    match person.age {
        ..=2 => 0.23,
        3..=17 => 0.08,
        18..=39 => {
            if person.female {
                0.23
            } else {
                0.12
            }
        }
        40..=59 => 0.18,
        60..=69 => 0.28,
        70..=79 => 0.39,
        _ => 0.54,
    }
}

/// Mean days of a stay, and the log-sd around the median that gives it.
fn days_of_stay(rng: &mut Rng, age: i32, group: &str) -> f64 {
    let mean: f64 = match (group, age) {
        ("psykiatri", _) => 13.0,
        (_, ..=17) => 2.4,
        (_, 18..=64) => 3.3,
        (_, 65..=79) => 5.1,
        _ => 5.4,
    };
    let sigma: f64 = 0.95;
    log_normal(rng, mean / (sigma * sigma / 2.0).exp(), sigma).clamp(0.55, 90.0)
}

/// Writes every hospital contact of the history.
pub(super) fn write(
    world: &mut World<'_>,
    rng: &mut Rng,
    person: &Person,
    mind: Mind,
) -> Result<(), MakeError> {
    for stay in stays(world, rng, person, mind) {
        write_stay(world, rng, person, mind, &stay)?;
    }
    write_outpatient(world, rng, person, mind)
}

fn stays(world: &World<'_>, rng: &mut Rng, person: &Person, mind: Mind) -> Vec<Stay> {
    let mean = 3.0 * admissions_a_year(person) * person.hospital_frailty;
    let mut days: Vec<i32> =
        (0..poisson(rng, mean).min(60)).map(|_| between(rng, -HISTORY_DAYS, 0)).collect();
    days.sort_unstable();
    let mut stays: Vec<Stay> = Vec::new();
    for day in days {
        let acute = chance(rng, 0.725);
        let group = group(rng, person, mind);
        let start = day * MINUTES + between(rng, 0, MINUTES - 1);
        let mut next = one_stay(world, rng, person, start, acute, group, stays.last());
        while let Some(stay) = next {
            let medical = stay.group == "medicin" && person.age >= 65;
            let (end, region) = (stay.end, stay.region);
            stays.push(stay);
            next = None;
            if medical && chance(rng, COMES_BACK) {
                let back = end + between(rng, MINUTES / 2, 29 * MINUTES);
                next = one_stay(world, rng, person, back, true, "medicin", stays.last());
                if let Some(stay) = &mut next {
                    stay.region = region;
                }
            }
        }
    }
    stays
}

/// A stay that begins at `start`, or half a day after the one before; none if the person is not there any more.
fn one_stay(
    world: &World<'_>,
    rng: &mut Rng,
    person: &Person,
    start: i32,
    acute: bool,
    group: &'static str,
    before: Option<&Stay>,
) -> Option<Stay> {
    let start = before.map_or(start, |before| start.max(before.end + MINUTES / 2));
    let day = start.div_euclid(MINUTES);
    let home = world.region_on(person, day)?;
    if day > 0 || person.death == Some(day) {
        return None;
    }
    let n_regions = world.places.regions.len();
    let region =
        if n_regions > 1 && chance(rng, ELSEWHERE) { other_region(rng, n_regions, home) } else { home };
    let minutes = days_of_stay(rng, person.age, group) * f64::from(MINUTES);
    // Half a day and a little makes an admission; who dies in hospital leaves it then.
    let mut end = start + (minutes as i32).max(MINUTES / 2 + 10);
    if let Some(death) = person.death {
        end = end.min(death * MINUTES + MINUTES - 5);
    }
    Some(Stay { start, end, acute, group, region })
}

fn other_region(rng: &mut Rng, n_regions: usize, home: usize) -> usize {
    let step = between(rng, 1, i32::try_from(n_regions).unwrap_or(2) - 1);
    (home + usize::try_from(step).unwrap_or(1)) % n_regions
}

fn group(rng: &mut Rng, person: &Person, mind: Mind) -> &'static str {
    let psychiatric = if mind.sad || mind.substance { 0.22 } else { 0.025 };
    if person.age >= 12 && chance(rng, psychiatric) {
        "psykiatri"
    } else if person.age >= 65 {
        weighted(rng, &[("medicin", 0.68), ("kirurgi", 0.32)])
    } else {
        weighted(rng, &[("medicin", 0.56), ("kirurgi", 0.44)])
    }
}

/// A stay is one to three contacts, at most four hours apart; seldom the second lies in another region.
fn write_stay(
    world: &mut World<'_>,
    rng: &mut Rng,
    person: &Person,
    mind: Mind,
    stay: &Stay,
) -> Result<(), MakeError> {
    let n_regions = world.places.regions.len();
    let moved = n_regions > 1 && chance(rng, TRANSFERRED);
    let n = if moved { 2 } else { weighted(rng, &[(1, 0.68), (2, 0.24), (3, 0.08)]) };
    let length = stay.end - stay.start;
    let ward = Ward { group: stay.group, sad: mind.sad && chance(rng, 0.3), substance: mind.substance };
    // What the stay costs grows with its length; operations and intensive care make the tail.
    let days = f64::from(length) / f64::from(MINUTES);
    let price = (7_500.0 + 6_100.0 * days) * log_normal(rng, 1.0, 0.85);
    let mut start = stay.start;
    for part in 0..n {
        if start > MINUTES {
            break;
        }
        let last = part == n - 1;
        let mut end = if last { stay.end } else { start + length / n - between(rng, 0, 60) };
        end = end.max(start + 10);
        let region = if moved && part > 0 { other_region(rng, n_regions, stay.region) } else { stay.region };
        // Moving on takes up to two hours; sometimes the next ward books the patient before the first lets go.
        let next = end + if chance(rng, 0.15) { -between(rng, 0, 9) } else { between(rng, 0, 120) };
        let contact = Contact {
            region,
            start,
            end,
            physical: true,
            acute: stay.acute && (part == 0 || chance(rng, 0.8)),
            price: price / f64::from(n),
        };
        write_contact(world, rng, person, ward, &contact)?;
        start = next;
    }
    if stay.acute && chance(rng, 0.5) {
        super::practice::write_ride(world, rng, person, stay.region, stay.start.div_euclid(MINUTES), true)?;
    }
    Ok(())
}

/// Contacts without admission: by age and frailty, some virtual, and those of psychiatry.
fn write_outpatient(
    world: &mut World<'_>,
    rng: &mut Rng,
    person: &Person,
    mind: Mind,
) -> Result<(), MakeError> {
    let by_age = match person.age {
        ..=17 => 0.7,
        18..=49 => 1.0,
        50..=69 => 1.6,
        _ => 2.3,
    };
    let frailty = 0.35 * person.hospital_frailty + 0.65 * frailty(rng, 0.55);
    let n = poisson(rng, 3.0 * by_age * frailty).min(150);
    for _ in 0..n {
        let day = between(rng, -HISTORY_DAYS, 0);
        let ward = Ward {
            group: weighted(rng, &[("medicin", 0.62), ("kirurgi", 0.38)]),
            sad: false,
            substance: false,
        };
        one_visit(world, rng, person, day, ward)?;
    }
    let n = match (mind.sad, mind.substance) {
        (false, false) => 0,
        (true, _) => between(rng, 1, 6),
        (false, true) => between(rng, 1, 3),
    };
    for _ in 0..n {
        let day = between(rng, -HISTORY_DAYS, 0);
        let ward = Ward { group: "psykiatri", sad: mind.sad, substance: mind.substance && !mind.sad };
        one_visit(world, rng, person, day, ward)?;
    }
    Ok(())
}

fn one_visit(
    world: &mut World<'_>,
    rng: &mut Rng,
    person: &Person,
    day: i32,
    ward: Ward,
) -> Result<(), MakeError> {
    let Some(home) = world.region_on(person, day) else {
        return Ok(());
    };
    let n_regions = world.places.regions.len();
    let region = if n_regions > 1 && chance(rng, VISITS_ELSEWHERE) {
        other_region(rng, n_regions, home)
    } else {
        home
    };
    let start = day * MINUTES + between(rng, 8 * 60, 16 * 60);
    let contact = Contact {
        region,
        start,
        end: start + between(rng, 15, 150),
        physical: chance(rng, 0.87),
        acute: chance(rng, 0.12),
        price: log_normal(rng, 1_600.0, 0.7),
    };
    write_contact(world, rng, person, ward, &contact)?;
    if person.age >= 60 && contact.physical && chance(rng, 0.1) {
        super::practice::write_ride(world, rng, person, region, day, false)?;
    }
    Ok(())
}

/// What kind of ward codes the diagnoses.
#[derive(Clone, Copy)]
struct Ward {
    group: &'static str,
    sad: bool,
    substance: bool,
}

struct Contact {
    region: usize,
    start: i32,
    end: i32,
    physical: bool,
    acute: bool,
    price: f64,
}

fn write_contact(
    world: &mut World<'_>,
    rng: &mut Rng,
    person: &Person,
    ward: Ward,
    contact: &Contact,
) -> Result<(), MakeError> {
    let psychiatric = ward.group == "psykiatri";
    let dx = match (psychiatric, ward.sad, ward.substance) {
        (true, true, _) => sad_code(rng),
        (true, false, true) => pick(rng, &["DF102", "DF101", "DF112", "DF122", "DF192"]),
        (true, false, false) => {
            pick(rng, &["DF200", "DF209", "DF311", "DF603", "DF900", "DF420", "DF502", "DF059"])
        }
        (false, ..) if ward.group == "kirurgi" => pick(
            rng,
            &["DS720", "DK359", "DK802", "DM169", "DN201", "DS525", "DC189", "DK409", "DZ038", "DO800"],
        ),
        _ => pick(
            rng,
            &[
                "DI210", "DJ189", "DJ440", "DJ441", "DI500", "DE119", "DN390", "DR074", "DA099", "DI639",
                "DI489", "DZ034",
            ],
        ),
    };
    let secondary = if !psychiatric && ward.sad {
        sad_code(rng)
    } else if !psychiatric && ward.substance {
        "DF102|DK703"
    } else {
        weighted(rng, &[("", 0.7), ("DI109", 0.1), ("DE119", 0.08), ("DJ449|DI109", 0.07), ("DF172", 0.05)])
    };
    let region = world.places.regions.get(contact.region);
    let hospital = match region {
        Some(region) if psychiatric => region.psychiatry.as_str(),
        Some(region) => {
            // A person's own hospital takes most of the contacts.
            let own =
                usize::try_from(person.birth.unsigned_abs()).unwrap_or(0) % region.hospitals.len().max(1);
            let found = if chance(rng, 0.9) { region.hospitals.get(own) } else { region.hospitals.first() };
            found.map_or("", String::as_str)
        }
        None => "",
    };
    world.seen(contact.region);
    let id = world.contact_id();
    let row = world.sheets.row(contact.region, Table::HospitalContacts).text(&id);
    let row = row.text(person.number.as_str()).text(hospital).text(&moment(world.calendar, contact.start));
    // Whoever is still there has no end.
    let row =
        if contact.end >= MINUTES { row.none() } else { row.text(&moment(world.calendar, contact.end)) };
    row.text(if contact.physical { "ALCA00" } else { "ALCA10" })
        .text(if contact.acute { "ATA1" } else { "ATA3" })
        .text(if psychiatric { "psykiatri" } else { "somatik" })
        .text(ward.group)
        .text(dx)
        .text(secondary)
        .number(super::draw::whole(contact.price))
        .end()
}

/// `YYYY-MM-DDTHH:MM`.
fn moment(calendar: &super::calendar::Calendar, minute: i32) -> String {
    let (day, minute) = (minute.div_euclid(MINUTES), minute.rem_euclid(MINUTES));
    format!("{}T{:02}:{:02}", calendar.text(day), minute / 60, minute % 60)
}
