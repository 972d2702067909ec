//! `tvaers-node audit export`.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::Digest as _;
use tvaers_host::output::{Format, Output};
use tvaers_host::private;
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_protocol::id::Digest;
use tvaers_protocol::problem::{Exit, Problem};

use super::{open, own_log, problem, told};
use crate::audit::code::Code;
use crate::audit::event::{Event, Exported};
use crate::audit::read::{self, Verified};
use crate::home::Home;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file to write; it is for its owner only, and none that is there is overwritten
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The first entry to copy
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    from: u64,
    /// The last entry to copy [default: the last of the log]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    to: Option<u64>,
}

/// What was copied.
struct Copied {
    count: u64,
    first: u64,
    last: u64,
    digest: Digest,
    verified: Verified,
}

pub(super) fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    let log = own_log(home)?;
    if args.out.exists() {
        return Err(Problem::new(Exit::BadInput, "audit.exists", "the file is there already")
            .at(args.out.display())
            .expected("the name of a new file")
            .next("name another one, or move it away"));
    }
    // Written aside and put in place when the log has proved whole: half an export has no name.
    let mut aside = args.out.clone().into_os_string();
    aside.push(".new");
    let aside = PathBuf::from(aside);
    let exported = copy(&log, &aside, args).and_then(|exported| {
        // Before the copy has its name: there is no export that the log does not know.
        record(home, &exported)?;
        std::fs::rename(&aside, &args.out).map_err(|error| unwritable(&args.out, &error))?;
        Ok(exported)
    });
    let exported = exported.inspect_err(|_| {
        // The problem to tell of is the first.
        let _ = std::fs::remove_file(&aside);
    })?;
    tell(args, &exported, output);
    Ok(())
}

fn record(home: &Home, copied: &Copied) -> Result<(), Problem> {
    let Copied { first, last, digest, .. } = *copied;
    let what =
        Code::new("audit").map_err(|error| Problem::from_error(Exit::Failed, "audit.entry", &error))?;
    let now = SystemClock.now();
    let event = Event::Exported(Exported { what, first, last, digest });
    let written = open(home, now)?.append(now, &[event]);
    written.map(drop).map_err(|error| problem(&home.audit(), &error))
}

fn copy(log: &Path, to: &Path, args: &Args) -> Result<Copied, Problem> {
    let failed = |error: &std::io::Error| unwritable(to, error);
    let file = private::create(to).map_err(|error| {
        Problem::from_error(Exit::Failed, "audit.write", &error).next("look at the folder's rights")
    })?;
    let mut file = BufWriter::new(file);
    let mut entries = read::read(log).map_err(|error| problem(log, &error))?;
    let (mut count, mut verified) = (0, Verified::default());
    let (mut first, mut sum) = (None, sha2::Sha256::new());
    let mut last = 0;
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(|error| problem(log, &error))?;
        verified.take(&entry);
        if entry.number >= args.from && args.to.is_none_or(|to| entry.number <= to) {
            count += 1;
            first.get_or_insert(entry.number);
            last = entry.number;
            sum.update(entries.line());
            sum.update(b"\n");
            file.write_all(entries.line())
                .and_then(|()| file.write_all(b"\n"))
                .map_err(|error| failed(&error))?;
        }
    }
    verified.torn_bytes = entries.torn_bytes();
    if count == 0 {
        let wanted =
            args.to.map_or_else(|| format!("{} and later", args.from), |to| format!("{} to {to}", args.from));
        return Err(Problem::new(
            Exit::BadInput,
            "audit.empty",
            format_args!("the log has no entries {wanted}"),
        )
        .at(log.display())
        .expected(format_args!("entries {} to {}", verified.first.unwrap_or(1), verified.head.entries))
        .next("correct --from and --to"));
    }
    let file = file.into_inner().map_err(|error| failed(error.error()))?;
    file.sync_all().map_err(|error| failed(&error))?;
    let digest = Digest(sum.finalize().into());
    Ok(Copied { count, first: first.unwrap_or(last), last, digest, verified })
}

fn unwritable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(Exit::Failed, "audit.write", error).at(path.display()).next("look at disk space and rights")
}

fn tell(args: &Args, exported: &Copied, output: Output) {
    let Copied { count, verified, .. } = exported;
    match output.format {
        Format::Json => output.result(json!({
            "exported": count, "from": args.from, "out": args.out, "log": super::json(verified),
        })),
        Format::Text => {
            output.result(format_args!(
                "{count} entries are in {}; the log is {}",
                args.out.display(),
                told(verified)
            ));
            if args.from > 1 {
                output.note(format_args!(
                    "A part is verified with: tvaers-node audit verify {} --from {}",
                    args.out.display(),
                    args.from
                ));
            }
        }
    }
}
