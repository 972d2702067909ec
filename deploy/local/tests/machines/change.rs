//! What the guide says of changes: a member joins and a person goes, certificates are renewed, a node's keys change.

use std::time::Instant;

use crate::guide;
use crate::setup::{Federation, NEWCOMER, NODES};

const DRAFT: &str = "sudo -u tvaers tvaers --home /var/lib/tvaers roster new";

#[test]
fn a_member_joins_certificates_are_renewed_and_keys_change_as_the_guide_says() {
    let mut federation = Federation::founded(120, 13, &[360, 376, 370]);
    let began = Instant::now();
    let changes = |line: &guide::Line| line.section == "When something changes";
    let mut typed = 0;
    for line in guide::lines().into_iter().filter(changes) {
        let text = line.text.as_str();
        if text.contains(" enrol k370/") {
            joins(&mut federation);
        }
        if text == "sudo systemctl stop tvaers-node" {
            federation.only = Some("k360");
        }
        federation.type_in(text, &[]);
        typed += 1;
        if text.contains(" roster diff ") {
            federation.agree();
            starts(&mut federation);
        } else if text.contains(" enrol --replace ") {
            federation.only = None;
            federation.type_in(DRAFT, &[]);
            federation.agree();
            federation.type_in("sudo systemctl restart tvaers", &[]);
            for name in NODES.iter().chain(&[NEWCOMER]) {
                federation.only = Some(name);
                let verb = if *name == "k360" { "start" } else { "restart" };
                federation.type_in(&format!("sudo systemctl {verb} tvaers-node"), &[]);
            }
            federation.only = None;
        }
    }
    assert!(typed >= 15, "{typed} commands");
    for line in guide::lines().iter().filter(|line| line.section == "Upgrade") {
        federation.type_in(&line.text, &[]);
    }
    let nodes = federation.all_connected();
    assert_eq!(nodes.as_array().unwrap().len(), NODES.len() + 1, "{nodes}");
    eprintln!("changed in {:.1} s", began.elapsed().as_secs_f64());
}

/// The newcomer's IT does step 2.
fn joins(federation: &mut Federation) {
    federation.members.push(NEWCOMER);
    federation.only = Some(NEWCOMER);
    let init = |line: &guide::Line| line.section.starts_with("2. ") && line.text.contains("init --id k360");
    let line = guide::lines().into_iter().find(init).unwrap();
    federation.type_in(&line.text, &[]);
    federation.only = None;
}

/// The newcomer's IT does step 6, so that all services run; its check needs the coordinator to follow the new roster.
fn starts(federation: &mut Federation) {
    federation.only = Some(NEWCOMER);
    federation.type_in("sudo systemctl restart tvaers", &[]);
    let own = |text: &str| {
        text.starts_with("sudo -u tvaers-node ") || text == "sudo systemctl enable --now tvaers-node"
    };
    for line in guide::lines().iter().filter(|line| line.section.starts_with("6. ") && own(&line.text)) {
        federation.type_in(&line.text, &[]);
    }
    federation.only = None;
}
