//! The folder of CSV files: which are there, and reading one while its digest is worked out.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tvaers_protocol::id::Sector;

use super::fault::{Found, ImportError, What};
use crate::table::{Table, tables};

/// A folder that has one readable file for each table of a sector.
pub(super) struct Folder {
    path: PathBuf,
    pub(super) sector: Sector,
    /// The size of all the tables' files.
    pub(super) bytes: u64,
}

impl Folder {
    /// Looks that every table has its file, and that no other CSV file is there: one that nobody reads, such as the
    /// second half of a table, would be half the data lost in silence. Files of other kinds (`policy.toml`, notes)
    /// and hidden files are none of the import's business.
    pub(super) fn look(path: &Path, sector: Sector) -> Result<Self, ImportError> {
        let name = path.display().to_string();
        let reading = |error: io::Error| ImportError::reading(&name, &error);
        let mut folder = Self { path: path.to_owned(), sector, bytes: 0 };
        let mut others = Vec::new();
        for entry in std::fs::read_dir(path).map_err(reading)? {
            let file = entry.map_err(reading)?.file_name().to_string_lossy().into_owned();
            let is_csv = file.to_ascii_lowercase().ends_with(".csv") && !file.starts_with('.');
            if is_csv && !tables(sector).iter().any(|table| table.file_name() == file) {
                others.push(file);
            }
        }
        for table in tables(sector) {
            let metadata = folder.open(table)?.metadata().map_err(reading)?;
            folder.bytes += metadata.len();
        }
        match others.iter().min() {
            None => Ok(folder),
            Some(file) => {
                let names: Vec<String> = tables(sector).iter().map(Table::file_name).collect();
                let expected = format!("no other CSV files than those of a {sector}: {}", names.join(", "));
                Err(ImportError::of(What::UnknownFile, file, Found::Value(file), expected))
            }
        }
    }

    fn open(&self, table: &Table) -> Result<File, ImportError> {
        let (name, path) = (table.file_name(), self.path.join(table.file_name()));
        // Looked at before it is opened: opening a pipe would wait for its writer.
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => {
                File::open(&path).map_err(|error| ImportError::reading(&name, &error))
            }
            Ok(_) => Err(ImportError::of(What::Unreadable, &name, Found::Words("something else"), "a file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let expected = format!("a file for each table of a {}", self.sector);
                Err(ImportError::of(What::MissingFile, &name, Found::Words("no such file"), expected))
            }
            Err(error) => Err(ImportError::reading(&name, &error)),
        }
    }

    /// Opens a table's file for reading from its beginning.
    pub(super) fn reader(&self, table: &Table) -> Result<BufReader<Hashed>, ImportError> {
        const BUFFER_BYTES: usize = 256 * 1024;
        let hashed = Hashed { file: self.open(table)?, hash: Sha256::new(), bytes: 0 };
        Ok(BufReader::with_capacity(BUFFER_BYTES, hashed))
    }
}

/// A file that is hashed as it is read, so that the digest is that of the very bytes that were checked.
pub(super) struct Hashed {
    file: File,
    hash: Sha256,
    /// How many bytes have been read.
    pub(super) bytes: u64,
}

impl Hashed {
    /// The SHA-256 digest of what has been read.
    pub(super) fn digest(self) -> [u8; 32] {
        self.hash.finalize().into()
    }
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.hash.update(buffer.get(..n).unwrap_or_default());
        self.bytes += n as u64;
        Ok(n)
    }
}
