//! Budgets: stated in rho or epsilon, counted in thousand-millionths of rho, each no larger than what it is part of.

use tvaers_query::strict::{Number, Placed, Scalar};
use tvaers_query::{Budget, Decimal};

use super::value;
use super::{PolicyTable, Reader};
use crate::fault::Reason;
use crate::limit;
use crate::permit::{Limit, Permit, PermitBudget};
use crate::policy::{Calendar, CalendarBudget, LifeBudget};

impl Reader<'_> {
    pub(super) fn life_budget(&self, table: &PolicyTable<'_>) -> Option<LifeBudget> {
        value::word(table, "unit", &[("citizen", ())]);
        let per_period = self.limit(table, "per-period");
        let period_days = value::whole(table, "period-days", 1, limit::DAYS_MAX);
        let calendar = self.calendar(table);
        let for_life = self.limit(table, "for-life");
        let raised_by = self.raised_by(table);
        table.close();
        if let (Some(part), Some(whole)) = (&per_period, &for_life) {
            refuse_larger(table, part, whole.value, "for-life");
        }
        if let (Some(Some((_, part))), Some(whole)) = (&calendar, &for_life) {
            refuse_larger(table, part, whole.value, "for-life");
        }
        if let Some(for_life) = &for_life
            && for_life.value.nano_rho > limit::LIFE_NANO_RHO_MAX
            && !self.laboratory
        {
            table.faults().refuse(for_life, Reason::Life);
        }
        Some(LifeBudget {
            per_period: per_period?.value,
            period_days: period_days?,
            calendar: calendar?.map(|(each, limit)| CalendarBudget { each, limit: limit.value }),
            for_life: for_life?.value,
            raised_by: raised_by?,
        })
    }

    /// The calendar's period and its budget; none where the file has none.
    fn calendar(&self, table: &PolicyTable<'_>) -> Option<Option<(Calendar, Placed<Limit>)>> {
        if !table.has("calendar") {
            return Some(None);
        }
        let calendar = table.required_table("calendar")?;
        let words = [Calendar::Month, Calendar::Quarter, Calendar::Year].map(|each| (each.name(), each));
        let each = value::word(&calendar, "each", &words);
        let limit = self.limit(&calendar, "at-most");
        calendar.close();
        Some(Some((each?, limit?)))
    }

    pub(super) fn permit_budget(
        &self,
        table: &PolicyTable<'_>,
        life: Option<&LifeBudget>,
    ) -> Option<PermitBudget> {
        let per_query = self.limit(table, "per-query");
        let default_query = table.has("default-query").then(|| self.limit(table, "default-query"));
        let in_all = self.limit(table, "in-all");
        table.close();
        if let (Some(part), Some(whole)) = (&per_query, &in_all) {
            refuse_larger(table, part, whole.value, "in-all");
        }
        if let Some(Some(part)) = &default_query
            && part.value.stated.is_none()
        {
            // A price is a number.
            table.faults().refuse(part, Reason::Budget);
        }
        if let (Some(Some(part)), Some(whole)) = (&default_query, &per_query) {
            refuse_larger(table, part, whole.value, "per-query");
        }
        if let (Some(part), Some(life)) = (&in_all, life) {
            refuse_larger(table, part, life.for_life, "for-life");
        }
        if let (Some(part), Some(life)) = (&per_query, life) {
            refuse_larger(table, part, life.per_period, "per-period");
        }
        let default_query = match default_query {
            None => None,
            Some(limit) => Some(limit?.value),
        };
        Some(PermitBudget { per_query: per_query?.value, default_query, in_all: in_all?.value })
    }

    /// Epsilons of two digits from 0.01 to 99 and what each is worth, for refusals that say what would be allowed; none
    /// where no budget is stated in epsilon.
    pub(super) fn epsilons(&self, life: Option<&LifeBudget>, permits: &[Permit]) -> Vec<(Decimal, u64)> {
        let of_all =
            life.into_iter().flat_map(|life| [Some(life.per_period), Some(life.for_life), at_most(life)]);
        let of_permits = permits
            .iter()
            .filter_map(|permit| permit.budget.as_ref())
            .flat_map(|budget| [Some(budget.per_query), budget.default_query, Some(budget.in_all)]);
        let is_stated = |limit: Limit| matches!(limit.stated, Some(Budget::Epsilon(_)));
        if !of_all.chain(of_permits).flatten().any(is_stated) {
            return Vec::new();
        }
        // 0.010, 0.011 … 0.099, 0.10, 0.11 … 0.99, 1.0 … 9.9, 10 … 99, in thousand-millionths.
        let digits = [1_000_000, 10_000_000, 100_000_000, 1_000_000_000]
            .into_iter()
            .flat_map(|unit| (10..100_u64).map(move |digits| digits * unit));
        let worth = |nano| {
            let epsilon = Decimal::from_nano(nano)?;
            Some((epsilon, (self.rho_of_epsilon)(epsilon)?))
        };
        digits.filter_map(worth).collect()
    }

    /// Two different persons, whom a laboratory need not name.
    fn raised_by(&self, table: &PolicyTable<'_>) -> Option<Vec<String>> {
        if self.laboratory && !table.has("raised-by") {
            return Some(Vec::new());
        }
        let names = table.required_list::<String>("raised-by")?;
        value::refuse_twice(table, &names.value, String::clone);
        if names.value.iter().filter(|name| !name.value.trim().is_empty()).count() < 2 {
            table.faults().refuse(&names, Reason::Persons { needed: 2 });
        }
        Some(names.value.into_iter().map(|name| name.value).collect())
    }

    /// `{ rho = ... }`, `{ epsilon = ... }` or, in a laboratory, "unlimited".
    fn limit(&self, table: &PolicyTable<'_>, key: &'static str) -> Option<Placed<Limit>> {
        if let Some(budget) = table.table_if_any(key) {
            let limit = self.stated_limit(&budget);
            budget.close();
            return limit.map(|limit| budget.at().clone().map(|()| limit));
        }
        let word = table.required::<Scalar>(key)?;
        if word.value != Scalar::Text("unlimited".to_owned()) {
            table.faults().refuse(&word, Reason::Budget);
            return None;
        }
        if !self.laboratory {
            table.faults().refuse(&word, Reason::Unlimited);
            return None;
        }
        Some(word.map(|_| Limit { stated: None, nano_rho: u64::MAX }))
    }

    fn stated_limit(&self, table: &PolicyTable<'_>) -> Option<Limit> {
        let [rho, epsilon] = ["rho", "epsilon"].map(|key| (table.has(key), decimal(table, key)));
        if rho.0 == epsilon.0 {
            table.faults().refuse(table.at(), Reason::Budget);
            return None;
        }
        let stated = rho.1.map(Budget::Rho).or(epsilon.1.map(Budget::Epsilon))?;
        match stated.nano_rho(self.rho_of_epsilon).filter(|nano| *nano > 0) {
            Some(nano_rho) => Some(Limit { stated: Some(stated), nano_rho }),
            None => {
                table.faults().refuse(table.at(), Reason::Convert);
                None
            }
        }
    }
}

fn at_most(life: &LifeBudget) -> Option<Limit> {
    life.calendar.map(|calendar| calendar.limit)
}

fn decimal(table: &PolicyTable<'_>, key: &'static str) -> Option<Decimal> {
    let number = table.optional::<Number>(key)?;
    match Decimal::parse(&number.value.0) {
        Ok(decimal) => Some(decimal),
        Err(error) => {
            let found = number.value.0.clone();
            table.faults().refuse(&number, Reason::Number { found, error });
            None
        }
    }
}

fn refuse_larger(table: &PolicyTable<'_>, part: &Placed<Limit>, whole: Limit, larger: &'static str) {
    if part.value.nano_rho > whole.nano_rho {
        table.faults().refuse(part, Reason::Order { larger });
    }
}
