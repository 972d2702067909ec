//! Who there is: ages by the population pyramid, couples, and children with their parents.
//!
//! A block of about a thousand persons is drawn at a time, so that the pyramid holds exactly while memory does not
//! grow with the population.

use super::{
    MakeError,
    calendar::{AGE_MAX, Calendar},
    draw::{Rng, between, chance, frailty, normal, pick, weighted, weighted_position},
    life,
    number::Numbers,
    person::Person,
};

/// Age bands and their share of all, North Jutland 2013; the last is open.
const PYRAMID: [(i32, i32, f64); 11] = [
    (0, 17, 21.3),
    (18, 29, 14.8),
    (30, 39, 12.5),
    (40, 49, 14.6),
    (50, 59, 13.0),
    (60, 64, 6.1),
    (65, 69, 6.3),
    (70, 74, 4.3),
    (75, 79, 3.1),
    (80, 84, 2.1),
    (85, 98, 2.0),
];

/// Mothers' age at birth: mean, spread, and the bounds that are never left.
const MOTHER_AGE: (f64, f64) = (30.0, 4.8);
const MOTHER_AGE_MIN: i32 = 17;
const MOTHER_AGE_MAX: i32 = 46;

/// Children start school at six.
const SCHOOL_AGE: i32 = 6;

const CHILDREN_MAX: usize = 4;

/// Adults who hold a foreign citizenship.
const FOREIGN_SHARE: f64 = 0.105;
/// A foreigner's partner is a foreigner too.
const FOREIGN_PARTNER_SHARE: f64 = 0.6;

/// People who live together; a move takes all of them.
pub(super) type Household = Vec<Person>;

/// Draws `n` persons and puts them into households. Every one is in exactly one.
pub(super) fn block(
    rng: &mut Rng,
    calendar: &Calendar,
    numbers: &mut Numbers,
    share_65: f64,
    n: u32,
) -> Result<Vec<Household>, MakeError> {
    let (mut adults, mut children) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let person = draw(rng, calendar, numbers, share_65)?;
        if person.age < 18 { children.push(person) } else { adults.push(person) }
    }
    let mut households = pair(rng, adults);
    children.sort_by_key(|child| child.birth);
    for child in children {
        place(rng, &mut households, child);
    }
    for household in &mut households {
        settle_family(rng, household);
    }
    Ok(households)
}

/// One person of no family yet, also used for those whom only a region knows.
pub(super) fn draw(
    rng: &mut Rng,
    calendar: &Calendar,
    numbers: &mut Numbers,
    share_65: f64,
) -> Result<Person, MakeError> {
    let aim = drawn_age(rng, share_65);
    let birth = -(f64::from(aim) * 365.2425) as i32 - between(rng, 0, 364);
    let age = calendar.age(birth, 0);
    // Women live longer: their share grows from a little below one half to two thirds.
    let women = if age < 60 { 0.49 } else { 0.49 + 0.0052 * f64::from(age - 60) };
    let female = chance(rng, women);
    let number = numbers.next(calendar, birth, female)?;
    let gp_frailty = frailty(rng, 0.97);
    Ok(Person {
        number,
        birth,
        age,
        female,
        civil: "enlig",
        preschool: 0,
        citizenship: "DK",
        stays: Vec::new(),
        death: None,
        gp_frailty,
        // Those who see their practice often are also admitted more; a few are admitted very often.
        hospital_frailty: frailty(rng, 0.42) * (0.45 + 0.55 * gp_frailty),
        in_registers: !chance(rng, 0.004),
    })
}

fn drawn_age(rng: &mut Rng, share_65: f64) -> i32 {
    let young: f64 = PYRAMID.iter().filter(|band| band.0 < 65).map(|band| band.2).sum();
    let old: f64 = PYRAMID.iter().filter(|band| band.0 >= 65).map(|band| band.2).sum();
    let weight = |(from, to, share): (i32, i32, f64)| {
        let wanted = if from < 65 { share / young * (1.0 - share_65) } else { share / old * share_65 };
        // The pyramid is that of the living, and some of those drawn will have died.
        wanted / (1.0 - life::died_share((from + to) / 2))
    };
    let position = weighted_position(rng, PYRAMID.iter().map(|band| weight(*band))).unwrap_or(0);
    let (from, to, _) = PYRAMID.get(position).copied().unwrap_or((18, 29, 0.0));
    if from < 85 {
        return between(rng, from, to);
    }
    // The oldest thin out: two draws, the lower one.
    between(rng, from, to).min(between(rng, from, to)).min(AGE_MAX - 1)
}

/// The share of an age that lives with a partner.
fn partnered_share(age: i32) -> f64 {
    match age {
        ..=20 => 0.08,
        21..=24 => 0.36,
        25..=29 => 0.62,
        30..=64 => 0.76,
        65..=74 => 0.72,
        75..=84 => 0.58,
        _ => 0.34,
    }
}

/// Married among those who live with a partner.
fn married_share(age: i32) -> f64 {
    match age {
        ..=24 => 0.1,
        25..=29 => 0.3,
        30..=39 => 0.58,
        40..=59 => 0.77,
        _ => 0.9,
    }
}

/// Couples of like age, and everyone else alone.
fn pair(rng: &mut Rng, adults: Vec<Person>) -> Vec<Household> {
    let (mut women, mut men, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    for person in adults {
        if !chance(rng, partnered_share(person.age)) {
            alone.push(person);
        } else if person.female {
            women.push(person);
        } else {
            men.push(person);
        }
    }
    // Matched by rank of age, youngest first; whoever is left over lives alone.
    women.sort_by_key(|person| -person.birth);
    men.sort_by_key(|person| -person.birth);
    let n = women.len().min(men.len());
    alone.extend(women.drain(n..));
    alone.extend(men.drain(n..));
    let mut households = Vec::with_capacity(n + alone.len());
    for (mut woman, mut man) in women.into_iter().zip(men) {
        let married = chance(rng, married_share(woman.age.min(man.age)));
        let status = if married { "gift" } else { "samboende" };
        (woman.civil, man.civil) = (status, status);
        households.push(vec![woman, man]);
    }
    households.extend(alone.into_iter().map(|person| vec![person]));
    // By the age of the one who may be a mother, so that a child's is found by halving.
    households.sort_by_key(|household| household.first().map(|adult| adult.age));
    households
}

/// Puts a child with a mother of a fitting age, mostly one who lives with a partner; seldom with a father alone.
fn place(rng: &mut Rng, households: &mut Vec<Household>, child: Person) {
    let father_alone = chance(rng, 0.03);
    let mut best: Option<usize> = None;
    for _ in 0..24 {
        let age_at_birth = (MOTHER_AGE.0 + MOTHER_AGE.1 * normal(rng)).round() as i32;
        let aim = child.age + age_at_birth.clamp(MOTHER_AGE_MIN, MOTHER_AGE_MAX);
        let middle = households.partition_point(|h| h.first().is_some_and(|adult| adult.age < aim));
        let found = middle.saturating_add_signed(between(rng, -12, 12) as isize);
        let Some(household) = households.get(found) else {
            continue;
        };
        let n_adults = household.iter().filter(|p| p.age >= 18).count();
        let Some(parent) = household.first() else { continue };
        let fits = (MOTHER_AGE_MIN..=MOTHER_AGE_MAX).contains(&(parent.age - child.age));
        let room = household.len() - n_adults < CHILDREN_MAX;
        let wanted = match (parent.female, n_adults > 1) {
            (true, true) => true,
            (true, false) => chance(rng, 0.28),
            (false, _) => father_alone,
        };
        if fits && room {
            best = Some(found);
            if wanted {
                break;
            }
        }
    }
    // A small block may have nobody who fits: then any household takes the child in, or there is none to do so.
    let last = i32::try_from(households.len()).unwrap_or(i32::MAX) - 1;
    let found = best.unwrap_or_else(|| usize::try_from(between(rng, 0, last)).unwrap_or(0));
    match households.get_mut(found) {
        Some(household) => household.push(child),
        None => households.push(vec![child]),
    }
}

fn settle_family(rng: &mut Rng, household: &mut Household) {
    let preschool = household.iter().filter(|person| person.age < SCHOOL_AGE).count();
    let mut family: Option<&'static str> = None;
    for person in household {
        if person.age >= 18 {
            person.preschool = u32::try_from(preschool).unwrap_or(0);
        }
        person.citizenship = match family {
            None | Some("DK") if person.age >= 18 => {
                citizenship(rng, FOREIGN_SHARE * if family.is_none() { 1.0 } else { 0.6 })
            }
            None => citizenship(rng, FOREIGN_SHARE),
            Some(country) if person.age < 18 => country,
            Some(country) if chance(rng, FOREIGN_PARTNER_SHARE) => country,
            Some(_) => "DK",
        };
        family.get_or_insert(person.citizenship);
    }
}

fn citizenship(rng: &mut Rng, foreign: f64) -> &'static str {
    if chance(rng, foreign) {
        pick(rng, &["PL", "SY", "RO", "DE", "UA", "SE", "NO", "TR", "LT", "GB"])
    } else {
        // Now and then the register does not know.
        weighted(rng, &[("DK", 0.997), ("", 0.003)])
    }
}
