//! A stratification on its way between two persons: one signs it into a file, another approves it there, and either
//! has it carried out. The file holds signatures and no key.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};

use tvaers_host::output::{Format, Output};
use tvaers_host::private;
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::id::Digest;
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::request::{Series, Under};
use tvaers_protocol::roster::{Person, Role, VerifiedRoster};
use tvaers_query::Decimal;

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
    for line in told(&request, asker, person.roster()) {
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

/// What is asked for, in lines: all that the approval is bound to, and nothing that is not in the request.
fn told(request: &Request, asker: &Person, roster: &VerifiedRoster) -> Vec<String> {
    let asked = &request.study.content;
    let under = |under: &Under| match under.purpose.as_str() {
        "" => format!("permit {}, for no stated purpose", plain(&under.permit)),
        purpose => format!("permit {}, purpose {}", plain(&under.permit), plain(purpose)),
    };
    let mut lines = vec![
        format!("{} ({}) asks, in the federation {}:", asker.name, role(asker), roster.roster().federation),
        // In full and in hexadecimal digits, as the roster and permits have it.
        format!("key:        {}", Digest(asked.requester.0)),
        format!("model:      {} (file {})", plain(&asked.model), asked.model_digest),
        format!("features:   catalogue {}", asked.catalogue_digest),
        format!("as of:      {}", asked.as_of),
        format!("grain:      contributions no finer than {}", asked.grain),
    ];
    lines.push(match &asked.list {
        Some(list) => {
            format!("work list:  of named citizens, for their own municipality; {}", under(list))
        }
        None => "work list:  none".to_owned(),
    });
    match &asked.tables {
        None => lines.push("tables:     none; nothing is charged".to_owned()),
        Some(tables) => {
            lines.push(format!("tables:     released with noise; {}", under(&tables.under)));
            lines.push(match tables.cut_off {
                Some(least) => format!("cut-off:    counts whose total is at least {least}"),
                None => "cut-off:    none; counts whom the model itself selects".to_owned(),
            });
            lines.push(match tables.nano_rho {
                Some(nano_rho) => format!("price:      {} at each node", price(nano_rho)),
                None => {
                    "price:      not stated; what the nodes' policies charge, within their permits".to_owned()
                }
            });
        }
    }
    lines.push(match asked.series {
        None => "pseudonyms: of this run alone; its key is erased with it".to_owned(),
        Some(Series { first: None, until }) => {
            format!("pseudonyms: kept until {until}, so that later runs can be linked with this one")
        }
        Some(Series { first: Some(first), until }) => {
            format!(
                "pseudonyms: those of run {first}, kept until {until}, so that all its runs can be linked"
            )
        }
    });
    lines.push("quotas:     not in the request; how many persons each node has evaluated is agreed between the nodes, within their permits".to_owned());
    lines.push(format!("asked:      {}", asked.created));
    lines.push(format!("holds:      until {}", asked.expires));
    if request.approval.is_some() {
        lines.push("approved:   already; a new approval takes the place of that one".to_owned());
    }
    lines
}

/// Text of the person who asks, on one line: it could pretend to be lines of this program's.
fn plain(text: &str) -> impl std::fmt::Display {
    text.escape_debug()
}

const fn role(person: &Person) -> &'static str {
    match person.role {
        Role::Analyst => "analyst",
        Role::Dpo => "data-protection officer",
    }
}

/// A budget to the last digit; one that is larger than any is told as it stands.
fn price(nano_rho: u64) -> String {
    Decimal::from_nano(nano_rho)
        .map_or_else(|| format!("{nano_rho} thousand-millionths of rho"), |rho| format!("rho {rho}"))
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

#[cfg(test)]
mod tests {
    use tvaers_protocol::request::TablesRequest;
    use tvaers_protocol::study::Grain;

    use super::*;
    use crate::asker::StudyWish;
    use crate::testing::{asker, under};

    /// What the approver is told of a wish.
    fn shown(list: Option<Under>, tables: Option<TablesRequest>) -> Vec<String> {
        shown_of(list, tables, None)
    }

    fn shown_of(list: Option<Under>, tables: Option<TablesRequest>, series: Option<Series>) -> Vec<String> {
        let (person, now) = (asker(), "2026-03-01T12:00:00Z".parse().unwrap());
        let as_of = "2026-02-28".parse().unwrap();
        let wish = StudyWish { model: "sad".to_owned(), as_of, grain: Grain::Points, list, tables, series };
        let study = person.study(wish, 7 * 24 * 3600, now).unwrap();
        let request = Request { study, approval: None, deadline_s: 60 };
        let asks = request.study.asker(person.roster(), now).unwrap();
        told(&request, asks, person.roster())
    }

    fn line<'l>(lines: &'l [String], field: &str) -> &'l str {
        lines.iter().find_map(|line| line.strip_prefix(field)).unwrap_or_default().trim()
    }

    #[test]
    fn the_approver_is_shown_all_that_the_signature_is_bound_to() {
        let list = Under { permit: "care".to_owned(), purpose: "outreach".to_owned() };
        let tables = |nano_rho, cut_off| TablesRequest { under: under("tables"), nano_rho, cut_off };
        let lines = shown(Some(list), Some(tables(Some(300_000_001), Some(7))));
        assert_eq!(lines[0], "ane (analyst) asks, in the federation puppets:");
        for (field, said) in [
            ("as of:", "2026-02-28"),
            ("grain:", "contributions no finer than points"),
            ("work list:", "of named citizens, for their own municipality; permit care, purpose outreach"),
            ("cut-off:", "counts whose total is at least 7"),
            ("price:", "rho 0.300000001 at each node"),
            ("asked:", "2026-03-01T12:00:00Z"),
            ("holds:", "until 2026-03-09T12:00:00Z"),
        ] {
            assert_eq!(line(&lines, field), said, "{lines:#?}");
        }
        let person = asker();
        let ane = &person.roster().roster().people[0];
        assert_eq!(line(&lines, "key:"), serde_json::to_string(&ane.signing).unwrap().trim_matches('"'));
        assert!(line(&lines, "model:").starts_with("sad (file ") && line(&lines, "features:").len() > 64);
        assert!(line(&lines, "tables:").contains("permit tables"));
        assert!(line(&lines, "quotas:").starts_with("not in the request"));

        // What is not stated is not made up.
        let lines = shown(None, Some(tables(None, None)));
        assert_eq!(line(&lines, "work list:"), "none");
        assert!(
            line(&lines, "price:").starts_with("not stated") && line(&lines, "cut-off:").starts_with("none")
        );
        let lines = shown(Some(under("care")), None);
        assert_eq!(line(&lines, "tables:"), "none; nothing is charged");
        assert!(line(&lines, "price:").is_empty() && line(&lines, "cut-off:").is_empty());
    }

    #[test]
    fn the_approver_is_shown_for_how_long_runs_can_be_linked() {
        let until = "2027-06-30".parse().unwrap();
        let told = |series| {
            let lines = shown_of(Some(under("care")), None, series);
            line(&lines, "pseudonyms:").to_owned()
        };
        assert_eq!(told(None), "of this run alone; its key is erased with it");
        assert!(told(Some(Series { first: None, until })).starts_with("kept until 2027-06-30"));
        let first = Some(tvaers_protocol::study::RunId([7; 16]));
        assert!(
            told(Some(Series { first, until })).starts_with(&format!("those of run {}", "07".repeat(16)))
        );
    }

    #[test]
    fn a_permit_or_purpose_cannot_pass_for_lines_of_the_program() {
        let list = Under {
            permit: "care\nprice:      rho 0.1 at each node".to_owned(),
            purpose: "a\u{1b}[2K\u{202e}b".to_owned(),
        };
        let lines = shown(Some(list), None);
        assert!(lines.iter().all(|line| !line.contains(['\n', '\u{1b}', '\u{202e}'])), "{lines:#?}");
        assert!(line(&lines, "price:").is_empty() && line(&lines, "work list:").contains("care\\nprice:"));
    }
}
