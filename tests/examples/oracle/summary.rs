//! The tables that a central database would have published, from the oracle's answers.

use std::collections::BTreeMap;

use anyhow::Context as _;
use jiff::civil::Date;
use serde_json::{Value, json};
use tvaers_tests::oracle::{Federation, sad, somv, survey};

/// Counts by municipality, then by what else.
type Table = BTreeMap<u16, BTreeMap<String, i64>>;

/// Every table, by its name.
pub(crate) fn summary(federation: &Federation, as_of: Date) -> anyhow::Result<Value> {
    let mut summary = json!({
        "reference_date": as_of.to_string(),
        "readmission": readmission(federation, as_of)?,
        "survey_change": of_survey(federation, as_of),
    });
    let tables = summary.as_object_mut().context("an object")?;
    tables.extend(of_sad(federation, as_of)?);
    tables.extend(of_somv(federation, as_of)?);
    tables.extend(of_cost(federation, as_of)?);
    Ok(summary)
}

type Tables = Vec<(String, Value)>;

fn of_sad(federation: &Federation, as_of: Date) -> anyhow::Result<Tables> {
    let (mut residents, mut eligible) = (BTreeMap::<u16, i64>::new(), BTreeMap::<u16, i64>::new());
    let (mut bands, mut histogram, mut items) = (Table::new(), Table::new(), BTreeMap::new());
    for a in federation.sad(as_of)?.into_values() {
        let Some(kommune) = a.kommune else { continue };
        *residents.entry(kommune).or_default() += 1;
        if !a.eligible {
            continue;
        }
        *eligible.entry(kommune).or_default() += 1;
        let strata = bands.entry(kommune).or_default();
        for stratum in [sad::Stratum::Low, sad::Stratum::Middle, sad::Stratum::High] {
            *strata.entry(stratum.as_str().to_owned()).or_default() += i64::from(stratum == a.stratum);
        }
        *histogram.entry(kommune).or_default().entry(a.total.to_string()).or_default() += 1;
        for (name, points) in [
            ("known", a.known),
            ("repeat", a.repeat),
            ("last", a.last),
            ("labour", a.labour),
            ("treatment", a.treatment),
            ("gp", a.gp),
            ("civil", a.civil),
            ("citizen", a.citizen),
            ("akasse", a.akasse),
        ] {
            *items.entry(name).or_insert(0) += i64::from(points);
        }
    }
    Ok(vec![
        ("residents".to_owned(), json!(residents)),
        ("sad_eligible".to_owned(), json!(eligible)),
        ("sad_bands".to_owned(), json!(bands)),
        ("sad_histogram".to_owned(), json!(histogram)),
        ("sad_item_sums".to_owned(), json!(items)),
    ])
}

fn of_somv(federation: &Federation, as_of: Date) -> anyhow::Result<Tables> {
    let (mut register, mut with_frontline) = (BTreeMap::<u16, i64>::new(), BTreeMap::<u16, i64>::new());
    let (mut rules, mut diagram) = (BTreeMap::<&str, i64>::new(), BTreeMap::<String, i64>::new());
    for a in federation.somv(as_of, &somv::MUNICIPALITIES.into())?.into_values() {
        let Some(kommune) = a.kommune else { continue };
        if a.included_with_frontline {
            *with_frontline.entry(kommune).or_default() += 1;
        }
        if !a.included {
            continue;
        }
        *register.entry(kommune).or_default() += 1;
        let met = [
            ("two_in_30", a.two_in_30),
            ("three_in_6m", a.three_in_6m),
            ("both", a.two_in_30 && a.three_in_6m),
        ];
        for (name, _) in met.iter().filter(|rule| rule.1) {
            *rules.entry(name).or_default() += 1;
        }
        let areas = [("psychiatry", a.psychiatric), ("somatic", a.somatic), ("abuse", a.substance)];
        let names: Vec<&str> = areas.iter().filter(|area| area.1).map(|area| area.0).collect();
        let group = if names.is_empty() { "none".to_owned() } else { names.join("+") };
        *diagram.entry(group).or_default() += 1;
    }
    Ok(vec![
        ("somv_register".to_owned(), json!(register)),
        ("somv_with_frontline".to_owned(), json!(with_frontline)),
        ("somv_rule".to_owned(), json!(rules)),
        ("venn".to_owned(), json!(diagram)),
    ])
}

/// Residents' cost by municipality and component, and the share of it that the dearest tenth of them have.
fn of_cost(federation: &Federation, as_of: Date) -> anyhow::Result<Tables> {
    let mut cost = federation.cost(as_of)?;
    let mut components = Table::new();
    let mut totals = Vec::new();
    for (id, a) in federation.sad(as_of)? {
        let (Some(kommune), Some(cost)) = (a.kommune, cost.remove(&id)) else { continue };
        totals.push(cost.total());
        let row = components.entry(kommune).or_default();
        for (name, oere) in cost.components() {
            *row.entry(name.to_owned()).or_default() += oere;
        }
    }
    for oere in components.values_mut().flat_map(BTreeMap::values_mut) {
        *oere /= 100;
    }
    totals.sort_unstable_by_key(|oere| std::cmp::Reverse(*oere));
    let tenth: i64 = totals.iter().take(totals.len() / 10).sum();
    let share = ratio(tenth, totals.iter().sum());
    Ok(vec![
        ("cost_by_component".to_owned(), json!(components)),
        ("cost_top10pct_share".to_owned(), json!(share)),
    ])
}

fn readmission(federation: &Federation, as_of: Date) -> anyhow::Result<Value> {
    let (mut index, mut readmitted) = (0, 0);
    for a in federation.readmission(as_of)?.into_values().filter(|a| a.resident) {
        index += a.index;
        readmitted += a.readmitted;
    }
    Ok(json!({ "index": index, "readmitted": readmitted }))
}

fn of_survey(federation: &Federation, as_of: Date) -> Value {
    let mut items = BTreeMap::new();
    for (name, item) in survey::ITEMS {
        let changes: Vec<i64> = federation
            .citizens
            .values()
            .filter_map(|citizen| survey::pair(citizen, item, as_of).change())
            .collect();
        let (pairs, sum) = (i64::try_from(changes.len()).unwrap_or_default(), changes.iter().sum());
        items.insert(name, json!({ "pairs": pairs, "mean_change": ratio(sum, pairs) }));
    }
    json!(items)
}

/// A fraction to six decimals.
fn ratio(part: i64, whole: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "sums of a small population")]
    let ratio = part as f64 / whole as f64;
    (ratio * 1e6).round() / 1e6
}
