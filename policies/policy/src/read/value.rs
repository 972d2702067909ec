//! Single values, with the checks that their kind needs.

use jiff::civil::Date;
use tvaers_protocol::id::NodeId;
use tvaers_query::strict::Placed;

use super::PolicyTable;
use crate::fault::Reason;
use crate::limit;
use crate::permit::Validity;

/// Whether a value may be left out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    Optional,
}

impl Need {
    /// What only a laboratory may leave out.
    pub(crate) const fn unless(laboratory: bool) -> Self {
        if laboratory { Self::Optional } else { Self::Required }
    }
}

/// A value that may have been left out, and if not was right. The outer `None` says that it is wrong.
pub(crate) fn checked<T>(
    table: &PolicyTable<'_>,
    key: &'static str,
    need: Need,
    read: impl FnOnce() -> Option<T>,
) -> Option<Option<T>> {
    if need == Need::Optional && !table.has(key) {
        return Some(None);
    }
    read().map(Some)
}

/// A text that says something.
pub(crate) fn text(table: &PolicyTable<'_>, key: &'static str) -> Option<String> {
    let text = table.required::<String>(key)?;
    let length = text.value.chars().count();
    if text.value.trim().is_empty() || length > limit::TEXT_CHARACTERS_MAX {
        table.faults().refuse(&text, Reason::Text);
        return None;
    }
    Some(text.value)
}

/// The name of a permit, a purpose or a domain.
pub(crate) fn id(table: &PolicyTable<'_>, key: &'static str) -> Option<String> {
    let text = table.required::<String>(key)?;
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = (1..=limit::ID_CHARACTERS_MAX).contains(&text.value.len());
    if fits && text.value.bytes().all(allowed) {
        return Some(text.value);
    }
    table.faults().refuse(&text, Reason::Id);
    None
}

/// One of these words.
pub(crate) fn word<T: Copy>(
    table: &PolicyTable<'_>,
    key: &'static str,
    words: &[(&'static str, T)],
) -> Option<T> {
    let text = table.required::<String>(key)?;
    word_of(table, &text, words)
}

/// Which of these words a text is.
pub(crate) fn word_of<T: Copy>(
    table: &PolicyTable<'_>,
    text: &Placed<String>,
    words: &[(&'static str, T)],
) -> Option<T> {
    let found = words.iter().find(|(word, _)| *word == text.value).map(|(_, meaning)| *meaning);
    if found.is_none() {
        let known = words.iter().map(|(word, _)| *word).collect();
        table.faults().refuse(text, Reason::Word { found: text.value.clone(), known });
    }
    found
}

/// A whole number within bounds.
pub(crate) fn whole(table: &PolicyTable<'_>, key: &'static str, from: u32, to: u32) -> Option<u32> {
    let number = table.required::<i64>(key)?;
    let within = u32::try_from(number.value).ok().filter(|number| (from..=to).contains(number));
    if within.is_none() {
        let reason = Reason::Bounds { found: number.value, from: from.into(), to: to.into() };
        table.faults().refuse(&number, reason);
    }
    within
}

/// A whole number within bounds, of which a policy over real data has a least value.
pub(crate) fn whole_from(
    table: &PolicyTable<'_>,
    key: &'static str,
    floor: u32,
    to: u32,
    laboratory: bool,
) -> Option<u32> {
    let number = whole(table, key, 0, to)?;
    if number < floor && !laboratory {
        table.refuse(key, Reason::Floor { found: number.into(), from: floor.into() });
        return None;
    }
    Some(number)
}

/// 32 bytes as hexadecimal digits.
pub(crate) fn hex(table: &PolicyTable<'_>, key: &'static str) -> Option<[u8; 32]> {
    let text = table.required::<String>(key)?;
    let mut bytes = [0; 32];
    if hex::decode_to_slice(&text.value, &mut bytes).is_err() {
        // Not quoted: it may be half a secret in the wrong place.
        table.faults().refuse(&text, Reason::Hex);
        return None;
    }
    Some(bytes)
}

/// The name of a node.
pub(crate) fn node(table: &PolicyTable<'_>, key: &'static str) -> Option<NodeId> {
    let text = table.required::<String>(key)?;
    let node = NodeId::new(text.value.clone()).ok();
    if node.is_none() {
        table.faults().refuse(&text, Reason::NodeId);
    }
    node
}

/// A CVR number: eight digits, of which the sum weighted by 2, 7, 6, 5, 4, 3, 2 and 1 is a multiple of 11.
pub(crate) fn cvr(table: &PolicyTable<'_>, key: &'static str) -> Option<String> {
    const WEIGHTS: [u32; 8] = [2, 7, 6, 5, 4, 3, 2, 1];
    let text = table.required::<String>(key)?;
    let digits: Option<Vec<u32>> = text.value.chars().map(|c| c.to_digit(10)).collect();
    let fits = digits.is_some_and(|digits| {
        let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
        digits.len() == WEIGHTS.len() && digits.first() != Some(&0) && sum.is_multiple_of(11)
    });
    if !fits {
        table.faults().refuse(&text, Reason::Cvr);
        return None;
    }
    Some(text.value)
}

/// The name of a file beside the policy, or "none". The outer `None` says that it is wrong.
pub(crate) fn file_or_none(table: &PolicyTable<'_>, key: &'static str) -> Option<Option<String>> {
    let text = table.required::<String>(key)?;
    if text.value == "none" {
        return Some(None);
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let fits = (1..=limit::ID_CHARACTERS_MAX).contains(&text.value.len());
    if fits && text.value.bytes().all(allowed) && !text.value.starts_with('.') {
        return Some(Some(text.value));
    }
    table.faults().refuse(&text, Reason::File);
    None
}

/// `valid-from` and `valid-to`.
pub(crate) fn validity(table: &PolicyTable<'_>) -> Option<Validity> {
    let from = table.required::<Date>("valid-from");
    let to = table.required::<Date>("valid-to");
    let (from, to) = (from?.value, to?.value);
    if to < from {
        table.refuse("valid-to", Reason::Dates);
        return None;
    }
    Some(Validity { from, to })
}

/// Refuses what stands twice.
pub(crate) fn refuse_twice<T: PartialEq>(
    table: &PolicyTable<'_>,
    items: &[Placed<T>],
    name: impl Fn(&T) -> String,
) {
    for (index, item) in items.iter().enumerate() {
        let earlier = items.get(..index).unwrap_or_default();
        if earlier.iter().any(|other| other.value == item.value) {
            table.faults().refuse(item, Reason::Twice { name: name(&item.value) });
        }
    }
}
