//! What the coordinator sees of the second round: of whom, how much, and no date.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::{Date, date};
use tvaers_protocol::event::{Event, EventRecord, EventRequest};
use tvaers_protocol::frame::{Frame, Kind};
use tvaers_protocol::id::Pseudonym;
use tvaers_protocol::message::{Contributions, EventRequests, Events};
use tvaers_protocol::study::Grain;
use tvaers_tests::fault::Middle;
use tvaers_tests::federation::Federation;
use tvaers_tests::oracle::{read, somv};

const AS_OF: Date = date(2026, 2, 28);

/// The upper 10⁻⁶ quantile of the chi-square distribution with 7 degrees of freedom is 40.5.
const CHI_SQUARE_MAX: f64 = 41.0;

/// The frames of one run over the nasty data set of this seed, and the federation.
async fn frames(seed: u64, model: &str, grain: Grain) -> (Federation, Vec<Frame>) {
    let middle = Arc::new(Middle::default());
    let interceptor = Arc::clone(&middle) as Arc<_>;
    let builder = Federation::builder().cases(seed).as_of(AS_OF).model(model).interceptor(interceptor);
    let mut federation = builder.build().await.unwrap();
    federation.connect_all().await.unwrap();
    middle.record();
    let request = federation.request_at(grain);
    federation.ask(&request).await.unwrap();
    (federation, middle.recorded())
}

fn requested(frames: &[Frame]) -> Vec<EventRequest> {
    let requests = frames.iter().filter(|frame| frame.kind() == Kind::EventRequests);
    requests
        .flat_map(|f| EventRequest::read(&f.message::<EventRequests>().unwrap().records).unwrap())
        .collect()
}

fn events(frames: &[Frame]) -> BTreeMap<Pseudonym, Vec<Event>> {
    let mut events: BTreeMap<Pseudonym, Vec<Event>> = BTreeMap::new();
    for frame in frames.iter().filter(|frame| frame.kind() == Kind::Events) {
        for record in EventRecord::read(&frame.message::<Events>().unwrap().records).unwrap() {
            events.entry(record.pseudonym).or_default().push(record.event);
        }
    }
    events
}

#[tokio::test]
async fn events_are_asked_of_those_alone_whose_stays_two_regions_have() {
    let seed = 51;
    let (federation, frames) = frames(seed, "somv", Grain::Events).await;
    let answers = read::federation(&federation.data()).unwrap().somv(AS_OF, &somv::MUNICIPALITIES.into());
    let crossing = answers.unwrap().into_values().filter(|answer| {
        answer.stays_cross && answer.eligible && !answer.several_residences && answer.kommune.is_some()
    });
    let asked: BTreeSet<Pseudonym> = requested(&frames).iter().map(|request| request.pseudonym).collect();
    assert_eq!(asked.len(), crossing.count(), "seed {seed}");
    let told: BTreeSet<Pseudonym> = events(&frames).into_keys().collect();
    assert!(asked == told && asked.len() > 10, "seed {seed}: {} asked", asked.len());
}

#[tokio::test]
async fn below_grain_events_nothing_of_the_second_round_passes() {
    for grain in [Grain::Points, Grain::Counts] {
        let (_, frames) = frames(52, "somv", grain).await;
        let second = [Kind::EventRequests, Kind::EventRequestsEnd, Kind::SubmitEvents, Kind::Events];
        assert!(frames.iter().all(|frame| !second.contains(&frame.kind())), "{grain}");
    }
}

/// How far the eighths of the range are from equally full.
fn chi_square(numbers: &[u32]) -> f64 {
    let mut eighths = [0_u32; 8];
    for number in numbers {
        eighths[usize::try_from(number >> 29).unwrap()] += 1;
    }
    let expected = numbers.len() as f64 / 8.0;
    eighths.iter().map(|found| (f64::from(*found) - expected).powi(2) / expected).sum()
}

#[tokio::test]
async fn no_date_can_be_read_from_events_for_their_numbers_are_uniform() {
    // Days since 1970 lie in the first eighth of the range, and so do minutes: without a shift the statistic would be
    // seven times the number of persons.
    let (mut days, mut minutes) = (Vec::new(), Vec::new());
    for (seed, model) in [(53, "somv"), (54, "somv"), (55, "sad"), (56, "sad")] {
        let (_, frames) = frames(seed, model, Grain::Events).await;
        for of_one in events(&frames).into_values() {
            // One of a person: the others are moved with it.
            days.push(of_one[0].first_day);
            minutes.extend(Some(of_one[0].begins).filter(|_| model == "somv"));
        }
    }
    assert!(minutes.len() > 40 && days.len() > minutes.len(), "{} {}", days.len(), minutes.len());
    assert!(chi_square(&days) < CHI_SQUARE_MAX, "days: {}", chi_square(&days));
    assert!(chi_square(&minutes) < CHI_SQUARE_MAX, "minutes: {}", chi_square(&minutes));
    // A shift of each person's own: where two had the same, one date would tell the other.
    let of_their_own: BTreeSet<u32> = days.iter().copied().collect();
    assert_eq!(of_their_own.len(), days.len());
}

#[tokio::test]
async fn beside_events_no_contribution_says_how_long_ago_anything_was() {
    let (_, frames) = frames(57, "sad", Grain::Events).await;
    let library = tvaers_definitions::library::Library::embedded().unwrap();
    let shape = library.model("sad").unwrap().shape(Grain::Events);
    assert_eq!(shape.recencies, 0);
    let contributions = frames.iter().filter(|frame| frame.kind() == Kind::Contributions);
    let mut records = 0;
    for frame in contributions {
        records += shape.read(&frame.message::<Contributions>().unwrap().records).unwrap().len();
    }
    assert!(records > 100);
}
