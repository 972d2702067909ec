//! What the audit log is told of a study.

use jiff::civil::Date;
use tvaers_protocol::id::Digest;
use tvaers_protocol::message::{Rule, Signed};
use tvaers_protocol::release::BudgetLeft;
use tvaers_protocol::request::StudyRequest;
use tvaers_protocol::study::Manifest;

use super::permit::Charged;
use super::stream::Share;
use crate::audit::code::Code;
use crate::audit::event::{
    self, Asked, Closing, Event, Mode, ObjectionsReceived, Refused, SeriesClosed, SeriesClosing, SeriesKept,
    StudyAgreed, StudyCharged, StudyClosed, StudyRefused,
};
use crate::ledger::name::{Name, Requester};
use crate::node::Node;
use crate::policy::keeper::Held;
use crate::query::{left_of, rule_codes};
use crate::refusal::Refusal;

/// A request for a study that was declined before there was any.
pub(super) fn declined(node: &Node, held: &Held, request: &Signed<StudyRequest>, rules: &[Rule]) -> Event {
    let requester = requester(node, request);
    let under = request.content.list.as_ref().or(request.content.tables.as_ref().map(|tables| &tables.under));
    let permit = requester.as_ref().and_then(|_| Name::new(under?.permit.as_str()).ok());
    Event::RequestRefused(Refused {
        asked: Asked {
            request: request.request_digest(0),
            requester,
            permit,
            purpose: None,
            mode: modes(&request.content).first().copied(),
            policy: held.digest(),
            query: None,
        },
        rules: rule_codes(rules),
        left: None,
    })
}

/// A study that was proposed and refused.
pub(super) fn refused(node: &Node, held: &Held, manifest: &Manifest, rules: &[Rule]) -> Event {
    Event::StudyRefused(StudyRefused {
        manifest: manifest.digest(),
        study: event::Study::of(manifest).ok(),
        requester: requester(node, &manifest.request),
        policy: held.digest(),
        rules: rule_codes(rules),
    })
}

/// A study that the node takes part in.
pub(super) fn agreed(node: &Node, held: &Held, manifest: &Manifest) -> Result<Event, Refusal> {
    let asked = &manifest.request.content;
    let under = asked.list.as_ref().or(asked.tables.as_ref().map(|tables| &tables.under));
    Ok(Event::StudyAgreed(StudyAgreed {
        study: event::Study::of(manifest).map_err(Refusal::internal)?,
        requester: requester(node, &manifest.request),
        purpose: under.and_then(|under| Code::try_from(under.purpose.clone()).ok()),
        modes: modes(asked),
        policy: held.digest(),
    }))
}

/// What a study's tables were charged.
pub(super) fn charged(manifest: &Manifest, charged: &Charged, left: BudgetLeft) -> Event {
    Event::StudyCharged(StudyCharged {
        manifest: manifest.digest(),
        permit: charged.permit.clone(),
        charge: event::Charged {
            number: charged.charge.number,
            nano_rho: charged.charge.nano_rho,
            left: left_of(left),
            ledger: charged.charge.head,
        },
    })
}

/// What other nodes said in a study of objections, be it nothing.
pub(super) fn objections(manifest: Digest, share: Share) -> Event {
    let share = match share {
        Share::Few => event::Share::Few,
        Share::Some => event::Share::Some,
        Share::Many => event::Share::Many,
    };
    Event::ObjectionsReceived(ObjectionsReceived { manifest, share })
}

/// A study that has ended.
pub(crate) fn closed(manifest: Digest, how: Closing) -> Event {
    Event::StudyClosed(StudyClosed { manifest, how })
}

fn modes(asked: &StudyRequest) -> Vec<Mode> {
    let list = asked.list.as_ref().map(|_| Mode::PersonContributions);
    list.into_iter().chain(asked.tables.as_ref().map(|_| Mode::JoinedStatistics)).collect()
}

fn requester(node: &Node, request: &Signed<StudyRequest>) -> Option<Requester> {
    let person = request.signer(node.roster()).ok()?;
    Some(Requester::new(Name::new(person.name.as_str()).ok()?, &person.signing))
}

/// A run that is kept for follow-up.
pub(crate) fn series_kept(manifest: &Manifest, epoch: u32, until: Date, persons: u32) -> Event {
    let (manifest, first) = (manifest.digest(), manifest.persons_context());
    Event::SeriesKept(SeriesKept { manifest, first, epoch, until, persons })
}

/// A series that has ended.
pub(crate) fn series_closed(first: Digest, reason: SeriesClosing) -> Event {
    Event::SeriesClosed(SeriesClosed { first, reason })
}
