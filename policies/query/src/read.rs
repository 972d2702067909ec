//! From a file to a checked query. Every part is read whatever is wrong with the others, so that all faults are told
//! at once; a query comes out only where there is none.

mod condition;
mod measure;
mod nodes;
mod privacy;

use std::sync::Arc;

use jiff::civil::Date;
use tvaers_definitions::catalogue::Catalogue;
use tvaers_definitions::feature::{Feature, Holder};
use tvaers_definitions::nearest::nearest;
use tvaers_protocol::id::Sector;

use crate::bins::Bins;
use crate::fault::{Fault, Reason};
use crate::label::labels_of;
use crate::limit;
use crate::query::{Category, Grouping, Party, Query};
use crate::strict::{Document, Faults, Form, Placed, Table};

impl Query {
    /// Reads and checks a query file. `file` is its name, for messages; `parties` are the members of the federation:
    /// the municipalities among them are the labels of `kommune`.
    ///
    /// # Errors
    /// Every [`Fault`] of the file, in its order.
    pub fn parse(
        text: &str,
        file: &str,
        catalogue: &Catalogue,
        parties: &[Party],
    ) -> Result<Self, Vec<Fault>> {
        let faults = Faults::new(limit::FAULTS_MAX);
        let document = Document::parse(text, limit::FILE_BYTES_MAX, &faults);
        let query = document.and_then(|document| {
            let root = document.root(&faults);
            Reader { root: &root, catalogue, parties }.query()
        });
        match query {
            Some(query) if faults.is_empty() => Ok(query),
            _ => Err(faults.into_sorted().into_iter().map(|wrong| Fault::new(file, wrong)).collect()),
        }
    }
}

/// What a file is read with.
struct Reader<'r, 'd> {
    root: &'r Table<'d, Reason>,
    catalogue: &'r Catalogue,
    parties: &'r [Party],
}

/// A feature with the place that names it.
type Named = Placed<Arc<Feature>>;

impl Reader<'_, '_> {
    fn query(&self) -> Option<Query> {
        let kommuner = self.kommuner();
        let name = self.name();
        let measure = measure::measure(self);
        let by = self.by(&kommuner);
        let bins = measure.as_ref().and_then(|(kind, _)| kind.bins());
        self.check_cells(&by, bins);
        let as_of = self.root.required::<Date>("as_of");
        let (conditions, condition_names) = condition::conditions(self, &kommuner);
        let privacy = privacy::privacy(self.root);
        let number = measure.as_ref().and_then(|(_, name)| name.as_ref());
        let named: Vec<&Named> = number
            .into_iter()
            .chain(by.iter().flat_map(|(_, names)| names))
            .chain(&condition_names)
            .collect();
        let held_by = self.held_by(&named);
        let asked = nodes::nodes(self.root, self.parties, held_by);
        self.root.close();

        let mut by: Vec<Grouping> = by.into_iter().map(|(grouping, _)| grouping).collect();
        by.sort_by_key(|grouping| self.place(&grouping.category));
        Some(Query {
            name: name?,
            kind: measure?.0,
            sector: asked.sector,
            sector_is_stated: held_by.is_none() && asked.sector_is_stated,
            by,
            conditions: condition::sorted(conditions, |feature| self.position(feature)),
            as_of: as_of?.value,
            privacy: privacy?,
            nodes: asked.nodes,
            catalogue: self.catalogue.digest(),
        })
    }

    fn name(&self) -> Option<String> {
        let name = self.root.required::<String>("name")?;
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits =
            (1..=limit::NAME_CHARACTERS_MAX).contains(&name.value.len()) && name.value.bytes().all(allowed);
        if !fits {
            self.root.faults().refuse(&name, Reason::Name);
        }
        Some(name.value)
    }

    /// The categories, each with where its features are named.
    fn by(&self, kommuner: &[u16]) -> Vec<(Grouping, Vec<Named>)> {
        let Some(names) = self.root.optional_list::<String>("by") else { return Vec::new() };
        let mut by: Vec<(Grouping, Vec<Named>)> = Vec::new();
        for name in &names.value {
            let Some(category) = self.category(name) else { continue };
            if by.iter().any(|(other, _)| other.category.name() == name.value) {
                let twice = Reason::Twice { what: "category", name: name.value.clone() };
                self.root.faults().refuse(name, twice);
            }
            match labels_of(&category, kommuner) {
                None => {
                    self.root.faults().refuse(name, Reason::NotACategory { name: name.value.clone() });
                }
                Some(labels) if labels.is_empty() => {
                    self.root.faults().refuse(name, Reason::NoMunicipality);
                }
                Some(labels) => {
                    let named = category.features().iter().map(|one| name.at().map(|()| Arc::clone(one)));
                    let named = named.collect();
                    by.push((Grouping { category, labels }, named));
                }
            }
        }
        if names.value.len() > limit::DIMENSIONS_MAX {
            let too_many = Reason::TooMany { what: "categories", max: limit::DIMENSIONS_MAX };
            self.root.faults().refuse(&names, too_many);
        }
        by
    }

    fn check_cells(&self, by: &[(Grouping, Vec<Named>)], bins: Option<&Bins>) {
        let labels = by.iter().map(|(grouping, _)| grouping.labels.len()).chain(bins.map(Bins::len));
        let found = labels.fold(1, usize::saturating_mul);
        if found > limit::CELLS_MAX {
            self.root.refuse(if by.is_empty() { "bins" } else { "by" }, Reason::Cells { found });
        }
    }

    /// The sector that holds the features; `None` where both hold all of them.
    fn held_by(&self, named: &[&Named]) -> Option<Sector> {
        let mut held_by = None;
        for name in named {
            let sector = match name.value.holder {
                Holder::Both => continue,
                Holder::Region => Sector::Region,
                Holder::Municipality => Sector::Municipality,
            };
            let other = *held_by.get_or_insert(sector);
            if other != sector {
                let feature = name.value.name.clone();
                let reason =
                    Reason::Sectors { feature, sector: sector.to_string(), other: other.to_string() };
                self.root.faults().refuse(name, reason);
            }
        }
        held_by
    }

    fn feature(&self, name: &Placed<String>) -> Option<Named> {
        let Some(feature) = self.catalogue.feature(&name.value) else {
            let written = name.value.clone();
            if self.catalogue.set(&written).is_some() {
                self.root.faults().refuse(name, Reason::FeatureIsSet { name: written });
            } else {
                let known = self.catalogue.features().iter().map(|feature| feature.name.as_str());
                let meant = nearest(&written, known).map(str::to_owned);
                self.root.faults().refuse(name, Reason::FeatureUnknown { name: written, meant });
            }
            return None;
        };
        Some(name.at().map(|()| Arc::clone(feature)))
    }

    /// A feature, or a set of flags.
    fn category(&self, name: &Placed<String>) -> Option<Category> {
        let set = self.catalogue.set(&name.value).map(|set| Category::Several(Arc::clone(set)));
        set.or_else(|| self.feature(name).map(|named| Category::One(named.value)))
    }

    /// Where a category stands in the catalogue: features first, then sets.
    fn place(&self, category: &Category) -> (usize, usize) {
        match category {
            Category::One(feature) => (0, self.position(feature)),
            Category::Several(set) => {
                let place = self.catalogue.sets().iter().position(|other| other.name == set.name);
                (1, place.unwrap_or(usize::MAX))
            }
        }
    }

    /// Where a feature stands in the catalogue.
    fn position(&self, feature: &Feature) -> usize {
        self.catalogue.features().iter().position(|other| other.name == feature.name).unwrap_or(usize::MAX)
    }

    /// The codes of the member municipalities, rising.
    fn kommuner(&self) -> Vec<u16> {
        let municipalities = self.parties.iter().filter(|party| party.sector == Sector::Municipality);
        let mut codes: Vec<u16> = municipalities.map(|party| party.code).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

/// A fault of the form, told by this crate's reasons.
fn wrong_type(found: &'static str, expected: &'static str) -> Reason {
    Reason::Form(Form::Type { found, expected })
}
