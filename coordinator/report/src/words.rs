//! The two languages, and what words of a result object are called in them.
//!
//! An indicator brings its own words. Of other objects the few names are known here that the catalogue and the models
//! have; a name that is not known is shown as it is, and an English sentence that is not known stays English and is
//! marked so, for a screen reader.

use std::borrow::Cow;

use maud::{Markup, html};

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
const SENTENCES: [(&str, &str); 10] = [
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
    match danish(english) {
        Some(danish) => html! { (danish) },
        None => html! { span lang="en" { (english) } },
    }
}

fn danish(english: &str) -> Option<Cow<'static, str>> {
    if let Some((_, danish)) = SENTENCES.iter().find(|(known, _)| *known == english) {
        return Some(Cow::Borrowed(danish));
    }
    // Labels, numbers and codes are the same in both.
    if english.chars().all(|c| !c.is_alphabetic()) {
        return Some(Cow::Owned(english.to_owned()));
    }
    let (start, aged) = english.split_once(", aged ")?;
    let (from, to) = aged.split_once(" to ")?;
    let numbers = [from, to].iter().all(|number| number.bytes().all(|digit| digit.is_ascii_digit()));
    numbers.then(|| danish(start)).flatten().map(|start| format!("{start}, {from}-{to} år").into())
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
    use super::{Tongue, label, sentence};
    use crate::object::Object;

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
        let denominator =
            "persons alive and resident in the municipality on the reference date, aged 18 to 65";
        assert!(told(denominator).ends_with("opgørelsesdatoen, 18-65 år"));
        assert_eq!(told("Some <new> note."), r#"<span lang="en">Some &lt;new&gt; note.</span>"#);
    }
}
