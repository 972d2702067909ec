//! The files that a log is verified from.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use tvaers_audit::line::Entry;
use tvaers_audit::seen;
use tvaers_audit::verify::{Evidence, Verdict, verify};
use tvaers_audit::{Text, files};
use tvaers_host::roster;
use tvaers_protocol::audit::SeenHead;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::VerifiedRoster;
use tvaers_protocol::sign::VerifyingKey;

use crate::cli::Lang;
use crate::show::problem::of_system;

/// Bytes that are read at a time: fewer calls than the usual eight thousand.
const BUFFER_BYTES: usize = 1 << 20;

/// The log, and what it is held against.
#[derive(Debug, clap::Args)]
pub(super) struct Source {
    /// The log: its folder, or its files
    #[arg(required = true, value_name = "LOG")]
    logs: Vec<PathBuf>,
    /// A roster of the log's time, with the keys of all; may be given several times
    #[arg(long, value_name = "ROSTER.toml")]
    roster: Vec<PathBuf>,
    /// A key of the node, 64 hexadecimal digits, where there is no roster; may be given several times
    #[arg(long, value_name = "HEX", value_parser = key)]
    key: Vec<VerifyingKey>,
    /// Heads that the coordinator or another node kept; may be given several times
    #[arg(long, value_name = "FILE")]
    heads: Vec<PathBuf>,
    /// Whose log it is, such as k360 [default: as the log says]
    #[arg(long, value_name = "NODE")]
    node: Option<NodeId>,
}

fn key(text: &str) -> Result<VerifyingKey, String> {
    let text = serde_json::Value::from(text);
    serde_json::from_value(text).map_err(|_| "expected 64 hexadecimal digits, as in the roster".to_owned())
}

impl Source {
    /// Verifies the log, and shows its entries.
    pub(super) fn verify(&self, visit: &mut dyn FnMut(&Entry), lang: Lang) -> Result<Verdict, Problem> {
        let evidence = self.evidence(lang)?;
        let paths = files::of_paths(&self.logs).map_err(|error| {
            Problem::from_error(Exit::BadInput, error.code(), &error)
                .expected(lang.pick(
                    "mappen med en log, med audit.jsonl i, eller dens filer",
                    "the folder of a log, with audit.jsonl in it, or its files",
                ))
                .next(lang.pick("se efter stien og rettighederne", "look at its path and rights"))
        })?;
        let opened =
            |path: &PathBuf| File::open(path).map(|file| BufReader::with_capacity(BUFFER_BYTES, file));
        let verdict = verify(paths.iter().map(opened), &evidence, visit).map_err(|error| {
            Problem::new(Exit::Failed, "audit.file", error)
                .next(lang.pick("se efter loggens sti og rettigheder", "look at the log's path and rights"))
        })?;
        self.is_log(&verdict, lang)?;
        Ok(verdict)
    }

    /// Refuses what holds no entry at all: a file given by mistake is no breach, and one that was emptied is no clean log.
    /// Where heads can be held against it they say more.
    fn is_log(&self, verdict: &Verdict, lang: Lang) -> Result<(), Problem> {
        if verdict.last.is_some() || verdict.compared > 0 {
            return Ok(());
        }
        let (code, what) = match verdict.findings.is_empty() {
            true => ("audit.empty", lang.pick("der er ingen poster i den", "there is no entry in it")),
            false => (
                "audit.no-log",
                lang.pick("ingen linje er en post i en log", "no line of it is an entry of an audit log"),
            ),
        };
        let place: Vec<String> = self.logs.iter().map(|path| path.display().to_string()).collect();
        Err(Problem::new(Exit::BadInput, code, what)
            .at(place.join(", "))
            .expected(lang.pick(
                "en nodes log: en post på hver linje, fra dens første start",
                "a node's audit log: an entry a line, from its first start on",
            ))
            .next(lang.pick(
                "hent den hos noden igen; er nodens egen fil sådan, så sig det til databeskyttelsesrådgiveren",
                "fetch it from the node again; where the node's own file is so, tell the data-protection officer",
            )))
    }

    fn evidence(&self, lang: Lang) -> Result<Evidence, Problem> {
        let mut evidence = Evidence::default();
        if let Some(node) = &self.node {
            evidence = evidence.of_node(node.clone());
        }
        for key in &self.key {
            evidence = evidence.with_key(*key);
        }
        for path in &self.roster {
            evidence = evidence.with_roster(believed(path, lang)?.roster());
        }
        for path in &self.heads {
            evidence = evidence.with_heads(heads(path, lang)?);
        }
        Ok(evidence)
    }
}

/// Why a roster cannot be read, in the language chosen.
fn of_roster(problem: Problem, path: &Path, lang: Lang) -> Problem {
    if lang == Lang::En {
        return problem;
    }
    let what = match std::fs::metadata(path) {
        Err(error) => of_system(&error, lang),
        Ok(_) => "filen kan ikke læses som en deltagerliste".to_owned(),
    };
    Problem { what, ..problem }
        .expected("en deltagerliste, som `tvaers roster new` skriver den")
        .next("se efter, om det er den fil, som sekretariatet sendte")
}

/// A roster that is believed for what was signed in its time.
pub(in crate::cli) fn believed(path: &Path, lang: Lang) -> Result<VerifiedRoster, Problem> {
    let signed = roster::read(path).map_err(|problem| of_roster(problem, path, lang))?;
    // Judged on its own first day: a log may be of a time that is long past.
    let day = signed.roster.valid_from;
    signed.verify(None, day).map_err(|error| {
        Problem::from_error(Exit::BadInput, "roster", &error)
            .at(path.display())
            .expected(lang.pick(
                "en deltagerliste, som alle nøglernes ejere har underskrevet",
                "a roster that all holders of keys have signed",
            ))
            .next(lang.pick("få den af en deltager, du stoler på", "have it from a member whom you trust"))
    })
}

fn heads(path: &Path, lang: Lang) -> Result<Vec<SeenHead>, Problem> {
    let wrong = |problem: Problem| {
        problem
            .at(path.display())
            .expected(lang.pick(
                "loghoveder, som `tvaers audit heads` eller `tvaers-node audit heads` skriver dem",
                "heads as `tvaers audit heads` or `tvaers-node audit heads` writes them",
            ))
            .next(lang.pick("hent filen igen", "fetch the file again"))
    };
    let text = std::fs::read(path)
        .map_err(|error| wrong(Problem::new(Exit::BadInput, "file.read", of_system(&error, lang))))?;
    seen::read_all(&text).map_err(|error| wrong(Problem::from_error(Exit::BadInput, "audit.heads", &error)))
}

/// A sentence in the language that was asked for.
pub(in crate::cli) fn said(text: &Text, lang: Lang) -> &str {
    match lang {
        Lang::Da => &text.da,
        Lang::En => &text.en,
    }
}

/// A log with something wrong is an answer, and not a success.
pub(super) fn judged(verdict: &Verdict, lang: Lang) -> Result<(), Problem> {
    let Some(first) = verdict.findings.first() else { return Ok(()) };
    Err(Problem::new(Exit::Failed, first.code, said(&first.sentence, lang)).next(said(&first.advice, lang)))
}
