//! Who is asked, and which sector's features are meant.

use tvaers_protocol::id::{NodeId, Sector};

use crate::canonical::sector_named;
use crate::fault::Reason;
use crate::query::{Nodes, Party};
use crate::strict::{Placed, Scalar, Table};

/// Who is asked.
pub(super) struct Asked {
    pub(super) nodes: Nodes,
    pub(super) sector: Sector,
    pub(super) sector_is_stated: bool,
}

/// What `[nodes]` says.
enum Stated {
    All,
    Sector(Placed<Sector>),
    Listed(Vec<Placed<Party>>),
}

/// `held_by` is the sector that the features leave no doubt about. Features of both are the municipality's, unless
/// the nodes named are regions.
pub(super) fn nodes(root: &Table<'_, Reason>, parties: &[Party], held_by: Option<Sector>) -> Asked {
    let stated = stated(root, parties);
    let of_nodes = match &stated {
        Stated::All => None,
        Stated::Sector(sector) => Some(sector.value),
        Stated::Listed(listed) => listed.first().map(|party| party.value.sector),
    };
    let sector = held_by.or(of_nodes).unwrap_or(Sector::Municipality);
    match &stated {
        Stated::All => {}
        Stated::Sector(stated) if stated.value == sector => {}
        Stated::Sector(stated) => {
            let found = stated.value.to_string();
            root.faults().refuse(stated, Reason::NodeSector { found, sector: sector.to_string() });
        }
        Stated::Listed(listed) => {
            for party in listed.iter().filter(|party| party.value.sector != sector) {
                let found = party.value.id.to_string();
                let reason = match held_by {
                    Some(_) => Reason::NodeSector { found, sector: sector.to_string() },
                    None => Reason::NodesMixed,
                };
                root.faults().refuse(party, reason);
            }
        }
    }
    let sector_is_stated = matches!(stated, Stated::Sector(_));
    let nodes = match stated {
        Stated::Listed(listed) => {
            let mut nodes: Vec<NodeId> = listed.into_iter().map(|party| party.value.id).collect();
            nodes.sort_unstable();
            Nodes::Listed(nodes)
        }
        Stated::All | Stated::Sector(_) => Nodes::All,
    };
    Asked { nodes, sector, sector_is_stated }
}

fn stated(root: &Table<'_, Reason>, parties: &[Party]) -> Stated {
    let Some(table) = root.optional_table("nodes") else { return Stated::All };
    let sector = table.optional::<String>("sector");
    let stated = match (table.has("of"), sector) {
        (true, Some(_)) => {
            table.refuse("sector", Reason::NodesBoth);
            Stated::All
        }
        (true, None) => of(&table, parties),
        (false, Some(name)) => match sector_named(&name.value) {
            Some(sector) => Stated::Sector(name.at().map(|()| sector)),
            None => {
                table.faults().refuse(&name, Reason::SectorUnknown { found: name.value.clone() });
                Stated::All
            }
        },
        (false, None) => {
            table.refuse("of", Reason::NodesOf { found: String::new() });
            Stated::All
        }
    };
    table.close();
    stated
}

fn of(table: &Table<'_, Reason>, parties: &[Party]) -> Stated {
    if let Some(listed) = table.list_if_any::<String>("of") {
        return Stated::Listed(members(table, parties, &listed));
    }
    match table.optional::<Scalar>("of") {
        Some(Placed { value: Scalar::Text(word), .. }) if word == "all" => {}
        Some(at) => {
            let found = match &at.value {
                Scalar::Text(word) => word.clone(),
                Scalar::Integer(number) => number.to_string(),
            };
            table.faults().refuse(&at, Reason::NodesOf { found });
        }
        None => {}
    }
    Stated::All
}

fn members(
    table: &Table<'_, Reason>,
    parties: &[Party],
    listed: &Placed<Vec<Placed<String>>>,
) -> Vec<Placed<Party>> {
    let mut members: Vec<Placed<Party>> = Vec::new();
    for name in &listed.value {
        match parties.iter().find(|party| party.id.as_str() == name.value) {
            None => table.faults().refuse(name, Reason::NodeUnknown { name: name.value.clone() }),
            Some(_) if members.iter().any(|other| other.value.id.as_str() == name.value) => {
                table.faults().refuse(name, Reason::Twice { what: "node", name: name.value.clone() });
            }
            Some(party) => members.push(name.at().map(|()| party.clone())),
        }
    }
    if listed.value.is_empty() {
        table.faults().refuse(listed, Reason::NodesOf { found: "[]".to_owned() });
    }
    members
}
