//! A file that is written aside: it takes its name when it is whole and on the disk, or it is removed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::fault::{Found, ImportError, What};

/// A new file that only its owner may read. It is removed when dropped, unless it was kept.
///
/// The file is locked as long as it is open, which tells one that is being written from one that a killed process
/// has left behind: [`Aside::create`] replaces the latter.
pub(super) struct Aside {
    path: PathBuf,
    file: File,
    kept: bool,
}

impl Aside {
    /// Creates the file, or takes the place of one that was left behind.
    pub(super) fn create(path: PathBuf) -> Result<Self, ImportError> {
        let name = path.display().to_string();
        let writing = |error: io::Error| ImportError::writing(&name, &error);
        remove_left_behind(&path, &name)?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(writing)?;
        let aside = Self { path, file, kept: false };
        aside.file.lock().map_err(writing)?;
        // Another import may have taken the file for one left behind before it was locked.
        let named = std::fs::metadata(&aside.path).map_err(writing)?;
        let ours = aside.file.metadata().map_err(writing)?;
        if (named.dev(), named.ino()) == (ours.dev(), ours.ino()) { Ok(aside) } else { Err(busy(&name)) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Waits until the file is on the disk, then gives it its name, in place of what had it before.
    pub(super) fn keep(mut self, target: &Path) -> Result<(), ImportError> {
        let name = target.display().to_string();
        let kept = self.file.sync_all().and_then(|()| std::fs::rename(&self.path, target));
        kept.map_err(|error| ImportError::writing(&name, &error))?;
        self.kept = true;
        // The name is on the disk when its folder is.
        let folder =
            target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| ImportError::writing(&name, &error))
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if !self.kept {
            // Nothing is left to tell it to; the next import removes the file.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn busy(name: &str) -> ImportError {
    ImportError::of(What::Busy, name, Found::Words("a file that is being written"), "no import under way")
}

fn remove_left_behind(path: &Path, name: &str) -> Result<(), ImportError> {
    let writing = |error: io::Error| ImportError::writing(name, &error);
    let left = match OpenOptions::new().write(true).open(path) {
        Ok(left) => left,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(writing(error)),
    };
    match left.try_lock() {
        Ok(()) => std::fs::remove_file(path).map_err(writing),
        Err(TryLockError::WouldBlock) => Err(busy(name)),
        Err(TryLockError::Error(error)) => Err(writing(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_kept_whole_and_private_or_leaves_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let (aside, target) = (folder.path().join("x.new"), folder.path().join("x"));
        drop(Aside::create(aside.clone()).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

        Aside::create(aside.clone()).unwrap().keep(&target).unwrap();
        let names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["x"]);
        assert_eq!(target.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn one_left_behind_is_replaced_and_one_in_use_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data-new.sqlite");
        std::fs::write(&path, "left by a killed process").unwrap();
        let first = Aside::create(path.clone()).unwrap();
        assert_eq!(path.metadata().unwrap().len(), 0);
        assert_eq!(Aside::create(path.clone()).err().map(|e| e.what), Some(What::Busy));
        drop(first);
        assert!(Aside::create(path).is_ok());
    }
}
