//! What the repository has that fuzzing can begin with.

use std::path::PathBuf;

/// The files of a folder of the repository with an ending, by name.
///
/// # Panics
/// Where there is none: it was moved, and so must the name here be.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let entries = std::fs::read_dir(&folder).expect("the folder is in the repository");
    let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
    let mut files: Vec<(String, String)> = paths
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("the file is text"))
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no .{ending}", folder.display());
    files
}
