//! One made-up person before any event: what every table's rows are drawn from.

use super::number::Number;

/// A stretch of residence.
#[derive(Clone, Copy)]
pub(super) struct Stay {
    /// The position of the municipality among the members.
    pub(super) municipality: usize,
    pub(super) from: i32,
    /// The last day; none while it lasts.
    pub(super) to: Option<i32>,
}

/// Days are counted from the reference date, which is 0. No `Debug`: this is a row, if a made-up one.
pub(super) struct Person {
    pub(super) number: Number,
    pub(super) birth: i32,
    /// Completed years on the reference date, or that the dead would have.
    pub(super) age: i32,
    pub(super) female: bool,
    pub(super) civil: &'static str,
    pub(super) preschool: u32,
    /// Empty where it is missing.
    pub(super) citizenship: &'static str,
    /// In order; empty for those who never lived in a member municipality.
    pub(super) stays: Vec<Stay>,
    pub(super) death: Option<i32>,
    /// How much more than others of that age and sex the person sees a practice; mean 1.
    pub(super) gp_frailty: f64,
    /// The same for hospitals; mean about 1, with a long tail.
    pub(super) hospital_frailty: f64,
    /// Whether any region has the person in its register.
    pub(super) in_registers: bool,
}

impl Person {
    /// Where the person lives on `day`, if alive and in a member municipality.
    pub(super) fn municipality_on(&self, day: i32) -> Option<usize> {
        if self.death.is_some_and(|death| day > death) || day < self.birth {
            return None;
        }
        let there = self.stays.iter().find(|stay| stay.from <= day && stay.to.is_none_or(|to| day <= to));
        there.map(|stay| stay.municipality)
    }

    /// The municipality of today, or the last one.
    pub(super) fn last_municipality(&self) -> Option<usize> {
        self.stays.last().map(|stay| stay.municipality)
    }

    /// Whether the person has left the member municipalities alive.
    pub(super) fn moved_away(&self) -> bool {
        self.death.is_none() && self.municipality_on(0).is_none()
    }

    pub(super) fn working_age(&self) -> bool {
        (18..=66).contains(&self.age)
    }

    pub(super) fn single(&self) -> bool {
        self.civil == "enlig"
    }
}
