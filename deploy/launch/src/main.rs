//! The launcher of a package: under each program's name it runs the build of that program that suits this machine.
//!
//! A package (`deploy/package/build`) has a copy of this program as `bin/tvaers-node`, `bin/tvaers` and so on, and the
//! real ones as `lib/tvaers/<flavour>/<program>`. The copy goes by where it lies itself, symbolic links followed, and
//! by its own name there; it looks at the CPU, and becomes the real program, with the same arguments, environment,
//! process and files. Nothing of it is left when that runs.
//!
//! | module | what |
//! |---|---|
//! | [`flavour`] | the builds there are, and what each asks of the CPU |
//! | [`cpu`] | what this CPU and its operating system have |
//! | [`choose`] | which flavour is run. Pure |
//! | [`refusal`] | why nothing is run, as people are told it |

mod choose;
mod cpu;
mod flavour;
mod refusal;

use std::convert::Infallible;
use std::fs::Metadata;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use flavour::Flavour;
use refusal::Refusal;

fn main() -> ExitCode {
    match launch() {
        Ok(never) => match never {},
        Err(refusal) => {
            // Where standard error is gone there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "{refusal}");
            ExitCode::from(refusal.code())
        }
    }
}

/// Becomes the program.
fn launch() -> Result<Infallible, Refusal> {
    // By /proc/self/exe, so that neither the caller's name for it nor a symbolic link decides what is run.
    let own = std::env::current_exe().map_err(Refusal::Own)?;
    let (Some(program), Some(prefix)) = (own.file_name(), own.parent().and_then(Path::parent)) else {
        return Err(Refusal::Place(own));
    };
    let flavours = prefix.join("lib/tvaers");
    let path = |flavour: Flavour| flavours.join(flavour.name()).join(program);
    let installed: Vec<Flavour> =
        Flavour::ALL.into_iter().filter(|&flavour| path(flavour).exists()).collect();

    let asked = std::env::var_os(choose::VARIABLE).filter(|asked| !asked.is_empty());
    let flavour = choose::choose(asked.as_deref(), &installed, cpu::has).map_err(|reason| {
        Refusal::Choice { reason, program: program.to_owned(), flavours: flavours.clone() }
    })?;

    let real = path(flavour);
    if same_file(&own, &real) {
        return Err(Refusal::Itself(real));
    }
    let mut arguments = std::env::args_os();
    let mut command = Command::new(&real);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    Err(Refusal::Start { error: command.args(arguments).exec(), real })
}

/// Whether both are one file, by whatever links: running it would come back here for ever.
fn same_file(one: &Path, other: &Path) -> bool {
    let id = |metadata: Metadata| (metadata.dev(), metadata.ino());
    match (one.metadata(), other.metadata()) {
        (Ok(one), Ok(other)) => id(one) == id(other),
        // What cannot be looked at is not run either.
        _ => false,
    }
}
