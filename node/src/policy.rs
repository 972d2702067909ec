//! The policy in force at this node: its file, read and tried out when the node starts, and what is asked of it.
//!
//! No file, no answers. A file that cannot be read, is not this node's, is older than one that was in force, or asks
//! for something that this version cannot do keeps the node from starting: nothing is answered under half a policy.

mod excluded;
pub(crate) mod keeper;
mod load;
pub(crate) mod period;
pub(crate) mod revoked;
mod rules;
pub(crate) mod signed;

use jiff::Timestamp;
use jiff::civil::Date;
use tvaers_policy::Policy;
use tvaers_policy::request::Spent;
use tvaers_policy::succession::Seen;
use tvaers_protocol::id::Digest;
use tvaers_protocol::release::BudgetLeft;
use tvaers_release::conversion::{Delta, Epsilon, rho_within};

use crate::audit::event::PolicyRevoked;
use crate::ledger::claim::{self, Window};
use crate::ledger::name::Name;

pub(crate) use self::excluded::{Excluded, Listed, read_persons};
pub use self::load::{Loading, load};
pub(crate) use self::revoked::Idle;
pub(crate) use self::rules::{no_policy, of_request, own, rules};

/// A policy that has been loaded.
pub struct InForce {
    policy: Policy,
    excluded: Excluded,
    /// Its file.
    text: String,
    /// Who signed it.
    signed_by: Vec<Name>,
    /// What of it is revoked.
    revocations: Vec<PolicyRevoked>,
    /// Revocations of it that name a permit which it does not have.
    idle: Vec<Idle>,
}

impl InForce {
    /// What it says.
    pub(crate) const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Its file.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Who signed it, by name, role and key; nobody needs to sign one for made-up data.
    pub(crate) fn signed_by(&self) -> &[Name] {
        &self.signed_by
    }

    /// What of it is revoked, as the log is told.
    pub(crate) fn revocations(&self) -> &[PolicyRevoked] {
        &self.revocations
    }

    /// Revocations of it that do nothing, as it does not have the permit that they name.
    pub(crate) fn idle(&self) -> &[Idle] {
        &self.idle
    }

    /// Who is left out of everything.
    pub(crate) const fn excluded(&self) -> &Excluded {
        &self.excluded
    }

    /// What a node remembers of it; none where it counts no versions.
    #[must_use]
    pub fn seen(&self) -> Option<Seen> {
        let edition = self.policy.edition()?;
        Some(Seen { version: edition.version, digest: self.policy.digest() })
    }

    /// Its version; 0 where it counts none.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.policy.edition().map_or(0, |edition| edition.version)
    }

    /// The digest of its file.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.policy.digest()
    }

    /// Whether it is for made-up data alone.
    #[must_use]
    pub const fn is_laboratory(&self) -> bool {
        self.policy.is_laboratory()
    }

    /// What is left of every budget when so much is spent; nothing of that of a permit that there is not.
    pub(crate) fn left(&self, permit: &str, spent: &Spent) -> BudgetLeft {
        let budget = self.policy.budget();
        let of_permit = self.policy.permit(permit).and_then(|permit| permit.budget.as_ref());
        let left_of_run = budget.per_period.nano_rho.saturating_sub(spent.period);
        let calendar = budget.calendar.map_or(u64::MAX, |calendar| calendar.limit.nano_rho);
        let left_of_calendar = calendar.saturating_sub(spent.calendar);
        BudgetLeft {
            permit: of_permit.map_or(0, |budget| budget.in_all.nano_rho.saturating_sub(spent.permit)),
            period: left_of_run.min(left_of_calendar),
            life: budget.for_life.nano_rho.saturating_sub(spent.life),
        }
    }

    /// Over which stretches of time it wants to know what was spent: see [`period`].
    pub(crate) fn windows(&self, at: Timestamp) -> Vec<Window> {
        period::windows(self.policy.budget(), at)
    }

    /// What the ledger has charged, as the policy counts it, and when there is more. A sum that is missing counts as
    /// everything.
    pub(crate) fn spent(&self, spent: &claim::Spent) -> Spent {
        let budget = self.policy.budget();
        let window = |index: usize| spent.windows.get(index).map_or(u64::MAX, |sum| sum.get());
        let oldest = spent.oldest.first().copied().flatten();
        Spent {
            permit: spent.permit.get(),
            period: window(0),
            life: spent.life.get(),
            calendar: budget.calendar.map_or(0, |_| window(1)),
            period_frees: oldest.map(|oldest| period::falls_out(oldest, budget.period_days)),
            calendar_begins: budget.calendar.map(|calendar| period::next(calendar.each, spent.at)),
        }
    }
}

/// The day by which policies are judged, everywhere alike. Budgets go by Danish days: see [`period`].
pub(crate) fn day(at: Timestamp) -> Date {
    tvaers_protocol::study::utc_date(at)
}

/// The greatest rho, in thousand-millionths, that keeps the promise of an epsilon at the roster's delta.
pub(crate) fn rho_of_epsilon(delta: Delta, epsilon: tvaers_query::Decimal) -> Option<u64> {
    let epsilon = Epsilon::new(epsilon.to_string().parse().ok()?).ok()?;
    rho_within(epsilon, delta).ok().map(|rho| rho.nano())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epsilon_is_worth_less_rho_than_the_pure_bound_and_grows() {
        let delta: Delta = "1e-8".parse().unwrap();
        let nano = |text: &str| rho_of_epsilon(delta, tvaers_query::Decimal::parse(text).unwrap()).unwrap();
        let (half, one) = (nano("0.5"), nano("1"));
        assert!(0 < half && half < one && one < 500_000_000, "{half} {one}");
    }
}
