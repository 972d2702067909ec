//! A roster on its way through its members' hands: one signature at a time, and who is still to sign.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::{Digest, NodeId};
use crate::roster::{Member, Roster, RosterError, SignedRoster, VerifiedRoster};
use crate::sign::{Purpose, Signature};

/// One member's signature of a roster, as the file that it sends back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MemberSignature {
    /// Who signed.
    pub node: NodeId,
    /// The digest of the roster that was signed.
    pub roster: Digest,
    /// The signature.
    pub signature: Signature,
}

/// How far a roster's signing has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Whose signatures fit.
    pub signed: BTreeSet<NodeId>,
    /// Whose signatures fit neither this roster's key nor that of the roster before.
    pub wrong: BTreeSet<NodeId>,
    /// Who must sign and has not.
    pub missing: BTreeSet<NodeId>,
    /// How many more of the previous members are needed.
    pub previous_short: usize,
    /// The previous members that have not signed.
    pub previous_missing: BTreeSet<NodeId>,
}

impl Standing {
    /// Whether nobody's signature is missing or wrong.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.wrong.is_empty() && self.missing.is_empty() && self.previous_short == 0
    }
}

impl SignedRoster {
    /// How far the signing has come. `previous` is the roster before this one, where there is one and it is known.
    #[must_use]
    pub fn standing(&self, previous: Option<&Roster>) -> Standing {
        let previous = previous.filter(|previous| self.roster.previous == Some(previous.digest()));
        let (now, before) = (self.roster.members.iter(), previous.map_or(&[][..], |roster| &roster.members));
        let by_new: BTreeSet<NodeId> = now.clone().filter(|m| self.fits(m)).map(|m| m.id.clone()).collect();
        let by_old: BTreeSet<NodeId> = before.iter().filter(|m| self.fits(m)).map(|m| m.id.clone()).collect();
        let signed: BTreeSet<NodeId> = by_new.union(&by_old).cloned().collect();
        let wrong = self.signatures.keys().filter(|id| !signed.contains(*id)).cloned().collect();
        let must = now.filter(|member| self.must_sign(member)).map(|member| member.id.clone());
        let needed = if before.is_empty() { 0 } else { previous_needed(before.len()) };
        Standing {
            missing: must.filter(|id| !by_new.contains(id)).collect(),
            previous_short: needed.saturating_sub(by_old.len()),
            previous_missing: before.iter().map(|m| m.id.clone()).filter(|id| !by_old.contains(id)).collect(),
            signed,
            wrong,
        }
    }

    /// Takes in a member's signature, in place of an earlier one.
    ///
    /// # Errors
    /// [`RosterError`] where it is of another roster, of nobody of this roster or the one before, or does not fit.
    pub fn add(&mut self, signature: MemberSignature, previous: Option<&Roster>) -> Result<(), RosterError> {
        let ours = self.roster.digest();
        let MemberSignature { node, roster, signature } = signature;
        if roster != ours {
            return Err(RosterError::OtherRoster { node, found: roster, expected: ours });
        }
        let rosters = std::iter::once(&self.roster).chain(previous);
        let keys: Vec<&Member> =
            rosters.flat_map(|roster| &roster.members).filter(|member| member.id == node).collect();
        if keys.is_empty() {
            return Err(RosterError::Stranger(node));
        }
        if !keys.iter().any(|m| m.signing.verify(Purpose::Roster, &ours.0, &signature).is_ok()) {
            return Err(RosterError::BadSignature(node));
        }
        self.signatures.insert(node, signature);
        Ok(())
    }

    /// Whether this member has signed this roster with the key that this entry has.
    #[must_use]
    pub fn fits(&self, member: &Member) -> bool {
        let digest = self.roster.digest();
        let signature = self.signatures.get(&member.id);
        signature.is_some_and(|it| member.signing.verify(Purpose::Roster, &digest.0, it).is_ok())
    }

    /// All members of a first roster, then all key holders.
    pub(super) fn must_sign(&self, member: &Member) -> bool {
        self.roster.previous.is_none() || member.holder
    }

    pub(super) fn check_previous_members(&self, previous: &VerifiedRoster) -> Result<(), RosterError> {
        let members = &previous.roster().members;
        let needed = previous_needed(members.len());
        let found = members.iter().filter(|member| self.fits(member)).count();
        if found < needed { Err(RosterError::TooFewPrevious { found, needed }) } else { Ok(()) }
    }
}

/// Two thirds, rounded up.
const fn previous_needed(members: usize) -> usize {
    (2 * members).div_ceil(3)
}
