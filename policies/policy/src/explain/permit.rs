//! One permit: who, what for, what leaves the node, whose data and which, and at which price.

use super::Explaining;
use super::data;
use super::number::{PERSONS, counted, day, joined, limit};
use super::words;
use super::writer::{Writer, same};
use crate::permit::{Allowed, FollowUp, Mode, NamedPerson, Permit, PermittedModel};
use crate::policy::Policy;
use crate::text::Text;

pub(super) fn write(out: &mut Writer, policy: &Policy, permit: &Permit, with: &Explaining<'_>) {
    let mode = words::mode(permit.mode);
    out.section(
        format!("Tilladelsen {}: {}", permit.id, mode.da),
        format!("The permit {}: {}", permit.id, mode.en),
    );
    leaves(out, permit);
    who(out, policy, permit);
    why(out, permit);
    safeguards(out, permit);
    models(out, permit, with);
    list(out, permit);
    data::write(out, permit, with);
    budget(out, policy, permit, with);
    pseudonyms(out, permit);
}

/// What leaves the node, by the rules of the mode.
fn leaves(out: &mut Writer, permit: &Permit) {
    let name = permit.mode.name();
    let [holds_da, holds_en] = match permit.follow_up {
        None => ["som kun gælder denne ene kørsel", "that holds for this one run"],
        Some(_) => [
            "som gælder denne kørsel og dem, der følger op på den under samme nøgle",
            "that holds for this run and for those that follow it up under one key",
        ],
    };
    let (da, en) = match permit.mode {
        Mode::Aggregates => (
            "Kun tal om grupper forlader noden, hvert med tilsat støj. Ingen rækker, ingen CPR-numre og ingen pseudonymer gør. Svarene kan ikke bruges i en sag om en enkelt borger.".to_owned(),
            "Only numbers about groups leave the node, each with noise. No rows, no CPR numbers and no pseudonyms do. The answers cannot serve a case about one citizen.".to_owned(),
        ),
        Mode::JoinedStatistics => (
            format!("Noden sender et bidrag om hver borger i målgruppen til koordinatoren, under et pseudonym, {holds_da}. Koordinatoren lægger bidragene sammen med andre noders og tilsætter støj, før noget gemmes eller vises. Koordinatoren ser pseudonyme bidrag, men ingen CPR-numre. Intet om den enkelte borger kommer tilbage."),
            format!("The node sends a contribution about each citizen of the population to the coordinator, under a pseudonym {holds_en}. The coordinator joins it with those of other nodes and adds noise before anything is stored or shown. The coordinator sees pseudonymous contributions, but no CPR numbers. Nothing about a single citizen comes back."),
        ),
        Mode::PersonContributions => (
            format!("Noden sender et bidrag om hver borger i målgruppen til koordinatoren, under et pseudonym, {holds_da}. Koordinatoren lægger bidragene sammen med andre noders og sender resultatet tilbage til borgerens bopælskommune, hvor det bliver en arbejdsliste over navngivne borgere. Koordinatoren ser pseudonyme bidrag, men ingen CPR-numre. Tallene er uden støj og trækker ikke på budgettet: det er listen, der sætter grænsen for, hvad der røbes."),
            format!("The node sends a contribution about each citizen of the population to the coordinator, under a pseudonym {holds_en}. The coordinator joins it with those of other nodes and sends the result back to the citizen's municipality of residence, where it becomes a work list of named citizens. The coordinator sees pseudonymous contributions, but no CPR numbers. The numbers are without noise and cost nothing of the budget: it is the list that bounds what is told."),
        ),
    };
    out.say(format!("{da} (I filen: `{name}`.)"), format!("{en} (In the file: `{name}`.)"));
}

fn who(out: &mut Writer, policy: &Policy, permit: &Permit) {
    out.part("Hvem og hvornår (del 3)", "Who and when (part 3)");
    match &permit.issuer {
        Some(issuer) => out.say(format!("Udstedt af {issuer}."), format!("Issued by {issuer}.")),
        None => out.say("Udsteder er ikke oplyst.", "The issuer is not stated."),
    }
    match permit.validity.map(|validity| (day(validity.from), day(validity.to))) {
        Some((from, to)) => out.say(
            format!("Tilladelsen gælder fra og med {} til og med {}.", from.da, to.da),
            format!("The permit holds from {} up to and including {}.", from.en, to.en),
        ),
        None => out.say(
            "Tilladelsen har ingen datoer: den gælder, så længe politikken gør.",
            "The permit has no dates: it holds as long as the policy does.",
        ),
    }
    if let Some(on) = permit.revoked {
        let on = day(on);
        out.say(
            format!("Den er tilbagekaldt: fra og med {} gælder den ikke.", on.da),
            format!("It is revoked: from {} on it does not hold.", on.en),
        );
    }
    match &permit.askers {
        Allowed::All => out.say(
            "Enhver på føderationens deltagerliste må spørge.",
            "Anyone whom the federation's roster names may ask.",
        ),
        Allowed::Only(askers) if askers.is_empty() => out.say("Ingen må spørge.", "Nobody may ask."),
        Allowed::Only(askers) => {
            out.say(
                "Disse må spørge, og ingen andre. Det er nøglen, der afgør, hvem det er; navnet er til mennesker.",
                "These may ask, and nobody else. It is the key that decides who it is; the name is for people.",
            );
            persons(out, askers);
        }
    }
    second(out, permit);
    approvals(out, policy, permit);
}

fn persons(out: &mut Writer, persons: &[NamedPerson]) {
    let rows = persons.iter().map(|person| {
        let key = hex::encode(person.key.0);
        vec![same(&person.name), words::role(person.role), same(words::fingerprint(&person.key)), same(key)]
    });
    let head = [["Navn", "Name"], ["Rolle", "Role"], ["Kort aftryk", "Short fingerprint"], ["Nøgle", "Key"]];
    out.table(&head, rows.collect());
}

fn second(out: &mut Writer, permit: &Permit) {
    if !permit.mode.has_pseudonyms() {
        return;
    }
    if permit.second_signatures.is_empty() {
        out.say(
            "Ingen behøver at skrive under sammen med den, der spørger.",
            "Nobody needs to sign beside who asks.",
        );
        return;
    }
    out.say(
        "Hver kørsel kræver to underskrifter: en af disse skal skrive under sammen med den, der spørger, og kan ikke være den samme person.",
        "Each run takes two signatures: one of these must sign beside who asks, and cannot be the same person.",
    );
    persons(out, &permit.second_signatures);
}

fn approvals(out: &mut Writer, policy: &Policy, permit: &Permit) {
    if permit.approvals.is_empty() {
        if policy.laboratory {
            out.say(
                "Ingen har godkendt tilladelsen. Det er kun muligt i et laboratorium.",
                "Nobody approved the permit. That is possible in a laboratory alone.",
            );
        }
    } else {
        out.say(
            "Tilladelsen er godkendt af disse. Den gælder ikke før den sidste af datoerne.",
            "The permit is approved by these. It does not hold before the last of the dates.",
        );
        let rows = permit.approvals.iter().map(|one| vec![same(&one.name), day(one.date)]);
        out.table(&[["Godkendt af", "Approved by"], ["Dato", "Date"]], rows.collect());
    }
    if let Some(why) = &permit.single_approval {
        out.say(
            format!("Derfor er én godkendelse nok: {why}."),
            format!("Why one approval is enough: {why}."),
        );
    }
}

fn why(out: &mut Writer, permit: &Permit) {
    out.part("Formål og retsgrundlag (del 2)", "Purpose and legal basis (part 2)");
    match &permit.purpose {
        Some(purpose) => {
            // Both, for the file has both and either may say more.
            let (da, en) = (ended(&purpose.text.da), ended(&purpose.text.en));
            out.say(
                format!(
                    "Formålet er: {da} På engelsk: {en} Et spørgsmål skal nævne det som «{}».",
                    purpose.id
                ),
                format!("The purpose is: {en} In Danish: {da} A request must name it as \"{}\".", purpose.id),
            );
            if let Some(letter) = purpose.ehds_53 {
                let text = words::ehds_53(letter);
                out.say(
                    format!("Det er et formål efter artikel 53, stk. 1, litra {letter}, i forordningen om det europæiske sundhedsdataområde ({}).", text.da),
                    format!("It is a purpose of Article 53(1)({letter}) of the European Health Data Space regulation ({}).", text.en),
                );
            }
        }
        None => out.say(
            "Formålet er ikke oplyst. Kun et laboratorium må udelade det.",
            "The purpose is not stated. Only a laboratory may leave that out.",
        ),
    }
    if permit.basis.is_empty() {
        out.say(
            "Retsgrundlaget er ikke oplyst. Kun et laboratorium må udelade det.",
            "The legal basis is not stated. Only a laboratory may leave that out.",
        );
        return;
    }
    let rows = permit.basis.iter().map(|(step, basis)| {
        let (six, nine) = (words::article_6(basis.article_6), words::article_9(basis.article_9));
        vec![
            words::step(*step, permit.mode),
            Text::new(
                format!("litra {}: {}", basis.article_6, six.da),
                format!("({}): {}", basis.article_6, six.en),
            ),
            Text::new(
                format!("litra {}: {}", basis.article_9, nine.da),
                format!("({}): {}", basis.article_9, nine.en),
            ),
            same(&basis.national),
        ]
    });
    let head = [
        ["Skridt", "Step"],
        ["GDPR artikel 6, stk. 1", "GDPR Article 6(1)"],
        ["Artikel 9, stk. 2", "Article 9(2)"],
        ["Dansk ret", "National law"],
    ];
    out.table(&head, rows.collect());
}

/// A text of the file as a sentence.
fn ended(text: &str) -> String {
    if text.ends_with(['.', '?', '!']) { text.to_owned() } else { format!("{text}.") }
}

fn safeguards(out: &mut Writer, permit: &Permit) {
    if permit.mode != Mode::PersonContributions {
        return;
    }
    let Some(safeguards) = &permit.safeguards else {
        out.say(
            "Hvad der beskytter borgerne på listen, er ikke oplyst. Kun et laboratorium må udelade det.",
            "What protects the citizens on the list is not stated. Only a laboratory may leave that out.",
        );
        return;
    };
    let mut rows = vec![vec![
        Text::new(
            "Et menneske ser på hver borger på listen, før der sker noget (artikel 22)",
            "A human looks at each listed citizen before anything is done (Article 22)",
        ),
        same(&safeguards.human_review),
    ]];
    let named = [
        (
            &safeguards.joint_controllers,
            "Ordning mellem fælles dataansvarlige (artikel 26)",
            "Arrangement between joint controllers (Article 26)",
        ),
        (
            &safeguards.processor_agreement,
            "Databehandleraftale (artikel 28)",
            "Processor agreement (Article 28)",
        ),
    ];
    for (text, da, en) in named {
        let none = || Text::new("ingen nævnt", "none named");
        rows.push(vec![Text::new(da, en), text.as_ref().map_or_else(none, same)]);
    }
    rows.push(vec![
        Text::new(
            "Sådan får borgerne besked (artikel 13 og 14)",
            "How citizens are informed (Articles 13 and 14)",
        ),
        same(&safeguards.notice),
    ]);
    out.table(
        &[
            ["Hvad der beskytter borgerne på listen", "What protects the citizens on the list"],
            ["Som politikken siger det", "In the policy's words"],
        ],
        rows,
    );
}

fn models(out: &mut Writer, permit: &Permit, with: &Explaining<'_>) {
    if !permit.mode.has_pseudonyms() {
        return;
    }
    out.part("Modeller og bidrag (del 4 og 5)", "Models and contributions (parts 4 and 5)");
    if permit.models.is_empty() {
        out.say("Ingen model må bruges.", "No model may be used.");
        return;
    }
    out.say(
        "Kun disse modeller må bruges. En model er en fast regel, der giver hver borger point; aftrykket viser, at det er netop den fil, der er vurderet. «Fineste bidrag» er, hvor nøjagtigt noden må bidrage: point er groveste og hændelser fineste.",
        "Only these models may be used. A model is a fixed rule that gives each citizen points; the digest shows that it is the very file that was assessed. \"Finest contribution\" is how exactly the node may contribute: points are the coarsest and events the finest.",
    );
    let rows = permit.models.iter().flat_map(|model| of_model(model, with));
    let head = [
        ["Model", "Model"],
        ["Version", "Version"],
        ["Filens aftryk (SHA-256)", "Digest of its file (SHA-256)"],
        ["Komponent", "Component"],
        ["Fineste bidrag", "Finest contribution"],
    ];
    out.table(&head, rows.collect());
}

/// A row for each named component and one for the others.
fn of_model(model: &PermittedModel, with: &Explaining<'_>) -> Vec<Vec<Text>> {
    let (name, version, digest) = match &model.of {
        None => {
            (Text::new("alle modeller", "every model"), Text::new("alle", "all"), Text::new("alle", "all"))
        }
        Some(of) => {
            let installed = with.library.model(&of.name).filter(|model| model.digest == of.digest);
            let name = match installed {
                Some(known) => {
                    Text::new(format!("{} ({})", of.name, known.da), format!("{} ({})", of.name, known.en))
                }
                None => Text::new(
                    format!("{} (ikke installeret i denne version)", of.name),
                    format!("{} (not installed in this version)", of.name),
                ),
            };
            (name, same(of.version.to_string()), same(of.digest.to_string()))
        }
    };
    let row =
        |component: Text, grain: Text| vec![name.clone(), version.clone(), digest.clone(), component, grain];
    let named = model.components.iter().map(|(component, grain)| row(same(component), words::grain(*grain)));
    let none = || Text::new("intet", "none");
    let others = match model.components.is_empty() {
        true => Text::new("alle", "all"),
        false => Text::new("alle andre", "all others"),
    };
    named.chain([row(others, model.grain.map_or_else(none, words::grain))]).collect()
}

fn list(out: &mut Writer, permit: &Permit) {
    let Some(list) = &permit.work_list else { return };
    out.part(
        "Hvad en arbejdsliste siger og til hvem (del 4)",
        "What a work list tells, and to whom (part 4)",
    );
    let (disclosure, persons) = (words::disclosure(list.disclosure), words::persons(list.persons));
    let to = joined(&list.to.iter().map(|one| words::recipient(*one)).collect::<Vec<_>>());
    out.list(vec![
        Text::new(
            format!("Listen siger højst dette om en borger: {}.", disclosure.da),
            format!("The list tells at most this of a citizen: {}.", disclosure.en),
        ),
        Text::new(format!("På listen står {}.", persons.da), format!("On the list stand {}.", persons.en)),
        Text::new(format!("Listen må gå til {}.", to.da), format!("The list may go to {}.", to.en)),
    ]);
}

fn budget(out: &mut Writer, policy: &Policy, permit: &Permit, with: &Explaining<'_>) {
    let Some(budget) = &permit.budget else { return };
    out.part("Hvad svar må koste (del 8)", "What answers may cost (part 8)");
    let conversion = with.conversion.as_ref();
    let (query, all) = (limit(&budget.per_query, conversion), limit(&budget.in_all, conversion));
    let default = budget.default_query.map_or_else(
        || Text::new("afvises: tilladelsen har ingen standardpris", "refused: the permit has no default"),
        |default| limit(&default, conversion),
    );
    let rows = vec![
        vec![Text::new("Ét svar, højst", "One answer, at most"), query],
        vec![
            Text::new(
                "Et svar, når spørgsmålet ikke siger, hvad det må koste",
                "An answer whose query does not say what it may cost",
            ),
            default,
        ],
        vec![Text::new("Alle svar under tilladelsen, højst", "All answers under the permit, at most"), all],
    ];
    out.table(&[["Hvad", "What"], ["Koster", "Costs"]], rows);
    if !policy.laboratory {
        out.say(
            "Det samme spørgsmål over de samme data besvares kun én gang; derefter gives det gemte svar igen uden ny støj og uden ny pris.",
            "The same question over the same data is answered once; after that the stored answer is given again, with no new noise and at no new price.",
        );
    }
}

fn pseudonyms(out: &mut Writer, permit: &Permit) {
    let Some(pseudonyms) = &permit.pseudonyms else { return };
    out.part("Pseudonymer (del 9)", "Pseudonyms (part 9)");
    let study = counted(pseudonyms.evaluations_per_study, PERSONS);
    let peer = counted(pseudonyms.evaluations_per_peer, PERSONS);
    out.list(vec![
        Text::new(
            format!("Pseudonymerne laves under navnet «{}», så de ikke kan holdes sammen med andre tilladelsers.", pseudonyms.domain),
            format!("Pseudonyms are made under the name \"{}\", so that they cannot be matched with those of other permits.", pseudonyms.domain),
        ),
        key(permit.follow_up.as_ref()),
        Text::new(
            format!("Noden må højst få lavet pseudonymer for {} i ét studie.", study.da),
            format!("The node may have pseudonyms made for at most {} in one study.", study.en),
        ),
        Text::new(
            format!("Noden laver højst pseudonymer for {} for én anden node i ét studie.", peer.da),
            format!("The node makes pseudonyms for at most {} for one other node in one study.", peer.en),
        ),
    ]);
}

/// Whether runs can be linked, until when and why.
fn key(follow_up: Option<&FollowUp>) -> Text {
    let Some(FollowUp { until, reason }) = follow_up else {
        return Text::new(
            "Hver kørsel har sin egen nøgle, så ingen kan følge en borger fra den ene til den næste.",
            "Each run has a key of its own, so that nobody can follow a citizen from one to the next.",
        );
    };
    let until = until.map_or_else(
        || Text::new("uden slutning", "without end"),
        |until| {
            let until = day(until);
            Text::new(format!("til og med {}", until.da), format!("up to and including {}", until.en))
        },
    );
    Text::new(
        format!(
            "Kørsler må fortsætte under samme nøgle {}; indtil nøglen er lukket, kan koordinatoren kæde deres pseudonymer sammen, og de gemmes uanset fristen for pseudonymer. Begrundelsen er: {}",
            until.da,
            ended(reason)
        ),
        format!(
            "Runs may go on under one key {}; until the key is closed, the coordinator can link their pseudonyms, and they are kept whatever the term for pseudonyms. The reason is: {}",
            until.en,
            ended(reason)
        ),
    )
}
