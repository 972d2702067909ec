//! Small, nasty data sets: some hundred made-up persons over two regions and three municipalities, aimed at every
//! edge of the SAD and SOMV rules, and at those that span nodes first of all.
//!
//! Integration tests import these folders into a federation and compare its answers with [`crate::oracle`]. Each
//! edge first meets a person who has nothing else ("pure"), so that a failure names its rule; then persons draw one
//! pattern of each kind at random, so that edges meet each other. The patterns are data: see `municipal` for
//! homes and master data, `leave` for sick leave and benefits, `social` for services, flags and the survey, `regional`
//! for patients, practice, medicine and rides, `diagnosis` for short contacts with a diagnosis and `stay` for stays.
//!
//! What a rule leaves open is left out: nobody is resident in two municipalities on the reference date, and two
//! regions that hold one contact tell the same of it.

mod diagnosis;
mod draft;
mod leave;
mod municipal;
mod regional;
mod social;
mod stay;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use jiff::{
    ToSpan as _,
    civil::{Date, date},
};
use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha8Rng, seq::IndexedRandom as _};
use tvaers_protocol::id::PersonId;

use draft::Draft;

/// Reference dates worth asking about: leap days and their neighbours, 53-week years, ends of years and of months.
pub const REFERENCE_DATES: [Date; 8] = [
    date(2026, 2, 28),
    date(2024, 2, 29),
    date(2024, 3, 1),
    date(2025, 3, 1),
    date(2021, 1, 3),
    date(2024, 12, 31),
    date(2027, 1, 1),
    date(2025, 10, 31),
];

/// The municipalities, each with its region: one alone in region 1083, two together in region 1085.
pub const MUNICIPALITIES: [(u16, u16); 3] = [(461, 1083), (360, 1085), (376, 1085)];

/// The regions.
pub const REGIONS: [u16; 2] = [1083, 1085];

/// Persons who draw a pattern of each kind, beside the pure ones.
const MIXED: usize = 240;

/// The positions of those born on the reference date and the day before it.
const NEWBORN: std::ops::RangeInclusive<usize> = 1..=2;

/// A day told by its distance in days from an edge of the rules.
#[derive(Clone, Copy)]
enum Day {
    /// From the reference date.
    AsOf(i32),
    /// From the same date two years earlier, which is the last day outside the window.
    Before(i32),
    /// From the same date twelve months earlier, which is the last day outside the window.
    Year(i32),
    /// From the same date six months earlier.
    HalfYear(i32),
    /// From the latest 31st that six months take into a shorter month, whose end lies before the reference date.
    Clamp(i32),
    /// From the end of that shorter month.
    Clamped(i32),
}

/// Writes the data set of `seed` and returns its node folders, made under `out_dir`.
///
/// # Errors
/// Where a file cannot be written, or `as_of` lies at an end of the calendar.
pub fn cases(seed: u64, as_of: Date, out_dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    draft(seed, as_of)?.write(out_dir)
}

/// For each person of the data set of `seed` the patterns it was made of, for the message of a failing test.
///
/// # Errors
/// Where `as_of` lies at an end of the calendar.
pub fn stories(seed: u64, as_of: Date) -> anyhow::Result<BTreeMap<PersonId, String>> {
    let stories = draft(seed, as_of)?.into_stories();
    stories
        .into_iter()
        .map(|(id, story)| Ok((PersonId::parse(&id).context("a made-up number must parse")?, story)))
        .collect()
}

/// One pattern of each kind, by position in its list; zero is the plain one that touches no edge.
#[derive(Clone, Copy, Default)]
struct Choice {
    birth: usize,
    home: usize,
    master: usize,
    spells: usize,
    benefits: usize,
    patient: usize,
    diagnosis: usize,
    practice: usize,
    medicine: usize,
    stays: usize,
    services: usize,
    flags: usize,
    survey: usize,
    rides: usize,
    /// Whether stays are delivered twice, and to both regions, at random; what a pattern says stays true.
    copies: bool,
}

fn draft(seed: u64, as_of: Date) -> anyhow::Result<Draft> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut draft = Draft::new(as_of, ChaCha8Rng::seed_from_u64(!seed))?;
    let births = births(as_of)?;
    for choice in pure(births.len()).into_iter().chain(pure_of_stays(births.len())) {
        person(&mut draft, &births, choice)?;
    }
    for _ in 0..MIXED {
        let choice = mixed(&mut rng, births.len());
        person(&mut draft, &births, choice)?;
    }
    Ok(draft)
}

fn pure(n_births: usize) -> Vec<Choice> {
    // A spell over a move needs a home with a move, and contacts in two regions a patient of both.
    let home = municipal::MOVED;
    let patient = regional::IN_BOTH;
    let mut all = vec![Choice::default()];
    all.extend((1..n_births).map(|birth| Choice { birth, ..Choice::default() }));
    all.extend((1..municipal::HOMES.len()).map(|home| Choice { home, ..Choice::default() }));
    all.extend((1..municipal::MASTERS.len()).map(|master| Choice { master, ..Choice::default() }));
    all.extend((1..leave::SPELLS.len()).map(|spells| Choice { spells, home, ..Choice::default() }));
    all.extend((1..leave::SPELLS.len()).map(|spells| Choice { spells, ..Choice::default() }));
    all.extend((1..leave::BENEFITS.len()).map(|benefits| Choice { benefits, home, ..Choice::default() }));
    all.extend((1..regional::PATIENTS.len()).map(|patient| Choice {
        patient,
        diagnosis: 1,
        practice: 1,
        ..Choice::default()
    }));
    all.extend((1..diagnosis::DIAGNOSES.len()).map(|diagnosis| Choice {
        diagnosis,
        patient,
        ..Choice::default()
    }));
    all.extend((1..regional::PRACTICE.len()).map(|practice| Choice {
        practice,
        patient,
        ..Choice::default()
    }));
    all.extend((1..regional::MEDICINE.len()).map(|medicine| Choice {
        medicine,
        patient,
        ..Choice::default()
    }));
    all
}

/// Those about stays, problem areas and flags. The population and a problem area need a contact rule beside them to
/// include anyone, and a contact rule a problem area.
fn pure_of_stays(n_births: usize) -> Vec<Choice> {
    let (home, patient, stays, diagnosis) =
        (municipal::MOVED, regional::IN_BOTH, stay::TWO, diagnosis::SOMATIC);
    let included = Choice { patient, stays, diagnosis, ..Choice::default() };
    let no_area = Choice { diagnosis: 0, ..included };
    let moved = Choice { home, ..no_area };
    let mut all = Vec::new();
    all.extend((1..stay::N_STAYS).map(|stays| Choice { stays, ..included }));
    all.extend((1..n_births).map(|birth| Choice { birth, ..included }));
    all.extend((1..municipal::HOMES.len()).map(|home| Choice { home, ..included }));
    all.extend((0..diagnosis::DIAGNOSES.len()).map(|diagnosis| Choice { diagnosis, ..included }));
    all.extend((1..leave::BENEFITS.len()).map(|benefits| Choice { benefits, ..moved }));
    all.extend((1..social::SERVICES.len()).map(|services| Choice { services, ..moved }));
    all.extend((1..social::FLAGS.len()).map(|flags| Choice { flags, ..moved }));
    all.extend((1..social::FLAGS.len()).map(|flags| Choice { flags, diagnosis, ..moved }));
    all.extend((1..social::FLAGS.len()).map(|flags| Choice { flags, diagnosis, stays: 0, ..moved }));
    let stays = stay::BOTH_RULES;
    all.extend((1..social::FLAGS.len()).map(|flags| Choice { flags, diagnosis, stays, ..moved }));
    all.extend((0..regional::PATIENTS.len()).map(|patient| Choice {
        patient,
        stays: stay::TRANSFER,
        ..included
    }));
    all.extend((1..social::SURVEYS.len()).map(|survey| Choice { survey, home, ..Choice::default() }));
    all.extend((1..regional::RIDES.len()).map(|rides| Choice { rides, patient, ..Choice::default() }));
    all
}

fn mixed(rng: &mut ChaCha8Rng, n_births: usize) -> Choice {
    // Many births and homes are plain, or too few of the mixed persons would be in the population.
    let mut pick = |n: usize, plain: f64| {
        if rng.random_bool(plain) { 0 } else { rng.random_range(0..n) }
    };
    let birth = pick(n_births, 0.5);
    let home = pick(municipal::HOMES.len(), 0.3);
    Choice {
        birth,
        // The newborn have no past in which to move or die.
        home: if NEWBORN.contains(&birth) { 0 } else { home },
        master: pick(municipal::MASTERS.len(), 0.1),
        spells: pick(leave::SPELLS.len(), 0.1),
        benefits: pick(leave::BENEFITS.len(), 0.3),
        patient: pick(regional::PATIENTS.len(), 0.2),
        diagnosis: pick(diagnosis::DIAGNOSES.len(), 0.1),
        practice: pick(regional::PRACTICE.len(), 0.1),
        medicine: pick(regional::MEDICINE.len(), 0.1),
        stays: pick(stay::N_STAYS, 0.1),
        services: pick(social::SERVICES.len(), 0.6),
        flags: pick(social::FLAGS.len(), 0.7),
        survey: pick(social::SURVEYS.len(), 0.5),
        rides: pick(regional::RIDES.len(), 0.5),
        copies: true,
    }
}

/// Birth dates around the ages at which the populations begin and end, and the plain one first.
fn births(as_of: Date) -> anyhow::Result<Vec<Date>> {
    let mut births = vec![as_of.checked_sub(40.years().days(100))?, as_of, as_of.yesterday()?];
    for age in [18, 66, 71] {
        let birthday = as_of.checked_sub(i64::from(age).years())?;
        // Two days on, because the day after 28 February may be a leap day.
        for days in -1..=2 {
            births.push(birthday.checked_add(i64::from(days).days())?);
        }
        // Leap-day births of the years around: the birthday of a common year falls on 1 March.
        let years = (birthday.year() - 4)..=(birthday.year() + 4);
        births.extend(years.filter_map(|year| Date::new(year, 2, 29).ok()));
    }
    births.push(as_of.checked_sub(104.years())?);
    births.retain(|birth| *birth <= as_of);
    Ok(births)
}

fn person(draft: &mut Draft, births: &[Date], choice: Choice) -> anyhow::Result<()> {
    let birth = *births.get(choice.birth).context("no such birth pattern")?;
    let sex = *[draft::Sex::F, draft::Sex::M].choose(&mut draft.rng).unwrap_or(&draft::Sex::F);
    let id = draft.number(birth, sex)?;
    let mut story = format!("born {birth}; age: {}", if choice.birth == 0 { "plain" } else { "edge" });
    let homes = municipal::write(draft, &id, birth, sex, choice, &mut story)?;
    leave::write(draft, &id, &homes, choice, &mut story)?;
    social::write(draft, &id, &homes, choice, &mut story)?;
    let known = regional::write(draft, &id, birth, sex, &homes, choice, &mut story)?;
    diagnosis::write(draft, &id, &known, choice, &mut story)?;
    stay::write(draft, &id, &known, choice, &mut story)?;
    draft.tell(id, story);
    Ok(())
}

#[cfg(test)]
mod tests;
