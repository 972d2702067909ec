//! Patterns of what regions hold: in whose register a person is, diagnoses, contacts with practice, medicine.

use anyhow::Context as _;
use jiff::civil::Date;
use rand::RngExt as _;

use super::{
    Choice,
    Day::{self, AsOf, Before},
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

/// A hospital contact: which region, day, times, type, action and secondary diagnoses.
pub(super) struct Visit {
    region: usize,
    day: Day,
    /// Time of day of the start; the end is an hour later, or never recorded.
    start: &'static str,
    ended: bool,
    kind: &'static str,
    dx: &'static str,
    secondary: &'static str,
}

const fn visit(day: Day, start: &'static str, dx: &'static str, secondary: &'static str) -> Visit {
    Visit { region: 0, day, start, ended: true, kind: "ALCA00", dx, secondary }
}

const fn dx(code: &'static str) -> Visit {
    visit(AsOf(-500), "10:00", code, "")
}

pub(super) const DIAGNOSES: &[(&str, &[Visit])] = &[
    ("none", &[]),
    ("DF32", &[dx("DF32")]),
    ("DF31", &[dx("DF31")]),
    ("DF319", &[dx("DF319")]),
    ("DF322", &[dx("DF322")]),
    ("DF33", &[dx("DF33")]),
    ("DF34", &[dx("DF34")]),
    ("DF39", &[dx("DF39")]),
    ("DF401", &[dx("DF401")]),
    ("DF41", &[dx("DF41")]),
    ("DF42", &[dx("DF42")]),
    ("DF438A", &[dx("DF438A")]),
    ("DF44", &[dx("DF44")]),
    ("only F3", &[dx("DF3")]),
    ("secondary, second of two", &[visit(AsOf(-90), "10:00", "DI109", "DE119|DF432")]),
    ("secondary, near misses", &[visit(AsOf(-90), "10:00", "DF341", "DF42|DF44|DZ032")]),
    ("secondary without an action diagnosis", &[visit(AsOf(-90), "10:00", "", "DF410")]),
    ("the last minute of the day", &[visit(AsOf(0), "23:59", "DF33", "")]),
    ("midnight after the day", &[visit(AsOf(1), "00:00", "DF33", "")]),
    ("midnight that begins the day", &[visit(AsOf(0), "00:00", "DF33", "")]),
    ("thirty years ago", &[visit(AsOf(-10_957), "12:00", "DF40", "")]),
    ("virtual", &[Visit { kind: "ALCA10", ..dx("DF43") }]),
    ("still there", &[Visit { ended: false, ..visit(AsOf(-3), "08:00", "DF323", "") }]),
    ("in the other region", &[Visit { region: 1, ..dx("DF43") }]),
    (
        "after the day in one, near miss in the other",
        &[visit(AsOf(1), "00:00", "DF43", ""), Visit { region: 1, ..dx("DF45") }],
    ),
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
    ("bought twice on a day", &[(0, AsOf(-9), "N05CF01"), (0, AsOf(-9), "N05CF01")]),
];

/// Writes the person's regional rows into the regions that have the person in their register.
pub(super) fn write(
    draft: &mut Draft,
    id: &str,
    birth: Date,
    sex: Sex,
    homes: &[u16],
    choice: Choice,
    story: &mut String,
) -> anyhow::Result<()> {
    let (patient_name, register) = PATIENTS.get(choice.patient).context("no such patient pattern")?;
    let (dx_name, visits) = DIAGNOSES.get(choice.diagnosis).context("no such diagnosis pattern")?;
    let (practice_name, bills) = PRACTICE.get(choice.practice).context("no such practice pattern")?;
    let (medicine_name, drugs) = MEDICINE.get(choice.medicine).context("no such medicine pattern")?;
    story.push_str(&format!(
        "; patient: {patient_name}; diagnoses: {dx_name}; practice: {practice_name}; medicine: {medicine_name}"
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
    for visit in *visits {
        let Some(region) = turn(visit.region) else { break };
        write_visit(draft, id, region, &known, visit)?;
    }
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
    Ok(())
}

fn write_visit(draft: &mut Draft, id: &str, region: u16, known: &[u16], visit: &Visit) -> anyhow::Result<()> {
    let date = draft.date(visit.day)?;
    let start = format!("{date}T{}", visit.start);
    let end = match (visit.ended, visit.start) {
        (false, _) => String::new(),
        // An hour after the last minute lies on the next day.
        (true, "23:59") => format!("{}T00:59", date.tomorrow()?),
        (true, _) => format!("{date}T12:00").max(start.clone()),
    };
    let mut row =
        vec![draft.contact_id(), id.to_owned(), "NFS".to_owned(), start, end, visit.kind.to_owned()];
    let rest = ["ATA3", "psykiatri", "psykiatri", visit.dx, visit.secondary, "2292"];
    row.extend(rest.map(str::to_owned));
    // Some contacts are delivered twice, and some are held by two regions under the one name.
    if sometimes(draft) {
        draft.row(region, "hospital_contacts", row.clone());
    }
    if let Some(other) = known.iter().find(|other| **other != region)
        && sometimes(draft)
    {
        draft.row(*other, "hospital_contacts", row.clone());
    }
    draft.row(region, "hospital_contacts", row);
    Ok(())
}

fn sometimes(draft: &mut Draft) -> bool {
    draft.rng.random_bool(0.2)
}
