use proptest::prelude::*;
use tokio::io::{DuplexStream, duplex};
use tvaers_protocol::frame::Kind;
use tvaers_protocol::id::Digest;
use tvaers_protocol::limit::FRAME_BYTES_MAX;

use super::*;

const SOON: Duration = Duration::from_secs(5);

/// A stream and, at its other end, bare bytes.
fn stream() -> (Stream, DuplexStream) {
    let (near, far) = duplex(4 << 20);
    let (read, write) = tokio::io::split(near);
    (Stream::new(read, write), far)
}

fn frame(bytes: usize) -> Frame {
    let body = (0..bytes).map(|index| (index % 251) as u8).collect();
    Frame::new(Kind::Evaluate, Digest([1; 32]), Digest([2; 32]), body).unwrap()
}

#[tokio::test]
async fn frames_come_back_as_they_were_and_in_order() {
    let ((mut near, far), sizes) = (stream(), [0, 1, 5000, FRAME_BYTES_MAX as usize]);
    let (read, write) = tokio::io::split(far);
    let mut far = Stream::new(read, write);
    for size in sizes {
        near.send(&frame(size), SOON).await.unwrap();
    }
    near.finish().await.unwrap();
    for size in sizes {
        assert_eq!(far.receiver.peek(SOON).await.unwrap().as_ref(), Some(frame(size).header()));
        assert_eq!(far.recv(SOON).await.unwrap(), Some(frame(size)));
    }
    assert_eq!(far.recv(SOON).await.unwrap(), None);
    assert!(matches!(far.expect(SOON).await, Err(StreamError::Ended)));
    assert!(matches!(near.send(&frame(1), SOON).await, Err(StreamError::Broken)));
}

#[tokio::test]
async fn a_frame_over_the_limit_is_refused_at_its_header() {
    let (mut near, mut far) = stream();
    let mut header = frame(0).header().encode();
    header[4..8].copy_from_slice(&(FRAME_BYTES_MAX + 1).to_be_bytes());
    far.write_all(&header).await.unwrap();
    // No byte of the body is sent, and none is waited for.
    for _ in 0..2 {
        let error = near.recv(SOON).await.unwrap_err();
        assert_eq!(error.to_string(), "the frame's body is 1048577 bytes long; at most 1048576 are read");
        assert_eq!(error.code(), RejectCode::TooLarge);
    }
    assert_eq!(near.receiver.body.capacity(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_header_alone_makes_nobody_take_a_whole_frames_memory() {
    let (mut near, mut far) = stream();
    let whole = frame(FRAME_BYTES_MAX as usize);
    far.write_all(&whole.header().encode()).await.unwrap();
    let error = near.recv(SOON).await.unwrap_err();
    assert_eq!(error.to_string(), "the other side let 5 seconds pass");
    assert!(near.receiver.body.capacity() <= 2 * BODY_STEP_BYTES);
    // And the stream goes on where it was.
    far.write_all(whole.body()).await.unwrap();
    assert_eq!(near.recv(SOON).await.unwrap(), Some(whole));
}

#[tokio::test]
async fn an_unknown_kind_another_version_and_a_flag_are_refused_by_name() {
    for (index, value, message, code) in [
        (
            0,
            9,
            "the frame is of protocol version 9; this software speaks 1 to 1",
            RejectCode::UnsupportedVersion,
        ),
        (1, 250, "the frame is of kind 250, which this software does not know", RejectCode::UnknownKind),
        (3, 1, "the frame's flags are 0x0001; this version has none", RejectCode::Malformed),
    ] {
        let (mut near, mut far) = stream();
        let mut bytes = frame(3).encode();
        bytes[index] = value;
        far.write_all(&bytes).await.unwrap();
        let error = near.recv(SOON).await.unwrap_err();
        assert_eq!((error.to_string().as_str(), error.code()), (message, code));
    }
}

#[tokio::test]
async fn bytes_behind_a_frame_are_no_frame() {
    let (mut near, mut far) = stream();
    far.write_all(&[frame(3).encode(), vec![0; 72]].concat()).await.unwrap();
    assert_eq!(near.recv(SOON).await.unwrap(), Some(frame(3)));
    assert!(matches!(near.recv(SOON).await, Err(StreamError::Frame(FrameError::Version { found: 0 }))));
}

#[tokio::test]
async fn a_stream_that_ends_inside_a_frame_is_cut() {
    let bytes = frame(3).encode();
    for end in 1..bytes.len() {
        let (mut near, mut far) = stream();
        far.write_all(&bytes[..end]).await.unwrap();
        drop(far);
        assert!(matches!(near.recv(SOON).await, Err(StreamError::Cut)), "cut at {end}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_recv_loses_nothing_and_a_cancelled_send_breaks_the_stream() {
    let (mut near, far) = stream();
    let (sent, bytes) = (frame(1000), frame(1000).encode());
    let mut far = far;
    for chunk in bytes.chunks(100) {
        assert!(matches!(near.recv(SOON).await, Err(StreamError::TimedOut { .. })));
        far.write_all(chunk).await.unwrap();
    }
    assert_eq!(near.recv(SOON).await.unwrap(), Some(sent));

    let (narrow, _far) = duplex(100);
    let mut narrow = Sender::new(narrow);
    assert!(matches!(narrow.send(&frame(1000), SOON).await, Err(StreamError::TimedOut { .. })));
    assert!(matches!(narrow.send(&frame(1), SOON).await, Err(StreamError::Broken)));
}

#[tokio::test]
async fn a_relay_passes_a_frame_through_a_narrow_pipe_unchanged() {
    let (mut source, mut from) = stream();
    let (to, sink) = duplex(1 << 10);
    let (mut to, mut sink) = (Sender::new(to), Receiver::new(sink));
    for size in [0, 1, RELAY_BUFFER_BYTES, 320_064] {
        from.write_all(&frame(size).encode()).await.unwrap();
        let (relayed, arrived) = tokio::join!(source.receiver.relay(&mut to, SOON), sink.recv(SOON));
        assert_eq!(relayed.unwrap().as_ref(), Some(frame(size).header()));
        assert_eq!(arrived.unwrap(), Some(frame(size)));
    }
    from.shutdown().await.unwrap();
    assert_eq!(source.receiver.relay(&mut to, SOON).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_relay_says_which_side_failed() {
    let (mut source, mut from) = stream();
    let (to, sink) = duplex(1 << 20);
    let mut to = Sender::new(to);
    let bytes = frame(1000).encode();
    from.write_all(&bytes[..500]).await.unwrap();
    let error = source.receiver.relay(&mut to, SOON).await.unwrap_err();
    assert!(matches!(error, RelayError::From(StreamError::TimedOut { .. })), "{error}");
    let error = source.receiver.relay(&mut to, SOON).await.unwrap_err();
    assert!(matches!(error, RelayError::From(StreamError::Broken)), "half a frame is gone: {error}");

    let (mut source, mut from) = stream();
    drop(sink);
    let (to, sink) = duplex(100);
    drop(sink);
    from.write_all(&bytes).await.unwrap();
    let error = source.receiver.relay(&mut Sender::new(to), SOON).await.unwrap_err();
    assert_eq!(error.to_string(), "the frame could not be passed on: the other side cut the stream");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Proptest prints the input that fails.
    #[test]
    fn arbitrary_bytes_never_panic_the_receiver(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        plausible in any::<bool>(),
    ) {
        let mut bytes = bytes;
        if plausible {
            // A good beginning leads deeper into the decoder.
            let head = [1, 51, 0, 0, 0, 0, 0, 40];
            bytes.splice(..bytes.len().min(8), head);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut receiver = Receiver::new(std::io::Cursor::new(bytes.clone()));
            let mut read = 0;
            while let Ok(Some(frame)) = receiver.recv(SOON).await {
                read += HEADER_BYTES + frame.body().len();
            }
            assert!(read <= bytes.len());
        });
    }
}

#[test]
fn who_breaks_off_has_said_nothing_wrong_and_may_be_asked_again() {
    for error in [StreamError::Cut, StreamError::Ended] {
        assert_eq!(error.code(), RejectCode::BrokenOff, "{error}");
    }
}
