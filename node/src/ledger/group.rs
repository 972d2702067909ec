//! Turns at one transaction: requests that come at the same time share it, and one wait for the disk.
//!
//! Whoever finds no transaction open begins one and has it committed as soon as everybody has had a turn who was
//! waiting by then (the lock is fair: first come, first served). While it is being written the next ones gather. Each
//! still works alone, on what those before it left, and is told only when all is on the disk.

use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqliteConnection, SqlitePool};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::chain::Accounts;
use super::error::LedgerError;
use super::store;

/// Turns in one transaction, at most: none of them waits for ever.
const TURNS_MAX: usize = 256;

/// What became of a transaction; nothing yet while it is open.
type Ended = Option<Result<(), Arc<sqlx::Error>>>;

/// The ledger's accounts as they are on the disk, and the transaction that is open.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) accounts: Accounts,
    group: Option<Group>,
}

#[derive(Debug)]
struct Group {
    transaction: Open,
    draft: Accounts,
    turns: usize,
    // Dropped without a word where the transaction is: then nothing of it stands.
    ended: watch::Sender<Ended>,
}

impl Books {
    pub(super) const fn new(accounts: Accounts) -> Self {
        Self { accounts, group: None }
    }

    /// Ends the transaction that is open, if one is.
    pub(super) async fn settle(&mut self) {
        if let Some(group) = self.group.take() {
            commit(self, group).await;
        }
    }
}

/// A connection in a transaction. The pool gets it back only when that has been committed; otherwise it is closed,
/// because where SQLite has given up a transaction by itself, as on a full disk, a connection that is rolled back once
/// more is of no use to the next one.
#[derive(Debug)]
struct Open(Option<PoolConnection<Sqlite>>);

impl Open {
    async fn begin(pool: &SqlitePool) -> Result<Self, sqlx::Error> {
        let mut open = Self(Some(pool.acquire().await?));
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(open.connection()?).await?;
        Ok(open)
    }

    fn connection(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        self.0.as_deref_mut().ok_or(sqlx::Error::WorkerCrashed)
    }

    async fn commit(mut self) -> Result<(), sqlx::Error> {
        sqlx::raw_sql("COMMIT").execute(self.connection()?).await?;
        drop(self.0.take());
        Ok(())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        drop(self.0.take().map(PoolConnection::detach));
    }
}

/// One request's turn. Where the request is broken off in the middle of it, what it did is undone without the others.
pub(super) struct Turn(Option<Held>);

/// What a turn holds: the lock, and the transaction taken out of it.
struct Held {
    books: OwnedMutexGuard<Books>,
    group: Group,
    /// The accounts when the turn began.
    before: Accounts,
}

impl Turn {
    /// Waits for a turn.
    pub(super) async fn take(pool: &SqlitePool, books: &Arc<Mutex<Books>>) -> Result<Self, LedgerError> {
        let mut held = Arc::clone(books).lock_owned().await;
        let mut group = match held.group.take() {
            Some(group) if group.turns < TURNS_MAX => group,
            full => {
                held.group = full;
                held.settle().await;
                super::step("begin");
                let mut transaction = Open::begin(pool).await?;
                let draft = store::catch_up(transaction.connection()?, &held.accounts).await?;
                tokio::spawn(commit_later(Arc::clone(books)));
                Group { transaction, draft, turns: 0, ended: watch::Sender::new(None) }
            }
        };
        group.turns += 1;
        let before = group.draft.clone();
        let mut turn = Self(Some(Held { books: held, group, before }));
        // What one does wrong is undone without the others.
        sqlx::raw_sql("SAVEPOINT turn").execute(turn.parts()?.0).await?;
        Ok(turn)
    }

    /// The transaction, and the accounts that it will leave.
    pub(super) fn parts(&mut self) -> Result<(&mut SqliteConnection, &mut Accounts), LedgerError> {
        let held = self.0.as_mut().ok_or(LedgerError::Undone)?;
        Ok((held.group.transaction.connection()?, &mut held.group.draft))
    }

    /// Ends the turn: with what was done, once it is on the disk; or without it, where it failed.
    pub(super) async fn end<T>(mut self, done: Result<T, LedgerError>) -> Result<T, LedgerError> {
        super::step("turn");
        let value = match done {
            Ok(value) => value,
            Err(error) => {
                if let Some(held) = self.0.take() {
                    // Nothing to hear of: the error is told in either case.
                    let _ = tokio::spawn(held.undo()).await;
                }
                return Err(error);
            }
        };
        let Some(held) = self.0.take() else { return Err(LedgerError::Undone) };
        // A task of its own: whether a request that is broken off here has ended its turn nobody could tell.
        let mut ended = tokio::spawn(held.keep()).await.map_err(|_| LedgerError::Undone)??;
        let committed = ended.wait_for(Option::is_some).await;
        match committed.map(|committed| committed.clone()) {
            Ok(Some(Ok(()))) => Ok(value),
            Ok(Some(Err(error))) => Err(LedgerError::Commit(error)),
            Ok(None) | Err(_) => Err(LedgerError::Undone),
        }
    }
}

impl Held {
    /// Leaves what was done, and the transaction, to the others. Gives where its end is told.
    async fn keep(mut self) -> Result<watch::Receiver<Ended>, LedgerError> {
        sqlx::raw_sql("RELEASE turn").execute(self.group.transaction.connection()?).await?;
        super::step("released");
        let ended = self.group.ended.subscribe();
        self.books.group = Some(self.group);
        Ok(ended)
    }

    /// Undoes the turn and leaves the transaction to the others; where that cannot be, nothing of it stands.
    async fn undo(mut self) {
        let Ok(connection) = self.group.transaction.connection() else { return };
        // It fails where SQLite has given up the whole transaction, as it does when the disk is full.
        if sqlx::raw_sql("ROLLBACK TO turn; RELEASE turn").execute(connection).await.is_ok() {
            self.group.draft = self.before;
            self.books.group = Some(self.group);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Outside of a runtime there is nobody left who waits.
        if let (Some(held), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(held.undo());
        }
    }
}

/// Commits what is open, after those who were waiting for a turn when it was begun. It is a task of its own, so that no
/// request that is broken off leaves a transaction open.
async fn commit_later(books: Arc<Mutex<Books>>) {
    books.lock().await.settle().await;
}

async fn commit(books: &mut Books, group: Group) {
    let Group { transaction, draft, ended, .. } = group;
    super::step("commit");
    let committed = transaction.commit().await;
    super::step("committed");
    if committed.is_ok() {
        books.accounts = draft;
    }
    ended.send_replace(Some(committed.map_err(Arc::new)));
}
