//! The words of every refusal, in both languages.

use tvaers_protocol::study::Disclosure;
use tvaers_query::Budget;
use tvaers_query::strict::shown;

use super::{Free, Part, Refusal, Violation};
use crate::explain::number::{CELLS, DAYS, FEATURES, Noun, counted, day, decimal, nano_rho, stated, whole};
use crate::explain::words as speak;
use crate::text::Text;

fn words(
    code: &'static str,
    da: impl Into<String>,
    en: impl Into<String>,
    mend: [&str; 2],
    allowed: impl Into<String>,
) -> Violation {
    let [mend_da, mend_en] = mend;
    let allowed = allowed.into();
    Violation {
        code,
        sentence: Text::new(da, en),
        mend: Text::new(mend_da, mend_en),
        allowed_da: allowed.clone(),
        allowed,
    }
}

impl Refusal {
    /// Speaks of budgets in rho alone, where the policy's epsilons are not those of the query.
    pub(crate) fn without_epsilon(&mut self) {
        match self {
            Self::BudgetQuery { allowed, most } => {
                most.epsilon = None;
                *allowed = rho(most.nano_rho);
            }
            Self::Budget { most, .. } => most.epsilon = None,
            _ => {}
        }
    }

    /// One arm for each rule: a table in the form of a match.
    pub(super) fn violation(self) -> Violation {
        const RENEW: [&str; 2] =
            ["Bed den dataansvarlige om at forny den.", "Ask the controller to renew it."];
        const OTHER: [&str; 2] = [
            "Spørg uden den, eller bed den dataansvarlige om at tillade den.",
            "Ask without it, or ask the controller to permit it.",
        ];
        const LESS: [&str; 2] = ["Bed om mindre.", "Ask for less."];
        match self {
            Self::PolicyEarly { from } => words(
                "policy.not-yet-valid",
                format!("Nodens politik gælder først fra {}.", day(from).da),
                format!("The node's policy holds only from {from} on."),
                ["Vent, til den gælder.", "Wait until it holds."],
                format!("from {from}"),
            )
            .in_danish(format!("fra {}", day(from).da)),
            Self::PolicyRaised { allowed } => words(
                "policy.raised",
                "Politikken hæver et budget, og to af dem, der må hæve det, har ikke skrevet under.",
                "The policy raises a budget, and two of those who may raise it have not signed.",
                [
                    "Få to af dem, som den foregående politik nævner i `budget.raised-by`, til at skrive under, med de navne i nodens konfiguration.",
                    "Have two of those whom the policy before names in `budget.raised-by` sign it, under these names in the node's configuration.",
                ],
                allowed.join(", "),
            ),
            Self::PolicyRevoked { on } => words(
                "policy.revoked",
                format!("Nodens politik er tilbagekaldt fra {}.", day(on).da),
                format!("The node's policy is revoked from {on} on."),
                ["Bed den dataansvarlige om en ny.", "Ask the controller for a new one."],
                "",
            ),
            Self::PolicyExpired { to } => words(
                "policy.expired",
                format!("Nodens politik udløb den {}.", day(to).da),
                format!("The node's policy expired on {to}."),
                RENEW,
                "",
            ),
            Self::PolicyOfOther { node } => words(
                "policy.other-node",
                format!("Politikken er for noden {node}."),
                format!("The policy is that of the node {node}."),
                ["Indlæs nodens egen politik.", "Load the node's own policy."],
                "",
            ),
            Self::PolicyOlder { version, seen } => words(
                "policy.superseded",
                format!("Politikken har version {version}, men version {seen} har været i kraft."),
                format!("The policy has version {version}, but version {seen} has been in force."),
                [
                    "Indlæs den nyeste politik, eller giv den et højere nummer.",
                    "Load the newest policy, or give it a higher version.",
                ],
                format!("version {seen} or higher"),
            )
            .in_danish(format!("version {seen} eller højere")),
            Self::PolicyReplaced { version } => words(
                "policy.replaced",
                format!("En anden politik med version {version} har været i kraft."),
                format!("Another policy with version {version} has been in force."),
                ["Giv en ændret politik et højere nummer.", "Give a changed policy a higher version."],
                "",
            ),
            Self::PolicyPredecessor { version } => words(
                "policy.predecessor",
                format!("Politikken følger ikke efter den version {version}, der har været i kraft."),
                format!("The policy does not follow the version {version} that has been in force."),
                ["Skriv forgængerens SHA-256.", "Name the predecessor's SHA-256."],
                "",
            ),
            Self::PolicyNotMadeUp => words(
                "policy.not-made-up",
                "En laboratoriepolitik gælder kun for en database, der blev oprettet til opdigtede data.",
                "A laboratory policy holds only for a database that was created for made-up data.",
                ["Skriv en politik for de virkelige data.", "Write a policy for the real data."],
                "",
            ),
            Self::PermitUnknown { permit, known } => words(
                "permit.unknown",
                format!("Politikken har ingen tilladelse \"{}\".", shown(&permit)),
                format!("The policy has no permit \"{}\".", shown(&permit)),
                ["Nævn en tilladelse, som politikken har.", "Name a permit that the policy has."],
                known.join(", "),
            ),
            Self::PermitMode { mode, wanted } => words(
                "permit.mode",
                format!("Tilladelsen er til {}, ikke til {}.", speak::mode(mode).da, speak::mode(wanted).da),
                format!("The permit is for {}, not for {}.", mode.name(), wanted.name()),
                ["Brug en tilladelse til netop det.", "Use a permit for that very mode."],
                mode.name(),
            )
            .in_danish(speak::mode(mode).da),
            Self::PermitEarly { from } => words(
                "permit.not-yet-valid",
                format!("Tilladelsen gælder først fra {}.", day(from).da),
                format!("The permit holds only from {from} on."),
                ["Vent, til den gælder.", "Wait until it holds."],
                format!("from {from}"),
            )
            .in_danish(format!("fra {}", day(from).da)),
            Self::PermitExpired { to } => words(
                "permit.expired",
                format!("Tilladelsen udløb den {}.", day(to).da),
                format!("The permit expired on {to}."),
                RENEW,
                "",
            ),
            Self::PermitRevoked { on } => words(
                "permit.revoked",
                format!("Tilladelsen blev tilbagekaldt den {}.", day(on).da),
                format!("The permit was revoked on {on}."),
                ["Spørg den dataansvarlige hvorfor.", "Ask the controller why."],
                "",
            ),
            Self::PermitUnapproved => words(
                "permit.not-approved",
                "Tilladelsen er ikke godkendt endnu.",
                "The permit is not approved yet.",
                ["Vent, til den er godkendt.", "Wait until it is approved."],
                "",
            ),
            Self::Asker => words(
                "asker.unknown",
                "Tilladelsen nævner ikke den, der spørger.",
                "The permit does not name the person who asks.",
                [
                    "Lad en af dem spørge, som den nævner, eller bed den dataansvarlige om at blive nævnt.",
                    "Let one of those ask whom it names, or ask the controller to be named.",
                ],
                "",
            ),
            Self::AskerRole => words(
                "asker.role",
                "Den, der spørger, må gøre det i en anden rolle.",
                "The person who asks may do so in another role.",
                ["Spørg i den rolle, som tilladelsen nævner.", "Ask in the role that the permit names."],
                "",
            ),
            Self::SecondMissing { allowed } => words(
                "second-signature.missing",
                "Tilladelsen kræver, at to personer skriver under, og kun den, der spørger, har gjort det.",
                "The permit wants two persons to sign, and only the one who asks has.",
                [
                    "Få en af dem, som tilladelsen nævner, til at godkende anmodningen (`tvaers query approve`).",
                    "Have one of those whom the permit names approve the request (`tvaers query approve`).",
                ],
                allowed.join(", "),
            ),
            Self::SecondSame { allowed } => words(
                "second-signature.same",
                "Den, der spørger, kan ikke selv give den anden underskrift.",
                "The person who asks cannot give the second signature too.",
                [
                    "Få en anden af dem, som tilladelsen nævner, til at godkende anmodningen.",
                    "Have another of those whom the permit names approve the request.",
                ],
                allowed.join(", "),
            ),
            Self::SecondUnknown { allowed } => words(
                "second-signature.unknown",
                "Den, der har givet den anden underskrift, er ikke nævnt i tilladelsen.",
                "The person who gave the second signature is not named in the permit.",
                [
                    "Få en af dem, som tilladelsen nævner, til at godkende anmodningen.",
                    "Have one of those whom the permit names approve the request.",
                ],
                allowed.join(", "),
            ),
            Self::SecondRole => words(
                "second-signature.role",
                "Den, der har givet den anden underskrift, må gøre det i en anden rolle.",
                "The person who gave the second signature may do so in another role.",
                [
                    "Ret rollen i deltagerlisten eller i politikken.",
                    "Mend the role in the roster or in the policy.",
                ],
                "",
            ),
            Self::Purpose { allowed } => words(
                "purpose.other",
                "Tilladelsen er til et andet formål.",
                "The permit is for another purpose.",
                [
                    "Nævn tilladelsens formål, eller brug en anden tilladelse.",
                    "Name the permit's purpose, or use another permit.",
                ],
                allowed,
            ),
            Self::AsOf { today } => words(
                "request.as-of",
                "Opgørelsesdatoen ligger i fremtiden.",
                "The reference date lies in the future.",
                ["Vælg en dato, der har været.", "Choose a day that has been."],
                format!("up to {today}"),
            )
            .in_danish(format!("til og med {}", day(today).da)),
            Self::Repeated => words(
                "request.repeated",
                "Spørgsmålet er besvaret; et nyt svar med ny støj findes kun i et laboratorium.",
                "The question has been answered; another answer with fresh noise is for a laboratory alone.",
                ["Brug svaret, der er gemt.", "Use the answer that is stored."],
                "the stored answer",
            )
            .in_danish("det gemte svar"),
            Self::Feature { name } => words(
                "data.feature",
                format!("Tilladelsen nævner ikke egenskaben \"{name}\"."),
                format!("The permit does not name the feature \"{name}\"."),
                OTHER,
                "",
            ),
            Self::Category { name, allowed } => words(
                "data.category",
                format!("Tilladelsen nævner ikke kategorien \"{}\".", shown(&name)),
                format!("The permit does not name the category \"{}\".", shown(&name)),
                OTHER,
                allowed.join(", "),
            ),
            Self::Table { name, feature } if feature.is_empty() => words(
                "data.table",
                format!("Tilladelsen nævner ikke tabellen \"{name}\", som siger, hvem der er med."),
                format!("The permit does not name the table \"{name}\", which says who is counted."),
                OTHER,
                "",
            ),
            Self::Table { name, feature } => words(
                "data.table",
                format!("Tilladelsen nævner ikke tabellen \"{name}\", som \"{feature}\" læser."),
                format!("The permit does not name the table \"{name}\", which \"{feature}\" reads."),
                OTHER,
                "",
            ),
            Self::Sensitive { name } => words(
                "data.sensitive",
                format!("\"{name}\" bygger på følsomme oplysninger og er ikke godkendt ved navn."),
                format!("\"{name}\" rests on sensitive data and is not approved by name."),
                OTHER,
                "",
            ),
            Self::Sum { name } => words(
                "data.sum",
                format!("Tilladelsen siger ikke, at \"{name}\" må lægges sammen."),
                format!("The permit does not say that \"{name}\" may be added up."),
                OTHER,
                "",
            ),
            Self::Clamp { name, from, to } => words(
                "data.clamp",
                format!("\"{name}\" rækker ud over grænserne {} til {}.", whole(from).da, whole(to).da),
                format!("\"{name}\" reaches beyond the bounds {from} to {to}."),
                [
                    "Bed den dataansvarlige om at vurdere katalogets grænser.",
                    "Ask the controller to assess the catalogue's bounds.",
                ],
                format!("{from} to {to}"),
            )
            .in_danish(format!("{} til {}", whole(from).da, whole(to).da)),
            Self::Dimensions { found, max } => words(
                "cells.dimensions",
                format!(
                    "Personer skelnes på {}; højst {} er tilladt.",
                    several(found, FEATURES).da,
                    whole(max).da
                ),
                format!(
                    "Persons are told apart by {}; at most {max} are permitted.",
                    several(found, FEATURES).en
                ),
                ["Brug færre kategorier eller betingelser.", "Use fewer categories or conditions."],
                max.to_string(),
            )
            .in_danish(whole(max).da),
            Self::Cells { found, max } => words(
                "cells.number",
                format!("Svaret har {}; højst {} er tilladt.", several(found, CELLS).da, whole(max).da),
                format!("The answer has {}; at most {max} are permitted.", several(found, CELLS).en),
                ["Brug færre kategorier.", "Use fewer categories."],
                max.to_string(),
            )
            .in_danish(whole(max).da),
            Self::BudgetUnstated { allowed } => words(
                "budget.unstated",
                "Spørgsmålet siger ikke, hvad det må koste, og tilladelsen har ingen standard.",
                "The query does not say what it may cost, and the permit has no default.",
                ["Skriv rho eller epsilon.", "State rho or epsilon."],
                allowed.clone(),
            )
            .in_danish(stated_da(&allowed)),
            Self::BudgetNothing => words(
                "budget.nothing",
                "Det, svaret må koste, er for lidt til at kunne tælles.",
                "What the answer may cost is too little to be counted.",
                ["Bed om mere.", "Ask for more."],
                "rho = 0.000000001",
            )
            .in_danish("rho 0,000000001"),
            Self::BudgetQuery { allowed, most } => words(
                "budget.query",
                "Svaret koster mere, end ét svar må.",
                "The answer costs more than one answer may.",
                LESS,
                match free(most) {
                    now if now.is_empty() || now == allowed => allowed.clone(),
                    now => format!("{allowed}, and now {now}"),
                },
            )
            .in_danish(match free_da(most) {
                now if now.is_empty() || now == stated_da(&allowed) => stated_da(&allowed),
                now => format!("{}, og lige nu {now}", stated_da(&allowed)),
            }),
            Self::Budget { of, left, most, more } => {
                let (code, da, en) = match of {
                    Part::Permit => ("budget.permit", "under tilladelsen", "under the permit"),
                    Part::Period => ("budget.period", "i perioden", "in the period"),
                    Part::Calendar => ("budget.calendar", "i kalenderperioden", "in the calendar's period"),
                    Part::Life => ("budget.life", "for borgernes livstid", "for the citizens' lives"),
                };
                let (later_da, later_en) = match more {
                    Some(on) => {
                        (format!(" Den {} bliver der mere.", day(on).da), format!(" There is more on {on}."))
                    }
                    None => (String::new(), String::new()),
                };
                words(
                    code,
                    format!(
                        "Svaret koster mere end de {}, der er tilbage {da}.{later_da}",
                        nano_rho(left).da
                    ),
                    format!("The answer costs more than the {} left {en}.{later_en}", rho(left)),
                    LESS,
                    free(most),
                )
                .in_danish(free_da(most))
            }
            Self::Model { name, allowed } => words(
                "model.unknown",
                format!("Tilladelsen nævner ikke modellen \"{}\".", shown(&name)),
                format!("The permit does not name the model \"{}\".", shown(&name)),
                OTHER,
                allowed.join(", "),
            ),
            Self::ModelVersion { allowed } => words(
                "model.version",
                "Tilladelsen er til en anden version af modellen.",
                "The permit is for another version of the model.",
                [
                    "Bed den dataansvarlige om at vurdere denne version.",
                    "Ask the controller to assess this version.",
                ],
                allowed.iter().map(u32::to_string).collect::<Vec<_>>().join(", "),
            ),
            Self::ModelDigest { allowed } => words(
                "model.digest",
                "Modellen har et andet aftryk end det, der er vurderet.",
                "The model has another digest than the one that was assessed.",
                [
                    "Bed den dataansvarlige om at vurdere denne model.",
                    "Ask the controller to assess this model.",
                ],
                allowed,
            ),
            Self::Component { name } => words(
                "grain.component",
                format!("Tilladelsen lader ikke noden bidrage med \"{name}\"."),
                format!("The permit does not let the node contribute \"{name}\"."),
                OTHER,
                "",
            ),
            Self::Grain { allowed } => words(
                "grain.too-fine",
                "Bidragene ville være finere, end tilladelsen lader dem være.",
                "The contributions would be finer than the permit lets them be.",
                ["Bed om grovere bidrag.", "Ask for coarser contributions."],
                allowed.to_string(),
            )
            .in_danish(speak::grain(allowed).da),
            Self::Disclosure { allowed } => words(
                "work-list.disclosure",
                "Listen ville sige mere om borgeren, end tilladelsen lader den.",
                "The list would tell more of a citizen than the permit lets it.",
                LESS,
                disclosure_name(allowed),
            )
            .in_danish(speak::disclosure(allowed).da),
            Self::Recipient { to, allowed } => words(
                "work-list.recipient",
                format!("Tilladelsen lader ikke listen gå til {}.", speak::recipient(to).da),
                format!("The permit does not let the list go to {}.", to.name()),
                OTHER,
                allowed.iter().map(|to| to.name()).collect::<Vec<_>>().join(", "),
            )
            .in_danish(allowed.iter().map(|to| speak::recipient(*to).da).collect::<Vec<_>>().join("; ")),
            Self::Evaluations { max } => words(
                "pseudonyms.study",
                "Studiet ville give flere pseudonymer, end tilladelsen lader noden bede om.",
                "The study would take more pseudonyms than the permit lets the node ask for.",
                LESS,
                max.to_string(),
            )
            .in_danish(whole(max).da),
            Self::PeerEvaluations { max } => words(
                "pseudonyms.peer",
                "En anden node ville få flere pseudonymer, end tilladelsen lader noden give den.",
                "Another node would get more pseudonyms than the permit lets this node give it.",
                LESS,
                max.to_string(),
            )
            .in_danish(whole(max).da),
            Self::StudyDays { max } => words(
                "retention.pseudonyms",
                format!("Studiet varer længere, end pseudonymer må leve: {}.", counted(max, DAYS).da),
                format!(
                    "The study lasts longer than the {} that pseudonyms may live.",
                    counted(max, DAYS).en
                ),
                ["Vælg en tidligere frist.", "Choose an earlier deadline."],
                counted(max, DAYS).en,
            )
            .in_danish(counted(max, DAYS).da),
            Self::FollowUp => words(
                "follow-up.not-allowed",
                "Tilladelsen lader ikke nøglen og pseudonymerne blive gemt til opfølgning.",
                "The permit does not let the key and the pseudonyms be kept for follow-up.",
                [
                    "Bed om en kørsel uden opfølgning, eller bed den dataansvarlige om at tillade den.",
                    "Ask for a run without follow-up, or ask the controller to permit it.",
                ],
                "",
            ),
            Self::FollowUpUntil { until } => words(
                "follow-up.until",
                format!("Nøglen ville blive gemt til opfølgning længere end til og med {}.", day(until).da),
                format!("The key would be kept for follow-up beyond {until}."),
                ["Vælg en tidligere dag.", "Choose an earlier day."],
                format!("up to {until}"),
            )
            .in_danish(format!("til og med {}", day(until).da)),
            Self::FollowUpOver { until } => words(
                "follow-up.until",
                format!("Opfølgning under én nøgle var tilladt til og med {}.", day(until).da),
                format!("Follow-up under one key was permitted up to {until}."),
                [
                    "Bed om en kørsel uden opfølgning, eller bed den dataansvarlige om at forny den.",
                    "Ask for a run without follow-up, or ask the controller to renew it.",
                ],
                "",
            ),
        }
    }
}

/// The most that an answer may cost now, as a query would state it; nothing where there is nothing.
fn free(most: Free) -> String {
    match (most.nano_rho, most.epsilon) {
        (0, _) => String::new(),
        (nano, None) => rho(nano),
        (nano, Some(epsilon)) => format!("{} or epsilon = {epsilon}", rho(nano)),
    }
}

/// The same in a Danish sentence.
fn free_da(most: Free) -> String {
    match (most.nano_rho, most.epsilon) {
        (0, _) => String::new(),
        (nano, None) => nano_rho(nano).da,
        (nano, Some(epsilon)) => {
            format!("{} eller {}", nano_rho(nano).da, stated(Budget::Epsilon(epsilon)).da)
        }
    }
}

/// A budget as a policy states it (`rho = 0.05`), in a Danish sentence.
fn stated_da(budget: &str) -> String {
    match budget.split_once(" = ") {
        Some((name, number)) => format!("{name} {}", decimal(number).da),
        None => "uden grænse".to_owned(),
    }
}

fn several(number: usize, noun: Noun) -> Text {
    counted(i64::try_from(number).unwrap_or(i64::MAX), noun)
}

const fn disclosure_name(disclosure: Disclosure) -> &'static str {
    match disclosure {
        Disclosure::Inclusion => "inclusion",
        Disclosure::Stratum => "stratum",
        Disclosure::Total => "total",
        Disclosure::Items => "items",
    }
}

/// What is left, as a policy would state it.
fn rho(nano: u64) -> String {
    const NANO: u64 = 1_000_000_000;
    let decimals = format!("{:09}", nano % NANO);
    let decimals = decimals.trim_end_matches('0');
    let point = if decimals.is_empty() { "" } else { "." };
    format!("rho = {}{point}{decimals}", nano / NANO)
}
