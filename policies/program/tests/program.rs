//! Each command of the program as people run it: what it writes, and how it ends.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends at its first surprise")]

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use tvaers_policy_program::cli::perform;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");

fn example(name: &str) -> String {
    format!("{EXAMPLES}/{name}.toml")
}

/// Runs the program itself, with these lines on its standard input.
fn run_with(arguments: &[&str], input: &str) -> Output {
    let program = Command::new(env!("CARGO_BIN_EXE_tvaers-policy"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut program = program.unwrap();
    // A program that wants no input may have ended.
    let _ = program.stdin.take().unwrap().write_all(input.as_bytes());
    program.wait_with_output().unwrap()
}

fn run(arguments: &[&str]) -> Output {
    run_with(arguments, "")
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// What the command comes to inside another program: the code of its problem.
fn performed(arguments: &[&str]) -> Result<(), (String, u8)> {
    let arguments = std::iter::once("tvaers-policy").chain(arguments.iter().copied());
    perform(arguments.map(Into::into)).map_err(|problem| (problem.code, problem.exit.code()))
}

fn written(dir: &TempDir, name: &str, text: &str) -> String {
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn pilot() -> String {
    std::fs::read_to_string(example("pilot")).unwrap()
}

// ---- check

#[test]
fn check_underlines_what_is_wrong_and_says_what_mends_it_in_both_languages() {
    let dir = tempfile::tempdir().unwrap();
    let text =
        pilot().replace("cvr = \"10000009\"", "cvr = \"10000008\"").replace("rounding = 5", "rounding = 0");
    let file = written(&dir, "policy.toml", &text);
    let found = run(&["check", &file]);
    assert_eq!(code(&found), 2, "{}", err(&found));
    for said in [
        "fejl[policy.cvr]",
        "policy.toml:16:7",
        "cvr = \"10000008\"",
        "^^^^^^^^^^ controller.cvr",
        "fejl[policy.bounds]",
        "råd: ",
        "2 fejl, ingen advarsler",
    ] {
        assert!(out(&found).contains(said), "{said}: {}", out(&found));
    }
    assert!(err(&found).starts_with("error[policy.faults]: 2 fejl"), "{}", err(&found));
    let found = run(&["check", &file, "--lang", "en"]);
    for said in ["error[policy.cvr]", "help: ", "2 errors, no warnings"] {
        assert!(out(&found).contains(said), "{said}: {}", out(&found));
    }
    assert!(!out(&found).contains('\u{1b}'), "no colour where nobody looks");
}

#[test]
fn check_tells_each_slip_by_a_code_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    for (from, to, code) in [
        ("version = 1\n", "version = 1\nversion = 2\n", "policy.duplicate"),
        ("valid-to = 2027-01-31", "valid-to = 2027-02-31", "policy.date"),
        ("version = 1\n", "version 1\n", "policy.syntax"),
        ("version = 1\n", "version = 1\nverzion = 1\n", "policy.unknown-key"),
        ("cvr = \"10000009\"\n", "", "policy.missing"),
    ] {
        let file = written(&dir, "policy.toml", &pilot().replacen(from, to, 1));
        for lang in ["da", "en"] {
            let found = run(&["check", &file, "--format", "json", "--lang", lang]);
            let findings: Value = serde_json::from_str(out(&found)).unwrap();
            let codes: Vec<&str> = findings
                .as_array()
                .unwrap()
                .iter()
                .map(|finding| finding["code"].as_str().unwrap())
                .collect();
            assert_eq!(codes, [code], "{to}");
        }
        assert_eq!(performed(&["check", &file]), Err(("policy.faults".to_owned(), 2)));
    }
}

#[test]
fn check_gives_objects_with_the_text_and_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let file = written(&dir, "policy.toml", &pilot().replace("smallest = 8", "smallest = 2"));
    let found = run(&["check", &file, "--format", "json"]);
    let finding = &serde_json::from_str::<Value>(out(&found)).unwrap()[0];
    for (key, expected) in [
        ("severity", "violation"),
        ("code", "policy.floor"),
        ("key", "cells.smallest"),
        ("text", "2"),
        ("sentence", "`cells.smallest` er 2; over virkelige data er det mindst 3."),
        ("mend", "Sæt det op."),
    ] {
        assert_eq!(finding[key], expected);
    }
    let place = (finding["line"].as_u64(), finding["column"].as_u64(), finding["length"].as_u64());
    assert_eq!(place, (Some(34), Some(12), Some(1)));
    let problem: Value = serde_json::from_str(err(&found)).unwrap();
    assert_eq!(problem["code"], "policy.faults");
}

#[test]
fn warnings_are_told_and_fail_under_strict_alone() {
    let file = example("pilot");
    let usual = ["check", file.as_str(), "--today", "2026-12-15"];
    let found = run(&usual);
    assert_eq!(code(&found), 0, "{}", err(&found));
    // The pilot's node alone has no witness.
    assert!(out(&found).contains("advarsel[warn.witnesses]"), "{}", out(&found));
    assert!(
        out(&found).contains("witnesses = 0") && out(&found).contains("ingen fejl, én advarsel"),
        "{}",
        out(&found)
    );
    assert_eq!(
        performed(&[usual.as_slice(), &["--strict"]].concat()),
        Err(("policy.warnings".to_owned(), 2))
    );
    // Its last day is 31 January.
    let late = run(&["check", &file, "--today", "2027-01-20", "--lang", "en"]);
    assert!(
        out(&late).contains("warning[warn.expiring]: It ends on 2027-01-31: in 11 days."),
        "{}",
        out(&late)
    );
}

#[test]
fn all_examples_pass_check_and_several_files_are_told_together() {
    let files = ["municipality", "region", "pilot", "laboratory"].map(example);
    let mut arguments = vec!["check", "--today", "2026-12-01"];
    arguments.extend(files.iter().map(String::as_str));
    let found = run(&arguments);
    assert_eq!(code(&found), 0, "{}{}", out(&found), err(&found));
    assert_eq!(out(&found).matches("ingen fejl").count(), 4, "{}", out(&found));
}

#[test]
fn a_hostile_text_steers_no_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let text = pilot()
        .replace("id = \"try-tvaers\"", "id = \"\\u001b[31mred\"")
        .replace("version = 1", "version = \u{7}1");
    let found = run(&["check", &written(&dir, "policy.toml", &text)]);
    assert_eq!(code(&found), 2);
    assert!(!out(&found).chars().any(|c| c.is_control() && c != '\n'), "{:?}", out(&found));
    let titled = pilot().replace("da = \"Afprøvning", "da = \"\\u001b[31mAfprøvning");
    let record = run(&["records", &written(&dir, "policy.toml", &titled)]);
    assert_eq!(code(&record), 0, "{}", err(&record));
    assert!(!out(&record).contains('\u{1b}') && out(&record).contains("Afprøvning"));
}

#[test]
fn what_is_no_file_or_no_command_ends_with_2() {
    assert_eq!(performed(&["check", "no-such-file.toml"]), Err(("file.read".to_owned(), 2)));
    assert_eq!(performed(&["chekc"]), Err(("usage".to_owned(), 2)));
    assert_eq!(code(&run(&["check"])), 2);
    let help = run(&["--help"]);
    assert_eq!(code(&help), 0);
    for said in ["Examples:", "tvaers-policy sign policy.toml --role dpo --key dpo.key", "Exit codes:"] {
        assert!(out(&help).contains(said), "{said}");
    }
}

// ---- keys and signatures

/// A key pair in a folder, without a password: deriving one takes a second.
fn pair(dir: &Path, name: &str) -> (PathBuf, PathBuf) {
    let (secret, public) = (dir.join(format!("{name}.key")), dir.join(format!("{name}.pub")));
    performed(&["key", "new", "-W", "--out", secret.to_str().unwrap()]).unwrap();
    (secret, public)
}

fn signer(role: &str, public: &Path) -> String {
    format!("{role}={}", public.display())
}

#[test]
fn a_policy_is_signed_in_each_role_and_verified() {
    let dir = tempfile::tempdir().unwrap();
    let policy = written(&dir, "policy.toml", &pilot());
    let (dpo, dpo_public) = pair(dir.path(), "dpo");
    let (controller, controller_public) = pair(dir.path(), "controller");
    for (role, key) in [("dpo", &dpo), ("controller", &controller)] {
        performed(&["sign", &policy, "--role", role, "--key", key.to_str().unwrap()]).unwrap();
    }
    let base64 = std::fs::read_to_string(&controller_public).unwrap().lines().nth(1).unwrap().to_owned();
    let (one, two) = (signer("dpo", &dpo_public), format!("controller={base64}"));
    let verified = run(&["verify", &policy, "--signer", &one, "--signer", &two, "--format", "json"]);
    assert_eq!(code(&verified), 0, "{}", err(&verified));
    let told: Value = serde_json::from_str(out(&verified)).unwrap();
    let comment = told[0]["comment"].as_str().unwrap();
    assert!(comment.ends_with("\tfile:policy.toml\trole:dpo\thashed"), "{comment}");
    assert!(told[1]["time"].is_string() && told[1]["code"].is_null());
    // Each in its own role, and nobody in one that nobody signed.
    let swapped = signer("dpo", &controller_public);
    assert_eq!(
        performed(&["verify", &policy, "--signer", &swapped]),
        Err(("policy.signature".to_owned(), 3))
    );
    let missing = signer("mayor", &dpo_public);
    assert_eq!(performed(&["verify", &policy, "--signer", &missing]), Err(("policy.unsigned".to_owned(), 3)));
    // One that holds does not make up for one that does not.
    let mixed = performed(&["verify", &policy, "--signer", &one, "--signer", &missing]);
    assert_eq!(mixed, Err(("policy.unsigned".to_owned(), 3)));
    written(&dir, "policy.toml", &pilot().replace("rounding = 5", "rounding = 1"));
    assert_eq!(performed(&["verify", &policy, "--signer", &one]), Err(("policy.signature".to_owned(), 3)));
    written(&dir, "policy.toml.dpo.minisig", "no signature\n");
    assert_eq!(
        performed(&["verify", &policy, "--signer", &one]),
        Err(("policy.signature-form".to_owned(), 3))
    );
    let danish = run(&["verify", &policy, "--signer", &one]);
    assert!(err(&danish).contains("Underskriften kan ikke læses"), "{}", err(&danish));
}

#[test]
fn secret_keys_are_for_their_owner_alone_and_never_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let (secret, public) = pair(dir.path(), "dpo");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&secret), 0o600);
    let before = std::fs::read(&secret).unwrap();
    let again = performed(&["key", "new", "-W", "--out", secret.to_str().unwrap()]);
    assert_eq!(again, Err(("file.write".to_owned(), 2)));
    assert_eq!(std::fs::read(&secret).unwrap(), before);
    let shown = run(&["key", "new", "-W", "--out", dir.path().join("b.key").to_str().unwrap()]);
    let secret_line =
        std::fs::read_to_string(dir.path().join("b.key")).unwrap().lines().nth(1).unwrap().to_owned();
    assert!(!out(&shown).contains(&secret_line) && !err(&shown).contains(&secret_line));
    assert!(
        out(&shown)
            .contains(std::fs::read_to_string(dir.path().join("b.pub")).unwrap().lines().nth(1).unwrap())
    );
    // Others must not be able to read it, and a public key signs nothing.
    let policy = written(&dir, "policy.toml", &pilot());
    let sign = |key: &Path| performed(&["sign", &policy, "--role", "dpo", "--key", key.to_str().unwrap()]);
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(sign(&secret), Err(("key.file".to_owned(), 2)));
    std::fs::set_permissions(&public, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(sign(&public), Err(("key.file".to_owned(), 2)));
}

#[test]
fn a_key_with_a_password_signs_with_it_and_with_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let policy = written(&dir, "policy.toml", &pilot());
    let key = dir.path().join("dpo.key");
    let key = key.to_str().unwrap();
    let made = run_with(&["key", "new", "--out", key, "--password-stdin"], "correct horse\n");
    assert_eq!(code(&made), 0, "{}", err(&made));
    let arguments = ["sign", &policy, "--role", "dpo", "--key", key, "--password-stdin"];
    let wrong = run_with(&arguments, "wrong horse\n");
    assert_eq!(code(&wrong), 2);
    assert!(err(&wrong).contains("key.password") && !err(&wrong).contains("horse"), "{}", err(&wrong));
    let right = run_with(&arguments, "correct horse\n");
    assert_eq!(code(&right), 0, "{}", err(&right));
    let one = signer("dpo", &dir.path().join("dpo.pub"));
    assert_eq!(performed(&["verify", &policy, "--signer", &one]), Ok(()));
    let empty = run_with(&["key", "new", "--out", &format!("{key}2"), "--password-stdin"], "\n");
    assert!(code(&empty) == 2 && err(&empty).contains("key.password"), "{}", err(&empty));
}

#[test]
fn nobody_signs_what_no_node_loads() {
    let dir = tempfile::tempdir().unwrap();
    let policy = written(&dir, "policy.toml", &pilot().replace("rounding = 5", "rounding = 0"));
    let (secret, _) = pair(dir.path(), "dpo");
    let signed = performed(&["sign", &policy, "--role", "dpo", "--key", secret.to_str().unwrap()]);
    assert_eq!(signed, Err(("policy.faults".to_owned(), 2)));
    assert!(!dir.path().join("policy.toml.dpo.minisig").exists());
}

// ---- revoke

#[test]
fn a_revocation_is_written_signed_checked_and_verified_like_a_policy() {
    let dir = tempfile::tempdir().unwrap();
    let policy = example("municipality");
    let out_file = dir.path().join("revocation.toml");
    let file = out_file.to_str().unwrap();
    let reason = "Aftalen med \"sekretariatet\" er opsagt.";
    let revoke = ["revoke", &policy, "--permit", "sad-list-2026", "--from", "2026-12-24", "--reason", reason];
    let revoke = [revoke.as_slice(), &["--out", file]].concat();
    let written_one = run(&revoke);
    assert_eq!(code(&written_one), 0, "{}", err(&written_one));
    for said in [
        "tilbagekalder tilladelsen «sad-list-2026» i politikken for k360 fra og med 2026-12-24",
        "tvaers-policy sign ",
        "--node k360",
        "én gang i døgnet",
    ] {
        assert!(
            out(&written_one).to_lowercase().contains(&said.to_lowercase()),
            "{said}: {}",
            out(&written_one)
        );
    }
    let read =
        tvaers_policy::revocation::Revocation::read(&std::fs::read_to_string(file).unwrap(), "").unwrap();
    // The digest that any tool gives of the file.
    let Ok(sum) = Command::new("sha256sum").arg(&policy).output() else { panic!("sha256sum is missing") };
    assert!(out(&sum).starts_with(&read.policy.to_string()), "{}", out(&sum));
    assert_eq!((read.node.as_str(), read.permit.as_deref()), ("k360", Some("sad-list-2026")));
    assert_eq!((read.from.to_string(), read.reason.as_str()), ("2026-12-24".to_owned(), reason));
    // What is there may be signed already.
    assert_eq!(performed(&revoke), Err(("file.write".to_owned(), 2)));
    let checked = run(&["check", file]);
    assert!(
        code(&checked) == 0 && out(&checked).contains("ingen fejl, ingen advarsler"),
        "{}",
        out(&checked)
    );
    let (secret, public) = pair(dir.path(), "dpo");
    performed(&["sign", file, "--role", "dpo", "--key", secret.to_str().unwrap()]).unwrap();
    let one = signer("dpo", &public);
    assert_eq!(performed(&["verify", file, "--signer", &one]), Ok(()));
    let changed = std::fs::read_to_string(file).unwrap().replace("2026-12-24", "2027-12-24");
    std::fs::write(file, changed).unwrap();
    assert_eq!(performed(&["verify", file, "--signer", &one]), Err(("policy.signature".to_owned(), 3)));
}

#[test]
fn what_no_node_would_take_for_a_revocation_is_neither_written_nor_signed() {
    let dir = tempfile::tempdir().unwrap();
    let policy = example("municipality");
    let out_file = dir.path().join("revocation.toml");
    let file = out_file.to_str().unwrap();
    let revoke = |policy: &str, more: &[&str]| {
        performed(&[["revoke", policy, "--out", file].as_slice(), more].concat())
    };
    let refused = |code: &str| Err((code.to_owned(), 2));
    assert_eq!(revoke(&policy, &["--reason", "x", "--permit", "sad-list"]), refused("revocation.permit"));
    assert_eq!(revoke(&policy, &["--reason", " "]), refused("policy.text"));
    assert_eq!(revoke(&example("laboratory"), &["--reason", "x"]), refused("revocation.laboratory"));
    assert!(!out_file.exists());
    let whole = run(&["revoke", &policy, "--reason", "x", "--out", file, "--lang", "en"]);
    assert!(out(&whole).contains("revokes the policy of k360 from "), "{}", out(&whole));
    let (secret, _) = pair(dir.path(), "dpo");
    let text = std::fs::read_to_string(file).unwrap();
    for (code, wrong) in [
        ("policy.unknown-key", text.replace("[revocation]", "[revocation]\nsurprise = 1")),
        (
            "policy.missing",
            text.lines().filter(|line| !line.starts_with("policy = ")).collect::<Vec<_>>().join("\n"),
        ),
        ("policy.unknown-key", format!("version = 1\n{text}")),
    ] {
        let wrong = written(&dir, "wrong.toml", &wrong);
        let found = run(&["check", &wrong]);
        assert!(out(&found).contains(code), "{code}: {}", out(&found));
        let signed = performed(&["sign", &wrong, "--role", "dpo", "--key", secret.to_str().unwrap()]);
        assert_eq!(signed, refused("policy.faults"));
    }
    assert!(!dir.path().join("wrong.toml.dpo.minisig").exists());
}

/// The public tool in a folder; none where it is not installed, which `tests/run` sees to.
fn minisign(dir: &Path, arguments: &[&str]) -> Option<Output> {
    match Command::new("minisign").args(arguments).current_dir(dir).stdin(Stdio::null()).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            assert!(std::env::var_os("CI").is_none(), "minisign is missing");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_public_tool_and_the_program_take_each_others_keys_and_signatures() {
    let dir = tempfile::tempdir().unwrap();
    let policy = written(&dir, "policy.toml", &pilot());
    // Ours by theirs.
    let (secret, public) = pair(dir.path(), "dpo");
    performed(&["sign", &policy, "--role", "dpo", "--key", secret.to_str().unwrap()]).unwrap();
    let check = ["-V", "-H", "-m", "policy.toml", "-x", "policy.toml.dpo.minisig", "-p", "dpo.pub"];
    let Some(checked) = minisign(dir.path(), &check) else { return };
    assert!(checked.status.success(), "{}", err(&checked));
    assert!(out(&checked).contains("role:dpo"), "{}", out(&checked));
    // Our secret key in their hands.
    let by_tool =
        minisign(dir.path(), &["-S", "-s", "dpo.key", "-m", "policy.toml", "-x", "policy.toml.tool.minisig"]);
    assert!(by_tool.unwrap().status.success());
    assert_eq!(performed(&["verify", &policy, "--signer", &signer("tool", &public)]), Ok(()));
    // Theirs by ours, and their secret key in our hands.
    let made = minisign(dir.path(), &["-G", "-W", "-p", "theirs.pub", "-s", "theirs.key"]).unwrap();
    assert!(made.status.success(), "{}", err(&made));
    let signed = minisign(
        dir.path(),
        &["-S", "-s", "theirs.key", "-m", "policy.toml", "-x", "policy.toml.mayor.minisig"],
    );
    assert!(signed.unwrap().status.success());
    let theirs = dir.path().join("theirs.pub");
    assert_eq!(performed(&["verify", &policy, "--signer", &signer("mayor", &theirs)]), Ok(()));
    let key = dir.path().join("theirs.key");
    performed(&["sign", &policy, "--role", "mayor", "--key", key.to_str().unwrap()]).unwrap();
    let check = ["-V", "-m", "policy.toml", "-x", "policy.toml.mayor.minisig", "-p", "theirs.pub"];
    assert!(minisign(dir.path(), &check).unwrap().status.success());
    // A changed policy is refused by both.
    written(&dir, "policy.toml", &pilot().replace("rounding = 5", "rounding = 1"));
    assert!(!minisign(dir.path(), &check).unwrap().status.success());
    assert!(performed(&["verify", &policy, "--signer", &signer("mayor", &theirs)]).is_err());
}

// ---- schema, reference and records

#[test]
fn schema_and_reference_are_written() {
    let schema: Value = serde_json::from_str(out(&run(&["schema"]))).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let danish = run(&["reference"]);
    assert!(out(&danish).contains("permit.pseudonyms.evaluations-per-study"), "{}", out(&danish));
    assert!(out(&danish).contains("Retsgrundlag") || out(&danish).contains("retsgrundlag"));
    let english = run(&["reference", "--lang", "en"]);
    assert!(out(&english).contains("Purpose and legal basis"));
}

#[test]
fn records_are_written_as_text_page_and_object() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (example("municipality"), example("region"));
    let text = run(&["records", &one, &two]);
    assert_eq!(code(&text), 0, "{}", err(&text));
    for said in
        ["GDPR artikel 30", "Eksempel Kommune (k360)", "Region Eksempel (region_1085)", "g) Sikkerhed"]
    {
        assert!(out(&text).contains(said), "{said}: {}", out(&text));
    }
    assert!(out(&text).lines().all(|line| line.chars().count() <= 100));
    let object: Value =
        serde_json::from_str(out(&run(&["records", &one, "--format", "json", "--lang", "en"]))).unwrap();
    assert_eq!(
        (object["lang"].as_str(), object["title"].as_str()),
        (Some("en"), Some("Record of processing activities (GDPR Article 30)"))
    );
    let page = dir.path().join("records.html");
    let file = page.to_str().unwrap();
    performed(&["records", &one, "--format", "html", "--out", file, "--both"]).unwrap();
    let html = std::fs::read_to_string(&page).unwrap();
    let parsed = scraper::Html::parse_document(&html);
    assert!(parsed.errors.is_empty(), "{:?}", parsed.errors);
    let select = |what: &str| parsed.select(&scraper::Selector::parse(what).unwrap()).count();
    assert_eq!(select("html[lang=da] article[lang=da]"), 1);
    assert_eq!(select("article[lang=en]"), 1);
    assert_eq!(
        select("script, link, img, iframe, [src], [onload], [style]"),
        0,
        "nothing runs and nothing is loaded"
    );
    assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("url("));
    performed(&["records", &one, "--format", "html", "--out", file, "--lang", "en"]).unwrap();
    let english = std::fs::read_to_string(&page).unwrap();
    assert!(english.contains("<html lang=\"en\">") && !english.contains("lang=\"da\""));
    // What stands in a policy stays text.
    let policy = pilot().replace("name = \"Eksempel Kommune\"", "name = \"<script>alert(1)</script>\"");
    performed(&["records", &written(&dir, "p.toml", &policy), "--format", "html", "--out", file]).unwrap();
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script>"));
}

#[test]
fn a_wrong_policy_is_in_no_record() {
    let dir = tempfile::tempdir().unwrap();
    let policy = written(&dir, "policy.toml", &pilot().replace("rounding = 5", "rounding = 0"));
    assert_eq!(performed(&["records", &policy]), Err(("policy.bounds".to_owned(), 2)));
}

// ---- new

/// Right answers to all questions; what is empty takes the default.
const ANSWERS: &[&str] = &[
    "k360",
    "",
    "Lolland Kommune",
    "29190658",
    "Projektkontoret",
    "dpo@lolland.example",
    "",
    "",
    "ESDH 2026-1",
    "",
    "2020-01-01",
    "",
    "",
    "",
    "",
    "",
    "",
    "Kommunaldirektøren",
    "Databeskyttelsesrådgiveren",
    "",
    "",
    "",
    "",
    "Direktionen",
    "",
    "Optælling",
    "Counting",
    "",
    "",
    "",
    "",
    "Anna Analytiker",
    "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
    "Databeskyttelsesrådgiveren",
    "Kommunaldirektøren",
    "",
    "",
];

fn lines(answers: &[&str]) -> String {
    answers.iter().map(|answer| format!("{answer}\n")).collect()
}

#[test]
fn new_writes_a_policy_that_passes_check_and_permits_counts_alone() {
    let dir = tempfile::tempdir().unwrap();
    for lang in ["da", "en"] {
        let file = dir.path().join(format!("{lang}.toml"));
        let file = file.to_str().unwrap();
        let made = run_with(&["new", "--out", file, "--lang", lang], &lines(ANSWERS));
        assert_eq!(code(&made), 0, "{}", err(&made));
        assert_eq!(performed(&["check", file]), Ok(()));
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains("cvr = \"29190658\"") && text.matches("\n# ").count() > 8, "{text}");
        assert!(!text.contains('@') || text.contains("dpo@lolland.example"));
        assert_eq!(text.matches("[[permit]]").count(), 1);
        assert!(text.contains("mode = \"aggregates\"") && !text.contains("laboratory"));
        for closed in ["person-contributions", "joined-statistics", "clamp", "sensitive", "[permit.model]"] {
            assert!(!text.contains(closed), "{closed}");
        }
    }
    // What is there is left alone.
    let file = dir.path().join("da.toml");
    let before = std::fs::read_to_string(&file).unwrap();
    let again = run_with(&["new", "--out", file.to_str().unwrap()], &lines(ANSWERS));
    assert!(code(&again) == 2 && err(&again).contains("file.write"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
}

#[test]
fn new_asks_again_with_the_reason_where_an_answer_is_wrong() {
    let mut answers = ANSWERS.to_vec();
    // A number with a wrong check digit, the same person twice, too fine a cell, a date that no calendar has.
    answers.splice(3..4, ["29190659", "29190658"]);
    answers.splice(11..12, ["2020-02-31", "2020-01-01"]);
    let cell = answers.iter().position(|answer| *answer == "Kommunaldirektøren").unwrap() - 3;
    answers.splice(cell..=cell, ["2", "many", "3"]);
    let second = answers.iter().position(|answer| *answer == "Databeskyttelsesrådgiveren").unwrap();
    answers.insert(second, "Kommunaldirektøren");
    let made = run_with(&["new", "--lang", "en"], &lines(&answers));
    assert_eq!(code(&made), 0, "{}", err(&made));
    assert_eq!(err(&made).matches("  ! ").count(), 5, "{}", err(&made));
    for reason in ["CVR", "at least 3", "Write a whole number.", "Write a date"] {
        assert!(err(&made).contains(reason), "{reason}: {}", err(&made));
    }
    assert!(
        out(&made).contains("smallest = 3") && out(&made).contains("date = 2020-01-01"),
        "{}",
        out(&made)
    );
}

#[test]
fn new_writes_nothing_where_the_answers_end() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("policy.toml");
    for count in [0, 1, ANSWERS.len() - 1] {
        let ended =
            run_with(&["new", "--out", file.to_str().unwrap()], &lines(ANSWERS.get(..count).unwrap()));
        assert!(code(&ended) == 2 && err(&ended).contains("new.ended"), "{count}: {}", err(&ended));
        assert!(!file.exists(), "{count}");
    }
    let told = run_with(&["new", "--out", file.to_str().unwrap(), "--format", "json"], "");
    let problem: Value =
        serde_json::from_str(err(&told).lines().last().unwrap().rsplit("> ").next().unwrap()).unwrap();
    assert_eq!(problem["code"], "new.ended");
}

#[test]
fn new_can_leave_everything_closed() {
    let closed = ANSWERS.iter().position(|answer| *answer == "Direktionen").unwrap() - 2;
    let mut answers = ANSWERS.get(..closed).unwrap().to_vec();
    answers.push("none");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("policy.toml");
    let made = run_with(&["new", "--out", file.to_str().unwrap()], &lines(&answers));
    assert_eq!(code(&made), 0, "{}", err(&made));
    assert!(!std::fs::read_to_string(&file).unwrap().contains("permit"));
    assert_eq!(performed(&["check", file.to_str().unwrap()]), Ok(()));
}
