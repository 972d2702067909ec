//! The join: merged contributions to outcomes, outcomes to the responsible nodes, nothing kept.
//!
//! A person passes through as one group of records and leaves as one record to one node. What this file knows of anyone
//! is gone before the next group. At grain events all contributions pass twice: once to find out of whom events are
//! needed, and once more, beside the events, to judge. What a node sends the second time must be what it sent the first.

use std::collections::BTreeMap;

use futures_util::future::{join_all, try_join_all};
use tvaers_definitions::model::Model;
use tvaers_protocol::event::{Event, EventRequest};
use tvaers_protocol::id::{NodeId, Sector};
use tvaers_protocol::message::{
    Contribute, EventRequests, EventRequestsEnd, EventsAsked, Signed, StreamTotal, SubmitEvents,
};
use tvaers_protocol::record::{Contribution, ContributionShape, HandBackShape, Missing};
use tvaers_protocol::sign::{Purpose, SigningKey};
use tvaers_protocol::study::Grain;

use crate::answer::Gathered;
use crate::combine::{Combined, Combiner, Residence, Source};
use crate::failure::Failure;
use crate::hand_back::{Return, disclosed};
use crate::limits::Limits;
use crate::merge::Merge;
use crate::objection::Telling;
use crate::outlet::Outlet;
use crate::session::Session;
use crate::stream::{ContributionRecords, EventInlet, EventRecords, Expected, Inlet};

const EVENTS: &str = "events";
const REQUESTS: &str = "list of event requests";

/// One participant as the join sees it.
struct Place {
    node: NodeId,
    source: Source,
    key: tvaers_protocol::sign::VerifyingKey,
    quota: u32,
    /// Touch groups whose events it may be asked for, one bit each.
    groups: u16,
}

/// What the join knows of a study: nothing of a person, whatever it has seen.
pub(crate) struct Join<'a> {
    session: &'a Session<'a>,
    model: &'a Model,
    signing: &'a SigningKey,
    limits: &'a Limits,
    grain: Grain,
    /// Sectors that the model needs and of which a member does not take part.
    missing: Missing,
    /// Members that do not take part.
    absent: Vec<NodeId>,
    places: Vec<Place>,
    /// What each node signed when its contributions first came to an end.
    totals: BTreeMap<NodeId, StreamTotal>,
}

impl<'a> Join<'a> {
    pub(crate) fn new(session: &'a Session<'a>, model: &'a Model) -> Self {
        let coordinator = session.coordinator();
        let (manifest, roster) = (session.manifest(), coordinator.roster());
        let with_events = model.joined_groups(manifest.grain);
        let place = |node: NodeId| {
            // A manifest of this roster names members only.
            let member = roster.member(&node)?;
            let layout = model.layout(member.sector, manifest.grain);
            let quota = manifest.participant(&node).map_or(0, |participant| participant.quota);
            let source = Source { sector: member.sector, code: member.code };
            Some(Place { node, source, key: member.signing, quota, groups: layout.touches & with_events })
        };
        let absent = manifest.missing(roster);
        let is_missing = |sector| model.spans(sector) && absent.iter().any(|member| member.sector == sector);
        Self {
            session,
            model,
            signing: coordinator.signing(),
            limits: coordinator.limits(),
            grain: manifest.grain,
            missing: Missing {
                region: is_missing(Sector::Region),
                municipality: is_missing(Sector::Municipality),
            },
            absent: absent.into_iter().map(|member| member.id.clone()).collect(),
            places: session.nodes().into_iter().filter_map(place).collect(),
            totals: BTreeMap::new(),
        }
    }

    /// Joins everything, adds up the tables where there are any, and gives the ways back, on which all has been sent but
    /// the ends.
    pub(crate) async fn run(&mut self, tables: &mut Option<Gathered<'_>>) -> Result<Vec<Return>, Failure> {
        if self.places.iter().any(|place| place.groups != 0) {
            self.ask_for_events().await?;
        }
        self.judge(tables).await
    }

    /// Ends the ways back. A node that fails keeps no other from its list.
    ///
    /// # Errors
    /// What failed, beside the nodes that have confirmed their lists.
    pub(crate) async fn end(&self, returns: Vec<Return>) -> (Vec<NodeId>, Result<(), Failure>) {
        let ends = returns.into_iter().map(|way| {
            way.end(self.session.digest(), self.signing, self.absent.clone(), self.limits.worklist)
        });
        let (mut listed, mut failure) = (Vec::new(), None);
        for ended in join_all(ends).await {
            match ended {
                Ok(node) => listed.push(node),
                // A refusal is told before a loss: it would come again.
                Err(error) if failure.as_ref().is_none_or(|before| error.outweighs(before)) => {
                    failure = Some(error);
                }
                Err(_) => {}
            }
        }
        (listed, failure.map_or(Ok(()), Err))
    }

    /// Finds out of whom events are needed, and asks the nodes for them. Requests go out while contributions come in.
    async fn ask_for_events(&mut self) -> Result<(), Failure> {
        let mut merge = self.contributions().await?;
        let mut lists = Vec::new();
        for place in &self.places {
            lists.push(if place.groups == 0 { None } else { Some(self.list(place).await?) });
        }
        let sources = self.sources();
        let combiner = Combiner::new(self.model, self.grain, &sources);
        let mut group = Vec::new();
        while merge.next(&mut group).await? {
            let Some((_, first)) = group.first() else { continue };
            if !merge.objections().is_empty() {
                continue;
            }
            let pseudonym = first.pseudonym;
            for (source, groups) in combiner.asked(&group, &combiner.combine(&group)) {
                if let Some(list) = lists.get_mut(source).and_then(Option::as_mut) {
                    let sent = list.push(|frame| EventRequest { pseudonym, groups }.write(frame)).await;
                    sent.map_err(|error| Failure::of_delivery(list.node(), REQUESTS, &error))?;
                }
            }
        }
        self.totals = merge.totals().collect();
        try_join_all(lists.into_iter().flatten().map(|list| self.end_list(list))).await.map(drop)
    }

    async fn list(&self, place: &Place) -> Result<Outlet<EventRequests>, Failure> {
        let exchange = self.session.exchange(&place.node).await?;
        let message = |sequence, records| EventRequests { sequence, records };
        let full = EventRequest::PER_FRAME * EventRequest::SIZE;
        Ok(Outlet::new(place.node.clone(), exchange, message, full, self.limits.frame))
    }

    async fn end_list(&self, mut list: Outlet<EventRequests>) -> Result<(), Failure> {
        let node = list.node().clone();
        let failed = |error| Failure::of_delivery(&node, REQUESTS, &error);
        list.flush().await.map_err(failed)?;
        let total = Signed::new(list.total(), Purpose::EventRequests, self.session.digest(), self.signing);
        let asked: Result<EventsAsked, _> = list.end(&EventRequestsEnd { total }, self.limits.worklist).await;
        asked.map(drop).map_err(failed)
    }

    /// Merges contributions and events, and hands back what follows.
    async fn judge(&mut self, tables: &mut Option<Gathered<'_>>) -> Result<Vec<Return>, Failure> {
        let mut merge = self.contributions().await?;
        let mut events = self.events().await?;
        // Every node is at work on its streams by now, so that what comes next is not in their way.
        let mut returns = self.returns().await?;
        let mut telling = self.telling().await?;
        let sources = self.sources();
        let combiner = Combiner::new(self.model, self.grain, &sources);
        let (mut group, mut of_person) = (Vec::new(), Vec::new());
        while merge.next(&mut group).await? {
            if !merge.objections().is_empty() {
                telling.tell(&group, merge.objections()).await?;
                continue;
            }
            let mut combined = combiner.combine(&group);
            take_events(&combiner, &group, &combined, &mut events, &mut of_person).await?;
            combiner.resolve(&mut combined, &of_person);
            self.outcome(&group, &combined, tables, &mut returns).await?;
        }
        for inlet in events.into_iter().flatten() {
            inlet.end().await.map_err(|(node, fault)| Failure::of_stream(&node, EVENTS, &fault))?;
        }
        self.totals = merge.totals().collect();
        // Before anything of the study is released or counts as handed back.
        telling.end(self.session.digest(), self.signing, self.limits.worklist).await?;
        let mut returns: Vec<Return> = returns.into_iter().flatten().collect();
        for way in &mut returns {
            way.flush().await?;
        }
        Ok(returns)
    }

    /// Counts one person in the tables, and hands back what follows.
    async fn outcome(
        &self,
        group: &[(usize, Contribution)],
        combined: &Combined,
        tables: &mut Option<Gathered<'_>>,
        returns: &mut [Option<Return>],
    ) -> Result<(), Failure> {
        let Some((_, first)) = group.first() else { return Ok(()) };
        let (source, eligible) = match combined.residence {
            Residence::None => return Ok(()),
            Residence::At { source, eligible } => (source, eligible),
            Residence::Disputed => {
                for (source, _) in group.iter().filter(|(_, contribution)| contribution.resident) {
                    if let Some(way) = returns.get_mut(*source).and_then(Option::as_mut) {
                        way.claimed_twice();
                    }
                }
                return Ok(());
            }
        };
        let outcome = self.model.outcome(&combined.values, self.grain);
        let in_population = eligible && !outcome.excluded;
        if let (true, Some(tables), Some(place)) = (in_population, tables.as_mut(), self.places.get(source)) {
            let counted = tables.person(place.source.code, &outcome, &combined.values);
            counted.map_err(|error| Failure::of_tables(&place.node, error.code()))?;
        }
        let Some(way) = returns.get_mut(source).and_then(Option::as_mut) else { return Ok(()) };
        way.resident(combined);
        let manifest = self.session.manifest();
        if !in_population || !(outcome.included || manifest.everyone) {
            return Ok(());
        }
        let record = disclosed(first.pseudonym, combined, outcome, self.missing, manifest.disclosure);
        way.push(combined, &record).await
    }

    fn sources(&self) -> Vec<Source> {
        self.places.iter().map(|place| place.source).collect()
    }

    fn expected(&self, place: &Place, before: Option<StreamTotal>) -> Expected {
        let (node, key, study) = (place.node.clone(), place.key, self.session.digest());
        // Events are worked out from rows when they are asked for.
        Expected { node, key, study, before, first_wait: self.limits.work, wait: self.limits.frame }
    }

    async fn contributions(&self) -> Result<Merge, Failure> {
        let shape = self.model.shape(self.grain);
        let mut inlets = Vec::new();
        for place in &self.places {
            let exchange = self.session.begin(&place.node, &Contribute {}).await?;
            let layout = self.model.layout(place.source.sector, self.grain);
            let own =
                ContributionShape { values: layout.components.len(), recencies: layout.recencies.len() };
            let expected = self.expected(place, self.totals.get(&place.node).cloned());
            let records = ContributionRecords { shape, own, quota: place.quota };
            inlets.push(Inlet::new(expected, records, exchange));
        }
        Merge::begin(inlets).await
    }

    async fn events(&self) -> Result<Vec<Option<EventInlet>>, Failure> {
        let mut inlets = Vec::new();
        for place in &self.places {
            inlets.push(if place.groups == 0 {
                None
            } else {
                let exchange = self.session.begin(&place.node, &SubmitEvents {}).await?;
                let inlet = Inlet::new(self.expected(place, None), EventRecords, exchange);
                let begun = EventInlet::begin(inlet).await;
                Some(begun.map_err(|(node, fault)| Failure::of_stream(&node, EVENTS, &fault))?)
            });
        }
        Ok(inlets)
    }

    /// The ways to tell every node of objections.
    async fn telling(&self) -> Result<Telling, Failure> {
        let mut telling = Telling::default();
        for place in &self.places {
            let exchange = self.session.exchange(&place.node).await?;
            telling.add(place.node.clone(), exchange, self.limits.frame);
        }
        Ok(telling)
    }

    /// The way back to each source, by the source's index; none for regions, and where no list is wanted.
    async fn returns(&self) -> Result<Vec<Option<Return>>, Failure> {
        let shape = HandBackShape { criteria: self.model.criteria.len() };
        let mut returns = Vec::new();
        let is_wanted = self.session.manifest().request.content.list.is_some();
        for place in &self.places {
            returns.push(match place.source.sector {
                Sector::Municipality if is_wanted => {
                    let exchange = self.session.exchange(&place.node).await?;
                    let groups = self.model.touches.len();
                    Some(Return::new(place.node.clone(), exchange, shape, groups, self.limits.frame))
                }
                Sector::Region | Sector::Municipality => None,
            });
        }
        Ok(returns)
    }
}

/// Takes one person's events from the nodes that were asked for them.
async fn take_events(
    combiner: &Combiner<'_>,
    group: &[(usize, Contribution)],
    combined: &Combined,
    inlets: &mut [Option<EventInlet>],
    events: &mut Vec<Event>,
) -> Result<(), Failure> {
    events.clear();
    let Some((_, first)) = group.first() else { return Ok(()) };
    for (source, groups) in combiner.asked(group, combined) {
        if let Some(inlet) = inlets.get_mut(source).and_then(Option::as_mut) {
            let taken = inlet.take(first.pseudonym, groups, events).await;
            taken.map_err(|fault| Failure::of_stream(inlet.node(), EVENTS, &fault))?;
        }
    }
    Ok(())
}
