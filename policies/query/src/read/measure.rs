//! What a query works out, and of which number.

use std::sync::Arc;

use tvaers_definitions::feature::{Feature, Kind as FeatureKind};

use super::{Named, Reader};
use crate::bins::{Bins, BinsError};
use crate::decimal::{Decimal, DecimalError};
use crate::fault::Reason;
use crate::limit;
use crate::query::Kind;
use crate::strict::{Number, Placed};

/// What a kind needs beside its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Number,
    Bins,
    Probabilities,
}

/// The kinds, by name.
const KINDS: [(&str, Needs); 5] = [
    ("count", Needs::Nothing),
    ("sum", Needs::Number),
    ("mean", Needs::Number),
    ("histogram", Needs::Bins),
    ("quantiles", Needs::Probabilities),
];

/// What is worked out, and where its feature is named.
pub(super) fn measure(reader: &Reader<'_, '_>) -> Option<(Kind, Option<Named>)> {
    let root = reader.root;
    let kind = root.required::<String>("kind");
    let name = root.optional::<String>("feature");
    let starts = root.optional_list::<i64>("bins");
    let shares = root.optional_list::<Number>("probabilities");
    let feature = name.as_ref().and_then(|name| reader.feature(name));
    let needs = kind.as_ref().and_then(|kind| KINDS.iter().find(|(name, _)| *name == kind.value));
    let (kind, needs) = match (kind, needs) {
        (Some(kind), Some((_, needs))) => (kind.value, *needs),
        (Some(kind), None) => {
            root.faults().refuse(&kind, Reason::Kind { found: kind.value.clone() });
            return None;
        }
        (None, _) => return None,
    };
    if starts.is_some() && !matches!(needs, Needs::Bins | Needs::Probabilities) {
        root.refuse("bins", Reason::Unneeded { needed_by: "histogram and quantiles" });
    }
    if shares.is_some() && needs != Needs::Probabilities {
        root.refuse("probabilities", Reason::Unneeded { needed_by: "quantiles" });
    }
    if needs == Needs::Nothing {
        if let Some(name) = name {
            root.faults().refuse(&name, Reason::FeatureUnneeded);
        }
        return Some((Kind::Count, None));
    }
    if name.is_none() {
        root.refuse("feature", Reason::FeatureMissing { kind: kind.clone() });
    }
    let probabilities = (needs == Needs::Probabilities).then(|| probabilities(reader, shares));
    let has_bins = matches!(needs, Needs::Bins | Needs::Probabilities);
    // Told of whether there is a feature or not.
    let starts = if has_bins && root.require("bins") { starts } else { None };
    let feature = feature?;
    let bins = starts.and_then(|starts| bins(reader, &starts, &feature.value));
    if !matches!(feature.value.kind, FeatureKind::Integer { .. }) {
        let name = feature.value.name.clone();
        root.faults().refuse(&feature, Reason::NotANumber { name });
        return None;
    }
    let of = Arc::clone(&feature.value);
    let kind = match (needs, bins, probabilities) {
        (Needs::Bins, Some(bins), _) => Kind::Histogram { feature: of, bins },
        (Needs::Probabilities, Some(bins), Some(Some(probabilities))) => {
            Kind::Quantiles { feature: of, bins, probabilities }
        }
        (Needs::Number, ..) if kind == "mean" => Kind::Mean { feature: of },
        (Needs::Number, ..) => Kind::Sum { feature: of },
        _ => return None,
    };
    Some((kind, Some(feature)))
}

fn bins(reader: &Reader<'_, '_>, starts: &Placed<Vec<Placed<i64>>>, feature: &Feature) -> Option<Bins> {
    let FeatureKind::Integer { from, to, .. } = feature.kind else { return None };
    let numbers: Vec<i64> = starts.value.iter().map(|start| start.value).collect();
    match Bins::new(&numbers, from, to) {
        Ok(bins) => Some(bins),
        Err(error) => {
            let reason = Reason::Bins { error, from, to };
            let wrong = match error {
                BinsError::None => None,
                BinsError::Order(index) | BinsError::Outside(index) => starts.value.get(index),
            };
            match wrong {
                Some(start) => reader.root.faults().refuse(start, reason),
                // A list whose values were all of another type has been told of.
                None if !reader.root.faults().is_empty() => {}
                None => reader.root.faults().refuse(starts, reason),
            }
            None
        }
    }
}

/// The shares of persons; the quartiles where none are stated.
fn probabilities(
    reader: &Reader<'_, '_>,
    stated: Option<Placed<Vec<Placed<Number>>>>,
) -> Option<Vec<Decimal>> {
    let Some(stated) = stated else {
        return ["0.25", "0.5", "0.75"].into_iter().map(|share| Decimal::parse(share).ok()).collect();
    };
    let faults = reader.root.faults();
    if stated.value.is_empty() {
        faults.refuse(&stated, Reason::NoProbability);
        return None;
    }
    if stated.value.len() > limit::PROBABILITIES_MAX {
        let too_many = Reason::TooMany { what: "probabilities", max: limit::PROBABILITIES_MAX };
        faults.refuse(&stated, too_many);
        return None;
    }
    let mut shares: Vec<Decimal> = Vec::new();
    let mut is_right = true;
    for number in &stated.value {
        let read = Decimal::parse(&number.value.0).and_then(|share| {
            if share.nano() < Decimal::ONE.nano() { Ok(share) } else { Err(DecimalError::TooLarge) }
        });
        match read {
            Ok(share) if shares.last().is_none_or(|before| *before < share) => shares.push(share),
            _ => {
                is_right = false;
                faults.refuse(number, Reason::Probability { found: number.value.0.clone() });
            }
        }
    }
    is_right.then_some(shares)
}
