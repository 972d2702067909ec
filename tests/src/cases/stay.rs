//! Patterns of hospital stays, and how they are written.

mod joined;
mod timed;

use anyhow::Context as _;

use super::{Choice, Day, draft::Draft, regional::sometimes};

pub(super) use joined::{BOTH_RULES, TRANSFER, TWO};

/// The person's first region, that of the municipality of residence.
const A: usize = 0;
/// The person's second region.
const B: usize = 1;

/// A pattern's name and its contacts.
type Pattern = (&'static str, &'static [Contact]);

/// How many patterns there are, the plain one included.
pub(super) const N_STAYS: usize = joined::JOINED.len() + timed::TIMED.len();

/// A hospital contact without a diagnosis.
#[derive(Clone, Copy)]
pub(super) struct Contact {
    region: usize,
    from: (Day, &'static str),
    /// None while the patient is still there.
    to: Option<(Day, &'static str)>,
    kind: &'static str,
    priority: &'static str,
    /// Sector and specialty group.
    care: [&'static str; 2],
    /// The end of its name, where the pattern turns on the order or the sameness of names.
    tail: Option<&'static str>,
}

/// An acute physical contact of one day.
const fn acute(region: usize, day: Day, from: &'static str, to: &'static str) -> Contact {
    Contact {
        region,
        from: (day, from),
        to: Some((day, to)),
        kind: "ALCA00",
        priority: "ATA1",
        care: ["somatik", "medicin"],
        tail: None,
    }
}

/// A planned physical contact of one day.
const fn planned(region: usize, day: Day, from: &'static str, to: &'static str) -> Contact {
    Contact { priority: "ATA3", ..acute(region, day, from, to) }
}

impl Contact {
    /// Ends on another day than it begins.
    const fn until(self, day: Day, time: &'static str) -> Self {
        Self { to: Some((day, time)), ..self }
    }

    /// Has not ended.
    const fn open(self) -> Self {
        Self { to: None, ..self }
    }

    const fn of_kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    const fn psychiatric(self) -> Self {
        Self { care: ["psykiatri", "psykiatri"], ..self }
    }

    const fn named(self, tail: &'static str) -> Self {
        Self { tail: Some(tail), ..self }
    }
}

/// Writes the stays into the regions that know the person, `known`, the first of them for a pattern's first.
pub(super) fn write(
    draft: &mut Draft,
    id: &str,
    known: &[u16],
    choice: Choice,
    story: &mut String,
) -> anyhow::Result<()> {
    let mut patterns = joined::JOINED.iter().chain(timed::TIMED);
    let (name, contacts) = patterns.nth(choice.stays).context("no such stay pattern")?;
    story.push_str(&format!("; stays: {name}"));
    // One person's contacts have one beginning of their names, so that the ends decide their order.
    let stem = draft.contact_id();
    for (nth, contact) in contacts.iter().enumerate() {
        let Some(region) = known.iter().cycle().nth(contact.region).copied() else { break };
        let tail = contact.tail.map_or_else(|| format!("n{nth:02}"), str::to_owned);
        let row = row(draft, id, format!("{stem}-{tail}"), contact)?;
        if choice.copies && sometimes(draft) {
            draft.row(region, "hospital_contacts", row.clone());
        }
        if choice.copies && sometimes(draft) {
            for other in known.iter().filter(|other| **other != region) {
                draft.row(*other, "hospital_contacts", row.clone());
            }
        }
        draft.row(region, "hospital_contacts", row);
    }
    Ok(())
}

fn row(draft: &Draft, id: &str, name: String, contact: &Contact) -> anyhow::Result<Vec<String>> {
    let time = |(day, time): (Day, &str)| anyhow::Ok(format!("{}T{time}", draft.date(day)?));
    let start = time(contact.from)?;
    let end = contact.to.map(time).transpose()?.unwrap_or_default();
    let mut row = vec![name, id.to_owned(), "NFS".to_owned(), start, end];
    let [sector, specialty_group] = contact.care;
    row.extend(
        [contact.kind, contact.priority, sector, specialty_group, "", "", "38111.25"].map(str::to_owned),
    );
    Ok(row)
}
