//! The ledger: which privacy budget was spent on what, and the stored answers. It is the one way from a request to
//! data: a charge is written, with full sync, before anything is read for it, and never taken back; an answer is
//! stored before it leaves, and only the stored bytes ever leave. So the total charged is never below the total
//! released, wherever a node stops.
//!
//! It knows nothing of policies: it says what is spent, a caller's pure function says what the request costs or why
//! it is refused, and both happen in one transaction that no other request can enter.
//!
//! In reading order: [`rho`] amounts, [`name`] names, [`claim`] what is asked and answered; the chain of entries; the
//! statements; [`history`] what people are shown; [`recovery`] what to do where entries are lost.

pub mod claim;
pub mod history;
pub mod recovery;

mod chain;
mod error;
mod group;
mod store;

use std::sync::Arc;

use jiff::Timestamp;
use sha2::Digest as _;
use sqlx::{Row as _, SqliteConnection, SqlitePool};
use tokio::sync::{Mutex, MutexGuard};
use tvaers_protocol::id::Digest;

use chain::{Accounts, Content, Entry, Overflow};
use claim::{Charge, Claim, Head, Outcome, Release, Spent, Window};
use group::{Books, Turn};
use name::Name;
use rho::NanoRho;

pub use error::LedgerError;
pub use tvaers_audit::{name, rho};

/// Bytes of one answer, at most: an answer is sent in frames of a megabyte, and has a bounded number of cells.
pub const RELEASE_BYTES_MAX: usize = 8 << 20;

/// Claims or releases in one transaction, at most: others wait for as long as it takes.
pub const GROUP_MAX: usize = 1_024;

/// Windows that a policy may ask about in one charge, at most.
pub const WINDOWS_MAX: usize = 32;

/// How far the clock may be behind the last entry, in milliseconds: a day, so that a summer time set by hand or a
/// clock that is mended does not stop a node, while an old budget period cannot be entered again.
const CLOCK_BACK_MS_MAX: i64 = 86_400_000;

impl From<Overflow> for LedgerError {
    fn from(Overflow: Overflow) -> Self {
        Self::Overflow
    }
}

/// The open ledger. Every entry was checked when it was opened, and each one added since is checked before the next.
///
/// Whoever calls it holds no transaction of the same database: the ledger would wait for it in vain.
#[derive(Debug)]
pub struct Ledger {
    pool: SqlitePool,
    // Held through a transaction: within a process requests wait here, in order, not in the database's busy loop.
    books: Arc<Mutex<Books>>,
}

impl Ledger {
    /// Opens the ledger in a node's state database and verifies its chain from the first entry to the last.
    ///
    /// # Errors
    /// [`LedgerError::Broken`] with the first entry that is not as it was written; [`LedgerError::NotDurable`] where
    /// the pool's connections would not wait for the disk.
    pub async fn open(pool: SqlitePool) -> Result<Self, LedgerError> {
        let mut connection = pool.acquire().await?;
        let synchronous: i64 =
            sqlx::query("PRAGMA synchronous").fetch_one(&mut *connection).await?.try_get(0)?;
        // 2 is FULL, 3 is EXTRA.
        if synchronous < 2 {
            return Err(LedgerError::NotDurable);
        }
        let accounts = store::verify(&mut connection).await?;
        drop(connection);
        Ok(Self { pool, books: Arc::new(Mutex::new(Books::new(accounts))) })
    }

    /// The accounts, with nothing that is not on the disk. A transaction that is open is ended first: it has one of the
    /// database's few connections, which whoever reads may need.
    async fn books(&self) -> MutexGuard<'_, Books> {
        let mut books = self.books.lock().await;
        books.settle().await;
        books
    }

    /// Charges a claim, or finds that it is charged or answered already. Returns only when a charge is on the disk;
    /// read data for it after that, never before.
    ///
    /// `windows` says over which stretches of time the policy wants sums, given the time that the charge would have;
    /// `admit` is given all sums and says the price or why not. Both must be pure; neither is called for a claim that
    /// was charged before.
    ///
    /// # Errors
    /// [`LedgerError`]; nothing was charged. (Where the machine fails while committing, a charge may stand without an
    /// answer: the same claim finds it again.)
    pub async fn charge<R: Send>(
        &self,
        claim: &Claim,
        now: Timestamp,
        windows: impl Fn(Timestamp) -> Vec<Window> + Send,
        mut admit: impl FnMut(&Spent) -> Result<NanoRho, R> + Send,
    ) -> Result<Outcome<R>, LedgerError> {
        let mut outcomes =
            self.charge_all(std::slice::from_ref(claim), now, windows, |_, spent| admit(spent)).await?;
        outcomes.pop().ok_or(LedgerError::TooMany)
    }

    /// As [`Ledger::charge`], for up to [`GROUP_MAX`] claims in one transaction: each is decided in order, with what
    /// those before it cost, and all are on the disk at once. An error charges none of them. Calls that come at the same
    /// time may share the transaction, one after the other.
    ///
    /// # Errors
    /// As [`Ledger::charge`].
    pub async fn charge_all<R: Send>(
        &self,
        claims: &[Claim],
        now: Timestamp,
        windows: impl Fn(Timestamp) -> Vec<Window> + Send,
        mut admit: impl FnMut(&Claim, &Spent) -> Result<NanoRho, R> + Send,
    ) -> Result<Vec<Outcome<R>>, LedgerError> {
        if claims.len() > GROUP_MAX {
            return Err(LedgerError::TooMany);
        }
        let mut turn = Turn::take(&self.pool, &self.books).await?;
        let (transaction, draft) = turn.parts()?;
        let outcomes = decide_all(transaction, draft, claims, now, &windows, &mut admit).await;
        turn.end(outcomes).await
    }

    /// Stores the answer to a charge and gives the bytes to send. Where one is stored already, that is the answer:
    /// `body` is forgotten, and nothing of it may leave.
    ///
    /// # Errors
    /// [`LedgerError`]; nothing may be answered.
    pub async fn store_release(
        &self,
        charge: u64,
        body: Vec<u8>,
        now: Timestamp,
    ) -> Result<Release, LedgerError> {
        let mut releases = self.store_releases(vec![(charge, body)], now).await?;
        releases.pop().ok_or(LedgerError::NoCharge(charge))
    }

    /// As [`Ledger::store_release`], for up to [`GROUP_MAX`] answers in one transaction.
    ///
    /// # Errors
    /// As [`Ledger::store_release`].
    pub async fn store_releases(
        &self,
        answers: Vec<(u64, Vec<u8>)>,
        now: Timestamp,
    ) -> Result<Vec<Release>, LedgerError> {
        if answers.len() > GROUP_MAX {
            return Err(LedgerError::TooMany);
        }
        let mut turn = Turn::take(&self.pool, &self.books).await?;
        let (transaction, draft) = turn.parts()?;
        let releases = release_all(transaction, draft, answers, now).await;
        turn.end(releases).await
    }

    /// What a claim under `permit` would find spent, for a preview, or what is spent over all permits. Nothing is charged,
    /// and another request may come first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn preview(
        &self,
        permit: Option<&Name>,
        now: Timestamp,
        windows: impl Fn(Timestamp) -> Vec<Window> + Send,
    ) -> Result<Spent, LedgerError> {
        let mut books = self.books().await;
        let mut transaction = self.pool.begin().await?;
        let draft = store::catch_up(&mut transaction, &books.accounts).await?;
        let spent = spent(&mut transaction, &draft, permit, now, &windows).await?;
        transaction.rollback().await?;
        books.accounts = draft;
        Ok(spent)
    }

    /// The ledger's head: what a witness signs.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn head(&self) -> Result<Head, LedgerError> {
        let mut books = self.books().await;
        let mut connection = self.pool.acquire().await?;
        books.accounts = store::catch_up(&mut connection, &books.accounts).await?;
        Ok(books.accounts.head)
    }

    /// The head, and what all charges up to it add up to.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn standing(&self) -> Result<(Head, NanoRho), LedgerError> {
        let mut books = self.books().await;
        let mut connection = self.pool.acquire().await?;
        books.accounts = store::catch_up(&mut connection, &books.accounts).await?;
        Ok((books.accounts.head, books.accounts.life))
    }

    /// Whether a head seen earlier, by a witness or in the audit log, is part of this ledger. Where it is not, the
    /// ledger is an older copy or another one, and nothing may be answered from it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn contains(&self, seen: &Head) -> Result<bool, LedgerError> {
        if seen.entries == 0 {
            return Ok(*seen == Head::EMPTY);
        }
        let mut connection = self.pool.acquire().await?;
        Ok(store::digest_at(&mut connection, seen.entries).await? == Some(seen.digest))
    }
}

/// The SHA-256 of an answer, as the ledger and the audit log name it.
#[must_use]
pub fn result_digest(body: &[u8]) -> Digest {
    Digest(sha2::Sha256::digest(body).into())
}

/// Decides claims in order, each with what those before it cost.
async fn decide_all<R>(
    transaction: &mut SqliteConnection,
    draft: &mut Accounts,
    claims: &[Claim],
    now: Timestamp,
    windows: &(impl Fn(Timestamp) -> Vec<Window> + Send),
    admit: &mut (impl FnMut(&Claim, &Spent) -> Result<NanoRho, R> + Send),
) -> Result<Vec<Outcome<R>>, LedgerError> {
    let mut outcomes = Vec::with_capacity(claims.len());
    for claim in claims {
        let outcome = match earlier(transaction, draft, claim, now).await? {
            Some(charge) => outcome_of(transaction, &charge).await?,
            None => {
                let spent = spent(transaction, draft, Some(&claim.permit), now, windows).await?;
                match admit(claim, &spent) {
                    Ok(price) => charge(transaction, draft, claim, now, price).await?,
                    Err(refusal) => Outcome::Refused(refusal),
                }
            }
        };
        step("decided");
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// Stores answers in order.
async fn release_all(
    transaction: &mut SqliteConnection,
    draft: &mut Accounts,
    answers: Vec<(u64, Vec<u8>)>,
    now: Timestamp,
) -> Result<Vec<Release>, LedgerError> {
    let mut releases = Vec::with_capacity(answers.len());
    for (number, body) in answers {
        releases.push(release(transaction, draft, number, body, now).await?);
        step("stored");
    }
    Ok(releases)
}

/// The charge that covers a claim already: that of the same request, else that of the identical query over the same
/// import, under which the request is then noted.
async fn earlier(
    transaction: &mut SqliteConnection,
    draft: &mut Accounts,
    claim: &Claim,
    now: Timestamp,
) -> Result<Option<Entry>, LedgerError> {
    if let Some(charge) = store::charge_of_request(transaction, claim.request).await? {
        return match &charge.content {
            Content::Charge { claim: earlier, .. } if earlier.is_same_question(claim) => Ok(Some(charge)),
            _ => Err(LedgerError::Reused { charge: charge.number }),
        };
    }
    let Some(charge) = store::charge_of_query(transaction, claim).await? else { return Ok(None) };
    let repetition = Content::Repetition { charge: charge.number, request: claim.request };
    let entry = draft.add(now.as_millisecond(), repetition)?;
    store::insert(transaction, &entry, None).await?;
    Ok(Some(charge))
}

/// The stored answer to a charge, or the charge where there is none yet: then nothing had left when the node stopped.
async fn outcome_of<R>(
    transaction: &mut SqliteConnection,
    charge: &Entry,
) -> Result<Outcome<R>, LedgerError> {
    Ok(match store::body(transaction, charge.number).await? {
        Some((result, body)) => Outcome::Stored(Release { charge: charge.number, result, body }),
        None => Outcome::Charged(standing(charge)?),
    })
}

async fn spent(
    transaction: &mut SqliteConnection,
    draft: &Accounts,
    permit: Option<&Name>,
    now: Timestamp,
    windows: &(impl Fn(Timestamp) -> Vec<Window> + Send),
) -> Result<Spent, LedgerError> {
    if now.as_millisecond() < draft.at_ms.saturating_sub(CLOCK_BACK_MS_MAX) {
        return Err(LedgerError::Clock { now, last: time(draft.at_ms, draft.head.entries)? });
    }
    let at_ms = now.as_millisecond().max(draft.at_ms);
    let at = time(at_ms, draft.head.entries)?;
    let windows = windows(at);
    if windows.len() > WINDOWS_MAX {
        return Err(LedgerError::TooMany);
    }
    let (mut sums, mut oldest) = (Vec::with_capacity(windows.len()), Vec::with_capacity(windows.len()));
    for window in &windows {
        sums.push(store::spent_in(transaction, permit, window).await?);
        let first = store::oldest_in(transaction, permit, window).await?;
        oldest.push(first.map(|at_ms| time(at_ms, draft.head.entries)).transpose()?);
    }
    Ok(Spent {
        at,
        permit: permit.map_or(NanoRho::ZERO, |permit| draft.permit(permit)),
        life: draft.life,
        windows: sums,
        oldest,
    })
}

async fn charge<R>(
    transaction: &mut SqliteConnection,
    draft: &mut Accounts,
    claim: &Claim,
    now: Timestamp,
    price: NanoRho,
) -> Result<Outcome<R>, LedgerError> {
    if price == NanoRho::ZERO {
        return Err(LedgerError::Zero);
    }
    let content = Content::Charge { claim: claim.clone(), nano_rho: price };
    let entry = draft.add(now.as_millisecond(), content)?;
    store::insert(transaction, &entry, None).await?;
    Ok(Outcome::Charged(standing(&entry)?))
}

async fn release(
    transaction: &mut SqliteConnection,
    draft: &mut Accounts,
    charge: u64,
    body: Vec<u8>,
    now: Timestamp,
) -> Result<Release, LedgerError> {
    if !(1..=RELEASE_BYTES_MAX).contains(&body.len()) {
        return Err(LedgerError::Size(body.len()));
    }
    if !store::is_charge(transaction, charge).await? {
        return Err(LedgerError::NoCharge(charge));
    }
    if let Some((result, body)) = store::body(transaction, charge).await? {
        return Ok(Release { charge, result, body });
    }
    let result = result_digest(&body);
    let entry = draft.add(now.as_millisecond(), Content::Release { charge, result })?;
    store::insert(transaction, &entry, Some(&body)).await?;
    Ok(Release { charge, result, body })
}

fn standing(entry: &Entry) -> Result<Charge, LedgerError> {
    let Content::Charge { claim, nano_rho } = &entry.content else {
        return Err(LedgerError::NoCharge(entry.number));
    };
    Ok(Charge {
        number: entry.number,
        at: time(entry.at_ms, entry.number)?,
        import: claim.import,
        nano_rho: *nano_rho,
        head: entry.head(),
    })
}

fn time(at_ms: i64, entry: u64) -> Result<Timestamp, LedgerError> {
    Timestamp::from_millisecond(at_ms).map_err(|_| LedgerError::Broken { entry, what: "its time is none" })
}

/// A step that a test may stop the process at; outside of tests there is nothing here.
#[cfg(not(test))]
const fn step(_: &str) {}

#[cfg(test)]
use tests::step::reached as step;

#[cfg(test)]
mod tests;
