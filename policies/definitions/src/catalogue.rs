//! The catalogue: every person feature that an installation has, checked, with one digest over its files.

mod condition;
mod fit;
mod raw;
mod read;
mod rule;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tvaers_protocol::id::Digest;

use crate::error::{DefinitionError, Reason};
use crate::feature::Feature;
use crate::source::Source;

/// The most features that a catalogue has.
pub const FEATURES_MAX: usize = 256;

/// All person features, in the order of the files.
#[derive(Clone, Debug)]
pub struct Catalogue {
    features: Vec<Arc<Feature>>,
    digest: Digest,
}

impl Catalogue {
    /// Reads and checks the files of a catalogue.
    ///
    /// # Errors
    /// [`DefinitionError`] at the first place that is wrong, in the order of the files.
    pub fn read(sources: &[Source<'_>]) -> Result<Self, DefinitionError> {
        let mut features: Vec<Arc<Feature>> = Vec::new();
        for source in sources {
            let file: raw::File = source.parse()?;
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
        let mut parts = Vec::new();
        for source in sources {
            parts.push(source.file.as_bytes().to_vec());
            parts.push(source.canonical().into_bytes());
        }
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        Ok(Self { features, digest: Digest::of("tvaers catalogue", &parts) })
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

    /// The digest over the names and texts of the files, line ends normalised.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}
