//! What comes back: records about this node's own citizens, and the work list made from them.
//!
//! Only pseudonyms that this node contributed as its own residents are accepted; anything else is an alarm and the
//! whole hand-back is refused. The first one that holds together is the only one.

use tvaers_link::exchange::Exchange;
use tvaers_protocol::codec;
use tvaers_protocol::frame::{Frame, Kind};
use tvaers_protocol::id::{Digest, NodeId, PersonId, Sector};
use tvaers_protocol::message::{HandBackEnd, HandBackTotal, HandBacks, HandedBack, JoinCounts};
use tvaers_protocol::record::{Ascending, HandBack, Missing};
use tvaers_protocol::reject::RejectCode;
use tvaers_protocol::sign::Purpose;

use crate::node::Node;
use crate::policy::keeper::Held;
use crate::refusal::Refusal;
use crate::state::StudyState;
use crate::study::stream::{FRAME_TIME, Share, Tally};
use crate::study::{Stage, Study};
use crate::work::record::Fixed;
use crate::worklist;

/// Takes a hand-back to its end and writes the work list. `first` is the frame that opened the exchange.
pub(crate) async fn take(
    node: &Node,
    held: &Held,
    study: &Study,
    first: Frame,
    exchange: &mut Exchange,
) -> Result<HandedBack, Refusal> {
    // Held to the end, so that one hand-back is judged at a time, and nothing is looked up before its time.
    let _returning = study.returning().await;
    if study.manifest.request.content.list.is_none() {
        return Err(Refusal::because(
            RejectCode::PolicyRefused,
            "a hand-back of a study that ends in tables alone",
        ));
    }
    let stage = study.since(Stage::Submitted).await?.stage;
    let total = read(node, study, first, exchange).await?;
    let digest = Digest::of("tvaers/v1/hand-back", &[&codec::canonical(&total)]);
    let known = study.work.fixed(Fixed::HandBack).await.map_err(Refusal::internal)?;
    if known.is_some_and(|known| known != digest) {
        return Err(Refusal::because(RejectCode::Replay, "another hand-back than the one before"));
    }
    if stage < Stage::HandedBack {
        write(node, held, study, &total, digest).await?;
    }
    u32::try_from(total.stream.records).map(|persons| HandedBack { persons }).map_err(Refusal::internal)
}

/// Reads a hand-back to its signed end, and keeps its records.
async fn read(
    node: &Node,
    study: &Study,
    first: Frame,
    exchange: &mut Exchange,
) -> Result<HandBackTotal, Refusal> {
    let malformed =
        |error: &dyn std::error::Error| Refusal::because(RejectCode::Malformed, error.to_string());
    let expected = Expected::of(node, study);
    let work = &study.work;
    let persons = work.persons().await.map_err(Refusal::internal)?;
    work.begin_hand_back().await.map_err(Refusal::internal)?;
    let (mut order, mut tally, mut frame) = (Ascending::default(), Tally::default(), first);
    while frame.kind() == Kind::HandBacks {
        let message: HandBacks = frame.message().map_err(|error| malformed(&error))?;
        let records = study.hand_back.read(&message.records).map_err(|error| malformed(&error))?;
        tally.take(message.sequence, &message.records, records.len())?;
        for record in &records {
            expected.check(study, record)?;
            order.next(record.pseudonym).map_err(|error| malformed(&error))?;
        }
        if tally.records() > persons {
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
    if total.stream != tally.total(&node.config().id) {
        return Err(Refusal::because(
            RejectCode::Malformed,
            "the hand-back is not what the coordinator signed",
        ));
    }
    expected.check_total(study, total)?;
    let strangers = work.strangers_handed_back().await.map_err(Refusal::internal)?;
    if strangers > 0 {
        tracing::error!("the coordinator handed back persons whom this node did not contribute as residents");
        return Err(Refusal::because(
            RejectCode::PolicyRefused,
            "a hand-back of persons that are not this node's",
        ));
    }
    Ok(total.clone())
}

/// What manifest and model say of every hand-back of a study.
struct Expected {
    missing: Missing,
    members: Vec<NodeId>,
    falling_back: u16,
}

impl Expected {
    fn of(node: &Node, study: &Study) -> Self {
        let absent = study.manifest.missing(node.roster());
        let lacks =
            |sector: Sector| study.model.spans(sector) && absent.iter().any(|member| member.sector == sector);
        Self {
            missing: Missing { region: lacks(Sector::Region), municipality: lacks(Sector::Municipality) },
            members: absent.iter().map(|member| member.id.clone()).collect(),
            falling_back: study.model.falling_back_groups(study.manifest.grain),
        }
    }

    /// What can be seen of a record alone: that its parts belong together by the model, as far as they are disclosed,
    /// and that it does not pass for more complete than it can be.
    fn check(&self, study: &Study, record: &HandBack) -> Result<(), Refusal> {
        let complete = record.missing == self.missing && record.fell_back & !self.falling_back == 0;
        let wanted = record.included || study.manifest.everyone;
        if complete && wanted && study.model.fits(record, study.manifest.disclosure) {
            Ok(())
        } else {
            Err(Refusal::because(RejectCode::Malformed, "a record's parts do not fit the model"))
        }
    }

    fn check_total(&self, study: &Study, total: &HandBackTotal) -> Result<(), Refusal> {
        let groups = study.model.touches.len();
        let JoinCounts { fell_back, joined_events, .. } = &total.counts;
        if total.missing == self.members && fell_back.len() == groups && joined_events.len() == groups {
            Ok(())
        } else {
            Err(Refusal::because(RejectCode::Malformed, "the end of the hand-back does not fit the study"))
        }
    }
}

/// Fixes the hand-back, then makes the work list of it. A node that stops in between makes it again.
async fn write(
    node: &Node,
    held: &Held,
    study: &Study,
    total: &HandBackTotal,
    digest: Digest,
) -> Result<(), Refusal> {
    let work = &study.work;
    work.fix(Fixed::HandBack, digest).await.map_err(Refusal::internal)?;
    let left_out = node.left_out(held.or_refuse()?).await.map_err(Refusal::internal)?;
    let mut rows = work.worklist(study).await.map_err(Refusal::internal)?;
    // Who has objected since the contributions left is on no list.
    rows.retain(|row| PersonId::parse(&row.person_id).is_ok_and(|person| !left_out.holds(&person)));
    node.state().store_worklist(study.digest, &rows).await.map_err(Refusal::internal)?;
    worklist::write(node.home(), &study.model, &rows).map_err(Refusal::internal)?;
    node.state()
        .move_study(study.digest, StudyState::Submitted, StudyState::HandedBack)
        .await
        .map_err(Refusal::internal)?;
    work.reach(Stage::HandedBack).await.map_err(Refusal::internal)?;
    tell(study, total);
    Ok(())
}

/// Tells the log what came of it. The log is passed on where something has gone wrong, so it holds no count of persons:
/// the list itself says who is on it, and the file beside it who is incomplete and why.
fn tell(study: &Study, total: &HandBackTotal) {
    let counts = &total.counts;
    let missing: Vec<&str> = total.missing.iter().map(NodeId::as_str).collect();
    tracing::info!(
        study.run = %study.manifest.run,
        kommune_differs = Share::of(counts.kommune_differs, counts.residents).name(),
        missing = missing.join(" "),
        "the work list is written"
    );
    if counts.claimed_twice > 0 {
        tracing::error!("another municipality claims residents of this one: they are on no list");
    }
}
