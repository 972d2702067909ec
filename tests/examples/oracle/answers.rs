//! Compares the oracle with the answers of an independent implementation, person by person and table by table.

use std::{collections::BTreeMap, fs, io::Write, path::Path};

use anyhow::Context as _;
use jiff::civil::Date;
use serde_json::Value;
use tvaers_protocol::id::PersonId;
use tvaers_tests::oracle::{Federation, somv};

use crate::summary;

/// The columns that are compared, in the order of a [`Row`].
const COLUMNS: [&str; 15] = [
    "sad_eligible",
    "known",
    "repeat",
    "last",
    "labour",
    "treatment",
    "gp",
    "civil",
    "citizen",
    "akasse",
    "sad_total",
    "somv_register",
    "readm_index",
    "readm_30d",
    "cost_total",
];

/// What is said of one person.
struct Row {
    /// Whether the person lives in the federation, or died there. Of others the federation need not know what one
    /// database does: a region contributes only for those whom its register has in a member municipality.
    within: bool,
    values: [i64; COLUMNS.len()],
}

/// Prints for each column and each table how much agrees; gives whether all does that must.
pub(crate) fn compare(
    federation: &Federation,
    as_of: Date,
    answers: &Path,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    let ours = persons(federation, as_of)?;
    let persons = compare_persons(&ours, &answers.join("answers_persons.csv"), out)?;
    let text = fs::read_to_string(answers.join("answers.json")).context("cannot read `answers.json`")?;
    let tables = compare_tables(&summary::summary(federation, as_of)?, &serde_json::from_str(&text)?, out)?;
    Ok(persons && tables)
}

fn persons(federation: &Federation, as_of: Date) -> anyhow::Result<BTreeMap<PersonId, Row>> {
    let mut somv = federation.somv(as_of, &somv::MUNICIPALITIES.into())?;
    let mut readmission = federation.readmission(as_of)?;
    let mut cost = federation.cost(as_of)?;
    let mut persons = BTreeMap::new();
    for (id, sad) in federation.sad(as_of)? {
        let places = || "each rule answers for each person";
        let somv = somv.remove(&id).with_context(places)?;
        let readmission = readmission.remove(&id).with_context(places)?;
        let oere = cost.remove(&id).with_context(places)?.total();
        let row = [
            u16::from(sad.eligible),
            sad.known,
            sad.repeat,
            sad.last,
            sad.labour,
            sad.treatment,
            sad.gp,
            sad.civil,
            sad.citizen,
            sad.akasse,
            sad.total,
            u16::from(somv.included),
            readmission.index,
            readmission.readmitted,
        ]
        .map(i64::from);
        let mut values = [0; COLUMNS.len()];
        for (place, value) in values.iter_mut().zip(row.into_iter().chain([oere / 100])) {
            *place = value;
        }
        persons.insert(id, Row { within: readmission.resident, values });
    }
    Ok(persons)
}

fn compare_persons(
    ours: &BTreeMap<PersonId, Row>,
    theirs: &Path,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    // How many persons there are, and of how many a column agrees, for those elsewhere and those within.
    let (mut n, mut agree) = ([0_usize; 2], [[0_usize; 2]; COLUMNS.len()]);
    let mut n_theirs = 0;
    let mut reader = csv::Reader::from_path(theirs).context("cannot open `answers_persons.csv`")?;
    for row in reader.deserialize::<BTreeMap<String, String>>() {
        let row = row?;
        let field = |name: &str| row.get(name).with_context(|| format!("no column `{name}`"));
        let id = PersonId::parse(field("person_id")?).ok().context("a row has no person")?;
        n_theirs += 1;
        let Some(Row { within, values }) = ours.get(&id) else { continue };
        let one = [usize::from(!within), usize::from(*within)];
        n = add(n, one);
        for ((name, value), agree) in COLUMNS.iter().zip(values).zip(&mut agree) {
            if field(name)?.parse::<i64>()? == *value {
                *agree = add(*agree, one);
            }
        }
    }
    let [n_elsewhere, n_within] = n;
    writeln!(out, "persons: {} here, {n_theirs} there, {n_within} of them residents", ours.len())?;
    let mut all = ours.len() == n_theirs && n_elsewhere + n_within == n_theirs;
    for (name, [elsewhere, within]) in COLUMNS.iter().zip(agree) {
        writeln!(out, "{name}: {within} of {n_within} residents agree, {elsewhere} of {n_elsewhere} others")?;
        all &= within == n_within;
    }
    Ok(all)
}

fn add([a, b]: [usize; 2], [c, d]: [usize; 2]) -> [usize; 2] {
    [a + c, b + d]
}

fn compare_tables(ours: &Value, theirs: &Value, out: &mut impl Write) -> anyhow::Result<bool> {
    let mut all = true;
    for (name, theirs) in theirs.as_object().context("`answers.json` is no object")? {
        let (mut ours_leaves, mut leaves) = (BTreeMap::new(), BTreeMap::new());
        flatten(ours.get(name).unwrap_or(&Value::Null), String::new(), &mut ours_leaves);
        flatten(theirs, String::new(), &mut leaves);
        let agree =
            leaves.iter().filter(|(path, leaf)| ours_leaves.get(*path).is_some_and(|ours| same(ours, leaf)));
        let agree = agree.count();
        writeln!(out, "{name}: {agree} of {} agree", leaves.len())?;
        for (path, leaf) in &ours_leaves {
            if !leaves.get(path).is_some_and(|theirs| same(leaf, theirs)) {
                writeln!(
                    out,
                    "  {path} is {leaf} here, {} there",
                    leaves.get(path).unwrap_or(&&Value::Null)
                )?;
                all = false;
            }
        }
        all &= agree == leaves.len();
    }
    Ok(all)
}

/// The values that are no objects, each by its path.
fn flatten<'a>(value: &'a Value, path: String, leaves: &mut BTreeMap<String, &'a Value>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                flatten(value, format!("{path}/{name}"), leaves);
            }
        }
        leaf => drop(leaves.insert(path, leaf)),
    }
}

/// Whether two values are the same; fractions are given to six decimals.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-6,
        _ => a == b,
    }
}
