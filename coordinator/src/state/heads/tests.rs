use futures_util::TryStreamExt as _;
use tvaers_protocol::audit::Seer;
use tvaers_protocol::id::Digest;
use tvaers_protocol::sign::SigningKey;

use super::*;

async fn memory() -> (tempfile::TempDir, State) {
    let dir = tempfile::tempdir().unwrap();
    let state = State::open(&dir.path().join("state.sqlite")).await.unwrap();
    (dir, state)
}

fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(hours * 3_600).unwrap()
}

/// A head of the log `log` with so many entries, of which `digest` is the last.
fn head(log: u8, entries: u64, digest: u8) -> Signed<LogHead> {
    let node = NodeId::new("k360").unwrap();
    let content = LogHead { node, log: Digest([log; 32]), entries, head: Digest([digest; 32]), time: at(0) };
    Signed::log_head(content, &SigningKey::from_seed(&[1; 32]))
}

fn word(head: &Signed<LogHead>, now: Timestamp) -> Signed<Countersignature> {
    let by = Seer::Coordinator;
    let word = Countersignature { by, head: head.log_head_digest(), time: now };
    Signed::countersignature(word, &SigningKey::from_seed(&[2; 32]))
}

/// Shows a head to one who is believed to remember `seen`; whether it is countersigned, or how many entries the head has
/// that is remembered instead.
async fn show(
    state: &State,
    head: &Signed<LogHead>,
    seen: Option<&Signed<LogHead>>,
    now: Timestamp,
) -> Result<(), Option<u64>> {
    let seen = seen.map_or(Digest::NONE, Signed::log_head_digest);
    let ask = AskCountersign { head: head.clone(), seen, recovers: false };
    match state.keep_head(&ask, word(head, now), now).await.unwrap() {
        Kept::Yes(word) => {
            assert!(
                word.seen(head.log_head_digest(), &SigningKey::from_seed(&[2; 32]).verifying_key()).is_ok()
            );
            Ok(())
        }
        Kept::No(before) => Err(before.map(|before| before.content.entries)),
    }
}

async fn entries(state: &State) -> Vec<u64> {
    let heads: Vec<SeenHead> = state.heads(None).try_collect().await.unwrap();
    heads.iter().map(|seen| seen.head.content.entries).collect()
}

#[tokio::test]
async fn a_seer_goes_on_only_from_what_it_remembers_and_gives_the_same_word_again() {
    let (_dir, state) = memory().await;
    let (one, two, three) = (head(1, 1, 1), head(1, 2, 2), head(1, 3, 3));
    assert_eq!(show(&state, &two, Some(&one), at(0)).await, Err(None), "it has seen nothing yet");
    assert_eq!(show(&state, &one, None, at(0)).await, Ok(()));
    assert_eq!(show(&state, &three, None, at(0)).await, Err(Some(1)), "the node does not know what it saw");
    assert_eq!(show(&state, &three, Some(&one), at(0)).await, Ok(()));
    assert_eq!(show(&state, &two, Some(&three), at(0)).await, Err(Some(3)), "what was on its way for longer");
    let again = AskCountersign { head: three.clone(), seen: Digest::NONE, recovers: false };
    let Kept::Yes(first) = state.keep_head(&again, word(&three, at(5)), at(5)).await.unwrap() else {
        panic!()
    };
    assert_eq!(first.content.time, at(0), "asked again because the answer was lost");
    // Nor does it go back, whatever is said of recovery.
    let back = AskCountersign { head: one, seen: three.log_head_digest(), recovers: true };
    assert!(matches!(
        state.keep_head(&back, word(&back.head, at(5)), at(5)).await.unwrap(),
        Kept::No(Some(_))
    ));
    assert_eq!(entries(&state).await, [2, 1, 3]);
}

#[tokio::test]
async fn a_fork_a_cut_and_a_new_beginning_are_refused_and_both_sides_of_them_are_kept() {
    let (_dir, state) = memory().await;
    let (first, second) = (head(1, 5, 5), head(1, 9, 9));
    assert_eq!(show(&state, &first, None, at(0)).await, Ok(()));
    assert_eq!(show(&state, &second, Some(&first), at(0)).await, Ok(()));
    for wrong in [head(1, 9, 8), head(1, 7, 7), head(2, 20, 20), head(2, 1, 2)] {
        assert_eq!(show(&state, &wrong, Some(&second), at(0)).await, Err(Some(9)));
        assert_eq!(show(&state, &wrong, Some(&second), at(0)).await, Err(Some(9)), "and kept once");
    }
    assert_eq!(entries(&state).await, [5, 9, 9, 7, 20, 1]);
    // Answered for, one goes on from the new beginning, and what was seen before stays.
    let new = head(2, 20, 20);
    let ask = AskCountersign { head: new.clone(), seen: second.log_head_digest(), recovers: true };
    assert!(matches!(state.keep_head(&ask, word(&new, at(1)), at(1)).await.unwrap(), Kept::Yes(_)));
    assert_eq!(show(&state, &head(2, 21, 21), Some(&new), at(2)).await, Ok(()));
    assert_eq!(entries(&state).await, [5, 9, 9, 7, 1, 20, 21]);
}

#[tokio::test]
async fn heads_of_one_node_are_read_beside_a_database_that_is_written_to() {
    let (dir, state) = memory().await;
    assert_eq!(show(&state, &head(1, 5, 5), None, at(0)).await, Ok(()));
    let looked = State::look(&dir.path().join("state.sqlite")).await.unwrap();
    let of = |name: &str| Some(NodeId::new(name).unwrap());
    for (node, count) in [(None, 1), (of("k360"), 1), (of("k376"), 0)] {
        let found: Vec<SeenHead> = looked.heads(node.as_ref()).try_collect().await.unwrap();
        assert_eq!(found.len(), count, "{node:?}");
    }
    assert_eq!(show(&state, &head(1, 6, 6), Some(&head(1, 5, 5)), at(0)).await, Ok(()));
    assert_eq!(entries(&looked).await, [5, 6]);
}
