//! `tvaers-node serve`.

use tvaers_host::output::Output;
use tvaers_host::process::PidFile;
use tvaers_host::{log, process};
use tvaers_link::clock::SystemClock;
use tvaers_protocol::problem::{Exit, Problem};

use crate::home::Home;
use crate::{app, serve};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Dial this address instead of the configured one
    #[arg(long, value_name = "HOST:PORT")]
    coordinator: Option<String>,
    /// Stop when standard input ends, as it does when the parent process dies
    #[arg(long, hide = true)]
    with_stdin: bool,
}

pub(super) fn run(home: Home, args: &Args, output: Output) -> Result<(), Problem> {
    process::leave_no_core()
        .map_err(|error| Problem::from_error(Exit::Failed, "core", &error).at("the limit of core files"))?;
    log::start(&home.log()).map_err(|error| Problem::from_error(Exit::Failed, "log", &error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::from_error(Exit::Failed, "runtime", &error))?;
    runtime.block_on(serving(home, args, output))
}

async fn serving(home: Home, args: &Args, output: Output) -> Result<(), Problem> {
    let _pid = PidFile::take(&home.pid())
        .map_err(|error| Problem::from_error(Exit::Failed, "pid", &error).next("stop the other one first"))?;
    let (node, dialer, config) = app::open(home, std::sync::Arc::new(SystemClock)).await?;
    let address = args.coordinator.clone().unwrap_or(config.coordinator);
    output.note(format_args!("Node `{}` serves; it dials {address}. Stop it with Ctrl-C.", config.id));
    tracing::info!(node.id = %config.id, software = app::SOFTWARE, "the node starts");
    let ended = tokio::select! {
        () = serve::run(std::sync::Arc::clone(&node), dialer, &address) => Ok(()),
        () = serve::sweep(std::sync::Arc::clone(&node)) => Ok(()),
        () = serve::watch_policy(std::sync::Arc::clone(&node)) => Ok(()),
        () = serve::heads(std::sync::Arc::clone(&node)) => Ok(()),
        () = serve::revocations(std::sync::Arc::clone(&node)) => Ok(()),
        problem = node.until_behind() => Err(problem),
        stopped = process::until_stopped(args.with_stdin) => {
            stopped.map_err(|error| Problem::from_error(Exit::Failed, "signals", &error))
        }
    };
    serve::stop(&node).await;
    tracing::info!(node.id = %config.id, "the node stops");
    ended
}
