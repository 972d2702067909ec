//! `tvaers-policy evaluations verify`.

use std::fs::File;
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};

use serde_json::json;
use tvaers_audit::event::Event;
use tvaers_audit::files;
use tvaers_audit::verify::{Evidence, verify};
use tvaers_host::output::{Format, Output};
use tvaers_host::private;
use tvaers_protocol::audit::Seer;
use tvaers_protocol::id::Digest;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::roster::VerifiedRoster;
use tvaers_pseudonym::opening::{Checked, Opening, SAMPLE, SAMPLE_MAX};
use zeroize::Zeroizing;

use super::judge::{Held, LogFault, Read, by_another, judge};
use super::words;
use crate::cli::Lang;
use crate::cli::audit::source::{believed, said};

/// Bytes of an opening, at most: a sample of [`SAMPLE_MAX`] with its paths.
const FILE_BYTES_MAX: u64 = 128 << 20;

#[derive(Debug, clap::Args)]
#[command(after_help = super::EXAMPLES)]
pub(super) struct Args {
    /// The opening, as the node wrote it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The roster of the study's time, with the keys of all; may be given several times, for logs that go further back
    #[arg(long, required = true, value_name = "ROSTER.toml")]
    roster: Vec<PathBuf>,
    /// The challenge that the auditor drew, 64 hexadecimal digits
    #[arg(long, value_name = "HEX", value_parser = challenge)]
    challenge: Digest,
    /// How many persons the auditor asked for
    #[arg(long, value_name = "N", default_value_t = SAMPLE, value_parser = clap::value_parser!(u32).range(1..=i64::from(SAMPLE_MAX)))]
    sample: u32,
    /// A holder's audit log: a file or a folder; may be given several times
    #[arg(long, required = true, value_name = "LOG")]
    log: Vec<PathBuf>,
    /// Write the CPR numbers of the sample to this new private file, for comparison with the register
    #[arg(long, value_name = "FILE")]
    persons: Option<PathBuf>,
}

fn challenge(text: &str) -> Result<Digest, String> {
    serde_json::from_value(text.into()).map_err(|_| "expected 64 hexadecimal digits".to_owned())
}

/// Something that does not hold: a code, and the sentence.
struct Fault {
    code: &'static str,
    at: PathBuf,
    sentence: tvaers_audit::Text,
}

pub(super) fn run(args: &Args, lang: Lang, output: Output) -> Result<(), Problem> {
    let opening = read(&args.file, lang)?;
    let rosters = args.roster.iter().map(|path| believed(path, lang)).collect::<Result<Vec<_>, _>>()?;
    let checked = check(args, &opening, &rosters, lang)?;
    let (mut held, mut fault) = (Vec::new(), None);
    match checked {
        Err(of_opening) => fault = Some((None, of_opening)),
        Ok(checked) => {
            if let Some(path) = &args.persons {
                write_persons(path, &opening, lang)?;
            }
            let found = logs(args, &checked, &rosters, &mut held, lang)?;
            fault = found.map(|found| (Some(checked.clone()), found)).or(fault);
            if fault.is_none() {
                tell(&checked, &opening, &held, lang, output);
                return Ok(());
            }
        }
    }
    let Some((checked, fault)) = fault else { return Ok(()) };
    if output.format == Format::Json {
        let fault = json!({ "code": fault.code, "at": fault.at, "sentence": &fault.sentence });
        output.result(summary(checked.as_ref(), &opening, &held, Some(fault)));
    }
    Err(Problem::new(Exit::Failed, fault.code, said(&fault.sentence, lang))
        .at(fault.at.display())
        .next(said(&words::advice(), lang)))
}

fn read(path: &Path, lang: Lang) -> Result<Opening, Problem> {
    let wrong = |what: String| {
        Problem::new(Exit::BadInput, "opening.form", what)
            .at(path.display())
            .expected(lang.pick(
                "en åbning, som `tvaers-node evaluations open` skriver den",
                "an opening as `tvaers-node evaluations open` writes it",
            ))
            .next(lang.pick("bed noden om filen igen", "have the file from the node again"))
    };
    let bytes = path.metadata().map_err(|error| wrong(error.to_string()))?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(wrong(format!("{bytes} bytes > {FILE_BYTES_MAX}")));
    }
    let text = Zeroizing::new(std::fs::read(path).map_err(|error| wrong(error.to_string()))?);
    // What the parser would say may quote a number.
    serde_json::from_slice(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        wrong(lang.pick("linje", "line").to_owned() + &format!(" {line}:{column}"))
    })
}

/// All that the opening itself can show, under the key that a roster gives the node.
fn check(
    args: &Args,
    opening: &Opening,
    rosters: &[VerifiedRoster],
    lang: Lang,
) -> Result<Result<Checked, Fault>, Problem> {
    let node = &opening.population.content.node;
    let roster = rosters.iter().find(|roster| roster.digest() == opening.manifest.roster);
    let member = roster.and_then(|roster| roster.member(node)).ok_or_else(|| {
        Problem::new(
            Exit::BadInput,
            "opening.roster",
            lang.pick("studiets deltagerliste mangler", "the study's roster is missing"),
        )
        .at(args.file.display())
        .expected(format_args!("roster {}", opening.manifest.roster))
        .next(lang.pick("giv den med --roster", "give it with --roster"))
    })?;
    let checked = opening.check(&args.challenge, args.sample, &member.signing);
    Ok(checked.map_err(|fault| Fault {
        code: fault.code(),
        at: args.file.clone(),
        sentence: words::of_opening(fault),
    }))
}

/// Holds each log against the opening, and gives the first that does not hold.
fn logs(
    args: &Args,
    checked: &Checked,
    rosters: &[VerifiedRoster],
    held: &mut Vec<Held>,
    lang: Lang,
) -> Result<Option<Fault>, Problem> {
    let fault = |at: &Path, fault: LogFault| Fault {
        code: fault.code(),
        at: at.to_owned(),
        sentence: words::of_log(fault),
    };
    for path in &args.log {
        match judge(checked, &log(path, checked, rosters, lang)?) {
            Ok(of_log) => held.push(of_log),
            Err(found) => return Ok(Some(fault(path, found))),
        }
    }
    Ok(by_another(checked, held).err().map(|found| fault(&args.file, found)))
}

fn log(path: &PathBuf, checked: &Checked, rosters: &[VerifiedRoster], lang: Lang) -> Result<Read, Problem> {
    let unusable = |problem: Problem| {
        problem
            .at(path.display())
            .next(lang.pick("se på filens sti og rettigheder", "look at its path and rights"))
    };
    let paths = files::of_paths(std::slice::from_ref(path))
        .map_err(|error| unusable(Problem::from_error(Exit::BadInput, error.code(), &error)))?;
    let evidence =
        rosters.iter().fold(Evidence::default(), |evidence, roster| evidence.with_roster(roster.roster()));
    let (mut told, mut last) = (Vec::new(), 0);
    let opened = |path: &PathBuf| File::open(path).map(BufReader::new);
    let verdict = verify(paths.iter().map(opened), &evidence, &mut |entry| {
        if let Event::EvaluatedFor(of) = &entry.event
            && of.manifest == checked.study
            && of.requester == checked.node
        {
            told.push(of.clone());
            last = entry.number;
        }
    });
    let verdict = verdict.map_err(|error| unusable(Problem::new(Exit::Failed, "audit.file", error)))?;
    let own = Seer::Witness(checked.node.clone());
    let confirmed = verdict.confirmed.iter().any(|word| word.by != own && word.entry >= last);
    Ok(Read { whole: verdict.is_clean() && verdict.last.is_some(), node: verdict.node, told, confirmed })
}

fn write_persons(path: &Path, opening: &Opening, lang: Lang) -> Result<(), Problem> {
    if std::fs::symlink_metadata(path).is_ok() {
        let what = lang.pick("filen findes allerede", "the file is there already");
        return Err(Problem::new(Exit::BadInput, "persons.exists", what)
            .at(path.display())
            .next(lang.pick("vælg et andet navn", "name another one")));
    }
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Problem::from_error(Exit::Failed, "persons.write", error).at(path.display())
    };
    let mut file = private::create(path).map_err(|error| failed(&error))?;
    let mut text = Zeroizing::new(String::new());
    for opened in &opening.persons {
        text.push_str(opened.person.expose());
        text.push('\n');
    }
    file.write_all(text.as_bytes()).map_err(|error| failed(&error))
}

fn tell(checked: &Checked, opening: &Opening, held: &[Held], lang: Lang, output: Output) {
    match output.format {
        Format::Json => output.result(summary(Some(checked), opening, held, None)),
        Format::Text => {
            let mut sentences = words::held(checked, opening.persons.len(), held);
            sentences.extend(words::without_log(&missing(checked, held)));
            let lines: Vec<&str> = sentences.iter().map(|sentence| said(sentence, lang)).collect();
            output.result(lines.join("\n"));
        }
    }
}

/// The holders of the quorum whose logs were not given.
fn missing<'a>(checked: &'a Checked, held: &[Held]) -> Vec<&'a str> {
    let given = |name: &&tvaers_protocol::id::NodeId| held.iter().any(|held| held.holder == **name);
    checked.quorum.iter().filter(|name| !given(name)).map(|name| name.as_str()).collect()
}

fn summary(
    checked: Option<&Checked>,
    opening: &Opening,
    held: &[Held],
    fault: Option<serde_json::Value>,
) -> serde_json::Value {
    json!({
        "holds": fault.is_none(),
        "fault": fault,
        "run": opening.manifest.run,
        "study": opening.manifest.digest(),
        "node": opening.population.content.node,
        "persons": opening.population.content.persons,
        "sample": opening.persons.len(),
        "commitment": checked.map(|checked| checked.commitment),
        "quota": checked.map(|checked| checked.quota),
        "logs": held,
        "without_log": checked.map(|checked| missing(checked, held)),
    })
}
