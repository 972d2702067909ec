//! The files of a log: `audit.jsonl`, which is written to, and `audit-000000000001.jsonl` and so on, which are full and
//! bear the number of their first entry.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
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

/// The files of the log that is written to `running`, from the oldest to that one.
///
/// # Errors
/// [`AuditError::Io`].
pub fn of_log(running: &Path) -> Result<Vec<PathBuf>, AuditError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| AuditError::Io { path, source }
    };
    let same = |path: &Path| std::fs::metadata(path).map(|of| (of.dev(), of.ino())).map_err(io(path));
    let last = same(running)?;
    let dir = running.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (lead, mut all) = (format!("{}-", stem(running)), Vec::new());
    for found in std::fs::read_dir(dir).map_err(io(dir))? {
        let path = found.map_err(io(dir))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let digits = name.strip_prefix(&lead).and_then(|rest| rest.strip_suffix(".jsonl"));
        let is_full =
            digits.is_some_and(|digits| digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit()));
        // Both names of one file: the node was stopped between giving it the second and taking the first away.
        if is_full && same(&path)? != last {
            all.push(path);
        }
    }
    all.sort();
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

/// What the first line of a file says of its place, if it is an entry.
pub(crate) fn first_place(path: &Path) -> Result<Option<Place>, AuditError> {
    let file = File::open(path).map_err(|source| AuditError::Io { path: path.to_owned(), source })?;
    let mut line = Vec::new();
    let mut limited = BufReader::new(file).take(LINE_BYTES_MAX as u64);
    limited
        .read_until(b'\n', &mut line)
        .map_err(|source| AuditError::Io { path: path.to_owned(), source })?;
    line.pop_if(|last| *last == b'\n');
    Ok(Entry::place_of(&line))
}

fn stem(running: &Path) -> String {
    running.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
