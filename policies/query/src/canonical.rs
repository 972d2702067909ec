//! The one text of a query and its digests.
//!
//! The text is a query file again: it is what is signed and sent, a node reads it by the same door as the person's own
//! file, and an auditor can read what was signed. Comments, white space, the order of keys, of conditions and of
//! listed values, and the way a number or a bound is written leave no trace in it.

use std::fmt::Write as _;
use std::sync::Arc;

use tvaers_definitions::feature::Kind as FeatureKind;
use tvaers_protocol::id::{Digest, Sector};

use crate::budget::Mechanism;
use crate::label::Label;
use crate::query::{Condition, Kind, Nodes, Query, Test};

impl Query {
    /// The query as a file, in its one form. [`Query::parse`] reads it back as the same query.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("name = \"{}\"\n{}", self.name, self.question(&self.kind));
        match (&self.nodes, self.sector_is_stated) {
            (Nodes::Listed(nodes), _) => {
                let nodes = nodes.iter().map(|node| format!("\"{node}\""));
                write_line(&mut text, "\n[nodes]\nof", &list(nodes));
            }
            (Nodes::All, true) => write_line(&mut text, "\n[nodes]\nsector", &format!("\"{}\"", self.sector)),
            (Nodes::All, false) => {}
        }
        text
    }

    /// The digest of the whole query: what a person signs, and what a request is about.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of("tvaers/v1/query", &[self.text().as_bytes(), &self.catalogue.0])
    }

    /// The digest of what a node is asked, whatever it is called and whoever else is asked: a node answers the same
    /// question over the same import with the answer that it has given. Quantiles are read from a histogram, so that they
    /// are the same question as the histogram in the same bins, whatever their probabilities.
    #[must_use]
    pub fn question_digest(&self) -> Digest {
        let sector = self.sector.to_string();
        let kommune = |label: &Label| match label {
            Label::Kommune(code) => Some(code.to_be_bytes()),
            Label::Text(_) | Label::Flag(_) | Label::Bin { .. } => None,
        };
        // The cells of a grouping by municipality are the roster's, not the catalogue's.
        let labels = self.by.iter().flat_map(|grouping| &grouping.labels);
        let kommuner: Vec<u8> = labels.filter_map(kommune).flatten().collect();
        let question = self.question(&released(&self.kind));
        let parts = [question.as_bytes(), sector.as_bytes(), &kommuner, &self.catalogue.0];
        Digest::of("tvaers/v1/question", &parts)
    }

    /// The text without name and nodes, for a kind.
    fn question(&self, kind: &Kind) -> String {
        let mut text = String::new();
        write_line(&mut text, "kind", &format!("\"{}\"", kind.name()));
        if let Some(feature) = kind.feature() {
            write_line(&mut text, "feature", &format!("\"{}\"", feature.name));
        }
        if let Some(bins) = kind.bins() {
            write_line(&mut text, "bins", &list(bins.starts().iter().map(i64::to_string)));
        }
        if let Kind::Quantiles { probabilities, .. } = kind {
            write_line(&mut text, "probabilities", &list(probabilities.iter().map(ToString::to_string)));
        }
        if !self.by.is_empty() {
            let names = self.by.iter().map(|grouping| format!("\"{}\"", grouping.category.name()));
            write_line(&mut text, "by", &list(names));
        }
        write_line(&mut text, "as_of", &self.as_of.to_string());
        for condition in &self.conditions {
            write_line(&mut text, "\n[[where]]\nfeature", &format!("\"{}\"", condition.feature.name));
            write_test(&mut text, condition);
        }
        // The default mechanism is not written, nor is a section without anything in it.
        let mechanism = self.privacy.mechanism;
        let mechanism = (mechanism != Mechanism::DiscreteGaussian).then(|| mechanism.name());
        let mechanism = mechanism.map(|name| format!("mechanism = \"{name}\""));
        let budget = self.privacy.budget.map(|budget| budget.to_string());
        let lines: Vec<String> = budget.into_iter().chain(mechanism).collect();
        if !lines.is_empty() {
            let _ = writeln!(text, "\n[privacy]\n{}", lines.join("\n"));
        }
        text
    }
}

/// What nodes release for a kind.
fn released(kind: &Kind) -> Kind {
    match kind {
        Kind::Quantiles { feature, bins, .. } => {
            Kind::Histogram { feature: Arc::clone(feature), bins: bins.clone() }
        }
        other => other.clone(),
    }
}

fn write_test(text: &mut String, condition: &Condition) {
    match &condition.test {
        Test::Range { from, to } => {
            // A bound at the clamp says nothing beyond it, but without any the condition would have no test.
            write_line(text, "from", &from.to_string());
            write_line(text, "to", &to.to_string());
        }
        Test::Numbers(numbers) => write_line(text, "any_of", &list(numbers.iter().map(i64::to_string))),
        Test::Labels(labels) => {
            let is_text = matches!(condition.feature.kind, FeatureKind::Category(_));
            let label = |label: &Label| if is_text { quoted(&label.to_string()) } else { label.to_string() };
            write_line(text, "any_of", &list(labels.iter().map(label)));
        }
    }
}

fn write_line(text: &mut String, key: &str, value: &str) {
    // Writing to a text cannot fail.
    let _ = writeln!(text, "{key} = {value}");
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// A label of the catalogue may have any character.
fn quoted(label: &str) -> String {
    toml::Value::String(label.to_owned()).to_string()
}

/// The sector of a name in a file.
pub(crate) fn sector_named(name: &str) -> Option<Sector> {
    [Sector::Region, Sector::Municipality].into_iter().find(|sector| sector.to_string() == name)
}
