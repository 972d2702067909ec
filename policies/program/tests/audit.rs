//! `tvaers-policy audit verify | report` as an officer runs them: on a copy of a log, with rosters and the heads that
//! others kept, and nothing else.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends at its first surprise")]

#[path = "../../audit/tests/made/mod.rs"]
#[expect(dead_code, reason = "tests of the verifier use the rest")]
mod made;

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use tvaers_policy_program::cli::perform;
use tvaers_protocol::id::Digest;
use tvaers_protocol::roster::{SealingPublic, SignedRoster};

/// Entries of the log, of which others saw 295; the second file begins at 131.
const ENTRIES: usize = 330;
const FIRST_FILE: usize = 130;

/// What an officer was given.
struct Given {
    dir: TempDir,
    lines: Vec<String>,
}

impl Given {
    fn new() -> Self {
        let given = Self { dir: tempfile::tempdir().unwrap(), lines: Vec::new() };
        let mut writer = made::Writer::new();
        let lines: Vec<_> = (0..ENTRIES)
            .map(|index| if index == FIRST_FILE { writer.rotated() } else { writer.typical() })
            .collect();
        for (seer, file) in made::seers().map(|(seer, _)| seer).iter().zip(["coordinator", "k376", "k390"]) {
            let heads = writer.seen.iter().filter(|seen| seen.by.content.by == *seer);
            let text: String = heads.map(|seen| serde_json::to_string(seen).unwrap() + "\n").collect();
            given.write(&format!("{file}.jsonl"), &text);
        }
        let mut roster = made::roster();
        roster.coordinator.spki = Digest([9; 32]);
        for (member, seed) in roster.members.iter_mut().zip(1..) {
            (member.spki, member.sealing) = (Digest([10 + seed; 32]), SealingPublic([20 + seed; 32]));
        }
        let signatures = [("k360", 1), ("k376", 3), ("k390", 4)];
        let signatures = signatures.map(|(id, seed)| (made::node(id), roster.sign(&made::key(seed))));
        let signed = SignedRoster { signatures: signatures.into_iter().collect(), roster };
        given.write("roster.toml", &signed.to_text().unwrap());
        let given = Self { lines, ..given };
        given.log("log", ENTRIES);
        given
    }

    /// A copy of the log's first entries, in the files in which the node keeps it.
    fn log(&self, name: &str, entries: usize) -> String {
        std::fs::create_dir_all(self.dir.path().join(name)).unwrap();
        self.write(&format!("{name}/audit-000000000001.jsonl"), &self.lines[..FIRST_FILE].concat());
        self.write(&format!("{name}/audit.jsonl"), &self.lines[FIRST_FILE..entries].concat());
        self.path(name)
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.dir.path().join(name), text).unwrap();
        self.path(name)
    }

    /// A command on a log, with the roster and the heads of these.
    fn arguments(&self, command: &str, log: &str, seers: &[&str], more: &[&str]) -> Vec<String> {
        let mut all = vec!["audit".to_owned(), command.to_owned(), log.to_owned()];
        all.extend(["--roster".to_owned(), self.path("roster.toml")]);
        for seer in seers {
            all.extend(["--heads".to_owned(), self.path(&format!("{seer}.jsonl"))]);
        }
        all.extend(more.iter().map(|more| (*more).to_owned()));
        all
    }
}

/// The code of the problem, and that with which the program ends.
fn performed(arguments: &[impl AsRef<str>]) -> Result<(), (String, u8)> {
    let arguments = std::iter::once("tvaers-policy").chain(arguments.iter().map(AsRef::as_ref));
    perform(arguments.map(Into::into)).map_err(|problem| (problem.code, problem.exit.code()))
}

fn run(arguments: &[String]) -> (i32, String, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_tvaers-policy")).args(arguments).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_whole_log_is_confirmed_by_each_who_saw_it_in_both_languages_and_for_scripts() {
    let given = Given::new();
    let log = given.path("log");
    let all = ["coordinator", "k376", "k390"];
    let (code, out, err) = run(&given.arguments("verify", &log, &all, &[]));
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    for said in [
        "Node k360",
        "Loggen er hel og uændret fra post 1 til post 330,",
        "Bekræftet til post 295 af koordinatoren,",
        "Bekræftet til post 295 af vidnet k376,",
        "Bekræftet til post 295 af vidnet k390,",
        "Om det, der står efter post 295, kan det ikke udelukkes",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
    let (code, out, _) = run(&given.arguments("verify", &log, &all, &["--lang", "en"]));
    assert_eq!(code, 0);
    assert!(out.contains("The log is complete and unchanged from entry 1 to entry 330,"), "{out}");
    assert!(out.contains("Confirmed to entry 295 by witness k376,"), "{out}");
    let (code, out, _) = run(&given.arguments("verify", &log, &all, &["--format", "json"]));
    let verdict: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, verdict["complete"]["entry"].as_u64()), (0, Some(330)));
    assert_eq!(verdict["confirmed"].as_array().map(Vec::len), Some(3), "{out}");
    assert_eq!(verdict["findings"].as_array().map(Vec::len), Some(0), "{out}");
    // Its files one by one are the same log.
    let files = ["audit-000000000001.jsonl", "audit.jsonl"].map(|name| given.path(&format!("log/{name}")));
    assert_eq!(performed(&["audit", "verify", &files[1], &files[0]]), Ok(()));
}

#[test]
fn a_truncated_copy_is_found_by_the_heads_of_two_witnesses_and_named() {
    let given = Given::new();
    let cut = given.log("cut", 200);
    assert_eq!(
        performed(&given.arguments("verify", &cut, &[], &[])),
        Ok(()),
        "the chain alone does not show it"
    );
    let two = ["k376", "k390"];
    assert_eq!(
        performed(&given.arguments("verify", &cut, &two, &[])),
        Err(("audit.truncated".to_owned(), 1))
    );
    let (code, out, err) = run(&given.arguments("verify", &cut, &two, &[]));
    assert_eq!(code, 1);
    for said in [
        "Der er fejl i loggen. Den er hel og uændret fra post 1 til post 200,",
        "osterne 201 til 295",
        "(audit.truncated)",
        "Bekræftet til post 195 af vidnet k376,",
        "Bekræftet til post 195 af vidnet k390,",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
    assert!(err.contains("audit.truncated"), "{err}");
    let (code, out, _) = run(&given.arguments("verify", &cut, &two, &["--lang", "en"]));
    assert_eq!(code, 1);
    assert!(out.contains("ntries 201 to 295") && out.contains("It is complete and unchanged"), "{out}");
    // A head that nobody signed proves nothing, and is told of.
    let text = std::fs::read_to_string(given.path("k376.jsonl")).unwrap().replace("\"k376\"", "\"k390\"");
    given.write("false.jsonl", &text);
    let log = given.path("log");
    let proven = performed(&given.arguments("verify", &log, &["false"], &[]));
    assert_eq!(proven, Err(("audit.head-unproven".to_owned(), 1)));
}

#[test]
fn a_key_stands_in_for_the_roster_and_another_one_is_found_out() {
    let given = Given::new();
    let log = given.path("log");
    let key = |seed| hex_of(&made::key(seed).verifying_key().0);
    assert_eq!(performed(&["audit", "verify", &log, "--key", &key(1)]), Ok(()));
    let other = performed(&["audit", "verify", &log, "--key", &key(7)]);
    assert_eq!(other, Err(("audit.head-signature".to_owned(), 1)));
    assert_eq!(performed(&["audit", "verify", &log, "--key", &key(7), "--key", &key(1)]), Ok(()));
    let of_another = performed(&["audit", "verify", &log, "--node", "k376"]);
    assert_eq!(of_another, Err(("audit.head-signature".to_owned(), 1)));
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn what_is_no_log_no_head_no_roster_and_no_key_is_wrong_usage() {
    let given = Given::new();
    let (log, none) = (given.path("log"), given.path("none"));
    let text = given.write("text", "Kære databeskyttelsesrådgiver\n");
    for (arguments, code) in [
        (vec!["audit", "verify"], "usage"),
        (vec!["audit", "verify", &none], "audit.file"),
        (vec!["audit", "verify", &log, "--heads", &none], "file.read"),
        (vec!["audit", "verify", &log, "--heads", &text], "audit.heads"),
        (vec!["audit", "verify", &log, "--key", "abc"], "usage"),
        (vec!["audit", "report", &log], "usage"),
    ] {
        assert_eq!(performed(&arguments), Err((code.to_owned(), 2)), "{arguments:?}");
    }
    let (_, exit) = performed(&["audit", "verify", &log, "--roster", &text]).unwrap_err();
    assert_eq!(exit, 2);
    let (code, help, _) = run(&["audit", "verify", "--help"].map(str::to_owned));
    assert!(code == 0 && help.contains("--heads") && help.contains("Examples:"), "{help}");
}

#[test]
fn a_file_without_any_entry_is_neither_a_clean_log_nor_a_breach() {
    let given = Given::new();
    for (text, code) in
        [("", "audit.empty"), ("hello world\n", "audit.no-log"), ("{\"a\":1}\n", "audit.no-log")]
    {
        let path = given.write("other.jsonl", text);
        for command in ["verify", "report"] {
            let out = given.dir.path().join("page.html").display().to_string();
            let mut arguments = vec!["audit".to_owned(), command.to_owned(), path.clone()];
            if command == "report" {
                arguments.extend(["--out".to_owned(), out]);
            }
            assert_eq!(performed(&arguments), Err((code.to_owned(), 2)), "{command} {text}");
        }
    }
}

#[test]
fn a_report_is_a_page_for_its_owner_alone_or_json_and_judges_as_verify_does() {
    let given = Given::new();
    let (log, cut) = (given.path("log"), given.log("cut", 200));
    let out = given.path("report.html");
    let seers = ["coordinator", "k376", "k390"];
    for (log, lang, wanted, said) in [
        (&log, "da", Ok(()), "Loggen er hel og uændret"),
        (&log, "en", Ok(()), "The log is complete and unchanged"),
        (&cut, "da", Err(("audit.truncated".to_owned(), 1)), "Der er fejl i loggen"),
    ] {
        let arguments = given.arguments("report", log, &seers, &["--out", &out, "--lang", lang]);
        assert_eq!(performed(&arguments), wanted);
        let page = std::fs::read_to_string(&out).unwrap();
        assert!(page.contains(said) && page.contains(&format!("<html lang=\"{lang}\">")), "{lang}");
        assert_eq!(std::fs::metadata(PathBuf::from(&out)).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let (code, json, _) = run(&given.arguments("report", &log, &seers, &["--format", "json"]));
    let told: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, told["report"]["entries"].as_u64()), (0, Some(330)));
    assert_eq!(told["report"]["rules"]["lines"][0]["entry"].as_u64(), Some(2), "the policy");
    assert_eq!(told["verdict"]["compared"].as_u64(), Some(9));
}
