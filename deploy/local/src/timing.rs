//! What a run took: wall and processor time per phase, and each party's peak memory.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;
use tvaers_host::process::usage;

use crate::party::Party;

/// The content of `timings.json`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Timings {
    /// Distinct persons over all nodes' files.
    pub persons: u64,
    /// Per phase.
    pub phases: BTreeMap<String, PhaseTime>,
    /// The most memory that each party ever held.
    pub peak_rss_bytes: BTreeMap<String, u64>,
}

/// What one phase took, over all studies of the run.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct PhaseTime {
    /// Seconds on the clock.
    pub wall_s: f64,
    /// Seconds of processor time, summed over the parties' processes; the kernel counts in hundredths.
    pub cpu_s: f64,
}

/// A phase that has begun.
#[derive(Debug)]
pub struct Running {
    name: String,
    began: Instant,
    cpu_s: f64,
}

impl Timings {
    /// Begins a phase.
    #[must_use]
    pub fn begin(name: &str, parties: &[Party]) -> Running {
        Running { name: name.to_owned(), began: Instant::now(), cpu_s: cpu_s(parties) }
    }

    /// Ends a phase.
    pub fn end(&mut self, running: Running, parties: &[Party]) {
        let phase = self.phases.entry(running.name).or_default();
        phase.wall_s = round(phase.wall_s + running.began.elapsed().as_secs_f64());
        phase.cpu_s = round(phase.cpu_s + (cpu_s(parties) - running.cpu_s).max(0.0));
    }

    /// Takes note of a party's peak memory.
    pub fn peak(&mut self, name: &str, bytes: u64) {
        let peak = self.peak_rss_bytes.entry(name.to_owned()).or_default();
        *peak = bytes.max(*peak);
    }
}

/// Processor time of the running parties and of those that have ended.
fn cpu_s(parties: &[Party]) -> f64 {
    let ended = usage(std::process::id()).map_or(0.0, |own| own.children_cpu_s);
    ended + parties.iter().filter_map(Party::usage).map(|used| used.cpu_s).sum::<f64>()
}

fn round(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}
