//! Reads all files of a folder in the tables' order, checks every row, and hands the good ones on in batches.
//!
//! This is the half of an import that computes and reads; it runs on a thread of its own, one step ahead of the
//! database.

use std::path::PathBuf;
use std::sync::Arc;

use sqlx::Arguments as _;
use sqlx::sqlite::SqliteArguments;
use tokio::sync::mpsc;

use super::check::{Checker, Register};
use super::fault::{Found, ImportError, What};
use super::folder::Folder;
use super::rejects::Rejects;
use super::row::{ROW_BYTES_MAX, Rows, Unsplit};
use super::value::Value;
use crate::table::{Table, tables};

/// How many values go to the database in one statement. It stays below SQLite's limit of 32,766 with room to spare,
/// and larger batches were no faster.
const VALUES_PER_BATCH: usize = 4096;
/// How many batches may wait for the database: enough that neither side waits, little enough to be no memory.
pub(super) const BATCHES_WAITING: usize = 4;

/// Good rows of one table, as the arguments of one statement.
pub(super) struct Batch {
    pub(super) table: &'static Table,
    pub(super) n_rows: usize,
    /// For each row its line, then its values in the order of the columns.
    pub(super) arguments: SqliteArguments,
    /// How many bytes of all files have been read.
    pub(super) bytes_read: u64,
}

/// What is known when every row has been read.
pub(super) struct Outcome {
    pub(super) files: Vec<FileRead>,
    pub(super) register: Register,
    pub(super) rejects: Option<Rejects>,
}

/// What one table's file held.
pub(super) struct FileRead {
    pub(super) table: &'static Table,
    pub(super) digest: [u8; 32],
    pub(super) rows: u64,
    pub(super) rejected: u64,
    /// The last row has no line end.
    pub(super) unterminated: bool,
}

/// Reads every table's file. With `rejects`, bad rows are set aside in that file.
pub(super) fn read(
    folder: &Folder,
    made_up: bool,
    rejects: Option<&PathBuf>,
    batches: &mpsc::Sender<Batch>,
) -> Result<Outcome, ImportError> {
    let rejects = rejects.map(|path| Rejects::create(path)).transpose()?;
    let mut outcome = Outcome { files: Vec::new(), register: Register::default(), rejects };
    let mut bytes_before = 0;
    for table in tables(folder.sector) {
        let mut file = TableFile { table, made_up, bytes_before, batches };
        let (read, bytes) = file.read(folder, &mut outcome.register, outcome.rejects.as_mut())?;
        bytes_before += bytes;
        outcome.files.push(read);
    }
    Ok(outcome)
}

struct TableFile<'a> {
    table: &'static Table,
    made_up: bool,
    bytes_before: u64,
    batches: &'a mpsc::Sender<Batch>,
}

impl TableFile<'_> {
    fn read(
        &mut self,
        folder: &Folder,
        register: &mut Register,
        mut rejects: Option<&mut Rejects>,
    ) -> Result<(FileRead, u64), ImportError> {
        let mut rows = Rows::new(folder.reader(self.table)?);
        let checker = match rows.next_row() {
            Ok(Some(header)) => Checker::new(self.table, self.made_up, header)?,
            Ok(None) => return Err(no_header(self.table, "an empty file")),
            Err(Unsplit::Quoting(_)) => return Err(no_header(self.table, "a misplaced quotation mark")),
            Err(fault) => return Err(unsplit(self.table, fault)),
        };
        let mut read =
            FileRead { table: self.table, digest: [0; 32], rows: 0, rejected: 0, unterminated: false };
        let mut batch = self.batch(0);
        loop {
            let fault = match rows.next_row() {
                Ok(None) => break,
                Ok(Some(row)) => {
                    read.unterminated = !row.terminated;
                    match checker.check(row, register) {
                        Ok(values) => {
                            push(&mut batch, row.line, values, self.table)?;
                            None
                        }
                        Err(fault) => Some((fault, true)),
                    }
                }
                Err(fault) => Some((unsplit(self.table, fault), false)),
            };
            match (fault, &mut rejects) {
                (None, _) => read.rows += 1,
                (Some((fault, is_split)), Some(rejects)) if fault.what.is_of_a_row() => {
                    rejects.add(&fault, is_split.then(|| rows.row()), rows.raw())?;
                    read.rejected += 1;
                }
                (Some((fault, _)), _) => return Err(fault),
            }
            if batch.n_rows == rows_per_batch(self.table) {
                let next = self.batch(rows.input().get_ref().bytes);
                self.send(std::mem::replace(&mut batch, next))?;
            }
        }
        let input = rows.into_input().into_inner();
        let bytes = input.bytes;
        batch.bytes_read = self.bytes_before + bytes;
        self.send(batch)?;
        read.digest = input.digest();
        Ok((read, bytes))
    }

    fn batch(&self, bytes_read: u64) -> Batch {
        let mut arguments = SqliteArguments::default();
        arguments.reserve(VALUES_PER_BATCH, 0);
        Batch { table: self.table, n_rows: 0, arguments, bytes_read: self.bytes_before + bytes_read }
    }

    /// Hands a batch on. Where nobody receives it the import has failed already, and the receiver knows why.
    fn send(&self, batch: Batch) -> Result<(), ImportError> {
        let expected = "an import that goes on";
        self.batches.blocking_send(batch).map_err(|_| {
            ImportError::of(
                What::Unwritable,
                self.table.name,
                Found::Words("an import that has ended"),
                expected,
            )
        })
    }
}

/// How many rows of a table go in one statement.
pub(super) fn rows_per_batch(table: &Table) -> usize {
    VALUES_PER_BATCH / (table.columns.len() + 1)
}

/// Sets aside those rows of a table that start on `lines`, which ascend: a second reading of the file, for faults
/// that show only when the table is complete.
pub(super) fn set_aside(
    folder: &Folder,
    faults: &[ImportError],
    table: &'static Table,
    rejects: &mut Rejects,
) -> Result<(), ImportError> {
    let mut rows = Rows::new(folder.reader(table)?);
    let mut faults = faults.iter().peekable();
    while let Some(fault) = faults.peek() {
        match rows.next_row() {
            Ok(Some(row)) if Some(row.line) == fault.line => {
                rejects.add(fault, Some(row), &[])?;
                faults.next();
            }
            Ok(Some(_)) | Err(Unsplit::Quoting(_)) => {}
            Ok(None) => break,
            Err(other) => return Err(unsplit(table, other)),
        }
    }
    Ok(())
}

fn push(batch: &mut Batch, line: u64, values: Vec<Value>, table: &Table) -> Result<(), ImportError> {
    let arguments = &mut batch.arguments;
    let mut added = arguments.add(line.cast_signed());
    for value in values {
        added = added.and_then(|()| match value {
            Value::Null => arguments.add(None::<i64>),
            Value::Integer(n) => arguments.add(n),
            Value::Real(x) => arguments.add(x),
            Value::Text(text) => arguments.add(Arc::<str>::from(text)),
            Value::Person(id) => arguments.add(Arc::<str>::from(id.expose())),
        });
    }
    batch.n_rows += 1;
    added.map_err(|error| ImportError::database(table.name, &sqlx::Error::Encode(error)))
}

fn no_header(table: &Table, found: &str) -> ImportError {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let expected = format!("a header with the columns {}", names.join(","));
    ImportError::of(What::NoHeader, &table.file_name(), Found::Words(found), expected)
}

fn unsplit(table: &Table, fault: Unsplit) -> ImportError {
    let file = table.file_name();
    match fault {
        Unsplit::Io(error) => ImportError::reading(&file, &error),
        Unsplit::TooLong(line) => {
            let expected = format!("a row of at most {ROW_BYTES_MAX} bytes");
            ImportError::of(What::RowTooLong, &file, Found::Words("a longer one"), expected).at(line)
        }
        Unsplit::OpenQuote(line) => {
            let expected = "the quotation mark that closes the field";
            ImportError::of(What::CutShort, &file, Found::Words("the end of the file"), expected).at(line)
        }
        Unsplit::Quoting(line) => {
            let expected = "quotation marks around the whole field, doubled inside it";
            ImportError::of(
                What::Quoting,
                &file,
                Found::Words("one inside a field, or text after a field"),
                expected,
            )
            .at(line)
        }
    }
}
