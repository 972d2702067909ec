//! Every key of a policy file: for its documentation, its schema, and a test that each has been thought of.

mod permit;
mod takes;
mod whole;

use crate::text::Text;

pub use takes::Takes;

/// Whether a key may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// It must be there.
    Always,
    /// A laboratory may leave it out.
    UnlessLaboratory,
    /// Where its table is there, or its mode needs it.
    InItsPlace,
    /// It may be left out; what then holds stands with it.
    Optional,
}

/// One key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its path; a table that may stand several times is named once.
    pub path: &'static str,
    /// The part of the policy that it belongs to, 1 to 12; 0 for what is of no part.
    pub part: u8,
    /// Whether it may be left out.
    pub needed: Needed,
    /// What it takes.
    pub takes: Takes,
    says_da: &'static str,
    says_en: &'static str,
}

impl Key {
    /// What it says.
    #[must_use]
    pub fn says(&self) -> Text {
        Text::new(self.says_da, self.says_en)
    }
}

const fn key(
    path: &'static str,
    part: u8,
    needed: Needed,
    takes: Takes,
    says_da: &'static str,
    says_en: &'static str,
) -> Key {
    Key { path, part, needed, takes, says_da, says_en }
}

/// All keys, in the order of an example.
pub const KEYS: &[Key] = &joined();

/// The keys of the whole and then those of a permit: slices cannot be joined in a constant otherwise.
#[expect(
    clippy::indexing_slicing,
    reason = "worked out when it is compiled, and refused then where it is wrong"
)]
const fn joined() -> [Key; whole::KEYS.len() + permit::KEYS.len()] {
    let mut keys = [whole::KEYS[0]; whole::KEYS.len() + permit::KEYS.len()];
    let mut index = 0;
    while index < keys.len() {
        let of_permit = index.saturating_sub(whole::KEYS.len());
        keys[index] = if index < whole::KEYS.len() { whole::KEYS[index] } else { permit::KEYS[of_permit] };
        index += 1;
    }
    keys
}
