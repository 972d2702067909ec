//! A simulation in words.

use tvaers_protocol::id::Sector;
use tvaers_protocol::study::Grain;

use super::{Contributed, Cost, Simulated};
use crate::document::{Block, Document};
use crate::explain::number::{decimal, nano_rho, rounded_up};
use crate::explain::words;
use crate::refusal::Violation;
use crate::text::Text;

/// The verdicts as a document. Empty ones say that no permit is for it.
#[must_use]
pub fn to_document(simulated: &[Simulated]) -> Document {
    let mut blocks = Vec::new();
    if simulated.is_empty() {
        blocks.push(Block::Paragraph(Text::new(
            "Afvist: politikken har ingen tilladelse til den slags spørgsmål.",
            "Refused: the policy has no permit for that kind of question.",
        )));
    }
    for one in simulated {
        blocks.push(Block::Heading {
            level: 2,
            text: Text::new(
                format!("Under tilladelsen {}", one.permit),
                format!("Under the permit {}", one.permit),
            ),
        });
        blocks.push(Block::Paragraph(verdict(one)));
        if !one.violations.is_empty() {
            blocks.push(Block::Table { head: rules_head(), rows: one.violations.iter().map(rule).collect() });
        }
        if !one.components.is_empty() {
            blocks.push(Block::Table {
                head: contributed_head(),
                rows: one.components.iter().map(contributed).collect(),
            });
        }
        let points: Vec<Text> = points(one).into_iter().chain(one.notes.iter().cloned()).collect();
        if !points.is_empty() {
            blocks.push(Block::List(points));
        }
    }
    Document { title: Text::new("Hvad politikken ville svare", "What the policy would say"), blocks }
}

fn verdict(one: &Simulated) -> Text {
    let (da, en) = match one.is_permitted() {
        true => ("Tilladt", "Permitted"),
        false => ("Afvist", "Refused"),
    };
    let mode = words::mode(one.mode);
    let (mut da, mut en) = (format!("{da}: {}", mode.da), format!("{en}: {}", mode.en));
    if let Some(asker) = &one.asker {
        da.push_str(&format!(", når {asker} spørger"));
        en.push_str(&format!(", asked by {asker}"));
    }
    if let Some(second) = &one.second {
        da.push_str(&format!(" og {second} skriver under"));
        en.push_str(&format!(" and signed by {second} too"));
    }
    Text::new(format!("{da}."), format!("{en}."))
}

fn rules_head() -> Vec<Text> {
    vec![
        Text::new("Regel", "Rule"),
        Text::new("Hvad der er galt", "What is wrong"),
        Text::new("Hvad man kan gøre", "What to do"),
        Text::new("Hvad der er tilladt", "What is allowed"),
    ]
}

fn rule(violation: &Violation) -> Vec<Text> {
    vec![
        Text::new(violation.code, violation.code),
        violation.sentence.clone(),
        violation.mend.clone(),
        Text::new(&violation.allowed_da, &violation.allowed),
    ]
}

fn contributed_head() -> Vec<Text> {
    vec![
        Text::new("Komponent", "Component"),
        Text::new("Fineste, der er tilladt", "Finest that is permitted"),
        Text::new("Noden bidrager her med", "The node contributes here"),
    ]
}

fn contributed(component: &Contributed) -> Vec<Text> {
    let name = Text::new(&component.name, &component.name);
    vec![name, words::grain(component.granted), words::grain(component.told)]
}

fn points(one: &Simulated) -> Vec<Text> {
    let mut points = Vec::new();
    if let Some(cost) = &one.cost {
        points.extend(price(cost));
    }
    if let Some(grain) = one.grain {
        let words = words::grain(grain);
        points.push(Text::new(
            format!("Kørslen er i {}, som tabellen viser komponent for komponent.", words.da),
            format!("The run is in {}, as the table shows component by component.", words.en),
        ));
        if one.components.iter().any(|component| component.granted > component.told) {
            points.push(Text::new(
                "Nogle komponenter må bidrage finere, end de gør her: en kørsel er ikke finere, end der bedes om, og end alle nodens komponenter må være.",
                "Some components may contribute more finely than they do here: a run is no finer than is asked for, and than all of the node's components may be.",
            ));
        }
    }
    if let Some(told) = one.disclosure {
        let told = words::disclosure(told);
        points.push(Text::new(format!("Listen siger, {}.", told.da), format!("The list tells {}.", told.en)));
    }
    points
}

fn price(cost: &Cost) -> Vec<Text> {
    let mut points = Vec::new();
    let rho = nano_rho(cost.nano_rho);
    points.push(match cost.epsilon.map(rounded_up) {
        Some(epsilon) => Text::new(
            format!("Prisen er {} (svarer til epsilon {}).", rho.da, epsilon.da),
            format!("The price is {} (worth epsilon {}).", rho.en, epsilon.en),
        ),
        None => Text::new(format!("Prisen er {}.", rho.da), format!("The price is {}.", rho.en)),
    });
    if let Some(left) = cost.left {
        let [permit, period, life] = [left.permit, left.period, left.life].map(left_over);
        points.push(Text::new(
            format!(
                "Derefter er der {} tilbage under tilladelsen, {} i perioden og {} for livet.",
                permit.da, period.da, life.da
            ),
            format!(
                "After it {} is left under the permit, {} in the period and {} for life.",
                permit.en, period.en, life.en
            ),
        ));
    }
    if let Some(noise) = cost.noise {
        let [scale, error] =
            [noise.scale, noise.standard_error].map(|number| decimal(&format!("{number:.2}")));
        points.push(Text::new(
            format!("Støjens skala er {}, og standardfejlen på ét tal er {}.", scale.da, error.da),
            format!(
                "The scale of the noise is {}, and the standard error of one number is {}.",
                scale.en, error.en
            ),
        ));
    }
    points
}

/// More than any budget that can be stated is none.
fn left_over(nano: u64) -> Text {
    match nano > tvaers_query::Decimal::MAX.nano() {
        true => Text::new("ubegrænset", "without limit"),
        false => nano_rho(nano),
    }
}

/// As a node says it.
pub(super) fn list_of_indicator() -> Violation {
    Violation {
        code: "mode.indicator",
        sentence: Text::new(
            "Der bedes om en arbejdsliste efter en indikator, som kun er til frigivne tabeller.",
            "The request asks for a work list by an indicator, which is for released tables alone.",
        ),
        mend: Text::new("Bed om dens tabeller, uden en liste.", "Ask for its tables, without a list."),
        allowed: "tables".to_owned(),
        allowed_da: "tabeller".to_owned(),
    }
}

/// As a node says it.
pub(super) fn grain_of_indicator(least: Grain, granted: Grain) -> Violation {
    let needed = words::grain(least);
    Violation {
        code: "grain.indicator",
        sentence: Text::new(
            format!("Indikatoren lægger tal sammen, og det kræver bidrag som {} eller finere.", needed.da),
            format!("The indicator adds up numbers, which takes contributions at {least} or finer."),
        ),
        mend: Text::new(
            "Bed om finere bidrag, eller bed den dataansvarlige om at tillade dem.",
            "Ask at a finer grain, or have the permit grant it.",
        ),
        allowed: granted.to_string(),
        allowed_da: words::grain(granted).da,
    }
}

pub(super) fn other_sector(sector: Sector) -> Text {
    match sector {
        Sector::Region => Text::new(
            "Spørgsmålet er til regioner, og politikken er en kommunes: noden ville ikke blive spurgt.",
            "The question is for regions, and the policy is a municipality's: the node would not be asked.",
        ),
        Sector::Municipality => Text::new(
            "Spørgsmålet er til kommuner, og politikken er en regions: noden ville ikke blive spurgt.",
            "The question is for municipalities, and the policy is a region's: the node would not be asked.",
        ),
    }
}

pub(super) fn laboratory() -> Text {
    Text::new(
        "Det er en laboratoriepolitik: den gælder kun for opdigtede data.",
        "This is a laboratory's policy: it is for made-up data alone.",
    )
}
