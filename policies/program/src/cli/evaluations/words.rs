//! What holds, and what does not, in sentences.

use tvaers_audit::Text;
use tvaers_pseudonym::opening::{Checked, Fault};

use super::judge::{Held, LogFault};

/// A sentence for what does not hold of an opening.
pub(super) fn of_opening(fault: Fault) -> Text {
    match fault {
        Fault::Study => Text::new(
            "Studiet har ingen node af det navn, eller noden har bundet sig til flere borgere, end kvoten tillader",
            "The study has no node of that name, or the node has committed to more citizens than its quota",
        ),
        Fault::Signature => Text::new(
            "Nodens underskrift på, hvem den lod beregne, passer ikke til studiet og nodens nøgle",
            "The node's signature on whom it had evaluated does not fit the study and the node's key",
        ),
        Fault::Challenge => Text::new(
            "Stikprøven er trukket med en anden udfordring end revisorens",
            "The sample was drawn with another challenge than the auditor's",
        ),
        Fault::Sample => Text::new(
            "De åbnede borgere er ikke dem, som udfordringen trækker",
            "The citizens who are opened are not those whom the challenge draws",
        ),
        Fault::Batches => Text::new(
            "Åbningen har ikke netop ét aftryk for hver portion af borgerne",
            "The opening does not have just one digest for each batch of the citizens",
        ),
        Fault::Person { index } => Text::new(
            format!(
                "Borger nr. {index} er ikke den, noden bandt sig til på denne plads, eller ikke blændet, som den bandt sig til"
            ),
            format!(
                "Citizen no. {index} is not whom the node committed to at this place, or not blinded as it committed to"
            ),
        ),
        Fault::Twice { index } => Text::new(
            format!("Borger nr. {index} står også på en tidligere plads"),
            format!("Citizen no. {index} stands at an earlier place as well"),
        ),
        Fault::Element { index } => Text::new(
            format!("Det, noden lod beregne på plads nr. {index}, er ikke den åbnede borger"),
            format!("What the node had evaluated at place no. {index} is not the citizen who is opened"),
        ),
    }
}

/// The same of a log.
pub(super) fn of_log(fault: LogFault) -> Text {
    let (da, en) = match fault {
        LogFault::Broken => (
            "Loggen er ikke, som dens node skrev den; `tvaers-policy audit verify` siger hvorfor",
            "The log is not as its node wrote it; `tvaers-policy audit verify` says why",
        ),
        LogFault::Stranger => (
            "Loggen er ikke fra en af de nøgleholdere, der regnede for noden",
            "The log is not of one of the holders that evaluated for the node",
        ),
        LogFault::Silent => (
            "Loggen fortæller ikke, hvad nøgleholderen har regnet for noden i studiet",
            "The log does not tell what the holder evaluated for the node in the study",
        ),
        LogFault::Commitment => (
            "Nøgleholderen fik vist, at noden bandt sig til andre borgere, end den nu åbner",
            "The holder was shown a commitment to other citizens than those whom the node opens now",
        ),
        LogFault::Quota => (
            "Nøgleholderen har en anden kvote for noden, end studiet har",
            "The holder has another quota for the node than the study has",
        ),
        LogFault::Counts => (
            "Nøgleholderen har talt et andet antal, end noden bandt sig til",
            "The holder has counted another number than the node committed to",
        ),
        LogFault::Evaluations => (
            "Nøgleholderen har regnet på noget andet, end noden åbner",
            "The holder has evaluated something else than what the node opens",
        ),
        LogFault::Partly => (
            "Nøgleholderen har ikke regnet på alle, som noden bandt sig til: studiet endte før, eller noden lod kun nogle beregne. Stikprøven siger intet om dem",
            "The holder has not evaluated all to whom the node committed: the study ended before, or the node had only some evaluated. The sample says nothing of these",
        ),
        LogFault::Own => (
            "Ingen af loggene er fra en anden end noden selv",
            "None of the logs is of anybody but the node itself",
        ),
    };
    Text::new(da, en)
}

/// What to do where something does not hold.
pub(super) fn advice() -> Text {
    Text::new(
        "gem filerne, som de er, og tag sagen op med noden og dens databeskyttelsesrådgiver",
        "keep the files as they are, and take it up with the node and its data-protection officer",
    )
}

/// What holds.
pub(super) fn held(checked: &Checked, opened: usize, held: &[Held]) -> Vec<Text> {
    let Checked { node, persons, quota, study, .. } = checked;
    let study: String = study.to_string().chars().take(12).collect();
    let mut said = vec![
        Text::new(
            format!(
                "Node {node} bandt sig i studiet {study} til {persons} borgere, før den første blev beregnet; kvoten er {quota}"
            ),
            format!(
                "Node {node} committed in study {study} to {persons} citizens before the first was evaluated; its quota is {quota}"
            ),
        ),
        Text::new(
            format!(
                "Alle {opened} i stikprøven er dem, noden bandt sig til, og det, den lod beregne på deres plads"
            ),
            format!(
                "All {opened} of the sample are those whom the node committed to, and what it had evaluated at their place"
            ),
        ),
    ];
    for Held { holder, elements, confirmed, .. } in held {
        said.push(Text::new(
            format!("{holder} har talt {elements}, alle, og regnet på netop dette"),
            format!("{holder} has counted {elements}, all of them, and evaluated just this"),
        ));
        if !confirmed {
            said.push(Text::new(
                format!(
                    "Så langt har ingen anden bekræftet loggen fra {holder}, der altså kunne sige noget andet endnu: hent den igen i morgen"
                ),
                format!(
                    "Nobody else has confirmed the log of {holder} so far, which could say something else yet: fetch it again tomorrow"
                ),
            ));
        }
    }
    said
}

/// Holders whose logs were not given.
pub(super) fn without_log(names: &[&str]) -> Option<Text> {
    let names = (!names.is_empty()).then(|| names.join(", "))?;
    Some(Text::new(
        format!("Ikke sammenholdt, da loggen mangler: {names}"),
        format!("Not held against it, as the log is missing: {names}"),
    ))
}
