//! The coordinator's part in making a study's key: it carries packages between holders and learns nothing.

use std::time::Duration;

use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::{
    KeyConfirmed, KeyPin, KeyPinned, KeyRound1, KeyRound1Package, KeyRound2, KeyRound2Packages, KeyRound3,
};
use tvaers_protocol::problem::Problem;

use crate::session::Session;

/// For a holder to work out one round: milliseconds of work, and a slow network.
const ROUND_TIME: Duration = Duration::from_secs(60);

/// Runs the three rounds, then has every participant pin the confirmed key.
pub(crate) async fn run(session: &Session<'_>) -> Result<(), Problem> {
    let holders: &[NodeId] = &session.manifest().holders;
    let first: Vec<KeyRound1Package> = session.ask_all(holders, |_| KeyRound1 {}, ROUND_TIME).await?;
    let packages: Vec<_> = first.into_iter().map(|reply| reply.package).collect();
    let second: Vec<KeyRound2Packages> =
        session.ask_all(holders, |_| KeyRound2 { packages: packages.clone() }, ROUND_TIME).await?;
    let sealed: Vec<_> = second.into_iter().flat_map(|reply| reply.packages).collect();
    let for_holder = |holder: &NodeId| {
        let index = session.manifest().holder_index(holder);
        let packages = sealed.iter().filter(|package| Some(package.content.to) == index).cloned().collect();
        KeyRound3 { packages }
    };
    let third: Vec<KeyConfirmed> = session.ask_all(holders, for_holder, ROUND_TIME).await?;
    let confirmations: Vec<_> = third.into_iter().map(|reply| reply.confirmation).collect();
    let nodes = session.nodes();
    let _: Vec<KeyPinned> =
        session.ask_all(&nodes, |_| KeyPin { confirmations: confirmations.clone() }, ROUND_TIME).await?;
    Ok(())
}
