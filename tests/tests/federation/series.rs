//! Runs under one key: the same pseudonyms, newcomers alone evaluated, shares refreshed, holders left out and shares made
//! again, and nothing left once the series is closed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::{Date, date};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use tvaers_coordinator::stratify::{self, Summary};
use tvaers_host::private;
use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_node::audit::event::{Event, SeriesClosing};
use tvaers_node::audit::read;
use tvaers_protocol::codec;
use tvaers_protocol::frame::Kind;
use tvaers_protocol::id::Digest;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::{Accepted, Close, Evaluate, Open, Opened, Propose, Signed};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::request::Series;
use tvaers_protocol::sign::{Purpose, SigningKey};
use tvaers_protocol::study::{Grain, Manifest, RunId};
use tvaers_tests::fault::{Fault, Middle, Spot};
use tvaers_tests::federation::Federation;

/// A last day that these tests do not live to see.
const UNTIL: Date = date(2099, 12, 31);

struct World {
    federation: Federation,
    middle: Arc<Middle>,
}

impl World {
    async fn new() -> Self {
        let middle = Arc::new(Middle::default());
        let build = Federation::builder().made(60, 11).interceptor(Arc::clone(&middle) as Arc<_>);
        let mut federation = build.build().await.unwrap();
        federation.connect_all().await.unwrap();
        Self { federation, middle }
    }

    fn request(&self, grain: Grain, first: Option<RunId>, deadline_s: u64) -> stratify::Request {
        let federation = &self.federation;
        let wish = federation.wish("sad", federation.as_of(), grain);
        let series = Some(Series { first, until: UNTIL });
        let request = federation.signed_wish(tvaers_coordinator::asker::StudyWish { series, ..wish });
        stratify::Request { deadline_s, ..request }
    }

    /// A run, and how many persons each holder was asked to evaluate for whom.
    async fn run(&self, grain: Grain, first: Option<RunId>) -> (Summary, BTreeMap<(NodeId, u16), usize>) {
        self.middle.record();
        let request = self.request(grain, first, 10);
        let summary = self.federation.ask(&request).await.unwrap_or_else(|problem| panic!("{problem}"));
        let mut asked = BTreeMap::new();
        for frame in self.middle.recorded() {
            if frame.kind() == Kind::Evaluate {
                let ask: Evaluate = frame.message().unwrap();
                let batch = ask.batch.content;
                // Once on its way to the coordinator, and once from there.
                *asked.entry((batch.requester, batch.holder)).or_insert(0) += batch.elements.len() / 32;
            }
        }
        asked.values_mut().for_each(|elements| *elements /= 2);
        (summary, asked)
    }

    fn file(&self, id: &NodeId, first: RunId) -> PathBuf {
        self.federation.node_home(id).series(&first.to_string())
    }

    async fn open(&self, id: &NodeId, first: RunId) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.file(id, first)).connect().await.unwrap()
    }

    /// The pseudonyms that a node has kept, by person.
    async fn known(&self, id: &NodeId, first: RunId) -> BTreeMap<String, Vec<u8>> {
        let mut file = self.open(id, first).await;
        let rows = sqlx::query("SELECT person_id, pseudonym FROM known").fetch_all(&mut file).await.unwrap();
        file.close().await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// The epochs that a node has kept, newest first, and whether it has a share of each.
    async fn epochs(&self, id: &NodeId, first: RunId) -> Vec<(i64, bool)> {
        let mut file = self.open(id, first).await;
        let epochs = "SELECT epoch, share IS NOT NULL FROM epoch ORDER BY epoch DESC";
        let rows = sqlx::query(epochs).fetch_all(&mut file).await.unwrap();
        file.close().await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    async fn change(&self, id: &NodeId, first: RunId, sql: &'static str) -> u64 {
        let mut file = self.open(id, first).await;
        let changed = sqlx::query(sql).execute(&mut file).await.unwrap().rows_affected();
        file.close().await.unwrap();
        changed
    }

    /// What a holder has counted for a node in the runs of a series.
    async fn counted(&self, holder: &NodeId, requester: &NodeId, first: RunId) -> i64 {
        let mut file = self.open(holder, first).await;
        let sum = sqlx::query("SELECT coalesce(SUM(evaluated), 0) FROM account WHERE requester = ?");
        let row = sum.bind(requester.as_str()).fetch_one(&mut file).await.unwrap();
        file.close().await.unwrap();
        row.get(0)
    }

    /// The last manifest that was proposed since the frames were recorded.
    fn proposed(&self) -> Manifest {
        let recorded = self.middle.recorded();
        let last = recorded.iter().rev().find(|frame| frame.kind() == Kind::Propose).unwrap();
        last.message::<Propose>().unwrap().manifest.content
    }

    /// Proposes a study to a node as a coordinator that does as it likes.
    async fn propose(&self, id: &NodeId, manifest: &Manifest) -> Result<Accepted, ExchangeError> {
        let key = self.federation.coordinator_home().keys().join("signing.key");
        let key = SigningKey::from_seed(&private::read_key(&key).unwrap());
        let propose =
            Propose { manifest: Signed::new(manifest.clone(), Purpose::Proposal, manifest.roster, &key) };
        let link = self.federation.link_to(id).unwrap();
        let mut exchange = Exchange::open(&*link, manifest.roster, Digest::NONE).await.unwrap();
        exchange.ask(&propose, std::time::Duration::from_secs(30)).await
    }

    fn told(&self, id: &NodeId) -> Vec<Event> {
        let entries = read::read(&self.federation.node_home(id).audit()).unwrap();
        entries.map(|entry| entry.unwrap().event).collect()
    }

    /// Waits until a node has closed the last study.
    async fn until_closed(&self, id: &NodeId) {
        for _ in 0..200 {
            if self.federation.scratch(id).unwrap().is_empty() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("{id} has not closed the study");
    }

    /// Whatever a series or a study has left anywhere.
    fn left(&self) -> Vec<PathBuf> {
        let of = |id: &NodeId| std::fs::read_dir(self.federation.node_home(id).dir()).unwrap();
        let files =
            self.federation.names().into_iter().flat_map(|id| of(&id)).map(|file| file.unwrap().path());
        let is_left = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with("series-") || name.starts_with("study-")
        };
        files.filter(is_left).collect()
    }
}

/// Every person whom two nodes know is called the same there, and no two persons are.
fn agree(known: &BTreeMap<NodeId, BTreeMap<String, Vec<u8>>>) -> usize {
    let (mut of_person, mut shared) = (BTreeMap::new(), 0);
    for known in known.values() {
        for (person, pseudonym) in known {
            if let Some(before) = of_person.insert(person.clone(), pseudonym.clone()) {
                assert!(before == *pseudonym, "two nodes call a person otherwise");
                shared += 1;
            }
        }
    }
    let mut all: Vec<_> = of_person.values().collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), of_person.len(), "two persons have one pseudonym");
    shared
}

#[tokio::test]
async fn later_runs_know_everybody_and_evaluate_newcomers_alone() {
    let world = World::new().await;
    let names = world.federation.names();
    let (first_run, asked) = world.run(Grain::Events, None).await;
    let run = first_run.run;
    assert_eq!(first_run.key_until, Some(UNTIL));
    assert!(asked.values().all(|elements| *elements > 0), "{asked:?}");
    let lists = world.federation.worklist_texts();
    let mut known = BTreeMap::new();
    for id in &names {
        known.insert(id.clone(), world.known(id, run).await);
        assert_eq!(world.epochs(id, run).await, [(0, true)]);
        assert_eq!(world.federation.scratch(id).unwrap(), Vec::<PathBuf>::new());
        let kept = world
            .told(id)
            .into_iter()
            .any(|event| matches!(event, Event::SeriesKept(kept) if kept.epoch == 0 && kept.until == UNTIL));
        assert!(kept, "{id}'s log does not tell that the key is kept");
    }
    assert!(agree(&known) > 10);

    world.federation.forget_worklists().unwrap();
    let (second, asked) = world.run(Grain::Events, Some(run)).await;
    assert_ne!(second.run, run);
    assert_eq!(asked, BTreeMap::new(), "nobody is new");
    assert_eq!(world.federation.worklist_texts(), lists);
    for id in &names {
        assert_eq!(world.known(id, run).await, known[id]);
        assert_eq!(world.epochs(id, run).await, [(1, true), (0, true)]);
    }

    // Seven persons of one node are new to it: it asks for them alone, and they are called as before.
    let id = &names[0];
    let new = "DELETE FROM known WHERE person_id IN (SELECT person_id FROM known ORDER BY person_id LIMIT 7)";
    assert_eq!(world.change(id, run, new).await, 7);
    world.federation.forget_worklists().unwrap();
    let (_, asked) = world.run(Grain::Events, Some(run)).await;
    let of_node: usize = asked.iter().filter(|((requester, _), _)| requester == id).map(|(_, n)| *n).sum();
    let others = asked.keys().filter(|(requester, _)| requester != id).count();
    // Of two holders it is one itself.
    assert_eq!((of_node, others), (7, 0));
    assert_eq!(world.federation.worklist_texts(), lists);
    for id in &names {
        assert_eq!(world.known(id, run).await, known[id]);
        assert_eq!(world.epochs(id, run).await, [(2, true), (1, true)], "what is older is gone");
    }
}

#[tokio::test]
async fn a_closed_series_leaves_nothing_and_cannot_be_gone_on_with() {
    let mut world = World::new().await;
    let (first, _) = world.run(Grain::Points, None).await;
    let names = world.federation.names();
    let away = names[1].clone();
    world.federation.disconnect(&away).await;
    let ended = world.federation.close_series(first.run).await.unwrap();
    assert_eq!(ended.away, std::slice::from_ref(&away));
    assert_eq!(ended.erased.len(), names.len() - 1);
    assert_eq!(world.left(), [world.file(&away, first.run)]);
    world.federation.connect(&away).await.unwrap();
    for _ in 0..100 {
        if world.left().is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(world.left(), Vec::<PathBuf>::new());
    for id in &names {
        let closed = world.told(id).into_iter().filter(
            |event| matches!(event, Event::SeriesClosed(closed) if closed.reason == SeriesClosing::Asked),
        );
        assert_eq!(closed.count(), 1, "{id}");
    }
    let refused = world.federation.ask(&world.request(Grain::Points, Some(first.run), 10)).await;
    assert_eq!(refused.unwrap_err().code, "series.unknown");
    let again = world.federation.close_series(first.run).await.unwrap();
    assert!(again.away.is_empty());
}

#[tokio::test]
async fn a_run_whose_key_is_its_own_leaves_nothing_to_go_on_with() {
    let world = World::new().await;
    let summary = world.federation.stratify().await.unwrap();
    assert_eq!((summary.key_until, world.left()), (None, Vec::new()));
    let refused = world.federation.ask(&world.request(Grain::Points, Some(summary.run), 10)).await;
    assert_eq!(refused.unwrap_err().code, "series.unknown");
    let refused = world.federation.close_series(summary.run).await;
    assert_eq!(refused.unwrap_err().code, "series.unknown");
}

#[tokio::test]
async fn a_lost_share_is_made_again_by_the_others() {
    let world = World::new().await;
    let (first, _) = world.run(Grain::Events, None).await;
    let names = world.federation.names();
    let known = world.known(&names[0], first.run).await;
    // As one that no key opens any more.
    assert_eq!(world.change(&names[0], first.run, "UPDATE epoch SET share = zeroblob(120)").await, 1);
    let lists = world.federation.worklist_texts();
    world.federation.forget_worklists().unwrap();
    let (second, _) = world.run(Grain::Events, Some(first.run)).await;
    assert_eq!(second.quorum, (2, 3), "nobody is left out");
    let kinds = world.middle.kinds();
    for kind in [Kind::RepairDealt, Kind::RepairAdded, Kind::RepairRecovered] {
        assert!(kinds.iter().any(|(_, passed)| *passed == kind), "{kind}");
    }
    assert_eq!(world.federation.worklist_texts(), lists);
    assert_eq!(world.known(&names[0], first.run).await, known);
    // With the refreshed shares newcomers get the pseudonyms that they would have had.
    let mut all = BTreeMap::new();
    for id in &names {
        all.insert(id.clone(), world.known(id, first.run).await);
    }
    let region = &names[2];
    world.change(region, first.run, "DELETE FROM known").await;
    let (_, asked) = world.run(Grain::Events, Some(first.run)).await;
    assert!(!asked.is_empty() && asked.keys().all(|(requester, _)| requester == region), "{asked:?}");
    assert_eq!(world.known(region, first.run).await, all[region]);
    assert!(agree(&all) > 10);
}

#[tokio::test]
async fn a_holder_that_stays_away_is_left_out_and_comes_back_without_a_share() {
    let mut world = World::new().await;
    let (first, _) = world.run(Grain::Points, None).await;
    let names = world.federation.names();
    let away = names.iter().find(|id| id.as_str().starts_with('k')).unwrap().clone();
    let known = world.known(&away, first.run).await;
    world.federation.disconnect(&away).await;
    let second = world.federation.ask(&world.request(Grain::Points, Some(first.run), 1)).await.unwrap();
    assert_eq!((second.missing.as_slice(), second.quorum), ([away.clone()].as_slice(), (2, 2)));
    world.federation.connect(&away).await.unwrap();
    // All still have the epoch before, so that nobody is left out for having missed one run.
    let (third, asked) = world.run(Grain::Points, Some(first.run)).await;
    assert!(third.missing.is_empty(), "{:?}", third.missing);
    assert_eq!((third.quorum, asked), ((2, 3), BTreeMap::new()));

    // Who misses two takes part from then on without a share.
    world.federation.disconnect(&away).await;
    for _ in 0..2 {
        let without = world.federation.ask(&world.request(Grain::Points, Some(first.run), 1)).await.unwrap();
        assert_eq!(without.missing, std::slice::from_ref(&away));
    }
    world.federation.connect(&away).await.unwrap();
    let (last, asked) = world.run(Grain::Points, Some(first.run)).await;
    assert_eq!((last.quorum, asked), ((2, 2), BTreeMap::new()), "it knows its persons, and holds no share");
    assert_eq!(world.known(&away, first.run).await, known);
    assert!(!world.epochs(&away, first.run).await[0].1);
}

#[tokio::test]
async fn a_series_whose_last_day_is_over_is_erased_and_the_log_tells_of_it() {
    let mut world = World::new().await;
    let federation = &world.federation;
    let wish = federation.wish("sad", federation.as_of(), Grain::Points);
    let series = Some(Series { first: None, until: date(2026, 1, 1) });
    let over = federation.signed_wish(tvaers_coordinator::asker::StudyWish { series, ..wish });
    federation.ask(&over).await.unwrap();
    assert_eq!(world.left().len(), federation.names().len());
    let id = world.federation.names()[0].clone();
    world.federation.restart(&id).await.unwrap();
    world.federation.connect(&id).await.unwrap();
    world.federation.sweep(&id).unwrap();
    for _ in 0..100 {
        if world.left().len() < world.federation.names().len() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(world.left().len(), world.federation.names().len() - 1);
    let expired = |event: &Event| matches!(event, Event::SeriesClosed(closed) if closed.reason == SeriesClosing::Expired);
    assert_eq!(world.told(&id).iter().filter(|event| expired(event)).count(), 1);
}

#[tokio::test]
async fn a_restart_at_every_step_of_a_later_run_changes_nobodys_pseudonym() {
    let mut world = World::new().await;
    let (first, _) = world.run(Grain::Events, None).await;
    let (names, lists) = (world.federation.names(), world.federation.worklist_texts());
    let mut known = BTreeMap::new();
    for id in &names {
        known.insert(id.clone(), world.known(id, first.run).await);
    }
    let node = names[0].clone();
    for kind in [Kind::KeyPin, Kind::Compute, Kind::Pseudonymise, Kind::Contribute, Kind::Close] {
        // Half of the region's persons are new to it.
        let new =
            "DELETE FROM known WHERE person_id IN (SELECT person_id FROM known ORDER BY pseudonym LIMIT 30)";
        world.change(&names[2], first.run, new).await;
        world.federation.forget_worklists().unwrap();
        world.middle.set(Spot { node: node.clone(), kind }, Fault::CutLink);
        let run = world.federation.begin(world.request(Grain::Events, Some(first.run), 30));
        world.middle.until_struck().await;
        world.federation.restart(&node).await.unwrap();
        world.federation.connect(&node).await.unwrap();
        let summary = run.await.unwrap().unwrap_or_else(|problem| panic!("{kind}: {problem}"));
        assert!(summary.missing.is_empty(), "{kind}: {:?}", summary.missing);
        assert_eq!(world.federation.worklist_texts(), lists, "{kind}");
        for id in &names {
            world.until_closed(id).await;
            assert_eq!(world.known(id, first.run).await, known[id], "{kind} {id}");
        }
    }
}

#[tokio::test]
async fn of_two_runs_of_a_series_at_a_time_the_earlier_is_given_up() {
    let world = World::new().await;
    let (first, _) = world.run(Grain::Points, None).await;
    world.middle.record();
    world.federation.ask(&world.request(Grain::Points, Some(first.run), 10)).await.unwrap();
    let honest = world.proposed();
    let id = &world.federation.names()[0];
    world.until_closed(id).await;
    let [one, other] = [RunId([1; 16]), RunId([2; 16])].map(|run| Manifest { run, ..honest.clone() });
    world.propose(id, &one).await.unwrap();
    world.propose(id, &other).await.unwrap();
    let open = world.federation.scratch(id).unwrap().into_iter();
    let open = open.filter(|path| path.extension().is_some_and(|ending| ending == "sqlite"));
    assert_eq!(open.count(), 1, "each would be allowed all evaluations");
    let link = world.federation.link_to(id).unwrap();
    let mut exchange = Exchange::open(&*link, one.roster, one.digest()).await.unwrap();
    let open = Open { acceptances: Vec::new() };
    let refused: Result<Opened, _> = exchange.ask(&open, std::time::Duration::from_secs(30)).await;
    assert!(matches!(refused, Err(ExchangeError::Refused(RejectCode::StudyClosed))));
}

#[tokio::test]
async fn a_close_that_fails_and_is_tried_again_loses_no_share_and_counts_once() {
    let mut world = World::new().await;
    let (first, _) = world.run(Grain::Points, None).await;
    let names = world.federation.names();
    let (holder, region) = (&names[0], &names[2]);
    world.change(region, first.run, "DELETE FROM known").await;
    let before = world.counted(holder, region, first.run).await;
    let state = world.federation.node_home(holder).state();
    let mut state = SqliteConnectOptions::new().filename(state).connect().await.unwrap();
    let fails = "CREATE TRIGGER fails BEFORE UPDATE ON study WHEN NEW.state = 'closed'
        BEGIN SELECT RAISE(ABORT, 'as on a full disk'); END";
    sqlx::query(fails).execute(&mut state).await.unwrap();
    let (_, asked) = world.run(Grain::Points, Some(first.run)).await;
    let evaluated = asked.get(&(region.clone(), 1)).copied().unwrap_or_default();
    assert!(evaluated > 0, "{asked:?}");
    while world.middle.refused().iter().all(|refused| refused.code != RejectCode::Internal) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    sqlx::query("DROP TRIGGER fails").execute(&mut state).await.unwrap();
    state.close().await.unwrap();
    world.federation.disconnect(holder).await;
    world.federation.connect(holder).await.unwrap();
    world.until_closed(holder).await;
    assert_eq!(world.epochs(holder, first.run).await, [(1, true), (0, true)]);
    let after = world.counted(holder, region, first.run).await;
    assert_eq!(after - before, i64::try_from(evaluated).unwrap());
}

#[tokio::test]
async fn what_was_evaluated_in_a_run_that_a_restart_ended_is_counted() {
    let mut world = World::new().await;
    let (first, _) = world.run(Grain::Points, None).await;
    let names = world.federation.names();
    let (holder, region) = (names[0].clone(), names[2].clone());
    world.change(&region, first.run, "DELETE FROM known").await;
    let before = world.counted(&holder, &region, first.run).await;
    world.middle.set(Spot { node: holder.clone(), kind: Kind::Contribute }, Fault::CutLink);
    let run = world.federation.begin(world.request(Grain::Points, Some(first.run), 1));
    world.middle.until_struck().await;
    let files = world.federation.scratch(&holder).unwrap();
    let file = files.iter().find(|path| path.extension().is_some_and(|ending| ending == "sqlite")).unwrap();
    let mut file = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    sqlx::query("UPDATE study SET confirmations = NULL").execute(&mut file).await.unwrap();
    file.close().await.unwrap();
    world.federation.restart(&holder).await.unwrap();
    assert_eq!(world.federation.scratch(&holder).unwrap(), Vec::<PathBuf>::new(), "it cannot go on");
    assert!(world.counted(&holder, &region, first.run).await > before);
    // Whatever has become of the run without this holder.
    drop(run.await.unwrap());
}

#[tokio::test]
async fn a_node_that_is_new_to_a_series_is_evaluated_once_also_where_its_run_came_to_no_end() {
    let mut world = World::new().await;
    let away = world.federation.names().iter().find(|id| id.as_str().starts_with('r')).unwrap().clone();
    world.federation.disconnect(&away).await;
    let first = world.federation.ask(&world.request(Grain::Points, None, 1)).await.unwrap().run;
    world.federation.connect(&away).await.unwrap();
    world.middle.rewrite(|_, _, close: &mut Close| std::mem::replace(&mut close.is_complete, false));
    world.federation.ask(&world.request(Grain::Points, Some(first), 10)).await.unwrap();
    world.until_closed(&away).await;
    let (_, asked) = world.run(Grain::Points, Some(first)).await;
    assert_eq!(asked, BTreeMap::new(), "it has had its persons evaluated, and counted, before");
    let mut known = BTreeMap::new();
    for id in world.federation.names() {
        world.until_closed(&id).await;
        known.insert(id.clone(), world.known(&id, first).await);
    }
    assert!(agree(&known) > 10);
}

#[tokio::test]
async fn a_series_is_not_gone_on_with_under_another_permit() {
    let world = World::new().await;
    let (first, _) = world.run(Grain::Points, None).await;
    // As though one node had begun it under another permit of its policy.
    let id = world.federation.names()[0].clone();
    let mut file = world.open(&id, first.run).await;
    let row = sqlx::query("SELECT manifest FROM series").fetch_one(&mut file).await.unwrap();
    let honest: Vec<u8> = row.get(0);
    let mut manifest: Manifest = codec::decode(&honest).unwrap();
    manifest.request.content.list.as_mut().unwrap().permit.push('2');
    let change = "UPDATE series SET manifest = ?";
    sqlx::query(change).bind(codec::canonical(&manifest)).execute(&mut file).await.unwrap();
    world.middle.rest();
    world.federation.ask(&world.request(Grain::Points, Some(first.run), 10)).await.unwrap_err();
    let refused = world.middle.refused();
    let codes: Vec<_> = refused.iter().map(|refused| (refused.node.clone(), refused.code)).collect();
    assert_eq!(codes, [(id, RejectCode::OtherStudy)]);
    sqlx::query(change).bind(honest).execute(&mut file).await.unwrap();
    file.close().await.unwrap();
    let (second, _) = world.run(Grain::Points, Some(first.run)).await;
    assert!(second.missing.is_empty());
}

#[tokio::test]
async fn a_series_that_a_node_cannot_read_is_not_taken_for_closed() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut world = World::new().await;
    let (first, _) = world.run(Grain::Points, None).await;
    let id = world.federation.names()[0].clone();
    let file = world.file(&id, first.run);
    let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    let ended = world.federation.close_series(first.run).await.unwrap();
    assert_eq!(ended.away, std::slice::from_ref(&id));
    mode(0o600);
    world.federation.disconnect(&id).await;
    world.federation.connect(&id).await.unwrap();
    for _ in 0..200 {
        if world.left().is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{:?}", world.left());
}
