//! The two languages, and what words of a result object are called in them.
//!
//! An indicator brings its own words. Of other objects the few names are known here that the catalogue and the models
//! have; a name that is not known is shown as it is, and an English sentence that is not known stays English and is
//! marked so, for a screen reader.

use std::borrow::Cow;

use maud::{Markup, html};

use crate::number::decimal;
use crate::object::{Both, Definition, Object};
use crate::place;

/// A language of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tongue {
    Da,
    En,
}

impl Tongue {
    pub(crate) fn code(self) -> &'static str {
        self.say("da", "en")
    }

    pub(crate) fn say<'a>(self, da: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Da => da,
            Self::En => en,
        }
    }

    /// A text that an object has in both, or the other one where this is missing.
    pub(crate) fn of(self, both: &Both) -> &str {
        self.or_other(&both.da, &both.en)
    }

    pub(crate) fn or_other<'a>(self, da: &'a str, en: &'a str) -> &'a str {
        let (own, other) = match self {
            Self::Da => (da, en),
            Self::En => (en, da),
        };
        if own.is_empty() { other } else { own }
    }
}

/// Names of categories of the catalogue, of models and of indicators.
const CATEGORIES: [(&str, &str, &str); 14] = [
    ("age_band", "Aldersgruppe", "Age group"),
    ("component", "Udgiftsart", "Cost component"),
    ("groups", "Problemgrupper", "Problem groups"),
    ("included", "Udvalgt", "Included"),
    ("item", "Spørgsmål", "Survey item"),
    ("kommune", "Kommune", "Municipality"),
    ("node", "Node", "Node"),
    ("probability", "Andel under", "Share below"),
    ("problem_areas_2y", "Problemområde", "Problem area"),
    ("region", "Region", "Region"),
    ("sex", "Køn", "Sex"),
    ("stratum", "Stratum", "Stratum"),
    ("support", "Støtte", "Support"),
    ("total", "Point i alt", "Total points"),
];

/// Names of labels, by category; an empty category stands for any.
const LABELS: [(&str, &str, &str, &str); 28] = [
    ("sex", "F", "Kvinder", "Women"),
    ("sex", "M", "Mænd", "Men"),
    ("included", "true", "Ja", "Yes"),
    ("included", "false", "Nej", "No"),
    ("stratum", "low", "Lav", "Low"),
    ("stratum", "middle", "Mellem", "Middle"),
    ("stratum", "high", "Høj", "High"),
    ("stratum", "population", "Målgruppens population", "Population of the model"),
    ("stratum", "target", "Målgruppe", "Target group"),
    ("groups", "psychiatry", "psykiatri", "psychiatry"),
    ("groups", "somatic", "somatik", "somatic"),
    ("groups", "abuse", "misbrug", "abuse"),
    ("groups", "social", "sociale udfordringer", "social"),
    ("groups", "none", "ingen", "none"),
    ("component", "hospital_somatic", "Sygehus, somatik", "Hospital, somatic"),
    ("component", "hospital_psychiatric", "Sygehus, psykiatri", "Hospital, psychiatric"),
    ("component", "gp", "Almen praksis", "General practice"),
    ("component", "specialist", "Speciallæge", "Specialist practice"),
    ("component", "medicine", "Medicin", "Medicine"),
    ("component", "transport_acute", "Akut kørsel", "Acute transport"),
    ("component", "transport_planned", "Planlagt kørsel", "Planned transport"),
    ("component", "municipal_social", "Kommunal, social", "Municipal, social"),
    ("component", "municipal_health", "Kommunal, sundhed", "Municipal, health"),
    ("item", "self_rated_health", "Selvvurderet helbred", "Self-rated health"),
    ("item", "life_satisfaction", "Tilfredshed med livet", "Life satisfaction"),
    ("item", "satisfaction", "Tilfredshed med tilbud", "Satisfaction with care"),
    ("item", "coherence", "Sammenhæng i forløbet", "Coherence of care"),
    ("", "unknown", "Ukendt", "Unknown"),
];

/// What a category is called.
pub(crate) fn category(object: &Object, name: &str, tongue: Tongue) -> String {
    let keys = object.indicator.iter().flat_map(|indicator| &indicator.keys);
    if let Some(key) = keys.into_iter().find(|key| key.name == name) {
        let told = tongue.or_other(&key.da, &key.en);
        if !told.is_empty() {
            return told.to_owned();
        }
    }
    let known = CATEGORIES.iter().find(|(known, _, _)| *known == name);
    known.map_or_else(|| name.to_owned(), |(_, da, en)| tongue.say(da, en).to_owned())
}

/// What a label of a category is called.
pub(crate) fn label(object: &Object, category: &str, label: &str, tongue: Tongue) -> String {
    let keys = object.indicator.iter().flat_map(|indicator| &indicator.keys);
    let told = keys.filter(|key| key.name == category).flat_map(|key| &key.labels);
    if let Some(told) = told.into_iter().find(|told| told.label == label) {
        let told = tongue.or_other(&told.da, &told.en);
        if !told.is_empty() {
            return told.to_owned();
        }
    }
    if matches!(category, "kommune" | "region") {
        return place::name(label).unwrap_or(label).to_owned();
    }
    if category == "node" {
        return place::of_node(label, tongue);
    }
    let known = |part: &str| {
        let known =
            LABELS.iter().find(|(of, known, _, _)| (of.is_empty() || *of == category) && *known == part);
        known.map_or_else(|| part.to_owned(), |(_, _, da, en)| tongue.say(da, en).to_owned())
    };
    if category == "groups" {
        return label.split('+').map(known).collect::<Vec<_>>().join(" + ");
    }
    known(label)
}

/// Sentences that objects have in English alone, and what they are in Danish.
const SENTENCES: [(&str, &str); 16] = [
    (
        "Standard errors and intervals cover the noise that protects citizens, not sampling error or clamping.",
        "Standardfejl og intervaller dækker den støj, der beskytter borgerne, ikke stikprøveusikkerhed eller afskæring af høje og lave værdier.",
    ),
    (
        "`value` is the raw noisy number, which may be negative; `shown` is post-processed: clipped, rounded, of counts and sums made to add up with the totals, and hidden where the noisy number of persons is small.",
        "Tallene er efterbehandlede: ingen er negative, de er afrundede, antal og summer stemmer med totalerne, og et tal er skjult, hvor det støjtilsatte antal personer er lille.",
    ),
    (
        "Numbers of several nodes are added up, each with its own noise.",
        "Tal fra flere noder er lagt sammen, hver med sin egen støj.",
    ),
    (
        "A mean is a noisy sum over the noisy number of persons who have a value; `persons` is that number.",
        "Et gennemsnit er en støjtilsat sum over det støjtilsatte antal personer, som har en værdi.",
    ),
    (
        "Quantiles are read from a noisy histogram: within a bin persons are taken to be spread evenly, so wide bins make them coarse.",
        "Fraktiler er aflæst af et støjtilsat histogram: inden for et interval antages personerne at være jævnt fordelt, så brede intervaller gør dem grove.",
    ),
    (
        "A person can be in several cells, so cells do not add up to persons.",
        "En person kan være i flere celler, så cellerne giver ikke antallet af personer lagt sammen.",
    ),
    (
        "The table was noised once, after the join, and charged at every node that contributed.",
        "Tabellen fik støj én gang, efter sammenstillingen, og er betalt hos hver node, der bidrog.",
    ),
    (
        "persons alive and resident in the municipality on the reference date",
        "personer, der er i live og bor i kommunen på opgørelsesdatoen",
    ),
    (
        "living patients of the region whose municipality of residence is a member",
        "regionens levende patienter, hvis bopælskommune er medlem",
    ),
    (
        "Alive and resident in the municipality on the reference date",
        "I live og bosat i kommunen på opgørelsesdatoen",
    ),
    (
        "A person counts at the municipality of residence, with what all nodes together know; whoever two municipalities claim counts nowhere.",
        "En person tæller med i sin bopælskommune, med hvad alle noder tilsammen ved; den, som to kommuner regner for deres, tæller ingen steder.",
    ),
    (
        "Municipalities are missing: of their residents nothing is told, and numbers of several municipalities are without them.",
        "Der mangler kommuner: om deres borgere siges intet, og tal for flere kommuner er uden dem.",
    ),
    (
        "Members that can know something of other members' residents are missing: of these, what the missing ones know is not in the numbers.",
        "Der mangler medlemmer, som kan vide noget om andres borgere: det, de ved, er ikke med i tallene.",
    ),
    (
        "A share or a number per person is a noisy number over a noisy number; its interval is Fieller's (1954).",
        "En andel eller et tal pr. person er et støjtilsat tal divideret med et støjtilsat tal; intervallet er Fiellers (1954).",
    ),
    ("0 or 1", "0 eller 1"),
    ("codes of member municipalities", "medlemskommunernes koder"),
];

/// Sentences that speak of an object's members, which a page does not show.
const REWORDED: [(&str, &str); 2] = [
    (
        "`value` is the raw noisy number, which may be negative; `shown` is post-processed: clipped, rounded, of counts and sums made to add up with the totals, and hidden where the noisy number of persons is small.",
        "The numbers are post-processed: none is negative, they are rounded, counts and sums add up with the totals, and a number is hidden where the noisy number of persons is small.",
    ),
    (
        "A mean is a noisy sum over the noisy number of persons who have a value; `persons` is that number.",
        "A mean is a noisy sum over the noisy number of persons who have a value.",
    ),
];

/// A sentence that an object has in English alone.
pub(crate) fn sentence(english: &str, tongue: Tongue) -> Markup {
    if tongue == Tongue::En {
        let reworded = REWORDED.iter().find(|(known, _)| *known == english);
        return html! { (reworded.map_or(english, |(_, reworded)| reworded)) };
    }
    or_english(danish(english).as_deref(), english)
}

/// A Danish text; without one the English text, marked so.
fn or_english(danish: Option<&str>, english: &str) -> Markup {
    html! { @if let Some(danish) = danish { (danish) } @else { span lang="en" { (english) } } }
}

fn danish(english: &str) -> Option<Cow<'static, str>> {
    if let Some((_, danish)) = SENTENCES.iter().find(|(known, _)| *known == english) {
        return Some(Cow::Borrowed(danish));
    }
    // Labels, numbers and codes are the same in both.
    english.chars().all(|c| !c.is_alphabetic()).then(|| Cow::Owned(english.to_owned()))
}

/// Whom something is counted over, in an object that may define it.
pub(crate) fn denominator(object: &Object, english: &str, tongue: Tongue) -> Markup {
    match tongue {
        Tongue::Da => or_english(danish_denominator(object, english).as_deref(), english),
        Tongue::En => html! { (english) },
    }
}

fn danish_denominator(object: &Object, english: &str) -> Option<String> {
    let defined = |english: &str| {
        let own = object.definitions.iter().find(|own| own.en == english && !own.da.is_empty());
        own.map(|own| own.da.clone()).or_else(|| danish(english).map(Cow::into_owned))
    };
    let Some((start, aged)) = english.rsplit_once(", aged ") else { return defined(english) };
    let (from, to) = numbers(aged)?;
    Some(format!("{}, {from}-{to} år", defined(start)?))
}

/// Two numbers with a word between them.
fn numbers(text: &str) -> Option<(i64, i64)> {
    let (from, to) = text.split_once(" to ")?;
    Some((from.parse().ok()?, to.parse().ok()?))
}

/// Which values a feature has.
pub(crate) fn values(object: &Object, of: &Definition, tongue: Tongue) -> Markup {
    let english = of.values.as_str();
    if let Some(whole) = WholeNumber::parse(english) {
        if is_in_oere(of) {
            return html! { (whole.in_kroner(tongue)) };
        }
        if tongue == Tongue::Da {
            return html! { (whole.danish()) };
        }
    }
    match tongue {
        Tongue::Da => or_english(danish_values(object, of).as_deref(), english),
        Tongue::En => html! { (english) },
    }
}

fn danish_values(object: &Object, of: &Definition) -> Option<String> {
    let english = of.values.as_str();
    if let Some(danish) = danish(english) {
        return Some(danish.into_owned());
    }
    if let Some(whole) = WholeNumber::parse(english) {
        return Some(whole.danish());
    }
    if english == "numbers of all together" {
        return Some("tal for alle under ét".to_owned());
    }
    if let Some(names) = english.strip_prefix("numbers by ") {
        let names = names.split(", ").map(|name| category(object, name, Tongue::Da).to_lowercase());
        return Some(format!("tal efter {}", names.collect::<Vec<_>>().join(", ")));
    }
    if let Some((n, names)) = english.strip_prefix("at most ").and_then(|rest| rest.split_once(" of: ")) {
        return n.parse::<u64>().ok().map(|n| format!("højst {n} af: {names}"));
    }
    // What is left are labels, which are no sentences.
    let labels: Vec<&str> = english.split(", ").collect();
    if labels.iter().any(|label| label.contains(' ')) {
        return None;
    }
    let told = |code: &&str| match label(object, &of.feature, code, Tongue::Da) {
        told if told == **code => told,
        told => format!("{told} ({code})"),
    };
    Some(labels.iter().map(told).collect::<Vec<_>>().join(", "))
}

/// Amounts of money are kept in øre, and definitions say so.
fn is_in_oere(of: &Definition) -> bool {
    let says = |text: &str, word: &str| text.split(|c: char| !c.is_alphabetic()).any(|own| own == word);
    (says(&of.da, "øre") || says(&of.en, "øre")) && !of.da.contains("øre-") && !of.en.contains("øre-")
}

/// What is said of a feature that is a whole number: `whole number, clamped to 0 to 120, may be missing; here to 65`.
struct WholeNumber {
    from: i64,
    to: i64,
    may_be_missing: bool,
    /// Where an indicator clamps tighter than the catalogue.
    here_to: Option<i64>,
}

impl WholeNumber {
    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("whole number, clamped to ")?;
        let (rest, here_to) = match rest.split_once("; here to ") {
            Some((rest, here_to)) => (rest, Some(here_to.parse().ok()?)),
            None => (rest, None),
        };
        let bounds = rest.strip_suffix(", may be missing");
        let (from, to) = numbers(bounds.unwrap_or(rest))?;
        Some(Self { from, to, may_be_missing: bounds.is_some(), here_to })
    }

    fn danish(&self) -> String {
        let number = |number: i64| whole(number, Tongue::Da);
        let here_to = self.here_to.map(|to| format!("; her højst {}", number(to)));
        let missing = if self.may_be_missing { ", kan mangle" } else { "" };
        let (from, to) = (number(self.from), number(self.to));
        format!("helt tal, afskåret til intervallet {from} til {to}{missing}{}", here_to.unwrap_or_default())
    }

    /// Of a number of øre: figures are in kroner.
    fn in_kroner(&self, tongue: Tongue) -> String {
        let kroner = |oere: i64| {
            let (number, rest) = (whole(oere / 100, tongue), oere.unsigned_abs() % 100);
            let point = tongue.say(",", ".");
            let number = if rest == 0 { number } else { format!("{number}{point}{rest:02}") };
            match tongue {
                Tongue::Da => format!("{number}\u{a0}kr."),
                Tongue::En => format!("DKK\u{a0}{number}"),
            }
        };
        let at_most = tongue.say("højst", "at most");
        let from = if self.from == 0 {
            String::new()
        } else {
            format!("{} {}, ", tongue.say("mindst", "at least"), kroner(self.from))
        };
        let missing = if self.may_be_missing { tongue.say(", kan mangle", ", may be missing") } else { "" };
        let here_to =
            self.here_to.map(|to| format!("; {} {}", tongue.say("her højst", "here at most"), kroner(to)));
        format!("{from}{at_most} {}{missing}{}", kroner(self.to), here_to.unwrap_or_default())
    }
}

/// With what separates thousands.
#[expect(clippy::cast_precision_loss, reason = "a bound of a clamp, within 2^53")]
fn whole(number: i64, tongue: Tongue) -> String {
    decimal(number as f64, 0, tongue)
}

/// What an object has in English and not in Danish: its notes, and what its definitions say of values and denominators.
pub(crate) fn untold(object: &Object) -> Vec<String> {
    let notes = object.notes.iter().filter(|note| danish(note).is_none());
    let values = object.definitions.iter().filter(|own| danish_values(object, own).is_none());
    let denominators = object.definitions.iter().map(|own| &own.denominator);
    let denominators = denominators.filter(|text| danish_denominator(object, text).is_none());
    notes.chain(values.map(|own| &own.values)).chain(denominators).cloned().collect()
}

/// A definition in this language, marked where it is only there in the other.
pub(crate) fn definition(definition: &Definition, tongue: Tongue) -> Markup {
    let (own, other, code) = match tongue {
        Tongue::Da => (&definition.da, &definition.en, "en"),
        Tongue::En => (&definition.en, &definition.da, "da"),
    };
    if own.is_empty() {
        html! { span lang=(code) { (other) } }
    } else {
        html! { (own) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Tongue, denominator, label, sentence, values};
    use crate::object::{Definition, Object};

    #[test]
    fn a_label_is_told_in_words_where_they_are_known() {
        let own = r#"{"indicator": {"keys": [{"name": "groups", "labels": [{"label": "none", "da": "slet ingen"}]}]}}"#;
        let object = Object::parse(own).unwrap();
        assert_eq!(label(&object, "groups", "psychiatry+abuse", Tongue::Da), "psykiatri + misbrug");
        assert_eq!(label(&object, "groups", "none", Tongue::Da), "slet ingen");
        assert_eq!(label(&object, "kommune", "360", Tongue::En), "Lolland");
        assert_eq!(label(&object, "new", "<x>", Tongue::En), "<x>");
    }

    #[test]
    fn a_sentence_without_a_danish_form_is_marked_as_english() {
        let told = |english: &str| sentence(english, Tongue::Da).into_string();
        assert_eq!(told("0 or 1"), "0 eller 1");
        assert_eq!(told("Some <new> note."), r#"<span lang="en">Some &lt;new&gt; note.</span>"#);
    }

    #[test]
    fn a_denominator_is_told_by_the_definition_that_it_is() {
        let json = r#"{"definitions": [{"feature": "here", "da": "Her", "en": "Present, here"}]}"#;
        let object = Object::parse(json).unwrap();
        let told = |english: &str| denominator(&object, english, Tongue::Da).into_string();
        let known = "persons alive and resident in the municipality on the reference date, aged 18 to 65";
        assert!(told(known).ends_with("opgørelsesdatoen, 18-65 år"));
        assert_eq!(told("Present, here, aged 0 to 150"), "Her, 0-150 år");
        assert_eq!(told("Others, aged 0 to 150"), r#"<span lang="en">Others, aged 0 to 150</span>"#);
        assert!(told("Present, here, aged <b> to 150").starts_with("<span"));
    }

    #[test]
    fn values_have_a_danish_form_with_their_numbers_kept() {
        let object =
            Object::parse(r#"{"indicator": {"keys": [{"name": "civil", "da": "Civilstand"}]}}"#).unwrap();
        let told = |feature: &str, text: &str, values_of: &str, tongue| {
            let of = Definition {
                feature: feature.to_owned(),
                da: text.to_owned(),
                values: values_of.to_owned(),
                ..Definition::default()
            };
            values(&object, &of, tongue).into_string()
        };
        let danish = |feature: &str, values: &str| told(feature, "", values, Tongue::Da);
        assert_eq!(
            danish("a", "whole number, clamped to -4 to 4, may be missing"),
            "helt tal, afskåret til intervallet −4 til 4, kan mangle"
        );
        assert_eq!(
            danish("a", "whole number, clamped to 0 to 100000; here to 5000"),
            "helt tal, afskåret til intervallet 0 til 100.000; her højst 5.000"
        );
        assert_eq!(danish("a", "numbers by kommune, total"), "tal efter kommune, point i alt");
        assert_eq!(danish("a", "numbers by civil"), "tal efter civilstand");
        assert_eq!(danish("a", "numbers of all together"), "tal for alle under ét");
        assert_eq!(danish("a", "at most 2 of: b, c_d"), "højst 2 af: b, c_d");
        assert_eq!(danish("sex", "F, M"), "Kvinder (F), Mænd (M)");
        assert_eq!(danish("civil_status", "gift, enlig"), "gift, enlig");
        assert!(danish("a", "something else, <b>").starts_with(r#"<span lang="en">"#));
        let oere = "whole number, clamped to 0 to 100000000; here to 50000050, may be missing";
        assert!(
            told("a", "Pris i øre", oere, Tongue::Da).starts_with("<span"),
            "in another order it is not known"
        );
        let oere = "whole number, clamped to 0 to 100000000; here to 50000050";
        assert_eq!(
            told("a", "Pris i øre", oere, Tongue::Da),
            "højst 1.000.000\u{a0}kr.; her højst 500.000,50\u{a0}kr."
        );
        assert_eq!(
            told("a", "Pris i øre", oere, Tongue::En),
            "at most DKK\u{a0}1,000,000; here at most DKK\u{a0}500,000.50"
        );
        assert!(told("a", "Kontakter med øre-næse-halslæge", oere, Tongue::Da).starts_with("helt tal"));
    }
}
