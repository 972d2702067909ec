//! The parties' processes end with the one that started them.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Place, problem, text};

/// For anything to happen on a loaded machine.
const SOON: Duration = Duration::from_secs(60);

/// Looks again and again until there is something.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < SOON, "{what}: not within {SOON:?}");
        std::thread::yield_now();
    }
}

fn pid(home: &Path) -> Option<u32> {
    std::fs::read_to_string(home.join("pid")).ok()?.trim().parse().ok()
}

/// Whether a process is there that is no mere entry left for its parent.
fn is_alive(pid: u32) -> bool {
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

#[test]
fn when_a_party_is_killed_the_run_ends_and_names_it() {
    let place = Place::with_population(6_000, 8);
    let mut command = place.command(&["--quiet", "--format", "json", "--deadline", "3"]);
    let run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let homes =
        ["coordinator", "nodes/k360", "nodes/region_1085", "nodes/k376"].map(|name| place.out().join(name));
    let pids = homes.each_ref().map(|home| until("a pid file", || pid(home)));
    let killed = Command::new("kill").args(["-9", &pids[3].to_string()]).status().unwrap();
    assert!(killed.success());
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    let problem = problem(&output);
    assert!(problem["where"].as_str().unwrap().contains("k376"), "{problem}");
    for pid in pids {
        until("a party's end", || (!is_alive(pid)).then_some(()));
    }
    assert!(!place.node("k360").join("worklist-sad.csv").exists(), "nothing was handed back");
}
