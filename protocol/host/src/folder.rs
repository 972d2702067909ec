//! A folder of small text files that an installation adds to what a program brings, such as indicators of its own.

use std::io::ErrorKind;
use std::path::Path;

use tvaers_protocol::problem::{Exit, Problem};

/// Files of one folder, at most.
const FILES_MAX: usize = 1_000;

/// Bytes of one file, at most.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The files of a folder whose names end in `.` and `extension`, as names and texts, in the order of their names; none
/// where there is no folder. Other files and hidden ones are left alone.
///
/// # Errors
/// [`Problem`] at the first file that cannot be read.
pub fn texts(folder: &Path, extension: &str) -> Result<Vec<(String, String)>, Problem> {
    let refused = |path: &Path, what: String| {
        Problem::new(Exit::BadInput, "folder.read", what)
            .at(path.display())
            .expected(format_args!("text files `NAME.{extension}` in UTF-8"))
            .next("mend it or take it away")
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(refused(folder, error.to_string())),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| refused(folder, error.to_string()))?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !is_hidden && path.extension().is_some_and(|own| own == extension) {
            paths.push(path);
        }
        if paths.len() > FILES_MAX {
            return Err(refused(folder, format!("there are more than {FILES_MAX} files")));
        }
    }
    paths.sort();
    let mut texts = Vec::new();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| refused(&path, "its name is not UTF-8".to_owned()))?.to_owned();
        let metadata = std::fs::metadata(&path).map_err(|error| refused(&path, error.to_string()))?;
        if !metadata.is_file() {
            return Err(refused(&path, "it is no file".to_owned()));
        }
        let length = metadata.len();
        if length > FILE_BYTES_MAX {
            return Err(refused(&path, format!("it has more than {FILE_BYTES_MAX} bytes")));
        }
        texts
            .push((name, std::fs::read_to_string(&path).map_err(|error| refused(&path, error.to_string()))?));
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_by_name_and_others_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [("b.toml", "2"), ("a.toml", "1"), (".c.toml", "3"), ("d.txt", "4")] {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let found = texts(dir.path(), "toml").unwrap();
        assert_eq!(found, [("a.toml", "1"), ("b.toml", "2")].map(|(name, text)| (name.into(), text.into())));
        assert_eq!(texts(&dir.path().join("none"), "toml"), Ok(Vec::new()));
    }

    #[test]
    fn a_file_that_is_no_text_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.toml");
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        let problem = texts(dir.path(), "toml").unwrap_err();
        assert_eq!((problem.code.as_str(), problem.place), ("folder.read", path.display().to_string()));
        std::fs::write(&path, "a".repeat((1 << 20) + 1)).unwrap();
        assert!(texts(dir.path(), "toml").unwrap_err().what.contains("more than 1048576 bytes"));
    }
}
