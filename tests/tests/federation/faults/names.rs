//! What nodes call their persons in one study, by their own files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::ensure;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tvaers_protocol::id::{NodeId, Pseudonym};

use super::tap::{Seen, side};

/// A node's persons and what they are called. No `Debug`: these are persons.
type Names = Vec<(String, Pseudonym)>;

/// What has been compared.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Compared {
    /// Studies in which two nodes or more had named persons.
    pub(super) studies: usize,
    /// Persons whom a second or third node had too, counted once a node.
    pub(super) persons: usize,
}

/// Compares all that was seen of one study, and takes note of its pseudonyms in `known`, which are of the studies before.
pub(super) async fn compare(seen: Seen, known: &mut BTreeSet<Pseudonym>) -> anyhow::Result<Compared> {
    let mut compared = Compared::default();
    let mut names: BTreeMap<NodeId, Names> = BTreeMap::new();
    for (node, file) in &seen.files {
        names.insert(node.clone(), read(file).await?);
        forget(file)?;
    }
    let mut pseudonym_of: BTreeMap<&str, (&NodeId, &Pseudonym)> = BTreeMap::new();
    let mut person_of: BTreeMap<&Pseudonym, (&NodeId, &str)> = BTreeMap::new();
    for (node, of_node) in &names {
        for (person, pseudonym) in of_node {
            if let Some((other, before)) = pseudonym_of.insert(person, (node, pseudonym)) {
                ensure!(before == pseudonym, "{other} and {node} call one person by two names");
                compared.persons += 1;
            }
            if let Some((other, before)) = person_of.insert(pseudonym, (node, person)) {
                ensure!(before == person, "{other} and {node} call two persons by one name");
            }
        }
    }
    compared.studies += usize::from(names.values().filter(|names| !names.is_empty()).count() > 1);
    for (node, submitted) in &seen.submitted {
        let Some(names) = names.get(node) else { continue };
        let own: BTreeSet<&Pseudonym> = names.iter().map(|(_, pseudonym)| pseudonym).collect();
        ensure!(submitted.iter().all(|one| own.contains(one)), "{node} submits a name that nobody has there");
    }
    let all: BTreeSet<Pseudonym> = person_of.into_keys().copied().collect();
    ensure!(known.is_disjoint(&all), "a name of one study is one of another");
    known.extend(all);
    Ok(compared)
}

/// The pseudonyms in a study's file.
async fn read(file: &Path) -> anyhow::Result<Names> {
    // The node may be letting go of the file only now; a copy is nobody's but ours.
    let copy = file.with_extension("copy");
    std::fs::copy(file, &copy)?;
    if side(file).exists() {
        std::fs::copy(side(file), side(&copy))?;
    }
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(&copy)).await?;
    let rows = sqlx::query("SELECT person_id, pseudonym FROM pseudonym JOIN component USING (row)")
        .fetch_all(&pool)
        .await?;
    let mut names = Names::new();
    for row in rows {
        let pseudonym: Vec<u8> = row.try_get("pseudonym")?;
        let pseudonym = <[u8; 16]>::try_from(pseudonym).ok().map(Pseudonym::from_bytes);
        names.push((row.try_get("person_id")?, pseudonym.ok_or_else(|| anyhow::anyhow!("no pseudonym"))?));
    }
    pool.close().await;
    forget(&copy)?;
    Ok(names)
}

fn forget(file: &Path) -> anyhow::Result<()> {
    let shm = PathBuf::from(format!("{}-shm", file.display()));
    for path in [file.to_owned(), side(file), shm] {
        if path.exists() {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}
