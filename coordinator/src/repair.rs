//! The coordinator's part in making lost shares again: it carries packages between holders and learns nothing.

use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::{
    RepairAdd, RepairAdded, RepairDeal, RepairDealt, RepairRecover, RepairRecovered,
};

use crate::failure::Failure;
use crate::session::Session;

/// Has every share that the manifest says is lost made again by the holders that it names.
pub(crate) async fn lost_shares(session: &Session<'_>) -> Result<(), Failure> {
    let manifest = session.manifest();
    let lost = manifest.follows.as_ref().map_or(&[][..], |follows| &follows.lost);
    if lost.is_empty() {
        return Ok(());
    }
    let round = session.coordinator().limits().round;
    let named = |index: u16| manifest.holder(index).cloned();
    let helpers: Vec<NodeId> = manifest.helpers().filter_map(named).collect();
    let dealt: Vec<RepairDealt> = session.ask_all(&helpers, |_| RepairDeal {}, round).await?;
    let (packages, parts): (Vec<_>, Vec<_>) =
        dealt.into_iter().map(|reply| (reply.packages, reply.parts)).unzip();
    let (packages, parts) = (packages.concat(), parts.concat());
    let to_helper = |helper: &NodeId| {
        let index = manifest.holder_index(helper);
        let parts = parts.iter().filter(|part| Some(part.content.to) == index).cloned().collect();
        RepairAdd { packages: packages.clone(), parts }
    };
    let added: Vec<RepairAdded> = session.ask_all(&helpers, to_helper, round).await?;
    let sums: Vec<_> = added.into_iter().flat_map(|reply| reply.sums).collect();
    let losers: Vec<NodeId> = lost.iter().copied().filter_map(named).collect();
    let to_loser = |loser: &NodeId| {
        let index = manifest.holder_index(loser);
        let packages = packages.iter().filter(|package| Some(package.content.lost) == index);
        let sums = sums.iter().filter(|sum| Some(sum.content.to) == index);
        RepairRecover { packages: packages.cloned().collect(), sums: sums.cloned().collect() }
    };
    let _: Vec<RepairRecovered> = session.ask_all(&losers, to_loser, round).await?;
    Ok(())
}
