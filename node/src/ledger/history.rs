//! What people are shown of the ledger: each charge, and the sums.

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::{Row as _, SqliteConnection};
use tvaers_protocol::id::Digest;

use super::chain::Content;
use super::claim::{Claim, Head, Source};
use super::name::{Name, Requester};
use super::rho::NanoRho;
use super::{Ledger, LedgerError, store, time};

/// Charges that one call lists, at most.
pub const PAGE_MAX: u32 = 1_000;

/// One charge, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Its number.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// What for.
    pub source: Source,
    /// Under which permit.
    pub permit: Name,
    /// Who asked first.
    pub requester: Requester,
    /// The query's digest; of a joined release its id.
    pub query: Digest,
    /// The import that it was asked about.
    pub import: u32,
    /// The repetition number.
    pub repetition: u32,
    /// How much.
    pub nano_rho: NanoRho,
    /// What its permit had spent with it.
    pub permit_spent: NanoRho,
    /// What all permits had spent with it.
    pub life_spent: NanoRho,
    /// Whether an answer is stored. Joined releases are stored at the coordinator.
    pub released: bool,
    /// How many further requests it covers.
    pub repetitions: u64,
}

/// What was charged on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The day.
    pub date: Date,
    /// How many charges.
    pub charges: u64,
    /// What they add up to.
    pub nano_rho: NanoRho,
}

/// The sums of one permit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermitTotal {
    /// The permit.
    pub permit: Name,
    /// How many charges.
    pub charges: u64,
    /// For how many of them an answer is stored.
    pub releases: u64,
    /// What they add up to.
    pub nano_rho: NanoRho,
}

/// All sums, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Each permit, by name.
    pub permits: Vec<PermitTotal>,
    /// What all of them have spent.
    pub life: NanoRho,
    /// The head that the sums stand for.
    pub head: Head,
}

impl Ledger {
    /// Up to `count` charges, at most [`PAGE_MAX`], with numbers above `after`, oldest first; of one permit or of all.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn history(
        &self,
        permit: Option<&Name>,
        after: u64,
        count: u32,
    ) -> Result<Vec<Past>, LedgerError> {
        let rows = sqlx::query(
            "SELECT number, kind, at, charge, request, source, permit, requester, requester_key, query, import,
             repetition, nano_rho, permit_spent, life_spent, result, head,
             EXISTS (SELECT 1 FROM ledger AS r WHERE r.kind = 'release' AND r.charge = c.number) AS released,
             (SELECT count(*) FROM ledger AS r WHERE r.kind = 'repetition' AND r.charge = c.number) AS repetitions
             FROM ledger AS c WHERE kind = 'charge' AND number > ?1 AND (?2 IS NULL OR permit = ?2)
             ORDER BY number LIMIT ?3",
        )
        .bind(store::signed(after)?)
        .bind(permit.map(Name::as_str))
        .bind(count.min(PAGE_MAX))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(past).collect()
    }

    /// The newest `count` charges, at most [`PAGE_MAX`], oldest first; of one permit or of all.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn newest(&self, permit: Option<&Name>, count: u32) -> Result<Vec<Past>, LedgerError> {
        let row = sqlx::query(
            "SELECT coalesce(min(number), 1) AS number FROM (SELECT number FROM ledger
             WHERE kind = 'charge' AND (?1 IS NULL OR permit = ?1) ORDER BY number DESC LIMIT ?2)",
        )
        .bind(permit.map(Name::as_str))
        .bind(count.min(PAGE_MAX))
        .fetch_one(&self.pool)
        .await?;
        let first = store::unsigned(&row, "number", 0)?;
        self.history(permit, first.saturating_sub(1), count).await
    }

    /// What was charged on each day, as `day` counts them, since a moment, days without charges left out; of one permit or of all.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn days(
        &self,
        permit: Option<&Name>,
        since: Timestamp,
        day: impl Fn(Timestamp) -> Date,
    ) -> Result<Vec<Day>, LedgerError> {
        let mut rows = sqlx::query(
            "SELECT number, at, nano_rho FROM ledger WHERE kind = 'charge' AND at >= ?1 AND (?2 IS NULL OR permit = ?2)
             ORDER BY number",
        )
        .bind(since.as_millisecond())
        .bind(permit.map(Name::as_str))
        .fetch(&self.pool);
        let mut days: Vec<Day> = Vec::new();
        while let Some(row) = rows.try_next().await? {
            let number = store::unsigned(&row, "number", 0)?;
            let (date, nano_rho) =
                (day(time(row.try_get("at")?, number)?), store::amount(&row, "nano_rho", number)?);
            match days.last_mut().filter(|last| last.date == date) {
                Some(last) => {
                    last.charges += 1;
                    last.nano_rho = last.nano_rho.plus(nano_rho).ok_or(LedgerError::Overflow)?;
                }
                None => days.push(Day { date, charges: 1, nano_rho }),
            }
        }
        Ok(days)
    }

    /// The charge under which a question over an import was answered or is to be; none where it would be a new one.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn charge_of(&self, claim: &Claim) -> Result<Option<u64>, LedgerError> {
        let mut connection = self.pool.acquire().await?;
        Ok(store::charge_of_query(&mut connection, claim).await?.map(|entry| entry.number))
    }

    /// What each permit and all permits have spent.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn totals(&self) -> Result<Totals, LedgerError> {
        let mut books = self.books().await;
        let mut transaction = self.pool.begin().await?;
        let draft = store::catch_up(&mut transaction, &books.accounts).await?;
        let permits = permits(&mut transaction).await?;
        transaction.rollback().await?;
        books.accounts = draft;
        Ok(Totals { permits, life: books.accounts.life, head: books.accounts.head })
    }
}

async fn permits(transaction: &mut SqliteConnection) -> Result<Vec<PermitTotal>, LedgerError> {
    let rows = sqlx::query(
        "SELECT c.permit AS permit, count(*) AS charges, count(r.number) AS releases, sum(c.nano_rho) AS nano_rho
         FROM ledger AS c LEFT JOIN ledger AS r ON r.kind = 'release' AND r.charge = c.number
         WHERE c.kind = 'charge' GROUP BY c.permit ORDER BY c.permit",
    )
    .fetch_all(transaction)
    .await?;
    rows.iter()
        .map(|row| {
            let number = |column| store::unsigned(row, column, 0);
            Ok(PermitTotal {
                permit: store::name(row, "permit", 0)?,
                charges: number("charges")?,
                releases: number("releases")?,
                nano_rho: store::amount(row, "nano_rho", 0)?,
            })
        })
        .collect()
}

fn past(row: &sqlx::sqlite::SqliteRow) -> Result<Past, LedgerError> {
    let entry = store::entry(row)?;
    let (Content::Charge { claim, nano_rho }, Some(sums)) = (entry.content, entry.sums) else {
        return Err(LedgerError::NoCharge(entry.number));
    };
    Ok(Past {
        number: entry.number,
        at: time(entry.at_ms, entry.number)?,
        source: claim.source,
        permit: claim.permit,
        requester: claim.requester,
        query: claim.query,
        import: claim.import,
        repetition: claim.repetition,
        nano_rho,
        permit_spent: sums.permit,
        life_spent: sums.life,
        released: row.try_get("released")?,
        repetitions: store::unsigned(row, "repetitions", entry.number)?,
    })
}
