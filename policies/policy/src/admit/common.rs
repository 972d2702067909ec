//! What is checked of every request: that the policy holds, which permit it is, and who asks.

use jiff::civil::Date;

use super::Refusals;
use crate::permit::{Allowed, Mode, Permit};
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::request::Ask;

impl Policy {
    /// Whether the policy holds today.
    pub(super) fn hold(&self, today: Date) -> Refusals {
        let mut refusals = Vec::new();
        if let Some(on) = self.revoked.filter(|on| today >= *on) {
            refusals.push(Refusal::PolicyRevoked { on });
        }
        if let Some(validity) = self.edition.as_ref().map(|edition| edition.validity) {
            if today < validity.from {
                refusals.push(Refusal::PolicyEarly { from: validity.from });
            } else if today > validity.to {
                refusals.push(Refusal::PolicyExpired { to: validity.to });
            }
        }
        refusals
    }

    /// The permit that the request names, with all that is wrong with using it.
    pub(super) fn find(
        &self,
        ask: &Ask<'_>,
        mode: Mode,
        today: Date,
        refusals: &mut Refusals,
    ) -> Option<&Permit> {
        let Some(permit) = self.permit(ask.permit) else {
            let known = self.permits.iter().map(|permit| permit.id.clone()).collect();
            refusals.push(Refusal::PermitUnknown { permit: ask.permit.to_owned(), known });
            return None;
        };
        check_days(permit, today, refusals);
        check_asker(permit, ask, refusals);
        check_second(permit, ask, refusals);
        if let Some(purpose) = &permit.purpose
            && purpose.id != ask.purpose
        {
            refusals.push(Refusal::Purpose { allowed: purpose.id.clone() });
        }
        if permit.mode != mode {
            refusals.push(Refusal::PermitMode { mode: permit.mode, wanted: mode });
            // What else it permits is of another kind, and nothing to compare with.
            return None;
        }
        Some(permit)
    }

    /// No answer is of a day that has not been. A laboratory's days are made up as well.
    pub(super) fn check_day(&self, as_of: Date, today: Date, refusals: &mut Refusals) {
        if as_of > today && !self.laboratory {
            refusals.push(Refusal::AsOf { today });
        }
    }

    /// Fresh noise over the same data would average out.
    pub(super) fn check_repetition(&self, repetition: u32, refusals: &mut Refusals) {
        if repetition > 0 && !self.laboratory {
            refusals.push(Refusal::Repeated);
        }
    }

    pub(super) fn check_shape(&self, dimensions: usize, cells: usize, refusals: &mut Refusals) {
        let (dimensions_max, cells_max) = (self.cells.dimensions_max, self.cells.cells_max);
        let exceeds = |found: usize, max: u32| usize::try_from(max).is_ok_and(|max| found > max);
        if exceeds(dimensions, dimensions_max) {
            refusals.push(Refusal::Dimensions { found: dimensions, max: dimensions_max });
        }
        if exceeds(cells, cells_max) {
            refusals.push(Refusal::Cells { found: cells, max: cells_max });
        }
    }
}

fn check_days(permit: &Permit, today: Date, refusals: &mut Refusals) {
    if let Some(validity) = permit.validity {
        if today < validity.from {
            refusals.push(Refusal::PermitEarly { from: validity.from });
        }
        if today > validity.to {
            refusals.push(Refusal::PermitExpired { to: validity.to });
        }
    }
    if let Some(on) = permit.revoked.filter(|on| today >= *on) {
        refusals.push(Refusal::PermitRevoked { on });
    }
    if permit.approvals.iter().any(|approval| approval.date > today) {
        refusals.push(Refusal::PermitUnapproved);
    }
}

/// The whole key is compared, and then the role: nothing of a name.
fn check_asker(permit: &Permit, ask: &Ask<'_>, refusals: &mut Refusals) {
    let Allowed::Only(askers) = &permit.askers else { return };
    match askers.iter().find(|asker| asker.key == ask.key) {
        None => refusals.push(Refusal::Asker),
        Some(asker) if asker.role != ask.role => refusals.push(Refusal::AskerRole),
        Some(_) => {}
    }
}

/// Two persons: the second is one whom the permit names, and not who asks.
fn check_second(permit: &Permit, ask: &Ask<'_>, refusals: &mut Refusals) {
    if permit.second_signatures.is_empty() {
        return;
    }
    let allowed = || permit.second_signatures.iter().map(|person| person.name.clone()).collect();
    match ask.second {
        None => refusals.push(Refusal::SecondMissing { allowed: allowed() }),
        Some(second) if second.key == ask.key => refusals.push(Refusal::SecondSame { allowed: allowed() }),
        Some(second) => match permit.second_signatures.iter().find(|person| person.key == second.key) {
            None => refusals.push(Refusal::SecondUnknown { allowed: allowed() }),
            Some(person) if person.role != second.role => refusals.push(Refusal::SecondRole),
            Some(_) => {}
        },
    }
}
