//! Revocations.

use std::process::Command;

use super::sign::{pair, signer};
use super::{code, err, example, out, performed, run, written};

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
        "tilbagekalder tilladelsen «sad-list-2026» i politikken for k360 fra og med 24. december 2026",
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
