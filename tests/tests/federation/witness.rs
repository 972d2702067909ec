//! Witnesses, end to end: no answer without them, and an older copy of a ledger, a second one, and a clock that is
//! wrong answer nothing. Whatever is done, no more leaves than was charged.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use tvaers_coordinator::query::Answered;
use tvaers_coordinator::stratify::RequestId;
use tvaers_link::clock::{Clock, SystemClock};
use tvaers_link::memory::{Direction, Fate, Passage};
use tvaers_node::audit::event::Event;
use tvaers_node::audit::read;
use tvaers_node::home::Home;
use tvaers_protocol::frame::{Frame, Kind};
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::Exit;
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::witness::{AskWitness, Witnessed};
use tvaers_tests::fault::Middle;
use tvaers_tests::federation::{Builder, Federation};
use tvaers_tests::policy::{changed, municipality};

const RHO: u64 = 10_000_000;

fn node() -> NodeId {
    NodeId::new("k360").unwrap()
}

/// A question of its own for each number.
fn question(number: u32) -> String {
    format!(
        "name = \"q\"\nkind = \"count\"\nby = [\"sex\"]\nas_of = 2026-02-28\n[[where]]\nfeature = \"age\"\nfrom = {number}\n[nodes]\nof = [\"k360\"]\n"
    )
}

/// Heads of audit logs are held back, so that the ledger has to do without: a copy that is behind with both would be
/// found out by its log, which is the affair of `heads`.
#[expect(clippy::ptr_arg, reason = "what an interceptor is given")]
fn without_heads(_: &Passage, bytes: &mut Vec<u8>) -> Fate {
    let is_head = Frame::decode(bytes).is_ok_and(|frame| frame.kind() == Kind::AskCountersign);
    if is_head { Fate::CutStream } else { Fate::Forward }
}

/// Lolland's policy wants a witness.
fn builder() -> Builder {
    let policy = changed(&municipality("k360"), "\nwitnesses = 0\n", "\nwitnesses = 1\n");
    let put = move |data: &Path| Ok(fs::write(data.join("k360/policy.toml"), &policy)?);
    Federation::builder().cases(3).edit(put).interceptor(Arc::new(without_heads))
}

async fn federation() -> Federation {
    let mut federation = builder().build().await.unwrap();
    federation.connect_all().await.unwrap();
    federation
}

/// How many entries the ledger has, and what is spent.
async fn spent(federation: &Federation) -> (u64, u64) {
    let totals = federation.node(&node()).unwrap().totals().await.unwrap();
    (totals.head.entries, totals.life.get())
}

fn rules(answered: &Answered) -> Vec<&str> {
    let refused = answered.coverage.refused.iter();
    refused.flat_map(|refused| &refused.rules).map(|rule| rule.code.as_str()).collect()
}

/// Asks, and says whether it is answered, or by which rule not.
async fn ask(federation: &Federation, number: u32) -> Result<(), String> {
    let (answered, results) = federation.query(&question(number)).await.unwrap();
    match results.len() {
        1 => Ok(()),
        _ => Err(rules(&answered).join(" ")),
    }
}

fn refused(rule: &str) -> Result<(), String> {
    Err(rule.to_owned())
}

/// A copy of a node's folder as it is now, its databases as a backup makes them.
pub(crate) async fn copy(home: &Home, to: &Path) -> PathBuf {
    copy_folder(home.dir(), to);
    let copied = Home::new(to);
    for side in ["state.sqlite", "state.sqlite-wal", "state.sqlite-shm", "pid"] {
        let _ = fs::remove_file(to.join(side));
    }
    let mut connection = SqliteConnectOptions::new().filename(home.state()).connect().await.unwrap();
    sqlx::query("VACUUM INTO ?")
        .bind(copied.state().to_str().unwrap())
        .execute(&mut connection)
        .await
        .unwrap();
    // As a node's own file: others may not read it.
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(copied.state(), fs::Permissions::from_mode(0o600)).unwrap();
    to.to_owned()
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_folder(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

#[tokio::test]
async fn no_answer_leaves_before_others_have_signed_what_it_was_charged() {
    let mut federation = builder().build().await.unwrap();
    federation.connect(&node()).await.unwrap();
    assert_eq!(ask(&federation, 1).await, refused("witness.absent"));
    assert_eq!(spent(&federation).await, (0, 0), "nothing is charged before a witness was asked");
    federation.connect_all().await.unwrap();
    assert_eq!(ask(&federation, 1).await, Ok(()));
    assert_eq!(spent(&federation).await, (2, RHO));
    // The others go: what is charged now stays, and nothing leaves.
    for other in federation.names().iter().filter(|other| **other != node()) {
        federation.disconnect(other).await;
    }
    let signed = federation.signed_query(&question(2), 1).unwrap();
    let (answered, results) = federation.ask_query(&RequestId::random(), signed.clone()).await.unwrap();
    assert_eq!((rules(&answered), results.len()), (vec!["witness.absent"], 0));
    assert_eq!(answered.exit(false), Exit::Refused);
    assert_eq!(spent(&federation).await, (4, 2 * RHO));
    federation.connect_all().await.unwrap();
    let (_, results) = federation.ask_query(&RequestId::random(), signed).await.unwrap();
    assert_eq!(results.len(), 1, "the stored answer, for what was charged");
    assert_eq!(spent(&federation).await, (4, 2 * RHO));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_32_who_ask_at_once_for_a_budget_of_ten_exactly_ten_are_answered() {
    let federation = federation().await;
    // 0.05 each, of 0.5 under the permit.
    let questions: Vec<String> =
        (0..32).map(|number| question(number).replace("[nodes]", "[privacy]\nrho = 0.05\n[nodes]")).collect();
    let asked = questions.iter().map(|question| async {
        let (answered, results) = federation.query(question).await.unwrap();
        (rules(&answered).join(" "), results.len())
    });
    let told = futures_util::future::join_all(asked).await;
    let answers = told.iter().filter(|(_, results)| *results == 1).count();
    assert_eq!(answers, 10, "{told:?}");
    assert!(told.iter().all(|(rules, results)| *results == 1 || rules.contains("budget.permit")), "{told:?}");
    assert_eq!(spent(&federation).await, (20, 500_000_000), "ten charges, ten answers");
}

#[tokio::test]
async fn a_restored_older_database_is_found_and_answers_nothing_until_the_loss_is_charged() {
    let mut federation = federation().await;
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(ask(&federation, 1).await, Ok(()));
    let home = federation.node_home(&node());
    let older = copy(&home, &dir.path().join("older")).await;
    assert_eq!(ask(&federation, 2).await, Ok(()));
    assert_eq!(ask(&federation, 3).await, Ok(()));
    let charged = spent(&federation).await.1;

    // The database alone: the node's own log knows better.
    let mixed = copy(&home, &dir.path().join("mixed")).await;
    fs::copy(older.join("state.sqlite"), mixed.join("state.sqlite")).unwrap();
    let problem = federation.open_copy(&mixed).await.err().unwrap();
    assert_eq!((problem.code.as_str(), problem.exit), ("ledger.older", Exit::Failed));
    assert!(problem.next.contains("newest state.sqlite"), "{problem}");

    // The log with it: only others know.
    let opened = federation.open_copy(&older).await.unwrap();
    federation.put(&node(), opened).await.unwrap();
    for number in [4, 1] {
        assert_eq!(ask(&federation, number).await, refused("ledger.behind"), "new or stored: {number}");
    }
    assert_eq!(spent(&federation).await, (2, RHO), "an older ledger is not written to");
    let problem = federation.node(&node()).unwrap().until_behind().await;
    assert_eq!((problem.code.as_str(), problem.exit), ("ledger.behind", Exit::Refused));
    assert!(problem.next.contains("ledger recover"), "{problem}");
    let failed = federation.stratify().await.unwrap_err();
    assert!(failed.to_string().contains("k360"), "{failed}");

    // Nor does it start again, whether or not anybody can be reached.
    let again = federation.open_copy(&older).await.err().unwrap();
    assert_eq!((again.code.as_str(), again.exit), ("ledger.behind", Exit::Refused));

    // It is lost for good: what others saw spent is charged.
    let recover = |by: &'static [&'static str]| {
        let home = older.clone();
        tokio::task::spawn_blocking(move || {
            let start = ["tvaers-node", "--quiet", "--home"].map(Into::into);
            let arguments = start.into_iter().chain([home.into(), "ledger".into(), "recover".into()]);
            let by = by.iter().flat_map(|name| ["--approved-by".into(), (*name).into()]);
            tvaers_node::cli::perform(arguments.chain(by).collect::<Vec<std::ffi::OsString>>())
        })
    };
    let alone = recover(&["Kommunaldirektøren"]).await.unwrap().unwrap_err();
    assert_eq!((alone.code.as_str(), alone.exit), ("ledger.approval", Exit::Refused));
    recover(&["Kommunaldirektøren", "Databeskyttelsesrådgiveren"]).await.unwrap().unwrap();
    let opened = federation.open_copy(&older).await.unwrap();
    federation.put(&node(), opened).await.unwrap();
    assert_eq!(spent(&federation).await, (3, charged), "no less than was released");
    assert_eq!(ask(&federation, 5).await, Ok(()));
    assert_eq!(spent(&federation).await, (5, charged + RHO));
    // Recovering is no way back to what is older still.
    let nothing = recover(&["Kommunaldirektøren", "Databeskyttelsesrådgiveren"]).await.unwrap().unwrap_err();
    assert_eq!(nothing.code, "ledger.nothing-lost");
}

#[tokio::test]
async fn an_older_policy_than_others_saw_in_force_answers_nothing() {
    let mut federation = federation().await;
    let dir = tempfile::tempdir().unwrap();
    let home = federation.node_home(&node());
    let older = copy(&home, &dir.path().join("older")).await;
    let first = fs::read_to_string(home.policy()).unwrap();
    let digest: String = Sha256::digest(first.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let next = format!("version = 2\npredecessor = \"{digest}\"\n");
    // The first is that of the policy, later ones are of models.
    fs::write(home.policy(), first.replacen("version = 1\n", &next, 1)).unwrap();
    federation.restart(&node()).await.unwrap();
    federation.connect(&node()).await.unwrap();
    assert_eq!(ask(&federation, 1).await, Ok(()));
    // The ledger of now with the policy and the memory of before: only others know that there was a newer one.
    let opened = federation.open_copy(&older).await.unwrap();
    let newest = federation.put(&node(), opened).await.unwrap();
    assert_eq!(ask(&federation, 2).await, refused("ledger.behind"));
    federation.put(&node(), newest).await.unwrap();
    let mixed = copy(&home, &dir.path().join("mixed")).await;
    forget_policies(&mixed).await;
    fs::write(mixed.join("policy.toml"), &first).unwrap();
    // The log still tells of the newer one, until it is an older one as well.
    let refused_at_start = federation.open_copy(&mixed).await.err().unwrap();
    assert!(format!("{refused_at_start:?}").contains("policy.superseded"), "{refused_at_start:?}");
    forget_policies(&mixed).await;
    fs::copy(older.join("audit.jsonl"), mixed.join("audit.jsonl")).unwrap();
    let opened = federation.open_copy(&mixed).await.unwrap();
    federation.put(&node(), opened).await.unwrap();
    assert_eq!(ask(&federation, 2).await, refused("policy.behind"));
    assert_eq!(spent(&federation).await, (2, RHO), "nothing is charged");
}

#[tokio::test]
async fn a_request_that_waits_for_witnesses_ends_under_the_policy_that_it_began_with() {
    // No witness is reached before the request, so that it waits for them; then they are slow.
    let (waiting, mut waits) = tokio::sync::mpsc::unbounded_channel();
    let is_open = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&is_open);
    let slow = move |passage: &Passage, bytes: &mut Vec<u8>| {
        let kind = Frame::decode(bytes).map(|frame| frame.kind());
        match kind {
            Ok(Kind::AskCountersign) => Fate::CutStream,
            Ok(Kind::AskWitness) if !gate.load(Ordering::Acquire) => Fate::CutStream,
            Ok(Kind::AskWitness) if passage.direction == Direction::ToCoordinator => {
                let _ = waiting.send(());
                Fate::Delay(Duration::from_secs(2))
            }
            _ => Fate::Forward,
        }
    };
    let mut federation = builder().interceptor(Arc::new(slow)).build().await.unwrap();
    federation.connect_all().await.unwrap();
    let home = federation.node_home(&node());
    let first: [u8; 32] = Sha256::digest(fs::read(home.policy()).unwrap()).into();
    assert_eq!(ask(&federation, 1).await, refused("witness.absent"));
    is_open.store(true, Ordering::Release);
    let serving = federation.node(&node()).unwrap();
    let withdraw = async {
        waits.recv().await.unwrap();
        fs::remove_file(home.policy()).unwrap();
        tvaers_node::serve::look_at_policy(serving).await;
    };
    let (answered, ()) = tokio::join!(ask(&federation, 2), withdraw);
    assert_eq!(answered, Ok(()));
    assert_eq!(ask(&federation, 3).await, refused("policy.none"));
    let entries = read::read(&home.audit()).unwrap();
    let permitted = entries.filter_map(|entry| match entry.unwrap().event {
        Event::RequestPermitted(permitted) => Some(permitted.asked.policy),
        _ => None,
    });
    assert_eq!(permitted.collect::<Vec<_>>(), [tvaers_protocol::id::Digest(first)]);
}

/// Takes from a node's memory which policies were in force, as whoever can write its disk can.
async fn forget_policies(dir: &Path) {
    let options = SqliteConnectOptions::new().filename(dir.join("state.sqlite"));
    let mut connection = options.connect().await.unwrap();
    sqlx::query("DELETE FROM policy").execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn of_a_cloned_node_only_the_copy_that_was_witnessed_goes_on() {
    let mut federation = federation().await;
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(ask(&federation, 1).await, Ok(()));
    let copied = copy(&federation.node_home(&node()), &dir.path().join("clone")).await;
    let clone = federation.open_copy(&copied).await.unwrap();
    // Both have asked their witnesses before either goes on.
    let original = federation.put(&node(), clone).await.unwrap();
    let dear = question(9).replace("[nodes]", "[privacy]\nrho = 0.06\n[nodes]");
    let (answered, _) = federation.query(&dear).await.unwrap();
    assert_eq!(rules(&answered), ["budget.query"], "witnessed, and asked for too much");
    let clone = federation.put(&node(), original).await.unwrap();
    assert_eq!(ask(&federation, 2).await, Ok(()));
    let released = spent(&federation).await;
    let original = federation.put(&node(), clone).await.unwrap();
    assert_eq!(ask(&federation, 2).await, refused("ledger.behind"), "the same question, with other noise");
    assert_eq!(ask(&federation, 3).await, refused("ledger.behind"));
    // The other copy has lost nothing.
    federation.put(&node(), original).await.unwrap();
    assert_eq!(ask(&federation, 3).await, Ok(()));
    assert_eq!(spent(&federation).await, (released.0 + 2, released.1 + RHO));
}

/// The machine's clock, set wrong by so many seconds.
#[derive(Default)]
struct WrongClock(AtomicI64);

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_or_ahead_frees_no_budget() {
    const DAY: i64 = 86_400;
    let clock = Arc::new(WrongClock::default());
    let mut federation = builder().clock(Arc::clone(&clock) as Arc<dyn Clock>).build().await.unwrap();
    federation.connect_all().await.unwrap();
    assert_eq!(ask(&federation, 1).await, Ok(()));
    let before = spent(&federation).await;
    // A request of today comes from the future, or is long over.
    for (days, rule) in [(-2, "request.created"), (400, "request.expired")] {
        clock.0.store(days * DAY, Ordering::Relaxed);
        let refused = ask(&federation, 2).await.unwrap_err();
        assert!(refused.contains(rule), "{days} days: {refused}");
    }
    assert_eq!(spent(&federation).await, before, "nothing is charged");
    clock.0.store(0, Ordering::Relaxed);
    assert_eq!(ask(&federation, 2).await, Ok(()), "with the clock set right it goes on");
    // Half a day ahead a request still holds, and yesterday's charges would be free too early. Its witnesses have
    // another time.
    let dir = tempfile::tempdir().unwrap();
    let copied = copy(&federation.node_home(&node()), &dir.path().join("ahead")).await;
    let wrong = Arc::new(WrongClock::default());
    wrong.0.store(DAY / 2, Ordering::Relaxed);
    let ahead = federation.open_copy_at(&copied, wrong).await.unwrap();
    federation.put(&node(), ahead).await.unwrap();
    let before = spent(&federation).await;
    assert_eq!(ask(&federation, 3).await, refused("witness.absent"));
    assert_eq!(spent(&federation).await, before, "nothing is charged");
}

#[tokio::test]
async fn the_tables_of_a_study_are_charged_and_witnessed_before_anything_is_contributed() {
    let middle = Arc::new(Middle::default());
    let mut federation = builder().interceptor(Arc::clone(&middle) as _).build().await.unwrap();
    federation.connect_all().await.unwrap();
    middle.record();
    federation.stratify().await.unwrap();
    assert_eq!(spent(&federation).await, (1, 50_000_000));
    let frames = middle.recorded();
    let first = |found: &dyn Fn(&Frame) -> bool| frames.iter().position(found).unwrap();
    let shown = first(&|frame| {
        let ask: Option<AskWitness> = frame.message().ok();
        ask.is_some_and(|ask| ask.presentation.content.shows.life == 50_000_000)
    });
    let witnessed = shown + frames[shown..].iter().position(|frame| frame.kind() == Kind::Witnessed).unwrap();
    assert!(witnessed < first(&|frame| frame.kind() == Kind::Contributions));
}

#[tokio::test]
async fn a_coordinator_can_hold_a_testimony_back_and_not_make_one() {
    let middle = Arc::new(Middle::default());
    let mut federation = builder().interceptor(Arc::clone(&middle) as _).build().await.unwrap();
    federation.connect_all().await.unwrap();
    assert_eq!(ask(&federation, 1).await, Ok(()));
    let before = spent(&federation).await;
    let to_node = |passage: &Passage| passage.direction == Direction::ToNode;
    // No witness is there, and the coordinator says what one would say.
    middle.rewrite(move |passage, _, said: &mut Witnessed| {
        said.testimony.content.kept = false;
        said.testimony.content.remembers = None;
        to_node(passage)
    });
    assert_eq!(ask(&federation, 2).await, refused("witness.absent"));
    assert_eq!(spent(&federation).await, (before.0 + 2, before.1 + RHO), "charged, and kept back");
    middle.rest();
    assert_eq!(ask(&federation, 2).await, Ok(()));
    // Or what one has said before.
    let old = Mutex::new(BTreeMap::new());
    middle.rewrite(move |passage, _, said: &mut Witnessed| {
        let mut old = old.lock().unwrap();
        let of = said.testimony.content.witness.clone();
        let first = old.entry(of).or_insert_with(|| said.clone());
        let other = *first != *said;
        *said = first.clone();
        to_node(passage) && other
    });
    assert_eq!(ask(&federation, 3).await, Ok(()), "the first is its own");
    assert_eq!(ask(&federation, 4).await, refused("witness.absent"));
    // Nor does a node move a witness in the name of another.
    middle.rewrite(move |_, _, ask: &mut AskWitness| {
        ask.presentation.content.shows.life += 1;
        true
    });
    assert_eq!(ask(&federation, 4).await, refused("witness.absent"));
    assert!(middle.refused().iter().any(|refused| refused.code == RejectCode::BadSignature));
    middle.rest();
    assert_eq!(ask(&federation, 4).await, Ok(()));
    assert_eq!(spent(&federation).await.1, before.1 + 3 * RHO, "each question once");
}
