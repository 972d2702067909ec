//! What an answer costs: what is asked for, or the permit's default, within every budget.

use super::Refusals;
use crate::permit::Permit;
use crate::policy::Policy;
use crate::refusal::{Part, Refusal};
use crate::request::Spent;
use crate::verdict::Price;

impl Policy {
    /// The price with all budgets that it exceeds. It is never made to fit: noise other than what was asked for would
    /// be a surprise.
    pub(super) fn price(
        &self,
        permit: &Permit,
        asked: Option<u64>,
        spent: &Spent,
        refusals: &mut Refusals,
    ) -> Option<Price> {
        let budget = permit.budget.as_ref()?;
        let Some(nano_rho) = asked.or(budget.default_query.map(|limit| limit.nano_rho)) else {
            refusals.push(Refusal::BudgetUnstated { allowed: budget.per_query.words() });
            return None;
        };
        if nano_rho == 0 {
            refusals.push(Refusal::BudgetNothing);
        }
        if nano_rho > budget.per_query.nano_rho {
            refusals.push(Refusal::BudgetQuery { allowed: budget.per_query.words() });
        }
        let parts = [
            (Part::Permit, spent.permit, budget.in_all.nano_rho),
            (Part::Period, spent.period, self.budget.per_period.nano_rho),
            (Part::Life, spent.life, self.budget.for_life.nano_rho),
        ];
        let mut left_after = [0; 3];
        for ((of, spent, limit), after) in parts.into_iter().zip(&mut left_after) {
            // A budget that was lowered below what is spent has nothing left.
            let left = limit.saturating_sub(spent);
            match left.checked_sub(nano_rho) {
                Some(rest) => *after = rest,
                None => refusals.push(Refusal::Budget { of, left }),
            }
        }
        let [left_permit, left_period, left_life] = left_after;
        Some(Price { nano_rho, left_permit, left_period, left_life })
    }
}
