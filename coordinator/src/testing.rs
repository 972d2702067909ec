//! A federation for tests of the coordinator alone: its nodes are puppets, which answer as a node would and work
//! nothing out. What the coordinator does, it does itself, over links in memory and its own state database.

mod puppet;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::civil::{Date, date};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tvaers_definitions::library::Library;
use tvaers_definitions::model::Model;
use tvaers_link::clock::{Clock as _, SystemClock};
use tvaers_link::exchange::{Exchange, ExchangeError};
use tvaers_link::link::{CloseCode, Link};
use tvaers_link::memory::pair;
use tvaers_link::stream::Stream;
use tvaers_protocol::codec;
use tvaers_protocol::event::{Event as PersonEvent, EventRecord, EventRequest, ORDER_BYTES, OrderTag};
use tvaers_protocol::frame::Kind;
use tvaers_protocol::id::{Digest, NodeId, Pseudonym, Sector};
use tvaers_protocol::message::{
    Acceptance, Accepted, AskQuery, Closed, Computed, Contributions, ContributionsEnd, DataStatement,
    Declined, EventRequests, Events as EventsPart, EventsAsked, EventsEnd, HandBackEnd, HandBackTotal,
    HandBacks, HandedBack, KeyConfirmation, KeyConfirmed, KeyPackage, KeyPinned, KeyRound1Package,
    KeyRound2Packages, Objections, ObjectionsEnd, ObjectionsTaken, Opened, Prepare, Prepared, Progress,
    Propose, Pseudonymised, Releases, ReleasesEnd, Rule, Signed, StreamTotal, TablesTerms,
};
use tvaers_protocol::objection::{self, Objection};
use tvaers_protocol::problem::Problem;
use tvaers_protocol::record::{Contribution, HandBack, HandBackShape, NO_RECENCY};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::release::{BudgetLeft, Mechanism, Noise, PartNoise, PartOf, Release, Showing};
use tvaers_protocol::request::{TablesRequest, Under};
use tvaers_protocol::roster::{
    Coordinator as Entry, Member, Person, Role, Roster, SealingPublic, SignedRoster, VerifiedRoster,
};
use tvaers_protocol::sign::{Purpose, Signature, SigningKey};
use tvaers_protocol::study::{Disclosure, Grain, Manifest};
use tvaers_query::Query;
use tvaers_query::query::Party;

use crate::asker::{Asker, StudyWish};
use crate::coordinator::{Coordinator, Parts};
use crate::event::Events;
use crate::limits::Limits;
use crate::request::{Asked, QueryAsked};
use crate::state::State;
use crate::stratify::{self, Request, RequestId, Summary};

/// For a puppet to be told something, and how long it says nothing; tests are over long before.
const WAIT: Duration = Duration::from_secs(30);

/// Everyone of a small federation, and which of them hold key shares; two of three must work together.
const MEMBERS: [(&str, Sector, u16, bool); 3] = [
    ("k360", Sector::Municipality, 360, true),
    ("k376", Sector::Municipality, 376, true),
    ("region_1085", Sector::Region, 1085, true),
];

pub(crate) fn node(name: &str) -> NodeId {
    NodeId::new(name).unwrap()
}

pub(crate) fn sad() -> &'static Model {
    // Read once: puppets ask for it frame by frame.
    static SAD: LazyLock<Model> =
        LazyLock::new(|| Library::embedded().unwrap().model("sad").unwrap().clone());
    &SAD
}

pub(crate) fn pseudonym(number: u8) -> Pseudonym {
    Pseudonym::from_bytes([number; 16])
}

/// A spell of these days, counted from a day that nobody knows.
pub(crate) fn spell(number: u8, first: u32, last: u32) -> EventRecord {
    let event = PersonEvent {
        group: 0,
        in_window: true,
        acute: false,
        index: false,
        discharged: false,
        first_round: false,
        last_round: false,
        first_day: 1_000 + first,
        last_day: 1_000 + last,
        begins: 0,
        ends: 0,
        first_ends: 0,
        reach: 0,
        amount: 0,
        order: OrderTag([0; ORDER_BYTES]),
    };
    EventRecord { pseudonym: pseudonym(number), event }
}

/// Limits that no test has to sit through.
pub(crate) fn limits() -> Limits {
    let short = Duration::from_millis(400);
    Limits {
        prompt: short,
        round: short,
        work: short,
        progress: short,
        frame: short,
        worklist: short,
        close: short,
        remind: Duration::from_millis(200),
        reconnect: Duration::from_millis(100),
        settle: Duration::from_millis(100),
        pause_first: Duration::from_millis(2),
        pause_max: Duration::from_millis(20),
        ..Limits::default()
    }
}

/// What a puppet does instead of answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mischief {
    /// Its connection breaks.
    Cut,
    /// Its connection breaks, and it has lost every study.
    Restart,
    /// It refuses.
    Refuse(RejectCode),
    /// It says that this came from that holder.
    Blame(&'static str, RejectCode),
    /// It says nothing.
    Silence,
}

/// What a puppet got back.
pub(crate) struct List {
    pub(crate) records: Vec<HandBack>,
    pub(crate) total: HandBackTotal,
}

/// What a puppet makes of its answers to a query instead of sending them as they are.
type Bend = fn(&mut Vec<Releases>, &mut ReleasesEnd);

#[derive(Default)]
struct Inside {
    studies: BTreeSet<Digest>,
    contributions: Vec<Contribution>,
    /// What is contributed from the second time on, where that is something else.
    second: Option<Vec<Contribution>>,
    events: Vec<EventRecord>,
    asked: Vec<EventRequest>,
    /// Of whom it was told that they object, each time.
    objecting: Vec<Vec<Objection>>,
    mischief: Option<(Kind, Mischief, u32)>,
    heard: Vec<Kind>,
    lists: Vec<List>,
    rules: Vec<Rule>,
    /// Queries as they were asked, byte for byte.
    queries: Vec<Vec<u8>>,
    bend: Option<Bend>,
    manifests: Vec<Manifest>,
    link: Option<Arc<dyn Link>>,
}

/// A node played by hand.
pub(crate) struct Puppet {
    pub(crate) id: NodeId,
    sector: Sector,
    key: SigningKey,
    roster: Digest,
    grain: Grain,
    inside: Mutex<Inside>,
    told: mpsc::UnboundedSender<(NodeId, Kind)>,
}

/// A coordinator with its puppets.
pub(crate) struct World {
    dir: TempDir,
    roster: VerifiedRoster,
    pub(crate) limits: Limits,
    pub(crate) coordinator: Arc<Coordinator>,
    pub(crate) puppets: BTreeMap<NodeId, Arc<Puppet>>,
    /// Every question that a puppet has heard.
    pub(crate) heard: mpsc::UnboundedReceiver<(NodeId, Kind)>,
}

/// The number of the key of the one person who asks.
const ANALYST: u8 = 50;

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

pub(crate) fn roster() -> VerifiedRoster {
    let member = |(number, (name, sector, code, holder)): (u8, (&str, Sector, u16, bool))| Member {
        id: node(name),
        sector,
        code,
        name: name.to_owned(),
        valid_from: date(2020, 1, 1),
        valid_to: None,
        spki: Digest([number; 32]),
        signing: key(number).verifying_key(),
        sealing: SealingPublic([number; 32]),
        holder,
        evaluations_max: 1_000,
    };
    let roster = Roster {
        federation: "puppets".to_owned(),
        version: 1,
        previous: None,
        valid_from: date(2020, 1, 1),
        valid_to: date(2120, 1, 1),
        quorum: 2,
        delta: "0.000001".to_owned(),
        coordinator: Entry {
            name: "hand".to_owned(),
            spki: Digest([100; 32]),
            signing: key(100).verifying_key(),
        },
        members: (1..).zip(MEMBERS).map(member).collect(),
        people: vec![Person {
            name: "ane".to_owned(),
            role: Role::Analyst,
            signing: key(ANALYST).verifying_key(),
        }],
    };
    VerifiedRoster::known(SignedRoster { signatures: BTreeMap::new(), roster })
}

/// The person who asks.
pub(crate) fn asker() -> Asker {
    Asker::new(key(ANALYST), roster(), Library::embedded().unwrap())
}

pub(crate) fn under(permit: &str) -> Under {
    Under { permit: permit.to_owned(), purpose: String::new() }
}

pub(crate) fn rule(code: &str) -> Rule {
    let text = |text: &str| text.to_owned();
    Rule { code: text(code), what: text("It is not allowed."), allowed: String::new(), next: text("Ask.") }
}

/// A stratification that the one person asks for: a work list, tables, or both.
pub(crate) fn wish(list: bool, tables: bool) -> StudyWish {
    let table = TablesRequest { under: under("tables"), nano_rho: None, cut_off: None };
    StudyWish {
        model: "sad".to_owned(),
        as_of: AS_OF,
        grain: Grain::Events,
        list: list.then(|| under("lists")),
        tables: tables.then_some(table),
        series: None,
    }
}

/// A query of the one person.
pub(crate) fn query(text: &str) -> Query {
    asker().read_query(text, "test", SystemClock.now()).unwrap()
}

/// The same, signed.
pub(crate) fn query_asked(text: &str, times: u32, deadline_s: u64) -> QueryAsked {
    let now = SystemClock.now();
    QueryAsked { query: asker().query(&query(text), under("aims"), times, deadline_s, now), deadline_s }
}

pub(crate) fn member(name: &str) -> Member {
    roster().member(&node(name)).unwrap().clone()
}

/// An answer of a member, the same number in every cell.
pub(crate) fn release(name: &str, query: &Query, value: i64) -> Release {
    let cells = query.cells_of(&Party::from(&member(name)));
    Release {
        node: node(name),
        request: Digest([7; 32]),
        question: query.question_digest(),
        policy: Digest([8; 32]),
        laboratory: true,
        data: statement(),
        cells: vec![vec![value; cells.len()]],
        noise: Noise {
            mechanism: Mechanism::DiscreteGaussian,
            nano_rho: 500_000_000,
            parts: vec![PartNoise {
                of: PartOf::Persons,
                scale: 3.0,
                sensitivity_l1: 1,
                sensitivity_l2: 1.0,
            }],
        },
        left: LEFT,
        showing: Showing { smallest: 0, rounding: 1 },
        software: tvaers_protocol::hello::Software::new("puppet 1").unwrap(),
    }
}

/// The answer as its node sends it.
pub(crate) fn sealed(name: &str, release: Release) -> Vec<u8> {
    let number = MEMBERS.iter().zip(1..).find(|((other, ..), _)| *other == name).unwrap().1;
    let question = release.question;
    codec::encode(&Signed::new(release, Purpose::Release, question, &key(number))).unwrap()
}

const LEFT: BudgetLeft = BudgetLeft { permit: 1_000_000_000, period: 2_000_000_000, life: 3_000_000_000 };

pub(crate) fn statement() -> DataStatement {
    DataStatement { import: 1, digest: Digest([1; 32]), extracted_on: AS_OF, rejected_rows: 0 }
}

impl World {
    /// A federation of which everyone is connected; k360 has residents 1 to 20, k376 those from 21 to 30, and the region
    /// knows all of them.
    pub(crate) async fn new(grain: Grain) -> Self {
        let world = Self::alone(grain).await;
        world.connect_all();
        world
    }

    /// The same with nobody connected yet.
    pub(crate) async fn alone(grain: Grain) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (roster, limits) = (roster(), limits());
        let coordinator = open(&dir, &roster, &limits).await;
        let (told, heard) = mpsc::unbounded_channel();
        let puppet = |(number, (name, sector, ..)): (u8, (&str, Sector, u16, bool))| {
            let own = match name {
                "k360" => 1..=20,
                "k376" => 21..=30,
                _ => 1..=30,
            };
            let contributions = own.map(|person| contribution(person, sector, grain)).collect();
            let inside = Inside { contributions, ..Inside::default() };
            let puppet = Puppet {
                id: node(name),
                sector,
                key: key(number),
                roster: roster.digest(),
                grain,
                inside: Mutex::new(inside),
                told: told.clone(),
            };
            (node(name), Arc::new(puppet))
        };
        let puppets = (1..).zip(MEMBERS).map(puppet).collect();
        Self { dir, coordinator, puppets, heard, limits, roster }
    }

    pub(crate) fn puppet(&self, name: &str) -> &Arc<Puppet> {
        &self.puppets[&node(name)]
    }

    pub(crate) fn connect(&self, name: &str) {
        self.puppet(name).connect(&self.coordinator);
    }

    pub(crate) fn connect_all(&self) {
        for puppet in self.puppets.values() {
            puppet.connect(&self.coordinator);
        }
    }

    pub(crate) fn request(&self, deadline_s: u64) -> Request {
        self.request_for(wish(true, false), deadline_s)
    }

    #[expect(clippy::unused_self, reason = "requests are asked of a world")]
    pub(crate) fn request_for(&self, wish: StudyWish, deadline_s: u64) -> Request {
        Request {
            study: asker().study(wish, deadline_s, SystemClock.now()).unwrap(),
            approval: None,
            deadline_s,
        }
    }

    pub(crate) async fn run(&self, deadline_s: u64) -> Result<Summary, Problem> {
        stratify::run(&self.coordinator, &self.request(deadline_s), &Events::channel().0).await
    }

    /// Runs, and has puppets come back as soon as they are gone.
    pub(crate) async fn run_with_returns(&self, deadline_s: u64) -> Result<Summary, Problem> {
        self.with_returns(self.run(deadline_s)).await
    }

    /// Does something, and has puppets come back as soon as they are gone.
    pub(crate) async fn with_returns<T>(&self, work: impl Future<Output = T>) -> T {
        let returns = async {
            loop {
                tokio::time::sleep(Duration::from_millis(30)).await;
                for puppet in self.puppets.values() {
                    let gone = puppet.inside().link.is_none();
                    if gone {
                        puppet.connect(&self.coordinator);
                    }
                }
            }
        };
        tokio::select! {
            result = work => result,
            () = returns => unreachable!("puppets come back for ever"),
        }
    }

    /// Stops the coordinator as a power cut would, and opens it again; nobody is connected then.
    pub(crate) async fn restart(&mut self) {
        for puppet in self.puppets.values() {
            puppet.inside().cut();
        }
        self.coordinator = open(&self.dir, &self.roster, &self.limits).await;
    }

    /// Waits until a puppet has heard a question of this kind.
    pub(crate) async fn until(&mut self, name: &str, kind: Kind) {
        let wanted = (node(name), kind);
        while self.heard.recv().await.as_ref() != Some(&wanted) {}
    }

    /// Which studies puppets still know.
    pub(crate) fn open_studies(&self) -> usize {
        self.puppets.values().map(|puppet| puppet.inside().studies.len()).sum()
    }

    pub(crate) async fn go_on(&self) -> Vec<(RequestId, Result<Summary, Problem>)> {
        let mut ended = Vec::new();
        for (id, asked) in stratify::unanswered(&self.coordinator).await.unwrap() {
            let Asked::Stratify(request) = asked else { unreachable!("no query is under way") };
            let result = stratify::run_as(&self.coordinator, &id, &request, &Events::channel().0).await;
            ended.push((id, result));
        }
        ended
    }
}

const AS_OF: Date = date(2026, 2, 28);

async fn open(dir: &TempDir, roster: &VerifiedRoster, limits: &Limits) -> Arc<Coordinator> {
    let state = State::open(&dir.path().join("state.sqlite")).await.unwrap();
    let (roster, limits) = (roster.clone(), limits.clone());
    let revocations = dir.path().join("revocations");
    let parts = Parts { roster, signing: key(100), state, revocations, clock: Arc::new(SystemClock), limits };
    Arc::new(Coordinator::new(parts, Library::embedded().unwrap()).await.unwrap())
}

fn contribution(person: u8, sector: Sector, grain: Grain) -> Contribution {
    let shape = sad().shape(grain);
    let is_municipality = sector == Sector::Municipality;
    Contribution {
        pseudonym: pseudonym(person),
        resident: is_municipality,
        eligible: is_municipality,
        objects: false,
        touches: 0,
        kommune: 0,
        values: vec![0; shape.values],
        recencies: vec![NO_RECENCY; shape.recencies],
    }
}
