//! `tvaers-node subject-log`: what a citizen's data were used for.

#[cfg(test)]
pub(super) mod tests;
mod told;

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal as _, Read as _};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use tvaers_host::output::{Format, Output};
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::id::PersonId;
use tvaers_protocol::problem::{Exit, Problem};
use zeroize::Zeroizing;

use super::looking::block_on;
use crate::app;
use crate::audit::event::{Event, ObjectionChange};
use crate::audit::read::{self, Verified};
use crate::home::Home;
use crate::policy::period;
use crate::subject::among::{Day, among};
use crate::subject::ground::{Ground, Seen};
use crate::subject::kept::{self, Kept};
use crate::subject::uses::{Gathering, Use, Window};
use crate::subject::worklist;
use told::{Answer, Told};

/// Bytes of standard input that are looked at: a CPR number, and what people put around it.
const INPUT_BYTES_MAX: u64 = 64;

const EXAMPLES: &str = "\
Examples:
  tvaers-node subject-log
  tvaers-node subject-log --from 2026-01-01 --to 2026-12-31 --lang en < number.txt
  tvaers-node subject-log --format json < number.txt

The CPR number is read from standard input, and from there alone: arguments can be seen by other users of the machine and
stay in the shell's history. It is in no output and no log; the log is told that an extract was made, not of whom. Names
of those who asked are withheld unless --names says otherwise (Court of Justice, C-579/21).";

/// In which language a citizen is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Lang {
    /// Danish.
    Da,
    /// English.
    En,
}

/// A word on the command line that does not belong there. It may be a citizen's number, so nothing of it is kept.
#[derive(Clone, Debug)]
struct Stray;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The first day of the uses to tell of, as 2026-01-31 [default: the log's first]
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// The last day [default: today]
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// The language of the answer
    #[arg(long, value_enum, default_value = "da")]
    lang: Lang,
    /// Name the persons who asked
    #[arg(long)]
    names: bool,
    /// Takes whatever else stands there, so that it is refused without being quoted.
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true, value_parser = stray)]
    stray: Vec<Stray>,
}

// The form that clap asks for.
#[expect(clippy::unnecessary_wraps, reason = "clap's parsers of values can fail")]
fn stray(_: &str) -> Result<Stray, std::convert::Infallible> {
    Ok(Stray)
}

pub(super) fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    if !args.stray.is_empty() {
        return Err(refused(
            "subject.argument",
            "there is something on the command line that does not belong there; it is not repeated here",
        )
        .at("the command line"));
    }
    let input = std::io::stdin().lock();
    let (now, format) = (SystemClock.now(), output.format);
    let text = if input.is_terminal() {
        output.note("Type the CPR number and press Enter.");
        answer(home, args, line(input)?.as_slice(), now, format)?
    } else {
        answer(home, args, input, now, format)?
    };
    output.result(text);
    Ok(())
}

/// All that is printed, once the log has its entry.
fn answer(
    home: &Home,
    args: &Args,
    input: impl BufRead,
    now: Timestamp,
    format: Format,
) -> Result<String, Problem> {
    let window = window(args)?;
    let person = person(input)?;
    let answer = block_on(look(home, args, now, &window, &person))?;
    record(home, now)?;
    Ok(match format {
        Format::Json => answer.json(args.lang).to_string(),
        Format::Text => answer.text(args.lang),
    })
}

/// The log has it before anybody is told anything.
fn record(home: &Home, now: Timestamp) -> Result<(), Problem> {
    let audit = app::audit_log(home, app::software()?, now)?;
    let written = audit.append(now, &[Event::SubjectExtract {}]);
    written.map(drop).map_err(|error| {
        Problem::from_error(Exit::Failed, error.code(), &error)
            .at(home.audit().display())
            .expected("a log that can be written: nothing is told that it does not know of")
            .next("look at disk space and rights")
    })
}

/// The days as moments, by Danish midnights.
fn window(args: &Args) -> Result<Window, Problem> {
    // Not quoted: whoever gets the order of arguments wrong may have written a number here.
    let day = |text: &Option<String>, option: &str| -> Result<Option<Date>, Problem> {
        let parsed = text.as_ref().map(|text| text.parse::<Date>());
        parsed.transpose().map_err(|_| {
            Problem::new(Exit::BadInput, "subject.date", "not a date")
                .at(option)
                .expected("a day such as 2026-01-31")
                .next("correct it")
        })
    };
    let (from, to) = (day(&args.from, "--from")?, day(&args.to, "--to")?);
    let after = |day: Date| day.checked_add(1.day()).map_or(Timestamp::MAX, period::midnight);
    // What is dated later than now, as by a clock that was set back, is told too.
    let to =
        to.map_or(Timestamp::MAX, |day| after(day).checked_sub(1.nanosecond()).unwrap_or(Timestamp::MAX));
    let from = from.map_or(Timestamp::MIN, period::midnight);
    if from <= to {
        return Ok(Window { from, to });
    }
    Err(Problem::new(Exit::BadInput, "subject.date", "the first day is after the last")
        .at("--from, --to")
        .next("exchange them"))
}

/// One line, as a person types it.
fn line(input: impl BufRead) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let mut line = Zeroizing::new(Vec::with_capacity(INPUT_BYTES_MAX as usize));
    let read = input.take(INPUT_BYTES_MAX).read_until(b'\n', &mut line);
    read.map_err(|_| refused("subject.number", "standard input cannot be read"))?;
    Ok(line)
}

/// Input that is none. It is never quoted.
fn refused(code: &'static str, what: impl std::fmt::Display) -> Problem {
    Problem::new(Exit::BadInput, code, what)
        .at("standard input")
        .expected("a CPR number on one line of standard input, with or without a hyphen")
        .next("run the command again and type the number when it asks, or hand it over in a file with `<`")
}

/// The citizen who asks.
fn person(input: impl BufRead) -> Result<PersonId, Problem> {
    let mut text = Zeroizing::new(String::with_capacity(INPUT_BYTES_MAX as usize));
    let read = input.take(INPUT_BYTES_MAX).read_to_string(&mut text);
    read.map_err(|_| refused("subject.number", "standard input cannot be read as text"))?;
    PersonId::parse(text.trim()).map_err(|error| refused("subject.number", error))
}

async fn look(
    home: &Home,
    args: &Args,
    now: Timestamp,
    window: &Window,
    person: &PersonId,
) -> Result<Answer, Problem> {
    let ground = Ground::open(home).await?;
    let answer = on(home, args, now, window, person, &ground).await;
    ground.close().await;
    answer
}

async fn on(
    home: &Home,
    args: &Args,
    now: Timestamp,
    window: &Window,
    person: &PersonId,
    ground: &Ground,
) -> Result<Answer, Problem> {
    let Logged { uses, verified, any_lifted } = uses(home, *window)?;
    let mut kept = Kept::new(home.policies(), &ground.library);
    let mut reading = ground.reading().await?;
    let is_found = ground.find(&mut reading, person, &ground.now()).await?.is_some();
    let mut told = Vec::new();
    let mut seen: BTreeMap<Day, Option<Seen>> = BTreeMap::new();
    for one in uses.iter().filter(|_| is_found) {
        let (about, permit) = ground.about(&mut kept, one);
        let as_then = match seen.get(&about.day) {
            Some(seen) => *seen,
            None => {
                let found = ground.find(&mut reading, person, &about.day).await?;
                *seen.entry(about.day.clone()).or_insert(found)
            }
        };
        let doubts = as_then.and_then(|seen| among(&about, &ground.person(&about, person, seen)));
        if let Some(doubts) = doubts {
            told.push(Told::of(one, ground, permit.as_ref(), doubts, args.names));
        }
    }
    reading.end().await;
    let lists = worklist::of_person(&ground.state, person).await;
    let lists = lists.map_err(|error| Problem::from_error(Exit::Failed, "state", &error))?;
    let controller =
        kept::read(&home.policy(), &ground.library).and_then(|policy| policy.controller().cloned());
    Ok(Answer {
        node: ground.config.name.clone(),
        controller,
        made: now,
        window: *window,
        log_from: verified.first_at,
        log_is_cut: verified.first.is_some_and(|first| first > 1),
        import: ground.import.statement.import,
        extracted_on: ground.import.statement.extracted_on,
        is_found,
        is_listed: ground.lists.hold(person),
        objects: ground.objectors.of(person),
        any_lifted,
        lists_are_known: ground.lists.are_known(),
        uses: told,
        work_lists: lists.into_iter().map(|listed| told::listed(listed, &ground.library)).collect(),
    })
}

/// What the log tells, once it has proved whole.
struct Logged {
    /// The uses, by their entries.
    uses: Vec<Use>,
    verified: Verified,
    /// Whether objections were lifted: of whom, nobody knows any more.
    any_lifted: bool,
}

/// Reads the log.
fn uses(home: &Home, window: Window) -> Result<Logged, Problem> {
    let path = home.audit();
    if !path.exists() {
        return Err(Problem::new(Exit::BadInput, "audit.none", "there is no audit log yet")
            .at(path.display())
            .expected("the folder of a node that has imported data or served")
            .next("name it with --home"));
    }
    let broken = |error| app::broken_log(&path, &error);
    let (mut gathering, mut verified) = (Gathering::new(window), Verified::default());
    let (mut uses, mut any_lifted) = (Vec::new(), false);
    for entry in read::read(&path).map_err(broken)? {
        let entry = entry.map_err(broken)?;
        verified.take(&entry);
        uses.extend(gathering.take(&entry));
        any_lifted |=
            matches!(&entry.event, Event::ObjectionsChanged(told) if told.how == ObjectionChange::Lifted);
    }
    uses.extend(gathering.finish());
    uses.sort_by_key(|one| one.entry);
    Ok(Logged { uses, verified, any_lifted })
}
