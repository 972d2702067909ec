//! Contributions and hand-backs: fixed-size records, sorted by pseudonym, packed into frames.
//!
//! All nodes of a study pad to one size, whatever their sector, so that a relay could treat bodies as opaque. None
//! of these types can print what it holds.

use crate::id::Pseudonym;
use crate::limit;

/// The value of a recency that is not there.
pub const NO_RECENCY: u16 = u16::MAX;

/// The sizes of a study's contribution records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContributionShape {
    /// Component values: the most that any sector of the model has.
    pub values: usize,
    /// Recencies of `latest` components, likewise.
    pub recencies: usize,
}

/// One person's contribution from one node.
#[derive(Clone, PartialEq, Eq)]
pub struct Contribution {
    /// Whose.
    pub pseudonym: Pseudonym,
    /// Whether the node claims that the person lives there on `as_of`: the responsible node.
    pub resident: bool,
    /// Whether the person's age is in the model's population, by the node's register.
    pub eligible: bool,
    /// Whether the node says of the person nothing but that they object: everything else is empty then.
    pub objects: bool,
    /// One bit per touch group of the model, in order: something of the person lies in or within reach of the window.
    pub touches: u16,
    /// The municipality of residence by the node's register, three digits; 0 where it does not say.
    pub kommune: u16,
    /// One value per component of the node's sector, then zeros.
    pub values: Vec<u32>,
    /// Days from the event's first day to `as_of` per `latest` component, then [`NO_RECENCY`].
    pub recencies: Vec<u16>,
}

impl Contribution {
    /// Says that a person objects, and nothing else.
    #[must_use]
    pub fn objection(pseudonym: Pseudonym, shape: ContributionShape) -> Self {
        Self {
            pseudonym,
            resident: false,
            eligible: false,
            objects: true,
            touches: 0,
            kommune: 0,
            values: vec![0; shape.values],
            recencies: vec![NO_RECENCY; shape.recencies],
        }
    }
}

/// A record that does not have the study's shape or order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A body that is no whole number of records, or more than one frame may hold.
    #[error("a frame's body is no whole number of records, or too many")]
    Length,
    /// A bit or padding that must be zero is not.
    #[error("a record has a reserved bit set")]
    Reserved,
    /// A record that objects and says something else as well.
    #[error("a record of one who objects says more than that")]
    Objects,
    /// Pseudonyms that do not ascend.
    #[error("records are not in ascending order of pseudonyms, each once")]
    Order,
}

const FLAG_RESIDENT: u8 = 1;
const FLAG_ELIGIBLE: u8 = 2;
const FLAG_OBJECTS: u8 = 4;
const HEAD: usize = 16 + 1 + 2 + 2;

impl ContributionShape {
    /// The bytes of one record.
    #[must_use]
    pub const fn size(self) -> usize {
        HEAD + 4 * self.values + 2 * self.recencies
    }

    /// How many records a frame holds.
    #[must_use]
    pub const fn per_frame(self) -> usize {
        limit::RECORD_BYTES_MAX / self.size()
    }

    /// Appends one record to a frame's body.
    pub fn write(self, record: &Contribution, body: &mut Vec<u8>) {
        body.extend_from_slice(record.pseudonym.as_bytes());
        let resident = if record.resident { FLAG_RESIDENT } else { 0 };
        let eligible = if record.eligible { FLAG_ELIGIBLE } else { 0 };
        let objects = if record.objects { FLAG_OBJECTS } else { 0 };
        body.push(resident | eligible | objects);
        body.extend_from_slice(&record.touches.to_be_bytes());
        body.extend_from_slice(&record.kommune.to_be_bytes());
        let values = record.values.iter().copied().chain(std::iter::repeat(0)).take(self.values);
        body.extend(values.flat_map(u32::to_be_bytes));
        write_padded(&record.recencies, self.recencies, NO_RECENCY, body);
    }

    /// Reads all records of a frame's body.
    ///
    /// # Errors
    /// [`RecordError`] where the length does not fit or a reserved bit is set.
    pub fn read(self, body: &[u8]) -> Result<Vec<Contribution>, RecordError> {
        split(body, self.size())?.map(|record| self.read_one(record)).collect()
    }

    /// Whether a contribution has nothing but padding beyond this shape, that of its sender's sector.
    #[must_use]
    pub fn is_padded(self, record: &Contribution) -> bool {
        record.values.iter().skip(self.values).all(|value| *value == 0)
            && record.recencies.iter().skip(self.recencies).all(|recency| *recency == NO_RECENCY)
    }

    fn read_one(self, record: &[u8]) -> Result<Contribution, RecordError> {
        let mut reader = Reader(record);
        let pseudonym = Pseudonym::from_bytes(reader.take()?);
        let [flags] = reader.take()?;
        if flags & !(FLAG_RESIDENT | FLAG_ELIGIBLE | FLAG_OBJECTS) != 0 {
            return Err(RecordError::Reserved);
        }
        let read = Contribution {
            pseudonym,
            resident: flags & FLAG_RESIDENT != 0,
            eligible: flags & FLAG_ELIGIBLE != 0,
            objects: flags & FLAG_OBJECTS != 0,
            touches: reader.u16()?,
            kommune: reader.u16()?,
            values: (0..self.values).map(|_| reader.u32()).collect::<Result<_, _>>()?,
            recencies: reader.many(self.recencies)?,
        };
        if read.objects && read != Contribution::objection(pseudonym, self) {
            return Err(RecordError::Objects);
        }
        Ok(read)
    }
}

/// The size of a study's hand-back records: how many criteria the model has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandBackShape {
    /// The number of criteria.
    pub criteria: usize,
}

/// What the responsible node learns about one of its citizens. What the policy does not disclose is zero.
#[derive(Clone, PartialEq, Eq)]
pub struct HandBack {
    /// Whom.
    pub pseudonym: Pseudonym,
    /// Whether the model's rule includes the person.
    pub included: bool,
    /// Sectors that the model needs and of which a member does not take part.
    pub missing: Missing,
    /// One bit per touch group of the model, in order: for those, the fall-back was used.
    pub fell_back: u16,
    /// The position of the stratum in the model; 0 for a model without strata.
    pub stratum: u8,
    /// The total.
    pub total: u16,
    /// The points of each criterion, in the model's order.
    pub items: Vec<u16>,
}

/// Sectors of which not every member takes part in a study.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// A region is missing.
    pub region: bool,
    /// A municipality is missing.
    pub municipality: bool,
}

impl HandBack {
    /// Whether every node that the model needs answered and no component fell back.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing == Missing::default() && self.fell_back == 0
    }
}

const FLAG_INCLUDED: u8 = 1;
const FLAG_REGION_MISSING: u8 = 2;
const FLAG_MUNICIPALITY_MISSING: u8 = 4;
const HAND_BACK_FLAGS: u8 = FLAG_INCLUDED | FLAG_REGION_MISSING | FLAG_MUNICIPALITY_MISSING;

impl HandBackShape {
    /// The bytes of one record.
    #[must_use]
    pub const fn size(self) -> usize {
        16 + 1 + 2 + 1 + 2 + 2 * self.criteria
    }

    /// How many records a frame holds.
    #[must_use]
    pub const fn per_frame(self) -> usize {
        limit::RECORD_BYTES_MAX / self.size()
    }

    /// Appends one record to a frame's body.
    pub fn write(self, record: &HandBack, body: &mut Vec<u8>) {
        body.extend_from_slice(record.pseudonym.as_bytes());
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let missing = record.missing;
        body.push(
            flag(record.included, FLAG_INCLUDED)
                | flag(missing.region, FLAG_REGION_MISSING)
                | flag(missing.municipality, FLAG_MUNICIPALITY_MISSING),
        );
        body.extend_from_slice(&record.fell_back.to_be_bytes());
        body.push(record.stratum);
        body.extend_from_slice(&record.total.to_be_bytes());
        write_padded(&record.items, self.criteria, 0, body);
    }

    /// Reads all records of a frame's body.
    ///
    /// # Errors
    /// [`RecordError`] where the length does not fit or a reserved bit is set.
    pub fn read(self, body: &[u8]) -> Result<Vec<HandBack>, RecordError> {
        split(body, self.size())?.map(|record| self.read_one(record)).collect()
    }

    fn read_one(self, record: &[u8]) -> Result<HandBack, RecordError> {
        let mut reader = Reader(record);
        let pseudonym = Pseudonym::from_bytes(reader.take()?);
        let [flags] = reader.take()?;
        if flags & !HAND_BACK_FLAGS != 0 {
            return Err(RecordError::Reserved);
        }
        let fell_back = reader.u16()?;
        let [stratum] = reader.take()?;
        Ok(HandBack {
            pseudonym,
            included: flags & FLAG_INCLUDED != 0,
            missing: Missing {
                region: flags & FLAG_REGION_MISSING != 0,
                municipality: flags & FLAG_MUNICIPALITY_MISSING != 0,
            },
            fell_back,
            stratum,
            total: reader.u16()?,
            items: reader.many(self.criteria)?,
        })
    }
}

/// Checks that pseudonyms ascend within and across the frames of one stream.
#[derive(Default)]
pub struct Ascending {
    last: Option<Pseudonym>,
}

impl Ascending {
    /// Takes note of the next pseudonym, which may be that of the record before it.
    ///
    /// # Errors
    /// [`RecordError::Order`] where it is less than the one before it.
    pub fn next_or_same(&mut self, pseudonym: Pseudonym) -> Result<(), RecordError> {
        if self.last.is_some_and(|last| last > pseudonym) {
            return Err(RecordError::Order);
        }
        self.last = Some(pseudonym);
        Ok(())
    }

    /// Takes note of the next pseudonym.
    ///
    /// # Errors
    /// [`RecordError::Order`] where it is not greater than the one before it.
    pub fn next(&mut self, pseudonym: Pseudonym) -> Result<(), RecordError> {
        if self.last.is_some_and(|last| last >= pseudonym) {
            return Err(RecordError::Order);
        }
        self.last = Some(pseudonym);
        Ok(())
    }
}

pub(crate) fn split(body: &[u8], size: usize) -> Result<std::slice::ChunksExact<'_, u8>, RecordError> {
    let records = body.chunks_exact(size);
    if body.is_empty() || body.len() > limit::RECORD_BYTES_MAX || !records.remainder().is_empty() {
        return Err(RecordError::Length);
    }
    Ok(records)
}

fn write_padded(values: &[u16], length: usize, padding: u16, body: &mut Vec<u8>) {
    let padded = values.iter().copied().chain(std::iter::repeat(padding)).take(length);
    body.extend(padded.flat_map(u16::to_be_bytes));
}

pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(record: &'a [u8]) -> Self {
        Self(record)
    }

    pub(crate) fn take<const N: usize>(&mut self) -> Result<[u8; N], RecordError> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(RecordError::Length)?;
        self.0 = rest;
        Ok(*head)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, RecordError> {
        self.take().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, RecordError> {
        self.take().map(u32::from_be_bytes)
    }

    fn many(&mut self, length: usize) -> Result<Vec<u16>, RecordError> {
        (0..length).map(|_| self.u16()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: ContributionShape = ContributionShape { values: 3, recencies: 1 };

    fn contribution(n: u8) -> Contribution {
        Contribution {
            pseudonym: Pseudonym::from_bytes([n; 16]),
            resident: true,
            eligible: false,
            objects: false,
            touches: 5,
            kommune: 360,
            values: vec![1, 65_536, u32::MAX],
            recencies: vec![731],
        }
    }

    #[test]
    fn contributions_read_back_as_written_and_shorter_ones_are_padded() {
        let mut body = Vec::new();
        let short = Contribution { values: vec![9], recencies: Vec::new(), ..contribution(2) };
        SHAPE.write(&contribution(1), &mut body);
        SHAPE.write(&short, &mut body);
        assert_eq!(body.len(), 2 * SHAPE.size());
        let read = SHAPE.read(&body).unwrap();
        assert!(read[0] == contribution(1));
        assert!(read[1].values == [9, 0, 0] && read[1].recencies == [NO_RECENCY]);
    }

    #[test]
    fn a_body_of_another_shape_or_with_a_reserved_bit_is_refused() {
        let mut body = Vec::new();
        SHAPE.write(&contribution(1), &mut body);
        assert_eq!(SHAPE.read(&body[1..]).err(), Some(RecordError::Length));
        assert_eq!(SHAPE.read(&[]).err(), Some(RecordError::Length));
        let many = body.repeat(SHAPE.per_frame() + 1);
        assert_eq!(SHAPE.read(&many).err(), Some(RecordError::Length));
        assert!(SHAPE.read(&body.repeat(SHAPE.per_frame())).is_ok());
        body[16] |= 128;
        assert_eq!(SHAPE.read(&body).err(), Some(RecordError::Reserved));
    }

    #[test]
    fn whoever_objects_is_told_of_by_nothing_but_that() {
        let pseudonym = Pseudonym::from_bytes([4; 16]);
        let mut body = Vec::new();
        SHAPE.write(&Contribution::objection(pseudonym, SHAPE), &mut body);
        assert!(SHAPE.read(&body).unwrap() == [Contribution::objection(pseudonym, SHAPE)]);
        assert_eq!(body[16], FLAG_OBJECTS);
        for place in 16..SHAPE.size() {
            let mut more = body.clone();
            more[place] ^= 1;
            assert_eq!(SHAPE.read(&more).err(), Some(RecordError::Objects), "byte {place}");
        }
    }

    #[test]
    fn hand_backs_read_back_as_written() {
        let shape = HandBackShape { criteria: 2 };
        let record = HandBack {
            pseudonym: Pseudonym::from_bytes([3; 16]),
            included: true,
            missing: Missing { region: false, municipality: true },
            fell_back: 0x0102,
            stratum: 2,
            total: 18,
            items: vec![3, 15],
        };
        let mut body = Vec::new();
        shape.write(&record, &mut body);
        assert!(shape.read(&body).unwrap() == [record]);
    }

    #[test]
    fn the_same_pseudonym_twice_or_a_lower_one_is_out_of_order() {
        let mut order = Ascending::default();
        assert!(order.next(Pseudonym::from_bytes([2; 16])).is_ok());
        assert!(order.next(Pseudonym::from_bytes([2; 16])).is_err());
        assert!(order.next(Pseudonym::from_bytes([1; 16])).is_err());
        assert!(order.next(Pseudonym::from_bytes([3; 16])).is_ok());
        assert!(order.next_or_same(Pseudonym::from_bytes([3; 16])).is_ok());
        assert!(order.next_or_same(Pseudonym::from_bytes([2; 16])).is_err());
    }
}
