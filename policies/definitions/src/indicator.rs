//! An indicator: a question that every installation can answer, as a file. Its words, its default budget, and either
//! the queries that answer it from one sector's own data (differentially private aggregates), or a model with tables
//! that are released of a join (joined statistics).

mod aggregate;
mod known;
mod places;
#[cfg(test)]
mod tests;

use serde::Deserialize;
use toml::Spanned;
use tvaers_protocol::id::Digest;

use crate::catalogue::Catalogue;
use crate::error::{DefinitionError, Reason};
use crate::model::{Model, raw};
use crate::regions::Regions;
use crate::source::{Source, check_name};

pub use aggregate::{Aggregate, AskedQuery, PerMeasure, QUERIES_MAX, Ratio};

/// The most that an indicator can ask for by default, in rho.
const RHO_MAX: u32 = 1_000;

/// An indicator's file, checked.
#[derive(Clone, Debug)]
pub struct Indicator {
    /// Its name, such as `cost_per_capita`: it names the result.
    pub name: String,
    /// Its version, as the file counts it.
    pub version: u32,
    /// The digest of its file, and of the model's that it builds on.
    pub digest: Digest,
    /// The file that it was read from, for messages.
    pub file: String,
    /// What it is called.
    pub title: Words,
    /// What is asked.
    pub question: Words,
    /// What is counted.
    pub numerator: Words,
    /// Over whom.
    pub denominator: Words,
    /// Where the question comes from.
    pub source: String,
    /// What it is charged at each node where nothing else is said, in thousand-millionths of rho.
    pub nano_rho: u64,
    /// What its groups are called, beside the names that the catalogue has.
    pub keys: Vec<KeyWords>,
    /// What its measures are, in the order in which they are shown.
    pub measures: Vec<MeasureWords>,
    /// How it is answered.
    pub body: Body,
}

/// How an indicator is answered.
#[derive(Clone, Debug)]
pub enum Body {
    /// By tables that are released of a join.
    Joined(Box<Model>),
    /// By queries of one sector's own data, and ratios of their answers.
    Aggregate(Aggregate),
}

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// In Danish.
    pub da: String,
    /// In English.
    pub en: String,
}

/// What a category of an indicator is called.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeyWords {
    /// Its name in keys.
    pub name: String,
    /// In Danish.
    pub da: String,
    /// In English.
    pub en: String,
    /// What its labels are called.
    #[serde(default)]
    pub labels: Vec<LabelWords>,
}

/// What a label is called.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct LabelWords {
    /// The label in keys.
    pub label: String,
    /// In Danish.
    pub da: String,
    /// In English.
    pub en: String,
}

/// What a measure is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureWords {
    /// Its name in keys.
    pub name: String,
    /// What it is counted in.
    pub unit: Unit,
    /// In Danish.
    pub da: String,
    /// In English.
    pub en: String,
}

/// What a number is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Persons, contacts, admissions.
    Count,
    /// Danish kroner, of amounts in øre.
    Dkk,
    /// A part of 1.
    Share,
    /// Points of a scale.
    Points,
    /// Days.
    Days,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Raw {
    name: Spanned<String>,
    version: u32,
    rho: Spanned<f64>,
    source: String,
    title: Spanned<Words>,
    question: Spanned<Words>,
    numerator: Spanned<Words>,
    denominator: Spanned<Words>,
    #[serde(default)]
    key: Vec<KeyWords>,
    measure: Spanned<Vec<Spanned<MeasureWords>>>,
    joined: Option<Spanned<raw::Joined>>,
    #[serde(default)]
    query: Vec<Spanned<aggregate::RawQuery>>,
    #[serde(default)]
    ratio: Vec<aggregate::RawRatio>,
}

impl Indicator {
    /// Reads an indicator's file. `models` are the files of the models that it can build on.
    ///
    /// # Errors
    /// [`DefinitionError`] at the first place that is wrong.
    pub fn read(
        source: &Source<'_>,
        models: &[Source<'_>],
        catalogue: &Catalogue,
        regions: &Regions,
    ) -> Result<Self, DefinitionError> {
        Self::checked(source, models, catalogue, regions)
            .map_err(|error| known::told(error, source, models, catalogue))
    }

    fn checked(
        source: &Source<'_>,
        models: &[Source<'_>],
        catalogue: &Catalogue,
        regions: &Regions,
    ) -> Result<Self, DefinitionError> {
        let raw: Raw = source.parse()?;
        let name = check_name(source, &raw.name)?;
        for words in [&raw.title, &raw.question, &raw.numerator, &raw.denominator] {
            let Words { da, en } = words.get_ref();
            if da.trim().is_empty() || en.trim().is_empty() {
                return Err(source.refuse(words.span(), Reason::NoDescription));
            }
        }
        let rho = *raw.rho.get_ref();
        if !(rho > 0.0 && rho <= f64::from(RHO_MAX)) {
            return Err(source.refuse(raw.rho.span(), Reason::Budget { max: RHO_MAX }));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within 1000 times 10⁹, and positive"
        )]
        let nano_rho = (rho * 1e9).round().max(1.0) as u64;
        let measures = measures(source, &raw.measure)?;
        let title = raw.title.into_inner();
        let (body, digest) = match (raw.joined, raw.query) {
            (Some(joined), queries) if queries.is_empty() && raw.ratio.is_empty() => {
                let told = Told { name: &name, version: raw.version, title: &title, measures: &measures };
                let model = joined_model(source, joined, &told, models, catalogue, regions)?;
                let digest = model.digest;
                (Body::Joined(Box::new(model)), digest)
            }
            (None, queries) if !queries.is_empty() => {
                let aggregate = aggregate::aggregate(source, queries, raw.ratio, &measures, catalogue)?;
                (Body::Aggregate(aggregate), source.digest("tvaers indicator"))
            }
            _ => {
                let choice = "`[joined]` and `[[query]]`";
                return Err(source.refuse(raw.name.span(), Reason::OneOf { choice }));
            }
        };
        Ok(Self {
            name,
            version: raw.version,
            digest,
            file: source.file.to_owned(),
            title,
            question: raw.question.into_inner(),
            numerator: raw.numerator.into_inner(),
            denominator: raw.denominator.into_inner(),
            source: raw.source,
            nano_rho,
            keys: raw.key,
            measures,
            body,
        })
    }

    /// The model whose tables answer it; none where queries do.
    #[must_use]
    pub fn model(&self) -> Option<&Model> {
        match &self.body {
            Body::Joined(model) => Some(model),
            Body::Aggregate(_) => None,
        }
    }

    /// The queries that answer it; none where a join does.
    #[must_use]
    pub const fn aggregate(&self) -> Option<&Aggregate> {
        match &self.body {
            Body::Joined(_) => None,
            Body::Aggregate(aggregate) => Some(aggregate),
        }
    }

    /// What a measure is.
    #[must_use]
    pub fn measure(&self, name: &str) -> Option<&MeasureWords> {
        self.measures.iter().find(|measure| measure.name == name)
    }
}

fn measures(
    source: &Source<'_>,
    raw: &Spanned<Vec<Spanned<MeasureWords>>>,
) -> Result<Vec<MeasureWords>, DefinitionError> {
    let mut measures: Vec<MeasureWords> = Vec::new();
    for measure in raw.get_ref() {
        let words = measure.get_ref();
        if measures.iter().any(|other| other.name == words.name) {
            let name = words.name.clone();
            return Err(source.refuse(measure.span(), Reason::Duplicate { what: "measure", name }));
        }
        measures.push(words.clone());
    }
    if measures.is_empty() {
        return Err(source.refuse(raw.span(), Reason::Empty { what: "the list of measures" }));
    }
    Ok(measures)
}

/// What an indicator says of itself to the model that it makes.
pub(crate) struct Told<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: u32,
    pub(crate) title: &'a Words,
    pub(crate) measures: &'a [MeasureWords],
}

fn joined_model(
    source: &Source<'_>,
    joined: Spanned<raw::Joined>,
    told: &Told<'_>,
    models: &[Source<'_>],
    catalogue: &Catalogue,
    regions: &Regions,
) -> Result<Model, DefinitionError> {
    let base = match &joined.get_ref().model {
        None => None,
        Some(name) => {
            let file = format!("models/{}.toml", name.get_ref());
            let found = models.iter().find(|model| model.file == file);
            let unknown = || Reason::Unknown { what: "model", name: name.get_ref().clone() };
            Some(found.ok_or_else(|| source.refuse(name.span(), unknown()))?)
        }
    };
    Model::joined(source, joined, base, told, catalogue, regions)
}
