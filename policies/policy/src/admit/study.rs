//! What a node may contribute to a study.

use jiff::ToSpan as _;
use jiff::civil::Date;
use tvaers_definitions::feature::Feature;
use tvaers_definitions::model::{Component, Model};
use tvaers_protocol::study::{Disclosure, Grain};

use super::{Refusals, data};
use crate::permit::{FollowUp, Permit, PermittedModel, Persons, Pseudonyms, Recipient};
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::request::{Study, Wish};
use crate::verdict::{GrantedComponent, StudyGrant};

impl Policy {
    pub(super) fn study(
        &self,
        permit: &Permit,
        study: &Study<'_>,
        today: Date,
        refusals: &mut Refusals,
    ) -> Option<StudyGrant> {
        self.check_day(study.as_of, today, refusals);
        self.check_until(study.until, today, refusals);
        check_follow_up(permit.follow_up.as_ref(), study.follow_up, today, refusals);
        check_data(permit, study, refusals);
        let pseudonyms = permit.pseudonyms.as_ref();
        if let Some(pseudonyms) = pseudonyms {
            check_evaluations(pseudonyms, study, refusals);
        }
        let model = permitted_model(&permit.models, study.model, refusals)?;
        let components = components(model, study, refusals)?;
        let grain = grain(&components, study, refusals)?;
        let pseudonyms = pseudonyms?;
        Some(StudyGrant {
            grain,
            components,
            domain: pseudonyms.domain.clone(),
            evaluations_per_study: pseudonyms.evaluations_per_study,
            evaluations_per_peer: pseudonyms.evaluations_per_peer,
        })
    }

    /// Pseudonyms are erased when the study ends.
    fn check_until(&self, until: Option<Date>, today: Date, refusals: &mut Refusals) {
        let max = self.retention.pseudonyms_days;
        let last = today.checked_add(i64::from(max).days()).unwrap_or(Date::MAX);
        if until.is_some_and(|until| until > last) {
            refusals.push(Refusal::StudyDays { max });
        }
    }
}

/// Whether the key may outlive the study. Permits for joined statistics never say so.
fn check_follow_up(permitted: Option<&FollowUp>, wanted: Option<Date>, today: Date, refusals: &mut Refusals) {
    let Some(wanted) = wanted else { return };
    let Some(permitted) = permitted else { return refusals.push(Refusal::FollowUp) };
    match permitted.until {
        Some(until) if today > until => refusals.push(Refusal::FollowUpOver { until }),
        Some(until) if wanted > until => refusals.push(Refusal::FollowUpUntil { until }),
        _ => {}
    }
}

/// Every feature that the node works out for the study: its own components and who is in the population.
fn check_data(permit: &Permit, study: &Study<'_>, refusals: &mut Refusals) {
    data::check_persons(&permit.data, study.sector, refusals);
    let population = &study.model.population;
    let of_population = [&population.resident, &population.kommune, &population.age];
    let own = study.model.components.iter().filter(|component| component.sector == study.sector);
    let mut features: Vec<&Feature> = Vec::new();
    for feature in of_population.into_iter().chain(own.map(|component| &component.feature)) {
        if feature.holder.is(study.sector) && !features.iter().any(|other| other.name == feature.name) {
            features.push(feature);
        }
    }
    for feature in features {
        if !permit.data.features.allows(feature.name.as_str()) {
            refusals.push(Refusal::Feature { name: feature.name.clone() });
        }
        data::check_feature(&permit.data, feature, study.sector, refusals);
    }
}

fn check_evaluations(pseudonyms: &Pseudonyms, study: &Study<'_>, refusals: &mut Refusals) {
    let (per_study, per_peer) = (pseudonyms.evaluations_per_study, pseudonyms.evaluations_per_peer);
    if study.evaluations > per_study {
        refusals.push(Refusal::Evaluations { max: per_study });
    }
    if study.peer_evaluations > per_peer {
        refusals.push(Refusal::PeerEvaluations { max: per_peer });
    }
}

/// The entry of the permit that is this very model: name, version and digest.
fn permitted_model<'p>(
    models: &'p [PermittedModel],
    model: &Model,
    refusals: &mut Refusals,
) -> Option<&'p PermittedModel> {
    let is_it = |entry: &&PermittedModel| {
        let of = entry.of.as_ref();
        of.is_none_or(|of| (&of.name, of.version, of.digest) == (&model.name, model.version, model.digest))
    };
    if let Some(found) = models.iter().find(is_it) {
        return Some(found);
    }
    let named: Vec<_> = models.iter().filter_map(|entry| entry.of.as_ref()).collect();
    let of_name: Vec<_> = named.iter().filter(|of| of.name == model.name).collect();
    let of_version = of_name.iter().find(|of| of.version == model.version);
    refusals.push(match of_version {
        Some(of) => Refusal::ModelDigest { allowed: of.digest.to_string() },
        None if of_name.is_empty() => {
            let allowed = named.iter().map(|of| of.name.clone()).collect();
            Refusal::Model { name: model.name.clone(), allowed }
        }
        None => Refusal::ModelVersion { allowed: of_name.iter().map(|of| of.version).collect() },
    });
    None
}

/// The node's components with the finest grain that the permit has for each.
fn components(
    model: &PermittedModel,
    study: &Study<'_>,
    refusals: &mut Refusals,
) -> Option<Vec<GrantedComponent>> {
    let mut granted = Vec::new();
    let own = study.model.components.iter().enumerate();
    let own = own.filter(|(_, component)| component.sector == study.sector);
    let refused = refusals.len();
    for (index, component) in own {
        match model.components.get(&component.name).copied().or(model.grain) {
            Some(grain) => granted.push(GrantedComponent { index, name: component.name.clone(), grain }),
            None => refusals.push(Refusal::Component { name: component.name.clone() }),
        }
    }
    (refusals.len() == refused).then_some(granted)
}

/// The finest grain of the study that leaves every component within its own.
fn grain(components: &[GrantedComponent], study: &Study<'_>, refusals: &mut Refusals) -> Option<Grain> {
    let fits = |grain: &Grain| {
        components.iter().all(|granted| {
            let component = study.model.components.get(granted.index);
            component.is_none_or(|component| told(study.model, component, *grain) <= granted.grain)
        })
    };
    let granted = [Grain::Events, Grain::Counts, Grain::Points].into_iter().find(fits)?;
    let wanted = study.grain.wanted();
    if matches!(study.grain, Wish::Exactly(_)) && wanted > granted {
        refusals.push(Refusal::Grain { allowed: granted });
    }
    Some(granted.min(wanted))
}

/// How fine a component's contribution is in a study of that grain: events are sent only for rules that have them.
pub(crate) fn told(model: &Model, component: &Component, grain: Grain) -> Grain {
    let joined = model.joined_groups(grain);
    let has_events = component.touch.is_some_and(|group| joined & 1 << group != 0);
    if has_events { grain } else { grain.min(Grain::Counts) }
}

/// What the list tells, of whom and to whom.
pub(super) fn work_list(
    permit: &Permit,
    disclosure: Wish<Disclosure>,
    recipients: &[Recipient],
    refusals: &mut Refusals,
) -> Option<(Disclosure, Persons, Vec<Recipient>)> {
    let list = permit.work_list.as_ref()?;
    let wanted = disclosure.wanted();
    if matches!(disclosure, Wish::Exactly(_)) && wanted > list.disclosure {
        refusals.push(Refusal::Disclosure { allowed: list.disclosure });
    }
    for recipient in recipients.iter().filter(|recipient| !list.to.contains(recipient)) {
        refusals.push(Refusal::Recipient { to: *recipient, allowed: list.to.clone() });
    }
    let to = list.to.iter().copied().filter(|recipient| recipients.contains(recipient)).collect();
    Some((wanted.min(list.disclosure), list.persons, to))
}
