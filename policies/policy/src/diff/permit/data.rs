//! Which data, and whose, compared.

use crate::diff::change::Direction::{Loosens, Tightens};
use crate::diff::change::{Risk, What};
use crate::diff::compare::{Changes, Words};
use crate::diff::whole::same;
use crate::explain::number::whole;
use crate::permit::{Allowed, Clamp, Data, Population};
use crate::text::Text;

/// A list of names: key, risk, before, after, and the words for one more, one less, all, and these only.
type Names<'n> = (&'static str, Risk, &'n Allowed<String>, &'n Allowed<String>, [Words; 4]);

pub(super) fn of_data(out: &mut Changes, old: &Data, new: &Data) {
    let Data { tables, features, categories, sensitive, clamps } = new;
    let lists: [Names<'_>; 4] = [
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
            out.say(Loosens, key, What::Added, words, &shown, &shown);
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
        out.say(Tightens, key, What::Removed, words, &shown, &shown);
    }
}

pub(super) fn of_population(out: &mut Changes, old: &Population, new: &Population) {
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
