//! Objections under pseudonym: a node signs, person by person, that one of its citizens objects to the processing (GDPR
//! Art. 21), and every other node that holds the person is shown that signature. So no coordinator can make one up.
//!
//! Frames are filled up with zeros, so that their size tells a class of how many objections there are and no count.
//! None of these types can print what it holds.

use crate::id::{Digest, Pseudonym};
use crate::message::Signed;
use crate::record::{Reader, RecordError};
use crate::sign::{BadSignature, Purpose, Signature, SigningKey, VerifyingKey};

/// What stands for the place of a record that is not there. No pseudonym is all zeros by chance.
const NOBODY: Pseudonym = Pseudonym::from_bytes([0; 16]);

/// Signs within a study that the person of this pseudonym objects. The same again gives the same signature.
#[must_use]
pub fn sign(pseudonym: Pseudonym, study: Digest, key: &SigningKey) -> Signature {
    Signed::new(pseudonym, Purpose::Objection, study, key).signature
}

/// Checks that a node signed within a study that the person of this pseudonym objects.
///
/// # Errors
/// [`BadSignature`].
pub fn verify(
    pseudonym: Pseudonym,
    signature: Signature,
    study: Digest,
    key: &VerifyingKey,
) -> Result<(), BadSignature> {
    Signed { content: pseudonym, signature }.verify(Purpose::Objection, study, key).map(drop)
}

/// What a node is told of one of the persons whom it contributed: another node says that the person objects.
#[derive(Clone, PartialEq, Eq)]
pub struct Objection {
    /// Whose.
    pub pseudonym: Pseudonym,
    /// Which node says so: its place among the manifest's participants, from 0.
    pub by: u16,
    /// What that node signed: see [`sign`].
    pub signature: Signature,
}

impl Objection {
    /// The bytes of one record.
    pub const SIZE: usize = 16 + 2 + 64;

    /// How many records a frame has room for. It always has that size.
    pub const PER_FRAME: usize = 64;

    /// The bytes of a frame's records.
    pub const FRAME_BYTES: usize = Self::SIZE * Self::PER_FRAME;

    /// Appends the record to a frame's body.
    pub fn write(&self, body: &mut Vec<u8>) {
        body.extend_from_slice(self.pseudonym.as_bytes());
        body.extend_from_slice(&self.by.to_be_bytes());
        body.extend_from_slice(&self.signature.0);
    }

    /// Reads all records of a frame's body.
    ///
    /// # Errors
    /// [`RecordError`] where the body has not a frame's size, or what follows the last record is not zero.
    pub fn read(body: &[u8]) -> Result<Vec<Self>, RecordError> {
        if body.len() != Self::FRAME_BYTES {
            return Err(RecordError::Length);
        }
        let records: Vec<Self> =
            body.chunks_exact(Self::SIZE).map(Self::read_one).collect::<Result<_, _>>()?;
        let count = records.iter().position(|record| record.pseudonym == NOBODY).unwrap_or(records.len());
        if body.iter().skip(count * Self::SIZE).any(|byte| *byte != 0) {
            return Err(RecordError::Reserved);
        }
        Ok(records.into_iter().take(count).collect())
    }

    fn read_one(record: &[u8]) -> Result<Self, RecordError> {
        let mut reader = Reader::new(record);
        Ok(Self {
            pseudonym: Pseudonym::from_bytes(reader.take()?),
            by: reader.u16()?,
            signature: Signature(reader.take()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objection(n: u8) -> Objection {
        let pseudonym = Pseudonym::from_bytes([n; 16]);
        Objection { pseudonym, by: 2, signature: Signature([n; 64]) }
    }

    fn frame(records: &[Objection]) -> Vec<u8> {
        let mut body = Vec::new();
        records.iter().for_each(|record| record.write(&mut body));
        body.resize(Objection::FRAME_BYTES, 0);
        body
    }

    #[test]
    fn frames_have_one_size_and_read_back_as_written() {
        for count in [0, 1, 2, 63, 64] {
            let records: Vec<Objection> = (1..=count).map(objection).collect();
            assert_eq!(frame(&records).len(), Objection::FRAME_BYTES);
            assert!(Objection::read(&frame(&records)).unwrap() == records, "{count}");
        }
    }

    #[test]
    fn another_size_and_anything_after_the_last_record_are_refused() {
        let body = frame(&[objection(1)]);
        assert_eq!(Objection::read(&body[1..]).err(), Some(RecordError::Length));
        assert_eq!(Objection::read(&[]).err(), Some(RecordError::Length));
        assert_eq!(Objection::read(&body.repeat(2)).err(), Some(RecordError::Length));
        for place in [Objection::SIZE + 20, Objection::FRAME_BYTES - 1] {
            let mut changed = body.clone();
            changed[place] = 1;
            assert_eq!(Objection::read(&changed).err(), Some(RecordError::Reserved));
        }
        // A gap: somebody after nobody.
        let gap = frame(&[objection(1), objection(0), objection(3)]);
        assert_eq!(Objection::read(&gap).err(), Some(RecordError::Reserved));
    }

    #[test]
    fn a_signature_is_for_one_person_one_study_and_one_node() {
        let (key, other) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
        let (person, study) = (Pseudonym::from_bytes([3; 16]), Digest([4; 32]));
        let signature = sign(person, study, &key);
        assert_eq!(verify(person, signature, study, &key.verifying_key()), Ok(()));
        assert!(verify(Pseudonym::from_bytes([5; 16]), signature, study, &key.verifying_key()).is_err());
        assert!(verify(person, signature, Digest([6; 32]), &key.verifying_key()).is_err());
        assert!(verify(person, signature, study, &other.verifying_key()).is_err());
    }
}
