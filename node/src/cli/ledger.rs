//! `tvaers-node ledger`: what was charged for which answers, and what is left of each budget.

mod account;
mod forecast;
mod plot;
mod recover;

use jiff::Timestamp;
use tvaers_host::output::{Format, Output, table};
use tvaers_host::roster;
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::problem::{Exit, Problem};

use super::looking::{Looked, block_on, rho, short, time};
use crate::home::Home;
use crate::ledger::history::PAGE_MAX;
use crate::ledger::name::Name;
use account::{Account, Budget};
use forecast::{AtRate, Forecast};

/// Charges that are shown where nobody says how many.
const LAST: u32 = 20;

const EXAMPLES: &str = "\
Examples:
  tvaers-node ledger
  tvaers-node ledger --permit monitoring-2026 --last 100
  tvaers-node ledger --format json
  tvaers-node ledger recover --approved-by Kommunaldirektøren --approved-by Databeskyttelsesrådgiveren

Nothing is charged or written, but by `recover`. Whoever runs it must be the user who owns the node's folder.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    /// Show the charges of this permit only
    #[arg(long, value_name = "ID", value_parser = name)]
    permit: Option<Name>,
    /// How many charges to show, the newest
    #[arg(long, value_name = "N", default_value_t = LAST, value_parser = clap::value_parser!(u32).range(0..=i64::from(PAGE_MAX)))]
    last: u32,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Charge what was spent in entries that are lost for good and that other nodes saw
    Recover(recover::Args),
}

pub(super) use recover::check_approval;

pub(super) fn name(text: &str) -> Result<Name, String> {
    Name::new(text).map_err(|error| error.to_string())
}

pub(super) fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    if let Some(Command::Recover(args)) = &args.command {
        return recover::run(home, args, output);
    }
    let account = block_on(look(home, args, SystemClock.now()))?;
    match output.format {
        Format::Json => {
            let json = serde_json::to_string_pretty(&account)
                .map_err(|error| Problem::from_error(Exit::Failed, "ledger.json", &error))?;
            output.result(json);
        }
        Format::Text => output.result(text(&account)),
    }
    Ok(())
}

async fn look(home: &Home, args: &Args, now: Timestamp) -> Result<Account, Problem> {
    let looked = Looked::open(home).await?;
    // The policy is judged with the roster's delta where there is a roster.
    let roster = roster::present(&home.roster())?;
    let account = account::of(home, &looked, roster.as_ref(), args.permit.as_ref(), args.last, now).await;
    looked.state.close().await;
    account
}

fn text(account: &Account) -> String {
    let mut parts = Vec::new();
    if account.charges.is_empty() {
        parts.push("Nothing has been charged.".to_owned());
    } else {
        parts.push(charges(account));
    }
    if !account.permits.is_empty() {
        parts.push(sums(account));
    }
    parts.push(budgets(account));
    if let Some(plot) = plot::bars(&account.days) {
        parts.push(plot);
    }
    let entries = account.entries;
    parts.push(match entries {
        0 => "verified: the ledger has no entries.".to_owned(),
        _ => format!("verified to entry {entries}, head {}", account.head),
    });
    parts.join("\n\n")
}

fn charges(account: &Account) -> String {
    let header =
        ["number", "time", "permit", "who", "query", "rho", "permit so far", "all so far", "answer", "again"];
    let mut shown = table(header, &[0, 5, 6, 7, 9]);
    for charge in &account.charges {
        let answer = match (charge.source, charge.released) {
            (crate::ledger::claim::Source::Joined, _) => "at the coordinator",
            (_, true) => "released",
            (_, false) => "none",
        };
        shown.add_row([
            charge.number.to_string(),
            time(charge.at),
            charge.permit.to_string(),
            charge.requester.name.to_string(),
            short(charge.query),
            rho(charge.nano_rho),
            rho(charge.permit_spent),
            rho(charge.life_spent),
            answer.to_owned(),
            charge.repetitions.to_string(),
        ]);
    }
    format!("{shown}\n`again`: further requests that the charge covers; they cost nothing.")
}

fn sums(account: &Account) -> String {
    let mut shown = table(["permit", "charges", "released", "spent (rho)"], &[1, 2, 3]);
    for permit in &account.permits {
        shown.add_row([
            permit.permit.to_string(),
            permit.charges.to_string(),
            permit.releases.to_string(),
            rho(permit.nano_rho),
        ]);
    }
    let life = rho(account.life);
    format!("{shown}\nAll permits, for life: {life} rho.")
}

fn budgets(account: &Account) -> String {
    let Some(policy) = &account.policy else {
        return "There is no policy, and so no budget: the node permits nothing.".to_owned();
    };
    let mut shown =
        table(["budget", "in all", "spent (rho)", "", "left (rho)", "runs out at the rate of"], &[1, 2, 4]);
    for Budget { of, limit, spent, left, forecasts } in &policy.budgets {
        shown.add_row([
            of.clone(),
            limit.clone(),
            rho(*spent),
            left.map_or_else(String::new, |left| plot::gauge(*spent, left)),
            left.map_or_else(|| "unlimited".to_owned(), rho),
            forecasts.iter().map(told).collect::<Vec<_>>().join("\n"),
        ]);
    }
    let falls = policy.falls_out.as_ref().map(|falls| {
        format!(
            "\nThe period's oldest charges, of {}, fall out on {} and give {} rho back to the period.",
            falls.of,
            falls.on,
            rho(falls.nano_rho)
        )
    });
    let laboratory = if policy.laboratory { ", for made-up data alone" } else { "" };
    let digest = short(policy.digest);
    let version = match policy.version {
        0 => String::new(),
        version => format!(", version {version}"),
    };
    format!("Policy {digest}{version}{laboratory}:\n{shown}{}", falls.unwrap_or_default())
}

/// Such as `30 days: 2026-11-30`.
fn told(at: &AtRate) -> String {
    let when = match at.runs_out {
        Forecast::Spent => "it is spent".to_owned(),
        Forecast::On(date) => date.to_string(),
        Forecast::NotAtThisRate => "not at this rate".to_owned(),
    };
    format!("{} days: {when}", at.days)
}

#[cfg(test)]
mod tests;
