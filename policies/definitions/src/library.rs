//! The definitions that the programs carry: the catalogue and every model, embedded when they are built.

use crate::catalogue::Catalogue;
use crate::error::{DefinitionError, Reason};
use crate::indicator::Indicator;
use crate::model::Model;
use crate::regions::{REGIONS, Regions};
use crate::source::Source;

/// The embedded files of the catalogue.
pub const CATALOGUE: &[Source<'static>] = &[
    Source { file: "catalogue/both.toml", text: include_str!("../../catalogue/both.toml") },
    Source { file: "catalogue/municipality.toml", text: include_str!("../../catalogue/municipality.toml") },
    Source { file: "catalogue/survey.toml", text: include_str!("../../catalogue/survey.toml") },
    Source { file: "catalogue/region.toml", text: include_str!("../../catalogue/region.toml") },
    Source { file: "catalogue/admissions.toml", text: include_str!("../../catalogue/admissions.toml") },
    Source { file: "catalogue/cost.toml", text: include_str!("../../catalogue/cost.toml") },
];

/// The embedded models.
pub const MODELS: &[Source<'static>] = &[
    Source { file: "models/sad.toml", text: include_str!("../../models/sad.toml") },
    Source { file: "models/somv.toml", text: include_str!("../../models/somv.toml") },
    Source {
        file: "models/somv_with_frontline.toml",
        text: include_str!("../../models/somv_with_frontline.toml"),
    },
];

/// The embedded indicators.
pub const INDICATORS: &[Source<'static>] = &[
    Source { file: "indicators/admissions.toml", text: include_str!("../../indicators/admissions.toml") },
    Source { file: "indicators/benefits.toml", text: include_str!("../../indicators/benefits.toml") },
    Source {
        file: "indicators/candidate_target_group.toml",
        text: include_str!("../../indicators/candidate_target_group.toml"),
    },
    Source {
        file: "indicators/change_before_after.toml",
        text: include_str!("../../indicators/change_before_after.toml"),
    },
    Source {
        file: "indicators/cost_by_stratum.toml",
        text: include_str!("../../indicators/cost_by_stratum.toml"),
    },
    Source {
        file: "indicators/cost_per_capita.toml",
        text: include_str!("../../indicators/cost_per_capita.toml"),
    },
    Source { file: "indicators/funnel_somv.toml", text: include_str!("../../indicators/funnel_somv.toml") },
    Source { file: "indicators/gp_use.toml", text: include_str!("../../indicators/gp_use.toml") },
    Source { file: "indicators/medicine_use.toml", text: include_str!("../../indicators/medicine_use.toml") },
    Source {
        file: "indicators/readmission_30d.toml",
        text: include_str!("../../indicators/readmission_30d.toml"),
    },
    Source { file: "indicators/residents.toml", text: include_str!("../../indicators/residents.toml") },
    Source {
        file: "indicators/sad_histogram.toml",
        text: include_str!("../../indicators/sad_histogram.toml"),
    },
    Source { file: "indicators/sad_strata.toml", text: include_str!("../../indicators/sad_strata.toml") },
    Source { file: "indicators/sick_leave.toml", text: include_str!("../../indicators/sick_leave.toml") },
    Source {
        file: "indicators/somv_demographics.toml",
        text: include_str!("../../indicators/somv_demographics.toml"),
    },
    Source { file: "indicators/somv_diagram.toml", text: include_str!("../../indicators/somv_diagram.toml") },
    Source {
        file: "indicators/somv_sickness.toml",
        text: include_str!("../../indicators/somv_sickness.toml"),
    },
    Source {
        file: "indicators/survey_dropout.toml",
        text: include_str!("../../indicators/survey_dropout.toml"),
    },
    Source {
        file: "indicators/transport_use.toml",
        text: include_str!("../../indicators/transport_use.toml"),
    },
    Source {
        file: "indicators/triple_aim_survey.toml",
        text: include_str!("../../indicators/triple_aim_survey.toml"),
    },
];

/// A catalogue, and the models and indicators that refer to it.
#[derive(Clone, Debug)]
pub struct Library {
    catalogue: Catalogue,
    models: Vec<Model>,
    indicators: Vec<Indicator>,
}

impl Library {
    /// The embedded files. A test reads them, so the error is one of development only.
    ///
    /// # Errors
    /// [`DefinitionError`] where an embedded file is wrong.
    pub fn embedded() -> Result<Self, DefinitionError> {
        Self::embedded_and(&[])
    }

    /// The embedded files, and indicators of an installation's own.
    ///
    /// # Errors
    /// [`DefinitionError`] at the first place that is wrong.
    pub fn embedded_and(indicators: &[Source<'_>]) -> Result<Self, DefinitionError> {
        let indicators: Vec<Source<'_>> = INDICATORS.iter().chain(indicators).copied().collect();
        Self::read(CATALOGUE, MODELS, &indicators)
    }

    /// The embedded files, and those of an installation's own folder of indicators, by name and text. A file is named
    /// for the indicator in it, so that nobody looks for it elsewhere.
    ///
    /// # Errors
    /// [`DefinitionError`] at the first place that is wrong.
    pub fn with_own(indicators: &[(String, String)]) -> Result<Self, DefinitionError> {
        let own: Vec<Source<'_>> = indicators
            .iter()
            .map(|(file, text)| Source { file: file.as_str(), text: text.as_str() })
            .collect();
        let library = Self::embedded_and(&own)?;
        for (source, indicator) in own.iter().zip(library.indicators.iter().skip(INDICATORS.len())) {
            let expected = format!("{}.toml", indicator.name);
            if source.file != expected {
                return Err(source.refuse(0..0, Reason::FileName { expected }));
            }
        }
        Ok(library)
    }

    /// Reads and checks the files of a catalogue, of models and of indicators.
    ///
    /// # Errors
    /// [`DefinitionError`] at the first place that is wrong.
    pub fn read(
        catalogue: &[Source<'_>],
        models: &[Source<'_>],
        indicators: &[Source<'_>],
    ) -> Result<Self, DefinitionError> {
        let catalogue = Catalogue::read(catalogue)?;
        let mut read: Vec<Model> = Vec::new();
        for source in models {
            let model = Model::read(source, &catalogue)?;
            if read.iter().any(|other| other.name == model.name) {
                return Err(source.refuse(0..0, Reason::Duplicate { what: "model", name: model.name }));
            }
            read.push(model);
        }
        let regions = Regions::read(&REGIONS)?;
        let mut of_files: Vec<Indicator> = Vec::new();
        for source in indicators {
            let indicator = Indicator::read(source, models, &catalogue, &regions)?;
            let name = indicator.name.clone();
            // Results of models and indicators stand side by side under their names.
            let of_model = read.iter().any(|model| model.name == name).then_some("a model");
            let of_other = of_files.iter().any(|other| other.name == name).then_some("an indicator");
            if let Some(what) = of_model.or(of_other) {
                let at = source.text.find(&format!("\"{name}\"")).unwrap_or(0);
                return Err(source.refuse(at..at, Reason::Taken { what, name }));
            }
            of_files.push(indicator);
        }
        Ok(Self { catalogue, models: read, indicators: of_files })
    }

    /// The person features.
    #[must_use]
    pub const fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The model of that name, or that of the indicator of that name which is answered by a join.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&Model> {
        let of_indicator = || self.indicator(name).and_then(Indicator::model);
        self.models.iter().find(|model| model.name == name).or_else(of_indicator)
    }

    /// The indicator of that name.
    #[must_use]
    pub fn indicator(&self, name: &str) -> Option<&Indicator> {
        self.indicators.iter().find(|indicator| indicator.name == name)
    }

    /// All indicators: the embedded ones in the order of their files, then an installation's own.
    #[must_use]
    pub fn indicators(&self) -> &[Indicator] {
        &self.indicators
    }

    /// The models of lists, in the order of the files. Those of indicators are not among them.
    #[must_use]
    pub fn models(&self) -> &[Model] {
        &self.models
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Grain;
    use crate::model::{Combine, Component, FallBack};

    #[test]
    fn every_embedded_model_is_right_and_has_a_file_of_its_name() {
        let library = Library::embedded().unwrap();
        let names: Vec<String> =
            library.models().iter().map(|model| format!("models/{}.toml", model.name)).collect();
        assert_eq!(names, MODELS.iter().map(|source| source.file).collect::<Vec<_>>());
        assert_eq!(names.len(), 3);
    }

    /// The items met, the total, and whether the person is included; from the components that are 1.
    fn said(model: &Model, given: &[&str]) -> (Vec<String>, u16, bool) {
        let value = |c: &Component| u32::from(given.contains(&c.name.as_str()));
        let values: Vec<u32> = model.components.iter().map(value).collect();
        let outcome = model.outcome(&values, Grain::Counts);
        assert_eq!(model.outcome(&values, Grain::Points), outcome, "{given:?}");
        assert_eq!(model.outcome(&values, Grain::Events), outcome, "{given:?}");
        let met = model.criteria.iter().zip(&outcome.items).filter(|(_, points)| **points > 0);
        (met.map(|(criterion, _)| criterion.name.clone()).collect(), outcome.total, outcome.included)
    }

    #[test]
    fn somv_includes_who_has_a_problem_area_and_meets_a_contact_rule() {
        let library = Library::embedded().unwrap();
        let model = library.model("somv").unwrap();
        let cases: &[(&[&str], &[&str], u16, bool)] = &[
            (&[], &[], 0, false),
            (
                &["somatic", "psychiatric", "substance", "social_service"],
                &["somatic", "psychiatric", "substance", "social"],
                0,
                false,
            ),
            (&["two_in_30", "three_in_6m"], &["two_in_30", "three_in_6m"], 2, false),
            (&["somatic", "two_in_30"], &["somatic", "two_in_30"], 1, true),
            (&["psychiatric", "three_in_6m"], &["psychiatric", "three_in_6m"], 1, true),
            (&["substance", "two_in_30", "three_in_6m"], &["substance", "two_in_30", "three_in_6m"], 2, true),
            (&["social_service", "two_in_30"], &["social", "two_in_30"], 1, true),
            (&["cash_benefit", "two_in_30"], &["social", "two_in_30"], 1, true),
        ];
        for (given, items, total, included) in cases {
            let expected = (items.iter().map(|item| (*item).to_owned()).collect(), *total, *included);
            assert_eq!(said(model, given), expected, "{given:?}");
        }
        // A service and a benefit are one area.
        let both = model.outcome(&[0, 0, 0, 1, 1, 0, 0], Grain::Counts);
        assert_eq!(both.items, [0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_front_line_flag_is_a_third_contact_rule_in_its_variant_only() {
        let library = Library::embedded().unwrap();
        let variant = library.model("somv_with_frontline").unwrap();
        assert_eq!(said(variant, &["frontline"]), (vec!["frontline".to_owned()], 1, false));
        let (_, total, included) = said(variant, &["somatic", "frontline"]);
        assert_eq!((total, included), (1, true));
        let (_, total, _) = said(variant, &["somatic", "two_in_30", "three_in_6m", "frontline"]);
        assert_eq!(total, 3);
    }

    #[test]
    fn the_variant_differs_from_somv_in_the_flag_alone() {
        let library = Library::embedded().unwrap();
        let [plain, variant] = ["somv", "somv_with_frontline"].map(|name| library.model(name).unwrap());
        for model in [plain, variant] {
            let population = &model.population;
            assert_eq!(population.kommuner, [360, 376]);
            assert_eq!((population.from, population.to, population.exclude.len()), (18, 70, 0));
            assert!(model.strata.is_empty() && model.components.iter().all(|c| c.combine == Combine::Or));
        }
        assert_eq!(plain.touches, variant.touches);
        let [touch] = plain.touches.as_slice() else { panic!("another number of touch groups") };
        assert_eq!((touch.fall_back, touch.has_events), (FallBack::Greatest, true));
        assert_eq!(touch.at, [Grain::Points, Grain::Counts]);
        let components = |model: &Model| -> Vec<_> {
            let told = |c: &Component| (c.name.clone(), c.feature.name.clone(), c.touch, c.bands.clone());
            model.components.iter().filter(|c| c.name != "frontline").map(told).collect()
        };
        assert_eq!(components(plain), components(variant));
        assert_eq!(components(plain).len() + 1, variant.components.len());
        let criteria = variant.criteria.iter().filter(|criterion| criterion.name != "frontline");
        assert!(plain.criteria.iter().eq(criteria));
    }
}
