//! Patterns of diagnoses at short hospital contacts.

use anyhow::Context as _;

use super::{
    Choice,
    Day::{self, AsOf, Before},
    draft::Draft,
    regional::sometimes,
};

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

/// The position in [`DIAGNOSES`] of a somatic diagnosis alone.
pub(super) const SOMATIC: usize = 2;

pub(super) const DIAGNOSES: &[(&str, &[Visit])] = &[
    ("none", &[]),
    ("DF32", &[dx("DF32")]),
    ("DI509", &[dx("DI509")]),
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
    ("DG309", &[dx("DG309")]),
    ("DF09", &[dx("DF09")]),
    ("DF10", &[dx("DF10")]),
    ("DF102", &[dx("DF102")]),
    ("DF16", &[dx("DF16")]),
    ("DF17", &[dx("DF17")]),
    ("DF172", &[dx("DF172")]),
    ("DF18", &[dx("DF18")]),
    ("DF199", &[dx("DF199")]),
    ("DF20", &[dx("DF20")]),
    ("DF99", &[dx("DF99")]),
    ("DZ032", &[dx("DZ032")]),
    ("tobacco beside alcohol", &[visit(AsOf(-500), "10:00", "DF171", "DF102")]),
    ("tobacco beside somatic", &[visit(AsOf(-500), "10:00", "DF17", "DI10")]),
    ("tobacco beside observation", &[visit(AsOf(-500), "10:00", "DZ032", "DF172")]),
    ("alcohol beside psychosis", &[visit(AsOf(-500), "10:00", "DF102", "DF200")]),
    ("all areas, no action diagnosis", &[visit(AsOf(-500), "10:00", "", "DJ449|DF609|DF112")]),
    ("somatic first of three", &[visit(AsOf(-500), "10:00", "DZ032", "DI109|DZ100|DF172")]),
    ("psychiatric second of three", &[visit(AsOf(-500), "10:00", "DZ032", "DZ100|DF202|DF170")]),
    ("substance last of three", &[visit(AsOf(-500), "10:00", "DZ032", "DZ100|DF171|DF142")]),
    ("no code", &[dx("")]),
    ("somatic, last minute outside two years", &[visit(Before(0), "23:59", "DI509", "")]),
    ("somatic, first minute inside two years", &[visit(Before(1), "00:00", "DI509", "")]),
    ("somatic, last minute of the day", &[visit(AsOf(0), "23:59", "DI509", "")]),
    ("somatic, midnight after the day", &[visit(AsOf(1), "00:00", "DI509", "")]),
    ("somatic, virtual", &[Visit { kind: "ALCA10", ..dx("DI509") }]),
    ("somatic, in the other region", &[Visit { region: 1, ..dx("DI509") }]),
    ("psychiatric in one region, substance in the other", &[dx("DF200"), Visit { region: 1, ..dx("DF102") }]),
    (
        "each too early in one region, too late in the other",
        &[
            visit(Before(0), "10:00", "DI509", "DF200|DF102"),
            Visit { region: 1, ..visit(AsOf(1), "10:00", "DI509", "DF200|DF102") },
        ],
    ),
    ("in the other region", &[Visit { region: 1, ..dx("DF43") }]),
    (
        "after the day in one, near miss in the other",
        &[visit(AsOf(1), "00:00", "DF43", ""), Visit { region: 1, ..dx("DF45") }],
    ),
];

/// Writes the visits into the regions that know the person, `known`, the first of them for a pattern's first.
pub(super) fn write(
    draft: &mut Draft,
    id: &str,
    known: &[u16],
    choice: Choice,
    story: &mut String,
) -> anyhow::Result<()> {
    let (name, visits) = DIAGNOSES.get(choice.diagnosis).context("no such diagnosis pattern")?;
    story.push_str(&format!("; diagnoses: {name}"));
    for visit in *visits {
        let Some(region) = known.iter().cycle().nth(visit.region).copied() else { break };
        write_visit(draft, id, region, known, visit)?;
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
