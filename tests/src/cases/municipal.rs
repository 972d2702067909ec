//! Patterns of who a person is and where the person lives, as the municipalities have it.

use anyhow::Context as _;
use jiff::civil::Date;

use super::{
    Choice,
    Day::{self, AsOf, Before},
    draft::{Draft, Sex},
};

/// A period of residence: which of the pattern's municipalities, first day, last day.
type Stay = (u16, Option<Day>, Option<Day>);

/// Residence periods and the day of death. A first day of none is long ago.
pub(super) struct Home {
    name: &'static str,
    /// The municipalities that have the person in `persons`; sick leave is spread over them.
    known_to: &'static [u16],
    stays: &'static [Stay],
    /// Which municipality has recorded which day of death.
    death: &'static [(u16, Day)],
}

const fn home(name: &'static str, known_to: &'static [u16], stays: &'static [Stay]) -> Home {
    Home { name, known_to, stays, death: &[] }
}

const fn dead(name: &'static str, stays: &'static [Stay], death: &'static [(u16, Day)]) -> Home {
    Home { name, known_to: &[360], stays, death }
}

/// The position in [`HOMES`] of one who moved between regions a year ago.
pub(super) const MOVED: usize = 10;

pub(super) const HOMES: &[Home] = &[
    home("in 360 always", &[360], &[(360, None, None)]),
    home("in 376 always", &[376], &[(376, None, None)]),
    home("in 461 always", &[461], &[(461, None, None)]),
    home("moves the day after", &[360, 376], &[(360, None, Some(AsOf(0))), (376, Some(AsOf(1)), None)]),
    home("moved in on the day", &[360, 376], &[(360, None, Some(AsOf(-1))), (376, Some(AsOf(0)), None)]),
    home("leaves on the day", &[360], &[(360, None, Some(AsOf(0)))]),
    home("left the day before", &[360], &[(360, None, Some(AsOf(-1)))]),
    home("arrives on the day", &[461], &[(461, Some(AsOf(0)), None)]),
    home("arrives the day after", &[461], &[(461, Some(AsOf(1)), None)]),
    home("back after a gap", &[376], &[(376, None, Some(AsOf(-1500))), (376, Some(AsOf(-400)), None)]),
    home(
        "moved from 461 a year ago",
        &[461, 360],
        &[(461, None, Some(AsOf(-361))), (360, Some(AsOf(-360)), None)],
    ),
    home("in a gap on the day", &[376], &[(376, None, Some(AsOf(-10))), (376, Some(AsOf(5)), None)]),
    home(
        "moved out and back",
        &[461, 376],
        &[
            (376, None, Some(AsOf(-500))),
            (461, Some(AsOf(-499)), Some(AsOf(-200))),
            (376, Some(AsOf(-199)), None),
        ],
    ),
    home(
        "through all three",
        &[360, 376, 461],
        &[
            (360, None, Some(AsOf(-600))),
            (376, Some(AsOf(-599)), Some(AsOf(-280))),
            (461, Some(AsOf(-279)), None),
        ],
    ),
    home(
        "moved at the edge of the window",
        &[376, 360],
        &[(376, None, Some(Before(0))), (360, Some(Before(1)), None)],
    ),
    dead("dead on the day", &[(360, None, None)], &[(360, AsOf(0))]),
    dead("dead the day after", &[(360, None, None)], &[(360, AsOf(1))]),
    dead("dead the day before, residence open", &[(360, None, None)], &[(360, AsOf(-1))]),
    dead("dead on the last day of residence", &[(360, None, Some(AsOf(0)))], &[(360, AsOf(0))]),
    dead("dies the day after the last day of residence", &[(360, None, Some(AsOf(0)))], &[(360, AsOf(1))]),
    dead("dead since long", &[(360, None, Some(AsOf(-700)))], &[(360, AsOf(-700))]),
    home("known to no municipality", &[], &[]),
    home("in persons, without residence", &[360], &[]),
    home("residence recorded twice", &[360], &[(360, None, None), (360, Some(AsOf(-100)), None)]),
    home("here for one day only", &[461], &[(461, Some(AsOf(0)), Some(AsOf(0)))]),
    // The new municipality has the person alive; the old one's mistake is not its business.
    Home {
        name: "dead by the old municipality's record only",
        known_to: &[376, 360],
        stays: &[(376, None, Some(AsOf(-51))), (360, Some(AsOf(-50)), None)],
        death: &[(376, AsOf(-20))],
    },
];

/// Citizenship, civil status, preschool children, a-kasse.
pub(super) const MASTERS: &[[&str; 4]] = &[
    ["DK", "gift", "0", "INGEN"],
    ["DK", "enlig", "0", "3F"],
    ["DK", "samboende", "1", "HK"],
    ["DK", "enlig", "3", ""],
    ["DK", "gift", "2", "FTF"],
    ["DK", "", "1", "BUPL"],
    ["", "gift", "", "LAERERNES"],
    ["", "", "", ""],
    ["SE", "enlig", "1", "DSA"],
    ["SY", "samboende", "", "FTFA"],
    ["DE", "enlig", "", "FTF"],
    ["GL", "gift", "0", "BUPL"],
];

/// Writes the person's municipal rows and returns the municipalities that know the person, in order of residence.
pub(super) fn write(
    draft: &mut Draft,
    id: &str,
    birth: Date,
    sex: Sex,
    choice: Choice,
    story: &mut String,
) -> anyhow::Result<Vec<u16>> {
    let home = HOMES.get(choice.home).context("no such home pattern")?;
    let master = MASTERS.get(choice.master).context("no such master pattern")?;
    let [citizenship, civil, children, a_kasse] = master;
    story.push_str(&format!("; home: {}; master: {}", home.name, master.join("/")));

    let residence = home.stays.last().map(|stay| stay.0);
    for &node in home.known_to {
        let death = home.death.iter().find(|death| death.0 == node);
        let death = death.map(|death| draft.date(death.1)).transpose()?;
        // What an earlier municipality still says about the person must not count.
        let stale = residence.is_some_and(|last| last != node);
        let fields =
            if stale { ["XX", "enlig", "9", "FTF"] } else { [*citizenship, civil, children, a_kasse] };
        let [citizenship, civil, children, a_kasse] = fields.map(str::to_owned);
        let (birth, sex) = (birth.to_string(), sex.letter().to_owned());
        let row = vec![id.to_owned(), birth, sex, citizenship, text(death), civil, children, a_kasse];
        draft.row(node, "persons", row);
    }
    for (node, from, to) in home.stays {
        let from = match from {
            // Nobody lives somewhere before birth, and the youngest are born on the reference date.
            None => birth.max(draft.date(AsOf(-4000))?).min(draft.date(to.unwrap_or(AsOf(0)))?),
            Some(day) => draft.date(*day)?,
        };
        let to = to.map(|day| draft.date(day)).transpose()?;
        draft.row(*node, "residence", vec![id.to_owned(), node.to_string(), from.to_string(), text(to)]);
    }
    Ok(home.known_to.to_vec())
}

pub(super) fn text(date: Option<Date>) -> String {
    date.map(|date| date.to_string()).unwrap_or_default()
}
