use super::*;

#[test]
fn a_wrong_model_is_refused_with_its_line_and_the_reason() {
    // The text that is right, what stands there instead, the text on whose line the refusal is, the reason.
    let cases = [
        (
            "name = \"sad\"",
            "name = \"SAD\"",
            "name = \"SAD\"",
            "`SAD` is no name: 1 to 64 characters of a-z, 0-9 and _, the first a letter",
        ),
        (
            "version = 1",
            "version = 1\nauthor = \"x\"",
            "author",
            "unknown field `author`, expected one of `name`, `version`, `da`, `en`, `population`, `touch`, `component`, `criterion`, `result`, `stratum`",
        ),
        ("\"Stress, angst og depression\"", "\"\"", "da = \"\"", "the description is empty"),
        (
            "resident = \"resident\"",
            "resident = \"unemployed\"",
            "resident = \"unemployed\"",
            "feature `unemployed` is not worked out by the rule `resident`",
        ),
        ("age = \"age\"", "age = \"years\"", "age = \"years\"", "there is no feature `years`"),
        ("from = 18\n", "from = 66\n", "from = 66", "the ages 66 to 65 are no range within 0 to 150"),
        (
            "exclude = [\"early_retirement\"]",
            "exclude = [\"retired\"]",
            "\"retired\"",
            "there is no component `retired`",
        ),
        (
            "exclude = [\"early_retirement\"]",
            "exclude = [\"known\"]",
            "exclude = [\"known\"]",
            "component `known` must stand in one criterion, or exclude and have no bands",
        ),
        (
            "exclude = [\"early_retirement\"]",
            "exclude = []",
            "name = \"early_retirement\"",
            "component `early_retirement` must stand in one criterion, or exclude and have no bands",
        ),
        ("group = \"gp\"", "group = \"spells\"", "", "touch group `spells` stands twice"),
        (
            "at = [\"points\"]",
            "at = [\"events\"]",
            "at = [\"events\"]",
            "`at` names points, counts or both: at events the events themselves are sent",
        ),
        ("at = [\"points\"]", "at = []", "at = []", "`at` has no entry"),
        (
            "at = [\"points\"]",
            "at = [\"counts\"]",
            "name = \"gp\"\nfeature",
            "the component needs a touch group at points: points can be neither added up nor dated",
        ),
        (
            "at = [\"points\", \"counts\"]",
            "at = [\"points\"]",
            "name = \"long_spells\"",
            "the component needs a touch group at counts: what it is made of can lie at several nodes",
        ),
        (
            "fall-back = \"greatest\"",
            "fall-back = \"responsible\"",
            "touch = \"gp\"",
            "`responsible` belongs to the sector municipality, not to region",
        ),
        (
            "fall-back = \"greatest\"",
            "fall-back = \"least\"",
            "fall-back = \"least\"",
            "unknown variant `least`, expected one of `responsible`, `greatest`, `combined`",
        ),
        (
            "feature = \"known_sad\"",
            "feature = \"known_bad\"",
            "feature = \"known_bad\"",
            "there is no feature `known_bad`",
        ),
        (
            "feature = \"known_sad\"",
            "feature = \"resident\"",
            "feature = \"resident\"",
            "feature `resident` cannot be a component: every contribution states residence beside the components",
        ),
        (
            "feature = \"known_sad\"",
            "feature = \"civil_status\"",
            "feature = \"civil_status\"\ncombine = \"or\"",
            "feature `civil_status` cannot be a component: a category with bands needs `is`, the labels that count",
        ),
        ("is = [\"enlig\"]", "is = [\"skilt\"]", "is = [\"skilt\"]", "there is no label `skilt`"),
        (
            "feature = \"civil_status\"",
            "feature = \"unemployed\"",
            "feature = \"unemployed\"\nis",
            "feature `unemployed` cannot be a component: only a category has labels, so it cannot have `is`",
        ),
        (
            "feature = \"gp_contacts_2y\"\ncombine = \"sum\"",
            "feature = \"gp_contacts_2y\"\ncombine = \"or\"",
            "combine = \"or\"\ntouch",
            "a component cannot combine by `or`: its value is no flag",
        ),
        (
            "feature = \"gp_contacts_2y\"\ncombine = \"sum\"",
            "feature = \"gp_contacts_2y\"\ncombine = \"latest\"",
            "combine = \"latest\"\ntouch = \"gp\"",
            "a component cannot combine by `latest`: its value belongs to no dated event",
        ),
        (
            "feature = \"gp_contacts_2y\"\ncombine = \"sum\"",
            "feature = \"gp_contacts_2y\"\ncombine = \"responsible\"",
            "combine = \"responsible\"\ntouch",
            "a component cannot combine by `responsible`: the responsible node is a municipality, and it belongs to the regions",
        ),
        ("touch = \"gp\"", "touch = \"doctor\"", "touch = \"doctor\"", "there is no touch group `doctor`"),
        (
            "touch = \"gp\"",
            "touch = \"spells\"",
            "touch = \"spells\"\nbands = [{ from = 15, points = 1 }, {",
            "`spells` belongs to the sector municipality, not to region",
        ),
        (
            "touch = \"gp\"\n",
            "",
            "name = \"gp\"\nfeature",
            "the component needs a touch group at points: points can be neither added up nor dated",
        ),
        (
            "from = 21, points = 2",
            "from = 15, points = 2",
            "from = 15, points = 2",
            "the band from 15 is out of order or outside 1 to 100",
        ),
        (
            "from = 21, points = 2",
            "from = 101, points = 2",
            "from = 101",
            "the band from 101 is out of order or outside 1 to 100",
        ),
        (
            "from = 21, points = 2",
            "from = 21, points = 0",
            "from = 21, points = 0",
            "the band from 21 has fewer points than the one before it",
        ),
        ("from = 21, points = 2", "from = 21, points = 1001", "points = 1001", "at most 1000 points"),
        (
            "name = \"psychologist\"",
            "name = \"psychotropic\"",
            "name = \"psychotropic\"\nfeature = \"psychologist_2y\"",
            "component `psychotropic` stands twice",
        ),
        (
            "name = \"repeat\"",
            "name = \"known\"",
            "name = \"known\"\ncomponents = [\"long",
            "criterion `known` stands twice",
        ),
        (
            "components = [\"long_spells\"]",
            "components = []",
            "components = []",
            "the criterion has no entry",
        ),
        (
            "components = [\"long_spells\"]",
            "components = [\"known\"]",
            "components = [\"known\"]\n\n[[criterion]]\nname = \"last\"",
            "component `known` must stand in one criterion, or exclude and have no bands",
        ),
        (
            "components = [\"long_spells\"]",
            "components = [\"spells\"]",
            "components = [\"spells\"]",
            "there is no component `spells`",
        ),
        (
            "components = [\"single\", \"preschool\"]",
            "components = [\"single\"]",
            "name = \"preschool\"",
            "component `preschool` must stand in one criterion, or exclude and have no bands",
        ),
        ("strata = [\"high\"]", "strata = [\"top\"]", "strata = [\"top\"]", "there is no stratum `top`"),
        ("strata = [\"high\"]", "strata = [\"high\", \"high\"]", "included", "stratum `high` stands twice"),
        ("strata = [\"high\"]", "strata = []", "strata = []", "`included` has no entry"),
        (
            "\"sum-of-criteria\"",
            "\"product\"",
            "\"product\"",
            "unknown variant `product`, expected `sum-of-criteria` or `criteria-met`",
        ),
        (
            "from = 5\n",
            "from = 6\n",
            "from = 6\n",
            "the stratum begins at 6; it must begin at 5, with no gap and no overlap",
        ),
        (
            "from = 5\n",
            "from = 4\n",
            "from = 4\n",
            "the stratum begins at 4; it must begin at 5, with no gap and no overlap",
        ),
        (
            "from = 0\nto = 4",
            "from = 1\nto = 4",
            "from = 1\nto = 4",
            "the stratum begins at 1; it must begin at 0, with no gap and no overlap",
        ),
        (
            "to = 8\n",
            "to = 4\n",
            "to = 4\n\n[[stratum]]\nname = \"high\"",
            "the stratum ends at 4; the totals from 5 to 18 are left",
        ),
        ("to = 18\n", "to = 19\n", "to = 19\n", "the stratum ends at 19; the totals from 9 to 18 are left"),
        ("to = 18\n", "to = 17\n", "to = 17\n", "the strata end at 17; the greatest total is 18"),
        ("name = \"middle\"", "name = \"low\"", "name = \"low\"\nfrom = 5", "stratum `low` stands twice"),
    ];
    for (right, wrong, place, reason) in cases {
        refused(read(right, wrong), wrong, place, reason);
    }
}

#[test]
fn a_wrong_model_by_criteria_is_refused_with_its_line_and_the_reason() {
    let somv = Library::embedded().unwrap().models().iter().position(|model| model.name == "somv").unwrap();
    let cases = [
        ("[360, 376]", "[360, 60]", "kommuner", "60 is no municipality code: three digits"),
        ("[360, 376]", "[360, 360]", "kommuner", "municipality `360` stands twice"),
        (
            "cap = 1",
            "cap = 2",
            "cap",
            "the cap 2 is not within 1 and less than the 2 points of the components",
        ),
        (
            "cap = 1",
            "cap = 0",
            "cap",
            "the cap 0 is not within 1 and less than the 2 points of the components",
        ),
        (
            "criteria-met = [\"two_in_30\", \"three_in_6m\"]",
            "criteria-met = [\"two_in_30\", \"four\"]",
            "criteria-met",
            "there is no criterion `four`",
        ),
        (
            "criteria-met = [\"two_in_30\", \"three_in_6m\"]",
            "criteria-met = []",
            "criteria-met",
            "`criteria-met` has no entry",
        ),
        (
            "criteria-met = [\"two_in_30\", \"three_in_6m\"]",
            "criteria-met = [\"two_in_30\", \"two_in_30\"]",
            "criteria-met",
            "criterion `two_in_30` stands twice",
        ),
    ];
    for (right, wrong, place, reason) in cases {
        refused(changed(MODELS[somv].text, right, wrong), wrong, place, reason);
    }
    let strata = format!("{}\n[[stratum]]\nname = \"low\"\nfrom = 0\nto = 2\n", MODELS[somv].text);
    let source = Source { file: "test.toml", text: &strata };
    let error = Model::read(&source, &Catalogue::read(CATALOGUE).unwrap()).unwrap_err();
    assert_eq!(error.reason, Reason::StrataUnused);
}

#[test]
fn a_touch_group_of_rules_that_merge_different_rows_is_refused() {
    let text = MODELS[0].text;
    let gp = "feature = \"gp_contacts_2y\"\ncombine = \"sum\"";
    let (_, model) = changed(text, gp, "feature = \"acute_admissions_1y\"\ncombine = \"sum\"");
    // Alone in its group it is right, but for the grain at which the group must tell.
    assert!(matches!(model.unwrap_err().reason, Reason::NeedsTouch { .. }));
    let both = text.replace(
        "[[component]]\nname = \"known\"",
        "[[component]]\nname = \"stays\"\nfeature = \"acute_admissions_1y\"\ncombine = \"sum\"\ntouch = \"gp\"\n\
         bands = [{ from = 1, points = 1 }]\n\n[[component]]\nname = \"known\"",
    );
    let both = both.replace(
        "sector = \"region\"\nat = [\"points\"]",
        "sector = \"region\"\nat = [\"points\", \"counts\"]",
    );
    let both = both.replace("components = [\"known\"]", "components = [\"known\", \"stays\"]");
    let source = Source { file: "test.toml", text: &both };
    let error = Model::read(&source, &Catalogue::read(CATALOGUE).unwrap()).unwrap_err();
    assert_eq!(error.reason, Reason::UnlikeEvents { group: "gp".to_owned() });
}

/// Features, and how each is combined.
type Added<'a> = &'a [(&'a str, &'a str)];

/// SAD with more components, which exclude, in a touch group of their own.
fn with(sector: &str, at: &str, components: Added<'_>) -> Result<Model, DefinitionError> {
    let names: Vec<String> = components.iter().map(|(feature, _)| format!("\"{feature}\"")).collect();
    let list = format!("exclude = [\"early_retirement\", {}]", names.join(", "));
    let mut text = MODELS[0].text.replace("exclude = [\"early_retirement\"]", &list);
    let touch = format!(
        "[[touch]]\ngroup = \"more\"\nsector = \"{sector}\"\nat = {at}\nfall-back = \"greatest\"\n\n[[touch]]\ngroup = \"gp\""
    );
    text = text.replace("[[touch]]\ngroup = \"gp\"", &touch);
    for (feature, combine) in components {
        let component = format!(
            "[[component]]\nname = \"{feature}\"\nfeature = \"{feature}\"\ncombine = \"{combine}\"\ntouch = \"more\"\n\n\
             [[criterion]]\nname = \"known\""
        );
        text = text.replacen("[[criterion]]\nname = \"known\"", &component, 1);
    }
    Model::read(&Source { file: "test.toml", text: &text }, &Catalogue::read(CATALOGUE).unwrap())
}

#[test]
fn events_of_a_touch_group_are_of_one_item_of_one_sum_and_of_one_kind_of_index() {
    const COUNTS: &str = "[\"counts\"]";
    const BOTH: &str = "[\"points\", \"counts\"]";
    let [baseline, followup, change] =
        ["coherence_baseline", "coherence_followup", "coherence_change"].map(|name| (name, "max"));
    let (cost, before) = (("cost_hospital_somatic_1y", "sum"), ("cost_hospital_somatic_1y_before", "sum"));
    let (index, readmitted) = (("index_admissions_1y", "sum"), ("readmissions_30d_1y", "sum"));
    let admissions = ("admissions_1y", "sum");
    let right: [(&str, &str, Added<'_>); 6] = [
        ("municipality", COUNTS, &[baseline, followup, change]),
        ("region", COUNTS, &[cost]),
        ("region", COUNTS, &[before]),
        ("region", BOTH, &[index, readmitted]),
        ("region", BOTH, &[("admissions_1y_before", "sum"), ("acute_admissions_1y_before", "sum")]),
        ("region", BOTH, &[admissions]),
    ];
    for (sector, at, components) in right {
        let model = with(sector, at, components).unwrap();
        let (group, touch) = model.touches.iter().enumerate().find(|(_, t)| t.group == "more").unwrap();
        assert!(touch.has_events && model.joined_groups(Grain::Events) >> group & 1 == 1);
        assert_eq!(model.components_of(group).count(), components.len());
    }
    let unlike: [(&str, Added<'_>); 6] = [
        ("municipality", &[baseline, ("satisfaction_baseline", "max")]),
        ("region", &[cost, ("cost_hospital_psychiatric_1y", "sum")]),
        ("region", &[cost, before]),
        ("region", &[index, admissions]),
        ("region", &[admissions, ("admissions_1y_before", "sum")]),
        ("region", &[cost, ("gp_contacts_1y", "sum")]),
    ];
    for (sector, components) in unlike {
        let error = with(sector, BOTH, components).map(|model| model.name).expect_err(components[1].0);
        assert_eq!(error.reason, Reason::UnlikeEvents { group: "more".to_owned() }, "{}", components[1].0);
    }
    for (sector, at, component) in [
        ("municipality", "[\"points\"]", baseline),
        ("region", "[\"points\"]", cost),
        ("region", COUNTS, readmitted),
    ] {
        let error = with(sector, at, &[component]).map(|model| model.name).expect_err(component.0);
        assert!(matches!(error.reason, Reason::NeedsTouch { .. }), "{}", component.0);
    }
}

#[test]
fn a_population_is_that_of_the_reference_date() {
    let earlier = "\n[[feature]]\nname = \"age_then\"\nsector = \"both\"\nwindow = \"on-day\"\nearlier = \"12 months\"\n\
                   kind = { integer = { from = 0, to = 120 } }\nda = \"x\"\nen = \"x\"\n[feature.rule.age]\nbirth = \"birth_date\"\n";
    let mut catalogue = CATALOGUE.to_vec();
    catalogue.push(Source { file: "extra.toml", text: earlier });
    let text = MODELS[0].text.replace("age = \"age\"", "age = \"age_then\"");
    let model =
        Model::read(&Source { file: "test.toml", text: &text }, &Catalogue::read(&catalogue).unwrap());
    assert!(matches!(model.unwrap_err().reason, Reason::Population { .. }));
}

fn refused((text, model): (String, Result<Model, DefinitionError>), wrong: &str, place: &str, reason: &str) {
    let error = model.map(|model| model.name).expect_err(wrong);
    let at = if place.is_empty() { text.rfind(wrong) } else { text.find(place) };
    let line = 1 + text.bytes().take(at.expect(place)).filter(|b| *b == b'\n').count();
    assert_eq!(error.to_string(), format!("`test.toml`, line {line}: {reason}"), "for `{wrong}`");
}
