//! Events of the second round: what a rule over time needs of a person whom two nodes of a sector touch.
//!
//! Days and minutes are shifted by secrets that the nodes share per person and the coordinator does not know, modulo
//! 2³²: differences can be read from them, dates cannot. All events of a study have one size. None of these types can
//! print what it holds.

use std::cmp::Ordering;

use crate::id::Pseudonym;
use crate::limit;
use crate::record::{Reader, RecordError, split};

/// Bytes of an identifier that an [`OrderTag`] covers.
pub const ORDER_BYTES: usize = 64;

/// One more than the greatest element of an [`OrderTag`].
pub const ORDER_MODULUS: u16 = 512;

/// Compares with another tag of the same person as the identifiers do byte by byte, and tells nothing else but how
/// many leading bytes they have in common (order-revealing encryption; Chenette, Lewi, Weis, Wu, 2016).
///
/// Identifiers are compared as if zeros followed them, and no further than [`ORDER_BYTES`].
#[derive(Clone, PartialEq, Eq)]
pub struct OrderTag(pub [u16; ORDER_BYTES]);

impl OrderTag {
    /// The order of the identifiers.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        let differing = self.0.iter().zip(&other.0).find(|(own, other)| own != other);
        let Some((own, other)) = differing else { return Ordering::Equal };
        // Both hide their byte behind the same number, so the difference is that of the bytes, modulo 512.
        if own.wrapping_sub(*other) % ORDER_MODULUS < ORDER_MODULUS / 2 {
            Ordering::Greater
        } else {
            Ordering::Less
        }
    }
}

/// One spell, stay, answer or amount of one person at one node. What is not of its kind is 0, and false.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// The model's touch group, by index.
    pub group: u8,
    /// Whether its first day lies in the rule's window. For an answer or amount, which are told of the window alone,
    /// true.
    pub in_window: bool,
    /// Of a stay: whether its first contact is acute.
    pub acute: bool,
    /// Of a stay: whether its first contact, and the age at it, make an index admission.
    pub index: bool,
    /// Of a stay: whether a discharge on its last day is one alive, and within the days that count.
    pub discharged: bool,
    /// Of an answer: whether it is of the round whose first answer is told.
    pub first_round: bool,
    /// Of an answer: whether it is of the round whose last answer is told.
    pub last_round: bool,
    /// The shifted number of its first day; 0 for an amount.
    pub first_day: u32,
    /// The shifted number of its last day, no later than the reference date; 0 for an amount.
    pub last_day: u32,
    /// Of a stay: the shifted number of the minute in which it begins.
    pub begins: u32,
    /// Of a stay: the shifted number of the minute in which it ends.
    pub ends: u32,
    /// Of a stay: the shifted number of the minute in which its first contact ends.
    pub first_ends: u32,
    /// Of a stay: days from its first day to the same day so many calendar months later as the group's rule counts; 0
    /// where no rule of the group counts months.
    pub reach: u16,
    /// The number of an amount (money in øre), or that of an answer and [`ANSWER_ZERO`].
    pub amount: u32,
    /// Of a stay: orders contacts that begin and end at the same minutes. Of an amount: that of its identifier.
    pub order: OrderTag,
}

/// What stands for the answer 0: an answer can be a number below it.
pub const ANSWER_ZERO: u32 = 1 << 31;

impl Event {
    /// How much later than `other` a shifted number is, where both are of one person and less than 2³¹ apart.
    #[must_use]
    pub const fn after(number: u32, other: u32) -> i32 {
        number.wrapping_sub(other).cast_signed()
    }
}

/// An event with its pseudonym, as it travels.
#[derive(Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// Whose.
    pub pseudonym: Pseudonym,
    /// What.
    pub event: Event,
}

const FLAG_IN_WINDOW: u8 = 1;
const FLAG_ACUTE: u8 = 2;
const FLAG_INDEX: u8 = 4;
const FLAG_DISCHARGED: u8 = 8;
const FLAG_FIRST_ROUND: u8 = 16;
const FLAG_LAST_ROUND: u8 = 32;
const FLAGS: u8 =
    FLAG_IN_WINDOW | FLAG_ACUTE | FLAG_INDEX | FLAG_DISCHARGED | FLAG_FIRST_ROUND | FLAG_LAST_ROUND;

impl EventRecord {
    /// The bytes of one record.
    pub const SIZE: usize = 16 + 1 + 1 + 5 * 4 + 2 + 4 + 2 * ORDER_BYTES;

    /// How many records a frame holds.
    pub const PER_FRAME: usize = limit::RECORD_BYTES_MAX / Self::SIZE;

    /// Appends the record to a frame's body.
    pub fn write(&self, body: &mut Vec<u8>) {
        let event = &self.event;
        body.extend_from_slice(self.pseudonym.as_bytes());
        let flags = [
            (event.in_window, FLAG_IN_WINDOW),
            (event.acute, FLAG_ACUTE),
            (event.index, FLAG_INDEX),
            (event.discharged, FLAG_DISCHARGED),
            (event.first_round, FLAG_FIRST_ROUND),
            (event.last_round, FLAG_LAST_ROUND),
        ];
        let flags = flags.into_iter().filter(|(is_set, _)| *is_set).fold(0, |flags, (_, flag)| flags | flag);
        body.extend_from_slice(&[event.group, flags]);
        for number in [event.first_day, event.last_day, event.begins, event.ends, event.first_ends] {
            body.extend_from_slice(&number.to_be_bytes());
        }
        body.extend_from_slice(&event.reach.to_be_bytes());
        body.extend_from_slice(&event.amount.to_be_bytes());
        body.extend(event.order.0.iter().flat_map(|element| element.to_be_bytes()));
    }

    /// Reads all records of a frame's body.
    ///
    /// # Errors
    /// [`RecordError`] where the length does not fit or a reserved bit is set.
    pub fn read(body: &[u8]) -> Result<Vec<Self>, RecordError> {
        split(body, Self::SIZE)?.map(Self::read_one).collect()
    }

    fn read_one(record: &[u8]) -> Result<Self, RecordError> {
        let mut reader = Reader::new(record);
        let pseudonym = Pseudonym::from_bytes(reader.take()?);
        let [group, flags] = reader.take()?;
        if flags & !FLAGS != 0 {
            return Err(RecordError::Reserved);
        }
        let (first_day, last_day) = (reader.u32()?, reader.u32()?);
        let (begins, ends, first_ends) = (reader.u32()?, reader.u32()?, reader.u32()?);
        let reach = reader.u16()?;
        let amount = reader.u32()?;
        let mut order = [0; ORDER_BYTES];
        for element in &mut order {
            *element = reader.u16()?;
            if *element >= ORDER_MODULUS {
                return Err(RecordError::Reserved);
            }
        }
        let event = Event {
            group,
            in_window: flags & FLAG_IN_WINDOW != 0,
            acute: flags & FLAG_ACUTE != 0,
            index: flags & FLAG_INDEX != 0,
            discharged: flags & FLAG_DISCHARGED != 0,
            first_round: flags & FLAG_FIRST_ROUND != 0,
            last_round: flags & FLAG_LAST_ROUND != 0,
            first_day,
            last_day,
            begins,
            ends,
            first_ends,
            reach,
            amount,
            order: OrderTag(order),
        };
        Ok(Self { pseudonym, event })
    }
}

/// Whose events a node is asked for, and of which touch groups.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EventRequest {
    /// Whose.
    pub pseudonym: Pseudonym,
    /// One bit per touch group of the model.
    pub groups: u16,
}

impl EventRequest {
    /// The bytes of one record.
    pub const SIZE: usize = 16 + 2;

    /// How many records a frame holds.
    pub const PER_FRAME: usize = limit::RECORD_BYTES_MAX / Self::SIZE;

    /// Appends the record to a frame's body.
    pub fn write(&self, body: &mut Vec<u8>) {
        body.extend_from_slice(self.pseudonym.as_bytes());
        body.extend_from_slice(&self.groups.to_be_bytes());
    }

    /// Reads all records of a frame's body.
    ///
    /// # Errors
    /// [`RecordError`] where the length does not fit or no group is asked for.
    pub fn read(body: &[u8]) -> Result<Vec<Self>, RecordError> {
        let one = |record| {
            let mut reader = Reader::new(record);
            let request = Self { pseudonym: Pseudonym::from_bytes(reader.take()?), groups: reader.u16()? };
            if request.groups == 0 { Err(RecordError::Reserved) } else { Ok(request) }
        };
        split(body, Self::SIZE)?.map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(n: u8) -> EventRecord {
        let event = Event {
            group: 1,
            in_window: true,
            acute: false,
            index: true,
            discharged: false,
            first_round: true,
            last_round: false,
            first_day: 5,
            last_day: u32::MAX,
            begins: 6,
            ends: 7,
            first_ends: 8,
            reach: 184,
            amount: u32::MAX - 1,
            order: OrderTag([511; ORDER_BYTES]),
        };
        EventRecord { pseudonym: Pseudonym::from_bytes([n; 16]), event }
    }

    #[test]
    fn events_read_back_as_written_and_other_bytes_are_refused() {
        let mut body = Vec::new();
        record(1).write(&mut body);
        record(1).write(&mut body);
        assert_eq!(body.len(), 2 * EventRecord::SIZE);
        assert!(EventRecord::read(&body).unwrap() == [record(1), record(1)]);
        assert_eq!(EventRecord::read(&body[1..]).err(), Some(RecordError::Length));
        assert_eq!(EventRecord::read(&[]).err(), Some(RecordError::Length));
        for reserved in [64, 128] {
            body[17] ^= reserved;
            assert_eq!(EventRecord::read(&body).err(), Some(RecordError::Reserved));
            body[17] ^= reserved;
        }
        body[EventRecord::SIZE - 2] = 2;
        assert_eq!(EventRecord::read(&body).err(), Some(RecordError::Reserved));
    }

    #[test]
    fn every_flag_is_its_own() {
        let mut body = Vec::new();
        record(1).write(&mut body);
        for flags in 0..64 {
            body[17] = flags;
            let read = EventRecord::read(&body).unwrap();
            let Event { in_window, acute, index, discharged, first_round, last_round, .. } = read[0].event;
            let set = [in_window, acute, index, discharged, first_round, last_round].map(u8::from);
            assert_eq!(set.iter().rev().fold(0, |flags, flag| flags << 1 | flag), flags);
            let mut again = Vec::new();
            read[0].write(&mut again);
            assert_eq!(again, body);
        }
    }

    #[test]
    fn requests_read_back_as_written_and_one_for_no_group_is_refused() {
        let mut body = Vec::new();
        let request = EventRequest { pseudonym: Pseudonym::from_bytes([4; 16]), groups: 3 };
        request.write(&mut body);
        assert!(EventRequest::read(&body).unwrap() == [request]);
        body[16..].fill(0);
        assert_eq!(EventRequest::read(&body).err(), Some(RecordError::Reserved));
    }

    #[test]
    fn tags_order_by_the_first_element_that_differs_and_differences_wrap() {
        let tag = |second: u16| {
            let mut elements = [7; ORDER_BYTES];
            elements[1] = second;
            OrderTag(elements)
        };
        assert_eq!(tag(3).order(&tag(3)), Ordering::Equal);
        assert_eq!(tag(4).order(&tag(3)), Ordering::Greater);
        assert_eq!(tag(3).order(&tag(4)), Ordering::Less);
        // 0 is 511 and one more.
        assert_eq!(tag(0).order(&tag(511)), Ordering::Greater);
        assert_eq!(Event::after(2, u32::MAX), 3);
        assert_eq!(Event::after(u32::MAX, 2), -3);
    }
}
