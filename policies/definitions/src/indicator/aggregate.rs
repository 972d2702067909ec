//! Aggregate mode: queries of one sector's own data, each the measure of its cells, and ratios of two of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;

use super::known::KINDS;
use super::{MeasureWords, Unit, places};
use crate::catalogue::Catalogue;
use crate::error::{DefinitionError, Reason};
use crate::feature::{Feature, Kind, Rule};
use crate::source::{Source, check_name};

/// The most queries of an indicator: each is a request of its own, and has a share of the budget.
pub const QUERIES_MAX: usize = 32;

const QUERY: &str = "stand in a query of an indicator";
const MEASURE: &str = "be a measure of an indicator";

/// The queries that answer an indicator, and what is worked out of their answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// What is asked.
    pub queries: Vec<AskedQuery>,
    /// What is worked out of the released answers, which costs nothing.
    pub ratios: Vec<Ratio>,
}

/// One query.
#[derive(Clone, Debug, PartialEq)]
pub struct AskedQuery {
    /// The measure that its values are.
    pub measure: String,
    /// What its keys say beside the labels of its categories.
    pub key: Vec<(String, String)>,
    /// The query as in a query file, without name, date and budget. It is checked where queries are read.
    pub query: toml::Table,
    /// The line of the file on which it begins, for what is found wrong with it later.
    pub line: usize,
    /// The lines and columns of its values, from 1, by their paths, such as `where[2].from`; positions count from 1.
    pub places: BTreeMap<String, (usize, usize)>,
    /// What its values are divided by to be in the measure's unit: 100 of øre told as kroner.
    pub scale: u32,
    /// The least and the greatest that one person adds, in øre where it is money; 0 and 1 where persons are counted.
    pub bounds: [i64; 2],
}

impl AskedQuery {
    /// Whether another query's cells are its denominators: they have the same labels, and say nothing else.
    #[must_use]
    pub fn is_over(&self, denominator: &Self) -> bool {
        self.by() == denominator.by() && denominator.key.iter().all(|part| self.key.contains(part))
    }

    fn by(&self) -> BTreeSet<&str> {
        let by = self.query.get("by").and_then(toml::Value::as_array);
        by.into_iter().flatten().filter_map(toml::Value::as_str).collect()
    }
}

/// One measure over another, cell by cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ratio {
    /// The measure that it is.
    pub name: String,
    /// What is divided.
    pub of: String,
    /// By what.
    pub per: PerMeasure,
}

/// What a measure is divided by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PerMeasure {
    /// Another measure of a cell of the same labels.
    Measure(String),
    /// The same measure added up over all cells of its query.
    All,
}

#[derive(Deserialize)]
pub(super) struct RawQuery {
    measure: Spanned<String>,
    #[serde(default)]
    key: BTreeMap<String, String>,
    #[serde(flatten)]
    query: toml::Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRatio {
    name: Spanned<String>,
    of: Spanned<String>,
    per: Spanned<String>,
}

pub(super) fn aggregate(
    source: &Source<'_>,
    queries: Vec<Spanned<RawQuery>>,
    ratios: Vec<RawRatio>,
    measures: &[MeasureWords],
    catalogue: &Catalogue,
) -> Result<Aggregate, DefinitionError> {
    let check = Check { source, measures, catalogue };
    if let Some(more) = queries.get(QUERIES_MAX) {
        return Err(source.refuse(more.span(), Reason::TooMany { what: "queries", max: QUERIES_MAX }));
    }
    let mut places = places::of_queries(source).into_iter();
    let queries: Vec<AskedQuery> = queries
        .into_iter()
        .map(|raw| check.query(raw, &places.next().unwrap_or_default()))
        .collect::<Result<_, _>>()?;
    let mut checked: Vec<Ratio> = Vec::new();
    for raw in ratios {
        let ratio = check.ratio(raw, &queries, &checked)?;
        checked.push(ratio);
    }
    Ok(Aggregate { queries, ratios: checked })
}

struct Check<'a> {
    source: &'a Source<'a>,
    measures: &'a [MeasureWords],
    catalogue: &'a Catalogue,
}

impl Check<'_> {
    fn query(
        &self,
        raw: Spanned<RawQuery>,
        places: &BTreeMap<String, usize>,
    ) -> Result<AskedQuery, DefinitionError> {
        let span = raw.span();
        let line = self.source.line(span.start);
        let RawQuery { measure, key, query } = raw.into_inner();
        let words = self.measure(&measure)?;
        for name in ["name", "as_of", "privacy"] {
            if query.contains_key(name) {
                let why = "name and budget are the indicator's own, and the date is given when it is asked";
                let name = name.to_owned();
                return Err(self.source.refuse(span, Reason::Table { name, what: QUERY, why }));
            }
        }
        if key.contains_key("measure") {
            let why = "`measure` says it";
            let name = "measure".to_owned();
            return Err(self.source.refuse(span, Reason::Table { name, what: QUERY, why }));
        }
        self.names(&query, span.start, places)?;
        let text = |name: &str| query.get(name).and_then(toml::Value::as_str);
        let feature = text("feature").and_then(|name| self.catalogue.feature(name));
        // Whether the kind is one, and the feature there, is checked with the rest of the query.
        let of_number = match text("kind") {
            Some("sum" | "mean" | "quantiles") => feature,
            _ => None,
        };
        let is_money = of_number.is_some_and(|feature| is_money(feature));
        if is_money != (words.unit == Unit::Dkk) {
            let why = "a number of money has the unit `dkk`, and nothing else has";
            let name = measure.get_ref().clone();
            return Err(self.source.refuse(measure.span(), Reason::Table { name, what: MEASURE, why }));
        }
        Ok(AskedQuery {
            measure: measure.into_inner(),
            key: key.into_iter().collect(),
            query,
            line,
            places: places.iter().map(|(path, at)| (path.clone(), self.source.place(*at))).collect(),
            scale: if is_money { 100 } else { 1 },
            bounds: match of_number.map(|feature| &feature.kind) {
                Some(Kind::Integer { from, to, .. }) => [*from.min(&0), *to],
                _ => [0, 1],
            },
        })
    }

    /// Whether the names in a query are those of something, so that a ratio is not told of what a slip in it does. The
    /// rest is checked where queries are read.
    fn names(
        &self,
        query: &toml::Table,
        start: usize,
        places: &BTreeMap<String, usize>,
    ) -> Result<(), DefinitionError> {
        let unknown = |path: &str, what: &'static str, name: &str| {
            let at = places.get(path).copied().unwrap_or(start);
            self.source.refuse(at..at, Reason::Unknown { what, name: name.to_owned() })
        };
        let text =
            |table: &toml::Table, key: &str| table.get(key).and_then(toml::Value::as_str).map(str::to_owned);
        if let Some(kind) = text(query, "kind").filter(|kind| !KINDS.contains(&kind.as_str())) {
            return Err(unknown("kind", "kind", &kind));
        }
        let list = |key: &str| query.get(key).and_then(toml::Value::as_array).into_iter().flatten();
        let own = text(query, "feature").map(|name| ("feature".to_owned(), name));
        let by = (1..).zip(list("by")).filter_map(|(number, name)| {
            name.as_str().map(|name| (format!("by[{number}]"), name.to_owned()))
        });
        let conditions = (1..).zip(list("where")).filter_map(|(number, condition)| {
            text(condition.as_table()?, "feature").map(|name| (format!("where[{number}].feature"), name))
        });
        for (path, name) in own.into_iter().chain(by).chain(conditions) {
            // That a set stands where it can is checked with the rest.
            if self.catalogue.feature(&name).is_none() && self.catalogue.set(&name).is_none() {
                return Err(unknown(&path, "feature", &name));
            }
        }
        Ok(())
    }

    fn ratio(
        &self,
        raw: RawRatio,
        queries: &[AskedQuery],
        before: &[Ratio],
    ) -> Result<Ratio, DefinitionError> {
        self.measure(&raw.name)?;
        let name = raw.name.get_ref();
        let of_queries = |measure: &str| queries.iter().any(|query| query.measure == measure);
        if of_queries(name) || before.iter().any(|ratio| ratio.name == *name) {
            let name = name.clone();
            return Err(self.source.refuse(raw.name.span(), Reason::Duplicate { what: "measure", name }));
        }
        let per_all = raw.per.get_ref() == "all";
        for part in [Some(&raw.of), (!per_all).then_some(&raw.per)].into_iter().flatten() {
            let measure = part.get_ref();
            if !of_queries(measure) {
                let (what, name) = ("query of the measure", measure.clone());
                return Err(self.source.refuse(part.span(), Reason::Unknown { what, name }));
            }
            let adds_up = |query: &AskedQuery| {
                matches!(
                    query.query.get("kind").and_then(toml::Value::as_str),
                    Some("count" | "sum" | "histogram")
                )
            };
            if !queries.iter().filter(|query| query.measure == *measure).all(adds_up) {
                let why = "only counts, sums and histograms are divided by one another";
                let name = measure.clone();
                return Err(self.source.refuse(part.span(), Reason::Table { name, what: "be divided", why }));
            }
        }
        let kind = |query: &AskedQuery, kind: &str| {
            query.query.get("kind").and_then(toml::Value::as_str) == Some(kind)
        };
        let has_per = |wanted: &str| {
            queries.iter().any(|query| query.measure == *raw.per.get_ref() && kind(query, wanted))
        };
        let is_share = self.measures.iter().any(|words| words.name == *name && words.unit == Unit::Share);
        let why = if per_all {
            None
        } else if has_per("histogram") {
            Some("a histogram is no denominator: of its bins each is told per all")
        } else if has_per("sum") && !is_share {
            Some("a sum is told per another where it is a part of it, with the unit `share`")
        } else {
            None
        };
        if let Some(why) = why {
            let name = raw.per.get_ref().clone();
            return Err(self
                .source
                .refuse(raw.per.span(), Reason::Table { name, what: "be divided by", why }));
        }
        if !per_all {
            let (of, per) = (raw.of.get_ref(), raw.per.get_ref());
            let is_denominator =
                |query: &AskedQuery, other: &AskedQuery| other.measure == *per && query.is_over(other);
            let lacks = |query: &AskedQuery| !queries.iter().any(|other| is_denominator(query, other));
            if queries.iter().any(|query| query.measure == *of && lacks(query)) {
                let what = "query with the same `by`, and a `key` that says nothing else, of the measure";
                return Err(self.source.refuse(raw.per.span(), Reason::Unknown { what, name: per.clone() }));
            }
        }
        let negative = |query: &AskedQuery| query.measure == *raw.of.get_ref() && query.bounds[0] < 0;
        if per_all && queries.iter().any(negative) {
            let why = "numbers below 0 are no part of their sum";
            let name = raw.of.get_ref().clone();
            return Err(self
                .source
                .refuse(raw.of.span(), Reason::Table { name, what: "be a share of all", why }));
        }
        let per = if per_all { PerMeasure::All } else { PerMeasure::Measure(raw.per.into_inner()) };
        Ok(Ratio { name: raw.name.into_inner(), of: raw.of.into_inner(), per })
    }

    fn measure(&self, name: &Spanned<String>) -> Result<&MeasureWords, DefinitionError> {
        let text = check_name(self.source, name)?;
        let found = self.measures.iter().find(|measure| measure.name == text);
        found.ok_or_else(|| {
            self.source.refuse(name.span(), Reason::Unknown { what: "measure", name: text.clone() })
        })
    }
}

fn is_money(feature: &Feature) -> bool {
    matches!(feature.rule, Rule::SumRows { .. } | Rule::DailySum { .. })
}
