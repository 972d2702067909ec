//! The policy of made-up data, as a file: everything that a laboratory needs, and nothing is hidden.

use tvaers_protocol::study::Grain;
use tvaers_query::Decimal;

/// The permit for queries.
pub const AGGREGATES: &str = "laboratory-aggregates";
/// The permit for noised tables of studies.
pub const JOINED_STATISTICS: &str = "laboratory-joined-statistics";
/// The permit for work lists.
pub const PERSON_CONTRIBUTIONS: &str = "laboratory-person-contributions";

/// The example of a laboratory's policy, whose grain and default budget are replaced.
const EXAMPLE: &str = include_str!("../../examples/laboratory.toml");
const GRAIN: &str = "grain = \"events\"";
const DEFAULT: &str = "default-query = { rho = 0.1 }";

/// The text of a laboratory's policy: budgets without limit, no clock for replies, no hidden cells, and all of a work
/// list disclosed for everyone in the population.
///
/// `grain` is the finest that a contribution may be; `rho` is what an answer costs whose query states no budget.
/// [`crate::Policy::read`] reads it.
#[must_use]
pub fn laboratory(grain: Grain, rho: Decimal) -> String {
    let with_grain = EXAMPLE.replace(GRAIN, &format!("grain = \"{grain}\""));
    with_grain.replace(DEFAULT, &format!("default-query = {{ rho = {rho} }}"))
}
