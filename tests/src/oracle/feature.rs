//! Person features as one node works them out, from its own rows alone.

mod municipality;
mod region;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::bail;
use jiff::civil::Date;
use tvaers_protocol::id::PersonId;

use super::{
    calendar::{Window, age, six_months_to, twelve_months_to, two_years_to},
    read, readmission,
};

/// The value of a feature. It names nobody, so it may be printed in a test's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number within the feature's clamp; a flag is 0 or 1; money is in øre; a municipality is its code, at a
    /// region the one that its register of patients has, member or not.
    Number(i64),
    /// A category's label.
    Label(String),
}

/// By a feature's name its value, none where it is missing.
pub type Features = BTreeMap<&'static str, Option<Value>>;

/// The features of every person of a node's register, from the folder of that node alone.
///
/// # Errors
/// Where the folder is not one of a node, cannot be read, or `as_of` is so early that two years before it are no date.
pub fn of_node(folder: &Path, as_of: Date) -> anyhow::Result<BTreeMap<PersonId, Features>> {
    let federation = read::nodes(&[folder.to_owned()])?;
    let one_year = twelve_months_to(as_of)?;
    let windows = Windows {
        half_year: six_months_to(as_of)?,
        year_before: twelve_months_to(one_year.before)?,
        one_year,
        two_years: two_years_to(as_of)?,
        discharges: readmission::discharges(as_of)?,
    };
    let mut all = BTreeMap::new();
    for (id, citizen) in federation.citizens {
        let features = match (citizen.persons.as_slice(), citizen.patients.as_slice()) {
            ([person], []) => municipality::features(&citizen, person, &windows),
            ([], [patient]) => region::features(&citizen, patient, &windows),
            ([], []) => continue,
            _ => bail!("a person stands twice in the register of `{}`", folder.display()),
        };
        all.insert(id, features);
    }
    Ok(all)
}

struct Windows {
    half_year: Window,
    one_year: Window,
    /// The twelve months before the last twelve, seen from their own end.
    year_before: Window,
    two_years: Window,
    /// Of discharges that can be an index.
    discharges: Window,
}

/// Adds what both sectors know of a person.
fn both(features: &mut Features, birth: Date, sex: &str, kommune: Option<u16>, as_of: Date) {
    let age = age(birth, as_of).clamp(0, 120);
    features.insert("age", number(age));
    features.insert("age_band", label(age_band(age)));
    features.insert("sex", label(sex));
    features.insert("kommune", kommune.and_then(number));
}

fn age_band(age: i16) -> &'static str {
    match age {
        ..=17 => "0-17",
        18..=29 => "18-29",
        30..=39 => "30-39",
        40..=49 => "40-49",
        50..=59 => "50-59",
        60..=64 => "60-64",
        65..=69 => "65-69",
        70..=74 => "70-74",
        75..=79 => "75-79",
        80..=84 => "80-84",
        85.. => "85+",
    }
}

fn label(text: &str) -> Option<Value> {
    Some(Value::Label(text.to_owned()))
}

fn number(value: impl Into<i64>) -> Option<Value> {
    Some(Value::Number(value.into()))
}

/// At most `max`, which is how a count that cannot be negative is clamped.
fn capped(value: i64, max: i64) -> Option<Value> {
    Some(Value::Number(value.min(max)))
}

/// Øre up to a million kroner.
fn oere(value: i64) -> Option<Value> {
    capped(value, 100_000_000)
}

/// How many; a node has fewer rows than an `i64` can count.
fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The node itself as the one region whose rows count.
fn only(node: u16) -> BTreeSet<u16> {
    BTreeSet::from([node])
}
