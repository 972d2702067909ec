use crate::home::Home;
use tvaers_host::output::Output;
use tvaers_protocol::problem::Problem;
#[derive(Debug, clap::Args)]
pub(super) struct Args {}
pub(super) fn run(_: &Home, _: &Args, _: Output) -> Result<(), Problem> {
    Ok(())
}
