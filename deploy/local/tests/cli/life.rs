//! The parties' processes end with the one that started them.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::Place;

/// For anything to happen on a loaded machine.
const SOON: Duration = Duration::from_secs(60);

/// Looks again and again until there is something.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < SOON, "{what}: not within {SOON:?}");
        std::thread::yield_now();
    }
}

pub(crate) fn pid(home: &Path) -> Option<u32> {
    std::fs::read_to_string(home.join("pid")).ok()?.trim().parse().ok()
}

/// Whether a process is there that is no mere entry left for its parent.
pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, fields)| !fields.trim_start().starts_with('Z'))
}

#[test]
fn when_the_parent_is_killed_every_party_ends() {
    // Large enough that the run is still under way when everyone has started.
    let place = Place::with_population(6_000, 7);
    let mut command = place.command(&["--quiet"]);
    let mut parent = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let homes =
        ["coordinator", "nodes/k360", "nodes/k376", "nodes/region_1085"].map(|name| place.out().join(name));
    let pids = homes.each_ref().map(|home| {
        until("a pid file", || {
            assert!(parent.try_wait().unwrap().is_none(), "the run has ended too early");
            pid(home)
        })
    });
    assert!(pids.iter().all(|pid| is_alive(*pid)));
    // The pid file comes after the limit, so whoever has one leaves no core file, whatever the machine allows.
    for pid in pids {
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let core = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().take(2).collect::<Vec<_>>(), ["0", "0"], "soft and hard limit");
    }
    // As `kill -9` does: nothing of the parent runs any more.
    parent.kill().unwrap();
    parent.wait().unwrap();
    for pid in pids {
        until("a party's end", || (!is_alive(pid)).then_some(()));
    }

    // What the killed federation left behind is in nobody's way.
    place.run_well(&["--quiet"]);
    assert!(place.list("k360").lines().count() > 100);
}
