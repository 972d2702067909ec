use std::os::unix::fs::PermissionsExt as _;

use sha2::Digest as _;
use tvaers_definitions::schema::TABLES;
use tvaers_protocol::id::{Digest, NodeId, Sector};
use tvaers_protocol::study::{Disclosure, Grain, RunId};

use super::*;
use crate::audit::code::Code;
use crate::audit::event::{
    Asked, Charged, Closing, Left, Mode, ObjectionsChanged, Permitted, Query, Statistic, Stored, Study,
    StudyAgreed, StudyClosed,
};
use crate::cli::testing::{Made, key};
use crate::ledger::claim::Head;
use crate::ledger::name::{Name, Requester};
use crate::ledger::rho::NanoRho;
use crate::library::library;
use crate::objection::store::Change;
use crate::state::State;

/// Born on 1 January 1990, 2015 and 1950.
pub(in crate::cli) const GROWN: &str = "6101903001";
pub(in crate::cli) const CHILD: &str = "6101154000";
pub(in crate::cli) const OLD: &str = "6101503002";

/// A node with three citizens.
pub(in crate::cli) fn peopled() -> Made {
    let made = Made::founded();
    let folder = made.path("people");
    std::fs::create_dir_all(&folder).unwrap();
    for table in TABLES.iter().filter(|table| table.sector == Sector::Municipality) {
        let header: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        let rows = match table.name {
            "persons" => format!(
                "{GROWN},1990-01-01,F,DK,,gift,0,\n{CHILD},2015-01-01,M,DK,,enlig,0,\n{OLD},1950-01-01,F,DK,,enlig,0,\n"
            ),
            "residence" => [GROWN, CHILD, OLD].map(|person| format!("{person},360,2000-01-01,\n")).concat(),
            _ => String::new(),
        };
        std::fs::write(folder.join(format!("{}.csv", table.name)), header.join(",") + "\n" + &rows).unwrap();
    }
    made.run(&["import", &folder.display().to_string(), "--extracted-on", "2026-02-28"]).unwrap();
    made
}

pub(in crate::cli) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// Keeps a copy of a policy whose permit for statistics is for those of 18 to 65, and puts it in force.
pub(in crate::cli) fn policy_for_adults(made: &Made) -> Digest {
    let text = std::fs::read_to_string(made.home().policy()).unwrap();
    let adults = "[permit.population]\nage-from = 18\nage-to = 65\n\n\
        [permit.purpose]\nid = \"monitoring\"\nda = \"Løbende opgørelse\"\nen = \"Monitoring\"\n\n\
        [permit.basis.compute]\narticle-6 = \"e\"\narticle-9 = \"j\"\nnational = \"databeskyttelsesloven § 10\"\n\n\
        [permit.basis.disclose]\narticle-6 = \"e\"\narticle-9 = \"j\"\nnational = \"databeskyttelsesloven § 10\"\n\n\
        [permit.data]";
    let text = text.replacen("[permit.data]", adults, 1);
    std::fs::write(made.home().policy(), &text).unwrap();
    let digest = Digest(sha2::Sha256::digest(text.as_bytes()).into());
    tvaers_host::private::create_dir(&made.home().policies()).unwrap();
    let kept = made.home().policies().join(format!("{digest}.toml"));
    tvaers_host::private::replace(&kept, text.as_bytes()).unwrap();
    let library = library(&made.home()).unwrap();
    let faults = tvaers_policy::Policy::read(&text, "", &library, &|_| None).err().unwrap_or_default();
    let faults: Vec<_> = faults.iter().map(|fault| fault.problem().to_string()).collect();
    assert!(faults.is_empty() && kept::read(&kept, &library).is_some(), "{faults:?}");
    digest
}

fn asked(policy: Digest) -> Asked {
    Asked {
        request: Digest([1; 32]),
        requester: Some(Requester::new(name("Ane Analytiker"), &key(2))),
        permit: Some(name("laboratory-aggregates")),
        purpose: Code::new("monitoring").ok(),
        mode: Some(Mode::Aggregates),
        policy,
        query: Some(Query {
            digest: Digest([4; 32]),
            statistic: Statistic::Count,
            of: None,
            by: vec![name("sex")],
            filtered_by: vec![name("civil_status")],
            as_of: "2026-02-28".parse().unwrap(),
        }),
    }
}

pub(in crate::cli) fn permitted(policy: Digest) -> Event {
    permitted_for(policy, 1)
}

/// An answer for a charge of this number.
fn permitted_for(policy: Digest, number: u64) -> Event {
    let amount = NanoRho::new(1).unwrap();
    Event::RequestPermitted(Permitted {
        asked: asked(policy),
        rules: Vec::new(),
        charge: Charged {
            number,
            nano_rho: amount,
            left: Left { permit: amount, period: None, life: amount },
            ledger: Head::EMPTY,
        },
        hidden_cells: 0,
        result: Digest([5; 32]),
    })
}

pub(in crate::cli) fn agreed(made: &Made, policy: Digest) -> [Event; 2] {
    let model = library(&made.home()).unwrap().model("sad").unwrap().digest;
    let manifest = Digest([6; 32]);
    let study = Study {
        manifest,
        run: RunId([7; 16]),
        list: Some(name("laboratory-person-contributions")),
        tables: Some(name("laboratory-joined-statistics")),
        model: name("sad"),
        model_digest: model,
        as_of: "2026-01-31".parse().unwrap(),
        grain: Grain::Counts,
        disclosure: Disclosure::Stratum,
    };
    let modes = vec![Mode::PersonContributions, Mode::JoinedStatistics];
    let requester = Some(Requester::new(name("Bo Analytiker"), &key(3)));
    let agreed = StudyAgreed { study, requester, purpose: None, modes, policy };
    [Event::StudyAgreed(agreed), Event::StudyClosed(StudyClosed { manifest, how: Closing::HandedBack })]
}

pub(in crate::cli) fn log(made: &Made, at: &str, events: &[Event]) {
    let at = at.parse().unwrap();
    app::audit_log(&made.home(), app::software().unwrap(), at).unwrap().append(at, events).unwrap();
}

/// Puts a charge into the ledger, as far as uses of data look at it.
fn charge(made: &Made, number: u8, at: &str) {
    let (path, at) = (made.home().state(), at.parse::<Timestamp>().unwrap().as_millisecond());
    let insert = async move {
        let state = State::open(&path).await.unwrap();
        sqlx::query(
            "INSERT INTO ledger (number, kind, at, charge, request, source, permit, requester, requester_key, query,
             import, repetition, nano_rho, permit_spent, life_spent, head)
             VALUES (?1, 'charge', ?2, ?1, ?3, 'query', 'p', 'r', ?3, ?3, 1, 0, 1, ?1, ?1, ?3)",
        )
        .bind(number)
        .bind(at)
        .bind([number; 32].as_slice())
        .execute(&state.pool())
        .await
        .unwrap();
        state.close().await;
        Ok(())
    };
    block_on(insert).unwrap();
}

/// Has somebody object since a moment; of another node's word where `received`.
pub(in crate::cli) fn object(made: &Made, person: &str, since: &str, received: bool) {
    let (path, person) = (made.home().state(), PersonId::parse(person).unwrap());
    let since = since.parse().unwrap();
    let insert = async move {
        let state = State::open(&path).await.unwrap();
        let mut change = Change::begin(&state).await.unwrap();
        if received {
            let node = NodeId::new("k376").unwrap();
            change.receive(Digest([4; 32]), &[(person, node)], since).await.unwrap();
        } else {
            change.enter(&[person], since).await.unwrap();
        }
        change.commit().await.unwrap();
        state.close().await;
        Ok(())
    };
    block_on(insert).unwrap();
}

/// Lifts an objection, as the command does.
fn lift(made: &Made, person: &str) {
    let (path, person) = (made.home().state(), PersonId::parse(person).unwrap());
    let delete = async move {
        let state = State::open(&path).await.unwrap();
        let mut change = Change::begin(&state).await.unwrap();
        change.lift(&[person]).await.unwrap();
        change.commit().await.unwrap();
        state.close().await;
        Ok(())
    };
    block_on(delete).unwrap();
    let how = ObjectionChange::Lifted;
    log(made, "2027-01-01T12:00:00Z", &[Event::ObjectionsChanged(ObjectionsChanged { how })]);
}

/// Puts somebody on a work list.
pub(in crate::cli) fn put_on_list(made: &Made, person: &str) {
    let (path, person) = (made.home().state(), person.to_owned());
    let insert = async move {
        let state = State::open(&path).await.unwrap();
        sqlx::query(
            "INSERT INTO study (manifest, run, permit, model, as_of, import, state, opened_at, closed_at)
             VALUES (?, 'r', 'p', 'sad', '2026-01-31', 1, 'closed', '2026-02-01T00:00:00Z', '2026-02-01T12:00:00Z')",
        )
        .bind([6_u8; 32].as_slice())
        .execute(&state.pool())
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO worklist (manifest, person_id, total, stratum, included, complete, items, missing, fell_back)
             VALUES (?, ?, NULL, 'high', 1, 1, '', '', '')",
        )
        .bind([6_u8; 32].as_slice())
        .bind(person)
        .execute(&state.pool())
        .await
        .unwrap();
        state.close().await;
        Ok(())
    };
    block_on(insert).unwrap();
}

fn args(lang: Lang) -> Args {
    Args { from: None, to: None, lang, names: false, stray: Vec::new() }
}

fn later() -> Timestamp {
    "2027-01-01T12:00:00Z".parse().unwrap()
}

fn asks(made: &Made, person: &str, args: &Args, format: Format) -> Result<String, Problem> {
    answer(&made.home(), args, person.as_bytes(), later(), format)
}

fn json_of(made: &Made, person: &str) -> serde_json::Value {
    serde_json::from_str(&asks(made, person, &args(Lang::En), Format::Json).unwrap()).unwrap()
}

fn events(made: &Made) -> Vec<Event> {
    read::read(&made.home().audit()).unwrap().map(|entry| entry.unwrap().event).collect()
}

#[test]
fn a_citizen_is_told_of_each_use_with_purpose_basis_data_and_what_left_in_both_languages() {
    let made = peopled();
    let policy = policy_for_adults(&made);
    log(&made, "2026-03-01T12:00:00Z", &[permitted(policy)]);
    log(&made, "2026-03-02T12:00:00Z", &agreed(&made, policy));
    put_on_list(&made, GROWN);
    let wanted = [
        (
            Lang::Da,
            [
                "Formål: Løbende opgørelse",
                "artikel 6, stk. 1, litra e, og artikel 9, stk. 2, litra j; databeskyttelsesloven § 10",
                "2026-03-01 13:00",
                "antal borgere",
                "Civilstand: gift, samboende eller enlig",
                "en analytiker i føderationen Prøve",
                "Til koordinatoren: antal for hver regel under et pseudonym",
                "Du står nu på arbejdslisten Stress, angst og depression",
                "import 1 med data fra 2026-02-28",
                "3 gange:",
            ],
        ),
        (
            Lang::En,
            [
                "Purpose: Monitoring",
                "Article 6(1)(e) and Article 9(2)(j); databeskyttelsesloven § 10",
                "2026-03-01 13:00",
                "number of citizens",
                "Civil status: married, cohabiting or single",
                "an analyst of the federation Prøve",
                "To the coordinator: counts of each rule under a pseudonym",
                "You are now on the work list Stress, anxiety and depression",
                "import 1 with data from 2026-02-28",
                "3 times:",
            ],
        ),
    ];
    for (lang, sentences) in wanted {
        let text = asks(&made, "610190-3001\n", &args(lang), Format::Text).unwrap();
        for sentence in sentences {
            assert!(text.contains(sentence), "`{sentence}` is missing in:\n{text}");
        }
        assert!(!text.contains("Ane Analytiker") && !text.contains("Bo Analytiker"), "names are withheld");
    }
    let named = Args { names: true, ..args(Lang::Da) };
    let text = asks(&made, GROWN, &named, Format::Text).unwrap();
    assert!(text.contains("Ane Analytiker") && text.contains("Bo Analytiker"));
}

#[test]
fn a_citizen_outside_the_permits_ages_is_not_told_of_that_use_and_of_the_others() {
    let made = peopled();
    let policy = policy_for_adults(&made);
    log(&made, "2026-03-01T12:00:00Z", &[permitted(policy)]);
    log(&made, "2026-03-02T12:00:00Z", &agreed(&made, policy));
    for (person, count) in [(GROWN, 3), (CHILD, 2), (OLD, 2)] {
        let told = json_of(&made, person);
        assert_eq!(told["uses"].as_array().unwrap().len(), count);
        let certain = told["uses"].as_array().unwrap().iter().all(|one| one["certain"] == true);
        assert!(certain && told["found"] == true && told["work_lists"] == serde_json::json!([]));
        let statistics = told["uses"].as_array().unwrap().iter().any(|one| one["purpose"] == "Monitoring");
        assert_eq!(statistics, count == 3);
    }
}

#[test]
fn a_use_whose_policy_is_no_longer_kept_counts_and_says_why_it_is_not_certain() {
    let made = peopled();
    let policy = policy_for_adults(&made);
    log(&made, "2026-03-01T12:00:00Z", &[permitted(policy)]);
    assert_eq!(json_of(&made, CHILD)["uses"], serde_json::json!([]));
    let kept = made.home().policies().join(format!("{policy}.toml"));
    // A copy that is not what its name says is none.
    let text = std::fs::read_to_string(&kept).unwrap().replace("age-from = 18", "age-from = 17");
    std::fs::write(&kept, text).unwrap();
    for _ in 0..2 {
        let told = json_of(&made, CHILD);
        let one = &told["uses"][0];
        assert_eq!((&one["certain"], &one["purpose"]), (&false.into(), &"\"monitoring\" in the log".into()));
        assert!(one["doubts"][0].as_str().unwrap().contains("no readable copy"), "{one}");
        let _ = std::fs::remove_file(&kept);
    }
    let text = asks(&made, CHILD, &args(Lang::Da), Format::Text).unwrap();
    assert!(text.contains("Forbehold: Noden har ingen læselig kopi"), "{text}");
}

#[test]
fn who_is_left_out_now_is_told_of_what_came_before_the_list_and_of_nothing_after_it() {
    let made = peopled();
    let list = made.home().dir().join("out.csv");
    tvaers_host::private::replace(&list, GROWN.as_bytes()).unwrap();
    let text = std::fs::read_to_string(made.home().policy()).unwrap();
    std::fs::write(made.home().policy(), text.replace("opt-outs = \"none\"", "opt-outs = \"out.csv\""))
        .unwrap();
    let policy = policy_for_adults(&made);
    charge(&made, 1, "2020-03-01T12:00:00Z");
    charge(&made, 2, "2099-03-01T12:00:00Z");
    log(&made, "2020-03-01T12:00:00Z", &[permitted_for(policy, 1)]);
    log(&made, "2099-03-01T12:00:00Z", &[permitted_for(policy, 2)]);
    let asks = |person: &str| {
        let now = "2100-01-01T00:00:00Z".parse().unwrap();
        let text = answer(&made.home(), &args(Lang::En), person.as_bytes(), now, Format::Json).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    let told = asks(GROWN);
    let uses = told["uses"].as_array().unwrap();
    assert_eq!((uses.len(), &uses[0]["at"]), (1, &"2020-03-01T12:00:00Z".into()), "{told}");
    assert!(uses[0]["doubts"][0].as_str().unwrap().contains("left out now"), "{told}");
    assert_eq!(told["left_out_now"], true);
    // Somebody else of the same age is told of both.
    tvaers_host::private::replace(&list, OLD.as_bytes()).unwrap();
    assert_eq!(asks(GROWN)["uses"].as_array().unwrap().len(), 2);
}

/// Moments of uses at which the answer says so, with whether each is certain.
fn uses_of(told: &serde_json::Value) -> Vec<(&str, bool)> {
    let uses = told["uses"].as_array().unwrap();
    uses.iter().map(|one| (one["at"].as_str().unwrap(), one["certain"].as_bool().unwrap())).collect()
}

#[test]
fn who_objects_is_told_so_and_of_no_use_that_began_after_it() {
    let made = peopled();
    let policy = policy_for_adults(&made);
    charge(&made, 1, "2026-03-01T11:59:00Z");
    charge(&made, 2, "2026-03-03T12:00:00Z");
    let stored =
        |charge| Event::RequestStored(Stored { asked: asked(policy), charge, result: Digest([5; 32]) });
    log(&made, "2026-03-01T12:01:00Z", &[permitted_for(policy, 1)]);
    log(&made, "2026-03-02T12:00:00Z", &agreed(&made, policy));
    log(&made, "2026-03-03T12:01:00Z", &[permitted_for(policy, 2)]);
    log(&made, "2026-03-04T12:00:00Z", &[stored(1)]);
    log(&made, "2026-03-05T12:00:00Z", &[stored(2)]);
    log(&made, "2026-03-06T12:00:00Z", &[permitted_for(policy, 9)]);
    let days = [
        "03-01T12:01",
        "03-02T12:00",
        "03-02T12:00",
        "03-03T12:01",
        "03-04T12:00",
        "03-05T12:00",
        "03-06T12:00",
    ];
    let at = |days: &[&str]| days.iter().map(|day| format!("2026-{day}:00Z")).collect::<Vec<_>>();
    let before = json_of(&made, GROWN);
    assert!(uses_of(&before).iter().all(|(_, certain)| *certain) && before["objects_since"].is_null());
    assert_eq!(uses_of(&before).into_iter().map(|(at, _)| at).collect::<Vec<_>>(), at(&days));

    for (received, words) in
        [(false, "The node has had it on record since"), (true, "Another party of the federation said")]
    {
        let made = &made;
        // While the first answer was under way: it may have counted the person, and so may what is told of it again.
        object(made, GROWN, "2026-03-01T12:00:00Z", received);
        let told = json_of(made, GROWN);
        // Of a charge that the ledger does not have nobody knows when it began.
        let left = [(days[0], false), (days[4], false), (days[6], false)];
        let left: Vec<_> = left.iter().map(|(day, certain)| (format!("2026-{day}:00Z"), *certain)).collect();
        let found = uses_of(&told);
        assert!(found.iter().map(|(at, certain)| ((*at).to_owned(), *certain)).eq(left), "{found:?}");
        assert!(told["uses"][0]["doubts"][0].as_str().unwrap().contains("left out now"), "{told}");
        assert_eq!(told["left_out_now"], true);
        assert_eq!(told["objects_since"], "2026-03-01T12:00:00Z");
        assert!(told["notes"].to_string().contains(words), "{told}");
        let text = asks(made, GROWN, &args(Lang::Da), Format::Text).unwrap();
        assert!(
            text.contains("2026-03-01 13:00") && text.contains("gør indsigelse mod behandlingen"),
            "{text}"
        );
        // Nobody else is told so.
        let other = json_of(made, CHILD);
        assert!(other["objects_since"].is_null() && uses_of(&other).len() == 2, "{other}");
        lift(made, GROWN);
        let told = json_of(made, GROWN);
        assert_eq!(uses_of(&told).len(), days.len());
        assert!(told["notes"].to_string().contains("objections were lifted, but not whose"), "{told}");
    }
}

#[test]
fn a_number_that_the_node_does_not_have_is_answered_in_the_same_form() {
    let made = peopled();
    let policy = policy_for_adults(&made);
    log(&made, "2026-03-01T12:00:00Z", &[permitted(policy)]);
    let (there, not) = (json_of(&made, GROWN), json_of(&made, "6101653000"));
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&there), keys(&not));
    assert_eq!((&not["found"], &not["uses"]), (&false.into(), &serde_json::json!([])));
    let text = asks(&made, "6101653000", &args(Lang::Da), Format::Text).unwrap();
    assert!(text.contains("findes ikke blandt dem, som noden svarer for"), "{text}");
}

#[test]
fn days_narrow_the_uses_by_danish_midnights_and_an_answer_from_the_store_is_told_as_one() {
    let made = peopled();
    let policy = policy_for_adults(&made);
    let stored = Event::RequestStored(Stored { asked: asked(policy), charge: 1, result: Digest([5; 32]) });
    // One hour before and at midnight of 2 March in Denmark.
    log(&made, "2026-03-01T22:00:00Z", &[permitted(policy)]);
    log(&made, "2026-03-01T23:00:00Z", &[stored]);
    let of = |from: Option<&str>, to: Option<&str>| {
        let args = Args { from: from.map(Into::into), to: to.map(Into::into), ..args(Lang::En) };
        let text = asks(&made, GROWN, &args, Format::Json).unwrap();
        let told: serde_json::Value = serde_json::from_str(&text).unwrap();
        told["uses"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["done"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(of(None, None).len(), 2);
    let after = of(Some("2026-03-02"), None);
    assert!(after.len() == 1 && after[0].contains("no data was read anew"), "{after:?}");
    assert_eq!(of(None, Some("2026-03-01")).len(), 1);
    let wrong = Args { from: Some(GROWN.to_owned()), ..args(Lang::En) };
    let problem = asks(&made, GROWN, &wrong, Format::Text).unwrap_err();
    assert!(problem.code == "subject.date" && !problem.to_string().contains(GROWN), "{problem}");
}

#[test]
fn the_number_is_in_no_output_error_or_log_and_wrong_input_is_not_quoted() {
    let made = peopled();
    let policy = policy_for_adults(&made);
    log(&made, "2026-03-01T12:00:00Z", &[permitted(policy)]);
    put_on_list(&made, GROWN);
    for format in [Format::Text, Format::Json] {
        let text = asks(&made, GROWN, &args(Lang::Da), format).unwrap();
        assert!(!text.contains(GROWN) && !text.contains("610190"), "the number is in the answer");
    }
    for wrong in ["6101903001x", "9999999999", "61019030", "", "6101903001\n6101653000\n"] {
        let problem = asks(&made, wrong, &args(Lang::Da), Format::Text).unwrap_err();
        let told = format!("{problem} {problem:?}");
        assert_eq!(problem.code, "subject.number");
        assert!(!told.contains("610190") && !told.contains("99999"), "{told}");
    }
    let log = std::fs::read_to_string(made.home().audit()).unwrap();
    assert!(!log.contains("610190") && !log.contains("610165"));
    // Two answers, two entries, none of them with anything in it.
    let extracts = events(&made).into_iter().filter(|event| *event == Event::SubjectExtract {});
    assert_eq!(extracts.count(), 2);
    assert_eq!(log.matches("{\"kind\":\"subject-extract\"}").count(), 2);
}

#[test]
fn a_number_on_the_command_line_is_refused_without_being_quoted() {
    let made = peopled();
    for stray in [
        [GROWN].as_slice(),
        &["--cpr", GROWN],
        &[concat!("--cpr=", "6101903001")],
        &["--lang", "en", GROWN],
        &["--from", "2026-01-01", "-6101903001"],
    ] {
        let problem = made.run(&[["subject-log"].as_slice(), stray].concat()).unwrap_err();
        let told = format!("{problem} {problem:?}");
        assert!(!told.contains("610190"), "{told}");
        assert_eq!(problem.code, "subject.argument", "{stray:?}");
    }
    assert!(!events(&made).contains(&Event::SubjectExtract {}));
}

#[test]
fn where_the_log_cannot_be_written_nothing_is_told() {
    let made = peopled();
    let path = made.home().audit();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    let problem = asks(&made, GROWN, &args(Lang::Da), Format::Text).unwrap_err();
    assert_eq!(problem.code, "audit.mode");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(asks(&made, GROWN, &args(Lang::Da), Format::Text).is_ok());
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"import\":1", "\"import\":7", 1)).unwrap();
    assert_eq!(asks(&made, GROWN, &args(Lang::Da), Format::Text).unwrap_err().code, "audit.broken");
}
