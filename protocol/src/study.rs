//! The study manifest: one run of one permit, agreed and signed by every participating node before anything is
//! blinded. Its digest stands in every frame of the run, so no two nodes can be shown different studies.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::hex_bytes;
use crate::id::{Digest, NodeId};
use crate::limit;
use crate::message::Signed;
use crate::request::{Approval, StudyRequest};
use crate::roster::{Member, VerifiedRoster};

/// The random name of a run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RunId(#[serde(with = "hex_bytes")] pub [u8; 16]);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that names no run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a run is named by 32 hexadecimal digits")]
pub struct RunIdError;

impl FromStr for RunId {
    type Err = RunIdError;
    fn from_str(text: &str) -> Result<Self, RunIdError> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let bytes = if text.bytes().all(is_digit) { hex::decode(text).ok() } else { None };
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(RunIdError)
    }
}

/// How fine a node's contribution of one person is; the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grain {
    /// The node turns its own rows into points.
    Points,
    /// The node sends clamped counts, which add up over nodes.
    Counts,
    /// Shifted events of persons whom two nodes of a sector touch.
    Events,
}

impl fmt::Display for Grain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Points => "points",
            Self::Counts => "counts",
            Self::Events => "events",
        })
    }
}

/// A text that names no grain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a grain is `points`, `counts` or `events`")]
pub struct GrainError;

impl FromStr for Grain {
    type Err = GrainError;
    fn from_str(text: &str) -> Result<Self, GrainError> {
        match text {
            "points" => Ok(Self::Points),
            "counts" => Ok(Self::Counts),
            "events" => Ok(Self::Events),
            _ => Err(GrainError),
        }
    }
}

/// What a work list tells the responsible node about a person; the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disclosure {
    /// Whether the person is included.
    Inclusion,
    /// And the stratum.
    Stratum,
    /// And the total.
    Total,
    /// And the points of each criterion.
    Items,
}

/// One node's part in a study.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// The node.
    pub node: NodeId,
    /// The most evaluations it may ask for, over all batches and holders' counters alike.
    pub quota: u32,
    /// The indices of the holders that evaluate for it: pinned, exactly t, ascending.
    pub quorum: Vec<u16>,
    /// The digest of the data set that it answers from.
    pub data: Digest,
}

/// From which key a later run of a series has its own: the shares of the holders that stay are refreshed, so that the
/// key is the same and what was stolen of the old shares is worth nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follows {
    /// The digest of the first run's manifest, under which persons are hashed in all of them.
    pub first: Digest,
    /// The digest of the public keys that are refreshed.
    pub before: Digest,
    /// The indices of holders whose shares are not refreshed, ascending: they stay away, or stayed away before.
    pub left_out: Vec<u16>,
    /// The indices of holders that have lost their shares, ascending: they are given them again first.
    pub lost: Vec<u16>,
}

/// What a study is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The random name of the run.
    pub run: RunId,
    /// The roster under which it runs.
    pub roster: Digest,
    /// What was asked for, signed by the person who asks; all that follows keeps within it.
    pub request: Signed<StudyRequest>,
    /// What a second person signed of the request; none where nobody did.
    pub approval: Option<Signed<Approval>>,
    /// What the tables are charged at each node, in thousand-millionths of rho; 0 where none are asked for.
    pub nano_rho: u64,
    /// The model's name.
    pub model: String,
    /// The digest of the model's file.
    pub model_digest: Digest,
    /// The digest of the feature catalogue.
    pub catalogue_digest: Digest,
    /// The reference date.
    pub as_of: Date,
    /// How fine contributions are.
    pub grain: Grain,
    /// What a work list tells.
    pub disclosure: Disclosure,
    /// Whether it tells of everyone in the population, and not of those alone whom the model includes.
    pub everyone: bool,
    /// The roster's key holders that take part, in order; a holder's index is its position + 1. In a run that follows
    /// another, the holders of the first, whether they stay or not.
    pub holders: Vec<NodeId>,
    /// How many of them evaluate one pseudonym (t).
    pub threshold: u16,
    /// The run whose key this one goes on with; none where it makes one of its own.
    pub follows: Option<Follows>,
    /// Every participating node, ascending by name.
    pub participants: Vec<Participant>,
    /// When it was drafted.
    pub created: Timestamp,
    /// When nodes stop answering for it.
    pub deadline: Timestamp,
}

/// By how much a coordinator's clock may be ahead.
pub(crate) const CLOCK_GRACE: SignedDuration = SignedDuration::from_mins(10);

/// The day of a moment, by which memberships and validity are judged everywhere alike.
#[must_use]
pub fn utc_date(time: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(time).date()
}

/// Why a manifest is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what the variant means")]
pub enum ManifestError {
    #[error("the study is of another roster")]
    OtherRoster,
    #[error("the roster is not valid today")]
    RosterExpired,
    #[error("the study says to be drafted in the future or after its deadline")]
    Created,
    #[error("the study names `{0}`, which the roster does not")]
    UnknownNode(NodeId),
    #[error("the study's key holders are not those of the roster that take part, or fewer than it takes")]
    Holders,
    #[error("the study's threshold {found} is not the roster's {expected}")]
    Threshold { found: u16, expected: u16 },
    #[error("the quorum of `{0}` is not {1} different holders, itself among them if it is one")]
    Quorum(NodeId, u16),
    #[error("the quota of `{node}` is {found}; the roster allows {allowed}")]
    Quota { node: NodeId, found: u32, allowed: u32 },
    #[error("the participants are not in order, each once")]
    Order,
    #[error("the study is not what was asked for")]
    Request,
    #[error("the study's deadline has passed or is more than {} days away", limit::STUDY_DAYS_MAX)]
    Deadline,
}

impl Manifest {
    /// The digest that stands in every frame of the run.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of("tvaers/v1/manifest", &[&codec::canonical(self)])
    }

    /// Checks all that roster and clock can decide; model, data and policy are the node's own to check.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn check(&self, roster: &VerifiedRoster, now: Timestamp) -> Result<(), ManifestError> {
        if self.roster != roster.digest() {
            return Err(ManifestError::OtherRoster);
        }
        let day = utc_date(self.created);
        let late = now.checked_add(CLOCK_GRACE).is_ok_and(|latest| self.created > latest);
        if late || self.created > self.deadline {
            return Err(ManifestError::Created);
        }
        if !self.is_as_asked() {
            return Err(ManifestError::Request);
        }
        if !roster.roster().is_valid_on(utc_date(now)) {
            return Err(ManifestError::RosterExpired);
        }
        let holders: Vec<&NodeId> = roster.roster().holders_on(day).map(|member| &member.id).collect();
        if !self.are_holders(&holders, roster.roster().quorum) {
            return Err(ManifestError::Holders);
        }
        let expected = roster.roster().quorum;
        if self.threshold != expected {
            return Err(ManifestError::Threshold { found: self.threshold, expected });
        }
        if !self.participants.windows(2).all(|pair| matches!(pair, [a, b] if a.node < b.node)) {
            return Err(ManifestError::Order);
        }
        for participant in &self.participants {
            let member = roster
                .roster()
                .members_on(day)
                .find(|member| member.id == participant.node)
                .ok_or_else(|| ManifestError::UnknownNode(participant.node.clone()))?;
            self.check_participant(participant, member)?;
        }
        let longest = SignedDuration::from_hours(24 * limit::STUDY_DAYS_MAX);
        if now > self.deadline || self.deadline.duration_since(now) > longest {
            return Err(ManifestError::Deadline);
        }
        Ok(())
    }

    /// Whether it keeps to its request: the same model and date, no finer, and at the stated price. Who signed the
    /// request, and whether policies allow it, is for the node to say.
    fn is_as_asked(&self) -> bool {
        let asked = &self.request.content;
        let price = match asked.tables.as_ref().map(|tables| tables.nano_rho) {
            None => self.nano_rho == 0,
            Some(None) => self.nano_rho > 0,
            Some(Some(nano_rho)) => self.nano_rho == nano_rho && nano_rho > 0,
        };
        let follows = asked.series.is_some_and(|series| series.first.is_some());
        let same = asked.model == self.model
            && self.follows.is_some() == follows
            && asked.model_digest == self.model_digest
            && asked.catalogue_digest == self.catalogue_digest
            && asked.as_of == self.as_of;
        same && price && self.grain <= asked.grain && (asked.list.is_some() || asked.tables.is_some())
    }

    /// Whether the holders are those that there should be: all of the roster that take part, for a key of its own; for
    /// one that is refreshed, enough that take part and whose shares are, and among them enough to make the lost ones.
    fn are_holders(&self, of_roster: &[&NodeId], quorum: u16) -> bool {
        let takes_part = |holder: &&NodeId| self.participant(holder).is_some();
        let Some(follows) = &self.follows else {
            let taking_part = of_roster.iter().copied().filter(takes_part);
            return self.holders.iter().eq(taking_part) && self.holders.len() >= usize::from(quorum);
        };
        let staying: Vec<u16> = self.staying().collect();
        let stays = |index: &u16| staying.contains(index);
        let ascend = |indices: &[u16]| indices.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        let are_here = staying
            .iter()
            .filter_map(|index| self.holder(*index))
            .all(|holder| of_roster.contains(&holder) && takes_part(&holder));
        let left_out = follows.left_out.iter().all(|index| self.holder(*index).is_some());
        let helpers = staying.len().saturating_sub(follows.lost.len());
        ascend(&follows.left_out)
            && ascend(&follows.lost)
            && left_out
            && follows.lost.iter().all(stays)
            && are_here
            && helpers >= usize::from(quorum)
    }

    /// The digest under which persons are hashed: that of the series' first manifest.
    #[must_use]
    pub fn persons_context(&self) -> Digest {
        self.follows.as_ref().map_or_else(|| self.digest(), |follows| follows.first)
    }

    /// The indices of the holders that have a share in this run, ascending.
    pub fn staying(&self) -> impl Iterator<Item = u16> {
        let left_out = self.follows.as_ref().map_or(&[][..], |follows| &follows.left_out);
        let last = u16::try_from(self.holders.len()).unwrap_or(u16::MAX);
        (1..=last).filter(move |index| !left_out.contains(index))
    }

    /// The indices of the holders that make a lost share again: the first that stay and have theirs, as many as it takes.
    pub fn helpers(&self) -> impl Iterator<Item = u16> {
        let lost = self.follows.as_ref().map_or(&[][..], |follows| &follows.lost);
        self.staying().filter(move |index| !lost.contains(index)).take(usize::from(self.threshold))
    }

    fn check_participant(&self, participant: &Participant, member: &Member) -> Result<(), ManifestError> {
        let ascending = participant.quorum.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        let known = participant.quorum.iter().all(|&index| self.staying().any(|staying| staying == index));
        // A holder that left its own share out could play the others off against each other and pass its quota.
        let own =
            self.holder_index(&participant.node).filter(|own| self.staying().any(|index| index == *own));
        let own_is_in = own.is_none_or(|own| participant.quorum.contains(&own));
        if !ascending || !known || !own_is_in || participant.quorum.len() != usize::from(self.threshold) {
            return Err(ManifestError::Quorum(participant.node.clone(), self.threshold));
        }
        if participant.quota > member.evaluations_max {
            return Err(ManifestError::Quota {
                node: participant.node.clone(),
                found: participant.quota,
                allowed: member.evaluations_max,
            });
        }
        Ok(())
    }

    /// The holder with this index (1 for the first).
    #[must_use]
    pub fn holder(&self, index: u16) -> Option<&NodeId> {
        self.holders.get(usize::from(index).checked_sub(1)?)
    }

    /// The index of a holder, 1 for the first.
    #[must_use]
    pub fn holder_index(&self, node: &NodeId) -> Option<u16> {
        let position = self.holders.iter().position(|holder| holder == node)?;
        u16::try_from(position + 1).ok()
    }

    /// The index under which a node has a share in this run; none where it holds none, or is left out.
    #[must_use]
    pub fn share_index(&self, node: &NodeId) -> Option<u16> {
        let index = self.holder_index(node)?;
        self.staying().any(|staying| staying == index).then_some(index)
    }

    /// The run of the series that this one begins or goes on with; none where its key is its own alone.
    #[must_use]
    pub fn first_run(&self) -> Option<RunId> {
        let series = self.request.content.series?;
        Some(series.first.unwrap_or(self.run))
    }

    /// The permit by which its key may be kept: that of its list, or of its tables where it has none.
    #[must_use]
    pub fn series_permit(&self) -> Option<&str> {
        let asked = &self.request.content;
        let under = asked.list.as_ref().or(asked.tables.as_ref().map(|tables| &tables.under));
        under.map(|under| under.permit.as_str())
    }

    /// A node's part.
    #[must_use]
    pub fn participant(&self, node: &NodeId) -> Option<&Participant> {
        self.participants.iter().find(|participant| participant.node == *node)
    }

    /// Members of the roster that do not take part: they did not answer in time.
    #[must_use]
    pub fn missing<'a>(&self, roster: &'a VerifiedRoster) -> Vec<&'a Member> {
        let members = roster.roster().members_on(utc_date(self.created));
        members.filter(|member| self.participant(&member.id).is_none()).collect()
    }

    /// The quorum for the participant at `position`, whose own index is `own` if it holds a share, out of those who
    /// stay, ascending: a holder's own share and the t − 1 that follow it in turn, or t in turn for one that holds none.
    /// The load spreads, and a holder needs all others of its quorum for each person, so that the quota counts persons:
    /// with its own share left out it could play t others off against each other and get more.
    #[must_use]
    pub fn quorum_for(own: Option<u16>, position: usize, staying: &[u16], threshold: u16) -> Vec<u16> {
        let start = staying.iter().position(|index| Some(*index) == own).unwrap_or(position);
        let turn = staying.iter().cycle().skip(start % staying.len().max(1));
        let mut quorum: Vec<u16> = turn.take(usize::from(threshold).min(staying.len())).copied().collect();
        quorum.sort_unstable();
        quorum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grain_reads_back_as_it_is_written_and_points_are_the_least() {
        for grain in [Grain::Points, Grain::Counts, Grain::Events] {
            assert_eq!(grain.to_string().parse(), Ok(grain));
        }
        assert!(Grain::Points < Grain::Counts && Grain::Counts < Grain::Events);
        assert_eq!("Points".parse::<Grain>(), Err(GrainError));
    }

    #[test]
    fn a_holder_is_part_of_its_own_quorum_and_needs_all_others_of_it() {
        let staying = [1, 2, 3, 4, 5];
        for own in staying {
            let quorum = Manifest::quorum_for(Some(own), usize::from(own) - 1, &staying, 3);
            assert_eq!(quorum.len(), 3);
            assert!(quorum.contains(&own));
        }
        assert_eq!(Manifest::quorum_for(Some(1), 0, &[1, 2], 2), [1, 2]);
        assert_eq!(Manifest::quorum_for(None, 3, &staying, 3), [1, 4, 5]);
        // Who is left out is in nobody's, its own neither.
        assert_eq!(Manifest::quorum_for(Some(5), 4, &[1, 2, 4, 5], 3), [1, 2, 5]);
        assert_eq!(Manifest::quorum_for(Some(3), 2, &[1, 2, 4, 5], 3), [1, 4, 5]);
    }

    #[test]
    fn quorums_spread_the_load_evenly() {
        let staying = [1, 2, 3, 4, 5];
        let mut load = [0; 5];
        for own in staying {
            for index in Manifest::quorum_for(Some(own), 0, &staying, 3) {
                load[usize::from(index) - 1] += 1;
            }
        }
        assert_eq!(load, [3; 5]);
    }
}
