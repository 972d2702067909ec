//! The questions for a first policy, in the order in which they are asked.

use jiff::ToSpan as _;
use jiff::civil::Date;
use tvaers_query::Decimal;

use super::Answers;
use crate::lang::Lang;

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text.
    Text,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A date.
    Date,
    /// A whole number.
    Whole,
    /// A number with decimals.
    Decimal,
}

/// Stands for a second person until one is named: nobody else's name, since the two must differ.
const OTHER: &str = "…";

/// One question.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    pub(crate) name: &'static str,
    /// The path of the key that it is about, as faults name it.
    pub(crate) key: &'static str,
    pub(crate) kind: Kind,
    pub(crate) da: &'static str,
    pub(crate) en: &'static str,
    /// An answer that is right; told as an example, and in the file until it is answered.
    pub(crate) right: &'static str,
    pub(crate) default: Default,
    /// Whether it is about the permit.
    pub(crate) of_permit: bool,
}

/// What an empty answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Default {
    /// Nothing: an answer is needed.
    None,
    /// This.
    Is(&'static str),
    /// The day.
    Today,
    /// A fifth of epsilon, or what all answers may cost where that is less.
    Little,
    /// The last day of the year that begins with the policy.
    YearOn,
}

impl Question {
    /// What an empty answer means.
    pub(crate) fn default(&self, answers: &Answers, today: Date) -> Option<String> {
        match self.default {
            Default::None => None,
            Default::Is(text) => Some(text.to_owned()),
            Default::Little => {
                let little = Decimal::parse("0.2").ok()?;
                let life = answers.get("life").and_then(|life| Decimal::parse(life).ok()).unwrap_or(little);
                Some(little.min(life).to_string())
            }
            Default::Today => Some(today.to_string()),
            Default::YearOn => {
                let from = answers.get("valid-from").and_then(|from| from.parse().ok()).unwrap_or(today);
                from.checked_add(1.year())
                    .and_then(|day| day.checked_sub(1.day()))
                    .ok()
                    .map(|day| day.to_string())
            }
        }
    }

    /// What an empty answer means, before anything is answered; none where an answer is needed.
    pub(crate) fn proposal(&self, lang: Lang) -> Option<&'static str> {
        match self.default {
            Default::None => None,
            Default::Is(text) => Some(text),
            Default::Little => Some(lang.pick("0,2", "0.2")),
            Default::Today => Some(lang.pick("i dag", "today")),
            Default::YearOn => Some(lang.pick("et år efter den første", "a year after the first")),
        }
    }

    /// An answer to show; dates that are right whatever the others are would mislead.
    pub(crate) fn example(&self) -> &'static str {
        match self.kind {
            Kind::Date => "2026-11-10",
            _ if self.right == OTHER => "Databeskyttelsesrådgiveren",
            _ => self.right,
        }
    }

    /// The answer as it is kept; none where it is not of its kind.
    pub(crate) fn read(&self, answer: &str) -> Option<String> {
        let answer = answer.trim();
        match self.kind {
            Kind::Text => Some(answer.to_owned()),
            Kind::OneOf(words) => words.contains(&answer).then(|| answer.to_owned()),
            Kind::Date => answer.parse::<Date>().ok().map(|day| day.to_string()),
            Kind::Whole => answer.parse::<u32>().ok().map(|number| number.to_string()),
            // Danes write a comma.
            Kind::Decimal => Decimal::parse(&answer.replace(',', ".")).ok().map(|number| number.to_string()),
        }
    }
}

const fn text(
    name: &'static str,
    key: &'static str,
    right: &'static str,
    words: [&'static str; 2],
) -> Question {
    let [da, en] = words;
    Question { name, key, kind: Kind::Text, da, en, right, default: Default::None, of_permit: false }
}

const fn with(question: Question, kind: Kind, default: Default) -> Question {
    Question { kind, default, ..question }
}

const fn is(question: Question) -> Question {
    Question { default: Default::Is(question.right), ..question }
}

const fn of_permit(question: Question) -> Question {
    Question { of_permit: true, ..question }
}

/// All questions.
pub(crate) const QUESTIONS: &[Question] = &[
    text(
        "node",
        "policy.node",
        "k360",
        [
            "Nodens navn i deltagerlisten: 1–32 af a–z, 0–9 og _.",
            "The node's name in the roster: 1–32 of a–z, 0–9 and _.",
        ],
    ),
    with(
        text(
            "sector",
            "",
            "municipality",
            [
                "Er det en kommune (municipality) eller en region (region)?",
                "Is it a municipality or a region?",
            ],
        ),
        Kind::OneOf(&["municipality", "region"]),
        Default::Is("municipality"),
    ),
    text(
        "name",
        "controller.name",
        "Eksempel Kommune",
        [
            "Den dataansvarlige: kommunens eller regionens navn.",
            "The controller: the name of the municipality or region.",
        ],
    ),
    text(
        "cvr",
        "controller.cvr",
        "10000009",
        ["Den dataansvarliges CVR-nummer: otte cifre.", "The controller's CVR number: eight digits."],
    ),
    text(
        "contact",
        "controller.contact",
        "Projektkontoret, projekt@eksempel.example",
        ["Hvem borgere og myndigheder kan skrive til.", "Whom citizens and authorities can write to."],
    ),
    text(
        "dpo",
        "controller.dpo",
        "Databeskyttelsesrådgiveren, dpo@eksempel.example",
        [
            "Databeskyttelsesrådgiveren, og hvordan man får fat i vedkommende.",
            "The data-protection officer, and how to reach them.",
        ],
    ),
    with(
        text(
            "valid-from",
            "policy.valid-from",
            "2000-01-01",
            ["Politikkens første dag.", "The policy's first day."],
        ),
        Kind::Date,
        Default::Today,
    ),
    with(
        text(
            "valid-to",
            "policy.valid-to",
            "9999-12-30",
            [
                "Politikkens sidste dag; højst et år frem, så nogen tager stilling igen.",
                "The policy's last day; a year ahead at most, so that somebody decides anew.",
            ],
        ),
        Kind::Date,
        Default::YearOn,
    ),
    text(
        "dpia-reference",
        "dpia.reference",
        "ESDH 2026-0417",
        [
            "Hvor konsekvensanalysen (GDPR artikel 35) ligger.",
            "Where the impact assessment (GDPR Article 35) is kept.",
        ],
    ),
    is(text(
        "dpia-version",
        "dpia.version",
        "1.0",
        ["Konsekvensanalysens version.", "The impact assessment's version."],
    )),
    with(
        text(
            "dpia-date",
            "dpia.date",
            "0001-01-01",
            [
                "Konsekvensanalysens dato; den skal være fra før politikken gælder.",
                "The impact assessment's date, which comes before the policy holds.",
            ],
        ),
        Kind::Date,
        Default::None,
    ),
    is(text(
        "opt-outs",
        "population.opt-outs",
        "none",
        [
            "Filen i nodens mappe med borgere, der har sagt nej til at indgå; \"none\", hvis ingen har.",
            "The file of the node's folder with citizens who opted out; \"none\" where nobody has.",
        ],
    )),
    is(text(
        "protected-addresses",
        "population.protected-addresses",
        "protected-addresses.csv",
        [
            "Filen med borgere, der har beskyttet adresse; eller \"none\".",
            "The file with citizens who have a protected address; or \"none\".",
        ],
    )),
    is(text(
        "objections",
        "population.objections",
        "objections.csv",
        [
            "Filen med borgere, der har gjort indsigelse (GDPR artikel 21); eller \"none\".",
            "The file with citizens who objected (GDPR Article 21); or \"none\".",
        ],
    )),
    with(
        text(
            "smallest",
            "cells.smallest",
            "8",
            [
                "Den mindste celle, der vises; mindst 3, det sædvanlige er 5, forsigtigt er 8.",
                "The smallest cell that is shown; at least 3, usual is 5, careful is 8.",
            ],
        ),
        Kind::Whole,
        Default::Is("8"),
    ),
    with(
        text(
            "rounding",
            "cells.rounding",
            "5",
            ["Viste tal er multipla af dette.", "Shown numbers are multiples of this."],
        ),
        Kind::Whole,
        Default::Is("5"),
    ),
    with(
        text(
            "life",
            "budget.for-life",
            "1",
            [
                "Hvad alle svar tilsammen må koste en borger, i epsilon; jo mindre, des bedre beskyttelse.",
                "What all answers together may cost a citizen, in epsilon; the less, the better protected.",
            ],
        ),
        Kind::Decimal,
        Default::Is("1"),
    ),
    text(
        "raiser-1",
        "budget.raised-by[1]",
        "Kommunaldirektøren",
        [
            "Den første af de to, der tilsammen kan hæve et budget.",
            "The first of the two who together can raise a budget.",
        ],
    ),
    text(
        "raiser-2",
        "budget.raised-by",
        OTHER,
        ["Den anden af dem; en anden person.", "The second of them; another person."],
    ),
    with(
        text(
            "results-days",
            "retention.results-days",
            "365",
            ["Hvor mange dage svar højst gemmes.", "For how many days answers are kept at most."],
        ),
        Kind::Whole,
        Default::Is("365"),
    ),
    with(
        text(
            "logs-days",
            "retention.logs-days",
            "400",
            [
                "Hvor mange dage loggen mindst gemmes; 180 eller flere.",
                "For how many days the log is kept at least; 180 or more.",
            ],
        ),
        Kind::Whole,
        Default::Is("400"),
    ),
    with(
        text(
            "mode",
            "",
            "aggregates",
            [
                "Hvad der må spørges om: støjfyldt statistik (aggregates) eller intet endnu (none). Fælles statistik og \
             arbejdslister skrives ind senere efter eksemplerne.",
                "What may be asked: noisy statistics (aggregates), or nothing yet (none). Joined statistics and work lists \
             are written in later, by the examples.",
            ],
        ),
        Kind::OneOf(&["aggregates", "none"]),
        Default::Is("aggregates"),
    ),
    of_permit(is(text(
        "permit",
        "permit[1].id",
        "pilot",
        ["Tilladelsens id; regnskabet tæller efter det.", "The permit's id; the ledger counts by it."],
    ))),
    of_permit(text(
        "issuer",
        "permit[1].issuer",
        "Direktionen, sag 2026-0417",
        ["Hvem der udsteder tilladelsen, og sagen.", "Who issues the permit, and the case."],
    )),
    of_permit(is(text(
        "purpose",
        "permit[1].purpose.id",
        "try-tvaers",
        [
            "Et kort navn for formålet; enhver forespørgsel skal nævne det.",
            "A short name of the purpose; every request must name it.",
        ],
    ))),
    of_permit(text(
        "purpose-da",
        "permit[1].purpose.da",
        "Afprøvning: kan befolkningen tælles op, uden at nogen kan kendes?",
        ["Formålet i en sætning på dansk.", "The purpose in a sentence in Danish."],
    )),
    of_permit(text(
        "purpose-en",
        "permit[1].purpose.en",
        "Try-out: can the population be counted without anyone being recognised?",
        ["Formålet i en sætning på engelsk.", "The purpose in a sentence in English."],
    )),
    of_permit(is(text(
        "ehds-53",
        "permit[1].purpose.ehds-53",
        "b",
        [
            "Bogstavet i EHDS artikel 53, stk. 1: b er politik og myndighedsopgaver, c er statistik.",
            "The letter of EHDS Article 53(1): b is policy-making and regulatory activities, c is statistics.",
        ],
    ))),
    of_permit(is(text(
        "article-6",
        "permit[1].basis.compute.article-6",
        "e",
        [
            "Retsgrundlag, bogstavet i GDPR artikel 6, stk. 1: e er en opgave i samfundets interesse. Det afgør en jurist.",
            "Legal basis, the letter of GDPR Article 6(1): e is a task in the public interest. It is for a lawyer to say.",
        ],
    ))),
    of_permit(is(text(
        "article-9",
        "permit[1].basis.compute.article-9",
        "j",
        [
            "Bogstavet i GDPR artikel 9, stk. 2: j er statistik og forskning.",
            "The letter of GDPR Article 9(2): j is statistics and research.",
        ],
    ))),
    of_permit(is(text(
        "national",
        "permit[1].basis.compute.national",
        "databeskyttelsesloven § 10, stk. 1",
        ["Retsgrundlagets danske paragraf.", "The Danish paragraph of the legal basis."],
    ))),
    of_permit(text(
        "asker",
        "permit[1].asker[1].name",
        "Anna Analytiker",
        ["Hvem der må spørge: personens navn.", "Who may ask: the person's name."],
    )),
    of_permit(text(
        "asker-key",
        "permit[1].asker[1].key",
        "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        [
            "Personens egen underskriftsnøgle: 64 hexadecimale cifre fra deltagerlisten.",
            "The person's own signing key: 64 hexadecimal digits out of the roster.",
        ],
    )),
    of_permit(text(
        "approval-1",
        "permit[1].approval[1].name",
        "Kommunaldirektøren",
        [
            "Den første af de to, der har godkendt tilladelsen.",
            "The first of the two who approved the permit.",
        ],
    )),
    of_permit(text(
        "approval-2",
        "permit[1].approval[2].name",
        OTHER,
        [
            "Den anden af dem; en anden person, og helst ikke den, der spørger.",
            "The second of them; another person, and better not the one who asks.",
        ],
    )),
    of_permit(with(
        text(
            "approval-date",
            "permit[1].approval[1].date",
            "2026-12-01",
            [
                "Dagen, de to godkendte tilladelsen; før den gælder den ikke.",
                "The day on which the two approved the permit; before it the permit does not hold.",
            ],
        ),
        Kind::Date,
        Default::Today,
    )),
    of_permit(with(
        text(
            "per-query",
            "permit[1].budget.per-query",
            "0.01",
            [
                "Hvad ét svar må koste en borger, i epsilon; højst det, alle må koste.",
                "What one answer may cost a citizen, in epsilon; no more than all may.",
            ],
        ),
        Kind::Decimal,
        Default::Little,
    )),
];
