//! A ledger that somebody changed.

use super::*;

/// Two charges, one of them released and asked for again.
async fn fill(path: &Path) -> Ledger {
    let ledger = open(path).await;
    charged(&ledger, &claim(1, "p", 1)).await;
    ledger.store_release(1, b"noisy 41".to_vec(), noon()).await.unwrap();
    stored(&ledger, &claim(2, "p", 1)).await;
    charged(&ledger, &claim(3, "q", 3)).await;
    ledger
}

async fn execute(pool: &SqlitePool, statement: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(statement).execute(pool).await.map(drop)
}

async fn disarm(pool: &SqlitePool) {
    for statement in [
        "DROP TRIGGER ledger_never_changes",
        "DROP TRIGGER ledger_never_forgets",
        "DROP TRIGGER ledger_never_replaces",
        "PRAGMA foreign_keys = OFF",
        "PRAGMA ignore_check_constraints = ON",
    ] {
        execute(pool, statement).await.unwrap();
    }
}

#[tokio::test]
async fn the_database_itself_refuses_to_change_or_to_forget() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = fill(&dir.path().join("state.sqlite")).await;
    let before = ledger.head().await.unwrap();
    for statement in [
        "UPDATE ledger SET nano_rho = 1 WHERE number = 1",
        "UPDATE ledger SET body = x'00' WHERE kind = 'release'",
        "DELETE FROM ledger WHERE number = 4",
        "DELETE FROM ledger",
        "INSERT OR REPLACE INTO ledger SELECT * FROM ledger WHERE number = 1",
        // A new entry that would push an older one out by its request, its query or its charge.
        "INSERT OR REPLACE INTO ledger (number, kind, at, charge, request, head)
         SELECT 5, 'repetition', at, 4, request, head FROM ledger WHERE number = 1",
        "INSERT OR REPLACE INTO ledger (number, kind, at, charge, result, body, head)
         SELECT 5, 'release', at, charge, result, x'00', head FROM ledger WHERE number = 2",
        "INSERT OR REPLACE INTO ledger (number, kind, at, charge, request, source, permit, requester, requester_key,
         query, import, repetition, nano_rho, permit_spent, life_spent, head)
         SELECT 5, kind, at, 5, zeroblob(32), source, permit, requester, requester_key, query, import, repetition,
         1, 1, 1, head FROM ledger WHERE number = 1",
        // A charge of nothing, and a gap.
        "INSERT INTO ledger (number, kind, at, charge, request, source, permit, requester, requester_key, query,
         import, repetition, nano_rho, permit_spent, life_spent, head)
         SELECT 5, kind, at, 5, zeroblob(32), source, permit, requester, requester_key, query, import, 1, 0,
         permit_spent, life_spent, head FROM ledger WHERE number = 1",
        "INSERT INTO ledger (number, kind, at, charge, request, head)
         SELECT 6, 'repetition', at, 1, zeroblob(32), head FROM ledger WHERE number = 1",
    ] {
        assert!(execute(&ledger.pool, statement).await.is_err(), "{statement}");
    }
    assert_eq!(ledger.head().await.unwrap(), before);
}

#[tokio::test]
async fn every_change_is_found_when_the_ledger_is_opened_with_the_entry_that_broke() {
    for (statement, broken) in [
        ("UPDATE ledger SET nano_rho = 6, permit_spent = 6, life_spent = 6 WHERE number = 1", 1),
        ("UPDATE ledger SET at = at - 1 WHERE number = 2", 2),
        ("UPDATE ledger SET at = at + 1 WHERE number = 4", 4),
        ("UPDATE ledger SET requester = 'somebody' WHERE number = 1", 1),
        ("UPDATE ledger SET permit = 'p', permit_spent = 14 WHERE number = 4", 4),
        ("UPDATE ledger SET life_spent = 7 WHERE number = 4", 4),
        ("UPDATE ledger SET import = 2 WHERE number = 4", 4),
        ("UPDATE ledger SET nano_rho = -7 WHERE number = 4", 4),
        ("UPDATE ledger SET request = zeroblob(32) WHERE number = 3", 3),
        ("UPDATE ledger SET charge = 4 WHERE number = 2", 2),
        ("UPDATE ledger SET body = x'00' WHERE number = 2", 2),
        ("UPDATE ledger SET head = zeroblob(32) WHERE number = 3", 3),
        ("UPDATE ledger SET kind = 'other' WHERE number = 3", 3),
        ("UPDATE ledger SET query = zeroblob(31) WHERE number = 1", 1),
        ("UPDATE ledger SET permit = '6101653000' WHERE number = 1", 1),
        ("DELETE FROM ledger WHERE number = 1", 2),
        ("DELETE FROM ledger WHERE number = 2", 3),
        ("UPDATE ledger SET number = 9 WHERE number = 4", 9),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.sqlite");
        fill(&path).await.pool.close().await;
        let pool = pool(&path, 1).await;
        disarm(&pool).await;
        execute(&pool, statement).await.unwrap();
        match error(Ledger::open(pool).await) {
            LedgerError::Broken { entry, .. } => assert_eq!(entry, broken, "{statement}"),
            other => panic!("{statement}: {other}"),
        }
    }
}

#[tokio::test]
async fn an_answer_changed_under_an_open_ledger_does_not_leave() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.sqlite");
    let ledger = fill(&path).await;
    let other = pool(&path, 1).await;
    disarm(&other).await;
    execute(&other, "UPDATE ledger SET body = x'00' WHERE number = 2").await.unwrap();
    let asked = ledger.charge(&claim(1, "p", 1), noon(), no_windows, within(100)).await;
    assert_eq!(error(asked).code(), "ledger.broken");
}

#[tokio::test]
async fn a_ledger_that_lost_entries_while_it_was_open_charges_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.sqlite");
    let ledger = fill(&path).await;
    let other = pool(&path, 1).await;
    disarm(&other).await;
    execute(&other, "DELETE FROM ledger WHERE number = 4").await.unwrap();
    let asked = ledger.charge(&claim(9, "p", 9), noon(), no_windows, within(100)).await;
    assert_eq!(error(asked).code(), "ledger.older");
}

#[tokio::test]
async fn a_restored_backup_does_not_contain_the_head_that_a_witness_saw() {
    let dir = tempfile::tempdir().unwrap();
    let (path, backup) = (dir.path().join("state.sqlite"), dir.path().join("backup.sqlite"));
    fill(&path).await.pool.close().await;
    std::fs::copy(&path, &backup).unwrap();
    let ledger = open(&path).await;
    let early = ledger.head().await.unwrap();
    ledger.store_release(4, b"left".to_vec(), noon()).await.unwrap();
    let seen = ledger.head().await.unwrap();
    let restored = open(&backup).await;
    assert!(restored.contains(&early).await.unwrap());
    assert!(!restored.contains(&seen).await.unwrap());
    // Nor does it when it has grown as long on another way.
    restored.store_release(4, b"other noise".to_vec(), noon()).await.unwrap();
    assert_eq!(restored.head().await.unwrap().entries, seen.entries);
    assert!(!restored.contains(&seen).await.unwrap());
}
