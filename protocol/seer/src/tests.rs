use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqlitePoolOptions;
use tvaers_protocol::audit::Seer;
use tvaers_protocol::id::Digest;
use tvaers_protocol::sign::SigningKey;

use super::*;

/// The tables of those who remember, as each makes its own.
const SCHEMAS: [&str; 2] = [
    include_str!("../../../node/migrations/0030_heads.sql"),
    include_str!("../../../coordinator/migrations/0004_heads.sql"),
];

async fn memory(schema: &'static str) -> SqlitePool {
    // One connection, or each would have a database of its own.
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    sqlx::raw_sql(schema).execute(&pool).await.unwrap();
    pool
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
    let by = Seer::Witness(NodeId::new("k376").unwrap());
    let word = Countersignature { by, head: head.log_head_digest(), time: now };
    Signed::countersignature(word, &SigningKey::from_seed(&[2; 32]))
}

/// Shows a head to one who is believed to remember `seen`; whether it is countersigned, or how many entries the head has
/// that is remembered instead.
async fn show(
    pool: &SqlitePool,
    head: &Signed<LogHead>,
    seen: Option<&Signed<LogHead>>,
    now: Timestamp,
) -> Result<(), Option<u64>> {
    let seen = seen.map_or(Digest::NONE, Signed::log_head_digest);
    let ask = AskCountersign { head: head.clone(), seen, recovers: false };
    match keep(pool, &ask, word(head, now), now).await.unwrap() {
        Kept::Yes(word) => {
            assert!(
                word.seen(head.log_head_digest(), &SigningKey::from_seed(&[2; 32]).verifying_key()).is_ok()
            );
            Ok(())
        }
        Kept::No(before) => Err(before.map(|before| before.content.entries)),
    }
}

async fn entries(pool: &SqlitePool) -> Vec<u64> {
    let heads: Vec<SeenHead> = all(pool, None).try_collect().await.unwrap();
    heads.iter().map(|seen| seen.head.content.entries).collect()
}

#[tokio::test]
async fn a_seer_goes_on_only_from_what_it_remembers_and_gives_the_same_word_again() {
    for schema in SCHEMAS {
        let pool = memory(schema).await;
        let (one, two, three) = (head(1, 1, 1), head(1, 2, 2), head(1, 3, 3));
        assert_eq!(show(&pool, &two, Some(&one), at(0)).await, Err(None), "it has seen nothing yet");
        assert_eq!(show(&pool, &one, None, at(0)).await, Ok(()));
        assert_eq!(
            show(&pool, &three, None, at(0)).await,
            Err(Some(1)),
            "the node does not know what it saw"
        );
        assert_eq!(show(&pool, &three, Some(&one), at(0)).await, Ok(()));
        assert_eq!(
            show(&pool, &two, Some(&three), at(0)).await,
            Err(Some(3)),
            "what was on its way for longer"
        );
        let again = AskCountersign { head: three.clone(), seen: Digest::NONE, recovers: false };
        let Kept::Yes(first) = keep(&pool, &again, word(&three, at(5)), at(5)).await.unwrap() else {
            panic!()
        };
        assert_eq!(first.content.time, at(0), "asked again because the answer was lost");
        // Nor does it go back, whatever is said of recovery.
        let back = AskCountersign { head: one, seen: three.log_head_digest(), recovers: true };
        assert!(matches!(
            keep(&pool, &back, word(&back.head, at(5)), at(5)).await.unwrap(),
            Kept::No(Some(_))
        ));
        assert_eq!(entries(&pool).await, [2, 1, 3]);
    }
}

#[tokio::test]
async fn a_fork_a_cut_and_a_new_beginning_are_refused_and_both_sides_of_them_are_kept() {
    for schema in SCHEMAS {
        let pool = memory(schema).await;
        let (first, second) = (head(1, 5, 5), head(1, 9, 9));
        assert_eq!(show(&pool, &first, None, at(0)).await, Ok(()));
        assert_eq!(show(&pool, &second, Some(&first), at(0)).await, Ok(()));
        for wrong in [head(1, 9, 8), head(1, 7, 7), head(2, 20, 20), head(2, 1, 2)] {
            assert_eq!(show(&pool, &wrong, Some(&second), at(0)).await, Err(Some(9)));
            assert_eq!(show(&pool, &wrong, Some(&second), at(0)).await, Err(Some(9)), "and kept once");
        }
        assert_eq!(entries(&pool).await, [5, 9, 9, 7, 20, 1]);
        // Answered for, one goes on from the new beginning, and what was seen before stays.
        let new = head(2, 20, 20);
        let ask = AskCountersign { head: new.clone(), seen: second.log_head_digest(), recovers: true };
        assert!(matches!(keep(&pool, &ask, word(&new, at(1)), at(1)).await.unwrap(), Kept::Yes(_)));
        assert_eq!(show(&pool, &head(2, 21, 21), Some(&new), at(2)).await, Ok(()));
        assert_eq!(entries(&pool).await, [5, 9, 9, 7, 1, 20, 21]);
    }
}

#[tokio::test]
async fn of_what_is_long_ago_a_head_a_day_stays_and_evidence_is_not_pushed_out() {
    for schema in SCHEMAS {
        let pool = memory(schema).await;
        let mut before = None;
        for entry in 1..=1_100_u32 {
            let next = head(1, entry.into(), 1);
            assert_eq!(show(&pool, &next, before.as_ref(), at(entry.into())).await, Ok(()));
            before = Some(next);
        }
        // Hours 1 to 100 are of five days, of which the first has no hour 0.
        let expected: Vec<u64> = [1, 24, 48, 72, 96].into_iter().chain(101..=1_100).collect();
        assert_eq!(entries(&pool).await, expected);
        for entry in 1..=100 {
            assert_eq!(show(&pool, &head(2, entry, 1), before.as_ref(), at(1_101)).await, Err(Some(1_100)));
        }
        let kept = entries(&pool).await;
        let evidence: Vec<u64> = (1..=32).chain(69..=100).collect();
        assert_eq!((&kept[..1_005], &kept[1_005..]), (expected.as_slice(), evidence.as_slice()));
    }
}
