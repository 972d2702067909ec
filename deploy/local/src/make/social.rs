//! Municipal services, the survey of a project's participants, and flags from front-line staff.

use super::{
    HISTORY_DAYS, MakeError, World,
    draw::{Rng, between, chance, log_normal, whole},
    mind::Mind,
    person::Person,
    table::Table,
    work::{Standing, Work},
};

/// Writes `social_services`, `survey` and `frontline_flags`.
pub(super) fn write(
    world: &mut World<'_>,
    rng: &mut Rng,
    person: &Person,
    work: Work,
    mind: Mind,
) -> Result<(), MakeError> {
    let burdened = mind.substance
        || (mind.sad && matches!(work.standing, Standing::CashBenefit | Standing::EarlyRetirement));
    let laws = [
        ("SEL_83", home_care_share(person), 190.0),
        ("SUL_138", home_care_share(person) * 1.14, 120.0),
        (
            "SEL_85",
            if person.age < 18 {
                0.0
            } else if burdened {
                0.22
            } else {
                0.006
            },
            480.0,
        ),
        (
            "SEL_99",
            if person.age < 18 {
                0.0
            } else if burdened {
                0.03
            } else {
                0.0006
            },
            260.0,
        ),
    ];
    for (law, share, cost) in laws {
        if chance(rng, share) {
            // Begun some time ago and still there.
            let from = -between(rng, 1, 1500);
            write_service(world, rng, person, law, (from, None), cost)?;
        } else if chance(rng, share * 0.35) {
            let from = -between(rng, 60, HISTORY_DAYS);
            let to = from + between(rng, 14, 400);
            write_service(world, rng, person, law, (from, Some(to.min(-1))), cost)?;
        }
    }
    if person.age >= 18 && person.age <= 80 && chance(rng, if burdened { 0.18 } else { 0.008 }) {
        write_survey(world, rng, person)?;
    }
    if person.age >= 18 && chance(rng, if burdened { 0.05 } else { 0.0015 }) {
        let day = -between(rng, 0, 500);
        if let Some(place) = person.municipality_on(day) {
            let node = world.municipal_node(place);
            let row = world.sheets.row(node, Table::FrontlineFlags).text(person.number.as_str());
            row.text(world.calendar.text(day)).end()?;
        }
    }
    Ok(())
}

/// The share that has home care, aimed at a tenth of those of 65 and more.
fn home_care_share(person: &Person) -> f64 {
    match person.age {
        ..=17 => 0.0,
        18..=64 => 0.006,
        65..=74 => 0.039,
        75..=79 => 0.082,
        80..=84 => 0.174,
        _ => 0.385,
    }
}

/// Each municipality pays for the days on which the person lived there.
fn write_service(
    world: &mut World<'_>,
    rng: &mut Rng,
    person: &Person,
    law: &str,
    (from, to): (i32, Option<i32>),
    cost: f64,
) -> Result<(), MakeError> {
    let cost = whole(log_normal(rng, cost, 0.55)).max(20);
    for stay in &person.stays {
        let first = from.max(stay.from);
        let ends = [to, stay.to, person.death];
        let last = ends.into_iter().flatten().min();
        if last.is_some_and(|last| last < first) {
            continue;
        }
        let node = world.municipal_node(stay.municipality);
        let row = world.sheets.row(node, Table::SocialServices).text(person.number.as_str()).text(law);
        let row = row.text(world.calendar.text(first));
        let row = if let Some(last) = last { row.text(world.calendar.text(last)) } else { row.none() };
        row.number(cost).end()?;
    }
    Ok(())
}

fn write_survey(world: &mut World<'_>, rng: &mut Rng, person: &Person) -> Result<(), MakeError> {
    let day = -between(rng, 0, 720);
    let later = day + between(rng, 150, 400);
    let before = [between(rng, 1, 4), between(rng, 1, 8), between(rng, 1, 5), between(rng, 1, 4)];
    // Those who stay in the project mostly feel a little better.
    let after = before.map(|value| value + i32::from(chance(rng, 0.4)) - i32::from(chance(rng, 0.25)));
    write_answers(world, rng, person, day, "baseline", before)?;
    if later <= 0 && chance(rng, 0.72) {
        write_answers(world, rng, person, later, "followup", after)?;
    }
    Ok(())
}

fn write_answers(
    world: &mut World<'_>,
    rng: &mut Rng,
    person: &Person,
    day: i32,
    round: &str,
    answers: [i32; 4],
) -> Result<(), MakeError> {
    let Some(place) = person.municipality_on(day) else {
        return Ok(());
    };
    let node = world.municipal_node(place);
    let mut row = world.sheets.row(node, Table::Survey).text(person.number.as_str());
    row = row.text(world.calendar.text(day)).text(round);
    // The items' ranges: health 1-5, life satisfaction 0-10, satisfaction 1-5, coherence 1-5.
    for (answer, (low, high)) in answers.into_iter().zip([(1, 5), (0, 10), (1, 5), (1, 5)]) {
        let answered = !chance(rng, 0.08);
        row = if answered { row.number(answer.clamp(low, high).unsigned_abs()) } else { row.none() };
    }
    row.end()
}
