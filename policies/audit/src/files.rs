//! The files of a log: `audit.jsonl`, which is written to, and `audit-000000000001.jsonl` and so on, which are full and
//! bear the number of their first entry.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::error::AuditError;
use crate::line::{Entry, LINE_BYTES_MAX, Place};

/// Digits of an entry's number in a name; so names sort as entries do.
const DIGITS: usize = 12;
/// What a log's file is called.
const RUNNING: &str = "audit.jsonl";

/// The name that a log's file gets when it is full, from the number of its first entry.
#[must_use]
pub fn full(running: &Path, first: u64) -> PathBuf {
    running.with_file_name(format!("{}-{first:0DIGITS$}.jsonl", stem(running)))
}

/// The full files of the log that is written to `running`, from the oldest.
///
/// # Errors
/// [`AuditError::Io`].
pub fn full_of(running: &Path) -> Result<Vec<PathBuf>, AuditError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| AuditError::Io { path, source }
    };
    let (dir, mut all) = (folder(running), Vec::new());
    for found in std::fs::read_dir(dir).map_err(io(dir))? {
        let path = found.map_err(io(dir))?.path();
        if number_of(running, &path).is_some() {
            all.push(path);
        }
    }
    all.sort();
    Ok(all)
}

/// The folder of a log.
#[must_use]
pub fn folder(running: &Path) -> &Path {
    running.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The number of its first entry that a full file bears; none where it is no such file of this log.
fn number_of(running: &Path, path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_string_lossy();
    let digits = name.strip_prefix(&format!("{}-", stem(running)))?.strip_suffix(".jsonl")?;
    let is_number = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

/// Device and inode: a file of the same name is not the same file.
///
/// # Errors
/// What the system says.
pub fn identity(file: &File) -> io::Result<(u64, u64)> {
    file.metadata().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// The log that is written to `running` at this moment, whatever the node does meanwhile: its full files from the
/// oldest, and the running one, opened.
pub(crate) fn opened(running: &Path) -> Result<(Vec<PathBuf>, File), AuditError> {
    let io = |source| AuditError::Io { path: running.to_owned(), source };
    let mut last = File::open(running).map_err(io)?;
    let (id, number) = (identity(&last).map_err(io)?, place_in(&last).map_err(io)?.map(|place| place.number));
    last.rewind().map_err(io)?;
    let mut full = full_of(running)?;
    // If it was filled since, it has a name among the full ones, and so may others that came after it. Also, a node
    // that was stopped in between leaves both names.
    full.retain(|path| {
        number_of(running, path).is_some_and(|full| number.is_none_or(|number| full < number))
    });
    full.retain(|path| File::open(path).and_then(|file| identity(&file)).map_or(true, |full| full != id));
    Ok((full, last))
}

/// The files of the log that is written to `running`, from the oldest to that one.
///
/// # Errors
/// [`AuditError::Io`].
pub fn of_log(running: &Path) -> Result<Vec<PathBuf>, AuditError> {
    let (mut all, _) = opened(running)?;
    all.push(running.to_owned());
    Ok(all)
}

/// The files that are meant by paths to files and folders, each once, by their first entries.
///
/// # Errors
/// [`AuditError::Io`].
pub fn of_paths(paths: &[PathBuf]) -> Result<Vec<PathBuf>, AuditError> {
    let (mut all, mut known) = (Vec::new(), BTreeSet::new());
    for path in paths {
        let running = if path.is_dir() { path.join(RUNNING) } else { path.clone() };
        for file in of_log(&running)? {
            let whole =
                file.canonicalize().map_err(|source| AuditError::Io { path: file.clone(), source })?;
            if known.insert(whole) {
                let number = first_place(&file)?.map_or(u64::MAX, |place| place.number);
                all.push((number, file));
            }
        }
    }
    all.sort();
    Ok(all.into_iter().map(|(_, file)| file).collect())
}

/// The number that the first line of a file says it is, if it is an entry.
///
/// # Errors
/// [`AuditError::Io`].
pub fn first_number(path: &Path) -> Result<Option<u64>, AuditError> {
    Ok(first_place(path)?.map(|place| place.number))
}

/// What the first line of a file says of its place, if it is an entry.
pub(crate) fn first_place(path: &Path) -> Result<Option<Place>, AuditError> {
    let file = File::open(path).map_err(|source| AuditError::Io { path: path.to_owned(), source })?;
    place_in(&file).map_err(|source| AuditError::Io { path: path.to_owned(), source })
}

fn place_in(file: &File) -> io::Result<Option<Place>> {
    let mut line = Vec::new();
    BufReader::new(file).take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut line)?;
    line.pop_if(|last| *last == b'\n');
    Ok(Entry::place_of(&line))
}

fn stem(running: &Path) -> String {
    running.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
