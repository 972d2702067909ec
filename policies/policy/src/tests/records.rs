//! The record of processing says what Article 30 asks for, from the policies alone.

use super::*;
use crate::document::{Block, Document};
use crate::records::records;
use crate::text::Text;

fn of(texts: &[(&str, &str)]) -> Document {
    let policies: Vec<(String, Policy)> =
        texts.iter().map(|(file, text)| ((*file).to_owned(), read_right(text))).collect();
    records(&policies)
}

fn texts<'d>(document: &'d Document) -> Vec<&'d Text> {
    let of = |block: &'d Block| match block {
        Block::Heading { text, .. } | Block::Paragraph(text) => vec![text],
        Block::List(points) => points.iter().collect(),
        Block::Table { head, rows } => head.iter().chain(rows.iter().flatten()).collect(),
    };
    std::iter::once(&document.title).chain(document.blocks.iter().flat_map(of)).collect()
}

#[test]
fn each_permit_has_all_letters_of_article_30_and_every_table_is_full() {
    let document = of(&[("m.toml", municipality()), ("r.toml", REGION)]);
    let permits = read_right(municipality()).permits().len() + read_right(REGION).permits().len();
    for letter in [
        "(b) Purpose",
        "(c) Data subjects",
        "(c) Personal data",
        "(d) Recipients",
        "(e) Third countries",
        "(f) Erasure",
        "(g) Security",
    ] {
        assert_eq!(texts(&document).iter().filter(|text| text.en == letter).count(), permits, "{letter}");
    }
    for block in &document.blocks {
        if let Block::Table { head, rows } = block {
            assert!(!rows.is_empty() && rows.iter().all(|row| row.len() == head.len()));
        }
    }
    for text in texts(&document) {
        assert!(!text.da.trim().is_empty() && !text.en.trim().is_empty(), "{text:?}");
    }
}

#[test]
fn what_the_policy_says_stands_in_the_record() {
    let document = of(&[("m.toml", municipality())]);
    let danish: String = texts(&document).iter().map(|text| format!("{}\n", text.da)).collect();
    let digest = read_right(municipality()).digest().to_string();
    for said in [
        "GDPR artikel 6, stk. 1, litra e, og artikel 9, stk. 2, litra h; sundhedsloven § 119, stk. 1",
        "Tilbud om hjælp til borgere i risiko for stress, angst og depression",
        "i kommune 360, 18 til 65 år",
        "har beskyttet adresse",
        "følsomme, godkendt ved navn: foreign_citizen, akasse_listed",
        "Ordning om fælles dataansvar af 2026-10-01, ESDH 2026-0734",
        "Databehandleraftale af 2026-10-01, ESDH 2026-0735",
        "borgerens bopælskommune: arbejdslisten",
        "Må spørge: Stine Sekretariat",
        "rho 0,05 pr. svar, rho 0,5 i alt",
        "(statistik på tværs af noder), udstedt af",
        "1. december 2026 til 30. november 2027",
        "svar efter højst 1.825 dage, logge tidligst",
        "pseudonymer, der gemmes til opfølgning, med udgangen af 31. marts 2027, arbejdslister",
        "én nøgle for en kørsel og dem, der følger op på den, som slettes med dem (Tilbuddet følges op",
        "Pseudonymer",
        &digest,
    ] {
        assert!(danish.to_lowercase().contains(&said.to_lowercase()), "{said}");
    }
    // The pilot names nobody and no list: the record says so and invents none.
    let pilot = of(&[("p.toml", PILOT)]);
    let english: String = texts(&pilot).iter().map(|text| format!("{}\n", text.en)).collect();
    assert!(english.contains("The policy names no processors."));
    assert!(!english.contains("work list") && !english.contains("pseudonym"), "{english}");
}

#[test]
fn one_day_is_a_day() {
    let text = PILOT.replace("results-days = 365", "results-days = 1");
    let document = of(&[("p.toml", &text)]);
    assert!(texts(&document).iter().any(|text| text.da.starts_with("Svar efter højst 1 dag, logge")));
    assert!(texts(&document).iter().any(|text| text.en.starts_with("Answers after 1 day at most, logs")));
}

#[test]
fn made_up_people_are_in_no_record() {
    let document = of(&[("lab.toml", LABORATORY)]);
    assert!(texts(&document).iter().any(|text| text.en.contains("made up")));
    assert!(!document.blocks.iter().any(|block| matches!(block, Block::Table { .. })));
}
