//! What a policy does not allow is refused at the node with its rule, charged nothing, and logged.

use tvaers_coordinator::query::Answered;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{AskQuery, Releases, ReleasesEnd, Signed};
use tvaers_protocol::problem::Exit;
use tvaers_protocol::request::Under;
use tvaers_protocol::sign::SigningKey;
use tvaers_tests::federation::Federation;
use tvaers_tests::hand::Hand;
use tvaers_tests::policy::{self, AGGREGATES, ANALYST, PURPOSE, changed, municipality};

use super::{laboratory, node, refusals, spent, with_policy};

const COUNT: &str =
    "name = \"q\"\nkind = \"count\"\nby = [\"sex\"]\nas_of = 2026-02-28\n[nodes]\nof = [\"k360\"]\n";

fn with(line: &str) -> String {
    format!(
        "{}\n{line}\n",
        COUNT.trim_end().replace("[nodes]", &format!("{line}\n[nodes]")).replace(line, "")
    )
}

/// What one node said.
fn rules(answered: &Answered) -> Vec<&str> {
    answered
        .coverage
        .refused
        .iter()
        .flat_map(|refused| &refused.rules)
        .map(|rule| rule.code.as_str())
        .collect()
}

/// Queries that the policy of the example refuses, each with the rule that says so.
const REFUSED: &[(&str, &str)] = &[
    ("[privacy]\nrho = 0.06", "budget.query"),
    ("[privacy]\nepsilon = 2", "budget.query"),
    ("[[where]]\nfeature = \"akasse_listed\"\nis = 1", "data.feature"),
    ("[[where]]\nfeature = \"preschool_children\"\nis = 1", "data.feature"),
];

#[tokio::test]
async fn a_query_beyond_the_policy_is_refused_by_rule_charged_nothing_and_logged() {
    let federation = with_policy(municipality("k360")).await;
    let (allowed, _) = federation.query(COUNT).await.unwrap();
    assert_eq!((allowed.exit(false), allowed.results), (Exit::Done, 1), "{:?}", rules(&allowed));
    let before = spent(&federation, "k360").await;
    assert_eq!(before.1, 10_000_000, "the default of the policy");
    for (line, rule) in REFUSED {
        let (answered, results) = federation.query(&with(line)).await.unwrap();
        assert_eq!((answered.exit(false), results.len()), (Exit::Refused, 0), "{line}");
        assert!(rules(&answered).contains(rule), "{line}: {:?}", rules(&answered));
        let problem = answered.problem(false).unwrap();
        assert!(!problem.next.is_empty() && problem.to_string().contains(rule), "{problem}");
        assert!(refusals(&federation, "k360").last().unwrap().iter().any(|logged| logged == rule), "{line}");
    }
    assert_eq!(spent(&federation, "k360").await, before, "nothing was charged");
    assert_eq!(refusals(&federation, "k360").len(), REFUSED.len());
}

#[tokio::test]
async fn a_budget_ends_where_it_says_and_not_before() {
    let federation = with_policy(municipality("k360")).await;
    // 0.05 a query, 0.5 in all: ten, of different questions.
    for n in 0..10 {
        let text = with(&format!("[[where]]\nfeature = \"age\"\nfrom = {n}\n[privacy]\nrho = 0.05"));
        let (answered, _) = federation.query(&text).await.unwrap();
        assert_eq!(answered.exit(false), Exit::Done, "{n}: {:?}", rules(&answered));
    }
    let before = spent(&federation, "k360").await;
    assert_eq!(before.1, 500_000_000);
    let (answered, _) = federation.query(COUNT).await.unwrap();
    assert!(rules(&answered).contains(&"budget.permit"), "{:?}", rules(&answered));
    assert_eq!(spent(&federation, "k360").await, before);
    // What was answered is still there for those who ask again.
    let text = with("[[where]]\nfeature = \"age\"\nfrom = 3\n[privacy]\nrho = 0.05");
    let (answered, results) = federation.query(&text).await.unwrap();
    assert_eq!((answered.exit(false), results.len()), (Exit::Done, 1));
}

#[tokio::test]
async fn the_same_question_several_times_is_for_laboratories() {
    let federation = with_policy(municipality("k360")).await;
    let (answered, results) = federation.query_times(COUNT, 3).await.unwrap();
    assert_eq!(results.len(), 1, "the first answer");
    assert_eq!(rules(&answered), ["request.repeated"]);
    assert_eq!(answered.exit(false), Exit::Refused);
    assert_eq!(spent(&federation, "k360").await.1, 10_000_000);
}

#[tokio::test]
async fn another_purpose_permit_mode_or_time_is_refused() {
    let expired = changed(&municipality("k360"), &policy::day(300).to_string(), &policy::day(-1).to_string());
    let federation = with_policy(expired).await;
    let (answered, _) = federation.query(COUNT).await.unwrap();
    assert!(rules(&answered).iter().any(|rule| rule.ends_with("expired")), "{:?}", rules(&answered));

    let federation = with_policy(municipality("k360")).await;
    let unders = [
        (AGGREGATES, "curiosity", "purpose.other"),
        ("no-such-permit", PURPOSE, "permit.unknown"),
        ("sizing-2026", "size-target-group", "permit.mode"),
        ("sad-list-2026", "offer-help", "permit.mode"),
    ];
    for (permit, purpose, rule) in unders {
        let under = Under { permit: permit.to_owned(), purpose: purpose.to_owned() };
        let answered = ask_under(&federation, under).await;
        assert!(rules(&answered).contains(&rule), "{permit} for {purpose}: {:?}", rules(&answered));
    }
    assert_eq!(spent(&federation, "k360").await, (0, 0));
}

/// The ledger knows the answer by its question: who asks, and for which purpose, is asked of the policy all the same.
#[tokio::test]
async fn what_is_stored_is_refused_to_those_who_may_not_ask_for_it() {
    let mut federation = with_policy(municipality("k360")).await;
    let (answered, results) = federation.query(COUNT).await.unwrap();
    assert_eq!((answered.exit(false), results.len()), (Exit::Done, 1), "{:?}", rules(&answered));
    let before = spent(&federation, "k360").await;
    let under = Under { permit: AGGREGATES.to_owned(), purpose: "curiosity".to_owned() };
    let answered = ask_under(&federation, under).await;
    assert_eq!((rules(&answered), answered.results), (vec!["purpose.other"], 0));
    assert_eq!(refusals(&federation, "k360").last().unwrap().as_slice(), ["purpose.other"]);
    // The same request once more, when the policy is no longer in force.
    let first = municipality("k360");
    let digest = tvaers_node::ledger::result_digest(first.as_bytes());
    let expired = changed(&first, &policy::day(300).to_string(), &policy::day(-1).to_string());
    let second = format!("version = 2\npredecessor = \"{digest}\"\n");
    let expired = expired.replacen("version = 1\n", &second, 1);
    std::fs::write(federation.node_home(&node("k360")).policy(), expired).unwrap();
    federation.restart(&node("k360")).await.unwrap();
    federation.connect(&node("k360")).await.unwrap();
    let (answered, results) = federation.query(COUNT).await.unwrap();
    assert_eq!(results.len(), 0);
    assert!(rules(&answered).iter().any(|rule| rule.ends_with("expired")), "{:?}", rules(&answered));
    assert_eq!(spent(&federation, "k360").await, before, "nothing was noted or charged");
}

async fn ask_under(federation: &Federation, under: Under) -> Answered {
    let mut signed = federation.signed_query(COUNT, 1).unwrap();
    signed.content.under = under;
    let key = SigningKey::from_seed(&ANALYST);
    let signed = Signed::request(signed.content, federation.asker().roster().digest(), &key);
    federation.ask_query(&tvaers_coordinator::stratify::RequestId::random(), signed).await.unwrap().0
}

#[tokio::test]
async fn a_person_whom_the_permit_does_not_name_is_refused() {
    let key = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
    let own = SigningKey::from_seed(&ANALYST).verifying_key().0;
    let own: String = own.iter().map(|byte| format!("{byte:02x}")).collect();
    let federation = with_policy(changed(&municipality("k360"), &own, key)).await;
    let (answered, _) = federation.query(COUNT).await.unwrap();
    assert_eq!(rules(&answered), ["asker.unknown"]);
    assert_eq!(spent(&federation, "k360").await, (0, 0));
}

/// The coordinator cannot ask in anybody's name: straight to the node, past every check of its own.
#[tokio::test]
async fn a_request_that_no_person_of_the_roster_signed_is_refused_at_the_node() {
    let federation = with_policy(municipality("k360")).await;
    let hand = Hand::new(&federation).unwrap();
    let honest = federation.signed_query(COUNT, 1).unwrap();
    let roster = hand.roster().digest();
    let stranger = SigningKey::from_seed(&[9; 32]);
    let mut own_name = honest.content.clone();
    own_name.requester = stranger.verifying_key();
    let mut coordinators = honest.content.clone();
    coordinators.requester = hand.signing().verifying_key();
    let mut unsigned = honest.clone();
    unsigned.signature.0 = [0; 64];
    let mut changed = honest.clone();
    changed.content.under.permit.push('x');
    let mut late = honest.content.clone();
    late.created -= jiff::SignedDuration::from_hours(48);
    late.expires = late.created + jiff::SignedDuration::from_hours(1);
    let forged = [
        ("unsigned", "request.signature", unsigned),
        ("changed after it was signed", "request.signature", changed),
        (
            "a stranger in the analyst's name",
            "request.signature",
            Signed::request(honest.content.clone(), roster, &stranger),
        ),
        ("a stranger", "request.unknown-key", Signed::request(own_name, roster, &stranger)),
        ("the coordinator", "request.unknown-key", Signed::request(coordinators, roster, hand.signing())),
        (
            "under another roster",
            "request.signature",
            Signed::request(honest.content.clone(), Digest([7; 32]), &SigningKey::from_seed(&ANALYST)),
        ),
        ("expired", "request.expired", Signed::request(late, roster, &SigningKey::from_seed(&ANALYST))),
    ];
    for (what, rule, request) in forged {
        let end: ReleasesEnd = hand.ask(&node("k360"), Digest::NONE, &AskQuery { request }).await.unwrap();
        assert_eq!((end.count, end.refused[0].code.as_str()), (0, rule), "{what}");
        assert_eq!(refusals(&federation, "k360").last().unwrap().as_slice(), [rule], "{what}");
    }
    assert_eq!(spent(&federation, "k360").await, (0, 0));
    let first: Releases = hand.ask(&node("k360"), Digest::NONE, &AskQuery { request: honest }).await.unwrap();
    assert_eq!(first.bodies.len(), 1);
}

/// What is wrong with the file itself is for the person's own program to say, before anything is asked.
#[tokio::test]
async fn a_query_that_is_none_is_bad_input() {
    let federation = laboratory().await;
    let wrong = [
        COUNT.replace("\"sex\"", "\"no_such_feature\""),
        COUNT
            .replace("kind = \"count\"", "kind = \"sum\"\nfeature = \"gp_contacts_2y\"")
            .replace("\"sex\"", "\"civil_status\""),
        with("[privacy]\nrho = 0"),
        with("[privacy]\nepsilon = -1"),
        with("[privacy]\nepsilon = nan"),
        with("[privacy]\nepsilon = 1e308"),
        with("[privacy]\ndelta = 1e-5"),
        with("[[where]]\nfeature = \"age\"\nfrom = 9223372036854775808"),
    ];
    for text in wrong {
        let problem = federation.query(&text).await.unwrap_err();
        assert_eq!(problem.exit, Exit::BadInput, "{text}: {problem}");
        assert!(!problem.place.is_empty() && !problem.next.is_empty(), "{problem}");
    }
    assert_eq!(spent(&federation, "k360").await, (0, 0));
}
