//! The files of studies in a node's folder: which there are, and how they are erased.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use tvaers_host::private::PrivateFileError;

/// What SQLite keeps beside a database.
const SIDES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// The studies' files in a folder. Of a side file whose database is gone, the database is named.
pub(crate) fn list(dir: &Path) -> Result<Vec<PathBuf>, PrivateFileError> {
    let io = |source| PrivateFileError::Io { path: dir.to_owned(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(io)? {
        let name = entry.map_err(io)?.file_name();
        // A name that is no text is none of ours.
        let Some(name) = name.to_str().filter(|name| name.starts_with("study-")) else { continue };
        let main = SIDES.iter().find_map(|side| name.strip_suffix(side)).unwrap_or(name);
        if Path::new(main).extension() == Some(OsStr::new("sqlite")) {
            found.push(dir.join(main));
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Refuses a file that others than its owner can read or write.
pub(crate) fn check_private(path: &Path) -> Result<(), PrivateFileError> {
    let metadata =
        path.metadata().map_err(|source| PrivateFileError::Io { path: path.to_owned(), source })?;
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(PrivateFileError::Open { path: path.to_owned(), mode }) }
}

/// Erases a study's file and what SQLite keeps beside it. One that is not there is erased already.
pub(crate) fn erase(path: &Path) -> Result<(), PrivateFileError> {
    // The side files first: as long as the main file is there, whoever looks for files finds what is left.
    for suffix in SIDES.into_iter().chain([""]) {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        let file = PathBuf::from(file);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(PrivateFileError::Io { path: file, source: error });
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_is_listed_once_even_where_only_a_side_file_is_left_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        let files =
            ["study-1.sqlite", "study-1.sqlite-wal", "study-2.sqlite-shm", "state.sqlite", "study-3.txt"];
        for name in files {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let found = list(dir.path()).unwrap();
        assert_eq!(found, ["study-1.sqlite", "study-2.sqlite"].map(|name| dir.path().join(name)));
        for path in &found {
            erase(path).unwrap();
            erase(path).unwrap();
        }
        assert!(list(dir.path()).unwrap().is_empty());
        assert!(dir.path().join("state.sqlite").exists() && dir.path().join("study-3.txt").exists());
    }
}
