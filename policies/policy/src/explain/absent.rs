//! What is not permitted: a reader looks for it, and a file that is silent does not say it.

use tvaers_definitions::schema::TABLES;
use tvaers_protocol::study::Disclosure;

use super::Explaining;
use super::number::joined;
use super::words;
use super::writer::{Writer, same};
use crate::permit::{Allowed, Mode, Permit, Recipient};
use crate::policy::Policy;
use crate::reach;
use crate::text::Text;

pub(super) fn write(out: &mut Writer, policy: &Policy, with: &Explaining<'_>) {
    out.section("Hvad der ikke er tilladt", "What is not permitted");
    let mut points = Vec::new();
    for mode in [Mode::Aggregates, Mode::JoinedStatistics, Mode::PersonContributions] {
        if policy.permits().iter().all(|permit| permit.mode != mode) {
            let words = words::mode(mode);
            points.push(Text::new(
                format!("Ingen tilladelse er til {}; det kan ingen bede om.", words.da),
                format!("No permit is for {}; nobody can ask for that.", words.en),
            ));
        }
    }
    points.extend(tables(policy));
    points.extend(models(policy, with));
    points.extend(policy.permits().iter().flat_map(|permit| of_permit(permit, with)));
    out.say(
        "Alt, hvad der ikke står ovenfor, er forbudt. Det gælder blandt andet det, der står her.",
        "Everything that does not stand above is forbidden. So is, among other things, what stands here.",
    );
    out.list(points);
}

/// Tables of the node's sector that no permit names; nothing where the node's sector cannot be told.
fn tables(policy: &Policy) -> Option<Text> {
    let sector = policy.sector()?;
    let is_named = |name: &str| policy.permits().iter().any(|permit| permit.data.tables.allows(name));
    let unnamed = TABLES.iter().filter(|table| table.sector == sector && !is_named(table.name));
    let unnamed: Vec<Text> = unnamed.map(|table| same(table.name)).collect();
    let names = joined(&unnamed);
    (!unnamed.is_empty()).then(|| {
        Text::new(
            format!("Disse tabeller må ikke læses under nogen tilladelse: {}.", names.da),
            format!("These tables may not be read under any permit: {}.", names.en),
        )
    })
}

/// Installed models that no permit names, where any permit is about models at all.
fn models(policy: &Policy, with: &Explaining<'_>) -> Option<Text> {
    let named: Vec<_> = policy.permits().iter().flat_map(|permit| &permit.models).collect();
    let is_named = |digest| named.iter().any(|entry| entry.of.as_ref().is_none_or(|of| of.digest == digest));
    let unnamed = with.library.models().iter().filter(|model| !is_named(model.digest));
    let unnamed: Vec<Text> = unnamed
        .map(|model| {
            Text::new(format!("{} ({})", model.name, model.da), format!("{} ({})", model.name, model.en))
        })
        .collect();
    let names = joined(&unnamed);
    (!named.is_empty() && !unnamed.is_empty()).then(|| {
        Text::new(
            format!("Disse modeller må ikke bruges under nogen tilladelse: {}.", names.da),
            format!("These models may not be used under any permit: {}.", names.en),
        )
    })
}

fn of_permit(permit: &Permit, with: &Explaining<'_>) -> Vec<Text> {
    let id = &permit.id;
    let mut points = Vec::new();
    if permit.data.sensitive != Allowed::All {
        let sensitive =
            with.library.catalogue().features().iter().filter(|feature| reach::is_sensitive(feature));
        let refused = sensitive.filter(|feature| !permit.data.sensitive.allows(feature.name.as_str()));
        let refused: Vec<Text> = refused.map(|feature| same(&feature.name)).collect();
        if !refused.is_empty() {
            let names = joined(&refused);
            points.push(Text::new(
                format!("Under {id} er disse særligt følsomme egenskaber ikke godkendt: {}.", names.da),
                format!("Under {id} these especially sensitive features are not approved: {}.", names.en),
            ));
        }
    }
    if permit.budget.as_ref().is_some_and(|budget| budget.default_query.is_none()) {
        points.push(Text::new(
            format!("Under {id} afvises et spørgsmål, der ikke siger, hvad det må koste."),
            format!("Under {id} a query is refused that does not say what it may cost."),
        ));
    }
    let Some(list) = &permit.work_list else { return points };
    for recipient in [Recipient::Municipality, Recipient::GpPractice] {
        if !list.to.contains(&recipient) {
            let words = words::recipient(recipient);
            points.push(Text::new(
                format!("Under {id} må listen ikke gå til {}.", words.da),
                format!("Under {id} the list may not go to {}.", words.en),
            ));
        }
    }
    let untold: &[[&str; 2]] = match list.disclosure {
        Disclosure::Inclusion => &[
            ["gruppen", "the stratum"],
            ["point i alt", "the points in all"],
            ["point for hvert kriterium", "the points of each criterion"],
        ],
        Disclosure::Stratum => &[
            ["point i alt", "the points in all"],
            ["point for hvert kriterium", "the points of each criterion"],
        ],
        Disclosure::Total => &[["point for hvert kriterium", "the points of each criterion"]],
        Disclosure::Items => &[],
    };
    if !untold.is_empty() {
        let names = joined(&untold.iter().map(|[da, en]| Text::new(*da, *en)).collect::<Vec<_>>());
        points.push(Text::new(
            format!("Under {id} må listen ikke sige dette om en borger: {}.", names.da),
            format!("Under {id} the list may not tell this of a citizen: {}.", names.en),
        ));
    }
    points
}
