//! Whether what is private is private: owner and mode of a party's folder, all of it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use tvaers_protocol::problem::{Exit, Problem};

use crate::check::Verdict;

/// Files in a party's folder that others may read: public, or agreed on by all.
const PUBLIC: [&str; 2] = ["toml", "crt"];

/// Looks at a folder and everything in it: that this user owns it, that others write nothing in it, and that they read
/// nothing but public files. Others may look into the folder itself only at the price of a warning: names of files
/// tell little.
///
/// The walk is bounded by [`FILES_MAX`]; links are not followed.
#[must_use]
pub fn look(dir: &Path) -> Vec<(Verdict, Problem)> {
    let mut found = Vec::new();
    let own = match dir.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => metadata,
        Ok(_) => return vec![(Verdict::Problem, absent(dir, "it is no folder"))],
        Err(error) => return vec![(Verdict::Problem, absent(dir, &error.to_string()))],
    };
    let user = rustix::process::geteuid().as_raw();
    if own.uid() != user {
        // One line for the folder: its files will be the same user's.
        return vec![(Verdict::Problem, owner(dir, &own, user))];
    }
    let mode = own.mode() & 0o777;
    if mode & 0o022 != 0 {
        found.push((Verdict::Problem, open(dir, mode, "0700", 700)));
    } else if mode & 0o077 != 0 {
        found.push((Verdict::Warning, open(dir, mode, "0700", 700)));
    }
    let mut left = FILES_MAX;
    walk(dir, user, &mut left, &mut found);
    found
}

/// Entries that are looked at, at most: a node's folder has some dozens.
pub const FILES_MAX: usize = 10_000;

fn walk(dir: &Path, user: u32, left: &mut usize, found: &mut Vec<(Verdict, Problem)>) {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => return found.push((Verdict::Problem, absent(dir, &error.to_string()))),
    };
    let mut entries: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        let Some(rest) = left.checked_sub(1) else { return };
        *left = rest;
        // What is gone again, such as a study that has just closed, is no problem.
        let Ok(metadata) = path.symlink_metadata() else { continue };
        if metadata.is_symlink() {
            continue;
        }
        if metadata.uid() != user {
            found.push((Verdict::Problem, owner(&path, &metadata, user)));
            continue;
        }
        let mode = metadata.mode() & 0o777;
        if metadata.is_dir() {
            if mode & 0o077 != 0 {
                found.push((Verdict::Problem, open(&path, mode, "0700", 700)));
            }
            walk(&path, user, left, found);
            continue;
        }
        let public = path.extension().is_some_and(|it| PUBLIC.iter().any(|public| it == *public));
        let forbidden = if public { 0o022 } else { 0o077 };
        if mode & forbidden != 0 {
            found.push((Verdict::Problem, open(&path, mode, "0600", 600)));
        }
    }
}

fn absent(path: &Path, reason: &str) -> Problem {
    Problem::new(Exit::BadInput, "home.folder", reason)
        .at(path.display())
        .expected("the folder that `init` made")
        .next("name it with --home, or make it with `init`")
}

fn owner(path: &Path, metadata: &Metadata, user: u32) -> Problem {
    Problem::new(
        Exit::BadInput,
        "home.owner",
        format_args!("it belongs to user {}, and this is run by user {user}", metadata.uid()),
    )
    .at(path.display())
    .expected("one user for the folder, the service and these commands")
    .next("run the command as the service's user (sudo -u tvaers …), or give the files to it with chown")
}

fn open(path: &Path, mode: u32, expected: &str, mend: u32) -> Problem {
    Problem::new(
        Exit::BadInput,
        "home.mode",
        format_args!("others than its owner have rights (mode {mode:04o})"),
    )
    .at(path.display())
    .expected(format_args!("mode {expected}"))
    .next(format_args!("chmod {mend} {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::private;

    #[test]
    fn every_open_file_is_named_and_public_ones_may_be_read() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        private::create_dir(&home.join("keys")).unwrap();
        for name in ["keys/signing.key", "keys/tls.crt", "state.sqlite", "node.toml"] {
            private::replace(&home.join(name), b"x").unwrap();
        }
        assert_eq!(look(&home).len(), 0);
        let set = |name: &str, mode| {
            std::fs::set_permissions(home.join(name), Permissions::from_mode(mode)).unwrap();
        };
        set("keys/tls.crt", 0o644);
        set("node.toml", 0o644);
        assert_eq!(look(&home).len(), 0, "public ones");
        set("", 0o755);
        assert_eq!(look(&home)[0].0, Verdict::Warning);
        set("keys/signing.key", 0o640);
        set("state.sqlite", 0o604);
        set("node.toml", 0o664);
        let found = look(&home);
        let named = |name: &str| found.iter().any(|(_, problem)| problem.next.ends_with(name));
        assert_eq!(found.len(), 4);
        assert!(named("keys/signing.key") && named("state.sqlite") && named("node.toml"));
        assert_eq!(look(&dir.path().join("none"))[0].1.code, "home.folder");
    }
}
