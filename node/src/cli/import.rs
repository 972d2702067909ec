//! `tvaers-node import`: rows from files, or the registration of those at a server.

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use rand::Rng as _;
use serde_json::json;
use tvaers_host::output::{Format, Output};
use tvaers_host::process;
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::study::utc_date;
use tvaers_warehouse::data::Salt;
use tvaers_warehouse::import::{ImportError, Imported, NEW_FILE, Options, Progress, What, import};
use tvaers_warehouse::source::{Registration, SourceError};

use super::looking;
use crate::app;
use crate::audit::Audit;
use crate::audit::event::{self, Event};
use crate::config::Config;
use crate::home::Home;
use crate::state::{State, StateError};

/// Data databases that are kept: the newest, and the one before it.
const DATA_KEPT: u32 = 2;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder with one CSV file per canonical table
    #[arg(required_unless_present = "source")]
    folder: Option<PathBuf>,
    /// Check and register the present content of the PostgreSQL server that `[source]` in node.toml names; the rows
    /// stay there, and a study is refused once they have changed
    #[arg(long, conflicts_with_all = ["folder", "rejects"])]
    source: bool,
    /// The day on which the data were taken from their source; later reference dates are refused
    #[arg(long, value_name = "DATE")]
    extracted_on: Date,
    /// Set bad rows aside in this file, with the reason of each, and load the rest
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
}

pub(super) fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::from_error(Exit::Failed, "runtime", &error))?;
    let imported = runtime.block_on(importing(home, args, output))?;
    tell(&imported, args.source, output);
    Ok(())
}

async fn importing(home: &Home, args: &Args, output: Output) -> Result<Imported, Problem> {
    // A log or database that another user makes or opens is one that the service cannot write.
    looking::own(home)?;
    let config = app::config(home)?;
    let today = utc_date(SystemClock.now());
    // Made-up data may be of any time.
    if !config.made_up && args.extracted_on > today {
        return Err(Problem::new(
            Exit::BadInput,
            "import.extracted-on",
            format_args!("{} is in the future", args.extracted_on),
        )
        .at("--extracted-on")
        .expected(format_args!("the day on which the data were taken from their source, up to {today}"))
        .next("correct the date: reference dates up to it are answered"));
    }
    let state = app::state(home).await?;
    // Before rows are read for an hour: a log that cannot be written takes no import.
    let audit = app::audit_log(home, app::software()?, SystemClock.now())?;
    let imported = match &args.folder {
        Some(folder) => from_files(home, &config, folder, args, output).await?,
        None => from_source(home, &config, args, output).await?,
    };
    record(&state, &audit, &imported, args.extracted_on).await?;
    remove_outdated(home, &state).await?;
    state.close().await;
    Ok(imported)
}

/// Has the import recorded as the newest, and logged.
///
/// The log is told between writing the record and committing it, so that nothing is answered from data that the log
/// does not know, wherever this stops: without the entry the record is taken back and the data in use is as before;
/// with the entry and without the commit the log knows of an import that nothing was answered from, and the next one
/// bears its number, told apart by the digest. The other way round a serving node could answer from an import between
/// commit and entry. Whoever answers holds no transaction while it writes to the log, so neither waits for the other.
async fn record(
    state: &State,
    audit: &Audit,
    imported: &Imported,
    extracted_on: Date,
) -> Result<(), Problem> {
    let now = SystemClock.now();
    let failed = |error: StateError| {
        Problem::from_error(Exit::Failed, "state", &error).next("the data in use is as before")
    };
    let file = imported.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let rows = imported.meta.tables.iter().map(|table| table.rows).sum();
    let (data, rejected) = (imported.meta.digest, imported.meta.rejected());
    let new = state.record_import(data, &file, extracted_on, rows, rejected, now).await.map_err(failed)?;
    let event = Event::Import(event::Imported { import: new.number(), data, extracted_on });
    audit.record(now, vec![event]).await.map_err(|error| {
        Problem::from_error(Exit::Failed, error.code(), &error)
            .at("audit.jsonl")
            .expected("a log that can be written: nothing is answered from data that it does not know")
            .next("the data in use is as before; look at disk space and rights, and import again")
    })?;
    new.commit().await.map_err(failed)
}

async fn from_files(
    home: &Home,
    config: &Config,
    folder: &Path,
    args: &Args,
    output: Output,
) -> Result<Imported, Problem> {
    let options = Options {
        extracted_on: args.extracted_on,
        made_up: config.made_up,
        member: config.code,
        rejects: args.rejects.clone(),
        salt: salt(),
    };
    let bar = bar(output);
    let mut told = "";
    let mut progress = |at: Progress| {
        bar.set_length(at.bytes_total);
        bar.set_position(at.bytes_read);
        if at.table != told {
            told = at.table;
            bar.set_message(told);
            if bar.is_hidden() {
                output.note(format_args!("importing {told}"));
            }
        }
    };
    let imported = import(folder, config.sector, home.dir(), &options, &mut progress).await;
    bar.finish_and_clear();
    imported.map_err(|error| problem(&error))
}

async fn from_source(home: &Home, config: &Config, args: &Args, output: Output) -> Result<Imported, Problem> {
    let source = config.open_source(home).map_err(|error| {
        Problem::from_error(Exit::BadInput, "source.url", &error)
            .next("write the URL into the file that `[source]` names, on one line")
    })?;
    let source = source.ok_or_else(|| {
        Problem::new(Exit::BadInput, "source.none", "the configuration names no source")
            .at(home.config().display())
            .expected("a table [source] with the url-file of a PostgreSQL server")
            .next("add it, or import a folder of CSV files")
    })?;
    let registration = Registration {
        sector: config.sector,
        member: config.code,
        extracted_on: args.extracted_on,
        made_up: config.made_up,
        salt: salt(),
    };
    let mut told = |table: &str| output.note(format_args!("checking {table}"));
    let registered = source.register(&registration, home.dir(), &mut told).await;
    registered.map_err(|error| match error {
        SourceError::Unwritten(error) => problem(&error),
        error => error.to_problem(),
    })
}

/// What the digest of this import is made under.
fn salt() -> Salt {
    let mut bytes = [0; 32];
    process::system_rng().fill_bytes(&mut bytes);
    Salt::new(bytes)
}

/// Removes data databases that serve no more, and those that an import left behind which was killed before it was
/// recorded. The one before the newest stays for a study that may be under way over it.
async fn remove_outdated(home: &Home, state: &State) -> Result<(), Problem> {
    let failed = |error: StateError| Problem::from_error(Exit::Failed, "state", &error);
    let kept = state.newest_data(DATA_KEPT).await.map_err(failed)?;
    let Ok(entries) = std::fs::read_dir(home.dir()) else { return Ok(()) };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let data = name.starts_with("data-") && name.ends_with(".sqlite") && name != NEW_FILE;
        if data && !kept.contains(&name) {
            // A file that is gone already is what is wanted.
            let _ = std::fs::remove_file(entry.path());
        }
    }
    Ok(())
}

/// A bar on a terminal; elsewhere hidden, and plain lines take its place.
fn bar(output: Output) -> ProgressBar {
    if output.quiet || !std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg:18} {wide_bar} {bytes}/{total_bytes} {eta}");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn problem(error: &ImportError) -> Problem {
    let mut place = error.file.to_string();
    if let Some(line) = error.line {
        place.push_str(&format!(", line {line}"));
    }
    if let Some(column) = &error.column {
        place.push_str(&format!(", column `{column}`"));
    }
    let exit = match error.what {
        What::Busy | What::DiskFull | What::Unwritable => Exit::Failed,
        _ => Exit::BadInput,
    };
    let code = serde_json::to_value(error.what).ok();
    let code = code.as_ref().and_then(serde_json::Value::as_str).unwrap_or("import");
    Problem::new(exit, &format!("import.{code}"), format_args!("{}; found {}", error.what, error.found))
        .at(place)
        .expected(&error.expected)
        .next(error.next)
}

fn tell(imported: &Imported, registered: bool, output: Output) {
    let meta = &imported.meta;
    if output.format == Format::Json {
        let peak = process::usage(std::process::id()).map(|usage| usage.peak_rss_bytes);
        output
            .result(json!({ "import": meta, "unterminated": imported.unterminated, "peak_rss_bytes": peak }));
        return;
    }
    let rows: u64 = meta.tables.iter().map(|table| table.rows).sum();
    let done = if registered { "registered" } else { "imported" };
    output.result(format_args!(
        "{rows} rows of {} persons {done}, {} rows set aside",
        meta.persons,
        meta.rejected()
    ));
    for table in &meta.tables {
        output.result(format_args!(
            "  {:18} {:>10} rows, {} duplicates dropped, {} set aside",
            table.name, table.rows, table.duplicates, table.rejected
        ));
    }
    if !meta.made_up && meta.made_up_persons > 0 {
        output.note(format_args!(
            "{} persons have a replacement number (day + 60): they stay out of every join.",
            meta.made_up_persons
        ));
    }
    for table in &imported.unterminated {
        output.note(format_args!("{table}.csv does not end with a line end: look whether it is whole."));
    }
}
