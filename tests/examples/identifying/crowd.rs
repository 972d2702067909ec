//! Crowds: how many persons look the same.

use std::collections::HashMap;
use std::fmt;

/// Of some persons, how many stand in a crowd of fewer than so many who look the same, themselves among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crowds {
    persons: u64,
    /// Below 2, which is alone, below 5 and below 10.
    below: [u64; 3],
}

const SIZES: [u64; 3] = [2, 5, 10];

impl Crowds {
    /// The crowds of persons by how each looks.
    pub(crate) fn of(looks: impl IntoIterator<Item = Vec<i64>>) -> Self {
        let mut crowds: HashMap<Vec<i64>, u64> = HashMap::new();
        for look in looks {
            *crowds.entry(look).or_default() += 1;
        }
        let below = SIZES.map(|size| crowds.values().filter(|crowd| **crowd < size).sum());
        Self { persons: crowds.values().sum(), below }
    }
}

impl fmt::Display for Crowds {
    /// Four cells of a table: how many persons there are, and for each size how many, with their share.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.persons)?;
        for below in self.below {
            #[expect(clippy::cast_precision_loss, reason = "a share, for people to read")]
            let share = 100.0 * below as f64 / self.persons.max(1) as f64;
            write!(f, " | {below} ({share:.2} %)")?;
        }
        Ok(())
    }
}
