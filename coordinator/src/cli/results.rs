//! `tvaers results list | show | export`, and how an answer looks on a terminal.

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::Value;
use tvaers_host::output::{Format, Output, table};
use tvaers_protocol::problem::{Exit, Problem};

use crate::answer::Answer;
use crate::control::{Reply, Request, ask};
use crate::home::Home;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Show what there are results of, newest first
    List,
    /// Show the newest answer
    Show {
        /// The query's or model's name, or the name of the request
        name: String,
    },
    /// Write the newest answers to a file: an object where there is one answer, one a line where there are more
    Export {
        /// The query's or model's name, or the name of the request
        name: String,
        /// The file [default: standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// As result objects, or the cells of the first answer as a table
        #[arg(long = "as", value_enum, default_value_t = Form::Json)]
        form: Form,
    },
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    /// Result objects.
    Json,
    /// Cells as comma-separated values.
    Csv,
}

pub(super) async fn run(home: &Home, command: &Command, output: Output) -> Result<(), Problem> {
    match command {
        Command::List => list(home, output).await,
        Command::Show { name } => show(home, name, output).await,
        Command::Export { name, out, form } => export(home, name, out.as_ref(), *form, output).await,
    }
}

/// Asks for results page by page.
async fn fetch(home: &Home, name: &str) -> Result<Vec<String>, Problem> {
    let mut all = Vec::new();
    loop {
        let from = u32::try_from(all.len()).unwrap_or(u32::MAX);
        let request = Request::Results { of: name.to_owned(), from };
        let Reply::Results(page) = ask(&home.socket(), &request, |_| {}).await? else {
            return Err(super::other_answer());
        };
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    if all.is_empty() {
        return Err(Problem::new(
            Exit::BadInput,
            "results.unknown",
            format_args!("there are no results of `{name}`"),
        )
        .expected("a name that `tvaers results list` shows")
        .next("look there"));
    }
    Ok(all)
}

pub(super) async fn list(home: &Home, output: Output) -> Result<(), Problem> {
    let Reply::ResultNames(names) = ask(&home.socket(), &Request::ResultNames, |_| {}).await? else {
        return Err(super::other_answer());
    };
    if output.format == Format::Json {
        let json = serde_json::to_string_pretty(&names)
            .map_err(|error| Problem::from_error(Exit::Failed, "results.json", &error))?;
        output.result(json);
        return Ok(());
    }
    let mut table = table(["name", "answered", "answers", "request"], &[2]);
    for name in names {
        table.add_row([name.name, name.made, name.results.to_string(), name.request]);
    }
    output.result(table);
    Ok(())
}

pub(super) async fn show(home: &Home, name: &str, output: Output) -> Result<(), Problem> {
    let results = fetch(home, name).await?;
    if output.format == Format::Json {
        results.iter().for_each(|result| output.result(result));
        return Ok(());
    }
    let first = results.first().map(String::as_str).unwrap_or_default();
    for line in text(&read(first)?) {
        output.result(line);
    }
    Ok(())
}

fn read(text: &str) -> Result<Answer, Problem> {
    serde_json::from_str(text).map_err(|error| {
        Problem::new(Exit::Failed, "results.form", format_args!("a result cannot be read: {error}"))
            .next("use the `tvaers` of the coordinator's own version")
    })
}

async fn export(
    home: &Home,
    name: &str,
    out: Option<&PathBuf>,
    form: Form,
    output: Output,
) -> Result<(), Problem> {
    let results = fetch(home, name).await?;
    let text = match form {
        Form::Json => results.iter().map(|result| format!("{result}\n")).collect(),
        Form::Csv => csv(&read(results.first().map(String::as_str).unwrap_or_default())?),
    };
    let Some(path) = out else {
        output.result(text.trim_end());
        return Ok(());
    };
    let written = std::fs::File::create(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Problem::new(Exit::Failed, "results.write", error).at(path.display()))?;
    output.note(format_args!("{} answers written to {}", results.len(), path.display()));
    Ok(())
}

/// The names of the categories, in order of first appearance.
fn categories(answer: &Answer) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in answer.cells.iter().flat_map(|cell| cell.key.keys()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn label(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The cells as comma-separated values. No label of the catalogue or of a model holds a comma or a quotation mark.
fn csv(answer: &Answer) -> String {
    let names = categories(answer);
    let mut text = names.join(",");
    let columns = ["value", "shown", "standard_error", "ci95_low", "ci95_high"];
    let lead = if names.is_empty() { "" } else { "," };
    text.push_str(&format!("{lead}{}\n", columns.join(",")));
    for cell in &answer.cells {
        let numbers = [
            cell.value.map(|value| value.to_string()),
            cell.shown.map(|value| value.to_string()),
            cell.standard_error.map(|error| error.to_string()),
            cell.ci95.map(|[low, _]| low.to_string()),
            cell.ci95.map(|[_, high]| high.to_string()),
        ];
        let fields = names.iter().map(|name| label(cell.key.get(name)));
        let fields: Vec<String> = fields.chain(numbers.into_iter().map(Option::unwrap_or_default)).collect();
        text.push_str(&fields.join(","));
        text.push('\n');
    }
    text
}

/// An answer for a terminal.
pub(super) fn text(answer: &Answer) -> Vec<String> {
    let names = categories(answer);
    let header: Vec<String> =
        names.iter().cloned().chain(["shown".to_owned(), "95 % interval".to_owned()]).collect();
    let numeric = [names.len(), names.len() + 1];
    let mut table = table(header, &numeric);
    for cell in &answer.cells {
        let shown = match (cell.value, cell.shown) {
            (None, _) => "no answer".to_owned(),
            (Some(_), None) => "hidden".to_owned(),
            (Some(_), Some(shown)) => shown.to_string(),
        };
        // An interval of a hidden cell would tell what is hidden.
        let interval = match (cell.shown, cell.ci95) {
            (Some(_), Some([low, high])) => format!("{low} to {high}"),
            _ => String::new(),
        };
        let labels = names.iter().map(|name| label(cell.key.get(name)));
        table.add_row(labels.chain([shown, interval]).collect::<Vec<_>>());
    }
    let list = |nodes: &[tvaers_protocol::id::NodeId]| {
        nodes.iter().map(tvaers_protocol::id::NodeId::as_str).collect::<Vec<_>>().join(", ")
    };
    let name = label(answer.query.get("name"));
    let made_up = if answer.laboratory { ", of made-up data" } else { "" };
    let mut lines = vec![format!("{name} as of {}{made_up}", answer.as_of), table.to_string()];
    let privacy = &answer.privacy;
    lines.push(format!(
        "cost:      epsilon {:.4} (rho {:.6}) at one node, delta {:e}; at most rho {:.6} for someone at all of them",
        privacy.epsilon, privacy.rho, privacy.delta, privacy.rho_person_max
    ));
    lines.push(format!("answered:  {}", list(&answer.coverage.answered)));
    if !answer.coverage.missing.is_empty() {
        lines.push(format!("missing:   {}", list(&answer.coverage.missing)));
    }
    for refused in &answer.coverage.refused {
        let rules: Vec<&str> = refused.rules.iter().map(|rule| rule.code.as_str()).collect();
        lines.push(format!("refused:   {} ({})", refused.node, rules.join(", ")));
    }
    lines.extend(answer.notes.iter().map(|note| format!("note:      {note}")));
    lines
}
