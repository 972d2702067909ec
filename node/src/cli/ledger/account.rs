//! What the ledger and the policy in force add up to.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;
use tvaers_policy::permit::Limit;
use tvaers_protocol::id::Digest;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::VerifiedRoster;

use super::forecast::{self, AtRate, Forecast};
use crate::cli::looking::Looked;
use crate::home::Home;
use crate::ledger::claim::Source;
use crate::ledger::history::{self, Past, Totals};
use crate::ledger::name::{Name, Requester};
use crate::ledger::{Ledger, LedgerError};
use crate::library::library;
use crate::policy::{InForce, period};

/// All that the command shows. Amounts are thousand-millionths of rho.
#[derive(Debug, Serialize)]
pub(super) struct Account {
    pub(super) charges: Vec<Charge>,
    pub(super) permits: Vec<Permit>,
    /// What all permits have spent, ever.
    pub(super) life: u64,
    pub(super) policy: Option<Budgets>,
    /// What was charged on each day, from the first to today.
    pub(super) days: Vec<Day>,
    /// How many entries were verified.
    pub(super) entries: u64,
    pub(super) head: Digest,
}

#[derive(Debug, Serialize)]
pub(super) struct Charge {
    pub(super) number: u64,
    pub(super) at: Timestamp,
    pub(super) source: Source,
    pub(super) permit: Name,
    pub(super) requester: Requester,
    pub(super) query: Digest,
    pub(super) import: u32,
    pub(super) repetition: u32,
    pub(super) nano_rho: u64,
    pub(super) permit_spent: u64,
    pub(super) life_spent: u64,
    pub(super) released: bool,
    pub(super) repetitions: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Permit {
    pub(super) permit: Name,
    pub(super) charges: u64,
    pub(super) releases: u64,
    pub(super) nano_rho: u64,
}

/// What is left under the policy.
#[derive(Debug, Serialize)]
pub(super) struct Budgets {
    pub(super) digest: Digest,
    pub(super) version: u64,
    pub(super) laboratory: bool,
    pub(super) budgets: Vec<Budget>,
    pub(super) falls_out: Option<FallsOut>,
}

/// One budget of the policy.
#[derive(Debug, Serialize)]
pub(super) struct Budget {
    pub(super) of: String,
    /// As the policy states it.
    pub(super) limit: String,
    pub(super) spent: u64,
    /// None where it has no limit.
    pub(super) left: Option<u64>,
    /// When it runs out at the rate of the last days; empty where it has no limit.
    pub(super) forecasts: Vec<AtRate>,
}

/// When the oldest day of the period gives back what was charged on it.
#[derive(Debug, Serialize)]
pub(super) struct FallsOut {
    pub(super) of: Date,
    pub(super) on: Date,
    pub(super) nano_rho: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Day {
    pub(super) date: Date,
    pub(super) nano_rho: u64,
}

/// Adds everything up; of one permit the charges, days and budget are its own.
pub(super) async fn of(
    home: &Home,
    looked: &Looked,
    roster: Option<&VerifiedRoster>,
    permit: Option<&Name>,
    last: u32,
    now: Timestamp,
) -> Result<Account, Problem> {
    let library = library(home)?;
    let in_force = looked.policy(home, roster, &library).await?;
    let account = add_up(&looked.ledger, in_force.as_ref(), permit, last, now).await;
    account.map_err(|error| {
        Problem::from_error(Exit::Failed, error.code(), &error)
            .at(home.state().display())
            .next("look at disk space and the clock; run `tvaers-node check`")
    })
}

async fn add_up(
    ledger: &Ledger,
    in_force: Option<&InForce>,
    permit: Option<&Name>,
    last: u32,
    now: Timestamp,
) -> Result<Account, LedgerError> {
    let totals = ledger.totals().await?;
    let charges = match last {
        0 => Vec::new(),
        last => ledger.newest(permit, last).await?,
    };
    let days = ledger.days(permit, Timestamp::MIN, period::day).await?;
    let days: Vec<Day> = days.iter().map(day).collect();
    let policy = match in_force {
        Some(in_force) => Some(budgets(ledger, in_force, permit, &totals, now).await?),
        None => None,
    };
    let is_shown = |name: &Name| permit.is_none_or(|permit| permit == name);
    Ok(Account {
        charges: charges.into_iter().map(charge).collect(),
        permits: totals
            .permits
            .into_iter()
            .filter(|total| is_shown(&total.permit))
            .map(|total| Permit {
                permit: total.permit,
                charges: total.charges,
                releases: total.releases,
                nano_rho: total.nano_rho.get(),
            })
            .collect(),
        life: totals.life.get(),
        policy,
        days,
        entries: totals.head.entries,
        head: totals.head.digest,
    })
}

async fn budgets(
    ledger: &Ledger,
    in_force: &InForce,
    only: Option<&Name>,
    totals: &Totals,
    now: Timestamp,
) -> Result<Budgets, LedgerError> {
    let policy = in_force.policy();
    let today = period::day(now);
    let all: Vec<Day> = ledger.days(None, Timestamp::MIN, period::day).await?.iter().map(day).collect();
    let mut budgets = Vec::new();
    for permit in policy.permits() {
        let Some(budget) = &permit.budget else { continue };
        if only.is_some_and(|only| only.as_str() != permit.id) {
            continue;
        }
        let total = totals.permits.iter().find(|total| total.permit.as_str() == permit.id);
        let spent = total.map_or(0, |total| total.nano_rho.get());
        let days = match total {
            Some(total) => ledger.days(Some(&total.permit), Timestamp::MIN, period::day).await?,
            None => Vec::new(),
        };
        let days: Vec<Day> = days.iter().map(day).collect();
        let left = budget.in_all.nano_rho.saturating_sub(spent);
        let forecasts = forecast::for_good(left, &days, today);
        budgets.push(of_limit(format!("permit {}", permit.id), &budget.in_all, spent, forecasts));
    }
    let budget = policy.budget();
    let spent = ledger.preview(None, now, |at| in_force.windows(at)).await?;
    let sums = in_force.spent(&spent);
    let days = budget.period_days;
    let forecasts = forecast::sliding(budget.per_period.nano_rho, days, &all, today);
    budgets.push(of_limit(
        format!("all permits, last {days} days"),
        &budget.per_period,
        sums.period,
        forecasts,
    ));
    if let Some(calendar) = budget.calendar {
        let (first, next) = calendar.each.around(today);
        let left = calendar.limit.nano_rho.saturating_sub(sums.calendar);
        // What is left comes back whole on the first day of the next one.
        let mut forecasts = forecast::for_good(left, &all, today);
        for at in &mut forecasts {
            if matches!(at.runs_out, Forecast::On(day) if day >= next) {
                at.runs_out = Forecast::NotAtThisRate;
            }
        }
        let of = format!("all permits, {} from {first}, anew on {next}", calendar.each.name());
        budgets.push(of_limit(of, &calendar.limit, sums.calendar, forecasts));
    }
    let left = budget.for_life.nano_rho.saturating_sub(sums.life);
    let forecasts = forecast::for_good(left, &all, today);
    budgets.push(of_limit("all permits, for life".to_owned(), &budget.for_life, sums.life, forecasts));
    Ok(Budgets {
        digest: in_force.digest(),
        version: in_force.version(),
        laboratory: in_force.is_laboratory(),
        budgets,
        falls_out: falls_out(ledger, in_force, spent.at).await?,
    })
}

fn of_limit(of: String, limit: &Limit, spent: u64, forecasts: Vec<AtRate>) -> Budget {
    let left = limit.stated.map(|_| limit.nano_rho.saturating_sub(spent));
    let forecasts = if left.is_some() { forecasts } else { Vec::new() };
    Budget { of, limit: limit.words(), spent, left, forecasts }
}

fn day(day: &history::Day) -> Day {
    Day { date: day.date, nano_rho: day.nano_rho.get() }
}

async fn falls_out(
    ledger: &Ledger,
    in_force: &InForce,
    at: Timestamp,
) -> Result<Option<FallsOut>, LedgerError> {
    let Some(from) = in_force.windows(at).first().map(|window| window.from) else { return Ok(None) };
    let days = i64::from(in_force.policy().budget().period_days);
    // The window begins with a day, so the charges of its oldest day leave together.
    let oldest = ledger.days(None, from, period::day).await?.into_iter().next();
    Ok(oldest.map(|day| FallsOut {
        of: day.date,
        on: day.date.checked_add(days.days()).unwrap_or(Date::MAX),
        nano_rho: day.nano_rho.get(),
    }))
}

fn charge(past: Past) -> Charge {
    Charge {
        number: past.number,
        at: past.at,
        source: past.source,
        permit: past.permit,
        requester: past.requester,
        query: past.query,
        import: past.import,
        repetition: past.repetition,
        nano_rho: past.nano_rho.get(),
        permit_spent: past.permit_spent.get(),
        life_spent: past.life_spent.get(),
        released: past.released,
        repetitions: past.repetitions,
    }
}
