//! `tvaers-node objection`: citizens who object to the processing (GDPR Art. 21), as the node's staff enter and lift them.
//!
//! Numbers come over standard input alone: an argument stands in the shell's history and in the list of processes.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Read as _};

use jiff::Timestamp;
use serde_json::json;
use tvaers_host::output::{Format, Output, table};
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::id::PersonId;
use tvaers_protocol::problem::{Exit, Problem};
use zeroize::Zeroizing;

use super::looking::{self, Looked, block_on, short};
use crate::app;
use crate::audit::event::{Event, ObjectionChange, ObjectionsChanged};
use crate::home::Home;
use crate::objection::store::{Change, Counts, Entry, entries};
use crate::policy::read_persons;
use crate::state::{State, StateError};

const EXAMPLES: &str = "\
Examples:
  tvaers-node objection add                 (asks for CPR numbers, one a line)
  tvaers-node objection add < objections.csv
  tvaers-node objection list --persons
  tvaers-node objection remove < withdrawn.csv

An objection holds at once, also where the node serves: for every query and for every study that has not contributed
yet. In the next study it is told, under pseudonym, to the other nodes that hold the person. It stands beside the list
that the policy names under `population.objections`, which this command does not change. Work lists that were written
before still name the person.";

/// Bytes read from standard input, at most: a number a line for everyone in the country.
const INPUT_BYTES_MAX: u64 = 100_000_000;

#[derive(Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub(super) enum Command {
    /// Enter citizens who object; their CPR numbers are read from standard input
    Add(Input),
    /// Lift objections; the CPR numbers are read from standard input
    Remove(Input),
    /// Show how many object since when, and who said so
    List(List),
}

/// What must not be: taken, so that it is refused without being quoted.
#[derive(clap::Args)]
pub(super) struct Input {
    #[arg(hide = true)]
    given: Vec<String>,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Input")
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Show the CPR numbers
    #[arg(long)]
    persons: bool,
}

pub(super) fn run(home: &Home, command: &Command, output: Output) -> Result<(), Problem> {
    match command {
        Command::Add(input) => {
            let persons = from_input(input, output)?;
            let entered = block_on(enter(home, &persons))?;
            output.note(told_entered(entered, persons.len() as u64));
        }
        Command::Remove(input) => {
            let persons = from_input(input, output)?;
            let lifted = block_on(lift(home, &persons))?;
            told_lifted(lifted).into_iter().for_each(|line| output.note(line));
        }
        Command::List(args) => {
            let entries = block_on(look(home))?;
            output.result(match (output.format, args.persons) {
                (Format::Json, persons) => json(&entries, persons).to_string(),
                (Format::Text, true) => by_person(&entries),
                (Format::Text, false) => counted(&entries),
            });
        }
    }
    Ok(())
}

fn from_input(input: &Input, output: Output) -> Result<Vec<PersonId>, Problem> {
    if !input.given.is_empty() {
        return Err(wrong(
            "numbers are not taken from the command line: they stand in the shell's history now".to_owned(),
        ));
    }
    let mut input = std::io::stdin().lock();
    if input.is_terminal() {
        output.note("CPR numbers, one a line, then Ctrl-D:");
    }
    let mut text = Zeroizing::new(String::new());
    // Without a limit an endless input would fill the memory; what is cut there is a line that is no number.
    let read = input.by_ref().take(INPUT_BYTES_MAX).read_to_string(&mut text);
    read.map_err(|error| wrong(error.to_string()))?;
    parse(&text)
}

fn parse(text: &str) -> Result<Vec<PersonId>, Problem> {
    // The line is not quoted: it may be a citizen's number with a digit wrong.
    let persons = read_persons(text).map_err(|(line, error)| wrong(format!("line {line}: {error}")))?;
    if persons.is_empty() { Err(wrong("there is no number".to_owned())) } else { Ok(persons) }
}

fn wrong(what: String) -> Problem {
    Problem::new(Exit::BadInput, "objection.input", what)
        .at("standard input")
        .expected("a CPR number a line; a first line `person_id` is skipped")
        .next("correct it and enter all of it again; nothing was changed")
}

async fn enter(home: &Home, persons: &[PersonId]) -> Result<u64, Problem> {
    changed(home, ObjectionChange::Entered, async |change, now| {
        change.enter(persons, now).await.map_err(|error| failed(&error))
    })
    .await
}

async fn lift(home: &Home, persons: &[PersonId]) -> Result<Counts, Problem> {
    changed(home, ObjectionChange::Lifted, async |change, _| {
        let lifted = change.lift(persons).await.map_err(|error| failed(&error))?;
        if lifted != Counts::default() {
            return Ok(lifted);
        }
        Err(Problem::new(Exit::BadInput, "objection.unknown", "none of these persons is known to object")
            .expected("persons whom `tvaers-node objection list --persons` shows")
            .next("look whether they stand on the list that the policy names under `population.objections`"))
    })
    .await
}

/// Changes objections and has it logged. The log is told before the change holds: with the entry and without the change
/// the log knows of one too many, the other way round an answer could not be explained.
async fn changed<T>(
    home: &Home,
    how: ObjectionChange,
    work: impl AsyncFnOnce(&mut Change, Timestamp) -> Result<T, Problem>,
) -> Result<T, Problem> {
    // A log or database that another user makes or opens is one that the service cannot write.
    looking::own(home)?;
    app::config(home)?;
    let state = app::state(home).await?;
    let done = changed_in(home, &state, how, work).await;
    state.close().await;
    done
}

async fn changed_in<T>(
    home: &Home,
    state: &State,
    how: ObjectionChange,
    work: impl AsyncFnOnce(&mut Change, Timestamp) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let audit = app::audit_log(home, app::software()?, SystemClock.now())?;
    let mut change = Change::begin(state).await.map_err(|error| failed(&error))?;
    // Nobody charges or agrees to anything from here to the commit, so that whatever begins later knows of it: `subject`
    // relies on that.
    let now = SystemClock.now();
    let done = work(&mut change, now).await?;
    let event = Event::ObjectionsChanged(ObjectionsChanged { how });
    audit.record(now, vec![event]).await.map_err(|error| {
        Problem::from_error(Exit::Failed, error.code(), &error)
            .at("audit.jsonl")
            .expected("a log that can be written")
            .next("nothing was changed; look at disk space and rights, and try again")
    })?;
    change.commit().await.map_err(|error| failed(&error))?;
    Ok(done)
}

fn failed(error: &StateError) -> Problem {
    Problem::from_error(Exit::Failed, "state", error)
        .next("nothing was changed; look at disk space and rights")
}

async fn look(home: &Home) -> Result<Vec<Entry>, Problem> {
    let looked = Looked::open(home).await?;
    let found = entries(&looked.state).await;
    looked.state.close().await;
    found.map_err(|error| Problem::from_error(Exit::Failed, "state", &error))
}

fn told_entered(entered: u64, given: u64) -> String {
    let before = given.saturating_sub(entered);
    let known = if before == 0 { String::new() } else { format!("; {before} were entered before") };
    format!("{entered} entered{known}: left out from now on, and told to the other nodes in the next study")
}

fn told_lifted(lifted: Counts) -> Vec<String> {
    let mut told = vec![format!("{} lifted that were entered here", lifted.own)];
    if lifted.received > 0 {
        told.push(format!(
            "{} lifted that came from another node: they come back with the next study for as long as the person objects there",
            lifted.received
        ));
    }
    told.push(
        "whoever stands on the list that the policy names under `population.objections` stays left out"
            .to_owned(),
    );
    told
}

fn whence(entry: &Entry) -> String {
    entry
        .received
        .as_ref()
        .map_or_else(|| "own".to_owned(), |(study, node)| format!("study {}, from {node}", short(study)))
}

/// The day, by the clock of Greenwich, as in the audit log.
fn day(entry: &Entry) -> String {
    entry.since.strftime("%Y-%m-%d").to_string()
}

fn counted(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "Nobody is entered as objecting.".to_owned();
    }
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    for entry in entries {
        *counts.entry((day(entry), whence(entry))).or_default() += 1;
    }
    let mut shown = table(["since", "whence", "persons"], &[2]);
    for ((day, whence), count) in counts {
        shown.add_row([day, whence, count.to_string()]);
    }
    shown.to_string()
}

fn by_person(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "Nobody is entered as objecting.".to_owned();
    }
    let mut shown = table(["person", "since", "whence"], &[]);
    for entry in entries {
        shown.add_row([entry.person.expose().to_owned(), day(entry), whence(entry)]);
    }
    shown.to_string()
}

fn json(entries: &[Entry], persons: bool) -> serde_json::Value {
    let own = entries.iter().filter(|entry| entry.received.is_none()).count();
    let told = |entry: &Entry| {
        let (study, node) = entry.received.clone().unzip();
        let person = persons.then(|| entry.person.expose().to_owned());
        json!({ "person": person, "since": entry.since, "study": study, "node": node })
    };
    let entered: Vec<_> = entries.iter().map(told).collect();
    json!({ "own": own, "received": entries.len() - own, "entries": entered })
}

#[cfg(test)]
mod tests {
    use tvaers_protocol::id::{Digest, NodeId};

    use super::*;
    use crate::audit::read;
    use crate::cli::testing::Made;

    const NUMBERS: &str = "person_id\n610165-3000\n\n6101653001\n";

    #[test]
    fn what_is_entered_is_listed_logged_without_a_number_and_lifted() {
        let made = Made::imported();
        let persons = parse(NUMBERS).unwrap();
        let home = made.home();
        assert_eq!(block_on(enter(&home, &persons)).unwrap(), 2);
        assert_eq!(block_on(enter(&home, &persons)).unwrap(), 0);
        let found = block_on(look(&home)).unwrap();
        assert!(counted(&found).contains("own") && !counted(&found).contains("610165"));
        assert!(by_person(&found).contains("6101653000"));
        assert!(!json(&found, false).to_string().contains("610165"));
        assert_eq!(json(&found, true)["entries"][1]["person"], "6101653001");
        let one = persons.get(..1).unwrap();
        assert_eq!(block_on(lift(&home, one)).unwrap(), Counts { own: 1, received: 0 });
        assert_eq!(block_on(lift(&home, one)).unwrap_err().code, "objection.unknown");
        assert_eq!(block_on(look(&home)).unwrap().len(), 1);

        let log = std::fs::read_to_string(home.audit()).unwrap();
        assert!(persons.iter().all(|person| !log.contains(person.expose())));
        let events: Vec<Event> =
            read::read(&home.audit()).unwrap().map(|entry| entry.unwrap().event).collect();
        let changes = events.iter().filter_map(|event| match event {
            Event::ObjectionsChanged(changed) => Some(changed.how),
            _ => None,
        });
        let expected = [ObjectionChange::Entered, ObjectionChange::Entered, ObjectionChange::Lifted];
        assert_eq!(changes.collect::<Vec<_>>(), expected, "a lift of nobody is none");
    }

    #[test]
    fn what_came_from_another_node_is_said_to_come_back() {
        let made = Made::imported();
        let (home, now) = (made.home(), SystemClock.now());
        let persons = parse(NUMBERS).unwrap();
        block_on(async {
            let state = app::state(&home).await?;
            let mut change = Change::begin(&state).await.unwrap();
            let received: Vec<_> =
                persons.iter().map(|person| (person.clone(), NodeId::new("k376").unwrap())).collect();
            change.receive(Digest([7; 32]), &received, now).await.unwrap();
            change.commit().await.unwrap();
            state.close().await;
            Ok(())
        })
        .unwrap();
        assert!(counted(&block_on(look(&home)).unwrap()).contains("from k376"));
        let lifted = block_on(lift(&home, &persons)).unwrap();
        assert_eq!(lifted, Counts { own: 0, received: 2 });
        assert!(told_lifted(lifted).iter().any(|line| line.contains("come back with the next study")));
        assert!(!told_lifted(Counts { own: 2, received: 0 }).iter().any(|line| line.contains("come back")));
    }

    #[test]
    fn a_wrong_line_is_named_and_not_quoted_and_nothing_is_no_input() {
        let problem = parse("6101653000\n9999999999\n").err().unwrap();
        assert!(problem.what.contains("line 2") && !problem.to_string().contains("9999"), "{problem}");
        assert_eq!(parse("person_id\n\n").err().unwrap().code, "objection.input");
        let problem = Made::created().run(&["objection", "add", "6101653000"]).unwrap_err();
        assert!(problem.code == "objection.input" && !problem.to_string().contains("610165"), "{problem}");
    }
}
