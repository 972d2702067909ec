//! The network between the machines: a namespace each, joined by wires of their own, or loopback addresses.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Networks of this process so far: their names and addresses must differ.
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The guide's port.
const PORT: u16 = 4433;

/// Where the machines are.
pub(crate) struct Network {
    /// Names of namespaces begin with it; none where machines are loopback addresses.
    prefix: Option<String>,
    /// What `init --listen` is given, where it is not what the guide prints.
    pub listen: SocketAddr,
    /// The coordinator as nodes can reach it, one address a wire.
    wires: Vec<(&'static str, SocketAddr)>,
    /// Where a relay stands between two machines: where it listens, and where it sends from.
    pub relay: (SocketAddr, IpAddr),
    /// The coordinator as the relay reaches it.
    pub behind: SocketAddr,
}

impl Network {
    /// Joins the nodes to the coordinator; `relayed` hangs on a wire to this process, which hangs on another to the
    /// coordinator. `people` have a machine without a wire: SSH is not part of this.
    pub(crate) fn join(
        coordinator: &'static str,
        nodes: &[&'static str],
        relayed: &'static str,
        people: &[&'static str],
    ) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("tv{}x{number}", std::process::id());
        if is_permitted(&prefix) {
            let network = Self::namespaces(&prefix, number, coordinator, nodes, relayed, people);
            eprintln!("machines: network namespaces {prefix}-*, a wire each");
            network
        } else {
            eprintln!("machines: loopback addresses, as network namespaces are not permitted here");
            Self::loopback(nodes, relayed)
        }
    }

    fn loopback(nodes: &[&'static str], relayed: &'static str) -> Self {
        let on = |last: u8| IpAddr::from([127, 0, 1, last]);
        // Free a moment ago, which is as good as it gets without the guide's port: others may test on this machine.
        let free = |ip: IpAddr| UdpSocket::bind((ip, 0)).unwrap().local_addr().unwrap();
        let (listen, door) = (free(on(1)), free(on(2)));
        let wires = nodes.iter().map(|node| (*node, if *node == relayed { door } else { listen })).collect();
        Self { prefix: None, listen, wires, relay: (door, on(3)), behind: listen }
    }

    fn namespaces(
        prefix: &str,
        number: u32,
        coordinator: &'static str,
        nodes: &[&'static str],
        relayed: &'static str,
        people: &[&'static str],
    ) -> Self {
        let space = |machine: &str| format!("{prefix}-{machine}");
        for machine in nodes.iter().chain(people).chain(&[coordinator]) {
            must(&["netns", "add", &space(machine)]);
            must(&["-n", &space(machine), "link", "set", "lo", "up"]);
        }
        // 198.18.0.0/15 is for tests of networks (RFC 2544), four addresses a wire.
        let [.., low] = (std::process::id().wrapping_mul(7).wrapping_add(number)).to_be_bytes();
        let mut wires = Vec::new();
        let mut at = 0;
        let mut wire = |near: End<'_>, far: End<'_>| {
            let (a, b) = (Ipv4Addr::new(198, 18, low, at + 1), Ipv4Addr::new(198, 18, low, at + 2));
            at += 4;
            near.join(a, far, b);
            (a, b)
        };
        for (place, node) in nodes.iter().enumerate().filter(|(_, node)| **node != relayed) {
            let near = End { space: Some(space(coordinator)), name: &format!("w{place}") };
            let (address, _) = wire(near, End { space: Some(space(node)), name: "up" });
            wires.push((*node, SocketAddr::from((address, PORT))));
        }
        let here = format!("{prefix}a");
        let (door, _) =
            wire(End { space: None, name: &here }, End { space: Some(space(relayed)), name: "up" });
        let here = format!("{prefix}b");
        let (from, behind) =
            wire(End { space: None, name: &here }, End { space: Some(space(coordinator)), name: "wr" });
        wires.push((relayed, SocketAddr::from((door, PORT))));
        Self {
            prefix: Some(prefix.to_owned()),
            listen: SocketAddr::from(([0, 0, 0, 0], PORT)),
            wires,
            relay: (SocketAddr::from((door, PORT)), from.into()),
            behind: SocketAddr::from((behind, PORT)),
        }
    }

    /// The coordinator as this node reaches it.
    pub(crate) fn coordinator_of(&self, node: &str) -> SocketAddr {
        self.wires.iter().find(|(name, _)| *name == node).unwrap().1
    }

    /// A program on a machine.
    pub(crate) fn command(&self, machine: &str, program: &str) -> Command {
        let Some(prefix) = &self.prefix else { return Command::new(program) };
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &format!("{prefix}-{machine}"), program]);
        command
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Some(prefix) = &self.prefix {
            forget(|name| name.starts_with(&format!("{prefix}-")));
        }
    }
}

/// One end of a wire: a name in a namespace, or in this process's.
struct End<'a> {
    space: Option<String>,
    name: &'a str,
}

impl End<'_> {
    fn join(self, address: Ipv4Addr, far: End<'_>, far_address: Ipv4Addr) {
        let mut add = vec!["link", "add", self.name];
        add.extend(self.space.iter().flat_map(|space| ["netns", space]));
        add.extend(["type", "veth", "peer", "name", far.name]);
        add.extend(far.space.iter().flat_map(|space| ["netns", space]));
        must(&add);
        for (end, address) in [(&self, address), (&far, far_address)] {
            let within: Vec<&str> = end.space.iter().flat_map(|space| ["-n", space]).collect();
            let with = format!("{address}/30");
            must(&[&within[..], &["addr", "add", &with, "dev", end.name]].concat());
            must(&[&within[..], &["link", "set", "dev", end.name, "up"]].concat());
        }
    }
}

/// Whether namespaces and wires can be made, after clearing away those of tests that were killed.
fn is_permitted(prefix: &str) -> bool {
    forget(|name| {
        let pid = name.strip_prefix("tv").and_then(|rest| rest.split('x').next()?.parse::<u32>().ok());
        pid.is_some_and(|pid| !std::path::Path::new(&format!("/proc/{pid}")).exists())
    });
    let (space, a) = (format!("{prefix}-try"), format!("{prefix}t"));
    let permitted = ip(&["netns", "add", &space])
        && ip(&["link", "add", &a, "type", "veth", "peer", "name", "b", "netns", &space])
        && ip(&["netns", "exec", &space, "true"]);
    let _ = ip(&["netns", "del", &space]);
    permitted
}

fn forget(whether: impl Fn(&str) -> bool) {
    let Ok(listed) = Command::new("ip").args(["netns", "list"]).output() else { return };
    for line in String::from_utf8_lossy(&listed.stdout).lines() {
        if let Some(name) = line.split_whitespace().next().filter(|name| whether(name)) {
            let _ = ip(&["netns", "del", name]);
        }
    }
}

fn ip(arguments: &[&str]) -> bool {
    let mut command = Command::new("ip");
    let quiet = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

fn must(arguments: &[&str]) {
    assert!(ip(arguments), "ip {}", arguments.join(" "));
}
