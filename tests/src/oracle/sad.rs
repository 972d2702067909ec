//! Stress, anxiety and depression: each item's points, the total and the stratum, of one person.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{
    Citizen,
    benefit::{codes_on, has_early_retirement, is_unemployed},
    calendar::{Window, age},
    diagnosis,
    read::Person,
    resident, spell, stay,
};

/// Cut-offs of the total, the model's defaults.
const MIDDLE_FROM: u16 = 5;
const HIGH_FROM: u16 = 9;

/// More long spells than this are repeated.
const REPEAT_MORE_THAN: usize = 3;

/// The stratum of a total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stratum {
    /// 0 to 4 points.
    Low,
    /// 5 to 8 points.
    Middle,
    /// 9 points or more.
    High,
}

impl Stratum {
    /// The stratum's name as in work lists.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Middle => "middle",
            Self::High => "high",
        }
    }
}

/// The points of one person, item by item. It names nobody, so it may be printed in a test's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The municipality of residence on the reference date, none for the dead, the moved away and the never resident.
    pub kommune: Option<u16>,
    /// Two municipalities both hold a residence that contains the reference date: the lowest code is `kommune`.
    pub several_residences: bool,
    /// Whether the person is in the model's population.
    pub eligible: bool,
    /// 0 or 3.
    pub known: u16,
    /// 0 or 5.
    pub repeat: u16,
    /// 0 or 1.
    pub last: u16,
    /// 0 or 1.
    pub labour: u16,
    /// 0 to 2.
    pub treatment: u16,
    /// 0 to 2.
    pub gp: u16,
    /// 0 to 2.
    pub civil: u16,
    /// 0 or 1.
    pub citizen: u16,
    /// 0 or 1.
    pub akasse: u16,
    /// The sum, 0 to 18.
    pub total: u16,
    /// The stratum of `total`.
    pub stratum: Stratum,
    /// Two or more municipalities hold a spell that reaches into the window or ends the day before it, so that none
    /// of them alone may know a spell's true length.
    pub spells_cross: bool,
    /// Two or more regions hold a contact with general practice in the window, so that neither alone may know the
    /// right band. Only regions in whose register the person lives in a member municipality count.
    pub gp_cross: bool,
}

/// Works out one person's answer.
#[must_use]
pub fn answer(citizen: &Citizen, members: &BTreeSet<u16>, window: &Window) -> Answer {
    let homes = resident::homes(citizen, window.as_of);
    let kommune = homes.first().copied();
    let person = resident::master(citizen, kommune);
    let regions = resident::contributing_regions(citizen, members);
    let codes = codes_on(citizen, window.as_of);
    let spells = spell::in_window(&citizen.sick_leave, window);
    let n_long = spells.iter().filter(|spell| spell.is_long()).count();
    let (gp, gp_cross) = gp(citizen, &regions, window);

    let mut answer = Answer {
        kommune,
        several_residences: homes.len() > 1,
        eligible: kommune.is_some()
            && person.is_some_and(|p| (18..=65).contains(&age(p.birth_date, window.as_of)))
            && !has_early_retirement(&codes),
        known: if known(citizen, &regions, window.as_of) { 3 } else { 0 },
        repeat: if n_long > REPEAT_MORE_THAN { 5 } else { 0 },
        last: u16::from(spells.last().is_some_and(spell::Spell::is_long)),
        labour: u16::from(is_unemployed(&codes)),
        treatment: treatment(citizen, &regions, window),
        gp,
        civil: person.map_or(0, civil),
        citizen: u16::from(person.and_then(|p| p.citizenship.as_deref()).is_some_and(|c| c != "DK")),
        akasse: u16::from(
            person
                .and_then(|p| p.a_kasse.as_deref())
                .is_some_and(|a| matches!(a, "FTF" | "BUPL" | "LAERERNES" | "DSA")),
        ),
        total: 0,
        stratum: Stratum::Low,
        spells_cross: spell::touching(&citizen.sick_leave, window).len() > 1,
        gp_cross,
    };
    answer.total = answer.known
        + answer.repeat
        + answer.last
        + answer.labour
        + answer.treatment
        + answer.gp
        + answer.civil
        + answer.citizen
        + answer.akasse;
    answer.stratum = match answer.total {
        HIGH_FROM.. => Stratum::High,
        MIDDLE_FROM.. => Stratum::Middle,
        _ => Stratum::Low,
    };
    answer
}

fn known(citizen: &Citizen, regions: &BTreeSet<u16>, as_of: Date) -> bool {
    stay::contacts(citizen, regions)
        .into_iter()
        .filter(|contact| contact.start.date() <= as_of)
        .flat_map(diagnosis::codes)
        .any(diagnosis::is_sad)
}

fn treatment(citizen: &Citizen, regions: &BTreeSet<u16>, window: &Window) -> u16 {
    let drug = citizen.prescriptions.iter().any(|held| {
        regions.contains(&held.node)
            && window.holds(held.row.date)
            && ["N05A", "N05B", "N05C", "N06A"].iter().any(|atc| held.row.atc.starts_with(atc))
    });
    let psychologist = citizen.gp_contacts.iter().any(|held| {
        regions.contains(&held.node)
            && window.holds(held.row.date)
            && held.row.speciale == "63"
            && held.row.kontakt == 1
    });
    u16::from(drug) + u16::from(psychologist)
}

/// Points for contacts with general practice, and whether more than one region holds some.
fn gp(citizen: &Citizen, regions: &BTreeSet<u16>, window: &Window) -> (u16, bool) {
    let contacts = citizen.gp_contacts.iter().filter(|held| {
        regions.contains(&held.node)
            && window.holds(held.row.date)
            && held.row.speciale == "80"
            && held.row.kontakt == 1
    });
    let nodes: Vec<u16> = contacts.map(|held| held.node).collect();
    let points = match nodes.len() {
        0..=14 => 0,
        15..=20 => 1,
        _ => 2,
    };
    (points, nodes.iter().collect::<BTreeSet<_>>().len() > 1)
}

fn civil(person: &Person) -> u16 {
    let single = person.civil_status.as_deref() == Some("enlig");
    let preschool = person.preschool_children.is_some_and(|n| n > 0);
    u16::from(single) + u16::from(preschool)
}
