//! Simulates a federation over months of bad luck: steps drawn from a seed (imports, disconnections, crashes, partitions,
//! stratifications with faults on the way, replays), and after each of them a look whether everything is as it must be.
//!
//! - `plan` says what is done; it follows from its seed alone.
//! - `data` makes the small world's rows, `expect` works out by the oracle what every work list must say.
//! - `tap` stands in the middle of the links, `time` keeps the clock, `world` carries out and looks.
//!
//! A seed gives the same plan again, but not the same run: databases and cryptography work on threads of their own,
//! and keys are random. So a finding may need a few tries to come again.

mod data;
mod expect;
mod plan;
mod tap;
mod time;
mod world;

use std::fmt;

pub use plan::{Plan, Step};
pub use world::Report;

use world::World;

/// Something is not as it must be.
pub struct Finding {
    seed: u64,
    plan: Vec<Step>,
    what: anyhow::Error,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, step {}: {:#}", self.seed, self.plan.len(), self.what)?;
        writeln!(f, "the plan so far:")?;
        for (number, step) in (1..).zip(&self.plan) {
            writeln!(f, "  {number}: {step:?}")?;
        }
        let steps: usize = self.plan.iter().map(Step::count).sum();
        write!(
            f,
            "again: cargo run --release -p tvaers-tests --example simulation -- --steps {steps} --seed {}",
            self.seed
        )
    }
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Takes at least so many steps of a seed's plan, in a runtime of its own.
///
/// # Errors
/// The first finding.
pub fn run(seed: u64, steps: usize) -> Result<Report, Finding> {
    let mut plan = Vec::new();
    let done = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let done = done.map_err(anyhow::Error::from).and_then(|runtime| {
        let report = runtime.block_on(simulate(seed, steps, &mut plan));
        runtime.shutdown_background();
        report
    });
    done.map_err(|what| Finding { seed, plan, what })
}

async fn simulate(seed: u64, steps: usize, plan: &mut Vec<Step>) -> anyhow::Result<Report> {
    let mut world = World::new(seed).await?;
    for step in Plan::new(seed) {
        if world.report.steps >= steps {
            break;
        }
        plan.push(step.clone());
        world.take(&step).await?;
    }
    Ok(world.report)
}
