//! The catalogue: every person feature that an installation has, checked, with one digest over its files.

mod condition;
mod fit;
mod raw;
mod read;
mod rule;
mod set;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tvaers_protocol::id::Digest;

use crate::error::{DefinitionError, Reason};
use crate::feature::Feature;
use crate::set::FeatureSet;
use crate::source::Source;

/// The most features that a catalogue has.
pub const FEATURES_MAX: usize = 256;

/// The most sets of features that a catalogue has.
pub const SETS_MAX: usize = 64;

/// All person features and sets of them, in the order of the files.
#[derive(Clone, Debug)]
pub struct Catalogue {
    features: Vec<Arc<Feature>>,
    sets: Vec<Arc<FeatureSet>>,
    digest: Digest,
}

impl Catalogue {
    /// Reads and checks the files of a catalogue.
    ///
    /// # Errors
    /// [`DefinitionError`] at the first place that is wrong, in the order of the files.
    pub fn read(sources: &[Source<'_>]) -> Result<Self, DefinitionError> {
        let mut features: Vec<Arc<Feature>> = Vec::new();
        let mut raw_sets = Vec::new();
        for source in sources {
            let file: raw::File = source.parse()?;
            raw_sets.extend(file.set.into_iter().map(|raw| (source, raw)));
            for raw in file.feature {
                let span = raw.name.span();
                let feature = read::feature(source, raw)?;
                if features.iter().any(|other| other.name == feature.name) {
                    return Err(
                        source.refuse(span, Reason::Duplicate { what: "feature", name: feature.name })
                    );
                }
                if features.len() == FEATURES_MAX {
                    return Err(source.refuse(span, Reason::TooMany { what: "features", max: FEATURES_MAX }));
                }
                features.push(Arc::new(feature));
            }
        }
        // A set may be made of features of a later file.
        let mut sets: Vec<Arc<FeatureSet>> = Vec::new();
        for (source, raw) in raw_sets {
            let span = raw.name.span();
            let set = set::set(source, raw, &features)?;
            let is_taken = features.iter().any(|feature| feature.name == set.name);
            if is_taken || sets.iter().any(|other| other.name == set.name) {
                return Err(source.refuse(span, Reason::Duplicate { what: "feature", name: set.name }));
            }
            if sets.len() == SETS_MAX {
                return Err(source.refuse(span, Reason::TooMany { what: "sets", max: SETS_MAX }));
            }
            sets.push(Arc::new(set));
        }
        let mut parts = Vec::new();
        for source in sources {
            parts.push(source.file.as_bytes().to_vec());
            parts.push(source.canonical().into_bytes());
        }
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        Ok(Self { features, sets, digest: Digest::of("tvaers catalogue", &parts) })
    }

    /// The features, in the order of the files.
    #[must_use]
    pub fn features(&self) -> &[Arc<Feature>] {
        &self.features
    }

    /// The feature of that name.
    #[must_use]
    pub fn feature(&self, name: &str) -> Option<&Arc<Feature>> {
        self.features.iter().find(|feature| feature.name == name)
    }

    /// The sets of features, in the order of the files.
    #[must_use]
    pub fn sets(&self) -> &[Arc<FeatureSet>] {
        &self.sets
    }

    /// The set of that name. No feature has the name of a set.
    #[must_use]
    pub fn set(&self, name: &str) -> Option<&Arc<FeatureSet>> {
        self.sets.iter().find(|set| set.name == name)
    }

    /// The digest over the names and texts of the files, line ends normalised.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}
