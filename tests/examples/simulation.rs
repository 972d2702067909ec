//! Simulates for longer than a test may:
//!
//! ```text
//! cargo run --release -p tvaers-tests --example simulation -- --steps N --seed S
//! ```
//!
//! It takes N steps of the plan of seed S and says how fast; on a finding it prints the plan so far and how to repeat it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program for a terminal")]

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, bail};
use tvaers_tests::simulation;

fn main() -> anyhow::Result<ExitCode> {
    let (mut steps, mut seed) = (1_000, 1);
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let value = arguments.next().with_context(|| format!("`{option}` needs a number"))?;
        match option.as_str() {
            "--steps" => steps = value.parse()?,
            "--seed" => seed = value.parse()?,
            _ => bail!("`{option}` is neither `--steps` nor `--seed`"),
        }
    }
    let began = Instant::now();
    match simulation::run(seed, steps) {
        Ok(report) => {
            let time = began.elapsed().as_secs_f64();
            println!("{report:?}");
            #[expect(clippy::cast_precision_loss, reason = "it is for a person to read")]
            let speed = report.steps as f64 / time;
            println!("{speed:.1} steps per second, {time:.0} seconds");
            Ok(ExitCode::SUCCESS)
        }
        Err(finding) => {
            eprintln!("{finding}");
            Ok(ExitCode::FAILURE)
        }
    }
}
