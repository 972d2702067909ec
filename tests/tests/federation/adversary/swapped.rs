//! A coordinator that gives a requester a genuine answer that is not the one: another holder's, the same holder's to
//! another requester, or one of an earlier study.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tvaers_link::memory::{Direction, Fate, Interceptor, Passage};
use tvaers_protocol::frame::{Frame, Kind};
use tvaers_protocol::id::NodeId;
use tvaers_protocol::problem::Exit;
use tvaers_protocol::reject::RejectCode;
use tvaers_tests::federation::Federation;

use super::until_erased;
use crate::log::Log;

/// Which answer takes the place of the right one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Deed {
    #[default]
    None,
    /// Of the two holders that a requester asks, the first one's answer for both.
    OtherHolder,
    /// The first answer of a holder, to whoever asks it.
    OtherBatch,
    /// The same of the study before.
    OtherStudy,
}

#[derive(Default)]
struct Inside {
    deed: Deed,
    /// The first answers of this study: to each requester, and of each holder.
    to: BTreeMap<NodeId, Vec<u8>>,
    of: BTreeMap<NodeId, Vec<u8>>,
    /// Those of holders in the study before.
    before: BTreeMap<NodeId, Vec<u8>>,
    n_struck: u32,
}

#[derive(Default)]
struct Swap(Mutex<Inside>);

impl Swap {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, deed: Deed) {
        let mut inside = self.inside();
        let before = std::mem::take(&mut inside.of);
        *inside = Inside { deed, before, ..Inside::default() };
    }
}

impl Interceptor for Swap {
    fn intercept(&self, passage: &Passage, bytes: &mut Vec<u8>) -> Fate {
        let Ok(frame) = Frame::decode(bytes) else { return Fate::Forward };
        if frame.kind() != Kind::Evaluated {
            return Fate::Forward;
        }
        let (inside, node) = (&mut *self.inside(), passage.node.clone());
        let first = match passage.direction {
            Direction::ToNode => inside.to.entry(node.clone()),
            Direction::ToCoordinator => inside.of.entry(node.clone()),
        };
        let first = first.or_insert_with(|| frame.body().to_vec()).clone();
        let other = match (inside.deed, passage.direction) {
            (Deed::OtherHolder, Direction::ToNode) | (Deed::OtherBatch, Direction::ToCoordinator) => {
                Some(first)
            }
            (Deed::OtherStudy, Direction::ToCoordinator) => inside.before.get(&node).cloned(),
            _ => None,
        };
        if let Some(other) = other.filter(|other| other != frame.body()) {
            let header = frame.header();
            *bytes = Frame::new(frame.kind(), header.roster, header.study, other).unwrap().encode();
            inside.n_struck += 1;
        }
        Fate::Forward
    }
}

#[tokio::test]
async fn a_genuine_answer_in_another_ones_place_is_taken_for_none() {
    let middle = Arc::new(Swap::default());
    let builder = Federation::builder().cases(61).interceptor(Arc::clone(&middle) as _);
    let mut federation = builder.build().await.unwrap();
    federation.connect_all().await.unwrap();
    federation.stratify().await.unwrap();
    let right = federation.worklist_texts();
    let log = Log::begin();
    for (deed, code) in [
        (Deed::OtherStudy, RejectCode::BadSignature),
        (Deed::OtherHolder, RejectCode::BadSignature),
        (Deed::OtherBatch, RejectCode::Replay),
    ] {
        log.forget();
        federation.forget_worklists().unwrap();
        middle.begin(deed);
        let problem = federation.stratify().await.unwrap_err();
        assert!(middle.inside().n_struck > 0, "{deed:?}");
        // The holder in whose name it came; whether that one or who carried it is at fault, the requester cannot tell.
        assert_eq!(
            (problem.exit, problem.code.as_str()),
            (Exit::Failed, "holder.blamed"),
            "{deed:?}: {problem}"
        );
        assert!(problem.what.contains(&code.to_string()), "{deed:?}: {problem}");
        let holder = problem.place.strip_prefix("node ").unwrap();
        let named = log.line(&["refused a request", "request=pseudonymise", code.name(), holder]);
        assert!(named.is_some(), "{deed:?}: no node names {holder}");
        assert!(federation.worklist_texts().values().all(Option::is_none), "{deed:?}");
        until_erased(&federation, &format!("{deed:?}")).await;
    }
    middle.begin(Deed::None);
    federation.stratify().await.unwrap();
    assert!(federation.worklist_texts() == right, "the next run is as good as the first");
}
