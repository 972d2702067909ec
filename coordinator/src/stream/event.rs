//! The events of one node, read person by person as they were asked for.

use tvaers_protocol::event::{Event, EventRecord};
use tvaers_protocol::id::{NodeId, Pseudonym};
use tvaers_protocol::limit;
use tvaers_protocol::message::{Events, EventsEnd, Signed, StreamTotal};
use tvaers_protocol::record::{Ascending, RecordError};
use tvaers_protocol::sign::Purpose;

use super::{Expected, Inlet, Records, StreamFault};

/// Events: several records a person, those of one together. How many is bounded person by person, by what was asked.
pub(crate) struct EventRecords;

impl Records for EventRecords {
    type Record = EventRecord;
    type Part = Events;
    type End = EventsEnd;
    const PURPOSE: Purpose = Purpose::Events;

    fn sequence(part: &Events) -> u32 {
        part.sequence
    }

    fn bytes(part: &Events) -> &[u8] {
        &part.records
    }

    fn total(end: EventsEnd) -> Signed<StreamTotal> {
        end.total
    }

    fn read(&self, part: &Events, _: &Expected) -> Result<Vec<EventRecord>, StreamFault> {
        Ok(EventRecord::read(&part.records)?)
    }

    fn follows(order: &mut Ascending, record: &EventRecord) -> Result<(), RecordError> {
        order.next_or_same(record.pseudonym)
    }

    fn records_max(&self) -> u64 {
        u64::MAX
    }
}

/// The events of one node, asked for person by person in rising order of pseudonyms.
pub(crate) struct EventInlet {
    inlet: Inlet<EventRecords>,
    head: Option<EventRecord>,
}

impl EventInlet {
    /// Reads the first event, so that the node has taken up the request.
    pub(crate) async fn begin(mut inlet: Inlet<EventRecords>) -> Result<Self, (NodeId, StreamFault)> {
        match inlet.next().await {
            Ok(head) => Ok(Self { inlet, head }),
            Err(fault) => Err((inlet.expected.node, fault)),
        }
    }

    pub(crate) fn node(&self) -> &NodeId {
        self.inlet.node()
    }

    /// Appends all events of one person, of these groups and no others, at least one of each.
    pub(crate) async fn take(
        &mut self,
        pseudonym: Pseudonym,
        groups: u16,
        events: &mut Vec<Event>,
    ) -> Result<(), StreamFault> {
        let mut asked = Asked { groups, answered: 0, last: None };
        while let Some(record) = self.head.take_if(|head| head.pseudonym == pseudonym) {
            asked.take(record.event.group)?;
            events.push(record.event);
            self.head = self.inlet.next().await?;
        }
        // Whoever comes before this person was not asked for; whoever comes after shows that this one is missing.
        if self.head.as_ref().is_some_and(|head| head.pseudonym < pseudonym) {
            return Err(StreamFault::NotAsked);
        }
        asked.end()
    }

    /// Makes sure that nothing is left and that the node has signed it all.
    pub(crate) async fn end(mut self) -> Result<(), (NodeId, StreamFault)> {
        let rest = if self.head.is_some() { Ok(self.head) } else { self.inlet.next().await };
        match rest {
            Ok(None) => Ok(()),
            Ok(Some(_)) => Err((self.inlet.expected.node, StreamFault::NotAsked)),
            Err(fault) => Err((self.inlet.expected.node, fault)),
        }
    }
}

/// Holds the events of one person at one node to what was asked.
struct Asked {
    groups: u16,
    answered: u16,
    /// The group of the last event, and how many of it have come.
    last: Option<(u8, usize)>,
}

impl Asked {
    fn take(&mut self, group: u8) -> Result<(), StreamFault> {
        let bit = 1_u16.checked_shl(u32::from(group)).unwrap_or(0);
        if self.groups & bit == 0 {
            return Err(StreamFault::NotAsked);
        }
        let count = match self.last {
            Some((last, _)) if last > group => return Err(RecordError::Order.into()),
            Some((last, count)) if last == group => count + 1,
            _ => 1,
        };
        if count > limit::EVENTS_MAX {
            return Err(StreamFault::TooManyEvents);
        }
        self.last = Some((group, count));
        self.answered |= bit;
        Ok(())
    }

    fn end(&self) -> Result<(), StreamFault> {
        if self.answered == self.groups { Ok(()) } else { Err(StreamFault::NoEvent) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_person_has_more_events_of_a_group_than_there_can_be() {
        let mut asked = Asked { groups: 0b11, answered: 0, last: None };
        for group in [0, 1] {
            for _ in 0..limit::EVENTS_MAX {
                asked.take(group).unwrap();
            }
        }
        assert!(matches!(asked.take(1), Err(StreamFault::TooManyEvents)));
    }
}
