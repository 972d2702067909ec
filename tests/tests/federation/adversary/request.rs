//! A coordinator that attacks, under a policy that is none of a laboratory: whatever it makes up, the node refuses it by
//! rule, and its log tells of it.

use jiff::SignedDuration;
use tvaers_link::exchange::ExchangeError;
use tvaers_node::audit::event::Event;
use tvaers_node::audit::read;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{Declined, Open, Opened, Prepare, Prepared, Signed};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::request::{Approval, StudyRequest};
use tvaers_protocol::sign::{Signature, SigningKey};
use tvaers_protocol::study::{Disclosure, Grain, Manifest};
use tvaers_tests::federation::Federation;
use tvaers_tests::hand::Hand;
use tvaers_tests::policy::{self, changed, municipality};

use super::{assert_refused, node};

async fn under(policy: String) -> (Federation, Hand) {
    let put = move |data: &std::path::Path| Ok(std::fs::write(data.join("k360/policy.toml"), &policy)?);
    let federation = Federation::builder().cases(3).edit(put).build().await.unwrap();
    let hand = Hand::new(&federation).unwrap();
    (federation, hand)
}

/// The rules by which k360 refused, newest last, as its log tells them.
fn logged(federation: &Federation) -> Vec<String> {
    let entries = read::read(&federation.node_home(&node("k360")).audit()).unwrap();
    let rules = |event: Event| match event {
        Event::RequestRefused(refused) => refused.rules,
        Event::StudyRefused(refused) => refused.rules,
        _ => Vec::new(),
    };
    entries.flat_map(|entry| rules(entry.unwrap().event)).map(|rule| rule.to_string()).collect()
}

/// The rule, the request and its approval.
type Case = (&'static str, Signed<StudyRequest>, Option<Signed<Approval>>);

/// Signs a request as the local analyst would, approved by the local officer.
fn signed(
    hand: &Hand,
    content: StudyRequest,
    asker: &SigningKey,
    officer: &SigningKey,
) -> (Signed<StudyRequest>, Signed<Approval>) {
    let roster = hand.roster().digest();
    let (now, request) = (content.created, Signed::request(content, roster, asker));
    let approval = Signed::approval(&request, now, roster, officer);
    (request, approval)
}

#[tokio::test]
async fn a_request_that_nobody_may_make_is_refused_at_the_node_and_logged() {
    let (federation, hand) = under(municipality("k360")).await;
    let honest = federation.request_at(Grain::Points);
    let (analyst, officer) =
        (SigningKey::from_seed(&policy::ANALYST), SigningKey::from_seed(&policy::OFFICER));
    let approval = *honest.approval.clone().unwrap();
    let unsigned = Signed { signature: Signature([0; 64]), ..honest.study.clone() };
    let with = |change: &dyn Fn(&mut StudyRequest)| {
        let mut content = honest.study.content.clone();
        change(&mut content);
        content
    };
    let (of_officer, _) = signed(&hand, with(&|c| c.requester = officer.verifying_key()), &officer, &officer);
    // The officer's own signature, over what the officer did not ask for.
    let stolen = Signed { content: honest.study.content.clone(), signature: of_officer.signature };
    let purpose =
        signed(&hand, with(&|c| c.list.as_mut().unwrap().purpose = "curiosity".into()), &analyst, &officer);
    let old = signed(
        &hand,
        with(&|c| {
            c.created -= SignedDuration::from_hours(48);
            c.expires = c.created + SignedDuration::from_hours(24);
        }),
        &analyst,
        &officer,
    );
    let by_officer =
        Signed::approval(&of_officer, honest.study.content.created, hand.roster().digest(), &officer);
    let mut forged = approval.clone();
    forged.signature = Signature([7; 64]);
    let cases: [Case; 8] = [
        ("request.signature", unsigned, Some(approval.clone())),
        ("request.signature", stolen, Some(approval.clone())),
        ("asker.unknown", of_officer.clone(), Some(by_officer.clone())),
        ("purpose.other", purpose.0, Some(purpose.1)),
        ("request.expired", old.0, Some(old.1)),
        ("second-signature.missing", honest.study.clone(), None),
        ("second-signature.signature", honest.study.clone(), Some(forged)),
        ("second-signature.signature", honest.study.clone(), Some(by_officer)),
    ];
    for (rule, request, approval) in cases {
        let before = logged(&federation).len();
        let ask = Prepare { request, approval };
        let declined: Declined = hand.ask(&node("k360"), Digest::NONE, &ask).await.unwrap();
        let rules: Vec<&str> = declined.rules.iter().map(|rule| rule.code.as_str()).collect();
        assert!(rules.contains(&rule), "{rule}: {rules:?}");
        assert!(logged(&federation)[before..].iter().any(|logged| logged == rule), "{rule} is in the log");
    }
    let ask = Prepare { request: honest.study.clone(), approval: Some(approval) };
    let _: Prepared = hand.ask(&node("k360"), Digest::NONE, &ask).await.unwrap();
}

#[tokio::test]
async fn a_permit_outside_its_days_is_refused_at_the_node() {
    for (rule, from, to) in [
        ("permit.expired", policy::day(-30), policy::day(-1)),
        ("permit.not-yet-valid", policy::day(1), policy::day(9)),
    ] {
        let text = municipality("k360");
        let days = format!(
            "valid-from = {}\nvalid-to = {}\n\n[permit.purpose]\nid = \"offer-help\"",
            policy::day(-30),
            policy::day(300)
        );
        let new = format!("valid-from = {from}\nvalid-to = {to}\n\n[permit.purpose]\nid = \"offer-help\"");
        let (federation, hand) = under(changed(&text, &days, &new)).await;
        let request = federation.request_at(Grain::Points);
        let ask = Prepare { request: request.study, approval: request.approval.map(|approval| *approval) };
        let declined: Declined = hand.ask(&node("k360"), Digest::NONE, &ask).await.unwrap();
        assert!(declined.rules.iter().any(|found| found.code == rule), "{:?}", declined.rules);
        assert!(logged(&federation).iter().any(|logged| logged == rule));
    }
}

#[tokio::test]
async fn a_manifest_over_the_grain_or_another_one_to_one_node_goes_no_further() {
    let (federation, hand) = under(municipality("k360")).await;
    let honest = hand.draft(&federation).await.unwrap();
    let honest = Manifest {
        grain: Grain::Points,
        disclosure: Disclosure::Stratum,
        everyone: false,
        nano_rho: 50_000_000,
        ..honest
    };
    for (rule, wrong) in [
        ("grain", Manifest { grain: Grain::Events, ..honest.clone() }),
        ("work-list.disclosure", Manifest { disclosure: Disclosure::Items, ..honest.clone() }),
        ("work-list.persons", Manifest { everyone: true, ..honest.clone() }),
        ("second-signature.missing", Manifest { approval: None, ..honest.clone() }),
    ] {
        assert_refused(hand.propose(&node("k360"), &wrong).await, RejectCode::PolicyRefused, rule);
        assert!(
            logged(&federation).iter().any(|logged| logged.starts_with(rule)),
            "{rule}: {:?}",
            logged(&federation)
        );
    }
    // Each node is shown a manifest that it accepts, and one of them another one.
    let other = Manifest { deadline: honest.deadline - SignedDuration::from_mins(1), ..honest.clone() };
    let mut agreed = Vec::new();
    for participant in &honest.participants {
        let shown = if participant.node == node("k360") { &other } else { &honest };
        agreed.push(hand.propose(&participant.node, shown).await.unwrap());
    }
    for participant in &honest.participants {
        let shown = if participant.node == node("k360") { &other } else { &honest };
        let ask = Open { acceptances: agreed.clone() };
        let opened: Result<Opened, ExchangeError> = hand.ask(&participant.node, shown.digest(), &ask).await;
        assert_refused(opened, RejectCode::BadSignature, &participant.node);
    }
}
