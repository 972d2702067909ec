//! The ledger's statements. The only ones that write are insertions.

use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use tvaers_protocol::id::Digest;

use super::chain::{Accounts, Content, Entry, Sums};
use super::claim::{Claim, Scope, Source, Window};
use super::error::LedgerError;
use super::name::{Name, Requester};
use super::rho::NanoRho;

/// Reads and checks every entry, and every answer against the digest in its entry.
pub(super) async fn verify(connection: &mut SqliteConnection) -> Result<Accounts, LedgerError> {
    let mut accounts = Accounts::new();
    let mut rows = sqlx::query("SELECT * FROM ledger ORDER BY number").fetch(connection);
    while let Some(row) = rows.try_next().await? {
        let entry = entry(&row)?;
        let number = entry.number;
        if let Content::Release { result, .. } = entry.content {
            checked_body(&row, number, result)?;
        }
        follow(&mut accounts, entry)?;
    }
    Ok(accounts)
}

/// Brings accounts up to date with what others have added, after checking that what they stand on is still there.
pub(super) async fn catch_up(
    connection: &mut SqliteConnection,
    known: &Accounts,
) -> Result<Accounts, LedgerError> {
    let mut accounts = known.clone();
    let last = known.head.entries;
    let mut rows = sqlx::query(
        "SELECT number, kind, at, charge, request, source, permit, requester, requester_key, query, import,
         repetition, nano_rho, permit_spent, life_spent, result, head FROM ledger WHERE number >= ? ORDER BY number",
    )
    .bind(signed(last)?)
    .fetch(connection);
    if last > 0 {
        let row = rows.try_next().await?.ok_or(LedgerError::Older { entry: last })?;
        if entry(&row)?.head() != known.head {
            return Err(LedgerError::Older { entry: last });
        }
    }
    while let Some(row) = rows.try_next().await? {
        follow(&mut accounts, entry(&row)?)?;
    }
    Ok(accounts)
}

fn follow(accounts: &mut Accounts, entry: Entry) -> Result<(), LedgerError> {
    let number = entry.number;
    accounts.follow(entry).map_err(|what| LedgerError::Broken { entry: number, what })
}

/// Stores an entry; with the body where it is a release.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    entry: &Entry,
    body: Option<&[u8]>,
) -> Result<(), LedgerError> {
    let number = signed(entry.number)?;
    let head = entry.digest.0;
    let statement = match &entry.content {
        Content::Charge { claim, nano_rho } => {
            let sums = entry.sums.ok_or(LedgerError::Overflow)?;
            sqlx::query(
                "INSERT INTO ledger (number, kind, at, charge, head, request, source, permit, requester,
                 requester_key, query, import, repetition, nano_rho, permit_spent, life_spent)
                 VALUES (?, 'charge', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(number)
            .bind(entry.at_ms)
            .bind(number)
            .bind(head.to_vec())
            .bind(claim.request.0.to_vec())
            .bind(claim.source.name())
            .bind(claim.permit.as_str())
            .bind(claim.requester.name.as_str())
            .bind(claim.requester.key.0.to_vec())
            .bind(claim.query.0.to_vec())
            .bind(claim.import)
            .bind(claim.repetition)
            .bind(signed(nano_rho.get())?)
            .bind(signed(sums.permit.get())?)
            .bind(signed(sums.life.get())?)
        }
        Content::Release { charge, result } => sqlx::query(
            "INSERT INTO ledger (number, kind, at, charge, head, result, body) VALUES (?, 'release', ?, ?, ?, ?, ?)",
        )
        .bind(number)
        .bind(entry.at_ms)
        .bind(signed(*charge)?)
        .bind(head.to_vec())
        .bind(result.0.to_vec())
        .bind(body.map(<[u8]>::to_vec)),
        Content::Repetition { charge, request } => sqlx::query(
            "INSERT INTO ledger (number, kind, at, charge, head, request) VALUES (?, 'repetition', ?, ?, ?, ?)",
        )
        .bind(number)
        .bind(entry.at_ms)
        .bind(signed(*charge)?)
        .bind(head.to_vec())
        .bind(request.0.to_vec()),
    };
    statement.execute(connection).await?;
    Ok(())
}

/// The charge that a request id stands for.
pub(super) async fn charge_of_request(
    connection: &mut SqliteConnection,
    request: Digest,
) -> Result<Option<Entry>, LedgerError> {
    let row = sqlx::query(
        "SELECT number, kind, at, charge, request, source, permit, requester, requester_key, query, import,
         repetition, nano_rho, permit_spent, life_spent, result, head FROM ledger
         WHERE number = (SELECT charge FROM ledger WHERE request = ?)",
    )
    .bind(request.0.to_vec())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(entry).transpose()
}

/// The charge for the identical query over the same import.
pub(super) async fn charge_of_query(
    connection: &mut SqliteConnection,
    claim: &Claim,
) -> Result<Option<Entry>, LedgerError> {
    let row = sqlx::query(
        "SELECT number, kind, at, charge, request, source, permit, requester, requester_key, query, import,
         repetition, nano_rho, permit_spent, life_spent, result, head FROM ledger
         WHERE kind = 'charge' AND permit = ? AND query = ? AND import = ? AND repetition = ?",
    )
    .bind(claim.permit.as_str())
    .bind(claim.query.0.to_vec())
    .bind(claim.import)
    .bind(claim.repetition)
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(entry).transpose()
}

/// Whether a number is that of a charge.
pub(super) async fn is_charge(connection: &mut SqliteConnection, number: u64) -> Result<bool, LedgerError> {
    let Ok(number) = signed(number) else { return Ok(false) };
    let row = sqlx::query("SELECT 1 FROM ledger WHERE number = ? AND kind = 'charge'")
        .bind(number)
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// The stored answer to a charge, checked against its digest.
pub(super) async fn body(
    connection: &mut SqliteConnection,
    charge: u64,
) -> Result<Option<(Digest, Vec<u8>)>, LedgerError> {
    let row = sqlx::query("SELECT number, result, body FROM ledger WHERE kind = 'release' AND charge = ?")
        .bind(signed(charge)?)
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let number = unsigned(&row, "number", 0)?;
    let result = blob(&row, "result", number)?;
    Ok(Some((result, checked_body(&row, number, result)?)))
}

/// The digest of an entry, by its number.
pub(super) async fn digest_at(
    connection: &mut SqliteConnection,
    number: u64,
) -> Result<Option<Digest>, LedgerError> {
    let Ok(bound) = signed(number) else { return Ok(None) };
    let row = sqlx::query("SELECT head FROM ledger WHERE number = ?")
        .bind(bound)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(|row| blob(row, "head", number)).transpose()
}

/// What was spent in a window: the difference of two running sums.
pub(super) async fn spent_in(
    connection: &mut SqliteConnection,
    permit: Option<&Name>,
    window: &Window,
) -> Result<NanoRho, LedgerError> {
    let to = spent_before(connection, permit, window.scope, window.to.as_millisecond()).await?;
    let from = spent_before(connection, permit, window.scope, window.from.as_millisecond()).await?;
    Ok(to.less(from))
}

/// When the first charge in a window was made.
pub(super) async fn oldest_in(
    connection: &mut SqliteConnection,
    permit: Option<&Name>,
    window: &Window,
) -> Result<Option<i64>, LedgerError> {
    let statement = match window.scope {
        Scope::Life => {
            sqlx::query("SELECT min(at) AS at FROM ledger WHERE kind = 'charge' AND at >= ? AND at < ?")
        }
        Scope::Permit => sqlx::query(
            "SELECT min(at) AS at FROM ledger WHERE kind = 'charge' AND permit = ? AND at >= ? AND at < ?",
        )
        .bind(permit.map(Name::as_str)),
    };
    let bounds = statement.bind(window.from.as_millisecond()).bind(window.to.as_millisecond());
    Ok(bounds.fetch_one(connection).await?.try_get("at")?)
}

async fn spent_before(
    connection: &mut SqliteConnection,
    permit: Option<&Name>,
    scope: Scope,
    at_ms: i64,
) -> Result<NanoRho, LedgerError> {
    let statement = match scope {
        Scope::Life => sqlx::query(
            "SELECT number, life_spent AS spent FROM ledger WHERE kind = 'charge' AND at < ?
             ORDER BY at DESC, number DESC LIMIT 1",
        )
        .bind(at_ms),
        Scope::Permit => sqlx::query(
            "SELECT number, permit_spent AS spent FROM ledger WHERE kind = 'charge' AND permit = ? AND at < ?
             ORDER BY at DESC, number DESC LIMIT 1",
        )
        .bind(permit.map(Name::as_str))
        .bind(at_ms),
    };
    let row = statement.fetch_optional(connection).await?;
    row.map_or(Ok(NanoRho::ZERO), |row| amount(&row, "spent", unsigned(&row, "number", 0)?))
}

/// Reads an entry from a row with all columns but the body.
pub(super) fn entry(row: &SqliteRow) -> Result<Entry, LedgerError> {
    let number = unsigned(row, "number", 0)?;
    let broken = |what| LedgerError::Broken { entry: number, what };
    let kind: String = column(row, "kind", number)?;
    let charge = unsigned(row, "charge", number)?;
    let (content, sums) = match kind.as_str() {
        "charge" => {
            let sums = Sums {
                permit: amount(row, "permit_spent", number)?,
                life: amount(row, "life_spent", number)?,
            };
            let nano_rho = amount(row, "nano_rho", number)?;
            (Content::Charge { claim: claim(row, number)?, nano_rho }, Some(sums))
        }
        "release" => (Content::Release { charge, result: blob(row, "result", number)? }, None),
        "repetition" => (Content::Repetition { charge, request: blob(row, "request", number)? }, None),
        _ => return Err(broken("it is of no known kind")),
    };
    if matches!(content, Content::Charge { .. }) != (charge == number) {
        return Err(broken("it belongs to no charge"));
    }
    Ok(Entry { number, at_ms: column(row, "at", number)?, content, sums, digest: blob(row, "head", number)? })
}

fn claim(row: &SqliteRow, number: u64) -> Result<Claim, LedgerError> {
    let broken = |what| LedgerError::Broken { entry: number, what };
    let source: String = column(row, "source", number)?;
    Ok(Claim {
        request: blob(row, "request", number)?,
        source: Source::from_name(&source).ok_or(broken("it is from no known source"))?,
        permit: name(row, "permit", number)?,
        requester: Requester {
            name: name(row, "requester", number)?,
            key: blob(row, "requester_key", number)?,
        },
        query: blob(row, "query", number)?,
        import: column(row, "import", number)?,
        repetition: column(row, "repetition", number)?,
    })
}

fn checked_body(row: &SqliteRow, number: u64, result: Digest) -> Result<Vec<u8>, LedgerError> {
    let body: Vec<u8> = column(row, "body", number)?;
    if super::result_digest(&body) == result {
        Ok(body)
    } else {
        Err(LedgerError::Broken { entry: number, what: "its answer was changed after it was stored" })
    }
}

fn column<'r, T>(row: &'r SqliteRow, name: &str, entry: u64) -> Result<T, LedgerError>
where
    T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    // The library's own error would quote the value.
    row.try_get(name)
        .map_err(|_| LedgerError::Broken { entry, what: "a column does not hold what belongs there" })
}

pub(super) fn unsigned(row: &SqliteRow, name: &str, entry: u64) -> Result<u64, LedgerError> {
    u64::try_from(column::<i64>(row, name, entry)?)
        .map_err(|_| LedgerError::Broken { entry, what: "a number is negative" })
}

pub(super) fn amount(row: &SqliteRow, name: &str, entry: u64) -> Result<NanoRho, LedgerError> {
    NanoRho::new(unsigned(row, name, entry)?)
        .map_err(|_| LedgerError::Broken { entry, what: "an amount does not fit" })
}

fn blob(row: &SqliteRow, name: &str, entry: u64) -> Result<Digest, LedgerError> {
    column::<Vec<u8>>(row, name, entry)?
        .try_into()
        .map(Digest)
        .map_err(|_| LedgerError::Broken { entry, what: "a digest has another length" })
}

pub(super) fn name(row: &SqliteRow, column_name: &str, entry: u64) -> Result<Name, LedgerError> {
    Name::new(column::<String>(row, column_name, entry)?)
        .map_err(|_| LedgerError::Broken { entry, what: "a name is none" })
}

pub(super) fn signed(number: u64) -> Result<i64, LedgerError> {
    i64::try_from(number).map_err(|_| LedgerError::Overflow)
}
