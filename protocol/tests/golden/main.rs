//! The wire, byte by byte: every message, every record and all that is signed, against annotated files in `v1`.
//!
//! A golden file never changes, and nothing here writes one. Where a test fails for a message that is deployed, the
//! code is wrong; a new form of a message is a new kind, or a new version with a folder of its own. For a message
//! without a file the test fails and prints its bytes, to be annotated by hand.
//!
//! To add a message, add one line to [`messages::all`]; to add anything else, one to [`documents::all`].

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on panics")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tvaers_protocol::codec;
use tvaers_protocol::frame::Kind;

mod documents;
mod messages;

/// What has a golden file.
struct Golden {
    name: &'static str,
    bytes: Vec<u8>,
    /// Reads bytes and writes what was read.
    again: fn(&[u8]) -> Result<Vec<u8>, String>,
}

impl Golden {
    /// A value as the codec writes it.
    fn coded<T: Serialize + DeserializeOwned>(name: &'static str, value: &T) -> Self {
        Self {
            name,
            bytes: codec::encode(value).unwrap(),
            again: |bytes| {
                let read: T = codec::decode(bytes).map_err(|error| error.to_string())?;
                codec::encode(&read).map_err(|error| error.to_string())
            },
        }
    }
}

fn all() -> Vec<Golden> {
    documents::all().into_iter().chain(messages::all()).collect()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1")
}

/// The bytes of an annotated file: hexadecimal, with spaces anywhere, and comments from `#` to the end of a line.
fn parse(text: &str) -> Vec<u8> {
    let digits = text.lines().flat_map(|line| line.split('#').next().unwrap_or_default().split_whitespace());
    hex::decode(digits.collect::<String>()).expect("a golden file holds hexadecimal digits and comments")
}

fn lines(bytes: &[u8]) -> String {
    bytes.chunks(16).fold(String::new(), |mut text, chunk| {
        let _ = writeln!(text, "{}", hex::encode(chunk));
        text
    })
}

#[test]
fn every_message_has_the_bytes_of_its_golden_file() {
    let mut complaints = String::new();
    for Golden { name, bytes, again } in all() {
        let Ok(text) = fs::read_to_string(folder().join(format!("{name}.hex"))) else {
            let _ = writeln!(complaints, "`{name}.hex` is missing; annotate and add:\n{}", lines(&bytes));
            continue;
        };
        let golden = parse(&text);
        if golden != bytes {
            let _ =
                writeln!(complaints, "`{name}` is written otherwise than in its file:\n{}", lines(&bytes));
        }
        if again(&golden).as_deref() != Ok(&golden) {
            let _ = writeln!(complaints, "`{name}.hex` is read otherwise than it is written");
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

#[test]
fn every_shortened_and_every_lengthened_golden_message_is_refused() {
    for Golden { name, bytes, again } in all() {
        for end in 0..bytes.len() {
            assert!(again(&bytes[..end]).is_err(), "`{name}` cut at {end}");
        }
        assert!(again(&[bytes.as_slice(), &[0]].concat()).is_err(), "`{name}` and a zero");
    }
}

#[test]
fn every_kind_has_a_golden_file_and_every_file_is_read() {
    let named: BTreeSet<&str> = all().iter().map(|golden| golden.name).collect();
    assert_eq!(named.len(), all().len(), "no name stands twice");
    for (_, name) in Kind::ALL {
        assert!(named.contains(name), "`{name}` has no golden file");
    }
    for file in fs::read_dir(folder()).unwrap() {
        let file = file.unwrap().file_name().into_string().unwrap();
        let name = file.strip_suffix(".hex").unwrap();
        assert!(named.contains(name), "`{file}` belongs to nothing");
    }
}
