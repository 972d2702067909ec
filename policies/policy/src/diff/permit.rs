//! Permits compared, each with the one of the same id.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use tvaers_protocol::study::Grain;

use super::change::Direction::{Loosens, Neutral, Tightens};
use super::change::{Risk, What};
use super::compare::{Changes, Words};
use super::whole::{of_limit, of_validity, same};
use crate::explain::number::{day, stated, whole};
use crate::explain::words;
use crate::permit::{
    Allowed, Approval, Basis, Clamp, Data, Mode, NamedPerson, Permit, PermitBudget, PermittedModel,
    Population, Pseudonyms, Purpose, Safeguards, Step, Validity, WorkList,
};
use crate::policy::Policy;
use crate::text::Text;

pub(super) fn compare_all(out: &mut Changes, old: &Policy, new: &Policy) {
    for permit in new.permits() {
        out.of_permit(&permit.id);
        match old.permit(&permit.id) {
            None => came(out, "permit", permit),
            Some(before) if before.mode != permit.mode => {
                // What is of another mode is nothing to compare with.
                went(out, "permit.mode", before);
                came(out, "permit.mode", permit);
            }
            Some(before) => compare(out, before, permit),
        }
    }
    for permit in old.permits().iter().filter(|permit| new.permit(&permit.id).is_none()) {
        out.of_permit(&permit.id);
        went(out, "permit", permit);
    }
}

const fn risk(mode: Mode) -> Risk {
    match mode {
        Mode::PersonContributions => Risk::NamedCitizens,
        Mode::JoinedStatistics => Risk::Contributions,
        Mode::Aggregates => Risk::Data,
    }
}

fn came(out: &mut Changes, key: &'static str, permit: &Permit) {
    let text = summary(permit);
    let text = Text::new(format!("Ny tilladelse: {}", text.da), format!("A new permit: {}", text.en));
    out.push(Loosens, (key, risk(permit.mode)), What::Added, text);
}

fn went(out: &mut Changes, key: &'static str, permit: &Permit) {
    let text = summary(permit);
    let text = Text::new(
        format!("Tilladelsen findes ikke længere: {}", text.da),
        format!("The permit is gone: {}", text.en),
    );
    out.push(Tightens, (key, risk(permit.mode)), What::Removed, text);
}

/// What a whole permit comes to.
fn summary(permit: &Permit) -> Text {
    let mode = words::mode(permit.mode);
    let (mut da, mut en) = (mode.da, mode.en);
    if let Some(purpose) = &permit.purpose {
        da.push_str(&format!(", til formålet «{}»", purpose.text.da));
        en.push_str(&format!(", for the purpose \"{}\"", purpose.text.en));
    }
    match &permit.askers {
        Allowed::All => {
            da.push_str(", for enhver på deltagerlisten");
            en.push_str(", for anyone whom the roster names");
        }
        Allowed::Only(askers) => {
            let names: Vec<&str> = askers.iter().map(|asker| asker.name.as_str()).collect();
            da.push_str(&format!(", for {}", names.join(", ")));
            en.push_str(&format!(", for {}", names.join(", ")));
        }
    }
    if let Some(list) = &permit.work_list {
        let told = words::disclosure(list.disclosure);
        da.push_str(&format!("; listen siger {}", told.da));
        en.push_str(&format!("; the list tells {}", told.en));
    }
    if let Some(budget) = permit.budget.and_then(|budget| budget.in_all.stated) {
        let budget = stated(budget);
        da.push_str(&format!("; højst {} i alt", budget.da));
        en.push_str(&format!("; at most {} in all", budget.en));
    }
    if let Some(validity) = permit.validity {
        let to = day(validity.to);
        da.push_str(&format!("; til og med {}", to.da));
        en.push_str(&format!("; up to and including {}", to.en));
    }
    Text::new(format!("{da}."), format!("{en}."))
}

fn compare(out: &mut Changes, old: &Permit, new: &Permit) {
    // Every field: the compiler asks for a new one.
    let Permit {
        id: _,
        mode,
        issuer,
        validity,
        revoked,
        purpose,
        basis,
        askers,
        approvals,
        single_approval,
        second_signatures,
        data,
        population,
        budget,
        models,
        work_list,
        pseudonyms,
        safeguards,
    } = new;
    let risk = risk(*mode);
    let issued = |issuer: &Option<String>| {
        issuer.as_ref().map_or_else(|| Text::new("ingen", "nobody"), |issuer| same(issuer))
    };
    out.changed(
        ("permit.issuer", Risk::Details),
        (&old.issuer, issuer),
        issued,
        ["Udstederen er nu %n; før %o.", "The issuer is now %n; before %o."],
    );
    of_time(out, (old.validity, *validity), (old.revoked, *revoked));
    of_purpose(out, old.purpose.as_ref(), purpose.as_ref());
    of_basis(out, &old.basis, basis);
    of_askers(out, &old.askers, askers);
    of_second(out, &old.second_signatures, second_signatures);
    of_approvals(out, &old.approvals, approvals);
    of_single(out, old.single_approval.as_ref(), single_approval.as_ref());
    of_data(out, &old.data, data);
    of_population(out, &old.population, population);
    if let (Some(old), Some(new)) = (&old.budget, budget) {
        of_budget(out, old, new);
    }
    of_models(out, &old.models, models, risk);
    if let (Some(old), Some(new)) = (&old.work_list, work_list) {
        of_list(out, old, new);
    }
    if let (Some(old), Some(new)) = (&old.pseudonyms, pseudonyms) {
        of_pseudonyms(out, old, new);
    }
    of_safeguards(out, old.safeguards.as_ref(), safeguards.as_ref());
}

fn of_time(
    out: &mut Changes,
    validity: (Option<Validity>, Option<Validity>),
    (old, new): (Option<Date>, Option<Date>),
) {
    of_validity(
        out,
        [("permit.valid-from", Risk::Time), ("permit.valid-to", Risk::Time)],
        validity,
        [
            ["Tilladelsen gælder nu fra og med %n; før %o.", "The permit now holds from %n on; before %o."],
            [
                "Tilladelsen gælder nu til og med %n; før %o.",
                "The permit now holds up to and including %n; before %o.",
            ],
        ],
    );
    let key = ("permit.revoked", Risk::Time);
    let show = |date: &Date| day(*date);
    out.presence(
        key,
        Tightens,
        (old.as_ref(), new.as_ref()),
        show,
        [
            ["Tilladelsen er tilbagekaldt fra og med %n.", "The permit is revoked from %n on."],
            [
                "Tilladelsen er ikke længere tilbagekaldt (før fra og med %o).",
                "The permit is no longer revoked (before, from %o on).",
            ],
        ],
    );
    if let (Some(old), Some(new)) = (old, new) {
        let words = [
            "Tilladelsen er tilbagekaldt fra og med %n; før fra og med %o.",
            "The permit is revoked from %n on; before from %o on.",
        ];
        out.ordered(key, Loosens, (&old, &new), show, words);
    }
}

fn of_purpose(out: &mut Changes, old: Option<&Purpose>, new: Option<&Purpose>) {
    out.presence(
        ("permit.purpose", Risk::Grounds),
        Tightens,
        (old, new),
        |purpose| purpose.text.clone(),
        [
            [
                "Tilladelsen har nu et formål, som spørgsmål skal nævne: %n.",
                "The permit now has a purpose that requests must name: %n.",
            ],
            [
                "Tilladelsen har ikke længere et formål; før: %o.",
                "The permit no longer has a purpose; before: %o.",
            ],
        ],
    );
    let (Some(old), Some(new)) = (old, new) else { return };
    let Purpose { id, text, ehds_53 } = new;
    out.replaced(
        ("permit.purpose.id", Risk::Grounds),
        (&old.id, id),
        |text| same(text),
        [
            "Spørgsmål til formålet «%n» kan nu besvares.",
            "Requests for the purpose \"%n\" can now be answered.",
        ],
        [
            "Spørgsmål til formålet «%o» kan ikke længere besvares.",
            "Requests for the purpose \"%o\" can no longer be answered.",
        ],
    );
    out.changed(
        ("permit.purpose.da", Risk::Grounds),
        (&old.text.da, &text.da),
        |text| same(text),
        ["Formålet er på dansk nu «%n»; før «%o».", "In Danish the purpose is now \"%n\"; before \"%o\"."],
    );
    out.changed(
        ("permit.purpose.en", Risk::Grounds),
        (&old.text.en, &text.en),
        |text| same(text),
        ["Formålet er på engelsk nu «%n»; før «%o».", "In English the purpose is now \"%n\"; before \"%o\"."],
    );
    let ehds = |letter: &Option<char>| {
        letter.map_or_else(
            || Text::new("intet", "none"),
            |letter| Text::new(format!("litra {letter}"), format!("({letter})")),
        )
    };
    out.changed(("permit.purpose.ehds-53", Risk::Grounds), (&old.ehds_53, ehds_53), ehds, ["Formålet efter artikel 53, stk. 1, i forordningen om det europæiske sundhedsdataområde er nu %n; før %o.", "The purpose of Article 53(1) of the European Health Data Space regulation is now %n; before %o."]);
}

const fn step_keys(step: Step) -> [&'static str; 4] {
    match step {
        Step::Compute => [
            "permit.basis.compute",
            "permit.basis.compute.article-6",
            "permit.basis.compute.article-9",
            "permit.basis.compute.national",
        ],
        Step::Disclose => [
            "permit.basis.disclose",
            "permit.basis.disclose.article-6",
            "permit.basis.disclose.article-9",
            "permit.basis.disclose.national",
        ],
        Step::DiscloseItems => [
            "permit.basis.disclose-items",
            "permit.basis.disclose-items.article-6",
            "permit.basis.disclose-items.article-9",
            "permit.basis.disclose-items.national",
        ],
        Step::HandToPractice => [
            "permit.basis.hand-to-practice",
            "permit.basis.hand-to-practice.article-6",
            "permit.basis.hand-to-practice.article-9",
            "permit.basis.hand-to-practice.national",
        ],
    }
}

const fn step_words(step: Step) -> [&'static str; 2] {
    match step {
        Step::Compute => ["beregning hos noden", "computing at the node"],
        Step::Disclose => ["videregivelse til koordinatoren", "disclosing to the coordinator"],
        Step::DiscloseItems => {
            ["videregivelse af hvert kriteriums point", "disclosing the points of each criterion"]
        }
        Step::HandToPractice => ["overlevering til almen praksis", "handing to a GP practice"],
    }
}

fn of_basis(out: &mut Changes, old: &BTreeMap<Step, Basis>, new: &BTreeMap<Step, Basis>) {
    let steps: BTreeSet<Step> = old.keys().chain(new.keys()).copied().collect();
    for step in steps {
        let [key, six, nine, national] = step_keys(step).map(|key| (key, Risk::Grounds));
        let [da, en] = step_words(step);
        let mut say = |key, what, old: String, new: String| {
            let text = Text::new(
                format!("Retsgrundlaget for {da} er nu {new}; før {old}."),
                format!("The legal basis of {en} is now {new}; before {old}."),
            );
            out.push(Neutral, key, what, text);
        };
        let all =
            |basis: &Basis| format!("6({}), 9({}), {}", basis.article_6, basis.article_9, basis.national);
        match (old.get(&step), new.get(&step)) {
            (Some(old), Some(Basis { article_6, article_9, national: paragraph })) => {
                let article = |number: u8, letter: char| format!("{number}({letter})");
                if old.article_6 != *article_6 {
                    say(six, What::Changed, article(6, old.article_6), article(6, *article_6));
                }
                if old.article_9 != *article_9 {
                    say(nine, What::Changed, article(9, old.article_9), article(9, *article_9));
                }
                if old.national != *paragraph {
                    say(national, What::Changed, old.national.clone(), paragraph.clone());
                }
            }
            (None, Some(new)) => say(key, What::Added, "-".to_owned(), all(new)),
            (Some(old), None) => say(key, What::Removed, all(old), "-".to_owned()),
            (None, None) => {}
        }
    }
}

/// Name and short fingerprint.
fn person(person: &NamedPerson) -> Text {
    let role = words::role(person.role);
    let print = words::fingerprint(&person.key);
    Text::new(
        format!("{} ({}, {print})", person.name, role.da),
        format!("{} ({}, {print})", person.name, role.en),
    )
}

/// A person is a key: another name is a detail, another role another right.
struct PersonKeys {
    list: &'static str,
    name: &'static str,
    role: &'static str,
}

fn of_persons(
    out: &mut Changes,
    keys: &PersonKeys,
    (old, new): (&[NamedPerson], &[NamedPerson]),
    words: [Words; 2],
) {
    let [came, went] = words;
    for one in new.iter().filter(|one| old.iter().all(|other| other.key != one.key)) {
        let shown = person(one);
        out.push(
            Loosens,
            (keys.list, Risk::People),
            What::Added,
            super::compare::filled(came, &shown, &shown),
        );
    }
    for one in old {
        let Some(now) = new.iter().find(|other| other.key == one.key) else {
            let shown = person(one);
            out.push(
                Tightens,
                (keys.list, Risk::People),
                What::Removed,
                super::compare::filled(went, &shown, &shown),
            );
            continue;
        };
        let NamedPerson { name, key: _, role } = now;
        out.changed(
            (keys.name, Risk::Details),
            (&one.name, name),
            |text| same(text),
            ["Nøglen hører nu til navnet %n; før %o.", "The key now goes with the name %n; before %o."],
        );
        let (before, after) = (person(one), person(now));
        out.replaced(
            (keys.role, Risk::People),
            (&one.role, role),
            |role| if *role == one.role { before.clone() } else { after.clone() },
            ["%n kan nu gøre det i den rolle.", "%n can now do so in that role."],
            ["%o kan ikke længere gøre det i den rolle.", "%o can no longer do so in that role."],
        );
    }
}

fn of_askers(out: &mut Changes, old: &Allowed<NamedPerson>, new: &Allowed<NamedPerson>) {
    const KEYS: PersonKeys =
        PersonKeys { list: "permit.asker", name: "permit.asker.name", role: "permit.asker.role" };
    if let (Allowed::Only(old), Allowed::Only(new)) = (old, new) {
        let words = [
            ["%n må nu spørge.", "%n may now ask."],
            ["%o må ikke længere spørge.", "%o may no longer ask."],
        ];
        of_persons(out, &KEYS, (old, new), words);
        return;
    }
    out.allowed(
        (KEYS.list, Risk::People),
        (old, new),
        person,
        [["", ""], ["", ""]],
        [
            ["Enhver på deltagerlisten må nu spørge.", "Anyone whom the roster names may now ask."],
            [
                "Det er ikke længere enhver, der må spørge, kun: %n.",
                "It is no longer anyone who may ask, only: %n.",
            ],
        ],
    );
}

/// One of the persons is needed where there is any: the first to come is a demand, and another one a choice.
fn of_second(out: &mut Changes, old: &[NamedPerson], new: &[NamedPerson]) {
    const KEYS: PersonKeys = PersonKeys {
        list: "permit.second-signature",
        name: "permit.second-signature.name",
        role: "permit.second-signature.role",
    };
    let names = |persons: &[NamedPerson]| {
        let shown: Vec<Text> = persons.iter().map(person).collect();
        let join = |of: fn(&Text) -> &str| shown.iter().map(of).collect::<Vec<_>>().join(", ");
        Text::new(join(|text| &text.da), join(|text| &text.en))
    };
    let key = (KEYS.list, Risk::People);
    match (old.is_empty(), new.is_empty()) {
        (true, true) => {}
        (true, false) => {
            let words = [
                "En af disse skal nu skrive under sammen med den, der spørger: %n.",
                "One of these must now sign beside who asks: %n.",
            ];
            let shown = names(new);
            out.push(Tightens, key, What::Added, super::compare::filled(words, &shown, &shown));
        }
        (false, true) => {
            let words = [
                "Ingen behøver længere at skrive under sammen med den, der spørger; før en af disse: %o.",
                "Nobody needs to sign beside who asks any longer; before one of these: %o.",
            ];
            let shown = names(old);
            out.push(Loosens, key, What::Removed, super::compare::filled(words, &shown, &shown));
        }
        (false, false) => {
            let words = [
                ["%n kan nu give den anden underskrift.", "%n can now give the second signature."],
                [
                    "%o kan ikke længere give den anden underskrift.",
                    "%o can no longer give the second signature.",
                ],
            ];
            of_persons(out, &KEYS, (old, new), words);
        }
    }
}

/// A permit holds from the last of the approvals on, and one fewer is one person fewer who looked at it.
fn of_approvals(out: &mut Changes, old: &[Approval], new: &[Approval]) {
    let shown = |one: &Approval| {
        let date = day(one.date);
        Text::new(format!("{} den {}", one.name, date.da), format!("{} on {}", one.name, date.en))
    };
    let lacks = |list: &[Approval], one: &Approval| list.iter().all(|other| other.name != one.name);
    for one in new.iter().filter(|one| lacks(old, one)) {
        let words = [
            "Tilladelsen er nu også godkendt af %n og gælder ikke før.",
            "The permit is now also approved by %n and does not hold before.",
        ];
        let shown = shown(one);
        out.push(
            Tightens,
            ("permit.approval", Risk::People),
            What::Added,
            super::compare::filled(words, &shown, &shown),
        );
    }
    for one in old {
        let Some(Approval { name: _, date }) = new.iter().find(|other| other.name == one.name) else {
            let words =
                ["Godkendelsen af %o er ikke længere nævnt.", "The approval by %o is no longer named."];
            let shown = shown(one);
            out.push(
                Loosens,
                ("permit.approval", Risk::People),
                What::Removed,
                super::compare::filled(words, &shown, &shown),
            );
            continue;
        };
        let (before, after) = (shown(one), shown(&Approval { date: *date, ..one.clone() }));
        let show = |day: &Date| if *day == one.date { before.clone() } else { after.clone() };
        out.ordered(
            ("permit.approval.date", Risk::Time),
            Tightens,
            (&one.date, date),
            show,
            ["Tilladelsen er godkendt af %n; før %o.", "The permit is approved by %n; before %o."],
        );
    }
}

fn of_single(out: &mut Changes, old: Option<&String>, new: Option<&String>) {
    let key = ("permit.single-approval", Risk::People);
    out.presence(
        key,
        Loosens,
        (old, new),
        |text| same(text),
        [
            ["Én godkendelse er nu nok: %n.", "One approval is now enough: %n."],
            ["Én godkendelse er ikke længere nok; før: %o.", "One approval is no longer enough; before: %o."],
        ],
    );
    if let (Some(old), Some(new)) = (old, new) {
        out.changed(
            key,
            (old, new),
            |text| same(text),
            [
                "Begrundelsen for, at én godkendelse er nok, er nu «%n»; før «%o».",
                "The reason why one approval is enough is now \"%n\"; before \"%o\".",
            ],
        );
    }
}

fn of_data(out: &mut Changes, old: &Data, new: &Data) {
    let Data { tables, features, categories, sensitive, clamps } = new;
    let lists: [(&'static str, Risk, &Allowed<String>, &Allowed<String>, [Words; 4]); 4] = [
        (
            "permit.data.tables",
            Risk::Data,
            &old.tables,
            tables,
            [
                ["Tabellen %n må nu læses.", "The table %n may now be read."],
                ["Tabellen %o må ikke længere læses.", "The table %o may no longer be read."],
                ["Alle tabeller må nu læses.", "All tables may now be read."],
                [
                    "Ikke længere alle tabeller må læses, kun: %n.",
                    "No longer all tables may be read, only: %n.",
                ],
            ],
        ),
        (
            "permit.data.features",
            Risk::Data,
            &old.features,
            features,
            [
                ["Egenskaben %n må nu opgøres.", "The feature %n may now be worked out."],
                ["Egenskaben %o må ikke længere opgøres.", "The feature %o may no longer be worked out."],
                ["Alle egenskaber må nu opgøres.", "All features may now be worked out."],
                [
                    "Ikke længere alle egenskaber må opgøres, kun: %n.",
                    "No longer all features may be worked out, only: %n.",
                ],
            ],
        ),
        (
            "permit.data.categories",
            Risk::Data,
            &old.categories,
            categories,
            [
                ["Svar må nu opdeles efter %n.", "Answers may now be grouped by %n."],
                ["Svar må ikke længere opdeles efter %o.", "Answers may no longer be grouped by %o."],
                [
                    "Svar må nu opdeles efter alle kategorier.",
                    "Answers may now be grouped by all categories.",
                ],
                [
                    "Svar må ikke længere opdeles efter alle kategorier, kun: %n.",
                    "Answers may no longer be grouped by all categories, only: %n.",
                ],
            ],
        ),
        (
            "permit.data.sensitive",
            Risk::Sensitive,
            &old.sensitive,
            sensitive,
            [
                [
                    "Den særligt følsomme egenskab %n er nu godkendt.",
                    "The especially sensitive feature %n is now approved.",
                ],
                [
                    "Den særligt følsomme egenskab %o er ikke længere godkendt.",
                    "The especially sensitive feature %o is no longer approved.",
                ],
                [
                    "Alle særligt følsomme egenskaber er nu godkendt.",
                    "All especially sensitive features are now approved.",
                ],
                [
                    "Ikke længere alle særligt følsomme egenskaber er godkendt, kun: %n.",
                    "No longer all especially sensitive features are approved, only: %n.",
                ],
            ],
        ),
    ];
    for (key, risk, old, new, [came, went, all, only]) in lists {
        out.allowed((key, risk), (old, new), |text| same(text), [came, went], [all, only]);
    }
    of_clamps(out, &old.clamps, clamps);
}

fn of_clamps(out: &mut Changes, old: &Allowed<Clamp>, new: &Allowed<Clamp>) {
    let show = |clamp: &Clamp| {
        let (from, to) = (whole(clamp.from), whole(clamp.to));
        Text::new(
            format!("{} ({} til {})", clamp.feature, from.da, to.da),
            format!("{} ({} to {})", clamp.feature, from.en, to.en),
        )
    };
    let key = ("permit.data.clamp", Risk::Data);
    let (Allowed::Only(before), Allowed::Only(after)) = (old, new) else {
        out.allowed(
            key,
            (old, new),
            show,
            [["", ""], ["", ""]],
            [
                ["Alle tal må nu lægges sammen.", "All numbers may now be added up."],
                [
                    "Ikke længere alle tal må lægges sammen, kun: %n.",
                    "No longer all numbers may be added up, only: %n.",
                ],
            ],
        );
        return;
    };
    for clamp in after {
        let Some(was) = before.iter().find(|was| was.feature == clamp.feature) else {
            let shown = show(clamp);
            let words = ["%n må nu lægges sammen.", "%n may now be added up."];
            out.push(Loosens, key, What::Added, super::compare::filled(words, &shown, &shown));
            continue;
        };
        let Clamp { feature: _, from, to } = clamp;
        let bound = |number: &i64| {
            let number = whole(*number);
            Text::new(
                format!("{} ({})", number.da, clamp.feature),
                format!("{} ({})", number.en, clamp.feature),
            )
        };
        out.ordered(
            ("permit.data.clamp.from", Risk::Data),
            Tightens,
            (&was.from, from),
            bound,
            [
                "Et tal, der lægges sammen, må nu ikke gå under %n; før %o.",
                "A number that is added up must now not go below %n; before %o.",
            ],
        );
        out.ordered(
            ("permit.data.clamp.to", Risk::Data),
            Loosens,
            (&was.to, to),
            bound,
            [
                "Et tal, der lægges sammen, må nu ikke gå over %n; før %o.",
                "A number that is added up must now not go above %n; before %o.",
            ],
        );
    }
    for clamp in before.iter().filter(|was| after.iter().all(|clamp| clamp.feature != was.feature)) {
        let shown = show(clamp);
        let words = ["%o må ikke længere lægges sammen.", "%o may no longer be added up."];
        out.push(Tightens, key, What::Removed, super::compare::filled(words, &shown, &shown));
    }
}

fn of_population(out: &mut Changes, old: &Population, new: &Population) {
    let Population { kommuner, age_from, age_to } = new;
    let key = ("permit.population.kommuner", Risk::Data);
    let codes = |codes: &Vec<u16>| same(codes.iter().map(u16::to_string).collect::<Vec<_>>().join(", "));
    out.presence(
        key,
        Tightens,
        (old.kommuner.as_ref(), kommuner.as_ref()),
        codes,
        [
            [
                "Den angår nu kun borgere i kommunerne %n.",
                "It is now about residents of the municipalities %n alone.",
            ],
            [
                "Den angår ikke længere kun borgere i kommunerne %o, men i alle.",
                "It is no longer about residents of the municipalities %o alone, but of all.",
            ],
        ],
    );
    if let (Some(old), Some(new)) = (&old.kommuner, kommuner) {
        let words = [
            [
                "Den angår nu også borgere i kommune %n.",
                "It is now also about residents of the municipality %n.",
            ],
            [
                "Den angår ikke længere borgere i kommune %o.",
                "It is no longer about residents of the municipality %o.",
            ],
        ];
        out.elements(key, Loosens, (old, new), |code| same(code.to_string()), words);
    }
    let age = |age: Option<u32>| {
        age.map_or_else(|| Text::new("ingen grænse", "no bound"), |age| same(age.to_string()))
    };
    // Nothing said is less than 0 below, and more than any age above.
    out.ordered(
        ("permit.population.age-from", Risk::Data),
        Tightens,
        (&old.age_from, age_from),
        |from| age(*from),
        ["Laveste alder er nu %n; før %o.", "The least age is now %n; before %o."],
    );
    let above = |to: Option<u32>| to.unwrap_or(u32::MAX);
    let show = |to: &u32| age(Some(*to).filter(|to| *to < u32::MAX));
    out.ordered(
        ("permit.population.age-to", Risk::Data),
        Loosens,
        (&above(old.age_to), &above(*age_to)),
        show,
        ["Højeste alder er nu %n; før %o.", "The greatest age is now %n; before %o."],
    );
}

fn of_budget(out: &mut Changes, old: &PermitBudget, new: &PermitBudget) {
    let PermitBudget { per_query, default_query, in_all } = new;
    of_limit(
        out,
        "permit.budget.per-query",
        &old.per_query,
        per_query,
        ["Ét svar må nu koste %n; før %o.", "One answer may now cost %n; before %o."],
    );
    of_limit(
        out,
        "permit.budget.in-all",
        &old.in_all,
        in_all,
        ["Alle svar tilsammen må nu koste %n; før %o.", "All answers together may now cost %n; before %o."],
    );
    const KEY: &str = "permit.budget.default-query";
    let show = |limit: &crate::permit::Limit| {
        limit.stated.map_or_else(|| Text::new("ubegrænset", "unlimited"), stated)
    };
    out.presence(
        (KEY, Risk::Budget),
        Loosens,
        (old.default_query.as_ref(), default_query.as_ref()),
        show,
        [
            [
                "Spørgsmål, der ikke siger, hvad de må koste, besvares nu for %n.",
                "Queries that do not say what they may cost are now answered for %n.",
            ],
            [
                "Spørgsmål, der ikke siger, hvad de må koste, afvises nu; før kostede de %o.",
                "Queries that do not say what they may cost are now refused; before they cost %o.",
            ],
        ],
    );
    let (Some(old), Some(new)) = (&old.default_query, default_query) else { return };
    of_limit(
        out,
        KEY,
        old,
        new,
        [
            "Et svar, hvis spørgsmål ikke siger, hvad det må koste, koster nu %n; før %o.",
            "An answer whose query does not say what it may cost now costs %n; before %o.",
        ],
    );
    // A dearer answer tells more, and sooner meets a budget.
    if old.nano_rho != new.nano_rho {
        let (direction, what, words) = match new.nano_rho > old.nano_rho {
            true => (
                Tightens,
                What::Raised,
                [
                    "Da de koster mere, er der plads til færre svar uden angivet pris inden for budgetterne (nu %n, før %o).",
                    "As they cost more, fewer answers without a stated price fit into the budgets (now %n, before %o).",
                ],
            ),
            false => (
                Loosens,
                What::Lowered,
                [
                    "Da de koster mindre, er der plads til flere svar uden angivet pris inden for budgetterne (nu %n, før %o).",
                    "As they cost less, more answers without a stated price fit into the budgets (now %n, before %o).",
                ],
            ),
        };
        out.push(direction, (KEY, Risk::Budget), what, super::compare::filled(words, &show(old), &show(new)));
    }
}

fn model(model: &PermittedModel) -> Text {
    match &model.of {
        None => Text::new("alle modeller", "every model"),
        Some(of) => {
            let print = hex::encode(of.digest.0.get(..6).unwrap_or_default());
            same(format!("{} version {} ({print})", of.name, of.version))
        }
    }
}

fn of_models(out: &mut Changes, old: &[PermittedModel], new: &[PermittedModel], risk: Risk) {
    let key = ("permit.model", risk);
    for entry in new.iter().filter(|entry| old.iter().all(|other| other.of != entry.of)) {
        let shown = model(entry);
        out.push(
            Loosens,
            key,
            What::Added,
            super::compare::filled(["Der må nu bruges: %n.", "Now to be used: %n."], &shown, &shown),
        );
    }
    for entry in old {
        match new.iter().find(|other| other.of == entry.of) {
            Some(now) => of_model(out, entry, now),
            None => {
                let shown = model(entry);
                out.push(
                    Tightens,
                    key,
                    What::Removed,
                    super::compare::filled(
                        ["Der må ikke længere bruges: %o.", "No longer to be used: %o."],
                        &shown,
                        &shown,
                    ),
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
            out.push(Neutral, key, what, super::compare::filled(words, &shown, &shown));
        }
    }
}

fn of_list(out: &mut Changes, old: &WorkList, new: &WorkList) {
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

fn of_pseudonyms(out: &mut Changes, old: &Pseudonyms, new: &Pseudonyms) {
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
                "Noden må nu få lavet pseudonymer for %n personer i ét studie; før %o.",
                "The node may now have pseudonyms made for %n persons in one study; before %o.",
            ],
        ),
        (
            "permit.pseudonyms.evaluations-per-peer",
            old.evaluations_per_peer,
            *evaluations_per_peer,
            [
                "Noden må nu lave pseudonymer for %n personer for én anden node; før %o.",
                "The node may now make pseudonyms for %n persons for one other node; before %o.",
            ],
        ),
    ];
    for (key, old, new, words) in numbers {
        out.ordered((key, Risk::Contributions), Loosens, (&old, &new), |number| whole(*number), words);
    }
}

fn of_safeguards(out: &mut Changes, old: Option<&Safeguards>, new: Option<&Safeguards>) {
    out.presence(
        ("permit.safeguards", Risk::Grounds),
        Tightens,
        (old, new),
        |safeguards| same(&safeguards.human_review),
        [
            [
                "Der er nu nævnt, hvad der beskytter borgerne: %n.",
                "What protects the citizens is now named: %n.",
            ],
            [
                "Der er ikke længere nævnt, hvad der beskytter borgerne; før: %o.",
                "What protects the citizens is no longer named; before: %o.",
            ],
        ],
    );
    let (Some(old), Some(new)) = (old, new) else { return };
    let Safeguards { human_review, joint_controllers, processor_agreement, notice } = new;
    let texts: [(&'static str, &String, &String, Words); 2] = [
        (
            "permit.safeguards.human-review",
            &old.human_review,
            human_review,
            [
                "Hvem der ser på hver borger: nu «%n»; før «%o».",
                "Who looks at each citizen: now \"%n\"; before \"%o\".",
            ],
        ),
        (
            "permit.safeguards.notice",
            &old.notice,
            notice,
            [
                "Hvordan borgerne får besked: nu «%n»; før «%o».",
                "How citizens are informed: now \"%n\"; before \"%o\".",
            ],
        ),
    ];
    for (key, old, new, words) in texts {
        out.changed((key, Risk::Grounds), (old, new), |text| same(text), words);
    }
    let agreements: [(&'static str, &Option<String>, &Option<String>, [Words; 3]); 2] = [
        (
            "permit.safeguards.joint-controllers",
            &old.joint_controllers,
            joint_controllers,
            [
                [
                    "Ordningen mellem fælles dataansvarlige er nu nævnt: %n.",
                    "The arrangement between joint controllers is now named: %n.",
                ],
                [
                    "Ordningen mellem fælles dataansvarlige er ikke længere nævnt; før: %o.",
                    "The arrangement between joint controllers is no longer named; before: %o.",
                ],
                [
                    "Ordningen mellem fælles dataansvarlige er nu «%n»; før «%o».",
                    "The arrangement between joint controllers is now \"%n\"; before \"%o\".",
                ],
            ],
        ),
        (
            "permit.safeguards.processor-agreement",
            &old.processor_agreement,
            processor_agreement,
            [
                ["Databehandleraftalen er nu nævnt: %n.", "The processor agreement is now named: %n."],
                [
                    "Databehandleraftalen er ikke længere nævnt; før: %o.",
                    "The processor agreement is no longer named; before: %o.",
                ],
                [
                    "Databehandleraftalen er nu «%n»; før «%o».",
                    "The processor agreement is now \"%n\"; before \"%o\".",
                ],
            ],
        ),
    ];
    for (key, old, new, [came, went, other]) in agreements {
        let key = (key, Risk::Grounds);
        out.presence(key, Tightens, (old.as_ref(), new.as_ref()), |text| same(text), [came, went]);
        if let (Some(old), Some(new)) = (old, new) {
            out.changed(key, (old, new), |text| same(text), other);
        }
    }
}
