//! A lost share, made again by as many other holders as are needed, none of whom learns it.
//!
//! The repairable threshold scheme of Stinson and Wei (2017), from `frost-ristretto255`, `keys::repairable`: each
//! helper `i` cuts its share, times its Lagrange weight at the lost index, into random parts, one for each helper; a
//! helper adds the parts it was dealt and gives the sum to the holder of the lost index; the sums add up to the
//! share. The library's scheme cannot tell who spoilt it. Here each helper publishes its parts times the generator:
//!
//! * all see whether a helper's parts add up to its weight times its public share,
//! * each helper sees whether the part that it was dealt is the one published,
//! * the holder sees whether each sum is that of the published parts,
//!
//! so whatever is wrong has a name. The points tell no more than the public shares do. [`deal`] is a helper's first
//! step, [`add`] its second, [`recover`] the holder's; packages for all are signed by the caller, parts and sums are
//! sealed. Group key, public shares, epoch and pseudonyms stay. The caller asks first, of the roster and the
//! manifest, whether it is the lost holder who asks: who is given the sums has its share.

use std::collections::{BTreeMap, BTreeSet};

use curve25519_dalek::{ristretto::RistrettoPoint, scalar::Scalar};
use frost_ristretto255::{
    Ristretto255Sha512,
    keys::repairable::{self, Delta, Sigma},
};
use rand_core::CryptoRng;
use tvaers_protocol::id::Digest;
use zeroize::Zeroizing;

use crate::{
    batch,
    confirmation::Confirmation,
    key::{KeyShare, PublicKeys},
    lagrange,
    older::{self, Older},
    sealing::{self, Place, SealingKey},
};

mod error;

pub use error::RepairError;

/// What is to be repaired, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    context: Digest,
    keys: PublicKeys,
    lost: u16,
    helpers: BTreeSet<u16>,
}

impl Repair {
    /// The repair of the share of holder `lost` by `helpers`. `context` is a digest of all that it is for (study
    /// manifest, roster, who lost and who helps, attempt); it must never be used for a second repair.
    ///
    /// # Errors
    /// [`RepairError::Helpers`] unless there are as many helpers as the threshold, all of them other holders.
    pub fn new(
        context: Digest,
        keys: &PublicKeys,
        lost: u16,
        helpers: &BTreeSet<u16>,
    ) -> Result<Self, RepairError> {
        let threshold = keys.threshold();
        let known = helpers.iter().chain([&lost]).all(|index| keys.shares().contains_key(index));
        if !known || helpers.contains(&lost) || helpers.len() != usize::from(threshold) {
            return Err(RepairError::Helpers { helpers: helpers.len(), threshold });
        }
        Ok(Self { context, keys: keys.clone(), lost, helpers: helpers.clone() })
    }

    fn others(&self, own: u16) -> impl Iterator<Item = u16> {
        self.helpers.iter().copied().filter(move |index| *index != own)
    }
}

/// What a helper keeps between its two steps. Secret; used once.
pub struct Dealt {
    repair: Repair,
    index: u16,
    /// The part that it dealt itself.
    part: Zeroizing<Scalar>,
    package: Vec<u8>,
}

/// What a helper sends after its first step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// For all helpers and the lost holder: the parts times the generator, 32 bytes each, by rising index.
    pub package: Vec<u8>,
    /// For each other helper: its part, sealed to it.
    pub sealed: BTreeMap<u16, Vec<u8>>,
}

/// A helper that has done its work and waits for the lost holder's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Helped {
    repair: Repair,
    transcript: Digest,
}

impl Helped {
    /// The digest of what this helper saw.
    #[must_use]
    pub fn transcript(&self) -> &Digest {
        &self.transcript
    }

    /// Checks what the lost holder confirms, which the caller has found signed by it: the same repair, and the key
    /// that is in use.
    ///
    /// # Errors
    /// [`RepairError::Confirmation`] where it is anything else.
    pub fn confirmed(&self, confirmation: &Confirmation) -> Result<(), RepairError> {
        let Repair { context, keys, lost, .. } = &self.repair;
        let expected = Confirmation {
            holder: *lost,
            context: *context,
            transcript: self.transcript,
            keys: keys.clone(),
        };
        if *confirmation == expected { Ok(()) } else { Err(RepairError::Confirmation { culprit: *lost }) }
    }
}

/// A helper's first step: cuts its weighted share into parts, publishes them hidden, and seals one to each other
/// helper's public sealing key in `recipients` (other keys there are ignored).
///
/// # Errors
/// [`RepairError`] where `share` is not a helper's share of the key in question, or a sealing key is missing or
/// cannot be used.
pub fn deal<R: CryptoRng + ?Sized>(
    repair: Repair,
    share: &KeyShare,
    recipients: &BTreeMap<u16, [u8; 32]>,
    rng: &mut R,
) -> Result<(Dealt, Parts), RepairError> {
    let index = share.index();
    if *share.keys() != repair.keys || !repair.helpers.contains(&index) {
        return Err(RepairError::Share);
    }
    let identifiers = repair.helpers.iter().map(|helper| older::identifier(*helper));
    let identifiers = identifiers.collect::<Result<Vec<_>, _>>().map_err(library)?;
    let own = older::private(share).map_err(library)?;
    let lost = older::identifier(repair.lost).map_err(library)?;
    let deltas = repairable::repair_share_part1::<Ristretto255Sha512, _>(
        &identifiers,
        &own,
        &mut Older(&mut *rng),
        lost,
    )
    .map_err(library)?;
    let mut package = Vec::with_capacity(32 * repair.helpers.len());
    let (mut own_part, mut sealed) = (None, BTreeMap::new());
    for (helper, identifier) in repair.helpers.iter().zip(&identifiers) {
        let delta = deltas.get(identifier).ok_or(RepairError::Missing { step: 1, holder: *helper })?;
        let bytes = Zeroizing::new(delta.serialize());
        let part = scalar(&bytes).ok_or(RepairError::Share)?;
        package.extend(RistrettoPoint::mul_base(&part).compress().0);
        if *helper == index {
            own_part = Some(part);
            continue;
        }
        let public = recipients.get(helper).ok_or(RepairError::Missing { step: 1, holder: *helper })?;
        let place = Place::repair_part(&repair.context, index, *helper);
        let text = sealing::seal(&place, public, &bytes, &mut &mut *rng)
            .map_err(|_| RepairError::SealingKey { culprit: *helper })?;
        sealed.insert(*helper, text);
    }
    let part = own_part.ok_or(RepairError::Share)?;
    let kept = Dealt { repair, index, part, package: package.clone() };
    Ok((kept, Parts { package, sealed }))
}

/// The digest of a repair's packages and of the key that it is of. Helpers and lost holder must come to the same.
#[must_use]
pub fn transcript(repair: &Repair, packages: &BTreeMap<u16, Vec<u8>>) -> Digest {
    let indices: Vec<[u8; 2]> = packages.keys().map(|index| index.to_be_bytes()).collect();
    let (keys, lost) = (repair.keys.digest(), repair.lost.to_be_bytes());
    let mut parts = vec![repair.context.0.as_slice(), &keys.0, &lost];
    for (index, package) in indices.iter().zip(packages.values()) {
        parts.extend([index.as_slice(), package]);
    }
    Digest::of("tvaers-pseudonym/repair-transcript/v1", &parts)
}

/// A helper's second step: checks all packages, its own among them, opens the parts that the others sealed to it, by
/// sender, and seals their sum to the lost holder, whose public sealing key is `lost`.
///
/// # Errors
/// [`RepairError`] where a package or a part is missing, surplus, altered or wrong.
pub fn add<R: CryptoRng + ?Sized>(
    kept: Dealt,
    packages: &BTreeMap<u16, Vec<u8>>,
    sealed: &BTreeMap<u16, Vec<u8>>,
    key: &SealingKey,
    lost: &[u8; 32],
    rng: &mut R,
) -> Result<(Helped, Vec<u8>), RepairError> {
    let Dealt { repair, index, part, package } = kept;
    if packages.get(&index) != Some(&package) {
        return Err(RepairError::Altered);
    }
    let published = published(&repair, packages)?;
    complete(&repair.others(index).collect(), 2, sealed)?;
    let own = Zeroizing::new(part.to_bytes());
    let mut deltas = vec![Delta::deserialize(own.as_slice()).map_err(library)?];
    for (sender, text) in sealed {
        let culprit = *sender;
        let place = Place::repair_part(&repair.context, culprit, index);
        let bytes = sealing::open(&place, key, text).map_err(|_| RepairError::Unsealing { culprit })?;
        let part = scalar(&bytes).ok_or(RepairError::Unsealing { culprit })?;
        let point = published.get(&culprit).and_then(|points| points.get(&index));
        if point != Some(&RistrettoPoint::mul_base(&part)) {
            return Err(RepairError::Part { culprit });
        }
        deltas.push(Delta::deserialize(&bytes).map_err(library)?);
    }
    let transcript = transcript(&repair, packages);
    let sum = Zeroizing::new(repairable::repair_share_part2(&deltas).serialize());
    let text = Zeroizing::new([transcript.0.as_slice(), &sum].concat());
    let place = Place::repair_sum(&repair.context, index, repair.lost);
    let text = sealing::seal(&place, lost, &text, &mut &mut *rng)
        .map_err(|_| RepairError::SealingKey { culprit: repair.lost })?;
    Ok((Helped { repair, transcript }, text))
}

/// The lost holder's step: checks all packages, opens the sums that the helpers sealed to it, by sender, and gives
/// its share with the confirmation that it is to sign.
///
/// # Errors
/// [`RepairError`] where a package or a sum is missing, surplus or wrong, or a helper saw other packages.
pub fn recover(
    repair: Repair,
    packages: &BTreeMap<u16, Vec<u8>>,
    sealed: &BTreeMap<u16, Vec<u8>>,
    key: &SealingKey,
) -> Result<(KeyShare, Confirmation), RepairError> {
    let published = published(&repair, packages)?;
    complete(&repair.helpers, 3, sealed)?;
    let transcript = transcript(&repair, packages);
    let mut sums = Vec::with_capacity(sealed.len());
    for (sender, text) in sealed {
        let culprit = *sender;
        let place = Place::repair_sum(&repair.context, culprit, repair.lost);
        let text = sealing::open(&place, key, text).map_err(|_| RepairError::Unsealing { culprit })?;
        let (seen, bytes) = text.split_first_chunk::<32>().ok_or(RepairError::Unsealing { culprit })?;
        let sum = scalar(bytes).ok_or(RepairError::Unsealing { culprit })?;
        // Before its sum is judged: a helper that was shown other packages has added other parts.
        if *seen != transcript.0 {
            return Err(RepairError::Transcript { holder: culprit });
        }
        let expected: RistrettoPoint = published.values().filter_map(|points| points.get(&culprit)).sum();
        if expected != RistrettoPoint::mul_base(&sum) {
            return Err(RepairError::Part { culprit });
        }
        sums.push(Sigma::deserialize(bytes).map_err(library)?);
    }
    let public = older::public(&repair.keys).map_err(library)?;
    let lost = older::identifier(repair.lost).map_err(library)?;
    let share = repairable::repair_share_part3(&sums, lost, &public).map_err(library)?;
    let secret = Zeroizing::new(share.signing_share().serialize());
    let secret = scalar(&secret).ok_or(RepairError::Share)?;
    let secret = Zeroizing::new(secret.to_bytes());
    let Repair { context, keys, lost, .. } = repair;
    let share = KeyShare::new(lost, &secret, keys.clone()).map_err(|_| RepairError::Share)?;
    Ok((share, Confirmation { holder: lost, context, transcript, keys }))
}

/// Reads every helper's package: a point for each helper, which together are the sender's weight times its public
/// share. By sender, then by the helper that a part is for.
fn published(
    repair: &Repair,
    packages: &BTreeMap<u16, Vec<u8>>,
) -> Result<BTreeMap<u16, BTreeMap<u16, RistrettoPoint>>, RepairError> {
    complete(&repair.helpers, 2, packages)?;
    let helpers: Vec<u16> = repair.helpers.iter().copied().collect();
    let weights = lagrange::scalars(&helpers, repair.lost);
    let mut published = BTreeMap::new();
    for ((sender, package), weight) in packages.iter().zip(weights) {
        let malformed = RepairError::Package { culprit: *sender };
        let (encoded, rest) = package.as_chunks::<32>();
        let points: Option<Vec<_>> = encoded.iter().map(|bytes| batch::point(*bytes).ok()).collect();
        let points = points.filter(|points| rest.is_empty() && points.len() == helpers.len());
        let points = points.ok_or(malformed)?;
        let share = repair.keys.share_point(*sender).ok_or(RepairError::Share)?;
        if points.iter().sum::<RistrettoPoint>() != share * weight {
            return Err(RepairError::Sum { culprit: *sender });
        }
        published.insert(*sender, helpers.iter().copied().zip(points).collect());
    }
    Ok(published)
}

/// Checks that there is something from each of these, and from nobody else.
fn complete(from: &BTreeSet<u16>, step: u8, packages: &BTreeMap<u16, Vec<u8>>) -> Result<(), RepairError> {
    if let Some(holder) = from.iter().find(|index| !packages.contains_key(index)) {
        return Err(RepairError::Missing { step, holder: *holder });
    }
    match packages.keys().find(|index| !from.contains(index)) {
        Some(index) => Err(RepairError::Surplus { step, index: *index }),
        None => Ok(()),
    }
}

fn scalar(bytes: &[u8]) -> Option<Zeroizing<Scalar>> {
    let bytes = Zeroizing::new(<[u8; 32]>::try_from(bytes).ok()?);
    Option::<Scalar>::from(Scalar::from_canonical_bytes(*bytes)).map(Zeroizing::new)
}

/// An error of the library that names nobody.
fn library(error: frost_ristretto255::Error) -> RepairError {
    RepairError::Library { reason: error.to_string() }
}
