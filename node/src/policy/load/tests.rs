//! What keeps a policy from coming into force, each with its code.

use std::path::PathBuf;
use std::sync::LazyLock;

use minisign::KeyPair;
use tvaers_policy::revocation::Revocation;
use tvaers_protocol::id::Digest;

use super::*;
use crate::app;
use crate::audit::event::{Event, PolicyLoaded};
use crate::audit::read::Said;
use crate::config::{self, PolicySigner};
use crate::ledger::name::Name;
use crate::policy::Idle;
use crate::state::State;

const EXAMPLE: &str = include_str!("../../../../policies/examples/pilot.toml");
/// Budgets in rho, as each in epsilon takes some hundred conversions.
static PILOT: LazyLock<String> = LazyLock::new(|| {
    let lines = EXAMPLE.lines().map(|line| line.replace("{ epsilon = ", "{ rho = "));
    lines.map(|line| format!("{line}\n")).collect()
});
static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::embedded().unwrap());
const LABORATORY: &str = include_str!("../../../../policies/examples/laboratory.toml");

/// A node's folder with people who sign.
struct Made {
    dir: tempfile::TempDir,
    people: Vec<(PolicySigner, KeyPair)>,
}

impl Made {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        tvaers_host::private::replace(&dir.path().join("protected-addresses.csv"), b"person_id\n").unwrap();
        tvaers_host::private::replace(&dir.path().join("objections.csv"), b"person_id\n").unwrap();
        std::fs::create_dir(dir.path().join("revocations")).unwrap();
        let people = [("controller", "Direkt\u{f8}ren"), ("dpo", "Bo Beskytter")].map(|(role, name)| {
            let keys = KeyPair::generate_unencrypted_keypair().unwrap();
            let key = keys.pk.to_base64();
            (PolicySigner { role: role.to_owned(), name: name.to_owned(), key }, keys)
        });
        Self { dir, people: people.into() }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("policy.toml")
    }

    fn put(&self, text: &str) {
        std::fs::write(self.path(), text).unwrap();
        self.sign(&self.path(), &["controller", "dpo"]);
    }

    /// Has people sign a file as it is, beside it.
    fn sign(&self, path: &Path, roles: &[&str]) {
        for (signer, keys) in self.people.iter().filter(|(signer, _)| roles.contains(&signer.role.as_str())) {
            let bytes = std::fs::read(path).unwrap();
            let signed = minisign::sign(None, &keys.sk, bytes.as_slice(), None, None).unwrap();
            std::fs::write(signed::beside(path, &signer.role), signed.to_string()).unwrap();
        }
    }

    fn load_as(&self, node: &str, made_up: bool, seen: Option<Seen>) -> Result<InForce, Vec<String>> {
        let codes =
            |problems: Vec<Problem>| problems.into_iter().map(|problem| problem.code).collect::<Vec<_>>();
        self.try_load(node, made_up, seen).map_err(codes)
    }

    fn try_load(&self, node: &str, made_up: bool, seen: Option<Seen>) -> Result<InForce, Vec<Problem>> {
        let stated: Vec<PolicySigner> = self.people.iter().map(|(signer, _)| signer.clone()).collect();
        let (node, signers) = (NodeId::new(node).unwrap(), config::signers(&stated).unwrap());
        let loading = Loading {
            node: &node,
            made_up,
            signers: &signers,
            revocations: &self.dir.path().join("revocations"),
            policies: &self.dir.path().join("policies"),
            delta: "1e-8".parse().unwrap(),
            nodes: 3,
            seen,
        };
        load(&self.path(), &loading, &LIBRARY).map(|policy| policy.unwrap())
    }

    fn load(&self) -> Result<InForce, Vec<String>> {
        self.load_as("k376", false, None)
    }

    fn refused(&self) -> Vec<String> {
        self.load().map(drop).unwrap_err()
    }
}

fn loaded(text: &str, node: &str, made_up: bool) -> Result<(), Vec<String>> {
    let made = Made::new();
    made.put(text);
    made.load_as(node, made_up, None).map(drop)
}

#[test]
fn what_a_policy_demands_and_the_node_cannot_keep_keeps_it_from_loading() {
    assert_eq!(loaded(&PILOT, "k376", false), Ok(()));
    let witnesses = |count: u32| PILOT.replace("\nwitnesses = 0\n", &format!("\nwitnesses = {count}\n"));
    assert_eq!(loaded(&PILOT.replace("\nwitnesses = 0\n", "\n"), "k376", false), Ok(()));
    assert_eq!(loaded(&witnesses(2), "k376", false), Ok(()));
    let refused = |text: &str, node: &str, made_up: bool| loaded(text, node, made_up).unwrap_err();
    assert_eq!(refused(&witnesses(3), "k376", false), ["policy.witnesses"]);
    assert_eq!(refused(&PILOT, "k360", false), ["policy.other-node"]);
    assert_eq!(refused(LABORATORY, "k376", false), ["policy.not-made-up"]);
    assert_eq!(loaded(LABORATORY, "k376", true), Ok(()));
    let gone = PILOT.replace("protected-addresses.csv", "nowhere.csv");
    assert_eq!(refused(&gone, "k376", false), ["policy.exclusions"]);
}

#[test]
fn no_file_is_no_policy() {
    let (node, delta) = (NodeId::new("k376").unwrap(), "1e-8".parse().unwrap());
    let nowhere = Path::new("/nowhere");
    let loading = Loading {
        node: &node,
        made_up: true,
        signers: &[],
        revocations: nowhere,
        policies: nowhere,
        delta,
        nodes: 3,
        seen: None,
    };

    assert!(load(Path::new("/nowhere/policy.toml"), &loading, &LIBRARY).ok().unwrap().is_none());
}

#[test]
fn all_who_must_sign_have_signed_this_very_file() {
    let made = Made::new();
    made.put(&PILOT);
    let policy = made.load().unwrap();
    let names: Vec<&str> = policy.signed_by().iter().map(Name::as_str).collect();
    assert!(
        names[0].starts_with("Direkt\u{f8}ren (controller, key ")
            && names[1].starts_with("Bo Beskytter (dpo, key ")
    );

    std::fs::remove_file(signed::beside(&made.path(), "dpo")).unwrap();
    assert_eq!(made.refused(), ["policy.unsigned"]);
    // The same person in both roles is one person.
    std::fs::copy(signed::beside(&made.path(), "controller"), signed::beside(&made.path(), "dpo")).unwrap();
    assert_eq!(made.refused(), ["policy.signature"]);
    std::fs::write(signed::beside(&made.path(), "dpo"), "untrusted comment: x\n").unwrap();
    assert_eq!(made.refused(), ["policy.signature-form"]);
    made.sign(&made.path(), &["dpo"]);
    made.load().unwrap();
    // One byte more than was signed, and be it a comment.
    std::fs::write(made.path(), format!("{}#\n", *PILOT)).unwrap();
    assert_eq!(made.refused(), ["policy.signature", "policy.signature"]);
}

#[test]
fn over_real_data_two_persons_sign_and_made_up_data_needs_none() {
    let mut made = Made::new();
    made.put(&PILOT);
    let dpo = made.people.pop().unwrap();
    assert_eq!(made.refused(), ["policy.signers"]);
    made.people.clear();
    assert_eq!(made.refused(), ["policy.signers"]);
    made.load_as("k376", true, None).unwrap();
    // Those who are named must sign there too.
    made.people.push(dpo);
    std::fs::remove_file(signed::beside(&made.path(), "dpo")).unwrap();
    assert_eq!(made.load_as("k376", true, None).map(drop), Err(vec!["policy.unsigned".to_owned()]));
}

#[test]
fn an_older_version_and_another_of_the_same_are_told_apart() {
    let made = Made::new();
    made.put(&PILOT);
    let seen = |version, digest| Some(Seen { version, digest });
    let codes = |seen| made.load_as("k376", false, seen).map(drop);
    let digest = made.load().unwrap().digest();
    assert_eq!(codes(seen(1, digest)), Ok(()));
    assert_eq!(codes(seen(1, Digest([1; 32]))), Err(vec!["policy.replaced".to_owned()]));
    assert_eq!(codes(seen(2, Digest([1; 32]))), Err(vec!["policy.superseded".to_owned()]));
}

#[test]
fn one_who_signs_policies_can_revoke_a_permit_or_all_of_it() {
    let made = Made::new();
    made.put(&PILOT);
    let policy = made.load().unwrap();
    let permit = policy.policy().permits()[0].id.clone();
    let day = jiff::civil::date(2026, 12, 24);
    let revocation = |permit: Option<&str>, digest| Revocation {
        node: NodeId::new("k376").unwrap(),
        policy: digest,
        permit: permit.map(ToOwned::to_owned),
        from: day,
        reason: "N\u{f8}glen \"er\" borte\n".to_owned(),
    };
    let path = made.dir.path().join("revocations/one.toml");
    let put = |revocation: &Revocation| std::fs::write(&path, revocation.to_text()).unwrap();
    put(&revocation(Some(&permit), policy.digest()));
    assert_eq!(made.refused(), ["policy.revocation"], "nobody has signed it");
    made.sign(&path, &["dpo"]);
    let revoked = made.load().unwrap();
    assert_eq!(revoked.policy().permits()[0].revoked, Some(day));
    assert_eq!((revoked.policy().revoked(), revoked.revocations().len()), (None, 1));
    assert!(revoked.revocations()[0].by.as_str().starts_with("Bo Beskytter"));

    put(&revocation(None, policy.digest()));
    assert_eq!(made.refused(), ["policy.revocation"], "another text than was signed");
    made.sign(&path, &["controller", "dpo"]);
    assert_eq!(made.load().unwrap().policy().revoked(), Some(day));
    // One of an earlier version has done its work.
    put(&revocation(None, Digest([7; 32])));
    made.sign(&path, &["dpo"]);
    let whole = made.load().unwrap();
    assert!(whole.policy().revoked().is_none() && whole.revocations().is_empty() && whole.idle().is_empty());
    std::fs::write(&path, "[revocation]\nfrom = 2026-12-24\n").unwrap();
    made.sign(&path, &["dpo"]);
    assert_eq!(made.refused(), ["policy.missing", "policy.missing", "policy.missing"]);
}

#[test]
fn a_revocation_of_a_permit_that_the_policy_does_not_have_is_told_of_and_one_of_a_stranger_names_its_file() {
    let mut made = Made::new();
    made.put(&PILOT);
    let policy = made.load().unwrap();
    let revocation = |node: &str, digest| Revocation {
        node: NodeId::new(node).unwrap(),
        policy: digest,
        permit: Some("of-nobody".to_owned()),
        from: jiff::civil::date(2026, 12, 24),
        reason: "over".to_owned(),
    };
    let path = made.dir.path().join("revocations/one.toml");
    // Of another node, of an earlier version, and of this policy.
    for (node, digest, count) in
        [("k360", policy.digest(), 0), ("k376", Digest([7; 32]), 0), ("k376", policy.digest(), 1)]
    {
        std::fs::write(&path, revocation(node, digest).to_text()).unwrap();
        made.sign(&path, &["dpo"]);
        let loaded = made.load().unwrap();
        assert!(loaded.revocations().is_empty() && loaded.policy().revoked().is_none());
        assert_eq!(loaded.idle().len(), count, "{node}");
        for problem in loaded.idle().iter().map(Idle::problem) {
            assert!(problem.what.contains("`of-nobody`") && problem.place.ends_with("revocations/one.toml"));
        }
    }
    // The one who signed it is replaced by another.
    let keys = KeyPair::generate_unencrypted_keypair().unwrap();
    made.people[1].0.key = keys.pk.to_base64();
    made.people[1].1 = keys;
    made.put(&PILOT);
    let problems = made.try_load("k376", false, None).err().unwrap();
    let [problem] = &problems[..] else { panic!("{problems:?}") };
    assert_eq!(problem.code, "policy.revocation");
    assert!(problem.place.ends_with("revocations/one.toml") && problem.next.contains("take the file out"));
    assert!(problem.expected.contains("Bo Beskytter"), "{problem}");
}

#[tokio::test]
async fn a_version_that_the_audit_log_tells_of_is_not_forgotten_with_an_older_state_database() {
    let made = Made::new();
    made.put(&PILOT);
    let older = State::open(&made.dir.path().join("state.sqlite")).await.unwrap();
    let now = jiff::Timestamp::UNIX_EPOCH;
    let first = made.load().unwrap().digest();
    older.note_policy(1, first, now).await.unwrap();
    let load = async || {
        let seen = older.policy_seen().await.unwrap().map(|(version, digest)| Seen { version, digest });
        made.load_as("k376", false, seen).map(drop)
    };
    let loaded = |version, policy, laboratory| {
        Event::PolicyLoaded(PolicyLoaded { policy, version, laboratory, signed_by: Vec::new() })
    };
    let mut said = Said::default();
    said.take(&loaded(1, first, false));
    app::remember_policy(&older, &said, now).await.unwrap();
    assert_eq!(load().await, Ok(()));
    // Neither a laboratory's nor an older one after it hides the highest.
    for event in
        [loaded(2, Digest([2; 32]), false), loaded(0, Digest([3; 32]), true), loaded(1, first, false)]
    {
        said.take(&event);
    }
    app::remember_policy(&older, &said, now).await.unwrap();
    assert_eq!(older.policy_seen().await.unwrap(), Some((2, Digest([2; 32]))));
    assert_eq!(load().await, Err(vec!["policy.superseded".to_owned()]));
}

#[test]
fn a_budget_rises_only_by_the_signatures_of_two_whom_the_policy_before_names() {
    let mut made = Made::new();
    let names = ["Borgmesteren", "R\u{e5}dgiveren"];
    let one =
        PILOT.replacen("raised-by = [", &format!("raised-by = [\"{}\", \"{}\", ", names[0], names[1]), 1);
    made.put(&one);
    let first = made.load().unwrap().digest();
    std::fs::create_dir(made.dir.path().join("policies")).unwrap();
    std::fs::write(made.dir.path().join(format!("policies/{first}.toml")), &one).unwrap();
    let next = |from: &str, to: &str| {
        assert!(one.contains(from), "{from}");
        one.replacen("version = 1\n", &format!("version = 2\npredecessor = \"{first}\"\n"), 1)
            .replacen(from, to, 1)
    };
    let life = one.lines().find(|line| line.starts_with("for-life")).unwrap();
    let (lower, higher) = (next(life, "for-life = { rho = 1 }"), next(life, "for-life = { rho = 9 }"));
    let seen = Some(Seen { version: 1, digest: first });
    made.put(&lower);
    made.load_as("k376", false, seen).unwrap();
    made.put(&higher);
    let refused = |made: &Made| made.load_as("k376", false, seen).map(drop);
    assert_eq!(refused(&made), Err(vec!["policy.raised".to_owned()]));
    for ((signer, _), name) in made.people.iter_mut().zip(names) {
        signer.name = name.to_owned();
    }
    assert_eq!(refused(&made), Ok(()));
    // The policy before says who, not the one that raises.
    made.put(&higher.replace("Borgmesteren", "En anden"));
    made.people[0].0.name = "En anden".to_owned();
    assert_eq!(refused(&made), Err(vec!["policy.raised".to_owned()]));
}
