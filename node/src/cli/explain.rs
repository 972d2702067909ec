//! `tvaers-node explain`: what would become of a query, without asking it.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;
use tvaers_definitions::library::Library;
use tvaers_host::output::{Format, Output, table};
use tvaers_host::roster;
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_policy::Policy;
use tvaers_policy::permit::{Limit, Mode, Permit};
use tvaers_policy::request::Ask;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::Rule;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::{Person, Role, VerifiedRoster};
use tvaers_protocol::sign::VerifyingKey;
use tvaers_query::Query;
use tvaers_query::query::Party;
use tvaers_warehouse::data::Warehouse;

use super::looking::{Looked, block_on, rho, short};
use crate::home::Home;
use crate::ledger::claim::Claim;
use crate::ledger::name::{Name, Requester};
use crate::library::library;
use crate::objection::store::changes;
use crate::policy::{self, InForce, own};
use crate::query::explain::{Explained, Offer, On, Plan, explain};
use crate::query::question::Ground;
use crate::state::ImportRecord;
use crate::work::source::Held;

const EXAMPLES: &str = "\
Examples:
  tvaers-node explain gp-contacts.toml
  tvaers-node explain gp-contacts.toml --permit monitoring-2026 --person \"Ane Analytiker\"
  tvaers-node explain gp-contacts.toml --format json

Nothing runs, nothing is charged, and no row is read. The statement holds the literals of the query's filters: it is for
the node's own IT, and does not belong in a ticket or a log. Exit code 3 where the policy refuses the query.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The query file
    file: PathBuf,
    /// The permit under which it would be asked [default: the policy's first one for statistics of a node's own data]
    #[arg(long, value_name = "ID")]
    permit: Option<String>,
    /// The purpose that the request would name [default: the permit's own]
    #[arg(long, value_name = "ID")]
    purpose: Option<String>,
    /// Who would ask, by name in the roster [default: its first analyst]
    #[arg(long, value_name = "NAME", conflicts_with = "as_key")]
    person: Option<String>,
    /// Who would ask, by signing key: 64 hexadecimal digits
    #[arg(long, value_name = "HEX", value_parser = key)]
    as_key: Option<VerifyingKey>,
}

fn key(text: &str) -> Result<VerifyingKey, String> {
    let text = serde_json::Value::from(text);
    serde_json::from_value(text).map_err(|_| "expected 64 hexadecimal digits, as in the roster".to_owned())
}

/// What was explained, with what it was explained for.
pub(super) struct Case {
    person: String,
    permit: String,
    purpose: String,
    policy: Digest,
    laboratory: bool,
    import: u32,
    /// The charge that covers the query already; it would cost nothing.
    covered: Option<u64>,
    /// Whether the budgets of the permit, the period and for life have a limit.
    limited: [bool; 3],
    pub(super) explained: Explained,
}

pub(super) fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    let case = block_on(look(home, args, SystemClock.now(), output))?;
    match output.format {
        Format::Json => output.result(json(&case)),
        Format::Text => output.result(text(&case)),
    }
    // What is broken is told in full first: a script sees it in the exit code.
    case.explained.rules.first().map_or(Ok(()), |rule| Err(refused(rule)))
}

fn refused(rule: &Rule) -> Problem {
    let problem = Problem::new(Exit::Refused, &rule.code, &rule.what).next(&rule.next);
    if rule.allowed.is_empty() { problem } else { problem.expected(&rule.allowed) }
}

pub(super) async fn look(home: &Home, args: &Args, now: Timestamp, output: Output) -> Result<Case, Problem> {
    let looked = Looked::open(home).await?;
    let case = in_state(home, args, &looked, now, output).await;
    looked.state.close().await;
    case
}

async fn in_state(
    home: &Home,
    args: &Args,
    looked: &Looked,
    now: Timestamp,
    output: Output,
) -> Result<Case, Problem> {
    let roster = roster::believe(&home.roster(), now)?.roster;
    let library = library(home)?;
    let in_force = looked.policy(home, Some(&roster), &library).await?;
    let in_force = in_force.ok_or_else(|| refused(&policy::no_policy()).at(home.policy().display()))?;
    let text = query_text(args, &roster, &library, now, output)?;
    let person = person(args, &roster)?;
    let permit = permit(args, in_force.policy(), home)?;
    let purpose = args.purpose.clone().unwrap_or_else(|| purpose_of(in_force.policy(), &permit));
    let import = import(looked).await?;
    let warehouse = warehouse(home, looked, &import).await?;
    let dialect = warehouse.dialect();
    warehouse.close().await;

    let ask =
        Ask { key: person.signing, role: person.role, permit: &permit, purpose: &purpose, second: None };
    let ground = Ground {
        node: &looked.config.id,
        roster: &roster,
        library: &library,
        in_force: &in_force,
        data: &import.statement,
        now,
    };
    let named = Name::new(permit.as_str()).ok();
    let spent = looked.ledger.preview(named.as_ref(), now, |at| in_force.windows(at)).await;
    let spent = spent.map_err(|error| Problem::from_error(Exit::Failed, error.code(), &error))?;
    let held = Held::by(&looked.config, &roster, now);
    let objections_changed = changes(&looked.state).await;
    let objections_changed =
        objections_changed.map_err(|error| Problem::from_error(Exit::Failed, "state", &error))?;
    let on = On { holding: held.holding(), dialect, objections_changed };
    let explained = explain(&ground, ask, &text, &spent, on)
        .map_err(|error| Problem::from_error(Exit::Failed, "explain.statement", &error))?;
    let covered = covered(looked, &explained, named, person, &import).await?;
    Ok(Case {
        person: person.name.clone(),
        permit: permit.clone(),
        purpose,
        policy: in_force.digest(),
        laboratory: InForce::is_laboratory(&in_force),
        import: import.statement.import,
        covered,
        limited: limited(in_force.policy(), &permit),
        explained,
    })
}

/// The query in its one form, as a person's program would sign it.
fn query_text(
    args: &Args,
    roster: &VerifiedRoster,
    library: &Library,
    now: Timestamp,
    output: Output,
) -> Result<String, Problem> {
    let text = std::fs::read_to_string(&args.file).map_err(|error| {
        Problem::new(Exit::BadInput, "query.file", error)
            .at(args.file.display())
            .expected("a query file")
            .next("check the path")
    })?;
    let parties: Vec<Party> = roster.roster().members_on(policy::day(now)).map(Party::from).collect();
    let query = Query::parse(&text, &args.file.display().to_string(), library.catalogue(), &parties);
    query.map(|query| query.text()).map_err(|faults| {
        let mut problems = faults.iter().map(|fault| fault.problem());
        let first = problems.next();
        problems.for_each(|problem| output.note(problem));
        first.unwrap_or_else(|| Problem::new(Exit::BadInput, "query.file", "the query file cannot be read"))
    })
}

/// Who would ask.
fn person<'r>(args: &Args, roster: &'r VerifiedRoster) -> Result<&'r Person, Problem> {
    let people = &roster.roster().people;
    let (found, what) = match (&args.person, &args.as_key) {
        (Some(name), _) => (
            people.iter().find(|person| person.name == *name),
            format!("the roster has nobody named `{name}`"),
        ),
        (None, Some(key)) => {
            let is_it = |person: &&Person| person.signing == *key;
            (people.iter().find(is_it), "the roster has nobody with this key".to_owned())
        }
        (None, None) => (
            people.iter().find(|person| person.role == Role::Analyst),
            "the roster has no analyst".to_owned(),
        ),
    };
    found.ok_or_else(|| {
        let names: Vec<&str> = people.iter().map(|person| person.name.as_str()).collect();
        Problem::new(Exit::BadInput, "explain.person", what)
            .at("roster.toml")
            .expected(if names.is_empty() {
                "a person".to_owned()
            } else {
                format!("one of: {}", names.join(", "))
            })
            .next("name a person with --person; `tvaers-node roster show` lists them")
    })
}

/// The permit that is named, or the first of this kind.
fn permit(args: &Args, policy: &Policy, home: &Home) -> Result<String, Problem> {
    let of_kind = |permit: &&Permit| permit.mode == Mode::Aggregates;
    let first = || policy.permits().iter().find(of_kind).map(|permit| permit.id.clone());
    args.permit.clone().or_else(first).ok_or_else(|| {
        let what = "The policy has no permit for statistics of the node's own data.".to_owned();
        refused(&own("permit.unknown", what, "", "Ask the controller for one.")).at(home.policy().display())
    })
}

fn purpose_of(policy: &Policy, permit: &str) -> String {
    let purpose = policy.permit(permit).and_then(|permit| permit.purpose.as_ref());
    purpose.map(|purpose| purpose.id.clone()).unwrap_or_default()
}

fn limited(policy: &Policy, permit: &str) -> [bool; 3] {
    let budget = policy.permit(permit).and_then(|permit| permit.budget.as_ref());
    let is_limited = |limit: &Limit| limit.stated.is_some();
    let all = policy.budget();
    [
        budget.is_none_or(|budget| is_limited(&budget.in_all)),
        is_limited(&all.per_period),
        is_limited(&all.for_life),
    ]
}

async fn import(looked: &Looked) -> Result<ImportRecord, Problem> {
    let import = looked.state.latest_import().await;
    let import = import.map_err(|error| Problem::from_error(Exit::Failed, "state", &error))?;
    import.ok_or_else(|| {
        Problem::new(Exit::Failed, "data.none", "nothing has been imported yet")
            .next("run `tvaers-node import FOLDER --extracted-on DATE`, or `import --source` for a source")
    })
}

/// The data, opened for what it says of itself alone. A server is not connected to.
async fn warehouse(home: &Home, looked: &Looked, import: &ImportRecord) -> Result<Warehouse, Problem> {
    let source = looked.config.open_source(home).map_err(|error| {
        Problem::from_error(Exit::BadInput, "source.url", &error).at("[source]").next("mend it as it says")
    })?;
    let path = home.dir().join(&import.file);
    Warehouse::open_with(&path, source.as_ref(), 1).await.map_err(|error| {
        Problem::from_error(Exit::Failed, "data", &error).at(path.display()).next("import the data again")
    })
}

/// Whether the question was charged over this import before.
async fn covered(
    looked: &Looked,
    explained: &Explained,
    permit: Option<Name>,
    person: &Person,
    import: &ImportRecord,
) -> Result<Option<u64>, Problem> {
    let (Some(plan), Some(permit), Ok(name)) = (&explained.plan, permit, Name::new(person.name.as_str()))
    else {
        return Ok(None);
    };
    let requester = Requester::new(name, &person.signing);
    let claim = Claim::query(Digest::NONE, permit, requester, plan.charged, import.statement.import, 0);
    let charge = looked.ledger.charge_of(&claim).await;
    charge.map_err(|error| Problem::from_error(Exit::Failed, error.code(), &error))
}

fn json(case: &Case) -> serde_json::Value {
    let mut offer = json!(case.explained.offer);
    for (limited, left) in case.limited.into_iter().zip(["left_permit", "left_period", "left_life"]) {
        if let Some(left) = offer.get_mut(left).filter(|_| !limited) {
            *left = serde_json::Value::Null;
        }
    }
    json!({
        "person": case.person,
        "permit": case.permit,
        "purpose": case.purpose,
        "policy": case.policy,
        "laboratory": case.laboratory,
        "import": case.import,
        "covered_by_charge": case.covered,
        "permitted": case.explained.rules.is_empty(),
        "rules": case.explained.rules,
        "offer": offer,
        "plan": case.explained.plan,
    })
}

pub(super) fn text(case: &Case) -> String {
    let purpose = if case.purpose.is_empty() { String::new() } else { format!(" for {}", case.purpose) };
    let laboratory = if case.laboratory { ", for made-up data alone" } else { "" };
    let mut parts = vec![format!(
        "asked by {}, under {}{purpose}, of import {}, judged by policy {}{laboratory}",
        case.person,
        case.permit,
        case.import,
        short(case.policy)
    )];
    match &case.explained.offer {
        Some(offer) => parts.push(offered(offer, case)),
        None => parts.push(broken(&case.explained.rules)),
    }
    if let Some(plan) = &case.explained.plan {
        parts.push(planned(plan));
        parts.push(format!(
            "The statement, with the literals of the query's filters, for the node's own IT alone:\n{}",
            plan.sql
        ));
    }
    parts.push("Nothing was run or charged, and no row was read.".to_owned());
    parts.join("\n\n")
}

fn offered(offer: &Offer, case: &Case) -> String {
    let [permit, period, life] = case.limited;
    let left = |is_limited, left| if is_limited { rho(left) } else { "unlimited".to_owned() };
    let mut text = format!(
        "It would be answered for {} rho; left then: permit {}, period {}, life {}.",
        rho(offer.nano_rho),
        left(permit, offer.left_permit),
        left(period, offer.left_period),
        left(life, offer.left_life),
    );
    for part in &offer.parts {
        let noise = part.noise;
        text.push_str(&format!(
            "\nOne person changes all cells of the {} together by {} at most, {:.4} as the root of squares.\n\
             Each has noise of scale {:.4}, standard error {:.4}, ± {} for 95 %.",
            noise.of.name().replace('_', " "),
            noise.sensitivity_l1,
            noise.sensitivity_l2,
            noise.scale,
            part.standard_error,
            part.ci95_half_width
        ));
    }
    if let Some(charge) = case.covered {
        text.push_str(&format!(
            "\nIt was charged before as entry {charge}: the same answer is given again and costs nothing."
        ));
    }
    text
}

fn broken(rules: &[Rule]) -> String {
    let mut text = "It would be refused:".to_owned();
    for Rule { code, what, allowed, next } in rules {
        text.push_str(&format!("\n  {code}: {what}"));
        if !allowed.is_empty() {
            text.push_str(&format!("\n    allowed: {allowed}"));
        }
        text.push_str(&format!("\n    mend: {next}"));
    }
    text
}

fn planned(plan: &Plan) -> String {
    let mut shown = table(["feature", "used as", "tables", "columns beside days"], &[]);
    for reads in &plan.features {
        shown.add_row([&reads.feature, reads.used, &reads.tables.join(", "), &reads.columns.join(", ")]);
    }
    let rows = if plan.by_person {
        "a row a person, because some are left out or in several cells"
    } else {
        "a row a cell"
    };
    let persons = plan.tables_of_persons.join(", ");
    let features = if plan.features.is_empty() { String::new() } else { format!("{shown}\n") };
    format!(
        "{features}Who is counted is told by {persons}. {} of the query's {} cells are this node's; the database gives {rows}.\n\
         query {} in the audit log, {} in the ledger",
        plan.cells,
        plan.cells_in_all,
        short(plan.query),
        short(plan.charged)
    )
}

#[cfg(test)]
mod tests;
