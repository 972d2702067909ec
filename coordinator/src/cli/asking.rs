//! What every command has in common that asks in a person's name.

use std::path::PathBuf;

use tvaers_protocol::problem::Problem;
use tvaers_protocol::request::Under;

use crate::asker::Asker;
use crate::home::Home;
use crate::library::library;

#[derive(Debug, clap::Args)]
pub(super) struct Asking {
    /// Your own key file, as `tvaers analyst new` made it; it signs the request and is sent nowhere
    #[arg(long, value_name = "FILE", env = "TVAERS_KEY")]
    key: PathBuf,
    /// The roster that the nodes follow [default: the one in the coordinator's folder]
    #[arg(long, value_name = "FILE")]
    roster: Option<PathBuf>,
}

impl Asking {
    pub(super) fn open(&self, home: &Home) -> Result<Asker, Problem> {
        let roster = self.roster.clone().unwrap_or_else(|| home.roster());
        Asker::open(&self.key, &roster, library(home)?)
    }
}

/// A permit with its purpose.
pub(super) fn under(permit: &str, purpose: &str) -> Under {
    Under { permit: permit.to_owned(), purpose: purpose.to_owned() }
}
