//! Patterns of what municipalities hold: where a person lives, who that is, sick leave and benefit weeks.

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

/// A sick-leave record: which of the person's municipalities in turn, first day, last day.
type Record = (usize, Day, Option<Day>);

pub(super) const SPELLS: &[(&str, &[Record])] = &[
    ("none", &[]),
    (
        "four of 15 days",
        &[
            (0, AsOf(-400), Some(AsOf(-386))),
            (0, AsOf(-350), Some(AsOf(-336))),
            (0, AsOf(-300), Some(AsOf(-286))),
            (0, AsOf(-250), Some(AsOf(-236))),
        ],
    ),
    (
        "four, the last of 14 days",
        &[
            (0, AsOf(-400), Some(AsOf(-386))),
            (0, AsOf(-350), Some(AsOf(-336))),
            (0, AsOf(-300), Some(AsOf(-286))),
            (0, AsOf(-250), Some(AsOf(-237))),
        ],
    ),
    (
        "four, the first on the last day outside",
        &[
            (0, Before(0), Some(Before(20))),
            (0, AsOf(-350), Some(AsOf(-336))),
            (0, AsOf(-300), Some(AsOf(-286))),
            (0, AsOf(-250), Some(AsOf(-236))),
        ],
    ),
    (
        "four, the first on the first day inside",
        &[
            (0, Before(1), Some(Before(20))),
            (0, AsOf(-350), Some(AsOf(-336))),
            (0, AsOf(-300), Some(AsOf(-286))),
            (0, AsOf(-250), Some(AsOf(-236))),
        ],
    ),
    (
        "four, one after the day",
        &[
            (0, AsOf(1), Some(AsOf(40))),
            (0, AsOf(-350), Some(AsOf(-336))),
            (0, AsOf(-300), Some(AsOf(-286))),
            (0, AsOf(-250), Some(AsOf(-236))),
        ],
    ),
    ("open since the day", &[(0, AsOf(-100), Some(AsOf(-50))), (0, AsOf(0), None)]),
    ("open on its 14th day", &[(0, AsOf(-13), None)]),
    ("open on its 15th day", &[(0, AsOf(-14), None)]),
    ("14th day, recorded to go on", &[(0, AsOf(-13), Some(AsOf(30)))]),
    ("15th day, recorded to go on", &[(0, AsOf(-14), Some(AsOf(1)))]),
    ("14 days up to the day", &[(0, AsOf(-13), Some(AsOf(0)))]),
    ("only after the day", &[(0, AsOf(1), None)]),
    ("overlapping, 15 in all", &[(0, AsOf(-60), Some(AsOf(-50))), (1, AsOf(-53), Some(AsOf(-46)))]),
    ("adjacent, 15 in all", &[(0, AsOf(-60), Some(AsOf(-54))), (1, AsOf(-53), Some(AsOf(-46)))]),
    ("a day between, 7 and 8", &[(0, AsOf(-61), Some(AsOf(-55))), (1, AsOf(-53), Some(AsOf(-46)))]),
    (
        "nested, then adjacent to the outer",
        &[(0, AsOf(-100), Some(AsOf(-90))), (1, AsOf(-98), Some(AsOf(-97))), (0, AsOf(-89), Some(AsOf(-86)))],
    ),
    ("recorded twice", &[(0, AsOf(-60), Some(AsOf(-49))), (0, AsOf(-60), Some(AsOf(-49)))]),
    ("recorded by both", &[(0, AsOf(-60), Some(AsOf(-40))), (1, AsOf(-60), Some(AsOf(-40)))]),
    ("same first day, two lengths", &[(0, AsOf(-60), Some(AsOf(-58))), (1, AsOf(-60), Some(AsOf(-40)))]),
    ("over the move, 8 and 12", &[(0, AsOf(-368), Some(AsOf(-361))), (1, AsOf(-360), Some(AsOf(-349)))]),
    (
        "two long with each",
        &[
            (0, AsOf(-400), Some(AsOf(-386))),
            (0, AsOf(-350), Some(AsOf(-336))),
            (1, AsOf(-300), Some(AsOf(-286))),
            (1, AsOf(-250), Some(AsOf(-236))),
        ],
    ),
    (
        "two long of two halves each, and two whole",
        &[
            (0, AsOf(-400), Some(AsOf(-393))),
            (1, AsOf(-392), Some(AsOf(-386))),
            (1, AsOf(-350), Some(AsOf(-341))),
            (0, AsOf(-345), Some(AsOf(-336))),
            (0, AsOf(-300), Some(AsOf(-286))),
            (1, AsOf(-250), Some(AsOf(-236))),
        ],
    ),
    (
        "four with one, two of them joined by the other",
        &[
            (0, AsOf(-400), Some(AsOf(-386))),
            (0, AsOf(-380), Some(AsOf(-366))),
            (1, AsOf(-385), Some(AsOf(-381))),
            (0, AsOf(-300), Some(AsOf(-286))),
            (0, AsOf(-250), Some(AsOf(-236))),
        ],
    ),
    (
        "joined at the edge from outside",
        &[(0, Before(-20), Some(Before(0))), (1, Before(1), Some(Before(30)))],
    ),
    (
        "ending a day too early to join at the edge",
        &[(0, Before(-20), Some(Before(-1))), (1, Before(1), Some(Before(30)))],
    ),
    (
        "the other's ended before reach",
        &[(0, Before(-20), Some(Before(-1))), (1, AsOf(-100), Some(AsOf(-80)))],
    ),
    ("the other's begins after the day", &[(0, AsOf(-50), Some(AsOf(-20))), (1, AsOf(1), Some(AsOf(20)))]),
    ("open since five years", &[(0, AsOf(-1800), None)]),
    (
        "open since five years, with others inside",
        &[(0, AsOf(-1800), None), (1, AsOf(-400), Some(AsOf(-380))), (0, AsOf(-100), Some(AsOf(-80)))],
    ),
    ("long, then short", &[(0, AsOf(-200), Some(AsOf(-150))), (1, AsOf(-20), Some(AsOf(-18)))]),
    ("short, then long", &[(0, AsOf(-200), Some(AsOf(-198))), (1, AsOf(-80), Some(AsOf(-18)))]),
    ("one day, on the day", &[(0, AsOf(0), Some(AsOf(0)))]),
    ("begins outside, long inside", &[(0, Before(-3), Some(Before(60)))]),
    ("the whole window", &[(0, Before(1), None)]),
    ("over the leap day or not", &[(0, Before(-10), Some(Before(0))), (0, Before(2), Some(Before(15)))]),
];

/// A benefit week: which municipality, weeks from that of the reference date, years added to the year, code.
type Week = (usize, i32, i16, &'static str);

pub(super) const BENEFITS: &[(&str, &[Week])] = &[
    ("none", &[]),
    ("110", &[(0, 0, 0, "110")]),
    ("111", &[(0, 0, 0, "111")]),
    ("112 elsewhere", &[(1, 0, 0, "112")]),
    ("113", &[(0, 0, 0, "113")]),
    ("114", &[(0, 0, 0, "114")]),
    ("130", &[(0, 0, 0, "130")]),
    ("730", &[(0, 0, 0, "730")]),
    ("780", &[(0, 0, 0, "780")]),
    ("781", &[(0, 0, 0, "781")]),
    ("782 elsewhere", &[(1, 0, 0, "782")]),
    ("783", &[(0, 0, 0, "783")]),
    ("784", &[(0, 0, 0, "784")]),
    ("the week before", &[(0, -1, 0, "111"), (0, -1, 0, "783")]),
    ("the week after", &[(0, 1, 0, "111"), (0, 1, 0, "783")]),
    ("the same week a year before", &[(0, 0, -1, "111"), (0, 0, -1, "782")]),
    ("the same week a year after", &[(0, 0, 1, "111"), (0, 0, 1, "782")]),
    ("unemployed and cash benefit", &[(0, 0, 0, "138"), (0, 0, 0, "111")]),
    ("unemployed and pension", &[(0, 0, 0, "113"), (1, 0, 0, "783")]),
    ("sick and unemployed, twice", &[(0, 0, 0, "890"), (0, 0, 0, "111"), (1, 0, 0, "111")]),
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
    let (spell_name, records) = SPELLS.get(choice.spells).context("no such spell pattern")?;
    let (benefit_name, weeks) = BENEFITS.get(choice.benefits).context("no such benefit pattern")?;
    let [citizenship, civil, children, a_kasse] = master;
    story.push_str(&format!(
        "; home: {}; master: {}; spells: {spell_name}; benefits: {benefit_name}",
        home.name,
        master.join("/"),
    ));

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
    let turn = |position: usize| home.known_to.iter().cycle().nth(position).copied();
    for (position, first, last) in *records {
        let Some(node) = turn(*position) else { break };
        let last = last.map(|day| draft.date(day)).transpose()?;
        let first = draft.date(*first)?.to_string();
        draft.row(node, "sick_leave", vec![id.to_owned(), first, text(last)]);
    }
    for (position, weeks, years, code) in *weeks {
        let Some(node) = turn(*position) else { break };
        let week = draft.date(AsOf(weeks * 7))?.iso_week_date();
        // Week 53 has no fellow in most other years.
        let number = if *years == 0 { week.week() } else { week.week().min(52) };
        let (year, week) = ((week.year() + years).to_string(), number.to_string());
        draft.row(node, "benefits_weeks", vec![id.to_owned(), year, week, (*code).to_owned()]);
    }
    Ok(home.known_to.to_vec())
}

fn text(date: Option<Date>) -> String {
    date.map(|date| date.to_string()).unwrap_or_default()
}
