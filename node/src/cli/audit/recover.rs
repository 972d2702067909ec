//! `tvaers-node audit recover`: the honest way on for a node whose newest audit log is lost for good. Nothing comes back
//! by it; the log says what it lacks, who saw that, and who answers for it.

use jiff::Timestamp;
use tvaers_host::output::Output;
use tvaers_host::process;
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::sign::VerifyingKey;

use crate::app;
use crate::audit::event::{Event, LogRecovered};
use crate::cli::ledger::{check_approval, name};
use crate::cli::looking::{block_on, own};
use crate::heads::lost::{self, Lost};
use crate::home::Home;
use crate::ledger::name::Name;
use crate::state::State;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Who answers for it: two persons whom the policy lets raise a budget
    #[arg(long, value_name = "NAME", required = true, value_parser = name)]
    approved_by: Vec<Name>,
}

pub(super) fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    let answered = block_on(recover(home, &args.approved_by, SystemClock.now()))?;
    for lost in &answered {
        let entries = lost.head.content.entries;
        output
            .note(format_args!("the loss of a log of {entries} entries, which {} saw, is logged", lost.seer));
    }
    Ok(())
}

async fn recover(home: &Home, approved_by: &[Name], now: Timestamp) -> Result<Vec<Lost>, Problem> {
    own(home)?;
    if let Some(pid) = process::running(&home.pid()) {
        let what = format!("process {pid} serves this node");
        return Err(Problem::new(Exit::BadInput, "audit.serving", what).next("stop it first"));
    }
    let key = app::enrolment(home)?.signing;
    let state = app::state(home).await?;
    let done = answer(home, &state, approved_by, &key, now).await;
    state.close().await;
    done
}

async fn answer(
    home: &Home,
    state: &State,
    approved_by: &[Name],
    key: &VerifyingKey,
    now: Timestamp,
) -> Result<Vec<Lost>, Problem> {
    check_approval(home, state, approved_by, "audit.approval").await?;
    let ledger = app::ledger(state).await?;
    let audit = app::audit(home, &ledger, app::software()?, now).await?;
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Problem::from_error(Exit::Failed, "audit.recover", error).next("look at disk space and rights")
    };
    let noted = lost::all(&state.pool()).await.map_err(|error| failed(&error))?;
    let lacking = lost::lacking(noted, &home.audit(), key).map_err(|error| failed(&error))?;
    for lost in &lacking {
        let (head, seer) = (lost.head.clone(), lost.seer.clone());
        let event = Event::LogRecovered(LogRecovered { lost: head, seer, approved_by: approved_by.to_vec() });
        let entry = audit.record(now, vec![event]).await.map_err(|error| failed(&error))?.entries;
        // After the log has it: what breaks off here is answered for once more.
        lost::answer(&state.pool(), &lost.head, entry).await.map_err(|error| failed(&error))?;
    }
    if lacking.is_empty() {
        let what = "nobody has shown this node that its audit log lost anything";
        return Err(Problem::new(Exit::BadInput, "audit.nothing-lost", what)
            .next("serve: the node shows its log's head, and stops where others saw more"));
    }
    Ok(lacking)
}
