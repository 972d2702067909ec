//! Real QUIC on loopback, with real certificates.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::join;
use tvaers_protocol::frame::{Frame, Kind};
use tvaers_protocol::hello::Software;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::limit::FRAME_BYTES_MAX;
use tvaers_protocol::reject::RejectCode;

use super::*;
use crate::backoff::Backoff;
use crate::clock::ManualClock;
use crate::greeting::Greeting;
use crate::identity::Identity;
use crate::limit::{CERTIFICATE_DAYS, HANDSHAKES_MAX};
use crate::link::{CloseCode, Closed, Link, LinkError, Party};
use crate::stream::StreamError;

const SOON: Duration = Duration::from_secs(5);
const ROSTER: Digest = Digest([0xa1; 32]);
const OTHER_ROSTER: Digest = Digest([0xb2; 32]);

/// A coordinator, two nodes of its roster and a stranger.
struct World {
    coordinator: Identity,
    k360: Identity,
    region: Identity,
    stranger: Identity,
    clock: Arc<ManualClock>,
}

fn name(name: &str) -> NodeId {
    NodeId::new(name).unwrap()
}

fn greeting(version: u64, roster: Digest) -> Greeting {
    Greeting::new(version, roster, Software::new("test 1").unwrap())
}

fn versions(versions: RangeInclusive<u8>) -> Greeting {
    Greeting { versions, ..greeting(3, ROSTER) }
}

fn frame(kind: Kind, bytes: usize) -> Frame {
    Frame::new(kind, ROSTER, Digest::NONE, vec![7; bytes]).unwrap()
}

impl World {
    fn new() -> Self {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let identity = |name| Identity::generate(name, now).unwrap();
        Self {
            coordinator: identity("coordinator"),
            k360: identity("k360"),
            region: identity("region_1085"),
            stranger: identity("stranger"),
            clock: Arc::new(ManualClock::new(now)),
        }
    }

    fn listen(&self) -> Listener {
        self.listen_on((Ipv4Addr::LOCALHOST, 0).into()).unwrap()
    }

    fn listen_on(&self, address: SocketAddr) -> Result<Listener, BindError> {
        let nodes = BTreeMap::from([
            (self.k360.certificate().spki, name("k360")),
            (self.region.certificate().spki, name("region_1085")),
        ]);
        Listener::bind(address, &self.coordinator, nodes, greeting(3, ROSTER), Arc::clone(&self.clock) as _)
    }

    fn dialer(&self, identity: &Identity, node: &str, pin: Digest, greeting: Greeting) -> Dialer {
        Dialer::new(identity, name(node), pin, greeting, Arc::clone(&self.clock) as _).unwrap()
    }

    /// A dialer of `k360` that is as it should be.
    fn k360(&self) -> Dialer {
        self.dialer(&self.k360, "k360", self.coordinator.certificate().spki, greeting(3, ROSTER))
    }

    async fn linked(&self) -> (QuicLink, QuicLink, Listener) {
        let mut listener = self.listen();
        let address = listener.local_addr().to_string();
        let dialer = self.k360();
        let (at_node, at_coordinator) = join!(dialer.dial(&address), listener.accept());
        (at_node.unwrap(), at_coordinator.unwrap().unwrap(), listener)
    }

    /// What both sides say when `dialer` is not let in; the port stands as `PORT`.
    async fn refused(&self, dialer: &Dialer) -> (String, String) {
        let mut listener = self.listen();
        let address = listener.local_addr().to_string();
        let (at_node, at_coordinator) = join!(dialer.dial(&address), listener.accept());
        let (at_node, at_coordinator) = (at_node.unwrap_err(), at_coordinator.unwrap().unwrap_err());
        (at_node.to_string().replace(&address, "PORT"), at_coordinator.refusal.to_string())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_go_both_ways_between_parties_that_know_each_other() {
    let (at_node, at_coordinator, _listener) = World::new().linked().await;
    assert_eq!(at_node.peer().party, Party::Coordinator);
    assert_eq!(at_coordinator.peer().party, Party::Node(name("k360")));
    assert_eq!((at_node.peer().version, at_coordinator.peer().software.as_str()), (1, "test 1"));
    for (opener, acceptor) in [(&at_node, &at_coordinator), (&at_coordinator, &at_node)] {
        let mut near = opener.open().await.unwrap();
        near.send(&frame(Kind::Status, 0), SOON).await.unwrap();
        near.finish().await.unwrap();
        let mut far = acceptor.accept().await.unwrap();
        assert_eq!(far.recv(SOON).await.unwrap(), Some(frame(Kind::Status, 0)));
        assert_eq!(far.recv(SOON).await.unwrap(), None);
        let whole = frame(Kind::NodeStatus, FRAME_BYTES_MAX as usize);
        let (sent, received) = join!(far.send(&whole, SOON), near.recv(SOON));
        sent.unwrap();
        assert_eq!(received.unwrap(), Some(whole));
        far.finish().await.unwrap();
        assert_eq!(near.recv(SOON).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_coordinator_is_named_on_both_sides() {
    let world = World::new();
    let pin = world.stranger.certificate().spki;
    let dialer = world.dialer(&world.k360, "k360", pin, greeting(3, ROSTER));
    let ours = world.coordinator.certificate().spki;
    assert_eq!(
        world.refused(&dialer).await,
        (
            format!(
                "the coordinator at `PORT` is not believed: the certificate has key `{ours}`, and the roster pins \
                 `{pin}` for the coordinator: either the roster is old, or this is not the coordinator"
            ),
            format!(
                "node `k360` rejected our certificate: its roster pins another key for the coordinator than `{ours}`"
            ),
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_node_is_named_on_both_sides() {
    let world = World::new();
    let pin = world.coordinator.certificate().spki;
    let dialer = world.dialer(&world.stranger, "k360", pin, greeting(3, ROSTER));
    let key = world.stranger.certificate().spki;
    assert_eq!(
        world.refused(&dialer).await,
        (
            format!(
                "the coordinator's roster pins key `{key}` for no node; this is `k360`, whose certificate has it"
            ),
            format!("the certificate has key `{key}`, which the roster pins for no node"),
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_says_to_be_another_is_named_on_both_sides() {
    let world = World::new();
    let pin = world.coordinator.certificate().spki;
    let dialer = world.dialer(&world.region, "k360", pin, greeting(3, ROSTER));
    let key = world.region.certificate().spki;
    assert_eq!(
        world.refused(&dialer).await,
        (
            format!("the coordinator's roster pins key `{key}` for another node than `k360`"),
            "it says to be node `k360`, and its certificate has the key that the roster pins for `region_1085`"
                .to_owned(),
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_protocol_version_is_named_on_both_sides() {
    let world = World::new();
    let pin = world.coordinator.certificate().spki;
    let dialer = world.dialer(&world.k360, "k360", pin, versions(2..=3));
    assert_eq!(
        world.refused(&dialer).await,
        (
            "the coordinator speaks none of the protocol versions 2 to 3 of this software: update the older of the \
             two"
                .to_owned(),
            "node `k360` speaks protocol versions 2 to 3, and this software 1 to 1: update the older of the two"
                .to_owned(),
        )
    );
    let newer = world.dialer(&world.k360, "k360", pin, versions(1..=2));
    let mut listener = world.listen();
    let address = listener.local_addr().to_string();
    let (at_node, at_coordinator) = join!(newer.dial(&address), listener.accept());
    assert_eq!(at_node.unwrap().peer().version, 1, "version N speaks with N - 1");
    assert!(at_coordinator.unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_roster_is_named_on_both_sides() {
    let world = World::new();
    let pin = world.coordinator.certificate().spki;
    let dialer = world.dialer(&world.k360, "k360", pin, greeting(4, OTHER_ROSTER));
    assert_eq!(
        world.refused(&dialer).await,
        (
            format!(
                "the coordinator has roster `{ROSTER}`, and this node has version 4, `{OTHER_ROSTER}`: give both \
                 the newest signed roster"
            ),
            format!(
                "node `k360` has roster version 4, `{OTHER_ROSTER}`, and the coordinator has version 3, `{ROSTER}`: \
                 give both the newest signed roster"
            ),
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_out_of_date_is_named_on_both_sides() {
    let world = World::new();
    let (mut listener, dialer) = (world.listen(), world.k360());
    let address = listener.local_addr().to_string();
    world.clock.advance(SignedDuration::from_hours(24 * (CERTIFICATE_DAYS + 10)));
    let (at_node, at_coordinator) = join!(dialer.dial(&address), listener.accept());
    let (at_node, at_coordinator) = (at_node.unwrap_err(), at_coordinator.unwrap().unwrap_err());
    let valid =
        "is valid from 2026-02-28T00:00:00Z until 2028-02-29T00:00:00Z, and it is 2028-03-10T12:00:00Z";
    assert_eq!(
        at_node.to_string(),
        format!("the coordinator at `{address}` is not believed: the certificate of the coordinator {valid}")
    );
    // Both are out of date here, and the coordinator looks at the node's by itself.
    assert_eq!(at_coordinator.refusal.to_string(), format!("the certificate of node `k360` {valid}"));
    assert!(at_node.needs_mending());
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_are_none_are_refused_by_name() {
    let (at_node, at_coordinator, _listener) = World::new().linked().await;
    let with = |index: usize, bytes: &[u8]| {
        let mut header = frame(Kind::Status, 0).encode();
        header[index..index + bytes.len()].copy_from_slice(bytes);
        header
    };
    let cases = [
        (with(4, &(FRAME_BYTES_MAX + 1).to_be_bytes()), RejectCode::TooLarge),
        (with(4, &[0xff; 4]), RejectCode::TooLarge),
        (with(1, &[255]), RejectCode::UnknownKind),
        (with(0, &[2]), RejectCode::UnsupportedVersion),
        (with(2, &[1]), RejectCode::Malformed),
    ];
    for (bytes, code) in cases {
        let mut near = at_node.open().await.unwrap();
        near.sender.send_bytes(&bytes).await;
        let mut far = at_coordinator.accept().await.unwrap();
        // The stream stays open: it is the header that is refused, not the end of the stream.
        assert_eq!(far.recv(SOON).await.unwrap_err().code(), code);
    }
    let mut near = at_node.open().await.unwrap();
    near.send(&frame(Kind::Status, 5), SOON).await.unwrap();
    near.sender.send_bytes(b"more").await;
    near.finish().await.unwrap();
    let mut far = at_coordinator.accept().await.unwrap();
    assert!(far.recv(SOON).await.unwrap().is_some());
    assert!(matches!(far.recv(SOON).await, Err(StreamError::Cut)), "trailing bytes are no frame");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_dropped_before_it_finished_cuts_the_stream_and_not_the_link() {
    let (at_node, at_coordinator, _listener) = World::new().linked().await;
    let mut near = at_node.open().await.unwrap();
    near.send(&frame(Kind::Status, 5), SOON).await.unwrap();
    let mut far = at_coordinator.accept().await.unwrap();
    assert!(far.recv(SOON).await.unwrap().is_some());
    drop(near);
    assert!(matches!(far.recv(SOON).await, Err(StreamError::Cut)));

    let mut near = at_node.open().await.unwrap();
    near.send(&frame(Kind::Status, 5), SOON).await.unwrap();
    drop(at_coordinator.accept().await.unwrap());
    let mut sent = Ok(());
    while sent.is_ok() {
        // The receiver's refusal takes a round trip to arrive.
        sent = near.send(&frame(Kind::Status, 1000), SOON).await;
    }
    assert!(matches!(sent, Err(StreamError::Cut)), "{sent:?}");
    assert!(at_node.open().await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_coordinator_relays_a_batch_from_node_to_node() {
    let world = World::new();
    let (at_node, from_node, mut listener) = world.linked().await;
    let address = listener.local_addr().to_string();
    let pin = world.coordinator.certificate().spki;
    let dialer = world.dialer(&world.region, "region_1085", pin, greeting(3, ROSTER));
    let (at_region, to_region) = join!(dialer.dial(&address), listener.accept());
    let (at_region, to_region) = (at_region.unwrap(), to_region.unwrap().unwrap());

    let batch = frame(Kind::Evaluate, 320_128);
    let ask = async {
        let mut stream = at_node.open().await.unwrap();
        stream.send(&frame(Kind::Relay, 19), SOON).await.unwrap();
        stream.send(&batch, SOON).await.unwrap();
        stream.finish().await.unwrap();
        stream.expect(SOON).await.unwrap()
    };
    let relay = async {
        let mut near = from_node.accept().await.unwrap();
        assert_eq!(near.expect(SOON).await.unwrap().kind(), Kind::Relay);
        let mut far = to_region.open().await.unwrap();
        let passed = near.receiver.relay(&mut far.sender, SOON).await.unwrap();
        assert_eq!(passed.as_ref(), Some(batch.header()));
        far.finish().await.unwrap();
        let answered = far.receiver.relay(&mut near.sender, SOON).await.unwrap();
        assert_eq!(answered.map(|header| header.kind), Some(Kind::Evaluated));
        near.finish().await.unwrap();
    };
    let answer = async {
        let mut stream = at_region.accept().await.unwrap();
        assert_eq!(stream.expect(SOON).await.unwrap(), batch);
        stream.send(&frame(Kind::Evaluated, 320_192), SOON).await.unwrap();
        stream.finish().await.unwrap();
        // The stream is kept until the other side has read on.
        assert_eq!(stream.recv(SOON).await.unwrap(), None);
    };
    let (answered, (), ()) = join!(ask, relay, answer);
    assert_eq!(answered, frame(Kind::Evaluated, 320_192));
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_tells_the_code_to_the_other_side() {
    let (at_node, at_coordinator, _listener) = World::new().linked().await;
    let code = CloseCode::Rejected(RejectCode::Busy);
    at_coordinator.close(code);
    assert_eq!(at_node.closed().await, Closed::ByPeer(code));
    assert_eq!(at_coordinator.closed().await, Closed::ByUs(code));
    assert_eq!(at_node.open().await.err(), Some(LinkError::Closed(Closed::ByPeer(code))));

    let (at_node, at_coordinator, _listener) = World::new().linked().await;
    drop(at_node);
    assert_eq!(at_coordinator.accept().await.err(), Some(Closed::ByPeer(CloseCode::Goodbye).into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_comes_back_when_the_coordinator_has_restarted() {
    let world = World::new();
    let (at_node, at_coordinator, listener) = world.linked().await;
    let address = listener.local_addr();
    listener.close(CloseCode::Goodbye).await;
    assert_eq!(at_node.closed().await, Closed::ByPeer(CloseCode::Goodbye));
    drop((at_node, at_coordinator));

    let seed = 11;
    let (dialer, mut rng, mut backoff) = (world.k360(), StdRng::seed_from_u64(seed), Backoff::default());
    let (mut failures, target) = (Vec::new(), address.to_string());
    let dial = dialer.dial_until_welcome(&target, &mut backoff, &mut rng, |error, wait| {
        failures.push(format!("{error}, then {wait:?}"));
    });
    let restart = async {
        let mut listener = loop {
            match world.listen_on(address) {
                Ok(listener) => break listener,
                // The old socket is freed by a task of its own.
                Err(_) => tokio::task::yield_now().await,
            }
        };
        let link = listener.accept().await.unwrap();
        (link, listener)
    };
    let (at_node, (at_coordinator, _listener)) = join!(dial, restart);
    assert_eq!(at_node.peer().party, Party::Coordinator, "seed {seed}, {failures:?}");
    assert_eq!(at_coordinator.unwrap().peer().party, Party::Node(name("k360")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_caller_holds_up_no_other() {
    let world = World::new();
    let mut listener = world.listen();
    let address = listener.local_addr();
    // Packets that begin no handshake, from a socket that never answers.
    let silent = tokio::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    for _ in 0..200 {
        silent.send_to(&[0xc0; 1200], address).await.unwrap();
    }
    let (dialer, address) = (world.k360(), address.to_string());
    let (at_node, at_coordinator) = join!(dialer.dial(&address), listener.accept());
    assert!(at_node.is_ok() && at_coordinator.unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_never_greet_take_a_limited_number_of_places() {
    let world = World::new();
    let mut listener = world.listen();
    let (dialer, address) = (world.k360(), listener.local_addr().to_string());
    let mut places = Vec::new();
    for _ in 0..HANDSHAKES_MAX {
        places.push(dialer.connect(&address).await.unwrap());
    }
    let error = dialer.dial(&address).await.unwrap_err();
    let refused = format!(
        "the coordinator at `{address}` cannot be reached: aborted by peer: the server refused to accept a new \
         connection"
    );
    assert_eq!(error.to_string(), refused);
    assert!(!error.needs_mending());

    // One leaves, and its place is free.
    drop(places.pop());
    let left = listener.accept().await.unwrap().unwrap_err();
    assert_eq!(left.refusal.to_string(), "node `k360` closed the connection: goodbye");
    let (at_node, at_coordinator) = join!(dialer.dial(&address), listener.accept());
    assert!(at_node.is_ok() && at_coordinator.unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_none_is_named() {
    let world = World::new();
    let error = world.k360().dial("coordinator").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the coordinator's address `coordinator` leads nowhere: it is no `host:port`"
    );
}
