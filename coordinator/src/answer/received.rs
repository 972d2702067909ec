//! A node's answer as it came: believed, or why not. Pure.

use std::sync::Arc;

use tvaers_protocol::codec;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::limit::MEMBERS_MAX;
use tvaers_protocol::message::Signed;
use tvaers_protocol::release::{Mechanism, PartOf, Release};
use tvaers_protocol::roster::Member;
use tvaers_protocol::sign::{Purpose, VerifyingKey};
use tvaers_query::Query;
use tvaers_query::query::Party;
use tvaers_release::error::ReleaseError;
use tvaers_release::of_query::parts;
use tvaers_release::scale::Scale;
use tvaers_release::spread::Spread;

/// A value may be as far from 0 as this: those of a whole federation can then be added up, whatever a node says.
const VALUE_MAX: u64 = i64::MAX.unsigned_abs() / MEMBERS_MAX as u64;

/// Scales whose spreads are kept: an answer has two at most, and a policy may change while answers come.
const SCALES_KEPT: usize = 8;

/// Why a node's answer cannot be used. It names no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("it is not an answer, or not signed by the node")]
    Unsigned,
    #[error("it answers another question")]
    OtherQuestion,
    #[error("it has another number of cells than the query has for the node")]
    Cells,
    #[error("it has other parts or other noise than the query has")]
    Parts,
    #[error("a value is too large to be added up")]
    Value,
    #[error("its noise is none that the mechanism can have: {0}")]
    Noise(ReleaseError),
    #[error("a part of it is missing or comes twice")]
    Sequence,
    #[error("it has more answers than were asked for")]
    TooMany,
    #[error("it ends with another count of answers than it has")]
    Count,
    #[error(
        "it has fewer answers than were asked for and does not say why, or all of them and a rule against them"
    )]
    Unexplained,
}

/// What a node's answers to a query must be. It reads one after another, and works out once what they share.
pub(crate) struct Expected {
    node: NodeId,
    key: VerifyingKey,
    question: Digest,
    cells: Arc<[usize]>,
    mechanism: Mechanism,
    /// What its parts may be: with the number of persons beside a sum, or without.
    parts: [Vec<PartOf>; 2],
    /// Those of the scales before: they take time to work out, and hardly ever change.
    spreads: Vec<(u64, Spread)>,
}

/// A node's answer, checked.
pub(crate) struct Received {
    pub(super) release: Release,
    /// The positions of its cells among those of the query.
    pub(super) cells: Arc<[usize]>,
    /// What is known of the noise of each part.
    pub(super) spreads: Vec<Spread>,
}

impl Expected {
    /// Of this member.
    pub(crate) fn of(query: &Query, member: &Member) -> Self {
        Self {
            node: member.id.clone(),
            key: member.signing,
            question: query.question_digest(),
            cells: query.cells_of(&Party::from(member)).into(),
            mechanism: query.privacy().mechanism,
            parts: [false, true].map(|hides| parts_of(query, hides)),
            spreads: Vec::new(),
        }
    }

    /// How many numbers the node answers at most.
    pub(crate) fn numbers_len(&self) -> usize {
        self.cells.len() * self.parts.iter().map(Vec::len).max().unwrap_or(1)
    }

    /// Checks one answer.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) fn read(&mut self, body: &[u8]) -> Result<Received, Fault> {
        let signed: Signed<Release> = codec::decode(body).map_err(|_| Fault::Unsigned)?;
        let release = signed.verify(Purpose::Release, self.question, &self.key).map_err(|_| {
            // Under another question the signature cannot fit: that is what is wrong, and not the signature.
            if signed.content.question == self.question { Fault::Unsigned } else { Fault::OtherQuestion }
        })?;
        if release.node != self.node || release.question != self.question {
            return Err(Fault::OtherQuestion);
        }
        let of: Vec<PartOf> = release.noise.parts.iter().map(|part| part.of).collect();
        if of.is_empty() || !self.parts.contains(&of) || release.noise.mechanism != self.mechanism {
            return Err(Fault::Parts);
        }
        let fits = |cells: &Vec<i64>| cells.len() == self.cells.len();
        if release.cells.len() != of.len() || !release.cells.iter().all(fits) {
            return Err(Fault::Cells);
        }
        if release.cells.iter().flatten().any(|value| value.unsigned_abs() > VALUE_MAX) {
            return Err(Fault::Value);
        }
        let spreads =
            release.noise.parts.iter().map(|part| self.spread(part.scale)).collect::<Result<_, _>>()?;
        Ok(Received { release: signed.content, cells: Arc::clone(&self.cells), spreads })
    }

    fn spread(&mut self, scale: f64) -> Result<Spread, Fault> {
        if let Some((_, spread)) = self.spreads.iter().find(|(known, _)| *known == scale.to_bits()) {
            return Ok(*spread);
        }
        let spread = Spread::of(self.mechanism, Scale::new(scale).map_err(Fault::Noise)?);
        // A node that says another scale each time costs time, not room.
        self.spreads.truncate(SCALES_KEPT - 1);
        self.spreads.insert(0, (scale.to_bits(), spread));
        Ok(spread)
    }
}

fn parts_of(query: &Query, hides: bool) -> Vec<PartOf> {
    // A query that cannot be noised is refused before anyone is asked; then nothing fits.
    let parts = parts(query, query.cells_len(), hides).unwrap_or_default();
    parts.into_iter().map(|part| part.of).collect()
}
