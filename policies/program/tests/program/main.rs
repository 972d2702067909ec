//! Each command of the program as people run it: what it writes, and how it ends.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends at its first surprise")]

mod check;
mod documents;
mod new;
mod revoke;
mod sign;

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use tvaers_policy_program::cli::perform;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");

fn example(name: &str) -> String {
    format!("{EXAMPLES}/{name}.toml")
}

/// Runs the program itself, with these lines on its standard input.
fn run_with(arguments: &[&str], input: &str) -> Output {
    let program = Command::new(env!("CARGO_BIN_EXE_tvaers-policy"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut program = program.unwrap();
    // A program that wants no input may have ended.
    let _ = program.stdin.take().unwrap().write_all(input.as_bytes());
    program.wait_with_output().unwrap()
}

fn run(arguments: &[&str]) -> Output {
    run_with(arguments, "")
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// What the command comes to inside another program: the code of its problem.
fn performed(arguments: &[&str]) -> Result<(), (String, u8)> {
    let arguments = std::iter::once("tvaers-policy").chain(arguments.iter().copied());
    perform(arguments.map(Into::into)).map_err(|problem| (problem.code, problem.exit.code()))
}

fn written(dir: &TempDir, name: &str, text: &str) -> String {
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn pilot() -> String {
    std::fs::read_to_string(example("pilot")).unwrap()
}

/// A policy without an epsilon, each of which takes long to convert here.
fn stated_in_rho() -> String {
    std::fs::read_to_string(example("municipality")).unwrap()
}

#[test]
fn the_version_names_the_arithmetic_in_use() {
    let said = run(&["--version"]);
    let version = concat!("tvaers-policy ", env!("CARGO_PKG_VERSION"), "\ncurve25519: ");
    let backend = out(&said).strip_prefix(version).unwrap_or_else(|| panic!("{}", out(&said)));
    assert!(["serial\n", "avx2\n", "avx512-ifma\n"].contains(&backend), "{backend}");
}
