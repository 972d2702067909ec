//! Revocations on their way: handed in at the coordinator, fetched by the node at a connection and once a day, and counting
//! there only where one who signs the node's policies has signed.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use minisign::KeyPair;
use sha2::Digest as _;
use tvaers_link::clock::{Clock, SystemClock};
use tvaers_link::memory::{Direction, Fate, Passage};
use tvaers_node::audit::event::{Event, PolicyRevoked};
use tvaers_node::audit::read;
use tvaers_node::serve;
use tvaers_protocol::frame::Kind;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::problem::Exit;
use tvaers_tests::federation::Federation;
use tvaers_tests::policy::{AGGREGATES, day, municipality};

/// The machine's clock, ahead by so many seconds.
#[derive(Default)]
struct Ahead(AtomicI64);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

/// A federation in which `k360` has a policy that two persons signed.
struct Made {
    federation: Federation,
    dpo: KeyPair,
    policy: Digest,
    clock: Arc<Ahead>,
    /// Whether the coordinator is one that does not know the question.
    earlier: Arc<AtomicBool>,
    /// How often `k360` put the question.
    questions: Arc<AtomicU64>,
    asked: AtomicI64,
}

fn k360() -> NodeId {
    NodeId::new("k360").unwrap()
}

fn signature(keys: &KeyPair, text: &str) -> String {
    minisign::sign(None, &keys.sk, text.as_bytes(), None, None).unwrap().to_string()
}

impl Made {
    /// Nobody is connected yet.
    async fn new() -> Self {
        let put =
            |data: &std::path::Path| Ok(std::fs::write(data.join("k360/policy.toml"), municipality("k360"))?);
        let (clock, earlier) = (Arc::new(Ahead::default()), Arc::new(AtomicBool::new(false)));
        let questions = Arc::new(AtomicU64::new(0));
        let (is_earlier, counted) = (Arc::clone(&earlier), Arc::clone(&questions));
        let middle = move |passage: &Passage, frame: &mut Vec<u8>| {
            let asks = frame.get(1) == Some(&Kind::AskRevocations.number());
            if asks && passage.direction == Direction::ToCoordinator && passage.node == k360() {
                if is_earlier.load(Ordering::Relaxed) {
                    frame[1] = 200;
                }
                counted.fetch_add(1, Ordering::Relaxed);
            }
            Fate::Forward
        };
        let builder = Federation::builder().cases(3).edit(put).interceptor(Arc::new(middle));
        let builder = builder.everyones_clock(Arc::clone(&clock) as Arc<dyn Clock>);
        let mut federation = builder.build().await.unwrap();
        let home = federation.node_home(&k360());
        let text = std::fs::read_to_string(home.policy()).unwrap();
        let mut config = std::fs::read_to_string(home.config()).unwrap();
        let [_, dpo] = [("controller", "Ane Ansvarlig"), ("dpo", "Bo Beskytter")].map(|(role, name)| {
            let keys = KeyPair::generate_unencrypted_keypair().unwrap();
            let key = keys.pk.to_base64();
            config.push_str(&format!(
                "\n[[policy-signer]]\nrole = \"{role}\"\nname = \"{name}\"\nkey = \"{key}\"\n"
            ));
            std::fs::write(home.dir().join(format!("policy.toml.{role}.minisig")), signature(&keys, &text))
                .unwrap();
            keys
        });
        std::fs::write(home.config(), config).unwrap();
        federation.restart(&k360()).await.unwrap();
        let policy = Digest(sha2::Sha256::digest(text.as_bytes()).into());
        Self { federation, dpo, policy, clock, earlier, questions, asked: AtomicI64::new(0) }
    }

    /// A revocation of the permit for queries, of a node's policy, since yesterday.
    fn revocation(&self, node: &str) -> String {
        let (policy, from) = (self.policy, day(-1));
        format!(
            "[revocation]\nnode = \"{node}\"\npolicy = \"{policy}\"\npermit = \"{AGGREGATES}\"\nfrom = {from}\n\
             reason = \"Aftalen er opsagt.\"\n"
        )
    }

    /// Has the secretariat hand out a revocation for `k360`; gives the code of what it refuses.
    fn publish(&self, text: &str, signature: &str) -> Result<(), String> {
        let (home, dir) = (self.federation.coordinator_home(), tempfile::tempdir().unwrap());
        let file = dir.path().join("revocation.toml");
        std::fs::write(&file, text).unwrap();
        std::fs::write(dir.path().join("revocation.toml.dpo.minisig"), signature).unwrap();
        let mut arguments: Vec<std::ffi::OsString> =
            ["tvaers", "--quiet", "--format", "json", "--home"].map(Into::into).into();
        arguments.extend([home.dir().into(), "revocation".into(), "publish".into(), file.into()]);
        arguments.extend(["--node".into(), "k360".into()]);
        tvaers_coordinator::cli::perform(arguments).map_err(|problem| problem.code)
    }

    /// Connects everybody, and waits until `k360` has asked and done with the answer what it does.
    async fn connect(&mut self) {
        let before = self.questions.load(Ordering::Relaxed);
        self.federation.connect_all().await.unwrap();
        let asked = async {
            while self.questions.load(Ordering::Relaxed) == before {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), asked).await.expect("it asks when it connects");
        // Whoever looks waits for who asks.
        self.look().await;
        assert_eq!(self.questions.load(Ordering::Relaxed), before + 1, "and then no more");
    }

    /// The node looks whether it is time to ask, so many hours and a minute from now by its clock, which people's are not.
    async fn look_after(&self, hours: i64) {
        self.clock.0.store(hours * 3_600 + 60, Ordering::Relaxed);
        self.look().await;
        self.clock.0.store(0, Ordering::Relaxed);
    }

    /// The node looks whether it is time to ask.
    async fn look(&self) {
        serve::look_at_revocations(self.federation.node(&k360()).unwrap()).await;
    }

    /// By which rule a new question is refused; none where it is answered.
    async fn refused(&self) -> Option<String> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let as_of = self.federation.as_of();
        let text = format!(
            "name = \"q{number}\"\nas_of = {as_of}\nkind = \"count\"\nby = [\"sex\"]\n[[where]]\nfeature = \"age\"\n\
             from = {number}\n[nodes]\nof = [\"k360\"]\n"
        );
        match self.federation.query(&text).await {
            Ok((answered, _)) => answered.problem(true).map(|problem| problem.what),
            Err(problem) => {
                assert_eq!(problem.exit, Exit::Refused, "{problem}");
                Some(problem.what)
            }
        }
    }

    /// What the node's log says was revoked.
    fn revoked(&self) -> Vec<PolicyRevoked> {
        let entries = read::read(&self.federation.node_home(&k360()).audit()).unwrap();
        let revoked = |event: Event| match event {
            Event::PolicyRevoked(revoked) => Some(revoked),
            _ => None,
        };
        entries.filter_map(|entry| revoked(entry.unwrap().event)).collect()
    }

    /// The names of what stands in the node's folder of revocations, ascending.
    fn files(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.federation.node_home(&k360()).revocations()) else {
            return Vec::new();
        };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn asked_file(&self) -> PathBuf {
        self.federation.node_home(&k360()).revocations_asked()
    }
}

fn sum(text: &str) -> Digest {
    Digest(sha2::Sha256::digest(text.as_bytes()).into())
}

#[tokio::test]
async fn a_connected_node_refuses_the_permit_after_it_has_fetched_the_revocation_a_day_later() {
    let mut made = Made::new().await;
    made.connect().await;
    assert_eq!(made.refused().await, None);
    let first = std::fs::read_to_string(made.asked_file()).unwrap();
    let text = made.revocation("k360");
    assert_eq!(made.publish(&text, &signature(&made.dpo, &text)), Ok(()));
    // It has asked today.
    for hours in [0, 23] {
        made.look_after(hours).await;
        assert!(made.files().is_empty() && made.refused().await.is_none(), "after {hours} hours");
    }
    made.look_after(24).await;
    let name = format!("{}.toml", sum(&text));
    assert_eq!(made.files(), [name.clone(), format!("{name}.dpo.minisig")]);
    let rule = made.refused().await.unwrap();
    assert!(rule.contains("revoked"), "{rule}");
    let revoked = made.revoked();
    assert_eq!(revoked.len(), 1, "{revoked:?}");
    assert_eq!((revoked[0].policy, revoked[0].from), (made.policy, day(-1)));
    assert_eq!(revoked[0].permit.as_ref().map(ToString::to_string), Some(AGGREGATES.to_owned()));
    assert!(revoked[0].by.to_string().starts_with("Bo Beskytter (dpo, key "), "{revoked:?}");
    assert_ne!(std::fs::read_to_string(made.asked_file()).unwrap(), first);
    // Fetched again, and after a restart, it is the same one and said no more than a start says it.
    made.look_after(49).await;
    assert_eq!(made.questions.load(Ordering::Relaxed), 3, "once a day");
    assert_eq!((made.files().len(), made.revoked().len()), (2, 1));
    made.federation.restart(&k360()).await.unwrap();
    made.federation.connect(&k360()).await.unwrap();
    assert!(made.refused().await.unwrap().contains("revoked"));
}

#[tokio::test]
async fn a_node_fetches_what_was_revoked_while_it_was_away_when_it_connects() {
    let mut made = Made::new().await;
    made.connect().await;
    made.federation.disconnect(&k360()).await;
    let text = made.revocation("k360");
    assert_eq!(made.publish(&text, &signature(&made.dpo, &text)), Ok(()));
    made.look().await;
    assert!(made.revoked().is_empty(), "it is not time to ask");
    made.connect().await;
    assert_eq!(made.revoked().len(), 1);
    assert!(made.refused().await.unwrap().contains("revoked"));
}

#[tokio::test]
async fn what_nobody_signed_who_may_or_is_about_another_node_changes_nothing() {
    let mut made = Made::new().await;
    let text = made.revocation("k360");
    let stranger = KeyPair::generate_unencrypted_keypair().unwrap();
    assert_eq!(made.publish(&text, &signature(&stranger, &text)), Ok(()), "the coordinator knows no signers");
    let later = text.replace("opsagt", "udl\u{f8}bet");
    assert_eq!(made.publish(&later, &signature(&made.dpo, &text)), Ok(()), "nor what was signed");
    let other = made.revocation("k376");
    let signed = signature(&made.dpo, &other);
    assert_eq!(made.publish(&other, &signed), Err("revocation.node".to_owned()));
    assert_eq!(made.publish("surprise = 1\n", &signed), Err("revocation.form".to_owned()));
    assert_eq!(made.publish(&text, "x"), Err("revocation.form".to_owned()));
    // A coordinator that hands it out nevertheless.
    let folder = made.federation.coordinator_home().revocations().join("k360");
    std::fs::write(folder.join(format!("{}.toml", sum(&other))), &other).unwrap();
    std::fs::write(folder.join(format!("{}.toml.dpo.minisig", sum(&other))), &signed).unwrap();
    made.connect().await;
    assert!(made.asked_file().exists(), "it was handed all of them");
    assert_eq!((made.files(), made.revoked()), (Vec::new(), Vec::new()));
    assert_eq!(made.refused().await, None);
    // Among these a genuine one still counts, and takes the stranger's signature's place.
    assert_eq!(made.publish(&text, &signature(&made.dpo, &text)), Ok(()));
    made.look_after(24).await;
    assert_eq!(made.files().len(), 2);
    assert!(made.refused().await.unwrap().contains("revoked"));
}

#[tokio::test]
async fn a_node_serves_on_where_the_coordinator_does_not_know_the_question_and_asks_it_again_within_the_day()
{
    let mut made = Made::new().await;
    made.earlier.store(true, Ordering::Relaxed);
    let text = made.revocation("k360");
    assert_eq!(made.publish(&text, &signature(&made.dpo, &text)), Ok(()));
    made.connect().await;
    assert!(!made.asked_file().exists(), "that is what `check` warns of");
    assert_eq!(made.refused().await, None);
    made.earlier.store(false, Ordering::Relaxed);
    made.look_after(1).await;
    assert!(made.asked_file().exists());
    assert!(made.refused().await.unwrap().contains("revoked"));
}
