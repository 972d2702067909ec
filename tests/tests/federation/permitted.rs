//! A study under a policy that is none of a laboratory: no finer, no more told, of no more persons than it says, and
//! charged for what is released of it.

use std::collections::BTreeMap;

use tvaers_node::audit::event::Event;
use tvaers_node::audit::read;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::Exit;
use tvaers_protocol::study::Grain;
use tvaers_tests::federation::Federation;
use tvaers_tests::policy::{self, changed, municipality};

fn node(name: &str) -> NodeId {
    NodeId::new(name).unwrap()
}

async fn under(policy: String) -> Federation {
    let put = move |data: &std::path::Path| Ok(std::fs::write(data.join("k360/policy.toml"), &policy)?);
    let mut federation = Federation::builder().cases(3).edit(put).build().await.unwrap();
    federation.connect_all().await.unwrap();
    federation
}

fn rows(federation: &Federation, id: &str) -> Vec<BTreeMap<String, String>> {
    let text = federation.worklist_text(&node(id)).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| {
        names.iter().map(ToString::to_string).zip(line.split(',').map(ToOwned::to_owned)).collect()
    };
    lines.map(row).collect()
}

#[tokio::test]
async fn a_study_keeps_to_the_strictest_policy_of_all() {
    let federation = under(municipality("k360")).await;
    let summary = federation.stratify().await.unwrap();
    assert_eq!(summary.grain, Grain::Points, "no finer than the policy has");
    for id in ["k360", "k376", "k461"] {
        for row in rows(&federation, id) {
            assert_eq!(row["included"], "true", "the selected only, at every node");
            assert!(row["known"].is_empty(), "the policy tells strata, and no items");
        }
    }
    let tables = summary.tables.unwrap();
    let spent = federation.node(&node("k360")).unwrap().totals().await.unwrap();
    assert_eq!(spent.life.get(), 50_000_000, "the policy's default for tables");
    assert!(tables.privacy.nodes.iter().all(|node| (node.charged_rho - 0.05).abs() < 1e-12));
    // One person changes at most four cells, each by one.
    assert!(tables.privacy.nodes.iter().all(|node| node.sensitivity.l1 == 4));
    assert_eq!(tables.privacy.nodes.len(), federation.names().len(), "charged wherever it was contributed");
    let small = tables.cells.iter().filter(|cell| cell.value.unwrap().real() < 5.0);
    assert!(
        small.clone().count() > 0 && small.into_iter().all(|cell| cell.shown.is_none()),
        "small cells are hidden"
    );
    assert!(
        tables.cells.iter().filter_map(|cell| cell.shown).all(|shown| shown.whole().unwrap() % 5 == 0),
        "and others rounded"
    );

    let told: Vec<&str> = read::read(&federation.node_home(&node("k360")).audit())
        .unwrap()
        .filter_map(|entry| match entry.unwrap().event {
            Event::StudyAgreed(agreed) => {
                assert_eq!((agreed.modes.len(), agreed.requester.is_some()), (2, true));
                Some("agreed")
            }
            Event::StudyCharged(charged) => {
                assert_eq!(charged.charge.nano_rho.get(), 50_000_000);
                Some("charged")
            }
            Event::StudyClosed(_) => Some("closed"),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["agreed", "charged", "closed"]);
}

#[tokio::test]
async fn a_study_that_one_policy_does_not_allow_is_refused_by_its_rule_and_logged() {
    let cases = [
        (
            "permit.expired",
            changed(
                &municipality("k360"),
                &format!("valid-to = {}\n\n[permit.purpose]\nid = \"offer-help\"", policy::day(300)),
                &format!("valid-to = {}\n\n[permit.purpose]\nid = \"offer-help\"", policy::day(-1)),
            ),
        ),
        (
            "pseudonyms.study",
            changed(&municipality("k360"), "evaluations-per-study = 60000", "evaluations-per-study = 10"),
        ),
    ];
    for (rule, policy) in cases {
        let federation = under(policy).await;
        let problem = federation.stratify().await.unwrap_err();
        assert_eq!(problem.exit, Exit::Refused, "{problem}");
        assert!(problem.what.contains(rule) && problem.place == "node k360", "{problem}");
        let logged = read::read(&federation.node_home(&node("k360")).audit()).unwrap().any(|entry| {
            matches!(entry.unwrap().event, Event::RequestRefused(refused)
                if refused.rules.iter().any(|logged| logged.as_str() == rule))
        });
        assert!(logged, "{rule}");
        assert_eq!(federation.node(&node("k360")).unwrap().totals().await.unwrap().head.entries, 0);
        assert!(federation.names().iter().all(|id| federation.worklist_text(id).is_none()));
    }
}

#[tokio::test]
async fn tables_alone_hand_nothing_back() {
    let mut federation = Federation::builder().cases(3).build().await.unwrap();
    federation.connect_all().await.unwrap();
    let mut wish = federation.wish("sad", federation.as_of(), Grain::Events);
    wish.list = None;
    wish.tables.as_mut().unwrap().nano_rho = Some(1_000_000_000_000_000);
    wish.tables.as_mut().unwrap().cut_off = Some(5);
    let summary = federation.ask(&federation.signed_wish(wish)).await.unwrap();
    assert!(
        summary.worklists.is_empty()
            && federation.names().iter().all(|id| federation.worklist_text(id).is_none())
    );
    let tables = summary.tables.unwrap();
    // How many a cut-off would select: as many as the lists of a study of the same data have.
    federation.stratify().await.unwrap();
    for id in ["k360", "k376", "k461"] {
        let rows = rows(&federation, id);
        let selected = rows.iter().filter(|row| row["total"].parse::<u16>().unwrap() >= 5).count();
        let of = |included: bool| {
            let cell = tables.cells.iter().find(|cell| {
                cell.key["kommune"] == id.trim_start_matches('k') && cell.key["included"] == included
            });
            usize::try_from(cell.unwrap().value.unwrap().whole().unwrap()).unwrap()
        };
        assert_eq!((of(true), of(false)), (selected, rows.len() - selected), "{id}");
    }
}
