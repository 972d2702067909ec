//! `tvaers-node audit heads`.

use std::path::PathBuf;

use futures_util::TryStreamExt as _;
use tvaers_host::heads::HeadsFile;
use tvaers_host::output::Output;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::{Exit, Problem};

use crate::cli::looking::{block_on, look_at};
use crate::home::Home;

/// A log that does not contain one of its node's heads was cut, changed or replaced after it was signed. Nothing is
/// changed, and the service may run meanwhile.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Of this node alone [default: of all]
    #[arg(long, value_name = "NODE")]
    of: Option<NodeId>,
    /// The file to write; none that is there is overwritten [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    let count = block_on(write(home, args))?;
    if let Some(out) = &args.out {
        output.note(format_args!("{count} heads are in {}.", out.display()));
    }
    Ok(())
}

async fn write(home: &Home, args: &Args) -> Result<u64, Problem> {
    let state = look_at(home).await?;
    let pool = state.pool();
    let mut file = HeadsFile::create(args.out.as_deref())?;
    let mut heads = Box::pin(tvaers_seer::all(&pool, args.of.as_ref()));
    let failed = |error| Problem::from_error(Exit::Failed, "state", &error).at(home.state().display());
    while let Some(head) = heads.try_next().await.map_err(failed)? {
        file.write(&head)?;
    }
    drop(heads);
    state.close().await;
    file.finish()
}
