//! The chain of entries and the accounts that it adds up to. Pure: making an entry and checking a stored one are the
//! same step, so that what is verified cannot drift from what is written.

use std::collections::BTreeMap;

use tvaers_protocol::id::Digest;

use super::claim::{Claim, Head};
use super::name::Name;
use super::rho::NanoRho;

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Budget is spent.
    Charge { claim: Claim, nano_rho: NanoRho },
    /// The answer to a charge is stored.
    Release { charge: u64, result: Digest },
    /// A further request asks for what a charge covers.
    Repetition { charge: u64, request: Digest },
}

/// The sums up to and with a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) permit: NanoRho,
    pub(super) life: NanoRho,
}

/// An entry with its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) number: u64,
    pub(super) at_ms: i64,
    pub(super) content: Content,
    /// Of a charge only.
    pub(super) sums: Option<Sums>,
    /// The chained digest with this entry.
    pub(super) digest: Digest,
}

impl Entry {
    pub(super) const fn head(&self) -> Head {
        Head { entries: self.number, digest: self.digest }
    }
}

/// A sum that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Overflow;

/// What all entries so far add up to.
#[derive(Clone, Debug)]
pub(super) struct Accounts {
    pub(super) head: Head,
    pub(super) at_ms: i64,
    pub(super) life: NanoRho,
    permits: BTreeMap<Name, NanoRho>,
}

impl Accounts {
    pub(super) const fn new() -> Self {
        Self { head: Head::EMPTY, at_ms: i64::MIN, life: NanoRho::ZERO, permits: BTreeMap::new() }
    }

    /// What a permit has spent.
    pub(super) fn permit(&self, permit: &Name) -> NanoRho {
        self.permits.get(permit).copied().unwrap_or_default()
    }

    /// Adds an entry at the end and says how it is to be stored. Time does not run backwards in the ledger.
    pub(super) fn add(&mut self, now_ms: i64, content: Content) -> Result<Entry, Overflow> {
        let number = self.head.entries.checked_add(1).ok_or(Overflow)?;
        let at_ms = self.at_ms.max(now_ms);
        let sums = match &content {
            Content::Charge { claim, nano_rho } => Some(Sums {
                permit: self.permit(&claim.permit).plus(*nano_rho).ok_or(Overflow)?,
                life: self.life.plus(*nano_rho).ok_or(Overflow)?,
            }),
            Content::Release { .. } | Content::Repetition { .. } => None,
        };
        let digest = digest(self.head.digest, number, at_ms, &content, sums);
        if let (Content::Charge { claim, .. }, Some(sums)) = (&content, sums) {
            self.permits.insert(claim.permit.clone(), sums.permit);
            self.life = sums.life;
        }
        let entry = Entry { number, at_ms, content, sums, digest };
        self.head = entry.head();
        self.at_ms = at_ms;
        Ok(entry)
    }

    /// Takes over a stored entry, if it is what would be written here; else says what is wrong with it.
    pub(super) fn follow(&mut self, stored: Entry) -> Result<(), &'static str> {
        if stored.number != self.head.entries + 1 {
            return Err("an entry is missing before it");
        }
        if stored.at_ms < self.at_ms {
            return Err("it is older than the entry before it");
        }
        let made =
            self.add(stored.at_ms, stored.content.clone()).map_err(|Overflow| "its sum does not fit")?;
        if made.sums != stored.sums {
            return Err("its sums are not those of the charges up to it");
        }
        if made == stored { Ok(()) } else { Err("it was changed after it was written") }
    }
}

fn digest(before: Digest, number: u64, at_ms: i64, content: &Content, sums: Option<Sums>) -> Digest {
    let (number, at) = (number.to_be_bytes(), at_ms.to_be_bytes());
    let chained = |kind: &str, parts: &[&[u8]]| {
        let start: [&[u8]; 4] = [&before.0, &number, &at, kind.as_bytes()];
        Digest::of("tvaers/v1/ledger", &[start.as_slice(), parts].concat())
    };
    match content {
        Content::Charge { claim, nano_rho } => {
            let amount = |amount: NanoRho| amount.get().to_be_bytes();
            let (permit_spent, life_spent) =
                sums.map_or_else(Default::default, |sums| (amount(sums.permit), amount(sums.life)));
            chained(
                "charge",
                &[
                    &claim.request.0,
                    claim.source.name().as_bytes(),
                    claim.permit.as_str().as_bytes(),
                    claim.requester.name.as_str().as_bytes(),
                    &claim.requester.key.0,
                    &claim.query.0,
                    &claim.import.to_be_bytes(),
                    &claim.repetition.to_be_bytes(),
                    &amount(*nano_rho),
                    &permit_spent,
                    &life_spent,
                ],
            )
        }
        Content::Release { charge, result } => chained("release", &[&charge.to_be_bytes(), &result.0]),
        Content::Repetition { charge, request } => {
            chained("repetition", &[&charge.to_be_bytes(), &request.0])
        }
    }
}
