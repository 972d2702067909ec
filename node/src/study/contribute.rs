//! What leaves the node about its persons: fixed-size records, sorted by pseudonym, streamed. What they are is fixed
//! before the first one leaves; they can be sent again, and never others.

use tvaers_link::exchange::Exchange;
use tvaers_protocol::id::{Digest, Pseudonym};
use tvaers_protocol::message::{Compute, Computed, Contributions, ContributionsEnd, Signed};
use tvaers_protocol::objection;
use tvaers_protocol::sign::Purpose;

use crate::node::Node;
use crate::policy::keeper::Held;
use crate::refusal::Refusal;
use crate::state::StudyState;
use crate::study::stream::{FRAME_TIME, Tally};
use crate::study::{Stage, Study, agree, permit, told};
use crate::witness;
use crate::work::record::Fixed;

/// Works out the model's components of this node's persons.
pub(crate) async fn compute(
    node: &Node,
    held: &Held,
    study: &Study,
    _ask: &Compute,
) -> Result<Computed, Refusal> {
    let step = study.since(Stage::Pinned).await?;
    let persons = if step.stage == Stage::Pinned {
        charge(node, held, study).await?;
        study.work.compute(node, held.or_refuse()?, study).await
    } else {
        study.work.persons().await
    };
    let persons = u32::try_from(persons.map_err(Refusal::internal)?).map_err(Refusal::internal)?;
    Ok(Computed { persons })
}

/// Charges what the study's tables cost, before any row is read for them.
async fn charge(node: &Node, held: &Held, study: &Study) -> Result<(), Refusal> {
    let now = node.clock().now();
    let (manifest, import) = (&study.manifest, study.import.statement.import);
    let Some(charged) = permit::charge(node, held, manifest, &study.model, import, now).await? else {
        return Ok(());
    };
    match charged {
        Ok(charged) => {
            let left = permit::left(node, held, &charged, now).await?;
            node.record(now, vec![told::charged(manifest, &charged, left)]).await?;
            Ok(witness::cover(node, held).await?)
        }
        Err(rules) => {
            node.record(now, vec![told::refused(node, held, manifest, &rules)]).await?;
            Err(agree::refused(&rules))
        }
    }
}

/// Streams the contributions.
pub(crate) async fn stream(
    node: &Node,
    held: &Held,
    study: &Study,
    exchange: &mut Exchange,
) -> Result<(), Refusal> {
    let fixed = fix(node, held, study).await?;
    let mut tally = Tally::default();
    let mut pages = Pages::new(study);
    while let Some(Page { records, objecting, count }) = pages.next().await? {
        let sign = |pseudonym| objection::sign(pseudonym, study.digest, node.signing());
        let objections = objecting.into_iter().map(sign).collect();
        let message = Contributions { sequence: tally.add(&records, count), records, objections };
        let sent = exchange.send(&message, FRAME_TIME).await;
        sent.map_err(|error| Refusal::because(error.code(), error))?;
    }
    if tally.digest() != fixed {
        return Err(Refusal::internal("the contributions are not those that were fixed"));
    }
    let total =
        Signed::new(tally.total(&node.config().id), Purpose::Contributions, study.digest, node.signing());
    let end = ContributionsEnd { total };
    exchange.answer(&end, FRAME_TIME).await.map_err(|error| Refusal::because(error.code(), error))
}

/// Fixes what is contributed, and remembers that it begins to leave. Gives the digest over all records.
async fn fix(node: &Node, held: &Held, study: &Study) -> Result<Digest, Refusal> {
    let step = study.since(Stage::Pseudonymised).await?;
    let work = &study.work;
    let fixed = match work.fixed(Fixed::Contributions).await.map_err(Refusal::internal)? {
        Some(fixed) => fixed,
        None => {
            // Who has objected, or was put on a list, since the components were worked out.
            let left_out = node.left_out(held.or_refuse()?).await.map_err(Refusal::internal)?;
            if left_out.names_any() {
                work.leave_out(&left_out, &study.layout).await.map_err(Refusal::internal)?;
            }
            let mut tally = Tally::default();
            let mut pages = Pages::new(study);
            while let Some(Page { records, count, .. }) = pages.next().await? {
                tally.add(&records, count);
            }
            work.fix(Fixed::Contributions, tally.digest()).await.map_err(Refusal::internal)?
        }
    };
    if step.stage < Stage::Submitted {
        node.state()
            .move_study(study.digest, StudyState::Accepted, StudyState::Submitted)
            .await
            .map_err(Refusal::internal)?;
        work.reach(Stage::Submitted).await.map_err(Refusal::internal)?;
    }
    Ok(fixed)
}

/// The body of one frame.
struct Page {
    records: Vec<u8>,
    /// Those of the records that object, in order.
    objecting: Vec<Pseudonym>,
    count: usize,
}

/// The contributions as the bodies of frames. Nothing is held between two of them.
struct Pages<'a> {
    study: &'a Study,
    last: Option<Pseudonym>,
}

impl<'a> Pages<'a> {
    const fn new(study: &'a Study) -> Self {
        Self { study, last: None }
    }

    /// The next frame's records; none at the end.
    async fn next(&mut self) -> Result<Option<Page>, Refusal> {
        let Study { work, layout, contribution: shape, .. } = self.study;
        let page = work.contributions_after(self.last, shape.per_frame(), layout).await;
        let page = page.map_err(Refusal::internal)?;
        let Some(last) = page.last() else { return Ok(None) };
        self.last = Some(last.pseudonym);
        let mut records = Vec::with_capacity(page.len() * shape.size());
        for record in &page {
            shape.write(record, &mut records);
        }
        let objecting = page.iter().filter(|record| record.objects).map(|record| record.pseudonym).collect();
        Ok(Some(Page { records, objecting, count: page.len() }))
    }
}
