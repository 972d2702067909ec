//! The record of processing activities that policies come to: GDPR Article 30(1)(a)–(g) for the controller, and 30(2)
//! for its processors as far as a policy knows them. Pure. What no policy says is said to be missing, not guessed.

use crate::document::{Block, Document};
use crate::explain::number::{DAYS, counted, day, limit, whole};
use crate::explain::words;
use crate::permit::{Allowed, Basis, Mode, Permit, Recipient, Step};
use crate::policy::{Controller, Exclusions, Policy};
use crate::text::Text;

/// The record of these policies, each with the name of its file, in their order.
#[must_use]
pub fn records(policies: &[(String, Policy)]) -> Document {
    let title = Text::new(
        "Fortegnelse over behandlingsaktiviteter (GDPR artikel 30)",
        "Record of processing activities (GDPR Article 30)",
    );
    let mut blocks = vec![Block::Paragraph(Text::new(
        "Skrevet ud fra nodernes politikker. Det, som en politik ikke indeholder, må den dataansvarlige selv tilføje.",
        "Written from the nodes' policies. What a policy does not hold is for the controller to add.",
    ))];
    for (file, policy) in policies {
        blocks.extend(of_policy(file, policy));
    }
    Document { title, blocks }
}

fn of_policy(file: &str, policy: &Policy) -> Vec<Block> {
    let node = policy.edition().map_or_else(|| file.to_owned(), |edition| edition.node.to_string());
    let name = policy.controller().map_or_else(|| node.clone(), |controller| controller.name.clone());
    let mut blocks = vec![heading(2, same(format!("{name} ({node})")))];
    if policy.is_laboratory() {
        blocks.push(Block::Paragraph(Text::new(
            "Politikken er et laboratoriums: dens personer er opdigtede, og der er ingen behandling af personoplysninger at fortegne.",
            "The policy is a laboratory's: its persons are made up, and there is no processing of personal data to record.",
        )));
        return blocks;
    }
    blocks.push(edition(file, policy));
    if let Some(controller) = policy.controller() {
        blocks.push(heading(3, Text::new("a) Dataansvarlig", "(a) Controller")));
        blocks.push(of_controller(controller));
    }
    if policy.permits().is_empty() {
        blocks.push(Block::Paragraph(Text::new(
            "Politikken tillader ingen behandling.",
            "The policy permits no processing.",
        )));
    }
    for permit in policy.permits() {
        blocks.extend(of_permit(policy, permit));
    }
    blocks.extend(of_processors(policy));
    blocks
}

fn edition(file: &str, policy: &Policy) -> Block {
    let mut rows = vec![[Text::new("Fil", "File"), same(file)]];
    if let Some(edition) = policy.edition() {
        let (from, to) = (day(edition.validity.from), day(edition.validity.to));
        rows.push([Text::new("Version", "Version"), same(edition.version.to_string())]);
        rows.push([
            Text::new("Gælder", "Holds"),
            Text::new(format!("{} til {}", from.da, to.da), format!("{} to {}", from.en, to.en)),
        ]);
    }
    rows.push([Text::new("Aftryk (SHA-256)", "Digest (SHA-256)"), same(policy.digest().to_string())]);
    if let Some(assessment) = policy.assessment() {
        let (reference, version, date) = (&assessment.reference, &assessment.version, day(assessment.date));
        rows.push([
            Text::new("Konsekvensanalyse (artikel 35)", "Impact assessment (Article 35)"),
            Text::new(
                format!("{reference}, version {version}, {}", date.da),
                format!("{reference}, version {version}, {}", date.en),
            ),
        ]);
    }
    table(rows)
}

fn of_controller(controller: &Controller) -> Block {
    table(vec![
        [Text::new("Navn", "Name"), same(&controller.name)],
        [Text::new("CVR-nummer", "CVR number"), same(&controller.cvr)],
        [Text::new("Kontakt", "Contact"), same(&controller.contact)],
        [Text::new("Databeskyttelsesrådgiver", "Data-protection officer"), same(&controller.dpo)],
    ])
}

fn of_permit(policy: &Policy, permit: &Permit) -> Vec<Block> {
    let title = permit.purpose.as_ref().map_or_else(|| same(&permit.id), |purpose| purpose.text.clone());
    let mut rows = vec![[Text::new("Tilladelse", "Permit"), of_id(permit)]];
    if let Some(joint) =
        permit.safeguards.as_ref().and_then(|safeguards| safeguards.joint_controllers.as_ref())
    {
        rows.push([
            Text::new("a) Fælles dataansvar (artikel 26)", "(a) Joint controllers (Article 26)"),
            same(joint),
        ]);
    }
    rows.push([Text::new("b) Formål", "(b) Purpose"), title.clone()]);
    for (step, basis) in &permit.basis {
        rows.push([of_step(*step), of_basis(basis)]);
    }
    rows.push([Text::new("c) Registrerede", "(c) Data subjects"), subjects(policy.exclusions(), permit)]);
    rows.push([Text::new("c) Oplysninger", "(c) Personal data"), data(permit)]);
    rows.push([Text::new("d) Modtagere", "(d) Recipients"), recipients(permit)]);
    rows.push([
        Text::new("e) Tredjelande", "(e) Third countries"),
        Text::new(
            "Politikken nævner ingen overførsel. Om databehandlerne overfører oplysninger, må den dataansvarlige selv tilføje.",
            "The policy names no transfer. Whether processors transfer any is for the controller to add.",
        ),
    ]);
    rows.push([Text::new("f) Sletning", "(f) Erasure"), erasure(policy, permit)]);
    rows.push([Text::new("g) Sikkerhed", "(g) Security"), security(policy, permit)]);
    vec![heading(3, title), table(rows)]
}

fn of_id(permit: &Permit) -> Text {
    let mode = words::mode(permit.mode);
    let issuer = permit.issuer.as_deref().unwrap_or("–");
    let days = permit.validity.map(|validity| (day(validity.from), day(validity.to)));
    let (da, en) = days.map_or_else(Default::default, |(from, to)| {
        (format!(", {} til {}", from.da, to.da), format!(", {} to {}", from.en, to.en))
    });
    let revoked = permit.revoked.map(day).map_or_else(
        || same(""),
        |on| Text::new(format!("; tilbagekaldt fra {}", on.da), format!("; revoked from {}", on.en)),
    );
    Text::new(
        format!("{} ({}), udstedt af {issuer}{da}{}", permit.id, mode.da, revoked.da),
        format!("{} ({}), issued by {issuer}{en}{}", permit.id, mode.en, revoked.en),
    )
}

fn of_step(step: Step) -> Text {
    match step {
        Step::Compute => Text::new("b) Grundlag for at regne", "(b) Basis of computing"),
        Step::Disclose => Text::new("b) Grundlag for at videregive", "(b) Basis of disclosing"),
        Step::DiscloseItems => {
            Text::new("b) Grundlag for at videregive enkelte punkter", "(b) Basis of disclosing items")
        }
        Step::HandToPractice => {
            Text::new("b) Grundlag for at give listen til praksis", "(b) Basis of handing to a practice")
        }
    }
}

fn of_basis(basis: &Basis) -> Text {
    let Basis { article_6, article_9, national } = basis;
    Text::new(
        format!(
            "GDPR artikel 6, stk. 1, litra {article_6}, og artikel 9, stk. 2, litra {article_9}; {national}"
        ),
        format!("GDPR Article 6(1)({article_6}) and Article 9(2)({article_9}); {national}"),
    )
}

fn subjects(exclusions: &Exclusions, permit: &Permit) -> Text {
    let population = &permit.population;
    let (mut da, mut en) = (
        "Borgere, som noden har oplysninger om".to_owned(),
        "Citizens whom the node holds data about".to_owned(),
    );
    if let Some(kommuner) = &population.kommuner {
        let codes = joined(kommuner.iter().map(u16::to_string));
        da += &format!(", i kommune {codes}");
        en += &format!(", in municipality {codes}");
    }
    match (population.age_from, population.age_to) {
        (Some(from), Some(to)) => {
            da += &format!(", {from} til {to} år");
            en += &format!(", {from} to {to} years old");
        }
        (Some(from), None) => {
            da += &format!(", {from} år og ældre");
            en += &format!(", {from} years and older");
        }
        (None, Some(to)) => {
            da += &format!(", højst {to} år");
            en += &format!(", {to} years at most");
        }
        (None, None) => {}
    }
    let out = [
        (&exclusions.opt_outs, "har sagt nej til at indgå", "opted out"),
        (&exclusions.protected_addresses, "har beskyttet adresse", "have a protected address"),
        (&exclusions.objections, "har gjort indsigelse", "objected"),
    ];
    let left: Vec<(&str, &str)> =
        out.into_iter().filter(|(file, ..)| file.is_some()).map(|(_, da, en)| (da, en)).collect();
    if !left.is_empty() {
        da += &format!(". Udeladt er de, der {}", either(left.iter().map(|(da, _)| *da).collect(), "eller"));
        en += &format!(". Left out are those who {}", either(left.iter().map(|(_, en)| *en).collect(), "or"));
    }
    Text::new(da + ".", en + ".")
}

fn data(permit: &Permit) -> Text {
    let list = |names: &Allowed<String>| match names {
        Allowed::All => None,
        Allowed::Only(names) => Some(joined(names.iter().cloned())).filter(|names| !names.is_empty()),
    };
    let parts = [
        ("Tabeller", "Tables", list(&permit.data.tables)),
        ("egenskaber", "features", list(&permit.data.features)),
        ("kategorier", "categories", list(&permit.data.categories)),
        ("følsomme, godkendt ved navn", "sensitive, approved by name", list(&permit.data.sensitive)),
    ];
    let told: Vec<(String, String)> = parts
        .into_iter()
        .filter_map(|(da, en, names)| names.map(|names| (format!("{da}: {names}"), format!("{en}: {names}"))))
        .collect();
    let line = |parts: Vec<String>| format!("{}.", parts.join("; "));
    Text::new(
        line(told.iter().map(|(da, _)| da.clone()).collect()),
        line(told.iter().map(|(_, en)| en.clone()).collect()),
    )
}

fn recipients(permit: &Permit) -> Text {
    let (mut da, mut en) = match permit.mode {
        Mode::Aggregates => (
            "Koordinatoren og de nævnte spørgere: støjfyldt statistik, ingen personoplysninger".to_owned(),
            "The coordinator and those who may ask: noisy statistics, no personal data".to_owned(),
        ),
        Mode::JoinedStatistics => (
            "Koordinatoren: bidrag under pseudonym, som kun bliver til støjfyldt statistik; de nævnte spørgere: statistikken"
                .to_owned(),
            "The coordinator: contributions under pseudonym, which become noisy statistics alone; those who may ask: the statistics"
                .to_owned(),
        ),
        Mode::PersonContributions => (
            "Koordinatoren: bidrag under pseudonym".to_owned(),
            "The coordinator: contributions under pseudonym".to_owned(),
        ),
    };
    for recipient in permit.work_list.iter().flat_map(|list| &list.to) {
        let (more_da, more_en) = match recipient {
            Recipient::Municipality => {
                ("borgerens bopælskommune: arbejdslisten", "the citizen's municipality: the work list")
            }
            Recipient::GpPractice => {
                ("borgerens praksis: arbejdslisten", "the citizen's practice: the work list")
            }
        };
        da += &format!("; {more_da}");
        en += &format!("; {more_en}");
    }
    if let Allowed::Only(askers) = &permit.askers {
        let names = joined(askers.iter().map(|asker| asker.name.clone()));
        da += &format!(". Må spørge: {names}");
        en += &format!(". May ask: {names}");
    }
    Text::new(da + ".", en + ".")
}

fn erasure(policy: &Policy, permit: &Permit) -> Text {
    let kept = policy.retention();
    let part = |count: u32, da: &str, en: [&str; 2]| {
        let days = counted(count, DAYS);
        (format!("{da} {}", days.da), format!("{} {}{}", en[0], days.en, en[1]))
    };
    let most = " at most";
    let mut parts = vec![part(kept.results_days, "svar efter højst", ["answers after", most])];
    if permit.mode.has_pseudonyms() {
        parts.push(part(kept.pseudonyms_days, "pseudonymer efter højst", ["pseudonyms after", most]));
    }
    if let Some(follow_up) = &permit.follow_up {
        let until = follow_up.until.map_or_else(|| Text::new("uden slutning", "without end"), day);
        parts.push((
            format!("pseudonymer, der gemmes til opfølgning, med udgangen af {}", until.da),
            format!("pseudonyms kept for follow-up at the end of {}", until.en),
        ));
    }
    if permit.work_list.is_some() {
        parts.push(part(kept.work_lists_days, "arbejdslister efter højst", ["work lists after", most]));
    }
    parts.push(part(kept.logs_days, "logge tidligst efter", ["logs after", " at the earliest"]));
    Text::new(
        capital(&format!("{}.", joined(parts.iter().map(|(da, _)| da.clone())))),
        capital(&format!("{}.", joined(parts.iter().map(|(_, en)| en.clone())))),
    )
}

/// What the policy itself fixes of the security of processing (Article 32).
fn security(policy: &Policy, permit: &Permit) -> Text {
    let cells = policy.cells();
    let mut da = vec!["Oplysningerne forlader ikke noden i klartekst; hver forespørgsel føres i en log, som ikke kan skrives om".to_owned()];
    let mut en = vec!["The data does not leave the node in the clear; every request goes into a log that cannot be rewritten".to_owned()];
    if let Some(budget) = &permit.budget {
        let (one, all) = (limit(&budget.per_query, None), limit(&budget.in_all, None));
        da.push(format!(
            "differentielt privat støj: {} pr. svar, {} i alt under tilladelsen",
            one.da, all.da
        ));
        en.push(format!(
            "differentially private noise: {} an answer, {} in all under the permit",
            one.en, all.en
        ));
        let (smallest, rounding) = (whole(cells.smallest), whole(cells.rounding));
        da.push(format!("celler under {} skjules, og tal afrundes til {}", smallest.da, rounding.da));
        en.push(format!("cells below {} are hidden, and numbers rounded to {}", smallest.en, rounding.en));
    }
    if permit.pseudonyms.is_some() {
        let (key_da, key_en) = match &permit.follow_up {
            None => (
                "pseudonymer med én nøgle for hver kørsel, som slettes med den".to_owned(),
                "pseudonyms with one key for each run, erased with it".to_owned(),
            ),
            Some(follow_up) => (
                format!(
                    "pseudonymer med én nøgle for en kørsel og dem, der følger op på den, som slettes med dem ({})",
                    follow_up.reason
                ),
                format!(
                    "pseudonyms with one key for a run and those that follow it up, erased with them ({})",
                    follow_up.reason
                ),
            ),
        };
        da.push(key_da);
        en.push(key_en);
    }
    if !permit.second_signatures.is_empty() {
        let names = joined(permit.second_signatures.iter().map(|person| person.name.clone()));
        da.push(format!("hver stratificering underskrives også af en anden: {names}"));
        en.push(format!("each stratification is signed by another person too: {names}"));
    }
    if let Some(safeguards) = &permit.safeguards {
        da.push(format!("menneskelig vurdering: {}", safeguards.human_review));
        en.push(format!("human review: {}", safeguards.human_review));
        da.push(format!("oplysning af borgerne: {}", safeguards.notice));
        en.push(format!("information of citizens: {}", safeguards.notice));
    }
    Text::new(format!("{}.", da.join("; ")), format!("{}.", en.join("; ")))
}

/// Article 30(2): what the policy knows of those who process for the controller.
fn of_processors(policy: &Policy) -> Vec<Block> {
    let Some(controller) = policy.controller() else { return Vec::new() };
    let mut blocks =
        vec![heading(3, Text::new("Databehandlere (artikel 30, stk. 2)", "Processors (Article 30(2))"))];
    if controller.processors.is_empty() {
        let none = Text::new("Politikken nævner ingen databehandlere.", "The policy names no processors.");
        blocks.push(Block::Paragraph(none));
        return blocks;
    }
    let head = vec![
        Text::new("a) Databehandler", "(a) Processor"),
        Text::new("CVR-nummer", "CVR number"),
        Text::new("a) For den dataansvarlige", "(a) On behalf of"),
        Text::new("b) Behandling", "(b) Processing"),
        Text::new("Aftale (artikel 28)", "Agreement (Article 28)"),
    ];
    let mut agreements: Vec<&str> = policy
        .permits()
        .iter()
        .filter_map(|permit| permit.safeguards.as_ref()?.processor_agreement.as_deref())
        .collect();
    agreements.dedup();
    let agreement = match agreements.as_slice() {
        [] => Text::new("ikke nævnt i politikken", "not named in the policy"),
        known => same(known.join("; ")),
    };
    let row = |processor: &crate::policy::Processor| {
        vec![
            same(&processor.name),
            same(&processor.cvr),
            same(&controller.name),
            same(&processor.task),
            agreement.clone(),
        ]
    };
    blocks.push(Block::Table { head, rows: controller.processors.iter().map(row).collect() });
    blocks.push(Block::Paragraph(Text::new(
        "Tredjelande (litra c) og databehandlerens egen sikkerhed (litra d) kender politikken ikke; dem må databehandleren selv tilføje.",
        "Third countries (c) and the processor's own security (d) are not known to the policy; they are for the processor to add.",
    )));
    blocks
}

fn heading(level: u8, text: Text) -> Block {
    Block::Heading { level, text }
}

fn table(rows: Vec<[Text; 2]>) -> Block {
    let head = vec![Text::new("Punkt", "Item"), Text::new("Indhold", "Content")];
    Block::Table { head, rows: rows.into_iter().map(Vec::from).collect() }
}

/// What is the same in both languages: a name, a number, a text out of the policy.
fn same(text: impl Into<String>) -> Text {
    let text = text.into();
    Text::new(text.clone(), text)
}

fn joined(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// The last one after a word of its own.
fn either(parts: Vec<&str>, word: &str) -> String {
    match parts.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} {word} {last}", first.join(", ")),
        other => other.concat(),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
