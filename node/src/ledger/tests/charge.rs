//! One request after the other.

use super::*;
use crate::ledger::claim::{Head, Scope, Source};
use crate::ledger::{GROUP_MAX, RELEASE_BYTES_MAX, WINDOWS_MAX};

#[tokio::test]
async fn a_retry_is_charged_once_and_answered_with_the_stored_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir.path().join("state.sqlite")).await;
    let first = charged(&ledger, &claim(1, "p", 1)).await;
    assert_eq!((first.number, first.nano_rho, first.import), (1, rho(PRICE), 1));
    assert_eq!(charged(&ledger, &claim(1, "p", 1)).await, first);
    let release = ledger.store_release(1, b"noisy 41".to_vec(), noon()).await.unwrap();
    assert_eq!(release.body, b"noisy 41");
    let again = ledger.store_release(1, b"noisy 43".to_vec(), noon()).await.unwrap();
    assert!(again == release, "a second release is the first one");
    assert!(stored(&ledger, &claim(1, "p", 1)).await == release);
    // And so it is for a node that was restarted.
    let reopened = open(&dir.path().join("state.sqlite")).await;
    assert!(stored(&reopened, &claim(1, "p", 1)).await == release);
    assert_eq!(reopened.totals().await.unwrap().life, rho(PRICE));
}

#[tokio::test]
async fn a_retry_is_answered_also_when_the_data_is_newer() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir.path().join("state.sqlite")).await;
    let over = |request, import| Claim::query(digest(request), name("p"), requester(), digest(1), import, 0);
    let first = charged(&ledger, &over(1, 1)).await;
    assert_eq!(
        charged(&ledger, &over(1, 2)).await,
        first,
        "the charge stands for the import that it was for"
    );
    ledger.store_release(first.number, b"a".to_vec(), noon()).await.unwrap();
    assert_eq!(stored(&ledger, &over(1, 2)).await.body, b"a");
    // Another request for the same query over newer data is another answer.
    assert_eq!(charged(&ledger, &over(2, 2)).await.import, 2);
}

#[tokio::test]
async fn the_identical_query_is_charged_once_whoever_asks() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir.path().join("state.sqlite")).await;
    let first = charged(&ledger, &claim(1, "p", 1)).await;
    assert_eq!(charged(&ledger, &claim(2, "p", 1)).await, first, "charged and not yet released");
    ledger.store_release(first.number, b"a".to_vec(), noon()).await.unwrap();
    for request in [2, 3, 3] {
        assert_eq!(stored(&ledger, &claim(request, "p", 1)).await.body, b"a");
    }
    let past = ledger.history(None, 0, 10).await.unwrap();
    assert_eq!(past.len(), 1);
    assert_eq!((past[0].repetitions, past[0].released), (2, true));
    // Another query, another import, another repetition and another permit are charged.
    let other = |request, permit, query, import, repetition| {
        Claim::query(digest(request), name(permit), requester(), digest(query), import, repetition)
    };
    for (count, claim) in [
        (2, other(4, "p", 2, 1, 0)),
        (3, other(5, "p", 1, 2, 0)),
        (4, other(6, "p", 1, 1, 1)),
        (5, other(7, "q", 1, 1, 0)),
    ] {
        charged(&ledger, &claim).await;
        assert_eq!(charges(&ledger).await, count);
    }
}

#[tokio::test]
async fn an_id_cannot_be_used_for_another_question() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir.path().join("state.sqlite")).await;
    charged(&ledger, &claim(1, "p", 1)).await;
    for other in [claim(1, "p", 2), claim(1, "q", 1)] {
        let error = error(ledger.charge(&other, noon(), no_windows, within(100)).await);
        assert_eq!(error.code(), "ledger.reused");
    }
    assert_eq!(charges(&ledger).await, 1);
}

#[tokio::test]
async fn two_permits_have_their_own_budgets_and_one_for_life() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir.path().join("state.sqlite")).await;
    let seen = |claim: Claim| {
        let ledger = &ledger;
        async move {
            let mut seen = None;
            let admit = |spent: &Spent| {
                seen = Some((spent.permit, spent.life));
                Ok::<_, ()>(rho(PRICE))
            };
            ledger.charge(&claim, noon(), no_windows, admit).await.unwrap();
            seen.unwrap()
        }
    };
    assert_eq!(seen(claim(1, "p", 1)).await, (rho(0), rho(0)));
    assert_eq!(seen(claim(2, "q", 1)).await, (rho(0), rho(PRICE)));
    assert_eq!(seen(claim(3, "p", 2)).await, (rho(PRICE), rho(2 * PRICE)));
    let totals = ledger.totals().await.unwrap();
    assert_eq!(totals.life, rho(3 * PRICE));
    let permits: Vec<_> = totals.permits.iter().map(|t| (t.permit.as_str(), t.charges, t.nano_rho)).collect();
    assert_eq!(permits, [("p", 2, rho(2 * PRICE)), ("q", 1, rho(PRICE))]);
}

#[tokio::test]
async fn a_budget_can_be_spent_to_the_last_nano_and_not_beyond() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir.path().join("state.sqlite")).await;
    let ask = |request, budget| {
        let (ledger, claim) = (&ledger, claim(request, "p", request));
        async move { ledger.charge(&claim, noon(), no_windows, within(budget)).await.unwrap() }
    };
    assert!(matches!(ask(1, 2 * PRICE).await, Outcome::Charged(_)));
    assert!(matches!(ask(2, 2 * PRICE - 1).await, Outcome::Refused("budget.permit")), "one nano over");
    assert_eq!(charges(&ledger).await, 1, "what is refused is not charged");
    assert!(matches!(ask(2, 2 * PRICE).await, Outcome::Charged(_)), "exactly reached");
    assert!(matches!(ask(3, 2 * PRICE).await, Outcome::Refused("budget.permit")), "nothing is left");
    assert!(matches!(ask(1, 0).await, Outcome::Charged(_)), "what is charged is not judged again");
}

#[tokio::test]
async fn a_charge_of_nothing_or_beyond_all_numbers_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir.path().join("state.sqlite")).await;
    let price = |request, price| {
        let (ledger, claim) = (&ledger, claim(request, "p", request));
        async move { ledger.charge(&claim, noon(), no_windows, |_| Ok::<_, ()>(price)).await }
    };
    assert_eq!(error(price(1, NanoRho::ZERO).await).code(), "ledger.zero");
    assert!(price(2, NanoRho::MAX).await.is_ok());
    assert_eq!(error(price(3, rho(1)).await).code(), "ledger.overflow");
    assert_eq!(charges(&ledger).await, 1);
    let reopened = open(&dir.path().join("state.sqlite")).await;
    assert_eq!(reopened.totals().await.unwrap().life, NanoRho::MAX);
}

#[tokio::test]
async fn sums_over_sliding_and_calendar_windows_follow_the_charges_time() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir.path().join("state.sqlite")).await;
    let times =
        ["2026-01-31T23:59:59.999Z", "2026-02-01T00:00:00Z", "2026-02-20T08:00:00Z", "2026-02-20T08:00:00Z"];
    for (request, (time, permit)) in (1..).zip(times.into_iter().zip(["p", "q", "p", "p"])) {
        ledger.charge(&claim(request, permit, request), at(time), no_windows, within(100)).await.unwrap();
    }
    let windows = |now: Timestamp| {
        assert_eq!(now, at("2026-02-21T08:00:00Z"));
        let month = at("2026-02-01T00:00:00Z");
        let sliding = now - jiff::SignedDuration::from_hours(24);
        vec![
            Window::since(Scope::Permit, month),
            Window::since(Scope::Life, month),
            Window::since(Scope::Life, sliding),
            Window::since(Scope::Life, sliding + jiff::SignedDuration::from_millis(1)),
            Window { scope: Scope::Life, from: Timestamp::MIN, to: month },
            Window::since(Scope::Permit, Timestamp::MIN),
        ]
    };
    let now = at("2026-02-21T08:00:00Z");
    let spent = ledger.preview(Some(&claim(9, "p", 9).permit), now, windows).await.unwrap();
    let sums: Vec<_> = spent.windows.iter().map(|sum| sum.get() / PRICE).collect();
    assert_eq!(sums, [2, 3, 2, 0, 1, 3]);
    assert_eq!((spent.permit, spent.life), (rho(3 * PRICE), rho(4 * PRICE)));
    assert_eq!(charges(&ledger).await, 4, "a preview charges nothing");
    let many = |_| vec![Window::since(Scope::Life, Timestamp::MIN); WINDOWS_MAX + 1];
    assert_eq!(error(ledger.preview(Some(&claim(9, "p", 9).permit), now, many).await).code(), "ledger.limit");
}

#[tokio::test]
async fn a_clock_set_back_by_more_than_a_day_is_refused_and_time_never_runs_back() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir.path().join("state.sqlite")).await;
    let ask = |request, time: &str| {
        let (ledger, claim, time) = (&ledger, claim(request, "p", request), at(time));
        async move { ledger.charge(&claim, time, no_windows, within(100)).await }
    };
    let Outcome::Charged(last) = ask(1, "2026-03-02T12:00:00Z").await.unwrap() else { panic!("not charged") };
    let refused = error(ask(2, "2026-03-01T11:59:59.999Z").await);
    assert_eq!(refused.code(), "ledger.clock");
    let text = "the clock shows 2026-03-01T11:59:59.999Z, more than a day before the ledger's last entry of 2026-03-02T12:00:00Z";
    assert_eq!(refused.to_string(), text);
    match ask(2, "2026-03-01T12:00:00Z").await.unwrap() {
        Outcome::Charged(charge) => {
            assert_eq!(charge.at, last.at, "a charge is never dated before the one before")
        }
        _ => panic!("a clock less than a day behind does not stop a node"),
    }
    // What is charged already is found whatever the clock shows, and so is its answer stored.
    let long_ago = at("2020-01-01T00:00:00Z");
    assert!(matches!(ask(1, "2020-01-01T00:00:00Z").await, Ok(Outcome::Charged(_))));
    ledger.store_release(1, b"a".to_vec(), long_ago).await.unwrap();
    open(&dir.path().join("state.sqlite")).await;
}

#[tokio::test]
async fn a_joined_release_is_charged_once_a_study_and_model() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir.path().join("state.sqlite")).await;
    let joined = |study, model| Claim::joined(digest(study), &name(model), name("p"), requester(), 1);
    let first = charged(&ledger, &joined(1, "SAD 1.0")).await;
    assert_eq!(charged(&ledger, &joined(1, "SAD 1.0")).await, first);
    charged(&ledger, &joined(2, "SAD 1.0")).await;
    charged(&ledger, &joined(1, "SOMV 1.0")).await;
    let past = ledger.history(Some(&name("p")), 0, 10).await.unwrap();
    assert_eq!(past.len(), 3);
    assert!(past.iter().all(|past| past.source == Source::Joined && !past.released));
}

#[tokio::test]
async fn an_answer_without_a_charge_or_beyond_its_size_is_not_stored() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir.path().join("state.sqlite")).await;
    assert_eq!(error(ledger.store_release(1, vec![1], noon()).await).code(), "ledger.no-charge");
    assert_eq!(error(ledger.store_release(u64::MAX, vec![1], noon()).await).code(), "ledger.no-charge");
    charged(&ledger, &claim(1, "p", 1)).await;
    charged(&ledger, &claim(2, "p", 1)).await;
    assert_eq!(
        error(ledger.store_release(2, vec![1], noon()).await).code(),
        "ledger.no-charge",
        "a repetition"
    );
    for bytes in [0, RELEASE_BYTES_MAX + 1] {
        assert_eq!(error(ledger.store_release(1, vec![1; bytes], noon()).await).code(), "ledger.limit");
    }
    ledger.store_release(1, vec![1; RELEASE_BYTES_MAX], noon()).await.unwrap();
    assert_eq!(stored(&ledger, &claim(1, "p", 1)).await.body.len(), RELEASE_BYTES_MAX);
}

#[tokio::test]
async fn a_group_is_decided_in_order_and_stands_or_falls_together() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir.path().join("state.sqlite")).await;
    let claims: Vec<_> = (0..5).map(|request| claim(request, "p", request / 2)).collect();
    let policy = within(2 * PRICE);
    let outcomes = ledger.charge_all(&claims, noon(), no_windows, |_, spent| policy(spent)).await.unwrap();
    let numbers: Vec<_> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Charged(charge) => Some(charge.number),
            _ => None,
        })
        .collect();
    // Entry 2 notes the second request of the first query.
    assert_eq!(numbers, [Some(1), Some(1), Some(3), Some(3), None]);
    let answers = vec![(1, b"a".to_vec()), (3, b"b".to_vec()), (1, b"c".to_vec())];
    let releases = ledger.store_releases(answers, noon()).await.unwrap();
    assert_eq!(
        releases.iter().map(|release| release.body.as_slice()).collect::<Vec<_>>(),
        [b"a", b"b", b"a"]
    );
    // One price of nothing, and none of the group is charged.
    let head = ledger.head().await.unwrap();
    let claims = [claim(10, "q", 10), claim(11, "q", 11)];
    let price = |claim: &Claim, _: &Spent| {
        Ok::<_, ()>(if claim.request() == digest(10) { rho(PRICE) } else { NanoRho::ZERO })
    };
    assert_eq!(error(ledger.charge_all(&claims, noon(), no_windows, price).await).code(), "ledger.zero");
    assert_eq!(ledger.head().await.unwrap(), head);
    let many = vec![claim(1, "p", 1); GROUP_MAX + 1];
    assert_eq!(
        error(ledger.charge_all(&many, noon(), no_windows, |_, s| policy(s)).await).code(),
        "ledger.limit"
    );
}

#[tokio::test]
async fn history_pages_through_all_charges() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir.path().join("state.sqlite")).await;
    for request in 0..7 {
        let charge =
            charged(&ledger, &claim(request, if request % 3 == 0 { "p" } else { "q" }, request)).await;
        if request % 2 == 0 {
            ledger.store_release(charge.number, vec![1], noon()).await.unwrap();
        }
    }
    let (mut after, mut listed) = (0, Vec::new());
    loop {
        let page = ledger.history(None, after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.number;
        listed.extend(page);
    }
    assert_eq!(listed.iter().filter(|past| past.released).count(), 4);
    assert_eq!(listed.len(), 7);
    assert_eq!(
        listed.last().map(|past| (past.permit_spent, past.life_spent)),
        Some((rho(3 * PRICE), rho(7 * PRICE)))
    );
    let of_p = ledger.history(Some(&name("p")), 0, 100).await.unwrap();
    assert_eq!(of_p.len(), 3);
    assert_eq!(of_p[0].requester, requester());
}

#[tokio::test]
async fn a_head_grows_and_an_earlier_one_is_recognised() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir.path().join("state.sqlite")).await;
    assert_eq!(ledger.head().await.unwrap(), Head::EMPTY);
    let mut heads = vec![Head::EMPTY];
    for request in 1..4 {
        let charge = charged(&ledger, &claim(request, "p", request)).await;
        assert_eq!(charge.head, ledger.head().await.unwrap());
        heads.push(charge.head);
    }
    for head in &heads {
        assert!(ledger.contains(head).await.unwrap());
    }
    let other = Head { entries: 2, digest: digest(1) };
    let newer = Head { entries: 4, digest: heads[3].digest };
    for head in [other, newer, Head { entries: u64::MAX, ..other }, Head { entries: 0, ..other }] {
        assert!(!ledger.contains(&head).await.unwrap());
    }
}

#[tokio::test]
async fn a_database_that_does_not_wait_for_the_disk_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.sqlite");
    pool(&path, 1).await.close().await;
    let options = SqliteConnectOptions::new().filename(&path).synchronous(SqliteSynchronous::Normal);
    let pool = SqlitePoolOptions::new().connect_with(options).await.unwrap();
    assert!(matches!(error(Ledger::open(pool).await), LedgerError::NotDurable));
}
