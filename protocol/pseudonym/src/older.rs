//! Our values in the form of `frost-ristretto255`, which speaks an older version of the group's crate and of the
//! traits for randomness: they cross as their canonical bytes.

use frost_ristretto255::{
    Error, Identifier, VerifyingKey,
    keys::{KeyPackage, PublicKeyPackage, SigningShare, VerifyingShare},
};
use rand_core::CryptoRng;

use crate::key::{KeyShare, PublicKeys};

/// A holder's index.
pub(crate) fn identifier(index: u16) -> Result<Identifier, Error> {
    Identifier::try_from(index)
}

/// The public half of a key.
pub(crate) fn public(keys: &PublicKeys) -> Result<PublicKeyPackage, Error> {
    let share = |(index, share): (&u16, &[u8; 32])| {
        Ok((identifier(*index)?, VerifyingShare::deserialize(share.as_slice())?))
    };
    let shares = keys.shares().iter().map(share).collect::<Result<_, Error>>()?;
    Ok(PublicKeyPackage::new(shares, VerifyingKey::deserialize(keys.group())?, Some(keys.threshold())))
}

/// A share, which the library clears when it is dropped.
pub(crate) fn private(share: &KeyShare) -> Result<KeyPackage, Error> {
    let keys = share.keys();
    let point = keys.shares().get(&share.index()).ok_or(Error::UnknownIdentifier)?;
    Ok(KeyPackage::new(
        identifier(share.index())?,
        SigningShare::deserialize(share.expose().as_slice())?,
        VerifyingShare::deserialize(point)?,
        VerifyingKey::deserialize(keys.group())?,
        keys.threshold(),
    ))
}

/// Our generator under the older traits that the library asks for.
pub(crate) struct Older<'a, R: ?Sized>(pub(crate) &'a mut R);

impl<R: CryptoRng + ?Sized> frost_ristretto255::rand_core::RngCore for Older<'_, R> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        self.0.fill_bytes(dest);
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), frost_ristretto255::rand_core::Error> {
        self.0.fill_bytes(dest);
        Ok(())
    }
}

impl<R: CryptoRng + ?Sized> frost_ristretto255::rand_core::CryptoRng for Older<'_, R> {}
