//! What must stand in every municipality's files, by the oracle over the pooled data of those who took part.
//!
//! Where a rule falls back (grains points and counts), the answer is the stated one and not the truth; it is worked out
//! from what the oracle says over each node alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use jiff::civil::Date;
use tvaers_protocol::id::{NodeId, PersonId};
use tvaers_protocol::study::Grain;

use crate::oracle::{Federation, calendar, read, sad, somv, spell};
use crate::simulation::plan::NODES;

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Question {
    /// The model.
    pub model: &'static str,
    /// The reference date.
    pub as_of: Date,
    /// The grain of the run.
    pub grain: Grain,
    /// Who took part.
    pub nodes: BTreeSet<NodeId>,
}

/// A work list, and the file beside it that says who is incomplete. No `Debug`: these are rows.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Files {
    /// The list.
    pub list: Option<String>,
    /// The incomplete.
    pub incomplete: Option<String>,
}

struct Row {
    person: PersonId,
    total: u16,
    stratum: &'static str,
    included: bool,
    fell_back: Vec<&'static str>,
    items: Vec<u16>,
}

struct Pool<'a> {
    question: &'a Question,
    pooled: Federation,
    /// Each node alone, by code.
    alone: BTreeMap<u16, Federation>,
}

fn code(node: &str) -> anyhow::Result<u16> {
    let digits = node.strip_prefix("region_").or_else(|| node.strip_prefix('k'));
    Ok(digits.context("no node")?.parse()?)
}

fn read(folder: &Path, nodes: &BTreeSet<NodeId>) -> anyhow::Result<Federation> {
    let folders: Vec<_> = nodes.iter().map(|node| folder.join(node.as_str())).collect();
    let mut federation = read::nodes(&folders)?;
    // A region contributes those who live in any member municipality, also where that one does not take part.
    federation.members.clear();
    for node in NODES.iter().filter(|node| node.starts_with('k')) {
        federation.members.insert(code(node)?);
    }
    Ok(federation)
}

/// The files of every municipality that took part.
///
/// # Errors
/// Where the data cannot be read.
pub(super) fn files(folder: &Path, question: &Question) -> anyhow::Result<BTreeMap<NodeId, Files>> {
    let pooled = read(folder, &question.nodes)?;
    let mut alone = BTreeMap::new();
    if question.grain != Grain::Events {
        for node in &question.nodes {
            alone.insert(code(node.as_str())?, read(folder, &[node.clone()].into())?);
        }
    }
    let pool = Pool { question, pooled, alone };
    let (names, mut rows) = match question.model {
        "sad" => (SAD.as_slice(), pool.sad()?),
        "somv" => (&SOMV[..6], pool.somv(false)?),
        _ => (SOMV.as_slice(), pool.somv(true)?),
    };
    let missing = missing(&question.nodes);
    let mut files = BTreeMap::new();
    for node in question.nodes.iter().filter(|node| node.as_str().starts_with('k')) {
        let rows = rows.remove(&code(node.as_str())?).unwrap_or_default();
        files.insert(node.clone(), to_files(names, rows, &missing));
    }
    Ok(files)
}

/// The sectors of which a node did not take part, as the file of the incomplete names them. Every model here has rules
/// that span the nodes of either sector.
fn missing(nodes: &BTreeSet<NodeId>) -> String {
    let is_missing = |prefix: &str| {
        NODES
            .iter()
            .any(|node| node.starts_with(prefix) && !nodes.iter().any(|other| other.as_str() == *node))
    };
    let sectors = [("r", "region"), ("k", "municipality")];
    let missing: Vec<&str> =
        sectors.into_iter().filter(|(prefix, _)| is_missing(prefix)).map(|(_, name)| name).collect();
    missing.join(" ")
}

const SAD: [&str; 9] = ["known", "repeat", "last", "labour", "treatment", "gp", "civil", "citizen", "akasse"];
const SOMV: [&str; 7] =
    ["somatic", "psychiatric", "substance", "social", "two_in_30", "three_in_6m", "frontline"];

fn to_files(names: &[&str], mut rows: Vec<Row>, missing: &str) -> Files {
    let is_complete = |row: &Row| missing.is_empty() && row.fell_back.is_empty();
    let mut incomplete = "person_id,missing,fell_back\n".to_owned();
    rows.sort_by(|a, b| a.person.cmp(&b.person));
    for row in rows.iter().filter(|row| !is_complete(row)) {
        // Writing to a string cannot fail.
        let _ = writeln!(incomplete, "{},{missing},{}", row.person.expose(), row.fell_back.join(" "));
    }
    let some_incomplete = rows.iter().any(|row| !is_complete(row));
    rows.sort_by(|a, b| b.total.cmp(&a.total).then_with(|| a.person.cmp(&b.person)));
    let mut list = format!("person_id,total,stratum,included,complete,{}\n", names.join(","));
    for row in &rows {
        let items: Vec<String> = row.items.iter().map(u16::to_string).collect();
        let (person, complete) = (row.person.expose(), is_complete(row));
        let _ = writeln!(
            list,
            "{person},{},{},{},{complete},{}",
            row.total,
            row.stratum,
            row.included,
            items.join(",")
        );
    }
    Files { list: Some(list), incomplete: some_incomplete.then_some(incomplete) }
}

type Rows = BTreeMap<u16, Vec<Row>>;

impl Pool<'_> {
    fn sad(&self) -> anyhow::Result<Rows> {
        let (as_of, grain) = (self.question.as_of, self.question.grain);
        let window = calendar::two_years_to(as_of)?;
        let mut alone = BTreeMap::new();
        for (code, federation) in &self.alone {
            alone.insert(*code, federation.sad(as_of)?);
        }
        let greatest = |id: &PersonId, of: fn(&sad::Answer) -> u16| {
            alone.values().filter_map(|answers| answers.get(id)).map(of).max().unwrap_or(0)
        };
        let mut rows = Rows::new();
        for (id, mut answer) in self.pooled.sad(as_of)? {
            let home = answer.kommune.filter(|_| answer.eligible && !answer.several_residences);
            let (Some(home), Some(citizen)) = (home, self.pooled.citizens.get(&id)) else { continue };
            let mut fell_back = Vec::new();
            if answer.spells_cross && grain != Grain::Events {
                fell_back.push("spells");
                let own = alone.get(&home).and_then(|answers| answers.get(&id));
                let own = own.filter(|_| spell::touching(&citizen.sick_leave, &window).contains(&home));
                (answer.repeat, answer.last) = match own {
                    Some(own) => (own.repeat, own.last),
                    None => (greatest(&id, |one| one.repeat), greatest(&id, |one| one.last)),
                };
            }
            if answer.gp_cross && grain == Grain::Points {
                fell_back.push("gp");
                answer.gp = greatest(&id, |one| one.gp);
            }
            let items = vec![
                answer.known,
                answer.repeat,
                answer.last,
                answer.labour,
                answer.treatment,
                answer.gp,
                answer.civil,
                answer.citizen,
                answer.akasse,
            ];
            let total = items.iter().sum();
            let stratum = match total {
                0..=4_u16 => sad::Stratum::Low,
                5..=8 => sad::Stratum::Middle,
                _ => sad::Stratum::High,
            };
            let (included, stratum) = (stratum == sad::Stratum::High, stratum.as_str());
            rows.entry(home).or_default().push(Row {
                person: id,
                total,
                stratum,
                included,
                fell_back,
                items,
            });
        }
        Ok(rows)
    }

    fn somv(&self, with_frontline: bool) -> anyhow::Result<Rows> {
        let (as_of, grain) = (self.question.as_of, self.question.grain);
        let municipalities: BTreeSet<u16> = somv::MUNICIPALITIES.into();
        let mut alone = Vec::new();
        for federation in self.alone.values() {
            alone.push(federation.somv(as_of, &municipalities)?);
        }
        let mut rows = Rows::new();
        for (id, mut answer) in self.pooled.somv(as_of, &municipalities)? {
            let home = answer.kommune.filter(|_| answer.eligible && !answer.several_residences);
            let Some(home) = home else { continue };
            let mut fell_back = Vec::new();
            if answer.stays_cross && grain != Grain::Events {
                fell_back.push("stays");
                let any = |of: fn(&somv::Answer) -> bool| {
                    alone.iter().filter_map(|answers| answers.get(&id)).any(of)
                };
                answer.two_in_30 = any(|one| one.two_in_30);
                answer.three_in_6m = any(|one| one.three_in_6m);
            }
            let mut items: Vec<u16> = answer.criteria().map(|(_, points)| points).into();
            let mut total = u16::from(answer.two_in_30) + u16::from(answer.three_in_6m);
            if with_frontline {
                items.push(u16::from(answer.frontline));
                total += u16::from(answer.frontline);
            }
            let included = answer.has_area() && total > 0;
            rows.entry(home).or_default().push(Row {
                person: id,
                total,
                stratum: "",
                included,
                fell_back,
                items,
            });
        }
        Ok(rows)
    }
}
