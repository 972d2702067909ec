//! What an answer costs: what is asked for, or the permit's default, within every budget.

use super::Refusals;
use crate::permit::{Permit, PermitBudget};
use crate::policy::Policy;
use crate::refusal::{Free, Part, Refusal};
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
            let most = self.most(budget, spent);
            refusals.push(Refusal::BudgetQuery { allowed: budget.per_query.words(), most });
        }
        let parts = [
            (Part::Permit, spent.permit, budget.in_all.nano_rho),
            (Part::Period, spent.period, self.budget.per_period.nano_rho),
            (Part::Calendar, spent.calendar, self.calendar_nano_rho()),
            (Part::Life, spent.life, self.budget.for_life.nano_rho),
        ];
        let mut left_after = [0; 4];
        for ((of, gone, limit), after) in parts.into_iter().zip(&mut left_after) {
            // A budget that was lowered below what is spent has nothing left.
            let left = limit.saturating_sub(gone);
            match left.checked_sub(nano_rho) {
                Some(rest) => *after = rest,
                None => {
                    let more = match of {
                        Part::Permit | Part::Life => None,
                        Part::Period => spent.period_frees,
                        Part::Calendar => spent.calendar_begins,
                    };
                    let most = self.most(budget, spent);
                    refusals.push(Refusal::Budget { of, left, most, more });
                }
            }
        }
        let [left_permit, left_run, left_calendar, left_life] = left_after;
        Some(Price { nano_rho, left_permit, left_period: left_run.min(left_calendar), left_life })
    }

    /// The most that one answer under the permit may cost now, by every budget at once.
    fn most(&self, budget: &PermitBudget, spent: &Spent) -> Free {
        let parts = [
            budget.per_query.nano_rho,
            budget.in_all.nano_rho.saturating_sub(spent.permit),
            self.budget.per_period.nano_rho.saturating_sub(spent.period),
            self.calendar_nano_rho().saturating_sub(spent.calendar),
            self.budget.for_life.nano_rho.saturating_sub(spent.life),
        ];
        let nano_rho = parts.into_iter().min().unwrap_or(0);
        let within = self.epsilons.iter().rev().find(|(_, worth)| *worth <= nano_rho);
        Free { nano_rho, epsilon: within.map(|(epsilon, _)| *epsilon) }
    }

    /// What a period of the calendar may cost; no bound where there is none.
    fn calendar_nano_rho(&self) -> u64 {
        self.budget.calendar.map_or(u64::MAX, |calendar| calendar.limit.nano_rho)
    }
}
