//! The coordinator's part in making a study's key, or in refreshing that of its series: it carries packages between holders and learns nothing.

use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::{
    KeyConfirmation, KeyConfirmed, KeyRound1, KeyRound1Package, KeyRound2, KeyRound2Packages, KeyRound3,
    Signed,
};

use crate::failure::Failure;
use crate::repair;
use crate::session::Session;

/// Has lost shares made again, runs the three rounds, and gives every holder's confirmation, for all participants to check and pin.
pub(crate) async fn confirmations(session: &Session<'_>) -> Result<Vec<Signed<KeyConfirmation>>, Failure> {
    let manifest = session.manifest();
    let staying = manifest.staying().filter_map(|index| manifest.holder(index).cloned());
    let holders: &[NodeId] = &staying.collect::<Vec<_>>();
    repair::lost_shares(session).await?;
    let round = session.coordinator().limits().round;
    let first: Vec<KeyRound1Package> = session.ask_all(holders, |_| KeyRound1 {}, round).await?;
    let packages: Vec<_> = first.into_iter().map(|reply| reply.package).collect();
    let second: Vec<KeyRound2Packages> =
        session.ask_all(holders, |_| KeyRound2 { packages: packages.clone() }, round).await?;
    let sealed: Vec<_> = second.into_iter().flat_map(|reply| reply.packages).collect();
    let for_holder = |holder: &NodeId| {
        let index = manifest.holder_index(holder);
        let packages = sealed.iter().filter(|package| Some(package.content.to) == index).cloned().collect();
        KeyRound3 { packages }
    };
    let third: Vec<KeyConfirmed> = session.ask_all(holders, for_holder, round).await?;
    Ok(third.into_iter().map(|reply| reply.confirmation).collect())
}
