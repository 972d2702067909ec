//! `tvaers serve`.

use std::sync::Arc;

use tvaers_host::output::{Format, Output};
use tvaers_host::process::PidFile;
use tvaers_host::{log, process};
use tvaers_link::link::CloseCode;
use tvaers_protocol::problem::{Exit, Problem};

use crate::home::Home;
use crate::{app, control, requests, serve};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Stop when standard input ends, as it does when the parent process dies
    #[arg(long, hide = true)]
    with_stdin: bool,
}

pub(super) async fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    process::leave_no_core()
        .map_err(|error| Problem::from_error(Exit::Failed, "core", &error).at("the limit of core files"))?;
    log::start(&home.log()).map_err(|error| Problem::from_error(Exit::Failed, "log", &error))?;
    let _pid = PidFile::take(&home.pid())
        .map_err(|error| Problem::from_error(Exit::Failed, "pid", &error).next("stop the other one first"))?;
    let (coordinator, mut listener) = app::open(home).await?;
    let socket = home.socket();
    let control =
        |error: std::io::Error| Problem::from_error(Exit::Failed, "control", &error).at(socket.display());
    // Before anyone is told that it listens: whoever is told may ask at once.
    let clients = control::bind(&socket).map_err(control)?;
    let address = listener.local_addr();
    tracing::info!(address = %address, software = app::SOFTWARE, "the coordinator starts");
    // Before any client is heard, so that what was asked first is carried out first.
    requests::go_on(&coordinator).await?;
    match output.format {
        Format::Json => output.result(serde_json::json!({ "listening": address })),
        Format::Text => {
            output.note(format_args!("The coordinator listens on {address} (UDP). Stop it with Ctrl-C."))
        }
    }
    tokio::select! {
        () = serve::listen(&coordinator, &mut listener) => {}
        ended = control::serve(Arc::clone(&coordinator), clients) => ended.map_err(control)?,
        stopped = process::until_stopped(args.with_stdin) => {
            stopped.map_err(|error| Problem::from_error(Exit::Failed, "signals", &error))?;
        }
    }
    listener.close(CloseCode::Goodbye).await;
    tracing::info!("the coordinator stops");
    // A socket that nobody listens on would mislead; a missing one is no problem.
    let _ = std::fs::remove_file(&socket);
    Ok(())
}
