//! What noise a query asks for.

use crate::budget::{Budget, Mechanism};
use crate::decimal::Decimal;
use crate::fault::Reason;
use crate::query::Privacy;
use crate::strict::{Number, Table};

pub(super) fn privacy(root: &Table<'_, Reason>) -> Option<Privacy> {
    let Some(table) = root.optional_table("privacy") else {
        // A `privacy` that is no table has been told of.
        return Some(Privacy { mechanism: Mechanism::DiscreteGaussian, budget: None });
    };
    let mechanism = mechanism(&table);
    let [rho, epsilon] = ["rho", "epsilon"].map(|key| (table.has(key), decimal(&table, key)));
    if rho.0 && epsilon.0 {
        table.refuse("epsilon", Reason::BudgetBoth);
    }
    // Known, so that who tries them is told why there is no such choice.
    for (key, reason) in [("delta", Reason::Delta), ("scale", Reason::Scale)] {
        if table.has(key) {
            table.refuse(key, reason);
        }
    }
    table.close();
    let budget = rho.1.map(Budget::Rho).or(epsilon.1.map(Budget::Epsilon));
    Some(Privacy { mechanism: mechanism?, budget })
}

fn mechanism(table: &Table<'_, Reason>) -> Option<Mechanism> {
    let Some(name) = table.optional::<String>("mechanism") else { return Some(Mechanism::DiscreteGaussian) };
    let named = Mechanism::ALL.into_iter().find(|mechanism| mechanism.name() == name.value);
    if named.is_none() {
        table.faults().refuse(&name, Reason::Mechanism { found: name.value.clone() });
    }
    named
}

fn decimal(table: &Table<'_, Reason>, key: &'static str) -> Option<Decimal> {
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
