//! The frame, at once and as it comes in over a stream. What is a frame does not depend on how its bytes arrive, and a
//! header alone takes no memory for the body that it announces.

use std::cell::LazyCell;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
use tokio::runtime::{Builder, Runtime};
use tvaers_link::limit::BODY_STEP_BYTES;
use tvaers_link::stream::{RelayError, Stream, StreamError};
use tvaers_protocol::frame::{Frame, FrameError, FrameHeader, HEADER_BYTES, Kind, VERSION, VERSION_MIN};
use tvaers_protocol::id::Digest;
use tvaers_protocol::limit::FRAME_BYTES_MAX;

use crate::{Seeds, repository, request};

/// Bytes of memory that receiving may take beyond a few times what was sent.
pub const MEMORY_BYTES: usize = 4 * BODY_STEP_BYTES + (256 << 10);

/// Longer than any check takes: nothing here waits.
const LIMIT: Duration = Duration::from_secs(60);

thread_local! {
    static RUNTIME: LazyCell<Runtime> =
        LazyCell::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime needs nothing"));
}

/// One frame of every kind, several in a row, and headers that promise more than comes; the first byte of each is
/// about how it arrives.
#[must_use]
pub fn seeds() -> Seeds {
    let golden = repository::files("protocol/tests/golden/v1", "hex");
    let frame = |kind: &Kind, body: Vec<u8>| {
        let study = if kind.is_greeting() { Digest::NONE } else { Digest([2; 32]) };
        Frame::new(*kind, Digest([1; 32]), study, body).expect("a golden message fits").encode()
    };
    let frames: Vec<(String, Vec<u8>)> = Kind::ALL
        .iter()
        .filter_map(|(kind, name)| {
            let (_, text) = golden.iter().find(|(file, _)| *file == format!("{name}.hex"))?;
            Some(((*name).to_owned(), frame(kind, request::golden(text))))
        })
        .collect();
    let row: Vec<u8> = frames.iter().take(5).flat_map(|(_, bytes)| bytes.clone()).collect();
    let header = FrameHeader {
        version: VERSION,
        kind: Kind::Contributions,
        body_bytes: FRAME_BYTES_MAX,
        roster: Digest([1; 32]),
        study: Digest([2; 32]),
    };
    let promise = [header.encode().as_slice(), &[0; 40]].concat();
    let others = [("row".to_owned(), row), ("promise".to_owned(), promise)];
    let arrives = |(name, bytes): (String, Vec<u8>)| (name, [&[17], bytes.as_slice()].concat());
    RUNTIME.with(|runtime| runtime.block_on(async {}));
    frames.into_iter().chain(others).map(arrives).collect()
}

/// How a stream of frames ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Finished,
    Cut,
    Refused(FrameError),
}

/// Judges bytes as one frame, and as what arrives on a stream.
///
/// # Panics
/// Where a property does not hold.
pub fn check(data: &[u8]) {
    let Some((step, bytes)) = data.split_first() else { return };
    check_header(bytes);
    check_one(bytes);
    let (frames, end) = expected(bytes);
    let step = usize::from(*step).max(1);
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            assert_eq!(received(bytes, step).await, (frames.clone(), end));
            check_relayed(bytes, step, &frames).await;
        });
    });
}

fn check_header(bytes: &[u8]) {
    let Some(head) = bytes.first_chunk::<HEADER_BYTES>() else { return };
    let plain = (VERSION_MIN..=VERSION).contains(&head[0]) && head[2] == 0 && head[3] == 0;
    match FrameHeader::decode(head) {
        Ok(header) => {
            assert!(plain && header.body_bytes <= FRAME_BYTES_MAX, "a header that this version cannot mean");
            assert_eq!(header.encode(), *head, "a header that is written in two ways");
        }
        Err(_) => {
            let length = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
            let known = Kind::ALL.iter().any(|(kind, _)| kind.number() == head[1]);
            assert!(!(plain && known && length <= FRAME_BYTES_MAX), "a header that is refused for nothing");
        }
    }
}

fn check_one(bytes: &[u8]) {
    let Ok(frame) = Frame::decode(bytes) else { return };
    assert_eq!(frame.encode(), bytes, "a frame that is written in two ways");
    assert_eq!(frame.header().body_bytes as usize, frame.body().len());
    let longer = [bytes, &[0]].concat();
    assert_eq!(Frame::decode(&longer), Err(FrameError::Trailing { bytes: 1 }));
    assert_eq!(Frame::decode(&bytes[..bytes.len() - 1]), Err(FrameError::Truncated));
}

/// The frames that stand in the bytes one after another, as they are cut by their headers.
fn expected(mut bytes: &[u8]) -> (Vec<Frame>, End) {
    let mut frames = Vec::new();
    loop {
        let Some(head) = bytes.first_chunk::<HEADER_BYTES>() else {
            return (frames, if bytes.is_empty() { End::Finished } else { End::Cut });
        };
        let header = match FrameHeader::decode(head) {
            Ok(header) => header,
            Err(error) => return (frames, End::Refused(error)),
        };
        let Some((frame, rest)) = bytes.split_at_checked(HEADER_BYTES + header.body_bytes as usize) else {
            return (frames, End::Cut);
        };
        frames.push(Frame::decode(frame).expect("header and body agree"));
        bytes = rest;
    }
}

/// The frames that a receiver gets where so many bytes arrive at a time.
async fn received(bytes: &[u8], step: usize) -> (Vec<Frame>, End) {
    let (mut from, to) = duplex(step);
    let mut stream = Stream::new(to, tokio::io::sink());
    let send = async move {
        // A receiver that refuses the bytes does not read on; what is left is dropped with it.
        let _ = from.write_all(bytes).await;
    };
    let receive = async move {
        let mut frames = Vec::new();
        let end = loop {
            match stream.recv(LIMIT).await {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break End::Finished,
                Err(StreamError::Cut) => break End::Cut,
                Err(StreamError::Frame(error)) => {
                    let again = stream.recv(LIMIT).await;
                    assert!(
                        matches!(again, Err(StreamError::Frame(same)) if same == error),
                        "refused once only"
                    );
                    break End::Refused(error);
                }
                Err(other) => panic!("nothing else can happen here: {other}"),
            }
        };
        (frames, end)
    };
    tokio::join!(send, receive).1
}

/// What is relayed is what was sent, frame by frame.
async fn check_relayed(bytes: &[u8], step: usize, frames: &[Frame]) {
    let (mut from, to) = duplex(step);
    let (out, mut at_end) = duplex(bytes.len().max(1));
    let (_, mut receiver) = Stream::new(to, tokio::io::sink()).split();
    let (mut sender, _) = Stream::new(tokio::io::empty(), out).split();
    let send = async move {
        let _ = from.write_all(bytes).await;
    };
    let relay = async move {
        let mut relayed = 0;
        loop {
            match receiver.relay(&mut sender, LIMIT).await {
                Ok(Some(_)) => relayed += 1,
                Ok(None) | Err(RelayError::From(_)) => break relayed,
                Err(RelayError::To(error)) => panic!("there is room for all: {error}"),
            }
        }
    };
    let ((), relayed) = tokio::join!(send, relay);
    assert_eq!(relayed, frames.len());
    let mut came = Vec::new();
    at_end.read_to_end(&mut came).await.expect("it is in memory");
    let whole: Vec<u8> = frames.iter().flat_map(Frame::encode).collect();
    assert!(came.starts_with(&whole), "relayed otherwise than it was sent");
    assert!(bytes.starts_with(&came), "more was relayed than was sent");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_keeps_the_properties_and_those_of_one_kind_are_a_frame() {
        for (name, seed) in seeds() {
            check(&seed);
            assert_eq!(
                Frame::decode(&seed[1..]).is_ok(),
                !["row", "promise"].contains(&name.as_str()),
                "{name}"
            );
        }
    }

    #[test]
    fn several_frames_arrive_in_any_pieces() {
        let seeds = seeds();
        let (_, row) = seeds.iter().find(|(name, _)| name == "row").unwrap();
        let (frames, end) = expected(&row[1..]);
        assert_eq!((frames.len(), end), (5, End::Finished));
    }
}
