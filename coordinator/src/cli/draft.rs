//! A stratification on its way between two persons: one signs it into a file, another approves it there, and either
//! has it carried out. The file holds signatures and no key.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};

use tvaers_host::output::{Format, Output};
use tvaers_host::private;
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::request::Under;
use tvaers_protocol::roster::VerifiedRoster;

use super::asking::Asking;
use crate::home::Home;
use crate::stratify::Request;

/// Bytes of such a file, at most: names and signatures.
const FILE_BYTES_MAX: u64 = 64 << 10;

#[derive(Debug, clap::Args)]
pub(super) struct ApproveArgs {
    /// The file that `tvaers stratify --draft` wrote; the approval is put into it
    file: PathBuf,
    /// Approve without asking at the terminal
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    asking: Asking,
}

/// Reads a drafted stratification.
pub(super) fn read(path: &Path) -> Result<Request, Problem> {
    let problem = |what: String| {
        Problem::new(Exit::BadInput, "draft.file", what)
            .at(path.display())
            .expected("a file that `tvaers stratify --draft` wrote")
            .next("draft the stratification again")
    };
    let length = std::fs::metadata(path).map_err(|error| problem(error.to_string()))?.len();
    if length > FILE_BYTES_MAX {
        return Err(problem(format!("the file has {length} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| problem(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| problem(error.to_string()))
}

/// Writes one, in place of what stands there.
pub(super) fn write(path: &Path, request: &Request) -> Result<(), Problem> {
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Problem::from_error(Exit::Failed, "draft.write", error).at(path.display())
    };
    let text = serde_json::to_string_pretty(request).map_err(|error| failed(&error))?;
    private::replace(path, format!("{text}\n").as_bytes()).map_err(|error| failed(&error))
}

/// `tvaers query approve`: shows what another person asks for, and signs that it may be done.
pub(super) fn approve(home: &Home, args: &ApproveArgs, output: Output) -> Result<(), Problem> {
    let mut request = read(&args.file)?;
    let person = args.asking.open(home)?;
    let now = SystemClock.now();
    let asker = request.study.asker(person.roster(), now).map_err(|error| {
        Problem::new(Exit::Refused, error.code(), error).at(args.file.display()).next(error.mend())
    })?;
    let approval = person.approve(&request.study, now);
    if approval.content.approver == request.study.content.requester {
        return Err(Problem::new(
            Exit::Refused,
            "second-signature.same",
            "who asks cannot give the second signature too",
        )
        .at(args.file.display())
        .next("have another person approve it, with a key of their own"));
    }
    for line in told(&request, &asker.name, person.roster()) {
        output.note(line);
    }
    if !args.yes && !confirmed(output)? {
        return Err(Problem::new(
            Exit::Failed,
            "draft.unapproved",
            "it was not approved; nothing is written",
        )
        .at(args.file.display()));
    }
    request.approval = Some(Box::new(approval));
    write(&args.file, &request)?;
    match output.format {
        Format::Json => output.result(serde_json::json!({ "approved": args.file, "model": request.model() })),
        Format::Text => output.result(format_args!(
            "Approved. Send {0} back; `tvaers study submit {0}` has it carried out.",
            args.file.display()
        )),
    }
    Ok(())
}

/// What is asked for, in lines.
fn told(request: &Request, asker: &str, roster: &VerifiedRoster) -> Vec<String> {
    let asked = &request.study.content;
    let under = |under: &Under| match under.purpose.as_str() {
        "" => under.permit.clone(),
        purpose => format!("{}, purpose {purpose}", under.permit),
    };
    let mut lines = vec![
        format!("{asker} asks, in the federation {}:", roster.roster().federation),
        format!(
            "model:      {} as of {}, contributions no finer than {}",
            asked.model, asked.as_of, asked.grain
        ),
    ];
    lines.push(match &asked.list {
        Some(list) => {
            format!("work list:  of named citizens, for their own municipality; permit {}", under(list))
        }
        None => "work list:  none".to_owned(),
    });
    if let Some(tables) = &asked.tables {
        lines.push(format!("tables:     released with noise; permit {}", under(&tables.under)));
    }
    lines.push(format!("holds:      until {}", asked.expires));
    if request.approval.is_some() {
        lines.push("approved:   already; a new approval takes the place of that one".to_owned());
    }
    lines
}

fn confirmed(output: Output) -> Result<bool, Problem> {
    if !std::io::stdin().is_terminal() {
        return Err(Problem::new(Exit::BadInput, "draft.terminal", "there is no terminal to ask at")
            .next("look at what is asked for, and give --yes"));
    }
    output.note("Type `yes` to approve it:");
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|error| Problem::from_error(Exit::Failed, "draft.terminal", &error))?;
    Ok(matches!(line.trim(), "yes" | "ja"))
}
