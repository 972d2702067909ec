//! Moves and deaths of the last three years, and the residence and master-data rows that tell of them.

use super::{
    HISTORY_DAYS, MakeError, World,
    draw::{Rng, between, chance, pick, weighted, weighted_position},
    household::Household,
    person::{Person, Stay},
    place::Places,
    table::Table,
    work::Work,
};

/// What happened to a household within the history.
#[derive(Clone, Copy)]
enum Move {
    Stayed,
    BetweenMembers,
    ThereAndBack,
    FromOutside,
    Away,
    AwayAndBack,
}

/// Shares of households.
const MOVES: [(Move, f64); 6] = [
    (Move::Stayed, 0.89),
    (Move::BetweenMembers, 0.05),
    (Move::ThereAndBack, 0.004),
    (Move::FromOutside, 0.04),
    (Move::Away, 0.012),
    (Move::AwayAndBack, 0.004),
];

/// The probability of dying within a year (Gompertz, the parameters fitted by eye to Danish life tables).
fn mortality(age: i32) -> f64 {
    (0.000_025 * (0.098 * f64::from(age)).exp()).min(0.6)
}

/// The share of those who would have this age who died in the last three years.
pub(super) fn died_share(age: i32) -> f64 {
    1.0 - (1.0 - mortality(age - 1)).powi(3)
}

/// Gives every member of the household its stays and perhaps a death.
pub(super) fn settle(rng: &mut Rng, places: &Places, home: usize, household: &mut Household) {
    let mut what = weighted(rng, &MOVES);
    let elsewhere = other_municipality(rng, places, home);
    if elsewhere.is_none() && matches!(what, Move::BetweenMembers | Move::ThereAndBack) {
        what = Move::Stayed;
    }
    let other = elsewhere.unwrap_or(home);
    let day = between(rng, -HISTORY_DAYS + 90, -1);
    let before = between(rng, -HISTORY_DAYS, day - 60);
    let long_ago = -between(rng, HISTORY_DAYS + 1, 9000);
    let stay = |municipality, from, to| Stay { municipality, from, to };
    let stays = match what {
        Move::Stayed => vec![stay(home, long_ago, None)],
        Move::BetweenMembers => vec![stay(other, long_ago, Some(day - 1)), stay(home, day, None)],
        Move::ThereAndBack => vec![
            stay(home, long_ago, Some(before - 1)),
            stay(other, before, Some(day - 1)),
            stay(home, day, None),
        ],
        Move::FromOutside => vec![stay(home, day, None)],
        Move::Away => vec![stay(home, long_ago, Some(day))],
        Move::AwayAndBack => vec![stay(home, long_ago, Some(before - 1)), stay(home, day, None)],
    };
    let mut widowed = false;
    for person in household.iter_mut() {
        person.stays = stays
            .iter()
            .filter(|stay| stay.to.is_none_or(|to| to >= person.birth))
            .map(|stay| Stay { from: stay.from.max(person.birth), ..*stay })
            .collect();
        if person.stays.is_empty() {
            // Born after the household left: the mother's municipality registered the birth.
            person.stays = vec![stay(home, person.birth, Some(person.birth))];
        }
        if chance(rng, died_share(person.age)) {
            die(rng, person);
            widowed |= person.death.is_some() && !person.single();
        }
    }
    if widowed {
        // The survivor is alone from then on; what the dead were stays as it was.
        for person in household.iter_mut().filter(|p| p.death.is_none()) {
            person.civil = "enlig";
        }
    }
}

/// Lets the person die on a day of the history on which the last municipality is home.
fn die(rng: &mut Rng, person: &mut Person) {
    let Some(last) = person.stays.last_mut() else {
        return;
    };
    if last.to.is_some() {
        return;
    }
    let day = between(rng, last.from.max(-HISTORY_DAYS), 0);
    person.death = Some(day);
    // Some registers leave the residence of the dead open.
    last.to = if chance(rng, 0.85) { Some(day) } else { None };
}

fn other_municipality(rng: &mut Rng, places: &Places, home: usize) -> Option<usize> {
    if places.municipalities.len() < 2 {
        return None;
    }
    let weights = places.municipalities.iter().enumerate();
    let weights = weights.map(|(place, m)| if place == home { 0.0 } else { f64::from(m.weight) });
    weighted_position(rng, weights).filter(|place| *place != home)
}

/// Writes `persons` and `residence` in every municipality where the person lived.
pub(super) fn write(
    world: &mut World<'_>,
    rng: &mut Rng,
    person: &Person,
    work: Work,
) -> Result<(), MakeError> {
    let calendar = world.calendar;
    let last = person.last_municipality();
    let mut written = Vec::new();
    for stay in &person.stays {
        let node = world.municipal_node(stay.municipality);
        let code = world.municipality_code(stay.municipality);
        let row = world.sheets.row(node, Table::Residence).text(person.number.as_str()).number(code.into());
        let row = row.text(calendar.text(stay.from));
        let row = if let Some(to) = stay.to { row.text(calendar.text(to)) } else { row.none() };
        row.end()?;
        if written.contains(&stay.municipality) {
            continue;
        }
        written.push(stay.municipality);
        // A municipality that the person has left knows what was true then.
        let stale = Some(stay.municipality) != last && chance(rng, 0.4);
        let civil = if stale { pick(rng, &["enlig", "gift", "samboende"]) } else { person.civil };
        let preschool = if stale { person.preschool.min(1) } else { person.preschool };
        let death = person.death.filter(|_| Some(stay.municipality) == last);
        let row = world.sheets.row(node, Table::Persons).text(person.number.as_str());
        let row = row.text(calendar.text(person.birth)).text(sex(person)).text(person.citizenship);
        let row = if let Some(death) = death { row.text(calendar.text(death)) } else { row.none() };
        row.text(civil).number(preschool).text(work.a_kasse).end()?;
    }
    Ok(())
}

/// F or M.
pub(super) fn sex(person: &Person) -> &'static str {
    if person.female { "F" } else { "M" }
}
