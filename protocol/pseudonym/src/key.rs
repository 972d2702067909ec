//! The two halves of a study run's key: what everybody knows of it, and the share that one holder has.
//!
//! [`PublicKeys`] is checked when it is made or read, so that whoever has one may use it: the points decode, and the
//! shares lie on one polynomial through the group key. A set in which old and refreshed shares were mixed fails that
//! check; with it every proof would verify and every pseudonym be wrong.

use std::{collections::BTreeMap, fmt};

use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar};
use serde::{Deserialize, Serialize};
use tvaers_protocol::id::Digest;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::{batch, lagrange};

/// The most holders of a key. Denmark has 5 regions and 98 municipalities; the sizes of messages grow with it.
pub const HOLDERS_MAX: u16 = 255;

/// The smallest threshold. The federation's rules ask for three wherever there are four nodes or more.
pub const THRESHOLD_MIN: u16 = 2;

/// The public half of a threshold key. Holders have the indices 1 to 65,535, usually 1 to n.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Record", into = "Record")]
pub struct PublicKeys {
    record: Record,
    group: RistrettoPoint,
    shares: BTreeMap<u16, RistrettoPoint>,
}

/// Why public keys are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// A threshold or a number of holders outside the limits, or a holder with the index 0.
    #[error("a key of `{threshold}` out of `{holders}` holders is outside the limits")]
    Size {
        /// Shares needed.
        threshold: u16,
        /// Shares there are.
        holders: usize,
    },
    /// A point that does not decode, or the identity. No holder: the group key.
    #[error("the public point of `{}` is invalid", .holder.map_or("the group".into(), |index| format!("holder {index}")))]
    Point {
        /// Whose point it is.
        holder: Option<u16>,
    },
    /// The shares are not shares of the group key: they are mixed from several epochs or keys, or the threshold is
    /// another. The holder is the first whose share does not fit those before it; who is wrong cannot be told.
    #[error("the public share of holder {holder} does not fit the group key and the shares before it")]
    Mixed {
        /// The first that does not fit.
        holder: u16,
    },
}

impl PublicKeys {
    /// Checks and keeps the public half of a key. `epoch` counts the refreshes of its shares from 0.
    ///
    /// # Errors
    /// [`KeysError`] where the size is outside the limits, a point is none or the shares do not fit the group key.
    pub fn new(
        epoch: u32,
        threshold: u16,
        group: [u8; 32],
        shares: BTreeMap<u16, [u8; 32]>,
    ) -> Result<Self, KeysError> {
        let keys = Self::decoded(Record { epoch, threshold, group, shares })?;
        keys.fit()?;
        Ok(keys)
    }

    /// How often the shares have been refreshed. Shares of different epochs do not combine.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.record.epoch
    }

    /// How many shares give a pseudonym.
    #[must_use]
    pub fn threshold(&self) -> u16 {
        self.record.threshold
    }

    /// The group's public key, a ristretto255 point. It stays the same when shares are refreshed.
    #[must_use]
    pub fn group(&self) -> &[u8; 32] {
        &self.record.group
    }

    /// Each holder's public share, by index.
    #[must_use]
    pub fn shares(&self) -> &BTreeMap<u16, [u8; 32]> {
        &self.record.shares
    }

    /// The one byte form that is signed and hashed: epoch, threshold, number of holders, group key, then index and
    /// share of each holder by rising index; numbers big-endian.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Record { epoch, threshold, group, shares } = &self.record;
        let mut bytes = Vec::with_capacity(40 + 34 * shares.len());
        bytes.extend(epoch.to_be_bytes());
        bytes.extend(threshold.to_be_bytes());
        // HOLDERS_MAX makes this fit.
        bytes.extend(u16::try_from(shares.len()).unwrap_or(u16::MAX).to_be_bytes());
        bytes.extend(group);
        for (index, share) in shares {
            bytes.extend(index.to_be_bytes());
            bytes.extend(share);
        }
        bytes
    }

    /// Names these keys, in requests and in the ledger.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of("tvaers-pseudonym/public-keys/v1", &[&self.to_bytes()])
    }

    /// In what these keys are not a refresh of those of the epoch `before`, if in anything: `group key`, `threshold`,
    /// `epoch` or `holders`. A refresh keeps the first two, counts the epoch up by one, and adds no holder.
    #[must_use]
    pub fn departure(&self, before: &Self) -> Option<&'static str> {
        if self.group() != before.group() {
            Some("group key")
        } else if self.threshold() != before.threshold() {
            Some("threshold")
        } else if Some(self.epoch()) != before.epoch().checked_add(1) {
            Some("epoch")
        } else if self.shares().keys().any(|index| !before.shares().contains_key(index)) {
            Some("holders")
        } else {
            None
        }
    }

    pub(crate) fn group_point(&self) -> &RistrettoPoint {
        &self.group
    }

    pub(crate) fn share_point(&self, holder: u16) -> Option<&RistrettoPoint> {
        self.shares.get(&holder)
    }

    /// Decodes the points, without asking whether they belong together.
    fn decoded(record: Record) -> Result<Self, KeysError> {
        let Record { threshold, shares, .. } = &record;
        let holders = shares.len();
        let sized = (usize::from(*threshold)..=usize::from(HOLDERS_MAX)).contains(&holders);
        if !sized || *threshold < THRESHOLD_MIN || shares.contains_key(&0) {
            let threshold = *threshold;
            return Err(KeysError::Size { threshold, holders });
        }
        let group = batch::point(record.group).map_err(|_| KeysError::Point { holder: None })?;
        let shares = shares
            .iter()
            .map(|(index, share)| match batch::point(*share) {
                Ok(point) => Ok((*index, point)),
                Err(_) => Err(KeysError::Point { holder: Some(*index) }),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { record, group, shares })
    }

    /// Checks that the group key and all shares lie on one polynomial. `threshold` shares define it, so each one
    /// beyond them, and the group key at 0, is compared with what they say.
    fn fit(&self) -> Result<(), KeysError> {
        let threshold = usize::from(self.record.threshold);
        let (indices, points): (Vec<u16>, Vec<RistrettoPoint>) = self.shares.iter().take(threshold).unzip();
        let group = std::iter::once((&0, &self.group));
        for (index, point) in group.chain(self.shares.iter().skip(threshold)) {
            if !lagrange::interpolates(&indices, &points, *index, point) {
                // Where the group key does not fit, the last of the defining shares is as suspect as any.
                let last = indices.last().copied().unwrap_or_default();
                return Err(KeysError::Mixed { holder: if *index == 0 { last } else { *index } });
            }
        }
        Ok(())
    }

    /// Keys whose shares need not fit, to show that later checks do not lean on this one.
    #[cfg(test)]
    pub(crate) fn unfitted(
        epoch: u32,
        threshold: u16,
        group: [u8; 32],
        shares: BTreeMap<u16, [u8; 32]>,
    ) -> Result<Self, KeysError> {
        Self::decoded(Record { epoch, threshold, group, shares })
    }
}

impl fmt::Debug for PublicKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (threshold, holders) = (self.threshold(), self.record.shares.len());
        write!(f, "PublicKeys({threshold} of {holders}, epoch {}, {:?})", self.epoch(), self.digest())
    }
}

/// Public keys as they are written, before any check.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    epoch: u32,
    threshold: u16,
    group: [u8; 32],
    shares: BTreeMap<u16, [u8; 32]>,
}

impl TryFrom<Record> for PublicKeys {
    type Error = KeysError;
    fn try_from(record: Record) -> Result<Self, KeysError> {
        Self::new(record.epoch, record.threshold, record.group, record.shares)
    }
}

impl From<PublicKeys> for Record {
    fn from(keys: PublicKeys) -> Self {
        keys.record
    }
}

/// One holder's share of a key. It cannot be printed, and its secret is cleared when dropped.
///
/// ```compile_fail
/// fn print(share: &tvaers_pseudonym::key::KeyShare) -> String {
///     format!("{share:?}") // A share has no `Debug`.
/// }
/// ```
/// ```
/// fn print(share: &tvaers_pseudonym::key::KeyShare) -> String {
///     format!("{:?}", share.keys()) // What everybody knows has one.
/// }
/// ```
#[derive(ZeroizeOnDrop)]
pub struct KeyShare {
    #[zeroize(skip)]
    index: u16,
    secret: Scalar,
    #[zeroize(skip)]
    keys: PublicKeys,
}

/// The secret of a share is not that of the holder's public share, or is no canonical scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret does not belong to the public share of holder {index}")]
pub struct ShareError {
    /// The holder's index.
    pub index: u16,
}

impl KeyShare {
    /// Puts a share together again, as read from where the node keeps it encrypted.
    ///
    /// # Errors
    /// [`ShareError`] where the secret does not belong to the public share of `index`.
    pub fn new(index: u16, secret: &[u8; 32], keys: PublicKeys) -> Result<Self, ShareError> {
        let secret = Option::from(Scalar::from_canonical_bytes(*secret)).ok_or(ShareError { index })?;
        // The public share is not the identity, so a secret of zero fails as well.
        if keys.share_point(index) != Some(&RistrettoPoint::mul_base(&secret)) {
            return Err(ShareError { index });
        }
        Ok(Self { index, secret, keys })
    }

    /// The holder's index.
    #[must_use]
    pub fn index(&self) -> u16 {
        self.index
    }

    /// The public half of the key.
    #[must_use]
    pub fn keys(&self) -> &PublicKeys {
        &self.keys
    }

    /// The secret as 32 bytes. Call it only to encrypt the share before it is stored.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.secret.to_bytes())
    }

    pub(crate) fn secret(&self) -> &Scalar {
        &self.secret
    }
}

#[cfg(test)]
mod tests;
