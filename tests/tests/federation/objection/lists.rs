//! Whoever is on a list of the policy, or in the node's memory, is left out of every kind of answer and contribution as if
//! there were no such person. At a rho of a million counts are exact, and sums within their own noise.

use std::fs;

use tvaers_coordinator::answer::Answer;
use tvaers_protocol::message::Evaluate;

use super::*;
use crate::query::without;

/// Of every kind, at both sectors: a row a person and sets of flags, sums, means, bins, and pairs of admissions.
const QUERIES: [(&str, &str); 10] = [
    ("municipality", "kind = \"count\"\nby = [\"sex\", \"age_band\"]\n"),
    ("municipality", "kind = \"sum\"\nfeature = \"sick_spells_2y\"\n"),
    ("municipality", "kind = \"mean\"\nfeature = \"last_spell_days\"\nby = [\"sex\"]\n"),
    ("municipality", "kind = \"histogram\"\nfeature = \"age\"\nbins = [18, 40, 65]\nby = [\"sex\"]\n"),
    ("municipality", "kind = \"quantiles\"\nfeature = \"age\"\nbins = [0, 18, 40, 65]\n"),
    ("municipality", "kind = \"count\"\nby = [\"support\"]\n"),
    ("region", "kind = \"count\"\nby = [\"kommune\"]\n"),
    ("region", "kind = \"mean\"\nfeature = \"gp_contacts_2y\"\nby = [\"problem_areas_2y\"]\n"),
    ("region", "kind = \"sum\"\nfeature = \"index_admissions_1y\"\n"),
    ("region", "kind = \"sum\"\nfeature = \"readmissions_30d_1y\"\n"),
];

/// Of queries, joined over municipalities, over regions, and by pairs of admissions.
const INDICATORS: [&str; 6] =
    ["residents", "gp_use", "cost_per_capita", "triple_aim_survey", "somv_diagram", "readmission_30d"];

/// All that a federation tells: answers, and who is on Lolland's list; with how many persons were blinded for others and
/// contributed.
struct Seen {
    answers: Vec<Answer>,
    list: BTreeMap<PersonId, Line>,
    evaluated: usize,
    contributed: usize,
    objecting: usize,
}

async fn seen(world: &World) -> Seen {
    let mut answers = Vec::new();
    for (sector, query) in QUERIES {
        let text = format!(
            "name = \"q\"\n{query}as_of = {}\n[privacy]\nrho = 1000000\n[nodes]\nsector = \"{sector}\"\n",
            world.federation.as_of()
        );
        answers.extend(world.federation.query(&text).await.unwrap().1);
    }
    for name in INDICATORS {
        answers.push(world.federation.indicator(name, EXACT).await.unwrap());
    }
    let frames = world.stratify().await;
    let evaluated = frames.iter().filter_map(|frame| frame.message::<Evaluate>().ok());
    Seen {
        answers,
        list: world.lolland(),
        // Each batch passes twice, from the requester and to the holder.
        evaluated: evaluated.map(|ask| ask.batch.content.elements.len() / 32).sum::<usize>() / 2,
        contributed: contributed(&frames).len(),
        objecting: objecting(&frames),
    }
}

fn assert_equal(seen: &Seen, expected: &Seen, what: &str) {
    assert_eq!(seen.answers.len(), expected.answers.len());
    for (answer, other) in seen.answers.iter().zip(&expected.answers) {
        assert_eq!(answer.cells.len(), other.cells.len());
        for (cell, other) in answer.cells.iter().zip(&other.cells) {
            assert_eq!(cell.key, other.key);
            let (Some(value), Some(expected)) = (cell.value, other.value) else {
                assert!(cell.value.is_none() && other.value.is_none(), "{what}: {:?}", cell.key);
                continue;
            };
            let error = cell.standard_error.unwrap_or(0.0) + other.standard_error.unwrap_or(0.0);
            let apart = (value.real() - expected.real()).abs();
            // Of thousands of cells none is that far off by chance more than once in a million runs.
            assert!(apart <= 8.0 * error + 1e-9, "{what}, {:?}: {value}, {expected}, {error}", cell.key);
        }
    }
    assert!(seen.list == expected.list, "{what}: another list");
}

/// Has every node's policy name a list of this person under this key, and none under the others.
async fn put(world: &mut World, key: Option<&str>, person: &PersonId) {
    for id in world.federation.names() {
        let home = world.federation.node_home(&id);
        let mut policy = fs::read_to_string(home.policy()).unwrap();
        for other in ["opt-outs", "protected-addresses", "objections"] {
            let value = if Some(other) == key { "listed.csv" } else { "none" };
            for before in ["listed.csv", "none"] {
                policy =
                    policy.replace(&format!("\n{other} = \"{before}\""), &format!("\n{other} = \"{value}\""));
            }
        }
        assert_eq!(policy.contains("listed.csv"), key.is_some());
        fs::write(home.policy(), policy).unwrap();
        let list = format!("person_id\n{}\n", person.expose());
        tvaers_host::private::replace(&home.dir().join("listed.csv"), list.as_bytes()).unwrap();
        // Another import, or stored answers would come.
        world.federation.import(&id).await.unwrap();
        world.federation.restart(&id).await.unwrap();
    }
    world.federation.connect_all().await.unwrap();
}

#[tokio::test]
async fn whoever_is_left_out_leaves_the_answers_of_data_without_them() {
    let mut world = World::new(4).await;
    let person = world.person(|citizen| {
        is_known_to(citizen, 1085) && is_known_to(citizen, 1083) && is_held_by(citizen, 360)
    });
    let whole = seen(&world).await;
    let holders = world.federation.names().into_iter().filter(|id| {
        let text = |name: &str| fs::read_to_string(world.federation.data().join(id.as_str()).join(name));
        ["persons.csv", "patients.csv"]
            .iter()
            .any(|name| text(name).is_ok_and(|text| text.contains(person.expose())))
    });
    let holders = holders.count();
    assert!(whole.list.contains_key(&person) && holders >= 3, "{holders}");

    let mut expected = World::new(4).await;
    for id in expected.federation.names() {
        without(&expected.federation.data().join(id.as_str()), person.expose());
        expected.federation.import(&id).await.unwrap();
        expected.federation.restart(&id).await.unwrap();
    }
    expected.federation.connect_all().await.unwrap();
    let expected = seen(&expected).await;
    assert_eq!(expected.contributed, whole.contributed - holders);

    for key in ["opt-outs", "protected-addresses", "objections"] {
        put(&mut world, Some(key), &person).await;
        let seen = seen(&world).await;
        assert_equal(&seen, &expected, key);
        // Who opted out and whose address is protected is not even blinded; who objects is contributed as that alone.
        let told = if key == "objections" { holders } else { 0 };
        assert_eq!((seen.objecting, seen.contributed), (told, expected.contributed + told), "{key}");
        assert_eq!(seen.evaluated > expected.evaluated, told > 0, "{key}");
    }
    put(&mut world, None, &person).await;
    for id in world.federation.names() {
        object(&world.federation, id.as_str(), &person).await;
    }
    let seen = seen(&world).await;
    assert_equal(&seen, &expected, "entered");
    assert_eq!(seen.objecting, holders, "said by the nodes that hold the person, and by no other");
}
