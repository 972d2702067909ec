//! Purpose, legal basis and what protects listed citizens, compared.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::change::Direction::{Neutral, Tightens};
use crate::diff::change::{Risk, What};
use crate::diff::compare::{Changes, Words};
use crate::diff::whole::same;
use crate::permit::{Basis, Purpose, Safeguards, Step};
use crate::text::Text;

/// An agreement: key, before, after, and the words for named, no longer named, and another.
type Agreement<'a> = (&'static str, &'a Option<String>, &'a Option<String>, [Words; 3]);

pub(super) fn of_purpose(out: &mut Changes, old: Option<&Purpose>, new: Option<&Purpose>) {
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

pub(super) fn of_basis(out: &mut Changes, old: &BTreeMap<Step, Basis>, new: &BTreeMap<Step, Basis>) {
    let steps: BTreeSet<Step> = old.keys().chain(new.keys()).copied().collect();
    for step in steps {
        let [key, article_6_key, article_9_key, national_key] =
            step_keys(step).map(|key| (key, Risk::Grounds));
        let [da, en] = step_words(step);
        let mut say = |key, what, old: Text, new: Text| {
            let text = Text::new(
                format!("Retsgrundlaget for {da} er nu {}; før {}.", new.da, old.da),
                format!("The legal basis of {en} is now {}; before {}.", new.en, old.en),
            );
            out.push(Neutral, key, what, text);
        };
        let six = |letter: char| {
            Text::new(format!("artikel 6, stk. 1, litra {letter}"), format!("Article 6(1)({letter})"))
        };
        let nine = |letter: char| {
            Text::new(format!("artikel 9, stk. 2, litra {letter}"), format!("Article 9(2)({letter})"))
        };
        let all = |basis: &Basis| {
            let (six, nine, national) = (six(basis.article_6), nine(basis.article_9), &basis.national);
            Text::new(
                format!("{}, {}, {national}", six.da, nine.da),
                format!("{}, {}, {national}", six.en, nine.en),
            )
        };
        let none = || Text::new("intet", "none");
        match (old.get(&step), new.get(&step)) {
            (Some(old), Some(Basis { article_6, article_9, national: paragraph })) => {
                if old.article_6 != *article_6 {
                    say(article_6_key, What::Changed, six(old.article_6), six(*article_6));
                }
                if old.article_9 != *article_9 {
                    say(article_9_key, What::Changed, nine(old.article_9), nine(*article_9));
                }
                if old.national != *paragraph {
                    say(national_key, What::Changed, same(&old.national), same(paragraph));
                }
            }
            (None, Some(new)) => say(key, What::Added, none(), all(new)),
            (Some(old), None) => say(key, What::Removed, all(old), none()),
            (None, None) => {}
        }
    }
}

pub(super) fn of_safeguards(out: &mut Changes, old: Option<&Safeguards>, new: Option<&Safeguards>) {
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
    let agreements: [Agreement<'_>; 2] = [
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
