//! Models, work list, pseudonyms and follow-up, compared.

use std::collections::BTreeSet;

use jiff::civil::Date;
use tvaers_protocol::study::Grain;

use crate::diff::change::Direction::{Loosens, Neutral, Tightens};
use crate::diff::change::{Risk, What};
use crate::diff::compare::{Changes, Words};
use crate::diff::whole::same;
use crate::explain::number::{PERSONS, counted, day};
use crate::explain::words;
use crate::permit::{FollowUp, PermittedModel, Pseudonyms, WorkList};
use crate::text::Text;

fn model(model: &PermittedModel) -> Text {
    match &model.of {
        None => Text::new("alle modeller", "every model"),
        Some(of) => {
            let print = hex::encode(of.digest.0.get(..6).unwrap_or_default());
            same(format!("{} version {} ({print})", of.name, of.version))
        }
    }
}

pub(super) fn of_models(out: &mut Changes, old: &[PermittedModel], new: &[PermittedModel], risk: Risk) {
    let key = ("permit.model", risk);
    for entry in new.iter().filter(|entry| old.iter().all(|other| other.of != entry.of)) {
        let shown = model(entry);
        out.say(Loosens, key, What::Added, ["Der må nu bruges: %n.", "Now to be used: %n."], &shown, &shown);
    }
    for entry in old {
        match new.iter().find(|other| other.of == entry.of) {
            Some(now) => of_model(out, entry, now),
            None => {
                let shown = model(entry);
                out.say(
                    Tightens,
                    key,
                    What::Removed,
                    ["Der må ikke længere bruges: %o.", "No longer to be used: %o."],
                    &shown,
                    &shown,
                );
            }
        }
    }
    // Of a named model and all models, the one that stands first counts: in a laboratory alone.
    let order = |list: &[PermittedModel]| {
        let all = list.iter().position(|entry| entry.of.is_none());
        all.map(|all| {
            list.iter().skip(all).map(|entry| entry.of.clone().map(|of| of.name)).collect::<BTreeSet<_>>()
        })
    };
    let both_have = |list: &[PermittedModel]| list.iter().any(|entry| entry.of.is_none());
    if both_have(old) && both_have(new) && order(old) != order(new) {
        out.replaced(
            key,
            (&true, &false),
            |_| same(""),
            [
                "Modellernes rækkefølge er ændret, og den første, der passer, gælder.",
                "The models stand in another order, and the first that fits counts.",
            ],
            [
                "Hvad der gjaldt for en model efter den gamle rækkefølge, gælder ikke længere.",
                "What counted for a model by the old order no longer does.",
            ],
        );
    }
}

fn of_model(out: &mut Changes, old: &PermittedModel, new: &PermittedModel) {
    let PermittedModel { of: _, grain, components } = new;
    let name = model(new);
    let words = |grain: Option<Grain>| grain.map_or_else(|| Text::new("intet", "nothing"), words::grain);
    let show = |grain: &Option<Grain>| {
        let words = words(*grain);
        Text::new(format!("{} ({})", words.da, name.da), format!("{} ({})", words.en, name.en))
    };
    out.ordered(
        ("permit.model.grain", Risk::Contributions),
        Loosens,
        (&old.grain, grain),
        show,
        [
            "Fineste bidrag af komponenter, der ikke nævnes, er nu %n; før %o.",
            "The finest contribution of components not named is now %n; before %o.",
        ],
    );
    let named: BTreeSet<&String> = old.components.keys().chain(components.keys()).collect();
    for component in named {
        let key = ("permit.model.component", Risk::Contributions);
        // What holds for it, whether it is named or not.
        let before = old.components.get(component).copied().or(old.grain);
        let after = components.get(component).copied().or(*grain);
        let show = |grain: &Option<Grain>| {
            let words = words(*grain);
            Text::new(
                format!("{} ({component}, {})", words.da, name.da),
                format!("{} ({component}, {})", words.en, name.en),
            )
        };
        if before != after {
            out.ordered(
                key,
                Loosens,
                (&before, &after),
                show,
                [
                    "Komponentens fineste bidrag er nu %n; før %o.",
                    "The component's finest contribution is now %n; before %o.",
                ],
            );
        } else if old.components.get(component) != components.get(component) {
            let what = if components.contains_key(component) { What::Added } else { What::Removed };
            let shown = show(&after);
            let words = match what {
                What::Added => [
                    "Komponentens fineste bidrag er nu nævnt for sig: %n, som før.",
                    "The component's finest contribution is now named by itself: %n, as before.",
                ],
                _ => [
                    "Komponentens fineste bidrag er ikke længere nævnt for sig: %n, som før.",
                    "The component's finest contribution is no longer named by itself: %n, as before.",
                ],
            };
            out.say(Neutral, key, what, words, &shown, &shown);
        }
    }
}

pub(super) fn of_list(out: &mut Changes, old: &WorkList, new: &WorkList) {
    let WorkList { disclosure, persons, to } = new;
    let risk = Risk::NamedCitizens;
    out.ordered(
        ("permit.work-list.disclosure", risk),
        Loosens,
        (&old.disclosure, disclosure),
        |told| words::disclosure(*told),
        ["Listen må nu sige %n; før %o.", "The list may now tell %n; before %o."],
    );
    out.ordered(
        ("permit.work-list.persons", risk),
        Loosens,
        (&old.persons, persons),
        |who| words::persons(*who),
        ["På listen må nu stå %n; før %o.", "On the list may now stand %n; before %o."],
    );
    let words = [
        ["Listen må nu gå til %n.", "The list may now go to %n."],
        ["Listen må ikke længere gå til %o.", "The list may no longer go to %o."],
    ];
    out.elements(("permit.work-list.to", risk), Loosens, (&old.to, to), |one| words::recipient(*one), words);
}

pub(super) fn of_pseudonyms(out: &mut Changes, old: &Pseudonyms, new: &Pseudonyms) {
    let Pseudonyms { domain, evaluations_per_study, evaluations_per_peer } = new;
    out.changed(
        ("permit.pseudonyms.domain", Risk::Contributions),
        (&old.domain, domain),
        |text| same(text),
        [
            "Pseudonymerne laves nu under navnet «%n»; før «%o».",
            "Pseudonyms are now made under the name \"%n\"; before \"%o\".",
        ],
    );
    let numbers: [(&'static str, u32, u32, Words); 2] = [
        (
            "permit.pseudonyms.evaluations-per-study",
            old.evaluations_per_study,
            *evaluations_per_study,
            [
                "Noden må nu få lavet pseudonymer for %n i ét studie; før %o.",
                "The node may now have pseudonyms made for %n in one study; before %o.",
            ],
        ),
        (
            "permit.pseudonyms.evaluations-per-peer",
            old.evaluations_per_peer,
            *evaluations_per_peer,
            [
                "Noden må nu lave pseudonymer for %n for én anden node; før %o.",
                "The node may now make pseudonyms for %n for one other node; before %o.",
            ],
        ),
    ];
    for (key, old, new, words) in numbers {
        out.ordered(
            (key, Risk::Contributions),
            Loosens,
            (&old, &new),
            |number| counted(*number, PERSONS),
            words,
        );
    }
}

pub(super) fn of_follow_up(out: &mut Changes, old: Option<&FollowUp>, new: Option<&FollowUp>) {
    let last = |until: Option<Date>| {
        until.map_or_else(
            || Text::new("uden slutning", "without end"),
            |until| {
                let until = day(until);
                Text::new(format!("til og med {}", until.da), format!("up to and including {}", until.en))
            },
        )
    };
    out.presence(
        ("permit.follow-up", Risk::Contributions),
        Loosens,
        (old, new),
        |follow_up| last(follow_up.until),
        [
            [
                "Kørsler må nu fortsætte under samme nøgle (%n), så koordinatoren kan kæde deres pseudonymer sammen.",
                "Runs may now go on under one key (%n), so that the coordinator can link their pseudonyms.",
            ],
            [
                "Hver kørsel skal igen have sin egen nøgle; før måtte kørsler fortsætte under samme nøgle (%o).",
                "Each run must have a key of its own again; before, runs could go on under one key (%o).",
            ],
        ],
    );
    let (Some(old), Some(new)) = (old, new) else { return };
    let FollowUp { until, reason } = new;
    // Without end is later than any day.
    let rank = |until: Option<Date>| (until.is_none(), until);
    out.ordered(
        ("permit.follow-up.until", Risk::Contributions),
        Loosens,
        (&rank(old.until), &rank(*until)),
        |(_, until)| last(*until),
        [
            "Kørsler må nu fortsætte under samme nøgle %n; før %o.",
            "Runs may now go on under one key %n; before %o.",
        ],
    );
    out.changed(
        ("permit.follow-up.reason", Risk::Grounds),
        (&old.reason, reason),
        |text| same(text),
        [
            "Kørsler må fortsætte under samme nøgle, fordi: «%n»; før: «%o».",
            "Why runs may go on under one key: \"%n\"; before: \"%o\".",
        ],
    );
}
