//! Whom the policy's lists leave out of every answer and contribution: those who opted out, those who objected, and
//! those with a protected address.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use tvaers_host::private::{self, PrivateFileError};
use tvaers_policy::policy::Exclusions;
use tvaers_protocol::id::{PersonId, PersonIdError};
use tvaers_protocol::problem::{Exit, Problem};

/// On which list a person is; of several the greatest counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Listed {
    /// Of those who opted out.
    OptedOut,
    /// Of those who object.
    Objects,
    /// Of those whose address is protected.
    Protected,
}

/// The persons whom a policy leaves out. It cannot be printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Excluded(Arc<HashMap<PersonId, Listed>>);

impl Excluded {
    /// Reads the files that a policy names, each in the node's folder with one person a line.
    pub(crate) fn read(dir: &Path, exclusions: &Exclusions) -> Result<Self, Problem> {
        let lists = [
            (&exclusions.opt_outs, Listed::OptedOut),
            (&exclusions.objections, Listed::Objects),
            (&exclusions.protected_addresses, Listed::Protected),
        ];
        let mut persons = Vec::new();
        for (name, listed) in lists {
            if let Some(name) = name {
                persons.extend(read_file(&dir.join(name))?.into_iter().map(|person| (person, listed)));
            }
        }
        Ok(Self::of_lists(persons))
    }

    /// Persons with the list that each is on.
    pub(crate) fn of_lists(lists: impl IntoIterator<Item = (PersonId, Listed)>) -> Self {
        let mut persons = HashMap::new();
        for (person, listed) in lists {
            let greatest = persons.entry(person).or_insert(listed);
            *greatest = listed.max(*greatest);
        }
        Self(Arc::new(persons))
    }

    /// Whether nobody is listed.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// On which list a person is.
    pub(crate) fn of(&self, person: &PersonId) -> Option<Listed> {
        self.0.get(person).copied()
    }
}

fn read_file(path: &Path) -> Result<Vec<PersonId>, Problem> {
    let problem = |what: String| {
        Problem::new(Exit::BadInput, "policy.exclusions", what)
            .at(path.display())
            .expected("a file for its owner only (chmod 600), with a CPR number a line; a first line `person_id` is skipped")
            .next("mend the file; nothing is answered while it cannot be read")
    };
    let bytes = private::read(path).map_err(|error: PrivateFileError| problem(error.to_string()))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| problem("the file is not UTF-8".to_owned()))?;
    read_persons(text).map_err(|(line, error)| problem(format!("line {line}: {error}")))
}

/// Reads one person a line; a first line `person_id` and empty lines are skipped.
///
/// # Errors
/// The number of the first line that is none, and what is wrong with it.
pub(crate) fn read_persons(text: &str) -> Result<Vec<PersonId>, (usize, PersonIdError)> {
    let mut persons = Vec::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || (index == 0 && line == "person_id") {
            continue;
        }
        // The line is not quoted: it may be a citizen's number with a digit wrong.
        persons.push(PersonId::parse(line).map_err(|error| (index + 1, error))?);
    }
    Ok(persons)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Excluded, Problem> {
        let dir = tempfile::tempdir().unwrap();
        private::replace(&dir.path().join("out.csv"), text.as_bytes()).unwrap();
        let exclusions =
            Exclusions { opt_outs: Some("out.csv".to_owned()), protected_addresses: None, objections: None };
        Excluded::read(dir.path(), &exclusions)
    }

    #[test]
    fn persons_are_read_with_and_without_hyphen_and_a_wrong_line_is_not_quoted() {
        let excluded = read("person_id\n610165-3000\n\n6101653001\n").ok().unwrap();
        let holds = |text: &str| excluded.of(&PersonId::parse(text).unwrap()) == Some(Listed::OptedOut);
        assert!(holds("6101653000") && holds("6101653001") && !holds("6101653002"));
        let problem = read("6101653000\n9999999999\n").err().unwrap();
        assert!(problem.what.contains("line 2") && !problem.to_string().contains("9999"), "{problem}");
    }

    #[test]
    fn a_file_that_is_not_there_is_a_problem_and_no_file_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let missing = Exclusions {
            opt_outs: None,
            protected_addresses: Some("nowhere.csv".to_owned()),
            objections: None,
        };
        assert_eq!(Excluded::read(dir.path(), &missing).err().unwrap().code, "policy.exclusions");
        let none = Exclusions { opt_outs: None, protected_addresses: None, objections: None };
        assert!(Excluded::read(dir.path(), &none).ok().unwrap().0.is_empty());
    }
}
