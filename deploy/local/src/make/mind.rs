//! Mental health: who takes which psychotropic medicine, who is known with stress, anxiety or depression, and who is
//! under strain. The items of the SAD model hang together because they are all drawn from here.

use super::{
    draw::{Rng, chance, weighted},
    person::Person,
    work::{Standing, Work},
};

/// What is drawn once a person and shapes medicine, contacts and absence.
#[derive(Clone, Copy)]
pub(super) struct Mind {
    /// Antidepressants within the last year.
    pub(super) antidepressant: bool,
    /// Antipsychotics, anxiolytics or hypnotics within the last year.
    pub(super) sedative: bool,
    /// Stimulants or medicine against dementia within the last year.
    pub(super) other: bool,
    /// Known to a hospital with one of the SAD diagnoses.
    pub(super) sad: bool,
    /// A substance-use diagnosis.
    pub(super) substance: bool,
    /// How much oftener than others the person is on sick leave; 1 is usual.
    pub(super) distress: f64,
}

pub(super) fn draw(rng: &mut Rng, person: &Person, work: Work) -> Mind {
    let antidepressant = chance(rng, antidepressant_share(person, work.standing));
    let age = person.age;
    let sedative = chance(
        rng,
        match (antidepressant, age) {
            (_, ..=17) => 0.004,
            (true, 65..) => 0.3,
            (true, _) => 0.22,
            (false, 65..) => 0.085,
            (false, _) => {
                if work.standing == Standing::EarlyRetirement {
                    0.2
                } else {
                    0.022
                }
            }
        },
    );
    let other = chance(
        rng,
        match age {
            ..=5 => 0.0,
            6..=24 => 0.03,
            25..=49 => 0.017,
            50..=74 => 0.005,
            _ => 0.025,
        },
    );
    let strained = chance(
        rng,
        match work.standing {
            Standing::Employed | Standing::Student => 0.06,
            Standing::Outside => 0.02,
            _ => 0.2,
        },
    );
    let sad = age >= 12
        && chance(
            rng,
            match (antidepressant, strained) {
                (true, true) => 0.5,
                (true, false) => 0.2,
                (false, true) => 0.16,
                (false, false) => 0.014,
            },
        );
    let substance = age >= 16
        && chance(
            rng,
            match work.standing {
                Standing::CashBenefit | Standing::EarlyRetirement => 0.07,
                _ => 0.008,
            },
        );
    let distress = if strained { 2.4 } else { 1.0 }
        * if sad { 1.8 } else { 1.0 }
        * if antidepressant { 1.4 } else { 0.88 };
    Mind { antidepressant, sedative, other, sad, substance, distress }
}

/// The probability of antidepressants within a year.
///
/// Aimed at: adults 9 %, women 12 and men 7, 5 at 18-29, 18 from 80, 12 for the single and 8 for couples, 6 in work,
/// 42 in job clarification, 36 in rehabilitation.
fn antidepressant_share(person: &Person, standing: Standing) -> f64 {
    let by_standing = match standing {
        Standing::Outside => match person.age {
            ..=11 => 0.0,
            12..=17 => 0.012,
            67..=74 => 0.086,
            75..=79 => 0.112,
            _ => 0.148,
        },
        Standing::Employed => 0.065,
        Standing::Student => 0.06,
        Standing::Insured => 0.13,
        Standing::CashBenefit => 0.24,
        Standing::Rehabilitation => 0.36,
        Standing::JobClarification => 0.45,
        Standing::FlexJob => 0.22,
        Standing::EarlyRetirement => 0.29,
        Standing::Withdrawn => 0.08,
    };
    let by_age = match person.age {
        18..=29 => 0.64,
        30..=39 => 0.98,
        40..=66 => 1.1,
        _ => 1.0,
    };
    let by_sex = if person.female { 1.24 } else { 0.74 };
    let by_civil = if person.single() { 1.24 } else { 0.87 };
    by_standing * by_age * by_sex * by_civil
}

/// A diagnosis code of stress, anxiety or depression.
pub(super) fn sad_code(rng: &mut Rng) -> &'static str {
    weighted(
        rng,
        &[
            ("DF322", 0.1),
            ("DF329", 0.2),
            ("DF331", 0.14),
            ("DF339", 0.06),
            ("DF401", 0.06),
            ("DF410", 0.1),
            ("DF411", 0.12),
            ("DF432", 0.14),
            ("DF438A", 0.08),
        ],
    )
}
