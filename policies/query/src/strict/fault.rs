//! What is wrong with a file, collected while it is read.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::place::{Place, Placed};

/// What is wrong with the form of a file, whatever it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// No TOML, in the words of the parser.
    Syntax(String),
    /// A key or table that stands twice.
    Duplicate(String),
    /// A day that no calendar has.
    Date(String),
    /// More bytes than such a file has.
    TooLarge {
        /// The limit.
        max: usize,
    },
    /// A key that the table does not have.
    UnknownKey {
        /// The keys that it has.
        known: Vec<&'static str>,
    },
    /// A key that the table needs.
    Missing,
    /// A value of another type.
    Type {
        /// What stands there, in words.
        found: &'static str,
        /// What the key takes, in words.
        expected: &'static str,
    },
}

/// Something wrong at a place: the form of the file, or what its reader says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong<R> {
    /// Where.
    pub place: Place,
    /// How many characters of what is wrong stand on that line.
    pub length: usize,
    /// The path of the key; empty where there is none.
    pub key: String,
    /// What.
    pub reason: R,
}

/// All that is wrong with a file so far, and every key that was asked for.
#[derive(Debug)]
pub struct Faults<R> {
    wrong: RefCell<Vec<Wrong<R>>>,
    pub(super) asked: RefCell<BTreeSet<String>>,
    max: usize,
}

impl<R> Faults<R> {
    /// Nothing wrong yet; at most `max` are kept.
    #[must_use]
    pub const fn new(max: usize) -> Self {
        Self { wrong: RefCell::new(Vec::new()), asked: RefCell::new(BTreeSet::new()), max }
    }

    /// Takes note of something wrong at a value.
    pub fn refuse<T>(&self, at: &Placed<T>, reason: impl Into<R>) {
        self.add(Wrong { place: at.place, length: at.length, key: at.key.clone(), reason: reason.into() });
    }

    fn add(&self, wrong: Wrong<R>) {
        let mut all = self.wrong.borrow_mut();
        if all.len() < self.max {
            all.push(wrong);
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.wrong.borrow().is_empty()
    }

    /// The paths of all keys that were asked for, without positions (`where.from`).
    #[must_use]
    pub fn asked(&self) -> BTreeSet<String> {
        self.asked.borrow().clone()
    }

    /// All that is wrong, in the order of the file.
    #[must_use]
    pub fn into_sorted(self) -> Vec<Wrong<R>> {
        let mut wrong = self.wrong.into_inner();
        wrong.sort_by(|a, b| (a.place, &a.key).cmp(&(b.place, &b.key)));
        wrong
    }
}
