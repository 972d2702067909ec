use sqlx::sqlite::SqlitePoolOptions;
use tvaers_protocol::id::Digest;
use tvaers_protocol::sign::SigningKey;

use super::*;

async fn memory() -> SqlitePool {
    // One connection, or each would have a database of its own.
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    sqlx::migrate!("./migrations").run(&pool).await.unwrap();
    pool
}

fn standing(entries: u64, head: u8) -> Standing {
    Standing { entries, head: Digest([head; 32]), life: entries, policy_version: 1, policy: Digest([9; 32]) }
}

fn shown(seen: Standing, shows: Standing, recovers: bool) -> Signed<Presentation> {
    let id = |name: &str| NodeId::new(name).unwrap();
    let content = Presentation {
        node: id("k360"),
        witness: id("k376"),
        nonce: Digest([1; 32]),
        time: Timestamp::UNIX_EPOCH,
        seen,
        shows,
        recovers,
    };
    Signed::presentation(content, &SigningKey::from_seed(&[1; 32]))
}

/// What becomes of a presentation: kept, nothing remembered, or how many entries are remembered instead.
async fn told(pool: &SqlitePool, presentation: &Signed<Presentation>) -> Result<(), Option<u64>> {
    match keep(pool, presentation, Timestamp::UNIX_EPOCH).await.unwrap() {
        Kept::Yes => Ok(()),
        Kept::No(before) => Err(Some(before.content.shows.entries)),
        Kept::Nothing => Err(None),
    }
}

#[tokio::test]
async fn a_witness_goes_on_only_from_what_it_remembers() {
    let pool = memory().await;
    let (one, two, three) = (standing(1, 1), standing(2, 2), standing(3, 3));
    assert_eq!(told(&pool, &shown(one, two, false)).await, Err(None), "it has seen nothing yet");
    assert_eq!(told(&pool, &shown(Standing::NONE, one, false)).await, Ok(()));
    assert_eq!(told(&pool, &shown(Standing::NONE, three, false)).await, Err(Some(1)));
    assert_eq!(told(&pool, &shown(one, three, false)).await, Ok(()));
    assert_eq!(told(&pool, &shown(one, three, false)).await, Ok(()), "asked again");
    // What was on its way for longer changes nothing.
    assert_eq!(told(&pool, &shown(one, two, false)).await, Err(Some(3)));
}

#[tokio::test]
async fn the_version_of_a_policy_is_not_forgotten_for_one_that_counts_none() {
    let pool = memory().await;
    let of = |entries, policy_version| Standing { policy_version, ..standing(entries, 1) };
    assert_eq!(told(&pool, &shown(Standing::NONE, of(1, 0), false)).await, Ok(()));
    assert_eq!(told(&pool, &shown(of(1, 0), of(2, 2), false)).await, Ok(()));
    assert_eq!(told(&pool, &shown(of(2, 2), of(3, 0), false)).await, Err(Some(2)), "a laboratory's");
    assert_eq!(told(&pool, &shown(of(3, 0), of(4, 1), false)).await, Err(Some(2)), "an older one after it");
    assert_eq!(told(&pool, &shown(of(2, 2), of(4, 2), false)).await, Ok(()));
}

#[tokio::test]
async fn of_two_copies_that_went_on_the_witness_stays_with_the_first() {
    let pool = memory().await;
    let (common, original, copy) = (standing(5, 5), standing(7, 7), standing(8, 8));
    assert_eq!(told(&pool, &shown(Standing::NONE, common, false)).await, Ok(()));
    assert_eq!(told(&pool, &shown(common, original, false)).await, Ok(()));
    assert_eq!(told(&pool, &shown(common, copy, false)).await, Err(Some(7)));
    assert_eq!(told(&pool, &shown(common, standing(7, 8), false)).await, Err(Some(7)));
    assert_eq!(told(&pool, &shown(original, standing(6, 6), false)).await, Err(Some(7)), "shorter");
    assert_eq!(told(&pool, &shown(original, Standing { life: 7, ..standing(6, 6) }, true)).await, Ok(()));
}
