//! `tvaers-policy new`.

use std::io::{BufRead, Read as _, Write};
use std::path::PathBuf;

use jiff::civil::Date;
use tvaers_definitions::library::Library;
use tvaers_host::output::Output;
use tvaers_protocol::problem::{Exit, Problem};

use crate::first::question::{Kind, Question};
use crate::first::{self, Answers};
use crate::lang::Lang;
use crate::show::problem::of_system;
use crate::{open, signing, today};

/// Bytes of an answer, at most: the longest text that a policy takes fits.
const ANSWER_BYTES_MAX: u64 = 16 << 10;

#[derive(Debug, clap::Args)]
#[command(after_help = first::beforehand(Lang::En))]
pub(super) struct Args {
    /// The file to write; one that is there is left alone [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args, lang: Lang, output: Output) -> Result<(), Problem> {
    if let Some(path) = args.out.as_ref().filter(|path| path.exists()) {
        // Told before anyone has answered thirty questions.
        return Err(Problem::new(
            Exit::BadInput,
            "file.write",
            lang.pick("filen findes allerede", "the file is there already"),
        )
        .at(path.display())
        .next(
            lang.pick(
                "nævn en anden fil, eller flyt den, der er",
                "name another file, or move that one away",
            ),
        ));
    }
    let library = open::library()?;
    let today = today::today();
    let (mut input, mut talk) = (std::io::stdin().lock(), std::io::stderr());
    say(&mut talk, &first::beforehand(lang));
    let text = asked(&mut input, &mut talk, &library, today, lang)?;
    match &args.out {
        None => output.result(text.trim_end()),
        Some(path) => {
            signing::write_new(path, text.as_bytes(), 0o644, lang)?;
            let path = path.display();
            output.note(match lang {
                Lang::Da => format!("{path} er skrevet. Læs den igennem, og kør: tvaers-policy check {path}"),
                Lang::En => {
                    format!("{path} is written. Read it through, and run: tvaers-policy check {path}")
                }
            });
        }
    }
    Ok(())
}

/// Asks until every answer is right; what is wrong with one is told in the words of `check`.
fn asked(
    input: &mut impl BufRead,
    talk: &mut impl Write,
    library: &Library,
    today: Date,
    lang: Lang,
) -> Result<String, Problem> {
    let mut answers = Answers::new();
    let mut next = 0;
    while let Some((index, question)) = first::asked(&answers, next) {
        let default = question.default(&answers, today);
        say(talk, &told(question, default.as_deref(), lang));
        let answer = line(input, lang)?.ok_or_else(|| ended(question, lang))?;
        let answer = if answer.trim().is_empty() { default.unwrap_or_default() } else { answer };
        match accepted(question, &answer, &answers, library, lang) {
            Ok(answer) => {
                answers.insert(question.name, answer);
                next = index + 1;
            }
            Err(reason) => say(talk, &format!("  ! {reason}\n")),
        }
    }
    let text = first::text(&answers, lang);
    match open::policy(&text, "policy.toml", library) {
        Ok(_) => Ok(text),
        Err(faults) => {
            let first = faults.first().map_or_else(String::new, |fault| lang.of(&fault.sentence).to_owned());
            let what = match lang {
                Lang::Da => format!("svarene bliver ikke til en politik: {first}"),
                Lang::En => format!("the answers come to no policy: {first}"),
            };
            Err(Problem::new(Exit::Failed, "new.check", what))
        }
    }
}

/// The answer as it is kept, or what is wrong with it: a fault of the policy that it would come to, at its own key.
fn accepted(
    question: &Question,
    answer: &str,
    answers: &Answers,
    library: &Library,
    lang: Lang,
) -> Result<String, String> {
    let kept = question.read(answer).ok_or_else(|| wrong_kind(question.kind, lang))?;
    let mut with = answers.clone();
    with.insert(question.name, kept.clone());
    let Err(faults) = open::policy(&first::text(&with, lang), "policy.toml", library) else {
        return Ok(kept);
    };
    let own = |key: &str| !question.key.is_empty() && key.starts_with(question.key);
    // A fault elsewhere is this answer's too: all others were right, and what is not answered yet is.
    let fault = faults.iter().find(|fault| own(&fault.key)).or(faults.first());
    match fault {
        Some(fault) => Err(format!("{} {}", lang.of(&fault.sentence), lang.of(&fault.mend))),
        None => Ok(kept),
    }
}

fn wrong_kind(kind: Kind, lang: Lang) -> String {
    match kind {
        Kind::Text => lang.pick("Skriv noget.", "Write something.").to_owned(),
        Kind::OneOf(words) => {
            format!("{} {}.", lang.pick("Svar med et af:", "Answer with one of:"), words.join(", "))
        }
        Kind::Date => {
            lang.pick("Skriv en dato som 2026-02-28.", "Write a date such as 2026-02-28.").to_owned()
        }
        Kind::Whole => lang.pick("Skriv et helt tal.", "Write a whole number.").to_owned(),
        Kind::Decimal => lang.pick("Skriv et tal over 0.", "Write a number above 0.").to_owned(),
    }
}

fn told(question: &Question, default: Option<&str>, lang: Lang) -> String {
    let hint = match default {
        Some(default) => format!("[{default}]"),
        None => format!("({} {})", lang.pick("f.eks.", "such as"), question.example()),
    };
    format!("\n{}\n{hint} > ", lang.pick(question.da, question.en))
}

fn ended(question: &Question, lang: Lang) -> Problem {
    let what = match lang {
        Lang::Da => format!("svarene holdt op ved \"{}\"; intet er skrevet", question.da),
        Lang::En => format!("the answers ended at \"{}\"; nothing is written", question.en),
    };
    Problem::new(Exit::BadInput, "new.ended", what)
}

/// A line of input without its end; none where there are no more.
fn line(input: &mut impl BufRead, lang: Lang) -> Result<Option<String>, Problem> {
    let refused = |what: String| Problem::new(Exit::BadInput, "new.input", what).at("standard input");
    let mut line = String::new();
    let read = input.by_ref().take(ANSWER_BYTES_MAX).read_line(&mut line);
    let read = read.map_err(|error| refused(of_system(&error, lang)))?;
    if u64::try_from(read).is_ok_and(|read| read == ANSWER_BYTES_MAX) {
        return Err(refused(match lang {
            Lang::Da => format!("et svar har {ANSWER_BYTES_MAX} bytes eller flere"),
            Lang::En => format!("an answer has {ANSWER_BYTES_MAX} bytes or more"),
        }));
    }
    Ok((read > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned()))
}

/// Where nobody reads any more there is nobody to tell.
fn say(talk: &mut impl Write, text: &str) {
    let _ = write!(talk, "{text}").and_then(|()| talk.flush());
}
