//! Whom the uses of a window concern: `citizens.csv`. The set of persons is held in memory, and nothing else of them.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use tvaers_protocol::id::PersonId;
use tvaers_protocol::problem::{Exit, Problem};

use super::log::Told;
use super::pack::Pack;
use crate::subject::among::{About, Day, among};
use crate::subject::ground::Ground;
use crate::subject::worklist;

const IN_STATISTICS: u8 = 1;
const UNDER_PSEUDONYM: u8 = 2;
const ON_WORK_LIST: u8 = 4;
/// No use is certain to concern the person.
const CERTAIN: u8 = 8;

/// How many they are, for the node's own staff alone.
#[derive(Default)]
pub(super) struct Citizens {
    pub(super) all: u64,
    pub(super) in_statistics: u64,
    pub(super) under_pseudonym: u64,
    pub(super) on_work_list: u64,
    /// Those of whom no use is certain.
    pub(super) doubtful: u64,
    /// Studies for a work list whose list is no longer, or not yet, there.
    pub(super) lists_gone: u64,
    /// Rows of the tables that were read, of everyone.
    pub(super) rows: u64,
}

/// Works the set out and writes it.
pub(super) async fn write(pack: &mut Pack, ground: &Ground, told: &Told) -> Result<Citizens, Problem> {
    let mut persons: BTreeMap<PersonId, u8> = BTreeMap::new();
    let mut reading = ground.reading().await?;
    let mut days: BTreeMap<&Day, Vec<&About>> = BTreeMap::new();
    for about in &told.about {
        days.entry(&about.day).or_default().push(about);
    }
    for (day, of_day) in days {
        let walked = ground.walk(&mut reading, day, |id, seen| {
            let flags = of_day.iter().fold(0, |flags, about| {
                let found = among(about, &ground.person(about, id, seen));
                flags | found.map_or(0, |doubts| of_use(about) | if doubts.is_empty() { CERTAIN } else { 0 })
            });
            if flags != 0 {
                *persons.entry(id.clone()).or_default() |= flags;
            }
            ControlFlow::Continue(())
        });
        walked.await?;
    }
    reading.end().await;
    let take = |person| *persons.entry(person).or_default() |= ON_WORK_LIST | CERTAIN;
    let there = worklist::of_studies(&ground.state, &told.lists, take).await;
    let there = there.map_err(|error| Problem::from_error(Exit::Failed, "state", &error))?;
    let mut citizens = to_file(pack, &persons)?;
    citizens.lists_gone = told.lists.difference(&there).count() as u64;
    let tables = ground.warehouse.meta().tables.iter().filter(|table| told.tables.contains(table.name));
    citizens.rows = tables.map(|table| table.rows).sum();
    Ok(citizens)
}

const fn of_use(about: &About) -> u8 {
    if about.has_pseudonyms { UNDER_PSEUDONYM } else { IN_STATISTICS }
}

fn to_file(pack: &mut Pack, persons: &BTreeMap<PersonId, u8>) -> Result<Citizens, Problem> {
    let mut citizens = Citizens::default();
    let mut file = pack.begin("citizens.csv")?;
    file.add(b"person_id,in_statistics,under_pseudonym,on_work_list\n")?;
    for (person, flags) in persons {
        let is = |flag: u8| flags & flag != 0;
        let columns = [IN_STATISTICS, UNDER_PSEUDONYM, ON_WORK_LIST].map(is);
        file.add(person.expose().as_bytes())?;
        for column in columns {
            file.add(if column { b",true" } else { b",false" })?;
        }
        file.add(b"\n")?;
        let [in_statistics, under_pseudonym, on_work_list] = columns.map(u64::from);
        citizens.all += 1;
        citizens.in_statistics += in_statistics;
        citizens.under_pseudonym += under_pseudonym;
        citizens.on_work_list += on_work_list;
        citizens.doubtful += u64::from(!is(CERTAIN));
    }
    pack.end(file)?;
    Ok(citizens)
}
