//! What comes back: records about this node's own citizens, and the work list made from them.
//!
//! Only pseudonyms that this node contributed as its own residents are accepted; anything else is an alarm and the
//! whole hand-back is refused.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tvaers_link::exchange::Exchange;
use tvaers_protocol::frame::{Frame, Kind};
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{HandBackEnd, HandBacks, HandedBack, StreamTotal};
use tvaers_protocol::record::{Ascending, HandBack};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::Purpose;
use tvaers_protocol::study::Disclosure;

use crate::node::Node;
use crate::refusal::Refusal;
use crate::state::StudyState;
use crate::study::{Stage, Study};
use crate::worklist;

/// For the coordinator to send the next frame: its merge waits for the slowest node.
const FRAME_TIME: Duration = Duration::from_secs(600);

/// Takes a hand-back to its end and writes the work list. `first` is the frame that opened the exchange.
pub(crate) async fn take(
    node: &Node,
    study: &Study,
    first: Frame,
    exchange: &mut Exchange,
) -> Result<HandedBack, Refusal> {
    let malformed =
        |error: &dyn std::error::Error| Refusal::because(RejectCode::Malformed, error.to_string());
    // Held to the end: a second hand-back waits and is then refused, and nothing is looked up before its time.
    let mut stage = study.at(Stage::Submitted).await?;
    let work = study.work()?;
    work.begin_hand_back().await.map_err(Refusal::internal)?;
    let mut order = Ascending::default();
    let (mut hash, mut count, mut sequence) = (Sha256::new(), 0_u64, 0_u32);
    let mut frame = first;
    while frame.kind() == Kind::HandBacks {
        let message: HandBacks = frame.message().map_err(|error| malformed(&error))?;
        if message.sequence != sequence {
            return Err(Refusal::because(
                RejectCode::Replay,
                "a frame of the hand-back is missing or repeated",
            ));
        }
        sequence += 1;
        hash.update(&message.records);
        let records = study.hand_back.read(&message.records).map_err(|error| malformed(&error))?;
        for record in &records {
            check(study, record)?;
            order.next(record.pseudonym).map_err(|error| malformed(&error))?;
        }
        count += records.len() as u64;
        if count > work.persons() {
            return Err(Refusal::because(
                RejectCode::Malformed,
                "the hand-back has more records than persons",
            ));
        }
        work.store_hand_backs(&records).await.map_err(Refusal::internal)?;
        frame = exchange.frame(FRAME_TIME).await.map_err(|error| Refusal::because(error.code(), error))?;
    }
    let end: HandBackEnd = frame.message().map_err(|error| malformed(&error))?;
    let coordinator = &node.roster().roster().coordinator.signing;
    let total = end
        .total
        .verify(Purpose::HandBack, study.digest, coordinator)
        .map_err(|error| Refusal::because(RejectCode::BadSignature, error))?;
    let digest = Digest(hash.finalize().into());
    let found = StreamTotal { node: node.config().id.clone(), records: count, digest };
    if total.stream != found {
        return Err(Refusal::because(
            RejectCode::Malformed,
            "the hand-back is not what the coordinator signed",
        ));
    }
    let strangers = work.strangers_handed_back().await.map_err(Refusal::internal)?;
    if strangers > 0 {
        tracing::error!(
            strangers,
            "the coordinator handed back persons whom this node did not contribute as residents"
        );
        return Err(Refusal::because(
            RejectCode::PolicyRefused,
            "a hand-back of persons that are not this node's",
        ));
    }
    let rows = work.worklist(study).await.map_err(Refusal::internal)?;
    node.state().store_worklist(study.digest, &rows).await.map_err(Refusal::internal)?;
    worklist::write(&node.home().worklist(&study.manifest.model), &study.model, &rows)
        .map_err(Refusal::internal)?;
    node.state()
        .move_study(study.digest, StudyState::Submitted, StudyState::HandedBack)
        .await
        .map_err(Refusal::internal)?;
    *stage = Stage::HandedBack;
    // Counts of this node's own residents, for its own log: the DPO of the municipality reads them there.
    let counts = &total.counts;
    tracing::info!(
        study.run = %study.manifest.run,
        worklist.rows = rows.len(),
        residents = counts.residents,
        claimed_twice = counts.claimed_twice,
        kommune_differs = counts.kommune_differs,
        fell_back = counts.fell_back,
        "the work list is written"
    );
    if counts.claimed_twice > 0 {
        tracing::error!(
            count = counts.claimed_twice,
            "another municipality claims residents of this one: they are on no list"
        );
    }
    u32::try_from(rows.len()).map(|persons| HandedBack { persons }).map_err(Refusal::internal)
}

/// What can be seen of a record alone: that its parts belong together by the model, as far as they are disclosed.
fn check(study: &Study, record: &HandBack) -> Result<(), Refusal> {
    let disclosed = |least| study.manifest.disclosure >= least;
    let stratum = study.model.strata.get(usize::from(record.stratum));
    let holds = |total: u16| {
        stratum.is_some_and(|s| (s.from..=s.to).contains(&total) && s.included == record.included)
    };
    let sum: u32 = record.items.iter().map(|item| u32::from(*item)).sum();
    let fits = stratum.is_some()
        && (!disclosed(Disclosure::Total) || holds(record.total))
        && (!disclosed(Disclosure::Items) || sum == u32::from(record.total));
    if fits {
        Ok(())
    } else {
        Err(Refusal::because(RejectCode::Malformed, "a record's parts do not fit the model"))
    }
}
