//! Heads of audit logs, end to end: countersigned by the coordinator and other nodes, by the hour and at every connection;
//! and a log that was cut, replaced, begun again or copied answers nothing once it is shown to others.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use tvaers_coordinator::query::Answered;
use tvaers_link::clock::{Clock, SystemClock};
use tvaers_link::memory::{Direction, Passage};
use tvaers_node::audit::event::{Event, HeadCountersigned};
use tvaers_node::audit::line::Entry;
use tvaers_node::audit::{Audit, read};
use tvaers_node::home::Home;
use tvaers_node::node::Node;
use tvaers_node::serve;
use tvaers_protocol::audit::{Countersigned, LogHead, SeenHead, Seer};
use tvaers_protocol::hello::Software;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::Signed;
use tvaers_protocol::problem::Exit;
use tvaers_protocol::roster::VerifiedRoster;
use tvaers_tests::fault::Middle;
use tvaers_tests::federation::Federation;

fn node() -> NodeId {
    NodeId::new("k360").unwrap()
}

/// The machine's clock, ahead by so many seconds.
#[derive(Default)]
struct Ahead(AtomicI64);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

async fn federation() -> Federation {
    let mut federation = Federation::builder().cases(3).build().await.unwrap();
    federation.connect_all().await.unwrap();
    settle(&federation).await;
    federation
}

/// All are there now: whoever was away when a head was shown is shown it.
async fn settle(federation: &Federation) {
    for id in federation.names() {
        serve::look_at_heads(at(federation, &id)).await;
    }
}

fn at<'a>(federation: &'a Federation, id: &NodeId) -> &'a Arc<Node> {
    federation.node(id).unwrap()
}

/// Asks a question of its own for each number; whether it is answered, or by which rule not.
async fn ask(federation: &Federation, number: u32) -> Result<(), String> {
    let question = format!(
        "name = \"q\"\nkind = \"count\"\nby = [\"sex\"]\nas_of = 2026-02-28\n[[where]]\nfeature = \"age\"\nfrom = {number}\n[nodes]\nof = [\"k360\"]\n"
    );
    let (answered, results) = federation.query(&question).await.unwrap();
    if results.len() == 1 { Ok(()) } else { Err(rules(&answered)) }
}

fn rules(answered: &Answered) -> String {
    let rules = answered.coverage.refused.iter().flat_map(|refused| &refused.rules);
    rules.map(|rule| rule.code.as_str()).collect::<Vec<_>>().join(" ")
}

fn log(home: &Home) -> Vec<Entry> {
    read::read(&home.audit()).unwrap().map(Result::unwrap).collect()
}

fn heads(log: &[Entry]) -> Vec<&Signed<LogHead>> {
    log.iter()
        .filter_map(|entry| match &entry.event {
            Event::HeadSigned(head) => Some(head),
            _ => None,
        })
        .collect()
}

fn words(log: &[Entry]) -> Vec<&HeadCountersigned> {
    log.iter()
        .filter_map(|entry| match &entry.event {
            Event::HeadCountersigned(word) => Some(&**word),
            _ => None,
        })
        .collect()
}

/// Who countersigned a head.
fn seers(log: &[Entry], head: &Signed<LogHead>) -> BTreeSet<Seer> {
    words(log).into_iter().filter(|word| word.head == *head).map(|word| word.by.content.by.clone()).collect()
}

/// Whether a head is of this log, which has no entry below 1.
fn contains(log: &[Entry], head: &LogHead) -> bool {
    let digest = |number: u64| log.iter().find(|entry| entry.number == number).map(|entry| entry.digest);
    digest(1) == Some(head.log) && digest(head.entries) == Some(head.head)
}

/// Signatures as whoever verifies a log checks them, with nothing but the roster.
fn verifies(roster: &VerifiedRoster, seen: &SeenHead) -> bool {
    let key = |id: &NodeId| roster.member(id).unwrap().signing;
    let by = match &seen.by.content.by {
        Seer::Coordinator => roster.roster().coordinator.signing,
        Seer::Witness(witness) => key(witness),
    };
    seen.head.of_log(&key(&seen.head.content.node)).is_ok()
        && seen.by.seen(seen.head.log_head_digest(), &by).is_ok()
}

/// What is done to a node's log.
type Tamper<'a> = &'a dyn Fn(&Home);

#[tokio::test]
async fn every_log_is_countersigned_by_the_coordinator_and_by_witnesses_after_a_connection() {
    let federation = federation().await;
    let roster = federation.asker().roster();
    for id in federation.names() {
        assert_eq!(at(&federation, &id).not_countersigned().await, [], "{id}");
        let log = log(&federation.node_home(&id));
        let words = words(&log);
        for word in &words {
            let seen = SeenHead { head: word.head.clone(), by: word.by.clone() };
            assert!(verifies(roster, &seen) && contains(&log, &word.head.content), "{id}: {word:?}");
            assert_eq!(word.head.content.node, id);
            assert!(heads(&log).contains(&&word.head), "{id}: it stands in the log by itself");
        }
        let newest = &words.last().unwrap().head;
        let seers = seers(&log, newest);
        assert!(seers.contains(&Seer::Coordinator), "{id}: {seers:?}");
        assert_eq!(seers.len(), 4, "{id}: {seers:?}");
        assert!(!seers.contains(&Seer::Witness(id.clone())), "{id}");
    }
    assert_eq!(ask(&federation, 1).await, Ok(()));
}

#[tokio::test]
async fn a_head_is_signed_every_hour_though_nothing_happens_and_after_a_thousand_entries() {
    let clock = Arc::new(Ahead::default());
    let builder = Federation::builder().cases(3).everyones_clock(Arc::clone(&clock) as Arc<dyn Clock>);
    let mut federation = builder.build().await.unwrap();
    let (home, k360) = (federation.node_home(&node()), Arc::clone(at(&federation, &node())));
    let count = |log: &[Entry]| (heads(log).len(), words(log).len());
    // Without a connection it stands in the log alone.
    for (minutes, expected) in [(0, 1), (0, 1), (58, 1), (60, 2), (61, 2), (120, 3), (30, 4)] {
        clock.0.store(minutes * 60, Ordering::Relaxed);
        serve::look_at_heads(&k360).await;
        assert_eq!(count(&log(&home)), (expected, 0), "after {minutes} minutes");
    }
    assert_eq!(k360.not_countersigned().await.len(), 4, "nobody has seen it");
    federation.connect_all().await.unwrap();
    settle(&federation).await;
    clock.0.store(200 * 60, Ordering::Relaxed);
    serve::look_at_heads(&k360).await;
    let hourly = log(&home);
    let newest = *heads(&hourly).last().unwrap();
    assert_eq!(seers(&hourly, newest).len(), 4, "an hour later everyone signs again");
    assert_eq!(k360.not_countersigned().await, []);
    // Another process writes to the log, as an import does.
    let now = clock.now();
    let other = Audit::open(&home.audit(), Software::new("test 1").unwrap(), now).unwrap();
    other.append(now, &vec![Event::Stop; 1_000]).unwrap();
    let before = count(&log(&home)).0;
    // Its own next entry tells it of them.
    assert_eq!(ask(&federation, 1).await, Ok(()));
    serve::look_at_heads(&k360).await;
    assert!(count(&log(&home)).0 > before, "a thousand entries are enough");
}

/// A copy of a node's folder, its database as a backup makes it.
async fn copy(home: &Home, to: &Path) -> Home {
    super::witness::copy(home, to).await;
    Home::new(to)
}

/// Writes a log anew with the first so many entries.
fn cut(home: &Home, entries: usize) {
    let text = fs::read_to_string(home.audit()).unwrap();
    let kept: String = text.split_inclusive('\n').take(entries).collect();
    assert!(kept.len() < text.len(), "something is cut");
    fs::write(home.audit(), kept).unwrap();
}

fn grow(home: &Home, entries: usize) {
    let software = Software::new("test 1").unwrap();
    let audit = Audit::open(&home.audit(), software, SystemClock.now()).unwrap();
    audit.append(SystemClock.now(), &vec![Event::Stop; entries]).unwrap();
}

/// Runs a command of a node, which makes a runtime of its own.
async fn perform(home: &Home, args: &[&str]) -> Result<(), tvaers_protocol::problem::Problem> {
    let start = ["tvaers-node", "--quiet", "--home"].map(Into::into);
    let args = start.into_iter().chain([home.dir().into()]).chain(args.iter().map(Into::into));
    let args: Vec<std::ffi::OsString> = args.collect();
    tokio::task::spawn_blocking(|| tvaers_node::cli::perform(args)).await.unwrap()
}

const RECOVER: [&str; 6] = [
    "audit",
    "recover",
    "--approved-by",
    "Kommunaldirektøren",
    "--approved-by",
    "Databeskyttelsesrådgiveren",
];

#[tokio::test]
async fn a_log_that_was_cut_replaced_or_begun_again_is_found_at_the_next_connection_and_answers_nothing() {
    let mut federation = federation().await;
    let dir = tempfile::tempdir().unwrap();
    let home = federation.node_home(&node());
    let older = fs::read(home.audit()).unwrap();
    assert_eq!(ask(&federation, 1).await, Ok(()), "before");
    serve::sign_head(at(&federation, &node())).await;
    let newest = fs::read(home.audit()).unwrap();
    let first = {
        let log = log(&home);
        log.iter().position(|entry| matches!(entry.event, Event::HeadSigned(_))).unwrap()
    };
    let tamper: [(&str, Tamper<'_>); 5] = [
        ("cut back", &|home| cut(home, log(home).len() - 8)),
        ("an older copy", &|home| fs::write(home.audit(), &older).unwrap()),
        ("begun again", &|home| fs::remove_file(home.audit()).unwrap()),
        // Longer than anyone has seen it, so that only what others remember tells.
        ("cut back and grown", &|home| {
            cut(home, log(home).len() - 8);
            grow(home, 200);
        }),
        ("grown from before the first head", &|home| {
            cut(home, first);
            grow(home, 200);
        }),
    ];
    for (turn, (what, tamper)) in tamper.into_iter().enumerate() {
        let copied = copy(&home, &dir.path().join(turn.to_string())).await;
        fs::write(copied.audit(), &newest).unwrap();
        tamper(&copied);
        let opened =
            federation.open_copy(copied.dir()).await.unwrap_or_else(|problem| panic!("{what}: {problem}"));
        federation.put(&node(), opened).await.unwrap();
        let problem = at(&federation, &node()).until_behind().await;
        assert_eq!((problem.code.as_str(), problem.exit), ("audit.behind", Exit::Refused), "{what}");
        assert!(problem.next.contains("audit recover"), "{what}: {problem}");
        for number in [1, 2] {
            assert_eq!(ask(&federation, number).await, Err("audit.behind".to_owned()), "{what}: {number}");
        }
        // Nor does it start again, whether or not anybody can be reached.
        let again = federation.open_copy(copied.dir()).await.err().unwrap();
        assert_eq!(again.code, "audit.behind", "{what}: {again}");
    }
    // The newest log mends it,
    let copied = Home::new(dir.path().join("0"));
    fs::write(copied.audit(), &newest).unwrap();
    let opened = federation.open_copy(copied.dir()).await.unwrap();
    federation.put(&node(), opened).await.unwrap();
    serve::sign_head(at(&federation, &node())).await;
    assert_eq!(ask(&federation, 2).await, Ok(()));
    assert_eq!(at(&federation, &node()).not_countersigned().await, []);
    // and where it is lost for good, two persons: of this copy's log as well, which has gone on by now.
    let copied = Home::new(dir.path().join("2"));
    let alone = perform(&copied, &RECOVER[..4]).await.unwrap_err();
    assert_eq!((alone.code.as_str(), alone.exit), ("audit.approval", Exit::Refused));
    for _ in 0..2 {
        perform(&copied, &RECOVER).await.unwrap();
        let nothing = perform(&copied, &RECOVER).await.unwrap_err();
        assert_eq!(nothing.code, "audit.nothing-lost");
        let opened = federation.open_copy(copied.dir()).await.unwrap();
        federation.put(&node(), opened).await.unwrap();
        serve::sign_head(at(&federation, &node())).await;
        if at(&federation, &node()).not_countersigned().await.is_empty() {
            break;
        }
        assert_eq!(at(&federation, &node()).until_behind().await.code, "audit.behind");
    }
    assert_eq!(ask(&federation, 3).await, Ok(()));
    let log = log(&copied);
    let recovered = log
        .iter()
        .filter(|entry| matches!(&entry.event, Event::LogRecovered(lost) if lost.approved_by.len() == 2));
    assert!(recovered.count() >= 1);
    // What was lost others still have.
    let kept = exported(&federation, dir.path()).await;
    assert!(kept.iter().any(|seen| seen.head.content.log != log[0].digest), "of the log before");
    assert!(kept.iter().any(|seen| seen.head.content.log == log[0].digest), "and of this one");
}

/// The heads of Lolland that the coordinator hands out, beside the service.
async fn exported(federation: &Federation, dir: &Path) -> Vec<SeenHead> {
    let out = dir.join("coordinator-heads.jsonl");
    let home = federation.coordinator_home();
    let args = ["tvaers", "--quiet", "--home"].map(Into::into).into_iter().chain([home.dir().into()]);
    let args =
        args.chain(["audit", "heads", "--of", "k360", "--out"].map(Into::into)).chain([out.clone().into()]);
    let args: Vec<std::ffi::OsString> = args.collect();
    let done = tokio::task::spawn_blocking(|| tvaers_coordinator::cli::perform(args)).await.unwrap();
    done.unwrap();
    lines(&out)
}

fn lines(path: &PathBuf) -> Vec<SeenHead> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn of_two_copies_of_a_log_the_one_that_was_shown_goes_on_and_others_keep_the_heads_of_both() {
    let mut federation = federation().await;
    let dir = tempfile::tempdir().unwrap();
    let home = federation.node_home(&node());
    let copied = copy(&home, &dir.path().join("clone")).await;
    assert_eq!(ask(&federation, 1).await, Ok(()));
    serve::sign_head(at(&federation, &node())).await;
    let clone = federation.open_copy(copied.dir()).await.unwrap();
    let original = federation.put(&node(), clone).await.unwrap();
    assert_eq!(at(&federation, &node()).until_behind().await.code, "audit.behind");
    assert_eq!(ask(&federation, 1).await, Err("audit.behind".to_owned()));
    federation.put(&node(), original).await.unwrap();
    assert_eq!(ask(&federation, 2).await, Ok(()), "the other has lost nothing");
    serve::sign_head(at(&federation, &node())).await;
    assert_eq!(at(&federation, &node()).not_countersigned().await, []);

    let (log, roster) = (log(&home), federation.asker().roster());
    let witness = words(&log).into_iter().find_map(|word| match &word.by.content.by {
        Seer::Witness(witness) => Some(witness.clone()),
        Seer::Coordinator => None,
    });
    let (witness, out) = (witness.unwrap(), dir.path().join("witness-heads.jsonl"));
    let heads = ["audit", "heads", "--of", "k360", "--out", out.to_str().unwrap()];
    perform(&federation.node_home(&witness), &heads).await.unwrap();
    let again = perform(&federation.node_home(&witness), &heads).await.unwrap_err();
    assert_eq!((again.code.as_str(), again.exit), ("heads.exists", Exit::BadInput));
    for kept in [exported(&federation, dir.path()).await, lines(&out)] {
        assert!(kept.iter().all(|seen| verifies(roster, seen)));
        let (own, other): (Vec<&SeenHead>, Vec<&SeenHead>) =
            kept.iter().partition(|seen| contains(&log, &seen.head.content));
        assert!(!own.is_empty() && !other.is_empty(), "{} and {}", own.len(), other.len());
        assert!(other.iter().all(|seen| seen.head.content.log == log[0].digest), "a fork of the same log");
    }
}

#[tokio::test]
async fn a_coordinator_that_forges_replays_or_withholds_is_not_believed_and_stops_nobody() {
    let middle = Arc::new(Middle::default());
    let builder = Federation::builder().cases(3).interceptor(Arc::clone(&middle) as _);
    let mut federation = builder.build().await.unwrap();
    federation.connect_all().await.unwrap();
    settle(&federation).await;
    let home = federation.node_home(&node());
    let k360 = Arc::clone(at(&federation, &node()));
    serve::sign_head(&k360).await;
    assert_eq!(k360.not_countersigned().await, []);
    let old = log(&home);
    let of = |seer: &Seer| {
        let word = words(&old).into_iter().rev().find(|word| word.by.content.by == *seer);
        word.map(|word| (word.head.clone(), word.by.clone()))
    };
    let (head, by_coordinator) = of(&Seer::Coordinator).unwrap();
    let to_lolland = |passage: &Passage| passage.direction == Direction::ToNode && passage.node == node();
    type Change = Box<dyn Fn(&mut Countersigned) + Send>;
    let changes: [(&str, Change); 5] = [
        (
            "replays",
            Box::new({
                let word = by_coordinator.clone();
                move |said| said.countersignature = Some(word.clone())
            }),
        ),
        (
            "moves the time",
            Box::new(|said| {
                if let Some(word) = &mut said.countersignature {
                    word.content.time += SignedDuration::from_secs(60);
                }
            }),
        ),
        (
            "says who it is not",
            Box::new(|said| {
                if let Some(word) = &mut said.countersignature {
                    word.content.by = Seer::Witness(node());
                }
            }),
        ),
        ("withholds", Box::new(|said| *said = Countersigned { countersignature: None, before: None })),
        (
            "claims to have seen more",
            Box::new({
                let mut more = head.clone();
                more.content.entries += 1_000;
                move |said| *said = Countersigned { countersignature: None, before: Some(more.clone()) }
            }),
        ),
    ];
    for (number, (what, change)) in (1..).zip(changes) {
        middle.rewrite(move |passage, _, said: &mut Countersigned| {
            let is_here = to_lolland(passage);
            if is_here {
                change(said);
            }
            is_here
        });
        let before = words(&log(&home)).len();
        serve::sign_head(&k360).await;
        assert_eq!(k360.not_countersigned().await.len(), 4, "{what}");
        assert_eq!(words(&log(&home)).len(), before, "{what}: nothing is written that is not believed");
        assert_eq!(ask(&federation, number).await, Ok(()), "{what}");
        middle.rest();
        serve::look_at_heads(&k360).await;
        assert_eq!(k360.not_countersigned().await, [], "{what}: with the true words");
    }
    // Every word in the log is true.
    let roster = federation.asker().roster();
    let log = log(&home);
    let seen = |word: &&HeadCountersigned| SeenHead { head: word.head.clone(), by: word.by.clone() };
    assert!(words(&log).iter().map(seen).all(|seen| verifies(roster, &seen)));
}
