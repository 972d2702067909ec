use tvaers_definitions::library::Library;
use tvaers_protocol::id::Pseudonym;

use super::*;

const SOURCES: [Source; 4] = [
    Source { sector: Sector::Region, code: 1083 },
    Source { sector: Sector::Region, code: 1085 },
    Source { sector: Sector::Municipality, code: 360 },
    Source { sector: Sector::Municipality, code: 376 },
];
const NORTH: usize = 0;
const SOUTH: usize = 1;
const LOLLAND: usize = 2;
const FALSTER: usize = 3;

/// One node's word: its index, and a contribution that is empty but for what the test says.
struct Word<'a> {
    model: &'a Model,
    grain: Grain,
    source: usize,
    contribution: Contribution,
}

impl<'a> Word<'a> {
    fn of(model: &'a Model, grain: Grain, source: usize) -> Self {
        let shape = model.shape(grain);
        let contribution = Contribution {
            pseudonym: Pseudonym::from_bytes([1; 16]),
            resident: false,
            eligible: false,
            objects: false,
            touches: 0,
            kommune: 360,
            values: vec![0; shape.values],
            recencies: vec![NO_RECENCY; shape.recencies],
        };
        Self { model, grain, source, contribution }
    }

    fn with(mut self, component: &str, value: u32) -> Self {
        let layout = self.model.layout(SOURCES[self.source].sector, self.grain);
        let place =
            layout.components.iter().position(|at| self.model.components[*at].name == component).unwrap();
        self.contribution.values[place] = value;
        self
    }

    fn days_ago(mut self, days: u16) -> Self {
        self.contribution.recencies[0] = days;
        self
    }

    fn touching(mut self, group: &str) -> Self {
        self.contribution.touches |=
            1 << self.model.touches.iter().position(|touch| touch.group == group).unwrap();
        self
    }

    fn resident(mut self) -> Self {
        (self.contribution.resident, self.contribution.eligible) = (true, true);
        self
    }

    fn in_kommune(mut self, code: u16) -> Self {
        self.contribution.kommune = code;
        self
    }
}

fn sad() -> Model {
    Library::embedded().unwrap().model("sad").unwrap().clone()
}

fn combined<'a>(model: &Model, grain: Grain, words: impl IntoIterator<Item = Word<'a>>) -> Combined {
    let group: Vec<_> = words.into_iter().map(|word| (word.source, word.contribution)).collect();
    Combiner::new(model, grain, &SOURCES).combine(&group)
}

fn value(model: &Model, combined: &Combined, component: &str) -> u32 {
    combined.values[model.components.iter().position(|at| at.name == component).unwrap()]
}

#[test]
fn the_one_municipality_that_claims_a_person_is_responsible() {
    let model = sad();
    let word = |source| Word::of(&model, Grain::Counts, source);
    let residence = |words: Vec<Word<'_>>| combined(&model, Grain::Counts, words).residence;
    assert_eq!(residence(vec![word(NORTH), word(LOLLAND)]), Residence::None);
    assert_eq!(
        residence(vec![word(NORTH), word(LOLLAND), word(FALSTER).resident()]),
        Residence::At { source: FALSTER, eligible: true }
    );
    let mut too_old = word(FALSTER).resident();
    too_old.contribution.eligible = false;
    assert_eq!(residence(vec![too_old]), Residence::At { source: FALSTER, eligible: false });
    assert_eq!(residence(vec![word(LOLLAND).resident(), word(FALSTER).resident()]), Residence::Disputed);
}

#[test]
fn a_region_cannot_claim_a_person() {
    let model = sad();
    let word = |source| Word::of(&model, Grain::Counts, source);
    let of = |words| combined(&model, Grain::Counts, words).residence;
    assert_eq!(of([word(SOUTH).resident(), word(FALSTER)]), Residence::None);
    assert_eq!(
        of([word(SOUTH).resident(), word(FALSTER).resident()]),
        Residence::At { source: FALSTER, eligible: true }
    );
}

#[test]
fn a_region_that_places_a_person_elsewhere_is_noticed() {
    let model = sad();
    let differs = |kommune| {
        let region = Word::of(&model, Grain::Counts, SOUTH).in_kommune(kommune);
        let home = Word::of(&model, Grain::Counts, LOLLAND).resident();
        combined(&model, Grain::Counts, [region, home]).kommune_differs
    };
    assert!(!differs(360));
    assert!(differs(376));
    let nobody = combined(&model, Grain::Counts, [Word::of(&model, Grain::Counts, SOUTH).in_kommune(376)]);
    assert!(!nobody.kommune_differs, "there is no municipality to differ from");
}

#[test]
fn flags_of_several_regions_are_joined_by_or() {
    let model = sad();
    let word = |source| Word::of(&model, Grain::Counts, source);
    let both =
        combined(&model, Grain::Counts, [word(NORTH).with("known", 1), word(SOUTH).with("psychotropic", 1)]);
    let flags = ["known", "psychotropic", "psychologist"].map(|name| value(&model, &both, name));
    assert_eq!(flags, [1, 1, 0]);
}

#[test]
fn counts_of_two_regions_add_up_to_the_clamp_and_points_do_not() {
    let model = sad();
    let gp = |grain, north, south| {
        let words = [
            Word::of(&model, grain, NORTH).with("gp", north),
            Word::of(&model, grain, SOUTH).with("gp", south),
        ];
        value(&model, &combined(&model, grain, words), "gp")
    };
    assert_eq!(gp(Grain::Counts, 7, 8), 15);
    assert_eq!(gp(Grain::Counts, 95, 30), 100);
    assert_eq!(gp(Grain::Counts, u32::MAX, u32::MAX), 100, "no sum wraps");
    assert_eq!(gp(Grain::Points, 1, 1), 1);
}

#[test]
fn only_the_municipality_of_residence_tells_personal_data() {
    let model = sad();
    let old = || Word::of(&model, Grain::Counts, LOLLAND).with("single", 1).with("akasse", 1);
    let new = || Word::of(&model, Grain::Counts, FALSTER).with("citizen", 1);
    let tell = |words| {
        let combined = combined(&model, Grain::Counts, words);
        ["single", "akasse", "citizen"].map(|name| value(&model, &combined, name))
    };
    assert_eq!(tell([old(), new().resident()]), [0, 0, 1]);
    assert_eq!(tell([old().resident(), new()]), [1, 1, 0]);
    assert_eq!(tell([old(), new()]), [0, 0, 0], "nobody is responsible");
    assert_eq!(tell([old().resident(), new().resident()]), [0, 0, 0], "two claim the person");
}

#[test]
fn the_latest_spell_is_the_one_that_began_the_fewest_days_ago() {
    let model = sad();
    let last = |words: Vec<Word<'_>>| value(&model, &combined(&model, Grain::Counts, words), "last_spell");
    let old = || Word::of(&model, Grain::Counts, LOLLAND).with("last_spell", 40).days_ago(300);
    let new = || Word::of(&model, Grain::Counts, FALSTER).with("last_spell", 3);
    assert_eq!(last(vec![old(), new().days_ago(20)]), 3);
    assert_eq!(last(vec![new().days_ago(20), old()]), 3, "whichever comes first");
    assert_eq!(last(vec![old(), new().days_ago(300)]), 40, "of two on one day the longer");
    assert_eq!(last(vec![old(), new()]), 40, "what has no day is no spell");
    assert_eq!(last(vec![new()]), 0);
}

#[test]
fn where_two_municipalities_touch_the_responsible_ones_own_result_is_used_and_marked() {
    let model = sad();
    let spells = model.touches.iter().position(|touch| touch.group == "spells").unwrap();
    let old = || Word::of(&model, Grain::Counts, LOLLAND).with("long_spells", 5).touching("spells");
    let new = || Word::of(&model, Grain::Counts, FALSTER).with("long_spells", 1).resident();

    let both = combined(&model, Grain::Counts, [old(), new().touching("spells")]);
    assert_eq!((value(&model, &both, "long_spells"), both.fell_back), (1, 1 << spells));

    let one = combined(&model, Grain::Counts, [old(), new()]);
    assert_eq!((value(&model, &one, "long_spells"), one.fell_back), (6, 0), "one node alone is exact");
}

#[test]
fn where_the_responsible_municipality_does_not_touch_the_greatest_result_is_used() {
    let model = sad();
    let sources = [SOURCES[2], SOURCES[3], Source { sector: Sector::Municipality, code: 461 }];
    let words = [
        Word::of(&model, Grain::Counts, LOLLAND).with("long_spells", 4).touching("spells"),
        Word::of(&model, Grain::Counts, FALSTER).with("long_spells", 7).touching("spells"),
        Word::of(&model, Grain::Counts, LOLLAND).resident(),
    ];
    let group: Vec<_> =
        words.into_iter().enumerate().map(|(source, word)| (source, word.contribution)).collect();
    let all = Combiner::new(&model, Grain::Counts, &sources).combine(&group);
    assert_eq!((value(&model, &all, "long_spells"), all.fell_back.count_ones()), (7, 1));
}

#[test]
fn two_regions_contacts_matter_at_points_alone() {
    let model = sad();
    let both = |grain| {
        let words = [NORTH, SOUTH].map(|source| Word::of(&model, grain, source).with("gp", 1).touching("gp"));
        let combined = combined(&model, grain, words);
        (value(&model, &combined, "gp"), combined.fell_back.count_ones())
    };
    assert_eq!(both(Grain::Points), (1, 1));
    assert_eq!(both(Grain::Counts), (2, 0));
}

#[test]
fn a_touch_bit_of_the_other_sector_or_of_no_group_means_nothing() {
    let model = sad();
    let words = [
        Word::of(&model, Grain::Points, NORTH).touching("spells"),
        Word::of(&model, Grain::Points, LOLLAND).touching("spells").touching("gp"),
        Word::of(&model, Grain::Points, SOUTH).touching("gp"),
    ];
    assert_eq!(combined(&model, Grain::Points, words).fell_back, 0);
    let mut strange = [NORTH, SOUTH].map(|source| Word::of(&model, Grain::Points, source));
    for word in &mut strange {
        word.contribution.touches = 1 << 15;
    }
    assert_eq!(combined(&model, Grain::Points, strange).fell_back, 0);
}

#[test]
fn a_contribution_shorter_than_its_layout_or_of_an_unknown_source_counts_as_nothing() {
    let model = sad();
    let mut short = Word::of(&model, Grain::Counts, LOLLAND).resident();
    (short.contribution.values, short.contribution.recencies) = (Vec::new(), Vec::new());
    let mut unknown = Word::of(&model, Grain::Counts, FALSTER).resident();
    unknown.source = SOURCES.len();
    let all = combined(&model, Grain::Counts, [short, unknown]);
    assert_eq!(all.residence, Residence::At { source: LOLLAND, eligible: true });
    assert!(all.values.iter().all(|value| *value == 0));
}

#[test]
fn at_events_what_two_nodes_touch_waits_for_their_events_and_is_no_fall_back() {
    let model = sad();
    let spells = 1 << model.touches.iter().position(|touch| touch.group == "spells").unwrap();
    let old = || Word::of(&model, Grain::Events, LOLLAND).with("long_spells", 5).touching("spells");
    let new =
        || Word::of(&model, Grain::Events, FALSTER).with("long_spells", 1).resident().touching("spells");
    let both = combined(&model, Grain::Events, [old(), new()]);
    assert_eq!((value(&model, &both, "long_spells"), both.joined, both.fell_back), (0, spells, 0));
}

#[test]
fn at_events_what_one_node_touches_is_its_own_result_though_there_is_no_recency() {
    let model = sad();
    assert_eq!(model.shape(Grain::Events).recencies, 0);
    let words = [
        Word::of(&model, Grain::Events, LOLLAND)
            .with("long_spells", 5)
            .with("last_spell", 40)
            .touching("spells"),
        Word::of(&model, Grain::Events, FALSTER).resident(),
    ];
    let one = combined(&model, Grain::Events, words);
    let values = ["long_spells", "last_spell"].map(|name| value(&model, &one, name));
    assert_eq!((values, one.joined), ([5, 40], 0));
    let nobody =
        combined(&model, Grain::Events, [Word::of(&model, Grain::Events, LOLLAND).with("last_spell", 40)]);
    assert_eq!(value(&model, &nobody, "last_spell"), 0, "what does not touch is no spell");
}

/// Of whom events are asked, and of which groups.
fn asked<'a>(model: &Model, grain: Grain, words: impl IntoIterator<Item = Word<'a>>) -> Vec<(usize, u16)> {
    let group: Vec<_> = words.into_iter().map(|word| (word.source, word.contribution)).collect();
    let combiner = Combiner::new(model, grain, &SOURCES);
    combiner.asked(&group, &combiner.combine(&group)).collect()
}

#[test]
fn events_are_asked_of_those_in_the_population_alone_and_from_the_nodes_that_touch() {
    let model = sad();
    let word = |source| Word::of(&model, Grain::Events, source);
    let touch = |source| word(source).touching("spells");
    let spells = 1 << model.touches.iter().position(|touch| touch.group == "spells").unwrap();
    assert_eq!(
        asked(
            &model,
            Grain::Events,
            [word(NORTH).touching("spells"), touch(LOLLAND), touch(FALSTER).resident()]
        ),
        [(LOLLAND, spells), (FALSTER, spells)],
        "a region has no spells"
    );
    let nobody: [Vec<Word<'_>>; 5] = [
        vec![touch(LOLLAND), touch(FALSTER)],
        vec![touch(LOLLAND).resident(), touch(FALSTER).resident()],
        vec![touch(LOLLAND), word(FALSTER).resident()],
        vec![touch(LOLLAND).with("early_retirement", 1), touch(FALSTER).resident()],
        vec![touch(LOLLAND), {
            let mut old = touch(FALSTER).resident();
            old.contribution.eligible = false;
            old
        }],
    ];
    for (number, words) in nobody.into_iter().enumerate() {
        assert!(asked(&model, Grain::Events, words).is_empty(), "case {number}");
    }
    let at_counts = [LOLLAND, FALSTER]
        .map(|source| Word::of(&model, Grain::Counts, source).touching("spells").resident());
    let [old, new] = at_counts;
    let mut old = old;
    old.contribution.resident = false;
    assert!(asked(&model, Grain::Counts, [old, new]).is_empty(), "at counts nobody is asked");
}

#[test]
fn events_give_the_values_of_their_group_and_leave_the_others() {
    let model = sad();
    let word = |source| Word::of(&model, Grain::Events, source).touching("spells");
    let mut both = combined(
        &model,
        Grain::Events,
        [
            word(LOLLAND),
            word(FALSTER).with("citizen", 1).resident(),
            Word::of(&model, Grain::Events, SOUTH).with("gp", 20),
        ],
    );
    let combiner = Combiner::new(&model, Grain::Events, &SOURCES);
    let events =
        [(0, 9), (10, 19), (30, 31)].map(|(first, last)| crate::testing::spell(1, first, last).event);
    combiner.resolve(&mut both, &events);
    let values = ["long_spells", "last_spell", "citizen", "gp"].map(|name| value(&model, &both, name));
    assert_eq!(values, [1, 2, 1, 20]);
}
