//! `tvaers-node certificate renew`.

use tvaers_host::output::{Format, Output};
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_link::identity::Identity;
use tvaers_protocol::problem::{Exit, Problem};

use crate::app;
use crate::audit::event::{CertificateRenewed, Event};
use crate::cli::looking;
use crate::home::Home;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// A new self-signed certificate for the same key: the roster, which pins the key, stays as it is
    Renew,
}

pub(super) fn run(home: &Home, command: &Command, output: Output) -> Result<(), Problem> {
    let Command::Renew = command;
    let config = app::config(home)?;
    let (certificate, key) = (home.keys().join("tls.crt"), home.keys().join("tls.key"));
    // A log that another user makes is one that the service cannot write; and without a log nothing is renewed.
    looking::own(home)?;
    let now = SystemClock.now();
    let audit = app::audit_log(home, app::software()?, now)?;
    let renewed = Identity::renew(&certificate, &key, config.id.as_str(), now);
    let renewed = renewed.map_err(|error| {
        Problem::from_error(Exit::Failed, "certificate.renew", &error)
            .next("a certificate of your own authority is renewed there and put at keys/tls.crt")
    })?;
    let (spki, until) = (renewed.certificate().spki, renewed.certificate().valid_until);
    // When it ends is known only now. Should this fail, the next start tells it.
    let event = Event::CertificateRenewed(CertificateRenewed { spki, valid_until: until });
    app::tell(&audit, home, now, Some(event))?;
    match output.format {
        Format::Json => output.result(serde_json::json!({ "valid_until": until })),
        Format::Text => output.note(format_args!(
            "{} is valid until {until}.\nNext: restart the service (`systemctl restart tvaers-node`).",
            certificate.display()
        )),
    }
    Ok(())
}
