use std::time::Duration;

use tvaers_protocol::frame::{Frame, FrameError, HEADER_BYTES, Kind};
use tvaers_protocol::id::Digest;
use tvaers_protocol::reject::RejectCode;

use super::*;
use crate::stream::StreamError;

const SOON: Duration = Duration::from_secs(5);
const HOUR: Duration = Duration::from_secs(3600);

fn node() -> NodeId {
    NodeId::new("k360").unwrap()
}

fn frame(number: u8) -> Frame {
    Frame::new(Kind::Progress, Digest([1; 32]), Digest::NONE, vec![number; 100]).unwrap()
}

/// A link of which the fate of each frame to the coordinator is `fates`, then forward.
fn with_fates(fates: &'static [Fate]) -> (MemoryLink, MemoryLink) {
    intercepted_pair(
        node(),
        Arc::new(move |passage: &Passage, _: &mut Vec<u8>| match passage.direction {
            Direction::ToCoordinator => {
                *fates.get(usize::try_from(passage.frame).unwrap()).unwrap_or(&Fate::Forward)
            }
            Direction::ToNode => Fate::Forward,
        }),
    )
}

async fn numbers(stream: &mut Stream) -> Vec<u8> {
    let mut numbers = Vec::new();
    while let Some(frame) = stream.recv(SOON).await.unwrap() {
        numbers.push(frame.body()[0]);
    }
    numbers
}

/// Sends frames 0, 1 and 2 from the node and finishes.
async fn send_three(link: &MemoryLink) -> Stream {
    let mut stream = link.open().await.unwrap();
    for number in 0..3 {
        stream.send(&frame(number), SOON).await.unwrap();
    }
    stream.finish().await.unwrap();
    stream
}

#[tokio::test]
async fn either_side_opens_streams_and_both_know_who_the_other_is() {
    let (at_node, at_coordinator) = pair(node());
    assert_eq!(at_node.peer().party, Party::Coordinator);
    assert_eq!(at_coordinator.peer().party, Party::Node(node()));
    for (opener, acceptor) in [(&at_node, &at_coordinator), (&at_coordinator, &at_node)] {
        let mut near = opener.open().await.unwrap();
        near.send(&frame(1), SOON).await.unwrap();
        let mut far = acceptor.accept().await.unwrap();
        assert_eq!(far.recv(SOON).await.unwrap(), Some(frame(1)));
        far.send(&frame(2), SOON).await.unwrap();
        far.finish().await.unwrap();
        near.finish().await.unwrap();
        assert_eq!(near.recv(SOON).await.unwrap(), Some(frame(2)));
        assert_eq!(near.recv(SOON).await.unwrap(), None);
        assert_eq!(far.recv(SOON).await.unwrap(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn the_interceptor_drops_duplicates_and_delays() {
    let (at_node, at_coordinator) = with_fates(&[Fate::Drop, Fate::Duplicate, Fate::Delay(HOUR)]);
    let _near = send_three(&at_node).await;
    let mut far = at_coordinator.accept().await.unwrap();
    assert_eq!(far.recv(SOON).await.unwrap(), Some(frame(1)));
    assert_eq!(far.recv(SOON).await.unwrap(), Some(frame(1)));
    assert!(matches!(far.recv(SOON).await, Err(StreamError::TimedOut { .. })));
    assert_eq!(far.recv(HOUR).await.unwrap(), Some(frame(2)));
    assert!(numbers(&mut far).await.is_empty());
}

#[tokio::test]
async fn the_interceptor_alters_a_frame_and_the_receiver_judges_it() {
    let (at_node, at_coordinator) = intercepted_pair(
        node(),
        Arc::new(|passage: &Passage, bytes: &mut Vec<u8>| {
            match passage.frame {
                0 => bytes[HEADER_BYTES] = 77,
                1 => bytes[1] = 255,
                _ => {}
            }
            Fate::Forward
        }),
    );
    let _near = send_three(&at_node).await;
    let mut far = at_coordinator.accept().await.unwrap();
    assert_eq!(far.recv(SOON).await.unwrap().unwrap().body()[0], 77);
    let error = far.recv(SOON).await.unwrap_err();
    assert!(matches!(error, StreamError::Frame(FrameError::UnknownKind(_))), "{error}");
}

#[tokio::test]
async fn a_cut_stream_is_no_finished_one_and_leaves_the_link_alone() {
    let (at_node, at_coordinator) = with_fates(&[Fate::Forward, Fate::CutStream]);
    let mut near = at_node.open().await.unwrap();
    near.send(&frame(0), SOON).await.unwrap();
    near.send(&frame(1), SOON).await.unwrap();
    let mut far = at_coordinator.accept().await.unwrap();
    assert_eq!(far.recv(SOON).await.unwrap(), Some(frame(0)));
    assert!(matches!(far.recv(SOON).await, Err(StreamError::Cut)));

    let mut other = at_coordinator.open().await.unwrap();
    other.send(&frame(9), SOON).await.unwrap();
    assert_eq!(at_node.accept().await.unwrap().recv(SOON).await.unwrap(), Some(frame(9)));
}

#[tokio::test]
async fn a_sender_dropped_before_it_finished_is_a_cut_too() {
    let (at_node, at_coordinator) = pair(node());
    let mut near = at_node.open().await.unwrap();
    near.send(&frame(0), SOON).await.unwrap();
    drop(near);
    let mut far = at_coordinator.accept().await.unwrap();
    assert_eq!(far.recv(SOON).await.unwrap(), Some(frame(0)));
    assert!(matches!(far.recv(SOON).await, Err(StreamError::Cut)));
}

#[tokio::test]
async fn a_cut_link_ends_everything_on_both_sides() {
    let (at_node, at_coordinator) = with_fates(&[Fate::Forward, Fate::CutLink]);
    let mut near = at_node.open().await.unwrap();
    near.send(&frame(0), SOON).await.unwrap();
    let mut far = at_coordinator.accept().await.unwrap();
    assert_eq!(far.recv(SOON).await.unwrap(), Some(frame(0)));
    near.send(&frame(1), SOON).await.unwrap();
    let lost = Closed::Lost("the other side fell silent".to_owned());
    assert_eq!(at_node.closed().await, lost);
    assert_eq!(at_coordinator.closed().await, lost);
    assert!(matches!(far.recv(SOON).await, Err(StreamError::Closed(closed)) if closed == lost));
    assert!(matches!(near.send(&frame(2), SOON).await, Err(StreamError::Closed(_))));
    assert!(at_node.open().await.is_err() && at_coordinator.accept().await.is_err());
}

#[tokio::test]
async fn closing_tells_the_code_to_the_other_side_and_the_first_word_stands() {
    let (at_node, at_coordinator) = pair(node());
    let code = CloseCode::Rejected(RejectCode::Busy);
    at_coordinator.close(code);
    at_node.close(CloseCode::Goodbye);
    assert_eq!(at_node.closed().await, Closed::ByPeer(code));
    assert_eq!(at_coordinator.closed().await, Closed::ByUs(code));

    let (at_node, at_coordinator) = pair(node());
    drop(at_coordinator);
    assert_eq!(at_node.accept().await.err(), Some(Closed::ByPeer(CloseCode::Goodbye).into()));
}
