use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use tvaers_protocol::audit::SeenHead;
use tvaers_protocol::id::Digest;
use tvaers_protocol::sign::SigningKey;

use super::*;
use crate::state::State;

async fn show(state: &State, entries: u64, seen: Digest) -> Digest {
    let (node, now) = (NodeId::new("k360").unwrap(), Timestamp::UNIX_EPOCH);
    let head = LogHead { node, log: Digest([1; 32]), entries, head: Digest([2; 32]), time: now };
    let head = Signed::log_head(head, &SigningKey::from_seed(&[1; 32]));
    let digest = head.log_head_digest();
    let word = Countersignature { by: Seer::Coordinator, head: digest, time: now };
    let word = Signed::countersignature(word, &SigningKey::from_seed(&[2; 32]));
    let ask = AskCountersign { head, seen, recovers: false };
    assert!(matches!(keep(state.pool(), &ask, word, now).await.unwrap(), Kept::Yes(_)));
    digest
}

async fn entries(state: &State, of: Option<&NodeId>) -> Vec<u64> {
    let heads: Vec<SeenHead> = tvaers_seer::all(state.pool(), of).try_collect().await.unwrap();
    heads.iter().map(|seen| seen.head.content.entries).collect()
}

#[tokio::test]
async fn heads_of_one_node_are_read_beside_a_database_that_is_written_to() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.sqlite");
    let state = State::open(&path).await.unwrap();
    let first = show(&state, 5, Digest::NONE).await;
    let looked = State::look(&path).await.unwrap();
    let of = |name: &str| Some(NodeId::new(name).unwrap());
    for (node, found) in [(None, vec![5]), (of("k360"), vec![5]), (of("k376"), vec![])] {
        assert_eq!(entries(&looked, node.as_ref()).await, found, "{node:?}");
    }
    show(&state, 6, first).await;
    assert_eq!(entries(&looked, None).await, [5, 6]);
}
