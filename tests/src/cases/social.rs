//! Patterns of social services, front-line flags and answers to the survey.

use anyhow::Context as _;

use super::{
    Choice,
    Day::{self, AsOf, Year},
    draft::Draft,
    municipal::text,
};

/// A service: which of the person's municipalities in turn, law, first day, last day, price a day.
type Service = (usize, &'static str, Day, Option<Day>, &'static str);

pub(super) const SERVICES: &[(&str, &[Service])] = &[
    ("none", &[]),
    ("SEL_85", &[(1, "SEL_85", AsOf(-100), None, "530.50")]),
    ("SEL_83", &[(1, "SEL_83", AsOf(-100), None, "317")]),
    ("SEL_99", &[(1, "SEL_99", AsOf(-100), Some(AsOf(100)), "572.1")]),
    ("SUL_138", &[(1, "SUL_138", AsOf(-100), None, "317.05")]),
    ("near misses", &[(1, "SEL_850", AsOf(-9), None, "1"), (1, "SEL_8", AsOf(-9), None, "2")]),
    ("other laws", &[(1, "SEL_95", AsOf(-9), None, "3"), (1, "SEL_101", AsOf(-9), None, "4")]),
    ("last day on the day", &[(1, "SEL_85", AsOf(-40), Some(AsOf(0)), "530")]),
    ("last day the day before", &[(1, "SEL_85", AsOf(-40), Some(AsOf(-1)), "530")]),
    ("first day on the day", &[(1, "SEL_83", AsOf(0), Some(AsOf(9)), "317")]),
    ("first day the day after", &[(1, "SEL_83", AsOf(1), None, "317")]),
    ("the day alone", &[(1, "SEL_99", AsOf(0), Some(AsOf(0)), "572")]),
    (
        "a gap on the day",
        &[(1, "SEL_85", AsOf(-40), Some(AsOf(-1)), "530"), (1, "SEL_85", AsOf(1), None, "530")],
    ),
    ("at the former municipality", &[(0, "SEL_85", AsOf(-700), None, "530")]),
    ("ended at the former municipality", &[(0, "SEL_85", AsOf(-700), Some(AsOf(-361)), "530")]),
    (
        "handed over at the move",
        &[(0, "SEL_83", AsOf(-700), Some(AsOf(-361)), "317"), (1, "SEL_83", AsOf(-360), None, "329.95")],
    ),
    ("recorded twice", &[(1, "SEL_85", AsOf(-9), None, "530"), (1, "SEL_85", AsOf(-9), None, "530")]),
    (
        "at the edges of twelve months",
        &[
            (0, "SEL_85", Year(-3), Some(Year(0)), "1000"),
            (0, "SEL_85", Year(-3), Some(Year(1)), "100"),
            (1, "SUL_138", Year(1), Some(Year(1)), "10.01"),
            (1, "SUL_138", AsOf(0), Some(AsOf(5)), "1.1"),
        ],
    ),
    ("dear beyond the clamp", &[(1, "SEL_85", AsOf(-400), None, "9999.99")]),
];

/// A front-line flag: which municipality, day.
type Flag = (usize, Day);

pub(super) const FLAGS: &[(&str, &[Flag])] = &[
    ("none", &[]),
    ("on the day", &[(1, AsOf(0))]),
    ("the day before", &[(1, AsOf(-1))]),
    ("the day after", &[(1, AsOf(1))]),
    ("long ago", &[(1, AsOf(-1500))]),
    ("at the former municipality", &[(0, AsOf(-500))]),
    ("the day after at both", &[(0, AsOf(1)), (1, AsOf(1))]),
    ("several, the last too late", &[(1, AsOf(-30)), (1, AsOf(-30)), (1, AsOf(3))]),
];

/// Answers: which municipality, day, round, and the four items.
type Answers = (usize, Day, &'static str, [&'static str; 4]);

pub(super) const SURVEYS: &[(&str, &[Answers])] = &[
    ("none", &[]),
    ("baseline alone", &[(1, AsOf(-300), "baseline", ["1", "0", "5", "3"])]),
    ("follow-up alone", &[(1, AsOf(0), "followup", ["5", "10", "1", "3"])]),
    (
        "follow-up before the baseline",
        &[
            (1, AsOf(-30), "baseline", ["1", "0", "5", "3"]),
            (1, AsOf(-300), "followup", ["5", "10", "1", "3"]),
        ],
    ),
    (
        "items missing in turn",
        &[
            (1, AsOf(-300), "baseline", ["", "4", "", "2"]),
            (1, AsOf(-200), "baseline", ["3", "9", "", "5"]),
            (1, AsOf(-100), "followup", ["4", "", "4", "4"]),
            (1, AsOf(-50), "followup", ["", "8", "2", ""]),
        ],
    ),
    (
        "several on a day",
        &[
            (1, AsOf(-300), "baseline", ["4", "6", "2", "5"]),
            (1, AsOf(-300), "baseline", ["2", "7", "", "1"]),
            (1, AsOf(-20), "followup", ["3", "1", "5", "2"]),
            (1, AsOf(-20), "followup", ["5", "2", "4", "2"]),
            (1, AsOf(-21), "followup", ["1", "0", "1", "1"]),
        ],
    ),
    (
        "follow-up after the day",
        &[(1, AsOf(-300), "baseline", ["4", "6", "2", "5"]), (1, AsOf(1), "followup", ["3", "1", "5", "2"])],
    ),
    (
        "over the move",
        &[
            (0, AsOf(-500), "baseline", ["4", "6", "2", "5"]),
            (1, AsOf(-100), "followup", ["3", "1", "5", "2"]),
        ],
    ),
];

/// Writes the rows into the municipalities that know the person, `homes`, in order of residence.
pub(super) fn write(
    draft: &mut Draft,
    id: &str,
    homes: &[u16],
    choice: Choice,
    story: &mut String,
) -> anyhow::Result<()> {
    let (service_name, services) = SERVICES.get(choice.services).context("no such service pattern")?;
    let (flag_name, flags) = FLAGS.get(choice.flags).context("no such flag pattern")?;
    let (survey_name, surveys) = SURVEYS.get(choice.survey).context("no such survey pattern")?;
    story.push_str(&format!("; services: {service_name}; flags: {flag_name}; survey: {survey_name}"));

    let turn = |position: usize| homes.iter().cycle().nth(position).copied();
    for (position, law, from, to, price) in *services {
        let Some(node) = turn(*position) else { break };
        let to = to.map(|day| draft.date(day)).transpose()?;
        let (law, price) = ((*law).to_owned(), (*price).to_owned());
        let row = vec![id.to_owned(), law, draft.date(*from)?.to_string(), text(to), price];
        draft.row(node, "social_services", row);
    }
    for (position, day) in *flags {
        let Some(node) = turn(*position) else { break };
        let date = draft.date(*day)?.to_string();
        draft.row(node, "frontline_flags", vec![id.to_owned(), date]);
    }
    for (position, day, round, items) in *surveys {
        let Some(node) = turn(*position) else { break };
        let mut row = vec![id.to_owned(), draft.date(*day)?.to_string(), (*round).to_owned()];
        row.extend(items.map(str::to_owned));
        draft.row(node, "survey", row);
    }
    Ok(())
}
