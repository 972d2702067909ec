//! The guide to its end, with one municipality behind a bad network.

use std::time::{Duration, Instant};

use crate::guide;
use crate::relay::Relay;
use crate::setup::{ANALYST, Federation, NODES, RELAYED};
use crate::truth;

/// Decides the population and which packets are lost.
const SEED: u64 = 11;

/// How long nothing passes.
const PARTITION: Duration = Duration::from_secs(10);

/// What a stratification of the guide is asked with besides: as good as no noise.
const EXACT: [&str; 2] = ["--rho", "1e6"];

#[test]
fn the_guide_as_printed_sets_up_machines_that_answer_rightly_through_a_bad_network() {
    let began = Instant::now();
    let mut federation = Federation::machines(300, SEED, &[360, 376]);
    for step in 1..=5 {
        federation.play(step);
    }
    // Step 6, with one look more at every node before there is a coordinator.
    let check = "sudo -u tvaers-node tvaers-node --home /var/lib/tvaers-node check";
    for line in guide::lines().iter().filter(|line| line.section.starts_with("6. ")) {
        if line.text == "sudo -u tvaers tvaers --home /var/lib/tvaers check" {
            assert_eq!(federation.type_in(check, &["--offline"]).len(), NODES.len());
        }
        federation.type_in(&line.text, &[]);
    }
    let nodes = federation.all_connected();
    assert_eq!(nodes.as_array().unwrap().len(), NODES.len());
    assert!(nodes.as_array().unwrap().iter().all(|node| node["policy"]["laboratory"] == true), "{nodes}");
    eprintln!("set up in {:.1} s", began.elapsed().as_secs_f64());

    federation.relay.turn(true);
    let connected_before = federation.connections(RELAYED);
    let mut stratified = String::new();
    let mut asked = 0;
    for line in guide::lines().iter().filter(|line| line.section.starts_with("7. ")) {
        let began = Instant::now();
        if line.text.contains(" stratify ") {
            let ran = federation.type_and_hear(&line.text, &EXACT, faults).remove(0).well(&line.text);
            eprintln!(
                "stratified in {:.1} s: {:?}",
                began.elapsed().as_secs_f64(),
                federation.relay.figures()
            );
            assert!(!ran.stdout.contains("missing:"), "{}", ran.stdout);
            stratified.clone_from(&line.text);
        } else if line.text.contains("--target-error 5") {
            let json = ["--format", "json"];
            let ran = federation.type_and_hear(&line.text, &json, |_, _| {}).remove(0).well(&line.text);
            let preview: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
            // Two municipalities add up: each has noise of 5/√2, and rho is 1/2σ².
            let rho = preview["advised"]["rho"].as_f64().unwrap();
            assert!((0.04..0.0412).contains(&rho), "{preview}");
            let error = preview["expected"][0]["standard_error"].as_f64().unwrap();
            assert!(error <= 5.0 && error > 4.9, "{preview}");
            assert_eq!(preview["nodes"].as_array().unwrap().len(), 2);
        } else if line.text.contains(" submit ") {
            // A quiet connection whose address translation is forgotten goes on: QUIC migrates.
            let connections = federation.connections(RELAYED);
            federation.relay.quiet();
            federation.relay.rebind();
            federation.type_in(&line.text, &EXACT);
            assert_eq!(federation.connections(RELAYED), connections, "it is the same connection");
            eprintln!("query answered in {:.1} s", began.elapsed().as_secs_f64());
        } else {
            federation.type_in(&line.text, &[]);
        }
        asked += 1;
    }
    assert!(asked >= 9, "{asked} commands");
    let (figures, connected) =
        (federation.relay.figures(), federation.connections(RELAYED) - connected_before);
    eprintln!("seed {SEED}: {figures:?}, {RELAYED} connected {connected} times anew");
    assert!(
        figures.passed > 100 && figures.lost > 0 && figures.cut > 0 && figures.rebound >= 3,
        "{figures:?}"
    );

    let lists = truth::lists(&federation);
    let read = |name: &str| std::fs::read_to_string(federation.machines[ANALYST].path(name)).unwrap();
    truth::tables(&federation, &read("sad.json"));
    truth::residents(&federation.data(), &read("residents.csv"));

    // Without any faults it is the same.
    federation.relay.turn(false);
    federation.type_in(&stratified, &EXACT);
    assert!(truth::lists(&federation) == lists, "the same lists, byte for byte");

    let unknown =
        "tvaers --home tvaers query submit residents.toml --key tvaers-key/signing.key --permit nothing";
    let ran = federation.type_and_hear(unknown, &[], |_, _| {}).remove(0);
    assert_eq!(ran.code(), Some(3), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("nothing") || ran.stderr.contains("permit"), "{}", ran.stderr);
    eprintln!("all in {:.1} s", began.elapsed().as_secs_f64());
}

/// What becomes of the network in the course of a stratification.
fn faults(relay: &Relay, said: &str) {
    match said {
        "phase features begin" | "phase join begin" => relay.rebind(),
        "phase pseudonyms begin" => relay.partition(PARTITION),
        _ => {}
    }
}
