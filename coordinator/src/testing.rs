//! A federation for tests of the coordinator alone: its nodes are puppets, which answer as a node would and work
//! nothing out. What the coordinator does, it does itself, over links in memory and its own state database.

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
    KeyRound2Packages, Opened, Prepare, Prepared, Progress, Propose, Pseudonymised, Releases, ReleasesEnd,
    Rule, Signed, StreamTotal, TablesTerms,
};
use tvaers_protocol::problem::Problem;
use tvaers_protocol::record::{Contribution, HandBack, HandBackShape, NO_RECENCY};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::release::{BudgetLeft, Mechanism, Noise, PartNoise, PartOf, Release, Showing};
use tvaers_protocol::request::{TablesRequest, Under};
use tvaers_protocol::roster::{
    Coordinator as Entry, Member, Person, Role, Roster, SealingPublic, SignedRoster, VerifiedRoster,
};
use tvaers_protocol::sign::{Purpose, SigningKey};
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

fn statement() -> DataStatement {
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
        Request { study: asker().study(wish, deadline_s, SystemClock.now()).unwrap(), deadline_s }
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
    let parts = Parts { roster, signing: key(100), state, clock: Arc::new(SystemClock), limits };
    Arc::new(Coordinator::new(parts, Library::embedded().unwrap()).await.unwrap())
}

fn contribution(person: u8, sector: Sector, grain: Grain) -> Contribution {
    let shape = sad().shape(grain);
    let is_municipality = sector == Sector::Municipality;
    Contribution {
        pseudonym: pseudonym(person),
        resident: is_municipality,
        eligible: is_municipality,
        touches: 0,
        kommune: 0,
        values: vec![0; shape.values],
        recencies: vec![NO_RECENCY; shape.recencies],
    }
}

impl Inside {
    fn cut(&mut self) {
        if let Some(link) = self.link.take() {
            link.close(CloseCode::Goodbye);
        }
    }
}

impl Puppet {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does this the next so many times that a question of this kind comes.
    pub(crate) fn plot(&self, kind: Kind, mischief: Mischief, times: u32) {
        self.inside().mischief = Some((kind, mischief, times));
    }

    /// How often a question of this kind has come.
    pub(crate) fn heard(&self, kind: Kind) -> usize {
        self.inside().heard.iter().filter(|heard| **heard == kind).count()
    }

    /// Contributes this person too, who lives elsewhere, with a touch of the spells and these spells.
    pub(crate) fn knows_elsewhere(&self, person: u8, spells: Vec<EventRecord>) {
        let mut stranger = contribution(person, self.sector, self.grain);
        (stranger.resident, stranger.eligible) = (false, false);
        self.inside().contributions.push(stranger);
        self.inside().contributions.sort_by_key(|contribution| contribution.pseudonym);
        self.touches(person, spells);
    }

    /// Says that the spells of this person touch, and has these.
    pub(crate) fn touches(&self, person: u8, spells: Vec<EventRecord>) {
        let mut inside = self.inside();
        let found = inside.contributions.iter_mut().find(|c| c.pseudonym == pseudonym(person)).unwrap();
        found.touches |= 1;
        inside.events.extend(spells);
        inside.events.sort_by_key(|record| record.pseudonym);
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Vec<Contribution>)) {
        change(&mut self.inside().contributions);
    }

    /// Contributes something else from the second time on.
    pub(crate) fn change_second(&self, change: impl FnOnce(&mut Vec<Contribution>)) {
        let mut inside = self.inside();
        let mut second = inside.contributions.clone();
        change(&mut second);
        inside.second = Some(second);
    }

    pub(crate) fn set_events(&self, events: Vec<EventRecord>) {
        self.inside().events = events;
    }

    pub(crate) fn asked(&self) -> Vec<EventRequest> {
        self.inside().asked.clone()
    }

    /// Looks at what came back.
    pub(crate) fn lists<T>(&self, look: impl FnOnce(&[List]) -> T) -> T {
        look(&self.inside().lists)
    }

    fn connect(self: &Arc<Self>, coordinator: &Arc<Coordinator>) {
        let (own, theirs) = pair(self.id.clone());
        let own: Arc<dyn Link> = Arc::new(own);
        self.inside().link = Some(Arc::clone(&own));
        let puppet = Arc::clone(self);
        tokio::spawn(async move {
            while let Ok(stream) = own.accept().await {
                let puppet = Arc::clone(&puppet);
                // The coordinator may be gone.
                tokio::spawn(async move { puppet.answer(stream).await.ok() });
            }
            let mut inside = puppet.inside();
            inside.link.take_if(|link| Arc::ptr_eq(link, &own));
        });
        let coordinator = Arc::clone(coordinator);
        tokio::spawn(async move { coordinator.attend(Arc::new(theirs)).await });
    }

    async fn answer(&self, mut stream: Stream) -> Result<(), ExchangeError> {
        let Some(header) = stream.receiver.peek(WAIT).await? else { return Ok(()) };
        let study = header.study;
        let mut exchange = Exchange::on(stream, self.roster, study);
        let frame = exchange.frame(WAIT).await?;
        let kind = frame.kind();
        if !self.hear(kind, &mut exchange).await? {
            return Ok(());
        }
        let outside = [Kind::Prepare, Kind::Propose, Kind::Close, Kind::Status, Kind::AskQuery];
        if !outside.contains(&kind) && !self.inside().studies.contains(&study) {
            return exchange.refuse(RejectCode::StudyClosed).await;
        }
        match kind {
            Kind::Prepare => {
                let ask: Prepare = frame.message()?;
                let rules = self.inside().rules.clone();
                if !rules.is_empty() {
                    return exchange.answer(&Declined { rules }, WAIT).await;
                }
                exchange.answer(&self.prepared(&ask), WAIT).await
            }
            Kind::Propose => {
                let ask: Propose = frame.message()?;
                let manifest = ask.manifest.content.digest();
                self.inside().manifests.push(ask.manifest.content);
                self.inside().studies.insert(manifest);
                let content = Acceptance { node: self.id.clone(), manifest };
                let acceptance = Signed::new(content, Purpose::Manifest, manifest, &self.key);
                exchange.answer(&Accepted { acceptance }, WAIT).await
            }
            Kind::Open => exchange.answer(&Opened {}, WAIT).await,
            Kind::KeyRound1 => {
                let content = KeyPackage { holder: 1, bytes: Vec::new() };
                let package = Signed::new(content, Purpose::KeyRound1, study, &self.key);
                exchange.answer(&KeyRound1Package { package }, WAIT).await
            }
            Kind::KeyRound2 => exchange.answer(&KeyRound2Packages { packages: Vec::new() }, WAIT).await,
            Kind::KeyRound3 => {
                let content = KeyConfirmation { holder: 1, bytes: Vec::new() };
                let confirmation = Signed::new(content, Purpose::KeyConfirmation, study, &self.key);
                exchange.answer(&KeyConfirmed { confirmation }, WAIT).await
            }
            Kind::KeyPin => exchange.answer(&KeyPinned {}, WAIT).await,
            Kind::Compute => exchange.answer(&Computed { persons: 0 }, WAIT).await,
            Kind::Pseudonymise => {
                exchange.send(&Progress { done: 1, total: 2 }, WAIT).await?;
                exchange.answer(&Pseudonymised { persons: 0 }, WAIT).await
            }
            Kind::Contribute => self.contribute(study, &mut exchange).await,
            Kind::EventRequests | Kind::EventRequestsEnd => {
                let mut asked = Vec::new();
                let mut frame = frame;
                while frame.kind() == Kind::EventRequests {
                    asked.extend(EventRequest::read(&frame.message::<EventRequests>()?.records).unwrap());
                    frame = exchange.frame(WAIT).await?;
                }
                if !self.hear(Kind::EventRequestsEnd, &mut exchange).await? {
                    return Ok(());
                }
                self.inside().asked = asked;
                exchange.answer(&EventsAsked {}, WAIT).await
            }
            Kind::SubmitEvents => self.submit(study, &mut exchange).await,
            Kind::HandBacks | Kind::HandBackEnd => {
                let shape = HandBackShape { criteria: sad().criteria.len() };
                let mut records = Vec::new();
                let mut frame = frame;
                while frame.kind() == Kind::HandBacks {
                    records.extend(shape.read(&frame.message::<HandBacks>()?.records).unwrap());
                    frame = exchange.frame(WAIT).await?;
                }
                let end: HandBackEnd = frame.message()?;
                if !self.hear(Kind::HandBackEnd, &mut exchange).await? {
                    return Ok(());
                }
                self.inside().lists.push(List { records, total: end.total.content });
                exchange.answer(&HandedBack { persons: 0 }, WAIT).await
            }
            Kind::AskQuery => {
                self.inside().queries.push(frame.body().to_vec());
                self.release(&frame.message()?, &mut exchange).await
            }
            Kind::Close => {
                self.inside().studies.remove(&study);
                exchange.answer(&Closed {}, WAIT).await
            }
            _ => exchange.refuse(RejectCode::UnexpectedKind).await,
        }
    }

    fn prepared(&self, ask: &Prepare) -> Prepared {
        let asked = &ask.request.content;
        let showing = Showing { smallest: 0, rounding: 1 };
        let terms = TablesTerms { nano_rho: 400_000_000, left: LEFT, showing };
        Prepared {
            evaluations: 40,
            grain: asked.grain.min(self.grain),
            disclosure: Disclosure::Items,
            everyone: true,
            tables: asked.tables.is_some().then_some(terms),
            laboratory: true,
            data: statement(),
        }
    }

    /// Answers a query: the first answer has 100 in every cell, the next 101, each in a frame of its own.
    async fn release(&self, ask: &AskQuery, exchange: &mut Exchange) -> Result<(), ExchangeError> {
        let query = query(&ask.request.content.query);
        let refused = self.inside().rules.clone();
        let count = if refused.is_empty() { ask.request.content.times } else { 0 };
        let body = |number: u32| {
            sealed(self.id.as_str(), release(self.id.as_str(), &query, 100 + i64::from(number)))
        };
        let mut frames: Vec<Releases> =
            (0..count).map(|number| Releases { sequence: number, bodies: vec![body(number)] }).collect();
        let mut end = ReleasesEnd { count, refused };
        if let Some(bend) = self.inside().bend {
            bend(&mut frames, &mut end);
        }
        for frame in frames {
            exchange.send(&frame, WAIT).await?;
            if !self.hear(Kind::Releases, exchange).await? {
                return Ok(());
            }
        }
        exchange.answer(&end, WAIT).await
    }

    /// Refuses from now on, under this rule.
    pub(crate) fn refuses(&self, code: &str) {
        self.inside().rules = vec![rule(code)];
    }

    /// Makes this of its answers to queries.
    pub(crate) fn bends(&self, bend: Bend) {
        self.inside().bend = Some(bend);
    }

    /// Queries that it was asked, byte for byte.
    pub(crate) fn queries(&self) -> Vec<Vec<u8>> {
        self.inside().queries.clone()
    }

    /// Studies that it agreed to.
    pub(crate) fn manifests(&self) -> Vec<Manifest> {
        self.inside().manifests.clone()
    }

    /// Takes note of a question; whether it is to be answered.
    async fn hear(&self, kind: Kind, exchange: &mut Exchange) -> Result<bool, ExchangeError> {
        let _ = self.told.send((self.id.clone(), kind));
        let mischief = {
            let mut inside = self.inside();
            inside.heard.push(kind);
            let left = inside.mischief.as_mut().filter(|(at, _, times)| *at == kind && *times > 0);
            let mischief = left.map(|(_, mischief, times)| {
                *times -= 1;
                *mischief
            });
            if mischief == Some(Mischief::Restart) {
                inside.studies.clear();
            }
            if matches!(mischief, Some(Mischief::Cut | Mischief::Restart)) {
                inside.cut();
            }
            mischief
        };
        match mischief {
            None => Ok(true),
            Some(Mischief::Cut | Mischief::Restart) => Ok(false),
            Some(Mischief::Refuse(code)) => exchange.refuse(code).await.map(|()| false),
            Some(Mischief::Silence) => {
                tokio::time::sleep(WAIT).await;
                Ok(false)
            }
        }
    }

    async fn contribute(&self, study: Digest, exchange: &mut Exchange) -> Result<(), ExchangeError> {
        let records = {
            let inside = self.inside();
            let again = inside.heard.iter().filter(|kind| **kind == Kind::Contribute).count() > 1;
            let second = inside.second.as_ref().filter(|_| again);
            second.unwrap_or(&inside.contributions).clone()
        };
        let shape = sad().shape(self.grain);
        let mut hash = Sha256::new();
        for (sequence, few) in (0..).zip(records.chunks(7)) {
            let mut body = Vec::new();
            few.iter().for_each(|record| shape.write(record, &mut body));
            hash.update(&body);
            exchange.send(&Contributions { sequence, records: body }, WAIT).await?;
        }
        let total = self.total(records.len(), hash);
        let total = Signed::new(total, Purpose::Contributions, study, &self.key);
        exchange.answer(&ContributionsEnd { total }, WAIT).await
    }

    async fn submit(&self, study: Digest, exchange: &mut Exchange) -> Result<(), ExchangeError> {
        let records = self.inside().events.clone();
        let mut hash = Sha256::new();
        for (sequence, few) in (0..).zip(records.chunks(2)) {
            let mut body = Vec::new();
            few.iter().for_each(|record| record.write(&mut body));
            hash.update(&body);
            exchange.send(&EventsPart { sequence, records: body }, WAIT).await?;
        }
        let total = Signed::new(self.total(records.len(), hash), Purpose::Events, study, &self.key);
        exchange.answer(&EventsEnd { total }, WAIT).await
    }

    fn total(&self, records: usize, hash: Sha256) -> StreamTotal {
        StreamTotal { node: self.id.clone(), records: records as u64, digest: Digest(hash.finalize().into()) }
    }
}
