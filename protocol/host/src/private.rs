//! Files that only their owner reads: keys, databases, work lists.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// A private file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    /// The system refused.
    #[error("cannot use {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than the owner may read or write it.
    #[error("{path} can be read by others (mode {mode:03o}); mend it with: chmod 600 {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not the content that belongs there. The content is not quoted.
    #[error("{path} does not hold {expected}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What should be there.
        expected: &'static str,
    },
}

/// Creates a folder that only its owner can enter, with its parents. One that is there already is left as it is: it
/// may be somebody's home.
///
/// # Errors
/// [`PrivateFileError::Io`].
pub fn create_dir(path: &Path) -> Result<(), PrivateFileError> {
    let io = |source| PrivateFileError::Io { path: path.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io)
}

/// Creates or empties a file that only its owner reads.
///
/// # Errors
/// [`PrivateFileError::Io`].
pub fn create(path: &Path) -> Result<File, PrivateFileError> {
    let io = |source| PrivateFileError::Io { path: path.to_owned(), source };
    let file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).map_err(io)?;
    // The mode above applies to new files only.
    file.set_permissions(Permissions::from_mode(0o600)).map_err(io)?;
    Ok(file)
}

/// Opens a file that only its owner reads, to add at its end.
///
/// # Errors
/// [`PrivateFileError::Io`].
pub fn append(path: &Path) -> Result<File, PrivateFileError> {
    let io = |source| PrivateFileError::Io { path: path.to_owned(), source };
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(io)
}

/// Replaces a file as a whole: whoever reads it sees the old content or the new.
///
/// # Errors
/// [`PrivateFileError::Io`].
pub fn replace(path: &Path, content: &[u8]) -> Result<(), PrivateFileError> {
    let io = |source| PrivateFileError::Io { path: path.to_owned(), source };
    let mut aside = path.as_os_str().to_owned();
    aside.push(".new");
    let aside = PathBuf::from(aside);
    let mut file = create(&aside)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| std::fs::rename(&aside, path)) {
        // Half a list of persons must not stay under another name; the error to tell of is the first.
        let _ = std::fs::remove_file(&aside);
        return Err(io(error));
    }
    // The rename itself must survive a power cut.
    File::open(folder(path)).and_then(|dir| dir.sync_all()).map_err(io)
}

/// The folder that a file is in: of a mere name the current one, for which [`Path::parent`] has an empty path.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Reads a file after checking that nobody but its owner can.
///
/// # Errors
/// [`PrivateFileError`].
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, PrivateFileError> {
    let io = |source| PrivateFileError::Io { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(io)?;
    let mode = file.metadata().map_err(io)?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(PrivateFileError::Open { path: path.to_owned(), mode });
    }
    let mut content = Zeroizing::new(Vec::new());
    file.read_to_end(&mut content).map_err(io)?;
    Ok(content)
}

/// Writes 32 secret bytes as hexadecimal text.
///
/// # Errors
/// [`PrivateFileError::Io`].
pub fn write_key(path: &Path, key: &[u8; 32]) -> Result<(), PrivateFileError> {
    let text = Zeroizing::new(hex::encode(key) + "\n");
    replace(path, text.as_bytes())
}

/// Reads 32 secret bytes from hexadecimal text.
///
/// # Errors
/// [`PrivateFileError`].
pub fn read_key(path: &Path) -> Result<Zeroizing<[u8; 32]>, PrivateFileError> {
    let text = read(path)?;
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim_ascii(), key.as_mut_slice()).map_err(|_| PrivateFileError::Content {
        path: path.to_owned(),
        expected: "a key of 64 hexadecimal digits",
    })?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_mere_name_is_the_current_one() {
        let of = |path: &'static str| folder(Path::new(path)).to_str().unwrap();
        assert_eq!(["roster-1.toml", "a/b", "/b", "./b"].map(of), [".", "a", "/", "."]);
    }

    #[test]
    fn a_key_reads_back_and_an_open_or_broken_file_is_refused_with_the_mend() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("signing.key");
        write_key(&path, &[7; 32]).unwrap();
        assert_eq!(*read_key(&path).unwrap(), [7; 32]);
        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let error = read_key(&path).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
        replace(&path, b"0707").unwrap();
        let error = read_key(&path).unwrap_err().to_string();
        assert!(error.contains("64 hexadecimal digits") && !error.contains("0707"), "{error}");
    }
}
