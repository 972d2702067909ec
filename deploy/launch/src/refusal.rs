//! Why nothing is run: what, where, what was expected, what to do next, in the form of every program's errors.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::choose::{Reason, VARIABLE};
use crate::flavour::Flavour;

/// What keeps the launcher from running the program.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It cannot find out where it lies itself.
    Own(io::Error),
    /// It lies where a package has no programs.
    Place(PathBuf),
    /// No flavour can be run of this program, under this folder.
    Choice { reason: Reason, program: OsString, flavours: PathBuf },
    /// What stands in place of the real program is the launcher.
    Itself(PathBuf),
    /// The operating system does not run the real program.
    Start { real: PathBuf, error: io::Error },
}

impl Refusal {
    /// The exit code: 2 where it was asked wrongly, else 1.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Choice { reason: Reason::Unknown(_), .. } => 2,
            Self::Own(_) | Self::Place(_) | Self::Choice { .. } | Self::Itself(_) | Self::Start { .. } => 1,
        }
    }
}

const AGAIN: &str = "unpack the package again, all of it";

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tell = |code: &str, what: &str, place: &dyn fmt::Display, expected: &str, next: &str| {
            write!(
                f,
                "error[launch.{code}]: {what}\n  where: {place}\n  expected: {expected}\n  next: {next}"
            )
        };
        let packaged = "<prefix>/bin/<program>, beside <prefix>/lib/tvaers";
        match self {
            Self::Own(error) => tell(
                "place",
                &format!("the launcher cannot find out where it lies: {error}"),
                &"/proc/self/exe",
                "a mounted /proc",
                "mount it, or run the program under lib/tvaers itself",
            ),
            Self::Place(own) => {
                tell("place", "the launcher lies outside of a package", &own.display(), packaged, AGAIN)
            }
            Self::Choice { reason, program, flavours } => {
                let place = flavours.display();
                let program = program.display();
                match reason {
                    Reason::Unknown(asked) => tell(
                        "unknown",
                        &format!("there is no build `{}` of `{program}`", asked.display()),
                        &VARIABLE,
                        &names(&Flavour::ALL),
                        &format!("unset {VARIABLE}: the fastest build that this CPU can run is then chosen"),
                    ),
                    Reason::NotInstalled(flavour, installed) => tell(
                        "missing",
                        &format!("the build `{}` of `{program}` is not installed", flavour.name()),
                        &place,
                        &names(installed),
                        &format!("unset {VARIABLE}, or unpack a package that has this build"),
                    ),
                    Reason::NothingInstalled => tell(
                        "missing",
                        &format!("no build of `{program}` is installed"),
                        &place,
                        &format!("`{program}` in one of its folders {}", names(&Flavour::ALL)),
                        AGAIN,
                    ),
                    Reason::Lacking(of) => {
                        let lacks = |(flavour, features): &(Flavour, Vec<&str>)| {
                            format!("`{}` needs {}", flavour.name(), features.join(", "))
                        };
                        let lacks: Vec<String> = of.iter().map(lacks).collect();
                        tell(
                            "cpu",
                            &format!("this CPU, or the virtual machine's view of it, cannot run `{program}`"),
                            &place,
                            &format!("features that it does not have: {}", lacks.join("; ")),
                            &format!(
                                "unset {VARIABLE} where it is set; else unpack a package with the build `base`, or \
                                 have the virtual machine shown more of its host's CPU"
                            ),
                        )
                    }
                }
            }
            Self::Itself(real) => tell(
                "loop",
                "the launcher stands in place of the program that it is to run",
                &real.display(),
                "the program itself",
                AGAIN,
            ),
            Self::Start { real, error } => tell(
                "start",
                &format!("the program cannot be run: {error}"),
                &real.display(),
                "a program of this architecture that may be executed",
                AGAIN,
            ),
        }
    }
}

fn names(flavours: &[Flavour]) -> String {
    let names: Vec<String> = flavours.iter().map(|flavour| format!("`{}`", flavour.name())).collect();
    names.join(", ")
}
