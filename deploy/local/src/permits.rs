//! Each node's policy: its own where the data folder has one, else a laboratory's; and under which permits is asked.

use std::path::Path;

use tvaers_host::private;
use tvaers_policy::laboratory;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::request::Under;
use tvaers_protocol::study::Grain;
use tvaers_query::Decimal;

use crate::provision::{DataFolder, Federation};

/// What an answer costs under a laboratory's policy whose query states no budget.
const LABORATORY_RHO: Decimal = Decimal::TENTH;

/// Under which permits a run asks. They are those of the policies in the data folder, where there are any: the
/// laboratory policies of the other nodes then have permits of the same names.
#[derive(Clone, Debug)]
pub struct Permits {
    /// For queries.
    pub aggregates: Under,
    /// For released tables.
    pub tables: Under,
    /// For work lists.
    pub lists: Under,
}

impl Permits {
    /// Looks at the policies in the data folder.
    ///
    /// # Errors
    /// [`Problem`] where one cannot be read as TOML; its other faults are for its node to name.
    pub fn look(folders: &[DataFolder]) -> Result<Self, Problem> {
        let laboratory = |permit: &str| Under { permit: permit.to_owned(), purpose: String::new() };
        let mut found = [None, None, None];
        for folder in folders {
            let Some(policy) = own_policy(folder)? else { continue };
            for permit in policy.get("permit").and_then(toml::Value::as_array).into_iter().flatten() {
                let text =
                    |value: Option<&toml::Value>| value.and_then(toml::Value::as_str).map(ToOwned::to_owned);
                let place = match text(permit.get("mode")).as_deref() {
                    Some("aggregates") => 0,
                    Some("joined-statistics") => 1,
                    Some("person-contributions") => 2,
                    _ => continue,
                };
                let purpose =
                    text(permit.get("purpose").and_then(|purpose| purpose.get("id"))).unwrap_or_default();
                if let (Some(slot), Some(permit)) = (found.get_mut(place), text(permit.get("id"))) {
                    slot.get_or_insert(Under { permit, purpose });
                }
            }
        }
        let [aggregates, tables, lists] = found;
        Ok(Self {
            aggregates: aggregates.unwrap_or_else(|| laboratory(laboratory::AGGREGATES)),
            tables: tables.unwrap_or_else(|| laboratory(laboratory::JOINED_STATISTICS)),
            lists: lists.unwrap_or_else(|| laboratory(laboratory::PERSON_CONTRIBUTIONS)),
        })
    }

    /// Puts every node's policy in its folder.
    ///
    /// # Errors
    /// [`Problem`] where a file cannot be copied.
    pub fn put(&self, federation: &Federation, grain: Grain) -> Result<(), Problem> {
        let text = laboratory::laboratory(grain, LABORATORY_RHO);
        let names = [
            (laboratory::AGGREGATES, &self.aggregates),
            (laboratory::JOINED_STATISTICS, &self.tables),
            (laboratory::PERSON_CONTRIBUTIONS, &self.lists),
        ];
        let text = names.into_iter().fold(text, |text, (name, under)| {
            text.replace(&format!("id = \"{name}\""), &format!("id = \"{}\"", under.permit))
        });
        for folder in &federation.folders {
            let home = federation.node_home(&folder.id);
            match own_policy(folder)? {
                None => put(&home.policy(), text.as_bytes())?,
                Some(policy) => {
                    copy(&folder.path, home.dir(), POLICY)?;
                    for name in excluded(&policy) {
                        copy(&folder.path, home.dir(), &name)?;
                    }
                }
            }
        }
        Ok(())
    }
}

const POLICY: &str = "policy.toml";

fn own_policy(folder: &DataFolder) -> Result<Option<toml::Table>, Problem> {
    let path = folder.path.join(POLICY);
    let problem = |what: String| {
        Problem::new(Exit::BadInput, "policy.read", what)
            .at(path.display())
            .expected("the node's policy")
            .next("mend the file, or take it out to run under the laboratory policy")
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => text.parse().map(Some).map_err(|error: toml::de::Error| problem(error.to_string())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(problem(error.to_string())),
    }
}

/// The files that a policy names of those who are left out.
fn excluded(policy: &toml::Table) -> Vec<String> {
    let population = policy.get("population");
    let of = |key: &str| population.and_then(|table| table.get(key)).and_then(toml::Value::as_str);
    let named = ["opt-outs", "protected-addresses", "objections"].into_iter().filter_map(of);
    named.filter(|name| *name != "none" && !name.contains('/')).map(ToOwned::to_owned).collect()
}

fn copy(from: &Path, to: &Path, name: &str) -> Result<(), Problem> {
    let path = from.join(name);
    let bytes = std::fs::read(&path).map_err(|error| {
        Problem::new(Exit::BadInput, "policy.file", error)
            .at(path.display())
            .expected("a file that the node's policy names")
            .next("put it there")
    })?;
    put(&to.join(name), &bytes)
}

fn put(path: &Path, content: &[u8]) -> Result<(), Problem> {
    private::replace(path, content).map_err(|error| Problem::from_error(Exit::Failed, "policy.write", &error))
}
