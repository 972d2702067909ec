//! Who says less permits less: whatever number, list or day of a policy is tightened, it grants nothing that the
//! policy before did not grant to the same person on the terms that were granted.
//!
//! The terms are made explicit before the two are compared: a lower default price is a cheaper answer, which the
//! policy before would have given to whoever had asked for it. Days of the budget's period are the ledger's to count:
//! more of them make its sum larger, which is an argument here. Budgets are exact; nothing is rounded in between.

use proptest::prelude::*;
use toml::{Table, Value};

use super::every_key::{parsed, split, tables, value};
use super::*;
use crate::permit::Population;
use crate::verdict::{
    AggregateGrant, ContributionGrant, JoinedGrant, Price, Shown, StudyGrant, Terms, Verdict,
};

/// How a value is tightened.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// A number becomes less.
    Less,
    /// A number becomes more.
    More,
    /// A day becomes earlier.
    Earlier,
    /// A day becomes later.
    Later,
    /// An element of a list, or one of several tables, is taken out.
    Out,
    /// One of these words becomes one before it.
    Before(&'static [&'static str]),
    /// The key comes in, or its day becomes earlier.
    Revoked,
    /// The key goes, with all that stands in it.
    Gone,
}

const GRAINS: &[&str] = &["points", "counts", "events"];
const DISCLOSURES: &[&str] = &["inclusion", "stratum", "total", "items"];

/// Every number, list and day of a policy that permits anything.
pub(super) const WAYS: &[(&str, Way)] = &[
    ("policy.valid-from", Way::Later),
    ("policy.valid-to", Way::Earlier),
    ("cells.smallest", Way::More),
    ("cells.rounding", Way::More),
    ("cells.dimensions-max", Way::Less),
    ("cells.cells-max", Way::Less),
    ("budget.per-period.rho", Way::Less),
    ("budget.calendar.at-most.rho", Way::Less),
    ("budget.for-life.rho", Way::Less),
    ("release.reply-grid-ms", Way::More),
    ("release.witnesses", Way::More),
    ("retention.results-days", Way::Less),
    ("retention.work-lists-days", Way::Less),
    ("retention.pseudonyms-days", Way::Less),
    ("permit", Way::Out),
    ("permit.valid-from", Way::Later),
    ("permit.valid-to", Way::Earlier),
    ("permit.revoked", Way::Revoked),
    ("permit.asker", Way::Out),
    ("permit.approval", Way::Out),
    ("permit.approval.date", Way::Later),
    ("permit.data.tables", Way::Out),
    ("permit.data.features", Way::Out),
    ("permit.data.categories", Way::Out),
    ("permit.data.sensitive", Way::Out),
    ("permit.data.clamp", Way::Out),
    ("permit.data.clamp.from", Way::More),
    ("permit.data.clamp.to", Way::Less),
    ("permit.population.kommuner", Way::Out),
    ("permit.population.age-from", Way::More),
    ("permit.population.age-to", Way::Less),
    ("permit.budget.per-query.rho", Way::Less),
    ("permit.budget.default-query.rho", Way::Less),
    ("permit.budget.in-all.rho", Way::Less),
    ("permit.model", Way::Out),
    ("permit.model.grain", Way::Before(GRAINS)),
    ("permit.model.component.two_in_30", Way::Before(GRAINS)),
    ("permit.model.component.somatic", Way::Before(GRAINS)),
    ("permit.model.component.long_spells", Way::Before(GRAINS)),
    ("permit.work-list.disclosure", Way::Before(DISCLOSURES)),
    ("permit.work-list.to", Way::Out),
    ("permit.pseudonyms.evaluations-per-study", Way::Less),
    ("permit.pseudonyms.evaluations-per-peer", Way::Less),
    ("permit.follow-up", Way::Gone),
    ("permit.follow-up.until", Way::Earlier),
];

/// One tightening: which key, which of its tables, which of its elements, and how much.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) way: usize,
    pub(super) table: usize,
    pub(super) element: usize,
    pub(super) amount: u32,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    (0..WAYS.len(), 0..3_usize, 0..12_usize, prop_oneof![0..3_u32, 0..1_000_000_u32])
        .prop_map(|(way, table, element, amount)| Step { way, table, element, amount })
}

/// Tightens the policy, where it has the key at all.
pub(super) fn tighten(policy: &mut Table, step: Step) {
    let (path, way) = WAYS[step.way];
    let (path, last) = path.rsplit_once('.').map_or((Vec::new(), path), |(path, last)| (split(path), last));
    let mut places = tables(policy, &path);
    if !matches!(way, Way::Revoked) {
        places.retain(|table| table.contains_key(last));
    }
    let count = places.len().max(1);
    let Some(table) = places.into_iter().nth(step.table % count) else { return };
    match way {
        Way::Less | Way::More => number(&mut table[last], way, step.amount),
        Way::Earlier => day(&mut table[last], -i64::from(step.amount % 300)),
        Way::Later => day(&mut table[last], i64::from(step.amount % 300)),
        Way::Revoked => {
            let entry = table.entry(last).or_insert(value("2027-06-01"));
            day(entry, -i64::from(step.amount % 300));
        }
        Way::Gone => {
            table.remove(last);
        }
        Way::Out => {
            let Some(list) = table[last].as_array_mut() else { return };
            if !list.is_empty() {
                list.remove(step.element % list.len());
            }
        }
        Way::Before(words) => {
            let word = table[last].as_str().unwrap();
            let position = words.iter().position(|other| *other == word).unwrap();
            let before = words[position.min(step.element % words.len())];
            table[last] = Value::String(before.to_owned());
        }
    }
}

/// By so many, or, for budgets, so many millionths; down to the least that the key can have.
fn number(value: &mut Value, way: Way, amount: u32) {
    let down = matches!(way, Way::Less);
    match value {
        Value::Integer(number) if down => *number -= i64::from(amount).min((*number / 2).max(1)),
        Value::Integer(number) => *number += i64::from(amount % 100),
        Value::Float(number) if down => {
            let nano = (*number * 1e9).round() as u64;
            let less = nano.saturating_sub(u64::from(amount) * 1_000).max(1);
            *value = self::value(&Decimal::from_nano(less).unwrap().to_string());
        }
        _ => {}
    }
}

fn day(value: &mut Value, by: i64) {
    let date: Date = value.as_datetime().unwrap().to_string().parse().unwrap();
    let moved = date.checked_add(jiff::Span::new().days(by)).unwrap();
    *value = self::value(&moved.to_string());
}

/// What is asked of both policies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) permit: usize,
    purpose: usize,
    asker: usize,
    query: usize,
    pub(super) nano_rho: Option<u64>,
    spent: Spent,
    repetition: u32,
    exactly: bool,
    pub(super) grain: Grain,
    pub(super) disclosure: Disclosure,
    to: usize,
    model: usize,
    evaluations: u32,
    until: i64,
    follow_up: Option<i64>,
    categories: usize,
    cells: usize,
    today: i64,
}

/// Mostly what is permitted, for a request that is refused in any case says nothing of a tightening.
fn mostly<T: Clone + std::fmt::Debug + 'static>(
    usual: T,
    any: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = T> {
    prop_oneof![6 => Just(usual), 1 => any]
}

prop_compose! {
    pub(super) fn asked()(
        (permit, purpose, asker, query) in (0..5_usize, mostly(0, 0..2_usize), mostly(0, 0..3_usize), 0..6_usize),
        nano_rho in mostly(None, (0..60_000_000_u64).prop_map(Some)),
        spent in mostly([0; 3], [0..600_000_000_u64, 0..600_000_000, 0..2_100_000_000]),
        (repetition, exactly, model) in (mostly(0, 0..2_u32), any::<bool>(), mostly(0, 0..3_usize)),
        grain in prop::sample::select(vec![Grain::Points, Grain::Counts, Grain::Events]),
        disclosure in prop::sample::select(vec![Disclosure::Inclusion, Disclosure::Stratum, Disclosure::Total, Disclosure::Items]),
        to in 0..3_usize,
        evaluations in mostly(1_000, 0..1_000_000_u32),
        until in mostly(0, 0..40_i64),
        follow_up in mostly(None, (0..200_i64).prop_map(Some)),
        (categories, cells) in (0..3_usize, 1..600_usize),
        today in mostly(0, -40..400_i64),
    ) -> Asked {
        let [permit_spent, period, life] = spent;
        let spent = Spent { permit: permit_spent, period, life, ..Spent::default() };
        Asked {
            permit, purpose, asker, query, nano_rho, spent, repetition, exactly, grain, disclosure, to, model, evaluations,
            until, follow_up, categories, cells, today,
        }
    }
}

const QUERIES: [&str; 6] = [
    "kind = \"count\"\nby = [\"sex\", \"age_band\"]\n",
    "kind = \"count\"\nby = [\"kommune\"]\n[[where]]\nfeature = \"unemployed\"\nis = 1\n",
    "kind = \"sum\"\nfeature = \"cost_municipal_social_1y\"\nby = [\"civil_status\"]\n",
    "kind = \"sum\"\nfeature = \"self_rated_health_change\"\n",
    "kind = \"sum\"\nfeature = \"cost_gp_1y\"\nby = [\"kommune\", \"sex\"]\n",
    "kind = \"sum\"\nfeature = \"bed_days_1y\"\n[[where]]\nfeature = \"age\"\nfrom = 65\n",
];

impl Asked {
    pub(super) fn ask(self) -> (Ask<'static>, Sector) {
        let permits = [
            (AGGREGATES, "triple-aim-monitoring", ANNA, Sector::Municipality),
            (JOINED, "size-target-group", ANNA, Sector::Municipality),
            (LIST, "offer-help", STINE, Sector::Municipality),
            ("hospital-use-2026", "cost-per-capita", ANNA, Sector::Region),
            ("somv-list-2026", "one-course", STINE, Sector::Region),
        ];
        let (permit, purpose, key, sector) = permits[self.permit];
        let purpose = [purpose, "other"][self.purpose];
        let key = [key, VerifyingKey([0xc3; 32]), VerifyingKey([1; 32])][self.asker];
        (Ask { key, role: Role::Analyst, permit, purpose, second: Some(OFFICER) }, sector)
    }

    fn today(self) -> Date {
        TODAY.checked_add(jiff::Span::new().days(self.today)).unwrap()
    }

    pub(super) fn wish<T: Copy>(self, wanted: T) -> Wish<T> {
        if self.exactly { Wish::Exactly(wanted) } else { Wish::UpTo(wanted) }
    }

    fn study(self, grain: Wish<Grain>) -> Study<'static> {
        let (_, sector) = self.ask();
        let names = match sector {
            Sector::Municipality => ["sad", "somv", "somv_with_frontline"],
            Sector::Region => ["somv", "sad", "somv_with_frontline"],
        };
        Study {
            model: library().model(names[self.model]).unwrap(),
            sector,
            grain,
            as_of: date(2026, 10, 31),
            until: Some(self.today().checked_add(jiff::Span::new().days(self.until)).unwrap()),
            follow_up: self.follow_up.map(|days| TODAY.checked_add(jiff::Span::new().days(days)).unwrap()),
            evaluations: self.evaluations,
            peer_evaluations: self.evaluations / 2,
        }
    }

    pub(super) fn aggregate(self, policy: &Policy, nano_rho: Option<u64>) -> Verdict<AggregateGrant> {
        let query = query(QUERIES[self.query]);
        let request =
            AggregateRequest { ask: self.ask().0, query: &query, nano_rho, repetition: self.repetition };
        policy.admit_aggregate(&request, &self.spent, self.today())
    }

    pub(super) fn joined(
        self,
        policy: &Policy,
        nano_rho: Option<u64>,
        grain: Wish<Grain>,
    ) -> Verdict<JoinedGrant> {
        let categories: [&[&str]; 3] = [&["kommune", "stratum"], &["included"], &["kommune", "total"]];
        let request = JoinedRequest {
            ask: self.ask().0,
            study: self.study(grain),
            categories: categories[self.categories],
            dimensions: categories[self.categories].len(),
            cells: self.cells,
            nano_rho,
            repetition: self.repetition,
        };
        policy.admit_joined(&request, &self.spent, self.today())
    }

    pub(super) fn contribution(
        self,
        policy: &Policy,
        grain: Wish<Grain>,
        disclosure: Wish<Disclosure>,
        recipients: &[Recipient],
    ) -> Verdict<ContributionGrant> {
        let request =
            ContributionRequest { ask: self.ask().0, study: self.study(grain), disclosure, recipients };
        policy.admit_contribution(&request, self.today())
    }

    pub(super) fn recipients(self) -> &'static [Recipient] {
        [&[Recipient::Municipality][..], &[Recipient::Municipality, Recipient::GpPractice], &[]][self.to]
    }
}

fn is_within(less: &Population, more: &Population) -> bool {
    let kommuner = match (&less.kommuner, &more.kommuner) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(less), Some(more)) => less.iter().all(|code| more.contains(code)),
    };
    kommuner && less.age_from >= more.age_from && less.age_to.unwrap_or(999) <= more.age_to.unwrap_or(999)
}

fn no_more_terms(less: &Terms, more: &Terms) -> bool {
    let keeps = |terms: &Terms| {
        let days = terms.retention;
        [days.results_days, days.work_lists_days, days.pseudonyms_days]
    };
    is_within(&less.population, &more.population)
        && less.release.reply_grid_ms >= more.release.reply_grid_ms
        && less.release.witnesses >= more.release.witnesses
        && keeps(less).iter().zip(keeps(more)).all(|(less, more)| *less <= more)
}

fn no_more_study(less: &StudyGrant, more: &StudyGrant) -> bool {
    let components = less.components.iter().all(|component| {
        let of = more.components.iter().find(|other| other.index == component.index);
        of.is_some_and(|of| component.grain <= of.grain)
    });
    components
        && less.grain <= more.grain
        && less.evaluations_per_study <= more.evaluations_per_study
        && less.evaluations_per_peer <= more.evaluations_per_peer
}

fn no_more_price(less: Price, more: Price) -> bool {
    less.nano_rho <= more.nano_rho
        && less.left_permit <= more.left_permit
        && less.left_period <= more.left_period
        && less.left_life <= more.left_life
}

fn no_more_shown(less: Shown, more: Shown) -> bool {
    less.smallest >= more.smallest
        && less.rounding >= more.rounding
        && less.dimensions_max <= more.dimensions_max
        && less.cells_max <= more.cells_max
}

/// Whether all that the tighter policy grants is granted by the looser one too, on the same terms.
fn grants_no_more(tight: &Policy, loose: &Policy, asked: Asked) -> Result<(), TestCaseError> {
    let grain = asked.wish(asked.grain);
    if let Some(less) = asked.aggregate(tight, asked.nano_rho).granted() {
        let more = asked.aggregate(loose, Some(less.price.nano_rho));
        let Verdict::Permitted(more) = more else {
            return Err(TestCaseError::fail(format!("{:?}", more.codes())));
        };
        prop_assert!(no_more_price(less.price, more.price) && no_more_shown(less.shown, more.shown));
        prop_assert!(no_more_terms(&less.terms, &more.terms));
    }
    if let Some(less) = asked.joined(tight, asked.nano_rho, grain).granted() {
        let more = asked.joined(loose, Some(less.price.nano_rho), grain);
        let Verdict::Permitted(more) = more else {
            return Err(TestCaseError::fail(format!("{:?}", more.codes())));
        };
        prop_assert!(no_more_price(less.price, more.price) && no_more_shown(less.shown, more.shown));
        prop_assert!(no_more_terms(&less.terms, &more.terms) && no_more_study(&less.study, &more.study));
    }
    let disclosure = asked.wish(asked.disclosure);
    if let Some(less) = asked.contribution(tight, grain, disclosure, asked.recipients()).granted() {
        let more = asked.contribution(loose, grain, disclosure, asked.recipients());
        let Verdict::Permitted(more) = more else {
            return Err(TestCaseError::fail(format!("{:?}", more.codes())));
        };
        prop_assert!(less.disclosure <= more.disclosure && less.persons <= more.persons);
        prop_assert!(less.recipients.iter().all(|recipient| more.recipients.contains(recipient)));
        prop_assert!(no_more_terms(&less.terms, &more.terms) && no_more_study(&less.study, &more.study));
        // And on the very terms that were granted.
        let terms = (Wish::Exactly(less.study.grain), Wish::Exactly(less.disclosure));
        prop_assert!(asked.contribution(loose, terms.0, terms.1, &less.recipients).granted().is_some());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_tightened_policy_never_permits_more(
        before in prop::collection::vec(step(), 0..3),
        after in prop::collection::vec(step(), 1..4),
        asked in asked(),
    ) {
        let mut policy = base(asked.permit);
        before.into_iter().for_each(|step| tighten(&mut policy, step));
        // What is no policy permits nothing, and nothing is tighter than that.
        let Ok(loose) = read(&policy.to_string()) else { return Ok(()) };
        after.into_iter().for_each(|step| tighten(&mut policy, step));
        let Ok(tight) = read(&policy.to_string()) else { return Ok(()) };
        grants_no_more(&tight, &loose, asked)?;
    }
}

/// The example that has the permit, with components that can be told of more coarsely.
pub(super) fn base(permit: usize) -> Table {
    let text = if permit < 3 { municipality() } else { REGION };
    parsed(
        &text
            .replace("grain = \"points\"", "grain = \"counts\"")
            .replace("spells = \"counts\"", "spells = \"events\""),
    )
}

/// The property would hold of a policy that permits nothing; so for each tightening a request is found that it refuses
/// or grants less.
#[test]
fn every_tightening_is_seen() {
    use proptest::strategy::ValueTree as _;
    const ROUNDS: usize = 400;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut new = |exactly| Asked { exactly, ..asked().new_tree(&mut runner).unwrap().current() };
    let mut step_runner = proptest::test_runner::TestRunner::deterministic();
    let loose = [0, 3].map(|permit| read_right(&base(permit).to_string()));
    for (way, (path, _)) in WAYS.iter().enumerate() {
        let is_seen = (0..ROUNDS).any(|round| {
            let asked = new(round % 2 == 0);
            let step = Step { way, ..step().new_tree(&mut step_runner).unwrap().current() };
            let mut policy = base(asked.permit);
            tighten(&mut policy, step);
            let before = granted(&loose[usize::from(asked.permit >= 3)], asked);
            // What is no policy permits nothing: that is seen where something was permitted.
            let after = read(&policy.to_string()).map_or((None, None, None), |tight| granted(&tight, asked));
            after != before
        });
        assert!(is_seen, "no request shows that `{path}` was tightened");
    }
}

/// What is granted, in a form that can be compared.
type Granted = (Option<AggregateGrant>, Option<JoinedGrant>, Option<ContributionGrant>);

fn granted(policy: &Policy, asked: Asked) -> Granted {
    let grain = asked.wish(asked.grain);
    let list = asked.contribution(policy, grain, asked.wish(asked.disclosure), asked.recipients());
    let query = asked.aggregate(policy, asked.nano_rho);
    let joined = asked.joined(policy, asked.nano_rho, grain);
    (
        query.granted().cloned().map(|grant| AggregateGrant { terms: without_digest(grant.terms), ..grant }),
        joined.granted().cloned().map(|grant| JoinedGrant { terms: without_digest(grant.terms), ..grant }),
        list.granted()
            .cloned()
            .map(|grant| ContributionGrant { terms: without_digest(grant.terms), ..grant }),
    )
}

fn without_digest(terms: Terms) -> Terms {
    Terms { policy: tvaers_protocol::id::Digest::NONE, ..terms }
}
