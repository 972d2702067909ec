//! Work and illness absence: a-kasse, DREAM benefit weeks, sick-leave records.

use super::{
    HISTORY_DAYS, MakeError, World,
    draw::{Rng, between, chance, frailty, log_normal, periods, poisson, weighted},
    person::Person,
    table::Table,
};

/// Where a person stands towards work on the reference date.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Below or above working age.
    Outside,
    Employed,
    Student,
    /// Unemployment benefit.
    Insured,
    CashBenefit,
    Rehabilitation,
    JobClarification,
    FlexJob,
    EarlyRetirement,
    /// Early retirement of choice (efterløn).
    Withdrawn,
}

/// The standing, its DREAM code, and the a-kasse.
#[derive(Clone, Copy)]
pub(super) struct Work {
    pub(super) standing: Standing,
    code: Option<&'static str>,
    pub(super) a_kasse: &'static str,
}

/// Weeks of history that benefit rows cover.
const WEEKS: i32 = HISTORY_DAYS / 7;

/// Sick-leave spells a year of one in work, and their length: median and log-sd, so that the mean is 37 days.
const SPELLS_A_YEAR: f64 = 0.275;
const SPELL_DAYS_MEDIAN: f64 = 16.0;
const SPELL_DAYS_SIGMA: f64 = 1.3;

pub(super) fn draw(rng: &mut Rng, person: &Person) -> Work {
    use Standing as S;
    let standing = match person.age {
        18..=24 => weighted(
            rng,
            &[
                (S::Employed, 0.56),
                (S::Student, 0.33),
                (S::Insured, 0.016),
                (S::CashBenefit, 0.042),
                (S::Rehabilitation, 0.004),
                (S::JobClarification, 0.002),
                (S::EarlyRetirement, 0.016),
            ],
        ),
        25..=39 => weighted(
            rng,
            &[
                (S::Employed, 0.79),
                (S::Student, 0.08),
                (S::Insured, 0.035),
                (S::CashBenefit, 0.03),
                (S::Rehabilitation, 0.006),
                (S::JobClarification, 0.006),
                (S::FlexJob, 0.01),
                (S::EarlyRetirement, 0.029),
            ],
        ),
        40..=59 => weighted(
            rng,
            &[
                (S::Employed, 0.81),
                (S::Insured, 0.028),
                (S::CashBenefit, 0.021),
                (S::Rehabilitation, 0.006),
                (S::JobClarification, 0.009),
                (S::FlexJob, 0.026),
                (S::EarlyRetirement, 0.069),
            ],
        ),
        60..=66 => weighted(
            rng,
            &[
                (S::Employed, 0.68),
                (S::Insured, 0.022),
                (S::CashBenefit, 0.012),
                (S::JobClarification, 0.006),
                (S::FlexJob, 0.032),
                (S::EarlyRetirement, 0.11),
                (S::Withdrawn, 0.12),
            ],
        ),
        _ => S::Outside,
    };
    let code = match standing {
        S::Outside | S::Employed => None,
        S::Student => Some(weighted(rng, &[("651", 0.7), ("652", 0.3)])),
        S::Insured => Some("111"),
        S::CashBenefit => Some(weighted(rng, &[("130", 0.35), ("730", 0.5), ("733", 0.15)])),
        S::Rehabilitation => Some("810"),
        S::JobClarification => Some("870"),
        S::FlexJob => Some("771"),
        S::EarlyRetirement => Some(weighted(rng, &[("783", 0.9), ("781", 0.1)])),
        S::Withdrawn => Some("611"),
    };
    Work { standing, code, a_kasse: a_kasse(rng, standing) }
}

fn a_kasse(rng: &mut Rng, standing: Standing) -> &'static str {
    let fund = weighted(
        rng,
        &[
            ("3F", 0.25),
            ("HK", 0.18),
            ("KRIFA", 0.13),
            ("ASE", 0.13),
            ("AKADEMIKERNE", 0.1),
            ("FTF", 0.06),
            ("LAERERNES", 0.05),
            ("BUPL", 0.05),
            ("DSA", 0.05),
        ],
    );
    // Only the insured draw unemployment benefit; few of those on other benefits are members.
    let member = match standing {
        Standing::Insured | Standing::Withdrawn => 1.0,
        Standing::Employed => 0.76,
        Standing::JobClarification | Standing::FlexJob => 0.6,
        Standing::Outside => return "",
        _ => 0.15,
    };
    if chance(rng, member) { fund } else { "INGEN" }
}

/// Writes benefit weeks and sick-leave records, each in the municipality of that time.
pub(super) fn write(
    world: &mut World<'_>,
    rng: &mut Rng,
    person: &Person,
    work: Work,
    distress: f64,
) -> Result<(), MakeError> {
    if !person.working_age() {
        return Ok(());
    }
    let spells = spells(rng, person, work, distress);
    for spell in &spells {
        write_spell(world, rng, person, *spell)?;
    }
    write_weeks(world, rng, person, work, &spells)
}

/// A spell of absence; none as last day means that it goes on.
#[derive(Clone, Copy)]
struct Spell {
    first: i32,
    last: Option<i32>,
}

fn spells(rng: &mut Rng, person: &Person, work: Work, distress: f64) -> Vec<Spell> {
    use Standing as S;
    let rate = match work.standing {
        S::Employed => SPELLS_A_YEAR,
        S::Insured | S::FlexJob => 0.16,
        S::JobClarification => 0.45,
        S::CashBenefit => 0.04,
        _ => return Vec::new(),
    };
    let mean = rate * 3.0 * frailty(rng, 0.7) * distress;
    let mut spells = Vec::new();
    for _ in 0..poisson(rng, mean).min(25) {
        let first = between(rng, -HISTORY_DAYS, 0);
        let days = log_normal(rng, SPELL_DAYS_MEDIAN, SPELL_DAYS_SIGMA).clamp(1.0, 400.0) as i32;
        spells.push(first..=first + days - 1);
    }
    if work.standing == S::JobClarification && chance(rng, 0.5) {
        spells.push(-between(rng, 150, 700)..=300);
    }
    let open = |rng: &mut Rng, last: i32| {
        if last > 0 && chance(rng, 0.7) { None } else { Some(last) }
    };
    let mut spells: Vec<Spell> = spells
        .into_iter()
        .filter(|days| *days.start() > person.birth && person.death.is_none_or(|death| *days.end() <= death))
        .map(|days| Spell { first: *days.start(), last: open(rng, *days.end()) })
        .collect();
    spells.sort_by_key(|spell| spell.first);
    spells
}

/// One spell as its municipalities recorded it: whole, in adjacent or overlapping pieces, or cut by a move.
fn write_spell(world: &mut World<'_>, rng: &mut Rng, person: &Person, spell: Spell) -> Result<(), MakeError> {
    let mut pieces = vec![spell];
    let known_last = spell.last.unwrap_or(0);
    if known_last - spell.first > 4 && chance(rng, 0.15) {
        // A second employer's claim: adjacent, or overlapping by up to three days.
        let cut = between(rng, spell.first + 1, known_last - 1);
        let overlap = between(rng, 0, 3).min(known_last - cut);
        pieces = vec![Spell { last: Some(cut + overlap), ..spell }, Spell { first: cut + 1, ..spell }];
    }
    for piece in pieces {
        for stay in &person.stays {
            let first = piece.first.max(stay.from);
            let last = match (piece.last, stay.to) {
                (None, to) => to,
                (Some(last), to) => Some(to.map_or(last, |to| to.min(last))),
            };
            if last.is_some_and(|last| last < first) || first > 0 {
                continue;
            }
            let node = world.municipal_node(stay.municipality);
            let row = world.sheets.row(node, Table::SickLeave).text(person.number.as_str());
            let row = row.text(world.calendar.text(first));
            let row = if let Some(last) = last { row.text(world.calendar.text(last)) } else { row.none() };
            row.end()?;
        }
    }
    Ok(())
}

fn write_weeks(
    world: &mut World<'_>,
    rng: &mut Rng,
    person: &Person,
    work: Work,
    spells: &[Spell],
) -> Result<(), MakeError> {
    let current = work.code.map(|code| {
        let mean = match work.standing {
            Standing::Insured => 22.0,
            Standing::CashBenefit => 70.0,
            Standing::Student => 90.0,
            Standing::JobClarification | Standing::Rehabilitation => 60.0,
            _ => 400.0,
        };
        (code, -periods(rng, mean).min(WEEKS) + 1, 0)
    });
    // Most unemployment is short and over: an earlier spell for some of those in work.
    let earlier = (work.standing == Standing::Employed && chance(rng, 0.1)).then(|| {
        let from = -between(rng, 4, WEEKS - 1);
        ("111", from, (from + periods(rng, 18.0)).min(-2))
    });
    for (code, from, to) in current.into_iter().chain(earlier) {
        for week in from..=to {
            // Illness comes before activation: one code wins a week, and now and then both are there.
            let sick = spells.iter().any(|spell| overlaps(*spell, week));
            if !sick || chance(rng, 0.08) || matches!(work.standing, Standing::JobClarification) {
                write_week(world, person, week, code)?;
            }
        }
    }
    let mut written_up_to = i32::MIN;
    for spell in spells {
        // The first week that ends on the spell's first day or later.
        let first = (-(-spell.first).div_euclid(7)).max(-WEEKS);
        for week in first.max(written_up_to.saturating_add(1))..=0 {
            if !overlaps(*spell, week) {
                break;
            }
            if work.standing != Standing::JobClarification {
                write_week(world, person, week, "890")?;
            }
            written_up_to = week;
        }
    }
    Ok(())
}

/// Whether the spell has a day in the seven days that end `-7 * week` days before the reference date.
fn overlaps(spell: Spell, week: i32) -> bool {
    let last_day = week * 7;
    spell.first <= last_day && spell.last.is_none_or(|last| last > last_day - 7)
}

/// Writes the ISO week that contains the day `7 * week`.
fn write_week(world: &mut World<'_>, person: &Person, week: i32, code: &str) -> Result<(), MakeError> {
    let Some(municipality) = person.municipality_on(week * 7) else {
        return Ok(());
    };
    let node = world.municipal_node(municipality);
    let iso = world.calendar.date(week * 7).iso_week_date();
    let row = world.sheets.row(node, Table::BenefitsWeeks).text(person.number.as_str());
    let (year, week) = (iso.year().unsigned_abs().into(), iso.week().unsigned_abs().into());
    row.number(year).number(week).text(code).end()
}
