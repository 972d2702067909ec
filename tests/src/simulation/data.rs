//! The small world's data: those persons of the nasty data set whose stories matter most, and parts of their rows.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use jiff::civil::Date;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use tvaers_protocol::id::PersonId;

use crate::oracle::{read, somv};
use crate::simulation::plan::NODES;

/// Persons of whom a rule spans two nodes, of each such rule; of others who score; and of the rest.
const CROSSING: usize = 6;
const SCORING: usize = 3;
const OTHERS: usize = 4;

/// Tables of which an import keeps every row: without them nobody would be anywhere.
const WHO_AND_WHERE: [&str; 3] = ["persons", "patients", "residence"];

struct Table {
    node: &'static str,
    file: String,
    header: String,
    rows: Vec<String>,
}

/// All rows of the small world. No `Debug`: these are rows.
pub(super) struct Data {
    tables: Vec<Table>,
}

/// Leaves in a folder of data a few dozen persons.
///
/// # Errors
/// Where a file cannot be read or written.
pub(super) fn shrink(folder: &Path, seed: u64, as_of: Date) -> anyhow::Result<()> {
    let chosen = choose(folder, seed, as_of)?;
    let mut data = Data::read(folder)?;
    for table in &mut data.tables {
        let names: Vec<&str> = table.header.split(',').collect();
        let at = names.iter().position(|name| *name == "person_id").context("a table without persons")?;
        let is_chosen = |row: &String| {
            let person = row.split(',').nth(at).and_then(|number| PersonId::parse(number).ok());
            person.is_some_and(|person| chosen.contains(&person))
        };
        table.rows.retain(is_chosen);
        table.write(folder)?;
    }
    Ok(())
}

fn choose(folder: &Path, seed: u64, as_of: Date) -> anyhow::Result<BTreeSet<PersonId>> {
    let federation = read::federation(folder)?;
    let sad = federation.sad(as_of)?;
    let somv = federation.somv(as_of, &somv::MUNICIPALITIES.into())?;
    let mut persons: Vec<&PersonId> = federation.citizens.keys().collect();
    persons.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let mut chosen = BTreeSet::new();
    let mut take = |number: usize, is: &dyn Fn(&PersonId) -> bool| {
        let fitting: Vec<_> =
            persons.iter().filter(|id| !chosen.contains(**id) && is(id)).take(number).collect();
        chosen.extend(fitting.into_iter().map(|id| (*id).clone()));
    };
    let of_sad = |id: &PersonId| sad.get(id).filter(|answer| answer.eligible);
    let of_somv = |id: &PersonId| somv.get(id).filter(|answer| answer.eligible);
    take(CROSSING, &|id| of_sad(id).is_some_and(|answer| answer.spells_cross));
    take(CROSSING, &|id| of_somv(id).is_some_and(|answer| answer.stays_cross));
    take(SCORING, &|id| of_sad(id).is_some_and(|answer| answer.gp_cross));
    take(SCORING, &|id| of_sad(id).is_some_and(|answer| answer.total > 4));
    take(SCORING, &|id| of_somv(id).is_some_and(|answer| answer.included_with_frontline));
    take(OTHERS, &|_| true);
    Ok(chosen)
}

impl Table {
    fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let mut text = String::new();
        for line in std::iter::once(&self.header).chain(&self.rows) {
            text.push_str(line);
            text.push('\n');
        }
        Ok(std::fs::write(folder.join(self.node).join(&self.file), text)?)
    }
}

impl Data {
    /// Reads every table of every node, in the order of their names.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut tables = Vec::new();
        for node in NODES {
            let mut files = Vec::new();
            for entry in std::fs::read_dir(folder.join(node))? {
                files.push(entry?.file_name().to_string_lossy().into_owned());
            }
            files.sort();
            for file in files {
                let text = std::fs::read_to_string(folder.join(node).join(&file))?;
                let mut lines = text.lines().map(str::to_owned);
                let header = lines.next().context("a table without a header")?;
                tables.push(Table { node, file, header, rows: lines.collect() });
            }
        }
        Ok(Self { tables })
    }

    /// Writes a node's tables with so many of a hundred rows about events.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub(super) fn write_part(&self, folder: &Path, node: &str, keep: u32, seed: u64) -> anyhow::Result<()> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        for table in self.tables.iter().filter(|table| table.node == node) {
            let is_whole = WHO_AND_WHERE.iter().any(|name| table.file.strip_suffix(".csv") == Some(name));
            let rows = table.rows.iter().filter(|_| is_whole || rng.random_range(0..100) < keep);
            let rows = rows.cloned().collect();
            Table { node: table.node, file: table.file.clone(), header: table.header.clone(), rows }
                .write(folder)?;
        }
        Ok(())
    }

    /// Everybody.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub(super) fn persons(folder: &Path) -> anyhow::Result<Vec<PersonId>> {
        Ok(read::federation(folder)?.citizens.into_keys().collect())
    }
}
