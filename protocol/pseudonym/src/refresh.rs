//! New shares of the same key: what was stolen of the old ones is worth nothing, and a holder can be left out.
//!
//! The holders that stay share out zero among themselves, as in [`dkg`](crate::dkg) they share out a secret
//! (`frost-ristretto255`, `keys::refresh`), and add what they get to their shares. Group key, threshold and
//! pseudonyms stay; every share and public share is another one, and the epoch is one higher. A holder that is left
//! out keeps a share that combines with no new one.
//!
//! Three calls as in the first ceremony, over the same kinds of packages: round 1 for all, round 2 sealed to each.
//! Round 3 ends in a [`Pending`] share. The old one stays in use until all who stay have signed the same
//! [`Confirmation`]; then [`Pending::adopt`] gives the new one, and the caller erases the old. A refresh that fails
//! before leaves the old epoch as it was, and is begun again under another context. Once a holder has sent its
//! confirmation, another may have adopted: it keeps both shares until it has all confirmations, or the signed word of
//! all the others that none of them adopts.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar, traits::VartimeMultiscalarMul};
use frost_ristretto255::{
    Identifier,
    keys::{
        SigningShare,
        dkg::{round1 as frost1, round2 as frost2},
        refresh,
    },
};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use tvaers_protocol::{codec, id::Digest};
use zeroize::Zeroizing;

use crate::{
    batch,
    confirmation::{self, AgreeError, Confirmation},
    kept::{self, KeptError},
    key::{KeyShare, PublicKeys},
    older::{self, Older},
    sealing::{self, Place, SealingKey},
};

mod error;

pub use error::RefreshError;

/// One holder's place in the refreshing of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    context: Digest,
    index: u16,
    stay: BTreeSet<u16>,
    before: PublicKeys,
}

impl Refresh {
    /// The place of the holder of `share` among the holders that `stay`. `context` is a digest of all that the
    /// refresh is for (study manifest, roster, who stays, attempt); it must never be used for a second one.
    ///
    /// # Errors
    /// [`RefreshError::Holders`] where fewer than the threshold stay, one of them has no share, or this holder is
    /// not among them; [`RefreshError::Epochs`] after 2³² − 1 refreshes.
    pub fn new(context: Digest, share: &KeyShare, stay: &BTreeSet<u16>) -> Result<Self, RefreshError> {
        let before = share.keys();
        let known = stay.iter().all(|index| before.shares().contains_key(index));
        if !known || stay.len() < usize::from(before.threshold()) || !stay.contains(&share.index()) {
            return Err(RefreshError::Holders { stay: stay.len(), threshold: before.threshold() });
        }
        before.epoch().checked_add(1).ok_or(RefreshError::Epochs)?;
        Ok(Self { context, index: share.index(), stay: stay.clone(), before: before.clone() })
    }

    fn others(&self) -> impl Iterator<Item = u16> {
        self.stay.iter().copied().filter(|index| *index != self.index)
    }
}

/// What a holder keeps between rounds 1 and 2. Secret; used once.
pub struct Round1 {
    refresh: Refresh,
    secret: frost1::SecretPackage,
    package: Vec<u8>,
}

/// What a holder keeps between rounds 2 and 3. Secret; used once.
pub struct Round2 {
    refresh: Refresh,
    secret: frost2::SecretPackage,
    packages: BTreeMap<Identifier, frost1::Package>,
    transcript: Digest,
}

/// Starts a refresh: a secret to keep, and a package for all holders that stay, this one included.
///
/// # Errors
/// [`RefreshError::Library`] only, which the checked place rules out.
pub fn round1<R: CryptoRng + ?Sized>(
    refresh: Refresh,
    rng: &mut R,
) -> Result<(Round1, Vec<u8>), RefreshError> {
    let stay = u16::try_from(refresh.stay.len()).map_err(|_| RefreshError::Epochs)?;
    let (secret, package) = refresh::refresh_dkg_part1(
        identifier(refresh.index, 1)?,
        stay,
        refresh.before.threshold(),
        Older(rng),
    )
    .map_err(library(1))?;
    let package = package.serialize().map_err(library(1))?;
    let kept = Round1 { refresh, secret, package: package.clone() };
    Ok((kept, package))
}

/// The digest of a refresh's round-1 packages and of the keys that it starts from. All holders must come to the
/// same.
#[must_use]
pub fn transcript(context: &Digest, before: &PublicKeys, packages: &BTreeMap<u16, Vec<u8>>) -> Digest {
    let indices: Vec<[u8; 2]> = packages.keys().map(|index| index.to_be_bytes()).collect();
    let before = before.digest();
    let mut parts = vec![context.0.as_slice(), &before.0];
    for (index, package) in indices.iter().zip(packages.values()) {
        parts.extend([index.as_slice(), package]);
    }
    Digest::of("tvaers-pseudonym/refresh-transcript/v1", &parts)
}

/// Takes the round-1 packages of all holders that stay, one's own among them, and makes a sealed package for each
/// other one, to its public sealing key in `recipients` (keys of holders that do not stay, and an own one, are
/// ignored).
///
/// # Errors
/// [`RefreshError`] where a package is missing, surplus, altered or malformed, or a sealing key cannot be used.
pub fn round2<R: CryptoRng + ?Sized>(
    kept: Round1,
    packages: &BTreeMap<u16, Vec<u8>>,
    recipients: &BTreeMap<u16, [u8; 32]>,
    rng: &mut R,
) -> Result<(Round2, BTreeMap<u16, Vec<u8>>), RefreshError> {
    let Round1 { refresh, secret, package } = kept;
    let transcript = transcript(&refresh.context, &refresh.before, packages);
    if packages.get(&refresh.index) != Some(&package) {
        return Err(RefreshError::Altered);
    }
    let mut others = packages.clone();
    others.remove(&refresh.index);
    let packages = complete(&refresh, 2, &others)?
        .map(|(index, bytes)| Ok((identifier(index, 2)?, read_package(&refresh, index, bytes)?)))
        .collect::<Result<BTreeMap<_, _>, RefreshError>>()?;
    let (secret, shares) = refresh::refresh_dkg_part2(secret, &packages).map_err(library(2))?;
    let mut sealed = BTreeMap::new();
    for recipient in refresh.others() {
        let share = shares.get(&identifier(recipient, 2)?);
        let (Some(share), Some(public)) = (share, recipients.get(&recipient)) else {
            return Err(RefreshError::Missing { round: 2, holder: recipient });
        };
        let share = Zeroizing::new(share.signing_share().serialize());
        let place = Place::refresh(&refresh.context, refresh.index, recipient);
        let text = sealing::seal(&place, public, &share, &mut &mut *rng)
            .map_err(|_| RefreshError::SealingKey { culprit: recipient })?;
        sealed.insert(recipient, text);
    }
    Ok((Round2 { refresh, secret, packages, transcript }, sealed))
}

/// Opens the round-2 packages that the others sealed to this holder, by sender, and gives its share of the next
/// epoch, which waits for the others' confirmations. `share` is the one that the refresh was begun with.
///
/// # Errors
/// [`RefreshError`] where a package is missing or surplus, does not open, or its share does not fit; or where `share`
/// is another one.
pub fn round3(
    kept: Round2,
    share: &KeyShare,
    key: &SealingKey,
    sealed: &BTreeMap<u16, Vec<u8>>,
) -> Result<Pending, RefreshError> {
    let Round2 { refresh, secret, packages, transcript } = kept;
    if share.index() != refresh.index || *share.keys() != refresh.before {
        return Err(RefreshError::Share);
    }
    let mut shares = BTreeMap::new();
    for (sender, text) in complete(&refresh, 3, sealed)? {
        let place = Place::refresh(&refresh.context, sender, refresh.index);
        let unsealing = RefreshError::Unsealing { culprit: sender };
        let part = sealing::open(&place, key, text).map_err(|_| unsealing.clone())?;
        let scalar = canonical(&part).ok_or_else(|| unsealing.clone())?;
        let id = identifier(sender, 3)?;
        let package = packages.get(&id).ok_or(RefreshError::Missing { round: 3, holder: sender })?;
        // The library says only that some part does not fit.
        if !fits(package, refresh.index, &scalar) {
            return Err(RefreshError::Part { culprit: sender });
        }
        let part = SigningShare::deserialize(&part).map_err(|_| unsealing)?;
        shares.insert(id, frost2::Package::new(part));
    }
    let public = older::public(&refresh.before).map_err(library(3))?;
    let private = older::private(share).map_err(library(3))?;
    let (own, public) =
        refresh::refresh_dkg_shares(&secret, &packages, &shares, public, private).map_err(library(3))?;
    let mut points = BTreeMap::new();
    for index in &refresh.stay {
        let point = public.verifying_shares().get(&identifier(*index, 3)?);
        let point = point.ok_or(RefreshError::Missing { round: 3, holder: *index })?;
        points.insert(*index, bytes32(&point.serialize().map_err(library(3))?)?);
    }
    let Refresh { context, index, before, .. } = refresh;
    let refused = |error: String| RefreshError::Library { round: 3, reason: error };
    // The group key is the old one, whatever the library says, and the new shares must fit it.
    let epoch = before.epoch().checked_add(1).ok_or(RefreshError::Epochs)?;
    let keys = PublicKeys::new(epoch, before.threshold(), *before.group(), points)
        .map_err(|error| refused(error.to_string()))?;
    let secret = Zeroizing::new(own.signing_share().serialize());
    let secret = Zeroizing::new(bytes32(&secret)?);
    let share = KeyShare::new(index, &secret, keys.clone()).map_err(|error| refused(error.to_string()))?;
    let confirmation = Confirmation { holder: index, context, transcript, keys };
    Ok(Pending { share, refreshed: Refreshed { before, confirmation } })
}

/// A share of the next epoch that not all have confirmed yet. It answers nobody; the old one does.
///
/// ```compile_fail
/// fn print(pending: &tvaers_pseudonym::refresh::Pending) -> String {
///     format!("{pending:?}") // A share has no `Debug`.
/// }
/// ```
/// ```
/// fn print(pending: &tvaers_pseudonym::refresh::Pending) -> String {
///     format!("{:?}", pending.confirmation())
/// }
/// ```
pub struct Pending {
    share: KeyShare,
    refreshed: Refreshed,
}

/// What is public of a pending share.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refreshed {
    before: PublicKeys,
    confirmation: Confirmation,
}

impl Pending {
    /// What this holder signs for the others.
    #[must_use]
    pub fn confirmation(&self) -> &Confirmation {
        &self.refreshed.confirmation
    }

    /// The new share, once all who stay have confirmed what this holder confirms. From then on the old share is to
    /// be erased.
    ///
    /// # Errors
    /// [`NotAdopted`], with the share: confirmations that are missing may still come.
    pub fn adopt(self, confirmations: &[Confirmation]) -> Result<KeyShare, Box<NotAdopted>> {
        match self.agreed(confirmations) {
            Ok(()) => Ok(self.share),
            Err(error) => Err(Box::new(NotAdopted { pending: self, error })),
        }
    }

    fn agreed(&self, confirmations: &[Confirmation]) -> Result<(), AgreeError> {
        let own = &self.refreshed.confirmation;
        confirmation::agree_refreshed(&self.refreshed.before, confirmations)?;
        // All agree with each other; its own confirmation among them says that they agree with this holder.
        if confirmations.contains(own) {
            Ok(())
        } else {
            Err(AgreeError::Differ { one: own.holder, other: own.holder, what: "own confirmation" })
        }
    }

    /// Seals the share to the node's own key, for this study, so that a restart between confirming and adopting
    /// costs no share.
    ///
    /// # Errors
    /// [`KeptError::Key`].
    pub fn seal<R: CryptoRng>(
        &self,
        study: &Digest,
        key: &SealingKey,
        rng: &mut R,
    ) -> Result<Vec<u8>, KeptError> {
        let secret = self.share.expose();
        let text = [secret.as_slice(), &codec::canonical(&self.refreshed)].concat();
        kept::seal(kept::PENDING, study, key, Zeroizing::new(text), rng)
    }

    /// Opens what [`Pending::seal`] sealed, and checks that the parts belong together.
    ///
    /// # Errors
    /// [`KeptError`].
    pub fn open(study: &Digest, key: &SealingKey, sealed: &[u8]) -> Result<Self, KeptError> {
        let text = kept::open(kept::PENDING, study, key, sealed)?;
        let (secret, rest) = text.split_first_chunk::<32>().ok_or(KeptError::Form)?;
        let refreshed: Refreshed = codec::decode(rest).map_err(|_| KeptError::Form)?;
        let Confirmation { holder, keys, .. } = &refreshed.confirmation;
        if keys.departure(&refreshed.before).is_some() {
            return Err(KeptError::Form);
        }
        let share = KeyShare::new(*holder, secret, keys.clone())?;
        Ok(Self { share, refreshed })
    }
}

/// A share that is not adopted, and why.
#[derive(thiserror::Error)]
#[error("{error}")]
pub struct NotAdopted {
    /// The share, still pending.
    pub pending: Pending,
    /// What stands in its way.
    pub error: AgreeError,
}

impl fmt::Debug for NotAdopted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NotAdopted({:?})", self.error)
    }
}

/// The packages of all others that stay, once none is missing and none too many.
fn complete<'a>(
    refresh: &Refresh,
    round: u8,
    packages: &'a BTreeMap<u16, Vec<u8>>,
) -> Result<impl Iterator<Item = (u16, &'a [u8])> + use<'a>, RefreshError> {
    if let Some(holder) = refresh.others().find(|index| !packages.contains_key(index)) {
        return Err(RefreshError::Missing { round, holder });
    }
    let expected = |index: &u16| *index != refresh.index && refresh.stay.contains(index);
    if let Some(index) = packages.keys().find(|index| !expected(index)) {
        return Err(RefreshError::Surplus { round, index: *index });
    }
    Ok(packages.iter().map(|(index, package)| (*index, package.as_slice())))
}

/// Reads a round-1 package that has its one canonical form and commits to a polynomial of the right degree. The
/// constant coefficient is zero and is not sent.
fn read_package(refresh: &Refresh, sender: u16, bytes: &[u8]) -> Result<frost1::Package, RefreshError> {
    let malformed = RefreshError::Package { culprit: sender };
    let package = frost1::Package::deserialize(bytes).map_err(|_| malformed.clone())?;
    // The library ignores bytes after the package.
    let canonical = package.serialize().is_ok_and(|again| again == bytes);
    let coefficients = package.commitment().serialize().map_or(0, |list| list.len());
    let expected = usize::from(refresh.before.threshold()).saturating_sub(1);
    if canonical && coefficients == expected { Ok(package) } else { Err(malformed) }
}

/// Whether a part that a holder was dealt is the value at its index of the polynomial that the package commits to:
/// `Σ φ_k·x^k`, `k` from 1 (Feldman's check).
fn fits(package: &frost1::Package, index: u16, part: &Scalar) -> bool {
    let Ok(commitments) = package.commitment().serialize() else {
        return false;
    };
    let points: Option<Vec<RistrettoPoint>> =
        commitments.iter().map(|bytes| batch::point(bytes.as_slice().try_into().ok()?).ok()).collect();
    let x = Scalar::from(index);
    let powers: Vec<Scalar> =
        std::iter::successors(Some(x), |power| Some(power * x)).take(commitments.len()).collect();
    points.is_some_and(|points| {
        RistrettoPoint::vartime_multiscalar_mul(powers, points) == RistrettoPoint::mul_base(part)
    })
}

fn canonical(bytes: &[u8]) -> Option<Zeroizing<Scalar>> {
    let bytes = Zeroizing::new(<[u8; 32]>::try_from(bytes).ok()?);
    Option::<Scalar>::from(Scalar::from_canonical_bytes(*bytes)).map(Zeroizing::new)
}

/// An error of the library that names nobody.
fn library(round: u8) -> impl Fn(frost_ristretto255::Error) -> RefreshError {
    move |error| RefreshError::Library { round, reason: error.to_string() }
}

fn identifier(index: u16, round: u8) -> Result<Identifier, RefreshError> {
    older::identifier(index).map_err(library(round))
}

fn bytes32(bytes: &[u8]) -> Result<[u8; 32], RefreshError> {
    let length = |_| RefreshError::Library { round: 3, reason: format!("a value of {} bytes", bytes.len()) };
    bytes.try_into().map_err(length)
}
