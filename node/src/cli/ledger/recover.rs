//! `tvaers-node ledger recover`: the honest way on for a node whose newest database is lost for good.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tvaers_host::output::Output;
use tvaers_host::{process, roster};
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::sign::VerifyingKey;
use tvaers_protocol::witness::Presentation;

use crate::app;
use crate::audit::event::{Event, LedgerRecovered};
use crate::cli::looking::{block_on, own, rho};
use crate::home::Home;
use crate::ledger::Ledger;
use crate::ledger::claim::{Charge, Head};
use crate::ledger::name::{Name, Requester};
use crate::ledger::rho::NanoRho;
use crate::library::library;
use crate::state::State;
use crate::witness::kept;

/// Persons who must answer for it.
const PERSONS: usize = 2;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Who answers for it: two persons whom the policy lets raise a budget
    #[arg(long, value_name = "NAME", required = true, value_parser = super::name)]
    approved_by: Vec<Name>,
}

pub(super) fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    let charges = block_on(recover(home, &args.approved_by, SystemClock.now()))?;
    for charge in &charges {
        let rho = rho(charge.nano_rho.get());
        output.note(format_args!("charged {rho} rho as entry {}, and logged", charge.number));
    }
    Ok(())
}

async fn recover(home: &Home, approved_by: &[Name], now: Timestamp) -> Result<Vec<Charge>, Problem> {
    own(home)?;
    if let Some(pid) = process::running(&home.pid()) {
        return Err(Problem::new(
            Exit::BadInput,
            "ledger.serving",
            format_args!("process {pid} serves this node"),
        )
        .next("stop it first"));
    }
    let key = app::enrolment(home)?.signing;
    let state = app::state(home).await?;
    let done = charge(home, &state, approved_by, &key, now).await;
    state.close().await;
    done
}

async fn charge(
    home: &Home,
    state: &State,
    approved_by: &[Name],
    key: &VerifyingKey,
    now: Timestamp,
) -> Result<Vec<Charge>, Problem> {
    check_approval(home, state, approved_by, "ledger.approval").await?;
    let ledger = app::ledger(state).await?;
    let audit = app::audit(home, &ledger, app::software()?, now).await?;
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Problem::from_error(Exit::Failed, "ledger.recover", error).next("look at disk space and the clock")
    };
    let proved = kept::lost(&state.pool()).await.map_err(|error| failed(&error))?;
    let proved = proved.iter().filter_map(|presentation| presentation.shown(key).ok());
    let mut charges = Vec::new();
    for shown in proved {
        let lost = Head { entries: shown.shows.entries, digest: shown.shows.head };
        let lacks = ledger.lacks(&lost).await;
        if !lacks.map_err(|error| Problem::from_error(Exit::Failed, error.code(), &error))? {
            continue;
        }
        let charge = one(&ledger, shown, &lost, approved_by, key, now).await?;
        let recovered = LedgerRecovered {
            lost,
            witness: Name::new(shown.witness.as_str()).map_err(|error| failed(&error))?,
            approved_by: approved_by.to_vec(),
            number: charge.number,
            nano_rho: charge.nano_rho,
            ledger: charge.head,
        };
        let logged = audit.record(now, vec![Event::LedgerRecovered(recovered)]).await;
        logged.map_err(|error| failed(&error))?;
        charges.push(charge);
    }
    if charges.is_empty() {
        return Err(Problem::new(
            Exit::BadInput,
            "ledger.nothing-lost",
            "no witness has shown this node that its ledger lost anything",
        )
        .next("serve: the node asks its witnesses, and stops where they saw more"));
    }
    Ok(charges)
}

async fn one(
    ledger: &Ledger,
    shown: &Presentation,
    lost: &Head,
    approved_by: &[Name],
    key: &VerifyingKey,
    now: Timestamp,
) -> Result<Charge, Problem> {
    let problem = |error: &(dyn std::error::Error + 'static)| {
        Problem::from_error(Exit::Failed, "ledger.recover", error)
    };
    let life = NanoRho::new(shown.shows.life).map_err(|error| problem(&error))?;
    // All of them stand in the audit log; the ledger has room for one name.
    let by = approved_by.first().cloned().ok_or_else(|| nobody("ledger.approval"))?;
    let charge = ledger.recover(lost, life, Requester::new(by, key), now).await;
    charge.map_err(|error| {
        Problem::from_error(Exit::Failed, error.code(), &error).next("look at disk space and the clock")
    })
}

/// Two persons, each of whom the policy in force names as one who may raise a budget.
pub(in crate::cli) async fn check_approval(
    home: &Home,
    state: &State,
    approved_by: &[Name],
    code: &str,
) -> Result<(), Problem> {
    let library = library(home)?;
    let roster = roster::present(&home.roster())?;
    app::remember_policy_of(home, state, SystemClock.now()).await?;
    let policy = app::policies(home, &app::config(home)?, roster.as_ref(), state, &library).await;
    let policy = policy.map_err(app::first_of)?.ok_or_else(|| nobody(code))?;
    let may = &policy.policy().budget().raised_by;
    let persons: BTreeSet<&str> = approved_by.iter().map(Name::as_str).collect();
    let named = |person: &&str| may.is_empty() || may.iter().any(|name| name == person);
    if persons.len() >= PERSONS && persons.iter().all(named) {
        return Ok(());
    }
    Err(nobody(code).expected(format_args!("two of: {}", may.join(", "))))
}

fn nobody(code: &str) -> Problem {
    Problem::new(Exit::Refused, code, "two persons whom the policy lets raise a budget must answer for it")
        .next("name both with `--approved-by`, as `raised-by` in the policy has them")
}
