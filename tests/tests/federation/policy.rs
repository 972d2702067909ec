//! Only the policy's file changes while the node serves: what was permitted is refused and permitted again, without a
//! restart, and the log shows each step.

use std::path::PathBuf;

use sha2::Digest as _;
use tvaers_node::audit::event::Event;
use tvaers_node::audit::read;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::problem::Exit;
use tvaers_tests::federation::Federation;
use tvaers_tests::policy::{changed, municipality};

const QUERY: &str = "kind = \"count\"\nby = [\"sex\"]\n";

fn k360() -> NodeId {
    NodeId::new("k360").unwrap()
}

async fn federation() -> Federation {
    let put =
        |data: &std::path::Path| Ok(std::fs::write(data.join("k360/policy.toml"), municipality("k360"))?);
    let mut federation = Federation::builder().cases(3).edit(put).build().await.unwrap();
    federation.connect_all().await.unwrap();
    federation
}

fn file(federation: &Federation) -> PathBuf {
    federation.node_home(&k360()).policy()
}

/// The policy that follows another, with one thing otherwise.
fn next(before: &str, version: u64, from: &str, to: &str) -> String {
    let digest = Digest(sha2::Sha256::digest(before.as_bytes()).into());
    let lines = before.lines().filter(|line| !line.starts_with("predecessor = "));
    // Models have versions as well, further down.
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    let old = text.lines().find(|line| line.starts_with("version = ")).unwrap();
    let new = format!("version = {version}\npredecessor = \"{digest}\"");
    changed(&text.replacen(old, &new, 1), from, to)
}

/// What an answer of one sector's node comes to: nothing where it is given, else the rule.
async fn refused(federation: &Federation, name: &str) -> Option<String> {
    let text =
        format!("name = \"{name}\"\nas_of = {}\n{QUERY}[nodes]\nof = [\"k360\"]\n", federation.as_of());
    match federation.query(&text).await {
        Ok((answered, _)) => answered.problem(true).map(|problem| problem.what),
        Err(problem) => {
            assert_eq!(problem.exit, Exit::Refused, "{problem}");
            Some(problem.what)
        }
    }
}

/// The log's steps that are about the policy or about requests.
fn steps(federation: &Federation) -> Vec<String> {
    let entries = read::read(&federation.node_home(&k360()).audit()).unwrap();
    let step = |event: Event| match event {
        Event::PolicyLoaded(loaded) => Some(format!("version {}", loaded.version)),
        Event::PolicyRefused(refused) => Some(format!("unusable {:?}", refused.rules)),
        Event::PolicyWithdrawn(_) => Some("withdrawn".to_owned()),
        Event::RequestPermitted(_) => Some("permitted".to_owned()),
        Event::RequestRefused(refused) => Some(format!("refused {:?}", refused.rules)),
        _ => None,
    };
    entries.filter_map(|entry| step(entry.unwrap().event)).collect()
}

#[tokio::test]
async fn only_the_file_changes_and_the_same_query_is_permitted_refused_and_permitted_again() {
    let federation = federation().await;
    assert_eq!(refused(&federation, "first").await, None);
    let one = std::fs::read_to_string(file(&federation)).unwrap();
    let two = next(&one, 2, "categories = [\"sex\", \"age_band\", ", "categories = [\"age_band\", ");
    std::fs::write(file(&federation), &two).unwrap();
    let rule = refused(&federation, "second").await.unwrap();
    assert!(rule.contains("data.category"), "{rule}");
    let three = next(&two, 3, "categories = [\"age_band\", ", "categories = [\"sex\", \"age_band\", ");
    std::fs::write(file(&federation), &three).unwrap();
    // The same question over the same import has its answer already.
    assert_eq!(refused(&federation, "third").await, None);
    let told = steps(&federation);
    assert_eq!(told[..2], ["version 1", "permitted"], "{told:?}");
    assert_eq!(told[2..], ["version 2", "refused [data.category]", "version 3"], "{told:?}");
}

#[tokio::test]
async fn a_policy_that_cannot_be_used_leaves_none_in_force_and_each_reason_has_its_code() {
    let federation = federation().await;
    let one = std::fs::read_to_string(file(&federation)).unwrap();
    let two = next(&one, 2, "smallest = 5", "smallest = 6");
    let cases: [(&str, String); 7] = [
        ("policy.unknown-key", format!("surprise = 1\n{two}")),
        ("policy.floor", next(&one, 2, "smallest = 5", "smallest = 2")),
        ("policy.replaced", changed(&one, "smallest = 5", "smallest = 6")),
        ("policy.predecessor", next(&two, 2, "smallest = 6", "smallest = 7")),
        ("policy.other-node", changed(&two, "node = \"k360\"", "node = \"k376\"")),
        ("policy.exclusions", next(&one, 2, "opt-outs = \"none\"", "opt-outs = \"nowhere.csv\"")),
        ("policy.missing", changed(&two, "[cells]\n", "[zells]\n")),
    ];
    for (code, text) in cases {
        std::fs::write(file(&federation), text).unwrap();
        let rule = refused(&federation, &format!("under-{}", code.replace('.', "-"))).await.unwrap();
        assert!(rule.contains("policy.unusable"), "{code}: {rule}");
        let told = steps(&federation);
        let [.., unusable, request] = told.as_slice() else { panic!("{told:?}") };
        assert!(unusable.starts_with("unusable [") && unusable.contains(code), "{code}: {unusable}");
        assert_eq!(request, "refused [policy.unusable]");
        // Looked at again, it is not logged again.
        refused(&federation, "again").await.unwrap();
        assert_eq!(steps(&federation).len(), told.len() + 1);
        std::fs::write(file(&federation), &one).unwrap();
        assert_eq!(refused(&federation, "back").await, None, "{code}");
    }
    std::fs::remove_file(file(&federation)).unwrap();
    let rule = refused(&federation, "none").await.unwrap();
    assert!(rule.contains("policy.none"), "{rule}");
    std::fs::write(file(&federation), &two).unwrap();
    assert_eq!(refused(&federation, "at-last").await, None);
    std::fs::write(file(&federation), &one).unwrap();
    refused(&federation, "older").await.unwrap();
    let told = steps(&federation);
    assert!(
        told.iter().any(|step| step == "withdrawn") && told.iter().any(|step| step == "version 2"),
        "{told:?}"
    );
    assert!(told.iter().any(|step| step.contains("policy.superseded")), "{told:?}");
}

#[tokio::test]
async fn a_list_that_was_missing_is_enough_to_put_the_policy_in_force_again() {
    let federation = federation().await;
    let one = std::fs::read_to_string(file(&federation)).unwrap();
    std::fs::write(file(&federation), next(&one, 2, "opt-outs = \"none\"", "opt-outs = \"late.csv\""))
        .unwrap();
    assert!(refused(&federation, "without").await.unwrap().contains("policy.exclusions"));
    let told = steps(&federation);
    let home = federation.node_home(&k360());
    tvaers_host::private::replace(&home.dir().join("late.csv"), b"person_id\n").unwrap();
    let node = std::sync::Arc::clone(federation.node(&k360()).unwrap());
    tvaers_node::serve::look_at_policy(&node).await;
    assert_eq!(refused(&federation, "with").await, None);
    assert_eq!(steps(&federation)[told.len()..], ["version 2", "permitted"]);
}

#[tokio::test]
async fn a_stratification_takes_the_second_signature_that_the_permit_names() {
    let federation = federation().await;
    let whole = federation.request();
    let refused = async |request: tvaers_coordinator::stratify::Request| {
        let problem = federation.ask(&request).await.unwrap_err();
        assert_eq!(problem.exit, Exit::Refused, "{problem}");
        problem.what
    };
    let alone = tvaers_coordinator::stratify::Request { approval: None, ..whole.clone() };
    assert!(refused(alone).await.contains("second-signature.missing"));
    let now = whole.study.content.created;
    let own = federation.asker().approve(&whole.study, now);
    let same = tvaers_coordinator::stratify::Request { approval: Some(Box::new(own)), ..whole.clone() };
    assert!(refused(same).await.contains("second-signature.same"));
    // Another request's approval is none of this one.
    let other = federation.request();
    let swapped = tvaers_coordinator::stratify::Request { approval: other.approval, ..whole.clone() };
    assert!(refused(swapped).await.contains("second-signature.signature"));
    federation.ask(&whole).await.unwrap();
}
