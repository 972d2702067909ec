//! What a policy says to a request: pure, total, and told with all that is broken.
//!
//! Every check only ever adds a refusal, and what is granted is the least of what is asked for and what the policy
//! says. So a policy that says less grants less; a property test changes every number, list and day to see it.

mod common;
mod cost;
mod data;
mod study;

pub(crate) use study::told;

use jiff::civil::Date;
use tvaers_query::budget::Mechanism;

use crate::permit::{Mode, Permit};
use crate::policy::Policy;
use crate::refusal::{Refusal, Violation};
use crate::request::{AggregateRequest, ContributionRequest, JoinedRequest, Spent};
use crate::verdict::{AggregateGrant, ContributionGrant, JoinedGrant, Shown, Terms, Verdict};

/// Refusals so far.
type Refusals = Vec<Refusal>;

impl Policy {
    /// Whether a query over this node's data is answered, and what is charged for it. `today` is the day by the
    /// node's clock.
    #[must_use]
    pub fn admit_aggregate(
        &self,
        request: &AggregateRequest<'_>,
        spent: &Spent,
        today: Date,
    ) -> Verdict<AggregateGrant> {
        let mut refusals = self.hold(today);
        let grant = self.find(&request.ask, Mode::Aggregates, today, &mut refusals).and_then(|permit| {
            let query = request.query;
            self.check_day(query.as_of(), today, &mut refusals);
            self.check_repetition(request.repetition, &mut refusals);
            data::check_query(&permit.data, query, &mut refusals);
            self.check_shape(query.dimensions(), query.cells_len(), &mut refusals);
            let price = self.price(permit, request.nano_rho, spent, &mut refusals);
            if query.privacy().mechanism == Mechanism::DiscreteLaplace {
                // The policy's epsilons are at the roster's delta; this one's is pure.
                refusals.iter_mut().for_each(Refusal::without_epsilon);
            }
            Some(AggregateGrant { terms: self.terms(permit), price: price?, shown: self.shown() })
        });
        verdict(grant, refusals)
    }

    /// Whether this node contributes to a study that ends in a work list.
    #[must_use]
    pub fn admit_contribution(
        &self,
        request: &ContributionRequest<'_>,
        today: Date,
    ) -> Verdict<ContributionGrant> {
        let mut refusals = self.hold(today);
        let grant =
            self.find(&request.ask, Mode::PersonContributions, today, &mut refusals).and_then(|permit| {
                let study = self.study(permit, &request.study, today, &mut refusals);
                let list = study::work_list(permit, request.disclosure, request.recipients, &mut refusals);
                let (disclosure, persons, recipients) = list?;
                Some(ContributionGrant {
                    terms: self.terms(permit),
                    study: study?,
                    disclosure,
                    persons,
                    recipients,
                })
            });
        verdict(grant, refusals)
    }

    /// Whether this node contributes to a study that ends in noised tables, and what is charged for them.
    #[must_use]
    pub fn admit_joined(
        &self,
        request: &JoinedRequest<'_>,
        spent: &Spent,
        today: Date,
    ) -> Verdict<JoinedGrant> {
        let mut refusals = self.hold(today);
        let grant =
            self.find(&request.ask, Mode::JoinedStatistics, today, &mut refusals).and_then(|permit| {
                self.check_repetition(request.repetition, &mut refusals);
                let study = self.study(permit, &request.study, today, &mut refusals);
                data::check_categories(&permit.data, request.categories, &mut refusals);
                self.check_shape(request.dimensions, request.cells, &mut refusals);
                let price = self.price(permit, request.nano_rho, spent, &mut refusals);
                Some(JoinedGrant {
                    terms: self.terms(permit),
                    study: study?,
                    price: price?,
                    shown: self.shown(),
                })
            });
        verdict(grant, refusals)
    }

    fn terms(&self, permit: &Permit) -> Terms {
        Terms {
            permit: permit.id.clone(),
            mode: permit.mode,
            policy: self.digest,
            laboratory: self.laboratory,
            population: permit.population.clone(),
            exclusions: self.exclusions.clone(),
            release: self.release,
            retention: self.retention,
        }
    }

    const fn shown(&self) -> Shown {
        Shown {
            smallest: self.cells.smallest,
            rounding: self.cells.rounding,
            dimensions_max: self.cells.dimensions_max,
            cells_max: self.cells.cells_max,
        }
    }
}

/// A grant stands only where nothing is refused; without one, something is.
fn verdict<G>(grant: Option<G>, refusals: Refusals) -> Verdict<G> {
    match grant {
        Some(grant) if refusals.is_empty() => Verdict::Permitted(grant),
        _ => Verdict::Refused(refusals.into_iter().map(Violation::from).collect()),
    }
}
