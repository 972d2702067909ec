//! A roster drafted from the entries: the first, or the one after the roster that is followed now.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::ToSpan as _;
use jiff::civil::Date;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::{Coordinator, Member, Roster, VerifiedRoster};

use crate::membership::entry::Entries;

/// The delta where none is named.
const DELTA: &str = "1e-8";

/// What the secretariat wants of a roster, beyond what entries and the roster before say.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Wishes {
    /// The federation's name; needed for the first roster
    #[arg(long, value_name = "NAME")]
    pub federation: Option<String>,
    /// How many key holders evaluate each pseudonym; without it as before, else the least that is allowed
    #[arg(long, value_name = "T")]
    pub quorum: Option<u16>,
    /// For how many days it is valid
    #[arg(long, default_value_t = 365, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub valid_days: u16,
    /// The most persons that a member may have evaluated in one study, for all new members or for one (k360=45000): its
    /// registered population and a small margin
    #[arg(long, value_name = "N|ID=N")]
    pub evaluations_max: Vec<Quota>,
    /// A member that holds no share of the keys
    #[arg(long, value_name = "ID")]
    pub no_holder: Vec<NodeId>,
    /// A member that holds a share after all
    #[arg(long, value_name = "ID", conflicts_with = "no_holder")]
    pub holder: Vec<NodeId>,
    /// A member's last day (k360=2026-12-31), as when tasks move or regions merge
    #[arg(long, value_name = "ID=DATE")]
    pub last_day: Vec<LastDay>,
    /// A member or person of the present roster, or of the entries, that is left out
    #[arg(long, value_name = "ID|NAME")]
    pub without: Vec<String>,
    /// The constant delta of reports; without it as before, else 1e-8
    #[arg(long, value_name = "DELTA")]
    pub delta: Option<String>,
}

/// `N`, or `ID=N`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// For whom; all who have none yet where nobody is named.
    pub member: Option<NodeId>,
    /// How many.
    pub evaluations: u32,
}

impl FromStr for Quota {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (member, number) = match text.split_once('=') {
            Some((id, number)) => (Some(NodeId::new(id).map_err(|error| error.to_string())?), number),
            None => (None, text),
        };
        let evaluations = number.parse().ok().filter(|number| *number > 0);
        let evaluations = evaluations.ok_or("expected a number, or a member and a number (k360=45000)")?;
        Ok(Self { member, evaluations })
    }
}

/// `ID=DATE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastDay {
    /// For whom.
    pub member: NodeId,
    /// The day.
    pub day: Date,
}

impl FromStr for LastDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (id, day) = text.split_once('=').ok_or("expected a member and a day (k360=2026-12-31)")?;
        let member = NodeId::new(id).map_err(|error| error.to_string())?;
        Ok(Self { member, day: day.parse().map_err(|error: jiff::Error| error.to_string())? })
    }
}

/// Drafts a roster: the first, or the one after `present`. Whoever is in `present` stays in unless left out; an entry
/// takes the place of what `present` has of the same node or person.
///
/// # Errors
/// [`Problem`] where a wish names nobody, a member has no quota, or the form would not be believed.
pub fn draft(
    coordinator: Coordinator,
    entries: &Entries,
    present: Option<&VerifiedRoster>,
    wishes: &Wishes,
    today: Date,
) -> Result<Roster, Problem> {
    let before = present.map(VerifiedRoster::roster);
    let members = members(entries, before, wishes, today)?;
    let federation = wishes.federation.clone().or_else(|| before.map(|roster| roster.federation.clone()));
    let federation = federation.ok_or_else(|| {
        problem("roster.federation", "the first roster needs the federation's name")
            .next("add --federation NAME")
    })?;
    let mut people: BTreeMap<_, _> =
        before.iter().flat_map(|roster| &roster.people).map(|person| (person.name.clone(), person)).collect();
    people.extend(entries.people.iter().map(|(name, person)| (name.clone(), person)));
    people.retain(|name, _| !wishes.without.contains(name));
    let mut roster = Roster {
        federation,
        version: before.map_or(1, |roster| roster.version.saturating_add(1)),
        previous: present.map(VerifiedRoster::digest),
        valid_from: today,
        valid_to: today.saturating_add(i64::from(wishes.valid_days).days()),
        quorum: 0,
        delta: wishes
            .delta
            .clone()
            .or_else(|| before.map(|roster| roster.delta.clone()))
            .unwrap_or_else(|| DELTA.to_owned()),
        coordinator,
        members,
        people: people.into_values().cloned().collect(),
    };
    roster.quorum = quorum(&roster, before, wishes);
    roster.check_form().map_err(|error| {
        problem("roster.form", error)
            .expected("a roster that its members could believe")
            .next("enrol those who are missing, or change what the options say")
    })?;
    Ok(roster)
}

/// As wished, else as before where that still fits, else the least.
fn quorum(roster: &Roster, before: Option<&Roster>, wishes: &Wishes) -> u16 {
    let fits =
        |quorum: &u16| *quorum >= roster.quorum_least() && usize::from(*quorum) <= roster.holders().count();
    let as_before = before.map(|before| before.quorum).filter(fits);
    wishes.quorum.or(as_before).unwrap_or_else(|| roster.quorum_least())
}

fn members(
    entries: &Entries,
    before: Option<&Roster>,
    wishes: &Wishes,
    today: Date,
) -> Result<Vec<Member>, Problem> {
    let mut members: BTreeMap<NodeId, Member> =
        before.iter().flat_map(|roster| &roster.members).map(|m| (m.id.clone(), m.clone())).collect();
    for (id, entry) in &entries.nodes {
        let member = match members.get(id) {
            Some(was) => Member {
                valid_from: was.valid_from,
                valid_to: was.valid_to,
                ..entry.clone().into_member(today, was.holder, was.evaluations_max)
            },
            None => entry.clone().into_member(today, true, 0),
        };
        members.insert(id.clone(), member);
    }
    let named = wishes.without.iter().find(|name| {
        let people = before.iter().flat_map(|roster| &roster.people).any(|person| person.name == **name);
        !people
            && !entries.people.contains_key(*name)
            && !members.keys().any(|id| id.as_str() == name.as_str())
    });
    if let Some(name) = named {
        return Err(nobody(name));
    }
    members.retain(|id, _| !wishes.without.iter().any(|name| name == id.as_str()));
    for (ids, holder) in [(&wishes.no_holder, false), (&wishes.holder, true)] {
        for id in ids {
            members.get_mut(id).ok_or_else(|| nobody(id.as_str()))?.holder = holder;
        }
    }
    for LastDay { member, day } in &wishes.last_day {
        members.get_mut(member).ok_or_else(|| nobody(member.as_str()))?.valid_to = Some(*day);
    }
    quotas(&mut members, &wishes.evaluations_max)?;
    Ok(members.into_values().collect())
}

fn quotas(members: &mut BTreeMap<NodeId, Member>, quotas: &[Quota]) -> Result<(), Problem> {
    for quota in quotas {
        match &quota.member {
            Some(id) => {
                let member = members.get_mut(id).ok_or_else(|| nobody(id.as_str()))?;
                member.evaluations_max = quota.evaluations;
            }
            None => {
                for member in members.values_mut().filter(|member| member.evaluations_max == 0) {
                    member.evaluations_max = quota.evaluations;
                }
            }
        }
    }
    let without = members.values().filter(|member| member.evaluations_max == 0);
    let without: Vec<&str> = without.map(|member| member.id.as_str()).collect();
    let Some(first) = without.first() else { return Ok(()) };
    Err(problem(
        "roster.evaluations",
        format_args!("no number of evaluations is named for {}", without.join(", ")),
    )
    .expected("each member's registered population and a small margin: it bounds what it can learn of others")
    .next(format_args!("add --evaluations-max {first}=N")))
}

fn nobody(name: &str) -> Problem {
    problem("roster.nobody", format_args!("there is no `{name}` in the present roster or among the entries"))
        .next("look at `tvaers roster show` and at the folder `enrolments`")
}

fn problem(code: &str, what: impl std::fmt::Display) -> Problem {
    Problem::new(Exit::BadInput, code, what)
}

#[cfg(test)]
mod tests;
