//! What every holder signs at the end of the key generation, and every node checks before it blinds anything.
//!
//! Under a key that the coordinator made up every proof would verify, so a node uses a key only once all its holders
//! have confirmed the same one for the same study. Signing is the caller's, over
//! the codec's form of a [`Confirmation`]; here is the comparison.

use serde::{Deserialize, Serialize};
use tvaers_protocol::id::Digest;

use crate::key::PublicKeys;

/// One holder's word that it ended the ceremony with this key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The holder that confirms; the caller checks that the signature is that holder's.
    pub holder: u16,
    /// What the ceremony was for: the digest given to [`crate::dkg::Ceremony`].
    pub context: Digest,
    /// The digest of all round-1 packages.
    pub transcript: Digest,
    /// Threshold, group key and public shares.
    pub keys: PublicKeys,
}

/// Why confirmations do not make a key usable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgreeError {
    /// There is none.
    #[error("nobody has confirmed the key")]
    None,
    /// A holder of the key has not confirmed it.
    #[error("holder {holder} has not confirmed the key")]
    Missing {
        /// The first such holder.
        holder: u16,
    },
    /// Two confirmations of one holder, or one of somebody who holds no share.
    #[error("a confirmation of holder {holder} is one too many")]
    Surplus {
        /// The holder named in it.
        holder: u16,
    },
    /// Two holders confirm different things. Who is wrong cannot be told from here.
    #[error("holders {one} and {other} do not confirm the same {what}")]
    Differ {
        /// The first holder given.
        one: u16,
        /// The holder that differs from it.
        other: u16,
        /// What differs: `context`, `transcript`, `epoch` or `keys`; or `own confirmation`, where a holder does not find
        /// its own among those that it is given (`one` and `other` are then that holder).
        what: &'static str,
    },
    /// All holders confirm the same keys, but these are no refresh of the keys in use.
    #[error("the confirmed keys have another {what} than a refresh of the keys in use has")]
    Departure {
        /// What differs: `group key`, `threshold`, `epoch` or `holders`.
        what: &'static str,
    },
}

/// Checks that every holder of the key confirms the same, once each, and gives the key.
///
/// The caller compares context and threshold with the study manifest and the roster: agreement alone does not make
/// them the right ones.
///
/// # Errors
/// [`AgreeError`] where a holder is missing, is there twice, or says something else.
pub fn agree(confirmations: &[Confirmation]) -> Result<&PublicKeys, AgreeError> {
    let first = confirmations.first().ok_or(AgreeError::None)?;
    for (position, confirmation) in confirmations.iter().enumerate() {
        let what = if confirmation.context != first.context {
            "context"
        } else if confirmation.transcript != first.transcript {
            "transcript"
        } else if confirmation.keys.epoch() != first.keys.epoch() {
            "epoch"
        } else if confirmation.keys != first.keys {
            "keys"
        } else {
            let holder = confirmation.holder;
            let twice = confirmations.iter().take(position).any(|other| other.holder == holder);
            if twice || !first.keys.shares().contains_key(&holder) {
                return Err(AgreeError::Surplus { holder });
            }
            continue;
        };
        let (one, other) = (first.holder, confirmation.holder);
        return Err(AgreeError::Differ { one, other, what });
    }
    let confirmed = |holder: &u16| confirmations.iter().any(|confirmation| confirmation.holder == *holder);
    match first.keys.shares().keys().find(|holder| !confirmed(holder)) {
        Some(holder) => Err(AgreeError::Missing { holder: *holder }),
        None => Ok(&first.keys),
    }
}

/// The holder whose confirmation is unlike that of all others, where these are two or more and alike.
///
/// The others may lie and that one not, but then they are all others.
#[must_use]
pub fn odd_one_out(confirmations: &[Confirmation]) -> Option<u16> {
    let same = |one: &Confirmation, other: &Confirmation| {
        one.context == other.context && one.transcript == other.transcript && one.keys == other.keys
    };
    let like = |one: &Confirmation| confirmations.iter().filter(|other| same(one, other)).count();
    let n_others = confirmations.len().checked_sub(1).filter(|others| *others >= 2)?;
    let odd = confirmations.iter().find(|one| like(one) == 1)?;
    confirmations.iter().any(|one| like(one) == n_others).then_some(odd.holder)
}

/// Checks that every holder that stays confirms the same refresh of `before`, once each, and gives the keys of the new
/// epoch.
///
/// Who stays, the caller compares with what was asked for; a holder left out confirms nothing.
///
/// # Errors
/// [`AgreeError`] as for [`agree`], and [`AgreeError::Departure`] where the keys are no refresh of `before`.
pub fn agree_refreshed<'a>(
    before: &PublicKeys,
    confirmations: &'a [Confirmation],
) -> Result<&'a PublicKeys, AgreeError> {
    let keys = agree(confirmations)?;
    match keys.departure(before) {
        Some(what) => Err(AgreeError::Departure { what }),
        None => Ok(keys),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::deal;

    fn confirmations(holders: u16, seed: u8) -> Vec<Confirmation> {
        let keys = deal(seed, holders, 2).keys;
        let confirm = |holder| Confirmation {
            holder,
            context: Digest([1; 32]),
            transcript: Digest([2; 32]),
            keys: keys.clone(),
        };
        (1..=holders).map(confirm).collect()
    }

    #[test]
    fn the_one_that_differs_from_all_others_is_named_and_nobody_where_it_cannot_be_told() {
        for n_holders in [3, 5] {
            let honest = confirmations(n_holders, 1);
            assert_eq!(odd_one_out(&honest), None);
            for at in 0..usize::from(n_holders) {
                let mut changed = honest.clone();
                changed[at].keys = confirmations(n_holders, 2)[at].keys.clone();
                assert_eq!(odd_one_out(&changed), Some(honest[at].holder));
                assert!(matches!(agree(&changed), Err(AgreeError::Differ { what: "keys", .. })));
                let mut changed = honest.clone();
                changed[at].transcript = Digest([3; 32]);
                assert_eq!(odd_one_out(&changed), Some(honest[at].holder));
            }
        }
        let mut two = confirmations(2, 1);
        two[1].transcript = Digest([3; 32]);
        assert_eq!(odd_one_out(&two), None, "one word against another");
        let mut pairs = confirmations(4, 1);
        pairs[0].transcript = Digest([3; 32]);
        pairs[1].transcript = Digest([3; 32]);
        assert_eq!(odd_one_out(&pairs), None, "two against two");
        let mut all = confirmations(3, 1);
        all[0].transcript = Digest([3; 32]);
        all[1].transcript = Digest([4; 32]);
        assert_eq!(odd_one_out(&all), None, "each says something else");
        assert_eq!(odd_one_out(&[]), None);
    }
}
