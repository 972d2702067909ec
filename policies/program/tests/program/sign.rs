//! Keys and signatures, also those of the public tool.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::{code, err, out, performed, pilot, run, run_with, written};

/// A key pair in a folder, without a password: deriving one takes a second.
pub(super) fn pair(dir: &Path, name: &str) -> (PathBuf, PathBuf) {
    let (secret, public) = (dir.join(format!("{name}.key")), dir.join(format!("{name}.pub")));
    performed(&["key", "new", "-W", "--out", secret.to_str().unwrap()]).unwrap();
    (secret, public)
}

pub(super) fn signer(role: &str, public: &Path) -> String {
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
    let unsigned = signer("mayor", &controller_public);
    let mixed = performed(&["verify", &policy, "--signer", &one, "--signer", &unsigned]);
    assert_eq!(mixed, Err(("policy.unsigned".to_owned(), 3)));
    // Two signatures are of two persons.
    for twice in [&signer("controller", &dpo_public), &signer("dpo", &controller_public)] {
        let refused = performed(&["verify", &policy, "--signer", &one, "--signer", twice]);
        assert_eq!(refused, Err(("signer.twice".to_owned(), 2)));
    }
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
    // Closing a public key to others would not make it a secret one, so that is not what is advised.
    for mode in [0o644, 0o600] {
        std::fs::set_permissions(&public, std::fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(sign(&public), Err(("key.file".to_owned(), 2)));
        let told = run(&["sign", &policy, "--role", "dpo", "--key", public.to_str().unwrap()]);
        assert!(
            err(&told).contains("den offentlige nøgle") && !err(&told).contains("chmod"),
            "{}",
            err(&told)
        );
        let told =
            run(&["sign", &policy, "--role", "dpo", "--key", public.to_str().unwrap(), "--lang", "en"]);
        assert!(err(&told).contains("it is the secret one that signs"), "{}", err(&told));
    }
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
