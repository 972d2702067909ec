//! Imports a folder of CSV files into a new data database: all of it, or nothing.
//!
//! Way of a row: `row` splits it, `value` and `check` read it, `read` hands it on in batches, `load` writes it. The
//! database is written aside and takes its name, `data-<16 hex digits of its digest>.sqlite`, when it is whole and
//! on the disk; whatever goes wrong before leaves everything as it was. Nothing is repaired or guessed on the way: a
//! bad row refuses the import, or is set aside where the caller asks for that.

mod aside;
mod check;
mod fault;
mod folder;
mod load;
mod mask;
mod read;
mod rejects;
mod row;
#[cfg(test)]
mod tests;
pub(crate) mod value;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};
use tvaers_protocol::id::{Digest, Sector};

use self::aside::Aside;
use self::fault::Found;
pub use self::fault::{ImportError, What};
use self::folder::Folder;
use self::load::{DIFFERING_MAX, Differing, Load};
use self::read::{FileRead, Outcome};
use self::rejects::Rejects;
use crate::data::{Holds, Meta, Salt, TableCount};
use crate::table::Table;

/// The name of a database that is being written; the next import replaces one that a killed process left behind.
pub const NEW_FILE: &str = "data-new-import.sqlite";

/// What an import is told beside its files.
#[derive(Clone, Debug)]
pub struct Options {
    /// The day on which the files were taken from their source.
    pub extracted_on: Date,
    /// Whether the database is for made-up persons: then every number must have its day raised by 60.
    pub made_up: bool,
    /// The code of the municipality (100–999) or region (1000–9999) whose data it is.
    pub member: u16,
    /// Where bad rows are set aside. Without it, the first bad row refuses the import.
    pub rejects: Option<PathBuf>,
    /// Random bytes of this import, under which its digest is made.
    pub salt: Salt,
}

/// How far an import has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// The table at work.
    pub table: &'static str,
    /// How many bytes of all files have been read.
    pub bytes_read: u64,
    /// How many bytes all files have.
    pub bytes_total: u64,
    /// How many good rows of all tables have been read.
    pub rows: u64,
}

/// The stages of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Rows are read and written.
    Rows,
    /// Rows that stand twice are dropped, and the table's indices are made.
    Indices,
}

/// An import that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The data database.
    pub file: PathBuf,
    /// What the database says of itself, with the counts of each table.
    pub meta: Meta,
    /// The tables in whose files the last row has no line end. Had such a file been cut inside its last value, it
    /// would look the same, so the operator is told.
    pub unterminated: Vec<&'static str>,
}

/// Imports the files of `folder`, one for each table of `sector`, into a new data database in `out_dir`.
///
/// The memory needed does not grow with the data, but for 16 bytes or so a person. `progress` is called once a batch
/// of some hundred rows. The same files and options, the salt among them, make a file of the same name, which takes the
/// other's place; a database that is open meanwhile goes on being read as it was.
///
/// Dropping the future ends the import and removes what it had written.
///
/// # Errors
/// The first [`ImportError`]: files in the order of [`tables`](crate::table::tables), rows in the order of their
/// file, rows with one key but different content last. With `options.rejects` only those remain that are not of a
/// single row ([`What::is_of_a_row`]). Then nothing is left of the new database or of the file of rejects.
pub async fn import(
    folder: &Path,
    sector: Sector,
    out_dir: &Path,
    options: &Options,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Imported, ImportError> {
    check_member(sector, options.member)?;
    let folder = Arc::new(Folder::look(folder, sector)?);
    let aside = Aside::create(out_dir.join(NEW_FILE))?;
    let mut load = Load::begin(aside.path(), Holds::Rows, sector).await?;
    let mut at =
        Progress { stage: Stage::Rows, table: "", bytes_read: 0, bytes_total: folder.bytes, rows: 0 };
    let told = &mut |table, bytes_read, n_rows| {
        at = Progress { table, bytes_read, rows: at.rows + n_rows, ..at };
        progress(at);
    };
    let Outcome { files, register, mut rejects } = read_into(&mut load, &folder, options, told).await?;
    let mut counts = Vec::new();
    for file in &files {
        progress(Progress { stage: Stage::Indices, table: file.table.name, ..at });
        counts.push(settle(&mut load, &folder, file, &mut rejects).await?);
    }
    let meta = Meta {
        digest: options.salt.name(digest(sector, options, &files, &counts)),
        salt: options.salt,
        sector,
        member: options.member,
        extracted_on: options.extracted_on,
        made_up: options.made_up,
        persons: register.n_persons(),
        made_up_persons: register.made_up,
        tables: counts,
    };
    load.finish(&meta).await?;
    let file = out_dir.join(file_name(meta.digest));
    keep(aside, file.clone(), rejects, options.rejects.clone()).await?;
    let unterminated = files.iter().filter(|file| file.unterminated);
    Ok(Imported { file, meta, unterminated: unterminated.map(|file| file.table.name).collect() })
}

/// Keeps what is known of a source whose rows stay at their server, as an import of files does with its rows.
pub(crate) async fn keep_registration(out_dir: &Path, meta: &Meta) -> Result<PathBuf, ImportError> {
    let aside = Aside::create(out_dir.join(NEW_FILE))?;
    let load = Load::begin(aside.path(), Holds::Registration, meta.sector).await?;
    load.finish(meta).await?;
    let file = out_dir.join(file_name(meta.digest));
    keep(aside, file.clone(), None, None).await?;
    Ok(file)
}

/// The name of the data database with that digest.
#[must_use]
pub fn file_name(digest: Digest) -> String {
    let hex: String = digest.to_string().chars().take(16).collect();
    format!("data-{hex}.sqlite")
}

pub(crate) fn check_member(sector: Sector, member: u16) -> Result<(), ImportError> {
    let codes = match sector {
        Sector::Municipality => 100..=999,
        Sector::Region => 1000..=9999,
    };
    if codes.contains(&member) {
        return Ok(());
    }
    let expected = format!("the code of a {sector}, {} to {}", codes.start(), codes.end());
    Err(ImportError::of(What::Option, "member", Found::Words(&member.to_string()), expected))
}

/// Reads on a thread of its own while the database writes.
async fn read_into(
    load: &mut Load,
    folder: &Arc<Folder>,
    options: &Options,
    told: &mut (dyn FnMut(&'static str, u64, u64) + Send),
) -> Result<Outcome, ImportError> {
    let (sender, mut batches) = mpsc::channel(read::BATCHES_WAITING);
    let (source, made_up, rejects) = (Arc::clone(folder), options.made_up, options.rejects.clone());
    let reader = tokio::task::spawn_blocking(move || read::read(&source, made_up, rejects.as_ref(), &sender));
    let mut written = Ok(());
    while let Some(batch) = batches.recv().await {
        let (table, bytes_read, n_rows) = (batch.table.name, batch.bytes_read, batch.n_rows);
        written = load.insert(batch).await;
        if written.is_err() {
            break;
        }
        told(table, bytes_read, n_rows as u64);
    }
    // Tells the reader to end; it is waited for, so that its files are gone when the caller hears of the fault.
    drop(batches);
    let read = joined(reader).await;
    written.and(read)
}

/// Drops the rows of a table that stand twice, makes its indices, and counts what became of its rows.
async fn settle(
    load: &mut Load,
    folder: &Arc<Folder>,
    file: &FileRead,
    rejects: &mut Option<Rejects>,
) -> Result<TableCount, ImportError> {
    let table = file.table;
    let mut count = TableCount { name: table.name, rows: file.rows, duplicates: 0, rejected: file.rejected };
    if let Some(key) = table.key {
        let (identical, differing) = load.drop_twice(table, key).await?;
        let n_differing = differing.len() as u64;
        count.duplicates = identical;
        count.rejected += n_differing;
        count.rows = count.rows.saturating_sub(identical + n_differing);
        let faults: Vec<ImportError> = differing.iter().map(|row| different_twice(table, key, row)).collect();
        if let Some(first) = faults.first() {
            let Some(mut list) = rejects.take().filter(|_| faults.len() <= DIFFERING_MAX) else {
                return Err(first.clone());
            };
            let source = Arc::clone(folder);
            let added = tokio::task::spawn_blocking(move || {
                read::set_aside(&source, &faults, table, &mut list).map(|()| list)
            });
            *rejects = Some(joined(added).await?);
        }
    }
    load.index(table).await?;
    Ok(count)
}

/// Makes the new files durable and gives them their names.
async fn keep(
    aside: Aside,
    target: PathBuf,
    rejects: Option<Rejects>,
    rejects_target: Option<PathBuf>,
) -> Result<(), ImportError> {
    let kept = tokio::task::spawn_blocking(move || {
        // The rejects first: a list without its database misleads nobody, a database without its list would.
        if let (Some(list), Some(path)) = (rejects, rejects_target) {
            list.keep(&path)?;
        }
        aside.keep(&target)
    });
    joined(kept).await
}

fn different_twice(table: &Table, key: &str, row: &Differing) -> ImportError {
    let found = format!("a row that differs from the one on line {}", row.first);
    let expected = format!("one row for each {key}, or identical ones");
    ImportError::of(What::DifferentTwice, &table.file_name(), Found::Words(&found), expected)
        .at(row.line)
        .in_column(key)
}

/// The digest of what a database holds, which is told to nobody: the files' own digests, and what decides how they are read.
fn digest(sector: Sector, options: &Options, files: &[FileRead], counts: &[TableCount]) -> Digest {
    let rejected: u64 = counts.iter().map(|count| count.rejected).sum();
    let told = format!("{sector} {} {} {} {rejected}", options.member, options.extracted_on, options.made_up);
    let files = files.iter().flat_map(|file| [file.table.name.as_bytes(), &file.digest]);
    let parts: Vec<&[u8]> = std::iter::once(told.as_bytes()).chain(files).collect();
    Digest::of("tvaers data 1", &parts)
}

async fn joined<T>(task: JoinHandle<Result<T, ImportError>>) -> Result<T, ImportError> {
    let stopped = |error: JoinError| {
        ImportError::of(
            What::Unwritable,
            "import",
            Found::Words(&error.to_string()),
            "a thread that ends by itself",
        )
    };
    task.await.map_err(stopped)?
}
