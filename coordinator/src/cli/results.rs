//! `tvaers results list | show | export`, and how an answer looks on a terminal.

use std::io::Write as _;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use serde_json::Value;
use tvaers_host::output::{Format, Output, Written, table};
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::study::utc_date;
use tvaers_report::{Language, Meta, Report};

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
        /// As result objects, the cells of the first answer as a table, or a page for people
        ///
        /// [default: json]
        // The name is that of the option of all commands, and the type has to be too: clap hands a value that is given
        // here to the whole command line, which is where it is read from.
        #[arg(id = "format", long, alias = "as", value_parser = written())]
        _format: Option<Written>,
    },
}

/// How results are written to files.
fn written() -> impl clap::builder::TypedValueParser<Value = Written> {
    PossibleValuesParser::new(["json", "csv", "html"]).map(|name| match name.as_str() {
        "csv" => Written::Csv,
        "html" => Written::Html,
        _ => Written::Json,
    })
}

pub(super) async fn run(home: &Home, command: &Command, output: Output) -> Result<(), Problem> {
    match command {
        Command::List => list(home, output).await,
        Command::Show { name } => show(home, name, output).await,
        Command::Export { name, out, .. } => export(home, name, out.as_ref(), output).await,
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

async fn export(home: &Home, name: &str, out: Option<&PathBuf>, output: Output) -> Result<(), Problem> {
    let results = fetch(home, name).await?;
    let text = match output.written {
        Written::Text | Written::Json => results.iter().map(|result| format!("{result}\n")).collect(),
        Written::Csv => csv(&read(results.first().map(String::as_str).unwrap_or_default())?)?,
        Written::Html => page(&results)?,
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

/// The cells as comma-separated values: a column a category, the measure, then the numbers as in the result object. Of a
/// hidden cell `shown` is empty.
fn csv(answer: &Answer) -> Result<String, Problem> {
    let failed = |error: &dyn std::fmt::Display| Problem::new(Exit::Failed, "results.csv", error);
    let mut names = categories(answer);
    names.sort_by_key(|name| name == "measure");
    let mut writer = csv::Writer::from_writer(Vec::new());
    let columns = ["value", "shown", "standard_error", "ci95_low", "ci95_high"].map(str::to_owned);
    writer.write_record(names.iter().chain(&columns)).map_err(|error| failed(&error))?;
    for cell in &answer.cells {
        let numbers = [
            cell.value.map(|value| value.to_string()),
            cell.shown.map(|value| value.to_string()),
            cell.standard_error.map(|error| error.to_string()),
            cell.ci95.map(|[low, _]| low.to_string()),
            cell.ci95.map(|[_, high]| high.to_string()),
        ];
        let labels = names.iter().map(|name| label(cell.key.get(name)));
        writer
            .write_record(labels.chain(numbers.into_iter().map(Option::unwrap_or_default)))
            .map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error))
}

/// All answers as a page. Of many to one question the first stands for all: each of a thousand would say the same.
fn page(results: &[String]) -> Result<String, Problem> {
    let first = results.first().map(String::as_str).unwrap_or_default();
    let name = label(read(first)?.query.get("name"));
    let mut report = Report::new(Meta {
        title_da: format!("Resultat: {name}"),
        title_en: format!("Result: {name}"),
        made: utc_date(SystemClock.now()).to_string(),
        software: concat!("tvaers ", env!("CARGO_PKG_VERSION")).to_owned(),
        ..Meta::default()
    });
    let answers = u64::try_from(results.len()).unwrap_or(u64::MAX);
    report
        .add_first_of(first, answers)
        .map_err(|error| Problem::from_error(Exit::Failed, "results.page", &error))?;
    Ok(report.html(Language::Both))
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{csv, page};
    use crate::answer::Answer;

    fn answer() -> serde_json::Value {
        json!({
            "query": {"name": "contacts", "kind": "count"}, "as_of": "2026-02-28", "laboratory": true,
            "cells": [
                {"key": {"a": "1,5 \"x\"", "measure": "persons", "z": "y"}, "value": 40, "shown": 40, "standard_error": 1.5, "ci95": [37, 43]},
                {"key": {"a": "b", "measure": "persons", "z": "y"}, "value": 71, "shown": null, "standard_error": 1.5, "ci95": [68, 74]},
            ],
            "privacy": {"mechanism": "discrete_gaussian", "epsilon": 1.0, "delta": 1e-8, "rho": 0.1, "rho_person_max": 0.1, "nodes": []},
            "coverage": {"asked": ["k360"], "answered": ["k360"], "refused": [], "missing": [], "population_share": 1.0},
            "definitions": [], "data": [], "notes": [],
        })
    }

    #[test]
    fn a_table_quotes_its_labels_and_shows_nothing_of_a_hidden_cell() {
        let answer: Answer = serde_json::from_value(answer()).unwrap();
        let expected = concat!(
            "a,z,measure,value,shown,standard_error,ci95_low,ci95_high\n",
            "\"1,5 \"\"x\"\"\",y,persons,40,40,1.5,37,43\n",
            "b,y,persons,71,,1.5,68,74\n",
        );
        assert_eq!(csv(&answer).unwrap(), expected);
    }

    #[test]
    fn a_page_has_the_first_of_many_answers_and_says_so() {
        let page = page(&[answer().to_string(), answer().to_string()]).unwrap();
        assert!(page.contains("Number of answers: 2") && page.contains("Resultat: contacts"));
        assert_eq!(page.matches("<section class=\"result\"").count(), 2, "one a language");
    }
}
