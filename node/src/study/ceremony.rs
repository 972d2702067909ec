//! How the shares of a study's key are made: dealt out anew for a key of its own, or those of an earlier run refreshed.
//! Rounds, packages and confirmations are alike; what is inside them is not. Which of the two it is, the manifest says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tvaers_protocol::id::Digest;
use tvaers_pseudonym::confirmation::{AgreeError, Confirmation};
use tvaers_pseudonym::dkg::{self, DkgError};
use tvaers_pseudonym::key::KeyShare;
use tvaers_pseudonym::refresh::{self, Pending, RefreshError};
use tvaers_pseudonym::sealing::SealingKey;

use crate::refusal::Refusal;
use crate::study::Study;

/// A round that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CeremonyError {
    #[error(transparent)]
    Generation(#[from] DkgError),
    #[error(transparent)]
    Refresh(#[from] RefreshError),
}

impl CeremonyError {
    /// The holder whose fault it is, where that can be told.
    pub(crate) fn culprit(&self) -> Option<u16> {
        match self {
            Self::Generation(error) => error.culprit(),
            Self::Refresh(error) => error.culprit(),
        }
    }
}

/// What a holder keeps between rounds 1 and 2.
pub(crate) enum Round1 {
    Generation(dkg::Round1),
    Refresh(Box<refresh::Round1>, Arc<KeyShare>),
}

/// What a holder keeps between rounds 2 and 3.
pub(crate) enum Round2 {
    Generation(dkg::Round2),
    Refresh(Box<refresh::Round2>, Arc<KeyShare>),
}

/// A share that this holder has confirmed.
pub(crate) enum Made {
    Share(Box<KeyShare>),
    Pending(Box<Pending>),
}

/// Begins: a secret to keep, and a package for all.
pub(crate) fn round1(
    study: &Study,
    share: Option<Arc<KeyShare>>,
    own: u16,
    rng: &mut impl rand::CryptoRng,
) -> Result<(Round1, Vec<u8>), Refusal> {
    let manifest = &study.manifest;
    if manifest.follows.is_none() {
        let holders = u16::try_from(manifest.holders.len()).map_err(Refusal::internal)?;
        let ceremony = dkg::Ceremony::new(study.digest, own, holders, manifest.threshold);
        let (kept, bytes) =
            dkg::round1(ceremony.map_err(Refusal::internal)?, rng).map_err(Refusal::internal)?;
        return Ok((Round1::Generation(kept), bytes));
    }
    let share = share.ok_or_else(|| Refusal::internal("a holder that is to refresh its share has none"))?;
    let stay: BTreeSet<u16> = manifest.staying().collect();
    let place = refresh::Refresh::new(study.digest, &share, &stay).map_err(Refusal::internal)?;
    let (kept, bytes) = refresh::round1(place, rng).map_err(Refusal::internal)?;
    Ok((Round1::Refresh(Box::new(kept), share), bytes))
}

impl Round1 {
    /// The digest of all first-round packages, as this holder sees them.
    pub(crate) fn transcript(&self, context: &Digest, packages: &BTreeMap<u16, Vec<u8>>) -> Digest {
        match self {
            Self::Generation(_) => dkg::transcript(context, packages),
            Self::Refresh(_, share) => refresh::transcript(context, share.keys(), packages),
        }
    }

    /// Takes every first-round package, and makes one sealed package for each other holder.
    pub(crate) fn round2(
        self,
        packages: &BTreeMap<u16, Vec<u8>>,
        recipients: &BTreeMap<u16, [u8; 32]>,
        rng: &mut impl rand::CryptoRng,
    ) -> Result<(Round2, BTreeMap<u16, Vec<u8>>), CeremonyError> {
        Ok(match self {
            Self::Generation(kept) => {
                let (kept, sealed) = dkg::round2(kept, packages, recipients, rng)?;
                (Round2::Generation(kept), sealed)
            }
            Self::Refresh(kept, share) => {
                let (kept, sealed) = refresh::round2(*kept, packages, recipients, rng)?;
                (Round2::Refresh(Box::new(kept), share), sealed)
            }
        })
    }
}

impl Round2 {
    /// Opens the packages that are sealed to this holder.
    pub(crate) fn round3(
        self,
        key: &SealingKey,
        sealed: &BTreeMap<u16, Vec<u8>>,
    ) -> Result<(Made, Confirmation), CeremonyError> {
        Ok(match self {
            Self::Generation(kept) => {
                let (share, confirmation) = dkg::round3(kept, key, sealed)?;
                (Made::Share(Box::new(share)), confirmation)
            }
            Self::Refresh(kept, share) => {
                let pending = refresh::round3(*kept, &share, key, sealed)?;
                let confirmation = pending.confirmation().clone();
                (Made::Pending(Box::new(pending)), confirmation)
            }
        })
    }
}

impl Made {
    /// The share, once all holders have confirmed what this one has.
    pub(crate) fn adopt(self, all: &[Confirmation]) -> Result<KeyShare, (Self, AgreeError)> {
        match self {
            Self::Share(share) => Ok(*share),
            Self::Pending(pending) => pending.adopt(all).map_err(|refused| {
                let refresh::NotAdopted { pending, error } = *refused;
                (Self::Pending(Box::new(pending)), error)
            }),
        }
    }
}
