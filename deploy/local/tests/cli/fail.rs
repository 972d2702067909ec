//! Parties that are killed in mid-run, as `kill -9` does it: no hang, no wrong list, and the next run is whole.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tvaers_tests::federation::read as read_list;

use crate::life::{is_alive, pid, until};
use crate::{Place, text};

/// What a run with somebody missing may take beyond its deadline: to notice, to begin anew, on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(150);

/// Enough persons for pseudonyms to take some seconds.
const PERSONS: u32 = 6_000;

/// A run under way whose phases are told as they begin.
struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStderr>>,
    began: Instant,
}

impl Running {
    fn start(place: &Place, arguments: &[&str]) -> Self {
        let mut command = place.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, lines, began: Instant::now() }
    }

    /// Waits until a phase begins.
    fn until_phase(&mut self, phase: &str) {
        let wanted = format!("phase {phase} begin");
        assert!(self.lines.any(|line| line.unwrap() == wanted), "the phase {phase} begins");
    }

    /// Waits for the end; gives its status and what was said since.
    fn end(self) -> (ExitStatus, String) {
        let Self { child, lines, began } = self;
        let said: Vec<String> = lines.map(Result::unwrap).collect();
        let output = child.wait_with_output().unwrap();
        assert!(began.elapsed() < PATIENCE, "the run ends in time: {said:?}");
        (output.status, said.join("\n"))
    }
}

fn kill(home: &Path) -> u32 {
    let pid = until("a pid file", || pid(home));
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
    until("the end of a killed party", || (!is_alive(pid)).then_some(()));
    pid
}

fn lists(place: &Place) -> BTreeMap<String, Option<String>> {
    let list = |id: &str| {
        let path = place.node(id).join("worklist-sad.csv");
        (id.to_owned(), std::fs::read_to_string(path).ok())
    };
    [list("k360"), list("k376")].into()
}

/// The lists of a run in which nothing happens.
fn undisturbed(persons: u32, seed: u64) -> BTreeMap<String, Option<String>> {
    let place = Place::with_population(persons, seed);
    place.run_well(&["--quiet"]);
    lists(&place)
}

#[test]
fn a_node_killed_for_good_is_left_out_after_the_deadline_and_named() {
    let place = Place::with_population(PERSONS, 8);
    let mut run = Running::start(&place, &["--deadline", "3"]);
    run.until_phase("pseudonyms");
    kill(&place.node("k376"));
    let (status, said) = run.end();
    assert_eq!(status.code(), Some(4), "{said}");
    assert!(said.contains("k376"), "{said}");
    assert!(lists(&place)["k376"].is_none());
    let list = read_list(&place.list("k360")).unwrap();
    assert!(list.len() > 100 && list.values().all(|line| !line.complete), "everyone is marked");
    let reasons = std::fs::read_to_string(place.node("k360").join("worklist-sad-incomplete.csv")).unwrap();
    assert_eq!(reasons.lines().count(), list.len() + 1);
    assert!(reasons.lines().skip(1).all(|line| line.contains(",municipality,")), "each with the reason");

    place.run_well(&["--quiet"]);
    assert!(lists(&place) == undisturbed(PERSONS, 8), "the next run is whole");
    assert!(!place.node("k360").join("worklist-sad-incomplete.csv").exists());
}

#[test]
fn where_missing_nodes_are_allowed_the_exit_code_is_that_of_success() {
    let place = Place::with_population(1_000, 9);
    let mut run = Running::start(&place, &["--deadline", "3", "--allow-missing"]);
    run.until_phase("import");
    // Killed before it has said a word to the coordinator.
    let home = place.node("region_1085");
    let pid = until("a serving region", || pid(&home));
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
    let (status, said) = run.end();
    assert_eq!(status.code(), Some(0), "{said}");
    let list = read_list(&place.list("k376")).unwrap();
    assert!(!list.is_empty() && list.values().all(|line| !line.complete));
}

#[test]
fn a_node_that_comes_back_in_time_goes_on_and_nothing_is_missing() {
    let place = Place::with_population(PERSONS, 10);
    let mut run = Running::start(&place, &["--deadline", "60"]);
    run.until_phase("pseudonyms");
    let home = place.node("k360");
    let command = command_of(until("a pid file", || pid(&home)));
    kill(&home);
    let mut again = Command::new(&command[0])
        .args(&command[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (status, said) = run.end();
    drop(again.stdin.take());
    again.wait().unwrap();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(lists(&place) == undisturbed(PERSONS, 10), "as if nothing had happened");
}

/// The command line of a process, its program as a path.
fn command_of(pid: u32) -> Vec<String> {
    let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap();
    line.split_terminator('\0').map(str::to_owned).collect()
}

#[test]
fn a_coordinator_killed_in_mid_run_leaves_nothing_wrong_and_the_next_run_is_whole() {
    let place = Place::with_population(PERSONS, 11);
    let mut run = Running::start(&place, &["--deadline", "3"]);
    run.until_phase("pseudonyms");
    kill(&place.out().join("coordinator"));
    let (status, said) = run.end();
    assert!(matches!(status.code(), Some(1 | 4)), "{said}");
    assert!(lists(&place).values().all(Option::is_none), "nothing was handed back");
    place.run_well(&["--quiet"]);
    assert!(lists(&place) == undisturbed(PERSONS, 11));
}

#[test]
fn a_node_killed_while_it_imports_keeps_what_it_had_and_the_next_run_is_whole() {
    let place = Place::with_population(PERSONS, 12);
    place.run_well(&["--quiet"]);
    let before = lists(&place);
    let mut run = Running::start(&place, &["--deadline", "3"]);
    run.until_phase("import");
    let home = place.node("region_1085");
    let importing = until("an import", || importing(&home));
    let _ = Command::new("kill").args(["-9", &importing.to_string()]).status().unwrap();
    let (status, said) = run.end();
    assert_ne!(status.code(), Some(0), "{said}");
    place.run_well(&["--quiet"]);
    assert!(lists(&place) == before);
}

/// The process that imports into this folder.
fn importing(home: &Path) -> Option<u32> {
    let home = home.to_string_lossy().into_owned();
    std::fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let line = std::fs::read(entry.path().join("cmdline")).ok()?;
        let words = text(&line).split('\0').map(str::to_owned).collect::<Vec<_>>();
        (words.contains(&home) && words.iter().any(|word| word == "import")).then_some(pid)
    })
}
