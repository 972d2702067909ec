//! Making a key together: Pedersen's distributed key generation with proofs of knowledge, from `frost-ristretto255`.
//!
//! Three calls, and between them whatever relays bytes. Round 1 gives a package for all holders; the caller signs it
//! and hands each holder the same packages. Round 2 gives a package for each other holder, sealed to it; the caller
//! signs these too. Round 3 gives the share. Nobody uses it before all have signed a
//! [`Confirmation`]: a package that not everybody got alike shows only there.

use std::collections::BTreeMap;

use frost_ristretto255::{
    Error as FrostError, Identifier,
    keys::dkg::{self, round1 as frost1, round2 as frost2},
};
use rand_core::CryptoRng;
use tvaers_protocol::id::Digest;
use zeroize::Zeroizing;

use crate::{
    confirmation::Confirmation,
    key::{HOLDERS_MAX, KeyShare, PublicKeys, THRESHOLD_MIN},
    older::{self, Older},
    sealing::{self, Place, SealingKey},
};

mod error;

pub use error::DkgError;

/// One holder's place in the making of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceremony {
    context: Digest,
    index: u16,
    holders: u16,
    threshold: u16,
}

impl Ceremony {
    /// The place of holder `index` of `holders`, of whom `threshold` will be needed. `context` is a digest of all
    /// that the key is for (study manifest, roster, attempt); it must never be used for a second ceremony.
    ///
    /// # Errors
    /// [`DkgError::Size`] unless 2 ≤ threshold ≤ holders ≤ [`HOLDERS_MAX`] and 1 ≤ index ≤ holders.
    pub fn new(context: Digest, index: u16, holders: u16, threshold: u16) -> Result<Self, DkgError> {
        let sized = (THRESHOLD_MIN..=holders).contains(&threshold) && holders <= HOLDERS_MAX;
        if !sized || !(1..=holders).contains(&index) {
            return Err(DkgError::Size { index, holders, threshold });
        }
        Ok(Self { context, index, holders, threshold })
    }

    fn others(&self) -> impl Iterator<Item = u16> + use<> {
        let own = self.index;
        (1..=self.holders).filter(move |index| *index != own)
    }
}

/// What a holder keeps between rounds 1 and 2. Secret; used once.
pub struct Round1 {
    ceremony: Ceremony,
    secret: frost1::SecretPackage,
    package: Vec<u8>,
}

/// What a holder keeps between rounds 2 and 3. Secret; used once.
pub struct Round2 {
    ceremony: Ceremony,
    secret: frost2::SecretPackage,
    packages: BTreeMap<Identifier, frost1::Package>,
    transcript: Digest,
}

/// Starts a ceremony: a secret to keep, and a package for all holders, this one included.
///
/// # Errors
/// [`DkgError::Library`] only, which the checked ceremony rules out.
pub fn round1<R: CryptoRng + ?Sized>(ceremony: Ceremony, rng: &mut R) -> Result<(Round1, Vec<u8>), DkgError> {
    let Ceremony { index, holders, threshold, .. } = ceremony;
    let (secret, package) =
        dkg::part1(identifier(index, 1)?, holders, threshold, Older(rng)).map_err(library(1))?;
    let package = package.serialize().map_err(library(1))?;
    let kept = Round1 { ceremony, secret, package: package.clone() };
    Ok((kept, package))
}

/// The digest of a ceremony's round-1 packages. All holders must come to the same.
#[must_use]
pub fn transcript(context: &Digest, packages: &BTreeMap<u16, Vec<u8>>) -> Digest {
    let indices: Vec<[u8; 2]> = packages.keys().map(|index| index.to_be_bytes()).collect();
    let mut parts = vec![context.0.as_slice()];
    for (index, package) in indices.iter().zip(packages.values()) {
        parts.extend([index.as_slice(), package]);
    }
    Digest::of("tvaers-pseudonym/dkg-transcript/v1", &parts)
}

/// Takes the round-1 packages of all holders, one's own among them, and makes a sealed package for each other
/// holder, to its public sealing key in `recipients` (an own key there is ignored).
///
/// # Errors
/// [`DkgError`] where a package is missing, surplus, altered or invalid, or a sealing key cannot be used.
pub fn round2<R: CryptoRng + ?Sized>(
    kept: Round1,
    packages: &BTreeMap<u16, Vec<u8>>,
    recipients: &BTreeMap<u16, [u8; 32]>,
    rng: &mut R,
) -> Result<(Round2, BTreeMap<u16, Vec<u8>>), DkgError> {
    let Round1 { ceremony, secret, package } = kept;
    let transcript = transcript(&ceremony.context, packages);
    if packages.get(&ceremony.index) != Some(&package) {
        return Err(DkgError::Altered);
    }
    let mut others = packages.clone();
    others.remove(&ceremony.index);
    let packages = complete(&ceremony, 2, &others)?
        .map(|(index, bytes)| Ok((identifier(index, 2)?, read_package(&ceremony, index, bytes)?)))
        .collect::<Result<BTreeMap<_, _>, DkgError>>()?;
    let (secret, shares) = dkg::part2(secret, &packages).map_err(|error| name(&ceremony, 2, &error))?;
    let mut sealed = BTreeMap::new();
    for recipient in ceremony.others() {
        let share = shares.get(&identifier(recipient, 2)?);
        let (Some(share), Some(public)) = (share, recipients.get(&recipient)) else {
            return Err(DkgError::Missing { round: 2, holder: recipient });
        };
        let share = Zeroizing::new(share.serialize().map_err(library(2))?);
        let place = Place::round_2(&ceremony.context, ceremony.index, recipient);
        let text = sealing::seal(&place, public, &share, &mut &mut *rng)
            .map_err(|_| DkgError::SealingKey { culprit: recipient })?;
        sealed.insert(recipient, text);
    }
    let kept = Round2 { ceremony, secret, packages, transcript };
    Ok((kept, sealed))
}

/// Opens the round-2 packages that the others sealed to this holder, by sender, and gives its share of the key
/// with the confirmation that it is to sign.
///
/// # Errors
/// [`DkgError`] where a package is missing or surplus, does not open, or its share does not fit.
pub fn round3(
    kept: Round2,
    key: &SealingKey,
    sealed: &BTreeMap<u16, Vec<u8>>,
) -> Result<(KeyShare, Confirmation), DkgError> {
    let Round2 { ceremony, secret, packages, transcript } = kept;
    let shares = complete(&ceremony, 3, sealed)?
        .map(|(sender, text)| {
            let place = Place::round_2(&ceremony.context, sender, ceremony.index);
            let unsealing = DkgError::Unsealing { culprit: sender };
            let share = sealing::open(&place, key, text).map_err(|_| unsealing.clone())?;
            let share = frost2::Package::deserialize(&share).map_err(|_| unsealing)?;
            Ok((identifier(sender, 3)?, share))
        })
        .collect::<Result<BTreeMap<_, _>, DkgError>>()?;
    let (own, public) =
        dkg::part3(&secret, &packages, &shares).map_err(|error| name(&ceremony, 3, &error))?;
    let group = bytes32(public.verifying_key().serialize().map_err(library(3))?)?;
    let mut points = BTreeMap::new();
    for index in 1..=ceremony.holders {
        let share = public.verifying_shares().get(&identifier(index, 3)?);
        let share = share.ok_or(DkgError::Missing { round: 3, holder: index })?;
        points.insert(index, bytes32(share.serialize().map_err(library(3))?)?);
    }
    let keys = PublicKeys::new(0, ceremony.threshold, group, points)
        .map_err(|error| DkgError::Library { round: 3, reason: error.to_string() })?;
    let secret = Zeroizing::new(own.signing_share().serialize());
    let secret = Zeroizing::new(bytes32(secret.to_vec())?);
    let share = KeyShare::new(ceremony.index, &secret, keys.clone())
        .map_err(|error| DkgError::Library { round: 3, reason: error.to_string() })?;
    let confirmation = Confirmation { holder: ceremony.index, context: ceremony.context, transcript, keys };
    Ok((share, confirmation))
}

/// The packages of all other holders, once none is missing and none too many.
fn complete<'a>(
    ceremony: &Ceremony,
    round: u8,
    packages: &'a BTreeMap<u16, Vec<u8>>,
) -> Result<impl Iterator<Item = (u16, &'a [u8])> + use<'a>, DkgError> {
    if let Some(holder) = ceremony.others().find(|index| !packages.contains_key(index)) {
        return Err(DkgError::Missing { round, holder });
    }
    let expected = |index: &&u16| **index != ceremony.index && (1..=ceremony.holders).contains(*index);
    if let Some(index) = packages.keys().find(|index| !expected(index)) {
        return Err(DkgError::Surplus { round, index: *index });
    }
    Ok(packages.iter().map(|(index, package)| (*index, package.as_slice())))
}

/// Reads a round-1 package that has its one canonical form and commits to a polynomial of the right degree.
fn read_package(ceremony: &Ceremony, sender: u16, bytes: &[u8]) -> Result<frost1::Package, DkgError> {
    let malformed = DkgError::Package { culprit: sender };
    let package = frost1::Package::deserialize(bytes).map_err(|_| malformed.clone())?;
    // The library ignores bytes after the package.
    let canonical = package.serialize().is_ok_and(|again| again == bytes);
    let coefficients = package.commitment().serialize().map_or(0, |list| list.len());
    if canonical && coefficients == usize::from(ceremony.threshold) { Ok(package) } else { Err(malformed) }
}

/// The library's error in our words, with the culprit's index where it names one.
fn name(ceremony: &Ceremony, round: u8, error: &FrostError) -> DkgError {
    let culprit = error.culprits().first().copied();
    let culprit = ceremony.others().find(|index| Identifier::try_from(*index).ok() == culprit);
    match (error, culprit) {
        (FrostError::InvalidProofOfKnowledge { .. }, Some(culprit)) => DkgError::Knowledge { culprit },
        (FrostError::InvalidSecretShare { .. }, Some(culprit)) => DkgError::Share { culprit },
        _ => DkgError::Library { round, reason: error.to_string() },
    }
}

/// An error of the library that names nobody.
fn library(round: u8) -> impl Fn(FrostError) -> DkgError {
    move |error| DkgError::Library { round, reason: error.to_string() }
}

fn identifier(index: u16, round: u8) -> Result<Identifier, DkgError> {
    older::identifier(index).map_err(library(round))
}

fn bytes32(bytes: Vec<u8>) -> Result<[u8; 32], DkgError> {
    let bytes = Zeroizing::new(bytes);
    bytes
        .as_slice()
        .try_into()
        .map_err(|_| DkgError::Library { round: 3, reason: format!("a value of {} bytes", bytes.len()) })
}
