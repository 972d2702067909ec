//! `tvaers serve`.

use std::sync::Arc;

use tvaers_host::output::{Format, Output};
use tvaers_host::{log, process};
use tvaers_link::link::CloseCode;
use tvaers_protocol::problem::{Exit, Problem};

use crate::home::Home;
use crate::{app, control, serve};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Stop when standard input ends, as it does when the parent process dies
    #[arg(long, hide = true)]
    with_stdin: bool,
}

pub(super) async fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    log::start(&home.log()).map_err(|error| Problem::from_error(Exit::Failed, "log", &error))?;
    let (coordinator, mut listener) = app::open(home).await?;
    process::write_pid(&home.pid()).map_err(|error| Problem::from_error(Exit::Failed, "pid", &error))?;
    let address = listener.local_addr();
    tracing::info!(address = %address, software = app::SOFTWARE, "the coordinator starts");
    match output.format {
        Format::Json => output.result(serde_json::json!({ "listening": address })),
        Format::Text => output.note(format_args!("The coordinator listens on {address} (UDP). Stop it with Ctrl-C.")),
    }
    let socket = home.socket();
    tokio::select! {
        () = serve::listen(&coordinator, &mut listener) => {}
        ended = control::serve(Arc::clone(&coordinator), &socket) => {
            ended.map_err(|error| Problem::from_error(Exit::Failed, "control", &error).at(socket.display()))?;
        }
        stopped = process::until_stopped(args.with_stdin) => {
            stopped.map_err(|error| Problem::from_error(Exit::Failed, "signals", &error))?;
        }
    }
    listener.close(CloseCode::Goodbye).await;
    tracing::info!("the coordinator stops");
    // The files of a process that has stopped would mislead; missing ones are no problem.
    let _ = std::fs::remove_file(home.pid());
    let _ = std::fs::remove_file(&socket);
    Ok(())
}
