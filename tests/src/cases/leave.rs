//! Patterns of sick leave and of benefit weeks.

use anyhow::Context as _;

use super::{
    Choice,
    Day::{self, AsOf, Before},
    draft::Draft,
    municipal::text,
};

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
    (
        "begun before the window, over the move",
        &[(0, Before(-30), Some(AsOf(-361))), (1, AsOf(-360), Some(AsOf(-300)))],
    ),
    (
        "begun before the window, a day between at the move",
        &[(0, Before(-30), Some(AsOf(-362))), (1, AsOf(-360), Some(AsOf(-300)))],
    ),
    (
        "adjacent at the move, 7 and 8",
        &[(0, AsOf(-367), Some(AsOf(-361))), (1, AsOf(-360), Some(AsOf(-353)))],
    ),
    (
        "a day between at the move, 7 and 8",
        &[(0, AsOf(-368), Some(AsOf(-362))), (1, AsOf(-360), Some(AsOf(-353)))],
    ),
    ("open at both, the 15th day at one", &[(0, AsOf(-14), None), (1, AsOf(-3), None)]),
    ("open at both, the 14th day at one", &[(0, AsOf(-13), None), (1, AsOf(-3), None)]),
    ("open at both, since before the window at one", &[(0, Before(-5), None), (1, AsOf(-100), None)]),
    (
        "open at one, ended at the other on the day before it began",
        &[(1, AsOf(-13), Some(AsOf(-8))), (0, AsOf(-7), None)],
    ),
    (
        "a chain from one to the other and back, from outside",
        &[
            (0, Before(-3), Some(Before(0))),
            (1, Before(1), Some(Before(5))),
            (0, Before(6), Some(Before(40))),
            (1, AsOf(-60), Some(AsOf(-58))),
        ],
    ),
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
    ("129", &[(0, 0, 0, "129")]),
    ("130", &[(0, 0, 0, "130")]),
    ("138", &[(0, 0, 0, "138")]),
    ("139", &[(0, 0, 0, "139")]),
    ("729", &[(0, 0, 0, "729")]),
    ("730", &[(0, 0, 0, "730")]),
    ("738", &[(0, 0, 0, "738")]),
    ("739", &[(0, 0, 0, "739")]),
    ("135 elsewhere", &[(0, 0, 0, "890"), (1, 0, 0, "135")]),
    ("cash benefit the week before", &[(0, -1, 0, "130"), (1, -1, 0, "735")]),
    ("cash benefit the week after", &[(0, 1, 0, "130"), (1, 1, 0, "735")]),
    ("cash benefit the same week a year before", &[(0, 0, -1, "130")]),
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

/// Writes the rows into the municipalities that know the person, `homes`, in order of residence.
pub(super) fn write(
    draft: &mut Draft,
    id: &str,
    homes: &[u16],
    choice: Choice,
    story: &mut String,
) -> anyhow::Result<()> {
    let (spell_name, records) = SPELLS.get(choice.spells).context("no such spell pattern")?;
    let (benefit_name, weeks) = BENEFITS.get(choice.benefits).context("no such benefit pattern")?;
    story.push_str(&format!("; spells: {spell_name}; benefits: {benefit_name}"));
    let turn = |position: usize| homes.iter().cycle().nth(position).copied();
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
    Ok(())
}
