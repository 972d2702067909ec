//! Patterns of what regions hold beside hospital contacts: in whose register a person is, practice, medicine, rides.

use anyhow::Context as _;
use jiff::civil::Date;
use rand::RngExt as _;

use super::{
    Choice,
    Day::{self, AsOf, Before, Year},
    MUNICIPALITIES,
    draft::{Draft, Sex},
};

/// The municipality that a region's register names for a patient.
#[derive(Clone, Copy)]
pub(super) enum Kommune {
    /// The last municipality that knows the person (360 if none does).
    Own,
    /// Another member municipality than that.
    OtherMember,
    /// Empty: elsewhere.
    Elsewhere,
    /// A municipality that is no member.
    Stranger,
}

use Kommune::{Elsewhere, OtherMember, Own, Stranger};

/// The position in [`PATIENTS`] of one whom both regions know.
pub(super) const IN_BOTH: usize = 1;

/// For the first region (that of the person's municipality) and the second, what their registers say, if anything.
pub(super) const PATIENTS: &[(&str, [Option<Kommune>; 2])] = &[
    ("own region", [Some(Own), None]),
    ("both regions", [Some(Own), Some(Own)]),
    ("no region", [None, None]),
    ("the other region only", [None, Some(Own)]),
    ("register says elsewhere", [Some(Elsewhere), None]),
    ("register says a stranger", [Some(Stranger), None]),
    ("register lags behind", [Some(OtherMember), None]),
    ("one of two says elsewhere", [Some(Own), Some(Elsewhere)]),
    ("two registers disagree", [Some(Own), Some(OtherMember)]),
];

/// Rows of `gp_contacts`: which region, specialty, `kontakt`, how many, days; the rows take the days in turn.
type Bill = (usize, &'static str, u8, usize, &'static [Day]);

const INSIDE: &[Day] = &[AsOf(-1), AsOf(-100), AsOf(-100), AsOf(-430), Before(40)];

pub(super) const PRACTICE: &[(&str, &[Bill])] = &[
    ("none", &[]),
    ("14", &[(0, "80", 1, 14, INSIDE)]),
    ("15", &[(0, "80", 1, 15, INSIDE)]),
    ("20", &[(0, "80", 1, 20, INSIDE)]),
    ("21", &[(0, "80", 1, 21, INSIDE)]),
    ("7 and 7", &[(0, "80", 1, 7, INSIDE), (1, "80", 1, 7, INSIDE)]),
    ("7 and 8", &[(0, "80", 1, 7, INSIDE), (1, "80", 1, 8, INSIDE)]),
    ("10 and 10", &[(0, "80", 1, 10, INSIDE), (1, "80", 1, 10, INSIDE)]),
    ("10 and 11", &[(0, "80", 1, 10, INSIDE), (1, "80", 1, 11, INSIDE)]),
    ("15 and 15", &[(0, "80", 1, 15, INSIDE), (1, "80", 1, 15, INSIDE)]),
    ("20 and 1", &[(0, "80", 1, 20, INSIDE), (1, "80", 1, 1, INSIDE)]),
    ("95 and 30", &[(0, "80", 1, 95, INSIDE), (1, "80", 1, 30, INSIDE)]),
    ("14 and supplements", &[(0, "80", 1, 14, INSIDE), (0, "80", 0, 12, INSIDE)]),
    ("14 and supplements elsewhere", &[(0, "80", 1, 14, INSIDE), (1, "80", 0, 12, INSIDE)]),
    (
        "14 and other specialties",
        &[(0, "80", 1, 14, INSIDE), (0, "81", 1, 9, INSIDE), (0, "08", 1, 9, INSIDE)],
    ),
    ("14 and the last day outside", &[(0, "80", 1, 14, INSIDE), (0, "80", 1, 3, &[Before(0)])]),
    ("14 and the first day inside", &[(0, "80", 1, 14, INSIDE), (0, "80", 1, 1, &[Before(1)])]),
    ("20 and the day itself", &[(0, "80", 1, 20, INSIDE), (0, "80", 1, 1, &[AsOf(0)])]),
    ("20 and the day after", &[(0, "80", 1, 20, INSIDE), (0, "80", 1, 5, &[AsOf(1)])]),
    (
        "10, elsewhere outside the window",
        &[(0, "80", 1, 10, INSIDE), (1, "80", 1, 10, &[Before(0), AsOf(1)])],
    ),
    ("all on one day", &[(0, "80", 1, 21, &[AsOf(-7)])]),
    ("psychologist", &[(0, "63", 1, 1, &[AsOf(-200)])]),
    ("psychologist in both", &[(0, "63", 1, 2, &[AsOf(-200)]), (1, "63", 1, 2, &[AsOf(-20)])]),
    ("psychologist's supplement", &[(0, "63", 0, 3, INSIDE)]),
    ("psychologist outside", &[(0, "63", 1, 2, &[Before(0), AsOf(1)])]),
    ("psychologist at the edges", &[(0, "63", 1, 1, &[Before(1)]), (1, "63", 1, 1, &[AsOf(0)])]),
    (
        "at the edges of twelve months",
        &[
            (0, "80", 1, 2, &[Year(0), AsOf(1)]),
            (1, "80", 1, 2, &[Year(1), AsOf(0)]),
            (0, "80", 0, 3, &[Year(1)]),
            (0, "19", 0, 2, &[Year(0), AsOf(0)]),
        ],
    ),
    ("psychiatrists", &[(0, "24", 1, 5, INSIDE), (1, "26", 1, 5, INSIDE)]),
];

/// A prescription: which region, day, ATC code.
type Drug = (usize, Day, &'static str);

pub(super) const MEDICINE: &[(&str, &[Drug])] = &[
    ("none", &[]),
    ("antipsychotic", &[(0, AsOf(-30), "N05AH04")]),
    ("anxiolytic", &[(0, AsOf(-30), "N05BA01")]),
    ("hypnotic", &[(0, AsOf(-30), "N05CF01")]),
    ("antidepressant", &[(0, AsOf(-30), "N06AB04")]),
    ("stimulant", &[(0, AsOf(-30), "N06BA04")]),
    ("dementia", &[(0, AsOf(-30), "N06DA02")]),
    ("near misses", &[(0, AsOf(-30), "N04BA02"), (0, AsOf(-31), "N06CA01"), (1, AsOf(-32), "N07BC02")]),
    ("in both regions", &[(0, AsOf(-30), "N06AX11"), (1, AsOf(-30), "N06AX11")]),
    ("two kinds", &[(0, AsOf(-30), "N06AX11"), (0, AsOf(-40), "N05BA01")]),
    ("last day outside", &[(0, Before(0), "N06AB04")]),
    ("first day inside", &[(0, Before(1), "N06AB04")]),
    ("the day itself", &[(1, AsOf(0), "N05BA01")]),
    ("the day after", &[(0, AsOf(1), "N06AB04")]),
    (
        "at the edges of twelve months",
        &[(0, Year(0), "C09AA02"), (0, Year(1), "C09AA02"), (1, AsOf(0), "A10BA02"), (1, AsOf(1), "A10BA02")],
    ),
    ("bought twice on a day", &[(0, AsOf(-9), "N05CF01"), (0, AsOf(-9), "N05CF01")]),
];

/// A ride: which region, day, kind, price.
type Ride = (usize, Day, &'static str, &'static str);

pub(super) const RIDES: &[(&str, &[Ride])] = &[
    ("none", &[]),
    ("acute on the day", &[(0, AsOf(0), "akut", "4300")]),
    ("planned, first day inside", &[(1, Year(1), "planlagt", "800.5")]),
    ("of both kinds, outside", &[(0, Year(0), "akut", "4300"), (1, AsOf(1), "planlagt", "800")]),
    (
        "of both kinds, twice on a day",
        &[
            (0, AsOf(-30), "akut", "4300.05"),
            (0, AsOf(-30), "akut", "4300.05"),
            (0, AsOf(-30), "planlagt", "0.95"),
            (1, AsOf(-30), "planlagt", "799.10"),
        ],
    ),
];

/// Writes the person's rows into the regions that have the person in their register, and returns those regions.
pub(super) fn write(
    draft: &mut Draft,
    id: &str,
    birth: Date,
    sex: Sex,
    homes: &[u16],
    choice: Choice,
    story: &mut String,
) -> anyhow::Result<Vec<u16>> {
    let (patient_name, register) = PATIENTS.get(choice.patient).context("no such patient pattern")?;
    let (practice_name, bills) = PRACTICE.get(choice.practice).context("no such practice pattern")?;
    let (medicine_name, drugs) = MEDICINE.get(choice.medicine).context("no such medicine pattern")?;
    let (ride_name, rides) = RIDES.get(choice.rides).context("no such ride pattern")?;
    story.push_str(&format!(
        "; patient: {patient_name}; practice: {practice_name}; medicine: {medicine_name}; rides: {ride_name}"
    ));

    let own = homes.last().copied().unwrap_or(360);
    let regions = if own == 461 { [1083, 1085] } else { [1085, 1083] };
    let mut known = Vec::new();
    for (region, kommune) in regions.into_iter().zip(register) {
        let Some(kommune) = kommune else { continue };
        known.push(region);
        let other = MUNICIPALITIES.iter().map(|m| m.0).find(|code| *code != own);
        let code = match kommune {
            Own => Some(own),
            OtherMember => other,
            Elsewhere => None,
            Stranger => Some(101),
        };
        let kommune = code.map(|code| code.to_string()).unwrap_or_default();
        let ydernr = if sometimes(draft) { format!("{region}01") } else { String::new() };
        let (birth, sex) = (birth.to_string(), sex.letter().to_owned());
        draft.row(region, "patients", vec![id.to_owned(), birth, sex, String::new(), kommune, ydernr]);
    }
    // A pattern's second region is the first again for those whom one region knows.
    let turn = |position: usize| known.iter().cycle().nth(position).copied();
    for (position, speciale, kontakt, n, days) in *bills {
        let Some(region) = turn(*position) else { break };
        for day in days.iter().cycle().take(*n) {
            let date = draft.date(*day)?.to_string();
            let mut row = vec![id.to_owned(), date, (*speciale).to_owned(), "0101".to_owned()];
            row.extend([kontakt.to_string(), "148.25".to_owned(), String::new()]);
            draft.row(region, "gp_contacts", row);
        }
    }
    for (position, day, atc) in *drugs {
        let Some(region) = turn(*position) else { break };
        let mut row = vec![id.to_owned(), draft.date(*day)?.to_string()];
        row.extend([*atc, "28", "91"].map(str::to_owned));
        draft.row(region, "prescriptions", row);
    }
    for (position, day, kind, cost) in *rides {
        let Some(region) = turn(*position) else { break };
        let date = draft.date(*day)?.to_string();
        draft.row(region, "transport", vec![id.to_owned(), date, (*kind).to_owned(), (*cost).to_owned()]);
    }
    Ok(known)
}

pub(super) fn sometimes(draft: &mut Draft) -> bool {
    draft.rng.random_bool(0.2)
}
