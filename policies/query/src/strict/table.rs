//! One table of a document.

use std::cell::RefCell;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::fault::{Faults, Form};
use super::place::{Lines, Place, Placed};
use super::value::{self, Scalar, Value};

/// One table of a document, asked key by key.
#[derive(Debug)]
pub struct Table<'d, R> {
    lines: &'d Lines<'d>,
    entries: &'d DeTable<'d>,
    /// Its own key and place.
    at: Placed<()>,
    /// The same path without positions.
    path: String,
    known: RefCell<Vec<&'static str>>,
    faults: &'d Faults<R>,
}

impl<'d, R: From<Form>> Table<'d, R> {
    pub(super) const fn root(lines: &'d Lines<'d>, entries: &'d DeTable<'d>, faults: &'d Faults<R>) -> Self {
        let at = Placed { value: (), key: String::new(), place: Place::START, length: 1 };
        Self { lines, entries, at, path: String::new(), known: RefCell::new(Vec::new()), faults }
    }

    /// The table's own key and place.
    #[must_use]
    pub const fn at(&self) -> &Placed<()> {
        &self.at
    }

    /// Where faults go.
    #[must_use]
    pub const fn faults(&self) -> &'d Faults<R> {
        self.faults
    }

    /// Whether the key is there. It counts as known from then on.
    #[must_use]
    pub fn has(&self, key: &'static str) -> bool {
        self.entry(key).is_some()
    }

    /// The value of a key that may be left out. A value of another type is a fault, and none.
    #[must_use]
    pub fn optional<T: Value>(&self, key: &'static str) -> Option<Placed<T>> {
        let (value, at) = self.entry(key)?;
        self.convert(value, at)
    }

    /// The value of a key that must be there; a fault where it is not.
    #[must_use]
    pub fn required<T: Value>(&self, key: &'static str) -> Option<Placed<T>> {
        if self.require(key) { self.optional(key) } else { None }
    }

    /// A list that may be left out. Values of another type are faults, and left out.
    #[must_use]
    pub fn optional_list<T: Value>(&self, key: &'static str) -> Option<Placed<Vec<Placed<T>>>> {
        let (value, at) = self.entry(key)?;
        let Some(array) = value.as_array() else {
            self.faults.refuse(&at, Form::Type { found: value::words(value), expected: "a list" });
            return None;
        };
        let one = |(index, item): (usize, &'d toml::Spanned<DeValue<'d>>)| {
            let key = format!("{}[{}]", at.key, index + 1);
            self.convert(item.get_ref(), self.placed(key, item.span()))
        };
        let items = array.iter().enumerate().filter_map(one).collect();
        Some(at.map(|()| items))
    }

    /// A list, where the value of the key is one; nothing is a fault but what stands in it.
    #[must_use]
    pub fn list_if_any<T: Value>(&self, key: &'static str) -> Option<Placed<Vec<Placed<T>>>> {
        let is_list = self.entry(key).is_some_and(|(value, _)| value.is_array());
        if is_list { self.optional_list(key) } else { None }
    }

    /// A list that must be there; a fault where it is not.
    #[must_use]
    pub fn required_list<T: Value>(&self, key: &'static str) -> Option<Placed<Vec<Placed<T>>>> {
        if self.require(key) { self.optional_list(key) } else { None }
    }

    /// A table that may be left out.
    #[must_use]
    pub fn optional_table(&self, key: &'static str) -> Option<Self> {
        let (value, at) = self.entry(key)?;
        let Some(entries) = value.as_table() else {
            self.faults.refuse(&at, Form::Type { found: value::words(value), expected: "a table" });
            return None;
        };
        Some(self.child(entries, at, key))
    }

    /// A text or whole number, where the value of the key is one; nothing is a fault.
    #[must_use]
    pub fn scalar_if_any(&self, key: &'static str) -> Option<Placed<Scalar>> {
        let (value, at) = self.entry(key)?;
        Scalar::read(value).map(|scalar| at.map(|()| scalar))
    }

    /// A table, where the value of the key is one; nothing is a fault but what stands in it.
    #[must_use]
    pub fn table_if_any(&self, key: &'static str) -> Option<Self> {
        let is_table = self.entry(key).is_some_and(|(value, _)| value.is_table());
        if is_table { self.optional_table(key) } else { None }
    }

    /// A table that must be there; a fault where it is not.
    #[must_use]
    pub fn required_table(&self, key: &'static str) -> Option<Self> {
        if self.require(key) { self.optional_table(key) } else { None }
    }

    /// Tables that stand as often as one likes (`[[key]]`); none where the key is left out.
    #[must_use]
    pub fn tables(&self, key: &'static str) -> Vec<Self> {
        const EXPECTED: &str = "tables, each under its name in double brackets";
        let Some((value, at)) = self.entry(key) else { return Vec::new() };
        let Some(array) = value.as_array() else {
            self.faults.refuse(&at, Form::Type { found: value::words(value), expected: EXPECTED });
            return Vec::new();
        };
        let one = |(index, item): (usize, &'d toml::Spanned<DeValue<'d>>)| {
            let at = self.placed(format!("{}[{}]", at.key, index + 1), item.span());
            let Some(entries) = item.get_ref().as_table() else {
                let found = value::words(item.get_ref());
                self.faults.refuse(&at, Form::Type { found, expected: EXPECTED });
                return None;
            };
            Some(self.child(entries, at, key))
        };
        array.iter().enumerate().filter_map(one).collect()
    }

    /// The entries of a table whose keys are names out of the file, not keys of ours. They need no [`Table::close`].
    #[must_use]
    pub fn named<T: Value>(&self) -> Vec<(Placed<String>, Placed<T>)> {
        let mut named = Vec::new();
        for (name, value) in self.entries {
            let path = self.path_of(name.get_ref());
            let name = self.placed(path.clone(), name.span()).map(|()| name.get_ref().to_string());
            let at = self.placed(path, value.span());
            if let Some(value) = self.convert(value.get_ref(), at) {
                named.push((name, value));
            }
        }
        named
    }

    /// Says that there are no keys but those that were asked for: every other one is a fault.
    pub fn close(&self) {
        let known = self.known.borrow();
        for key in self.entries.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let at = self.placed(self.path_of(key.get_ref()), key.span());
            self.faults.refuse(&at, Form::UnknownKey { known: known.clone() });
        }
    }

    /// Takes note of something wrong with a key of this table, at its value or, where it is missing, at the table.
    pub fn refuse(&self, key: &'static str, reason: impl Into<R>) {
        match self.entry(key) {
            Some((_, at)) => self.faults.refuse(&at, reason),
            None => self.faults.refuse(&self.missing(key), reason),
        }
    }

    fn missing(&self, key: &str) -> Placed<()> {
        Placed { key: self.path_of(key), ..self.at.clone() }
    }

    /// Whether the key is there; a fault where it is not.
    #[must_use]
    pub fn require(&self, key: &'static str) -> bool {
        let present = self.has(key);
        if !present {
            self.faults.refuse(&self.missing(key), Form::Missing);
        }
        present
    }

    fn entry(&self, key: &'static str) -> Option<(&'d DeValue<'d>, Placed<()>)> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&key) {
            known.push(key);
            let separator = if self.path.is_empty() { "" } else { "." };
            self.faults.asked.borrow_mut().insert(format!("{}{separator}{key}", self.path));
        }
        let value = self.entries.get(key)?;
        Some((value.get_ref(), self.placed(self.path_of(key), value.span())))
    }

    fn convert<T: Value>(&self, value: &DeValue<'d>, at: Placed<()>) -> Option<Placed<T>> {
        let read = T::read(value);
        if read.is_none() {
            self.faults.refuse(&at, Form::Type { found: value::words(value), expected: T::EXPECTED });
        }
        read.map(|read| at.map(|()| read))
    }

    fn child(&self, entries: &'d DeTable<'d>, at: Placed<()>, key: &str) -> Self {
        let separator = if self.path.is_empty() { "" } else { "." };
        let path = format!("{}{separator}{key}", self.path);
        Table { lines: self.lines, entries, at, path, known: RefCell::new(Vec::new()), faults: self.faults }
    }

    fn path_of(&self, key: &str) -> String {
        if self.at.key.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at.key) }
    }

    fn placed(&self, key: String, span: Range<usize>) -> Placed<()> {
        Placed { value: (), key, place: self.lines.place(span.start), length: self.lines.length(span) }
    }
}
