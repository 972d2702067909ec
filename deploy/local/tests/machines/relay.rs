//! A bad network in a process: a relay of UDP that delays, loses, forgets its address translation and falls silent.
//! It is the test's own because many kernels come without netem.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// One way.
const DELAY: Duration = Duration::from_millis(50);

/// The share of packets lost, either way.
const LOSS: f64 = 0.05;

/// Between looks whether a thread is to end.
const LOOK: Duration = Duration::from_millis(20);

/// Larger than any packet of QUIC.
const PACKET_BYTES: usize = 2048;

/// A relay between one node and the coordinator.
pub(crate) struct Relay {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    door: UdpSocket,
    from: IpAddr,
    to: SocketAddr,
    rng: Mutex<StdRng>,
    is_bad: AtomicBool,
    silent_until: Mutex<Option<Instant>>,
    /// The translation: for each socket of the node's the relay's own towards the coordinator.
    translated: Mutex<BTreeMap<SocketAddr, Arc<Upstream>>>,
    ends: AtomicBool,
    passed: AtomicU64,
    lost: AtomicU64,
    cut: AtomicU64,
    rebound: AtomicU64,
}

struct Upstream {
    socket: UdpSocket,
    ends: AtomicBool,
}

/// What the relay did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// Packets delivered.
    pub passed: u64,
    /// Packets lost by chance.
    pub lost: u64,
    /// Packets that fell into a partition.
    pub cut: u64,
    /// Address translations that were forgotten while in use.
    pub rebound: u64,
}

/// A packet on its way, and when it arrives.
struct Packet {
    arrives: Instant,
    way: Way,
    bytes: Vec<u8>,
}

enum Way {
    /// From this socket of the node's to the coordinator.
    Up(SocketAddr),
    /// To this socket of the node's.
    Down(SocketAddr),
}

impl Relay {
    /// Listens on `door`, and sends to `to` from addresses of `from`. It is a good network until [`Self::turn`].
    pub(crate) fn start(door: SocketAddr, from: IpAddr, to: SocketAddr, seed: u64) -> Self {
        let door = UdpSocket::bind(door).unwrap();
        door.set_read_timeout(Some(LOOK)).unwrap();
        let shared = Arc::new(Shared {
            door,
            from,
            to,
            rng: Mutex::new(StdRng::seed_from_u64(seed)),
            is_bad: AtomicBool::new(false),
            silent_until: Mutex::new(None),
            translated: Mutex::new(BTreeMap::new()),
            ends: AtomicBool::new(false),
            passed: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            cut: AtomicU64::new(0),
            rebound: AtomicU64::new(0),
        });
        let (sender, receiver) = channel();
        let deliver = (Arc::clone(&shared), sender.clone());
        let listen = Arc::clone(&shared);
        let threads = vec![
            std::thread::spawn(move || deliver.0.deliver(&receiver, &deliver.1)),
            std::thread::spawn(move || listen.listen(&sender)),
        ];
        Self { shared, threads }
    }

    /// Makes the network bad, with delay and loss, or good again.
    pub(crate) fn turn(&self, bad: bool) {
        self.shared.is_bad.store(bad, Ordering::Relaxed);
    }

    /// Forgets which port stands for which socket of the node's, as a router does that restarts: what comes next goes
    /// out of another one, and what comes in at the old one goes nowhere.
    pub(crate) fn rebind(&self) {
        let forgotten = std::mem::take(&mut *self.shared.translated.lock().unwrap());
        self.shared.rebound.fetch_add(u64::from(!forgotten.is_empty()), Ordering::Relaxed);
        forgotten.values().for_each(|upstream| upstream.ends.store(true, Ordering::Relaxed));
    }

    /// Waits until nothing is under way: what is sent next is then a new word of either side, not the tail of an old one.
    pub(crate) fn quiet(&self) {
        let passed = || self.figures().passed;
        crate::until("a quiet moment", || {
            let before = passed();
            std::thread::park_timeout(6 * DELAY);
            (passed() == before).then_some(())
        });
    }

    /// Drops everything for so long.
    pub(crate) fn partition(&self, time: Duration) {
        *self.shared.silent_until.lock().unwrap() = Some(Instant::now() + time);
    }

    pub(crate) fn figures(&self) -> Figures {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let shared = &self.shared;
        Figures {
            passed: of(&shared.passed),
            lost: of(&shared.lost),
            cut: of(&shared.cut),
            rebound: of(&shared.rebound),
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
        self.rebind();
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}

impl Shared {
    fn listen(&self, sender: &Sender<Packet>) {
        let mut buffer = [0; PACKET_BYTES];
        while !self.ends.load(Ordering::Relaxed) {
            match self.door.recv_from(&mut buffer) {
                Ok((length, node)) => self.take(&buffer[..length], Way::Up(node), sender),
                // What could not be delivered is told here too (ICMP), and is nothing new.
                Err(error) => assert!(is_quiet(error.kind()), "{error}"),
            }
        }
    }

    /// Sends a packet on its way, unless it is lost.
    fn take(&self, bytes: &[u8], way: Way, sender: &Sender<Packet>) {
        if self.silent_until.lock().unwrap().is_some_and(|until| Instant::now() < until) {
            self.cut.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let bad = self.is_bad.load(Ordering::Relaxed);
        if bad && self.rng.lock().unwrap().random_bool(LOSS) {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let arrives = Instant::now() + if bad { DELAY } else { Duration::ZERO };
        // Nobody delivers any more where the relay ends.
        let _ = sender.send(Packet { arrives, way, bytes: bytes.to_vec() });
    }

    fn deliver(self: &Arc<Self>, packets: &Receiver<Packet>, sender: &Sender<Packet>) {
        while !self.ends.load(Ordering::Relaxed) {
            let Ok(packet) = packets.recv_timeout(LOOK) else { continue };
            std::thread::sleep(packet.arrives.saturating_duration_since(Instant::now()));
            let sent = match packet.way {
                Way::Down(node) => self.door.send_to(&packet.bytes, node),
                Way::Up(node) => self.upstream(node, sender).socket.send(&packet.bytes),
            };
            // Where nobody listens at the other end a packet is lost, as on any network.
            self.passed.fetch_add(u64::from(sent.is_ok()), Ordering::Relaxed);
        }
    }

    /// The socket that stands for the node's, with a thread that takes what comes back.
    fn upstream(self: &Arc<Self>, node: SocketAddr, sender: &Sender<Packet>) -> Arc<Upstream> {
        let mut translated = self.translated.lock().unwrap();
        let upstream = translated.entry(node).or_insert_with(|| {
            let socket = UdpSocket::bind((self.from, 0)).unwrap();
            socket.connect(self.to).unwrap();
            socket.set_read_timeout(Some(LOOK)).unwrap();
            let upstream = Arc::new(Upstream { socket, ends: AtomicBool::new(false) });
            let (shared, sender, own) = (Arc::clone(self), sender.clone(), Arc::clone(&upstream));
            std::thread::spawn(move || {
                let mut buffer = [0; PACKET_BYTES];
                while !own.ends.load(Ordering::Relaxed) {
                    match own.socket.recv(&mut buffer) {
                        Ok(length) => shared.take(&buffer[..length], Way::Down(node), &sender),
                        Err(error) => assert!(is_quiet(error.kind()), "{error}"),
                    }
                }
            });
            upstream
        });
        Arc::clone(upstream)
    }
}

fn is_quiet(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::ConnectionRefused | ErrorKind::Interrupted
    )
}
