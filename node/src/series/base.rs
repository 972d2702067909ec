//! What a run of a series goes on from.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tvaers_protocol::id::NodeId;
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::study::{Manifest, utc_date};
use tvaers_pseudonym::key::{KeyShare, PublicKeys};
use tvaers_pseudonym::seed::BlindSeed;

use crate::node::Node;
use crate::refusal::Refusal;
use crate::series;

/// What this node has kept of earlier runs; nothing for a run that makes a key of its own.
#[derive(Default)]
pub(crate) struct Base {
    /// The file; none where this node has not taken part before.
    pub(crate) file: Option<PathBuf>,
    /// The public keys that are refreshed; none where this node was away when they were made.
    pub(crate) keys: Option<PublicKeys>,
    /// The group key of all epochs; none where this node has not taken part before.
    pub(crate) group: Option<[u8; 32]>,
    /// This node's share of them.
    pub(crate) share: Option<Arc<KeyShare>>,
    /// What hides the event secrets of persons who are known; none where it does not open any more.
    pub(crate) hiding: Option<Arc<BlindSeed>>,
    /// What each requester has had evaluated in other runs.
    pub(crate) carried: BTreeMap<NodeId, u32>,
}

impl Base {
    /// What a run goes on from at this node, if the run is one that may.
    ///
    /// # Errors
    /// [`Refusal`] where it goes on from another series, key or place than this node has, or says that this node has lost
    /// its share where it has not.
    pub(crate) async fn of(node: &Node, manifest: &Manifest) -> Result<Self, Refusal> {
        let (Some(follows), Some(first)) = (&manifest.follows, manifest.first_run()) else {
            return Ok(Self::default());
        };
        let path = node.home().series(&first.to_string());
        let Some(kept) = series::open(&path).await.map_err(Refusal::internal)? else {
            // All that a node that is new to a series can know is what its holders confirm.
            return match manifest.share_index(&node.config().id) {
                None => Ok(Self::default()),
                Some(_) => {
                    Err(other("this node has no share of the series' key, and the study says that it has"))
                }
            };
        };
        let read = async {
            Ok::<_, crate::work::WorkError>((
                kept.head().await?,
                kept.epochs().await?,
                kept.accounts(manifest.digest()).await?,
            ))
        };
        let read = read.await;
        kept.close().await;
        let (head, epochs, accounts) = read.map_err(Refusal::internal)?;
        if head.first != follows.first || head.manifest.holders != manifest.holders {
            return Err(other("the study goes on with another series than this node has under that run"));
        }
        if head.manifest.model != manifest.model || head.manifest.threshold != manifest.threshold {
            return Err(other("the study has another model or threshold than the series"));
        }
        if head.manifest.series_permit() != manifest.series_permit() {
            return Err(other("the study is asked for under another permit than the series"));
        }
        if head.until < utc_date(node.clock().now()) {
            return Err(Refusal::because(RejectCode::StudyClosed, "the last day of the series is over"));
        }
        let group = epochs.first().map(|epoch| *epoch.keys.group());
        let base = epochs.into_iter().find(|epoch| epoch.keys.digest() == follows.before);
        let share = base.as_ref().and_then(|epoch| epoch.share.as_ref());
        let share = share.and_then(|sealed| KeyShare::open(&head.first, node.sealing(), sealed).ok());
        let own = manifest.share_index(&node.config().id);
        let is_lost = own.is_some_and(|own| follows.lost.contains(&own));
        if let Some(own) = own {
            // A share that is made again where there is one would be given to somebody else.
            if is_lost == share.as_ref().is_some_and(|share| share.index() == own) {
                return Err(other("the study says otherwise than this node of its share of the series' key"));
            }
            if base.is_none() {
                return Err(other("this node does not have the key that would be refreshed"));
            }
        }
        let hiding = BlindSeed::open(&head.first, node.sealing(), &head.hiding).ok();
        Ok(Self {
            file: Some(path),
            keys: base.map(|epoch| epoch.keys),
            group,
            share: share.map(Arc::new),
            hiding: hiding.map(Arc::new),
            carried: accounts.into_iter().collect(),
        })
    }

    /// How many more persons a holder may evaluate for a requester whom the roster allows so many.
    pub(crate) fn left(&self, requester: &NodeId, evaluations_max: u32) -> u32 {
        evaluations_max.saturating_sub(self.carried.get(requester).copied().unwrap_or(0))
    }
}

fn other(reason: &'static str) -> Refusal {
    Refusal::because(RejectCode::OtherStudy, reason)
}
