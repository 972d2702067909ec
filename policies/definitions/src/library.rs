//! The definitions that the programs carry: the catalogue and every model, embedded when they are built.

use crate::catalogue::Catalogue;
use crate::error::{DefinitionError, Reason};
use crate::model::Model;
use crate::source::Source;

/// The embedded files of the catalogue.
pub const CATALOGUE: &[Source<'static>] = &[
    Source { file: "catalogue/both.toml", text: include_str!("../../catalogue/both.toml") },
    Source { file: "catalogue/municipality.toml", text: include_str!("../../catalogue/municipality.toml") },
    Source { file: "catalogue/region.toml", text: include_str!("../../catalogue/region.toml") },
];

/// The embedded models.
pub const MODELS: &[Source<'static>] =
    &[Source { file: "models/sad.toml", text: include_str!("../../models/sad.toml") }];

/// A catalogue and the models that refer to it.
#[derive(Clone, Debug)]
pub struct Library {
    catalogue: Catalogue,
    models: Vec<Model>,
}

impl Library {
    /// The embedded files. A test reads them, so the error is one of development only.
    ///
    /// # Errors
    /// [`DefinitionError`] where an embedded file is wrong.
    pub fn embedded() -> Result<Self, DefinitionError> {
        Self::read(CATALOGUE, MODELS)
    }

    /// Reads and checks the files of a catalogue and of models.
    ///
    /// # Errors
    /// [`DefinitionError`] at the first place that is wrong.
    pub fn read(catalogue: &[Source<'_>], models: &[Source<'_>]) -> Result<Self, DefinitionError> {
        let catalogue = Catalogue::read(catalogue)?;
        let mut read: Vec<Model> = Vec::new();
        for source in models {
            let model = Model::read(source, &catalogue)?;
            if read.iter().any(|other| other.name == model.name) {
                return Err(source.refuse(0..0, Reason::Duplicate { what: "model", name: model.name }));
            }
            read.push(model);
        }
        Ok(Self { catalogue, models: read })
    }

    /// The person features.
    #[must_use]
    pub const fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The model of that name.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }

    /// All models, in the order of the files.
    #[must_use]
    pub fn models(&self) -> &[Model] {
        &self.models
    }
}
