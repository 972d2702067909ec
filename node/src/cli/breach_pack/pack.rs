//! The folder of a pack: files for their owner only, each with its digest in `SHA256SUMS`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::Digest as _;
use tvaers_host::private;
use tvaers_protocol::id::Digest;
use tvaers_protocol::problem::{Exit, Problem};

use super::unwritable;

/// The list of files with their digests, as `sha256sum` writes and checks it.
const SUMS: &str = "SHA256SUMS";

/// A pack in the making.
pub(super) struct Pack {
    dir: PathBuf,
    sums: String,
}

/// A file of it.
pub(super) struct Part {
    name: String,
    path: PathBuf,
    file: BufWriter<File>,
    sum: sha2::Sha256,
}

impl Pack {
    pub(super) fn create(dir: &Path) -> Result<Self, Problem> {
        let pack = Self { dir: dir.to_owned(), sums: String::new() };
        pack.folder("")?;
        Ok(pack)
    }

    /// Makes a folder in it.
    pub(super) fn folder(&self, name: &str) -> Result<(), Problem> {
        let made = private::create_dir(&self.dir.join(name));
        made.map_err(|error| {
            Problem::from_error(Exit::Failed, "breach.write", &error).next("look at the folder's rights")
        })
    }

    /// Begins a file.
    pub(super) fn begin(&self, name: &str) -> Result<Part, Problem> {
        let path = self.dir.join(name);
        let file = private::create(&path).map_err(|error| {
            Problem::from_error(Exit::Failed, "breach.write", &error).next("look at the folder's rights")
        })?;
        Ok(Part { name: name.to_owned(), path, file: BufWriter::new(file), sum: sha2::Sha256::new() })
    }

    /// Ends a file: the disk has it, and the list its digest.
    pub(super) fn end(&mut self, part: Part) -> Result<(), Problem> {
        let Part { name, path, file, sum } = part;
        let file = file.into_inner().map_err(|error| unwritable(&path, error.error()))?;
        file.sync_all().map_err(|error| unwritable(&path, &error))?;
        let digest = Digest(sum.finalize().into());
        self.sums.push_str(&format!("{digest}  {name}\n"));
        Ok(())
    }

    /// A file as a whole.
    pub(super) fn write(&mut self, name: &str, content: &[u8]) -> Result<(), Problem> {
        let mut part = self.begin(name)?;
        part.add(content)?;
        self.end(part)
    }

    /// Writes the list; its digest stands for the whole pack.
    pub(super) fn finish(self) -> Result<Digest, Problem> {
        let digest = Digest(sha2::Sha256::digest(self.sums.as_bytes()).into());
        private::replace(&self.dir.join(SUMS), self.sums.as_bytes())
            .map_err(|error| Problem::from_error(Exit::Failed, "breach.write", &error))?;
        Ok(digest)
    }
}

impl Part {
    /// Adds to a file.
    pub(super) fn add(&mut self, content: &[u8]) -> Result<(), Problem> {
        self.write_all(content).map_err(|error| unwritable(&self.path, &error))
    }
}

impl Write for Part {
    fn write(&mut self, content: &[u8]) -> io::Result<usize> {
        let written = self.file.write(content)?;
        self.sum.update(content.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
