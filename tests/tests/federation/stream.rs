//! Streams of many frames: a population that no single frame holds is joined whole, and no frame of it can be lost,
//! repeated, put elsewhere, or changed by the node that sends it.

use std::sync::Arc;

use tvaers_protocol::frame::Kind;
use tvaers_protocol::id::NodeId;
use tvaers_protocol::message::{Contributions, ContributionsEnd};
use tvaers_protocol::problem::{Exit, Problem};
use tvaers_protocol::record::ContributionShape;
use tvaers_protocol::study::Grain;
use tvaers_tests::fault::{Fault, Middle, Spot};
use tvaers_tests::federation::Federation;
use tvaers_tests::oracle::read;

/// Persons; a frame holds about 1,500 of them.
const PERSONS: u32 = 5_000;

async fn federation(persons: u32) -> (Federation, Arc<Middle>) {
    let middle = Arc::new(Middle::default());
    let builder = Federation::builder().made(persons, 17).interceptor(Arc::clone(&middle) as _);
    let mut federation = builder.build().await.unwrap();
    federation.connect_all().await.unwrap();
    (federation, middle)
}

fn shape() -> ContributionShape {
    tvaers_definitions::library::Library::embedded().unwrap().model("sad").unwrap().shape(Grain::Events)
}

fn assert_failed(ended: Result<impl Sized, Problem>, federation: &Federation, what: &str, said: &str) {
    let problem = ended.err().unwrap();
    assert!(matches!(problem.exit, Exit::Failed | Exit::Incomplete), "{what}: {problem}");
    assert_eq!(problem.code, "stratify.join", "{what}: {problem}");
    assert!(problem.place.ends_with("region_1085") && problem.what.contains(said), "{what}: {problem}");
    assert!(federation.worklist_texts().values().all(Option::is_none), "{what}: a list was written");
}

#[tokio::test]
async fn a_population_of_many_frames_is_joined_whole_and_no_frame_can_be_lost_repeated_or_moved() {
    let (federation, middle) = federation(PERSONS).await;
    let region = NodeId::new("region_1085").unwrap();
    for fault in [Fault::Drop, Fault::Duplicate, Fault::Swap, Fault::Flip(50)] {
        middle.set(Spot { node: region.clone(), kind: Kind::Contributions }, fault);
        assert_failed(federation.stratify().await, &federation, &format!("{fault:?}"), "");
        assert!(middle.has_struck());
    }

    middle.record();
    federation.stratify().await.unwrap();
    let frames = middle.recorded();
    let n_frames = |kind| frames.iter().filter(|frame| frame.kind() == kind).count();
    assert!(
        n_frames(Kind::Contributions) >= 4 + 2,
        "{} frames of contributions",
        n_frames(Kind::Contributions)
    );
    let as_of = federation.as_of();
    let answers = read::federation(&federation.data()).unwrap().sad(as_of).unwrap();
    let mut n_lines = 0;
    for id in federation.municipalities() {
        for (person, line) in federation.worklist(&id).unwrap() {
            let answer = &answers[&person];
            let found = (answer.eligible, answer.kommune.map(|code| format!("k{code}")));
            assert_eq!(found, (true, Some(id.to_string())));
            assert!(line.complete, "nobody is marked");
            assert_eq!(line.total, answer.total);
            n_lines += 1;
        }
    }
    assert_eq!(
        n_lines,
        answers.values().filter(|answer| answer.eligible && !answer.several_residences).count()
    );
}

/// What a node that lies about the form of its stream does to a frame of it, and what is said of it.
type Lie = (&'static str, fn(ContributionShape, &mut Vec<u8>), &'static str);

const LIES: [Lie; 7] = [
    ("two records in the wrong order", |shape, records| records.rotate_left(shape.size()), "ascending"),
    ("a record twice", |shape, records| records.copy_within(..shape.size(), shape.size()), "ascending"),
    ("too many records", |_, records| records.extend_from_within(..), "more records than"),
    ("half a record", |_, records| records.truncate(records.len() - 1), "whole number"),
    ("no record at all", |_, records| records.clear(), "whole number"),
    ("a reserved bit", |_, records| records[16] |= 0x80, "reserved bit"),
    // The regions have fewer components than the municipalities: theirs end with zeros.
    (
        "something in the padding",
        |shape, records| records[shape.size() - 2 * shape.recencies - 1] = 1,
        "reserved bit",
    ),
];

#[tokio::test]
async fn a_node_whose_stream_does_not_have_the_form_is_named_and_nothing_is_handed_back() {
    let (federation, middle) = federation(60).await;
    let shape = shape();
    for (what, lie, said) in LIES {
        middle.rewrite::<Contributions>(move |passage, _, message| {
            let here = passage.node.as_str() == "region_1085";
            if here {
                lie(shape, &mut message.records);
            }
            here
        });
        assert_failed(federation.stratify().await, &federation, what, said);
    }
    middle.rewrite::<ContributionsEnd>(|passage, _, message| {
        message.total.content.records += 1;
        passage.node.as_str() == "region_1085"
    });
    assert_failed(federation.stratify().await, &federation, "another count", "not signed by the node");
    middle.rest();
    federation.stratify().await.unwrap();
}
