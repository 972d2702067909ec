//! Generated changes of a policy: tighter, another value at a key, or another permit under an id.

use proptest::prelude::*;
use toml::{Table, Value};

use super::super::every_key::{split, tables, value};
use super::super::tighten::{Step, step, tighten};

/// Values that a key can be set to; nothing takes it out. Some make no policy.
pub(super) const SETS: &[(&str, &[&str])] = &[
    ("laboratory", &["true", "false"]),
    ("policy.node", &["\"k360\"", "\"k376\""]),
    ("policy.version", &["2", "3"]),
    ("policy.valid-from", &["2026-12-01", "2026-12-15", "2026-12-18"]),
    ("policy.valid-to", &["2026-12-14", "2026-12-31", "2027-11-30"]),
    ("controller.contact", &["\"post@eksempel.example\""]),
    ("controller.processor", &["", "[{ name = \"Drift\", cvr = \"30000005\", task = \"Drift\" }]"]),
    ("dpia.version", &["\"3\""]),
    ("population.opt-outs", &["\"none\"", "\"else.csv\"", "\"opt-outs.csv\""]),
    ("population.objections", &["\"none\"", "\"objections.csv\""]),
    ("cells.smallest", &["", "5", "8", "3"]),
    ("cells.dimensions-max", &["0", "1", "2", "4"]),
    ("cells.cells-max", &["5", "20", "200", "1000"]),
    ("budget.per-period", &["{ rho = 0.06 }", "{ rho = 0.5 }", "{ rho = 1 }", "{ epsilon = 5 }"]),
    ("budget.period-days", &["30", "365"]),
    (
        "budget.calendar",
        &["", "{ each = \"month\", at-most = { rho = 0.02 } }", "{ each = \"year\", at-most = { rho = 1 } }"],
    ),
    ("budget.for-life", &["{ rho = 1 }", "{ rho = 2 }", "{ rho = 5 }"]),
    ("budget.raised-by", &["[\"A\", \"B\"]", "[\"A\", \"C\"]"]),
    ("release.witnesses", &["", "0", "1", "2"]),
    ("release.reply-grid-ms", &["100", "1000"]),
    ("retention.pseudonyms-days", &["4", "14", "30"]),
    ("retention.logs-days", &["180", "1825"]),
    ("permit.issuer", &["\"Andre\""]),
    ("permit.id", &["\"other-2026\""]),
    ("permit.valid-from", &["2026-12-01", "2026-12-17"]),
    ("permit.valid-to", &["2026-12-10", "2026-12-31", "2027-03-01"]),
    ("permit.revoked", &["", "2026-12-15", "2027-05-01"]),
    ("permit.single-approval", &["", "\"Alene\""]),
    ("permit.purpose.id", &["\"other\"", "\"triple-aim-monitoring\""]),
    ("permit.purpose.da", &["\"Noget andet\""]),
    ("permit.purpose.ehds-53", &["", "\"a\""]),
    ("permit.basis.compute.article-6", &["\"c\"", "\"e\""]),
    ("permit.basis.disclose.national", &["\"serviceloven § 1\""]),
    ("permit.asker.name", &["\"Anders And\""]),
    ("permit.asker.key", &[KEY_ANNA, KEY_STINE, KEY_OTHER]),
    ("permit.asker.role", &["\"analyst\"", "\"dpo\""]),
    (
        "permit.second-signature",
        &[
            "",
            "[{ name = \"D\", key = \"d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0\", role = \"dpo\" }]",
            "[{ name = \"X\", key = \"0101010101010101010101010101010101010101010101010101010101010101\", role = \"dpo\" }]",
        ],
    ),
    ("permit.second-signature.key", &[KEY_OTHER]),
    ("permit.second-signature.role", &["\"analyst\"", "\"dpo\""]),
    ("permit.approval.date", &["2026-11-20", "2026-12-20"]),
    (
        "permit.data.categories",
        &[
            "[\"sex\"]",
            "[\"sex\", \"age_band\", \"kommune\", \"civil_status\"]",
            "[\"kommune\", \"stratum\", \"included\", \"total\"]",
        ],
    ),
    ("permit.data.sensitive", &["", "[\"foreign_citizen\", \"akasse_listed\"]"]),
    ("permit.data.clamp", &["", "[{ feature = \"self_rated_health_change\", from = -4, to = 4 }]"]),
    ("permit.data.clamp.to", &["3", "400", "200000000"]),
    ("permit.population", &["", "{ kommuner = [360, 376] }", "{ age-from = 18 }"]),
    ("permit.budget.per-query", &["{ rho = 0.01 }", "{ rho = 0.05 }", "{ rho = 0.2 }", "{ epsilon = 2 }"]),
    ("permit.budget.default-query", &["", "{ rho = 0.005 }", "{ rho = 0.01 }", "{ rho = 0.05 }"]),
    ("permit.budget.in-all", &["{ rho = 0.2 }", "{ rho = 0.5 }"]),
    ("permit.model.grain", &["", "\"points\"", "\"counts\"", "\"events\""]),
    (
        "permit.model.component",
        &[
            "",
            "{ long_spells = \"counts\" }",
            "{ long_spells = \"points\", last_spell = \"events\" }",
            "{ two_in_30 = \"points\", somatic = \"events\" }",
        ],
    ),
    ("permit.model", &[NO_MODEL, "[]"]),
    ("permit.work-list.disclosure", &["\"inclusion\"", "\"stratum\"", "\"total\""]),
    ("permit.work-list.to", &["[\"municipality\"]", "[\"gp-practice\"]"]),
    ("permit.pseudonyms.domain", &["\"else\""]),
    ("permit.pseudonyms.evaluations-per-study", &["500", "60000", "2000000"]),
    ("permit.pseudonyms.evaluations-per-peer", &["400", "900000"]),
    (
        "permit.follow-up",
        &[
            "",
            "{ until = 2027-01-15, reason = \"Opfølgning\" }",
            "{ until = 2027-05-31, reason = \"Opfølgning\" }",
        ],
    ),
    ("permit.follow-up.until", &["2026-12-10", "2027-01-15", "2027-05-31"]),
    ("permit.follow-up.reason", &["\"Andet\""]),
    ("permit.safeguards.notice", &["\"Brev\""]),
    ("permit.safeguards.processor-agreement", &["", "\"Aftale\""]),
];

const KEY_ANNA: &str = "\"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1\"";
const KEY_STINE: &str = "\"b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2\"";
const KEY_OTHER: &str = "\"0101010101010101010101010101010101010101010101010101010101010101\"";
/// A version that is not installed.
const NO_MODEL: &str = "[{ name = \"sad\", version = 9, digest = \"0101010101010101010101010101010101010101010101010101010101010101\", grain = \"points\" }]";

/// One mutation of a policy, in either direction.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mutation {
    Tighten(Step),
    Set {
        key: usize,
        place: usize,
        value: usize,
    },
    /// A permit becomes another one under its id, mostly of another mode.
    Replace {
        from: usize,
        to: usize,
    },
}

pub(super) fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        6 => step().prop_map(Mutation::Tighten),
        8 => (0..SETS.len(), 0..4_usize, 0..4_usize)
            .prop_map(|(key, place, value)| Mutation::Set { key, place, value }),
        1 => (0..3_usize, 0..3_usize).prop_map(|(from, to)| Mutation::Replace { from, to }),
    ]
}

pub(super) fn mutate(policy: &mut Table, mutation: Mutation) {
    match mutation {
        Mutation::Tighten(step) => tighten(policy, step),
        Mutation::Set { key, place, value } => {
            let (path, values) = SETS[key];
            set(policy, path, place, values[value % values.len()]);
        }
        Mutation::Replace { from, to } => {
            let Some(permits) = policy.get_mut("permit").and_then(Value::as_array_mut) else { return };
            if from == to || from.max(to) >= permits.len() {
                return;
            }
            let id = permits[to]["id"].clone();
            permits[to] = permits[from].clone();
            permits[to].as_table_mut().unwrap().insert("id".to_owned(), id);
            permits.remove(from);
        }
    }
}

/// Where the key stands or can stand; nothing is put into a permit of another mode on purpose.
pub(super) fn set(policy: &mut Table, path: &str, place: usize, new: &str) {
    let (path, last) = path.rsplit_once('.').map_or((Vec::new(), path), |(path, last)| (split(path), last));
    let mut places = tables(policy, &path);
    let count = places.len();
    if count == 0 {
        return;
    }
    let table = places.swap_remove(place % count);
    if new.is_empty() {
        table.remove(last);
    } else {
        table.insert(last.to_owned(), value(new));
    }
}
