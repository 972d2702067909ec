//! The wire, byte by byte: every message against an annotated file in `golden/v1`.
//!
//! A golden file never changes, and nothing here writes one. Where a test fails for a message that is deployed, the
//! code is wrong; a new form of a message is a new kind, or a new version with a folder of its own. For a message
//! without a file the test fails and prints its bytes, to be annotated by hand.
//!
//! To add a message, add one line to [`messages`].

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on panics"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use tvaers_protocol::codec;
use tvaers_protocol::frame::{FrameHeader, Kind, VERSION};
use tvaers_protocol::hello::{Hello, Software, Welcome};
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::message::Message;
use tvaers_protocol::reject::{Reject, RejectCode};

/// Every message once, with a value in which no two fields are alike.
fn messages() -> Vec<Golden> {
    vec![
        message(&Hello {
            version_min: 1,
            version_max: 2,
            node: NodeId::new("region_1085").unwrap(),
            roster_version: 7,
            roster: Digest([0xa1; 32]),
            software: Software::new("tvaers-node 0.1.0").unwrap(),
        }),
        message(&Welcome {
            version: 1,
            software: Software::new("tvaers 0.1.0").unwrap(),
        }),
        message(&Reject {
            code: RejectCode::OtherRoster,
        }),
    ]
}

/// Kinds whose golden file is still to be written. This list only gets shorter.
const NOT_YET: &[Kind] = &[
    Kind::Status,
    Kind::NodeStatus,
    Kind::Progress,
    Kind::Prepare,
    Kind::Prepared,
    Kind::Propose,
    Kind::Accepted,
    Kind::Open,
    Kind::Opened,
    Kind::Close,
    Kind::Closed,
    Kind::KeyRound1,
    Kind::KeyRound1Package,
    Kind::KeyRound2,
    Kind::KeyRound2Packages,
    Kind::KeyRound3,
    Kind::KeyConfirmed,
    Kind::KeyPin,
    Kind::KeyPinned,
    Kind::Pseudonymise,
    Kind::Pseudonymised,
    Kind::Relay,
    Kind::Evaluate,
    Kind::Evaluated,
    Kind::Compute,
    Kind::Computed,
    Kind::Contribute,
    Kind::Contributions,
    Kind::ContributionsEnd,
    Kind::HandBacks,
    Kind::HandBackEnd,
    Kind::HandedBack,
];

struct Golden {
    name: &'static str,
    bytes: Vec<u8>,
    /// Reads bytes and writes what was read.
    again: fn(&[u8]) -> Result<Vec<u8>, String>,
}

fn message<M: Message>(message: &M) -> Golden {
    assert_eq!(
        Kind::try_from(M::KIND.number()),
        Ok(M::KIND),
        "every kind stands in the table"
    );
    Golden {
        name: M::KIND.name(),
        bytes: codec::encode(message).unwrap(),
        again: |bytes| {
            let read: M = codec::decode(bytes).map_err(|error| error.to_string())?;
            codec::encode(&read).map_err(|error| error.to_string())
        },
    }
}

fn header() -> Golden {
    let header = FrameHeader {
        version: VERSION,
        kind: Kind::Evaluate,
        body_bytes: 320_128,
        roster: Digest([0xa1; 32]),
        study: Digest([0xb2; 32]),
    };
    Golden {
        name: "header",
        bytes: header.encode().to_vec(),
        again: |bytes| {
            let bytes = bytes.try_into().map_err(|_| "no header's length".to_owned())?;
            FrameHeader::decode(bytes)
                .map(|read| read.encode().to_vec())
                .map_err(|error| error.to_string())
        },
    }
}

fn all() -> Vec<Golden> {
    std::iter::once(header()).chain(messages()).collect()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1")
}

/// The bytes of an annotated file: hexadecimal, with spaces anywhere, and comments from `#` to the end of a line.
fn parse(text: &str) -> Vec<u8> {
    let digits = text
        .lines()
        .flat_map(|line| line.split('#').next().unwrap_or_default().split_whitespace());
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
            let _ = writeln!(
                complaints,
                "`{name}.hex` is missing; annotate and add:\n{}",
                lines(&bytes)
            );
            continue;
        };
        let golden = parse(&text);
        if golden != bytes {
            let _ = writeln!(
                complaints,
                "`{name}` is written otherwise than in its file:\n{}",
                lines(&bytes)
            );
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
        assert!(
            again(&[bytes.as_slice(), &[0]].concat()).is_err(),
            "`{name}` and a zero"
        );
    }
}

#[test]
fn every_kind_has_a_golden_file_and_every_file_a_kind() {
    let named: BTreeSet<&str> = all().iter().map(|golden| golden.name).collect();
    for (kind, name) in Kind::ALL {
        assert_ne!(
            named.contains(name),
            NOT_YET.contains(kind),
            "`{name}` has a golden file or is in NOT_YET"
        );
    }
    for file in fs::read_dir(folder()).unwrap() {
        let file = file.unwrap().file_name().into_string().unwrap();
        let name = file.strip_suffix(".hex").unwrap();
        assert!(named.contains(name), "`{file}` belongs to no message");
    }
}
