//! The launcher as it is installed, in a folder laid out like a package whose programs are scripts that tell how they
//! were run.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic; clippy only knows the tests themselves")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A package with one program in these flavours, and a launcher for it.
struct Package(TempDir);

impl Package {
    fn with(flavours: &[&str]) -> Self {
        let package = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(package.path("bin")).unwrap();
        // A copy, as a package has it: the program's name is that of the file.
        fs::copy(env!("CARGO_BIN_EXE_tvaers-launch"), package.launcher()).unwrap();
        for flavour in flavours {
            let script = "#!/bin/sh\nprintf '%s|' \"$FLAVOUR_OF_FILE\" \"$TVAERS_CPU\" \"$GIVEN\" \"$@\"\ncat\nexit 37\n";
            package.install(flavour, &script.replace("$FLAVOUR_OF_FILE", flavour));
        }
        package
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn launcher(&self) -> PathBuf {
        self.path("bin/tvaers-node")
    }

    fn real(&self, flavour: &str) -> PathBuf {
        self.path("lib/tvaers").join(flavour).join("tvaers-node")
    }

    fn install(&self, flavour: &str, text: &str) {
        let real = self.real(flavour);
        fs::create_dir_all(real.parent().unwrap()).unwrap();
        fs::write(&real, text).unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn command(&self) -> Command {
        launched(&self.launcher())
    }

    /// What it said on the way to refusing, with the exit code.
    fn refused(&self, asked: Option<&str>) -> (i32, String) {
        let mut command = self.command();
        if let Some(asked) = asked {
            command.env("TVAERS_CPU", asked);
        }
        let Output { status, stdout, stderr } = command.output().unwrap();
        assert!(stdout.is_empty());
        (status.code().unwrap(), String::from_utf8(stderr).unwrap())
    }
}

fn launched(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.env_remove("TVAERS_CPU");
    command
}

fn said(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert_eq!(status.code(), Some(37), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// The fastest flavour that this machine can run, found in another way than the launcher's: the kernel's.
fn fastest() -> &'static str {
    let told = fs::read_to_string("/proc/cpuinfo").unwrap();
    let flags = told.lines().find(|line| line.starts_with("flags")).unwrap_or_default();
    let has = |names: &[&str]| names.iter().all(|name| flags.split_whitespace().any(|flag| flag == *name));
    let v3 =
        has(&["avx2", "bmi1", "bmi2", "fma", "f16c", "movbe", "abm", "cx16", "popcnt", "sse4_2", "xsave"]);
    match v3 {
        true if has(&["avx512ifma", "avx512vl", "avx512bw", "avx512dq", "avx512cd"]) => "ifma",
        true => "avx2",
        false => "base",
    }
}

#[test]
fn the_build_for_this_machine_gets_arguments_environment_and_input_and_its_exit_code_comes_back() {
    let package = Package::with(&["ifma", "avx2", "base"]);
    let input = package.path("input");
    fs::write(&input, "from standard input").unwrap();
    let mut command = package.command();
    command
        .args(["--home", "a folder", "", "*"])
        .env("GIVEN", "as before")
        .stdin(fs::File::open(input).unwrap());
    assert_eq!(
        said(&mut command),
        format!("{}||as before|--home|a folder||*|from standard input", fastest())
    );
}

#[test]
fn it_becomes_the_program_in_the_same_process_under_the_name_it_was_called_by() {
    let package = Package::with(&[]);
    fs::create_dir_all(package.path("lib/tvaers/base")).unwrap();
    // A shell tells its process and, without a script, the name it was called by.
    symlink("/bin/sh", package.real("base")).unwrap();
    let mut command = package.command();
    let child = command.arg0("called so").args(["-c", "echo $$ $0"]).stdout(std::process::Stdio::piped());
    let child = child.spawn().unwrap();
    let id = child.id();
    let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(said, format!("{id} called so\n"));
}

#[test]
fn an_override_is_honoured() {
    let package = Package::with(&["ifma", "avx2", "base"]);
    assert!(said(package.command().env("TVAERS_CPU", "base")).starts_with("base|base|"));
    // Set to nothing is not set.
    assert!(said(package.command().env("TVAERS_CPU", "")).starts_with(fastest()));
    let (code, error) = package.refused(Some("native"));
    assert_eq!(code, 2);
    assert!(error.contains("error[launch.unknown]") && error.contains("`native`"), "{error}");
}

#[test]
fn what_the_cpu_lacks_is_named() {
    let package = Package::with(&["ifma", "base"]);
    if fastest() == "ifma" {
        assert!(said(package.command().env("TVAERS_CPU", "ifma")).starts_with("ifma|"));
        return;
    }
    let (code, error) = package.refused(Some("ifma"));
    assert_eq!(code, 1);
    assert!(error.contains("error[launch.cpu]") && error.contains("avx512ifma"), "{error}");
}

#[test]
fn a_build_that_is_not_installed_is_named() {
    let package = Package::with(&["base"]);
    assert!(said(&mut package.command()).starts_with("base|"));
    let (code, error) = package.refused(Some("avx2"));
    assert_eq!(code, 1);
    assert!(error.contains("the build `avx2` of `tvaers-node` is not installed"), "{error}");
    let (code, error) = Package::with(&[]).refused(None);
    assert_eq!(code, 1);
    assert!(error.contains("no build of `tvaers-node` is installed"), "{error}");
    assert!(error.contains("lib/tvaers"), "{error}");
}

#[test]
fn a_symbolic_link_of_any_name_leads_to_the_package_that_it_points_into() {
    let (package, elsewhere) = (Package::with(&["base"]), tempfile::tempdir().unwrap());
    let link = elsewhere.path().join("node");
    symlink(package.launcher(), &link).unwrap();
    assert!(said(&mut launched(&link)).starts_with("base|"));
}

#[test]
fn it_does_not_run_itself() {
    let package = Package::with(&[]);
    fs::create_dir_all(package.path("lib/tvaers/base")).unwrap();
    for link in [|from, to| symlink(from, to), |from, to| fs::hard_link::<PathBuf, PathBuf>(from, to)] {
        link(package.launcher(), package.real("base")).unwrap();
        let (code, error) = package.refused(None);
        assert_eq!(code, 1);
        assert!(error.contains("error[launch.loop]"), "{error}");
        fs::remove_file(package.real("base")).unwrap();
    }
    // A copy goes by where it lies, and finds nothing there.
    fs::copy(package.launcher(), package.real("base")).unwrap();
    let (code, error) = package.refused(None);
    assert_eq!(code, 1);
    assert!(error.contains("lib/tvaers/lib/tvaers"), "{error}");
}

#[test]
fn a_program_that_cannot_be_run_is_named() {
    let package = Package::with(&["base"]);
    fs::set_permissions(package.real("base"), fs::Permissions::from_mode(0o644)).unwrap();
    let (code, error) = package.refused(None);
    assert_eq!(code, 1);
    assert!(error.contains("error[launch.start]") && error.contains("base/tvaers-node"), "{error}");
}
