//! Merkle trees over a list of any length, as in Certificate Transparency (RFC 6962 §2.1, with SHA-256): one digest
//! stands for the list, and a path of log₂ n digests shows what stands at one place of it.
//!
//! A tree is grown as a stream: what is held is one digest a level, however long the list.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::id::Digest;

/// Hashes one entry of a list: `00`, a tag that separates uses after its length in one byte, then the parts, all but the
/// last of which must be of fixed length.
///
/// The prefix is RFC 6962's: no entry hashes as an inner node does.
#[must_use]
pub fn leaf(tag: &str, parts: &[&[u8]]) -> Digest {
    let mut hash = Sha256::new();
    // Tags are shorter than 256 bytes, so one byte separates tag and parts without doubt.
    hash.update([0, u8::try_from(tag.len()).unwrap_or(u8::MAX)]);
    hash.update(tag);
    for part in parts {
        hash.update(part);
    }
    Digest(hash.finalize().into())
}

fn inner(left: Digest, right: Digest) -> Digest {
    let mut hash = Sha256::new();
    hash.update([1]);
    hash.update(left.0);
    hash.update(right.0);
    Digest(hash.finalize().into())
}

/// A tree that grows at its right end.
#[derive(Clone, Default)]
pub struct Tree {
    leaves: u64,
    /// The full trees of 2^level leaves that the list is made of, by level: one for each bit of `leaves`.
    full: Vec<Option<Digest>>,
}

impl Tree {
    /// Adds an entry, by its hash.
    pub fn push(&mut self, leaf: Digest) {
        self.push_seen(leaf, &mut |_, _, _| ());
    }

    /// The same, and shows every full tree that it completes: level, number on that level, digest.
    fn push_seen(&mut self, leaf: Digest, seen: &mut impl FnMut(usize, u64, Digest)) {
        let (mut digest, mut number) = (leaf, self.leaves);
        self.leaves += 1;
        let mut level = 0;
        seen(level, number, digest);
        while let Some(left) = self.full.get_mut(level).and_then(Option::take) {
            digest = inner(left, digest);
            (level, number) = (level + 1, number / 2);
            seen(level, number, digest);
        }
        match self.full.get_mut(level) {
            Some(empty) => *empty = Some(digest),
            None => self.full.push(Some(digest)),
        }
    }

    /// How many entries it has.
    #[must_use]
    pub const fn leaves(&self) -> u64 {
        self.leaves
    }

    /// The digest of the whole list.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.ragged().last().copied().flatten().unwrap_or_else(|| Digest(Sha256::digest([]).into()))
    }

    /// What the last, incomplete tree of each level comes to, from level 0, and at the end the whole.
    fn ragged(&self) -> Vec<Option<Digest>> {
        let mut ragged = vec![None];
        let mut right = None;
        for full in &self.full {
            right = match (*full, right) {
                (Some(left), Some(right)) => Some(inner(left, right)),
                // One that has no neighbour stands for the level above as it is.
                (left, right) => left.or(right),
            };
            ragged.push(right);
        }
        ragged
    }
}

/// A tree whose length is known, grown to find the paths of some of its entries.
pub struct Paths {
    tree: Tree,
    leaves: u64,
    /// What the paths need, by level and number; none before it was seen.
    needed: BTreeMap<(usize, u64), Option<Digest>>,
}

impl Paths {
    /// Is about to find the paths of these entries of a list of `leaves`.
    #[must_use]
    pub fn new(leaves: u64, wanted: impl IntoIterator<Item = u64>) -> Self {
        let siblings = wanted.into_iter().flat_map(|index| siblings(index, leaves));
        Self { tree: Tree::default(), leaves, needed: siblings.map(|place| (place, None)).collect() }
    }

    /// Adds an entry, by its hash.
    pub fn push(&mut self, leaf: Digest) {
        let needed = &mut self.needed;
        self.tree.push_seen(leaf, &mut |level, number, digest| {
            if let Some(place) = needed.get_mut(&(level, number)) {
                *place = Some(digest);
            }
        });
        if self.tree.leaves != self.leaves {
            return;
        }
        for (level, ragged) in self.tree.ragged().into_iter().enumerate() {
            if let (Some(place), Some(_)) = (needed.get_mut(&(level, self.leaves >> level)), ragged) {
                *place = ragged;
            }
        }
    }

    /// The digest of the whole list.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.tree.root()
    }

    /// The path of an entry, from the bottom up; none before all were added, and of one that was not wanted.
    #[must_use]
    pub fn of(&self, index: u64) -> Option<Vec<Digest>> {
        if self.tree.leaves != self.leaves || index >= self.leaves {
            return None;
        }
        siblings(index, self.leaves).map(|place| self.needed.get(&place).copied().flatten()).collect()
    }
}

/// Where the digests of a path stand, from the bottom up: level and number.
fn siblings(index: u64, leaves: u64) -> impl Iterator<Item = (usize, u64)> {
    let levels = (0..).map_while(move |level: usize| {
        let last = leaves.checked_sub(1)? >> level;
        (last > 0).then_some((level, (index >> level) ^ 1, last))
    });
    // The last of a level with an odd number of them has no neighbour.
    levels.filter(|(_, sibling, last)| sibling <= last).map(|(level, sibling, _)| (level, sibling))
}

/// The digest of a list of `leaves` in which this entry stands at `index`, by its path; none where the path is not one of
/// that place. Whoever has the list's digest compares.
#[must_use]
pub fn root_by_path(leaf: Digest, index: u64, leaves: u64, path: &[Digest]) -> Option<Digest> {
    if index >= leaves {
        return None;
    }
    let mut path = path.iter();
    let climbed = siblings(index, leaves).try_fold(leaf, |digest, (_, sibling)| {
        let other = *path.next()?;
        // Even numbers stand on the left.
        Some(if sibling % 2 == 0 { inner(other, digest) } else { inner(digest, other) })
    })?;
    path.next().is_none().then_some(climbed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(data: &[u8]) -> Digest {
        let mut hash = Sha256::new();
        hash.update([0]);
        hash.update(data);
        Digest(hash.finalize().into())
    }

    fn numbered(number: u64) -> Digest {
        leaf("test", &[&number.to_be_bytes()])
    }

    /// RFC 6962 §2.1 to the letter.
    fn by_definition(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => Digest(Sha256::digest([]).into()),
            [only] => *only,
            _ => {
                let half = leaves.len().next_power_of_two() / 2;
                inner(by_definition(&leaves[..half]), by_definition(&leaves[half..]))
            }
        }
    }

    #[test]
    fn roots_are_those_of_certificate_transparency() {
        // The entries and roots by which implementations of RFC 6962 are tested.
        let entries = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut tree = Tree::default();
        for (number, root) in roots.iter().enumerate() {
            assert_eq!(tree.root().to_string(), *root, "{number} entries");
            if let Some(entry) = entries.get(number) {
                tree.push(plain(&hex::decode(entry).unwrap()));
            }
        }
    }

    #[test]
    fn a_leaf_of_ours_is_one_of_the_standard_over_tag_and_parts() {
        assert_eq!(leaf("tag", &[b"one", b"two"]), plain(b"\x03tagonetwo"));
    }

    #[test]
    fn every_entry_of_every_short_list_has_its_path_and_no_other() {
        for leaves in 1..=33 {
            let entries: Vec<Digest> = (0..leaves).map(numbered).collect();
            let mut paths = Paths::new(leaves, 0..leaves);
            assert_eq!(paths.of(0), None, "nothing was added");
            entries.iter().for_each(|entry| paths.push(*entry));
            let root = by_definition(&entries);
            assert_eq!(paths.root(), root);
            for index in 0..leaves {
                let path = paths.of(index).unwrap();
                let entry = numbered(index);
                assert_eq!(root_by_path(entry, index, leaves, &path), Some(root), "{index} of {leaves}");
                for other in (0..leaves).filter(|other| *other != index) {
                    assert_ne!(root_by_path(entry, other, leaves, &path), Some(root), "{index} at {other}");
                    assert_ne!(root_by_path(numbered(other), index, leaves, &path), Some(root));
                }
                assert_eq!(root_by_path(entry, index, leaves, &[path.as_slice(), &[root]].concat()), None);
                if let Some((_, shorter)) = path.split_last() {
                    assert_eq!(root_by_path(entry, index, leaves, shorter), None);
                }
            }
            assert_eq!(root_by_path(entries[0], leaves, leaves, &[]), None);
        }
    }

    proptest! {
        #[test]
        fn paths_of_a_few_entries_of_a_long_list_lead_to_its_root(
            leaves in 1_u64..5_000,
            wanted in proptest::collection::btree_set(any::<u64>(), 1..20),
        ) {
            let wanted: Vec<u64> = wanted.into_iter().map(|index| index % leaves).collect();
            let entries: Vec<Digest> = (0..leaves).map(numbered).collect();
            let mut paths = Paths::new(leaves, wanted.iter().copied());
            entries.iter().for_each(|entry| paths.push(*entry));
            prop_assert_eq!(paths.root(), by_definition(&entries));
            for index in wanted {
                let path = paths.of(index).unwrap();
                prop_assert_eq!(root_by_path(numbered(index), index, leaves, &path), Some(paths.root()));
                prop_assert!(path.len() <= 13);
            }
        }
    }
}
