//! A coordinator that goes on with a series otherwise than its nodes have kept it.

use jiff::civil::{Date, date};
use tvaers_coordinator::asker::StudyWish;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{Prepare, Prepared, SeriesHeld};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::request::Series;
use tvaers_protocol::study::{Follows, Grain, Manifest, RunId};
use tvaers_tests::federation::Federation;
use tvaers_tests::hand::Hand;

use super::{assert_refused, node};

const UNTIL: Date = date(2099, 12, 31);

/// A federation that has made one run and kept its key, now in the hands of a test.
struct World {
    federation: Federation,
    hand: Hand,
    first: RunId,
}

impl World {
    async fn new() -> Self {
        let mut federation = Federation::builder().made(60, 11).build().await.unwrap();
        federation.connect_all().await.unwrap();
        let wish = federation.wish("sad", federation.as_of(), Grain::Points);
        let series = Some(Series { first: None, until: UNTIL });
        let request = federation.signed_wish(StudyWish { series, ..wish });
        let first = federation.ask(&request).await.unwrap().run;
        for id in federation.names() {
            federation.disconnect(&id).await;
        }
        let hand = Hand::new(&federation).unwrap();
        Self { federation, hand, first }
    }

    /// What a node has kept of a series.
    async fn held(&self, name: &str, first: RunId) -> Option<SeriesHeld> {
        let mut manifest = self.hand.draft(&self.federation).await.unwrap();
        manifest.request.content.series = Some(Series { first: Some(first), until: UNTIL });
        self.federation.sign_request(&mut manifest);
        let ask = Prepare { request: manifest.request, approval: manifest.approval };
        let prepared: Prepared = self.hand.ask(&node(name), Digest::NONE, &ask).await.unwrap();
        prepared.series
    }

    /// A run that goes on with the series as it is.
    async fn honest(&self) -> Manifest {
        let held = self.held("k360", self.first).await.unwrap();
        let draft = self.hand.draft(&self.federation).await.unwrap();
        let follows =
            Follows { first: held.first, before: held.epochs[0].keys, left_out: vec![], lost: vec![] };
        let mut manifest = Manifest { follows: Some(follows), holders: held.holders, ..draft };
        self.of_series(&mut manifest, Some(Series { first: Some(self.first), until: UNTIL }));
        manifest
    }

    fn of_series(&self, manifest: &mut Manifest, series: Option<Series>) {
        manifest.request.content.series = series;
        self.federation.sign_request(manifest);
    }
}

#[tokio::test]
async fn a_run_that_follows_otherwise_than_a_node_has_kept_is_refused() {
    let world = World::new().await;
    let honest = world.honest().await;
    let own = honest.holder_index(&node("k360")).unwrap();
    let others: Vec<u16> = (1..=3).filter(|index| *index != own).collect();
    let with = |change: &dyn Fn(&mut Follows)| {
        let mut follows = honest.follows.clone().unwrap();
        change(&mut follows);
        Manifest { follows: Some(follows), ..honest.clone() }
    };
    let mut swapped = honest.clone();
    swapped.holders.swap(0, 1);
    let mut of_another_run = honest.clone();
    world.of_series(&mut of_another_run, Some(Series { first: Some(RunId([9; 16])), until: UNTIL }));
    let mut of_no_series = honest.clone();
    world.of_series(&mut of_no_series, None);
    for (what, wrong) in [
        ("another first run", with(&|follows| follows.first.0[0] ^= 1)),
        ("keys that nobody has", with(&|follows| follows.before.0[0] ^= 1)),
        ("a share that is not lost", with(&|follows| follows.lost = vec![own])),
        ("too few that stay", with(&|follows| follows.left_out = others.clone())),
        ("too few that can help", with(&|follows| follows.lost = others.clone())),
        ("somebody who is no holder", with(&|follows| follows.left_out = vec![4])),
        (
            "one who is left out and has lost",
            with(&|follows| (follows.left_out, follows.lost) = (vec![1], vec![1])),
        ),
        ("no order", with(&|follows| follows.left_out = vec![3, 2])),
        ("a key of its own", Manifest { follows: None, ..honest.clone() }),
        ("holders in another order", swapped),
        ("a run that nobody has kept", of_another_run),
        ("a request of no series", of_no_series),
    ] {
        assert_refused(world.hand.propose(&node("k360"), &wrong).await, RejectCode::OtherStudy, what);
    }
    world.hand.propose(&node("k360"), &honest).await.unwrap();
}

#[tokio::test]
async fn a_node_says_what_it_has_kept_of_that_series_alone() {
    let world = World::new().await;
    let held = world.held("k360", world.first).await.unwrap();
    assert_eq!(held.holders, world.federation.names());
    let epochs: Vec<_> = held.epochs.iter().map(|epoch| (epoch.epoch, epoch.has_share)).collect();
    assert_eq!(epochs, [(0, true)]);
    assert_eq!(world.held("k360", RunId([9; 16])).await, None);
}
