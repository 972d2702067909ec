//! `tvaers audit heads`: what the coordinator saw of the nodes' audit logs, for who verifies one.

use std::path::PathBuf;

use futures_util::TryStreamExt as _;
use tvaers_host::heads::HeadsFile;
use tvaers_host::output::Output;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::{Exit, Problem};

use crate::app;
use crate::home::Home;
use crate::state::State;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Write the heads of nodes' audit logs that the coordinator saw, each with its own signature: one object a line
    ///
    /// A log that does not contain one of its node's heads was cut, changed or replaced after it was signed. Nothing is
    /// changed, and the service may run meanwhile.
    Heads {
        /// Of this node alone [default: of all]
        #[arg(long, value_name = "NODE")]
        of: Option<NodeId>,
        /// The file to write; none that is there is overwritten [default: standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

pub(super) async fn run(home: &Home, command: &Command, output: Output) -> Result<(), Problem> {
    let Command::Heads { of, out } = command;
    if !home.state().exists() {
        return Err(Problem::new(Exit::BadInput, "state.none", "the coordinator remembers nothing yet")
            .at(home.state().display())
            .expected("the folder of a coordinator that has served")
            .next("name it with --home"));
    }
    let state = State::look(&home.state()).await.map_err(|error| app::state_problem(home, &error))?;
    let mut file = HeadsFile::create(out.as_deref())?;
    let mut heads = Box::pin(tvaers_seer::all(state.pool(), of.as_ref()));
    let failed = |error| Problem::from_error(Exit::Failed, "state", &error).at(home.state().display());
    while let Some(head) = heads.try_next().await.map_err(failed)? {
        file.write(&head)?;
    }
    let count = file.finish()?;
    if let Some(out) = out {
        output.note(format_args!("{count} heads are in {}.", out.display()));
    }
    Ok(())
}
