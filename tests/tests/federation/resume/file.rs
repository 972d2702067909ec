//! Files that a starting node finds: which are gone on with, and that nothing is left of the others.

use std::os::unix::fs::PermissionsExt as _;

use jiff::SignedDuration;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tvaers_host::private;
use tvaers_node::audit::event::{Closing, Event};
use tvaers_node::serve;
use tvaers_protocol::codec;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{Close, Closed, Compute, Computed};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::study::{Grain, Manifest};
use tvaers_pseudonym::key::KeyShare;
use tvaers_pseudonym::sealing::SealingKey;
use tvaers_pseudonym::seed::BlindSeed;
use tvaers_tests::leak::files;

use super::{OTHER, World, alter, assert_refused, k360};

/// What is done to a study's file while its node stands still.
enum Deed {
    /// A statement.
    Sql(&'static str),
    /// A bit in the middle of this column is flipped.
    Flip(&'static str),
    /// This column is that of another study of the same node.
    Foreign(&'static str),
    /// The manifest has something else in it, and is one of which the state database knows.
    Known(fn(&mut Manifest)),
    /// The manifest has something else in it.
    Unknown(fn(&mut Manifest)),
    /// The file has these rights.
    Mode(u32),
    /// The file has another content, and nothing beside it.
    Content(&'static [u8]),
    /// The file has another name.
    Rename,
    /// The state database says otherwise of the newest study.
    State(&'static str),
}

const WRONG: &[(&str, Deed)] = &[
    ("a flipped bit in the share", Deed::Flip("share")),
    ("a flipped bit in the seed", Deed::Flip("seed")),
    ("a flipped bit in the manifest", Deed::Flip("manifest")),
    ("a flipped bit in the confirmations", Deed::Flip("confirmations")),
    ("the share of another study", Deed::Foreign("share")),
    ("the seed of another study", Deed::Foreign("seed")),
    ("the confirmations of another study", Deed::Foreign("confirmations")),
    ("the manifest of another study", Deed::Foreign("manifest")),
    ("no share", Deed::Sql("UPDATE study SET share = NULL")),
    ("no seed", Deed::Sql("UPDATE study SET seed = NULL")),
    ("no study", Deed::Sql("DELETE FROM study")),
    ("a stage that there is not", Deed::Sql("UPDATE study SET stage = 'done'")),
    ("an early stage", Deed::Sql("UPDATE study SET stage = 'opened'")),
    ("tables of another version", Deed::Sql("PRAGMA user_version = 9")),
    ("another roster", Deed::Known(|manifest| manifest.roster = OTHER)),
    ("other definitions", Deed::Known(|manifest| manifest.model_digest = OTHER)),
    ("other data", Deed::Known(|manifest| manifest.participants[0].data = OTHER)),
    (
        "another permit",
        Deed::Known(|manifest| manifest.request.content.list.as_mut().unwrap().permit.push('x')),
    ),
    ("a manifest that nobody agreed to", Deed::Unknown(|manifest| manifest.participants[0].quota += 1)),
    ("a file that others can read", Deed::Mode(0o640)),
    ("a file of text", Deed::Content(b"some text that is no database, and long enough to be taken for one")),
    ("an empty file", Deed::Content(b"")),
    ("another name", Deed::Rename),
    ("a study that was closed", Deed::State("UPDATE study SET state = 'closed'")),
    ("a study that is not on record", Deed::State("DELETE FROM study")),
];

impl World {
    async fn pool(&self, manifest: &Manifest) -> SqlitePool {
        let file = self.federation.node_home(&k360()).work(&manifest.run.to_string());
        SqlitePool::connect_with(SqliteConnectOptions::new().filename(file)).await.unwrap()
    }

    async fn column(&self, of: &Manifest, column: &str) -> Vec<u8> {
        let pool = self.pool(of).await;
        let row =
            sqlx::query("SELECT share, seed, manifest, confirmations FROM study").fetch_one(&pool).await;
        let found = row.unwrap().try_get(column).unwrap();
        pool.close().await;
        found
    }

    async fn set_column(&self, column: &str, content: &[u8]) {
        let statement = match column {
            "share" => "UPDATE study SET share = ?",
            "seed" => "UPDATE study SET seed = ?",
            "manifest" => "UPDATE study SET manifest = ?",
            _ => "UPDATE study SET confirmations = ?",
        };
        let pool = self.pool(&self.manifest).await;
        sqlx::query(statement).bind(content).execute(&pool).await.unwrap();
        pool.close().await;
    }

    async fn set_digest(&self, digest: Digest) {
        let state = self.federation.node_home(&k360()).state();
        let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(state)).await.unwrap();
        let done = sqlx::query("UPDATE study SET manifest = ? WHERE run = ?")
            .bind(digest.0.as_slice())
            .bind(self.manifest.run.to_string())
            .execute(&pool)
            .await;
        assert_eq!(done.unwrap().rows_affected(), 1);
        pool.close().await;
    }

    /// Does it to the newest study; `other` is one that goes on.
    async fn commit(&self, deed: &Deed, other: &Manifest) {
        match deed {
            Deed::Sql(statement) => self.alter(&k360(), statement).await,
            Deed::Flip(column) => {
                let mut content = self.column(&self.manifest, column).await;
                let middle = content.len() / 2;
                content[middle] ^= 1;
                self.set_column(column, &content).await;
            }
            Deed::Foreign(column) => self.set_column(column, &self.column(other, column).await).await,
            Deed::Known(change) | Deed::Unknown(change) => {
                let mut manifest = self.manifest.clone();
                change(&mut manifest);
                self.federation.sign_request(&mut manifest);
                self.set_column("manifest", &codec::canonical(&manifest)).await;
                if matches!(deed, Deed::Known(_)) {
                    self.set_digest(manifest.digest()).await;
                }
            }
            Deed::Mode(mode) => {
                let rights = std::fs::Permissions::from_mode(*mode);
                std::fs::set_permissions(self.file(&k360()), rights).unwrap();
            }
            Deed::Content(content) => {
                let file = self.file(&k360());
                // The log beside it may hold the whole of it.
                for side in ["-wal", "-shm"] {
                    std::fs::remove_file(format!("{}{side}", file.display())).unwrap();
                }
                std::fs::write(file, content).unwrap();
            }
            Deed::Rename => {
                let other = self.file(&k360()).with_file_name("study-0123.sqlite");
                std::fs::rename(self.file(&k360()), other).unwrap();
            }
            Deed::State(statement) => {
                let newest = format!("{statement} WHERE run = '{}'", self.manifest.run);
                alter(self.federation.node_home(&k360()).state(), newest).await;
            }
        }
    }

    /// A further study, as far as that the node is pinned.
    async fn pin_another(&mut self) {
        self.manifest = self.hand.draft(&self.federation).await.unwrap();
        self.hand.agree(&self.manifest).await.unwrap();
        let confirmations = self.hand.confirmations(&self.manifest).await.unwrap();
        self.hand.pin(&k360(), &self.manifest, &confirmations).await.unwrap();
    }

    async fn close_at(&self, id: &tvaers_protocol::id::NodeId) {
        let _: Closed =
            self.hand.ask(id, self.manifest.digest(), &Close { is_complete: false }).await.unwrap();
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_trusted_is_erased_and_everything_else_goes_on() {
    let mut world = World::of_counts().await;
    world.pin_another().await;
    let good = world.manifest.clone();
    let persons: Computed = world.hand.ask(&k360(), good.digest(), &Compute {}).await.unwrap();
    for (what, deed) in WRONG {
        world.pin_another().await;
        world.commit(deed, &good).await;
        world.restart(&k360()).await;
        let left = world.federation.scratch(&k360()).unwrap();
        let of_good = world.federation.node_home(&k360()).work(&good.run.to_string());
        let is_of_good =
            |path: &std::path::PathBuf| path.to_string_lossy().starts_with(of_good.to_str().unwrap());
        assert!(left.contains(&of_good) && left.iter().all(is_of_good), "{what}: {left:?}");
        let answer: Result<Computed, _> = world.hand.ask(&k360(), world.manifest.digest(), &Compute {}).await;
        let code = match deed {
            // The state database has no study with this digest.
            Deed::Known(_) => RejectCode::OtherStudy,
            Deed::State(statement) if statement.starts_with("DELETE") => RejectCode::OtherStudy,
            _ => RejectCode::StudyClosed,
        };
        assert_refused(answer, code, what);
        let again: Computed = world.hand.ask(&k360(), good.digest(), &Compute {}).await.unwrap();
        assert!(again == persons, "{what}");
        for id in world.federation.names() {
            world.close_at(&id).await;
        }
    }
}

#[tokio::test]
async fn a_study_whose_deadline_passed_while_the_node_was_down_is_over() {
    let mut world = World::ready().await;
    world.clock.advance(SignedDuration::from_mins(61));
    world.restart(&k360()).await;
    assert!(world.federation.scratch(&k360()).unwrap().is_empty());
    // The log tells what was evaluated in it all the same, and a sample of it can be opened.
    let home = world.federation.node_home(&k360());
    let entries = tvaers_node::audit::read::read(&home.audit()).unwrap();
    let events: Vec<Event> = entries.map(|entry| entry.unwrap().event).collect();
    let own = |event: &&Event| matches!(event, Event::EvaluatedFor(told) if told.requester == k360());
    assert_eq!(events.iter().filter(own).count(), 1);
    assert!(matches!(events.last(), Some(Event::StudyClosed(told)) if told.how == Closing::Abandoned));
    assert!(home.evaluations(&world.manifest.run.to_string()).exists());
    let answer = world.hand.pseudonymise(&k360(), &world.manifest).await;
    assert_refused(answer, RejectCode::StudyClosed, "k360");
}

#[tokio::test]
async fn a_study_that_the_policy_no_longer_allows_is_over() {
    let mut world = World::ready().await;
    let path = world.federation.node_home(&k360()).policy();
    let text = std::fs::read_to_string(&path).unwrap();
    let less = text.replace("grain = \"events\"", "grain = \"points\"");
    assert_ne!(less, text);
    std::fs::write(&path, less).unwrap();
    world.restart(&k360()).await;
    assert!(world.federation.scratch(&k360()).unwrap().is_empty());
    let answer = world.hand.pseudonymise(&k360(), &world.manifest).await;
    assert_refused(answer, RejectCode::StudyClosed, "k360");
}

#[tokio::test]
async fn an_orderly_stop_keeps_what_can_go_on_and_erases_the_rest() {
    let mut world = World::ready().await;
    let pinned = (world.manifest.clone(), world.file(&k360()));
    world.manifest = world.hand.draft(&world.federation).await.unwrap();
    world.hand.agree(&world.manifest).await.unwrap();
    let agreed = world.file(&k360());
    assert!(pinned.1.exists() && agreed.exists());
    // The very node that serves is out of a test's reach; one that was opened over the same folder knows as much of
    // a study that it has begun itself.
    let clock = std::sync::Arc::clone(&world.clock) as _;
    let (node, ..) = tvaers_node::app::open(world.federation.node_home(&k360()), clock).await.unwrap();
    assert!(pinned.1.exists() && !agreed.exists(), "a start erases what it cannot go on with");
    serve::stop(&node).await;
    assert!(pinned.1.exists(), "a stop keeps what a start can go on with");
    world.manifest = pinned.0;
    world.restart(&k360()).await;
    assert!(!world.hand.contributions(&k360(), &world.manifest).await.unwrap().is_empty());

    world.clock.advance(SignedDuration::from_mins(61));
    let clock = std::sync::Arc::new(tvaers_link::clock::ManualClock::new(world.manifest.created));
    let (node, ..) =
        tvaers_node::app::open(world.federation.node_home(&k360()), std::sync::Arc::clone(&clock) as _)
            .await
            .unwrap();
    clock.advance(SignedDuration::from_mins(61));
    serve::stop(&node).await;
    assert!(!pinned.1.exists(), "what is past its deadline is not kept");
}

#[tokio::test]
async fn no_secret_stands_in_clear_in_any_file_but_the_keys_own() {
    let world = World::new(Grain::Events, 60).await;
    world.hand.ready(&world.manifest).await.unwrap();
    let home = world.federation.node_home(&k360());
    let key = private::read_key(&home.keys().join("sealing.key")).unwrap();
    let key = SealingKey::from_bytes(&key);
    let study = world.manifest.digest();
    let share = KeyShare::open(&study, &key, &world.column(&world.manifest, "share").await).unwrap();
    let seed = BlindSeed::open(&study, &key, &world.column(&world.manifest, "seed").await).unwrap();
    let pool = world.pool(&world.manifest).await;
    let row = sqlx::query("SELECT pseudonym, secret FROM pseudonym LIMIT 1").fetch_one(&pool).await.unwrap();
    let pseudonym = tvaers_protocol::id::Pseudonym::from_bytes(row.get::<Vec<u8>, _>(0).try_into().unwrap());
    let hidden: [u8; 32] = row.get::<Vec<u8>, _>(1).try_into().unwrap();
    pool.close().await;
    let secret = seed.show(&pseudonym, &hidden);
    let mut n_hidden = 0;
    for path in files(home.dir()).unwrap() {
        let content = std::fs::read(&path).unwrap();
        for secret in [&*share.expose(), seed.expose(), secret.expose()] {
            assert!(!content.windows(32).any(|window| window == secret), "{}", path.display());
        }
        n_hidden += content.windows(32).filter(|window| *window == hidden).count();
    }
    assert!(n_hidden > 0, "the search finds what is there");
}
