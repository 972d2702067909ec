//! The federation answers what one database of everyone would have answered.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jiff::civil::Date;
use tvaers_protocol::id::{NodeId, PersonId};
use tvaers_protocol::study::Grain;
use tvaers_tests::cases::{REFERENCE_DATES, stories};
use tvaers_tests::federation::{Federation, Line};
use tvaers_tests::oracle::{read, sad::Answer};

/// Which persons the definitions allow to be marked incomplete, and whose items may then differ.
type Marked = fn(&Answer) -> bool;

async fn run(seed: u64, as_of: Date, grain: Grain) -> Federation {
    let mut federation = Federation::builder().cases(seed).as_of(as_of).build().await.unwrap();
    federation.connect_all().await.unwrap();
    let request = federation.request_at(grain);
    let summary = federation.ask(&request).await;
    let summary = summary.unwrap_or_else(|problem| panic!("seed {seed}, {as_of}: {problem}"));
    assert_eq!((summary.grain, summary.missing.len()), (grain, 0));
    federation
}

fn items(answer: &Answer) -> BTreeMap<String, u16> {
    let items = [
        ("known", answer.known),
        ("repeat", answer.repeat),
        ("last", answer.last),
        ("labour", answer.labour),
        ("treatment", answer.treatment),
        ("gp", answer.gp),
        ("civil", answer.civil),
        ("citizen", answer.citizen),
        ("akasse", answer.akasse),
    ];
    items.map(|(name, points)| (name.to_owned(), points)).into()
}

/// The line that one database of everyone would have written.
fn line(answer: &Answer, complete: bool) -> Line {
    Line {
        total: answer.total,
        stratum: answer.stratum.as_str().to_owned(),
        included: answer.stratum.as_str() == "high",
        complete,
        items: items(answer),
    }
}

/// Compares every list with the oracle; gives how many lines there are and how many of them are marked.
fn compare(federation: &Federation, seed: u64, marked: Marked) -> (usize, usize) {
    let as_of = federation.as_of();
    let (mut n_lines, mut n_marked) = (0, 0);
    let stories = stories(seed, as_of).unwrap();
    let answers = read::federation(&federation.data()).unwrap().sad(as_of).unwrap();
    let lists: BTreeMap<NodeId, BTreeMap<PersonId, Line>> = federation
        .municipalities()
        .into_iter()
        .map(|id| (id.clone(), federation.worklist(&id).unwrap()))
        .collect();
    for (person, answer) in &answers {
        let place = format!("seed {seed}, {as_of}: {}", stories[person]);
        let on: BTreeSet<&str> =
            lists.iter().filter(|(_, list)| list.contains_key(person)).map(|(id, _)| id.as_str()).collect();
        // Whom two municipalities claim is set aside at both.
        let home = answer
            .kommune
            .filter(|_| answer.eligible && !answer.several_residences)
            .map(|code| format!("k{code}"));
        assert_eq!(on, home.iter().map(String::as_str).collect(), "{place}: on these lists");
        let Some(home) = home else { continue };
        let found = &lists[&NodeId::new(home).unwrap()][person];
        assert_eq!(found.complete, !marked(answer), "{place}: complete");
        n_lines += 1;
        n_marked += usize::from(!found.complete);
        let expected = line(answer, found.complete);
        // Where a rule fell back the answer is the stated one, not the whole truth; the other items stay exact.
        let exact = |name: &str| match name {
            "repeat" | "last" => !answer.spells_cross,
            "gp" => !(marked(answer) && answer.gp_cross),
            _ => true,
        };
        for (name, points) in &expected.items {
            assert!(
                !exact(name) || found.items[name] == *points,
                "{place}: {name} is {}, not {points}",
                found.items[name]
            );
        }
        assert_eq!(found.total, found.items.values().sum::<u16>(), "{place}: total");
        if found.complete {
            assert!(*found == expected, "{place}: total {}, not {}", found.total, expected.total);
        }
    }
    let listed: usize = lists.values().map(BTreeMap::len).sum();
    assert_eq!(listed, n_lines, "seed {seed}, {as_of}: nobody else is on a list");
    (n_lines, n_marked)
}

fn nobody(_: &Answer) -> bool {
    false
}

fn at_counts(answer: &Answer) -> bool {
    answer.spells_cross
}

fn at_points(answer: &Answer) -> bool {
    answer.spells_cross || answer.gp_cross
}

#[tokio::test]
async fn at_events_every_person_is_answered_as_one_database_would_and_nobody_is_marked() {
    for (seed, as_of) in (1..).zip(REFERENCE_DATES) {
        let federation = run(seed, as_of, Grain::Events).await;
        let (n_lines, _) = compare(&federation, seed, nobody);
        let answers = read::federation(&federation.data()).unwrap().sad(as_of).unwrap();
        let joined = answers.values().filter(|answer| answer.eligible && answer.spells_cross).count();
        assert!(n_lines > 100 && joined > 3, "seed {seed}: the data set is worth the run");
    }
}

#[tokio::test]
async fn somv_is_answered_as_one_database_would_also_where_stays_span_two_regions() {
    let mut joined = 0;
    for (seed, as_of) in (1..).zip(REFERENCE_DATES) {
        let builder = Federation::builder().cases(seed).as_of(as_of);
        let mut federation = builder.build().await.unwrap();
        federation.connect_all().await.unwrap();
        for model in ["somv", "somv_with_frontline"] {
            federation.set_model(model);
            let summary = federation.stratify().await;
            let summary = summary.unwrap_or_else(|problem| panic!("seed {seed}, {as_of}: {problem}"));
            assert!(summary.falls_back.is_empty());
            joined += compare_somv(&federation, seed, model == "somv_with_frontline");
        }
    }
    assert!(joined > 40, "{joined}: the data sets are worth the runs");
}

/// Compares every list with the oracle; gives for how many the stays of two regions were put together.
fn compare_somv(federation: &Federation, seed: u64, with_frontline: bool) -> usize {
    let as_of = federation.as_of();
    let stories = stories(seed, as_of).unwrap();
    let answers = read::federation(&federation.data())
        .unwrap()
        .somv(as_of, &tvaers_tests::oracle::somv::MUNICIPALITIES.into())
        .unwrap();
    let lists: BTreeMap<NodeId, BTreeMap<PersonId, Line>> = federation
        .municipalities()
        .into_iter()
        .map(|id| (id.clone(), federation.worklist(&id).unwrap()))
        .collect();
    let (mut n_lines, mut joined) = (0, 0);
    for (person, answer) in &answers {
        let place = format!("seed {seed}, {as_of}: {}", stories[person]);
        let on: BTreeSet<&str> =
            lists.iter().filter(|(_, list)| list.contains_key(person)).map(|(id, _)| id.as_str()).collect();
        let home = answer
            .kommune
            .filter(|_| answer.eligible && !answer.several_residences)
            .map(|code| format!("k{code}"));
        assert_eq!(on, home.iter().map(String::as_str).collect(), "{place}: on these lists");
        let Some(home) = home else { continue };
        n_lines += 1;
        joined += usize::from(answer.stays_cross);
        let mut items: BTreeMap<String, u16> =
            answer.criteria().map(|(name, points)| (name.to_owned(), points)).into();
        let (mut total, mut included) = (answer.total, answer.included);
        if with_frontline {
            items.insert("frontline".to_owned(), u16::from(answer.frontline));
            (total, included) = (answer.total_with_frontline, answer.included_with_frontline);
        }
        let expected = Line { total, stratum: String::new(), included, complete: true, items };
        let found = &lists[&NodeId::new(home).unwrap()][person];
        assert_eq!(found.items, expected.items, "{place}");
        assert!(*found == expected, "{place}: total {}, not {total}", found.total);
    }
    let listed: usize = lists.values().map(BTreeMap::len).sum();
    assert_eq!(listed, n_lines, "seed {seed}, {as_of}: nobody else is on a list");
    joined
}

#[tokio::test]
async fn at_counts_only_crossing_spells_are_marked() {
    for (seed, as_of) in (1..).zip(REFERENCE_DATES.into_iter().take(3)) {
        let federation = run(seed, as_of, Grain::Counts).await;
        let (n_lines, n_marked) = compare(&federation, seed, at_counts);
        assert!(
            n_lines > 100 && n_marked > 3 && n_marked < n_lines,
            "seed {seed}: the data set is worth the run"
        );
    }
}

#[tokio::test]
async fn at_points_the_marked_are_exactly_those_whose_rule_spans_two_nodes() {
    for (seed, as_of) in (21..).zip(REFERENCE_DATES.into_iter().take(3)) {
        let federation = run(seed, as_of, Grain::Points).await;
        let (_, n_marked) = compare(&federation, seed, at_points);
        assert!(n_marked > 10, "seed {seed}: the data set is worth the run");
    }
}

/// Copies rows of a table of one node to another where they are about this person.
fn copy_rows(data: &Path, table: &str, person: &PersonId) -> anyhow::Result<()> {
    let from = fs::read_to_string(data.join("k360").join(table))?;
    let rows: Vec<&str> = from.lines().filter(|row| row.contains(person.expose())).collect();
    let to = data.join("k376").join(table);
    let mut text = fs::read_to_string(&to)?;
    for row in rows {
        text.push_str(&row.replace(",360,", ",376,"));
        text.push('\n');
    }
    Ok(fs::write(to, text)?)
}

#[tokio::test]
async fn whom_two_municipalities_claim_is_on_no_list() {
    let (seed, as_of) = (31, REFERENCE_DATES[0]);
    let builder = Federation::builder().cases(seed).as_of(as_of).edit(move |data| {
        let answers = read::federation(data)?.sad(as_of)?;
        let known = fs::read_to_string(data.join("k376/persons.csv"))?;
        let here = answers.iter().filter(|(_, answer)| answer.eligible && answer.kommune == Some(360));
        for (person, _) in here.filter(|(person, _)| !known.contains(person.expose())).take(7) {
            copy_rows(data, "persons.csv", person)?;
            copy_rows(data, "residence.csv", person)?;
        }
        Ok(())
    });
    let mut federation = builder.build().await.unwrap();
    federation.connect_all().await.unwrap();
    federation.stratify().await.unwrap();
    let answers = read::federation(&federation.data()).unwrap().sad(as_of).unwrap();
    assert_eq!(answers.values().filter(|answer| answer.several_residences && answer.eligible).count(), 7);
    compare(&federation, seed, nobody);
}

#[tokio::test]
async fn the_dead_and_the_moved_away_are_on_no_list_and_who_is_in_no_region_is_on_one() {
    let (seed, as_of) = (32, REFERENCE_DATES[0]);
    let federation = run(seed, as_of, Grain::Events).await;
    compare(&federation, seed, nobody);
    let mut lines = BTreeMap::new();
    for id in federation.municipalities() {
        lines.extend(federation.worklist(&id).unwrap());
    }
    let stories = stories(seed, as_of).unwrap();
    let with =
        |story: &'static str| stories.iter().filter(move |(_, told)| told.contains(story)).map(|(id, _)| id);
    for story in [
        "dead on the day",
        "dead since long",
        "left the day before",
        "arrives the day after",
        "known to no municipality",
    ] {
        assert!(with(story).count() > 0, "seed {seed}: nobody is `{story}`");
        assert!(with(story).all(|person| !lines.contains_key(person)), "seed {seed}: `{story}` is on a list");
    }
    for story in ["dead the day after", "leaves on the day", "arrives on the day"] {
        assert!(
            with(story).any(|person| lines.contains_key(person)),
            "seed {seed}: nobody of `{story}` is on a list"
        );
    }
    let in_no_region: Vec<&Line> =
        with("patient: no region").filter_map(|person| lines.get(person)).collect();
    assert!(in_no_region.len() > 3, "seed {seed}");
    let regional = ["known", "treatment", "gp"];
    assert!(
        in_no_region.iter().all(|line| regional.iter().all(|name| line.items[*name] == 0)),
        "seed {seed}"
    );
}

#[tokio::test]
async fn the_same_question_gives_the_same_lists_under_other_pseudonyms() {
    let mut federation = Federation::builder().cases(33).build().await.unwrap();
    federation.connect_all().await.unwrap();
    let first = federation.stratify().await.unwrap();
    let lists = federation.worklist_texts();
    let second = federation.stratify().await.unwrap();
    assert_ne!(first.run, second.run);
    assert!(federation.worklist_texts() == lists);
}
