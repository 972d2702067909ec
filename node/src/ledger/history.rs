//! What people are shown of the ledger: each charge, and the sums.

use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::{Row as _, SqliteConnection};
use tvaers_protocol::id::Digest;
use tvaers_protocol::study::utc_date;

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
    /// The day by UTC.
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

    /// What was charged on each day by UTC since a moment, days without charges left out; of one permit or of all.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn days(&self, permit: Option<&Name>, since: Timestamp) -> Result<Vec<Day>, LedgerError> {
        let rows = sqlx::query(
            "SELECT min(at) AS at, sum(nano_rho) AS nano_rho, count(*) AS charges FROM ledger
             WHERE kind = 'charge' AND at >= ?1 AND (?2 IS NULL OR permit = ?2)
             GROUP BY unixepoch(at / 1000, 'unixepoch', 'start of day') ORDER BY 1",
        )
        .bind(since.as_millisecond())
        .bind(permit.map(Name::as_str))
        .fetch_all(&self.pool)
        .await?;
        let day = |row: &sqlx::sqlite::SqliteRow| {
            Ok(Day {
                date: utc_date(time(row.try_get("at")?, 0)?),
                charges: store::unsigned(row, "charges", 0)?,
                nano_rho: store::amount(row, "nano_rho", 0)?,
            })
        };
        rows.iter().map(day).collect()
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
        let mut accounts = self.accounts.lock().await;
        let mut transaction = self.pool.begin().await?;
        let draft = store::catch_up(&mut transaction, &accounts).await?;
        let permits = permits(&mut transaction).await?;
        transaction.rollback().await?;
        *accounts = draft;
        Ok(Totals { permits, life: accounts.life, head: accounts.head })
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
