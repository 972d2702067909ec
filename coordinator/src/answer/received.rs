//! A node's answer as it came: believed, or why not. Pure.

use std::sync::Arc;

use tvaers_protocol::codec;
use tvaers_protocol::id::{Digest, NodeId};
use tvaers_protocol::limit::MEMBERS_MAX;
use tvaers_protocol::message::Signed;
use tvaers_protocol::release::Release;
use tvaers_protocol::roster::Member;
use tvaers_protocol::sign::{Purpose, VerifyingKey};
use tvaers_query::Query;
use tvaers_query::query::Party;
use tvaers_release::error::ReleaseError;
use tvaers_release::scale::Scale;
use tvaers_release::spread::Spread;

/// A value may be as far from 0 as this: those of a whole federation can then be added up, whatever a node says.
const VALUE_MAX: u64 = i64::MAX.unsigned_abs() / MEMBERS_MAX as u64;

/// Why a node's answer cannot be used. It names no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("it is not an answer, or not signed by the node")]
    Unsigned,
    #[error("it answers another question")]
    OtherQuestion,
    #[error("it has another number of cells than the query has for the node")]
    Cells,
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
    /// That of the scale before: it takes time to work out, and hardly ever changes.
    spread: Option<Spread>,
}

/// A node's answer, checked.
pub(crate) struct Received {
    pub(super) release: Release,
    /// The positions of its cells among those of the query.
    pub(super) cells: Arc<[usize]>,
    pub(super) spread: Spread,
}

impl Expected {
    /// Of this member.
    pub(crate) fn of(query: &Query, member: &Member) -> Self {
        Self {
            node: member.id.clone(),
            key: member.signing,
            question: query.question_digest(),
            cells: query.cells_of(&Party::from(member)).into(),
            spread: None,
        }
    }

    /// How many cells the node answers.
    pub(crate) fn cells_len(&self) -> usize {
        self.cells.len()
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
        if release.cells.len() != self.cells.len() {
            return Err(Fault::Cells);
        }
        if release.cells.iter().any(|value| value.unsigned_abs() > VALUE_MAX) {
            return Err(Fault::Value);
        }
        let scale = Scale::new(release.noise.scale).map_err(Fault::Noise)?;
        let spread = match self.spread {
            Some(spread) if spread.scale().to_bits() == scale.get().to_bits() => spread,
            _ => Spread::discrete_gaussian(scale),
        };
        self.spread = Some(spread);
        Ok(Received { release: signed.content, cells: Arc::clone(&self.cells), spread })
    }
}
