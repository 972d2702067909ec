//! Heads of audit logs as they are handed to who verifies one: a line of JSON each, to a new file or to standard output.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tvaers_protocol::audit::SeenHead;
use tvaers_protocol::problem::{Exit, Problem};

use crate::private;

/// Where heads are being written.
pub struct HeadsFile {
    to: Option<PathBuf>,
    writer: BufWriter<Box<dyn Write>>,
    sync: Option<std::fs::File>,
    count: u64,
}

impl HeadsFile {
    /// Opens a new file, for its owner only, or standard output where none is named.
    ///
    /// # Errors
    /// [`Problem`] where there is such a file already, or none can be made.
    pub fn create(to: Option<&Path>) -> Result<Self, Problem> {
        let Some(path) = to else {
            return Ok(Self {
                to: None,
                writer: BufWriter::new(Box::new(io::stdout())),
                sync: None,
                count: 0,
            });
        };
        if path.exists() {
            return Err(Problem::new(Exit::BadInput, "heads.exists", "the file is there already")
                .at(path.display())
                .expected("the name of a new file")
                .next("name another one, or move it away"));
        }
        let file = private::create(path).map_err(|error| {
            Problem::from_error(Exit::Failed, "heads.write", &error).next("look at the folder's rights")
        })?;
        let sync = file.try_clone().map_err(|error| unwritable(to, &error))?;
        let writer = BufWriter::new(Box::new(file) as Box<dyn Write>);
        Ok(Self { to: to.map(Path::to_owned), writer, sync: Some(sync), count: 0 })
    }

    /// Writes one.
    ///
    /// # Errors
    /// [`Problem`].
    pub fn write(&mut self, head: &SeenHead) -> Result<(), Problem> {
        self.count += 1;
        let written = serde_json::to_writer(&mut self.writer, head).map_err(io::Error::from);
        written.and_then(|()| self.writer.write_all(b"\n")).map_err(|error| self.failed(&error))
    }

    /// Ends the file; gives how many there are, once they are on the disk.
    ///
    /// # Errors
    /// [`Problem`].
    pub fn finish(mut self) -> Result<u64, Problem> {
        self.writer.flush().map_err(|error| self.failed(&error))?;
        let synced = self.sync.as_ref().map_or(Ok(()), std::fs::File::sync_all);
        synced.map_err(|error| self.failed(&error))?;
        Ok(self.count)
    }

    fn failed(&self, error: &io::Error) -> Problem {
        unwritable(self.to.as_deref(), error)
    }
}

fn unwritable(path: Option<&Path>, error: &io::Error) -> Problem {
    let place = path.map_or_else(|| "standard output".to_owned(), |path| path.display().to_string());
    Problem::new(Exit::Failed, "heads.write", error).at(place).next("look at disk space and rights")
}
