//! The file of rows set aside: `file,line,column,reason`, then the fields of the row as they were.
//!
//! It holds persons' rows in the clear, as the node's own database does, so only its owner may read it. It is written
//! aside and takes its name when the import has succeeded.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use super::aside::Aside;
use super::fault::ImportError;
use super::row::Row;

/// The file of rows set aside.
pub(super) struct Rejects {
    name: String,
    writer: csv::Writer<BufWriter<File>>,
    aside: Aside,
}

impl Rejects {
    /// Creates the file aside, with its header.
    pub(super) fn create(path: &Path) -> Result<Self, ImportError> {
        let name = path.display().to_string();
        let writing = |error: io::Error| ImportError::writing(&name, &error);
        let aside = Aside::create(path.with_added_extension("new"))?;
        let file = aside.file().try_clone().map_err(writing)?;
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(BufWriter::new(file));
        let header = ["file", "line", "column", "reason", "row"];
        writer.write_record(header).map_err(|error| writing(io_error(error)))?;
        Ok(Self { name, writer, aside })
    }

    /// Sets a row aside. A row that could not be split, or has no `row`, is written as one field.
    pub(super) fn add(
        &mut self,
        fault: &ImportError,
        row: Option<&Row>,
        raw: &[u8],
    ) -> Result<(), ImportError> {
        let line = fault.line.unwrap_or_default().to_string();
        let column = fault.column.as_deref().unwrap_or_default();
        let reason = fault.reason();
        let mut record = csv::ByteRecord::new();
        for field in [&*fault.file, &line, column, &reason] {
            record.push_field(field.as_bytes());
        }
        match row {
            Some(row) => (0..row.n_fields()).for_each(|i| record.push_field(row.bytes(i))),
            None => record.push_field(raw),
        }
        let written = self.writer.write_byte_record(&record);
        written.map_err(|error| ImportError::writing(&self.name, &io_error(error)))
    }

    /// Writes what is left to the disk and gives the file its name.
    pub(super) fn keep(self, path: &Path) -> Result<(), ImportError> {
        let Self { name, writer, aside } = self;
        let flushed =
            writer.into_inner().map_err(|error| io::Error::new(error.error().kind(), error.to_string()));
        let flushed = flushed.and_then(|buffer| buffer.into_inner().map_err(io::IntoInnerError::into_error));
        flushed.map_err(|error| ImportError::writing(&name, &error))?;
        aside.keep(path)
    }
}

/// The operating system's error, whose kind tells a full disk; the conversion of the `csv` crate hides it.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
