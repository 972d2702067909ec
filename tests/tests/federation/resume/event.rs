//! The second round: whose events are asked for is judged as a whole and once, and what is told is told again.

use sha2::{Digest as _, Sha256};
use tvaers_link::exchange::ExchangeError;
use tvaers_protocol::event::{EventRecord, EventRequest};
use tvaers_protocol::frame::{Frame, Kind};
use tvaers_protocol::id::{Digest, Pseudonym};
use tvaers_protocol::message::{
    EventRequests, EventRequestsEnd, Events, EventsAsked, EventsEnd, Signed, StreamTotal, SubmitEvents,
};
use tvaers_protocol::record::Contribution;
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::{Purpose, SigningKey};
use tvaers_protocol::study::Grain;

use super::{WAIT, World, assert_refused, k360, refused};

/// A list before it is sent, for a test to alter.
#[derive(Clone)]
struct List {
    frames: Vec<EventRequests>,
    end: EventRequestsEnd,
}

/// A node that has contributed at grain events.
struct Contributed {
    world: World,
    touched: Vec<Contribution>,
    others: Vec<Pseudonym>,
}

impl Contributed {
    async fn new() -> Self {
        let world = World::new(Grain::Events, 400).await;
        world.hand.ready(&world.manifest).await.unwrap();
        let own = world.hand.contributions(&k360(), &world.manifest).await.unwrap();
        let (touched, others): (Vec<_>, Vec<_>) = own.into_iter().partition(|one| one.touches != 0);
        assert!(touched.len() > 1 && !others.is_empty());
        let others = others.into_iter().map(|one| one.pseudonym).collect();
        Self { world, touched, others }
    }

    /// Everyone whom the node has called touched.
    fn all(&self) -> Vec<EventRequest> {
        let request = |one: &Contribution| EventRequest { pseudonym: one.pseudonym, groups: one.touches };
        self.touched.iter().map(request).collect()
    }

    /// A list with an honest end, one frame for each request.
    fn list(&self, requests: &[EventRequest]) -> List {
        let (mut frames, mut hash) = (Vec::new(), Sha256::new());
        for (sequence, request) in (0..).zip(requests) {
            let mut records = Vec::new();
            request.write(&mut records);
            hash.update(&records);
            frames.push(EventRequests { sequence, records });
        }
        let total = StreamTotal {
            node: k360(),
            records: requests.len() as u64,
            digest: Digest(hash.finalize().into()),
        };
        List { frames, end: self.end(total, self.world.hand.signing()) }
    }

    fn end(&self, total: StreamTotal, key: &SigningKey) -> EventRequestsEnd {
        let study = self.world.manifest.digest();
        EventRequestsEnd { total: Signed::new(total, Purpose::EventRequests, study, key) }
    }

    async fn ask(&self, list: &List) -> Result<EventsAsked, ExchangeError> {
        let link = self.world.beside(&k360());
        let Some((first, rest)) = list.frames.split_first() else {
            return self.world.begin(&*link, &list.end).await.receive(WAIT).await;
        };
        let mut exchange = self.world.begin(&*link, first).await;
        for frame in rest {
            exchange.send(frame, WAIT).await?;
        }
        exchange.ask(&list.end, WAIT).await
    }

    async fn events(&self) -> Result<Vec<Frame>, ExchangeError> {
        self.world.frames(&k360(), &SubmitEvents {}, Kind::EventsEnd).await
    }
}

fn records(frames: &[Frame]) -> Vec<EventRecord> {
    let bodies = frames.iter().filter_map(|frame| frame.message::<Events>().ok());
    bodies.flat_map(|part| EventRecord::read(&part.records).unwrap()).collect()
}

#[tokio::test]
async fn events_are_told_of_those_on_the_list_and_again_byte_for_byte_after_a_restart() {
    let mut it = Contributed::new().await;
    assert_refused(it.events().await, RejectCode::NotReady, "nobody has been asked for");
    let asked = &it.all()[1..];
    let list = it.list(asked);
    it.ask(&list).await.unwrap();
    it.world.restart(&k360()).await;
    let first = it.events().await.unwrap();
    let told = records(&first);
    assert!(told.windows(2).all(|pair| pair[0].pseudonym <= pair[1].pseudonym));
    for record in &told {
        let request = asked.iter().find(|request| request.pseudonym == record.pseudonym).unwrap();
        assert!(request.groups >> record.event.group & 1 == 1);
    }
    for request in asked {
        assert!(told.iter().any(|record| record.pseudonym == request.pseudonym), "each has an event");
    }
    let end: EventsEnd = first.last().unwrap().message().unwrap();
    let key = it.world.hand.roster().member(&k360()).unwrap().signing;
    let total = end.total.verify(Purpose::Events, it.world.manifest.digest(), &key).unwrap();
    assert_eq!((&total.node, total.records), (&k360(), told.len() as u64));

    assert!(it.events().await.unwrap() == first);
    it.world.restart(&k360()).await;
    assert!(it.events().await.unwrap() == first);
    it.ask(&list).await.unwrap();
    assert_refused(it.ask(&it.list(&it.all())).await, RejectCode::Replay, "another list");
    assert!(it.events().await.unwrap() == first);
    it.world.alter(&k360(), "UPDATE event SET record = zeroblob(length(record))").await;
    assert_eq!(refused(it.events().await), RejectCode::Internal, "what was fixed does not change");
}

#[tokio::test]
async fn nobody_is_told_of_who_was_not_contributed_with_that_very_touch() {
    let it = Contributed::new().await;
    let all = it.all();
    let joined = all.iter().fold(0, |bits, request| bits | request.groups);
    let with = |change: &dyn Fn(&mut Vec<EventRequest>)| {
        let mut requests = all.clone();
        change(&mut requests);
        requests.sort_by_key(|request| request.pseudonym);
        it.list(&requests)
    };
    let wrong = [
        (
            "one who is not touched",
            with(&|r| r.push(EventRequest { pseudonym: it.others[0], groups: joined })),
        ),
        (
            "one whom nobody knows",
            with(&|r| r.push(EventRequest { pseudonym: Pseudonym::from_bytes([9; 16]), groups: joined })),
        ),
        ("another group", with(&|r| r[0].groups |= 0x8000)),
        ("only another group", with(&|r| r[0].groups = !joined)),
    ];
    for (what, list) in &wrong {
        assert_refused(it.ask(list).await, RejectCode::PolicyRefused, what);
        assert_refused(it.events().await, RejectCode::NotReady, what);
    }
    // What was refused has left nothing behind.
    it.ask(&it.list(&all[..1])).await.unwrap();
    let told = records(&it.events().await.unwrap());
    assert!(!told.is_empty() && told.iter().all(|record| record.pseudonym == all[0].pseudonym));
}

#[tokio::test]
async fn a_list_that_is_not_whole_in_order_and_signed_is_refused() {
    let it = Contributed::new().await;
    let honest = it.list(&it.all());
    let mut lost = honest.clone();
    lost.frames.remove(0);
    assert_refused(it.ask(&lost).await, RejectCode::Replay, "the first frame is missing");
    let mut short = honest.clone();
    short.frames.pop();
    assert_refused(it.ask(&short).await, RejectCode::Malformed, "the last frame is missing");
    let mut turned = it.all();
    turned.swap(0, 1);
    assert_refused(it.ask(&it.list(&turned)).await, RejectCode::Malformed, "out of order");
    let mut twice = it.all();
    twice.insert(0, twice[0]);
    assert_refused(it.ask(&it.list(&twice)).await, RejectCode::Malformed, "one twice");
    let mut forged = honest.clone();
    forged.end = it.end(honest.end.total.content.clone(), &SigningKey::from_seed(&[9; 32]));
    assert_refused(it.ask(&forged).await, RejectCode::BadSignature, "a stranger's signature");
    let mut of_another = honest.clone();
    let total = StreamTotal { node: super::node("k376"), ..honest.end.total.content.clone() };
    of_another.end = it.end(total, it.world.hand.signing());
    assert_refused(it.ask(&of_another).await, RejectCode::Malformed, "another node's");
    it.ask(&honest).await.unwrap();
}

#[tokio::test]
async fn an_empty_list_is_a_list_and_its_events_are_none() {
    let it = Contributed::new().await;
    it.ask(&it.list(&[])).await.unwrap();
    let frames = it.events().await.unwrap();
    assert_eq!(frames.len(), 1, "the end alone");
    assert_refused(it.ask(&it.list(&it.all())).await, RejectCode::Replay, "another list");
}

#[tokio::test]
async fn in_a_study_of_counts_nobodys_events_are_told() {
    let world = World::ready().await;
    let own = world.hand.contributions(&k360(), &world.manifest).await.unwrap();
    let others = own.iter().map(|one| one.pseudonym).collect();
    let touched: Vec<_> = own.into_iter().filter(|one| one.touches != 0).collect();
    let it = Contributed { world, touched, others };
    assert_refused(it.ask(&it.list(&it.all())).await, RejectCode::PolicyRefused, "all");
    assert_refused(it.ask(&it.list(&[])).await, RejectCode::PolicyRefused, "none");
    assert_refused(it.events().await, RejectCode::NotReady, "none");
}
