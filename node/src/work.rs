//! A study's scratch database at the node: components, pseudonyms and hand-backs of its own persons.
//!
//! It is a file of its own, not part of the node's memory: it holds pseudonyms beside CPR numbers, must never be in
//! a backup, and is erased as a whole when the study closes.

use std::path::{Path, PathBuf};

use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, QueryBuilder, Row as _, Sqlite, SqlitePool};
use tvaers_definitions::layout::Layout;
use tvaers_host::private::{self, PrivateFileError};
use tvaers_protocol::id::{PersonId, Pseudonym, Sector};
use tvaers_protocol::record::{Contribution, HandBack};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::study::{Disclosure, utc_date};
use tvaers_warehouse::data::{OpenError, Warehouse};
use tvaers_warehouse::sql::{Dialect, Extraction, FetchError, Holding, PersonRow, SqlError};

use crate::home::Home;
use crate::node::Node;
use crate::refusal::Refusal;
use crate::state::{ImportRecord, WorklistRow};
use crate::study::Study;

/// Rows written by one statement.
const ROWS_A_STATEMENT: usize = 500;

const SCHEMA: &str = "
    CREATE TABLE component (
        row       INTEGER PRIMARY KEY,
        person_id TEXT    NOT NULL,
        resident  INTEGER NOT NULL,
        eligible  INTEGER NOT NULL,
        kommune   INTEGER NOT NULL,
        touches   INTEGER NOT NULL,
        -- Values, then recencies, two bytes each, big endian.
        numbers   BLOB    NOT NULL
    ) STRICT;
    CREATE TABLE pseudonym (
        pseudonym BLOB    PRIMARY KEY,
        row       INTEGER NOT NULL UNIQUE REFERENCES component (row)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE hand_back (
        pseudonym BLOB    PRIMARY KEY,
        included  INTEGER NOT NULL,
        complete  INTEGER NOT NULL,
        stratum   INTEGER NOT NULL,
        total     INTEGER NOT NULL,
        items     BLOB    NOT NULL
    ) STRICT, WITHOUT ROWID;";

/// What went wrong with a study's scratch database or with the rows that go into it. It names no row.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkError {
    #[error("the study's scratch database failed")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    File(#[from] PrivateFileError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Sql(#[from] SqlError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the scratch database holds an unreadable `{0}`")]
    Inconsistent(&'static str),
    #[error("the hand-back names a stratum that the model does not have")]
    Stratum,
    #[error(
        "the data was imported for another node, or for another kind of data than the configuration says now"
    )]
    OtherNode,
}

/// A study's scratch database.
pub(crate) struct Work {
    pool: SqlitePool,
    path: PathBuf,
    persons: u64,
}

impl Work {
    /// Works out the components of all persons of this node and keeps one row a person.
    pub(crate) async fn compute(node: &Node, study: &Study) -> Result<Self, WorkError> {
        let path = node.home().work(&study.manifest.run.to_string());
        erase(&path)?;
        drop(private::create(&path)?);
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            // What a power cut leaves of it is erased at the next start, so nothing needs to survive one.
            .synchronous(SqliteSynchronous::Off)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await?;
        let mut work = Self { pool, path, persons: 0 };
        let filled = match sqlx::raw_sql(SCHEMA).execute(&work.pool).await {
            Ok(_) => work.extract(node, study).await,
            Err(error) => Err(error.into()),
        };
        match filled {
            Ok(()) => Ok(work),
            Err(error) => {
                // Nobody else knows of the file.
                work.erase()?;
                Err(error)
            }
        }
    }

    async fn extract(&mut self, node: &Node, study: &Study) -> Result<(), WorkError> {
        let warehouse = warehouse(node, &study.import).await?;
        // Membership is a matter of when the study is made, not of the date it looks back to.
        let members = node.roster().kommune_codes(utc_date(study.manifest.created));
        let holding = match node.config().sector {
            Sector::Region => Holding::Region { members: &members },
            Sector::Municipality => Holding::Municipality { own: node.config().code },
        };
        let (as_of, grain) = (study.manifest.as_of, study.manifest.grain);
        let statement =
            Extraction { model: &study.model, holding, as_of, grain }.statement(Dialect::Sqlite)?;
        // A local replacement number may stand for two people: outside made-up data it joins nothing.
        let joinable = |row: &PersonRow| warehouse.meta().made_up || !row.person.is_made_up();
        let mut source = warehouse.pool().acquire().await?;
        let mut transaction = self.pool.begin().await?;
        let mut chunks = statement.rows(&mut source).try_chunks(ROWS_A_STATEMENT);
        while let Some(chunk) = chunks.next().await {
            let rows: Vec<PersonRow> = chunk.map_err(|error| error.1)?.into_iter().filter(joinable).collect();
            if rows.is_empty() {
                continue;
            }
            self.persons += rows.len() as u64;
            let mut insert = QueryBuilder::<Sqlite>::new(
                "INSERT INTO component (person_id, resident, eligible, kommune, touches, numbers) ",
            );
            insert.push_values(&rows, |mut values, row| {
                let numbers: Vec<u8> =
                    row.values.iter().chain(&row.recencies).flat_map(|number| number.to_be_bytes()).collect();
                values
                    .push_bind(row.person.expose())
                    .push_bind(row.resident)
                    .push_bind(row.eligible)
                    .push_bind(row.kommune)
                    .push_bind(row.touches)
                    .push_bind(numbers);
            });
            insert.build().persistent(false).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// How many persons have a row.
    pub(crate) const fn persons(&self) -> u64 {
        self.persons
    }

    /// The persons of up to `limit` rows from row `first` on.
    pub(crate) async fn persons_from(
        &self,
        first: i64,
        limit: usize,
    ) -> Result<Vec<(i64, PersonId)>, WorkError> {
        let rows = sqlx::query("SELECT row, person_id FROM component WHERE row >= ? ORDER BY row LIMIT ?")
            .bind(first)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|row| {
                let person = PersonId::parse(row.try_get("person_id")?);
                Ok((row.try_get("row")?, person.map_err(|_| WorkError::Inconsistent("person_id"))?))
            })
            .collect()
    }

    /// Keeps the pseudonyms of a batch.
    pub(crate) async fn store_pseudonyms(&self, named: &[(i64, Pseudonym)]) -> Result<(), WorkError> {
        let mut transaction = self.pool.begin().await?;
        for chunk in named.chunks(ROWS_A_STATEMENT) {
            let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO pseudonym (pseudonym, row) ");
            insert.push_values(chunk, |mut values, (row, pseudonym)| {
                values.push_bind(pseudonym.as_bytes().as_slice()).push_bind(*row);
            });
            insert.build().persistent(false).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// All contributions, ascending by pseudonym, one at a time.
    pub(crate) fn contributions<'a>(
        &'a self,
        layout: &'a Layout,
    ) -> BoxStream<'a, Result<Contribution, WorkError>> {
        sqlx::query(
            "SELECT p.pseudonym, c.resident, c.eligible, c.kommune, c.touches, c.numbers
             FROM pseudonym AS p JOIN component AS c ON c.row = p.row ORDER BY p.pseudonym",
        )
        .fetch(&self.pool)
        .map(|row| contribution(&row?, layout))
        .boxed()
    }

    /// Forgets what a hand-back that broke off has left.
    pub(crate) async fn begin_hand_back(&self) -> Result<(), WorkError> {
        sqlx::query("DELETE FROM hand_back").execute(&self.pool).await?;
        Ok(())
    }

    /// Keeps the records of one frame.
    pub(crate) async fn store_hand_backs(&self, records: &[HandBack]) -> Result<(), WorkError> {
        let mut transaction = self.pool.begin().await?;
        for chunk in records.chunks(ROWS_A_STATEMENT) {
            let mut insert = QueryBuilder::<Sqlite>::new(
                "INSERT INTO hand_back (pseudonym, included, complete, stratum, total, items) ",
            );
            insert.push_values(chunk, |mut values, record| {
                let items: Vec<u8> = record.items.iter().flat_map(|item| item.to_be_bytes()).collect();
                values
                    .push_bind(record.pseudonym.as_bytes().as_slice())
                    .push_bind(record.included)
                    .push_bind(record.complete)
                    .push_bind(record.stratum)
                    .push_bind(record.total)
                    .push_bind(items);
            });
            insert.build().persistent(false).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// How many were handed back that this node did not contribute as its residents in the population: none, unless
    /// someone lies.
    pub(crate) async fn strangers_handed_back(&self) -> Result<i64, WorkError> {
        let row = sqlx::query(
            "SELECT COUNT(*) FROM hand_back AS h
             LEFT JOIN pseudonym AS p ON p.pseudonym = h.pseudonym
             LEFT JOIN component AS c ON c.row = p.row
             WHERE c.resident IS NOT 1 OR c.eligible IS NOT 1",
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(row.try_get(0)?)
    }

    /// The work list: hand-backs with their persons' numbers.
    pub(crate) async fn worklist(&self, study: &Study) -> Result<Vec<WorklistRow>, WorkError> {
        let rows = sqlx::query(
            "SELECT c.person_id, h.included, h.complete, h.stratum, h.total, h.items FROM hand_back AS h
             JOIN pseudonym AS p ON p.pseudonym = h.pseudonym JOIN component AS c ON c.row = p.row",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                // What is not disclosed comes as zero and is shown as nothing.
                let shown = |least| study.manifest.disclosure >= least;
                let stratum = usize::try_from(row.try_get::<i64, _>("stratum")?).unwrap_or(usize::MAX);
                let stratum = study.model.strata.get(stratum).ok_or(WorkError::Stratum)?;
                Ok(WorklistRow {
                    person_id: row.try_get("person_id")?,
                    total: if shown(Disclosure::Total) { Some(row.try_get("total")?) } else { None },
                    stratum: if shown(Disclosure::Stratum) { stratum.name.clone() } else { String::new() },
                    included: row.try_get("included")?,
                    complete: row.try_get("complete")?,
                    items: if shown(Disclosure::Items) {
                        numbers(row.try_get("items")?)?
                    } else {
                        Vec::new()
                    },
                })
            })
            .collect()
    }

    /// Erases the database. Its name goes at once; what a statement at work still holds goes when it has ended.
    pub(crate) fn erase(&self) -> Result<(), WorkError> {
        let (pool, path) = (self.pool.clone(), self.path.clone());
        tokio::spawn(async move {
            pool.close().await;
            // A connection that was opened in that instant has made its side files anew.
            if let Err(error) = erase(&path) {
                tracing::error!(error = %error, "a study's scratch database could not be erased; the next start tries again");
            }
        });
        erase(&self.path)
    }
}

/// Erases the scratch database of a run, whether or not it was finished.
pub(crate) fn erase_run(home: &Home, run: &str) -> Result<(), WorkError> {
    erase(&home.work(run))
}

/// Erases the scratch databases that a stopped node left behind; gives how many.
pub(crate) fn erase_abandoned(dir: &Path) -> Result<usize, WorkError> {
    let io = |source| PrivateFileError::Io { path: dir.to_owned(), source };
    let mut erased = 0;
    for entry in std::fs::read_dir(dir).map_err(io)? {
        let entry = entry.map_err(io)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("study-") && name.contains(".sqlite") {
            erase(&entry.path())?;
            erased += 1;
        }
    }
    Ok(erased)
}

/// Opens the data that a study or question is answered from. The mark in the data counts, not what the configuration
/// says today: data imported as real stays real, whatever is edited.
async fn warehouse(node: &Node, import: &ImportRecord) -> Result<Warehouse, WorkError> {
    let warehouse = Warehouse::open(&node.home().dir().join(&import.file), 2).await?;
    let (meta, config) = (warehouse.meta(), node.config());
    if (meta.made_up, meta.sector, meta.member) == (config.made_up, config.sector, config.code) {
        Ok(warehouse)
    } else {
        Err(WorkError::OtherNode)
    }
}

/// The data for a request, or why it is refused.
pub(crate) async fn data(node: &Node, import: &ImportRecord) -> Result<Warehouse, Refusal> {
    warehouse(node, import).await.map_err(|error| match error {
        WorkError::OtherNode => Refusal::because(RejectCode::NotMadeUp, error),
        error => Refusal::internal(error),
    })
}

/// How many persons this node would have evaluated, at most.
pub(crate) async fn count_contributors(node: &Node, warehouse: &Warehouse) -> Result<u32, Refusal> {
    let persons = match node.config().sector {
        Sector::Municipality => warehouse.meta().persons,
        Sector::Region => {
            let mut count = QueryBuilder::<Sqlite>::new("SELECT COUNT(*) FROM patients WHERE kommune IN (");
            let mut codes = count.separated(", ");
            for code in node.roster().kommune_codes(utc_date(node.clock().now())) {
                codes.push_bind(code);
            }
            count.push(")");
            let row = count.build().fetch_one(warehouse.pool()).await.map_err(Refusal::internal)?;
            row.try_get::<i64, _>(0).map_err(Refusal::internal)?.unsigned_abs()
        }
    };
    u32::try_from(rounded_up(persons)).map_err(Refusal::internal)
}

/// Rounds up to two significant figures: a margin of at most a tenth, and the exact number is not told.
fn rounded_up(persons: u64) -> u64 {
    let unit = 10_u64.pow(persons.max(1).ilog10().saturating_sub(1));
    persons.div_ceil(unit).saturating_mul(unit)
}

fn erase(path: &Path) -> Result<(), WorkError> {
    // The side files first: as long as the main file is there, a start after a crash finds what is left.
    for suffix in ["-wal", "-shm", ""] {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        let file = PathBuf::from(file);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(PrivateFileError::Io { path: file, source: error }.into());
            }
            _ => {}
        }
    }
    Ok(())
}

fn contribution(row: &SqliteRow, layout: &Layout) -> Result<Contribution, WorkError> {
    let pseudonym: &[u8] = row.try_get("pseudonym")?;
    let mut values = numbers(row.try_get("numbers")?)?;
    if values.len() != layout.components.len() + layout.recencies.len() {
        return Err(WorkError::Inconsistent("numbers"));
    }
    let recencies = values.split_off(layout.components.len());
    Ok(Contribution {
        pseudonym: Pseudonym::from_bytes(
            pseudonym.try_into().map_err(|_| WorkError::Inconsistent("pseudonym"))?,
        ),
        resident: row.try_get("resident")?,
        eligible: row.try_get("eligible")?,
        touches: row.try_get("touches")?,
        kommune: row.try_get("kommune")?,
        values,
        recencies,
    })
}

fn numbers(bytes: &[u8]) -> Result<Vec<u16>, WorkError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(WorkError::Inconsistent("numbers"));
    }
    Ok(pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect())
}

#[cfg(test)]
mod tests {
    use super::rounded_up;

    #[test]
    fn a_number_of_persons_is_rounded_up_by_a_tenth_at_most() {
        for (persons, rounded) in
            [(0, 0), (7, 7), (99, 99), (101, 110), (2059, 2100), (2100, 2100), (58_999, 59_000)]
        {
            assert_eq!(rounded_up(persons), rounded);
        }
    }
}
