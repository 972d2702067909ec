//! How two values are compared, by what more of them means.

use std::cmp::Ordering;

use super::change::{Change, Direction, Risk, What};
use crate::permit::Allowed;
use crate::text::Text;

/// A key with its risk.
pub(super) type Key = (&'static str, Risk);

/// Both languages of a sentence in which `%o` is the old value and `%n` the new one.
pub(super) type Words = [&'static str; 2];

/// Changes so far.
#[derive(Default)]
pub(super) struct Changes {
    permit: Option<String>,
    list: Vec<Change>,
}

impl Changes {
    pub(super) fn into_list(self) -> Vec<Change> {
        self.list
    }

    /// What follows is about this permit.
    pub(super) fn of_permit(&mut self, id: &str) {
        self.permit = Some(id.to_owned());
    }

    pub(super) fn push(&mut self, direction: Direction, (key, risk): Key, what: What, sentence: Text) {
        let sentence = match &self.permit {
            None => sentence,
            Some(id) => {
                Text::new(format!("Under {id}: {}", sentence.da), format!("Under {id}: {}", sentence.en))
            }
        };
        let permit = self.permit.clone();
        self.list.push(Change { direction, risk, key, what, permit, sentence });
    }

    /// A value that can be more or less; `more` is what more of it means.
    pub(super) fn ordered<T: Ord>(
        &mut self,
        key: Key,
        more: Direction,
        (old, new): (&T, &T),
        show: impl Fn(&T) -> Text,
        words: Words,
    ) {
        let (direction, what) = match new.cmp(old) {
            Ordering::Equal => return,
            Ordering::Greater => (more, What::Raised),
            Ordering::Less => (more.back(), What::Lowered),
        };
        self.push(direction, key, what, filled(words, &show(old), &show(new)));
    }

    /// A value of which another says neither more nor less.
    pub(super) fn changed<T: PartialEq>(
        &mut self,
        key: Key,
        (old, new): (&T, &T),
        show: impl Fn(&T) -> Text,
        words: Words,
    ) {
        if old != new {
            self.push(Direction::Neutral, key, What::Changed, filled(words, &show(old), &show(new)));
        }
    }

    /// A value whose change allows something and forbids something else.
    pub(super) fn replaced<T: PartialEq>(
        &mut self,
        key: Key,
        (old, new): (&T, &T),
        show: impl Fn(&T) -> Text,
        allows: Words,
        forbids: Words,
    ) {
        if old != new {
            let (old, new) = (show(old), show(new));
            self.push(Direction::Loosens, key, What::Changed, filled(allows, &old, &new));
            self.push(Direction::Tightens, key, What::Changed, filled(forbids, &old, &new));
        }
    }

    /// Elements that came and went; `more` is what another one means. `%n` is the one that came, `%o` that went.
    pub(super) fn elements<T: PartialEq>(
        &mut self,
        key: Key,
        more: Direction,
        (old, new): (&[T], &[T]),
        show: impl Fn(&T) -> Text,
        [came, went]: [Words; 2],
    ) {
        for one in beyond(new, old) {
            let shown = show(one);
            self.push(more, key, What::Added, filled(came, &shown, &shown));
        }
        for one in beyond(old, new) {
            let shown = show(one);
            self.push(more.back(), key, What::Removed, filled(went, &shown, &shown));
        }
    }

    /// A list of what is allowed, or everything.
    pub(super) fn allowed<T: PartialEq>(
        &mut self,
        key: Key,
        (old, new): (&Allowed<T>, &Allowed<T>),
        show: impl Fn(&T) -> Text,
        words: [Words; 2],
        [all, only]: [Words; 2],
    ) {
        match (old, new) {
            (Allowed::All, Allowed::All) => {}
            (Allowed::Only(old), Allowed::Only(new)) => {
                self.elements(key, Direction::Loosens, (old, new), show, words);
            }
            (Allowed::Only(_), Allowed::All) => {
                self.push(Direction::Loosens, key, What::Raised, Text::new(all[0], all[1]));
            }
            (Allowed::All, Allowed::Only(list)) => {
                let shown: Vec<Text> = list.iter().map(show).collect();
                let join = |of: fn(&Text) -> &str| shown.iter().map(of).collect::<Vec<_>>().join(", ");
                let shown = Text::new(join(|text| &text.da), join(|text| &text.en));
                self.push(Direction::Tightens, key, What::Lowered, filled(only, &shown, &shown));
            }
        }
    }

    /// What may stand in the file or not; `there` is what it means that it is there. Nothing is said where both have it.
    pub(super) fn presence<T>(
        &mut self,
        key: Key,
        there: Direction,
        (old, new): (Option<&T>, Option<&T>),
        show: impl Fn(&T) -> Text,
        [came, went]: [Words; 2],
    ) {
        match (old, new) {
            (None, Some(new)) => {
                let shown = show(new);
                self.push(there, key, What::Added, filled(came, &shown, &shown));
            }
            (Some(old), None) => {
                let shown = show(old);
                self.push(there.back(), key, What::Removed, filled(went, &shown, &shown));
            }
            (None, None) | (Some(_), Some(_)) => {}
        }
    }
}

/// What one list has beyond another, each as often as it has it more.
fn beyond<'l, T: PartialEq>(list: &'l [T], other: &[T]) -> Vec<&'l T> {
    let count = |items: &[T], one: &T| items.iter().filter(|item| *item == one).count();
    let is_beyond = |(index, one): &(usize, &'l T)| {
        let before = list.get(..=*index).unwrap_or_default();
        count(before, one) > count(other, one)
    };
    list.iter().enumerate().filter(is_beyond).map(|(_, one)| one).collect()
}

/// The sentence with the values in their places.
pub(super) fn filled([da, en]: Words, old: &Text, new: &Text) -> Text {
    // Not one after the other: what is put in may look like a place.
    let fill = |words: &str, old: &str, new: &str| {
        let mut text = String::new();
        let mut rest = words;
        while let Some(place) = rest.find('%') {
            let (before, after) = rest.split_at(place);
            text.push_str(before);
            let value = if after.starts_with("%o") { old } else { new };
            text.push_str(value);
            rest = after.get(2..).unwrap_or_default();
        }
        text + rest
    };
    Text::new(fill(da, &old.da, &new.da), fill(en, &old.en, &new.en))
}
