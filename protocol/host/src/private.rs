//! Files that only their owner reads: keys, databases, work lists.
//!
//! Nothing is written through what somebody else may have put in the way: a link, another user's file, a folder in which
//! others write.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
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
    /// Others than the owner may put files into the folder, or take them out.
    #[error("{path} can be changed by others (mode {mode:04o}); mend it with: chmod go-w {path}")]
    Shared {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Something else is where a private file or folder is to be made.
    #[error("{path} is {found}, and nothing private is written there; look who made it, and move it away")]
    InTheWay {
        /// The file or folder.
        path: PathBuf,
        /// What is there.
        found: &'static str,
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

/// Creates a folder that only its owner can enter, with its parents. One that is there already is left as it is, as it
/// may be somebody's home; it must be this user's, and nobody else may write in it.
///
/// # Errors
/// [`PrivateFileError`].
pub fn create_dir(path: &Path) -> Result<(), PrivateFileError> {
    let io = |source| PrivateFileError::Io { path: path.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io)?;
    // Both the folder and a link to it: whose link it is says where the files go.
    let (named, folder) = (path.symlink_metadata().map_err(io)?, path.metadata().map_err(io)?);
    if !is_own(&named) || !is_own(&folder) {
        return Err(PrivateFileError::InTheWay { path: path.to_owned(), found: "another user's folder" });
    }
    let mode = folder.mode() & 0o7777;
    if mode & 0o022 == 0 { Ok(()) } else { Err(PrivateFileError::Shared { path: path.to_owned(), mode }) }
}

fn is_own(metadata: &Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw()
}

/// Creates a file that only its owner reads, in place of one of this user's. The old one is not emptied but taken away:
/// others may have it open.
///
/// # Errors
/// [`PrivateFileError`]; where a link or anything but this user's file is there, it is left as it is.
pub fn create(path: &Path) -> Result<File, PrivateFileError> {
    let io = |source| PrivateFileError::Io { path: path.to_owned(), source };
    // With O_EXCL, which makes a file and follows no link.
    let new = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match new() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made.map_err(io),
    }
    let there = path.symlink_metadata().map_err(io)?;
    let found = match () {
        () if there.is_symlink() => Some("a link"),
        () if !there.is_file() => Some("no file"),
        () if !is_own(&there) => Some("another user's file"),
        () => None,
    };
    if let Some(found) = found {
        return Err(PrivateFileError::InTheWay { path: path.to_owned(), found });
    }
    std::fs::remove_file(path).map_err(io)?;
    new().map_err(io)
}

/// Opens a file that only its owner reads, to add at its end.
///
/// # Errors
/// [`PrivateFileError::Io`].
pub fn append(path: &Path) -> Result<File, PrivateFileError> {
    let io = |source| PrivateFileError::Io { path: path.to_owned(), source };
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(io)
}

/// Replaces a file as a whole: whoever reads it sees the old content or the new. A link in its place is replaced, not
/// followed.
///
/// # Errors
/// [`PrivateFileError`].
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
/// [`PrivateFileError`].
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
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn the_folder_of_a_mere_name_is_the_current_one() {
        let of = |path: &'static str| folder(Path::new(path)).to_str().unwrap();
        assert_eq!(["roster-1.toml", "a/b", "/b", "./b"].map(of), [".", "a", "/", "."]);
    }

    #[test]
    fn a_link_in_the_way_is_neither_followed_nor_taken_away() {
        let dir = tempfile::tempdir().unwrap();
        let (path, victim) = (dir.path().join("list.csv"), dir.path().join("victim"));
        std::fs::write(&victim, "theirs").unwrap();
        std::fs::set_permissions(&victim, Permissions::from_mode(0o644)).unwrap();
        let aside = dir.path().join("list.csv.new");
        // To something, and to nothing: neither is written to or made.
        for target in [victim.clone(), dir.path().join("made")] {
            symlink(&target, &aside).unwrap();
            let error = replace(&path, b"numbers").unwrap_err();
            assert!(matches!(error, PrivateFileError::InTheWay { found: "a link", .. }), "{error}");
            assert!(error.to_string().contains("list.csv.new") && create(&aside).is_err());
            assert!(aside.is_symlink() && !path.exists() && !dir.path().join("made").exists());
            std::fs::remove_file(&aside).unwrap();
        }
        assert_eq!(std::fs::read(&victim).unwrap(), b"theirs");
        assert_eq!(victim.metadata().unwrap().mode() & 0o777, 0o644);
        std::fs::create_dir(&aside).unwrap();
        assert!(matches!(
            replace(&path, b"x").unwrap_err(),
            PrivateFileError::InTheWay { found: "no file", .. }
        ));
    }

    #[test]
    fn what_a_stopped_program_left_is_replaced_by_a_new_file_that_nobody_else_has_open() {
        let dir = tempfile::tempdir().unwrap();
        let (path, aside) = (dir.path().join("list.csv"), dir.path().join("list.csv.new"));
        std::fs::write(&aside, "half a list").unwrap();
        std::fs::set_permissions(&aside, Permissions::from_mode(0o666)).unwrap();
        let mut opened = File::open(&aside).unwrap();
        replace(&path, b"numbers").unwrap();
        assert_eq!((std::fs::read(&path).unwrap(), aside.exists()), (b"numbers".to_vec(), false));
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
        let mut seen = String::new();
        opened.read_to_string(&mut seen).unwrap();
        assert_eq!(seen, "half a list");
        // A link in the place of the file itself gives way.
        let (link, victim) = (dir.path().join("link"), dir.path().join("victim"));
        std::fs::write(&victim, "theirs").unwrap();
        symlink(&victim, &link).unwrap();
        replace(&link, b"numbers").unwrap();
        assert!(!link.is_symlink() && std::fs::read(&victim).unwrap() == b"theirs");
    }

    #[test]
    fn a_folder_in_which_others_write_is_refused_with_the_mend() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a/b");
        create_dir(&folder).unwrap();
        assert_eq!(folder.metadata().unwrap().mode() & 0o777, 0o700);
        for (mode, is_used) in [(0o755, true), (0o770, false), (0o702, false), (0o1777, false)] {
            std::fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
            let made = create_dir(&folder);
            assert_eq!(made.is_ok(), is_used, "{mode:o}");
            assert!(made.err().is_none_or(|error| error.to_string().contains("chmod go-w")));
        }
        // Only root can give a folder away, and the root folder is another user's to everyone else.
        std::fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
        let given = std::os::unix::fs::chown(&folder, Some(65_534), None);
        let others = given.map_or(Path::new("/"), |()| folder.as_path());
        let error = create_dir(others).unwrap_err();
        assert!(matches!(error, PrivateFileError::InTheWay { .. }), "{error}");
        let (link, file) = (dir.path().join("link"), dir.path().join("file"));
        symlink(dir.path(), &link).unwrap();
        create_dir(&link).unwrap();
        std::fs::write(&file, "").unwrap();
        assert!(create_dir(&file).is_err());
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
