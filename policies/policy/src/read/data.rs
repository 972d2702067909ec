//! Which data a permit is about, and whose.

use std::sync::Arc;

use tvaers_definitions::feature::{Feature, Kind};
use tvaers_definitions::schema::Table as Schema;
use tvaers_protocol::id::Sector;
use tvaers_query::strict::{Placed, Scalar};

use super::value::{self, Need};
use super::{PolicyTable, Reader, refuse_unneeded};
use crate::fault::{Reason, Thing};
use crate::limit;
use crate::permit::{Allowed, Clamp, Data, Mode, Population};
use crate::reach;

/// What a joined statistic can be grouped by beside the categories of the catalogue.
const JOINED_CATEGORIES: [&str; 3] = ["stratum", "included", "total"];

/// Codes that a municipality can have: three digits.
const KOMMUNE_CODES: std::ops::RangeInclusive<i64> = 100..=999;

/// Names with their places.
type Names = Allowed<Placed<String>>;

impl Reader<'_> {
    pub(super) fn data(&self, table: &PolicyTable<'_>, mode: Option<Mode>) -> Option<Data> {
        let catalogue = self.library.catalogue();
        let no_table = |name: &str| Schema::named(name).is_none();
        let no_feature = |name: &str| catalogue.feature(name).is_none();
        let tables = self.allowed(table, "tables", Need::Required, Thing::Table, no_table);
        let features = self.allowed(table, "features", Need::Required, Thing::Feature, no_feature);
        let has_categories =
            if mode.is_none_or(Mode::is_statistics) { Need::Required } else { Need::Optional };
        let no_category = |name: &str| self.is_no_category(name, mode);
        let categories = self.allowed(table, "categories", has_categories, Thing::Category, no_category);
        let sensitive = self.allowed(table, "sensitive", Need::Optional, Thing::Feature, no_feature);
        let clamps = self.clamps(table);
        if let Some(mode) = mode {
            let unneeded: &[&'static str] = match mode {
                Mode::Aggregates => &[],
                Mode::JoinedStatistics => &["clamp"],
                Mode::PersonContributions => &["categories", "clamp"],
            };
            refuse_unneeded(table, unneeded, mode);
        }
        table.close();
        if let (Some(tables), Some(sensitive)) = (&tables, &sensitive) {
            for names in [&features, &categories].into_iter().flatten() {
                self.check_reach(table, names, tables, sensitive);
            }
        }
        Some(Data {
            tables: plain(tables?),
            features: plain(features?),
            categories: plain(categories?),
            sensitive: plain(sensitive?),
            clamps: clamps?,
        })
    }

    /// A list of names or, in a laboratory, "all". What may be left out is then empty.
    fn allowed(
        &self,
        table: &PolicyTable<'_>,
        key: &'static str,
        need: Need,
        thing: Thing,
        is_unknown: impl Fn(&str) -> bool,
    ) -> Option<Names> {
        if need == Need::Optional && !table.has(key) {
            return Some(Allowed::Only(Vec::new()));
        }
        if let Some(Placed { value: Scalar::Text(word), .. }) = table.scalar_if_any(key)
            && word == "all"
        {
            if !self.laboratory {
                table.refuse(key, Reason::Laboratory);
                return None;
            }
            return Some(Allowed::All);
        }
        let names = table.required_list::<String>(key)?.value;
        value::refuse_twice(table, &names, String::clone);
        for name in names.iter().filter(|name| is_unknown(&name.value)) {
            table.faults().refuse(name, Reason::Unknown { thing, name: name.value.clone() });
        }
        Some(Allowed::Only(names))
    }

    fn is_no_category(&self, name: &str, mode: Option<Mode>) -> bool {
        // Where the mode is wrong, its categories are not blamed.
        if mode.is_none_or(|mode| mode == Mode::JoinedStatistics) && JOINED_CATEGORIES.contains(&name) {
            return false;
        }
        let catalogue = self.library.catalogue();
        let is_category = |feature: &Arc<Feature>| !matches!(feature.kind, Kind::Integer { .. });
        !catalogue.feature(name).is_some_and(is_category)
            && (mode == Some(Mode::JoinedStatistics) || catalogue.set(name).is_none())
    }

    /// A feature that could never be used, for want of a table or of an approval, is a mistake.
    fn check_reach(&self, table: &PolicyTable<'_>, names: &Names, tables: &Names, sensitive: &Names) {
        let Allowed::Only(names) = names else { return };
        let catalogue = self.library.catalogue();
        // A set of flags reads what each of them does.
        let features_of = |name: &str| -> Vec<&Arc<Feature>> {
            let members = catalogue.set(name).map(|set| set.members.iter()).into_iter().flatten();
            catalogue.feature(name).into_iter().chain(members).collect()
        };
        for (name, feature) in names
            .iter()
            .flat_map(|name| features_of(&name.value).into_iter().map(move |feature| (name, feature)))
        {
            if reach::is_sensitive(feature) && !has(sensitive, &feature.name) {
                table.faults().refuse(name, Reason::Sensitive { name: feature.name.clone() });
            }
            let missing = |sector: Sector| {
                let read = reach::tables(feature, sector).into_iter();
                read.filter(|read| !has(tables, read)).collect::<Vec<_>>()
            };
            let missing: Vec<Vec<&str>> = feature.holder.sectors().map(missing).collect();
            if let Some(first) = missing.first().filter(|_| missing.iter().all(|missing| !missing.is_empty()))
            {
                let reason = Reason::NoTable { feature: feature.name.clone(), tables: first.join(", ") };
                table.faults().refuse(name, reason);
            }
        }
    }

    /// The numbers that may be added up; in a laboratory that names none, all.
    fn clamps(&self, table: &PolicyTable<'_>) -> Option<Allowed<Clamp>> {
        let tables = table.tables("clamp");
        if tables.is_empty() && self.laboratory {
            return Some(Allowed::All);
        }
        let mut clamps: Vec<Clamp> = Vec::new();
        let mut right = true;
        for entry in &tables {
            match self.clamp(entry) {
                Some(clamp) if clamps.iter().any(|other| other.feature == clamp.feature) => {
                    entry.refuse("feature", Reason::Twice { name: clamp.feature });
                }
                Some(clamp) => clamps.push(clamp),
                None => right = false,
            }
        }
        right.then_some(Allowed::Only(clamps))
    }

    fn clamp(&self, table: &PolicyTable<'_>) -> Option<Clamp> {
        let name = table.required::<String>("feature");
        let from = table.required::<i64>("from");
        let to = table.required::<i64>("to");
        table.close();
        let (name, from, to) = (name?, from?.value, to?.value);
        if from >= to {
            table.refuse("to", Reason::Clamp { from, to });
        }
        match self.library.catalogue().feature(&name.value).map(|feature| &feature.kind) {
            None => {
                let reason = Reason::Unknown { thing: Thing::Feature, name: name.value.clone() };
                table.faults().refuse(&name, reason);
            }
            Some(Kind::Integer { from: least, to: most, .. }) => {
                if *least < from || *most > to {
                    table.faults().refuse(&name, Reason::ClampWide { from: *least, to: *most });
                }
            }
            Some(_) => table.faults().refuse(&name, Reason::Clamped { name: name.value.clone() }),
        }
        Some(Clamp { feature: name.value, from, to })
    }

    pub(super) fn population(&self, table: &PolicyTable<'_>) -> Option<Population> {
        let kommuner = table.optional_list::<i64>("kommuner");
        let codes = kommuner.map(|kommuner| {
            value::refuse_twice(table, &kommuner.value, i64::to_string);
            if kommuner.value.is_empty() {
                table.faults().refuse(&kommuner, Reason::Empty);
            }
            let code = |code: &Placed<i64>| {
                let found = u16::try_from(code.value).ok().filter(|_| KOMMUNE_CODES.contains(&code.value));
                if found.is_none() {
                    let (from, to) = (*KOMMUNE_CODES.start(), *KOMMUNE_CODES.end());
                    table.faults().refuse(code, Reason::Bounds { found: code.value, from, to });
                }
                found
            };
            kommuner.value.iter().filter_map(code).collect()
        });
        let age =
            |key| value::checked(table, key, Need::Optional, || value::whole(table, key, 0, limit::AGE_MAX));
        let (age_from, age_to) = (age("age-from"), age("age-to"));
        table.close();
        let (age_from, age_to) = (age_from?, age_to?);
        if age_from.zip(age_to).is_some_and(|(from, to)| to < from) {
            table.refuse("age-to", Reason::Ages);
        }
        Some(Population { kommuner: codes, age_from, age_to })
    }
}

fn plain(names: Names) -> Allowed<String> {
    match names {
        Allowed::All => Allowed::All,
        Allowed::Only(names) => Allowed::Only(names.into_iter().map(|name| name.value).collect()),
    }
}

fn has(names: &Names, wanted: &str) -> bool {
    match names {
        Allowed::All => true,
        Allowed::Only(names) => names.iter().any(|name| name.value == wanted),
    }
}
