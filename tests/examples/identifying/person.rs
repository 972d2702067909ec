//! What nodes send of a person for a model at a grain, and how the person looks by parts of it.

use std::collections::BTreeMap;

use tvaers_definitions::layout::Grain;
use tvaers_definitions::model::Model;
use tvaers_protocol::id::{PersonId, Sector};
use tvaers_tests::joined::Node;
use tvaers_warehouse::sql::{EventRow, PersonRow};

/// Chooses among a person's events.
pub(crate) type Which = fn(&EventRow) -> bool;

/// Everything of one person: by the place of the node that has it.
#[derive(Default)]
pub(crate) struct Person {
    rows: Vec<(usize, Sector, PersonRow)>,
    events: Vec<(usize, Sector, EventRow)>,
}

/// All persons of all nodes.
pub(crate) async fn persons(
    nodes: &[Node],
    model: &Model,
    grain: Grain,
) -> anyhow::Result<BTreeMap<PersonId, Person>> {
    let mut persons: BTreeMap<PersonId, Person> = BTreeMap::new();
    let joined = model.joined_groups(grain);
    for (place, node) in nodes.iter().enumerate() {
        for row in node.rows(model, grain).await?.1 {
            persons.entry(row.person.clone()).or_default().rows.push((place, node.sector, row));
        }
        for event in node.events(model).await? {
            if joined >> event.group & 1 == 1 {
                persons.entry(event.person.clone()).or_default().events.push((place, node.sector, event));
            }
        }
    }
    Ok(persons)
}

impl Person {
    /// The municipality that claims the person as a resident whose age is in the population; none where it is not one.
    pub(crate) fn home(&self) -> Option<i64> {
        let mut claims = self.rows.iter().filter(|(_, _, row)| row.resident);
        match (claims.next(), claims.next()) {
            (Some((_, _, row)), None) if row.eligible => Some(row.kommune.into()),
            _ => None,
        }
    }

    /// By the values of one node, for each node of a sector that has the person and places the age in the population.
    pub(crate) fn by_node(&self, sector: Sector) -> impl Iterator<Item = Vec<i64>> {
        let of_sector = move |(place, of, row): &(usize, Sector, PersonRow)| {
            let is_in = *of == sector && row.eligible && (row.resident || sector == Sector::Region);
            is_in.then(|| [*place as i64].into_iter().chain(values(row)).collect())
        };
        self.rows.iter().filter_map(of_sector)
    }

    /// By the values of all nodes, without which node gave them. A node that gives nothing but zeros does not count.
    pub(crate) fn by_values(&self) -> Vec<i64> {
        let given = |(_, sector, row): &(usize, Sector, PersonRow)| {
            let told = row.values.iter().any(|value| *value > 0);
            told.then(|| [*sector as i64].into_iter().chain(values(row)).collect::<Vec<_>>())
        };
        let mut all: Vec<_> = self.rows.iter().filter_map(given).collect();
        all.sort();
        all.concat()
    }

    /// The same, and the municipality of residence.
    pub(crate) fn by_values_and_home(&self) -> Vec<i64> {
        [self.by_values(), vec![self.home().unwrap_or(0)]].concat()
    }

    /// By all that arrives at the coordinator in the first round: who sends it, residence, touches, days since.
    pub(crate) fn by_all(&self) -> Vec<i64> {
        let whole = |(place, _, row): &(usize, Sector, PersonRow)| {
            let flags = [
                *place as i64,
                row.resident.into(),
                row.eligible.into(),
                row.touches.into(),
                row.kommune.into(),
            ];
            let recencies = row.recencies.iter().map(|days| i64::from(*days));
            flags.into_iter().chain(values(row)).chain(recencies).collect::<Vec<_>>()
        };
        self.rows.iter().flat_map(whole).collect()
    }

    /// Whether any of these events begins in the window of the rules.
    pub(crate) fn has(&self, which: Which) -> bool {
        self.within(which).next().is_some()
    }

    /// Whether the coordinator asks for the person's events: two nodes of a sector touch.
    pub(crate) fn is_asked_for(&self) -> bool {
        let of = |sector| self.rows.iter().filter(move |(_, of, _)| *of == sector);
        let touched = |sector, bit: u16| of(sector).filter(|(_, _, row)| row.touches & bit != 0).count() >= 2;
        (0..u16::BITS)
            .any(|bit| [Sector::Region, Sector::Municipality].iter().any(|sector| touched(*sector, 1 << bit)))
    }

    /// By the municipality of residence and the first days of these events, as they stand in the rows.
    pub(crate) fn by_first_days(&self, which: Which) -> Vec<i64> {
        self.by_days(which, |event| vec![event.first_day.into()], 0)
    }

    /// By the municipality, the first and the last days.
    pub(crate) fn by_both_days(&self, which: Which) -> Vec<i64> {
        self.by_days(which, |event| vec![event.first_day.into(), event.last_day.into()], 0)
    }

    /// By the municipality, lengths and gaps in days: what is left of both days when one unknown number is added to all.
    pub(crate) fn by_lengths_and_gaps(&self, which: Which) -> Vec<i64> {
        let first = self.within(which).map(|event| i64::from(event.first_day)).min();
        self.by_days(which, |event| vec![event.first_day.into(), event.last_day.into()], first.unwrap_or(0))
    }

    /// By all that arrives in both rounds, of one whose events are asked for: numbers less the first of their kind, and
    /// bits as they are.
    pub(crate) fn by_all_shifted(&self) -> Vec<i64> {
        let least =
            |of: fn(&EventRow) -> i64| self.events.iter().map(|(_, _, event)| of(event)).min().unwrap_or(0);
        let (day, minute) = (least(|event| event.first_day.into()), least(|event| event.begins.into()));
        let told = |(place, _, event): &(usize, Sector, EventRow)| {
            let bits = [event.in_window, event.acute, event.index, event.discharged].map(i64::from);
            let days = [event.first_day, event.last_day].map(|number| i64::from(number) - day);
            let minutes =
                [event.begins, event.ends, event.first_ends].map(|number| i64::from(number) - minute);
            [
                vec![*place as i64, event.group.into(), event.reach.into()],
                bits.into(),
                days.into(),
                minutes.into(),
            ]
            .concat()
        };
        let mut events: Vec<Vec<i64>> = self.events.iter().map(told).collect();
        events.sort();
        [self.by_all(), events.concat()].concat()
    }

    fn within(&self, which: Which) -> impl Iterator<Item = &EventRow> {
        self.events.iter().map(|(_, _, event)| event).filter(move |event| event.in_window && which(event))
    }

    /// Numbers of events in order, less `first`, the same event at two nodes once; then the municipality.
    fn by_days(&self, which: Which, of: fn(&EventRow) -> Vec<i64>, first: i64) -> Vec<i64> {
        let numbers = |event| of(event).into_iter().map(|number| number - first).collect();
        let mut days: Vec<Vec<i64>> = self.within(which).map(numbers).collect();
        days.sort();
        days.dedup();
        [days.concat(), vec![self.home().unwrap_or(0)]].concat()
    }
}

fn values(row: &PersonRow) -> impl Iterator<Item = i64> {
    row.values.iter().map(|value| i64::from(*value))
}
