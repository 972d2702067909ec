//! Which models a permit is about, and how finely this node's components may contribute.

use std::collections::BTreeMap;

use tvaers_protocol::id::Digest;
use tvaers_protocol::study::Grain;
use tvaers_query::strict::Placed;

use super::value::{self, Need};
use super::{PolicyTable, Reader};
use crate::fault::{Reason, Thing};
use crate::permit::{ModelOf, PermittedModel};

const GRAINS: &[(&str, Grain)] =
    &[("points", Grain::Points), ("counts", Grain::Counts), ("events", Grain::Events)];

impl Reader<'_> {
    pub(super) fn models(&self, permit: &PolicyTable<'_>) -> Option<Vec<PermittedModel>> {
        if !permit.require("model") {
            return None;
        }
        let tables = permit.tables("model");
        let mut models: Vec<PermittedModel> = Vec::new();
        let mut right = true;
        for table in &tables {
            match self.model(table) {
                Some(model) if models.iter().any(|other| other.of == model.of) => {
                    let name = model.of.map_or_else(|| "all".to_owned(), |of| of.name);
                    table.refuse("name", Reason::Twice { name });
                }
                Some(model) => models.push(model),
                None => right = false,
            }
        }
        right.then_some(models)
    }

    fn model(&self, table: &PolicyTable<'_>) -> Option<PermittedModel> {
        let name = table.required::<String>("name");
        let is_all = name.as_ref().is_some_and(|name| name.value == "all");
        let of = if is_all { self.every_model(table) } else { self.one_model(table, name) };
        let grain = value::checked(table, "grain", Need::Optional, || value::word(table, "grain", GRAINS));
        let components =
            table.optional_table("component").map(|components| self.components(&components, &of));
        table.close();
        let (of, grain, components) = (of?, grain?, components.unwrap_or_default());
        if grain.is_none() && components.is_empty() {
            table.faults().refuse(table.at(), Reason::Grain);
        }
        Some(PermittedModel { of, grain, components })
    }

    fn every_model(&self, table: &PolicyTable<'_>) -> Option<Option<ModelOf>> {
        if self.laboratory {
            return Some(None);
        }
        table.refuse("name", Reason::Laboratory);
        // Known, so that they are not blamed beside the name.
        let _ = (table.has("version"), table.has("digest"));
        None
    }

    fn one_model(&self, table: &PolicyTable<'_>, name: Option<Placed<String>>) -> Option<Option<ModelOf>> {
        let version = value::whole(table, "version", 1, u32::MAX);
        let digest = value::hex(table, "digest").map(Digest);
        let name = name?;
        let installed = self.library.model(&name.value);
        if installed.is_none() {
            let reason = Reason::Unknown { thing: Thing::Model, name: name.value.clone() };
            table.faults().refuse(&name, reason);
        }
        let (version, digest) = (version?, digest?);
        if let Some(installed) = installed {
            // Another version is not installed and so not used; the same one with another content is a mistake.
            match (installed.version == version, installed.digest == digest) {
                (true, false) => table.refuse("digest", Reason::Digest),
                (false, true) => table.refuse("version", Reason::Version { installed: installed.version }),
                (true, true) | (false, false) => {}
            }
        }
        Some(Some(ModelOf { name: name.value, version, digest }))
    }

    fn components(&self, table: &PolicyTable<'_>, of: &Option<Option<ModelOf>>) -> BTreeMap<String, Grain> {
        let of = of.as_ref().and_then(Option::as_ref);
        let installed =
            of.and_then(|of| self.library.model(&of.name).filter(|model| model.digest == of.digest));
        let mut components = BTreeMap::new();
        for (name, grain) in table.named::<String>() {
            let is_known = |model: &tvaers_definitions::model::Model| {
                model.components.iter().any(|component| component.name == name.value)
            };
            if !installed.is_none_or(is_known) {
                let reason = Reason::Unknown { thing: Thing::Component, name: name.value.clone() };
                table.faults().refuse(&name, reason);
            }
            if let Some(grain) = value::word_of(table, &grain, GRAINS) {
                components.insert(name.value, grain);
            }
        }
        components
    }
}
