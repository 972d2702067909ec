//! The roster: the file that names the federation, and the rules by which one roster follows another.
//!
//! A roster is a TOML document with one signature per member. Its digest is taken over the canonical encoding of
//! its content, so that white space and comments do not matter; everyone pins it, and every frame carries it.

mod change;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use self::standing::{MemberSignature, Standing};
use crate::codec;
use crate::enrolment::check_name;
use crate::hex_bytes;
use crate::id::{Digest, NodeId, Sector};
use crate::limit;
use crate::sign::{Purpose, Signature, SigningKey, VerifyingKey};

/// A party's public X25519 key, for what is sealed to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealingPublic(#[serde(with = "hex_bytes")] pub [u8; 32]);

/// The coordinator's entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Coordinator {
    /// Who runs it, for people.
    pub name: String,
    /// SHA-256 of its certificate's public key (SPKI).
    pub spki: Digest,
    /// Its message-signing key.
    pub signing: VerifyingKey,
}

/// A member's entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Member {
    /// The node's name, and the name of its data folder.
    pub id: NodeId,
    /// Which tables it holds.
    pub sector: Sector,
    /// Region code (four digits, such as 1085) or municipality code (three digits, such as 360).
    pub code: u16,
    /// Who runs it, for people.
    pub name: String,
    /// First day of membership.
    pub valid_from: Date,
    /// Last day of membership; none while it has no end. (Regions merge, tasks move.)
    pub valid_to: Option<Date>,
    /// SHA-256 of its certificate's public key (SPKI).
    pub spki: Digest,
    /// Its message-signing key.
    pub signing: VerifyingKey,
    /// Its sealing key.
    pub sealing: SealingPublic,
    /// Whether it holds a share of each run's key.
    pub holder: bool,
    /// The most persons it may have evaluated in one study: its registered population and a small margin.
    pub evaluations_max: u32,
}

/// What a person of the roster may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Asks queries and starts studies.
    Analyst,
    /// Audits policies and logs.
    Dpo,
}

/// A person named in the roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Person {
    /// The person's name.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// The person's own signing key.
    pub signing: VerifyingKey,
}

/// The content of a roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Roster {
    /// The federation's name.
    pub federation: String,
    /// Counts up from 1.
    pub version: u64,
    /// The digest of the roster that this one follows; none for the first.
    pub previous: Option<Digest>,
    /// First day of validity.
    pub valid_from: Date,
    /// Last day of validity.
    pub valid_to: Date,
    /// How many holders must work together to evaluate one pseudonym (t).
    pub quorum: u16,
    /// The constant delta of reports in (epsilon, delta), as a decimal text.
    pub delta: String,
    /// The coordinator.
    pub coordinator: Coordinator,
    /// The members, each once.
    #[serde(rename = "member")]
    pub members: Vec<Member>,
    /// Analysts and data-protection officers.
    #[serde(rename = "person", default)]
    pub people: Vec<Person>,
}

/// A roster file as it is passed around: content and signatures, not yet believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedRoster {
    /// Who signed, and how.
    #[serde(default)]
    pub signatures: BTreeMap<NodeId, Signature>,
    /// The content.
    pub roster: Roster,
}

/// Why a roster is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what the variant means")]
pub enum RosterError {
    #[error("the roster file is not a roster: {0}")]
    Form(String),
    #[error("the roster names `{0}` twice")]
    Twice(String),
    #[error("the roster has no members")]
    Empty,
    #[error("the roster has {found} members; at most {} are supported", limit::MEMBERS_MAX)]
    TooMany { found: usize },
    #[error(
        "quorum {quorum} does not fit {holders} key holders of {members} members: it is at least {least} and at most the number of holders"
    )]
    Quorum { quorum: u16, holders: usize, members: usize, least: u16 },
    #[error("the roster is valid from {from} to {to}, not on {today}")]
    NotValid { from: Date, to: Date, today: Date },
    #[error("the signature of `{node}` is of another roster: of `{found}`, and this one is `{expected}`")]
    OtherRoster { node: NodeId, found: Digest, expected: Digest },
    #[error("`{0}` is no member of this roster or the one before")]
    Stranger(NodeId),
    #[error("`{0}` must sign the roster and has not")]
    Unsigned(NodeId),
    #[error("the signature of `{0}` does not fit this roster")]
    BadSignature(NodeId),
    #[error("{found} of {needed} needed previous members have signed")]
    TooFewPrevious { found: usize, needed: usize },
    #[error(
        "version {found} does not follow version {known}: versions only go up, and each names its predecessor's digest"
    )]
    Order { known: u64, found: u64 },
}

/// A roster whose form and signatures have been checked; the only kind that anything else accepts.
#[derive(Clone, Debug)]
pub struct VerifiedRoster {
    roster: Roster,
    digest: Digest,
}

impl Roster {
    /// The digest that everyone pins.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of("tvaers/v1/roster", &[&codec::canonical(self)])
    }

    /// A member's signature of this roster.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> Signature {
        key.sign(Purpose::Roster, &self.digest().0)
    }

    /// Members that hold key shares, in roster order.
    pub fn holders(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.holder)
    }

    /// Members on a day, in roster order.
    pub fn members_on(&self, day: Date) -> impl Iterator<Item = &Member> {
        let current =
            move |member: &&Member| member.valid_from <= day && member.valid_to.is_none_or(|to| day <= to);
        self.members.iter().filter(current)
    }

    /// Members on a day that hold key shares; a holder's index in a key generation is its position + 1.
    pub fn holders_on(&self, day: Date) -> impl Iterator<Item = &Member> {
        self.members_on(day).filter(|member| member.holder)
    }

    /// Whether the roster is valid on a day.
    #[must_use]
    pub fn is_valid_on(&self, day: Date) -> bool {
        (self.valid_from..=self.valid_to).contains(&day)
    }

    /// The least quorum: 3, and 2 only in a federation of fewer than four nodes.
    #[must_use]
    pub fn quorum_least(&self) -> u16 {
        if self.members.len() < 4 { 2 } else { 3 }
    }

    /// Checks the form: limits, names, that every name, code and key stands once, and that the quorum fits.
    ///
    /// # Errors
    /// [`RosterError`] with the first thing that is wrong.
    pub fn check_form(&self) -> Result<(), RosterError> {
        let members = self.members.len();
        if members == 0 {
            return Err(RosterError::Empty);
        }
        if members > limit::MEMBERS_MAX {
            return Err(RosterError::TooMany { found: members });
        }
        if self.valid_from > self.valid_to {
            return Err(RosterError::Form("`valid-from` is later than `valid-to`".to_owned()));
        }
        // A number that is none, NaN included, is in no range.
        let delta: f64 = self.delta.parse().unwrap_or(f64::NAN);
        if !limit::DELTA.contains(&delta) {
            return Err(RosterError::Form(format!(
                "`delta` must be {:e} to {:e}",
                limit::DELTA.start(),
                limit::DELTA.end()
            )));
        }
        self.check_names()?;
        self.check_once()?;
        let (holders, least) = (self.holders().count(), self.quorum_least());
        if self.quorum < least || usize::from(self.quorum) > holders {
            return Err(RosterError::Quorum { quorum: self.quorum, holders, members, least });
        }
        Ok(())
    }

    fn check_names(&self) -> Result<(), RosterError> {
        let members = self.members.iter().map(|member| &member.name);
        let people = self.people.iter().map(|person| &person.name);
        let all = [&self.federation, &self.coordinator.name].into_iter().chain(members).chain(people);
        for name in all {
            check_name(name).map_err(|error| RosterError::Form(error.to_string()))?;
        }
        Ok(())
    }

    fn check_once(&self) -> Result<(), RosterError> {
        let (mut seen, mut keys) = (BTreeSet::new(), BTreeSet::new());
        let own =
            [("the coordinator", self.coordinator.spki.0), ("the coordinator", self.coordinator.signing.0)];
        let people = self.people.iter().map(|person| (person.name.as_str(), person.signing.0));
        for (owner, key) in own.into_iter().chain(people) {
            if !keys.insert(key) {
                return Err(RosterError::Twice(format!("a key of {owner}")));
            }
        }
        for member in &self.members {
            let code = format!("{} {}", member.sector, member.code);
            for name in [member.id.to_string(), code] {
                if !seen.insert(name.clone()) {
                    return Err(RosterError::Twice(name));
                }
            }
            // One key in two places would let one party speak as two.
            for key in [member.spki.0, member.signing.0, member.sealing.0] {
                if !keys.insert(key) {
                    return Err(RosterError::Twice(format!("a key of {}", member.id)));
                }
            }
        }
        // Logs and policies name people by their names.
        let mut names = BTreeSet::new();
        match self.people.iter().find(|person| !names.insert(&person.name)) {
            Some(person) => Err(RosterError::Twice(person.name.clone())),
            None => Ok(()),
        }
    }
}

impl SignedRoster {
    /// Reads a roster file.
    ///
    /// # Errors
    /// [`RosterError::Form`] with the place and the reason.
    pub fn parse(text: &str) -> Result<Self, RosterError> {
        toml::from_str(text).map_err(|error| RosterError::Form(error.to_string()))
    }

    /// The file's text.
    ///
    /// # Errors
    /// [`RosterError::Form`] where the content cannot stand in TOML.
    pub fn to_text(&self) -> Result<String, RosterError> {
        toml::to_string_pretty(self).map_err(|error| RosterError::Form(error.to_string()))
    }

    /// Believes the roster, or says why not.
    ///
    /// All its key holders must have signed, and two thirds of the members of the roster before it (for the first
    /// roster: all members). The coordinator's word counts for nothing here.
    ///
    /// # Errors
    /// [`RosterError`].
    pub fn verify(
        self,
        previous: Option<&VerifiedRoster>,
        today: Date,
    ) -> Result<VerifiedRoster, RosterError> {
        let roster = &self.roster;
        roster.check_form()?;
        if !roster.is_valid_on(today) {
            return Err(RosterError::NotValid { from: roster.valid_from, to: roster.valid_to, today });
        }
        let digest = roster.digest();
        match previous {
            Some(known) if known.digest == digest => {}
            Some(known) => {
                let (before, after) = (known.roster.version, roster.version);
                if after <= before || roster.previous != Some(known.digest) {
                    return Err(RosterError::Order { known: before, found: after });
                }
                self.check_previous_members(known)?;
            }
            None => {}
        }
        for member in roster.members.iter().filter(|member| self.must_sign(member)) {
            let signature =
                self.signatures.get(&member.id).ok_or_else(|| RosterError::Unsigned(member.id.clone()))?;
            member
                .signing
                .verify(Purpose::Roster, &digest.0, signature)
                .map_err(|_| RosterError::BadSignature(member.id.clone()))?;
        }
        Ok(VerifiedRoster { roster: self.roster, digest })
    }
}

impl VerifiedRoster {
    /// A roster that this party has verified before and kept. It may have run out since: it is what a newer one is
    /// held against, not what a study runs under.
    #[must_use]
    pub fn known(kept: SignedRoster) -> Self {
        Self { digest: kept.roster.digest(), roster: kept.roster }
    }

    /// The content.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The pinned digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// A member by name.
    #[must_use]
    pub fn member(&self, id: &NodeId) -> Option<&Member> {
        self.roster.members.iter().find(|member| member.id == *id)
    }

    /// The codes of all member municipalities on a day, ascending.
    #[must_use]
    pub fn kommune_codes(&self, on: Date) -> Vec<u16> {
        let municipal = |member: &&Member| member.sector == Sector::Municipality;
        let mut codes: Vec<u16> =
            self.roster.members_on(on).filter(municipal).map(|member| member.code).collect();
        codes.sort_unstable();
        codes
    }
}

#[cfg(test)]
mod tests;
