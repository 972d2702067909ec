//! How a program speaks: text or JSON, problems on standard error, an exit code that scripts can rely on.

use std::process::ExitCode;

use clap::{ArgMatches, Args, Command, FromArgMatches, ValueEnum};
use comfy_table::{CellAlignment, LineStyle, Row, Table, TableStyle};
use tvaers_protocol::problem::Problem;

/// A table as all programs show it: a line under the header, figures in the columns named by `right` to the right.
#[must_use]
pub fn table(header: impl Into<Row>, right: &[usize]) -> Table {
    const LINES: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
    let mut table = Table::new();
    table.load_style(LINES).set_header(header);
    for index in right {
        if let Some(column) = table.column_mut(*index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// How results and problems are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For scripts.
    Json,
}

/// What `--format` can say. A command that writes files declares the option anew with more names; since clap then hands
/// its value to the whole command line, the type is one for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Written {
    /// For people.
    #[default]
    Text,
    /// For scripts.
    Json,
    /// A table.
    #[value(skip)]
    Csv,
    /// A page.
    #[value(skip)]
    Html,
}

/// The options as they are parsed.
#[derive(Args)]
struct Options {
    /// How results and problems are written
    #[arg(long, global = true, value_enum, default_value_t)]
    format: Written,
    /// Say nothing but results and problems
    #[arg(long, global = true)]
    quiet: bool,
}

/// Options that every program has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Output {
    /// How results and problems are written.
    pub format: Format,
    /// The same of a command that writes files.
    pub written: Written,
    /// Say nothing but results and problems.
    pub quiet: bool,
}

impl FromArgMatches for Output {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let Options { format: written, quiet } = Options::from_arg_matches(matches)?;
        let format = if written == Written::Json { Format::Json } else { Format::Text };
        Ok(Self { format, written, quiet })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Output {
    fn augment_args(command: Command) -> Command {
        Options::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Options::augment_args_for_update(command)
    }
}

impl Output {
    /// Ends a program: 0 for success, else the problem on standard error and its code.
    #[must_use]
    pub fn finish(self, result: Result<(), Problem>) -> ExitCode {
        let Err(problem) = result else {
            return ExitCode::SUCCESS;
        };
        match self.format {
            Format::Text => say(std::io::stderr(), problem.to_string()),
            Format::Json => say(std::io::stderr(), serde_json::to_string(&problem).unwrap_or_default()),
        }
        ExitCode::from(problem.exit.code())
    }

    /// A line for a person on standard error; nothing under `--quiet`.
    pub fn note(self, line: impl std::fmt::Display) {
        if !self.quiet {
            say(std::io::stderr(), line);
        }
    }

    /// A result on standard output.
    pub fn result(self, text: impl std::fmt::Display) {
        say(std::io::stdout(), text);
    }
}

/// Writes a line. Where nobody reads any more, as behind `| head`, there is nobody to tell.
fn say(mut to: impl std::io::Write, text: impl std::fmt::Display) {
    let _ = writeln!(to, "{text}");
}
